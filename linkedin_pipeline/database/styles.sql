-- name: claim_styles
select c.profile_id, c.partition_key, c.claim_token, c.attempts,
    case when p.writing_style_prompt is not null then
        concat_ws(' ', p.style_analysis ->> 'model', p.style_analysis ->> 'inputs_hash') end
from claim_styles(%s, %s, %s, %s) c
join profiles p on p.id = c.profile_id

-- name: style_posts
select b.id, b.content, b.hook, h.name,
    coalesce((b.metrics ->> 'likes')::bigint, 0) + coalesce((b.metrics ->> 'comments')::bigint, 0)
        + coalesce((b.metrics ->> 'shares')::bigint, 0)
from viral_posts_bank b
left join hook_types h on h.id = b.hook_type_id
where b.author_id = %s and b.hook is not null
order by coalesce(b.original_post_date, b.created_at) desc, b.id
limit %s

-- name: store_style
select store_style(%s, %s, %s, %s)

-- name: retry_style
select retry_style(%s, %s, %s, %s)

-- name: style_incident
insert into ai_errors (function_name, error_code, error_message, profile_id)
select 'worker_complete_profiles_v2', 'style_failed', %(reason)s, %(profile)s
where not exists (
    select from ai_errors
    where profile_id = %(profile)s and function_name = 'worker_complete_profiles_v2'
        and not is_resolved
)

-- name: due_styles
select partition_key from due_styles(%s) order by partition_key

-- name: request_styles
select request_styles(array(select id from profiles where partition_key = any (%s)))
