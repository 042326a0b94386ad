-- name: note_incidents
select open, waiting from note_incidents(%s)

-- name: claim_alert
select id, attempt, kind, title, detail, since, resolved_at from claim_alert(%s)

-- name: alert_sent
select alert_sent(%s)

-- name: alert_failed
select alert_failed(%s, %s, %s)

-- name: current_incidents
select kind, title, detail, since, count(*) over ()
from open_incidents(%s)
order by since desc, key
limit %s

-- name: undelivered_alerts
-- the newest failure speaks for all
select count(*), extract(epoch from now() - min(a.opened_at))::float8,
    (array_agg(a.last_error order by a.next_try_at desc) filter (where a.last_error is not null))[1]
from alerts a
where a.sent_at is null and (a.resolved_at is null or a.resolved_at > now() - interval '1 day')
