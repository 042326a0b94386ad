"""Work goes on in a database that was taken over."""

from __future__ import annotations

from pathlib import Path

from linkedin_pipeline_tests.postgres import PostgresServer, ask
from linkedin_pipeline_tests.terminal import Terminal


def test_posts_that_came_over_are_enriched(
    adopted_url: str, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    """Stages whose switch was on finish; the hook and the label that were paid for are kept."""
    with postgres_server.database() as dagster_url:
        terminal = Terminal(
            {
                "DATABASE_URL": adopted_url,
                "DAGSTER_DATABASE_URL": dagster_url,
                "LINKEDIN_PIPELINE_HOME": str(tmp_path),
            }
        )
        process = terminal.start("enrich")
        said = process.communicate(timeout=280)
    assert process.returncode == 0, said
    assert ask(adopted_url, "select count(*) from post_work") == 0
    assert ask(adopted_url, "select count(*) from viral_posts_bank where hook is null") == 0
    kept = "select hook || ' ' || embedding_model from viral_posts_bank where id::text like '%1'"
    assert ask(adopted_url, kept) == "Why now? openai:text-embedding-3-small"
