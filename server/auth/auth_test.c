/* The one rule: this machine is let in, others are not. */
#include "server/auth/auth.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static AuthPeer from(const char *address)
{
    AuthPeer peer = {0};
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    if (address == NULL)
        peer.address.ss_family = AF_UNIX;
    else if (inet_pton(AF_INET, address, &in.sin_addr) == 1)
        memcpy(&peer.address, &in, sizeof in);
    else if (inet_pton(AF_INET6, address, &in6.sin6_addr) == 1)
        memcpy(&peer.address, &in6, sizeof in6);
    return peer;
}

static void expect(const char *address, bool allowed)
{
    Fault fault;
    AuthPeer peer = from(address);
    bool decided = auth_decide(&peer, text_of("ann"), text_of("db"), &fault);
    assert_int_equal(decided, allowed);
    if (!allowed)
        assert_int_equal(fault.code, FAULT_INVALID_AUTHORIZATION);
}

static void test_rule(void **state)
{
    expect(NULL, true);
    expect("127.0.0.1", true);
    expect("127.8.8.8", true);
    expect("::1", true);
    expect("::ffff:127.0.0.1", true);
    expect("::ffff:10.0.0.1", false);
    expect("10.0.0.1", false);
    expect("fe80::1", false);
    expect("0.0.0.0", false);
}

static void test_text(void **state)
{
    char text[64];
    AuthPeer peer = from("::1");
    auth_peer_text(&peer, text, sizeof text);
    assert_string_equal(text, "::1");
    peer = from(NULL);
    auth_peer_text(&peer, text, sizeof text);
    assert_string_equal(text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rule), cmocka_unit_test(test_text)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
