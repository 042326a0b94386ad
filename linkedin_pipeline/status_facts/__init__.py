"""What `status` and the gateway's page say, by area: JSON-ready but for times, no layout."""

from typing import Final

PATIENCE: Final = 2.0
"""Seconds that a short command waits for a database that does not answer; starting an embedded
server that died is not counted."""
