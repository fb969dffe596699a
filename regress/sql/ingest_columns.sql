-- Columns go by name; they come and go; types; clustering; segments of a chunk.
REPLACE INTO stock OVERWRITE ALL
SELECT 'pear' AS item, TIMESTAMP '2024-01-01 00:00:00' AS __time, 2::BIGINT AS n, 1.5::DOUBLE PRECISION AS price, TRUE AS fresh PARTITIONED BY DAY;
SELECT * FROM stock;
-- another order, one column missing, one more
INSERT INTO stock SELECT 3::BIGINT AS n, 'green' AS colour, 'lime' AS item, TIMESTAMP '2024-01-01 05:00:00' AS __time PARTITIONED BY DAY;
SELECT __time, item, n, price, fresh, colour FROM stock ORDER BY __time;
-- or by place, with a list of columns
INSERT INTO stock (__time, item, n) SELECT TIMESTAMP '2024-01-01 06:00:00', 'fig', 4::BIGINT PARTITIONED BY DAY;
SELECT __time, item, n FROM stock WHERE item = 'fig';
SELECT COUNT(price), COUNT(fresh), COUNT(colour), COUNT(*) FROM stock;
SELECT item FROM stock WHERE colour IS NULL;
SELECT item FROM stock WHERE fresh;
-- every type there and back
REPLACE INTO kinds OVERWRITE ALL
SELECT TIMESTAMP '2024-01-01 00:00:00' AS __time, 1::SMALLINT AS small, 2 AS whole, 3::BIGINT AS big, 1.25::REAL AS single, 2.5::DOUBLE PRECISION AS twice, 12.34::NUMERIC(10, 2) AS exact,
  TRUE AS truth, 'text' AS string, DATE '2024-02-29' AS day, TIMESTAMP '2024-02-29 01:02:03.004' AS moment, ARRAY[1, 2]::BIGINT[] AS numbers, ARRAY['a', NULL] AS words
PARTITIONED BY ALL;
SELECT * FROM kinds;
SELECT pg_typeof(small), pg_typeof(whole), pg_typeof(big), pg_typeof(single), pg_typeof(twice), pg_typeof(exact), pg_typeof(truth), pg_typeof(string), pg_typeof(day), pg_typeof(moment), pg_typeof(numbers), pg_typeof(words) FROM kinds;
-- NULLs of every type, empty texts
REPLACE INTO kinds OVERWRITE ALL
SELECT TIMESTAMP '2024-01-01 00:00:00' AS __time, x AS n, y AS s, x > 1 AS b, x::DOUBLE PRECISION AS d FROM (VALUES (1::BIGINT, 'a'), (NULL, ''), (2, NULL)) AS v(x, y) PARTITIONED BY DAY;
SELECT * FROM kinds ORDER BY n;
SELECT COUNT(*), COUNT(n), COUNT(s), COUNT(b), COUNT(d) FROM kinds;
-- clustering: several segments of one day, with the ranges of their keys
SET rowsPerSegment = 100;
REPLACE INTO words OVERWRITE ALL
SELECT TIMESTAMP '2024-01-01 00:00:00' + g * INTERVAL '1 minute' AS __time, 'w' || LPAD((g * 7 % 400)::VARCHAR, 3, '0') AS word, g AS n FROM generate_series(0, 399) AS s(g)
PARTITIONED BY DAY CLUSTERED BY word;
RESET rowsPerSegment;
SELECT COUNT(*), SUM(num_rows), MIN(num_rows) > 50, MAX(num_rows) < 200 FROM sys.segments WHERE datasource = 'words';
SELECT COUNT(*) FROM sys.segments WHERE datasource = 'words' AND shard_spec LIKE '%"range"%' AND shard_spec LIKE '%word%';
SELECT COUNT(*), SUM(n), MIN(word), MAX(word) FROM words;
SELECT word, n FROM words WHERE word BETWEEN 'w100' AND 'w103' ORDER BY word;
-- what is refused
INSERT INTO stock SELECT TIMESTAMP '2024-01-01 00:00:00' AS __time, 1 + 1 PARTITIONED BY DAY;
INSERT INTO stock SELECT TIMESTAMP '2024-01-01 00:00:00' AS __time, 'a' AS item, 'b' AS item PARTITIONED BY DAY;
INSERT INTO stock SELECT TIMESTAMP '2024-01-01 00:00:00' AS __time, 'a' AS item ORDER BY item PARTITIONED BY DAY;
INSERT INTO stock SELECT TIMESTAMP '2024-01-01 00:00:00' AS __time, 'a' AS item LIMIT 5 PARTITIONED BY DAY;
INSERT INTO stock SELECT TIMESTAMP '2024-01-01 00:00:00' AS __time, 'a' AS item PARTITIONED BY DAY CLUSTERED BY item DESC;
INSERT INTO stock SELECT TIMESTAMP '2024-01-01 00:00:00' AS __time, 'a' AS item PARTITIONED BY DAY CLUSTERED BY 7;
INSERT INTO stock SELECT TIMESTAMP '2024-01-01 00:00:00' AS __time, 'a' AS item PARTITIONED BY DAY CLUSTERED BY nothing;
INSERT INTO stock SELECT '2024-01-01' AS __time, 'a' AS item PARTITIONED BY DAY;
INSERT INTO stock SELECT 1704067200000 AS __time, 'a' AS item PARTITIONED BY DAY;
INSERT INTO stock SELECT 'a' AS item PARTITIONED BY DAY;
INSERT INTO unheard_of SELECT TIMESTAMP '2024-01-01 00:00:00' AS __time, 'a' AS item;
INSERT INTO pg_catalog.pg_class SELECT TIMESTAMP '2024-01-01 00:00:00' AS __time, 'a' AS item PARTITIONED BY DAY;
INSERT INTO stock SELECT TIMESTAMP '2024-01-01 00:00:00' AS __time, 1 AS n, 10 / (n - 2) AS q FROM stock PARTITIONED BY DAY;
INSERT INTO stock SELECT x AS __time, 'a' AS item FROM (VALUES (TIMESTAMP '2024-01-01 00:00:00'), (NULL)) AS v(x) PARTITIONED BY DAY;
INSERT INTO stock SELECT TIMESTAMP '2024-01-01 00:00:00' AS __time, 'a' AS "__bucket" PARTITIONED BY DAY;
SELECT COUNT(*) FROM stock;
SET failOnEmptyInsert = true;
INSERT INTO stock SELECT __time, item FROM stock WHERE n > 99 PARTITIONED BY DAY;
RESET failOnEmptyInsert;
INSERT INTO stock SELECT __time, item FROM stock WHERE n > 99 PARTITIONED BY DAY;
SELECT COUNT(*) FROM stock;
-- rows of one chunk may be limited, all time may be
REPLACE INTO kinds OVERWRITE ALL SELECT item FROM stock LIMIT 1 PARTITIONED BY ALL;
SELECT COUNT(*) FROM kinds;
DROP TABLE stock;
DROP TABLE kinds;
DROP TABLE words;
