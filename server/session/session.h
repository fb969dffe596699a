/*
 * The front end: clients' sessions, and what goes on between them, the controllers and the
 * workers. It never parses SQL and never touches a row: it carries requests to controllers,
 * hands out worker slots, and forwards finished bytes under the client's backpressure.
 *
 * One FrontEnd a server, on one loop. See README.md for the parts and for the messages that it
 * exchanges with controllers and workers.
 */
#ifndef TALARIA_SERVER_SESSION_SESSION_H
#define TALARIA_SERVER_SESSION_SESSION_H

#include "server/config/config.h"
#include "server/loop/loop.h"
#include "server/supervisor/supervisor.h"

typedef struct FrontEnd FrontEnd;

/* What a setting's value must be beyond its type, known to rooms above: time zones. */
typedef bool SettingCheck(const SettingInfo *info, Text value, Fault *fault);

typedef struct FrontEndPlan {
    Loop *loop;
    const Config *config;
    Settings *settings;    /* the server's; changed by front_end_reload */
    int workers, controllers;
    pid_t zygote;
    int zygote_fd;         /* taken over */
    SharedPage *shared;
    SettingCheck *check_setting; /* may be NULL */
} FrontEndPlan;

/* Makes the front end and orders its children. */
FrontEnd *front_end_new(const FrontEndPlan *plan);
/* Opens the listening sockets; clients are accepted once the loop runs. */
bool front_end_listen(FrontEnd *front, Fault *fault);
/* Where clients find it, for the line on standard output. Without addresses to listen on, or with
 * port 0, there is the Unix socket alone. */
bool front_end_listens_tcp(const FrontEnd *front);
const char *front_end_socket_path(const FrontEnd *front);
/* Takes over a changed talaria.conf; on a fault nothing changes. */
bool front_end_reload(FrontEnd *front, Fault *fault);
/*
 * Begins the end: no new clients, sessions are told (57P01), running queries are cancelled, then
 * the children end, then the loop stops.
 */
void front_end_stop(FrontEnd *front);
/* Whether the server ended because its zygote did: an exit status other than 0. */
bool front_end_failed(const FrontEnd *front);
void front_end_free(FrontEnd *front);

#endif
