"""The post assets: each run of one drains what is flagged on its days.

Dagster reads the annotations when it decorates, so they must not be postponed.
"""

from collections.abc import Iterator, Mapping

import dagster as dg

from linkedin_pipeline.database.models import forget_retired
from linkedin_pipeline.database.queue import PostgresWorkQueue
from linkedin_pipeline.database.taxonomy import PostgresTaxonomy
from linkedin_pipeline.defs.model_change import (
    promote_if_whole,
    serving_set,
    taxonomy_embedder,
)
from linkedin_pipeline.defs.partitions import DAYS
from linkedin_pipeline.defs.stage_runs import check_spec, work_off
from linkedin_pipeline.domain.labels import LABEL_STAGES
from linkedin_pipeline.domain.work import Stage
from linkedin_pipeline.wiring import Providers
from linkedin_pipeline.workers.labels import LabelWorker
from linkedin_pipeline.workers.stages import EmbeddingWorker, HookWorker

GROUP = "enrichment"
OWNERS = ["team:content"]

viral_posts_bank = dg.AssetSpec(
    "viral_posts_bank",
    group_name="bank",
    kinds={"postgres", "table"},
    owners=OWNERS,
    description=(
        "LinkedIn posts as they arrive, in the table of that name. Triggers raise `needs_*` flags "
        "for what is wanted; the assets downstream work the flags off. Its checks watch the whole "
        "pipeline every 15 minutes."
    ),
)


@dg.asset(
    name=str(Stage.HOOKS),
    deps=[viral_posts_bank],
    check_specs=[check_spec(Stage.HOOKS)],
    partitions_def=DAYS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    group_name=GROUP,
    owners=OWNERS,
    kinds={"python", "postgres"},
    code_version="1",
    description=(
        'The opening of each post as a reader sees it before "see more", verbatim and at most '
        "300 characters (column `hook`). Pure text: costs nothing. A post without words becomes a "
        "dead letter in `ai_errors`."
    ),
)
def hooks(
    context: dg.AssetExecutionContext, providers: dg.ResourceParam[Providers]
) -> dg.MaterializeResult:  # type: ignore[type-arg] # Dagster knows the bare name only
    """Extract hooks."""
    with providers.database() as database:
        check = work_off(context, providers, database, HookWorker())
    return dg.MaterializeResult(check_results=[check])


@dg.asset(
    name=str(Stage.EMBEDDINGS),
    deps=[viral_posts_bank],
    check_specs=[check_spec(Stage.EMBEDDINGS)],
    partitions_def=DAYS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    group_name=GROUP,
    owners=OWNERS,
    kinds={"ai", "postgres"},
    code_version="1",
    description=(
        "The meaning of each post as a vector of 1,536 numbers (column `embedding`, with the model "
        "that made it), read by `match_viral_posts`. Embeds the first 3,000 characters."
    ),
)
def embeddings(
    context: dg.AssetExecutionContext, providers: dg.ResourceParam[Providers]
) -> dg.MaterializeResult:  # type: ignore[type-arg] # Dagster knows the bare name only
    """Embed posts."""
    with providers.database() as database:
        bound = providers.bound(database, context.run.run_id)
        worker = EmbeddingWorker(bound.embedder, serving_set(bound, database))
        check = work_off(context, bound, database, worker)
        forget_retired(database)
        if promote_if_whole(bound, database):
            context.log.info("embeddings.promoted model=%s", worker.model)
    return dg.MaterializeResult(check_results=[check])


def _label_spec(stage: Stage, dep: dg.AssetsDefinition, description: str) -> dg.AssetSpec:
    return dg.AssetSpec(
        str(stage),
        deps=[dep],
        skippable=True,
        partitions_def=DAYS,
        group_name=GROUP,
        owners=OWNERS,
        kinds={"ai", "postgres"},
        code_version="1",
        description=description,
    )


# One step for all three, because a paid model answers them in one call (DESIGN decision 12); each
# still has its own flag, switch, log and numbers.
@dg.multi_asset(
    name="labels",
    specs=[
        _label_spec(
            Stage.HOOK_CLASSIFICATIONS,
            hooks,
            "The kind of opening (column `hook_type_id`), chosen from the active rows of "
            "`hook_types`, with the chooser's confidence where it has one.",
        ),
        _label_spec(
            Stage.TOPIC_CLASSIFICATIONS,
            embeddings,
            "What a post is about (column `topic_id`), chosen from the active rows of `topics`, "
            "with the chooser's confidence where it has one. An edited topic re-labels nothing by "
            "itself: `linkedin-pipeline requeue --stage topic_classifications`.",
        ),
        _label_spec(
            Stage.AUDIENCE_CLASSIFICATIONS,
            embeddings,
            "Whom a post speaks to (column `audience_id`), chosen from the active rows of "
            "`audiences`, with the chooser's confidence where it has one.",
        ),
    ],
    check_specs=[check_spec(stage) for stage in LABEL_STAGES],
    can_subset=True,
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def labels(
    context: dg.AssetExecutionContext, providers: dg.ResourceParam[Providers]
) -> Iterator[dg.MaterializeResult[None]]:
    """Classify posts."""
    selected = {key.to_user_string() for key in context.selected_asset_keys}
    with providers.database() as database:
        bound = providers.bound(database, context.run.run_id)
        taxonomy = PostgresTaxonomy(database, taxonomy_embedder(bound, database))
        wanted = [stage for stage in LABEL_STAGES if str(stage) in selected]
        chosen_from = {stage: taxonomy.labels(stage) for stage in wanted}
        queue = PostgresWorkQueue(database)
        for stage in wanted:
            # a worker that is switched off has nothing asked for it in the calls of others
            others = {other for other in wanted if other == stage or queue.is_enabled(other)}
            labels = {other: chosen_from[other] for other in others}
            worker = LabelWorker(stage, bound.classifier, labels)
            check = work_off(context, bound, database, worker)
            yield dg.MaterializeResult(asset_key=str(stage), check_results=[check])


ENRICHMENT_ASSETS: Mapping[Stage, dg.AssetKey] = {
    stage: dg.AssetKey(stage.value) for stage in Stage
}
"""The asset of each stage of post work."""
