"""Advisory locks between sessions: modes, waiting, transactions, savepoints, deadlock, lock_timeout, pg_locks."""
import threading
import time

import psycopg2

from check import DATABASE, HOST, PORT, USER, attempt, check, finish

DSN = f"host={HOST} port={PORT} user={USER} dbname={DATABASE}"


def connect():
    made = psycopg2.connect(DSN)
    made.autocommit = True
    return made


def ask(connection, statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0] if cursor.description else None


def code(connection, statement):
    try:
        ask(connection, statement)
    except psycopg2.Error as error:
        return error.pgcode
    return None


one, two, three = connect(), connect(), connect()
LOCKS = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"


def others(statement):
    """A try of somebody else."""
    return ask(two, statement)


check("session", (ask(one, "SELECT pg_advisory_lock(7)"), others("SELECT pg_try_advisory_lock(7)"),
                  others("SELECT pg_try_advisory_lock_shared(7)"), others("SELECT pg_try_advisory_lock(0, 7)"),
                  ask(one, "SELECT pg_advisory_unlock(7)"), others("SELECT pg_try_advisory_lock(7)"),
                  ask(one, "SELECT pg_advisory_unlock(7)")), ("", False, False, True, True, True, False))
check("warning", [n.strip() for n in one.notices[-1:]], ["WARNING:  you don't own a lock of type ExclusiveLock"])
check("shown", ask(two, "SELECT string_agg(concat_ws(' ', classid, objid, objsubid, mode, granted, pid = pg_backend_pid()), ', ' ORDER BY objsubid)"
                        " FROM pg_locks WHERE locktype = 'advisory'"), "0 7 1 ExclusiveLock t t, 0 7 2 ExclusiveLock t t")
check("negative", (ask(two, "SELECT pg_try_advisory_lock(-1)"), ask(two, "SELECT pg_try_advisory_lock(-5, 3)"),
                   ask(two, "SELECT string_agg(concat_ws(' ', classid, objid, objsubid), ', ' ORDER BY classid) FROM pg_locks WHERE classid <> 0")),
      (True, True, "4294967291 3 2, 4294967295 4294967295 1"))
ask(two, "SELECT pg_advisory_unlock_all()")
check("unlock_all", ask(two, LOCKS), 0)
check("null", ask(one, "SELECT pg_try_advisory_lock(NULL)"), None)
check("rows", (ask(one, "SELECT count(pg_advisory_lock(x)) FROM generate_series(1, 20) AS g(x)"), ask(two, LOCKS)), (20, 20))
check("twice", (ask(one, "SELECT pg_advisory_lock(3)"), ask(one, "SELECT pg_advisory_unlock(3)"), others("SELECT pg_try_advisory_lock(3)")),
      ("", True, False))
ask(one, "DISCARD ALL")
check("discard", ask(two, LOCKS), 0)

# transactions
with one.cursor() as cursor:
    cursor.execute("BEGIN; SELECT pg_advisory_xact_lock(1)")
    check("xact", (others("SELECT pg_try_advisory_xact_lock(1)"), ask(one, "SELECT pg_advisory_unlock(1)")), (False, False))
    cursor.execute("COMMIT")
    check("commit", others("SELECT pg_try_advisory_xact_lock(1)"), True)
    cursor.execute("SELECT pg_advisory_xact_lock(1)")
    check("statement", others("SELECT pg_try_advisory_xact_lock(1)"), True)
    cursor.execute("BEGIN; SAVEPOINT a; SELECT pg_advisory_xact_lock(1); SELECT pg_advisory_lock(2); ROLLBACK TO a")
    check("savepoint", (others("SELECT pg_try_advisory_xact_lock(1)"), others("SELECT pg_try_advisory_lock(2)")), (True, False))
    cursor.execute("SELECT pg_advisory_xact_lock(4)")
    check("failed", (code(one, "SELECT 1 / 0"), others("SELECT pg_try_advisory_xact_lock(4)"), others("SELECT pg_try_advisory_lock(2)")),
          ("22012", True, False))
    cursor.execute("ROLLBACK")
    check("kept", (others("SELECT pg_try_advisory_lock(2)"), ask(one, "SELECT pg_advisory_unlock(2)")), (False, True))


# waiting
def later(connection, statement):
    """The statement in a thread; what it gave, and the thread."""
    found = []

    def run():
        try:
            found.append(ask(connection, statement))
        except psycopg2.Error as error:
            found.append(error.pgcode)

    thread = threading.Thread(target=run)
    thread.start()
    return found, thread


def until(statement, wanted):
    for _ in range(400):
        if ask(three, statement) == wanted:
            return True
        time.sleep(0.05)
    return False


WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


def waits():
    ask(one, "SELECT pg_advisory_lock(9)")
    found, thread = later(two, "SELECT pg_advisory_lock(9)")
    seen = until(WAITING, 1)
    blockers = ask(three, f"SELECT pg_blocking_pids({two.info.backend_pid})") == [one.info.backend_pid]
    before = list(found)
    ask(one, "SELECT pg_advisory_unlock(9)")
    thread.join()
    return seen, blockers, before, found, ask(two, "SELECT pg_advisory_unlock(9)")


attempt("waits", waits, (True, True, [], [""], True))


def ends():
    """The holder's connection ends."""
    own = connect()
    ask(own, "SELECT pg_advisory_lock(9)")
    found, thread = later(two, "SELECT pg_advisory_lock(9)")
    until(WAITING, 1)
    own.close()
    thread.join()
    return found, ask(two, "SELECT pg_advisory_unlock(9)")


attempt("ends", ends, ([""], True))


def deadlock():
    ask(one, "SELECT pg_advisory_lock(1)")
    ask(two, "SELECT pg_advisory_lock(2)")
    found, thread = later(one, "SELECT pg_advisory_lock(2)")
    until(WAITING, 1)
    refused = code(two, "SELECT pg_advisory_lock(1)")
    ask(two, "SELECT pg_advisory_unlock(2)")
    thread.join()
    ask(one, "SELECT pg_advisory_unlock_all()")
    return refused, found, ask(three, LOCKS)


attempt("deadlock", deadlock, ("40P01", [""], 0))


def timeout():
    ask(one, "SELECT pg_advisory_lock(1)")
    ask(two, "SET lock_timeout = '50ms'")
    by_lock = code(two, "SELECT pg_advisory_lock(1)")
    ask(two, "RESET lock_timeout")
    ask(two, "SET statement_timeout = '50ms'")
    by_statement = code(two, "SELECT pg_advisory_lock(1)")
    ask(two, "RESET statement_timeout")
    found, thread = later(two, "SELECT pg_advisory_lock(1)")
    until(WAITING, 1)
    ask(three, f"SELECT pg_cancel_backend({two.info.backend_pid})")
    thread.join()
    left = ask(three, WAITING)
    return by_lock, by_statement, found, left, ask(one, "SELECT pg_advisory_unlock(1)"), ask(three, LOCKS)


attempt("timeout", timeout, ("55P03", "57014", ["57014"], 0, True, 0))


def crowd():
    """More sessions wait than there are controllers at first; whoever has the lock still gets through."""
    ask(one, "SELECT pg_advisory_lock(1)")
    sessions = [connect() for _ in range(20)]
    waiting = [later(s, "SELECT pg_advisory_xact_lock(1)") for s in sessions]
    seen = until(WAITING, 20)
    ask(one, "SELECT pg_advisory_unlock(1)")
    for _, thread in waiting:
        thread.join()
    for session in sessions:
        session.close()
    return seen, [found for found, _ in waiting] == [[""]] * 20, ask(three, LOCKS)


attempt("crowd", crowd, (True, True, 0))
finish()
