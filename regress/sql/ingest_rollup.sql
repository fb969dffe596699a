-- GROUP BY in an ingestion rolls rows up; the result is a table like any other.
REPLACE INTO click OVERWRITE ALL
SELECT TIME_PARSE(t) AS __time, page, n FROM TABLE(INLINE(data => ARRAY[
  '2024-01-01T00:00:10Z,a,1', '2024-01-01T00:00:50Z,a,2', '2024-01-01T00:01:00Z,a,4', '2024-01-01T00:01:30Z,b,8', '2024-01-02T00:00:00Z,b,16'], format => 'csv')) (t VARCHAR, page VARCHAR, n BIGINT)
PARTITIONED BY DAY;
REPLACE INTO click_minute OVERWRITE ALL
SELECT TIME_FLOOR(__time, 'PT1M') AS __time, page, COUNT(*) AS clicks, SUM(n) AS n, MAX(n) AS top, AVG(n) AS mean FROM click GROUP BY 1, 2
PARTITIONED BY DAY CLUSTERED BY page;
SELECT * FROM click_minute ORDER BY __time, page;
SELECT page, SUM(clicks), SUM(n) FROM click_minute GROUP BY page ORDER BY page;
-- from a join and a CTE
REPLACE INTO click_title OVERWRITE ALL
WITH title AS (SELECT * FROM (VALUES ('a', 'Alpha'), ('c', 'Gamma')) AS v(page, title))
SELECT c.__time, c.page, t.title FROM click c LEFT JOIN title t ON t.page = c.page PARTITIONED BY MONTH;
SELECT title, COUNT(*) FROM click_title GROUP BY title ORDER BY title;
-- from UNION ALL
INSERT INTO click SELECT __time, page, n FROM click WHERE page = 'a' UNION ALL SELECT __time, 'c' AS page, n FROM click WHERE page = 'b' PARTITIONED BY DAY;
SELECT page, COUNT(*), SUM(n) FROM click GROUP BY page ORDER BY page;
DROP TABLE click;
DROP TABLE click_minute;
DROP TABLE click_title;
