"""What commands refuse before they begin, in the same words."""

from __future__ import annotations

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.status import switches
from linkedin_pipeline.domain.errors import Misconfigured


def refuse_switched_off(database: Database, *workers: str) -> None:
    """Raise Misconfigured unless one of the workers is switched on."""
    on = {switch.worker for switch in switches(database) if switch.on}
    if not on.intersection(workers):
        raise Misconfigured(
            " and ".join(workers),
            "it is switched off",
            f"Run: linkedin-pipeline flags enable {workers[0]}",
        )
