"""The commands of ``linkedin-pipeline`` that look at the pipeline or make it work.

What a command needs is imported inside it: ``--help`` must not wait for Dagster or a model.
"""

from typing import Final

PATIENCE: Final = 2.0
"""Seconds that a short command waits for a database that does not answer; starting an embedded
server that died is not counted."""
