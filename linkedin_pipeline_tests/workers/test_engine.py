"""The drain: what it counts, when it stops, what it holds."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from linkedin_pipeline.domain.work import Claim, DayRange, Done, Outcome, Reject, Retry, Verdict
from linkedin_pipeline.workers.engine import AT_ONCE, Limits, drain
from linkedin_pipeline.workers.report import DrainReport, Stop
from linkedin_pipeline_tests.waiting import eventually
from linkedin_pipeline_tests.workers.bank import HOOKS
from linkedin_pipeline_tests.workers.memory_queue import MemoryQueue
from linkedin_pipeline_tests.workers.scripted import MemoryLog, ScriptedWorker, everything_done

MONDAY, TUESDAY = date(2025, 3, 3), date(2025, 3, 4)
PATIENCE = 60.0
"""Seconds for what another thread does at once."""


def with_posts(number: int) -> MemoryQueue:
    """Return a queue with posts of one day."""
    queue = MemoryQueue()
    for n in range(number):
        queue.add(f"post {n}", MONDAY)
    return queue


def done_in(queue: MemoryQueue) -> int:
    """Count the posts that have a hook."""
    return sum(HOOKS in post.values for post in queue.posts.values())


def test_outcomes_are_counted_by_day() -> None:
    """Each claim is counted once, on the day of its post, as what became of it."""
    queue = MemoryQueue()
    for day, texts in ((MONDAY, "good good odd"), (TUESDAY, "good moot late late")):
        for text in texts.split():
            queue.add(text, day)

    def decide(claims: Sequence[Claim]) -> Sequence[Verdict[str]]:
        verdicts: dict[str, Verdict[str]] = {
            "good": Done("A hook."),
            "moot": Done("A hook."),
            "odd": Reject("odd", "It is odd."),
            "late": Retry("late", "It comes late."),
        }
        for claim in claims:
            if claim.content == "moot":
                queue.flag(HOOKS, claim.post_id, up=False)
        return [verdicts[claim.content] for claim in claims]

    report = drain(ScriptedWorker(decide), queue, MemoryLog(), queue.clock)
    assert report.days == {
        MONDAY: {Outcome.DONE: 2, Outcome.REJECTED: 1},
        TUESDAY: {Outcome.DONE: 1, Outcome.STALE: 1, Outcome.RETRIED: 2},
    }
    assert report.stop is Stop.EMPTY


def test_the_log_has_a_row_for_the_drain() -> None:
    """The row is opened with the run, closed with the counts, and has no error."""
    queue, log = with_posts(3), MemoryLog()
    report = drain(ScriptedWorker(), queue, log, queue.clock, run_id="run 7")
    assert log.opened == [(HOOKS.worker, "run 7")]
    (row,) = log.closed
    assert row.counts[Outcome.DONE] == 3
    assert row.results == report.results()
    assert row.results["stop"] == "nothing due"
    assert row.error is None


def test_dead_letters_name_the_run() -> None:
    """The run that rejected a post is handed to the queue."""
    queue = with_posts(1)
    worker = ScriptedWorker(lambda _claims: [Reject("odd", "It is odd.")])
    drain(worker, queue, MemoryLog(), queue.clock, run_id="run 7")
    assert queue.run_ids == ["run 7"]


def test_everything_due_is_drained_in_batches() -> None:
    """Batches follow one another until nothing is due, each reported when it is settled."""
    queue = with_posts(7)
    seen: list[int] = []

    def on_batch(report: DrainReport) -> None:
        seen.append(report.totals()[Outcome.DONE])

    worker = ScriptedWorker()
    limits = Limits(batch_size=3, in_flight=1)
    report = drain(worker, queue, MemoryLog(), queue.clock, limits=limits, on_batch=on_batch)
    assert [len(batch) for batch in worker.batches] == [3, 3, 1]
    assert seen == [3, 6, 7]
    assert report.batches == 3
    assert done_in(queue) == 7


def test_a_drain_keeps_to_its_days() -> None:
    """Work of other days is left alone."""
    queue = MemoryQueue()
    queue.add("of Monday", MONDAY)
    queue.add("of Tuesday", TUESDAY)
    worker = ScriptedWorker()
    drain(worker, queue, MemoryLog(), queue.clock, days=DayRange(TUESDAY, TUESDAY))
    assert worker.batches == [["of Tuesday"]]


def test_a_disabled_stage_is_left_alone() -> None:
    """A worker that is off claims nothing and leaves no row in the log."""
    queue, log = with_posts(1), MemoryLog()
    queue.switch(HOOKS, on=False)
    assert drain(ScriptedWorker(), queue, log, queue.clock).stop is Stop.DISABLED
    assert queue.calls["claim"] == 0
    assert log.opened == []


def test_switching_off_stops_a_drain_between_batches() -> None:
    """What is in hand is settled; nothing more is claimed."""
    queue = with_posts(10)
    limits = Limits(batch_size=2, in_flight=2)

    def switch_off(_report: DrainReport) -> None:
        queue.switch(HOOKS, on=False)

    report = drain(
        ScriptedWorker(), queue, MemoryLog(), queue.clock, limits=limits, on_batch=switch_off
    )
    assert report.stop is Stop.DISABLED
    assert report.totals()[Outcome.DONE] == done_in(queue) == 4


def test_a_drain_stops_when_its_time_is_used() -> None:
    """After the budget no batch is claimed; the last one is settled."""
    queue = with_posts(10)

    def slowly(claims: Sequence[Claim]) -> Sequence[Verdict[str]]:
        queue.clock.sleep(20)
        return everything_done(claims)

    limits = Limits(batch_size=1, in_flight=1, budget=50)
    report = drain(ScriptedWorker(slowly), queue, MemoryLog(), queue.clock, limits=limits)
    assert report.stop is Stop.TIME
    assert done_in(queue) == 3
    assert report.seconds == 60
    assert report.spent["compute"] == 60


def test_batches_are_decided_side_by_side_within_bounds() -> None:
    """As many batches as allowed are decided at once, and no more posts are ever held."""
    queue = with_posts(30)
    together = threading.Barrier(3)

    def decide(claims: Sequence[Claim]) -> Sequence[Verdict[str]]:
        together.wait(PATIENCE)
        return everything_done(claims)

    limits = Limits(batch_size=5, in_flight=3)
    drain(ScriptedWorker(decide), queue, MemoryLog(), queue.clock, limits=limits)
    assert done_in(queue) == 30
    assert queue.most_held == 15


def test_small_batches_are_claimed_together() -> None:
    """One claim has what all free threads decide, each a batch of it."""
    queue = with_posts(12)
    together = threading.Barrier(4)
    made: set[int] = set()

    def decide(claims: Sequence[Claim]) -> Sequence[Verdict[str]]:
        made.add(queue.calls["claim"])
        together.wait(PATIENCE)
        return everything_done(claims)

    limits = Limits(batch_size=3, in_flight=4)
    worker = ScriptedWorker(decide)
    report = drain(worker, queue, MemoryLog(), queue.clock, limits=limits)
    assert [len(batch) for batch in worker.batches] == [3, 3, 3, 3]
    assert report.batches == 4
    assert done_in(queue) == 12
    assert made == {1}


def test_a_large_batch_is_written_back_in_parts() -> None:
    """Heart-beats come in between: leases outlast the write-back of a thousand vectors."""
    queue, log = with_posts(2 * AT_ONCE + 50), MemoryLog()
    queue.before["store_hooks"] = lambda: queue.clock.sleep(20)
    limits = Limits(batch_size=1_000, in_flight=1)
    seen: list[int] = []
    drain(
        ScriptedWorker(),
        *(queue, log, queue.clock),
        limits=limits,
        on_batch=lambda report: seen.append(report.totals()[Outcome.DONE]),
    )
    assert seen == [AT_ONCE, 2 * AT_ONCE, 2 * AT_ONCE + 50]
    assert [len(posts) for posts in queue.extended] == [AT_ONCE + 50, 50]


def test_a_slow_batch_holds_up_no_other() -> None:
    """Batches are settled as they are decided, and new ones take their places."""
    queue = with_posts(6)
    slow = threading.Event()

    def decide(claims: Sequence[Claim]) -> Sequence[Verdict[str]]:
        if claims[0].content == "post 0":
            assert slow.wait(PATIENCE)
        return everything_done(claims)

    def on_batch(report: DrainReport) -> None:
        if report.totals()[Outcome.DONE] == 5:
            slow.set()

    limits = Limits(batch_size=1, in_flight=2)
    worker = ScriptedWorker(decide)
    drain(worker, queue, MemoryLog(), queue.clock, limits=limits, on_batch=on_batch)
    assert done_in(queue) == 6


def test_queue_and_log_are_used_by_the_calling_thread_alone() -> None:
    """Whatever the workers' threads do, one thread claims, settles and keeps alive."""
    queue = with_posts(20)
    deciders: set[int] = set()

    def decide(claims: Sequence[Claim]) -> Sequence[Verdict[str]]:
        deciders.add(threading.get_ident())
        return everything_done(claims)

    limits = Limits(batch_size=2, in_flight=4)
    drain(ScriptedWorker(decide), queue, MemoryLog(), queue.clock, limits=limits)
    assert queue.threads == {threading.get_ident()}
    assert threading.get_ident() not in deciders


def test_a_post_edited_in_flight_is_decided_anew() -> None:
    """The value of the old text is discarded and counted; the new text's is written."""
    queue = with_posts(1)
    (post,) = queue.posts

    def decide(claims: Sequence[Claim]) -> Sequence[Verdict[str]]:
        if claims[0].content == "post 0":
            queue.edit(post, "the new text")
        return everything_done(claims)

    report = drain(ScriptedWorker(decide), queue, MemoryLog(), queue.clock)
    assert queue.value(HOOKS, post) == "The hook of: the new text"
    assert report.totals()[Outcome.STALE] == report.totals()[Outcome.DONE] == 1


def test_a_heart_beat_outlasts_the_lease() -> None:
    """While a batch takes longer than its lease, claims and log row are kept alive."""
    queue, log = with_posts(1), MemoryLog()
    lease = timedelta(seconds=0.3)

    def slowly(claims: Sequence[Claim]) -> Sequence[Verdict[str]]:
        while log.beats.total() < 6:
            before = log.beats.total()
            queue.clock.sleep(0.11)
            eventually(lambda seen=before: log.beats.total() > seen)  # type: ignore[misc]
            assert queue.claim(HOOKS, 1, None, lease) == []
        return everything_done(claims)

    worker = ScriptedWorker(slowly)
    report = drain(worker, queue, log, queue.clock, limits=Limits(lease=lease))
    assert report.totals()[Outcome.DONE] == 1
    assert queue.calls["extend"] == 6


def test_a_heart_beat_is_for_what_is_in_hand() -> None:
    """What was settled or given back before is not extended, so that nothing piles up."""
    queue, log = with_posts(2), MemoryLog()
    suspects = {queue.add(f"suspect {n}", MONDAY - timedelta(days=1)) for n in range(2)}
    for suspect in suspects:
        queue.posts[suspect].work[HOOKS].takeovers = 2

    def slowly(claims: Sequence[Claim]) -> Sequence[Verdict[str]]:
        if claims[0].post_id in suspects:
            before = log.beats.total()
            queue.clock.sleep(0.11)
            eventually(lambda: log.beats.total() > before)
        return everything_done(claims)

    limits = Limits(batch_size=2, in_flight=1, lease=timedelta(seconds=0.3))
    drain(ScriptedWorker(slowly), queue, log, queue.clock, limits=limits)
    assert queue.extended in ([{a}, {b}] for a in suspects for b in suspects - {a})


def test_short_batches_need_no_heart_beat() -> None:
    """A drain that is faster than its leases extends nothing."""
    queue, log = with_posts(50), MemoryLog()
    drain(ScriptedWorker(), queue, log, queue.clock, limits=Limits(batch_size=5))
    assert queue.calls["extend"] == log.beats.total() == 0


@pytest.mark.parametrize(
    ("attempt", "seconds"), [(1, 10), (2, 20), (3, 40), (6, 320), (7, 600), (32000, 600)]
)
def test_the_back_off_doubles_up_to_a_cap(attempt: int, seconds: int) -> None:
    """Ten seconds, twenty, forty: ten minutes at most, however many attempts there were."""
    assert Limits().delay(attempt) == timedelta(seconds=seconds)


def test_no_more_posts_are_taken_than_asked_for() -> None:
    """With a bound the drain stops at it exactly, whatever the size of batches."""
    queue, log = with_posts(25), MemoryLog()
    limits = Limits(batch_size=10, in_flight=2, max_posts=13)
    report = drain(ScriptedWorker(), queue, log, queue.clock, limits=limits)
    assert report.totals()[Outcome.DONE] == 13
    assert report.stop is Stop.ENOUGH
