"""``linkedin-pipeline demo``: the whole way of a post, as a newcomer sees it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from linkedin_pipeline.database.urls import application_url, dagster_url
from linkedin_pipeline.settings import Settings
from linkedin_pipeline_tests.database.homes import homes, start
from linkedin_pipeline_tests.postgres import ask
from linkedin_pipeline_tests.terminal import Terminal

POSTS = "select count(*) from viral_posts_bank"


@pytest.fixture(scope="module")
def settings() -> Iterator[Settings]:
    """Give settings whose embedded server runs."""
    with homes() as directory:
        home = directory / "home"
        start(home)
        yield Settings(home=home)


@pytest.fixture(scope="module")
def terminal(settings: Settings) -> Terminal:
    """Give a command line over that server."""
    return Terminal({"LINKEDIN_PIPELINE_HOME": str(settings.home)})


@pytest.fixture(scope="module")
def shown(terminal: Terminal) -> CompletedProcess[str]:
    """Give the first demo and what it printed."""
    return terminal.run("demo")


def test_the_first_demo_goes_the_whole_way(
    shown: CompletedProcess[str], settings: Settings
) -> None:
    """Sample posts come in, get everything, and are found again; runs stand in Dagster."""
    assert (shown.returncode, shown.stderr) == (0, "")
    url = application_url(settings)
    posts = ask(url, POSTS)
    assert f"Loaded {posts} posts from posts.jsonl" in shown.stdout
    assert ask(url, "select count(*) from post_work") == 0
    done = ask(url, "select count(embedding) from viral_posts_bank")
    assert re.search(rf"^embeddings +{done} ", shown.stdout, re.MULTILINE)
    assert re.search(rf"^topic_classifications +{done} ", shown.stdout, re.MULTILINE)
    searches = shown.stdout.split("Search: ")[1:]
    assert len(searches) == 3
    assert all(re.search(r"^ +0\.\d\d  \S", search, re.MULTILINE) for search in searches)
    assert f"The bank now holds {posts} posts" in shown.stdout
    assert ask(dagster_url(settings), "select count(*) from runs where status = 'SUCCESS'") > 0


def test_what_it_proposes_exists(shown: CompletedProcess[str], terminal: Terminal) -> None:
    """Each command of the last lines is one."""
    proposed = re.findall(r"^  linkedin-pipeline (\w+)", shown.stdout, re.MULTILINE)
    assert proposed
    assert all(terminal.invoke(name, "--help").exit_code == 0 for name in proposed)


@pytest.mark.usefixtures("shown")
def test_a_second_demo_adds_nothing(terminal: Terminal, settings: Settings) -> None:
    """It says so, does nothing again, and searches as before; DATABASE_URL is left alone."""
    before = ask(application_url(settings), POSTS)
    other = "postgresql://me:secret@127.0.0.1:9/bank"
    second = Terminal({**terminal.environment, "DATABASE_URL": other}).run("demo")
    assert (second.returncode, second.stderr) == (0, "")
    assert "DATABASE_URL is set; the demo leaves it alone" in second.stdout
    assert "Every post of posts.jsonl is in the bank already: nothing added." in second.stdout
    assert "there was nothing to do" in second.stdout
    assert second.stdout.count("Search: ") == 3
    assert ask(application_url(settings), POSTS) == before


@pytest.mark.usefixtures("shown")
def test_posts_of_ones_own_on_a_terminal(
    terminal: Terminal, settings: Settings, tmp_path: Path
) -> None:
    """Lines fit into 80 columns and numbers keep their colour."""
    path = tmp_path / "mine.jsonl"
    lines = [{"author": "me", "content": f"Post {n} on beekeeping, of 2026."} for n in range(20)]
    path.write_text("\n".join(map(json.dumps, lines)))
    code, output = terminal.on_tty("demo", "--posts", str(path))
    assert code == 0, output
    assert "Loaded 20 posts from mine.jsonl" in output
    assert max(map(len, re.split(r"[\r\n]+", output))) <= 80
    mine = "select count(*) from viral_posts_bank where content ~ 'beekeeping' and hook is not null"
    assert ask(application_url(settings), mine) == 20


@pytest.mark.usefixtures("shown")
def test_a_bad_file_names_the_line(terminal: Terminal, settings: Settings, tmp_path: Path) -> None:
    """Wrong use: exit code 2, the line and what to write; nothing of the file's chunk is added."""
    before = ask(application_url(settings), POSTS)
    path = tmp_path / "bad.jsonl"
    path.write_text('{"author": "me", "content": "Fine."}\n{"author": "me"}\n')
    result = terminal.run("demo", "--posts", str(path))
    assert result.returncode == 2
    assert "bad.jsonl, line 2: content is None" in result.stderr
    assert result.stderr.count("\n") == 1
    assert ask(application_url(settings), POSTS) == before
    assert terminal.run("demo", "--posts", str(tmp_path / "none.jsonl")).returncode == 2
