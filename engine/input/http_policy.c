/*
 * Which hosts and URLs http sources may reach.
 */
#include "engine/input/http_internal.h"

#include "engine/input/input_internal.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <strings.h>

static bool ipv4_is_allowed(uint32_t address)
{
    if (address >> 24 == 0) /* 0.0.0.0/8: this host, this network */
        return false;
    if (address >> 16 == 0xA9FE) /* 169.254.0.0/16: link-local */
        return false;
    return address >> 28 < 0xE; /* 224.0.0.0 and up: multicast, reserved, broadcast */
}

static bool ipv6_is_allowed(const struct in6_addr *address)
{
    static const uint8_t translated[12] = {0x00, 0x64, 0xFF, 0x9B}; /* 64:ff9b::/96, RFC 6052 */
    uint32_t last;
    memcpy(&last, address->s6_addr + 12, sizeof last);
    if (IN6_IS_ADDR_LOOPBACK(address))
        return true;
    if (IN6_IS_ADDR_V4MAPPED(address) || IN6_IS_ADDR_V4COMPAT(address) ||
        memcmp(address->s6_addr, translated, sizeof translated) == 0)
        return ipv4_is_allowed(ntohl(last));
    return !IN6_IS_ADDR_UNSPECIFIED(address) && !IN6_IS_ADDR_LINKLOCAL(address) &&
           !IN6_IS_ADDR_MULTICAST(address);
}

bool http_address_is_allowed(const struct sockaddr *address)
{
    switch (address->sa_family) {
    case AF_INET: {
        struct sockaddr_in ipv4;
        memcpy(&ipv4, address, sizeof ipv4);
        return ipv4_is_allowed(ntohl(ipv4.sin_addr.s_addr));
    }
    case AF_INET6: {
        struct sockaddr_in6 ipv6;
        memcpy(&ipv6, address, sizeof ipv6);
        return ipv6_is_allowed(&ipv6.sin6_addr);
    }
    default:
        return false;
    }
}

bool http_is_listed(const char *list, const char *word, size_t length)
{
    while (*list != '\0') {
        list += strspn(list, ", ");
        size_t item = strcspn(list, ", ");
        if (item == length && item != 0 && strncasecmp(list, word, length) == 0)
            return true;
        list += item;
    }
    return false;
}

bool http_url_check(Text url, const Settings *settings, Fault *fault)
{
    char snippet[SNIPPET_SIZE];
    const char *colon = memmem(url.data, url.length, "://", 3);
    if (colon == NULL || memchr(url.data, 0, url.length) != NULL)
        return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE, "\"%s\" is no URL",
                         input_snippet(url, snippet));
    size_t length = (size_t)(colon - url.data);
    if (http_is_listed("http,https", url.data, length) &&
        http_is_listed(settings->extern_allowed_protocols, url.data, length))
        return true;
    fault_set(fault, FAULT_INSUFFICIENT_PRIVILEGE, "the protocol of \"%s\" is not allowed",
              input_snippet(url, snippet));
    return fault_hint(fault, "Allowed are: %s.", settings->extern_allowed_protocols);
}
