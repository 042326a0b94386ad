"""Style prompts without a key: measured figures put into words."""

from __future__ import annotations

from linkedin_pipeline.domain.styles import STYLE_VERSION, StyleAnalysis
from linkedin_pipeline.domain.styles.prompt import write_prompt


class LocalStyleWriter:
    """Writes the prompt from the analysis alone, in the profile's main language; no call."""

    model = f"local:measured-style-{STYLE_VERSION}"

    def write(self, analysis: StyleAnalysis) -> str:
        """Write the style prompt of one profile."""
        return write_prompt(analysis, analysis.language)
