"""How SQL files are cut into statements."""

from __future__ import annotations

import pytest

from linkedin_pipeline.database.sql_tree import SQL_TREE, read_tree
from linkedin_pipeline.database.statements import split

ONE_STATEMENT = {
    "body in dollars": "create function f() returns int language plpgsql as $$ begin; end; $$;",
    "body with a tag": "do $b_1$ begin perform $$a;$$; end $b_1$;",
    "body with another tag": "do $a$ begin execute $q$select ';'$q$; perform $$;$$; end $a$;",
    "parameters in a body": "create function f(int) returns int as 'select $1;' language sql;",
    "string with a quote": """select 'a;''b;' as "x;""y;";""",
    "string that ends in a backslash": r"select 'a;' like 'b' escape '\';",
    "string with escapes": r"select E'it\'s; \\', e'';",
    "line comment inside": "select 1 -- not; here, isn't it\n, 2;",
    "nested comment inside": "select 1 /* a; /* b; */ isn't; */ + 1;",
    "do block": "do $$ declare r record; begin for r in select 1 loop null; end loop; end $$;",
    "trigger": (
        "create or replace trigger t before update of a on x for each row "
        "when (old.a is distinct from new.a) execute function f();"
    ),
    "begin atomic": (
        "create function f() returns int language sql begin atomic "
        "select case when true then 1 end; select 2; end;"
    ),
    "case in a generated column": (
        "create table t (b int, a int generated always as (case when b > 0 then 1 end) stored);"
    ),
    "rule": "create rule r as on insert to t do also (insert into u values (1); select 2);",
    "policy": "create policy p on t for select to r using (true);",
    "words that open blocks elsewhere": 'create table if not exists t ("begin" int, "end" int);',
    "concurrent index": "create index concurrently if not exists i on t (a) where b is not null;",
}


@pytest.mark.parametrize("text", ONE_STATEMENT.values(), ids=ONE_STATEMENT.keys())
def test_a_statement_ends_where_postgresql_ends_it(text: str) -> None:
    """Semicolons in quotes, bodies, comments and blocks end nothing; what follows is apart."""
    assert [statement.text for statement in split(f"{text}\nselect 'next';")] == [
        text,
        "select 'next';",
    ]


def test_a_statement_knows_its_first_line() -> None:
    """Comments before a statement do not count as its beginning."""
    text = (
        "-- head; of file\n\nselect 1; select\n2;\n/* between\n; */\nselect 3;\n-- end; of file\n"
    )

    assert [(s.line, s.text) for s in split(text)] == [
        (3, "select 1;"),
        (3, "select\n2;"),
        (7, "select 3;"),
    ]


def test_nothing_but_comments_is_no_statement() -> None:
    """Empty files, comments and stray semicolons yield nothing."""
    assert list(split("-- a; b\n;;\n/* c; */ ;\n")) == []


def test_nothing_of_the_projects_files_is_lost() -> None:
    """What lies between the statements of the project's own files is comments and white space."""
    tree = read_tree(SQL_TREE)
    for file in (*(migration.file for migration in tree.migrations), *tree.routines):
        rest = file.sql
        for statement in split(file.sql):
            before, found, rest = rest.partition(statement.text)
            assert found
            assert list(split(before)) == []
        assert list(split(rest)) == []
