"""Publishing through a simulated Unipile: encodings, checks, acceptance and what is kept of it."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import pytest

from linkedin_pipeline.simulators.faults import Kind
from linkedin_pipeline.simulators.pictures import Format, picture
from linkedin_pipeline.simulators.unipile_accounts import Organization
from linkedin_pipeline_tests.simulators.unipile_client import ADA, BEN, UnipileClient

PNG = picture(Format.PNG)
BRACKETS = [
    ("mentions[0][name]", (None, "Ben Okri")),
    ("mentions[0][profile_id]", (None, BEN.provider_id)),
    ("mentions[1][name]", (None, "Engines")),
    ("mentions[1][profile_id]", (None, "1001")),
    ("mentions[1][is_company]", (None, "true")),
]
LISTED = [
    {"name": "Ben Okri", "profile_id": BEN.provider_id},
    {"name": "Engines", "profile_id": "1001", "is_company": True},
]


def test_a_post_is_published_once_read_back_and_listed(unipile: UnipileClient) -> None:
    """The answer is a bare number; by it the post is read, with a social id and a permalink."""
    answer = unipile.post("Bread wants a hot oven.", external_link="https://example.com/bread")
    assert answer.status_code == 201
    identity = answer.json()["post_id"]
    assert answer.json() == {"object": "PostCreated", "post_id": identity}
    assert identity.isdigit()
    read = unipile.read(identity).json()
    assert (read["object"], read["provider"]) == ("Post", "LINKEDIN")
    assert read["social_id"] == f"urn:li:activity:{identity}"
    assert read["share_url"].startswith("https://www.linkedin.com/posts/ada_activity-")
    assert read["text"] == "Bread wants a hot oven."
    assert read["author"]["id"] == ADA.provider_id
    assert unipile.feed().json() == {
        "object": "PostList",
        "items": [read],
        "cursor": None,
        "paging": {"page_count": 1},
    }
    [attempt] = unipile.simulator.attempts.all()
    assert (attempt.accepted, attempt.status, attempt.post_id) == (True, 201, identity)
    assert attempt.sent.external_link == "https://example.com/bread"
    assert attempt.sent.encoding == "json"


def test_files_are_kept_as_digests(unipile: UnipileClient) -> None:
    """Each part called attachments, in order, with its name, type, size and what its bytes are."""
    gif = picture(Format.GIF, 300, 200)
    answer = unipile.send([("one.png", PNG, "image/png"), ("two.gif", gif, "image/gif")])
    assert answer.status_code == 201
    [attempt] = unipile.simulator.attempts.all()
    first, second = attempt.sent.media
    assert (first.filename, first.content_type, first.size) == ("one.png", "image/png", len(PNG))
    assert first.sha256 == sha256(PNG).hexdigest()
    assert (second.found, second.width, second.height) == ("image/gif", 300, 200)
    assert attempt.sent.encoding == "multipart"
    read = unipile.read(answer.json()["post_id"]).json()
    assert [one["type"] for one in read["attachments"]] == ["img", "img"]
    assert PNG not in unipile.simulator.ledger.calls()[0].body


@pytest.mark.parametrize(
    ("parts", "encoding", "flags"),
    [
        (BRACKETS, "brackets", ()),
        ([("mentions", (None, json.dumps(LISTED), "application/json"))], "json_part", ()),
        (
            [("mentions", (None, json.dumps(LISTED)))],
            "json_string",
            ("mentions_as_json_string",),
        ),
    ],
    ids=["brackets", "part", "string"],
)
def test_mentions_come_in_three_encodings_of_which_one_is_flagged(
    unipile: UnipileClient, parts: list[tuple[str, Any]], encoding: str, flags: tuple[str, ...]
) -> None:
    """Read alike; a feed shows the names."""
    assert unipile.send(parts=parts, text="{{0}} of {{1}}!").status_code == 201
    [attempt] = unipile.simulator.attempts.all()
    assert (attempt.sent.mentions_encoding, attempt.sent.flags) == (encoding, flags)
    assert [one.profile_id for one in attempt.sent.mentions] == [BEN.provider_id, "1001"]
    assert [one.is_company for one in attempt.sent.mentions] == [False, True]
    assert unipile.texts() == ["Ben Okri of Engines!"]


def test_a_placeholder_without_its_mention_is_flagged(unipile: UnipileClient) -> None:
    """It stays in the text for all to see."""
    unipile.post("Thanks, {{1}}.", mentions=LISTED[:1])
    assert unipile.simulator.attempts.all()[0].sent.flags == ("placeholder_without_mention",)
    assert unipile.texts() == ["Thanks, {{1}}."]


def test_an_account_posts_as_a_page_that_it_administers(unipile: UnipileClient) -> None:
    """Into the feed of the page, not into its own; other pages are refused."""
    assert unipile.post("From the page.", as_organization="1001").status_code == 201
    assert unipile.post("By URN.", as_organization="urn:li:organization:1001").status_code == 201
    assert unipile.texts("1001") == ["By URN.", "From the page."]
    assert unipile.texts() == []
    refused = unipile.post("From another.", as_organization="1002")
    assert refused.status_code == 403
    assert refused.json()["type"] == "errors/insufficient_permissions"


def test_a_page_may_take_no_posts_of_its_administrator(unipile: UnipileClient) -> None:
    """The preflight says so before, the post after."""
    about = {"account_id": ADA.id}
    company = unipile.http.get("/api/v1/linkedin/company/1001", params=about).json()
    assert company["viewer_permissions"]["canCreateOrganicShare"] is True
    unipile.simulator.connect(
        type(ADA)(ADA.id, organizations=(Organization("1001", can_post=False),))
    )
    company = unipile.http.get("/api/v1/linkedin/company/1001", params=about).json()
    assert company["viewer_permissions"]["canCreateOrganicShare"] is False
    assert unipile.post(as_organization="1001").status_code == 403


@pytest.mark.parametrize(
    ("document", "status", "name"),
    [
        ({"account_id": ADA.id}, 400, "missing_parameters"),
        ({"text": "Hello."}, 400, "missing_parameters"),
        ({"account_id": ADA.id, "text": "a" * 3001}, 400, "too_many_characters"),
        ({"account_id": ADA.id, "text": "a", "external_link": "ftp://x"}, 400, "invalid_url"),
        (
            {"account_id": ADA.id, "text": "a", "mentions": [{"name": "B", "profile_id": "ben"}]},
            400,
            "invalid_parameters",
        ),
        ({"account_id": "acc_nobody", "text": "Hello."}, 404, "resource_not_found"),
    ],
)
def test_posts_that_make_no_sense_are_refused_and_written_down(
    unipile: UnipileClient, document: dict[str, Any], status: int, name: str
) -> None:
    """With title, type and status; nothing is published."""
    answer = unipile.http.post("/api/v1/posts", json=document)
    body = answer.json()
    assert (answer.status_code, body["status"], body["type"]) == (status, status, f"errors/{name}")
    assert body["title"]
    [attempt] = unipile.simulator.attempts.all()
    assert (attempt.accepted, attempt.status, attempt.step) == (False, status, "answered")
    assert unipile.simulator.feeds.posts() == []


@pytest.mark.parametrize(
    ("file", "status", "name"),
    [
        (("a.webp", picture(Format.WEBP), "image/webp"), 415, "unsupported_media_type"),
        (("a.png", b"<html>", "image/png"), 415, "unsupported_media_type"),
        (("a.jpg", PNG, "image/jpeg"), 415, "unsupported_media_type"),
        (("a.png", PNG, "application/octet-stream"), 415, "unsupported_media_type"),
        (("a.png", picture(Format.PNG, 6013, 10), "image/png"), 400, "content_too_large"),
        (("a.png", PNG + bytes(15 * 1024 * 1024), "image/png"), 400, "content_too_large"),
    ],
    ids=["webp", "no picture", "another type", "no type", "pixels", "bytes"],
)
def test_media_are_refused_by_their_bytes(
    unipile: UnipileClient, file: tuple[str, bytes, str], status: int, name: str
) -> None:
    """One bad file of two refuses the whole post."""
    answer = unipile.send([("good.png", PNG, "image/png"), file])
    assert (answer.status_code, answer.json()["type"]) == (status, f"errors/{name}")
    assert unipile.simulator.feeds.posts() == []


def test_bodies_of_other_kinds_are_malformed(unipile: UnipileClient) -> None:
    """Neither a form nor JSON; nor JSON that is none."""
    for content_type in ("text/plain", "application/json"):
        headers = {"content-type": content_type}
        answer = unipile.http.post("/api/v1/posts", content=b"{text", headers=headers)
        assert answer.json()["type"] == "errors/malformed_request"


def test_the_id_of_a_new_post_may_take_other_forms(unipile: UnipileClient) -> None:
    """A share is found by its URN only; bare numbers may find nothing at all; or no id is told."""
    unipile.simulator.habits.id_form = "share"
    share = unipile.post("A share.").json()["post_id"]
    assert unipile.read(share).status_code == 404
    read = unipile.read(f"urn:li:share:{share}").json()
    assert read["text"] == "A share."
    unipile.simulator.habits.bare_ids = False
    assert unipile.read(read["id"]).status_code == 404
    assert unipile.read(read["social_id"]).status_code == 200
    unipile.simulator.habits.id_form = "urn"
    assert unipile.read(unipile.post("A URN.").json()["post_id"]).json()["text"] == "A URN."
    unipile.fault(Kind.NULL_ID)
    answer = unipile.post("No id.")
    assert (answer.status_code, answer.json()["post_id"]) == (201, None)
    assert unipile.texts()[0] == "No id."


def test_keys_are_checked(unipile: UnipileClient) -> None:
    """None, or a wrong one: 401 by the type of a bad key, and nothing is published."""
    unipile.simulator.behaviour.accepted_keys = {"right"}
    for headers in ({"x-api-key": "wrong"}, {"x-api-key": ""}):
        answer = unipile.http.post(
            "/api/v1/posts", json={"account_id": ADA.id, "text": "Hi."}, headers=headers
        )
        assert (answer.status_code, answer.json()["type"]) == (401, "errors/missing_credentials")
    assert unipile.simulator.feeds.posts() == []
    answer = unipile.http.get("/api/v1/accounts", headers={"x-api-key": "right"})
    assert answer.status_code == 200
