/*
 * The columns of key tables: values to small integers and back.
 */
#include "engine/operator/key_column_internal.h"

#include <stdlib.h>

#define NARROW_BIAS INT64_C(0x80000000)

static KeyKind first_kind(Layout layout)
{
    switch (layout) {
    case LAYOUT_BOOL:
    case LAYOUT_INT64:
        return KEY_OFFSET;
    case LAYOUT_FLOAT32:
    case LAYOUT_FLOAT64:
        return KEY_WIDE;
    case LAYOUT_INT128:
    case LAYOUT_STRING:
    case LAYOUT_ARRAY:
    case LAYOUT_COUNT:
        return KEY_INTERNED;
    }
    return KEY_INTERNED;
}

static void start_over(KeyColumn *column)
{
    column->kind = first_kind(column->layout);
    column->span = column->kind == KEY_WIDE ? 0 : KEY_FIRST_SPAN;
    column->has_base = false;
    column->dictionary.id = 0;
}

void key_column_init(KeyColumn *column, Budget *budget, Layout layout)
{
    column->budget = budget;
    column->layout = layout;
    column->element_layout = LAYOUT_COUNT;
    column->span_limit = KEY_DIRECT_LIMIT;
    text_table_init(&column->own, budget);
    column->texts = &column->own;
    buffer_init(&column->encoded);
    start_over(column);
}

/* No texts. */
static void forget_texts(KeyColumn *column)
{
    if (column->cache != NULL)
        kept_texts_return(column->cache, column->texts);
    if (column->local != NULL)
        dictionary_release(column->local);
    column->cache = NULL;
    column->local = NULL;
    column->texts = &column->own;
    text_table_clear(&column->own);
}

void key_column_clear(KeyColumn *column)
{
    forget_texts(column);
    grow_array_free(&column->values, column->budget);
    grow_array_free(&column->nulls, column->budget);
    buffer_clear(&column->encoded);
}

void key_column_reset(KeyColumn *column)
{
    forget_texts(column);
    grow_array_free(&column->values, column->budget);
    grow_array_free(&column->nulls, column->budget);
    start_over(column);
}

size_t key_column_memory(const KeyColumn *column)
{
    return text_table_memory(&column->own) + column->values.size + column->nulls.size;
}

static uint64_t power_of_two_from(uint64_t value)
{
    uint64_t power = KEY_FIRST_SPAN;
    while (power < value)
        power *= 2;
    return power;
}

static bool has_home(const KeyColumn *column, const Vector *vector)
{
    return column->kind == KEY_INTERNED && vector->form == VECTOR_DICTIONARY &&
           vector->dictionary->home != NULL;
}

void key_column_borrow(KeyColumn *column, SegmentCache *cache, const Vector *vector)
{
    if (column->kind != KEY_INTERNED || vector->form != VECTOR_DICTIONARY ||
        vector->dictionary->family == 0)
        return;
    TextTable *kept = kept_texts_borrow(cache, vector->dictionary->family, column->budget);
    if (kept == NULL)
        return;
    column->cache = cache;
    column->texts = kept;
}

void key_column_be_local(KeyColumn *column, const Vector *vector)
{
    if (!has_home(column, vector))
        return;
    dictionary_hold(vector->dictionary);
    column->local = vector->dictionary;
    uint64_t span = power_of_two_from(vector->dictionary->count);
    column->span = span > column->span_limit ? 0 : (uint32_t)span;
}

/* --- integers of all layouts that have them --- */

static inline int64_t float64_bits(double value)
{
    if (value != value)
        value = __builtin_nan("");
    else if (value == 0)
        value = 0; /* -0 is 0 */
    int64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline double float64_of_bits(int64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void load_nulls(KeyColumn *column, const Vector *vector, uint32_t rows)
{
    if (vector->nulls == NULL)
        memset(column->is_null, 0, rows);
    else if (vector->form == VECTOR_CONSTANT)
        memset(column->is_null, vector->nulls[0] != 0, rows);
    else
        for (uint32_t i = 0; i < rows; i++)
            column->is_null[i] = vector->nulls[i] != 0;
}

static void load_integers(KeyColumn *column, const Vector *vector, uint32_t rows)
{
    bool is_constant = vector->form == VECTOR_CONSTANT;
    int64_t *out = column->integers;
    load_nulls(column, vector, rows);
    uint32_t count = is_constant ? 1 : rows;
    switch (column->layout) {
    case LAYOUT_BOOL:
        for (uint32_t i = 0; i < count; i++)
            out[i] = VECTOR_DATA(uint8_t, vector)[i] != 0;
        break;
    case LAYOUT_INT64:
        memcpy(out, vector->data, count * sizeof *out);
        break;
    case LAYOUT_FLOAT32:
        for (uint32_t i = 0; i < count; i++)
            out[i] = float64_bits(VECTOR_DATA(float, vector)[i]);
        break;
    case LAYOUT_FLOAT64:
        for (uint32_t i = 0; i < count; i++)
            out[i] = float64_bits(VECTOR_DATA(double, vector)[i]);
        break;
    case LAYOUT_INT128:
    case LAYOUT_STRING:
    case LAYOUT_ARRAY:
    case LAYOUT_COUNT:
        break;
    }
    if (is_constant)
        for (uint32_t i = 1; i < rows; i++)
            out[i] = out[0];
    if (vector->nulls != NULL)
        for (uint32_t i = 0; i < rows; i++)
            out[i] = column->is_null[i] ? 0 : out[i];
}

/* False when all are null. */
static bool range_of(const KeyColumn *column, uint32_t rows, bool has_nulls, int64_t *low,
                     int64_t *high)
{
    int64_t least = INT64_MAX, greatest = INT64_MIN;
    if (!has_nulls) {
        for (uint32_t i = 0; i < rows; i++) {
            int64_t value = column->integers[i];
            least = value < least ? value : least;
            greatest = value > greatest ? value : greatest;
        }
    } else {
        for (uint32_t i = 0; i < rows; i++) {
            if (column->is_null[i])
                continue;
            int64_t value = column->integers[i];
            least = value < least ? value : least;
            greatest = value > greatest ? value : greatest;
        }
    }
    *low = least;
    *high = greatest;
    return least <= greatest;
}

/* The span [base, base + span - 1) is widened to hold low .. high; false when it gets too wide. */
static bool widen_span(KeyColumn *column, int64_t low, int64_t high)
{
    bool grows_down = column->has_base && low < column->base;
    if (column->has_base) {
        int64_t top = column->base + (int64_t)column->span - 2;
        low = low < column->base ? low : column->base;
        high = high > top ? high : top;
    }
    uint64_t width = (uint64_t)high - (uint64_t)low;
    if (width > column->span_limit - 2)
        return false;
    uint64_t span = power_of_two_from(width + 2);
    uint64_t slack = span - (width + 2);
    /* The side that grew gets the slack. Small non-negative numbers keep their distance from 0. */
    int64_t base = low;
    if (grows_down && __builtin_sub_overflow(low, (int64_t)slack, &base))
        base = low;
    if (base > INT64_MAX - (int64_t)span)
        return false;
    column->base = base;
    column->span = (uint32_t)span;
    column->has_base = true;
    return true;
}

static bool fits_narrow(int64_t low, int64_t high)
{
    return low > -NARROW_BIAS && high < NARROW_BIAS;
}

static void codes_of_offsets(KeyColumn *column, uint32_t rows)
{
    uint64_t base = (uint64_t)column->base - 1;
    for (uint32_t i = 0; i < rows; i++)
        column->codes[i] =
            column->is_null[i] ? 0 : (uint32_t)((uint64_t)column->integers[i] - base);
}

static void codes_of_narrow(KeyColumn *column, uint32_t rows)
{
    for (uint32_t i = 0; i < rows; i++)
        column->codes[i] = column->is_null[i] ? 0 : (uint32_t)(column->integers[i] + NARROW_BIAS);
}

static void make_codes(KeyColumn *column, uint32_t rows)
{
    if (column->kind == KEY_OFFSET)
        codes_of_offsets(column, rows);
    else if (column->kind == KEY_NARROW)
        codes_of_narrow(column, rows);
}

/* Kept entries lie within the span: if all of it can be said in narrow codes, they can. */
static KeyKind kind_beyond_span(const KeyColumn *column)
{
    if (!column->has_base)
        return KEY_NARROW;
    return fits_narrow(column->base, column->base + (int64_t)column->span) ? KEY_NARROW : KEY_WIDE;
}

static void leave_span(KeyColumn *column)
{
    column->kind = kind_beyond_span(column);
    column->span = 0;
}

void key_column_leave_spans(KeyColumn *column)
{
    if (column->kind == KEY_OFFSET)
        leave_span(column);
    column->span = 0;
}

static void encode_integers(KeyColumn *column, const Vector *vector, uint32_t rows, bool allow_span,
                            bool *changed)
{
    load_integers(column, vector, rows);
    int64_t low, high;
    if (column->kind != KEY_WIDE && range_of(column, rows, vector->nulls != NULL, &low, &high)) {
        if (column->kind == KEY_OFFSET) {
            bool fits = column->has_base && low >= column->base &&
                        (uint64_t)high - (uint64_t)column->base <= (uint64_t)column->span - 2;
            if (!fits) {
                *changed = true;
                if (!allow_span || !widen_span(column, low, high))
                    leave_span(column);
            }
        }
        if (column->kind == KEY_NARROW && !fits_narrow(low, high)) {
            column->kind = KEY_WIDE;
            *changed = true;
        }
    }
    make_codes(column, rows);
}

/* --- wide values as bytes --- */

static void encode_element(Buffer *out, const Vector *elements, uint32_t row)
{
    buffer_append_byte(out, vector_is_null(elements, row));
    if (vector_is_null(elements, row))
        return;
    uint32_t at = vector_row(elements, row);
    switch (elements->layout) {
    case LAYOUT_STRING: {
        Text text = vector_text(elements, row);
        buffer_append(out, &text.length, sizeof text.length);
        buffer_append(out, text.data, text.length);
        break;
    }
    case LAYOUT_FLOAT32: {
        int64_t bits = float64_bits(VECTOR_DATA(float, elements)[at]);
        buffer_append(out, &bits, sizeof bits);
        break;
    }
    case LAYOUT_FLOAT64: {
        int64_t bits = float64_bits(VECTOR_DATA(double, elements)[at]);
        buffer_append(out, &bits, sizeof bits);
        break;
    }
    case LAYOUT_BOOL:
    case LAYOUT_INT64:
    case LAYOUT_INT128: {
        size_t width = layout_size(elements->layout);
        buffer_append(out, (const uint8_t *)elements->data + at * width, width);
        break;
    }
    case LAYOUT_ARRAY:
    case LAYOUT_COUNT:
        break; /* arrays of arrays do not exist */
    }
}

static void encode_array(KeyColumn *column, const Vector *vector, uint32_t row)
{
    ArrayValue cell = VECTOR_DATA(ArrayValue, vector)[vector_row(vector, row)];
    buffer_append(&column->encoded, &cell.count, sizeof cell.count);
    buffer_append(&column->encoded, &cell.shape, sizeof cell.shape);
    if (cell.count == 0)
        return;
    column->element_layout = vector->elements->layout;
    for (uint32_t e = 0; e < cell.count; e++)
        encode_element(&column->encoded, vector->elements, cell.offset + e);
}

/* The rows' values as texts of their bytes: a flat STRING vector. */
static Vector texts_of_wide(KeyColumn *column, const Vector *vector, uint32_t rows, Text *texts)
{
    if (vector->layout == LAYOUT_INT128) {
        for (uint32_t i = 0; i < rows; i++)
            texts[i] = (Text){(const char *)vector->data + (size_t)vector_row(vector, i) * 16, 16};
    } else {
        uint32_t starts[BATCH_ROWS + 1];
        buffer_reset(&column->encoded);
        for (uint32_t i = 0; i < rows; i++) {
            starts[i] = (uint32_t)column->encoded.length;
            if (!vector_is_null(vector, i))
                encode_array(column, vector, i);
        }
        starts[rows] = (uint32_t)column->encoded.length;
        for (uint32_t i = 0; i < rows; i++)
            texts[i] =
                (Text){(const char *)column->encoded.data + starts[i], starts[i + 1] - starts[i]};
    }
    load_nulls(column, vector, rows);
    return vector_flat(LAYOUT_STRING, rows, texts, column->is_null);
}

static bool intern(KeyColumn *column, const Vector *vector, uint32_t rows, bool find, Fault *fault)
{
    Text texts[BATCH_ROWS];
    Vector strings = *vector;
    if (column->layout != LAYOUT_STRING)
        strings = texts_of_wide(column, vector, rows, texts);
    strings.length = rows;
    return find ? text_table_find_vector(column->texts, &strings, column->codes, fault)
                : text_table_add_vector(column->texts, &strings, column->codes, fault);
}

bool key_column_encode(KeyColumn *column, const Vector *vector, uint32_t rows, bool allow_span,
                       bool *changed, Fault *fault)
{
    if (column->kind != KEY_INTERNED) {
        encode_integers(column, vector, rows, allow_span, changed);
        return true;
    }
    if (column->local != NULL) {
        check(vector->dictionary == column->local);
        memcpy(column->codes, vector->data, rows * sizeof *column->codes);
        return true;
    }
    if (!intern(column, vector, rows, false, fault))
        return false;
    if (column->span != 0 && column->texts->count > column->span) {
        uint64_t span = power_of_two_from((uint64_t)column->texts->count + column->texts->count / 2);
        column->span = span > column->span_limit ? 0 : (uint32_t)span;
        *changed = true;
    }
    return true;
}

/* --- finding --- */

bool key_column_find(KeyColumn *column, const Vector *vector, uint32_t rows, bool *is_absent,
                     Fault *fault)
{
    if (column->kind == KEY_INTERNED) {
        if (!intern(column, vector, rows, true, fault))
            return false;
        for (uint32_t i = 0; i < rows; i++) {
            is_absent[i] |= column->codes[i] == UINT32_MAX;
            column->codes[i] = column->codes[i] == UINT32_MAX ? 0 : column->codes[i];
        }
        return true;
    }
    load_integers(column, vector, rows);
    if (column->kind == KEY_WIDE)
        return true;
    int64_t low = -NARROW_BIAS + 1, high = NARROW_BIAS - 1;
    if (column->kind == KEY_OFFSET) {
        low = column->base;
        high = column->base + (int64_t)column->span - 2;
    }
    for (uint32_t i = 0; i < rows; i++) {
        bool is_outside =
            !column->is_null[i] && (column->integers[i] < low || column->integers[i] > high);
        if (column->kind == KEY_OFFSET && !column->has_base)
            is_outside = !column->is_null[i]; /* only NULLs were ever added */
        is_absent[i] |= is_outside;
        column->integers[i] = is_outside ? low : column->integers[i];
    }
    make_codes(column, rows);
    return true;
}

/* --- values by entry --- */

bool key_column_keep(KeyColumn *column, const uint32_t *rows, uint32_t count, uint32_t first,
                     Fault *fault)
{
    size_t total = (size_t)first + count;
    if (column->kind == KEY_INTERNED) {
        if (!grow_array_unset(&column->values, column->budget, total * sizeof(uint32_t), fault))
            return false;
        uint32_t *values = (uint32_t *)column->values.data + first;
        for (uint32_t i = 0; i < count; i++)
            values[i] = column->codes[rows[i]];
        return true;
    }
    if (!grow_array_unset(&column->values, column->budget, total * sizeof(int64_t), fault) ||
        !grow_array_unset(&column->nulls, column->budget, total, fault))
        return false;
    int64_t *values = (int64_t *)column->values.data + first;
    uint8_t *nulls = (uint8_t *)column->nulls.data + first;
    for (uint32_t i = 0; i < count; i++) {
        values[i] = column->integers[rows[i]];
        nulls[i] = column->is_null[rows[i]];
    }
    return true;
}

void key_column_recall(KeyColumn *column, uint32_t first, uint32_t count)
{
    if (column->kind == KEY_INTERNED) {
        memcpy(column->codes, (uint32_t *)column->values.data + first, count * sizeof(uint32_t));
        return;
    }
    memcpy(column->integers, (int64_t *)column->values.data + first, count * sizeof(int64_t));
    memcpy(column->is_null, (uint8_t *)column->nulls.data + first, count);
    make_codes(column, count);
}

/* --- entries to vectors --- */

static Vector strings_vector(KeyColumn *column, bool is_identity, uint32_t first, uint32_t count,
                             Arena *arena)
{
    uint32_t *codes = arena_alloc_vector(arena, count * sizeof *codes);
    if (is_identity)
        for (uint32_t i = 0; i < count; i++)
            codes[i] = first + i;
    else
        memcpy(codes, (uint32_t *)column->values.data + first, count * sizeof *codes);
    if (column->local != NULL)
        return vector_dictionary(column->local, count, codes);
    text_table_refresh(column->texts, &column->dictionary);
    return vector_dictionary(&column->dictionary, count, codes);
}

static void decode_element(VectorBuilder *elements, Layout layout, const uint8_t **at)
{
    bool is_null = *(*at)++ != 0;
    if (is_null) {
        vector_builder_null(elements);
        return;
    }
    int64_t integer;
    __int128 wide;
    uint32_t length;
    switch (layout) {
    case LAYOUT_STRING:
        memcpy(&length, *at, sizeof length);
        *at += sizeof length;
        vector_builder_text(elements, (Text){(const char *)*at, length});
        *at += length;
        break;
    case LAYOUT_FLOAT32:
    case LAYOUT_FLOAT64:
        memcpy(&integer, *at, sizeof integer);
        *at += sizeof integer;
        vector_builder_float64(elements, float64_of_bits(integer));
        break;
    case LAYOUT_BOOL:
        vector_builder_bool(elements, *(*at)++ != 0);
        break;
    case LAYOUT_INT64:
        memcpy(&integer, *at, sizeof integer);
        *at += sizeof integer;
        vector_builder_int64(elements, integer);
        break;
    case LAYOUT_INT128:
        memcpy(&wide, *at, sizeof wide);
        *at += sizeof wide;
        vector_builder_int128(elements, wide);
        break;
    case LAYOUT_ARRAY:
    case LAYOUT_COUNT:
        break;
    }
}

static void decode_wide(VectorBuilder *builder, const KeyColumn *column, Text bytes)
{
    const uint8_t *at = (const uint8_t *)bytes.data;
    if (column->layout == LAYOUT_INT128) {
        __int128 value;
        memcpy(&value, at, sizeof value);
        vector_builder_int128(builder, value);
        return;
    }
    uint32_t count;
    int64_t shape;
    memcpy(&count, at, sizeof count);
    at += sizeof count;
    memcpy(&shape, at, sizeof shape);
    at += sizeof shape;
    vector_builder_shaped(builder, count, shape);
    for (uint32_t e = 0; e < count; e++)
        decode_element(builder->elements, column->element_layout, &at);
}

static Vector wide_vector(KeyColumn *column, bool is_identity, uint32_t first, uint32_t count,
                          Arena *arena)
{
    VectorBuilder builder;
    vector_builder_init(&builder, arena, column->layout, count);
    if (column->layout == LAYOUT_ARRAY) {
        Layout layout =
            column->element_layout == LAYOUT_COUNT ? LAYOUT_INT64 : column->element_layout;
        if (builder.elements == NULL)
            builder.elements = ARENA_NEW(arena, VectorBuilder);
        vector_builder_init(builder.elements, arena, layout, count);
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t id = is_identity ? first + i : ((uint32_t *)column->values.data)[first + i];
        if (id == 0)
            vector_builder_null(&builder);
        else
            decode_wide(&builder, column, text_table_text(column->texts, id));
    }
    return vector_builder_finish(&builder);
}

static Vector integers_vector(const KeyColumn *column, uint32_t first, uint32_t count, Arena *arena)
{
    const int64_t *values = (const int64_t *)column->values.data + first;
    const uint8_t *kept_nulls = (const uint8_t *)column->nulls.data + first;
    size_t width = layout_size(column->layout);
    void *data = arena_alloc_vector(arena, count * width);
    switch (column->layout) {
    case LAYOUT_BOOL:
        for (uint32_t i = 0; i < count; i++)
            ((uint8_t *)data)[i] = (uint8_t)values[i];
        break;
    case LAYOUT_FLOAT32:
        for (uint32_t i = 0; i < count; i++)
            ((float *)data)[i] = (float)float64_of_bits(values[i]);
        break;
    case LAYOUT_INT64:
    case LAYOUT_FLOAT64:
        memcpy(data, values, count * sizeof(int64_t));
        break;
    case LAYOUT_INT128:
    case LAYOUT_STRING:
    case LAYOUT_ARRAY:
    case LAYOUT_COUNT:
        break;
    }
    uint8_t *nulls = NULL;
    if (memchr(kept_nulls, 1, count) != NULL) {
        nulls = arena_alloc_vector(arena, count);
        memcpy(nulls, kept_nulls, count);
    }
    return vector_flat(column->layout, count, data, nulls);
}

Vector key_column_vector(KeyColumn *column, bool is_identity, uint32_t first, uint32_t count,
                         Arena *arena)
{
    if (column->kind != KEY_INTERNED)
        return integers_vector(column, first, count, arena);
    if (column->layout == LAYOUT_STRING)
        return strings_vector(column, is_identity, first, count, arena);
    return wide_vector(column, is_identity, first, count, arena);
}
