-- name: cascade_votes
select post_id, label, similarity from neighbour_labels(%s, %s, %s, %s)

-- name: cascade_record
insert into cascade_audits (
    post_id, stage, model, similarity, neighbours_label, model_label, audited_at
)
select b.id, %s::post_stage, %s, a.similarity, a.ours, a.theirs, clock_timestamp()
from unnest(%s::uuid[], %s::real[], %s::uuid[], %s::uuid[])
    as a (post_id, similarity, ours, theirs)
join viral_posts_bank b on b.id = a.post_id
order by b.id
on conflict on constraint cascade_audits_pkey do update set
    model = excluded.model,
    similarity = excluded.similarity,
    neighbours_label = excluded.neighbours_label,
    model_label = excluded.model_label,
    audited_at = excluded.audited_at
returning post_id

-- name: cascade_agreement
select s.stage, count(latest.model_label),
    count(*) filter (where latest.neighbours_label = latest.model_label)
from unnest(%(stages)s::text[]) with ordinality as s (stage, place)
left join lateral (
    select a.neighbours_label, a.model_label from cascade_audits a
    where a.stage = s.stage::post_stage and a.model = %(model)s
        and a.similarity >= %(threshold)s::real
    order by a.audited_at desc
    limit %(newest)s
) as latest on true
group by s.stage, s.place
order by s.place

-- name: cascade_decided
select s.stage, s.neighbours, s.model
from (
    select count(*) filter (where b.topic_model = %(cascade)s) as topics,
        count(*) filter (where b.topic_model = %(model)s) as topics_asked,
        count(*) filter (where b.audience_model = %(cascade)s) as audiences,
        count(*) filter (where b.audience_model = %(model)s) as audiences_asked
    from viral_posts_bank b
) as bank
cross join lateral (values
    ('topic_classifications', topics, topics_asked),
    ('audience_classifications', audiences, audiences_asked)
) as s (stage, neighbours, model)
