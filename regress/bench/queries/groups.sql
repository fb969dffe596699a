-- High-cardinality group-by.
-- target: 0.9

-- query: users
SELECT "user", COUNT(*), SUM(added) FROM wiki GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20

-- query: pages
SELECT page, COUNT(*), SUM(delta), MAX(added) FROM wiki GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20

-- query: user-and-page
SELECT "user", page, COUNT(*) FROM wiki GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT 20

-- query: pages-of-people
SELECT page, COUNT(*), SUM(added) FROM wiki WHERE "isRobot" = 'false' AND namespace = 'Main'
GROUP BY 1 HAVING COUNT(*) > 5 ORDER BY 3 DESC, 1 LIMIT 20

-- query: groups-of-groups
SELECT edits, COUNT(*) FROM (SELECT "user", COUNT(*) AS edits FROM wiki GROUP BY "user") AS u
GROUP BY edits ORDER BY edits LIMIT 50

-- query: user-by-day
SELECT TIME_FLOOR(__time, 'P1D') AS t, "user", COUNT(*), SUM(added) FROM wiki GROUP BY 1, 2 ORDER BY 4 DESC, 1, 2 LIMIT 20

-- query: comments
SELECT comment, COUNT(*) FROM wiki GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20
