/*
 * Who may come in. The server's side: rules of pg_hba.conf, roles, certificates (AuthServer). A
 * connection's side: the exchange between the startup packet and AuthenticationOk (AuthAttempt).
 * One place decides for every client connection.
 *
 * Without pg_hba.conf: as long as no role has been created, whoever comes over the Unix socket or
 * from this machine's loopback is let in under any name, and nobody else; from the first role on
 * everybody needs a role with a password (scram-sha-256).
 */
#ifndef TALARIA_SERVER_AUTH_AUTH_H
#define TALARIA_SERVER_AUTH_AUTH_H

#include "base/fault/fault.h"
#include "base/memory/buffer.h"
#include "base/memory/text.h"
#include "base/setting/setting.h"
#include "server/loop/tls.h"

#include <sys/socket.h>

/* ---------- the server's side ---------- */

typedef struct AuthServer AuthServer;

/* `data_folder` is where the metadata and, unless named otherwise, pg_hba.conf and the
 * certificates are; `settings` must outlive it. Opens the metadata: after the fork. What is wrong
 * with a file keeps the server from starting. */
AuthServer *auth_server_new(const char *data_folder, const Settings *settings, Fault *fault);
void auth_server_free(AuthServer *server);
/* Reads the files again. Each that is wrong is logged and stays as it was. */
void auth_server_reload(AuthServer *server);
/* NULL: ssl is off. */
TlsContext *auth_server_tls(const AuthServer *server);

/* ---------- a connection's side ---------- */

typedef struct AuthPeer {
    struct sockaddr_storage address; /* AF_UNIX, AF_INET, AF_INET6 */
    int fd;                          /* for the peer's user on a Unix socket */
    bool is_encrypted, has_certificate;
    Text common_name; /* of the certificate; may be empty */
    Text end_point;   /* of the server's certificate: what channel binding binds to */
} AuthPeer;

typedef enum AuthStep {
    AUTH_WAITS,   /* for a message of the client's: auth_take */
    AUTH_WORKS,   /* for the processor: auth_work, again and again */
    AUTH_ADMITS,
    AUTH_REFUSES, /* the fault says why, as far as strangers may know */
} AuthStep;

typedef struct AuthAttempt AuthAttempt;

/* What the session must know of the role that was let in. */
typedef struct AuthRole {
    bool is_superuser;
    int32_t connection_limit; /* -1: none */
    Text settings;            /* JSON object; of the AuthServer, until the next call */
} AuthRole;

/*
 * Begins: finds the rule for this peer, user and database, and asks the client for what it wants.
 * Messages are appended to `out`. `*attempt` is set except with AUTH_REFUSES; texts are copied.
 * Faults: 28000 (no rule, a rule that rejects, no certificate), 28P01 (password).
 */
AuthStep auth_begin(AuthServer *server, const AuthPeer *peer, Text user, Text database,
                    AuthAttempt **attempt, Buffer *out, Fault *fault);
/* The body of the client's answer (a message 'p'). */
AuthStep auth_take(AuthAttempt *attempt, Text body, Buffer *out, Fault *fault);
AuthStep auth_work(AuthAttempt *attempt, Buffer *out, Fault *fault);
/* After AUTH_ADMITS: whether the role may log in at all (28000), and what it is. */
bool auth_role(AuthServer *server, const AuthAttempt *attempt, AuthRole *role, Fault *fault);
/* NULL is fine. */
void auth_end(AuthAttempt *attempt);

/* Whether a role is a superuser now (everybody while there are no roles). */
bool auth_is_superuser(AuthServer *server, Text role);

/* Whether who logged in as `login` may act as `role`: it is a superuser or belongs to it. */
bool auth_may_act_as(AuthServer *server, Text login, Text role);

/* The peer's address as pg_stat_activity shows it: "127.0.0.1", "::1"; empty for a Unix socket. */
void auth_peer_text(const AuthPeer *peer, char *out, size_t size);
int auth_peer_port(const AuthPeer *peer); /* -1: a Unix socket */

#endif
