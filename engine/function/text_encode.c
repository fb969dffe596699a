/*
 * Texts and bytes in other forms: code points, hexadecimal, base64, digests, quoting, numbers
 * read from texts.
 */
#include "engine/function/text_internal.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <strings.h>

static const Text no_text = {.data = "", .length = 0};
static const char hex_digits[] = "0123456789abcdef";

/* --- code points --- */

static bool ascii_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    Text text = row_text(run, 0, row);
    const char *next;
    *result =
        text.length == 0 ? 0 : utf8_decode(text.data, text.data + text.length, &next) & 0x1FFFFF;
    return true;
}

static bool chr_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    int64_t code = row_int64(run, 0, row);
    *result = no_text;
    if (code == 0)
        return fault_set(run->fault, FAULT_PROGRAM_LIMIT_EXCEEDED, "null character not permitted");
    if (code < 0)
        return fault_set(run->fault, FAULT_INVALID_PARAMETER_VALUE,
                         "character number must be positive");
    if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000))
        return fault_set(run->fault, FAULT_PROGRAM_LIMIT_EXCEEDED,
                         "requested character not valid for encoding: %lld", (long long)code);
    char *out = text_sink_reserve(&run->sink, 4);
    *result = text_sink_take(&run->sink, utf8_encode((uint32_t)code, out));
    return true;
}

/* --- hexadecimal --- */

static Text put_hex(TextSink *sink, const uint8_t *bytes, size_t length)
{
    char *out = text_sink_reserve(sink, length * 2);
    for (size_t i = 0; i < length; i++) {
        out[i * 2] = hex_digits[bytes[i] >> 4];
        out[i * 2 + 1] = hex_digits[bytes[i] & 15];
    }
    return text_sink_take(sink, length * 2);
}

static bool to_hex_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    int64_t value = row_int64(run, 0, row);
    bool is_narrow = run->call->argument_types[0].oid != T_INT8;
    char *out = text_sink_reserve(&run->sink, 24);
    int length =
        snprintf(out, 24, "%llx",
                 is_narrow ? (unsigned long long)(uint32_t)value : (unsigned long long)value);
    *result = text_sink_take(&run->sink, (size_t)length);
    return true;
}

/* --- digests --- */

static bool digest(RowRun *run, uint32_t row, const EVP_MD *method, bool as_text, Text *result)
{
    Text text = row_text(run, 0, row);
    uint8_t bytes[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    if (EVP_Digest(text.length > 0 ? text.data : "", text.length, bytes, &length, method, NULL) !=
        1)
        return fault_set(run->fault, FAULT_INTERNAL_ERROR, "could not compute a digest");
    if (as_text) {
        *result = put_hex(&run->sink, bytes, length);
        return true;
    }
    char *out = text_sink_reserve(&run->sink, length);
    memcpy(out, bytes, length);
    *result = text_sink_take(&run->sink, length);
    return true;
}

static bool md5_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    return digest(run, row, EVP_md5(), true, result);
}

static bool sha256_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    return digest(run, row, EVP_sha256(), false, result);
}

static bool sha512_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    return digest(run, row, EVP_sha512(), false, result);
}

/* --- encode, decode --- */

typedef enum Encoding { ENCODING_NONE, ENCODING_HEX, ENCODING_BASE64, ENCODING_ESCAPE } Encoding;

static Encoding encoding_of(Text name, Fault *fault)
{
    if (name.length == 3 && strncasecmp(name.data, "hex", 3) == 0)
        return ENCODING_HEX;
    if (name.length == 6 && strncasecmp(name.data, "base64", 6) == 0)
        return ENCODING_BASE64;
    if (name.length == 6 && strncasecmp(name.data, "escape", 6) == 0)
        return ENCODING_ESCAPE;
    fault_set(fault, FAULT_INVALID_PARAMETER_VALUE, "unrecognized encoding: \"%.*s\"",
              TEXT_ARGS(name));
    return ENCODING_NONE;
}

/* Lines of 76 characters, as PostgreSQL writes them. */
static Text put_base64(TextSink *sink, Text bytes)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t quads = ((size_t)bytes.length + 2) / 3, length = 0;
    char *out = text_sink_reserve(sink, quads * 4 + quads * 4 / 76 + 1);
    const uint8_t *in = (const uint8_t *)bytes.data;
    for (size_t i = 0; i < bytes.length; i += 3) {
        size_t left = bytes.length - i;
        uint32_t word = (uint32_t)in[i] << 16 | (left > 1 ? (uint32_t)in[i + 1] << 8 : 0) |
                        (left > 2 ? in[i + 2] : 0);
        if (i > 0 && i % 57 == 0)
            out[length++] = '\n';
        out[length++] = alphabet[word >> 18];
        out[length++] = alphabet[word >> 12 & 63];
        out[length++] = left > 1 ? alphabet[word >> 6 & 63] : '=';
        out[length++] = left > 2 ? alphabet[word & 63] : '=';
    }
    return text_sink_take(sink, length);
}

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

static bool take_base64(TextSink *sink, Text text, Text *result, Fault *fault)
{
    char *out = text_sink_reserve(sink, (size_t)text.length / 4 * 3 + 3), *start = out;
    uint32_t word = 0;
    int bits = 0, padding = 0;
    for (uint32_t i = 0; i < text.length; i++) {
        char c = text.data[i];
        if (c == ' ' || c == '\n' || c == '\r' || c == '\t')
            continue;
        if (c == '=') {
            padding++;
            continue;
        }
        int value = base64_value(c);
        if (value < 0 || padding > 0)
            return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                             "invalid symbol \"%c\" found while decoding base64 sequence", c);
        word = word << 6 | (uint32_t)value;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            *out++ = (char)(word >> bits & 255);
        }
    }
    if (bits >= 6 || padding > 2)
        return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE, "invalid base64 end sequence");
    *result = text_sink_take(sink, (size_t)(out - start));
    return true;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 32);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool take_hex(TextSink *sink, Text text, Text *result, Fault *fault)
{
    char *out = text_sink_reserve(sink, (size_t)text.length / 2 + 1), *start = out;
    int high = -1;
    for (uint32_t i = 0; i < text.length; i++) {
        char c = text.data[i];
        if (c == ' ' || c == '\n' || c == '\r' || c == '\t')
            continue;
        int value = hex_value(c);
        if (value < 0)
            return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                             "invalid hexadecimal digit: \"%c\"", c);
        if (high >= 0)
            *out++ = (char)(high << 4 | value);
        high = high >= 0 ? -1 : value;
    }
    if (high >= 0)
        return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                         "invalid hexadecimal data: odd number of digits");
    *result = text_sink_take(sink, (size_t)(out - start));
    return true;
}

/* Bytes of 0 and above 127 as \nnn, backslashes doubled. */
static Text put_escaped(TextSink *sink, Text bytes)
{
    char *out = text_sink_reserve(sink, (size_t)bytes.length * 4), *start = out;
    for (uint32_t i = 0; i < bytes.length; i++) {
        uint8_t byte = (uint8_t)bytes.data[i];
        if (byte == 0 || byte > 127) {
            *out++ = '\\';
            *out++ = (char)('0' + (byte >> 6));
            *out++ = (char)('0' + (byte >> 3 & 7));
            *out++ = (char)('0' + (byte & 7));
        } else {
            if (byte == '\\')
                *out++ = '\\';
            *out++ = (char)byte;
        }
    }
    return text_sink_take(sink, (size_t)(out - start));
}

static bool take_escaped(TextSink *sink, Text text, Text *result, Fault *fault)
{
    char *out = text_sink_reserve(sink, text.length), *start = out;
    for (uint32_t i = 0; i < text.length; i++) {
        const char *at = text.data + i;
        if (*at != '\\') {
            *out++ = *at;
        } else if (text.length - i > 1 && at[1] == '\\') {
            *out++ = '\\';
            i++;
        } else if (text.length - i > 3 && at[1] >= '0' && at[1] <= '3' && at[2] >= '0' &&
                   at[2] <= '7' && at[3] >= '0' && at[3] <= '7') {
            *out++ = (char)((at[1] - '0') << 6 | (at[2] - '0') << 3 | (at[3] - '0'));
            i += 3;
        } else {
            return fault_set(fault, FAULT_INVALID_TEXT_REPRESENTATION,
                             "invalid input syntax for type bytea");
        }
    }
    *result = text_sink_take(sink, (size_t)(out - start));
    return true;
}

static bool encode_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    Text bytes = row_text(run, 0, row);
    *result = no_text;
    switch (encoding_of(row_text(run, 1, row), run->fault)) {
    case ENCODING_NONE:
        return false;
    case ENCODING_HEX:
        *result = put_hex(&run->sink, (const uint8_t *)bytes.data, bytes.length);
        return true;
    case ENCODING_BASE64:
        *result = put_base64(&run->sink, bytes);
        return true;
    case ENCODING_ESCAPE:
        *result = put_escaped(&run->sink, bytes);
        return true;
    }
    return true;
}

static bool decode_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    Text text = row_text(run, 0, row);
    *result = no_text;
    switch (encoding_of(row_text(run, 1, row), run->fault)) {
    case ENCODING_NONE:
        return false;
    case ENCODING_HEX:
        return take_hex(&run->sink, text, result, run->fault);
    case ENCODING_BASE64:
        return take_base64(&run->sink, text, result, run->fault);
    case ENCODING_ESCAPE:
        return take_escaped(&run->sink, text, result, run->fault);
    }
    return true;
}

/* Whether the bytes are UTF-8 without zero bytes. */
static bool is_utf8(Text text)
{
    const char *at = text.data, *end = at + text.length;
    while (at < end) {
        if (*at == '\0' || utf8_decode(at, end, &at) >= UINT32_C(0x110000))
            return false;
    }
    return true;
}

static bool decode_base64_utf8_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    *result = no_text;
    if (!take_base64(&run->sink, row_text(run, 0, row), result, run->fault))
        return false;
    return is_utf8(*result) || fault_set(run->fault, FAULT_CHARACTER_NOT_IN_REPERTOIRE,
                                         "invalid byte sequence for encoding \"UTF8\"");
}

/* --- quoting --- */

static bool quote_literal_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    Text text = row_text(run, 0, row);
    bool has_backslash = text.length > 0 && memchr(text.data, '\\', text.length) != NULL;
    *result = text_quoted(&run->sink, text, '\'', has_backslash);
    return true;
}

static bool quote_nullable_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    if (!row_is_null(run, 0, row))
        return quote_literal_row(run, row, result, is_null);
    *result = text_of("NULL");
    return true;
}

static bool quote_ident_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    *result = text_identifier(&run->sink, row_text(run, 0, row));
    return true;
}

/* --- PARSE_LONG --- */

static bool parse_long_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    Text text = row_text(run, 0, row);
    int64_t radix = run->call->argument_count > 1 ? row_int64(run, 1, row) : 10;
    *result = 0;
    if (radix < 2 || radix > 36)
        return fault_set(run->fault, FAULT_INVALID_PARAMETER_VALUE,
                         "the radix of parse_long must be between 2 and 36");
    const char *at = text.data, *end = at + text.length;
    bool is_negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    if (radix == 16 && end - at > 2 && at[0] == '0' && (at[1] | 32) == 'x')
        at += 2;
    *is_null = at == end;
    __int128 value = 0;
    for (; at < end; at++) {
        int digit = (uint8_t)(*at - '0') < 10          ? *at - '0'
                    : (uint8_t)((*at | 32) - 'a') < 26 ? (*at | 32) - 'a' + 10
                                                       : 99;
        if (digit >= radix || value > INT64_MAX) {
            *is_null = 1;
            return true;
        }
        value = value * radix + digit;
    }
    value = is_negative ? -value : value;
    if (value > INT64_MAX || value < INT64_MIN)
        *is_null = 1;
    else
        *result = (int64_t)value;
    return true;
}

ROW_LOOP(ascii_loop, ascii_row, int64_t)
ROW_LOOP(chr_loop, chr_row, Text)
ROW_LOOP(to_hex_loop, to_hex_row, Text)
ROW_LOOP(md5_loop, md5_row, Text)
ROW_LOOP(sha256_loop, sha256_row, Text)
ROW_LOOP(sha512_loop, sha512_row, Text)
ROW_LOOP(encode_loop, encode_row, Text)
ROW_LOOP(decode_loop, decode_row, Text)
ROW_LOOP(decode_base64_utf8_loop, decode_base64_utf8_row, Text)
ROW_LOOP(quote_literal_loop, quote_literal_row, Text)
ROW_LOOP(quote_nullable_loop, quote_nullable_row, Text)
ROW_LOOP(quote_ident_loop, quote_ident_row, Text)
ROW_LOOP(parse_long_loop, parse_long_row, int64_t)

#define ENCODE_ROW(id, function, count, type, loop_method, does, sample, value, ...)               \
    { .oid = id, .name = function, .argument_count = count, .arguments = { __VA_ARGS__ },          \
      .result = type, .run = run_rows, .prepare = rows_prepare, .loop = (void *)(loop_method),     \
      .summary = does, .example = sample, .gives = value }

const ScalarFunction text_encode_functions[] = {
    ENCODE_ROW(1620, "ascii", 1, T_INT4, ascii_loop, "The code point of the first character.",
               "ascii('x')", "120", T_TEXT),
    ENCODE_ROW(1621, "chr", 1, T_TEXT, chr_loop, "The character with a code point.", "chr(65)",
               "A", T_INT8),
    ENCODE_ROW(2089, "to_hex", 1, T_TEXT, to_hex_loop, "An integer in hexadecimal.",
               "to_hex(2147483647::int4)", "7fffffff", T_INT4),
    ENCODE_ROW(2090, "to_hex", 1, T_TEXT, to_hex_loop, "An integer in hexadecimal.",
               "to_hex(255::int8)", "ff", T_INT8),
    ENCODE_ROW(2311, "md5", 1, T_TEXT, md5_loop, "The MD5 digest in hexadecimal.", "md5('abc')",
               "900150983cd24fb0d6963f7d28e17f72", T_TEXT),
    ENCODE_ROW(2321, "md5", 1, T_TEXT, md5_loop, "The MD5 digest in hexadecimal.",
               "md5('abc'::bytea)", "900150983cd24fb0d6963f7d28e17f72", T_BYTEA),
    ENCODE_ROW(3420, "sha256", 1, T_BYTEA, sha256_loop, "The SHA-256 digest.",
               "encode(sha256('abc'::bytea), 'hex')",
               "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", T_BYTEA),
    ENCODE_ROW(3422, "sha512", 1, T_BYTEA, sha512_loop, "The SHA-512 digest.",
               "length(sha512('abc'::bytea))", "64", T_BYTEA),
    ENCODE_ROW(1946, "encode", 2, T_TEXT, encode_loop, "Bytes as text: hex, base64 or escape.",
               "encode('abc'::bytea, 'base64')", "YWJj", T_BYTEA, T_TEXT),
    ENCODE_ROW(1947, "decode", 2, T_BYTEA, decode_loop, "Bytes from text: hex, base64 or escape.",
               "decode('YWJj', 'base64')", "\\x616263", T_TEXT, T_TEXT),
    ENCODE_ROW(91050, "decode_base64_utf8", 1, T_TEXT, decode_base64_utf8_loop,
               "The text that base64 encodes.", "decode_base64_utf8('aGVsbG8=')", "hello",
               T_TEXT),
    ENCODE_ROW(1283, "quote_literal", 1, T_TEXT, quote_literal_loop,
               "The text as a literal of a statement.", "quote_literal('O''Reilly')",
               "'O''Reilly'", T_TEXT),
    { .oid = 1289, .name = "quote_nullable", .argument_count = 1, .arguments = { T_TEXT },
      .result = T_TEXT, .nulls = NULLS_CALLED, .run = run_rows, .prepare = rows_prepare,
      .loop = (void *)quote_nullable_loop,
      .summary = "The text as a literal of a statement, NULL as the word.",
      .example = "quote_nullable(NULL)", .gives = "NULL" },
    ENCODE_ROW(1282, "quote_ident", 1, T_TEXT, quote_ident_loop,
               "The text as an identifier of a statement.", "quote_ident('Foo bar')",
               "\"Foo bar\"", T_TEXT),
    { .oid = 91051, .name = "parse_long", .argument_count = 2, .optional_count = 1,
      .arguments = { T_TEXT, T_INT8 }, .result = T_INT8, .run = run_rows, .prepare = rows_prepare,
      .loop = (void *)parse_long_loop,
      .summary = "The integer that a text is in a radix, NULL when it is none.",
      .example = "parse_long('ff', 16)", .gives = "255" },
};
const uint32_t text_encode_function_count =
    sizeof text_encode_functions / sizeof text_encode_functions[0];
