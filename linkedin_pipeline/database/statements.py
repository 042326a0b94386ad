"""SQL files cut into statements and run one by one, so that an error names its file and line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import sqlparse
from psycopg import errors

from linkedin_pipeline.domain.errors import DatabaseDown, Misconfigured, PipelineError, SchemaBehind

BLOCKED = (errors.LockNotAvailable, errors.DeadlockDetected)
"""Failures that pass when whoever holds the lock lets go."""

_QUOTED = re.compile(
    r"""
      --[^\n]*
    | /\*
    | (?<!\w) e '(?: [^'\\] | \\. | '' )*'
    | ' [^']* '
    | " [^"]* "
    | (?<![\w$]) (?P<tag> \$ (?: [^\W\d]\w* )? \$ ) .*? (?P=tag)
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_TRANSACTION_CONTROL = re.compile(
    r"(begin|commit|rollback|abort|end|start\s+transaction)\b(?!\s+to\b)", re.IGNORECASE
)
# "Failing row contains (…)" would carry the text of a post into an error message.
_DETAIL_SHOWS_A_ROW = frozenset({"23502", "23514"})


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement as it stands in its file, and the line (from 1) on which it starts."""

    text: str
    line: int


def split(sql: str) -> Iterator[Statement]:
    r"""Cut ``sql`` at its semicolons, in order; comments between statements are left out.

    sqlparse finds the ends of statements, ``begin atomic`` included, but takes ``'\'`` for an
    unfinished string and ends nested comments early.  So it is shown the text with every quoted
    part and comment blanked out, character for character, and only its offsets are used.
    """
    blanked = _blank(sql)
    position = 0
    for piece in sqlparse.split(blanked):
        start = blanked.index(piece, position)
        position = start + len(piece)
        if piece.strip("; \t\n"):
            yield Statement(sql[start:position], sql.count("\n", 0, start) + 1)


def run(
    connection: psycopg.Connection[Any], name: str, sql: str, *, transaction: bool = True
) -> None:
    """Send the statements of the file ``name`` in order, without parameters.

    ``transaction`` says whether the caller holds one around the whole file, for the remedy's sake.

    Raises:
        SchemaBehind: a statement failed; the cause is psycopg's error.
        DatabaseDown: a lock could not be had in time, or the connection broke.
        Misconfigured: the file contains ``commit`` or its like.
    """
    for statement in split(sql):
        if _TRANSACTION_CONTROL.match(statement.text):
            raise Misconfigured(
                f"{name}:{statement.line}",
                f"{statement.text.split()[0]!r} stands in a file whose transaction is not its own",
                "Remove it.",
            )
        try:
            connection.execute(statement.text.encode())
        except psycopg.Error as error:
            raise _located(
                error, name, statement, transaction=transaction, broken=connection.broken
            ) from error


def _blank(sql: str) -> str:
    pieces: list[str] = []
    position = 0
    while found := _QUOTED.search(sql, position):
        pieces.append(sql[position : found.start()])
        end = _end_of_comment(sql, found.end()) if found[0] == "/*" else found.end()
        quoted = sql[found.start() : end]
        if quoted.startswith(("--", "/*")):
            pieces.append(re.sub(r"[^\n]", " ", quoted))
        else:
            pieces.append('"' + "x" * (len(quoted) - 2) + '"')
        position = end
    pieces.append(sql[position:])
    return "".join(pieces)


def _end_of_comment(sql: str, position: int) -> int:
    depth = 1
    while depth and (edge := _COMMENT_EDGE.search(sql, position)):
        depth += 1 if edge[0] == "/*" else -1
        position = edge.end()
    return position if depth == 0 else len(sql)


def _located(
    error: psycopg.Error, name: str, statement: Statement, *, transaction: bool, broken: bool
) -> PipelineError:
    diag = error.diag
    at = int(diag.statement_position or 1) - 1
    subject = f"{name}:{statement.line + statement.text.count(chr(10), 0, at)}"
    if broken:
        return DatabaseDown(subject, "the connection broke off", "Migrate again.")
    value = f"{diag.message_primary or type(error).__name__} ({error.sqlstate})"
    if diag.message_detail and error.sqlstate not in _DETAIL_SHOWS_A_ROW:
        value += f"; {diag.message_detail.rstrip('.')}"
    if diag.context:
        value += f"; {diag.context.splitlines()[0]}"
    if isinstance(error, BLOCKED):
        return DatabaseDown(
            subject,
            value,
            "Other sessions hold the table; find them in pg_stat_activity, or migrate again later.",
        )
    hint = f"{diag.message_hint.rstrip('.')}. " if diag.message_hint else ""
    kept = "Nothing of this file was" if transaction else "The statements before this one were"
    return SchemaBehind(subject, value, f"{hint}{kept} applied; mend it and migrate again.")
