-- What is not read: segments outside the time asked for, or of other ranges of the cluster keys.
SET rowsPerSegment = 60;
REPLACE INTO reading OVERWRITE ALL
SELECT TIMESTAMP '2024-01-01 00:00:00' + g * INTERVAL '6 minutes' AS __time, 's' || LPAD((g % 240 / 2)::VARCHAR, 3, '0') AS sensor, g AS n FROM generate_series(0, 959) AS s(g)
PARTITIONED BY DAY CLUSTERED BY sensor;
RESET rowsPerSegment;
SELECT COUNT(*) FROM sys.segments WHERE datasource = 'reading';
-- by time
EXPLAIN SELECT SUM(n) FROM reading WHERE __time >= TIMESTAMP '2024-01-04 00:00:00';
SELECT SUM(n) FROM reading WHERE __time >= TIMESTAMP '2024-01-04 00:00:00';
EXPLAIN SELECT SUM(n) FROM reading WHERE __time < TIMESTAMP '2024-01-01 12:00:00' OR __time >= TIMESTAMP '2024-01-04 12:00:00';
SELECT SUM(n) FROM reading WHERE __time < TIMESTAMP '2024-01-01 12:00:00' OR __time >= TIMESTAMP '2024-01-04 12:00:00';
SELECT SUM(n) FROM reading WHERE TIME_IN_INTERVAL(__time, '2024-01-02/P1D');
SELECT SUM(n) FROM reading WHERE TIME_FLOOR(__time, 'P1D') = TIMESTAMP '2024-01-03 00:00:00';
EXPLAIN SELECT COUNT(*) FROM reading WHERE __time > TIMESTAMP '2030-01-01 00:00:00';
SELECT COUNT(*) FROM reading WHERE __time > TIMESTAMP '2030-01-01 00:00:00';
-- by ranges of the cluster key
EXPLAIN SELECT SUM(n) FROM reading WHERE sensor = 's005';
SELECT SUM(n) FROM reading WHERE sensor = 's005';
EXPLAIN SELECT SUM(n) FROM reading WHERE sensor IN ('s005', 's119') AND __time < TIMESTAMP '2024-01-02 00:00:00';
SELECT SUM(n) FROM reading WHERE sensor IN ('s005', 's119') AND __time < TIMESTAMP '2024-01-02 00:00:00';
EXPLAIN SELECT SUM(n) FROM reading WHERE sensor > 's100';
SELECT SUM(n) FROM reading WHERE sensor > 's100';
SELECT SUM(n) FROM reading WHERE sensor LIKE 's00%';
EXPLAIN SELECT SUM(n) FROM reading WHERE sensor IS NULL;
SELECT SUM(n) FROM reading WHERE sensor IS NULL;
-- by the least and greatest value of any column
EXPLAIN SELECT SUM(n) FROM reading WHERE n = 5;
SELECT SUM(n) FROM reading WHERE n = 5;
DROP TABLE reading;

-- functions of __time that keep its order, and how conditions are put together
REPLACE INTO pruning_year OVERWRITE ALL
SELECT TIMESTAMP '2020-01-01' + INTERVAL '1 day' * n AS __time, n AS id, 's' || (n % 5) AS s
FROM generate_series(0, 365) AS g(n) PARTITIONED BY MONTH;
EXPLAIN SELECT id FROM pruning_year WHERE FLOOR(__time TO DAY) = TIMESTAMP '2020-03-05';
EXPLAIN SELECT id FROM pruning_year WHERE date_trunc('month', __time) IN (TIMESTAMP '2020-03-01', TIMESTAMP '2020-07-01');
EXPLAIN SELECT id FROM pruning_year WHERE TIME_IN_INTERVAL(__time, '2020-03-01/P1M');
EXPLAIN SELECT id FROM pruning_year WHERE EXTRACT(YEAR FROM __time) = 2021;
EXPLAIN SELECT id FROM pruning_year WHERE EXTRACT(MONTH FROM __time) = 3;
EXPLAIN SELECT id FROM pruning_year WHERE CAST(__time AS DATE) BETWEEN '2020-03-05' AND '2020-04-07';
EXPLAIN SELECT id FROM pruning_year WHERE __time + INTERVAL '1 month' < TIMESTAMP '2020-03-01';
EXPLAIN SELECT id FROM pruning_year WHERE NOT (__time >= TIMESTAMP '2020-03-01');
EXPLAIN SELECT id FROM pruning_year
WHERE (__time >= TIMESTAMP '2020-03-01' AND __time < TIMESTAMP '2020-04-01' AND s = 's1')
   OR (FLOOR(__time TO MONTH) = TIMESTAMP '2020-06-01' AND id > 3);
EXPLAIN SELECT * FROM (SELECT DISTINCT ON (__time) __time AS t, id FROM pruning_year ORDER BY __time, id) AS x
WHERE t < TIMESTAMP '2020-02-01';
EXPLAIN SELECT * FROM (SELECT __time AS t FROM pruning_year EXCEPT ALL SELECT __time FROM pruning_year) AS x
WHERE t < TIMESTAMP '2020-02-01';
