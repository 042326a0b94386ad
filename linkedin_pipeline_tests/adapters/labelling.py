"""A classifier over a simulator of OpenAI, with what it needs in memory; posts and labels."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import psycopg

from linkedin_pipeline.adapters.calls import Caller
from linkedin_pipeline.adapters.chat_profiles import ModelProfile
from linkedin_pipeline.adapters.limiter import RateLimiter
from linkedin_pipeline.adapters.openai_classifier import OpenAiClassifier
from linkedin_pipeline.adapters.openai_client import OpenAiClient
from linkedin_pipeline.database.queries import query
from linkedin_pipeline.database.taxonomy import TABLES
from linkedin_pipeline.domain.ai import CallOutcome, Model, Permit, Plan, Usage
from linkedin_pipeline.domain.labels import LABEL_STAGES, Choice, Label
from linkedin_pipeline.domain.work import FIRST_DAY, Claim, Done, Stage, Verdict
from linkedin_pipeline.ports import AiLedger, AnswerStore
from linkedin_pipeline.simulators.ledger import Call
from linkedin_pipeline.simulators.openai import OpenAISimulator
from linkedin_pipeline.simulators.serving import serving
from linkedin_pipeline.simulators.simulator import Behaviour
from linkedin_pipeline.workers.isolation import isolate

TOPICS, AUDIENCES, HOOKS = LABEL_STAGES
MINI = Model("openai", "gpt-5-mini")
Labels = Mapping[Stage, Sequence[Label]]


class FakeClock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        """Return the seconds slept so far."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


class MemoryLedger:
    """Meets `AiLedger`: permits everything and remembers how calls ended."""

    def __init__(self) -> None:
        self.plans: list[Plan] = []
        self.ends: list[tuple[CallOutcome, Usage]] = []

    def begin(self, plan: Plan) -> Permit:
        """Permit the call."""
        self.plans.append(plan)
        return Permit("go", call_id=uuid4())

    def end(self, call_id: UUID, outcome: CallOutcome, usage: Usage, seconds: float) -> None:
        """Remember how the call ended."""
        del call_id, seconds
        self.ends.append((outcome, usage))

    def pause(self, scope: str, code: str, reason: str, **rest: Any) -> float:
        """Name a minute."""
        del scope, code, reason, rest
        return 60.0


class MemoryAnswers:
    """Meets `AnswerStore`, for labels."""

    def __init__(self) -> None:
        self.kept: dict[bytes, str] = {}

    def labels(self, keys: Sequence[bytes]) -> Mapping[bytes, str]:
        """Return kept label names."""
        return {key: self.kept[key] for key in keys if key in self.kept}

    def keep_labels(self, answers: Mapping[bytes, str], profile_id: UUID | None = None) -> None:
        """Keep label names; one that is kept already stays as it is."""
        del profile_id
        self.kept = {**answers, **self.kept}

    def forget(self, keys: Sequence[bytes]) -> None:
        """Drop answers."""
        for key in keys:
            self.kept.pop(key, None)

    def vectors(self, keys: Sequence[bytes]) -> Mapping[bytes, Sequence[float]]:
        """Return nothing."""
        del keys
        return {}

    def keep_vectors(self, answers: Mapping[bytes, Sequence[float]]) -> None:
        """Refuse."""
        raise NotImplementedError


@dataclass
class Desk:
    """A simulator and classifiers that call it."""

    simulator: OpenAISimulator
    client: OpenAiClient
    answers: AnswerStore = field(default_factory=MemoryAnswers)
    ledger: AiLedger = field(default_factory=MemoryLedger)

    def classifier(
        self, model: Model = MINI, profile: ModelProfile | None = None
    ) -> OpenAiClassifier:
        """Make a classifier, as another process would."""
        clock = FakeClock()
        caller = Caller(self.ledger, RateLimiter(clock), clock)
        return OpenAiClassifier(model, self.client, caller, self.answers, profile)

    def calls(self) -> list[Call]:
        """Return what the simulator was asked."""
        return list(self.simulator.ledger.calls())

    @property
    def kept(self) -> dict[bytes, str]:
        """What is kept in memory."""
        assert isinstance(self.answers, MemoryAnswers)
        return self.answers.kept


@contextmanager
def served() -> Iterator[tuple[OpenAISimulator, OpenAiClient]]:
    """Serve a simulator, and give a client of it."""
    simulator = OpenAISimulator()
    with serving(simulator) as url:
        client = OpenAiClient("sk-simulated", f"{url}/v1")
        with client.sdk:
            yield simulator, client


def desk(simulator: OpenAISimulator, client: OpenAiClient) -> Desk:
    """Give a simulator that has forgotten what other tests did, and empty stores."""
    simulator.behaviour = Behaviour()
    simulator.reset()
    return Desk(simulator, client)


def isolated(
    classifier: OpenAiClassifier, stage: Stage, claims: Sequence[Claim], labels: Labels
) -> list[Verdict[Choice] | Exception]:
    """Classify as a drain does: posts that cannot be answered together are halved."""

    def attempt(some: Sequence[Claim]) -> Sequence[Verdict[Choice]]:
        return classifier.classify(stage, some, labels)

    verdicts: list[Verdict[Choice] | Exception] = []
    for _, result in isolate(claims, attempt):
        verdicts.extend([result] if isinstance(result, Exception) else result)
    return verdicts


def label(name: str, text: str = "") -> Label:
    """Make a label without a vector."""
    return Label(uuid4(), name, f"{name}\n{text}", ())


LABELS: Labels = {
    TOPICS: [
        label("Sailing", "La voile\nboats, wind, sea, sails and harbours"),
        label("Cooking", "Cuisine\nbread, ovens, recipes, restaurants"),
        label("Hiring", "Recrutement\ninterviews, candidates, applications"),
    ],
    AUDIENCES: [
        label("Founders", "Fondateurs\nstart-ups, investors, money"),
        label("Cooks", "Cuisiniers\nkitchens, chefs, ovens"),
        label("Sailors", "Marins\nboats, harbours, sea"),
    ],
    HOOKS: [
        label("Question", "Question\na question to the reader"),
        label("Number", "Chiffre\na figure, a percentage, an amount"),
        label("Story", "Histoire\na scene with a person, a time, a place"),
    ],
}
TEXTS = (
    "The sea was calm and the wind filled our sails.",
    "Bread wants a hot oven and recipes want a patient cook.",
    "Nine interviews, nine candidates, one hired.",
    "Le vent tombe, les boats restent au port, la sea est plate.",
)


RIGHT = ["Sailing", "Cooking", "Hiring", "Sailing"]
"""The topics of `TEXTS`."""


def id_of(content: str) -> UUID:
    """Return an id for a post, as random as any."""
    return UUID(bytes=hashlib.sha256(content.encode("utf-8", "surrogatepass")).digest()[:16])


def claim(
    content: str = TEXTS[0],
    *,
    hook: str | None = None,
    also: Sequence[Stage] = (),
    attempt: int = 1,
    takeovers: int = 0,
) -> Claim:
    """Claim a post; its id is the same in every run, and so are the controls beside it."""
    return Claim(id_of(content), 1, FIRST_DAY, attempt, takeovers, content, hook, frozenset(also))


def named(labels: Labels, stage: Stage) -> Callable[[Any], str]:
    """Return a function that names a verdict: the label, or the code of what went wrong."""
    names = {one.id: one.name for one in labels[stage]}

    def name(verdict: Any) -> str:
        return names[verdict.value.label] if isinstance(verdict, Done) else str(verdict.code)

    return name


def names(verdicts: Sequence[Any], stage: Stage = TOPICS, labels: Labels = LABELS) -> list[str]:
    """Return the names of verdicts; see `named`."""
    return list(map(named(labels, stage), verdicts))


def shipped(url: str) -> Labels:
    """Return the taxonomy that the migrations bring, without vectors."""
    with psycopg.connect(url) as connection:
        rows = {
            stage: connection.execute(query(f"{table}_labels")).fetchall()
            for stage, table in TABLES.items()
        }
    return {
        stage: [Label(row[0], row[1], row[2], (), tuple(row[6])) for row in found]
        for stage, found in rows.items()
    }


def claims(**rest: Any) -> list[Claim]:
    """Claim the four posts of `TEXTS`."""
    return [claim(text, **rest) for text in TEXTS]


def inputs(ai: Desk) -> list[int]:
    """Return how many blocks each call showed, controls included."""
    return [call.inputs for call in ai.calls()]
