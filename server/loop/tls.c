/*
 * See tls.h. What is allowed: TLS 1.2 and newer, no compression, no renegotiation, no tickets,
 * and of ALPN's protocols only "postgresql".
 */
#include "server/loop/tls.h"

#include "base/log/log.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct TlsContext {
    SSL_CTX *ssl;
    int references;
    bool asks_clients;
    uint8_t hash[TLS_MOST_HASH];
    unsigned hash_length;
};

/* ---------- faults ---------- */

static bool refuse(Fault *fault, const char *what, const char *file)
{
    unsigned long error = ERR_peek_last_error();
    const char *reason = error == 0 ? NULL : ERR_reason_error_string(error);
    fault_set(fault, FAULT_CONFIG_FILE_ERROR, "could not %s \"%s\": %s", what, file,
              reason != NULL ? reason : error != 0 ? "unknown error" : strerror(errno));
    ERR_clear_error();
    return false;
}

static bool check_key_file(const char *file, Fault *fault)
{
    struct stat status;
    if (stat(file, &status) < 0)
        return fault_set_system(fault, errno, "read the private key file \"%s\"", file);
    if (!S_ISREG(status.st_mode))
        return fault_set(fault, FAULT_CONFIG_FILE_ERROR,
                         "private key file \"%s\" is not a regular file", file);
    bool is_own = status.st_uid == geteuid();
    if (!is_own && status.st_uid != 0)
        return fault_set(
            fault, FAULT_CONFIG_FILE_ERROR,
            "private key file \"%s\" must be owned by the database user or root", file);
    mode_t forbidden = is_own ? S_IRWXG | S_IRWXO : S_IWGRP | S_IXGRP | S_IRWXO;
    if ((status.st_mode & forbidden) == 0)
        return true;
    fault_set(fault, FAULT_CONFIG_FILE_ERROR, "private key file \"%s\" has group or world access",
              file);
    fault_detail(fault, "File must have permissions u=rw (0600) or less if owned by the database "
                        "user, or permissions u=rw,g=r (0640) or less if owned by root.");
    return false;
}

/* ---------- files ---------- */

/* A key behind a password cannot be used by a server that nobody sits at: no prompt. */
static int no_password(char *buffer, int size, int is_writing, void *state)
{
    if (size > 0)
        buffer[0] = 0;
    return 0;
}

static bool load_certificate(SSL_CTX *ssl, const TlsPlan *plan, Fault *fault)
{
    SSL_CTX_set_default_passwd_cb(ssl, no_password);
    if (SSL_CTX_use_certificate_chain_file(ssl, plan->certificate_file) != 1)
        return refuse(fault, "load server certificate file", plan->certificate_file);
    if (!check_key_file(plan->key_file, fault))
        return false;
    if (SSL_CTX_use_PrivateKey_file(ssl, plan->key_file, SSL_FILETYPE_PEM) != 1)
        return refuse(fault, "load private key file", plan->key_file);
    return SSL_CTX_check_private_key(ssl) == 1 ||
           refuse(fault, "match the certificate with the private key file", plan->key_file);
}

/* Who has no certificate comes in all the same, as far as TLS goes: pg_hba.conf decides. */
static int keep_verdict(int ok, X509_STORE_CTX *store)
{
    return ok;
}

static bool load_authorities(TlsContext *context, const TlsPlan *plan, Fault *fault)
{
    if (plan->ca_file[0] == 0)
        return true;
    STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(plan->ca_file);
    if (names == NULL || SSL_CTX_load_verify_locations(context->ssl, plan->ca_file, NULL) != 1) {
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        return refuse(fault, "load root certificate file", plan->ca_file);
    }
    SSL_CTX_set_client_CA_list(context->ssl, names);
    SSL_CTX_set_verify(context->ssl, SSL_VERIFY_PEER | SSL_VERIFY_CLIENT_ONCE, keep_verdict);
    context->asks_clients = true;
    if (plan->crl_file[0] == 0)
        return true;
    X509_STORE *store = SSL_CTX_get_cert_store(context->ssl);
    if (X509_STORE_load_locations(store, plan->crl_file, NULL) != 1)
        return refuse(fault, "load certificate revocation list file", plan->crl_file);
    X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
    return true;
}

/* ---------- ALPN ---------- */

static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_length,
                           const unsigned char *in, unsigned in_length, void *state)
{
    static const unsigned char ours[] = "\x0apostgresql";
    unsigned char *chosen;
    int result = SSL_select_next_proto(&chosen, out_length, ours, sizeof ours - 1, in, in_length);
    *out = chosen;
    return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* ---------- contexts ---------- */

/* RFC 5929, section 4.1: by the hash of the certificate's signature, SHA-256 in place of weaker. */
static void hash_certificate(TlsContext *context)
{
    X509 *certificate = SSL_CTX_get0_certificate(context->ssl);
    int digest = NID_undef;
    if (certificate == NULL ||
        X509_get_signature_info(certificate, &digest, NULL, NULL, NULL) != 1 ||
        digest == NID_undef)
        return;
    if (digest == NID_md5 || digest == NID_sha1)
        digest = NID_sha256;
    const EVP_MD *algorithm = EVP_get_digestbynid(digest);
    if (algorithm == NULL || EVP_MD_get_size(algorithm) > TLS_MOST_HASH ||
        X509_digest(certificate, algorithm, context->hash, &context->hash_length) != 1)
        context->hash_length = 0;
}

static bool set_up(TlsContext *context, const TlsPlan *plan, Fault *fault)
{
    SSL_CTX *ssl = context->ssl;
    SSL_CTX_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                              SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(ssl, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
                                 SSL_OP_SINGLE_DH_USE | SSL_OP_SINGLE_ECDH_USE);
    if (plan->prefers_own_ciphers)
        SSL_CTX_set_options(ssl, SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_num_tickets(ssl, 0);
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_min_proto_version(ssl, plan->minimum_version);
    SSL_CTX_set_max_proto_version(ssl, plan->maximum_version);
    SSL_CTX_set_alpn_select_cb(ssl, choose_protocol, NULL);
    if (SSL_CTX_set_cipher_list(ssl, plan->ciphers) != 1)
        return refuse(fault, "set the cipher list", plan->ciphers);
    if (plan->curve[0] != 0 && SSL_CTX_set1_groups_list(ssl, plan->curve) != 1)
        return refuse(fault, "set the curves", plan->curve);
    if (!load_certificate(ssl, plan, fault) || !load_authorities(context, plan, fault))
        return false;
    hash_certificate(context);
    return true;
}

TlsContext *tls_context_new(const TlsPlan *plan, Fault *fault)
{
    TlsContext *context = calloc(1, sizeof *context);
    check(context != NULL);
    ERR_clear_error();
    context->references = 1;
    context->ssl = SSL_CTX_new(TLS_server_method());
    check(context->ssl != NULL);
    if (plan->minimum_version > plan->maximum_version) {
        fault_set(fault, FAULT_CONFIG_FILE_ERROR,
                  "ssl_min_protocol_version is newer than ssl_max_protocol_version");
    } else if (set_up(context, plan, fault)) {
        return context;
    }
    tls_context_release(context);
    return NULL;
}

TlsContext *tls_context_keep(TlsContext *context)
{
    if (context != NULL)
        context->references++;
    return context;
}

void tls_context_release(TlsContext *context)
{
    if (context == NULL || --context->references > 0)
        return;
    SSL_CTX_free(context->ssl);
    free(context);
}

bool tls_context_asks_clients(const TlsContext *context)
{
    return context->asks_clients;
}

Text tls_context_end_point(const TlsContext *context)
{
    return (Text){.data = (const char *)context->hash, .length = context->hash_length};
}

void *tls_context_session(TlsContext *context)
{
    return SSL_new(context->ssl);
}
