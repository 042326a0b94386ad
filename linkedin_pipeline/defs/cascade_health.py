"""The health check of labels that near neighbours decide."""

import dagster as dg

from linkedin_pipeline.database.cascade import NEWEST, agreements
from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.defs.findings import Finding, health_check
from linkedin_pipeline.wiring import Providers

LEAST_AGREEMENT = 0.9
FEWEST_AUDITS = 50


@health_check(
    dg.AssetCheckSeverity.WARN,
    f"""Fails when CLASSIFICATION_CASCADE is set and, of the latest {NEWEST} posts that near
    neighbours could label and the model was asked about all the same, it agreed on less than
    {LEAST_AGREEMENT:.0%}, {FEWEST_AUDITS} audits at least. Then raise the similarity that
    neighbours must have; or unset it and have the model decide: requeue --model-changed.""",
)
def neighbours_agree_with_the_model(providers: Providers, database: Database) -> Finding:
    """Compare what the cascade would say with what the model says."""
    threshold = providers.settings.classification_cascade
    found = agreements(database, providers.classifier.model, threshold or 0.0)
    if threshold is None:
        return Finding(None, {"cascade": "off"})
    troubles: list[str] = []
    numbers: dict[str, int | float | str] = {"threshold": threshold}
    for one in found:
        numbers[f"{one.stage}_audits"] = one.audits
        if one.audits:
            numbers[f"{one.stage}_agreement"] = round(one.share, 3)
        if one.audits >= FEWEST_AUDITS and one.share < LEAST_AGREEMENT:
            troubles.append(f"{one.share:.0%} of {one.audits} in {one.stage}")
    if not troubles:
        return Finding(None, numbers)
    advice = (
        f"{LEAST_AGREEMENT:.0%} are wanted. Raise CLASSIFICATION_CASCADE above {threshold:g}; or "
        "unset it and have the model decide what neighbours did: requeue --model-changed."
    )
    return Finding(f"Neighbours and model agree on {', '.join(troubles)}; {advice}", numbers)
