-- Intents: what is decided to be sent is written down before the call.
-- Locks are taken in one order everywhere.  First, against deletion only, what cascades to a source
-- row or is named by what is written: profile, account, page, batch, draft, published post; whoever
-- deletes one of these has it locked when it comes to the rows below.  Then the source: scheduled
-- post, its account row, draft, or company's post.  Then the publication.  Who changes a source row
-- that is locked here waits, and then sees that it is too late.

create or replace function lock_publication_source(
    p_kind text, p_source uuid, p_wait boolean default true
) returns boolean
language plpgsql volatile
as $$
declare
    mode constant text := case when p_wait then '' else ' nowait' end;
    above record;
    locked integer;
begin
    select array_agg(x.profile) as profiles, array_agg(x.account) as accounts,
        array_agg(x.page) as pages, array_agg(x.batch) as batches, array_agg(x.draft) as drafts,
        array_agg(x.post) as posts, (array_agg(x.plan) filter (where x.plan is not null))[1] as plan
    into above
    from (
        select s.author_id, a.unipile_account_id, null::uuid, d.batch_id, d.id, null::uuid, s.id
        from scheduled_post_accounts a
        join scheduled_posts s on s.id = a.scheduled_post_id
        left join production_posts d on d.id = s.production_post_id
        where p_kind = 'scheduled' and a.id = p_source
        union all
        select d.author_id, author_account(d.author_id), null, d.batch_id, d.id, null, null
        from production_posts d
        where p_kind = 'production' and d.id = p_source
        union all
        select o.profile_id, g.admin_unipile_account_id, g.id, null, null, null, null
        from company_published_posts c
        left join company_pages g on g.id = c.company_page_id
        left join published_posts o on o.id = c.original_published_post_id
        where p_kind = 'company' and c.id = p_source
        union all
        select q.profile_id, q.unipile_account_id, null, null, null, q.published_post_id, null
        from publications q
        where q.kind = p_kind and q.source_id = p_source
    ) as x (profile, account, page, batch, draft, post, plan);

    execute 'select from profiles x where x.id = any ($1) order by x.id for key share' || mode
    using above.profiles;
    execute 'select from unipile_accounts x where x.id = any ($1) order by x.id for key share' || mode
    using above.accounts;
    execute 'select from company_pages x where x.id = any ($1) for key share' || mode
    using above.pages;
    execute 'select from post_batches x where x.id = any ($1) order by x.id for key share' || mode
    using above.batches;
    execute 'select from production_posts x where x.id = any ($1) for key share' || mode
    using above.drafts;
    execute 'select from published_posts x where x.id = any ($1) for key share' || mode
    using above.posts;

    if p_kind = 'scheduled' then
        execute 'select from scheduled_posts x where x.id = $1 for no key update' || mode
        using above.plan;
        execute 'select from scheduled_post_accounts x where x.id = $1 for no key update' || mode
        using p_source;
        get diagnostics locked = row_count;
        execute 'select from production_posts x where x.id = any ($1) for no key update' || mode
        using above.drafts;
    else
        execute format(
            'select from %I x where x.id = $1 for no key update',
            case p_kind when 'production' then 'production_posts' else 'company_published_posts' end
        ) || mode
        using p_source;
        get diagnostics locked = row_count;
    end if;
    return locked > 0;
exception when lock_not_available then
    if p_wait then
        raise; -- a limit that the session has set for itself
    end if;
    return null;
end
$$;
comment on function lock_publication_source is
    'Lock the row that a publication comes from, after what it hangs on: false when it is gone; '
    'without p_wait null when somebody else has any of it locked.';


create or replace function scheduled_post_state(p_scheduled_post uuid) returns table (
    state text, reason text
)
language sql stable
as $$
    select a.status, a.error_message
    from scheduled_post_accounts a
    where a.scheduled_post_id = p_scheduled_post
    -- published when all are; else the most urgent of the others (CONTRACT 3.1)
    order by array_position(array[
        'unconfirmed', 'held', 'failed', 'missed', 'publishing', 'pending', 'cancelled', 'published'
    ], a.status), a.error_message is null, a.id
    limit 1
$$;
comment on function scheduled_post_state is
    'The state that a scheduled post has by those of its accounts, and the reason of it.
Example: select t.* from scheduled_posts s, scheduled_post_state(s.id) as t';


create or replace function show_on_draft(p_scheduled_post uuid) returns void
language sql volatile
as $$
    update production_posts d
    set status = t.status,
        error_message = t.error_message,
        updated_at = greatest(clock_timestamp(), d.updated_at + interval '1 microsecond')
    from (
        select s.id, s.production_post_id, s.error_message,
            case s.status when 'pending' then 'scheduled' else s.status end::post_status as status
        from scheduled_posts s
        where s.id = p_scheduled_post
    ) as t
    where d.id = t.production_post_id
        and (d.status, d.error_message) is distinct from (t.status, t.error_message)
        and not exists ( -- it was scheduled anew, and shows what becomes of that
            select from scheduled_posts o
            where o.production_post_id = d.id and o.id <> t.id
                and o.status not in ('cancelled', 'failed', 'missed')
        )
$$;
comment on function show_on_draft is
    'Show a scheduled post''s state on the production post that it names.';


create or replace function show_publication(p_publication uuid) returns void
language plpgsql volatile
as $$
declare
    p publications;
    said text;
    plan uuid;
begin
    select * into p from publications q where q.id = p_publication;
    said := case when p.state not in ('publishing', 'published') then nullif(p.reason, '') end;
    if p.kind = 'company' then
        update company_published_posts c
        set status = p.state, external_post_id = coalesce(p.external_post_id, p.social_id),
            post_url = p.post_url, error_message = said, published_at = p.published_at
        where c.id = p.source_id;
        return;
    end if;
    if p.kind = 'production' then
        update production_posts d
        set status = case p.state when 'pending' then 'scheduled' else p.state end::post_status,
            error_message = said,
            updated_at = greatest(clock_timestamp(), d.updated_at + interval '1 microsecond')
        where d.id = p.source_id;
        return;
    end if;
    update scheduled_post_accounts a
    set status = p.state, external_post_id = coalesce(p.external_post_id, p.social_id),
        error_message = said
    where a.id = p.source_id;
    update scheduled_posts s
    set status = t.state,
        error_message = case when t.state not in ('publishing', 'published') then t.reason end,
        published_at = case when t.state = 'published' then coalesce(
            s.published_at, p.published_at, now()) end
    from scheduled_post_accounts a, scheduled_post_state(a.scheduled_post_id) as t
    where a.id = p.source_id and s.id = a.scheduled_post_id
    returning s.id into plan;
    perform show_on_draft(plan);
end
$$;
comment on function show_publication is
    'Show a publication''s state on the row that it comes from, and on those above it. The source '
    'row must be locked.';


create or replace function move_publication(
    p_publication uuid, p_state text, p_reason text, p_run_id text default null
) returns void
language plpgsql volatile
as $$
begin
    update publications p
    set state = p_state, reason = p_reason,
        leased_until = case p_state when 'publishing' then p.leased_until end,
        hold_code = case p_state when 'held' then p.hold_code end
    where p.id = p_publication;
    insert into publication_events (publication_id, state, reason, dagster_run_id)
    values (p_publication, p_state, p_reason, p_run_id);
    perform show_publication(p_publication);
end
$$;
comment on function move_publication is
    'Change a publication''s state, with the reason for people, and show it on its source. The '
    'source row must be locked.';


create or replace function publication_of(p_kind text, p_source uuid) returns publications
language plpgsql volatile
as $$
declare
    t record;
    p publications;
begin
    select * into t from due_targets(p_kind, p_source);
    insert into publications as q (
        kind, source_id, profile_id, unipile_account_id, account, as_organization, text, mentions,
        external_link, due_at
    )
    select p_kind, p_source, t.profile_id, t.account_id, coalesce(u.unipile_account_id, ''),
        t.as_organization, t.text, t.mentions, t.external_link, t.due_at
    from (select 1) as one
    left join unipile_accounts u on u.id = t.account_id
    on conflict on constraint publications_once do update
    set profile_id = excluded.profile_id,
        unipile_account_id = excluded.unipile_account_id,
        account = excluded.account,
        as_organization = excluded.as_organization,
        text = excluded.text,
        mentions = excluded.mentions,
        external_link = excluded.external_link,
        due_at = excluded.due_at,
        -- an ended one that is pending again was scheduled anew by a person
        retries = case when q.state = 'pending' then q.retries else 0 end,
        may_repeat = q.may_repeat and q.state = 'pending',
        revived_at = case when q.state = 'pending' then q.revived_at end,
        first_intent_at = case when q.state = 'pending' then q.first_intent_at end
    where q.state in ('pending', 'failed', 'missed', 'cancelled')
    returning * into p;
    return p;
end
$$;
comment on function publication_of is
    'The row of a due text in the ledger, with the text as it stands now, made when there is none. '
    'The source row must be locked and due.';


create or replace function commit_intent(
    p_kind text, p_source uuid, p_attachments jsonb, p_media jsonb, p_lease interval,
    p_grace interval, p_spacing interval, p_run_id text
) returns table (
    code text, reason text, publication_id uuid, token bigint, account text, text text,
    mentions jsonb, external_link text, as_organization text, profile_id uuid
)
language plpgsql volatile
as $$
#variable_conflict use_column
declare
    t record;
    found_in record;
    p publications;
begin
    if lock_publication_source(p_kind, p_source, false) is not true then
        return query select 'busy', 'somebody is changing it', null::uuid, null::bigint, null::text,
            null::text, null::jsonb, null::text, null::text, null::uuid;
        return;
    end if;
    -- of two texts for one account at once the second waits, and then meets the spacing
    perform pg_advisory_xact_lock(hashtextextended('publish ' || coalesce((
        select x.account_id::text || coalesce(x.as_organization, '')
        from due_targets(p_kind, p_source) x
    ), ''), 0));
    select * into found_in from intent_obstacle(p_kind, p_source, p_grace, p_spacing);
    select * into t from due_targets(p_kind, p_source);
    if found_in.code is null and t.attachments is distinct from p_attachments then
        found_in := row('changed', 'its attachments were changed meanwhile');
    end if;
    if found_in.code is not null then
        if found_in.code in ('account', 'duplicate', 'missed', 'cancelled', 'empty', 'removed') then
            p := publication_of(p_kind, p_source);
            update publications q
            set hold_code = case found_in.code when 'account' then 'account'
                when 'duplicate' then 'person' end
            where q.id = p.id;
            perform move_publication(p.id, case found_in.code
                when 'account' then 'held' when 'duplicate' then 'held'
                when 'missed' then 'missed' when 'cancelled' then 'cancelled' else 'failed'
            end, found_in.reason, p_run_id);
        elsif found_in.code = 'edited' then
            -- the ledger keeps the text as it was sent: it may still appear
            update publications q
            set hold_code = 'person', doubt = 'no_answer', doubt_at = q.first_intent_at,
                next_check_at = watched_again(q.first_intent_at)
            where q.kind = p_kind and q.source_id = p_source
            returning * into p;
            perform move_publication(p.id, 'held', found_in.reason, p_run_id);
        elsif found_in.code = 'taken' then
            perform show_publication(q.id) from publications q
            where q.kind = p_kind and q.source_id = p_source;
        end if;
        return query select found_in.code, found_in.reason, p.id, null::bigint, null::text,
            null::text, null::jsonb, null::text, null::text, null::uuid;
        return;
    end if;

    p := publication_of(p_kind, p_source);
    update publications q
    set token = nextval('publication_token'),
        leased_until = clock_timestamp() + p_lease,
        intent_at = clock_timestamp(),
        first_intent_at = coalesce(q.first_intent_at, clock_timestamp()),
        attempts = q.attempts + 1,
        attachments = p_attachments,
        media = p_media,
        hold_code = null, doubt = null, doubt_at = null, accepted_at = null, next_check_at = null,
        not_before = null, checks = 0, external_post_id = null, dagster_run_id = p_run_id
    where q.id = p.id
    returning * into p;
    perform move_publication(p.id, 'publishing', 'the intent is committed', p_run_id);
    return query select 'go', '', p.id, p.token, p.account, p.text, p.mentions, p.external_link,
        p.as_organization, p.profile_id;
end
$$;
comment on function commit_intent is
    'Commit the intent to publish a due text, as it stands now: code go, with the exact text, and '
    'a token that fences what is recorded about this POST. Else the code and reason of what stands '
    'in its way (see intent_obstacle; busy: its row is locked; changed: not the attachments that '
    'were fetched), which has been written down. The lease must outlast the call.';
