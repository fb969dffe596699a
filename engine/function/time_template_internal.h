/*
 * Template patterns of times, which to_char writes by (time_template.c) and to_timestamp, to_date
 * and SQL/JSON paths read by (time_template_read.c).
 */
#ifndef TALARIA_ENGINE_FUNCTION_TIME_TEMPLATE_INTERNAL_H
#define TALARIA_ENGINE_FUNCTION_TIME_TEMPLATE_INTERNAL_H

#include "engine/function/time_internal.h"

typedef enum Field {
    FIELD_LITERAL,
    FIELD_YYYY,
    FIELD_YYY,
    FIELD_YY,
    FIELD_Y,
    FIELD_Y_YYY,
    FIELD_IYYY,
    FIELD_IYY,
    FIELD_IY,
    FIELD_I,
    FIELD_MONTH,
    FIELD_MON,
    FIELD_MM,
    FIELD_RM,
    FIELD_DAY,
    FIELD_DY,
    FIELD_DDD,
    FIELD_IDDD,
    FIELD_DD,
    FIELD_D,
    FIELD_ID,
    FIELD_WW,
    FIELD_IW,
    FIELD_W,
    FIELD_CC,
    FIELD_J,
    FIELD_Q,
    FIELD_HH24,
    FIELD_HH12,
    FIELD_MI,
    FIELD_SS,
    FIELD_MS,
    FIELD_US,
    FIELD_FF,
    FIELD_SSSSS,
    FIELD_AM,
    FIELD_A_M,
    FIELD_BC,
    FIELD_B_C,
    FIELD_TZ,
    FIELD_TZH,
    FIELD_TZM,
    FIELD_OF,
    FIELD_FX, /* what is read has exactly the template's shape */
} Field;

typedef enum LetterCase { CASE_UPPER, CASE_LOWER, CASE_CAPITAL } LetterCase;

typedef struct TemplateToken {
    Field field;
    LetterCase letter_case;
    uint8_t digits; /* FF1 .. FF6 */
    bool fill_mode; /* FM: no padding */
    char ordinal;   /* 0, or 'T' for TH, 't' for th */
    bool is_quoted; /* a literal between quotes */
    Text literal;
    Text name;      /* a field as the template spells it */
} TemplateToken;

typedef struct Template {
    TemplateToken *tokens;
    uint32_t count;
    size_t room;
} Template;

extern const char *const month_names[12];
extern const char *const day_names[7];
extern const char *const roman_months[12];

/* Literals are copied to the arena. */
void template_compile(Text text, Arena *arena, Template *template);

/* What a text says by a template. */
typedef struct TemplateTime {
    bool is_dated, is_timed, is_zoned; /* by the fields of the template */
    int64_t days;                      /* since 1970-01-01; without a date 1 BC, PostgreSQL's zero */
    int64_t of_day;                    /* microseconds */
    bool has_zone;
    int64_t offset; /* microseconds east of UTC */
    int digits;     /* FF1 .. FF6; 0: not given */
} TemplateTime;

/* By the rules of PostgreSQL's to_timestamp; `is_standard`: of SQL/JSON, where every character
 * must fit. Faults 22007, 22008, 22009. */
bool time_read_by_template(const Template *template, Text text, bool is_standard,
                           TemplateTime *time, Fault *fault);

#endif
