"""Runs and ticks of Dagster that pay a simulated OpenAI."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from typing import Any

import dagster as dg

from linkedin_pipeline.definitions import build_defs
from linkedin_pipeline.defs import health
from linkedin_pipeline.defs.in_process import QUIET
from linkedin_pipeline.defs.partitions import range_tags, today
from linkedin_pipeline.defs.sensors import needs_flags
from linkedin_pipeline.domain.work import DayRange, Stage
from linkedin_pipeline_tests.paying import Payer


def run(
    payer: Payer, instance: dg.DagsterInstance, *stages: Stage, **tags: str
) -> dg.ExecuteInProcessResult:
    """Run the enrichment job, or some of its assets, on yesterday and today."""
    days = DayRange(today() - timedelta(days=1), today())
    return _job(payer).execute_in_process(
        instance=instance,
        asset_selection=[dg.AssetKey(str(stage)) for stage in stages] or None,
        tags={**range_tags(days), **tags},
        run_config=QUIET,
    )


@cache
def _job(payer: Payer) -> dg.JobDefinition:
    return build_defs(payer.providers).resolve_job_def("enrichment")


def tick(payer: Payer, instance: dg.DagsterInstance) -> Any:
    """Evaluate the sensor once."""
    resources = {"providers": payer.providers}
    return needs_flags(dg.build_sensor_context(instance=instance, resources=resources))


def why_skipped(payer: Payer, instance: dg.DagsterInstance) -> str:
    """Evaluate the sensor once, which must not ask for a run, and return why."""
    result = tick(payer, instance)
    assert isinstance(result, dg.SkipReason), result
    return result.skip_message or ""


def models_answer(payer: Payer) -> dg.AssetCheckResult:
    """Return what the health check of that name says."""
    said = health.models_answer(providers=payer.providers)
    assert isinstance(said, dg.AssetCheckResult)
    return said
