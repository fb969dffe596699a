/*
 * Operations on the bits of integers: PostgreSQL's operators and Druid's functions.
 */
#include "engine/function/kernel.h"

static inline FaultCode bit_and(int64_t a, int64_t b, int64_t *result)
{
    *result = a & b;
    return FAULT_NONE;
}

static inline FaultCode bit_or(int64_t a, int64_t b, int64_t *result)
{
    *result = a | b;
    return FAULT_NONE;
}

static inline FaultCode bit_xor(int64_t a, int64_t b, int64_t *result)
{
    *result = a ^ b;
    return FAULT_NONE;
}

static inline FaultCode bit_not(int64_t a, int64_t *result)
{
    *result = ~a;
    return FAULT_NONE;
}

/* Shift counts are taken modulo the width, as the hardware does. */
static inline FaultCode shift_left_int2(int64_t a, int64_t count, int64_t *result)
{
    *result = (int16_t)(uint16_t)((uint64_t)a << (count & 31));
    return FAULT_NONE;
}

static inline FaultCode shift_left_int4(int64_t a, int64_t count, int64_t *result)
{
    *result = (int32_t)(uint32_t)((uint64_t)a << (count & 31));
    return FAULT_NONE;
}

static inline FaultCode shift_left_int8(int64_t a, int64_t count, int64_t *result)
{
    *result = (int64_t)((uint64_t)a << (count & 63));
    return FAULT_NONE;
}

static inline FaultCode shift_right_int4(int64_t a, int64_t count, int64_t *result)
{
    *result = a >> (count & 31);
    return FAULT_NONE;
}

static inline FaultCode shift_right_int8(int64_t a, int64_t count, int64_t *result)
{
    *result = a >> (count & 63);
    return FAULT_NONE;
}

static inline FaultCode bits_of_double(double a, int64_t *result)
{
    memcpy(result, &a, sizeof a);
    return FAULT_NONE;
}

static inline FaultCode double_of_bits(int64_t a, double *result)
{
    memcpy(result, &a, sizeof a);
    return FAULT_NONE;
}

BINARY_LOOP(bit_and_loop, bit_and, int64_t, int64_t, int64_t)
BINARY_LOOP(bit_or_loop, bit_or, int64_t, int64_t, int64_t)
BINARY_LOOP(bit_xor_loop, bit_xor, int64_t, int64_t, int64_t)
UNARY_LOOP(bit_not_loop, bit_not, int64_t, int64_t)
BINARY_LOOP(shift_left_int2_loop, shift_left_int2, int64_t, int64_t, int64_t)
BINARY_LOOP(shift_left_int4_loop, shift_left_int4, int64_t, int64_t, int64_t)
BINARY_LOOP(shift_left_int8_loop, shift_left_int8, int64_t, int64_t, int64_t)
BINARY_LOOP(shift_right_int4_loop, shift_right_int4, int64_t, int64_t, int64_t)
BINARY_LOOP(shift_right_int8_loop, shift_right_int8, int64_t, int64_t, int64_t)
UNARY_LOOP(bits_of_double_loop, bits_of_double, double, int64_t)
UNARY_LOOP(double_of_bits_loop, double_of_bits, int64_t, double)

#define OPERATOR(id, function, sign, a, b, stamped, text, sample, result_text)                     \
    { .oid = id, .name = function, .symbol = sign, .argument_count = 2, .arguments = { a, b },     \
      .result = a, .kind = FUNCTION_OPERATOR_ONLY, .run = run_loop, .loop = stamped,               \
      .summary = text, .example = sample, .gives = result_text }
#define COMPLEMENT(id, function, type)                                                             \
    { .oid = id, .name = function, .symbol = "~", .argument_count = 1, .arguments = { type },      \
      .result = type, .kind = FUNCTION_OPERATOR_ONLY, .run = run_loop, .loop = bit_not_loop,       \
      .summary = "All bits inverted.", .example = "~12", .gives = "-13" }
#define FUNCTION(id, function, stamped, text, sample, result_text)                                 \
    { .oid = id, .name = function, .argument_count = 2, .arguments = { T_INT8, T_INT8 },           \
      .result = T_INT8, .run = run_loop, .loop = stamped, .summary = text, .example = sample,      \
      .gives = result_text }

const ScalarFunction bitwise_functions[] = {
    OPERATOR(1892, "int2and", "&", T_INT2, T_INT2, bit_and_loop, "Bits set in both.", NULL, NULL),
    OPERATOR(1898, "int4and", "&", T_INT4, T_INT4, bit_and_loop, "Bits set in both.", "12 & 10",
             "8"),
    OPERATOR(1904, "int8and", "&", T_INT8, T_INT8, bit_and_loop, "Bits set in both.", NULL, NULL),
    OPERATOR(1893, "int2or", "|", T_INT2, T_INT2, bit_or_loop, "Bits set in either.", NULL, NULL),
    OPERATOR(1899, "int4or", "|", T_INT4, T_INT4, bit_or_loop, "Bits set in either.", "12 | 10",
             "14"),
    OPERATOR(1905, "int8or", "|", T_INT8, T_INT8, bit_or_loop, "Bits set in either.", NULL, NULL),
    OPERATOR(1894, "int2xor", "#", T_INT2, T_INT2, bit_xor_loop, "Bits set in one of the two.",
             NULL, NULL),
    OPERATOR(1900, "int4xor", "#", T_INT4, T_INT4, bit_xor_loop, "Bits set in one of the two.",
             "12 # 10", "6"),
    OPERATOR(1906, "int8xor", "#", T_INT8, T_INT8, bit_xor_loop, "Bits set in one of the two.",
             NULL, NULL),
    COMPLEMENT(1895, "int2not", T_INT2),
    COMPLEMENT(1901, "int4not", T_INT4),
    COMPLEMENT(1907, "int8not", T_INT8),
    OPERATOR(1896, "int2shl", "<<", T_INT2, T_INT4, shift_left_int2_loop, "Bits moved left.",
             NULL, NULL),
    OPERATOR(1902, "int4shl", "<<", T_INT4, T_INT4, shift_left_int4_loop, "Bits moved left.",
             "2 << 3", "16"),
    OPERATOR(1908, "int8shl", "<<", T_INT8, T_INT4, shift_left_int8_loop, "Bits moved left.",
             NULL, NULL),
    OPERATOR(1897, "int2shr", ">>", T_INT2, T_INT4, shift_right_int4_loop, "Bits moved right.",
             NULL, NULL),
    OPERATOR(1903, "int4shr", ">>", T_INT4, T_INT4, shift_right_int4_loop, "Bits moved right.",
             "16 >> 3", "2"),
    OPERATOR(1909, "int8shr", ">>", T_INT8, T_INT4, shift_right_int8_loop, "Bits moved right.",
             NULL, NULL),

    FUNCTION(95020, "bitwise_and", bit_and_loop, "Bits set in both.", "bitwise_and(12, 10)", "8"),
    FUNCTION(95021, "bitwise_or", bit_or_loop, "Bits set in either.", "bitwise_or(12, 10)", "14"),
    FUNCTION(95022, "bitwise_xor", bit_xor_loop, "Bits set in one of the two.",
             "bitwise_xor(12, 10)", "6"),
    FUNCTION(95023, "bitwise_shift_left", shift_left_int8_loop, "Bits moved left.",
             "bitwise_shift_left(2, 3)", "16"),
    FUNCTION(95024, "bitwise_shift_right", shift_right_int8_loop,
             "Bits moved right; the sign is kept.", "bitwise_shift_right(16, 3)", "2"),
    { .oid = 95025, .name = "bitwise_complement", .argument_count = 1, .arguments = { T_INT8 },
      .result = T_INT8, .run = run_loop, .loop = bit_not_loop, .summary = "All bits inverted.",
      .example = "bitwise_complement(12)", .gives = "-13" },
    { .oid = 95026, .name = "bitwise_convert_double_to_long_bits", .argument_count = 1,
      .arguments = { T_FLOAT8 }, .result = T_INT8, .run = run_loop, .loop = bits_of_double_loop,
      .summary = "The bits of a double as a bigint.",
      .example = "bitwise_convert_double_to_long_bits(255)", .gives = "4643176031446892544" },
    { .oid = 95027, .name = "bitwise_convert_long_bits_to_double", .argument_count = 1,
      .arguments = { T_INT8 }, .result = T_FLOAT8, .run = run_loop, .loop = double_of_bits_loop,
      .summary = "The double with these bits.",
      .example = "bitwise_convert_long_bits_to_double(4643176031446892544)", .gives = "255" },
};

const uint32_t bitwise_function_count = sizeof bitwise_functions / sizeof bitwise_functions[0];
