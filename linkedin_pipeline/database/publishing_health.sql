-- What the health checks of publishing read: nothing here writes or locks a row.

-- name: publishing_overdue
select u.worker, is_worker_enabled(u.worker), count(*),
    (extract(epoch from now() - min(u.due_at)) / 60)::float8
from unsettled_publications() u
where u.status in ('pending', 'publishing') and u.due_at < now() - %(late)s::interval
group by u.worker
order by u.worker

-- name: publishing_unconfirmed
select u.source, u.id, (extract(epoch from now() - u.due_at) / 60)::float8, count(*) over ()
from unsettled_publications() u
where u.status = 'unconfirmed' and u.due_at < now() - %(late)s::interval
order by u.due_at, u.id
limit %(most)s

-- name: duplicate_publications
-- in the order of an index on each table
select d.source, d.external_post_id, d.rows, count(*) over ()
from (
    select 'published_posts' as source, p.external_post_id, count(*) as rows
    from published_posts p
    where p.external_post_id is not null
    group by p.external_post_id, p.unipile_account_id
    having count(*) > 1
    union all
    select 'scheduled_post_accounts', a.external_post_id, count(*)
    from scheduled_post_accounts a
    where a.external_post_id is not null
    group by a.external_post_id, a.unipile_account_id
    having count(*) > 1
    union all
    select 'company_published_posts', c.external_post_id, count(*)
    from company_published_posts c
    where c.external_post_id is not null
    group by c.external_post_id
    having count(*) > 1
) as d
order by d.source, d.external_post_id
limit %(most)s
