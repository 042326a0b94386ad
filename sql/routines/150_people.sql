-- What follows from writes to profiles and to their accounts.

create or replace function mark_profile_for_sync() returns trigger
language plpgsql
as $$
begin
    new.sync_status := 'pending';
    return new;
end
$$;
comment on function mark_profile_for_sync is
    'A new profile has yet to be read from LinkedIn, whatever its writer says.';


-- AFTER, not BEFORE: where a BEFORE UPDATE trigger is, PostgreSQL 16 and later take a generated unique
-- column (partition_key) for updated, and an update that meets another waits for every foreign key
-- check on the profile.  Accounts written at once deadlocked so.
create or replace function mark_profile_for_sync_on_update() returns trigger
language plpgsql
as $$
begin
    update profiles p set sync_status = 'pending'
    where p.id = new.id and p.sync_status <> 'pending';
    -- what failed was the other page, and a reading of it that goes on now writes nothing more
    update profile_sync_status s
    set consecutive_failures = 0,
        next_cursor = null,
        cursor_at = null,
        claim_token = null,
        scraping_started_at = null,
        heartbeat_at = null
    where s.profile_id = new.id and (
        s.consecutive_failures <> 0 or s.next_cursor is not null or s.claim_token is not null
        or s.scraping_started_at is not null
    );
    return null;
end
$$;
comment on function mark_profile_for_sync_on_update is
    'A profile with another linkedin_id is another page to read: from its beginning, and as if '
    'nothing had failed.';


create or replace function mark_invitation_accepted() returns trigger
language plpgsql
as $$
begin
    -- the state is asked for again once the row is locked: of two accounts one accepts
    update profiles p
    set invitation_status = 'accepted',
        invitation_accepted_at = clock_timestamp()
    where p.id = new.profile_id and p.invitation_status in ('pending', 'sent');
    return null;
end
$$;
comment on function mark_invitation_accepted is
    'Who connects an account has accepted the invitation that was pending or sent; connecting '
    'again changes nothing.';
