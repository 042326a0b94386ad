-- What goes out when, for everybody who is signed in.

-- It lends its owner's rights, as readers may see neither drafts nor accounts.  So it shows what a
-- colleague may know: no e-mail address, no token, no id that a provider gave, no error message.
create or replace function get_publishing_calendar(
    from_time timestamptz, to_time timestamptz
) returns table (
    kind text, id uuid, goes_out_at timestamptz, timezone text, status text, author_id uuid,
    author_name text, company_page text, accounts jsonb, content text, post_url text,
    published_at timestamptz
)
language plpgsql stable security definer
as $$
begin
    if from_time is null or to_time is null or from_time > to_time then
        raise exception 'calendar from % to %: no span of time',
            coalesce(from_time::text, 'null'), coalesce(to_time::text, 'null') using
            errcode = 'LP049', hint = 'Give two instants, the earlier one first.';
    end if;
    return query
    select e.*
    from (
        select
            'scheduled_post', s.id, s.scheduled_at, s.timezone, s.status, s.author_id,
            p.full_name, null::text,
            coalesce((
                select jsonb_agg(
                    jsonb_build_object(
                        'account_id', a.unipile_account_id,
                        'owner', owner.full_name,
                        'status', a.status,
                        'content', coalesce(a.content_override, s.content)
                    ) order by owner.full_name, a.id
                )
                from scheduled_post_accounts a
                left join unipile_accounts u on u.id = a.unipile_account_id
                left join profiles owner on owner.id = u.profile_id
                where a.scheduled_post_id = s.id
            ), '[]'),
            s.content,
            (
                select o.post_url from published_posts o
                where o.scheduled_post_id = s.id and o.post_url is not null
                order by o.published_at, o.id
                limit 1
            ),
            s.published_at
        from scheduled_posts s
        left join profiles p on p.id = s.author_id
        where s.scheduled_at >= from_time and s.scheduled_at < to_time

        union all
        select
            'production_post', d.id, d.publication_date, coalesce(p.timezone, 'UTC'),
            d.status::text, d.author_id, p.full_name, null, '[]', coalesce(d.final_content, ''),
            o.post_url, o.published_at
        from production_posts d
        left join profiles p on p.id = d.author_id
        left join lateral (
            select w.post_url, w.published_at from published_posts w
            where w.production_post_id = d.id
            order by w.published_at, w.id
            limit 1
        ) as o on true
        where d.publication_date >= from_time and d.publication_date < to_time
            and d.status in (
                'scheduled', 'publishing', 'published', 'failed', 'missed', 'cancelled', 'held',
                'unconfirmed'
            )
            and not exists (select from scheduled_posts s where s.production_post_id = d.id)

        union all
        select
            'company_post', c.id, c.scheduled_for, 'UTC', c.status, o.profile_id, p.full_name,
            g.name, '[]', c.content, c.post_url, c.published_at
        from company_published_posts c
        left join company_pages g on g.id = c.company_page_id
        left join published_posts o on o.id = c.original_published_post_id
        left join profiles p on p.id = o.profile_id
        where c.scheduled_for >= from_time and c.scheduled_for < to_time
    ) as e (
        kind, id, goes_out_at, timezone, status, author_id, author_name, company_page, accounts,
        content, post_url, published_at
    )
    order by e.goes_out_at, e.kind, e.id;
end
$$;
comment on function get_publishing_calendar is
    'What goes or went out from from_time on and before to_time, earliest first. kind: '
    'scheduled_post; production_post (one that no scheduled post names, from status scheduled on); '
    'company_post. id: of the row of that kind. goes_out_at: the instant it is due; timezone: in '
    'which a person thinks of it. status: its state. author_id, author_name: whose text it is, for '
    'a company''s post the author of the original. company_page: the page''s name. accounts: for a '
    'scheduled post [{account_id, owner, status, content}], account_id being unipile_accounts.id. '
    'content, post_url, published_at: the text, and where and when it went out. The only function '
    'with its owner''s rights that a signed-in reader may call. Error: LP049 no span of time.
Example: select * from get_publishing_calendar(now(), now() + interval ''14 days'')';
