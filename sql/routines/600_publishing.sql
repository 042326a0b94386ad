-- Scheduling: when a text goes out, and where.

create or replace function time_zone_name(zone text) returns text
language plpgsql stable
as $$
declare
    name text;
begin
    -- Only names of the time zone database: PostgreSQL would also take 'FOO+3', and abbreviations,
    -- which know no summer time.  The others below depend on the computer that the server runs on.
    select z.name into name
    from pg_timezone_names z
    where lower(z.name) = lower(zone)
        and z.name not in ('localtime', 'posixrules', 'Factory')
        and z.name !~ '^(posix|right)/';
    if name is null then
        raise exception 'timezone %: unknown', coalesce(zone, 'null') using
            errcode = 'LP042', hint = 'Give a name such as Europe/Paris, see pg_timezone_names.';
    end if;
    return name;
end
$$;
comment on function time_zone_name is
    'A time zone''s name as the time zone database writes it, whatever its case. Error: LP042 '
    'unknown, as are abbreviations (CEST) and POSIX rules (FOO+3).
Example: select time_zone_name(''europe/paris'')';


create or replace function local_instant(local_time timestamp, zone text) returns timestamptz
language sql stable
as $$
    -- PostgreSQL moves a time that is skipped forward, but of one that comes twice it takes the
    -- second.  The first is found by the offsets that held during the day before.
    select coalesce(min(earlier.instant), (local_instant.local_time at time zone zone))
    from generate_series(0, 25) as hours
    cross join lateral (
        select (local_instant.local_time at time zone zone) - make_interval(hours => hours) as probe
    ) as before
    cross join lateral (
        select (
            local_instant.local_time
            - ((before.probe at time zone zone) - (before.probe at time zone 'UTC'))
        ) at time zone 'UTC' as instant
    ) as earlier
    where earlier.instant at time zone zone = local_instant.local_time
$$;
comment on function local_instant is
    'The instant at which clocks of a zone show a time: the first if they do so twice; if they skip '
    'it, the time moves forward by what is skipped.
Example: select local_instant(''2026-10-25 02:30'', ''Europe/Paris'')';


create or replace function check_publishing_time(p_instant timestamptz) returns void
language plpgsql stable
as $$
begin
    if p_instant is null or not isfinite(p_instant)
        or p_instant < clock_timestamp() - interval '5 minutes'
    then
        raise exception 'time %: not a time to come', coalesce(p_instant::text, 'null') using
            errcode = 'LP043',
            hint = 'Give a time that is not over; up to 5 minutes ago goes out with the next pass.';
    end if;
end
$$;
comment on function check_publishing_time is
    'Refuse an instant that is null, infinite or more than 5 minutes ago. Error: LP043.
Example: select check_publishing_time(now() + interval ''1 day'')';


create or replace function schedule_post(
    author_id uuid, content text, local_time timestamp, timezone text,
    unipile_account_ids uuid[] default null, mentions jsonb default '[]',
    external_link text default null, attachments jsonb default '[]',
    production_post_id uuid default null
) returns uuid
language plpgsql volatile
as $$
declare
    zone constant text := time_zone_name(timezone);
    instant timestamptz;
    accounts uuid[];
    wrong uuid;
    draft production_posts;
    made uuid;
begin
    -- who erases the author has this row when it comes to the draft
    perform from profiles p where p.id = schedule_post.author_id for key share;
    if not found then
        raise exception 'author %: unknown', coalesce(author_id::text, 'null') using
            errcode = 'LP040', hint = 'Give the id of a row of profiles.';
    end if;
    if coalesce(content, '') !~ '\S' then
        raise exception 'content: empty' using
            errcode = 'LP041', hint = 'A post needs a text.';
    end if;
    instant := case when isfinite(local_time) then local_instant(local_time, zone) end;
    perform check_publishing_time(instant);
    if jsonb_typeof(coalesce(mentions, '[]')) <> 'array'
        or jsonb_typeof(coalesce(attachments, '[]')) <> 'array'
    then
        raise exception 'mentions, attachments: no arrays' using
            errcode = 'LP046', hint = 'Give JSON arrays, [] for none.';
    end if;

    if unipile_account_ids is null then
        accounts := array(
            select a.id from unipile_accounts a
            where a.profile_id = schedule_post.author_id and a.is_active and a.status = 'OK'
                and a.provider = 'LINKEDIN'
        );
    else
        accounts := array(select distinct a.id from unnest(unipile_account_ids) as a (id));
        select w.id into wrong from unnest(accounts) as w (id)
        where not exists (
            select from unipile_accounts a
            where a.id = w.id and a.is_active and a.provider = 'LINKEDIN'
        );
        if found then
            raise exception 'account %: unknown or switched off', coalesce(wrong::text, 'null')
                using errcode = 'LP045',
                hint = 'Give ids (column id) of active LinkedIn rows of unipile_accounts.';
        end if;
    end if;
    if cardinality(accounts) = 0 then
        raise exception 'author %: no LinkedIn account to publish with', author_id using
            errcode = 'LP044', hint = 'Connect an account of the author, or name others.';
    end if;

    if production_post_id is not null then
        -- locked: of two that schedule the same draft at once the second sees the first's row
        select * into draft from production_posts p
        where p.id = schedule_post.production_post_id
        for no key update;
        if not found or draft.author_id <> schedule_post.author_id then
            raise exception 'production post %: not one of author %', production_post_id, author_id
                using errcode = 'LP047', hint = 'Give the id of a draft of this author.';
        end if;
        if draft.status in ('publishing', 'published', 'held', 'unconfirmed') or exists (
            select from scheduled_posts s
            where s.production_post_id = schedule_post.production_post_id
                and s.status not in ('cancelled', 'failed', 'missed')
        ) then
            raise exception 'production post %: on its way already', production_post_id using
                errcode = 'LP047', hint = 'Use reschedule_post, or cancel_scheduled_post first.';
        end if;
    end if;

    insert into scheduled_posts (
        author_id, content, mentions, external_link, attachments, scheduled_at, timezone,
        production_post_id
    )
    values (
        schedule_post.author_id, schedule_post.content, coalesce(schedule_post.mentions, '[]'),
        schedule_post.external_link, coalesce(schedule_post.attachments, '[]'), instant, zone,
        schedule_post.production_post_id
    )
    returning id into made;
    insert into scheduled_post_accounts (scheduled_post_id, unipile_account_id)
    select made, a.id from unnest(accounts) as a (id);
    perform mirror_schedule(draft.id, 'scheduled', instant);
    return made;
end
$$;
comment on function schedule_post is
    'Schedule a text for the time that clocks of a zone show (a time that is skipped moves forward, '
    'of one that comes twice the first counts), to the given accounts (column id of '
    'unipile_accounts) or to the author''s active LinkedIn accounts with status OK. A production '
    'post that is named becomes scheduled and goes out through this row only. Answers the id of '
    'the row of scheduled_posts. Errors: LP040 unknown author, LP041 empty content, LP042 unknown '
    'zone, LP043 no time or over for more than 5 minutes, LP044 no account, LP045 unknown or '
    'inactive account, LP046 mentions or attachments no array, LP047 production post unknown, of '
    'another author, or on its way already.
Example: select schedule_post(author_id => a.profile_id, content => ''Hello.'', local_time => '
    'now()::timestamp + interval ''2 days'', timezone => ''Europe/Paris'') from unipile_accounts a '
    'where a.status = ''OK'' and a.is_active and a.profile_id is not null';


create or replace function mirror_schedule(
    p_production_post uuid, p_status post_status, p_instant timestamptz
) returns void
language sql volatile
as $$
    update production_posts p
    set status = p_status,
        publication_date = p_instant,
        updated_at = greatest(clock_timestamp(), p.updated_at + interval '1 microsecond')
    where p.id = p_production_post
        and (p.status, p.publication_date) is distinct from (p_status, p_instant)
$$;
comment on function mirror_schedule is
    'Let a production post say what was decided on the scheduled post that names it.
Example: select mirror_schedule(p.id, ''scheduled'', now()) from production_posts p';
