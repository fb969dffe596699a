-- Local files: formats, compression by content, folders with a filter, several workers.
SELECT * FROM TABLE(EXTERN('{"type":"local","files":[":folder/data/fruit.csv"]}', '{"type":"csv","findColumnsFromHeader":true}', '[{"name":"day","type":"string"},{"name":"name","type":"string"},{"name":"count","type":"long"},{"name":"price","type":"double"}]'));
-- another order, fewer columns, one that the file has not
SELECT * FROM TABLE(EXTERN('{"type":"local","files":[":folder/data/fruit.csv"]}', '{"type":"csv","findColumnsFromHeader":true}')) EXTEND (price DOUBLE, missing VARCHAR, name VARCHAR);
-- names given, header skipped
SELECT * FROM TABLE(EXTERN('{"type":"local","files":[":folder/data/fruit.csv"]}', '{"type":"csv","columns":["a","b","c"],"skipHeaderRows":1}')) (b VARCHAR, a VARCHAR, c BIGINT) WHERE c > 0;
SELECT TIME_PARSE(day) AS t, name, count FROM TABLE(EXTERN('{"type":"local","files":[":folder/data/fruit.tsv"]}', '{"type":"tsv","findColumnsFromHeader":true}')) (day VARCHAR, name VARCHAR, count BIGINT) ORDER BY t;
SELECT * FROM TABLE(LOCALFILES(files => ARRAY[':folder/data/fruit.csv'], format => 'csv', skipHeaderRows => 1)) (day VARCHAR, name VARCHAR, n BIGINT, price DOUBLE) AS f WHERE f.price IS NOT NULL ORDER BY f.price;
SELECT t, n, ok, extra FROM TABLE(EXTERN('{"type":"local","files":[":folder/data/event.json"]}', '{"type":"json"}')) (t VARCHAR, n DOUBLE, ok VARCHAR, extra VARCHAR) ORDER BY t;
SELECT n FROM TABLE(EXTERN('{"type":"local","files":[":folder/data/event.json"]}', '{"type":"json"}')) (n BIGINT) ORDER BY n;
-- nested fields by JSON functions
SELECT JSON_VALUE("user", '$.name') AS name, JSON_VALUE("user", '$.tags[0]') AS tag FROM TABLE(EXTERN('{"type":"local","files":[":folder/data/event.json"]}', '{"type":"json"}')) ("user" TYPE('COMPLEX<json>')) ORDER BY name;
-- compressed, by content whatever the name
SELECT COUNT(*), SUM(a), SUM(b) FROM TABLE(EXTERN('{"type":"local","files":[":folder/data/square.csv.gz"]}', '{"type":"csv","columns":["a","b"]}')) (a BIGINT, b BIGINT);
SELECT COUNT(*), SUM(a), SUM(b) FROM TABLE(EXTERN('{"type":"local","files":[":folder/data/square.csv.bz2"]}', '{"type":"csv","columns":["a","b"]}')) (a BIGINT, b BIGINT);
SELECT COUNT(*), SUM(a), SUM(b) FROM TABLE(EXTERN('{"type":"local","files":[":folder/data/square.csv.xz"]}', '{"type":"csv","columns":["a","b"]}')) (a BIGINT, b BIGINT);
SELECT COUNT(*), SUM(a), SUM(b) FROM TABLE(EXTERN('{"type":"local","files":[":folder/data/square.csv.zst"]}', '{"type":"csv","columns":["a","b"]}')) (a BIGINT, b BIGINT);
SELECT COUNT(*), SUM(a), SUM(b) FROM TABLE(EXTERN('{"type":"local","files":[":folder/data/named_plain.csv"]}', '{"type":"csv","columns":["a","b"]}')) (a BIGINT, b BIGINT);
-- two gzip members in one file
SELECT COUNT(*), SUM(a), SUM(b) FROM TABLE(EXTERN('{"type":"local","files":[":folder/data/twice.csv.gz"]}', '{"type":"csv","columns":["a","b"]}')) (a BIGINT, b BIGINT);
-- several files; a folder with a filter
SELECT part, COUNT(*), MAX(k) FROM TABLE(EXTERN('{"type":"local","files":[":folder/data/parts/part-2.json",":folder/data/parts/part-4.json"]}', '{"type":"json"}')) (part BIGINT, k BIGINT) GROUP BY part ORDER BY part;
SELECT part, COUNT(*), MAX(k) FROM TABLE(EXTERN('{"type":"local","baseDir":":folder/data","filter":"part-*.json"}', '{"type":"json"}')) (part BIGINT, k BIGINT) GROUP BY part ORDER BY part;
SELECT part, COUNT(*) FROM TABLE(LOCALFILES(baseDir => ':folder/data/parts', filter => '*', format => 'json')) (part BIGINT) GROUP BY part ORDER BY part;
SELECT COUNT(*) FROM TABLE(LOCALFILES(baseDir => ':folder/data/parts', files => ARRAY['part-1.json', 'part-3.json'], format => 'json')) (part BIGINT);
SELECT COUNT(*) FROM TABLE(EXTERN('{"type":"local","baseDir":":folder/data","filter":"nothing-*.json"}', '{"type":"json"}')) (part BIGINT);
-- ingested by workers, joined with a table
SET local_execution_rows = 0;
REPLACE INTO part OVERWRITE ALL SELECT MILLIS_TO_TIMESTAMP(part * 86400000) AS __time, part, k FROM TABLE(EXTERN('{"type":"local","baseDir":":folder/data/parts","filter":"part-*.json"}', '{"type":"json"}')) (part BIGINT, k BIGINT) PARTITIONED BY DAY CLUSTERED BY k;
SELECT "start", num_rows FROM sys.segments WHERE datasource = 'part' ORDER BY "start";
SELECT p.part, s.b, COUNT(*) FROM part p JOIN TABLE(EXTERN('{"type":"local","files":[":folder/data/square.csv.gz"]}', '{"type":"csv","columns":["a","b"]}')) (a BIGINT, b BIGINT) AS s ON s.a = p.part GROUP BY 1, 2 ORDER BY 1;
DROP TABLE part;
