"""What a language needs to say what a style prompt says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from linkedin_pipeline.domain.styles.words import Language


@dataclass(frozen=True, slots=True)
class Wording:
    """How one language says what a prompt says.

    ``sentences`` are templates for `str.format`.  ``habits`` name what can be counted ("a question
    in 4 of 10 posts"), ``avoided`` what can be left out ("emojis").  ``units`` are singular and
    plural; ``zero_is_singular`` tells which of the two nought takes.  ``frequencies`` go from now
    and then over tenths and nearly always to always.
    """

    sections: Mapping[str, str]
    sentences: Mapping[str, str]
    habits: Mapping[str, str]
    avoided: Mapping[str, str]
    units: Mapping[str, tuple[str, str]]
    languages: Mapping[Language, str]
    frequencies: tuple[str, str, str, str]
    heading: str
    quotes: tuple[str, str]
    conjunction: str
    zero_is_singular: bool = False

    def count(self, number: int, unit: str) -> str:
        """Write a number with its unit."""
        one, many = self.units[unit]
        single = number == 1 or (number == 0 and self.zero_is_singular)
        return f"{number} {one if single else many}"

    def frequency(self, share: float) -> str:
        """Write in how many posts something is so."""
        sometimes, of_ten, nearly, always = self.frequencies
        tenths = round(10 * share)
        if share >= 1:
            return always
        if tenths == 10:
            return nearly
        return of_ten.format(tenths) if tenths else sometimes

    def quote(self, text: str) -> str:
        """Put a word into quotation marks."""
        return text.join(self.quotes)

    def enumerate(self, parts: Sequence[str]) -> str:
        """Join parts with commas and a last "and"."""
        *rest, last = parts
        return f"{', '.join(rest)} {self.conjunction} {last}" if rest else last
