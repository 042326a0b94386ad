-- name: claim_syncs
select profile_id, partition_key, linkedin_id, claim_token, next_cursor, job_id, pages
from claim_syncs(%s, %s, %s, %s, %s)

-- name: beat_syncs
select beat_syncs(%s, %s)

-- name: store_sync_page
select held, added, edited, refreshed
from store_sync_page(
    %(profile)s, %(token)s, %(job)s, %(pages)s, %(posts)s, %(next)s,
    %(reshares)s, %(others)s, %(duplicates)s, %(unusable)s
)

-- name: restart_sync
select restart_sync(%s, %s, %s)

-- name: analyze_sync
select analyze_sync(%s, %s)

-- name: end_sync
select end_sync(%s, %s, %s, %s, %s)

-- name: due_syncs
select count(*), coalesce(bool_or(fresh), false) from syncs_wanted(%s)

-- name: request_weekly_syncs
select request_weekly_syncs()

-- name: request_syncs
update profiles set sync_status = 'pending'
where partition_key = any (%s) and sync_status not in ('pending', 'scraping')

-- name: profile_to_sync
select p.partition_key, p.linkedin_id, coalesce(s.sync_enabled, true),
    coalesce(s.consecutive_failures, 0)
from profiles p
left join profile_sync_status s on s.profile_id = p.id
where p.id = %s

-- name: newest_sync_job
select j.status, j.pages, j.posts_found, j.posts_added, j.posts_edited, j.posts_refreshed,
    j.posts_unchanged, j.reshares, j.others_posts, j.duplicates, j.unusable, j.error_message
from sync_jobs j
where j.profile_id = %s
order by j.created_at desc, j.id
limit 1

-- name: sync_jobs_of_run
select count(*), coalesce(sum(pages), 0), coalesce(sum(posts_found), 0)
from sync_jobs where dagster_run_id = %s

-- name: failed_syncs
select p.partition_key, s.consecutive_failures, s.last_error
from profiles p
join profile_sync_status s on s.profile_id = p.id
where p.sync_status = 'error' and s.sync_enabled and s.last_error is not null
order by s.last_error_at desc nulls last, p.id
limit %s

-- name: sync_health
select count(*) filter (where s.sync_enabled is distinct from false),
    count(*) filter (where p.sync_status = 'error' and s.sync_enabled),
    count(*) filter (where s.consecutive_failures >= 5 and s.sync_enabled)
from profiles p
left join profile_sync_status s on s.profile_id = p.id
where btrim(p.linkedin_id) <> ''

-- name: profiles_by_sync_status
-- switched off or without an identifier, a profile is never read
select case
        when btrim(coalesce(p.linkedin_id, '')) = '' then 'without an identifier'
        when s.sync_enabled is false then 'switched off'
        else p.sync_status
    end as state, count(*)
from profiles p
left join profile_sync_status s on s.profile_id = p.id
group by 1 order by 1
