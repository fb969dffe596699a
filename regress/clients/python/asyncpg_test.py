"""asyncpg: binary alone, types from ParameterDescription, introspection, cursors, pools."""
import asyncio
import datetime
from decimal import Decimal

import asyncpg
from check import DATABASE, HOST, PORT, USER, check, finish

UTC = datetime.timezone.utc


async def connect(**settings):
    return await asyncpg.connect(host=HOST, port=PORT, user=USER, database=DATABASE, **settings)


async def attempt(name, action, want):
    try:
        got = await action
    except Exception as error:
        got = f"{type(error).__name__}: {error}"
    check(name, got, want)


async def tuples(awaitable):
    return [tuple(row) for row in await awaitable]


async def cursor_sum(connection):
    total = 0
    async with connection.transaction():
        async for row in connection.cursor("SELECT generate_series(1, $1::int)", 200, prefetch=7):
            total += row[0]
        cursor = await connection.cursor("SELECT generate_series(1, 50)")
        await cursor.forward(10)
        total += (await cursor.fetchrow())[0] * 1000
    return total


async def interleaved(connection):
    async with connection.transaction():
        one = await connection.cursor("SELECT generate_series(1, 30)")
        two = await connection.cursor("SELECT generate_series(101, 130)")
        seen = []
        for _ in range(3):
            seen += [r[0] for r in await one.fetch(2)]
            seen += [r[0] for r in await two.fetch(1)]
        return seen


async def error_code(connection, sql, *arguments):
    try:
        await connection.fetch(sql, *arguments)
    except asyncpg.PostgresError as error:
        return error.sqlstate
    except asyncpg.InterfaceError as error:
        return type(error).__name__
    return None


async def many(connection):
    await connection.executemany("SELECT $1::int + $2::int", [(i, i) for i in range(200)])
    return await connection.fetchval("SELECT 1")


async def timeout(connection):
    try:
        await connection.fetchval("SELECT pg_sleep(20)", timeout=0.3)
    except asyncio.TimeoutError:
        return await connection.fetchval("SELECT 'alive'")
    return None


async def pooled():
    pool = await asyncpg.create_pool(host=HOST, port=PORT, user=USER, database=DATABASE, min_size=2, max_size=4)

    async def one(i):
        async with pool.acquire() as connection:
            return await connection.fetchval("SELECT $1::int * 2", i)
    results = await asyncio.gather(*(one(i) for i in range(20)))
    await pool.close()
    return sum(results)


async def main():
    c = await connect(server_settings={"search_path": "public", "jit": "off"})
    check("version", c.get_server_version().major, 15)
    check("setting", c.get_settings().client_encoding, "UTF8")
    await attempt("rows", tuples(c.fetch("SELECT * FROM edits WHERE added > $1 ORDER BY __time", -100)), [
        (datetime.datetime(2015, 9, 12, 1, tzinfo=UTC), "en", "Main Page", "ann", 3, 0.75, False),
        (datetime.datetime(2015, 9, 12, 2, 30, tzinfo=UTC), "de", "Käse", "bob", 10, 2.5, True),
        (datetime.datetime(2015, 9, 13, 3, 0, 0, 500000, tzinfo=UTC), "en", None, "o'neil", -7, -1.75, False)])
    await attempt("inferred", tuples(c.fetch(
        "SELECT added FROM edits WHERE channel = $1 AND ratio < $2 AND big = $3 AND __time >= $4 LIMIT $5 OFFSET $6",
        "en", 1.5, False, datetime.datetime(2015, 1, 1, tzinfo=UTC), 5, 1)), [(-7,)])
    await attempt("any", tuples(c.fetch("SELECT added FROM edits WHERE added = ANY($1) ORDER BY 1", [3, 10])), [(3,), (10,)])
    await attempt("any_text", c.fetchval("SELECT count(*) FROM edits WHERE channel = ANY($1::text[])", ["de", "en"]), 3)
    await attempt("types", tuples(c.fetch(
        "SELECT $1::int2, $2::numeric, $3::date, $4::timestamp, $5::bytea, $6::text[], $7::interval, $8::uuid::text, $9::json",
        5, Decimal("1.25"), datetime.date(2020, 2, 29), datetime.datetime(2020, 1, 2, 3, 4, 5), b"\x00\x01", ["a", None],
        datetime.timedelta(days=2, seconds=3), "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", '{"a":1}')), [
        (5, Decimal("1.25"), datetime.date(2020, 2, 29), datetime.datetime(2020, 1, 2, 3, 4, 5), b"\x00\x01", ["a", None],
         datetime.timedelta(days=2, seconds=3), "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", '{"a":1}')])
    await attempt("nulls", tuples(c.fetch("SELECT $1::int, $2::text, $3::float8", None, None, None)), [(None, None, None)])
    await attempt("information_schema", tuples(c.fetch(
        "SELECT column_name, ordinal_position, data_type, is_nullable FROM information_schema.columns"
        " WHERE table_schema = $1 AND table_name = $2 ORDER BY 2 LIMIT 2", "public", "edits")),
        [("__time", 1, "timestamp with time zone", "NO"), ("channel", 2, "character varying", "YES")])
    # types that asyncpg has to look up: arrays of catalog types, regclass
    await attempt("introspected", tuples(c.fetch(
        "SELECT relacl, reloptions, relkind, oid::regclass FROM pg_class WHERE relname = 'edits'")),
        [(None, None, b"r", "edits")])
    statement = await c.prepare("SELECT channel, added * 2 AS twice FROM edits WHERE added > $1")
    check("attributes", [(a.name, a.type.name) for a in statement.get_attributes()], [("channel", "varchar"), ("twice", "int8")])
    check("parameters", [p.name for p in statement.get_parameters()], ["int8"])
    await attempt("cursor", cursor_sum(c), 20100 + 11000)
    await attempt("cursors_side_by_side", interleaved(c), [1, 2, 101, 3, 4, 102, 5, 6, 103])
    await attempt("many", many(c), 1)
    await attempt("timeout", timeout(c), "alive")
    await attempt("undefined", error_code(c, "SELECT * FROM nowhere"), "42P01")
    await attempt("indeterminate", error_code(c, "SELECT $1 IS NULL", 1), "42P18")
    await attempt("division", error_code(c, "SELECT 1 / $1::int", 0), "22012")
    await c.close()
    await attempt("pool", pooled(), 380)


asyncio.run(main())
finish()
