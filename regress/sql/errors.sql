-- Errors: SQLSTATE, wording, position, hint. Each leaves the session as it was.
SELECT 1/0;
SELECT 9223372036854775807 + 1;
SELECT 'abc'::BIGINT;
SELECT nothing FROM (VALUES (1)) AS t(a);
SELECT t.aa FROM (VALUES (1)) AS t(a);
SELECT * FROM nowhere;
SELECT nofunction(1);
SELECT 1 + TRUE;
SELECT a, COUNT(*) FROM (VALUES (1, 2)) AS t(a, b) GROUP BY b;
SELECT SELECT;
SELECT (1;
SELECT 'é' || nocolumn;
SELECT a FROM (VALUES (1)) AS t(a), (VALUES (2)) AS u(a);
SELECT (SELECT a FROM (VALUES (1), (2)) AS t(a));
SELECT 1 LIMIT -1;
SELECT CAST('2024-13-01' AS DATE);
CREATE TABLE t (a INT);
DROP TABLE t;
BEGIN;
SELECT 1/0;
SELECT 1;
COMMIT;
SELECT 1;
-- a parameter that nobody gives
SELECT $1;
SELECT 1 WHERE 'a' = $2;
-- functions in FROM that are none
SELECT * FROM ten('x');
SELECT * FROM sum(1) g;
SELECT * FROM x(1) AS (a int);
