-- Semantic search over posts. How it chooses between an exact scan and the graph, and what that
-- costs, is measured: docs/decisions/0009-search.md.

create or replace function current_embedding_model() returns text
language sql stable
return (select name from embedding_models where state = 'serving');
comment on function current_embedding_model is
    'The model whose vectors search reads. It embeds content without white space at both ends, '
    'its first 3,000 characters, nothing added. Null on an empty bank. '
    'Example: select current_embedding_model()';


create or replace function match_viral_posts_filtered(
    query_embedding vector, filters jsonb default '{}', threshold double precision default 0.3,
    count integer default 10
) returns table (
    id uuid, content text, hook text, metrics jsonb, similarity double precision
)
language plpgsql stable
-- set within, and put back at the end because they stand here
set hnsw.ef_search = 200
set hnsw.iterative_scan = relaxed_order
set enable_seqscan = on
set enable_sort = on
set enable_hashjoin = on
set enable_mergejoin = on
as $$
declare
    query halfvec;
    model smallint;
    filter record;
    wanted text := '';
    most_exact constant integer := 6000;
    candidates uuid[];
    few boolean;
    reach integer;
    found uuid[];
    distances double precision[];
begin
    if threshold is null or not threshold between -1 and 1 then
        raise exception 'threshold %: not between -1 and 1', threshold using
            errcode = 'LP010', hint = 'Similarity is 1 minus the cosine distance.';
    end if;
    if match_viral_posts_filtered.count is null
        or not match_viral_posts_filtered.count between 1 and 1000
    then
        raise exception 'count %: not between 1 and 1000', match_viral_posts_filtered.count using
            errcode = 'LP011', hint = 'Ask for at most 1000 posts at once.';
    end if;
    query := query_embedding::halfvec(1536); -- once, or no index on halfvec is used
    if l2_norm(query) = 0 then
        raise exception 'query_embedding: the zero vector' using
            errcode = 'LP012', hint = 'A zero vector has no direction to search by.';
    end if;

    -- Each filter becomes a condition on b, the bank, with its value as a typed literal: the planner
    -- sees it, and no plan made for other values is ever used again.
    if jsonb_typeof(coalesce(filters, 'null')) <> 'object' then
        raise exception 'filters %: not a JSON object', coalesce(filters::text, 'null') using
            errcode = 'LP013', hint = 'Write {} for no filter.';
    end if;
    for filter in
        select f.key, f.value, jsonb_typeof(f.value) as type, f.value #>> '{}' as text
        from jsonb_each(filters) f
    loop
        begin
            wanted := wanted || case
                when filter.key in ('author_id', 'topic_id', 'audience_id', 'hook_type_id')
                    and filter.type in ('string', 'array')
                then format(' and b.%I = any (%L::uuid[])', filter.key, (
                    select coalesce(array_agg(one.id::uuid), '{}')
                    from jsonb_array_elements_text(case filter.type
                        when 'array' then filter.value else jsonb_build_array(filter.value)
                    end) as one (id)
                ))
                when filter.key = 'author_type' and filter.type = 'string' then format(
                    ' and b.author_id in (select p.id from profiles p where p.type = %L)',
                    filter.text::author_type
                )
                when filter.key = 'min_likes' and filter.type = 'number' then
                    format(' and b.likes >= %L', filter.text::numeric)
                when filter.key = 'min_engagement' and filter.type = 'number' then
                    format(' and b.engagement >= %L', filter.text::numeric)
                when filter.key = 'posted_after' and filter.type = 'string' then
                    format(' and b.posted_at >= %L', filter.text::timestamptz)
                when filter.key = 'posted_before' and filter.type = 'string' then
                    format(' and b.posted_at < %L', filter.text::timestamptz)
            end;
        exception when data_exception then
            wanted := null;
        end;
        if wanted is null then
            raise exception 'filter %: % cannot be used', filter.key, filter.value using
                errcode = 'LP013',
                hint = 'author_id, topic_id, audience_id, hook_type_id: an id or an array of ids; '
                    'author_type: internal or external_influencer; min_likes, min_engagement: a '
                    'number; posted_after, posted_before: a time in ISO 8601.';
        end if;
    end loop;

    select m.id into model from embedding_models m where m.state = 'serving';
    if model is null or query is null then
        return;
    end if;

    -- Few candidates are compared one by one.
    if wanted = '' then
        execute 'select count(*) <= $2 from (
                select from post_vectors v where v.model_id = $1 limit $2 + 1
            ) as sample'
            into few using model, 1000; -- counting to six thousand takes as long as the graph
    else
        execute 'select array_agg(sample.id) from (
                select b.id from viral_posts_bank b where true' || wanted || ' limit $1 + 1
            ) as sample'
            into candidates using most_exact;
        few := coalesce(cardinality(candidates), 0) <= most_exact;
    end if;

    -- Many: what the graph says is near, best first, and of that what passes the filter. The filter
    -- stays outside the scan, so that the first matches are the nearest ones.
    if not few then
        reach := match_viral_posts_filtered.count * case wanted when '' then 15 else 20 end;
        reach := least(greatest(reach, 150), 1000);
        loop
            perform set_config('hnsw.ef_search', reach::text, true),
                set_config('enable_seqscan', 'off', true), set_config('enable_sort', 'off', true);
            execute format(
                'with near as materialized (
                    select v.post_id, v.embedding <=> $1 as distance
                    from post_vectors v
                    where v.model_id = %1$s and v.model_id %% 2 = %2$s
                    order by v.embedding <=> $1
                    limit %3$s
                )
                select array_agg(b.id order by near.distance),
                    array_agg(near.distance order by near.distance)
                from near join viral_posts_bank b on b.id = near.post_id
                where true %4$s',
                model, model % 2, reach, wanted
            ) into found, distances using query;
            perform set_config('enable_seqscan', 'on', true), set_config('enable_sort', 'on', true);
            exit when coalesce(cardinality(found), 0) >= match_viral_posts_filtered.count
                or reach = 1000
                -- a filter at odds with the query: looking further would not find enough
                or coalesce(cardinality(found), 0) * 1000 / reach
                    < 2 * match_viral_posts_filtered.count;
            reach := 1000;
        end loop;
    end if;

    -- "+ 0" keeps the planner from an index that would only approximate, and no CTE carries the
    -- vectors: a materialised one copies them (four times as slow, measured).
    if few and wanted <> '' then
        -- by key, whatever the planner thinks of the number of candidates
        perform set_config('enable_seqscan', 'off', true),
            set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true);
        execute 'select array_agg(nearest.post_id), array_agg(nearest.distance) from (
                select v.post_id, (v.embedding <=> $1) + 0 as distance
                from unnest($2) as c (id)
                join post_vectors v on v.post_id = c.id and v.model_id = $3
                order by 2
                limit $4
            ) as nearest'
            into found, distances
            using query, candidates, model, match_viral_posts_filtered.count;
    elsif few or coalesce(cardinality(found), 0) < match_viral_posts_filtered.count then
        execute 'select array_agg(nearest.post_id), array_agg(nearest.distance) from (
                select v.post_id, (v.embedding <=> $1) + 0 as distance
                from post_vectors v
                where v.model_id = $2' || case when wanted <> '' then ' and v.post_id in (
                    select b.id from viral_posts_bank b where true' || wanted || '
                )' else '' end || '
                order by 2
                limit $3
            ) as nearest'
            into found, distances using query, model, match_viral_posts_filtered.count;
    end if;

    return query
    select b.id, b.content, b.hook, b.metrics, 1 - nearest.distance
    from unnest(found, distances) as nearest (id, distance)
    join viral_posts_bank b on b.id = nearest.id
    where 1 - nearest.distance >= threshold
    order by nearest.distance, b.id
    limit match_viral_posts_filtered.count;
end
$$;
comment on function match_viral_posts_filtered is
    'Posts nearest in meaning that pass the filters, best first: similarity = 1 - cosine distance '
    '>= threshold (-1 to 1), at most count (1 to 1000), vectors of the serving model only. Filters: '
    'author_id, topic_id, audience_id, hook_type_id (one id or an array), author_type, min_likes, '
    'min_engagement (likes + comments + shares), posted_after (inclusive), posted_before '
    '(exclusive; both on original_post_date, else created_at). Errors: LP010 threshold, LP011 '
    'count, LP012 zero vector, LP013 a filter that is unknown or of the wrong type. '
    'Example: select id, similarity from match_viral_posts_filtered((select embedding from '
    'viral_posts_bank where embedding is not null limit 1), ''{"min_likes": 10}'', 0.2, 5)';


create or replace function match_viral_posts(
    query_embedding vector, threshold double precision default 0.3, count integer default 10
) returns table (
    id uuid, content text, hook text, metrics jsonb, similarity double precision
)
language plpgsql stable
as $$
begin
    return query
    select * from match_viral_posts_filtered(
        query_embedding, '{}', threshold, match_viral_posts.count
    );
end
$$;
comment on function match_viral_posts is
    'Posts nearest in meaning, best first: similarity = 1 - cosine distance >= threshold (-1 to '
    '1), at most count (1 to 1000), vectors of the serving model only. Errors: LP010 threshold, '
    'LP011 count, LP012 zero vector. Example: select id, similarity from match_viral_posts(('
    'select embedding from viral_posts_bank where embedding is not null limit 1), 0.2, 5)';


create or replace function match_viral_posts_by_author(
    query_embedding vector, author_id uuid, threshold double precision default 0.3,
    count integer default 10
) returns table (
    id uuid, content text, hook text, metrics jsonb, similarity double precision
)
language plpgsql stable
as $$
begin
    return query
    select * from match_viral_posts_filtered(
        query_embedding,
        jsonb_build_object('author_id', array_remove(
            array[match_viral_posts_by_author.author_id], null)),
        threshold, match_viral_posts_by_author.count
    );
end
$$;
comment on function match_viral_posts_by_author is
    'Like match_viral_posts, among the posts of one author; none for null. '
    'Example: select id, similarity from match_viral_posts_by_author((select embedding from '
    'viral_posts_bank where embedding is not null limit 1), (select id from profiles limit 1))';


create or replace function match_viral_posts_by_topic(
    query_embedding vector, topic_id uuid, threshold double precision default 0.3,
    count integer default 10
) returns table (
    id uuid, content text, hook text, metrics jsonb, similarity double precision
)
language plpgsql stable
as $$
begin
    return query
    select * from match_viral_posts_filtered(
        query_embedding,
        jsonb_build_object('topic_id', array_remove(
            array[match_viral_posts_by_topic.topic_id], null)),
        threshold, match_viral_posts_by_topic.count
    );
end
$$;
comment on function match_viral_posts_by_topic is
    'Like match_viral_posts, among the posts of one topic; none for null. '
    'Example: select id, similarity from match_viral_posts_by_topic((select embedding from '
    'viral_posts_bank where embedding is not null limit 1), (select id from topics limit 1))';
