/*
 * One connection of the benchmark's client: PostgreSQL's protocol 3.0 (simple queries), spoken with
 * as little work as a client can do. Rows are counted and skipped in the buffer, which is what "a
 * client that discards" means here: libpq would build a result of each row and be the bottleneck.
 */
#ifndef TALARIA_REGRESS_BENCH_CLIENT_CONNECTION_H
#define TALARIA_REGRESS_BENCH_CLIENT_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { ERROR_SIZE = 400 };

typedef struct Connection {
    int socket;
    char *input; /* bytes start .. end have arrived and are not handled yet */
    size_t capacity, start, end;
    bool is_lost;           /* the server is gone, or never was there */
    uint64_t skip;          /* bytes of a row still to be thrown away */
    FILE *rows_to;          /* where rows are written as tab-separated text, or NULL: discarded */
    uint64_t rows, bytes;   /* of the current answer */
    char error[ERROR_SIZE]; /* of the current answer, or why the connection failed; "" when all is
                               well */
} Connection;

/* Connects to `host` (a folder with a socket when it starts with '/') and logs on without a
 * password. On failure connection->error says why. */
bool connection_open(Connection *connection, const char *host, const char *port, const char *user,
                     const char *database);

/* Sends one query and forgets what the previous answer was. */
bool connection_send(Connection *connection, const char *query);

/* Waits for some bytes and handles them; `is_done` tells whether the answer has ended. False when
 * the connection is lost; an answer that ends in an error is still true, with connection->error. */
bool connection_receive(Connection *connection, bool *is_done);

/* Sends a query and handles its whole answer. True when it ended without an error. */
bool connection_run(Connection *connection, const char *query);

void connection_close(Connection *connection);

#endif
