-- The ledger of publishing: what was decided to be sent, and what became of it.

create sequence publication_token;

create table publications (
    id uuid primary key default gen_random_uuid(),
    kind text not null check (kind in ('scheduled', 'production', 'company')),
    source_id uuid not null default gen_random_uuid(),
    profile_id uuid references profiles (id) on delete cascade,
    unipile_account_id uuid references unipile_accounts (id) on delete set null,
    account text not null default '',
    as_organization text,
    target text generated always as (account || coalesce(' as ' || as_organization, '')) stored,
    text text not null default '',
    text_key text generated always as (
        md5(btrim(regexp_replace(text, '\s+', ' ', 'g')))
    ) stored,
    mentions jsonb not null default '[]',
    external_link text,
    attachments jsonb not null default '[]',
    media jsonb not null default '[]',
    state text not null default 'pending' check (state in (
        'pending', 'publishing', 'published', 'failed', 'missed', 'cancelled', 'held',
        'unconfirmed'
    )),
    reason text not null default '',
    hold_code text check (hold_code in ('account', 'person')),
    doubt text check (doubt in ('no_answer', 'duplicate')),
    token bigint,
    leased_until timestamptz,
    attempts integer not null default 0,
    retries integer not null default 0,
    may_repeat boolean not null default false,
    due_at timestamptz,
    revived_at timestamptz,
    not_before timestamptz,
    first_intent_at timestamptz,
    intent_at timestamptz,
    accepted_at timestamptz,
    doubt_at timestamptz,
    next_check_at timestamptz,
    checks integer not null default 0,
    external_post_id text,
    social_id text,
    post_url text,
    text_differs boolean,
    published_at timestamptz,
    published_post_id uuid references published_posts (id) on delete set null,
    dagster_run_id text,
    created_at timestamptz not null default now(),
    constraint publications_once unique (kind, source_id)
);
create index publications_target on publications (target, intent_at);
create index publications_text on publications (text_key, target);
create index publications_profile on publications (profile_id);
create index publications_account on publications (unipile_account_id);
create index publications_post on publications (published_post_id);
create index publications_open on publications (state, next_check_at)
    where state in ('pending', 'publishing', 'unconfirmed', 'held');
create index publications_unread on publications (next_check_at)
    where state = 'published' and next_check_at is not null;
create unique index publications_social on publications (social_id) where social_id is not null;
comment on table publications is
    'One row for each text to one account or page: the intent as it was committed, before the call, '
    'and what became of it. Excludes that anything goes out twice.';
comment on column publications.source_id is
    'Row of scheduled_post_accounts, production_posts or company_published_posts, as kind says. No '
    'foreign key: what was sent stays known when the plan for it is deleted.';
comment on column publications.profile_id is 'Whose text it is. Cascades.';
comment on column publications.unipile_account_id is 'Our id. Set null on deletion.';
comment on column publications.account is 'Unipile''s id of the account when the intent was made.';
comment on column publications.as_organization is 'The page''s id at the provider.';
comment on column publications.target is 'Who speaks: the account, or the page through it.';
comment on column publications.text_key is 'The text without differences in white space.';
comment on column publications.media is 'Digest, type and size of each file that was sent.';
comment on column publications.hold_code is
    'account: released by itself when the account is back; person: waits for a decision.';
comment on column publications.doubt is
    'Why the outcome is unknown: no usable answer, or the provider says that the text is out.';
comment on column publications.token is
    'Of the newest POST. What is recorded about an older one changes nothing.';
comment on column publications.leased_until is
    'A publisher that has not recorded an answer by then is dead, or may not send any more.';
comment on column publications.attempts is 'Intents committed, each followed by one POST at most.';
comment on column publications.retries is 'Those of them made because absence was proved.';
comment on column publications.may_repeat is 'A person decided that an equal text may go out again.';
comment on column publications.revived_at is
    'When a person decided to try again: lateness counts from here.';
comment on column publications.not_before is 'Postponed until then.';
comment on column publications.first_intent_at is
    'Of the first POST that may have worked: a feed is searched from there.';
comment on column publications.accepted_at is 'When the provider said that it is out.';
comment on column publications.text_differs is 'The feed shows other words than were sent.';
comment on column publications.published_post_id is 'Set null when the row is deleted.';

create table publication_events (
    id bigint generated by default as identity primary key,
    publication_id uuid not null references publications (id) on delete cascade,
    at timestamptz not null default clock_timestamp(),
    state text not null default '',
    reason text not null default '',
    dagster_run_id text
);
create index publication_events_publication on publication_events (publication_id, id);
comment on table publication_events is
    'Every change of a publication''s state with its reason. No text of posts.';
comment on column publication_events.publication_id is 'Cascades.';


alter table unipile_accounts
    add column provider_id text,
    add column public_identifier text,
    add column paused_until timestamptz,
    add column pause_reason text,
    add column pauses integer not null default 0,
    add column checked_at timestamptz;
comment on column unipile_accounts.provider_id is
    'LinkedIn''s id of the person (ACo…), by which a feed is read.';
comment on column unipile_accounts.public_identifier is 'What stands after /in/.';
comment on column unipile_accounts.paused_until is
    'The account published too much: nothing of it is sent before then.';
comment on column unipile_accounts.pauses is 'In a row; each doubles the next without a wish.';
comment on column unipile_accounts.checked_at is 'When Unipile last told its status.';

alter table published_posts add column social_id text;
comment on column published_posts.social_id is
    'The URN by which comments and reactions name it; external_post_id is what the answer named.';

alter table company_published_posts
    add column rule_id uuid references company_auto_post_rules (id) on delete set null,
    add column from_rule boolean not null default false,
    add column mentions jsonb not null default '[]' check (jsonb_typeof(mentions) = 'array'),
    add column external_link text;
create index company_published_posts_rule on company_published_posts (rule_id);
comment on column company_published_posts.rule_id is
    'The rule that made it. Set null on deletion: then it is cancelled, if it has not gone out.';
comment on column company_published_posts.from_rule is
    'It was made by a rule, and goes out only while rule, page and original are there.';

create index scheduled_post_accounts_pending on scheduled_post_accounts (scheduled_post_id)
    where status = 'pending';
