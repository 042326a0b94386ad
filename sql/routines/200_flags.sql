-- How flags follow from writes to viral_posts_bank, and work rows from flags.
-- The rules are listed in CONTRACT 3.2 and tested one by one in linkedin_pipeline_tests/sql.

create or replace function is_worker_enabled(worker_name text) returns boolean
language sql stable
return coalesce((
    select f.is_enabled
    from worker_feature_flags_v2 f
    where replace(f.worker_name, '-', '_') = replace(is_worker_enabled.worker_name, '-', '_')
), false);
comment on function is_worker_enabled is
    'Whether a worker is switched on; - and _ are alike, an unknown worker is off. '
    'Example: select is_worker_enabled(''worker-extract-hooks-v2'')';


-- BEFORE triggers on INSERT would make COPY slower and cannot write work rows that refer to the
-- post, so a new row is corrected after it was written, and only when it brought values.
create or replace function trigger_process_new_post() returns trigger
language plpgsql
as $$
declare
    hook_wanted boolean := new.needs_hook_extraction and new.hook is null;
    embedding_wanted boolean := new.needs_embedding and new.embedding is null;
    hook_type_wanted boolean :=
        (new.needs_hook_classification or new.hook is not null) and new.hook_type_id is null;
    topic_wanted boolean := new.needs_topic_classification and new.topic_id is null;
    audience_wanted boolean := new.needs_audience_classification and new.audience_id is null;
begin
    insert into post_work (post_id, stage, day)
    select new.id, w.stage, post_day(new.created_at)
    from (values
        ('hooks'::post_stage, hook_wanted),
        ('embeddings', embedding_wanted),
        ('hook_classifications', hook_type_wanted and not hook_wanted),
        ('topic_classifications', topic_wanted),
        ('audience_classifications', audience_wanted)
    ) as w (stage, wanted)
    where w.wanted;

    if (hook_wanted, embedding_wanted, hook_type_wanted, topic_wanted, audience_wanted)
        is distinct from (
            new.needs_hook_extraction, new.needs_embedding, new.needs_hook_classification,
            new.needs_topic_classification, new.needs_audience_classification
        )
    then
        update viral_posts_bank
        set needs_hook_extraction = hook_wanted,
            needs_embedding = embedding_wanted,
            needs_hook_classification = hook_type_wanted,
            needs_topic_classification = topic_wanted,
            needs_audience_classification = audience_wanted
        where id = new.id;
    end if;

    if new.embedding is not null then
        perform mirror_vector(new.id, new.embedding_model, new.content_hash, new.embedding);
    end if;
    return null;
end
$$;
comment on function trigger_process_new_post is
    'Queue what a new post wants; values that came with it are not wanted again.';


create or replace function update_viral_post_timestamp() returns trigger
language plpgsql
as $$
declare
    edited boolean := new.content is distinct from old.content;
begin
    -- clock_timestamp, as now() goes back between overlapping transactions
    new.updated_at := greatest(clock_timestamp(), old.updated_at + interval '1 microsecond');

    -- A label written without a word about what chose it is a person's. The pipeline may repeat its
    -- model and confidence; one knows it by the flag, which it lowers in the same statement.
    if new.hook_type_id is distinct from old.hook_type_id
        and (new.hook_type_model, new.hook_type_confidence)
            is not distinct from (old.hook_type_model, old.hook_type_confidence)
        and (new.hook_type_id is null
            or new.needs_hook_classification or not old.needs_hook_classification)
    then
        new.hook_type_model := null;
        new.hook_type_confidence := null;
    end if;
    if new.topic_id is distinct from old.topic_id
        and (new.topic_model, new.topic_confidence)
            is not distinct from (old.topic_model, old.topic_confidence)
        and (new.topic_id is null
            or new.needs_topic_classification or not old.needs_topic_classification)
    then
        new.topic_model := null;
        new.topic_confidence := null;
    end if;
    if new.audience_id is distinct from old.audience_id
        and (new.audience_model, new.audience_confidence)
            is not distinct from (old.audience_model, old.audience_confidence)
        and (new.audience_id is null
            or new.needs_audience_classification or not old.needs_audience_classification)
    then
        new.audience_model := null;
        new.audience_confidence := null;
    end if;

    -- In each block: an explicit change of the flag wins; else a value written is finished work and
    -- a value taken away is wanted; else a changed input is wanted.
    if new.hook is distinct from old.hook
        and new.hook_extracted_at is not distinct from old.hook_extracted_at
    then
        new.hook_extracted_at := null; -- written by a person
    end if;
    if new.needs_hook_extraction = old.needs_hook_extraction then
        if new.hook is distinct from old.hook then
            new.needs_hook_extraction := new.hook is null;
        elsif edited then
            new.needs_hook_extraction := true;
        end if;
    end if;

    if new.needs_hook_classification = old.needs_hook_classification then
        if new.hook_type_id is distinct from old.hook_type_id then
            new.needs_hook_classification := new.hook_type_id is null;
        elsif edited or new.hook is distinct from old.hook then
            new.needs_hook_classification := new.hook is not null;
        end if;
    end if;

    if new.needs_topic_classification = old.needs_topic_classification then
        if new.topic_id is distinct from old.topic_id then
            new.needs_topic_classification := new.topic_id is null;
        elsif edited then
            new.needs_topic_classification := true;
        end if;
    end if;

    if new.needs_audience_classification = old.needs_audience_classification then
        if new.audience_id is distinct from old.audience_id then
            new.needs_audience_classification := new.audience_id is null;
        elsif edited then
            new.needs_audience_classification := true;
        end if;
    end if;

    if new.needs_embedding = old.needs_embedding then
        if new.embedding is distinct from old.embedding then
            new.needs_embedding := new.embedding is null;
        elsif edited then
            new.needs_embedding := true;
        end if;
    end if;
    if new.embedding is null then
        new.embedding_model := null;
    end if;
    return new;
end
$$;
comment on function update_viral_post_timestamp is
    'Derive the flags an update implies, forget what chose a label that a person replaced, and '
    'move updated_at forward.';


create or replace function trigger_process_hook_extracted() returns trigger
language plpgsql
as $$
declare
    edited boolean := new.content is distinct from old.content;
    rehooked boolean := new.hook is distinct from old.hook;
    embedded boolean := new.embedding is distinct from old.embedding;
    ended post_stage[];
    opened post_stage[];
    settled post_stage[];
begin
    -- Expressions, not one query over the five: that cost as much as all the rest of a write-back.
    -- Classification of the hook waits while a new hook is on its way.
    ended := array_remove(array[
        case when old.needs_hook_extraction and not new.needs_hook_extraction then 'hooks' end,
        case when old.needs_embedding and not new.needs_embedding then 'embeddings' end,
        case when old.needs_hook_classification and not old.needs_hook_extraction
            and not (new.needs_hook_classification and not new.needs_hook_extraction)
            then 'hook_classifications' end,
        case when old.needs_topic_classification and not new.needs_topic_classification
            then 'topic_classifications' end,
        case when old.needs_audience_classification and not new.needs_audience_classification
            then 'audience_classifications' end
    ]::post_stage[], null);
    opened := array_remove(array[
        case when new.needs_hook_extraction
            and (edited or rehooked or not old.needs_hook_extraction) then 'hooks' end,
        case when new.needs_embedding
            and (edited or embedded or not old.needs_embedding) then 'embeddings' end,
        case when new.needs_hook_classification and not new.needs_hook_extraction
            and (edited or rehooked or new.hook_type_id is distinct from old.hook_type_id
                or not old.needs_hook_classification or old.needs_hook_extraction)
            then 'hook_classifications' end,
        case when new.needs_topic_classification
            and (edited or new.topic_id is distinct from old.topic_id
                or not old.needs_topic_classification)
            then 'topic_classifications' end,
        case when new.needs_audience_classification
            and (edited or new.audience_id is distinct from old.audience_id
                or not old.needs_audience_classification)
            then 'audience_classifications' end
    ]::post_stage[], null);
    -- a flag raised, or a value written that was not wanted: a dead letter has been seen to
    settled := array_remove(array[
        case when not old.needs_hook_extraction and (new.needs_hook_extraction or rehooked)
            then 'hooks' end,
        case when not old.needs_embedding and (new.needs_embedding or embedded)
            then 'embeddings' end,
        case when not old.needs_hook_classification and (new.needs_hook_classification
                or new.hook_type_id is distinct from old.hook_type_id)
            then 'hook_classifications' end,
        case when not old.needs_topic_classification and (new.needs_topic_classification
                or new.topic_id is distinct from old.topic_id)
            then 'topic_classifications' end,
        case when not old.needs_audience_classification and (new.needs_audience_classification
                or new.audience_id is distinct from old.audience_id)
            then 'audience_classifications' end
    ]::post_stage[], null);

    if ended <> '{}' then
        delete from post_work where post_id = new.id and stage = any (ended);
    end if;
    if opened <> '{}' then
        -- a row that is there already belongs to work whose input has just changed: end its claim
        insert into post_work (post_id, stage, day)
        select new.id, stage, post_day(new.created_at) from unnest(opened) as stage
        on conflict on constraint post_work_pkey
        do update set token = null, lease_until = null, due_at = now(), attempts = 0, takeovers = 0;
    end if;
    if settled <> '{}' then
        update ai_errors set is_resolved = true
        where post_id = new.id and stage = any (settled) and not is_resolved;
    end if;

    if embedded or new.embedding_model is distinct from old.embedding_model then
        -- another model's vector joins the one that serves; a vector taken away takes all along
        delete from post_vectors v using embedding_models m
        where v.post_id = new.id and v.model_id = m.id and (
            new.embedding is null
            or not embedded and m.name = old.embedding_model
        );
        if new.embedding is not null then
            perform mirror_vector(new.id, new.embedding_model, new.content_hash, new.embedding);
        end if;
    end if;
    if new.created_at is distinct from old.created_at then
        update post_work set day = post_day(new.created_at)
        where post_id = new.id and day <> post_day(new.created_at);
    end if;
    return null;
end
$$;
comment on function trigger_process_hook_extracted is
    'Queue what an update wants, end the claims whose input it changed, mirror the vector.';


create or replace function raise_flags(
    p_stage post_stage, p_first date, p_last date, p_after uuid, p_max integer
) returns table (raised integer, last_id uuid)
language plpgsql volatile
as $$
begin
    return query
    with chunk as (
        select b.id from viral_posts_bank b
        where b.id > coalesce(p_after, '00000000-0000-0000-0000-000000000000')
            and post_day(b.created_at) between p_first and p_last
        order by b.id
        limit p_max
    ),
    -- in the order of ids, which is the order of others that lock many posts
    unwanted as (
        select b.id
        from viral_posts_bank b
        where b.id in (select chunk.id from chunk) and not case p_stage
            when 'hooks' then b.needs_hook_extraction
            when 'embeddings' then b.needs_embedding
            when 'hook_classifications' then b.needs_hook_classification or b.hook is null
            when 'topic_classifications' then b.needs_topic_classification
            when 'audience_classifications' then b.needs_audience_classification
        end
        order by b.id
        for no key update
    ),
    wanted as (
        update viral_posts_bank b
        set needs_hook_extraction = b.needs_hook_extraction or p_stage = 'hooks',
            needs_embedding = b.needs_embedding or p_stage = 'embeddings',
            needs_hook_classification = b.needs_hook_classification
                or p_stage = 'hook_classifications',
            needs_topic_classification =
                b.needs_topic_classification or p_stage = 'topic_classifications',
            needs_audience_classification =
                b.needs_audience_classification or p_stage = 'audience_classifications'
        from unwanted where b.id = unwanted.id
    )
    select count(*)::integer, (array_agg(chunk.id order by chunk.id desc))[1] from chunk;
end
$$;
comment on function raise_flags is
    'Ask for one stage again on posts of the given days, in chunks of p_max ids after p_after. '
    'Answers how many posts the chunk has, wanted already or not, and the last of them. '
    'Example: select * from raise_flags(''topic_classifications'', ''2024-01-01'', current_date, '
    'null, 1000)';
