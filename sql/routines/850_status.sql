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
