"""The drain when something fails: provider, post, worker, database, or the drain itself."""

from __future__ import annotations

import signal
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from typing import NoReturn

import pytest

from linkedin_pipeline.domain.errors import DatabaseDown, Misconfigured, ProviderDown
from linkedin_pipeline.domain.work import Claim, Done, Outcome, Reject, Retry, Verdict
from linkedin_pipeline.workers.engine import DrainFailed, Limits, drain
from linkedin_pipeline.workers.report import DrainReport, Stop
from linkedin_pipeline_tests.waiting import eventually
from linkedin_pipeline_tests.workers.bank import HOOKS
from linkedin_pipeline_tests.workers.memory_queue import MemoryQueue, Work
from linkedin_pipeline_tests.workers.scripted import MemoryLog, ScriptedWorker, everything_done

MONDAY = date(2025, 3, 3)
PATIENCE = 60.0
"""Seconds for what another thread does at once."""
AWAY = DatabaseDown("the database", "no answer", "Wait.")


class Interruption(BaseException):
    """What a scheduler raises in the main thread to end a run."""


def with_posts(number: int, text: str = "post") -> MemoryQueue:
    """Return a queue with posts of one day."""
    queue = MemoryQueue()
    for n in range(number):
        queue.add(f"{text} {n}", MONDAY)
    return queue


def works(queue: MemoryQueue) -> list[Work]:
    """Return what the queue knows of the work that is left."""
    return [post.work[HOOKS] for post in queue.posts.values() if HOOKS in post.work]


def untouched(queue: MemoryQueue, number: int) -> bool:
    """Tell whether so many posts wait as if nobody had ever claimed them."""
    states = [(work.token, work.lease, work.attempts, work.takeovers) for work in works(queue)]
    return states == [(None, None, 0, 0)] * number


def raising(error: BaseException) -> Callable[..., NoReturn]:
    """Return what raises an error."""

    def do(*_arguments: object) -> NoReturn:
        raise error

    return do


class TestAnOutage:
    """A provider that is down pauses the stage and is held against no post."""

    def test_pauses_the_stage_and_charges_nobody(self) -> None:
        """The batch waits as long as the provider asked, with its attempt not counted."""
        queue, log = with_posts(10), MemoryLog()
        outage = ProviderDown("the provider", "it is busy", "Wait.", retry_after=45)
        limits = Limits(batch_size=5, in_flight=1)
        worker = ScriptedWorker(raising(outage))
        report = drain(worker, queue, log, queue.clock, limits=limits)
        assert report.stop is Stop.PAUSED
        assert report.reason == str(outage)
        assert len(worker.batches) == 1
        assert untouched(queue, 10)
        assert sorted(work.due - queue.clock.now for work in works(queue)) == [0] * 5 + [45] * 5
        assert sum(report.totals().values()) == 0
        assert log.closed[0].error is None

    def test_without_a_wish_the_pause_is_the_first_delay(self) -> None:
        """A provider that does not say how long is left alone for ten seconds."""
        queue = with_posts(1)
        worker = ScriptedWorker(raising(ProviderDown("it", "is down", "Wait.")))
        drain(worker, queue, MemoryLog(), queue.clock)
        assert works(queue)[0].due - queue.clock.now == 10

    def test_settles_what_else_is_in_flight(self) -> None:
        """A batch that was being decided meanwhile is written."""
        queue = with_posts(15)
        paused = threading.Event()

        def decide(claims: Sequence[Claim]) -> Sequence[Verdict[str]]:
            if claims[0].content == "post 0":
                raise ProviderDown("the provider", "it is down", "Wait.")
            assert paused.wait(PATIENCE)
            return everything_done(claims)

        def on_batch(_report: DrainReport) -> None:
            paused.set()

        limits = Limits(batch_size=5, in_flight=2)
        report = drain(
            *(ScriptedWorker(decide), queue, MemoryLog(), queue.clock),
            limits=limits,
            on_batch=on_batch,
        )
        assert report.stop is Stop.PAUSED
        assert report.totals()[Outcome.DONE] == 5
        assert untouched(queue, 10)


class TestABug:
    """An error that nobody expected ends the drain when it strikes everything."""

    def test_gives_everything_back_and_says_no_text(self) -> None:
        """The posts are uncharged; neither error, nor log row, nor trace quotes one of them."""
        queue, log = with_posts(20, "between us"), MemoryLog()

        def decide(claims: Sequence[Claim]) -> Sequence[Verdict[str]]:
            raise ValueError(f"cannot read {claims[0].content!r}")

        with pytest.raises(DrainFailed) as caught:
            drain(ScriptedWorker(decide), queue, log, queue.clock, limits=Limits(batch_size=10))
        assert untouched(queue, 20)
        assert (
            log.closed[0].error == f"ValueError at {__name__}:{decide.__code__.co_firstlineno + 1}"
        )
        assert log.closed[0].results["stop"] == "failed"
        trace = "".join(traceback.format_exception(caught.value))
        assert f"hooks: ValueError at {__name__}:" in trace
        assert "in decide\n" in trace
        assert "between us" not in trace + str(log.closed)

    def test_of_one_post_leaves_the_others_alone(self, caplog: pytest.LogCaptureFixture) -> None:
        """One post that breaks its batch is charged; the others are done; nothing quotes it."""
        queue = with_posts(20)
        bad = queue.add("between us", MONDAY)

        def decide(claims: Sequence[Claim]) -> Sequence[Verdict[str]]:
            for claim in claims:
                int(claim.content.removeprefix("post "))
            return everything_done(claims)

        log = MemoryLog()
        report = drain(ScriptedWorker(decide), queue, log, queue.clock)
        assert report.days[MONDAY] == {Outcome.DONE: 20, Outcome.RETRIED: 1}
        assert queue.posts[bad].work[HOOKS].attempts == 1
        assert "between us" not in caplog.text + str(log.closed)


class TestAWorkerThatDies:
    """Work whose workers died is suspected, and in the end given up."""

    def test_suspects_come_last_and_alone(self) -> None:
        """From two deaths on a post is decided beside no other, and after all that are sound."""
        queue = with_posts(12)
        for post in list(queue.posts.values())[:4]:
            post.work[HOOKS].takeovers = 2
        lock, deciding = threading.Lock(), set[str]()
        together: list[set[str]] = []

        def decide(claims: Sequence[Claim]) -> Sequence[Verdict[str]]:
            texts = {claim.content for claim in claims}
            with lock:
                deciding.update(texts)
                together.append(set(deciding))
            verdicts = everything_done(claims)
            with lock:
                deciding.difference_update(texts)
            return verdicts

        limits = Limits(batch_size=6, in_flight=3)
        worker = ScriptedWorker(decide)
        report = drain(worker, queue, MemoryLog(), queue.clock, limits=limits)
        assert report.totals()[Outcome.DONE] == 12
        suspects = [f"post {n}" for n in range(4)]
        assert worker.batches[-4:] == [[text] for text in suspects]
        assert together[-4:] == [{text} for text in suspects]
        assert queue.most_held <= 18

    def test_a_suspect_waits_for_what_is_in_flight(self) -> None:
        """While other posts are being decided, a suspect is not started."""
        queue = with_posts(2)
        suspect = queue.add("suspect", MONDAY)
        queue.posts[suspect].work[HOOKS].takeovers = 3
        settled = threading.Event()

        def decide(claims: Sequence[Claim]) -> Sequence[Verdict[str]]:
            if claims[0].content == "suspect":
                assert settled.is_set()
            else:
                eventually(lambda: queue.calls["claim"] > 1)  # the second one finds the suspect
            return everything_done(claims)

        worker = ScriptedWorker(decide)
        report = drain(
            *(worker, queue, MemoryLog(), queue.clock),
            limits=Limits(batch_size=3, in_flight=2),
            on_batch=lambda _report: settled.set(),
        )
        assert report.totals()[Outcome.DONE] == 3
        assert worker.batches == [["post 0", "post 1"], ["suspect"]]

    def test_five_deaths_make_a_dead_letter(self) -> None:
        """What killed five workers is not tried again; who was beside it is."""
        queue = with_posts(4)
        (killer, *_others) = queue.posts.values()
        killer.work[HOOKS].takeovers = 5
        worker = ScriptedWorker()
        report = drain(worker, queue, MemoryLog(), queue.clock)
        assert worker.batches == [["post 1", "post 2", "post 3"]]
        ((stage, code, reason),) = killer.letters
        assert (stage, code) == (HOOKS, "worker_died")
        assert "5 times" in reason
        assert report.totals() == {**report.totals(), Outcome.DONE: 3, Outcome.REJECTED: 1}


@contextmanager
def handled(number: signal.Signals, error: BaseException) -> Iterator[None]:
    """Raise an error in the main thread when a signal comes, as schedulers do."""
    before = signal.signal(number, raising(error))
    yield
    signal.signal(number, before)


class TestAnInterruption:
    """Whatever ends the calling thread's wait, nobody has to wait for a lease."""

    @pytest.mark.parametrize("missed", [False, True], ids=["in its wait", "beside its wait"])
    @pytest.mark.parametrize("error", [KeyboardInterrupt(), Interruption()], ids=repr)
    def test_by_a_signal_gives_claims_back(self, error: BaseException, *, missed: bool) -> None:
        """A signal while batches are decided: all come back at once, and the row says why.

        Also one that does not end the wait of the main thread: another thread receives it.
        """
        queue, log, over = with_posts(20), MemoryLog(), threading.Event()
        main = threading.get_ident()
        limits = Limits(batch_size=5, lease=timedelta(hours=1))
        together = threading.Barrier(2)

        def decide(claims: Sequence[Claim]) -> Sequence[Verdict[str]]:
            if together.wait(PATIENCE) == 0:
                receiver = threading.get_ident() if missed else main
                signal.pthread_kill(receiver, signal.SIGUSR1)
            over.wait(PATIENCE)
            unheard.append(claims)
            return everything_done(claims)

        unheard: list[Sequence[Claim]] = []
        with handled(signal.SIGUSR1, error), pytest.raises(type(error)):
            drain(ScriptedWorker(decide), queue, log, queue.clock, limits=limits)
        assert unheard == []
        over.set()
        assert untouched(queue, 20)
        (row,) = log.closed
        assert row.error is not None
        assert row.error.startswith(type(error).__name__)
        assert row.results["stop"] == "failed"

    @pytest.mark.parametrize("where", ["is_enabled", "claim", "store_hooks", "retry", "reject"])
    def test_at_any_call_gives_claims_back(self, where: str) -> None:
        """Interrupted while it claims or settles, a drain leaves nothing held."""
        queue, log, calls = with_posts(9), MemoryLog(), iter(range(100))

        def decide(claims: Sequence[Claim]) -> Sequence[Verdict[str]]:
            return [Done("A hook."), Retry("late", "It is."), Reject("odd", "It is.")]

        def interrupt() -> None:
            if next(calls) == 1:
                raise Interruption

        queue.before[where] = interrupt
        with pytest.raises(Interruption):
            drain(ScriptedWorker(decide), queue, log, queue.clock, limits=Limits(batch_size=3))
        assert all(work.token is None for work in works(queue))
        assert log.closed[0].error is not None

    def test_is_not_hidden_by_a_database_that_is_away(self) -> None:
        """When neither claims nor row can be seen to, the interruption still comes out."""
        queue, log = with_posts(2), MemoryLog()
        queue.before["give_back"] = log.before_finish = raising(AWAY)
        with pytest.raises(Interruption):
            drain(ScriptedWorker(), queue, log, queue.clock, on_batch=raising(Interruption()))
        assert log.closed == []


class TestADatabaseThatIsAway:
    """A database that does not answer ends the drain; the leases see to the rest."""

    @pytest.mark.parametrize("where", ["claim", "store_hooks", "is_enabled"])
    def test_ends_the_drain(self, where: str) -> None:
        """The error comes out, nothing more is asked of the queue, the row is closed if it can."""
        queue, log, calls = with_posts(9), MemoryLog(), iter(range(100))

        def away() -> None:
            if next(calls) == 1:
                raise AWAY

        queue.before[where] = away
        limits = Limits(batch_size=3, in_flight=2)
        with pytest.raises(DatabaseDown):
            drain(ScriptedWorker(), queue, log, queue.clock, limits=limits)
        assert queue.calls["give_back"] == 0
        assert log.closed[0].error == str(AWAY)

    def test_ends_the_drain_at_a_heart_beat_too(self) -> None:
        """A drain that cannot keep its claims alive stops."""
        queue, ended = with_posts(1), threading.Event()

        def decide(claims: Sequence[Claim]) -> Sequence[Verdict[str]]:
            queue.clock.sleep(20)
            ended.wait(PATIENCE)
            return everything_done(claims)

        queue.before["extend"] = raising(AWAY)
        limits = Limits(lease=timedelta(seconds=0.3))
        with pytest.raises(DatabaseDown):
            drain(ScriptedWorker(decide), queue, MemoryLog(), queue.clock, limits=limits)
        ended.set()

    def test_does_not_undo_a_drain_that_is_over(self) -> None:
        """Everything was committed: that the row cannot be closed is a warning."""
        queue, log = with_posts(3), MemoryLog()
        log.before_finish = raising(AWAY)
        assert drain(ScriptedWorker(), queue, log, queue.clock).totals()[Outcome.DONE] == 3


def test_what_a_person_must_mend_is_said_in_its_own_words() -> None:
    """A wrong setting ends the drain with that error; no post is charged."""
    queue, log = with_posts(10), MemoryLog()
    error = Misconfigured("the key", "it is refused", "Write another.")
    worker = ScriptedWorker(raising(error))
    with pytest.raises(Misconfigured):
        drain(worker, queue, log, queue.clock, limits=Limits(batch_size=5))
    assert untouched(queue, 10)
    assert log.closed[0].error == str(error)
