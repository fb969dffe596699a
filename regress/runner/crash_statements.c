/*
 * Crash cases of other statements than INSERT and REPLACE: definitions, COPY, a full disk.
 */
#include "regress/runner/runner.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { COPY_ROWS = 200000, FULL_DISK_MB = 24 };

/* The first value of the statement's result as a number; -1 when it fails. */
static long long number_of(PGconn *connection, const char *sql)
{
    PGresult *result = PQexec(connection, sql);
    long long number = -1;
    if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) > 0)
        number = atoll(PQgetvalue(result, 0, 0));
    else
        printf("    %.120s: %s", sql, PQresultErrorMessage(result));
    PQclear(result);
    return number;
}

static bool fails_with(PGconn *connection, const char *sql, const char *sqlstate)
{
    PGresult *result = PQexec(connection, sql);
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    bool ok = state != NULL && strcmp(state, sqlstate) == 0;
    if (!ok)
        printf("    %.120s: %s, not %s\n", sql, state == NULL ? "no error" : state, sqlstate);
    PQclear(result);
    return ok;
}

/* What was acknowledged before a kill is there after it: each definition, and nothing else. */
static void test_definitions(Server *server, Tally *tally)
{
    PGconn *connection = server_connect(server);
    bool ok = connection != NULL && execute(connection, "CREATE SCHEMA crash_s") &&
              execute(connection, "CREATE TABLE crash_s.kept (a INTEGER NOT NULL, b TEXT DEFAULT 'x')") &&
              execute(connection, "INSERT INTO crash_s.kept (a, b) VALUES (1, 'one'), (2, 'two')") &&
              execute(connection, "COMMENT ON TABLE crash_s.kept IS 'a comment'") &&
              execute(connection, "CREATE VIEW crash_s.seen AS SELECT a + 1 AS n FROM crash_s.kept") &&
              execute(connection, "CREATE TABLE crash_s.gone AS SELECT 1 AS a") &&
              execute(connection, "CREATE TEMP TABLE crash_temporary (a INTEGER)") &&
              execute(connection, "DROP TABLE crash_s.gone");
    server_kill(server);
    PQfinish(connection);
    ok = server_start_again(server) && ok;
    connection = server_connect(server);
    ok = ok && connection != NULL && number_of(connection, "SELECT SUM(n) FROM crash_s.seen") == 5 &&
         number_of(connection, "SELECT COUNT(*) FROM pg_class WHERE relname IN ('gone', 'crash_temporary')") == 0 &&
         number_of(connection, "SELECT COUNT(*) FROM pg_class WHERE obj_description(oid, 'pg_class') = 'a comment'") == 1 &&
         execute(connection, "DROP SCHEMA crash_s CASCADE");
    PQfinish(connection);
    report_case(ok, "definitions survive a kill of the server", tally);
}

/* What a block has written is nobody's before its end: the server goes in the middle of one, and in
 * a COMMIT. Its files go at the next start. */
static void test_blocks(Server *server, Tally *tally)
{
    PGconn *connection = server_connect(server);
    bool ok = connection != NULL && execute(connection, "CREATE TABLE crash_blocks (n INTEGER)") &&
              execute(connection, "INSERT INTO crash_blocks VALUES (1)");
    for (int round = 0; round < 6 && ok; round++) {
        ok = execute(connection, "BEGIN") &&
             execute(connection, "INSERT INTO crash_blocks SELECT * FROM generate_series(1, 1000)") &&
             execute(connection, "DELETE FROM crash_blocks WHERE n = 1000") &&
             execute(connection, "CREATE TABLE crash_blocks_other AS SELECT 1 AS n");
        if (round > 0)
            PQsendQuery(connection, "COMMIT");
        nanosleep(&(struct timespec){.tv_nsec = round * 3000000L}, NULL);
        server_kill(server);
        PQfinish(connection);
        ok = server_start_again(server) && ok;
        connection = server_connect(server);
        ok = ok && connection != NULL;
        long long rows = ok ? number_of(connection, "SELECT COUNT(*) FROM crash_blocks") : -1;
        long long others = ok ? number_of(connection, "SELECT COUNT(*) FROM pg_class WHERE relname ="
                                                      " 'crash_blocks_other'")
                              : -1;
        /* all of it or nothing */
        ok = ok && rows == (others == 1 ? 1000 : 1) && (round > 0 || others == 0) &&
             execute(connection, "TRUNCATE crash_blocks") &&
             execute(connection, "DROP TABLE IF EXISTS crash_blocks_other") &&
             execute(connection, "INSERT INTO crash_blocks VALUES (1)");
    }
    ok = ok && execute(connection, "DROP TABLE crash_blocks");
    PQfinish(connection);
    report_case(ok, "a block that is killed has written nothing", tally);
}

/* The server goes while an UPDATE runs: every row has its new value afterwards, or none has. */
static bool interrupt_update(Server *server, int round, long long *updates)
{
    PGconn *connection = server_connect(server);
    bool ok = connection != NULL && execute(connection, "UPDATE crash_changes SET n = n + 1") &&
              PQsendQuery(connection, "UPDATE crash_changes SET n = n + 1 WHERE k > 0");
    nanosleep(&(struct timespec){.tv_nsec = round * 4000000L}, NULL);
    server_kill(server);
    PQfinish(connection);
    ok = server_start_again(server) && ok;
    connection = server_connect(server);
    long long done = ok && connection != NULL ? number_of(connection, "SELECT MIN(n) FROM crash_changes") : -1;
    ok = ok && (done == *updates + 1 || done == *updates + 2) &&
         number_of(connection, "SELECT COUNT(*) FROM crash_changes") == 3000 &&
         number_of(connection, "SELECT MAX(n) FROM crash_changes") == done;
    *updates = done;
    PQfinish(connection);
    return ok;
}

static void test_changes(Server *server, Tally *tally)
{
    enum { ROUNDS = 6 };
    long long updates = 0;
    PGconn *connection = server_connect(server);
    bool ok = connection != NULL && execute(connection, "CREATE TABLE crash_changes (k INTEGER, n INTEGER)");
    for (int i = 0; ok && i < 3; i++)
        ok = execute(connection, "INSERT INTO crash_changes SELECT x, 0 FROM generate_series(1, 1000) x");
    PQfinish(connection);
    for (int round = 0; ok && round < ROUNDS; round++)
        ok = interrupt_update(server, round, &updates);
    connection = server_connect(server);
    ok = ok && connection != NULL && execute(connection, "DELETE FROM crash_changes WHERE k <= 500") &&
         number_of(connection, "SELECT COUNT(*) FROM crash_changes") == 1500 &&
         execute(connection, "DROP TABLE crash_changes");
    PQfinish(connection);
    report_case(ok, "kill the server during UPDATE", tally);
}

static bool send_copy_rows(PGconn *connection, int from, int to)
{
    char line[100];
    for (int i = from; i < to; i++) {
        int length = snprintf(line, sizeof line, "%d\tvalue %d\n", i, i);
        if (PQputCopyData(connection, line, length) != 1)
            return false;
    }
    return PQflush(connection) >= 0;
}

static bool begin_copy(PGconn *connection)
{
    PGresult *result = PQexec(connection, "COPY crash_copy FROM STDIN");
    bool ok = PQresultStatus(result) == PGRES_COPY_IN;
    PQclear(result);
    return ok;
}

/* The server is killed, or the client goes away, in the middle of COPY ... FROM STDIN. */
static void test_copy(Server *server, bool kill_server, const char *name, Tally *tally)
{
    PGconn *connection = server_connect(server);
    bool ok = connection != NULL && execute(connection, "CREATE TABLE IF NOT EXISTS crash_copy (a INTEGER, b TEXT)") &&
              execute(connection, "TRUNCATE crash_copy") && begin_copy(connection) &&
              send_copy_rows(connection, 0, COPY_ROWS);
    if (kill_server)
        server_kill(server);
    PQfinish(connection);
    ok = (!kill_server || server_start_again(server)) && ok;
    connection = server_connect(server);
    ok = ok && connection != NULL && number_of(connection, "SELECT COUNT(*) FROM crash_copy") == 0 &&
         begin_copy(connection) && send_copy_rows(connection, 0, COPY_ROWS) &&
         PQputCopyEnd(connection, NULL) == 1;
    PGresult *result;
    while (connection != NULL && (result = PQgetResult(connection)) != NULL) {
        ok = ok && PQresultStatus(result) == PGRES_COMMAND_OK;
        PQclear(result);
    }
    ok = ok && number_of(connection, "SELECT COUNT(DISTINCT a) FROM crash_copy") == COPY_ROWS;
    PQfinish(connection);
    report_case(ok, name, tally);
}

static bool fill_disk(const char *path)
{
    static char block[1 << 16];
    FILE *file = fopen(path, "wb");
    if (file == NULL)
        return false;
    setvbuf(file, NULL, _IONBF, 0);
    while (fwrite(block, 1, sizeof block, file) == sizeof block)
        continue;
    bool is_full = errno == ENOSPC;
    fclose(file);
    return is_full;
}

static bool use_full_disk(Server *server, const char *filler)
{
    PGconn *connection = server_connect(server);
    bool ok = connection != NULL && execute(connection, "CREATE TABLE small (a INTEGER)") &&
              execute(connection, "INSERT INTO small VALUES (1)") &&
              /* too much for the disk: an error, and what it wrote is gone again */
              fails_with(connection,
                         "CREATE TABLE large AS SELECT i AS a, md5(i::text) AS b, md5((i + 1)::text) AS c "
                         "FROM generate_series(1, 1000000) AS i",
                         "53100") &&
              number_of(connection, "SELECT COUNT(*) FROM pg_class WHERE relname = 'large'") == 0 &&
              execute(connection, "INSERT INTO small VALUES (2)");
    /* no byte is left: reading goes on, writing fails, and works again when there is room */
    ok = ok && fill_disk(filler) && fails_with(connection, "INSERT INTO small VALUES (3)", "53100") &&
         fails_with(connection, "CREATE TABLE another (a INTEGER)", "53100") &&
         number_of(connection, "SELECT SUM(a) FROM small") == 3 && unlink(filler) == 0 &&
         execute(connection, "INSERT INTO small VALUES (4)");
    server_kill(server);
    PQfinish(connection);
    ok = ok && server_start_again(server);
    connection = ok ? server_connect(server) : NULL;
    ok = ok && connection != NULL && number_of(connection, "SELECT SUM(a) FROM small") == 7;
    PQfinish(connection);
    return ok;
}

/* A server of its own on a file system of a few megabytes; wants the right to mount one. */
static void test_full_disk(const Server *server, Tally *tally)
{
    char filler[600], options[32];
    Server small = {.program = server->program, .extra = server->extra};
    snprintf(small.folder, sizeof small.folder, "%.480s/full", server->folder);
    snprintf(small.data, sizeof small.data, "%s/data", small.folder);
    snprintf(filler, sizeof filler, "%s/filler", small.folder);
    snprintf(options, sizeof options, "size=%dm", FULL_DISK_MB);
    if (mkdir(small.folder, 0700) != 0 || mount("tmpfs", small.folder, "tmpfs", 0, options) != 0) {
        printf("skipped  crash/full disk: no right to mount a small file system\n");
        tally->skipped++;
        return;
    }
    bool ok = server_start_again(&small) && use_full_disk(&small, filler);
    server_kill(&small);
    umount2(small.folder, MNT_DETACH);
    report_case(ok, "full disk", tally);
}

/* SIGQUIT while a statement ingests: the server and its children end at once, by themselves, and
 * nothing of the statement is there afterwards. */
static void test_quit(Server *server, Tally *tally)
{
    PGconn *connection = server_connect(server);
    int status = 0;
    bool ok = connection != NULL && execute(connection, "CREATE TABLE quit_rows AS SELECT 1 AS a") &&
              PQsendQuery(connection, "INSERT INTO quit_rows SELECT n FROM generate_series(1, 100000000) AS g(n)") == 1;
    usleep(100000);
    ok = ok && kill(server->pid, SIGQUIT) == 0 && waitpid(server->pid, &status, 0) == server->pid &&
         WIFEXITED(status) && WEXITSTATUS(status) == 2;
    PQfinish(connection);
    ok = server_start_again(server) && ok;
    connection = server_connect(server);
    ok = ok && connection != NULL && number_of(connection, "SELECT sum(a) FROM quit_rows") == 1;
    PQfinish(connection);
    report_case(ok, "SIGQUIT during INSERT", tally);
}

/* Values of one batch that are more than the memory: a fault, of the controller and of a worker, and
 * not the end of the server. */
static bool use_large_values(Server *server)
{
    static const char *const statements[] = {
        "SELECT max(length(repeat('a', 10000000) || n)) FROM generate_series(1, 2000) AS g(n)",
        "SELECT max(length(lpad(n::text, 10000000, 'ab'))) FROM numbers",
        "SELECT max(cardinality(string_to_array(repeat('a,', 1000000) || n, ','))) FROM numbers",
        /* one value, by a function that does not ask in between */
        "SELECT ('[' || repeat('1,', 50000000) || '1]')::jsonb IS NULL",
    };
    PGconn *connection = server_connect(server);
    bool ok = connection != NULL &&
              execute(connection, "CREATE TABLE numbers AS SELECT n FROM generate_series(1, 2000) AS g(n)");
    for (int i = 0; ok && i < 2 * (int)(sizeof statements / sizeof *statements); i++) {
        ok = execute(connection, i % 2 == 0 ? "SET local_execution_rows = 1000000" : "SET local_execution_rows = 0") &&
             fails_with(connection, statements[i / 2], "53200") &&
             number_of(connection, "SELECT count(*) FROM numbers") == 2000;
    }
    PQfinish(connection);
    return ok;
}

static void test_large_values(const Server *server, Tally *tally)
{
    const char *extra[] = {"--workers", "1", "-c", "memory_limit=256MB", NULL};
    Server small = {.program = server->program, .extra = extra};
    snprintf(small.folder, sizeof small.folder, "%.480s/values", server->folder);
    snprintf(small.data, sizeof small.data, "%s/data", small.folder);
    bool ok = mkdir(small.folder, 0700) == 0 && server_start_again(&small) && use_large_values(&small);
    server_kill(&small);
    report_case(ok, "values larger than the memory", tally);
}

void run_crash_statements(Server *server, Tally *tally)
{
    test_definitions(server, tally);
    test_blocks(server, tally);
    test_changes(server, tally);
    test_copy(server, true, "kill the server during COPY", tally);
    test_copy(server, false, "a client leaves during COPY", tally);
    test_full_disk(server, tally);
    test_large_values(server, tally);
    test_quit(server, tally);
}
