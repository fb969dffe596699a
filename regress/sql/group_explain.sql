-- Whole numbers in wide types are grouped by as the numbers they are.
REPLACE INTO keyed OVERWRITE ALL SELECT TIMESTAMP '2023-11-01 00:00:00' + i * INTERVAL '7 hours' AS __time, i AS n FROM generate_series(1, 1000) AS t(i) PARTITIONED BY ALL;
EXPLAIN SELECT EXTRACT(YEAR FROM __time) AS y, DATE_PART('month', __time) AS m, COUNT(*) FROM keyed GROUP BY 1, 2;
SELECT EXTRACT(YEAR FROM __time) AS y, DATE_PART('month', __time) AS m, (n % 2)::numeric AS odd, COUNT(*) FROM keyed GROUP BY 1, 2, 3 ORDER BY 1, 2, 3 LIMIT 4;
SELECT y, pg_typeof(y), m / 4, pg_typeof(m) FROM (SELECT EXTRACT(YEAR FROM __time) AS y, DATE_PART('month', __time) AS m FROM keyed GROUP BY 1, 2) q ORDER BY 1, 3 LIMIT 3;
-- what may have a fraction, or is none of the key's business, stays
EXPLAIN SELECT EXTRACT(EPOCH FROM __time), DATE_PART('second', __time), EXTRACT(DAY FROM __time) + 1, (n / 2)::numeric(8, 2) FROM keyed GROUP BY 1, 2, 3, 4;
SELECT EXTRACT(DOW FROM __time) FROM keyed GROUP BY ROLLUP (EXTRACT(DOW FROM __time)) ORDER BY 1;
SELECT COUNT(DISTINCT EXTRACT(HOUR FROM __time)), COUNT(DISTINCT DATE_PART('doy', __time)) FROM keyed;
DROP TABLE keyed;
-- Many groups of texts: workers read all rows, each for the texts that are its own, and no group travels.
SET local_execution_rows = 0;
SET maxNumTasks = 2;
REPLACE INTO divided OVERWRITE ALL SELECT TIMESTAMP '2024-01-01 00:00:00' + (i % 3) * INTERVAL '1 day' AS __time, 'name ' || (i * 7919 % 20000) AS name, 'kind ' || (i % 5) AS kind, CASE WHEN i % 20 > 0 THEN 'same' ELSE 'page ' || (i * 31 % 100000) END AS page, i AS n FROM generate_series(1, 200000) AS t(i) PARTITIONED BY DAY;
SET maxNumTasks = 3;
EXPLAIN SELECT name, COUNT(*), SUM(n) FROM divided GROUP BY name ORDER BY 3 DESC, 1 LIMIT 3;
SELECT name, COUNT(*), SUM(n) FROM divided GROUP BY name ORDER BY 3 DESC, 1 LIMIT 3;
EXPLAIN SELECT kind, name, STRING_AGG(n::text, ',' ORDER BY n) FROM divided WHERE n > 3 GROUP BY 1, 2;
SELECT COUNT(*), SUM(c), MIN(l), MAX(l) FROM (SELECT kind, name, COUNT(*) AS c, LENGTH(STRING_AGG(n::text, ',' ORDER BY n)) AS l FROM divided WHERE n > 3 GROUP BY 1, 2) q;
-- not where most of the rows would be one worker's, nor for few groups, nor by a text that is computed
EXPLAIN SELECT page, COUNT(*) FROM divided GROUP BY page;
EXPLAIN SELECT kind, COUNT(*) FROM divided GROUP BY kind;
EXPLAIN SELECT UPPER(name), COUNT(*) FROM divided GROUP BY 1;
-- what a filter leaves is found out by testing some of the rows: most have one page
EXPLAIN SELECT name, COUNT(*) FROM divided WHERE page = 'same' AND kind = 'kind 0' GROUP BY name;
SELECT COUNT(*), SUM(c) FROM (SELECT name, COUNT(*) AS c FROM divided WHERE page = 'same' AND kind = 'kind 0' GROUP BY name) q;
DROP TABLE divided;
RESET maxNumTasks;
RESET local_execution_rows;
