"""Titles of chat sessions, and the time of their last message."""

from __future__ import annotations

import unicodedata
from itertools import product
from queue import Queue
from uuid import UUID

import psycopg
import pytest

from linkedin_pipeline_tests.sql.bank import Connection, value, wait_until_blocked
from linkedin_pipeline_tests.sql.tables import add, at_once, cells, put

FAMILY = "👩‍👩‍👧‍👦"
"""Seven code points that readers take for one character."""


def say(connection: Connection, session: UUID, content: str, **columns: str) -> None:
    """Add a message."""
    add(connection, "chat_messages", session_id=session, content=content, **columns)


def titled(connection: Connection, content: str) -> str | None:
    """Return the title that a first message gives its session."""
    session = add(connection, "chat_sessions")
    say(connection, session, content)
    title: str | None = cells(connection, "chat_sessions", session, "title")
    return title


TITLES = [
    ("How do I begin?", "How do I begin?"),
    ("  How\n\tdo \r\n I\u00a0\u3000 begin? \u2003", "How do I begin?"),
    ("x" * 60, "x" * 60),
    ("x" * 61, "x" * 59 + "…"),
    ("x" * 100_000, "x" * 59 + "…"),
    ("x" * 59 + " y", "x" * 59 + "…"),
    ("x" * 58 + " yz", "x" * 58 + "…"),
    ("a " + "b" * 57 + " c", "a " + "b" * 57 + "…"),
    ("word " * 12, ("word " * 12).strip()),
    ("word " * 13, "word " * 11 + "word…"),
    ("Hi " + "x" * 80, "Hi…"),
    (" " + "x" * 59 + "   ", "x" * 59),
]


def test_a_title_is_the_message_cut_at_a_word(connection: Connection) -> None:
    """White space folded, at most 60 characters, the ellipsis among them."""
    for content, title in TITLES:
        assert titled(connection, content) == title


CLUSTERS = [
    FAMILY,
    "👍🏽",
    "❤️",
    "🇫🇷🇩🇪"[:2],
    "e\u0301",
    "क्षि"[:2],
    "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "กี่",
]


def test_a_character_is_never_cut_in_half(connection: Connection) -> None:
    """Joined emojis, skin tones, flags, accents and vowel signs stay whole or go whole."""
    for cluster, before in product(CLUSTERS, range(50, 60)):
        title = value(connection, "select chat_title(%s)", "x" * before + cluster * 9)
        assert len(title) <= 60
        assert title.endswith("…")
        rest = title.removesuffix("…").removeprefix("x" * before)
        assert rest == cluster * (len(rest) // len(cluster)), (cluster, before)
        assert len(title) > 60 - 1 - len(cluster)


def test_flags_are_cut_between_two_letters_of_a_pair(connection: Connection) -> None:
    """Also when letters of one kind precede them in an odd number of places."""
    title = value(connection, "select chat_title(%s)", "🇫🇷" * 40)
    assert title == "🇫🇷" * 29 + "…"


def test_a_character_longer_than_a_title_is_cut_somewhere(connection: Connection) -> None:
    """A hundred accents on one letter end in a title of 60 characters."""
    title = value(connection, "select chat_title(%s)", "e" + "\u0301" * 100)
    assert len(title) == 60
    assert unicodedata.normalize("NFD", title[0]) == "e"


def test_a_script_without_spaces_fills_the_title(connection: Connection) -> None:
    """Chinese is cut between characters."""
    assert titled(connection, "写" * 90) == "写" * 59 + "…"


def test_later_messages_change_no_title(connection: Connection) -> None:
    """The first one counts, whoever spoke."""
    session = add(connection, "chat_sessions")
    say(connection, session, "Welcome.", role="assistant")
    say(connection, session, "Second.")
    assert cells(connection, "chat_sessions", session, "title") == "Welcome."


@pytest.mark.parametrize("title", ["Mine", ""])
def test_a_title_that_is_there_is_kept(connection: Connection, title: str) -> None:
    """Also an empty one: it is not null."""
    session = add(connection, "chat_sessions", title=title)
    say(connection, session, "First.")
    assert cells(connection, "chat_sessions", session, "title") == title


def test_a_message_without_words_titles_nothing(connection: Connection) -> None:
    """The next one with words does."""
    session = add(connection, "chat_sessions")
    say(connection, session, " \n\u2003")
    assert cells(connection, "chat_sessions", session, "title") is None
    say(connection, session, "Words.")
    assert cells(connection, "chat_sessions", session, "title") == "Words."


def test_changing_a_message_changes_no_title(connection: Connection) -> None:
    """Only insertions count, for the title and for the time."""
    session = add(connection, "chat_sessions")
    message = add(connection, "chat_messages", session_id=session, content="First.")
    state = cells(connection, "chat_sessions", session, "title", "updated_at")
    put(connection, "chat_messages", message, content="Edited.")
    connection.execute("delete from chat_messages")
    assert cells(connection, "chat_sessions", session, "title", "updated_at") == state


def test_of_one_statement_the_earliest_message_gives_the_title(connection: Connection) -> None:
    """By created_at, and by the order they came in where that is equal."""
    one, two = add(connection, "chat_sessions"), add(connection, "chat_sessions")
    connection.execute(
        "insert into chat_messages (session_id, content, created_at) values "
        "(%(one)s, ' ', now()), (%(one)s, 'First.', now()), (%(two)s, 'Late.', now()), "
        "(%(one)s, 'Second.', now()), (%(two)s, 'Early.', now() - interval '1 h')",
        {"one": one, "two": two},
    )
    assert cells(connection, "chat_sessions", one, "title") == "First."
    assert cells(connection, "chat_sessions", two, "title") == "Early."


def test_a_copy_of_many_messages_writes_their_session_once(connection: Connection) -> None:
    """10,000 rows leave one new version of the session for the title and one for the time."""
    session = add(connection, "chat_sessions")
    written = "select n_tup_upd from pg_stat_user_tables where relname = 'chat_sessions'"
    connection.execute("select pg_stat_force_next_flush()")
    before = value(connection, written)
    with connection.cursor().copy("copy chat_messages (session_id, content) from stdin") as copy:
        for number in range(10_000):
            copy.write_row([session, f"Message {number}"])
    connection.execute("select pg_stat_force_next_flush()")
    assert value(connection, written) - before == 2
    assert cells(connection, "chat_sessions", session, "title") == "Message 0"


def test_a_message_moves_the_time_of_its_session(connection: Connection) -> None:
    """Forward only, also when the stored time lies ahead, and of no other session."""
    session, other = add(connection, "chat_sessions"), add(connection, "chat_sessions")
    untouched = cells(connection, "chat_sessions", other, "updated_at")
    before = cells(connection, "chat_sessions", session, "updated_at")
    say(connection, session, "First.")
    assert cells(connection, "chat_sessions", session, "updated_at") > before
    connection.execute(
        "update chat_sessions set updated_at = now() + interval '1 h' where id = %s", [session]
    )
    ahead = cells(connection, "chat_sessions", session, "updated_at")
    say(connection, session, "Second.")
    assert cells(connection, "chat_sessions", session, "updated_at") > ahead
    assert cells(connection, "chat_sessions", other, "updated_at") == untouched


def test_first_messages_at_once_give_one_title(connection: Connection, database_url: str) -> None:
    """One of them wins and is kept; the time moves for each."""
    session = add(connection, "chat_sessions")

    def speak(mine: Connection, number: int) -> None:
        for turn in range(10):
            say(mine, session, f"{number}.{turn}")

    at_once(database_url, 6, speak)
    title = cells(connection, "chat_sessions", session, "title")
    assert title.endswith(".0")
    assert value(connection, "select count(*) from chat_messages") == 60


def test_messages_to_many_sessions_wait_with_empty_hands(
    connection: Connection, database_url: str
) -> None:
    """Sessions are locked in the order of ids, so that nobody waits for one who waits."""
    low, high = sorted(add(connection, "chat_sessions") for _ in range(2))
    askers: Queue[Connection] = Queue()
    with psycopg.connect(database_url) as other:
        put(other, "chat_sessions", low, title="Mine")

        def act(mine: Connection, number: int) -> None:
            if number:
                askers.put(mine)
                mine.execute(
                    "insert into chat_messages (session_id, content) "
                    "values (%(high)s, 'Words.'), (%(low)s, 'Words.')",
                    {"low": low, "high": high},
                )
            else:
                wait_until_blocked(connection, askers.get(timeout=60))
                say(other, high, "Other words.")
                other.commit()

        at_once(database_url, 2, act)
    assert cells(connection, "chat_sessions", low, "title") == "Mine"
    assert cells(connection, "chat_sessions", high, "title") == "Other words."
