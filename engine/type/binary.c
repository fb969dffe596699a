/*
 * Binary forms: PostgreSQL's send and receive functions. Numbers are big-endian; dates and
 * timestamps count from 2000-01-01; numerics are digits of base 10,000.
 */
#include "engine/type/network.h"
#include "engine/type/type_internal.h"


#define EPOCH_2000_DAYS   INT64_C(10957)
#define EPOCH_2000_MICROS (EPOCH_2000_DAYS * MICROS_PER_DAY)

enum { NUMERIC_BASE = 10000, NUMERIC_GROUP = 4, NUMERIC_NEGATIVE = 0x4000,
       NUMERIC_SENT_NAN = 0xC000, NUMERIC_SENT_INFINITY = 0xD000,
       NUMERIC_SENT_MINUS_INFINITY = 0xF000,
       NUMERIC_BINARY_SIZE = 8 + 2 * 12, MAX_ARRAY_ELEMENTS = 1 << 26 };

/* --- big-endian --- */

static void put16(char *p, uint16_t value)
{
    p[0] = (char)(value >> 8);
    p[1] = (char)value;
}

static void put32(char *p, uint32_t value)
{
    value = __builtin_bswap32(value);
    memcpy(p, &value, sizeof value);
}

static void put64(char *p, uint64_t value)
{
    value = __builtin_bswap64(value);
    memcpy(p, &value, sizeof value);
}

static uint16_t get16(const char *p)
{
    return (uint16_t)((uint8_t)p[0] << 8 | (uint8_t)p[1]);
}

static uint32_t get32(const char *p)
{
    uint32_t value;
    memcpy(&value, p, sizeof value);
    return __builtin_bswap32(value);
}

static uint64_t get64(const char *p)
{
    uint64_t value;
    memcpy(&value, p, sizeof value);
    return __builtin_bswap64(value);
}

/* --- values --- */

static uint32_t send_int4_date(int64_t days, char *out)
{
    int64_t value = days > INT32_MAX ? INT32_MAX
                    : days < INT32_MIN + EPOCH_2000_DAYS ? INT32_MIN : days - EPOCH_2000_DAYS;
    put32(out, (uint32_t)(int32_t)value);
    return 4;
}

static uint32_t send_timestamp(int64_t micros, char *out)
{
    if (micros == INT64_MAX || micros == INT64_MIN)
        put64(out, (uint64_t)micros);
    else if (micros < INT64_MIN + EPOCH_2000_MICROS)
        put64(out, (uint64_t)INT64_MIN);
    else
        put64(out, (uint64_t)(micros - EPOCH_2000_MICROS));
    return 8;
}

static uint32_t send_interval(IntervalValue value, char *out)
{
    put64(out, (uint64_t)value.micros);
    put32(out + 8, (uint32_t)value.days);
    put32(out + 12, (uint32_t)value.months);
    return 16;
}

static uint32_t send_float8(double value, char *out)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    put64(out, bits);
    return 8;
}

static uint32_t send_float4(float value, char *out)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    put32(out, bits);
    return 4;
}

static uint32_t send_special(Int128 value, char *out)
{
    memset(out, 0, 8);
    put16(out + 4, value == NUMERIC_NAN        ? NUMERIC_SENT_NAN
                   : value == NUMERIC_INFINITY ? NUMERIC_SENT_INFINITY
                                               : NUMERIC_SENT_MINUS_INFINITY);
    /* PostgreSQL's infinities have bits of their header where a scale is looked for. */
    put16(out + 6, value == NUMERIC_NAN ? 0 : 0x20);
    return 8;
}

static uint32_t send_numeric(Int128 value, int scale, int shown, char *out)
{
    if (decimal_is_special(value))
        return send_special(value, out);
    UInt128 magnitude = value < 0 ? -(UInt128)value : (UInt128)value;
    uint16_t groups[12];
    int count = 0;
    for (; scale > shown; scale--)
        magnitude /= 10;
    /* The point must fall between groups of four digits. */
    int padding = (NUMERIC_GROUP - scale % NUMERIC_GROUP) % NUMERIC_GROUP;
    static const uint16_t tens[] = {1, 10, 100, 1000};
    /* 38 digits and 3 zeros do not fit in 128 bits: the last group is split off first. */
    uint32_t unit = NUMERIC_BASE / tens[padding];
    uint32_t low = (uint32_t)(magnitude % unit) * tens[padding];
    magnitude /= unit;
    groups[count++] = (uint16_t)low;
    while (magnitude > 0) {
        groups[count++] = (uint16_t)(magnitude % NUMERIC_BASE);
        magnitude /= NUMERIC_BASE;
    }
    int weight = count - 1 - (scale + padding) / NUMERIC_GROUP;
    int first = 0; /* trailing groups that are zero are not sent */
    while (first < count && groups[first] == 0)
        first++;
    int sent = count - first;
    if (sent == 0)
        weight = 0;
    put16(out, (uint16_t)sent);
    put16(out + 2, (uint16_t)(int16_t)weight);
    put16(out + 4, value < 0 ? NUMERIC_NEGATIVE : 0);
    put16(out + 6, (uint16_t)scale);
    for (int i = 0; i < sent; i++)
        put16(out + 8 + 2 * i, groups[count - 1 - i]);
    return 8 + 2 * (uint32_t)sent;
}

/* PGSQL_AF_INET, PGSQL_AF_INET6; bits; whether cidr; bytes. */
static uint32_t send_network(Text text, bool is_cidr, char *out)
{
    NetworkAddress address;
    Fault ignored;
    if (!network_parse(text, is_cidr, &address, &ignored))
        return 0;
    out[0] = address.size == 4 ? 2 : 3;
    out[1] = (char)address.bits;
    out[2] = is_cidr;
    out[3] = (char)address.size;
    memcpy(out + 4, address.bytes, address.size);
    return 4 + (uint32_t)address.size;
}

static uint32_t send_mac(Text text, uint32_t size, char *out)
{
    uint8_t bytes[8];
    Fault ignored;
    if (!mac_parse(text, size, bytes, &ignored))
        return 0;
    memcpy(out, bytes, size);
    return size;
}

/* The number of bits, then the bits. */
static uint32_t send_bits(Text bits, char *out)
{
    uint32_t bytes = (bits.length + 7) / 8;
    put32(out, bits.length);
    memset(out + 4, 0, bytes);
    for (uint32_t i = 0; i < bits.length; i++)
        if (bits.data[i] == '1')
            out[4 + i / 8] = (char)(out[4 + i / 8] | 0x80 >> i % 8);
    return 4 + bytes;
}

/* --- vectors --- */

typedef void (*CellLoop)(SqlType type, const Vector *vector, uint32_t rows, Arena *arena,
                         Text *cells);

#define SEND_LOOP(name, ctype, size, prepare, put)                                                 \
    static void name(SqlType type, const Vector *vector, uint32_t rows, Arena *arena, Text *cells) \
    {                                                                                              \
        const ctype *values = vector->data;                                                        \
        char *p = arena_alloc(arena, (size_t)rows * (size) + 1);                                   \
        (void)type;                                                                                \
        prepare;                                                                                   \
        for (uint32_t i = 0; i < rows; i++) {                                                      \
            if (vector->nulls != NULL && vector->nulls[i] != 0) {                                  \
                cells[i] = (Text){0};                                                              \
                continue;                                                                          \
            }                                                                                      \
            const ctype v = values[i];                                                             \
            uint32_t length = (put);                                                               \
            cells[i] = (Text){p, length};                                                          \
            p += length;                                                                           \
        }                                                                                          \
    }

SEND_LOOP(send_bools, uint8_t, 1, , (p[0] = (char)(v != 0), 1))
SEND_LOOP(send_int2s, int64_t, 2, , (put16(p, (uint16_t)v), 2))
SEND_LOOP(send_int4s, int64_t, 4, , (put32(p, (uint32_t)v), 4))
SEND_LOOP(send_int8s, int64_t, 8, , (put64(p, (uint64_t)v), 8))
SEND_LOOP(send_float8s, double, 8, , send_float8(v, p))
SEND_LOOP(send_float4s, float, 4, , send_float4(v, p))
SEND_LOOP(send_dates, int64_t, 4, , send_int4_date(v, p))
SEND_LOOP(send_timestamps, int64_t, 8, , send_timestamp(v, p))
SEND_LOOP(send_intervals, IntervalValue, 16, , send_interval(v, p))
SEND_LOOP(send_numerics, Int128, NUMERIC_BINARY_SIZE, int scale = type_scale(type);
          bool is_all = type_numeric_digits(type) == DIGITS_ALL,
          send_numeric(v, scale, is_all ? scale : decimal_shown_scale(type, v), p))

static void send_texts(SqlType type, const Vector *vector, uint32_t rows, Arena *arena,
                       Text *cells)
{
    for (uint32_t i = 0; i < rows; i++) {
        if (vector_is_null(vector, i)) {
            cells[i] = (Text){0};
            continue;
        }
        cells[i] = vector_text(vector, i);
        if (cells[i].data == NULL)
            cells[i].data = "";
    }
}

static void send_jsonbs(SqlType type, const Vector *vector, uint32_t rows, Arena *arena,
                        Text *cells)
{
    send_texts(type, vector, rows, arena, cells);
    for (uint32_t i = 0; i < rows; i++) {
        if (cells[i].data == NULL)
            continue;
        char *out = arena_alloc(arena, (size_t)cells[i].length + 1);
        out[0] = 1; /* version */
        memcpy(out + 1, cells[i].data, cells[i].length);
        cells[i] = (Text){out, cells[i].length + 1};
    }
}

#define SEND_TEXTS(name, size, put)                                                                \
    static void name(SqlType type, const Vector *vector, uint32_t rows, Arena *arena, Text *cells) \
    {                                                                                              \
        send_texts(type, vector, rows, arena, cells);                                              \
        for (uint32_t i = 0; i < rows; i++) {                                                      \
            if (cells[i].data == NULL)                                                             \
                continue;                                                                          \
            char *out = arena_alloc(arena, size);                                                  \
            cells[i] = (Text){out, put};                                                           \
        }                                                                                          \
    }
SEND_TEXTS(send_bit_strings, 4 + (cells[i].length + 7) / 8, send_bits(cells[i], out))
SEND_TEXTS(send_inets, 20, send_network(cells[i], false, out))
SEND_TEXTS(send_cidrs, 20, send_network(cells[i], true, out))
SEND_TEXTS(send_macs, 8, send_mac(cells[i], 6, out))
SEND_TEXTS(send_macs8, 8, send_mac(cells[i], 8, out))

/* "char": one byte, zero for the empty text. */
static void send_chars(SqlType type, const Vector *vector, uint32_t rows, Arena *arena,
                       Text *cells)
{
    send_texts(type, vector, rows, arena, cells);
    for (uint32_t i = 0; i < rows; i++)
        if (cells[i].data != NULL)
            cells[i] = cells[i].length == 0 ? (Text){"\0", 1} : (Text){cells[i].data, 1};
}

static CellLoop choose_loop(SqlType type)
{
    const TypeInfo *info = type_info(type.oid);
    if (info == NULL)
        return NULL;
    switch (type.oid) {
    case T_BOOL: return send_bools;
    case T_INT2: return send_int2s;
    case T_INT8: case T_TIME: case 5069: return send_int8s;
    case T_DATE: return send_dates;
    case T_TIMESTAMP: case T_TIMESTAMPTZ: return send_timestamps;
    case T_INTERVAL: return send_intervals;
    case T_NUMERIC: return send_numerics;
    case T_FLOAT4: return send_float4s;
    case T_FLOAT8: return send_float8s;
    case T_CHAR: return send_chars;
    case T_JSONB: return send_jsonbs;
    case T_BIT: case T_VARBIT: return send_bit_strings;
    case T_INET: return send_inets;
    case T_CIDR: return send_cidrs;
    case T_MACADDR: return send_macs;
    case T_MACADDR8: return send_macs8;
    case T_TEXT: case T_VARCHAR: case T_BPCHAR: case T_NAME: case T_UNKNOWN: case T_JSON:
    case T_BYTEA: case T_UUID: case T_PG_NODE_TREE: case T_VOID: return send_texts;
    case T_HLL_SKETCH: case T_THETA_SKETCH: case T_QUANTILES_SKETCH: return send_texts;
    }
    /* integer, oid, xid, cid and the names by OID */
    return info->layout == LAYOUT_INT64 && info->wire_length == 4 ? send_int4s : NULL;
}

bool type_has_binary(SqlType type)
{
    const TypeInfo *info = type_info(type.oid);
    if (info != NULL && info->category == CATEGORY_ARRAY)
        return type_has_binary(SQL_TYPE(info->element_oid));
    return type.oid == T_RECORD || choose_loop(type) != NULL;
}

static bool no_binary(SqlType type, Fault *fault)
{
    const TypeInfo *info = type_info(type.oid);
    return fault_set(fault, FAULT_UNDEFINED_FUNCTION,
                     "no binary output function available for type %s",
                     info == NULL ? "???" : info->sql_name);
}

/* --- arrays --- */

enum { ARRAY_HEADER = 12, ARRAY_DIMENSION = 8 };

static Text join_array(SqlType type, Oid element, const Text *elements, ArrayValue cell,
                       Arena *arena)
{
    ArrayShape shape = array_shape_of(cell);
    uint32_t count = cell.count;
    if (type.oid == T_INT2VECTOR || type.oid == T_OIDVECTOR)
        shape = (ArrayShape){.dimensions = 1, .lengths = {count}};
    size_t size = ARRAY_HEADER + ARRAY_DIMENSION * (size_t)shape.dimensions;
    bool has_null = false;
    for (uint32_t i = 0; i < count; i++) {
        size += 4 + (size_t)elements[i].length;
        has_null |= elements[i].data == NULL;
    }
    char *out = arena_alloc(arena, size), *p = out;
    put32(p, shape.dimensions);
    put32(p + 4, has_null);
    put32(p + 8, element);
    p += ARRAY_HEADER;
    for (uint32_t d = 0; d < shape.dimensions; d++) {
        put32(p, shape.lengths[d]);
        put32(p + 4, (uint32_t)shape.lower[d]);
        p += ARRAY_DIMENSION;
    }
    for (uint32_t i = 0; i < count; i++) {
        put32(p, elements[i].data == NULL ? UINT32_MAX : elements[i].length);
        p += 4;
        if (elements[i].length > 0)
            memcpy(p, elements[i].data, elements[i].length);
        p += elements[i].length;
    }
    return (Text){out, (uint32_t)(p - out)};
}

static bool format_array(SqlType type, const TypeContext *context, const Vector *vector,
                         Arena *arena, Text *cells, Fault *fault)
{
    SqlType element = {type_info(type.oid)->element_oid, type.modifier};
    const Vector *elements = vector->elements;
    Text *texts = NULL;
    if (elements != NULL && elements->length > 0) {
        texts = ARENA_ARRAY(arena, Text, elements->length);
        if (!type_format_binary(element, context, elements, arena, texts, fault))
            return false;
    }
    for (uint32_t i = 0; i < vector->length; i++) {
        if (vector_is_null(vector, i)) {
            cells[i] = (Text){0};
            continue;
        }
        ArrayValue cell = VECTOR_DATA(ArrayValue, vector)[vector_row(vector, i)];
        cells[i] = join_array(type, element.oid, cell.count == 0 ? NULL : texts + cell.offset,
                              cell, arena);
    }
    return true;
}

bool type_format_binary(SqlType type, const TypeContext *context, const Vector *vector,
                        Arena *arena, Text *cells, Fault *fault)
{
    if (!type_has_binary(type))
        return no_binary(type, fault);
    if (type_layout(type) == LAYOUT_ARRAY)
        return format_array(type, context, vector, arena, cells, fault);
    if (type.oid == T_RECORD)
        return record_format_binary(context, vector, arena, cells, fault);
    CellLoop loop = choose_loop(type);
    if (vector->form != VECTOR_CONSTANT || vector->length == 0) {
        loop(type, vector, vector->length, arena, cells);
        return true;
    }
    Vector one = *vector;
    one.length = 1;
    loop(type, &one, 1, arena, cells);
    for (uint32_t i = 1; i < vector->length; i++)
        cells[i] = cells[0];
    return true;
}

/* --- receiving --- */

static bool wrong_length(SqlType type, Text bytes, Fault *fault)
{
    return fault_set(fault, FAULT_INVALID_BINARY_REPRESENTATION,
                     "incorrect binary data format: %u bytes for type %s", bytes.length,
                     type_info(type.oid)->sql_name);
}

static bool receive_timestamp(int64_t value, VectorBuilder *builder, Fault *fault)
{
    if (value != INT64_MAX && value != INT64_MIN &&
        __builtin_add_overflow(value, EPOCH_2000_MICROS, &value))
        return fault_set(fault, FAULT_DATETIME_FIELD_OVERFLOW, "timestamp out of range");
    vector_builder_int64(builder, value);
    return true;
}

static bool receive_date(int32_t value, VectorBuilder *builder)
{
    vector_builder_int64(builder, value == INT32_MAX   ? INT64_MAX
                                  : value == INT32_MIN ? INT64_MIN
                                                       : value + EPOCH_2000_DAYS);
    return true;
}

static bool receive_interval(Text bytes, VectorBuilder *builder)
{
    IntervalValue value = {.micros = (int64_t)get64(bytes.data),
                           .days = (int32_t)get32(bytes.data + 8),
                           .months = (int32_t)get32(bytes.data + 12)};
    __int128 cell;
    memcpy(&cell, &value, sizeof cell);
    vector_builder_int128(builder, cell);
    return true;
}

/* By way of the text form, which knows rounding and limits. */
static bool receive_numeric(SqlType type, const TypeContext *context, Text bytes,
                            VectorBuilder *builder, Fault *fault)
{
    char text[512], *p = text;
    if (bytes.length < 8)
        return wrong_length(type, bytes, fault);
    uint16_t count = get16(bytes.data), sign = get16(bytes.data + 4);
    int weight = (int16_t)get16(bytes.data + 2);
    if (bytes.length != 8 + 2 * (uint32_t)count)
        return wrong_length(type, bytes, fault);
    if (sign == NUMERIC_SENT_NAN)
        return type_parse_text(type, context, TEXT_LITERAL("NaN"), builder, fault);
    if (sign == NUMERIC_SENT_INFINITY)
        return type_parse_text(type, context, TEXT_LITERAL("Infinity"), builder, fault);
    if (sign == NUMERIC_SENT_MINUS_INFINITY)
        return type_parse_text(type, context, TEXT_LITERAL("-Infinity"), builder, fault);
    if (sign != 0 && sign != NUMERIC_NEGATIVE)
        return fault_set(fault, FAULT_INVALID_BINARY_REPRESENTATION,
                         "invalid sign in external \"numeric\" value");
    if (count > 40 || weight > 40 || weight < -40)
        return fault_set(fault, FAULT_NUMERIC_VALUE_OUT_OF_RANGE,
                         "value overflows numeric format");
    if (sign == NUMERIC_NEGATIVE)
        *p++ = '-';
    *p++ = '0';
    for (int i = 0; i < count || i <= weight; i++) {
        if (i == weight + 1 || (i == 0 && weight < 0)) {
            *p++ = '.';
            for (int zeros = weight + 1; i == 0 && zeros < 0; zeros++, p += 4)
                memcpy(p, "0000", 4);
        }
        uint16_t digit = i < count ? get16(bytes.data + 8 + 2 * i) : 0;
        if (digit >= NUMERIC_BASE)
            return fault_set(fault, FAULT_INVALID_BINARY_REPRESENTATION,
                             "invalid digit in external \"numeric\" value");
        uint64_format_padded(digit, 4, p);
        p += 4;
    }
    return type_parse_text(type, context, (Text){text, (uint32_t)(p - text)}, builder, fault);
}

static bool receive_network(SqlType type, Text bytes, VectorBuilder *builder, Fault *fault)
{
    char text[NETWORK_TEXT_SIZE];
    if (bytes.length != 8 && bytes.length != 20)
        return wrong_length(type, bytes, fault);
    NetworkAddress address = {.size = bytes.data[0] == 2 ? 4 : 16, .bits = (uint8_t)bytes.data[1]};
    if (bytes.length != 4 + (uint32_t)address.size || address.bits > address.size * 8)
        return wrong_length(type, bytes, fault);
    memcpy(address.bytes, bytes.data + 4, address.size);
    uint32_t length = network_text(&address, type.oid == T_CIDR, text);
    return type_parse_text(type, NULL, (Text){text, length}, builder, fault);
}

static bool receive_mac(SqlType type, Text bytes, VectorBuilder *builder, Fault *fault)
{
    char text[MAC_TEXT_SIZE];
    bool is_six = type.oid == T_MACADDR;
    if (bytes.length != 6 && (is_six || bytes.length != 8))
        return wrong_length(type, bytes, fault);
    uint32_t length = mac_text((const uint8_t *)bytes.data, bytes.length, text);
    return type_parse_text(type, NULL, (Text){text, length}, builder, fault);
}

static bool receive_bits(SqlType type, Text bytes, VectorBuilder *builder, Fault *fault)
{
    if (bytes.length < 4)
        return wrong_length(type, bytes, fault);
    uint64_t length = get32(bytes.data);
    if ((length + 7) / 8 != bytes.length - 4)
        return wrong_length(type, bytes, fault);
    char *out = arena_alloc(builder->arena, length + 1);
    for (uint64_t i = 0; i < length; i++)
        out[i] = (char)('0' + ((uint8_t)bytes.data[4 + i / 8] >> (7 - i % 8) & 1));
    return type_parse_text(type, NULL, (Text){out, (uint32_t)length}, builder, fault);
}

/* The dimensions behind the header; those of int2vector and oidvector count from 0. */
static bool receive_shape(SqlType type, Text bytes, uint32_t dimensions, uint32_t *count,
                          int64_t *packed, Fault *fault)
{
    const char *p = bytes.data + ARRAY_HEADER;
    bool is_vector = type.oid == T_INT2VECTOR || type.oid == T_OIDVECTOR;
    uint64_t product = dimensions > 0;
    ArrayShape shape = {.dimensions = dimensions};
    if (dimensions > ARRAY_MAX_DIMENSIONS)
        return fault_set(fault, FAULT_PROGRAM_LIMIT_EXCEEDED,
                         "number of array dimensions (%u) exceeds the maximum allowed (%d)",
                         dimensions, ARRAY_MAX_DIMENSIONS);
    if ((bytes.length - ARRAY_HEADER) / ARRAY_DIMENSION < dimensions)
        return wrong_length(type, bytes, fault);
    for (uint32_t d = 0; d < dimensions; d++) {
        shape.lengths[d] = get32(p);
        shape.lower[d] = is_vector ? 1 : (int32_t)get32(p + 4);
        p += ARRAY_DIMENSION;
        product *= shape.lengths[d];
        if (product > MAX_ARRAY_ELEMENTS)
            return wrong_length(type, bytes, fault);
    }
    *count = (uint32_t)product;
    if (product == 0)
        shape.dimensions = 0;
    return array_pack_shape(&shape, packed, fault);
}

static bool receive_array(SqlType type, const TypeContext *context, Text bytes,
                          VectorBuilder *builder, Fault *fault)
{
    const char *p = bytes.data, *end = p + bytes.length;
    SqlType element = {type_info(type.oid)->element_oid, type.modifier};
    if (bytes.length < ARRAY_HEADER)
        return wrong_length(type, bytes, fault);
    uint32_t dimensions = get32(p), sent = get32(p + 8);
    if (sent != element.oid)
        return fault_set(fault, FAULT_DATATYPE_MISMATCH,
                         "binary data has array element type %u (%s) instead of expected %u (%s)",
                         sent, type_info(sent) == NULL ? "???" : type_info(sent)->sql_name,
                         element.oid, type_info(element.oid)->sql_name);
    uint32_t count = 0;
    int64_t shape = 0;
    p += ARRAY_HEADER;
    if (!receive_shape(type, bytes, dimensions, &count, &shape, fault))
        return false;
    p += ARRAY_DIMENSION * (size_t)dimensions;
    if (count > MAX_ARRAY_ELEMENTS || count > (size_t)(end - p) / 4)
        return wrong_length(type, bytes, fault);
    VectorBuilder values;
    vector_builder_init(&values, builder->arena, type_layout(element), count == 0 ? 1 : count);
    for (uint32_t i = 0; i < count; i++) {
        if (end - p < 4)
            return wrong_length(type, bytes, fault);
        uint32_t length = get32(p);
        p += 4;
        if (length == UINT32_MAX) {
            vector_builder_null(&values);
            continue;
        }
        if (length > (size_t)(end - p))
            return wrong_length(type, bytes, fault);
        if (!type_parse_binary(element, context, (Text){p, length}, &values, fault))
            return false;
        p += length;
    }
    if (p != end)
        return wrong_length(type, bytes, fault);
    Vector vector = vector_builder_finish(&values);
    if (builder->elements == NULL) {
        builder->elements = ARENA_NEW(builder->arena, VectorBuilder);
        vector_builder_init(builder->elements, builder->arena, type_layout(element), 8);
    }
    vector_builder_shaped(builder, count, shape);
    for (uint32_t i = 0; i < count; i++)
        vector_builder_row(builder->elements, &vector, i);
    return true;
}

/* Bytes that the type's values have in binary form, 0 when they vary. */
static uint32_t fixed_length(SqlType type)
{
    switch (type.oid) {
    case T_BOOL: case T_CHAR: return 1;
    case T_INT2: return 2;
    case T_FLOAT4: case T_DATE: return 4;
    case T_INT8: case T_FLOAT8: case T_TIME: case T_TIMESTAMP: case T_TIMESTAMPTZ: case 5069:
        return 8;
    case T_INTERVAL: case T_UUID: return 16;
    }
    const TypeInfo *info = type_info(type.oid);
    return info->layout == LAYOUT_INT64 && info->wire_length == 4 ? 4 : 0;
}

static bool receive_fixed(SqlType type, Text bytes, VectorBuilder *builder, Fault *fault)
{
    const char *p = bytes.data;
    switch (type.oid) {
    case T_BOOL:
        vector_builder_bool(builder, p[0] != 0);
        return true;
    case T_CHAR:
        vector_builder_text(builder, (Text){p, p[0] != '\0'});
        return true;
    case T_INT2:
        vector_builder_int64(builder, (int16_t)get16(p));
        return true;
    case T_INT4:
        vector_builder_int64(builder, (int32_t)get32(p));
        return true;
    case T_INT8: case 5069:
        vector_builder_int64(builder, (int64_t)get64(p));
        return true;
    case T_FLOAT4: {
        uint32_t bits = get32(p);
        float value;
        memcpy(&value, &bits, sizeof value);
        vector_builder_float64(builder, value);
        return true;
    }
    case T_FLOAT8: {
        uint64_t bits = get64(p);
        double value;
        memcpy(&value, &bits, sizeof value);
        vector_builder_float64(builder, value);
        return true;
    }
    case T_TIME:
        if (get64(p) > (uint64_t)MICROS_PER_DAY)
            return fault_set(fault, FAULT_DATETIME_FIELD_OVERFLOW, "time out of range");
        vector_builder_int64(builder, (int64_t)get64(p));
        return true;
    case T_DATE: return receive_date((int32_t)get32(p), builder);
    case T_TIMESTAMP: case T_TIMESTAMPTZ:
        return receive_timestamp((int64_t)get64(p), builder, fault);
    case T_INTERVAL: return receive_interval(bytes, builder);
    case T_UUID:
        vector_builder_text(builder, bytes);
        return true;
    default:
        vector_builder_int64(builder, get32(p));
        return true;
    }
}

bool type_parse_binary(SqlType type, const TypeContext *context, Text bytes,
                       VectorBuilder *builder, Fault *fault)
{
    if (!type_has_binary(type))
        return no_binary(type, fault);
    uint32_t length = fixed_length(type);
    if (length != 0)
        return bytes.length == length ? receive_fixed(type, bytes, builder, fault)
                                      : wrong_length(type, bytes, fault);
    switch (type.oid) {
    case T_NUMERIC: return receive_numeric(type, context, bytes, builder, fault);
    case T_BIT: case T_VARBIT: return receive_bits(type, bytes, builder, fault);
    case T_INET: case T_CIDR: return receive_network(type, bytes, builder, fault);
    case T_MACADDR: case T_MACADDR8: return receive_mac(type, bytes, builder, fault);
    case T_BYTEA: case T_HLL_SKETCH: case T_THETA_SKETCH: case T_QUANTILES_SKETCH:
        vector_builder_text(builder, bytes);
        return true;
    case T_JSONB:
        if (bytes.length < 1 || bytes.data[0] != 1)
            return fault_set(fault, FAULT_INVALID_BINARY_REPRESENTATION,
                             "unsupported jsonb version number");
        return type_parse_text(type, context, (Text){bytes.data + 1, bytes.length - 1}, builder,
                               fault);
    }
    if (type_layout(type) == LAYOUT_ARRAY)
        return receive_array(type, context, bytes, builder, fault);
    if (type.oid == T_RECORD)
        return fault_set(fault, FAULT_FEATURE_NOT_SUPPORTED,
                         "input of anonymous composite types is not implemented");
    return type_parse_text(type, context, bytes, builder, fault);
}
