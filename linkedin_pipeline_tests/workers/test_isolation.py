"""Finding the bad items of a batch."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import date
from math import ceil, log2
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkedin_pipeline.domain.errors import Misconfigured, ProviderDown, Rejected
from linkedin_pipeline.domain.work import Claim, Done, Reject, Retry, Verdict
from linkedin_pipeline.workers.isolation import decide_all, isolate, sketch
from linkedin_pipeline_tests.workers.scripted import ScriptedWorker, everything_done

DOWN = ProviderDown("the provider", "it is down", "Wait.")
REFUSED = Rejected("refused", "the provider", "it refuses this", "Write something else.")


class Attempts:
    """An attempt that fails for parts with a bad item; counts how often it was made."""

    def __init__(self, bad: set[int], error: Callable[[], Exception]) -> None:
        self.bad = bad
        self.error = error
        self.number = 0

    def __call__(self, part: Sequence[int]) -> list[int]:
        """Return the part, or fail."""
        self.number += 1
        if self.bad.intersection(part):
            raise self.error()
        return list(part)


def unexpected() -> Exception:
    """Return an error that nobody expected."""
    return ValueError("nobody expected this")


def refused() -> Exception:
    """Return a refusal of one item."""
    return REFUSED


def found(size: int, attempts: Attempts) -> set[int]:
    """Isolate a batch; check that all items came back in order, and return those that failed."""
    results = list(isolate(range(size), attempts))
    assert [item for part, _ in results for item in part] == list(range(size))
    failed = [part for part, result in results if isinstance(result, Exception)]
    assert all(len(part) == 1 for part in failed)
    assert all(
        list(part) == result for part, result in results if not isinstance(result, Exception)
    )
    return {part[0] for part in failed}


@pytest.mark.parametrize("error", [unexpected, refused])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 100])
def test_one_bad_item_is_found_in_logarithmic_attempts(
    size: int, error: Callable[[], Exception]
) -> None:
    """Wherever it stands, one bad item costs at most 2·log2(n) + 1 attempts more."""
    for bad in range(size):
        attempts = Attempts({bad}, error)
        assert found(size, attempts) == {bad}
        assert attempts.number <= 1 + 2 * log2(size) + 1


def test_a_good_batch_is_attempted_once() -> None:
    """Without a fault there is one attempt, and without items there is none."""
    attempts = Attempts(set(), unexpected)
    assert found(100, attempts) == set()
    assert attempts.number == 1
    assert found(0, attempts) == set()
    assert attempts.number == 1


@given(st.integers(1, 60).flatmap(lambda n: st.tuples(st.just(n), st.sets(st.integers(0, n - 1)))))
def test_any_number_of_refused_items_is_found(case: tuple[int, set[int]]) -> None:
    """Refusals are about items, however many: exactly those are found, within 2·n attempts."""
    size, bad = case
    attempts = Attempts(bad, refused)
    assert found(size, attempts) == bad
    assert attempts.number < 2 * size


@pytest.mark.parametrize("bad", [set(range(5)), set(range(95, 100)), set(range(0, 100, 3))])
def test_unexpected_errors_of_some_items_are_found(bad: set[int]) -> None:
    """As long as something works the fault is in the items."""
    assert found(100, Attempts(bad, unexpected)) == bad


@pytest.mark.parametrize("size", [8, 20, 100, 500])
def test_when_nothing_works_it_is_a_bug(size: int) -> None:
    """The error comes out after a number of attempts that a person can wait for."""
    attempts = Attempts(set(range(size)), unexpected)
    with pytest.raises(ValueError, match="nobody expected this"):
        list(isolate(range(size), attempts))
    assert attempts.number <= 3 * ceil(log2(size + 1)) + 1


def test_a_few_items_alone_are_taken_to_be_bad() -> None:
    """In a batch of five a bug cannot be told from bad items, so each is judged alone."""
    assert found(5, Attempts(set(range(5)), unexpected)) == set(range(5))


@pytest.mark.parametrize("error", [DOWN, Misconfigured("a key", "it is wrong", "Mend it.")])
def test_other_expected_errors_are_nobodys_fault(error: Exception) -> None:
    """An outage, or a setting that is wrong, comes out at once."""
    attempts = Attempts({50}, lambda: error)
    with pytest.raises(type(error)):
        list(isolate(range(100), attempts))
    assert attempts.number == 1


def claims_of(*texts: str) -> list[Claim]:
    """Return a claim a text."""
    return [Claim(uuid4(), n, date(2025, 3, 3), 1, 0, text) for n, text in enumerate(texts)]


def failing_on(word: str, error: Callable[[str], Exception]) -> ScriptedWorker:
    """Return a worker that fails for batches with the word."""

    def decide(claims: Sequence[Claim]) -> Sequence[Verdict[str]]:
        for claim in claims:
            if word in claim.content:
                raise error(claim.content)
        return everything_done(claims)

    return ScriptedWorker(decide)


def test_a_refused_post_is_rejected_with_the_reason() -> None:
    """The refusal's code and text become the verdict; the others are done, in order."""
    claims = claims_of("one", "bad", "three")
    verdicts = decide_all(failing_on("bad", lambda _text: REFUSED), claims)
    assert verdicts == [
        Done("The hook of: one"),
        Reject("refused", str(REFUSED)),
        Done("The hook of: three"),
    ]


def test_an_unexpected_error_is_tried_again_and_quotes_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The post that sets a bug off gets another try; neither verdict nor log has its text."""
    caplog.set_level(logging.DEBUG)
    claims = claims_of("one", "bad: between us", "three")
    verdicts = decide_all(failing_on("bad", lambda text: ValueError(f"odd: {text}")), claims)
    assert isinstance(verdicts[1], Retry)
    assert "ValueError" in verdicts[1].reason
    assert str(claims[1].post_id) in caplog.text
    assert "ValueError at linkedin_pipeline_tests.workers.test_isolation:" in caplog.text
    assert "between us" not in caplog.text + str(verdicts[1])


def test_too_few_verdicts_are_a_failure() -> None:
    """A worker that loses a verdict fails, instead of giving posts each other's values."""
    claims = claims_of(*(f"post {n}" for n in range(10)))
    with pytest.raises(ValueError, match=r"\d verdicts for \d+ claims"):
        decide_all(ScriptedWorker(lambda some: everything_done(some)[1:]), claims)


def test_a_sketch_has_kind_and_place_only() -> None:
    """An error is described without its message; one that was never raised has no place."""
    try:
        raise KeyError("a private text")
    except KeyError as error:
        said = sketch(error)
    assert said.startswith(f"KeyError at {__name__}:")
    assert "private" not in said
    assert sketch(KeyError("a private text")) == "KeyError"
