"""Settings of the HTTP gateway."""

from __future__ import annotations

import pytest

from linkedin_pipeline.domain.errors import Misconfigured
from linkedin_pipeline.settings import Settings


def test_dagster_is_next_door_by_default() -> None:
    """Where `dagster dev` listens; a given address loses its last slash."""
    assert Settings.from_environment({}).dagster_webserver_url == "http://127.0.0.1:3000"
    given = {"DAGSTER_WEBSERVER_URL": "https://dagster.example/prefix/"}
    settings = Settings.from_environment(given)
    assert settings.dagster_webserver_url == "https://dagster.example/prefix"


def test_the_secret_is_read_and_not_shown() -> None:
    """Empty means unset; it stays out of the repr."""
    settings = Settings.from_environment({"SCHEDULER_SECRET": " hunter2 "})
    assert settings.scheduler_secret == "hunter2"
    assert "hunter2" not in repr(settings)
    assert Settings.from_environment({"SCHEDULER_SECRET": " "}).scheduler_secret is None


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"SCHEDULER_SECRET": "hunter2 hunter2"}, "SCHEDULER_SECRET: it holds characters"),
        ({"SCHEDULER_SECRET": "hunter2\u00e9"}, "SCHEDULER_SECRET: it holds characters"),
        ({"DAGSTER_WEBSERVER_URL": "u:hunter2@h"}, "DAGSTER_WEBSERVER_URL: it is not an http"),
    ],
)
def test_unusable_values_are_refused(environment: dict[str, str], words: str) -> None:
    """The error names the variable and never the value."""
    with pytest.raises(Misconfigured, match=words) as refused:
        Settings.from_environment(environment)
    assert "hunter2" not in str(refused.value)
