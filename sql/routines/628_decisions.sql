-- What a person decides about publications.

create or replace function resolve_publication(
    publication_id uuid, decision text
) returns table (done boolean, reason text)
language plpgsql volatile
as $$
declare
    p publications;
    outcome text;
begin
    if decision is null or decision not in ('published', 'retry', 'cancel') then
        raise exception 'decision %: unknown', coalesce(decision, 'null') using
            errcode = 'LP100', hint = 'Write published, retry or cancel.';
    end if;
    -- a person may name the publication, or the row that it comes from
    select * into p from publications q
    where resolve_publication.publication_id in (q.id, q.source_id)
        or q.kind = 'scheduled' and q.source_id in (
            select a.id from scheduled_post_accounts a
            where a.scheduled_post_id = resolve_publication.publication_id
        )
    order by array_position(array['unconfirmed', 'held', 'failed', 'missed'], q.state), q.id
    limit 1;
    if not found then
        raise exception 'publication %: unknown', coalesce(publication_id::text, 'null') using
            errcode = 'LP101', hint = 'See: linkedin-pipeline publications';
    end if;
    if lock_publication_source(p.kind, p.source_id) is not true and decision = 'retry' then
        return query select false, 'what it comes from was deleted: schedule it anew'::text;
        return;
    end if;
    select * into p from publications q where q.id = p.id for no key update;
    if not found then
        return query select false, 'its author was erased'::text;
        return;
    end if;
    if p.state not in ('held', 'unconfirmed', 'failed', 'missed') then
        return query select false, format('it is %s: nothing is to be decided', p.state);
        return;
    end if;

    if decision = 'published' then
        update publications q set token = coalesce(q.token, nextval('publication_token'))
        where q.id = p.id returning * into p;
        outcome := confirm_publication(p.id, p.token, null, null, null,
            coalesce(p.first_intent_at, now()), null, 'a person says that it is out', null);
        return query select outcome = 'confirmed', nullif(outcome, 'confirmed');
        return;
    end if;
    update publications q
    set may_repeat = decision = 'retry',
        revived_at = case decision when 'retry' then clock_timestamp() end,
        retries = 0, doubt = null, doubt_at = null, next_check_at = null, not_before = null,
        intent_at = null, first_intent_at = null
    where q.id = p.id;
    perform move_publication(p.id,
        case decision when 'retry' then 'pending' else 'cancelled' end,
        case decision when 'retry' then 'a person lets it go out' else 'a person cancelled it' end);
    return query select true, null::text;
end
$$;
comment on function resolve_publication is
    'A person''s decision about a publication that is held, unconfirmed, failed or missed, named by '
    'its id, that of its row, or of its scheduled post: published (it is out; rules of pages fire), '
    'retry (it goes out with the next pass, even if an equal text is out), cancel. done is false, '
    'with the reason, when there is nothing to decide. Errors: LP100 unknown decision, LP101 '
    'unknown publication.
Example: select r.* from publications p, resolve_publication(p.id, ''cancel'') as r '
    'where p.state = ''held''';
