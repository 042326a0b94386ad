-- name: publishing_switches
select is_worker_enabled('publish_scheduled'), is_worker_enabled('publish_company_pages')

-- name: prepare_publishing
select what, number from prepare_publishing(%s, %s, %s)

-- name: waits_for_accounts
select exists (
    select
    from due_targets() t
    join unipile_accounts u on u.id = t.account_id
    where u.is_active and u.status <> 'OK'
    union all
    select
    from publications p
    where p.state = 'held' and p.hold_code = 'account'
)

-- name: due_publications
select kind, source_id, account_id, attachments from due_publications(%s, %s, %s, %s)

-- name: commit_intent
select code, reason, publication_id, token, account, text, mentions, external_link,
    as_organization, profile_id
from commit_intent(
    %(kind)s, %(source)s, %(attachments)s, %(media)s, %(lease)s, %(grace)s, %(spacing)s, %(run)s
)

-- name: leave_due
select leave_due(%s, %s, %s, %s, %s, %s)

-- name: accept_publication
select accept_publication(%s, %s, %s, %s)

-- name: settle_publication
select settle_publication(
    %(publication)s, %(token)s, %(state)s, %(reason)s, %(hold)s, %(doubt)s, %(named)s, %(delay)s,
    %(check)s, %(run)s
)

-- name: pause_publishing_account
select pause_account(p.unipile_account_id, %s, %s) from publications p where p.id = %s

-- name: mark_account
update unipile_accounts u set status = %s, checked_at = now()
from publications p
where p.id = %s and u.id = p.unipile_account_id

-- name: confirm_publication
select confirm_publication(
    %(publication)s, %(token)s, %(external)s, %(social)s, %(url)s, %(at)s, %(differs)s, %(reason)s,
    %(run)s
)

-- name: retry_publication
select retry_publication(%s, %s, %s, %s)

-- name: claim_doubtful
select publication_id, token, kind, account, text, mentions, external_link, as_organization,
    profile_id, state, intent_at, accepted, doubt = 'duplicate' as duplicate, post_id, settled, overdue,
    retries, checks, owner_id, known
from claim_doubtful(%s, %s, %s)

-- name: keep_owner
update unipile_accounts u
set provider_id = coalesce(%(provider)s, u.provider_id),
    public_identifier = coalesce(%(identifier)s, u.public_identifier),
    organizations = %(organizations)s
where u.unipile_account_id = %(account)s

-- name: record_accounts
select listed, added, changed, attached, gone from record_accounts(%s)
