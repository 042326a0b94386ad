-- Engagement, chat, onboarding, and the state of each profile's sync.

create table profile_sync_status (
    id uuid primary key default gen_random_uuid(),
    profile_id uuid not null unique references profiles (id) on delete cascade,
    last_scraped_at timestamptz,
    last_post_date timestamptz,
    last_error text,
    last_error_at timestamptz,
    consecutive_failures integer not null default 0,
    sync_enabled boolean not null default true,
    sync_priority smallint not null default 2 check (sync_priority between 1 and 3),
    total_posts_scraped integer not null default 0,
    next_cursor text,
    heartbeat_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table profile_sync_status is 'How far each profile has been read from LinkedIn.';
comment on column profile_sync_status.sync_priority is '1 high, 2 normal, 3 low.';
comment on column profile_sync_status.heartbeat_at is
    'When the process that reads the profile was last heard of.';
comment on column profile_sync_status.profile_id is 'Cascades.';


create table comment_patterns (
    id uuid primary key default gen_random_uuid(),
    name text not null default '',
    prompt_instructions text not null default '',
    length_min integer not null default 50,
    length_max integer not null default 300,
    asks_question boolean not null default false,
    examples text[] not null default '{}',
    is_active boolean not null default true,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    check (length_min between 0 and length_max)
);
comment on table comment_patterns is 'Ways to comment, taken in turns so that no one repeats.';
comment on column comment_patterns.length_min is 'Characters, as is length_max.';

insert into comment_patterns
    (name, prompt_instructions, length_min, length_max, asks_question, examples)
values
    ('Short agreement', 'Agree with one precise point of the post and say why, in one sentence.',
        30, 140, false, array['The part about hiring slowly: we learned it the expensive way.']),
    ('Question', 'Ask one sincere question about something that the post leaves open.',
        40, 180, true, array['How did the team take it in the first week?']),
    ('Own experience', 'Add a short experience of the commenter''s that fits the post''s point.',
        80, 300, false, array['We tried the same with two squads. The second one kept it.']),
    ('Addition', 'Add one point that the post does not make and that supports it.',
        60, 260, false, array['One more: it also shortens the time until the first sale.']),
    ('Friendly counterpoint', 'Name politely one case in which the post''s advice does not hold.',
        60, 260, false, array['In regulated markets I would turn the order around.']),
    ('Takeaway', 'Say in the commenter''s words what they take away from the post.',
        40, 200, false, array['What I keep: measure first, then argue.']),
    ('Congratulation', 'Congratulate on what was achieved, naming the detail that impresses.',
        30, 160, false, array['Twelve months without an incident, that is discipline. Bravo.']),
    ('Question from practice', 'Describe the commenter''s situation in half a sentence, then ask.',
        60, 240, true, array['With five people and no budget: where would you begin?']);


create table engagement_settings (
    id uuid primary key default gen_random_uuid(),
    profile_id uuid not null unique references profiles (id) on delete cascade,
    auto_react_enabled boolean not null default true,
    auto_comment_enabled boolean not null default true,
    max_reactions_per_day integer not null default 20 check (max_reactions_per_day >= 0),
    max_comments_per_day integer not null default 5 check (max_comments_per_day >= 0),
    reactions_today integer not null default 0,
    comments_today integer not null default 0,
    last_reset_at timestamptz not null default now(),
    preferred_reaction text not null default 'like',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table engagement_settings is
    'Whether and how often a profile may react and comment by itself.';
comment on column engagement_settings.last_reset_at is
    'The counters count the day, in the profile''s time zone, that this instant lies in.';
comment on column engagement_settings.profile_id is 'Cascades.';

create table engagement_logs (
    id uuid primary key default gen_random_uuid(),
    external_post_id text,
    engager_profile_id uuid references profiles (id) on delete cascade,
    post_author_id uuid references profiles (id) on delete set null,
    reaction_type text,
    reaction_success boolean,
    comment_text text,
    comment_success boolean,
    comment_pattern_id uuid references comment_patterns (id) on delete set null,
    status text not null default 'pending',
    error_message text,
    executed_at timestamptz not null default now()
);
create index engagement_logs_post on engagement_logs (external_post_id, engager_profile_id);
create index engagement_logs_engager on engagement_logs (engager_profile_id, executed_at);
create index engagement_logs_author on engagement_logs (post_author_id);
create index engagement_logs_pattern on engagement_logs (comment_pattern_id, engager_profile_id);
comment on table engagement_logs is 'Reactions and comments that were made or tried.';
comment on column engagement_logs.engager_profile_id is
    'Cascades; the author''s and the pattern''s are set null: the engager''s history stays.';


create table chat_sessions (
    id uuid primary key default gen_random_uuid(),
    user_id uuid,
    title text,
    is_active boolean not null default true,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index chat_sessions_user on chat_sessions (user_id, updated_at);
comment on table chat_sessions is 'Conversations; the first message gives the title.';
comment on column chat_sessions.user_id is 'Of whoever signs people in; not ours to refer to.';

create table chat_messages (
    id uuid primary key default gen_random_uuid(),
    session_id uuid not null references chat_sessions (id) on delete cascade,
    role text not null default 'user',
    content text not null default '',
    metadata jsonb not null default '{}',
    created_at timestamptz not null default now()
);
create index chat_messages_session on chat_messages (session_id, created_at);
comment on table chat_messages is 'What was said; goes with its session.';
comment on column chat_messages.session_id is 'Cascades.';

create table user_onboarding (
    id uuid primary key default gen_random_uuid(),
    user_id uuid unique,
    current_step text,
    completed_steps text[] not null default '{}',
    is_completed boolean not null default false,
    completed_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table user_onboarding is 'How far each user of the application has come.';
