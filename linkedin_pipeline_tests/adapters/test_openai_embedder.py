"""Embeddings from OpenAI over a real socket: full requests, no wasted one, nothing bad kept."""

from __future__ import annotations

import base64
import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkedin_pipeline.adapters.calls import Caller, Reply
from linkedin_pipeline.adapters.limiter import RateLimiter
from linkedin_pipeline.adapters.openai_client import OpenAiClient
from linkedin_pipeline.adapters.openai_embedder import MAX_TOKENS, OpenAiEmbedder, read_vectors
from linkedin_pipeline.domain.ai import CallOutcome, Model, Usage, answer_key
from linkedin_pipeline.domain.embeddings import check_vector
from linkedin_pipeline.domain.errors import Misconfigured, ProviderDown, Rejected
from linkedin_pipeline.simulators.faults import Fault, Kind
from linkedin_pipeline.simulators.vectors import embedding
from linkedin_pipeline.workers.isolation import isolate
from linkedin_pipeline_tests.adapters.openai_line import (
    SMALL,
    MemoryAnswers,
    OpenAiLine,
    openai_line,
)
from linkedin_pipeline_tests.adapters.virtual_time import MemoryLedger, VirtualClock

POISON = "A poisoned text"
ANSWERED, FAILED, UNKNOWN = CallOutcome


@pytest.fixture(scope="module")
def served() -> Iterator[OpenAiLine]:
    """Serve one simulator for the module."""
    with openai_line() as line:
        yield line


@pytest.fixture
def line(served: OpenAiLine) -> OpenAiLine:
    """Give a simulator, a ledger and a store that have forgotten what other tests did."""
    served.simulator.reset()
    served.ledger.__init__(served.clock)  # type: ignore[misc]
    served.answers.__init__()  # type: ignore[misc]
    return served


def texts(count: int) -> list[str]:
    """Return different texts."""
    return [f"Text number {number} about bread" for number in range(count)]


def sent(line: OpenAiLine) -> list[list[str]]:
    """Return the inputs of each request."""
    return [call.document["input"] for call in line.simulator.ledger.calls()]


def key(text: str) -> bytes:
    """Return what stands for a text."""
    return answer_key("embedding", str(SMALL), text)


def test_each_text_gets_its_vector(line: OpenAiLine) -> None:
    """In the order of the texts, whatever the order of the answer; unit rows of float32."""
    line.simulator.faults.add(Fault(Kind.SHUFFLED))
    wanted = texts(50)
    vectors = line.embedder().embed(wanted)
    for text, vector in zip(wanted, vectors, strict=True):
        assert np.allclose(vector, embedding(SMALL.name, text), atol=1e-6)
        assert np.asarray(vector).dtype == np.float32
        check_vector(vector)
    assert line.calls == 1
    document = line.simulator.ledger.calls()[0].document
    assert document["encoding_format"] == "base64"
    assert "dimensions" not in document


def test_a_text_is_sent_once(line: OpenAiLine) -> None:
    """Twice in one call, and again while its answer is kept or was just seen."""
    embedder = line.embedder()
    first = embedder.embed(["Bread", "Wine", "Bread"])
    assert np.array_equal(first[0], first[2])
    embedder.embed(["Wine"])
    line.embedder().embed(["Bread"])  # another process
    assert sent(line) == [["Bread", "Wine"]]
    embedder.forget(["Bread", "Wine"])
    assert line.answers.kept == {}
    embedder.embed(["Bread"])
    assert line.calls == 1
    line.embedder().embed(["Bread"])
    assert line.calls == 2


def test_nothing_is_asked_for_nothing(line: OpenAiLine) -> None:
    """No texts, no request."""
    assert list(line.embedder().embed([])) == []
    assert line.calls == 0


def test_requests_are_filled_and_no_fuller(line: OpenAiLine) -> None:
    """2,048 inputs or 300,000 tokens by the upper bound; the simulator refuses one more."""
    line.embedder().embed(texts(2_049))
    assert [len(inputs) for inputs in sent(line)] == [2_048, 1]
    line.simulator.reset()
    long = [f"{number} " + "word " * 590 for number in range(400)]
    line.embedder().embed(long)
    sizes = [len(inputs) for inputs in sent(line)]
    assert sum(sizes) == 400
    bound = line.simulator.ledger.calls()
    assert all(call.accepted and call.usage.input_tokens <= MAX_TOKENS for call in bound)
    assert len(sizes) == 3


def test_the_plan_is_an_upper_bound(line: OpenAiLine) -> None:
    """What was reserved is never less than what is billed."""
    line.embedder().embed([*texts(5), "日本語のパン屋", "🚀🔥" * 50])
    [(outcome, usage)] = line.ledger.ended
    assert outcome is ANSWERED
    assert 0 < usage.input <= line.ledger.plans[0].input_tokens
    assert (line.ledger.plans[0].items, line.ledger.plans[0].stage) == (7, "embeddings")


@pytest.mark.parametrize(
    "kind",
    [Kind.WRONG_COUNT, Kind.WRONG_DIMENSION, Kind.NOT_A_NUMBER, Kind.ZERO_VECTOR],
)
def test_a_bad_answer_is_the_providers_fault(line: OpenAiLine, kind: Kind) -> None:
    """It is billed, asked for again, and never kept; in the end the provider is down."""
    line.simulator.faults.add(Fault(kind, times=2))
    check_vector(line.embedder().embed(texts(3))[2])
    outcomes = [outcome for outcome, _ in line.ledger.ended]
    assert outcomes == [FAILED, FAILED, ANSWERED]
    assert sum(usage.input for _, usage in line.ledger.ended) == (
        line.simulator.ledger.totals().usage.input_tokens
    )
    line.simulator.faults.add(Fault(kind, times=None))
    line.answers.kept.clear()
    with pytest.raises(ProviderDown):
        line.embedder().embed(texts(3))
    assert line.answers.kept == {}


def test_no_answer_is_asked_for_again(line: OpenAiLine) -> None:
    """A server error and a connection that breaks after the work; nothing is kept twice."""
    for kind in (Kind.SERVER_ERROR, Kind.RESET_AFTER):
        line.simulator.faults.add(Fault(kind))
    line.embedder().embed(texts(3))
    assert [one for one, _ in line.ledger.ended] == [FAILED, UNKNOWN, ANSWERED]
    assert line.answers.writes == 1


@pytest.mark.parametrize("count", [1, 2, 7, 200, 1_000])
def test_one_bad_text_among_many_is_found_cheaply(line: OpenAiLine, count: int) -> None:
    """Wherever it stands: the others succeed, with 2·log2(n) + 1 extra requests at most."""
    line.simulator.faults.add(Fault(Kind.BAD_REQUEST, contains=POISON, times=None))
    most = 0
    for place in {0, count // 3, count - 1}:
        wanted = texts(count)
        wanted[place] = POISON
        embedder, before = line.embedder(), line.calls
        line.answers.kept.clear()
        parts = list(isolate(wanted, embedder.embed))
        most = max(most, line.calls - before - 1)
        [(bad, error)] = [part for part in parts if isinstance(part[1], Exception)]
        assert list(bad) == [POISON]
        assert isinstance(error, Rejected)
        good = [text for part, result in parts if result is not error for text in part]
        assert good == [text for text in wanted if text != POISON]
    assert most <= 2 * math.log2(count) + 1


def test_what_shares_no_request_with_a_bad_text_is_kept(line: OpenAiLine) -> None:
    """A refused request stops neither those before it nor those after it."""
    line.simulator.faults.add(Fault(Kind.BAD_REQUEST, contains=POISON, times=None))
    wanted = [f"{number} " + "word " * 590 for number in range(400)]
    wanted[200] = POISON
    with pytest.raises(Rejected):
        line.embedder().embed(wanted)
    shared = next(inputs for inputs in sent(line) if POISON in inputs)
    assert line.answers.kept.keys() == {key(text) for text in wanted if text not in shared}
    assert line.calls == 3


def test_an_empty_text_is_never_sent(line: OpenAiLine) -> None:
    """It is rejected, once the others are kept, so that splitting costs no request."""
    parts = list(isolate([*texts(9), ""], line.embedder().embed))
    assert isinstance(parts[-1][1], Rejected)
    assert sent(line) == [texts(9)]


def test_half_a_surrogate_pair_counts_as_a_question_mark(line: OpenAiLine) -> None:
    """UTF-8 cannot hold it, and no database either."""
    line.embedder().embed(["Bread \ud83d"])
    assert sent(line) == [["Bread ?"]]


def test_a_wider_model_is_asked_for_fewer_numbers() -> None:
    """Its vectors are shortened by the provider; the database holds 1,536 numbers."""
    fake = FakeServer(1_536)
    line_of(fake, Model("openai", "text-embedding-3-large")).embed(["Bread"])
    assert fake.bodies[0]["dimensions"] == 1_536


@pytest.mark.parametrize("encoded", [True, False], ids=["base64", "floats"])
def test_other_servers_may_be_narrower_and_of_any_norm(*, encoded: bool) -> None:
    """768 numbers of norm 20 become 1,536 of norm 1, and no cosine changes."""
    fake = FakeServer(768, norm=20, encoded=encoded)
    one, other = line_of(fake, Model("openai", "nomic-embed-text")).embed(["Bread", "Wine"])
    check_vector(one)
    check_vector(other)
    assert not np.any(np.asarray(one)[768:])
    assert np.dot(one, other) == pytest.approx(fake.cosine("Bread", "Wine"), abs=1e-6)


def test_vectors_that_do_not_fit_are_a_setting_to_mend() -> None:
    """A model of 4,096 numbers is named with the setting; the call is billed once."""
    fake = FakeServer(4_096)
    embedder = line_of(fake, Model("openai", "wide"))
    with pytest.raises(Misconfigured, match=r"EMBEDDING_MODEL.*openai:wide.*4096"):
        embedder.embed(["Bread"])
    assert len(fake.bodies) == 1


def line_of(server: FakeServer, model: Model) -> OpenAiEmbedder:
    """Return an embedder that talks to a server of another kind."""
    clock = VirtualClock()
    caller = Caller(MemoryLedger(clock), RateLimiter(clock), clock)
    return OpenAiEmbedder(model, server, caller, MemoryAnswers())


def packed(*numbers: float) -> str:
    """Return numbers as OpenAI packs them."""
    return base64.b64encode(np.asarray(numbers, "<f4").tobytes()).decode()


@pytest.mark.parametrize(
    "data",
    [
        None,
        {},
        [],
        [{"index": 0, "embedding": packed(1)}],
        [{"index": 0, "embedding": packed(1)}] * 2,
        [{"index": 0, "embedding": packed(1)}, {"embedding": packed(1)}],
        [{"index": 0, "embedding": packed(1)}, {"index": 2, "embedding": packed(1)}],
        [{"index": 0, "embedding": packed(1)}, {"index": True, "embedding": packed(1)}],
        [{"index": 0, "embedding": packed(1)}, {"index": 1, "embedding": packed(1, 0)}],
        [{"index": 0, "embedding": packed(1)}, {"index": 1, "embedding": packed()}],
        [{"index": 0, "embedding": packed(1)}, {"index": 1, "embedding": "AAA"}],
        [{"index": 0, "embedding": packed(1)}, {"index": 1, "embedding": "not base64!"}],
        [{"index": 0, "embedding": packed(1)}, {"index": 1, "embedding": None}],
        [{"index": 0, "embedding": packed(1)}, {"index": 1, "embedding": ["1"]}],
        [{"index": 0, "embedding": packed(1)}, {"index": 1, "embedding": [10**400]}],
        [{"index": 0, "embedding": packed(1)}, {"index": 1, "embedding": packed(math.inf)}],
        [{"index": 0, "embedding": packed(1)}, {"index": 1, "embedding": [math.nan]}],
        [{"index": 0, "embedding": packed(1)}, {"index": 1, "embedding": [0]}],
        [{"index": 0, "embedding": packed(1)}, "vector"],
    ],
)
def test_every_bad_shape_is_seen(data: object) -> None:
    """Number, index, encoding, width, finiteness, norm."""
    with pytest.raises(ValueError, match="vector"):
        read_vectors({"data": data}, 2)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["data", "index", "embedding"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(_JSON)
def test_no_answer_breaks_the_reader(document: Any) -> None:
    """Whatever JSON comes, it is one unit vector or a ValueError."""
    try:
        vectors = read_vectors(document if isinstance(document, dict) else {"data": document}, 1)
    except ValueError:
        return
    assert np.linalg.norm(vectors[0].astype(float)) == pytest.approx(1, abs=1e-6)


class FakeServer(OpenAiClient):
    """A server of another kind: its own width, norm and encoding."""

    def __init__(self, width: int, *, norm: float = 1, encoded: bool = True) -> None:
        super().__init__("any")
        self.width, self.norm, self.encoded = width, norm, encoded
        self.bodies: list[Any] = []

    def vector(self, text: str) -> Any:
        """Return the vector of a text."""
        numbers = np.random.default_rng(len(text)).normal(size=self.width)
        return numbers / np.linalg.norm(numbers) * self.norm

    def cosine(self, one: str, other: str) -> float:
        """Return the cosine of two texts."""
        return float(self.vector(one) @ self.vector(other)) / self.norm**2

    def post(self, path: str, body: Any) -> Any:
        """Answer as an embeddings route does."""
        assert path == "/embeddings"
        self.bodies.append(body)
        vectors: Sequence[Any] = [self.vector(text) for text in body["input"]]
        data = [
            {"index": index, "embedding": packed(*v) if self.encoded else v.tolist()}
            for index, v in zip(itertools.count(), vectors, strict=False)
        ]
        return Reply({"data": data}, Usage(1))
