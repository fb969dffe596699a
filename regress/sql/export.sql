-- INSERT INTO EXTERN: files of a query's rows, read back. :exports is the folder of exports.
REPLACE INTO exported OVERWRITE ALL SELECT t AS __time, n, s, b, a FROM (VALUES (TIMESTAMP '2024-01-01 01:02:03.456', 1, 'plain', true, ARRAY['x', 'y']), (TIMESTAMP '2024-01-02', 2, 'a,"b"', false, NULL), (TIMESTAMP '2024-01-03', 3, '', NULL, ARRAY['z']), (TIMESTAMP '2024-01-04', 4, NULL, true, NULL)) AS v(t, n, s, b, a) PARTITIONED BY MONTH;
INSERT INTO EXTERN(local(exportPath => ':exports/first')) AS CSV SELECT __time, n, s, b, a, CAST(__time AS DATE) AS d FROM exported ORDER BY n DESC;
SELECT line FROM TABLE(EXTERN('{"type":"local","baseDir":":exports/first","filter":"*.csv"}', '{"type":"lines"}')) (line VARCHAR) ORDER BY 1;
-- what was exported stays: the folder must be empty
INSERT INTO EXTERN(local(exportPath => ':exports/first')) AS CSV SELECT 1 AS n;
-- so many rows a file, in a folder below that of exports by its name alone
SET rowsPerPage = 300;
WITH many AS (SELECT n FROM generate_series(1, 1000) AS s(n)) INSERT INTO EXTERN(local(exportPath => 'second/part')) AS CSV SELECT n, n % 7 AS seven FROM many;
SELECT COUNT(*), SUM(n), SUM(seven) FROM TABLE(EXTERN('{"type":"local","baseDir":":exports/second/part","filter":"*.csv"}', '{"type":"csv","findColumnsFromHeader":true}')) (n BIGINT, seven BIGINT);
SELECT COUNT(*) FROM TABLE(EXTERN('{"type":"local","baseDir":":exports/second/part","filter":"manifest"}', '{"type":"lines"}')) (line VARCHAR);
SELECT REGEXP_REPLACE(line, '^.*/[0-9]*', '', 'g') FROM TABLE(EXTERN('{"type":"local","files":[":exports/second/part/_symlink_format_manifest/manifest"]}', '{"type":"lines"}')) (line VARCHAR) ORDER BY 1;
RESET rowsPerPage;
-- one that fails leaves nothing
INSERT INTO EXTERN(local(exportPath => 'failed')) AS CSV SELECT 1 / (n - 2) AS q FROM exported;
INSERT INTO EXTERN(local(exportPath => 'failed')) AS CSV SELECT n FROM exported WHERE n > 3;
-- no rows, no files
INSERT INTO EXTERN(local(exportPath => 'empty')) AS CSV SELECT n FROM exported WHERE n > 9;
SELECT COUNT(*) FROM TABLE(EXTERN('{"type":"local","files":[":exports/empty/_symlink_format_manifest/manifest"]}', '{"type":"lines"}')) (line VARCHAR);
-- what is refused
INSERT INTO EXTERN(local(exportPath => '/elsewhere')) AS CSV SELECT 1 AS n;
INSERT INTO EXTERN(local(exportPath => 'a/../../b')) AS CSV SELECT 1 AS n;
INSERT INTO EXTERN(local(exportPath => 'a')) AS PARQUET SELECT 1 AS n;
INSERT INTO EXTERN(local(exportPath => 'a')) SELECT 1 AS n;
INSERT INTO EXTERN(local(exportPath => 'a')) AS CSV;
INSERT INTO EXTERN(local(exportPath => 'a')) AS CSV SELECT 1 AS n PARTITIONED BY ALL;
INSERT INTO EXTERN(local(exportPath => 'a')) AS CSV SELECT 1 AS n CLUSTERED BY n;
INSERT INTO EXTERN(local(path => 'a')) AS CSV SELECT 1 AS n;
INSERT INTO EXTERN(local()) AS CSV SELECT 1 AS n;
INSERT INTO EXTERN(s3(bucket => 'a', prefix => 'b')) AS CSV SELECT 1 AS n;
INSERT INTO EXTERN(pigeon(loft => 'a')) AS CSV SELECT 1 AS n;
INSERT INTO EXTERN('a') AS CSV SELECT 1 AS n;
REPLACE INTO EXTERN(local(exportPath => 'a')) AS CSV OVERWRITE ALL SELECT 1 AS n;
CREATE VIEW export_view AS INSERT INTO EXTERN(local(exportPath => 'a')) AS CSV SELECT 1 AS n;
BEGIN READ ONLY;
INSERT INTO EXTERN(local(exportPath => 'a')) AS CSV SELECT 1 AS n;
ROLLBACK;
PREPARE export_prepared AS INSERT INTO EXTERN(local(exportPath => 'prepared')) AS CSV SELECT n FROM exported WHERE n > $1;
EXECUTE export_prepared(2);
SELECT SUM(n) FROM TABLE(EXTERN('{"type":"local","baseDir":":exports/prepared","filter":"*.csv"}', '{"type":"csv","findColumnsFromHeader":true}')) (n BIGINT);
DROP TABLE exported;
