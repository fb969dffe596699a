/*
 * Which hosts and URLs http sources may reach.
 */
#ifndef TALARIA_ENGINE_INPUT_HTTP_INTERNAL_H
#define TALARIA_ENGINE_INPUT_HTTP_INTERNAL_H

#include "base/fault/fault.h"
#include "base/memory/text.h"
#include "base/setting/setting.h"

#include <sys/socket.h>

/*
 * Decides on a resolved address, so that no name and no redirect leads where it may not. Refused
 * are addresses that are nobody's web server: link-local ones (where clouds keep the secrets of
 * their machines), multicast, broadcast and the unspecified address, also when an IPv6 address
 * wraps an IPv4 one.
 */
bool http_address_is_allowed(const struct sockaddr *address);

/* Whether the URL's protocol is one that may be fetched: http or https, and in
 * extern_allowed_protocols. Faults: 22023 no URL, 42501 not allowed. */
bool http_url_check(Text url, const Settings *settings, Fault *fault);
/* Whether a word is in a setting's comma-separated list; case does not matter. */
bool http_is_listed(const char *list, const char *word, size_t length);

#endif
