"""The client of OpenAI over a real socket: what every fault becomes, and what is never said."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from linkedin_pipeline.adapters.calls import CallFailed, FaultKind
from linkedin_pipeline.adapters.limiter import Quota
from linkedin_pipeline.adapters.openai_client import OpenAiClient
from linkedin_pipeline.domain.ai import Usage
from linkedin_pipeline.domain.errors import Misconfigured
from linkedin_pipeline.simulators.faults import Fault, Kind
from linkedin_pipeline_tests.adapters.openai_line import KEY, OpenAiLine, openai_line

TEXT = "A text that nobody may read in a log."
BODY = {"model": "text-embedding-3-small", "input": [TEXT], "encoding_format": "base64"}


@pytest.fixture(scope="module")
def served() -> Iterator[OpenAiLine]:
    """Serve one simulator for the module."""
    with openai_line() as line:
        yield line


@pytest.fixture
def line(served: OpenAiLine) -> OpenAiLine:
    """Give a simulator that has forgotten what other tests did."""
    served.simulator.reset()
    return served


@contextmanager
def answering(answer: bytes, times: int = 1) -> Iterator[str]:
    """Answer the next connections with these bytes, and close; give the base URL."""

    def serve() -> None:
        for _ in range(times):
            connection, _ = listening.accept()
            with connection:
                received = b""
                while b"\r\n\r\n" not in received:
                    received += connection.recv(65_536)
                connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
        finally:
            thread.join(60)


@contextmanager
def client_of(url: str, key: str = KEY, timeout: float = 30.0) -> Iterator[OpenAiClient]:
    """Give a client, and close it."""
    client = OpenAiClient(key, url, timeout)
    try:
        yield client
    finally:
        client.close()


def failure(call: Callable[[], Any]) -> CallFailed:
    """Return what a call fails with, having made sure that it keeps its secrets."""
    with pytest.raises(CallFailed) as caught:
        call()
    for error in (caught.value, caught.value.__cause__):
        assert KEY not in repr(error)
        assert TEXT not in repr(error)
    return caught.value


def test_an_answer_comes_with_usage_and_limits(line: OpenAiLine) -> None:
    """The SDK carries the raw response through."""
    reply = line.client.post("/embeddings", BODY)
    assert len(reply.value["data"]) == 1
    assert reply.usage == Usage(input=10)
    quota = reply.quotas["requests"]
    assert quota in (Quota(30_000, 29_999), Quota(30_000, 30_000))  # it refills all the time
    assert set(reply.quotas) == {"requests", "tokens"}


@pytest.mark.parametrize(
    ("kind", "becomes", "status"),
    [
        (Kind.RATE_LIMIT, FaultKind.BUSY, 429),
        (Kind.INSUFFICIENT_QUOTA, FaultKind.SPENT, 429),
        (Kind.BAD_REQUEST, FaultKind.REFUSED, 400),
        (Kind.INVALID_KEY, FaultKind.REVOKED, 401),
        (Kind.MODEL_NOT_FOUND, FaultKind.GONE, 404),
        (Kind.SERVER_ERROR, FaultKind.OVERLOADED, 500),
        (Kind.BAD_GATEWAY, FaultKind.OVERLOADED, 502),
        (Kind.UNAVAILABLE, FaultKind.OVERLOADED, 503),
        (Kind.OVERLOADED, FaultKind.OVERLOADED, 529),
    ],
)
def test_refusals_are_understood(
    line: OpenAiLine, kind: Kind, becomes: FaultKind, status: int
) -> None:
    """Each in OpenAI's own words, with one request: the SDK repeats nothing."""
    line.simulator.faults.add(Fault(kind, times=None))
    fault = failure(lambda: line.client.post("/embeddings", BODY)).fault
    assert (fault.kind, line.calls) == (becomes, 1)
    assert fault.reason.startswith(f"HTTP {status} (")
    assert ", request req_simulated_" in fault.reason


@pytest.mark.parametrize(
    "kind", [Kind.RESET_BEFORE, Kind.RESET_AFTER, Kind.TRUNCATED, Kind.MALFORMED]
)
def test_no_usable_answer_is_no_answer(line: OpenAiLine, kind: Kind) -> None:
    """Resets before and after the work, bodies cut short, half a JSON document."""
    line.simulator.faults.add(Fault(kind))
    assert failure(lambda: line.client.post("/embeddings", BODY)).fault.kind is (
        FaultKind.UNREACHABLE
    )
    assert line.calls == 1
    line.client.post("/embeddings", BODY)


def test_a_slow_answer_is_given_up(line: OpenAiLine) -> None:
    """The read timeout is one, and the call may have been paid for."""
    line.simulator.faults.add(Fault(Kind.HOLD))
    with client_of(f"{line.url}/v1", timeout=0.2) as client:
        fault = failure(lambda: client.post("/embeddings", BODY)).fault
    line.simulator.faults.clear()
    assert fault.kind is FaultKind.UNREACHABLE
    assert fault.reason == "no answer (ReadTimeout)"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnull",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n\xff\xfe",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Encoding: gzip\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\n" + b"[" * 20_000,
        b"220 mail.example.org ESMTP\r\n\r\n",
    ],
    ids=["nothing", "short", "null", "no text", "no gzip", "no chunks", "too deep", "no HTTP"],
)
def test_rubbish_is_no_answer(answer: bytes) -> None:
    """Whatever a server or something between sends, the call failed and nothing else does."""
    with answering(answer) as url, client_of(url) as client:
        fault = failure(lambda: client.post("/embeddings", BODY)).fault
        assert fault.kind is FaultKind.UNREACHABLE


@pytest.mark.parametrize("status", [301, 307, 308])
def test_redirects_are_not_followed(line: OpenAiLine, status: int) -> None:
    """Neither key nor text goes where nobody said they should."""
    answer = f"HTTP/1.1 {status} Moved\r\nLocation: {line.url}/v1/embeddings\r\n"
    answer += "Content-Length: 0\r\n\r\n"
    with answering(answer.encode()) as url, client_of(url) as client:
        fault = failure(lambda: client.post("/embeddings", BODY)).fault
    assert (fault.kind, line.calls) == (FaultKind.MISPLACED, 0)


def test_a_wrong_base_url_is_told_from_a_model_that_is_gone(line: OpenAiLine) -> None:
    """Without /v1 there is no such route, and no model to blame."""
    with client_of(line.url) as client:
        fault = failure(lambda: client.post("/embeddings", BODY)).fault
    assert fault.kind is FaultKind.MISPLACED
    with client_of("http://127.0.0.1:1/v1") as client:
        fault = failure(lambda: client.post("/embeddings", BODY)).fault
    assert (fault.kind, fault.reason) == (FaultKind.UNREACHABLE, "no answer (ConnectError)")


@pytest.mark.parametrize("key", ["", "sk-with space", "sk-\n", "sk-clé"])
def test_a_key_that_no_header_carries_is_named(line: OpenAiLine, key: str) -> None:
    """Before anything is sent, and without showing it."""
    with client_of(f"{line.url}/v1", key) as client, pytest.raises(Misconfigured) as caught:
        client.post("/embeddings", BODY)
    assert "OPENAI_API_KEY" in str(caught.value)
    assert not key or key not in repr(caught.value)
    assert line.calls == 0


def test_half_a_surrogate_pair_is_refused(line: OpenAiLine) -> None:
    """UTF-8 cannot hold it; the error does not either."""
    failed = failure(lambda: line.client.post("/embeddings", {**BODY, "input": ["\ud83d" + TEXT]}))
    assert (failed.fault.kind, line.calls) == (FaultKind.REFUSED, 0)


def test_nothing_of_a_call_is_logged(line: OpenAiLine, caplog: pytest.LogCaptureFixture) -> None:
    """Not the key, not the text, not a password in the URL, at any level of the root logger."""
    caplog.set_level(logging.DEBUG)
    with client_of(f"{line.url}/v1") as client:
        client.post("/embeddings", BODY)
        line.simulator.faults.add(Fault(Kind.BAD_REQUEST))
        failure(lambda: client.post("/embeddings", BODY))
    with client_of(f"{line.url}/v1".replace("//", "//user:hush@")) as client:
        failure(lambda: client.post("/embeddings", BODY))
    said = "\n".join(record.getMessage() for record in caplog.records)
    assert not [word for word in (KEY, TEXT, "hush") if word in said]


def test_the_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the SDK's own documentation promises."""
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n" + b'{"proxy": "x"}'
    with answering(answer) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.removesuffix("/v1"))
        monkeypatch.setenv("NO_PROXY", "")
        with client_of("http://models.invalid/v1") as client:
            assert client.post("/embeddings", BODY).value == {"proxy": "x"}
