-- Erasing a person: what is kept of it and why, and paid answers that go with their profile.

create table erasures (
    profile_id uuid primary key,
    partition_key text not null
        generated always as ('profile-' || left(replace(profile_id::text, '-', ''), 12)) stored,
    erased_at timestamptz not null default now(),
    dagster_cleared_at timestamptz
);
comment on table erasures is
    'Profiles that were erased. The id is random and leads to nobody; it is kept so that Dagster''s '
    'database is cleared even after a crash, and so that a restored backup can be erased again.';
comment on column erasures.profile_id is 'No foreign key: there is no such profile any more.';
comment on column erasures.partition_key is 'As profiles.partition_key was.';
comment on column erasures.dagster_cleared_at is
    'When its partition and what was recorded of it were removed from Dagster; null: still to do.';


create table kept_publications (
    id uuid primary key default gen_random_uuid(),
    external_post_id text,
    social_id text,
    post_url text,
    unipile_account_id text,
    published_at timestamptz not null,
    kept_until timestamptz not null default now() + interval '5 years'
);
create index kept_publications_until on kept_publications (kept_until);
comment on table kept_publications is
    'What was published for a person who was erased: identifiers and time, neither text nor name. '
    'Kept to establish, exercise or defend legal claims about a publication made in somebody''s '
    'name (GDPR article 17(3)(e)), until kept_until, and for nothing else.';
comment on column kept_publications.post_url is
    'Only where it consists of LinkedIn''s number of the post; other forms hold the name.';
comment on column kept_publications.unipile_account_id is
    'Unipile''s own id of the account that published.';
comment on column kept_publications.kept_until is
    'The longest ordinary limitation period that we reckon with; deleted with the next erasure or '
    'by forget_kept_publications().';


alter table ai_answers
    add column profile_id uuid references profiles (id) on delete cascade;
create index ai_answers_profile on ai_answers (profile_id) where profile_id is not null;
comment on column ai_answers.profile_id is
    'Whose style it is, null for other answers. Cascades: a style quotes its author.';
comment on column ai_answers.key is
    'SHA-256 over what was asked: model, prompt version, labels on offer, text. No text itself.';
