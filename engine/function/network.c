/*
 * Operators and functions of inet, cidr, macaddr and macaddr8. The values are canonical texts
 * (engine/type/network.h), so that equality needs none of this; order has a form of its own.
 */
#include "engine/function/rows_internal.h"
#include "engine/type/network.h"

#include <stdio.h>

static bool is_cidr(Oid type)
{
    return type == T_CIDR;
}

static bool row_network(RowRun *run, uint32_t argument, uint32_t row, NetworkAddress *address)
{
    return network_parse(row_text(run, argument, row),
                         is_cidr(run->call->argument_types[argument].oid), address, run->fault);
}

static bool row_networks(RowRun *run, uint32_t row, NetworkAddress *a, NetworkAddress *b)
{
    return row_network(run, 0, row, a) && row_network(run, 1, row, b);
}

static bool put_network(RowRun *run, const NetworkAddress *address, Text *result)
{
    char *out = text_sink_reserve(&run->sink, NETWORK_TEXT_SIZE);
    *result = text_sink_take(&run->sink,
                             network_text(address, is_cidr(run->call->result_type.oid), out));
    return true;
}

static bool same_family(const NetworkAddress *a, const NetworkAddress *b, const char *what,
                        Fault *fault)
{
    return a->size == b->size ||
           fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                     "cannot %s inet values of different sizes", what);
}

/* --- order --- */

static bool order_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    NetworkAddress address;
    if (!row_network(run, 0, row, &address))
        return false;
    uint8_t *out = (uint8_t *)text_sink_reserve(&run->sink, NETWORK_ORDER_SIZE);
    *result = text_sink_take(&run->sink, network_order(&address, out));
    return true;
}

static bool compare_rows(RowRun *run, uint32_t row, int *order)
{
    NetworkAddress a, b;
    uint8_t left[NETWORK_ORDER_SIZE], right[NETWORK_ORDER_SIZE];
    if (!row_networks(run, row, &a, &b))
        return false;
    uint32_t size_a = network_order(&a, left), size_b = network_order(&b, right);
    *order = memcmp(left, right, size_a < size_b ? size_a : size_b);
    return true;
}

#define TEST(name, condition)                                                                      \
    static bool name##_row(RowRun *run, uint32_t row, uint8_t *result, uint8_t *is_null)           \
    {                                                                                              \
        int order;                                                                                 \
        if (!compare_rows(run, row, &order))                                                       \
            return false;                                                                          \
        *result = condition;                                                                       \
        return true;                                                                               \
    }                                                                                              \
    ROW_LOOP(name##_loop, name##_row, uint8_t)
TEST(less, order < 0)
TEST(less_equal, order <= 0)
TEST(greater, order > 0)
TEST(greater_equal, order >= 0)
TEST(equal, order == 0)
TEST(unequal, order != 0)

/* --- one within another --- */

#define WITHIN(name, condition)                                                                    \
    static bool name##_row(RowRun *run, uint32_t row, uint8_t *result, uint8_t *is_null)           \
    {                                                                                              \
        NetworkAddress a, b;                                                                       \
        if (!row_networks(run, row, &a, &b))                                                       \
            return false;                                                                          \
        unsigned least = a.bits < b.bits ? a.bits : b.bits;                                        \
        *result = a.size == b.size && (condition) && network_same_prefix(&a, &b, least);           \
        return true;                                                                               \
    }                                                                                              \
    ROW_LOOP(name##_loop, name##_row, uint8_t)
WITHIN(inside, a.bits > b.bits)
WITHIN(inside_equal, a.bits >= b.bits)
WITHIN(around, a.bits < b.bits)
WITHIN(around_equal, a.bits <= b.bits)
WITHIN(overlap, true)

/* --- parts --- */

/* The same address as the other type. */
static bool keep_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    NetworkAddress address;
    return row_network(run, 0, row, &address) && put_network(run, &address, result);
}

static bool broadcast_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    NetworkAddress address;
    if (!row_network(run, 0, row, &address))
        return false;
    network_mask(&address, address.bits, true);
    return put_network(run, &address, result);
}

static bool network_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    NetworkAddress address;
    if (!row_network(run, 0, row, &address))
        return false;
    network_mask(&address, address.bits, false);
    return put_network(run, &address, result);
}

static bool put_mask(RowRun *run, uint32_t row, bool is_host, Text *result)
{
    NetworkAddress address;
    if (!row_network(run, 0, row, &address))
        return false;
    unsigned bits = address.bits;
    memset(address.bytes, is_host ? 0 : 0xff, address.size);
    network_mask(&address, bits, is_host);
    address.bits = (uint8_t)(address.size * 8);
    return put_network(run, &address, result);
}

static bool netmask_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    return put_mask(run, row, false, result);
}

static bool hostmask_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    return put_mask(run, row, true, result);
}

static bool set_masklen_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    NetworkAddress address;
    int64_t bits = row_int64(run, 1, row);
    if (!row_network(run, 0, row, &address))
        return false;
    if (bits < -1 || bits > address.size * 8)
        return fault_set(run->fault, FAULT_INVALID_PARAMETER_VALUE, "invalid mask length: %lld",
                         (long long)bits);
    address.bits = (uint8_t)(bits == -1 ? address.size * 8 : bits);
    if (is_cidr(run->call->result_type.oid))
        network_mask(&address, address.bits, false);
    return put_network(run, &address, result);
}

static bool show_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    NetworkAddress address;
    if (!row_network(run, 0, row, &address))
        return false;
    char *out = text_sink_reserve(&run->sink, NETWORK_TEXT_SIZE);
    *result = text_sink_take(&run->sink, network_text_full(&address, true, out));
    return true;
}

/* A cidr without the octets that its mask leaves no bits of. */
static bool abbreviate_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    NetworkAddress address;
    if (!row_network(run, 0, row, &address))
        return false;
    if (!is_cidr(run->call->argument_types[0].oid))
        return put_network(run, &address, result);
    if (address.size != 4)
        return show_row(run, row, result, is_null);
    char *out = text_sink_reserve(&run->sink, NETWORK_TEXT_SIZE);
    int length = 0, octets = address.bits == 0 ? 1 : (address.bits + 7) / 8;
    for (int i = 0; i < octets; i++)
        length += snprintf(out + length, NETWORK_TEXT_SIZE - (size_t)length, "%s%u",
                           i > 0 ? "." : "", address.bytes[i]);
    length += snprintf(out + length, NETWORK_TEXT_SIZE - (size_t)length, "/%u", address.bits);
    *result = text_sink_take(&run->sink, (size_t)length);
    return true;
}

static bool same_family_row(RowRun *run, uint32_t row, uint8_t *result, uint8_t *is_null)
{
    NetworkAddress a, b;
    if (!row_networks(run, row, &a, &b))
        return false;
    *result = a.size == b.size;
    return true;
}

static bool merge_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    NetworkAddress a, b;
    if (!row_networks(run, row, &a, &b))
        return false;
    if (a.size != b.size)
        return fault_set(run->fault, FAULT_INVALID_PARAMETER_VALUE,
                         "cannot merge addresses from different families");
    unsigned bits = a.bits < b.bits ? a.bits : b.bits;
    while (bits > 0 && !network_same_prefix(&a, &b, bits))
        bits--;
    a.bits = (uint8_t)bits;
    network_mask(&a, bits, false);
    return put_network(run, &a, result);
}

/* --- bits and sums --- */

static bool not_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    NetworkAddress address;
    if (!row_network(run, 0, row, &address))
        return false;
    for (unsigned i = 0; i < address.size; i++)
        address.bytes[i] = (uint8_t)~address.bytes[i];
    return put_network(run, &address, result);
}

static bool combine(RowRun *run, uint32_t row, bool is_and, Text *result)
{
    NetworkAddress a, b;
    if (!row_networks(run, row, &a, &b) ||
        !same_family(&a, &b, is_and ? "AND" : "OR", run->fault))
        return false;
    for (unsigned i = 0; i < a.size; i++)
        a.bytes[i] = is_and ? a.bytes[i] & b.bytes[i] : a.bytes[i] | b.bytes[i];
    a.bits = a.bits > b.bits ? a.bits : b.bits;
    return put_network(run, &a, result);
}

static bool and_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    return combine(run, row, true, result);
}

static bool or_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    return combine(run, row, false, result);
}

/* The address as a number moved on by another; what does not fit is refused. */
static bool add(RowRun *run, uint32_t row, uint32_t address_argument, bool subtracts, Text *result)
{
    NetworkAddress address;
    __int128 number = row_int64(run, 1 - address_argument, row);
    if (!row_network(run, address_argument, row, &address))
        return false;
    if (subtracts)
        number = -number;
    __int128 carry = number;
    for (unsigned i = address.size; i-- > 0;) {
        carry += address.bytes[i];
        address.bytes[i] = (uint8_t)(carry & 0xff);
        carry >>= 8;
    }
    if (carry != 0)
        return fault_set(run->fault, FAULT_NUMERIC_VALUE_OUT_OF_RANGE, "result is out of range");
    return put_network(run, &address, result);
}

static bool plus_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    return add(run, row, 0, false, result);
}

static bool plus_turned_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    return add(run, row, 1, false, result);
}

static bool minus_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    return add(run, row, 0, true, result);
}

static bool distance_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    NetworkAddress a, b;
    if (!row_networks(run, row, &a, &b) || !same_family(&a, &b, "subtract", run->fault))
        return false;
    unsigned __int128 left = 0, right = 0;
    for (unsigned i = 0; i < a.size; i++) {
        left = left << 8 | a.bytes[i];
        right = right << 8 | b.bytes[i];
    }
    bool is_less = left < right;
    unsigned __int128 distance = is_less ? right - left : left - right;
    if (distance > INT64_MAX)
        return fault_set(run->fault, FAULT_NUMERIC_VALUE_OUT_OF_RANGE, "result is out of range");
    *result = is_less ? -(int64_t)distance : (int64_t)distance;
    return true;
}

/* --- cards --- */

static uint32_t mac_size(Oid type)
{
    return type == T_MACADDR ? 6 : 8;
}

static bool row_mac(RowRun *run, uint32_t argument, uint32_t row, uint8_t *bytes, uint32_t *size)
{
    *size = mac_size(run->call->argument_types[argument].oid);
    return mac_parse(row_text(run, argument, row), *size, bytes, run->fault);
}

static bool put_mac(RowRun *run, const uint8_t *bytes, uint32_t size, Text *result)
{
    char *out = text_sink_reserve(&run->sink, MAC_TEXT_SIZE);
    *result = text_sink_take(&run->sink, mac_text(bytes, size, out));
    return true;
}

static bool mac_combine(RowRun *run, uint32_t row, char symbol, Text *result)
{
    uint8_t a[8], b[8] = {0};
    uint32_t size;
    if (!row_mac(run, 0, row, a, &size) || (symbol != '~' && !row_mac(run, 1, row, b, &size)))
        return false;
    for (uint32_t i = 0; i < size; i++)
        a[i] = symbol == '~' ? (uint8_t)~a[i] : symbol == '&' ? a[i] & b[i] : a[i] | b[i];
    return put_mac(run, a, size, result);
}

static bool mac_not_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    return mac_combine(run, row, '~', result);
}

static bool mac_and_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    return mac_combine(run, row, '&', result);
}

static bool mac_or_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    return mac_combine(run, row, '|', result);
}

/* trunc(macaddr): the manufacturer's part. */
static bool mac_trunc_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    uint8_t bytes[8];
    uint32_t size;
    if (!row_mac(run, 0, row, bytes, &size))
        return false;
    memset(bytes + 3, 0, size - 3);
    return put_mac(run, bytes, size, result);
}

static bool mac_set7bit_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    uint8_t bytes[8];
    uint32_t size;
    if (!row_mac(run, 0, row, bytes, &size))
        return false;
    bytes[0] |= 2;
    return put_mac(run, bytes, size, result);
}

static bool mac_widen_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    uint8_t bytes[8];
    return mac_parse(row_text(run, 0, row), 8, bytes, run->fault) &&
           put_mac(run, bytes, 8, result);
}

static bool mac_narrow_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    uint8_t bytes[8];
    if (!mac_parse(row_text(run, 0, row), 8, bytes, run->fault))
        return false;
    if (bytes[3] != 0xff || bytes[4] != 0xfe) {
        fault_set(run->fault, FAULT_NUMERIC_VALUE_OUT_OF_RANGE,
                  "macaddr8 data out of range to convert to macaddr");
        return fault_hint(run->fault, "Only addresses that have FF and FE as values in the 4th and "
                                      "5th bytes from the left, for example "
                                      "xx:xx:xx:ff:fe:xx:xx:xx, are eligible to be converted from "
                                      "macaddr8 to macaddr.");
    }
    memmove(bytes + 3, bytes + 5, 3);
    return put_mac(run, bytes, 6, result);
}

#define TEXT_LOOP(name) ROW_LOOP(name##_loop, name##_row, Text)
TEXT_LOOP(keep) TEXT_LOOP(order) TEXT_LOOP(broadcast) TEXT_LOOP(network) TEXT_LOOP(netmask)
TEXT_LOOP(hostmask)
TEXT_LOOP(set_masklen) TEXT_LOOP(show) TEXT_LOOP(abbreviate) TEXT_LOOP(merge) TEXT_LOOP(not)
TEXT_LOOP(and) TEXT_LOOP(or) TEXT_LOOP(plus) TEXT_LOOP(plus_turned) TEXT_LOOP(minus)
TEXT_LOOP(mac_not) TEXT_LOOP(mac_and) TEXT_LOOP(mac_or) TEXT_LOOP(mac_trunc)
TEXT_LOOP(mac_set7bit) TEXT_LOOP(mac_widen) TEXT_LOOP(mac_narrow)
ROW_LOOP(same_family_loop, same_family_row, uint8_t)
ROW_LOOP(distance_loop, distance_row, int64_t)

#define ROWS .run = run_rows, .prepare = rows_prepare
#define OPERATOR(id, function, sign, left, right, gives_type, stamped, does)                       \
    { .oid = id, .name = function, .symbol = sign, .argument_count = 2,                            \
      .arguments = { left, right }, .result = gives_type, .kind = FUNCTION_OPERATOR_ONLY, ROWS,    \
      .loop = (void *)stamped##_loop, .summary = does }
#define NEGATION(id, function, type, stamped)                                                      \
    { .oid = id, .name = function, .symbol = "~", .argument_count = 1, .arguments = { type },      \
      .result = type, .kind = FUNCTION_OPERATOR_ONLY, ROWS, .loop = (void *)stamped##_loop,        \
      .summary = "All bits turned." }
#define SIMPLE(id, function, type, gives_type, stamped, does, sample, value)                       \
    { .oid = id, .name = function, .argument_count = 1, .arguments = { type },                     \
      .result = gives_type, ROWS, .loop = (void *)stamped##_loop, .summary = does,                 \
      .example = sample, .gives = value }
#define PAIR(id, function, left, right, gives_type, stamped, does, sample, value)                  \
    { .oid = id, .name = function, .argument_count = 2, .arguments = { left, right },              \
      .result = gives_type, ROWS, .loop = (void *)stamped##_loop, .summary = does,                 \
      .example = sample, .gives = value }
#define CAST(id, target, from, to, rule, stamped)                                                  \
    { .oid = id, .name = target, .argument_count = 1, .arguments = { from }, .result = to,         \
      .kind = FUNCTION_CAST, .cast_rule = rule, ROWS, .loop = (void *)stamped##_loop,              \
      .summary = "Cast." }

const ScalarFunction network_functions[] = {
    { .oid = FUNCTION_NETWORK_ORDER, .name = "network_order", .argument_count = 1,
      .arguments = { T_INET }, .result = T_BYTEA, .kind = FUNCTION_OPERATOR_ONLY, ROWS,
      .loop = (void *)order_loop, .summary = "Bytes that order as the address does." },
    OPERATOR(920, "network_eq", "=", T_INET, T_INET, T_BOOL, equal, "The same address."),
    OPERATOR(925, "network_ne", "<>", T_INET, T_INET, T_BOOL, unequal, "Another address."),
    OPERATOR(921, "network_lt", "<", T_INET, T_INET, T_BOOL, less, "Before, by network and mask."),
    OPERATOR(922, "network_le", "<=", T_INET, T_INET, T_BOOL, less_equal, "Before or the same."),
    OPERATOR(923, "network_gt", ">", T_INET, T_INET, T_BOOL, greater,
             "Behind, by network and mask."),
    OPERATOR(924, "network_ge", ">=", T_INET, T_INET, T_BOOL, greater_equal,
             "Behind or the same."),
    OPERATOR(927, "network_sub", "<<", T_INET, T_INET, T_BOOL, inside, "Within a network."),
    OPERATOR(928, "network_subeq", "<<=", T_INET, T_INET, T_BOOL, inside_equal,
             "Within a network or the same."),
    OPERATOR(929, "network_sup", ">>", T_INET, T_INET, T_BOOL, around, "Holds a network."),
    OPERATOR(930, "network_supeq", ">>=", T_INET, T_INET, T_BOOL, around_equal,
             "Holds a network or is the same."),
    OPERATOR(3551, "network_overlap", "&&", T_INET, T_INET, T_BOOL, overlap,
             "One holds the other."),
    NEGATION(2627, "inetnot", T_INET, not),
    OPERATOR(2628, "inetand", "&", T_INET, T_INET, T_INET, and, "The bits that both have."),
    OPERATOR(2629, "inetor", "|", T_INET, T_INET, T_INET, or, "The bits that either has."),
    OPERATOR(2630, "inetpl", "+", T_INET, T_INT8, T_INET, plus, "The address so many on."),
    OPERATOR(2631, "int8pl_inet", "+", T_INT8, T_INET, T_INET, plus_turned,
             "The address so many on."),
    OPERATOR(2632, "inetmi_int8", "-", T_INET, T_INT8, T_INET, minus, "The address so many back."),
    OPERATOR(2633, "inetmi", "-", T_INET, T_INET, T_INT8, distance,
             "How far an address is from another."),
    SIMPLE(698, "broadcast", T_INET, T_INET, broadcast, "The broadcast address of a network.",
           "broadcast('192.168.1.5/24')", "192.168.1.255/24"),
    SIMPLE(683, "network", T_INET, T_CIDR, network, "The network of an address.",
           "network('192.168.1.5/24')", "192.168.1.0/24"),
    SIMPLE(696, "netmask", T_INET, T_INET, netmask, "The mask of a network.",
           "netmask('192.168.1.5/24')", "255.255.255.0"),
    SIMPLE(1362, "hostmask", T_INET, T_INET, hostmask, "The bits that a mask leaves to hosts.",
           "hostmask('192.168.1.5/24')", "0.0.0.255"),
    SIMPLE(598, "abbrev", T_INET, T_TEXT, abbreviate, "The address in short.",
           "abbrev(inet '10.1.0.0/32')", "10.1.0.0"),
    SIMPLE(599, "abbrev", T_CIDR, T_TEXT, abbreviate, "The network in short.",
           "abbrev(cidr '10.1.0.0/16')", "10.1/16"),
    SIMPLE(730, "text", T_INET, T_TEXT, show, "The address with its mask.",
           "text(inet '192.168.1.5')", "192.168.1.5/32"),
    PAIR(605, "set_masklen", T_INET, T_INT4, T_INET, set_masklen, "With another mask.",
         "set_masklen('192.168.1.5/24', 16)", "192.168.1.5/16"),
    PAIR(635, "set_masklen", T_CIDR, T_INT4, T_CIDR, set_masklen, "With another mask.",
         "set_masklen(cidr '192.168.1.0/24', 16)", "192.168.0.0/16"),
    PAIR(4071, "inet_same_family", T_INET, T_INET, T_BOOL, same_family,
         "Whether both are of the same version.", "inet_same_family('192.168.1.5/24', '::1')", "f"),
    PAIR(4063, "inet_merge", T_INET, T_INET, T_CIDR, merge, "The smallest network with both.",
         "inet_merge('192.168.1.5/24', '192.168.2.5/24')", "192.168.0.0/22"),
    CAST(95580, "inet", T_CIDR, T_INET, CAST_IMPLICIT, keep),
    CAST(1715, "cidr", T_INET, T_CIDR, CAST_ASSIGNMENT, network),
    CAST(95581, "text", T_INET, T_TEXT, CAST_ASSIGNMENT, show),
    CAST(95582, "text", T_CIDR, T_TEXT, CAST_ASSIGNMENT, show),
    CAST(95583, "varchar", T_INET, T_VARCHAR, CAST_ASSIGNMENT, show),
    CAST(95584, "varchar", T_CIDR, T_VARCHAR, CAST_ASSIGNMENT, show),
    NEGATION(3144, "macaddr_not", T_MACADDR, mac_not),
    OPERATOR(3145, "macaddr_and", "&", T_MACADDR, T_MACADDR, T_MACADDR, mac_and,
             "The bits that both have."),
    OPERATOR(3146, "macaddr_or", "|", T_MACADDR, T_MACADDR, T_MACADDR, mac_or,
             "The bits that either has."),
    SIMPLE(753, "trunc", T_MACADDR, T_MACADDR, mac_trunc, "The manufacturer's part.",
           "trunc(macaddr '12:34:56:78:90:ab')", "12:34:56:00:00:00"),
    NEGATION(4120, "macaddr8_not", T_MACADDR8, mac_not),
    OPERATOR(4121, "macaddr8_and", "&", T_MACADDR8, T_MACADDR8, T_MACADDR8, mac_and,
             "The bits that both have."),
    OPERATOR(4122, "macaddr8_or", "|", T_MACADDR8, T_MACADDR8, T_MACADDR8, mac_or,
             "The bits that either has."),
    SIMPLE(4112, "trunc", T_MACADDR8, T_MACADDR8, mac_trunc, "The manufacturer's part.",
           "trunc(macaddr8 '12:34:56:78:90:ab:cd:ef')", "12:34:56:00:00:00:00:00"),
    SIMPLE(4125, "macaddr8_set7bit", T_MACADDR8, T_MACADDR8, mac_set7bit,
           "With the bit that modified EUI-64 sets.",
           "macaddr8_set7bit('00:34:56:ab:cd:ef')", "02:34:56:ff:fe:ab:cd:ef"),
    CAST(4123, "macaddr8", T_MACADDR, T_MACADDR8, CAST_IMPLICIT, mac_widen),
    CAST(4124, "macaddr", T_MACADDR8, T_MACADDR, CAST_IMPLICIT, mac_narrow),
};
const uint32_t network_function_count = sizeof network_functions / sizeof network_functions[0];
