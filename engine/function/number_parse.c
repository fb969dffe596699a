/*
 * to_number: a text read by a numeric template. Positions of digits take a digit where there is
 * one; separators pass where they stand; other characters of the template pass one of the text.
 * The result has as many digits behind the point as the template.
 */
#include "engine/function/number_template_internal.h"

#include "engine/type/decimal.h"

#include <stdio.h>

typedef struct NumberReader {
    const char *at, *end;
    char digits[NUMBER_MOST_DIGITS + 4];
    uint32_t count;
    int behind;    /* of them, behind the point */
    bool has_point, is_negative;
} NumberReader;

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_data(char c)
{
    return is_digit(c) || c == '.' || c == ',' || c == '-' || c == '+';
}

static void skip_other(NumberReader *reader, int count)
{
    for (; count > 0 && reader->at < reader->end && !is_data(*reader->at); count--)
        reader->at = utf8_next(reader->at, reader->end);
}

/* A sign before the first digit. */
static void read_sign(NumberReader *reader, const NumberTemplate *template)
{
    while (reader->at < reader->end && *reader->at == ' ')
        reader->at++;
    if (reader->at == reader->end)
        return;
    char c = *reader->at;
    bool is_sign = c == '-' || c == '+' || (c == '<' && template->has_angle);
    reader->is_negative = reader->is_negative || c == '-' || (is_sign && c == '<');
    reader->at += is_sign;
}

static void read_point(NumberReader *reader)
{
    if (reader->at == reader->end || *reader->at != '.' || reader->has_point)
        return;
    reader->has_point = true;
    reader->at++;
}

static void read_digit(NumberReader *reader, const NumberTemplate *template)
{
    if (reader->count == 0 && !reader->has_point)
        read_sign(reader, template);
    if (reader->at == reader->end)
        return;
    if (template->has_point && *reader->at == '.') {
        read_point(reader);
        return;
    }
    if (!is_digit(*reader->at) || reader->count == NUMBER_MOST_DIGITS)
        return;
    reader->digits[reader->count++] = *reader->at++;
    reader->behind += reader->has_point;
}

static void read_token(NumberReader *reader, const NumberTemplate *template,
                       const NumberToken *token)
{
    switch (token->field) {
    case NUMBER_NINE:
    case NUMBER_ZERO:
        read_digit(reader, template);
        return;
    case NUMBER_POINT:
        read_point(reader);
        return;
    case NUMBER_GROUP:
        reader->at += reader->at < reader->end && *reader->at == ',';
        return;
    case NUMBER_SIGN:
    case NUMBER_SIGNED:
    case NUMBER_MINUS:
    case NUMBER_PLUS:
        if (reader->at < reader->end && (*reader->at == '-' || *reader->at == '+'))
            reader->is_negative = *reader->at++ == '-' || reader->is_negative;
        else
            skip_other(reader, 1);
        return;
    case NUMBER_ANGLE:
        reader->at += reader->at < reader->end && *reader->at == '>';
        return;
    case NUMBER_ORDINAL:
        skip_other(reader, 2);
        return;
    case NUMBER_CURRENCY:
        skip_other(reader, 1);
        return;
    case NUMBER_LITERAL:
        for (const char *at = token->literal.data, *end = at + token->literal.length;
             at < end && reader->at < reader->end; at = utf8_next(at, end))
            reader->at = utf8_next(reader->at, reader->end);
        return;
    }
}

static bool to_number_row(RowRun *run, uint32_t row, Int128 *result, uint8_t *is_null)
{
    const NumberPrepared *prepared = run->call->prepared;
    const NumberTemplate *template = &prepared->template;
    NumberTemplate own;
    Text text = row_text(run, 0, row);
    (void)is_null;
    *result = 0;
    if (!prepared->is_ready) {
        if (!number_compile(row_text(run, 1, row), run->arena, &own, run->fault))
            return false;
        template = &own;
    }
    if (template->is_roman || template->is_scientific)
        return fault_set(run->fault, FAULT_FEATURE_NOT_SUPPORTED, "\"%s\" is not supported for input",
                         template->is_roman ? "RN" : "EEEE");
    NumberReader reader = {.at = text.data, .end = text.data + text.length};
    for (uint32_t i = 0; i < template->count; i++)
        read_token(&reader, template, &template->tokens[i]);
    if (reader.count == 0)
        return fault_set(run->fault, FAULT_INVALID_TEXT_REPRESENTATION,
                         "invalid input syntax for type numeric: \"%.*s\"",
                         (int)(text.length < 60 ? text.length : 60), text.data);
    Int128 value = 0;
    for (uint32_t i = 0; i < reader.count; i++) {
        if (__builtin_mul_overflow(value, (Int128)10, &value) ||
            __builtin_add_overflow(value, (Int128)(reader.digits[i] - '0'), &value))
            return fault_set(run->fault, FAULT_NUMERIC_VALUE_OUT_OF_RANGE,
                             "value overflows numeric format");
    }
    value = reader.is_negative ? -value : value;
    int scale = type_scale(run->call->result_type);
    return decimal_rescale(value, reader.behind + template->shift, scale, result) ||
           fault_set(run->fault, FAULT_NUMERIC_VALUE_OUT_OF_RANGE,
                     "value overflows numeric format");
}

ROW_LOOP(to_number_loop, to_number_row, Int128)

/* Without a known template as many digits as any may have, of which zeros are not shown. */
static SqlType unknown_scale(const SqlType *arguments, uint32_t count)
{
    enum { MOST_SCALE = 16 };
    (void)arguments, (void)count;
    return type_numeric_shown(DIGITS_TRIMMED, MOST_SCALE, 0);
}

const ScalarFunction number_parse_functions[] = {
    { .oid = FUNCTION_TO_NUMBER, .name = "to_number", .argument_count = 2,
      .arguments = { T_TEXT, T_TEXT }, .result = T_NUMERIC, .result_of = unknown_scale,
      .run = run_rows, .prepare = number_prepare, .loop = (void *)to_number_loop,
      .summary = "The number that a text shows by a template.",
      .example = "to_number('-12,454.8', '99G999D9S')", .gives = "-12454.8" },
};
const uint32_t number_parse_function_count =
    sizeof number_parse_functions / sizeof number_parse_functions[0];
