#!/usr/bin/python3
"""Functions with arguments at their edges: regress/fuzz/function_fuzz.py BUILD [ROUNDS] [SEED] [NAME...]

Takes every function, operator and aggregate that `talaria --describe functions` lists and calls it
ROUNDS times with arguments of the types that it wants: least and largest values, infinities, empty and
long texts, patterns, paths, dates at both ends. Each call comes as constants, as columns of a few rows,
or with some arguments as columns. Whatever the answer, it must be one, and soon: an internal error, a
process that ended, a lost connection, or a statement that goes on after its timeout fails. A build with
--enable-sanitizers sees more. Ends with `N passed, N failed`; `make fuzz` runs it.
"""
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

try:
    import psycopg2
except ImportError:
    print("skipped  fuzz: python3-psycopg2 is not installed")
    print("0 passed, 0 failed")
    sys.exit(0)

BUILD = os.path.abspath(sys.argv[1])
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 20
CHANCE = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
ONLY = sys.argv[4:]
BAD = {"XX000", "XX001", "58000", "58030", "57P01", "08006"}
TIMEOUT, PATIENCE = 1.0, 2.5
# they wait, write, or end sessions
AVOIDED = re.compile(r"^(pg_sleep\w*|pg_terminate_backend|pg_cancel_backend|set_config|pg_reload_conf|"
                     r"pg_(try_)?advisory\w*|pg_rotate_logfile|pg_read_\w+|pg_ls_\w+)$")

INTEGERS = ["0", "1", "-1", "2", "7", "64", "1000", "65536"]
TEXTS = ["''", "' '", "'a'", "'abc'", "'Zoë 漢字 🙂'", "repeat('x', 70000)", "repeat('ab', 300)", "'%'", "'%_%'", "E'\\\\'",
         "'(a+)+$'", "'[[:alpha:]]*'", "'(?:a|b)*?'", "'(('", "'\\1'", "'g'", "'i'", "'0'", "'-1'", "'1e400'", "'NaN'",
         "'infinity'", "'{1,2}'", "'{\"a\":[1,{\"b\":null}]}'", "'[1,2]'", "'$.a[*]'", "'$..b'", "'2024-02-29'", "'P1M'",
         "'PT0S'", "'P1000000000Y'", "'day'", "'century'", "'epoch'", "'Europe/Berlin'", "'UTC+99'", "'YYYY-MM-DD HH24:MI:SS.US'",
         "'FM999999999999999999.99'", "'yyyy-MM-dd''T''HH:mm:ss'", "'base64'", "'hex'", "'escape'", "'UTF8'", "'LATIN1'",
         "'192.168.0.0/16'", "'::1'", "'2000-01-01/2001-01-01'", "'%s %I %L %1$s'", "'%100000000s'", "'1 year 2 mons'",
         "'postgres'", "'t'", "'pg_class'", "'a.b.c'", "'null'", "','", "E'a\\nb\\tc'", "E'\\x01'", "'k1=v1&k2'"]
VALUES = {
    "smallint": INTEGERS[:7] + ["32767", "-32768"],
    "integer": INTEGERS + ["2147483647", "-2147483648"],
    "bigint": INTEGERS + ["2147483648", "9223372036854775807", "-9223372036854775808", "86400000", "253402300800000"],
    "oid": INTEGERS + ["4294967295", "1259", "16384"],
    "real": ["0", "'-0'", "1.5", "-1", "3.4e38", "1e-45", "'NaN'", "'Infinity'", "'-Infinity'"],
    "double precision": ["0", "'-0'", "0.5", "-1", "1e308", "-1e308", "5e-324", "'NaN'", "'Infinity'", "'-Infinity'", "9.3e18", "1e15"],
    "numeric": ["0", "0.000", "1", "-1", "0.5", "-2.5", "99999999999999999999999999999999999999", "1e30", "1e-30",
                "-99999999999999999999", "123456789.123456789", "'NaN'", "'Infinity'"],
    "text": TEXTS, "character varying": TEXTS, "character": TEXTS, "name": TEXTS[:12] + ["'pg_class'"],
    '"char"': ["'a'", "''", "'\\377'"],
    "boolean": ["true", "false"],
    "bytea": ["''", "'\\x00'", "'\\xdeadbeef'", "'\\x' || repeat('ff', 5000)", "'abc'"],
    "date": ["'2024-02-29'", "'4713-01-01 BC'", "'294247-01-01'", "'5874897-12-31'", "'infinity'", "'-infinity'", "'1970-01-01'", "'0001-01-01'"],
    "timestamp without time zone": ["'2024-02-29 23:59:59.999999'", "'4713-01-01 BC'", "'294246-12-31 23:59:59'", "'infinity'", "'-infinity'",
                                    "'1970-01-01'", "'2024-03-31 02:30'"],
    "time without time zone": ["'00:00'", "'24:00'", "'23:59:59.999999'", "'12:30'"],
    "interval": ["'0'", "'1 day'", "'-1 month'", "'1 microsecond'", "'178000000 years'", "'-178000000 years'", "'2147483647 days'",
                 "'-2147483648 days'", "'2562047788 hours'", "'-2562047788 hours'", "'200000000 days 1 mon'", "'13 mons -1 day 25:00'"],
    "json": ["'null'", "'{}'", "'[]'", "'{\"a\":{\"b\":[1,2.5,\"x\",null,true]}}'", "'1e400'", "'\"\\u0000\"'", "'[' || repeat('[', 500) || repeat(']', 500) || ']'"],
    "jsonpath": ["'$'", "'$.a.b[*]'", "'$.**'", "'$.a ? (@ > 1)'", "'strict $[last]'", "'$.a.b[*].double()'", "'$ ? (@ like_regex \"(a+)+$\")'"],
    "uuid": ["'00000000-0000-0000-0000-000000000000'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'"],
    "inet": ["'0.0.0.0/0'", "'255.255.255.255'", "'::/0'", "'ffff::1/64'", "'10.0.0.1/8'"],
    "xid": ["'1'"], "xid8": ["'1'"], "regclass": ["'pg_class'", "1", "0"],
}
VALUES["jsonb"] = VALUES["json"]
VALUES["timestamp with time zone"] = VALUES["timestamp without time zone"]
ANY = ["integer", "bigint", "text", "double precision", "numeric", "date", "timestamp without time zone", "boolean", "interval", "jsonb"]
SKETCHES = {"thetasketch": "ds_theta", "hllsketch": "ds_hll", "quantilesdoublessketch": "ds_quantiles_sketch"}


def value(wanted, element):
    """A constant of the type wanted; of the type element when any is."""
    if CHANCE.random() < 0.08:
        return "NULL"
    if wanted in SKETCHES:
        return "(SELECT %s(x) FROM generate_series(1, %d) AS g(x))" % (SKETCHES[wanted], CHANCE.choice([0, 1, 100, 20000]))
    if wanted in ('"any"', "anyelement", "anynonarray", "anycompatible"):
        wanted = element
    if wanted in ("anyarray", "anycompatiblearray"):
        wanted = element + "[]"
    if wanted == "record":
        return "ROW(%s, %s)" % (value(element, element), value("text", element))
    if wanted.endswith("[]"):
        items = [value(wanted[:-2], element) for _ in range(CHANCE.choice([0, 1, 2, 2, 3, 40]))]
        return "ARRAY[%s]::%s" % (", ".join(items), wanted)
    if wanted not in VALUES:
        return CHANCE.choice(TEXTS)
    return "(%s)::%s" % (CHANCE.choice(VALUES[wanted]), wanted)


def wanted_types(text):
    """The arguments of a row of the reference, optional ones now and then, the last one repeated before '...'."""
    while True:
        found = re.search(r"\[([^\[\]]+)\]", text)
        if found is None:
            break
        text = text[:found.start()] + (found.group(1) if CHANCE.random() < 0.5 else "") + text[found.end():]
    types = []
    for item in text.replace("[]", "\0").split(","):
        item = item.strip().replace("\0", "[]")
        if item == "...":
            types += types[-1:] * CHANCE.choice([0, 1, 2, 5])
        elif item:
            types.append(item)
    return types


def functions():
    listed = subprocess.run([BUILD + "/talaria", "--describe", "functions"], stdout=subprocess.PIPE, check=True).stdout.decode()
    for line in listed.split("\n"):
        row = re.match(r"\| `(.+?)`(?: `\w+`)?(?: \([^)]*\))? \| ([^|]*) \| ([^|]*) \|", line.replace("\\|", "\1"))
        if row is not None:
            name = row.group(1).replace("\1", "|")
            if not AVOIDED.match(name) and (not ONLY or name in ONLY):
                yield name, row.group(3).replace("[]", "\0")


def called(name, arguments):
    if re.match(r"^[a-z_]\w*$", name):
        return "%s(%s)" % (name, ", ".join(arguments))
    if len(arguments) == 2:
        return "%s %s %s" % (arguments[0], name, arguments[1])
    return "%s %s" % (name, ", ".join(arguments))


def statement(name, wanted):
    element = CHANCE.choice(ANY)
    types = wanted_types(wanted)
    types = [kind.replace("\0", "[]") for kind in types]
    rows = [[value(kind, element) for kind in types] for _ in range(CHANCE.choice([1, 1, 3, 50]))]
    is_column = [CHANCE.random() < 0.6 for _ in types]
    if not any(is_column):
        return "SELECT " + called(name, rows[0])
    arguments = ["c%d" % at if is_column[at] else rows[0][at] for at in range(len(types))]
    # NULL alone has no type: the first row has one
    for at, kind in enumerate(types):
        if rows[0][at] == "NULL" and kind in VALUES:
            rows[0][at] = "NULL::" + kind
    return "SELECT %s FROM (VALUES %s) AS v(%s)%s" % (
        called(name, arguments), ", ".join("(%s)" % ", ".join(row) for row in rows),
        ", ".join("c%d" % at for at in range(len(types))), CHANCE.choice(["", "", " LIMIT 1"]))


folder = tempfile.mkdtemp(prefix="talaria-fuzz-")
server = subprocess.Popen([BUILD + "/talaria", "--data", folder + "/data", "--socket-dir", folder, "-c", "listen_addresses="],
                          stdout=subprocess.PIPE, stderr=open(folder + "/log", "wb"))
server.stdout.readline()


def connect():
    connection = psycopg2.connect(host=folder, port=5442, user="fuzz", dbname="fuzz")
    connection.autocommit = True
    connection.cursor().execute("SET statement_timeout = %d; SET local_execution_rows = %d" %
                                (TIMEOUT * 1000, CHANCE.choice([0, 20000])))
    return connection


connection, sent, answered, failed = connect(), 0, 0, 0
for _ in range(ROUNDS):
    for name, wanted in functions():
        text = statement(name, wanted)
        sent += 1
        began = time.time()
        reason = None
        try:
            cursor = connection.cursor()
            cursor.execute(text)
            cursor.fetchmany(5)
            answered += 1
        except psycopg2.Error as error:
            if error.pgcode in BAD or (connection.closed and error.pgcode is None):
                reason = "%s %s" % (error.pgcode, str(error).strip()[:300])
            if connection.closed:
                connection = connect()
        except (ValueError, OverflowError):
            pass  # a date that Python has not
        seconds = time.time() - began
        if reason is None and seconds > PATIENCE:
            reason = "%.1f s in spite of its timeout" % seconds
        if reason is not None:
            failed += 1
            print("not ok   fuzz: %s\n%s" % (reason, text[:3000]), flush=True)
server.terminate()
if server.wait(20) != 0:
    failed += 1
    print("not ok   fuzz: the server did not end cleanly")
reports = re.findall(r"[^\n]*runtime error[^\n]*|[^\n]*AddressSanitizer:[^\n]*", open(folder + "/log", errors="replace").read())
print("\n".join(sorted(set(reports))))
print("%d statements, %d with rows" % (sent, answered))
print("%d passed, %d failed" % (0 if failed else 1, failed))
shutil.rmtree(folder)
sys.exit(1 if failed else 0)
