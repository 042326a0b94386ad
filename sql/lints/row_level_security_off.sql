-- A row: a table without row level security. On hosts that grant on new tables by default, everybody
-- with an API key reads and writes it.
-- Remedy: linkedin-pipeline db migrate, which switches it on; or
-- alter table NAME enable row level security.

select c.oid::regclass::text as subject, 'row level security is off' as problem
from pg_class c
where c.relnamespace = 'public'::regnamespace
    and c.relkind in ('r', 'p')
    and not c.relrowsecurity
    and not exists (
        select from pg_depend d
        where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
    )
order by 1;
