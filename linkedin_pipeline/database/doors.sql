-- name: door_workers
select f.worker_name, f.is_enabled, f.description,
    case f.worker_name
        when 'worker_complete_profiles_v2' then (select count(*) from due_styles(%(min_posts)s))
        when 'publish_scheduled' then (
            select count(*) from due_targets() t where t.kind <> 'company'
        )
        when 'publish_company_pages' then (select count(*) from due_targets('company'))
        when 'sync_profiles' then (select count(*) from syncs_wanted(false))
        else coalesce(work.pending, 0)
    end,
    coalesce(work.waiting, 0), coalesce(work.leased, 0), work.oldest_due
from worker_feature_flags_v2 f
left join (
    select s.worker, count(*) as pending,
        count(*) filter (where w.due_at > now()) as waiting,
        count(*) filter (where w.due_at <= now() and w.lease_until >= now()) as leased,
        min(w.due_at) filter (
            where w.due_at <= now() and (w.lease_until is null or w.lease_until < now())
        ) as oldest_due
    from post_work w
    join unnest(%(stages)s::post_stage[], %(workers)s::text[]) as s (stage, worker)
        on s.stage = w.stage
    group by s.worker
) as work on work.worker = f.worker_name
order by f.worker_name

-- name: door_last_logs
select last.*
from worker_feature_flags_v2 f
cross join lateral (
    select l.id, l.worker_name, l.status, l.started_at, l.completed_at, l.duration_ms,
        l.items_found, l.items_processed, l.items_failed, l.error_message, l.dagster_run_id
    from task_execution_logs_v2 l
    where l.worker_name = f.worker_name
    order by l.started_at desc limit 1
) as last

-- name: door_logs
select l.id, l.worker_name, l.status, l.started_at, l.completed_at, l.duration_ms,
    l.items_found, l.items_processed, l.items_failed, l.error_message, l.dagster_run_id
from task_execution_logs_v2 l
where %(worker)s::text is null or l.worker_name = %(worker)s
order by l.started_at desc limit %(most)s

-- name: door_run_logs
select l.id, l.worker_name, l.status, l.started_at, l.completed_at, l.duration_ms,
    l.items_found, l.items_processed, l.items_failed, l.error_message, l.dagster_run_id
from task_execution_logs_v2 l
where l.dagster_run_id = %s and l.worker_name = any (%s)
order by l.started_at

-- name: door_switch_all
update worker_feature_flags_v2 set is_enabled = %s
returning worker_name, is_enabled, description

-- name: door_patience
select set_config('lock_timeout', %s, true)

-- name: door_lock
select pg_advisory_xact_lock(hashtext('linkedin_pipeline.door'), hashtext(%s))
