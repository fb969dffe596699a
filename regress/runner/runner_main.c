/*
 * talaria-regress [--server PROGRAM] [--update] SUITE FILE...
 *
 * Suites: sql, logic (files), crash, load (no files). Ends with `N passed, N failed`; the exit status
 * is 0 when nothing failed.
 */
#include "regress/runner/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void usage(void)
{
    fprintf(stderr, "usage: talaria-regress [--server PROGRAM] [--update] sql|logic|crash|load [FILE...]\n");
    exit(2);
}

static void run_files(const char *suite, const Server *server, char **files, bool update, Tally *tally)
{
    for (; *files != NULL; files++) {
        if (strcmp(suite, "sql") == 0)
            run_sql_file(server, *files, update, tally);
        else
            run_logic_file(server, *files, tally);
        fflush(stdout);
    }
}

int main(int argc, char **argv)
{
    const char *program = "./talaria";
    bool update = false;
    int at = 1;
    for (; at < argc && strncmp(argv[at], "--", 2) == 0; at++) {
        if (strcmp(argv[at], "--server") == 0 && at + 1 < argc)
            program = argv[++at];
        else if (strcmp(argv[at], "--update") == 0)
            update = true;
        else
            usage();
    }
    if (at >= argc)
        usage();
    const char *suite = argv[at];
    Server server;
    Tally tally = {0};
    if (!server_start(&server, program, NULL)) {
        printf("0 passed, 1 failed\n");
        return 1;
    }
    if (strcmp(suite, "crash") == 0) {
        run_crash_suite(&server, &tally);
    } else if (strcmp(suite, "load") == 0) {
        run_load_suite(&server, &tally);
    } else if (strcmp(suite, "sql") == 0 || strcmp(suite, "logic") == 0) {
        run_files(suite, &server, argv + at + 1, update, &tally);
    } else {
        usage();
    }
    if (server_stop(&server)) {
        tally.passed++;
    } else {
        printf("not ok   the server did not end cleanly\n");
        tally.failed++;
    }
    server_remove(&server);
    if (tally.skipped > 0)
        printf("%d skipped\n", tally.skipped);
    printf("%d passed, %d failed\n", tally.passed, tally.failed);
    return tally.failed == 0 ? 0 : 1;
}
