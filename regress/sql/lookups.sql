-- What EXPLAIN says when indexes of segments find a text: segments left out, and who runs the query.
REPLACE INTO looked_up OVERWRITE ALL
SELECT MILLIS_TO_TIMESTAMP(1704067200000 + n * 4320) AS __time, n, 'name ' || n AS name, 'label ' || (n % 7) AS label
FROM (SELECT CAST(g AS BIGINT) AS n FROM generate_series(0, 59999) AS s(g)) AS numbers
PARTITIONED BY DAY;
EXPLAIN SELECT n FROM looked_up WHERE name = 'name 30000';
EXPLAIN SELECT n FROM looked_up WHERE name IN ('name 30000', 'name 59999') AND label = 'label 5';
EXPLAIN SELECT n FROM looked_up WHERE name = 'name 30000' OR name = 'name 1';
EXPLAIN SELECT n FROM looked_up WHERE name = 'nobody';
-- Nothing is listed of a text that most blocks have: workers read them.
EXPLAIN SELECT n FROM looked_up WHERE label = 'label 5';
-- Little enough for the controller by itself.
SET local_execution_rows = 1000000;
EXPLAIN SELECT n FROM looked_up WHERE name = 'name 30000';
RESET local_execution_rows;
DROP TABLE looked_up;
