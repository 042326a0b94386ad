"""Style prompts without a key: measured figures put into words."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from linkedin_pipeline.domain.styles import (
    STYLE_VERSION,
    StyleAnalysis,
    StylePost,
    WrittenStyle,
)
from linkedin_pipeline.domain.styles.prompt import write_prompt


class LocalStyleWriter:
    """Writes the prompt from the analysis alone, in the profile's main language; no call."""

    model = f"local:measured-style-{STYLE_VERSION}"

    def write(
        self, profile_id: UUID, analysis: StyleAnalysis, posts: Sequence[StylePost]
    ) -> WrittenStyle:
        """Write the style prompt of one profile."""
        del profile_id, posts  # all that counts has been measured
        return WrittenStyle(write_prompt(analysis, analysis.language), self.model)

    def forget(self, profile_id: UUID, analysis: StyleAnalysis) -> None:
        """Do nothing: nothing is kept here."""
