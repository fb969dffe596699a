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
