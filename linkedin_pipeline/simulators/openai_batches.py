"""OpenAI's files and batches.

A batch moves when it is looked at, not with time: ``validating`` when made, then in progress, and
done at the look that `Behaviour.batch_polls` says.  Its lines are executed, and billed, then.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from linkedin_pipeline.simulators.batch_lines import LineError, file_document, read_lines
from linkedin_pipeline.simulators.calls import Asked, Refusal, Reply, Work
from linkedin_pipeline.simulators.faults import BATCH_FAULTS, REFUSALS, Kind
from linkedin_pipeline.simulators.ledger import Usage
from linkedin_pipeline.simulators.multipart import form_fields
from linkedin_pipeline.simulators.openai_words import INVALID
from linkedin_pipeline.simulators.simulator import Simulator

_DAY = 24 * 3600
_FINAL = frozenset({"failed", "completed", "expired", "cancelled"})


@dataclass(slots=True)
class _File:
    id: str
    name: str
    purpose: str
    created: int
    content: bytes


@dataclass(slots=True)
class _Batch:
    id: str
    document: dict[str, Any]
    polls: int
    lines: list[dict[str, Any]]
    errors: list[LineError]
    expires_early: bool
    looks: int = 0
    usage: Usage = field(default_factory=Usage)


class Batches:
    """The files and batches of one simulator."""

    def __init__(self, simulator: Simulator, works: Mapping[str, Work]) -> None:
        self._simulator = simulator
        self._works = works
        self._files: dict[str, _File] = {}
        self._batches: dict[str, _Batch] = {}
        self._numbers = count(1)

    def routes(self) -> Sequence[tuple[str, str, Work]]:
        """Return method, path and work of every route."""
        return [
            ("POST", "/v1/files", self._upload),
            ("GET", "/v1/files", self._list_files),
            ("GET", "/v1/files/{id}", self._show_file),
            ("DELETE", "/v1/files/{id}", self._delete_file),
            ("GET", "/v1/files/{id}/content", self._download),
            ("POST", "/v1/batches", self._create),
            ("GET", "/v1/batches", self._list_batches),
            ("GET", "/v1/batches/{id}", self._look),
            ("POST", "/v1/batches/{id}/cancel", self._cancel),
        ]

    def clear(self) -> None:
        """Forget every file and batch."""
        self._files.clear()
        self._batches.clear()

    def _upload(self, asked: Asked) -> Reply:
        fields = form_fields(asked.headers.get("content-type", ""), asked.body)
        upload, purpose = fields.get("file"), fields.get("purpose")
        if upload is None or purpose is None:
            raise Refusal(400, INVALID, "'file' and 'purpose' are required properties")
        if purpose.content != b"batch":
            message = f"Invalid value: {purpose.content.decode()!r}. Only 'batch' is simulated."
            raise Refusal(400, INVALID, message, param="purpose")
        return Reply.of(_shown(self._store(upload.content, upload.filename, "batch")))

    def _store(self, content: bytes, name: str, purpose: str) -> _File:
        stored = _File(
            f"file-{next(self._numbers):08d}", name, purpose, int(self._simulator.now()), content
        )
        self._files[stored.id] = stored
        return stored

    def _file(self, asked: Asked) -> _File:
        name = asked.path["id"]
        if name not in self._files:
            raise Refusal(404, INVALID, f"No such File object: {name}", param="id")
        return self._files[name]

    def _list_files(self, asked: Asked) -> Reply:
        purpose = asked.query.get("purpose")
        listed = [one for one in self._files.values() if purpose in {None, one.purpose}]
        return _page([_shown(one) for one in reversed(listed)], asked.query, 10_000)

    def _show_file(self, asked: Asked) -> Reply:
        return Reply.of(_shown(self._file(asked)))

    def _delete_file(self, asked: Asked) -> Reply:
        gone = self._files.pop(self._file(asked).id)
        return Reply.of({"id": gone.id, "object": "file", "deleted": True})

    def _download(self, asked: Asked) -> Reply:
        return Reply(self._file(asked).content, media_type="application/octet-stream")

    def _create(self, asked: Asked) -> Reply:
        document = asked.document
        endpoint, source = str(document.get("endpoint")), document.get("input_file_id")
        if endpoint not in self._works:
            known = ", ".join(f"'{one}'" for one in self._works)
            message = f"Invalid value: '{endpoint}'. Supported values are: {known}."
            raise Refusal(400, INVALID, message, code="invalid_value", param="endpoint")
        if document.get("completion_window") != "24h":
            message = "Invalid value for 'completion_window'. Supported values are: '24h'."
            raise Refusal(400, INVALID, message, param="completion_window")
        if source not in self._files:
            message = f"No such File object: {source}"
            raise Refusal(400, INVALID, message, param="input_file_id")
        _check_metadata(document.get("metadata"))
        lines, errors = read_lines(self._files[source].content, endpoint)
        faults = {one.fault.kind: one.fault for one in self._simulator.take(asked, BATCH_FAULTS)}
        polls = self._simulator.behaviour.batch_polls
        if Kind.BATCH_SLOW in faults:
            polls = faults[Kind.BATCH_SLOW].polls
        if Kind.BATCH_FAILED in faults:
            errors = [LineError("internal_error", "The batch could not be processed.", None)]
        now, identity = int(self._simulator.now()), f"batch_{next(self._numbers):08d}"
        shown = {
            "id": identity,
            "object": "batch",
            "endpoint": endpoint,
            "model": lines[0]["body"].get("model") if lines else None,
            "errors": None,
            "input_file_id": source,
            "completion_window": "24h",
            "status": "validating",
            "output_file_id": None,
            "error_file_id": None,
            "created_at": now,
            "expires_at": now + _DAY,
            "request_counts": {"total": 0, "completed": 0, "failed": 0},
            "metadata": document.get("metadata"),
        }
        early = Kind.BATCH_EXPIRED in faults
        self._batches[identity] = _Batch(identity, shown, polls, lines, errors, early)
        return Reply.of(shown)

    def _batch(self, asked: Asked) -> _Batch:
        name = asked.path["id"]
        if name not in self._batches:
            raise Refusal(404, INVALID, f"No batch found with id '{name}'.")
        return self._batches[name]

    def _list_batches(self, asked: Asked) -> Reply:
        listed = [batch.document for batch in reversed(self._batches.values())]
        return _page(listed, asked.query, 20)

    def _look(self, asked: Asked) -> Reply:
        batch = self._batch(asked)
        if batch.document["status"] not in _FINAL:
            batch.looks += 1
            self._move(batch)
        return Reply.of(batch.document)

    def _move(self, batch: _Batch) -> None:
        shown, now = batch.document, int(self._simulator.now())
        if batch.errors:
            errors = [one.as_json() for one in batch.errors]
            shown.update(status="failed", failed_at=now, errors={"object": "list", "data": errors})
            return
        shown["request_counts"]["total"] = len(batch.lines)
        if shown["status"] == "cancelling":
            self._finish(batch, "cancelled", len(batch.lines) // 2)
        elif now >= shown["expires_at"]:
            self._finish(batch, "expired", 0)
        elif batch.looks < batch.polls:
            shown.update(status="in_progress")
            shown.setdefault("in_progress_at", now)
        elif batch.expires_early:
            self._finish(batch, "expired", len(batch.lines) // 2)
        else:
            self._finish(batch, "completed", len(batch.lines))

    def _cancel(self, asked: Asked) -> Reply:
        batch = self._batch(asked)
        status = batch.document["status"]
        if status in _FINAL:
            message = f"Cannot cancel a batch with status '{status}'."
            raise Refusal(409, INVALID, message)
        batch.document.update(status="cancelling", cancelling_at=int(self._simulator.now()))
        return Reply.of(batch.document)

    def _finish(self, batch: _Batch, status: str, executed: int) -> None:
        """Execute the first lines, write both files, and end the batch."""
        output, failed = list[dict[str, Any]](), list[dict[str, Any] | None]()
        for number, line in enumerate(batch.lines):
            if number >= executed:
                failed.append(_undone(line, status) if status == "expired" else None)
                continue
            done = self._execute(batch, line)
            (output if done["response"]["status_code"] == 200 else failed).append(done)
        # not for secrets: the order is nobody's to rely on, and the same each time
        random.Random(batch.id).shuffle(output)  # noqa: S311
        errors = [one for one in failed if one is not None]
        shown, now, usage = batch.document, int(self._simulator.now()), batch.usage
        shown["status"] = status
        shown[f"{status}_at"] = now
        shown["request_counts"].update(completed=len(output), failed=len(errors))
        for name, lines in (("output", output), ("error", errors)):
            if lines:
                content = "".join(f"{json.dumps(one)}\n" for one in lines).encode()
                stored = self._store(content, f"{batch.id}_{name}.jsonl", "batch_output")
                shown[f"{name}_file_id"] = stored.id
        shown["usage"] = {
            "input_tokens": usage.input_tokens,
            "input_tokens_details": {"cached_tokens": usage.cached_tokens},
            "output_tokens": usage.output_tokens,
            "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
            "total_tokens": usage.input_tokens + usage.output_tokens,
        }

    def _execute(self, batch: _Batch, line: Mapping[str, Any]) -> dict[str, Any]:
        asked = Asked(
            f"BATCH {line['url']}",
            json.dumps(line["body"], ensure_ascii=False).encode("utf-8", "replace"),
            batch=batch.id,
            request_id=self._simulator.next_request_id(),
        )
        refused = self._simulator.take(asked, REFUSALS & {Kind.BAD_REQUEST})
        reply = self._simulator.perform(asked, self._works[line["url"]], refused)
        self._simulator.record(asked, reply)
        batch.usage += reply.usage
        return {
            "id": f"batch_{asked.request_id}",
            "custom_id": line["custom_id"],
            "response": {
                "status_code": reply.status,
                "request_id": asked.request_id,
                "body": json.loads(reply.body),
            },
            "error": None,
        }


def _undone(line: Mapping[str, Any], status: str) -> dict[str, Any]:
    message = "This request could not be executed before the completion window expired."
    return {
        "id": f"batch_req_undone_{line['custom_id']}",
        "custom_id": line["custom_id"],
        "response": None,
        "error": {"code": f"batch_{status}", "message": message},
    }


def _check_metadata(metadata: object) -> None:
    if metadata is None:
        return
    usable = (
        isinstance(metadata, dict)
        and len(metadata) <= 16
        and all(isinstance(one, str) and len(one) <= 512 for one in metadata.values())
        and all(len(name) <= 64 for name in metadata)
    )
    if not usable:
        message = "Invalid 'metadata': at most 16 pairs of strings, of 64 and 512 characters."
        raise Refusal(400, INVALID, message, param="metadata")


def _shown(stored: _File) -> dict[str, Any]:
    return file_document(
        stored.id, stored.name, stored.purpose, stored.created, len(stored.content)
    )


def _page(listed: list[dict[str, Any]], query: Mapping[str, str], most: int) -> Reply:
    """Return one page, newest first, beginning behind the id in ``after``."""
    ids = [one["id"] for one in listed]
    after = query.get("after")
    rest = listed[ids.index(after) + 1 :] if after in ids else listed
    limit = query.get("limit", "")
    page = rest[: int(limit) if limit.isdecimal() else most]
    return Reply.of(
        {
            "object": "list",
            "data": page,
            "first_id": page[0]["id"] if page else None,
            "last_id": page[-1]["id"] if page else None,
            "has_more": len(page) < len(rest),
        }
    )
