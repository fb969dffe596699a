/*
 * The suite of queries and rows in the form of sqllogictest
 * (https://www.sqlite.org/sqllogictest/doc/trunk/about.wiki):
 *
 *     statement ok                     query ITR rowsort
 *     SET x = 1                        SELECT ...
 *                                      ----
 *     statement error 22012            1
 *     SELECT 1/0                       text
 *                                      1.5
 *
 * Values stand one a line, rows one after the other; NULL is NULL, the empty text (empty). Types
 * are only counted: they say how many columns there are. Sorts: nosort, rowsort, valuesort. An
 * error may be any (`statement error`) or have a SQLSTATE. `skipif`, `onlyif`: not known here.
 * `needs data` skips the rest of the file without the folder of test data, which `:data` names.
 * `again SET x = y` runs that statement at the end of the file and then every record once more.
 * Each record counts as a test.
 */
#include "regress/runner/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Reader {
    const char *path;
    char *text, *at;
    int line;
} Reader;

static char *next_line(Reader *reader)
{
    if (*reader->at == '\0')
        return NULL;
    char *line = reader->at;
    char *end = strchr(line, '\n');
    if (end != NULL) {
        *end = '\0';
        reader->at = end + 1;
    } else {
        reader->at = line + strlen(line);
    }
    reader->line++;
    size_t length = strlen(line);
    if (length > 0 && line[length - 1] == '\r')
        line[length - 1] = '\0';
    return line;
}

/* Lines up to `stop` or an empty line, joined. */
static char *read_lines(Reader *reader, const char *stop, bool *stopped)
{
    Output output = {0};
    char *line;
    output_append(&output, "", 0);
    *stopped = false;
    while ((line = next_line(reader)) != NULL && line[0] != '\0') {
        if (stop != NULL && strcmp(line, stop) == 0) {
            *stopped = true;
            break;
        }
        if (output.length > 0)
            output_append(&output, "\n", 1);
        output_append(&output, line, strlen(line));
    }
    return output.data;
}

static void fail(const Reader *reader, int line, const char *sql, const char *what, Tally *tally)
{
    printf("not ok   %s:%d: %s\n    %s\n", reader->path, line, what, sql);
    tally->failed++;
}

static char *with_data(const char *sql)
{
    const char *data = shared_data_folder(), *found;
    Output output = {0};
    output_append(&output, "", 0);
    while (data != NULL && (found = strstr(sql, ":data")) != NULL) {
        output_append(&output, sql, (size_t)(found - sql));
        output_append(&output, data, strlen(data));
        sql = found + 5;
    }
    output_append(&output, sql, strlen(sql));
    return output.data;
}

static void run_statement(PGconn *connection, Reader *reader, const char *expectation, Tally *tally)
{
    bool stopped;
    int line = reader->line;
    char *sql = read_lines(reader, NULL, &stopped);
    char *final = with_data(sql);
    PGresult *result = PQexec(connection, final);
    ExecStatusType status = PQresultStatus(result);
    bool succeeded = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY;
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    char wanted[16] = "";
    if (strncmp(expectation, "ok", 2) == 0) {
        if (succeeded)
            tally->passed++;
        else
            fail(reader, line, sql, PQresultErrorMessage(result), tally);
    } else if (sscanf(expectation, "error %15s", wanted) >= 0) {
        if (succeeded)
            fail(reader, line, sql, "succeeded, but must fail", tally);
        else if (wanted[0] != '\0' && (state == NULL || strcmp(state, wanted) != 0))
            fail(reader, line, sql, PQresultErrorMessage(result), tally);
        else
            tally->passed++;
    }
    PQclear(result);
    free(final);
    free(sql);
}

typedef struct Values {
    char **items;
    int count, capacity;
} Values;

static void values_add(Values *values, const char *value)
{
    if (values->count == values->capacity) {
        values->capacity = values->capacity == 0 ? 64 : values->capacity * 2;
        values->items = realloc(values->items, (size_t)values->capacity * sizeof *values->items);
        if (values->items == NULL)
            abort();
    }
    values->items[values->count++] = strdup(value);
}

static void values_free(Values *values)
{
    for (int i = 0; i < values->count; i++)
        free(values->items[i]);
    free(values->items);
}

static int sort_width;

static int compare_rows(const void *a, const void *b)
{
    char *const *left = a, *const *right = b;
    for (int i = 0; i < sort_width; i++) {
        int order = strcmp(left[i], right[i]);
        if (order != 0)
            return order;
    }
    return 0;
}

static void sort_values(Values *values, const char *mode, int columns)
{
    sort_width = strstr(mode, "valuesort") != NULL ? 1 : columns;
    if (strstr(mode, "rowsort") == NULL && strstr(mode, "valuesort") == NULL)
        return;
    if (values->count > 0)
        qsort(values->items, (size_t)(values->count / sort_width), (size_t)sort_width * sizeof(char *), compare_rows);
}

static void collect(const PGresult *result, Values *values)
{
    for (int r = 0; r < PQntuples(result); r++)
        for (int c = 0; c < PQnfields(result); c++) {
            const char *value = PQgetvalue(result, r, c);
            values_add(values, PQgetisnull(result, r, c) ? "NULL" : value[0] == '\0' ? "(empty)" : value);
        }
}

static void check_values(const Reader *reader, int line, const char *sql, const Values *actual, const Values *expected,
                         Tally *tally)
{
    bool same = actual->count == expected->count;
    int at = 0;
    while (same && at < actual->count && strcmp(actual->items[at], expected->items[at]) == 0)
        at++;
    if (same && at == actual->count) {
        tally->passed++;
        return;
    }
    fail(reader, line, sql, "wrong rows", tally);
    printf("    expected %d values, got %d; got:\n", expected->count, actual->count);
    for (int i = 0; i < actual->count && i < 40; i++)
        printf("      %s%s\n", actual->items[i],
               i < expected->count && strcmp(actual->items[i], expected->items[i]) == 0 ? "" : "   <-");
}

static void run_query(PGconn *connection, Reader *reader, const char *header, Tally *tally)
{
    char types[256] = "", mode[64] = "nosort";
    bool has_rows, stopped;
    int line = reader->line;
    sscanf(header, "query %255s %63s", types, mode);
    char *sql = read_lines(reader, "----", &has_rows);
    char *rows = has_rows ? read_lines(reader, NULL, &stopped) : strdup("");
    char *final = with_data(sql);
    PGresult *result = PQexec(connection, final);
    if (PQresultStatus(result) != PGRES_TUPLES_OK) {
        fail(reader, line, sql, PQresultErrorMessage(result), tally);
    } else if (PQnfields(result) != (int)strlen(types)) {
        fail(reader, line, sql, "wrong number of columns", tally);
    } else {
        Values actual = {0}, expected = {0};
        collect(result, &actual);
        char *save = NULL;
        for (char *value = strtok_r(rows, "\n", &save); value != NULL; value = strtok_r(NULL, "\n", &save))
            values_add(&expected, value);
        sort_values(&actual, mode, (int)strlen(types));
        sort_values(&expected, mode, (int)strlen(types));
        check_values(reader, line, sql, &actual, &expected, tally);
        values_free(&actual);
        values_free(&expected);
    }
    PQclear(result);
    free(final);
    free(sql);
    free(rows);
}

/* Runs the records from the start of the text; `again` receives what the file asks to run them
 * once more under. False: the connection is lost. */
static bool run_records(PGconn *connection, Reader *reader, char *again, size_t again_size, Tally *tally)
{
    for (char *line; (line = next_line(reader)) != NULL;) {
        if (strncmp(line, "statement ", 10) == 0) {
            run_statement(connection, reader, line + 10, tally);
        } else if (strncmp(line, "query ", 6) == 0) {
            run_query(connection, reader, line, tally);
        } else if (strncmp(line, "again ", 6) == 0) {
            snprintf(again, again_size, "%s", line + 6);
        } else if (strcmp(line, "needs data") == 0 && shared_data_folder() == NULL) {
            printf("skipped  %s: the rest needs the folder of test data (TALARIA_TEST_DATA)\n", reader->path);
            tally->skipped++;
            break;
        } else if (line[0] != '\0' && line[0] != '#' && strcmp(line, "needs data") != 0) {
            fail(reader, reader->line, line, "not a record", tally);
        }
        if (PQstatus(connection) != CONNECTION_OK) {
            fail(reader, reader->line, "", "the connection is lost", tally);
            return false;
        }
    }
    return true;
}

static void run_again(PGconn *connection, const char *path, const char *setting, Tally *tally)
{
    size_t length;
    char unused[256];
    Reader reader = {.path = path, .text = read_whole_file(path, &length)};
    PGresult *result = PQexec(connection, setting);
    reader.at = reader.text;
    if (reader.text == NULL || PQresultStatus(result) != PGRES_COMMAND_OK)
        fail(&reader, 0, setting, PQresultErrorMessage(result), tally);
    else
        run_records(connection, &reader, unused, sizeof unused, tally);
    PQclear(result);
    free(reader.text);
}

void run_logic_file(const Server *server, const char *path, Tally *tally)
{
    size_t length;
    char again[256] = "";
    Reader reader = {.path = path, .text = read_whole_file(path, &length)};
    int failed = tally->failed, passed = tally->passed;
    PGconn *connection = reader.text != NULL ? server_connect(server) : NULL;
    if (connection == NULL) {
        printf("not ok   %s: cannot be run\n", path);
        tally->failed++;
        free(reader.text);
        return;
    }
    reader.at = reader.text;
    if (run_records(connection, &reader, again, sizeof again, tally) && again[0] != '\0')
        run_again(connection, path, again, tally);
    PQfinish(connection);
    free(reader.text);
    if (tally->failed == failed)
        printf("ok       %s (%d)\n", path, tally->passed - passed);
}
