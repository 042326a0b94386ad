-- The post bank: profiles, taxonomy, posts, the work on them and their vectors.
-- Why the tables are split this way is measured: docs/decisions/0005-narrow-work-table.md.

create type author_type as enum ('internal', 'external_influencer');

create type post_stage as enum (
    'hooks', 'embeddings', 'hook_classifications', 'topic_classifications',
    'audience_classifications'
);
comment on type post_stage is 'One kind of post work, named like its Dagster asset.';


create table profiles (
    id uuid primary key default gen_random_uuid(),
    full_name text not null,
    first_name text,
    last_name text,
    email text,
    role text,
    avatar_url text,
    linkedin_id text unique,
    type author_type not null default 'external_influencer',
    timezone text not null default 'UTC',
    writing_style_prompt text,
    style_analysis jsonb,
    writing_style_embedding vector(1536),
    partition_key text not null unique
        generated always as ('profile-' || left(replace(id::text, '-', ''), 12)) stored,
    sync_status text not null default 'pending'
        check (sync_status in ('pending', 'scraping', 'analyzing', 'completed', 'error')),
    last_sync_at timestamptz,
    last_style_analysis_at timestamptz,
    posts_count integer not null default 0,
    avg_engagement double precision,
    invitation_status text not null default 'none'
        check (invitation_status in ('none', 'pending', 'sent', 'accepted', 'expired')),
    invitation_token text unique,
    invitation_sent_at timestamptz,
    invitation_accepted_at timestamptz,
    created_at timestamptz not null default now()
);
comment on table profiles is 'LinkedIn authors, ours (internal) or not.';
comment on column profiles.linkedin_id is 'The public identifier after /in/.';
comment on column profiles.partition_key is
    'Key of the profile''s Dagster partition; carries no name, so that a person can be erased.';


create table topics (
    id uuid primary key default gen_random_uuid(),
    name text not null unique,
    slug text,
    label_fr text,
    description text,
    topic_group text,
    is_active boolean not null default true,
    embedding vector(1536),
    embedding_model text,
    created_at timestamptz not null default now()
);
comment on table topics is 'What a post is about; inactive ones are neither assigned nor matched.';

create table audiences (
    id uuid primary key default gen_random_uuid(),
    name text not null unique,
    label_fr text,
    description text,
    job_titles text[] not null default '{}',
    pain_points text[] not null default '{}',
    goals text[] not null default '{}',
    vocabulary_to_use text[] not null default '{}',
    vocabulary_to_avoid text[] not null default '{}',
    tone_preferences text,
    is_active boolean not null default true,
    embedding vector(1536),
    embedding_model text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table audiences is 'Whom a post speaks to.';

create table hook_types (
    id uuid primary key default gen_random_uuid(),
    name text not null unique,
    label_fr text,
    description text,
    formula text,
    examples text[] not null default '{}',
    classification_keywords text[] not null default '{}',
    prompt_instruction text,
    is_active boolean not null default true,
    embedding vector(1536),
    embedding_model text,
    created_at timestamptz not null default now()
);
comment on table hook_types is 'The kinds of opening that a post can have.';

create table post_structures (
    id uuid primary key default gen_random_uuid(),
    name text not null unique,
    label_fr text,
    description text,
    is_active boolean not null default true,
    created_at timestamptz not null default now()
);
comment on table post_structures is 'How a post is built; assigned by people.';

create table content_formats (
    id uuid primary key default gen_random_uuid(),
    name text not null unique,
    label_fr text,
    description text,
    is_active boolean not null default true,
    created_at timestamptz not null default now()
);
comment on table content_formats is 'The media forms a post can take; assigned by people.';


-- Wide rows stay small on the page (content and vector go out of line) and flag flips stay HOT:
-- fillfactor 50 and toast_tuple_target 256 wrote 420 bytes of WAL a flip instead of 1,550.  For the
-- same reason no updated column carries an index here.
create table viral_posts_bank (
    id uuid primary key default gen_random_uuid(),
    author_id uuid references profiles (id) on delete set null,
    content text not null,
    content_hash text not null generated always as (md5(content)) stored,
    hook text,
    hook_extracted_at timestamptz,
    metrics jsonb not null default '{}' check (jsonb_typeof(metrics) = 'object'),
    embedding vector(1536),
    embedding_model text,
    hook_type_id uuid references hook_types (id) on delete set null,
    topic_id uuid references topics (id) on delete set null,
    audience_id uuid references audiences (id) on delete set null,
    structure_id uuid references post_structures (id) on delete set null,
    needs_hook_extraction boolean not null default true,
    needs_embedding boolean not null default true,
    needs_hook_classification boolean not null default false,
    needs_topic_classification boolean not null default true,
    needs_audience_classification boolean not null default true,
    post_url text unique,
    original_post_date timestamptz,
    scraped_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
) with (fillfactor = 50, toast_tuple_target = 256);
create index viral_posts_bank_author on viral_posts_bank (author_id, created_at);
comment on table viral_posts_bank is
    'LinkedIn posts with what was derived from them. The needs_* flags say what work is wanted; '
    'raising one by hand queues it, writing a value lowers its flag.';
comment on column viral_posts_bank.author_id is
    'Set null when the profile is deleted: the post may still be learned from.';
comment on column viral_posts_bank.hook is
    'The opening as a reader sees it before "see more", verbatim from content.';
comment on column viral_posts_bank.metrics is
    'Numbers likes, comments, shares; a missing one counts 0.';
comment on column viral_posts_bank.embedding_model is
    'provider:model that made the vector; a vector without it is refused.';
comment on column viral_posts_bank.topic_id is
    'Set null when the topic is deleted, which asks for a new classification.';


create table embedding_models (
    name text primary key,
    id smallint not null unique generated always as identity,
    state text not null check (state in ('serving', 'building', 'retired')),
    created_at timestamptz not null default now()
);
create unique index embedding_models_serving on embedding_models (state) where state = 'serving';
comment on table embedding_models is
    'Models that made stored vectors. One serves the search; vectors of two never meet in one.';
comment on column embedding_models.id is 'Short key, repeated in every row of post_vectors.';


create sequence post_work_token;
comment on sequence post_work_token is 'Claim tokens: never used twice, whatever the post.';

-- A claim is a HOT update: neither lease nor token is indexed.  Rows that back off move in the
-- index by due_at, so that a storm of them does not slow later claims.
create table post_work (
    post_id uuid not null references viral_posts_bank (id) on delete cascade,
    stage post_stage not null,
    day date not null,
    due_at timestamptz not null default now(),
    lease_until timestamptz,
    token bigint,
    attempts smallint not null default 0,
    takeovers smallint not null default 0,
    primary key (post_id, stage)
) with (
    fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0
);
create index post_work_due on post_work (stage, day, due_at);
comment on table post_work is
    'One row for each flagged post and stage: when it is due and who holds it. Kept by the '
    'triggers of viral_posts_bank; the flags are the public truth.';
comment on column post_work.post_id is 'Cascades: work on a deleted post is over.';
comment on column post_work.day is
    'UTC day of the post''s created_at, within 2024-01-01 and the day it was queued: its partition.';
comment on column post_work.token is
    'Fences the write-back; null when nobody holds the work. See decision 0003.';
comment on column post_work.attempts is 'Claims that were charged to the post.';
comment on column post_work.takeovers is
    'Claims that ended without a word, as when a worker was killed.';


create table post_vectors (
    post_id uuid not null references viral_posts_bank (id) on delete cascade,
    model_id smallint not null references embedding_models (id),
    author_id uuid,
    created_at timestamptz not null,
    embedding halfvec(1536) not null,
    primary key (post_id, model_id)
);
-- 3,080 bytes fit inline: an exact scan takes 2.5 microseconds a row instead of 6.
alter table post_vectors alter column embedding set storage plain;
comment on table post_vectors is
    'The vectors that search reads, kept by the triggers of viral_posts_bank: narrow, and never '
    'updated but for a new vector.';
comment on column post_vectors.author_id is
    'Mirrors viral_posts_bank.author_id, to filter without a join; no foreign key of its own.';
comment on column post_vectors.model_id is
    'No cascade: a model is retired, not deleted, while vectors name it.';
