/*
 * Rows of many batches as one batch. Values of fixed width lie in growing arrays. Strings are
 * kept as codes of one dictionary when they come in dictionaries (the usual case: a code is
 * mapped by an array load), else as texts whose bytes lie in an arena. A column that began in
 * dictionaries turns to texts when they come as texts and differ too much.
 */
#include "storage/rows/rows.h"

#include "base/log/log.h"

#include <stdlib.h>
#include <string.h>

typedef enum StringForm {
    STRINGS_UNDECIDED,
    STRINGS_SHARED, /* codes of a dictionary that somebody else keeps */
    STRINGS_CODED,
    STRINGS_FLAT
} StringForm;

typedef struct StoreColumn {
    Layout layout;
    StringForm strings;
    bool has_nulls;
    GrowArray data;
    GrowArray nulls;              /* once has_nulls */
    TextTable texts;              /* STRINGS_CODED */
    Dictionary dictionary;        /* the view handed out */
    const Dictionary *shared;     /* STRINGS_SHARED: held */
    uint64_t family;              /* of the dictionaries that came, while there is but one */
    struct StoreColumn *elements; /* ARRAY */
    uint32_t element_count;
    Vector element_vector;
} StoreColumn;

struct RowStore {
    Budget *budget;
    bool is_loose, is_sharing;
    uint32_t column_count;
    uint32_t rows;
    Arena *bytes;      /* of flat texts */
    size_t bytes_held; /* reserved for them */
    StoreColumn *columns;
    Vector *vectors;
    Batch batch;
};

static void column_init(StoreColumn *column, const RowStore *store, Layout layout)
{
    memset(column, 0, sizeof *column);
    column->layout = layout;
    if (store->is_loose)
        text_list_init(&column->texts, store->budget);
    else
        text_table_init(&column->texts, store->budget);
}

static void column_unshare(StoreColumn *column)
{
    if (column->shared != NULL)
        dictionary_release(column->shared);
    column->shared = NULL;
}

static void column_clear(StoreColumn *column, Budget *budget)
{
    column_unshare(column);
    grow_array_free(&column->data, budget);
    grow_array_free(&column->nulls, budget);
    text_table_clear(&column->texts);
    if (column->elements != NULL) {
        column_clear(column->elements, budget);
        free(column->elements);
    }
}

static RowStore *store_new(Budget *budget, uint32_t column_count, const Layout *layouts,
                           bool is_loose)
{
    RowStore *store = calloc(1, sizeof *store);
    check(store != NULL);
    store->budget = budget;
    store->is_loose = is_loose;
    store->column_count = column_count;
    store->columns = calloc(column_count + 1u, sizeof *store->columns);
    store->vectors = calloc(column_count + 1u, sizeof *store->vectors);
    check(store->columns != NULL && store->vectors != NULL);
    store->bytes = arena_new("row store");
    for (uint32_t c = 0; c < column_count; c++)
        column_init(&store->columns[c], store, layouts[c]);
    return store;
}

RowStore *row_store_new(Budget *budget, uint32_t column_count, const Layout *layouts)
{
    return store_new(budget, column_count, layouts, false);
}

RowStore *row_store_new_loose(Budget *budget, uint32_t column_count, const Layout *layouts)
{
    return store_new(budget, column_count, layouts, true);
}

RowStore *row_store_new_sharing(Budget *budget, uint32_t column_count, const Layout *layouts)
{
    RowStore *store = store_new(budget, column_count, layouts, true);
    store->is_sharing = true;
    return store;
}

static void bytes_release(RowStore *store)
{
    if (store->budget != NULL && store->bytes_held != 0)
        budget_release(store->budget, store->bytes_held);
    store->bytes_held = 0;
}

void row_store_free(RowStore *store)
{
    if (store == NULL)
        return;
    for (uint32_t c = 0; c < store->column_count; c++)
        column_clear(&store->columns[c], store->budget);
    bytes_release(store);
    arena_free(store->bytes);
    free(store->columns);
    free(store->vectors);
    free(store);
}

static void column_reset(StoreColumn *column)
{
    column_unshare(column);
    column->strings = STRINGS_UNDECIDED;
    if (column->has_nulls)
        memset(column->nulls.data, 0, column->nulls.size);
    column->has_nulls = false;
    text_table_reset(&column->texts);
    column->dictionary.id = 0;
    column->element_count = 0;
    if (column->elements != NULL)
        column_reset(column->elements);
}

void row_store_reset(RowStore *store)
{
    for (uint32_t c = 0; c < store->column_count; c++)
        column_reset(&store->columns[c]);
    store->rows = 0;
    arena_reset(store->bytes);
    bytes_release(store);
}

uint32_t row_store_rows(const RowStore *store)
{
    return store->rows;
}

static size_t column_bytes(const StoreColumn *column, uint32_t rows)
{
    bool is_coded = column->strings == STRINGS_CODED || column->strings == STRINGS_SHARED;
    size_t width = is_coded ? sizeof(uint32_t) : layout_size(column->layout);
    size_t sum = rows * width + column->texts.bytes_used + column->texts.count * (size_t)4;
    if (column->has_nulls)
        sum += rows;
    if (column->elements != NULL)
        sum += column_bytes(column->elements, column->element_count);
    return sum;
}

size_t row_store_bytes(const RowStore *store)
{
    size_t sum = store->bytes_held;
    for (uint32_t c = 0; c < store->column_count; c++)
        sum += column_bytes(&store->columns[c], store->rows);
    return sum;
}

/* --- appending to a column: `rows` are the wanted rows of the vector, NULL all --- */

typedef struct Selection {
    const uint32_t *rows;
    uint32_t count;
} Selection;

static inline uint32_t selected(const Selection *selection, uint32_t i)
{
    return selection->rows == NULL ? i : selection->rows[i];
}

/* A column's null bytes begin with its first null: what lies before is zero as it came, and from
 * then on every append writes its part. */
static bool append_nulls(RowStore *store, StoreColumn *column, uint32_t at, const Vector *vector,
                         Selection selection, Fault *fault)
{
    if (selection.count == 0 || vector->form == VECTOR_DICTIONARY ||
        (vector->nulls == NULL && !column->has_nulls))
        return true;
    if (!column->has_nulls && vector->form == VECTOR_CONSTANT && vector->nulls[0] == 0)
        return true;
    if (!grow_array(&column->nulls, store->budget, (size_t)at + selection.count, fault))
        return false;
    column->has_nulls = true;
    uint8_t *nulls = (uint8_t *)column->nulls.data + at;
    if (vector->nulls == NULL)
        memset(nulls, 0, selection.count);
    else if (vector->form == VECTOR_CONSTANT)
        memset(nulls, vector->nulls[0], selection.count);
    else if (selection.rows == NULL)
        memcpy(nulls, vector->nulls, selection.count);
    else
        for (uint32_t i = 0; i < selection.count; i++)
            nulls[i] = vector->nulls[selection.rows[i]];
    return true;
}

#define APPEND_LOOP(name, type)                                                                    \
    static void name(void *to, const Vector *vector, Selection selection)                          \
    {                                                                                              \
        type *out = to;                                                                            \
        const type *in = vector->data;                                                             \
        if (vector->form == VECTOR_CONSTANT)                                                       \
            for (uint32_t i = 0; i < selection.count; i++)                                         \
                out[i] = in[0];                                                                    \
        else if (selection.rows == NULL)                                                           \
            memcpy(out, in, selection.count * sizeof(type));                                       \
        else                                                                                       \
            for (uint32_t i = 0; i < selection.count; i++)                                         \
                out[i] = in[selection.rows[i]];                                                    \
    }

typedef struct Cell16 {
    uint64_t halves[2];
} Cell16;

APPEND_LOOP(append_1, uint8_t)
APPEND_LOOP(append_4, uint32_t)
APPEND_LOOP(append_8, uint64_t)
APPEND_LOOP(append_16, Cell16)

static void append_fixed(void *to, size_t width, const Vector *vector, Selection selection)
{
    if (width == 1)
        append_1(to, vector, selection);
    else if (width == 4)
        append_4(to, vector, selection);
    else if (width == 8)
        append_8(to, vector, selection);
    else
        append_16(to, vector, selection);
}

static bool append_values(RowStore *store, StoreColumn *column, uint32_t at, const Vector *vector,
                          Selection selection, Fault *fault)
{
    size_t width = layout_size(column->layout);
    if (!grow_array_unset(&column->data, store->budget, ((size_t)at + selection.count) * width, fault))
        return false;
    append_fixed((char *)column->data.data + at * width, width, vector, selection);
    return append_nulls(store, column, at, vector, selection, fault);
}

enum {
    STRIDE = 1024,           /* rows gathered at a time where a selection has to be made dense */
    SHARED_ENTRIES_A_ROW = 32, /* of a dictionary that may stay shared at the end */
    FLAT_ENTRIES = 16 << 10, /* a dictionary with more may be given up when most are new */
};

static bool append_codes(RowStore *store, StoreColumn *column, uint32_t at, const Vector *vector,
                         Selection selection, Fault *fault)
{
    if (!grow_array_unset(&column->data, store->budget, ((size_t)at + selection.count) * sizeof(uint32_t),
                    fault))
        return false;
    uint32_t *out = (uint32_t *)column->data.data + at;
    if (selection.rows == NULL) {
        Vector all = *vector;
        all.length = selection.count;
        return text_table_add_vector(&column->texts, &all, out, fault);
    }
    uint32_t codes[STRIDE];
    Text texts[STRIDE];
    uint8_t nulls[STRIDE];
    for (uint32_t start = 0; start < selection.count; start += STRIDE) {
        uint32_t count = selection.count - start < STRIDE ? selection.count - start : STRIDE;
        Vector part = *vector;
        part.length = count;
        if (vector->form == VECTOR_DICTIONARY) {
            append_4(codes, vector, (Selection){selection.rows + start, count});
            part.data = codes;
        } else if (vector->form == VECTOR_FLAT) {
            append_16(texts, vector, (Selection){selection.rows + start, count});
            part.data = texts;
            if (vector->nulls != NULL) {
                for (uint32_t i = 0; i < count; i++)
                    nulls[i] = vector->nulls[selection.rows[start + i]];
                part.nulls = nulls;
            }
        }
        if (!text_table_add_vector(&column->texts, &part, out + start, fault))
            return false;
    }
    return true;
}

static bool append_texts(RowStore *store, StoreColumn *column, uint32_t at, const Vector *vector,
                         Selection selection, Fault *fault)
{
    if (!grow_array_unset(&column->data, store->budget, ((size_t)at + selection.count) * sizeof(Text),
                    fault))
        return false;
    Text *out = (Text *)column->data.data + at;
    size_t total = 0;
    bool saw_null = column->has_nulls;
    for (uint32_t i = 0; i < selection.count; i++) {
        uint32_t row = selected(&selection, i);
        bool is_null = vector_is_null(vector, row);
        saw_null |= is_null;
        out[i] = is_null ? (Text){.data = "", .length = 0} : vector_text(vector, row);
        total += out[i].length;
    }
    if (store->budget != NULL && total != 0 && !budget_reserve(store->budget, total, fault))
        return false;
    store->bytes_held += total;
    char *bytes = arena_alloc(store->bytes, total);
    for (uint32_t i = 0; i < selection.count; i++) {
        if (out[i].length == 0)
            continue;
        memcpy(bytes, out[i].data, out[i].length);
        out[i].data = bytes;
        bytes += out[i].length;
    }
    for (uint32_t i = 0; i < selection.count; i++)
        if (out[i].length == 0)
            out[i].data = "";
    if (!saw_null)
        return true;
    if (!grow_array(&column->nulls, store->budget, (size_t)at + selection.count, fault))
        return false;
    column->has_nulls = true;
    uint8_t *nulls = (uint8_t *)column->nulls.data + at;
    for (uint32_t i = 0; i < selection.count; i++)
        nulls[i] = vector_is_null(vector, selected(&selection, i));
    return true;
}

/* Whoever sends texts as they are has found that they differ; so has this column, by then. */
static bool is_better_flat(const StoreColumn *column, uint32_t rows, const Vector *vector)
{
    return vector->form == VECTOR_FLAT && column->texts.count > FLAT_ENTRIES &&
           column->texts.count > rows / 2;
}

/* The codes become texts whose bytes stay where the table has them. */
static bool turn_flat(RowStore *store, StoreColumn *column, uint32_t rows, Fault *fault)
{
    GrowArray data = {0};
    if (!grow_array_unset(&data, store->budget, (size_t)rows * sizeof(Text), fault))
        return false;
    if (!grow_array(&column->nulls, store->budget, rows, fault)) {
        grow_array_free(&data, store->budget);
        return false;
    }
    const uint32_t *codes = column->data.data;
    uint8_t *nulls = column->nulls.data;
    for (uint32_t i = 0; i < rows; i++) {
        nulls[i] = codes[i] == 0;
        column->has_nulls |= codes[i] == 0;
        ((Text *)data.data)[i] = codes[i] == 0 ? (Text){.data = "", .length = 0}
                                               : text_table_text(&column->texts, codes[i]);
    }
    grow_array_free(&column->data, store->budget);
    column->data = data;
    column->strings = STRINGS_FLAT;
    column->dictionary.id = 0;
    text_table_freeze(&column->texts);
    return true;
}

/* --- sharing --- */

static inline bool may_share(const Vector *vector)
{
    return vector->form == VECTOR_DICTIONARY && vector->dictionary->home != NULL;
}

static void begin_sharing(StoreColumn *column, const Dictionary *dictionary)
{
    dictionary_hold(dictionary);
    column->shared = dictionary;
    column->strings = STRINGS_SHARED;
}

static bool append_shared(RowStore *store, StoreColumn *column, uint32_t at, const Vector *vector,
                          Selection selection, Fault *fault)
{
    if (!grow_array_unset(&column->data, store->budget,
                          ((size_t)at + selection.count) * sizeof(uint32_t), fault))
        return false;
    append_4((uint32_t *)column->data.data + at, vector, selection);
    return true;
}

/* Other texts come: those that were shared so far are copied. */
static bool end_sharing(StoreColumn *column, uint32_t rows, Fault *fault)
{
    uint32_t *codes = column->data.data;
    for (uint32_t at = 0; at < rows; at += BATCH_ROWS) {
        uint32_t count = rows - at < BATCH_ROWS ? rows - at : BATCH_ROWS;
        uint32_t ids[BATCH_ROWS];
        Vector part = vector_dictionary(column->shared, count, codes + at);
        if (!text_table_add_vector(&column->texts, &part, ids, fault))
            return false;
        memcpy(codes + at, ids, count * sizeof *ids);
    }
    column->strings = STRINGS_CODED;
    column_unshare(column);
    return true;
}

bool row_store_is_sharing_with(const RowStore *store, const Batch *batch)
{
    for (uint32_t c = 0; c < store->column_count; c++) {
        const StoreColumn *column = &store->columns[c];
        if (column->strings == STRINGS_SHARED &&
            (!may_share(&batch->columns[c]) || batch->columns[c].dictionary != column->shared))
            return false;
    }
    return true;
}

bool row_store_settle(RowStore *store, Fault *fault)
{
    for (uint32_t c = 0; c < store->column_count; c++) {
        StoreColumn *column = &store->columns[c];
        if (column->strings == STRINGS_SHARED &&
            column->shared->count / SHARED_ENTRIES_A_ROW > store->rows &&
            !end_sharing(column, store->rows, fault))
            return false;
    }
    return true;
}

static void note_family(StoreColumn *column, const Vector *vector)
{
    uint64_t family = vector->form == VECTOR_DICTIONARY ? vector->dictionary->family : 0;
    bool is_first = column->strings == STRINGS_UNDECIDED;
    column->family = is_first || column->family == family ? family : 0;
}

static bool append_strings(RowStore *store, StoreColumn *column, uint32_t at, const Vector *vector,
                           Selection selection, Fault *fault)
{
    note_family(column, vector);
    if (column->strings == STRINGS_UNDECIDED && store->is_sharing && may_share(vector))
        begin_sharing(column, vector->dictionary);
    if (column->strings == STRINGS_SHARED) {
        if (may_share(vector) && vector->dictionary == column->shared)
            return append_shared(store, column, at, vector, selection, fault);
        if (!end_sharing(column, at, fault))
            return false;
    }
    if (column->strings == STRINGS_UNDECIDED)
        column->strings = vector->form == VECTOR_FLAT ? STRINGS_FLAT : STRINGS_CODED;
    if (column->strings == STRINGS_CODED && is_better_flat(column, at, vector) &&
        !turn_flat(store, column, at, fault))
        return false;
    return column->strings == STRINGS_CODED
               ? append_codes(store, column, at, vector, selection, fault)
               : append_texts(store, column, at, vector, selection, fault);
}

static bool append_column(RowStore *store, StoreColumn *column, uint32_t at, const Vector *vector,
                          Selection selection, Fault *fault);

static bool append_arrays(RowStore *store, StoreColumn *column, uint32_t at, const Vector *vector,
                          Selection selection, Fault *fault)
{
    if (!append_values(store, column, at, vector, selection, fault))
        return false;
    ArrayValue *cells = (ArrayValue *)column->data.data + at;
    uint64_t total = 0;
    for (uint32_t i = 0; i < selection.count; i++) {
        if (vector_is_null(vector, selected(&selection, i)))
            cells[i].count = 0;
        total += cells[i].count;
    }
    if (column->element_count + total > ROWS_LIMIT)
        return fault_set(fault, FAULT_NOT_ENOUGH_MEMORY, "too many array elements to hold at once");
    uint32_t *wanted = malloc((total + 1) * sizeof *wanted);
    check(wanted != NULL);
    uint32_t next = 0;
    for (uint32_t i = 0; i < selection.count; i++) {
        uint32_t first = cells[i].offset;
        cells[i].offset = column->element_count + next;
        for (uint32_t e = 0; e < cells[i].count; e++)
            wanted[next++] = first + e;
    }
    bool is_kept = true;
    if (total != 0) {
        if (column->elements == NULL) {
            column->elements = calloc(1, sizeof *column->elements);
            check(column->elements != NULL);
            column_init(column->elements, store, vector->elements->layout);
        }
        is_kept = append_column(store, column->elements, column->element_count, vector->elements,
                                (Selection){wanted, next}, fault);
        column->element_count += next;
    }
    free(wanted);
    return is_kept;
}

static bool append_column(RowStore *store, StoreColumn *column, uint32_t at, const Vector *vector,
                          Selection selection, Fault *fault)
{
    check(vector->layout == column->layout);
    switch (column->layout) {
    case LAYOUT_STRING:
        return append_strings(store, column, at, vector, selection, fault);
    case LAYOUT_ARRAY:
        return append_arrays(store, column, at, vector, selection, fault);
    case LAYOUT_BOOL:
    case LAYOUT_INT64:
    case LAYOUT_INT128:
    case LAYOUT_FLOAT32:
    case LAYOUT_FLOAT64:
    case LAYOUT_COUNT:
        return append_values(store, column, at, vector, selection, fault);
    }
    return false;
}

bool row_store_append(RowStore *store, const Batch *batch, const uint32_t *rows, uint32_t count,
                      Fault *fault)
{
    Selection selection = {rows, rows == NULL ? batch->rows : count};
    check(batch->column_count == store->column_count);
    if ((uint64_t)store->rows + selection.count > ROWS_LIMIT)
        return fault_set(fault, FAULT_NOT_ENOUGH_MEMORY, "too many rows to hold at once");
    for (uint32_t c = 0; c < store->column_count; c++)
        if (!append_column(store, &store->columns[c], store->rows, &batch->columns[c], selection,
                           fault))
            return false;
    store->rows += selection.count;
    return true;
}

/* --- looking at it --- */

static Vector column_vector(StoreColumn *column, uint32_t rows)
{
    static const uint8_t nothing[128] __attribute__((aligned(64)));
    const void *data = column->data.data == NULL ? nothing : column->data.data;
    if (column->strings == STRINGS_SHARED)
        return vector_dictionary(column->shared, rows, data);
    if (column->strings == STRINGS_CODED) {
        /* As long as nothing is added it is the same dictionary: who caches by its id profits. */
        text_table_refresh(&column->texts, &column->dictionary);
        column->dictionary.family = column->family;
        return vector_dictionary(&column->dictionary, rows, data);
    }
    Vector vector =
        vector_flat(column->layout, rows, data, column->has_nulls ? column->nulls.data : NULL);
    if (column->layout == LAYOUT_ARRAY) {
        column->element_vector = column->elements == NULL
                                     ? vector_flat(LAYOUT_INT64, 0, nothing, NULL)
                                     : column_vector(column->elements, column->element_count);
        vector.elements = &column->element_vector;
    }
    return vector;
}

const Batch *row_store_batch(RowStore *store)
{
    for (uint32_t c = 0; c < store->column_count; c++)
        store->vectors[c] = column_vector(&store->columns[c], store->rows);
    store->batch = (Batch){
        .rows = store->rows, .column_count = store->column_count, .columns = store->vectors};
    return &store->batch;
}

bool row_store_keep(RowStore *store, const uint32_t *rows, uint32_t count, Fault *fault)
{
    Layout *layouts = calloc(store->column_count + 1u, sizeof *layouts);
    check(layouts != NULL);
    for (uint32_t c = 0; c < store->column_count; c++)
        layouts[c] = store->columns[c].layout;
    RowStore *kept = store_new(store->budget, store->column_count, layouts, store->is_loose);
    kept->is_sharing = store->is_sharing;
    free(layouts);
    if (!row_store_append(kept, row_store_batch(store), rows, count, fault)) {
        row_store_free(kept);
        return false;
    }
    RowStore old = *store;
    *store = *kept;
    *kept = old;
    row_store_free(kept);
    return true;
}
