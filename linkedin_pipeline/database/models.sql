-- name: serving
select current_embedding_model()

-- name: promote_model
select promote_embedding_model(%s)

-- name: forget_retired
select forget_retired_vectors(%s)

-- name: recall_timeout
select set_config('statement_timeout', '5min', true)

-- name: recall_measure
insert into search_recall_log (filter, sampled, recall)
select found.filter, found.sampled, found.recall
from (
    select pg_try_advisory_xact_lock(hashtext('search_recall_log')) and not exists (
        select from search_recall_log l
        where l.measured_at > now() - interval '1 day'
        having min(l.recall) filter (where l.measured_at = (
            select max(n.measured_at) from search_recall_log n
        )) >= %(least)s
    ) as due
) as asked
cross join lateral search_recall(%(samples)s) found
where asked.due

-- name: recall_newest
select l.filter, l.sampled, l.recall, l.measured_at
from search_recall_log l
where l.measured_at = (select max(n.measured_at) from search_recall_log n)
order by l.filter
