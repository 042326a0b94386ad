"""What the fixtures promise every test: a clean environment, no network, no server left."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import pytest_socket

from linkedin_pipeline.database.migrate import is_current
from linkedin_pipeline.settings import PROJECT_ROOT, Settings
from linkedin_pipeline_tests.postgres import PostgresServer, ask
from linkedin_pipeline_tests.waiting import eventually

HOSTILE = {
    "DATABASE_URL": "postgresql://nobody:secret@192.0.2.1/production",
    "DAGSTER_DATABASE_URL": "postgresql://nobody:secret@192.0.2.1/dagster",
    "DAGSTER_HOME": "/nowhere",
    "LINKEDIN_PIPELINE_HOME": "/nowhere",
    "OPENAI_API_KEY": "secret",
    "UNIPILE_BASE_URL": "https://192.0.2.1/api/v1",
    "PGPASSWORD": "secret",
    "https_proxy": "http://192.0.2.1:3128",
    "HTTPS_PROXY": "http://192.0.2.1:3128",
    "NO_PROXY": "",
}
SERVE = """
from linkedin_pipeline_tests.postgres import running_server
with running_server() as server:
    print(server.embedded.port, server.embedded.home, flush=True)
    input()
"""


def test_the_developers_environment_is_forgotten(tmp_path: Path) -> None:
    """A pytest started in a shell full of production settings shows tests none of them."""
    names = sorted(HOSTILE)
    (tmp_path / "test_inside.py").write_text(
        f"import os\ndef test_clean():\n    assert [n for n in {names} if n in os.environ] == []\n"
    )
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
            *("-c", str(PROJECT_ROOT / "pyproject.toml"), "--rootdir", str(tmp_path)),
            *("-p", "linkedin_pipeline_tests.conftest", str(tmp_path / "test_inside.py")),
        ],
        env={**os.environ, **HOSTILE},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_variable_is_set_in_this_session() -> None:
    """The settings of a test are those of an empty environment."""
    assert Settings.from_environment() == Settings.from_environment({})


def test_the_network_ends_at_loopback() -> None:
    """A connection to another host is refused before a packet leaves; a local one works."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        socket.create_connection(listener.getsockname(), timeout=30).close()
    with (
        pytest.warns(UserWarning, match="192.0.2.1"),
        pytest.raises(pytest_socket.SocketConnectBlockedError),
    ):
        socket.create_connection(("192.0.2.1", 80), timeout=30)


def test_a_database_is_the_tests_own(
    postgres_server: PostgresServer, database_url: str, connection: psycopg.Connection[object]
) -> None:
    """The clone is migrated, belongs to a plain role, and is not the template."""
    assert is_current(connection)
    connection.execute("create table only_here ()")

    with postgres_server.database(template="migrated_template") as other:
        assert ask(other, "select to_regclass('only_here')") is None
    assert ask(database_url, "select to_regclass('only_here')") == "only_here"
    assert ask(database_url, "select rolsuper from pg_roles where rolname = current_user") is False


def test_a_database_is_dropped_though_somebody_is_connected(
    postgres_server: PostgresServer,
) -> None:
    """A connection that a test forgot does not keep its database."""
    with postgres_server.database() as url:
        forgotten = psycopg.connect(url)
    with forgotten, pytest.raises(psycopg.OperationalError):
        forgotten.execute("select 1")
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(url)


def test_the_server_dies_with_a_killed_session() -> None:
    """After kill -9 nothing listens, and the next session removes the data."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVE],
        cwd=PROJECT_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as session:
        assert session.stdout is not None
        port, home = session.stdout.readline().split()
        session.kill()

    eventually(lambda: not _listens(int(port)))
    with subprocess.Popen(
        [sys.executable, "-c", SERVE], cwd=PROJECT_ROOT, stdin=subprocess.PIPE, text=True
    ) as following:
        following.communicate("\n", timeout=120)
    assert not Path(home).parent.exists()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
