-- Profiles between two readings from LinkedIn: which are due, which were left behind, their numbers.

create or replace function sync_rests(p_failures integer, p_last_error_at timestamptz)
returns boolean
language sql stable
as $$
    -- 5 minutes, 20 minutes, 80 minutes, 5 hours, then never by itself
    select case
        when p_failures >= 5 then true
        when p_failures > 0 then
            coalesce(p_last_error_at + interval '5 minutes' * 4 ^ (p_failures - 1) > now(), false)
        else false
    end
$$;
comment on function sync_rests is
    'Whether a profile has to wait after so many failures in a row: 5 minutes, 20, 80, 320, and '
    'after the fifth for ever. Example: select sync_rests(1, now())';


create or replace function get_profiles_to_sync(max_profiles integer default 20)
returns table (
    profile_id uuid, full_name text, linkedin_id text, last_scraped_at timestamptz,
    sync_priority smallint
)
language plpgsql stable
as $$
begin
    if max_profiles is null or max_profiles not between 1 and 10000 then
        raise exception 'max_profiles: %', coalesce(max_profiles::text, 'null')
            using errcode = 'LP059', hint = 'Ask for 1 to 10000 profiles.';
    end if;
    return query
    select p.id, p.full_name, p.linkedin_id, s.last_scraped_at, coalesce(s.sync_priority, 2::smallint)
    from profiles p
    left join profile_sync_status s on s.profile_id = p.id
    cross join lateral (
        select greatest(p.last_sync_at, s.last_scraped_at) as at
    ) as last
    where btrim(p.linkedin_id) <> ''
        and coalesce(s.sync_enabled, true)
        and p.sync_status <> 'scraping'
        and (
            p.sync_status in ('pending', 'error')
            or last.at is null or last.at < now() - interval '7 days'
        )
        and not sync_rests(s.consecutive_failures, s.last_error_at)
    order by coalesce(s.sync_priority, 2), last.at nulls first, p.created_at, p.id
    limit max_profiles;
end
$$;
comment on function get_profiles_to_sync is
    'Profiles that are due to be read from LinkedIn: with a linkedin_id, enabled, and pending, in '
    'error, or last read more than 7 days ago. Highest priority first, then those never read, then '
    'the oldest. Not those that are being scraped, nor after failures before their wait is over: 5 '
    'minutes, 20, 80 and 320; after the fifth in a row not until somebody calls '
    'reset_profile_sync(). Only reads: two callers get the same. Errors: LP059 max_profiles '
    'is not 1 to 10000. '
    'Example: select full_name from get_profiles_to_sync(max_profiles => 5)';


create or replace function cleanup_stuck_scraping_states() returns integer
language plpgsql volatile
as $$
declare
    stuck uuid[];
begin
    -- Whoever set the state without a row here is judged by the last that is known of the profile.
    insert into profile_sync_status (profile_id, updated_at)
    select p.id, greatest(p.created_at, p.last_sync_at)
    from profiles p
    where p.sync_status = 'scraping'
        -- or the insert would wait for a row that is being written
        and not exists (select from profile_sync_status s where s.profile_id = p.id)
    order by p.id
    for no key update skip locked
    on conflict on constraint profile_sync_status_profile_id_key do nothing;

    -- a profile or row that somebody holds is alive, or another cleaner's
    select array_agg(held.id) into stuck
    from (
        select p.id
        from profiles p
        join profile_sync_status s on s.profile_id = p.id
        where p.sync_status = 'scraping' and (
            coalesce(s.scraping_started_at, greatest(s.updated_at, p.last_sync_at))
                < now() - interval '1 hour'
            or s.heartbeat_at < now() - interval '2 minutes'
                and s.heartbeat_at >= coalesce(s.scraping_started_at, '-infinity')
        )
        for no key update of p, s skip locked
    ) as held;

    update profiles p set sync_status = 'pending' where p.id = any (stuck);
    update profile_sync_status s
    set scraping_started_at = null,
        heartbeat_at = null,
        claim_token = null, -- whoever held it and was only late writes nothing more
        last_error = 'The reading stopped without a word.',
        last_error_at = clock_timestamp(),
        consecutive_failures = s.consecutive_failures + 1
    where s.profile_id = any (stuck);
    update sync_jobs j
    set status = 'failed',
        completed_at = clock_timestamp(),
        error_message = 'The reading stopped without a word.'
    where j.id in (
        select held.id from sync_jobs held
        where held.profile_id = any (stuck) and held.status = 'running'
        for no key update skip locked
    );
    return coalesce(cardinality(stuck), 0);
end
$$;
comment on function cleanup_stuck_scraping_states is
    'Put profiles back to pending whose scraping began over an hour ago, or whose heart-beat '
    'stopped for two minutes, and return how many. Counts as a failure, with last_error, so that '
    'one that always dies waits longer and longer. Where scraping_started_at is not known the last '
    'change of profile_sync_status counts, without such a row the profile''s last_sync_at or '
    'created_at. Example: select cleanup_stuck_scraping_states()';


create or replace function update_profile_stats(profile_id uuid) returns void
language plpgsql volatile
as $$
begin
    -- first the lock, then the count: of two callers the later one writes what it sees then
    perform from profiles p where p.id = update_profile_stats.profile_id for no key update;
    if not found then
        raise exception 'profile %: unknown', coalesce(update_profile_stats.profile_id::text, 'null')
            using errcode = 'LP050', hint = 'Give the id of a row of profiles.';
    end if;
    update profiles p
    set posts_count = stats.posts, avg_engagement = stats.engagement
    from (
        select count(*)::integer as posts, avg(b.engagement)::float8 as engagement
        from viral_posts_bank b where b.author_id = update_profile_stats.profile_id
    ) as stats
    where p.id = update_profile_stats.profile_id
        and (p.posts_count, p.avg_engagement) is distinct from (stats.posts, stats.engagement);
end
$$;
comment on function update_profile_stats is
    'Count the profile''s posts in the bank into posts_count, and the mean of their likes, comments '
    'and shares together into avg_engagement, null without posts. Errors: LP050 unknown profile. '
    'Example: select update_profile_stats((select id from profiles limit 1))';
