"""A month of styles: the tick makes them due, drains over simulated providers write them."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from uuid import UUID

import dagster as dg
import pytest

from linkedin_pipeline.defs.styles import monthly_style_refresh
from linkedin_pipeline.domain.profiles import StyleOutcome
from linkedin_pipeline.settings import Settings
from linkedin_pipeline.simulators.faults import Fault, Kind
from linkedin_pipeline.wiring import Providers
from linkedin_pipeline_tests.end_to_end.test_paid_styles import (
    Bench,
    anthropic,
    bench,
    openai,
    served_anthropic,
    served_openai,
)
from linkedin_pipeline_tests.fakes import FirstLabel, HashEmbedder, PlainStyle
from linkedin_pipeline_tests.waiting import eventually

__all__ = ["anthropic", "bench", "openai", "served_anthropic", "served_openai"]

Tick = Callable[[], str]
PROMPTS = "select full_name, writing_style_prompt from profiles order by full_name"


@pytest.fixture
def tick(database_url: str) -> Tick:
    """Give the monthly tick, which returns what it says it did."""
    providers = Providers(
        settings=Settings(database_url=database_url),
        embedder=HashEmbedder(),
        classifier=FirstLabel(),
        style_writer=PlainStyle(),
    )

    def evaluate() -> str:
        answer = monthly_style_refresh(
            dg.build_schedule_context(resources={"providers": providers})
        )
        assert isinstance(answer, dg.SkipReason)
        return answer.skip_message or ""

    return evaluate


def of_ours(bench: Bench, name: str) -> UUID:
    """Insert an internal profile with 21 finished posts that carry its name."""
    profile = bench.add_profile()
    bench.connection.execute(
        "update profiles set full_name = %s, type = 'internal' where id = %s", (name, profile)
    )
    bench.connection.execute(
        "insert into viral_posts_bank (author_id, content, hook) "
        "select %s, %s || ' bakes loaf number ' || n || '. Do you?', 'Post' "
        "from generate_series(6, 21) n",
        (profile, name),
    )
    bench.connection.execute("update viral_posts_bank set needs_hook_classification = false")
    return profile


def test_unchanged_posts_cost_no_call(bench: Bench, tick: Tick) -> None:
    """The first month writes what is new, the second asks nobody, an edit is one call."""
    for name in ("Ada", "Bob"):
        of_ours(bench, name)
    bench.drain()
    written = bench.calls()
    assert written == (3, 0)

    assert tick() == "made 2 styles due; needs_style has them written"
    assert bench.drain().counts == {StyleOutcome.UNCHANGED: 2}
    assert tick().startswith("made 2 ")
    assert bench.drain().counts == {StyleOutcome.UNCHANGED: 2}
    assert bench.calls() == written

    bench.connection.execute(
        "update viral_posts_bank set content = content || ' Tell me.', hook = 'Post' "
        "where content like 'Ada % number 7.%'"
    )
    assert bench.drain().counts == {}  # until its month comes
    tick()
    assert bench.drain().counts == {StyleOutcome.WRITTEN: 1, StyleOutcome.UNCHANGED: 1}
    assert bench.calls() == (4, 0)
    assert bench.rows("select count(*) from profile_work") == [(0,)]


def test_a_failing_profile_keeps_its_prompt(bench: Bench, tick: Tick) -> None:
    """It stops none of the others, is an incident, and its next month tries again."""
    ours = {name: of_ours(bench, name) for name in ("Ada", "Bob", "Cy")}
    bench.connection.execute("delete from profiles where id = %s", (bench.profile,))
    bench.drain()
    bench.connection.execute("update profiles set writing_style_prompt = 'as before'")
    bench.connection.execute(
        "update viral_posts_bank set content = content || ' Tell me.', hook = 'Post'"
    )
    for simulator in (bench.claude, bench.gpt):
        simulator.faults.add(Fault(Kind.REFUSAL, contains="Bob bakes", times=None))
    tick()
    assert bench.drain().counts == {StyleOutcome.WRITTEN: 2, StyleOutcome.REJECTED: 1}
    prompts = dict(bench.rows(PROMPTS))
    assert prompts["Bob"] == "as before"
    assert "as before" not in {prompts["Ada"], prompts["Cy"]}
    incidents = "select profile_id, error_code from ai_errors where not is_resolved"
    assert bench.rows(incidents) == [(ours["Bob"], "style_refused")]
    assert bench.drain().counts == {}

    for simulator in (bench.claude, bench.gpt):
        simulator.faults.clear()
    tick()
    assert bench.drain().counts == {StyleOutcome.WRITTEN: 1, StyleOutcome.UNCHANGED: 2}
    assert dict(bench.rows(PROMPTS))["Bob"] != "as before"
    assert bench.rows(incidents) == []


def test_a_drain_that_dies_in_the_middle_is_gone_on_with(bench: Bench, tick: Tick) -> None:
    """What it had not written is due still: minutes later all is written, and paid for once."""
    for name in ("Ada", "Bob", "Cy"):
        of_ours(bench, name)
    bench.connection.execute("delete from profiles where id = %s", (bench.profile,))
    tick()
    command = [sys.executable, "-m", "linkedin_pipeline_tests.end_to_end.styling", *bench.urls]
    assert subprocess.run(command, check=False, timeout=120).returncode == -signal.SIGKILL
    assert bench.calls() == (1, 0)
    eventually(
        lambda: bench.rows("select count(*) from due_styles(5)") == [(3,)],
    )
    assert bench.drain().counts == {StyleOutcome.WRITTEN: 3}
    assert bench.calls() == (3, 0)
