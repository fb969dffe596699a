/*
 * TLS for connections, through OpenSSL. A context holds what is read from files (certificate, key,
 * authorities); connections keep the one that they began with, so that reading the files again
 * changes only those that come later.
 */
#ifndef TALARIA_SERVER_LOOP_TLS_H
#define TALARIA_SERVER_LOOP_TLS_H

#include "base/fault/fault.h"
#include "base/memory/text.h"

typedef struct TlsContext TlsContext;

enum { TLS_MOST_HASH = 64, TLS_NAME_SIZE = 256 };

typedef struct TlsPlan {
    const char *certificate_file, *key_file; /* PEM; the certificate with its chain */
    const char *ca_file;      /* of authorities that clients' certificates must come from; or "" */
    const char *crl_file;     /* certificates that they have taken back; or "" */
    const char *ciphers;      /* of TLS 1.2, in OpenSSL's words */
    const char *curve;        /* of the key exchange; a list with colons */
    int minimum_version, maximum_version; /* OpenSSL's numbers: TLS1_2_VERSION, ... */
    bool prefers_own_ciphers;
} TlsPlan;

/*
 * Reads the files. F0000 with the file's name; the key must be this user's or root's and readable
 * for nobody else, as PostgreSQL has it. NULL: nothing is kept.
 */
TlsContext *tls_context_new(const TlsPlan *plan, Fault *fault);
/* References: one from tls_context_new. NULL is fine. */
TlsContext *tls_context_keep(TlsContext *context);
void tls_context_release(TlsContext *context);
/* Whether clients are asked for a certificate. */
bool tls_context_asks_clients(const TlsContext *context);
/* The certificate's hash for channel binding (tls-server-end-point, RFC 5929); empty when there
 * is none defined for its kind of signature. */
Text tls_context_end_point(const TlsContext *context);

/* Private to the room: a new SSL * for one connection. */
void *tls_context_session(TlsContext *context);

#endif
