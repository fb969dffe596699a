/*
 * Whole vectors to text. A type's loop is chosen once a vector; cells of fixed maximal size are
 * written one behind the other into a single piece of the arena.
 */
#include "engine/type/type_internal.h"

/* Constants are formatted once; nulls are cells without data. */
typedef void (*CellLoop)(SqlType type, const TypeContext *context, const Vector *vector,
                         uint32_t rows, Arena *arena, Text *cells);

/* put: an expression that writes value `v` of C type `type` at `p` and gives the length. */
#define FORMAT_LOOP(name, ctype, size, prepare, put)                                               \
    static void name(SqlType type, const TypeContext *context, const Vector *vector,               \
                     uint32_t rows, Arena *arena, Text *cells)                                     \
    {                                                                                              \
        const ctype *values = vector->data;                                                        \
        const uint8_t *nulls = vector->nulls;                                                      \
        char *p = arena_alloc(arena, (size_t)rows * (size) + (size));                              \
        (void)type, (void)context;                                                                 \
        prepare;                                                                                   \
        for (uint32_t i = 0; i < rows; i++) {                                                      \
            if (nulls != NULL && nulls[i] != 0) {                                                  \
                cells[i] = (Text){0};                                                              \
                continue;                                                                          \
            }                                                                                      \
            const ctype v = values[i];                                                             \
            uint32_t length = (put);                                                               \
            cells[i] = (Text){p, length};                                                          \
            p += length;                                                                           \
        }                                                                                          \
    }

FORMAT_LOOP(format_int64, int64_t, 20, , int64_format(v, p))
FORMAT_LOOP(format_float8, double, FLOAT_TEXT_SIZE, , double_format(v, p))
FORMAT_LOOP(format_float4, float, FLOAT_TEXT_SIZE, , float_format(v, p))
FORMAT_LOOP(format_date, int64_t, DATETIME_TEXT_SIZE, , date_format(v, p))
FORMAT_LOOP(format_time, int64_t, DATETIME_TEXT_SIZE, , time_format(v, p))
FORMAT_LOOP(format_timestamp, int64_t, DATETIME_TEXT_SIZE, DateCache cache = {0},
            timestamp_format(v, &cache, p))
FORMAT_LOOP(format_timestamptz, int64_t, DATETIME_TEXT_SIZE, DateCache cache = {0};
            const TimeZone *zone = context_zone(context),
            timestamptz_format(v, zone, &cache, p))
FORMAT_LOOP(format_interval, IntervalValue, INTERVAL_TEXT_SIZE, , interval_format(v, p))
FORMAT_LOOP(format_numeric, Int128, DECIMAL_TEXT_SIZE, int scale = type_scale(type);
            bool is_all = type_numeric_digits(type) == DIGITS_ALL,
            is_all ? decimal_format(v, scale, false, p) : decimal_format_shown(type, v, p))

/* The same in the session's style, where it is not the usual one. */
#define STYLED const OutputStyle style = output_style(context)
FORMAT_LOOP(format_float8_styled, double, FLOAT_TEXT_SIZE, STYLED,
            double_format_styled(v, &style, p))
FORMAT_LOOP(format_float4_styled, float, FLOAT_TEXT_SIZE, STYLED, float_format_styled(v, &style, p))
FORMAT_LOOP(format_date_styled, int64_t, DATETIME_TEXT_SIZE, STYLED,
            date_format_styled(v, &style, p))
FORMAT_LOOP(format_timestamp_styled, int64_t, DATETIME_TEXT_SIZE, STYLED,
            timestamp_format_styled(v, &style, p))
FORMAT_LOOP(format_timestamptz_styled, int64_t, DATETIME_TEXT_SIZE, STYLED;
            const TimeZone *zone = context_zone(context),
            timestamptz_format_styled(v, zone, &style, p))
FORMAT_LOOP(format_interval_styled, IntervalValue, INTERVAL_TEXT_SIZE, STYLED,
            interval_format_styled(v, &style, p))

static void format_bool(SqlType type, const TypeContext *context, const Vector *vector,
                        uint32_t rows, Arena *arena, Text *cells)
{
    static const char letters[2] = {'f', 't'};
    const uint8_t *values = vector->data;
    for (uint32_t i = 0; i < rows; i++)
        cells[i] = vector_is_null(vector, i) ? (Text){0} : (Text){&letters[values[i] != 0], 1};
}

static void format_reg(SqlType type, const TypeContext *context, const Vector *vector,
                       uint32_t rows, Arena *arena, Text *cells)
{
    const int64_t *values = vector->data;
    for (uint32_t i = 0; i < rows; i++)
        cells[i] = vector_is_null(vector, i) ? (Text){0}
                                             : reg_format(type.oid, (uint32_t)values[i], arena);
}

/* Texts stay where they are; a cell that is not null has data even when it is empty. */
static void format_string(SqlType type, const TypeContext *context, const Vector *vector,
                          uint32_t rows, Arena *arena, Text *cells)
{
    for (uint32_t i = 0; i < rows; i++) {
        if (vector_is_null(vector, i)) {
            cells[i] = (Text){0};
            continue;
        }
        cells[i] = vector_text(vector, i);
        if (cells[i].data == NULL)
            cells[i].data = "";
    }
}

static void format_uuid(SqlType type, const TypeContext *context, const Vector *vector,
                        uint32_t rows, Arena *arena, Text *cells)
{
    format_string(type, context, vector, rows, arena, cells);
    for (uint32_t i = 0; i < rows; i++) {
        if (cells[i].data == NULL || cells[i].length != 16)
            continue;
        char *out = arena_alloc(arena, 36);
        cells[i] = (Text){out, uuid_format((const uint8_t *)cells[i].data, out)};
    }
}

static void format_bytea(SqlType type, const TypeContext *context, const Vector *vector,
                         uint32_t rows, Arena *arena, Text *cells)
{
    format_string(type, context, vector, rows, arena, cells);
    for (uint32_t i = 0; i < rows; i++) {
        if (cells[i].data == NULL)
            continue;
        char *out = arena_alloc(arena, 2 + 2 * (size_t)cells[i].length);
        cells[i] = (Text){out, bytea_format(cells[i], out)};
    }
}

static void format_bytea_escape(SqlType type, const TypeContext *context, const Vector *vector,
                                uint32_t rows, Arena *arena, Text *cells)
{
    format_string(type, context, vector, rows, arena, cells);
    for (uint32_t i = 0; i < rows; i++) {
        if (cells[i].data == NULL)
            continue;
        char *out = arena_alloc(arena, 1 + 4 * (size_t)cells[i].length);
        cells[i] = (Text){out, bytea_format_escape(cells[i], out)};
    }
}

static void format_sketch(SqlType type, const TypeContext *context, const Vector *vector,
                          uint32_t rows, Arena *arena, Text *cells)
{
    format_string(type, context, vector, rows, arena, cells);
    for (uint32_t i = 0; i < rows; i++) {
        if (cells[i].data == NULL)
            continue;
        char *out = arena_alloc(arena, 4 + ((size_t)cells[i].length + 2) / 3 * 4);
        cells[i] = (Text){out, base64_format(cells[i], out)};
    }
}

static void format_array(SqlType type, const TypeContext *context, const Vector *vector,
                         uint32_t rows, Arena *arena, Text *cells)
{
    array_format(type, context, vector, arena, cells);
}

static void format_record(SqlType type, const TypeContext *context, const Vector *vector,
                          uint32_t rows, Arena *arena, Text *cells)
{
    record_format(context, vector, rows, arena, cells);
}

/* The loop of a type whose form the session has changed; NULL: the usual one. */
static CellLoop choose_styled(SqlType type, const OutputStyle *style)
{
    bool is_date_styled = style->date != DATES_ISO;
    switch (type.oid) {
    case T_DATE: return is_date_styled ? format_date_styled : NULL;
    case T_TIMESTAMP: return is_date_styled ? format_timestamp_styled : NULL;
    case T_TIMESTAMPTZ: return is_date_styled ? format_timestamptz_styled : NULL;
    case T_INTERVAL: return style->interval != INTERVALS_POSTGRES ? format_interval_styled : NULL;
    case T_BYTEA: return style->is_bytea_escape ? format_bytea_escape : NULL;
    case T_FLOAT8: return style->float_digits < 1 ? format_float8_styled : NULL;
    case T_FLOAT4: return style->float_digits < 1 ? format_float4_styled : NULL;
    }
    return NULL;
}

static CellLoop choose_loop(SqlType type)
{
    const TypeInfo *info = type_info(type.oid);
    if (info == NULL)
        return format_string;
    switch (type.oid) {
    case T_DATE: return format_date;
    case T_TIME: return format_time;
    case T_TIMESTAMP: return format_timestamp;
    case T_TIMESTAMPTZ: return format_timestamptz;
    case T_INTERVAL: return format_interval;
    case T_UUID: return format_uuid;
    case T_BYTEA: return format_bytea;
    case T_RECORD: return format_record;
    case T_HLL_SKETCH: case T_THETA_SKETCH: case T_QUANTILES_SKETCH: return format_sketch;
    case T_REGPROC: case T_REGPROCEDURE: case T_REGCLASS: case T_REGTYPE: case T_REGNAMESPACE:
    case T_REGROLE: return format_reg;
    }
    switch (info->layout) {
    case LAYOUT_BOOL: return format_bool;
    case LAYOUT_INT64: return format_int64;
    case LAYOUT_INT128: return format_numeric;
    case LAYOUT_FLOAT32: return format_float4;
    case LAYOUT_FLOAT64: return format_float8;
    case LAYOUT_STRING: return format_string;
    case LAYOUT_ARRAY: return format_array;
    case LAYOUT_COUNT: break;
    }
    return format_string;
}

/* Entries of a dictionary that need work (uuid, bytea) are worked on once each. */
static void format_dictionary(SqlType type, const TypeContext *context, const Vector *vector,
                              CellLoop loop, Arena *arena, Text *cells)
{
    const uint32_t *codes = vector->data;
    uint32_t count = vector->dictionary->count;
    if (loop == format_string || count > vector->length) {
        loop(type, context, vector, vector->length, arena, cells);
        return;
    }
    uint32_t *all = arena_alloc_vector(arena, count * sizeof *all);
    for (uint32_t i = 0; i < count; i++)
        all[i] = i;
    Vector entries = vector_dictionary(vector->dictionary, count, all);
    Text *texts = ARENA_ARRAY(arena, Text, count);
    loop(type, context, &entries, count, arena, texts);
    for (uint32_t i = 0; i < vector->length; i++)
        cells[i] = texts[codes[i]];
}

void type_format_text(SqlType type, const TypeContext *context, const Vector *vector, Arena *arena,
                      Text *cells)
{
    const OutputStyle style = output_style(context);
    CellLoop loop = choose_styled(type, &style);
    if (loop == NULL)
        loop = choose_loop(type);
    if (vector->length == 0)
        return;
    switch (vector->form) {
    case VECTOR_FLAT:
        loop(type, context, vector, vector->length, arena, cells);
        return;
    case VECTOR_DICTIONARY:
        format_dictionary(type, context, vector, loop, arena, cells);
        return;
    case VECTOR_CONSTANT:
        break;
    }
    Vector one = *vector;
    one.length = 1;
    loop(type, context, &one, 1, arena, cells);
    for (uint32_t i = 1; i < vector->length; i++)
        cells[i] = cells[0];
}
