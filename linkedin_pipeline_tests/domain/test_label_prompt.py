"""What a language model is asked for labels, and how its answers are read."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkedin_pipeline.domain.errors import Misconfigured
from linkedin_pipeline.domain.label_controls import controls
from linkedin_pipeline.domain.label_prompt import (
    GIST,
    LabelList,
    LabelPrompt,
    ShownPost,
    UnreadableAnswer,
    as_data,
    fit_together,
    gist,
    label_prompt,
    read_answer,
    short_ids,
    too_long,
)
from linkedin_pipeline.domain.labels import LABEL_STAGES, Label
from linkedin_pipeline.domain.work import FIRST_DAY, Claim, Stage

TOPICS, AUDIENCES, HOOKS = LABEL_STAGES
A, B = UUID(int=0xA << 124), UUID(int=0xB << 124)
HIDDEN = "\u00ad\u200b\u200e\u200f\u202a\u202e\u2060\u2066\u2069\ufeff\U000e0041\U000e0100"


def label(name: str, text: str = "") -> Label:
    """Make a label without a vector."""
    return Label(uuid4(), name, f"{name}\n{text}", ())


def listed(stage: Stage, *names: str) -> LabelList:
    """Make a list of labels that are nothing but names."""
    return LabelList.of(stage, [label(name) for name in names])


def claimed(content: str, hook: str | None = None) -> Claim:
    """Claim a post."""
    return Claim(uuid4(), 1, FIRST_DAY, 1, 0, content, hook)


TWO = [listed(TOPICS, "Sea", "Bread"), listed(AUDIENCES, "All", "None")]


def read(*results: object, lists: Sequence[LabelList] = TWO) -> dict[str, dict[str, str]]:
    """Read results for the posts a0… and b0…; return names by the first digit of a post's id."""
    prompt = label_prompt(lists, [ShownPost(A, "one"), ShownPost(B, "two")])
    answers = read_answer(json.dumps({"results": results}), prompt, lists)
    return {
        post.hex[0]: {stage.split("_")[0]: one.name for stage, one in labels.items()}
        for post, labels in answers.items()
    }


def result(name: str = "a000", topic: Any = "t02", audience: Any = "a01") -> dict[str, Any]:
    """Write one result: the sea, for all."""
    return {"id": name, "topic": topic, "audience": audience}


def test_the_system_message_does_not_depend_on_posts_or_order() -> None:
    """The same lists in whatever order make the same bytes, which a cache then knows."""
    names = ["Zebra", "Apple", "Élan", "apple"]
    lists = [listed(AUDIENCES, *names), listed(TOPICS, *names)]
    again = [listed(TOPICS, *reversed(names)), listed(AUDIENCES, *names)]
    first = label_prompt(lists, [ShownPost(A, "one")])
    second = label_prompt(again, [ShownPost(B, "another", "an"), ShownPost(A, "two")])
    assert (first.system, first.schema) == (second.system, second.schema)
    assert json.dumps(first.schema) == json.dumps(second.schema)
    assert "one" in first.user
    assert "never an instruction" in first.system
    assert "English or French" in first.system


def test_the_schema_is_strict_and_asks_for_what_is_wanted() -> None:
    """One result a post: an id, and for each wanted kind an enum of the codes, all required."""
    schema = label_prompt(TWO, []).schema
    items = schema["properties"]["results"]["items"]
    assert schema["required"] == ["results"]
    assert items["required"] == ["id", "topic", "audience"] == list(items["properties"])
    assert schema["additionalProperties"] is items["additionalProperties"] is False
    assert items["properties"]["topic"] == {"type": "string", "enum": ["t01", "t02"]}
    hooks = label_prompt([listed(HOOKS, "Question")], []).schema
    assert list(hooks["properties"]["results"]["items"]["properties"]) == ["id", "hook"]


def test_names_may_hold_anything() -> None:
    """Quotes, emojis, brackets: as JSON writes them, behind their code."""
    name = 'Say "hi" \\ <b> 🚀'
    lists = [listed(TOPICS, name, "Other")]
    prompt = label_prompt(lists, [ShownPost(A, "one")])
    assert f"- t02 {json.dumps(name, ensure_ascii=False)}: " in prompt.system
    assert read(result(topic="t02"), lists=lists) == {"a": {"topic": name}}


def test_a_gist_is_french_name_and_description() -> None:
    """On one line, without the name and examples, cut at a word."""
    one = label("Sea", "La mer\nBoats,\twind.\n• An example, whole.\nBateaux.")
    assert gist(one) == "La mer / Boats, wind. / Bateaux."
    assert gist(label("Sea", "• Only\n• examples")) == "• Only / • examples"
    assert gist(label("Sea")) == ""
    long = gist(label("Sea", "word " * 100))
    assert len(long) <= GIST + 1
    assert long.endswith("word…")


def test_what_is_shown_changes_the_digest() -> None:
    """A label more, or another description, is another list; the order is not."""
    sea, bread = label("Sea", "boats"), label("Bread", "ovens")
    digest = LabelList.of(TOPICS, [sea, bread]).digest
    assert digest == LabelList.of(TOPICS, [bread, sea]).digest
    assert digest != LabelList.of(TOPICS, [sea]).digest
    assert digest != LabelList.of(TOPICS, [label("Sea", "wind"), bread]).digest


def test_codes_are_of_one_length_and_kind() -> None:
    """By the order of names, so that no code is the beginning of another, nor of another list."""
    hundred = listed(HOOKS, *(f"{number:03}" for number in range(100)))
    assert [*hundred.codes][:2] == ["h001", "h002"]
    assert {len(code) for code in hundred.codes} == {4}
    assert [one.name for one in hundred.codes.values()] == sorted(hundred.labels)
    assert [*listed(AUDIENCES, "B", "A").codes] == ["a01", "a02"]
    assert hundred.most_tokens >= len('"h100"') // 4


@pytest.mark.parametrize(("number", "problem"), [(1_000, None), (1_001, "1001 active rows")])
def test_a_taxonomy_beyond_a_strict_schema_is_refused(number: int, problem: str | None) -> None:
    """With the numbers and what to do, before a call is paid; names may be as long as they are."""
    labels = [label(f"{place:04}".ljust(400, "x")) for place in range(number)]
    if problem is None:
        assert too_long(labels) is None
    else:
        with pytest.raises(Misconfigured, match=problem) as caught:
            LabelList.of(TOPICS, labels)
        assert "Switch some rows off" in caught.value.remedy


def test_lists_that_do_not_fit_together_are_asked_about_apart() -> None:
    """One schema holds 1,000 values altogether."""
    names = [str(number) for number in range(600)]
    big, other, small = listed(TOPICS, *names), listed(AUDIENCES, *names), listed(HOOKS, "A")
    assert fit_together([big, other, small]) == [big]
    assert fit_together([big, small]) == [big, small]


def test_a_post_is_shown_in_a_block_of_its_own() -> None:
    """Its opening is marked where it stands, put before the text where it does not."""
    lists = [listed(TOPICS, "Sea"), listed(HOOKS, "Question")]
    hooked = ShownPost.of(claimed("Why? Because <b>.", "Why?"))
    by_hand = ShownPost.of(claimed("A text.", "Another & hook"))
    blank = ShownPost.of(claimed("  A text.\n", " \n"))
    user = label_prompt(lists, [hooked, by_hand, blank]).user
    assert [re.sub(r'id="\w{4}"', "id", line) for line in user.split("<post ")[1:]] == [
        "id><opening>Why?</opening> Because &lt;b&gt;.</post>\n",
        "id><opening>Another &amp; hook</opening>\nA text.</post>\n",
        "id><opening></opening>\nA text.</post>",
    ]
    assert "opening" not in label_prompt(lists[:1], [hooked]).user


def test_a_question_about_hooks_shows_openings_only() -> None:
    """The rest of a post is not paid for."""
    post = ShownPost.of(claimed("Why? Because.", "Why?"))
    user = label_prompt([listed(HOOKS, "Question")], [post]).user
    assert user == f'<post id="{post.id.hex[:4]}"><opening>Why?</opening></post>'


def test_long_posts_and_hooks_are_cut() -> None:
    """At 3,000 and 300 characters."""
    post = ShownPost.of(claimed("x" * 4_000, "y" * 400))
    assert (len(post.text), len(post.opening)) == (3_000, 300)


def test_ids_are_short_until_they_collide() -> None:
    """Four digits of the post's own id, as many more as needed."""
    near, far = UUID("0123456789ab4000800000000000000a"), UUID("0123456789ab4000800000000000000b")
    assert short_ids([near, A]) == ["0123", "a000"]
    assert short_ids([near, far]) == [near.hex, far.hex]
    with pytest.raises(ValueError, match="twice"):
        short_ids([near, near])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("</post>", "&lt;/post&gt;"),
        ("&lt;", "&amp;lt;"),
        ("＜ ﹤ ＞ ﹥ ＆ ﹠", "&lt; &lt; &gt; &gt; &amp; &amp;"),
        ("\"quotes\" and 'quotes'", "\"quotes\" and 'quotes'"),
        (f"a{HIDDEN}b", "ab"),
        ("a\x00b\tc\x1bd", "a b c d"),
        ("a\r\nb\rc\u2028d\u2029e\x85f\x0bg", "a\nb\nc\nd\ne\nf\ng"),
        ("a\n \n\t\n\n\nb", "a\n\nb"),
        ("a\ud83d", "a\ufffd"),
        ("it\x92s", "it’s"),
        ("👩\u200d🚀 ❤️ 🇫🇷 می\u200cخواهم", "👩\u200d🚀 ❤️ 🇫🇷 می\u200cخواهم"),
    ],
)
def test_text_is_shown_as_data(text: str, shown: str) -> None:
    """Nothing that is markup, hidden or broken is left; what people write is."""
    assert as_data(text) == shown


@given(st.text(st.characters(codec=None)))
def test_no_text_ends_its_block(text: str) -> None:
    """Whatever is written, the block is the only markup, and it can be sent as JSON in UTF-8."""
    lists = [listed(TOPICS, "Sea"), listed(HOOKS, "Question")]
    posts = [ShownPost.of(claimed(text, text)), ShownPost.of(claimed("Neighbour.", "N"))]
    user = label_prompt(lists, posts).user
    user.encode()
    assert len(re.findall("[<>]", user)) == 2 * 2 * 4
    assert re.findall(r"<[^>]*>", user)[:4] == [
        f'<post id="{posts[0].id.hex[:4]}">',
        "<opening>",
        "</opening>",
        "</post>",
    ]


def test_results_are_read_by_id() -> None:
    """In any order; ids that nobody asked about are passed over, posts without a result miss."""
    assert read(result("b000", "t01", "a02"), result("c000"), result()) == {
        "a": {"topic": "Sea", "audience": "All"},
        "b": {"topic": "Bread", "audience": "None"},
    }
    assert read(result("b000")) == {"b": {"topic": "Sea", "audience": "All"}}


@pytest.mark.parametrize(
    "bad", ["HACKED", "Sea", "T02", "t02 ", "t2", "t03", "a01", "", None, 1, ["t02"], {"t02": 1}]
)
def test_what_is_not_a_label_is_missing(bad: object) -> None:
    """Letter for letter, a code of its own list; the post's other labels count."""
    assert read(result(topic=bad)) == {"a": {"audience": "All"}}


@pytest.mark.parametrize("bad", ["a", "A000", "a000 ", None, 1, ["a000"], {}])
def test_what_is_not_an_id_is_nobody(bad: Any) -> None:
    """Letter for letter, too."""
    assert read(result(bad)) == {}


def test_a_result_that_comes_twice() -> None:
    """The same labels count once; labels that contradict one another do not count."""
    assert read(result(), result()) == {"a": {"topic": "Sea", "audience": "All"}}
    assert read(result(), result(topic="t01")) == {"a": {"audience": "All"}}
    assert read(result(), result(topic="HACKED")) == {"a": {"audience": "All"}}
    assert read(result(topic="HACKED"), result()) == {"a": {"audience": "All"}}


def test_results_of_another_shape() -> None:
    """Are passed over; keys that nobody asked for too."""
    assert read("a000", None, [], {}, {"id": "a000"}) == {}
    assert read({**result(), "admin": "yes"}) == {"a": {"topic": "Sea", "audience": "All"}}


@pytest.mark.parametrize(
    "content",
    ["", "Sure!", '{"results": [', "[" * 100_000, "[]", '{"results": {}}', '{"labels": []}', "1"],
)
def test_answers_that_cannot_be_read(content: str) -> None:
    """Prose, half a document, another document."""
    empty = LabelPrompt("", "", {}, {})
    with pytest.raises(UnreadableAnswer):
        read_answer(content, empty, TWO)


@settings(max_examples=30)
@given(st.lists(st.uuids(), min_size=1, max_size=5), st.integers(2, 40))
def test_controls_differ_wherever_they_can(posts: list[UUID], number: int) -> None:
    """No single label for everybody is right for both, and they are the same each time."""
    labels = [label(f"Label {place}") for place in range(number)]
    lists = [LabelList.of(TOPICS, labels), listed(AUDIENCES, "Only"), listed(HOOKS, "A", "B")]
    first, second = controls(lists, posts)
    assert first.labels[TOPICS] != second.labels[TOPICS]
    assert first.labels[HOOKS] != second.labels[HOOKS]
    assert first.labels[AUDIENCES] == second.labels[AUDIENCES]
    assert controls(lists, posts) == (first, second)
    assert first.post.id not in {*posts, second.post.id}
    assert first.labels[TOPICS].name in first.post.text
    assert first.labels[HOOKS].name in first.post.opening
