-- Incidents of paid models are looked up with every answer, and end with the day or the budget.

create index ai_errors_incidents on ai_errors ((metadata ->> 'scope'))
    where post_id is null and not is_resolved;


alter table provider_pauses add column budget_usd numeric;
comment on column provider_pauses.budget_usd is
    'The daily budget that had no room, in a row with scope budget: another one ends it.';
