/*
 * Making texts: padding, repeating, replacing, joining, overlaying.
 */
#include "engine/function/text_internal.h"

static const Text empty_text = {.data = "", .length = 0};

/* --- padding --- */

/* `count` characters of `fill`, repeated, to `out`; returns the bytes written. */
static size_t fill_characters(char *out, Text fill, uint64_t count, uint64_t fill_characters_count)
{
    char *start = out;
    Fault ignored; /* the caller's loop asks again */
    for (; count >= fill_characters_count && guard_passes(&ignored); count -= fill_characters_count) {
        memcpy(out, fill.data, fill.length);
        out += fill.length;
    }
    if (count > fill_characters_count)
        return (size_t)(out - start);
    const char *end = utf8_advance(fill.data, fill.data + fill.length, count);
    memcpy(out, fill.data, (size_t)(end - fill.data));
    return (size_t)(out - start) + (size_t)(end - fill.data);
}

static bool pad_row(RowRun *run, uint32_t row, bool on_the_left, Text *result, uint8_t *is_null)
{
    Text text = row_text(run, 0, row);
    int64_t length = row_int64(run, 1, row);
    Text fill =
        run->call->argument_count > 2 ? row_text(run, 2, row) : (Text){.data = " ", .length = 1};
    *result = empty_text;
    if (length <= 0) {
        *is_null = length == 0 && call_is_druid(run->call);
        return true;
    }
    uint64_t have = utf8_count(text.data, text.length);
    if (have >= (uint64_t)length) {
        const char *end = utf8_advance(text.data, text.data + text.length, (uint64_t)length);
        *result = text_between(text.data, end);
        return true;
    }
    if (fill.length == 0) {
        *result = text;
        return true;
    }
    uint64_t missing = (uint64_t)length - have;
    uint64_t fill_count = utf8_count(fill.data, fill.length);
    fill_count = fill_count == 0 ? 1 : fill_count;
    if (missing > TEXT_MAX_LENGTH ||
        (missing / fill_count + 1) * fill.length + text.length > TEXT_MAX_LENGTH)
        return text_too_long(run->fault);
    char *out =
        text_sink_reserve(&run->sink, (missing / fill_count + 1) * fill.length + text.length);
    if (!on_the_left)
        memcpy(out, text.length > 0 ? text.data : "", text.length);
    size_t filled =
        fill_characters(out + (on_the_left ? 0 : text.length), fill, missing, fill_count);
    if (!guard_passes(run->fault))
        return false;
    if (on_the_left)
        memcpy(out + filled, text.length > 0 ? text.data : "", text.length);
    *result = text_sink_take(&run->sink, filled + text.length);
    return true;
}

static inline bool lpad_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    return pad_row(run, row, true, result, is_null);
}

static inline bool rpad_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    return pad_row(run, row, false, result, is_null);
}

/* --- repeating, reversing --- */

/* Bytes that are copied at once, or one text when it is longer: in between a cancel is looked for. */
#define LONGEST_COPY ((size_t)16 << 20)

static bool repeat_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    Text text = row_text(run, 0, row);
    int64_t count = row_int64(run, 1, row);
    *result = empty_text;
    if (count < 1) {
        *is_null = call_is_druid(run->call);
        return true;
    }
    if (text.length == 0)
        return true;
    if ((uint64_t)count > TEXT_MAX_LENGTH / text.length)
        return text_too_long(run->fault);
    size_t total = (size_t)count * text.length;
    char *out = text_sink_reserve(&run->sink, total);
    memcpy(out, text.data, text.length);
    size_t most = text.length < LONGEST_COPY ? LONGEST_COPY / text.length * text.length : text.length;
    for (size_t done = text.length; done < total;) {
        size_t more = done < total - done ? done : total - done;
        more = more < most ? more : most;
        memcpy(out + done, out, more);
        done += more;
        if (!guard_passes(run->fault))
            return false;
    }
    *result = text_sink_take(&run->sink, total);
    return true;
}

static bool reverse_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    Text text = row_text(run, 0, row);
    char *out = text_sink_reserve(&run->sink, text.length) + text.length;
    const char *at = text.data, *end = at + text.length;
    while (at < end) {
        const char *next = utf8_next(at, end);
        out -= next - at;
        memcpy(out, at, (size_t)(next - at));
        at = next;
    }
    *result = text_sink_take(&run->sink, text.length);
    return true;
}

/* --- replacing --- */

static bool replace_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    Text text = row_text(run, 0, row), from = row_text(run, 1, row), to = row_text(run, 2, row);
    *result = text;
    if (from.length == 0 || text.length < from.length)
        return true;
    const char *end = text.data + text.length;
    uint64_t hits = 0;
    int64_t found;
    for (const char *at = text.data;
         (found = text_find(at, (size_t)(end - at), from.data, from.length)) >= 0;
         at += found + from.length) {
        hits++;
        if (!guard_passes(run->fault))
            return false;
    }
    if (hits == 0)
        return true;
    uint64_t total = text.length - hits * from.length;
    if (to.length != 0 && hits > (TEXT_MAX_LENGTH - total) / to.length)
        return text_too_long(run->fault);
    total += hits * to.length;
    *result = empty_text;
    if (total == 0)
        return true;
    char *out = text_sink_reserve(&run->sink, total);
    const char *at = text.data;
    for (; hits > 0; hits--) {
        if (!guard_passes(run->fault))
            return false;
        found = text_find(at, (size_t)(end - at), from.data, from.length);
        memcpy(out, at, (size_t)found);
        out += found;
        if (to.length > 0)
            memcpy(out, to.data, to.length);
        out += to.length;
        at += found + from.length;
    }
    memcpy(out, at, (size_t)(end - at));
    *result = text_sink_take(&run->sink, total);
    return true;
}

/* Each character of `from` becomes the one at its place in `to`, or nothing. */
static bool translate_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    Text text = row_text(run, 0, row), from = row_text(run, 1, row), to = row_text(run, 2, row);
    char *out = text_sink_reserve(&run->sink, (size_t)text.length * 4), *start = out;
    const char *at = text.data, *end = at + text.length;
    while (at < end) {
        if (!guard_passes(run->fault))
            return false;
        const char *next = utf8_next(at, end);
        size_t size = (size_t)(next - at);
        const char *member = from.data, *from_end = from.data + from.length;
        uint64_t index = 0;
        for (; member < from_end; index++) {
            const char *behind = utf8_next(member, from_end);
            if ((size_t)(behind - member) == size && memcmp(member, at, size) == 0)
                break;
            member = behind;
        }
        if (member < from_end) {
            const char *to_end = to.data + to.length;
            const char *new = utf8_advance(to.data, to_end, index);
            size = new < to_end ? (size_t)(utf8_next(new, to_end) - new) : 0;
            at = new;
        }
        if (size > 4)
            size = 4;
        if (size > 0)
            memcpy(out, at, size);
        out += size;
        at = next;
    }
    *result = text_sink_take(&run->sink, (size_t)(out - start));
    return true;
}

/* overlay(text placing new from start for length) */
static bool overlay_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    Text text = row_text(run, 0, row), new = row_text(run, 1, row);
    int64_t start = row_int64(run, 2, row);
    int64_t length = run->call->argument_count > 3 ? row_int64(run, 3, row)
                                                   : (int64_t)utf8_count(new.data, new.length);
    int64_t behind;
    if (start <= 0)
        return fault_set(run->fault, FAULT_SUBSTRING_ERROR,
                         "negative substring length not allowed");
    if (__builtin_add_overflow(start, length, &behind))
        return fault_set(run->fault, FAULT_NUMERIC_VALUE_OUT_OF_RANGE, "integer out of range");
    const char *end = text.data + text.length;
    const char *head = utf8_advance(text.data, end, (uint64_t)start - 1);
    const char *tail = utf8_advance(text.data, end, behind < 1 ? 0 : (uint64_t)behind - 1);
    size_t head_size = (size_t)(head - text.data), tail_size = (size_t)(end - tail);
    if (head_size + tail_size + new.length > TEXT_MAX_LENGTH)
        return text_too_long(run->fault);
    char *out = text_sink_reserve(&run->sink, head_size + new.length + tail_size);
    if (head_size > 0)
        memcpy(out, text.data, head_size);
    if (new.length > 0)
        memcpy(out + head_size, new.data, new.length);
    if (tail_size > 0)
        memcpy(out + head_size + new.length, tail, tail_size);
    *result = text_sink_take(&run->sink, head_size + new.length + tail_size);
    return true;
}

/* --- joining --- */

/* Types whose bytes are their text form. */
static bool is_text_type(Oid oid)
{
    return oid == T_TEXT || oid == T_VARCHAR || oid == T_BPCHAR || oid == T_NAME || oid == T_JSON ||
           oid == T_UNKNOWN;
}

Text *row_argument_texts(const RowRun *run, uint32_t argument, uint32_t rows)
{
    const Vector *vector = &run->arguments[argument];
    Text *texts = arena_alloc_vector(run->arena, rows * sizeof *texts);
    if (!is_text_type(run->call->argument_types[argument].oid)) {
        uint32_t have = vector->form == VECTOR_CONSTANT ? 1 : rows;
        Vector part = *vector;
        part.length = have;
        type_format_text(run->call->argument_types[argument], run->call->context, &part, run->arena,
                         texts);
        for (uint32_t i = have; i < rows; i++)
            texts[i] = texts[0];
        return texts;
    }
    for (uint32_t i = 0; i < rows; i++) {
        texts[i] = (Text){0};
        if (vector_is_null(vector, i))
            continue;
        texts[i] = vector_text(vector, i);
        if (texts[i].data == NULL)
            texts[i].data = "";
    }
    return texts;
}

/* `||` casts to text, where a boolean is a word; concat takes what the type prints. */
static void spell_booleans(Text *cells, uint32_t rows)
{
    for (uint32_t i = 0; i < rows; i++)
        if (cells[i].data != NULL)
            cells[i] = cells[i].data[0] == 't' ? TEXT_LITERAL("true") : TEXT_LITERAL("false");
}

/*
 * Joins arguments from `first` on. cells[i].data is NULL for NULL, which is skipped.
 * `separators` NULL: none.
 */
static bool join_rows(RowRun *run, const uint8_t *skip, uint32_t rows, uint32_t first,
                      const Text *separators, bool null_makes_null, Text *out, uint8_t *is_null)
{
    uint32_t count = run->call->argument_count;
    Text **cells = ARENA_ARRAY(run->arena, Text *, count);
    for (uint32_t a = first; a < count; a++) {
        cells[a] = row_argument_texts(run, a, rows);
        if (run->call->function->symbol != NULL && run->call->argument_types[a].oid == T_BOOL)
            spell_booleans(cells[a], rows);
    }
    for (uint32_t i = 0; i < rows; i++) {
        out[i] = empty_text;
        if (skip != NULL && skip[i])
            continue;
        if (separators != NULL && separators[i].data == NULL) {
            is_null[i] = 1;
            continue;
        }
        Text separator = separators == NULL ? empty_text : separators[i];
        uint64_t total = 0;
        uint32_t parts = 0;
        for (uint32_t a = first; a < count; a++) {
            if (cells[a][i].data == NULL) {
                is_null[i] |= null_makes_null;
                continue;
            }
            total += cells[a][i].length + (parts++ > 0 ? separator.length : 0);
        }
        if (is_null[i])
            continue;
        if (total > TEXT_MAX_LENGTH)
            return text_too_long(run->fault);
        if (!guard_passes(run->fault))
            return false;
        char *at = text_sink_reserve(&run->sink, total);
        parts = 0;
        for (uint32_t a = first; a < count; a++) {
            Text cell = cells[a][i];
            if (cell.data == NULL)
                continue;
            if (parts++ > 0 && separator.length > 0) {
                memcpy(at, separator.data, separator.length);
                at += separator.length;
            }
            if (cell.length > 0)
                memcpy(at, cell.data, cell.length);
            at += cell.length;
        }
        out[i] = text_sink_take(&run->sink, total);
    }
    return true;
}

/* CONCAT skips NULLs; in the druid dialect one NULL makes all NULL. */
static bool concat_loop(RowRun *run, const uint8_t *skip, uint32_t rows, void *results,
                        uint8_t *is_null)
{
    return join_rows(run, skip, rows, 0, NULL, call_is_druid(run->call), results, is_null);
}

static bool concat_ws_loop(RowRun *run, const uint8_t *skip, uint32_t rows, void *results,
                           uint8_t *is_null)
{
    return join_rows(run, skip, rows, 1, row_argument_texts(run, 0, rows), false, results, is_null);
}

/* text || text and its kin: strict, so no NULL comes here. */
static bool textcat_loop(RowRun *run, const uint8_t *skip, uint32_t rows, void *results,
                         uint8_t *is_null)
{
    return join_rows(run, skip, rows, 0, NULL, true, results, is_null);
}

ROW_LOOP(lpad_loop, lpad_row, Text)
ROW_LOOP(rpad_loop, rpad_row, Text)
ROW_LOOP(repeat_loop, repeat_row, Text)
ROW_LOOP(reverse_loop, reverse_row, Text)
ROW_LOOP(replace_loop, replace_row, Text)
ROW_LOOP(translate_loop, translate_row, Text)
ROW_LOOP(overlay_loop, overlay_row, Text)

#define MAKE_ROW(id, function, count, optional, ...)                                               \
    .oid = id, .name = function, .argument_count = count, .optional_count = optional,              \
    .arguments = { __VA_ARGS__ }, .result = T_TEXT, .run = run_rows, .prepare = rows_prepare

const ScalarFunction string_make_functions[] = {
    { MAKE_ROW(873, "lpad", 3, 1, T_TEXT, T_INT8, T_TEXT), .loop = (void *)lpad_loop,
      .summary = "The text filled up at its start to a length, or cut to it.",
      .example = "lpad('abc', 5, '*')", .gives = "**abc" },
    { MAKE_ROW(874, "rpad", 3, 1, T_TEXT, T_INT8, T_TEXT), .loop = (void *)rpad_loop,
      .summary = "The text filled up at its end to a length, or cut to it.",
      .example = "rpad('hi', 5, 'xy')", .gives = "hixyx" },
    { MAKE_ROW(1622, "repeat", 2, 0, T_TEXT, T_INT8), .loop = (void *)repeat_loop,
      .summary = "The text n times.", .example = "repeat('ab', 3)", .gives = "ababab" },
    { MAKE_ROW(3062, "reverse", 1, 0, T_TEXT), .loop = (void *)reverse_loop,
      .summary = "The characters in reverse order.", .example = "reverse('abc')",
      .gives = "cba" },
    { MAKE_ROW(2087, "replace", 3, 0, T_TEXT, T_TEXT, T_TEXT), .loop = (void *)replace_loop,
      .summary = "All occurrences of the second text replaced by the third.",
      .example = "replace('aXbX', 'X', '-')", .gives = "a-b-" },
    { MAKE_ROW(878, "translate", 3, 0, T_TEXT, T_TEXT, T_TEXT), .loop = (void *)translate_loop,
      .summary = "Each character of the second text replaced by the one at its place in the third.",
      .example = "translate('12345', '143', 'ax')", .gives = "a2x5" },
    { MAKE_ROW(1404, "overlay", 4, 1, T_TEXT, T_TEXT, T_INT8, T_INT8),
      .loop = (void *)overlay_loop,
      .summary = "The text with a part, from a position on and of a length, replaced.",
      .example = "overlay('Txxxxas' PLACING 'hom' FROM 2 FOR 4)", .gives = "Thomas" },
    { MAKE_ROW(3058, "concat", 1, 0, T_ANY), .is_variadic = true, .nulls = NULLS_CALLED,
      .volatility = STABLE, .loop = (void *)concat_loop,
      .summary = "The text forms of all arguments, joined; NULLs are skipped (in the druid "
                 "dialect they make the result NULL).",
      .example = "concat('a', 1, NULL, 'b')", .gives = "a1b" },
    { MAKE_ROW(3059, "concat_ws", 2, 0, T_TEXT, T_ANY), .is_variadic = true,
      .nulls = NULLS_CALLED, .volatility = STABLE, .loop = (void *)concat_ws_loop,
      .summary = "The text forms of the arguments that are not null, joined by the first.",
      .example = "concat_ws(',', 'abcde', 2, NULL, 22)", .gives = "abcde,2,22" },
    { MAKE_ROW(1258, "textcat", 2, 0, T_TEXT, T_TEXT), .symbol = "||",
      .loop = (void *)textcat_loop,
      .summary = "Two texts joined.", .example = "'Post' || 'greSQL'", .gives = "PostgreSQL" },
    { MAKE_ROW(2003, "textanycat", 2, 0, T_TEXT, T_ANY), .symbol = "||", .volatility = STABLE,
      .kind = FUNCTION_OPERATOR_ONLY, .loop = (void *)textcat_loop,
      .summary = "A text and the text form of a value, joined.", .example = "'Value: ' || 42",
      .gives = "Value: 42" },
    { MAKE_ROW(2004, "anytextcat", 2, 0, T_ANY, T_TEXT), .symbol = "||", .volatility = STABLE,
      .kind = FUNCTION_OPERATOR_ONLY, .loop = (void *)textcat_loop,
      .summary = "The text form of a value and a text, joined.", .example = "42 || ' is it'",
      .gives = "42 is it" },
};
const uint32_t string_make_function_count =
    sizeof string_make_functions / sizeof string_make_functions[0];
