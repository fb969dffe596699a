/*
 * The driver of functions that are written one row at a time. See rows_internal.h.
 */
#include "engine/function/rows_internal.h"
#include "engine/function/kernel.h"

/* At most so many bytes of results are kept by one call; after that batches fend for themselves. */
enum { MEMO_LIMIT = 32 << 20, SINK_CHUNK = 32 << 10 };

/* The results of all entries of a dictionary are computed when as many rows of it have come by as
 * this part of its entries: more of them are to come then, as a rule. */
enum { MEMO_PATIENCE = 4 };

char *text_sink_chunk(TextSink *sink, size_t size)
{
    size_t chunk = size > SINK_CHUNK / 4 ? size : SINK_CHUNK;
    char *start = arena_alloc(sink->arena, chunk);
    /* A large text gets a chunk of its own, and what was left stays unused. */
    sink->next = start;
    sink->end = start + chunk;
    return start;
}

bool text_too_long(Fault *fault)
{
    return fault_set(fault, FAULT_PROGRAM_LIMIT_EXCEEDED,
                     "requested length too large: a text has at most %llu bytes",
                     (unsigned long long)TEXT_MAX_LENGTH);
}

void row_memo_init(RowMemo *memo, Arena *arena)
{
    *memo = (RowMemo){.arena = arena};
}

bool rows_prepare(ScalarCall *call, Arena *arena, Fault *fault)
{
    RowMemo *memo = ARENA_NEW(arena, RowMemo);
    row_memo_init(memo, arena);
    call->prepared = memo;
    return true;
}

/* --- nulls --- */

ROWS_HOT static void nulls_or(uint8_t *into, const uint8_t *from, uint32_t rows)
{
    for (uint32_t i = 0; i < rows; i++)
        into[i] |= from[i];
}

ROWS_HOT static void nulls_or_codes(uint8_t *into, const uint32_t *codes, uint32_t rows)
{
    for (uint32_t i = 0; i < rows; i++)
        into[i] |= codes[i] == 0;
}

uint8_t *rows_nulls(const Vector *arguments, uint32_t count, uint32_t rows, Arena *arena)
{
    uint8_t *nulls = NULL;
    for (uint32_t i = 0; i < count; i++) {
        const Vector *argument = &arguments[i];
        bool may_be_null = argument->form == VECTOR_DICTIONARY || argument->nulls != NULL;
        if (!may_be_null)
            continue;
        if (argument->form == VECTOR_CONSTANT && argument->nulls[0] == 0)
            continue;
        if (nulls == NULL) {
            nulls = arena_alloc_vector(arena, rows);
            memset(nulls, 0, rows);
        }
        if (argument->form == VECTOR_CONSTANT)
            memset(nulls, 1, rows);
        else if (argument->form == VECTOR_DICTIONARY)
            nulls_or_codes(nulls, argument->data, rows);
        else
            nulls_or(nulls, argument->nulls, rows);
    }
    return nulls;
}

static bool has_any(const uint8_t *bytes, uint32_t count)
{
    return count > 0 && (bytes[0] != 0 || memcmp(bytes, bytes + 1, count - 1) != 0);
}

/* nulls, and rows that nobody asks for; either may be NULL. */
static const uint8_t *rows_to_skip(const uint8_t *nulls, const uint8_t *active, uint32_t rows,
                                   Arena *arena)
{
    if (active == NULL)
        return nulls;
    uint8_t *skip = arena_alloc_vector(arena, rows);
    for (uint32_t i = 0; i < rows; i++)
        skip[i] = active[i] == 0 || (nulls != NULL && nulls[i]);
    return skip;
}

/* --- rows --- */

static bool compute_rows(const ScalarCall *call, const Vector *arguments, uint32_t rows,
                         const uint8_t *active, Arena *arena, Vector *result, Fault *fault)
{
    Layout layout = type_layout(call->result_type);
    uint8_t *nulls = call->function->nulls == NULLS_STRICT
                         ? rows_nulls(arguments, call->argument_count, rows, arena)
                         : NULL;
    void *data = arena_alloc_vector(arena, rows * layout_size(layout));
    uint8_t *is_null = arena_alloc_vector(arena, rows);
    memset(is_null, 0, rows);
    if (layout == LAYOUT_BOOL)
        memset(data, 0, rows); /* rows that are skipped or NULL: who reads a frame wants booleans */
    RowRun run = {.call = call,
                  .arguments = arguments,
                  .arena = arena,
                  .sink = {.arena = arena},
                  .fault = fault};
    RowLoop loop = (RowLoop)call->function->loop;
    if (!loop(&run, rows_to_skip(nulls, active, rows, arena), rows, data, is_null))
        return false;
    if (nulls != NULL)
        nulls_or(is_null, nulls, rows);
    *result = vector_flat(layout, rows, data, has_any(is_null, rows) ? is_null : NULL);
    return true;
}

/* --- constants --- */

static bool compute_constant(const ScalarCall *call, const Vector *arguments, uint32_t rows,
                             Arena *arena, Vector *result, Fault *fault)
{
    Vector one;
    if (!compute_rows(call, arguments, 1, NULL, arena, &one, fault))
        return false;
    *result = (Vector){.layout = one.layout,
                       .form = VECTOR_CONSTANT,
                       .length = rows,
                       .data = one.data,
                       .nulls = one.nulls};
    return true;
}

/* --- dictionaries --- */

/* Results of all entries of argument `which`, the others being constants; entry 0 is NULL. */
static bool compute_entries(const ScalarCall *call, const Vector *arguments, uint32_t which,
                            Arena *arena, Vector *entries, Fault *fault)
{
    const Dictionary *dictionary = arguments[which].dictionary;
    uint32_t *codes = arena_alloc_vector(arena, dictionary->count * sizeof *codes);
    for (uint32_t i = 0; i < dictionary->count; i++)
        codes[i] = i;
    Vector inputs[FUNCTION_MAX_ARGS];
    for (uint32_t i = 0; i < call->argument_count; i++) {
        inputs[i] = arguments[i];
        inputs[i].length = dictionary->count;
    }
    inputs[which] = vector_dictionary(dictionary, dictionary->count, codes);
    return compute_rows(call, inputs, dictionary->count, NULL, arena, entries, fault);
}

/* The results of entries, texts, as a dictionary without duplicates; *codes_of maps entries. */
static Dictionary *texts_to_dictionary(const Vector *entries, Arena *arena, uint32_t **codes_of)
{
    const Text *texts = entries->data;
    uint32_t count = entries->length, slots = 16;
    while (slots < count * 2)
        slots *= 2;
    Text *unique = ARENA_ARRAY(arena, Text, (size_t)count + 1);
    uint64_t *hashes = ARENA_ARRAY(arena, uint64_t, (size_t)count + 1);
    uint32_t *codes = arena_alloc_vector(arena, count * sizeof *codes);
    uint32_t *table = arena_zalloc(arena, slots * sizeof *table);
    uint32_t used = 1;
    unique[0] = (Text){0};
    hashes[0] = 0;
    for (uint32_t i = 0; i < count; i++) {
        codes[i] = 0;
        if (vector_is_null(entries, i))
            continue;
        /* Entries in order tend to have equal results side by side. */
        if (i > 0 && codes[i - 1] != 0 && text_equal(texts[i], texts[i - 1])) {
            codes[i] = codes[i - 1];
            continue;
        }
        uint64_t hash = text_hash(texts[i]);
        uint32_t at = (uint32_t)hash & (slots - 1);
        while (table[at] != 0 &&
               !(hashes[table[at]] == hash && text_equal(unique[table[at]], texts[i])))
            at = (at + 1) & (slots - 1);
        if (table[at] == 0) {
            table[at] = used;
            unique[used] = texts[i];
            hashes[used++] = hash;
        }
        codes[i] = table[at];
    }
    Dictionary *dictionary = dictionary_make(arena, unique, used, true, false);
    *codes_of = codes;
    return dictionary;
}

#define GATHER_ENTRIES(name, type)                                                                 \
    ROWS_HOT static void name(const type *entries, const uint32_t *codes, uint32_t rows,           \
                              type *out)                                                           \
    {                                                                                              \
        for (uint32_t i = 0; i < rows; i++)                                                        \
            out[i] = entries[codes[i]];                                                            \
    }

GATHER_ENTRIES(gather_bytes, uint8_t)
GATHER_ENTRIES(gather_words, uint32_t)
GATHER_ENTRIES(gather_int64s, uint64_t)
GATHER_ENTRIES(gather_wide, __int128)

/* Rows from entries that are not texts. */
static Vector spread_entries(const Vector *entries, const Vector *rows_of, uint32_t rows,
                             Arena *arena)
{
    const uint32_t *codes = rows_of->data;
    size_t size = layout_size(entries->layout);
    void *data = arena_alloc_vector(arena, rows * size);
    switch (size) {
    case 1:
        gather_bytes(entries->data, codes, rows, data);
        break;
    case 4:
        gather_words(entries->data, codes, rows, data);
        break;
    case 8:
        gather_int64s(entries->data, codes, rows, data);
        break;
    case 16:
        gather_wide(entries->data, codes, rows, data);
        break;
    }
    uint8_t *nulls = NULL;
    if (entries->nulls != NULL) {
        nulls = arena_alloc_vector(arena, rows);
        gather_bytes(entries->nulls, codes, rows, nulls);
        if (!has_any(nulls, rows))
            nulls = NULL;
    }
    return vector_flat(entries->layout, rows, data, nulls);
}

/* Rows from entries that are texts: codes into the dictionary of results. */
static Vector recode_entries(const Dictionary *texts, const uint32_t *codes_of,
                             const Vector *rows_of, uint32_t rows, Arena *arena)
{
    uint32_t *codes = arena_alloc_vector(arena, rows * sizeof *codes);
    gather_words(codes_of, rows_of->data, rows, codes);
    return vector_dictionary(texts, rows, codes);
}

static void memo_keep(RowMemo *memo, uint64_t id, const Vector *entries)
{
    memo->spent += vector_footprint(entries) + entries->length * sizeof(uint32_t) * 8;
    memo->kept = id;
    memo->entries = *entries;
    memo->texts = NULL;
    if (entries->layout == LAYOUT_STRING) {
        uint32_t *codes;
        memo->texts = texts_to_dictionary(entries, memo->arena, &codes);
        memo->codes = codes;
    }
}

static Vector memo_spread(const RowMemo *memo, const Vector *rows_of, uint32_t rows, Arena *arena)
{
    return memo->texts != NULL ? recode_entries(memo->texts, memo->codes, rows_of, rows, arena)
                               : spread_entries(&memo->entries, rows_of, rows, arena);
}

/* Whether the results for this dictionary should be kept: it was met before, and enough rows of
 * it have come by. */
static bool memo_wants(RowMemo *memo, const Dictionary *dictionary, uint32_t rows)
{
    bool is_known = memo->candidate == dictionary->id;
    memo->rows_met = is_known ? memo->rows_met + rows : rows;
    memo->candidate = dictionary->id;
    return is_known && memo->rows_met >= dictionary->count / MEMO_PATIENCE &&
           memo->spent < MEMO_LIMIT;
}

/* True when `result` was computed from the dictionary of argument `which`; false: by rows. */
static bool compute_by_dictionary(const ScalarCall *call, const Vector *arguments, uint32_t which,
                                  bool others_fixed, uint32_t rows, Arena *arena, Vector *result,
                                  Fault *fault)
{
    const Vector *argument = &arguments[which];
    const Dictionary *dictionary = argument->dictionary;
    RowMemo *memo = others_fixed ? call->prepared : NULL;
    if (memo != NULL && memo->kept == dictionary->id) {
        *result = memo_spread(memo, argument, rows, arena);
        return true;
    }
    Vector entries;
    if (memo != NULL && memo_wants(memo, dictionary, rows)) {
        /* An entry that fails may belong to no row: then the rows are computed, every time. */
        if (!compute_entries(call, arguments, which, memo->arena, &entries, fault)) {
            memo->spent = MEMO_LIMIT;
            return false;
        }
        memo_keep(memo, dictionary->id, &entries);
        *result = memo_spread(memo, argument, rows, arena);
        return true;
    }
    if (dictionary->count > rows / 2 ||
        !compute_entries(call, arguments, which, arena, &entries, fault))
        return false;
    if (entries.layout != LAYOUT_STRING) {
        *result = spread_entries(&entries, argument, rows, arena);
        return true;
    }
    uint32_t *codes;
    Dictionary *texts = texts_to_dictionary(&entries, arena, &codes);
    *result = recode_entries(texts, codes, argument, rows, arena);
    return true;
}

bool run_rows(const ScalarCall *call, const Vector *arguments, uint32_t rows, const uint8_t *active,
              Arena *arena, Vector *result, Fault *fault)
{
    uint32_t varying = 0, which = 0;
    bool others_fixed = true;
    for (uint32_t i = 0; i < call->argument_count; i++) {
        if (arguments[i].form == VECTOR_CONSTANT) {
            others_fixed = others_fixed && call_constant(call, i) != NULL;
            continue;
        }
        varying++;
        which = i;
    }
    bool is_pure = call->function->volatility != VOLATILE;
    if (varying == 0 && is_pure && rows > 0 && (active == NULL || memchr(active, 1, rows) != NULL))
        return compute_constant(call, arguments, rows, arena, result, fault);
    if (varying == 1 && is_pure && call->argument_count <= FUNCTION_MAX_ARGS &&
        arguments[which].form == VECTOR_DICTIONARY &&
        compute_by_dictionary(call, arguments, which, others_fixed, rows, arena, result, fault))
        return true;
    return compute_rows(call, arguments, rows, active, arena, result, fault);
}

bool run_rows_by_value(const ScalarCall *call, const Vector *arguments, uint32_t rows,
                       const uint8_t *active, Arena *arena, Vector *result, Fault *fault)
{
    Vector *forms = ARENA_ARRAY(arena, Vector, call->argument_count);
    return order_forms(call, arguments, rows, arena, forms, fault) &&
           run_rows(call, forms, rows, active, arena, result, fault);
}

static bool compute_array_rows(const ScalarCall *call, const Vector *arguments, uint32_t rows,
                               const uint8_t *active, Arena *arena, Vector *result, Fault *fault)
{
    uint8_t *nulls = call->function->nulls == NULLS_STRICT
                         ? rows_nulls(arguments, call->argument_count, rows, arena)
                         : NULL;
    const TypeInfo *type = type_info(call->result_type.oid);
    Layout element = type == NULL || type->element_oid == 0
                         ? LAYOUT_STRING
                         : type_layout(SQL_TYPE(type->element_oid));
    VectorBuilder *elements = ARENA_NEW(arena, VectorBuilder);
    vector_builder_init(elements, arena, element, rows * 2);
    VectorBuilder builder;
    vector_builder_init(&builder, arena, LAYOUT_ARRAY, rows);
    builder.elements = elements;
    RowRun run = {.call = call,
                  .arguments = arguments,
                  .arena = arena,
                  .sink = {.arena = arena},
                  .fault = fault};
    ArrayLoop loop = (ArrayLoop)call->function->loop;
    if (!loop(&run, rows_to_skip(nulls, active, rows, arena), rows, &builder))
        return false;
    *result = vector_builder_finish(&builder);
    return true;
}

bool run_array_rows(const ScalarCall *call, const Vector *arguments, uint32_t rows,
                    const uint8_t *active, Arena *arena, Vector *result, Fault *fault)
{
    bool is_constant = rows > 0 && call->function->volatility != VOLATILE &&
                       (active == NULL || memchr(active, 1, rows) != NULL);
    for (uint32_t i = 0; i < call->argument_count; i++)
        is_constant = is_constant && arguments[i].form == VECTOR_CONSTANT;
    if (!is_constant)
        return compute_array_rows(call, arguments, rows, active, arena, result, fault);
    if (!compute_array_rows(call, arguments, 1, NULL, arena, result, fault))
        return false;
    result->form = VECTOR_CONSTANT;
    result->length = rows;
    return true;
}
