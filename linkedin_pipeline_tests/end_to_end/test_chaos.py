"""Publishing under kills and faults with a fixed seed; and a judge that does find fault."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from dataclasses import replace

import pytest

from linkedin_pipeline.settings import PROJECT_ROOT
from linkedin_pipeline_tests.chaos.judge import Fault, Out, Row, judge

OUT = Out("ACoAAada", "p000001", "p000001 Bread.", ("aa",), ("Zoë",))
ROW = Row(
    "scheduled",
    OUT.key,
    OUT.feed,
    "published",
    "published",
    "it is out",
    texts=frozenset({OUT.text}),
    digests=OUT.digests,
    mentions=OUT.mentions,
)
HELD = replace(ROW, state="held", shown="held", reason="nobody knows", doubt=True)
FAILED = replace(ROW, state="failed", shown="failed", reason="no picture")
MOST_FAULTS = 25


@pytest.mark.timeout(1_500)
def test_nothing_is_doubled_or_lost_whatever_is_killed() -> None:
    """500 posts, every kill and nearly every fault: each exists once or its state says why not."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "linkedin_pipeline_tests.chaos", "publish"),
            *("--posts", "500", "--seed", "6", "--json", "--quiet"),
        ],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout, done.stderr
    report = json.loads(done.stdout)
    assert (report["verdict"]["findings"], report["known"]) == ([], [])
    assert (report["failed_publishers"], report["missed_steps"]) == (0, []), report["log"]
    assert done.returncode == 0
    assert len(report["faults"]) >= MOST_FAULTS, sorted(report["faults"])
    assert report["published"] > 300


def test_the_judge_has_nothing_to_say_of_what_is_right() -> None:
    """Once in the ledger and published; or held, out or not; or failed and not out."""
    assert judge([OUT], [ROW]).findings == []
    assert judge([OUT], [HELD]).findings == judge([], [HELD]).findings == []
    assert judge([], [FAILED]).findings == []


@pytest.mark.parametrize(
    ("out", "rows", "fault"),
    [
        ([OUT, OUT], [ROW], Fault.DOUBLED),
        ([OUT, OUT], [HELD], Fault.DOUBLED),
        ([], [ROW], Fault.LOST),
        ([], [replace(FAILED, reason=" ")], Fault.LOST),
        ([OUT], [FAILED], Fault.WRONG),
        ([OUT], [replace(FAILED, state="cancelled", shown="cancelled")], Fault.WRONG),
        ([OUT], [replace(HELD, doubt=False)], Fault.WRONG),
        ([OUT], [replace(HELD, reason="it is not out: the feed is empty")], Fault.WRONG),
        ([OUT], [replace(ROW, shown="failed")], Fault.WRONG),
        ([OUT], [replace(ROW, texts=frozenset({"p000001 Cake."}))], Fault.WRONG),
        ([OUT], [replace(ROW, digests=("bb",))], Fault.WRONG),
        ([OUT], [replace(ROW, mentions=())], Fault.WRONG),
        ([OUT], [replace(ROW, feed="ACoAAben", state="held", shown="held")], Fault.UNINTENDED),
        ([], [replace(ROW, state="pending", shown="pending")], Fault.UNSETTLED),
        ([], [replace(ROW, state="unconfirmed", shown="unconfirmed")], Fault.UNSETTLED),
    ],
)
def test_the_judge_finds_fault(out: list[Out], rows: list[Row], fault: Fault) -> None:
    """A ledger or a table that was tampered with is found out, and called by its name."""
    assert Counter(one.fault for one in judge(out, rows).findings) == {fault: 1}
