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
