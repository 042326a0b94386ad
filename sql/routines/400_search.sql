-- Semantic search.

create or replace function current_embedding_model() returns text
language sql stable
return (select name from embedding_models where state = 'serving');
comment on function current_embedding_model is
    'The model whose vectors search reads. It embeds content without white space at both ends, '
    'its first 3,000 characters, nothing added. Null on an empty bank.';


create or replace function match_viral_posts(
    query_embedding vector, threshold double precision default 0.3, count integer default 10
) returns table (
    id uuid, content text, hook text, metrics jsonb, similarity double precision
)
language plpgsql stable
as $$
begin
    if threshold is null or not threshold between -1 and 1 then
        raise exception 'threshold %: not between -1 and 1', threshold using
            errcode = 'LP010', hint = 'Similarity is 1 minus the cosine distance.';
    end if;
    if match_viral_posts.count is null or not match_viral_posts.count between 1 and 1000 then
        raise exception 'count %: not between 1 and 1000', match_viral_posts.count using
            errcode = 'LP011', hint = 'Ask for at most 1000 posts at once.';
    end if;
    if l2_norm(query_embedding::halfvec(1536)) = 0 then
        raise exception 'query_embedding: the zero vector' using
            errcode = 'LP012', hint = 'A zero vector has no direction to search by.';
    end if;
    -- An exact scan.  "+ 0" keeps the planner from an index that would only approximate, and no
    -- CTE carries the vectors: a materialised one copies them (four times as slow, measured).
    return query
    select b.id, b.content, b.hook, b.metrics, 1 - nearest.distance
    from (
        select v.post_id, (v.embedding <=> query_embedding::halfvec(1536)) + 0 as distance
        from post_vectors v
        where v.model_id = (select m.id from embedding_models m where m.state = 'serving')
        order by 2
        limit match_viral_posts.count
    ) as nearest
    join viral_posts_bank b on b.id = nearest.post_id
    where 1 - nearest.distance >= threshold
    order by nearest.distance;
end
$$;
comment on function match_viral_posts is
    'Posts nearest in meaning, best first: similarity = 1 - cosine distance >= threshold (-1 to '
    '1), at most count (1 to 1000), vectors of the serving model only. Errors: LP010 threshold, '
    'LP011 count, LP012 zero vector.';
