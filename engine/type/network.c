/*
 * Internet addresses and addresses of network cards: texts to bytes and back.
 */
#include "engine/type/network.h"

#include "engine/type/type_internal.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>

/* --- inet, cidr --- */

static bool read_bits(Text text, unsigned most, uint8_t *bits)
{
    int64_t value;
    Fault ignored;
    if (text.length == 0 || !isdigit((unsigned char)text.data[0]) ||
        !int64_parse(text, "inet", 0, most, &value, &ignored))
        return false;
    *bits = (uint8_t)value;
    return true;
}

/* 10.1 for 10.1.0.0: as many octets as are written; their number. */
static int read_octets(const char *text, uint8_t *bytes)
{
    int count = 0;
    while (count < 4) {
        unsigned value = 0;
        int digits = 0;
        for (; isdigit((unsigned char)*text) && digits < 4; digits++)
            value = value * 10 + (unsigned)(*text++ - '0');
        if (digits == 0 || value > 255)
            return 0;
        bytes[count++] = (uint8_t)value;
        if (*text == '\0')
            return count;
        if (*text++ != '.')
            return 0;
    }
    return 0;
}

/* The mask that the class of an address without one had. */
static uint8_t bits_of_class(uint8_t first, int octets)
{
    int bits = first >= 240 ? 32 : first >= 224 ? 8 : first >= 192 ? 24 : first >= 128 ? 16 : 8;
    return (uint8_t)(bits < 8 * octets ? 8 * octets : bits);
}

static bool read_address(Text text, bool is_cidr, NetworkAddress *address)
{
    char terminated[NETWORK_TEXT_SIZE];
    const char *slash = text.length == 0 ? NULL : memchr(text.data, '/', text.length);
    uint32_t length = slash == NULL ? text.length : (uint32_t)(slash - text.data);
    if (length == 0 || length >= sizeof terminated || memchr(text.data, '\0', length) != NULL)
        return false;
    memcpy(terminated, text.data, length);
    terminated[length] = '\0';
    *address = (NetworkAddress){.size = strchr(terminated, ':') != NULL ? 16 : 4};
    int octets = 4;
    if (address->size == 16) {
        if (inet_pton(AF_INET6, terminated, address->bytes) != 1)
            return false;
    } else {
        octets = read_octets(terminated, address->bytes);
        if (octets == 0 || (octets < 4 && !is_cidr && slash == NULL))
            return false;
    }
    unsigned most = address->size * 8U;
    address->bits = (uint8_t)most;
    if (slash != NULL)
        return read_bits((Text){slash + 1, text.length - length - 1}, most, &address->bits);
    if (is_cidr && octets < 4)
        address->bits = bits_of_class(address->bytes[0], octets);
    return true;
}

bool network_parse(Text text, bool is_cidr, NetworkAddress *address, Fault *fault)
{
    const char *name = is_cidr ? "cidr" : "inet";
    if (!read_address(parse_trim(text), is_cidr, address))
        return parse_fault(fault, FAULT_INVALID_TEXT_REPRESENTATION, name, text);
    NetworkAddress network = *address;
    network_mask(&network, network.bits, false);
    if (!is_cidr || memcmp(network.bytes, address->bytes, 16) == 0)
        return true;
    fault_set(fault, FAULT_INVALID_TEXT_REPRESENTATION, "invalid cidr value: \"%.*s\"",
              TEXT_ARGS(text));
    return fault_detail(fault, "Value has bits set to right of mask.");
}

uint32_t network_text_full(const NetworkAddress *address, bool with_bits, char *out)
{
    inet_ntop(address->size == 4 ? AF_INET : AF_INET6, address->bytes, out, NETWORK_TEXT_SIZE);
    uint32_t length = (uint32_t)strlen(out);
    if (with_bits)
        length += (uint32_t)snprintf(out + length, NETWORK_TEXT_SIZE - length, "/%u",
                                     address->bits);
    return length;
}

uint32_t network_text(const NetworkAddress *address, bool is_cidr, char *out)
{
    return network_text_full(address, is_cidr || address->bits != address->size * 8, out);
}

void network_mask(NetworkAddress *address, unsigned bits, bool ones)
{
    for (unsigned i = 0; i < address->size; i++) {
        unsigned kept = bits >= 8 * (i + 1) ? 8 : bits <= 8 * i ? 0 : bits - 8 * i;
        uint8_t mask = (uint8_t)(0xff00 >> kept);
        address->bytes[i] = ones ? address->bytes[i] | (uint8_t)~mask : address->bytes[i] & mask;
    }
}

bool network_same_prefix(const NetworkAddress *a, const NetworkAddress *b, unsigned bits)
{
    NetworkAddress left = *a, right = *b;
    network_mask(&left, bits, false);
    network_mask(&right, bits, false);
    return memcmp(left.bytes, right.bytes, 16) == 0;
}

uint32_t network_order(const NetworkAddress *address, uint8_t *out)
{
    NetworkAddress network = *address;
    uint32_t size = address->size;
    network_mask(&network, network.bits, false);
    out[0] = (uint8_t)size;
    memcpy(out + 1, network.bytes, size);
    out[1 + size] = address->bits;
    memcpy(out + 2 + size, address->bytes, size);
    return 2 + 2 * size;
}

/* --- macaddr, macaddr8 --- */

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Pairs of digits, all with the same sign between some of them; their number, 0 when malformed. */
static uint32_t read_pairs(Text text, uint8_t *bytes)
{
    uint32_t count = 0;
    char sign = '\0';
    for (uint32_t i = 0; i < text.length;) {
        int high = hex_value(text.data[i]);
        int low = i + 1 < text.length ? hex_value(text.data[i + 1]) : -1;
        if (count == 8 || high < 0)
            return 0;
        bool is_single = low < 0; /* 8:0:2b: a digit alone */
        bytes[count++] = (uint8_t)(is_single ? high : high << 4 | low);
        i += is_single ? 1 : 2;
        if (i == text.length)
            break;
        char next = text.data[i];
        if (next != ':' && next != '-' && next != '.') {
            if (is_single)
                return 0;
            continue;
        }
        if ((sign != '\0' && sign != next) || ++i == text.length)
            return 0;
        sign = next;
    }
    return count;
}

bool mac_parse(Text text, uint32_t size, uint8_t *bytes, Fault *fault)
{
    uint8_t read[8];
    uint32_t count = read_pairs(parse_trim(text), read);
    if (count == size) {
        memcpy(bytes, read, size);
        return true;
    }
    if (count == 6 && size == 8) {
        memcpy(bytes, read, 3);
        bytes[3] = 0xff;
        bytes[4] = 0xfe;
        memcpy(bytes + 5, read + 3, 3);
        return true;
    }
    return parse_fault(fault, FAULT_INVALID_TEXT_REPRESENTATION,
                       size == 6 ? "macaddr" : "macaddr8", text);
}

uint32_t mac_text(const uint8_t *bytes, uint32_t size, char *out)
{
    static const char digits[] = "0123456789abcdef";
    char *p = out;
    for (uint32_t i = 0; i < size; i++) {
        if (i > 0)
            *p++ = ':';
        *p++ = digits[bytes[i] >> 4];
        *p++ = digits[bytes[i] & 15];
    }
    return (uint32_t)(p - out);
}
