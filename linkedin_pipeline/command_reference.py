"""The reference of the command line, made of the commands' own help.

``python -m linkedin_pipeline.command_reference > docs/commands.md`` writes the page; a test
compares it with what the commands say.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from linkedin_pipeline.cli import main

PROGRAM = "linkedin-pipeline"
_WIDTH = 78
"""What click takes of a terminal of 80 columns."""
_HEAD = f"""\
# Commands

Generated from the commands' own help: `python -m linkedin_pipeline.command_reference > docs/commands.md`.

The program is `.venv/bin/{PROGRAM}`; what it reads from the environment is in [settings](settings.md).

- Exit codes: 0 done, 1 failed, 2 wrong use. What is expected to fail says so in one line on standard error, with
  the remedy.
- `--json` prints one document on standard output and nothing else there.
- A profile's ID is its id, partition key or LinkedIn identifier; `--profile` and `--author` take a full name, too.
"""  # noqa: E501 - lines of the page, not of this file


def commands(
    command: click.Command = main, parent: click.Context | None = None
) -> Iterator[click.Context]:
    """Yield the context of every command, groups before what is in them, in the order of help.

    ``command_path`` of a context is how the command is called, its program first.
    """
    settings = {**command.context_settings, "terminal_width": _WIDTH}
    name = command.name if parent else PROGRAM
    context = click.Context(command, parent, info_name=name, **settings)
    yield context
    if isinstance(command, click.Group):
        for sub in command.list_commands(context):
            found = command.get_command(context, sub)
            if found is not None and not found.hidden:
                yield from commands(found, context)


def reference() -> str:
    """Return the page."""
    parts = [_HEAD]
    for context in commands():
        _, *words = context.command_path.split()
        title = f"`{' '.join(words)}`" if words else "All of them"
        parts.append(
            f"{'#' * max(len(words) + 1, 2)} {title}\n\n```text\n{context.get_help()}\n```\n"
        )
    return "\n".join(parts)


if __name__ == "__main__":
    sys.stdout.write(reference())
