/*
 * format('%s.%I', ..): PostgreSQL's format strings. %[position$][-][width]type, where the type is
 * s (text), I (identifier), L (literal) or %; the width is a number, * (the next argument) or
 * *n$ (argument n).
 */
#include "engine/function/text_internal.h"

#include <stdlib.h>

typedef struct Directive {
    int64_t position; /* 0: the next argument */
    bool is_left;
    int64_t width;
    int64_t width_position; /* -1: a number; 0: the next argument */
    char type;
} Directive;

typedef struct Formatter {
    RowRun *run;
    Text **cells; /* text forms of the arguments, by argument and row */
    uint32_t row, next;
    Buffer out;
} Formatter;

static bool bad_format(Formatter *formatter, const char *message)
{
    return fault_set(formatter->run->fault, FAULT_INVALID_PARAMETER_VALUE, "%s", message);
}

static bool take_digits(const char **at, const char *end, int64_t *number)
{
    const char *start = *at;
    *number = 0;
    while (*at < end && **at >= '0' && **at <= '9') {
        *number = *number * 10 + (**at - '0');
        if (*number > INT32_MAX)
            *number = INT32_MAX;
        (*at)++;
    }
    return *at > start;
}

static bool take_position(Formatter *formatter, int64_t number)
{
    return number != 0 || bad_format(formatter, "format specifies argument 0, but arguments are "
                                                "numbered from 1");
}

static bool take_width(Formatter *formatter, const char **at, const char *end,
                       Directive *directive)
{
    directive->width_position = -1;
    if (*at >= end || **at != '*') {
        take_digits(at, end, &directive->width);
        return true;
    }
    int64_t number;
    (*at)++;
    directive->width_position = 0;
    if (!take_digits(at, end, &number))
        return true;
    if (*at >= end || **at != '$')
        return bad_format(formatter, "width argument position must be ended by \"$\"");
    (*at)++;
    directive->width_position = number;
    return take_position(formatter, number);
}

/* Behind the percent sign. */
static bool take_directive(Formatter *formatter, const char **at, const char *end,
                           Directive *directive)
{
    const char *start = *at;
    int64_t number;
    *directive = (Directive){.width_position = -1};
    if (take_digits(at, end, &number)) {
        if (*at < end && **at == '$') {
            (*at)++;
            directive->position = number;
            if (!take_position(formatter, number))
                return false;
        } else {
            *at = start; /* a width */
        }
    }
    while (*at < end && **at == '-') {
        directive->is_left = true;
        (*at)++;
    }
    if (!take_width(formatter, at, end, directive))
        return false;
    if (*at >= end) {
        bad_format(formatter, "unterminated format() type specifier");
        return fault_hint(formatter->run->fault, "For a single \"%%\" use \"%%%%\".");
    }
    directive->type = *(*at)++;
    return true;
}

/* The text of an argument by its number from 1, or of the next one. */
static bool take_argument(Formatter *formatter, int64_t position, Text *text, uint32_t *argument)
{
    *argument = position > 0 ? (uint32_t)position : formatter->next;
    if (*argument >= formatter->run->call->argument_count)
        return bad_format(formatter, "too few arguments for format()");
    formatter->next = *argument + 1;
    *text = formatter->cells[*argument][formatter->row];
    return true;
}

static bool width_of(Formatter *formatter, Directive *directive)
{
    Text text;
    uint32_t argument;
    if (directive->width_position < 0)
        return true;
    if (!take_argument(formatter, directive->width_position, &text, &argument))
        return false;
    Oid type = formatter->run->call->argument_types[argument].oid;
    if (text.data == NULL)
        return true; /* NULL is no width */
    char digits[24] = "";
    if (text.length >= sizeof digits)
        return fault_set(formatter->run->fault, FAULT_NUMERIC_VALUE_OUT_OF_RANGE,
                         "number is out of range");
    memcpy(digits, text.data, text.length);
    char *end;
    int64_t width = strtoll(digits, &end, 10);
    if (*end != '\0' || (type != T_INT2 && type != T_INT4 && type != T_INT8 && type != T_TEXT))
        return fault_set(formatter->run->fault, FAULT_INVALID_TEXT_REPRESENTATION,
                         "invalid input syntax for type integer: \"%.*s\"", TEXT_ARGS(text));
    directive->is_left |= width < 0;
    directive->width = width < 0 ? -width : width;
    return true;
}

static void append(Buffer *out, Text text)
{
    if (text.length > 0)
        buffer_append(out, text.data, text.length);
}

static bool put_padded(Formatter *formatter, const Directive *directive, Text text)
{
    int64_t have = utf8_count(text.data, text.length), blanks = directive->width - have;
    if (blanks > 0 && (uint64_t)blanks + formatter->out.length > TEXT_MAX_LENGTH)
        return text_too_long(formatter->run->fault);
    if (directive->is_left)
        append(&formatter->out, text);
    for (int64_t i = 0; i < blanks; i++)
        buffer_append_byte(&formatter->out, ' ');
    if (!directive->is_left)
        append(&formatter->out, text);
    return true;
}

static bool put_argument(Formatter *formatter, Directive *directive)
{
    Text text;
    uint32_t argument;
    TextSink *sink = &formatter->run->sink;
    if (directive->type != 's' && directive->type != 'I' && directive->type != 'L') {
        fault_set(formatter->run->fault, FAULT_INVALID_PARAMETER_VALUE,
                  "unrecognized format() type specifier \"%c\"", directive->type);
        return fault_hint(formatter->run->fault, "For a single \"%%\" use \"%%%%\".");
    }
    if (!width_of(formatter, directive) ||
        !take_argument(formatter, directive->position, &text, &argument))
        return false;
    if (text.data == NULL && directive->type == 'I')
        return fault_set(formatter->run->fault, FAULT_NULL_VALUE_NOT_ALLOWED,
                         "null values cannot be formatted as an SQL identifier");
    if (text.data == NULL) {
        text = directive->type == 'L' ? TEXT_LITERAL("NULL") : TEXT_LITERAL("");
    } else if (directive->type == 'I') {
        text = text_identifier(sink, text);
    } else if (directive->type == 'L') {
        bool has_backslash = text.length > 0 && memchr(text.data, '\\', text.length) != NULL;
        text = text_quoted(sink, text, '\'', has_backslash);
    }
    return put_padded(formatter, directive, text);
}

static bool format_row(Formatter *formatter, Text pattern)
{
    const char *at = pattern.data, *end = at + pattern.length;
    formatter->next = 1;
    buffer_reset(&formatter->out);
    while (at < end) {
        Directive directive;
        const char *percent = memchr(at, '%', (size_t)(end - at));
        append(&formatter->out, text_between(at, percent == NULL ? end : percent));
        if (percent == NULL)
            break;
        at = percent + 1;
        if (at < end && *at == '%') {
            buffer_append_byte(&formatter->out, '%');
            at++;
            continue;
        }
        if (!take_directive(formatter, &at, end, &directive))
            return false;
        if (!put_argument(formatter, &directive))
            return false;
        if (formatter->out.length > TEXT_MAX_LENGTH)
            return text_too_long(formatter->run->fault);
    }
    return true;
}

static bool format_loop(RowRun *run, const uint8_t *skip, uint32_t rows, void *results,
                        uint8_t *is_null)
{
    Text *out = results;
    Formatter formatter = {.run = run, .out = BUFFER_EMPTY};
    bool is_good = true;
    formatter.cells = ARENA_ARRAY(run->arena, Text *, run->call->argument_count);
    for (uint32_t i = 0; i < run->call->argument_count; i++)
        formatter.cells[i] = row_argument_texts(run, i, rows);
    for (uint32_t i = 0; i < rows && is_good; i++) {
        out[i] = TEXT_LITERAL("");
        is_null[i] = formatter.cells[0][i].data == NULL;
        if ((skip != NULL && skip[i]) || is_null[i])
            continue;
        formatter.row = i;
        is_good = format_row(&formatter, formatter.cells[0][i]);
        if (!is_good)
            break;
        char *bytes = text_sink_reserve(&run->sink, formatter.out.length);
        if (formatter.out.length > 0)
            memcpy(bytes, formatter.out.data, formatter.out.length);
        out[i] = text_sink_take(&run->sink, formatter.out.length);
    }
    buffer_clear(&formatter.out);
    return is_good;
}

const ScalarFunction format_functions[] = {
    { .oid = 3539, .name = "format", .argument_count = 2, .is_variadic = true,
      .arguments = { T_TEXT, T_ANY }, .result = T_TEXT, .nulls = NULLS_CALLED,
      .volatility = STABLE, .run = run_rows, .loop = (void *)format_loop,
      .summary = "Arguments put into a text: %s as text, %I as identifier, %L as literal.",
      .example = "format('Hello %s, %1$s', 'World')", .gives = "Hello World, World" },
    { .oid = 3540, .name = "format", .argument_count = 1, .arguments = { T_TEXT },
      .result = T_TEXT, .nulls = NULLS_CALLED, .run = run_rows, .loop = (void *)format_loop,
      .summary = "The text, with %% as a percent sign.", .example = "format('100%%')",
      .gives = "100%" },
};
const uint32_t format_function_count = sizeof format_functions / sizeof format_functions[0];
