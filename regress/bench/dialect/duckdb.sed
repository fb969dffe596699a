# DuckDB. Rows in order of day and channel, so that its zone maps work; CHECKPOINT makes them durable.
s|{replace:\([a-z_]*\)}|CREATE OR REPLACE TABLE \1 AS|g
s|{by_day}|ORDER BY date_trunc('day', __time), channel; CHECKPOINT|g
s|{small}||g

s|{columns}|{time} AS __time, "channel", "namespace", "page", "user", "cityName", "countryIsoCode", "countryName", "regionIsoCode", "regionName", "comment", "commentLength", "diffUrl", "flags", "isRobot", "isNew", "isMinor", "isUnpatrolled", "isAnonymous", "added", "deleted", "delta", "deltaBucket"|g
s|{time}|"timestamp"|g
s|{json:\([^}]*\)}|read_json('{data}/\1', format = 'newline_delimited', columns = {types})|g
s|{csv:\([^}]*\)}|read_csv('{data}/\1', header = true, columns = {types})|g
s|{types}|{timestamp: 'TIMESTAMP', channel: 'VARCHAR', namespace: 'VARCHAR', page: 'VARCHAR', "user": 'VARCHAR', cityName: 'VARCHAR', countryIsoCode: 'VARCHAR', countryName: 'VARCHAR', regionIsoCode: 'VARCHAR', regionName: 'VARCHAR', comment: 'VARCHAR', commentLength: 'INTEGER', diffUrl: 'VARCHAR', flags: 'VARCHAR', isRobot: 'BOOLEAN', isNew: 'BOOLEAN', isMinor: 'BOOLEAN', isUnpatrolled: 'BOOLEAN', isAnonymous: 'BOOLEAN', added: 'INTEGER', deleted: 'INTEGER', delta: 'INTEGER', deltaBucket: 'DOUBLE'}|g
s|{channels}|read_csv('{data}/channels.csv')|g
s|{countries}|read_csv('{data}/countries.csv')|g

s|TIME_FLOOR(\([^,]*\), 'PT1M')|date_trunc('minute', \1)|g
s|TIME_FLOOR(\([^,]*\), 'PT1H')|date_trunc('hour', \1)|g
s|TIME_FLOOR(\([^,]*\), 'P1D')|CAST(date_trunc('day', \1) AS TIMESTAMP)|g
