-- Routines of styles that take more arguments now: the old ones would stand beside them.

drop function if exists store_style(uuid, bigint, text, jsonb);
drop function if exists retry_style(uuid, bigint, interval, boolean);
