/*
 * Bit strings: bit(n), varbit. A value is the text of its bits, which orders as PostgreSQL orders
 * bit strings, so that equality and order are those of texts.
 */
#include "engine/function/functions_internal.h"
#include "engine/function/rows_internal.h"

static char *bits_reserve(RowRun *run, size_t size)
{
    return text_sink_reserve(&run->sink, size + 1);
}

static bool bits_take(RowRun *run, size_t used, Text *result)
{
    *result = text_sink_take(&run->sink, used);
    return true;
}

/* --- lengths --- */

static bool length_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    *result = row_text(run, 0, row).length;
    return true;
}

static bool octets_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    *result = (row_text(run, 0, row).length + 7) / 8;
    return true;
}

static bool count_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    Text bits = row_text(run, 0, row);
    *result = 0;
    for (uint32_t i = 0; i < bits.length; i++)
        *result += bits.data[i] == '1';
    return true;
}

/* To the length of the result's type: bit(n) exactly, varbit(n) at most. */
static bool fit(RowRun *run, uint32_t row, bool is_explicit, Text *result)
{
    Text bits = row_text(run, 0, row);
    SqlType type = run->call->result_type;
    uint32_t length = type.modifier < 0 ? bits.length : (uint32_t)type.modifier;
    bool is_varying = type.oid == T_VARBIT;
    *result = bits;
    if (bits.length == length || (is_varying && bits.length < length))
        return true;
    if (!is_explicit && is_varying)
        return fault_set(run->fault, FAULT_STRING_DATA_RIGHT_TRUNCATION,
                         "bit string too long for type bit varying(%u)", length);
    if (!is_explicit)
        return fault_set(run->fault, FAULT_STRING_DATA_LENGTH_MISMATCH,
                         "bit string length %u does not match type bit(%u)", bits.length, length);
    char *out = bits_reserve(run, length);
    uint32_t kept = bits.length < length ? bits.length : length;
    if (kept > 0)
        memcpy(out, bits.data, kept);
    memset(out + kept, '0', length - kept);
    return bits_take(run, length, result);
}

static bool fit_explicitly_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    return fit(run, row, true, result);
}

static bool fit_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    return fit(run, row, false, result);
}

/* --- numbers --- */

static bool from_integer_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    int64_t value = row_int64(run, 0, row);
    int32_t modifier = run->call->result_type.modifier;
    uint32_t length = modifier < 1 ? 1 : (uint32_t)modifier;
    char *out = bits_reserve(run, length);
    for (uint32_t i = 0; i < length; i++) {
        uint32_t place = length - 1 - i; /* beyond 64 bits the sign goes on */
        out[i] = (char)('0' + ((value >> (place > 63 ? 63 : place)) & 1));
    }
    return bits_take(run, length, result);
}

static bool to_integer(RowRun *run, uint32_t row, uint32_t most, int64_t *result)
{
    Text bits = row_text(run, 0, row);
    uint64_t value = 0;
    if (bits.length > most)
        return fault_set(run->fault, FAULT_NUMERIC_VALUE_OUT_OF_RANGE, "%s out of range",
                         most == 32 ? "integer" : "bigint");
    for (uint32_t i = 0; i < bits.length; i++)
        value = value << 1 | (uint64_t)(bits.data[i] == '1');
    *result = most == 32 ? (int64_t)(int32_t)(uint32_t)value : (int64_t)value;
    return true;
}

static bool to_int4_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    return to_integer(run, row, 32, result);
}

static bool to_int8_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    return to_integer(run, row, 64, result);
}

/* --- bits with bits --- */

static bool combine(RowRun *run, uint32_t row, char symbol, Text *result)
{
    Text a = row_text(run, 0, row), b = row_text(run, 1, row);
    if (a.length != b.length)
        return fault_set(run->fault, FAULT_STRING_DATA_LENGTH_MISMATCH,
                         "cannot %s bit strings of different sizes",
                         symbol == '&'   ? "AND"
                         : symbol == '|' ? "OR"
                                         : "XOR");
    char *out = bits_reserve(run, a.length);
    for (uint32_t i = 0; i < a.length; i++) {
        int left = a.data[i] == '1', right = b.data[i] == '1';
        int bit = symbol == '&' ? left & right : symbol == '|' ? left | right : left ^ right;
        out[i] = (char)('0' + bit);
    }
    return bits_take(run, a.length, result);
}

static bool and_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    return combine(run, row, '&', result);
}

static bool or_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    return combine(run, row, '|', result);
}

static bool xor_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    return combine(run, row, '#', result);
}

static bool not_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    Text bits = row_text(run, 0, row);
    char *out = bits_reserve(run, bits.length);
    for (uint32_t i = 0; i < bits.length; i++)
        out[i] = bits.data[i] == '1' ? '0' : '1';
    return bits_take(run, bits.length, result);
}

/* By so many places to the left, to the right when negative; the length stays. */
static bool shift(RowRun *run, uint32_t row, int sign, Text *result)
{
    Text bits = row_text(run, 0, row);
    int64_t places = sign * row_int64(run, 1, row), length = bits.length;
    char *out = bits_reserve(run, bits.length);
    for (int64_t i = 0; i < length; i++)
        out[i] = i + places >= 0 && i + places < length ? bits.data[i + places] : '0';
    return bits_take(run, bits.length, result);
}

static bool shift_left_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    return shift(run, row, 1, result);
}

static bool shift_right_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    return shift(run, row, -1, result);
}

static bool concatenate(RowRun *run, const Text *parts, uint32_t count, Text *result)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < count; i++)
        total += parts[i].length;
    if (total > TEXT_MAX_LENGTH)
        return text_too_long(run->fault);
    char *out = bits_reserve(run, total), *p = out;
    for (uint32_t i = 0; i < count; i++) {
        if (parts[i].length > 0)
            memcpy(p, parts[i].data, parts[i].length);
        p += parts[i].length;
    }
    return bits_take(run, total, result);
}

static bool cat_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    Text parts[2] = {row_text(run, 0, row), row_text(run, 1, row)};
    return concatenate(run, parts, 2, result);
}

/* --- parts --- */

/* Bits [first, first + count) of those there are; first from 1. */
static Text part_of(Text bits, int64_t first, int64_t count)
{
    int64_t end, length = bits.length;
    if (__builtin_add_overflow(first, count, &end) || end > length + 1)
        end = length + 1;
    first = first < 1 ? 1 : first;
    return end <= first ? (Text){bits.data, 0}
                        : (Text){bits.data + first - 1, (uint32_t)(end - first)};
}

static bool substring_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    bool has_count = run->call->argument_count > 2;
    int64_t count = has_count ? row_int64(run, 2, row) : INT64_MAX;
    if (count < 0)
        return fault_set(run->fault, FAULT_SUBSTRING_ERROR, "negative substring length not allowed");
    *result = part_of(row_text(run, 0, row), row_int64(run, 1, row), count);
    return true;
}

static bool overlay_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    Text bits = row_text(run, 0, row), other = row_text(run, 1, row);
    int64_t from = row_int64(run, 2, row);
    int64_t count = run->call->argument_count > 3 ? row_int64(run, 3, row) : other.length;
    if (from <= 0)
        return fault_set(run->fault, FAULT_SUBSTRING_ERROR, "negative substring length not allowed");
    Text parts[3] = {part_of(bits, 1, from - 1), other,
                     part_of(bits, from + count, INT64_MAX / 2)};
    return concatenate(run, parts, 3, result);
}

static bool position_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    Text bits = row_text(run, 0, row), part = row_text(run, 1, row);
    *result = 0;
    if (part.length == 0) {
        *result = 1;
        return true;
    }
    const char *found =
        part.length > bits.length ? NULL : memmem(bits.data, bits.length, part.data, part.length);
    if (found != NULL)
        *result = found - bits.data + 1;
    return true;
}

static bool check_place(RowRun *run, Text bits, int64_t place)
{
    return (place >= 0 && place < bits.length) ||
           fault_set(run->fault, FAULT_ARRAY_SUBSCRIPT_ERROR,
                     "bit index %lld out of valid range (0..%lld)", (long long)place,
                     (long long)bits.length - 1);
}

static bool get_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    Text bits = row_text(run, 0, row);
    int64_t place = row_int64(run, 1, row);
    if (!check_place(run, bits, place))
        return false;
    *result = bits.data[place] == '1';
    return true;
}

static bool set_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    Text bits = row_text(run, 0, row);
    int64_t place = row_int64(run, 1, row), bit = row_int64(run, 2, row);
    if (!check_place(run, bits, place))
        return false;
    if (bit != 0 && bit != 1)
        return fault_set(run->fault, FAULT_INVALID_PARAMETER_VALUE, "new bit must be 0 or 1");
    char *out = bits_reserve(run, bits.length);
    memcpy(out, bits.data, bits.length);
    out[place] = (char)('0' + bit);
    return bits_take(run, bits.length, result);
}

#define TEXT_LOOP(name) ROW_LOOP(name##_loop, name##_row, Text)
#define NUMBER_LOOP(name) ROW_LOOP(name##_loop, name##_row, int64_t)
TEXT_LOOP(fit) TEXT_LOOP(fit_explicitly) TEXT_LOOP(from_integer) TEXT_LOOP(and) TEXT_LOOP(or)
TEXT_LOOP(xor) TEXT_LOOP(not) TEXT_LOOP(shift_left) TEXT_LOOP(shift_right) TEXT_LOOP(cat)
TEXT_LOOP(substring) TEXT_LOOP(overlay) TEXT_LOOP(set)
NUMBER_LOOP(length) NUMBER_LOOP(octets) NUMBER_LOOP(count) NUMBER_LOOP(to_int4)
NUMBER_LOOP(to_int8) NUMBER_LOOP(position) NUMBER_LOOP(get)

#define ROWS .run = run_rows, .prepare = rows_prepare
#define OPERATOR(id, function, sign, left, right, gives_type, stamped, does)                       \
    { .oid = id, .name = function, .symbol = sign, .argument_count = 2,                            \
      .arguments = { left, right }, .result = gives_type, .kind = FUNCTION_OPERATOR_ONLY, ROWS,    \
      .loop = (void *)stamped##_loop, .summary = does }
#define FUNCTION(id, function, count, gives_type, stamped, does, sample, value, ...)               \
    { .oid = id, .name = function, .argument_count = count, .arguments = { __VA_ARGS__ },          \
      .result = gives_type, ROWS, .loop = (void *)stamped##_loop, .summary = does,                 \
      .example = sample, .gives = value }
#define CAST(id, target, from, to, rule, stamped)                                                  \
    { .oid = id, .name = target, .argument_count = 1, .arguments = { from }, .result = to,         \
      .kind = FUNCTION_CAST, .cast_rule = rule, ROWS, .loop = (void *)stamped##_loop,              \
      .summary = "Cast." }

enum { BIT_EXPLICIT, BIT_ASSIGNMENT, VARBIT_EXPLICIT, VARBIT_ASSIGNMENT };

const ScalarFunction bitstring_functions[] = {
    /* found by their place, not by their types */
    [BIT_EXPLICIT] = CAST(1685, "bit", T_BIT, T_BIT, CAST_IMPLICIT, fit_explicitly),
    [BIT_ASSIGNMENT] = CAST(95591, "bit", T_BIT, T_BIT, CAST_IMPLICIT, fit),
    [VARBIT_EXPLICIT] = CAST(1687, "varbit", T_VARBIT, T_VARBIT, CAST_IMPLICIT, fit_explicitly),
    [VARBIT_ASSIGNMENT] = CAST(95592, "varbit", T_VARBIT, T_VARBIT, CAST_IMPLICIT, fit),
    CAST(95593, "varbit", T_BIT, T_VARBIT, CAST_IMPLICIT, fit_explicitly),
    CAST(95594, "bit", T_VARBIT, T_BIT, CAST_IMPLICIT, fit_explicitly),
    CAST(1683, "bit", T_INT4, T_BIT, CAST_EXPLICIT, from_integer),
    CAST(2075, "bit", T_INT8, T_BIT, CAST_EXPLICIT, from_integer),
    CAST(1684, "int4", T_BIT, T_INT4, CAST_EXPLICIT, to_int4),
    CAST(2076, "int8", T_BIT, T_INT8, CAST_EXPLICIT, to_int8),
    OPERATOR(1673, "bitand", "&", T_BIT, T_BIT, T_BIT, and, "The bits that both have."),
    OPERATOR(1674, "bitor", "|", T_BIT, T_BIT, T_BIT, or, "The bits that either has."),
    OPERATOR(1675, "bitxor", "#", T_BIT, T_BIT, T_BIT, xor, "The bits that one of both has."),
    { .oid = 1676, .name = "bitnot", .symbol = "~", .argument_count = 1, .arguments = { T_BIT },
      .result = T_BIT, .kind = FUNCTION_OPERATOR_ONLY, ROWS, .loop = (void *)not_loop,
      .summary = "All bits turned." },
    OPERATOR(1677, "bitshiftleft", "<<", T_BIT, T_INT4, T_BIT, shift_left, "Moved to the left."),
    OPERATOR(1678, "bitshiftright", ">>", T_BIT, T_INT4, T_BIT, shift_right,
             "Moved to the right."),
    OPERATOR(1679, "bitcat", "||", T_VARBIT, T_VARBIT, T_VARBIT, cat, "One behind the other."),
    FUNCTION(1681, "length", 1, T_INT4, length, "Number of bits.", "length(B'10101')", "5", T_BIT),
    FUNCTION(1812, "bit_length", 1, T_INT4, length, "Number of bits.", "bit_length(B'101')", "3",
             T_BIT),
    FUNCTION(1682, "octet_length", 1, T_INT4, octets, "Number of bytes that the bits fill.",
             "octet_length(B'101010101')", "2", T_BIT),
    FUNCTION(6162, "bit_count", 1, T_INT8, count, "Number of bits that are set.",
             "bit_count(B'1011')", "3", T_BIT),
    FUNCTION(1680, "substring", 3, T_BIT, substring, "So many bits from a place on.",
             "substring(B'110010' from 2 for 3)", "100", T_BIT, T_INT8, T_INT8),
    FUNCTION(1699, "substring", 2, T_BIT, substring, "The bits from a place on.",
             "substring(B'110010' from 4)", "010", T_BIT, T_INT8),
    /* position(part in bits) is bound as strpos(bits, part) */
    FUNCTION(1698, "strpos", 2, T_INT4, position, "Where bits are first found, 0: nowhere.",
             "position(B'01' in B'1101')", "3", T_BIT, T_BIT),
    FUNCTION(3030, "overlay", 4, T_BIT, overlay, "With other bits in place of some.",
             "overlay(B'0000' placing B'1' from 2 for 3)", "01", T_BIT, T_BIT, T_INT8, T_INT8),
    FUNCTION(3031, "overlay", 3, T_BIT, overlay, "With other bits in place of as many.",
             "overlay(B'0000' placing B'11' from 2)", "0110", T_BIT, T_BIT, T_INT8),
    FUNCTION(3032, "get_bit", 2, T_INT4, get, "The bit at a place, from 0.",
             "get_bit(B'1010', 2)", "1", T_BIT, T_INT8),
    FUNCTION(3033, "set_bit", 3, T_BIT, set, "With another bit at a place, from 0.",
             "set_bit(B'1010', 1, 1)", "1110", T_BIT, T_INT8, T_INT8),
};
const uint32_t bitstring_function_count =
    sizeof bitstring_functions / sizeof bitstring_functions[0];

const ScalarFunction *cast_to_bits(Oid type, CastRule rule)
{
    bool is_explicit = rule == CAST_EXPLICIT;
    if (type == T_BIT)
        return &bitstring_functions[is_explicit ? BIT_EXPLICIT : BIT_ASSIGNMENT];
    return &bitstring_functions[is_explicit ? VARBIT_EXPLICIT : VARBIT_ASSIGNMENT];
}
