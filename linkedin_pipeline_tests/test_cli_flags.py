"""``linkedin-pipeline flags``."""

from __future__ import annotations

from pathlib import Path

import pytest

from linkedin_pipeline_tests.postgres import ask
from linkedin_pipeline_tests.terminal import Terminal

OFF = "select string_agg(worker_name, ' ') from worker_feature_flags_v2 where not is_enabled"


@pytest.fixture
def terminal(database_url: str, tmp_path: Path) -> Terminal:
    """Give a command line over a database of the test's own."""
    return Terminal({"DATABASE_URL": database_url, "LINKEDIN_PIPELINE_HOME": str(tmp_path)})


def test_all_switches_are_listed(terminal: Terminal, database_url: str) -> None:
    """Name, state and description, as text and as JSON."""
    terminal.invoke("flags", "disable", "sync_profiles")
    text = terminal.invoke("flags").output
    assert "sync_profiles                  off    Reads new posts of profiles" in text
    assert "worker_extract_hooks_v2        on     Extracts the hook" in text
    listed = terminal.json("flags")
    assert {one["worker"] for one in listed if not one["on"]} == {"sync_profiles"}
    assert len(listed) == 9
    assert ask(database_url, OFF) == "sync_profiles"


def test_a_switch_is_turned_by_either_spelling(terminal: Terminal, database_url: str) -> None:
    """Hyphens and underscores are alike, and the answer says what is the case now."""
    result = terminal.invoke("flags", "disable", "worker-extract-hooks-v2")
    assert (result.exit_code, result.output) == (0, "worker_extract_hooks_v2 is off\n")
    assert ask(database_url, OFF) == "worker_extract_hooks_v2"
    result = terminal.invoke("flags", "enable", "worker_extract_hooks_v2")
    assert (result.exit_code, result.output) == (0, "worker_extract_hooks_v2 is on\n")
    assert ask(database_url, OFF) is None
    assert terminal.json("flags", "disable", "publish_scheduled")["on"] is False


def test_an_unknown_switch_is_wrong_use(terminal: Terminal, database_url: str) -> None:
    """Exit code 2, one line, and the names there are."""
    result = terminal.invoke("flags", "disable", "hooks")
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert "worker_extract_hooks_v2" in result.stderr
    assert ask(database_url, OFF) is None
    assert terminal.invoke("flags", "disable").exit_code == 2
    assert terminal.invoke("flags", "toggle").exit_code == 2
