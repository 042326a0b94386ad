-- Erasing a person from the application's database, and what may be kept.  Decision record 0016.

create or replace function publications_in_flight(p_profile uuid)
returns table (kind text, id uuid, status text)
language sql stable
as $$
    with theirs as (
        select 'scheduled_post' as kind, s.id, s.status
        from scheduled_posts s where s.author_id = p_profile
        union all
        select 'scheduled_post_account', t.id, t.status
        from scheduled_post_accounts t
        left join scheduled_posts s on s.id = t.scheduled_post_id
        left join unipile_accounts u on u.id = t.unipile_account_id
        where p_profile in (s.author_id, u.profile_id)
        union all
        select 'production_post', d.id, d.status::text
        from production_posts d where d.author_id = p_profile
        union all
        select 'company_published_post', c.id, c.status
        from company_published_posts c
        join published_posts p on p.id = c.original_published_post_id
        where p.profile_id = p_profile
        union all
        -- one that is held although it may be out waits for a person to say so
        select 'publication', q.id,
            case when q.state = 'held' and q.doubt is not null then 'unconfirmed' else q.state end
        from publications q where q.profile_id = p_profile
    )
    select t.kind, t.id, t.status from theirs t where t.status in ('publishing', 'unconfirmed')
$$;
comment on function publications_in_flight is
    'Publications of a profile that are being made, or of which nobody knows whether they were. '
    'Example: select * from publications_in_flight((select id from profiles limit 1))';


create or replace function without_names(p_text text, p_names text[]) returns text
language plpgsql immutable
as $$
declare
    name text;
begin
    foreach name in array p_names loop
        p_text := regexp_replace(
            p_text,
            '(?<![[:alnum:]])' || regexp_replace(name, '([^[:alnum:][:space:]])', '\\\1', 'g')
                || '(?![[:alnum:]])',
            '(erased)', 'gi'
        );
    end loop;
    return p_text;
end
$$;
comment on function without_names is
    'The text with whole occurrences of the names, upper and lower case alike, replaced. '
    'Example: select without_names(''Ada was away'', array[''ada''])';


create or replace function forget_kept_publications() returns integer
language sql volatile
as $$
    with gone as (delete from kept_publications k where k.kept_until < now() returning k.id)
    select count(*)::integer from gone
$$;
comment on function forget_kept_publications is
    'Delete what was kept of erased persons'' publications and need not be any longer; returns how '
    'many. Example: select forget_kept_publications()';


create or replace function erase_profile(p_profile uuid)
returns table (posts integer, publications_kept integer)
language plpgsql volatile
as $$
declare
    person profiles;
    names text[];
    json_names text[];
    batches uuid[];
    pending text;
begin
    -- nobody can add anything to a profile that is locked so: foreign keys wait
    select * into person from profiles p where p.id = p_profile for update;
    if not found then
        raise exception 'profile %: unknown', coalesce(p_profile::text, 'null')
            using errcode = 'LP130', hint = 'Give the id of a row of profiles.';
    end if;
    -- write-backs pass over locked posts, or are over; intents cannot begin
    perform from viral_posts_bank b where b.author_id = p_profile order by b.id for update;
    perform from production_posts d where d.author_id = p_profile order by d.id for update;
    perform from scheduled_posts s where s.author_id = p_profile order by s.id for update;
    perform from scheduled_post_accounts t
    where t.scheduled_post_id in (select s.id from scheduled_posts s where s.author_id = p_profile)
        or t.unipile_account_id in (
            select u.id from unipile_accounts u where u.profile_id = p_profile
        )
    order by t.id for update;
    perform from company_published_posts c
    where c.original_published_post_id in (
        select p.id from published_posts p where p.profile_id = p_profile
    )
    order by c.id for update;

    perform from publications q where q.profile_id = p_profile order by q.id for update;

    select string_agg(format('%s %s is %s', f.kind, f.id, f.status), ', ' order by f.kind, f.id)
    into pending
    from publications_in_flight(p_profile) f;
    if pending is not null then
        raise exception 'profile %: %', p_profile, pending using errcode = 'LP131',
            hint = 'Let publishing settle them, or decide with linkedin-pipeline publications '
                'resolve; then erase again.';
    end if;

    insert into kept_publications
        (external_post_id, social_id, post_url, unipile_account_id, published_at)
    select o.external_post_id, o.social_id,
        case when o.post_url ~ '^https://www[.]linkedin[.]com/feed/update/urn(:|%3A)li[^/?#]*/?$'
            then o.post_url end,
        o.account, o.published_at
    from (
        select p.external_post_id, p.social_id, p.post_url, u.unipile_account_id as account,
            p.published_at
        from published_posts p
        left join unipile_accounts u on u.id = p.unipile_account_id
        where p.profile_id = p_profile
        union all
        select q.external_post_id, q.social_id, q.post_url, q.account,
            coalesce(q.published_at, q.accepted_at, q.created_at)
        from publications q
        where q.profile_id = p_profile and q.state = 'published' and q.published_post_id is null
            and q.kind <> 'company'
    ) as o
    where num_nonnulls(o.external_post_id, o.social_id, o.post_url) > 0;
    get diagnostics publications_kept = row_count;
    perform forget_kept_publications();

    -- a company page's posts stay, without the words that it repeated
    delete from company_published_posts c
    using published_posts p
    where p.id = c.original_published_post_id and p.profile_id = p_profile
        and c.status <> 'published';
    update company_published_posts c
    set content = '', attachments = '[]', mentions = '[]', external_link = null,
        error_message = null,
        post_url = case when c.post_url ~ '/urn(:|%3A)li[^/?#]*/?$' then c.post_url end
    from published_posts p
    where p.id = c.original_published_post_id and p.profile_id = p_profile;
    -- what others said under the person's posts speaks of them
    update engagement_logs g
    set comment_text = null, external_post_id = null, error_message = null
    where g.post_author_id = p_profile;
    update provider_calls c set subject = '' where c.profile_id = p_profile;

    names := array(
        select distinct n from unnest(array[
            person.full_name, person.linkedin_id, person.email, p_profile::text
        ]) as n where btrim(n) <> ''
    );
    json_names := array(select trim('"' from to_jsonb(n)::text) from unnest(names) as n);
    update task_execution_logs_v2 l
    set error_message = without_names(l.error_message, names),
        results = without_names(l.results::text, json_names)::jsonb
    where without_names(concat_ws(' ', l.error_message, l.results::text), names || json_names)
        <> concat_ws(' ', l.error_message, l.results::text);
    update ai_errors e
    set error_message = without_names(e.error_message, names),
        metadata = without_names(e.metadata::text, json_names)::jsonb
    where without_names(concat_ws(' ', e.error_message, e.metadata::text), names || json_names)
        <> concat_ws(' ', e.error_message, e.metadata::text);
    update pipeline_requests r
    set error_message = without_names(r.error_message, names)
    where without_names(r.error_message, names) <> r.error_message;
    update alerts a
    set title = without_names(a.title, names), detail = without_names(a.detail, names)
    where without_names(concat_ws(' ', a.title, a.detail), names)
        <> concat_ws(' ', a.title, a.detail);

    -- answers that a batch fetched for these posts and that nobody else asked for
    delete from ai_answers a
    using ai_batch_items i, viral_posts_bank b
    where i.key = a.key and b.id = i.post_id and b.author_id = p_profile
        and not exists (
            select from ai_batch_items other join viral_posts_bank o on o.id = other.post_id
            where other.key = a.key and o.author_id is distinct from p_profile
        );
    batches := array(
        select d.batch_id from production_posts d
        where d.author_id = p_profile and d.batch_id is not null
        union
        select c.batch_id from batch_author_configs c where c.author_id = p_profile
    );
    delete from viral_posts_bank b where b.author_id = p_profile;
    get diagnostics posts = row_count;
    delete from profiles p where p.id = p_profile; -- all else follows by foreign key
    delete from post_batches b
    where b.id = any (batches)
        and not exists (select from production_posts d where d.batch_id = b.id)
        and not exists (select from batch_author_configs c where c.batch_id = b.id);
    perform update_batch_progress(b.id) from post_batches b where b.id = any (batches);

    insert into erasures (profile_id) values (p_profile);
    return next;
end
$$;
comment on function erase_profile is
    'Erase a person: the profile, its posts and everything that hangs on them, names in logs; sums '
    'of money and counts stay, without the profile. Of what was published for it identifiers and '
    'times are kept (kept_publications); pending publications are gone. Dagster''s database is '
    'cleared by linkedin-pipeline profiles erase. Errors: LP130 unknown profile, LP131 a '
    'publication is being made or its outcome is unknown.';


create or replace function erasures_to_clear() returns table (profile_id uuid, partition_key text)
language sql stable
as $$
    select e.profile_id, e.partition_key
    from erasures e where e.dagster_cleared_at is null order by e.erased_at
$$;
comment on function erasures_to_clear is
    'Erased profiles whose traces in Dagster''s database are still to be removed. '
    'Example: select * from erasures_to_clear()';


create or replace function renew_statistics() returns void
language plpgsql volatile
as $$
declare
    sampled record;
    is_empty boolean;
begin
    for sampled in
        select c.oid::regclass as relation, c.relname, array_agg(s.attname) as columns
        from pg_class c
        join pg_stats s on s.schemaname = 'public' and s.tablename = c.relname
        where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
            and pg_has_role(c.relowner, 'usage')
        group by c.oid
    loop
        execute format('select not exists (select from %s)', sampled.relation) into is_empty;
        if not is_empty then
            execute format('analyze %s', sampled.relation);
        elsif current_setting('server_version_num')::integer >= 180000 then
            -- of an empty table the old sample would stay
            perform pg_clear_attribute_stats('public', sampled.relname, c, false)
            from unnest(sampled.columns) as c;
        end if;
    end loop;
end
$$;
comment on function renew_statistics is
    'Sample all tables anew for the planner, whose statistics hold values of rows that are gone. '
    'Of an empty table PostgreSQL before 18 keeps the old sample until there are rows again. '
    'Example: select renew_statistics()';
