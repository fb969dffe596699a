-- PARTITIONED BY: the time chunks that each granularity makes, and which are refused.
REPLACE INTO moment OVERWRITE ALL SELECT TIMESTAMP '2024-02-29 13:47:31.5' AS __time, 1 AS n PARTITIONED BY FLOOR(__time TO SECOND);
SELECT "start", "end", num_rows FROM sys.segments WHERE datasource = 'moment';
REPLACE INTO moment OVERWRITE ALL SELECT TIMESTAMP '2024-02-29 13:47:31.5' AS __time, 1 AS n PARTITIONED BY FLOOR(__time TO MINUTE);
SELECT "start", "end", num_rows FROM sys.segments WHERE datasource = 'moment';
REPLACE INTO moment OVERWRITE ALL SELECT TIMESTAMP '2024-02-29 13:47:31.5' AS __time, 1 AS n PARTITIONED BY TIME_FLOOR(__time, 'PT5M');
SELECT "start", "end", num_rows FROM sys.segments WHERE datasource = 'moment';
REPLACE INTO moment OVERWRITE ALL SELECT TIMESTAMP '2024-02-29 13:47:31.5' AS __time, 1 AS n PARTITIONED BY TIME_FLOOR(__time, 'PT6H');
SELECT "start", "end", num_rows FROM sys.segments WHERE datasource = 'moment';
REPLACE INTO moment OVERWRITE ALL SELECT TIMESTAMP '2024-02-29 13:47:31.5' AS __time, 1 AS n PARTITIONED BY TIME_FLOOR(__time, 'P1W');
SELECT "start", "end", num_rows FROM sys.segments WHERE datasource = 'moment';
REPLACE INTO moment OVERWRITE ALL SELECT TIMESTAMP '2024-02-29 13:47:31.5' AS __time, 1 AS n PARTITIONED BY 'P1M';
SELECT "start", "end", num_rows FROM sys.segments WHERE datasource = 'moment';
REPLACE INTO moment OVERWRITE ALL SELECT TIMESTAMP '2024-02-29 13:47:31.5' AS __time, 1 AS n PARTITIONED BY FLOOR(__time TO QUARTER);
SELECT "start", "end", num_rows FROM sys.segments WHERE datasource = 'moment';
REPLACE INTO moment OVERWRITE ALL SELECT TIMESTAMP '2024-02-29 13:47:31.5' AS __time, 1 AS n PARTITIONED BY 'YEAR';
SELECT "start", "end", num_rows FROM sys.segments WHERE datasource = 'moment';
REPLACE INTO moment OVERWRITE ALL SELECT TIMESTAMP '2024-02-29 13:47:31.5' AS __time, 1 AS n PARTITIONED BY ALL TIME;
SELECT "start", "end", num_rows FROM sys.segments WHERE datasource = 'moment';
-- before 1970, on a boundary, at the last millisecond
REPLACE INTO moment OVERWRITE ALL
SELECT TIME_PARSE(t) AS __time, n FROM (VALUES ('1969-12-31T23:59:59.999Z', 1), ('1970-01-01T00:00:00Z', 2), ('1900-02-28T12:00:00Z', 3), ('2400-02-29T00:00:00Z', 4)) AS v(t, n)
PARTITIONED BY DAY;
SELECT "start", "end", num_rows FROM sys.segments WHERE datasource = 'moment' ORDER BY "start";
SELECT __time, n FROM moment ORDER BY __time;
-- days are days of UTC whatever the session's zone
SET TimeZone = 'America/Los_Angeles';
REPLACE INTO moment OVERWRITE ALL SELECT TIMESTAMP '2024-03-10 20:00:00' AS __time, 1 AS n PARTITIONED BY DAY;
SELECT "start", "end" FROM sys.segments WHERE datasource = 'moment';
SELECT __time FROM moment;
RESET TimeZone;
SELECT __time FROM moment;
-- no time is needed when there is one chunk
REPLACE INTO moment OVERWRITE ALL SELECT 5 AS n PARTITIONED BY ALL;
SELECT n FROM moment;
-- refused
REPLACE INTO moment OVERWRITE ALL SELECT TIMESTAMP '2024-02-29 13:47:31.5' AS __time, 1 AS n PARTITIONED BY TIME_FLOOR(__time, 'PT7M');
REPLACE INTO moment OVERWRITE ALL SELECT TIMESTAMP '2024-02-29 13:47:31.5' AS __time, 1 AS n PARTITIONED BY TIME_FLOOR(n, 'P1D');
REPLACE INTO moment OVERWRITE ALL SELECT TIMESTAMP '2024-02-29 13:47:31.5' AS __time, 1 AS n PARTITIONED BY FLOOR(__time TO DECADE);
REPLACE INTO moment OVERWRITE ALL SELECT TIMESTAMP '2024-02-29 13:47:31.5' AS __time, 1 AS n PARTITIONED BY 'fortnight';
REPLACE INTO moment OVERWRITE ALL SELECT TIMESTAMP '2024-02-29 13:47:31.5' AS __time, 1 AS n PARTITIONED BY n;
REPLACE INTO moment OVERWRITE ALL SELECT TIMESTAMP '2024-02-29 13:47:31.5' AS __time, 1 AS n CLUSTERED BY n PARTITIONED BY DAY;
SELECT n FROM moment;
DROP TABLE moment;
