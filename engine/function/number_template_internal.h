/*
 * PostgreSQL's numeric templates (manual 15, section 9.8), taken apart: number_template.c writes
 * numbers by them, number_parse.c reads.
 */
#ifndef TALARIA_ENGINE_FUNCTION_NUMBER_TEMPLATE_INTERNAL_H
#define TALARIA_ENGINE_FUNCTION_NUMBER_TEMPLATE_INTERNAL_H

#include "engine/function/text_internal.h"

typedef enum NumberField {
    NUMBER_LITERAL,
    NUMBER_NINE,
    NUMBER_ZERO,
    NUMBER_POINT,
    NUMBER_GROUP,
    NUMBER_SIGN,
    NUMBER_SIGNED, /* SG */
    NUMBER_MINUS,
    NUMBER_PLUS,
    NUMBER_ANGLE,
    NUMBER_ORDINAL,
    NUMBER_CURRENCY,
} NumberField;

typedef struct NumberToken {
    NumberField field;
    bool is_lower; /* th */
    Text literal;
} NumberToken;

typedef struct NumberTemplate {
    NumberToken *tokens;
    uint32_t count;
    int before, after; /* digit positions before and after the point */
    int first_zero;    /* of those before, the first that is 0; `before` when none is */
    int last_zero;     /* of those after, how many up to the last 0 */
    bool fill_mode, has_point, has_sign, has_minus, has_angle;
    bool is_scientific, is_roman, is_roman_lower;
    bool has_shift;    /* V: so many digits, .. */
    int shift;         /* .. of those before, stand for what is behind the point */
    int sign_place; /* -1 before the digits, 1 behind */
    size_t room;
} NumberTemplate;

/* Of a call whose second argument is the template. */
typedef struct NumberPrepared {
    RowMemo memo;
    bool is_ready;
    NumberTemplate template;
} NumberPrepared;

enum { NUMBER_MOST_DIGITS = 60 };

/* Tokens live in the arena. Faults: a template with too many digits. */
bool number_compile(Text text, Arena *arena, NumberTemplate *template, Fault *fault);
bool number_prepare(ScalarCall *call, Arena *arena, Fault *fault);

#endif
