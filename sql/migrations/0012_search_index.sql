-- migrate: no transaction
-- A graph for the serving model's vectors and one for those that are being built: in one graph the
-- neighbours of either would be in each other's way. m and ef_construction are measured, see
-- docs/decisions/0009-search.md. Concurrently: writers go on, at any size. Before the columns
-- change, so that the routines of before still fit while this runs.
drop index concurrently if exists post_vectors_even;
drop index concurrently if exists post_vectors_odd;
create index concurrently post_vectors_even on post_vectors
    using hnsw (embedding halfvec_cosine_ops) with (m = 24, ef_construction = 64)
    where model_id % 2 = 0;
create index concurrently post_vectors_odd on post_vectors
    using hnsw (embedding halfvec_cosine_ops) with (m = 24, ef_construction = 64)
    where model_id % 2 = 1;
