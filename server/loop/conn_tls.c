/*
 * A connection's TLS: the handshake, and reading and writing through it. OpenSSL works on the
 * socket itself; what it wants to wait for is told to conn.c, which watches.
 */
#include "server/loop/conn_internal.h"

#include "base/log/log.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <string.h>

static SSL *ssl_of(const Conn *conn)
{
    return conn->tls;
}

static void log_failure(const Conn *conn, const char *what)
{
    unsigned long error = ERR_peek_last_error();
    const char *reason = error == 0 ? NULL : ERR_reason_error_string(error);
    log_info("TLS: %s fd=%d: %s", what, conn->fd, reason != NULL ? reason : "connection closed");
    ERR_clear_error();
}

bool conn_tls_begin(Conn *conn, TlsContext *context)
{
    SSL *ssl = tls_context_session(context);
    check(conn->tls == NULL && ssl != NULL);
    conn->tls = ssl;
    conn->tls_context = tls_context_keep(context);
    conn->is_shaking_hands = true;
    SSL_set_accept_state(ssl);
    return SSL_set_fd(ssl, conn->fd) == 1;
}

void conn_tls_end(Conn *conn)
{
    if (conn->tls == NULL)
        return;
    ERR_clear_error();
    SSL_free(ssl_of(conn));
    tls_context_release(conn->tls_context);
    conn->tls = NULL;
    conn->tls_context = NULL;
}

void conn_tls_say_goodbye(Conn *conn)
{
    if (conn->tls == NULL || conn->is_shaking_hands || conn->is_broken)
        return;
    ERR_clear_error();
    SSL_shutdown(ssl_of(conn));
    ERR_clear_error();
}

/* What a call that did not succeed waits for. */
static ConnTlsResult result_of(Conn *conn, int returned, bool *wants_other, int other)
{
    int error = SSL_get_error(ssl_of(conn), returned);
    if (error == SSL_ERROR_ZERO_RETURN)
        return CONN_TLS_END;
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
        *wants_other = error == other;
        return CONN_TLS_WAIT;
    }
    return CONN_TLS_BROKEN;
}

ConnTlsResult conn_tls_shake_hands(Conn *conn)
{
    ERR_clear_error();
    int returned = SSL_do_handshake(ssl_of(conn));
    conn->tls_read_wants_write = false;
    if (returned == 1) {
        conn->is_shaking_hands = false;
        return CONN_TLS_DONE;
    }
    ConnTlsResult result =
        result_of(conn, returned, &conn->tls_read_wants_write, SSL_ERROR_WANT_WRITE);
    if (result != CONN_TLS_WAIT)
        log_failure(conn, "handshake failed");
    return result;
}

ConnTlsResult conn_tls_read(Conn *conn, uint8_t *out, size_t size, size_t *got)
{
    ERR_clear_error();
    conn->tls_read_wants_write = false;
    int returned = SSL_read(ssl_of(conn), out, size > INT_MAX ? INT_MAX : (int)size);
    *got = returned > 0 ? (size_t)returned : 0;
    if (returned > 0)
        return CONN_TLS_DONE;
    return result_of(conn, returned, &conn->tls_read_wants_write, SSL_ERROR_WANT_WRITE);
}

/* After CONN_TLS_WAIT the same bytes must come again at the front, possibly with more behind. */
ConnTlsResult conn_tls_write(Conn *conn, const void *data, size_t length, size_t *sent)
{
    ERR_clear_error();
    conn->tls_write_wants_read = false;
    int returned = SSL_write(ssl_of(conn), data, length > INT_MAX ? INT_MAX : (int)length);
    *sent = returned > 0 ? (size_t)returned : 0;
    if (returned > 0)
        return CONN_TLS_DONE;
    return result_of(conn, returned, &conn->tls_write_wants_read, SSL_ERROR_WANT_READ);
}

bool conn_tls_has_more(const Conn *conn)
{
    return conn->tls != NULL && !conn->is_shaking_hands && SSL_pending(ssl_of(conn)) > 0;
}

/* ---------- what was agreed ---------- */

bool conn_is_encrypted(const Conn *conn)
{
    return conn->tls != NULL && !conn->is_shaking_hands;
}

TlsContext *conn_tls_context(const Conn *conn)
{
    return conn->tls_context;
}

const char *conn_tls_version(const Conn *conn)
{
    return conn_is_encrypted(conn) ? SSL_get_version(ssl_of(conn)) : "";
}

const char *conn_tls_cipher(const Conn *conn)
{
    return conn_is_encrypted(conn) ? SSL_get_cipher_name(ssl_of(conn)) : "";
}

int conn_tls_bits(const Conn *conn)
{
    return conn_is_encrypted(conn) ? SSL_get_cipher_bits(ssl_of(conn), NULL) : 0;
}

bool conn_has_protocol(const Conn *conn)
{
    const unsigned char *name = NULL;
    unsigned length = 0;
    if (conn_is_encrypted(conn))
        SSL_get0_alpn_selected(ssl_of(conn), &name, &length);
    return length > 0;
}

bool conn_peer_certificate(const Conn *conn, char name[TLS_NAME_SIZE])
{
    name[0] = 0;
    X509 *certificate = conn_is_encrypted(conn) ? SSL_get0_peer_certificate(ssl_of(conn)) : NULL;
    if (certificate == NULL || SSL_get_verify_result(ssl_of(conn)) != X509_V_OK)
        return false;
    X509_NAME *subject = X509_get_subject_name(certificate);
    int length = X509_NAME_get_text_by_NID(subject, NID_commonName, name, TLS_NAME_SIZE);
    /* A zero byte inside would make "ann\0.example" look like "ann". */
    if (length < 0 || (size_t)length != strlen(name) || length == TLS_NAME_SIZE - 1)
        name[0] = 0;
    return true;
}
