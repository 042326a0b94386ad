-- A row: an index that another one makes superfluous: same table, method, columns, expressions and
-- condition. Writers pay for both.
-- Remedy: drop the one that no constraint needs, in a migration outside a transaction:
-- drop index concurrently NAME.

select unneeded.indexrelid::regclass::text as subject,
    format('the same as %s', kept.indexrelid::regclass) as problem
from pg_index unneeded
join pg_class u on u.oid = unneeded.indexrelid
join pg_index kept on kept.indrelid = unneeded.indrelid and kept.indexrelid <> unneeded.indexrelid
join pg_class k on k.oid = kept.indexrelid
where u.relnamespace = 'public'::regnamespace
    and u.relam = k.relam
    and unneeded.indkey = kept.indkey
    and unneeded.indclass = kept.indclass
    and unneeded.indcollation = kept.indcollation
    and unneeded.indoption = kept.indoption
    and pg_get_expr(unneeded.indexprs, unneeded.indrelid)
        is not distinct from pg_get_expr(kept.indexprs, kept.indrelid)
    and pg_get_expr(unneeded.indpred, unneeded.indrelid)
        is not distinct from pg_get_expr(kept.indpred, kept.indrelid)
    -- keep what is unique; between equals the one that is older
    and (kept.indisunique, -kept.indexrelid::bigint)
        > (unneeded.indisunique, -unneeded.indexrelid::bigint)
    and not exists (
        select from pg_depend d
        where d.classid = 'pg_class'::regclass and d.objid = unneeded.indrelid and d.deptype = 'e'
    )
order by 1;
