"""Making batches and reading them, and the hooks proposed for a post."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import errors
from psycopg.types.json import Jsonb

from linkedin_pipeline_tests.sql.bank import Connection, rows, value
from linkedin_pipeline_tests.sql.tables import add, person

UNKNOWN = "00000000-0000-4000-8000-000000000000"


def create(connection: Connection, configs: Any, name: str | None = "May") -> UUID:
    """Make a batch as a client does, arguments by name."""
    made: UUID = value(
        connection,
        "select create_post_batch(name => %s, author_configs => %s)",
        name,
        None if configs is None else Jsonb(configs),
    )
    return made


def read(connection: Connection, made: UUID) -> dict[str, Any]:
    """Return a batch with its posts."""
    found: dict[str, Any] = value(connection, "select get_batch_with_posts(batch_id => %s)", made)
    return found


def count(connection: Connection) -> int:
    """Return how many rows the functions under test have left."""
    total: int = value(
        connection,
        "select (select count(*) from post_batches) + (select count(*) from batch_author_configs) "
        "+ (select count(*) from production_posts)",
    )
    return total


def test_a_batch_has_the_posts_that_were_asked_for(connection: Connection) -> None:
    """In the order of the elements, each with what its element says."""
    ada, grace = person(connection, "Ada"), person(connection, "Grace")
    topic = add(connection, "topics", name="Compilers")
    audience = add(connection, "audiences", name="Engineers")
    template = add(connection, "post_templates", name="Story")
    facts = [str(add(connection, "knowledge")) for _ in range(2)]
    made = create(
        connection,
        [
            {
                "author_id": str(grace),
                "topic_id": str(topic),
                "audience_id": str(audience),
                "template_id": str(template),
                "knowledge_ids": facts,
                "posts": 2,
            },
            {"author_id": str(ada), "topic_id": None, "knowledge_ids": None, "posts": None},
        ],
    )
    found = read(connection, made)
    assert set(found) == {"batch", "author_configs", "posts"}
    told = ("name", "mode", "status", "total_posts", "completed_posts", "completed_at")
    assert [found["batch"][key] for key in told] == ["May", "multi", "pending", 3, 0, None]
    keys = ("author_name", "topic", "audience", "template", "knowledge_ids")
    full = ["Grace", "Compilers", "Engineers", "Story", facts]
    bare: list[Any] = ["Ada", None, None, None, []]
    assert [[c[k] for k in (*keys, "posts")] for c in found["author_configs"]] == [
        [*full, 2],
        [*bare, 1],
    ]
    assert [[p[k] for k in (*keys, "batch_slot_order", "status")] for p in found["posts"]] == [
        [*full, 1, "pending"],
        [*full, 2, "pending"],
        [*bare, 3, "pending"],
    ]
    assert found["posts"][0]["author_id"] == str(grace)


def test_one_author_in_two_elements_is_single(connection: Connection) -> None:
    """The mode goes by the authors, not by the elements or how their ids are written."""
    author = str(person(connection))
    configs = [{"author_id": author}, {"author_id": author.upper(), "posts": 100}]
    found = read(connection, create(connection, configs))
    assert (found["batch"]["mode"], found["batch"]["total_posts"]) == ("single", 101)


AUTHOR = "AUTHOR"  # stands for the id of a profile that is there


WRONG: list[tuple[Any, str, str]] = [
    (None, "LP032", "author_configs"),
    ({}, "LP032", "author_configs"),
    ([], "LP032", "author_configs"),
    (["x"], "LP032", "author_configs[0]: string instead of an object"),
    ([{}], "LP034", "author_configs[0].author_id: missing"),
    ([{"author_id": None}], "LP034", "author_configs[0].author_id: missing"),
    ([{"author_id": 7}], "LP034", "author_configs[0].author_id: 7 is no uuid"),
    ([{"author_id": "7"}], "LP034", "author_configs[0].author_id"),
    ([{"author_id": [AUTHOR]}], "LP034", "author_configs[0].author_id"),
    ([{"author_id": UNKNOWN}], "LP035", f"[0].author_id: {UNKNOWN} is not in profiles"),
    ([{"author_id": AUTHOR, "author": 1}], "LP033", "author_configs[1].author: unknown key"),
    ([{"author_id": AUTHOR, "topic_id": UNKNOWN}], "LP035", "[1].topic_id"),
    ([{"author_id": AUTHOR, "audience_id": UNKNOWN}], "LP035", "[1].audience_id"),
    ([{"author_id": AUTHOR, "template_id": UNKNOWN}], "LP035", "[1].template_id"),
    ([{"author_id": AUTHOR, "knowledge_ids": [UNKNOWN]}], "LP035", "[1].knowledge_ids"),
    ([{"author_id": AUTHOR, "knowledge_ids": UNKNOWN}], "LP034", "[1].knowledge_ids"),
    ([{"author_id": AUTHOR, "knowledge_ids": [None]}], "LP034", "[1].knowledge_ids"),
    ([{"author_id": AUTHOR, "posts": "2"}], "LP034", "[1].posts"),
    ([{"author_id": AUTHOR, "posts": [2]}], "LP034", "[1].posts"),
    ([{"author_id": AUTHOR, "posts": 0}], "LP036", "[1].posts: 0 is not between 1 and 100"),
    ([{"author_id": AUTHOR, "posts": 101}], "LP036", "[1].posts"),
    ([{"author_id": AUTHOR, "posts": 1.5}], "LP036", "[1].posts"),
    ([{"author_id": AUTHOR, "posts": 1e30}], "LP036", "[1].posts"),
]


def test_a_wrong_element_is_named_and_nothing_is_made(connection: Connection) -> None:
    """Index and key stand in the message, counted from 0; a hint says what is right."""
    author = str(person(connection))
    for configs, code, says in WRONG:
        asked = [{"author_id": AUTHOR}, *configs] if "[1]" in says else configs
        with pytest.raises(errors.Error) as refused:
            create(connection, json.loads(json.dumps(asked).replace(AUTHOR, author)))
        assert (refused.value.sqlstate, says in str(refused.value)) == (code, True), configs
        assert refused.value.diag.message_hint
        assert count(connection) == 0


@pytest.mark.parametrize("name", [None, "", "  "])
def test_a_batch_has_a_name(connection: Connection, name: str | None) -> None:
    """Without one it is refused."""
    with pytest.raises(errors.Error) as refused:
        create(connection, [{"author_id": str(person(connection))}], name)
    assert refused.value.sqlstate == "LP031"


def test_what_a_batch_refers_to_stays_until_it_is_made(
    connection: Connection, database_url: str
) -> None:
    """Knowledge, which no foreign key holds, cannot go while a batch that names it is made."""
    author, fact = person(connection), add(connection, "knowledge")
    with psycopg.connect(database_url) as other:
        create(other, [{"author_id": str(author), "knowledge_ids": [str(fact)]}])
        connection.execute("set lock_timeout = '100ms'")
        with pytest.raises(errors.LockNotAvailable):
            connection.execute("delete from knowledge")


def test_an_unknown_batch_is_an_error(connection: Connection) -> None:
    """Null gives null."""
    with pytest.raises(errors.Error, match="unknown") as refused:
        read(connection, uuid4())
    assert refused.value.sqlstate == "LP030"
    assert value(connection, "select get_batch_with_posts(null)") is None


def test_an_empty_batch_can_be_read(connection: Connection) -> None:
    """Its lists are empty, not null."""
    found = read(connection, add(connection, "post_batches", name="June"))
    assert (found["author_configs"], found["posts"]) == ([], [])


def test_hooks_come_best_first_with_their_types(connection: Connection) -> None:
    """Those without a score are last; other posts' hooks do not come."""
    post, other = add(connection, "production_posts"), add(connection, "production_posts")
    kind = add(connection, "hook_types", name="Riddle", label_fr="Énigme", formula="Ask.")
    for text, score, hook_type in (("b", 0.5, None), ("c", None, kind), ("a", 0.9, kind)):
        add(
            connection,
            "generated_hooks",
            production_post_id=post,
            text=text,
            score=score,
            hook_type_id=hook_type,
        )
    add(connection, "generated_hooks", production_post_id=other, text="d", score=1)
    asked = (
        "select text, score, hook_type, hook_type_label_fr, hook_type_formula "
        "from get_hooks_with_classification(post_id => %s)"
    )
    assert rows(connection, asked, post) == [
        ("a", 0.9, "Riddle", "Énigme", "Ask."),
        ("b", 0.5, None, None, None),
        ("c", None, "Riddle", "Énigme", "Ask."),
    ]
    assert rows(connection, asked, uuid4()) == []
