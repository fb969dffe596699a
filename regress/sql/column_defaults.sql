-- Defaults and NOT NULL as the catalogs show them; what views depend on.
CREATE TABLE shown_defaults (id int NOT NULL, name varchar(50) NOT NULL DEFAULT 'x''y', email text DEFAULT 'e', age int DEFAULT -1, created timestamptz DEFAULT now(), at timestamp DEFAULT current_timestamp, price numeric(10,2) DEFAULT 0.5, tags text[] DEFAULT '{}', ok boolean DEFAULT true, j jsonb DEFAULT '{}'::jsonb, d date DEFAULT '2020-01-01', today date DEFAULT CURRENT_DATE, n text DEFAULT NULL, u uuid DEFAULT gen_random_uuid(), x text DEFAULT 5, c char(3) DEFAULT 'abc', big bigint DEFAULT 99999999999, i interval DEFAULT '1 day');
SELECT a.attname, a.attnotnull, a.atthasdef, pg_get_expr(d.adbin, d.adrelid) AS shown FROM pg_attribute a LEFT JOIN pg_attrdef d ON a.attrelid = d.adrelid AND a.attnum = d.adnum WHERE a.attrelid = 'shown_defaults'::regclass AND a.attnum > 0 ORDER BY a.attnum;
SELECT column_name, column_default, is_nullable FROM information_schema.columns WHERE table_name = 'shown_defaults' ORDER BY ordinal_position;
CREATE VIEW shown_names AS SELECT id, name FROM shown_defaults;
SELECT v.relname AS dependent, s.relname AS source FROM pg_depend d JOIN pg_rewrite w ON d.objid = w.oid JOIN pg_class v ON w.ev_class = v.oid JOIN pg_class s ON d.refobjid = s.oid WHERE s.relname = 'shown_defaults' ORDER BY 1, 2;
SELECT count(*) FROM pg_depend WHERE classid = 'pg_attrdef'::regclass AND refobjid = 'shown_defaults'::regclass AND deptype = 'a';
ALTER TABLE shown_defaults ALTER COLUMN email DROP DEFAULT, ALTER COLUMN age SET DEFAULT 7;
SELECT column_name, column_default FROM information_schema.columns WHERE table_name = 'shown_defaults' AND column_name IN ('email', 'age') ORDER BY 1;
DROP VIEW shown_names;
DROP TABLE shown_defaults;
