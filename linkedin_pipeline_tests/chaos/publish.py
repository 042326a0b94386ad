"""A run: waves of posts, a kill for each, then calm until nothing moves, and the verdict."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from linkedin_pipeline.settings import PROJECT_ROOT
from linkedin_pipeline_tests.chaos import processes
from linkedin_pipeline_tests.chaos.evidence import everything_about, missing, posts_out, rows_of
from linkedin_pipeline_tests.chaos.judge import Verdict, judge
from linkedin_pipeline_tests.chaos.killer import Killer, Put, Step, Wanted, anything
from linkedin_pipeline_tests.chaos.levers import Records, Sandbox, Tally
from linkedin_pipeline_tests.chaos.plan import Plan, make_plan
from linkedin_pipeline_tests.chaos.town import Town, backlog, watched

_MOST_WAITING = 200  # or three for each account, if that is more
_LONGEST_CALM = 900.0
_JUMP = "interval '12 minutes'"
_CHANGES = (
    (
        f"publications set leased_until = leased_until - {_JUMP}, "
        f"next_check_at = next_check_at - {_JUMP}, not_before = not_before - {_JUMP} "
        "where state in ('pending', 'publishing', 'unconfirmed', 'published')"
    ),
    f"unipile_accounts set paused_until = paused_until - {_JUMP}",
    f"provider_pauses set until = until - {_JUMP}",
    (
        f"company_published_posts set scheduled_for = scheduled_for - {_JUMP} "
        "where status = 'pending'"
    ),
)
"""How time passes: whatever waits for an instant is that much nearer to it."""
_STILL = 20
"""Seconds without a change after which the rest waits for time to pass; others may be slow."""
_ROUNDS = 3
"""How often a step is tried at the end that has not happened yet."""


@dataclass(slots=True)
class Result:
    """What a run came to."""

    seed: int
    commit: str
    posts: int
    seconds: float
    attempts: Mapping[str, int]
    published: int
    kills: Mapping[str, int]
    missed_steps: list[str]
    faults: Mapping[str, int]
    people: Mapping[str, int]
    verdict: Verdict
    failed_publishers: int
    known: list[Any] = field(default_factory=list)
    log: str = ""

    @property
    def ok(self) -> bool:
        """Tell whether everything was as it must be."""
        return not (self.verdict.findings or self.failed_publishers)


class Run:
    """A run at work."""

    def __init__(self, plan: Plan, size: int, stack: ExitStack, say: Callable[[str], None]) -> None:
        self.plan = plan
        self.say = say
        self.started = time.monotonic()
        self.random = Random(f"{plan.seed} steps")
        self.server, self.url = stack.enter_context(processes.database())
        self.sandbox = Sandbox(stack.enter_context(processes.simulator()))
        stack.callback(self.sandbox.close)
        self.records = Records(self.url)
        stack.callback(self.records.close)
        self.log = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "publishers.log"
        self.kills, self.people = Tally(), Tally()
        self.town = Town(plan, self.url, self.sandbox, self.people)
        self.town.settle_down(self.records)
        self.crew = processes.Crew(
            size,
            processes.variables(self.url, self.sandbox.url),
            self.log,
            Random(f"{plan.seed} crew"),
        )
        stack.callback(self.crew.close)
        self.killer = Killer(
            Random(f"{plan.seed} killer"), self.crew, self.sandbox, self.records, self.kills
        )

    def steps(self) -> dict[str, tuple[Wanted, Step]]:
        """Return every step by name."""
        return {
            **self.killer.steps(),
            "the database": (anything, self._kill_database),
            "everybody, and time passes": (anything, self._pass_time_after),
            "key refused": (anything, self._refuse_key),
        }

    def begin(self) -> None:
        """Give every feed a post before anything happens."""
        self.town.put(self.records, self.plan.first() - 1)
        until = time.monotonic() + 300
        while backlog(self.records) and time.monotonic() < until:
            self.crew.refill()
            time.sleep(0.2)
        self.say("every feed has a post")

    def work(self) -> list[str]:
        """Put every post and strike for each wave; return the steps that never happened."""
        steps = self.steps()
        # a kill costs the start of a process, which is most of what a large run would do
        wave = max(8, min(200, self.plan.posts[-1].number // (2 * len(steps))))
        undone = dict.fromkeys(steps, _ROUNDS)
        while self.town.left() or any(undone.values()):
            # the last posts are for those that have not come yet
            is_late = self.town.left() < len(self.plan.posts) // 4
            names = sorted((n for n in undone if undone[n]) if is_late and undone else steps)
            if not names:
                names = sorted(steps)
            self.random.shuffle(names)
            for name in names:
                self._wait_for_room()
                wanted, step = steps[name]
                if step(partial(self.town.put, self.records, wave, wanted)):
                    self.kills.add(name)
                    undone.pop(name, None)
                elif name in undone and is_late:
                    undone[name] -= 1
                self.killer.wake()
                self.crew.refill()
                self.say(f"{name}; {self.town.left()} posts to come, {backlog(self.records)} open")
        return sorted(undone)

    def calm(self) -> None:
        """Let nothing go wrong any more, and wait until nothing moves."""
        self.killer.wake(all_of_them=True)
        self.sandbox.calm()
        until = time.monotonic() + _LONGEST_CALM
        before, same = -1, 0
        while (left := backlog(self.records) + watched(self.records)) and time.monotonic() < until:
            self.crew.refill()
            time.sleep(1.0)
            same = same + 1 if left == before else 0
            before = left
            if same and same % _STILL == 0:
                if same >= 6 * _STILL:
                    return
                self.say(f"calm; {left} open, time passes")
                self._pass_time()
        # what is out is read back, and pages' posts made, by whoever looks next
        self.say("calm")

    def _wait_for_room(self) -> None:
        until = time.monotonic() + 120
        most = max(_MOST_WAITING, 3 * self.plan.people)
        while backlog(self.records) > most:
            self.crew.refill()
            self.killer.wake()
            if time.monotonic() > until:
                self._pass_time()
                until = time.monotonic() + 120
            time.sleep(0.2)

    def _kill_database(self, put: Put) -> bool:
        put()
        time.sleep(self.random.random())
        processes.kill_database(self.server)
        return True

    def _pass_time_after(self, put: Put) -> bool:
        put()
        time.sleep(self.random.random())
        return self._pass_time()

    def _pass_time(self) -> bool:
        """Kill everybody, and let so much time pass that leases, pauses and delays are over.

        Nobody has a call under way then: the simulator has answered twice after the last was made.
        """
        self.killer.wake(all_of_them=True)
        with self.crew.nobody() as killed:
            for _ in range(2):
                while self.sandbox.attempts(step="received"):
                    time.sleep(0.05)
                time.sleep(0.2)
            for change in _CHANGES:
                self.records.rows(f"update {change}")
        return killed > 0

    def _refuse_key(self, put: Put) -> bool:
        fault = {"kind": "invalid_key", "route": "POST /api/v1/posts"}
        (number,) = self.sandbox.arm([fault])
        put()
        until = time.monotonic() + 20
        while not self.sandbox.struck(number):
            if time.monotonic() > until:
                return False
            time.sleep(0.02)
        time.sleep(0.5)
        return self._pass_time()


def run(posts: int, seed: int, publishers: int, say: Callable[[str], None]) -> Result:
    """Make a run and judge it."""
    plan = make_plan(seed, posts)
    with ExitStack() as stack:
        made = Run(plan, publishers, stack, say)
        made.begin()
        with _living(made.town):
            missed_steps = made.work()
        struck = _struck(made.sandbox, made.town.armed)
        made.calm()
        made.crew.close()
        rows = rows_of(made.records, plan, made.town.history)
        verdict = judge(posts_out(made.sandbox), rows)
        verdict.findings += missing(rows, plan, made.town.history)
        attempts = made.sandbox.attempts()
        accepted = sum(one["accepted"] for one in attempts)
        return Result(
            seed,
            commit(),
            len(plan.posts),
            time.monotonic() - made.started,
            {
                "received": len(attempts),
                "accepted": accepted,
                "refused or lost": len(attempts) - accepted,
            },
            accepted,
            made.kills.counts(),
            missed_steps,
            struck,
            made.people.counts(),
            verdict,
            made.crew.failed,
            [everything_about(one, made.records, made.sandbox) for one in verdict.findings[:10]],
            made.log.read_text(errors="replace")[-20_000:],
        )


def commit() -> str:
    """Return the commit that runs, with a plus when files were changed since."""

    def git(*arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=PROJECT_ROOT, capture_output=True, text=True, check=False
        )
        return done.stdout.strip()

    changed = "+" if git("status", "--porcelain", "--untracked-files=no") else ""
    return (git("rev-parse", "HEAD") or "unknown") + changed


def _struck(sandbox: Sandbox, armed: Mapping[int, str]) -> dict[str, int]:
    """Count the faults that struck by their names in the menu."""
    found = Tally()
    for one in sandbox.faults():
        if one["struck"] and one["id"] in armed:
            found.add(armed[one["id"]])
    return found.counts()


@contextmanager
def _living(town: Town) -> Iterator[None]:
    """Let people live beside the block; what went wrong with them is raised after it."""
    errors: list[BaseException] = []

    def live() -> None:
        try:
            town.live()
        except BaseException as error:  # noqa: BLE001 - raised in the thread that waits
            errors.append(error)

    thread = threading.Thread(target=live, name="town", daemon=True)
    thread.start()
    try:
        yield
    finally:
        town.stop()
        thread.join()
    if errors:
        raise errors[0]


def progress(line: str) -> None:
    """Say how far it is."""
    print(f"{time.strftime('%H:%M:%S')} {line}", file=sys.stderr, flush=True)
