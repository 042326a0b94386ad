"""The examples on the page of the gateway work."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.rows import TupleRow

from linkedin_pipeline_tests.documents import blocks, read
from linkedin_pipeline_tests.gateway.standin import StandIn
from linkedin_pipeline_tests.gateway.wire import SECRET

PAGE = read("docs/gateway.md")
PG_NET = """
create schema net;
create table net.sent (url text, body jsonb, headers jsonb);
create function net.http_post(
    url text, body jsonb default '{}', params jsonb default '{}', headers jsonb default '{}',
    timeout_milliseconds int default 5000
) returns bigint language sql begin atomic
    insert into net.sent values (url, body, headers);
    select 1::bigint;
end
"""


def _lines(block: str) -> list[str]:
    return block.strip().splitlines()


CRON = [line.split(maxsplit=5)[5] for block in blocks(PAGE, "crontab") for line in _lines(block)]
COMMANDS = [*(block for block in blocks(PAGE, "sh") if block.startswith("curl ")), *CRON]


@pytest.mark.parametrize("command", COMMANDS)
def test_examples_for_curl_and_cron_work(url: str, dagster: StandIn, command: str) -> None:
    """As they stand, in a plain shell."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    dagster.on_launch = dagster.end
    environment = {"GATEWAY": url, "SCHEDULER_SECRET": SECRET, "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        ["sh", "-c", command],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout
    assert '"success":true' in done.stdout or '"status":"ok"' in done.stdout


@pytest.mark.parametrize("statement", blocks(PAGE, "sql"))
def test_the_example_for_pg_net_works(
    url: str, dagster: StandIn, connection: psycopg.Connection[TupleRow], statement: str
) -> None:
    """What it hands to pg_net, sent as pg_net sends it, starts the job."""
    connection.execute(PG_NET)
    connection.execute("select set_config('app.gateway', %s, false)", (url,))
    connection.execute("select set_config('app.scheduler_secret', %s, false)", (SECRET,))
    connection.execute(statement.encode())
    sent: tuple[str, Any, Mapping[str, str]] | None = connection.execute(
        "table net.sent"
    ).fetchone()
    assert sent is not None
    answer = httpx.post(sent[0], json=sent[1], headers=sent[2], timeout=120, trust_env=False)
    assert answer.status_code == 202
    assert len(dagster.runs) == 1
