"""A process that sends batches of embeddings, or looks at them; started, and killed, by tests.

Arguments: database URL, the simulator's URL, and ``submit`` or ``collect``.
"""

from __future__ import annotations

import sys

from linkedin_pipeline.simulators.openai import OpenAISimulator
from linkedin_pipeline_tests.batches.backfill import backfill


def main(database_url: str, openai_url: str, what: str) -> None:
    """Do it once."""
    with backfill(OpenAISimulator(), database_url, openai_url) as process:
        sys.stdout.write(f"{process.submit() if what == 'submit' else process.collect()}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
