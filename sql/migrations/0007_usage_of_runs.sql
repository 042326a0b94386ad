-- The UI shows what each run spent.
create index ai_usage_logs_run on ai_usage_logs (dagster_run_id) where dagster_run_id is not null;
