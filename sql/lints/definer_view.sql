-- A row: a view that reads with its owner's rights: row level security of the tables behind it does
-- not count for whoever reads the view.
-- Remedy: alter view NAME set (security_invoker = true). A materialized view cannot: keep it in a
-- schema that no API shows.

select c.oid::regclass::text as subject, 'reads with its owner''s rights' as problem
from pg_class c
where c.relnamespace = 'public'::regnamespace
    and c.relkind in ('v', 'm')
    and not coalesce(
        (
            select option_value::boolean from pg_options_to_table(c.reloptions)
            where option_name = 'security_invoker'
        ),
        false
    )
    and not exists (
        select from pg_depend d
        where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
    )
order by 1;
