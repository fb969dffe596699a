/*
 * Listening sockets of the front end: TCP addresses and the Unix socket that clients look for.
 */
#ifndef TALARIA_SERVER_LOOP_LISTEN_H
#define TALARIA_SERVER_LOOP_LISTEN_H

#include "server/loop/loop.h"

#include <sys/socket.h>

typedef struct Listener {
    LoopWatch watch;
    LoopTimer pause; /* after the system ran out of descriptors */
    int fd;
    /* Gets each connection: non-blocking, close-on-exec, the callee's to close. */
    void (*accepted)(void *state, int fd, const struct sockaddr_storage *peer);
    void *state;
    char path[108]; /* of a Unix socket, removed by listener_close; else "" */
} Listener;

enum { LISTEN_MOST_ADDRESSES = 32 };

/*
 * Opens a socket for every address that `addresses` names (comma-separated names or numbers, '*'
 * for all) into `listeners`, of which there are `capacity`; *count says how many. An address that
 * this machine does not have is logged and left out as long as another one works. Nothing listens
 * until listener_start.
 */
bool listener_open_tcp(Listener *listeners, int capacity, int *count, const char *addresses,
                       int port, Fault *fault);
/*
 * Opens a Unix socket at `path`, mode 0777 (the folder decides who gets there). A file that
 * nobody listens behind any more is replaced in one step; one that somebody does is a fault
 * (55006).
 */
bool listener_open_unix(Listener *listener, const char *path, Fault *fault);

void listener_start(Listener *listener, Loop *loop,
                    void (*accepted)(void *state, int fd, const struct sockaddr_storage *peer),
                    void *state);
void listener_close(Listener *listener);

#endif
