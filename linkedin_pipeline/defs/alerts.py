"""The sensor that tells people of incidents, by ``ALERT_WEBHOOK_URL``.

It sends within its tick, which the rule for sensors (one short connection, no long work) allows
because a tick is bounded: a call ends after two seconds, the first that fails ends the tick and
pauses the webhook for a minute or more, and after three seconds no other is begun.  A run would
cost three CPU-seconds a message and wait in the queue behind the very work whose trouble it is to
tell of.  Sensors tick in threads of their own, so that nothing waits for a slow webhook.

Dagster reads the annotations when it decorates, so they must not be postponed.
"""

from contextlib import closing

import dagster as dg

from linkedin_pipeline.database.alerts import AlertOutbox, note_incidents
from linkedin_pipeline.wiring import Providers
from linkedin_pipeline.workers.alerts import deliver

SECONDS = 3.0
"""How long a tick goes on beginning calls."""


@dg.sensor(
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=(
        "Writes incidents into table `alerts` as they come and go, and posts each once to "
        "`ALERT_WEBHOOK_URL`, as JSON that Slack takes: posts that failed, missed their time, are "
        "held or unconfirmed, disconnected accounts, providers that cannot be used, dead letters, "
        "failed runs, silent workers. Starts nothing."
    ),
)
def alerts(
    context: dg.SensorEvaluationContext, providers: dg.ResourceParam[Providers]
) -> dg.SkipReason:
    """Note what began and what is over, and send what waits."""
    del context
    with providers.database(start=False, patience=2.0) as database:
        configured = providers.settings.unipile is not None
        opened, waiting = note_incidents(database, publishing=configured)
        webhook = providers.alert_webhook(database) if waiting else None
        if webhook is None:
            unset = "" if providers.settings.alert_webhook_url else "; ALERT_WEBHOOK_URL is not set"
            return dg.SkipReason(f"{opened} incidents are open, {waiting} to be told{unset}")
        with closing(webhook):
            done = deliver(AlertOutbox(database), webhook, providers.clock, seconds=SECONDS)
    error = f"; the webhook does not take more now: {done.error}" if done.error else ""
    return dg.SkipReason(f"{opened} incidents are open, told {done.sent} of {waiting}{error}")
