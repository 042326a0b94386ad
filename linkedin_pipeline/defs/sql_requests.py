"""The sensor that serves what callers ask for who know only SQL: rows of ``pipeline_requests``.

A request is taken (``started``) before its run is asked for, so that who asks afterwards makes a
new one, and its id is the run key.  Whatever dies in between, the next tick finds a started request
without a run and asks again; Dagster starts no second run of one key.

Dagster reads the annotations when it decorates, so they must not be postponed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from linkedin_pipeline.database import requests
from linkedin_pipeline.database.connections import Connection, Database
from linkedin_pipeline.database.requests import Request
from linkedin_pipeline.defs.run_failures import CANCELED, why_it_failed
from linkedin_pipeline.domain.errors import BadInput, SchemaBehind
from linkedin_pipeline.settings import Settings
from linkedin_pipeline.wiring import Providers

REQUEST_TAG = "linkedin/request"
"""The request that a run serves."""

Job = dg.JobDefinition | UnresolvedAssetJobDefinition


def _nothing(_: Settings) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class ByRun:
    """A request that a run of ``job`` serves, with ``tags``.

    It is refused while every one of ``workers`` is switched off, and when ``missing`` names what is
    not configured and the remedy.
    """

    job: Job
    workers: tuple[str, ...] = ()
    missing: Callable[[Settings], str | None] = _nothing
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AtOnce:
    """A request that is served by making work due, which another sensor has done.

    ``make_due`` runs in the transaction that completes the request.  Refused as `ByRun`.
    """

    make_due: Callable[[Connection], object]
    workers: tuple[str, ...] = ()
    missing: Callable[[Settings], str | None] = _nothing


def sql_requests(served: Mapping[str, ByRun | AtOnce]) -> dg.SensorDefinition:
    """Make the sensor; ``served`` says how the requests of each name are served."""
    by_run = [how for how in served.values() if isinstance(how, ByRun)]

    @dg.sensor(
        name="sql_requests",
        jobs=list({how.job.name: how.job for how in by_run}.values()),
        minimum_interval_seconds=5,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=(
            "Serves rows of `pipeline_requests`, made by `call_publish_scheduled()`, "
            "`trigger_profile_sync()` and `trigger_monthly_style_refresh()`: starts a run for each "
            "once, or makes work due, and writes down how it ended. One that cannot be served is "
            "`failed` and says why."
        ),
    )
    def sensor(
        context: dg.SensorEvaluationContext, providers: dg.ResourceParam[Providers]
    ) -> dg.SensorResult | dg.SkipReason:
        runs: list[dg.RunRequest | None] = []
        with providers.database(start=False, patience=2.0) as database:
            for request in requests.open_requests(database):
                how = served.get(request.job)
                if request.started:
                    runs.append(_follow(context.instance, database, request, how))
                    continue
                obstacle = _obstacle(request, served, providers.settings, database)
                if how is None or obstacle:
                    requests.refuse(database, request.id, obstacle)
                    runs.append(None)
                else:
                    runs.append(_take(database, request, how))
        asked = [run for run in runs if run]
        if asked:
            return dg.SensorResult(run_requests=asked)
        return dg.SkipReason("no run is to be started" if runs else "nothing is asked for")

    return sensor


def _obstacle(
    request: Request, served: Mapping[str, ByRun | AtOnce], settings: Settings, database: Database
) -> str:
    """Return why a request cannot be served, and the remedy; empty when it can."""
    how = served.get(request.job)
    if how is None:
        known = ", ".join(sorted(served)) or "none"
        return f"{request.job}: this version serves no request of that name. It serves: {known}."
    if missing := how.missing(settings):
        return f"{request.job}: {missing}; then ask again."
    off = requests.switched_off(database, how.workers)
    if how.workers and len(off) == len(how.workers):
        return (
            f"{request.job}: switched off: {', '.join(off)}. Run: linkedin-pipeline flags enable "
            f"{off[0]}. Then ask again."
        )
    return ""


def _take(database: Database, request: Request, how: ByRun | AtOnce) -> dg.RunRequest | None:
    """Serve a pending request: make work due, or return the run that is to serve it."""
    if isinstance(how, ByRun):
        return _run(request, how) if requests.start(database, request.id) else None
    try:
        requests.complete_with(database, request.id, how.make_due)
    except (BadInput, SchemaBehind) as error:
        requests.refuse(database, request.id, f"{request.job}: {error}")
    return None


def _follow(
    instance: dg.DagsterInstance, database: Database, request: Request, how: ByRun | AtOnce | None
) -> dg.RunRequest | None:
    """Write down what became of a started request; ask again for a run that is not there."""
    if request.run_id is None:
        made = instance.get_runs(dg.RunsFilter(tags={REQUEST_TAG: str(request.id)}), limit=1)
        run = made[0] if made else None
        # also when there is one that nobody has launched: the daemon died between the two
        waits = run is None or run.status is dg.DagsterRunStatus.NOT_STARTED
        if waits and isinstance(how, ByRun):
            return _run(request, how)
    else:
        run = instance.get_run_by_id(request.run_id)
    if run is None:
        requests.end(database, request.id, f"{request.job}: its run is gone. Ask again.")
        return None
    if request.run_id is None:
        requests.note_run(database, request.id, run.run_id)
    if run.is_finished:
        requests.end(database, request.id, _error(instance, run))
    return None


def _error(instance: dg.DagsterInstance, run: dg.DagsterRun) -> str | None:
    if run.status is dg.DagsterRunStatus.SUCCESS:
        return None
    if run.status is dg.DagsterRunStatus.CANCELED:
        return f"{run.job_name}: {CANCELED} Ask again."
    reason, _ = why_it_failed(instance, run)
    return f"{run.job_name}: {reason} See run {run.run_id}."


def _run(request: Request, how: ByRun) -> dg.RunRequest:
    return dg.RunRequest(
        run_key=str(request.id),
        job_name=how.job.name,
        tags={**how.tags, REQUEST_TAG: str(request.id)},
    )
