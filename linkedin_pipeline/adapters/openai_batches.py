"""Files and batches of OpenAI, or of a server that has them; facts in VENDORS section 4.6.

A call whose answer is lost may have been obeyed: before an upload or a start is repeated, what it
may have made is looked for by our id, which the file's name and the batch's metadata carry.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from linkedin_pipeline.adapters.calls import Caller, CallFailed, Fault, FaultKind, Reply
from linkedin_pipeline.adapters.openai_client import OpenAiClient
from linkedin_pipeline.domain.ai import Plan, Usage
from linkedin_pipeline.domain.batches import Batch, Look
from linkedin_pipeline.domain.errors import Misconfigured, ProviderDown, Rejected

T = TypeVar("T")

METADATA = "linkedin_pipeline_batch"
WINDOW = "24h"
IN_MEMORY = 8_000_000
"""Bytes of a result file that stay out of a temporary file."""
EARLIER = 3_600.0
"""Seconds that the provider's clock may be behind ours when its lists are searched."""
_OVER = {"completed", "failed", "expired", "cancelled"}
_WORD = re.compile(r"[A-Za-z0-9_.:-]{1,80}")


class OpenAiBatches:
    """Meets `BatchProvider`; ``caller`` makes calls that cost nothing."""

    def __init__(self, client: OpenAiClient, caller: Caller) -> None:
        self._client = client
        self._caller = caller

    def upload(self, batch: Batch, lines: Sequence[bytes]) -> str:
        """Upload the file of a batch and return its id."""

        def post() -> str:
            name, content = _file_name(batch), b"".join(lines)
            return _text(self._client.upload("/files", {"purpose": "batch"}, name, content), "id")

        return self._once(batch, post, lambda: self._file(batch))

    def find_file(self, batch: Batch) -> str | None:
        """Look for a file that was uploaded for a batch."""
        return self._free(batch, lambda: self._file(batch))

    def create(self, batch: Batch, file_id: str, route: str) -> str:
        """Start the batch and return its id."""
        body = {
            "input_file_id": file_id,
            "endpoint": route,
            "completion_window": WINDOW,
            "metadata": {METADATA: str(batch.id)},
        }

        def post() -> str:
            return _text(self._client.post("/batches", body).value, "id")

        return self._once(batch, post, lambda: self._batch(batch))

    def find_batch(self, batch: Batch) -> str | None:
        """Look for a batch that was started with our id."""
        return self._free(batch, lambda: self._batch(batch))

    def look(self, batch: Batch) -> Look | None:
        """Ask how far a batch is."""

        def get() -> Look | None:
            try:
                return _look(self._client.get(f"/batches/{batch.provider_batch_id}"))
            except CallFailed as failure:
                if failure.fault.kind is FaultKind.MISPLACED:
                    return None
                raise

        return self._free(batch, get)

    def results(self, batch: Batch, file_id: str) -> Iterator[str]:
        """Download a result file whole, then give its lines: a reset on the way starts it anew."""
        with tempfile.SpooledTemporaryFile(IN_MEMORY) as file:

            def get() -> None:
                file.seek(0)
                file.truncate()
                for piece in self._client.file_pieces(file_id):
                    file.write(piece)

            self._free(batch, get)
            file.seek(0)
            for line in file:
                if line.strip():
                    yield line.decode("utf-8", "replace")

    def _once(self, batch: Batch, post: Callable[[], str], find: Callable[[], str | None]) -> str:
        """Make something new; look for it before a second try."""
        tried = False

        def send() -> str:
            nonlocal tried
            if tried and (found := find()):
                return found
            tried = True
            return post()

        try:
            return self._free(batch, send, needed=True)
        except Rejected as refused:
            remedy = "The posts are asked about without a batch."
            raise Rejected("batch_refused", str(batch.model), refused.value, remedy) from None

    def _free(self, batch: Batch, send: Callable[[], T], *, needed: bool = False) -> T:
        """Make a call; with ``needed``, a route that is not there is a person's to know."""

        def reply() -> Reply[T]:
            try:
                return Reply(send(), Usage())
            except CallFailed as failure:
                if failure.fault.kind is not FaultKind.MISPLACED:
                    raise
                if needed:
                    raise Misconfigured(
                        "OPENAI_BASE_URL",
                        f"the server has no batches ({failure.fault.reason})",
                        "Leave batch mode out; the posts are asked about one call after the other.",
                    ) from None
                raise ProviderDown(
                    f"{batch.model} ({batch.purpose}, batch)",
                    failure.fault.reason,
                    "Check OPENAI_BASE_URL; the batch stays open.",
                ) from None

        plan = Plan(batch.model, batch.purpose, batch.stage.worker, 0, 0, stage=str(batch.stage))
        try:
            return self._caller.make(plan, reply)
        except Rejected as refused:
            if needed:
                raise
            remedy = "The batch stays open and is looked at again."
            raise ProviderDown(refused.subject, refused.value, remedy) from None

    def _file(self, batch: Batch) -> str | None:
        name = _file_name(batch)
        for one in self._list(batch, "/files", {"purpose": "batch", "order": "desc"}):
            if one.get("filename") == name:
                return _text(one, "id")
        return None

    def _batch(self, batch: Batch) -> str | None:
        for one in self._list(batch, "/batches", {}):
            metadata = one.get("metadata")
            if isinstance(metadata, dict) and metadata.get(METADATA) == str(batch.id):
                return _text(one, "id")
        return None

    def _list(
        self, batch: Batch, path: str, query: Mapping[str, str]
    ) -> Iterator[Mapping[str, Any]]:
        """Walk a list, newest first, back to the time of the batch."""
        oldest = batch.created_at.timestamp() - EARLIER if batch.created_at else 0.0
        after: Mapping[str, str] = {}
        while True:
            page = self._client.get(path, {"limit": "100", **query, **after})
            data = page.get("data")
            listed = (
                [one for one in data if isinstance(one, dict)] if isinstance(data, list) else []
            )
            yield from listed
            last = listed[-1] if listed else {}
            made = last.get("created_at")
            known = isinstance(made, int | float) and made >= oldest
            if not (page.get("has_more") is True and known and isinstance(last.get("id"), str)):
                return
            after = {"after": last["id"]}


def _file_name(batch: Batch) -> str:
    return f"linkedin-pipeline-{batch.id}.jsonl"


def _text(document: Mapping[str, Any], name: str) -> str:
    value = document.get(name)
    if not isinstance(value, str) or not _WORD.fullmatch(value):
        raise CallFailed(Fault(FaultKind.GARBLED, f"the answer has no usable {name}"))
    return value


def _look(document: Mapping[str, Any]) -> Look:
    status = _text(document, "status")
    files = [document.get(name) for name in ("output_file_id", "error_file_id")]
    errors = document.get("errors")
    data = errors.get("data") if isinstance(errors, dict) else None
    first = data[0] if isinstance(data, list) and data and isinstance(data[0], dict) else {}
    code = first.get("code")
    word = code if isinstance(code, str) and _WORD.fullmatch(code) else None
    line = first.get("line")
    place = f" in line {line}" if isinstance(line, int) else ""
    return Look(
        status=status,
        over=status in _OVER,
        files=tuple(one for one in files if isinstance(one, str) and _WORD.fullmatch(one)),
        code=word,
        reason=f"{word}{place}" if word else "",
    )
