-- What semantic search stands on; the reasons are in docs/decisions/0009-search.md.

-- Filters read the bank, which has what they need as columns: two mirrors of author_id were one too
-- many, and a change of either re-inserted the vector into the graph.
alter table post_vectors
    drop column author_id,
    drop column created_at,
    add column content_hash text;
update post_vectors v
set content_hash = b.content_hash
from viral_posts_bank b
where b.id = v.post_id and not b.needs_embedding;
comment on column post_vectors.content_hash is
    'Of the text that was embedded; differs from the post''s own until an edit is embedded. Null '
    'when it is not known.';

alter table viral_posts_bank
    add column posted_at timestamptz not null
        generated always as (coalesce(original_post_date, created_at)) stored,
    add column likes numeric not null generated always as (
        case when jsonb_typeof(metrics -> 'likes') = 'number'
            then (metrics ->> 'likes')::numeric else 0 end
    ) stored,
    add column engagement numeric not null generated always as (
        case when jsonb_typeof(metrics -> 'likes') = 'number'
            then (metrics ->> 'likes')::numeric else 0 end
        + case when jsonb_typeof(metrics -> 'comments') = 'number'
            then (metrics ->> 'comments')::numeric else 0 end
        + case when jsonb_typeof(metrics -> 'shares') = 'number'
            then (metrics ->> 'shares')::numeric else 0 end
    ) stored;
comment on column viral_posts_bank.posted_at is 'original_post_date, or created_at without one.';
comment on column viral_posts_bank.engagement is 'Likes, comments and shares together.';
-- With the id in them, candidates are collected from the index alone.
drop index viral_posts_bank_author;
create index viral_posts_bank_author on viral_posts_bank (author_id, created_at) include (id);
create index viral_posts_bank_topic on viral_posts_bank (topic_id) include (id);
create index viral_posts_bank_audience on viral_posts_bank (audience_id) include (id);
create index viral_posts_bank_hook_type on viral_posts_bank (hook_type_id) include (id);
create index viral_posts_bank_structure on viral_posts_bank (structure_id)
    where structure_id is not null;
create index viral_posts_bank_posted on viral_posts_bank (posted_at) include (id);
create index viral_posts_bank_likes on viral_posts_bank (likes) include (id);
create index viral_posts_bank_engagement on viral_posts_bank (engagement) include (id);
-- Candidates are looked up by the thousand: a third less time a probe than through the primary key.
create index post_vectors_post on post_vectors using hash (post_id);

-- Ids are given by register_embedding_model: odd and even ones have a graph each.
alter table embedding_models alter column id drop identity;
comment on column embedding_models.id is
    'Short key, repeated in every row of post_vectors. A model that is built beside the serving one '
    'gets an id of the other parity, for odd and even ids have an index each.';

drop function if exists mirror_vector(viral_posts_bank); -- the routine takes what it needs, one by one
