"""``linkedin-pipeline completion``: what makes a shell complete the commands."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem, get_completion_class

from linkedin_pipeline.domain.profiles import STYLE_WORKER
from linkedin_pipeline.domain.publications import PAGES_WORKER, PUBLISH_WORKER
from linkedin_pipeline.domain.sync import SYNC_WORKER
from linkedin_pipeline.domain.work import Stage

INSTRUCTIONS = {
    "bash": 'Add to ~/.bashrc: eval "$(linkedin-pipeline completion bash)"',
    "zsh": 'Add to ~/.zshrc, after compinit: eval "$(linkedin-pipeline completion zsh)"',
    "fish": "Save as ~/.config/fish/completions/linkedin-pipeline.fish",
}


@click.command()
@click.argument("shell", type=click.Choice(list(INSTRUCTIONS)))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script with which a shell completes commands, options and their values.

    \b
    bash  eval "$(linkedin-pipeline completion bash)" in ~/.bashrc
    zsh   eval "$(linkedin-pipeline completion zsh)" in ~/.zshrc, after compinit
    fish  save it as ~/.config/fish/completions/linkedin-pipeline.fish
    """  # noqa: D301 - \b is click's mark for lines that are not to be joined
    completer = get_completion_class(shell)
    assert completer is not None  # click brings all three
    program = "linkedin-pipeline"
    made = completer(context.find_root().command, {}, program, "_LINKEDIN_PIPELINE_COMPLETE")
    click.echo(made.source().rstrip())
    click.echo(f"# {INSTRUCTIONS[shell]}")


def workers(
    _context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Complete a worker's name without asking the database."""
    named = [stage.worker for stage in Stage]
    named += [STYLE_WORKER, SYNC_WORKER, PUBLISH_WORKER, PAGES_WORKER]
    return [CompletionItem(name) for name in sorted(named) if name.startswith(incomplete)]
