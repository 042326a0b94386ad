"""Find the bad items of a batch without paying for every item again."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator, Sequence
from math import ceil, log2
from typing import Any, TypeVar

from linkedin_pipeline.domain.errors import PipelineError, Rejected
from linkedin_pipeline.domain.work import Claim, Reject, Retry, Stage, Verdict
from linkedin_pipeline.workers.stages import PostWorker

T = TypeVar("T")
R = TypeVar("R")

logger = logging.getLogger(__name__)


def decide_all(worker: PostWorker[Any], claims: Sequence[Claim]) -> Sequence[Verdict[Any]]:
    """Return one verdict a claim, in order; posts that spoil their batch are found and judged.

    Raises:
        PipelineError: no post is at fault; `ProviderDown`, for one.
        Exception: everything failed; see `isolate`.
    """

    def decide(some: Sequence[Claim]) -> Sequence[Verdict[Any]]:
        verdicts = worker.decide(some)
        if len(verdicts) != len(some):
            raise ValueError(f"{len(verdicts)} verdicts for {len(some)} claims")
        return verdicts

    verdicts: list[Verdict[Any]] = []
    for part, result in isolate(claims, decide):
        if isinstance(result, Exception):
            verdicts.append(blame(worker.stage, part[0], result))
        else:
            verdicts.extend(result)
    return verdicts


def isolate(
    items: Sequence[T], attempt: Callable[[Sequence[T]], R]
) -> Iterator[tuple[Sequence[T], R | Exception]]:
    """Attempt all items at once; halve what fails, until the bad ones stand alone.

    Yields the parts, in order, each as soon as it is done with what the attempt returned; a bad
    item comes alone, with its exception.  One bad item among n costs 2·log2(n) + 1 more attempts
    at most, any number of them 2·n.

    Raises:
        PipelineError: at once, unless it is `Rejected`: no item is at fault.
        Exception: nothing at all worked in 3·log2(n) attempts, which a handful of bad items do
            not explain: a bug.  Five items or fewer are taken to be all bad instead.
    """
    bearable = 3 * ceil(log2(len(items) + 1))
    failures, anything_worked = 0, False
    waiting = [items] if items else []
    while waiting:
        part = waiting.pop()
        try:
            result = attempt(part)
        except Exception as error:
            if not isinstance(error, Rejected):
                failures += 1
                bug = failures > bearable and not anything_worked
                if bug or isinstance(error, PipelineError):
                    raise
            if len(part) == 1:
                yield part, error
            else:
                middle = len(part) // 2
                waiting += [part[middle:], part[:middle]]
        else:
            anything_worked = True
            yield part, result


def blame(stage: Stage, claim: Claim, error: Exception) -> Reject | Retry:
    """Return the verdict on a post that failed alone."""
    if isinstance(error, Rejected):
        return Reject(error.code, str(error))
    logger.warning("%s.failed post=%s error=%s", stage, claim.post_id, sketch(error))
    return Retry("unexpected", f"{type(error).__name__} while this post was worked on")


def sketch(error: BaseException) -> str:
    """Name an error that nobody expected and its place; its message may quote a post."""
    name = type(error).__name__
    for frame, line in traceback.walk_tb(error.__traceback__):
        place = f"{frame.f_globals.get('__name__')}:{line}"
        name = f"{type(error).__name__} at {place}"
    return name
