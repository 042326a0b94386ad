"""The OpenAPI document: the running server does what it says, asked by schemathesis."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from linkedin_pipeline.gateway.openapi import document
from linkedin_pipeline_tests.gateway.standin import StandIn
from linkedin_pipeline_tests.gateway.wire import SECRET

OPERATIONS = [(path, method) for path, methods in document()["paths"].items() for method in methods]


def test_the_document_is_served(client: httpx.Client) -> None:
    """As it is, to those who know the secret."""
    assert client.get("/openapi.json").json() == document()


def test_references_lead_somewhere() -> None:
    """Every $ref of the document names a part of it."""

    def references(part: Any) -> Iterator[str]:
        if isinstance(part, dict):
            for name, value in part.items():
                if name == "$ref":
                    yield value
                else:
                    yield from references(value)
        elif isinstance(part, list):
            for value in part:
                yield from references(value)

    for reference in references(document()):
        found: Any = document()
        for name in reference.removeprefix("#/").split("/"):
            found = found[name]


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_the_server_does_what_the_document_says(
    url: str, dagster: StandIn, path: str, method: str
) -> None:
    """Whatever is sent, right or wrong: no answer that the document does not tell of, no crash."""
    schemathesis = pytest.importorskip(
        "schemathesis", reason="schemathesis is not installed: pip install -e .[dev]"
    )
    from hypothesis import HealthCheck, Phase, given
    from hypothesis import settings as hypothesis_settings

    dagster.on_launch = dagster.end
    schema = schemathesis.openapi.from_dict(document())
    schema.config.update(base_url=url)
    operation = schema[path][method.upper()]
    # that `worker` goes with `enable` cannot be said in OpenAPI
    unsayable = {"positive_data_acceptance"} if "orchestrator" in path else set()
    checks = [
        check for check in schemathesis.checks.CHECKS.get_all() if check.__name__ not in unsayable
    ]
    strategies = (
        operation.as_strategy(),
        operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE),
    )

    @hypothesis_settings(
        max_examples=25,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategies[0] | strategies[1])
    def ask(case: Any) -> None:
        case.call_and_validate(headers={"X-Scheduler-Secret": SECRET}, checks=checks)

    ask()
