-- Command tags, several statements, transaction states, and what stands in none of them.
SELECT 1 AS a;
SELECT 1 AS a; SELECT 2 AS b; SELECT 1 / 0; SELECT 3;
;
-- a tag counts rows
SELECT x FROM (VALUES (1), (2), (3)) AS t(x);
REPLACE INTO tagged OVERWRITE ALL SELECT TIMESTAMP '2024-01-01 00:00:00' AS __time, x FROM (VALUES (1), (2), (3)) AS t(x) PARTITIONED BY DAY;
INSERT INTO tagged SELECT TIMESTAMP '2024-01-01 00:00:00' AS __time, x FROM (VALUES (4), (5)) AS t(x) PARTITIONED BY DAY;
SELECT COUNT(*) FROM tagged;
BEGIN;
SELECT COUNT(*) FROM tagged;
COMMIT;
START TRANSACTION READ ONLY;
ROLLBACK;
BEGIN;
SELECT nothing;
SELECT 1;
SHOW TimeZone;
ROLLBACK;
SELECT 1;
BEGIN; SELECT 1; COMMIT;
BEGIN; SELECT 1 / 0; COMMIT;
SELECT 2;
ROLLBACK;
END;
ABORT;
COMMIT;
-- settings live and die with transactions
SET maxParseExceptions = 5;
SHOW maxParseExceptions;
BEGIN;
SET maxParseExceptions = 6;
SET LOCAL sqlJoinAlgorithm = 'sortMerge';
SHOW maxParseExceptions;
SHOW sqlJoinAlgorithm;
ROLLBACK;
SHOW maxParseExceptions;
SHOW sqlJoinAlgorithm;
RESET maxParseExceptions;
SHOW maxParseExceptions;
SET talaria.dialect = 'oracle';
SET talaria.dialect = 'druid';
SELECT CAST('x' AS BIGINT);
RESET talaria.dialect;
SELECT CAST('x' AS BIGINT);
SET TimeZone = 'Europe/Berlin';
SELECT current_setting('TimeZone'), current_setting('sqlTimeZone');
SELECT set_config('sqlTimeZone', 'Asia/Tokyo', false);
SHOW TimeZone;
RESET TimeZone;
SET client_min_messages = warning;
DROP TABLE IF EXISTS nosuch;
RESET client_min_messages;
-- context comments of the console
--:context maxParseExceptions: 3
SHOW maxParseExceptions;
-- not here
UPDATE tagged SET x = 1;
DELETE FROM tagged;
CREATE VIEW v AS SELECT 1;
DROP VIEW v;
GRANT SELECT ON tagged TO nobody;
TRUNCATE tagged;
DROP TABLE nosuch;
DROP TABLE IF EXISTS nosuch;
DROP TABLE tagged;
