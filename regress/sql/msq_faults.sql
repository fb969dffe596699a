-- Limits of the multi-stage engine, each with its fault and the fault's fields.
-- more than 5,000 time chunks
REPLACE INTO msq_limits OVERWRITE ALL SELECT TIMESTAMP '2000-01-01' + g * INTERVAL '1' MINUTE AS __time, g AS n FROM generate_series(1, 6000) AS s(g) PARTITIONED BY 'PT1M';
-- more than 25,000 partitions
SET rowsPerSegment = 1;
REPLACE INTO msq_limits OVERWRITE ALL SELECT TIMESTAMP '2000-01-01' AS __time, g AS n FROM generate_series(1, 60000) AS s(g) PARTITIONED BY ALL CLUSTERED BY n;
SET maxNumSegments = 2;
REPLACE INTO msq_limits OVERWRITE ALL SELECT TIMESTAMP '2000-01-01' + g * INTERVAL '1' HOUR AS __time, g AS n FROM generate_series(1, 3) AS s(g) PARTITIONED BY DAY;
RESET maxNumSegments;
RESET rowsPerSegment;
-- rows of one instant are several segments where nothing keeps them together
SET rowsPerSegment = 1000;
REPLACE INTO msq_limits OVERWRITE ALL SELECT TIMESTAMP '2000-01-01' AS __time, g AS n FROM generate_series(1, 30000) AS s(g) PARTITIONED BY DAY;
SELECT COUNT(*) > 5 AS several, SUM(num_rows) FROM sys.segments WHERE datasource = 'msq_limits';
SELECT COUNT(*), SUM(n), MIN(__time) FROM msq_limits;
RESET rowsPerSegment;
-- rows of more bytes than a frame, where that is asked for
SET maxFrameSize = 1000;
SELECT REPEAT('x', 2000) AS x;
SELECT ARRAY[REPEAT('x', 500), REPEAT('x', 500)] AS x;
SELECT LENGTH(REPEAT('x', 2000)) AS n;
REPLACE INTO msq_limits OVERWRITE ALL SELECT REPEAT('x', 2000) AS x PARTITIONED BY ALL;
RESET maxFrameSize;
SELECT LENGTH(REPEAT('x', 2000)) AS n;
-- names of the engine's own
REPLACE INTO msq_limits OVERWRITE ALL SELECT 1 AS __boost PARTITIONED BY ALL;
-- no rows where there must be some
SET failOnEmptyInsert = true;
INSERT INTO msq_limits SELECT __time, n FROM msq_limits WHERE n < 0 PARTITIONED BY DAY;
REPLACE INTO msq_limits OVERWRITE ALL SELECT __time, n FROM msq_limits WHERE n < 0 PARTITIONED BY DAY;
RESET failOnEmptyInsert;
-- rows outside of what is overwritten, of another granularity, without a time
REPLACE INTO msq_limits OVERWRITE WHERE __time >= TIMESTAMP '2000-01-02' AND __time < TIMESTAMP '2000-01-03' SELECT __time, n FROM msq_limits PARTITIONED BY DAY;
INSERT INTO msq_limits SELECT TIMESTAMP '2000-01-01 05:00:00' AS __time, 1 AS n PARTITIONED BY HOUR;
INSERT INTO msq_limits SELECT CAST(NULL AS TIMESTAMP) AS __time, 1 AS n PARTITIONED BY DAY;
-- rows of a partition of a window
SET maxRowsMaterializedInWindow = 2;
SELECT SUM(n) OVER () FROM generate_series(1, 3) AS s(n);
RESET maxRowsMaterializedInWindow;
DROP TABLE msq_limits;
