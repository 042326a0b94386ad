"""A change of the embedding model, from the first vector of the new one to its promotion.

Until then the old model's set serves the search, taxonomy included; see docs/decisions/0012.
"""

from __future__ import annotations

import logging

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.models import is_whole, promote, serving_model
from linkedin_pipeline.database.queue import PostgresWorkQueue
from linkedin_pipeline.database.taxonomy import PostgresTaxonomy
from linkedin_pipeline.domain.errors import ProviderDown
from linkedin_pipeline.domain.work import Stage
from linkedin_pipeline.ports import Embedder
from linkedin_pipeline.wiring import Providers
from linkedin_pipeline.workers.stages import ServingSet

logger = logging.getLogger(__name__)


def serving_set(providers: Providers, database: Database) -> ServingSet | None:
    """Return the set that search reads, when it is another model's than the configured one.

    None also when that model cannot be asked any more (its key is gone): then posts that are new
    or were edited join the search with the promotion.
    """
    serving = serving_model(database)
    if serving is None or serving == providers.embedder.model:
        return None
    embedder = providers.embedder_named(serving, database)
    if embedder is None:
        logger.warning("embeddings.serving_model_unavailable model=%s", serving)
        return None
    queue = PostgresWorkQueue(database)
    return ServingSet(embedder, lambda claims: queue.lacking(serving, claims))


def taxonomy_embedder(providers: Providers, database: Database) -> Embedder:
    """Return what embeds the taxonomy: the serving model, for labels are searched by it."""
    serving = serving_model(database)
    named = None if serving is None else providers.embedder_named(serving, database)
    return named or providers.embedder


def promotion_waits(providers: Providers, database: Database) -> bool:
    """Tell whether the configured model could serve from now on, were there a run to say so.

    So it is when the last run of a change died before its last step, or the labels could not be
    embedded then, and no post is flagged any more.
    """
    model = providers.embedder.model
    if serving_model(database) in {None, model}:
        return False
    if not PostgresWorkQueue(database).is_enabled(Stage.EMBEDDINGS):
        return False
    return is_whole(database, model)


def promote_if_whole(providers: Providers, database: Database) -> bool:
    """Let the configured model serve once its set is whole; the taxonomy changes with it.

    The labels' new vectors are made first, outside any transaction, and written in the same
    transaction in which the models change places.

    While the labels cannot be embedded the old model goes on; the next run tries again.
    """
    model = providers.embedder.model
    if not is_whole(database, model):
        return False
    try:
        labels, texts = PostgresTaxonomy(database, providers.embedder).embedded()
    except ProviderDown as outage:
        logger.warning("embeddings.not_promoted model=%s reason=%s", model, outage.value)
        return False
    promoted = promote(database, model, labels)
    if promoted:
        providers.embedder.forget(texts)
    return promoted
