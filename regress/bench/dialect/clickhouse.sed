# ClickHouse. A MergeTree with a partition a day, sorted by channel and time, synced to disk. As its
# documentation advises, strings are not Nullable ('' stands for null) and LowCardinality where
# there are under 10,000 of them.
s|{replace:\([a-z_]*\)}|DROP TABLE IF EXISTS \1; CREATE TABLE \1 {engine:\1} AS|g
s|{engine:[a-z]*_info}|ENGINE = MergeTree ORDER BY tuple()|g
s|{engine:[a-z]*}|ENGINE = MergeTree PARTITION BY toDate(__time) ORDER BY (channel, __time) SETTINGS fsync_after_insert = 1, fsync_part_directory = 1|g
s|{by_day}||g
s|{small}||g

s|{columns}|{time} AS __time, "channel", "namespace", "page", "user", "cityName", "countryIsoCode", "countryName", "regionIsoCode", "regionName", "comment", "commentLength", "diffUrl", "flags", "isRobot", "isNew", "isMinor", "isUnpatrolled", "isAnonymous", "added", "deleted", "delta", "deltaBucket"|g
s|{time}|"timestamp"|g
s|{json:\([^}]*\)}|file('{data}/\1', JSONEachRow, '{types}')|g
s|{csv:\([^}]*\)}|file('{data}/\1', CSVWithNames, '{types}')|g
s|{types}|timestamp DateTime64(3), channel LowCardinality(String), namespace LowCardinality(String), page String, user String, cityName LowCardinality(String), countryIsoCode LowCardinality(String), countryName LowCardinality(String), regionIsoCode LowCardinality(String), regionName LowCardinality(String), comment String, commentLength Int32, diffUrl String, flags LowCardinality(String), isRobot Bool, isNew Bool, isMinor Bool, isUnpatrolled Bool, isAnonymous Bool, added Int32, deleted Int32, delta Int32, deltaBucket Float64|g
s|{channels}|file('{data}/channels.csv', CSVWithNames, 'channel String, language String, family String, script String, speakers Int32')|g
s|{countries}|file('{data}/countries.csv', CSVWithNames, 'iso String, continent String, population Int32')|g

s|TIME_FLOOR(\([^,]*\), 'PT1M')|toStartOfMinute(\1)|g
s|TIME_FLOOR(\([^,]*\), 'PT1H')|toStartOfHour(\1)|g
s|TIME_FLOOR(\([^,]*\), 'P1D')|toStartOfDay(\1)|g
s|\("[a-zA-Z]*"\) IS NOT NULL|\1 != ''|g
s|LENGTH(|lengthUTF8(|g
s|LOWER(|lowerUTF8(|g
s|SUBSTRING(|substringUTF8(|g
