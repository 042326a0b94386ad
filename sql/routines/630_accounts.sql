-- LinkedIn accounts: their states as the provider tells them, and pauses after a rate limit.

create or replace function pause_account(
    p_account uuid, p_seconds double precision, p_reason text
) returns timestamptz
language sql volatile
as $$
    update unipile_accounts u
    set pauses = u.pauses + 1,
        pause_reason = p_reason,
        paused_until = greatest(u.paused_until, clock_timestamp() + interval '1 second'
            * coalesce(p_seconds, least(900 * 2 ^ least(u.pauses, 10), 21600)))
    where u.id = p_account
    returning u.paused_until
$$;
comment on function pause_account is
    'Send nothing of an account for so many seconds; without them for 15 minutes, doubled each time '
    'in a row, at most 6 hours.
Example: select pause_account(u.id, 60, ''rate limit'') from unipile_accounts u';


create or replace function record_accounts(p_accounts jsonb) returns table (
    listed integer, added integer, changed integer, attached integer, gone integer
)
language plpgsql volatile
as $$
#variable_conflict use_column
begin
    if p_accounts is null or jsonb_typeof(p_accounts) <> 'array' then
        raise exception 'accounts: no list' using
            errcode = 'LP102', hint = 'Give the whole list as a JSON array, [] when there is none.';
    end if;
    -- one list after the other; and nobody who deletes a profile has some of its accounts already
    perform pg_advisory_xact_lock(hashtextextended('record_accounts', 0));
    create temporary table told on commit drop as
    select distinct on (a.given ->> 'account')
        a.given ->> 'account' as account,
        case when a.given ->> 'status' in ('OK', 'CREDENTIALS', 'DISCONNECTED', 'PENDING')
            then a.given ->> 'status' else 'ERROR' end as status,
        a.given ->> 'provider_id' as provider_id,
        a.given ->> 'public_identifier' as public_identifier,
        case jsonb_typeof(a.given -> 'organizations') when 'array'
            then a.given -> 'organizations' end as organizations
    from jsonb_array_elements(p_accounts) as a (given)
    where a.given ->> 'account' <> ''
    order by a.given ->> 'account';
    perform from profiles f
    where f.id in (select u.profile_id from unipile_accounts u)
        or lower(f.linkedin_id) in (select lower(l.public_identifier) from told l)
    order by f.id
    for key share;
    listed := (select count(*) from told);
    added := 0;

    update unipile_accounts u
    set status = l.status, checked_at = now(),
        provider_id = coalesce(l.provider_id, u.provider_id),
        public_identifier = coalesce(l.public_identifier, u.public_identifier)
    from told l
    where u.unipile_account_id = l.account and u.status <> l.status;
    get diagnostics changed = row_count;
    update unipile_accounts u
    set checked_at = now(),
        provider_id = coalesce(l.provider_id, u.provider_id),
        public_identifier = coalesce(l.public_identifier, u.public_identifier),
        organizations = coalesce(l.organizations, u.organizations)
    from told l
    where u.unipile_account_id = l.account;
    update unipile_accounts u set status = 'DISCONNECTED', checked_at = now()
    where u.provider = 'LINKEDIN' and u.unipile_account_id is not null
        and u.status <> 'DISCONNECTED'
        and not exists (select from told l where l.account = u.unipile_account_id);
    get diagnostics gone = row_count;
    insert into unipile_accounts (
        unipile_account_id, status, provider_id, public_identifier, organizations, checked_at
    )
    select l.account, l.status, l.provider_id, l.public_identifier, coalesce(l.organizations, '[]'),
        now()
    from told l
    order by l.account
    on conflict (unipile_account_id) do nothing;
    get diagnostics added = row_count;
    update unipile_accounts u set profile_id = f.id
    from profiles f
    where u.profile_id is null and u.public_identifier is not null
        and lower(f.linkedin_id) = lower(u.public_identifier);
    get diagnostics attached = row_count;
    drop table told;
    return next;
end
$$;
comment on function record_accounts is
    'Store what the provider says of its LinkedIn accounts, a whole list of {account, status, '
    'provider_id, public_identifier, organizations}: states, new ones, attached to the profile with '
    'that LinkedIn id; one that is no longer listed is DISCONNECTED, all of them when the list is empty; '
    'a status that is none of ours is ERROR. Counts of each. Error: LP102 no list.
Example: select * from record_accounts(''[{"account": "a1", "status": "OK"}]'')';
