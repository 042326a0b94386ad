-- Who may do what (CONTRACT 3.4), derived from the catalog so that nothing is forgotten.

do $$
declare
    role_name text;
begin
    foreach role_name in array array['anon', 'authenticated', 'service_role'] loop
        if not exists (select from pg_roles where rolname = role_name) then
            begin
                execute format('create role %I nologin', role_name);
            exception
                -- roles belong to the whole server: another database may be making them now
                when duplicate_object or unique_violation then null;
                when insufficient_privilege then
                    raise exception 'role %: missing, and this user may not create it', role_name
                        using errcode = 'LP020',
                        hint = 'Let a superuser run: create role ' || role_name || ' nologin';
            end;
        end if;
    end loop;
end
$$;


-- Every routine of ours resolves names in the same schemas, whoever calls it.
do $$
declare
    routine regprocedure;
    vector_schema text;
    path text;
begin
    select n.nspname into vector_schema
    from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'vector';
    path := case when vector_schema = 'public' then 'public, pg_temp'
        else format('public, %I, pg_temp', vector_schema) end;
    for routine in
        select p.oid::regprocedure from pg_proc p
        where p.pronamespace = 'public'::regnamespace
            and p.prokind in ('f', 'p') -- aggregates have no search_path
            and pg_has_role(p.proowner, 'usage') -- what others made here is theirs
            and not exists (
                select from pg_depend d
                where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
            )
    loop
        execute format('alter routine %s set search_path = %s', routine, path);
        execute format('revoke all on routine %s from public, anon, authenticated', routine);
        execute format('grant execute on routine %s to service_role', routine);
    end loop;
end
$$;


do $$
declare
    relation record;
begin
    for relation in
        select c.oid::regclass as name, c.relkind, c.relrowsecurity
        from pg_class c
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'S')
            and pg_has_role(c.relowner, 'usage')
            and not exists (
                select from pg_depend d
                where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
            )
    loop
        execute format(
            'revoke all on %s %s from public, anon, authenticated',
            case relation.relkind when 'S' then 'sequence' else 'table' end, relation.name
        );
        execute format(
            'grant all on %s %s to service_role',
            case relation.relkind when 'S' then 'sequence' else 'table' end, relation.name
        );
        continue when relation.relkind = 'S';
        if not relation.relrowsecurity then
            execute format('alter table %s enable row level security', relation.name);
        end if;
        if not exists (
            select from pg_policy where polrelid = relation.name and polname = 'service_role_all'
        ) then
            execute format(
                'create policy service_role_all on %s to service_role using (true) '
                'with check (true)', relation.name
            );
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


-- What a signed-in reader may see: the taxonomy, the bank, and what search reads.
do $$
declare
    readable regclass;
begin
    foreach readable in array array[
        'topics', 'audiences', 'hook_types', 'post_structures', 'content_formats',
        'viral_posts_bank', 'post_vectors', 'embedding_models'
    ]::regclass[] loop
        execute format('grant select on %s to authenticated', readable);
        if not exists (
            select from pg_policy where polrelid = readable and polname = 'authenticated_read'
        ) then
            execute format(
                'create policy authenticated_read on %s for select to authenticated using (true)',
                readable
            );
        end if;
    end loop;
end
$$;

grant usage on schema public to anon, authenticated, service_role;
grant execute on function current_embedding_model(), match_viral_posts to authenticated;
