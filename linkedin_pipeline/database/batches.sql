-- name: open_batch
select open_batch(
    %(batch)s, %(provider)s, %(model)s, %(purpose)s, %(stage)s, %(call)s, %(sizes)s, %(wait)s,
    %(lease)s, %(posts)s, %(stages)s::post_stage[], %(tokens)s::bigint[], %(lines)s, %(places)s,
    %(keys)s
)

-- name: take_batch
select b.id, b.provider, b.model, b.purpose, b.stage::text, b.state, b.call_id, b.line_sizes,
    b.holder, b.input_file_id, b.provider_batch_id, b.created_at,
    extract(epoch from clock_timestamp() - b.created_at)::float8,
    b.waits_until < clock_timestamp()
from take_batch(%s::uuid[], %s) b

-- name: batch_holder
select holder from ai_batches where id = %s

-- name: advance_batch
select advance_batch(%s, %s, %s, %s, %s, %s)

-- name: let_batch_go
select let_batch_go(%s, %s, %s)

-- name: close_batch
select close_batch(%s, %s, %s, %s, %s, %s, %s, %s)

-- name: asked_in_line
select i.place, i.stage::text, i.key, b.id, b.content, b.hook
from ai_batch_items i
join viral_posts_bank b on b.id = i.post_id
where i.batch_id = %s and i.line = %s
order by i.place, i.stage, b.id

-- name: not_for_a_batch
-- answered and not stored yet, or asked by a batch in vain
select a.key from ai_answers a where a.key = any (%(keys)s)
union
select i.key from ai_batch_items i
join ai_batches b on b.id = i.batch_id
where i.key = any (%(keys)s) and b.state in ('ended', 'failed') and not i.answered

-- name: seen_batches
select b.id, b.provider || ':' || b.model, b.stage::text, b.state, b.questions,
    b.answered, b.discarded, b.error, b.provider_batch_id,
    extract(epoch from now() - b.created_at)::float8,
    extract(epoch from now() - b.polled_at)::float8
from ai_batches b
where b.state not in ('ended', 'failed') or b.created_at >= %(since)s or b.ended_at >= %(since)s
order by b.created_at

-- name: free_call_pause
select extract(epoch from p.until - clock_timestamp())::float8, p.reason
from provider_pauses p
where p.scope in (%(provider)s, %(model)s) and p.until > clock_timestamp()
order by p.until desc limit 1

-- name: claim_answered
select c.post_id, c.claim_token, c.day, c.attempts, c.takeovers, c.content, c.hook
from claim_answered(%s, %s, %s) c

-- name: batched_by_run
select coalesce(max(s.posts), 0)::integer
from (
    select sum(u.items) as posts from ai_usage_logs u
    where u.dagster_run_id = %s and u.is_batch and u.outcome <> 'failed'
    group by u.stage
) s
