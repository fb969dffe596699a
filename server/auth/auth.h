/*
 * Who may come in. One function decides for every client connection; TLS, passwords (SCRAM) and
 * host rules have their place here and nowhere else.
 */
#ifndef TALARIA_SERVER_AUTH_AUTH_H
#define TALARIA_SERVER_AUTH_AUTH_H

#include "base/fault/fault.h"
#include "base/memory/text.h"

#include <sys/socket.h>

typedef struct AuthPeer {
    struct sockaddr_storage address; /* AF_UNIX, AF_INET, AF_INET6 */
} AuthPeer;

/*
 * Lets the connection in, or not (28000). Until roles exist there is one rule: whoever reaches
 * the Unix socket or comes from this machine's loopback is let in, under any name.
 */
bool auth_decide(const AuthPeer *peer, Text user, Text database, Fault *fault);

/* The peer's address as pg_stat_activity shows it: "127.0.0.1", "::1"; empty for a Unix socket. */
void auth_peer_text(const AuthPeer *peer, char *out, size_t size);

#endif
