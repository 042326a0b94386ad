"""The verdict: the simulator's ledger against what was intended and what our tables say of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

_NOT_OUT = frozenset({"pending", "failed", "missed", "cancelled", "held"})
_OPEN = frozenset({"pending", "publishing", "unconfirmed"})


class Fault(StrEnum):
    """What must not be."""

    DOUBLED = "doubled"
    LOST = "lost"
    WRONG = "wrong"
    """It is there once, and not what was intended; or a state says what is not true."""
    UNINTENDED = "unintended"
    UNSETTLED = "unsettled"


@dataclass(frozen=True, slots=True)
class Out:
    """A post that is out: in whose feed, which (its key), and what was sent."""

    feed: str
    key: str
    text: str
    digests: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """An intended text for a feed, and what our tables say of it.

    ``shown`` is the state on the row that people see, ``state`` the ledger's (the same where there
    is none).  ``doubt``: it says that nobody knows.  ``texts`` are those that it may have gone out
    with.
    """

    kind: str
    key: str
    feed: str
    state: str
    shown: str
    reason: str
    doubt: bool = False
    texts: frozenset[str] = frozenset()
    digests: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that must not be."""

    fault: Fault
    feed: str
    key: str
    why: str


@dataclass(slots=True)
class Verdict:
    """Everything that must not be, and how the rows ended."""

    findings: list[Finding] = field(default_factory=list)
    states: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)

    def counts(self) -> dict[str, int]:
        """Count the findings by kind."""
        found = Counter(one.fault for one in self.findings)
        return {str(fault): found[fault] for fault in Fault}


def judge(out: Sequence[Out], rows: Sequence[Row]) -> Verdict:
    """Compare."""
    verdict = Verdict()
    published = Counter((one.feed, one.key) for one in out)
    intended = {(row.feed, row.key) for row in rows}
    for (feed, key), count in published.items():
        if count > 1:
            verdict.findings.append(Finding(Fault.DOUBLED, feed, key, f"{count} times"))
        if (feed, key) not in intended:
            verdict.findings.append(Finding(Fault.UNINTENDED, feed, key, "nobody wanted it there"))
    content = {(one.feed, one.key): one for one in out}
    verdict.states = dict(Counter(f"{row.kind} {row.state}" for row in rows))
    verdict.reasons = dict(
        Counter(f"{row.state}: {row.reason}" for row in rows if row.state != "published")
    )
    for row in rows:
        found = content.get((row.feed, row.key))
        verdict.findings += [
            Finding(fault, row.feed, row.key, f"{row.kind}, {row.state} ({row.reason}): {why}")
            for fault, why in _faults(row, found)
        ]
    return verdict


def _faults(row: Row, found: Out | None) -> Iterator[tuple[Fault, str]]:
    if row.shown != row.state:
        yield Fault.WRONG, f"the row that people see says {row.shown}"
    if row.state in _OPEN:
        yield Fault.UNSETTLED, "nothing moves any more"
    if found is None:
        if row.state == "published":
            yield Fault.LOST, "it is not out"
        elif not row.reason.strip() and row.state != "cancelled":
            yield Fault.LOST, "it is not out, and nothing says why"
        return
    if row.state in _NOT_OUT and (not row.doubt or row.reason.startswith("it is not out")):
        yield Fault.WRONG, "it is out"
    yield from ((Fault.WRONG, why) for why in _differences(row, found))


def _differences(row: Row, found: Out) -> Iterable[str]:
    if found.text not in row.texts:
        yield f"the text is another: {found.text!r}, not one of {sorted(row.texts)!r}"
    if found.digests != row.digests:
        yield f"{len(found.digests)} pictures are not the {len(row.digests)} intended"
    if found.mentions != row.mentions:
        yield f"it mentions {found.mentions}, not {row.mentions}"
