"""Settings: what the environment may say, and what is refused with a remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from linkedin_pipeline.domain.errors import Misconfigured
from linkedin_pipeline.settings import LOCAL_EMBEDDING_MODEL, PROJECT_ROOT, Settings

APPLICATION = "postgresql://u:hunter2@db.example:5432/app"


def test_nothing_needs_to_be_set() -> None:
    """An empty environment gives the defaults."""
    assert Settings.from_environment({}) == Settings(
        home=None,
        database_url=None,
        dagster_database_url=None,
        embedding_model=LOCAL_EMBEDDING_MODEL,
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


def test_an_unknown_embedding_model_is_refused() -> None:
    """The error shows the value that was met and the one to write."""
    with pytest.raises(Misconfigured, match=f"'openai:ada'.*{LOCAL_EMBEDDING_MODEL}"):
        Settings.from_environment({"EMBEDDING_MODEL": "openai:ada"})


def test_the_local_model_may_be_named() -> None:
    """Writing the default out is the same as leaving it unset."""
    assert Settings.from_environment({"EMBEDDING_MODEL": LOCAL_EMBEDDING_MODEL}) == Settings()


@pytest.mark.parametrize("value", ["0", "-1", "five", "1001", "2.5", "\u0665"])
def test_a_bad_number_of_posts_is_refused(value: str) -> None:
    """The error shows the value and the range."""
    with pytest.raises(Misconfigured, match=r"STYLE_MIN_POSTS.*from 1 to 1000"):
        Settings.from_environment({"STYLE_MIN_POSTS": value})


def test_the_number_of_posts_for_a_style_is_read() -> None:
    """A whole number in range is taken."""
    assert Settings.from_environment({"STYLE_MIN_POSTS": "12"}).style_min_posts == 12
