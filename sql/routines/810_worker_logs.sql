-- The log of workers that are called by SQL alone; the pipeline's own drains write theirs directly.

create or replace function log_worker_start(worker_name text) returns uuid
language plpgsql volatile
as $$
declare
    known text;
    log_id uuid;
begin
    select f.worker_name into known
    from worker_feature_flags_v2 f
    where replace(f.worker_name, '-', '_') = replace(log_worker_start.worker_name, '-', '_');
    if not found then
        raise exception 'worker %: unknown', coalesce(log_worker_start.worker_name, 'null')
            using errcode = 'LP055',
            hint = 'Known: ' || (
                select string_agg(f.worker_name, ', ' order by f.worker_name)
                from worker_feature_flags_v2 f
            ) || '.';
    end if;
    insert into task_execution_logs_v2 (worker_name, started_at, heartbeat_at)
    values (known, clock_timestamp(), null)
    returning id into log_id;
    return log_id;
end
$$;
comment on function log_worker_start is
    'Open a log of a worker, - and _ alike, and return its id for log_worker_end. Whoever does not '
    'end it within six hours is taken for dead; whoever sets heartbeat_at now and then, after two '
    'minutes without a beat. Errors: LP055 unknown worker. '
    'Example: select log_worker_start(''worker-extract-hooks-v2'')';


create or replace function log_worker_end(
    log_id uuid, status text, items_processed integer default 0, items_found integer default null,
    items_failed integer default 0, results jsonb default '{}', error_message text default null
) returns void
language plpgsql volatile
as $$
declare
    wrong text;
begin
    if log_worker_end.status is null or log_worker_end.status not in ('completed', 'failed') then
        raise exception 'status: %', coalesce(quote_literal(log_worker_end.status), 'null')
            using errcode = 'LP057', hint = 'Write ''completed'' or ''failed''.';
    end if;
    select format('%s: %s', n.name, coalesce(n.number::text, 'null')) into wrong
    from (values
        ('items_processed', log_worker_end.items_processed),
        ('items_found', coalesce(log_worker_end.items_found, 0)),
        ('items_failed', log_worker_end.items_failed)
    ) as n (name, number)
    where coalesce(n.number, -1) < 0;
    if found then
        raise exception '%', wrong
            using errcode = 'LP058', hint = 'Count items from 0; items_found may be left out.';
    end if;

    update task_execution_logs_v2 l
    set status = log_worker_end.status,
        completed_at = clock_timestamp(),
        duration_ms = greatest(extract(epoch from clock_timestamp() - l.started_at) * 1000, 0),
        items_found = coalesce(
            log_worker_end.items_found,
            log_worker_end.items_processed + log_worker_end.items_failed
        ),
        items_processed = log_worker_end.items_processed,
        items_failed = log_worker_end.items_failed,
        results = coalesce(log_worker_end.results, '{}'),
        error_message = log_worker_end.error_message
    where l.id = log_worker_end.log_id
        -- who was only taken for dead still tells the truth
        and (l.status = 'running' or l.error_message in (
            'its heart-beat stopped', 'nobody ended it for six hours'
        ));
    if found then
        return;
    end if;
    perform from task_execution_logs_v2 l where l.id = log_worker_end.log_id;
    if not found then
        raise exception 'log %: unknown', coalesce(log_worker_end.log_id::text, 'null')
            using errcode = 'LP056', hint = 'Give the id that log_worker_start returned.';
    end if;
    raise notice 'log %: it has ended already, what it says stays', log_worker_end.log_id;
end
$$;
comment on function log_worker_end is
    'End a log as completed or failed, with its counts, its duration and results of any shape. '
    'items_found is what was processed and failed together unless it is given. A log that has '
    'ended keeps what its first end said, with a notice; one that was only taken for dead may '
    'still be ended. Errors: LP056 unknown log, LP057 status, LP058 negative count. '
    'Example: select log_worker_end(log_worker_start(''sync_profiles''), ''completed'', 12)';


create or replace function cleanup_old_worker_logs_v2() returns integer
language sql volatile
as $$
    with old as (
        delete from task_execution_logs_v2 l
        where l.status <> 'running'
            and coalesce(l.completed_at, l.started_at) < now() - interval '30 days'
        returning l.id
    )
    select count(*)::integer from old
$$;
comment on function cleanup_old_worker_logs_v2 is
    'Delete logs that ended more than 30 days ago and return how many; running ones stay, however '
    'old. Example: select cleanup_old_worker_logs_v2()';
