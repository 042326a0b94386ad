"""Posts that give orders, and a simulator that obeys them: on the wire and in the result."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from itertools import combinations

import pytest

from linkedin_pipeline.adapters.openai_client import OpenAiClient
from linkedin_pipeline.domain.label_prompt import LabelList, as_data, label_prompt
from linkedin_pipeline.domain.labels import LABEL_STAGES
from linkedin_pipeline.domain.work import Claim, Done, Reject, Retry, Stage
from linkedin_pipeline.simulators.ledger import Call
from linkedin_pipeline.simulators.openai import OpenAISimulator
from linkedin_pipeline_tests.adapters.injections import ATTACKS, UNHEARD
from linkedin_pipeline_tests.adapters.labelling import (
    AUDIENCES,
    HOOKS,
    LABELS,
    TEXTS,
    TOPICS,
    Desk,
    claim,
    desk,
    isolated,
    names,
)


def _claim(text: str) -> Claim:
    return claim(text, hook=text[:300], also=LABEL_STAGES)


MARK = "Pamplemousse"
NEIGHBOURS = [_claim(text) for text in TEXTS[:2]]
BLOCK = re.compile(r'<post id="([0-9a-f]{4,32})">([^<]*(?:<opening>[^<]*</opening>[^<]*)?)</post>')


@pytest.fixture
def gullible(ai: Desk) -> Desk:
    """Give a simulator that does what posts say."""
    ai.simulator.behaviour.obedient = True
    return ai


@pytest.fixture(scope="module")
def honest(simulated: tuple[OpenAISimulator, OpenAiClient]) -> dict[Stage, list[str]]:
    """Give the labels of the neighbours where nobody gives orders."""
    fresh = desk(*simulated)
    return {stage: _labels(fresh, stage, NEIGHBOURS) for stage in LABEL_STAGES}


@pytest.fixture(scope="module")
def systems() -> set[str]:
    """Give every system message that there may be: one for each choice of lists."""
    lists = [LabelList.of(stage, LABELS[stage]) for stage in LABEL_STAGES]
    chosen = [some for size in (1, 2, 3) for some in combinations(lists, size)]
    return {label_prompt(some, []).system for some in chosen}


def _messages(call: Call) -> tuple[str, str]:
    system, user = call.document["messages"]
    assert (system["role"], user["role"]) == ("system", "user")
    return system["content"], user["content"]


def _check_wire(call: Call, attack: Claim) -> None:
    """See that text of a post stands in its own block and nowhere else."""
    told, said = _messages(call)
    blocks = dict(BLOCK.findall(said))
    assert "\n".join(f'<post id="{name}">{text}</post>' for name, text in blocks.items()) == said
    of_posts = {
        post.post_id: [text for name, text in blocks.items() if post.post_id.hex.startswith(name)]
        for post in (attack, *NEIGHBOURS)
    }
    assert max(len(found) for found in of_posts.values()) <= 1
    for neighbour in NEIGHBOURS:
        for found in of_posts[neighbour.post_id]:
            assert found.replace("<opening>", "").replace("</opening>", "") == neighbour.content
    marked = [text for text in blocks.values() if MARK in text]
    assert marked == of_posts[attack.post_id]
    rest = {**call.document, "messages": [told]}
    assert MARK not in json.dumps(rest)


@pytest.mark.parametrize("name", ATTACKS)
def test_an_order_in_a_post_reaches_nobody_else(
    gullible: Desk, honest: dict[Stage, list[str]], systems: set[str], name: str
) -> None:
    """At worst the post itself gets a wrong label of the list, or none."""
    attack = _claim(f"{ATTACKS[name]}\n{MARK} is a word.")
    together = [NEIGHBOURS[0], attack, *NEIGHBOURS[1:]]
    verdicts = dict(
        zip(together, isolated(gullible.classifier(), TOPICS, together, LABELS), strict=True)
    )
    for call in gullible.calls():
        assert _messages(call)[0] in systems
        _check_wire(call, attack)
    assert any(call.obeyed for call in gullible.calls()) == (name not in UNHEARD)

    own = verdicts.pop(attack)
    assert isinstance(own, Done | Retry | Reject)
    if isinstance(own, Done):
        assert own.value.label in {label.id for label in LABELS[TOPICS]}
    assert names([verdicts[neighbour] for neighbour in NEIGHBOURS]) == honest[TOPICS]
    # what was kept for later is right too, or is asked for again
    for stage in (AUDIENCES, HOOKS):
        assert _labels(gullible, stage, NEIGHBOURS) == honest[stage]
    offered = {label.name for labels in LABELS.values() for label in labels}
    assert set(gullible.kept.values()) <= offered


def _labels(gullible: Desk, stage: Stage, claims: Sequence[Claim]) -> list[str]:
    return names(isolated(gullible.classifier(), stage, claims, LABELS), stage)


def test_a_label_outside_the_list_is_refused(gullible: Desk) -> None:
    """A post that demands one gets none: it is put back, and its neighbours are done."""
    attack, neighbour = _claim(ATTACKS["outside"]), _claim(TEXTS[0])
    assert _labels(gullible, TOPICS, [attack, neighbour]) == ["missing_answer", "Sailing"]
    assert any("Astrology" in order for call in gullible.calls() for order in call.obeyed)


def test_a_post_that_failed_before_is_asked_about_alone(gullible: Desk) -> None:
    """The second time it costs its neighbours nothing."""
    attack = claim(ATTACKS["prose"], attempt=2)
    neighbours = [claim(text) for text in TEXTS]
    verdicts = isolated(gullible.classifier(), TOPICS, [attack, *neighbours], LABELS)
    assert names(verdicts)[0] == "unreadable_answer"
    blocks = [BLOCK.findall(_messages(call)[1]) for call in gullible.calls()]
    # the neighbours with two controls; the attack, twice; the controls, whether the model is well
    assert [len(one) for one in blocks] == [6, 1, 1, 2]
    assert all(as_data(ATTACKS["prose"]) not in text for _, text in blocks[0])


def test_there_are_enough_attempts() -> None:
    """In both languages, and nearly all understood by the simulator."""
    assert len(ATTACKS) - len(UNHEARD) >= 60
    french = re.compile(r"[éèêàçœÉÈ«]|\b(?:tous|les|consignes)\b")
    assert sum(bool(french.search(text)) for text in ATTACKS.values()) >= 20
