"""``linkedin-pipeline sandbox``: the simulated providers, for trying things out without a bill."""

from __future__ import annotations

import sys

import click

from linkedin_pipeline.commands.output import json_option, print_json

_AT_LEAST_ONE = click.FloatRange(min=1)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    default=8200,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Port to listen on; 0 takes a free one.",
)
@click.option(
    "--latency",
    default=0.0,
    show_default=True,
    type=click.FloatRange(min=0),
    help="Seconds that every answer takes.",
)
@click.option(
    "--requests-per-minute", type=_AT_LEAST_ONE, help="Requests that each model takes a minute."
)
@click.option(
    "--tokens-per-minute", type=_AT_LEAST_ONE, help="Tokens that each model takes a minute."
)
@click.option("--obedient", is_flag=True, help="Obey instructions found in the text of posts.")
@json_option
def sandbox(
    *,
    host: str,
    port: int,
    latency: float,
    requests_per_minute: float | None,
    tokens_per_minute: float | None,
    obedient: bool,
    as_json: bool,
) -> None:
    """Serve simulated providers until Ctrl-C.

    OpenAI, Anthropic, Edges, Unipile and Cloudflare Images over HTTP, free and offline. First it
    prints the variables that point at them, as lines for a shell. Faults can be had on request:
    POST a list such as [{"kind": "rate_limit", "times": 3, "retry_after": "2"}] to
    /_simulator/faults; what was asked and billed is at /_simulator/ledger. What Unipile published
    is at /unipile/_simulator/posts; pictures are at /images/ACCOUNT/ID/public. What profiles show
    on Edges is set by POST of {"ada": {"posts": 140}} to /edges/_simulator/feeds.
    """
    from linkedin_pipeline.listening import address, listen
    from linkedin_pipeline.simulators.buckets import Limits
    from linkedin_pipeline.simulators.sandbox import Sandbox
    from linkedin_pipeline.simulators.serving import serve
    from linkedin_pipeline.simulators.simulator import Behaviour

    usual = Limits()
    limits = Limits(
        requests_per_minute or usual.requests_per_minute,
        tokens_per_minute or usual.tokens_per_minute,
    )
    served = Sandbox(Behaviour(latency=latency, limits=limits, obedient=obedient))
    with listen(host, port) as listening:
        url = address(listening)
        variables = served.variables(url)
        if as_json:
            print_json(variables)
        else:
            for name, value in variables.items():
                click.echo(f"export {name}={value}")
        sys.stdout.flush()
        click.echo(f"Simulated providers at {url}; Ctrl-C stops them.", err=True)
        try:
            serve(served, listening)
        except KeyboardInterrupt:
            click.echo("Stopped.", err=True)
