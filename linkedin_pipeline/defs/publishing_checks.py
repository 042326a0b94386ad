"""Health checks of publishing and of the messages about incidents; run by the job health_checks.

They belong to ``viral_posts_bank`` as the others do, so that one run looks at everything.
"""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg

from linkedin_pipeline.database import alerts, publishing_health
from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.defs.findings import Finding, health_check, table
from linkedin_pipeline.wiring import Providers

UNTOLD_MINUTES = 10.0


@health_check(
    dg.AssetCheckSeverity.ERROR,
    """Fails when posts are due for more than 10 minutes, two passes, and not out, though Unipile is
    configured and their worker switched on. Then see that schedule publish_scheduled ticks, and
    read its newest runs. After an outage posts of one account go out one after the other, so that
    the check fails until the last of them is out.""",
)
def posts_go_out_in_time(providers: Providers, database: Database) -> Finding:
    """Look for due posts that nobody published."""
    found = publishing_health.overdue_posts(database)
    configured = providers.settings.unipile is not None
    late = [one for one in found if one.enabled and configured]
    oldest = max((one.oldest_minutes for one in late), default=0.0)
    trouble = None
    if late:
        names = ", ".join(f"{one.posts} of {one.worker}" for one in late)
        trouble = (
            f"Posts are due for up to {oldest:.0f} minutes and not out: {names}. See that schedule "
            "publish_scheduled ticks, and read its newest runs. After an outage they go out one "
            "after the other."
        )
    return Finding(
        trouble,
        {
            "overdue_posts": sum(one.posts for one in late),
            "oldest_minutes": round(oldest, 1),
            "waiting_posts": sum(one.posts for one in found if one not in late),
            "publishing": "configured" if configured else "not configured: posts wait",
        },
    )


@health_check(
    dg.AssetCheckSeverity.ERROR,
    """Fails when nobody knows for over an hour whether a post is out. Then look at
    the account's feed, and decide: linkedin-pipeline publications.""",
)
def no_post_stays_unconfirmed(_: Providers, database: Database) -> Finding:
    """Look for posts whose outcome was not settled."""
    found = publishing_health.unconfirmed_posts(database)
    trouble = None
    if found:
        trouble = (
            f"{found[0].total} posts are unconfirmed, the oldest for {found[0].minutes:.0f} "
            "minutes. Look at the account's feed, and decide: linkedin-pipeline publications."
        )
    rows = [(one.source, one.id, round(one.minutes)) for one in found]
    return Finding(
        trouble,
        {
            "unconfirmed_posts": found[0].total if found else 0,
            "posts": table(("what", "id", "minutes"), rows),
        },
    )


@health_check(
    dg.AssetCheckSeverity.ERROR,
    """Fails when two rows of one account, or two company posts, have one and the same id of a
    provider: one of them is not out, or was adopted by mistake. Then compare both with the
    account's feed.""",
)
def no_post_is_counted_twice(_: Providers, database: Database) -> Finding:
    """Look for external ids that come twice."""
    found = publishing_health.duplicates(database)
    trouble = None
    if found:
        trouble = (
            f"{found[0].total} ids of published posts come more than once, for example "
            f"{found[0].external_id} in {found[0].table}. Compare the rows with the account's "
            "feed: one of them is not out, or was adopted by mistake."
        )
    rows = [(one.table, one.external_id, one.rows) for one in found]
    return Finding(
        trouble,
        {
            "duplicate_ids": found[0].total if found else 0,
            "ids": table(("table", "external id", "rows"), rows),
        },
    )


@health_check(
    dg.AssetCheckSeverity.WARN,
    f"""Fails when ALERT_WEBHOOK_URL refused the last message, or messages about incidents wait for
    more than {UNTOLD_MINUTES:g} minutes. Then check the address (HTTP 404 or 410: the webhook is
    gone) and that sensor alerts ticks; what waits is sent by itself.""",
)
def incidents_are_told(providers: Providers, database: Database) -> Finding:
    """Look for messages that the webhook did not take."""
    waiting = alerts.undelivered(database)
    told = providers.settings.alert_webhook_url is not None
    trouble = None
    if told and waiting.number and (waiting.refused or waiting.age > UNTOLD_MINUTES * 60):
        said = f"the webhook says {waiting.error}" if waiting.error else "nobody sends them"
        trouble = (
            f"{waiting.number} incidents are not told, the oldest for {waiting.age / 60:.0f} "
            f"minutes: {said}. Check ALERT_WEBHOOK_URL (HTTP 404 or 410: the webhook is gone) and "
            "that sensor alerts ticks."
        )
    return Finding(
        trouble,
        {
            "untold_incidents": waiting.number,
            "webhook": "configured" if told else "not configured: incidents are only shown",
        },
    )


PUBLISHING_CHECKS: Sequence[dg.AssetChecksDefinition] = (
    posts_go_out_in_time,
    no_post_stays_unconfirmed,
    no_post_is_counted_twice,
    incidents_are_told,
)
