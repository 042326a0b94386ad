-- The ledger of calls to providers that are not paid by the token; pauses as in 650_ai_calls.

create or replace function begin_provider_call(
    p_provider text, p_operation text, p_subject text, p_profile uuid, p_run_id text
) returns table (call_id uuid, wait double precision, said text)
language plpgsql volatile
as $$
begin
    return query
    select null::uuid, extract(epoch from p.until - clock_timestamp())::double precision, p.reason
    from provider_pauses p
    where p.scope = p_provider and p.until > clock_timestamp();
    if found then
        return;
    end if;
    return query
    insert into provider_calls as c (provider, operation, subject, profile_id, dagster_run_id)
    values (
        p_provider, p_operation, p_subject,
        (select f.id from profiles f where f.id = p_profile), p_run_id
    )
    returning c.id, 0::double precision, ''::text;
end
$$;
comment on function begin_provider_call is
    'Permission for one call of a provider, and its row in provider_calls: call_id, or null with '
    'the seconds that the provider is paused for and why.';


create or replace function end_provider_call(
    p_call uuid, p_outcome text, p_status integer, p_latency integer
) returns void
language plpgsql volatile
as $$
declare
    called text;
begin
    update provider_calls c
    set outcome = p_outcome, status = p_status, latency_ms = p_latency
    where c.id = p_call
    returning c.provider into called;
    if p_outcome = 'answered' then
        -- it works again: what was wrong is over, unless somebody met it again meanwhile
        delete from provider_pauses p where p.scope = called and p.until <= clock_timestamp();
        update ai_errors e set is_resolved = true
        where e.post_id is null and not e.is_resolved and e.metadata ->> 'scope' = called
            and not exists (select from provider_pauses p where p.scope = called);
    end if;
end
$$;
comment on function end_provider_call is
    'Write down how a call ended (answered, refused, unsent, unknown). An answer ends an expired '
    'pause of its provider and resolves the incidents of it.';
