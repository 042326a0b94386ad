-- A row: a foreign key that no index leads with: each deletion of a row that it refers to reads the
-- whole table, and so does each search by it.
-- Remedy: create index on TABLE (COLUMN), or an exception below with its reason.

with allowed (constrained, reason) as (
    values
        ('post_vectors.model_id', 'a model is retired, never deleted while vectors name it, and '
            'search reads it through the partial indexes by parity')
)
select format('%s.%s', k.conrelid::regclass, a.attname) as subject,
    format('no index for the foreign key to %s', k.confrelid::regclass) as problem
from pg_constraint k
join pg_class c on c.oid = k.conrelid
join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
where k.contype = 'f'
    and c.relnamespace = 'public'::regnamespace
    and not exists (
        select from pg_index i
        where i.indrelid = k.conrelid
            and i.indisvalid
            -- the first columns of the index are those of the key, in any order
            and (i.indkey::smallint[])[0:cardinality(k.conkey) - 1] @> k.conkey
            -- a partial index serves when it leaves out nulls only: they refer to nothing
            and (i.indpred is null or pg_get_expr(i.indpred, i.indrelid)
                = format('(%I IS NOT NULL)', a.attname))
    )
    and not exists (
        select from allowed where allowed.constrained = format('%s.%s', k.conrelid::regclass,
            a.attname)
    )
    and not exists (
        select from pg_depend d
        where d.classid = 'pg_class'::regclass and d.objid = k.conrelid and d.deptype = 'e'
    )
order by 1;
