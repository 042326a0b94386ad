"""What follows from writes to profiles and accounts: sync is wanted, invitations are accepted."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from linkedin_pipeline_tests.sql.bank import Connection, rows, value
from linkedin_pipeline_tests.sql.tables import account, add, at_once, cells, person, put


def sync_status(connection: Connection, profile: UUID) -> str:
    """Return how a profile's sync stands."""
    status: str = cells(connection, "profiles", profile, "sync_status")
    return status


def test_a_new_profile_is_to_be_synced(connection: Connection) -> None:
    """Whatever its writer says."""
    assert sync_status(connection, person(connection)) == "pending"
    assert sync_status(connection, person(connection, sync_status="completed")) == "pending"


def test_copied_profiles_are_to_be_synced(connection: Connection) -> None:
    """COPY of 10,000 rows fires the trigger like any insert."""
    with connection.cursor().copy("copy profiles (full_name, sync_status) from stdin") as copy:
        for number in range(10_000):
            copy.write_row([f"Person {number}", "error"])
    assert rows(connection, "select distinct sync_status, count(*) from profiles group by 1") == [
        ("pending", 10_000)
    ]


@pytest.mark.parametrize("linkedin_id", ["grace", None])
def test_another_linkedin_id_asks_for_a_sync(
    connection: Connection, linkedin_id: str | None
) -> None:
    """Even if the same statement says that the sync is complete."""
    profile = person(connection, linkedin_id="ada")
    put(connection, "profiles", profile, sync_status="completed")
    put(connection, "profiles", profile, linkedin_id=linkedin_id, sync_status="completed")
    assert sync_status(connection, profile) == "pending"


def test_other_changes_of_a_profile_ask_for_no_sync(connection: Connection) -> None:
    """Neither other columns nor the same linkedin_id written again."""
    profile = person(connection, linkedin_id="ada")
    put(connection, "profiles", profile, sync_status="completed")
    put(connection, "profiles", profile, full_name="Grace", posts_count=7)
    put(connection, "profiles", profile, linkedin_id="ada")
    assert sync_status(connection, profile) == "completed"


def invited(connection: Connection, status: str = "sent") -> UUID:
    """Insert a profile with an invitation in that state."""
    return person(connection, invitation_status=status)


def invitation(connection: Connection, profile: UUID) -> tuple[str, datetime | None]:
    """Return state and time of acceptance."""
    found: tuple[str, datetime | None] = cells(
        connection, "profiles", profile, "invitation_status", "invitation_accepted_at"
    )
    return found


@pytest.mark.parametrize("status", ["pending", "sent"])
def test_a_connected_account_accepts_the_invitation(connection: Connection, status: str) -> None:
    """An account that comes with status OK, at the time it comes."""
    profile = invited(connection, status)
    before = value(connection, "select clock_timestamp()")
    account(connection, profile)
    state, accepted = invitation(connection, profile)
    assert state == "accepted"
    assert accepted is not None
    assert accepted > before


def test_an_account_that_becomes_ok_accepts_the_invitation(connection: Connection) -> None:
    """Only then: not while it is pending or in error."""
    profile = invited(connection)
    mine = account(connection, profile, status="PENDING")
    put(connection, "unipile_accounts", mine, status="ERROR")
    assert invitation(connection, profile) == ("sent", None)
    put(connection, "unipile_accounts", mine, status="OK")
    assert invitation(connection, profile)[0] == "accepted"


def test_an_account_given_to_a_profile_accepts_its_invitation(connection: Connection) -> None:
    """The account was there before anybody knew whose it is."""
    profile = invited(connection)
    mine = add(connection, "unipile_accounts", status="OK")
    put(connection, "unipile_accounts", mine, profile_id=profile)
    assert invitation(connection, profile)[0] == "accepted"


@pytest.mark.parametrize("status", ["none", "expired", "accepted"])
def test_other_invitations_stay(connection: Connection, status: str) -> None:
    """Nobody accepts what was not offered, has expired or is accepted."""
    profile = invited(connection, status)
    account(connection, profile)
    assert invitation(connection, profile) == (status, None)


def test_connecting_twice_changes_nothing_more(connection: Connection) -> None:
    """The first time stands when the account drops out, comes back, or a second one comes."""
    profile = invited(connection)
    mine = account(connection, profile)
    first = invitation(connection, profile)
    version = value(connection, "select xmin::text from profiles where id = %s", profile)
    put(connection, "unipile_accounts", mine, status="DISCONNECTED")
    put(connection, "unipile_accounts", mine, status="OK")
    put(connection, "unipile_accounts", mine, status="OK")
    account(connection, profile)
    assert invitation(connection, profile) == first
    assert value(connection, "select xmin::text from profiles where id = %s", profile) == version


def test_of_many_accounts_at_once_one_accepts(connection: Connection, database_url: str) -> None:
    """The time of acceptance is written once, whichever session comes first."""
    profile = invited(connection)
    connection.execute(
        "create table accepted (at timestamptz);"
        "create function note() returns trigger language plpgsql as "
        "'begin insert into accepted values (new.invitation_accepted_at); return null; end';"
        "create trigger note after update on profiles for each row execute function note()"
    )
    at_once(
        database_url, 8, lambda mine, _: account(mine, profile, unipile_account_id=f"{uuid4()}")
    )
    assert rows(connection, "select at from accepted") == [(invitation(connection, profile)[1],)]
    assert invitation(connection, profile)[1] < datetime.now(UTC)  # type: ignore[operator]
