REPLACE INTO edits OVERWRITE ALL
SELECT TIME_PARSE("timestamp") AS __time, channel, page, "user", added,
       CAST(added AS DOUBLE) / 4 AS ratio, added > 5 AS big
FROM TABLE(EXTERN('{"type":"inline","data":"{\"timestamp\":\"2015-09-12T01:00:00Z\",\"channel\":\"en\",\"page\":\"Main Page\",\"user\":\"ann\",\"added\":3}\n{\"timestamp\":\"2015-09-12T02:30:00Z\",\"channel\":\"de\",\"page\":\"Käse\",\"user\":\"bob\",\"added\":10}\n{\"timestamp\":\"2015-09-13T03:00:00.5Z\",\"channel\":\"en\",\"page\":null,\"user\":\"o''neil\",\"added\":-7}"}',
                  '{"type":"json"}',
                  '[{"name":"timestamp","type":"string"},{"name":"channel","type":"string"},{"name":"page","type":"string"},{"name":"user","type":"string"},{"name":"added","type":"long"}]'))
PARTITIONED BY DAY CLUSTERED BY channel;
