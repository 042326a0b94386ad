"""Options of the tests that run the whole system."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what a person asks for; only a pytest that is given a path in here knows it."""
    parser.addoption(
        "--screenshots",
        metavar="DIRECTORY",
        help="write the pictures of the Dagster UI there (test_ui.py)",
    )
