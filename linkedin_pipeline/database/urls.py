"""Which databases to use: what the environment names, else the embedded server.

The application's schema is brought up to date when an embedded server was started, once per start
and by one process, however many find it running; a database that the environment names is migrated
by ``linkedin-pipeline db migrate`` alone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from linkedin_pipeline.database import server
from linkedin_pipeline.database.binaries import HOMES_OF_ROOT
from linkedin_pipeline.database.home import Home
from linkedin_pipeline.database.server import APPLICATION_DATABASE, DAGSTER_DATABASE, Server
from linkedin_pipeline.domain.errors import DatabaseDown
from linkedin_pipeline.settings import PROJECT_ROOT, Settings

__all__ = [
    "APPLICATION_DATABASE",
    "DAGSTER_DATABASE",
    "application_url",
    "dagster_url",
    "home_directory",
    "recover_url",
]

_log = logging.getLogger(__name__)
_MIGRATED = "migrated"  # holds the generation of the server that was migrated last


def home_directory(settings: Settings) -> Path:
    """Return the embedded server's home; nothing is touched."""
    return settings.home or server.default_home(PROJECT_ROOT)


def application_url(
    settings: Settings,
    *,
    start: bool = True,
    say: Callable[[str], None] = _log.info,
    migrate: Callable[[str], object] | None = None,
) -> str:
    """Return the URL of the application database.

    The embedded server is started, and its schema brought up to date, when ``start`` and needed.
    ``migrate`` is the migration to use instead of the program's own.

    Raises:
        DatabaseDown: the embedded server does not run (``start=False``) or does not start.
        Misconfigured: the embedded server cannot run here.
        SchemaBehind: the migration failed.
    """
    if settings.database_url is not None:
        return settings.database_url
    return _embedded(settings, say, migrate, start=start).url(APPLICATION_DATABASE)


def dagster_url(
    settings: Settings,
    *,
    start: bool = True,
    say: Callable[[str], None] = _log.info,
    migrate: Callable[[str], object] | None = None,
) -> str:
    """Return the URL of Dagster's own database, in the plain ``postgresql://`` form.

    Otherwise like ``application_url``: the first to start the server migrates the application's
    database, too, for whoever comes next only attaches.
    """
    if settings.dagster_database_url is not None:
        return settings.dagster_database_url
    return _embedded(settings, say, migrate, start=start).url(DAGSTER_DATABASE)


def recover_url(settings: Settings, database: str = APPLICATION_DATABASE) -> str | None:
    """After a failed connection: start an embedded server that died, and return its URL.

    None when there is nothing to do here: the environment names the database, or somebody stopped
    the server on purpose.  Costs about a millisecond when the server runs.  The port may be another
    than before.

    Raises:
        DatabaseDown: the embedded server did not start; the message names the log file.
    """
    named = {
        APPLICATION_DATABASE: settings.database_url,
        DAGSTER_DATABASE: settings.dagster_database_url,
    }
    if named[database] is not None:
        return None
    running = server.recover(home_directory(settings))
    return None if running is None else running.url(database)


def _embedded(
    settings: Settings,
    say: Callable[[str], None],
    migrate: Callable[[str], object] | None,
    *,
    start: bool,
) -> Server:
    home = home_directory(settings)
    if not start:
        running = server.attach(home)
        if running is None:
            raise DatabaseDown(
                "embedded PostgreSQL",
                f"the server of {home} does not run",
                "Start it with: linkedin-pipeline db url.",
            )
        return running
    running = server.start(home, say=say)
    if running.just_started and HOMES_OF_ROOT in home.parents:
        _log.warning(
            "The embedded database lives in %s: PostgreSQL does not run as root, and its account "
            "cannot reach the project's directory.",
            home,
        )
    if settings.database_url is None:
        _migrate_once(running, say, migrate)
    return running


def _migrate_once(
    running: Server, say: Callable[[str], None], migrate: Callable[[str], object] | None
) -> None:
    """Migrate unless that was done since the server was started; a crash in between is seen."""
    home = Home.at(running.home)
    if _migrated(home) == running.generation:
        return
    with home.locked("migrating"):
        if _migrated(home) == running.generation:
            return
        say("bringing the application database up to date")
        (migrate or _own_migrate)(running.url(APPLICATION_DATABASE))
        home.write(_MIGRATED, running.generation)


def _own_migrate(url: str) -> object:
    from linkedin_pipeline.database.migrate import migrate  # heavy, and rarely needed

    return migrate(url)


def _migrated(home: Home) -> str | None:
    try:
        return (home / _MIGRATED).read_text()
    except FileNotFoundError:
        return None
