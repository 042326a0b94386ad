"""A process that drains one stage through paid models until it is done; started by tests.

Arguments: the stage and the lease in seconds.  Database, provider and models are those of the
environment.  Prints the drain's totals.
"""

from __future__ import annotations

import json
import sys
from datetime import timedelta

from linkedin_pipeline.domain.work import Stage
from linkedin_pipeline.settings import Settings
from linkedin_pipeline.simulators.openai import OpenAISimulator
from linkedin_pipeline.workers.engine import Limits
from linkedin_pipeline_tests.paying import Payer


def main(stage: str, lease: str) -> None:
    """Drain once."""
    payer = Payer(OpenAISimulator(), Settings.from_environment())  # nobody calls this simulator
    report = payer.drain(Stage(stage), Limits(lease=timedelta(seconds=float(lease))))
    payer.close()
    print(json.dumps(report.totals()), flush=True)  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
