"""``linkedin-pipeline search``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from linkedin_pipeline.adapters.local_embedder import LocalEmbedder
from linkedin_pipeline.settings import LOCAL_EMBEDDING_MODEL
from linkedin_pipeline_tests.postgres import PostgresServer
from linkedin_pipeline_tests.terminal import Terminal

POSTS = {
    "Ada Lovelace": [
        "How we hired our first salesperson.\n\nIt took us a year.",
        "Mon chat dort sur le clavier pendant les réunions.",
    ],
    "Grace Hopper": [
        "[bold]Recruiting[/bold] sales people is harder than selling :smile:.",
        "A recipe for onion soup with a lot of butter.",
    ],
}


@pytest.fixture(scope="module")
def terminal(
    postgres_server: PostgresServer,
    migrated_template: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Terminal]:
    """Give a command line over a bank with four embedded posts."""
    texts = [text for posts in POSTS.values() for text in posts]
    vectors = iter(LocalEmbedder(LOCAL_EMBEDDING_MODEL).embed(texts))
    with postgres_server.database(template=migrated_template) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            for author, posts in POSTS.items():
                for text in posts:
                    connection.execute(
                        "with author as (insert into profiles (full_name, linkedin_id) "
                        "values (%(name)s, %(id)s) on conflict (linkedin_id) "
                        "do update set full_name = %(name)s returning id) "
                        "insert into viral_posts_bank (content, author_id, embedding, "
                        "embedding_model, topic_id) "
                        "select %(text)s, author.id, %(vector)s::real[]::vector, %(model)s, "
                        "case when %(text)s ~ 'sales' then "
                        "(select id from topics where slug = 'hiring') end from author",
                        {
                            "name": author,
                            "id": author.split()[0].lower(),
                            "text": text,
                            "vector": [float(number) for number in next(vectors)],
                            "model": LOCAL_EMBEDDING_MODEL,
                        },
                    )
        home = tmp_path_factory.mktemp("home")
        yield Terminal({"DATABASE_URL": url, "LINKEDIN_PIPELINE_HOME": str(home)})


def test_the_nearest_posts_come_first(terminal: Terminal) -> None:
    """Similarity, author, topic and opening, best first."""
    found = terminal.json("search", "hiring sales people")
    assert len(found) == 4
    assert [one["similarity"] for one in found] == sorted(
        (one["similarity"] for one in found), reverse=True
    )
    assert {one["topic"] for one in found[:2]} == {"Hiring and Recruitment"}
    assert {"post_id", "author", "post_url", "hook", "content"} < set(found[0])
    [_, opening] = terminal.invoke("search", "onion soup", "--count", "1").output.splitlines()
    assert opening == "       A recipe for onion soup with a lot of butter."


def test_text_is_shown_as_it_is(terminal: Terminal) -> None:
    """What looks like markup or the name of an emoji in a post is text."""
    shown = terminal.invoke("search", "recruiting is harder than selling", "--count", "1").output
    assert "[bold]Recruiting[/bold] sales people is harder than selling :smile:." in shown


def test_other_languages_are_understood(terminal: Terminal) -> None:
    """A question in one language finds posts in another."""
    found = terminal.json("search", "a cat sleeping on a keyboard", "--count", "1")
    assert found[0]["content"].startswith("Mon chat")


def test_filters_and_bounds(terminal: Terminal) -> None:
    """Author by any of his names, topic, count and threshold."""
    for who in ("Grace Hopper", "grace"):
        found = terminal.json("search", "hiring", "--author", who)
        assert {one["author"] for one in found} == {"Grace Hopper"}
        assert len(found) == 2
    assert len(terminal.json("search", "soup", "--topic", "hiring")) == 2
    both = terminal.json("search", "soup", "--topic", "Recrutement", "--author", "ada")
    assert [one["content"][:3] for one in both] == ["How"]
    assert len(terminal.json("search", "soup", "--count", "3")) == 3
    assert terminal.json("search", "hiring sales people", "--threshold", "0.99") == []
    assert terminal.invoke("search", "x", "--threshold", "1").output == "No post passes.\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("search",),
        ("search", " "),
        ("search", "🎉"),
        ("search", "x", "--author", "Ada L"),
        ("search", "x", "--topic", "no such topic"),
        ("search", "x", "--count", "0"),
        ("search", "x", "--threshold", "2"),
    ],
)
def test_wrong_use_is_said(terminal: Terminal, arguments: tuple[str, ...]) -> None:
    """Exit code 2 and no stack trace."""
    result = terminal.invoke(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""


def test_a_bank_without_vectors_is_said(database_url: str, tmp_path: Path) -> None:
    """There is nothing to search in, and the message says what to do."""
    terminal = Terminal({"DATABASE_URL": database_url, "LINKEDIN_PIPELINE_HOME": str(tmp_path)})
    result = terminal.invoke("search", "hiring")
    assert result.exit_code == 1
    assert "no vectors yet. Run: linkedin-pipeline enrich" in result.stderr


def test_vectors_of_another_model_are_not_compared(
    database_url: str, connection: psycopg.Connection[object], tmp_path: Path
) -> None:
    """A question embedded by one model says nothing about vectors of another."""
    connection.execute(
        "insert into viral_posts_bank (content, embedding, embedding_model) "
        "values ('A post.', ('[1' || repeat(',0', 1535) || ']')::vector, 'other:model')"
    )
    terminal = Terminal({"DATABASE_URL": database_url, "LINKEDIN_PIPELINE_HOME": str(tmp_path)})
    result = terminal.invoke("search", "hiring")
    assert result.exit_code == 1
    assert "other:model" in result.stderr
    assert "--model-changed" in result.stderr
