"""Styles by Claude, with GPT to stand in, over PostgreSQL and simulators on real sockets."""

from __future__ import annotations

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import psycopg
import pytest

from linkedin_pipeline.domain.profiles import StyleOutcome
from linkedin_pipeline.simulators.faults import Fault, Kind
from linkedin_pipeline.workers.report import Stop
from linkedin_pipeline.workers.styles import StyleReport
from linkedin_pipeline_tests.end_to_end.styling import drain
from linkedin_pipeline_tests.simulators.clients import AnthropicClient, OpenAIClient
from linkedin_pipeline_tests.simulators.conftest import (
    anthropic,
    openai,
    served_anthropic,
    served_openai,
)
from linkedin_pipeline_tests.waiting import eventually

__all__ = ["anthropic", "openai", "served_anthropic", "served_openai"]

Connection = psycopg.Connection[Any]
STYLES = """
    select style_analysis ->> 'model', style_analysis ->> 'written_by',
        writing_style_embedding_model
    from profiles where writing_style_prompt is not null
"""
INCIDENTS = """
    select error_code, metadata ->> 'outcome', metadata ->> 'written_by', is_resolved, profile_id
    from ai_errors where profile_id is not null
"""
USAGE = """
    select provider, outcome, profile_id, input_tokens, output_tokens, cost_usd > 0
    from ai_usage_logs order by created_at
"""


class Bench:
    """A profile with five posts, two providers, and drains over them."""

    def __init__(
        self, url: str, connection: Connection, anthropic: AnthropicClient, openai: OpenAIClient
    ) -> None:
        self.connection = connection
        self.claude, self.gpt = anthropic.simulator, openai.simulator
        self.urls = url, anthropic.url, openai.url
        self.profile = self.add_profile()

    def add_profile(self) -> UUID:
        """Insert a profile with finished posts."""
        ((made,),) = self.rows("insert into profiles (full_name) values ('Ada') returning id")
        self.connection.execute(
            "insert into viral_posts_bank (author_id, content, hook) "
            "select %s, 'Post number ' || n || ' is about bread. Do you agree?', 'Post' "
            "from generate_series(1, 5) n",
            (made,),
        )
        self.connection.execute("update viral_posts_bank set needs_hook_classification = false")
        return UUID(str(made))

    def drain(self) -> StyleReport:
        """Write due styles."""
        return drain(*self.urls)

    def request(self) -> StyleReport:
        """Request the profile's style and drain."""
        self.connection.execute("select request_styles(array[%s::uuid])", (self.profile,))
        return self.drain()

    def calls(self) -> tuple[int, int]:
        """Return how often Claude and GPT were asked."""
        return len(self.claude.ledger.calls()), len(self.gpt.ledger.calls())

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Read rows."""
        return self.connection.execute(statement.encode()).fetchall()

    def answers(self) -> int:
        """Count the kept answers."""
        return int(self.rows("select count(*) from ai_answers")[0][0])


@pytest.fixture
def bench(
    database_url: str, connection: Connection, anthropic: AnthropicClient, openai: OpenAIClient
) -> Bench:
    """Give a bench of the test's own."""
    return Bench(database_url, connection, anthropic, openai)


FIRST, SECOND = "anthropic:claude-opus-4-6/style-1", "openai:gpt-5.2/style-1"


def test_claude_writes_once(bench: Bench) -> None:
    """One call, its cost on the profile, a style with its vector; unchanged posts cost no call."""
    assert bench.drain().counts == {StyleOutcome.WRITTEN: 1}
    assert bench.rows(STYLES) == [(FIRST, FIRST, "test:hash")]
    [call] = bench.claude.ledger.calls()
    tokens = (call.usage.input_tokens, call.usage.output_tokens)
    assert bench.rows(USAGE) == [("anthropic", "answered", bench.profile, *tokens, True)]
    assert bench.rows(INCIDENTS) == []
    assert bench.answers() == 0
    assert bench.request().counts == {StyleOutcome.UNCHANGED: 1}
    assert bench.calls() == (1, 0)


@pytest.mark.parametrize(
    ("kind", "calls"),
    [
        (Kind.OVERLOADED, 2),
        (Kind.RESET_BEFORE, 2),
        (Kind.SPEND_LIMIT, 1),
        (Kind.INVALID_KEY, 1),
        (Kind.MODEL_NOT_FOUND, 1),
        (Kind.REFUSAL, 1),
        (Kind.LENGTH, 1),
        (Kind.INVALID_JSON, 1),
    ],
)
def test_gpt_stands_in(bench: Bench, kind: Kind, calls: int) -> None:
    """Whatever keeps Claude from writing: one resolved incident, and no call once it is written."""
    bench.claude.faults.add(Fault(kind, times=None))
    assert bench.drain().counts == {StyleOutcome.WRITTEN: 1}
    assert bench.calls() == (calls, 1)
    assert bench.rows(STYLES) == [(FIRST, SECOND, "test:hash")]
    assert bench.rows(INCIDENTS) == [("style_fallback", "written", SECOND, True, bench.profile)]
    ((reason,),) = bench.rows("select error_message from ai_errors where profile_id is not null")
    assert reason.startswith(f"{FIRST}: ")
    assert bench.request().counts == {StyleOutcome.UNCHANGED: 1}
    assert bench.calls() == (calls, 1)


def test_a_paused_provider_is_not_asked(bench: Bench) -> None:
    """While Claude's key is refused its calls are not made; styles go on by GPT."""
    bench.claude.behaviour.accepted_keys = {"sk-other"}
    bench.drain()
    bench.add_profile()
    assert bench.drain().counts == {StyleOutcome.WRITTEN: 1}
    assert bench.calls() == (1, 2)
    bench.claude.behaviour.accepted_keys = None
    bench.connection.execute("update provider_pauses set until = now()")
    bench.add_profile()
    bench.drain()
    assert bench.calls() == (2, 2)
    assert bench.rows("select count(*) from ai_errors where not is_resolved") == [(0,)]


def test_when_both_are_down_the_profile_waits(bench: Bench) -> None:
    """Uncharged, with one open incident however often it is tried, resolved by the style."""
    for simulator in (bench.claude, bench.gpt):
        simulator.faults.add(Fault(Kind.OVERLOADED, times=4))
    for _ in range(2):
        assert bench.drain().stop is Stop.PAUSED
        assert bench.rows(INCIDENTS) == [("style_fallback", "failed", None, False, bench.profile)]
        assert bench.rows("select attempts from profile_work") == [(0,)]
        bench.connection.execute("update provider_pauses set until = now()")
        bench.connection.execute("update profile_work set due_at = now()")
    assert bench.drain().counts == {StyleOutcome.WRITTEN: 1}
    assert bench.rows(STYLES) == [(FIRST, FIRST, "test:hash")]
    assert bench.rows(INCIDENTS) == [("style_fallback", "failed", None, True, bench.profile)]


def test_what_both_refuse_is_tried_once(bench: Bench) -> None:
    """One incident, no further call until somebody requests the style, then both are asked anew."""
    standing = [
        simulator.faults.add(Fault(Kind.REFUSAL)) for simulator in (bench.claude, bench.gpt)
    ]
    assert bench.drain().counts == {StyleOutcome.REJECTED: 1}
    assert all(each.spent for each in standing)
    assert bench.drain().counts == {}
    assert bench.calls() == (1, 1)
    assert bench.rows(INCIDENTS) == [("style_refused", "failed", None, False, bench.profile)]
    assert bench.answers() == 0
    assert bench.request().counts == {StyleOutcome.WRITTEN: 1}
    assert bench.calls() == (2, 1)


@pytest.mark.parametrize("kind", [None, Kind.OVERLOADED])
def test_a_killed_drain_pays_once(bench: Bench, kind: Kind | None) -> None:
    """SIGKILL between the answer and its commit: the next drain stores what was paid for."""
    if kind is not None:
        bench.claude.faults.add(Fault(kind, times=2))
    command = [sys.executable, "-m", "linkedin_pipeline_tests.end_to_end.styling", *bench.urls]
    assert subprocess.run(command, check=False, timeout=120).returncode == -signal.SIGKILL
    paid = bench.calls()
    assert bench.rows(STYLES) == []
    assert bench.answers() == 1
    eventually(lambda: bench.rows("select lease_until < now() from profile_work") == [(True,)])
    assert bench.drain().counts == {StyleOutcome.WRITTEN: 1}
    assert bench.calls() == paid == ((1, 0) if kind is None else (2, 1))
    assert bench.rows(STYLES) == [(FIRST, FIRST if kind is None else SECOND, "test:hash")]
    assert len(bench.rows(INCIDENTS)) == (kind is not None)
    assert bench.answers() == 0


def test_a_long_call_keeps_its_profile(bench: Bench) -> None:
    """A model that thinks for longer than a lease: nobody else takes the profile meanwhile."""
    standing = bench.claude.faults.add(Fault(Kind.HOLD))
    ends = "select lease_until from profile_work where lease_until is not null"
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(drain, *bench.urls, lease=6.0)
        try:
            eventually(lambda: bench.rows(ends))
            ((end,),) = bench.rows(ends)
            eventually(lambda: bench.rows("select now()")[0][0] > end)
            assert bench.drain().counts == {}
        finally:
            standing.release()
        assert first.result().counts == {StyleOutcome.WRITTEN: 1}
    assert bench.calls() == (1, 0)


def test_a_profile_erased_while_its_style_is_written(bench: Bench) -> None:
    """The answer comes to nobody and is kept nowhere; what it cost stands, without the person."""
    standing = bench.claude.faults.add(Fault(Kind.HOLD))
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(drain, *bench.urls)
        try:
            eventually(bench.claude.ledger.calls)
            bench.rows(f"select * from erase_profile('{bench.profile}')")
        finally:
            standing.release()
        assert first.result().counts == {StyleOutcome.STALE: 1}
    assert bench.rows("select count(*) from profiles") == [(0,)]
    assert bench.answers() == 0
    assert bench.rows(INCIDENTS) == []
    assert bench.rows("select profile_id, cost_usd > 0 from ai_usage_logs") == [(None, True)]


def test_a_paid_style_goes_with_its_profile(bench: Bench) -> None:
    """Killed between answer and commit: the kept answer quotes the person, and is erased too."""
    command = [sys.executable, "-m", "linkedin_pipeline_tests.end_to_end.styling", *bench.urls]
    assert subprocess.run(command, check=False, timeout=120).returncode == -signal.SIGKILL
    assert bench.answers() == 1
    bench.rows(f"select * from erase_profile('{bench.profile}')")
    assert bench.answers() == 0
