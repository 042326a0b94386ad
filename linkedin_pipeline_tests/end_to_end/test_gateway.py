"""The HTTP gateway in front of a real `dagster dev`."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from linkedin_pipeline.gateway.serving import serving
from linkedin_pipeline.settings import Settings
from linkedin_pipeline.wiring import build_providers
from linkedin_pipeline.workers.engine import Limits
from linkedin_pipeline_tests.end_to_end.dev import Dev, dev_environment, wait_for

SECRET = "a-long-random-text-0123456789"
DOORS = "/functions/v1"
SENSORS = """
query { sensorsOrError(repositorySelector: {
    repositoryName: "__repository__", repositoryLocationName: "linkedin_pipeline.definitions"
}) { ... on Sensors { results { id name } } } }
"""
STOP = """
mutation Stop($id: String!) { stopSensor(id: $id) {
    ... on StopSensorMutationResult { instigationState { status } }
} }
"""
THREE_HANDFULS = "select 'Lesson ' || n || ' of a salesperson.' from generate_series(1, %s) n"
OFF_WITH_THE_FIRST_BATCH = """
create function off() returns trigger language plpgsql as $$ begin
    update worker_feature_flags_v2 set is_enabled = false
    where worker_name = 'worker_extract_hooks_v2' and is_enabled;
    return null;
end $$;
create trigger off after update of hook on viral_posts_bank execute function off()
"""
RUN = """
query Run($id: ID!) { runOrError(runId: $id) { ... on Run {
    jobName assetSelection { path } assetMaterializations { assetKey { path } partition }
} } }
"""


@pytest.fixture(scope="module")
def dev() -> Iterator[Dev]:
    """Give a running `dagster dev` whose sensors leave the posts to the doors."""
    with dev_environment() as started:
        started.start()
        sensors = started.graphql(SENSORS)["sensorsOrError"]["results"]
        for sensor in sensors:
            if sensor["name"] in {"needs_flags", "needs_style"}:
                stopped = started.graphql(STOP, id=sensor["id"])["stopSensor"]
                assert stopped["instigationState"]["status"] == "STOPPED"
        yield started


@pytest.fixture(scope="module")
def client(dev: Dev) -> Iterator[httpx.Client]:
    """Give a client of a gateway over it."""
    settings = Settings(
        home=dev.home,
        dagster_webserver_url=f"http://127.0.0.1:{dev.port}",
        scheduler_secret=SECRET,
    )
    headers = {"X-Scheduler-Secret": SECRET}
    with (
        build_providers(settings).database(patience=5) as database,
        serving(settings, database) as url,
        httpx.Client(base_url=url, headers=headers, timeout=310, trust_env=False) as opened,
    ):
        yield opened


@pytest.mark.timeout(900)
def test_a_door_has_its_worker_work(dev: Dev, client: httpx.Client) -> None:
    """The run makes that asset alone, on the day of the post, and its numbers come back."""
    dev.query("insert into viral_posts_bank (content) values ('We lost our best client.\n\nWhy?')")
    path = f"{DOORS}/worker-extract-hooks-v2"
    answer = client.post(f"{path}?wait=true&timeout=300", json={"batch_size": 5})
    document = answer.json()
    assert answer.status_code == 200, document
    assert (document["success"], document["worker"]) == (True, "worker_extract_hooks_v2")
    assert (document["items_found"], document["items_processed"]) == (1, 1)
    assert dev.query("select hook, needs_embedding from viral_posts_bank") == [
        ("We lost our best client.", True)
    ]
    run = dev.graphql(RUN, id=document["run_id"])["runOrError"]
    assert (run["jobName"], run["assetSelection"]) == ("enrichment", [{"path": ["hooks"]}])
    day = str(dev.query("select (created_at at time zone 'UTC')::date from viral_posts_bank")[0][0])
    assert {"assetKey": {"path": ["hooks"]}, "partition": day} in run["assetMaterializations"]
    log = "select id::text from task_execution_logs_v2 where dagster_run_id = %s"
    assert dev.query(log, (document["run_id"],)) == [(document["log_id"],)]


@pytest.mark.timeout(900)
def test_switching_off_in_the_middle_stops_the_run(dev: Dev, client: httpx.Client) -> None:
    """What is in hand is written, nothing more is claimed, the door says so; on again, it ends."""
    path, hand = f"{DOORS}/worker-extract-hooks-v2", Limits().batch_size * Limits().in_flight
    dev.query(f"insert into viral_posts_bank (content) {THREE_HANDFULS}", (3 * hand,))
    undone = "select count(*) from viral_posts_bank where needs_hook_extraction"
    dev.query(OFF_WITH_THE_FIRST_BATCH)
    stopped = client.post(f"{path}?wait=true&timeout=300")
    dev.query("drop function off cascade")
    assert stopped.status_code == 200, stopped.text
    assert 0 < stopped.json()["items_processed"] <= hand
    left = dev.number(undone)
    assert left == 3 * hand - stopped.json()["items_processed"]
    assert client.post(path).json() == {"success": True, "skipped": "disabled"}
    assert dev.number(undone) == left
    client.post(f"{DOORS}/orchestrator-v2?action=enable&worker=worker-extract-hooks-v2")
    finished = client.post(f"{path}?wait=true&timeout=300").json()
    assert (finished["items_processed"], dev.number(undone)) == (left, 0)


@pytest.mark.timeout(900)
def test_calls_while_a_run_is_live_are_the_same_run(dev: Dev, client: httpx.Client) -> None:
    """Dagster's own filter finds it; a run that fails is told as one."""
    path = f"{DOORS}/publish-scheduled"
    first = client.post(path).json()
    assert client.post(path).json()["run_id"] == first["run_id"]
    # no key of Unipile is set: the job says so by failing
    waited = client.post(f"{path}?wait=true&timeout=300")
    assert waited.status_code == 500
    assert waited.json()["code"] == "run_failed"
    assert dev.graphql(RUN, id=waited.json()["run_id"])["runOrError"]["jobName"] == "publish"


@pytest.mark.timeout(900)
def test_styles_have_a_job_of_their_own(client: httpx.Client) -> None:
    """The door of style prompts starts it; nothing is due."""
    answer = client.post(f"{DOORS}/worker-complete-profiles-v2?wait=true&timeout=300")
    assert (answer.status_code, answer.json()["items_found"]) == (200, 0)


@pytest.mark.timeout(900)
def test_profiles_are_read_by_the_job_of_the_sensor(dev: Dev, client: httpx.Client) -> None:
    """No key of Edges is set: the job that was started says so by failing."""
    answer = client.post(f"{DOORS}/sync-profiles?wait=true&timeout=300")
    assert (answer.status_code, answer.json()["code"]) == (500, "run_failed")
    run = dev.graphql(RUN, id=answer.json()["run_id"])["runOrError"]
    assert run["jobName"] == "profile_sync"


@pytest.mark.timeout(900)
def test_the_gateway_outlives_dagster(dev: Dev, client: httpx.Client) -> None:
    """Healthy with its daemon; when all of Dagster is killed, what needs none still answers."""
    wait_for("the heart-beat", lambda: client.get("/healthz").status_code == 200)
    dev.kill()
    answer = client.post(f"{DOORS}/worker-extract-hooks-v2")
    assert (answer.status_code, answer.json()["code"]) == (503, "dagster_down")
    status = client.get(f"{DOORS}/orchestrator-v2?action=status")
    assert status.json()["workers"]["worker_extract_hooks_v2"]["last_run"]["items_processed"] > 0
    off = client.get(f"{DOORS}/orchestrator-v2?action=disable-all")
    assert off.status_code == 200
    skipped = client.post(f"{DOORS}/worker-extract-hooks-v2")
    assert skipped.json() == {"success": True, "skipped": "disabled"}
