-- What SQL callers ask for.  A caller that has not committed holds its pending row: such a row is
-- passed over until the next look, so that nobody waits for a stranger's transaction.

-- name: open_requests
select id, job, status = 'started', dagster_run_id
from pipeline_requests
where status in ('pending', 'started')
order by status, requested_at, id
limit %s

-- name: move_pending_request
update pipeline_requests
set status = %(status)s, error_message = %(reason)s
where id = (
    select id from pipeline_requests
    where id = %(request)s and status = 'pending'
    for no key update skip locked
)
returning id

-- name: note_request_run
update pipeline_requests set dagster_run_id = %s where id = %s and status = 'started'

-- name: end_started_request
update pipeline_requests set status = %(status)s, error_message = %(reason)s
where id = %(request)s and status = 'started'
returning id

-- name: switched_off
select w.name from unnest(%s::text[]) with ordinality as w (name, position)
where not is_worker_enabled(w.name)
order by w.position
