"""Health checks: whether the pipeline as a whole keeps up, looked at also when nothing runs.

They belong to ``viral_posts_bank``, which has no partitions, so that one run looks at everything.
Dagster reads the annotations when it decorates, so they must not be postponed.
"""

from collections.abc import Sequence

import dagster as dg

from linkedin_pipeline.database import health, models, spending
from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.defs.cascade_health import neighbours_agree_with_the_model
from linkedin_pipeline.defs.enrichment import ENRICHMENT_ASSETS, viral_posts_bank
from linkedin_pipeline.defs.findings import Finding, health_check, table
from linkedin_pipeline.defs.sync_health import profiles_are_read
from linkedin_pipeline.wiring import Providers

MOST_DEAD_PERCENT = 1.0
FEWEST_DEAD = 5
MOST_DISTANCE = 0.35
FEWEST_LABELLED = 50


@health_check(
    dg.AssetCheckSeverity.ERROR,
    """Fails when flagged work lay free for more than 15 minutes. Then see that the daemon runs and
    that sensor needs_flags ticks, and read its newest runs. Work of workers that are switched off
    may wait.""",
)
def nothing_overdue(_: Providers, database: Database) -> Finding:
    """Look for free work that nobody took up."""
    found = health.overdue(database, list(ENRICHMENT_ASSETS))
    late = {work.stage: work for work in found if work.enabled}
    oldest = max((work.oldest_minutes for work in late.values()), default=0.0)
    trouble = None
    if late:
        names = ", ".join(f"{stage} ({_at_least(late[stage].posts)})" for stage in sorted(late))
        trouble = (
            f"Due for up to {oldest:.0f} minutes and not taken up: {names}. See that the daemon "
            "runs and sensor needs_flags ticks, and read its newest runs."
        )
    return Finding(
        trouble,
        {
            "overdue_posts": sum(work.posts for work in late.values()),
            "oldest_minutes": round(oldest, 1),
            "switched_off_posts": sum(work.posts for work in found if not work.enabled),
            **{str(work.stage): work.posts for work in found},
        },
    )


def _at_least(number: int) -> str:
    return f"{number} or more" if number >= health.MOST_OVERDUE else str(number)


@health_check(
    dg.AssetCheckSeverity.WARN,
    """Fails when posts have a lowered flag, no value and no dead letter: nothing will ever work on
    them. Then raise the flag of those posts, or lower it knowingly together with a dead letter, and
    find out what lowered it.""",
)
def nothing_lost(_: Providers, database: Database) -> Finding:
    """Look for posts that fell through."""
    percent = health.readable_percent(database)
    lost = health.lost_work(database, percent)
    number = sum(stage.posts for stage in lost)
    trouble = None
    if lost:
        more = " or more" if number >= health.MOST_LOST else ""
        examples = ", ".join(f"{stage.stage} of {stage.example}" for stage in lost)
        trouble = (
            f"{number}{more} values are missing and nothing asks for them, for example {examples}. "
            "Raise the flag of those posts, and find out what lowered it."
        )
    return Finding(
        trouble,
        {
            "lost_values": number,
            "read_percent": round(percent, 1),
            **{str(stage.stage): stage.posts for stage in lost},
        },
    )


@health_check(
    dg.AssetCheckSeverity.WARN,
    f"""Fails when more than {MOST_DEAD_PERCENT:g} % of the posts, and at least {FEWEST_DEAD}, have
    a dead letter. Then read the reasons in ai_errors, mend the cause, and raise the flags of the
    posts that deserve another try.""",
)
def few_dead_letters(_: Providers, database: Database) -> Finding:
    """Count what was given up."""
    share = health.dead_letter_share(database)
    trouble = None
    if share.posts >= FEWEST_DEAD and share.percent > MOST_DEAD_PERCENT:
        worst = share.groups[0]
        trouble = (
            f"{share.posts} of {share.bank} posts have a dead letter, most of them {worst.code} in "
            f"{worst.stage} ({worst.number}). Read the reasons in ai_errors, mend the cause, and "
            "raise the flags of the posts that deserve another try."
        )
    rows = [(str(group.stage), group.code, group.number) for group in share.groups]
    return Finding(
        trouble,
        {
            "dead_posts": share.posts,
            "dead_percent": round(share.percent, 3),
            "posts": share.bank,
            "reasons": table(("stage", "reason", "dead letters"), rows),
        },
    )


@health_check(
    dg.AssetCheckSeverity.WARN,
    f"""Fails when the labels of the last 7 days differ from those of the 28 days before by more
    than {MOST_DISTANCE} (total variation distance) and by more than chance explains, with at least
    {FEWEST_LABELLED} labelled posts on each side. Then read a few posts with the label that moved
    most: were other posts imported, was the taxonomy edited, or does the classifier drift?""",
)
def steady_label_mix(_: Providers, database: Database) -> Finding:
    """Compare the labels given lately with their history."""
    percent = health.readable_percent(database)
    troubles: list[str] = []
    numbers: dict[str, int | float | str | dg.MetadataValue] = {"read_percent": round(percent, 1)}
    for mix in health.label_mixes(database, percent):
        recent, before = mix.sizes
        numbers |= {f"{mix.stage}_recent": recent, f"{mix.stage}_before": before}
        if min(recent, before) < FEWEST_LABELLED:
            continue
        label, move = next(iter(mix.moves.items()))
        numbers |= {
            f"{mix.stage}_distance": round(mix.distance, 3),
            f"{mix.stage}_chance": round(mix.chance, 3),
            f"{mix.stage}_moved_most": f"{label} ({move:+.0%})",
        }
        if mix.distance > max(MOST_DISTANCE, mix.chance):
            troubles.append(
                f"{mix.stage} moved by {mix.distance:.2f}, most of all {label} ({move:+.0%})"
            )
    if not troubles:
        return Finding(None, numbers)
    advice = (
        "Read a few posts with these labels: were other posts imported, was the taxonomy edited, "
        "or does the classifier drift?"
    )
    return Finding(f"{'; '.join(troubles)}. {advice}", numbers)


@health_check(
    dg.AssetCheckSeverity.ERROR,
    """Fails when a drain stopped beating in the last hour, or did and its log is still open; one
    that SQL callers log, which never beats, when nobody ended it for six hours. Its posts are taken
    up again by themselves. Then read its run: was it killed, out of memory, or did the computer
    sleep?""",
)
def no_dead_drain(_: Providers, database: Database) -> Finding:
    """Look for drains that died without a word."""
    dead = health.dead_drains(database)
    trouble = None
    if dead:
        newest = dead[0]
        trouble = (
            f"{len(dead)} drains died, the last of {newest.worker} in {_run(newest)}. Their "
            "posts are taken up again. Read the run: was it killed, out of memory, or did the "
            "computer sleep? Logs that stay open mean that sensor run_failures does not tick."
        )
    rows = [
        (drain.worker, drain.run_id, f"{drain.last_beat:%Y-%m-%d %H:%M} UTC", drain.closed)
        for drain in dead
    ]
    return Finding(
        trouble,
        {
            "dead_drains": len(dead),
            "open_logs": sum(not drain.closed for drain in dead),
            "drains": table(("worker", "run", "last beat", "log closed"), rows),
        },
    )


def _run(drain: health.DeadDrain) -> str:
    return f"run {drain.run_id}" if drain.run_id else "no run, as SQL callers have none"


@health_check(
    dg.AssetCheckSeverity.WARN,
    f"""Fails when the search misses more than {1 - models.LEAST_RECALL:.0%} of the true ten nearest
    posts, for any kind of filter; measured once a day with {models.SAMPLES} stored vectors, and
    again each time while it fails. Then rebuild the graph: reindex index concurrently
    post_vectors_odd (or _even, as the id of the serving model is).""",
)
def search_finds_the_nearest(_: Providers, database: Database) -> Finding:
    """Compare the search with exact scans."""
    found = models.daily_recall(database)
    poor = [one for one in found if one.recall < models.LEAST_RECALL]
    trouble = None
    if poor:
        named = ", ".join(f"{one.recall:.3f} with filter {one.filter}" for one in poor)
        trouble = (
            f"Recall at 10 is {named}; {models.LEAST_RECALL} is wanted. Rebuild the graph (reindex "
            "index concurrently post_vectors_odd, or _even for a serving model of even id), or "
            "raise ef_search in match_viral_posts_filtered."
        )
    numbers: dict[str, int | float | str] = {one.filter: round(one.recall, 4) for one in found}
    if found:
        numbers["samples"] = max(one.sampled for one in found)
        numbers["measured_at"] = f"{found[0].measured_at:%Y-%m-%d %H:%M} UTC"
    return Finding(trouble, numbers)


@health_check(
    dg.AssetCheckSeverity.WARN,
    f"""Fails when a provider refuses our key, has no credit for us or no longer serves a configured
    model, when the daily budget is used, and when a model ends within {spending.WARN_DAYS} days.
    Posts wait uncharged meanwhile. Then do what the finding says: set a key, add credit, name
    another model, raise AI_DAILY_BUDGET_USD; work goes on by itself.""",
)
def models_answer(providers: Providers, database: Database) -> Finding:
    """Look whether the configured models may be called, today and in the weeks to come."""
    settings = providers.settings
    broken = spending.incidents(database)
    ending = spending.shutdowns(database, settings.models)
    spent = spending.spent_today(database)
    troubles = [f"{one.scope} since {one.since:%Y-%m-%d %H:%M} UTC: {one.reason}" for one in broken]
    troubles += [
        f"{one.model} is no longer served from {one.date}: name another in "
        "CLASSIFICATION_MODEL, EMBEDDING_MODEL or STYLE_MODEL, then requeue --model-changed"
        for one in ending
    ]
    numbers: dict[str, int | float | str] = {
        "incidents": len(broken),
        "models_ending": len(ending),
        "spent_today_usd": round(float(spent), 6),
    }
    if settings.ai_daily_budget is not None:
        numbers["daily_budget_usd"] = float(settings.ai_daily_budget)
    return Finding("; ".join(troubles) or None, numbers)


HEALTH_CHECKS: Sequence[dg.AssetChecksDefinition] = (
    nothing_overdue,
    nothing_lost,
    few_dead_letters,
    steady_label_mix,
    no_dead_drain,
    search_finds_the_nearest,
    models_answer,
    profiles_are_read,
    neighbours_agree_with_the_model,
)

health_job = dg.define_asset_job(
    "health_checks",
    selection=dg.AssetSelection.checks_for_assets(viral_posts_bank.key),
    description="Looks whether the pipeline keeps up; changes none of its work.",
    # before what waits in the queue: a long queue is what the checks are to tell of
    tags={"dagster/priority": "1"},
)

health_schedule = dg.ScheduleDefinition(
    name="health_checks",
    job=health_job,
    cron_schedule="*/15 * * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Looks every 15 minutes whether the pipeline keeps up.",
)
