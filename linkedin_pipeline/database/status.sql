-- name: status_reading
select set_config('statement_timeout', %s, true), set_config('transaction_read_only', 'on', true)

-- name: work_left
select stage::text, count(*),
    count(*) filter (where due_at > now()),
    count(*) filter (where due_at <= now() and lease_until >= now()),
    min(due_at) filter (
        where due_at <= now() and (lease_until is null or lease_until < now())
    ),
    extract(epoch from min(greatest(due_at, lease_until)) filter (
        where greatest(due_at, lease_until) > now()
    ) - now())::float8
from post_work group by stage

-- name: leases
select kind, count(*), extract(epoch from min(lease_until) - now())::float8
from (
    select stage::text as kind, lease_until from post_work
    union all
    select task::text, lease_until from profile_work
    union all
    select 'publishing', leased_until from publications
    union all
    select 'alerts', lease_until from alerts
) as held
where lease_until >= now()
group by kind order by kind

-- name: switches
select worker_name, is_enabled, description
from worker_feature_flags_v2 order by worker_name

-- name: dead_letters
select stage::text, error_code, count(*), min(error_message)
from ai_errors where not is_resolved and post_id is not null and stage is not null
group by ai_errors.stage, error_code order by error_code, ai_errors.stage

-- name: bank_counts
select count(*), count(distinct author_id),
    count(*) filter (where hook is not null), count(*) filter (where embedding is not null),
    count(*) filter (where hook_type_id is not null), count(*) filter (where topic_id is not null),
    count(*) filter (where audience_id is not null)
from viral_posts_bank

-- name: profile_counts
select count(*), count(*) filter (where writing_style_prompt is not null),
    (select count(*) from due_styles(%s))
from profiles

-- name: model_counts
-- counted by the narrow primary key: the rows of post_vectors are 3 KB each
select m.name, m.state, coalesce(v.vectors, 0)
from embedding_models m
left join (select model_id, count(*) as vectors from post_vectors group by model_id) v
    on v.model_id = m.id
order by m.id

-- name: drains_of_runs
select worker_name, results from task_execution_logs_v2
where dagster_run_id = any (%s) order by started_at

-- name: last_drains
select f.worker_name, last.status,
    extract(epoch from now() - last.started_at)::float8,
    extract(epoch from now() - coalesce(last.heartbeat_at, last.started_at))::float8,
    last.heartbeat_at is not null,
    last.results, last.error_message
from worker_feature_flags_v2 f
cross join lateral (
    select * from task_execution_logs_v2 l
    where l.worker_name = f.worker_name
    order by l.started_at desc limit 1
) as last
order by f.worker_name

-- name: last_upkeep
select last.worker_name, last.status,
    extract(epoch from now() - last.started_at)::float8,
    extract(epoch from now() - coalesce(last.heartbeat_at, last.started_at))::float8,
    last.heartbeat_at is not null,
    last.results, last.error_message
from unnest(%s::text[]) with ordinality as u (worker_name, place)
cross join lateral (
    select * from task_execution_logs_v2 l
    where l.worker_name = u.worker_name
    order by l.started_at desc limit 1
) as last
order by u.place
