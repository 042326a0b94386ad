"""What Dagster recorded of a profile, removed: it knows the partition key only, and no name."""

from __future__ import annotations

import dagster as dg
from dagster._core.storage.event_log.schema import (
    AssetEventTagsTable,
    AssetKeyTable,
    SqlEventLogStorageTable,
)
from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage
from dagster._core.storage.runs.schema import RunsTable
from dagster._core.storage.runs.sql_run_storage import SqlRunStorage
from sqlalchemy import select

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.people import erasure_cleared, erasures_to_clear
from linkedin_pipeline.defs.styles import PROFILES


def clear_erased(database: Database, instance: dg.DagsterInstance) -> int:
    """Remove erased profiles from Dagster's database; return how many there were.

    Harmless to repeat: an erasure that was killed between the two databases is finished by the
    next call.
    """
    erased = erasures_to_clear(database)
    for profile, partition in erased:
        clear_partition(instance, partition)
        erasure_cleared(database, profile)
    return len(erased)


def clear_partition(instance: dg.DagsterInstance, partition: str) -> None:
    """Remove a partition key, the runs whose tags or configuration name it, and events of it.

    A run that names other profiles too loses its record of them; what it wrote stays.

    Dagster's own ``wipe_asset_partitions`` is not implemented for its PostgreSQL storage
    (1.13.27).  What remains for up to 14 days are ticks of sensors that ever asked for the
    partition (``retention`` in dagster.yaml), and in backfills that named it: the key alone.
    """
    assert PROFILES.name is not None  # it is a name, not a function
    instance.delete_dynamic_partition(PROFILES.name, partition)
    for run_id in _runs_naming(instance, partition):
        instance.delete_run(run_id)
    storage = instance.event_log_storage
    if not isinstance(storage, SqlEventLogStorage):
        raise TypeError(f"{type(storage).__name__}: its events cannot be removed one by one")
    events, tags, keys = SqlEventLogStorageTable, AssetEventTagsTable, AssetKeyTable
    theirs = events.c.partition == partition
    with storage.index_connection() as connection:
        assets = connection.execute(select(events.c.asset_key).where(theirs).distinct()).fetchall()
        connection.execute(
            tags.delete().where(tags.c.event_id.in_(select(events.c.id).where(theirs)))
        )
        connection.execute(events.delete().where(theirs))
        # a copy of the newest event of the asset; the next one takes its place
        connection.execute(
            keys.update()
            .values(last_materialization=None)
            .where(keys.c.last_materialization.contains(partition, autoescape=True))
        )
    for (asset,) in assets:
        key = dg.AssetKey.from_db_string(asset)
        if key is not None:
            storage.wipe_asset_cached_status(key)


def _runs_naming(instance: dg.DagsterInstance, partition: str) -> list[str]:
    """Return the runs in whose body, which holds tags and configuration, a partition key is."""
    storage = instance.run_storage
    if not isinstance(storage, SqlRunStorage):
        raise TypeError(f"{type(storage).__name__}: its runs cannot be searched")
    naming = RunsTable.c.run_body.contains(partition, autoescape=True)
    with storage.connect() as connection:
        return list(connection.scalars(select(RunsTable.c.run_id).where(naming)))
