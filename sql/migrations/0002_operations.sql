-- What operators read: switches, drain logs, AI spend, dead letters and incidents.

create table worker_feature_flags_v2 (
    worker_name text primary key,
    is_enabled boolean not null default true,
    description text not null default ''
);
comment on table worker_feature_flags_v2 is
    'Switches of the workers; one that is off stops within a batch and loses nothing.';

insert into worker_feature_flags_v2 (worker_name, description) values
    ('worker_extract_hooks_v2', 'Extracts the hook of new and edited posts.'),
    ('worker_generate_embeddings_v2', 'Embeds new and edited posts.'),
    ('worker_classify_hooks_v2', 'Assigns hook types.'),
    ('worker_classify_topics_v2', 'Assigns topics.'),
    ('worker_classify_audiences_v2', 'Assigns audiences.'),
    ('worker_complete_profiles_v2', 'Writes style prompts of profiles.'),
    ('publish_scheduled', 'Publishes due posts to personal accounts.'),
    ('publish_company_pages', 'Publishes due posts to company pages.'),
    ('sync_profiles', 'Reads new posts of profiles from LinkedIn.');


create table task_execution_logs_v2 (
    id uuid primary key default gen_random_uuid(),
    worker_name text not null,
    status text not null default 'running' check (status in ('running', 'completed', 'failed')),
    started_at timestamptz not null default now(),
    heartbeat_at timestamptz not null default now(),
    completed_at timestamptz,
    duration_ms bigint,
    items_found integer not null default 0,
    items_processed integer not null default 0,
    items_failed integer not null default 0,
    results jsonb not null default '{}',
    error_message text,
    dagster_run_id text
);
create index task_execution_logs_v2_worker on task_execution_logs_v2 (worker_name, started_at);
create index task_execution_logs_v2_running on task_execution_logs_v2 (heartbeat_at)
    where status = 'running';
comment on table task_execution_logs_v2 is
    'One row for each drain of a worker; heartbeat_at tells whether a running one is alive.';


create table ai_usage_logs (
    id uuid primary key default gen_random_uuid(),
    provider text not null,
    model text not null,
    purpose text not null check (purpose in ('embedding', 'classification', 'style')),
    stage text,
    profile_id uuid references profiles (id) on delete set null,
    input_tokens bigint not null default 0,
    cached_tokens bigint not null default 0,
    output_tokens bigint not null default 0,
    cost_usd numeric(14, 8) not null default 0,
    latency_ms integer,
    success boolean not null,
    dagster_run_id text,
    created_at timestamptz not null default now()
);
create index ai_usage_logs_created on ai_usage_logs (created_at);
create index ai_usage_logs_profile on ai_usage_logs (profile_id) where profile_id is not null;
comment on table ai_usage_logs is 'One row for each call of a paid or simulated AI provider.';
comment on column ai_usage_logs.profile_id is 'Set null on deletion: the sum of money stays true.';


create sequence error_reference;

create table ai_errors (
    id uuid primary key default gen_random_uuid(),
    function_name text not null,
    error_code text not null,
    error_message text not null,
    user_error_ref text unique,
    profile_id uuid references profiles (id) on delete cascade,
    post_id uuid references viral_posts_bank (id) on delete cascade,
    stage post_stage,
    metadata jsonb not null default '{}',
    is_resolved boolean not null default false,
    created_at timestamptz not null default now()
);
create index ai_errors_post on ai_errors (post_id, stage) where post_id is not null;
create index ai_errors_profile on ai_errors (profile_id) where profile_id is not null;
create index ai_errors_dead_letters on ai_errors (stage, created_at)
    where not is_resolved and post_id is not null;
comment on table ai_errors is
    'One row for each dead letter (post_id and stage given) or incident, never for an attempt.';
comment on column ai_errors.post_id is 'Cascades: the dead letter of a deleted post is over.';
comment on column ai_errors.profile_id is 'Cascades: nothing of an erased person is kept.';
comment on column ai_errors.user_error_ref is
    'What a user quotes to support, like ERR-7K2M9Q; set by a trigger.';
comment on column ai_errors.is_resolved is
    'True once the post''s flag was raised again or its value was written.';
