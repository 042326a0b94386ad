"""Who may engage on a post, and which comment pattern they take."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from linkedin_pipeline_tests.sql.bank import Connection, rows, value
from linkedin_pipeline_tests.sql.people import add, add_profile, refusal

POST = "urn:li:activity:7100000000000000000"
ELIGIBLE = "select * from get_eligible_engagers(post_author_id => %s, external_post_id => %s)"
PATTERN = "select id from select_comment_pattern(engager_id => %s, exclude_count => %s)"
NOW = datetime.now(UTC)


def add_engager(connection: Connection, name: str, **account: Any) -> UUID:
    """Insert a profile with a LinkedIn account in state OK, but for what ``account`` says."""
    profile = add_profile(connection, name)
    add_account(connection, profile, **account)
    return profile


def add_account(connection: Connection, profile: UUID, **columns: Any) -> UUID:
    """Insert an account."""
    given = {"unipile_account_id": str(uuid4()), "status": "OK", **columns}
    return add(connection, "unipile_accounts", profile_id=profile, **given)


def names(connection: Connection, author: UUID | None = None, post: str = POST) -> list[str]:
    """Return the names of eligible profiles, in order."""
    return [row[1] for row in rows(connection, ELIGIBLE, author, post)]


def test_what_is_known_of_an_engager(connection: Connection) -> None:
    """A row tells name, style, our id and Unipile's id of the account, and the reaction."""
    profile = add_profile(connection, "Ada", writing_style_prompt="Short sentences.")
    account = add_account(connection, profile, unipile_account_id="acc-1")
    found = connection.execute(ELIGIBLE, [None, POST])
    assert [column.name for column in found.description or []] == [
        "profile_id",
        "profile_name",
        "writing_style",
        "unipile_account_id",
        "unipile_account_external_id",
        "preferred_reaction",
    ]
    assert found.fetchall() == [(profile, "Ada", "Short sentences.", account, "acc-1", "like")]
    add(connection, "engagement_settings", profile_id=profile, preferred_reaction="celebrate")
    assert rows(connection, ELIGIBLE, None, POST)[0][5] == "celebrate"


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": "CREDENTIALS"},
        {"is_active": False},
        {"provider": "GMAIL"},
        {"unipile_account_id": None},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_only_accounts_that_work(connection: Connection, wrong: dict[str, Any]) -> None:
    """An account must be LinkedIn's, active, in state OK, and known to Unipile."""
    profile = add_engager(connection, "Ada", **wrong)
    add_profile(connection, "Without an account")
    assert names(connection) == []
    add_account(connection, profile)
    assert names(connection) == ["Ada"]


def test_a_person_engages_once(connection: Connection) -> None:
    """Of two accounts of one profile the older one is taken."""
    profile = add_engager(connection, "Ada", unipile_account_id="new")
    add_account(connection, profile, unipile_account_id="old", created_at=NOW - timedelta(days=9))
    assert [row[4] for row in rows(connection, ELIGIBLE, None, POST)] == ["old"]


def test_the_author_does_not_engage(connection: Connection) -> None:
    """Nobody likes their own post; an author of elsewhere excludes nobody."""
    author = add_engager(connection, "Ada")
    add_engager(connection, "Bob")
    assert names(connection, author) == ["Bob"]
    assert names(connection, uuid4()) == ["Ada", "Bob"]
    assert names(connection, None) == ["Ada", "Bob"]


@pytest.mark.parametrize(
    ("log", "engaged"),
    [
        ({"reaction_success": True, "status": "completed"}, True),
        ({"comment_success": True, "reaction_success": False, "status": "failed"}, True),
        ({"status": "pending"}, True),
        ({"reaction_success": False, "status": "pending"}, True),
        ({"reaction_success": False, "status": "failed"}, False),
        ({"reaction_success": False, "comment_success": False}, False),
        ({"status": "failed"}, False),
        ({"reaction_success": True, "external_post_id": "another post"}, False),
    ],
)
def test_engaged_once(connection: Connection, log: dict[str, Any], *, engaged: bool) -> None:
    """What succeeded or is under way counts as engaged; what failed, or was elsewhere, does not."""
    profile = add_engager(connection, "Ada")
    given = {"external_post_id": POST, **log}
    add(connection, "engagement_logs", engager_profile_id=profile, **given)
    assert names(connection) == ([] if engaged else ["Ada"])


def test_turns(connection: Connection) -> None:
    """Who never engaged comes first, then who engaged longest ago."""
    for name, days in (("Ada", 1), ("Bob", 5), ("Cai", None)):
        profile = add_engager(connection, name)
        if days:
            add(connection, "engagement_logs", engager_profile_id=profile,
                external_post_id="another", executed_at=NOW - timedelta(days=days))  # fmt: skip
    assert names(connection) == ["Cai", "Bob", "Ada"]


@pytest.mark.parametrize("post", [None, "", "  "])
def test_a_post_without_an_id(connection: Connection, post: str | None) -> None:
    """Without an id nobody could be told apart who engaged already."""
    code, message, hint = refusal(connection, ELIGIBLE, None, post)
    assert (code, message) == ("LP052", "external post id: missing")
    assert "urn:li:activity" in hint


@pytest.fixture
def patterns(connection: Connection) -> list[UUID]:
    """Have four patterns and no others."""
    connection.execute("delete from comment_patterns")
    return [add(connection, "comment_patterns", name=str(number)) for number in range(4)]


def use(connection: Connection, profile: UUID, *used: UUID) -> None:
    """Log the use of patterns, the newest first."""
    for age, pattern in enumerate(used):
        add(connection, "engagement_logs", engager_profile_id=profile, comment_pattern_id=pattern,
            executed_at=NOW - timedelta(hours=age))  # fmt: skip


def drawn(connection: Connection, profile: UUID, excluded: int, times: int = 80) -> set[UUID]:
    """Return the patterns that so many draws gave."""
    found = rows(
        connection,
        "select p.id from generate_series(1, %s) n "
        "cross join lateral select_comment_pattern(%s, %s + 0 * n) p",
        times,
        profile,
        excluded,
    )
    assert len(found) == times
    return {pattern for (pattern,) in found}


def test_the_last_patterns_are_left_out(connection: Connection, patterns: list[UUID]) -> None:
    """Of the others each comes up by chance; use by somebody else does not matter."""
    profile, other = add_profile(connection), add_profile(connection)
    first, second, third, fourth = patterns
    use(connection, profile, first, first, second, third)
    use(connection, other, fourth)
    assert drawn(connection, profile, 0) == set(patterns)
    assert drawn(connection, profile, 1) == {second, third, fourth}
    assert drawn(connection, profile, 2) == {third, fourth}
    assert drawn(connection, profile, 3) == {fourth}
    assert drawn(connection, other, 1) == {first, second, third}
    assert drawn(connection, uuid4(), 10) == set(patterns)


def test_too_few_patterns(connection: Connection, patterns: list[UUID]) -> None:
    """When all were used lately the one not used for longest comes again."""
    profile = add_profile(connection)
    first, second, third, fourth = patterns
    use(connection, profile, second, fourth, first, second, third, fourth)
    assert drawn(connection, profile, 10, times=5) == {third}
    assert drawn(connection, profile, 4, times=5) == {third}
    connection.execute("update comment_patterns set is_active = false where id = %s", [third])
    assert drawn(connection, profile, 10, times=5) == {first}


def test_patterns_take_turns(connection: Connection, patterns: list[UUID]) -> None:
    """An engager who logs each use goes through all patterns before one comes again."""
    profile = add_profile(connection)
    turns = []
    for hour in range(12):
        pattern = value(connection, PATTERN, profile, 10)
        add(connection, "engagement_logs", engager_profile_id=profile,
            comment_pattern_id=pattern, executed_at=NOW + timedelta(hours=hour))  # fmt: skip
        turns.append(pattern)
    assert turns[:4] == turns[4:8] == turns[8:]
    assert Counter(turns) == dict.fromkeys(patterns, 3)


def test_no_active_pattern(connection: Connection, patterns: list[UUID]) -> None:
    """There is no row then; only active ones are ever given, as whole rows."""
    profile = add_profile(connection)
    connection.execute(
        "update comment_patterns set is_active = false where id <> %s", [patterns[2]]
    )
    whole = "select * from comment_patterns where is_active"
    assert rows(connection, "select * from select_comment_pattern(%s)", profile) == rows(
        connection, whole
    )
    connection.execute("update comment_patterns set is_active = false")
    assert rows(connection, PATTERN, profile, 10) == []


@pytest.mark.parametrize("count", [-1, None])
def test_a_wrong_number_of_patterns(connection: Connection, count: int | None) -> None:
    """Fewer than none is refused."""
    code, message, _ = refusal(connection, PATTERN, uuid4(), count)
    assert (code, message) == ("LP053", f"exclude_count: {'null' if count is None else count}")
