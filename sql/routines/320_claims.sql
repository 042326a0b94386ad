-- Claims for callers that know only SQL; the workers of the package use claim_work.

create or replace function get_posts_needing_hook_extraction(max_posts integer default 100)
returns table (post_id uuid, content text, hook text, claim_token bigint)
language sql volatile
as $$
    select c.post_id, c.content, c.hook, c.claim_token
    from claim_work('hooks', max_posts, null, null, interval '5 minutes') c
$$;
comment on function get_posts_needing_hook_extraction is
    'Claim posts whose hook is wanted, for five minutes. Writing the hook ends the claim. '
    'At most max_posts, 1 to 10000 (LP080), new and old ones. '
    'Example: select * from get_posts_needing_hook_extraction(max_posts => 20)';


create or replace function get_posts_needing_embedding(max_posts integer default 100)
returns table (post_id uuid, content text, hook text, claim_token bigint)
language sql volatile
as $$
    select c.post_id, c.content, c.hook, c.claim_token
    from claim_work('embeddings', max_posts, null, null, interval '5 minutes') c
$$;
comment on function get_posts_needing_embedding is
    'Claim posts whose embedding is wanted, for five minutes. Writing embedding and '
    'embedding_model ends the claim. '
    'At most max_posts, 1 to 10000 (LP080), new and old ones. '
    'Example: select * from get_posts_needing_embedding(max_posts => 20)';


create or replace function get_posts_needing_classification(max_posts integer default 100)
returns table (post_id uuid, content text, hook text, claim_token bigint)
language sql volatile
as $$
    select c.post_id, c.content, c.hook, c.claim_token
    from claim_work('hook_classifications', max_posts, null, null, interval '5 minutes') c
$$;
comment on function get_posts_needing_classification is
    'Claim posts whose hook type is wanted, for five minutes. Writing hook_type_id ends the claim. '
    'At most max_posts, 1 to 10000 (LP080), new and old ones. '
    'Example: select * from get_posts_needing_classification(max_posts => 20)';


create or replace function get_posts_needing_topic_classification(max_posts integer default 100)
returns table (post_id uuid, content text, hook text, claim_token bigint)
language sql volatile
as $$
    select c.post_id, c.content, c.hook, c.claim_token
    from claim_work('topic_classifications', max_posts, null, null, interval '5 minutes') c
$$;
comment on function get_posts_needing_topic_classification is
    'Claim posts whose topic is wanted, for five minutes. Writing topic_id ends the claim. '
    'At most max_posts, 1 to 10000 (LP080), new and old ones. '
    'Example: select * from get_posts_needing_topic_classification(max_posts => 20)';


create or replace function get_posts_needing_audience_classification(max_posts integer default 100)
returns table (post_id uuid, content text, hook text, claim_token bigint)
language sql volatile
as $$
    select c.post_id, c.content, c.hook, c.claim_token
    from claim_work('audience_classifications', max_posts, null, null, interval '5 minutes') c
$$;
comment on function get_posts_needing_audience_classification is
    'Claim posts whose audience is wanted, for five minutes. Writing audience_id ends the claim. '
    'At most max_posts, 1 to 10000 (LP080), new and old ones. '
    'Example: select * from get_posts_needing_audience_classification(max_posts => 20)';


create or replace function release_embedding_lock(p_post_id uuid) returns boolean
language sql volatile
as $$
    with released as (
        update post_work
        set token = null, lease_until = null, attempts = greatest(attempts - 1, 0)
        where post_id = p_post_id and stage = 'embeddings' and token is not null
        returning post_id
    )
    select exists (select from released)
$$;
comment on function release_embedding_lock is
    'Give a claimed embedding back, whoever holds it, and end its token; false when nobody does. '
    'Example: select release_embedding_lock(''00000000-0000-0000-0000-000000000000'')';


-- Reads all of the narrow table, a tenth of a second or two for a million rows. An index of leases
-- would find them in milliseconds, but then no claim and no heart-beat is a HOT update: measured, a
-- tenth more processor time and WAL for every claim, to speed up what nobody waits for, as claims
-- take stale leases over by themselves.
create or replace function release_stale_embedding_locks() returns integer
language sql volatile
as $$
    with stale as (
        select ctid from post_work
        where token is not null and lease_until < now()
        for update skip locked
    ),
    released as (
        update post_work w
        set token = null, lease_until = null, takeovers = least(w.takeovers + 1, 32000)
        from stale where w.ctid = stale.ctid
        returning w.post_id
    )
    select count(*)::integer from released
$$;
comment on function release_stale_embedding_locks is
    'Give back what workers of every stage held past their leases, and end its tokens; live leases '
    'stay. How many. Example: select release_stale_embedding_locks()';
