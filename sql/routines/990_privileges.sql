-- Who may do what (CONTRACT 3.4), derived from the catalog so that nothing is forgotten.
-- Whatever the same owner has in public counts as ours; spared are members of extensions, and what
-- was there before the pipeline moved in on the database.

do $$
declare
    role_name text;
    missing text;
begin
    foreach role_name in array array['anon', 'authenticated', 'service_role'] loop
        if not exists (select from pg_roles where rolname = role_name) then
            begin
                execute format('create role %I nologin', role_name);
            exception
                -- roles belong to the whole server: another database may be making them now
                when duplicate_object or unique_violation then null;
                when insufficient_privilege then
                    select string_agg(format('create role %I nologin', r.name), '; ') into missing
                    from unnest(array['anon', 'authenticated', 'service_role']) as r (name)
                    where not exists (select from pg_roles where rolname = r.name);
                    raise exception 'role %: missing, and this user may not create it', role_name
                        using errcode = 'LP020', hint = 'Let a superuser run: ' || missing;
            end;
        end if;
    end loop;
end
$$;


-- Into schema public everybody may look, and strangers may put nothing: a function or table of
-- theirs would be found by ours.  Since PostgreSQL 15 new databases begin that way.
do $$
declare
    role_name text;
begin
    foreach role_name in array array['anon', 'authenticated', 'service_role'] loop
        perform from pg_roles where rolname = role_name; -- notices one that was made just now
        execute format('grant usage on schema public to %I', role_name);
    end loop;
    if has_schema_privilege('anon', 'public', 'create')
        or has_schema_privilege('authenticated', 'public', 'create') then
        begin
            revoke create on schema public from public, anon, authenticated;
        exception when insufficient_privilege then null;
        end;
    end if;
    foreach role_name in array array['anon', 'authenticated'] loop
        if has_schema_privilege(role_name, 'public', 'create') then
            raise exception 'role %: it may create objects in schema public', role_name using
                errcode = 'LP022',
                hint = 'Let the schema''s owner run: revoke create on schema public from public, '
                    'anon, authenticated';
        end if;
    end loop;
end
$$;


-- Where vector has a schema of its own, whoever calls a routine must be allowed into it: PostgreSQL
-- leaves a schema out of the search path without a word otherwise, and finds no operator.
do $$
declare
    vector_schema name;
    role_name text;
begin
    select n.nspname into vector_schema
    from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'vector';
    foreach role_name in array array['authenticated', 'service_role'] loop
        continue when has_schema_privilege(role_name, vector_schema, 'usage');
        begin
            execute format('grant usage on schema %I to %I', vector_schema, role_name);
        exception when insufficient_privilege then null;
        end;
        if not has_schema_privilege(role_name, vector_schema, 'usage') then
            raise exception 'role %: it may not use schema %, where vector lives',
                role_name, vector_schema using errcode = 'LP021',
                hint = format('Let a superuser run: grant usage on schema %I to %I',
                    vector_schema, role_name);
        end if;
    end loop;
end
$$;


-- Every routine of ours resolves names in the same schemas, whoever calls it; readers may search.
do $$
declare
    routine record;
    vector_schema text;
    path text;
begin
    select n.nspname into vector_schema
    from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'vector';
    path := case when vector_schema = 'public' then 'public, pg_temp'
        else format('public, %I, pg_temp', vector_schema) end;
    for routine in
        select p.oid::regprocedure as signature, p.proname as name,
            p.prokind in ('f', 'p') as has_path -- aggregates and window functions have none
        from pg_proc p
        where p.pronamespace = 'public'::regnamespace
            and pg_has_role(p.proowner, 'usage') -- what others made here is theirs
            and not exists (
                select from pg_depend d
                where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
            )
            and not exists (
                select from adoptions a
                where (pg_identify_object('pg_proc'::regclass, p.oid, 0)).identity
                    = any (a.left_alone)
            )
    loop
        if routine.has_path then
            execute format('alter routine %s set search_path = %s', routine.signature, path);
        end if;
        execute format('revoke all on routine %s from public, anon, authenticated',
            routine.signature);
        execute format('grant execute on routine %s to service_role', routine.signature);
        if routine.name ^@ 'match_'
            or routine.name in ('current_embedding_model', 'get_publishing_calendar') then
            execute format('grant execute on routine %s to authenticated', routine.signature);
        end if;
    end loop;
end
$$;


-- Tables, views and sequences: the service may do all, a signed-in reader sees the taxonomy, the
-- bank and what search reads.  A policy that was altered is made again.
do $$
declare
    readable constant name[] := array[
        'topics', 'audiences', 'hook_types', 'post_structures', 'content_formats',
        'viral_posts_bank', 'post_vectors', 'embedding_models', 'profiles'
    ];
    ours oid[];
    relation record;
    policy record;
begin
    select array_agg(c.oid) into ours
    from pg_class c
    where c.relnamespace = 'public'::regnamespace
        and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
        and pg_has_role(c.relowner, 'usage')
        and not exists (
            select from pg_depend d
            where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
        )
        and not exists (
            select from adoptions a
            where (pg_identify_object('pg_class'::regclass, c.oid, 0)).identity
                = any (a.left_alone)
        );

    for relation in
        select c.oid::regclass as name, c.relname, c.relkind, c.relrowsecurity,
            case c.relkind when 'S' then 'sequence' else 'table' end as kind
        from pg_class c where c.oid = any (ours)
    loop
        -- on a table this takes back grants of single columns too
        execute format('revoke all on %s %s from public, anon, authenticated',
            relation.kind, relation.name);
        execute format('grant all on %s %s to service_role', relation.kind, relation.name);
        if relation.relname = 'profiles' then
            -- what the filter author_type needs, and nothing of the person
            execute format('grant select (id, type) on %s to authenticated', relation.name);
        elsif relation.relname = any (readable) then
            execute format('grant select on %s to authenticated', relation.name);
        end if;
        if relation.relkind in ('r', 'p') and not relation.relrowsecurity then
            execute format('alter table %s enable row level security', relation.name);
        end if;
    end loop;

    for policy in
        with wanted as (
            select c.oid as relation, w.*, w.writes or c.relname = any (readable) as needed
            from pg_class c
            cross join (values
                ('service_role_all'::name, 'service_role'::name, '*', true),
                ('authenticated_read', 'authenticated', 'r', false)
            ) as w (name, role_name, command, writes)
            where c.oid = any (ours) and c.relkind in ('r', 'p')
        )
        select w.relation::regclass as relation, w.name, w.role_name, w.writes, w.needed,
            p.oid is not null as altered
        from wanted w
        left join pg_policy p on p.polrelid = w.relation and p.polname = w.name
        where case
            when p.oid is null or not w.needed then w.needed = (p.oid is null)
            else not p.polpermissive
                or p.polcmd::text <> w.command
                or p.polroles <> array[w.role_name::regrole::oid]
                or pg_get_expr(p.polqual, p.polrelid) is distinct from 'true'
                or pg_get_expr(p.polwithcheck, p.polrelid)
                    is distinct from case when w.writes then 'true' end
        end
    loop
        if policy.altered then
            execute format('drop policy %I on %s', policy.name, policy.relation);
        end if;
        if policy.needed then
            execute format('create policy %I on %s for %s to %I using (true) %s',
                policy.name, policy.relation, case when policy.writes then 'all' else 'select' end,
                policy.role_name, case when policy.writes then 'with check (true)' end);
        end if;
    end loop;
end
$$;
