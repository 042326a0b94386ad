-- A row: a function whose names resolve by the caller's search_path: who puts a schema in front of
-- it puts other tables and operators into the function. pg_temp has to be named, and last, or it
-- comes first.
-- Remedy: linkedin-pipeline db migrate, which pins the path; or
-- alter function NAME set search_path = public, pg_temp.

select p.oid::regprocedure::text as subject, 'search_path is not pinned' as problem
from pg_proc p
where p.pronamespace = 'public'::regnamespace
    and p.prokind in ('f', 'p') -- aggregates and window functions cannot have a setting
    and not exists (
        select from unnest(p.proconfig) as setting
        where setting = 'search_path=""' or setting ~ '^search_path=(?!.*pg_temp.*,).*pg_temp$'
    )
    and not exists (
        select from pg_depend d
        where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
    )
order by 1;
