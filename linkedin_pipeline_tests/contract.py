"""The names that callers rely on, as data: environment, commands, database, Dagster.

What is listed must exist; more may.  ``PENDING_…`` names what a later issue brings: such a name
must not exist yet, so that whoever brings it takes it off the list.
"""

from __future__ import annotations

from collections.abc import Mapping

ENVIRONMENT = """
DATABASE_URL DAGSTER_DATABASE_URL DAGSTER_WEBSERVER_URL LINKEDIN_PIPELINE_HOME
OPENAI_API_KEY OPENAI_BASE_URL ANTHROPIC_API_KEY ANTHROPIC_BASE_URL
EMBEDDING_MODEL CLASSIFICATION_MODEL STYLE_MODEL STYLE_FALLBACK_MODEL
UNIPILE_API_KEY UNIPILE_BASE_URL EDGES_API_KEY EDGES_BASE_URL
SYNC_MAX_PROFILES SYNC_MAX_PAGES STYLE_MIN_POSTS MEDIA_ALLOWED_HOSTS
PUBLISH_SETTLE_SECONDS PUBLISH_GRACE_SECONDS PUBLISH_ACCOUNT_SPACING_SECONDS
PUBLISH_UNCONFIRMED_POLICY AI_DAILY_BUDGET_USD ALERT_WEBHOOK_URL SCHEDULER_SECRET
"""

# a command a line, with its options
COMMANDS = """
db url
db migrate
db stop
db psql
db reset --yes
db adopt --apply --cron-is-off --undo
db adopt --apply --cron-is-off --undo
demo --posts
import --profile
enrich --stage --max-posts --json
enrich --batch-api
requeue --stage --post --model-changed --json
search --author --topic --json
publish --dry-run
upcoming --days
publications resolve
profiles add
profiles export
profiles erase --yes
accounts sync
sync --max-profiles
styles --profile
status --json
flags enable
flags disable
serve --host --port
sandbox
"""

TABLES = """
profiles: full_name first_name last_name email role avatar_url linkedin_id type timezone
    writing_style_prompt style_analysis writing_style_embedding partition_key sync_status
    last_sync_at last_style_analysis_at posts_count avg_engagement invitation_status
    invitation_token invitation_sent_at invitation_accepted_at created_at
profile_sync_status: profile_id last_scraped_at last_post_date last_error last_error_at
    consecutive_failures sync_enabled sync_priority total_posts_scraped next_cursor updated_at
viral_posts_bank: author_id content content_hash hook hook_extracted_at metrics embedding
    embedding_model hook_type_id topic_id audience_id structure_id needs_hook_extraction
    needs_embedding needs_hook_classification needs_topic_classification
    needs_audience_classification post_url original_post_date scraped_at created_at updated_at
topics: name slug label_fr description topic_group is_active embedding embedding_model
audiences: name label_fr description job_titles pain_points goals vocabulary_to_use
    vocabulary_to_avoid tone_preferences is_active embedding embedding_model updated_at
hook_types: name label_fr description formula examples classification_keywords
    prompt_instruction is_active embedding embedding_model
post_structures:
content_formats:
production_posts: author_id batch_id batch_slot_order status topic_id audience_id template_id
    final_content publication_date attachments mentions external_link error_message
generated_hooks: production_post_id text score hook_type_id is_selected
post_batches: name mode status total_posts completed_posts completed_at updated_at
batch_author_configs:
post_templates:
knowledge: updated_at
ressources: updated_at
ressource_types: updated_at
scheduled_posts: author_id content mentions external_link attachments scheduled_at timezone
    status production_post_id error_message published_at updated_at
scheduled_post_accounts: scheduled_post_id unipile_account_id content_override status
    external_post_id error_message
published_posts: profile_id unipile_account_id scheduled_post_id production_post_id
    external_post_id post_url content published_at
company_pages: name organization_urn admin_unipile_account_id is_active updated_at
company_auto_post_rules: source_profile_id target_company_page_id post_delay_minutes add_prefix
    add_suffix is_active updated_at
company_published_posts: company_page_id original_published_post_id content attachments status
    scheduled_for external_post_id post_url error_message published_at
unipile_accounts: profile_id provider unipile_account_id status is_active organizations
    updated_at
engagement_settings: profile_id auto_react_enabled auto_comment_enabled max_reactions_per_day
    max_comments_per_day reactions_today comments_today last_reset_at preferred_reaction
    updated_at
engagement_logs: external_post_id engager_profile_id post_author_id reaction_type
    reaction_success comment_text comment_success comment_pattern_id status executed_at
comment_patterns: name prompt_instructions length_min length_max asks_question examples
    is_active updated_at
chat_sessions: user_id title is_active updated_at
chat_messages: session_id role content metadata
user_onboarding: user_id updated_at
worker_feature_flags_v2: worker_name is_enabled description
task_execution_logs_v2: worker_name status started_at heartbeat_at completed_at duration_ms
    items_found items_processed items_failed results error_message dagster_run_id
ai_usage_logs: provider model purpose stage profile_id input_tokens cached_tokens output_tokens
    cost_usd latency_ms success dagster_run_id
ai_errors: function_name error_code error_message user_error_ref profile_id post_id metadata
    is_resolved
ai_model_pricing:
embedding_models: name state
pipeline_requests: job requested_at status dagster_run_id error_message
sync_jobs:
"""

# The columns that an insert has to give, beside keys and what the row belongs to: what the contract
# calls required, unique names, and a request's job.
REQUIRED = """
profiles.full_name viral_posts_bank.content topics.name audiences.name hook_types.name
post_structures.name content_formats.name pipeline_requests.job embedding_models.id
"""

POST_STATUS = """
draft_input hook_gen hook_selected body_gen validated pending hooks_generating body_generating
ready scheduled publishing published failed missed cancelled held unconfirmed
"""

# what a column may hold: values that a check or an enumeration has to accept
STATES = """
profiles.type: internal external_influencer
profiles.sync_status: pending scraping analyzing completed error
profiles.invitation_status: none pending sent accepted expired
post_batches.mode: single multi
post_batches.status: pending in_progress completed
scheduled_posts.status: pending publishing published failed missed cancelled held unconfirmed
scheduled_post_accounts.status: pending publishing published failed missed cancelled held
    unconfirmed
company_published_posts.status: pending publishing published failed missed cancelled held
    unconfirmed
unipile_accounts.status: OK CREDENTIALS DISCONNECTED ERROR PENDING
task_execution_logs_v2.status: running completed failed
ai_usage_logs.purpose: embedding classification style
embedding_models.state: serving building retired
"""

WORKERS = """
worker_extract_hooks_v2 worker_generate_embeddings_v2 worker_classify_hooks_v2
worker_classify_topics_v2 worker_classify_audiences_v2 worker_complete_profiles_v2
publish_scheduled publish_company_pages sync_profiles
"""

ROLES = "anon authenticated service_role"

# table, trigger, events, function: exactly these rows
TRIGGERS = """
viral_posts_bank on_viral_post_insert INSERT trigger_process_new_post
viral_posts_bank on_viral_post_hook_extracted UPDATE trigger_process_hook_extracted
viral_posts_bank update_viral_post_timestamp UPDATE update_viral_post_timestamp
profiles on_profile_created_mark_sync INSERT mark_profile_for_sync
profiles on_profile_linkedin_updated_mark_sync UPDATE mark_profile_for_sync_on_update
production_posts trg_production_post_update_batch UPDATE trigger_update_batch_progress
chat_messages trigger_auto_title_chat_session INSERT auto_title_chat_session
chat_messages trigger_update_chat_session_timestamp INSERT update_chat_session_timestamp
unipile_accounts on_unipile_connected_mark_invitation INSERT mark_invitation_accepted
unipile_accounts on_unipile_connected_mark_invitation UPDATE mark_invitation_accepted
unipile_accounts update_unipile_accounts_updated_at UPDATE update_updated_at_column
ai_errors trigger_set_error_ref INSERT set_error_ref
audiences set_audiences_updated_at UPDATE update_updated_at_column
comment_patterns update_comment_patterns_updated_at UPDATE update_updated_at_column
company_auto_post_rules update_auto_post_rules_updated_at UPDATE update_updated_at_column
company_pages update_company_pages_updated_at UPDATE update_updated_at_column
engagement_settings update_engagement_settings_updated_at UPDATE update_updated_at_column
knowledge set_knowledge_updated_at UPDATE update_updated_at_column
post_batches set_post_batches_updated_at UPDATE update_updated_at_column
profile_sync_status update_profile_sync_status_timestamp UPDATE update_updated_at_column
ressource_types set_ressource_types_updated_at UPDATE update_updated_at_column
ressources set_ressources_updated_at UPDATE update_updated_at_column
scheduled_posts update_scheduled_posts_updated_at UPDATE update_updated_at_column
user_onboarding user_onboarding_updated_at UPDATE update_updated_at_column
"""

# Arguments as in the catalog; "…" lets more follow.  After → the columns or the type of the result,
# types where the contract gives them; nothing where it does not say.
FUNCTIONS = """
get_posts_needing_hook_extraction(max_posts integer = 100) → post_id uuid, content text, hook text,
    claim_token bigint, …
get_posts_needing_embedding(max_posts integer = 100) → post_id uuid, content text, hook text,
    claim_token bigint, …
get_posts_needing_classification(max_posts integer = 100) → post_id uuid, content text, hook text,
    claim_token bigint, …
get_posts_needing_topic_classification(max_posts integer = 100) → post_id uuid, content text, hook
    text, claim_token bigint, …
get_posts_needing_audience_classification(max_posts integer = 100) → post_id uuid, content text,
    hook text, claim_token bigint, …
release_embedding_lock(p_post_id uuid) → boolean
release_stale_embedding_locks() → integer
match_viral_posts(query_embedding vector, threshold double precision = 0.3, count integer = 10) →
    id, content, hook, metrics, similarity
match_viral_posts_by_author(query_embedding vector, author_id uuid, threshold double precision =
    0.3, count integer = 10)
match_viral_posts_by_topic(query_embedding vector, topic_id uuid, threshold double precision = 0.3,
    count integer = 10)
match_viral_posts_filtered(query_embedding vector, filters jsonb = '{}', threshold double precision
    = 0.3, count integer = 10)
match_topics(query_embedding vector, threshold double precision = 0.3, count integer = 10)
match_audiences(query_embedding vector, threshold double precision = 0.3, count integer = 10)
match_hook_types(query_embedding vector, threshold double precision = 0.3, count integer = 10)
search_recall(samples integer = 50)
current_embedding_model() → text
get_eligible_engagers(post_author_id uuid, external_post_id text) → profile_id, profile_name,
    writing_style, unipile_account_id uuid, unipile_account_external_id text, preferred_reaction
can_profile_engage(profile_id uuid, action_type text) → boolean
increment_engagement_counter(profile_id uuid, action_type text)
try_engage(profile_id uuid, action_type text) → boolean
select_comment_pattern(engager_id uuid, exclude_count integer = 10)
cleanup_old_worker_logs_v2() → integer
cleanup_stuck_scraping_states() → integer
update_profile_stats(profile_id uuid)
get_processing_status() → total_posts, pending_hooks, pending_embeddings,
    pending_hook_classifications, pending_topics, pending_audiences, oldest_pending_at,
    dead_letters, profiles_in_progress, profiles_completed
is_worker_enabled(worker_name text) → boolean
log_worker_start(worker_name text) → uuid
log_worker_end(log_id uuid, status text, items_processed integer = 0, …)
create_post_batch(name text, author_configs jsonb) → uuid
get_batch_with_posts(batch_id uuid) → jsonb
update_batch_progress(batch_id uuid)
schedule_post(author_id uuid, content text, local_time timestamp without time zone, timezone text,
    …) → uuid
reschedule_post(scheduled_post_id uuid, scheduled_at timestamp with time zone) → done boolean,
    reason text
cancel_scheduled_post(scheduled_post_id uuid) → done boolean, reason text
get_publishing_calendar(from_time timestamp with time zone, to_time timestamp with time zone)
generate_error_ref()
generate_invitation_token()
mark_invitation_accepted() → trigger
get_supabase_url() → text
get_profiles_to_sync(max_profiles integer = 20) → profile_id, full_name, linkedin_id,
    last_scraped_at, sync_priority
mark_profile_for_sync() → trigger
get_hooks_with_classification(post_id uuid)
call_publish_scheduled() → uuid
trigger_profile_sync() → uuid
trigger_monthly_style_refresh() → uuid
"""

# each asset with its group
ASSETS = """
hooks enrichment
embeddings enrichment
hook_classifications enrichment
topic_classifications enrichment
audience_classifications enrichment
style_prompts styles
scraped_posts sync
published_posts publishing
company_published_posts publishing
"""
SENSORS = "needs_flags needs_style needs_sync sql_requests run_failures"
SCHEDULES: Mapping[str, str] = {
    "publish_scheduled": "*/5 * * * *",
    "weekly_profile_sync": "0 2 * * 0",
    "monthly_style_refresh": "0 3 1 * *",
    "health_checks": "*/15 * * * *",
}

ROUTES = """
GET /functions/v1/orchestrator-v2
POST /functions/v1/worker-extract-hooks-v2
POST /functions/v1/worker-generate-embeddings-v2
POST /functions/v1/worker-classify-hooks-v2
POST /functions/v1/worker-classify-topics-v2
POST /functions/v1/worker-classify-audiences-v2
POST /functions/v1/worker-complete-profiles-v2
POST /functions/v1/publish-scheduled
POST /functions/v1/sync-profiles
GET /healthz
"""

# What is not there yet, by the issue that brings it: take a name off when it is there.
PENDING_ENVIRONMENT: Mapping[str, int] = {}
PENDING_COMMANDS: Mapping[str, int] = {}
PENDING_ASSETS: Mapping[str, int] = {}
PENDING_SENSORS: Mapping[str, int] = {}
PENDING_SCHEDULES: Mapping[str, int] = {}
