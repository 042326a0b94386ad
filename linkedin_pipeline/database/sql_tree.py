"""The SQL tree on disk: migrations that run once, routines that are re-applied."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from linkedin_pipeline.database.statements import split
from linkedin_pipeline.domain.errors import Misconfigured
from linkedin_pipeline.settings import PROJECT_ROOT

SQL_TREE: Path = PROJECT_ROOT / "sql"

_MIGRATION_NAME = re.compile(r"(\d{4})_\w+\.sql")
_NO_TRANSACTION = "-- migrate: no transaction"
_CREATE_ROUTINE = re.compile(
    r'create\s+(?:or\s+replace\s+)?(?:function|procedure)\s+(?:"?public"?\.)?"?(\w+)',
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class SqlFile:
    """One file: its name as error messages show it, and its text."""

    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """Return the SHA-256 of the text; line endings do not count."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Migration:
    """One run-once file; ``revision`` is the four digits that its name begins with."""

    revision: str
    file: SqlFile

    @property
    def transactional(self) -> bool:
        """Tell whether the file runs inside one transaction; its first line may say no."""
        return self.file.sql.partition("\n")[0].strip() != _NO_TRANSACTION


@dataclass(frozen=True)
class SqlTree:
    """Every file, in the order in which it is applied."""

    migrations: tuple[Migration, ...]
    routines: tuple[SqlFile, ...]

    @property
    def routines_checksum(self) -> str:
        """Return one checksum for the names and texts of all routine files."""
        listing = "\n".join(f"{file.checksum} {file.name}" for file in self.routines)
        return hashlib.sha256(listing.encode()).hexdigest()

    @cached_property
    def routine_homes(self) -> Mapping[str, str]:
        """Return the names of the functions and procedures, each with the file that creates it."""
        return {
            found[1].lower(): file.name
            for file in self.routines
            for statement in split(file.sql)
            if (found := _CREATE_ROUTINE.match(statement.text))
        }

    @property
    def routine_names(self) -> frozenset[str]:
        """Return the names of the functions and procedures that the routine files create."""
        return frozenset(self.routine_homes)


def read_tree(root: Path) -> SqlTree:
    """Read ``root/migrations/NNNN_name.sql`` and ``root/routines/*.sql``, sorted by name.

    Raises:
        Misconfigured: there is no such tree, a name is malformed, or two files share a number.
    """
    if not (root / "migrations").is_dir():
        raise Misconfigured(
            "the SQL files",
            f"there is no directory {root / 'migrations'}",
            "Run from a checkout of the project, installed with pip install -e.",
        )
    migrations: dict[str, Migration] = {}
    for file in _read(root, "migrations"):
        named = _MIGRATION_NAME.fullmatch(file.name.rpartition("/")[2])
        if named is None:
            raise Misconfigured(file.name, "it is not named like 0001_name.sql", "Rename it.")
        if (twin := migrations.get(named[1])) is not None:
            raise Misconfigured(
                file.name, f"{twin.file.name} has the same number", "Give it the next free one."
            )
        migrations[named[1]] = Migration(named[1], file)
    return SqlTree(tuple(migrations.values()), tuple(_read(root, "routines")))


def _read(root: Path, folder: str) -> list[SqlFile]:
    return [
        SqlFile(f"{root.name}/{folder}/{path.name}", path.read_text(encoding="utf-8"))
        for path in sorted((root / folder).glob("*.sql"))
    ]
