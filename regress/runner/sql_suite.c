/*
 * The suite in the manner of pg_regress: a script of statements, run one after the other, and the
 * output that it must give, to the letter.
 *
 * A statement ends with a semicolon at the end of a line. It is echoed, then its result follows:
 * column names, rows with values between bars (NULL as an empty value shown as \N), their number
 * or the command's tag, or the error with its SQLSTATE, position, DETAIL and HINT. Lines that begin with "--"
 * outside of statements are echoed. `:data` in a statement becomes the folder of the test data; a
 * script with a line `-- needs data` is skipped, saying so, when that folder is absent. `:folder`
 * becomes the folder that holds the script, `:exports` the one that exports may write to.
 */
#include "regress/runner/runner.h"

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void print_notice(void *state, const PGresult *result)
{
    Output *output = state;
    output_printf(output, "%s:  %s\n", PQresultErrorField(result, PG_DIAG_SEVERITY),
                  PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
}

static void print_field(Output *output, const char *title, const char *value)
{
    if (value != NULL)
        output_printf(output, "%s:  %s\n", title, value);
}

static void print_error(Output *output, const PGresult *result)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    output_printf(output, "ERROR:  %s: %s\n", state != NULL ? state : "?????",
                  PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) != NULL
                      ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY)
                      : PQresultErrorMessage(result));
    print_field(output, "POSITION", PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION));
    print_field(output, "DETAIL", PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL));
    print_field(output, "HINT", PQresultErrorField(result, PG_DIAG_MESSAGE_HINT));
}

static void print_rows(Output *output, const PGresult *result)
{
    int columns = PQnfields(result), rows = PQntuples(result);
    for (int c = 0; c < columns; c++)
        output_printf(output, "%s%s", c > 0 ? "|" : "", PQfname(result, c));
    output_printf(output, "\n");
    for (int r = 0; r < rows; r++) {
        for (int c = 0; c < columns; c++)
            output_printf(output, "%s%s", c > 0 ? "|" : "",
                          PQgetisnull(result, r, c) ? "\\N" : PQgetvalue(result, r, c));
        output_printf(output, "\n");
    }
    output_printf(output, "(%d row%s)\n", rows, rows == 1 ? "" : "s");
}

static void run_statement(PGconn *connection, const char *sql, Output *output)
{
    if (PQsendQuery(connection, sql) == 0) {
        output_printf(output, "ERROR:  %s\n", PQerrorMessage(connection));
        return;
    }
    PGresult *result;
    while ((result = PQgetResult(connection)) != NULL) {
        ExecStatusType status = PQresultStatus(result);
        if (status == PGRES_TUPLES_OK)
            print_rows(output, result);
        else if (status == PGRES_COMMAND_OK)
            output_printf(output, "%s\n", PQcmdStatus(result));
        else if (status == PGRES_EMPTY_QUERY)
            output_printf(output, "(empty)\n");
        else
            print_error(output, result);
        PQclear(result);
    }
}

static void append_replaced(Output *output, const char *text, const char *name, const char *value)
{
    size_t length = strlen(name);
    const char *found;
    while ((found = strstr(text, name)) != NULL) {
        output_append(output, text, (size_t)(found - text));
        output_append(output, value, strlen(value));
        text = found + length;
    }
    output_append(output, text, strlen(text));
}

typedef struct Folders {
    char script[PATH_MAX];
    char exports[PATH_MAX];
} Folders;

static char *substitute(const char *sql, const Folders *folders)
{
    const char *data = shared_data_folder();
    Output once = {0}, twice = {0}, thrice = {0};
    append_replaced(&once, sql, ":data", data != NULL ? data : ":data");
    append_replaced(&twice, once.data, ":folder", folders->script);
    append_replaced(&thrice, twice.data, ":exports", folders->exports);
    output_free(&once);
    output_free(&twice);
    return thrice.data;
}

static bool ends_statement(const char *line, size_t length)
{
    while (length > 0 && (line[length - 1] == ' ' || line[length - 1] == '\r'))
        length--;
    return length > 0 && line[length - 1] == ';';
}

static void run_script(PGconn *connection, const char *script, const Folders *folders,
                       Output *output)
{
    Output statement = {0};
    PQsetNoticeReceiver(connection, print_notice, output);
    for (const char *line = script; *line != '\0';) {
        const char *end = strchr(line, '\n');
        size_t length = end != NULL ? (size_t)(end - line) : strlen(line);
        bool is_comment = statement.length == 0 && (length == 0 || strncmp(line, "--", 2) == 0);
        output_printf(output, "%.*s\n", (int)length, line);
        if (!is_comment || (length > 3 && strncmp(line, "--:", 3) == 0)) {
            output_append(&statement, line, length);
            output_append(&statement, "\n", 1);
            if (ends_statement(line, length)) {
                char *sql = substitute(statement.data, folders);
                run_statement(connection, sql, output);
                free(sql);
                statement.length = 0;
            }
        }
        line = end != NULL ? end + 1 : line + length;
    }
    output_free(&statement);
}

/* Folders of this machine must not stand in expected output. */
static void hide_folders(Output *output, const Folders *folders)
{
    const char *data = shared_data_folder();
    Output once = {0}, twice = {0}, thrice = {0};
    append_replaced(&once, output->data, folders->script, ":folder");
    append_replaced(&twice, once.data, data != NULL ? data : "\x01", ":data");
    append_replaced(&thrice, twice.data, folders->exports, ":exports");
    output_free(&once);
    output_free(&twice);
    output_free(output);
    *output = thrice;
}

static void compare(const char *name, const char *expected_path, const Output *output, bool update, Tally *tally)
{
    size_t length;
    if (update) {
        FILE *file = fopen(expected_path, "wb");
        if (file != NULL) {
            fwrite(output->data, 1, output->length, file);
            fclose(file);
        }
    }
    char *expected = read_whole_file(expected_path, &length);
    if (expected != NULL && length == output->length && memcmp(expected, output->data, length) == 0) {
        printf("ok       sql/%s\n", name);
        tally->passed++;
        free(expected);
        return;
    }
    free(expected);
    char actual[NAME_MAX + 64], command[4 * PATH_MAX];
    snprintf(actual, sizeof actual, "/tmp/talaria-%.200s-%d.actual", name, (int)getpid());
    FILE *file = fopen(actual, "wb");
    if (file != NULL) {
        fwrite(output->data, 1, output->length, file);
        fclose(file);
    }
    printf("not ok   sql/%s\n", name);
    fflush(stdout);
    snprintf(command, sizeof command, "diff -u '%s' '%s' | head -60; rm -f '%s'", expected_path, actual, actual);
    if (system(command) < 0)
        perror("diff");
    tally->failed++;
}

void run_sql_file(const Server *server, const char *path, bool update, Tally *tally)
{
    char name[NAME_MAX], copy[PATH_MAX], expected[2 * PATH_MAX];
    Folders folders;
    size_t length;
    char *script = read_whole_file(path, &length);
    snprintf(copy, sizeof copy, "%s", path);
    snprintf(name, sizeof name, "%s", basename(copy));
    *strrchr(name, '.') = '\0';
    if (script == NULL || realpath(path, folders.script) == NULL) {
        printf("not ok   sql/%s: cannot be read\n", name);
        tally->failed++;
        return;
    }
    *strrchr(folders.script, '/') = '\0';
    snprintf(folders.exports, sizeof folders.exports, "%s/exports", server->folder);
    if (strstr(script, "-- needs data") != NULL && shared_data_folder() == NULL) {
        printf("skipped  sql/%s: the folder of test data is absent (TALARIA_TEST_DATA)\n", name);
        tally->skipped++;
        free(script);
        return;
    }
    PGconn *connection = server_connect(server);
    Output output = {0};
    output_append(&output, "", 0);
    if (connection != NULL)
        run_script(connection, script, &folders, &output);
    PQfinish(connection);
    hide_folders(&output, &folders);
    snprintf(expected, sizeof expected, "%s/../expected/%s.out", folders.script, name);
    compare(name, expected, &output, update, tally);
    output_free(&output);
    free(script);
}
