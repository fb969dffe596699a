/*
 * Texts: length, case, parts, trimming, positions. Lengths and positions are code points.
 *
 * Parts of texts are views of their argument's bytes: nothing is copied.
 */
#include "engine/function/text_internal.h"

#include <utf8proc.h>

/* --- lengths --- */

static bool length_loop(RowRun *run, const uint8_t *skip, uint32_t rows, void *results,
                        uint8_t *is_null)
{
    enum { PIECE = 256 };
    int64_t *out = results;
    const Vector *texts = &run->arguments[0];
    if (texts->form == VECTOR_FLAT) {
        utf8_counts(texts->data, rows, out);
        return true;
    }
    Text piece[PIECE];
    for (uint32_t at = 0; at < rows; at += PIECE) {
        uint32_t count = rows - at < PIECE ? rows - at : PIECE;
        for (uint32_t i = 0; i < count; i++)
            piece[i] = vector_text(texts, at + i);
        utf8_counts(piece, count, out + at);
    }
    return true;
}

static bool byte_lengths(RowRun *run, uint32_t rows, int64_t *out, int64_t unit)
{
    const Vector *texts = &run->arguments[0];
    if (texts->form == VECTOR_FLAT) {
        const Text *data = texts->data;
        for (uint32_t i = 0; i < rows; i++)
            out[i] = data[i].length * unit;
        return true;
    }
    for (uint32_t i = 0; i < rows; i++)
        out[i] = vector_text(texts, i).length * unit;
    return true;
}

static bool octet_length_loop(RowRun *run, const uint8_t *skip, uint32_t rows, void *results,
                              uint8_t *is_null)
{
    return byte_lengths(run, rows, results, 1);
}

static bool bit_length_loop(RowRun *run, const uint8_t *skip, uint32_t rows, void *results,
                            uint8_t *is_null)
{
    return byte_lengths(run, rows, results, 8);
}

/* --- case --- */

static inline bool lower_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    *result = text_lower(&run->sink, row_text(run, 0, row));
    return true;
}

static inline bool upper_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    *result = text_upper(&run->sink, row_text(run, 0, row));
    return true;
}

static bool is_word_character(uint32_t c)
{
    if (c < 0x80)
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (c >= UINT32_C(0x110000))
        return false;
    switch (utf8proc_category((utf8proc_int32_t)c)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
        return true;
    default:
        return false;
    }
}

ROW_LOOP(lower_rows, lower_row, Text)
ROW_LOOP(upper_rows, upper_row, Text)

static bool lower_loop(RowRun *run, const uint8_t *skip, uint32_t rows, void *results,
                       uint8_t *is_null)
{
    if (run->arguments[0].form != VECTOR_FLAT)
        return lower_rows(run, skip, rows, results, is_null);
    texts_lower(&run->sink, run->arguments[0].data, rows, results);
    return true;
}

static bool upper_loop(RowRun *run, const uint8_t *skip, uint32_t rows, void *results,
                       uint8_t *is_null)
{
    if (run->arguments[0].form != VECTOR_FLAT)
        return upper_rows(run, skip, rows, results, is_null);
    texts_upper(&run->sink, run->arguments[0].data, rows, results);
    return true;
}

static bool initcap_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    Text text = row_text(run, 0, row);
    char *out = text_sink_reserve(&run->sink, (size_t)text.length * 2 + 4), *start = out;
    const char *at = text.data, *end = at + text.length;
    bool was_word = false;
    while (at < end) {
        uint32_t c = utf8_decode(at, end, &at);
        bool is_word = is_word_character(c);
        if (is_word)
            c = was_word ? code_point_lower(c) : code_point_upper(c);
        was_word = is_word;
        out += utf8_encode(c, out);
    }
    *result = text_sink_take(&run->sink, (size_t)(out - start));
    return true;
}

/* --- parts --- */

/* Characters [first, behind), counted from 0. */
static inline Text text_part(Text text, uint64_t first, uint64_t behind)
{
    const char *end = text.data + text.length;
    const char *start = utf8_advance(text.data, end, first);
    return text_between(start, utf8_advance(start, end, behind - first));
}

/* Druid: a start past the end gives NULL. */
static inline bool is_past_end(Text text, uint64_t first)
{
    const char *end = text.data + text.length;
    return utf8_advance(text.data, end, first) == end;
}

static inline bool substring_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    Text text = row_text(run, 0, row);
    int64_t from = row_int64(run, 1, row), behind = INT64_MAX;
    if (run->call->argument_count > 2) {
        int64_t length = row_int64(run, 2, row);
        if (length < 0)
            return fault_set(run->fault, FAULT_SUBSTRING_ERROR,
                             "negative substring length not allowed");
        if (__builtin_add_overflow(from, length, &behind))
            behind = INT64_MAX;
    }
    int64_t first = from < 1 ? 1 : from;
    if (call_is_druid(run->call) && is_past_end(text, (uint64_t)first - 1)) {
        *result = (Text){.data = "", .length = 0};
        *is_null = 1;
        return true;
    }
    *result = behind <= first ? (Text){.data = text.data, .length = 0}
                              : text_part(text, (uint64_t)first - 1, (uint64_t)behind - 1);
    return true;
}

static bool refuse_negative(RowRun *run, int64_t count, const char *what)
{
    return !call_is_druid(run->call) || count >= 0 ||
           fault_set(run->fault, FAULT_INVALID_PARAMETER_VALUE, "%s needs a length of at least 0",
                     what);
}

/* A negative count leaves out that many characters at the other end. */
static inline bool left_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    Text text = row_text(run, 0, row);
    int64_t count = row_int64(run, 1, row);
    if (!refuse_negative(run, count, "left"))
        return false;
    if (count < 0) {
        int64_t length = utf8_count(text.data, text.length);
        count = count < -length ? 0 : length + count;
    }
    *result = text_part(text, 0, (uint64_t)count);
    return true;
}

static inline bool right_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    Text text = row_text(run, 0, row);
    int64_t count = row_int64(run, 1, row);
    if (!refuse_negative(run, count, "right"))
        return false;
    int64_t length = utf8_count(text.data, text.length);
    int64_t first =
        count < 0 ? (count < -length ? length : -count) : (count > length ? 0 : length - count);
    *result = text_part(text, (uint64_t)first, INT64_MAX);
    return true;
}

/* --- trimming a set of characters --- */

/* Whether the character [at, next) is one of `set`. */
static inline bool set_has(Text set, const char *at, const char *next)
{
    size_t size = (size_t)(next - at);
    if (size == 1)
        return set.length > 0 && memchr(set.data, *at, set.length) != NULL;
    const char *end = set.data + set.length;
    for (const char *member = set.data; member < end;) {
        const char *behind = utf8_next(member, end);
        if ((size_t)(behind - member) == size && memcmp(member, at, size) == 0)
            return true;
        member = behind;
    }
    return false;
}

static inline Text text_trim(Text text, Text set, bool leading, bool trailing)
{
    const char *at = text.data, *end = at + text.length;
    while (leading && at < end) {
        const char *next = utf8_next(at, end);
        if (!set_has(set, at, next))
            break;
        at = next;
    }
    while (trailing && at < end) {
        const char *last = utf8_before(at, end);
        if (!set_has(set, last, end))
            break;
        end = last;
    }
    return text_between(at, end);
}

static inline Text trim_set(const RowRun *run, uint32_t row)
{
    return run->call->argument_count > 1 ? row_text(run, 1, row) : (Text){.data = " ", .length = 1};
}

static inline bool btrim_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    *result = text_trim(row_text(run, 0, row), trim_set(run, row), true, true);
    return true;
}

static inline bool ltrim_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    *result = text_trim(row_text(run, 0, row), trim_set(run, row), true, false);
    return true;
}

static inline bool rtrim_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    *result = text_trim(row_text(run, 0, row), trim_set(run, row), false, true);
    return true;
}

/* --- positions --- */

/* 1-based position of `part` at or after character `from` (1-based), 0 when absent. */
static inline int64_t text_position(Text text, Text part, int64_t from)
{
    const char *end = text.data + text.length;
    const char *start = utf8_advance(text.data, end, from < 1 ? 0 : (uint64_t)from - 1);
    if (part.length == 0)
        return utf8_count(text.data, (size_t)(start - text.data)) + 1;
    int64_t found = text_find(start, (size_t)(end - start), part.data, part.length);
    return found < 0 ? 0 : utf8_count(text.data, (size_t)(start - text.data + found)) + 1;
}

static inline bool strpos_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    int64_t from = run->call->argument_count > 2 ? row_int64(run, 2, row) : 1;
    *result = text_position(row_text(run, 0, row), row_text(run, 1, row), from);
    return true;
}

static bool split_part_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    Text text = row_text(run, 0, row), separator = row_text(run, 1, row);
    int64_t field = row_int64(run, 2, row);
    if (field == 0)
        return fault_set(run->fault, FAULT_INVALID_PARAMETER_VALUE,
                         "field position must not be zero");
    if (separator.length == 0 || text.length == 0) {
        *result = field == 1 || field == -1 ? text : (Text){.data = "", .length = 0};
        return true;
    }
    const char *end = text.data + text.length;
    if (field < 0) {
        int64_t fields = 1, found;
        for (const char *at = text.data;
             (found = text_find(at, (size_t)(end - at), separator.data, separator.length)) >= 0;
             at += found + separator.length)
            fields++;
        field += fields + 1;
    }
    const char *at = text.data;
    *result = (Text){.data = "", .length = 0};
    for (; field > 0; field--) {
        int64_t found = text_find(at, (size_t)(end - at), separator.data, separator.length);
        if (field == 1)
            *result = text_between(at, found < 0 ? end : at + found);
        if (found < 0)
            break;
        at += found + separator.length;
    }
    return true;
}

ROW_LOOP(initcap_loop, initcap_row, Text)
ROW_LOOP(substring_loop, substring_row, Text)
ROW_LOOP(left_loop, left_row, Text)
ROW_LOOP(right_loop, right_row, Text)
ROW_LOOP(btrim_loop, btrim_row, Text)
ROW_LOOP(ltrim_loop, ltrim_row, Text)
ROW_LOOP(rtrim_loop, rtrim_row, Text)
ROW_LOOP(strpos_loop, strpos_row, int64_t)
ROW_LOOP(split_part_loop, split_part_row, Text)

#define STRING_ROW(id, function, count, optional, ...)                                             \
    .oid = id, .name = function, .argument_count = count, .optional_count = optional,              \
    .arguments = { __VA_ARGS__ }, .run = run_rows, .prepare = rows_prepare

const ScalarFunction string_functions[] = {
    { STRING_ROW(1317, "length", 1, 0, T_TEXT), .aliases = "strlen", .result = T_INT4,
      .loop = (void *)length_loop,
      .summary = "Number of characters.", .example = "length('abc')", .gives = "3" },
    { STRING_ROW(1381, "char_length", 1, 0, T_TEXT), .aliases = "character_length",
      .result = T_INT4, .loop = (void *)length_loop,
      .summary = "Number of characters.", .example = "char_length('Straße')", .gives = "6" },
    { STRING_ROW(1374, "octet_length", 1, 0, T_TEXT), .result = T_INT4,
      .loop = (void *)octet_length_loop,
      .summary = "Number of bytes.", .example = "octet_length('Straße')", .gives = "7" },
    { STRING_ROW(720, "octet_length", 1, 0, T_BYTEA), .aliases = "length", .result = T_INT4,
      .loop = (void *)octet_length_loop,
      .summary = "Number of bytes.", .example = "octet_length('\\x0102'::bytea)", .gives = "2" },
    { STRING_ROW(1811, "bit_length", 1, 0, T_TEXT), .result = T_INT4,
      .loop = (void *)bit_length_loop,
      .summary = "Number of bits.", .example = "bit_length('abc')", .gives = "24" },
    { STRING_ROW(870, "lower", 1, 0, T_TEXT), .result = T_TEXT, .loop = (void *)lower_loop,
      .summary = "The text in lower case.", .example = "lower('aB')", .gives = "ab" },
    { STRING_ROW(871, "upper", 1, 0, T_TEXT), .result = T_TEXT, .loop = (void *)upper_loop,
      .summary = "The text in upper case.", .example = "upper('aB')", .gives = "AB" },
    { STRING_ROW(872, "initcap", 1, 0, T_TEXT), .result = T_TEXT, .loop = (void *)initcap_loop,
      .summary = "The text with each word's first letter in upper case, the others in lower.",
      .example = "initcap('hi THOMAS')", .gives = "Hi Thomas" },
    { STRING_ROW(936, "substring", 3, 1, T_TEXT, T_INT8, T_INT8), .result = T_TEXT,
      .loop = (void *)substring_loop,
      .summary = "Part of the text from a position on, of a length.",
      .example = "substring('abcdef', 2, 3)", .gives = "bcd" },
    { STRING_ROW(877, "substr", 3, 1, T_TEXT, T_INT8, T_INT8), .result = T_TEXT,
      .loop = (void *)substring_loop,
      .summary = "Part of the text from a position on, of a length.",
      .example = "substr('abcdef', 2, 3)", .gives = "bcd" },
    { STRING_ROW(3060, "left", 2, 0, T_TEXT, T_INT8), .result = T_TEXT, .loop = (void *)left_loop,
      .summary = "The first n characters; a negative n leaves out the last ones.",
      .example = "left('abcde', 2)", .gives = "ab" },
    { STRING_ROW(3061, "right", 2, 0, T_TEXT, T_INT8), .result = T_TEXT,
      .loop = (void *)right_loop,
      .summary = "The last n characters; a negative n leaves out the first ones.",
      .example = "right('abc', 2)", .gives = "bc" },
    { STRING_ROW(884, "btrim", 2, 1, T_TEXT, T_TEXT), .aliases = "trim", .result = T_TEXT,
      .loop = (void *)btrim_loop,
      .summary = "The text without the given characters (spaces) at both ends.",
      .example = "btrim('xyxtrimyyx', 'xyz')", .gives = "trim" },
    { STRING_ROW(875, "ltrim", 2, 1, T_TEXT, T_TEXT), .result = T_TEXT,
      .loop = (void *)ltrim_loop,
      .summary = "The text without the given characters (spaces) at its start.",
      .example = "ltrim('zzzytest', 'xyz')", .gives = "test" },
    { STRING_ROW(876, "rtrim", 2, 1, T_TEXT, T_TEXT), .result = T_TEXT,
      .loop = (void *)rtrim_loop,
      .summary = "The text without the given characters (spaces) at its end.",
      .example = "rtrim('testxxzx', 'xyz')", .gives = "test" },
    { STRING_ROW(849, "position", 3, 1, T_TEXT, T_TEXT, T_INT8), .result = T_INT4,
      .loop = (void *)strpos_loop,
      .summary = "Position of the second text in the first, 0 when absent; a third argument says "
                 "where to start.",
      .example = "position('om' IN 'Thomas')", .gives = "3" },
    { STRING_ROW(868, "strpos", 2, 0, T_TEXT, T_TEXT), .result = T_INT4,
      .loop = (void *)strpos_loop,
      .summary = "Position of the second text in the first, 0 when absent.",
      .example = "strpos('banana', 'n')", .gives = "3" },
    { STRING_ROW(2088, "split_part", 3, 0, T_TEXT, T_TEXT, T_INT8), .result = T_TEXT,
      .loop = (void *)split_part_loop,
      .summary = "The n-th part of a text split by a separator; a negative n counts from the end.",
      .example = "split_part('abc~@~def~@~ghi', '~@~', 2)", .gives = "def" },
};
const uint32_t string_function_count = sizeof string_functions / sizeof string_functions[0];
