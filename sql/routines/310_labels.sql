-- Writing labels back.

create or replace function store_labels(
    p_stage post_stage, p_posts uuid[], p_tokens bigint[], p_labels uuid[],
    p_confidences real[], p_models text[]
) returns table (post_id uuid, held boolean)
language plpgsql volatile
as $$
declare
    mine uuid[];
    locked uuid[];
    valid uuid[];
begin
    if cardinality(p_models) is distinct from cardinality(p_posts)
        or array_position(p_models, null) is not null
    then
        raise exception 'write-back of % labels: it names % models for them',
            cardinality(p_posts), cardinality(array_remove(p_models, null)) using
            errcode = 'LP062', hint = 'Without one, a label looks like a person''s.';
    end if;
    -- A label may have been switched off or deleted while the post was worked on, or somebody may be
    -- doing so now; such an answer is not written, and the row missing from ours says "stale".
    select array_agg(r.post) into valid
    from unnest(p_posts, p_labels) as r (post, label)
    where case p_stage
        when 'hook_classifications' then exists (
            select from hook_types t where t.id = r.label and t.is_active for key share skip locked)
        when 'topic_classifications' then exists (
            select from topics t where t.id = r.label and t.is_active for key share skip locked)
        when 'audience_classifications' then exists (
            select from audiences t where t.id = r.label and t.is_active for key share skip locked)
        else false
    end;

    select h.held, h.busy into mine, locked
    from (
        select array_agg(r.post) as posts, array_agg(r.token) as tokens
        from unnest(p_posts, p_tokens) as r (post, token) where r.post = any (valid)
    ) as kept
    cross join lateral hold_claims(
        p_stage, kept.posts, kept.tokens, cardinality(kept.posts)
    ) h;

    case p_stage
        when 'hook_classifications' then
            update viral_posts_bank b
            set hook_type_id = r.label, hook_type_confidence = r.confidence,
                hook_type_model = r.model, needs_hook_classification = false
            from unnest(p_posts, p_labels, p_confidences, p_models)
                as r (post, label, confidence, model)
            where b.id = r.post and b.id = any (mine);
        when 'topic_classifications' then
            update viral_posts_bank b
            set topic_id = r.label, topic_confidence = r.confidence,
                topic_model = r.model, needs_topic_classification = false
            from unnest(p_posts, p_labels, p_confidences, p_models)
                as r (post, label, confidence, model)
            where b.id = r.post and b.id = any (mine);
        when 'audience_classifications' then
            update viral_posts_bank b
            set audience_id = r.label, audience_confidence = r.confidence,
                audience_model = r.model, needs_audience_classification = false
            from unnest(p_posts, p_labels, p_confidences, p_models)
                as r (post, label, confidence, model)
            where b.id = r.post and b.id = any (mine);
        else
            raise exception 'stage %: it has no labels', p_stage using
                errcode = 'LP003', hint = 'Use one of the three classification stages.';
    end case;
    return query select * from claim_answers(mine, locked);
end
$$;
comment on function store_labels is
    'Write labels of claimed posts, with their confidence (0 to 1, or null) and what chose each. '
    'Answers like store_hooks; a label that is no longer active is not written. Errors: '
    'LP003 a stage without labels, LP062 a label without a model.';
