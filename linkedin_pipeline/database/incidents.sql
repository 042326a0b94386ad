-- name: known_runs
-- the key is the run's own, so that a repeat finds it whatever became of the sensor's cursor
select id from ai_errors where id = any (%s)

-- name: record_runs
insert into ai_errors (id, function_name, error_code, error_message, metadata, created_at)
select r.id, r.job, r.code, r.reason, r.metadata, r.ended
from unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::jsonb[], %s::timestamptz[])
    as r (id, job, code, reason, metadata, ended)
on conflict (id) do nothing
returning id

-- name: close_silent_logs
update task_execution_logs_v2
set status = 'failed',
    completed_at = clock_timestamp(),
    duration_ms = extract(epoch from heartbeat_at - started_at) * 1000,
    error_message = case when heartbeat_at is null then %(never_ended)s else %(stopped)s end
where status = 'running' and (
    heartbeat_at < now() - %(silent)s::interval
    or heartbeat_at is null and started_at < now() - %(abandoned)s::interval
)
returning id
