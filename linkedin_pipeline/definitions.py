"""Everything that Dagster is told about, by name."""

from __future__ import annotations

import dagster as dg

from linkedin_pipeline.defs.batches import collect_batches, open_batches
from linkedin_pipeline.defs.enrichment import embeddings, hooks, labels, viral_posts_bank
from linkedin_pipeline.defs.health import HEALTH_CHECKS, health_job, health_schedule
from linkedin_pipeline.defs.jobs import enrichment
from linkedin_pipeline.defs.requeue import requeue_model_changed
from linkedin_pipeline.defs.run_failures import run_failures
from linkedin_pipeline.defs.sensors import needs_flags
from linkedin_pipeline.defs.styles import needs_style, selected_styles, style_prompts, styles
from linkedin_pipeline.wiring import Providers, build_providers


def build_defs(providers: Providers) -> dg.Definitions:
    """Return the definitions over the given providers; opens nothing."""
    return dg.Definitions(
        assets=[viral_posts_bank, hooks, embeddings, labels, style_prompts],
        asset_checks=HEALTH_CHECKS,
        jobs=[
            enrichment,
            requeue_model_changed,
            collect_batches,
            styles,
            selected_styles,
            health_job,
        ],
        sensors=[needs_flags, needs_style, open_batches, run_failures],
        schedules=[health_schedule],
        resources={"providers": providers},
        # UI backfills run as the implicit asset job, which takes the default executor: a process
        # a step would cost 3 CPU-seconds each
        executor=dg.in_process_executor,
    )


defs = build_defs(build_providers())
