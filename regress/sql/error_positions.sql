-- Where an error stands: the position counts characters of the statement as it was typed, through
-- the forms that PostgreSQL's grammar lacks.
SELECT nothing;
SELECT 1, nothing;
SELECT 'äöü', nothing;
SELECT '日本😀', nothing;
SELECT
  1,
  nothing
FROM (VALUES (1)) AS t(x);
SELECT /* comment */ nothing;
-- after a rewritten form
SELECT FLOOR(TIMESTAMP '2024-01-01 00:00:00' TO DAY), nothing;
SELECT TIMESTAMPADD(DAY, 1, TIMESTAMP '2024-01-01 00:00:00'), nothing;
SELECT JSON_VALUE(PARSE_JSON('{}'), '$.a' RETURNING BIGINT), nothing;
SELECT * FROM TABLE(INLINE(data => ARRAY['1'], format => 'csv')) (a BIGINT) WHERE nothing > 1;
SELECT * FROM TABLE(EXTERN('{"type":"inline","data":"1"}', '{"type":"csv","columns":["a"]}')) EXTEND (a BIGINT) WHERE b = 1;
SELECT * FROM TABLE(EXTERN('{"type":"inline","data":"1"}', '{"type":"csv","columns":["a"]}', '[{"name":"a","type":"long"}]')) AS t WHERE t.b = 1;
REPLACE INTO nowhere OVERWRITE ALL SELECT nothing AS __time PARTITIONED BY DAY;
REPLACE INTO nowhere OVERWRITE WHERE nothing > 1 SELECT TIMESTAMP '2024-01-01 00:00:00' AS __time PARTITIONED BY DAY;
INSERT INTO nowhere SELECT TIMESTAMP '2024-01-01 00:00:00' AS __time, 1 AS n PARTITIONED BY CENTURY;
INSERT INTO nowhere SELECT TIMESTAMP '2024-01-01 00:00:00' AS __time, 1 AS n PARTITIONED BY DAY CLUSTERED BY missing;
EXPLAIN PLAN FOR SELECT nothing;
EXPLAIN PLAN FOR REPLACE INTO nowhere OVERWRITE ALL SELECT 1 AS a, 2 AS a PARTITIONED BY ALL;
-- syntax
SELECT 1 FROM;
SELECT (1 + 2;
SELECT 1 + + ;
SELEKT 1;
SELECT * FROM t WHERE AND;
SELECT 'open;
SELECT "open;
SELECT 1 LIMIT 1 LIMIT 2;
REPLACE nowhere SELECT 1;
REPLACE INTO nowhere SELECT 1 AS a PARTITIONED BY ALL;
REPLACE INTO nowhere OVERWRITE SELECT 1 AS a PARTITIONED BY ALL;
INSERT INTO nowhere OVERWRITE ALL SELECT 1 AS a PARTITIONED BY ALL;
REPLACE INTO nowhere OVERWRITE ALL SELECT 1 AS a;
SELECT FLOOR(1 TO);
SELECT * FROM TABLE(1);
SELECT * FROM TABLE(nofunction('x')) (a BIGINT);
-- names
SELECT t.x FROM (VALUES (1)) AS u(x);
SELECT nofunction(1, 'a');
SELECT upper(1, 2);
SELECT * FROM no_such_table;
SELECT 1::no_such_type;
SELECT x FROM (VALUES (1)) AS t(x), (VALUES (2)) AS u(x);
SELECT namee FROM (VALUES (1)) AS t(name);
SELECT "X" FROM (VALUES (1)) AS t(x);
-- types
SELECT 1 + 'x';
SELECT 1 = TRUE;
SELECT NOT 5;
SELECT 1 WHERE 5;
SELECT CASE WHEN 1 THEN 2 END;
SELECT CAST('abc' AS BIGINT);
SELECT TIMESTAMP '2024-13-01 00:00:00';
SELECT upper(5);
SELECT 'a' LIKE 5;
SELECT SUM('a');
-- grouping
SELECT x, COUNT(*) FROM (VALUES (1, 2)) AS t(x, y) GROUP BY y;
SELECT x FROM (VALUES (1)) AS t(x) WHERE SUM(x) > 1;
SELECT SUM(SUM(x)) FROM (VALUES (1)) AS t(x);
SELECT x FROM (VALUES (1)) AS t(x) GROUP BY 5;
SELECT x FROM (VALUES (1)) AS t(x) ORDER BY 5;
SELECT 1 UNION ALL SELECT 1, 2;
SELECT 1 UNION ALL SELECT TRUE;
-- at run time there is no place, but a cause
SELECT 10 / x FROM (VALUES (1), (0)) AS t(x);
SELECT CAST(x AS BIGINT) FROM (VALUES ('1'), ('one')) AS t(x);
SELECT x + 1 FROM (VALUES (9223372036854775807)) AS t(x);
SELECT (SELECT x FROM (VALUES (1), (2)) AS t(x));
