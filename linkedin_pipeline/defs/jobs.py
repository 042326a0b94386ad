"""Jobs: named selections of assets that sensors, schedules and people start."""

from __future__ import annotations

import dagster as dg

from linkedin_pipeline.defs.enrichment import ENRICHMENT_ASSETS

enrichment = dg.define_asset_job(
    "enrichment",
    selection=dg.AssetSelection.assets(*ENRICHMENT_ASSETS.values()),
    description="Works off what is flagged on posts of the given days.",
)
