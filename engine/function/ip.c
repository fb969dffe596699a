/*
 * Internet addresses: IPV4_MATCH, IPV4_PARSE, IPV4_STRINGIFY, IPV6_MATCH.
 *
 * An address is a text or, for IPv4, an integer. What is no address does not match; a subnet
 * that is none is a fault when the expression is compiled.
 */
#include "engine/function/text_internal.h"

#include <arpa/inet.h>
#include <stdio.h>

typedef struct Subnet {
    uint8_t address[16];
    int bits; /* of the prefix */
    int size; /* bytes of an address: 4 or 16 */
} Subnet;

typedef struct SubnetPrepared {
    RowMemo memo;
    bool is_ready;
    Subnet subnet;
} SubnetPrepared;

/* Four numbers of 0 to 255 without signs or blanks. */
static bool ipv4_parse(Text text, uint32_t *address)
{
    const char *at = text.data, *end = at + text.length;
    *address = 0;
    for (int part = 0; part < 4; part++) {
        uint32_t value = 0;
        int digits = 0;
        if (part > 0 && (at == end || *at++ != '.'))
            return false;
        for (; at < end && (uint8_t)(*at - '0') < 10 && digits < 3; digits++)
            value = value * 10 + (uint32_t)(*at++ - '0');
        if (digits == 0 || value > 255)
            return false;
        *address = *address << 8 | value;
    }
    return at == end;
}

static bool ipv6_parse(Text text, uint8_t address[16])
{
    char terminated[64];
    if (text.length == 0 || text.length >= sizeof terminated)
        return false;
    memcpy(terminated, text.data, text.length);
    terminated[text.length] = '\0';
    return strlen(terminated) == text.length && inet_pton(AF_INET6, terminated, address) == 1;
}

static bool subnet_parse(Text text, int size, Subnet *subnet, Fault *fault)
{
    *subnet = (Subnet){.bits = size * 8, .size = size};
    const char *slash = text.length == 0 ? NULL : memchr(text.data, '/', text.length);
    Text address = slash == NULL ? text : text_between(text.data, slash);
    bool is_good = true;
    if (slash != NULL) {
        int bits = 0, digits = 0;
        for (const char *at = slash + 1; at < text.data + text.length; at++, digits++) {
            is_good = is_good && (uint8_t)(*at - '0') < 10 && digits < 3;
            bits = is_good ? bits * 10 + (*at - '0') : bits;
        }
        is_good = is_good && digits > 0 && bits <= size * 8;
        subnet->bits = bits;
    }
    uint32_t ipv4 = 0;
    if (size == 4) {
        is_good = is_good && ipv4_parse(address, &ipv4);
        for (int i = 0; i < 4; i++)
            subnet->address[i] = (uint8_t)(ipv4 >> (24 - 8 * i));
    } else {
        is_good = is_good && ipv6_parse(address, subnet->address);
    }
    return is_good || fault_set(fault, FAULT_INVALID_PARAMETER_VALUE, "\"%.*s\" is not a subnet",
                                TEXT_ARGS(text));
}

static bool subnet_holds(const Subnet *subnet, const uint8_t *address)
{
    int whole = subnet->bits / 8, rest = subnet->bits % 8;
    return memcmp(subnet->address, address, (size_t)whole) == 0 &&
           (rest == 0 || ((subnet->address[whole] ^ address[whole]) >> (8 - rest)) == 0);
}

static bool subnet_prepare(ScalarCall *call, int size, Arena *arena, Fault *fault)
{
    SubnetPrepared *prepared = ARENA_NEW(arena, SubnetPrepared);
    row_memo_init(&prepared->memo, arena);
    call->prepared = prepared;
    const Vector *text = call_constant(call, 1);
    if (text == NULL || vector_is_null(text, 0))
        return true;
    prepared->is_ready = true;
    return subnet_parse(vector_text(text, 0), size, &prepared->subnet, fault);
}

static bool ipv4_prepare(ScalarCall *call, Arena *arena, Fault *fault)
{
    return subnet_prepare(call, 4, arena, fault);
}

static bool ipv6_prepare(ScalarCall *call, Arena *arena, Fault *fault)
{
    return subnet_prepare(call, 16, arena, fault);
}

/* The subnet of a row. */
static const Subnet *subnet_of(RowRun *run, uint32_t row, int size, Subnet *own)
{
    const SubnetPrepared *prepared = run->call->prepared;
    if (prepared->is_ready)
        return &prepared->subnet;
    return subnet_parse(row_text(run, 1, row), size, own, run->fault) ? own : NULL;
}

/* The IPv4 address of a row, from a text or an integer. */
static bool ipv4_of(const RowRun *run, uint32_t row, uint32_t *address)
{
    if (run->arguments[0].layout == LAYOUT_STRING)
        return ipv4_parse(row_text(run, 0, row), address);
    int64_t value = row_int64(run, 0, row);
    *address = (uint32_t)value;
    return value >= 0 && value <= UINT32_MAX;
}

static bool ipv4_match_row(RowRun *run, uint32_t row, uint8_t *result, uint8_t *is_null)
{
    Subnet own;
    uint32_t address;
    *result = 0;
    if (row_is_null(run, 1, row)) {
        *is_null = 1;
        return true;
    }
    const Subnet *subnet = subnet_of(run, row, 4, &own);
    if (subnet == NULL)
        return false;
    if (row_is_null(run, 0, row) || !ipv4_of(run, row, &address))
        return true;
    address = htonl(address);
    *result = subnet_holds(subnet, (const uint8_t *)&address);
    return true;
}

static bool ipv6_match_row(RowRun *run, uint32_t row, uint8_t *result, uint8_t *is_null)
{
    Subnet own;
    uint8_t address[16];
    *result = 0;
    if (row_is_null(run, 1, row)) {
        *is_null = 1;
        return true;
    }
    const Subnet *subnet = subnet_of(run, row, 16, &own);
    if (subnet == NULL)
        return false;
    if (!row_is_null(run, 0, row) && ipv6_parse(row_text(run, 0, row), address))
        *result = subnet_holds(subnet, address);
    return true;
}

static bool ipv4_parse_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    uint32_t address = 0;
    *is_null = !ipv4_of(run, row, &address);
    *result = address;
    return true;
}

static bool ipv4_stringify_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    uint32_t address;
    *result = (Text){.data = "", .length = 0};
    *is_null = !ipv4_of(run, row, &address);
    if (*is_null)
        return true;
    char *out = text_sink_reserve(&run->sink, 16);
    int length = snprintf(out, 16, "%u.%u.%u.%u", address >> 24, address >> 16 & 255,
                          address >> 8 & 255, address & 255);
    *result = text_sink_take(&run->sink, (size_t)length);
    return true;
}

/* --- PostgreSQL's inet: its text form, with /n where the netmask is not the whole address --- */

static uint32_t host_length(Text address)
{
    const char *slash = address.length == 0 ? NULL : memchr(address.data, '/', address.length);
    return slash == NULL ? address.length : (uint32_t)(slash - address.data);
}

static bool is_version_6(Text address)
{
    return address.length > 0 && memchr(address.data, ':', address.length) != NULL;
}

static bool host_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    Text address = row_text(run, 0, row);
    *result = (Text){.data = address.data, .length = host_length(address)};
    return true;
}

static bool family_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    *result = is_version_6(row_text(run, 0, row)) ? 6 : 4;
    return true;
}

static bool masklen_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    Text address = row_text(run, 0, row);
    *result = 0;
    for (uint32_t i = host_length(address) + 1; i < address.length; i++)
        *result = *result * 10 + (address.data[i] - '0');
    if (host_length(address) == address.length)
        *result = is_version_6(address) ? 128 : 32;
    return true;
}

ROW_LOOP(host_loop, host_row, Text)
ROW_LOOP(family_loop, family_row, int64_t)
ROW_LOOP(masklen_loop, masklen_row, int64_t)
ROW_LOOP(ipv4_match_loop, ipv4_match_row, uint8_t)
ROW_LOOP(ipv6_match_loop, ipv6_match_row, uint8_t)
ROW_LOOP(ipv4_parse_loop, ipv4_parse_row, int64_t)
ROW_LOOP(ipv4_stringify_loop, ipv4_stringify_row, Text)

#define MATCH_ROW(id, function, type, prepare_method, loop_method, sample)                         \
    { .oid = id, .name = function, .argument_count = 2, .arguments = { type, T_TEXT },             \
      .result = T_BOOL, .nulls = NULLS_CALLED, .run = run_rows, .prepare = prepare_method,         \
      .loop = (void *)(loop_method),                                                               \
      .summary = "Whether an address belongs to a subnet; what is no address does not.",           \
      .example = sample, .gives = "t" }
#define ADDRESS_ROW(id, function, type, result_type, loop_method, does, sample, value)             \
    { .oid = id, .name = function, .argument_count = 1, .arguments = { type },                     \
      .result = result_type, .run = run_rows, .prepare = rows_prepare,                             \
      .loop = (void *)(loop_method), .summary = does, .example = sample, .gives = value }

const ScalarFunction ip_functions[] = {
    MATCH_ROW(91500, "ipv4_match", T_TEXT, ipv4_prepare, ipv4_match_loop,
              "ipv4_match('192.168.0.1', '192.168.0.0/16')"),
    MATCH_ROW(91501, "ipv4_match", T_INT8, ipv4_prepare, ipv4_match_loop,
              "ipv4_match(3232235521, '192.168.0.0/16')"),
    MATCH_ROW(91502, "ipv6_match", T_TEXT, ipv6_prepare, ipv6_match_loop,
              "ipv6_match('2001:db8::1', '2001:db8::/32')"),
    ADDRESS_ROW(91503, "ipv4_parse", T_TEXT, T_INT8, ipv4_parse_loop,
                "An IPv4 address as an integer; NULL when it is none.", "ipv4_parse('5.5.5.5')",
                "84215045"),
    ADDRESS_ROW(699, "host", T_INET, T_TEXT, host_loop, "An address without its netmask.",
                "host('192.168.1.5/24')", "192.168.1.5"),
    ADDRESS_ROW(711, "family", T_INET, T_INT4, family_loop, "The version of an address: 4 or 6.",
                "family('::1')", "6"),
    ADDRESS_ROW(697, "masklen", T_INET, T_INT4, masklen_loop, "The bits of an address's netmask.",
                "masklen('192.168.1.5/24')", "24"),
    ADDRESS_ROW(91504, "ipv4_parse", T_INT8, T_INT8, ipv4_parse_loop,
                "The integer itself when it is an IPv4 address, else NULL.",
                "ipv4_parse(84215045)", "84215045"),
    ADDRESS_ROW(91505, "ipv4_stringify", T_INT8, T_TEXT, ipv4_stringify_loop,
                "An integer as an IPv4 address; NULL when it is none.",
                "ipv4_stringify(84215045)", "5.5.5.5"),
    ADDRESS_ROW(91506, "ipv4_stringify", T_TEXT, T_TEXT, ipv4_stringify_loop,
                "The text itself when it is an IPv4 address, else NULL.",
                "ipv4_stringify('5.5.5.5')", "5.5.5.5"),
};
const uint32_t ip_function_count = sizeof ip_functions / sizeof ip_functions[0];
