-- A row: something that a visitor without an account (role anon), or everybody, was granted.
-- Remedy: linkedin-pipeline db migrate, which takes it back; or revoke all on NAME from public, anon.

select c.oid::regclass::text as subject,
    format('%s is granted to %s', g.privilege_type,
        case g.grantee when 0 then 'everybody' else 'anon' end) as problem
from pg_class c
cross join lateral (
    select privilege_type, grantee from aclexplode(c.relacl)
    union all
    select acl.privilege_type, acl.grantee
    from pg_attribute a cross join lateral aclexplode(a.attacl) as acl
    where a.attrelid = c.oid
) as g
where c.relnamespace = 'public'::regnamespace
    and g.grantee in (0, 'anon'::regrole)
    and not exists (
        select from pg_depend d
        where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
    )
union all
select p.oid::regprocedure::text,
    format('EXECUTE is granted to %s', case g.grantee when 0 then 'everybody' else 'anon' end)
from pg_proc p
-- without a list of grants everybody may execute
cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as g
where p.pronamespace = 'public'::regnamespace
    and g.grantee in (0, 'anon'::regrole)
    and not exists (
        select from pg_depend d
        where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
    )
order by 1, 2;
