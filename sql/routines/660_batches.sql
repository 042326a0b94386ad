-- Batches: questions that wait for an answer of tomorrow, and the posts that wait with them.
-- Locks as in 300_queue.sql: wide row, then work row, and nothing here waits for either.

create or replace function open_batch(
    p_batch uuid, p_provider text, p_model text, p_purpose text, p_stage post_stage, p_call uuid,
    p_line_sizes integer[], p_wait interval, p_lease interval, p_posts uuid[],
    p_stages post_stage[], p_tokens bigint[], p_lines integer[], p_places integer[], p_keys bytea[]
) returns uuid
language plpgsql volatile
as $$
declare
    until timestamptz := clock_timestamp() + p_wait;
    opened uuid := gen_random_uuid();
    free uuid[];
    mine uuid[];
begin
    if array[cardinality(p_stages), cardinality(p_tokens), cardinality(p_lines),
            cardinality(p_places), cardinality(p_keys)]
        <> array_fill(cardinality(p_posts), array[5])
    then
        raise exception 'batch of % questions: its arrays differ in length', cardinality(p_posts)
            using errcode = 'LP090',
            hint = 'Give each question its post, stage, token or null, line, place and key.';
    end if;
    delete from ai_batches b where b.ended_at < now() - interval '30 days';
    delete from ai_batch_items i
    where i.ctid = any (array(
        select o.ctid from ai_batch_items o
        join ai_batches b on b.id = o.batch_id
        where o.answered and b.ended_at < now() - interval '1 day'
        for update of o skip locked
    ));
    select array_agg(locked.id) into free
    from (
        select b.id from viral_posts_bank b
        where b.id = any (p_posts)
        order by b.id
        for key share skip locked
    ) as locked;

    -- The claims that still stand, and what nobody holds of the other stages that a line asks about.
    with wanted as (
        select w.ctid, q.token
        from unnest(p_posts, p_stages, p_tokens) as q (post_id, stage, token)
        join post_work w on w.post_id = q.post_id and w.stage = q.stage
        where q.post_id = any (free) and (w.token = q.token or q.token is null
            and w.due_at <= now() and (w.lease_until is null or w.lease_until < now()))
        for update of w skip locked
    ),
    waiting as (
        update post_work w
        set due_at = until, token = null, lease_until = null,
            attempts = greatest(w.attempts - (wanted.token is not null)::integer, 0)
        from wanted where w.ctid = wanted.ctid
        returning w.post_id, wanted.token
    )
    select array_agg(waiting.post_id) into mine from waiting where waiting.token is not null;
    if mine is null then
        return null;
    end if;

    insert into ai_batches (
        id, provider, model, purpose, stage, call_id, line_sizes, waits_until, holder, held_until
    )
    values (
        p_batch, p_provider, p_model, p_purpose, p_stage, p_call, p_line_sizes, until, opened,
        clock_timestamp() + p_lease
    );
    insert into ai_batch_items (batch_id, line, post_id, stage, place, key)
    select p_batch, q.line, q.post_id, q.stage, q.place, q.key
    from unnest(p_posts, p_stages, p_lines, p_places, p_keys) as q (post_id, stage, line, place, key)
    where q.post_id = any (mine);
    update ai_batches b
    set questions = (select count(*) from ai_batch_items i where i.batch_id = p_batch)
    where b.id = p_batch;
    return opened;
end
$$;
comment on function open_batch is
    'Write down the intent of a batch (and clear what old ones left): claimed posts (a question''s token) and the other stages of '
    'theirs that a line asks about (token null) wait for it from now on. Returns what holds the '
    'batch for p_lease, or null when no claim stands any more. Error: LP090.';


create or replace function take_batch(p_done uuid[], p_lease interval) returns setof ai_batches
language sql volatile
as $$
    update ai_batches b
    set holder = gen_random_uuid(), held_until = clock_timestamp() + p_lease
    where b.id = (
        select o.id from ai_batches o
        where o.state not in ('ended', 'failed') and o.id <> all (p_done)
            and (o.held_until is null or o.held_until < clock_timestamp())
            and not exists (
                select from provider_pauses p
                where p.scope in (o.provider, o.provider || ':' || o.model)
                    and p.until > clock_timestamp()
            )
        order by o.polled_at nulls first, o.created_at
        limit 1
        for update skip locked
    )
    returning b.*
$$;
comment on function take_batch is
    'Take the open batch that nobody has looked at for longest, is in no other hands, not in '
    'p_done, and whose provider may be called.';


create or replace function advance_batch(
    p_batch uuid, p_holder uuid, p_lease interval, p_state text, p_file text, p_provider_batch text
) returns boolean
language sql volatile
as $$
    with advanced as (
        update ai_batches b
        set held_until = clock_timestamp() + p_lease,
            state = coalesce(p_state, b.state),
            input_file_id = coalesce(p_file, b.input_file_id),
            provider_batch_id = coalesce(p_provider_batch, b.provider_batch_id),
            submitted_at = case p_state when 'submitted' then clock_timestamp()
                else b.submitted_at end
        where b.id = p_batch and b.holder = p_holder
        returning b.id
    )
    select exists (select from advanced)
$$;
comment on function advance_batch is
    'Record how far a batch came (null: as before) and hold it on; false when somebody else has it.';


create or replace function move_waiting(p_batch uuid, p_from timestamptz, p_to timestamptz)
returns integer
language plpgsql volatile
as $$
declare
    part integer;
    moved integer := 0;
begin
    -- as in retry_claims: a heart-beat or an editor may have a row for a moment
    for try in 1..20 loop
        with waiting as (
            select w.ctid
            from ai_batch_items i
            join post_work w on w.post_id = i.post_id and w.stage = i.stage
            where i.batch_id = p_batch and w.due_at = p_from and w.token is null
            for update of w skip locked
        )
        update post_work w set due_at = p_to from waiting where w.ctid = waiting.ctid;
        get diagnostics part = row_count;
        moved := moved + part;
        exit when not exists (
            select from ai_batch_items i
            join post_work w on w.post_id = i.post_id and w.stage = i.stage
            where i.batch_id = p_batch and w.due_at = p_from and w.token is null
        );
        perform pg_sleep(0.05);
    end loop;
    return moved;
end
$$;
comment on function move_waiting is
    'Make the work that waits for a batch until p_from due at p_to instead; how much. Work whose '
    'input changed meanwhile is due already and stays as it is.';


create or replace function let_batch_go(p_batch uuid, p_holder uuid, p_extend boolean) returns void
language plpgsql volatile
as $$
declare
    batch ai_batches;
    until timestamptz := clock_timestamp() + interval '4 hours';
begin
    update ai_batches b set holder = null, held_until = null, polled_at = clock_timestamp()
    where b.id = p_batch and b.holder = p_holder
    returning * into batch;
    if p_extend and batch.waits_until < clock_timestamp() + interval '2 hours' then
        perform move_waiting(p_batch, batch.waits_until, until);
        update ai_batches b set waits_until = until where b.id = p_batch;
    end if;
end
$$;
comment on function let_batch_go is
    'Leave a batch open until the next look; with p_extend its posts wait on if they are due soon.';


create or replace function close_batch(
    p_batch uuid, p_holder uuid, p_state text, p_error text, p_answered integer,
    p_discarded integer, p_forget boolean, p_delay interval
) returns boolean
language plpgsql volatile
as $$
declare
    batch ai_batches;
begin
    update ai_batches b
    set state = p_state, error = p_error, answered = p_answered, discarded = p_discarded,
        ended_at = clock_timestamp(), polled_at = clock_timestamp(), holder = null,
        held_until = null
    where b.id = p_batch and b.holder = p_holder
    returning * into batch;
    if not found then
        return false;
    end if;
    perform move_waiting(p_batch, batch.waits_until, clock_timestamp() + p_delay);
    -- skip locked: the deletion of a post may have some, which takes them along
    update ai_batch_items i set answered = true
    where i.ctid = any (array(
        select d.ctid from ai_batch_items d
        where d.batch_id = p_batch and exists (select from ai_answers a where a.key = d.key)
        for update skip locked
    ));
    delete from ai_batch_items i
    where p_forget and i.ctid = any (array(
        select d.ctid from ai_batch_items d where d.batch_id = p_batch for update skip locked
    ));
    return true;
end
$$;
comment on function close_batch is
    'End a batch and make what waited for it due after p_delay. With p_forget its questions may be '
    'asked by another; else those without an answer may not. False when somebody else has it.';


create or replace function claim_answered(p_stage post_stage, p_max integer, p_lease interval)
returns table (
    post_id uuid, content text, hook text, claim_token bigint, day date, attempts integer,
    takeovers integer
)
language plpgsql volatile
as $$
declare
    taken uuid[];
begin
    with picked as (
        select w.ctid
        from ai_batch_items i
        join ai_answers a on a.key = i.key
        join post_work w on w.post_id = i.post_id and w.stage = i.stage
        where i.stage = p_stage and i.answered and w.due_at <= now()
            and (w.lease_until is null or w.lease_until < now())
        limit p_max
        for update of w skip locked
    ),
    claimed as (
        update post_work w
        set lease_until = clock_timestamp() + p_lease,
            token = nextval('post_work_token'),
            attempts = least(w.attempts + 1, 32000),
            takeovers = least(w.takeovers + (w.token is not null)::integer, 32000)
        from picked where w.ctid = picked.ctid
        returning w.post_id
    )
    select array_agg(claimed.post_id) into taken from claimed;
    -- a statement of its own, as in claim_work
    return query
    select b.id, b.content, b.hook, w.token, w.day, w.attempts::integer, w.takeovers::integer
    from unnest(taken) as t (id)
    join post_work w on w.post_id = t.id and w.stage = p_stage
    join viral_posts_bank b on b.id = t.id;
end
$$;
comment on function claim_answered is
    'Like claim_work, of posts alone that a batch has answered: nothing is left to be paid.';
