"""What becomes of claims: retries, dead letters, busy rows, values that are refused."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from linkedin_pipeline.domain.work import Claim, Done, Outcome, Reject, Retry, Settled, Verdict
from linkedin_pipeline.ports import WorkQueue
from linkedin_pipeline.workers.engine import DrainFailed, Limits, drain
from linkedin_pipeline.workers.report import Stop
from linkedin_pipeline_tests.workers.bank import HOOKS
from linkedin_pipeline_tests.workers.memory_queue import MemoryQueue
from linkedin_pipeline_tests.workers.scripted import MemoryLog, ScriptedWorker

MONDAY = date(2025, 3, 3)
LATE = Retry("late", "It comes late.")


def always(verdict: Verdict[str]) -> ScriptedWorker:
    """Return a worker with one verdict for everything."""
    return ScriptedWorker(lambda claims: [verdict] * len(claims))


def test_retries_back_off_and_end_as_a_dead_letter() -> None:
    """Each attempt is charged and waits twice as long, up to the cap; the last is a letter."""
    queue = MemoryQueue()
    post = queue.add("a post", MONDAY)
    limits = Limits(longest_delay=timedelta(seconds=30), max_attempts=5)
    waits = []
    while queue.is_flagged(HOOKS, post):
        drain(always(LATE), queue, MemoryLog(), queue.clock, limits=limits)
        if queue.is_flagged(HOOKS, post):
            waits.append(queue.posts[post].work[HOOKS].due - queue.clock.now)
            queue.clock.sleep(waits[-1])
    assert waits == [10, 20, 30, 30]
    assert queue.dead_letters(post) == [
        (HOOKS, "late", "It comes late. (gave up after 5 attempts)")
    ]


def test_a_retried_post_is_not_tried_again_at_once() -> None:
    """A drain ends although work is left: it is not due yet."""
    queue = MemoryQueue()
    queue.add("a post", MONDAY)
    worker = always(LATE)
    report = drain(worker, queue, MemoryLog(), queue.clock)
    assert report.stop is Stop.EMPTY
    assert len(worker.batches) == 1


def test_a_rejected_post_is_a_dead_letter_at_once() -> None:
    """A verdict that is final needs no second attempt, and its reason is kept as it is."""
    queue = MemoryQueue()
    post = queue.add("a post", MONDAY)
    drain(always(Reject("odd", "It is odd.")), queue, MemoryLog(), queue.clock)
    assert queue.dead_letters(post) == [(HOOKS, "odd", "It is odd.")]


@pytest.mark.parametrize("verdict", [Done("A hook."), Reject("odd", "It is odd.")], ids=repr)
def test_a_busy_post_is_given_back(verdict: Verdict[str]) -> None:
    """A post that somebody keeps locked waits uncharged, and is not suspected of anything."""
    queue = MemoryQueue()
    free, busy = queue.add("free", MONDAY), queue.add("busy", MONDAY)
    with queue.locked(busy):
        report = drain(always(verdict), queue, MemoryLog(), queue.clock)
    assert report.totals()[Outcome.RETRIED] == 1
    assert not queue.is_flagged(HOOKS, free)
    work = queue.posts[busy].work[HOOKS]
    assert (work.token, work.attempts, work.takeovers) == (None, 0, 0)
    assert work.due - queue.clock.now == 10


def test_a_value_that_is_not_taken_leaves_no_claim_behind() -> None:
    """When a write-back calls a claim stale that still stands, it does not lapse for that."""

    class NotTaken(ScriptedWorker):
        def store(self, *_all: object) -> Settled:
            return Settled()

    queue = MemoryQueue()
    post = queue.add("a post", MONDAY)
    report = drain(NotTaken(), queue, MemoryLog(), queue.clock)
    assert report.totals()[Outcome.STALE] == 1
    work = queue.posts[post].work[HOOKS]
    assert (work.token, work.attempts, work.takeovers) == (None, 0, 0)


class RefusingWorker(ScriptedWorker):
    """A worker some of whose values the database refuses."""

    def store(self, queue: WorkQueue, claims: Sequence[Claim], values: Sequence[str]) -> Settled:
        """Fail when a claim is of a bad post."""
        if any("bad" in claim.content for claim in claims):
            raise ArithmeticError(f"invalid value: {claims[0].content}")
        return super().store(queue, claims, values)


def test_a_value_that_is_refused_holds_up_no_other() -> None:
    """The post whose value cannot be written is charged; its batch is written without it."""
    queue = MemoryQueue()
    for n in range(20):
        queue.add(f"post {n}", MONDAY)
    bad = queue.add("bad", MONDAY)
    report = drain(RefusingWorker(), queue, MemoryLog(), queue.clock)
    assert report.days[MONDAY] == {Outcome.DONE: 20, Outcome.RETRIED: 1}
    assert queue.posts[bad].work[HOOKS].attempts == 1


def test_a_value_that_is_refused_again_and_again_is_a_dead_letter() -> None:
    """The ladder of retries is the same whether deciding or writing fails."""
    queue = MemoryQueue()
    bad = queue.add("bad", MONDAY)
    limits = Limits(first_delay=timedelta(0), max_attempts=3)
    drain(RefusingWorker(), queue, MemoryLog(), queue.clock, limits=limits)
    ((_stage, code, reason),) = queue.dead_letters(bad)
    assert code == "unexpected"
    assert reason == "ArithmeticError while this post was worked on (gave up after 3 attempts)"


def test_when_every_value_is_refused_it_is_a_bug() -> None:
    """Nobody is charged then, and the error quotes no post."""
    queue, log = MemoryQueue(), MemoryLog()
    for n in range(20):
        queue.add(f"bad {n}", MONDAY)
    with pytest.raises(DrainFailed, match="hooks: ArithmeticError at") as caught:
        drain(RefusingWorker(), queue, log, queue.clock)
    assert "bad" not in str(caught.value) + str(log.closed)
    works = [post.work[HOOKS] for post in queue.posts.values()]
    assert {(work.token, work.attempts, work.takeovers) for work in works} == {(None, 0, 0)}
