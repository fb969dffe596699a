-- Ingestion: partitioned by day, clustered, durable at the end; and rolled up on the way in.
-- target: 0.6
-- measure: ingest
-- runs: 3

-- query: ndjson
{replace:ingested} SELECT {columns} FROM {json:ingest.json} {by_day}
-- postgres
DROP TABLE IF EXISTS ingested;
{stage:ingest.json}
CREATE TABLE ingested AS SELECT {columns} FROM {staged};
DROP TABLE staging
-- verify
SELECT COUNT(*), SUM(added), SUM("commentLength"), SUM("deltaBucket"), MIN(__time), MAX(__time), SUM(LENGTH(comment)),
       COUNT(DISTINCT page), COUNT(DISTINCT "diffUrl") FROM ingested

-- query: ndjson-gz
{replace:ingested} SELECT {columns} FROM {json:ingest.json.gz} {by_day}
-- postgres
skip: COPY reads no .gz
-- verify
SELECT COUNT(*), SUM(added), SUM("commentLength"), SUM("deltaBucket"), MIN(__time), MAX(__time), SUM(LENGTH(comment)),
       COUNT(DISTINCT page), COUNT(DISTINCT "diffUrl") FROM ingested

-- query: csv
{replace:ingested} SELECT {columns} FROM {csv:ingest.csv} {by_day}
-- postgres
DROP TABLE IF EXISTS ingested;
{stage:ingest.csv}
ALTER TABLE staging RENAME TO ingested
-- verify
SELECT COUNT(*), SUM(added), SUM("commentLength"), SUM("deltaBucket"), MIN(__time), MAX(__time), SUM(LENGTH(comment)),
       COUNT(DISTINCT page), COUNT(DISTINCT "diffUrl") FROM ingested

-- query: csv-gz
{replace:ingested} SELECT {columns} FROM {csv:ingest.csv.gz} {by_day}
-- postgres
skip: COPY reads no .gz
-- verify
SELECT COUNT(*), SUM(added), SUM("commentLength"), SUM("deltaBucket"), MIN(__time), MAX(__time), SUM(LENGTH(comment)),
       COUNT(DISTINCT page), COUNT(DISTINCT "diffUrl") FROM ingested

-- query: ndjson-rollup
{replace:rolled} SELECT TIME_FLOOR({time}, 'PT1H') AS __time, channel, namespace, COUNT(*) AS edits, SUM(added) AS added_total,
       SUM(deleted) AS deleted_total FROM {json:ingest.json} GROUP BY 1, 2, 3 {by_day}
-- postgres
DROP TABLE IF EXISTS rolled;
{stage:ingest.json}
CREATE TABLE rolled AS SELECT TIME_FLOOR({time}, 'PT1H') AS __time, channel, namespace, COUNT(*) AS edits,
       SUM(added) AS added_total, SUM(deleted) AS deleted_total FROM {staged} GROUP BY 1, 2, 3;
DROP TABLE staging
-- verify
SELECT COUNT(*), SUM(edits), SUM(added_total), MIN(__time), MAX(__time), COUNT(DISTINCT channel) FROM rolled

-- query: csv-rollup
{replace:rolled} SELECT TIME_FLOOR({time}, 'P1D') AS __time, channel, "countryIsoCode", COUNT(*) AS edits,
       SUM(added) AS added_total, MAX("commentLength") AS longest FROM {csv:ingest.csv} GROUP BY 1, 2, 3 {by_day}
-- postgres
DROP TABLE IF EXISTS rolled;
{stage:ingest.csv}
CREATE TABLE rolled AS SELECT TIME_FLOOR(__time, 'P1D') AS __time, channel, "countryIsoCode", COUNT(*) AS edits,
       SUM(added) AS added_total, MAX("commentLength") AS longest FROM staging GROUP BY 1, 2, 3;
DROP TABLE staging
-- verify
SELECT COUNT(*), SUM(edits), SUM(added_total), MIN(__time), MAX(__time), COUNT(DISTINCT channel) FROM rolled
