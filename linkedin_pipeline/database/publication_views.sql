-- name: publishing_plan
select t.kind, t.source_id, t.due_at, t.text, t.mentions, t.external_link, t.attachments,
    t.account_id, u.unipile_account_id as account, f.full_name as account_of,
    g.name as company_page, t.as_organization, o.code, o.reason
from due_targets() t
left join lateral intent_obstacle(t.kind, t.source_id, %(grace)s, %(spacing)s) o on true
left join unipile_accounts u on u.id = t.account_id
left join profiles f on f.id = u.profile_id
left join company_published_posts c on t.kind = 'company' and c.id = t.source_id
left join company_pages g on g.id = c.company_page_id
order by t.due_at, t.source_id
limit %(most)s

-- name: publishing_work
with due as (
    select t.kind from due_targets() t
    union all
    select 'scheduled' from scheduled_posts s
    where s.status = 'pending' and s.scheduled_at <= now() and not exists (
        select from scheduled_post_accounts a where a.scheduled_post_id = s.id
    )
), switched as (
    select is_worker_enabled(
        case d.kind when 'company' then 'publish_company_pages' else 'publish_scheduled' end
    ) as is_on, count(*) as posts
    from due d
    group by 1
)
select
    coalesce((select s.posts from switched s where s.is_on), 0),
    coalesce((select s.posts from switched s where not s.is_on), 0),
    (select count(*) from publications p where p.state in ('publishing', 'unconfirmed')),
    (select count(*) from publications p where p.state = 'held' and p.hold_code = 'account'),
    (
        select count(*) from publications p
        where p.state in ('published', 'held') and p.next_check_at <= now()
    ),
    (
        select extract(epoch from clock_timestamp() - max(l.heartbeat_at))::float8
        from task_execution_logs_v2 l
        where l.worker_name in ('publish_scheduled', 'publish_company_pages')
            and l.status = 'running' and l.heartbeat_at > now() - interval '2 minutes'
    ),
    (
        select p.reason from provider_pauses p
        where p.scope = 'unipile' and p.until > clock_timestamp()
    ),
    is_worker_enabled('publish_scheduled') or is_worker_enabled('publish_company_pages')

-- name: publications_by_state
select state, count(*) from publications
where state in ('publishing', 'held', 'unconfirmed')
group by state order by state

-- name: open_publications
select p.id, p.kind, p.state, p.reason, p.due_at, p.first_intent_at, p.attempts, p.hold_code,
    p.account, p.as_organization, f.full_name as author, p.text,
    (select max(e.at) from publication_events e where e.publication_id = p.id) as since
from publications p
left join profiles f on f.id = p.profile_id
where p.state in ('held', 'unconfirmed') or %(all)s and p.state in ('failed', 'missed')
order by array_position(array['unconfirmed', 'held', 'failed', 'missed'], p.state), p.due_at, p.id
limit %(most)s

-- name: resolve_publication
select done, reason from resolve_publication(%s, %s)

-- name: upcoming_posts
select kind, id, goes_out_at, timezone, status, author_name, company_page, accounts, content
from get_publishing_calendar(
    now() - interval '7 days', now() + make_interval(days => %(days)s)
)
where goes_out_at >= now()
    or status in ('pending', 'scheduled', 'publishing', 'held', 'unconfirmed')

-- name: linkedin_accounts
select u.id, u.unipile_account_id, u.status, u.is_active, f.full_name as profile,
    u.public_identifier, u.checked_at,
    case when u.paused_until > now() then u.paused_until end as paused_until,
    case when u.paused_until > now() then u.pause_reason end as pause_reason
from unipile_accounts u
left join profiles f on f.id = u.profile_id
where u.provider = 'LINKEDIN'
order by u.status = 'OK', f.full_name, u.unipile_account_id, u.id
