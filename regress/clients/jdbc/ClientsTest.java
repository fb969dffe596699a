/*
 * pgjdbc: every method of DatabaseMetaData, values and their classes in text and binary transfer,
 * server-side prepared statements, row limits of portals, batches, errors, cancel, timeouts.
 */
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.math.BigDecimal;
import java.sql.*;
import java.time.*;
import java.util.*;

public class ClientsTest {
    static int passed, failed;
    static Connection connection;

    interface Action {
        Object get() throws Exception;
    }

    static void check(String name, Action action, Object want) {
        Object got;
        try {
            got = action.get();
        } catch (Exception e) {
            got = e.toString();
        }
        boolean ok = Objects.equals(String.valueOf(got), String.valueOf(want));
        passed += ok ? 1 : 0;
        failed += ok ? 0 : 1;
        System.out.println((ok ? "ok       " : "not ok   ") + "clients/pgjdbc/" + name
            + (ok ? "" : "\n    got  " + got + "\n    want " + want));
    }

    static Connection connect(String more) throws SQLException {
        return DriverManager.getConnection("jdbc:postgresql://" + System.getenv("PGHOST_TCP") + ":"
            + System.getenv("PGPORT") + "/" + System.getenv("PGDATABASE") + "?" + more, System.getenv("PGUSER"), "");
    }

    static List<List<Object>> read(ResultSet rows, String... columns) throws SQLException {
        List<List<Object>> all = new ArrayList<>();
        while (rows.next()) {
            List<Object> row = new ArrayList<>();
            for (String column : columns)
                row.add(rows.getObject(column));
            all.add(row);
        }
        rows.close();
        return all;
    }

    static List<List<Object>> query(Connection c, String sql) throws SQLException {
        try (Statement s = c.createStatement(); ResultSet r = s.executeQuery(sql)) {
            List<List<Object>> all = new ArrayList<>();
            while (r.next()) {
                List<Object> row = new ArrayList<>();
                for (int i = 1; i <= r.getMetaData().getColumnCount(); i++)
                    row.add(r.getObject(i));
                all.add(row);
            }
            return all;
        }
    }

    static String state(Action action) throws Exception {
        try {
            action.get();
        } catch (SQLException e) {
            return e.getSQLState();
        }
        return null;
    }

    /* Every method without arguments answers, but for those that the driver itself has not. */
    static Object everyMethod(DatabaseMetaData meta) throws Exception {
        List<String> bad = new ArrayList<>();
        for (Method method : DatabaseMetaData.class.getMethods()) {
            if (method.getParameterCount() > 0 || java.lang.reflect.Modifier.isStatic(method.getModifiers()))
                continue;
            try {
                Object result = method.invoke(meta);
                if (result instanceof ResultSet)
                    while (((ResultSet) result).next())
                        ((ResultSet) result).getObject(1);
            } catch (InvocationTargetException e) {
                if (!(e.getCause() instanceof SQLFeatureNotSupportedException))
                    bad.add(method.getName() + ": " + e.getCause().getMessage());
            }
        }
        return bad;
    }

    static void metadata() throws Exception {
        DatabaseMetaData meta = connection.getMetaData();
        check("metadata_methods", () -> everyMethod(meta), "[]");
        check("product", () -> meta.getDatabaseProductName() + " " + meta.getDatabaseMajorVersion(), "PostgreSQL 15");
        check("max_columns_in_index", () -> meta.getMaxColumnsInIndex(), 32);
        check("keywords", () -> meta.getSQLKeywords().contains("ilike"), true);
        check("tables", () -> read(meta.getTables(null, "public", "ed%", new String[] {"TABLE"}), "TABLE_SCHEM", "TABLE_NAME", "TABLE_TYPE"),
            "[[public, edits, TABLE]]");
        check("system_views", () -> read(meta.getTables(null, "pg_catalog", "pg_tables", new String[] {"SYSTEM VIEW"}), "TABLE_NAME"),
            "[[pg_tables]]");
        check("columns", () -> read(meta.getColumns(null, "public", "edits", "%"),
            "COLUMN_NAME", "DATA_TYPE", "TYPE_NAME", "COLUMN_SIZE", "DECIMAL_DIGITS", "NULLABLE", "ORDINAL_POSITION", "IS_NULLABLE", "IS_AUTOINCREMENT"),
            "[[__time, 93, timestamptz, 35, 6, 0, 1, NO, NO], [channel, 12, varchar, 2147483647, 0, 1, 2, YES, NO], "
            + "[page, 12, varchar, 2147483647, 0, 1, 3, YES, NO], [user, 12, varchar, 2147483647, 0, 1, 4, YES, NO], "
            + "[added, -5, int8, 19, 0, 1, 5, YES, NO], [ratio, 8, float8, 17, 17, 1, 6, YES, NO], [big, -7, bool, 1, 0, 1, 7, YES, NO]]");
        check("column_pattern", () -> read(meta.getColumns(null, null, "edits", "a%"), "COLUMN_NAME"), "[[added]]");
        check("all_columns", () -> read(meta.getColumns(null, null, null, null), "TABLE_NAME").size() > 2000, true);
        check("primary_keys", () -> read(meta.getPrimaryKeys(null, "public", "edits"), "COLUMN_NAME"), "[]");
        check("imported_keys", () -> read(meta.getImportedKeys(null, "public", "edits"), "FKCOLUMN_NAME"), "[]");
        check("exported_keys", () -> read(meta.getExportedKeys(null, "public", "edits"), "FKCOLUMN_NAME"), "[]");
        check("cross_reference", () -> read(meta.getCrossReference(null, "public", "edits", null, "public", "edits"), "FK_NAME"), "[]");
        check("index_info", () -> read(meta.getIndexInfo(null, "public", "edits", false, false), "INDEX_NAME"), "[]");
        check("best_row", () -> read(meta.getBestRowIdentifier(null, "public", "edits", 1, true), "COLUMN_NAME"), "[]");
        check("version_columns", () -> read(meta.getVersionColumns(null, "public", "edits"), "COLUMN_NAME"), "[[ctid]]");
        check("privileges", () -> read(meta.getTablePrivileges(null, "public", "edits"), "PRIVILEGE").contains(List.of("SELECT")), true);
        check("schemas", () -> read(meta.getSchemas(null, "pub%"), "TABLE_SCHEM"), "[[public]]");
        check("functions", () -> read(meta.getFunctions(null, "pg_catalog", "lower"), "FUNCTION_NAME").contains(List.of("lower")), true);
        check("function_columns", () -> read(meta.getFunctionColumns(null, null, "lower", "%"), "TYPE_NAME").contains(List.of("text")), true);
        check("procedures", () -> read(meta.getProcedures(null, "public", "%"), "PROCEDURE_NAME"), "[]");
        check("types", () -> read(meta.getTypeInfo(), "TYPE_NAME").containsAll(List.of(List.of("int8"), List.of("_text"), List.of("jsonb"))), true);
    }

    static void resultMetadata() throws Exception {
        try (Statement s = connection.createStatement(); ResultSet r = s.executeQuery("SELECT __time, channel, added AS n, added + 1 AS more, 1.5::numeric(6,2) AS price FROM edits")) {
            ResultSetMetaData m = r.getMetaData();
            List<String> seen = new ArrayList<>();
            for (int i = 1; i <= m.getColumnCount(); i++)
                seen.add(m.getColumnLabel(i) + ":" + m.getColumnTypeName(i) + ":" + m.getTableName(i) + ":" + m.getSchemaName(i) + ":"
                    + ((org.postgresql.PGResultSetMetaData) m).getBaseColumnName(i) + ":" + m.isNullable(i) + ":" + m.getPrecision(i) + ":" + m.getScale(i));
            check("result_metadata", () -> seen, "[__time:timestamptz:edits::__time:0:35:6, channel:varchar:edits::channel:1:2147483647:0, "
                + "n:int8:edits::added:1:19:0, more:int8::::2:19:0, price:numeric::::2:6:2]");
        }
        try (PreparedStatement p = connection.prepareStatement("SELECT added FROM edits WHERE channel = ? AND added > ? AND __time > ? LIMIT ?")) {
            ParameterMetaData m = p.getParameterMetaData();
            check("parameter_metadata", () -> m.getParameterTypeName(1) + " " + m.getParameterTypeName(2) + " " + m.getParameterTypeName(3) + " " + m.getParameterTypeName(4),
                "text int8 timestamptz int8");
        }
    }

    static void values(Connection c, String mode) throws Exception {
        check(mode + "/values", () -> {
            List<Object> all = new ArrayList<>();
            try (PreparedStatement p = c.prepareStatement("SELECT ?::int, ?::bigint, ?, ?::float8, ?::numeric, ?::bool, ?::date, ?::timestamp, ?::timestamptz, ?::text[], ?::int")) {
                for (int round = 0; round < 7; round++) { /* the fifth goes over to a named statement */
                    p.setInt(1, 41);
                    p.setLong(2, 1L << 40);
                    p.setString(3, "it's ü");
                    p.setDouble(4, 2.5);
                    p.setBigDecimal(5, new BigDecimal("12.340"));
                    p.setBoolean(6, true);
                    p.setObject(7, LocalDate.of(2020, 2, 29));
                    p.setObject(8, LocalDateTime.of(2020, 1, 2, 3, 4, 5, 6000));
                    p.setObject(9, OffsetDateTime.of(2020, 1, 2, 3, 4, 5, 0, ZoneOffset.ofHours(2)));
                    p.setArray(10, c.createArrayOf("text", new String[] {"a", null, "c,d"}));
                    p.setNull(11, Types.INTEGER);
                    try (ResultSet r = p.executeQuery()) {
                        r.next();
                        all.clear();
                        all.addAll(List.of(r.getInt(1), r.getLong(2), r.getString(3), r.getDouble(4), r.getBigDecimal(5), r.getBoolean(6),
                            r.getObject(7, LocalDate.class), r.getObject(8, LocalDateTime.class),
                            r.getObject(9, OffsetDateTime.class).toInstant(), Arrays.toString((Object[]) r.getArray(10).getArray()),
                            r.getObject(11) == null));
                    }
                }
            }
            return all;
        }, "[41, 1099511627776, it's ü, 2.5, 12.340, true, 2020-02-29, 2020-01-02T03:04:05.000006, 2020-01-02T01:04:05Z, [a, null, c,d], true]");
        check(mode + "/rows", () -> query(c, "SELECT channel, page, \"user\", added, ratio, big FROM edits ORDER BY __time"),
            "[[en, Main Page, ann, 3, 0.75, false], [de, Käse, bob, 10, 2.5, true], [en, null, o'neil, -7, -1.75, false]]");
        check(mode + "/classes", () -> {
            StringBuilder names = new StringBuilder();
            for (Object o : query(c, "SELECT 1::int2, 1, 1::int8, 1::float4, 1::float8, 1::numeric, 'x'::text, true, date '2020-01-01', now(), 'a'::\"char\", 1::oid, ARRAY[1]").get(0))
                names.append(o.getClass().getSimpleName()).append(' ');
            return names.toString();
        }, "Integer Integer Long Float Double BigDecimal String Boolean Date Timestamp String Long PgArray ");
        check(mode + "/timestamp_parameter", () -> {
            try (PreparedStatement p = c.prepareStatement("SELECT count(*) FROM edits WHERE __time >= ? AND __time < ?")) {
                p.setTimestamp(1, Timestamp.from(Instant.parse("2015-09-12T00:00:00Z")));
                p.setTimestamp(2, Timestamp.from(Instant.parse("2015-09-13T00:00:00Z")));
                try (ResultSet r = p.executeQuery()) {
                    r.next();
                    return r.getLong(1);
                }
            }
        }, 2);
        check(mode + "/any", () -> {
            try (PreparedStatement p = c.prepareStatement("SELECT sum(added) FROM edits WHERE added = ANY (?)")) {
                p.setArray(1, c.createArrayOf("int8", new Long[] {3L, 10L}));
                try (ResultSet r = p.executeQuery()) {
                    r.next();
                    return r.getLong(1);
                }
            }
        }, 13);
    }

    static void portals() throws Exception {
        Connection c = connect("defaultRowFetchSize=7");
        c.setAutoCommit(false);
        check("fetch_size", () -> {
            long sum = 0;
            int count = 0;
            try (Statement s = c.createStatement(); ResultSet r = s.executeQuery("SELECT generate_series(1, 1000)")) {
                while (r.next()) {
                    sum += r.getInt(1);
                    count++;
                }
            }
            return count + " " + sum;
        }, "1000 500500");
        check("portals_interleaved", () -> {
            StringBuilder seen = new StringBuilder();
            try (Statement a = c.createStatement(); Statement b = c.createStatement()) {
                a.setFetchSize(2);
                b.setFetchSize(3);
                ResultSet x = a.executeQuery("SELECT generate_series(1, 9)"), y = b.executeQuery("SELECT generate_series(101, 109)");
                while (x.next() && y.next())
                    seen.append(x.getInt(1)).append(':').append(y.getInt(1)).append(' ');
            }
            return seen.toString();
        }, "1:101 2:102 3:103 4:104 5:105 6:106 7:107 8:108 9:109 ");
        check("max_rows", () -> {
            try (Statement s = c.createStatement()) {
                s.setMaxRows(5);
                ResultSet r = s.executeQuery("SELECT generate_series(1, 100)");
                int n = 0;
                while (r.next())
                    n++;
                return n;
            }
        }, 5);
        check("savepoint", () -> {
            Savepoint point = c.setSavepoint("here");
            String state = state(() -> query(c, "SELECT 1/0"));
            c.rollback(point);
            return state + " " + query(c, "SELECT 2");
        }, "22012 [[2]]");
        check("failed_transaction", () -> {
            state(() -> query(c, "SELECT 1/0"));
            String state = state(() -> query(c, "SELECT 1"));
            c.rollback();
            return state + " " + query(c, "SELECT 3");
        }, "25P02 [[3]]");
        c.close();
        Connection saving = connect("autosave=always");
        saving.setAutoCommit(false);
        check("autosave", () -> state(() -> query(saving, "SELECT nothing FROM edits")) + " " + query(saving, "SELECT 4"), "42703 [[4]]");
        saving.close();
    }

    static void rest() throws Exception {
        check("several_statements", () -> {
            try (Statement s = connection.createStatement()) {
                boolean first = s.execute("SELECT 1; SET application_name = 'x'; SELECT 2");
                s.getMoreResults();
                boolean third = s.getMoreResults();
                s.getResultSet().next();
                return first + " " + third + " " + s.getResultSet().getInt(1);
            }
        }, "true true 2");
        check("errors", () -> state(() -> query(connection, "SELEC 1")) + " " + state(() -> query(connection, "SELECT * FROM nowhere")) + " "
            + state(() -> query(connection, "SELECT nothing FROM edits")) + " " + state(() -> query(connection, "SELECT 'x'::int")), "42601 42P01 42703 22P02");
        check("timeout", () -> {
            try (Statement s = connection.createStatement()) {
                s.setQueryTimeout(1);
                String state = state(() -> s.executeQuery("SELECT pg_sleep(30)"));
                return state + " " + query(connection, "SELECT 5");
            }
        }, "57014 [[5]]");
        check("cancel", () -> {
            try (Statement s = connection.createStatement()) {
                Thread canceller = new Thread(() -> {
                    try {
                        Thread.sleep(300);
                        s.cancel();
                    } catch (Exception e) {
                        throw new RuntimeException(e);
                    }
                });
                canceller.start();
                String state = state(() -> s.executeQuery("SELECT pg_sleep(30)"));
                canceller.join();
                return state + " " + query(connection, "SELECT 6");
            }
        }, "57014 [[6]]");
        check("deallocate_all", () -> {
            try (PreparedStatement p = connection.prepareStatement("SELECT ?::int")) {
                p.unwrap(org.postgresql.PGStatement.class).setPrepareThreshold(1);
                for (int i = 0; i < 3; i++) {
                    p.setInt(1, i);
                    p.executeQuery().close();
                }
                query0("DEALLOCATE ALL");
                p.setInt(1, 9);
                ResultSet r = p.executeQuery();
                r.next();
                return r.getInt(1);
            }
        }, 9);
        check("readonly", () -> {
            connection.setReadOnly(true);
            boolean is = connection.isReadOnly();
            connection.setReadOnly(false);
            connection.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
            int level = connection.getTransactionIsolation();
            connection.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
            return is + " " + level;
        }, "true " + Connection.TRANSACTION_SERIALIZABLE);
        check("bytes", () -> {
            try (PreparedStatement p = connection.prepareStatement("SELECT ?::bytea")) {
                p.setBytes(1, new byte[] {0, -1, 39, 92});
                ResultSet r = p.executeQuery();
                r.next();
                return Arrays.toString(r.getBytes(1));
            }
        }, "[0, -1, 39, 92]");
        check("valid", () -> connection.isValid(5), true);
        check("schema", () -> connection.getSchema() + " " + connection.getCatalog(), "public " + System.getenv("PGDATABASE"));
        check("warning", () -> {
            try (Statement s = connection.createStatement()) {
                s.execute("COMMIT");
                return s.getWarnings().getSQLState();
            }
        }, "25P01");
        check("batch", () -> {
            try (Statement s = connection.createStatement()) {
                s.addBatch("SET application_name = 'a'");
                s.addBatch("SET application_name = 'b'");
                return s.executeBatch().length + " " + query(connection, "SHOW application_name");
            }
        }, "2 [[b]]");
    }

    static void query0(String sql) throws SQLException {
        try (Statement s = connection.createStatement()) {
            s.execute(sql);
        }
    }

    public static void main(String[] arguments) throws Exception {
        TimeZone.setDefault(TimeZone.getTimeZone("UTC"));
        connection = connect("");
        metadata();
        resultMetadata();
        values(connection, "extended");
        values(connect("preferQueryMode=simple"), "simple");
        values(connect("binaryTransfer=true&prepareThreshold=-1"), "binary");
        values(connect("preferQueryMode=extendedCacheEverything"), "cached");
        portals();
        rest();
        System.out.println(passed + " passed, " + failed + " failed");
        System.exit(failed > 0 ? 1 : 0);
    }
}
