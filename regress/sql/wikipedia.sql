-- The real sample. -- needs data
REPLACE INTO wikipedia OVERWRITE ALL
SELECT TIME_PARSE("timestamp") AS __time, * FROM TABLE(EXTERN(
  '{"type":"local","files":[":data/wikipedia-sampled.json.gz"]}', '{"type":"json"}',
  '[{"name":"timestamp","type":"string"},{"name":"channel","type":"string"},{"name":"page","type":"string"},{"name":"user","type":"string"},{"name":"countryIsoCode","type":"string"},{"name":"added","type":"long"},{"name":"deleted","type":"long"}]'))
PARTITIONED BY DAY CLUSTERED BY channel;
SELECT channel, COUNT(*), SUM(added) FROM wikipedia WHERE __time >= TIMESTAMP '2015-09-12 06:00:00' GROUP BY channel ORDER BY COUNT(*) DESC LIMIT 10;
SELECT TIME_FLOOR(w.__time, 'PT1H') AS h, c.Capital, COUNT(DISTINCT w."user")
FROM wikipedia w JOIN TABLE(EXTERN('{"type":"local","files":[":data/country.tsv"]}','{"type":"tsv","findColumnsFromHeader":true}','[{"name":"Capital","type":"string"},{"name":"ISO2","type":"string"}]')) c ON w.countryIsoCode = c.ISO2
GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT 20;
SELECT COUNT(*), COUNT(DISTINCT page), COUNT(DISTINCT "user"), SUM(added), SUM(deleted), MIN(__time), MAX(__time) FROM wikipedia;
DROP TABLE wikipedia;
