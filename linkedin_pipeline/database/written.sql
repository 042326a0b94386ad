-- Values that a drain has just written, looked at again.  Left out are posts that are gone, whose
-- flag was raised again meanwhile, or that became a dead letter since: their value is an old one.
-- Each answers: posts looked at, bad ones, one of the bad.

-- name: written_hooks
select count(*), count(*) filter (where not w.good),
    (array_agg(w.id) filter (where not w.good))[1]
from (
    select b.id, coalesce(
        char_length(b.hook) between 1 and 300 and b.hook ~ '\S' and strpos(b.content, b.hook) > 0,
        false
    ) as good
    from viral_posts_bank b
    where b.id = any (%s) and not b.needs_hook_extraction
        and not exists (
            select from ai_errors e
            where e.post_id = b.id and e.stage = 'hooks' and not e.is_resolved
        )
) as w

-- name: written_embeddings
select count(*), count(*) filter (where not w.good),
    (array_agg(w.id) filter (where not w.good))[1]
from (
    -- the type vector(1536) admits 1,536 finite numbers and nothing else
    select b.id, coalesce(abs(vector_norm(b.embedding) - 1) <= 1e-3, false) and exists (
        select from post_vectors v
        join embedding_models m on m.id = v.model_id
        where v.post_id = b.id and m.name = b.embedding_model
            and v.embedding = b.embedding::halfvec
    ) as good
    from viral_posts_bank b
    where b.id = any (%s) and not b.needs_embedding
        and not exists (
            select from ai_errors e
            where e.post_id = b.id and e.stage = 'embeddings' and not e.is_resolved
        )
) as w

-- name: written_hook_classifications
select count(*), count(*) filter (where not w.good),
    (array_agg(w.id) filter (where not w.good))[1]
from (
    -- What is measured here has a confidence, which the column keeps between 0 and 1.  A language
    -- model gives none, nor does a person, whose label has no model.
    select b.id, exists (
        select from hook_types t where t.id = b.hook_type_id and t.is_active
    ) and (
        b.hook_type_confidence is not null or not starts_with(coalesce(b.hook_type_model, ''), 'local:')
    ) as good
    from viral_posts_bank b
    where b.id = any (%s) and not b.needs_hook_classification
        and not exists (
            select from ai_errors e
            where e.post_id = b.id and e.stage = 'hook_classifications' and not e.is_resolved
        )
) as w

-- name: written_topic_classifications
select count(*), count(*) filter (where not w.good),
    (array_agg(w.id) filter (where not w.good))[1]
from (
    select b.id, exists (
        select from topics t where t.id = b.topic_id and t.is_active
    ) and (
        b.topic_confidence is not null or not starts_with(coalesce(b.topic_model, ''), 'local:')
    ) as good
    from viral_posts_bank b
    where b.id = any (%s) and not b.needs_topic_classification
        and not exists (
            select from ai_errors e
            where e.post_id = b.id and e.stage = 'topic_classifications' and not e.is_resolved
        )
) as w

-- name: written_audience_classifications
select count(*), count(*) filter (where not w.good),
    (array_agg(w.id) filter (where not w.good))[1]
from (
    select b.id, exists (
        select from audiences t where t.id = b.audience_id and t.is_active
    ) and (
        b.audience_confidence is not null or not starts_with(coalesce(b.audience_model, ''), 'local:')
    ) as good
    from viral_posts_bank b
    where b.id = any (%s) and not b.needs_audience_classification
        and not exists (
            select from ai_errors e
            where e.post_id = b.id and e.stage = 'audience_classifications' and not e.is_resolved
        )
) as w
