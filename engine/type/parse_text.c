/*
 * Texts to values: one case a type. The modifier is applied as an explicit cast of a literal
 * does: numeric and timestamps are rounded, varchar(n) and char(n) cut.
 */
#include "engine/type/type_internal.h"

#include "engine/type/json_path.h"
#include "engine/type/json_tree.h"
#include "engine/type/network.h"

#include <ctype.h>


static bool parse_integer(SqlType type, Text text, VectorBuilder *builder, Fault *fault)
{
    int64_t value, minimum = INT64_MIN, maximum = INT64_MAX;
    const char *name = type_info(type.oid)->sql_name;
    if (type.oid == T_INT2) {
        minimum = INT16_MIN;
        maximum = INT16_MAX;
    } else if (type.oid == T_INT4) {
        minimum = INT32_MIN;
        maximum = INT32_MAX;
    } else if (type.oid != T_INT8 && type.oid != 5069) {
        minimum = INT32_MIN; /* oid, xid: negative numbers are taken modulo 2^32 */
        maximum = UINT32_MAX;
    }
    if (!int64_parse(text, name, minimum, maximum, &value, fault))
        return false;
    if (maximum == UINT32_MAX)
        value = (uint32_t)value;
    vector_builder_int64(builder, value);
    return true;
}

bool type_round_timestamp(SqlType type, int64_t *micros)
{
    static const int64_t units[] = {1000000, 100000, 10000, 1000, 100, 10};
    if (type.modifier < 0 || type.modifier > 5 || *micros == INT64_MAX || *micros == INT64_MIN)
        return true;
    int64_t unit = units[type.modifier], rest = *micros % unit;
    if (rest < 0)
        rest += unit;
    *micros -= rest;
    return 2 * rest < unit || !__builtin_add_overflow(*micros, unit, micros);
}

bool type_check_numeric(SqlType type, Int128 value, Fault *fault)
{
    int precision = type_numeric_precision(type);
    if (precision == 0 || precision >= NUMERIC_MAX_DIGITS)
        return true;
    Int128 limit = decimal_power10(precision);
    if ((value > -limit && value < limit) || value == NUMERIC_NAN)
        return true;
    int scale = type_scale(type);
    fault_set(fault, FAULT_NUMERIC_VALUE_OUT_OF_RANGE, "numeric field overflow");
    if (decimal_is_special(value))
        return fault_detail(fault,
                            "A field with precision %d, scale %d cannot hold an infinite value.",
                            precision, scale);
    return fault_detail(fault,
                        "A field with precision %d, scale %d must round to an absolute value "
                        "less than %s%d.",
                        precision, scale, precision == scale ? "" : "10^",
                        precision == scale ? 1 : precision - scale);
}

static bool parse_numeric(SqlType type, Text text, VectorBuilder *builder, Fault *fault)
{
    int scale = type_scale(type);
    Int128 value;
    if (!decimal_parse(text, &scale, &value, fault) || !type_check_numeric(type, value, fault))
        return false;
    vector_builder_int128(builder, value);
    return true;
}

static bool parse_bool(Text text, VectorBuilder *builder, Fault *fault)
{
    bool value;
    if (!bool_parse(text, &value, fault))
        return false;
    vector_builder_bool(builder, value);
    return true;
}

static bool parse_float8(Text text, VectorBuilder *builder, Fault *fault)
{
    double value;
    if (!double_parse(text, "double precision", &value, fault))
        return false;
    vector_builder_float64(builder, value);
    return true;
}

static bool parse_float4(Text text, VectorBuilder *builder, Fault *fault)
{
    float value;
    if (!float_parse(text, &value, fault))
        return false;
    vector_builder_float64(builder, value);
    return true;
}

static bool parse_datetime(SqlType type, const TypeContext *context, Text text,
                           VectorBuilder *builder, Fault *fault)
{
    int64_t value = 0;
    bool is_read = false;
    switch (type.oid) {
    case T_DATE: is_read = date_parse(text, context, &value, fault); break;
    case T_TIME: is_read = time_parse(text, context, &value, fault); break;
    case T_TIMESTAMP: is_read = timestamp_parse(text, context, &value, fault); break;
    case T_TIMESTAMPTZ: is_read = timestamptz_parse(text, context, &value, fault); break;
    }
    if (!is_read)
        return false;
    if (type.oid != T_DATE && !type_round_timestamp(type, &value))
        return fault_set(fault, FAULT_DATETIME_FIELD_OVERFLOW, "timestamp out of range: \"%.*s\"",
                         TEXT_ARGS(text));
    vector_builder_int64(builder, value);
    return true;
}

static bool parse_interval(SqlType type, const TypeContext *context, Text text,
                           VectorBuilder *builder, Fault *fault)
{
    IntervalValue value;
    bool is_sql_standard = output_style(context).interval == INTERVALS_SQL_STANDARD;
    if (!interval_parse(text, type.modifier, is_sql_standard, &value, fault))
        return false;
    __int128 cell;
    memcpy(&cell, &value, sizeof cell);
    vector_builder_int128(builder, cell);
    return true;
}

static bool parse_uuid(Text text, VectorBuilder *builder, Fault *fault)
{
    uint8_t bytes[16];
    if (!uuid_parse(text, bytes, fault))
        return false;
    vector_builder_text(builder, (Text){(const char *)bytes, sizeof bytes});
    return true;
}

static bool parse_bytea(Text text, VectorBuilder *builder, Fault *fault)
{
    Text bytes;
    if (!bytea_parse(text, builder->arena, &bytes, fault))
        return false;
    vector_builder_text_view(builder, bytes);
    return true;
}

/* What the bytes say is checked by who reads them. */
static bool parse_sketch(SqlType type, Text text, VectorBuilder *builder, Fault *fault)
{
    Text bytes;
    if (!base64_parse(text, type_info(type.oid)->sql_name, builder->arena, &bytes, fault))
        return false;
    vector_builder_text_view(builder, bytes);
    return true;
}

static bool parse_network(SqlType type, Text text, VectorBuilder *builder, Fault *fault)
{
    char out[NETWORK_TEXT_SIZE];
    NetworkAddress address;
    if (!network_parse(text, type.oid == T_CIDR, &address, fault))
        return false;
    vector_builder_text(builder, (Text){out, network_text(&address, type.oid == T_CIDR, out)});
    return true;
}

static bool parse_mac(SqlType type, Text text, VectorBuilder *builder, Fault *fault)
{
    uint8_t bytes[8];
    char out[MAC_TEXT_SIZE];
    uint32_t size = type.oid == T_MACADDR ? 6 : 8;
    if (!mac_parse(text, size, bytes, fault))
        return false;
    vector_builder_text(builder, (Text){out, mac_text(bytes, size, out)});
    return true;
}

/* [b]0101 or x1F; the length is that of an explicit cast: cut, or filled with zeros. */
static bool parse_bits(SqlType type, Text text, VectorBuilder *builder, Fault *fault)
{
    bool is_hex = text.length > 0 && (text.data[0] == 'x' || text.data[0] == 'X');
    bool has_sign = is_hex || (text.length > 0 && (text.data[0] == 'b' || text.data[0] == 'B'));
    uint32_t digits = text.length - has_sign, each = is_hex ? 4 : 1, length = 0;
    if (digits > UINT32_C(0x3FFFFFFF) / 4)
        return fault_set(fault, FAULT_PROGRAM_LIMIT_EXCEEDED, "a bit string is too long");
    bool has_length = type.modifier > 0;
    uint32_t wanted = has_length ? (uint32_t)type.modifier : digits * each;
    char *out = arena_alloc(builder->arena, (size_t)digits * each + wanted + 1);
    for (uint32_t i = has_sign; i < text.length; i++) {
        const char *all = "0123456789abcdef", c = (char)tolower((unsigned char)text.data[i]);
        const char *found = c == '\0' ? NULL : strchr(all, c);
        if (found == NULL || (!is_hex && found - all > 1))
            return fault_set(fault, FAULT_INVALID_TEXT_REPRESENTATION,
                             "\"%c\" is not a valid %s digit", text.data[i],
                             is_hex ? "hexadecimal" : "binary");
        for (uint32_t bit = each; bit-- > 0;)
            out[length++] = (char)('0' + ((found - all) >> bit & 1));
    }
    bool is_cut = has_length && (length > wanted || type.oid == T_BIT);
    for (; is_cut && length < wanted; length++)
        out[length] = '0';
    vector_builder_text_view(builder, (Text){out, is_cut ? wanted : length});
    return true;
}

static bool parse_reg(SqlType type, Text text, VectorBuilder *builder, Fault *fault)
{
    int64_t value;
    if (!reg_parse(type.oid, text, &value, fault))
        return false;
    vector_builder_int64(builder, value);
    return true;
}

/* "char": the first byte, if any. name: at most 63 bytes, cut at a character. */
static bool parse_cut(Text text, uint32_t most, VectorBuilder *builder)
{
    if (text.length > most) {
        text.length = most;
        while (most > 1 && text.length > 0 && (text.data[text.length] & 0xC0) == 0x80)
            text.length--;
    }
    vector_builder_text(builder, text);
    return true;
}

static bool parse_json(Text text, VectorBuilder *builder, Fault *fault)
{
    if (!json_check(text, fault))
        return false;
    vector_builder_text(builder, text);
    return true;
}

static bool parse_jsonb(Text text, VectorBuilder *builder, Fault *fault)
{
    Text canonical;
    Arena *arena = arena_new("jsonb");
    bool is_good = json_canonical(arena, text, &canonical, fault);
    if (is_good)
        vector_builder_text(builder, canonical);
    arena_free(arena);
    return is_good;
}

/* varchar(n) is cut to n characters, char(n) padded too: literals are explicit casts. */
static bool parse_length(SqlType type, Text text, VectorBuilder *builder)
{
    uint32_t at = 0, left = type.modifier < 4 ? UINT32_MAX : (uint32_t)type.modifier - 4;
    for (; at < text.length && left > 0; left--) {
        at++;
        while (at < text.length && (text.data[at] & 0xC0) == 0x80)
            at++;
    }
    text.length = at;
    if (type.oid == T_BPCHAR && type.modifier >= 4 && left > 0) {
        char *padded = arena_alloc(builder->arena, (size_t)at + left);
        memcpy(padded, text.data, at);
        memset(padded + at, ' ', left);
        vector_builder_text_view(builder, (Text){padded, at + left});
        return true;
    }
    vector_builder_text(builder, text);
    return true;
}

static bool parse_jsonpath(Text text, VectorBuilder *builder, Fault *fault)
{
    JsonbPath path;
    if (!jsonb_path_parse(builder->arena, text, &path, fault))
        return false;
    vector_builder_text(builder, jsonb_path_text(builder->arena, &path));
    return true;
}

bool type_parse_text(SqlType type, const TypeContext *context, Text text, VectorBuilder *builder,
                     Fault *fault)
{
    const TypeInfo *info = type_info(type.oid);
    if (info == NULL)
        return fault_set(fault, FAULT_UNDEFINED_OBJECT, "type with OID %u does not exist",
                         type.oid);
    switch (type.oid) {
    case T_VARCHAR: case T_BPCHAR: return parse_length(type, text, builder);
    case T_JSON: return parse_json(text, builder, fault);
    case T_JSONB: return parse_jsonb(text, builder, fault);
    case T_JSONPATH: return parse_jsonpath(text, builder, fault);
    case T_TEXT: case T_UNKNOWN: case T_STATE: case T_PG_NODE_TREE: case T_ACLITEM: case T_TID:
        vector_builder_text(builder, text);
        return true;
    case T_CHAR: return parse_cut(text, 1, builder);
    case T_NAME: return parse_cut(text, 63, builder);
    case T_NUMERIC: return parse_numeric(type, text, builder, fault);
    case T_INTERVAL: return parse_interval(type, context, text, builder, fault);
    case T_DATE: case T_TIME: case T_TIMESTAMP: case T_TIMESTAMPTZ:
        return parse_datetime(type, context, text, builder, fault);
    case T_UUID: return parse_uuid(text, builder, fault);
    case T_BYTEA: return parse_bytea(text, builder, fault);
    case T_HLL_SKETCH: case T_THETA_SKETCH: case T_QUANTILES_SKETCH:
        return parse_sketch(type, text, builder, fault);
    case T_INET: case T_CIDR: return parse_network(type, text, builder, fault);
    case T_BIT: case T_VARBIT: return parse_bits(type, text, builder, fault);
    case T_MACADDR: case T_MACADDR8: return parse_mac(type, text, builder, fault);
    case T_REGPROC: case T_REGPROCEDURE: case T_REGCLASS: case T_REGTYPE: case T_REGNAMESPACE:
    case T_REGROLE: return parse_reg(type, text, builder, fault);
    }
    switch (info->layout) {
    case LAYOUT_BOOL: return parse_bool(text, builder, fault);
    case LAYOUT_INT64: return parse_integer(type, text, builder, fault);
    case LAYOUT_FLOAT32: return parse_float4(text, builder, fault);
    case LAYOUT_FLOAT64: return parse_float8(text, builder, fault);
    case LAYOUT_ARRAY:
        if (info->category == CATEGORY_ARRAY)
            return array_parse(type, context, text, builder, fault);
        break;
    case LAYOUT_INT128: case LAYOUT_STRING: case LAYOUT_COUNT:
        break;
    }
    return fault_set(fault, FAULT_FEATURE_NOT_SUPPORTED, "values of type %s are not supported",
                     info->sql_name);
}
