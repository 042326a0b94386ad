"""One POST to a simulated Unipile: what is sent, and what came of it."""

from __future__ import annotations

import hashlib
import socket
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from linkedin_pipeline.adapters.unipile import UnipilePublisher
from linkedin_pipeline.domain.errors import ProviderDown
from linkedin_pipeline.domain.media import MediaFile
from linkedin_pipeline.domain.publications import (
    Accepted,
    AccountDown,
    Ambiguous,
    BadContent,
    Duplicate,
    Limited,
    Mention,
    Unclear,
    Unsent,
)
from linkedin_pipeline.simulators.faults import Kind
from linkedin_pipeline.simulators.pictures import Format, picture
from linkedin_pipeline.simulators.unipile_accounts import Account
from linkedin_pipeline_tests.adapters.test_http import server
from linkedin_pipeline_tests.adapters.unipile_desk import (
    Calls,
    UnipileDesk,
    intent,
    soon,
    unipile_desk,
)
from linkedin_pipeline_tests.simulators.unipile_client import ADA

AWKWARD = 'Ça y est 👩‍💻…\r\n\n "quoted" {{0}} & <b> مرحبا'


@pytest.fixture(scope="module")
def served() -> Iterator[UnipileDesk]:
    """Serve one simulator for a module."""
    with unipile_desk() as desk:
        yield desk


@pytest.fixture
def desk(served: UnipileDesk) -> UnipileDesk:
    """Give a simulator that has forgotten what other tests did, and an empty ledger."""
    served.simulator.reset()
    served.calls.forget()
    return served


def file(path: Path, name: str, content: bytes, content_type: str = "image/png") -> MediaFile:
    """Return a fetched file."""
    path = path / name
    path.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    return MediaFile(str(path), name, content_type, len(content), digest)


def test_a_post_goes_out_as_it_is(desk: UnipileDesk) -> None:
    """Text, mentions and link arrive to the character, in a form even without files."""
    mentions = (Mention("Zoë Ågren", "ACoAAzoe"), Mention("Engines", "1001", is_company=True))
    what = desk.post(AWKWARD, mentions=mentions, external_link="https://example.com/a?b=c&d")
    (attempt,) = desk.attempts()
    assert what == Accepted(attempt["post_id"])
    sent = attempt["sent"]
    assert sent["text"] == AWKWARD
    assert (sent["encoding"], sent["mentions_encoding"]) == ("multipart", "brackets")
    assert [tuple(one.values()) for one in sent["mentions"]] == [
        ("Zoë Ågren", "ACoAAzoe", False),
        ("Engines", "1001", True),
    ]
    assert sent["external_link"] == "https://example.com/a?b=c&d"
    assert (sent["as_organization"], sent["flags"], sent["others"]) == (None, (), {})


def test_a_page_posts_as_itself(desk: UnipileDesk) -> None:
    """A post of a page is in the page's feed."""
    assert isinstance(desk.post("For all.", as_organization="1001"), Accepted)
    assert [post.author for post in desk.simulator.feeds.posts()] == ["1001"]


def test_files_arrive_byte_by_byte(desk: UnipileDesk, tmp_path: Path) -> None:
    """Every file is a part of its own, in order, with its name and its type."""
    files = [
        file(tmp_path, "two words.png", picture(Format.PNG)),
        file(tmp_path, "é.gif", picture(Format.GIF), "image/gif"),
    ]
    assert isinstance(desk.send(files), Accepted)
    media = desk.attempts()[0]["sent"]["media"]
    assert [(m["filename"], m["content_type"], m["sha256"]) for m in media] == [
        (f.filename, f.content_type, f.sha256) for f in files
    ]


def test_a_large_file_is_not_read_into_memory(desk: UnipileDesk, tmp_path: Path) -> None:
    """It goes out as it is read."""
    large = file(tmp_path, "large.png", picture(Format.PNG) + bytes(10_000_000))
    with server(lambda s: s.sendall(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")) as url:
        adapter = UnipilePublisher("key", url, Calls(), lambda _: None)
        tracemalloc.start()
        what = adapter.post(intent(), [large], soon())
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert isinstance(what, Ambiguous)
    assert peak < 5_000_000


def test_the_call_is_in_the_ledger(desk: UnipileDesk) -> None:
    """With the publication it is about and the profile it is for."""
    desk.post(profile_id=UUID(int=9))
    assert desk.calls.begun == [("unipile", "post", str(UUID(int=7)), UUID(int=9))]
    assert desk.calls.ended == [("answered", 201)]


def test_a_post_without_an_id_is_out(desk: UnipileDesk) -> None:
    """The id may be null; the post is there."""
    desk.fault(Kind.NULL_ID)
    assert desk.post() == Accepted(None)


@pytest.mark.parametrize(
    "kind",
    [
        Kind.SERVER_ERROR,
        Kind.BAD_GATEWAY,
        Kind.UNAVAILABLE,
        Kind.OVERLOADED,
        Kind.RESET_BEFORE,
        Kind.RESET_AFTER,
        Kind.ERROR_AFTER,
        Kind.TRUNCATED,
        Kind.MALFORMED,
    ],
)
def test_in_doubt_nothing_is_repeated(desk: UnipileDesk, kind: Kind) -> None:
    """Whatever leaves it open is ambiguous, after a single request."""
    desk.fault(kind, times=None)
    assert isinstance(desk.post(), Ambiguous)
    assert len(desk.attempts()) == 1
    assert desk.calls.pauses == []


def test_a_slow_answer_is_ambiguous(desk: UnipileDesk) -> None:
    """A caller that gives up does not know."""
    desk.fault(Kind.LATENCY, seconds=3600)
    adapter = desk.publisher(timeout=0.5)
    assert isinstance(adapter.post(intent(), (), soon()), Ambiguous)
    assert desk.calls.ended == [("unknown", None)]


def test_too_late_nothing_is_sent(desk: UnipileDesk) -> None:
    """Past its deadline a post is not sent."""
    what = desk.adapter.post(intent(), (), time.monotonic() - 1)
    assert isinstance(what, Unsent)
    assert desk.attempts() == []
    assert desk.calls.ended == [("unsent", None)]


def test_nobody_listening_is_unsent() -> None:
    """A refused connection pauses nobody: the next pass asks again."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    calls = Calls()
    adapter = UnipilePublisher("key", f"http://127.0.0.1:{port}", calls, lambda _: None)
    what = adapter.post(intent(), (), soon())
    assert isinstance(what, Unsent)
    assert what.seconds is None
    assert calls.pauses == []


def test_without_the_ledger_nothing_is_sent(desk: UnipileDesk) -> None:
    """A call that cannot be written down is not made."""
    desk.calls.down = "begin"
    assert isinstance(desk.post(), Unsent)
    assert desk.attempts() == []


def test_an_answer_is_told_without_the_ledger(desk: UnipileDesk) -> None:
    """A post that is out is known to be out, though its call's row stays open."""
    desk.calls.down = "end"
    assert isinstance(desk.post(), Accepted)


def test_a_file_that_is_gone_is_unsent(desk: UnipileDesk, tmp_path: Path) -> None:
    """Nothing is published without its picture."""
    gone = MediaFile(str(tmp_path / "gone.png"), "gone.png", "image/png", 1, "0" * 64)
    assert isinstance(desk.send([gone]), Unsent)
    assert desk.attempts() == []


def test_half_a_character_is_refused_here(desk: UnipileDesk) -> None:
    """What UTF-8 cannot hold can never be sent; the error does not quote it."""
    assert desk.post("half \ud83d") == BadContent("UTF-8 cannot hold the text.")
    assert desk.attempts() == []


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("invalid_post", BadContent),
        ("unsupported_media_type", BadContent),
        ("too_many_requests", Limited),
        ("limit_exceeded", Limited),
        ("resource_not_found", Unclear),
        ("disconnected_account", AccountDown),
        ("account_restricted", AccountDown),
    ],
)
def test_refusals_are_told_by_type(desk: UnipileDesk, name: str, what: type) -> None:
    """What Unipile refuses is published nowhere, and pauses nobody else."""
    desk.fault(Kind.TYPED_ERROR, type=f"errors/{name}")
    assert isinstance(desk.post(), what)
    assert desk.simulator.feeds.posts() == []
    assert desk.calls.pauses == []


def test_a_limit_is_as_long_as_asked(desk: UnipileDesk) -> None:
    """The header's wish is passed on."""
    desk.fault(Kind.RATE_LIMIT, retry_after="120")
    what = desk.post()
    assert isinstance(what, Limited)
    assert what.seconds == 120


def test_a_broken_account_is_down(desk: UnipileDesk) -> None:
    """An account whose connection is lost says how it is."""
    desk.simulator.connect(Account(ADA.id, ADA.name, ADA.provider_id, status="CREDENTIALS"))
    what = desk.post()
    assert isinstance(what, AccountDown)
    assert what.status in {"CREDENTIALS", "DISCONNECTED"}


def test_a_page_of_somebody_else_is_for_a_person(desk: UnipileDesk) -> None:
    """The account is not at fault, and what the provider says is kept."""
    assert desk.post("x", as_organization="9999") == Unclear(
        "Insufficient permissions: You cannot act for this organization."
    )


def test_a_twin_is_named(desk: UnipileDesk) -> None:
    """A duplicate names the post that stands already."""
    desk.post("Twice.")
    desk.fault(Kind.DUPLICATE_OWN)
    what = desk.post("Twice.")
    assert isinstance(what, Duplicate)
    assert what.post_id
    (own,) = desk.simulator.feeds.posts()
    seen = desk.adapter.read_post(ADA.id, what.post_id)
    assert seen
    assert own.id in seen.ids


def test_a_refused_key_pauses_everybody(desk: UnipileDesk) -> None:
    """No account can publish: an incident, told without the key."""
    adapter = desk.publisher(key="hunter2")
    with pytest.raises(ProviderDown, match="UNIPILE_API_KEY") as down:
        adapter.post(intent(), (), soon())
    ((provider, code, reason, worker),) = desk.calls.pauses
    assert (provider, code, worker) == ("unipile", "key_refused", "publish_scheduled")
    assert "hunter2" not in reason + str(down.value)
    assert down.value.retry_after == 60
    assert desk.simulator.feeds.posts() == []


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\n<404>",
        b"HTTP/1.1 405 No\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 308 Go\r\nLocation: https://example.com/\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_a_wrong_address_pauses_everybody(answer: bytes) -> None:
    """Where there is no Unipile nobody can publish; nothing is followed elsewhere."""
    calls = Calls()
    with server(lambda s: s.sendall(answer)) as url:
        adapter = UnipilePublisher("key", url, calls, lambda _: None)
        with pytest.raises(ProviderDown, match="UNIPILE_BASE_URL"):
            adapter.post(intent(), (), soon())
    assert [pause[1] for pause in calls.pauses] == ["wrong_address"]


def test_a_wrong_path_pauses_everybody(desk: UnipileDesk) -> None:
    """An address that misses /api/v1 is told from an account that is not there."""
    with pytest.raises(ProviderDown):
        desk.publisher(path="/api").post(intent(), (), soon())
    assert isinstance(desk.post(account="acc_nobody"), Unclear)
    assert [pause[1] for pause in desk.calls.pauses] == ["wrong_address"]


def test_a_refusal_is_told_without_the_ledger(desk: UnipileDesk) -> None:
    """What was answered is known though the pause cannot be written down."""
    desk.calls.down = "pause"
    with pytest.raises(ProviderDown):
        desk.publisher(key="other").post(intent(), (), soon())


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b'"PostCreated"', b'{"post_id":"1"}', b'{"object":"Post"}']
)
@pytest.mark.parametrize("status", [200, 201, 202])
def test_a_success_that_is_not_documented_is_ambiguous(status: int, body: bytes) -> None:
    """Whatever is not the answer of a created post leaves it open."""
    answer = b"HTTP/1.1 %d OK\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)
    with server(lambda s: s.sendall(answer)) as url:
        adapter = UnipilePublisher("key", url, Calls(), lambda _: None)
        assert isinstance(adapter.post(intent(), (), soon()), Ambiguous)
