-- A row: a table whose rows cannot be told apart; logical replication and repair by hand need a key.
-- Remedy: alter table NAME add primary key (…).

select c.oid::regclass::text as subject, 'no primary key' as problem
from pg_class c
where c.relnamespace = 'public'::regnamespace
    and c.relkind in ('r', 'p')
    and not c.relispartition
    and not exists (select from pg_index i where i.indrelid = c.oid and i.indisprimary)
    and not exists (
        select from pg_depend d
        where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
    )
order by 1;
