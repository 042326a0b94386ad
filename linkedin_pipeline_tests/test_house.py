"""The house around the code: documents, pins, scripts, layers and the size of files."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from linkedin_pipeline.settings import PROJECT_ROOT

COMMANDS = [
    "scripts/demo",
    "scripts/dev",
    "scripts/test",
    "scripts/check",
    "scripts/bench",
    "scripts/chaos",
    ".ci/run",
]
SHELL_FILES = [*COMMANDS, "scripts/environment"]


def _read(path: str) -> str:
    return (PROJECT_ROOT / path).read_text(encoding="utf-8")


def _project() -> dict[str, Any]:
    project: dict[str, Any] = tomllib.loads(_read("pyproject.toml"))["project"]
    return project


def _pins() -> dict[str, str]:
    lines = (line.partition("==") for line in _read("constraints.txt").splitlines())
    return {canonicalize_name(name): version for name, _, version in lines}


def _files(*suffixes: str) -> Iterator[Path]:
    for top in ("linkedin_pipeline", "linkedin_pipeline_tests", "sql"):
        for path in (PROJECT_ROOT / top).rglob("*"):
            if path.suffix in suffixes and path.is_file():
                yield path


def test_the_readme_names_the_two_commands() -> None:
    """Who opens the README finds both commands that do all the set-up."""
    readme = _read("README.md")
    assert "## Two commands" in readme
    assert "| `scripts/demo` |" in readme
    assert "| `scripts/test` |" in readme


def test_decision_records_have_their_four_parts() -> None:
    """Every decision is numbered without a gap and has status, context, decision, consequences."""
    records = sorted((PROJECT_ROOT / "docs" / "decisions").glob("*.md"))
    numbers = [int(record.name[:4]) for record in records]
    assert numbers == list(range(1, len(records) + 1))
    for record in records:
        text = record.read_text(encoding="utf-8")
        assert re.match(rf"# {int(record.name[:4])}\. \S.*\n\nStatus: \w+", text), record.name
        for part in ("## Context\n", "## Decision\n", "## Consequences\n", "\nGood: ", "\nBad: "):
            assert part in text, f"{record.name} lacks {part.strip()}"


def test_the_change_log_has_an_entry() -> None:
    """The newest section of the change log says something."""
    newest = _read("CHANGELOG.md").split("\n## ")[1]
    assert re.search(r"^- \S", newest, re.MULTILINE)


def test_every_dependency_is_pinned_inside_its_range() -> None:
    """Constraints give each dependency of pyproject one version, and one that it allows."""
    pins = _pins()
    project = _project()
    extras = (line for group in project["optional-dependencies"].values() for line in group)
    for line in [*project["dependencies"], *extras]:
        wanted = Requirement(line)
        assert wanted.specifier.contains(pins[canonicalize_name(wanted.name)]), line


def test_constraints_are_exact_versions_and_nothing_else() -> None:
    """No line of the constraints names a file, an index or a range."""
    lines = _read("constraints.txt").splitlines()
    assert [line for line in lines if not re.fullmatch(r"[\w.-]+==[\w.]+", line)] == []
    assert len(_pins()) == len(lines), "a package is pinned twice"


def test_dagster_is_told_of_one_module_everywhere() -> None:
    """workspace.yaml, [tool.dagster] and [tool.dg] load the same definitions."""
    tool = tomllib.loads(_read("pyproject.toml"))["tool"]
    workspace = yaml.safe_load(_read("workspace.yaml"))
    assert workspace["load_from"] == [{"python_module": "linkedin_pipeline.definitions"}]
    assert tool["dagster"]["module_name"] == "linkedin_pipeline.definitions"
    assert tool["dg"]["project"]["code_location_target_module"] == "linkedin_pipeline.definitions"


def test_no_file_is_longer_than_350_lines() -> None:
    """A file that grows past 350 lines has become two things; the generated snapshot may."""
    sizes = {
        str(path.relative_to(PROJECT_ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in _files(".py", ".sql")
        if path != PROJECT_ROOT / "sql" / "snapshot.sql"
    }
    assert {name: size for name, size in sizes.items() if size > 350} == {}


def test_no_module_has_a_name_that_says_nothing() -> None:
    """Modules and packages are named after what they hold."""
    nothing = {"utils", "helpers", "common", "core", "base", "manager"}
    assert [path for path in _files(".py") if nothing & {path.stem, path.parent.name}] == []


@pytest.mark.parametrize("path", SHELL_FILES)
def test_shell_files_are_plain_sh(path: str) -> None:
    """A shell that only checks the grammar accepts every script."""
    subprocess.run(["sh", "-n", PROJECT_ROOT / path], check=True)


@pytest.mark.parametrize("path", COMMANDS)
def test_commands_are_executable_sh_scripts(path: str) -> None:
    """What people and CI run has its bit set, and needs no other shell than sh."""
    assert (PROJECT_ROOT / path).stat().st_mode & 0o111 == 0o111
    assert _read(path).startswith("#!/bin/sh\n")


VIOLATIONS = {
    "workers/breaks_a.py": "import linkedin_pipeline.database",
    "wiring_of_another_kind.py": "",
    "workers/breaks_b.py": "import dagster",
    "adapters/breaks_c.py": "import psycopg",
    "adapters/breaks_d.py": "import starlette",
    "domain/breaks_e.py": "import numpy",
    "workers/breaks_f.py": "import socket",
}


def test_every_layer_rule_is_kept_by_import_linter(tmp_path: Path) -> None:
    """A module that breaks a rule is found, for each of the rules."""
    package = shutil.copytree(PROJECT_ROOT / "linkedin_pipeline", tmp_path / "linkedin_pipeline")
    for path, text in VIOLATIONS.items():
        (package / path).write_text(f"{text}\n")
    found = subprocess.run(
        [
            Path(sys.executable).with_name("lint-imports"),
            "--no-cache",
            "--config",
            PROJECT_ROOT / "pyproject.toml",
        ],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin", "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert found.returncode == 1
    contracts = tomllib.loads(_read("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    for contract in contracts:
        assert f"{contract['name']} BROKEN" in found.stdout
    for path in VIOLATIONS:
        assert path.removesuffix(".py").replace("/", ".") in found.stdout
