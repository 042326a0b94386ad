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
    posts uuid[];
begin
    -- Days with work come from a loose index scan, newest first; the lateral stops when full.
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
                limit p_max
                for update skip locked
            ) as picked
            where days.day >= first_day
            limit p_max
        ))
        returning w.post_id
    )
    select array_agg(taken.post_id) into posts from taken;

    -- The text is read by a second statement: a snapshot older than the claim's row locks could
    -- pair a fresh token with the text of before an edit.
    return query
    select b.id, b.content, b.hook, w.token, w.day, w.attempts::integer, w.takeovers::integer
    from unnest(posts) as t (id)
    join post_work w on w.post_id = t.id and w.stage = p_stage
    join viral_posts_bank b on b.id = t.id;
end
$$;
comment on function claim_work is
    'Take due work of a stage on posts of the given days for a lease, newest day first; a missing '
    'bound means all days. The token fences the write-back.';


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


create or replace function hold_claims(p_stage post_stage, p_posts uuid[], p_tokens bigint[])
returns table (post_id uuid, held boolean)
language plpgsql volatile
as $$
declare
    free uuid[];
    ended uuid[];
begin
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
    select array_agg(gone.post_id) into ended from gone;

    return query
    select w.post_id, w.post_id = any (coalesce(ended, '{}'))
    from unnest(p_posts, p_tokens) as c (post_id, token)
    join post_work w on w.post_id = c.post_id and w.stage = p_stage and w.token = c.token
    union all
    select e.id, true from unnest(ended) as e (id);
end
$$;
comment on function hold_claims is
    'Lock the posts whose claims still stand and end those claims: held, to be written in this '
    'transaction. Not held means busy: somebody has the row locked, try again. No row means stale.';


create or replace function store_hooks(p_posts uuid[], p_tokens bigint[], p_hooks text[])
returns table (post_id uuid, held boolean)
language plpgsql volatile
as $$
declare
    answer record;
    mine uuid[] := '{}';
begin
    for answer in select * from hold_claims('hooks', p_posts, p_tokens) loop
        if answer.held then
            mine := mine || answer.post_id;
        end if;
        post_id := answer.post_id;
        held := answer.held;
        return next;
    end loop;
    update viral_posts_bank b
    set hook = r.hook, hook_extracted_at = clock_timestamp(), needs_hook_extraction = false
    from unnest(p_posts, p_hooks) as r (id, hook)
    where b.id = r.id and b.id = any (mine);
end
$$;
comment on function store_hooks is
    'Write hooks of claimed posts. Answers like hold_claims: held, busy, or no row when stale.';


create or replace function store_embeddings(
    p_posts uuid[], p_tokens bigint[], p_embeddings vector[], p_model text
) returns table (post_id uuid, held boolean)
language plpgsql volatile
as $$
declare
    answer record;
    mine uuid[] := '{}';
begin
    for answer in select * from hold_claims('embeddings', p_posts, p_tokens) loop
        if answer.held then
            mine := mine || answer.post_id;
        end if;
        post_id := answer.post_id;
        held := answer.held;
        return next;
    end loop;
    update viral_posts_bank b
    set embedding = r.embedding, embedding_model = p_model, needs_embedding = false
    from unnest(p_posts, p_embeddings) as r (id, embedding)
    where b.id = r.id and b.id = any (mine);
end
$$;
comment on function store_embeddings is
    'Write vectors of claimed posts. Answers like hold_claims: held, busy, or no row when stale.';


create or replace function reject_claims(
    p_stage post_stage, p_posts uuid[], p_tokens bigint[], p_codes text[], p_reasons text[],
    p_worker text, p_run_id text
) returns table (post_id uuid, held boolean)
language plpgsql volatile
as $$
declare
    answer record;
    mine uuid[] := '{}';
begin
    for answer in select * from hold_claims(p_stage, p_posts, p_tokens) loop
        if answer.held then
            mine := mine || answer.post_id;
        end if;
        post_id := answer.post_id;
        held := answer.held;
        return next;
    end loop;
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
end
$$;
comment on function reject_claims is
    'Make claimed work dead letters: lower the flag, keep the reason in ai_errors. Answers like '
    'hold_claims.';


create or replace function get_posts_needing_hook_extraction(max_posts integer default 100)
returns table (post_id uuid, content text, hook text, claim_token bigint)
language sql volatile
as $$
    select c.post_id, c.content, c.hook, c.claim_token
    from claim_work('hooks', max_posts, null, null, interval '5 minutes') c
$$;
comment on function get_posts_needing_hook_extraction is
    'Claim posts whose hook is wanted, for five minutes. Writing the hook ends the claim.';

create or replace function get_posts_needing_embedding(max_posts integer default 100)
returns table (post_id uuid, content text, hook text, claim_token bigint)
language sql volatile
as $$
    select c.post_id, c.content, c.hook, c.claim_token
    from claim_work('embeddings', max_posts, null, null, interval '5 minutes') c
$$;
comment on function get_posts_needing_embedding is
    'Claim posts whose embedding is wanted, for five minutes. Writing embedding and '
    'embedding_model ends the claim.';


create or replace function get_posts_needing_classification(max_posts integer default 100)
returns table (post_id uuid, content text, hook text, claim_token bigint)
language sql volatile
as $$
    select c.post_id, c.content, c.hook, c.claim_token
    from claim_work('hook_classifications', max_posts, null, null, interval '5 minutes') c
$$;
comment on function get_posts_needing_classification is
    'Claim posts whose hook type is wanted, for five minutes. Writing hook_type_id ends the claim.';


create or replace function get_posts_needing_topic_classification(max_posts integer default 100)
returns table (post_id uuid, content text, hook text, claim_token bigint)
language sql volatile
as $$
    select c.post_id, c.content, c.hook, c.claim_token
    from claim_work('topic_classifications', max_posts, null, null, interval '5 minutes') c
$$;
comment on function get_posts_needing_topic_classification is
    'Claim posts whose topic is wanted, for five minutes. Writing topic_id ends the claim.';


create or replace function get_posts_needing_audience_classification(max_posts integer default 100)
returns table (post_id uuid, content text, hook text, claim_token bigint)
language sql volatile
as $$
    select c.post_id, c.content, c.hook, c.claim_token
    from claim_work('audience_classifications', max_posts, null, null, interval '5 minutes') c
$$;
comment on function get_posts_needing_audience_classification is
    'Claim posts whose audience is wanted, for five minutes. Writing audience_id ends the claim.';


create or replace function release_embedding_lock(p_post_id uuid) returns boolean
language sql volatile
as $$
    with released as (
        update post_work
        set token = null, lease_until = null, attempts = greatest(attempts - 1, 0)
        where post_id = p_post_id and stage = 'embeddings' and token is not null
        returning post_id
    )
    select exists (select from released)
$$;
comment on function release_embedding_lock is
    'Give a claimed embedding back, whoever holds it; false when nobody does.';


create or replace function release_stale_embedding_locks() returns integer
language sql volatile
as $$
    with stale as (
        select ctid from post_work
        where token is not null and lease_until < now()
        for update skip locked
    ),
    released as (
        update post_work w
        set token = null, lease_until = null, takeovers = least(w.takeovers + 1, 32000)
        from stale where w.ctid = stale.ctid
        returning w.post_id
    )
    select count(*)::integer from released
$$;
comment on function release_stale_embedding_locks is
    'Give back what workers of every stage held past their leases; live leases stay. How many.';
