-- statements behind the end of a block, in the same text, see the settings as they are then
BEGIN; SET LOCAL work_mem = '5MB'; COMMIT; SHOW work_mem;
BEGIN; SET work_mem = '6MB'; ROLLBACK; SHOW work_mem;
BEGIN; SET work_mem = '7MB'; SAVEPOINT a; SET work_mem = '8MB'; ROLLBACK TO a; SHOW work_mem;
COMMIT; SHOW work_mem;
BEGIN; SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; COMMIT; SHOW transaction_isolation;
BEGIN; SET LOCAL TimeZone = 'Asia/Tokyo'; COMMIT; SELECT TIMESTAMPTZ '2024-01-01 00:00:00+00';
RESET work_mem;
