"""What a simulated Unipile lets go wrong around the instant at which it publishes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import httpx
import pytest

from linkedin_pipeline.simulators.faults import Kind
from linkedin_pipeline_tests.simulators.unipile_client import ADA, BEN, UnipileClient
from linkedin_pipeline_tests.waiting import eventually


def _published(unipile: UnipileClient, text: str = "Hello.") -> int:
    return len(unipile.simulator.feeds.with_text(ADA.provider_id, text))


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("form", ["json", "html"])
def test_an_error_reads_the_same_whether_the_post_was_published_or_not(
    unipile: UnipileClient, status: int, form: str
) -> None:
    """Status, headers and body alike; only the ledger knows."""
    unipile.fault(Kind.SERVER_ERROR, status=status, html=form == "html")
    before = unipile.post()
    assert _published(unipile) == 0
    unipile.fault(Kind.ERROR_AFTER, status=status, html=form == "html")
    after = unipile.post()
    assert _published(unipile) == 1
    assert before.status_code == after.status_code == status
    assert before.content == after.content
    assert before.headers["content-type"] == after.headers["content-type"]
    is_page = form == "html" or status == 502
    assert after.text.startswith("<html>") == is_page
    if not is_page:
        assert after.json()["status"] == status
    first, second = unipile.simulator.attempts.all()
    assert (first.accepted, first.status, first.faults) == (False, status, ("server_error",))
    assert (second.accepted, second.status, second.faults) == (True, status, ("error_after",))


def test_errors_after_the_fact_come_one_a_call(unipile: UnipileClient) -> None:
    """In the order in which they were asked for, as refusals do."""
    for status in (504, 500):
        unipile.fault(Kind.ERROR_AFTER, status=status)
    assert [unipile.post(text).status_code for text in "abc"] == [504, 500, 201]


def test_a_reset_reads_the_same_whether_the_post_was_published_or_not(
    unipile: UnipileClient,
) -> None:
    """The connection breaks, before or after."""
    for kind, published in ((Kind.RESET_BEFORE, 0), (Kind.RESET_AFTER, 1)):
        unipile.fault(kind)
        with pytest.raises(httpx.ReadError):
            unipile.post()
        assert _published(unipile) == published
    assert [(one.accepted, one.status, one.step) for one in unipile.simulator.attempts.all()] == [
        (False, None, "lost"),
        (True, None, "lost"),
    ]


def test_a_caller_that_is_kept_waiting_may_have_published(unipile: UnipileClient) -> None:
    """It gives up; the post is there."""
    unipile.fault(Kind.LATENCY, seconds=3600)
    document = {"account_id": ADA.id, "text": "Hello."}
    with pytest.raises(httpx.ReadTimeout):
        unipile.http.post("/api/v1/posts", json=document, timeout=0.2)
    assert _published(unipile) == 1


@pytest.mark.parametrize("kind", [Kind.MALFORMED, Kind.TRUNCATED])
def test_a_created_post_may_be_told_in_half_a_body(unipile: UnipileClient, kind: Kind) -> None:
    """201 and no JSON, or less than was promised; the post is there."""
    unipile.fault(kind)
    try:
        answer = unipile.post()
        assert answer.status_code == 201
        assert answer.content.startswith(b'{"object"')
        assert not answer.content.endswith(b"}")
    except httpx.RemoteProtocolError:
        assert kind is Kind.TRUNCATED
    assert _published(unipile) == 1


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("disconnected_account", 401),
        ("expired_credentials", 401),
        ("checkpoint_error", 401),
        ("missing_credentials", 401),
        ("account_restricted", 403),
        ("invalid_post", 422),
        ("limit_exceeded", 422),
        ("action_already_performed", 422),
        ("unsupported_media_type", 415),
        ("content_too_large", 400),
        ("feature_not_implemented", 501),
        ("no_client_session", 503),
    ],
)
def test_refusals_come_by_type(unipile: UnipileClient, name: str, status: int) -> None:
    """The status is the one that Unipile sends with the type; a detail can be given."""
    unipile.fault(Kind.TYPED_ERROR, type=name, detail="Because.")
    answer = unipile.post()
    assert answer.status_code == status
    assert answer.json() == {
        "title": name.replace("_", " ").capitalize(),
        "type": f"errors/{name}",
        "status": status,
        "detail": "Because.",
    }
    assert _published(unipile) == 0


def test_too_many_requests_may_say_when_to_come_back(unipile: UnipileClient) -> None:
    """With Retry-After, or without; LinkedIn's limit also comes as 500."""
    unipile.fault(Kind.RATE_LIMIT, retry_after="30")
    unipile.fault(Kind.RATE_LIMIT)
    unipile.fault(Kind.TYPED_ERROR, type="too_many_requests", status=500)
    told, untold, disguised = unipile.post(), unipile.post(), unipile.post()
    assert (told.status_code, told.headers["retry-after"]) == (429, "30")
    assert untold.status_code == 429
    assert "retry-after" not in untold.headers
    assert (disguised.status_code, disguised.json()["type"]) == (500, "errors/too_many_requests")


def test_faults_choose_an_account_and_a_text(unipile: UnipileClient) -> None:
    """A slow account slows nobody else; a marker in the text decides for one post."""
    unipile.fault(Kind.HOLD, account=BEN.id, times=None)
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(unipile.post, "Slow.", BEN.id)
        eventually(lambda: unipile.simulator.feeds.posts(BEN.provider_id))
        assert unipile.post("Fast.").status_code == 201
        assert not slow.done()
        unipile.simulator.faults.clear()
        assert slow.result(60).status_code == 201
    unipile.fault(Kind.SERVER_ERROR, contains="#7")
    assert [unipile.post(f"Post #{n}.").status_code for n in (6, 7, 7)] == [201, 500, 201]


def test_a_duplicate_is_refused_with_the_name_of_what_stands(unipile: UnipileClient) -> None:
    """Our own post of the same text, when there is one; or somebody else's."""
    unipile.fault(Kind.DUPLICATE_OWN, times=None)
    own = unipile.post("Once.").json()["post_id"]
    refused = unipile.post("Once.")
    assert refused.status_code == 422
    assert refused.json()["type"] == "errors/action_already_performed"
    urn = refused.json()["detail"].rsplit(" ", 1)[-1]
    assert unipile.read(urn).json()["id"] == own
    assert unipile.post("Another.").status_code == 201
    unipile.fault(Kind.DUPLICATE_OTHER)
    urn = unipile.post("Theirs.").json()["detail"].rsplit(" ", 1)[-1]
    other = unipile.read(urn).json()
    assert (other["text"], other["author"]["id"] == ADA.provider_id) == ("Theirs.", False)
    assert _published(unipile, "Once.") == 1


def _events(unipile: UnipileClient, after: int = 0, wait: float = 60) -> list[dict[str, Any]]:
    query = {"after": after, "wait": wait}
    answer = unipile.http.get("/_simulator/events", params=query, timeout=120)
    events: list[dict[str, Any]] = answer.json()
    return events


@pytest.mark.parametrize(
    ("kind", "steps", "published"),
    [
        ("hold_received", ["received"], 0),
        ("hold", ["received", "accepted"], 1),
    ],
)
def test_a_post_can_be_held_at_each_step_and_released_over_http(
    unipile: UnipileClient, kind: str, steps: list[str], published: int
) -> None:
    """Whoever watches learns the step; a caller that is gone by then changes nothing."""
    [number] = unipile.http.post(
        "/_simulator/faults", json=[{"kind": kind, "contains": "#1"}]
    ).json()["ids"]
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(unipile.post, "Post #1.")
        seen: list[dict[str, Any]] = []
        while len(seen) < len(steps):
            seen += _events(unipile, len(seen))
        assert [(one["step"], one["text"]) for one in seen] == [(one, "Post #1.") for one in steps]
        assert _published(unipile, "Post #1.") == published
        assert unipile.http.post(f"/_simulator/faults/{number}/release").json() == {"released": 1}
        assert waiting.result(60).status_code == 201
    assert [one["step"] for one in _events(unipile)] == ["received", "accepted", "answered"]
    assert unipile.http.post("/_simulator/faults/999999/release").status_code == 404


def test_a_post_that_was_held_can_still_be_refused(unipile: UnipileClient) -> None:
    """Held first, reset then: the caller that died published nothing."""
    unipile.fault(Kind.HOLD_RECEIVED)
    unipile.fault(Kind.RESET_BEFORE)
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(unipile.post)
        eventually(unipile.simulator.attempts.events)
        assert unipile.http.post("/_simulator/faults/release").json()["released"] >= 1
        assert isinstance(waiting.exception(60), httpx.ReadError)
    assert _published(unipile) == 0


def test_what_is_held_over_a_reset_publishes_nothing(unipile: UnipileClient) -> None:
    """The next test finds an empty feed."""
    unipile.fault(Kind.HOLD_RECEIVED)
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(unipile.post)
        eventually(unipile.simulator.attempts.events)
        unipile.simulator.reset()
        assert waiting.result(60).status_code == 503
    assert (_published(unipile), unipile.simulator.attempts.events()) == (0, [])


def test_many_at_once_are_each_published_once(unipile: UnipileClient) -> None:
    """The counts by text say so, whoever asks."""
    numbers = count()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: unipile.post(f"Post {next(numbers)}."), range(200)))
    assert {answer.status_code for answer in answers} == {201}
    counts = unipile.http.get("/_simulator/counts", params={"author": ADA.provider_id}).json()
    assert len(counts) == 200
    assert {one["count"] for one in counts} == {1}
