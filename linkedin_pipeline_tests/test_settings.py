"""Settings: what the environment may say, and what is refused with a remedy."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from linkedin_pipeline.domain.ai import Model
from linkedin_pipeline.domain.errors import Misconfigured
from linkedin_pipeline.settings import (
    LOCAL_CLASSIFICATION_MODEL,
    LOCAL_EMBEDDING_MODEL,
    LOCAL_STYLE_MODEL,
    PROJECT_ROOT,
    Endpoint,
    Settings,
)

APPLICATION = "postgresql://u:hunter2@db.example:5432/app"


def test_nothing_needs_to_be_set() -> None:
    """An empty environment gives the defaults."""
    assert Settings.from_environment({}) == Settings(
        home=None,
        database_url=None,
        dagster_database_url=None,
        embedding_model=Model.parse(LOCAL_EMBEDDING_MODEL),
        classification_model=Model.parse(LOCAL_CLASSIFICATION_MODEL),
        style_model=Model.parse(LOCAL_STYLE_MODEL),
        style_fallback_model=None,
        openai=None,
        anthropic=None,
        ai_daily_budget=None,
        notices=(),
        style_min_posts=5,
    )


def test_the_process_environment_is_read_when_none_is_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without an argument the variables of the process count."""
    monkeypatch.setenv("DATABASE_URL", APPLICATION)
    assert Settings.from_environment().database_url == APPLICATION


@pytest.mark.parametrize(
    "name", ["LINKEDIN_PIPELINE_HOME", "DATABASE_URL", "DAGSTER_DATABASE_URL", "EMBEDDING_MODEL"]
)
@pytest.mark.parametrize("value", ["", "  \t"])
def test_an_empty_variable_counts_as_unset(name: str, value: str) -> None:
    """An empty or blank value means the default, as compose files and CI systems write it."""
    assert Settings.from_environment({name: value}) == Settings()


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (APPLICATION, APPLICATION),
        (f"  {APPLICATION}\n", APPLICATION),
        ("postgres://h/app", "postgresql://h/app"),
        ("POSTGRESQL://h/app", "postgresql://h/app"),
        ("postgresql:///app?host=/run/postgresql", "postgresql:///app?host=/run/postgresql"),
        ("postgresql://[::1]:5433/app", "postgresql://[::1]:5433/app"),
    ],
)
@pytest.mark.parametrize("name", ["DATABASE_URL", "DAGSTER_DATABASE_URL"])
def test_a_database_url_gets_one_spelling(name: str, written: str, read: str) -> None:
    """Both schemes that libpq knows are accepted and come out as ``postgresql``."""
    settings = Settings.from_environment({name: written})
    assert getattr(settings, name.lower()) == read


@pytest.mark.parametrize(
    "value",
    [
        "hunter2",
        "mysql://u:hunter2@h/app",
        "postgresql+psycopg2://u:hunter2@h/app",
        "postgresql://u:hunter2@h",
        "postgresql://u:hunter2@h/",
        "postgresql://u:hunter2@h:port/app",
        "postgresql://u:hunter2@h:99999/app",
        "postgresql://u:hunter2@[::1/app",
        "postgresql://u:hunter2@h\u2100/app",
    ],
)
@pytest.mark.parametrize("name", ["DATABASE_URL", "DAGSTER_DATABASE_URL"])
def test_a_malformed_url_is_refused_without_showing_it(name: str, value: str) -> None:
    """The error names the variable and the remedy, and no part of it holds the password."""
    with pytest.raises(Misconfigured, match="postgresql://user:password@host") as caught:
        Settings.from_environment({name: value})
    assert caught.value.subject == name
    assert "hunter2" not in str(caught.value)
    assert caught.value.__context__ is None, "a chained error would print the URL in a traceback"


@pytest.mark.parametrize(
    ("application", "dagster"),
    [
        (APPLICATION, APPLICATION),
        (APPLICATION, "postgres://dagster:other@DB.example/app"),
        ("postgresql://localhost/app", "postgresql://127.0.0.1:5432/app"),
        ("postgresql:///app", "postgresql://[::1]/app"),
        ("postgresql://h/app", "postgresql://h/%61pp"),
        ("postgresql://h/app", "postgresql:///app?host=h"),
        ("postgresql://h/app", "postgresql://h/other?dbname=app"),
        ("postgresql://h:6000/app", "postgresql://h/app?port=6000"),
    ],
)
def test_one_database_for_both_is_refused(application: str, dagster: str) -> None:
    """Dagster's tables never share the application's database, however its URL is spelt."""
    with pytest.raises(Misconfigured, match=r"^DAGSTER_DATABASE_URL: .*same database"):
        Settings.from_environment({"DATABASE_URL": application, "DAGSTER_DATABASE_URL": dagster})


@pytest.mark.parametrize(
    "dagster",
    [
        "postgresql://db.example:5432/dagster",
        "postgresql://db.example:5433/app",
        "postgresql://elsewhere.example/app",
        "postgresql:///app?host=/run/postgresql",
    ],
)
def test_two_databases_are_accepted(dagster: str) -> None:
    """Another name, port, host or socket is another database."""
    settings = Settings.from_environment(
        {"DATABASE_URL": APPLICATION, "DAGSTER_DATABASE_URL": dagster}
    )
    assert settings.dagster_database_url == dagster


def test_urls_stay_out_of_the_repr() -> None:
    """Settings may be printed or logged: passwords are not part of that."""
    settings = Settings.from_environment(
        {"DATABASE_URL": APPLICATION, "DAGSTER_DATABASE_URL": f"{APPLICATION}_dagster"}
    )
    assert "hunter2" not in repr(settings)


def test_home_may_be_made_later(tmp_path: Path) -> None:
    """An absolute directory is taken as it is, also before it exists; nothing is made."""
    home = tmp_path / "not" / "yet"
    assert Settings.from_environment({"LINKEDIN_PIPELINE_HOME": str(home)}).home == home
    assert not (tmp_path / "not").exists()


def test_home_expands_the_tilde(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A tilde that no shell expanded (in a unit or compose file) means the home directory."""
    monkeypatch.setenv("HOME", str(tmp_path))
    settings = Settings.from_environment({"LINKEDIN_PIPELINE_HOME": "~/posts"})
    assert settings.home == tmp_path / "posts"


def test_a_relative_home_counts_from_the_project(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One value means one place, whichever directory a process was started in."""
    monkeypatch.chdir(tmp_path)
    settings = Settings.from_environment({"LINKEDIN_PIPELINE_HOME": "posts"})
    assert settings.home == PROJECT_ROOT / "posts"


def test_a_home_that_cannot_be_a_directory_is_refused(tmp_path: Path) -> None:
    """A file, a place below a file, an unknown user's home and an overlong name are refused."""
    file = tmp_path / "file"
    file.touch()
    for value in (file, file / "below", "~nobody-of-that-name/posts", tmp_path / ("x" * 5000)):
        with pytest.raises(Misconfigured, match=r"^LINKEDIN_PIPELINE_HOME: .*directory"):
            Settings.from_environment({"LINKEDIN_PIPELINE_HOME": str(value)})


def test_the_local_models_may_be_named() -> None:
    """Writing the defaults out is the same as leaving them unset."""
    named = {
        "EMBEDDING_MODEL": LOCAL_EMBEDDING_MODEL,
        "CLASSIFICATION_MODEL": LOCAL_CLASSIFICATION_MODEL,
        "STYLE_MODEL": LOCAL_STYLE_MODEL,
    }
    assert Settings.from_environment(named) == Settings()


def test_keys_choose_paid_models() -> None:
    """With both keys OpenAI embeds and labels, Claude writes styles, GPT-5.2 in its place."""
    settings = Settings.from_environment(
        {"OPENAI_API_KEY": "sk-1", "ANTHROPIC_API_KEY": "sk-2"}, today=date(2026, 12, 10)
    )
    assert str(settings.embedding_model) == "openai:text-embedding-3-small"
    assert str(settings.classification_model) == "openai:gpt-5-mini"
    assert str(settings.style_model) == "anthropic:claude-opus-4-6"
    assert str(settings.style_fallback_model) == "openai:gpt-5.2"


def test_the_default_follows_the_shutdown_of_gpt_5_mini() -> None:
    """From that day on its named replacement is the default; who names a model is obeyed."""
    key, day = {"OPENAI_API_KEY": "sk-1"}, date(2026, 12, 11)
    settings = Settings.from_environment(key, today=day)
    assert str(settings.classification_model) == "openai:gpt-6.1-terra"
    assert "openai:gpt-6.1-terra chooses labels now" in settings.notices[0]
    assert Settings.from_environment(key, today=date(2026, 12, 10)).notices == ()
    named = {**key, "CLASSIFICATION_MODEL": "openai:gpt-5-mini"}
    assert Settings.from_environment(named, today=day).notices == ()
    assert str(Settings.from_environment(named, today=day).classification_model) == (
        "openai:gpt-5-mini"
    )


def test_one_key_is_enough_for_styles() -> None:
    """OpenAI alone writes styles by what would be the fallback, Claude alone has none."""
    openai = Settings.from_environment({"OPENAI_API_KEY": "sk-1"})
    assert (str(openai.style_model), openai.style_fallback_model) == ("openai:gpt-5.2", None)
    claude = Settings.from_environment({"ANTHROPIC_API_KEY": "sk-2"})
    assert (str(claude.style_model), claude.style_fallback_model) == (
        "anthropic:claude-opus-4-6",
        None,
    )
    assert str(claude.embedding_model) == LOCAL_EMBEDDING_MODEL


def test_a_server_of_ones_own_needs_no_key() -> None:
    """An address makes its models nameable, and changes no default."""
    address = {"OPENAI_BASE_URL": "http://127.0.0.1:11434/v1/"}
    settings = Settings.from_environment(address)
    assert str(settings.embedding_model) == LOCAL_EMBEDDING_MODEL
    assert settings.openai == Endpoint(None, "http://127.0.0.1:11434/v1")
    named = {**address, "EMBEDDING_MODEL": "openai:nomic-embed-text:v1.5"}
    assert Settings.from_environment(named).embedding_model.name == "nomic-embed-text:v1.5"


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"EMBEDDING_MODEL": "ada"}, "EMBEDDING_MODEL: 'ada' is not written provider:model"),
        ({"EMBEDDING_MODEL": "openai:ada"}, "'openai:ada' needs OPENAI_API_KEY"),
        ({"EMBEDDING_MODEL": "local:bert"}, f"'local:bert'.*{LOCAL_EMBEDDING_MODEL}"),
        ({"CLASSIFICATION_MODEL": "mistral:small"}, f"small'.*{LOCAL_CLASSIFICATION_MODEL}"),
        ({"STYLE_MODEL": "anthropic:claude"}, "needs ANTHROPIC_API_KEY"),
        (
            {"CLASSIFICATION_MODEL": "anthropic:claude", "ANTHROPIC_API_KEY": "k"},
            "write styles only",
        ),
        ({"OPENAI_BASE_URL": "ftp://u:hunter2@h/v1"}, "OPENAI_BASE_URL: it is not an http"),
        ({"OPENAI_BASE_URL": "https://h"}, "does not end in /v1"),
        ({"ANTHROPIC_BASE_URL": "https://h/v1"}, "ends in /v1"),
        ({"OPENAI_API_KEY": "hunter2 hunter2"}, "OPENAI_API_KEY: it holds characters"),
        ({"AI_DAILY_BUDGET_USD": "five"}, "'five' is not an amount of US dollars"),
        ({"AI_DAILY_BUDGET_USD": "-1"}, "'-1' is not an amount"),
        ({"AI_DAILY_BUDGET_USD": "nan"}, "'nan' is not an amount"),
        ({"CLASSIFICATION_CASCADE": "on"}, "'on' is not a similarity.*such as 0.8"),
        ({"CLASSIFICATION_CASCADE": "0"}, "'0' is not a similarity"),
        ({"CLASSIFICATION_CASCADE": "1.01"}, "'1.01' is not a similarity"),
        ({"CLASSIFICATION_CASCADE": "nan"}, "'nan' is not a similarity"),
    ],
)
def test_unusable_model_settings_are_refused(environment: dict[str, str], words: str) -> None:
    """The error names the variable, what was met, never a secret, and what to write."""
    with pytest.raises(Misconfigured, match=words) as refused:
        Settings.from_environment(environment)
    assert "hunter2" not in str(refused.value)


def test_keys_stay_out_of_the_repr() -> None:
    """Settings may be printed or logged."""
    keys = {"OPENAI_API_KEY": "hunter2", "ANTHROPIC_BASE_URL": "https://u:hunter2@h"}
    assert "hunter2" not in repr(Settings.from_environment(keys))


@pytest.mark.parametrize("text", ["5", "2.50", "0"])
def test_a_budget_is_read(text: str) -> None:
    """Exactly, as money is."""
    settings = Settings.from_environment({"AI_DAILY_BUDGET_USD": text})
    assert settings.ai_daily_budget == Decimal(text)


@pytest.mark.parametrize("value", ["0", "-1", "five", "1001", "2.5", "\u0665"])
def test_a_bad_number_of_posts_is_refused(value: str) -> None:
    """The error shows the value and the range."""
    with pytest.raises(Misconfigured, match=r"STYLE_MIN_POSTS.*from 1 to 1000"):
        Settings.from_environment({"STYLE_MIN_POSTS": value})


def test_the_number_of_posts_for_a_style_is_read() -> None:
    """A whole number in range is taken."""
    assert Settings.from_environment({"STYLE_MIN_POSTS": "12"}).style_min_posts == 12


def test_the_cascade_is_read_where_labels_cost_calls() -> None:
    """Where they cost none it stays off, and a person is told."""
    cascade = {"CLASSIFICATION_CASCADE": "0.85"}
    paid = Settings.from_environment({**cascade, "OPENAI_API_KEY": "k"}, today=date(2026, 3, 1))
    assert paid.classification_cascade == 0.85
    assert paid.notices == ()
    assert paid.key_free().classification_cascade is None
    free = Settings.from_environment(cascade)
    assert free.classification_cascade is None
    assert "local:nearest, which chooses labels, makes none" in free.notices[0]
