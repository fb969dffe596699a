/*
 * The regression runner: starts a private server and runs suites against it over libpq.
 */
#ifndef TALARIA_REGRESS_RUNNER_RUNNER_H
#define TALARIA_REGRESS_RUNNER_RUNNER_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* --- text that grows --- */
typedef struct Output {
    char *data;
    size_t length, capacity;
} Output;
void output_printf(Output *output, const char *format, ...) __attribute__((format(printf, 2, 3)));
void output_append(Output *output, const char *data, size_t length);
void output_free(Output *output);
char *read_whole_file(const char *path, size_t *length); /* NULL when it cannot be read */

/* --- a private server in a new folder --- */
typedef struct Server {
    pid_t pid;
    char folder[512];
    char data[600];
    const char *program;
    const char *const *extra; /* more arguments, ends with NULL; may be NULL */
} Server;
/* Starts it on a Unix socket in the folder and waits for its line; false: said why. */
bool server_start(Server *server, const char *program, const char *const *extra);
bool server_start_again(Server *server); /* on the same data */
bool server_stop(Server *server);        /* SIGTERM; whether it ended cleanly */
void server_kill(Server *server);        /* SIGKILL, and waits */
void server_remove(Server *server);      /* the folder */
PGconn *server_connect(const Server *server); /* NULL: said why */

/* --- suites: how many passed and failed is added up --- */
typedef struct Tally {
    int passed, failed, skipped;
} Tally;
/* sql/NAME.sql against expected/NAME.out; the output goes to NAME.actual in the server's folder's
 * parent when it differs. `update`: write the expected file instead. */
void run_sql_file(const Server *server, const char *path, bool update, Tally *tally);
void run_logic_file(const Server *server, const char *path, Tally *tally);
bool run_crash_suite(Server *server, Tally *tally);
void run_crash_statements(Server *server, Tally *tally); /* called by run_crash_suite */
bool execute(PGconn *connection, const char *sql); /* false: said why */
void report_case(bool ok, const char *what, Tally *tally); /* prints and counts a crash case */
void run_load_suite(Server *server, Tally *tally);

/* Folder of the data that some tests want; NULL when it is absent. */
const char *shared_data_folder(void);

#endif
