-- Claims and write-backs. Lock order is always the wide row, then the work row: the other way round
-- deadlocks with a person's edit, whose triggers take them in that order.  Nothing here waits for a
-- row that somebody else holds; what is held is reported as busy and tried again by the caller.

create or replace function claim_work(
    p_stage post_stage, p_max integer, p_first date, p_last date, p_lease interval
) returns table (
    post_id uuid, content text, hook text, claim_token bigint, day date, attempts integer,
    takeovers integer
)
language plpgsql volatile
set enable_seqscan = off
as $$
declare
    first_day date := coalesce(p_first, '-infinity');
    last_day date := coalesce(p_last, 'infinity');
    -- A quarter of every claim comes from the other end, so that neither fresh posts nor a backfill
    -- wait for as long as the other goes on.  What four does not divide is drawn by lot: callers
    -- that take one post at a time share alike, and have nothing to remember between them.
    share integer := p_max - floor(p_max / 4.0 + random());
    newest uuid[];
    oldest uuid[];
begin
    if p_max is null or p_max not between 1 and 10000 then
        raise exception 'max_posts %: not a number from 1 to 10000', p_max using
            errcode = 'LP080', hint = 'Claim as many posts as fit one batch; 100 is a good number.';
    end if;
    if p_stage is null or p_lease is null then
        raise exception 'claim of stage % for %: a claim needs both', p_stage, p_lease using
            errcode = 'LP081', hint = 'Name one of the five stages and a lease such as 30 seconds.';
    end if;

    -- Days with work come from a loose index scan; the lateral stops when full.
    with recursive days (day) as (
        (
            select w.day from post_work w
            where w.stage = p_stage and w.day <= last_day
            order by w.day desc limit 1
        )
        union all
        select (
            select w.day from post_work w
            where w.stage = p_stage and w.day < days.day
            order by w.day desc limit 1
        )
        from days where days.day >= first_day
    ),
    taken as (
        update post_work w
        set lease_until = clock_timestamp() + p_lease,
            token = nextval('post_work_token'),
            attempts = least(w.attempts + 1, 32000),
            takeovers = least(w.takeovers + (w.token is not null)::integer, 32000)
        -- an array that is computed once: joined to a CTE, the whole table would be read for it
        where w.ctid = any (array(
            select picked.ctid
            from days
            cross join lateral (
                select w.ctid from post_work w
                where w.stage = p_stage and w.day = days.day and w.due_at <= now()
                    and (w.lease_until is null or w.lease_until < now())
                order by w.due_at
                limit share
                for update skip locked
            ) as picked
            where days.day >= first_day
            limit share
        ))
        returning w.post_id
    )
    select array_agg(taken.post_id) into newest from taken;

    -- The same from the oldest day on, unless all there is was taken already.
    if coalesce(cardinality(newest), 0) = share then
        with recursive days (day) as (
            (
                select w.day from post_work w
                where w.stage = p_stage and w.day >= first_day
                order by w.day limit 1
            )
            union all
            select (
                select w.day from post_work w
                where w.stage = p_stage and w.day > days.day
                order by w.day limit 1
            )
            from days where days.day <= last_day
        ),
        taken as (
            update post_work w
            set lease_until = clock_timestamp() + p_lease,
                token = nextval('post_work_token'),
                attempts = least(w.attempts + 1, 32000),
                takeovers = least(w.takeovers + (w.token is not null)::integer, 32000)
            where w.ctid = any (array(
                select picked.ctid
                from days
                cross join lateral (
                    select w.ctid from post_work w
                    where w.stage = p_stage and w.day = days.day and w.due_at <= now()
                        and (w.lease_until is null or w.lease_until < now())
                        and w.post_id <> all (coalesce(newest, '{}'))
                    order by w.due_at
                    limit p_max - share
                    for update skip locked
                ) as picked
                where days.day <= last_day
                limit p_max - share
            ))
            returning w.post_id
        )
        select array_agg(taken.post_id) into oldest from taken;
    end if;

    -- The text is read by a statement of its own: a snapshot older than the claim's row locks could
    -- pair a fresh token with the text of before an edit.
    return query
    select b.id, b.content, b.hook, w.token, w.day, w.attempts::integer, w.takeovers::integer
    from unnest(newest || oldest) as t (id)
    join post_work w on w.post_id = t.id and w.stage = p_stage
    join viral_posts_bank b on b.id = t.id;
end
$$;
comment on function claim_work is
    'Take due work of a stage on posts of the given days for a lease: three quarters from the newest '
    'day backwards, the rest from the oldest day onwards, within a day what has waited longest. A '
    'missing bound means all days. The token fences the write-back. Errors: LP080 max_posts out of '
    'bounds, LP081 no stage or lease.';


create or replace function extend_claims(
    p_stage post_stage, p_posts uuid[], p_tokens bigint[], p_lease interval
) returns setof uuid
language sql volatile
as $$
    -- skip locked: waiting here while other leases are locked could close a circle with an editor
    with held as (
        select w.ctid
        from unnest(p_posts, p_tokens) as c (post_id, token)
        join post_work w on w.post_id = c.post_id and w.stage = p_stage and w.token = c.token
        for update of w skip locked
    )
    update post_work w set lease_until = clock_timestamp() + p_lease
    from held where w.ctid = held.ctid
    returning w.post_id
$$;
comment on function extend_claims is 'Heart-beat: move the leases of live claims forward.';


create or replace function retry_claims(
    p_stage post_stage, p_posts uuid[], p_tokens bigint[], p_delays interval[], p_charge boolean
) returns setof uuid
language plpgsql volatile
as $$
begin
    -- A heart-beat may have a row for a moment.  Waiting for it in the lock queue could close a
    -- circle with an editor, so ask again a few times; what stays locked keeps its lease.
    for try in 1..20 loop
        return query
        with held as (
            select w.ctid, c.delay
            from unnest(p_posts, p_tokens, p_delays) as c (post_id, token, delay)
            join post_work w on w.post_id = c.post_id and w.stage = p_stage and w.token = c.token
            for update of w skip locked
        )
        update post_work w
        set due_at = now() + held.delay,
            token = null,
            lease_until = null,
            attempts = greatest(w.attempts - (not p_charge)::integer, 0)
        from held where w.ctid = held.ctid
        returning w.post_id;
        exit when not exists (
            select from unnest(p_posts, p_tokens) as c (post_id, token)
            join post_work w on w.post_id = c.post_id and w.stage = p_stage and w.token = c.token
        );
        perform pg_sleep(0.05);
    end loop;
end
$$;
comment on function retry_claims is
    'Put claimed work back, due after its delay; without p_charge the attempt does not count.';


create or replace function hold_claims(
    p_stage post_stage, p_posts uuid[], p_tokens bigint[], p_values integer,
    out held uuid[], out busy uuid[]
)
language plpgsql volatile
as $$
declare
    free uuid[];
begin
    if (cardinality(p_tokens), p_values)
        is distinct from (cardinality(p_posts), cardinality(p_posts))
    then
        raise exception 'write-back of % posts: it brings % tokens and % values',
            cardinality(p_posts), cardinality(p_tokens), p_values using
            errcode = 'LP082', hint = 'Give each post its token and its value, in the same order.';
    end if;
    -- Posts are what is held, and what values are joined to: of two claims of one post the value of
    -- the stale one could be written in place of the other's.
    if cardinality(p_posts) > (select count(distinct c.id) from unnest(p_posts) as c (id)) then
        raise exception 'write-back of % posts: some are named twice', cardinality(p_posts) using
            errcode = 'LP082', hint = 'Write the claims of one post back one after the other.';
    end if;
    select array_agg(locked.id) into free
    from (
        select b.id from viral_posts_bank b
        where b.id = any (p_posts)
        order by b.id
        for no key update skip locked
    ) as locked;

    -- a new statement, so that it sees what was committed before the rows above were locked
    with mine as (
        select w.ctid
        from unnest(p_posts, p_tokens) as c (post_id, token)
        join post_work w on w.post_id = c.post_id and w.stage = p_stage and w.token = c.token
        where c.post_id = any (free)
        for update of w skip locked
    ),
    gone as (
        delete from post_work w using mine where w.ctid = mine.ctid returning w.post_id
    )
    select array_agg(gone.post_id) into held from gone;

    select array_agg(w.post_id) into busy
    from unnest(p_posts, p_tokens) as c (post_id, token)
    join post_work w on w.post_id = c.post_id and w.stage = p_stage and w.token = c.token;
end
$$;
comment on function hold_claims is
    'Lock the posts whose claims still stand and end those claims: held, to be written in this '
    'transaction. Busy: somebody has the row locked, try again. In neither: stale. Error: LP082.';


create or replace function claim_answers(p_held uuid[], p_busy uuid[])
returns table (post_id uuid, held boolean)
language sql immutable
as $$
    select e.id, true from unnest(p_held) as e (id)
    union all
    select e.id, false from unnest(p_busy) as e (id)
$$;
comment on function claim_answers is 'What hold_claims found, a row for each post that is not stale.';


create or replace function store_hooks(p_posts uuid[], p_tokens bigint[], p_hooks text[])
returns table (post_id uuid, held boolean)
language plpgsql volatile
as $$
declare
    mine uuid[];
    locked uuid[];
begin
    select h.held, h.busy into mine, locked
    from hold_claims('hooks', p_posts, p_tokens, cardinality(p_hooks)) h;
    update viral_posts_bank b
    set hook = r.hook, hook_extracted_at = clock_timestamp(), needs_hook_extraction = false
    from unnest(p_posts, p_hooks) as r (id, hook)
    where b.id = r.id and b.id = any (mine);
    return query select * from claim_answers(mine, locked);
end
$$;
comment on function store_hooks is
    'Write hooks of claimed posts. Answers: held, busy (try again), or no row when stale. '
    'Error: LP082.';


create or replace function store_embeddings(
    p_posts uuid[], p_tokens bigint[], p_embeddings vector[], p_model text,
    p_serving vector[] default null, p_serving_model text default null
) returns table (post_id uuid, held boolean)
language plpgsql volatile
as $$
declare
    mine uuid[];
    locked uuid[];
begin
    if cardinality(p_serving) <> cardinality(p_posts) then
        raise exception 'write-back of % posts: it brings % vectors of the serving model',
            cardinality(p_posts), cardinality(p_serving) using
            errcode = 'LP082', hint = 'Give each post one, or null, in the same order.';
    end if;
    select h.held, h.busy into mine, locked
    from hold_claims('embeddings', p_posts, p_tokens, cardinality(p_embeddings)) h;
    perform mirror_vector(b.id, p_serving_model, b.content_hash, r.embedding)
    from unnest(p_posts, p_serving) as r (id, embedding)
    join viral_posts_bank b on b.id = r.id
    where b.id = any (mine) and r.embedding is not null;
    update viral_posts_bank b
    set embedding = r.embedding, embedding_model = p_model, needs_embedding = false
    from unnest(p_posts, p_embeddings) as r (id, embedding)
    where b.id = r.id and b.id = any (mine);
    return query select * from claim_answers(mine, locked);
end
$$;
comment on function store_embeddings is
    'Write vectors of claimed posts. While a new model is being built, p_serving brings vectors of '
    'the serving one beside them (null: leave what is there), so that search finds the new text '
    'at once. Answers like store_hooks. Errors: LP001 no model named, LP002 zero vector, LP082.';


create or replace function reject_claims(
    p_stage post_stage, p_posts uuid[], p_tokens bigint[], p_codes text[], p_reasons text[],
    p_worker text, p_run_id text
) returns table (post_id uuid, held boolean)
language plpgsql volatile
as $$
declare
    mine uuid[];
    locked uuid[];
begin
    select h.held, h.busy into mine, locked
    from hold_claims(p_stage, p_posts, p_tokens, cardinality(p_reasons)) h;
    update viral_posts_bank b
    set needs_hook_extraction = b.needs_hook_extraction and p_stage <> 'hooks',
        needs_embedding = b.needs_embedding and p_stage <> 'embeddings',
        needs_hook_classification =
            b.needs_hook_classification and p_stage <> 'hook_classifications',
        needs_topic_classification =
            b.needs_topic_classification and p_stage <> 'topic_classifications',
        needs_audience_classification =
            b.needs_audience_classification and p_stage <> 'audience_classifications'
    where b.id = any (mine);
    insert into ai_errors (function_name, error_code, error_message, post_id, stage, metadata)
    select p_worker, r.code, r.reason, r.id, p_stage,
        jsonb_strip_nulls(jsonb_build_object('dagster_run_id', p_run_id))
    from unnest(p_posts, p_codes, p_reasons) as r (id, code, reason)
    where r.id = any (mine);
    return query select * from claim_answers(mine, locked);
end
$$;
comment on function reject_claims is
    'Make claimed work dead letters: lower the flag, keep the reason in ai_errors. Answers like '
    'store_hooks. Error: LP082.';
