-- How much was done and paid on each UTC day of a month back, for people to look at.

-- name: trend_days
select generate_series(today - %s::integer + 1, today, interval '1 day')::date
from (select (now() at time zone 'UTC')::date as today) as t

-- name: enriched_by_day
select l.worker_name, (l.started_at at time zone 'UTC')::date, sum(l.items_processed)
from task_execution_logs_v2 l
where l.worker_name = any (%(workers)s)
    and l.started_at >= %(since)s::date::timestamp at time zone 'UTC'
group by 1, 2

-- name: published_by_day
select o.whose, (o.published_at at time zone 'UTC')::date, count(*)
from (
    select 'profiles' as whose, p.published_at from published_posts p
    union all
    select 'company pages', c.published_at from company_published_posts c
    where c.status = 'published'
) as o
where o.published_at >= %(since)s::date::timestamp at time zone 'UTC'
group by 1, 2

-- name: spent_by_day
-- with what calls without an answer may have cost, as the budget counts them
select coalesce(u.purpose, 'other'), (u.created_at at time zone 'UTC')::date,
    sum(u.cost_usd + u.reserved_usd)
from ai_usage_logs u
where u.created_at >= %(since)s::date::timestamp at time zone 'UTC'
group by 1, 2
