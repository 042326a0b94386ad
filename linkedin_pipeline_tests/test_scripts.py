"""The environment that the scripts make: when, with what, and what they say when they cannot.

A stand-in for Python makes the virtual environment and installs into it, so that these tests need
no network and no minutes; everything else that the scripts run is real.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from linkedin_pipeline.settings import PROJECT_ROOT
from linkedin_pipeline_tests.waiting import eventually

TOOLS = ["cat", "cmp", "dirname", "env", "grep", "head", "id", "mkdir", "mv", "rm", "sh"]

# It keeps a diary; `hold` makes its installation wait, `fail` makes it fail.
STAND_IN = """#!/bin/sh
case "$*" in
    "-m venv "*)
        echo venv >>"{diary}"
        mkdir -p "$3/bin"
        cp "$0" "$3/bin/python"
        echo "#!$3/bin/python" >"$3/bin/pip"
        printf '#!/bin/sh\\nprintf "%%s\\\\n" "$@"\\n' >"$3/bin/linkedin-pipeline"
        chmod +x "$3/bin/linkedin-pipeline" ;;
    "-m pip install "*)
        echo install >>"{diary}"
        while [ -e "{hold}" ]; do sleep 0.1; done
        [ ! -e "{fail}" ] ;;
    "-m compileall "*) echo compile >>"{diary}" ;;
    --version) echo Python 3.13.0 ;;
    *) exec "{python}" "$@" ;;
esac
"""


class Checkout:
    """A copy of the scripts, in a directory with a space in its name, and a stand-in for Python."""

    def __init__(self, place: Path) -> None:
        self.root = place / "a checkout"
        self.programs = place / "bin"
        self.diary = place / "diary"
        self.hold = place / "hold"
        self.fail = place / "fail"
        self.programs.mkdir()
        self.root.mkdir()
        shutil.copytree(PROJECT_ROOT / "scripts", self.root / "scripts")
        for name in ("pyproject.toml", "constraints.txt"):
            shutil.copy(PROJECT_ROOT / name, self.root)
        for tool in [*TOOLS, "chmod", "cp", "sleep"]:
            found = shutil.which(tool)
            assert found, f"{tool} is missing here"
            (self.programs / tool).symlink_to(found)

    def has_python(self, name: str = "python3.13", script: str = STAND_IN) -> None:
        """Put a stand-in on PATH."""
        program = self.programs / name
        program.write_text(
            script.format(diary=self.diary, hold=self.hold, fail=self.fail, python=sys.executable)
        )
        program.chmod(0o755)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start scripts/demo, from another directory, with nothing on PATH but what is here."""
        return subprocess.Popen(
            [self.root / "scripts" / "demo", *arguments],
            cwd=self.programs,
            env={"PATH": str(self.programs)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Run scripts/demo to its end: exit code, output, errors."""
        process = self.start(*arguments)
        output, errors = process.communicate()
        return process.returncode, output, errors

    def did(self) -> list[str]:
        """Return what was done since the last call."""
        lines = self.diary.read_text().split() if self.diary.exists() else []
        self.diary.unlink(missing_ok=True)
        return lines


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """Give a checkout without an environment."""
    return Checkout(tmp_path)


def test_an_environment_is_made_once(checkout: Checkout) -> None:
    """The first call makes, installs and compiles; the next one goes straight to the command."""
    checkout.has_python()
    assert checkout.run("--posts", "my file") == (
        0,
        "demo\n--posts\nmy file\n",
        "Making .venv with Python 3.13.0: a minute or two.\n",
    )
    assert checkout.did() == ["venv", "install", "compile"]
    assert checkout.run() == (0, "demo\n", "")
    assert checkout.did() == []


@pytest.mark.parametrize("name", ["constraints.txt", "pyproject.toml"])
def test_a_changed_pin_is_installed(checkout: Checkout, name: str) -> None:
    """A change of what is wanted is installed into the environment that is there."""
    checkout.has_python()
    checkout.run()
    checkout.did()
    with (checkout.root / name).open("a") as file:
        file.write("\n")
    assert checkout.run() == (0, "demo\n", "Bringing .venv up to date.\n")
    assert checkout.did() == ["install", "compile"]
    assert checkout.run() == (0, "demo\n", "")


def test_a_moved_checkout_gets_a_new_environment(checkout: Checkout) -> None:
    """Programs in an environment hold its path, so one made elsewhere is made again."""
    checkout.has_python()
    checkout.run()
    checkout.did()
    checkout.root = checkout.root.rename(checkout.root.with_name("elsewhere"))
    assert checkout.run()[0] == 0
    assert checkout.did() == ["venv", "install", "compile"]


def test_a_failed_installation_is_said_and_not_believed(checkout: Checkout) -> None:
    """When pip fails the command does not run, and the next call starts anew."""
    checkout.has_python()
    checkout.fail.touch()
    code, output, errors = checkout.run()
    assert (code, output) == (1, "")
    assert errors.endswith(".venv could not be made; the reason stands above.\n")
    assert checkout.did() == ["venv", "install"]
    checkout.fail.unlink()
    assert checkout.run()[:2] == (0, "demo\n")
    assert checkout.did() == ["venv", "install", "compile"]


def test_a_killed_installation_starts_anew(checkout: Checkout) -> None:
    """Killed midway, without a chance to clean up, the environment is made again from nothing."""
    checkout.has_python()
    checkout.hold.touch()
    process = checkout.start()
    eventually(lambda: checkout.diary.exists() and "install" in checkout.diary.read_text())
    os.killpg(process.pid, 9)
    process.communicate()
    checkout.hold.unlink()
    checkout.did()
    assert checkout.run()[:2] == (0, "demo\n")
    assert checkout.did() == ["venv", "install", "compile"]


def test_two_at_once_make_one_environment(checkout: Checkout) -> None:
    """The second of two callers says that it waits, and then uses what the first one made."""
    checkout.has_python()
    checkout.hold.touch()
    first = checkout.start()
    eventually(lambda: checkout.diary.exists() and "install" in checkout.diary.read_text())
    second = checkout.start()
    assert second.stderr is not None
    assert second.stderr.readline() == "Waiting for another command that is making .venv.\n"
    checkout.hold.unlink()
    assert [process.communicate()[0] for process in (first, second)] == ["demo\n", "demo\n"]
    assert checkout.did() == ["venv", "install", "compile"]


@pytest.mark.parametrize("version", ["2.7", "3.9", "3.10"])
def test_an_old_python_is_refused(checkout: Checkout, version: str) -> None:
    """The message says what is needed, what was met and how to get it."""
    checkout.has_python("python3", f"#!/bin/sh\necho {version}\n")
    code, output, errors = checkout.run()
    assert (code, output) == (1, "")
    assert errors == (
        "Python 3.11 or newer is needed, and there is none on PATH"
        f" (python3 is Python {version}).\n"
        "Install one (Debian, Ubuntu: apt-get install python3 python3-venv) and run this again.\n"
    )
    assert not (checkout.root / ".venv").exists()


def test_no_python_at_all_is_said(checkout: Checkout) -> None:
    """Without any Python the message is the same, not one of the shell."""
    code, _, errors = checkout.run()
    assert code == 1
    assert errors.startswith("Python 3.11 or newer is needed, and there is none on PATH.\n")


BARE = """#!/bin/sh
case "$*" in *version_info*) echo 3.12 ;; *) exit 1 ;; esac
"""


def test_a_python_without_venv_is_refused(checkout: Checkout) -> None:
    """Debian ships venv apart: the message names the package."""
    checkout.has_python("python3.12", BARE)
    code, output, errors = checkout.run()
    assert (code, output) == (1, "")
    assert errors.startswith(
        "python3.12 cannot make a virtual environment: python3-venv is missing.\n"
    )
    assert "apt-get install python3-venv" in errors


def test_a_whole_python_is_preferred_to_a_newer_bare_one(checkout: Checkout) -> None:
    """An older Python that has venv does, when a newer one lacks it."""
    checkout.has_python("python3.12", BARE)
    checkout.has_python("python3.11")
    assert checkout.run()[:2] == (0, "demo\n")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_checkout_is_said(checkout: Checkout) -> None:
    """Where nothing can be written the message says so, and whose rights are lacking."""
    checkout.has_python()
    checkout.root.chmod(0o555)
    try:
        code, output, errors = checkout.run()
    finally:
        checkout.root.chmod(0o755)
    assert (code, output) == (1, "")
    assert "is read-only: .venv cannot be made in it.\n" in errors
    assert checkout.did() == []
