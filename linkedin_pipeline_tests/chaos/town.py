"""The people of a run: who schedules posts, edits, cancels, decides, and what the weather is like.

What they did is kept, for the verdict.  A person who decides about a held post looks at LinkedIn
first and says the truth.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from random import Random
from uuid import UUID

from psycopg.types.json import Jsonb

from linkedin_pipeline_tests.chaos.levers import Records, Sandbox, Tally
from linkedin_pipeline_tests.chaos.menu import EVERY, FEED, LONGEST_LAG, MEDIA
from linkedin_pipeline_tests.chaos.plan import (
    KEY,
    PAGES,
    Plan,
    Post,
    account,
    connected,
    feed_of,
    page_id,
)

_SOON = 1.5
_OPEN = "('pending', 'publishing', 'unconfirmed')"


@dataclass(frozen=True, slots=True)
class Version:
    """A text that a post was given: some time between two instants."""

    text: str
    begun: datetime
    done: datetime


@dataclass(slots=True)
class History:
    """What people did, by the key of the post."""

    versions: dict[str, list[Version]] = field(default_factory=dict)
    cancelled: set[str] = field(default_factory=set)
    put: dict[str, Post] = field(default_factory=dict)
    switched: set[str] = field(default_factory=set)


class Town:
    """Puts posts when told to, and lives beside the publishers until it is stopped."""

    def __init__(self, plan: Plan, url: str, sandbox: Sandbox, tally: Tally) -> None:
        self.plan = plan
        self.history = History()
        self.armed: dict[int, str] = {}
        # names from the menu, by the number of the last fault that each consists of
        self.tally = tally
        self._url = url
        self._sandbox = sandbox
        self._waiting = deque(plan.posts)
        self._ids = Random(f"{plan.seed} ids")
        self._profiles = [self._id() for _ in range(plan.people)]
        self._accounts = [self._id() for _ in range(plan.people)]
        self._posts: dict[str, UUID] = {}
        self._stopped = threading.Event()
        self._undo: list[tuple[float, Callable[[], object]]] = []

    def settle_down(self, records: Records) -> None:
        """Make profiles, accounts, pages and rules, here and at the simulator."""
        self._sandbox.connect([connected(person) for person in range(self.plan.people)])
        for person in range(self.plan.people):
            records.rows(
                "insert into profiles (id, full_name, linkedin_id) values (%s, %s, %s) "
                "on conflict do nothing",
                self._profiles[person],
                f"Person {person}",
                f"person-{account(person)}",
            )
            records.rows(
                "insert into unipile_accounts (id, profile_id, unipile_account_id, status) "
                "values (%s, %s, %s, 'OK') on conflict do nothing",
                self._accounts[person],
                self._profiles[person],
                account(person),
            )
        pages = [self._id() for _ in range(PAGES)]
        for number, page in enumerate(pages):
            records.rows(
                "insert into company_pages (id, name, organization_urn, admin_unipile_account_id) "
                "values (%s, %s, %s, %s) on conflict do nothing",
                page,
                f"Page {number}",
                f"urn:li:organization:{page_id(number)}",
                self._accounts[number],
            )
        for rule in self.plan.rules:
            records.rows(
                "insert into company_auto_post_rules (id, source_profile_id, "
                "target_company_page_id, post_delay_minutes, add_prefix) "
                "values (%s, %s, %s, %s, %s) on conflict do nothing",
                self._id(),
                self._profiles[rule.person],
                pages[rule.page],
                rule.delay,
                rule.prefix,
            )

    def left(self) -> int:
        """Return how many posts are still to be put."""
        return len(self._waiting)

    def put(
        self, records: Records, count: int, wanted: Callable[[Post], bool] = lambda _: True
    ) -> None:
        """Schedule posts, the first one that is ``wanted`` before the next ones."""
        chosen = list(islice((one for one in self._waiting if wanted(one)), 1))
        for one in chosen:
            self._waiting.remove(one)
        chosen += [self._waiting.popleft() for _ in range(min(count, len(self._waiting)))]
        for post in chosen:
            for name in post.faults:
                self._arm(name, contains=post.key)
        if broken := [f"{one.pictures[-1]}" for one in chosen if one.broken]:
            self._sandbox.store([{"id": one, "status": 404} for one in broken])
        for number, post in enumerate(chosen):
            self._schedule(records, post, 0.0 if number < 2 else self._ids.random() * _SOON)

    def live(self) -> None:
        """Do what people do, now and then, until stopped; then put everything right again."""
        random, records = Random(f"{self.plan.seed} town"), Records(self._url)
        habits: Sequence[tuple[float, Callable[[Random, Records], bool]]] = [
            (4.0, self._edit),
            (2.0, self._cancel),
            (2.0, self._reschedule),
            (1.5, self._disconnect),
            (0.5, self._switch_account),
            (0.3, self._switch_page),
            (0.2, self._switch_worker),
            (0.5, self._publish_by_hand),
            (4.0, self._decide),
            (4.0, self._weather),
        ]
        weights = [weight for weight, _ in habits]
        while not self._stopped.wait(random.random() * 0.5):
            self._put_right(time.monotonic())
            (action,) = random.choices([action for _, action in habits], weights)
            if action(random, records):
                self.tally.add(action.__name__.strip("_").replace("_", " "))
        self._put_right(float("inf"))
        records.close()

    def stop(self) -> None:
        """Let `live` come to its end."""
        self._stopped.set()

    def _arm(self, name: str, **where: str) -> None:
        numbers = self._sandbox.arm([{**fault, **where} for fault in EVERY[name]])
        self.armed[numbers[-1]] = name

    def _schedule(self, records: Records, post: Post, delay: float) -> None:
        identity, begun = self._id(), datetime.now(UTC)
        shared = (
            post.text,
            Jsonb(post.mentions()),
            post.link,
            Jsonb(post.attachments(self._sandbox.images)),
            delay,
        )
        author = self._profiles[post.author]
        if post.is_draft:
            records.rows(
                "insert into production_posts (id, author_id, status, final_content, mentions, "
                "external_link, attachments, publication_date) values (%s, %s, 'scheduled', %s, "
                "%s, %s, %s, now() + make_interval(secs => %s)) on conflict do nothing",
                identity,
                author,
                *shared,
            )
        else:
            records.rows(
                "with s as (insert into scheduled_posts (id, author_id, content, mentions, "
                "external_link, attachments, scheduled_at) values (%s, %s, %s, %s, %s, %s, "
                "now() + make_interval(secs => %s)) on conflict do nothing returning id) "
                "insert into scheduled_post_accounts (scheduled_post_id, unipile_account_id) "
                "select s.id, a from s, unnest(%s::uuid[]) as a",
                identity,
                author,
                *shared,
                [self._accounts[person] for person in post.accounts],
            )
            self._posts[post.key] = identity
        self.history.put[post.key] = post
        self.history.versions[post.key] = [Version(post.text, begun, begun)]

    def _edit(self, random: Random, records: Records) -> bool:
        found = self._pending(random, records)
        if found is None:
            return False
        key, identity = found
        versions = self.history.versions[key]
        text = f"{versions[-1].text} ({len(versions)})"
        begun = datetime.now(UTC)
        self.history.versions[key] = [
            *versions,
            Version(text, begun, datetime.max.replace(tzinfo=UTC)),
        ]
        done = records.value(
            "update scheduled_posts set content = %s where id = %s returning clock_timestamp()",
            text,
            identity,
        )
        self.history.versions[key] = [*versions, Version(text, begun, done)]
        return True

    def _cancel(self, random: Random, records: Records) -> bool:
        found = self._pending(random, records)
        if found is None:
            return False
        key, identity = found
        if records.value("select done from cancel_scheduled_post(%s)", identity):
            self.history.cancelled.add(key)
            return True
        return False

    def _reschedule(self, random: Random, records: Records) -> bool:
        found = self._pending(random, records)
        if found is None:
            return False
        when = "now() + interval '1 second'"
        return bool(records.value(f"select done from reschedule_post(%s, {when})", found[1]))

    def _disconnect(self, random: Random, records: Records) -> bool:
        person = random.randrange(self.plan.people)
        status = random.choice(["CREDENTIALS", "STOPPED", "PERMISSIONS", "ERROR"])
        self._sandbox.connect([connected(person, status)])
        self._later(random, lambda: self._sandbox.connect([connected(person)]))
        return True

    def _switch_account(self, random: Random, records: Records) -> bool:
        one = random.choice(self._accounts)
        switch = "update unipile_accounts set is_active = %s where id = %s"
        records.rows(switch, False, one)
        self._later(random, lambda: records.rows(switch, True, one))
        return True

    def _switch_page(self, random: Random, records: Records) -> bool:
        page = page_id(random.randrange(PAGES))
        self.history.switched.add(page)
        one = f"urn:li:organization:{page}"
        switch = "update company_pages set is_active = %s where organization_urn = %s"
        records.rows(switch, False, one)
        self._later(random, lambda: records.rows(switch, True, one))
        return True

    def _switch_worker(self, random: Random, records: Records) -> bool:
        one = random.choice(["publish_scheduled", "publish_company_pages"])
        switch = "update worker_feature_flags_v2 set is_enabled = %s where worker_name = %s"
        records.rows(switch, False, one)
        self._later(random, lambda: records.rows(switch, True, one))
        return True

    def _publish_by_hand(self, random: Random, records: Records) -> bool:
        person = random.randrange(self.plan.people)
        self._sandbox.plant(feed_of(person), f"By hand, {random.random()}.")
        return True

    def _decide(self, random: Random, records: Records) -> bool:
        found = records.rows(
            "select q.id, q.text, q.account, q.as_organization, q.state from publications q "
            "where q.state in ('failed', 'missed') or q.state = 'held' and q.hold_code = 'person' "
            "order by md5(q.id::text || %s) limit 1",
            str(random.random()),
        )
        if not found or random.random() < 0.3:
            return False
        ((identity, text, at, page, _),) = found
        out = self._sandbox.posts(author=page or f"ACoAA{at}", text=KEY.findall(text)[0])
        decision = "published" if out else random.choice(["retry", "retry", "cancel"])
        done = records.value("select done from resolve_publication(%s, %s)", identity, decision)
        if done:
            self.tally.add(f"decide: {decision}")
        return bool(done)

    def _weather(self, random: Random, records: Records) -> bool:
        menu = MEDIA if random.random() < 0.3 else FEED
        where = {}
        if menu is FEED and random.random() < 0.5:
            where = {"account": account(random.randrange(self.plan.people))}
        self._arm(random.choice(sorted(menu)), **where)
        return True

    def _pending(self, random: Random, records: Records) -> tuple[str, UUID] | None:
        found = records.rows(
            "select s.id, s.content from scheduled_posts s where s.status = 'pending' "
            "order by md5(s.id::text || %s) limit 1",
            str(random.random()),
        )
        return (KEY.findall(found[0][1])[0], found[0][0]) if found else None

    def _later(self, random: Random, undo: Callable[[], object]) -> None:
        self._undo.append((time.monotonic() + 0.5 + 2 * random.random(), undo))

    def _put_right(self, until: float) -> None:
        due = [undo for at, undo in self._undo if at <= until]
        self._undo = [(at, undo) for at, undo in self._undo if at > until]
        for undo in due:
            undo()

    def _id(self) -> UUID:
        return UUID(int=self._ids.getrandbits(128), version=4)


def backlog(records: Records) -> int:
    """Count what is not settled: posts, drafts and what pages repeat."""
    count = records.value(
        f"select (select count(*) from scheduled_posts where status in {_OPEN}) "
        f"+ (select count(*) from production_posts where status in ('scheduled', 'publishing', "
        f"'unconfirmed')) "
        f"+ (select count(*) from company_published_posts where status in {_OPEN})"
    )
    assert isinstance(count, int)
    return count


def watched(records: Records) -> int:
    """Count what is held and was not looked for since the latest feed must show it."""
    count = records.value(
        "select count(*) from publications where state = 'held' "
        "and next_check_at < doubt_at + make_interval(secs => %s)",
        2 * LONGEST_LAG,  # the next look comes at double the age of the last
    )
    assert isinstance(count, int)
    return count
