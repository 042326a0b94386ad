"""The command line with paid models, in processes of its own, against simulated providers."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from linkedin_pipeline.domain.work import Stage
from linkedin_pipeline.simulators.faults import Fault, Kind
from linkedin_pipeline_tests.paying import ADA, EMBEDDINGS, KEY, SMALL, paid_line
from linkedin_pipeline_tests.postgres import PostgresServer
from linkedin_pipeline_tests.sql.bank import drift, rows, value
from linkedin_pipeline_tests.terminal import Terminal
from linkedin_pipeline_tests.waiting import eventually

Connection = psycopg.Connection[Any]

POSTS = 40
COVERED = (
    "select m.name, m.state, count(v.post_id) from embedding_models m "
    "left join post_vectors v on v.model_id = m.id group by 1, 2 order by 1"
)


@pytest.fixture(scope="module")
def dagster_url(postgres_server: PostgresServer) -> Iterator[str]:
    """Give a database for Dagster, whose tables are made once."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture
def environment(database_url: str, dagster_url: str, tmp_path: Path) -> dict[str, str]:
    """Give the variables of a bank of the test's own."""
    return {
        "DATABASE_URL": database_url,
        "DAGSTER_DATABASE_URL": dagster_url,
        "LINKEDIN_PIPELINE_HOME": str(tmp_path),
    }


def add_posts(connection: Connection) -> None:
    """Insert different posts of today."""
    connection.execute(
        "insert into viral_posts_bank (content) select 'Post ' || n || ' on hiring people.' "
        "from generate_series(1, %s) n",
        (POSTS,),
    )


def test_the_sandbox_enriches_a_bank_for_nothing(
    environment: dict[str, str], connection: Connection
) -> None:
    """With the variables that it prints, everything is done by paid models, and priced."""
    add_posts(connection)
    sandbox = Terminal(environment).start("sandbox", "--port", "0")
    try:
        assert sandbox.stdout is not None
        lines = "".join(sandbox.stdout.readline() for _ in range(4))
        variables = dict(re.findall(r"^export (\w+)=(\S+)$", lines, re.MULTILINE))
        result = Terminal(environment | variables).run("enrich", "--json")
        assert result.returncode == 0, result.stdout + result.stderr
    finally:
        sandbox.kill()
        sandbox.communicate()
    document = json.loads(result.stdout)
    assert (document["left"], document["dead_letters"]) == ({}, [])
    assert {stage["done"] for stage in document["stages"].values()} == {POSTS}
    makers = rows(
        connection,
        "select distinct embedding_model, split_part(topic_model, '/', 1), "
        "split_part(audience_model, '/', 1), split_part(hook_type_model, '/', 1) "
        "from viral_posts_bank",
    )
    labels = value(
        connection, "select max(model) from ai_usage_logs where purpose = %s", "classification"
    )
    assert labels.startswith("gpt-")
    assert makers == [(str(SMALL), *[f"openai:{labels}"] * 3)]
    costs = rows(
        connection,
        "select purpose, count(*) filter (where not success), min(cost_usd) > 0, "
        "max(reserved_usd), min(input_tokens) > 0 from ai_usage_logs group by 1 order by 1",
    )
    assert costs == [("classification", 0, True, 0, True), ("embedding", 0, True, 0, True)]
    assert drift(connection) == []


def test_a_model_change_survives_a_kill(
    environment: dict[str, str], connection: Connection
) -> None:
    """SIGKILL in the middle of the change: the old set serves on, and the rest is done later."""
    add_posts(connection)
    only = ("enrich", "--stage", "embeddings")
    with paid_line(environment["DATABASE_URL"]) as line:
        paid = environment | {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": f"{line.url}/v1"}
        new = Terminal(paid | {"EMBEDDING_MODEL": str(ADA)})
        line.payer().drain(Stage.EMBEDDINGS)
        assert new.json("requeue", "--model-changed")["total"] == POSTS
        assert new.run(*only, "--max-posts", "10").returncode == 0
        partly = [(str(SMALL), "serving", POSTS), (str(ADA), "building", 10)]
        assert rows(connection, COVERED) == partly

        gate = line.simulator.faults.add(Fault(Kind.HOLD, route=EMBEDDINGS))
        process = new.start(*only)
        eventually(lambda: gate.struck, within=120)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        gate.release()
        assert rows(connection, COVERED) == partly
        found = new.json("search", "Post 7 on hiring people.", "--count", "100")
        assert (len(found), round(found[0]["similarity"], 2)) == (POSTS, 1.0)

        # instead of waiting for the leases of the dead process
        connection.execute("update post_work set lease_until = now() where token is not null")
        assert new.run(*only).returncode == 0
        assert rows(connection, COVERED) == [
            (str(SMALL), "retired", POSTS),
            (str(ADA), "serving", POSTS),
        ]
        found = new.json("search", "Post 7 on hiring people.", "--count", "100")
        assert (len(found), round(found[0]["similarity"], 2)) == (POSTS, 1.0)
    flags = "select count(*) from viral_posts_bank where needs_embedding or embedding_model <> %s"
    assert value(connection, flags, str(ADA)) == 0
    assert drift(connection) == []
    charged = "select count(*) from ai_errors where post_id is not null"
    assert value(connection, charged) == 0
