/*
 * The whole server as one call, with the parts that it does not contain handed in: what a
 * controller and a worker do, and pages that upper rooms can print. The program's main and the
 * tests' servers are both made of it.
 */
#ifndef TALARIA_SERVER_MAIN_SERVER_H
#define TALARIA_SERVER_MAIN_SERVER_H

#include "server/config/config.h"
#include "server/session/session.h"
#include "server/supervisor/supervisor.h"

/* A page that `--describe name` prints. */
typedef struct DescribeTopic {
    const char *name;
    void (*print)(Buffer *out);
} DescribeTopic;

typedef struct ServerParts {
    ChildMain run[CHILD_KIND_COUNT];
    /* Run once in the data folder, which is locked, before any child exists: clean-up after a
     * crash, new metadata. NULL: nothing to do. */
    bool (*prepare)(const Config *config, const Settings *settings, Fault *fault);
    /* What a setting's value must be beyond its type; NULL: nothing. */
    SettingCheck *check_setting;
    const DescribeTopic *topics; /* beside settings and faults; ends with a NULL name */
} ServerParts;

/* Runs the command line to its end; the exit status. */
int server_main(const ServerParts *parts, int argc, char **argv);

#endif
