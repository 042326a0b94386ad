-- name: add_profiles
insert into profiles (id, full_name, linkedin_id, role, type)
select p.id, p.full_name, p.linkedin_id, p.role, p.type::author_type
from unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[])
    as p (id, full_name, linkedin_id, role, type)
on conflict do nothing

-- name: add_posts
insert into viral_posts_bank (id, author_id, content, metrics, original_post_date, created_at)
select p.id, coalesce(known.id, namesake.id), p.content, p.metrics, p.posted_at,
    coalesce(p.posted_at, now())
from unnest(%s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::jsonb[], %s::timestamptz[])
    as p (id, author_id, linkedin_id, content, metrics, posted_at)
left join profiles known on known.id = p.author_id
left join profiles namesake on namesake.linkedin_id = p.linkedin_id
on conflict (id) do nothing
