"""Write-backs: which claims still count, and what happens to rows that somebody else holds."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest

from linkedin_pipeline.domain.work import Stage
from linkedin_pipeline_tests.sql.bank import (
    NEW,
    OVER,
    VALUES,
    Connection,
    Held,
    add_post,
    add_taxonomy,
    change,
    claim,
    claim_one,
    drift,
    flagged,
    hook_of,
    keys,
    metrics,
    queued,
    read,
    reject,
    retry,
    rows,
    store_embeddings,
    store_hooks,
    value,
    vector,
    wait_until_blocked,
)

HOUR = timedelta(hours=1)
Interference = Callable[[Connection, UUID], None]


def edit(connection: Connection, post: UUID) -> None:
    """Change the text."""
    change(connection, post, content="Edited.")


def edit_back(connection: Connection, post: UUID) -> None:
    """Change the text and change it back: the text is the same, the claim is not."""
    change(connection, post, content="Edited.")
    change(connection, post, content="A post.")


def write_value(connection: Connection, post: UUID) -> None:
    """Write what the worker is working on."""
    change(connection, post, embedding=vector(0, 1), embedding_model="test:person")


def lower_flag(connection: Connection, post: UUID) -> None:
    """Say that the work is not wanted."""
    change(connection, post, needs_embedding=False)


def lower_and_raise_flag(connection: Connection, post: UUID) -> None:
    """Say that the work is not wanted, and change one's mind."""
    change(connection, post, needs_embedding=False)
    change(connection, post, needs_embedding=True)


def release(connection: Connection, post: UUID) -> None:
    """Give the claim back for its holder."""
    assert value(connection, "select release_embedding_lock(%s)", post)


def release_stale(connection: Connection, post: UUID) -> None:
    """Let the lease end, and have it swept."""
    connection.execute("update post_work set lease_until = now() - interval '1 s'")
    assert value(connection, "select release_stale_embedding_locks()") == 1


def take_over(connection: Connection, post: UUID) -> None:
    """Let the lease end, and another worker claim."""
    connection.execute("update post_work set lease_until = now() - interval '1 s'")
    claim_one(connection, Stage.EMBEDDINGS)


def take_over_and_put_back(connection: Connection, post: UUID) -> None:
    """Have another worker claim and put the post back, to wait for a retry."""
    connection.execute("update post_work set lease_until = now() - interval '1 s'")
    retry(connection, [claim_one(connection, Stage.EMBEDDINGS)], Stage.EMBEDDINGS, delay=HOUR)


def delete(connection: Connection, post: UUID) -> None:
    """Delete the post."""
    connection.execute("delete from viral_posts_bank where id = %s", [post])


def insert_again(connection: Connection, post: UUID) -> None:
    """Delete the post and insert one with the same id and text, which is claimed anew."""
    delete(connection, post)
    add_post(connection, id=post)
    claim_one(connection, Stage.EMBEDDINGS)


INTERFERENCE = [
    edit,
    edit_back,
    write_value,
    lower_flag,
    lower_and_raise_flag,
    release,
    release_stale,
    take_over,
    take_over_and_put_back,
    delete,
    insert_again,
]
interferences = pytest.mark.parametrize("interfere", INTERFERENCE, ids=lambda f: f.__name__)
BANK = "select to_jsonb(b) from viral_posts_bank b"
WORK = "select to_jsonb(w) from post_work w order by stage"


@interferences
def test_a_stale_claim_writes_nothing(connection: Connection, interfere: Interference) -> None:
    """Store, reject, retry and heart-beat of a claim that ended change nothing at all."""
    post = add_post(connection)
    held = claim_one(connection, Stage.EMBEDDINGS)
    interfere(connection, post)
    before = rows(connection, BANK), rows(connection, WORK)
    assert store_embeddings(connection, [held], vector(1)) == {}
    assert reject(connection, [held], Stage.EMBEDDINGS) == {}
    assert retry(connection, [held], Stage.EMBEDDINGS) == set()
    assert (
        rows(connection, "select extend_claims('embeddings', %s, %s, '1 hour')", *keys([held]))
        == []
    )
    assert (rows(connection, BANK), rows(connection, WORK)) == before
    assert rows(connection, "select from ai_errors") == []


def test_a_stale_claim_spoils_no_other(connection: Connection) -> None:
    """Of a batch with one stale claim the rest is written."""
    posts = [add_post(connection) for _ in range(3)]
    held = claim(connection)
    change(connection, posts[1], content="Edited.")
    assert store_hooks(connection, held) == {posts[0]: True, posts[2]: True}
    assert [read(connection, p, "hook") for p in posts] == [
        hook_of("A post."),
        None,
        hook_of("A post."),
    ]


def test_answers_in_reverse_order_leave_the_newest(connection: Connection) -> None:
    """A post edited twice, claimed each time, takes the answer to its last text only."""
    post = add_post(connection, "One.")
    claims = [claim_one(connection)]
    for text in ("Two.", "Three."):
        change(connection, post, content=text)
        claims.append(claim_one(connection))
    answers = [store_hooks(connection, [held]) for held in reversed(claims)]
    assert answers == [{post: True}, {}, {}]
    assert read(connection, post, "hook") == hook_of("Three.")


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("stage", Stage)
def test_a_write_back_names_a_post_once(
    connection: Connection, stage: Stage, *, newest_first: bool
) -> None:
    """Two claims of one post are refused, or the stale one's value could take the other's place."""
    hook = {} if stage is Stage.HOOKS else {"hook": "A hook."}
    post = add_post(connection, **hook)
    label = add_taxonomy(connection).get(VALUES[stage])
    claims = [claim_one(connection, stage)]
    change(connection, post, content="Edited.", **dict.fromkeys(hook, "Another."))
    claims.insert(0 if newest_first else 1, claim_one(connection, stage))
    before = rows(connection, BANK), rows(connection, WORK)
    stores: dict[Stage, Callable[[], object]] = {
        Stage.HOOKS: lambda: store_hooks(connection, claims),
        Stage.EMBEDDINGS: lambda: store_embeddings(connection, claims, vector(1)),
    }
    store = stores.get(stage, lambda: store_labels(connection, stage, claims, label))
    for write_back in (store, lambda: reject(connection, claims, stage)):
        with pytest.raises(psycopg.Error, match="some are named twice") as refused:
            write_back()
        assert refused.value.sqlstate == "LP082"
    assert (rows(connection, BANK), rows(connection, WORK)) == before


def store_labels(connection: Connection, stage: Stage, claims: list[Held], label: object) -> object:
    """Store one label for all claims."""
    labels, scores, models = ([one] * len(claims) for one in (label, 0.5, "test:labels"))
    return rows(
        connection,
        "select * from store_labels(%s, %s, %s, %s, %s::real[], %s)",
        *(stage, *keys(claims), labels, scores, models),
    )


def test_a_changed_hook_ends_its_classification(connection: Connection) -> None:
    """The hook is the input of its type: a claim made for the old one is stale."""
    post = add_post(connection, hook="Old.")
    held = claim_one(connection, Stage.HOOK_CLASSIFICATIONS)
    change(connection, post, hook="New.")
    hold = "select held from hold_claims('hook_classifications', %s, %s, 1)"
    assert value(connection, hold, *keys([held])) is None
    assert claim_one(connection, Stage.HOOK_CLASSIFICATIONS).hook == "New."


def test_wanting_a_new_hook_ends_its_classification(connection: Connection) -> None:
    """A hook that is being looked for again is not worth classifying."""
    post = add_post(connection, hook="Old.")
    held = claim_one(connection, Stage.HOOK_CLASSIFICATIONS)
    change(connection, post, needs_hook_extraction=True)
    hold = "select held from hold_claims('hook_classifications', %s, %s, 1)"
    assert value(connection, hold, *keys([held])) is None


def test_changes_that_are_no_input_leave_claims_alone(connection: Connection) -> None:
    """Numbers, another stage's result and another stage's claim do not disturb work in flight."""
    post = add_post(connection)
    held = claim_one(connection, Stage.EMBEDDINGS)
    change(connection, post, metrics=metrics(3), needs_embedding=True)
    store_hooks(connection, [claim_one(connection)])
    change(connection, post, **add_taxonomy(connection))
    assert store_embeddings(connection, [held], vector(1)) == {post: True}
    assert flagged(connection, post) == queued(connection, post) == set()


def test_a_late_answer_counts_while_nobody_took_over(connection: Connection) -> None:
    """A lease that ended is no reason to throw a good answer away."""
    post = add_post(connection)
    held = claim_one(connection, lease=OVER)
    assert store_hooks(connection, [held]) == {post: True}
    assert store_hooks(connection, [held]) == {}


def test_stored_hooks_and_vectors_are_all_there(connection: Connection) -> None:
    """A write-back sets value, time and model, lowers its flag, queues what follows."""
    post = add_post(connection)
    store_hooks(connection, [claim_one(connection)])
    store_embeddings(connection, [claim_one(connection, Stage.EMBEDDINGS)], vector(1), "test:x")
    assert read(connection, post, "hook") == hook_of("A post.")
    assert read(connection, post, "hook_extracted_at") is not None
    assert read(connection, post, "embedding_model") == "test:x"
    expected = NEW - {Stage.HOOKS, Stage.EMBEDDINGS} | {Stage.HOOK_CLASSIFICATIONS}
    assert flagged(connection, post) == queued(connection, post) == expected


def test_a_locked_post_is_busy_and_nothing_is_lost(
    connection: Connection, database_url: str
) -> None:
    """While a person's transaction holds a row it is not held, the others are; then it is."""
    busy, free = add_post(connection), add_post(connection)
    held = claim(connection)
    connection.execute("set statement_timeout = '30s'")
    with psycopg.connect(database_url) as person:
        person.execute("select from viral_posts_bank where id = %s for update", [busy])
        assert store_hooks(connection, held) == {busy: False, free: True}
        assert reject(connection, held, Stage.HOOKS) == {busy: False}
        assert rows(connection, "select from ai_errors") == []
    assert store_hooks(connection, held) == {busy: True}
    assert drift(connection) == []


def test_a_locked_work_row_is_busy_too(connection: Connection, database_url: str) -> None:
    """A heart-beat that has the work row at that moment costs no result."""
    post = add_post(connection)
    held = claim_one(connection)
    connection.execute("set statement_timeout = '30s'")
    with psycopg.connect(database_url) as beat:
        assert rows(beat, "select extend_claims('hooks', %s, %s, '1 hour')", *keys([held]))
        assert store_hooks(connection, [held]) == {post: False}
        assert read(connection, post, "hook") is None
    assert store_hooks(connection, [held]) == {post: True}


def test_an_edit_that_commits_makes_a_busy_claim_stale(
    connection: Connection, database_url: str
) -> None:
    """Busy turns into stale when the person who held the row changed the text."""
    post = add_post(connection)
    held = claim_one(connection)
    with psycopg.connect(database_url) as person:
        edit(person, post)
        assert store_hooks(connection, [held]) == {post: False}
    assert store_hooks(connection, [held]) == {}
    assert claim_one(connection).content == "Edited."


def test_an_edit_waits_for_a_write_back_and_wins(connection: Connection, database_url: str) -> None:
    """A text that is written while its old hook is being stored wants a new hook."""
    post = add_post(connection)
    held = claim_one(connection)
    with psycopg.connect(database_url) as worker, psycopg.connect(database_url) as person:
        assert store_hooks(worker, [held]) == {post: True}
        with person.pipeline():
            edit(person, post)
            wait_until_blocked(connection, person)
            worker.commit()
        person.commit()
    assert read(connection, post, "hook") == hook_of("A post.")
    assert Stage.HOOKS in flagged(connection, post)
    assert drift(connection) == []


def test_a_retry_reaches_a_row_that_a_heart_beat_had(
    connection: Connection, database_url: str
) -> None:
    """Work put back while its row is locked for a moment is put back all the same."""
    post = add_post(connection)
    held = claim_one(connection)
    with psycopg.connect(database_url) as beat, psycopg.connect(database_url) as worker:
        assert rows(beat, "select extend_claims('hooks', %s, %s, '1 hour')", *keys([held]))
        with worker.pipeline():
            found = worker.execute(
                "select retry_claims('hooks', %s, %s, array[interval '0'], true)",
                [[post], [held.token]],
            )
            wait_until_asleep(connection, worker)
            beat.commit()
        assert found.fetchall() == [(post,)]
        worker.commit()
    assert claim_one(connection).takeovers == 0


def wait_until_asleep(connection: Connection, worker: Connection) -> None:
    """Return once a session has met the locked row and waits to try again."""
    asleep = "select wait_event = 'PgSleep' from pg_stat_activity where pid = %s"
    until = time.monotonic() + 60
    while not value(connection, asleep, worker.info.backend_pid):
        assert time.monotonic() < until, "the other session never met the locked row"


def test_a_retry_gives_up_on_a_row_that_stays_locked(
    connection: Connection, database_url: str
) -> None:
    """Work that somebody holds for long stays claimed until its lease ends; nothing hangs."""
    locked, free = add_post(connection), add_post(connection)
    held = claim(connection)
    connection.execute("set statement_timeout = '60s'")
    with psycopg.connect(database_url) as person:
        edit(person, locked)
        assert retry(connection, held) == {free}
