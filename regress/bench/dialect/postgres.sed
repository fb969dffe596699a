# PostgreSQL. CSV is copied into a table of its own; JSON, a line at a time, into an unlogged table, read
# back with json_to_record by parallel workers: the fastest of its own ways that was found (each line is
# parsed once; jsonb took longer to copy than it saved). A table made in the transaction that fills it
# needs no WAL at wal_level minimal.
s|{stage:\([^}]*\.csv\)}|CREATE TABLE staging ({types}); COPY staging FROM '{data}/\1' (FORMAT csv, HEADER);|g
s|{stage:\([^}]*\.json\)}|SET LOCAL parallel_setup_cost = 0; SET LOCAL parallel_tuple_cost = 0; CREATE UNLOGGED TABLE staging (line text); COPY staging FROM '{data}/\1' (FORMAT csv, QUOTE e'\\x01', DELIMITER e'\\x02');|g
s|{staged}|staging, json_to_record(line::json) AS r({record})|g

s|{columns}|{time} AS __time, "channel", "namespace", "page", "user", "cityName", "countryIsoCode", "countryName", "regionIsoCode", "regionName", "comment", "commentLength", "diffUrl", "flags", "isRobot", "isNew", "isMinor", "isUnpatrolled", "isAnonymous", "added", "deleted", "delta", "deltaBucket"|g
s|{time}|"timestamp"|g
s|{types}|__time timestamp, "channel" text, "namespace" text, "page" text, "user" text, "cityName" text, "countryIsoCode" text, "countryName" text, "regionIsoCode" text, "regionName" text, "comment" text, "commentLength" integer, "diffUrl" text, "flags" text, "isRobot" boolean, "isNew" boolean, "isMinor" boolean, "isUnpatrolled" boolean, "isAnonymous" boolean, "added" integer, "deleted" integer, "delta" integer, "deltaBucket" double precision|g
s|{record}|timestamp timestamp, "channel" text, "namespace" text, "page" text, "user" text, "cityName" text, "countryIsoCode" text, "countryName" text, "regionIsoCode" text, "regionName" text, "comment" text, "commentLength" integer, "diffUrl" text, "flags" text, "isRobot" boolean, "isNew" boolean, "isMinor" boolean, "isUnpatrolled" boolean, "isAnonymous" boolean, "added" integer, "deleted" integer, "delta" integer, "deltaBucket" double precision|g

s|TIME_FLOOR(\([^,]*\), 'PT1M')|date_trunc('minute', \1)|g
s|TIME_FLOOR(\([^,]*\), 'PT1H')|date_trunc('hour', \1)|g
s|TIME_FLOOR(\([^,]*\), 'P1D')|date_trunc('day', \1)|g
