-- The sensor looks every few seconds for requests that are not over; their number stays small.

create index pipeline_requests_open on pipeline_requests (status, requested_at)
    where status in ('pending', 'started');

comment on column pipeline_requests.status is
    'pending until the sensor takes it, started while its run is made and works, then completed or '
    'failed. What is only to be made due is completed at once.';
comment on column pipeline_requests.dagster_run_id is
    'The run that serves it. A started request without one is being started: its id is the run key, '
    'so that no crash starts two runs, and none is forgotten.';
comment on column pipeline_requests.error_message is 'Why it could not be served, and what to do.';
