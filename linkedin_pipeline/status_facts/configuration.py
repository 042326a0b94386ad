"""What is configured, and what is not."""

from __future__ import annotations

from linkedin_pipeline.domain.ai import LOCAL
from linkedin_pipeline.settings import Settings
from linkedin_pipeline.wiring import Providers


def services(providers: Providers) -> dict[str, str | None]:
    """Return the model or account behind each service; None means "not configured"."""
    told = providers.settings.alert_webhook_url is not None
    return {
        "embeddings": providers.embedder.model,
        "classification": providers.classifier.model,
        "styles": providers.style_writer.model,
        "publishing": "unipile" if providers.settings.unipile else None,
        "sync": "edges" if providers.settings.edges else None,
        "incidents": "told by ALERT_WEBHOOK_URL" if told else "only shown here",
    }


def not_configured(settings: Settings) -> list[dict[str, str | list[str]]]:
    """Return what is not configured: the variables to set, and what is so until they are."""
    paid = any(model.provider != LOCAL for model in settings.models)
    without = [
        (
            settings.openai is None and settings.embedding_model.provider == LOCAL,
            "OpenAI",
            ["OPENAI_API_KEY"],
            "embeddings and labels are made on this computer",
        ),
        (
            settings.anthropic is None and settings.style_model.provider == LOCAL,
            "Anthropic",
            ["ANTHROPIC_API_KEY"],
            "styles are measured, not written by a model",
        ),
        (
            settings.unipile is None,
            "publishing",
            ["UNIPILE_API_KEY", "UNIPILE_BASE_URL"],
            "due posts stay pending",
        ),
        (settings.edges is None, "sync", ["EDGES_API_KEY"], "no profile is read from LinkedIn"),
        (
            paid and settings.ai_daily_budget is None,
            "a budget",
            ["AI_DAILY_BUDGET_USD"],
            "nothing limits what models cost a day",
        ),
        (
            settings.scheduler_secret is None,
            "HTTP gateway",
            ["SCHEDULER_SECRET"],
            "its routes answer 503",
        ),
        (
            settings.alert_webhook_url is None,
            "a webhook",
            ["ALERT_WEBHOOK_URL"],
            "incidents are only shown here",
        ),
    ]
    return [
        {"what": what, "set": variables, "until_then": consequence}
        for missing, what, variables, consequence in without
        if missing
    ]
