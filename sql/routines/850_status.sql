-- What sensors and people ask about the state of the work.

create or replace function due_work(p_first date, p_last date)
returns table (stage post_stage, first_day date, last_day date)
language sql stable
set enable_seqscan = off
as $$
    -- Two loose index scans a stage, from both ends; each stops at its first due day.  A scalar
    -- subquery, not "exists", asks for due work: the planner may turn an "exists" into a join and
    -- lose the order of the days.
    select s.stage, oldest.day, newest.day
    from unnest(enum_range(null::post_stage)) as s (stage)
    cross join lateral (
        with recursive days (day) as (
            (
                select w.day from post_work w
                where w.stage = s.stage and w.day <= p_last
                order by w.day desc limit 1
            )
            union all
            select (
                select w.day from post_work w
                where w.stage = s.stage and w.day < days.day
                order by w.day desc limit 1
            )
            from days where days.day >= p_first
        )
        select days.day from days
        where days.day >= p_first and (
            select true from post_work w
            where w.stage = s.stage and w.day = days.day and w.due_at <= now()
                and (w.lease_until is null or w.lease_until < now())
            limit 1
        )
        limit 1
    ) as newest
    cross join lateral (
        with recursive days (day) as (
            (
                select w.day from post_work w
                where w.stage = s.stage and w.day >= p_first
                order by w.day limit 1
            )
            union all
            select (
                select w.day from post_work w
                where w.stage = s.stage and w.day > days.day
                order by w.day limit 1
            )
            from days where days.day < newest.day
        )
        select days.day from days
        where (
            select true from post_work w
            where w.stage = s.stage and w.day = days.day and w.due_at <= now()
                and (w.lease_until is null or w.lease_until < now())
            limit 1
        )
        limit 1
    ) as oldest
$$;
comment on function due_work is
    'Stages with work that is due and unclaimed on posts of the given days, with the first and '
    'last such day. Cost follows the number of days, not of posts.';


create or replace function get_processing_status() returns table (
    total_posts bigint, pending_hooks bigint, pending_embeddings bigint,
    pending_hook_classifications bigint, pending_topics bigint, pending_audiences bigint,
    oldest_pending_at timestamptz, dead_letters bigint, profiles_in_progress bigint,
    profiles_completed bigint
)
language sql stable
as $$
    select
        (select count(*) from viral_posts_bank),
        work.hooks, work.embeddings, work.hook_types, work.topics, work.audiences,
        -- a bounded look at the first day with work: all of a day would be read for seconds
        (
            select min(b.created_at)
            from unnest(enum_range(null::post_stage)) as s (stage)
            cross join lateral (
                select w.post_id from post_work w
                where w.stage = s.stage and w.day = work.first_day
                order by w.due_at limit 1000
            ) as first
            join viral_posts_bank b on b.id = first.post_id
        ),
        (select count(*) from ai_errors e where e.post_id is not null and not e.is_resolved),
        profile.in_progress, profile.completed
    from (
        select
            count(*) filter (where w.stage = 'hooks') as hooks,
            count(*) filter (where w.stage = 'embeddings') as embeddings,
            count(*) filter (where w.stage = 'hook_classifications') as hook_types,
            count(*) filter (where w.stage = 'topic_classifications') as topics,
            count(*) filter (where w.stage = 'audience_classifications') as audiences,
            min(w.day) as first_day
        from post_work w
    ) as work
    cross join (
        select
            count(*) filter (where p.sync_status in ('scraping', 'analyzing')) as in_progress,
            count(*) filter (where p.sync_status = 'completed') as completed
        from profiles p
    ) as profile
$$;
comment on function get_processing_status is
    'One row: posts in the bank, posts that wait for each stage or are worked on (hook '
    'classification once there is a hook), when the oldest of them was created (of its day the 1,000 '
    'posts that each stage has due first are looked at), dead letters, and profiles that are being '
    'scraped or analysed, and completed. '
    'Example: select total_posts, pending_embeddings from get_processing_status()';
