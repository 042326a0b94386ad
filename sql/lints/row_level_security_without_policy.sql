-- A row: a table with row level security and no policy: nobody but its owner sees a row, the service
-- included.
-- Remedy: linkedin-pipeline db migrate, which makes the policies of CONTRACT 3.4.

select c.oid::regclass::text as subject, 'row level security without a policy' as problem
from pg_class c
where c.relnamespace = 'public'::regnamespace
    and c.relkind in ('r', 'p')
    and c.relrowsecurity
    and not exists (select from pg_policy p where p.polrelid = c.oid)
    and not exists (
        select from pg_depend d
        where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
    )
order by 1;
