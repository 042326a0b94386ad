-- What is thrown away after a while, counted again, and summed up once a day.

create or replace function prune_ledgers(p_most integer default 10000)
returns table (ledger text, deleted integer)
language plpgsql volatile
as $$
begin
    -- never ai_usage_logs, whose sums are money, nor engagement_logs, which say who has engaged
    ledger := 'provider_calls';
    delete from provider_calls c where c.id in (
        select old.id from provider_calls old
        where old.created_at < now() - interval '90 days'
        limit p_most for update skip locked
    );
    get diagnostics deleted = row_count;
    return next;

    ledger := 'ai_answers';
    delete from ai_answers a where a.key in (
        select old.key from ai_answers old
        where old.created_at < now() - interval '7 days'
        limit p_most for update skip locked
    );
    get diagnostics deleted = row_count;
    return next;

    ledger := 'ai_errors';
    delete from ai_errors e where e.id in (
        select old.id from ai_errors old
        where old.is_resolved and old.created_at < now() - interval '1 year'
        limit p_most for update skip locked
    );
    get diagnostics deleted = row_count;
    return next;

    ledger := 'pipeline_requests';
    delete from pipeline_requests r where r.id in (
        select old.id from pipeline_requests old
        where old.status in ('completed', 'failed')
            and old.requested_at < now() - interval '90 days'
        limit p_most for update skip locked
    );
    get diagnostics deleted = row_count;
    return next;

    ledger := 'sync_jobs';
    delete from sync_jobs j where j.id in (
        select old.id from sync_jobs old
        where old.status in ('completed', 'failed')
            and coalesce(old.completed_at, old.created_at) < now() - interval '90 days'
        limit p_most for update skip locked
    );
    get diagnostics deleted = row_count;
    return next;

    ledger := 'search_recall_log';
    delete from search_recall_log l where l.id in (
        select old.id from search_recall_log old
        where old.measured_at < now() - interval '1 year'
        limit p_most for update skip locked
    );
    get diagnostics deleted = row_count;
    return next;
end
$$;
comment on function prune_ledgers is
    'Delete what nobody asks for any more, at most p_most rows of each table, and return how many: '
    'calls, ended requests and ended readings over 90 days, kept answers over a week, resolved '
    'errors and measurements over a year. What a session holds is left for the next time. '
    'Example: select ledger, deleted from prune_ledgers()';


create or replace function refresh_profile_stats(p_most integer default 1000) returns integer
language plpgsql volatile
as $$
declare
    wrong uuid[];
    refreshed integer;
begin
    select array_agg(differs.id) into wrong
    from (
        select p.id
        from profiles p
        left join (
            select b.author_id, count(*)::integer as posts, avg(b.engagement)::float8 as engagement
            from viral_posts_bank b
            where b.author_id is not null
            group by b.author_id
        ) as stats on stats.author_id = p.id
        where p.posts_count is distinct from coalesce(stats.posts, 0)
            or p.avg_engagement is distinct from stats.engagement
        limit p_most
    ) as differs;

    -- one that somebody holds, or has deleted meanwhile, is left for the next time
    perform update_profile_stats(held.id)
    from (
        select p.id from profiles p where p.id = any (wrong) for no key update skip locked
    ) as held;
    get diagnostics refreshed = row_count;
    return refreshed;
end
$$;
comment on function refresh_profile_stats is
    'Count anew the posts and engagement of profiles whose numbers are not those of the bank, at '
    'most p_most of them, and return how many. Reads the whole bank once. '
    'Example: select refresh_profile_stats()';


create or replace function open_troubles()
returns table (
    what text, error_code text, number bigint, new_today bigint, newest uuid[]
)
language sql stable
as $$
    select coalesce(e.stage::text, e.function_name), e.error_code, count(*),
        count(*) filter (where e.created_at >= now() - interval '1 day'),
        (array_agg(e.id order by e.created_at desc, e.id))[1:3]
    from ai_errors e
    where not e.is_resolved
    group by 1, 2
    order by 3 desc, 1, 2
    limit 50
$$;
comment on function open_troubles is
    'Dead letters and incidents that are not resolved, by stage (else by what met them) and reason: '
    'how many, how many in the last day, and the ids of the newest three in ai_errors. No text. '
    'Example: select what, error_code, number from open_troubles()';
