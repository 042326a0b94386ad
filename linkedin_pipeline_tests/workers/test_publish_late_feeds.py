"""A feed that shows a post later than feeds are trusted to: it is adopted, and never doubled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise

import pytest

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.publication_views import publishing_work
from linkedin_pipeline.domain.publications import Ambiguous, Feed, PostOutcome, SeenPost
from linkedin_pipeline_tests.publishing import QUICK, LinkedIn, author, publish, schedule, state
from linkedin_pipeline_tests.sql.bank import Connection, rows, value

HOLD = replace(QUICK, unconfirmed="hold")
HELD = (
    "held",
    "it is not out: the feed is empty; as configured a person decides",
)


@dataclass
class Lagging(LinkedIn):
    """A LinkedIn whose feeds are empty as long as they lag."""

    lags: bool = True
    reads: int = 0
    meanwhile: Callable[[], object] = field(default=lambda: None)

    def read_feed(self, account: str, owner_id: str, since: datetime, *, is_company: bool) -> Feed:
        """Show nothing while it lags."""
        self.reads += 1
        self.meanwhile()
        feed = super().read_feed(account, owner_id, since, is_company=is_company)
        return replace(feed, posts=[]) if self.lags else feed


def lost(make: Callable[[], SeenPost]) -> PostOutcome:
    """Publish, and lose the answer."""
    make()
    return Ambiguous("no answer")


def pass_time(connection: Connection, hours: float) -> None:
    """Make everything that far older."""
    connection.execute(
        "update publications set doubt_at = doubt_at - make_interval(secs => %(s)s), "
        "next_check_at = next_check_at - make_interval(secs => %(s)s)",
        {"s": hours * 3600},
    )


@pytest.fixture
def linkedin() -> Lagging:
    """Give one that takes a post, loses the answer, and does not show the post for long."""
    return Lagging(answers={"Hello.": [lost]})


def test_what_was_held_is_adopted_when_it_appears(
    connection: Connection, database: Database, linkedin: Lagging
) -> None:
    """A post of which the feed proved wrongly that it is not out is published once it is seen."""
    post = schedule(connection, author(connection)[0], "Hello.")
    publish(database, linkedin, HOLD)
    assert state(connection, post) == HELD
    pass_time(connection, 1)
    assert publishing_work(database).any
    assert dict(publish(database, linkedin, HOLD).counts) == {}
    assert state(connection, post) == HELD
    linkedin.lags = False
    pass_time(connection, 2)
    publish(database, linkedin, HOLD)
    assert state(connection, post) == ("published", None)
    assert len(linkedin.posted) == 1
    assert rows(connection, "select content from published_posts") == [("Hello.",)]


def test_it_is_looked_for_at_double_its_age_for_a_day(
    connection: Connection, database: Database, linkedin: Lagging
) -> None:
    """Seldom, and ever more seldom; after a day nothing calls anybody any more."""
    schedule(connection, author(connection)[0], "Hello.")
    publish(database, linkedin, HOLD)
    pass_time(connection, 1 / 60)
    looks: list[int] = []
    for hour in range(48):
        before = linkedin.reads
        publish(database, linkedin, HOLD)
        looks += [hour] * (linkedin.reads - before)
        pass_time(connection, 1)
    gaps = [later - sooner for sooner, later in pairwise(looks)]
    assert gaps == sorted(gaps)
    assert 5 <= len(looks) <= 7
    assert value(connection, "select next_check_at from publications") is None
    assert not publishing_work(database).any


def test_a_text_that_was_changed_is_not_sent_again_by_itself(
    connection: Connection, database: Database, linkedin: Lagging
) -> None:
    """Proved absent and to be sent once more, but edited: LinkedIn would take it for a new post."""
    post = schedule(connection, author(connection)[0], "Hello.")
    edit = "update scheduled_posts set content = 'Hello!' where id = %s"
    linkedin.meanwhile = lambda: connection.execute(edit, [post])
    publish(database, linkedin)
    status, reason = state(connection, post)
    assert (status, (reason or "")[:14]) == ("held", "it was sent on")
    assert [intent.text for intent in linkedin.posted] == ["Hello."]
    linkedin.lags = False
    pass_time(connection, 1)
    publish(database, linkedin)
    assert state(connection, post) == ("published", None)
    assert rows(connection, "select content from published_posts") == [("Hello.",)]


def test_a_person_lets_the_changed_text_go_out(
    connection: Connection, database: Database, linkedin: Lagging
) -> None:
    """Who decides to retry sends the text as it stands then, and it is looked for no more."""
    post = schedule(connection, author(connection)[0], "Hello.")
    edit = "update scheduled_posts set content = 'Hello!' where id = %s"
    linkedin.meanwhile = lambda: connection.execute(edit, [post])
    publish(database, linkedin)
    rows(connection, "select done from resolve_publication(%s, 'retry')", post)
    publish(database, linkedin)
    assert state(connection, post) == ("published", None)
    assert [intent.text for intent in linkedin.posted] == ["Hello.", "Hello!"]


def test_an_unchanged_text_is_sent_once_more(
    connection: Connection, database: Database, linkedin: Lagging
) -> None:
    """As configured, after proved absence; the second copy is LinkedIn's to notice."""
    post = schedule(connection, author(connection)[0], "Hello.")
    linkedin.answers["Hello."] = [lambda _: Ambiguous("no answer")]
    publish(database, linkedin)
    assert state(connection, post) == ("published", None)
    assert len(linkedin.posted) == 2
