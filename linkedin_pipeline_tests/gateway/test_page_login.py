"""Who may look at the page."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256
from time import time

import httpx
import pytest

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.gateway.serving import serving
from linkedin_pipeline.gateway.sessions import COOKIE, MOST_FAILURES, issue
from linkedin_pipeline.settings import Settings
from linkedin_pipeline_tests.gateway.html_page import ParsedPage
from linkedin_pipeline_tests.gateway.wire import SECRET

PATHS = [("GET", "/"), ("HEAD", "/"), ("GET", "/login"), ("POST", "/login"), ("POST", "/logout")]
WRONG = {
    "missing": b"",
    "empty": b"secret=",
    "cut": f"secret={SECRET[:-1]}".encode(),
    "longer": f"secret={SECRET}x".encode(),
    "twice": f"secret={SECRET}&secret={SECRET}".encode(),
    "in another field": f"password={SECRET}".encode(),
    "not ascii": b"secret=s%C3%A9cret%FF",
    "raw bytes": b"secret=\xff\x00",
    "many fields": b"a=1&" * 50 + f"secret={SECRET}".encode(),
    "overlong": b"secret=" + b"x" * 500_000,
}
NOW = time()
TOKENS = {
    "none": "",
    "expired": issue(SECRET, NOW - 13 * 3600),
    "of another secret": issue("another", NOW),
    "prolonged": f"{int(NOW) + 90_000}.{issue(SECRET, NOW).partition('.')[2]}",
    "unsigned": f"{int(NOW) + 90_000}.",
    "the secret": SECRET,
    "other digits": issue(SECRET, NOW).replace(".", "\u0661.").encode().decode("latin-1"),
}


@pytest.fixture
def browser(url: str) -> Iterator[httpx.Client]:
    """Give a client that keeps cookies, follows nothing and knows no header."""
    with httpx.Client(base_url=url, timeout=120, trust_env=False) as opened:
        yield opened


def sign_in(browser: httpx.Client, **headers: str) -> httpx.Response:
    """Send the form with the right secret."""
    return browser.post("/login", data={"secret": SECRET}, headers=headers)


def test_the_secret_opens_the_page(browser: httpx.Client) -> None:
    """Without it one is sent to the form; with it to the page, which then opens."""
    assert browser.get("/").headers["Location"] == "/login"
    form = ParsedPage(browser.get("/login").text)
    assert {("method", "post"), ("action", "/login"), ("name", "secret")} <= set(form.values)
    answer = sign_in(browser)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert browser.get("/").status_code == 200
    assert browser.head("/").status_code == 200
    assert browser.get("/login").headers["Location"] == "/"


def test_the_cookie_is_strict(browser: httpx.Client) -> None:
    """No script reads it, no other site sends it, twelve hours end it; Secure under https."""
    cookie = sign_in(browser).headers["Set-Cookie"]
    name, *flags = cookie.split("; ")
    assert name.startswith(f"{COOKIE}=")
    assert SECRET not in cookie
    assert {flag.lower() for flag in flags} == {
        "httponly",
        "max-age=43200",
        "path=/",
        "samesite=strict",
    }
    behind_tls = sign_in(browser, **{"X-Forwarded-Proto": "https"}).headers["Set-Cookie"]
    assert "; secure" in behind_tls.lower()


@pytest.mark.parametrize("body", WRONG.values(), ids=WRONG)
def test_anything_else_is_refused(browser: httpx.Client, body: bytes) -> None:
    """401 with the form again, no cookie, nothing repeated."""
    answer = browser.post(
        "/login", content=body, headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert answer.status_code == 401
    assert "Set-Cookie" not in answer.headers
    assert "not the secret" in ParsedPage(answer.text).text
    assert SECRET[:-1] not in answer.text


def test_what_is_no_form_is_refused(browser: httpx.Client) -> None:
    """JSON, however right; a body that is too large; another method."""
    assert browser.post("/login", json={"secret": SECRET}).status_code == 415
    assert browser.post("/login", content=b"x" * 2_000_000).status_code == 413
    answer = browser.delete("/login")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, POST")
    assert COOKIE not in browser.cookies


def test_guessing_is_slowed_down(browser: httpx.Client) -> None:
    """After ten wrong ones a minute nobody's secret is looked at, not even the right one."""

    def guess(number: int) -> int:
        return browser.post("/login", data={"secret": f"guess {number}"}).status_code

    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(guess, range(20)))
    assert sorted(answers) == [401] * MOST_FAILURES + [429] * (20 - MOST_FAILURES)
    answer = sign_in(browser)
    assert answer.status_code == 429
    assert "Set-Cookie" not in answer.headers
    assert 0 < int(answer.headers["Retry-After"]) <= 61


@pytest.mark.parametrize("where", ["next", "url", "redirect", "return_to"])
def test_nobody_is_led_elsewhere(browser: httpx.Client, where: str) -> None:
    """No parameter of the form or the address changes where it leads to."""
    answer = browser.post(
        f"/login?{where}=//evil.example",
        data={"secret": SECRET, where: "https://evil.example/"},
        headers={"Host": "evil.example", "Referer": "https://evil.example/"},
    )
    assert answer.headers["Location"] == "/"


@pytest.mark.parametrize("token", TOKENS.values(), ids=TOKENS)
def test_no_other_cookie_opens_it(browser: httpx.Client, token: str) -> None:
    """Expired, made up, of a secret that was changed: back to the form."""
    answer = browser.get("/", headers=[(b"Cookie", f"{COOKIE}={token}".encode("latin-1"))])
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login")
    assert answer.text == ""


def test_changing_the_secret_signs_everybody_out(
    settings: Settings, database: Database, browser: httpx.Client
) -> None:
    """A cookie of before opens nothing where the secret is a new one."""
    sign_in(browser)
    cookies = {COOKIE: browser.cookies[COOKIE]}
    with serving(replace(settings, scheduler_secret="a new one"), database) as url:
        answer = httpx.get(f"{url}/", headers={"Cookie": f"{COOKIE}={cookies[COOKIE]}"})
    assert answer.headers["Location"] == "/login"


def test_signing_out(browser: httpx.Client) -> None:
    """The cookie is taken back; by a form of our own only, and not by a link."""
    assert browser.get("/logout").status_code == 405
    stranger = httpx.post(f"{browser.base_url}/logout")  # as another site's form: without cookie
    assert "Set-Cookie" not in stranger.headers
    sign_in(browser)
    assert browser.post("/logout").headers["Location"] == "/login"
    assert browser.get("/").headers["Location"] == "/login"


def test_without_a_configured_secret_the_page_is_closed(
    settings: Settings, database: Database
) -> None:
    """503 with the remedy, whatever is sent."""
    cookie = {"Cookie": f"{COOKIE}={issue('None', time())}"}
    with serving(replace(settings, scheduler_secret=None), database) as url:
        for method, path in PATHS:
            answer = httpx.request(method, f"{url}{path}", headers=cookie)
            assert answer.status_code == 503
            if method != "HEAD":
                assert "SCHEDULER_SECRET is not set" in ParsedPage(answer.text).text


def test_the_policy_allows_its_own_style_and_nothing_else(browser: httpx.Client) -> None:
    """No script, no other source, no frame, no other origin; on every answer of the page."""
    sign_in(browser)
    for method, path in [*PATHS[:-1], ("GET", "/logout")]:
        answer = browser.request(method, path)
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; ")
        assert "unsafe" not in policy
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
    style = ParsedPage(browser.get("/").text).style
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert re.search(r"style-src '([^']*)'", policy)[1] == f"sha256-{digest}"  # type: ignore[index]
