/*
 * to_char of numbers: PostgreSQL's numeric templates (manual 15, section 9.8).
 *
 * The template is cut into tokens. The number is rounded to its digits after the point; its
 * digits then fill the 9 and 0 positions from the point outwards. Positions before the first
 * digit are blanks (left out with FM), and the sign stands before the first digit unless the
 * template places it. What does not fit is shown as #.
 */
#include "engine/function/number_template_internal.h"

#include "engine/function/functions_internal.h"
#include "engine/type/decimal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

static const struct {
    const char *name;
    NumberField field;
} number_fields[] = {
    {"9", NUMBER_NINE},     {"0", NUMBER_ZERO},  {".", NUMBER_POINT},  {"D", NUMBER_POINT},
    {",", NUMBER_GROUP},    {"G", NUMBER_GROUP}, {"SG", NUMBER_SIGNED}, {"S", NUMBER_SIGN},
    {"MI", NUMBER_MINUS},   {"PL", NUMBER_PLUS}, {"PR", NUMBER_ANGLE}, {"TH", NUMBER_ORDINAL},
    {"L", NUMBER_CURRENCY},
};

/* A field at *at, longest name first where names overlap. */
static bool take_number_field(const char **at, const char *end, NumberToken *token)
{
    for (size_t i = 0; i < sizeof number_fields / sizeof number_fields[0]; i++) {
        size_t length = strlen(number_fields[i].name);
        if ((size_t)(end - *at) < length || strncasecmp(*at, number_fields[i].name, length) != 0)
            continue;
        token->field = number_fields[i].field;
        token->is_lower = **at >= 'a';
        *at += length;
        return true;
    }
    return false;
}

static void note_token(NumberTemplate *template, const NumberToken *token)
{
    switch (token->field) {
    case NUMBER_NINE:
    case NUMBER_ZERO:
        if (template->has_shift) {
            template->shift++;
            template->before++;
        } else if (template->has_point) {
            template->after++;
            template->last_zero =
                token->field == NUMBER_ZERO ? template->after : template->last_zero;
        } else {
            if (token->field == NUMBER_ZERO && template->first_zero < 0)
                template->first_zero = template->before;
            template->before++;
        }
        break;
    case NUMBER_POINT:
        template->has_point = true;
        break;
    case NUMBER_SIGN:
        template->has_sign = true;
        template->sign_place = template->before + template->after > 0 ? 1 : -1;
        break;
    case NUMBER_MINUS:
    case NUMBER_SIGNED:
        template->has_minus = true;
        break;
    case NUMBER_PLUS: /* beside the usual sign */
        break;
    case NUMBER_ANGLE:
        template->has_angle = true;
        break;
    case NUMBER_LITERAL:
    case NUMBER_GROUP:
    case NUMBER_ORDINAL:
    case NUMBER_CURRENCY:
        break;
    }
    template->room += token->literal.length + 4;
}

/* EEEE, RN and V say how the whole number is written. */
static bool take_mode(const char **at, const char *end, NumberTemplate *template)
{
    if (end - *at >= 4 && strncasecmp(*at, "EEEE", 4) == 0) {
        template->is_scientific = true;
        *at += 4;
        return true;
    }
    if (end - *at >= 2 && strncasecmp(*at, "RN", 2) == 0) {
        template->is_roman = true;
        template->is_roman_lower = **at == 'r';
        *at += 2;
        return true;
    }
    if (**at != 'V' && **at != 'v')
        return false;
    template->has_shift = true;
    *at += 1;
    return true;
}

/* "text", in which \" is a quote. */
static const char *take_quoted(const char *at, const char *end, Arena *arena, Text *literal)
{
    char *text = arena_alloc(arena, (size_t)(end - at) + 1);
    uint32_t length = 0;
    while (at < end && *at != '"') {
        at += *at == '\\' && at + 1 < end;
        text[length++] = *at++;
    }
    *literal = (Text){text, length};
    return at + (at < end);
}

bool number_compile(Text text, Arena *arena, NumberTemplate *template, Fault *fault)
{
    *template = (NumberTemplate){.tokens = ARENA_ARRAY(arena, NumberToken, (size_t)text.length + 1),
                                 .first_zero = -1,
                                 .room = 8};
    text = arena_text(arena, text);
    const char *at = text.data, *end = at + text.length;
    while (at < end) {
        if (end - at >= 2 && strncasecmp(at, "FM", 2) == 0) {
            template->fill_mode = true;
            at += 2;
            continue;
        }
        if (take_mode(&at, end, template))
            continue;
        NumberToken *token = &template->tokens[template->count++];
        *token = (NumberToken){0};
        if (!take_number_field(&at, end, token)) {
            const char *start = at;
            if (*at == '"') {
                at = take_quoted(at + 1, end, arena, &token->literal);
            } else {
                if (*at == '\\' && at + 1 < end && at[1] == '"')
                    start = ++at;
                at = utf8_next(at, end);
                token->literal = text_between(start, at);
            }
        }
        note_token(template, token);
    }
    if (template->before + template->after > NUMBER_MOST_DIGITS)
        return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                         "a number template has at most %d digits", NUMBER_MOST_DIGITS);
    template->first_zero = template->first_zero < 0 ? template->before : template->first_zero;
    return true;
}

bool number_prepare(ScalarCall *call, Arena *arena, Fault *fault)
{
    NumberPrepared *prepared = ARENA_NEW(arena, NumberPrepared);
    row_memo_init(&prepared->memo, arena);
    call->prepared = prepared;
    const Vector *text = call_constant(call, 1);
    if (text == NULL || vector_is_null(text, 0))
        return true;
    prepared->is_ready = true;
    return number_compile(vector_text(text, 0), arena, &prepared->template, fault);
}

int number_template_scale(Text text)
{
    NumberTemplate template;
    Fault ignored = {0};
    Arena *arena = arena_new("number template");
    bool is_good = number_compile(text, arena, &template, &ignored);
    arena_free(arena);
    int scale = template.after + template.shift;
    return is_good && scale <= NUMERIC_MAX_DIGITS ? scale : -1;
}

/* --- the digits of a number --- */

typedef struct NumberDigits {
    char whole[NUMBER_MOST_DIGITS + 4]; /* without leading zeros */
    char fraction[NUMBER_MOST_DIGITS + 4];
    int whole_count;
    bool is_negative, overflows;
} NumberDigits;

static void digits_of_text(const char *text, NumberDigits *digits)
{
    digits->is_negative = *text == '-';
    text += digits->is_negative;
    while (*text == '0')
        text++;
    size_t whole = strcspn(text, ".");
    digits->overflows = whole > NUMBER_MOST_DIGITS;
    digits->whole_count = digits->overflows ? 0 : (int)whole;
    memcpy(digits->whole, text, (size_t)digits->whole_count);
    text += whole;
    text += *text == '.';
    snprintf(digits->fraction, sizeof digits->fraction, "%s", text);
    /* -0 is 0. */
    if (digits->whole_count == 0 && strspn(digits->fraction, "0") == strlen(digits->fraction) &&
        !digits->overflows)
        digits->is_negative = false;
}

/* 12.45 by 99V9 is 125: the digits behind the point join those before. */
static void shift_digits(NumberDigits *digits, int shift)
{
    char all[2 * NUMBER_MOST_DIGITS + 8];
    int have = (int)strlen(digits->fraction), used = digits->whole_count;
    if (digits->overflows || shift == 0)
        return;
    memcpy(all, digits->whole, (size_t)used);
    for (int i = 0; i < shift; i++)
        all[used++] = i < have ? digits->fraction[i] : '0';
    int zeros = 0;
    while (zeros < used && all[zeros] == '0')
        zeros++;
    digits->overflows = used - zeros > NUMBER_MOST_DIGITS;
    digits->whole_count = digits->overflows ? 0 : used - zeros;
    memcpy(digits->whole, all + zeros, (size_t)digits->whole_count);
    digits->fraction[0] = '\0';
}

static bool digits_of_row(RowRun *run, uint32_t row, int after, NumberDigits *digits)
{
    const Vector *vector = &run->arguments[0];
    uint32_t place = vector_row(vector, row);
    char text[512];
    *digits = (NumberDigits){0};
    if (vector->layout == LAYOUT_FLOAT64 || vector->layout == LAYOUT_FLOAT32) {
        double value = vector->layout == LAYOUT_FLOAT64 ? VECTOR_DATA(double, vector)[place]
                                                        : (double)VECTOR_DATA(float, vector)[place];
        if (!isfinite(value)) {
            digits->overflows = true;
            return true;
        }
        snprintf(text, sizeof text, "%.*f", after, value);
        digits_of_text(text, digits);
        return true;
    }
    int scale = vector->layout == LAYOUT_INT128 ? type_scale(run->call->argument_types[0]) : 0;
    Int128 value = vector->layout == LAYOUT_INT128 ? VECTOR_DATA(__int128, vector)[place]
                                                   : VECTOR_DATA(int64_t, vector)[place];
    int shown = scale < after ? scale : after;
    if (decimal_is_special(value) || !decimal_rescale(value, scale, shown, &value)) {
        digits->overflows = true;
        return true;
    }
    text[decimal_format(value, shown, false, text)] = '\0';
    digits_of_text(text, digits);
    size_t have = strlen(digits->fraction);
    for (; have < (size_t)after; have++)
        digits->fraction[have] = '0';
    digits->fraction[have] = '\0';
    return true;
}

/* --- writing --- */

typedef struct NumberWriter {
    char *out;
    int before, after; /* positions written */
    int first;         /* the first position before the point that shows a digit */
    bool sign_is_written;
} NumberWriter;

/* The sign that stands before the first digit, when the template does not place it. */
static char leading_sign(const NumberTemplate *template, const NumberDigits *digits)
{
    if (template->has_angle)
        return digits->is_negative ? '<' : ' ';
    if (template->has_minus || (template->has_sign && template->sign_place > 0))
        return '\0';
    if (template->has_sign)
        return digits->is_negative ? '-' : '+';
    return digits->is_negative ? '-' : ' ';
}

static void write_sign(NumberWriter *writer, const NumberTemplate *template,
                       const NumberDigits *digits)
{
    if (writer->sign_is_written)
        return;
    writer->sign_is_written = true;
    char sign = leading_sign(template, digits);
    if (sign != '\0' && !(sign == ' ' && template->fill_mode))
        *writer->out++ = sign;
}

static void write_digit(NumberWriter *writer, const NumberTemplate *template,
                        const NumberDigits *digits, const NumberToken *token)
{
    if (template->has_point && writer->before == template->before &&
        writer->after < template->after) {
        int position = writer->after++;
        size_t kept = strlen(digits->fraction);
        /* FM leaves out zeros at the end that only nines stand for. */
        while (template->fill_mode && kept > (size_t) template->last_zero &&
               digits->fraction[kept - 1] == '0')
            kept--;
        if (digits->overflows)
            *writer->out++ = '#';
        else if ((size_t)position < kept)
            *writer->out++ = digits->fraction[position];
        return;
    }
    int position = writer->before++;
    if (position < writer->first) {
        if (!template->fill_mode)
            *writer->out++ = ' ';
        return;
    }
    write_sign(writer, template, digits);
    int index = position - (template->before - digits->whole_count);
    *writer->out++ = digits->overflows ? '#' : index < 0 ? '0' : digits->whole[index];
    (void)token;
}

static void write_ordinal(NumberWriter *writer, const NumberDigits *digits, bool is_lower)
{
    int count = digits->whole_count;
    char last = count > 0 ? digits->whole[count - 1] : '0';
    char tens = count > 1 ? digits->whole[count - 2] : '0';
    const char *ending = tens == '1'   ? "TH"
                         : last == '1' ? "ST"
                         : last == '2' ? "ND"
                         : last == '3' ? "RD"
                                       : "TH";
    if (digits->is_negative)
        return;
    for (int i = 0; i < 2; i++)
        *writer->out++ = (char)(ending[i] + (is_lower ? 32 : 0));
}

static void write_token(NumberWriter *writer, const NumberTemplate *template,
                        const NumberDigits *digits, const NumberToken *token)
{
    bool is_filling = template->fill_mode;
    switch (token->field) {
    case NUMBER_NINE:
    case NUMBER_ZERO:
        write_digit(writer, template, digits, token);
        return;
    case NUMBER_POINT:
        write_sign(writer, template, digits);
        if (template->after > 0)
            *writer->out++ = '.';
        return;
    case NUMBER_GROUP:
        if (writer->before > writer->first)
            *writer->out++ = ',';
        else if (!is_filling)
            *writer->out++ = ' ';
        return;
    case NUMBER_SIGN:
        if (template->sign_place > 0)
            *writer->out++ = digits->is_negative ? '-' : '+';
        return;
    case NUMBER_SIGNED:
        *writer->out++ = digits->is_negative ? '-' : '+';
        return;
    case NUMBER_MINUS:
        if (digits->is_negative || !is_filling)
            *writer->out++ = digits->is_negative ? '-' : ' ';
        return;
    case NUMBER_PLUS:
        if (!digits->is_negative || !is_filling)
            *writer->out++ = digits->is_negative ? ' ' : '+';
        return;
    case NUMBER_ANGLE:
        if (digits->is_negative || !is_filling)
            *writer->out++ = digits->is_negative ? '>' : ' ';
        return;
    case NUMBER_ORDINAL:
        write_ordinal(writer, digits, token->is_lower);
        return;
    case NUMBER_CURRENCY:
        *writer->out++ = '$';
        return;
    case NUMBER_LITERAL:
        if (token->literal.length > 0)
            memcpy(writer->out, token->literal.data, token->literal.length);
        writer->out += token->literal.length;
        return;
    }
}

/* --- EEEE and RN --- */

/* Digits rounded to `after` behind the first one, half away from zero; the exponent of that one. */
static int round_significant(const NumberDigits *digits, int after, char *out)
{
    char all[2 * NUMBER_MOST_DIGITS + 16] = "";
    int count = 0, exponent = digits->whole_count - 1;
    memcpy(all, digits->whole, (size_t)digits->whole_count);
    count = digits->whole_count;
    for (const char *at = digits->fraction; *at != '\0'; at++) {
        if (count == 0 && *at == '0') {
            exponent--;
            continue;
        }
        all[count++] = *at;
    }
    exponent = count == 0 ? 0 : exponent;
    memset(out, '0', (size_t)after + 1);
    memcpy(out, all, (size_t)(count < after + 1 ? count : after + 1));
    out[after + 1] = '\0';
    if (count <= after + 1 || all[after + 1] < '5')
        return exponent;
    for (int i = after; i >= 0; i--) {
        if (out[i] != '9') {
            out[i]++;
            return exponent;
        }
        out[i] = '0';
    }
    out[0] = '1';
    return exponent + 1;
}

static bool write_scientific(RowRun *run, uint32_t row, const NumberTemplate *template,
                             Text *result)
{
    const Vector *vector = &run->arguments[0];
    uint32_t place = vector_row(vector, row);
    char text[NUMBER_MOST_DIGITS + 32], significant[NUMBER_MOST_DIGITS + 8];
    bool is_double = vector->layout == LAYOUT_FLOAT64;
    if (is_double || vector->layout == LAYOUT_FLOAT32) {
        double value = is_double ? VECTOR_DATA(double, vector)[place]
                                 : (double)VECTOR_DATA(float, vector)[place];
        snprintf(text, sizeof text, "%+.*e", template->after, value);
        text[0] = text[0] == '+' ? ' ' : text[0];
        if (!isfinite(value)) {
            memset(text, '#', (size_t)template->after + 6);
            text[0] = ' ';
            text[2] = '.';
            text[template->after + 6] = '\0';
        }
    } else {
        NumberDigits digits;
        if (!digits_of_row(run, row, NUMBER_MOST_DIGITS, &digits))
            return false;
        int exponent = round_significant(&digits, template->after, significant);
        snprintf(text, sizeof text, "%c%c%s%se%c%02d", digits.is_negative ? '-' : ' ',
                 significant[0], template->after > 0 ? "." : "", significant + 1,
                 exponent < 0 ? '-' : '+', exponent < 0 ? -exponent : exponent);
    }
    size_t length = strlen(text);
    memcpy(text_sink_reserve(&run->sink, length), text, length);
    *result = text_sink_take(&run->sink, length);
    return true;
}

static void roman(int value, char *out)
{
    static const struct {
        int value;
        const char *text;
    } signs[] = {{1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"}, {100, "C"}, {90, "XC"},
                 {50, "L"},   {40, "XL"},  {10, "X"},  {9, "IX"},   {5, "V"},   {4, "IV"},
                 {1, "I"}};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        for (; value >= signs[i].value; value -= signs[i].value) {
            for (const char *at = signs[i].text; *at != '\0'; at++)
                *out++ = *at;
        }
    }
    *out = '\0';
}

static bool write_roman(RowRun *run, uint32_t row, const NumberTemplate *template, Text *result)
{
    enum { WIDTH = 15, MOST_ROMAN = 3999 };
    NumberDigits digits;
    char text[WIDTH + 2];
    if (!digits_of_row(run, row, 0, &digits))
        return false;
    digits.whole[digits.whole_count] = '\0';
    int value = digits.overflows || digits.whole_count > 4 ? 0 : atoi(digits.whole);
    if (value < 1 || value > MOST_ROMAN || digits.is_negative)
        snprintf(text, sizeof text, "###############");
    else
        roman(value, text);
    for (char *at = text; template->is_roman_lower && *at != '\0'; at++)
        *at = (char)(*at >= 'A' && *at <= 'Z' ? *at + 32 : *at);
    size_t length = strlen(text);
    size_t blanks = template->fill_mode || length >= WIDTH ? 0 : WIDTH - length;
    char *out = text_sink_reserve(&run->sink, blanks + length);
    memset(out, ' ', blanks);
    memcpy(out + blanks, text, length);
    *result = text_sink_take(&run->sink, blanks + length);
    return true;
}

static bool to_char_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    const NumberPrepared *prepared = run->call->prepared;
    NumberTemplate own;
    const NumberTemplate *template = &prepared->template;
    NumberDigits digits;
    *result = (Text){.data = "", .length = 0};
    if (!prepared->is_ready) {
        if (!number_compile(row_text(run, 1, row), run->arena, &own, run->fault))
            return false;
        template = &own;
    }
    if (template->is_scientific)
        return write_scientific(run, row, template, result);
    if (template->is_roman)
        return write_roman(run, row, template, result);
    if (!digits_of_row(run, row, template->has_shift ? template->shift : template->after, &digits))
        return false;
    shift_digits(&digits, template->shift);
    /* A zero is shown where nothing else would be. */
    if (digits.whole_count == 0 && !digits.overflows && !template->has_point &&
        template->before > 0)
        digits.whole[digits.whole_count++] = '0';
    digits.overflows = digits.overflows || digits.whole_count > template->before;
    NumberWriter writer = {.first = template->before - digits.whole_count};
    if (digits.overflows || writer.first > template->first_zero)
        writer.first = digits.overflows ? 0 : template->first_zero;
    char *start = text_sink_reserve(&run->sink, template->room);
    writer.out = start;
    for (uint32_t i = 0; i < template->count; i++)
        write_token(&writer, template, &digits, &template->tokens[i]);
    *result = text_sink_take(&run->sink, (size_t)(writer.out - start));
    return true;
}

ROW_LOOP(to_char_loop, to_char_row, Text)

#define NUMBER_ROW(id, type, sample, value)                                                        \
    { .oid = id, .name = "to_char", .argument_count = 2, .arguments = { type, T_TEXT },            \
      .result = T_TEXT, .run = run_rows, .prepare = number_prepare, .loop = (void *)to_char_loop,  \
      .summary = "A number as text by a template.", .example = "to_char(" sample ")",              \
      .gives = value }

const ScalarFunction number_template_functions[] = {
    NUMBER_ROW(1772, T_NUMERIC, "1234567.891, 'FM9,999,999.00'", "1,234,567.89"),
    NUMBER_ROW(1773, T_INT4, "125, '999'", " 125"),
    NUMBER_ROW(1774, T_INT8, "12345::int8, 'FM099999'", "012345"),
    NUMBER_ROW(1775, T_FLOAT4, "0.5::float4, 'FM0.99'", "0.5"),
    NUMBER_ROW(1776, T_FLOAT8, "-12.345::float8, '999.9'", " -12.3"),
};
const uint32_t number_template_function_count =
    sizeof number_template_functions / sizeof number_template_functions[0];
