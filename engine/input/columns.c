/*
 * Columns: making, rows, and the vectors of a finished batch. column_put.c has the cells.
 */
#include "engine/input/columns_internal.h"

#include "base/log/log.h"

#include <stdio.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum {
    JUDGE_AFTER = 1 << 15,   /* texts */
    PLAIN_ENTRIES = 1 << 13, /* a table with more entries is dropped when they are mostly new */
    LARGE_ENTRIES = 1 << 16, /* or a quarter new, from here on */
    TABLE_ENTRIES = 1 << 20, /* a new table is begun beyond these */
    TABLE_BYTES = 32 << 20,
    INTERN_LENGTH = 512, /* longer texts (on average) are not worth interning */
    HASH_AHEAD = TEXT_TABLE_SOME,
};

/* --- making --- */

static bool kind_of(InputColumn *column, Fault *fault)
{
    switch (column->type.oid) {
    case T_TEXT:
    case T_VARCHAR:
    case T_BPCHAR:
    case T_NAME:
        column->kind = COLUMN_TEXT;
        break;
    case T_JSON:
    case T_JSONB:
        column->kind = COLUMN_JSON;
        break;
    case T_BOOL:
        column->kind = COLUMN_BOOL;
        break;
    case T_FLOAT4:
        column->kind = COLUMN_FLOAT32;
        break;
    case T_FLOAT8:
        column->kind = COLUMN_FLOAT64;
        break;
    case T_INT2:
        column->kind = COLUMN_INT64;
        column->minimum = INT16_MIN;
        column->maximum = INT16_MAX;
        break;
    case T_INT4:
        column->kind = COLUMN_INT64;
        column->minimum = INT32_MIN;
        column->maximum = INT32_MAX;
        break;
    case T_INT8:
        column->kind = COLUMN_INT64;
        column->minimum = INT64_MIN;
        column->maximum = INT64_MAX;
        break;
    case T_TIMESTAMP:
    case T_TIMESTAMPTZ:
        column->kind = COLUMN_TIMESTAMP;
        break;
    case T_NUMERIC:
    case T_DATE:
    case T_TIME:
    case T_INTERVAL:
    case T_UUID:
    case T_BYTEA:
        column->kind = COLUMN_PARSED;
        break;
    default: {
        const TypeInfo *info = type_info(column->type.oid);
        if (info != NULL && info->element_oid != T_NONE && info->layout == LAYOUT_ARRAY)
            return column->kind = COLUMN_ARRAY, true;
        return fault_set(fault, FAULT_FEATURE_NOT_SUPPORTED,
                         "column \"%.*s\": external data cannot be read as type %s",
                         TEXT_ARGS(column->name), info != NULL ? info->sql_name : "unknown");
    }
    }
    return true;
}

static bool column_init(InputColumns *columns, InputColumn *column, SqlType type, Text name,
                        Fault *fault)
{
    *column = (InputColumn){
        .type = type, .layout = type_layout(type), .name = name, .capacity = BATCH_ROWS};
    if (!kind_of(column, fault))
        return false;
    bool is_time = text_equal_string(name, "__time");
    if (is_time && (column->kind == COLUMN_TIMESTAMP || type.oid == T_INT8)) {
        column->is_millis = type.oid == T_INT8;
        column->kind = COLUMN_TIME;
    }
    column->cells = arena_alloc_vector(columns->arena, BATCH_ROWS * layout_size(column->layout));
    column->nulls = arena_alloc_vector(columns->arena, BATCH_ROWS);
    if (column->layout == LAYOUT_STRING)
        column->codes = arena_alloc_vector(columns->arena, BATCH_ROWS * sizeof(uint32_t));
    if (column->kind == COLUMN_TEXT) {
        column->table = ARENA_NEW(columns->arena, TextTable);
        column->short_texts = arena_zalloc(columns->arena, SHORT_TEXTS * sizeof(ShortText));
        text_table_init(column->table, columns->budget);
    }
    if (column->kind != COLUMN_ARRAY)
        return true;
    column->elements = ARENA_NEW(columns->arena, InputColumn);
    if (!column_init(columns, column->elements, SQL_TYPE(type_info(type.oid)->element_oid), name,
                     fault))
        return false;
    if (column->elements->kind == COLUMN_TIME)
        column->elements->kind = COLUMN_TIMESTAMP;
    return true;
}

bool columns_init(InputColumns *columns, Arena *arena, Arena *scratch, Budget *budget,
                  const TypeContext *context, const StageInput *external, const uint32_t *wanted,
                  uint32_t count, Fault *fault)
{
    columns->arena = arena;
    columns->scratch = scratch;
    columns->budget = budget;
    columns->context = context;
    columns->columns = ARENA_ARRAY(arena, InputColumn, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        if (wanted[i] >= external->signature_count)
            return fault_set(fault, FAULT_INTERNAL_ERROR, "column %u of a signature of %u",
                             wanted[i], external->signature_count);
        columns->count++;
        if (!column_init(columns, &columns->columns[i], external->signature_types[wanted[i]],
                         external->signature_names[wanted[i]], fault))
            return false;
    }
    return true;
}

static void column_clear(InputColumn *column)
{
    if (column->table != NULL)
        text_table_clear(column->table);
    if (column->elements != NULL)
        column_clear(column->elements);
}

void columns_clear(InputColumns *columns)
{
    for (uint32_t i = 0; i < columns->count; i++)
        column_clear(&columns->columns[i]);
    if (columns->reserved != 0 && columns->budget != NULL)
        budget_release(columns->budget, columns->reserved);
    columns->reserved = 0;
}

void columns_set_constant(InputColumns *columns, uint32_t column, Text value)
{
    columns->columns[column].kind = COLUMN_CONSTANT;
    columns->columns[column].constant = value;
}

/* --- rows --- */

static void column_begin(InputColumns *columns, InputColumn *column)
{
    column->filled = 0;
    column->null_count = 0;
    if (column->kind == COLUMN_PARSED)
        vector_builder_init(&column->builder, columns->scratch, column->layout, BATCH_ROWS);
    if (column->elements != NULL)
        column_begin(columns, column->elements);
}

void columns_begin(InputColumns *columns)
{
    columns->rows = 0;
    for (uint32_t i = 0; i < columns->count; i++)
        column_begin(columns, &columns->columns[i]);
}

void column_rewind(InputColumn *column, uint32_t row)
{
    if (column->filled <= row)
        return;
    column->filled = row;
    if (column->kind == COLUMN_PARSED)
        column->builder.length = row;
    if (column->kind == COLUMN_ARRAY)
        column_rewind(column->elements, ((const ArrayValue *)column->cells)[row].offset);
}

/* An array that was begun and not ended has elements, but no cell yet. */
static void drop_loose_elements(InputColumn *column)
{
    if (column->kind != COLUMN_ARRAY)
        return;
    const ArrayValue *cells = column->cells;
    uint32_t end = column->filled == 0
                       ? 0
                       : cells[column->filled - 1].offset + cells[column->filled - 1].count;
    column_rewind(column->elements, end);
}

void columns_drop_row(InputColumns *columns)
{
    for (uint32_t i = 0; i < columns->count; i++) {
        InputColumn *column = &columns->columns[i];
        column_rewind(column, columns->rows);
        drop_loose_elements(column);
    }
}

void columns_end_row(InputColumns *columns)
{
    for (uint32_t i = 0; i < columns->count; i++) {
        InputColumn *column = &columns->columns[i];
        /* NULL never fails */
        if (column->filled == columns->rows && column->kind != COLUMN_CONSTANT)
            column_put_null(columns, column, NULL);
    }
    columns->rows++;
}

/* --- interning --- */

static inline uint64_t hash_of(Text text)
{
    return XXH3_64bits(text.data, text.length);
}

/* Decides whether the table is worth going on with, and empties one that has grown too large. */
static void judge_table(InputColumn *column)
{
    TextTable *table = column->table;
    if (column->seen >= JUDGE_AFTER) {
        uint64_t fresh = column->seen_entries;
        bool is_mostly_new = table->count > PLAIN_ENTRIES && fresh > column->seen / 4 * 3;
        bool is_large = table->count > LARGE_ENTRIES && fresh > column->seen / 4;
        column->seen = column->seen_entries = 0;
        if (is_mostly_new || is_large) {
            text_table_clear(table);
            column->table = NULL;
            return;
        }
    }
    if (table->count > TABLE_ENTRIES || table->bytes_used > TABLE_BYTES) {
        text_table_reset(table);
        memset(column->short_texts, 0, SHORT_TEXTS * sizeof *column->short_texts);
        column->dictionary.id = 0;
    }
}

static bool is_worth_interning(const InputColumn *column)
{
    const Text *texts = column->cells;
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < column->filled; i++)
        bytes += texts[i].length;
    return bytes / INTERN_LENGTH <= column->filled;
}

/* Up to eight bytes as a number; nothing is read beyond them. */
static inline uint64_t short_bytes(Text text)
{
    uint64_t bytes = 0;
    uint32_t low = 0, high = 0;
    if (text.length >= 4) {
        memcpy(&low, text.data, 4);
        memcpy(&high, text.data + text.length - 4, 4);
        return (uint64_t)high << 32 | low;
    }
    if (text.length > 0)
        bytes = (uint64_t)(uint8_t)text.data[0] << 16 |
                (uint64_t)(uint8_t)text.data[text.length / 2] << 8 |
                (uint8_t)text.data[text.length - 1];
    return bytes;
}

static inline ShortText *short_slot(const InputColumn *column, uint64_t bytes)
{
    return &column->short_texts[(bytes * UINT64_C(0x9E3779B97F4A7C15)) >> 56];
}

/* The code of a short text met before; 0: it must be looked up. */
static inline uint32_t find_short(const InputColumn *column, Text text)
{
    if (text.length > 8)
        return 0;
    uint64_t bytes = short_bytes(text);
    const ShortText *slot = short_slot(column, bytes);
    return slot->bytes == bytes && slot->length == text.length ? slot->code : 0;
}

static inline void keep_short(const InputColumn *column, Text text, uint32_t code)
{
    if (text.length > 8)
        return;
    uint64_t bytes = short_bytes(text);
    *short_slot(column, bytes) = (ShortText){.bytes = bytes, .length = text.length, .code = code};
}

/* Rows [start, end), at most HASH_AHEAD. */
static inline bool intern_some(InputColumn *column, uint32_t start, uint32_t end, Fault *fault)
{
    TextTable *table = column->table;
    const Text *texts = column->cells;
    uint32_t *codes = column->codes, rows[HASH_AHEAD], found[HASH_AHEAD], count = 0;
    uint64_t hashes[HASH_AHEAD];
    Text wanted[HASH_AHEAD];
    for (uint32_t i = start; i < end; i++) {
        codes[i] = texts[i].data == NULL ? 0 : find_short(column, texts[i]);
        if (texts[i].data == NULL || codes[i] != 0)
            continue;
        hashes[count] = hash_of(texts[i]);
        wanted[count] = texts[i];
        rows[count++] = i;
    }
    if (count == 0)
        return true;
    if (!text_table_add_some(table, wanted, hashes, count, found, fault))
        return false;
    for (uint32_t r = 0; r < count; r++) {
        codes[rows[r]] = found[r];
        keep_short(column, wanted[r], found[r]);
    }
    return true;
}

static bool intern(InputColumn *column, Fault *fault)
{
    uint32_t first_count = column->table->count;
    for (uint32_t start = 0; start < column->filled; start += HASH_AHEAD) {
        uint32_t left = column->filled - start;
        if (!intern_some(column, start, left < HASH_AHEAD ? column->filled : start + HASH_AHEAD,
                         fault))
            return false;
    }
    column->seen += column->filled;
    column->seen_entries += column->table->count - first_count;
    return true;
}

/* --- vectors --- */

static Vector text_views(InputColumn *column)
{
    Text *texts = column->cells;
    uint32_t nulls = 0;
    for (uint32_t i = 0; i < column->filled; i++) {
        column->nulls[i] = texts[i].data == NULL;
        nulls += column->nulls[i];
        if (texts[i].data == NULL)
            texts[i] = (Text){"", 0};
    }
    return vector_flat(LAYOUT_STRING, column->filled, texts, nulls != 0 ? column->nulls : NULL);
}

static bool finish_texts(InputColumn *column, Vector *vector, Fault *fault)
{
    if (column->table != NULL)
        judge_table(column);
    if (column->table == NULL || !is_worth_interning(column)) {
        *vector = text_views(column);
        return true;
    }
    if (!intern(column, fault)) {
        /* a dictionary is worth having, but nothing to fail for */
        if (fault->code != FAULT_NOT_ENOUGH_MEMORY)
            return false;
        text_table_clear(column->table);
        column->table = NULL;
        *vector = text_views(column);
        return true;
    }
    text_table_refresh(column->table, &column->dictionary);
    *vector = vector_dictionary(&column->dictionary, column->filled, column->codes);
    return true;
}

static bool finish_column(InputColumns *columns, InputColumn *column, Vector *vector, Fault *fault)
{
    switch (column->kind) {
    case COLUMN_TEXT:
        return finish_texts(column, vector, fault);
    case COLUMN_JSON:
        *vector = text_views(column);
        return true;
    case COLUMN_CONSTANT:
        *vector =
            vector_constant(columns->scratch, LAYOUT_STRING, columns->rows, &column->constant);
        return true;
    case COLUMN_PARSED:
        *vector = vector_builder_finish(&column->builder);
        return true;
    case COLUMN_ARRAY:
        *vector = vector_flat(LAYOUT_ARRAY, column->filled, column->cells,
                              column->null_count != 0 ? column->nulls : NULL);
        vector->elements = &column->element_vector;
        return finish_column(columns, column->elements, &column->element_vector, fault);
    case COLUMN_INT64:
    case COLUMN_FLOAT64:
    case COLUMN_FLOAT32:
    case COLUMN_BOOL:
    case COLUMN_TIMESTAMP:
    case COLUMN_TIME:
        *vector = vector_flat(column->layout, column->filled, column->cells,
                              column->null_count != 0 ? column->nulls : NULL);
        return true;
    }
    return true;
}

bool columns_finish(InputColumns *columns, Vector *vectors, Fault *fault)
{
    for (uint32_t i = 0; i < columns->count; i++) {
        if (!finish_column(columns, &columns->columns[i], &vectors[i], fault))
            return false;
        check(vectors[i].length == columns->rows);
    }
    return true;
}

static bool null_byte_fault(InputColumns *columns, const InputColumn *column, Text text,
                            uint32_t position, Fault *fault)
{
    char name[128], value[128];
    snprintf(name, sizeof name, "%.*s", TEXT_ARGS(column->name));
    /* shown up to the null byte */
    snprintf(value, sizeof value, "%.*s", position < 100 ? (int)position : 100, text.data);
    fault_set(fault, FAULT_INVALID_NULL_BYTE, "null byte in column \"%s\" of \"%.*s\", position %u",
              name, TEXT_ARGS(columns->source), position + 1);
    char source[160];
    snprintf(source, sizeof source, "%.*s", TEXT_ARGS(columns->source));
    fault_field_text(fault, "source", source);
    fault_field_text(fault, "column", name);
    fault_field_text(fault, "value", value);
    return fault_field_int(fault, "position", (int64_t)position + 1);
}

bool columns_null_bytes(InputColumns *columns, const InputColumn *column, Text *text, Fault *fault)
{
    const char *zero = text->length == 0 ? NULL : memchr(text->data, 0, text->length);
    if (zero == NULL)
        return true;
    if (columns->context == NULL || columns->context->settings == NULL ||
        !columns->context->settings->remove_null_bytes)
        return null_byte_fault(columns, column, *text, (uint32_t)(zero - text->data), fault);
    char *copy = arena_alloc(columns->scratch, text->length);
    uint32_t length = 0;
    for (uint32_t i = 0; i < text->length; i++)
        if (text->data[i] != '\0')
            copy[length++] = text->data[i];
    *text = (Text){copy, length};
    return true;
}
