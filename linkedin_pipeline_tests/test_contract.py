"""What ``contract.py`` lists is there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import click
import dagster as dg
import pytest

from linkedin_pipeline.cli import main
from linkedin_pipeline.definitions import defs
from linkedin_pipeline.gateway.openapi import document
from linkedin_pipeline.settings import Settings
from linkedin_pipeline_tests import contract
from linkedin_pipeline_tests.sql.bank import Connection, rows

SIGNATURES = """
select p.proname,
    array(
        select concat_ws(' ', p.proargnames[a.n], format_type(a.type, null),
            '= ' || pg_get_function_arg_default(p.oid, a.n::int))
        from unnest(p.proargtypes) with ordinality as a (type, n) order by a.n
    ),
    case when p.proallargtypes is null then array[format_type(p.prorettype, null)]
    else array(
        select concat_ws(' ', p.proargnames[a.n], format_type(a.type, null))
        from unnest(p.proallargtypes) with ordinality as a (type, n)
        where p.proargmodes[a.n] in ('o', 't', 'b') order by a.n
    ) end
from pg_proc p
where p.pronamespace = 'public'::regnamespace
    and not exists (
        select from pg_depend d
        where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
    )
"""
TRIGGERS = """
select event_object_table, trigger_name, event_manipulation, action_statement
from information_schema.triggers where trigger_schema = 'public'
"""
CONSTRAINTS = """
select pg_get_constraintdef(oid) from pg_constraint where conrelid = %s::regclass and contype = 'c'
"""
ENUM_LABELS = """
select e.enumlabel from pg_enum e join pg_attribute a on a.atttypid = e.enumtypid
where a.attrelid = %s::regclass and a.attname = %s
"""
CAST = re.compile(r"::[\w ]+$")


class Recorder(dict[str, str]):
    """An empty environment that remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        """Remember the name."""
        self.asked.add(key)
        return default


def lines(text: str) -> list[str]:
    """Return the lines of a block, those that are indented joined to the one before."""
    return re.sub(r"\n +", " ", text.strip()).splitlines()


def named(text: str) -> dict[str, list[str]]:
    """Read ``name: word word`` lines."""
    return {name: words.split() for name, _, words in (line.partition(":") for line in lines(text))}


def check(there: Iterable[str], listed: Iterable[str], pending: Iterable[str] = ()) -> None:
    """Fail unless ``there`` is all that is ``listed``, less what is ``pending``."""
    found, names, later = set(there), set(listed), set(pending)
    assert later <= names, "pending, but the contract does not list it"
    assert sorted(names - later - found) == [], "the contract lists it, and it is not there"
    assert sorted(later & found) == [], "it is there now: take it off the pending names"


def test_the_environment_is_read() -> None:
    """Every variable of the contract has a reader."""
    environment = Recorder()
    Settings.from_environment(environment)
    check(environment.asked, contract.ENVIRONMENT.split(), contract.PENDING_ENVIRONMENT)


def has_command(line: str) -> bool:
    """Tell whether there is such a command, with such options."""
    words = line.split()
    command: click.Command | None = main
    for word in (word for word in words if not word.startswith("--")):
        if not isinstance(command, click.Group):
            return False
        command = command.commands.get(word)
    options = {o for p in command.params for o in p.opts} if command else set()
    return command is not None and {word for word in words if word.startswith("--")} <= options


def test_the_commands_are_there() -> None:
    """Every command takes the options that the contract gives it, and has a help page."""
    listed = lines(contract.COMMANDS)
    check(filter(has_command, listed), listed, contract.PENDING_COMMANDS)


def test_tables_and_columns_are_there(connection: Connection) -> None:
    """Every table has at least the columns that the contract lists, and an id or a key."""
    columns: dict[str, set[str]] = {}
    for table, column in rows(
        connection,
        "select table_name, column_name from information_schema.columns "
        "where table_schema = 'public'",
    ):
        columns.setdefault(table, set()).add(column)
    listed = named(contract.TABLES)
    check(columns, listed)
    missing = {
        f"{table}.{column}"
        for table, names in listed.items()
        for column in names
        if column not in columns[table]
    }
    assert missing == set()


def test_types_of_ids_times_and_vectors(connection: Connection) -> None:
    """Ids are uuids with a default, times are timestamptz, embeddings have 1,536 numbers."""
    odd = rows(
        connection,
        "select c.relname, a.attname, format_type(a.atttypid, a.atttypmod) from pg_attribute a "
        "join pg_class c on c.oid = a.attrelid "
        "left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum "
        "where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attnum > 0 "
        "and c.relname = any (%s) and not a.attisdropped and ("
        "a.attname ~ '_at$' and a.atttypid <> 'timestamptz'::regtype "
        "or a.attname ~ '^(.+_)?embedding$' and a.attname !~ '^needs_' "
        "and format_type(a.atttypid, a.atttypmod) <> 'vector(1536)' "
        "or a.attname = 'id' and c.relname <> 'embedding_models' "
        "and (a.atttypid <> 'uuid'::regtype "
        "or pg_get_expr(d.adbin, d.adrelid) is distinct from 'gen_random_uuid()'))",
        list(named(contract.TABLES)),
    )
    assert odd == []


def test_minimal_inserts_work(connection: Connection) -> None:
    """A row needs what the contract calls required, its key and what it belongs to."""
    needed = rows(
        connection,
        "select c.relname || '.' || a.attname from pg_attribute a "
        "join pg_class c on c.oid = a.attrelid "
        "where c.relnamespace = 'public'::regnamespace and c.relname = any (%s) and a.attnum > 0 "
        "and a.attnotnull and not a.atthasdef and a.attidentity = '' and not a.attisdropped "
        "and not exists (select from pg_constraint k where k.conrelid = c.oid "
        "and k.contype in ('f', 'p') and a.attnum = any (k.conkey))",
        list(named(contract.TABLES)),
    )
    assert {column for (column,) in needed} <= set(contract.REQUIRED.split())


def test_states_are_those_of_the_contract(connection: Connection) -> None:
    """Each column of states accepts every word that the contract lists, and no other."""
    for column, words in named(contract.STATES).items():
        table, _, name = column.partition(".")
        allowed = {label for (label,) in rows(connection, ENUM_LABELS, table, name)}
        for (text,) in rows(connection, CONSTRAINTS, table):
            if re.match(rf"CHECK \(\({name} = ANY", text):
                allowed |= set(re.findall(r"'([^']*)'", text))
        assert allowed == set(words), column


def test_post_status(connection: Connection) -> None:
    """A production post has exactly the states of the contract, in its order."""
    labels = rows(
        connection,
        "select enumlabel from pg_enum where enumtypid = 'post_status'::regtype "
        "order by enumsortorder",
    )
    assert [label for (label,) in labels] == contract.POST_STATUS.split()


def test_workers_are_seeded_enabled(connection: Connection) -> None:
    """The switches of all nine workers are there and on."""
    found = rows(connection, "select worker_name from worker_feature_flags_v2 where is_enabled")
    assert {name for (name,) in found} == set(contract.WORKERS.split())


def test_roles_are_there(connection: Connection) -> None:
    """The three roles exist and cannot log in by themselves."""
    found = rows(connection, "select rolname from pg_roles where not rolcanlogin")
    check([name for (name,) in found], contract.ROLES.split())


def test_triggers_are_exactly_those_of_the_contract(connection: Connection) -> None:
    """24 rows in information_schema.triggers, each with its table, event and function."""
    there = {
        f"{table} {name} {event} {action.removeprefix('EXECUTE FUNCTION ').removesuffix('()')}"
        for table, name, event, action in rows(connection, TRIGGERS)
    }
    listed = lines(contract.TRIGGERS)
    assert len(listed) == len(set(listed)) == 24
    assert sorted(there) == sorted(listed)


def fits(written: str, found: list[str]) -> bool:
    """Tell whether a list from the contract describes one from the catalog.

    Names alone leave the types open; ``…`` at the end lets more follow.
    """
    wanted = [word.strip() for word in written.split(",") if word.strip()]
    if wanted[-1:] == ["…"]:
        wanted, found = wanted[:-1], found[: len(wanted) - 1]
    return len(wanted) == len(found) and all(
        given == want or (" " not in want and given.split(" ")[0] == want)
        for want, given in zip(wanted, found, strict=True)
    )


def test_functions_are_those_of_the_contract(connection: Connection) -> None:
    """Names, arguments with types and defaults, and results are as written; one of each name."""
    there: dict[str, tuple[list[str], list[str]]] = {}
    for name, arguments, result in rows(connection, SIGNATURES):
        assert name not in there, f"{name}: there are two"
        there[name] = ([CAST.sub("", argument) for argument in arguments], result)
    listed = {line.partition("(")[0]: line for line in lines(contract.FUNCTIONS)}
    check(there, listed)
    for name, line in listed.items():
        written = re.fullmatch(r"\w+\((.*?)\)(?: → (.*))?", line)
        assert written, line
        assert fits(written[1], there[name][0]), f"{line}: it takes {there[name][0]}"
        if written[2]:
            assert fits(written[2], there[name][1]), f"{line}: it gives {there[name][1]}"


def test_assets_are_there() -> None:
    """Every asset has its name and its group."""
    there = {spec.key.to_user_string(): spec.group_name for spec in defs.resolve_all_asset_specs()}
    listed = dict(line.split() for line in lines(contract.ASSETS))
    check(there, listed, contract.PENDING_ASSETS)
    for name in listed.keys() - contract.PENDING_ASSETS.keys():
        assert there[name] == listed[name], name


def test_sensors_and_schedules_are_there_and_running() -> None:
    """Each has its name, a schedule its times in UTC, and all run without being switched on."""
    repository = defs.get_repository_def()
    sensors = {sensor.name: sensor for sensor in repository.sensor_defs}
    check(sensors, contract.SENSORS.split(), contract.PENDING_SENSORS)
    for name, sensor in sensors.items():
        assert sensor.default_status is dg.DefaultSensorStatus.RUNNING, name
    schedules = {schedule.name: schedule for schedule in repository.schedule_defs}
    check(schedules, contract.SCHEDULES, contract.PENDING_SCHEDULES)
    for name, schedule in schedules.items():
        assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING, name
        if name in contract.SCHEDULES:
            assert schedule.cron_schedule == contract.SCHEDULES[name], name
            assert schedule.execution_timezone in {None, "UTC"}, name


def test_a_pending_name_that_is_there_is_a_failure() -> None:
    """The lists of what is pending cannot outlive their use, nor name what nobody asked for."""
    check({"a"}, ["a", "b"], ["b"])
    with pytest.raises(AssertionError, match="take it off"):
        check({"a", "b"}, ["a", "b"], ["b"])
    with pytest.raises(AssertionError, match="it is not there"):
        check({"a"}, ["a", "b"])
    with pytest.raises(AssertionError, match="does not list it"):
        check({"a"}, ["a"], ["c"])


def test_routes() -> None:
    """The HTTP routes of section 5, as the gateway describes them."""
    paths = document()["paths"].items()
    there = {f"{method.upper()} {path}" for path, methods in paths for method in methods}
    check(there, contract.ROUTES.strip().splitlines())
