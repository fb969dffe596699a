-- The floor: a SELECT and the ingestion of ten million rows, against PostgreSQL (see ./floor).
-- against: postgres

-- query: ingest
-- target: 2
{replace:wikipedia} SELECT {columns} FROM {json:wikipedia.json} {by_day}
-- postgres
DROP TABLE IF EXISTS wikipedia;
{stage:wikipedia.json}
CREATE TABLE wikipedia AS SELECT {columns} FROM {staged};
DROP TABLE staging
-- verify
SELECT COUNT(*), SUM(added), SUM("commentLength"), SUM("deltaBucket"), MIN(__time), MAX(__time) FROM wikipedia

-- query: settle
-- PostgreSQL's statistics and visibility, as its documentation advises after a bulk load; not timed.
SELECT 1
-- postgres
VACUUM ANALYZE wikipedia

-- query: select
-- target: 20
SELECT channel, COUNT(*), SUM(added) FROM wikipedia WHERE __time >= TIMESTAMP '2015-09-12 06:00:00'
GROUP BY channel ORDER BY COUNT(*) DESC LIMIT 10
