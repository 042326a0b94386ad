-- name: topics_labels
select id, name, concat_ws(E'\n', name, label_fr, description, description_fr),
    embedding, embedding_model, embedded_hash, '{}'::text[]
from topics where is_active order by name

-- name: audiences_labels
-- What an audience does and wants stands for it when nobody has described it; beside a description
-- it adds nothing.
select id, name,
    concat_ws(E'\n', name, label_fr, description, description_fr,
        case when coalesce(description, description_fr) is null then
            array_to_string(job_titles || pain_points || goals, E'\n') end),
    embedding, embedding_model, embedded_hash, '{}'::text[]
from audiences where is_active order by name

-- name: hook_types_labels
-- A bullet marks an example: one phrase, whatever its commas.
select id, name,
    concat_ws(E'\n', name, label_fr, description, description_fr,
        (select string_agg('• ' || translate(e.example, E'\n\r', '  '), E'\n' order by e.place)
        from unnest(examples) with ordinality as e (example, place))),
    embedding, embedding_model, embedded_hash, classification_keywords
from hook_types where is_active order by name

-- name: topics_embed
update topics t set embedding = r.embedding, embedding_model = %s, embedded_hash = r.hash
from unnest(%s::uuid[], %b::vector[], %s::text[]) as r (id, embedding, hash) where t.id = r.id

-- name: audiences_embed
update audiences t set embedding = r.embedding, embedding_model = %s, embedded_hash = r.hash
from unnest(%s::uuid[], %b::vector[], %s::text[]) as r (id, embedding, hash) where t.id = r.id

-- name: hook_types_embed
update hook_types t set embedding = r.embedding, embedding_model = %s, embedded_hash = r.hash
from unnest(%s::uuid[], %b::vector[], %s::text[]) as r (id, embedding, hash) where t.id = r.id
