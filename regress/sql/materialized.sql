-- materialized views: rows of a query, kept until they are made anew
CREATE TABLE mat_base (a int, b text);
INSERT INTO mat_base VALUES (1, 'x'), (2, 'y'), (3, NULL);
CREATE MATERIALIZED VIEW mat AS SELECT a, upper(b) AS b FROM mat_base WHERE a > 1;
SELECT * FROM mat ORDER BY a;
INSERT INTO mat_base VALUES (4, 'z');
SELECT count(*) FROM mat;
REFRESH MATERIALIZED VIEW mat;
SELECT * FROM mat ORDER BY a;
REFRESH MATERIALIZED VIEW CONCURRENTLY mat;
SELECT count(*) FROM mat;
-- what it is
SELECT relkind, relhasrules, pg_get_viewdef('mat'::regclass) AS definition FROM pg_class WHERE relname = 'mat';
SELECT schemaname, matviewname, ispopulated, definition FROM pg_matviews;
SELECT count(*) FROM pg_tables WHERE tablename = 'mat';
SELECT count(*) FROM information_schema.tables WHERE table_name = 'mat';
SELECT attname, format_type(atttypid, atttypmod) AS type FROM pg_attribute WHERE attrelid = 'mat'::regclass AND attnum > 0 ORDER BY attnum;
-- what it is not
INSERT INTO mat VALUES (5, 'q');
UPDATE mat SET a = 1;
DELETE FROM mat WHERE a = 1;
DELETE FROM mat;
TRUNCATE mat;
DROP TABLE mat;
DROP VIEW mat;
ALTER TABLE mat ADD COLUMN c int;
DROP MATERIALIZED VIEW mat_base;
REFRESH MATERIALIZED VIEW mat_base;
REFRESH MATERIALIZED VIEW absent;
CREATE MATERIALIZED VIEW mat AS SELECT 1;
CREATE MATERIALIZED VIEW IF NOT EXISTS mat AS SELECT 1;
-- names of columns, no rows at first, nothing of the query left out
CREATE MATERIALIZED VIEW mat_named (one, two) AS SELECT a, b FROM mat_base ORDER BY a LIMIT 2 WITH NO DATA;
SELECT count(*) FROM mat_named;
REFRESH MATERIALIZED VIEW mat_named;
SELECT one, two FROM mat_named ORDER BY one;
REFRESH MATERIALIZED VIEW mat_named WITH NO DATA;
SELECT count(*) FROM mat_named;
SELECT pg_get_viewdef('mat_named'::regclass) AS definition;
CREATE MATERIALIZED VIEW mat_data AS VALUES (1), (2) WITH DATA;
SELECT definition FROM pg_matviews WHERE matviewname = 'mat_data';
-- who depends on whom
DROP TABLE mat_base;
CREATE VIEW mat_view AS SELECT count(*) AS n FROM mat;
DROP MATERIALIZED VIEW mat;
ALTER MATERIALIZED VIEW mat_named RENAME TO mat_other;
COMMENT ON MATERIALIZED VIEW mat_other IS 'kept';
SELECT obj_description('mat_other'::regclass) AS comment;
BEGIN READ ONLY;
REFRESH MATERIALIZED VIEW mat_other;
ROLLBACK;
EXPLAIN REFRESH MATERIALIZED VIEW mat_other;
DROP MATERIALIZED VIEW IF EXISTS absent, mat_data;
DROP TABLE mat_base CASCADE;
SELECT count(*) FROM pg_matviews;
