-- name: bounded
select set_config('statement_timeout', %s, true)

-- name: start_upkeep
insert into task_execution_logs_v2 (worker_name, dagster_run_id, heartbeat_at)
values (%s, %s, null) returning id

-- name: make_styles_due
select make_styles_due()

-- name: anything_stuck
select exists (select from post_work where token is not null and lease_until < now()),
    exists (select from profiles where sync_status = 'scraping')

-- name: release_stale_leases
select release_stale_embedding_locks()

-- name: put_back_stuck_scraping
select cleanup_stuck_scraping_states()

-- name: prune_worker_logs
select cleanup_old_worker_logs_v2()

-- name: prune_ledgers
select ledger, deleted from prune_ledgers(%s)

-- name: refresh_profile_stats
select refresh_profile_stats(%s)

-- name: open_troubles
select what, error_code, number, new_today, newest from open_troubles()

-- name: keys_without_profile
select k.key from unnest(%s::text[]) as k (key)
where not exists (select from profiles p where p.partition_key = k.key)
