-- Rows that cannot be parsed: fatal, counted, or forgiven, by maxParseExceptions; values that do not fit their type.
SELECT n FROM TABLE(EXTERN('{"type":"local","files":[":folder/data/broken.json"]}', '{"type":"json"}')) (n BIGINT);
SET maxParseExceptions = 2;
SELECT n FROM TABLE(EXTERN('{"type":"local","files":[":folder/data/broken.json"]}', '{"type":"json"}')) (n BIGINT);
-- so many may be skipped: a warning each
SET maxParseExceptions = 3;
REPLACE INTO mended OVERWRITE ALL SELECT n FROM TABLE(EXTERN('{"type":"local","files":[":folder/data/broken.json"]}', '{"type":"json"}')) (n BIGINT) PARTITIONED BY ALL;
SELECT n FROM mended ORDER BY n;
-- warnings come behind the rows; the first ones in the order of the data, the others are counted
SELECT n FROM TABLE(EXTERN('{"type":"local","files":[":folder/data/broken.json"]}', '{"type":"json"}')) (n BIGINT);
SET maxParseExceptions = -1;
SELECT n FROM TABLE(EXTERN('{"type":"local","files":[":folder/data/broken.json",":folder/data/event.json",":folder/data/fruit.csv"]}', '{"type":"json"}')) (n BIGINT) ORDER BY n;
SELECT COUNT(*) FROM TABLE(EXTERN('{"type":"inline","data":"1\n{}\n3\n4\n{}\n6\n7\n8"}', '{"type":"json"}')) (n BIGINT);
SELECT n FROM TABLE(EXTERN('{"type":"inline","data":"1\n{\"n\":5}"}', '{"type":"json"}')) (n BIGINT); SELECT 'next' AS statement;
SET client_min_messages = error;
SELECT n FROM TABLE(EXTERN('{"type":"local","files":[":folder/data/broken.json"]}', '{"type":"json"}')) (n BIGINT);
SET maxParseExceptions = -1;
SELECT COUNT(*), SUM(n) FROM TABLE(EXTERN('{"type":"local","files":[":folder/data/broken.json"]}', '{"type":"json"}')) (n BIGINT);
RESET maxParseExceptions;
-- a failed ingestion leaves the table as it was
REPLACE INTO mended OVERWRITE ALL SELECT n FROM TABLE(EXTERN('{"type":"local","files":[":folder/data/broken.json"]}', '{"type":"json"}')) (n BIGINT) PARTITIONED BY ALL;
SELECT COUNT(*) FROM mended;
-- mode says the same in one word
SET mode = 'nonStrict';
SELECT COUNT(*) FROM TABLE(EXTERN('{"type":"local","files":[":folder/data/broken.json"]}', '{"type":"json"}')) (n BIGINT);
SET mode = 'strict';
SELECT COUNT(*) FROM TABLE(EXTERN('{"type":"local","files":[":folder/data/broken.json"]}', '{"type":"json"}')) (n BIGINT);
RESET mode;
-- values that are not of their column's type are NULL, without a warning
SELECT * FROM TABLE(EXTERN('{"type":"inline","data":"{\"i\":\"x\",\"d\":\"y\",\"s\":1}\n{\"i\":\"1,234\",\"d\":\" +5\",\"s\":1.5}\n{\"i\":\"12.9\",\"d\":\"1e3\",\"s\":true}\n{\"i\":true,\"d\":false,\"s\":null}\n{\"i\":9.99,\"d\":7,\"s\":\"\"}"}', '{"type":"json"}')) (i BIGINT, d DOUBLE, s VARCHAR);
SELECT * FROM TABLE(EXTERN('{"type":"inline","data":"1,x\n2\n3,y,z\n,\n\"a\",\"\"\n"}', '{"type":"csv","columns":["i","s"]}')) (i BIGINT, s VARCHAR);
SELECT * FROM TABLE(EXTERN('{"type":"inline","data":"1|2|3\n4||6"}', '{"type":"tsv","delimiter":"|","columns":["a","b","c"]}')) (a BIGINT, b BIGINT, c VARCHAR);
SELECT * FROM TABLE(EXTERN('{"type":"inline","data":"a;b\nc"}', '{"type":"csv","columns":["l"],"listDelimiter":";"}')) (l VARCHAR ARRAY);
SELECT * FROM TABLE(EXTERN('{"type":"inline","data":"{\"l\":[1,\"2\",null],\"m\":[\"a\"],\"n\":5}\n{\"l\":[],\"m\":null}"}', '{"type":"json"}')) (l BIGINT ARRAY, m VARCHAR ARRAY, n DOUBLE ARRAY);
SELECT * FROM TABLE(INLINE(data => ARRAY['1,"a ""b"", c"', '2,é日😀'], format => 'csv')) (n BIGINT, s VARCHAR);
SELECT * FROM TABLE(INLINE(data => ARRAY['{"a":1}', '{"a":2}'], format => 'JSON')) (a BIGINT);
SELECT * FROM TABLE(EXTERN('{"type":"inline","data":"x\r\ny\r\n"}', '{"type":"lines"}')) (line VARCHAR);
DROP TABLE mended;
