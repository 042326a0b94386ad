"""What lies below the home of an embedded server: its files, its locks, and whether it lives.

    <home>/postgres/   lock        serializes start, stop and recover
                       alive       the lock that the server's processes hold together
                       state.json  port, generation, settings; whether it was stopped on purpose
                       migrated    the generation whose application schema is up to date
                       password    mode 0600; made before the data, so neither is lost alone
                       settings.conf, server.log, setup.log, data/, binaries/

As root this directory is root's own and only ``data`` belongs to the server's account, so that
root never writes where that account could have put a link.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from linkedin_pipeline.database.binaries import SERVER_DIRECTORY, Account, reaches
from linkedin_pipeline.domain.errors import DatabaseDown, Misconfigured

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

SUBJECT: Final = "embedded PostgreSQL"
HOST: Final = "127.0.0.1"
POLL_SECONDS = 0.02
LOCK_SECONDS = 330.0  # how long to wait for another process that starts or stops the server
SILENT_SECONDS = 60.0  # how long backends may outlive a killed postmaster
STARTING_SECONDS = 300.0  # crash recovery replays up to max_wal_size


@dataclass(frozen=True, slots=True)
class State:
    """What is remembered between processes; no secret."""

    port: int
    bindir: str
    generation: str
    settings: dict[str, str]
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class Home:
    """The paths below one home directory and what can be told from them."""

    root: Path

    @classmethod
    def at(cls, root: Path) -> Home:
        """Name a home; nothing is touched.

        Raises:
            Misconfigured: the embedded server cannot run on this operating system.
        """
        if fcntl is None:
            raise Misconfigured(
                SUBJECT,
                f"it does not run on {sys.platform}",
                "Set DATABASE_URL and DAGSTER_DATABASE_URL to servers of your own.",
            )
        return cls(root.absolute())

    def __truediv__(self, name: str) -> Path:
        return self.root / SERVER_DIRECTORY / name

    @property
    def data(self) -> Path:
        """PostgreSQL's data directory."""
        return self / "data"

    @property
    def log(self) -> Path:
        """The server's own log, the first place to look."""
        return self / "server.log"

    def make(self, account: Account | None) -> None:
        """Make the directories, passable for ``account`` whatever the umask says.

        Raises:
            Misconfigured: the account cannot get there, or we may not write there.
        """
        if not reaches(account, self.root):
            raise Misconfigured(
                SUBJECT,
                f"{account.name if account else 'this user'} cannot reach {self.root}",
                "Root's server runs as that account: name another LINKEDIN_PIPELINE_HOME.",
            )
        directory = self.root / SERVER_DIRECTORY
        missing = [path for path in (directory, *directory.parents) if not path.exists()]
        try:
            for path in reversed(missing):
                path.mkdir(exist_ok=True)
                if account or path == directory:
                    path.chmod(0o755 if account else 0o700)
        except OSError as error:
            raise Misconfigured(
                SUBJECT,
                f"{directory} cannot be made: {error.strerror}",
                "Name a LINKEDIN_PIPELINE_HOME that you may write to.",
            ) from error

    def write(self, name: str, text: str, mode: int = 0o600) -> Path:
        """Replace a file in one step, owned by whoever owns the directory."""
        path, fresh = self / name, self / f"{name}.unfinished"
        fresh.unlink(missing_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "w") as file:
            os.fchmod(descriptor, mode)
            self._give_to_owner(descriptor)
            file.write(text)
        fresh.rename(path)
        return path

    def read_state(self) -> State | None:
        """Return what is remembered, or None before the first start was through.

        Raises:
            Misconfigured: it belongs to another user.
        """
        try:
            return State(**json.loads((self / "state.json").read_text()))
        except FileNotFoundError:
            return None
        except PermissionError as error:
            raise Misconfigured(
                SUBJECT,
                f"the server of {self.root} belongs to another user",
                "Run as that user, or name a LINKEDIN_PIPELINE_HOME of your own.",
            ) from error

    def write_state(self, state: State) -> None:
        """Remember ``state``; call it with the lock held."""
        self.write("state.json", json.dumps(asdict(state)))

    def read_password(self) -> str:
        """Return the superuser's password."""
        return (self / "password").read_text().strip()

    def alive(self) -> bool:
        """Tell whether any process of the server lives: the postmaster or a last backend."""
        try:
            descriptor = os.open(self / "alive", os.O_RDONLY)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def answering_port(self) -> int | None:
        """Return the port on which the living server takes connections, or None."""
        if not self.alive():
            return None
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            port, status = int(lines[3]), lines[7].strip()
        except (OSError, IndexError, ValueError):
            return None  # being written: still starting
        if status != "ready":
            return None
        try:
            socket.create_connection((HOST, port), 2).close()
        except OSError:
            return None
        return port

    def settled_port(self) -> int | None:
        """Wait until the server answers or is gone; return its port, or None when gone.

        Raises:
            DatabaseDown: it neither answers nor ends.
        """
        begin = time.monotonic()
        while True:
            port = self.answering_port()
            if port is not None or not self.alive():
                return port
            patience = STARTING_SECONDS if self._starting() else SILENT_SECONDS
            if time.monotonic() - begin > patience:
                raise DatabaseDown(
                    SUBJECT,
                    f"its processes live but do not answer since {patience:.0f} seconds",
                    f"See {self.log}, and end the processes that work in {self.data}.",
                )
            time.sleep(POLL_SECONDS)

    @contextmanager
    def locked(self, name: str = "lock") -> Iterator[None]:
        """Hold the home, or the work of another ``name``, against other processes and threads.

        Raises:
            DatabaseDown: somebody else holds it for longer than any start takes.
        """
        with self._flock(name, LOCK_SECONDS) as descriptor:
            try:
                yield
            finally:  # said aloud: a child forked meanwhile would keep it otherwise
                fcntl.flock(descriptor, fcntl.LOCK_UN)

    @contextmanager
    def claimed(self) -> Iterator[int]:
        """Hold the lock that says the server lives; yield the descriptor to hand to it.

        It is closed, never unlocked, at the end: whoever inherited it keeps holding it.
        """
        with self._flock("alive", SILENT_SECONDS) as descriptor:
            yield descriptor

    def forget_dead_postmaster(self) -> None:
        """Remove the pid file of a postmaster that is gone; call it with the claim held.

        PostgreSQL itself is stopped for ever by such a file when the number belongs to a zombie
        (a container whose first process reaps nobody) or by now to another process of the user.

        Raises:
            DatabaseDown: somebody started a server on these data by other means.
        """
        pid_file = self.data / "postmaster.pid"
        if not pid_file.exists():
            return
        strangers = list(_working_in(self.data))
        if strangers:
            raise DatabaseDown(
                SUBJECT,
                f"process {strangers[0]} already serves {self.data}",
                "It was not started by this program: stop it with pg_ctl first.",
            )
        pid_file.unlink(missing_ok=True)

    def _starting(self) -> bool:
        with suppress(OSError):
            return "starting" in (self.data / "postmaster.pid").read_text()
        return False

    def _give_to_owner(self, descriptor: int) -> None:
        if os.geteuid() == 0:  # a user's own home stays the user's when root starts the server
            found = (self.root / SERVER_DIRECTORY).stat()
            os.fchown(descriptor, found.st_uid, found.st_gid)

    @contextmanager
    def _flock(self, name: str, seconds: float) -> Iterator[int]:
        descriptor = os.open(self / name, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            self._give_to_owner(descriptor)
            begin = time.monotonic()
            while True:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() - begin > seconds:
                        raise DatabaseDown(
                            SUBJECT,
                            f"another process has held {self / name} for {seconds:.0f} seconds",
                            f"See {self.log}; if nothing starts or stops there, end that process.",
                        ) from None
                    time.sleep(POLL_SECONDS)
            yield descriptor
        finally:
            os.close(descriptor)


def _working_in(data: Path) -> Iterator[int]:
    """Yield the visible processes whose working directory is ``data``: PostgreSQL's all are."""
    wanted = data.resolve()
    for cwd in Path("/proc").glob("[0-9]*/cwd"):  # nothing on macOS, whose first process reaps
        with suppress(OSError):
            if cwd.readlink() == wanted:
                yield int(cwd.parent.name)
