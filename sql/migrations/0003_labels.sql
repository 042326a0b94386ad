-- Labels: where they came from, the French descriptions they are chosen by, and work on profiles.

alter table viral_posts_bank
    add column hook_type_confidence real check (hook_type_confidence between 0 and 1),
    add column hook_type_model text,
    add column topic_confidence real check (topic_confidence between 0 and 1),
    add column topic_model text,
    add column audience_confidence real check (audience_confidence between 0 and 1),
    add column audience_model text;
comment on column viral_posts_bank.topic_model is
    'What chose the label: provider:model and prompt version. Null when a person wrote it; the '
    'same holds for hook_type_model and audience_model.';
comment on column viral_posts_bank.topic_confidence is
    'How sure the model was, 0 to 1; comparable within one model only.';

alter table topics add column description_fr text, add column embedded_hash text;
alter table audiences add column description_fr text, add column embedded_hash text;
alter table hook_types add column description_fr text, add column embedded_hash text;
comment on column topics.embedded_hash is
    'Hash of the text behind the embedding; differs once the row is edited, and the next '
    'classification embeds it again. The same holds for audiences and hook_types.';


create type profile_task as enum ('style', 'sync');

create sequence profile_work_token;

create table profile_work (
    profile_id uuid not null references profiles (id) on delete cascade,
    task profile_task not null,
    due_at timestamptz not null default now(),
    lease_until timestamptz,
    token bigint,
    attempts smallint not null default 0,
    primary key (profile_id, task)
);
create index profile_work_due on profile_work (task, due_at);
comment on table profile_work is
    'Due work on profiles, claimed like post_work. A row means that the work is wanted.';
comment on column profile_work.profile_id is 'Cascades: work on an erased profile is over.';
