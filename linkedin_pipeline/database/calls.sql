-- name: begin_provider_call
select call_id, wait, said from begin_provider_call(%s, %s, %s, %s, %s)

-- name: end_provider_call
select end_provider_call(%s, %s, %s, %s)

-- name: provider_doubted
-- an answer deletes what is over
select exists (select from provider_pauses where scope = %s and code = %s)
