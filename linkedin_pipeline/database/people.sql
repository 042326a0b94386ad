-- name: profiles
select p.id, p.full_name, p.linkedin_id, p.type::text,
    (select count(*) from viral_posts_bank b where b.author_id = p.id),
    p.writing_style_prompt is not null, p.sync_status, p.last_sync_at, s.last_error
from profiles p
left join profile_sync_status s on s.profile_id = p.id
where %(only)s::uuid is null or p.id = %(only)s
order by lower(p.full_name), p.id

-- name: add_profile
with made as (
    insert into profiles (full_name, linkedin_id, type)
    select %(full_name)s, %(linkedin_id)s, %(type)s::author_type
    where not exists (
        select from profiles p where lower(p.linkedin_id) = lower(%(linkedin_id)s)
    )
    on conflict (linkedin_id) do nothing
    returning id
)
select id, true from made
union all
select p.id, false from profiles p where lower(p.linkedin_id) = lower(%(linkedin_id)s)
limit 1

-- name: find_profiles
select p.id, p.full_name, p.linkedin_id, p.partition_key
from profiles p
where p.id::text = lower(%(who)s) or lower(p.linkedin_id) = lower(%(who)s)
    or p.partition_key = lower(%(who)s)
    or (%(names)s and lower(p.full_name) = lower(%(who)s))
order by p.id
limit 6

-- name: similar_names
select full_name from profiles
where position(lower(%(who)s) in lower(full_name)) > 0
    or position(lower(%(who)s) in lower(linkedin_id)) > 0
order by full_name limit 5

-- name: profile_texts
select b.id, b.content from viral_posts_bank b
where b.author_id = %(profile)s and b.id > %(after)s
order by b.id
limit %(limit)s

-- name: profile_style
select p.writing_style_prompt from profiles p where p.id = %s

-- name: erase_profile
select posts, publications_kept from erase_profile(%s)

-- name: erasures_to_clear
select profile_id, partition_key from erasures_to_clear()

-- name: erasure_cleared
update erasures set dagster_cleared_at = now()
where profile_id = %s and dagster_cleared_at is null

-- name: was_erased
select exists (select from erasures e where %(who)s in (e.profile_id::text, e.partition_key))

-- name: snapshot_of_now
set transaction isolation level repeatable read

-- name: foreign_keys
-- child, its columns, parent, its columns, what deleting the parent does to the child
select k.conrelid::regclass::text, k.conrelid::bigint, k.confrelid::regclass::text,
    k.confrelid::bigint,
    array(
        select a.attname::text from unnest(k.conkey) with ordinality as c (number, place)
        join pg_attribute a on a.attrelid = k.conrelid and a.attnum = c.number order by c.place
    ),
    array(
        select a.attname::text from unnest(k.confkey) with ordinality as c (number, place)
        join pg_attribute a on a.attrelid = k.confrelid and a.attnum = c.number order by c.place
    ),
    k.confdeltype = 'c'
from pg_constraint k
where k.contype = 'f' and k.connamespace = 'public'::regnamespace
order by 1, 5

-- name: vector_columns
select a.attrelid::regclass::text, a.attname::text
from pg_attribute a
join pg_class c on c.oid = a.attrelid
join pg_type t on t.oid = a.atttypid
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
    and t.typname in ('vector', 'halfvec')

-- name: model_names
select id, name from embedding_models order by id

-- name: reach_begin
create temp table reached (relation bigint, place tid, deleted boolean, primary key (relation, place))
on commit drop

-- name: reach_profile
insert into pg_temp.reached
select 'profiles'::regclass::oid::bigint, p.ctid, true from profiles p where p.id = %s

-- name: reach_step
insert into pg_temp.reached as r
select {child_oid}, c.ctid, bool_or(r.deleted and {cascades})
from {child} c
join {parent} p on ({child_columns}) = ({parent_columns})
join pg_temp.reached r on r.relation = {parent_oid} and r.place = p.ctid
group by c.ctid
on conflict (relation, place) do update set deleted = true
where not r.deleted and excluded.deleted

-- name: reached_counts
select r.relation::oid::regclass::text, count(*) filter (where r.deleted),
    count(*) filter (where not r.deleted)
from pg_temp.reached r
group by 1
order by 1

-- name: reached_rows
select to_jsonb(t)
from {table} t
join pg_temp.reached r on r.relation = {oid} and r.place = t.ctid
order by r.place

-- name: renew_statistics
select renew_statistics()

-- name: schema_aside
select aside from adoptions where to_regnamespace(aside) is not null
