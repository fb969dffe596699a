"""Prepared statements run often, so that plans of earlier runs are used again: values, rows, settings and time move on."""
import datetime

import psycopg
from check import DATABASE, HOST, PORT, USER, attempt, check, finish

DSN = f"host={HOST} port={PORT} user={USER} dbname={DATABASE}"
connection = psycopg.connect(DSN, autocommit=True)
other = psycopg.connect(DSN, autocommit=True)


def ask(statement, values=(), binary=False, on=connection):
    return on.execute(statement, values, prepare=True, binary=binary).fetchall()


def often(statement, values=(), times=5, **options):
    """What it gives each time, each answer once."""
    answers = []
    for _ in range(times):
        rows = ask(statement, values, **options)
        if rows not in answers:
            answers.append(rows)
    return answers


connection.execute("CREATE TABLE plans_rows (k int, t text, at timestamptz)")
connection.execute("INSERT INTO plans_rows VALUES (1, 'one', '2020-01-01 00:00:00+00'), (2, 'two', '2020-01-02 00:00:00+00')")
BY_KEY = "SELECT k + %s, t FROM plans_rows WHERE t = %s"
for binary in (False, True):
    form = "binary" if binary else "text"
    attempt(f"same_values_{form}", lambda: often(BY_KEY, (10, "one"), binary=binary), [[(11, "one")]])
    attempt(f"other_values_{form}", lambda: [ask(BY_KEY, (n, t), binary=binary) for n in (0, 5) for t in ("one", "two", "three")] * 3,
            [[(1, "one")], [(2, "two")], [], [(6, "one")], [(7, "two")], []] * 3)
    attempt(f"null_{form}", lambda: often(BY_KEY, (None, "two"), binary=binary), [[(None, "two")]])
    attempt(f"on_another_connection_{form}", lambda: often(BY_KEY, (10, "one"), binary=binary, on=other), [[(11, "one")]])

COUNT = "SELECT count(*), max(t) FROM plans_rows WHERE k > %s"
attempt("before_insert", lambda: often(COUNT, (0,)), [[(2, "two")]])
other.execute("INSERT INTO plans_rows VALUES (3, 'zero', NULL)")
attempt("after_insert", lambda: often(COUNT, (0,)), [[(3, "zero")]])
attempt("after_insert_elsewhere", lambda: often(COUNT, (0,), on=other), [[(3, "zero")]])

DAY = "SELECT at::date, date_trunc('day', at) FROM plans_rows WHERE k = %s"
UTC, TOKYO = datetime.timezone.utc, datetime.timezone(datetime.timedelta(hours=9))
connection.execute("SET TimeZone = 'UTC'")
attempt("zone_utc", lambda: often(DAY, (1,)), [[(datetime.date(2020, 1, 1), datetime.datetime(2020, 1, 1, tzinfo=UTC))]])
connection.execute("SET TimeZone = 'America/New_York'")
attempt("zone_other", lambda: [row[0] for rows in often(DAY, (1,)) for row in rows], [datetime.date(2019, 12, 31)])
connection.execute("SET TimeZone = 'UTC'")
attempt("zone_back", lambda: [row[0] for rows in often(DAY, (1,)) for row in rows], [datetime.date(2020, 1, 1)])


def times(statement, values=()):
    return [ask(statement, values)[0][0] for _ in range(6)]


def moves_on(found):
    return all(before < after for before, after in zip(found, found[1:]))


attempt("now", lambda: moves_on(times("SELECT now()")), True)
attempt("now_of_a_parameter", lambda: moves_on(times("SELECT now() + %s::interval", ("1 day",))), True)
attempt("the_word_now", lambda: moves_on(times("SELECT %s::timestamptz", ("now",))), True)
attempt("random", lambda: len(set(times("SELECT random() FROM plans_rows WHERE k = %s", (1,)))), 6)
attempt("backend_pid", lambda: [often("SELECT pg_backend_pid()", on=c) for c in (connection, other, connection)],
        [[[(c.info.backend_pid,)]] for c in (connection, other, connection)])

other.execute("CREATE TEMP TABLE plans_rows (mine text)")
other.execute("INSERT INTO plans_rows VALUES ('temporary')")
ALL = "SELECT * FROM plans_rows ORDER BY 1 LIMIT 1"
attempt("temporary", lambda: often(ALL, on=other), [[("temporary",)]])
attempt("not_temporary", lambda: [row[1] for rows in often(ALL) for row in rows], ["one"])
other.close()

check("unprepared", [connection.execute(f"SELECT {n}, %s", (n,)).fetchall() for n in range(4)] * 2,
      [[(n, n)] for n in range(4)] * 2)
connection.execute("DROP TABLE plans_rows")
for _ in range(2):
    try:
        ask(COUNT, (0,))
        check("dropped", "answered", "42P01")
    except psycopg.Error as error:
        check("dropped", error.sqlstate, "42P01")
connection.close()
finish()
