-- What paid models cost, which of them must not be called, and which will not be served for long.

-- name: spent_today
select ai_spent_today()

-- name: spending_by_month
select to_char(date_trunc('month', u.created_at at time zone 'UTC'), 'YYYY-MM') as month,
    u.purpose, u.profile_id, p.full_name, count(*), sum(u.input_tokens), sum(u.cached_tokens),
    sum(u.output_tokens), sum(u.cost_usd + u.reserved_usd),
    coalesce(sum(u.cost_usd + u.reserved_usd) filter (
        where u.created_at >= date_trunc('day', now() at time zone 'UTC') at time zone 'UTC'
    ), 0)
from ai_usage_logs u
left join profiles p on p.id = u.profile_id
where u.created_at >= date_trunc('month', now() at time zone 'UTC') at time zone 'UTC'
    - interval '1 month'
group by 1, 2, 3, 4
order by 1 desc, 9 desc, 2
limit 1000

-- name: shutdowns
select m.provider || ':' || m.model, p.shutdown_date, p.shutdown_date - (now() at time zone 'UTC')::date
from unnest(%s::text[], %s::text[]) as m (provider, model)
cross join lateral (
    select p.shutdown_date from ai_model_pricing p
    where p.provider = m.provider and p.model = m.model
    order by p.valid_from desc limit 1
) as p
where p.shutdown_date <= (now() at time zone 'UTC')::date + %s::integer
order by p.shutdown_date

-- name: unpriced
select m.provider || ':' || m.model
from unnest(%s::text[], %s::text[]) as m (provider, model)
where not exists (
    select from ai_model_pricing p where p.provider = m.provider and p.model = m.model
)
order by 1

-- name: open_incidents
select e.error_code, e.metadata ->> 'scope', e.error_message, e.created_at
from ai_errors e
where e.post_id is null and e.profile_id is null and not e.is_resolved
    and e.metadata ? 'scope'
order by e.created_at
limit 20
