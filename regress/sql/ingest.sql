-- INSERT and REPLACE: what they write, what they replace, and what they refuse.
REPLACE INTO visit OVERWRITE ALL
SELECT TIME_PARSE(t) AS __time, country, city, n
FROM TABLE(INLINE(data => ARRAY['2024-01-01T10:00:00Z,DE,Kiel,1', '2024-01-01T23:00:00Z,FR,Lyon,2', '2024-01-02T00:00:00Z,DE,Bonn,3'], format => 'csv'))
     (t VARCHAR, country VARCHAR, city VARCHAR, n BIGINT)
PARTITIONED BY DAY CLUSTERED BY country, city;
SELECT * FROM visit ORDER BY __time;
SELECT "start", "end", num_rows, shard_spec FROM sys.segments WHERE datasource = 'visit' ORDER BY "start";
INSERT INTO visit SELECT TIMESTAMP '2024-01-02 12:00:00' AS __time, 'IT' AS country, 4::BIGINT AS n PARTITIONED BY DAY;
SELECT * FROM visit ORDER BY __time;
SELECT COUNT(*) FROM sys.segments WHERE datasource = 'visit';
-- a part of time alone
REPLACE INTO visit OVERWRITE WHERE __time >= TIMESTAMP '2024-01-02 00:00:00' AND __time < TIMESTAMP '2024-01-03 00:00:00'
SELECT TIMESTAMP '2024-01-02 06:00:00' AS __time, 'ES' AS country, 'Vigo' AS city, 5::BIGINT AS n PARTITIONED BY DAY;
SELECT * FROM visit ORDER BY __time;
-- outside of what is overwritten
REPLACE INTO visit OVERWRITE WHERE __time >= TIMESTAMP '2024-01-02 00:00:00' AND __time < TIMESTAMP '2024-01-03 00:00:00'
SELECT TIMESTAMP '2024-01-05 06:00:00' AS __time, 'ES' AS country, 'Vigo' AS city, 5::BIGINT AS n PARTITIONED BY DAY;
SELECT COUNT(*) FROM visit;
-- no time
INSERT INTO visit SELECT CAST(NULL AS TIMESTAMP) AS __time, 'ES' AS country PARTITIONED BY DAY;
INSERT INTO visit SELECT 'ES' AS country PARTITIONED BY DAY;
-- another granularity in the same chunk
INSERT INTO visit SELECT TIMESTAMP '2024-01-02 12:00:00' AS __time, 'IT' AS country PARTITIONED BY HOUR;
-- what the grammar wants
INSERT INTO unheard_of SELECT TIMESTAMP '2024-01-02 12:00:00' AS __time;
REPLACE INTO visit SELECT TIMESTAMP '2024-01-02 12:00:00' AS __time PARTITIONED BY DAY;
INSERT INTO visit SELECT TIMESTAMP '2024-01-02 12:00:00' AS __time, 1, 2 PARTITIONED BY DAY;
INSERT INTO visit SELECT TIMESTAMP '2024-01-02 12:00:00' AS __time, 1 AS a, 2 AS a PARTITIONED BY DAY;
INSERT INTO visit SELECT TIMESTAMP '2024-01-02 12:00:00' AS __time, 1 AS n PARTITIONED BY FORTNIGHT;
-- granularities
REPLACE INTO grains OVERWRITE ALL SELECT TIMESTAMP '2024-02-29 13:45:00' AS __time, 1 AS n PARTITIONED BY HOUR;
SELECT "start", "end" FROM sys.segments WHERE datasource = 'grains';
REPLACE INTO grains OVERWRITE ALL SELECT TIMESTAMP '2024-02-29 13:45:00' AS __time, 1 AS n PARTITIONED BY WEEK;
SELECT "start", "end" FROM sys.segments WHERE datasource = 'grains';
REPLACE INTO grains OVERWRITE ALL SELECT TIMESTAMP '2024-02-29 13:45:00' AS __time, 1 AS n PARTITIONED BY MONTH;
SELECT "start", "end" FROM sys.segments WHERE datasource = 'grains';
REPLACE INTO grains OVERWRITE ALL SELECT TIMESTAMP '2024-02-29 13:45:00' AS __time, 1 AS n PARTITIONED BY QUARTER;
SELECT "start", "end" FROM sys.segments WHERE datasource = 'grains';
REPLACE INTO grains OVERWRITE ALL SELECT TIMESTAMP '2024-02-29 13:45:00' AS __time, 1 AS n PARTITIONED BY YEAR;
SELECT "start", "end" FROM sys.segments WHERE datasource = 'grains';
REPLACE INTO grains OVERWRITE ALL SELECT TIMESTAMP '2024-02-29 13:45:00' AS __time, 1 AS n PARTITIONED BY TIME_FLOOR(__time, 'PT15M');
SELECT "start", "end" FROM sys.segments WHERE datasource = 'grains';
REPLACE INTO grains OVERWRITE ALL SELECT 1 AS n PARTITIONED BY ALL;
SELECT COUNT(*) FROM grains;
DROP TABLE grains;
SELECT * FROM grains;
DROP TABLE IF EXISTS grains;
DROP TABLE visit;
