"""Texts of LinkedIn's Shares.csv, as they stand in its fields."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkedin_pipeline.domain.shares import plain_commentary

TEXTS = {
    "one line": ("Hello.", "Hello."),
    "quotes in one line": ('She said "no" twice.', 'She said "no" twice.'),
    "a quote alone": ('"What gets measured gets managed"', '"What gets measured gets managed"'),
    "two lines": ('One."\n"Two.', "One.\nTwo."),
    "an empty line": ('One."\n""\n"Two.', "One.\n\nTwo."),
    "two empty lines": ('One."\n""\n""\n"Two.', "One.\n\n\nTwo."),
    "every line wrapped": ('"One."\n""\n"Two."', "One.\n\nTwo."),
    "a line ends with a quote": ('He said "no""\n"and left.', 'He said "no"\nand left.'),
    "a line begins with a quote": ('Then:"\n""No," he said.', 'Then:\n"No," he said.'),
    "quotes at both ends": ('"No," he said."\n"She said "yes"', '"No," he said.\nShe said "yes"'),
    "quotes doubled once more": ('He said ""no"" and ""yes"".', 'He said "no" and "yes".'),
    "doubled and broken": ('He said ""no""."\n"Twice.', 'He said "no".\nTwice.'),
    "an empty string in code": ('print("")', 'print("")'),
    "bare line breaks": ("One.\n\nTwo.", "One.\n\nTwo."),
    "a dialogue": ('"No."\nHe left.\n"Yes."', '"No."\nHe left.\n"Yes."'),
    "one bare break among others": ('One."\n"Two.\nThree.', 'One."\n"Two.\nThree.'),
    "breaks of Windows": ('One."\r\n"Two.', "One.\nTwo."),
    "nothing": ("", ""),
    "a quote": ('"', ""),
    "an empty wrapped text": ('""', ""),
}


@pytest.mark.parametrize(("field", "text"), TEXTS.values(), ids=TEXTS.keys())
def test_a_text_reads_as_it_was_written(field: str, text: str) -> None:
    """Wrapped lines are unwrapped; the author's own quotes and plain texts stay."""
    assert plain_commentary(field) == text


@given(st.lists(st.text("ab. é🎉", max_size=12), min_size=1, max_size=6))
def test_any_text_without_quotes_comes_back(lines: list[str]) -> None:
    """Written as LinkedIn writes and read as CSV, it is what it was."""
    field = '"\n"'.join(lines)
    file = io.StringIO()
    csv.writer(file, quoting=csv.QUOTE_ALL).writerow([field])
    [[read]] = csv.reader(io.StringIO(file.getvalue(), newline=""))
    text = "\n".join(lines)
    assert plain_commentary(read) == (text if text.strip(" \n") else "")
