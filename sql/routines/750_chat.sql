-- Titles of chat sessions.  Both triggers fire once for each statement, so that a COPY of 10,000
-- messages writes their session once, and lock sessions in the order of ids.

create or replace function chat_title(content text) returns text
language plpgsql immutable parallel safe
as $$
declare
    -- \s knows the spaces of ASCII only where the database's locale is C
    spaces constant text :=
        '[\s\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]+';
    most constant integer := 60;
    -- What belongs to the character before it: combining marks (Latin, Cyrillic, Hebrew, Arabic,
    -- Thai, Lao, Tibetan, Burmese, Khmer, Mongolian, Hangul vowels, kana), joiners, variation
    -- selectors, skin tones, tags.  The marks of Indian scripts are recognised by their place.
    extending constant int4multirange := '{[768,880),[1155,1162),[1425,1470),[1471,1480),'
        '[1552,1563),[1611,1632),[1648,1649),[1750,1757),[1759,1765),[1767,1769),[1770,1774),'
        '[3633,3634),[3635,3643),[3655,3663),[3761,3762),[3763,3773),[3784,3791),[3953,3973),'
        '[3984,4029),[4139,4159),[4182,4186),[4190,4193),[4448,4608),[6068,6100),[6155,6158),[6832,6912),'
        '[7616,7680),[8204,8206),[8400,8433),[12330,12336),[12441,12443),[65024,65040),'
        '[65056,65072),[127995,128000),[917536,917632),[917760,918000)}';
    folded text := btrim(regexp_replace(chat_title.content, spaces, ' ', 'g'));
    title text;
    place integer := most - 1; -- one character is for the ellipsis
    code integer;
    flags integer;
begin
    if char_length(folded) <= most then
        return nullif(folded, '');
    end if;
    title := substring(left(folded, most) from '^(.*) ');
    if title is not null then
        return title || '…';
    end if;
    -- One very long word, or a script without spaces: cut between what readers take for characters.
    loop
        code := ascii(substr(folded, place + 1, 1));
        -- of a row of regional indicators each two are a flag
        flags := char_length(substring(left(folded, place) from '[\U0001F1E6-\U0001F1FF]*$'));
        exit when place = 1 or not (
            code <@ extending
            or code between 2304 and 3583
                and (code % 128 <= 3 or code % 128 between 60 and 77 or code % 128 between 81 and 87)
            or ascii(substr(folded, place, 1)) = 8205 -- a zero-width joiner
            or code between 127462 and 127487 and flags % 2 = 1
        );
        place := place - 1;
    end loop;
    -- a single cluster that is longer than a title has no place to be cut at
    return left(folded, case place when 1 then most - 1 else place end) || '…';
end
$$;
comment on function chat_title is
    'The title that a message gives its session: white space folded, at most 60 characters, cut '
    'after a word, or between two characters as readers see them where the first word is longer; '
    'an ellipsis, counted among the 60, when cut. Null for a text without words.
Example: select chat_title(''How do I write a hook that people remember?'')';


create or replace function auto_title_chat_session() returns trigger
language plpgsql
as $$
begin
    perform from chat_sessions s
    where s.id in (select n.session_id from new_messages n)
    order by s.id
    for no key update;

    update chat_sessions s
    set title = t.title
    from (
        select distinct on (m.session_id) m.session_id, m.title
        from (
            -- messages of one statement have one time: the order they came in decides
            select n.session_id, n.created_at, n.place, chat_title(n.content) as title
            from (select i.*, row_number() over () as place from new_messages i) as n
            where exists ( -- asked once the session is locked
                select from chat_sessions o where o.id = n.session_id and o.title is null
            )
        ) as m
        where m.title is not null
        order by m.session_id, m.created_at, m.place
    ) as t
    where s.id = t.session_id;
    return null;
end
$$;
comment on function auto_title_chat_session is
    'The first message with words titles a session that has no title; any other title is kept.';


create or replace function update_chat_session_timestamp() returns trigger
language plpgsql
as $$
begin
    perform from chat_sessions s
    where s.id in (select n.session_id from new_messages n)
    order by s.id
    for no key update;

    update chat_sessions s
    set updated_at = greatest(clock_timestamp(), s.updated_at + interval '1 microsecond')
    where s.id in (select n.session_id from new_messages n);
    return null;
end
$$;
comment on function update_chat_session_timestamp is
    'A new message moves its session''s updated_at forward.';
