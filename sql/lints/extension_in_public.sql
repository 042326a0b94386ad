-- A row: an extension whose members mingle with ours in public, callable by everybody.
-- Remedy: alter extension NAME set schema extensions.
-- Allowed: vector. Its types stand in our tables' definitions, it works from whatever schema it is in,
-- and its functions only compute.

select e.extname::text as subject, 'lives in schema public' as problem
from pg_extension e
where e.extnamespace = 'public'::regnamespace
    and e.extname <> 'vector'
order by 1;
