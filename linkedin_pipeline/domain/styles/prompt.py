"""A measured style, written down for whoever writes the next post: a person or a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from linkedin_pipeline.domain.styles.analysis import StyleAnalysis
from linkedin_pipeline.domain.styles.statements import Statement, statements
from linkedin_pipeline.domain.styles.wording import Wording
from linkedin_pipeline.domain.styles.wording_en import ENGLISH
from linkedin_pipeline.domain.styles.wording_fr import FRENCH
from linkedin_pipeline.domain.styles.words import Language

MAX_WORDS = 350

WORDINGS: Mapping[Language, Wording] = {"en": ENGLISH, "fr": FRENCH}


def write_prompt(analysis: StyleAnalysis, language: Language) -> str:
    """Write instructions in ``language``, in short sections with the figures in them.

    They have 150 to 350 words.  Of the posts' own text only favourites are quoted, emojis,
    hashtags and first words, and the names of hook types, all made harmless first
    (`favourites.harmless`).  An analysis with nothing measured gives two short sentences.
    """
    wording = WORDINGS[language]
    if not analysis.measured:
        return wording.sentences["empty"]
    said = list(statements(analysis, wording))
    for each in sorted(said, key=lambda each: -each.spare):
        if len(_lay_out(said, wording).split()) <= MAX_WORDS:
            break
        said.remove(each)
    return _lay_out(said, wording)


def _lay_out(said: Sequence[Statement], wording: Wording) -> str:
    sections: dict[str, list[str]] = {}
    for each in said:
        sections.setdefault(each.section, []).append(each.text)
    headings = {name: wording.heading.format(text) for name, text in wording.sections.items()}
    return "\n".join(
        " ".join([headings[section], *texts] if section else texts)
        for section, texts in sections.items()
    )
