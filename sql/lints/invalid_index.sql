-- A row: an index that a failed "create index concurrently" left behind: writers pay for it, no
-- query uses it, and "if not exists" takes it for a good one.
-- Remedy: drop index concurrently NAME, then create it again.

select i.indexrelid::regclass::text as subject, 'not valid' as problem
from pg_index i
join pg_class c on c.oid = i.indexrelid
where c.relnamespace = 'public'::regnamespace
    and not i.indisvalid
order by 1;
