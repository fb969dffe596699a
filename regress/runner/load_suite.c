/*
 * The load suite: what some clients do must not keep others waiting. Clients that stop reading in
 * the middle of a large result, and heavy queries that queue for workers, while short queries go
 * on being answered.
 */
#include "regress/runner/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINES = 1000, SILENT_CLIENTS = 8, HEAVY_CLIENTS = 10 };

static void report(bool ok, const char *what, Tally *tally)
{
    printf("%s load/%s\n", ok ? "ok      " : "not ok  ", what);
    fflush(stdout);
    if (ok)
        tally->passed++;
    else
        tally->failed++;
}

/* Whether the statement gives one value, this one. */
static bool gives(PGconn *connection, const char *sql, const char *value)
{
    PGresult *result = PQexec(connection, sql);
    bool ok = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1 &&
              strcmp(PQgetvalue(result, 0, 0), value) == 0;
    if (!ok)
        printf("    %.120s: %s\n", sql, PQresultErrorMessage(result));
    PQclear(result);
    return ok;
}

static bool does(PGconn *connection, const char *sql)
{
    PGresult *result = PQexec(connection, sql);
    bool ok = PQresultStatus(result) == PGRES_COMMAND_OK;
    if (!ok)
        printf("    %.120s: %s\n", sql, PQresultErrorMessage(result));
    PQclear(result);
    return ok;
}

static bool make_table(const Server *server, PGconn *connection)
{
    char path[700], sql[1500];
    snprintf(path, sizeof path, "%s/lines.csv", server->folder);
    FILE *file = fopen(path, "wb");
    if (file == NULL)
        return false;
    for (int i = 0; i < LINES; i++)
        fprintf(file, "%d\n", i);
    fclose(file);
    snprintf(sql, sizeof sql,
             "INSERT INTO load WITH lines AS (SELECT * FROM TABLE(EXTERN("
             "'{\"type\":\"local\",\"files\":[\"%s\"]}','{\"type\":\"csv\",\"columns\":[\"n\"]}',"
             "'[{\"name\":\"n\",\"type\":\"long\"}]'))) "
             "SELECT TIMESTAMP '2024-01-01' AS __time, a.n * 1000 + b.n AS n, "
             "'a text that makes the row longer, so that no socket holds many ' || a.n AS s "
             "FROM lines a CROSS JOIN lines b WHERE b.n < 300 PARTITIONED BY ALL",
             path);
    return does(connection, sql) && gives(connection, "SELECT COUNT(*) FROM load", "300000");
}

static void close_all(PGconn **clients, int count)
{
    for (int i = 0; i < count; i++) {
        if (clients[i] == NULL)
            continue;
        PGcancel *cancel = PQgetCancel(clients[i]);
        char message[256];
        if (cancel != NULL)
            PQcancel(cancel, message, sizeof message);
        PQfreeCancel(cancel);
        PQfinish(clients[i]);
    }
}

/* `count` clients send a statement, and what comes back is not read. */
static bool send_all(const Server *server, PGconn **clients, int count, const char *sql)
{
    bool ok = true;
    for (int i = 0; i < count; i++) {
        clients[i] = server_connect(server);
        ok = ok && clients[i] != NULL && PQsendQuery(clients[i], sql) == 1;
    }
    usleep(500000);
    return ok;
}

/* Short queries, run in the controller and by workers, within the session's statement_timeout. */
static bool answers_shortly(PGconn *connection)
{
    bool ok = true;
    for (int i = 0; i < 5 && ok; i++)
        ok = gives(connection, "SELECT 1", "1") &&
             gives(connection, "SELECT COUNT(*) FROM load WHERE s LIKE '%many 7%'", "33300");
    return ok;
}

void run_load_suite(Server *server, Tally *tally)
{
    PGconn *silent[SILENT_CLIENTS] = {NULL}, *heavy[HEAVY_CLIENTS] = {NULL};
    PGconn *connection = server_connect(server);
    bool ok = connection != NULL && make_table(server, connection) &&
              does(connection, "SET statement_timeout = '20s'") && answers_shortly(connection);
    report(ok, "a table", tally);
    if (!ok)
        return;
    ok = send_all(server, silent, SILENT_CLIENTS, "SELECT a.*, b.* FROM load a JOIN load b ON a.n / 10 = b.n / 10");
    report(ok && answers_shortly(connection), "short queries beside clients that do not read", tally);
    close_all(silent, SILENT_CLIENTS);
    ok = send_all(server, heavy, HEAVY_CLIENTS,
                  "SELECT COUNT(*) FROM load a JOIN load b ON a.n % 10 = b.n % 10 AND a.s < b.s");
    report(ok && answers_shortly(connection), "short queries beside heavy ones", tally);
    close_all(heavy, HEAVY_CLIENTS);
    report(answers_shortly(connection), "short queries after that", tally);
    PQfinish(connection);
}
