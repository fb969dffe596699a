#!/usr/bin/python3
"""Kills at random under load: regress/soak/soak.py BUILD [SECONDS] [SEED]

Writers append batches and replace days, readers read, and a killer ends workers, controllers and
now and then the whole server with SIGKILL. In the end every batch that was acknowledged must be
there once and whole, and one that failed may be there whole or not at all. Ends with
`N passed, N failed`. Wants python3-psycopg2; `make soak` runs it for ten minutes.
"""
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

try:
    import psycopg2
except ImportError:
    print("skipped  soak: python3-psycopg2 is not installed")
    print("0 passed, 0 failed")
    sys.exit(0)

BUILD = os.path.abspath(sys.argv[1])
SECONDS = int(sys.argv[2]) if len(sys.argv) > 2 else 600
CHANCE = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
ROWS, WRITERS, READERS, DAYS = 3000, 3, 3, 4
folder = tempfile.mkdtemp(prefix="talaria-soak-")
stop = threading.Event()
lock = threading.Lock()
server = None
state = {"acknowledged": set(), "tried": set(), "days": {}, "kills": 0, "reads": 0, "next": 1}
problems = []


def start():
    global server
    server = subprocess.Popen(
        [BUILD + "/talaria", "--data", folder + "/data", "--socket-dir", folder, "--workers", "2",
         "-c", "listen_addresses="],
        stdout=subprocess.PIPE, stderr=open(folder + "/log", "ab"))
    server.stdout.readline()


def connect():
    while not stop.is_set():
        try:
            connection = psycopg2.connect(host=folder, port=5442, user="soak", dbname="soak")
            connection.autocommit = True
            connection.cursor().execute("SET statement_timeout = '60s'; SET local_execution_rows = 0")
            return connection
        except psycopg2.Error:
            time.sleep(0.05)
    return None


def rows_of(batch, day):
    return ("SELECT TIMESTAMP '2024-01-01' + %d * INTERVAL '1 day' + a.n * INTERVAL '1 second' AS __time, "
            "%d AS batch, a.n AS n, 'text ' || (a.n %% 97) AS s FROM generate_series(1, %d) AS a(n)"
            % (day, batch, ROWS))


def append(cursor):
    with lock:
        batch = state["next"]
        state["next"] += 1
        state["tried"].add(batch)
    cursor.execute("INSERT INTO appended %s PARTITIONED BY DAY CLUSTERED BY s" % rows_of(batch, batch % 9))
    with lock:
        state["acknowledged"].add(batch)


def replace(cursor, day):
    """A day of `replaced` belongs to one writer; it must always hold one batch that was tried."""
    with lock:
        batch = state["next"]
        state["next"] += 1
        state["days"].setdefault(day, {"last": None, "since": []})["since"].append(batch)
    cursor.execute("REPLACE INTO replaced OVERWRITE WHERE __time >= TIMESTAMP '2024-01-01' + %d * INTERVAL '1 day' "
                   "AND __time < TIMESTAMP '2024-01-01' + %d * INTERVAL '1 day' %s PARTITIONED BY DAY"
                   .replace("TIMESTAMP '2024-01-01' + %d * INTERVAL '1 day'", "TIMESTAMP '2024-01-%02d'")
                   % (day + 1, day + 2, rows_of(batch, day)))
    with lock:
        state["days"][day] = {"last": batch, "since": []}


def work(what):
    connection = connect()
    while not stop.is_set() and connection is not None:
        try:
            what(connection.cursor())
        except psycopg2.Error as error:
            if error.pgcode == "57014":  # nobody cancels: it hung until statement_timeout
                problems.append("a statement hung: %s" % what)
            connection.close()
            connection = connect()
        time.sleep(0.01)


def read(cursor):
    cursor.execute("SELECT batch, COUNT(*), SUM(n), COUNT(DISTINCT n) FROM appended GROUP BY batch")
    whole = ROWS * (ROWS + 1) // 2
    for batch, count, total, distinct in cursor.fetchall():
        if (count, total, distinct) != (ROWS, whole, ROWS):
            problems.append("batch %d has %d rows" % (batch, count))
    with lock:
        state["reads"] += 1


def children(role):
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            title = open("/proc/%s/cmdline" % pid, "rb").read().decode(errors="replace")
            parent = open("/proc/%s/stat" % pid).read().rsplit(")", 1)[1].split()[1]
            grandparent = open("/proc/%s/stat" % parent).read().rsplit(")", 1)[1].split()[1]
        except OSError:
            continue
        if title.startswith("talaria: " + role) and int(grandparent) == server.pid:
            found.append(int(pid))
    return found


def kill_something():
    what = CHANCE.random()
    if what < 0.05:
        server.kill()
        server.wait()
        start()
    else:
        victims = children("worker" if what < 0.6 else "controller")
        if victims:
            try:
                os.kill(CHANCE.choice(victims), signal.SIGKILL)
            except ProcessLookupError:
                return
    state["kills"] += 1


def check():
    connection = psycopg2.connect(host=folder, port=5442, user="soak", dbname="soak")
    connection.autocommit = True
    cursor = connection.cursor()
    read(cursor)
    cursor.execute("SELECT DISTINCT batch FROM appended")
    there = {row[0] for row in cursor.fetchall()}
    lost = state["acknowledged"] - there
    if lost:
        problems.append("acknowledged batches are not there: %s" % sorted(lost)[:10])
    if there - state["tried"]:
        problems.append("batches that nobody wrote")
    for day, known in state["days"].items():
        cursor.execute("SELECT batch, COUNT(*) FROM replaced WHERE __time >= TIMESTAMP '2024-01-%02d' "
                       "AND __time < TIMESTAMP '2024-01-%02d' GROUP BY batch" % (day + 1, day + 2))
        rows = cursor.fetchall()
        allowed = [(batch, ROWS) for batch in [known["last"]] + known["since"] if batch is not None]
        if (rows or known["last"] is not None) and (len(rows) != 1 or rows[0] not in allowed):
            problems.append("day %d holds %s, not one of %s" % (day, rows, allowed))
    connection.close()


start()
threads = [threading.Thread(target=work, args=(append,)) for _ in range(WRITERS)]
threads += [threading.Thread(target=work, args=(lambda cursor, day=day: replace(cursor, day),)) for day in range(DAYS)]
threads += [threading.Thread(target=work, args=(read,)) for _ in range(READERS)]
for thread in threads:
    thread.start()
end = time.time() + SECONDS
while time.time() < end and not problems:
    time.sleep(CHANCE.uniform(0.1, 1.5))
    kill_something()
stop.set()
for thread in threads:
    thread.join(90)
hanging = sum(thread.is_alive() for thread in threads)
if hanging:
    problems.append("%d clients still wait for an answer" % hanging)
check()
server.terminate()
if server.wait(20) != 0:
    problems.append("the server did not end cleanly")
print("%d kills, %d batches acknowledged of %d, %d reads" %
      (state["kills"], len(state["acknowledged"]), len(state["tried"]), state["reads"]))
for problem in problems:
    print("not ok   soak: " + problem)
if problems:
    print("the data is in " + folder)
else:
    shutil.rmtree(folder)
print("%d passed, %d failed" % (0 if problems else 1, len(problems)))
sys.exit(1 if problems else 0)
