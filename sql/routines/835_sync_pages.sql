-- Posts of a profile's feed on their way into the bank: which post of the bank an item is, what
-- about it has changed.  A post that has not changed is not written at all.

create or replace function linkedin_number(p_address text) returns text
language sql immutable parallel safe
return coalesce(
    substring(p_address from '(?:activity|share|ugcPost)(?::|%3A|-)([0-9]{5,25})(?![0-9])'),
    substring(btrim(p_address) from '^[0-9]{5,25}$')
);
comment on function linkedin_number is
    'The number of a post in an address, a URN, or alone; null when there is none. Share and activity '
    'are numbered differently. Example: select linkedin_number(''urn:li:activity:7368649927968571392'')';


create or replace function published_post_of(
    p_profile uuid, p_numbers text[], p_url text, p_text text, p_posted_at timestamptz
) returns uuid
language sql stable
as $$
    select p.id
    from published_posts p
    cross join lateral (
        select linkedin_number(p.external_post_id) = any (p_numbers)
            or linkedin_number(p.post_url) = any (p_numbers)
            or p.post_url = p_url as sure
    ) as by_address
    where p.profile_id = p_profile
        -- each publication is one post
        and not exists (select from viral_posts_bank b where b.published_post_id = p.id)
        and (
            by_address.sure
            -- the feed may know the day only
            or p.published_at between p_posted_at - interval '1 day' and p_posted_at + interval '2 days'
                and btrim(regexp_replace(p.content, '\s+', ' ', 'g'))
                    = btrim(regexp_replace(p_text, '\s+', ' ', 'g'))
        )
    order by coalesce(by_address.sure, false) desc, abs(extract(epoch from p.published_at - p_posted_at)),
        p.id
    limit 1
$$;
comment on function published_post_of is
    'The publication of ours that an item of the profile''s feed is: by number or address, else by '
    'text and day; white space does not count. Null when it is none, or belongs to a post already.';


create or replace function bank_post_of(
    p_profile uuid, p_id text, p_url text, p_numbers text[], p_text text
) returns uuid
language sql stable
as $$
    select coalesce(
        (select b.id from viral_posts_bank b where b.linkedin_post_id = p_id),
        (select b.id from viral_posts_bank b where b.post_url = p_url),
        -- one that came without LinkedIn's id: by another form of its address, else by its text
        (
            select b.id from viral_posts_bank b
            where b.author_id = p_profile and b.linkedin_post_id is null and (
                linkedin_number(b.post_url) = any (p_numbers)
                or b.post_url is null and b.content_hash = md5(p_text)
            )
            order by b.post_url is null, b.id
            limit 1
        )
    )
$$;
comment on function bank_post_of is
    'The post of the bank that an item of the profile''s feed is; null when it is a new one.';


create or replace function store_sync_page(
    p_profile uuid, p_token bigint, p_job uuid, p_page integer, p_posts jsonb, p_next text,
    p_reshares integer, p_others integer, p_duplicates integer, p_unusable integer
) returns table (held boolean, added integer, edited integer, refreshed integer)
language plpgsql volatile
as $$
declare
    stored integer;
    item record;
    known record;
    has_published boolean;
    publication uuid;
    newest timestamptz;
begin
    added := 0; edited := 0; refreshed := 0;
    -- the profile first, as everywhere; an erasure waits, or has come first
    perform from profiles p where p.id = p_profile for key share;
    perform from profile_sync_status s
    where s.profile_id = p_profile and s.claim_token = p_token for no key update;
    held := found;
    select j.pages into stored from sync_jobs j where j.id = p_job for no key update;
    if not held or stored is distinct from p_page then
        -- a page that is stored already was committed, and the answer lost
        held := held and coalesce(stored > p_page, false);
        return next;
        return;
    end if;
    has_published := exists (select from published_posts p where p.profile_id = p_profile);

    for item in
        select r.*, bank_post_of(p_profile, r.id, r.url, r.numbers, r.text) as met
        from jsonb_to_recordset(p_posts) as r (
            id text, numbers text[], url text, text text, posted_at timestamptz, metrics jsonb
        )
        order by met, r.id -- in the order of ids, which is the order of others that lock many posts
    loop
        publication := case when has_published then published_post_of(
            p_profile, item.numbers, item.url, item.text, item.posted_at) end;
        newest := greatest(newest, least(item.posted_at, now()));
        -- of two items with the text of one post without an id the first one is it
        select b.id, b.content into known from viral_posts_bank b
        where b.id = item.met and (
            b.linkedin_post_id is null or b.linkedin_post_id = item.id or b.post_url = item.url
        );
        if known.id is null then
            insert into viral_posts_bank as b (
                author_id, content, metrics, post_url, original_post_date, scraped_at,
                linkedin_post_id, published_post_id
            )
            values (
                p_profile, item.text, item.metrics, item.url, item.posted_at, clock_timestamp(),
                item.id, publication
            )
            on conflict do nothing; -- somebody brought it this moment
            added := added + found::integer;
            continue;
        end if;
        update viral_posts_bank b
        set content = item.text,
            metrics = b.metrics || item.metrics,
            author_id = coalesce(b.author_id, p_profile),
            linkedin_post_id = coalesce(b.linkedin_post_id, item.id),
            post_url = coalesce(b.post_url, (
                select item.url
                where not exists (select from viral_posts_bank o where o.post_url = item.url)
            )),
            original_post_date = coalesce(b.original_post_date, item.posted_at),
            published_post_id = coalesce(b.published_post_id, publication),
            scraped_at = clock_timestamp()
        where b.id = known.id and (
            b.content <> item.text
            or not b.metrics @> item.metrics
            or b.author_id is null
            or b.linkedin_post_id is null
            or b.original_post_date is null and item.posted_at is not null
            or b.published_post_id is null and publication is not null
        );
        if found and known.content <> item.text then
            edited := edited + 1;
        elsif found then
            refreshed := refreshed + 1;
        end if;
    end loop;

    update profile_sync_status s
    set next_cursor = p_next,
        cursor_at = case when p_next is not null then clock_timestamp() end,
        heartbeat_at = clock_timestamp(),
        last_post_date = greatest(s.last_post_date, newest),
        total_posts_scraped = s.total_posts_scraped + added
    where s.profile_id = p_profile;
    update sync_jobs j
    set pages = j.pages + 1,
        posts_found = j.posts_found + jsonb_array_length(p_posts)
            + p_reshares + p_others + p_duplicates + p_unusable,
        posts_added = j.posts_added + added,
        posts_edited = j.posts_edited + edited,
        posts_refreshed = j.posts_refreshed + refreshed,
        posts_unchanged = j.posts_unchanged
            + jsonb_array_length(p_posts) - added - edited - refreshed,
        reshares = j.reshares + p_reshares,
        others_posts = j.others_posts + p_others,
        duplicates = j.duplicates + p_duplicates,
        unusable = j.unusable + p_unusable
    where j.id = p_job;
    return next;
end
$$;
comment on function store_sync_page is
    'Write the posts of one page of a claimed profile''s feed, each once: new ones are added, known '
    'ones get what has changed, others are not touched; then where to go on. p_page is how many '
    'pages the reading has stored before; a page that comes twice counts once. Nothing is written '
    'when held is false: the claim was stale.';


create or replace function restart_sync(p_profile uuid, p_token bigint, p_job uuid) returns uuid
language plpgsql volatile
as $$
declare
    job uuid;
begin
    update profile_sync_status s set next_cursor = null, cursor_at = null
    where s.profile_id = p_profile and s.claim_token = p_token;
    if not found then
        return null;
    end if;
    update sync_jobs j
    set status = 'failed', completed_at = clock_timestamp(), error_message = 'Its cursor had died.'
    where j.id = p_job;
    insert into sync_jobs (profile_id, status, started_at, dagster_run_id, created_at)
    select j.profile_id, 'running', clock_timestamp(), j.dagster_run_id, clock_timestamp()
    from sync_jobs j where j.id = p_job
    returning id into job;
    return job;
end
$$;
comment on function restart_sync is
    'Begin the reading of a claimed profile anew, because its cursor is no longer taken; the id of '
    'the new row of sync_jobs, null when the claim was stale.';
