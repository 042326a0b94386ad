-- name: search_path
select set_config('search_path', concat_ws(', ', 'public', (
    select quote_ident(n.nspname) from pg_extension e join pg_namespace n on n.oid = e.extnamespace
    where e.extname = 'vector' and n.nspname <> 'public'
)), false)

-- name: is_enabled
select is_worker_enabled(%s)

-- name: claim
-- with the other labels that the post wants now, for one call of a model can choose them all; those
-- that wait a while through no fault of the post too (a pause, a used budget), or it would be asked
-- about twice; what waits for longer is in a batch
select c.post_id, c.claim_token, c.day, c.attempts, c.takeovers, c.content, c.hook, array(
    select w.stage::text from post_work w
    where w.post_id = c.post_id and w.stage <> %(stage)s and w.stage = any (%(labels)s::post_stage[])
        and (w.due_at <= now() or w.attempts = 0 and w.due_at < now() + interval '15 minutes')
        and (w.lease_until is null or w.lease_until < now())
)
from claim_work(%(stage)s, %(limit)s, %(first)s, %(last)s, %(lease)s) c

-- name: extend
select extend_claims(%s, %s, %s, %s)

-- name: store_hooks
select post_id, held from store_hooks(%s, %s, %s)

-- name: store_embeddings
select post_id, held from store_embeddings(%s, %s, %b::vector[], %s, %b::vector[], %s)

-- name: lacking_serving
-- posts without a vector of the serving model for the text they have now
select b.id
from viral_posts_bank b
join embedding_models m on m.name = %(model)s and m.state = 'serving'
where b.id = any (%(posts)s) and not exists (
    select from post_vectors v
    where v.post_id = b.id and v.model_id = m.id
        and coalesce(v.content_hash, b.content_hash) = b.content_hash
)

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
