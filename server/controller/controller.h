/*
 * A controller: the process that plans and steers one query at a time. It may block on I/O; the
 * front end's loop never waits for it.
 */
#ifndef TALARIA_SERVER_CONTROLLER_CONTROLLER_H
#define TALARIA_SERVER_CONTROLLER_CONTROLLER_H

#include "server/supervisor/supervisor.h"

/* A controller's whole life: takes requests from the front end until its link closes. */
int controller_main(const ChildContext *context);

#endif
