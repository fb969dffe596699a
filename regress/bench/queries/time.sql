-- Time-filtered series and totals.
-- target: 0.5

-- query: month-by-hour
SELECT TIME_FLOOR(__time, 'PT1H') AS t, COUNT(*), SUM(added) FROM wiki GROUP BY 1 ORDER BY 1

-- query: month-by-day-filtered-aggregates
SELECT TIME_FLOOR(__time, 'P1D') AS t, COUNT(*) FILTER (WHERE "isRobot" = 'true') AS robots,
       COUNT(*) FILTER (WHERE "isAnonymous" = 'true') AS anonymous, SUM(added) FILTER (WHERE "isNew" = 'true') AS new_bytes,
       SUM(deleted) FILTER (WHERE "isMinor" = 'true') AS minor_bytes, MAX(delta) FILTER (WHERE delta < 1000) AS largest
FROM wiki GROUP BY 1 ORDER BY 1

-- query: day-by-minute
SELECT TIME_FLOOR(__time, 'PT1M') AS t, COUNT(*), SUM(delta) FROM wiki
WHERE __time >= TIMESTAMP '2015-09-10 00:00:00' AND __time < TIMESTAMP '2015-09-11 00:00:00' GROUP BY 1 ORDER BY 1

-- query: hour-by-minute
SELECT TIME_FLOOR(__time, 'PT1M') AS t, COUNT(*), MIN(added), MAX(added) FROM wiki
WHERE __time >= TIMESTAMP '2015-09-10 14:00:00' AND __time < TIMESTAMP '2015-09-10 15:00:00' GROUP BY 1 ORDER BY 1

-- query: week-by-hour-one-channel
SELECT TIME_FLOOR(__time, 'PT1H') AS t, COUNT(*), SUM(added) FROM wiki
WHERE __time >= TIMESTAMP '2015-09-07 00:00:00' AND __time < TIMESTAMP '2015-09-14 00:00:00' AND channel = '#fr.wikipedia'
GROUP BY 1 ORDER BY 1

-- query: week-totals
SELECT COUNT(*), SUM(added), SUM(deleted), MIN(__time), MAX(__time) FROM wiki
WHERE __time >= TIMESTAMP '2015-09-07 06:30:00' AND __time < TIMESTAMP '2015-09-14 18:45:00'
