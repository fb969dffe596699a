/*
 * What an AuthServer knows: the files it has read, the roles as the metadata has them now.
 */
#include "server/auth/auth_internal.h"

#include "base/log/log.h"
#include "base/os/os.h"

#include <errno.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_HBA_BYTES = 1 << 20 };

/* ---------- files ---------- */

/* A name that is not absolute is one in the data folder. */
static bool place(const AuthServer *server, const char *name, char *out, size_t size, Fault *fault)
{
    int length = name[0] == '/' || name[0] == 0
                     ? snprintf(out, size, "%s", name)
                     : snprintf(out, size, "%s/%s", server->data_folder, name);
    return (length >= 0 && (size_t)length < size) ||
           fault_set(fault, FAULT_CONFIG_FILE_ERROR, "the path \"%s\" is too long", name);
}

static bool load_rules(AuthServer *server, HbaFile **rules, Fault *fault)
{
    char path[2048];
    *rules = NULL;
    if (!place(server, server->settings->hba_file, path, sizeof path, fault))
        return false;
    if (access(path, F_OK) < 0 && errno == ENOENT)
        return true;
    Buffer text = BUFFER_EMPTY;
    bool ok = os_read_file(path, &text, MOST_HBA_BYTES, fault);
    if (ok)
        *rules = hba_parse((Text){.data = text.length > 0 ? (const char *)text.data : "",
                                  .length = (uint32_t)text.length},
                           server->settings->ssl, fault);
    buffer_clear(&text);
    if (*rules != NULL)
        log_info("pg_hba.conf has been read records=%u", hba_count(*rules));
    return *rules != NULL;
}

static bool load_tls(AuthServer *server, TlsContext **tls, Fault *fault)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION}; /* as the settings' choices */
    const Settings *settings = server->settings;
    char certificate[2048], key[2048], ca[2048], crl[2048];
    *tls = NULL;
    if (!settings->ssl)
        return true;
    if (!place(server, settings->ssl_cert_file, certificate, sizeof certificate, fault) ||
        !place(server, settings->ssl_key_file, key, sizeof key, fault) ||
        !place(server, settings->ssl_ca_file, ca, sizeof ca, fault) ||
        !place(server, settings->ssl_crl_file, crl, sizeof crl, fault))
        return false;
    TlsPlan plan = {.certificate_file = certificate,
                    .key_file = key,
                    .ca_file = ca,
                    .crl_file = crl,
                    .ciphers = settings->ssl_ciphers,
                    .curve = settings->ssl_ecdh_curve,
                    .minimum_version = versions[settings->ssl_min_protocol_version],
                    .maximum_version = versions[settings->ssl_max_protocol_version],
                    .prefers_own_ciphers = settings->ssl_prefer_server_ciphers};
    *tls = tls_context_new(&plan, fault);
    return *tls != NULL;
}

/* Certificates of clients can only be asked for when there is an authority to check them with. */
static bool check_certificates(const HbaFile *rules, const TlsContext *tls, Fault *fault)
{
    for (uint32_t i = 0; rules != NULL && tls != NULL && i < hba_count(rules); i++) {
        if (hba_at(rules, i)->certificate == HBA_NO_CERTIFICATE || tls_context_asks_clients(tls))
            continue;
        fault_set(fault, FAULT_CONFIG_FILE_ERROR,
                  "client certificates can only be checked if a root certificate store is available");
        fault_detail(fault, "line %d of pg_hba.conf", hba_at(rules, i)->line);
        return fault_hint(fault, "Make sure that ssl_ca_file is set.");
    }
    return true;
}

/* ---------- the secret ---------- */

/* Kept in the metadata, so that the salt shown for a name that is no role's stays the same over
 * restarts, as a role's would. */
static bool load_secret(AuthServer *server, Fault *fault)
{
    const Text name = TEXT_LITERAL("mock_authentication_secret");
    Text value;
    bool found;
    size_t length = 0;
    Arena *arena = arena_new("secret");
    bool ok = meta_get_value(server->meta, name, arena, &value, &found, fault);
    bool is_good = ok && found &&
                   scram_base64_read(value, server->secret, AUTH_SECRET_SIZE, &length) &&
                   length == AUTH_SECRET_SIZE;
    if (ok && !is_good) {
        Buffer text = BUFFER_EMPTY;
        os_random(server->secret, AUTH_SECRET_SIZE);
        scram_base64_append(&text, server->secret, AUTH_SECRET_SIZE);
        ok = meta_begin(server->meta, true, fault) &&
             meta_put_value(server->meta, name,
                            (Text){.data = (const char *)text.data,
                                   .length = (uint32_t)text.length},
                            fault) &&
             meta_commit(server->meta, fault);
        meta_rollback(server->meta);
        buffer_clear(&text);
    }
    arena_free(arena);
    return ok;
}

/* ---------- the server ---------- */

AuthServer *auth_server_new(const char *data_folder, const Settings *settings, Fault *fault)
{
    AuthServer *server = calloc(1, sizeof *server);
    check(server != NULL);
    server->settings = settings;
    snprintf(server->data_folder, sizeof server->data_folder, "%s", data_folder);
    server->meta = meta_open_sqlite(data_folder, fault);
    bool ok = server->meta != NULL && load_secret(server, fault) &&
              auth_server_refresh(server, fault) && load_tls(server, &server->tls, fault) &&
              load_rules(server, &server->rules, fault) &&
              check_certificates(server->rules, server->tls, fault);
    if (ok)
        return server;
    auth_server_free(server);
    return NULL;
}

void auth_server_free(AuthServer *server)
{
    if (server == NULL)
        return;
    meta_close(server->meta);
    hba_free(server->rules);
    tls_context_release(server->tls);
    if (server->arena != NULL)
        arena_free(server->arena);
    free(server);
}

void auth_server_reload(AuthServer *server)
{
    Fault fault;
    TlsContext *tls;
    HbaFile *rules;
    if (load_tls(server, &tls, &fault)) {
        tls_context_release(server->tls);
        server->tls = tls;
    } else {
        log_fault(LOG_LEVEL_ERROR, "SSL configuration was not reloaded", &fault);
    }
    if (load_rules(server, &rules, &fault) && check_certificates(rules, server->tls, &fault)) {
        hba_free(server->rules);
        server->rules = rules;
    } else {
        hba_free(rules);
        log_fault(LOG_LEVEL_ERROR, "pg_hba.conf was not reloaded", &fault);
    }
}

TlsContext *auth_server_tls(const AuthServer *server)
{
    return server->tls;
}

bool auth_server_refresh(AuthServer *server, Fault *fault)
{
    uint64_t revision, after;
    if (!meta_revision(server->meta, &revision, fault))
        return false;
    if (server->has_roles && revision == server->revision)
        return true;
    /* In one read transaction: the roles and what they may do belong together. */
    Arena *arena = arena_new("roles");
    AccessRoles roles;
    MetaRole *rows;
    uint32_t count;
    bool ok = meta_begin(server->meta, false, fault) &&
              meta_revision(server->meta, &after, fault) &&
              access_load(server->meta, arena, &roles, fault) &&
              meta_roles(server->meta, arena, &rows, &count, fault);
    meta_rollback(server->meta);
    if (!ok) {
        arena_free(arena);
        return false;
    }
    if (server->arena != NULL)
        arena_free(server->arena);
    server->arena = arena;
    server->roles = roles;
    server->rows = rows;
    server->revision = after;
    server->has_roles = true;
    return true;
}

/* ---------- verifiers ---------- */

static void make_mock(const AuthServer *server, Text user, ScramVerifier *verifier)
{
    uint8_t hash[SCRAM_KEY_SIZE];
    *verifier = (ScramVerifier){.iterations = SCRAM_ITERATIONS, .salt_length = SCRAM_SALT_SIZE};
    scram_hmac(server->secret, AUTH_SECRET_SIZE, user, hash);
    memcpy(verifier->salt, hash, SCRAM_SALT_SIZE);
    os_random(verifier->stored_key, SCRAM_KEY_SIZE);
    os_random(verifier->server_key, SCRAM_KEY_SIZE);
}

bool auth_server_verifier(AuthServer *server, Text user, ScramVerifier *verifier,
                          const char **why)
{
    const MetaRole *row = NULL;
    for (uint32_t i = 0; i < server->roles.count && row == NULL; i++) {
        if (text_equal(server->rows[i].name, user))
            row = &server->rows[i];
    }
    bool is_usable = row != NULL && scram_verifier_parse(row->password, verifier);
    *why = NULL;
    if (row == NULL)
        *why = "the role does not exist";
    else if (row->password.length == 0)
        *why = "the role has no password";
    else if (!is_usable)
        *why = "the role's verifier is damaged";
    else if (row->valid_until < os_now_micros())
        *why = "the role's password has expired";
    if (!is_usable)
        make_mock(server, user, verifier);
    return *why == NULL;
}
