-- sys.segments and the other views of the engine's own state; versions, sizes and ids are left out.
REPLACE INTO piece OVERWRITE ALL
SELECT TIME_PARSE(t) AS __time, k, n FROM (VALUES ('2024-01-01T10:00:00Z', 'a', 1), ('2024-01-01T11:00:00Z', 'b', 2), ('2024-02-01T00:00:00Z', 'a', 3)) AS v(t, k, n)
PARTITIONED BY DAY CLUSTERED BY k;
SELECT datasource, "start", "end", partition_num, num_rows, is_active, is_published, is_available, is_realtime, is_overshadowed FROM sys.segments WHERE datasource = 'piece' ORDER BY "start";
SELECT segment_id LIKE 'piece\_' || "start" || '\_' || "end" || '\_20%' AS id, size > 0 AS size, version LIKE '20__-__-__T__:__:__.___Z' AS version, dimensions, shard_spec FROM sys.segments WHERE datasource = 'piece' ORDER BY "start";
INSERT INTO piece SELECT TIMESTAMP '2024-01-01 12:00:00' AS __time, 'c' AS k, 4 AS n PARTITIONED BY DAY;
SELECT "start", COUNT(*), SUM(num_rows), MAX(partition_num), COUNT(DISTINCT version) FROM sys.segments WHERE datasource = 'piece' GROUP BY "start" ORDER BY "start";
REPLACE INTO piece OVERWRITE WHERE __time >= TIMESTAMP '2024-01-01 00:00:00' AND __time < TIMESTAMP '2024-01-02 00:00:00' SELECT TIMESTAMP '2024-01-01 12:00:00' AS __time, 'z' AS k, 9 AS n PARTITIONED BY DAY;
SELECT "start", num_rows, is_active FROM sys.segments WHERE datasource = 'piece' AND is_active = 1 ORDER BY "start";
SELECT COUNT(*) FROM (SELECT DISTINCT datasource FROM sys.segments WHERE datasource = 'piece') AS d JOIN information_schema.tables t ON t.table_name = d.datasource;
SELECT table_schema, table_name, table_type FROM information_schema.tables WHERE table_name = 'piece';
SELECT column_name, ordinal_position, data_type, is_nullable FROM information_schema.columns WHERE table_name = 'piece' ORDER BY ordinal_position;
SELECT n.nspname, c.relname, c.relkind FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relname = 'piece';
SELECT a.attname, t.typname, a.attnotnull FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid WHERE a.attrelid = 'piece'::regclass AND a.attnum > 0 ORDER BY a.attnum;
SELECT 'piece'::regclass, 'public.piece'::regclass, 'druid.piece'::regclass;
SELECT COUNT(*) FROM public.piece;
SELECT COUNT(*) FROM druid.piece;
DROP TABLE piece;
SELECT COUNT(*) FROM sys.segments WHERE datasource = 'piece' AND is_active = 1;
SELECT * FROM piece;
SELECT 'piece'::regclass;
