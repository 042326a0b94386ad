-- name: reference_tables
select c.relname, coalesce(obj_description(c.oid, 'pg_class'), ''),
    has_table_privilege('authenticated', c.oid, 'select'),
    array(
        select a.attname::text from pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
            and has_column_privilege('authenticated', c.oid, a.attnum, 'select')
        order by a.attnum
    )
from pg_class c
where c.relnamespace = 'public'::regnamespace
    and c.relkind in ('r', 'p', 'v', 'm')
    and not exists (
        select from pg_depend d
        where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
    )
order by c.relname

-- name: reference_columns
select c.relname, a.attname, format_type(a.atttypid, a.atttypmod), not a.attnotnull,
    a.attgenerated <> '',
    a.attidentity <> '', pg_get_expr(d.adbin, d.adrelid),
    coalesce(col_description(c.oid, a.attnum), ''),
    (
        select k.confrelid::regclass::text from pg_constraint k
        where k.conrelid = c.oid and k.contype = 'f' and k.conkey = array[a.attnum]
    )
from pg_class c
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm')
order by c.relname, a.attnum

-- name: reference_types
select t.typname, coalesce(obj_description(t.oid, 'pg_type'), ''),
    array(select e.enumlabel::text from pg_enum e where e.enumtypid = t.oid order by e.enumsortorder)
from pg_type t
where t.typnamespace = 'public'::regnamespace and t.typtype = 'e'
order by t.typname

-- name: reference_functions
select p.proname, pg_get_function_arguments(p.oid),
    coalesce(pg_get_function_result(p.oid), 'nothing'),
    case p.provolatile when 'i' then 'immutable' when 's' then 'stable' else 'volatile' end,
    p.prosecdef,
    array(
        select r from unnest(array['anon', 'authenticated', 'service_role']) as r
        where has_function_privilege(r, p.oid, 'execute')
    ),
    coalesce(obj_description(p.oid, 'pg_proc'), ''),
    array(
        select format('`%s` of `%s`', t.tgname, t.tgrelid::regclass) from pg_trigger t
        where t.tgfoid = p.oid and not t.tgisinternal order by 1
    )
from pg_proc p
where p.pronamespace = 'public'::regnamespace
    and p.prokind in ('f', 'p')
    and not exists (
        select from pg_depend d
        where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
    )
order by p.proname
