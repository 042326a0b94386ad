-- The ledger of paid calls: permission before, cost after, pauses for all processes.

create or replace function ai_price(
    p_provider text, p_model text, p_input bigint, p_cached bigint, p_output bigint, p_batch boolean
) returns numeric
language sql stable
as $$
    select (
            greatest(p_input - p_cached, 0) * p.input_usd_per_million
            + p_cached * coalesce(p.cached_input_usd_per_million, p.input_usd_per_million)
            + p_output * p.output_usd_per_million
        ) / 1000000 * case when p_batch then p.batch_factor else 1 end
    from ai_model_pricing p
    where p.provider = p_provider and p.model = p_model
        and p.valid_from <= (now() at time zone 'UTC')::date
    order by p.valid_from desc
    limit 1
$$;
comment on function ai_price is
    'US dollars for so many tokens (p_cached of p_input came from the provider''s cache) at the '
    'list price of today; null for a model without a price.';


create or replace function ai_spent_today() returns numeric
language sql stable
as $$
    select coalesce(sum(u.cost_usd + u.reserved_usd), 0)
    from ai_usage_logs u
    where u.created_at >= date_trunc('day', now() at time zone 'UTC') at time zone 'UTC'
$$;
comment on function ai_spent_today is
    'US dollars spent on calls this UTC day, with what calls under way may still cost. '
    'Example: select ai_spent_today()';


create or replace function begin_ai_call(
    p_provider text, p_model text, p_purpose text, p_stage text, p_profile uuid, p_items integer,
    p_input bigint, p_output bigint, p_batch boolean, p_budget numeric, p_run_id text, p_worker text
) returns table (call_id uuid, verdict text, wait double precision, said text)
language plpgsql volatile
as $$
declare
    pause provider_pauses;
    price numeric := ai_price(p_provider, p_model, p_input, 0, p_output, p_batch);
    day timestamptz := date_trunc('day', now() at time zone 'UTC') at time zone 'UTC';
    unpriced text := format('budget:%s:%s', p_provider, p_model);
begin
    select * into pause from provider_pauses p
    where p.scope in (p_provider, p_provider || ':' || p_model) and p.until > clock_timestamp()
    order by p.until desc limit 1;
    if found then
        return query select null::uuid, 'paused',
            extract(epoch from pause.until - clock_timestamp())::double precision, pause.reason;
        return;
    end if;
    if p_budget is not null and price is null then
        verdict := 'unpriced';
        wait := 600;
        said := format('%s:%s has no price in ai_model_pricing', p_provider, p_model);
        perform pause_provider(unpriced, verdict, said, wait, 0, 0, p_worker);
        return next;
        return;
    end if;
    if p_budget is not null then
        -- one after the other, or two calls would each see room for itself alone
        perform pg_advisory_xact_lock(hashtext('ai_daily_budget'));
        if ai_spent_today() + price > p_budget then
            verdict := 'budget';
            wait := extract(epoch from day + interval '1 day' - now());
            said := format('%s USD of %s USD are spent or reserved today',
                round(ai_spent_today(), 4), p_budget);
            -- shorter than the wait, so that a raised budget is noticed
            perform pause_provider('budget', verdict, said, least(wait, 600), 0, 0, p_worker);
            update provider_pauses p set budget_usd = p_budget where p.scope = 'budget';
            return next;
            return;
        end if;
    end if;
    -- a small call that still fits does not end the day's incident; a new day or budget does
    with ended as (
        delete from provider_pauses p
        where p.scope = unpriced
            or p.scope = 'budget' and (p.since < day or p.budget_usd is distinct from p_budget)
        returning p.scope
    )
    update ai_errors e set is_resolved = true
    from ended
    where e.post_id is null and not e.is_resolved and e.metadata ->> 'scope' = ended.scope;
    return query
    insert into ai_usage_logs as u (
        provider, model, purpose, stage, profile_id, items, reserved_usd, success, outcome,
        is_batch, dagster_run_id
    )
    values (
        p_provider, p_model, p_purpose, p_stage,
        (select f.id from profiles f where f.id = p_profile), -- erased meanwhile: nobody's call
        p_items, coalesce(price, 0), false, 'open', p_batch, p_run_id
    )
    returning u.id, 'go', 0::double precision, '';
end
$$;
comment on function begin_ai_call is
    'Permission for one call of a provider, and its row in ai_usage_logs. p_input and p_output are '
    'the most tokens it may take. Verdicts: go; paused and for how many seconds; budget: it could '
    'be passed today; unpriced: a budget cannot be kept for this model. The last two are incidents '
    'of p_worker.';


create or replace function end_ai_call(
    p_call uuid, p_outcome text, p_input bigint, p_cached bigint, p_output bigint, p_latency integer
) returns numeric
language plpgsql volatile
as $$
declare
    ended ai_usage_logs;
begin
    update ai_usage_logs u
    set outcome = p_outcome,
        success = p_outcome = 'answered',
        input_tokens = p_input,
        cached_tokens = p_cached,
        output_tokens = p_output,
        cost_usd = coalesce(
            ai_price(u.provider, u.model, p_input, p_cached, p_output, u.is_batch), 0),
        reserved_usd = case p_outcome when 'unknown' then u.reserved_usd else 0 end,
        latency_ms = p_latency
    where u.id = p_call
    returning * into ended;
    if p_outcome = 'answered' then
        -- it works again: what was wrong is over, unless somebody met it again meanwhile
        delete from provider_pauses p
        where p.scope in (ended.provider, ended.provider || ':' || ended.model)
            and p.until <= clock_timestamp();
        -- a pause that holds stays, but the next one is a first one: it answers now and then
        update provider_pauses p set times = 0
        where p.scope in (ended.provider, ended.provider || ':' || ended.model) and p.times > 0;
        update ai_errors e set is_resolved = true
        where e.post_id is null and not e.is_resolved
            and e.metadata ->> 'scope' in (ended.provider, ended.provider || ':' || ended.model)
            and not exists (select from provider_pauses p where p.scope = e.metadata ->> 'scope');
    end if;
    return ended.cost_usd;
end
$$;
comment on function end_ai_call is
    'Write down how a call ended (answered, failed, unknown) and what it cost, in US dollars. An '
    'answer ends an expired pause of its provider and resolves the incidents of it.';


create or replace function pause_provider(
    p_scope text, p_code text, p_reason text, p_seconds double precision, p_first double precision,
    p_longest double precision, p_worker text
) returns double precision
language plpgsql volatile
as $$
declare
    before provider_pauses;
    holds boolean;
    pause double precision;
begin
    perform pg_advisory_xact_lock(hashtext('provider_pauses:' || p_scope));
    select * into before from provider_pauses p where p.scope = p_scope and p.code = p_code;
    holds := coalesce(before.until > clock_timestamp(), false);
    if p_seconds is not null then
        pause := p_seconds;
    elsif holds then  -- threads that met the same trouble at once are one pause
        pause := extract(epoch from before.until - clock_timestamp());
    else
        pause := least(p_first * 2 ^ least(coalesce(before.times, 0), 20), p_longest);
    end if;
    insert into provider_pauses as p (scope, until, code, reason)
    values (p_scope, clock_timestamp() + pause * interval '1 second', p_code, p_reason)
    on conflict on constraint provider_pauses_pkey do update
    set until = greatest(p.until, excluded.until),
        times = case when p.code = excluded.code then p.times + (not holds)::integer else 1 end,
        since = case when p.code = excluded.code then p.since else excluded.since end,
        code = excluded.code,
        reason = excluded.reason
    returning extract(epoch from p.until - clock_timestamp()) into pause;
    if p_worker is not null and not exists (
        select from ai_errors e
        where e.post_id is null and not e.is_resolved and e.error_code = p_code
            and e.metadata ->> 'scope' = p_scope
    ) then
        insert into ai_errors (function_name, error_code, error_message, metadata)
        values (p_worker, p_code, p_reason, jsonb_build_object('scope', p_scope));
    end if;
    return pause;
end
$$;
comment on function pause_provider is
    'Have no process call a provider, or one model written provider:model, for p_seconds; without '
    'them for p_first seconds, doubled each time in a row, at most p_longest. With p_worker it is '
    'an incident: one row in ai_errors until the provider answers again. Returns the seconds that '
    'are left of all that was asked for.';
