-- What the daily measurement of the search's recall found.

create table search_recall_log (
    id uuid primary key default gen_random_uuid(),
    measured_at timestamptz not null default now(),
    filter text not null,
    sampled integer not null,
    recall double precision not null
);
create index search_recall_log_measured on search_recall_log (measured_at);
comment on table search_recall_log is
    'Recall at 10 by kind of filter, as search_recall() found it; measured once a day.';
