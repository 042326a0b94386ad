-- Semantic search over the taxonomy: some dozens of rows, compared one by one.

create or replace function match_taxonomy(
    taxonomy text, query_embedding vector, threshold double precision default 0.3,
    count integer default 10
) returns table (
    id uuid, name text, label_fr text, description text, similarity double precision
)
language plpgsql stable
as $$
begin
    if taxonomy is null or taxonomy not in ('topics', 'audiences', 'hook_types') then
        raise exception 'taxonomy %: no such table of labels', taxonomy using
            errcode = 'LP014', hint = 'Use topics, audiences or hook_types.';
    end if;
    if threshold is null or not threshold between -1 and 1 then
        raise exception 'threshold %: not between -1 and 1', threshold using
            errcode = 'LP010', hint = 'Similarity is 1 minus the cosine distance.';
    end if;
    if match_taxonomy.count is null or not match_taxonomy.count between 1 and 1000 then
        raise exception 'count %: not between 1 and 1000', match_taxonomy.count using
            errcode = 'LP011', hint = 'Ask for at most 1000 labels at once.';
    end if;
    if vector_norm(query_embedding) = 0 then
        raise exception 'query_embedding: the zero vector' using
            errcode = 'LP012', hint = 'A zero vector has no direction to search by.';
    end if;
    return query execute format(
        'select t.id, t.name, t.label_fr, t.description, near.similarity
        from %I t
        cross join lateral (select 1 - (t.embedding <=> $1::vector(1536)) as similarity) as near
        where t.is_active and t.embedding_model = current_embedding_model()
            and near.similarity >= $2
        order by near.similarity desc, t.name
        limit $3', taxonomy
    ) using query_embedding, threshold, match_taxonomy.count;
end
$$;
comment on function match_taxonomy is
    'Active labels of topics, audiences or hook_types nearest in meaning, best first: similarity = '
    '1 - cosine distance >= threshold, vectors of the serving model only. Errors: LP010 '
    'threshold, LP011 count, LP012 zero vector, LP014 another taxonomy. '
    'Example: select name, similarity from match_taxonomy(''topics'', (select embedding from '
    'viral_posts_bank where embedding is not null limit 1), -1, 3)';


create or replace function match_topics(
    query_embedding vector, threshold double precision default 0.3, count integer default 10
) returns table (
    id uuid, name text, label_fr text, description text, similarity double precision
)
language sql stable
as $$
    select * from match_taxonomy('topics', query_embedding, threshold, match_topics.count)
$$;
comment on function match_topics is
    'Active topics nearest in meaning, best first; arguments and errors as of match_taxonomy. '
    'Example: select name, similarity from match_topics((select embedding from viral_posts_bank '
    'where embedding is not null limit 1), -1, 3)';


create or replace function match_audiences(
    query_embedding vector, threshold double precision default 0.3, count integer default 10
) returns table (
    id uuid, name text, label_fr text, description text, similarity double precision
)
language sql stable
as $$
    select * from match_taxonomy('audiences', query_embedding, threshold, match_audiences.count)
$$;
comment on function match_audiences is
    'Active audiences nearest in meaning, best first; arguments and errors as of match_taxonomy. '
    'Example: select name, similarity from match_audiences((select embedding from viral_posts_bank '
    'where embedding is not null limit 1), -1, 3)';


create or replace function match_hook_types(
    query_embedding vector, threshold double precision default 0.3, count integer default 10
) returns table (
    id uuid, name text, label_fr text, description text, similarity double precision
)
language sql stable
as $$
    select * from match_taxonomy('hook_types', query_embedding, threshold, match_hook_types.count)
$$;
comment on function match_hook_types is
    'Active hook types nearest in meaning, best first; arguments and errors as of match_taxonomy. '
    'Example: select name, similarity from match_hook_types((select embedding from viral_posts_bank '
    'where embedding is not null limit 1), -1, 3)';
