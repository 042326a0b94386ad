"""What every answer has: headers, an id, one shape of errors; and what is logged of it."""

from __future__ import annotations

import logging
import re

import httpx
import pytest

from linkedin_pipeline.gateway.app import _refusal
from linkedin_pipeline.gateway.doors import DOORS
from linkedin_pipeline_tests.gateway.standin import StandIn
from linkedin_pipeline_tests.gateway.wire import HOOKS, SECRET, STATUS, head, send
from linkedin_pipeline_tests.waiting import eventually

PATHS = ["/healthz", "/openapi.json", "/functions/v1/orchestrator-v2", *(d.path for d in DOORS)]


@pytest.mark.parametrize("path", PATHS)
def test_options_is_answered_as_supabase_does(url: str, path: str, dagster: StandIn) -> None:
    """200 and ``ok`` without the secret, for a browser that asks before the request."""
    headers = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
    answer = httpx.options(url + path, headers=headers, trust_env=False)
    assert (answer.status_code, answer.text) == (200, "ok")
    assert answer.headers["access-control-allow-origin"] == "*"
    allowed = answer.headers["access-control-allow-headers"].split(", ")
    older = {"authorization", "x-client-info", "apikey", "content-type", "x-scheduler-secret"}
    assert older <= set(allowed)
    assert answer.headers["access-control-allow-methods"] == (
        "GET, POST, PUT, PATCH, DELETE, OPTIONS"
    )
    assert dagster.asked == []


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("POST", "/functions/v1/worker-nobody-v2", 404, "not_found"),
        ("POST", HOOKS + "/", 404, "not_found"),
        ("OPTIONS", "/nowhere", 404, "not_found"),
        ("GET", HOOKS, 405, "wrong_method"),
        ("DELETE", "/functions/v1/orchestrator-v2?action=disable-all", 405, "wrong_method"),
        ("HEAD", "/functions/v1/orchestrator-v2?action=disable-all", 405, "wrong_method"),
        ("POST", "/healthz", 405, "wrong_method"),
        ("BREW", "/healthz", 405, "wrong_method"),
    ],
)
def test_unknown_routes_and_methods(
    client: httpx.Client, method: str, path: str, status: int, code: str
) -> None:
    """404 and 405 in the envelope; 405 names the methods there are."""
    answer = client.request(method, path)
    assert answer.status_code == status
    if method != "HEAD":
        assert answer.json().keys() == {"error", "code", "request_id"}
        assert answer.json()["code"] == code
    if status == 405:
        assert "OPTIONS" in answer.headers["allow"]
        assert method not in answer.headers["allow"].split(", ")


def test_every_answer_has_the_headers(client: httpx.Client) -> None:
    """Those of CORS and of caution, also on errors; the server does not name itself."""
    answers = [
        client.get(STATUS),
        client.get("/nowhere"),
        client.post(HOOKS, content=b"x"),
        client.get(STATUS, headers={"X-Scheduler-Secret": "guess"}),
    ]
    assert [answer.status_code for answer in answers] == [200, 404, 415, 401]
    for answer in answers:
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-frame-options"] == "DENY"
        assert "server" not in answer.headers
        assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("job-17_a.b", True),
        ("a" * 128, True),
        ("a" * 129, False),
        ("two words", False),
        ("a\tb", False),
        ("<script>", False),
        ("", False),
    ],
)
def test_a_callers_request_id_is_kept_when_it_is_harmless(
    client: httpx.Client, given: str, *, kept: bool
) -> None:
    """In the header and in errors; any other is replaced by one of our own."""
    answer = client.get("/nowhere", headers={"X-Request-Id": given})
    told = answer.headers["x-request-id"]
    assert told == answer.json()["request_id"]
    assert (told == given) is kept
    assert kept or re.fullmatch("[0-9a-f]{32}", told)


def test_a_log_line_tells_of_each_request_and_no_secret(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Method, route, status, time and id; neither the secret nor anything else that was sent."""
    caplog.set_level(logging.INFO, "linkedin_pipeline.gateway")
    wrong = "wrong-secret-of-a-caller"
    for path in (STATUS, "/forged%0Aline"):
        send(url, head(path, "X-Request-Id: r-1", method="GET", secret=SECRET) + b"\r\n")
        send(url, head(path, "X-Request-Id: r-2", method="GET", secret=wrong) + b"\r\n")

    def logged() -> list[str]:
        return [r.getMessage() for r in caplog.records if r.name == "linkedin_pipeline.gateway.app"]

    eventually(lambda: len(logged()) == 4)  # the line comes after the answer
    lines = sorted(logged())
    route = "/functions/v1/orchestrator-v2"
    pattern = rf"request\.done method=GET route={route} status=200 ms=\d+ request_id=r-1"
    assert re.fullmatch(pattern, lines[0])
    assert f"route={route} status=401" in lines[1]
    assert "route=none status=404" in lines[2]
    assert "route=none status=404" in lines[3]
    assert SECRET not in caplog.text
    assert wrong not in caplog.text
    assert "forged" not in caplog.text


def test_an_error_of_our_own_tells_callers_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """500 with the id that leads to the log, where the trace is."""
    refusal = _refusal(RuntimeError("hunter2"), "r-9")
    assert (refusal.status, refusal.code) == (500, "internal")
    assert "hunter2" not in refusal.message
    assert "request.broken request_id=r-9" in caplog.text
