"""How to start psql on the application database."""

from __future__ import annotations

import shutil

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import Conninfo

from linkedin_pipeline.database.binaries import locate
from linkedin_pipeline.database.urls import application_url, home_directory
from linkedin_pipeline.domain.errors import Misconfigured
from linkedin_pipeline.settings import Settings


def psql(settings: Settings) -> tuple[str, dict[str, str]]:
    """Return the psql program, the system's or else the embedded one, and its environment.

    The address travels in the environment: every user can read a command line.

    Raises:
        DatabaseDown: the embedded server does not start.
        Misconfigured: there is no psql, or DATABASE_URL cannot be read.
    """
    try:
        values = conninfo_to_dict(application_url(settings))
    except ProgrammingError:
        # libpq quotes what it cannot read, the password perhaps
        raise Misconfigured(
            "DATABASE_URL",
            "it is not a connection string that PostgreSQL's library can read",
            "Write it as postgresql://user:password@host:5432/database.",
        ) from None
    program = shutil.which("psql")
    if program is None:
        program = str(locate(home_directory(settings), None, lambda _line: None) / "psql")
    names = {option.keyword.decode(): option.envvar for option in Conninfo.get_defaults()}
    variables = {names[word]: str(value) for word, value in values.items()}
    return program, {name.decode(): value for name, value in variables.items() if name}
