"""LISTEN and NOTIFY between sessions; settings and notifications under savepoints. What must not
come is told from what is late by a notification behind it."""
import select

import psycopg2

from check import DATABASE, HOST, PORT, USER, attempt, check, finish

DSN = f"host={HOST} port={PORT} user={USER} dbname={DATABASE}"
listener, sender = psycopg2.connect(DSN), psycopg2.connect(DSN)
listener.autocommit = sender.autocommit = True
hear, say = listener.cursor(), sender.cursor()


def heard():
    """Everything up to the end mark, which is sent here."""
    say.execute("NOTIFY mark")
    texts = []
    while True:
        for notice in listener.notifies:
            if notice.pid != sender.get_backend_pid():
                texts.append("of another")
            elif notice.channel != "mark":
                texts.append((notice.channel, notice.payload))
            else:
                del listener.notifies[:]
                return texts
        del listener.notifies[:]
        if not select.select([listener], [], [], 30)[0]:
            return texts + ["nothing came"]
        listener.poll()


def channels():
    hear.execute("SELECT * FROM pg_listening_channels() ORDER BY 1")
    return [row[0] for row in hear.fetchall()]


def sent(*statements):
    for statement in statements:
        say.execute(statement)
    return heard()


hear.execute('LISTEN mark; LISTEN news; LISTEN "Other News"')
check("channels", channels(), ["Other News", "mark", "news"])
attempt("payload", lambda: sent("NOTIFY news, 'it''s out'"), [("news", "it's out")])
attempt("no_payload", lambda: sent("NOTIFY news"), [("news", "")])
attempt("function", lambda: sent("SELECT pg_notify('Other News', 'n' || 1)"), [("Other News", "n1")])
attempt("prepared", lambda: sent("PREPARE tell AS SELECT pg_notify($1, $2)", "EXECUTE tell('news', 'x')"), [("news", "x")])
attempt("commit", lambda: sent("BEGIN", "NOTIFY news, 'a'", "NOTIFY news, 'a'", "NOTIFY news, 'b'", "COMMIT"),
        [("news", "a"), ("news", "b")])
attempt("rollback", lambda: sent("BEGIN", "NOTIFY news, 'a'", "ROLLBACK"), [])
attempt("savepoint", lambda: sent("BEGIN", "NOTIFY news, 'a'", "SAVEPOINT s", "NOTIFY news, 'b'", "ROLLBACK TO s",
                                  "NOTIFY news, 'c'", "RELEASE s", "COMMIT"), [("news", "a"), ("news", "c")])


def fails(statement):
    try:
        say.execute(statement)
    except psycopg2.Error as error:
        return error.pgcode
    return None


attempt("failed", lambda: (fails("NOTIFY news, 'a'; SELECT 1 / 0"), heard()), ("22012", []))
attempt("empty_channel", lambda: fails("SELECT pg_notify('', 'x')"), "22023")
attempt("long_channel", lambda: fails("SELECT pg_notify(repeat('c', 64), 'x')"), "22023")
attempt("long_payload", lambda: fails("NOTIFY news, '" + "y" * 8000 + "'"), "22023")


def in_block():
    """A session in a transaction hears of it when that has ended."""
    hear.execute("BEGIN")
    say.execute("NOTIFY news, 'while'")
    hear.execute("SELECT 1")
    early = list(listener.notifies)
    hear.execute("COMMIT")
    return early, heard()


attempt("in_block", in_block, ([], [("news", "while")]))


def own():
    hear.execute("NOTIFY news, 'mine'")
    texts = [(notice.channel, notice.payload, notice.pid == listener.get_backend_pid()) for notice in listener.notifies]
    del listener.notifies[:]
    return texts


attempt("own", own, [("news", "mine", True)])
hear.execute("UNLISTEN news")
attempt("unlisten", lambda: sent("NOTIFY news"), [])
hear.execute("BEGIN; LISTEN never; ROLLBACK")
check("listen_undone", channels(), ["Other News", "mark"])
hear.execute("UNLISTEN *")
check("unlisten_all", channels(), [])
hear.execute("LISTEN news")
hear.execute("DISCARD ALL")
check("discard_all", channels(), [])


def shown():
    say.execute("SHOW application_name")
    return say.fetchone()[0]


def after(*statements):
    for statement in statements:
        say.execute(statement)
    return shown()


say.execute("SET application_name = 'before'")
check("set", after("BEGIN", "SET application_name = 'a1'", "SAVEPOINT s1", "SET application_name = 'a2'",
                   "SAVEPOINT s2", "SET LOCAL application_name = 'a3'"), "a3")
check("undone", after("ROLLBACK TO s2"), "a2")
check("released", after("RELEASE s2"), "a2")
check("undone_outer", after("ROLLBACK TO s1"), "a1")
check("reported", sender.info.parameter_status("application_name"), "a1")
check("failed_in_block", (after("SET application_name = 'a4'"), fails("SELECT 1 / 0"), after("ROLLBACK TO s1")),
      ("a4", "22012", "a1"))
check("kept", after("SET application_name = 'a5'", "RELEASE s1", "COMMIT"), "a5")
check("rolled_back", after("BEGIN", "SET application_name = 'b1'", "SAVEPOINT s", "SET application_name = 'b2'",
                           "ROLLBACK"), "a5")
listener.close()
sender.close()
finish()
