-- A row: a function that runs with its owner's rights (security definer) and that visitors or
-- signed-in users may call.
-- Remedy: alter function NAME security invoker, or revoke execute on function NAME from the role.
-- Allowed: get_publishing_calendar for authenticated. It shows the calendar to readers who may not
-- read the tables behind it (CONTRACT 3.4).

select p.oid::regprocedure::text as subject,
    format('security definer, and %s may execute it', r.name) as problem
from pg_proc p
cross join (values ('anon'::name), ('authenticated')) as r (name)
where p.pronamespace = 'public'::regnamespace
    and p.prosecdef
    and has_function_privilege(r.name, p.oid, 'execute') -- what PUBLIC may do counts
    and not (p.proname = 'get_publishing_calendar' and r.name = 'authenticated')
    and not exists (
        select from pg_depend d
        where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
    )
order by 1, 2;
