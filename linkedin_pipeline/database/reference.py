"""The reference of the schema, made of the comments in the database.

``python -m linkedin_pipeline.database.reference > docs/sql.md`` migrates a throw-away database and
prints its page; a test compares the file with what the SQL tree makes, another runs every example:
what follows ``Example: `` in the comment of a function.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby

from linkedin_pipeline.database.migration_session import connect, prepare_vector
from linkedin_pipeline.database.queries import query
from linkedin_pipeline.database.snapshot import print_of_fresh_database
from linkedin_pipeline.database.sql_tree import SQL_TREE, SqlTree, read_tree

_HEAD = (
    "# SQL reference\n\n"
    "Generated from the comments in the database: "
    "`python -m linkedin_pipeline.database.reference > docs/sql.md`.\n\n"
    "Arguments may be given by name: `match_viral_posts(query_embedding => …, count => 5)`. What a "
    "function refuses by itself\nhas an SQLSTATE of class `LP` and a hint. `authenticated` reads "
    "and searches, `service_role` does everything, `anon`\nnothing.\n"
)
_EXAMPLE = re.compile(r"\s*Example: (.+?)(?=\s*Example: |\n|\Z)")
_OPENING = re.compile(r"(?:-- .*\n)+")
_SENTENCE = re.compile(r"(.+?)(?:[.:;](?= |\Z)|\Z)")
_CAST = re.compile(r"::[\w ]+(\[\])?\Z")
_ELSEWHERE = "Others"
_LONGEST_EXPRESSION = 80


@dataclass(frozen=True, slots=True)
class Table:
    """One table or view; signed-in readers may select it whole, or some columns."""

    name: str
    comment: str
    readable: bool
    readable_columns: list[str]


@dataclass(frozen=True, slots=True)
class Column:
    """One column; ``references`` is the table that its foreign key leads to."""

    table: str
    name: str
    type: str
    nullable: bool
    generated: bool
    identity: bool
    default: str | None
    comment: str
    references: str | None


@dataclass(frozen=True, slots=True)
class EnumType:
    """One enumeration."""

    name: str
    comment: str
    labels: list[str]


@dataclass(frozen=True, slots=True)
class Function:
    """One function; ``callers`` are the roles that may execute it, ``triggers`` what fires it."""

    name: str
    arguments: str
    result: str
    volatility: str
    definer: bool
    callers: list[str]
    comment: str
    triggers: list[str]

    @property
    def is_trigger(self) -> bool:
        """Tell whether only triggers call it."""
        return self.result == "trigger"

    @property
    def about(self) -> str:
        """Return the comment without its examples."""
        return _EXAMPLE.sub("", self.comment).strip()

    @property
    def examples(self) -> list[str]:
        """Return the statements that the comment gives as examples."""
        return [found.strip().rstrip(";") for found in _EXAMPLE.findall(self.comment)]


@dataclass(frozen=True, slots=True)
class Catalog:
    """What a database says about schema ``public``, without the members of extensions."""

    tables: list[Table]
    columns: list[Column]
    types: list[EnumType]
    functions: list[Function]


def read_catalog(url: str) -> Catalog:
    """Read a migrated database; everything is in the order of names, columns in their own.

    Raises:
        DatabaseDown: the database does not answer.
        Misconfigured: the server or extension vector is too old.
    """
    with connect(url) as connection:
        prepare_vector(connection)  # so that its types are written without their schema
        tables, columns, types, functions = (
            connection.execute(query(name)).fetchall()
            for name in (
                "reference_tables",
                "reference_columns",
                "reference_types",
                "reference_functions",
            )
        )
    return Catalog(
        [Table(*row) for row in tables],
        [Column(*row) for row in columns],
        [EnumType(*row) for row in types],
        [Function(*row) for row in functions],
    )


def reference(url: str) -> str:
    """Return the page about the database at ``url``, which this program has migrated."""
    return render(read_catalog(url), read_tree(SQL_TREE))


def render(catalog: Catalog, tree: SqlTree) -> str:
    """Write the page: functions by routine file, tables, types, trigger functions."""
    parts = [_HEAD, "## Functions\n"]
    for title, functions in _by_file(catalog, tree).items():
        parts += [f"### {_plain(title)}\n", *map(_function, functions)]
    parts.append("## Tables\n")
    columns = {
        table: list(group) for table, group in groupby(catalog.columns, lambda column: column.table)
    }
    for table in catalog.tables:
        parts += [
            f"### `{table.name}`\n",
            f"{_plain(table.comment)}{_readers(table)}\n",
            _rows(("column", "type", "default", ""), map(_column, columns[table.name])),
        ]
    parts += [
        "## Types\n",
        _rows(
            ("type", "values", ""),
            (
                (f"`{t.name}`", " ".join(f"`{label}`" for label in t.labels), _plain(t.comment))
                for t in catalog.types
            ),
        ),
        "## Trigger functions\n",
        _rows(
            ("function", "fired by", ""),
            (
                (f"`{f.name}`", ", ".join(f.triggers), _plain(f.about))
                for f in catalog.functions
                if f.is_trigger
            ),
        ),
    ]
    return "\n".join(parts)


def _by_file(catalog: Catalog, tree: SqlTree) -> Mapping[str, list[Function]]:
    """Return what callers use under the title of the file that makes it, in the files' order."""
    titles = {file.name: _title(file.sql) for file in tree.routines}
    sections: dict[str, list[Function]] = {title: [] for title in [*titles.values(), _ELSEWHERE]}
    for function in catalog.functions:
        if not function.is_trigger:
            home = tree.routine_homes.get(function.name, "")
            sections[titles.get(home, _ELSEWHERE)].append(function)
    return {title: functions for title, functions in sections.items() if functions}


def _title(text: str) -> str:
    """Return the first sentence of the comment that a file begins with."""
    opening = _OPENING.match(text)
    words = " ".join(opening[0].replace("-- ", "").split()) if opening else ""
    sentence = _SENTENCE.match(words)
    return sentence[1] if sentence else _ELSEWHERE


def _function(function: Function) -> str:
    arguments = function.arguments.replace(" DEFAULT ", " default ")
    result = function.result.replace("TABLE(", "table (").replace("SETOF ", "setof ")
    facts = [function.volatility, *(["with its owner's rights"] if function.definer else [])]
    facts.append(f"for {', '.join(f'`{role}`' for role in function.callers) or 'its owner only'}")
    return (
        f"#### `{function.name}`\n\n"
        f"```sql\n{function.name}({arguments}) → {result}\n```\n\n"
        f"{_plain(function.about)} *({', '.join(facts)})*\n"
    ) + "".join(f"\n```sql\n{example};\n```\n" for example in function.examples)


def _column(column: Column) -> tuple[str, ...]:
    written = " ".join((column.default or "").split())
    if column.generated:
        default = f"always `{written}`" if len(written) <= _LONGEST_EXPRESSION else "generated"
    elif column.identity:
        default = "the next number"
    elif written:
        default = f"`{_CAST.sub('', written)}`"
    else:
        default = "" if column.nullable else "required"
    leads = f"→ `{column.references}`. " if column.references else ""
    return f"`{column.name}`", f"`{column.type}`", default, (leads + _plain(column.comment)).strip()


def _readers(table: Table) -> str:
    if table.readable:
        return " *(for `authenticated` to read)*"
    names = ", ".join(f"`{name}`" for name in table.readable_columns)
    return f" *(for `authenticated` to read: {names})*" if names else ""


def _rows(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    cells = ([cell.replace("|", r"\|") for cell in line] for line in lines)
    return "".join(f"| {' | '.join(line)} |\n" for line in cells)


def _plain(text: str) -> str:
    """Keep Markdown from reading markup into what stands in a comment."""
    return re.sub(r"([*<\[])", r"\\\1", text)


if __name__ == "__main__":
    sys.exit(print_of_fresh_database(reference))
