-- name: add_profiles
insert into profiles (id, full_name, linkedin_id, role, type)
select p.id, p.full_name, p.linkedin_id, p.role, p.type::author_type
from unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[])
    as p (id, full_name, linkedin_id, role, type)
on conflict do nothing

-- name: hold_profiles
-- an erasure waits for the end of this transaction, or has come first
select p.id from profiles p where p.id = any (%s) order by p.id for key share

-- name: stage_posts
create temp table incoming_posts (
    place integer, id uuid, author_id uuid, linkedin_id text, content text, metrics jsonb,
    posted_at timestamptz, post_url text
) on commit drop

-- name: copy_posts
copy pg_temp.incoming_posts
    (place, id, author_id, linkedin_id, content, metrics, posted_at, post_url)
from stdin

-- name: analyze_posts
-- without it the planner would read the whole bank for each batch
analyze pg_temp.incoming_posts

-- name: merge_posts
with met as (
    select i.*, coalesce(u.id, k.id) as known_id
    from pg_temp.incoming_posts i
    left join viral_posts_bank u on u.post_url = i.post_url
    left join viral_posts_bank k on k.id = i.id
),
wanted as materialized (
    -- of rows about the same post the last one counts
    select distinct on (coalesce(m.known_id::text, m.post_url, m.id::text)) m.*
    from met m
    order by coalesce(m.known_id::text, m.post_url, m.id::text), m.place desc
),
-- in the order of ids, which is the order of others that lock many posts
held as materialized (
    select b.id, b.content
    from viral_posts_bank b
    where b.id in (select w.known_id from wanted w)
    order by b.id
    for no key update
),
updated as (
    update viral_posts_bank b
    set content = w.content,
        metrics = b.metrics || w.metrics,
        post_url = coalesce(b.post_url, w.post_url),
        original_post_date = coalesce(b.original_post_date, w.posted_at)
    from wanted w join held h on h.id = w.known_id
    where b.id = h.id and (
        b.content <> w.content
        or b.metrics || w.metrics <> b.metrics
        or b.post_url is null and w.post_url is not null
        or b.original_post_date is null and w.posted_at is not null
    )
    returning h.content <> w.content as edited
),
inserted as (
    insert into viral_posts_bank
        (id, author_id, content, metrics, original_post_date, created_at, post_url)
    select w.id, coalesce(p.id, n.id), w.content, w.metrics, w.posted_at,
        coalesce(w.posted_at, now()), w.post_url
    from wanted w
    left join profiles p on p.id = w.author_id
    left join profiles n on n.linkedin_id = w.linkedin_id
    where w.known_id is null
    order by w.id
    on conflict do nothing
    returning id
)
select (select count(*) from inserted),
    (select count(*) from updated u where u.edited),
    (select count(*) from updated u where not u.edited)
