/*
 * Who comes in: the rule without a file, records of pg_hba.conf and what is wrong with them, the
 * SCRAM exchange with right, wrong and hostile messages.
 */
#include "engine/access/change.h"
#include "protocol/pgwire/pgwire.h"
#include "server/auth/auth_internal.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];
static Settings settings;

static AuthPeer from(const char *address)
{
    AuthPeer peer = {.fd = -1};
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(77)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    if (address == NULL)
        peer.address.ss_family = AF_UNIX;
    else if (inet_pton(AF_INET, address, &in.sin_addr) == 1)
        memcpy(&peer.address, &in, sizeof in);
    else if (inet_pton(AF_INET6, address, &in6.sin6_addr) == 1)
        memcpy(&peer.address, &in6, sizeof in6);
    return peer;
}

/* ---------- pg_hba.conf ---------- */

static HbaFile *parse(const char *text)
{
    Fault fault;
    HbaFile *file = hba_parse(text_of(text), true, &fault);
    if (file == NULL)
        print_message("%s\n", fault.message);
    assert_non_null(file);
    return file;
}

/* The line of the record that decides; 0: none does. */
static int line_for(const HbaFile *file, const char *address, bool tls, const char *user,
                    const char *database)
{
    AuthPeer peer = from(address);
    AccessRoles none = {0};
    peer.is_encrypted = tls;
    const HbaRule *rule = hba_match(file, &peer, text_of(user), text_of(database), &none);
    return rule == NULL ? 0 : rule->line;
}

static void test_hba_match(void **state)
{
    (void)state;
    HbaFile *file = parse("# a comment\n"
                          "local   all             admin                   peer\n"
                          "local   sameuser        all                     scram-sha-256\n"
                          "hostssl all             all     10.0.0.0/8      cert\n"
                          "hostnossl all           all     10.0.0.0/8      reject\n"
                          "host    sales,\"all\"     ann, bob 192.168.1.0 255.255.255.0 md5 # end\n"
                          "host    all             all     ::1/128         trust\n"
                          "host    \"my db\"         \"Ann\"   0.0.0.0/0       password\n"
                          "hostssl all all 172.16.0.1/32 scram-sha-256 clientcert=verify-ca\n");
    assert_int_equal(hba_count(file), 8);
    assert_int_equal(line_for(file, NULL, false, "admin", "x"), 2);
    assert_int_equal(line_for(file, NULL, false, "ann", "ann"), 3);
    assert_int_equal(line_for(file, NULL, false, "ann", "x"), 0);
    assert_int_equal(line_for(file, "10.1.2.3", true, "ann", "x"), 4);
    assert_int_equal(line_for(file, "10.1.2.3", false, "ann", "x"), 5);
    assert_int_equal(line_for(file, "::ffff:10.1.2.3", false, "ann", "x"), 5);
    assert_int_equal(line_for(file, "11.1.2.3", true, "ann", "x"), 0);
    assert_int_equal(line_for(file, "192.168.1.77", false, "bob", "sales"), 6);
    assert_int_equal(line_for(file, "192.168.1.77", false, "bob", "all"), 6);
    assert_int_equal(line_for(file, "192.168.1.77", false, "bob", "other"), 0);
    assert_int_equal(line_for(file, "192.168.2.77", false, "bob", "sales"), 0);
    assert_int_equal(line_for(file, "192.168.1.77", false, "carl", "sales"), 0);
    assert_int_equal(line_for(file, "::1", false, "x", "y"), 7);
    assert_int_equal(line_for(file, "::2", false, "x", "y"), 0);
    assert_int_equal(line_for(file, "1.2.3.4", false, "Ann", "my db"), 8);
    assert_int_equal(line_for(file, "1.2.3.4", false, "ann", "my db"), 0);
    assert_int_equal(hba_at(file, 7)->certificate, HBA_VERIFY_CA);
    assert_int_equal(hba_at(file, 2)->certificate, HBA_VERIFY_FULL);
    hba_free(file);
    file = parse("host all all samehost trust\nhost all all samenet reject\n");
    assert_int_equal(line_for(file, "127.0.0.1", false, "x", "y"), 1);
    assert_int_equal(line_for(file, "127.0.0.9", false, "x", "y"), 2);
    assert_int_equal(line_for(file, "203.0.113.9", false, "x", "y"), 0);
    hba_free(file);
}

static void test_hba_groups(void **state)
{
    (void)state;
    AccessRole roles[] = {{.oid = 1, .name = {"staff", 5}, .inherits = true},
                          {.oid = 2, .name = {"ann", 3}, .inherits = true},
                          {.oid = 3, .name = {"boss", 4}, .is_superuser = true}};
    MetaMember members[] = {{.role = 1, .member = 2}};
    AccessRoles known = {.count = 3, .roles = roles, .member_count = 1, .members = members};
    HbaFile *file = parse("local all +staff trust\nlocal samerole all reject\n");
    AuthPeer peer = from(NULL);
    assert_int_equal(hba_match(file, &peer, text_of("ann"), text_of("x"), &known)->line, 1);
    assert_null(hba_match(file, &peer, text_of("boss"), text_of("x"), &known));
    assert_int_equal(hba_match(file, &peer, text_of("boss"), text_of("boss"), &known)->line, 2);
    hba_free(file);
}

static void test_hba_faults(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "nonsense all all trust",
        "local",
        "local all",
        "local all all",
        "local all all magic",
        "local all all ldap",
        "local all all cert",
        "host all all trust",
        "host all all 10.0.0.0 trust",
        "host all all 10.0.0.0/33 trust",
        "host all all 10.0.0.0/x trust",
        "host all all 10.0.0.0/ trust",
        "host all all 10.0.0.0 ffff:: trust",
        "host all all example.com trust",
        "host all all all peer",
        "host all all all cert",
        "hostssl all all all trust clientcert=maybe",
        "host all all all trust clientcert=verify-ca",
        "hostssl all all all cert clientcert=verify-ca",
        "local all all trust map=x",
        "local \"all all trust",
        "local @file all trust",
        "local all /^a trust",
        "hostgssenc all all all trust",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[256];
        Fault fault = {0};
        snprintf(text, sizeof text, "local all all trust\n\n%s\n", bad[i]);
        HbaFile *file = hba_parse(text_of(text), true, &fault);
        if (file != NULL)
            print_message("taken: %s\n", bad[i]);
        assert_null(file);
        assert_int_equal(fault.code, FAULT_CONFIG_FILE_ERROR);
        assert_non_null(strstr(fault.detail, "line 3"));
    }
}

/* ---------- the exchange ---------- */

typedef struct Client {
    Exchange exchange;
    ScramVerifier verifier;
    uint8_t salted[SCRAM_KEY_SIZE];
    Buffer out;
    Fault fault;
} Client;

static void client_init(Client *client, const char *password, bool is_doomed, const char *end_point)
{
    char text[SCRAM_VERIFIER_SIZE];
    memset(client, 0, sizeof *client);
    assert_true(scram_verifier_make(text_of(password), text, &client->fault));
    assert_true(scram_verifier_parse(text_of(text), &client->verifier));
    exchange_init(&client->exchange, &client->verifier, is_doomed, text_of(end_point));
}

static void client_clear(Client *client)
{
    exchange_clear(&client->exchange);
    buffer_clear(&client->out);
}

static bool first(Client *client, const char *mechanism, const char *message)
{
    buffer_reset(&client->out);
    return exchange_first(&client->exchange, text_of(mechanism), text_of(message), &client->out,
                          &client->fault);
}

static void append_part(Buffer *out, const Buffer *part)
{
    buffer_append(out, part->data, part->length);
}

/* SaltedPassword as a client computes it, a block of PBKDF2. */
static void salt_password(Client *client, const char *password)
{
    uint8_t last[SCRAM_KEY_SIZE], salt[SCRAM_MOST_SALT + 4];
    uint32_t length = client->verifier.salt_length;
    memcpy(salt, client->verifier.salt, length);
    memcpy(salt + length, "\0\0\0\1", 4);
    Text message = {.data = (const char *)salt, .length = length + 4};
    for (uint32_t i = 0; i < client->verifier.iterations; i++) {
        scram_hmac((const uint8_t *)password, strlen(password), message, last);
        message = (Text){.data = (const char *)last, .length = SCRAM_KEY_SIZE};
        for (int k = 0; k < SCRAM_KEY_SIZE; k++)
            client->salted[k] = (uint8_t)(i == 0 ? last[k] : client->salted[k] ^ last[k]);
    }
}

/* The message with its proof, as a client that knows the password makes it. */
static void make_final(Client *client, const char *password, const char *binding, Buffer *out)
{
    uint8_t key[SCRAM_KEY_SIZE], stored[SCRAM_KEY_SIZE], signature[SCRAM_KEY_SIZE];
    Buffer all = BUFFER_EMPTY;
    salt_password(client, password);
    scram_hmac(client->salted, SCRAM_KEY_SIZE, TEXT_LITERAL("Client Key"), key);
    scram_hash((Text){.data = (const char *)key, .length = SCRAM_KEY_SIZE}, stored);
    buffer_printf(out, "c=%s,r=", binding);
    append_part(out, &client->exchange.nonce);
    append_part(&all, &client->exchange.first_bare);
    buffer_append_byte(&all, ',');
    append_part(&all, &client->exchange.server_first);
    buffer_append_byte(&all, ',');
    append_part(&all, out);
    scram_hmac(stored, SCRAM_KEY_SIZE,
               (Text){.data = (const char *)all.data, .length = (uint32_t)all.length}, signature);
    for (int i = 0; i < SCRAM_KEY_SIZE; i++)
        key[i] ^= signature[i];
    buffer_append_string(out, ",p=");
    scram_base64_append(out, key, SCRAM_KEY_SIZE);
    buffer_clear(&all);
}

static bool final(Client *client, const char *message, bool *is_right)
{
    buffer_reset(&client->out);
    return exchange_final(&client->exchange, text_of(message), &client->out, is_right,
                          &client->fault);
}

static bool whole(const char *password, const char *typed, bool is_doomed)
{
    Client client;
    Buffer message = BUFFER_EMPTY;
    bool is_right;
    client_init(&client, password, is_doomed, "");
    assert_true(first(&client, "SCRAM-SHA-256", "n,,n=,r=abc"));
    make_final(&client, typed, "biws", &message);
    assert_true(final(&client, buffer_string(&message), &is_right));
    assert_int_equal(is_right, client.out.length > 0);
    buffer_clear(&message);
    client_clear(&client);
    return is_right;
}

static void test_exchange(void **state)
{
    (void)state;
    assert_true(whole("secret", "secret", false));
    assert_false(whole("secret", "Secret", false));
    assert_false(whole("secret", "secret", true)); /* of a role that may not */
}

static void test_exchange_binding(void **state)
{
    (void)state;
    Client client;
    Buffer message = BUFFER_EMPTY, binding = BUFFER_EMPTY;
    bool is_right;
    client_init(&client, "secret", false, "hash-of-certificate");
    assert_true(first(&client, "SCRAM-SHA-256-PLUS", "p=tls-server-end-point,,n=,r=abc"));
    const char good[] = "p=tls-server-end-point,,hash-of-certificate";
    scram_base64_append(&binding, good, sizeof good - 1);
    make_final(&client, "secret", buffer_string(&binding), &message);
    assert_true(final(&client, buffer_string(&message), &is_right));
    assert_true(is_right);
    client_clear(&client);
    /* Bound to somebody else's certificate: somebody is in between. */
    client_init(&client, "secret", false, "hash-of-certificate");
    assert_true(first(&client, "SCRAM-SHA-256-PLUS", "p=tls-server-end-point,,n=,r=abc"));
    const char other[] = "p=tls-server-end-point,,hash-of-another-one";
    buffer_reset(&binding);
    buffer_reset(&message);
    scram_base64_append(&binding, other, sizeof other - 1);
    make_final(&client, "secret", buffer_string(&binding), &message);
    assert_false(final(&client, buffer_string(&message), &is_right));
    assert_int_equal(client.fault.code, FAULT_INVALID_AUTHORIZATION);
    client_clear(&client);
    /* The offer was taken out on the way: the client says y. */
    client_init(&client, "secret", false, "hash-of-certificate");
    assert_false(first(&client, "SCRAM-SHA-256", "y,,n=,r=abc"));
    assert_int_equal(client.fault.code, FAULT_INVALID_AUTHORIZATION);
    client_clear(&client);
    buffer_clear(&message);
    buffer_clear(&binding);
}

static void test_exchange_hostile_first(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"SCRAM-SHA-1", "n,,n=,r=abc"},
        {"SCRAM-SHA-256-PLUS", "p=tls-server-end-point,,n=,r=abc"}, /* not offered */
        {"SCRAM-SHA-256", "p=tls-server-end-point,,n=,r=abc"},
        {"SCRAM-SHA-256", ""},
        {"SCRAM-SHA-256", "n"},
        {"SCRAM-SHA-256", "n,"},
        {"SCRAM-SHA-256", "n,,"},
        {"SCRAM-SHA-256", "n,,n="},
        {"SCRAM-SHA-256", "n,,n=,"},
        {"SCRAM-SHA-256", "n,,n=,r="},
        {"SCRAM-SHA-256", "n,,r=abc,n="},
        {"SCRAM-SHA-256", "n,,n=,r=a\x7f" "b"},
        {"SCRAM-SHA-256", "n,,n=,r=a b"},
        {"SCRAM-SHA-256", "n,a=boss,n=,r=abc"},
        {"SCRAM-SHA-256", "n,,m=x,n=,r=abc"},
        {"SCRAM-SHA-256", "x,,n=,r=abc"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        Client client;
        client_init(&client, "secret", false, "");
        bool taken = first(&client, bad[i][0], bad[i][1]);
        if (taken)
            print_message("taken: %s\n", bad[i][1]);
        assert_false(taken);
        client_clear(&client);
    }
}

static void test_exchange_hostile_final(void **state)
{
    (void)state;
    Client client;
    bool is_right;
    client_init(&client, "secret", false, "");
    assert_true(first(&client, "SCRAM-SHA-256", "n,,n=,r=abc"));
    static const char *const bad[] = {
        "", "c=", "c=biws", "c=biws,r=abc", "c=biws,r=abc,p=", "r=abc,c=biws,p=AAAA",
        "c=biws,r=abc,p=AAAA", "c=biws,,,,", "p=AAAA", "c=eSws,r=abc,p=AAAA", "c=biws,r=abc,x",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(final(&client, bad[i], &is_right));
    /* The right message, with one byte of the nonce changed: an older exchange's. */
    Buffer message = BUFFER_EMPTY;
    make_final(&client, "secret", "biws", &message);
    char *text = strdup(buffer_string(&message));
    char *nonce = strstr(text, "r=abc") + 6;
    *nonce = *nonce == 'A' ? 'B' : 'A';
    assert_false(final(&client, text, &is_right));
    assert_non_null(strstr(client.fault.message, "nonce"));
    free(text);
    /* Cut short anywhere it fails, and whole it is still good. */
    text = strdup(buffer_string(&message));
    for (size_t length = strlen(text) - 1; length > 0; length--) {
        text[length] = 0;
        assert_false(final(&client, text, &is_right) && is_right);
    }
    free(text);
    assert_true(final(&client, buffer_string(&message), &is_right));
    assert_true(is_right);
    buffer_clear(&message);
    client_clear(&client);
    /* The same message to another exchange. */
    client_init(&client, "secret", false, "");
    client_clear(&client);
}

/* ---------- the whole decision ---------- */

static void write_file(const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static AuthStep begin(AuthServer *server, const char *address, const char *user, Fault *fault)
{
    AuthAttempt *attempt;
    Buffer out = BUFFER_EMPTY;
    AuthPeer peer = from(address);
    AuthStep step = auth_begin(server, &peer, text_of(user), text_of("db"), &attempt, &out, fault);
    auth_end(attempt);
    buffer_clear(&out);
    return step;
}

static void test_decide(void **state)
{
    (void)state;
    Fault fault;
    AuthServer *server = auth_server_new(folder, &settings, &fault);
    assert_non_null(server);
    static const char *const near[] = {NULL, "127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"};
    static const char *const far[] = {"::ffff:10.0.0.1", "10.0.0.1", "fe80::1", "0.0.0.0"};
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(begin(server, near[i], "ann", &fault), AUTH_ADMITS);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(begin(server, far[i], "ann", &fault), AUTH_REFUSES);
        assert_int_equal(fault.code, FAULT_INVALID_AUTHORIZATION);
    }
    Arena *arena = arena_new("test");
    AccessChange change = {.meta = server->meta, .arena = arena, .user = TEXT_LITERAL("root")};
    AccessRoleChange role = {.name = TEXT_LITERAL("ann"),
                             .login = ACCESS_YES,
                             .has_password = true,
                             .password = TEXT_LITERAL("pw")};
    assert_true(access_create_role(&change, &role, &fault));
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(begin(server, near[i], "ann", &fault), AUTH_WAITS);
    assert_int_equal(begin(server, "10.0.0.1", "nobody", &fault), AUTH_WAITS);
    /* A salt of nobody is the same each time. */
    ScramVerifier one, two;
    const char *why;
    assert_false(auth_server_verifier(server, TEXT_LITERAL("nobody"), &one, &why));
    assert_false(auth_server_verifier(server, TEXT_LITERAL("nobody"), &two, &why));
    assert_memory_equal(one.salt, two.salt, sizeof one.salt);
    assert_true(auth_server_verifier(server, TEXT_LITERAL("ann"), &one, &why));
    /* With a file the file decides; a bad one changes nothing. */
    write_file("pg_hba.conf", "local all all trust\nhost all bob 127.0.0.1/32 reject\n");
    auth_server_reload(server);
    assert_int_equal(begin(server, NULL, "ann", &fault), AUTH_ADMITS);
    assert_int_equal(begin(server, "127.0.0.1", "bob", &fault), AUTH_REFUSES);
    assert_string_equal(fault.message, "pg_hba.conf rejects connection for host \"127.0.0.1\", "
                                       "user \"bob\", database \"db\", no encryption");
    assert_int_equal(begin(server, "127.0.0.1", "ann", &fault), AUTH_REFUSES);
    assert_string_equal(fault.message, "no pg_hba.conf entry for host \"127.0.0.1\", "
                                       "user \"ann\", database \"db\", no encryption");
    write_file("pg_hba.conf", "local all all reject\nlocal all all magic\n");
    auth_server_reload(server);
    assert_int_equal(begin(server, NULL, "ann", &fault), AUTH_ADMITS);
    auth_server_free(server);
    assert_null(auth_server_new(folder, &settings, &fault));
    assert_int_equal(fault.code, FAULT_CONFIG_FILE_ERROR);
    arena_free(arena);
}

static void test_text(void **state)
{
    (void)state;
    char text[64];
    AuthPeer peer = from("::1");
    auth_peer_text(&peer, text, sizeof text);
    assert_string_equal(text, "::1");
    peer = from("1.2.3.4");
    assert_int_equal(auth_peer_port(&peer), 77);
    peer = from(NULL);
    auth_peer_text(&peer, text, sizeof text);
    assert_string_equal(text, "");
    assert_int_equal(auth_peer_port(&peer), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hba_match),
        cmocka_unit_test(test_hba_groups),
        cmocka_unit_test(test_hba_faults),
        cmocka_unit_test(test_exchange),
        cmocka_unit_test(test_exchange_binding),
        cmocka_unit_test(test_exchange_hostile_first),
        cmocka_unit_test(test_exchange_hostile_final),
        cmocka_unit_test(test_decide),
        cmocka_unit_test(test_text),
    };
    setting_defaults(&settings);
    snprintf(folder, sizeof folder, "/tmp/talaria-auth-%d", (int)getpid());
    char command[96];
    snprintf(command, sizeof command, "mkdir -p %s", folder);
    int failed = system(command) != 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return failed + (system(command) != 0);
}
