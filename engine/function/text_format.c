/*
 * Texts of patterns and values: STRING_FORMAT with the directives of Java's Formatter, and
 * PostgreSQL's format.
 */
#include "engine/function/text_internal.h"

#include <math.h>
#include <stdio.h>

static const Text no_text = {.data = "", .length = 0};

/* --- STRING_FORMAT: the directives of Java's Formatter that queries use --- */

typedef struct Directive {
    bool left, plus, space, zero, group, alternate, upper;
    int width, precision; /* -1: none */
    int argument;         /* from 1; 0: the next */
    char conversion;
} Directive;

/* %[n$][flags][width][.precision]conversion, *at being behind the %. */
static bool take_directive(const char **at, const char *end, Directive *directive)
{
    *directive = (Directive){.width = -1, .precision = -1};
    const char *start = *at;
    int number = 0;
    while (start < end && (uint8_t)(*start - '0') < 10 && number < 1000)
        number = number * 10 + (*start++ - '0');
    if (start < end && *start == '$' && number > 0) {
        directive->argument = number;
        *at = start + 1;
    }
    for (; *at < end; ++*at) {
        char c = **at;
        if (c == '-')
            directive->left = true;
        else if (c == '+')
            directive->plus = true;
        else if (c == ' ')
            directive->space = true;
        else if (c == '0')
            directive->zero = true;
        else if (c == ',')
            directive->group = true;
        else if (c == '#')
            directive->alternate = true;
        else
            break;
    }
    for (; *at < end && (uint8_t)(**at - '0') < 10; ++*at)
        directive->width =
            (directive->width < 0 ? 0 : directive->width) % 100000 * 10 + (**at - '0');
    if (*at < end && **at == '.') {
        directive->precision = 0;
        for (++*at; *at < end && (uint8_t)(**at - '0') < 10; ++*at)
            directive->precision = directive->precision % 100000 * 10 + (**at - '0');
    }
    if (*at == end)
        return false;
    directive->conversion = *(*at)++;
    directive->upper = directive->conversion >= 'A' && directive->conversion <= 'Z';
    if (directive->upper)
        directive->conversion = (char)(directive->conversion | 32);
    return strchr("sdxofegcbn%", directive->conversion) != NULL;
}

static void put_padded(Buffer *out, const Directive *directive, Text text)
{
    uint32_t characters = utf8_count(text.data, text.length);
    int fill = directive->width > (int)characters ? directive->width - (int)characters : 0;
    for (int i = 0; !directive->left && i < fill; i++)
        buffer_append_byte(out, ' ');
    if (text.length > 0)
        buffer_append(out, text.data, text.length);
    for (int i = 0; directive->left && i < fill; i++)
        buffer_append_byte(out, ' ');
}

/* Thousands apart, then zeros up to the width. `digits` has its sign apart. */
static void put_number(Buffer *out, const Directive *directive, bool is_negative,
                       const char *digits)
{
    char grouped[512];
    size_t whole = strspn(digits, "0123456789"), length = 0;
    for (size_t i = 0; digits[i] != '\0' && length < sizeof grouped - 4; i++) {
        if (directive->group && i > 0 && i < whole && (whole - i) % 3 == 0)
            grouped[length++] = ',';
        grouped[length++] = digits[i];
    }
    Buffer text = BUFFER_EMPTY;
    if (is_negative)
        buffer_append_byte(&text, '-');
    else if (directive->plus)
        buffer_append_byte(&text, '+');
    else if (directive->space)
        buffer_append_byte(&text, ' ');
    for (size_t i = length + text.length; directive->zero && (int)i < directive->width; i++)
        buffer_append_byte(&text, '0');
    buffer_append(&text, grouped, length);
    put_padded(out, directive, (Text){(const char *)text.data, (uint32_t)text.length});
    buffer_clear(&text);
}

/* The number of an argument; false when it is none. */
static bool argument_number(const RowRun *run, uint32_t argument, uint32_t row, double *number,
                            int64_t *integer, bool *is_integer)
{
    const Vector *vector = &run->arguments[argument];
    uint32_t place = vector_row(vector, row);
    switch (vector->layout) {
    case LAYOUT_INT64:
        *integer = VECTOR_DATA(int64_t, vector)[place];
        *number = (double)*integer;
        *is_integer = true;
        return true;
    case LAYOUT_FLOAT64:
        *number = VECTOR_DATA(double, vector)[place];
        *is_integer = false;
        return true;
    case LAYOUT_FLOAT32:
        *number = VECTOR_DATA(float, vector)[place];
        *is_integer = false;
        return true;
    case LAYOUT_INT128:
        *number = (double)VECTOR_DATA(__int128, vector)[place] /
                  pow(10, type_scale(run->call->argument_types[argument]));
        *is_integer = false;
        return run->call->argument_types[argument].oid == T_NUMERIC;
    case LAYOUT_BOOL:
    case LAYOUT_STRING:
    case LAYOUT_ARRAY:
    case LAYOUT_COUNT:
        break;
    }
    return false;
}

static bool put_directive(RowRun *run, uint32_t row, const Directive *directive, uint32_t argument,
                          Text cell, Buffer *out)
{
    double number = 0;
    int64_t integer = 0;
    bool is_integer = false;
    char digits[400];
    if (cell.data == NULL) {
        put_padded(out, directive, text_of(directive->conversion == 'b' ? "false" : "null"));
        return true;
    }
    switch (directive->conversion) {
    case 's':
        if (directive->precision >= 0) {
            const char *end =
                utf8_advance(cell.data, cell.data + cell.length, (uint64_t)directive->precision);
            cell = text_between(cell.data, end);
        }
        put_padded(out, directive, directive->upper ? text_upper(&run->sink, cell) : cell);
        return true;
    case 'b':
        put_padded(out, directive,
                   run->call->argument_types[argument].oid == T_BOOL && cell.length > 0 &&
                           cell.data[0] == 'f'
                       ? text_of("false")
                       : text_of("true"));
        return true;
    case 'c':
        put_padded(out, directive, cell);
        return true;
    }
    if (!argument_number(run, argument, row, &number, &integer, &is_integer))
        return false;
    switch (directive->conversion) {
    case 'd':
        if (!is_integer)
            return false;
        snprintf(digits, sizeof digits, "%llu",
                 integer < 0 ? 0 - (unsigned long long)integer : (unsigned long long)integer);
        put_number(out, directive, integer < 0, digits);
        return true;
    case 'x':
    case 'o':
        if (!is_integer)
            return false;
        snprintf(digits, sizeof digits,
                 directive->conversion == 'o' ? "%llo"
                 : directive->upper           ? "%llX"
                                              : "%llx",
                 (unsigned long long)integer);
        put_number(out, directive, false, digits);
        return true;
    default:
        if (is_integer || directive->precision > 60)
            return false;
        snprintf(digits, sizeof digits,
                 directive->conversion == 'f' ? "%.*f"
                 : directive->upper           ? "%.*E"
                                              : "%.*e",
                 directive->precision < 0 ? 6 : directive->precision, fabs(number));
        put_number(out, directive, signbit(number) != 0, digits);
        return true;
    }
}

/* False when the pattern is bad for these arguments. */
static bool format_text(RowRun *run, uint32_t row, Text pattern, Text **cells, Buffer *out)
{
    const char *at = pattern.data, *end = at + pattern.length;
    uint32_t next = 1;
    while (at < end) {
        const char *percent = memchr(at, '%', (size_t)(end - at));
        const char *stop = percent == NULL ? end : percent;
        buffer_append(out, at, (size_t)(stop - at));
        if (percent == NULL)
            return true;
        at = percent + 1;
        Directive directive;
        if (!take_directive(&at, end, &directive))
            return false;
        if (directive.conversion == '%' || directive.conversion == 'n') {
            buffer_append_byte(out, directive.conversion == '%' ? '%' : '\n');
            continue;
        }
        uint32_t argument = directive.argument > 0 ? (uint32_t)directive.argument : next++;
        if (argument >= run->call->argument_count ||
            !put_directive(run, row, &directive, argument, cells[argument][row], out))
            return false;
    }
    return true;
}

/* A bad directive gives the pattern with the arguments behind it, as Druid does. */
static void format_leniently(const RowRun *run, uint32_t row, Text pattern, Text **cells,
                             Buffer *out)
{
    buffer_reset(out);
    if (pattern.length > 0)
        buffer_append(out, pattern.data, pattern.length);
    for (uint32_t a = 1; a < run->call->argument_count; a++) {
        Text cell = cells[a][row];
        buffer_append_string(out, "; ");
        if (cell.data == NULL)
            buffer_append_string(out, "null");
        else
            buffer_append(out, cell.data, cell.length);
    }
}

/* Text forms of all arguments but the first. */
static Text **format_cells(RowRun *run, uint32_t rows)
{
    uint32_t count = run->call->argument_count;
    Text **cells = ARENA_ARRAY(run->arena, Text *, count);
    for (uint32_t a = 1; a < count; a++) {
        Vector part = run->arguments[a];
        part.length = rows;
        cells[a] = arena_alloc_vector(run->arena, rows * sizeof(Text));
        type_format_text(run->call->argument_types[a], run->call->context, &part, run->arena,
                         cells[a]);
    }
    return cells;
}

static Text take_bytes(RowRun *run, const Buffer *buffer)
{
    char *bytes = text_sink_reserve(&run->sink, buffer->length);
    if (buffer->length > 0)
        memcpy(bytes, buffer->data, buffer->length);
    return text_sink_take(&run->sink, buffer->length);
}

static bool string_format_loop(RowRun *run, const uint8_t *skip, uint32_t rows, void *results,
                               uint8_t *is_null)
{
    Text *out = results;
    Text **cells = format_cells(run, rows);
    Buffer buffer = BUFFER_EMPTY;
    for (uint32_t i = 0; i < rows; i++) {
        out[i] = no_text;
        is_null[i] = row_is_null(run, 0, i);
        if ((skip != NULL && skip[i]) || is_null[i])
            continue;
        Text pattern = row_text(run, 0, i);
        buffer_reset(&buffer);
        if (!format_text(run, i, pattern, cells, &buffer))
            format_leniently(run, i, pattern, cells, &buffer);
        out[i] = take_bytes(run, &buffer);
    }
    buffer_clear(&buffer);
    return true;
}

const ScalarFunction text_format_functions[] = {
    { .oid = 91052, .name = "string_format", .argument_count = 2, .is_variadic = true,
      .arguments = { T_TEXT, T_ANY }, .result = T_TEXT, .nulls = NULLS_CALLED,
      .volatility = STABLE, .run = run_rows, .loop = (void *)string_format_loop,
      .summary = "A text of a pattern with Java's directives and values.",
      .example = "string_format('%s-%03d', 'a', 7)", .gives = "a-007" },
    { .oid = 91053, .name = "string_format", .argument_count = 1, .arguments = { T_TEXT },
      .result = T_TEXT, .nulls = NULLS_CALLED, .volatility = STABLE, .run = run_rows,
      .loop = (void *)string_format_loop, .summary = "A text of a pattern without values.",
      .example = "string_format('100%%')", .gives = "100%" },
};
const uint32_t text_format_function_count =
    sizeof text_format_functions / sizeof text_format_functions[0];
