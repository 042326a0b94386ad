-- Profiles to be read from LinkedIn: made due by the week, claimed with a token, settled.
-- profiles.sync_status says that reading is wanted (pending, or error after its wait).  Locks are
-- taken on profiles first, then on profile_sync_status, then on sync_jobs.

create or replace function syncs_wanted(p_anyway boolean default false, p_among uuid[] default null)
returns table (
    profile_id uuid, partition_key text, sync_priority smallint, last_at timestamptz, fresh boolean
)
language sql stable
as $$
    select p.id, p.partition_key, coalesce(s.sync_priority, 2::smallint),
        greatest(p.last_sync_at, s.last_scraped_at),
        s.claim_token is not null or coalesce(s.consecutive_failures, 0) = 0
    from profiles p
    left join profile_sync_status s on s.profile_id = p.id
    where (p_among is null or p.id = any (p_among))
        and btrim(p.linkedin_id) <> ''
        and coalesce(s.sync_enabled, true)
        and coalesce(s.consecutive_failures, 0) < 5
        and case
            -- held: free again when its reader fell silent
            when s.claim_token is not null then s.heartbeat_at < now() - interval '2 minutes'
            else p.sync_status in ('pending', 'error')
                -- the function is asked last: ten thousand calls of it take longer than the rest
                and (p_anyway or coalesce(s.consecutive_failures, 0) <= 0
                    or not sync_rests(s.consecutive_failures, s.last_error_at))
        end
$$;
comment on function syncs_wanted is
    'Profiles whose reading is due and in nobody''s hands, of p_among or all; with p_anyway also '
    'those that wait after a failure. fresh: not a repetition after a failure. '
    'Example: select count(*) from syncs_wanted()';


create or replace function request_weekly_syncs() returns integer
language sql volatile
as $$
    with due as (
        select p.id
        from profiles p
        left join profile_sync_status s on s.profile_id = p.id
        where btrim(p.linkedin_id) <> ''
            and coalesce(s.sync_enabled, true)
            and coalesce(s.consecutive_failures, 0) < 5
            and p.sync_status not in ('pending', 'scraping')
            and s.claim_token is null
            -- Half a day less than a week: what was read in the hours after one tick would be too
            -- young for the next one, and be read every other week.
            and coalesce(greatest(p.last_sync_at, s.last_scraped_at), '-infinity')
                < now() - interval '6 days 12 hours'
        order by p.id
        for no key update of p
    ),
    made as (
        update profiles p set sync_status = 'pending' from due where p.id = due.id
        returning p.id
    )
    -- those that were pending before are due as well, and no row is written for them
    select (select count(*) from made)::integer + (
        select count(*) from profiles p
        left join profile_sync_status s on s.profile_id = p.id
        where btrim(p.linkedin_id) <> '' and coalesce(s.sync_enabled, true)
            and coalesce(s.consecutive_failures, 0) < 5 and p.sync_status = 'pending'
    )::integer
$$;
comment on function request_weekly_syncs is
    'Make the profiles due that have a linkedin_id, are enabled, have fewer than five failures in a '
    'row and were last read a week ago or never; returns how many are due, those that were before '
    'too. Repeating it changes nothing. Example: select request_weekly_syncs()';


create or replace function reset_profile_sync(profile_id uuid) returns void
language plpgsql volatile
as $$
begin
    update profiles p
    set sync_status = case when p.sync_status = 'scraping' then 'scraping' else 'pending' end
    where p.id = reset_profile_sync.profile_id;
    if not found then
        raise exception 'profile %: unknown', coalesce(reset_profile_sync.profile_id::text, 'null')
            using errcode = 'LP120', hint = 'Give the id of a row of profiles.';
    end if;
    insert into profile_sync_status as s (profile_id) values (reset_profile_sync.profile_id)
    on conflict on constraint profile_sync_status_profile_id_key
    do update set sync_enabled = true, consecutive_failures = 0;
end
$$;
comment on function reset_profile_sync is
    'Have a profile read again that was left alone after five failures or was switched off: it is '
    'enabled, due now, and its failures are forgotten. Errors: LP120 unknown profile. '
    'Example: select reset_profile_sync((select id from profiles limit 1))';


create or replace function claim_syncs(
    p_max integer, p_only text[], p_without uuid[], p_anyway boolean, p_run_id text
) returns table (
    profile_id uuid, partition_key text, linkedin_id text, claim_token bigint, next_cursor text,
    job_id uuid, pages integer
)
language plpgsql volatile
as $$
#variable_conflict use_column
declare
    chosen uuid[];
    resumed uuid[];
begin
    select array_agg(found.id) into chosen
    from (
        select p.id
        from syncs_wanted(p_anyway) w
        join profiles p on p.id = w.profile_id
        where (p_only is null or w.partition_key = any (p_only)) and p.id <> all (p_without)
        order by w.sync_priority, w.last_at nulls first, p.created_at, p.id
        limit p_max
        for no key update of p skip locked
    ) as found;
    -- now that they are held: another claim may have ended between the look and the lock
    select array_agg(w.profile_id) into chosen
    from syncs_wanted(p_anyway, coalesce(chosen, '{}')) w;
    if chosen is null then
        return;
    end if;

    insert into profile_sync_status (profile_id) select unnest(chosen)
    on conflict on constraint profile_sync_status_profile_id_key do nothing;
    update profile_sync_status s
    set claim_token = nextval('profile_work_token'),
        scraping_started_at = clock_timestamp(),
        heartbeat_at = clock_timestamp(),
        next_cursor = case when s.cursor_at > now() - interval '24 hours' then s.next_cursor end,
        -- whoever held it died: a profile that always kills its reader waits longer and longer
        consecutive_failures = s.consecutive_failures + (s.claim_token is not null)::integer,
        last_error = case when s.claim_token is null then s.last_error
            else 'The reading stopped without a word.' end,
        last_error_at = case when s.claim_token is null then s.last_error_at
            else clock_timestamp() end
    where s.profile_id = any (chosen);
    update profiles p set sync_status = 'scraping'
    where p.id = any (chosen) and p.sync_status <> 'scraping';

    -- a reading that can go on does so in its row
    select array_agg(newest.id) into resumed
    from unnest(chosen) as c (id)
    join profile_sync_status s on s.profile_id = c.id
    cross join lateral (
        select j.id, j.status, j.pages from sync_jobs j
        where j.profile_id = c.id order by j.created_at desc, j.id limit 1
    ) as newest
    where newest.status <> 'completed' and (s.next_cursor is not null or newest.pages = 0);
    update sync_jobs j
    set status = 'running', error_message = null, completed_at = null, dagster_run_id = p_run_id,
        started_at = coalesce(j.started_at, clock_timestamp())
    where j.id = any (resumed);
    update sync_jobs j
    set status = 'failed', completed_at = clock_timestamp(),
        error_message = coalesce(j.error_message, 'The reading stopped without a word.')
    where j.profile_id = any (chosen) and j.status in ('running', 'pending')
        and j.id <> all (coalesce(resumed, '{}'));
    insert into sync_jobs (profile_id, status, started_at, dagster_run_id, created_at)
    select c.id, 'running', clock_timestamp(), p_run_id, clock_timestamp()
    from unnest(chosen) as c (id)
    where not exists (select from sync_jobs j where j.profile_id = c.id and j.status = 'running');

    return query
    select p.id, p.partition_key, p.linkedin_id, s.claim_token, s.next_cursor, j.id, j.pages
    from unnest(chosen) with ordinality as c (id, place)
    join profiles p on p.id = c.id
    join profile_sync_status s on s.profile_id = c.id
    join sync_jobs j on j.profile_id = c.id and j.status = 'running'
    order by coalesce(s.sync_priority, 2), greatest(p.last_sync_at, s.last_scraped_at) nulls first,
        p.created_at, p.id;
end
$$;
comment on function claim_syncs is
    'Claim profiles whose reading is due, of the given partition keys or all, but for p_without: '
    'highest priority first, then those never read, then the oldest. A claim is its holder''s as long as its '
    'heart-beat is younger than two minutes. next_cursor and pages say where an interrupted reading '
    'goes on.';


create or replace function beat_syncs(p_profiles uuid[], p_tokens bigint[]) returns integer
language sql volatile
as $$
    with beaten as (
        update profile_sync_status s set heartbeat_at = clock_timestamp()
        from unnest(p_profiles, p_tokens) as held (profile_id, token)
        where s.profile_id = held.profile_id and s.claim_token = held.token
        returning s.profile_id
    )
    select count(*)::integer from beaten
$$;
comment on function beat_syncs is 'Say that the readers of these claims live; how many still stand.';


create or replace function end_sync(
    p_profile uuid, p_token bigint, p_job uuid, p_outcome text, p_said text
) returns boolean
language plpgsql volatile
as $$
begin
    perform from profiles p where p.id = p_profile for no key update;
    update profile_sync_status s
    set claim_token = null,
        scraping_started_at = null,
        heartbeat_at = null,
        consecutive_failures = case p_outcome
            when 'completed' then 0
            when 'error' then s.consecutive_failures + 1
            else s.consecutive_failures end,
        last_error = case when p_outcome = 'pending' then s.last_error else p_said end,
        last_error_at = case when p_outcome = 'pending' then s.last_error_at
            when p_said is not null then clock_timestamp() end,
        last_scraped_at = case when p_outcome = 'completed' then clock_timestamp()
            else s.last_scraped_at end,
        next_cursor = case when p_outcome <> 'completed' then s.next_cursor end,
        cursor_at = case when p_outcome <> 'completed' then s.cursor_at end
    where s.profile_id = p_profile and s.claim_token = p_token;
    if not found then
        return false;
    end if;
    if p_outcome = 'completed' then
        perform update_profile_stats(p_profile);
    end if;
    update profiles p
    set -- who asked for another reading meanwhile gets it
        sync_status = case when p.sync_status = 'pending' then 'pending' else p_outcome end,
        last_sync_at = case when p_outcome = 'completed' then clock_timestamp()
            else p.last_sync_at end
    where p.id = p_profile;
    update sync_jobs j
    set status = case p_outcome when 'error' then 'failed' else p_outcome end,
        error_message = p_said,
        completed_at = case when p_outcome <> 'pending' then clock_timestamp() end
    where j.id = p_job;
    return true;
end
$$;
comment on function end_sync is
    'End the reading of a claimed profile: completed (its statistics are computed; p_said is a '
    'remark or null), error (p_said is why; it waits and is tried again), or pending (given back as '
    'it is, which is no failure). False when the claim was stale, and then nothing is written.';


create or replace function analyze_sync(p_profile uuid, p_token bigint) returns boolean
language sql volatile
as $$
    with held as (
        select s.profile_id from profile_sync_status s
        where s.profile_id = p_profile and s.claim_token = p_token
    ),
    moved as (
        update profiles p set sync_status = 'analyzing'
        from held where p.id = held.profile_id and p.sync_status = 'scraping'
    )
    select exists (select from held)
$$;
comment on function analyze_sync is
    'Say that all pages of a claimed profile are read and its statistics come next; false when the '
    'claim was stale.';
