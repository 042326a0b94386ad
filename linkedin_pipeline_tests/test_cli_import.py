"""``linkedin-pipeline import``."""

from __future__ import annotations

import json
import os
import re
import signal
from pathlib import Path
from typing import Any

import psycopg
import pytest

from linkedin_pipeline.database.archive import CHUNK
from linkedin_pipeline.settings import PROJECT_ROOT
from linkedin_pipeline_tests.postgres import ask
from linkedin_pipeline_tests.sql.bank import add_post, flagged, rows, value
from linkedin_pipeline_tests.terminal import Terminal
from linkedin_pipeline_tests.waiting import eventually

Connection = psycopg.Connection[Any]

POSTS = "select count(*) from viral_posts_bank"
SHARES = "Date,ShareLink,ShareCommentary,SharedUrl,MediaUrl,Visibility\n"
SECRET = "snorkelbaum"


@pytest.fixture
def terminal(database_url: str, tmp_path: Path) -> Terminal:
    """Give a command line over a database of the test's own."""
    return Terminal({"DATABASE_URL": database_url, "LINKEDIN_PIPELINE_HOME": str(tmp_path / "h")})


def post(number: int | str, **fields: Any) -> str:
    """Write a line of a file."""
    return json.dumps({"author": "ada", "id": number, "content": f"{SECRET} {number}", **fields})


def write(place: Path, *lines: str, name: str = "posts.jsonl") -> str:
    """Write a file and return its path."""
    path = place / name
    path.write_text("\n".join(lines))
    return str(path)


def test_a_file_comes_in_and_what_did_not_is_said(
    terminal: Terminal, connection: Connection, tmp_path: Path
) -> None:
    """Counts by reason with the first lines and the remedy; never the text of a post."""
    bad = [post(n, reactions=-n) for n in range(1, 8)]
    path = write(tmp_path, post(0), *bad, "nonsense", "", f'{{"content": "{SECRET}"}}', post(9))
    result = terminal.invoke("import", path)
    assert result.exit_code == 0, result.output
    assert result.output.startswith(
        "posts.jsonl: 11 rows: 2 posts added, 0 with a new text, 0 with new numbers or dates, "
        "0 unchanged, 9 rows skipped.\n"
    )
    assert re.search(
        r"^a number that is none +7 +2, 3, 4, 5, 6 +Give it as", result.output, re.MULTILINE
    )
    assert re.search(r"^no author +1 +11 ", result.output, re.MULTILINE)
    assert "linkedin-pipeline enrich" in result.output
    document = terminal.json("import", path)
    assert (document["added"], document["unchanged"], document["rows"]) == (0, 2, 11)
    assert document["skipped"][0] == {
        "reason": "bad_number",
        "rows": 7,
        "first_lines": [2, 3, 4, 5, 6],
        "remedy": "Give it as a whole number that is not negative.",
    }
    assert SECRET not in result.output + json.dumps(document)
    assert value(connection, POSTS) == 2


def test_a_second_import_changes_nothing_and_a_changed_text_is_enriched(
    terminal: Terminal, connection: Connection, tmp_path: Path
) -> None:
    """Unchanged rows raise no flag; new numbers are written without work; new text wants it."""
    url = "https://www.linkedin.com/posts/ada_x-share-730000000000000000"
    path = write(tmp_path, *(post(n, post_url=f"{url}{n}", reactions=n) for n in range(3)))
    assert terminal.json("import", path)["added"] == 3
    connection.execute("update viral_posts_bank set needs_hook_extraction = false")
    before = rows(connection, "select id, xmin::text from viral_posts_bank order by id")
    assert terminal.json("import", path)["unchanged"] == 3
    assert rows(connection, "select id, xmin::text from viral_posts_bank order by id") == before

    write(
        tmp_path,
        post(0, post_url=f"{url}0", reactions=100),
        post("another key", post_url=f"{url}1?trk=x", content="Rewritten.", reactions=1),
        post(2, post_url=f"{url}2", reactions=2),
    )
    document = terminal.json("import", path)
    assert [document[k] for k in ("added", "changed", "refreshed", "unchanged")] == [0, 1, 1, 1]
    assert value(connection, POSTS) == 3
    found = rows(
        connection,
        "select metrics ->> 'likes', content = 'Rewritten.', needs_hook_extraction "
        "from viral_posts_bank order by post_url",
    )
    assert found == [("100", False, False), ("1", True, True), ("2", False, False)]


def test_shares_of_a_profile(terminal: Terminal, connection: Connection, tmp_path: Path) -> None:
    """LinkedIn's export needs to be told whose it is, by identifier, name or id."""
    profile = value(
        connection,
        "insert into profiles (full_name, linkedin_id) values ('Ada L.', 'ada-l') returning id",
    )
    link = "https://www.linkedin.com/feed/update/urn%3Ali%3Ashare%3A7300000000000000001"
    path = write(
        tmp_path, f'{SHARES}2026-05-01 10:00:00,{link},"One.""\n""Two.",,,PUBLIC', name="Shares.csv"
    )
    refused = terminal.invoke("import", path)
    assert refused.exit_code == 2
    assert "--profile" in refused.stderr
    assert terminal.invoke("import", path, "--profile", "bob").exit_code == 2
    key = f"profile-{profile.hex[:12]}"
    for who, added in (("ada-l", 1), ("ADA L.", 0), (str(profile), 0), (key, 0)):
        assert terminal.json("import", path, "--profile", who)["added"] == added
    assert rows(
        connection,
        "select author_id, content, post_url, original_post_date::text from viral_posts_bank",
    ) == [
        (
            profile,
            "One.\nTwo.",
            "https://www.linkedin.com/feed/update/urn:li:share:7300000000000000001/",
            "2026-05-01 10:00:00+00",
        )
    ]


def test_metrics_that_a_file_does_not_know_stay(
    terminal: Terminal, connection: Connection, tmp_path: Path
) -> None:
    """Shares.csv says nothing of likes, and takes none away."""
    connection.execute("insert into profiles (full_name) values ('Ada')")
    url = "https://www.linkedin.com/feed/update/urn:li:share:7300000000000000001/"
    known = add_post(connection, "Text.", post_url=url, metrics='{"likes": 7}')
    path = write(tmp_path, f"{SHARES}2026-05-01 10:00:00,{url},Text.,,,PUBLIC", name="Shares.csv")
    before = flagged(connection, known)
    assert terminal.json("import", path, "--profile", "Ada")["refreshed"] == 1  # the date
    assert value(connection, "select metrics from viral_posts_bank") == {"likes": 7}
    assert flagged(connection, known) == before


def test_broken_files_are_wrong_use(
    terminal: Terminal, connection: Connection, tmp_path: Path
) -> None:
    """Exit code 2, one line, nothing added, nothing on standard output."""
    for name, data in {
        "binary.csv": b"\x00\x01",
        "empty.jsonl": b"",
        "blank.jsonl": b"\n \n",
        "cp1252.csv": "content,author\né,a".encode("cp1252"),
        "photo.jpg": b"\xff\xd8\xff\xe0",
    }.items():
        (tmp_path / name).write_bytes(data)
    for name in ("binary.csv", "empty.jsonl", "blank.jsonl", "cp1252.csv", "photo.jpg", "none", ""):
        result = terminal.invoke("import", str(tmp_path / name))
        assert (result.exit_code, result.stdout) == (2, ""), name
        assert result.stderr.startswith("error: "), name
        assert result.stderr.count("\n") == 1
    assert value(connection, POSTS) == 0


def test_nothing_usable_is_a_failure(terminal: Terminal, tmp_path: Path) -> None:
    """When no row is a post the report is given, and the exit code is 1."""
    result = terminal.invoke("import", write(tmp_path, "nonsense", "{}"))
    assert result.exit_code == 1
    assert "2 rows skipped" in result.output


def test_a_killed_import_goes_on(terminal: Terminal, database_url: str, tmp_path: Path) -> None:
    """SIGKILL after two of three chunks: the same file adds the rest, and nothing twice."""
    lines = [post(n) for n in range(3 * CHUNK)]
    pipe = tmp_path / "posts.jsonl"
    os.mkfifo(pipe)
    process = terminal.start("import", str(pipe))
    with pipe.open("w") as file:
        file.write("\n".join(lines[: 2 * CHUNK + 500]) + "\n")
        file.flush()
        eventually(lambda: ask(database_url, POSTS) == 2 * CHUNK, within=120)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    pipe.unlink()
    document = terminal.json("import", write(tmp_path, *lines))
    assert (document["added"], document["unchanged"]) == (CHUNK, 2 * CHUNK)
    assert ask(database_url, POSTS) == 3 * CHUNK
    assert ask(database_url, "select count(*) from post_work") == 4 * 3 * CHUNK


def test_an_interrupted_import_says_so(
    terminal: Terminal, database_url: str, tmp_path: Path
) -> None:
    """Ctrl-C keeps what was added."""
    pipe = tmp_path / "posts.jsonl"
    os.mkfifo(pipe)
    process = terminal.start("import", str(pipe))
    with pipe.open("w") as file:
        file.write("\n".join(post(n) for n in range(CHUNK + 500)) + "\n")
        file.flush()
        eventually(lambda: ask(database_url, POSTS) == CHUNK, within=120)
        os.kill(process.pid, signal.SIGINT)
        output, errors = process.communicate(timeout=120)
    assert (process.returncode, errors) == (1, "")
    assert "Interrupted." in output


def test_a_bar_on_a_terminal_and_lines_elsewhere(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lines fit into 80 columns; without a terminal there is a line now and then."""
    path = write(tmp_path, *(post(n) for n in range(CHUNK + 1)), "nonsense")
    code, output = terminal.on_tty("import", path)
    assert code == 0, output
    lines = re.split(r"[\r\n]+", output)
    assert any(line.startswith("reading ━") for line in lines)
    assert max(map(len, lines)) <= 80
    monkeypatch.setattr("linkedin_pipeline.commands.importing.SAY_EVERY", CHUNK)
    plain = terminal.invoke("import", path)
    assert f"{CHUNK:,} posts read\n" in plain.output


def test_the_shipped_samples_come_in_whole(terminal: Terminal) -> None:
    """Nothing of them is skipped."""
    document = terminal.json("import", str(PROJECT_ROOT / "linkedin_pipeline/samples/posts.jsonl"))
    assert (document["rows"], document["skipped"]) == (document["added"], [])


def test_the_measured_posts_come_in_whole(terminal: Terminal, shared_data: Path) -> None:
    """A file of real posts: 2,473 rows, and the second import changes none."""
    path = str(shared_data / "posts.jsonl")
    assert terminal.json("import", path)["added"] == 2473
    assert terminal.json("import", path)["unchanged"] == 2473
