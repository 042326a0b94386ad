"""What is laid before the judge: the simulator's ledger and our tables, as the plan reads them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from linkedin_pipeline_tests.chaos.judge import Fault, Finding, Out, Row
from linkedin_pipeline_tests.chaos.levers import Records, Sandbox
from linkedin_pipeline_tests.chaos.plan import KEY, Plan, feed_of, page_id
from linkedin_pipeline_tests.chaos.town import History, Version

_PEOPLE = """
select 'scheduled', s.content, 'ACoAA' || coalesce(nullif(p.account, ''), u.unipile_account_id),
    coalesce(p.state, a.status, s.status), coalesce(a.status, s.status),
    coalesce(nullif(p.reason, ''), a.error_message, s.error_message, ''),
    p.doubt is not null or p.state = 'unconfirmed', p.intent_at, p.text
from scheduled_posts s
left join scheduled_post_accounts a on a.scheduled_post_id = s.id
left join unipile_accounts u on u.id = a.unipile_account_id
left join publications p on p.kind = 'scheduled' and p.source_id = a.id
union all
select 'production', d.final_content, 'ACoAA' || p.account,
    coalesce(p.state, d.status::text), case d.status when 'scheduled' then 'pending'
        else d.status::text end,
    coalesce(nullif(p.reason, ''), d.error_message, ''),
    p.doubt is not null or p.state = 'unconfirmed', p.intent_at, p.text
from production_posts d
left join publications p on p.kind = 'production' and p.source_id = d.id
"""
_PAGES = """
select c.content, regexp_replace(g.organization_urn, '^.*:', ''), coalesce(p.state, c.status),
    c.status, coalesce(nullif(p.reason, ''), c.error_message, ''),
    p.doubt is not null or p.state = 'unconfirmed'
from company_published_posts c
join company_pages g on g.id = c.company_page_id
left join publications p on p.kind = 'company' and p.source_id = c.id
"""


def posts_out(sandbox: Sandbox) -> list[Out]:
    """Return what the simulator published for us."""
    attempts = {one["post_id"]: one for one in sandbox.attempts() if one["accepted"]}
    return [
        Out(
            feed=one["author"],
            key=KEY.findall(one["text"])[0],
            text=one["text"],
            digests=tuple(one["sha256"]),
            mentions=tuple(m["name"] for m in attempts[one["post_id"]]["sent"]["mentions"]),
        )
        for one in sandbox.posts()
        if one["by"] == "api"
    ]


def rows_of(records: Records, plan: Plan, history: History) -> list[Row]:
    """Return what our tables say of everything that was put."""
    return [*_people(records, history), *_pages(records, plan, history)]


def missing(rows: Sequence[Row], plan: Plan, history: History) -> Iterator[Finding]:
    """Return what has no row: posts that were put, pages' posts that a rule should have made."""
    known = {(row.kind, row.key) for row in rows}
    for key, post in history.put.items():
        if ("production" if post.is_draft else "scheduled", key) not in known:
            yield Finding(Fault.LOST, feed_of(post.author), key, "it has no row")
    on_pages = {(row.feed, row.key) for row in rows if row.kind == "company"}
    published = {row.key for row in rows if row.kind != "company" and row.state == "published"}
    for rule in plan.rules:
        page = page_id(rule.page)
        for key in published if page not in history.switched else ():
            if history.put[key].author == rule.person and (page, key) not in on_pages:
                yield Finding(Fault.LOST, page, key, "its rule did not fire")
    for row in rows:
        if row.key in history.cancelled and row.kind == "scheduled" and row.state != "cancelled":
            yield Finding(Fault.WRONG, row.feed, row.key, f"it was cancelled, and is {row.state}")


def _people(records: Records, history: History) -> Iterator[Row]:
    for kind, content, feed, state, shown, reason, doubt, sent_at, text in records.rows(_PEOPLE):
        key = KEY.findall(content)[0]
        post = history.put[key]
        allowed = _versions(history.versions[key], sent_at)
        yield Row(
            kind,
            key,
            feed or feed_of(post.author),
            "pending" if state == "scheduled" else state,
            shown,
            reason,
            doubt=bool(doubt),
            texts=allowed & {text} if text is not None else allowed,
            digests=tuple(post.digests()),
            mentions=tuple(one["name"] for one in post.mentions()),
        )


def _pages(records: Records, plan: Plan, history: History) -> Iterator[Row]:
    for content, page, state, shown, reason, doubt in records.rows(_PAGES):
        key = KEY.findall(content)[0]
        post = history.put[key]
        prefixes = {
            rule.prefix
            for rule in plan.rules
            if rule.person == post.author and page_id(rule.page) == page
        }
        yield Row(
            "company",
            key,
            page,
            state,
            shown,
            reason,
            doubt=bool(doubt),
            texts=frozenset(
                f"{prefix}\n\n{one.text}" if prefix else one.text
                for prefix in prefixes
                for one in history.versions[key]
            )
            & {content},
            digests=tuple(post.digests()),
            mentions=tuple(one["name"] for one in post.mentions()),
        )


def _versions(versions: Sequence[Version], sent_at: datetime | None) -> frozenset[str]:
    """Return the texts that a post may have had when its intent was committed."""
    if sent_at is None:
        return frozenset(one.text for one in versions)
    done = [one for one in versions if one.done <= sent_at]
    under_way = [one for one in versions if one.begun <= sent_at < one.done]
    return frozenset(one.text for one in [*done[-1:], *under_way])


def everything_about(finding: Finding, records: Records, sandbox: Sandbox) -> list[Any]:
    """Return all that is known about a post, for whoever has to find out."""
    events = records.rows(
        "select q.id::text, q.kind, q.target, e.at::text, e.state, e.reason, e.dagster_run_id "
        "from publications q join publication_events e on e.publication_id = q.id "
        "where position(%s in q.text) > 0 order by e.id",
        finding.key,
    )
    publications = records.rows(
        "select to_jsonb(q) - 'text' from publications q where position(%s in q.text) > 0",
        finding.key,
    )
    attempts = [
        {name: one[name] for name in ("at", "step", "status", "accepted", "author", "faults")}
        for one in sandbox.attempts(text=finding.key)
    ]
    return [*events, *publications, *attempts, *sandbox.posts(text=finding.key)]
