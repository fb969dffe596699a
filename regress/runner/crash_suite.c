/*
 * The crash suite: processes are killed in the middle of statements. After each, no row may be
 * lost or doubled, and the next query must work.
 *
 * The table's sum tells: every INSERT adds the numbers 1..ROWS, all or none of them, so count and
 * sum are the same multiple of one statement's.
 */
#include "regress/runner/runner.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROWS = 400000 };

static char input_path[700];

void report_case(bool ok, const char *what, Tally *tally)
{
    printf("%s crash/%s\n", ok ? "ok      " : "not ok  ", what);
    fflush(stdout);
    if (ok)
        tally->passed++;
    else
        tally->failed++;
}

bool execute(PGconn *connection, const char *sql)
{
    PGresult *result = PQexec(connection, sql);
    ExecStatusType status = PQresultStatus(result);
    bool ok = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    if (!ok)
        printf("    %.120s: %s", sql, PQresultErrorMessage(result));
    PQclear(result);
    return ok;
}

static bool write_input(const Server *server)
{
    snprintf(input_path, sizeof input_path, "%s/numbers.json", server->folder);
    FILE *file = fopen(input_path, "wb");
    if (file == NULL)
        return false;
    for (int i = 1; i <= ROWS; i++)
        fprintf(file, "{\"t\":\"2024-01-%02dT00:00:00Z\",\"n\":%d,\"s\":\"value %d of the crash test\"}\n", 1 + i % 9, i, (int)((long long)i * 7919 % 100003));
    return fclose(file) == 0;
}

static char *ingest_sql(const char *verb, const char *clause)
{
    static char sql[2000];
    snprintf(sql, sizeof sql,
             "%s INTO crash %s SELECT TIME_PARSE(\"t\") AS __time, n, s FROM TABLE(EXTERN("
             "'{\"type\":\"local\",\"files\":[\"%s\"]}','{\"type\":\"json\"}',"
             "'[{\"name\":\"t\",\"type\":\"string\"},{\"name\":\"n\",\"type\":\"long\"},"
             "{\"name\":\"s\",\"type\":\"string\"}]')) PARTITIONED BY DAY CLUSTERED BY s",
             verb, clause, input_path);
    return sql;
}

/* How many whole statements the table holds; -1 when it holds a part of one, or cannot be read. */
static long statements_held(const Server *server)
{
    PGconn *connection = server_connect(server);
    if (connection == NULL)
        return -1;
    PGresult *result = PQexec(connection, "SELECT COUNT(*), SUM(n), COUNT(DISTINCT n) FROM crash");
    long held = -1;
    if (PQresultStatus(result) == PGRES_TUPLES_OK) {
        long long count = atoll(PQgetvalue(result, 0, 0)), sum = atoll(PQgetvalue(result, 0, 1));
        long long distinct = atoll(PQgetvalue(result, 0, 2));
        long long times = count / ROWS;
        if (count % ROWS == 0 && distinct == ROWS && sum == times * ((long long)ROWS * (ROWS + 1) / 2))
            held = (long)times;
        else
            printf("    count %lld, sum %lld, distinct %lld\n", count, sum, distinct);
    } else {
        printf("    %s", PQresultErrorMessage(result));
    }
    PQclear(result);
    PQfinish(connection);
    return held;
}

/* A child of the server whose title holds `role`. 0: none. */
static pid_t find_child(const Server *server, const char *role)
{
    pid_t found = 0;
    DIR *proc = opendir("/proc");
    struct dirent *entry;
    while (proc != NULL && (entry = readdir(proc)) != NULL) {
        char path[300], title[300] = "", stat_line[512] = "";
        int pid = atoi(entry->d_name);
        if (pid <= 0)
            continue;
        snprintf(path, sizeof path, "/proc/%d/cmdline", pid);
        FILE *file = fopen(path, "rb");
        if (file == NULL)
            continue;
        size_t got = fread(title, 1, sizeof title - 1, file);
        fclose(file);
        title[got] = '\0';
        if (strncmp(title, "talaria", 7) != 0 || strstr(title, role) == NULL || strstr(title, "query") == NULL)
            continue;
        /* one of ours: its parent is our zygote, whose parent is our server */
        int parent = 0, grandparent = 0;
        for (int level = 0; level < 2; level++) {
            snprintf(path, sizeof path, "/proc/%d/stat", level == 0 ? pid : parent);
            file = fopen(path, "rb");
            if (file == NULL)
                break;
            got = fread(stat_line, 1, sizeof stat_line - 1, file);
            fclose(file);
            stat_line[got] = '\0';
            const char *after = strrchr(stat_line, ')');
            int value = 0;
            if (after != NULL)
                sscanf(after + 1, " %*c %d", &value);
            if (level == 0)
                parent = value;
            else
                grandparent = value;
        }
        if (grandparent == server->pid)
            found = pid;
    }
    if (proc != NULL)
        closedir(proc);
    return found;
}

/* Begins the statement, kills a busy child of that role in its middle, and expects an error. */
static bool kill_during(const Server *server, const char *sql, const char *role, int delay_ms)
{
    PGconn *connection = server_connect(server);
    if (connection == NULL || PQsendQuery(connection, sql) == 0)
        return false;
    pid_t victim = 0;
    usleep((useconds_t)delay_ms * 1000);
    for (int tries = 0; tries < 2000 && victim == 0; tries++) {
        victim = find_child(server, role);
        if (victim == 0)
            usleep(1000);
    }
    if (victim == 0) {
        printf("    no busy %s was found\n", role);
        PQfinish(connection);
        return false;
    }
    kill(victim, SIGKILL);
    bool failed = false;
    PGresult *result;
    while ((result = PQgetResult(connection)) != NULL) {
        failed = failed || PQresultStatus(result) == PGRES_FATAL_ERROR;
        PQclear(result);
    }
    bool alive = PQstatus(connection) == CONNECTION_OK && execute(connection, "SELECT 1");
    if (!alive)
        printf("    the session did not survive\n");
    PQfinish(connection);
    return alive && failed;
}

static void test_child(Server *server, const char *role, const char *verb, const char *name, Tally *tally)
{
    long before = statements_held(server);
    bool killed = kill_during(server, ingest_sql(verb, strcmp(verb, "REPLACE") == 0 ? "OVERWRITE ALL" : ""), role, 60);
    long after = statements_held(server);
    /* a kill that came too late to hurt leaves one statement more, whole */
    report_case(killed && before >= 0 && after == before, name, tally);
}

static void test_select(Server *server, const char *role, const char *name, Tally *tally)
{
    bool killed = kill_during(server,
                              "SELECT a.s, COUNT(*), SUM(a.n * b.n) FROM crash a JOIN crash b ON a.s = b.s "
                              "GROUP BY a.s ORDER BY 2 DESC LIMIT 5",
                              role, 30);
    report_case(killed && statements_held(server) >= 0, name, tally);
}

static void test_server(Server *server, int delay_ms, const char *name, Tally *tally)
{
    long before = statements_held(server);
    PGconn *connection = server_connect(server);
    bool sent = connection != NULL && PQsendQuery(connection, ingest_sql("INSERT", "")) != 0;
    usleep((useconds_t)delay_ms * 1000);
    server_kill(server);
    PQfinish(connection);
    usleep(200000);
    bool orphans = find_child(server, "worker") != 0;
    bool started = server_start_again(server);
    long after = started ? statements_held(server) : -1;
    report_case(sent && !orphans && before >= 0 && (after == before || after == before + 1), name, tally);
}

static bool expect_rows(PGconn *connection)
{
    bool ok = true;
    PGresult *result;
    while ((result = PQgetResult(connection)) != NULL) {
        if (PQresultStatus(result) != PGRES_TUPLES_OK || atoi(PQgetvalue(result, 0, 0)) != ROWS) {
            printf("    %s", PQresultErrorMessage(result));
            ok = false;
        }
        PQclear(result);
    }
    return ok;
}

/* Many queries at once: workers lose the processor at every place in their work, and each must
 * still come to its end. One that hangs is ended by the timeout and counts as failed. */
static void test_many_clients(Server *server, Tally *tally)
{
    enum { CLIENTS = 24, ROUNDS = 10 };
    PGconn *clients[CLIENTS];
    bool ok = true;
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = server_connect(server);
        ok = clients[i] != NULL && execute(clients[i], "SET statement_timeout = '20s'") &&
             execute(clients[i], "SET local_execution_rows = 0") && ok;
    }
    for (int round = 0; ok && round < ROUNDS; round++) {
        for (int i = 0; i < CLIENTS; i++)
            ok = PQsendQuery(clients[i], "SELECT COUNT(*) FROM crash WHERE n > 0") != 0 && ok;
        for (int i = 0; i < CLIENTS; i++)
            ok = expect_rows(clients[i]) && ok;
    }
    for (int i = 0; i < CLIENTS; i++)
        PQfinish(clients[i]);
    report_case(ok, "many clients at once", tally);
}

bool run_crash_suite(Server *server, Tally *tally)
{
    PGconn *connection = server_connect(server);
    bool ready = connection != NULL && write_input(server) && execute(connection, ingest_sql("REPLACE", "OVERWRITE ALL"));
    PQfinish(connection);
    report_case(ready && statements_held(server) == 1, "ingest", tally);
    if (!ready)
        return false;
    test_many_clients(server, tally);
    test_child(server, "worker", "INSERT", "kill a worker during INSERT", tally);
    test_child(server, "controller", "INSERT", "kill a controller during INSERT", tally);
    test_child(server, "worker", "REPLACE", "kill a worker during REPLACE", tally);
    test_child(server, "controller", "REPLACE", "kill a controller during REPLACE", tally);
    test_select(server, "worker", "kill a worker during SELECT", tally);
    test_select(server, "controller", "kill a controller during SELECT", tally);
    test_server(server, 20, "kill the server early in INSERT", tally);
    test_server(server, 250, "kill the server in the middle of INSERT", tally);
    test_server(server, 600, "kill the server late in INSERT", tally);
    connection = server_connect(server);
    bool works = connection != NULL && execute(connection, ingest_sql("REPLACE", "OVERWRITE ALL"));
    PQfinish(connection);
    report_case(works && statements_held(server) == 1, "ingest after all that", tally);
    run_crash_statements(server, tally);
    return true;
}
