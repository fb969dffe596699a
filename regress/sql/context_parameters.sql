-- parameters of Druid: those with effect, those without
SET maxNumTasks = 1;
SELECT COUNT(*) FROM TABLE(EXTERN('{"type":"inline","data":"1\n2"}', '{"type":"csv","columns":["a"]}', '[{"name":"a","type":"long"}]'));
SET maxNumTasks = 2;
SELECT COUNT(*) FROM TABLE(EXTERN('{"type":"inline","data":"1\n2"}', '{"type":"csv","columns":["a"]}', '[{"name":"a","type":"long"}]'));
RESET maxNumTasks;
SET mode = 'sometimes';
SET mode = 'nonstrict';
SET useCache = false;
SET nosuchparameter = 1;
--:context nosuchparameter: 1
--:context priority: 5
SELECT 1 AS one;
SET taskAssignment = 'auto';
SET maxInputBytesPerWorker = '1kB';
SET taskAssignment = 'never';
REPLACE INTO context_t OVERWRITE ALL SELECT TIMESTAMP '2024-01-01' AS __time, 'a' AS s, 'b' AS t PARTITIONED BY DAY;
REPLACE INTO context_t OVERWRITE ALL SELECT TIMESTAMP '2024-01-01' AS __time, ARRAY['a'] AS s PARTITIONED BY DAY;
SET skipTypeVerification = 't';
REPLACE INTO context_t OVERWRITE ALL SELECT TIMESTAMP '2024-01-01' AS __time, ARRAY['a'] AS s PARTITIONED BY DAY;
SET skipTypeVerification = '["t","s"]';
REPLACE INTO context_t OVERWRITE ALL SELECT TIMESTAMP '2024-01-01' AS __time, ARRAY['a'] AS s PARTITIONED BY DAY;
SELECT COUNT(*) FROM context_t;
