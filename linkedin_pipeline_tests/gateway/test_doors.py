"""The gateway knows Dagster's names without importing it: they are the same."""

from __future__ import annotations

import pytest

from linkedin_pipeline.definitions import defs
from linkedin_pipeline.defs import lanes, styles, sync
from linkedin_pipeline.defs.enrichment import ENRICHMENT_ASSETS
from linkedin_pipeline.gateway.doors import DOORS, Door
from linkedin_pipeline.gateway.graphql import HOME_JOB, LIVE


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
def test_the_job_of_a_door_exists(door: Door) -> None:
    """With the asset that the door selects in it."""
    job = defs.resolve_job_def(door.job)
    if door.stage is not None:
        assert ENRICHMENT_ASSETS[door.stage].path == [str(door.stage)]
        assert ENRICHMENT_ASSETS[door.stage] in job.asset_layer.selected_asset_keys


def test_tags_are_those_of_the_sensors() -> None:
    """What a sensor waits for, and what makes the week's profiles due."""
    doors = {door.job: door.tags for door in DOORS}
    assert doors["styles"] == {lanes.LANE_TAG: styles.LANE}
    assert doors["profile_sync"] == {lanes.LANE_TAG: sync.LANE, sync.NOW_TAG: "true"}


def test_our_code_location_is_known_by_a_job_of_it() -> None:
    """And a run is live in every status in which the sensors wait for it."""
    assert defs.resolve_job_def(HOME_JOB).name == HOME_JOB
    assert {status.value for status in lanes.LIVE} <= set(LIVE)
