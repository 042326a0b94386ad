"""Drop and make again the embedded application database."""

from __future__ import annotations

import psycopg
from psycopg import sql

from linkedin_pipeline.database.connections import down
from linkedin_pipeline.database.migrate import migrate
from linkedin_pipeline.database.urls import (
    APPLICATION_DATABASE,
    DAGSTER_DATABASE,
    application_url,
)
from linkedin_pipeline.domain.errors import BadInput
from linkedin_pipeline.settings import Settings


def reset_embedded(settings: Settings) -> None:
    """Drop the embedded application database with everything in it, then create and migrate it.

    Sessions that use it are ended.  Dagster's own database is left alone.

    Raises:
        BadInput: ``DATABASE_URL`` names a database, which this never drops.
        DatabaseDown: the server went away in between; calling again is safe.
    """
    if settings.database_url is not None:
        raise BadInput(
            "db reset",
            "DATABASE_URL is set, and only the embedded database is ever dropped",
            "Unset DATABASE_URL, or drop that database yourself.",
        )
    url = application_url(settings)
    # a database cannot be dropped from within: connect to the one beside it
    beside = url.removesuffix(APPLICATION_DATABASE) + DAGSTER_DATABASE
    name = sql.Identifier(APPLICATION_DATABASE)
    try:
        with psycopg.connect(beside, autocommit=True, connect_timeout=10) as connection:
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(name))
            connection.execute(sql.SQL("create database {}").format(name))
    except psycopg.OperationalError as error:
        raise down(error) from error
    migrate(url)
