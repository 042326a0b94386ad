-- Work on profiles' writing styles; claims like those of posts, one profile at a time.

create or replace function profiles_wanting_style(p_min_posts integer) returns setof uuid
language sql stable
as $$
    select p.id
    from profiles p
    where p.writing_style_prompt is null
        and not exists (
            select from profile_work w where w.profile_id = p.id and w.task = 'style'
        )
        -- the n-th post with words (it has a hook), found by the index on author_id
        and exists (
            select from viral_posts_bank b where b.author_id = p.id and b.hook is not null
            offset greatest(p_min_posts, 1) - 1
        )
        -- hook types are part of a style: let recent posts get theirs first
        and not exists (
            select from viral_posts_bank b
            join post_work w on w.post_id = b.id and w.stage in ('hooks', 'hook_classifications')
            where b.author_id = p.id and w.due_at > now() - interval '15 minutes'
        )
$$;
comment on function profiles_wanting_style is
    'Profiles without a style that have enough posts with words and are not queued yet.';


create or replace function due_styles(p_min_posts integer)
returns table (profile_id uuid, partition_key text)
language sql stable
as $$
    select p.id, p.partition_key
    from profiles p
    where p.id in (
        select w.profile_id from profile_work w
        where w.task = 'style' and w.due_at <= now()
            and (w.lease_until is null or w.lease_until < now())
        union all
        select profiles_wanting_style(p_min_posts)
    )
$$;
comment on function due_styles is 'Profiles whose style is due and unclaimed. Example: select * from due_styles(5)';


create or replace function request_styles(p_profiles uuid[]) returns integer
language sql volatile
as $$
    with queued as (
        insert into profile_work as w (profile_id, task)
        -- in one order, so that two callers wait for one another instead of locking up
        select p.id, 'style' from profiles p where p.id = any (p_profiles) order by p.id
        on conflict on constraint profile_work_pkey
        do update set due_at = least(w.due_at, now())
        returning w.profile_id
    )
    select count(*)::integer from queued
$$;
comment on function request_styles is 'Make the styles of profiles due now; returns how many. '
    'Example: select request_styles(array(select id from profiles where type = ''internal''))';


create or replace function make_styles_due() returns integer
language sql volatile
as $$
    select request_styles(array(
        select p.id
        from profiles p
        where p.type = 'internal'
            -- the 21st post, found by the index on author_id
            and exists (select from viral_posts_bank b where b.author_id = p.id offset 20)
    ))
$$;
comment on function make_styles_due is
    'Make the styles of all internal profiles with more than 20 posts due now, as every month; '
    'returns how many. Costs nothing where posts have not changed since. '
    'Example: select make_styles_due()';


create or replace function claim_styles(
    p_min_posts integer, p_max integer, p_lease interval, p_only text[]
) returns table (profile_id uuid, partition_key text, claim_token bigint, attempts integer)
language plpgsql volatile
as $$
begin
    insert into profile_work (profile_id, task)
    select id, 'style' from profiles_wanting_style(p_min_posts) as id
    on conflict on constraint profile_work_pkey do nothing;

    return query
    with due as (
        select w.ctid
        from profile_work w
        where w.task = 'style' and w.due_at <= now()
            and (w.lease_until is null or w.lease_until < now())
            and (p_only is null or exists (
                select from profiles p
                where p.id = w.profile_id and p.partition_key = any (p_only)
            ))
        order by w.due_at
        limit p_max
        for update skip locked
    ),
    taken as (
        update profile_work w
        set lease_until = clock_timestamp() + p_lease,
            token = nextval('profile_work_token'),
            attempts = least(w.attempts + 1, 32000)
        from due where w.ctid = due.ctid
        returning w.profile_id, w.token, w.attempts
    )
    select t.profile_id, p.partition_key, t.token, t.attempts::integer
    from taken t join profiles p on p.id = t.profile_id;
end
$$;
comment on function claim_styles is
    'Claim profiles whose style is due, of the given partition keys or all.';


create or replace function extend_style(p_profile uuid, p_token bigint, p_lease interval)
returns boolean
language plpgsql volatile
as $$
begin
    update profile_work
    set lease_until = clock_timestamp() + p_lease
    where profile_id = p_profile and task = 'style' and token = p_token;
    return found;
end
$$;
comment on function extend_style is
    'Move the end of a claim''s lease to p_lease from now; false when the claim was stale.';


create or replace function store_style(
    p_profile uuid, p_token bigint, p_prompt text, p_analysis jsonb,
    p_embedding vector default null, p_embedding_model text default null,
    p_written_by text default null, p_instead_of text default null
) returns boolean
language plpgsql volatile
as $$
begin
    perform from profiles where id = p_profile for no key update;
    if p_prompt is not null and p_embedding is null then
        -- the style must not wait for its vector: that one is made when the profile comes up again
        update profile_work
        set due_at = now() + interval '10 minutes', token = null, lease_until = null, attempts = 0
        where profile_id = p_profile and task = 'style' and token = p_token;
    else
        delete from profile_work
        where profile_id = p_profile and task = 'style' and token = p_token;
    end if;
    if not found then
        return false;
    end if;
    update profiles
    set writing_style_prompt = coalesce(p_prompt, writing_style_prompt),
        style_analysis = coalesce(p_analysis, style_analysis),
        writing_style_embedding = case when p_prompt is null and p_embedding is null
            then writing_style_embedding else p_embedding end,
        writing_style_embedding_model = case when p_prompt is null and p_embedding is null
            then writing_style_embedding_model else p_embedding_model end,
        last_style_analysis_at = clock_timestamp()
    where id = p_profile;
    update ai_errors set is_resolved = true
    where profile_id = p_profile and function_name = 'worker_complete_profiles_v2'
        and not is_resolved;
    if p_instead_of is not null then
        insert into ai_errors (
            function_name, error_code, error_message, profile_id, metadata, is_resolved
        )
        values (
            'worker_complete_profiles_v2', 'style_fallback', p_instead_of, p_profile,
            jsonb_build_object('outcome', 'written', 'written_by', p_written_by), true
        );
    end if;
    return true;
end
$$;
comment on function store_style is
    'Write a claimed profile''s style and end the claim; nulls keep what is there (nothing changed). '
    'A new style without its vector loses the old vector, and the profile is due again in ten '
    'minutes. p_instead_of says why p_written_by had to stand in: a resolved row in ai_errors. '
    'False when the claim was stale, and then nothing is written.';


create or replace function style_incident(p_profile uuid, p_code text, p_reason text)
returns void
language sql volatile
as $$
    insert into ai_errors (function_name, error_code, error_message, profile_id, metadata)
    select 'worker_complete_profiles_v2', p_code, p_reason, p_profile,
        jsonb_build_object('outcome', 'failed')
    where not exists (
        select from ai_errors e
        where e.profile_id = p_profile and e.function_name = 'worker_complete_profiles_v2'
            and e.error_code = p_code and not e.is_resolved
    )
$$;
comment on function style_incident is
    'Write down that a profile has no new style, once while an incident of the same code is open.';


create or replace function retry_style(
    p_profile uuid, p_token bigint, p_delay interval, p_charge boolean,
    p_code text default null, p_reason text default null
) returns boolean
language plpgsql volatile
as $$
begin
    update profile_work
    set due_at = now() + p_delay, token = null, lease_until = null,
        attempts = greatest(attempts - (not p_charge)::integer, 0)
    where profile_id = p_profile and task = 'style' and token = p_token;
    if not found then
        return false;
    end if;
    if p_code is not null then
        perform style_incident(p_profile, p_code, p_reason);
    end if;
    return true;
end
$$;
comment on function retry_style is
    'Put a claimed profile back, due after the delay; without p_charge the attempt does not count. '
    'With p_code it is an incident.';


create or replace function reject_style(
    p_profile uuid, p_token bigint, p_code text, p_reason text
) returns boolean
language plpgsql volatile
as $$
begin
    -- the row stays: a profile without a style and without work would be queued again at once
    update profile_work
    set due_at = 'infinity', token = null, lease_until = null, attempts = 0
    where profile_id = p_profile and task = 'style' and token = p_token;
    if not found then
        return false;
    end if;
    perform style_incident(p_profile, p_code, p_reason);
    return true;
end
$$;
comment on function reject_style is
    'Put a claimed profile aside until request_styles() makes it due, with one open incident.';
