-- The ledger of calls to providers that are not paid by the token.

create table provider_calls (
    id uuid primary key default gen_random_uuid(),
    provider text not null default 'unknown',
    operation text not null default '',
    profile_id uuid references profiles (id) on delete set null,
    subject text not null default '',
    status integer,
    outcome text not null default 'open'
        check (outcome in ('open', 'answered', 'refused', 'unsent', 'unknown')),
    latency_ms integer,
    dagster_run_id text,
    created_at timestamptz not null default now()
);
create index provider_calls_created on provider_calls (created_at);
create index provider_calls_profile on provider_calls (profile_id) where profile_id is not null;
comment on table provider_calls is
    'One row for each call of Unipile, Edges, a media host or the alert webhook, failed ones too.';
comment on column provider_calls.subject is
    'What the call was about: an id of ours, or a host. Never an address with a secret, or a text.';
comment on column provider_calls.status is 'HTTP status; null when no answer came.';
comment on column provider_calls.outcome is
    'open while the call is made; refused: answered with an error; unsent: no connection, so nothing '
    'was asked; unknown: no answer, and the provider may have done what it was asked.';
comment on column provider_calls.profile_id is 'Set null on deletion: the count of calls stays true.';
