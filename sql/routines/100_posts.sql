-- Facts about one post.

create or replace function post_day(created_at timestamptz) returns date
language sql stable parallel safe
return greatest(
    date '2024-01-01',
    least((post_day.created_at at time zone 'UTC')::date, (now() at time zone 'UTC')::date)
);
comment on function post_day is
    'The partition of a post: its UTC day, earlier ones count to 2024-01-01, later ones to today. '
    'Example: select post_day(''2023-05-01 12:00+00'')';


create or replace function register_embedding_model(model_name text) returns smallint
language plpgsql volatile
as $$
declare
    model_id smallint;
begin
    -- somebody may register it, or another, at the same moment: then look again
    for try in 1..20 loop
        select m.id into model_id from embedding_models m where m.name = model_name;
        exit when model_id is not null;
        begin
            -- beside a serving model of odd id an even one, and the other way round
            insert into embedding_models (name, id, state)
            select model_name,
                last.id + case when (last.id + 1 - serving.id) % 2 = 0 then 2 else 1 end,
                case when serving.id is null then 'serving' else 'building' end
            from (select coalesce(max(m.id), 0) as id from embedding_models m) as last
            left join embedding_models serving on serving.state = 'serving'
            returning id into model_id;
        exception when unique_violation then null;
        end;
    end loop;
    return model_id;
end
$$;
comment on function register_embedding_model is
    'The short id of a model, which becomes known on first sight; the first of all serves. '
    'Example: select register_embedding_model(''openai:text-embedding-3-small'')';


create or replace function mirror_vector(
    p_post uuid, p_model text, p_content_hash text, p_embedding vector
) returns void
language plpgsql volatile
as $$
begin
    if p_model is null then
        raise exception 'post %: a vector without embedding_model', p_post using
            errcode = 'LP001',
            hint = 'Set embedding_model to provider:model together with embedding.';
    end if;
    if l2_norm(p_embedding::halfvec) = 0 then
        raise exception 'post %: the embedding is the zero vector', p_post using
            errcode = 'LP002',
            hint = 'A zero vector has no direction to search by: write a vector of norm 1.';
    end if;
    insert into post_vectors as v (post_id, model_id, content_hash, embedding)
    values (p_post, register_embedding_model(p_model), p_content_hash, p_embedding::halfvec)
    on conflict on constraint post_vectors_pkey
    do update set embedding = excluded.embedding, content_hash = excluded.content_hash;
end
$$;
comment on function mirror_vector is
    'Copy a post''s vector, made of the text of that hash, to post_vectors. Errors: LP001 no model '
    'named, LP002 zero vector.';
