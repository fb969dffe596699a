-- Tables of the benchmark, made once before anything is measured.
-- measure: setup

-- query: wiki
{replace:wiki} SELECT {columns} FROM {json:wiki.json} {by_day}
-- postgres
DROP TABLE IF EXISTS wiki;
{stage:wiki.csv}
ALTER TABLE staging RENAME TO wiki;
CREATE INDEX ON wiki (page);
CREATE INDEX ON wiki ("user");
CREATE INDEX ON wiki (__time);

-- query: channel_info
-- A dimension with a row per channel: its language, family of languages, script, speakers.
{replace:channel_info} SELECT channel, "language", family, script, speakers FROM {channels} {small}
-- postgres
DROP TABLE IF EXISTS channel_info;
CREATE TABLE channel_info (channel text, "language" text, family text, script text, speakers integer);
COPY channel_info FROM '{data}/channels.csv' (FORMAT csv, HEADER)

-- query: country_info
-- A dimension with a row per country: its continent and population in millions.
{replace:country_info} SELECT iso, continent, population FROM {countries} {small}
-- postgres
DROP TABLE IF EXISTS country_info;
CREATE TABLE country_info (iso text, continent text, population integer);
COPY country_info FROM '{data}/countries.csv' (FORMAT csv, HEADER)

-- query: settle
-- What each engine's documentation recommends after a bulk load.
SELECT 1
-- duckdb
ANALYZE;
CHECKPOINT;
-- clickhouse
OPTIMIZE TABLE wiki FINAL
-- postgres
ANALYZE
