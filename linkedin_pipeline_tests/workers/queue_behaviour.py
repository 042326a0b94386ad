"""What every work queue does: one suite, run against each implementation of the port.

A test class inherits it and has a fixture ``bank``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from uuid import UUID

import pytest

from linkedin_pipeline.domain.work import Claim, DayRange, Reject, Settled, Stage
from linkedin_pipeline_tests.workers.bank import (
    EMBEDDINGS,
    HALF_LEASE,
    HOOKS,
    LEASE,
    MODEL,
    NOW,
    PAST_LEASE,
    Bank,
    posts,
    put_back,
    reject,
    retry,
    store,
    take,
    take_one,
    taken_over,
    value,
)

MONDAY, TUESDAY, WEDNESDAY = date(2025, 3, 3), date(2025, 3, 4), date(2025, 3, 5)

STALE: dict[str, Callable[[Bank, Stage, UUID], None]] = {
    "the text was edited": lambda bank, _stage, post: bank.edit(post, "Another text."),
    "somebody wrote the value": lambda bank, stage, post: bank.write(stage, post),
    "the flag was lowered": lambda bank, stage, post: bank.flag(stage, post, up=False),
    "it was taken over": taken_over,
    "the post was deleted": lambda bank, _stage, post: bank.delete(post),
}
SETTLE = {"store": store, "retry": retry, "reject": reject}

each_stage = pytest.mark.parametrize("stage", [HOOKS, EMBEDDINGS], ids=str)
each_end = pytest.mark.parametrize("end", SETTLE.values(), ids=SETTLE)
each_cause = pytest.mark.parametrize("go_stale", STALE.values(), ids=STALE)
End = Callable[[Bank, Stage, Sequence[Claim]], Settled]


class QueueBehaviour:
    """The suite."""

    def test_a_claim_says_what_the_work_is(self, bank: Bank) -> None:
        """A claim names post, day and text, and starts at attempt one."""
        post = bank.add("A post about hiring.", MONDAY)
        claim = take_one(bank)
        assert (claim.post_id, claim.day, claim.content) == (post, MONDAY, "A post about hiring.")
        assert (claim.attempt, claim.takeovers, claim.hook) == (1, 0, None)

    def test_the_newest_day_is_in_every_claim(self, bank: Bank) -> None:
        """A limited claim has the newest day's post, and the next one what is left."""
        old, new, newest = (bank.add(f"Of {day}.", day) for day in (MONDAY, TUESDAY, WEDNESDAY))
        first = posts(take(bank, limit=2))
        assert newest in first
        assert posts(take(bank, limit=2)) == {old, new, newest} - first

    def test_what_is_due_longest_comes_first_within_a_day(self, bank: Bank) -> None:
        """Work that was put back queues behind the other work of its day."""
        bank.add("One.", MONDAY)
        bank.add("Two.", MONDAY)
        (first,) = take(bank, limit=1)
        bank.pass_time(timedelta(seconds=1))
        put_back(bank, HOOKS, [first])
        (second,) = take(bank, limit=1)
        assert second.post_id != first.post_id

    def test_a_range_of_days_has_both_its_ends(self, bank: Bank) -> None:
        """A claim confined to days takes the first and the last of them, and no other."""
        days = {day: bank.add(f"Of {day}.", day) for day in (MONDAY, TUESDAY, WEDNESDAY)}
        first_two = bank.queue.claim(HOOKS, 100, DayRange(MONDAY, TUESDAY), LEASE)
        assert posts(first_two) == {days[MONDAY], days[TUESDAY]}
        last = bank.queue.claim(HOOKS, 100, DayRange(WEDNESDAY, WEDNESDAY), LEASE)
        assert posts(last) == {days[WEDNESDAY]}

    def test_two_claimers_never_share(self, bank: Bank) -> None:
        """What one claimer holds no other gets, and every token is new."""
        for number in range(6):
            bank.add(f"Post {number}.", MONDAY)
        claims = [claim for _ in range(4) for claim in take(bank, limit=2)]
        assert len(claims) == len(posts(claims)) == 6
        assert len({claim.token for claim in claims}) == 6

    def test_stages_do_not_stand_in_each_others_way(self, bank: Bank) -> None:
        """Two stages hold one post at once, and neither's claim settles the other's work."""
        post = bank.add("A post.", MONDAY)
        hooks, embeddings = take_one(bank, HOOKS), take_one(bank, EMBEDDINGS)
        assert hooks.post_id == embeddings.post_id == post
        assert store(bank, HOOKS, [embeddings]) == Settled()
        assert bank.value(HOOKS, post) is None
        assert store(bank, EMBEDDINGS, [embeddings]).held == {post}
        assert store(bank, HOOKS, [hooks]).held == {post}

    @each_stage
    def test_done_work_is_written_and_over(self, bank: Bank, stage: Stage) -> None:
        """Storing writes the value, lowers the flag and ends the claim."""
        post = bank.add("A post.", MONDAY)
        claim = take_one(bank, stage)
        assert store(bank, stage, [claim], 7) == Settled(held=frozenset({post}))
        assert bank.value(stage, post) == value(stage, 7)
        assert not bank.is_flagged(stage, post)
        bank.pass_time(PAST_LEASE)
        assert take(bank, stage) == []

    def test_vectors_are_stored_with_their_model(self, bank: Bank) -> None:
        """The model's name is kept beside the vector."""
        post = bank.add("A post.", MONDAY)
        store(bank, EMBEDDINGS, [take_one(bank, EMBEDDINGS)])
        assert bank.model(EMBEDDINGS, post) == MODEL

    @each_stage
    def test_each_post_gets_its_own_value(self, bank: Bank, stage: Stage) -> None:
        """In a batch that is partly stale the values still go to the right posts."""
        for number in range(4):
            bank.add(f"Post {number}.", MONDAY)
        claims = take(bank, stage)
        stale = claims[1].post_id
        bank.edit(stale, "Another text.")
        assert store(bank, stage, claims).held == posts(claims) - {stale}
        for number, claim in enumerate(claims):
            expected = None if claim.post_id == stale else value(stage, number)
            assert bank.value(stage, claim.post_id) == expected

    def test_a_stored_hook_is_classified_next(self, bank: Bank) -> None:
        """Hook classification is due once there is a hook, and its claim carries it."""
        bank.add("A post.", MONDAY)
        assert take(bank, Stage.HOOK_CLASSIFICATIONS) == []
        store(bank, HOOKS, [take_one(bank)], 3)
        assert take_one(bank, Stage.HOOK_CLASSIFICATIONS).hook == value(HOOKS, 3)

    @each_end
    @each_stage
    @each_cause
    def test_stale_claims_settle_nothing(
        self, bank: Bank, stage: Stage, end: End, go_stale: Callable[[Bank, Stage, UUID], None]
    ) -> None:
        """However a claim went stale, however it is settled: nothing is written."""
        post = bank.add("A post.", MONDAY)
        claim = take_one(bank, stage)
        go_stale(bank, stage, post)
        if go_stale is STALE["the post was deleted"]:
            assert end(bank, stage, [claim]) == Settled()
            return
        before = (bank.value(stage, post), bank.is_flagged(stage, post), take(bank, stage))
        assert end(bank, stage, [claim]) == Settled()
        assert bank.value(stage, post) == before[0]
        assert bank.is_flagged(stage, post) == before[1]
        assert take(bank, stage) == []
        assert bank.dead_letters(post) == []

    @each_end
    def test_a_released_claim_is_stale(self, bank: Bank, end: End) -> None:
        """Whose claim was released by hand can no longer settle it, and the work is due at once."""
        post = bank.add("A post.", MONDAY)
        claim = take_one(bank, EMBEDDINGS)
        bank.release(post)
        assert end(bank, EMBEDDINGS, [claim]) == Settled()
        assert bank.dead_letters(post) == []
        again = take_one(bank, EMBEDDINGS)
        assert (again.attempt, again.takeovers) == (1, 0)

    @each_end
    @each_stage
    def test_a_settled_claim_is_stale(self, bank: Bank, stage: Stage, end: End) -> None:
        """Settling twice, as when an answer was lost, writes nothing the second time."""
        post = bank.add("A post.", MONDAY)
        claim = take_one(bank, stage)
        store(bank, stage, [claim], 1)
        assert end(bank, stage, [claim]) == Settled()
        assert bank.value(stage, post) == value(stage, 1)
        assert bank.dead_letters(post) == []

    def test_saving_the_same_text_ends_no_claim(self, bank: Bank) -> None:
        """An update that changes nothing leaves work in flight alone."""
        post = bank.add("A post.", MONDAY)
        claim = take_one(bank)
        bank.edit(post, "A post.")
        assert store(bank, HOOKS, [claim]).held == {post}

    def test_an_edited_post_is_due_anew(self, bank: Bank) -> None:
        """After an edit the next claim has the new text, and its attempts count from one."""
        post = bank.add("A post.", MONDAY)
        take(bank)
        bank.pass_time(PAST_LEASE)
        take(bank)
        bank.edit(post, "Another text.")
        claim = take_one(bank)
        assert (claim.content, claim.attempt, claim.takeovers) == ("Another text.", 1, 0)

    def test_a_lease_that_ends_is_a_takeover(self, bank: Bank) -> None:
        """Work is nobody else's before its lease ends; then it is claimed again, and counted."""
        bank.add("A post.", MONDAY)
        take(bank)
        bank.pass_time(HALF_LEASE)
        assert take(bank) == []
        bank.pass_time(HALF_LEASE)
        claim = take_one(bank)
        assert (claim.attempt, claim.takeovers) == (2, 1)
        bank.pass_time(PAST_LEASE)
        assert take_one(bank).takeovers == 2

    @each_stage
    def test_a_late_claim_stands_until_it_is_taken_over(self, bank: Bank, stage: Stage) -> None:
        """A lease that ended while nobody was waiting costs nothing."""
        post = bank.add("A post.", MONDAY)
        claim = take_one(bank, stage)
        bank.pass_time(PAST_LEASE)
        assert store(bank, stage, [claim]).held == {post}

    def test_a_heart_beat_keeps_a_claim(self, bank: Bank) -> None:
        """An extended claim is not taken over when its first lease would have ended."""
        post = bank.add("A post.", MONDAY)
        claim = take_one(bank)
        for _ in range(3):
            bank.pass_time(HALF_LEASE)
            bank.queue.extend(HOOKS, [claim], LEASE)
        assert take(bank) == []
        assert store(bank, HOOKS, [claim]).held == {post}

    def test_a_heart_beat_extends_no_other_claim(self, bank: Bank) -> None:
        """The heart-beat of a claim that was taken over does not prolong its successor's lease."""
        bank.add("A post.", MONDAY)
        zombie = take_one(bank)
        bank.pass_time(PAST_LEASE)
        take(bank)
        bank.pass_time(HALF_LEASE)
        bank.queue.extend(HOOKS, [zombie], LEASE)
        bank.pass_time(HALF_LEASE)
        assert take_one(bank).takeovers == 2

    def test_a_heart_beat_holds_no_work_that_was_put_back(self, bank: Bank) -> None:
        """After it was put back, a claim's heart-beat takes nothing."""
        bank.add("A post.", MONDAY)
        claim = take_one(bank)
        put_back(bank, HOOKS, [claim])
        bank.queue.extend(HOOKS, [claim], LEASE)
        assert len(take(bank)) == 1

    def test_a_retry_waits_for_its_delay(self, bank: Bank) -> None:
        """Each post is due after its own delay, and the attempt is charged."""
        bank.add("One.", MONDAY)
        bank.add("Two.", MONDAY)
        soon, late = take(bank)
        delays = [timedelta(seconds=10), timedelta(seconds=60)]
        assert bank.queue.retry(HOOKS, [soon, late], delays, charge=True).held == posts(
            (soon, late)
        )
        assert take(bank) == []
        bank.pass_time(timedelta(seconds=11))
        claim = take_one(bank)
        assert (claim.post_id, claim.attempt, claim.takeovers) == (soon.post_id, 2, 0)
        bank.pass_time(timedelta(seconds=50))
        assert late.post_id in posts(take(bank))

    def test_work_that_is_given_back_is_not_charged(self, bank: Bank) -> None:
        """Uncharged, the next claim is the same attempt; what died before is remembered."""
        bank.add("A post.", MONDAY)
        take(bank)
        bank.pass_time(PAST_LEASE)
        claim = take_one(bank)
        assert bank.queue.retry(HOOKS, [claim], [NOW], charge=False).held == {claim.post_id}
        again = take_one(bank)
        assert (again.attempt, again.takeovers) == (claim.attempt, 1)
        assert bank.is_flagged(HOOKS, claim.post_id)

    @each_stage
    def test_rejected_work_becomes_one_dead_letter(self, bank: Bank, stage: Stage) -> None:
        """Rejecting lowers the flag, keeps one letter with its reason, and writes no value."""
        post = bank.add("A post.", MONDAY)
        claim = take_one(bank, stage)
        verdict = Reject("no_words", "Nothing can be read.")
        assert bank.queue.reject(stage, [claim], [verdict], None).held == {post}
        assert bank.queue.reject(stage, [claim], [verdict], None) == Settled()
        assert bank.dead_letters(post) == [(stage, "no_words", "Nothing can be read.")]
        assert not bank.is_flagged(stage, post)
        assert bank.value(stage, post) is None
        bank.pass_time(PAST_LEASE)
        assert take(bank, stage) == []

    @each_stage
    def test_a_dead_letter_can_be_tried_again(self, bank: Bank, stage: Stage) -> None:
        """Raising the flag takes the letter back, and attempts count from one."""
        post = bank.add("A post.", MONDAY)
        take(bank, stage)
        bank.pass_time(PAST_LEASE)
        reject(bank, stage, take(bank, stage))
        bank.flag(stage, post, up=True)
        claim = take_one(bank, stage)
        assert (claim.attempt, claim.takeovers) == (1, 0)
        assert bank.dead_letters(post) == []

    @pytest.mark.parametrize("end", [store, reject], ids=["store", "reject"])
    @each_stage
    def test_a_locked_post_is_busy(self, bank: Bank, stage: Stage, end: End) -> None:
        """What somebody has locked is left as it is, stays claimed, and can be settled later."""
        free, busy = (bank.add(f"Post {number}.", MONDAY) for number in range(2))
        claims = take(bank, stage)
        with bank.locked(busy):
            assert end(bank, stage, claims) == Settled(frozenset({free}), frozenset({busy}))
        assert bank.is_flagged(stage, busy)
        assert bank.dead_letters(busy) == []
        assert take(bank, stage) == []
        assert end(bank, stage, claims) == Settled(held=frozenset({busy}))

    def test_a_locked_post_can_be_claimed_kept_and_given_back(self, bank: Bank) -> None:
        """Claims, heart-beats and retries do not touch the post that somebody has locked."""
        post = bank.add("A post.", MONDAY)
        with bank.locked(post):
            claim = take_one(bank)
            bank.pass_time(HALF_LEASE)
            bank.queue.extend(HOOKS, [claim], LEASE)
            bank.pass_time(HALF_LEASE)
            assert take(bank) == []
            assert bank.queue.retry(HOOKS, [claim], [NOW], charge=True).held == {post}

    def test_a_switched_off_stage_says_so(self, bank: Bank) -> None:
        """Each stage has a switch of its own."""
        assert all(bank.queue.is_enabled(stage) for stage in Stage)
        bank.switch(EMBEDDINGS, on=False)
        assert [stage for stage in Stage if not bank.queue.is_enabled(stage)] == [EMBEDDINGS]
        bank.switch(EMBEDDINGS, on=True)
        assert bank.queue.is_enabled(EMBEDDINGS)
