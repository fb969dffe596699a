-- Top-N and group-by on dictionary strings.
-- target: 0.7

-- query: channels-since
SELECT channel, COUNT(*), SUM(added) FROM wiki WHERE __time >= TIMESTAMP '2015-09-02 06:00:00'
GROUP BY channel ORDER BY COUNT(*) DESC, channel LIMIT 10

-- query: countries
SELECT "countryName", COUNT(*), SUM(delta) FROM wiki WHERE "countryName" IS NOT NULL
GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20

-- query: channel-by-namespace
SELECT channel, namespace, COUNT(*), SUM(added) FROM wiki GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT 50

-- query: cities-of-people
SELECT "countryName", "cityName", COUNT(*) FROM wiki WHERE "cityName" IS NOT NULL AND added > 0
GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT 20

-- query: namespaces-of-robots
SELECT namespace, COUNT(*), AVG("commentLength"), MAX(added) FROM wiki
WHERE "isRobot" = 'true' AND channel IN ('#en.wikipedia', '#de.wikipedia', '#vi.wikipedia') GROUP BY 1 ORDER BY 2 DESC, 1

-- query: users-of-a-day
SELECT "user", COUNT(*), SUM(added) FROM wiki
WHERE __time >= TIMESTAMP '2015-09-10 00:00:00' AND __time < TIMESTAMP '2015-09-11 00:00:00'
GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20

-- query: pages-of-a-week-in-a-channel
SELECT page, COUNT(*), SUM(delta) FROM wiki
WHERE __time >= TIMESTAMP '2015-09-07 00:00:00' AND __time < TIMESTAMP '2015-09-14 00:00:00' AND channel = '#en.wikipedia'
GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20

-- query: flags
SELECT flags, COUNT(*), SUM(added), SUM(deleted) FROM wiki GROUP BY 1 ORDER BY 2 DESC, 1
