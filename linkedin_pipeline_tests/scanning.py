"""Looking for words in everything that a database holds, whatever table and column they are in."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import psycopg
from psycopg import sql

# every column of every table, TOAST and all: as text, bytes as they would be written
_COLUMNS = """
    select n.nspname, c.relname, a.attname, t.typname
    from pg_attribute a
    join pg_class c on c.oid = a.attrelid
    join pg_namespace n on n.oid = c.relnamespace
    join pg_type t on t.oid = a.atttypid
    where c.relkind in ('r', 'p', 'm', 'f') and a.attnum > 0 and not a.attisdropped
        and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
    order by 1, 2, 3
"""


def found(url: str, words: Iterable[str]) -> set[tuple[str, str]]:
    """Return each ``table.column`` of a database that holds a word, with the word.

    Upper and lower case are alike; words that JSON writes with escapes are looked for in both
    forms.  What the planner's statistics sampled counts too.
    """
    needles = {form.lower(): word for word in words for form in (word, json.dumps(word)[1:-1])}
    hits = set()
    with psycopg.connect(url, autocommit=True) as connection:
        columns = connection.execute(_COLUMNS).fetchall()
        assert len(columns) > 100, "there is hardly anything to search"
        for schema, table, column, kind in columns:
            form = "encode({}, 'escape')" if kind == "bytea" else "{}::text"
            text = sql.SQL(form).format(sql.Identifier(column))
            asked = sql.SQL(
                "select n from unnest(%s::text[]) as n "
                "where exists (select from {}.{} where position(n in lower({})) > 0)"
            ).format(sql.Identifier(schema), sql.Identifier(table), text)
            for (needle,) in connection.execute(asked, [list(needles)]):
                hits.add((f"{table}.{column}", needles[needle]))
        sampled = (
            "select s.tablename || '.' || s.attname || ' (statistics)', n from pg_stats s, "
            "unnest(%s::text[]) as n where s.schemaname <> 'pg_catalog' and position(n in lower("
            "concat_ws(' ', s.most_common_vals::text, s.histogram_bounds::text, "
            "s.most_common_elems::text))) > 0"
        )
        for place, needle in connection.execute(sampled, [list(needles)]):
            hits.add((place, needles[needle]))
    return hits


def found_in_files(directory: Path, words: Iterable[str]) -> set[tuple[str, str]]:
    """Return each file below a directory that holds a word, with the word."""
    needles = [(word, word.lower().encode()) for word in words]
    return {
        (str(path.relative_to(directory)), word)
        for path in directory.rglob("*")
        if path.is_file()
        for text in [path.read_bytes().lower()]
        for word, needle in needles
        if needle in text
    }
