/*
 * A worker: the process that executes work orders, one query at a time, in one thread.
 */
#ifndef TALARIA_SERVER_WORKER_WORKER_H
#define TALARIA_SERVER_WORKER_WORKER_H

#include "server/supervisor/supervisor.h"

/* A worker's whole life: listens, says hello to the front end, runs queries until the front
 * end's link closes or a controller dies in the middle of one. */
int worker_main(const ChildContext *context);

#endif
