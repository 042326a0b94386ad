"""Reading a simulated Unipile: posts, feeds, owners and accounts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from linkedin_pipeline.adapters.unipile import UnipilePublisher
from linkedin_pipeline.adapters.unipile_accounts import status
from linkedin_pipeline.domain.errors import ProviderDown
from linkedin_pipeline.domain.publications import Accepted
from linkedin_pipeline.simulators.faults import Kind
from linkedin_pipeline.simulators.unipile_accounts import Account
from linkedin_pipeline_tests.adapters.test_http import server
from linkedin_pipeline_tests.adapters.unipile_desk import Calls, UnipileDesk, unipile_desk
from linkedin_pipeline_tests.simulators.unipile_client import ADA, BEN


@pytest.fixture
def desk() -> Iterator[UnipileDesk]:
    """Serve a simulator with an adapter in front of it."""
    with unipile_desk() as served:
        yield served


def now(desk: UnipileDesk) -> datetime:
    """Return the simulator's time."""
    return datetime.fromtimestamp(desk.clock(), UTC)


def plant(desk: UnipileDesk, *minutes_ago: float, author: str = ADA.provider_id) -> None:
    """Let a person publish by hand."""
    for minutes in minutes_ago:
        desk.simulator.plant(author, f"By hand {minutes}", at=desk.clock() - 60 * minutes)


@pytest.mark.parametrize("form", ["activity", "share", "ugcPost", "urn"])
def test_a_post_is_read_by_any_id(desk: UnipileDesk, form: str) -> None:
    """Whatever the id is the number of, the post is found, with all its names."""
    desk.simulator.habits.id_form = form
    what = desk.post("Hello there.")
    assert isinstance(what, Accepted)
    assert what.post_id
    seen = desk.adapter.read_post(ADA.id, what.post_id)
    assert seen
    (post,) = desk.simulator.feeds.posts()
    assert {post.id, post.urn, what.post_id} <= seen.ids
    assert (seen.text, seen.author_id, seen.social_id) == (
        "Hello there.",
        ADA.provider_id,
        post.urn,
    )
    assert seen.at == now(desk).replace(microsecond=0)
    assert seen.url
    assert seen.url.startswith("https://www.linkedin.com/posts/ada")


def test_a_number_may_have_to_be_a_urn(desk: UnipileDesk) -> None:
    """Where bare numbers are not taken, their URNs are."""
    desk.simulator.habits.bare_ids = False
    what = desk.post()
    assert isinstance(what, Accepted)
    assert desk.adapter.read_post(ADA.id, what.post_id or "")


def test_a_post_that_is_not_there_is_none(desk: UnipileDesk) -> None:
    """All forms were tried, and none is there."""
    assert desk.adapter.read_post(ADA.id, "7400000000000009990") is None
    assert len(desk.calls.begun) == 4
    assert desk.adapter.read_post(ADA.id, "urn:li:share:7400000000000009991") is None
    assert desk.calls.pauses == []


def test_reading_is_repeated(desk: UnipileDesk) -> None:
    """Errors of the provider's are tried again, in the ledger each; in the end they stand."""
    desk.fault(Kind.SERVER_ERROR, times=2)
    assert desk.adapter.owner(ADA.id).provider_id == ADA.provider_id
    assert [ended[1] for ended in desk.calls.ended] == [500, 500, 200]
    desk.fault(Kind.RESET_BEFORE, times=3)
    with pytest.raises(ProviderDown, match="no answer"):
        desk.adapter.owner(ADA.id)


def test_a_feed_is_read_in_pages(desk: UnipileDesk) -> None:
    """As far as asked, newest first, and each post once."""
    plant(desk, *range(250))
    feed = desk.adapter.read_feed(
        ADA.id, ADA.provider_id, now(desk) - timedelta(minutes=150), is_company=False
    )
    assert [post.text for post in feed.posts] == [f"By hand {n}" for n in range(200)]
    assert feed.complete
    assert len(desk.calls.begun) == 2
    whole = desk.adapter.read_feed(
        ADA.id, ADA.provider_id, now(desk) - timedelta(days=2), is_company=False
    )
    assert (len(whole.posts), whole.complete) == (250, True)


def test_the_feed_of_a_page_is_its_own(desk: UnipileDesk) -> None:
    """A page's number names its feed."""
    desk.post("For all.", as_organization="1001")
    desk.post("For me.")
    feed = desk.adapter.read_feed(ADA.id, "1001", now(desk), is_company=True)
    assert [post.text for post in feed.posts] == ["For all."]
    assert feed.posts[0].author_id == "1001"


def test_a_feed_that_breaks_off_is_not_complete(desk: UnipileDesk) -> None:
    """A page that cannot be read leaves the feed incomplete, with the provider's words."""
    plant(desk, *range(150))
    desk.fault(Kind.BROKEN_CURSOR)
    feed = desk.adapter.read_feed(
        ADA.id, ADA.provider_id, now(desk) - timedelta(days=2), is_company=False
    )
    assert (len(feed.posts), feed.complete) == (50, False)
    assert "The cursor is not valid" in (feed.trouble or "")


def test_a_feed_that_cannot_be_read_says_why(desk: UnipileDesk) -> None:
    """Nothing read is no feed; what the provider says is told."""
    with pytest.raises(ProviderDown, match="User unreachable"):
        desk.adapter.read_feed(ADA.id, "ACoAAnobody", now(desk), is_company=False)
    desk.fault(Kind.RATE_LIMIT, retry_after="77")
    with pytest.raises(ProviderDown) as down:
        desk.adapter.read_feed(ADA.id, ADA.provider_id, now(desk), is_company=False)
    assert down.value.retry_after == 77


def test_an_owner_has_pages(desk: UnipileDesk) -> None:
    """Whose account it is, and what it administers, as the provider lists it."""
    owner = desk.adapter.owner(ADA.id)
    assert (owner.account, owner.status) == (ADA.id, "OK")
    assert (owner.provider_id, owner.public_identifier) == (ADA.provider_id, "ada")
    assert [page["id"] for page in owner.organizations] == ["1001"]


def test_accounts_are_listed_to_the_end(desk: UnipileDesk) -> None:
    """All pages, with the state of their sources, as there is none of their own."""
    desk.simulator.connect(
        *(Account(f"acc_{number}", provider_id=f"ACoAA{number}") for number in range(300)),
        Account("acc_off", status="CREDENTIALS"),
    )
    listed = {account.account: account for account in desk.adapter.accounts()}
    assert len(listed) == 303
    assert listed["acc_off"].status == "CREDENTIALS"
    assert (listed[BEN.id].status, listed[BEN.id].provider_id) == ("OK", BEN.provider_id)
    assert len(desk.calls.begun) == 2


@pytest.mark.parametrize(
    "body", [b'{"items":[{"id":7}],"cursor":null}', b'{"items":[],"cursor":"same"}', b"[]"]
)
def test_a_list_that_breaks_off_is_none(body: bytes) -> None:
    """Half a list would make accounts look gone."""
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    with server(lambda s: s.sendall(answer)) as url:
        adapter = UnipilePublisher("key", url, Calls(), lambda _: None)
        with pytest.raises(ProviderDown):
            adapter.accounts()


@pytest.mark.parametrize(
    ("words", "ours"),
    [
        (["OK"], "OK"),
        (["OK", "OK"], "OK"),
        (["OK", "CREDENTIALS"], "CREDENTIALS"),
        (["STOPPED"], "DISCONNECTED"),
        (["CONNECTING", "OK"], "PENDING"),
        (["PERMISSIONS"], "ERROR"),
        (["ERROR", "CONNECTING"], "ERROR"),
        (["SOMETHING_NEW", "OK"], "ERROR"),
        ([None], "ERROR"),
        ([], "ERROR"),
    ],
)
def test_an_account_is_as_its_worst_source(words: list[str | None], ours: str) -> None:
    """Unknown words are errors; nothing known is never OK."""
    assert status([{"id": "s", "status": word} for word in words]) == ours
    assert status(None) == "ERROR"


def test_what_is_not_linkedin_is_left_out() -> None:
    """Other networks' accounts are none of ours."""
    items = (
        b'[{"id":"a","type":"WHATSAPP","sources":[{"status":"OK"}]},'
        b'{"id":"b","type":"LINKEDIN","sources":[{"status":"OK"}],"connection_params":7}]'
    )
    body = b'{"object":"AccountList","items":' + items + b',"cursor":null}'
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    with server(lambda s: s.sendall(answer)) as url:
        adapter = UnipilePublisher("key", url, Calls(), lambda _: None)
        assert [account.account for account in adapter.accounts()] == ["b"]
