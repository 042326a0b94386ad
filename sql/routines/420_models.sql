-- Changing the embedding model, and watching over the search's recall.

create or replace function promote_embedding_model(p_model text) returns boolean
language plpgsql volatile
as $$
declare
    candidate embedding_models;
    serving smallint;
begin
    -- one at a time; a claim of the last posts that commits now is seen by the next call
    perform from embedding_models m order by m.id for update;
    select * into candidate from embedding_models m where m.name = p_model and m.state <> 'serving';
    if not found or not exists (
        select from post_vectors v where v.model_id = candidate.id
    ) then
        return false;
    end if;
    select m.id into serving from embedding_models m where m.state = 'serving';
    if exists (
        select from post_vectors old
        where old.model_id = serving
            and not exists (
                select from post_vectors new
                where new.post_id = old.post_id and new.model_id = candidate.id
            )
            and not exists (
                select from ai_errors e
                where e.post_id = old.post_id and e.stage = 'embeddings' and not e.is_resolved
            )
    ) then
        return false;
    end if;
    update embedding_models m set state = 'retired' where m.state = 'serving';
    update embedding_models m set state = 'serving' where m.id = candidate.id;
    return true;
end
$$;
comment on function promote_embedding_model is
    'Let a model serve the search from now on, if every post that the serving one finds has a '
    'vector of it or is a dead letter; whether it does from now on because of this call.';


create or replace function forget_retired_vectors(p_max integer) returns integer
language sql volatile
as $$
    with retired as (
        select v.ctid
        from post_vectors v
        join embedding_models m on m.id = v.model_id
        where m.state = 'retired'
        limit p_max
        for update of v skip locked
    ),
    gone as (
        delete from post_vectors v using retired where v.ctid = retired.ctid returning v.post_id
    )
    select count(*)::integer from gone
$$;
comment on function forget_retired_vectors is
    'Delete vectors of models that no longer serve, at most so many; how many.';


create or replace function search_recall(samples integer default 50)
returns table (filter text, sampled integer, recall double precision)
language plpgsql volatile
as $$
declare
    kinds constant text[] := array[
        'none', 'author_id', 'topic_id', 'audience_id', 'hook_type_id', 'posted_after'
    ];
    columns constant text[] := array[
        null, 'author_id', 'topic_id', 'audience_id', 'hook_type_id', 'posted_at'
    ];
    model smallint;
    query halfvec;
    other viral_posts_bank;
    value jsonb;
    hits bigint[] := array_fill(0, array[6]);
    wanted bigint[] := array_fill(0, array[6]);
    tried integer[] := array_fill(0, array[6]);
    farthest double precision;
    size integer;
    start uuid;
begin
    if samples is null or not samples between 1 and 1000 then
        raise exception 'samples %: not between 1 and 1000', samples using
            errcode = 'LP015', hint = 'Each sample costs an exact scan of all vectors.';
    end if;
    select m.id into model from embedding_models m where m.state = 'serving';
    for n in 1..samples loop
        -- one stored vector to ask with, another post to take the filter's value from: a filter that
        -- fits the question is the easy case
        start := gen_random_uuid(); -- in a variable, as it would be another one for every row
        select v.embedding into query from post_vectors v
        where v.post_id >= start and v.model_id = model
        order by v.post_id limit 1;
        if query is null then
            select v.embedding into query from post_vectors v
            where v.model_id = model
            order by v.post_id limit 1;
        end if;
        start := gen_random_uuid();
        select b.* into other from viral_posts_bank b where b.id >= start order by b.id limit 1;
        if other.id is null then
            select b.* into other from viral_posts_bank b order by b.id limit 1;
        end if;
        continue when query is null or other.id is null;
        for kind in 1..6 loop
            value := to_jsonb(other) -> columns[kind];
            continue when kind > 1 and coalesce(jsonb_typeof(value), 'null') = 'null';
            execute 'select count(*), max(exact.distance) from (
                    select (v.embedding <=> $1) + 0 as distance
                    from post_vectors v
                    where v.model_id = $2' || case when kind = 1 then '' else format(
                        ' and v.post_id in (
                            select b.id from viral_posts_bank b where b.%I %s %L
                        )', columns[kind], case columns[kind] when 'posted_at' then '>=' else '=' end,
                        value #>> '{}'
                    ) end || '
                    order by 1
                    limit 10
                ) as exact'
                into size, farthest using query, model;
            continue when size = 0;
            tried[kind] := tried[kind] + 1;
            wanted[kind] := wanted[kind] + size;
            hits[kind] := hits[kind] + (
                select count(*)
                from match_viral_posts_filtered(
                    query::vector,
                    case when kind = 1 then '{}' else jsonb_build_object(kinds[kind], value) end,
                    -1, 10
                ) as near
                where 1 - near.similarity <= farthest + 1e-9
            );
        end loop;
    end loop;
    return query
    select k.kind, k.tried, k.hits::double precision / k.wanted
    from unnest(kinds, tried, hits, wanted) as k (kind, tried, hits, wanted)
    where k.tried > 0;
end
$$;
comment on function search_recall is
    'Recall at 10 of the search, by kind of filter: which part of the true nearest posts it finds, '
    'asked with so many stored vectors (1 to 1000) and compared with an exact scan. About 0.3 s a '
    'sample at 100,000 posts. Under 0.98: reindex the index of the serving model concurrently '
    '(post_vectors_odd or post_vectors_even), or raise ef_search in '
    'match_viral_posts_filtered. Error: LP015. Example: select * from search_recall(5)';
