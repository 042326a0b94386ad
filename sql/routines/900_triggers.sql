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
    or old.author_id is distinct from new.author_id
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

create or replace trigger trigger_set_error_ref
before insert on ai_errors
for each row execute function set_error_ref();

create or replace trigger set_audiences_updated_at
before update on audiences
for each row execute function update_updated_at_column();
