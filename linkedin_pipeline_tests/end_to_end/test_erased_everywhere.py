"""A person whom the whole pipeline worked on, erased: no database knows name or words any more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import psycopg
import pytest

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.people import erase_profile
from linkedin_pipeline.database.urls import application_url, dagster_url
from linkedin_pipeline.domain.profiles import partition_key
from linkedin_pipeline.settings import PROJECT_ROOT, Settings
from linkedin_pipeline_tests.database.homes import homes, start
from linkedin_pipeline_tests.postgres import ask
from linkedin_pipeline_tests.scanning import found, found_in_files
from linkedin_pipeline_tests.terminal import Terminal

NAME, LINKEDIN_ID = "Zebulon Quäckenbush", "zebulon-quaeckenbush-77"
WORDS = (NAME, "Quäckenbush", LINKEDIN_ID, "glimmerwort", "snorkelbaum", "zeb@qb.example")
OTHER = "Perpetua Vandersloot"

# beside what the pipeline itself writes: a row in every other place that may speak of the person
TRACES = """
with a as (
    insert into unipile_accounts (profile_id, unipile_account_id, status)
    select id, 'acc-7', 'OK' from profiles where linkedin_id = 'zebulon-quaeckenbush-77'
    returning id, profile_id
), out as (
    insert into published_posts
        (profile_id, unipile_account_id, external_post_id, post_url, content)
    select profile_id, id, 'urn:li:share:7301', u, 'Published glimmerwort.' from a, (values
        ('https://www.linkedin.com/feed/update/urn:li:share:7301/'),
        ('https://www.linkedin.com/posts/zebulon-quaeckenbush-77_snorkelbaum-activity-7302-x')
    ) as v (u)
    returning id
), page as (
    insert into company_pages (name, admin_unipile_account_id) select 'Engines', id from a
    returning id
), repeated as (
    insert into company_published_posts
        (company_page_id, original_published_post_id, content, status, external_post_id)
    select page.id, out.id, 'As we said: glimmerwort.', 'published', '7310' from page, out
), draft as (
    insert into production_posts (author_id, final_content) select profile_id, 'snorkelbaum' from a
    returning id
), hook as (
    insert into generated_hooks (production_post_id, text) select id, 'glimmerwort!' from draft
), due as (
    insert into scheduled_posts (author_id, content, scheduled_at)
    select profile_id, 'Soon: snorkelbaum.', now() + interval '1 day' from a
), knows as (
    insert into knowledge (profile_id, title) select profile_id, 'On glimmerwort' from a
), said as (
    insert into engagement_logs (engager_profile_id, post_author_id, comment_text, external_post_id)
    select p.id, a.profile_id, 'Well said, Zebulon Quäckenbush!', 'urn:li:share:7301'
    from a, profiles p where p.full_name = 'Perpetua Vandersloot'
), logged as (
    insert into task_execution_logs_v2 (worker_name, status, error_message, results)
    values ('sync_profiles', 'failed', 'zebulon-quaeckenbush-77: gone',
        '{"profile": "Zebulon Quäckenbush", "of": ["zebulon-quaeckenbush-77"]}')
), went_wrong as (
    insert into ai_errors (function_name, error_message, metadata)
    values ('sync_profiles', 'No page of Zebulon Quäckenbush (zeb@qb.example).',
        '{"linkedin_id": "zebulon-quaeckenbush-77"}')
), asked as (
    insert into pipeline_requests (job, status, error_message)
    values ('weekly_profile_sync', 'failed', 'zebulon-quaeckenbush-77 was not found')
), paid as (
    insert into ai_usage_logs (profile_id, cost_usd, model)
    select profile_id, 1.25, 'style-model' from a
), called as (
    insert into provider_calls (profile_id, provider, subject)
    select profile_id, 'edges', 'zebulon-quaeckenbush-77' from a
), kept as (
    insert into ai_answers (key, label, profile_id)
    select '\\x01', '{"prompt": "Write of glimmerwort."}', profile_id from a
)
insert into profile_sync_status (profile_id, last_error)
select profile_id, 'Zebulon Quäckenbush is private' from a
on conflict (profile_id) do update set last_error = excluded.last_error;
update profiles set email = 'zeb@qb.example', sync_status = 'error'
where linkedin_id = 'zebulon-quaeckenbush-77';
analyze;
"""


def lines() -> Iterator[dict[str, Any]]:
    """Yield posts of two people; one of the person's has nothing to read, and is a dead letter."""
    for n in range(8):
        yield {
            "author": LINKEDIN_ID,
            "name": NAME,
            "linkedin_id": LINKEDIN_ID,
            "content": f"Glimmerwort, part {n}.\n\nWe planted a snorkelbaum, and {n} more.",
            "posted_at": f"2026-05-{n + 1:02}",
            "reactions": n,
        }
        yield {
            "author": "other",
            "name": OTHER,
            "linkedin_id": "perpetua",
            "content": f"Pricing, part {n}.\n\nWe asked customers, and {n} more.",
            "posted_at": f"2026-05-{n + 1:02}",
        }
    yield {"author": LINKEDIN_ID, "name": NAME, "linkedin_id": LINKEDIN_ID, "content": "🎉"}


@pytest.fixture(scope="module")
def settings() -> Iterator[Settings]:
    """Give settings whose embedded server runs."""
    with homes() as directory:
        home = directory / "home"
        start(home)
        yield Settings(home=home)


@pytest.fixture(scope="module")
def terminal(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """Give a command line over a bank in which the pipeline has done all its work."""
    terminal = Terminal({"LINKEDIN_PIPELINE_HOME": str(settings.home)})
    path = tmp_path_factory.mktemp("posts") / "posts.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines()))
    done = terminal.run("demo", "--posts", str(path))
    assert done.returncode == 0, done.stdout + done.stderr
    url = application_url(settings)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("update viral_posts_bank set content = content || ' Edited.'")
    added = terminal.run("profiles", "add", f"https://fr.linkedin.com/in/{LINKEDIN_ID.upper()}/")
    assert added.returncode == 0, added.stdout + added.stderr
    assert "it is there already" in added.stdout
    assert "Its style is written, from 9 posts." in added.stdout
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(TRACES.encode())
    return terminal


@pytest.fixture(scope="module")
def profile(terminal: Terminal, settings: Settings) -> UUID:
    """Give the person's id."""
    found_id = ask(
        application_url(settings), f"select id from profiles where linkedin_id = '{LINKEDIN_ID}'"
    )
    assert isinstance(found_id, UUID)
    return found_id


def test_before_the_person_is_everywhere(
    terminal: Terminal, settings: Settings, profile: UUID
) -> None:
    """The search finds what there is to find, or it would prove nothing; Dagster knows the key."""
    places = {place for place, _ in found(application_url(settings), WORDS)}
    assert {
        "profiles.full_name",
        "profiles.writing_style_prompt",
        "profiles.style_analysis",
        "viral_posts_bank.content",
        "viral_posts_bank.content (statistics)",
        "viral_posts_bank.hook",
        "published_posts.content",
        "task_execution_logs_v2.results",
        "ai_answers.label",
        "provider_calls.subject",
    } <= places
    in_dagster = {place for place, _ in found(dagster_url(settings), [partition_key(profile)])}
    assert {"dynamic_partitions.partition", "event_logs.partition", "runs.run_body"} <= in_dagster
    assert found(dagster_url(settings), WORDS) == set(), "a name or text went to Dagster"


def test_the_export_has_it_all(terminal: Terminal, settings: Settings) -> None:
    """Each place that the search finds by foreign key is in the document."""
    exported = terminal.run("profiles", "export", LINKEDIN_ID)
    assert exported.returncode == 0, exported.stderr
    tables = json.loads(exported.stdout)["tables"]
    assert len(tables["viral_posts_bank"]) == 9
    assert OTHER not in json.dumps(tables["viral_posts_bank"])
    places = {place.partition(".")[0] for place, _ in found(application_url(settings), WORDS)}
    in_logs = {"task_execution_logs_v2", "pipeline_requests"}
    assert places - in_logs <= tables.keys()


def test_afterwards_nobody_is(terminal: Terminal, settings: Settings, profile: UUID) -> None:
    """Neither text nor name is in any column of either database, nor in a log beside them."""
    url, posts = application_url(settings), "select count(*) from viral_posts_bank"
    asked = terminal.run("profiles", "erase", LINKEDIN_ID)
    assert asked.returncode == 2
    assert "--yes" in asked.stderr
    assert ask(url, posts) == 17

    # the server dies with this process, as it were, between the two databases
    with Database(url) as database:
        erase_profile(database, profile)
    assert found(dagster_url(settings), [partition_key(profile)])
    done = terminal.run("profiles", "erase", LINKEDIN_ID, "--yes")
    assert done.returncode == 0, done.stderr

    assert found(url, WORDS) == set()
    assert found(dagster_url(settings), WORDS) == set()
    # the key leads to nobody, and the planner's sample of it passes with the next one
    keys = {place for place, _ in found(dagster_url(settings), [partition_key(profile)])}
    assert {place for place in keys if not place.endswith("(statistics)")} == set()
    assert settings.home is not None
    for directory in (settings.home, PROJECT_ROOT / "storage"):
        for path in directory.glob("*") if directory.exists() else ():
            if path.name != "postgres" and path.is_dir():
                assert found_in_files(path, WORDS) == set()
    for log in settings.home.rglob("*.log"):
        assert not [w for w in WORDS if w.lower() in log.read_text("utf-8", "replace").lower()]

    # what is others' stays, and sums add up
    assert ask(url, posts) == 8
    assert ask(url, "select sum(cost_usd)::text from ai_usage_logs") == "1.25000000"
    assert ask(url, "select array_agg(post_url order by post_url) from kept_publications") == [
        "https://www.linkedin.com/feed/update/urn:li:share:7301/",
        None,
    ]
    again = terminal.run("profiles", "erase", str(profile), "--yes")
    assert (again.returncode, again.stderr) == (0, "")
    assert "nothing is left to do" in again.stdout


def test_the_others_go_on(terminal: Terminal) -> None:
    """Dagster's pages of the asset can be read, and the next style is recorded."""
    done = terminal.run("profiles", "add", "linkedin.com/in/perpetua", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["style"] is True


def test_a_whole_erasure_by_the_command(terminal: Terminal, settings: Settings) -> None:
    """The ordinary way, uninterrupted: both databases at once."""
    done = terminal.run("profiles", "erase", "PERPETUA", "--yes", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"erased": True, "posts": 8, "publications_kept": 0}
    words = (OTHER, "Vandersloot", "perpetua", "We asked customers")
    assert found(dagster_url(settings), words) == set()
    assert found(application_url(settings), words) == set()
    cleared = "select count(*) from erasures where dagster_cleared_at is not null"
    assert ask(application_url(settings), cleared) == 2
