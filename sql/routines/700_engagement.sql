-- Who may react and comment, how often a day, and in which manner.  Nothing here does either.

create or replace function local_day(p_at timestamptz, p_zone text) returns date
language plpgsql stable
as $$
begin
    return (p_at at time zone p_zone)::date;
exception when invalid_parameter_value then
    raise warning 'time zone %: unknown, the day is that of UTC', p_zone
        using hint = 'Write a name of pg_timezone_names into profiles.timezone.';
    return (p_at at time zone 'UTC')::date;
end
$$;
comment on function local_day is
    'The calendar day of an instant in a time zone. An unknown zone warns and counts as UTC. '
    'Example: select local_day(''2026-03-29 22:30+00'', ''Europe/Paris'')';


create or replace function require_engagement_action(p_action text) returns void
language plpgsql immutable
as $$
begin
    if p_action is null or p_action not in ('reaction', 'comment') then
        raise exception 'action type: %', coalesce(quote_literal(p_action), 'null')
            using errcode = 'LP051', hint = 'Write ''reaction'' or ''comment''.';
    end if;
end
$$;
comment on function require_engagement_action is
    'Refuse what is neither reaction nor comment (LP051). '
    'Example: select require_engagement_action(''reaction'')';


create or replace function engagement_allowed(
    p_settings engagement_settings, p_action text, p_new_day boolean
) returns boolean
language sql immutable
return case p_action
    when 'reaction' then p_settings.auto_react_enabled
        and case when p_new_day then 0 else p_settings.reactions_today end
            < p_settings.max_reactions_per_day
    when 'comment' then p_settings.auto_comment_enabled
        and case when p_new_day then 0 else p_settings.comments_today end
            < p_settings.max_comments_per_day
end;
comment on function engagement_allowed is
    'Whether settings allow one more action, the counters being old when a new day has begun. '
    'Example: select engagement_allowed(s, ''comment'', false) from engagement_settings s';


create or replace function count_engagement(
    p_profile uuid, p_action text, p_within_limit boolean, p_at timestamptz
) returns boolean
language plpgsql volatile
as $$
declare
    settings engagement_settings;
    zone text;
    moment timestamptz;
    new_day boolean;
begin
    perform require_engagement_action(p_action);
    select * into settings
    from engagement_settings s where s.profile_id = p_profile for no key update;
    if not found then
        insert into engagement_settings (profile_id, last_reset_at)
        select p.id, coalesce(p_at, clock_timestamp())
        from profiles p where p.id = p_profile for key share
        on conflict on constraint engagement_settings_profile_id_key do nothing;
        select * into settings
        from engagement_settings s where s.profile_id = p_profile for no key update;
        if not found then
            raise exception 'profile %: unknown', coalesce(p_profile::text, 'null')
                using errcode = 'LP050', hint = 'Give the id of a row of profiles.';
        end if;
    end if;
    select p.timezone into zone from profiles p where p.id = p_profile;
    -- read once the row is ours: who waited for it past midnight counts in the new day
    moment := coalesce(p_at, clock_timestamp());
    -- "later", not "other": a clock, or in some zones the summer time's end, goes back to yesterday
    new_day := local_day(moment, zone) > local_day(settings.last_reset_at, zone);
    if p_within_limit and not engagement_allowed(settings, p_action, new_day) then
        return false;
    end if;
    update engagement_settings s
    set reactions_today = case when new_day then 0 else s.reactions_today end
            + (p_action = 'reaction')::integer,
        comments_today = case when new_day then 0 else s.comments_today end
            + (p_action = 'comment')::integer,
        last_reset_at = case when new_day then moment else s.last_reset_at end
    where s.id = settings.id;
    return true;
end
$$;
comment on function count_engagement is
    'Count one action at an instant, null for now, where p_within_limit asks only if switch and '
    'limit allow it; false when they do not. Errors: LP050 unknown profile, LP051 action. '
    'Example: select count_engagement((select id from profiles limit 1), ''comment'', true, now())';


create or replace function try_engage(profile_id uuid, action_type text) returns boolean
language sql volatile
as $$
    select count_engagement(try_engage.profile_id, try_engage.action_type, true, null)
$$;
comment on function try_engage is
    'Take one of the profile''s reactions or comments of today: true when it was free and is '
    'counted now, false when the switch is off or the limit is reached. Any number of sessions '
    'together never take more than the limit. Days are those of the profile''s time zone; settings '
    'are made with the usual limits when there are none. Errors: LP050 unknown profile, LP051 '
    'action_type is neither reaction nor comment. '
    'Example: select try_engage((select id from profiles limit 1), ''reaction'')';


create or replace function can_profile_engage(profile_id uuid, action_type text) returns boolean
language plpgsql stable
as $$
declare
    settings engagement_settings;
    zone text;
begin
    perform require_engagement_action(can_profile_engage.action_type);
    select p.timezone into zone from profiles p where p.id = can_profile_engage.profile_id;
    if not found then
        raise exception 'profile %: unknown', coalesce(can_profile_engage.profile_id::text, 'null')
            using errcode = 'LP050', hint = 'Give the id of a row of profiles.';
    end if;
    select * into settings
    from engagement_settings s where s.profile_id = can_profile_engage.profile_id;
    return not found or engagement_allowed(
        settings, can_profile_engage.action_type,
        local_day(statement_timestamp(), zone) > local_day(settings.last_reset_at, zone)
    );
end
$$;
comment on function can_profile_engage is
    'Whether the profile has a reaction or comment left today, in its time zone, and the switch is '
    'on. Counts nothing, so two callers may be told the same: try_engage asks and counts in one. '
    'A profile without settings has the usual limits. Errors: LP050 unknown profile, LP051 '
    'action_type is neither reaction nor comment. '
    'Example: select can_profile_engage((select id from profiles limit 1), ''comment'')';


create or replace function increment_engagement_counter(profile_id uuid, action_type text)
returns void
language plpgsql volatile
as $$
begin
    perform count_engagement(
        increment_engagement_counter.profile_id, increment_engagement_counter.action_type,
        false, null
    );
end
$$;
comment on function increment_engagement_counter is
    'Count a reaction or comment that was made, beyond the limit too; a new day of the profile''s '
    'time zone begins at 1. Errors: LP050 unknown profile, LP051 action_type is neither reaction '
    'nor comment. '
    'Example: select increment_engagement_counter((select id from profiles limit 1), ''comment'')';


create or replace function get_eligible_engagers(post_author_id uuid, external_post_id text)
returns table (
    profile_id uuid, profile_name text, writing_style text, unipile_account_id uuid,
    unipile_account_external_id text, preferred_reaction text
)
language plpgsql stable
as $$
begin
    if btrim(coalesce(get_eligible_engagers.external_post_id, '')) = '' then
        raise exception 'external post id: missing' using errcode = 'LP052',
            hint = 'Give LinkedIn''s id of the post, like urn:li:activity:7100000000000000000.';
    end if;
    return query
    select p.id, p.full_name, p.writing_style_prompt, a.id, a.unipile_account_id,
        coalesce(s.preferred_reaction, 'like')
    from profiles p
    cross join lateral (
        -- one account a person: two would engage twice
        select u.id, u.unipile_account_id from unipile_accounts u
        where u.profile_id = p.id and u.provider = 'LINKEDIN' and u.status = 'OK'
            and u.is_active and u.unipile_account_id is not null
        order by u.created_at, u.id limit 1
    ) as a
    left join engagement_settings s on s.profile_id = p.id
    where p.id is distinct from get_eligible_engagers.post_author_id
        and not exists (
            select from engagement_logs l
            where l.external_post_id = get_eligible_engagers.external_post_id
                and l.engager_profile_id = p.id
                -- in this logic "false or null" is null: what may still succeed counts
                and coalesce(l.reaction_success or l.comment_success, l.status <> 'failed')
        )
    order by (
        select max(l.executed_at) from engagement_logs l where l.engager_profile_id = p.id
    ) nulls first, p.full_name, p.id;
end
$$;
comment on function get_eligible_engagers is
    'Profiles that may engage on a post: with an active LinkedIn account in state OK, not its '
    'author, and not engaged on it yet; who engaged longest ago comes first. What failed altogether '
    'does not count as engaged, what is under way does. Switches and limits are for try_engage to '
    'tell. An author that is null or unknown excludes nobody. Errors: LP052 no post id. '
    'Example: select * from get_eligible_engagers((select id from profiles limit 1), '
    '''urn:li:activity:7100000000000000000'')';


create or replace function select_comment_pattern(
    engager_id uuid, exclude_count integer default 10
) returns setof comment_patterns
language plpgsql volatile
as $$
begin
    if exclude_count is null or exclude_count < 0 then
        raise exception 'exclude_count: %', coalesce(exclude_count::text, 'null')
            using errcode = 'LP053',
            hint = 'Say how many of the last patterns to leave out, 0 or more.';
    end if;
    return query
    with used as (
        select l.comment_pattern_id as id, max(l.executed_at) as last,
            row_number() over (order by max(l.executed_at) desc, l.comment_pattern_id) as place
        from engagement_logs l
        where l.engager_profile_id = engager_id and l.comment_pattern_id is not null
        group by l.comment_pattern_id
    )
    select c.*
    from comment_patterns c
    left join used u on u.id = c.id
    where c.is_active
    order by
        coalesce(u.place <= exclude_count, false),
        case when u.place <= exclude_count then u.place end desc,
        random()
    limit 1;
end
$$;
comment on function select_comment_pattern is
    'An active pattern by chance, none of the last exclude_count different ones that the engager '
    'used (engagement_logs says which); when that leaves none, the one not used for longest. No '
    'row without an active pattern; an engager that is not known has used none. Errors: LP053 '
    'exclude_count is null or negative. '
    'Example: select * from select_comment_pattern((select id from profiles limit 1), 3)';
