"""OpenAI's files and batches, from upload to the last line."""

from __future__ import annotations

import io
import json
from typing import Any

import openai as sdk
import pytest

from linkedin_pipeline.simulators.faults import Fault, Kind
from linkedin_pipeline.simulators.ledger import Usage
from linkedin_pipeline.simulators.multipart import form_fields
from linkedin_pipeline_tests.simulators.clients import EMBEDDER, OpenAIClient, strict

NAMES = [f"post-{number}" for number in range(8)]


def _line(name: str, text: str = "Bread", **rest: Any) -> dict[str, Any]:
    body = {"model": EMBEDDER, "input": [text]}
    return {"custom_id": name, "method": "POST", "url": "/v1/embeddings", "body": body, **rest}


def _upload(openai: OpenAIClient, lines: list[Any]) -> str:
    content = "".join(f"{json.dumps(line)}\n" for line in lines).encode()
    uploaded = openai.sdk.files.create(file=("in.jsonl", io.BytesIO(content)), purpose="batch")
    assert uploaded.bytes == len(content)
    return uploaded.id


def _start(openai: OpenAIClient, lines: list[Any], endpoint: Any = "/v1/embeddings") -> Any:
    return openai.sdk.batches.create(
        input_file_id=_upload(openai, lines),
        endpoint=endpoint,
        completion_window="24h",
        metadata={"run": "7"},
    )


def _finished(openai: OpenAIClient, name: str) -> tuple[Any, list[str]]:
    statuses: list[str] = []
    while True:
        batch = openai.sdk.batches.retrieve(name)
        statuses.append(batch.status)
        if batch.status in {"completed", "failed", "expired", "cancelled"}:
            return batch, statuses


def _lines(openai: OpenAIClient, file: str | None) -> list[dict[str, Any]]:
    text = openai.sdk.files.content(file).text if file else ""
    return [json.loads(line) for line in text.splitlines()]


def test_a_batch_from_upload_to_answers(openai: OpenAIClient) -> None:
    """Validated, in progress, completed; answers in another order, each with its custom id."""
    made = _start(openai, [_line(name, f"Bread {name}") for name in NAMES])
    assert (made.status, made.metadata) == ("validating", {"run": "7"})
    assert openai.simulator.ledger.totals().usage == Usage()
    batch, statuses = _finished(openai, made.id)
    assert statuses == ["in_progress", "completed"]
    counts = batch.request_counts
    assert (counts.total, counts.completed, counts.failed) == (8, 8, 0)
    answers = _lines(openai, batch.output_file_id)
    names = [one["custom_id"] for one in answers]
    assert names != NAMES
    assert sorted(names) == NAMES
    assert {one["response"]["status_code"] for one in answers} == {200}
    for one in answers:
        direct = openai.post("/embeddings", _line("", f"Bread {one['custom_id']}")["body"]).json()
        assert one["response"]["body"]["data"] == direct["data"]
    assert batch.error_file_id is None


def test_every_line_is_in_the_ledger(openai: OpenAIClient) -> None:
    """With the batch's id; the batch's own usage is their sum."""
    batch, _ = _finished(openai, _start(openai, [_line(name) for name in NAMES]).id)
    calls = openai.simulator.ledger.calls("BATCH /v1/embeddings")
    assert [call.batch for call in calls] == [batch.id] * 8
    assert openai.simulator.ledger.totals("BATCH").usage == Usage(input_tokens=16)
    assert (batch.usage.input_tokens, batch.usage.total_tokens) == (16, 16)
    assert openai.simulator.ledger.totals("/v1/files").usage == Usage()


def test_labels_can_be_batched(openai: OpenAIClient) -> None:
    """A line holds any chat completion."""
    said = [{"role": "user", "content": '<post id="1">The sea and the wind</post>'}]
    body = {"model": "gpt-5-mini", "messages": said, "response_format": strict()}
    line = _line("x", url="/v1/chat/completions", body=body)
    batch, _ = _finished(openai, _start(openai, [line], "/v1/chat/completions").id)
    [answer] = _lines(openai, batch.output_file_id)
    content = answer["response"]["body"]["choices"][0]["message"]["content"]
    assert json.loads(content)["results"][0]["id"] == "1"
    assert batch.usage.output_tokens_details.reasoning_tokens == 256


def test_lines_that_fail_are_in_the_error_file(openai: OpenAIClient) -> None:
    """What OpenAI refuses, and what a fault poisons, by custom id; they bill nothing."""
    openai.simulator.faults.add(Fault(Kind.BAD_REQUEST, route="/v1/embeddings", contains="poison"))
    lines = [_line("good"), _line("empty", ""), _line("bad", "poison")]
    batch, _ = _finished(openai, _start(openai, lines).id)
    assert [one["custom_id"] for one in _lines(openai, batch.output_file_id)] == ["good"]
    errors = _lines(openai, batch.error_file_id)
    assert [one["custom_id"] for one in errors] == ["empty", "bad"]
    assert {one["response"]["status_code"] for one in errors} == {400}
    assert "invalid" in errors[0]["response"]["body"]["error"]["message"]
    assert (batch.request_counts.completed, batch.request_counts.failed) == (1, 2)
    assert batch.usage.input_tokens == 2


def test_a_slow_batch_is_looked_at_often(openai: OpenAIClient) -> None:
    """It is done at the look that the fault says."""
    openai.simulator.faults.add(Fault(Kind.BATCH_SLOW, polls=5))
    _, statuses = _finished(openai, _start(openai, [_line("a")]).id)
    assert statuses == ["in_progress"] * 4 + ["completed"]


def test_an_expired_batch_keeps_what_was_done(openai: OpenAIClient) -> None:
    """Half is answered and billed, the rest stands in the error file with the reason."""
    openai.simulator.faults.add(Fault(Kind.BATCH_EXPIRED))
    batch, _ = _finished(openai, _start(openai, [_line(name) for name in NAMES]).id)
    assert batch.status == "expired"
    assert len(_lines(openai, batch.output_file_id)) == 4
    undone = _lines(openai, batch.error_file_id)
    assert [one["custom_id"] for one in undone] == NAMES[4:]
    assert {one["error"]["code"] for one in undone} == {"batch_expired"}
    assert {one["response"] for one in undone} == {None}
    assert batch.usage.input_tokens == 8


def test_a_batch_that_is_looked_at_too_late_has_expired(
    openai: OpenAIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After its 24 hours nothing more is executed."""
    made = _start(openai, [_line("a")])
    monkeypatch.setattr(openai.simulator, "now", lambda: made.expires_at + 1.0)
    batch, statuses = _finished(openai, made.id)
    assert statuses == ["expired"]
    assert (batch.output_file_id, batch.usage.total_tokens) == (None, 0)


def test_a_cancelled_batch_keeps_what_was_done(openai: OpenAIClient) -> None:
    """It is cancelling first; a batch that has ended cannot be cancelled."""
    made = _start(openai, [_line(name) for name in NAMES])
    assert openai.sdk.batches.cancel(made.id).status == "cancelling"
    batch, statuses = _finished(openai, made.id)
    assert statuses == ["cancelled"]
    assert len(_lines(openai, batch.output_file_id)) == 4
    with pytest.raises(sdk.ConflictError):
        openai.sdk.batches.cancel(made.id)


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([], "empty_file"),
        (["text"], "invalid_json_line"),
        ([_line("a"), _line("a")], "duplicate_custom_id"),
        ([_line("a", url="/v1/chat/completions")], "invalid_url"),
        ([_line("a"), _line("b", body={"model": "gpt-5.2"})], "mismatched_model"),
    ],
)
def test_a_bad_file_fails_the_batch(openai: OpenAIClient, lines: list[Any], code: str) -> None:
    """At the first look, with the line at fault; nothing is executed."""
    batch, statuses = _finished(openai, _start(openai, lines).id)
    assert statuses == ["failed"]
    error = batch.errors.data[0]
    assert (error.code, error.line) == (code, len(lines) or None)
    assert openai.simulator.ledger.totals("BATCH").calls == 0


def test_a_batch_may_fail_for_no_fault_of_the_file(openai: OpenAIClient) -> None:
    """A fault on request."""
    openai.simulator.faults.add(Fault(Kind.BATCH_FAILED))
    batch, _ = _finished(openai, _start(openai, [_line("a")]).id)
    assert batch.status == "failed"


def test_a_batch_whose_answer_was_lost_can_be_found(openai: OpenAIClient) -> None:
    """Reset after acceptance: it exists, and its metadata says whose it is."""
    file = _upload(openai, [_line("a")])
    openai.simulator.faults.add(Fault(Kind.RESET_AFTER, route="POST /v1/batches"))
    with pytest.raises(sdk.APIConnectionError):
        openai.sdk.batches.create(
            input_file_id=file,
            endpoint="/v1/embeddings",
            completion_window="24h",
            metadata={"run": "8"},
        )
    [found] = list(openai.sdk.batches.list())
    assert (found.metadata, found.input_file_id) == ({"run": "8"}, file)


def test_lists_come_in_pages_newest_first(openai: OpenAIClient) -> None:
    """Both lists; the client walks the pages by itself."""
    made = [_start(openai, [_line("a")]).id for _ in range(5)]
    assert [one.id for one in openai.sdk.batches.list(limit=2)] == made[::-1]
    assert openai.sdk.batches.list(limit=2).has_more
    assert len(list(openai.sdk.files.list(purpose="batch"))) == 5
    assert list(openai.sdk.files.list(purpose="batch_output")) == []


def test_files_can_be_shown_and_deleted(openai: OpenAIClient) -> None:
    """What is gone is gone, for batches too."""
    file = _upload(openai, [_line("a")])
    assert openai.sdk.files.retrieve(file).filename == "in.jsonl"
    assert openai.sdk.files.delete(file).deleted
    with pytest.raises(sdk.NotFoundError, match="No such File object"):
        openai.sdk.files.content(file)
    with pytest.raises(sdk.NotFoundError):
        openai.sdk.batches.retrieve("batch_x")
    bad = {"input_file_id": file, "endpoint": "/v1/embeddings", "completion_window": "24h"}
    for change in ({}, {"endpoint": "/v1/moderations"}, {"completion_window": "1h"}):
        assert openai.post("/batches", {**bad, **change}).status_code == 400


def test_metadata_has_limits(openai: OpenAIClient) -> None:
    """Sixteen pairs of strings."""
    batch = {
        "input_file_id": _upload(openai, [_line("a")]),
        "endpoint": "/v1/embeddings",
        "completion_window": "24h",
    }
    for metadata in ({"a": 1}, {str(n): "x" for n in range(17)}, {"a": "x" * 513}):
        assert openai.post("/batches", {**batch, "metadata": metadata}).status_code == 400


def test_uploads_must_be_forms_for_batches(openai: OpenAIClient) -> None:
    """No form, no file, or another purpose: refused."""
    post = openai.http.post
    assert post("/v1/files", json={}).status_code == 400
    assert post("/v1/files", data={"purpose": "batch"}).status_code == 400
    files = {"file": ("a.jsonl", b"{}")}
    assert post("/v1/files", files=files, data={"purpose": "vision"}).status_code == 400


def test_forms_are_read_to_the_byte() -> None:
    """Line ends and boundaries inside a file stay as they are."""
    content = b"\r\n--x--\r\n\n--y\r\n"
    body = (
        b'--yy\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n'
        b'--yy\r\nContent-Disposition: form-data; name="file"; filename="a.jsonl"\r\n'
        b"Content-Type: text/x\r\n\r\n" + content + b"\r\n--yy--\r\n"
    )
    fields = form_fields("multipart/form-data; boundary=yy", body)
    assert fields["purpose"].content == b"batch"
    assert fields["file"].content == content
    assert (fields["file"].filename, fields["file"].content_type) == ("a.jsonl", "text/x")
    assert form_fields("application/json", b"{}") == {}
