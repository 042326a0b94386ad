-- A row: a table, view or function that says nothing about itself; docs/sql.md is made of comments.
-- Remedy: comment on table NAME is '…', in the migration or routine file that makes it.

select c.oid::regclass::text as subject, 'a table or view without a comment' as problem
from pg_class c
where c.relnamespace = 'public'::regnamespace
    and c.relkind in ('r', 'p', 'v', 'm', 'f')
    and obj_description(c.oid, 'pg_class') is null
    and not exists (
        select from pg_depend d
        where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
    )
union all
select p.oid::regprocedure::text, 'a function without a comment'
from pg_proc p
where p.pronamespace = 'public'::regnamespace
    and obj_description(p.oid, 'pg_proc') is null
    and not exists (
        select from pg_depend d
        where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
    )
order by 1;
