-- Exact count distinct.
-- target: 0.6

-- query: users
SELECT COUNT(DISTINCT "user") FROM wiki

-- query: pages
SELECT COUNT(DISTINCT page) FROM wiki

-- query: users-and-pages
SELECT COUNT(DISTINCT "user"), COUNT(DISTINCT page), COUNT(DISTINCT channel) FROM wiki WHERE added > 100

-- query: users-per-day
SELECT TIME_FLOOR(__time, 'P1D') AS t, COUNT(DISTINCT "user") FROM wiki GROUP BY 1 ORDER BY 1

-- query: pages-per-channel
SELECT channel, COUNT(DISTINCT page) FROM wiki GROUP BY 1 ORDER BY 2 DESC, 1

-- query: pages-of-people-in-a-week
SELECT COUNT(DISTINCT page) FROM wiki
WHERE "isRobot" = 'false' AND __time >= TIMESTAMP '2015-09-07 00:00:00' AND __time < TIMESTAMP '2015-09-14 00:00:00'

-- query: numbers
SELECT COUNT(DISTINCT added), COUNT(DISTINCT delta) FROM wiki
