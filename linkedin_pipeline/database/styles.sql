-- name: claim_styles
select c.profile_id, c.partition_key, c.claim_token, c.attempts,
    case when p.writing_style_prompt is not null then
        concat_ws(' ', p.style_analysis ->> 'model', p.style_analysis ->> 'inputs_hash') end,
    p.writing_style_prompt,
    case when p.writing_style_embedding is not null then p.writing_style_embedding_model end
from claim_styles(%s, %s, %s, %s) c
join profiles p on p.id = c.profile_id

-- name: style_posts
select b.id, b.content, b.hook, h.name, trunc(greatest(least(b.engagement, 1e15), 0))::bigint
from viral_posts_bank b
left join hook_types h on h.id = b.hook_type_id
where b.author_id = %s and b.hook is not null
order by coalesce(b.original_post_date, b.created_at) desc, b.id
limit %s

-- name: extend_style
select extend_style(%s, %s, %s)

-- name: store_style
select store_style(
    %(profile)s, %(token)s, %(prompt)s, %(analysis)s,
    %(embedding)s::vector, %(embedding_model)s, %(written_by)s, %(instead_of)s
)

-- name: retry_style
select retry_style(%s, %s, %s, %s, %s, %s)

-- name: reject_style
select reject_style(%s, %s, %s, %s)

-- name: due_styles
select partition_key from due_styles(%s) order by partition_key

-- name: request_styles
select request_styles(array(select id from profiles where partition_key = any (%s)))

-- name: style_subject
select p.id, p.partition_key, p.writing_style_prompt is not null,
    count(b.id), count(b.hook),
    (
        select e.error_message from ai_errors e
        where e.profile_id = p.id and e.function_name = %(worker)s and not e.is_resolved
        order by e.created_at desc limit 1
    ),
    coalesce(bool_or(w.lease_until > now()), false)
from profiles p
left join viral_posts_bank b on b.author_id = p.id
left join profile_work w on w.profile_id = p.id and w.task = 'style'
where p.id = %(profile)s
group by p.id
