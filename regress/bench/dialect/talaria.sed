# Talaria: the queries are written in its SQL, so that only files, columns and loading remain.
s|{replace:\([a-z_]*\)}|REPLACE INTO \1 OVERWRITE ALL|g
s|{by_day}|PARTITIONED BY DAY CLUSTERED BY channel|g
s|{small}|PARTITIONED BY ALL|g

# Booleans of JSON are read as the strings 'true' and 'false'.
s|{columns}|{time} AS __time, "channel", "namespace", "page", "user", "cityName", "countryIsoCode", "countryName", "regionIsoCode", "regionName", "comment", "commentLength", "diffUrl", "flags", "isRobot", "isNew", "isMinor", "isUnpatrolled", "isAnonymous", "added", "deleted", "delta", "deltaBucket"|g
s|{time}|TIME_PARSE("timestamp")|g
s|{json:\([^}]*\)}|TABLE(EXTERN('{"type":"local","files":["{data}/\1"]}', '{"type":"json"}', '{signature}'))|g
s|{csv:\([^}]*\)}|TABLE(EXTERN('{"type":"local","files":["{data}/\1"]}', '{"type":"csv","findColumnsFromHeader":true}', '{signature}'))|g
s|{signature}|[{"name":"timestamp","type":"string"}, {"name":"channel","type":"string"}, {"name":"namespace","type":"string"}, {"name":"page","type":"string"}, {"name":"user","type":"string"}, {"name":"cityName","type":"string"}, {"name":"countryIsoCode","type":"string"}, {"name":"countryName","type":"string"}, {"name":"regionIsoCode","type":"string"}, {"name":"regionName","type":"string"}, {"name":"comment","type":"string"}, {"name":"commentLength","type":"long"}, {"name":"diffUrl","type":"string"}, {"name":"flags","type":"string"}, {"name":"isRobot","type":"string"}, {"name":"isNew","type":"string"}, {"name":"isMinor","type":"string"}, {"name":"isUnpatrolled","type":"string"}, {"name":"isAnonymous","type":"string"}, {"name":"added","type":"long"}, {"name":"deleted","type":"long"}, {"name":"delta","type":"long"}, {"name":"deltaBucket","type":"double"}]|g
s|{channels}|TABLE(EXTERN('{"type":"local","files":["{data}/channels.csv"]}', '{"type":"csv","findColumnsFromHeader":true}', '[{"name":"channel","type":"string"}, {"name":"language","type":"string"}, {"name":"family","type":"string"}, {"name":"script","type":"string"}, {"name":"speakers","type":"long"}]'))|g
s|{countries}|TABLE(EXTERN('{"type":"local","files":["{data}/countries.csv"]}', '{"type":"csv","findColumnsFromHeader":true}', '[{"name":"iso","type":"string"}, {"name":"continent","type":"string"}, {"name":"population","type":"long"}]'))|g
