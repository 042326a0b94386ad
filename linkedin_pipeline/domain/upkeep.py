"""The pipeline's housekeeping: what is done, and under which name it stands in the log."""

from __future__ import annotations

from enum import StrEnum


class Upkeep(StrEnum):
    """A task of the maintenance; the value is its ``worker_name`` in ``task_execution_logs_v2``."""

    STALE_LEASES = "maintenance_stale_leases"
    STUCK_SCRAPING = "maintenance_stuck_scraping"
    WORKER_LOGS = "maintenance_worker_logs"
    LEDGERS = "maintenance_ledgers"
    PROFILE_STATS = "maintenance_profile_stats"
    OLD_RUNS = "maintenance_old_runs"
    PARTITION_KEYS = "maintenance_partition_keys"
    OPEN_TROUBLES = "maintenance_open_troubles"
