"""The reference is what the database says, and its examples run."""

from __future__ import annotations

import difflib
import subprocess
import sys

import pytest
from psycopg import sql

from linkedin_pipeline.database.reference import read_catalog, reference
from linkedin_pipeline.settings import PROJECT_ROOT
from linkedin_pipeline_tests.sql.bank import Connection
from linkedin_pipeline_tests.sql.sample_rows import add_sample_rows

PAGE = PROJECT_ROOT / "docs" / "sql.md"
REGENERATE = "python -m linkedin_pipeline.database.reference > docs/sql.md"

PLANTED = """
create type planted_state as enum ('on', 'off');
create table planted (
    id int generated always as identity primary key,
    state planted_state not null,
    topic uuid references topics,
    name text default 'a|b',
    whole text generated always as (name || '!') stored,
    quota int not null
);
comment on table planted is 'What needs_* flags <say>.';
comment on column planted.topic is 'Set null.';
grant select (id, name) on planted to authenticated;

create function planted_one(a int, b text default 'x') returns table (c int)
language sql stable security definer as 'select a';
comment on function planted_one is 'First one. '
    'Second one. Example: select c from planted_one(1); Example: select 2 from planted_one(a => 2)
Third one.';

create function planted_two() returns trigger
language plpgsql as 'begin return new; end';
comment on function planted_two is 'Does nothing.';
create trigger planted_trigger before insert on planted
for each row execute function planted_two();
"""


def test_the_page_is_what_the_tree_makes(database_url: str) -> None:
    """``docs/sql.md`` says what the comments of a freshly migrated database say."""
    written = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    made = reference(database_url)
    diff = difflib.unified_diff(written.splitlines(), made.splitlines(), "docs/sql.md", "migrated")
    shown = "\n".join(list(diff)[:60])
    assert not shown, f"regenerate: {REGENERATE}\n{shown}"


def test_the_module_prints_the_page(database_url: str) -> None:
    """The command needs no database of one's own."""
    done = subprocess.run(
        [sys.executable, "-m", "linkedin_pipeline.database.reference"],
        cwd=PROJECT_ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=240,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == reference(database_url)


def test_every_example_runs(connection: Connection, database_url: str) -> None:
    """Each example calls its function, over a bank in use, as the weakest role that may."""
    add_sample_rows(connection)
    functions = read_catalog(database_url).functions
    assert sum(len(function.examples) for function in functions) >= 5
    failed = []
    for function in functions:
        role = "authenticated" if "authenticated" in function.callers else "service_role"
        for example in function.examples:
            assert f"{function.name}(" in example, example
            try:
                with connection.transaction(force_rollback=True):
                    connection.execute(sql.SQL("set local role {}").format(sql.Identifier(role)))
                    connection.execute(example.encode()).fetchall()
            except Exception as error:  # noqa: BLE001 - all that fail are shown together
                failed.append(f"{role}: {example}: {error}")
    assert failed == []


@pytest.fixture
def planted(connection: Connection, database_url: str) -> str:
    """Give the page about a database with a table and functions of every kind."""
    connection.execute(PLANTED)
    return reference(database_url)


def test_a_function_is_described(planted: str) -> None:
    """Signature, result, volatility, rights, callers, comment and examples are there."""
    assert (
        "### Others\n\n#### `planted_one`\n\n"
        "```sql\nplanted_one(a integer, b text default 'x'::text) → table (c integer)\n```\n\n"
        "First one. Second one.\nThird one. *(stable, with its owner's rights, for `anon`, "
        "`authenticated`, `service_role`)*\n\n"
        "```sql\nselect c from planted_one(1);\n```\n\n"
        "```sql\nselect 2 from planted_one(a => 2);\n```\n"
    ) in planted


def test_a_table_is_described(planted: str) -> None:
    """Comment, who may read what, and of each column type, default, reference and comment."""
    assert (
        "### `planted`\n\n"
        "What needs_\\* flags \\<say>. *(for `authenticated` to read: `id`, `name`)*\n\n"
        "| column | type | default |  |\n"
        "| --- | --- | --- | --- |\n"
        "| `id` | `integer` | the next number |  |\n"
        "| `state` | `planted_state` | required |  |\n"
        "| `topic` | `uuid` |  | → `topics`. Set null. |\n"
        "| `name` | `text` | `'a\\|b'` |  |\n"
        "| `whole` | `text` | always `(name \\|\\| '!'::text)` |  |\n"
        "| `quota` | `integer` | required |  |\n"
    ) in planted
    assert "| `planted_state` | `on` `off` |  |\n" in planted


def test_trigger_functions_are_listed_apart(planted: str) -> None:
    """They are no functions to call: one line each, with what fires them."""
    assert "| `planted_two` | `planted_trigger` of `planted` | Does nothing. |\n" in planted
    assert "#### `planted_two`" not in planted


def test_functions_stand_under_their_files(planted: str) -> None:
    """The order of the page is that of the routine files, whose first sentence is the title."""
    assert planted.index("### Facts about one post\n\n#### `") < planted.index("#### `post_day`")
    assert planted.index("#### `post_day`") < planted.index("#### `claim_work`")
    assert planted.index("#### `claim_work`") < planted.index("### Others\n")
