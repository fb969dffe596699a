-- migrations begin with extensions whose functions are built in here; others are not to be had
CREATE EXTENSION IF NOT EXISTS "uuid-ossp";
CREATE EXTENSION IF NOT EXISTS pgcrypto WITH SCHEMA public;
CREATE EXTENSION IF NOT EXISTS plpgsql;
CREATE EXTENSION IF NOT EXISTS hstore;
SELECT uuid_generate_v5(uuid_ns_dns(), 'x') AS v5, uuid_generate_v3(uuid_nil(), '') AS v3;
SELECT count(DISTINCT uuid_generate_v1()) AS v1, count(DISTINCT uuid_generate_v4()) AS v4, count(DISTINCT gen_random_bytes(8)) AS bytes FROM generate_series(1, 1000);
SELECT substr(uuid_generate_v1()::text, 15, 1) AS v1, substr(uuid_generate_v4()::text, 15, 1) AS v4;
SELECT encode(digest('abc', 'sha512'), 'hex') AS digest, encode(hmac('a', '', 'sha256'), 'hex') AS hmac;
SELECT digest('a', 'nope');
SELECT gen_random_bytes(0);
-- what is refused is named as PostgreSQL names the statement
CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE EVENT TRIGGER e ON ddl_command_start EXECUTE FUNCTION f();
CREATE CONSTRAINT TRIGGER t AFTER INSERT ON b FOR EACH ROW EXECUTE FUNCTION f();
PREPARE TRANSACTION 'x';
IMPORT FOREIGN SCHEMA x FROM SERVER y INTO z;
SECURITY LABEL ON TABLE x IS 'y';
-- settings that clients make
SET hash_mem_multiplier = 2;
SET enable_incremental_sort = off;
SET log_error_verbosity = verbose;
SET log_error_verbosity = loud;
SET max_parallel_workers = 4;
SHOW enable_incremental_sort;
