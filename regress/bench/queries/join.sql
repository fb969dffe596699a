-- Join of the fact table to a small dimension.
-- target: 1.0

-- query: family
SELECT c.family, COUNT(*), SUM(w.added) FROM wiki AS w JOIN channel_info AS c ON w.channel = c.channel
GROUP BY 1 ORDER BY 2 DESC, 1

-- query: script-by-day
SELECT TIME_FLOOR(w.__time, 'P1D') AS t, c.script, COUNT(*) FROM wiki AS w JOIN channel_info AS c ON w.channel = c.channel
GROUP BY 1, 2 ORDER BY 1, 2

-- query: filter-on-the-dimension
SELECT c."language", COUNT(*), SUM(w.deleted) FROM wiki AS w JOIN channel_info AS c ON w.channel = c.channel
WHERE c.family = 'Slavic' AND w."isRobot" = 'false' GROUP BY 1 ORDER BY 2 DESC, 1

-- query: continents
SELECT i.continent, COUNT(*), SUM(w.added), MAX(i.population)
FROM wiki AS w JOIN country_info AS i ON w."countryIsoCode" = i.iso GROUP BY 1 ORDER BY 2 DESC, 1

-- query: left-join
SELECT COALESCE(i.continent, 'unknown') AS continent, COUNT(*) FROM wiki AS w
LEFT JOIN country_info AS i ON w."countryIsoCode" = i.iso GROUP BY 1 ORDER BY 2 DESC, 1
-- clickhouse
SELECT if(i.continent = '', 'unknown', i.continent) AS continent, COUNT(*) FROM wiki AS w
LEFT JOIN country_info AS i ON w."countryIsoCode" = i.iso GROUP BY 1 ORDER BY 2 DESC, 1

-- query: two-dimensions
SELECT c.family, i.continent, COUNT(*), COUNT(DISTINCT w."user") FROM wiki AS w
JOIN channel_info AS c ON w.channel = c.channel JOIN country_info AS i ON w."countryIsoCode" = i.iso
GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2
