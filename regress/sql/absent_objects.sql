-- Objects that there are none of: dropping and making them.
DROP INDEX absent_index;
DROP INDEX CONCURRENTLY IF EXISTS absent_index;
DROP TYPE absent_type;
DROP TYPE IF EXISTS absent_type, public."Absent";
DROP DOMAIN IF EXISTS absent_domain;
DROP MATERIALIZED VIEW absent_view;
DROP FUNCTION absent_function(int, text);
DROP FUNCTION IF EXISTS absent_function(int, nothing), other_function;
DROP AGGREGATE IF EXISTS absent_aggregate(int);
DROP TRIGGER IF EXISTS absent_trigger ON public.absent_table;
DROP POLICY absent_policy ON absent_table;
DROP EXTENSION IF EXISTS absent_extension;
DROP SERVER absent_server;
DROP PUBLICATION IF EXISTS absent_publication;
CREATE EXTENSION IF NOT EXISTS "uuid-ossp";
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE TRIGGER t BEFORE INSERT ON nothing EXECUTE FUNCTION one();
DO 'BEGIN NULL; END';
-- types by quoted and qualified names
SELECT '"pg_catalog"."int4"'::regtype, 'pg_catalog.text'::regtype, '"char"'::regtype, 'pg_catalog."char"'::regtype, '"pg_catalog"."_int4"'::regtype, '"int4"[]'::regtype, 'pg_catalog.char'::regtype;
SELECT '"pg_catalog"."nothing"'::regtype;
-- letters of names
SELECT typname[0] = '_', typname[1], typname[40] FROM pg_type WHERE oid IN (23, 1007) ORDER BY oid;
