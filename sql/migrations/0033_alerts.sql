-- Incidents as they are told to people, and the indexes by which they are found.

create table alerts (
    id uuid primary key default gen_random_uuid(),
    key text not null,
    kind text not null,
    title text not null default '',
    detail text not null default '',
    subject uuid,
    since timestamptz not null default now(),
    opened_at timestamptz not null default now(),
    resolved_at timestamptz,
    sent_at timestamptz,
    attempts integer not null default 0,
    next_try_at timestamptz not null default now(),
    lease_until timestamptz,
    last_error text
);
create unique index alerts_open on alerts (key) where resolved_at is null;
create index alerts_unsent on alerts (next_try_at) where sent_at is null;
create index alerts_resolved on alerts (resolved_at) where resolved_at is not null;
comment on table alerts is
    'One row for each time that an incident came up, and the one message about it. Ids and counts '
    'only, no text of a post and no name; forgotten 90 days after the incident was over.';
comment on column alerts.key is
    'What the incident is, as open_incidents() names it. One open row of a key; one that comes back '
    'after it was over is a new row, and a new message.';
comment on column alerts.subject is 'The row that it is about, where there is one; no reference.';
comment on column alerts.since is 'When it began, as far as that is known.';
comment on column alerts.sent_at is
    'When the webhook accepted the message. Who dies between its answer and this sends it again.';
comment on column alerts.attempts is
    'Tries so far; the number of the try that holds the row fences what it writes of a failure.';
comment on column alerts.lease_until is 'Until when somebody is sending it.';

-- what is in trouble is rare; what is published is not read
create index scheduled_posts_trouble on scheduled_posts (status, updated_at)
    where status in ('failed', 'missed', 'held');
create index production_posts_trouble on production_posts (status, updated_at)
    where status in ('failed', 'missed', 'held');
create index company_published_posts_trouble on company_published_posts (status)
    where status in ('failed', 'missed', 'held');
-- duplicates are looked for every 15 minutes
create index published_posts_external on published_posts (external_post_id, unipile_account_id)
    where external_post_id is not null;
create index company_published_posts_external on company_published_posts (external_post_id)
    where external_post_id is not null;
create index scheduled_post_accounts_external
    on scheduled_post_accounts (external_post_id, unipile_account_id)
    where external_post_id is not null;
