"""What a run does for one stage: drain what is flagged on its days, then look at what it wrote."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import dagster as dg

from linkedin_pipeline.database.batches import AnsweredQueue
from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.flags import raise_flags
from linkedin_pipeline.database.log import PostgresWorkLog
from linkedin_pipeline.database.overview import usage_of_run
from linkedin_pipeline.database.queue import PostgresWorkQueue
from linkedin_pipeline.database.written import check_written
from linkedin_pipeline.defs.batches import BATCH_TAG, has_batches, submit_due
from linkedin_pipeline.defs.partitions import day_range
from linkedin_pipeline.domain.work import Outcome, Stage
from linkedin_pipeline.wiring import Providers
from linkedin_pipeline.workers.engine import Limits, drain
from linkedin_pipeline.workers.report import DrainReport
from linkedin_pipeline.workers.stages import PostWorker

FORCE_TAG = "linkedin/force"
"""With the value ``true`` a run flags its days again before it drains them."""
MAX_POSTS_TAG = "linkedin/max-posts"
"""How many posts a run may take in each stage."""

CHECKS: Mapping[Stage, tuple[str, str]] = {
    Stage.HOOKS: (
        "hooks_are_verbatim",
        "Each hook just written stands in its post word for word, with at most 300 characters.",
    ),
    Stage.EMBEDDINGS: (
        "vectors_are_sound",
        "Each vector just written has 1,536 finite numbers and norm 1, and search can see it.",
    ),
    Stage.HOOK_CLASSIFICATIONS: (
        "hook_types_are_active",
        "Each hook type just written is an active row of `hook_types`.",
    ),
    Stage.TOPIC_CLASSIFICATIONS: (
        "topics_are_active",
        "Each topic just written is an active row of `topics`.",
    ),
    Stage.AUDIENCE_CLASSIFICATIONS: (
        "audiences_are_active",
        "Each audience just written is an active row of `audiences`.",
    ),
}


def check_spec(stage: Stage) -> dg.AssetCheckSpec:
    """Return the check that every run of a stage makes on the rows it wrote."""
    name, description = CHECKS[stage]
    return dg.AssetCheckSpec(name, asset=str(stage), description=description)


def work_off(
    context: dg.AssetExecutionContext,
    providers: Providers,
    database: Database,
    worker: PostWorker[Any],
) -> dg.AssetCheckResult:
    """Drain one stage on the run's days, record the numbers of each day, check what was written."""
    stage, days = worker.stage, day_range(context)
    if context.run.tags.get(FORCE_TAG) == "true":
        context.log.info("%s.flagged_again posts=%d", stage, raise_flags(database, stage, days))
    limits, mode = _limits(context, providers), context.run.tags.get(BATCH_TAG)
    batched = 0
    if mode == "true":
        batched = submit_due(context, providers, database, stage, days, limits.max_posts)
    # a bound on posts is one on what is paid for: others must not be asked about at full price
    answered = mode is not None and limits.max_posts is not None and has_batches(providers, stage)
    report = drain(
        worker,
        AnsweredQueue(database) if answered else PostgresWorkQueue(database),
        PostgresWorkLog(database),
        providers.clock,
        days=days,
        limits=limits,
        run_id=context.run.run_id,
    )
    context.log.info("%s.drained %s", stage, report.results())
    tokens, cost = usage_of_run(database, context.run.run_id, stage)
    of_run = {"model": worker.model, "run_tokens": tokens, "run_cost_usd": cost}
    if batched:
        of_run["run_put_into_batches"] = batched
    for day in context.partition_keys:
        numbers = {**_of_day(report, day), **of_run}
        context.add_asset_metadata(numbers, asset_key=str(stage), partition_key=day)
    written = check_written(database, stage, list(report.written))
    return dg.AssetCheckResult(
        asset_key=str(stage),
        check_name=CHECKS[stage][0],
        passed=written.bad == 0,
        metadata={
            "checked": written.checked,
            "bad": written.bad,
            **({"example": str(written.example)} if written.example else {}),
        },
    )


def _limits(context: dg.AssetExecutionContext, providers: Providers) -> Limits:
    most = context.run.tags.get(MAX_POSTS_TAG)
    return replace(providers.limits, max_posts=int(most)) if most else providers.limits


def _of_day(report: DrainReport, day: str) -> Mapping[str, Any]:
    """Return the numbers of one day; those named run_… belong to the run as a whole.

    A day's seconds are its posts' share of the run's.
    """
    counts = report.days.get(date.fromisoformat(day), Counter[Outcome]())
    posts = {str(outcome): counts[outcome] for outcome in Outcome}
    totals = report.totals()
    table = [
        "| | this day | the run |",
        "|---|--:|--:|",
        *(f"| {o} | {posts[str(o)]} | {totals[o]} |" for o in Outcome),
    ]
    return {
        **posts,
        "posts": sum(posts.values()),
        "seconds": round(report.seconds * sum(posts.values()) / max(sum(totals.values()), 1), 3),
        "run_posts": sum(totals.values()),
        "run_seconds": round(report.seconds, 3),
        "run_compute_seconds": round(report.spent["compute"], 3),
        "run_database_seconds": round(report.spent["database"], 3),
        "run_ended": str(report.stop) + (f": {report.reason}" if report.reason else ""),
        "counts": dg.MetadataValue.md("\n".join(table)),
    }
