-- Signatures that the routines make anew: write-backs get the posts that are held and those that are
-- busy as two arrays, and vectors of the serving model can come with those of a model being built.
drop function if exists hold_claims(post_stage, uuid[], bigint[]);
drop function if exists store_embeddings(uuid[], bigint[], vector[], text);
