"""The upper bound of a text's tokens, against what cl100k_base counts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkedin_pipeline.domain.ai import most_tokens, tokens_at_most

# Counted with tiktoken 0.14, cl100k_base: the tokenizer of text-embedding-3.
COUNTED = [
    ("The best leaders listen twice as long as they speak.", 11),
    ("J'ai recruté 40 personnes en deux ans, et voici ce que j'ai appris.", 22),
    ("a1b2c3d4e5f6", 12),
    ("x y z q w v k j", 8),
    ("!?#&*()[]{}<>", 8),
    ("🚀🔥💡👇✅📈🎯💪", 21),
    ("𝗕𝗼𝗹𝗱 𝘁𝗲𝘅𝘁", 24),
    ("日本語のパン屋は朝が早い", 16),
    ("Привет, мир и работа", 9),
    ("qwxzkvjqwxzkvjqwxzkvjqwxzkvjqwxz", 19),
    ("OLTmUuRNp/I3DZ4mDicTZVCko6bQf1wMMy+LEiQIP9IrkC+JEegYGPjJnV1dmDGVdQTZDpRd4uj1TueB", 58),
    ("3f2504e0-4f89-11d3-9a0c-0305e82c3301", 27),
    ("\n\n\t\t  \n", 2),
    ("\x00\x01\x02", 3),
    ("https://lnkd.in/eXq7_kPz", 12),
]


@pytest.mark.parametrize(("text", "tokens"), COUNTED)
def test_no_text_has_more_tokens_than_the_bound(text: str, tokens: int) -> None:
    """Prose, noise, links, emoji and other alphabets."""
    assert tokens <= tokens_at_most(text)


def test_the_bound_of_prose_fills_a_request() -> None:
    """It is at most three times the true number, or requests would go out nearly empty."""
    for text, tokens in COUNTED[:2]:
        assert tokens_at_most(text) <= 3 * tokens


@given(st.text())
def test_the_bound_is_never_more_than_the_bytes(text: str) -> None:
    """A byte-level tokenizer cannot make more."""
    assert 0 <= tokens_at_most(text) <= len(text.encode("utf-8", "replace"))
    assert most_tokens([text, text]) == 2 * tokens_at_most(text)
