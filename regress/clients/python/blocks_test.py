"""Transaction blocks that write, several sessions at a time: who sees what, and who must give way."""

import psycopg2

from check import DATABASE, HOST, PORT, USER, check, finish

DSN = f"host={HOST} port={PORT} user={USER} dbname={DATABASE}"


def connect(autocommit=False):
    made = psycopg2.connect(DSN)
    made.autocommit = autocommit
    return made


def ask(connection, statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else None


def numbers(connection, order="1"):
    return [row[0] for row in ask(connection, f"SELECT i FROM blocks ORDER BY {order}")]


def code(action):
    try:
        action()
    except psycopg2.Error as error:
        return error.pgcode
    return None


one, two, free = connect(), connect(), connect(autocommit=True)
ask(free, "CREATE TABLE blocks (i INT)")

# what a block writes is its own until the end, and what others commit is seen at once
ask(one, "INSERT INTO blocks VALUES (1)")
ask(free, "INSERT INTO blocks VALUES (2)")
check("own and others'", numbers(one), [1, 2])
check("not yet", numbers(free), [2])
one.commit()
check("committed", numbers(free), [1, 2])

# blocks that add to one table do not hinder each other
for i in range(5):
    ask(one, f"INSERT INTO blocks VALUES ({10 + i})")
    ask(two, f"INSERT INTO blocks VALUES ({20 + i})")
two.commit()
one.commit()
check("both", numbers(free), [1, 2] + list(range(10, 15)) + list(range(20, 25)))

# not even with the first rows of a table: both versions of its time chunk become one
ask(free, "TRUNCATE blocks")
ask(one, "INSERT INTO blocks VALUES (1)")
ask(two, "INSERT INTO blocks VALUES (2)")
ask(one, "INSERT INTO blocks VALUES (3)")
two.commit()
one.commit()
check("first rows", numbers(free), [1, 2, 3])

# a row that somebody else has changed meanwhile
ask(one, "UPDATE blocks SET i = i + 100 WHERE i = 1")
ask(free, "UPDATE blocks SET i = i + 200 WHERE i = 1")
check("changed by both", code(one.commit), "40001")
check("the first stays", numbers(free), [2, 3, 201])
check("the session goes on", numbers(one), [2, 3, 201])
one.rollback()

# rows that were added while others were deleted
ask(one, "DELETE FROM blocks WHERE i = 2")
ask(free, "INSERT INTO blocks VALUES (50)")
one.commit()
check("deleted and added", numbers(free), [3, 50, 201])

# REPLACE would lose what it has not seen
ask(one, "REPLACE INTO blocks OVERWRITE ALL SELECT 7 AS i PARTITIONED BY ALL")
ask(free, "INSERT INTO blocks VALUES (51)")
check("replaced and added", code(one.commit), "40001")
check("nothing is lost", numbers(free), [3, 50, 51, 201])

# definitions
ask(one, "CREATE TABLE twice (i INT)")
ask(free, "CREATE TABLE twice (j INT)")
check("created by both", code(one.commit), "40001")
ask(free, "DROP TABLE twice")
ask(one, "INSERT INTO blocks VALUES (60)")
ask(free, "DROP TABLE blocks")
check("dropped meanwhile", code(lambda: ask(one, "INSERT INTO blocks VALUES (61)")), "40001")
one.rollback()
ask(free, "CREATE TABLE blocks (i INT)")
ask(one, "DROP TABLE blocks")
ask(free, "INSERT INTO blocks VALUES (1)")
one.commit()
check("dropped", code(lambda: numbers(free)), "42P01")
ask(free, "CREATE TABLE blocks (i INT)")

# keys: two blocks may add to a table that has them, but not the same one
two = connect()
ask(free, "CREATE TABLE blocks_keys (k INT PRIMARY KEY, v TEXT)")
ask(one, "INSERT INTO blocks_keys VALUES (1, 'one')")
ask(two, "INSERT INTO blocks_keys VALUES (2, 'two')")
one.commit()
two.commit()
check("different keys", ask(free, "SELECT k FROM blocks_keys ORDER BY 1"), [(1,), (2,)])
ask(one, "INSERT INTO blocks_keys VALUES (3, 'one')")
ask(two, "INSERT INTO blocks_keys VALUES (3, 'two')")
one.commit()
check("one key", code(two.commit), "23505")
ask(one, "INSERT INTO blocks_keys VALUES (4, 'one')")
ask(free, "INSERT INTO blocks_keys VALUES (4, 'free')")
check("one key, seen before the end", code(lambda: ask(one, "SELECT 1")), "23505")
one.rollback()
ask(free, "DROP TABLE blocks_keys")

# roles and rights are undone like everything else
ask(one, "CREATE ROLE blocks_reader")
ask(one, "GRANT SELECT ON blocks TO blocks_reader")
one.rollback()
check("no role", ask(free, "SELECT count(*) FROM pg_roles WHERE rolname = 'blocks_reader'"), [(0,)])

# savepoints: what is written behind one can be taken back again and again
ask(one, "INSERT INTO blocks VALUES (1)")
for i in range(2, 5):
    ask(one, "SAVEPOINT s")
    ask(one, f"INSERT INTO blocks VALUES ({i})")
    ask(free, f"INSERT INTO blocks VALUES ({i * 10})")
    check(f"behind savepoint {i}", numbers(one), [1, i] + [k * 10 for k in range(2, i + 1)])
    ask(one, "ROLLBACK TO s")
one.commit()
check("before all savepoints", numbers(free), [1, 20, 30, 40])

# a session that goes without a word
ask(two, "INSERT INTO blocks VALUES (99)")
two.close()
check("gone", numbers(free), [1, 20, 30, 40])

# many small ones
for i in range(30):
    ask(one, f"INSERT INTO blocks VALUES ({i})")
    if i % 3 == 0:
        one.rollback()
    else:
        one.commit()
check("some of many", ask(free, "SELECT count(*) FROM blocks"), [(24,)])
ask(free, "DROP TABLE blocks")
finish()
