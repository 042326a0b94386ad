"""Documents and program say the same: commands, settings, routes, links, examples."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any
from uuid import uuid4

import click
import pytest

from linkedin_pipeline.cli import main
from linkedin_pipeline.command_reference import PROGRAM, commands, reference
from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.definitions import build_defs
from linkedin_pipeline.domain.ai import Model
from linkedin_pipeline.domain.errors import Misconfigured
from linkedin_pipeline.gateway.answers import CODES, refused
from linkedin_pipeline.gateway.app import routes
from linkedin_pipeline.gateway.graphql import Dagster
from linkedin_pipeline.gateway.openapi import document
from linkedin_pipeline.gateway.orchestrator import ACTIONS
from linkedin_pipeline.gateway.threads import Threads
from linkedin_pipeline.settings import PROJECT_ROOT, Endpoint, Settings
from linkedin_pipeline.wiring import build_providers
from linkedin_pipeline_tests.documents import (
    DOCUMENTS,
    blocks,
    calls,
    dead_links,
    literals,
    read,
    section,
    table,
)

REGENERATE = "python -m linkedin_pipeline.command_reference > docs/commands.md"
CONTEXTS = {context.command_path: context for context in commands()}
PUBLIC = ["README.md", *(f"docs/{path.name}" for path in (PROJECT_ROOT / "docs").glob("*.md"))]
OF_OTHERS = {"DAGSTER_HOME", "TEST_POSTGRES_URL"}


# commands


def test_the_page_of_commands_is_what_the_commands_say() -> None:
    """Regenerate it after every change of a command."""
    assert read("docs/commands.md") == reference(), f"regenerate: {REGENERATE}"


@pytest.mark.parametrize("path", CONTEXTS)
def test_every_command_and_option_is_on_the_page(path: str) -> None:
    """Each command has a heading; below it stand all its options, arguments and subcommands."""
    context = CONTEXTS[path]
    words = path.split()[1:]
    heading = f"{'#' * (len(words) + 1)} `{' '.join(words)}`" if words else "## All of them"
    (block, *_) = blocks(section(read("docs/commands.md"), heading), "text")
    for parameter in context.command.params:
        if isinstance(parameter, click.Argument):
            assert parameter.make_metavar(context) in block
            continue
        for name in [*parameter.opts, *parameter.secondary_opts]:
            line = rf"^  (?=-).*(?<![\w-]){name}(?![\w-])"  # not where the prose speaks of it
            assert re.search(line, block.partition("Options:")[2], re.MULTILINE), name
    if isinstance(context.command, click.Group):
        for name in context.command.commands:
            assert re.search(rf"^  {name} ", block, re.MULTILINE), name


def test_the_readme_lists_every_command() -> None:
    """Its short table has each command, and no option that there is not."""
    listed: set[str] = set()
    for cell, _ in table(read("README.md"), "command"):
        for call in literals(cell):
            if call.startswith("scripts/"):
                continue
            words = re.sub(r"[\[\]]", "", call).split()
            path = PROGRAM
            while words and f"{path} {words[0]}" in CONTEXTS:
                path = f"{path} {words.pop(0)}"
            listed.add(path)
            known = {name for one in CONTEXTS[path].command.params for name in one.opts}
            known |= {name for one in CONTEXTS[path].command.params for name in one.secondary_opts}
            assert {word for word in words if word.startswith("-")} <= known, call
    groups = {path for path, one in CONTEXTS.items() if not one.command.params} - listed
    silent = {path for path in groups if isinstance(CONTEXTS[path].command, click.Group)}
    assert listed == CONTEXTS.keys() - silent - {PROGRAM}


def test_every_call_in_a_document_can_be_parsed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Commands, options and values of each example are what the program takes."""
    for context in CONTEXTS.values():
        monkeypatch.setattr(context.command, "callback", lambda **_: None)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "FILE").touch()
    found = [
        (path.name, *call)
        for path in DOCUMENTS
        for call in calls(path.read_text("utf-8"), main.commands)
    ]
    assert len(found) > 20
    refused_calls = []
    for name, (_, *words), whole in found:
        try:
            given = [str(uuid4()) if word == "ID" else word for word in words]
            main.main(given, PROGRAM, standalone_mode=False)
        except click.ClickException as error:
            if whole or not isinstance(error, click.MissingParameter):
                refused_calls.append(f"{name}: {' '.join(words)}: {error.format_message()}")
    assert refused_calls == []


# settings


class _Recorder(dict[str, str]):
    """An environment that remembers what it was asked for."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.asked: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        self.asked.add(key)
        return super().get(key, default)


ROWS = {
    literals(cells[0])[0]: cells[1:] for cells in table(read("docs/settings.md"), "variable")
}  # variable: meaning, value, default


def _example(value: str) -> str:
    """Return a value that the page gives as an example."""
    shown = re.search(r": `([^`]+)`", value)
    return shown[1] if shown else "key-of-ours"


EXAMPLES = {name: _example(value) for name, (_, value, _) in ROWS.items()}


def _flat(settings: Settings) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for field in fields(settings):
        value = getattr(settings, field.name)
        if isinstance(value, Endpoint):
            flat |= {
                f"{field.name}.{part.name}": getattr(value, part.name) for part in fields(value)
            }
        elif field.name != "notices":
            flat[field.name] = value
    return flat


def test_every_variable_that_is_read_is_on_the_page() -> None:
    """The page has those, and no others; so with none set as with all."""
    empty, full = _Recorder(), _Recorder(EXAMPLES)
    Settings.from_environment(empty)
    Settings.from_environment(full)
    assert ROWS.keys() == empty.asked | full.asked


@pytest.mark.parametrize("name", ROWS)
def test_the_example_and_the_default_of_a_setting_are_true(name: str) -> None:
    """The example changes something; the default, written out, changes nothing, or is none."""
    default = literals(ROWS[name][2])
    with_all, without = (
        _flat(Settings.from_environment(env))
        for env in (EXAMPLES, {key: value for key, value in EXAMPLES.items() if key != name})
    )
    changed = {key for key, value in with_all.items() if value != without.get(key)}
    assert changed
    if not default:
        assert {without.get(key) for key in changed} == {None}
    elif not name.endswith("_MODEL"):
        (written,) = default
        assert Settings.from_environment({name: written}) == Settings.from_environment({})


@pytest.mark.parametrize("name", [name for name in ROWS if name.endswith("_MODEL")])
def test_the_default_models_are_those_of_the_page(name: str) -> None:
    """With and without each key, before and after the shutdown that is known."""
    found: set[Model | None] = set()
    days = date(2026, 12, 10), date(2026, 12, 11)
    for openai, anthropic, day in product(("", "key"), ("", "key"), days):
        keys = {"OPENAI_API_KEY": openai, "ANTHROPIC_API_KEY": anthropic}
        settings = Settings.from_environment(keys, today=day)
        found.add(getattr(settings, name.lower()))
    assert {str(model) for model in found if model} == set(literals(ROWS[name][2]))


def _refusal(name: str, value: object) -> str:
    """Return what the program says of a value; nothing when it takes it."""
    try:
        Settings.from_environment({name: str(value)})
    except Misconfigured as error:
        return str(error)
    return ""


@pytest.mark.parametrize("name", ROWS)
def test_the_bounds_of_a_number_are_true(name: str) -> None:
    """They are taken, and what is beyond them is not; each whole number has them."""
    stated = re.search(r"([\d,]+) to ([\d,]+)", ROWS[name][1])
    if stated is None:
        assert "whole number" not in _refusal(name, "none")
        return
    least, most = (int(bound.replace(",", "")) for bound in stated.groups())
    assert [_refusal(name, good) for good in (least, most)] == ["", ""]
    assert _refusal(name, least - 1)
    assert _refusal(name, most + 1)


def test_documents_name_no_variable_that_there_is_not() -> None:
    """Neither a variable nor, beside one, a default that is another by now."""
    for path in PUBLIC:
        if path in {"docs/sql.md", "docs/settings.md"}:
            continue
        for name, number in re.findall(r"`([A-Z]+(?:_[A-Z]+)+)`(?:, (\d+))?", read(path)):
            assert name in ROWS.keys() | OF_OTHERS, f"{path}: {name}"
            if number:
                assert number == literals(ROWS[name][2])[0], f"{path}: {name}"


# routes

GATEWAY = read("docs/gateway.md")


def _routes() -> Iterator[tuple[str, str]]:
    """Yield method and path of each route; HEAD is a part of GET."""
    with_none = Settings(), Database("postgresql://127.0.0.1:9/none"), Dagster("http://none")
    threads = Threads()
    for route in routes(*with_none, threads):
        for method in getattr(route.endpoint, "handlers").keys() - {"HEAD"}:  # noqa: B009
            yield method, route.path
    threads.close()


def test_every_route_is_on_the_page() -> None:
    """Each path with its methods, and none else; the OpenAPI document has those of programs."""
    listed = {
        tuple(literal.split(" ", 1))
        for cells in table(GATEWAY, "route")
        for literal in literals(cells[0])
        if " " in literal
    }
    assert listed == set(_routes())
    described = {
        (method.upper(), path) for path, known in document()["paths"].items() for method in known
    }
    assert described == {(method, path) for method, path in listed if path not in PAGES}


PAGES = {"/", "/login", "/logout"}


@pytest.mark.parametrize("path", document()["paths"])
def test_every_status_of_a_route_is_on_the_page(path: str) -> None:
    """What the OpenAPI document says of it, and nothing else."""
    statuses = {cells[0]: cells[1] for cells in table(GATEWAY, "route") if cells[1][:1].isdigit()}
    row = statuses.get(f"`{path.rpartition('/')[2]}`", statuses["those that start a job"])
    for method in document()["paths"][path].values():
        assert row.split(", ") == sorted(method["responses"])


def test_every_parameter_and_action_is_on_the_page() -> None:
    """With the default and the bound of each number."""
    for methods in document()["paths"].values():
        for parameter in (
            one for method in methods.values() for one in method.get("parameters", ())
        ):
            schema = parameter["schema"]
            assert re.search(rf"`{parameter['name']}[`=]", GATEWAY), parameter["name"]
            if "maximum" in schema:
                said = f"{schema['default']} by default, {schema['maximum']} at most"
                assert said in GATEWAY, parameter["name"]
    for action in ACTIONS:
        assert f"`{action}`" in GATEWAY


def test_every_code_of_an_error_is_on_the_page() -> None:
    """What the gateway may answer, by its name, and nothing else."""
    source = [
        file.read_text("utf-8")
        for file in (PROJECT_ROOT / "linkedin_pipeline/gateway").glob("*.py")
    ]
    raised = {
        code
        for text in source
        for code in re.findall(r'(?:Refused\(\s*\d+,|envelope\()\s*"([a-z_]+)"', text)
    }
    raised |= {code for _, code in CODES} | {refused(Misconfigured("", "", "")).code}
    listed = [code for _, cell in table(GATEWAY, "status") for code in literals(cell)]
    assert raised == set(listed)


# what runs by itself, and links


def test_schedules_and_sensors_are_named() -> None:
    """Every schedule for who operates, every sensor for who looks."""
    repository = build_defs(build_providers(Settings())).get_repository_def()
    for schedule in repository.schedule_defs:
        assert f"`{schedule.name}`" in read("docs/operations.md")
    for sensor in repository.sensor_defs:
        assert f"`{sensor.name}`" in read("README.md")


def test_links_lead_somewhere() -> None:
    """Every relative link names a file or directory, and a heading where it names one."""
    assert [link for path in DOCUMENTS for link in dead_links(path)] == []
