-- Batches of questions that a provider answers within a day at half price.

create table ai_batches (
    id uuid primary key,
    provider text not null,
    model text not null,
    purpose text not null check (purpose in ('embedding', 'classification')),
    stage post_stage not null,
    state text not null default 'preparing'
        check (state in ('preparing', 'uploaded', 'submitted', 'ended', 'failed')),
    input_file_id text,
    provider_batch_id text,
    call_id uuid,
    line_sizes integer[] not null,
    questions integer not null default 0,
    answered integer not null default 0,
    discarded integer not null default 0,
    error text,
    waits_until timestamptz not null,
    holder uuid,
    held_until timestamptz,
    created_at timestamptz not null default now(),
    submitted_at timestamptz,
    polled_at timestamptz,
    ended_at timestamptz
);
create index ai_batches_open on ai_batches (polled_at) where state not in ('ended', 'failed');
comment on table ai_batches is
    'Batch files of a provider. A row is written before anything is uploaded, and says how far it '
    'came, so that no restart uploads or pays twice. Deleted 30 days after the end.';
comment on column ai_batches.id is
    'Also part of the file''s name and of the batch''s metadata at the provider, where both are '
    'looked for when an answer was lost.';
comment on column ai_batches.call_id is 'The row in ai_usage_logs that carries its cost.';
comment on column ai_batches.line_sizes is 'How many texts or posts each line of the file is about.';
comment on column ai_batches.waits_until is
    'When its posts are due by themselves. A work row with this very time waits for the batch.';
comment on column ai_batches.holder is 'Fences the process that works on it, until held_until.';


create table ai_batch_items (
    batch_id uuid not null references ai_batches (id) on delete cascade,
    line integer not null,
    post_id uuid not null references viral_posts_bank (id) on delete cascade,
    stage post_stage not null,
    place integer not null,
    key bytea not null,
    answered boolean not null default false,
    primary key (batch_id, line, post_id, stage)
);
create index ai_batch_items_post on ai_batch_items (post_id);
create index ai_batch_items_key on ai_batch_items (key);
comment on table ai_batch_items is
    'What a batch asks: one row for each post and stage. What a batch that is over did not answer is '
    'asked without one the next time.';
comment on column ai_batch_items.post_id is 'Cascades: an answer about a deleted post is not kept.';
comment on column ai_batch_items.place is 'Position within the line, from 0; same texts share one.';
comment on column ai_batch_items.key is 'As in ai_answers: a hash of what was asked, no text.';
