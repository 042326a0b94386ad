-- Until when a scheduled post can be moved or cancelled.

create or replace function lock_schedule(p_scheduled_post uuid) returns table (
    status text, committed text
)
language plpgsql volatile
as $$
begin
    -- The post, then its accounts: a publisher that takes them in this order skips the post while
    -- it is locked here, and is waited for otherwise.
    -- Before them what a deletion would have locked when it comes to them.
    perform from profiles f
    where f.id = (select s.author_id from scheduled_posts s where s.id = p_scheduled_post)
    for key share;
    perform from post_batches b
    where b.id = (
        select d.batch_id from scheduled_posts s
        join production_posts d on d.id = s.production_post_id
        where s.id = p_scheduled_post)
    for key share;
    perform from production_posts d
    where d.id = (select s.production_post_id from scheduled_posts s where s.id = p_scheduled_post)
    for key share;
    perform from scheduled_posts s where s.id = p_scheduled_post for no key update;
    if not found then
        raise exception 'scheduled post %: unknown', coalesce(p_scheduled_post::text, 'null') using
            errcode = 'LP048', hint = 'Give the id of a row of scheduled_posts.';
    end if;
    perform from scheduled_post_accounts a
    where a.scheduled_post_id = p_scheduled_post
    order by a.id
    for no key update;

    return query
    select s.status, (
        select min(word.status)
        from (
            select s.status
            union all
            select a.status from scheduled_post_accounts a where a.scheduled_post_id = s.id
        ) as word
        where word.status in ('publishing', 'published', 'held', 'unconfirmed')
    )
    from scheduled_posts s
    where s.id = p_scheduled_post;
end
$$;
comment on function lock_schedule is
    'Lock a scheduled post with its accounts; answers its status and the state that shows that a '
    'call was made or is being made: the intent is committed. Error: LP048 unknown.
Example: select l.* from scheduled_posts s, lock_schedule(s.id) as l';


create or replace function goes_out_otherwise(p_scheduled_post uuid) returns boolean
language plpgsql volatile
as $$
declare
    draft uuid;
begin
    -- schedule_post locks the draft, too, before it looks for rows that name it
    select p.id into draft
    from production_posts p
    where p.id = (select s.production_post_id from scheduled_posts s where s.id = p_scheduled_post)
    for no key update;
    return exists (
        select from scheduled_posts s
        where s.production_post_id = draft and s.id <> p_scheduled_post
            and s.status not in ('cancelled', 'failed', 'missed')
    );
end
$$;
comment on function goes_out_otherwise is
    'Whether the production post of a scheduled post has been scheduled again since, by another '
    'row. Locks the production post.
Example: select goes_out_otherwise(s.id) from scheduled_posts s';


create or replace function refusal_to_change(p_state text) returns text
language sql immutable parallel safe
return case p_state
    when 'published' then 'it went out already, to one account at least'
    when 'publishing' then 'it is going out now'
    when 'cancelled' then 'it was cancelled: schedule it anew'
    else 'it is ' || p_state || ': decide with "linkedin-pipeline publications resolve"'
end;
comment on function refusal_to_change is
    'Why a scheduled post in that state stays as it is.
Example: select refusal_to_change(''unconfirmed'')';


create or replace function cancel_scheduled_post(scheduled_post_id uuid) returns table (
    done boolean, reason text
)
language plpgsql volatile
as $$
declare
    found_in record;
begin
    select * into found_in from lock_schedule(scheduled_post_id);
    if found_in.committed is not null then
        return query select false, refusal_to_change(found_in.committed);
        return;
    end if;
    if found_in.status = 'cancelled' then
        return query select true, 'it was cancelled before'::text;
        return;
    end if;
    update scheduled_post_accounts a set status = 'cancelled'
    where a.scheduled_post_id = cancel_scheduled_post.scheduled_post_id
        and a.status <> 'cancelled';
    perform cancel_publications(scheduled_post_id);
    update scheduled_posts s set status = 'cancelled'
    where s.id = cancel_scheduled_post.scheduled_post_id;
    if not goes_out_otherwise(scheduled_post_id) then
        perform mirror_schedule(s.production_post_id, 'ready', null) from scheduled_posts s
        where s.id = cancel_scheduled_post.scheduled_post_id;
    end if;
    return query select true, null::text;
end
$$;
comment on function cancel_scheduled_post is
    'Keep a scheduled post from going out. done is false, with the reason, once the intent is '
    'committed: the post or one of its accounts is publishing, published, held or unconfirmed. '
    'Waits for a publisher that has just locked the post. Its production post is ready again. '
    'Cancelling twice is done twice. Error: LP048 unknown post.
Example: select c.* from scheduled_posts s, cancel_scheduled_post(s.id) as c';


create or replace function reschedule_post(
    scheduled_post_id uuid, scheduled_at timestamptz
) returns table (done boolean, reason text)
language plpgsql volatile
as $$
declare
    found_in record;
begin
    perform check_publishing_time(scheduled_at);
    select * into found_in from lock_schedule(scheduled_post_id);
    if found_in.committed is not null or found_in.status = 'cancelled' then
        return query
        select false, refusal_to_change(coalesce(found_in.committed, found_in.status));
        return;
    end if;
    if goes_out_otherwise(scheduled_post_id) then
        return query
        select false, 'its production post goes out by another scheduled post'::text;
        return;
    end if;
    update scheduled_post_accounts a set status = 'pending', error_message = null
    where a.scheduled_post_id = reschedule_post.scheduled_post_id
        and a.status in ('failed', 'missed');
    update scheduled_posts s
    set scheduled_at = reschedule_post.scheduled_at, status = 'pending', error_message = null
    where s.id = reschedule_post.scheduled_post_id;
    perform mirror_schedule(s.production_post_id, 'scheduled', s.scheduled_at)
    from scheduled_posts s
    where s.id = reschedule_post.scheduled_post_id;
    return query select true, null::text;
end
$$;
comment on function reschedule_post is
    'Move a scheduled post to another instant; one that failed or was missed is pending again. done '
    'is false, with the reason, when it was cancelled, when its production post goes out by another '
    'row, or when the intent is committed as for cancel_scheduled_post. Errors: LP043 no time or over for more than 5 minutes, LP048 unknown.
Example: select r.* from scheduled_posts s, reschedule_post(s.id, now() + interval ''1 day'') as r';
