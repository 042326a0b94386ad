-- name: search_path
select set_config('search_path', concat_ws(', ', 'public', (
    select quote_ident(n.nspname) from pg_extension e join pg_namespace n on n.oid = e.extnamespace
    where e.extname = 'vector' and n.nspname <> 'public'
)), false)

-- name: is_enabled
select is_worker_enabled(%s)

-- name: claim
select post_id, claim_token, day, attempts, takeovers, content, hook
from claim_work(%s, %s, %s, %s, %s)

-- name: extend
select extend_claims(%s, %s, %s, %s)

-- name: store_hooks
select post_id, held from store_hooks(%s, %s, %s)

-- name: store_embeddings
select post_id, held from store_embeddings(%s, %s, %b::vector[], %s)

-- name: store_labels
select post_id, held from store_labels(%s, %s, %s, %s, %s::real[], %s)

-- name: retry
select post_id, true from retry_claims(%s, %s, %s, %s, %s) as post_id

-- name: reject
select post_id, held from reject_claims(%s, %s, %s, %s, %s, %s, %s)

-- name: start_log
insert into task_execution_logs_v2 (worker_name, dagster_run_id) values (%s, %s) returning id

-- name: beat_log
update task_execution_logs_v2 set heartbeat_at = clock_timestamp() where id = %s

-- name: finish_log
update task_execution_logs_v2
set status = %(status)s,
    completed_at = clock_timestamp(),
    heartbeat_at = clock_timestamp(),
    duration_ms = extract(epoch from clock_timestamp() - started_at) * 1000,
    items_found = %(found)s,
    items_processed = %(processed)s,
    items_failed = %(failed)s,
    results = %(results)s,
    error_message = %(error)s
where id = %(log)s

-- name: raise_flags
select raised, last_id from raise_flags(%s, %s, %s, %s, %s)

-- name: due_work
select d.stage::text, d.first_day, d.last_day, is_worker_enabled(w.worker)
from due_work(%s, %s) d
join unnest(%s::text[], %s::text[]) as w (stage, worker) on w.stage = d.stage::text
