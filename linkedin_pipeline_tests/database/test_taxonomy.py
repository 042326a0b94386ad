"""The taxonomy over PostgreSQL: which labels there are, and when they are embedded again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, LiteralString

import psycopg
import pytest

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.taxonomy import PostgresTaxonomy
from linkedin_pipeline.domain.classifications import centroid, phrases
from linkedin_pipeline.domain.embeddings import check_vector
from linkedin_pipeline.domain.errors import ProviderDown
from linkedin_pipeline.domain.labels import LABEL_STAGES, Label
from linkedin_pipeline.domain.work import Stage
from linkedin_pipeline.ports import Taxonomy
from linkedin_pipeline_tests.fakes import HashEmbedder

Connection = psycopg.Connection[Any]
TOPICS, AUDIENCES, HOOKS = LABEL_STAGES
ROWS: dict[Stage, LiteralString] = {
    HOOKS: (
        "insert into hook_types (name, label_fr, description, description_fr) "
        "values ('Alpha', 'Alpha fr', 'first, opening', 'premier'), ('Beta', null, 'second', null)"
    ),
    TOPICS: (
        "insert into topics (name, label_fr, description, description_fr) "
        "values ('Alpha', 'Alpha fr', 'first, opening', 'premier'), ('Beta', null, 'second', null)"
    ),
    AUDIENCES: (
        "insert into audiences (name, label_fr, description, description_fr) "
        "values ('Alpha', 'Alpha fr', 'first, opening', 'premier'), ('Beta', null, 'second', null)"
    ),
}
SWITCHES: dict[Stage, LiteralString] = {
    HOOKS: "update hook_types set is_active = %s where name = %s",
    TOPICS: "update topics set is_active = %s where name = %s",
    AUDIENCES: "update audiences set is_active = %s where name = %s",
}
EDITS: dict[Stage, LiteralString] = {
    HOOKS: "update hook_types set description = %s where name = %s",
    TOPICS: "update topics set description = %s where name = %s",
    AUDIENCES: "update audiences set description = %s where name = %s",
}
EMBEDDED: dict[Stage, LiteralString] = {
    HOOKS: "select name, embedding::real[], embedding_model from hook_types order by name",
    TOPICS: "select name, embedding::real[], embedding_model from topics order by name",
    AUDIENCES: "select name, embedding::real[], embedding_model from audiences order by name",
}
ALPHA = ["Alpha", "Alpha fr", "first", "opening", "premier"]
BETA = ["Beta", "second"]

each_stage = pytest.mark.parametrize("stage", LABEL_STAGES, ids=str)


@pytest.fixture
def rows(connection: Connection) -> Connection:
    """Put two labels of each kind in the place of those that ship."""
    connection.execute("truncate topics, audiences, hook_types cascade")
    for statement in ROWS.values():
        connection.execute(statement)
    return connection


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Give the database."""
    with Database(database_url) as opened:
        yield opened


class Interrupting(HashEmbedder):
    """Does something, once, while the first texts are being embedded."""

    def __init__(self, interruption: Callable[[], object]) -> None:
        super().__init__()
        self._interruptions = [interruption]

    def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """Return a vector a text, after the interruption."""
        if self._interruptions:
            self._interruptions.pop()()
        return super().embed(texts)


def asked(embedder: HashEmbedder) -> list[str]:
    """Return what was embedded since the last time."""
    texts, embedder.asked = embedder.asked, []
    return texts


def vector(*texts: str) -> list[float]:
    """Return the vector of a label with these phrases."""
    return centroid(HashEmbedder().embed(texts))


def one(labels: Sequence[Label], name: str) -> Label:
    """Return the label of that name."""
    (found,) = (label for label in labels if label.name == name)
    return found


@each_stage
def test_labels_come_with_the_centroid_of_their_phrases(
    rows: Connection, database: Database, stage: Stage
) -> None:
    """Names, descriptions of both languages: each phrase counts once, and the mean is stored."""
    embedder = HashEmbedder()
    taxonomy: Taxonomy = PostgresTaxonomy(database, embedder)
    alpha, beta = taxonomy.labels(stage)
    assert asked(embedder) == [*ALPHA, *BETA]
    assert (alpha.name, beta.name) == ("Alpha", "Beta")
    assert phrases(alpha.text) == ALPHA
    assert alpha.vector == pytest.approx(vector(*ALPHA), abs=1e-6)
    check_vector(alpha.vector)
    stored = rows.execute(EMBEDDED[stage]).fetchall()
    assert [(name, model) for name, _, model in stored] == [
        ("Alpha", "test:hash"),
        ("Beta", "test:hash"),
    ]
    assert stored[1][1] == pytest.approx(beta.vector, abs=1e-6)


@each_stage
def test_what_is_unchanged_is_not_embedded_again(
    rows: Connection, database: Database, stage: Stage
) -> None:
    """A second call reads the stored vectors, in another process too."""
    first = PostgresTaxonomy(database, HashEmbedder()).labels(stage)
    embedder = HashEmbedder()
    second = PostgresTaxonomy(database, embedder).labels(stage)
    assert asked(embedder) == []
    assert [label.id for label in second] == [label.id for label in first]
    for one_label, other in zip(first, second, strict=True):
        assert other.vector == pytest.approx(one_label.vector, abs=1e-6)


@each_stage
def test_an_edited_row_is_embedded_again_and_it_alone(
    rows: Connection, database: Database, stage: Stage
) -> None:
    """The next call after an edit has the new vector, and the others cost nothing."""
    embedder = HashEmbedder()
    taxonomy = PostgresTaxonomy(database, embedder)
    taxonomy.labels(stage)
    asked(embedder)
    rows.execute(EDITS[stage], ["third", "Beta"])
    beta = one(taxonomy.labels(stage), "Beta")
    assert asked(embedder) == ["Beta", "third"]
    assert beta.vector == pytest.approx(vector("Beta", "third"), abs=1e-6)
    taxonomy.labels(stage)
    assert asked(embedder) == []


@each_stage
def test_a_row_that_is_switched_off_disappears(
    rows: Connection, database: Database, stage: Stage
) -> None:
    """It is not offered while it is off, and comes back without being embedded again."""
    embedder = HashEmbedder()
    taxonomy = PostgresTaxonomy(database, embedder)
    taxonomy.labels(stage)
    asked(embedder)
    rows.execute(SWITCHES[stage], [False, "Alpha"])
    assert [label.name for label in taxonomy.labels(stage)] == ["Beta"]
    rows.execute(SWITCHES[stage], [True, "Alpha"])
    assert [label.name for label in taxonomy.labels(stage)] == ["Alpha", "Beta"]
    assert asked(embedder) == []


@each_stage
def test_a_row_edited_while_off_is_embedded_when_it_returns(
    rows: Connection, database: Database, stage: Stage
) -> None:
    """What is off costs nothing, and is up to date when it is on."""
    embedder = HashEmbedder()
    rows.execute(SWITCHES[stage], [False, "Beta"])
    taxonomy = PostgresTaxonomy(database, embedder)
    taxonomy.labels(stage)
    rows.execute(EDITS[stage], ["third", "Beta"])
    taxonomy.labels(stage)
    assert "Beta" not in asked(embedder)
    rows.execute(SWITCHES[stage], [True, "Beta"])
    taxonomy.labels(stage)
    assert asked(embedder) == ["Beta", "third"]


@each_stage
def test_an_edit_during_embedding_is_embedded_next_time(
    rows: Connection, database: Database, stage: Stage
) -> None:
    """A vector is never taken for that of a text that it was not made of."""
    embedder = Interrupting(lambda: rows.execute(EDITS[stage], ["third", "Beta"]))
    taxonomy = PostgresTaxonomy(database, embedder)
    assert one(taxonomy.labels(stage), "Beta").vector == pytest.approx(vector(*BETA), abs=1e-6)
    asked(embedder)
    beta = one(taxonomy.labels(stage), "Beta")
    assert asked(embedder) == ["Beta", "third"]
    assert beta.vector == pytest.approx(vector("Beta", "third"), abs=1e-6)


def test_a_row_deleted_during_embedding_breaks_nothing(
    rows: Connection, database: Database
) -> None:
    """The others are stored, and the next call no longer has it."""
    embedder = Interrupting(lambda: rows.execute("delete from topics where name = 'Alpha'"))
    taxonomy = PostgresTaxonomy(database, embedder)
    taxonomy.labels(TOPICS)
    asked(embedder)
    assert [label.name for label in taxonomy.labels(TOPICS)] == ["Beta"]
    assert asked(embedder) == []


def test_another_model_embeds_everything_again(rows: Connection, database: Database) -> None:
    """Vectors of two models never meet."""

    class Another(HashEmbedder):
        model = "test:another"

    PostgresTaxonomy(database, HashEmbedder()).labels(TOPICS)
    embedder = Another()
    PostgresTaxonomy(database, embedder).labels(TOPICS)
    assert asked(embedder) == [*ALPHA, *BETA]
    models = rows.execute("select distinct embedding_model from topics").fetchall()
    assert models == [("test:another",)]


def test_a_vector_that_was_taken_away_is_made_again(rows: Connection, database: Database) -> None:
    """Setting an embedding to null by hand asks for a new one."""
    embedder = HashEmbedder()
    taxonomy = PostgresTaxonomy(database, embedder)
    taxonomy.labels(TOPICS)
    asked(embedder)
    rows.execute("update topics set embedding = null where name = 'Beta'")
    taxonomy.labels(TOPICS)
    assert asked(embedder) == BETA


def test_an_outage_stores_nothing(rows: Connection, database: Database) -> None:
    """Labels come without vectors, for who reads texts; the next call tries again."""

    def out() -> None:
        raise ProviderDown("the embedder", "out", "Wait.")

    embedder = Interrupting(out)
    taxonomy = PostgresTaxonomy(database, embedder)
    assert [len(label.vector) for label in taxonomy.labels(TOPICS)] == [0, 0]
    assert rows.execute("select count(*) from topics where embedding is not null").fetchall() == [
        (0,)
    ]
    assert [len(label.vector) for label in taxonomy.labels(TOPICS)] == [1536, 1536]


@each_stage
def test_without_active_rows_there_are_no_labels(
    rows: Connection, database: Database, stage: Stage
) -> None:
    """Nothing is embedded for an empty taxonomy."""
    for name in ("Alpha", "Beta"):
        rows.execute(SWITCHES[stage], [False, name])
    embedder = HashEmbedder()
    assert list(PostgresTaxonomy(database, embedder).labels(stage)) == []
    assert asked(embedder) == []


def test_examples_of_hook_types_are_whole_phrases(rows: Connection, database: Database) -> None:
    """An example keeps its commas and loses its line breaks; keywords come beside the text."""
    rows.execute(
        "update hook_types set classification_keywords = %s, examples = %s where name = 'Beta'",
        [["what if", "?"], ["Why not, after all?", "One\nTwo. Three"]],
    )
    beta = one(PostgresTaxonomy(database, HashEmbedder()).labels(HOOKS), "Beta")
    assert phrases(beta.text) == ["Beta", "second", "Why not, after all?", "One Two. Three"]
    assert beta.keywords == ("what if", "?")


def test_an_audience_without_description_is_what_it_does_and_wants(
    rows: Connection, database: Database
) -> None:
    """Job titles, pain points and goals stand in for a description, and only then."""
    rows.execute(
        "update audiences set job_titles = '{Nurse}', pain_points = '{Night shifts}', "
        "goals = '{Time with patients}'"
    )
    rows.execute("update audiences set description = null where name = 'Beta'")
    alpha, beta = PostgresTaxonomy(database, HashEmbedder()).labels(AUDIENCES)
    assert phrases(alpha.text) == ALPHA
    assert phrases(beta.text) == ["Beta", "Nurse", "Night shifts", "Time with patients"]


def test_labels_found_by_search_are_those_of_the_same_vectors(
    rows: Connection, database: Database
) -> None:
    """What is stored serves `match_topics` as well."""
    labels = PostgresTaxonomy(database, HashEmbedder()).labels(TOPICS)
    nearest = rows.execute(
        "select name from topics order by embedding <=> %s::real[]::vector limit 1",
        [list(one(labels, "Beta").vector)],
    ).fetchall()
    assert nearest == [("Beta",)]
