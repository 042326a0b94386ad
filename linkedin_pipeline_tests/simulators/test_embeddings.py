"""OpenAI's embeddings: what is answered, what is refused, what goes wrong on request."""

from __future__ import annotations

import base64
import math

import numpy as np
import openai as sdk
import pytest

from linkedin_pipeline.simulators.faults import Fault, Kind
from linkedin_pipeline.simulators.ledger import Usage
from linkedin_pipeline.simulators.vectors import embedding
from linkedin_pipeline_tests.simulators.clients import EMBEDDER, OpenAIClient

TEXTS = [f"Post number {number} about bread" for number in range(5)]


def test_texts_are_embedded_in_order(openai: OpenAIClient) -> None:
    """Each input gets its vector, at its index, through the client's own default (base64)."""
    answer = openai.embed(TEXTS)
    assert [one.index for one in answer.data] == [0, 1, 2, 3, 4]
    assert answer.model == EMBEDDER
    for one, text in zip(answer.data, TEXTS, strict=True):
        assert np.allclose(one.embedding, embedding(EMBEDDER, text))


def test_floats_and_base64_say_the_same(openai: OpenAIClient) -> None:
    """Both encodings carry one vector; a lone string counts as one input."""
    bodies = [
        openai.post(
            "/embeddings", {"model": EMBEDDER, "input": "Bread", "encoding_format": form}
        ).json()
        for form in ("float", "base64")
    ]
    packed = base64.b64decode(bodies[1]["data"][0]["embedding"])
    assert np.array_equal(
        np.frombuffer(packed, "<f4"), np.float32(bodies[0]["data"][0]["embedding"])
    )
    assert [call.inputs for call in openai.simulator.ledger.calls()] == [1, 1]


def test_dimensions_may_be_fewer(openai: OpenAIClient) -> None:
    """A shortened vector is of unit length again; more dimensions than there are, are refused."""
    vector = openai.embed(["Bread"], dimensions=16).data[0].embedding
    assert len(vector) == 16
    assert math.hypot(*vector) == pytest.approx(1, abs=1e-5)
    with pytest.raises(sdk.BadRequestError, match="Must be at most 1536"):
        openai.embed(["Bread"], dimensions=1537)


def test_tokens_are_a_quarter_of_the_bytes(openai: OpenAIClient) -> None:
    """Usage, and the ledger with it, counts each input rounded up."""
    answer = openai.embed(["12345678", "1", "été"])  # 8, 1 and 5 bytes
    assert answer.usage.prompt_tokens == answer.usage.total_tokens == 2 + 1 + 2
    totals = openai.simulator.ledger.totals()
    assert totals.usage == Usage(input_tokens=5)
    assert totals.inputs == 3


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ([], r"'\$.input' is invalid"),
        (["good", ""], r"'\$.input' is invalid"),
        (["a"] * 2049, "maximum length 2048, but got an array with length 2049"),
        (["a" * 32_769], "maximum context length is 8192 tokens, however you requested 8193"),
        (["a" * 32_000] * 38, "Requested 304000 tokens, max 300000 tokens per request"),
    ],
    ids=["none", "empty string", "too many", "too long", "too much"],
)
def test_limits_are_refused_in_openais_words(
    openai: OpenAIClient, texts: list[str], message: str
) -> None:
    """One bad input fails the whole request, which bills nothing."""
    with pytest.raises(sdk.BadRequestError, match=message):
        openai.embed(texts)
    [call] = openai.simulator.ledger.calls()
    assert (call.status, call.accepted, call.usage, call.inputs) == (400, False, Usage(), 0)


def test_the_limits_themselves_are_fine(openai: OpenAIClient) -> None:
    """2,048 inputs, and an input of 8,192 tokens, go through."""
    assert len(openai.embed(["a"] * 2048).data) == 2048
    assert openai.embed(["a" * 32_768]).usage.prompt_tokens == 8192


def test_what_openai_does_not_know_is_refused(openai: OpenAIClient) -> None:
    """An unknown parameter, a model that only writes, a body that is no JSON."""
    good = {"model": EMBEDDER, "input": ["a"]}
    assert openai.post("/embeddings", {**good, "colour": 1}).status_code == 400
    assert openai.post("/embeddings", {**good, "model": "gpt-5.2"}).status_code == 403
    assert openai.post("/embeddings", {**good, "encoding_format": "hex"}).status_code == 400
    assert openai.post("/embeddings", {"input": ["a"]}).status_code == 400
    assert openai.http.post("/v1/embeddings", content=b"{").status_code == 400
    assert openai.post("/embedding", good).json()["error"]["message"].startswith("Invalid URL")


def test_too_few_vectors(openai: OpenAIClient) -> None:
    """The last input gets none."""
    openai.simulator.faults.add(Fault(Kind.WRONG_COUNT))
    assert [one.index for one in openai.embed(TEXTS).data] == [0, 1, 2, 3]


def test_shuffled_vectors_keep_their_index(openai: OpenAIClient) -> None:
    """Who maps by position mixes posts up, who maps by index does not."""
    openai.simulator.faults.add(Fault(Kind.SHUFFLED))
    data = openai.embed(TEXTS).data
    assert [one.index for one in data] == [1, 3, 0, 2, 4]
    assert all(np.allclose(one.embedding, embedding(EMBEDDER, TEXTS[one.index])) for one in data)


def test_bad_vectors_strike_the_text_that_a_fault_names(openai: OpenAIClient) -> None:
    """A wrong dimension, NaN and zeros, each for its post and for no other."""
    for kind, contains in (
        (Kind.WRONG_DIMENSION, "number 1"),
        (Kind.NOT_A_NUMBER, "number 2"),
        (Kind.ZERO_VECTOR, "number 3"),
    ):
        openai.simulator.faults.add(Fault(kind, contains=contains))
    vectors = [one.embedding for one in openai.embed(TEXTS).data]
    assert [len(one) for one in vectors] == [1536, 1535, 1536, 1536, 1536]
    assert all(map(math.isnan, vectors[2]))
    assert set(vectors[3]) == {0.0}
    assert math.hypot(*vectors[4]) == pytest.approx(1, abs=1e-5)


def test_a_poisoned_text_fails_every_request_that_holds_it(openai: OpenAIClient) -> None:
    """The others of its batch succeed without it; quotes and accents do not hide it."""
    openai.simulator.faults.add(Fault(Kind.BAD_REQUEST, contains='«é" poison', times=None))
    poisoned = 'A text with «é" poison\nin it'
    for texts in ([*TEXTS, poisoned], [poisoned]):
        with pytest.raises(sdk.BadRequestError, match="is invalid"):
            openai.embed(texts)
    assert len(openai.embed(TEXTS).data) == 5
