"""``linkedin-pipeline serve``: the HTTP gateway."""

from __future__ import annotations

import logging

import click

from linkedin_pipeline.commands import PATIENCE


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    default=8080,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Port to listen on; 0 takes a free one.",
)
def serve(*, host: str, port: int) -> None:
    """Serve the HTTP gateway until Ctrl-C.

    Callers that know only HTTP start jobs, read the state of the workers and switch them. They
    send SCHEDULER_SECRET as X-Scheduler-Secret. Runs are started through DAGSTER_WEBSERVER_URL;
    while that is down, state and switches still answer. Requests are logged to standard error.
    People open its address in a browser and sign in with the secret.
    """
    from linkedin_pipeline.gateway.serving import serve as run
    from linkedin_pipeline.listening import address, listen
    from linkedin_pipeline.wiring import build_providers

    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("linkedin_pipeline").setLevel(logging.INFO)
    providers = build_providers()
    with listen(host, port) as listening, providers.database(patience=PATIENCE) as database:
        click.echo(f"HTTP gateway at {address(listening)}; Ctrl-C stops it.", err=True)
        if providers.settings.scheduler_secret is None:
            click.echo(
                "SCHEDULER_SECRET is not set: only /healthz answers, everything else is 503.",
                err=True,
            )
        try:
            run(providers.settings, database, listening)
        except KeyboardInterrupt:
            click.echo("Stopped.", err=True)
