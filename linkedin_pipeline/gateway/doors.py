"""The doors that start jobs, as one table: which path starts what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from linkedin_pipeline.domain.profiles import STYLE_WORKER
from linkedin_pipeline.domain.publications import PAGES_WORKER, PUBLISH_WORKER
from linkedin_pipeline.domain.work import Stage

PREFIX = "/functions/v1"
WORKER_TAG = "linkedin/worker"
"""Marks a run that a door started for one worker."""
_LANE_TAG = "linkedin/lane"


@dataclass(frozen=True, slots=True)
class Door:
    """A path, the job that it starts, and how a run of it is recognised.

    A live run of the same job that carries all of ``tags`` counts as the same, whoever started it.
    ``switches``: nothing is started when all of them are off.  ``logs`` are the workers whose log
    rows tell what a run did.  With a ``stage`` only that asset is made, on the days that have work
    for it.
    """

    name: str
    worker: str
    job: str
    does: str
    switches: Sequence[str]
    logs: Sequence[str]
    tags: Mapping[str, str] = field(default_factory=dict)
    stage: Stage | None = None

    @property
    def path(self) -> str:
        """Return the path that starts it."""
        return f"{PREFIX}/{self.name}"


def _stage_door(stage: Stage, does: str) -> Door:
    worker = stage.worker
    return Door(
        name=worker.replace("_", "-"),
        worker=worker,
        job="enrichment",
        does=does,
        switches=(worker,),
        logs=(worker,),
        tags={WORKER_TAG: worker},
        stage=stage,
    )


DOORS = (
    _stage_door(Stage.HOOKS, "Extract the hooks of posts that are flagged for it."),
    _stage_door(Stage.EMBEDDINGS, "Embed posts that are flagged for it."),
    _stage_door(Stage.HOOK_CLASSIFICATIONS, "Assign hook types to posts that are flagged for it."),
    _stage_door(Stage.TOPIC_CLASSIFICATIONS, "Assign topics to posts that are flagged for it."),
    _stage_door(Stage.AUDIENCE_CLASSIFICATIONS, "Assign audiences to posts flagged for it."),
    Door(
        name=STYLE_WORKER.replace("_", "-"),
        worker=STYLE_WORKER,
        job="styles",
        does="Write the style prompts that are due.",
        switches=(STYLE_WORKER,),
        logs=(STYLE_WORKER,),
        tags={_LANE_TAG: "styles"},  # the sensor's runs do the same, and it waits for this one
    ),
    Door(
        name="publish-scheduled",
        worker=PUBLISH_WORKER,
        job="publish",
        does="Make a publishing pass: settle what is in doubt, send what is due.",
        switches=(PUBLISH_WORKER, PAGES_WORKER),
        logs=(PUBLISH_WORKER, PAGES_WORKER),
    ),
    Door(
        name="sync-profiles",
        worker="sync_profiles",
        job="profile_sync",
        does="Read new posts of the profiles that are due from LinkedIn.",
        switches=("sync_profiles",),
        logs=("sync_profiles",),
        # as `linkedin-pipeline sync`: the week's profiles are made due first
        tags={_LANE_TAG: "sync", "linkedin/sync-now": "true"},
    ),
)
