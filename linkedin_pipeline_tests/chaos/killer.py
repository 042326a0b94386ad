"""Who kills: at every step of a publication, told by the simulator or the database alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from random import Random
from signal import SIGCONT, SIGKILL, SIGSTOP
from typing import Any

from linkedin_pipeline_tests.chaos import publisher
from linkedin_pipeline_tests.chaos.levers import Records, Sandbox, Tally
from linkedin_pipeline_tests.chaos.plan import Post
from linkedin_pipeline_tests.chaos.processes import Crew

_PATIENCE = 20.0
_POST = "POST /api/v1/posts"

Wanted = Callable[[Post], bool]
Put = Callable[[], None]
Step = Callable[[Put], bool]
"""Strikes once; calls what puts the posts that it waits for when it lies in wait."""

_DOUBTFUL = {"reset after", "500 after", "504 after", "malformed answer", "cut off answer"}
_ABSENT = {"reset before", "500 before", "502 before", "503 before", "504 before"}


def anything(post: Post) -> bool:
    """Want any post."""
    del post
    return True


def plain(post: Post) -> bool:
    """Want a post that nothing befalls."""
    return not (post.faults or post.pictures)


class Killer:
    """Strikes once at a step when told to; `steps` are all, with the post that each needs."""

    def __init__(
        self, random: Random, crew: Crew, sandbox: Sandbox, records: Records, tally: Tally
    ) -> None:
        self._random = random
        self._crew = crew
        self._sandbox = sandbox
        self._records = records
        self._tally = tally
        self._frozen: list[tuple[float, int]] = []

    def steps(self) -> Mapping[str, tuple[Wanted, Step]]:
        """Return every step by name."""

        def doubtful(post: Post) -> bool:
            return bool(_DOUBTFUL & set(post.faults))

        def absent(post: Post) -> bool:
            return bool(_ABSENT & set(post.faults)) and not post.broken

        def pictured(post: Post) -> bool:
            return bool(post.pictures) and not post.broken

        feed, back = "GET /api/v1/users/{identifier}/posts", "GET /api/v1/posts/"
        return {
            "POST received": (plain, lambda put: self._at_post(put, "hold_received")),
            "POST accepted": (plain, lambda put: self._at_post(put, "hold")),
            "POST received, refused": (
                plain,
                lambda put: self._at_post(
                    put, "hold_received", ("typed_error", "errors/invalid_post")
                ),
            ),
            "POST accepted, frozen": (plain, lambda put: self._at_post(put, "hold", freeze=True)),
            "POST received, frozen": (
                plain,
                lambda put: self._at_post(put, "hold_received", freeze=True),
            ),
            "read-back asked": (plain, lambda put: self._at_get(put, back, "read_post")),
            "feed asked": (doubtful, lambda put: self._at_get(put, feed, "read_feed")),
            "picture asked": (
                pictured,
                lambda put: self._at_get(put, "GET /{hash}/{rest:path}", "", provider="images"),
            ),
            "intent committed": (
                plain,
                lambda put: self._at_event(put, "publishing", "the intent is committed"),
            ),
            "intent committed, frozen": (
                plain,
                lambda put: self._at_event(
                    put, "publishing", "the intent is committed", freeze=True
                ),
            ),
            "acceptance recorded": (
                plain,
                lambda put: self._at_event(put, "publishing", "it is out;%"),
            ),
            "doubt recorded": (doubtful, lambda put: self._at_event(put, "unconfirmed", "%")),
            "put back": (absent, lambda put: self._at_event(put, "pending", "%")),
            "absence proved": (
                absent,
                lambda put: self._at_event(put, "pending", "%sent once more"),
            ),
            "published": (plain, lambda put: self._at_event(put, "published", "%")),
            "adopted": (doubtful, lambda put: self._at_event(put, "published", "it was found%")),
            "everybody": (anything, self._everybody),
            "at any moment": (anything, self._at_any_moment),
        }

    def wake(self, *, all_of_them: bool = False) -> None:
        """Let those go on whose lease is over."""
        now = time.monotonic()
        for at, pid in list(self._frozen):
            if all_of_them or at <= now:
                self._frozen.remove((at, pid))
                self._crew.signal(pid, SIGCONT)

    def _at_post(
        self, put: Put, kind: str, instead: tuple[str, str] | None = None, *, freeze: bool = False
    ) -> bool:
        faults: list[dict[str, Any]] = [{"kind": kind, "route": _POST}]
        if instead:
            faults.append({"kind": instead[0], "type": instead[1], "route": _POST})
        step = "received" if kind == "hold_received" else "accepted"
        return self._held(put, faults, lambda: self._poster(step), freeze=freeze)

    def _at_get(self, put: Put, route: str, operation: str, provider: str = "unipile") -> bool:
        fault = {"kind": "hold", "route": route, "provider": provider}
        ledger = "media" if provider == "images" else provider
        return self._held(put, [fault], lambda: self._caller(ledger, operation))

    def _held(
        self,
        put: Put,
        faults: list[dict[str, Any]],
        caller: Callable[[], int | None],
        *,
        freeze: bool = False,
    ) -> bool:
        """Hold the next call of a kind, strike whoever makes it, let it go."""
        number = self._sandbox.arm(faults)[0]
        put()
        try:
            if not _eventually(lambda: self._sandbox.struck(number)):
                return False
            pid = caller()
            return pid is not None and self._strike(pid, freeze=freeze)
        finally:
            self._sandbox.release(number)

    def _poster(self, step: str) -> int | None:
        """Return whose POST has come so far and waits."""
        for attempt in self._sandbox.attempts(step=step):
            sent = attempt["sent"]
            found = self._records.value(
                "select dagster_run_id from publications where state = 'publishing' and text = %s "
                "and account = %s and as_organization is not distinct from %s",
                sent["text"],
                sent["account_id"],
                sent["as_organization"],
            )
            pid = int(found.removeprefix(publisher.PREFIX)) if found else None
            if pid in self._crew.pids():
                return pid
        return None

    def _caller(self, provider: str, operation: str) -> int | None:
        """Return whose call of a kind has been open the longest."""
        alive = [f"{publisher.PREFIX}{pid}" for pid in self._crew.pids()]
        found = self._records.value(
            "select dagster_run_id from provider_calls where provider = %s "
            "and (%s = '' or operation = %s) and outcome = 'open' "
            "and dagster_run_id = any(%s) order by created_at limit 1",
            provider,
            operation,
            operation,
            alive,
        )
        return int(found.removeprefix(publisher.PREFIX)) if found else None

    def _at_event(self, put: Put, state: str, reason: str, *, freeze: bool = False) -> bool:
        """Strike whoever has just written a change of state."""
        after = self._records.value("select coalesce(max(id), 0) from publication_events")
        put()
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            alive = [f"{publisher.PREFIX}{pid}" for pid in self._crew.pids()]
            found = self._records.value(
                "select dagster_run_id from publication_events where id > %s and state = %s "
                "and reason like %s and dagster_run_id = any(%s) order by id desc limit 1",
                after,
                state,
                reason,
                alive,
            )
            if found:
                return self._strike(int(found.removeprefix(publisher.PREFIX)), freeze=freeze)
            time.sleep(0.004)
        return False

    def _everybody(self, put: Put) -> bool:
        put()
        time.sleep(self._random.random())
        return self._crew.kill_all() > 0

    def _at_any_moment(self, put: Put) -> bool:
        put()
        time.sleep(self._random.random())
        alive = self._crew.pids()
        return bool(alive) and self._strike(self._random.choice(alive), freeze=False)

    def _strike(self, pid: int, *, freeze: bool) -> bool:
        if not freeze:
            return self._crew.signal(pid, SIGKILL)
        if not self._crew.signal(pid, SIGSTOP):
            return False
        self._frozen.append((time.monotonic() + publisher.LEASE + 2, pid))
        return True


def _eventually(condition: Callable[[], object]) -> bool:
    until = time.monotonic() + _PATIENCE
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True
