/*
 * Internet addresses and those of network cards: inet, cidr, macaddr, macaddr8. Values are their
 * canonical texts, so that equal ones are equal bytes; these functions take them apart.
 */
#ifndef TALARIA_ENGINE_TYPE_NETWORK_H
#define TALARIA_ENGINE_TYPE_NETWORK_H

#include "engine/type/type.h"

enum { NETWORK_TEXT_SIZE = 64, NETWORK_ORDER_SIZE = 34, MAC_TEXT_SIZE = 24 };

typedef struct NetworkAddress {
    uint8_t bytes[16]; /* behind the address: zeros */
    uint8_t size;      /* 4 or 16 */
    uint8_t bits;      /* of the netmask */
} NetworkAddress;

/* PostgreSQL's input: for cidr missing octets are zeros, and bits behind the mask are refused.
 * Faults: 22P02. */
bool network_parse(Text text, bool is_cidr, NetworkAddress *address, Fault *fault);
/* Its text and length: with /bits for cidr, and for inet unless all bits count. */
uint32_t network_text(const NetworkAddress *address, bool is_cidr, char *out);
/* With /bits always, or never. */
uint32_t network_text_full(const NetworkAddress *address, bool with_bits, char *out);
/* Bytes that order as PostgreSQL orders addresses: by family, network, mask, host. */
uint32_t network_order(const NetworkAddress *address, uint8_t *out);
/* Zeros (ones) behind so many bits. */
void network_mask(NetworkAddress *address, unsigned bits, bool ones);
/* Whether the first so many bits are alike; families must be. */
bool network_same_prefix(const NetworkAddress *a, const NetworkAddress *b, unsigned bits);

/* Six or eight bytes of a card, in any of PostgreSQL's spellings; six become eight with ff:fe in
 * the middle. Faults: 22P02, 22003. */
bool mac_parse(Text text, uint32_t size, uint8_t *bytes, Fault *fault);
uint32_t mac_text(const uint8_t *bytes, uint32_t size, char *out);

#endif
