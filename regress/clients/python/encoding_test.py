"""Clients that do not speak UTF-8: texts both ways, in both protocols, in COPY, names and errors."""
import io

import psycopg2

from check import DATABASE, HOST, PORT, USER, attempt, check, finish

DSN = f"host={HOST} port={PORT} user={USER} dbname={DATABASE}"
connection = psycopg2.connect(DSN)
connection.autocommit = True
cursor = connection.cursor()


def ask(statement, *values):
    cursor.execute(statement, values or None)
    return cursor.fetchall()


def code(action):
    try:
        action()
    except psycopg2.Error as error:
        return error.pgcode
    return None


for name, shown in [("latin1", "LATIN1"), ("'iso-8859-1'", "LATIN1"), ("win1252", "WIN1252"), ("'windows-1251'", "WIN1251"),
                    ("SQL_ASCII", "SQL_ASCII"), ("'utf-8'", "UTF8"), ("koi8r", "KOI8R"), ("latin9", "LATIN9")]:
    cursor.execute(f"SET client_encoding = {name}")
    check(f"name_{shown}", (ask("SHOW client_encoding"), connection.info.parameter_status("client_encoding"),
                            ask("SELECT pg_client_encoding()")), ([(shown,)], shown, [(shown,)]))
check("name_unknown", code(lambda: cursor.execute("SET client_encoding = 'klingon'")), "22023")

cursor.execute("CREATE TABLE encoded (t text, v varchar(20), a text[], j jsonb)")
connection.set_client_encoding("LATIN1")
cursor.execute("INSERT INTO encoded VALUES ('K\u00e4se \u00a3', 'na\u00efve', ARRAY['\u00fc', 'x'], '{\"\u00e9\": \"\u00e0\"}')")
attempt("latin1", lambda: ask("SELECT t, v, a, j::text FROM encoded"),
        [("K\u00e4se \u00a3", "na\u00efve", ["\u00fc", "x"], '{"\u00e9": "\u00e0"}')])
attempt("latin1_length", lambda: ask("SELECT length(t), octet_length(t), ascii(t) FROM encoded"), [(6, 8, 75)])
attempt("latin1_filter", lambda: ask("SELECT count(*) FROM encoded WHERE v = %s", "na\u00efve"), [(1,)])
attempt("latin1_name", lambda: (cursor.execute('SELECT 1 AS "\u00fcber"'), cursor.description[0].name)[1], "\u00fcber")
attempt("untranslatable", lambda: code(lambda: ask("SELECT U&'\\20AC'")), "22P05")


def message():
    try:
        cursor.execute('SELECT "\u00e4rger"')
    except psycopg2.Error as error:
        return error.diag.message_primary
    return None


attempt("error", message, 'column "\u00e4rger" does not exist')


def copied():
    out = io.BytesIO()
    cursor.copy_expert("COPY (SELECT t, v FROM encoded) TO STDOUT", out)
    return out.getvalue()


attempt("copy_out", copied, b"K\xe4se \xa3\tna\xefve\n")


def copied_in():
    cursor.copy_expert("COPY encoded (t, v) FROM STDIN", io.BytesIO(b"gr\xfcn\t\xdf\n"))
    return ask("SELECT t, v, octet_length(t) FROM encoded WHERE v = '\u00df'")


attempt("copy_in", copied_in, [("gr\u00fcn", "\u00df", 5)])
connection.set_client_encoding("WIN1252")
attempt("win1252", lambda: ask("SELECT %s, length(%s), octet_length(%s)", "5 \u20ac", "5 \u20ac", "5 \u20ac"), [("5 \u20ac", 3, 5)])
attempt("win1252_escape", lambda: ask("SELECT U&'\\20AC'"), [("\u20ac",)])

# encodings of several bytes a character: the client's bytes were taken from PostgreSQL 15
WIDE = [("SJIS", "\u8868\u793a \uff71|\\", b"\x95\\\x8e\xa6 \xb1|\\"), ("BIG5", "\u8a31\u529f\u84cb", b"\xb3\\\xa5\\\xbb\\"),
        ("GBK", "\u4e2d\u6587 \u9f8d", b"\xd6\xd0\xce\xc4 \xfd\x88"), ("EUC_CN", "\u6c49\u5b57", b"\xba\xba\xd7\xd6"),
        ("GB18030", "\u4e2d \U0001f600 \u00e9", b"\xd6\xd0 \x949\xfc6 \xa8\xa6"), ("EUC_JP", "\u65e5\u672c \uff71", b"\xc6\xfc\xcb\xdc \x8e\xb1"),
        ("EUC_KR", "\ud55c\uad6d", b"\xc7\xd1\xb1\xb9"), ("EUC_TW", "\u8a31\u529f", b"\xdd\xc2\xc5\xfc"),
        ("UHC", "\ud55c\ub620", b"\xc7\xd1\x8cc")]


def wide(name, text, data):
    """The client's bytes of a text in COPY with ENCODING both ways, and under client_encoding."""
    connection.set_client_encoding("UTF8")
    cursor.execute("CREATE TEMP TABLE wide (t text)")
    cursor.copy_expert(f"COPY wide FROM STDIN (FORMAT csv, DELIMITER '|', QUOTE '\"', ENCODING '{name}')", io.BytesIO(b'"' + data + b'"\n'))
    rows = ask("SELECT t FROM wide")
    out = io.BytesIO()
    cursor.copy_expert(f"COPY wide TO STDOUT (FORMAT csv, DELIMITER '|', FORCE_QUOTE *, ENCODING '{name}')", out)
    cursor.execute(f"SET client_encoding = '{name}'")
    own = io.BytesIO()
    cursor.copy_expert("COPY (SELECT t FROM wide) TO STDOUT (FORMAT csv, DELIMITER '|', FORCE_QUOTE *)", own)
    cursor.execute("SET client_encoding = 'UTF8'")
    cursor.execute("DROP TABLE wide")
    return rows, out.getvalue(), own.getvalue()


for name, text, data in WIDE:
    line = b'"' + data + b'"\n'
    attempt("wide_" + name, lambda: wide(name, text, data), ([(text,)], line, line))
attempt("wide_cut", lambda: code(lambda: cursor.copy_expert("COPY encoded (t) FROM STDIN (ENCODING 'SJIS')", io.BytesIO(b"\x81"))), "22021")
attempt("wide_none", lambda: code(lambda: cursor.copy_expert("COPY encoded (t) FROM STDIN (ENCODING 'GBK')", io.BytesIO(b"\xff\xff\n"))), "22P05")
attempt("wide_out", lambda: code(lambda: cursor.copy_expert("COPY (SELECT U&'\\+01F600') TO STDOUT (ENCODING 'SJIS')", io.BytesIO())), "22P05")
attempt("wide_unknown", lambda: code(lambda: cursor.copy_expert("COPY encoded TO STDOUT (ENCODING 'klingon')", io.BytesIO())), "22023")


def wide_extended():
    """Parameters and rows in SJIS over the extended protocol; a name too."""
    import psycopg

    own = psycopg.connect(DSN + " client_encoding=sjis", autocommit=True)
    found = own.execute("SELECT %s::text AS \"\u8868\", octet_length(%s::text)", ("\u8868", "\u8868"), prepare=True)
    result = found.fetchone(), found.description[0].name
    own.close()
    return result


try:
    import psycopg  # noqa: F401
except ImportError:
    pass
else:
    attempt("wide_extended", wide_extended, (("\u8868", 3), "\u8868"))


def without_trailer():
    """Binary COPY that ends between two tuples, as some writers leave it."""
    cursor.execute("CREATE TEMP TABLE bare (a int)")
    head = b"PGCOPY\n\xff\r\n\0" + bytes(8)
    cursor.copy_expert("COPY bare FROM STDIN (FORMAT binary)", io.BytesIO(head + b"\0\1\0\0\0\4\0\0\0\7"))
    rows = ask("SELECT a FROM bare")
    torn = code(lambda: cursor.copy_expert("COPY bare FROM STDIN (FORMAT binary)", io.BytesIO(head + b"\0\1\0\0\0\4\0")))
    cursor.execute("DROP TABLE bare")
    return rows, torn


connection.set_client_encoding("UTF8")
attempt("binary_without_trailer", without_trailer, ([(7,)], "22P04"))
attempt("utf8", lambda: ask("SELECT t, v, a, j::text FROM encoded WHERE a IS NOT NULL"),
        [("K\u00e4se \u00a3", "na\u00efve", ["\u00fc", "x"], '{"\u00e9": "\u00e0"}')])
cursor.execute("DROP TABLE encoded")


def by_startup():
    other = psycopg2.connect(DSN + " client_encoding=latin1")
    with other.cursor() as own:
        own.execute("SELECT %s, octet_length(%s)", ("\u00e9", "\u00e9"))
        row = own.fetchone()
    other.close()
    return row


attempt("startup", by_startup, ("\u00e9", 2))


def extended():
    """Parameters and rows over the extended protocol, in text and in binary."""
    import psycopg

    own = psycopg.connect(DSN + " client_encoding=latin1", autocommit=True)
    rows = [own.execute("SELECT %s::text, octet_length(%s::text)", ("\u00e9\u00fc", "\u00e9\u00fc"), binary=binary,
                        prepare=True).fetchone() for binary in (False, True)]
    own.close()
    return rows


try:
    import psycopg  # noqa: F401
except ImportError:
    pass
else:
    attempt("extended", extended, [("\u00e9\u00fc", 4), ("\u00e9\u00fc", 4)])
connection.close()
finish()
