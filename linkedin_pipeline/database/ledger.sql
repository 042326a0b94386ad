-- name: begin_ai_call
select verdict, wait, said, call_id
from begin_ai_call(
    %(provider)s, %(model)s, %(purpose)s, %(stage)s, %(profile)s, %(items)s, %(input)s, %(output)s,
    %(batch)s, %(budget)s, %(run)s, %(worker)s
)

-- name: end_ai_call
select end_ai_call(%s, %s, %s, %s, %s, %s)

-- name: pause_provider
select pause_provider(%s, %s, %s, %s, %s, %s, %s)

-- name: kept_vectors
select key, vector from ai_answers where key = any (%s) and vector is not null

-- name: keep_vectors
insert into ai_answers (key, vector)
select a.key, a.vector from unnest(%s::bytea[], %b::vector[]) as a (key, vector)
order by a.key
on conflict (key) do nothing

-- name: kept_labels
select key, label from ai_answers where key = any (%s) and label is not null

-- name: keep_labels
insert into ai_answers (key, label)
select a.key, a.label from unnest(%s::bytea[], %s::text[]) as a (key, label)
order by a.key
on conflict (key) do nothing

-- name: keep_style
-- an erasure waits until it is kept, or has come first
with theirs as (select p.id from profiles p where p.id = %s for key share)
insert into ai_answers (profile_id, key, label)
select theirs.id, a.key, a.label from theirs, unnest(%s::bytea[], %s::text[]) as a (key, label)
order by a.key
on conflict (key) do nothing

-- name: forget_answers
delete from ai_answers a
where a.key in (
    select f.key from ai_answers f
    where f.key = any (%s) or f.created_at < now() - interval '7 days'
    order by f.key
    for update skip locked
)

-- name: provider_pauses
select scope, code, reason, since, until, extract(epoch from until - clock_timestamp())::float8,
    budget_usd
from provider_pauses
where until > clock_timestamp()
order by scope
