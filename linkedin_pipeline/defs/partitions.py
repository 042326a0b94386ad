"""Daily partitions of the post assets."""

from __future__ import annotations

from datetime import UTC, date, datetime

import dagster as dg

from linkedin_pipeline.domain.work import FIRST_DAY, DayRange

# end_offset=1: today's posts are enriched today, not after midnight
DAYS = dg.DailyPartitionsDefinition(start_date=FIRST_DAY.isoformat(), end_offset=1)


def today() -> date:
    """Return the UTC day, on which posts inserted now are partitioned."""
    return datetime.now(UTC).date()


def day_range(context: dg.AssetExecutionContext) -> DayRange:
    """Return the days that the run was asked for."""
    keys = context.partition_key_range
    return DayRange(date.fromisoformat(keys.start), date.fromisoformat(keys.end))


def range_tags(days: DayRange) -> dict[str, str]:
    """Return the tags that make one run cover all days of the range."""
    return {
        "dagster/asset_partition_range_start": days.first.isoformat(),
        "dagster/asset_partition_range_end": days.last.isoformat(),
    }
