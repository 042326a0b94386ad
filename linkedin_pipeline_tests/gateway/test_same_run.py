"""However many ask at once, and wherever: one run."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

import httpx
import pytest

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.gateway.serving import serving
from linkedin_pipeline.settings import Settings
from linkedin_pipeline_tests.gateway.standin import StandIn
from linkedin_pipeline_tests.gateway.wire import HOOKS, SECRET


async def _ask(urls: Sequence[str], times: int) -> list[httpx.Response]:
    limits = httpx.Limits(max_connections=None)
    headers = {"X-Scheduler-Secret": SECRET}
    async with httpx.AsyncClient(
        limits=limits, headers=headers, timeout=280, trust_env=False
    ) as client:
        asked = [client.post(urls[n % len(urls)] + HOOKS, json={}) for n in range(times)]
        return list(await asyncio.gather(*asked))


def test_a_thousand_callers_at_once_start_one_run(
    settings: Settings, database: Database, dagster: StandIn
) -> None:
    """Spread over two gateways that know nothing of each other, each is told the same run."""
    dagster.launch_seconds = 0.3
    patient = partial(serving, settings, database, head_seconds=280)  # the callers are one process
    with patient() as one, patient() as other:
        answers = asyncio.run(_ask([one, other], 1_000))
    assert {answer.status_code for answer in answers} == {202}
    assert {answer.json()["run_id"] for answer in answers} == dagster.runs.keys()
    assert len(dagster.runs) == 1
    started = [answer for answer in answers if answer.json()["message"] == "started"]
    assert len(started) == 1


@pytest.mark.parametrize(
    ("path", "job", "tags"),
    [
        ("publish-scheduled", "publish", {}),
        ("sync-profiles", "profile_sync", {"linkedin/lane": "sync", "linkedin/sync-now": "true"}),
        ("worker-complete-profiles-v2", "styles", {"linkedin/lane": "styles"}),
    ],
)
def test_a_live_run_of_a_schedule_or_sensor_is_the_same(
    client: httpx.Client, dagster: StandIn, path: str, job: str, tags: dict[str, str]
) -> None:
    """What does the whole work already is joined while it waits or runs, and not after."""
    for status in ("QUEUED", "STARTING", "STARTED", "CANCELING"):
        run = dagster.add(job, status, **tags)
        answer = client.post(f"/functions/v1/{path}").json()
        assert (answer["run_id"], answer["message"]) == (run, "joined a live run")
        dagster.end(run)
    assert client.post(f"/functions/v1/{path}").json()["run_id"] != run


def test_a_sensors_run_of_other_stages_is_not_the_same(
    client: httpx.Client, dagster: StandIn
) -> None:
    """The sensor's enrichment run may be past the stage: the door starts its own, once."""
    sensors = dagster.add("enrichment", "STARTED", **{"linkedin/lane": "fresh"})
    first = client.post(HOOKS).json()["run_id"]
    other = client.post("/functions/v1/worker-generate-embeddings-v2").json()["run_id"]
    assert len({sensors, first, other}) == 3
    assert client.post(HOOKS).json()["run_id"] == first


def test_a_weekly_sync_is_not_joined_to_a_sensors(client: httpx.Client, dagster: StandIn) -> None:
    """The sensor's run reads what is due; the door's makes the week's profiles due first."""
    sensors = dagster.add("profile_sync", "STARTED", **{"linkedin/lane": "sync"})
    assert client.post("/functions/v1/sync-profiles").json()["run_id"] != sensors


def test_who_waits_too_long_for_the_lock_is_told(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 while another process holds the door, and nothing is started."""
    monkeypatch.setattr("linkedin_pipeline.gateway.starts.LOCK_SECONDS", 0.2)
    from linkedin_pipeline.database.doors import exclusively

    def ask() -> httpx.Response:
        with serving(settings, database) as url:
            headers = {"X-Scheduler-Secret": SECRET}
            return httpx.post(url + HOOKS, headers=headers, timeout=120, trust_env=False)

    answer = exclusively(database, "worker-extract-hooks-v2", ask, 60)
    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
