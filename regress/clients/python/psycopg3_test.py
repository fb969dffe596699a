"""psycopg 3: the extended protocol, text and binary, pipelines, server-side cursors, type look-ups."""
import datetime
from decimal import Decimal

import psycopg
from check import DATABASE, HOST, PORT, USER, attempt, check, finish
from psycopg.types import TypeInfo
from psycopg.types.composite import CompositeInfo
from psycopg.types.enum import EnumInfo
from psycopg.types.json import Jsonb
from psycopg.types.range import RangeInfo

DSN = f"host={HOST} port={PORT} user={USER} dbname={DATABASE}"
UTC = datetime.timezone.utc
ROWS = [
    (datetime.datetime(2015, 9, 12, 1, tzinfo=UTC), "en", "Main Page", "ann", 3, 0.75, False),
    (datetime.datetime(2015, 9, 12, 2, 30, tzinfo=UTC), "de", "Käse", "bob", 10, 2.5, True),
    (datetime.datetime(2015, 9, 13, 3, 0, 0, 500000, tzinfo=UTC), "en", None, "o'neil", -7, -1.75, False)]

connection = psycopg.connect(DSN, autocommit=True)
for binary in (False, True):
    form = "binary" if binary else "text"
    cursor = connection.cursor(binary=binary)
    attempt(f"rows_{form}", lambda: cursor.execute("SELECT * FROM edits ORDER BY __time").fetchall(), ROWS)
    attempt(f"types_{form}", lambda: cursor.execute(
        "SELECT 1::int2, 2::int4, 3::int8, 1.5::float4, 2.5::float8, 'x'::name, 'y'::\"char\", 7::oid,"
        " DATE '2020-02-29', TIMESTAMP '2020-01-02 03:04:05.000006', TIME '01:02:03', true, '\\xdeadbeef'::bytea,"
        " 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid::text, ARRAY[1, 2, NULL], ARRAY['a', 'b'],"
        " interval '1 day 2 hours', 12.345::numeric(10, 3), '{\"a\": 1}'::jsonb").fetchone(),
        (1, 2, 3, 1.5, 2.5, "x", "y", 7, datetime.date(2020, 2, 29), datetime.datetime(2020, 1, 2, 3, 4, 5, 6),
         datetime.time(1, 2, 3), True, b"\xde\xad\xbe\xef", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", [1, 2, None],
         ["a", "b"], datetime.timedelta(days=1, hours=2), Decimal("12.345"), {"a": 1}))
    attempt(f"infinite_{form}", lambda: cursor.execute(
        "SELECT 'NaN'::float8::text, 'Infinity'::float8, '-Infinity'::float4, 1e15::float8").fetchone(),
        ("NaN", float("inf"), float("-inf"), 1e15))
    attempt(f"parameters_{form}", lambda: cursor.execute(
        "SELECT %b + 1, %t::text, %s::int[], %s::float8, %s::bool, %s::date, %s::numeric, %s::jsonb",
        (41, "it's", [1, 2], 2.5, True, datetime.date(2021, 3, 4), Decimal("9.99"), Jsonb({"k": [1]}))).fetchone(),
        (42, "it's", [1, 2], 2.5, True, datetime.date(2021, 3, 4), Decimal("9.99"), {"k": [1]}))
    attempt(f"integers_{form}", lambda: cursor.execute(
        "SELECT count(*) FROM edits WHERE added = %b OR added = %b OR added > %b", (3, 70000, 2 ** 40)).fetchone(), (1,))
    attempt(f"list_{form}", lambda: cursor.execute(
        "SELECT added FROM edits WHERE added = ANY(%b) ORDER BY 1", ([3, 10],)).fetchall(), [(3,), (10,)])
    attempt(f"times_{form}", lambda: cursor.execute(
        "SELECT count(*) FROM edits WHERE __time >= %b AND __time < %b",
        (datetime.datetime(2015, 9, 12, tzinfo=UTC), datetime.datetime(2015, 9, 13, tzinfo=UTC))).fetchone(), (2,))


def pipelined():
    with connection.pipeline():
        cursors = [connection.execute("SELECT %s::int * 2", (i,)) for i in range(300)]
        return sum(c.fetchone()[0] for c in cursors)


attempt("pipeline", pipelined, 89700)


def pipeline_error():
    codes = []
    try:
        with connection.pipeline() as pipeline:
            connection.execute("SELECT 1")
            pipeline.sync()
            connection.execute("SELECT 1/0")
            connection.execute("SELECT 2")
    except psycopg.Error as error:
        codes.append(error.sqlstate)
    return codes, connection.execute("SELECT 3").fetchone()


attempt("pipeline_error", pipeline_error, (["22012"], (3,)))


def server_side():
    with connection.transaction():
        with connection.cursor(name="numbers", scrollable=True) as cursor:
            cursor.execute("SELECT generate_series(1, %s)", (1000,))
            first = cursor.fetchmany(10)
            cursor.scroll(100)
            then = cursor.fetchone()
            cursor.scroll(-50)
            return len(first), then, cursor.fetchone(), len(cursor.fetchall())


attempt("server_side_cursor", server_side, (10, (111,), (62,), 938))


def prepared():
    results = [connection.execute("SELECT added FROM edits WHERE channel = %s ORDER BY 1", (c,), prepare=True).fetchall()
               for c in ("en", "de", "fr", "en")]
    names = connection.execute("SELECT count(*) FROM pg_prepared_statements").fetchone()
    return results, names[0] >= 1


attempt("prepared", prepared, ([[(-7,), (3,)], [(10,)], [], [(-7,), (3,)]], True))


def nested():
    with connection.transaction():
        try:
            with connection.transaction():
                connection.execute("SELECT 1/0")
        except psycopg.errors.DivisionByZero:
            pass
        return connection.execute("SELECT 'alive'").fetchone()


attempt("nested_transactions", nested, ("alive",))


def described():
    cursor = connection.execute("SELECT added, 1.5::numeric(6, 2) AS price, 'x'::varchar(9) AS code FROM edits")
    return [(d.name, d.type_code, d.precision, d.scale, d.internal_size) for d in cursor.description]


attempt("description", described, [("added", 20, None, None, 8), ("price", 1700, 6, 2, None),
                                   ("code", 1043, None, None, None)])
attempt("type_info", lambda: (TypeInfo.fetch(connection, "numeric").oid, TypeInfo.fetch(connection, "numeric").array_oid),
        (1700, 1231))
attempt("range_info", lambda: RangeInfo.fetch(connection, "int4range").subtype_oid, 23)
attempt("enum_info", lambda: EnumInfo.fetch(connection, "nothing"), None)
attempt("composite_info", lambda: CompositeInfo.fetch(connection, "nothing"), None)


def notices():
    seen = []
    connection.add_notice_handler(lambda d: seen.append(d.sqlstate))
    connection.execute("COMMIT")
    return seen


attempt("notice", notices, ["25P01"])


def copied():
    with connection.cursor() as cursor, cursor.copy("COPY (SELECT added, channel FROM edits ORDER BY 1) TO STDOUT") as copy:
        copy.set_types(["int8", "text"])
        return list(copy.rows())


attempt("copy_rows", copied, [(-7, "en"), (3, "en"), (10, "de")])


def copied_binary():
    with connection.cursor() as cursor, cursor.copy(
            "COPY (SELECT added, ratio FROM edits ORDER BY 1) TO STDOUT (FORMAT BINARY)") as copy:
        copy.set_types(["int8", "float8"])
        return list(copy.rows())


attempt("copy_binary", copied_binary, [(-7, -1.75), (3, 0.75), (10, 2.5)])
connection.close()
finish()
