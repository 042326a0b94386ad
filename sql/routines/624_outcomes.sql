-- What became of an intent.  Every change is fenced by the token of its POST.

create or replace function locked_publication(
    p_publication uuid, p_token bigint
) returns publications
language plpgsql volatile
as $$
declare
    p publications;
begin
    select * into p from publications q where q.id = p_publication;
    perform lock_publication_source(p.kind, p.source_id);
    select * into p from publications q
    where q.id = p_publication and q.token = p_token
    for no key update;
    return p;
end
$$;
comment on function locked_publication is
    'Lock a publication, its source row first; null when the token is not that of its newest POST.';


create or replace function take_back(
    p_publication uuid, p_run_id text default null
) returns void
language sql volatile
as $$
    with taken as (
        update publications q
        set state = 'cancelled', reason = 'a person took it back', hold_code = null,
            not_before = null
        where q.id = p_publication and q.state in ('pending', 'failed', 'missed')
        returning q.id, q.state, q.reason
    )
    insert into publication_events (publication_id, state, reason, dagster_run_id)
    select t.id, t.state, t.reason, p_run_id from taken t
$$;
comment on function take_back is
    'Cancel a publication that is not out, because the row that it comes from says so already, or '
    'is gone: that row is not touched. The row must be locked.';


create or replace function cancel_publications(p_scheduled_post uuid) returns void
language sql volatile
as $$
    select take_back(q.id)
    from scheduled_post_accounts a
    join publications q on q.kind = 'scheduled' and q.source_id = a.id
    where a.scheduled_post_id = p_scheduled_post and a.status = 'cancelled'
        and q.state in ('pending', 'failed', 'missed')
$$;
comment on function cancel_publications is
    'Cancel in the ledger what was cancelled in the plan: nothing of it is pending there any more. '
    'The post must be locked.
Example: select cancel_publications(s.id) from scheduled_posts s';


create or replace function accept_publication(
    p_publication uuid, p_token bigint, p_external_post_id text, p_run_id text
) returns text
language plpgsql volatile
as $$
declare
    p publications := locked_publication(p_publication, p_token);
begin
    if p.id is null then
        -- another POST was made since: what this answer says must not be lost
        insert into publication_events (publication_id, state, reason, dagster_run_id)
        select q.id, q.state, format('an earlier call was answered late: it is out as %s',
            coalesce(p_external_post_id, 'a post without an id')), p_run_id
        from publications q where q.id = p_publication;
        return (select q.state from publications q where q.id = p_publication);
    end if;
    if p.state = 'published' then
        return p.state;
    end if;
    -- the provider's word counts whatever was concluded without it
    update publications q
    set accepted_at = clock_timestamp(),
        external_post_id = p_external_post_id,
        leased_until = clock_timestamp() + interval '1 minute',
        next_check_at = clock_timestamp() + interval '1 minute',
        doubt = null
    where q.id = p.id;
    perform move_publication(p.id, 'publishing', 'it is out; its address is being read', p_run_id);
    update unipile_accounts u set pauses = 0
    where u.id = p.unipile_account_id and u.pauses > 0;
    return 'publishing';
end
$$;
comment on function accept_publication is
    'Record that the provider took a post, with the id that it named. From here on it is never sent '
    'again. Returns the state; that of an older POST is kept as an event only.';


create or replace function watched_again(p_doubt_at timestamptz) returns timestamptz
language sql volatile
return case
        when p_doubt_at > clock_timestamp() - interval '1 day'
        then clock_timestamp() + greatest(clock_timestamp() - p_doubt_at, interval '1 second')
    end;
comment on function watched_again is
    'When the feed is read next for a post that is held because nobody knows whether it is out, or '
    'it was proved not to be: at double its age, for a day. A feed may lag longer than it should.
Example: select watched_again(now() - interval ''10 minutes'')';


create or replace function settle_publication(
    p_publication uuid, p_token bigint, p_state text, p_reason text, p_hold_code text,
    p_doubt text, p_named text, p_delay interval, p_check interval, p_run_id text
) returns text
language plpgsql volatile
as $$
declare
    p publications := locked_publication(p_publication, p_token);
begin
    if p.id is null or p.accepted_at is not null or p.state not in ('publishing', 'unconfirmed')
    then
        return (select q.state from publications q where q.id = p_publication);
    end if;
    update publications q
    set hold_code = p_hold_code,
        doubt = case when p_state in ('unconfirmed', 'held') then coalesce(p_doubt, q.doubt) end,
        doubt_at = case
            when p_doubt is not null then coalesce(q.doubt_at, clock_timestamp())
            when p_state in ('unconfirmed', 'held') then q.doubt_at
        end,
        external_post_id = coalesce(p_named, q.external_post_id),
        not_before = clock_timestamp() + p_delay,
        next_check_at = case
            when p_state = 'held' and coalesce(p_doubt, q.doubt) = 'no_answer'
            then watched_again(q.doubt_at)
            else clock_timestamp() + p_check
        end,
        -- nothing went out: neither spacing nor a feed need to know of this POST
        intent_at = case
            when p_state in ('unconfirmed', 'held') and coalesce(p_doubt, q.doubt) is not null
            then q.intent_at
        end,
        first_intent_at = case
            when p_state = 'unconfirmed' or q.retries > 0 or coalesce(p_doubt, q.doubt) is not null
            then q.first_intent_at
        end
    where q.id = p.id;
    if (p.state, p.reason) is distinct from (p_state, p_reason) then
        perform move_publication(p.id, p_state, p_reason, p_run_id);
    end if;
    return p_state;
end
$$;
comment on function settle_publication is
    'Record what a POST came to when the provider did not take it, or nobody knows. p_doubt: why '
    'the outcome is unknown (no_answer, duplicate), null when nothing went out. p_named: the post '
    'that a duplicate answer names. p_delay: not sent again before; p_check: looked at again then. '
    'Changes nothing once it was accepted or settled; returns the state.';


create or replace function retry_publication(
    p_publication uuid, p_token bigint, p_reason text, p_run_id text
) returns text
language plpgsql volatile
as $$
declare
    p publications := locked_publication(p_publication, p_token);
begin
    if p.id is null or p.accepted_at is not null or p.state <> 'unconfirmed' then
        return (select q.state from publications q where q.id = p_publication);
    end if;
    update publications q
    set retries = q.retries + 1, doubt = null, doubt_at = null, next_check_at = null,
        not_before = null, intent_at = null
    where q.id = p.id;
    perform move_publication(p.id, 'pending', p_reason, p_run_id);
    return 'pending';
end
$$;
comment on function retry_publication is
    'Let a publication go out once more: it was proved not to be out. Returns the state.';


create or replace function fire_company_rules(p_published_post uuid) returns integer
language plpgsql volatile
as $$
declare
    made integer;
begin
    insert into company_published_posts (
        company_page_id, original_published_post_id, rule_id, from_rule, content, attachments,
        mentions, external_link, scheduled_for
    )
    with rule as materialized ( -- one that is being deleted is waited for, and left out
        select r.*
        from published_posts o
        join company_auto_post_rules r on r.source_profile_id = o.profile_id and r.is_active
        join company_pages g on g.id = r.target_company_page_id and g.is_active
        where o.id = p_published_post
        order by g.id
        for key share of g, r
    )
    select distinct on (g.id)
        g.id, o.id, r.id, true,
        around_text(r.add_prefix, o.content, r.add_suffix), coalesce(p.attachments, '[]'),
        coalesce(p.mentions, '[]'), p.external_link,
        o.published_at + make_interval(mins => r.post_delay_minutes)
    from published_posts o
    cross join rule r
    join company_pages g on g.id = r.target_company_page_id
    left join publications p on p.published_post_id = o.id
    where o.id = p_published_post
        and not exists ( -- the same text of the same plan, through another account
            select
            from company_published_posts c
            join published_posts f on f.id = c.original_published_post_id
            where c.company_page_id = g.id and f.id <> o.id
                and (f.scheduled_post_id = o.scheduled_post_id
                    or f.production_post_id = o.production_post_id)
        )
    order by g.id, r.post_delay_minutes, r.id
    on conflict on constraint company_published_posts_once do nothing;
    get diagnostics made = row_count;
    return made;
end
$$;
comment on function fire_company_rules is
    'Plan the posts of company pages that repeat a published one, as active rules of its author '
    'say; of each page once. Returns how many.';


create or replace function around_text(p_prefix text, p_text text, p_suffix text) returns text
language sql immutable parallel safe
return case
        when coalesce(p_prefix, '') = '' then ''
        when p_prefix ~ '\s$' then p_prefix
        else p_prefix || E'\n\n'
    end || p_text || case
        when coalesce(p_suffix, '') = '' then ''
        when p_suffix ~ '^\s' then p_suffix
        else E'\n\n' || p_suffix
    end;
comment on function around_text is
    'A text between a prefix and a suffix: a blank line apart, unless they bring their own white '
    'space.
Example: select around_text(''From our team:'', ''Hello.'', ''#news'')';


create or replace function confirm_publication(
    p_publication uuid, p_token bigint, p_external_post_id text, p_social_id text, p_post_url text,
    p_published_at timestamptz, p_text_differs boolean, p_reason text, p_run_id text
) returns text
language plpgsql volatile
as $$
declare
    p publications := locked_publication(p_publication, p_token);
    before text := p.state;
    other uuid;
    plan record;
    made uuid;
begin
    if p.id is null then
        return 'superseded';
    end if;
    -- two that look for the same post at once see one another here
    perform pg_advisory_xact_lock(hashtextextended('adopt ' || coalesce(p_social_id, ''), 0));
    select q.id into other from publications q
    where q.social_id = p_social_id and q.id <> p.id;
    if found then
        return 'taken';
    end if;
    update publications q
    set external_post_id = coalesce(p_external_post_id, q.external_post_id),
        social_id = coalesce(p_social_id, q.social_id),
        post_url = coalesce(p_post_url, q.post_url),
        text_differs = coalesce(p_text_differs, q.text_differs),
        accepted_at = coalesce(q.accepted_at, clock_timestamp()),
        published_at = coalesce(q.published_at, p_published_at, q.accepted_at, q.first_intent_at,
            clock_timestamp()),
        doubt = null,
        -- an address that is missing is looked for a while longer
        next_check_at = case
            when coalesce(p_social_id, q.social_id) is null and q.checks < 12
            then clock_timestamp() + interval '5 minutes' * least(q.checks + 1, 12)
        end
    where q.id = p.id
    returning * into p;
    if before = 'published' then
        update published_posts o
        set external_post_id = coalesce(p.external_post_id, p.social_id), post_url = p.post_url,
            social_id = p.social_id
        where o.id = p.published_post_id;
        perform show_publication(p.id);
        return before;
    end if;
    if p.kind <> 'company' then
        select s.id as scheduled, coalesce(s.production_post_id, d.id) as production into plan
        from (select 1) as one
        left join scheduled_post_accounts a on p.kind = 'scheduled' and a.id = p.source_id
        left join scheduled_posts s on s.id = a.scheduled_post_id
        left join production_posts d on p.kind = 'production' and d.id = p.source_id;
        insert into published_posts (
            profile_id, unipile_account_id, scheduled_post_id, production_post_id,
            external_post_id, social_id, post_url, content, published_at
        )
        values (
            p.profile_id, (select u.id from unipile_accounts u where u.id = p.unipile_account_id),
            plan.scheduled, plan.production, coalesce(p.external_post_id, p.social_id),
            p.social_id, p.post_url, p.text, p.published_at
        )
        returning id into made;
        update publications q set published_post_id = made where q.id = p.id;
    end if;
    perform move_publication(p.id, 'published', p_reason, p_run_id);
    perform fire_company_rules(made);
    return 'confirmed';
end
$$;
comment on function confirm_publication is
    'Make a publication published, with what was read back, and fire the rules of company pages in '
    'the same transaction. Returns confirmed; published when it was before, and what was missing is '
    'filled in; taken: that post is another publication''s; superseded: another POST was made since.';


create or replace function leave_due(
    p_kind text, p_source uuid, p_state text, p_reason text, p_delay interval, p_run_id text
) returns boolean
language plpgsql volatile
as $$
declare
    p publications;
begin
    if lock_publication_source(p_kind, p_source) is not true then
        return false;
    end if;
    -- a statement of its own, which sees what was changed while the lock was waited for
    if not exists (select from due_targets(p_kind, p_source)) then
        return false;
    end if;
    p := publication_of(p_kind, p_source);
    if p.id is null then
        return false;
    end if;
    update publications q set not_before = clock_timestamp() + p_delay where q.id = p.id;
    perform move_publication(p.id, p_state, p_reason, p_run_id);
    return true;
end
$$;
comment on function leave_due is
    'Decide about a due text before its intent: failed, because it can never go out, or pending and '
    'not looked at for p_delay. False when it is no longer due.';
