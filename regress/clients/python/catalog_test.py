"""
The catalogs against facts of PostgreSQL 15 (regress/clients/catalog): every relation with its columns in
their order, types by every column that drivers read, OIDs of catalogs. And what must hold in any
PostgreSQL: joins between catalogs leave nothing dangling.
"""
import os

import psycopg2
from check import DATABASE, HOST, PORT, USER, check, finish

FACTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "catalog")
connection = psycopg2.connect(f"host={HOST} port={PORT} user={USER} dbname={DATABASE}")
connection.autocommit = True


def query(sql):
    cursor = connection.cursor()
    cursor.execute(sql)
    return cursor.fetchall()


def lines(name):
    with open(os.path.join(FACTS, name), encoding="utf-8") as file:
        return file.read().splitlines()


# relation, kind, its columns as name:type. What PostgreSQL declares anyarray or an array of a
# composite type is text[] here; relations may have columns of Druid's at their end.
ours = {f"{schema}.{name}": (kind, columns.split(", ")) for schema, name, kind, columns in query(
    "SELECT n.nspname, c.relname, c.relkind::text,"
    " string_agg(a.attname || ':' || format_type(a.atttypid, a.atttypmod), ', ' ORDER BY a.attnum)"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid"
    " WHERE n.nspname IN ('pg_catalog', 'information_schema') AND a.attnum > 0 GROUP BY 1, 2, 3")}
wrong = []
for line in lines("relations.txt"):
    name, kind, columns = line.split(" ", 2)
    wanted = columns.replace(":anyarray", ":text[]").replace(":pg_statistic[]", ":text[]").split(", ")
    if name not in ours:
        wrong.append(f"{name} is not there")
    elif ours[name][0] != kind or ours[name][1][:len(wanted)] != wanted:
        wrong.append(f"{name}: {ours[name]}")
check("relations", wrong, [])
check("readable", [name for name in ours if query(f"SELECT count(*) FROM (SELECT * FROM {name}) t")[0][0] < 0], [])

TYPE_COLUMNS = ("oid, typname, typlen, typbyval, typtype, typcategory, typispreferred, typdelim, typelem, typarray,"
                " typinput, typoutput, typreceive, typsend, typmodin, typmodout, typalign, typstorage, typbasetype,"
                " typtypmod, typcollation")
types = ["|".join("t" if v is True else "f" if v is False else str(v) for v in row)
         for row in query(f"SELECT {TYPE_COLUMNS} FROM pg_type WHERE oid < 9000 ORDER BY oid")]
check("types", sorted(set(types) ^ set(lines("types.txt"))), [])
check("catalog_oids", [line for line in lines("oids.txt")
                       if query(f"SELECT '{line.split()[0]}'::regclass::oid")[0][0] != int(line.split()[1])], [])

# nothing dangles: queries that must give no rows
for name, sql in {
    "attribute_types": "SELECT attrelid::regclass, attname FROM pg_attribute WHERE atttypid NOT IN (SELECT oid FROM pg_type)",
    "attribute_relations": "SELECT attrelid FROM pg_attribute WHERE attrelid NOT IN (SELECT oid FROM pg_class)",
    "relation_namespaces": "SELECT relname FROM pg_class WHERE relnamespace NOT IN (SELECT oid FROM pg_namespace)",
    "relation_owners": "SELECT relname FROM pg_class WHERE pg_get_userbyid(relowner) LIKE 'unknown%'",
    "natts": "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid WHERE a.attnum > 0"
             " GROUP BY c.relname, c.relnatts HAVING count(*) <> c.relnatts",
    "type_arrays": "SELECT t.typname FROM pg_type t LEFT JOIN pg_type a ON a.oid = t.typarray WHERE t.typarray <> 0 AND a.typelem IS DISTINCT FROM t.oid",
    "type_functions": "SELECT typname FROM pg_type WHERE typinput::oid NOT IN (SELECT oid FROM pg_proc) OR typoutput::oid NOT IN (SELECT oid FROM pg_proc)",
    "function_types": "SELECT proname FROM pg_proc WHERE prorettype NOT IN (SELECT oid FROM pg_type)",
    "function_arguments": "SELECT proname FROM (SELECT proname, unnest(proargtypes) AS t FROM pg_proc) f WHERE t NOT IN (SELECT oid FROM pg_type)",
    "function_names": "SELECT oid FROM pg_proc GROUP BY oid HAVING count(*) > 1",
    "operator_functions": "SELECT oprname FROM pg_operator WHERE oprcode::oid NOT IN (SELECT oid FROM pg_proc)",
    "cast_types": "SELECT oid FROM pg_cast WHERE castsource NOT IN (SELECT oid FROM pg_type) OR casttarget NOT IN (SELECT oid FROM pg_type)",
    "aggregates": "SELECT aggfnoid FROM pg_aggregate WHERE aggfnoid::oid NOT IN (SELECT oid FROM pg_proc WHERE prokind = 'a')",
    "descriptions": "SELECT d.objoid FROM pg_description d WHERE d.classoid = 'pg_proc'::regclass AND d.objoid NOT IN (SELECT oid FROM pg_proc)",
    "names": "SELECT relname FROM pg_class WHERE oid::regclass::oid <> oid OR to_regclass(oid::regclass::text) IS DISTINCT FROM oid",
    "type_names": "SELECT typname FROM pg_type WHERE typtype IN ('b', 'd') AND to_regtype(format_type(oid, NULL)) IS DISTINCT FROM oid",
}.items():
    check(name, query(sql), [])

# names that are looked up row by row, casts both ways, functions in any place
check("casts", query("SELECT 'edits'::regclass::oid::regclass::text, 'int8'::regtype, 20::regtype::text, 'public'::regnamespace::oid,"
                     " 'lower(text)'::regprocedure, '-'::regclass::oid, 1259::regclass, 'pg_catalog.array_in'::regproc::oid"),
      [("edits", "bigint", "bigint", 2200, "lower(text)", 0, "pg_class", 750)])
check("row_by_row", query("SELECT relname FROM pg_class WHERE (quote_ident(relname))::regclass = oid AND relname IN ('edits', 'pg_type') ORDER BY 1"),
      [("edits",), ("pg_type",)])
check("in_join", query("SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND pg_table_is_visible(c.oid)"
                       " AND has_table_privilege(c.oid, 'SELECT') WHERE n.nspname = 'public'"), [("edits",)])
check("in_aggregate", query("SELECT string_agg(format_type(atttypid, atttypmod), ',' ORDER BY attnum), array_agg(atttypid::regtype ORDER BY attnum)::text"
                            " FROM pg_attribute WHERE attrelid = 'edits'::regclass AND attnum BETWEEN 1 AND 2"),
      [("timestamp with time zone,character varying", '{"timestamp with time zone","character varying"}')])
check("sizes", query("SELECT pg_relation_size('edits') > 0, pg_total_relation_size('edits') = pg_table_size('edits'),"
                     " pg_database_size(current_database()) >= pg_table_size('edits'), pg_relation_size('pg_class'), pg_indexes_size('edits')"),
      [(True, True, True, 0, 0)])
check("acl", query("SELECT a.privilege_type, a.is_grantable, a.grantee = 10 FROM aclexplode(acldefault('n', 10)) a ORDER BY 1"),
      [("CREATE", False, True), ("USAGE", False, True)])
check("options", query("SELECT * FROM pg_options_to_table(ARRAY['a=b', 'c=d=e', 'x'])"), [("a", "b"), ("c", "d=e"), ("x", None)])
check("keywords", query("SELECT count(*), count(*) FILTER (WHERE catcode = 'R') FROM pg_get_keywords()"), [(460, 77)])
check("activity", query("SELECT usename, datname, state, pid = pg_backend_pid() FROM pg_stat_activity WHERE query LIKE '%pg_stat_activity%'"),
      [(USER, DATABASE, "active", True)])


def signalled(function):
    other = psycopg2.connect(f"host={HOST} port={PORT} user={USER} dbname={DATABASE}")
    other.autocommit = True
    return query(f"SELECT {function}({other.info.backend_pid})")[0][0], other


sent, other = signalled("pg_terminate_backend")
try:
    other.cursor().execute("SELECT 1")
    ended = None
except psycopg2.Error as error:
    ended = type(error).__name__
check("terminate", (sent, ended), (True, "OperationalError"))
check("cancel_nobody", query("SELECT pg_cancel_backend(1)"), [(False,)])
cursor = connection.cursor()
for name, sql, state in [("privilege_of_nothing", "SELECT has_table_privilege('nowhere', 'SELECT')", "42P01"),
                         ("unknown_privilege", "SELECT has_table_privilege('edits', 'FLY')", "22023"),
                         ("unknown_role", "SELECT has_table_privilege('nobody at all', 'edits', 'SELECT')", "42704"),
                         ("unknown_class", "SELECT 'nowhere'::regclass", "42P01"),
                         ("unknown_function", "SELECT 'nothing(int4)'::regprocedure", "42883"),
                         ("unknown_setting", "SELECT current_setting('nothing')", "42704")]:
    try:
        cursor.execute(sql)
        cursor.fetchall()
        check(name, None, state)
    except psycopg2.Error as error:
        check(name, error.pgcode, state)
finish()
