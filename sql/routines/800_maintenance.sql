-- References that users quote, tokens that open doors, settings, and updated_at.

create or replace function generate_error_ref() returns text
language plpgsql volatile
as $$
declare
    alphabet constant text := '23456789ABCDEFGHJKMNPQRSTUVWXYZ';
    size constant bigint := 887503681; -- 31 ^ 6
    -- An affine map with a factor prime to 31 is a permutation: unique until the sequence has
    -- given out every reference, and neighbours look unrelated.
    rest bigint := (nextval('error_reference') % size * 548507441 + 104729) % size;
    reference text := '';
begin
    for i in 1..6 loop
        reference := substr(alphabet, (rest % 31)::integer + 1, 1) || reference;
        rest := rest / 31;
    end loop;
    return 'ERR-' || reference;
end
$$;
comment on function generate_error_ref is
    'A reference like ERR-7K2M9Q, unique by construction (random ones collided: 60 in 300,000). '
    'Example: select generate_error_ref()';


create or replace function set_error_ref() returns trigger
language plpgsql
as $$
begin
    new.user_error_ref := coalesce(new.user_error_ref, generate_error_ref());
    return new;
end
$$;
comment on function set_error_ref is 'Give a new error its reference.';


create or replace function update_updated_at_column() returns trigger
language plpgsql
as $$
begin
    new.updated_at := greatest(clock_timestamp(), old.updated_at + interval '1 microsecond');
    return new;
end
$$;
comment on function update_updated_at_column is 'Move updated_at forward, never back.';


create or replace function generate_invitation_token() returns text
language sql volatile
as $$
    -- both are drawn by the server's cryptographic generator: 2 x 122 random bits
    select translate(
        encode(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()), 'base64'),
        '+/=', '-_'
    )
$$;
comment on function generate_invitation_token is
    'A token of 43 letters, digits, - and _ with 244 random bits, to be put into a URL as it is. '
    'Example: select generate_invitation_token()';


create or replace function get_supabase_url() returns text
language sql stable
return coalesce(
    nullif(btrim(current_setting('app.supabase_url', true)), ''),
    (select nullif(btrim(s.value), '') from app_settings s where s.name = 'supabase_url')
);
comment on function get_supabase_url is
    'The setting app.supabase_url, else the row supabase_url of app_settings, else null; what is '
    'empty or blank counts as unset. Example: select get_supabase_url()';
