-- What was moved in on: which schema holds the database of before, and how it is put back.

create table adoptions (
    id uuid primary key default gen_random_uuid(),
    aside text not null default 'linkedin_before',
    adopted_at timestamptz not null default now(),
    left_alone text[] not null default '{}',
    undo jsonb not null default '{}',
    report jsonb not null default '{}'
);
comment on table adoptions is
    'One row when the pipeline moved in on an existing database (db adopt), none otherwise.';
comment on column adoptions.aside is
    'The schema in which the tables, types and functions of before stand as they were.';
comment on column adoptions.left_alone is
    'Tables, views, sequences and routines of schema public that were there and are not ours, as '
    'pg_identify_object names them: privileges and row level security of theirs stay as they are.';
comment on column adoptions.undo is
    'Foreign keys, policies and privileges as they were, in SQL; what db adopt --undo puts back.';
comment on column adoptions.report is 'What moved in and what stayed aside, by table, in numbers.';
