-- All triggers; their names and number are part of the contract (CONTRACT 3.2).

create or replace trigger on_viral_post_insert
after insert on viral_posts_bank
for each row execute function trigger_process_new_post();

-- without a column list: plain-SQL writers change columns of every kind
create or replace trigger update_viral_post_timestamp
before update on viral_posts_bank
for each row execute function update_viral_post_timestamp();

create or replace trigger on_viral_post_hook_extracted
after update on viral_posts_bank
for each row when (
    old.content is distinct from new.content
    or old.hook is distinct from new.hook
    or old.hook_type_id is distinct from new.hook_type_id
    or old.topic_id is distinct from new.topic_id
    or old.audience_id is distinct from new.audience_id
    or old.created_at is distinct from new.created_at
    or old.needs_hook_extraction <> new.needs_hook_extraction
    or old.needs_embedding <> new.needs_embedding
    or old.needs_hook_classification <> new.needs_hook_classification
    or old.needs_topic_classification <> new.needs_topic_classification
    or old.needs_audience_classification <> new.needs_audience_classification
    or old.embedding_model is distinct from new.embedding_model
    or old.embedding is distinct from new.embedding
)
execute function trigger_process_hook_extracted();

create or replace trigger on_profile_created_mark_sync
before insert on profiles
for each row when (new.sync_status <> 'pending')
execute function mark_profile_for_sync();

create or replace trigger on_profile_linkedin_updated_mark_sync
after update of linkedin_id on profiles
for each row when (old.linkedin_id is distinct from new.linkedin_id)
execute function mark_profile_for_sync_on_update();

create or replace trigger trg_production_post_update_batch
after update on production_posts
referencing old table as old_posts new table as new_posts
for each statement execute function trigger_update_batch_progress();

create or replace trigger trigger_auto_title_chat_session
after insert on chat_messages
referencing new table as new_messages
for each statement execute function auto_title_chat_session();

create or replace trigger trigger_update_chat_session_timestamp
after insert on chat_messages
referencing new table as new_messages
for each statement execute function update_chat_session_timestamp();

create or replace trigger on_unipile_connected_mark_invitation
after insert or update on unipile_accounts
for each row when (new.status = 'OK')
execute function mark_invitation_accepted();

create or replace trigger trigger_set_error_ref
before insert on ai_errors
for each row execute function set_error_ref();


-- updated_at where the contract has a trigger for it; elsewhere writers set it

create or replace trigger set_audiences_updated_at
before update on audiences
for each row execute function update_updated_at_column();

create or replace trigger update_comment_patterns_updated_at
before update on comment_patterns
for each row execute function update_updated_at_column();

create or replace trigger update_auto_post_rules_updated_at
before update on company_auto_post_rules
for each row execute function update_updated_at_column();

create or replace trigger update_company_pages_updated_at
before update on company_pages
for each row execute function update_updated_at_column();

create or replace trigger update_engagement_settings_updated_at
before update on engagement_settings
for each row execute function update_updated_at_column();

create or replace trigger set_knowledge_updated_at
before update on knowledge
for each row execute function update_updated_at_column();

create or replace trigger set_post_batches_updated_at
before update on post_batches
for each row execute function update_updated_at_column();

create or replace trigger update_profile_sync_status_timestamp
before update on profile_sync_status
for each row execute function update_updated_at_column();

create or replace trigger set_ressource_types_updated_at
before update on ressource_types
for each row execute function update_updated_at_column();

create or replace trigger set_ressources_updated_at
before update on ressources
for each row execute function update_updated_at_column();

create or replace trigger update_scheduled_posts_updated_at
before update on scheduled_posts
for each row execute function update_updated_at_column();

create or replace trigger update_unipile_accounts_updated_at
before update on unipile_accounts
for each row execute function update_updated_at_column();

create or replace trigger user_onboarding_updated_at
before update on user_onboarding
for each row execute function update_updated_at_column();
