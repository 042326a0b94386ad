-- What is due, and what stands in its way.

create or replace function author_account(p_profile uuid) returns uuid
language sql stable
as $$
    select u.id
    from unipile_accounts u
    where u.profile_id = p_profile and u.provider = 'LINKEDIN' and u.is_active
    order by u.status <> 'OK', u.created_at, u.id
    limit 1
$$;
comment on function author_account is
    'The account that a profile publishes with when none is named: an active one, working ones '
    'first, then the oldest. Null when there is none.
Example: select author_account(p.id) from profiles p';


create or replace function organization_id(p_urn text) returns text
language sql immutable parallel safe
return regexp_replace(p_urn, '^urn:li:(organization|company|fsd_company):', '');
comment on function organization_id is
    'A page''s id as the provider wants it, from its URN.
Example: select organization_id(''urn:li:organization:1234'')';


create or replace function due_targets(
    p_kind text default null, p_source uuid default null
) returns table (
    kind text, source_id uuid, scheduled_post_id uuid, production_post_id uuid, account_id uuid,
    as_organization text, profile_id uuid, text text, mentions jsonb, external_link text,
    attachments jsonb, due_at timestamptz
)
language sql stable
as $$
    select
        'scheduled', a.id, s.id, s.production_post_id, a.unipile_account_id, null::text,
        s.author_id, coalesce(a.content_override, s.content), s.mentions, s.external_link,
        s.attachments, s.scheduled_at
    from scheduled_post_accounts a
    join scheduled_posts s on s.id = a.scheduled_post_id
    where coalesce(p_kind, 'scheduled') = 'scheduled' and (p_source is null or a.id = p_source)
        and a.status = 'pending' and s.status <> 'cancelled' and s.scheduled_at <= now()

    union all
    select
        'production', d.id, null, d.id, author_account(d.author_id), null, d.author_id,
        coalesce(d.final_content, ''), d.mentions, d.external_link, d.attachments,
        d.publication_date
    from production_posts d
    where coalesce(p_kind, 'production') = 'production' and (p_source is null or d.id = p_source)
        and d.status = 'scheduled' and d.publication_date <= now()
        and not exists (select from scheduled_posts s where s.production_post_id = d.id)

    union all
    select
        'company', c.id, null, null, g.admin_unipile_account_id,
        -- nobody's: it stays when the author of the original is erased
        organization_id(g.organization_urn), null, c.content, c.mentions, c.external_link,
        c.attachments, coalesce(c.scheduled_for, c.created_at)
    from company_published_posts c
    left join company_pages g on g.id = c.company_page_id
    where coalesce(p_kind, 'company') = 'company' and (p_source is null or c.id = p_source)
        and c.status = 'pending' and coalesce(c.scheduled_for, c.created_at) <= now()
$$;
comment on function due_targets is
    'Every text that is due for an account or page and has not been committed, or the one whose '
    'source row is given.
Example: select * from due_targets()';


create or replace function company_obstacle(p_company_post uuid) returns text
language sql stable
as $$
    select case
        when g.id is null then 'its page was deleted'
        when not g.is_active then 'its page is switched off'
        when g.organization_urn is null then 'its page has no organization_urn'
        when not c.from_rule then null
        when c.original_published_post_id is null then 'the original was deleted'
        when r.id is null then 'its rule was deleted'
        when not r.is_active then 'its rule is switched off'
    end
    from company_published_posts c
    left join company_pages g on g.id = c.company_page_id
    left join company_auto_post_rules r on r.id = c.rule_id
    where c.id = p_company_post
$$;
comment on function company_obstacle is
    'Why a company''s post is not to go out any more; null when it may.
Example: select company_obstacle(c.id) from company_published_posts c';


create or replace function intent_obstacle(
    p_kind text, p_source uuid, p_grace interval, p_spacing interval
) returns table (code text, reason text)
language plpgsql stable
as $$
declare
    t record;
    u unipile_accounts;
    p publications;
    speaks text;
    last_intent timestamptz;
    worker constant text :=
        case p_kind when 'company' then 'publish_company_pages' else 'publish_scheduled' end;
    before timestamptz;
begin
    select * into t from due_targets(p_kind, p_source);
    if not found then
        return query select 'gone', 'it was cancelled, moved, sent or deleted meanwhile';
        return;
    end if;
    if not is_worker_enabled(worker) then
        return query select 'disabled', worker || ' is switched off';
        return;
    end if;
    select * into p from publications q where q.kind = p_kind and q.source_id = p_source;
    if p.state in ('publishing', 'unconfirmed', 'published', 'held') then
        return query select 'taken', 'it is ' || p.state;
        return;
    end if;
    if p.not_before > now() then
        return query select 'postponed', coalesce(nullif(p.reason, ''), 'postponed');
        return;
    end if;
    if p_kind = 'company' and company_obstacle(p_source) is not null then
        return query select 'cancelled', company_obstacle(p_source);
        return;
    end if;
    if greatest(t.due_at, p.revived_at) < now() - p_grace then
        return query select 'missed', format(
            'it was due at %s UTC, longer ago than the %s that a post may be late',
            to_char(t.due_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI'), p_grace);
        return;
    end if;
    if t.text !~ '\S' then
        return query select 'empty', 'it has no text';
        return;
    end if;
    if p.state = 'pending' and p.retries > 0 and p.first_intent_at is not null
        and not p.may_repeat and p.text is distinct from t.text
    then
        return query select 'edited', format(
            'it was sent on %s UTC and not found, and its text was changed since: LinkedIn would '
            'not notice a second copy. Let it go out, or cancel it',
            to_char(p.first_intent_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI'));
        return;
    end if;
    select * into u from unipile_accounts a where a.id = t.account_id;
    if not found then
        return query select
            case p_kind when 'production' then 'inactive' when 'company' then 'account'
                else 'removed' end,
            case p_kind when 'production' then 'its author has no active LinkedIn account'
                when 'company' then 'its page has no account that administers it'
                else 'its account was removed' end;
        return;
    end if;
    if not u.is_active then
        return query select 'inactive', 'its account is switched off';
        return;
    end if;
    if u.status <> 'OK' or u.unipile_account_id is null then
        return query select 'account', format(
            'its LinkedIn account must be reconnected (%s)', u.status);
        return;
    end if;
    if u.paused_until > now() then
        return query select 'paused', coalesce(u.pause_reason, 'its account is paused');
        return;
    end if;
    speaks := u.unipile_account_id || coalesce(' as ' || t.as_organization, '');
    select max(q.intent_at) into last_intent
    from publications q
    where q.target = speaks and q.id is distinct from p.id
        and (q.intent_at > now() - p_spacing or q.state = 'publishing' and q.leased_until > now())
        and q.state in ('publishing', 'unconfirmed', 'published', 'held');
    if last_intent is not null then
        return query select 'spaced', 'its account published a moment ago';
        return;
    end if;
    -- what a person decided about an earlier plan does not count for a new one
    if not coalesce(p.may_repeat and p.state = 'pending', false) then
        select max(e.at) into before
        from (
            select coalesce(q.published_at, q.intent_at)
            from publications q
            where q.target = speaks and q.id is distinct from p.id
                and q.text_key = md5(btrim(regexp_replace(t.text, '\s+', ' ', 'g')))
                and (q.state in ('publishing', 'unconfirmed', 'published')
                    or q.state = 'held' and q.doubt is not null)
            union all
            select o.published_at
            from published_posts o
            where p_kind <> 'company' and o.unipile_account_id = u.id
                and o.published_at > now() - interval '30 days'
                and btrim(regexp_replace(o.content, '\s+', ' ', 'g'))
                    = btrim(regexp_replace(t.text, '\s+', ' ', 'g'))
            union all
            select o.published_at
            from company_published_posts o
            where p_kind = 'company' and o.id <> p_source and o.status = 'published'
                and o.company_page_id = (
                    select c.company_page_id from company_published_posts c where c.id = p_source)
                and o.published_at > now() - interval '30 days'
                and btrim(regexp_replace(o.content, '\s+', ' ', 'g'))
                    = btrim(regexp_replace(t.text, '\s+', ' ', 'g'))
        ) as e (at)
        where e.at > now() - interval '30 days';
        if before is not null then
            return query select 'duplicate', format(
                'the same text went out to this account on %s UTC: cancel it, or let it go out '
                'again', to_char(before at time zone 'UTC', 'YYYY-MM-DD HH24:MI'));
        end if;
    end if;
end
$$;
comment on function intent_obstacle is
    'Why a due text may not go out now, looked at before every POST; no row when it may. Codes: '
    'gone, disabled, taken, postponed, inactive, paused, spaced leave it as it is; account holds it '
    'until the account is back; duplicate and edited hold it for a person; missed, cancelled, empty, removed '
    'end it. p_grace: how late a post may be; p_spacing: the least gap between two of one account.
Example: select t.kind, o.* from due_targets() t left join lateral intent_obstacle(t.kind, '
    't.source_id, interval ''6 hours'', interval ''5 minutes'') o on true';


create or replace function due_publications(
    p_limit integer, p_kinds text[], p_grace interval, p_spacing interval
) returns table (kind text, source_id uuid, account_id uuid, attachments jsonb)
language sql stable
as $$
    -- what leaves a text as it is in intent_obstacle, for all texts at once
    with due as (
        select distinct on (t.account_id, t.as_organization)
            t.kind, t.source_id, t.account_id, t.attachments, t.due_at
        from due_targets() t
        join (
            select k.kind, is_worker_enabled(case k.kind
                when 'company' then 'publish_company_pages' else 'publish_scheduled' end) as is_on
            from unnest(p_kinds) as k (kind)
        ) as switch on switch.kind = t.kind and switch.is_on
        left join publications p on p.kind = t.kind and p.source_id = t.source_id
        left join unipile_accounts u on u.id = t.account_id
        where (p.id is null or p.state in ('pending', 'failed', 'missed', 'cancelled')
                and coalesce(p.not_before <= now(), true))
            and (
                greatest(t.due_at, p.revived_at) < now() - p_grace
                or coalesce(u.is_active, t.kind <> 'production')
                    and coalesce(u.paused_until <= now(), true)
                    and not exists (
                        select
                        from publications q
                        where q.target = u.unipile_account_id
                                || coalesce(' as ' || t.as_organization, '')
                            and q.intent_at > now() - p_spacing
                            and q.state in ('publishing', 'unconfirmed', 'published', 'held')
                    )
            )
        order by t.account_id, t.as_organization, t.due_at, t.source_id
    )
    select d.kind, d.source_id, d.account_id, d.attachments
    from due d
    order by d.due_at, d.source_id
    limit p_limit
$$;
comment on function due_publications is
    'What a publisher should take up now: of each account or page the text that is due longest, if '
    'nothing but a decision stands in its way: a second one would only meet the spacing.
Example: select * from due_publications(10, ''{scheduled,production,company}'', '
    'interval ''6 hours'', interval ''5 minutes'')';
