-- name: switch
update worker_feature_flags_v2 set is_enabled = %s
where replace(worker_name, '-', '_') = replace(%s, '-', '_')
returning worker_name, is_enabled, description

-- Fragments in braces are put in by the code: which posts of viral_posts_bank b are wanted.

-- name: requeue_count
select count(*) from viral_posts_bank b where {wanted}

-- name: requeue_chunk
with chunk as (
    -- in the order of ids, which is the order of others that lock many posts
    select b.id from viral_posts_bank b
    where b.id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000'::uuid) and {wanted}
    order by b.id
    limit %(chunk)s
    for no key update
),
raised as (
    update viral_posts_bank b
    set needs_hook_extraction = b.needs_hook_extraction or %(stage)s = 'hooks',
        needs_embedding = b.needs_embedding or %(stage)s = 'embeddings',
        needs_hook_classification =
            b.needs_hook_classification or %(stage)s = 'hook_classifications',
        needs_topic_classification =
            b.needs_topic_classification or %(stage)s = 'topic_classifications',
        needs_audience_classification =
            b.needs_audience_classification or %(stage)s = 'audience_classifications'
    from chunk where b.id = chunk.id
)
select count(*), (array_agg(id order by id desc))[1] from chunk

-- name: requeue_unflagged
not case %(stage)s
    when 'hooks' then b.needs_hook_extraction
    when 'embeddings' then b.needs_embedding
    when 'hook_classifications' then b.needs_hook_classification
    when 'topic_classifications' then b.needs_topic_classification
    when 'audience_classifications' then b.needs_audience_classification
end
and (%(post)s::uuid is null or b.id = %(post)s)

-- name: requeue_dead
b.id in (
    select e.post_id from ai_errors e
    where e.stage = %(stage)s::post_stage and not e.is_resolved and e.post_id is not null
)

-- name: requeue_made
-- a hook that a person wrote has no time of extraction, a label that a person chose no model
case %(stage)s
    when 'hooks' then
        %(models)s::text[] is null and b.hook is not null and b.hook_extracted_at is not null
    when 'embeddings' then
        b.embedding is not null and (%(models)s::text[] is null or b.embedding_model <> all (%(models)s))
    when 'hook_classifications' then
        b.hook_type_id is not null and b.hook_type_model is not null
        and (%(models)s::text[] is null or b.hook_type_model <> all (%(models)s))
    when 'topic_classifications' then
        b.topic_id is not null and b.topic_model is not null
        and (%(models)s::text[] is null or b.topic_model <> all (%(models)s))
    when 'audience_classifications' then
        b.audience_id is not null and b.audience_model is not null
        and (%(models)s::text[] is null or b.audience_model <> all (%(models)s))
end

-- name: post_exists
select exists (select from viral_posts_bank where id = %s)

-- name: find_topics
select id, name, slug from topics
where id::text = lower(%(what)s) or slug = lower(%(what)s) or lower(name) = lower(%(what)s)
    or lower(label_fr) = lower(%(what)s)
order by name limit 6

-- name: topic_names
select name from topics where is_active order by name

-- name: search
select b.id, found.similarity, p.full_name, t.name, b.post_url, b.hook, b.content
from match_viral_posts_filtered(%(vector)s, %(filters)s, %(threshold)s, %(count)s) found
join viral_posts_bank b on b.id = found.id
left join profiles p on p.id = b.author_id
left join topics t on t.id = b.topic_id
order by found.similarity desc, b.id
