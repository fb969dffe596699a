/*
 * The inside of an AuthServer, between server.c (what it knows) and auth.c (what it decides).
 */
#ifndef TALARIA_SERVER_AUTH_AUTH_INTERNAL_H
#define TALARIA_SERVER_AUTH_AUTH_INTERNAL_H

#include "server/auth/auth.h"
#include "server/auth/exchange.h"
#include "server/auth/hba.h"

enum { AUTH_SECRET_SIZE = 32 };

struct AuthServer {
    char data_folder[1024];
    const Settings *settings;
    Meta *meta;
    Arena *arena; /* of the roles */
    AccessRoles roles;
    MetaRole *rows; /* the same, with the verifiers */
    uint64_t revision;
    bool has_roles;
    HbaFile *rules;          /* NULL: there is no file */
    TlsContext *tls;         /* NULL: ssl is off */
    uint8_t secret[AUTH_SECRET_SIZE]; /* what salts of nobody are made of */
};

/* Reads the roles again when the metadata has changed. */
bool auth_server_refresh(AuthServer *server, Fault *fault);
/* The verifier of a role that may use it now; false: there is none, and *why says so (for the
 * log). Then *verifier is one that nothing matches, the same each time for the same name. */
bool auth_server_verifier(AuthServer *server, Text user, ScramVerifier *verifier,
                          const char **why);

#endif
