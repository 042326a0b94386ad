"""The command line as people and scripts use it: in this process, in one of its own, on a tty."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from click.testing import CliRunner, Result

from linkedin_pipeline.cli import main
from linkedin_pipeline.settings import PROJECT_ROOT

PROGRAM = Path(sys.executable).with_name("linkedin-pipeline")
_CONTROLS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True, slots=True)
class Terminal:
    """Calls commands with the given environment variables."""

    environment: Mapping[str, str]

    def invoke(self, *arguments: str) -> Result:
        """Call a command inside this process."""
        return CliRunner(env=self.environment).invoke(main, arguments, prog_name=PROGRAM.name)

    def expected(self, *arguments: str) -> Result:
        """Call a command inside this process; it must end by itself, not by a stack trace."""
        result = self.invoke(*arguments)
        ended = result.exception is None or isinstance(result.exception, SystemExit)
        assert ended, (result.output, result.exception)
        return result

    def json(self, *arguments: str) -> Any:
        """Call a command inside this process and read the JSON that is all it prints."""
        result = self.invoke(*arguments, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command in a process of its own, and group, with its output in pipes."""
        return subprocess.Popen(
            [PROGRAM, *arguments],
            cwd=PROJECT_ROOT,
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command in a process of its own; nothing it prints may be a stack trace."""
        process = self.start(*arguments)
        output, errors = process.communicate(timeout=280)
        assert "Traceback" not in output + errors, output + errors
        return subprocess.CompletedProcess(arguments, process.returncode, output, errors)

    def on_tty(self, *arguments: str, typed: str = "", columns: int = 80) -> tuple[int, str]:
        """Run a command on a terminal; return exit code and what it wrote, controls left out."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        environment = {**os.environ, **self.environment, "TERM": "xterm-256color"}
        environment.pop("COLUMNS", None)
        process = subprocess.Popen(
            [PROGRAM, *arguments],
            cwd=PROJECT_ROOT,
            env=environment,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        os.write(ours, typed.encode())
        written = _read_all(ours)
        os.close(ours)
        return process.wait(timeout=60), _CONTROLS.sub("", written.decode()).replace("\r\n", "\n")


def leaves(command: click.Command, path: tuple[str, ...] = ()) -> dict[str, click.Command]:
    """Return every command that does something, by its words; groups that list do so, too."""
    found: dict[str, click.Command] = {}
    if not isinstance(command, click.Group) or (path and command.invoke_without_command):
        found[" ".join(path)] = command
    for name, sub in command.commands.items() if isinstance(command, click.Group) else ():
        found |= leaves(sub, (*path, name))
    return found


def _read_all(descriptor: int) -> bytes:
    """Read until the other side closes, for at most five minutes."""
    until, written = time.monotonic() + 280, b""
    while select.select([descriptor], [], [], max(until - time.monotonic(), 0))[0]:
        try:
            piece = os.read(descriptor, 65536)
        except OSError:  # Linux's way to say that the last process has closed the terminal
            return written
        if not piece:
            return written
        written += piece
    raise AssertionError(f"the command went on for too long: {written[-2000:]!r}")
