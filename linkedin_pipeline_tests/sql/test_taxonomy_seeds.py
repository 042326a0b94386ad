"""The taxonomy that migrations bring."""

from __future__ import annotations

from typing import Any, LiteralString

import psycopg
import pytest
from psycopg.rows import dict_row

from linkedin_pipeline import samples
from linkedin_pipeline.domain.hook_patterns import RULES

Connection = psycopg.Connection[Any]

TOPICS: LiteralString = (
    "select name, slug, label_fr, topic_group, description, description_fr from topics"
)
AUDIENCES: LiteralString = (
    "select name, label_fr, description, description_fr, job_titles, pain_points, goals, "
    "vocabulary_to_use, vocabulary_to_avoid, tone_preferences from audiences"
)
HOOK_TYPES: LiteralString = (
    "select name, label_fr, description, description_fr, formula, examples, "
    "classification_keywords, prompt_instruction from hook_types"
)


def read(connection: Connection, statement: LiteralString) -> list[dict[str, Any]]:
    """Return rows with their columns' names."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement).fetchall()


@pytest.mark.parametrize(("statement", "least"), [(TOPICS, 20), (AUDIENCES, 10), (HOOK_TYPES, 12)])
def test_every_label_is_complete_and_its_texts_its_own(
    connection: Connection, statement: LiteralString, least: int
) -> None:
    """There are enough labels; no text or list is empty; names and descriptions do not repeat."""
    labels = read(connection, statement)
    assert len(labels) >= least
    assert all(all(label.values()) for label in labels)
    for key in ("name", "label_fr", "description", "description_fr"):
        assert len({label[key] for label in labels}) == len(labels), key


def test_slugs_do_not_repeat(connection: Connection) -> None:
    """Each topic has a short name of its own."""
    slugs = [topic["slug"] for topic in read(connection, TOPICS)]
    assert len(set(slugs)) == len(slugs)


def test_hook_types_have_examples_and_a_rule(connection: Connection) -> None:
    """Each has at least four examples, and the rules speak for shipped types only."""
    types = read(connection, HOOK_TYPES)
    assert all(len(hook_type["examples"]) >= 4 for hook_type in types)
    assert {rule.name for rule in RULES} == {hook_type["name"] for hook_type in types}


def test_labels_of_the_samples_are_in_the_taxonomy(connection: Connection) -> None:
    """Labels that people gave the sample posts exist, and every label is used by some."""
    posts = samples.posts()
    for key, statement in (
        ("expected_topic", TOPICS),
        ("expected_audience", AUDIENCES),
        ("expected_hook_type", HOOK_TYPES),
    ):
        given = [dict(post)[key] for post in posts if dict(post)[key]]
        assert len(given) >= 150
        assert set(given) == {label["name"] for label in read(connection, statement)}
