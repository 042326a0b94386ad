"""Everything that Dagster is told about, by name."""

from __future__ import annotations

from collections.abc import Mapping

import dagster as dg

from linkedin_pipeline.database.queries import query
from linkedin_pipeline.defs.alerts import alerts
from linkedin_pipeline.defs.batches import collect_batches, open_batches
from linkedin_pipeline.defs.enrichment import embeddings, hooks, labels, viral_posts_bank
from linkedin_pipeline.defs.health import HEALTH_CHECKS, health_job, health_schedule
from linkedin_pipeline.defs.jobs import enrichment
from linkedin_pipeline.defs.maintenance import (
    daily_maintenance,
    hourly_release,
    maintenance,
    release_stuck,
)
from linkedin_pipeline.defs.publishing import publish, publish_due, publish_scheduled
from linkedin_pipeline.defs.publishing_checks import PUBLISHING_CHECKS
from linkedin_pipeline.defs.requeue import requeue_model_changed
from linkedin_pipeline.defs.run_failures import run_failures
from linkedin_pipeline.defs.sensors import needs_flags
from linkedin_pipeline.defs.sql_requests import AtOnce, ByRun, sql_requests
from linkedin_pipeline.defs.styles import (
    monthly_style_refresh,
    needs_style,
    selected_styles,
    style_prompts,
    styles,
)
from linkedin_pipeline.defs.sync import (
    needs_sync,
    not_syncing,
    profile_sync,
    scraped_posts,
    selected_profile_sync,
    weekly_profile_sync,
)
from linkedin_pipeline.domain.profiles import STYLE_WORKER
from linkedin_pipeline.domain.sync import SYNC_WORKER
from linkedin_pipeline.publishing_wiring import not_configured
from linkedin_pipeline.wiring import Providers, build_providers

SERVED: Mapping[str, ByRun | AtOnce] = {
    "publish_scheduled": ByRun(
        publish, workers=("publish_scheduled", "publish_company_pages"), missing=not_configured
    ),
    "monthly_style_refresh": AtOnce(
        lambda connection: connection.execute(query("make_styles_due")), workers=(STYLE_WORKER,)
    ),
    "weekly_profile_sync": AtOnce(
        lambda connection: connection.execute(query("request_weekly_syncs")),
        workers=(SYNC_WORKER,),
        missing=not_syncing,
    ),
}
"""How the requests of SQL callers are served, by their names in ``pipeline_requests.job``."""


def build_defs(providers: Providers) -> dg.Definitions:
    """Return the definitions over the given providers; opens nothing."""
    return dg.Definitions(
        assets=[
            viral_posts_bank,
            hooks,
            embeddings,
            labels,
            style_prompts,
            publish_due,
            scraped_posts,
        ],
        asset_checks=[*HEALTH_CHECKS, *PUBLISHING_CHECKS],
        jobs=[
            enrichment,
            requeue_model_changed,
            collect_batches,
            styles,
            selected_styles,
            publish,
            profile_sync,
            selected_profile_sync,
            health_job,
            maintenance,
            release_stuck,
        ],
        sensors=[
            needs_flags,
            needs_style,
            needs_sync,
            open_batches,
            sql_requests(SERVED),
            run_failures,
            alerts,
        ],
        schedules=[
            publish_scheduled,
            weekly_profile_sync,
            health_schedule,
            monthly_style_refresh,
            daily_maintenance,
            hourly_release,
        ],
        resources={"providers": providers},
        # UI backfills run as the implicit asset job, which takes the default executor: a process
        # a step would cost 3 CPU-seconds each
        executor=dg.in_process_executor,
    )


defs = build_defs(build_providers())
