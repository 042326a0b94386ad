"""What Dagster is told."""

from __future__ import annotations

import importlib
import pkgutil

import dagster as dg

from linkedin_pipeline import defs as package
from linkedin_pipeline.definitions import defs
from linkedin_pipeline.domain.labels import LABEL_STAGES


def test_contract_names_exist() -> None:
    """Assets, jobs and sensors that callers rely on are there under their names."""
    keys = {key.to_user_string() for key in defs.resolve_all_asset_keys()}
    assert keys >= {
        "viral_posts_bank",
        "hooks",
        "embeddings",
        "hook_classifications",
        "topic_classifications",
        "audience_classifications",
        "style_prompts",
    }
    for sensor in ("needs_flags", "needs_style", "run_failures"):
        status = defs.resolve_sensor_def(sensor).default_status
        assert status is dg.DefaultSensorStatus.RUNNING, sensor
    schedule = defs.resolve_schedule_def("health_checks")
    assert schedule.cron_schedule == "*/15 * * * *"
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
    for job in ("enrichment", "styles", "health_checks"):
        assert defs.resolve_job_def(job).executor_def is dg.in_process_executor, job


def test_every_definition_of_the_package_is_listed() -> None:
    """A sensor, schedule or asset written in defs but not listed would never run."""
    listed = defs.get_repository_def()
    names = {sensor.name for sensor in listed.sensor_defs}
    names |= {schedule.name for schedule in listed.schedule_defs}
    names |= {key.to_user_string() for key in defs.resolve_all_asset_keys()}
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, dg.SensorDefinition | dg.ScheduleDefinition):
                assert value.name in names, f"{module.name} defines {value.name}"
            elif isinstance(value, dg.AssetsDefinition):
                assert {key.to_user_string() for key in value.keys} <= names, module.name


def test_every_asset_explains_itself() -> None:
    """Descriptions, groups and kinds are what a person sees first in the UI."""
    for spec in defs.resolve_all_asset_specs():
        assert spec.description, spec.key
        assert spec.group_name, spec.key
        assert spec.kinds, spec.key


def test_post_assets_are_daily_and_backfill_in_one_run() -> None:
    """A backfill of a year of days is one run per block, not a run a day."""
    graph = defs.resolve_asset_graph()
    for name in ("hooks", "embeddings", *map(str, LABEL_STAGES)):
        node = graph.get(dg.AssetKey(name))
        assert isinstance(node.partitions_def, dg.DailyPartitionsDefinition)
        assert node.backfill_policy == dg.BackfillPolicy.single_run()
        assert node.group_name == "enrichment"
