-- Facts about one post.

create or replace function post_day(created_at timestamptz) returns date
language sql stable parallel safe
return greatest(
    date '2024-01-01',
    least((post_day.created_at at time zone 'UTC')::date, (now() at time zone 'UTC')::date)
);
comment on function post_day is
    'The partition of a post: its UTC day, earlier ones count to 2024-01-01, later ones to today.';


create or replace function register_embedding_model(model_name text) returns smallint
language plpgsql volatile
as $$
declare
    model_id smallint;
begin
    select m.id into model_id from embedding_models m where m.name = model_name;
    if model_id is null then
        begin
            insert into embedding_models (name, state)
            select model_name,
                case when exists (select from embedding_models where state = 'serving')
                    then 'building' else 'serving' end
            returning id into model_id;
        exception when unique_violation then
            -- somebody registered it, or another first model, at the same moment
            insert into embedding_models (name, state) values (model_name, 'building')
            on conflict (name) do nothing;
            select m.id into model_id from embedding_models m where m.name = model_name;
        end;
    end if;
    return model_id;
end
$$;
comment on function register_embedding_model is
    'The short id of a model, which becomes known on first sight; the first of all serves.';


create or replace function mirror_vector(post viral_posts_bank) returns void
language plpgsql volatile
as $$
begin
    if post.embedding_model is null then
        raise exception 'post %: a vector without embedding_model', post.id using
            errcode = 'LP001',
            hint = 'Set embedding_model to provider:model together with embedding.';
    end if;
    if l2_norm(post.embedding::halfvec) = 0 then
        raise exception 'post %: the embedding is the zero vector', post.id using
            errcode = 'LP002',
            hint = 'A zero vector has no direction to search by: write a vector of norm 1.';
    end if;
    insert into post_vectors as v (post_id, model_id, author_id, created_at, embedding)
    values (
        post.id, register_embedding_model(post.embedding_model), post.author_id,
        post.created_at, post.embedding::halfvec
    )
    on conflict on constraint post_vectors_pkey
    do update set embedding = excluded.embedding, author_id = excluded.author_id,
        created_at = excluded.created_at;
end
$$;
comment on function mirror_vector is
    'Copy a post''s vector to post_vectors. Errors: LP001 no model named, LP002 zero vector.';
