-- name: label_mix
select kind, name, posts from (
    select 'hook type' as kind, t.name, count(*) as posts
    from viral_posts_bank b join hook_types t on t.id = b.hook_type_id group by t.name
    union all
    select 'topic', t.name, count(*)
    from viral_posts_bank b join topics t on t.id = b.topic_id group by t.name
    union all
    select 'audience', t.name, count(*)
    from viral_posts_bank b join audiences t on t.id = b.audience_id group by t.name
) as mix
order by kind, posts desc, name

-- name: example_style
select p.full_name, p.writing_style_prompt,
    count(*) over () as styles
from profiles p
where p.writing_style_prompt is not null
order by jsonb_array_length(p.style_analysis -> 'post_ids') desc, p.full_name
limit 1

-- name: usage_of_run
select coalesce(sum(input_tokens + output_tokens), 0)::bigint,
    coalesce(sum(cost_usd), 0)::double precision
from ai_usage_logs where dagster_run_id = %s and stage = %s
