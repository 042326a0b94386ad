-- What the health checks read: nothing here writes or locks a row.  Work and logs are read through
-- their indexes.  Two statements look for what no index knows and pass over the bank: over all of it
-- up to so many bytes, over a random part of that size when it has grown beyond.

-- name: health_reading
select set_config('statement_timeout', %(timeout)s, true),
    set_config('transaction_read_only', 'on', true)

-- name: health_part
select least(100.0, 100.0 * %(bytes)s / greatest(pg_relation_size('viral_posts_bank'), 1))::float8

-- name: health_overdue
select stage::text, is_enabled, posts, minutes from overdue_work(%(late)s::interval, %(cap)s)

-- name: health_lost
select lost.stage, count(*), (array_agg(lost.id))[1]
from (
    select b.id, f.stage
    from viral_posts_bank b tablesample system (%(percent)s)
    cross join lateral (values
        ('hooks', not b.needs_hook_extraction and b.hook is null),
        ('embeddings', not b.needs_embedding and b.embedding is null),
        ('hook_classifications', not b.needs_hook_classification and b.hook_type_id is null
            and b.hook is not null),
        ('topic_classifications', not b.needs_topic_classification and b.topic_id is null),
        ('audience_classifications',
            not b.needs_audience_classification and b.audience_id is null)
    ) as f (stage, lost)
    -- said twice, so that the lateral, ten times as dear, sees few posts
    where (
            not b.needs_hook_extraction and b.hook is null
            or not b.needs_embedding and b.embedding is null
            or not b.needs_hook_classification and b.hook_type_id is null and b.hook is not null
            or not b.needs_topic_classification and b.topic_id is null
            or not b.needs_audience_classification and b.audience_id is null
        )
        and f.lost
        and not exists (
            select from ai_errors e
            where e.post_id = b.id and e.stage = f.stage::post_stage and not e.is_resolved
        )
    limit %(cap)s
) as lost
group by lost.stage

-- name: health_dead_letters
select e.stage::text, e.error_code, count(*)
from ai_errors e
where not e.is_resolved and e.post_id is not null
group by e.stage, e.error_code
order by count(*) desc, e.stage, e.error_code

-- name: health_dead_posts
select count(distinct e.post_id), (select count(*) from viral_posts_bank)
from ai_errors e
where not e.is_resolved and e.post_id is not null

-- name: health_label_mix
select mix.stage, coalesce(h.name, t.name, a.name), mix.recent, mix.before
from (
    select l.stage, l.label,
        count(*) filter (where b.created_at > now() - %(recent)s::interval) as recent,
        count(*) filter (where b.created_at <= now() - %(recent)s::interval) as before
    from viral_posts_bank b tablesample system (%(percent)s)
    cross join lateral (values
        ('hook_classifications', b.hook_type_id),
        ('topic_classifications', b.topic_id),
        ('audience_classifications', b.audience_id)
    ) as l (stage, label)
    where b.created_at > now() - %(recent)s::interval - %(before)s::interval
        and b.created_at <= now() and l.label is not null
    group by l.stage, l.label
) as mix
left join hook_types h on mix.stage = 'hook_classifications' and h.id = mix.label
left join topics t on mix.stage = 'topic_classifications' and t.id = mix.label
left join audiences a on mix.stage = 'audience_classifications' and a.id = mix.label

-- name: health_dead_drains
-- callers of log_worker_start do not beat: their start is the last that was heard of them
select l.worker_name, l.dagster_run_id, coalesce(l.heartbeat_at, l.started_at), false
from task_execution_logs_v2 l
where l.status = 'running' and (
    l.heartbeat_at < now() - %(silent)s::interval
    or l.heartbeat_at is null and l.started_at < now() - %(abandoned)s::interval
)
union all
-- by worker and start, which is indexed; a drain lasts minutes, so two days of starts are plenty
select l.worker_name, l.dagster_run_id, coalesce(l.heartbeat_at, l.started_at), true
from worker_feature_flags_v2 f
join task_execution_logs_v2 l
    on l.worker_name = f.worker_name and l.started_at > now() - interval '2 days'
where l.status = 'failed' and l.error_message = any (%(closings)s)
    and l.completed_at > now() - %(closed)s::interval
order by 3 desc
limit %(cap)s
