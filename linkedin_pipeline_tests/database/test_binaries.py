"""Whose processes run the server, where its data go, and which programs it uses."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import pytest

from linkedin_pipeline.database import binaries, server
from linkedin_pipeline.domain.errors import Misconfigured
from linkedin_pipeline.settings import PROJECT_ROOT
from linkedin_pipeline_tests.database.homes import homes, postmaster, start

as_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root drops its rights, and only root can act as two users"
)
USE = """
import sys
from pathlib import Path
from linkedin_pipeline.database import server
found = getattr(server, sys.argv[1])(Path(sys.argv[2]))
print(found and getattr(found, "port", found))
"""


@pytest.fixture
def directory() -> Iterator[Path]:
    """Give a directory for homes that every user can pass through."""
    with homes() as made:
        yield made


@pytest.fixture
def closed(directory: Path) -> Path:
    """Give a directory that only its owner can pass through."""
    made = directory / "closed"
    made.mkdir(mode=0o700)
    return made


def uid_of(pid: int) -> int:
    """Return the user of a process."""
    return Path(f"/proc/{pid}").stat().st_uid


def as_nobody(act: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Call ``server.<act>(home)`` as an ordinary user; skip where nobody can run Python."""
    account = binaries.Account("nobody", 65534, 65534)
    packages = find_spec("psycopg")
    assert packages
    assert packages.origin
    run = partial(
        subprocess.run,
        cwd="/",
        env={"PYTHONPATH": f"{PROJECT_ROOT}:{Path(packages.origin).parent.parent}"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        **binaries.identity(account),
    )
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, f"/usr/bin/{version}", f"/usr/local/bin/{version}"):
        try:
            usable = run([python, "-c", "import psycopg"]).returncode == 0
        except OSError:
            continue
        if usable:
            return run([python, "-c", USE, act, str(home)])
    pytest.skip("the user nobody reaches no Python of this version with the project's packages")


def test_the_data_live_in_the_project(directory: Path) -> None:
    """By default the home is in the project."""
    assert server.default_home(directory) == directory / ".linkedin_pipeline"


@as_root
def test_a_closed_project_of_root_keeps_its_data_elsewhere(closed: Path) -> None:
    """What the server's account cannot reach gets a home below /var/lib, one per project."""
    one, other = server.default_home(closed / "one"), server.default_home(closed / "other")
    assert one.parent == other.parent == Path("/var/lib/linkedin_pipeline")
    assert one != other
    assert server.default_home(closed / "one") == one


@as_root
def test_a_home_that_the_account_cannot_reach_is_refused(closed: Path) -> None:
    """Naming a closed directory as home is an error, and the directory stays closed."""
    with pytest.raises(Misconfigured, match="LINKEDIN_PIPELINE_HOME"):
        server.start(closed / "home")
    assert closed.stat().st_mode & 0o777 == 0o700
    assert not (closed / "home").exists()


@as_root
def test_a_strict_umask_is_no_obstacle(directory: Path) -> None:
    """Root's server starts with umask 077 too, which root often has."""
    before = os.umask(0o077)
    try:
        assert start(directory / "deep" / "home").just_started
    finally:
        os.umask(before)
        server.stop(directory / "deep" / "home")


@as_root
def test_programs_out_of_reach_are_copied(
    directory: Path, closed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The programs of a closed virtual environment are copied below the home and used there."""
    for name in (binaries.PACKAGE, f"{binaries.PACKAGE}.libs"):
        installed = find_spec(binaries.PACKAGE)
        assert installed
        assert installed.origin
        shutil.copytree(Path(installed.origin).parent.parent / name, closed / name)
    monkeypatch.syspath_prepend(closed)
    home = directory / "home"
    (home / "postgres/binaries/unfinished").mkdir(parents=True)  # an interrupted copy
    for path in (home, *home.rglob("*")):
        path.chmod(0o755)
    started = start(home)
    assert home in started.bindir.parents
    assert uid_of(postmaster(home)) != 0


@as_root
def test_an_ordinary_user_starts_and_stops_a_server(directory: Path) -> None:
    """Without root's rights the server is the user's own, and only the user enters its home."""
    theirs = directory / "theirs"
    theirs.mkdir()
    os.chown(theirs, 65534, 65534)
    started = as_nobody("start", theirs)
    assert started.returncode == 0, started.stderr
    assert uid_of(postmaster(theirs)) == 65534
    assert (theirs / "postgres").stat().st_mode & 0o777 == 0o700
    assert as_nobody("attach", theirs).stdout == started.stdout
    assert as_nobody("stop", theirs).stdout == "True\n"


@as_root
def test_root_and_a_user_share_the_users_server(directory: Path) -> None:
    """Root starts a user's data as that user and leaves every file the user's."""
    theirs = directory / "theirs"
    theirs.mkdir()
    os.chown(theirs, 65534, 65534)
    as_nobody("start", theirs)
    as_nobody("stop", theirs)
    started = start(theirs)
    assert uid_of(postmaster(theirs)) == 65534
    assert {path.stat().st_uid for path in (theirs / "postgres").rglob("*")} == {65534}
    assert as_nobody("attach", theirs).stdout == f"{started.port}\n"


@as_root
def test_another_users_server_is_not_entered(directory: Path) -> None:
    """A user who meets root's server is told so, without a stack of file errors."""
    start(directory / "home")
    refused = as_nobody("attach", directory / "home")
    assert "Misconfigured" in refused.stderr
    assert "belongs to another user" in refused.stderr
