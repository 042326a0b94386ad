"""What ``dagster.yaml`` names: Dagster's storage and its run launcher.

Every process of Dagster imports this module, so it imports nothing heavy of ours.
"""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
import socket
import sys
import time
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any, Final

from dagster import DagsterEventType, DagsterRun
from dagster._config.config_schema import UserConfigSchema
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._core.launcher.base import CheckRunHealthResult, WorkerStatus
from dagster._core.launcher.default_run_launcher import DefaultRunLauncher
from dagster._core.storage.tags import GRPC_INFO_TAG
from dagster._grpc.client import DagsterGrpcClient
from dagster._grpc.types import CanCancelExecutionRequest, CanCancelExecutionResult
from dagster._serdes import ConfigurableClassData, deserialize_value
from dagster_postgres import DagsterPostgresStorage
from sqlalchemy import URL, Engine, NullPool, Pool, event, make_url
from sqlalchemy.dialects import plugins
from sqlalchemy.engine import CreateEnginePlugin, Dialect
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from linkedin_pipeline.database.urls import DAGSTER_DATABASE, dagster_url, recover_url
from linkedin_pipeline.domain.errors import PipelineError
from linkedin_pipeline.settings import Settings

__all__ = ["PipelineRunLauncher", "PipelineStorage", "SelfHealing", "storage_url"]

HEALING_PLUGIN: Final = "linkedin_pipeline"
CONNECT_SECONDS: Final = 10
ANSWER_SECONDS: Final = 5

_log = logging.getLogger(__name__)


class PipelineStorage(DagsterPostgresStorage):
    """Dagster's own tables: in ``DAGSTER_DATABASE_URL``, else on the embedded server.

    Takes no configuration: the environment is the only place to name a database.
    """

    @classmethod
    def config_type(cls) -> UserConfigSchema:
        """Accept no configuration."""
        return {}

    @classmethod
    def from_config_value(
        cls,
        inst_data: ConfigurableClassData | None,
        config_value: Mapping[str, Any],  # noqa: ARG003 - always empty, part of Dagster's protocol
    ) -> PipelineStorage:
        """Make the storage, starting the embedded server when it is needed and does not run.

        A process that Dagster started itself (web server, daemon, code server, run) only starts
        again what died: a server that somebody stopped while Dagster runs stays down, until
        ``dagster dev`` is started anew or another command starts it.

        Raises:
            PipelineError: there is no database to use; the message says what to do.
        """
        url = storage_url(Settings.from_environment(), start=not _started_by_dagster())
        return cls(postgres_url=url, inst_data=inst_data)


def storage_url(settings: Settings, *, start: bool) -> str:
    """Return Dagster's database URL as SQLAlchemy wants it; an embedded one heals itself.

    Without ``start`` an embedded server is started only if it died.

    The driver is always named: SQLAlchemy 2.1 reads plain ``postgresql://`` as psycopg 3, with
    which dagster-postgres stores no event (dagster-io/dagster#33958).

    Raises:
        PipelineError: there is no database to use.
    """
    plain = None if start else recover_url(settings, DAGSTER_DATABASE)
    url = make_url(plain or dagster_url(settings, start=start))
    url = url.set(drivername="postgresql+psycopg2")
    if settings.dagster_database_url is None:
        url = url.update_query_dict({"plugin": HEALING_PLUGIN})
    return url.render_as_string(hide_password=False)


def _started_by_dagster() -> bool:
    # Dagster hands its instance down by this option, and to runs by multiprocessing
    return "--instance-ref" in sys.argv or multiprocessing.parent_process() is not None


class SelfHealing(CreateEnginePlugin):
    """Start an embedded server that died when a connection to it fails, and connect again.

    A plug-in named in the URL, because Dagster's storages make their engines themselves, and make
    them anew inside the web server.  A connection that succeeds costs nothing more; a server that
    was stopped on purpose stays down.
    """

    def __init__(self, url: URL, kwargs: dict[str, Any]) -> None:
        super().__init__(url, kwargs)
        self._renewed: MutableMapping[str, Any] = {}

    def update_url(self, url: URL) -> URL:
        """Change nothing; the plug-in has no parameters."""
        return url

    def handle_pool_kwargs(self, pool_cls: type[Pool], pool_args: dict[str, Any]) -> None:
        """Test pooled connections (the web server's) before use: the server may have died since."""
        if not issubclass(pool_cls, NullPool):
            pool_args["pre_ping"] = True

    def engine_created(self, engine: Engine) -> None:
        """Attach to the engine's connections."""
        event.listen(engine, "do_connect", self._connect)

    def _connect(
        self,
        dialect: Dialect,
        _entry: ConnectionPoolEntry,
        arguments: list[Any],
        parameters: dict[str, Any],
    ) -> DBAPIConnection:
        parameters.setdefault("connect_timeout", CONNECT_SECONDS)
        parameters.update(self._renewed)
        try:
            return dialect.connect(*arguments, **parameters)
        except dialect.loaded_dbapi.OperationalError as error:
            try:
                url = recover_url(Settings.from_environment(), DAGSTER_DATABASE)
            except PipelineError as failure:
                _log.error("database.down %s", failure)
                raise error from failure  # Dagster tries again after this kind of error
            if url is None:
                raise
        self._renewed = dialect.create_connect_args(make_url(url))[1]  # the port may have moved
        parameters.update(self._renewed)
        return dialect.connect(*arguments, **parameters)


plugins.register(HEALING_PLUGIN, __name__, SelfHealing.__name__)


class PipelineRunLauncher(DefaultRunLauncher):
    """The default launcher, which can also tell the run monitor that a run is dead.

    Without it a run whose code server died with it stays STARTED, and keeps its place under the
    limits, until ``max_runtime_seconds``.
    """

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Tell the run monitor to ask."""
        return True

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """Ask the code server that launched ``run`` whether it still executes it.

        Where the code server cannot say yes, the run's own process is the evidence, provided that
        it would be on this machine.  That matters: behind the proxy of ``dagster dev`` the question
        reaches the server of the last "Reload definitions", while the run goes on under the
        previous one.  A server that only is slow never fails a run; ``max_runtime_seconds`` does.
        Errors of Dagster's own database pass through: they say nothing about the run.
        """
        if GRPC_INFO_TAG not in run.tags:
            return _running("executed outside a code server, by a process that reports itself")
        address = json.loads(run.tags[GRPC_INFO_TAG])
        client = DagsterGrpcClient(**{"host": "localhost", **address})
        try:
            if _executes(client, run.run_id):
                return _running("its code server executes it")
            finding = "its code server does not execute it"
        except DagsterUserCodeUnreachableError as error:
            if _took_too_long(error) and _connectable(client):
                return _running("its code server is slow to answer")
            finding = f"its code server does not answer ({error})"
        if self._process_lives(run, address):
            return _running(f"{finding}, but its process lives")
        return CheckRunHealthResult(WorkerStatus.FAILED, f"{finding} and its process is gone")

    def _process_lives(self, run: DagsterRun, address: Mapping[str, Any]) -> bool:
        if not address.get("socket") and address.get("host") not in {"localhost", "127.0.0.1"}:
            return False
        for entry in self._instance.all_logs(run.run_id, of_type=DagsterEventType.ENGINE_EVENT):
            data = entry.get_dagster_event().event_specific_data
            pid = getattr(data, "metadata", {}).get("pid")
            if pid is not None:  # the first is that of the process started for the run
                return _lives(int(str(pid.value)), since=entry.timestamp)
        return False


def _running(why: str) -> CheckRunHealthResult:
    return CheckRunHealthResult(WorkerStatus.RUNNING, why)


def _executes(client: DagsterGrpcClient, run_id: str) -> bool:
    answer = client.can_cancel_execution(
        CanCancelExecutionRequest(run_id=run_id), timeout=ANSWER_SECONDS
    )
    return deserialize_value(answer, CanCancelExecutionResult).can_cancel


def _took_too_long(error: DagsterUserCodeUnreachableError) -> bool:
    # the cause is a grpc.RpcError, but grpc has no types; the message names no code here
    code = getattr(error.__cause__, "code", lambda: None)()
    return getattr(code, "name", None) == "DEADLINE_EXCEEDED"


def _connectable(client: DagsterGrpcClient) -> bool:
    try:
        if client.socket:
            with socket.socket(socket.AF_UNIX) as probe:
                probe.settimeout(ANSWER_SECONDS)
                probe.connect(client.socket)
        else:
            address = (client.host, int(client.port or 0))
            socket.create_connection(address, ANSWER_SECONDS).close()
    except OSError:
        return False
    return True


def _lives(pid: int, *, since: float) -> bool:
    """Tell whether process ``pid`` runs and is the one that reported itself at time ``since``.

    Where there is no ``/proc``, a later process of the same number passes for it.
    """
    proc = Path("/proc")
    if not (proc / "self" / "stat").exists():
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True
    try:
        fields = (proc / str(pid) / "stat").read_text().rpartition(")")[2].split()
        uptime = float((proc / "uptime").read_text().split()[0])
    except (FileNotFoundError, ProcessLookupError):
        return False
    state, ticks = fields[0], int(fields[19])
    begun = time.time() - uptime + ticks / os.sysconf("SC_CLK_TCK")
    return state not in "ZX" and begun <= since + 10  # wall clocks are corrected now and then
