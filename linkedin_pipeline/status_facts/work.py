"""What waits, who works, and what was given up."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.status import (
    dead_letters,
    last_drains,
    last_upkeep,
    switches,
    work_left,
)
from linkedin_pipeline.domain.work import Stage

NOTHING = {"pending": 0, "waiting": 0, "leased": 0, "oldest_due": None, "next_in": None}


def stages(database: Database) -> list[dict[str, Any]]:
    """Return each stage with its switch, its work and its dead letters."""
    on = {switch.worker: switch.on for switch in switches(database)}
    left = work_left(database)
    letters = dead_letters(database)
    return [
        {
            "stage": stage,
            "worker": stage.worker,
            "on": on.get(stage.worker, False),
            **(asdict(left[stage]) if stage in left else NOTHING),
            "dead_letters": sum(one.number for one in letters if one.stage == stage),
        }
        for stage in Stage
    ]


def drains(database: Database) -> list[dict[str, Any]]:
    """Return the last drain of each worker, and whether it died."""
    return [{**asdict(one), "dead": one.is_dead} for one in last_drains(database)]


def maintenance(database: Database) -> list[dict[str, Any]]:
    """Return the last time of each task of the maintenance."""
    return [{**asdict(one), "dead": one.is_dead} for one in last_upkeep(database)]
