-- Small queries: latency on one connection, and the mix on 16.
-- target: 1.0
-- measure: latency
-- against: postgres duckdb

-- query: select-1
-- target: 1.5
-- against: postgres
SELECT 1

-- query: point-lookup
SELECT __time, channel, "user", added, comment FROM wiki WHERE page = 'Update Typo The 10000' ORDER BY __time

-- query: small-group-by
SELECT channel, COUNT(*), SUM(added) FROM wiki
WHERE __time >= TIMESTAMP '2015-09-10 12:00:00' AND __time < TIMESTAMP '2015-09-10 18:00:00'
GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10

-- query: one-hour
SELECT namespace, COUNT(*), SUM(delta) FROM wiki
WHERE __time >= TIMESTAMP '2015-09-20 07:00:00' AND __time < TIMESTAMP '2015-09-20 08:00:00'
GROUP BY 1 ORDER BY 2 DESC, 1
