"""Batch mode in Dagster: runs with the tag send batches, a job collects what they answered.

Dagster reads the annotations when it decorates, so they must not be postponed.
"""

from collections.abc import Mapping, Sequence
from functools import cache

import dagster as dg

from linkedin_pipeline.batch_wiring import BatchMode, Offered, batched_stages
from linkedin_pipeline.batch_wiring import batch_mode as wired
from linkedin_pipeline.database.batches import seen_batches
from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.taxonomy import PostgresTaxonomy
from linkedin_pipeline.defs.lanes import LANE_TAG, why_wait
from linkedin_pipeline.defs.model_change import taxonomy_embedder
from linkedin_pipeline.domain.errors import ProviderDown
from linkedin_pipeline.domain.labels import LABEL_STAGES, Label
from linkedin_pipeline.domain.work import DayRange, Stage
from linkedin_pipeline.wiring import Providers
from linkedin_pipeline.workers.batch_results import Collected

BATCH_TAG = "linkedin/batch-api"
"""With the value ``true`` a run puts due posts into batches instead of calling a paid model.

With ``answers`` it stores what batches answered.  Beside a bound on posts both store nothing else.
"""
LANE = "batches"
LOOK_EVERY = 300.0
"""Seconds between two looks at a batch, which takes minutes to a day."""


def batch_mode(
    providers: Providers, database: Database, run_id: str | None = None
) -> BatchMode | None:
    """Return batch mode with today's taxonomy, which is read when it is needed."""
    return wired(providers, database, _taxonomy(providers, database), run_id)


def _taxonomy(providers: Providers, database: Database) -> Offered:
    @cache
    def read() -> Mapping[Stage, Sequence[Label]]:
        bound = providers.bound(database)
        taxonomy = PostgresTaxonomy(database, taxonomy_embedder(bound, database))
        return {stage: taxonomy.labels(stage) for stage in LABEL_STAGES}

    return read


def has_batches(providers: Providers, stage: Stage) -> bool:
    """Tell whether the configured model of a stage can be asked in batches."""
    return providers.workshop is not None and stage in batched_stages(providers.settings)


def submit_due(
    context: dg.AssetExecutionContext,
    providers: Providers,
    database: Database,
    stage: Stage,
    days: DayRange,
    most: int | None,
) -> int:
    """Put a stage's due posts of the run's days into batches, ``most`` or all; return how many.

    What is left is drained as usual: posts that have an answer, or that a batch was asked about in
    vain, and all of a stage whose model has no batches.
    """
    mode = batch_mode(providers, database, context.run.run_id)
    asker = mode.asker(stage) if mode else None
    if mode is None or asker is None:
        context.log.info("%s.not_in_batches: its model has none", stage)
        return 0
    try:
        sent = mode.sender.submit(asker, stage, days, most)
    except ProviderDown as outage:
        context.log.warning("%s.batch_waits %s", stage, outage)
        return 0
    if sent.refused:
        context.log.warning("%s.batch_refused %s", stage, sent.refused)
        return 0
    context.log.info("%s.batched posts=%d batches=%s", stage, sent.posts, sent.batches)
    return sent.posts


def collect(providers: Providers, database: Database) -> Collected:
    """Look at every open batch once and keep what those that are over answered."""
    mode = batch_mode(providers, database)
    if mode is None:
        return Collected(down="no configured model is OpenAI's: set OPENAI_API_KEY")
    return mode.collector.collect()


@dg.op(
    name="look_at_batches",
    description="Looks at the open batches and keeps what those that are over answered.",
)
def look_at_batches(context: dg.OpExecutionContext, providers: dg.ResourceParam[Providers]) -> None:
    """Collect."""
    with providers.database() as database:
        collected = collect(providers, database)
    context.log.info("batches.looked %s", collected)
    if collected.down:
        context.log.warning("batches.down %s", collected.down)


@dg.job(
    description=(
        "Looks at the batches that a paid model answers at half price. Their posts are due once "
        "they are over, and the enrichment stores the answers without a call."
    )
)
def collect_batches() -> None:
    """Run the op."""
    look_at_batches()


@dg.sensor(
    job=collect_batches,
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Asks for a look at open batches that nobody has looked at for five minutes.",
)
def open_batches(
    context: dg.SensorEvaluationContext, providers: dg.ResourceParam[Providers]
) -> dg.RunRequest | dg.SkipReason:
    """Read the record of batches; calls nobody."""
    waiting = why_wait(context.instance, LANE_TAG, LANE)
    if waiting:
        return dg.SkipReason(waiting)
    with providers.database(start=False, patience=2.0) as database:
        waits = [batch for batch in seen_batches(database) if batch.is_open]
    if not waits:
        return dg.SkipReason("no batch is open")
    last = [batch.age if batch.polled is None else batch.polled for batch in waits]
    if max(last) < LOOK_EVERY:
        return dg.SkipReason(f"all {len(waits)} open batches were looked at within five minutes")
    return dg.RunRequest(tags={LANE_TAG: LANE})
