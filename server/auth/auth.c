/*
 * A connection's authentication: which rule, which method, what the client answers.
 */
#include "server/auth/auth_internal.h"

#include "base/log/log.h"
#include "protocol/pgwire/pgwire.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { ROUNDS_A_STEP = 8192 }; /* of stretching: a few milliseconds */

typedef enum AttemptState {
    ATTEMPT_SCRAM_FIRST,
    ATTEMPT_SCRAM_FINAL,
    ATTEMPT_PASSWORD,
    ATTEMPT_STRETCHING,
    ATTEMPT_OVER,
} AttemptState;

struct AuthAttempt {
    AuthServer *server;
    AttemptState state;
    char *user, *database;
    char peer[64];
    Exchange exchange;
    ScramStretch *stretch;
    bool is_doomed;
    const char *why; /* for the log */
    uint8_t end_point[TLS_MOST_HASH];
    uint32_t end_point_length;
};

/* ---------- addresses ---------- */

static bool is_loopback(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, address, sizeof in);
        return (ntohl(in.sin_addr.s_addr) >> 24) == 127;
    }
    if (address->ss_family == AF_INET6) {
        struct sockaddr_in6 in;
        memcpy(&in, address, sizeof in);
        bool is_mapped = IN6_IS_ADDR_V4MAPPED(&in.sin6_addr) && in.sin6_addr.s6_addr[12] == 127;
        return IN6_IS_ADDR_LOOPBACK(&in.sin6_addr) || is_mapped;
    }
    return false;
}

void auth_peer_text(const AuthPeer *peer, char *out, size_t size)
{
    out[0] = 0;
    if (peer->address.ss_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, &peer->address, sizeof in);
        inet_ntop(AF_INET, &in.sin_addr, out, (socklen_t)size);
    } else if (peer->address.ss_family == AF_INET6) {
        struct sockaddr_in6 in;
        memcpy(&in, &peer->address, sizeof in);
        inet_ntop(AF_INET6, &in.sin6_addr, out, (socklen_t)size);
    }
}

int auth_peer_port(const AuthPeer *peer)
{
    if (peer->address.ss_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, &peer->address, sizeof in);
        return ntohs(in.sin_port);
    }
    if (peer->address.ss_family == AF_INET6) {
        struct sockaddr_in6 in;
        memcpy(&in, &peer->address, sizeof in);
        return ntohs(in.sin6_port);
    }
    return -1;
}

static const char *encryption_word(const AuthPeer *peer)
{
    return peer->is_encrypted ? "SSL encryption" : "no encryption";
}

static void host_text(const AuthPeer *peer, char *out, size_t size)
{
    auth_peer_text(peer, out, size);
    if (out[0] == 0)
        strcpy(out, "[local]");
}

/* ---------- attempts ---------- */

static char *copy_text(Text text)
{
    char *copy = strndup(text.data, text.length);
    check(copy != NULL);
    return copy;
}

static AuthAttempt *new_attempt(AuthServer *server, const AuthPeer *peer, Text user, Text database)
{
    AuthAttempt *attempt = calloc(1, sizeof *attempt);
    check(attempt != NULL);
    attempt->server = server;
    attempt->state = ATTEMPT_OVER;
    attempt->user = copy_text(user);
    attempt->database = copy_text(database);
    host_text(peer, attempt->peer, sizeof attempt->peer);
    attempt->end_point_length =
        peer->end_point.length <= TLS_MOST_HASH ? peer->end_point.length : 0;
    if (attempt->end_point_length > 0)
        memcpy(attempt->end_point, peer->end_point.data, attempt->end_point_length);
    return attempt;
}

void auth_end(AuthAttempt *attempt)
{
    if (attempt == NULL)
        return;
    exchange_clear(&attempt->exchange);
    scram_stretch_free(attempt->stretch);
    free(attempt->user);
    free(attempt->database);
    free(attempt);
}

/* The client hears the same whatever was wrong; the log hears more. */
static AuthStep refuse_password(AuthAttempt *attempt, Fault *fault)
{
    attempt->state = ATTEMPT_OVER;
    log_info("password authentication failed user=%s host=%s: %s", attempt->user, attempt->peer,
             attempt->why != NULL ? attempt->why : "the password does not match");
    fault_set(fault, FAULT_INVALID_PASSWORD, "password authentication failed for user \"%s\"",
              attempt->user);
    return AUTH_REFUSES;
}

static AuthStep admit(AuthAttempt *attempt)
{
    attempt->state = ATTEMPT_OVER;
    return AUTH_ADMITS;
}

/* ---------- methods ---------- */

static AuthStep ask_scram(AuthAttempt *attempt, Buffer *out)
{
    static const char *const mechanisms[] = {"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"};
    ScramVerifier verifier;
    Text end_point = {.data = (const char *)attempt->end_point,
                      .length = attempt->end_point_length};
    attempt->is_doomed = !auth_server_verifier(attempt->server, text_of(attempt->user), &verifier,
                                               &attempt->why);
    exchange_init(&attempt->exchange, &verifier, attempt->is_doomed, end_point);
    uint32_t skipped = end_point.length > 0 ? 0 : 1;
    pgwire_authentication_sasl(out, mechanisms + skipped, 2 - skipped);
    attempt->state = ATTEMPT_SCRAM_FIRST;
    return AUTH_WAITS;
}

static AuthStep ask_password(AuthAttempt *attempt, Buffer *out)
{
    pgwire_authentication_cleartext(out);
    attempt->state = ATTEMPT_PASSWORD;
    return AUTH_WAITS;
}

static AuthStep check_peer_user(AuthAttempt *attempt, const AuthPeer *peer, Fault *fault)
{
    struct ucred who;
    socklen_t length = sizeof who;
    struct passwd entry, *found = NULL;
    char names[4096];
    bool fits = getsockopt(peer->fd, SOL_SOCKET, SO_PEERCRED, &who, &length) == 0 &&
                getpwuid_r(who.uid, &entry, names, sizeof names, &found) == 0 && found != NULL &&
                strcmp(entry.pw_name, attempt->user) == 0;
    if (fits)
        return admit(attempt);
    fault_set(fault, FAULT_INVALID_AUTHORIZATION, "peer authentication failed for user \"%s\"",
              attempt->user);
    return AUTH_REFUSES;
}

static bool check_certificate(const AuthAttempt *attempt, const AuthPeer *peer,
                              const HbaRule *rule, Fault *fault)
{
    if (rule->certificate == HBA_NO_CERTIFICATE)
        return true;
    if (!peer->has_certificate)
        return fault_set(fault, FAULT_INVALID_AUTHORIZATION,
                         "connection requires a valid client certificate");
    if (rule->certificate == HBA_VERIFY_CA ||
        text_equal(peer->common_name, text_of(attempt->user)))
        return true;
    log_info("the certificate's name does not match user=%s name=%.*s", attempt->user,
             TEXT_ARGS(peer->common_name));
    return fault_set(fault, FAULT_INVALID_AUTHORIZATION,
                     "certificate authentication failed for user \"%s\"", attempt->user);
}

static AuthStep apply_rule(AuthAttempt *attempt, const AuthPeer *peer, const HbaRule *rule,
                           Buffer *out, Fault *fault)
{
    if (!check_certificate(attempt, peer, rule, fault))
        return AUTH_REFUSES;
    switch (rule->method) {
    case HBA_TRUST:
    case HBA_CERTIFICATE:
        return admit(attempt);
    case HBA_REJECT:
        fault_set(fault, FAULT_INVALID_AUTHORIZATION,
                  "pg_hba.conf rejects connection for host \"%s\", user \"%s\", database \"%s\", %s",
                  attempt->peer, attempt->user, attempt->database, encryption_word(peer));
        return AUTH_REFUSES;
    case HBA_SCRAM:
        return ask_scram(attempt, out);
    case HBA_PASSWORD:
        return ask_password(attempt, out);
    case HBA_PEER:
        return check_peer_user(attempt, peer, fault);
    }
    return AUTH_REFUSES;
}

/* Without a file: see auth.h. */
static AuthStep apply_default(AuthAttempt *attempt, const AuthPeer *peer, Buffer *out,
                              Fault *fault)
{
    if (attempt->server->roles.count > 0)
        return ask_scram(attempt, out);
    if (peer->address.ss_family == AF_UNIX || is_loopback(&peer->address))
        return admit(attempt);
    fault_set(fault, FAULT_INVALID_AUTHORIZATION,
              "no pg_hba.conf entry for host \"%s\", user \"%s\", database \"%s\", %s",
              attempt->peer, attempt->user, attempt->database, encryption_word(peer));
    fault_hint(fault, "As long as no role has been created only the machine that the server runs "
                      "on is let in.");
    return AUTH_REFUSES;
}

static AuthStep decide(AuthAttempt *attempt, const AuthPeer *peer, Buffer *out, Fault *fault)
{
    AuthServer *server = attempt->server;
    if (!auth_server_refresh(server, fault))
        return AUTH_REFUSES;
    if (server->rules == NULL)
        return apply_default(attempt, peer, out, fault);
    const HbaRule *rule = hba_match(server->rules, peer, text_of(attempt->user),
                                    text_of(attempt->database), &server->roles);
    if (rule != NULL)
        return apply_rule(attempt, peer, rule, out, fault);
    fault_set(fault, FAULT_INVALID_AUTHORIZATION,
              "no pg_hba.conf entry for host \"%s\", user \"%s\", database \"%s\", %s",
              attempt->peer, attempt->user, attempt->database, encryption_word(peer));
    return AUTH_REFUSES;
}

AuthStep auth_begin(AuthServer *server, const AuthPeer *peer, Text user, Text database,
                    AuthAttempt **attempt, Buffer *out, Fault *fault)
{
    *attempt = new_attempt(server, peer, user, database);
    AuthStep step = decide(*attempt, peer, out, fault);
    if (step == AUTH_REFUSES) {
        log_info("connection refused user=%.*s host=%s: %s", TEXT_ARGS(user), (*attempt)->peer,
                 fault->message);
        auth_end(*attempt);
        *attempt = NULL;
    }
    return step;
}

/* ---------- answers ---------- */

static AuthStep take_scram_first(AuthAttempt *attempt, Text body, Buffer *out, Fault *fault)
{
    Text mechanism, response;
    bool has_response;
    Buffer message = BUFFER_EMPTY;
    if (!pgwire_sasl_initial(body, &mechanism, &response, &has_response, fault))
        return AUTH_REFUSES;
    /* A client may let us begin, with an empty challenge. */
    bool ok = true;
    if (has_response) {
        ok = exchange_first(&attempt->exchange, mechanism, response, &message, fault);
        attempt->state = ATTEMPT_SCRAM_FINAL;
    } else {
        ok = fault_set(fault, FAULT_PROTOCOL_VIOLATION, "malformed SCRAM message");
    }
    if (ok)
        pgwire_authentication_sasl_continue(
            out, (Text){.data = (const char *)message.data, .length = (uint32_t)message.length});
    buffer_clear(&message);
    return ok ? AUTH_WAITS : AUTH_REFUSES;
}

static AuthStep take_scram_final(AuthAttempt *attempt, Text body, Buffer *out, Fault *fault)
{
    Buffer message = BUFFER_EMPTY;
    bool is_right = false;
    bool ok = exchange_final(&attempt->exchange, body, &message, &is_right, fault);
    if (ok && is_right)
        pgwire_authentication_sasl_final(
            out, (Text){.data = (const char *)message.data, .length = (uint32_t)message.length});
    buffer_clear(&message);
    if (!ok)
        return AUTH_REFUSES;
    return is_right ? admit(attempt) : refuse_password(attempt, fault);
}

static AuthStep take_password(AuthAttempt *attempt, Text body, Fault *fault)
{
    Text password;
    ScramVerifier verifier;
    if (!pgwire_password(body, &password, fault))
        return AUTH_REFUSES;
    if (password.length == 0) {
        attempt->why = "the password is empty";
        return refuse_password(attempt, fault);
    }
    attempt->is_doomed = !auth_server_verifier(attempt->server, text_of(attempt->user), &verifier,
                                               &attempt->why);
    attempt->stretch = scram_stretch_new(password, &verifier);
    attempt->state = ATTEMPT_STRETCHING;
    return AUTH_WORKS;
}

AuthStep auth_take(AuthAttempt *attempt, Text body, Buffer *out, Fault *fault)
{
    switch (attempt->state) {
    case ATTEMPT_SCRAM_FIRST:
        return take_scram_first(attempt, body, out, fault);
    case ATTEMPT_SCRAM_FINAL:
        return take_scram_final(attempt, body, out, fault);
    case ATTEMPT_PASSWORD:
        return take_password(attempt, body, fault);
    case ATTEMPT_STRETCHING:
    case ATTEMPT_OVER:
        break;
    }
    fault_set(fault, FAULT_PROTOCOL_VIOLATION, "unexpected password message");
    return AUTH_REFUSES;
}

AuthStep auth_work(AuthAttempt *attempt, Buffer *out, Fault *fault)
{
    if (attempt->state == ATTEMPT_STRETCHING && !scram_stretch_step(attempt->stretch, ROUNDS_A_STEP))
        return AUTH_WORKS;
    bool is_right = attempt->state == ATTEMPT_STRETCHING &&
                    scram_stretch_matches(attempt->stretch) && !attempt->is_doomed;
    return is_right ? admit(attempt) : refuse_password(attempt, fault);
}

/* ---------- roles ---------- */

bool auth_role(AuthServer *server, const AuthAttempt *attempt, AuthRole *role, Fault *fault)
{
    *role = (AuthRole){.is_superuser = true, .connection_limit = -1, .settings = {"", 0}};
    if (!auth_server_refresh(server, fault))
        return false;
    if (server->roles.count == 0)
        return true;
    const AccessRole *found = access_find_role(&server->roles, text_of(attempt->user));
    if (found == NULL)
        return fault_set(fault, FAULT_INVALID_AUTHORIZATION, "role \"%s\" does not exist",
                         attempt->user);
    if (!found->can_login)
        return fault_set(fault, FAULT_INVALID_AUTHORIZATION,
                         "role \"%s\" is not permitted to log in", attempt->user);
    AccessUser user = {.roles = &server->roles, .role = found};
    AccessTarget database = {.kind = ACCESS_ON_DATABASE, .name = text_of(attempt->database)};
    if (access_held(user, &database, ACCESS_CONNECT) == 0) {
        fault_set(fault, FAULT_INSUFFICIENT_PRIVILEGE, "permission denied for database \"%s\"",
                  attempt->database);
        return fault_detail(fault, "User does not have CONNECT privilege.");
    }
    *role = (AuthRole){.is_superuser = found->is_superuser,
                       .connection_limit = found->connection_limit,
                       .settings = found->settings};
    return true;
}

bool auth_is_superuser(AuthServer *server, Text role)
{
    Fault fault;
    if (!auth_server_refresh(server, &fault))
        return false;
    const AccessRole *found = access_find_role(&server->roles, role);
    return server->roles.count == 0 || (found != NULL && found->is_superuser);
}

bool auth_may_act_as(AuthServer *server, Text login, Text role)
{
    Fault fault;
    if (!auth_server_refresh(server, &fault))
        return false;
    const AccessRole *from = access_find_role(&server->roles, login);
    const AccessRole *to = access_find_role(&server->roles, role);
    return from != NULL && to != NULL && access_is_member(&server->roles, from, to->oid);
}
