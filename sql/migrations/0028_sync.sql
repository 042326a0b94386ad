-- Reading profiles from LinkedIn: claims, cursors that can be gone on with, what each reading met,
-- and how posts of the bank are known again.

alter table profile_sync_status
    add column claim_token bigint,
    add column cursor_at timestamptz;
comment on column profile_sync_status.claim_token is
    'Fences what the reader writes; null while nobody reads the profile. From the sequence '
    'profile_work_token.';
comment on column profile_sync_status.next_cursor is
    'Where an interrupted reading goes on: the query of the next page''s address. Null between two '
    'readings.';
comment on column profile_sync_status.cursor_at is
    'When next_cursor was given; it is of no use a day later.';
comment on column profile_sync_status.total_posts_scraped is
    'Posts that readings added to the bank: the sum of sync_jobs.posts_added.';
comment on column profile_sync_status.consecutive_failures is
    'Readings that failed in a row. From the fifth on the profile is left alone until '
    'reset_profile_sync(), or until it has another linkedin_id.';

alter table sync_jobs
    add column posts_edited integer not null default 0,
    add column posts_refreshed integer not null default 0,
    add column posts_unchanged integer not null default 0,
    add column reshares integer not null default 0,
    add column others_posts integer not null default 0,
    add column duplicates integer not null default 0,
    add column unusable integer not null default 0;
comment on table sync_jobs is
    'One row for each reading of a profile from LinkedIn. One that was interrupted goes on in its '
    'row when its cursor still lives. posts_found is the sum of what became of the items.';
comment on column sync_jobs.status is
    'pending: given back unfinished, as when the provider asked for silence; failed: it may have '
    'gone on in a later state of the same row.';
comment on column sync_jobs.posts_found is
    'Items on the pages: posts_added + posts_edited + posts_refreshed + posts_unchanged + reshares '
    '+ others_posts + duplicates + unusable.';
comment on column sync_jobs.posts_edited is 'Known posts whose text had changed: enriched anew.';
comment on column sync_jobs.posts_refreshed is
    'Known posts of which only numbers, or what they are known by, had changed.';
comment on column sync_jobs.others_posts is 'Posts of other authors that the feed showed.';
comment on column sync_jobs.duplicates is 'Items that an earlier page of the reading had shown.';
comment on column sync_jobs.unusable is 'Items without an id or without text.';

-- Both are written once, so that updates of other columns stay as cheap as before.
alter table viral_posts_bank
    add column linkedin_post_id text,
    add column published_post_id uuid references published_posts (id) on delete set null;
create unique index viral_posts_bank_linkedin_post on viral_posts_bank (linkedin_post_id)
    where linkedin_post_id is not null;
create unique index viral_posts_bank_published_post on viral_posts_bank (published_post_id)
    where published_post_id is not null;
comment on column viral_posts_bank.linkedin_post_id is
    'The post''s id at LinkedIn, as its author''s feed gives it. Null for posts that came otherwise.';
comment on column viral_posts_bank.published_post_id is
    'The publication of ours that it is, where it is one. Set null on deletion: the post stays.';
