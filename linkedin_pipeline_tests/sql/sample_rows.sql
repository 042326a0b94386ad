-- A bank in use: two profiles, thirteen posts, a row or more in each other table.

insert into profiles (full_name, email, linkedin_id, type, invitation_status, timezone)
values ('Ada Lovelace', 'ada@example.com', 'ada', 'internal', 'sent', 'Europe/Paris'),
    ('Grace Hopper', 'grace@example.com', 'grace', 'external_influencer', 'none', 'UTC');

update topics
set embedding = ('[1,0.5' || repeat(',0', 1534) || ']')::vector, embedding_model = 'test:one';

update audiences
set embedding = ('[1,0.5' || repeat(',0', 1534) || ']')::vector, embedding_model = 'test:one';

update hook_types
set embedding = ('[1,0.5' || repeat(',0', 1534) || ']')::vector, embedding_model = 'test:one';

insert into post_structures (name) values ('List'), ('Story');

insert into content_formats (name) values ('Text');

insert into viral_posts_bank (author_id, content, hook, metrics, embedding, embedding_model,
    topic_id, audience_id, hook_type_id, original_post_date)
select (select id from profiles where linkedin_id = (array['ada', 'grace'])[1 + n % 2]),
    'Post number ' || n || ' of the samples.', 'Post number ' || n,
    jsonb_build_object('likes', n * 10, 'comments', n, 'shares', 1),
    ('[1,' || n / 10.0 || repeat(',0', 1534) || ']')::vector, 'test:one',
    (select id from topics order by name limit 1),
    (select id from audiences order by name limit 1),
    (select id from hook_types order by name limit 1), now() - n * interval '1 day'
from generate_series(1, 12) as n;

insert into viral_posts_bank (author_id, content)
select id, 'A post that still wants everything.' from profiles where linkedin_id = 'ada';

insert into profile_sync_status (profile_id, last_scraped_at)
select id, now() - interval '8 days' from profiles
on conflict (profile_id) do update set last_scraped_at = excluded.last_scraped_at;

insert into profile_work (profile_id, task) select id, 'style' from profiles limit 1;

insert into sync_jobs (profile_id) select id from profiles limit 1;

insert into post_templates (name, content) values ('Outline', 'Hook, story, lesson.');

insert into ressource_types (name) values ('Article');

insert into ressources (name, ressource_type_id) select 'A study', id from ressource_types;

insert into knowledge (profile_id, title, content)
select id, 'Founding', 'It began in a garage.' from profiles where linkedin_id = 'ada';

insert into post_batches (name, mode, total_posts) values ('January', 'single', 2);

insert into batch_author_configs (batch_id, author_id, posts)
select b.id, p.id, 2 from post_batches b, profiles p where p.linkedin_id = 'ada';

insert into production_posts (author_id, batch_id, batch_slot_order, status, final_content)
select p.id, b.id, n, 'draft_input', 'Draft ' || n
from post_batches b, profiles p, generate_series(1, 2) as n where p.linkedin_id = 'ada';

insert into generated_hooks (production_post_id, text, score, hook_type_id)
select p.id, 'We hired too fast.', 0.9, (select id from hook_types order by name limit 1)
from production_posts p;

insert into unipile_accounts (profile_id, unipile_account_id, status)
select id, 'account-of-' || linkedin_id, 'OK' from profiles;

insert into scheduled_posts (author_id, content, scheduled_at, timezone)
select id, 'It goes out soon.', now() + interval '1 day', 'Europe/Paris'
from profiles where linkedin_id = 'ada';

insert into scheduled_post_accounts (scheduled_post_id, unipile_account_id)
select s.id, a.id from scheduled_posts s, unipile_accounts a
where a.unipile_account_id = 'account-of-ada';

insert into published_posts (profile_id, unipile_account_id, external_post_id, content)
select profile_id, id, 'urn:li:activity:1', 'It went out.' from unipile_accounts
where unipile_account_id = 'account-of-ada';

insert into company_pages (name, organization_urn, admin_unipile_account_id)
select 'Engines Ltd', 'urn:li:organization:1', id from unipile_accounts
where unipile_account_id = 'account-of-ada';

insert into company_auto_post_rules (source_profile_id, target_company_page_id)
select p.id, c.id from profiles p, company_pages c where p.linkedin_id = 'ada';

insert into company_published_posts (company_page_id, original_published_post_id, content)
select c.id, p.id, p.content from company_pages c, published_posts p;

insert into engagement_settings (profile_id) select id from profiles;

insert into engagement_logs (external_post_id, engager_profile_id, post_author_id,
    comment_pattern_id, status)
select 'urn:li:activity:9', e.id, a.id, (select id from comment_patterns limit 1), 'completed'
from profiles e, profiles a where e.linkedin_id = 'ada' and a.linkedin_id = 'grace';

insert into chat_sessions (user_id) values (gen_random_uuid());

insert into chat_messages (session_id, content) select id, 'Write a post.' from chat_sessions;

insert into user_onboarding (user_id) values (gen_random_uuid());

insert into pipeline_requests (job, status) values ('weekly_profile_sync', 'completed');

insert into app_settings (name, value) values ('supabase_url', 'https://project.example')
on conflict (name) do update set value = excluded.value;

insert into task_execution_logs_v2 (worker_name) values ('worker_extract_hooks_v2');

insert into ai_usage_logs (provider, model, purpose, input_tokens)
values ('openai', 'text-embedding-3-small', 'embedding', 120);

insert into ai_errors (function_name, error_code, error_message, post_id, stage)
select 'worker_extract_hooks_v2', 'no_words', 'No words in it.', id, 'hooks'
from viral_posts_bank limit 1;
