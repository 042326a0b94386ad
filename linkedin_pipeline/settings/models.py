"""Which model does what: defaults that follow from the keys that are set."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import date
from typing import Any

from linkedin_pipeline.domain.ai import ANTHROPIC, LOCAL, OPENAI, Model
from linkedin_pipeline.domain.errors import Misconfigured
from linkedin_pipeline.settings.values import endpoint, similarity, text

LOCAL_EMBEDDING_MODEL = "local:use-multilingual-v3"
LOCAL_CLASSIFICATION_MODEL = "local:nearest"
LOCAL_STYLE_MODEL = "local:measured-style"
GPT_5_MINI_ENDS = date(2026, 12, 11)
"""The shutdown that OpenAI announced; from then on the default is its named replacement."""

LOCAL_EMBEDDING = Model.parse(LOCAL_EMBEDDING_MODEL)
LOCAL_CLASSIFICATION = Model.parse(LOCAL_CLASSIFICATION_MODEL)
LOCAL_STYLE = Model.parse(LOCAL_STYLE_MODEL)
_LOCAL_MODELS = {
    "EMBEDDING_MODEL": LOCAL_EMBEDDING_MODEL,
    "CLASSIFICATION_MODEL": LOCAL_CLASSIFICATION_MODEL,
    "STYLE_MODEL": LOCAL_STYLE_MODEL,
    "STYLE_FALLBACK_MODEL": LOCAL_STYLE_MODEL,
}


def read_models(env: Mapping[str, str], today: date) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the AI providers that have a key or an address with the model for each purpose.

    Second: sentences about defaults that changed with the calendar, and what is set in vain.
    """
    openai = endpoint(env, "OPENAI", ends="/v1")
    anthropic = endpoint(env, "ANTHROPIC", ends=None)
    known = {LOCAL, *([OPENAI] if openai else []), *([ANTHROPIC] if anthropic else [])}
    keyed = bool(text(env, "OPENAI_API_KEY"))
    mini = "gpt-5-mini" if today < GPT_5_MINI_ENDS else "gpt-6.1-terra"
    fallback = f"{OPENAI}:gpt-5.2" if keyed else None
    style = f"{ANTHROPIC}:claude-opus-4-6" if anthropic else fallback or LOCAL_STYLE_MODEL
    embedding = f"{OPENAI}:text-embedding-3-small" if keyed else LOCAL_EMBEDDING_MODEL
    labels = f"{OPENAI}:{mini}" if keyed else LOCAL_CLASSIFICATION_MODEL
    models: dict[str, Model | None] = {
        "embedding_model": _model(env, "EMBEDDING_MODEL", embedding, known - {ANTHROPIC}),
        "classification_model": _model(env, "CLASSIFICATION_MODEL", labels, known - {ANTHROPIC}),
        "style_model": _model(env, "STYLE_MODEL", style, known),
        "style_fallback_model": _model(env, "STYLE_FALLBACK_MODEL", fallback or style, known),
    }
    if models["style_fallback_model"] == models["style_model"]:
        models["style_fallback_model"] = None
    notices = []
    if keyed and today >= GPT_5_MINI_ENDS and text(env, "CLASSIFICATION_MODEL") is None:
        notices.append(
            f"CLASSIFICATION_MODEL is not set, and openai:gpt-5-mini ended on {GPT_5_MINI_ENDS}: "
            f"{labels} chooses labels now, at other prices. Name it, or another, and this is no "
            "longer said; what gpt-5-mini chose stays until: linkedin-pipeline requeue "
            "--model-changed"
        )
    cascade = similarity(env, "CLASSIFICATION_CASCADE")
    chooser = models["classification_model"]
    if cascade is not None and chooser is not None and chooser.provider == LOCAL:
        notices.append(
            f"CLASSIFICATION_CASCADE is set and does nothing: it saves calls, and {chooser}, which "
            "chooses labels, makes none. Unset it, or name a paid CLASSIFICATION_MODEL."
        )
        cascade = None
    read = {"openai": openai, "anthropic": anthropic, **models, "classification_cascade": cascade}
    return read, tuple(notices)


def _model(env: Mapping[str, str], name: str, default: str, providers: AbstractSet[str]) -> Model:
    value = text(env, name)
    try:
        model = Model.parse(value or default)
    except ValueError:
        raise Misconfigured(
            name, f"{value!r} is not written provider:model", f"Unset it for {default}."
        ) from None
    if model.provider in {OPENAI, ANTHROPIC} and model.provider not in providers:
        needed = f"{model.provider.upper()}_API_KEY"
        remedy = f"Set {needed}, or unset {name} for {default}."
        if model.provider == ANTHROPIC and not name.startswith("STYLE"):
            needed, remedy = "another purpose", "Anthropic's models write styles only here."
        raise Misconfigured(name, f"{value!r} needs {needed}", remedy)
    local = _LOCAL_MODELS[name]
    if model.provider not in providers or (model.provider == LOCAL and str(model) != local):
        known = ", ".join(sorted(f"{provider}:…" for provider in providers - {LOCAL}))
        raise Misconfigured(
            name,
            f"{value!r} is not a model that this version can run",
            f"Write {' or '.join(filter(None, [local, known]))}, or unset it for {default}.",
        )
    return model
