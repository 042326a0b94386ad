-- A database as a Supabase project of edge functions, triggers and pg_cron would have left it.

create schema net;
create table net.called (url text);
create function net.http_post(url text, body jsonb) returns bigint language sql
as $$ insert into net.called values (url) returning 1::bigint $$;

create type author_type as enum ('internal', 'external_influencer', 'partner');
create type post_status as enum ('draft_input', 'validated', 'scheduled', 'processing', 'published');

create table profiles (
    id uuid primary key default gen_random_uuid(),
    full_name varchar(200),
    first_name varchar, last_name varchar,
    email varchar unique,
    linkedin_id text,
    type author_type default 'external_influencer',
    timezone text,
    writing_style_prompt text,
    style_analysis json,
    writing_style_embedding double precision[],
    sync_status text default 'pending',
    last_sync_at timestamp,
    posts_count numeric,
    invitation_status text default 'invited',
    company_name text default 'unknown',
    created_at timestamp default now()
);
create table topics (
    id uuid primary key, name text, slug text, description text, color text,
    embedding vector(1536), is_active boolean
);
create table hook_types (id uuid primary key, name varchar(100), description text, examples jsonb);
create table viral_posts_bank (
    id uuid primary key default gen_random_uuid(),
    author_id uuid,
    content text,
    hook text,
    metrics json,
    embedding vector,
    embedding_model text,
    hook_type_id uuid,
    topic_id uuid references topics,
    audience_id text,
    needs_embedding boolean,
    post_url text,
    original_post_date timestamp,
    language varchar(5),
    created_at timestamp default now(),
    updated_at timestamptz
);
create table post_batches (id uuid primary key, name text, mode text, status text, total_posts int);
create table production_posts (
    id uuid primary key, author_id uuid, batch_id uuid, status post_status, final_content text,
    publication_date timestamptz, attachments jsonb
);
create table generated_hooks (id uuid primary key, production_post_id uuid, text text, score text);
create table unipile_accounts (
    id uuid primary key, profile_id uuid references profiles on delete cascade, provider text,
    unipile_account_id text, status varchar, created_at timestamptz default now()
);
create table scheduled_posts (
    id uuid primary key, author_id uuid, content text, scheduled_at timestamptz, timezone text,
    status text check (status <> 'unconfirmed'), production_post_id uuid, attachments json,
    error_message text, published_at timestamp, created_at timestamptz default now()
);
create table scheduled_post_accounts (
    id uuid primary key, scheduled_post_id uuid, unipile_account_id uuid, status text,
    external_post_id text, created_at timestamptz default now()
);
create table published_posts (
    id uuid primary key, profile_id uuid, scheduled_post_id uuid, external_post_id text,
    content text, published_at timestamptz
);
create table company_pages (id uuid primary key, name text, organization_urn text);
create table company_published_posts (
    id uuid primary key, company_page_id uuid, content text, status text, scheduled_for timestamptz
);
create table engagement_settings (
    profile_id uuid, max_reactions_per_day integer, preferred_reaction text
);
create table chat_sessions (id uuid primary key, user_id uuid, title text, updated_at timestamptz);
create table chat_messages (
    id uuid primary key, session_id uuid, role text, content text, metadata json
);
create table worker_feature_flags_v2 (
    worker_name text primary key, is_enabled boolean, updated_by text
);
create table ai_errors (
    id uuid primary key, function_name text, error_message text, user_error_ref text
);
create table sync_jobs (id bigserial primary key, profile text);

-- what is the team's own
create table invoices (
    id bigserial primary key,
    profile_id uuid not null,
    amount numeric,
    constraint invoices_profile foreign key (profile_id) references profiles (id) on delete cascade
);
alter table invoices enable row level security;
create policy own_invoices on invoices for select
    using (profile_id in (select p.id from profiles p where p.type = 'internal'));
create view best_posts with (security_invoker = true) as
    select b.id, b.content, p.linkedin_id from viral_posts_bank b join profiles p on p.id = b.author_id;
comment on view best_posts is 'For the dashboard.';
create view lengths as select id, length(content) as length from best_posts;
create materialized view counted as select count(*) from viral_posts_bank;
create function invoice_total(integer) returns numeric language sql
as $$ select sum(amount) from invoices $$;
create function update_updated_at_column() returns trigger language plpgsql
as $$ begin return new; end $$;
create trigger touch before update on invoices
    for each row execute function update_updated_at_column();

-- what calls edge functions
create function notify_edge_function() returns trigger language plpgsql security definer
as $$ begin perform net.http_post('https://edge/functions/v1/x', '{}'); return new; end $$;
create trigger on_viral_post_insert after insert on viral_posts_bank
    for each row execute function notify_edge_function();
create trigger on_schedule after insert or update on scheduled_posts
    for each row execute function notify_edge_function();
create trigger switched_off after update on scheduled_posts
    for each row execute function notify_edge_function();
alter table scheduled_posts disable trigger switched_off;
create function match_viral_posts(vec vector, match_threshold float, match_count int)
returns table (id uuid, score float) language sql as $$ select id, 1.0 from viral_posts_bank $$;
create function is_worker_enabled(name text) returns text language sql as $$ select 'yes' $$;
create function get_processing_status() returns json language sql as $$ select '{}'::json $$;

insert into profiles (id, full_name, first_name, linkedin_id, type, timezone, writing_style_prompt,
    style_analysis, sync_status, last_sync_at, posts_count, company_name, created_at) values
    ('a0000000-0000-4000-8000-000000000001', 'Ada', null, 'https://www.linkedin.com/in/ada/?x=1',
     'internal', 'europe/paris', 'Short sentences.', '{"tone": "dry"}', 'completed',
     '2026-01-05 10:00', 12.0, 'Engines', '2025-01-01'),
    ('a1111111-0000-4000-8000-000000000002', null, 'Bob', 'bob', 'partner', 'Mars/Olympus', null,
     null, 'scraping', null, null, null, '2025-01-02'),
    ('a2222222-0000-4000-8000-000000000003', 'Bob again', null, 'bob', null, null, null, null,
     'error', null, null, null, '2025-01-03');
insert into topics values
    ('70000000-0000-4000-8000-000000000001', 'Hiring and Recruitment', 'h', 'Ours', 'red', null, true),
    ('70000000-0000-4000-8000-000000000002', 'Leadership', 'l', null, null, null, null),
    ('70000000-0000-4000-8000-000000000003', 'Leadership', 'l2', null, null, null, true);
insert into hook_types values
    ('80000000-0000-4000-8000-000000000001', 'Question', 'Asks.', '["Why?", "How?"]');
insert into viral_posts_bank (id, author_id, content, hook, metrics, embedding, embedding_model,
    hook_type_id, topic_id, audience_id, needs_embedding, post_url, original_post_date, language) values
    ('b0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000000001',
     'Why now? All of it.', 'Why now?', '{"likes": "1,234", "comments": 5, "shares": "many"}',
     ('[' || repeat('0.5,', 1535) || '0.5]')::vector, 'text-embedding-3-small',
     '80000000-0000-4000-8000-000000000001', '70000000-0000-4000-8000-000000000003', null, false,
     'https://li/1', '2026-02-03 04:05', 'en'),
    ('b0000000-0000-4000-8000-000000000002', 'a1111111-0000-4000-8000-000000000002',
     'Nothing known.', null, null, null, null, null, null, 'not a uuid', true, 'https://li/2', null, 'fr'),
    ('b0000000-0000-4000-8000-000000000003', 'deadbeef-0000-4000-8000-000000000009',
     'An orphan without a model.', 'An orphan', '"{\"likes\": 3}"',
     ('[' || repeat('0.5,', 1535) || '0.5]')::vector, null, 'deadbeef-0000-4000-8000-000000000009',
     null, null, false, 'https://li/2', null, null),
    ('b0000000-0000-4000-8000-000000000004', null, 'Another dimension.', null, '[]', '[1,2,3]',
     'openai:text-embedding-3-small', null, null, null, false, null, null, null),
    ('b0000000-0000-4000-8000-000000000005', null, null, 'No text.', null, null, null, null, null,
     null, true, null, null, null);
insert into post_batches values ('c0000000-0000-4000-8000-000000000001', 'June', 'weekly', 'open', 2);
insert into production_posts values
    ('d0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000000001',
     'c0000000-0000-4000-8000-000000000001', 'scheduled', 'A draft to come.', now() + interval '2 days',
     '{"url": "https://imagedelivery.net/x"}'),
    ('d0000000-0000-4000-8000-000000000002', 'a0000000-0000-4000-8000-000000000001', null,
     'processing', 'A draft in flight.', now() - interval '1 minute', null),
    ('d0000000-0000-4000-8000-000000000003', 'a0000000-0000-4000-8000-000000000001', null,
     'published', 'A draft that is out.', now() - interval '3 days', null);
insert into generated_hooks values
    ('e0000000-0000-4000-8000-000000000001', 'd0000000-0000-4000-8000-000000000001', 'Hook', '0.7'),
    ('e0000000-0000-4000-8000-000000000002', 'deadbeef-0000-4000-8000-000000000009', 'Lost', 'bad');
insert into unipile_accounts (id, profile_id, provider, unipile_account_id, status) values
    ('f0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000000001', 'linkedin', 'acc', 'ok'),
    ('f0000000-0000-4000-8000-000000000002', 'a1111111-0000-4000-8000-000000000002', 'LINKEDIN', 'bcc', 'GONE');
insert into scheduled_posts (id, author_id, content, scheduled_at, timezone, status, published_at) values
    ('10000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000000001', 'To come.',
     now() + interval '1 day', 'Europe/Paris', 'pending', null),
    ('10000000-0000-4000-8000-000000000002', 'a0000000-0000-4000-8000-000000000001', 'Long overdue.',
     now() - interval '3 weeks', null, 'scheduled', null),
    ('10000000-0000-4000-8000-000000000003', 'a0000000-0000-4000-8000-000000000001', 'In flight.',
     now() - interval '2 minutes', null, 'processing', null),
    ('10000000-0000-4000-8000-000000000004', 'a0000000-0000-4000-8000-000000000001', 'Out.',
     now() - interval '1 hour', null, 'published', now() - interval '1 hour'),
    ('10000000-0000-4000-8000-000000000005', 'a0000000-0000-4000-8000-000000000001', 'Strange.',
     now() - interval '1 minute', null, 'publishing', null);
insert into scheduled_post_accounts (id, scheduled_post_id, unipile_account_id, status, external_post_id) values
    ('20000000-0000-4000-8000-000000000001', '10000000-0000-4000-8000-000000000001', 'f0000000-0000-4000-8000-000000000001', 'pending', null),
    ('20000000-0000-4000-8000-000000000002', '10000000-0000-4000-8000-000000000002', 'f0000000-0000-4000-8000-000000000001', 'pending', null),
    ('20000000-0000-4000-8000-000000000003', '10000000-0000-4000-8000-000000000003', 'f0000000-0000-4000-8000-000000000001', 'pending', null),
    ('20000000-0000-4000-8000-000000000004', '10000000-0000-4000-8000-000000000004', 'f0000000-0000-4000-8000-000000000001', 'pending', '7368'),
    ('20000000-0000-4000-8000-000000000005', '10000000-0000-4000-8000-000000000004', 'f0000000-0000-4000-8000-000000000001', 'published', '7369');
insert into published_posts values
    ('30000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000000001',
     '10000000-0000-4000-8000-000000000004', '7369', 'Out.', now() - interval '1 hour');
insert into company_pages values ('40000000-0000-4000-8000-000000000001', 'Engines', 'urn:li:organization:1');
insert into company_published_posts values
    ('50000000-0000-4000-8000-000000000001', '40000000-0000-4000-8000-000000000001', 'Page.', 'weird', now());
insert into engagement_settings values
    ('a0000000-0000-4000-8000-000000000001', -4, null),
    ('a0000000-0000-4000-8000-000000000001', 7, 'like');
insert into chat_sessions values ('60000000-0000-4000-8000-000000000001', gen_random_uuid(), null, '2025-05-05');
insert into chat_messages values
    ('61000000-0000-4000-8000-000000000001', '60000000-0000-4000-8000-000000000001', 'user', 'Hello', null);
insert into worker_feature_flags_v2 values
    ('worker-generate-embeddings-v2', true, 'ops'), ('publish_scheduled', false, 'ops'), ('their_own', false, null);
insert into ai_errors values (gen_random_uuid(), 'edge', 'boom', 'ERR-7K2M9Q');
insert into sync_jobs (profile) values ('x');
insert into invoices (profile_id, amount) values ('a0000000-0000-4000-8000-000000000001', 5);
grant select on invoices to anon;
grant select on best_posts to authenticated;
truncate net.called;
refresh materialized view counted;
