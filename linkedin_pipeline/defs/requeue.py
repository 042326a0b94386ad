"""A job that flags again what another model made than the configured one.

Dagster reads the annotations when it decorates, so they must not be postponed.
"""

import dagster as dg

from linkedin_pipeline.database.commands import Requeue, requeue
from linkedin_pipeline.domain.labels import LABEL_STAGES
from linkedin_pipeline.domain.work import Stage
from linkedin_pipeline.wiring import Providers


def made_by_others(providers: Providers) -> dict[Stage, Requeue]:
    """Return what to flag, by stage: values that another model made than the configured one."""
    models = {
        Stage.EMBEDDINGS: (providers.embedder.model,),
        **dict.fromkeys(LABEL_STAGES, providers.label_models),
    }
    return {stage: Requeue(stage, "made", names) for stage, names in models.items()}


@dg.op(
    name="flag_other_models",
    description="Flags posts whose vector or labels another model made, in chunks of 1,000.",
    config_schema={
        "stages": dg.Field(
            [str],
            default_value=[str(Stage.EMBEDDINGS), *map(str, LABEL_STAGES)],
            description="Assets to flag; all of them by default.",
        )
    },
)
def flag_other_models(
    context: dg.OpExecutionContext, providers: dg.ResourceParam[Providers]
) -> None:
    """Flag them; interrupted and repeated it goes on with the rest."""
    wanted = made_by_others(providers)
    with providers.database() as database:
        for stage in map(Stage, context.op_config["stages"]):
            number = requeue(database, wanted[stage])
            context.log.info(
                "%s.requeued posts=%d model=%s", stage, number, wanted[stage].models[0]
            )


@dg.job(
    description=(
        "Flags again what another model made than the configured one, as `requeue --model-changed` "
        "does; `needs_flags` then has it done again. Costs money when the model does. Old values "
        "stay, and the old vectors serve the search, until the new ones are there."
    )
)
def requeue_model_changed() -> None:
    """Run the op."""
    flag_other_models()
