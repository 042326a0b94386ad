-- What Dagster's own database says; tables and the JSON in them are those of Dagster 1.13.

-- name: daemon_age
select extract(epoch from now())::float8 - max((body::json ->> 'timestamp')::float8)
from daemon_heartbeats

-- name: last_runs
-- of the newest runs only: reading what was run a year ago is for Dagster's pages
with newest as (
    select r.id, r.pipeline_name as job, r.run_id, r.status, r.start_time, r.end_time,
        coalesce(
            r.start_time, extract(epoch from r.create_timestamp at time zone 'UTC')
        )::float8 as since
    from runs r
    order by r.id desc
    limit %(newest)s
), days as (
    select job, count(*) as runs, count(*) filter (where status = 'FAILURE') as failed
    from newest
    where since > extract(epoch from now()) - 86400
    group by job
), last as (
    select distinct on (job) * from newest order by job, id desc
)
select l.job, l.run_id, lower(l.status),
    greatest(extract(epoch from now())::float8 - l.since, 0), l.end_time - l.start_time,
    coalesce(d.runs, 0), coalesce(d.failed, 0)
from last l
left join days d on d.job = l.job
order by l.id desc

-- name: last_ticks
-- a schedule or sensor that was known under another code location before counts once
select distinct on (name) name, kind, is_on, status,
    case when at is not null then greatest(extract(epoch from now())::float8 - at, 0) end,
    runs, reason
from (
    select coalesce(
            t.tick_body::json ->> 'job_name', i.instigator_body::json #>> '{origin,job_name}'
        ) as name,
        lower(i.instigator_type) as kind, i.status <> 'STOPPED' as is_on,
        lower(t.status) as status, (t.tick_body::json ->> 'timestamp')::float8 as at,
        coalesce(json_array_length(t.tick_body::json -> 'run_ids'), 0) as runs,
        coalesce(
            t.tick_body::json #>> '{error,message}', t.tick_body::json ->> 'skip_reason'
        ) as reason
    from instigators i
    left join lateral (
        select * from job_ticks k
        where k.selector_id = i.selector_id
        order by k.timestamp desc limit 1
    ) as t on true
) as found
where name is not null
order by name, at desc nulls last
