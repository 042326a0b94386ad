-- Writing: drafts, the hooks generated for them, batches, and the material that drafts draw on.

create type post_status as enum (
    'draft_input', 'hook_gen', 'hook_selected', 'body_gen', 'validated', 'pending',
    'hooks_generating', 'body_generating', 'ready', 'scheduled', 'publishing', 'published',
    'failed', 'missed', 'cancelled', 'held', 'unconfirmed'
);
comment on type post_status is 'Where a production post stands, from the first idea to LinkedIn.';


create table post_templates (
    id uuid primary key default gen_random_uuid(),
    name text not null default '',
    description text,
    content text not null default '',
    structure_id uuid references post_structures (id) on delete set null,
    format_id uuid references content_formats (id) on delete set null,
    is_active boolean not null default true,
    created_at timestamptz not null default now()
);
create index post_templates_structure on post_templates (structure_id);
create index post_templates_format on post_templates (format_id);
comment on table post_templates is 'Outlines that drafts may follow.';
comment on column post_templates.structure_id is
    'Set null on deletion, as is format_id: the template''s text stays usable.';


create table ressource_types (
    id uuid primary key default gen_random_uuid(),
    name text not null default '',
    description text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table ressource_types is 'Kinds of resources.';

create table ressources (
    id uuid primary key default gen_random_uuid(),
    name text not null default '',
    url text,
    description text,
    ressource_type_id uuid references ressource_types (id) on delete set null,
    profile_id uuid references profiles (id) on delete cascade,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index ressources_type on ressources (ressource_type_id);
create index ressources_profile on ressources (profile_id);
comment on table ressources is 'Links and files that drafts refer to.';
comment on column ressources.ressource_type_id is 'Set null when the kind is deleted.';
comment on column ressources.profile_id is 'Whose it is, null for everybody''s. Cascades.';

create table knowledge (
    id uuid primary key default gen_random_uuid(),
    profile_id uuid references profiles (id) on delete cascade,
    title text not null default '',
    content text not null default '',
    source_url text,
    is_active boolean not null default true,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index knowledge_profile on knowledge (profile_id);
comment on table knowledge is 'Facts and stories that drafts may use.';
comment on column knowledge.profile_id is 'Whose it is, null for everybody''s. Cascades.';


create table post_batches (
    id uuid primary key default gen_random_uuid(),
    name text not null default '',
    mode text not null default 'single' check (mode in ('single', 'multi')),
    status text not null default 'pending' check (status in ('pending', 'in_progress', 'completed')),
    total_posts integer not null default 0,
    completed_posts integer not null default 0,
    completed_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table post_batches is
    'Production posts that are written together; its numbers are kept by a trigger of '
    'production_posts.';
comment on column post_batches.mode is 'single: one author; multi: several.';


create table production_posts (
    id uuid primary key default gen_random_uuid(),
    author_id uuid references profiles (id) on delete cascade,
    batch_id uuid references post_batches (id) on delete set null,
    batch_slot_order integer,
    status post_status not null default 'draft_input',
    topic_id uuid references topics (id) on delete set null,
    audience_id uuid references audiences (id) on delete set null,
    template_id uuid references post_templates (id) on delete set null,
    knowledge_ids uuid[] not null default '{}',
    final_content text,
    publication_date timestamptz,
    attachments jsonb not null default '[]' check (jsonb_typeof(attachments) = 'array'),
    mentions jsonb not null default '[]' check (jsonb_typeof(mentions) = 'array'),
    external_link text,
    error_message text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index production_posts_author on production_posts (author_id);
create index production_posts_batch on production_posts (batch_id, batch_slot_order);
create index production_posts_topic on production_posts (topic_id);
create index production_posts_audience on production_posts (audience_id);
create index production_posts_template on production_posts (template_id);
create index production_posts_due on production_posts (publication_date)
    where status in ('scheduled', 'publishing', 'unconfirmed');
comment on table production_posts is 'Posts of our own, from idea to publication.';
comment on column production_posts.author_id is 'Cascades: an erased person''s drafts go with them.';
comment on column production_posts.batch_id is
    'Set null when the batch is deleted: the posts stay. Topic, audience and template likewise.';
comment on column production_posts.publication_date is
    'When it goes out, an instant, unless a row of scheduled_posts names this post.';
comment on column production_posts.updated_at is 'Set by writers: this table''s trigger is taken.';


create table generated_hooks (
    id uuid primary key default gen_random_uuid(),
    production_post_id uuid not null references production_posts (id) on delete cascade,
    text text not null default '',
    score double precision,
    hook_type_id uuid references hook_types (id) on delete set null,
    is_selected boolean not null default false,
    created_at timestamptz not null default now()
);
create index generated_hooks_post on generated_hooks (production_post_id);
create index generated_hooks_type on generated_hooks (hook_type_id);
comment on table generated_hooks is 'Openings proposed for a production post; go with it.';
comment on column generated_hooks.hook_type_id is 'Set null when the type is deleted.';
comment on column generated_hooks.production_post_id is 'Cascades.';


create table batch_author_configs (
    id uuid primary key default gen_random_uuid(),
    batch_id uuid not null references post_batches (id) on delete cascade,
    author_id uuid references profiles (id) on delete cascade,
    topic_id uuid references topics (id) on delete set null,
    audience_id uuid references audiences (id) on delete set null,
    template_id uuid references post_templates (id) on delete set null,
    knowledge_ids uuid[] not null default '{}',
    posts integer not null default 1 check (posts between 1 and 100),
    slot_order integer not null default 1,
    created_at timestamptz not null default now()
);
create index batch_author_configs_batch on batch_author_configs (batch_id, slot_order);
create index batch_author_configs_author on batch_author_configs (author_id);
create index batch_author_configs_topic on batch_author_configs (topic_id);
create index batch_author_configs_audience on batch_author_configs (audience_id);
create index batch_author_configs_template on batch_author_configs (template_id);
comment on table batch_author_configs is 'What was asked of each author when a batch was made.';
comment on column batch_author_configs.batch_id is 'Cascades, as does author_id.';
comment on column batch_author_configs.topic_id is
    'Set null on deletion, as are audience_id and template_id.';
