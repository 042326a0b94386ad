-- Batches of production posts, and the hooks proposed for a post.

create or replace function check_author_config(p_config jsonb, p_subject text) returns void
language plpgsql volatile
as $$
declare
    uuid_form constant text := '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$';
    tables constant jsonb := '{"author_id": "profiles", "topic_id": "topics", "knowledge_ids":
        "knowledge", "audience_id": "audiences", "template_id": "post_templates"}';
    field text;
    given jsonb;
    subject text;
    reference jsonb;
    known integer;
begin
    if jsonb_typeof(p_config) <> 'object' then
        raise exception '%: % instead of an object', p_subject, jsonb_typeof(p_config) using
            errcode = 'LP032', hint = 'Write {"author_id": …, "posts": 2}.';
    end if;
    if coalesce(p_config -> 'author_id', 'null') = 'null' then
        raise exception '%.author_id: missing', p_subject using
            errcode = 'LP034', hint = 'Every element names the profile that writes.';
    end if;
    for field, given in select e.key, e.value from jsonb_each(p_config) as e loop
        subject := p_subject || '.' || field;
        if field <> 'posts' and not tables ? field then
            raise exception '%: unknown key', subject using
                errcode = 'LP033',
                hint = 'Keys: author_id, topic_id, audience_id, template_id, knowledge_ids, posts.';
        end if;
        continue when given = 'null';
        if field = 'posts' then
            if jsonb_typeof(given) <> 'number' then
                raise exception '%: % instead of a number', subject, given using
                    errcode = 'LP034', hint = 'Write the number without quotes.';
            end if;
            if given::numeric not between 1 and 100 or given::numeric % 1 <> 0 then
                raise exception '%: % is not between 1 and 100', subject, given using
                    errcode = 'LP036', hint = 'Ask for 1 to 100 whole posts.';
            end if;
            continue;
        end if;
        if (field = 'knowledge_ids') <> (jsonb_typeof(given) = 'array') then
            raise exception '%: %', subject, given using
                errcode = 'LP034', hint = case field
                    when 'knowledge_ids' then 'Give an array of ids.' else 'Give one id.' end;
        end if;
        for reference in
            select e.value
            from jsonb_array_elements(
                case jsonb_typeof(given) when 'array' then given else jsonb_build_array(given) end
            ) as e
        loop
            if jsonb_typeof(reference) <> 'string' or reference #>> '{}' !~ uuid_form then
                raise exception '%: % is no uuid', subject, reference using
                    errcode = 'LP034', hint = 'Ids are uuids, written as strings.';
            end if;
            -- locked, so that it is still there when the batch refers to it
            execute format('select 1 from %I where id = $1 for key share', tables ->> field)
                into known using (reference #>> '{}')::uuid;
            if known is null then
                raise exception '%: % is not in %', subject, reference #>> '{}', tables ->> field
                    using errcode = 'LP035',
                    hint = format('Give the id of a row of %s.', tables ->> field);
            end if;
        end loop;
    end loop;
end
$$;
comment on function check_author_config is
    'Refuse an element of author_configs that create_post_batch cannot use, naming it. Errors: '
    'LP032 to LP036.
Example: select check_author_config(jsonb_build_object(''author_id'', p.id), ''[0]'') from profiles p';


create or replace function create_post_batch(name text, author_configs jsonb) returns uuid
language plpgsql volatile
as $$
declare
    batch uuid;
begin
    if coalesce(create_post_batch.name, '') !~ '\S' then
        raise exception 'name: empty' using errcode = 'LP031', hint = 'Name the batch.';
    end if;
    if author_configs is null or jsonb_typeof(author_configs) <> 'array'
        or jsonb_array_length(author_configs) = 0
    then
        raise exception 'author_configs: no array of objects' using
            errcode = 'LP032', hint = 'Write [{"author_id": …, "posts": 2}].';
    end if;
    perform check_author_config(e.value, format('author_configs[%s]', e.place - 1))
    from jsonb_array_elements(author_configs) with ordinality as e (value, place);

    insert into post_batches (name, mode)
    select
        create_post_batch.name,
        case when count(distinct (e.value ->> 'author_id')::uuid) > 1 then 'multi' else 'single' end
    from jsonb_array_elements(author_configs) as e
    returning id into batch;

    insert into batch_author_configs (
        batch_id, author_id, topic_id, audience_id, template_id, knowledge_ids, posts, slot_order
    )
    select
        batch,
        (e.value ->> 'author_id')::uuid,
        (e.value ->> 'topic_id')::uuid,
        (e.value ->> 'audience_id')::uuid,
        (e.value ->> 'template_id')::uuid,
        array(
            select k.value::uuid
            from jsonb_array_elements_text(
                case jsonb_typeof(e.value -> 'knowledge_ids')
                    when 'array' then e.value -> 'knowledge_ids' else '[]'
                end
            ) with ordinality as k (value, place)
            order by k.place
        ),
        coalesce((e.value ->> 'posts')::numeric, 1),
        e.place
    from jsonb_array_elements(author_configs) with ordinality as e (value, place);

    insert into production_posts (
        author_id, batch_id, batch_slot_order, status, topic_id, audience_id, template_id,
        knowledge_ids
    )
    select
        c.author_id, batch, row_number() over (order by c.slot_order, slot), 'pending', c.topic_id,
        c.audience_id, c.template_id, c.knowledge_ids
    from batch_author_configs c
    cross join generate_series(1, c.posts) as slot
    where c.batch_id = batch;

    perform recount_batches(array[batch]);
    return batch;
end
$$;
comment on function create_post_batch is
    'Make a batch and its production posts (status pending, batch_slot_order 1, 2, … in the order '
    'of author_configs), all or nothing. author_configs: [{author_id, topic_id?, audience_id?, '
    'template_id?, knowledge_ids?, posts?}], posts 1 to 100, else 1; null counts as left out. '
    'mode is multi when it names several authors. An error names the element, counted from 0, and '
    'its key: LP031 empty name, LP032 no array or object, LP033 unknown key, LP034 missing or of a '
    'wrong type, LP035 unknown id, LP036 posts out of range.
Example: select create_post_batch(name => ''May'', author_configs => jsonb_build_array('
    'jsonb_build_object(''author_id'', p.id, ''posts'', 3))) from profiles p limit 1';


create or replace function get_batch_with_posts(batch_id uuid) returns jsonb
language plpgsql stable strict
as $$
declare
    answer jsonb;
begin
    select jsonb_build_object(
        'batch', to_jsonb(b),
        'author_configs', coalesce((
            select jsonb_agg(
                to_jsonb(c) || jsonb_build_object(
                    'author_name', a.full_name, 'topic', t.name, 'audience', u.name,
                    'template', m.name
                ) order by c.slot_order, c.id
            )
            from batch_author_configs c
            left join profiles a on a.id = c.author_id
            left join topics t on t.id = c.topic_id
            left join audiences u on u.id = c.audience_id
            left join post_templates m on m.id = c.template_id
            where c.batch_id = b.id
        ), '[]'),
        'posts', coalesce((
            select jsonb_agg(
                to_jsonb(p) || jsonb_build_object(
                    'author_name', a.full_name, 'topic', t.name, 'audience', u.name,
                    'template', m.name
                ) order by p.batch_slot_order, p.created_at, p.id
            )
            from production_posts p
            left join profiles a on a.id = p.author_id
            left join topics t on t.id = p.topic_id
            left join audiences u on u.id = p.audience_id
            left join post_templates m on m.id = p.template_id
            where p.batch_id = b.id
        ), '[]')
    ) into answer
    from post_batches b
    where b.id = get_batch_with_posts.batch_id;
    if answer is null then
        raise exception 'batch %: unknown', batch_id using
            errcode = 'LP030', hint = 'Give the id of a row of post_batches.';
    end if;
    return answer;
end
$$;
comment on function get_batch_with_posts is
    '{"batch": {…}, "author_configs": […], "posts": […]}: the rows with all their columns, in the '
    'order of their slots, with author_name and the names of topic, audience and template beside '
    'the ids. Null for null. Error: LP030 unknown batch.
Example: select get_batch_with_posts((select id from post_batches limit 1))';


create or replace function get_hooks_with_classification(post_id uuid) returns table (
    id uuid, text text, score double precision, is_selected boolean, hook_type_id uuid,
    hook_type text, hook_type_label_fr text, hook_type_formula text, created_at timestamptz
)
language sql stable
as $$
    select
        h.id, h.text, h.score, h.is_selected, h.hook_type_id, t.name, t.label_fr, t.formula,
        h.created_at
    from generated_hooks h
    left join hook_types t on t.id = h.hook_type_id
    where h.production_post_id = get_hooks_with_classification.post_id
    order by h.score desc nulls last, h.created_at, h.id
$$;
comment on function get_hooks_with_classification is
    'The hooks proposed for a production post with their types, best score first, those without a '
    'score last; hook_type is null while unclassified. No row for an unknown post.
Example: select * from get_hooks_with_classification((select id from production_posts limit 1))';
