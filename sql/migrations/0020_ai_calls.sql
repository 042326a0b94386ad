-- Calls of paid models: what they may not do now, what they answered, what they cost.

alter table ai_usage_logs
    add column outcome text not null default 'answered'
        check (outcome in ('open', 'answered', 'failed', 'unknown')),
    add column reserved_usd numeric(14, 8) not null default 0,
    add column items integer not null default 0,
    add column is_batch boolean not null default false;
comment on column ai_usage_logs.outcome is
    'open while the call is made; unknown when no answer came and the provider may have worked.';
comment on column ai_usage_logs.reserved_usd is
    'What the call may cost at most, until its answer says what it did; stays where none came, so '
    'that a budget is never passed.';
comment on column ai_usage_logs.items is 'Texts or posts that the call was about.';
create index ai_usage_logs_profile_month on ai_usage_logs (profile_id, created_at)
    where profile_id is not null;
drop index ai_usage_logs_profile;


create table provider_pauses (
    scope text primary key,
    until timestamptz not null,
    code text not null,
    reason text not null default '',
    times integer not null default 1,
    since timestamptz not null default now()
);
comment on table provider_pauses is
    'Providers, or single models written provider:model, that are not called for a while: because '
    'they asked for silence, refuse our key, or are out. Shared by all processes.';
comment on column provider_pauses.times is
    'Pauses in a row for the same reason; each doubles the next when the provider names no time.';


create table ai_answers (
    key bytea primary key,
    vector vector(1536),
    label text,
    created_at timestamptz not null default now()
);
alter table ai_answers alter column vector set storage external;
create index ai_answers_created on ai_answers (created_at);
comment on table ai_answers is
    'Paid answers that are not stored in a post yet, so that a crash between the answer and its '
    'commit pays nothing twice. Forgotten once stored, or after a week.';
comment on column ai_answers.key is
    'SHA-256 over what was asked: model, prompt version, labels on offer, text. No text itself.';


-- What made a profile's style vector; vectors of two models never meet in one comparison.
alter table profiles add column writing_style_embedding_model text;
