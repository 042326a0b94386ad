-- How incidents become messages, one each, to be sent by whoever takes them.

create or replace function note_incidents(p_publishing boolean default false)
returns table (open bigint, waiting bigint)
language plpgsql volatile
as $$
begin
    -- one at a time, and nobody waits: the other one notes the same
    if pg_try_advisory_xact_lock(hashtext('note_incidents')) then
        with found as materialized (
            select distinct on (i.key) i.* from open_incidents(p_publishing) i order by i.key, i.since
        ),
        gone as (
            update alerts a set resolved_at = clock_timestamp()
            where a.resolved_at is null and not exists (select from found f where f.key = a.key)
        ),
        forgotten as (
            delete from alerts a where a.resolved_at < now() - interval '90 days'
        )
        insert into alerts as a (key, kind, title, detail, since, subject)
        select f.key, f.kind, f.title, f.detail, f.since, f.subject from found f
        -- what waits to be sent tells the newest count
        on conflict (key) where resolved_at is null do update
        set title = excluded.title, detail = excluded.detail
        where a.sent_at is null and (a.title, a.detail) is distinct from
            (excluded.title, excluded.detail);
    end if;
    return query
    select count(*) filter (where a.resolved_at is null),
        count(*) filter (
            where a.sent_at is null
                and (a.resolved_at is null or a.resolved_at > now() - interval '1 day')
        )
    from alerts a
    where a.resolved_at is null or a.sent_at is null;
end
$$;
comment on function note_incidents is
    'Write down what open_incidents() finds: a row of alerts for each incident that is new, and the '
    'end of those that are over. Returns how many are open and how many wait to be told; one that '
    'is over for a day is not told any more. Forgets what was over 90 days ago. '
    'Example: select open, waiting from note_incidents()';


create or replace function claim_alert(p_lease interval) returns table (
    id uuid, attempt integer, kind text, title text, detail text, since timestamptz,
    resolved_at timestamptz
)
language sql volatile
as $$
    update alerts a
    set attempts = a.attempts + 1, lease_until = now() + p_lease
    where a.id = (
        select c.id from alerts c
        where c.sent_at is null and c.next_try_at <= now()
            and (c.lease_until is null or c.lease_until < now())
            and (c.resolved_at is null or c.resolved_at > now() - interval '1 day')
            and not exists (
                select from provider_pauses p where p.scope = 'webhook' and p.until > now()
            )
        order by c.next_try_at, c.opened_at, c.id
        limit 1
        for no key update skip locked
    )
    returning a.id, a.attempts, a.kind, a.title, a.detail, a.since, a.resolved_at
$$;
comment on function claim_alert is
    'Take one message to send, for the time of p_lease; nobody else gets it meanwhile. Nothing while '
    'the webhook is paused. Example: select id, title from claim_alert(interval ''1 minute'')';


create or replace function alert_sent(p_alert uuid) returns void
language sql volatile
as $$
    -- by whomever, and however late: it is out
    update alerts a set sent_at = clock_timestamp(), lease_until = null, last_error = null
    where a.id = p_alert and a.sent_at is null;
    -- the webhook works again: what failed before need not wait for its turn
    update alerts a set next_try_at = now()
    where a.sent_at is null and a.last_error is not null and a.next_try_at > now();
$$;
comment on function alert_sent is
    'Write down that the webhook accepted a message; others that it did not take before are due.';


create or replace function alert_failed(p_alert uuid, p_attempt integer, p_error text) returns void
language sql volatile
as $$
    update alerts a
    set last_error = p_error,
        lease_until = null,
        next_try_at = now()
            + least(interval '30 seconds' * 2 ^ least(a.attempts - 1, 20), interval '1 day')
    where a.id = p_alert and a.attempts = p_attempt and a.sent_at is null
$$;
comment on function alert_failed is
    'Write down why a try failed, unless somebody else has taken the message since. The next is in '
    '30 seconds, doubled each time, a day at most.';
