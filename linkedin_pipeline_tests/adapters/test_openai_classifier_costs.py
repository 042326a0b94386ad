"""Labels from a model of OpenAI's with the shipped taxonomy and the real database."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from linkedin_pipeline.adapters.chat_profiles import PROFILES, ModelProfile
from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.ledger import PostgresAiLedger, PostgresAnswerStore
from linkedin_pipeline.database.queue import PostgresWorkQueue
from linkedin_pipeline.database.written import check_written
from linkedin_pipeline.domain.labels import LABEL_STAGES
from linkedin_pipeline.domain.work import Claim, Done, Stage
from linkedin_pipeline.workers.labels import LabelWorker
from linkedin_pipeline_tests.adapters.labelling import (
    AUDIENCES,
    HOOKS,
    TEXTS,
    TOPICS,
    Desk,
    claim,
    id_of,
    isolated,
    shipped,
)
from linkedin_pipeline_tests.sql.bank import Connection, add_post, rows
from linkedin_pipeline_tests.sql.bank import claim as claim_work


def test_the_whole_way_over_postgres(ai: Desk, database_url: str, connection: Connection) -> None:
    """One call, kept; every stage stores its label without a confidence, and it is forgotten."""
    for text in TEXTS:
        add_post(connection, text, id=id_of(text), hook=text[:20])
    labels = shipped(database_url)
    with Database(database_url) as database:
        real = Desk(
            ai.simulator, ai.client, PostgresAnswerStore(database), PostgresAiLedger(database)
        )
        queue = PostgresWorkQueue(database)
        for stage in LABEL_STAGES:
            worker = LabelWorker(stage, real.classifier(), labels)
            held = [
                Claim(
                    one.post_id,
                    one.token,
                    one.day,
                    1,
                    0,
                    one.content,
                    one.hook,
                    frozenset(LABEL_STAGES),
                )
                for one in claim_work(connection, stage)
            ]
            verdicts = worker.decide(held)
            values = [one.value for one in verdicts if isinstance(one, Done)]
            settled = worker.store(queue, held, values)
            assert settled.held == {one.post_id for one in held}
            assert check_written(database, stage, list(settled.held)).bad == 0
    [stored] = rows(
        connection,
        "select count(*), count(topic_id), count(audience_id), count(hook_type_id), "
        "count(topic_confidence), min(topic_model), max(hook_type_model) from viral_posts_bank",
    )
    model = "openai:gpt-5-mini/labels-2"
    assert stored == (4, 4, 4, 4, 0, model, model)
    assert rows(connection, "select count(*) from ai_answers") == [(0,)]
    [call] = ai.calls()
    assert rows(connection, "select input_tokens, output_tokens, outcome from ai_usage_logs") == [
        (call.usage.input_tokens, call.usage.output_tokens, "answered")
    ]


def test_what_a_post_costs(
    ai: Desk, database_url: str, record_property: Callable[[str, object], None]
) -> None:
    """Twenty posts with all labels of the shipped taxonomy, against a call a post and kind."""
    labels = shipped(database_url)
    texts = [
        f"{text} {number} " + "It was a long day at sea. " * 30
        for number in range(5)
        for text in TEXTS
    ]
    posts = [claim(text, hook=text[:60], also=LABEL_STAGES) for text in texts]

    def cost() -> tuple[int, float]:
        usage = ai.simulator.ledger.totals().usage
        fresh = usage.input_tokens - usage.cached_tokens
        dollars = (fresh * 0.25 + usage.cached_tokens * 0.025 + usage.output_tokens * 2) / 1e6
        return usage.input_tokens, dollars

    found = isolated(ai.classifier(), TOPICS, posts, labels)
    assert all(isinstance(one, Done) for one in found)
    merged, merged_usd = cost()
    ai.simulator.reset()
    ai.kept.clear()
    apart = ai.classifier(
        profile=ModelProfile(merge=False, parameters=PROFILES["gpt-5-mini"].parameters)
    )
    for stage in LABEL_STAGES:
        for post in posts:
            apart.classify(stage, [post], labels)
    single, single_usd = cost()
    record_property("prompt tokens a post", (merged / 20, single / 20))
    record_property("USD a 1,000 posts", (merged_usd * 50, single_usd * 50))
    assert merged * 10 < single


@pytest.mark.parametrize("stages", [[TOPICS], [AUDIENCES], [HOOKS], list(LABEL_STAGES)], ids=str)
def test_the_second_call_finds_the_labels_in_the_cache(
    ai: Desk, database_url: str, stages: list[Stage]
) -> None:
    """Whatever is asked, the shipped taxonomy is long enough for the provider to cache."""
    labels = shipped(database_url)
    for text in TEXTS[:2]:
        post = claim(text, hook=text[:20], also=stages)
        ai.classifier().classify(stages[0], [post], labels)
    first, second = (call.usage for call in ai.calls())
    assert first.cached_tokens == 0
    assert second.cached_tokens > 0.8 * second.input_tokens
