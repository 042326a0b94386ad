-- Before a pass sends anything: what time, edits and dead publishers have decided; and what must be
-- found out about posts of which nobody knows whether they are out.

create or replace function account_now(p publications) returns uuid
language sql stable
as $$
    select case p.kind
        when 'scheduled' then (
            select a.unipile_account_id from scheduled_post_accounts a where a.id = p.source_id)
        when 'production' then (
            select author_account(d.author_id) from production_posts d where d.id = p.source_id)
        else (
            select g.admin_unipile_account_id
            from company_published_posts c
            join company_pages g on g.id = c.company_page_id
            where c.id = p.source_id)
    end
$$;
comment on function account_now is
    'The account that a publication would go out through now, whichever it was when it was held.
Example: select account_now(p) from publications p';


create or replace function prepare_publishing(
    p_kinds text[], p_grace interval, p_run_id text
) returns table (what text, number integer)
language plpgsql volatile
as $$
declare
    r record;
    lapsed integer := 0;
    expanded integer := 0;
    cancelled integer := 0;
    released integer := 0;
    missed integer := 0;
    restored integer := 0;
    done boolean;
begin
    -- one at a time; whoever comes second has nothing to do
    if not pg_try_advisory_xact_lock(hashtextextended('prepare_publishing', 0)) then
        return;
    end if;

    for r in
        select q.id, q.token, q.kind, q.source_id from publications q
        where q.state = 'publishing' and q.accepted_at is null
            and q.leased_until < clock_timestamp()
        order by q.id limit 1000
    loop
        continue when lock_publication_source(r.kind, r.source_id, false) is null;
        done := settle_publication(r.id, r.token, 'unconfirmed',
            'its publisher stopped before an answer was recorded: the feed is searched for it',
            null, 'no_answer', null, null, interval '0', p_run_id) = 'unconfirmed';
        lapsed := lapsed + coalesce(done, false)::integer;
    end loop;

    for r in
        select s.id, author_account(s.author_id) as account
        from scheduled_posts s
        where 'scheduled' = any (p_kinds) and s.status = 'pending' and s.scheduled_at <= now()
            and not exists (
                select from scheduled_post_accounts a where a.scheduled_post_id = s.id
            )
        order by s.id limit 1000
        for no key update skip locked
    loop
        if r.account is not null then
            insert into scheduled_post_accounts (scheduled_post_id, unipile_account_id)
            values (r.id, r.account)
            on conflict on constraint scheduled_post_accounts_once do nothing;
            expanded := expanded + 1;
        else
            update scheduled_posts s
            set status = case when s.scheduled_at < now() - p_grace then 'missed' else s.status end,
                error_message = 'its author has no active LinkedIn account'
            where s.id = r.id and (s.error_message is null or s.scheduled_at < now() - p_grace);
            perform show_on_draft(r.id);
        end if;
    end loop;

    for r in
        select s.id from scheduled_posts s
        where s.status = 'cancelled' and exists (
            select from scheduled_post_accounts a
            where a.scheduled_post_id = s.id and a.status = 'pending'
        )
        order by s.id limit 1000
        for no key update skip locked
    loop
        update scheduled_post_accounts a set status = 'cancelled'
        where a.scheduled_post_id = r.id and a.status = 'pending';
        perform cancel_publications(r.id);
        cancelled := cancelled + 1;
    end loop;

    for r in -- put back before, and then changed or deleted by a person
        select q.id, q.kind, q.source_id
        from publications q
        left join scheduled_post_accounts a on q.kind = 'scheduled' and a.id = q.source_id
        left join production_posts d on q.kind = 'production' and d.id = q.source_id
        left join company_published_posts c on q.kind = 'company' and c.id = q.source_id
        where q.state = 'pending' and q.kind = any (p_kinds)
            and coalesce(a.status, d.status::text, c.status, 'gone') not in ('pending', 'scheduled')
        order by q.id limit 1000
    loop
        continue when lock_publication_source(r.kind, r.source_id, false) is null;
        perform take_back(r.id, p_run_id);
        cancelled := cancelled + 1;
    end loop;

    for r in
        select q.id, q.kind, q.source_id, u.status = 'OK' and u.is_active as is_back,
            greatest(q.due_at, q.revived_at) < now() - p_grace as late
        from publications q
        left join unipile_accounts u on u.id = account_now(q)
        where q.state = 'held' and q.hold_code = 'account' and q.kind = any (p_kinds)
            and (coalesce(u.status = 'OK' and u.is_active, true)
                or greatest(q.due_at, q.revived_at) < now() - p_grace)
        order by q.id limit 1000
    loop
        done := lock_publication_source(r.kind, r.source_id, false);
        continue when done is null;
        perform from publications q where q.id = r.id and q.state = 'held' for no key update;
        continue when not found;
        if not done then
            perform move_publication(r.id, 'cancelled', 'its plan was deleted', p_run_id);
            cancelled := cancelled + 1;
        elsif r.late then
            perform move_publication(r.id, 'missed',
                'its account was not reconnected in time', p_run_id);
            missed := missed + 1;
        elsif r.is_back then
            perform move_publication(r.id, 'pending', 'its account is back', p_run_id);
            released := released + 1;
        end if;
    end loop;

    for r in
        select t.kind, t.source_id, o.code, o.reason
        from due_targets() t
        cross join lateral intent_obstacle(t.kind, t.source_id, p_grace, interval '0') o
        where t.kind = any (p_kinds) and t.due_at < now() - p_grace and o.code = 'missed'
        limit 1000
    loop
        continue when lock_publication_source(r.kind, r.source_id, false) is not true;
        missed := missed
            + leave_due(r.kind, r.source_id, 'missed', r.reason, null, p_run_id)::integer;
    end loop;

    -- a row that was set to pending by hand while its text is on its way, or out
    for r in
        select q.id, q.kind, q.source_id
        from due_targets() t
        join publications q on q.kind = t.kind and q.source_id = t.source_id
        where q.state in ('publishing', 'unconfirmed', 'published', 'held')
        order by q.id limit 1000
    loop
        continue when lock_publication_source(r.kind, r.source_id, false) is not true;
        perform show_publication(q.id) from publications q
        where q.id = r.id and q.state in ('publishing', 'unconfirmed', 'published', 'held');
        restored := restored + 1;
    end loop;

    return query values ('lapsed', lapsed), ('expanded', expanded), ('cancelled', cancelled),
        ('released', released), ('missed', missed), ('restored', restored);
end
$$;
comment on function prepare_publishing is
    'Move what is decided without a call: lapsed leases become unconfirmed, scheduled posts without '
    'accounts get their author''s, those cancelled by hand are cancelled whole, held ones whose '
    'account is back are pending, late ones missed; rows that were set to pending by hand after '
    'their intent show its state again. What somebody has locked is passed over. Counts of each; no '
    'row when somebody else is at it.';


create or replace function publication_ids(p_external text, p_social text) returns text[]
language sql immutable parallel safe
return array(
    select distinct i.id
    from unnest(array[
        p_external, p_social, substring(p_external from '([0-9]{6,})$'),
        substring(p_social from '([0-9]{6,})$')
    ]) as i (id)
    where i.id is not null
);
comment on function publication_ids is
    'Every name that a post may have in a feed: its ids, and the numbers at their ends.
Example: select publication_ids(''7368649927968571392'', ''urn:li:activity:7368649927968571392'')';


create or replace function known_publications(
    p_publication uuid, p_settle interval
) returns table (ids text[], text text, mentions jsonb, at timestamptz, certain boolean)
language sql stable
as $$
    select publication_ids(q.external_post_id, q.social_id), q.text, q.mentions,
        coalesce(q.published_at, q.first_intent_at, q.intent_at),
        -- one that nothing names cannot be missed: a feed may show it in other words
        q.state = 'published' and q.published_at < now() - p_settle
            and coalesce(q.external_post_id, q.social_id) is not null
    from publications p
    join publications q on q.target = p.target and q.id <> p.id
    where p.id = p_publication and q.first_intent_at > p.first_intent_at - interval '1 day'
        and q.state in ('publishing', 'unconfirmed', 'published', 'held')
    union all
    select publication_ids(o.external_post_id, o.social_id), o.content, '[]', o.published_at, false
    from publications p
    join published_posts o on o.unipile_account_id = p.unipile_account_id
    where p.id = p_publication and p.kind <> 'company'
        and o.published_at > p.first_intent_at - interval '1 day'
        and not exists (select from publications q where q.published_post_id = o.id)
$$;
comment on function known_publications is
    'What else we sent to the same account or page since a day before a publication''s first intent.
Example: select k.* from publications p, known_publications(p.id, interval ''10 minutes'') as k';


create or replace function claim_doubtful(
    p_limit integer, p_settle interval, p_patience interval
) returns table (
    publication_id uuid, token bigint, kind text, account text, text text, mentions jsonb,
    external_link text, as_organization text, profile_id uuid, state text, doubt text,
    intent_at timestamptz, accepted boolean, post_id text, settled boolean, overdue boolean,
    retries integer, checks integer, owner_id text, known jsonb
)
language sql volatile
as $$
    with taken as (
        update publications p
        set next_check_at = case p.state
                when 'held' then watched_again(p.doubt_at)
                else clock_timestamp() + interval '1 minute'
            end,
            checks = p.checks + 1
        where p.id in (
            select q.id from publications q
            where q.next_check_at <= clock_timestamp() and (
                q.state = 'unconfirmed'
                or q.state = 'publishing' and q.accepted_at is not null
                    and q.leased_until < clock_timestamp()
                or q.state = 'published'
                or q.state = 'held'
            )
            order by q.next_check_at, q.id
            limit p_limit
            for no key update skip locked
        )
        returning p.*
    )
    select t.id, t.token, t.kind, t.account, t.text, t.mentions, t.external_link,
        t.as_organization, t.profile_id, t.state, t.doubt,
        coalesce(t.first_intent_at, t.intent_at, t.accepted_at, t.created_at),
        t.accepted_at is not null, t.external_post_id,
        coalesce(t.doubt_at < clock_timestamp() - p_settle, false),
        coalesce(t.doubt_at < clock_timestamp() - p_settle - p_patience, false),
        t.retries, t.checks, coalesce(t.as_organization, u.provider_id),
        coalesce((
            select jsonb_agg(to_jsonb(k)) from known_publications(t.id, p_settle) as k
        ), '[]')
    from taken t
    left join unipile_accounts u on u.id = t.unipile_account_id
    order by t.id
$$;
comment on function claim_doubtful is
    'Publications whose outcome must be found out now, whose address is missing, or that are held '
    'and may appear late (see watched_again); nobody else is given them for a minute. settled: a feed has had p_settle to show it; overdue: p_patience more '
    'has passed. known: what else we sent there.';
