-- EXTERN: formats, rows that cannot be parsed, and what is refused.
SELECT * FROM TABLE(EXTERN('{"type":"inline","data":"a,b\n1,x\n2,\"y, z\"\n,"}', '{"type":"csv","findColumnsFromHeader":true}', '[{"name":"a","type":"long"},{"name":"b","type":"string"}]'));
SELECT * FROM TABLE(EXTERN('{"type":"inline","data":"1\tx\n2\ty"}', '{"type":"tsv","columns":["a","b"]}', '[{"name":"b","type":"string"},{"name":"a","type":"double"}]'));
SELECT * FROM TABLE(EXTERN('{"type":"inline","data":"{\"a\":1,\"b\":\"x\"}\n{\"b\":true,\"a\":\"7.9\"}\n{}"}', '{"type":"json"}')) EXTEND (a BIGINT, b VARCHAR);
-- strict: the first bad row ends the query
SELECT * FROM TABLE(EXTERN('{"type":"inline","data":"{\"a\":1}\nnonsense\n{\"a\":3}"}', '{"type":"json"}', '[{"name":"a","type":"long"}]'));
-- some are allowed
SET maxParseExceptions = 1;
-- when a warning comes, before or after which row, depends on the workers' pace
SET client_min_messages = error;
SELECT * FROM TABLE(EXTERN('{"type":"inline","data":"{\"a\":1}\nnonsense\n{\"a\":3}"}', '{"type":"json"}', '[{"name":"a","type":"long"}]'));
SELECT * FROM TABLE(EXTERN('{"type":"inline","data":"{\"a\":1}\nnonsense\n{\"a\":3}\n[1]"}', '{"type":"json"}', '[{"name":"a","type":"long"}]'));
RESET client_min_messages;
RESET maxParseExceptions;
SELECT * FROM TABLE(EXTERN('{"type":"local","files":["/nonexistent/file.json"]}', '{"type":"json"}', '[{"name":"a","type":"long"}]'));
SELECT * FROM TABLE(EXTERN('{"type":"moon"}', '{"type":"json"}', '[{"name":"a","type":"long"}]'));
SELECT * FROM TABLE(EXTERN('{"type":"inline","data":"x"}', '{"type":"parquet"}', '[{"name":"a","type":"long"}]'));
SELECT * FROM TABLE(EXTERN('not json', '{"type":"json"}', '[{"name":"a","type":"long"}]'));
