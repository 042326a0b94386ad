-- Held publications that a late feed may still show are looked for a while longer.

create index publications_watched on publications (next_check_at)
    where state = 'held' and next_check_at is not null;
