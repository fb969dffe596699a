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
-- INSERT that replaces, as older statements write it
REPLACE INTO context_c OVERWRITE ALL SELECT t AS __time, n FROM (VALUES (TIMESTAMP '2024-01-01', 1), (TIMESTAMP '2024-01-02', 2), (TIMESTAMP '2024-01-03', 3)) v(t, n) PARTITIONED BY DAY;
--:context sqlReplaceTimeChunks: 2024-01-02/P1D,2024-01-03/2024-01-04
INSERT INTO context_c SELECT TIMESTAMP '2024-01-02 05:00:00' AS __time, 20 AS n PARTITIONED BY DAY;
SELECT * FROM context_c ORDER BY n;
--:context sqlReplaceTimeChunks: 2024-01-02/2024-01-03
INSERT INTO context_c SELECT TIMESTAMP '2024-01-05 05:00:00' AS __time, 20 AS n PARTITIONED BY DAY;
--:context sqlReplaceTimeChunks: 2024-01-02T05:00/2024-01-03
INSERT INTO context_c SELECT TIMESTAMP '2024-01-02 05:00:00' AS __time, 20 AS n PARTITIONED BY DAY;
--:context sqlReplaceTimeChunks: yesterday
INSERT INTO context_c SELECT TIMESTAMP '2024-01-02 05:00:00' AS __time, 20 AS n PARTITIONED BY DAY;
--:context sqlReplaceTimeChunks: all
INSERT INTO context_c SELECT TIMESTAMP '2024-01-09' AS __time, 9 AS n PARTITIONED BY DAY;
INSERT INTO context_c SELECT TIMESTAMP '2024-01-09' AS __time, 10 AS n PARTITIONED BY DAY;
SELECT * FROM context_c ORDER BY n;
