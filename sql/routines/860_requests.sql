-- Jobs asked for by callers that know only SQL; a Dagster sensor starts them.

create or replace function request_job(p_job text) returns uuid
language plpgsql volatile
as $$
declare
    request uuid;
begin
    -- One statement finds the waiting request or makes one, also when others do so now, and holds
    -- it until the caller commits: a sensor either has started it before or starts it after.
    insert into pipeline_requests as r (job) values (p_job)
    on conflict (job) where status = 'pending' do update set job = excluded.job
    returning r.id into request;
    return request;
end
$$;
comment on function request_job is
    'The request for a job that waits to be started, made when there is none.
Example: select request_job(''publish_scheduled'')';


create or replace function call_publish_scheduled() returns uuid
language sql volatile
return request_job('publish_scheduled');
comment on function call_publish_scheduled is
    'Ask for a publishing pass. Answers the id of a row of pipeline_requests, the same one until '
    'its job starts.
Example: select call_publish_scheduled()';


create or replace function trigger_profile_sync() returns uuid
language sql volatile
return request_job('weekly_profile_sync');
comment on function trigger_profile_sync is
    'Ask for the profiles to be read from LinkedIn. Answers the id of a row of pipeline_requests, '
    'the same one until its job starts.
Example: select trigger_profile_sync()';


create or replace function trigger_monthly_style_refresh() returns uuid
language sql volatile
return request_job('monthly_style_refresh');
comment on function trigger_monthly_style_refresh is
    'Ask for the styles of all profiles to be made anew. Answers the id of a row of '
    'pipeline_requests, the same one until its job starts.
Example: select trigger_monthly_style_refresh()';
