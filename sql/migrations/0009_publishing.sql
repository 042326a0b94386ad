-- Publishing: accounts, intents, what went out, and company pages.
-- One list of states for every intent; "unconfirmed" means that the outcome of a call is unknown.

create table unipile_accounts (
    id uuid primary key default gen_random_uuid(),
    profile_id uuid references profiles (id) on delete cascade,
    provider text not null default 'LINKEDIN',
    unipile_account_id text unique,
    status text not null default 'PENDING'
        check (status in ('OK', 'CREDENTIALS', 'DISCONNECTED', 'ERROR', 'PENDING')),
    is_active boolean not null default true,
    organizations jsonb not null default '[]',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index unipile_accounts_profile on unipile_accounts (profile_id);
comment on table unipile_accounts is 'LinkedIn accounts that Unipile holds for us.';
comment on column unipile_accounts.unipile_account_id is
    'Unipile''s own id of the account; other tables'' columns of this name hold our id.';
comment on column unipile_accounts.profile_id is 'Cascades: an erased person''s access goes first.';


create table scheduled_posts (
    id uuid primary key default gen_random_uuid(),
    author_id uuid references profiles (id) on delete cascade,
    content text not null default '',
    mentions jsonb not null default '[]' check (jsonb_typeof(mentions) = 'array'),
    external_link text,
    attachments jsonb not null default '[]' check (jsonb_typeof(attachments) = 'array'),
    scheduled_at timestamptz,
    timezone text not null default 'UTC',
    status text not null default 'pending' check (status in (
        'pending', 'publishing', 'published', 'failed', 'missed', 'cancelled', 'held',
        'unconfirmed'
    )),
    production_post_id uuid references production_posts (id) on delete set null,
    error_message text,
    published_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index scheduled_posts_due on scheduled_posts (scheduled_at)
    where status in ('pending', 'publishing', 'unconfirmed');
create index scheduled_posts_calendar on scheduled_posts (scheduled_at);
create index scheduled_posts_author on scheduled_posts (author_id);
create index scheduled_posts_production on scheduled_posts (production_post_id);
comment on table scheduled_posts is 'Texts that are to go out at an instant, to one or more accounts.';
comment on column scheduled_posts.scheduled_at is 'The instant; timezone says how a person wrote it.';
comment on column scheduled_posts.status is
    'published when all accounts are, else the most urgent state among them.';
comment on column scheduled_posts.author_id is 'Cascades.';
comment on column scheduled_posts.production_post_id is
    'Set null on deletion. While it names a post, that post goes out through this row only.';

create table scheduled_post_accounts (
    id uuid primary key default gen_random_uuid(),
    scheduled_post_id uuid not null references scheduled_posts (id) on delete cascade,
    unipile_account_id uuid references unipile_accounts (id) on delete set null,
    content_override text,
    status text not null default 'pending' check (status in (
        'pending', 'publishing', 'published', 'failed', 'missed', 'cancelled', 'held',
        'unconfirmed'
    )),
    external_post_id text,
    error_message text,
    created_at timestamptz not null default now(),
    constraint scheduled_post_accounts_once unique (scheduled_post_id, unipile_account_id)
);
create index scheduled_post_accounts_account on scheduled_post_accounts (unipile_account_id);
comment on table scheduled_post_accounts is 'Which accounts a scheduled post goes to, and how far.';
comment on column scheduled_post_accounts.unipile_account_id is
    'Our id of the account. Set null when the account is deleted: the intent is kept and fails '
    'with a reason.';
comment on column scheduled_post_accounts.scheduled_post_id is 'Cascades.';


create table published_posts (
    id uuid primary key default gen_random_uuid(),
    profile_id uuid references profiles (id) on delete cascade,
    unipile_account_id uuid references unipile_accounts (id) on delete set null,
    scheduled_post_id uuid references scheduled_posts (id) on delete set null,
    production_post_id uuid references production_posts (id) on delete set null,
    external_post_id text,
    post_url text,
    content text not null default '',
    published_at timestamptz not null default now(),
    created_at timestamptz not null default now()
);
create index published_posts_profile on published_posts (profile_id, published_at);
create index published_posts_account on published_posts (unipile_account_id);
create index published_posts_scheduled on published_posts (scheduled_post_id);
create index published_posts_production on published_posts (production_post_id);
comment on table published_posts is 'What went out to personal accounts.';
comment on column published_posts.profile_id is
    'Cascades; account, scheduled and production post are set null: what went out went out.';


create table company_pages (
    id uuid primary key default gen_random_uuid(),
    name text not null default '',
    organization_urn text unique,
    admin_unipile_account_id uuid references unipile_accounts (id) on delete set null,
    is_active boolean not null default true,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index company_pages_admin on company_pages (admin_unipile_account_id);
comment on table company_pages is 'Company pages that we post to.';
comment on column company_pages.admin_unipile_account_id is
    'Our id of the account that administers the page. Set null on deletion: the page waits.';

create table company_auto_post_rules (
    id uuid primary key default gen_random_uuid(),
    source_profile_id uuid references profiles (id) on delete cascade,
    target_company_page_id uuid references company_pages (id) on delete cascade,
    post_delay_minutes integer not null default 60 check (post_delay_minutes >= 0),
    add_prefix text,
    add_suffix text,
    is_active boolean not null default true,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index company_auto_post_rules_source on company_auto_post_rules (source_profile_id);
create index company_auto_post_rules_target on company_auto_post_rules (target_company_page_id);
comment on table company_auto_post_rules is
    'Whose posts a company page repeats, and how long after.';
comment on column company_auto_post_rules.source_profile_id is
    'Cascades, as does target_company_page_id: a rule needs both ends.';

create table company_published_posts (
    id uuid primary key default gen_random_uuid(),
    company_page_id uuid references company_pages (id) on delete cascade,
    original_published_post_id uuid references published_posts (id) on delete set null,
    content text not null default '',
    attachments jsonb not null default '[]' check (jsonb_typeof(attachments) = 'array'),
    status text not null default 'pending' check (status in (
        'pending', 'publishing', 'published', 'failed', 'missed', 'cancelled', 'held',
        'unconfirmed'
    )),
    scheduled_for timestamptz,
    external_post_id text,
    post_url text,
    error_message text,
    published_at timestamptz,
    created_at timestamptz not null default now(),
    constraint company_published_posts_once unique (company_page_id, original_published_post_id)
);
create index company_published_posts_due on company_published_posts (scheduled_for)
    where status in ('pending', 'publishing', 'unconfirmed');
create index company_published_posts_original
    on company_published_posts (original_published_post_id);
comment on table company_published_posts is
    'Posts to company pages, due or out; one for each page and original.';
comment on column company_published_posts.original_published_post_id is
    'Set null on deletion: the company''s post stays. company_page_id cascades.';
