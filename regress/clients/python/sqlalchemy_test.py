"""SQLAlchemy over psycopg2: reflection, expressions, transactions."""
import datetime
import warnings

import sqlalchemy as sa
from check import DATABASE, HOST, PORT, USER, attempt, check, finish

warnings.simplefilter("ignore")
engine = sa.create_engine(f"postgresql+psycopg2://{USER}@{HOST}:{PORT}/{DATABASE}")
with engine.begin() as connection:
    connection.execute(sa.text("COMMENT ON TABLE edits IS 'who changed what'"))
    connection.execute(sa.text("COMMENT ON COLUMN edits.added IS 'bytes'"))
inspector = sa.inspect(engine)
check("dialect_version", engine.connect().dialect.server_version_info[0], 15)
attempt("schemas", lambda: "public" in inspector.get_schema_names(), True)
attempt("tables", lambda: "edits" in inspector.get_table_names(), True)
attempt("views_of_catalog", lambda: "columns" in inspector.get_view_names("information_schema"), True)
attempt("columns", lambda: [(c["name"], str(c["type"]), c["nullable"], c["default"], c.get("comment"), "identity" in c)
                            for c in inspector.get_columns("edits")], [
    ("__time", "TIMESTAMP", False, None, None, False), ("channel", "VARCHAR", True, None, None, False),
    ("page", "VARCHAR", True, None, None, False), ("user", "VARCHAR", True, None, None, False),
    ("added", "BIGINT", True, None, "bytes", False), ("ratio", "DOUBLE_PRECISION", True, None, None, False),
    ("big", "BOOLEAN", True, None, None, False)])
attempt("columns_of_catalog", lambda: [c["name"] for c in inspector.get_columns("pg_namespace", schema="pg_catalog")],
        ["oid", "nspname", "nspowner", "nspacl"])
attempt("comment", lambda: inspector.get_table_comment("edits"), {"text": "who changed what"})
attempt("primary_key", lambda: inspector.get_pk_constraint("edits")["constrained_columns"], [])
attempt("foreign_keys", lambda: inspector.get_foreign_keys("edits"), [])
attempt("indexes", lambda: inspector.get_indexes("edits"), [])
attempt("unique", lambda: inspector.get_unique_constraints("edits"), [])
attempt("checks", lambda: inspector.get_check_constraints("edits"), [])
attempt("enums", lambda: inspector.get_enums(), [])
attempt("sequences", lambda: inspector.get_sequence_names(), [])
attempt("has_table", lambda: (inspector.has_table("edits"), inspector.has_table("nowhere")), (True, False))


def reflect_all():
    metadata = sa.MetaData()
    metadata.reflect(bind=engine, views=True)
    return metadata


attempt("reflect_all", lambda: "edits" in reflect_all().tables, True)
edits = sa.Table("edits", sa.MetaData(), autoload_with=engine)


def query(statement):
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(statement)]


attempt("select", lambda: query(sa.select(edits.c.channel, edits.c.added).where(edits.c.added.in_([3, 10])).order_by(edits.c.added)),
        [("en", 3), ("de", 10)])
attempt("group", lambda: query(sa.select(edits.c.channel, sa.func.count(), sa.func.sum(edits.c.added))
                               .group_by(edits.c.channel).order_by(edits.c.channel)), [("de", 1, 10), ("en", 2, -4)])
attempt("ilike", lambda: query(sa.select(edits.c.page).where(edits.c.page.ilike("%main%"))), [("Main Page",)])
attempt("case", lambda: query(sa.select(sa.case((edits.c.added < 0, "less"), else_="more"), edits.c.added)
                              .order_by(edits.c.added).limit(2)), [("less", -7), ("more", 3)])
attempt("join", lambda: query(sa.select(sa.func.count()).select_from(
    edits.join(edits.alias("other"), sa.text("other.channel = edits.channel")))), [(5,)])
attempt("exists", lambda: query(sa.select(sa.exists().where(edits.c.added > 9))), [(True,)])
attempt("date_trunc", lambda: query(sa.select(sa.func.date_trunc("day", edits.c["__time"]), sa.func.count())
                                    .group_by(sa.text("1")).order_by(sa.text("1"))), [
    (datetime.datetime(2015, 9, 12, tzinfo=datetime.timezone.utc), 2),
    (datetime.datetime(2015, 9, 13, tzinfo=datetime.timezone.utc), 1)])


def stream():
    with engine.connect().execution_options(stream_results=True, max_row_buffer=10) as connection:
        return sum(row[0] for row in connection.execute(sa.text("SELECT generate_series(1, 500)")))


attempt("stream", stream, 125250)


def rolled_back():
    with engine.connect() as connection:
        transaction = connection.begin()
        inner = connection.begin_nested()
        try:
            connection.execute(sa.text("SELECT 1/0"))
        except sa.exc.DataError:
            inner.rollback()
        value = connection.execute(sa.text("SELECT 7")).scalar()
        transaction.rollback()
        return value


attempt("nested", rolled_back, 7)
finish()
