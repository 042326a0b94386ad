"""Writing styles: measured on a profile's own posts, written down for whoever writes the next."""

from linkedin_pipeline.domain.styles.analysis import (
    STYLE_VERSION,
    StyleAnalysis,
    StylePost,
    analyse,
    inputs_hash,
)
from linkedin_pipeline.domain.styles.distance import distance, feature_vector
from linkedin_pipeline.domain.styles.prompt import write_prompt
from linkedin_pipeline.domain.styles.written import StyleVector, WrittenStyle

__all__ = [
    "STYLE_VERSION",
    "StyleAnalysis",
    "StylePost",
    "StyleVector",
    "WrittenStyle",
    "analyse",
    "distance",
    "feature_vector",
    "inputs_hash",
    "write_prompt",
]
