-- Labels that near neighbours agree on, taken without asking the model, and the sample that is asked
-- about all the same: docs/decisions/0015-cascade.md.

comment on column viral_posts_bank.topic_model is
    'What chose the label: provider:model and prompt version, after "cascade:" where near '
    'neighbours that this model labelled agreed. Null when a person wrote it; the same holds for '
    'hook_type_model and audience_model.';

create table cascade_audits (
    post_id uuid not null references viral_posts_bank (id) on delete cascade,
    stage post_stage not null,
    model text not null,
    similarity real not null,
    neighbours_label uuid not null,
    model_label uuid not null,
    audited_at timestamptz not null default now(),
    primary key (post_id, stage)
);
create index cascade_audits_newest on cascade_audits (stage, model, audited_at);
comment on table cascade_audits is
    'Posts whose neighbours agreed on a label and whose model was asked nevertheless: what both '
    'said, the latest for each post and stage.';
comment on column cascade_audits.post_id is 'Cascades: what was said of an erased post is erased.';
comment on column cascade_audits.similarity is
    'Of the farthest neighbour that agreed: a higher threshold would not have decided this post.';
comment on column cascade_audits.neighbours_label is
    'A topic or an audience, as the stage says; no reference, since the row outlives the label.';

-- The routine takes a model for each label.
drop function if exists store_labels(post_stage, uuid[], bigint[], uuid[], real[], text);
