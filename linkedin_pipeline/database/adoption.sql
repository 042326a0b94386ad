-- What `db adopt` reads of the catalog, and what it writes that needs no names from there.

-- name: adoption_relations
select c.relname::text, c.relkind::text, pg_has_role(c.relowner, 'usage'),
    case when c.relkind in ('r', 'p') then (
        select count(*) from pg_trigger t where t.tgrelid = c.oid and not t.tgisinternal
    ) else 0 end
from pg_class c
where c.relnamespace = to_regnamespace(%s) and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
    and not exists (
        select from pg_depend d
        where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype in ('a', 'e', 'i')
            and (d.deptype = 'e' or c.relkind = 'S')
    )
order by c.relname

-- name: adoption_columns
select c.relname::text, a.attname::text, format_type(a.atttypid, null),
    format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attgenerated <> '',
    case when not exists (
        select from pg_depend p
        where p.classid = 'pg_attrdef'::regclass and p.objid = d.oid
            and (p.refclassid = 'pg_proc'::regclass
                or p.refclassid = 'pg_class'::regclass and p.refobjid <> a.attrelid)
    ) then pg_get_expr(d.adbin, d.adrelid) end,
    t.typcategory::text, coalesce(e.typname, t.typname)::text
from pg_class c
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
join pg_type t on t.oid = a.atttypid
left join pg_type e on e.oid = t.typelem and t.typcategory = 'A'
left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where c.relnamespace = to_regnamespace(%s) and c.relkind in ('r', 'p', 'v', 'm', 'f')
order by c.relname, a.attnum

-- name: adoption_constraints
select c.relname::text, k.contype::text, k.columns, f.relname::text, k.expression
from (
    select conrelid, contype, confrelid,
        case when contype = 'c' then pg_get_expr(conbin, conrelid) end as expression,
        array(select a.attname::text from unnest(conkey) with ordinality as n (number, place)
            join pg_attribute a on a.attrelid = conrelid and a.attnum = n.number
            order by n.place) as columns
    from pg_constraint where contype in ('c', 'f')
    union all
    select indrelid, 'u', 0, null,
        array(select a.attname::text from unnest(indkey::smallint[]) with ordinality as n (number, place)
            join pg_attribute a on a.attrelid = indrelid and a.attnum = n.number
            order by n.place)
    from pg_index where indisunique
) as k
join pg_class c on c.oid = k.conrelid and c.relnamespace = to_regnamespace(%s)
left join pg_class f on f.oid = k.confrelid
order by c.relname, k.contype, k.columns

-- name: adoption_routines
select p.oid::regprocedure::text, (pg_identify_object('pg_proc'::regclass, p.oid, 0)).identity,
    p.proname::text, pg_has_role(p.proowner, 'usage'),
    -- only triggers of the tables named use it
    coalesce((
        select bool_and(c.relname = any (%(tables)s) and c.relnamespace = to_regnamespace(%(schema)s))
        from pg_trigger t join pg_class c on c.oid = t.tgrelid
        where t.tgfoid = p.oid and not t.tgisinternal
    ), false)
from pg_proc p
where p.pronamespace = to_regnamespace(%(schema)s)
    and not exists (
        select from pg_depend d
        where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
    )
order by 1

-- name: adoption_types
select t.typname::text
from pg_type t
where t.typnamespace = to_regnamespace(%s) and t.typtype in ('e', 'd')
order by 1

-- name: adoption_foreign_keys
select k.conrelid::regclass::text, quote_ident(k.conname), pg_get_constraintdef(k.oid)
from pg_constraint k
join pg_class theirs on theirs.oid = k.conrelid
join pg_class old on old.oid = k.confrelid
where k.contype = 'f' and k.conparentid = 0
    and old.relnamespace = 'public'::regnamespace and old.relname = any (%(tables)s)
    and not (theirs.relnamespace = 'public'::regnamespace and theirs.relname = any (%(tables)s))
order by 1, 2

-- name: adoption_policies
select distinct p.polrelid::regclass::text, quote_ident(p.polname),
    pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)
from pg_policy p
join pg_class theirs on theirs.oid = p.polrelid
join pg_depend d on d.classid = 'pg_policy'::regclass and d.objid = p.oid
    and d.refclassid = 'pg_class'::regclass
join pg_class old on old.oid = d.refobjid and old.relnamespace = 'public'::regnamespace
    and old.relname = any (%(tables)s)
where not (theirs.relnamespace = 'public'::regnamespace and theirs.relname = any (%(tables)s))
order by 1, 2

-- name: adoption_views
with recursive dependent (oid, depth) as (
    select c.oid, 0 from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relname = any (%(tables)s)
    union
    select r.ev_class, t.depth + 1
    from dependent t
    join pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = t.oid
        and d.classid = 'pg_rewrite'::regclass
    join pg_rewrite r on r.oid = d.objid and r.ev_class <> t.oid
)
select v.oid::regclass::text, n.nspname::text, v.relname::text, v.relkind::text,
    pg_get_viewdef(v.oid), coalesce(array_to_string(v.reloptions, ', '), ''),
    obj_description(v.oid, 'pg_class'),
    array(select format('%%s to %%s', a.privilege_type,
            case a.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end)
        from aclexplode(v.relacl) a where a.grantee <> v.relowner)
from (select oid, max(depth) as depth from dependent group by oid) as d
join pg_class v on v.oid = d.oid and v.relkind in ('v', 'm')
join pg_namespace n on n.oid = v.relnamespace
where not (n.nspname = 'public' and v.relname = any (%(tables)s))
order by d.depth, 1

-- name: adoption_name_clashes
select distinct n.relname::text, n.relkind::text
from pg_class o
join pg_class n on n.relname = o.relname and n.relnamespace = 'public'::regnamespace
left join pg_index i on i.indexrelid = n.oid
left join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = n.oid and d.deptype in ('a', 'i')
    and d.refclassid = 'pg_class'::regclass
left join pg_class t on t.oid = coalesce(i.indrelid, d.refobjid)
where o.relnamespace = to_regnamespace(%(scratch)s)
    and n.relname <> all (%(tables)s) and coalesce(t.relname <> all (%(tables)s), true)
order by 1

-- name: adoption_left_alone
select (pg_identify_object('pg_class'::regclass, c.oid, 0)).identity
from pg_class c
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
union all
select (pg_identify_object('pg_proc'::regclass, p.oid, 0)).identity
from pg_proc p where p.pronamespace = 'public'::regnamespace
order by 1

-- name: adoption_schema_grants
select array(
    select format('grant %s on schema public to %s', a.privilege_type,
        case a.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end)
    from aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) a
    where a.grantee = 0 or pg_get_userbyid(a.grantee) in ('anon', 'authenticated', 'service_role')
    order by 1
)
from pg_namespace n where n.nspname = 'public'

-- name: adoption_cron_readable
select to_regclass('cron.job') is not null
    and coalesce(has_schema_privilege(to_regnamespace('cron')::oid, 'usage'), false)
    and coalesce(has_table_privilege(to_regclass('cron.job')::oid, 'select'), false)

-- name: adoption_cron_jobs
select j.jobid::bigint, coalesce(j.jobname, '')::text, j.schedule::text
from cron.job j
where j.active and j.database = current_database() and (
    j.command ~* '\m(net|http|extensions)\.http' or j.command ~* '\mhttp_(post|get)\M'
    or exists (
        select from unnest(%(names)s::text[]) as n (name) where j.command ~* ('\m' || n.name || '\M')
    )
)
order by 1

-- name: adoption_functions
create function pg_temp.converted(value text, kind anyelement) returns anyelement
language plpgsql stable
as $$
declare
    result kind%type;
begin
    result := value;
    return result;
exception when others then
    return null;
end
$$;
create function pg_temp.usable_vector(value text) returns vector
language plpgsql stable
as $$
declare
    result vector := translate(value, '{}"', '[]');
begin
    -- as search will have it: in half precision, with a direction
    if vector_dims(result) <> 1536 or l2_norm(result::halfvec) = 0 then
        return null;
    end if;
    return result;
exception when others then
    return null;
end
$$;
create function pg_temp.json_of(value text) returns jsonb
language plpgsql immutable
as $$
declare
    result jsonb := value;
begin
    if jsonb_typeof(result) = 'string' then -- a document that was written as a string of another
        result := result #>> '{}';
    end if;
    return nullif(result, 'null');
exception when others then
    return null;
end
$$;
create function pg_temp.json_list(value text) returns jsonb
language sql immutable
as $$
    select case jsonb_typeof(j.found) when 'array' then j.found else jsonb_build_array(j.found) end
    from (select pg_temp.json_of(value) as found) as j where j.found is not null
$$;
create function pg_temp.texts(value text) returns text[]
language plpgsql immutable
as $$
declare
    list jsonb := pg_temp.json_of(value);
begin
    if jsonb_typeof(list) = 'array' then
        return array(select jsonb_array_elements_text(list));
    end if;
    return value::text[];
exception when others then
    return array[value];
end
$$;
create function pg_temp.metrics(value text) returns jsonb
language sql immutable
as $$
    select case when jsonb_typeof(j.found) = 'object' then (
        select coalesce(jsonb_object_agg(e.key, case
            when jsonb_typeof(e.value) = 'string'
                and e.value #>> '{}' ~ '^\s*(\d+|\d{1,3}(,\d{3})+)(\.\d+)?\s*$'
            then to_jsonb(replace(e.value #>> '{}', ',', '')::numeric)
            else e.value end), '{}')
        from jsonb_each(j.found) as e
    ) end
    from (select pg_temp.json_of(value) as found) as j
$$;
create function pg_temp.model(value text) returns text
language sql immutable
return case when value ~ '^\w+:\S' then value
    when value ~ '^text-embedding-' then 'openai:' || value end;
create function pg_temp.publishing_state(value text) returns text
language sql immutable
return case lower(btrim(value))
    when 'pending' then 'pending' when 'scheduled' then 'pending'
    when 'published' then 'published' when 'failed' then 'failed' when 'missed' then 'missed'
    when 'cancelled' then 'cancelled' when 'canceled' then 'cancelled' else 'held' end;
create function pg_temp.held_reason(value text, state text, old_reason text) returns text
language sql immutable
return case when state <> 'held' or lower(btrim(value)) = 'held' then old_reason
    else concat_ws('; ', format(
        'the system of before left it as %s: see on LinkedIn whether it is out, then decide '
        '(linkedin-pipeline publications resolve)',
        coalesce('"' || left(btrim(value), 40) || '"', 'nothing')), old_reason) end;
create temp table zones on commit drop as select name, lower(name) as key from pg_timezone_names;

-- name: adoption_settle
-- the accounts are what counts; a post that was in flight without naming any is its author's
insert into scheduled_post_accounts (scheduled_post_id, unipile_account_id, status, error_message)
select s.id, author_account(s.author_id), s.status, s.error_message
from scheduled_posts s
where s.status in ('held', 'published')
    and not exists (select from scheduled_post_accounts a where a.scheduled_post_id = s.id);
update scheduled_posts s
set status = t.state, error_message = coalesce(s.error_message, t.reason)
from scheduled_posts o, scheduled_post_state(o.id) as t
where o.id = s.id and t.state <> s.status;
insert into publications (
    kind, source_id, profile_id, unipile_account_id, account, as_organization, text, mentions,
    external_link, attachments, state, reason, hold_code, doubt, doubt_at, due_at, intent_at,
    first_intent_at, external_post_id, post_url, published_at
)
select x.kind, x.id, x.profile_id, x.account_id, coalesce(u.unipile_account_id, ''),
    x.as_organization, x.text, x.mentions, x.external_link, x.attachments, x.status,
    coalesce(x.error_message, ''), case x.status when 'held' then 'person' end,
    case x.status when 'held' then 'no_answer' end, case x.status when 'held' then x.at end,
    x.due_at, x.at, x.at, x.external_post_id, x.post_url,
    case x.status when 'published' then x.at end
from (
    select 'scheduled' as kind, a.id, s.author_id as profile_id, a.unipile_account_id as account_id,
        null::text as as_organization, coalesce(a.content_override, s.content) as text, s.mentions,
        s.external_link, s.attachments, a.status, a.error_message, a.external_post_id,
        null::text as post_url, s.scheduled_at as due_at,
        least(coalesce(s.published_at, s.scheduled_at, s.created_at), now()) as at
    from scheduled_post_accounts a join scheduled_posts s on s.id = a.scheduled_post_id
    union all
    select 'production', d.id, d.author_id, author_account(d.author_id), null,
        coalesce(d.final_content, ''), d.mentions, d.external_link, d.attachments, d.status::text,
        d.error_message, null, null, d.publication_date,
        least(coalesce(d.publication_date, d.created_at), now())
    from production_posts d
    where not exists (select from scheduled_posts s where s.production_post_id = d.id)
    union all
    select 'company', c.id, null, g.admin_unipile_account_id, organization_id(g.organization_urn),
        c.content, c.mentions, c.external_link, c.attachments, c.status, c.error_message,
        c.external_post_id, c.post_url, c.scheduled_for,
        least(coalesce(c.published_at, c.scheduled_for, c.created_at), now())
    from company_published_posts c left join company_pages g on g.id = c.company_page_id
) as x
left join unipile_accounts u on u.id = x.account_id
where x.status in ('held', 'published');
insert into publication_events (publication_id, state, reason)
select p.id, p.state, coalesce(nullif(p.reason, ''), 'the system of before says so')
from publications p;
select show_on_draft(s.id) from scheduled_posts s where s.status = 'held';

-- name: adoption_open_intents
select p.id::text, p.state from publications p
where p.state in ('publishing', 'unconfirmed') order by p.id limit 10
