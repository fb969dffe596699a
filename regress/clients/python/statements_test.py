"""
Statements of BI tools and GUIs (regress/clients/statements/*.sql): each runs, or fails as its end says,
and its columns have the names and types that PostgreSQL 15 gives them (*.columns).
"""
import glob
import os
import re

import psycopg2
from check import DATABASE, HOST, PORT, USER, check, finish

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "statements")


def statements(path):
    with open(path, encoding="utf-8") as file:
        for line in file:
            line = line.strip()
            if line and not line.startswith("--"):
                expected = re.search(r"; -- error (\w+)$", line)
                yield (line[:expected.start()], expected.group(1)) if expected else (line.rstrip(";"), None)


def described(cursor, sql):
    try:
        cursor.execute(sql)
        cursor.fetchall()
        return " ".join(f"{d.name}:{d.type_code}" for d in cursor.description)
    except psycopg2.Error as error:
        return f"error {error.pgcode} {str(error).splitlines()[0]}"


if __name__ == "__main__":
    connection = psycopg2.connect(f"host={HOST} port={PORT} user={USER} dbname={DATABASE}")
    connection.autocommit = True
    for path in sorted(glob.glob(os.path.join(FOLDER, "*.sql"))):
        with open(path.replace(".sql", ".columns"), encoding="utf-8") as file:
            columns = file.read().splitlines()
        for number, ((sql, state), want) in enumerate(zip(statements(path), columns), 1):
            got = described(connection.cursor(), sql)
            if state is not None:
                got, want = got[:11], f"error {state}"
            check(f"{os.path.basename(path)[:-4]}_{number}", got, want)
    finish()
