-- What near neighbours say of a post's label. How often they are right, and why these numbers, is
-- measured: docs/decisions/0015-cascade.md.

create or replace function neighbour_labels(
    p_stage post_stage, p_posts uuid[], p_model text, p_threshold double precision
) returns table (post_id uuid, label uuid, similarity double precision)
language plpgsql stable
-- one pass over the graph a post, of bounded cost; the settings of match_viral_posts_filtered
set hnsw.ef_search = 100
set hnsw.iterative_scan = relaxed_order
set enable_seqscan = off
set enable_sort = off
as $$
declare
    reach constant integer := 100;
    asked constant integer := 5;
    enough constant integer := 3;
    kind text := case p_stage
        when 'topic_classifications' then 'topic'
        when 'audience_classifications' then 'audience'
    end;
    model smallint;
begin
    if kind is null then
        raise exception 'stage %: neighbours in meaning say nothing of its labels', p_stage using
            errcode = 'LP060',
            hint = 'Use topic_classifications or audience_classifications.';
    end if;
    if p_threshold is null or not p_threshold between -1 and 1 then
        raise exception 'threshold %: not between -1 and 1', p_threshold using
            errcode = 'LP061', hint = 'Similarity is 1 minus the cosine distance.';
    end if;
    select m.id into model from embedding_models m where m.state = 'serving';
    if model is null then
        return;
    end if;

    -- Vectors and labels count for the text that a post has now only. What the filter drops stays
    -- outside the scan, so that the first that pass are the nearest that pass; where too few do
    -- within reach, nobody answers and the model is asked.
    return query execute format(
        'select b.id, agreed.label, agreed.similarity
        from viral_posts_bank b
        join post_vectors v
            on v.post_id = b.id and v.model_id = %1$s and v.content_hash = b.content_hash
        cross join lateral (
            select (array_agg(voters.label))[1] as label, 1 - max(voters.distance) as similarity
            from (
                select n.%2$I as label, near.distance
                from (
                    select o.post_id, o.content_hash, o.embedding <=> v.embedding as distance
                    from post_vectors o
                    where o.model_id = %1$s and o.model_id %% 2 = %3$s
                    order by o.embedding <=> v.embedding
                    limit %4$s
                ) as near
                join viral_posts_bank n
                    on n.id = near.post_id and n.content_hash = near.content_hash
                join %5$I l on l.id = n.%2$I and l.is_active
                where n.id <> b.id and n.%6$I = $2 and not n.%7$I and near.distance <= 1 - $3
                order by near.distance
                limit %8$s
            ) as voters
            having count(*) >= %9$s and count(distinct voters.label) = 1
        ) as agreed
        where b.id = any ($1)',
        model, kind || '_id', model % 2, reach, kind || 's', kind || '_model',
        format('needs_%s_classification', kind), asked, enough
    ) using p_posts, p_model, p_threshold;
end
$$;
comment on function neighbour_labels is
    'Labels that posts can take from their neighbours: where the nearest five of those that p_model '
    'labelled and that are as similar as the threshold, three at least, all have one label. Without '
    'a row: a post that has no vector of the serving model for its text, too few such neighbours '
    'among its nearest hundred, or neighbours that differ. Labels that neighbours gave, that people '
    'wrote, that are wanted anew or no longer active do not count. The similarity is that of the '
    'farthest of the five. Errors: LP060 a stage without such labels, LP061 threshold.';
