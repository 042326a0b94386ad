-- What tells a live scraping, and a live log of an SQL caller, from one that was left behind.

alter table profile_sync_status
    add column scraping_started_at timestamptz;
comment on column profile_sync_status.scraping_started_at is
    'Set by whoever sets profiles.sync_status to scraping, null otherwise.';
comment on column profile_sync_status.heartbeat_at is
    'When the process that reads the profile was last heard of; null while nobody reads it. One '
    'from before scraping_started_at belongs to an earlier reading.';

alter table task_execution_logs_v2
    alter column heartbeat_at drop not null;
comment on column task_execution_logs_v2.heartbeat_at is
    'Two minutes after it a running log is dead. Null for callers that never beat, as '
    'log_worker_start opens them: theirs is dead six hours after started_at.';
