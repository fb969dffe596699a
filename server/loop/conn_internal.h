/*
 * Between conn.c, which watches and keeps what goes in and out, and conn_tls.c.
 */
#ifndef TALARIA_SERVER_LOOP_CONN_INTERNAL_H
#define TALARIA_SERVER_LOOP_CONN_INTERNAL_H

#include "server/loop/conn.h"

typedef enum ConnTlsResult {
    CONN_TLS_DONE,
    CONN_TLS_WAIT, /* for the socket: what for is in the connection's tls_... flags */
    CONN_TLS_END,  /* the peer has said that it sends no more */
    CONN_TLS_BROKEN,
} ConnTlsResult;

bool conn_tls_begin(Conn *conn, TlsContext *context);
void conn_tls_end(Conn *conn);
void conn_tls_say_goodbye(Conn *conn);
ConnTlsResult conn_tls_shake_hands(Conn *conn);
ConnTlsResult conn_tls_read(Conn *conn, uint8_t *out, size_t size, size_t *got);
ConnTlsResult conn_tls_write(Conn *conn, const void *data, size_t length, size_t *sent);
/* Whether there is input that the socket will not tell of any more. */
bool conn_tls_has_more(const Conn *conn);

#endif
