"""A process that publishes, pass after pass, until it is killed; started by the chaos.

Everything is as `publishing_wiring` makes it from the environment; only the bounds of a pass are
smaller, so that a lease that is left behind does not take a minute and a half to lapse.  The run id
names the process.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from datetime import timedelta

from linkedin_pipeline.database.log import PostgresWorkLog
from linkedin_pipeline.domain.errors import PipelineError
from linkedin_pipeline.publishing_wiring import publishing
from linkedin_pipeline.settings import Settings
from linkedin_pipeline.wiring import build_providers
from linkedin_pipeline.workers.publish import PublishLimits, publish_pass

logger = logging.getLogger(__name__)

CALL = 8.0
LEASE = 12.0
SETTLE = 5
THREADS = 8
PREFIX = "publisher-"


def main() -> None:
    """Publish until the process ends; wait for a word before the first pass."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    settings = Settings.from_environment()
    providers = build_providers(settings)
    limits = PublishLimits(
        budget=60,
        call=CALL,
        lease=timedelta(seconds=LEASE),
        threads=THREADS,
        media_delay=timedelta(seconds=1),
        unconfirmed=settings.publishing.unconfirmed,
    )
    run_id = f"{PREFIX}{os.getpid()}"
    sys.stdin.readline()
    with providers.database() as database:
        while True:
            try:
                with publishing(providers, database, run_id) as made:
                    log = PostgresWorkLog(database)
                    publish_pass(
                        made.desk,
                        made.publisher,
                        made.media,
                        log,
                        providers.clock,
                        limits,
                        run_id=run_id,
                    )
            except PipelineError as error:
                logger.warning("chaos.pass_failed error=%s", error)
            time.sleep(0.2)


if __name__ == "__main__":
    main()
