#!/usr/bin/python3
"""Statements that are nearly right: regress/fuzz/sql_fuzz.py BUILD [SECONDS] [SEED]

Takes the statements of regress/logic and regress/sql apart into words, changes a few (drops, swaps,
takes words of others, odd literals) and sends what comes out, half of it over workers. Whatever the
answer, it must be one: an internal error, a process that ended or a lost connection fails. A build
with --enable-sanitizers sees more. Ends with `N passed, N failed`; `make fuzz` runs it.
"""
import glob
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
SECONDS = int(sys.argv[2]) if len(sys.argv) > 2 else 600
CHANCE = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BAD = {"XX000", "XX001", "58000", "58030", "57P01", "08006"}
ODD = """NULL | '' | 0 | -1 | 9223372036854775807 | 1e308 | 'NaN' | ARRAY[]::int[] | DISTINCT | ( | )) | * | OVER ()
    | FILTER (WHERE true) | ORDER BY 1 | GROUP BY () | LIMIT 0 | OFFSET -1 | ::interval | ::date | ::numeric(38,10) | ::text[]
    | COLLATE "C" | AT TIME ZONE 'x' | LATERAL | UNION ALL SELECT 1 | WITH q AS (SELECT 1) | $1 | <> | IS NOT DISTINCT FROM
    | BETWEEN | INTERVAL '1' YEAR | ROW(1,2) | [1] | [1:2] | EXISTS (SELECT 1) | ANY (ARRAY[1]) | CASE WHEN 1=1 THEN 2 END
    | SUM(1) | COUNT(*) | ROWS BETWEEN 1 PRECEDING AND CURRENT ROW | WITHIN GROUP (ORDER BY 1)"""
ODD = [word.strip() for word in ODD.split("|")]
# they would end the session, wait, or shut the door
AVOIDED = re.compile(r"(?i)pg_terminate|pg_cancel|\bcopy\b|pg_sleep|\brole\b|\buser\b|authorization|\bgroup\s+\w+\s*(;|$)")


def statements():
    for path in glob.glob(HERE + "/logic/**/*.test", recursive=True):
        for block in open(path, errors="replace").read().split("\n\n"):
            lines = block.split("\n")
            for at, line in enumerate(lines):
                if re.match(r"query|statement", line):
                    body = lines[at + 1:]
                    yield "\n".join(body[:body.index("----")] if "----" in body else body)
    for path in glob.glob(HERE + "/sql/*.sql"):
        yield from open(path, errors="replace").read().split(";")


CORPUS = [re.findall(r"'(?:[^']|'')*'|\"[^\"]*\"|\w+|\s+|.", text, re.S)
          for text in statements() if text.strip() and len(text) < 3000 and "files" not in text]


def mutated():
    words = list(CHANCE.choice(CORPUS))
    for _ in range(CHANCE.choice([0, 1, 1, 1, 2, 2])):
        if not words:
            break
        at, other, what = CHANCE.randrange(len(words)), CHANCE.choice(CORPUS), CHANCE.random()
        if what < 0.2:
            del words[at]
        elif what < 0.45:
            words[at] = CHANCE.choice(other)
        elif what < 0.65:
            words.insert(at, " " + CHANCE.choice(ODD) + " ")
        elif what < 0.75:
            start = CHANCE.randrange(len(other))
            words[at:at] = other[start:start + CHANCE.randint(1, 12)]
        elif what < 0.85:
            words[at] = CHANCE.choice(ODD)
        else:
            plain = [word for word in other if re.match(r"\w", word)]
            places = [place for place in range(len(words)) if re.match(r"\w", words[place])]
            if plain and places:
                words[CHANCE.choice(places)] = CHANCE.choice(plain)
    return "".join(words)


folder = tempfile.mkdtemp(prefix="talaria-fuzz-")
server = subprocess.Popen([BUILD + "/talaria", "--data", folder + "/data", "--socket-dir", folder,
                           "-c", "listen_addresses="],
                          stdout=subprocess.PIPE, stderr=open(folder + "/log", "wb"))
server.stdout.readline()


def connect():
    connection = psycopg2.connect(host=folder, port=5442, user="fuzz", dbname="fuzz")
    connection.autocommit = True
    connection.cursor().execute("SET statement_timeout = '5s'; SET local_execution_rows = %d" % CHANCE.choice([0, 20000]))
    return connection


connection, sent, failed = connect(), 0, 0
end = time.time() + SECONDS
while time.time() < end and failed < 20:
    statement = mutated()
    if AVOIDED.search(statement) or "\0" in statement:
        continue
    sent += 1
    if sent % 300 == 0:
        connection.close()
        connection = connect()
    try:
        cursor = connection.cursor()
        cursor.execute(statement)
        if cursor.description is not None:
            cursor.fetchmany(50)
    except psycopg2.Error as error:
        lost = connection.closed and error.pgcode is None
        if error.pgcode in BAD or lost:
            failed += 1
            print("not ok   fuzz: %s %s\n%s" % (error.pgcode, str(error).strip()[:300], statement))
        if connection.closed or error.pgcode == "25P02":
            connection.close()
            connection = connect()
    except ValueError:
        pass  # a date that Python has not
server.terminate()
if server.wait(20) != 0:
    failed += 1
    print("not ok   fuzz: the server did not end cleanly")
print("%d statements" % sent)
print("%d passed, %d failed" % (0 if failed else 1, failed))
shutil.rmtree(folder)
sys.exit(1 if failed else 0)
