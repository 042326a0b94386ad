"""Feeds, profiles and accounts of a simulated Unipile, and how they mislead on request."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from linkedin_pipeline.simulators.faults import Kind
from linkedin_pipeline.simulators.unipile_accounts import Account
from linkedin_pipeline_tests.simulators.unipile_client import ADA, BEN, UnipileClient

TEXT = "Read  {{0}}:\n\nhttps://example.com/a/long/one and more of it, for the whole crew."
MENTIONS = [{"name": "Ben Okri", "profile_id": BEN.provider_id}]


def test_a_feed_comes_in_pages_newest_first(unipile: UnipileClient) -> None:
    """A post that is published between two pages moves nothing; the last page has no cursor."""
    for number in range(5):
        unipile.clock.at += 1
        unipile.post(f"Post {number}.")
    first = unipile.feed(limit=2).json()
    unipile.post("In between.")
    second = unipile.feed(limit=2, cursor=first["cursor"]).json()
    last = unipile.feed(limit=2, cursor=second["cursor"]).json()
    texts = [[item["text"] for item in page["items"]] for page in (first, second, last)]
    assert texts == [["Post 4.", "Post 3."], ["Post 2.", "Post 1."], ["Post 0."]]
    assert last["cursor"] is None
    assert unipile.feed("ACoAAben").json()["items"] == []


@pytest.mark.parametrize(
    ("author", "query", "name"),
    [
        (ADA.provider_id, {"limit": 0}, "invalid_parameters"),
        (ADA.provider_id, {"limit": 101}, "invalid_parameters"),
        (ADA.provider_id, {"limit": "ten"}, "invalid_parameters"),
        (ADA.provider_id, {"cursor": "no cursor"}, "invalid_parameters"),
        (ADA.provider_id, {"account_id": ""}, "missing_parameters"),
        (ADA.provider_id, {"account_id": "acc_nobody"}, "resource_not_found"),
        ("ACoAAnobody", {}, "user_unreachable"),
        ("ada", {}, "user_unreachable"),
        ("1001", {"is_company": "false"}, "user_unreachable"),
    ],
)
def test_feeds_that_cannot_be_read(
    unipile: UnipileClient, author: str, query: dict[str, Any], name: str
) -> None:
    """By type; a page must be asked for as one."""
    answer = unipile.feed(author, **query)
    assert answer.json()["type"] == f"errors/{name}"
    assert answer.status_code == answer.json()["status"]


def test_a_post_may_be_late_in_its_feed_and_readable_later_still(unipile: UnipileClient) -> None:
    """For everybody, or for one post; by the simulator's clock."""
    unipile.simulator.habits.feed_delay = 30
    unipile.simulator.habits.read_delay = 60
    identity = unipile.post("Usual.").json()["post_id"]
    unipile.fault(Kind.LATE_IN_FEED, contains="Later", seconds=300)
    unipile.post("Later.")
    assert (unipile.texts(), unipile.read(identity).status_code) == ([], 404)
    unipile.clock.at += 30
    assert (unipile.texts(), unipile.read(identity).status_code) == (["Usual."], 404)
    unipile.clock.at += 30
    assert unipile.read(identity).status_code == 200
    unipile.clock.at += 240
    assert unipile.texts() == ["Later.", "Usual."]


def test_times_are_cut_to_whole_seconds(unipile: UnipileClient) -> None:
    """A post may seem older than its intent; exact times can be had."""
    identity = unipile.post().json()["post_id"]
    cut = unipile.read(identity).json()["parsed_datetime"]
    unipile.simulator.habits.whole_seconds = False
    exact = unipile.feed().json()["items"][0]["parsed_datetime"]
    assert (cut[-5:], exact[-5:]) == (".000Z", ".750Z")
    assert cut[:19] == exact[:19]


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        (Kind.LINKS_CHANGED, TEXT.replace("https://example.com/a/long/one", "https://lnkd.in/")),
        (Kind.MENTIONS_CHANGED, TEXT.replace("{{0}}", "Ben Okri")),
        (Kind.SPACES_CHANGED, " ".join(TEXT.split())),
        (Kind.TEXT_CUT, TEXT[: len(TEXT) * 2 // 3].rstrip() + "…"),
    ],
)
def test_a_feed_changes_texts(unipile: UnipileClient, kind: Kind, shown: str) -> None:
    """In each way alone; what was sent is kept as it was."""
    unipile.simulator.habits.changes = frozenset()
    unipile.fault(kind)
    unipile.post(TEXT, mentions=MENTIONS)
    unipile.post(TEXT, mentions=MENTIONS)
    plain, [changed] = unipile.texts()[0], unipile.texts()[1:]
    assert plain == TEXT
    code = changed.partition("https://lnkd.in/")[2][:8] if kind is Kind.LINKS_CHANGED else ""
    assert changed == shown.replace("https://lnkd.in/", f"https://lnkd.in/{code}")
    assert [post.text for post in unipile.simulator.feeds.posts()] == [TEXT, TEXT]


def _pages(unipile: UnipileClient, **query: Any) -> list[list[str]]:
    cursor = ""
    pages: list[list[str]] = []
    while True:
        answer = unipile.feed(limit=2, **query, **({"cursor": cursor} if cursor else {}))
        if answer.status_code != 200:
            return [*pages, [answer.json()["type"]]]
        pages.append([item["text"] for item in answer.json()["items"]])
        cursor = answer.json()["cursor"]
        if cursor is None:
            return pages


@pytest.mark.parametrize(
    ("kind", "pages"),
    [
        (Kind.STALE_FEED, [["4", "3"], ["2", "1"], ["0"]]),
        (Kind.MISSING_PAGE, [["3", "2"], ["1", "0"]]),
        (Kind.EARLY_END, [["5"]]),
        (Kind.BROKEN_CURSOR, [["5"], ["errors/invalid_parameters"]]),
    ],
)
def test_a_feed_may_mislead(unipile: UnipileClient, kind: Kind, pages: list[list[str]]) -> None:
    """As it was a while ago, without a page, at an end too early, or with a cursor that fails."""
    for number in range(6):
        unipile.clock.at += 1
        unipile.post(str(number))
    unipile.fault(kind, seconds=1, route="/posts")
    assert _pages(unipile) == pages


def test_people_publish_by_hand(unipile: UnipileClient) -> None:
    """Into feeds of accounts, pages and strangers, now or long ago; from Python and over HTTP."""
    unipile.post("Ours.")
    unipile.simulator.plant(ADA.provider_id, "By hand.")
    planted = [
        {"author": ADA.provider_id, "text": "Old.", "ago": 86_400},
        {"author": "ACoAAstranger", "text": "Sent", "shown": "Seen", "at": 1.0, "delay": 2},
    ]
    assert unipile.http.post("/_simulator/posts", json=planted).status_code == 204
    assert unipile.texts() == ["By hand.", "Ours.", "Old."]
    assert unipile.texts("ACoAAstranger") == ["Seen"]
    posts = unipile.http.get("/_simulator/posts", params={"author": ADA.provider_id}).json()
    assert [post["by"] for post in posts["posts"]] == ["hand", "api", "hand"]
    ours = unipile.http.get("/_simulator/posts", params={"account_id": ADA.id}).json()
    assert (ours["total"], ours["posts"][0]["text"]) == (1, "Ours.")


def test_an_owner_shows_the_pages_it_administers(unipile: UnipileClient) -> None:
    """With the ids that posts and feeds ask for."""
    owner = unipile.http.get("/api/v1/users/me", params={"account_id": ADA.id}).json()
    assert owner["object"] == "AccountOwnerProfile"
    assert owner["provider_id"] == ADA.provider_id
    assert owner["organizations"] == [{"id": "1001", "mailbox_id": "mailbox_7", "name": "Engines"}]
    about = {"account_id": ADA.id}
    assert unipile.http.get("/api/v1/linkedin/company/9", params=about).status_code == 404


def test_accounts_come_in_pages_and_have_their_status_in_their_sources(
    unipile: UnipileClient,
) -> None:
    """Never at the top; more of them can be connected over HTTP."""
    more = [{"id": f"acc_{n}", "organizations": [{"id": str(n)}]} for n in range(3)]
    assert unipile.http.post("/_simulator/accounts", json=more).status_code == 204
    first = unipile.http.get("/api/v1/accounts", params={"limit": 3}).json()
    query = {"limit": 3, "cursor": first["cursor"]}
    last = unipile.http.get("/api/v1/accounts", params=query).json()
    listed = [*first["items"], *last["items"]]
    assert [one["id"] for one in listed] == [ADA.id, BEN.id, "acc_0", "acc_1", "acc_2"]
    assert last["cursor"] is None
    assert {one["sources"][0]["status"] for one in listed} == {"OK"}
    assert "status" not in listed[0]
    assert unipile.http.get("/api/v1/accounts", params={"limit": 251}).status_code == 400


@pytest.mark.parametrize(
    ("status", "name"),
    [
        ("CREDENTIALS", "disconnected_account"),
        ("PERMISSIONS", "insufficient_permissions"),
        ("STOPPED", "no_client_session"),
        ("ERROR", "no_client_session"),
        ("CONNECTING", "no_client_session"),
    ],
)
def test_a_broken_account_is_refused_everywhere(
    unipile: UnipileClient, status: str, name: str
) -> None:
    """Posts, feeds, profile; the others go on."""
    unipile.simulator.connect(Account(BEN.id, BEN.name, BEN.provider_id, status=status))
    about = {"account_id": BEN.id}
    for answer in (
        unipile.post(account=BEN.id),
        unipile.feed(account_id=BEN.id),
        unipile.http.get("/api/v1/users/me", params=about),
    ):
        assert answer.json()["type"] == f"errors/{name}"
    assert unipile.post().status_code == 201


@pytest.mark.parametrize(
    ("method", "path", "document", "message"),
    [
        ("POST", "posts", {"author": "a"}, "cannot be planted"),
        ("POST", "posts", {"author": "a", "text": "b", "ago": "long"}, "cannot be planted"),
        ("POST", "accounts", {"name": "No id"}, "has no id"),
        ("POST", "accounts", {"id": "a", "status": "FINE"}, "unknown status"),
        ("POST", "accounts", {"id": "a", "age": 3}, "unknown key 'age'"),
        ("POST", "accounts", {"id": "a", "organizations": [{"name": "x"}]}, "Organization"),
        ("PATCH", "habits", {"feed_delay": -1}, "cannot be -1"),
        ("PATCH", "habits", {"mood": "bad"}, "unknown key 'mood'"),
        ("PATCH", "habits", {"id_form": "uuid"}, "cannot be 'uuid'"),
        ("PATCH", "habits", {"changes": ["colour"]}, "cannot be"),
    ],
)
def test_levers_that_make_no_sense(
    unipile: UnipileClient, method: str, path: str, document: Mapping[str, Any], message: str
) -> None:
    """Refused with the reason, and nothing changes."""
    answer = unipile.http.request(method, f"/_simulator/{path}", json=document)
    assert (answer.status_code, message in answer.json()["error"]) == (400, True)


def test_habits_are_shown_and_changed_over_http(unipile: UnipileClient) -> None:
    """What is left out stays."""
    change = {"feed_delay": 5, "changes": ["links_changed", "text_cut"]}
    assert unipile.http.patch("/_simulator/habits", json=change).status_code == 204
    assert unipile.http.get("/_simulator/habits").json() == {
        "feed_delay": 5.0,
        "read_delay": 0.0,
        "whole_seconds": True,
        "changes": ["links_changed", "text_cut"],
        "id_form": "activity",
        "bare_ids": True,
    }


def test_the_ledger_is_read_over_http(unipile: UnipileClient) -> None:
    """Every attempt as it was sent, and the reads beside it; a reset forgets them."""
    unipile.fault(Kind.ERROR_AFTER, status=504)
    unipile.post(TEXT, mentions=MENTIONS)
    unipile.feed(limit=7)
    [attempt] = unipile.http.get("/_simulator/attempts", params={"account_id": ADA.id}).json()
    assert (attempt["accepted"], attempt["status"], attempt["author"]) == (
        True,
        504,
        ADA.provider_id,
    )
    assert attempt["sent"]["text"] == TEXT
    assert unipile.http.get("/_simulator/attempts", params={"text": "other"}).json() == []
    read = unipile.simulator.ledger.calls("GET")[-1]
    assert (read.document["limit"], read.document["identifier"]) == ("7", ADA.provider_id)
    json.loads(unipile.simulator.ledger.calls("POST")[0].body)
    assert unipile.http.post("/_simulator/reset").status_code == 204
    assert unipile.http.get("/_simulator/attempts").json() == []
    assert unipile.http.get("/_simulator/posts").json() == {"total": 0, "posts": []}
