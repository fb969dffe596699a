/*
 * psqlODBC through the driver manager: catalog functions, bound columns and parameters, cursors by
 * declare and fetch, errors, cancel by timeout.
 */
#include <sql.h>
#include <sqlext.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int passed, failed;
static SQLHDBC connection;

static void check(const char *name, const char *got, const char *want)
{
    int ok = strcmp(got, want) == 0;
    passed += ok;
    failed += !ok;
    printf("%s clients/psqlodbc/%s\n", ok ? "ok      " : "not ok  ", name);
    if (!ok)
        printf("    got  %s\n    want %s\n", got, want);
}

static SQLHSTMT new_statement(void)
{
    SQLHSTMT statement = NULL;
    SQLAllocHandle(SQL_HANDLE_STMT, connection, &statement);
    return statement;
}

static void add_error(SQLHSTMT statement, char *out, size_t size)
{
    SQLCHAR state[6] = "?", message[512] = "";
    SQLINTEGER native;
    SQLSMALLINT length;
    SQLGetDiagRec(SQL_HANDLE_STMT, statement, 1, state, &native, message, sizeof message, &length);
    snprintf(out, size, "error %s %s", state, message);
}

/* The wanted columns of every row, `|` between columns, `;` after rows. */
static void read_rows(SQLHSTMT statement, const int *columns, int count, char *out, size_t size)
{
    size_t used = 0;
    SQLRETURN status;
    out[0] = 0;
    while (SQL_SUCCEEDED(status = SQLFetch(statement))) {
        for (int i = 0; i < count; i++) {
            SQLCHAR cell[512] = "";
            SQLLEN length = 0;
            SQLGetData(statement, (SQLUSMALLINT)columns[i], SQL_C_CHAR, cell, sizeof cell, &length);
            used += (size_t)snprintf(out + used, used < size ? size - used : 0, "%s%s",
                                     i > 0 ? "|" : "", length == SQL_NULL_DATA ? "NULL" : (char *)cell);
            if (used >= size)
                used = size - 1;
        }
        if (used + 2 < size)
            out[used++] = ';', out[used] = 0;
    }
    if (status != SQL_NO_DATA)
        add_error(statement, out, size);
}

static void check_query(const char *name, const char *sql, int columns, const char *want)
{
    static char got[8192];
    static const int all[] = {1, 2, 3, 4, 5, 6, 7, 8};
    SQLHSTMT statement = new_statement();
    if (SQL_SUCCEEDED(SQLExecDirect(statement, (SQLCHAR *)sql, SQL_NTS)))
        read_rows(statement, all, columns, got, sizeof got);
    else
        add_error(statement, got, sizeof got);
    got[strlen(want) > 6 && strncmp(want, "error ", 6) == 0 ? strlen(want) : strlen(got)] = 0;
    check(name, got, want);
    SQLFreeHandle(SQL_HANDLE_STMT, statement);
}

static void check_catalog(void)
{
    static char got[65536];
    SQLCHAR *schema = (SQLCHAR *)"public", *table = (SQLCHAR *)"edits";
    SQLHSTMT statement = new_statement();
    SQLTables(statement, NULL, 0, schema, SQL_NTS, (SQLCHAR *)"ed%", SQL_NTS, (SQLCHAR *)"TABLE", SQL_NTS);
    read_rows(statement, (int[]){2, 3, 4}, 3, got, sizeof got);
    check("tables", got, "public|edits|TABLE;");
    SQLFreeStmt(statement, SQL_CLOSE);
    SQLColumns(statement, NULL, 0, schema, SQL_NTS, table, SQL_NTS, NULL, 0);
    read_rows(statement, (int[]){4, 5, 6, 11, 17}, 5, got, sizeof got);
    check("columns", got,
          "__time|93|timestamptz|0|1;channel|12|varchar|1|2;page|12|varchar|1|3;user|12|varchar|1|4;"
          "added|-5|int8|1|5;ratio|6|float8|1|6;big|12|bool|1|7;");
    SQLFreeStmt(statement, SQL_CLOSE);
    SQLPrimaryKeys(statement, NULL, 0, schema, SQL_NTS, table, SQL_NTS);
    read_rows(statement, (int[]){4}, 1, got, sizeof got);
    check("primary_keys", got, "");
    SQLFreeStmt(statement, SQL_CLOSE);
    SQLForeignKeys(statement, NULL, 0, schema, SQL_NTS, table, SQL_NTS, NULL, 0, NULL, 0, NULL, 0);
    read_rows(statement, (int[]){4}, 1, got, sizeof got);
    check("foreign_keys", got, "");
    SQLFreeStmt(statement, SQL_CLOSE);
    SQLStatistics(statement, NULL, 0, schema, SQL_NTS, table, SQL_NTS, SQL_INDEX_ALL, SQL_QUICK);
    read_rows(statement, (int[]){6}, 1, got, sizeof got);
    check("statistics", strncmp(got, "error", 5) == 0 ? got : "rows", "rows");
    SQLFreeStmt(statement, SQL_CLOSE);
    SQLSpecialColumns(statement, SQL_BEST_ROWID, NULL, 0, schema, SQL_NTS, table, SQL_NTS, SQL_SCOPE_SESSION, SQL_NULLABLE);
    read_rows(statement, (int[]){2}, 1, got, sizeof got);
    check("special_columns", strncmp(got, "error", 5) == 0 ? got : "rows", "rows");
    SQLFreeStmt(statement, SQL_CLOSE);
    SQLProcedures(statement, NULL, 0, (SQLCHAR *)"pg_catalog", SQL_NTS, (SQLCHAR *)"lower", SQL_NTS);
    read_rows(statement, (int[]){3}, 1, got, sizeof got);
    check("procedures", strstr(got, "lower;") != NULL ? "lower" : got, "lower");
    SQLFreeStmt(statement, SQL_CLOSE);
    SQLProcedureColumns(statement, NULL, 0, (SQLCHAR *)"pg_catalog", SQL_NTS, (SQLCHAR *)"lower", SQL_NTS, NULL, 0);
    read_rows(statement, (int[]){3, 7}, 2, got, sizeof got);
    check("procedure_columns", strstr(got, "lower|text;") != NULL ? "lower" : got, "lower");
    SQLFreeStmt(statement, SQL_CLOSE);
    SQLTablePrivileges(statement, NULL, 0, schema, SQL_NTS, table, SQL_NTS);
    read_rows(statement, (int[]){6}, 1, got, sizeof got);
    check("table_privileges", strstr(got, "SELECT;") != NULL ? "SELECT" : got, "SELECT");
    SQLFreeStmt(statement, SQL_CLOSE);
    SQLGetTypeInfo(statement, SQL_ALL_TYPES);
    read_rows(statement, (int[]){1}, 1, got, sizeof got);
    check("type_info", strstr(got, "int8;") != NULL ? "int8" : got, "int8");
    SQLFreeHandle(SQL_HANDLE_STMT, statement);
}

static void check_parameters(void)
{
    char got[4096];
    SQLBIGINT least = 3;
    SQLCHAR channel[] = "en";
    SQL_TIMESTAMP_STRUCT since = {2015, 9, 12, 0, 0, 0, 0};
    SQLLEN text_length = SQL_NTS, number_length = 0, time_length = 0;
    SQLHSTMT statement = new_statement();
    SQLPrepare(statement, (SQLCHAR *)"SELECT added, page FROM edits WHERE channel = ? AND added >= ? AND __time >= ?", SQL_NTS);
    SQLBindParameter(statement, 1, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR, 10, 0, channel, sizeof channel, &text_length);
    SQLBindParameter(statement, 2, SQL_PARAM_INPUT, SQL_C_SBIGINT, SQL_BIGINT, 0, 0, &least, 0, &number_length);
    SQLBindParameter(statement, 3, SQL_PARAM_INPUT, SQL_C_TYPE_TIMESTAMP, SQL_TYPE_TIMESTAMP, 19, 0, &since, 0, &time_length);
    for (int round = 0; round < 3; round++) {
        if (SQL_SUCCEEDED(SQLExecute(statement)))
            read_rows(statement, (int[]){1, 2}, 2, got, sizeof got);
        else
            add_error(statement, got, sizeof got);
        SQLFreeStmt(statement, SQL_CLOSE);
    }
    check("parameters", got, "3|Main Page;");
    SQLFreeHandle(SQL_HANDLE_STMT, statement);
}

static void check_columns_described(void)
{
    SQLHSTMT statement = new_statement();
    char got[1024] = "";
    SQLSMALLINT count = 0;
    SQLExecDirect(statement, (SQLCHAR *)"SELECT added, channel, ratio, 1.5::numeric(6,2) AS price FROM edits", SQL_NTS);
    SQLNumResultCols(statement, &count);
    for (SQLUSMALLINT i = 1; i <= count; i++) {
        SQLCHAR name[64], table[64] = "";
        SQLSMALLINT type, digits, nullable, length;
        SQLULEN size;
        SQLDescribeCol(statement, i, name, sizeof name, &length, &type, &size, &digits, &nullable);
        SQLColAttribute(statement, i, SQL_DESC_BASE_TABLE_NAME, table, sizeof table, &length, NULL);
        snprintf(got + strlen(got), sizeof got - strlen(got), "%s:%d:%d:%s ", name, type, digits, table);
    }
    check("described", got, "added:-5:0:edits channel:12:0:edits ratio:6:0:edits price:2:2: ");
    SQLFreeHandle(SQL_HANDLE_STMT, statement);
}

static void check_scrolling(void)
{
    SQLHSTMT statement = new_statement();
    char got[256] = "";
    SQLINTEGER number = 0;
    SQLLEN length;
    SQLSetStmtAttr(statement, SQL_ATTR_CURSOR_TYPE, (SQLPOINTER)SQL_CURSOR_STATIC, 0);
    SQLExecDirect(statement, (SQLCHAR *)"SELECT generate_series(1, 250) AS n", SQL_NTS);
    SQLBindCol(statement, 1, SQL_C_SLONG, &number, 0, &length);
    SQLSMALLINT directions[] = {SQL_FETCH_FIRST, SQL_FETCH_NEXT, SQL_FETCH_ABSOLUTE, SQL_FETCH_PRIOR, SQL_FETCH_LAST};
    for (int i = 0; i < 5; i++) {
        SQLFetchScroll(statement, directions[i], 120);
        snprintf(got + strlen(got), sizeof got - strlen(got), "%d ", (int)number);
    }
    check("scroll", got, "1 2 120 119 250 ");
    SQLFreeHandle(SQL_HANDLE_STMT, statement);
}

static void check_transaction(void)
{
    SQLSetConnectAttr(connection, SQL_ATTR_AUTOCOMMIT, (SQLPOINTER)SQL_AUTOCOMMIT_OFF, 0);
    check_query("statement_rolled_back", "SELECT 1/0", 1, "error 22012");
    check_query("after_error", "SELECT 2", 1, "2;"); /* the driver goes back to its savepoint */
    SQLEndTran(SQL_HANDLE_DBC, connection, SQL_COMMIT);
    SQLSetConnectAttr(connection, SQL_ATTR_AUTOCOMMIT, (SQLPOINTER)SQL_AUTOCOMMIT_ON, 0);
}

static void check_timeout(void)
{
    SQLHSTMT statement = new_statement();
    char got[512] = "";
    SQLSetStmtAttr(statement, SQL_ATTR_QUERY_TIMEOUT, (SQLPOINTER)1, 0);
    if (!SQL_SUCCEEDED(SQLExecDirect(statement, (SQLCHAR *)"SELECT pg_sleep(20)", SQL_NTS)))
        add_error(statement, got, sizeof got);
    got[11] = 0;
    check("timeout", got, "error 57014");
    SQLFreeHandle(SQL_HANDLE_STMT, statement);
}

static int run(const char *options)
{
    SQLHENV environment;
    SQLCHAR text[1024], message[512];
    SQLSMALLINT length;
    snprintf((char *)text, sizeof text, "Driver=%s;Server=%s;Port=%s;Database=%s;Uid=%s;SSLMode=disable;%s",
             getenv("ODBC_DRIVER"), getenv("PGHOST_TCP"), getenv("PGPORT"), getenv("PGDATABASE"), getenv("PGUSER"), options);
    SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &environment);
    SQLSetEnvAttr(environment, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)SQL_OV_ODBC3, 0);
    SQLAllocHandle(SQL_HANDLE_DBC, environment, &connection);
    if (!SQL_SUCCEEDED(SQLDriverConnect(connection, NULL, text, SQL_NTS, NULL, 0, &length, SQL_DRIVER_NOPROMPT))) {
        SQLCHAR state[6] = "?";
        SQLINTEGER native;
        SQLGetDiagRec(SQL_HANDLE_DBC, connection, 1, state, &native, message, sizeof message, &length);
        check("connect", (char *)message, "");
        return 0;
    }
    check_query("rows", "SELECT channel, page, \"user\", added, ratio, big FROM edits ORDER BY __time", 6,
                "en|Main Page|ann|3|0.75|0;de|K\xc3\xa4se|bob|10|2.5|1;en|NULL|o'neil|-7|-1.75|0;");
    check_query("times", "SELECT __time FROM edits ORDER BY 1 LIMIT 1", 1, "2015-09-12 01:00:00;");
    check_query("long_result", "SELECT count(*), sum(n) FROM (SELECT generate_series(1, 1000) AS n) t", 2, "1000|500500;");
    check_query("undefined", "SELECT * FROM nowhere", 1, "error 42P01");
    check_query("escape", "SELECT {fn UCASE('abc')}, {fn LENGTH('abcd')}, {d '2020-01-02'}", 3, "ABC|4|2020-01-02;");
    check_catalog();
    check_parameters();
    check_columns_described();
    check_scrolling();
    check_transaction();
    check_timeout();
    SQLDisconnect(connection);
    SQLFreeHandle(SQL_HANDLE_DBC, connection);
    SQLFreeHandle(SQL_HANDLE_ENV, environment);
    return 1;
}

int main(void)
{
    run("UseDeclareFetch=0;UseServerSidePrepare=1");
    run("UseDeclareFetch=1;Fetch=7;UseServerSidePrepare=0");
    printf("%d passed, %d failed\n", passed, failed);
    return failed > 0;
}
