"""The health check of reading profiles from LinkedIn."""

import dagster as dg

from linkedin_pipeline.adapters.edges import PROVIDER
from linkedin_pipeline.database import spending, syncs
from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.defs.findings import Finding, health_check
from linkedin_pipeline.wiring import Providers

MOST_FAILING_PERCENT = 10.0
FEWEST_FAILING = 5


@health_check(
    dg.AssetCheckSeverity.WARN,
    f"""Fails when the last reading of more than {MOST_FAILING_PERCENT:g} % of the profiles, and at
    least {FEWEST_FAILING}, failed, or Edges refuses our key, has no credit or no LinkedIn account
    for us. Then read last_error in profile_sync_status and mend the cause; a profile that failed
    five times in a row is left alone until reset_profile_sync().""",
)
def profiles_are_read(_: Providers, database: Database) -> Finding:
    """Look whether readings succeed."""
    found = syncs.sync_health(database)
    percent = 100 * found.failing / found.profiles if found.profiles else 0.0
    troubles = [
        f"{one.reason}, since {one.since:%Y-%m-%d %H:%M} UTC"
        for one in spending.incidents(database)
        if one.scope == PROVIDER
    ]
    if found.failing >= FEWEST_FAILING and percent > MOST_FAILING_PERCENT:
        example = next(iter(syncs.failed(database, 1)), None)
        said = f" The last of them said: {example.reason}" if example else ""
        troubles.append(
            f"The last reading of {found.failing} of {found.profiles} profiles failed.{said} Read "
            "last_error in profile_sync_status and mend the cause"
        )
    return Finding(
        "; ".join(troubles) or None,
        {
            "profiles": found.profiles,
            "failing": found.failing,
            "failing_percent": round(percent, 2),
            "left_alone": found.left_alone,
        },
    )
