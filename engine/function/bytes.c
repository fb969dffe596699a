/*
 * Functions of bytea: parts, bits, digests, character sets. Positions count bytes from 1, bits
 * and bytes of get_bit .. set_byte from 0 (a bit's number counts from a byte's lowest bit).
 */
#include "engine/function/text_internal.h"

#include <openssl/evp.h>
#include <strings.h>

static const Text no_bytes = {.data = "", .length = 0};

static Text bytes_joined(TextSink *sink, Text a, Text b, Text c)
{
    size_t length = (size_t)a.length + b.length + c.length;
    char *out = text_sink_reserve(sink, length);
    const Text parts[3] = {a, b, c};
    for (int i = 0; i < 3; i++) {
        if (parts[i].length > 0)
            memcpy(out, parts[i].data, parts[i].length);
        out += parts[i].length;
    }
    return text_sink_take(sink, length);
}

static Text bytes_part(Text bytes, uint32_t start, uint32_t length)
{
    return length == 0 ? no_bytes : (Text){.data = bytes.data + start, .length = length};
}

static bool bytes_cat_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    Text a = row_text(run, 0, row), b = row_text(run, 1, row);
    *result = no_bytes;
    if ((uint64_t)a.length + b.length > TEXT_MAX_LENGTH)
        return text_too_long(run->fault);
    *result = bytes_joined(&run->sink, a, b, no_bytes);
    return true;
}

static bool bytes_bits_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    *result = (int64_t)row_text(run, 0, row).length * 8;
    return true;
}

static bool bytes_bit_count_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    Text bytes = row_text(run, 0, row);
    *result = 0;
    for (uint32_t i = 0; i < bytes.length; i++)
        *result += __builtin_popcount((uint8_t)bytes.data[i]);
    return true;
}

/* Bytes from `start` on, `length` of them (all that are left when it is negative here). */
static bool bytes_cut(RowRun *run, Text bytes, int64_t start, bool has_length, int64_t length,
                      Text *part)
{
    *part = no_bytes;
    if (has_length && length < 0)
        return fault_set(run->fault, FAULT_SUBSTRING_ERROR, "negative substring length not allowed");
    int64_t end = (int64_t)bytes.length + 1;
    if (has_length && __builtin_add_overflow(start, length, &end))
        end = INT64_MAX;
    if (start < 1)
        start = 1;
    if (end > (int64_t)bytes.length + 1)
        end = (int64_t)bytes.length + 1;
    if (start < end)
        *part = bytes_part(bytes, (uint32_t)(start - 1), (uint32_t)(end - start));
    return true;
}

static bool bytes_substring_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    bool has_length = run->call->argument_count > 2;
    return bytes_cut(run, row_text(run, 0, row), row_int64(run, 1, row), has_length,
                     has_length ? row_int64(run, 2, row) : 0, result);
}

/* overlay(bytes placing part from start [for length]) */
static bool bytes_overlay_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    Text bytes = row_text(run, 0, row), part = row_text(run, 1, row), head, tail;
    int64_t start = row_int64(run, 2, row);
    int64_t length = run->call->argument_count > 3 ? row_int64(run, 3, row) : part.length;
    *result = no_bytes;
    if (start <= 0)
        return fault_set(run->fault, FAULT_SUBSTRING_ERROR, "negative substring length not allowed");
    int64_t after;
    if (__builtin_add_overflow(start, length, &after))
        return fault_set(run->fault, FAULT_NUMERIC_VALUE_OUT_OF_RANGE, "integer out of range");
    if (!bytes_cut(run, bytes, 1, true, start - 1, &head) ||
        !bytes_cut(run, bytes, after, false, 0, &tail))
        return false;
    if ((uint64_t)head.length + part.length + tail.length > TEXT_MAX_LENGTH)
        return text_too_long(run->fault);
    *result = bytes_joined(&run->sink, head, part, tail);
    return true;
}

static bool bytes_position_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    Text bytes = row_text(run, 0, row), part = row_text(run, 1, row);
    *result = part.length == 0 ? 1
                               : text_find(bytes.data, bytes.length, part.data, part.length) + 1;
    return true;
}

/* --- trimming --- */

static bool is_among(char byte, Text set)
{
    return set.length > 0 && memchr(set.data, byte, set.length) != NULL;
}

static void bytes_trim(RowRun *run, uint32_t row, bool left, bool right, Text *result)
{
    Text bytes = row_text(run, 0, row), set = row_text(run, 1, row);
    while (left && bytes.length > 0 && is_among(bytes.data[0], set))
        bytes.data++, bytes.length--;
    while (right && bytes.length > 0 && is_among(bytes.data[bytes.length - 1], set))
        bytes.length--;
    *result = bytes;
}

static bool bytes_btrim_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    bytes_trim(run, row, true, true, result);
    return true;
}

static bool bytes_ltrim_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    bytes_trim(run, row, true, false, result);
    return true;
}

static bool bytes_rtrim_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    bytes_trim(run, row, false, true, result);
    return true;
}

/* --- single bits and bytes --- */

static bool check_index(RowRun *run, int64_t index, int64_t count)
{
    return (index >= 0 && index < count) ||
           fault_set(run->fault, FAULT_ARRAY_SUBSCRIPT_ERROR,
                     "index %lld out of valid range, 0..%lld", (long long)index,
                     (long long)count - 1);
}

static bool get_byte_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    Text bytes = row_text(run, 0, row);
    int64_t index = row_int64(run, 1, row);
    *result = 0;
    if (!check_index(run, index, bytes.length))
        return false;
    *result = (uint8_t)bytes.data[index];
    return true;
}

static bool get_bit_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    Text bytes = row_text(run, 0, row);
    int64_t index = row_int64(run, 1, row);
    *result = 0;
    if (!check_index(run, index, (int64_t)bytes.length * 8))
        return false;
    *result = (uint8_t)bytes.data[index / 8] >> (index % 8) & 1;
    return true;
}

static bool set_byte_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    Text bytes = row_text(run, 0, row);
    int64_t index = row_int64(run, 1, row);
    *result = no_bytes;
    if (!check_index(run, index, bytes.length))
        return false;
    *result = bytes_joined(&run->sink, bytes, no_bytes, no_bytes);
    ((char *)(uintptr_t)result->data)[index] = (char)row_int64(run, 2, row);
    return true;
}

static bool set_bit_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    Text bytes = row_text(run, 0, row);
    int64_t index = row_int64(run, 1, row), bit = row_int64(run, 2, row);
    *result = no_bytes;
    if (!check_index(run, index, (int64_t)bytes.length * 8))
        return false;
    if (bit != 0 && bit != 1)
        return fault_set(run->fault, FAULT_INVALID_PARAMETER_VALUE, "new bit must be 0 or 1");
    *result = bytes_joined(&run->sink, bytes, no_bytes, no_bytes);
    char *byte = (char *)(uintptr_t)result->data + index / 8;
    char mask = (char)(1 << (index % 8));
    *byte = bit != 0 ? (char)(*byte | mask) : (char)(*byte & ~mask);
    return true;
}

/* --- digests --- */

static bool bytes_digest(RowRun *run, uint32_t row, const EVP_MD *method, Text *result)
{
    Text bytes = row_text(run, 0, row);
    char *out = text_sink_reserve(&run->sink, EVP_MAX_MD_SIZE);
    unsigned length = 0;
    *result = no_bytes;
    if (EVP_Digest(bytes.length > 0 ? bytes.data : "", bytes.length, (uint8_t *)out, &length,
                   method, NULL) != 1)
        return fault_set(run->fault, FAULT_INTERNAL_ERROR, "could not compute a digest");
    *result = text_sink_take(&run->sink, length);
    return true;
}

static bool sha224_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    return bytes_digest(run, row, EVP_sha224(), result);
}

static bool sha384_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    return bytes_digest(run, row, EVP_sha384(), result);
}

/* --- character sets: UTF-8, Latin-1, ASCII --- */

typedef enum CharacterSet { SET_NONE, SET_UTF8, SET_LATIN1, SET_ASCII } CharacterSet;

static CharacterSet character_set(Text name, Fault *fault)
{
    static const struct {
        const char *name;
        CharacterSet set;
    } sets[] = {
        {"utf8", SET_UTF8},        {"utf-8", SET_UTF8},      {"unicode", SET_UTF8},
        {"latin1", SET_LATIN1},    {"iso-8859-1", SET_LATIN1}, {"iso88591", SET_LATIN1},
        {"iso_8859_1", SET_LATIN1}, {"sql_ascii", SET_ASCII}, {"ascii", SET_ASCII},
    };
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
        if (name.length == strlen(sets[i].name) &&
            strncasecmp(name.data, sets[i].name, name.length) == 0)
            return sets[i].set;
    fault_set(fault, FAULT_INVALID_PARAMETER_VALUE, "invalid encoding name \"%.*s\"",
              TEXT_ARGS(name));
    return SET_NONE;
}

static bool check_utf8(Text text, Fault *fault)
{
    const char *at = text.data, *end = at + text.length;
    while (at < end) {
        const char *start = at;
        if (*at == '\0' || utf8_decode(at, end, &at) >= UINT32_C(0x110000))
            return fault_set(fault, FAULT_CHARACTER_NOT_IN_REPERTOIRE,
                             "invalid byte sequence for encoding \"UTF8\": 0x%02x",
                             (uint8_t)*start);
    }
    return true;
}

static Text latin1_to_utf8(TextSink *sink, Text bytes)
{
    char *out = text_sink_reserve(sink, (size_t)bytes.length * 2), *start = out;
    for (uint32_t i = 0; i < bytes.length; i++)
        out += utf8_encode((uint8_t)bytes.data[i], out);
    return text_sink_take(sink, (size_t)(out - start));
}

static bool utf8_to_latin1(TextSink *sink, Text text, Text *result, Fault *fault)
{
    char *out = text_sink_reserve(sink, text.length), *start = out;
    const char *at = text.data, *end = at + text.length;
    while (at < end) {
        const char *from = at;
        uint32_t code = utf8_decode(at, end, &at);
        if (code > 255)
            return fault_set(fault, FAULT_UNTRANSLATABLE_CHARACTER,
                             "character with byte sequence 0x%02x in encoding \"UTF8\" has no "
                             "equivalent in encoding \"LATIN1\"",
                             (uint8_t)*from);
        *out++ = (char)code;
    }
    *result = text_sink_take(sink, (size_t)(out - start));
    return true;
}

/* Bytes of one set as those of another; what is read is checked. */
static bool transcode(RowRun *run, Text bytes, CharacterSet from, CharacterSet to, Text *result)
{
    *result = bytes;
    if (from == SET_NONE || to == SET_NONE)
        return false;
    if (from == SET_UTF8 && !check_utf8(bytes, run->fault))
        return false;
    if (from == SET_LATIN1 && to == SET_UTF8)
        *result = latin1_to_utf8(&run->sink, bytes);
    else if (from != SET_LATIN1 && to == SET_LATIN1)
        return utf8_to_latin1(&run->sink, bytes, result, run->fault);
    return true;
}

static bool convert_from_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    CharacterSet set = character_set(row_text(run, 1, row), run->fault);
    return transcode(run, row_text(run, 0, row), set, SET_UTF8, result) &&
           check_utf8(*result, run->fault);
}

static bool convert_to_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    CharacterSet set = character_set(row_text(run, 1, row), run->fault);
    return transcode(run, row_text(run, 0, row), SET_UTF8, set, result);
}

static bool convert_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    CharacterSet from = character_set(row_text(run, 1, row), run->fault);
    CharacterSet to =
        from == SET_NONE ? SET_NONE : character_set(row_text(run, 2, row), run->fault);
    return transcode(run, row_text(run, 0, row), from, to, result);
}

static bool encoded_length_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    Text text;
    CharacterSet set = character_set(row_text(run, 1, row), run->fault);
    *result = 0;
    if (!transcode(run, row_text(run, 0, row), set, SET_UTF8, &text))
        return false;
    *result = utf8_count(text.data, text.length);
    return true;
}

ROW_LOOP(bytes_cat_loop, bytes_cat_row, Text)
ROW_LOOP(bytes_bits_loop, bytes_bits_row, int64_t)
ROW_LOOP(bytes_bit_count_loop, bytes_bit_count_row, int64_t)
ROW_LOOP(bytes_substring_loop, bytes_substring_row, Text)
ROW_LOOP(bytes_overlay_loop, bytes_overlay_row, Text)
ROW_LOOP(bytes_position_loop, bytes_position_row, int64_t)
ROW_LOOP(bytes_btrim_loop, bytes_btrim_row, Text)
ROW_LOOP(bytes_ltrim_loop, bytes_ltrim_row, Text)
ROW_LOOP(bytes_rtrim_loop, bytes_rtrim_row, Text)
ROW_LOOP(get_byte_loop, get_byte_row, int64_t)
ROW_LOOP(get_bit_loop, get_bit_row, int64_t)
ROW_LOOP(set_byte_loop, set_byte_row, Text)
ROW_LOOP(set_bit_loop, set_bit_row, Text)
ROW_LOOP(sha224_loop, sha224_row, Text)
ROW_LOOP(sha384_loop, sha384_row, Text)
ROW_LOOP(convert_from_loop, convert_from_row, Text)
ROW_LOOP(convert_to_loop, convert_to_row, Text)
ROW_LOOP(convert_loop, convert_row, Text)
ROW_LOOP(encoded_length_loop, encoded_length_row, int64_t)

#define BYTES(id, function, count, optional, type, loop_method, does, sample, value, ...)          \
    { .oid = id, .name = function, .argument_count = count, .optional_count = optional,            \
      .arguments = { __VA_ARGS__ }, .result = type, .run = run_rows, .prepare = rows_prepare,      \
      .loop = (void *)(loop_method), .summary = does, .example = sample, .gives = value }

const ScalarFunction bytes_functions[] = {
    { .oid = 2011, .name = "byteacat", .symbol = "||", .argument_count = 2,
      .arguments = { T_BYTEA, T_BYTEA }, .result = T_BYTEA, .kind = FUNCTION_OPERATOR_ONLY,
      .run = run_rows, .prepare = rows_prepare, .loop = (void *)bytes_cat_loop,
      .summary = "Bytes one after the other.", .example = "'\\x12'::bytea || '\\x34'::bytea",
      .gives = "\\x1234" },
    BYTES(1810, "bit_length", 1, 0, T_INT4, bytes_bits_loop, "Number of bits.",
          "bit_length('\\x1234'::bytea)", "16", T_BYTEA),
    BYTES(6163, "bit_count", 1, 0, T_INT8, bytes_bit_count_loop, "Number of bits that are 1.",
          "bit_count('\\x1234567890'::bytea)", "15", T_BYTEA),
    BYTES(2012, "substring", 3, 1, T_BYTEA, bytes_substring_loop,
          "Bytes from a position, which counts from 1.",
          "substring('\\x1234567890'::bytea FROM 3 FOR 2)", "\\x5678", T_BYTEA, T_INT8, T_INT8),
    BYTES(2085, "substr", 3, 1, T_BYTEA, bytes_substring_loop,
          "Bytes from a position, which counts from 1.", "substr('\\x1234567890'::bytea, 3, 2)",
          "\\x5678", T_BYTEA, T_INT8, T_INT8),
    BYTES(749, "overlay", 4, 1, T_BYTEA, bytes_overlay_loop, "Bytes with a part replaced.",
          "overlay('\\x1234567890'::bytea PLACING '\\x0203'::bytea FROM 2 FOR 3)",
          "\\x12020390", T_BYTEA, T_BYTEA, T_INT8, T_INT8),
    BYTES(2014, "position", 2, 0, T_INT4, bytes_position_loop,
          "Where the second bytes first are in the first, 0 when they are not.",
          "position('\\x5678'::bytea IN '\\x1234567890'::bytea)", "3", T_BYTEA, T_BYTEA),
    BYTES(91060, "strpos", 2, 0, T_INT4, bytes_position_loop,
          "Where the second bytes first are in the first, 0 when they are not.",
          "strpos('\\x1234567890'::bytea, '\\x5678'::bytea)", "3", T_BYTEA, T_BYTEA),
    BYTES(2015, "btrim", 2, 0, T_BYTEA, bytes_btrim_loop,
          "Without the bytes of a set at both ends.",
          "btrim('\\x1234567890'::bytea, '\\x9012'::bytea)", "\\x345678", T_BYTEA, T_BYTEA),
    BYTES(6195, "ltrim", 2, 0, T_BYTEA, bytes_ltrim_loop,
          "Without the bytes of a set at the start.",
          "ltrim('\\x1234567890'::bytea, '\\x9012'::bytea)", "\\x34567890", T_BYTEA, T_BYTEA),
    BYTES(6196, "rtrim", 2, 0, T_BYTEA, bytes_rtrim_loop,
          "Without the bytes of a set at the end.",
          "rtrim('\\x1234567890'::bytea, '\\x9012'::bytea)", "\\x12345678", T_BYTEA, T_BYTEA),
    BYTES(721, "get_byte", 2, 0, T_INT4, get_byte_loop, "A byte by its number from 0.",
          "get_byte('\\x1234567890'::bytea, 4)", "144", T_BYTEA, T_INT4),
    BYTES(723, "get_bit", 2, 0, T_INT4, get_bit_loop, "A bit by its number from 0.",
          "get_bit('\\x1234567890'::bytea, 30)", "1", T_BYTEA, T_INT8),
    BYTES(722, "set_byte", 3, 0, T_BYTEA, set_byte_loop, "With one byte replaced.",
          "set_byte('\\x1234567890'::bytea, 4, 64)", "\\x1234567840", T_BYTEA, T_INT4, T_INT4),
    BYTES(724, "set_bit", 3, 0, T_BYTEA, set_bit_loop, "With one bit replaced.",
          "set_bit('\\x1234567890'::bytea, 30, 0)", "\\x1234563890", T_BYTEA, T_INT8, T_INT4),
    BYTES(3419, "sha224", 1, 0, T_BYTEA, sha224_loop, "The SHA-224 digest.",
          "length(sha224('abc'::bytea))", "28", T_BYTEA),
    BYTES(3421, "sha384", 1, 0, T_BYTEA, sha384_loop, "The SHA-384 digest.",
          "length(sha384('abc'::bytea))", "48", T_BYTEA),
    BYTES(1714, "convert_from", 2, 0, T_TEXT, convert_from_loop,
          "The text that bytes are in a character set: UTF8, LATIN1, SQL_ASCII.",
          "convert_from('\\x6869'::bytea, 'UTF8')", "hi", T_BYTEA, T_NAME),
    BYTES(1717, "convert_to", 2, 0, T_BYTEA, convert_to_loop,
          "The bytes of a text in a character set: UTF8, LATIN1, SQL_ASCII.",
          "convert_to('hi', 'UTF8')", "\\x6869", T_TEXT, T_NAME),
    BYTES(1813, "convert", 3, 0, T_BYTEA, convert_loop,
          "Bytes brought from one character set to another.",
          "convert('hi'::bytea, 'UTF8', 'LATIN1')", "\\x6869", T_BYTEA, T_NAME, T_NAME),
    BYTES(1713, "length", 2, 0, T_INT4, encoded_length_loop,
          "Number of characters of bytes in a character set.",
          "length('jose'::bytea, 'UTF8')", "4", T_BYTEA, T_NAME),
};
const uint32_t bytes_function_count = sizeof bytes_functions / sizeof bytes_functions[0];
