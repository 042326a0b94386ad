"""Callers of ill will, or none: the gateway stays up and answers others."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.gateway.requests import MOST_BODY
from linkedin_pipeline.gateway.serving import serving
from linkedin_pipeline.settings import Settings
from linkedin_pipeline_tests.gateway.standin import StandIn
from linkedin_pipeline_tests.gateway.wire import HOOKS, STATUS, connected, head, read, send

JSON = "Content-Type: application/json"
Serve = Callable[..., str]


@pytest.fixture
def serve(settings: Settings, database: Database) -> Iterator[Serve]:
    """Give a function that serves a gateway with other bounds."""
    with ExitStack() as stack:

        def start(**bounds: float) -> str:
            return stack.enter_context(serving(settings, database, **bounds))  # type: ignore[arg-type]

        yield start


def answers_others(url: str) -> bool:
    """Tell whether a caller of good will is answered."""
    return send(url, head(STATUS, method="GET") + b"\r\n").status == 200


def is_closed(opened: socket.socket) -> bool:
    """Wait for the other side's end of a connection."""
    try:
        while opened.recv(65536):
            pass
    except ConnectionResetError:
        return True
    return True


def _is_closed_after_a_byte(opened: socket.socket) -> bool:
    opened.settimeout(0.05)
    try:
        opened.sendall(b"a")
        return not opened.recv(1)
    except TimeoutError:
        return False
    except ConnectionError:
        return True


@pytest.mark.parametrize("begun", [b"", b"G", head(HOOKS)], ids=["nothing", "a byte", "no end"])
def test_a_head_that_does_not_come_ends_the_connection(serve: Serve, begun: bytes) -> None:
    """However much of it has come, and however many such callers there are."""
    url = serve(head_seconds=1.0)
    with ExitStack() as stack:
        slow = [stack.enter_context(connected(url)) for _ in range(50)]
        for opened in slow:
            opened.sendall(begun)
        assert answers_others(url)
        assert all(is_closed(opened) for opened in slow)


def test_dripping_does_not_prolong_it(serve: Serve) -> None:
    """The time counts for the whole head: a byte now and then does not start it anew."""
    url = serve(head_seconds=1.0)
    with connected(url) as opened:
        opened.sendall(head(HOOKS))
        assert any(_is_closed_after_a_byte(opened) for _ in range(2_000))
    assert answers_others(url)


def test_the_next_head_on_a_connection_is_bounded_too(serve: Serve) -> None:
    """After an answer the time begins again."""
    url = serve(head_seconds=1.0)
    with connected(url) as opened:
        opened.sendall(head(STATUS, method="GET") + b"\r\n")
        assert read(opened).status == 200
        opened.sendall(b"GET / HT")
        assert is_closed(opened)


def test_too_many_that_wait_push_the_oldest_out(serve: Serve) -> None:
    """A flood of silent connections never keeps a caller of good will from being served."""
    url = serve(head_seconds=250.0, most_waiting=20)
    with ExitStack() as stack:
        silent = [stack.enter_context(connected(url)) for _ in range(60)]
        assert answers_others(url)
        assert all(is_closed(opened) for opened in silent[:40])


def test_a_request_may_take_longer_than_its_head(serve: Serve, dagster: StandIn) -> None:
    """Who waits for a run is not cut off."""
    url = serve(head_seconds=0.5)
    answer = send(url, head(f"{HOOKS}?wait=true&timeout=2") + b"\r\n")
    assert (answer.status, answer.json()["run_id"]) == (202, "run-1")


def test_a_body_that_does_not_come_is_given_up(
    url: str, monkeypatch: pytest.MonkeyPatch, dagster: StandIn
) -> None:
    """408, the connection ends, and nothing was started."""
    monkeypatch.setattr("linkedin_pipeline.gateway.requests.BODY_SECONDS", 0.5)
    with connected(url) as opened:
        opened.sendall(head(HOOKS, JSON, "Content-Length: 10") + b'\r\n{"a')
        answer = read(opened)
        assert (answer.status, answer.json()["code"]) == (408, "too_slow")
        assert is_closed(opened)
    assert answers_others(url)
    assert dagster.asked == []


@pytest.mark.parametrize("chunked", [False, True], ids=["announced", "chunked"])
def test_a_body_of_10_mb_is_refused(
    client: httpx.Client, url: str, dagster: StandIn, *, chunked: bool
) -> None:
    """413, whether its length is announced or not, and nothing was started."""
    megabyte = b" " * 1_000_000

    def pieces() -> Iterator[bytes]:
        yield from [megabyte] * 10

    headers = {"Content-Type": "application/json"}
    content = pieces() if chunked else megabyte * 10
    answer = client.post(HOOKS, content=content, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert answers_others(url)
    assert dagster.asked == []


def test_the_limit_is_exact(client: httpx.Client) -> None:
    """1 MiB passes, a byte more does not; what is announced is not believed."""
    headers = {"Content-Type": "application/json"}
    whole = b"{}" + b" " * (MOST_BODY - 2)
    assert client.post(HOOKS, content=whole, headers=headers).status_code == 202
    assert client.post(HOOKS, content=whole + b" ", headers=headers).status_code == 413


def test_who_asks_first_is_spared_the_upload(url: str) -> None:
    """A caller that expects 100 Continue is refused before it sends what is too large."""
    lines = (JSON, "Content-Length: 10000000", "Expect: 100-continue")
    answer = send(url, head(HOOKS, *lines) + b"\r\n")
    assert answer.status == 413


BAD = {
    "cut": b'{"a": ',
    "text": b"hello",
    "list": b"[1]",
    "null": b"null",
    "nan": b'{"a": NaN}',
    "bytes": b"\xff\xfe\x00",
    "nested": b'{"a":' * 100_000,
    "digits": b'{"a": ' + b"9" * 10_000 + b"}",
}


@pytest.mark.parametrize("body", BAD.values(), ids=BAD)
def test_bad_json_is_refused(client: httpx.Client, dagster: StandIn, body: bytes) -> None:
    """400 without a word of it, and nothing was started."""
    answer = client.post(HOOKS, content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_json")
    assert dagster.asked == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ],
)
def test_other_bodies_are_refused(
    client: httpx.Client, dagster: StandIn, headers: dict[str, str]
) -> None:
    """415; nothing is unpacked, nothing started."""
    answer = client.post(HOOKS, content=b"{}", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "not_json")
    assert dagster.asked == []


@pytest.mark.parametrize(
    "body", [None, b"{}", json.dumps({"max_posts": 10}).encode()], ids=["none", "empty", "older"]
)
def test_bodies_of_older_callers_are_taken(client: httpx.Client, body: bytes | None) -> None:
    """None, an empty object, and options that older workers knew."""
    headers = {"Content-Type": "application/json; charset=utf-8"} if body else {}
    assert client.post(HOOKS, content=body, headers=headers).status_code == 202


FLOODS = {
    "many headers": head(HOOKS, *(f"X-{n}: {n}" for n in range(30_000))) + b"\r\n",
    "one long header": head(HOOKS, "X-Long: " + "a" * 3_000_000) + b"\r\n",
    "endless line": b"GET /" + b"a" * 3_000_000,
    "no http": b"\x16\x03\x01\x02\x00\x01\x00\x01" * 100,
    "two lengths": head(HOOKS, "Content-Length: 1", "Content-Length: 2") + b"\r\n",
    "bad chunk": head(HOOKS, "Transfer-Encoding: chunked") + b"\r\nzz\r\n",
}


@pytest.mark.parametrize("flood", FLOODS.values(), ids=FLOODS)
def test_floods_and_nonsense_are_refused(url: str, dagster: StandIn, flood: bytes) -> None:
    """400 in the envelope or the end of the connection; others are answered meanwhile."""
    for _ in range(5):
        try:
            answer = send(url, flood)
        except ConnectionError:
            continue
        assert answer.status in {0, 400}
        if answer.status:
            assert answer.json()["code"] in {"bad_request", "incomplete"}
        assert answers_others(url)
    assert answers_others(url)
    assert dagster.asked == []
