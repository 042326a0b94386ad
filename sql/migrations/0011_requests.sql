-- Requests from SQL, settings, prices, and what SQL callers may leave out.

create table pipeline_requests (
    id uuid primary key default gen_random_uuid(),
    job text not null,
    requested_at timestamptz not null default now(),
    status text not null default 'pending'
        check (status in ('pending', 'started', 'completed', 'failed')),
    dagster_run_id text,
    error_message text
);
create unique index pipeline_requests_pending on pipeline_requests (job) where status = 'pending';
create index pipeline_requests_requested on pipeline_requests (requested_at);
comment on table pipeline_requests is
    'Jobs asked for by SQL; a sensor starts each once. One of a kind waits at a time.';

create table sync_jobs (
    id uuid primary key default gen_random_uuid(),
    profile_id uuid references profiles (id) on delete cascade,
    status text not null default 'pending'
        check (status in ('pending', 'running', 'completed', 'failed')),
    pages integer not null default 0,
    posts_found integer not null default 0,
    posts_added integer not null default 0,
    error_message text,
    dagster_run_id text,
    created_at timestamptz not null default now(),
    started_at timestamptz,
    completed_at timestamptz
);
create index sync_jobs_profile on sync_jobs (profile_id, created_at);
comment on table sync_jobs is 'One row for each reading of a profile from LinkedIn.';
comment on column sync_jobs.profile_id is 'Cascades.';

create table app_settings (
    name text primary key,
    value text not null default ''
);
comment on table app_settings is
    'Settings that SQL callers read, such as supabase_url. No secrets belong here.';


create table ai_model_pricing (
    provider text not null,
    model text not null,
    valid_from date not null default '2025-01-01',
    input_usd_per_million numeric(12, 6) not null default 0,
    cached_input_usd_per_million numeric(12, 6),
    output_usd_per_million numeric(12, 6) not null default 0,
    batch_factor numeric(4, 3) not null default 0.5,
    shutdown_date date,
    source text not null default '',
    primary key (provider, model, valid_from)
);
comment on table ai_model_pricing is
    'List prices in US dollars a million tokens; the newest valid_from that has come counts.';
comment on column ai_model_pricing.cached_input_usd_per_million is
    'Input that the provider read from its prompt cache; null means the full input price.';
comment on column ai_model_pricing.batch_factor is 'What a batch request costs of the price.';
comment on column ai_model_pricing.shutdown_date is
    'The day from which the provider no longer serves the model, as announced.';
comment on column ai_model_pricing.source is 'Where the price was read, and when.';

insert into ai_model_pricing (
    provider, model, input_usd_per_million, cached_input_usd_per_million, output_usd_per_million,
    shutdown_date, source
)
values
    ('openai', 'text-embedding-3-small', 0.02, null, 0, null, 'LiteLLM 1.109.1, 2026-11-22'),
    ('openai', 'gpt-5-mini', 0.25, 0.025, 2, '2026-12-11', 'LiteLLM 1.109.1, 2026-11-22'),
    ('openai', 'gpt-5.2', 1.75, 0.175, 14, null, 'LiteLLM 1.109.1, 2026-11-22'),
    ('openai', 'gpt-5.4-mini', 0.75, null, 4.5, null, 'LiteLLM 1.109.1, 2026-11-22'),
    ('openai', 'gpt-5.6-terra', 2, null, 12, null, 'LiteLLM 1.109.1, 2026-11-22'),
    ('openai', 'gpt-5.6-luna', 0.2, null, 1.2, null, 'LiteLLM 1.109.1, 2026-11-22'),
    ('openai', 'gpt-6.1-terra', 1, null, 5, null, 'LiteLLM 1.109.1, 2026-11-22'),
    ('openai', 'gpt-6-luna', 0.1, null, 0.5, null, 'LiteLLM 1.109.1, 2026-11-22'),
    ('anthropic', 'claude-opus-4-6', 5, 0.5, 25, null, 'platform.claude.com, 2026-11-22'),
    ('anthropic', 'claude-opus-5-5', 4, 0.4, 20, null, 'platform.claude.com, 2026-11-22'),
    ('anthropic', 'claude-sonnet-5-5', 2, 0.2, 10, null, 'platform.claude.com, 2026-11-22'),
    ('anthropic', 'claude-sonnet-4-6', 3, 0.3, 15, null, 'platform.claude.com, 2026-11-22'),
    ('anthropic', 'claude-sonnet-4-5', 3, 0.3, 15, '2026-11-30', 'platform.claude.com, 2026-11-22'),
    ('anthropic', 'claude-haiku-4-5', 1, 0.1, 5, null, 'platform.claude.com, 2026-11-22');


-- A minimal insert works: what the contract does not call required has a default.
alter table ai_errors
    alter column function_name set default 'unknown',
    alter column error_code set default 'unknown',
    alter column error_message set default '';
alter table ai_usage_logs
    alter column provider set default 'unknown',
    alter column model set default 'unknown',
    alter column purpose drop not null,
    alter column success set default true;
alter table task_execution_logs_v2
    alter column worker_name set default 'unknown';
alter table embedding_models
    alter column state set default 'building';
