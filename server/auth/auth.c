/*
 * See auth.h.
 */
#include "server/auth/auth.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>

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

bool auth_decide(const AuthPeer *peer, Text user, Text database, Fault *fault)
{
    if (peer->address.ss_family == AF_UNIX || is_loopback(&peer->address))
        return true;
    char address[INET6_ADDRSTRLEN];
    auth_peer_text(peer, address, sizeof address);
    fault_set(fault, FAULT_INVALID_AUTHORIZATION,
              "no rule lets user \"%.*s\" in to database \"%.*s\" from host \"%s\"",
              TEXT_ARGS(user), TEXT_ARGS(database), address);
    return fault_hint(fault, "Connect from the machine that the server runs on.");
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
