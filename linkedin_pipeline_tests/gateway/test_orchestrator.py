"""``orchestrator-v2``."""

from __future__ import annotations

from typing import Any

import httpx
import psycopg
import pytest
from psycopg.rows import TupleRow

from linkedin_pipeline_tests.postgres import ask
from linkedin_pipeline_tests.sql.bank import add_post

OFF = "select string_agg(worker_name, ' ') from worker_feature_flags_v2 where not is_enabled"
WORKERS = {
    "worker_extract_hooks_v2",
    "worker_generate_embeddings_v2",
    "worker_classify_hooks_v2",
    "worker_classify_topics_v2",
    "worker_classify_audiences_v2",
    "worker_complete_profiles_v2",
    "publish_scheduled",
    "publish_company_pages",
    "sync_profiles",
}


def act(client: httpx.Client, action: str, method: str = "GET", **more: str) -> httpx.Response:
    """Call an action."""
    params = {"action": action, **more}
    return client.request(method, "/functions/v1/orchestrator-v2", params=params)


def test_status_shows_every_worker(
    client: httpx.Client, connection: psycopg.Connection[TupleRow]
) -> None:
    """Switch, pending work and the last run; and how Dagster's daemon is."""
    add_post(connection)
    add_post(connection)
    connection.execute(
        "insert into task_execution_logs_v2 (worker_name, status, items_found, dagster_run_id, "
        "started_at) values ('worker_extract_hooks_v2', 'failed', 7, 'r-1', '2024-01-01'), "
        "('worker_extract_hooks_v2', 'completed', 3, 'r-2', '2024-02-01')"
    )
    status = act(client, "status").json()
    assert status["workers"].keys() == WORKERS
    hooks: dict[str, Any] = status["workers"]["worker_extract_hooks_v2"]
    assert (hooks["is_enabled"], hooks["pending"]) == (True, 2)
    assert (hooks["last_run"]["run_id"], hooks["last_run"]["items_found"]) == ("r-2", 3)
    assert hooks["last_run"]["started_at"].startswith("2024-02-01T00:00:00")
    assert status["workers"]["worker_classify_topics_v2"]["last_run"] is None
    assert status["workers"]["sync_profiles"]["pending"] == 0
    assert status["dagster_daemon"]["state"] == "running"


def test_pending_tells_what_waits(
    client: httpx.Client, connection: psycopg.Connection[TupleRow]
) -> None:
    """Of the pending work, what is not due yet and what somebody holds."""
    for _ in range(3):
        add_post(connection)
    connection.execute("select * from get_posts_needing_hook_extraction(1)")
    pending = act(client, "pending").json()["pending"]
    assert pending.keys() == WORKERS
    hooks = pending["worker_extract_hooks_v2"]
    assert (hooks["pending"], hooks["waiting"], hooks["leased"]) == (3, 0, 1)
    assert hooks["oldest_due"] is not None


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_worker_is_switched_by_either_spelling(
    client: httpx.Client, database_url: str, method: str
) -> None:
    """Hyphens and underscores are alike, and the answer says what is the case now."""
    answer = act(client, "disable", method, worker="worker-extract-hooks-v2")
    assert answer.json() == {
        "success": True,
        "worker": "worker_extract_hooks_v2",
        "is_enabled": False,
    }
    assert ask(database_url, OFF) == "worker_extract_hooks_v2"
    answer = act(client, "enable", method, worker="worker_extract_hooks_v2")
    assert answer.json()["is_enabled"] is True
    assert ask(database_url, OFF) is None


def test_all_workers_are_switched_at_once(client: httpx.Client, database_url: str) -> None:
    """All nine of them, and back."""
    off = act(client, "disable-all").json()
    assert off["workers"] == {worker: {"is_enabled": False} for worker in sorted(WORKERS)}
    assert len(str(ask(database_url, OFF)).split()) == 9
    assert act(client, "enable-all").json()["workers"]["sync_profiles"] == {"is_enabled": True}
    assert ask(database_url, OFF) is None


def test_logs_come_newest_first(
    client: httpx.Client, connection: psycopg.Connection[TupleRow]
) -> None:
    """Of all workers or of one, as many as asked for."""
    connection.execute(
        "insert into task_execution_logs_v2 (worker_name, status, started_at, dagster_run_id) "
        "select case n % 2 when 0 then 'sync_profiles' else 'publish_scheduled' end, 'completed', "
        "timestamptz '2024-01-01' + n * interval '1 hour', n::text from generate_series(1, 6) n"
    )

    def runs(**more: str) -> list[str]:
        return [log["run_id"] for log in act(client, "logs", **more).json()["logs"]]

    assert runs() == ["6", "5", "4", "3", "2", "1"]
    assert runs(limit="2") == ["6", "5"]
    assert runs(worker="sync-profiles") == ["6", "4", "2"]


@pytest.mark.parametrize(
    ("action", "more", "status", "code"),
    [
        ("nonsense", {}, 400, "unknown_action"),
        ("", {}, 400, "unknown_action"),
        ("STATUS", {}, 400, "unknown_action"),
        ("enable", {}, 400, "bad_parameter"),
        ("enable", {"worker": ""}, 400, "bad_parameter"),
        ("enable", {"worker": "worker_nobody_v2"}, 404, "unknown_worker"),
        ("disable", {"worker": "%"}, 404, "unknown_worker"),
        ("disable", {"worker": "a\x00b"}, 404, "unknown_worker"),
        ("disable", {"worker": "x" * 5000}, 404, "unknown_worker"),
        ("logs", {"worker": "worker_nobody_v2"}, 404, "unknown_worker"),
        ("logs", {"limit": "0"}, 400, "bad_parameter"),
        ("logs", {"limit": "501"}, 400, "bad_parameter"),
        ("logs", {"limit": "9" * 5000}, 400, "bad_parameter"),
    ],
)
def test_what_cannot_be_done_is_refused(
    client: httpx.Client,
    database_url: str,
    action: str,
    more: dict[str, str],
    status: int,
    code: str,
) -> None:
    """The error names the parameter, never repeats what was sent, and no switch is turned."""
    answer = act(client, action, **more)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert all(not sent or sent not in answer.text for sent in more.values() if len(sent) > 3)
    assert ask(database_url, OFF) is None
