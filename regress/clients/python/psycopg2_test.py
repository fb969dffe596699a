"""psycopg2: libpq's simple protocol, named cursors, type codes, errors, cancel."""
import datetime
import io
import threading
import time
import uuid
from decimal import Decimal

import psycopg2
import psycopg2.errorcodes
import psycopg2.extras
from check import DATABASE, HOST, PORT, USER, attempt, check, finish

DSN = f"host={HOST} port={PORT} user={USER} dbname={DATABASE}"
UTC = datetime.timezone.utc


def error_of(connection, sql, arguments=None):
    try:
        connection.cursor().execute(sql, arguments)
    except psycopg2.Error as error:
        connection.rollback()
        return error.pgcode
    return None


connection = psycopg2.connect(DSN)
cursor = connection.cursor()
check("server_version", connection.server_version // 10000, 15)
check("encoding", connection.encoding, "UTF8")
check("parameter_status", connection.get_parameter_status("integer_datetimes"), "on")

cursor.execute('SELECT * FROM edits ORDER BY __time')
check("rows", cursor.fetchall(), [
    (datetime.datetime(2015, 9, 12, 1, tzinfo=UTC), "en", "Main Page", "ann", 3, 0.75, False),
    (datetime.datetime(2015, 9, 12, 2, 30, tzinfo=UTC), "de", "Käse", "bob", 10, 2.5, True),
    (datetime.datetime(2015, 9, 13, 3, 0, 0, 500000, tzinfo=UTC), "en", None, "o'neil", -7, -1.75, False)])
check("rowcount", cursor.rowcount, 3)
check("description", [(d.name, d.type_code) for d in cursor.description],
      [("__time", 1184), ("channel", 1043), ("page", 1043), ("user", 1043), ("added", 20), ("ratio", 701),
       ("big", 16)])
check("table_oid", len({d.table_oid for d in cursor.description}), 1)
check("table_column", [d.table_column for d in cursor.description], [1, 2, 3, 4, 5, 6, 7])

identity = uuid.UUID("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")
psycopg2.extras.register_uuid()
cursor.execute("SELECT %s, %s, %s, %s::numeric, %s, %s::date, %s::timestamp, %s, %s, %s::bytea",
               (1, "it's", None, Decimal("1.50"), True, datetime.date(2020, 2, 29),
                datetime.datetime(2020, 1, 2, 3, 4, 5, 6), [1, 2, 3], identity, b"\x00\xff"))
row = cursor.fetchone()
check("values", row[:9], (1, "it's", None, Decimal("1.50"), True, datetime.date(2020, 2, 29),
                          datetime.datetime(2020, 1, 2, 3, 4, 5, 6), [1, 2, 3], identity))
check("bytea", bytes(row[9]), b"\x00\xff")
cursor.execute("SELECT interval '1 day 02:03:04', ARRAY['a', NULL, 'c,d'], '{\"a\": [1, 2]}'::json, 'NaN'::float8")
row = cursor.fetchone()
check("interval", row[0], datetime.timedelta(days=1, hours=2, minutes=3, seconds=4))
check("array", row[1], ["a", None, "c,d"])
check("json", row[2], {"a": [1, 2]})
check("nan", row[3] != row[3], True)
cursor.execute("SELECT added FROM edits WHERE channel = ANY(%s) AND \"user\" LIKE %s ORDER BY 1", (["en", "fr"], "%n%"))
check("any_of_list", cursor.fetchall(), [(-7,), (3,)])
cursor.execute("SELECT count(*) FROM edits WHERE added IN %s", ((3, 10),))
check("in_tuple", cursor.fetchone(), (2,))

named = connection.cursor("walk", scrollable=True)
named.itersize = 7
named.execute("SELECT generate_series(1, 100)")
check("named_first", named.fetchmany(3), [(1,), (2,), (3,)])
named.scroll(10)
check("named_relative", named.fetchone(), (14,))
named.scroll(0, mode="absolute")
check("named_absolute", named.fetchone(), (1,))
check("named_rest", len(named.fetchall()), 99)
named.close()
named = connection.cursor("iterate")
named.itersize = 9
named.execute("SELECT generate_series(1, 50) AS n")
check("named_iterated", sum(row[0] for row in named), 1275)
named.close()
connection.commit()

check("syntax_error", error_of(connection, "SELEC 1"), psycopg2.errorcodes.SYNTAX_ERROR)
check("undefined_table", error_of(connection, "SELECT * FROM nowhere"), psycopg2.errorcodes.UNDEFINED_TABLE)
check("undefined_column", error_of(connection, "SELECT nothing FROM edits"), psycopg2.errorcodes.UNDEFINED_COLUMN)
check("division_by_zero", error_of(connection, "SELECT 1/0"), psycopg2.errorcodes.DIVISION_BY_ZERO)
check("bad_text", error_of(connection, "SELECT 'x'::int"), psycopg2.errorcodes.INVALID_TEXT_REPRESENTATION)
try:
    cursor.execute("SELECT é, nothing FROM edits")
except psycopg2.Error as error:
    check("diagnostics", (error.diag.severity, error.diag.statement_position), ("ERROR", "8"))
try:
    cursor.execute("SELECT 1")
    check("failed_transaction", None, "25P02")
except psycopg2.Error as error:
    check("failed_transaction", error.pgcode, "25P02")
connection.rollback()

cursor.execute("SAVEPOINT a")
try:
    cursor.execute("SELECT 1/0")
except psycopg2.Error:
    cursor.execute("ROLLBACK TO SAVEPOINT a")
cursor.execute("SELECT 5")
check("after_savepoint", cursor.fetchone(), (5,))
connection.rollback()

connection.set_session(readonly=True, isolation_level="REPEATABLE READ")
cursor.execute("SHOW transaction_isolation")
check("isolation", cursor.fetchone(), ("repeatable read",))
connection.rollback()
connection.set_session(readonly=False, isolation_level="READ COMMITTED", autocommit=True)
cursor.execute("SET search_path TO public; SHOW search_path")
check("several_statements", cursor.fetchone(), ("public",))


def cancelled():
    other = psycopg2.connect(DSN)
    timer = threading.Timer(0.3, other.cancel)
    timer.start()
    started = time.monotonic()
    try:
        other.cursor().execute("SELECT pg_sleep(20)")
    except psycopg2.extensions.QueryCanceledError as error:
        other.rollback()
        alive = other.cursor()
        alive.execute("SELECT 1")
        return error.pgcode, time.monotonic() - started < 5, alive.fetchone()
    finally:
        timer.join()
        other.close()
    return None


attempt("cancel", cancelled, ("57014", True, (1,)))


def timed_out():
    other = psycopg2.connect(DSN + " options='-c statement_timeout=200'")
    try:
        other.cursor().execute("SELECT pg_sleep(20)")
    except psycopg2.extensions.QueryCanceledError as error:
        return error.pgcode, "timeout" in str(error)
    finally:
        other.close()
    return None


attempt("timeout", timed_out, ("57014", True))


def copied(statement):
    out = io.StringIO()
    connection.cursor().copy_expert(statement, out)
    return out.getvalue()


attempt("copy_csv", lambda: copied("COPY (SELECT added, page FROM edits ORDER BY 1) TO STDOUT WITH CSV HEADER"),
            "added,page\n-7,\n3,Main Page\n10,Käse\n")
attempt("copy_text", lambda: copied("COPY (SELECT added, page FROM edits ORDER BY 1) TO STDOUT"),
            "-7\t\\N\n3\tMain Page\n10\tKäse\n")
connection.close()
finish()
