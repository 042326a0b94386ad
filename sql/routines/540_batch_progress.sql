-- The progress of batches of production posts.

create or replace function batch_counts(p_batches uuid[]) returns table (
    batch_id uuid, total integer, completed integer, status text
)
language sql stable
as $$
    select
        c.id, c.total, c.written,
        case
            when c.total > 0 and c.written = c.total then 'completed'
            when c.begun then 'in_progress'
            else 'pending'
        end
    from (
        select
            wanted.id,
            count(p.id)::integer as total,
            -- Written: ready, validated, and every state that comes after writing.  A post that
            -- failed to go out, was missed, held or cancelled leaves nothing to write either.
            count(*) filter (where p.status in (
                'ready', 'validated', 'scheduled', 'publishing', 'published', 'failed', 'missed',
                'cancelled', 'held', 'unconfirmed'
            ))::integer as written,
            coalesce(bool_or(p.status not in ('draft_input', 'pending')), false) as begun
        from unnest(p_batches) as wanted (id)
        left join production_posts p on p.batch_id = wanted.id
        group by wanted.id
    ) as c
$$;
comment on function batch_counts is
    'The numbers that batches should have. completed counts posts in ready validated scheduled '
    'publishing published failed missed cancelled held unconfirmed; a batch is in_progress once a '
    'post has left draft_input and pending, and completed when all posts count.
Example: select * from batch_counts(array(select id from post_batches))';


create or replace function recount_batches(p_batches uuid[]) returns void
language plpgsql volatile
as $$
begin
    -- Two that count at once would both miss the other's post.  So they take turns, and in the
    -- order of ids, as two that touch the same two batches would wait for each other otherwise.
    perform from post_batches b where b.id = any (p_batches) order by b.id for no key update;
    -- a statement of its own: its snapshot has what was committed while the locks were waited for
    update post_batches b
    set total_posts = c.total,
        completed_posts = c.completed,
        status = c.status,
        completed_at = case
            when c.status = 'completed' then coalesce(b.completed_at, clock_timestamp())
        end
    from batch_counts(p_batches) as c
    where b.id = c.batch_id and (
        (b.total_posts, b.completed_posts, b.status)
            is distinct from (c.total, c.completed, c.status)
        or (b.completed_at is not null) <> (c.status = 'completed')
    );
end
$$;
comment on function recount_batches is
    'Bring the numbers of batches up to date under their locks; unknown ones are passed over.
Example: select recount_batches(array(select id from post_batches))';


create or replace function update_batch_progress(batch_id uuid) returns void
language plpgsql volatile
as $$
begin
    if not exists (select from post_batches b where b.id = update_batch_progress.batch_id) then
        raise exception 'batch %: unknown', batch_id using
            errcode = 'LP030', hint = 'Give the id of a row of post_batches.';
    end if;
    perform recount_batches(array[batch_id]);
end
$$;
comment on function update_batch_progress is
    'Count the batch''s posts anew: total_posts, completed_posts, status, completed_at (set once, '
    'null while posts are missing). An update of a post does it by itself; call it after inserting '
    'or deleting posts. Error: LP030 unknown batch.
Example: select update_batch_progress(b.id) from post_batches b';


-- Once for each statement: an update of 10,000 posts counts their batch once, not 10,000 times.
create or replace function trigger_update_batch_progress() returns trigger
language plpgsql
as $$
declare
    touched uuid[];
begin
    select array_agg(distinct both_ends.batch_id) into touched
    from old_posts o
    full join new_posts n on n.id = o.id
    cross join lateral (values (o.batch_id), (n.batch_id)) as both_ends (batch_id)
    where both_ends.batch_id is not null
        and (o.status, o.batch_id) is distinct from (n.status, n.batch_id);
    -- An edit of other columns takes no lock, unless posts came or went since the last count.
    touched := touched || array(
        select b.id
        from batch_counts(array(
            select distinct n.batch_id from new_posts n
            where n.batch_id is not null and n.batch_id <> all (coalesce(touched, '{}'))
        )) as c
        join post_batches b on b.id = c.batch_id
        where (b.total_posts, b.completed_posts, b.status)
            is distinct from (c.total, c.completed, c.status)
    );
    if cardinality(touched) > 0 then
        perform recount_batches(touched);
    end if;
    return null;
end
$$;
comment on function trigger_update_batch_progress is
    'Keep the progress of the batches whose posts a statement updated, of both when a post moves. '
    'A transaction of several statements should touch batches in the order of their ids.';
