-- Incidents: what a person should hear of, found in the tables; told once each, by 885_delivery.

create or replace function unsettled_publications() returns table (
    source text, id uuid, account_id uuid, status text, due_at timestamptz, changed_at timestamptz,
    worker text, hold_code text
)
language sql stable
as $$
    with scheduled as (
        select s.* from scheduled_posts s
        where s.status in ('pending', 'publishing', 'unconfirmed') and s.scheduled_at <= now()
        union all
        select s.* from scheduled_posts s where s.status = 'held'
        union all
        select s.* from scheduled_posts s
        where s.status in ('failed', 'missed') and s.updated_at > now() - interval '7 days'
    ),
    found as (
        select 'scheduled post' as source, s.id, 'scheduled' as kind, a.id as source_id,
            a.unipile_account_id as account_id, coalesce(a.status, s.status) as status,
            s.scheduled_at as due_at, s.updated_at as changed_at, 'publish_scheduled' as worker
        from scheduled s
        left join scheduled_post_accounts a on a.scheduled_post_id = s.id
        where coalesce(a.status, s.status) not in ('published', 'cancelled')
        union all
        select 'production post', d.id, 'production', d.id, null,
            case d.status when 'scheduled' then 'pending' else d.status::text end,
            d.publication_date, d.updated_at, 'publish_scheduled'
        from production_posts d
        where (
                d.status in ('scheduled', 'publishing', 'unconfirmed') and d.publication_date <= now()
                or d.status = 'held'
                or d.status in ('failed', 'missed') and d.updated_at > now() - interval '7 days'
            )
            -- such a post goes out, and fails, as the row that names it
            and not exists (select from scheduled_posts s where s.production_post_id = d.id)
        union all
        select 'company post', c.id, 'company', c.id, g.admin_unipile_account_id, c.status, t.due_at,
            t.due_at, 'publish_company_pages'
        from company_published_posts c
        left join company_pages g on g.id = c.company_page_id
        cross join lateral (select coalesce(c.scheduled_for, c.created_at) as due_at) as t
        where c.status in ('pending', 'publishing', 'unconfirmed') and t.due_at <= now()
            or c.status = 'held'
            or c.status in ('failed', 'missed') and t.due_at > now() - interval '7 days'
    )
    select f.source, f.id, f.account_id, f.status,
        case f.status
            when 'unconfirmed' then coalesce(p.doubt_at, p.intent_at, f.due_at)
            else greatest(f.due_at, p.revived_at, p.not_before)
        end,
        f.changed_at, f.worker, p.hold_code
    from found f
    left join publications p on p.kind = f.kind and p.source_id = f.source_id
$$;
comment on function unsettled_publications is
    'Posts, one row for each account they go to, that are due and not out, or held, or failed or '
    'missed within 7 days: where they stand, since when they are due (unconfirmed ones: in doubt), '
    'when they last changed as far as that is known, and which worker is to publish them. '
    'Example: select source, status from unsettled_publications()';


create or replace function overdue_work(p_late interval, p_most integer)
returns table (stage post_stage, worker text, is_enabled boolean, posts bigint, minutes float8)
language sql stable
set enable_seqscan = off -- statistics of a queue that fills and empties are never right
as $$
    with recursive workers (stage, worker) as (
        values ('hooks'::post_stage, 'worker_extract_hooks_v2'),
            ('embeddings', 'worker_generate_embeddings_v2'),
            ('hook_classifications', 'worker_classify_hooks_v2'),
            ('topic_classifications', 'worker_classify_topics_v2'),
            ('audience_classifications', 'worker_classify_audiences_v2')
    ),
    days (stage, day) as (
        -- a loose index scan: cost follows the number of days with work, not of posts
        select s.stage, (
            select w.day from post_work w where w.stage = s.stage order by w.day limit 1
        )
        from workers s
        union all
        select d.stage, (
            select w.day from post_work w
            where w.stage = d.stage and w.day > d.day
            order by w.day limit 1
        )
        from days d where d.day is not null
    )
    select s.stage, s.worker, is_worker_enabled(s.worker), late.posts, late.minutes::float8
    from workers s
    cross join lateral (
        select
            (
                select count(*)
                from (
                    select from days d
                    cross join lateral (
                        select from post_work w
                        where w.stage = d.stage and w.day = d.day
                            and w.due_at < now() - p_late
                            and (w.lease_until is null or w.lease_until < now())
                        limit p_most
                    ) as one
                    where d.stage = s.stage
                    limit p_most
                ) as counted
            ) as posts,
            (
                select extract(epoch from now() - min(first.due_at)) / 60
                from days d
                cross join lateral (
                    select w.due_at from post_work w
                    where w.stage = d.stage and w.day = d.day
                        and (w.lease_until is null or w.lease_until < now())
                    order by w.due_at limit 1
                ) as first
                where d.stage = s.stage
            ) as minutes
    ) as late
    where late.posts > 0
$$;
comment on function overdue_work is
    'Stages with free work on posts that was due for longer than p_late: how many posts, at most '
    'p_most, and the minutes of the oldest. Waits for retries and live claims do not count. '
    'Example: select stage, posts from overdue_work(interval ''15 minutes'', 1000)';


create or replace function open_incidents(p_publishing boolean default false) returns table (
    key text, kind text, title text, detail text, since timestamptz, subject uuid
)
language sql stable
as $$
    -- one for each post and account; words of the provider may quote a post and stay in the row
    select concat_ws(' ', u.source, u.id, u.account_id, u.status), u.status,
        case u.status
            when 'failed' then 'A post could not be published'
            when 'held' then 'A post is held'
            when 'missed' then 'A post missed its time'
            else 'Nobody knows whether a post went out, for over an hour'
        end,
        format(
            '%s %s%s. %s', initcap(left(u.source, 1)) || substr(u.source, 2), u.id,
            ', account ' || u.account_id,
            case
                when u.hold_code = 'account' then 'It goes out when its account is back in time.'
                when u.status in ('held', 'unconfirmed') then 'Decide: linkedin-pipeline publications'
                else 'Its error_message says why.'
            end
        ),
        case u.status when 'unconfirmed' then u.due_at else u.changed_at end, u.id
    from unsettled_publications() u
    where u.status in ('failed', 'held', 'missed')
        or u.status = 'unconfirmed' and u.due_at < now() - interval '1 hour'
    union all
    select 'account ' || a.id, 'account_disconnected', 'A LinkedIn account is disconnected',
        format('Account %s: %s. Connect it again at Unipile; its posts are held.', a.id, a.status),
        a.updated_at, a.id
    from unipile_accounts a
    where a.is_active and a.status in ('CREDENTIALS', 'DISCONNECTED', 'ERROR')
    union all
    -- until the provider answers or the budget has room; the webhook cannot tell of itself
    select format('provider %s %s', e.metadata ->> 'scope', e.error_code),
        case e.error_code when 'budget' then 'budget_reached' else 'provider_down' end,
        case e.error_code when 'budget' then 'The daily budget is used'
            else format('%s cannot be used (%s)', e.metadata ->> 'scope', e.error_code) end,
        e.error_message, e.created_at, e.id
    from ai_errors e
    where e.post_id is null and not e.is_resolved and e.metadata ? 'scope'
        and e.metadata ->> 'scope' <> 'webhook'
    union all
    -- one for each reason and day, or a bad import would be a thousand messages
    select format('given up %s %s %s %s', e.function_name, e.stage, e.error_code, d.day),
        case when e.post_id is null and e.profile_id is null then 'run_failed' else 'dead_letters'
        end,
        case when e.post_id is null and e.profile_id is null
            then format('Runs of %s failed', e.function_name)
            else format('Work was given up by %s', e.function_name)
        end,
        format(
            '%s times %s on %s. %s', count(*), e.error_code, d.day,
            case when e.post_id is null and e.profile_id is null
                -- its name alone: what it says may be about a person
                then 'The last: ' || (array_agg(
                    left(split_part(e.error_message, ':', 1), 80) order by e.created_at desc
                ))[1]
                else 'When its cause is mended: linkedin-pipeline requeue'
            end
        ),
        min(e.created_at), null
    from ai_errors e
    cross join lateral (select (e.created_at at time zone 'UTC')::date as day) as d
    where not e.is_resolved and e.created_at > now() - interval '7 days'
        and not (e.post_id is null and e.metadata ? 'scope')
    group by e.function_name, e.stage, e.error_code, d.day,
        e.post_id is null and e.profile_id is null
    union all
    -- over an hour after the last death: a worker that dies again and again is one incident
    select 'silent ' || l.worker_name, 'worker_silent', 'A worker died at work',
        format(
            '%s of %s stopped without a word. Its work is taken up again; read its run: was it '
            'killed, out of memory, or did the computer sleep?', count(*), l.worker_name
        ),
        min(coalesce(l.heartbeat_at, l.started_at)), null
    from (
        select r.worker_name, r.heartbeat_at, r.started_at from task_execution_logs_v2 r
        where r.status = 'running' and (
            r.heartbeat_at < now() - interval '2 minutes'
            or r.heartbeat_at is null and r.started_at < now() - interval '6 hours'
        )
        union all
        select c.worker_name, c.heartbeat_at, c.started_at
        from worker_feature_flags_v2 f
        join task_execution_logs_v2 c
            on c.worker_name = f.worker_name and c.started_at > now() - interval '2 days'
        where c.status = 'failed' and c.completed_at > now() - interval '1 hour'
            and c.error_message in (
                'its heart-beat stopped', 'nobody ended it for six hours'
            )
    ) as l
    group by l.worker_name
    union all
    select 'idle ' || w.worker, 'worker_silent', 'Work is due and nobody takes it',
        format(
            '%s waits for up to %s minutes. See that Dagster''s daemon runs and its sensors tick: '
            'linkedin-pipeline status', w.worker, round(max(w.minutes))
        ),
        now() - make_interval(mins => max(w.minutes)::integer), null
    from (
        select o.worker, o.minutes from overdue_work(interval '15 minutes', 1) o where o.is_enabled
        union all
        select u.worker, extract(epoch from now() - u.due_at) / 60
        from unsettled_publications() u
        where p_publishing and u.status in ('pending', 'publishing')
            and u.due_at < now() - interval '15 minutes' and is_worker_enabled(u.worker)
    ) as w
    group by w.worker
$$;
comment on function open_incidents is
    'What a person should hear of now: posts that failed, missed their time or are held, or are '
    'unconfirmed for over an hour; disconnected accounts; providers that cannot be '
    'used and a used budget; work given up and failed runs of the last 7 days, by reason and day; '
    'workers that died or whose due work nobody takes, posts to publish among it with p_publishing, '
    'which says that publishing is configured. Ids, counts and our own words only. '
    'Example: select kind, title from open_incidents()';
