/*
 * Vectors and batches: columns of values in memory.
 *
 * A vector is flat, constant, or dictionary.
 *   flat        `data` holds `length` values; `nulls` is NULL (none) or one byte a row, 1 = NULL.
 *               The value under a null is defined memory but any value (strings: a valid Text).
 *   constant    `data` holds one value that stands for every row; `nulls` NULL or one byte.
 *   dictionary  strings only: `data` holds a uint32_t code for each row into `dictionary`;
 *               `nulls` is always NULL: code 0 is NULL in every dictionary, present or not.
 *
 * All vectors of a batch have the same length. Batches are dense: a filter makes a list of row
 * numbers and batch_gather compacts; no selection travels with a batch. A batch has at most
 * BATCH_ROWS rows when it flows between operators; storage and frames may use longer vectors.
 *
 * Vectors are views: copying the struct shares the data. Who made the data owns it: an arena,
 * a frame, a mapped segment. Published vectors never change.
 *
 * Alignment: `data` and `nulls` of vectors made here are 64-byte aligned and readable for 64
 * bytes past their end; kernels may rely on reading (not writing) there.
 */
#ifndef TALARIA_STORAGE_VECTOR_VECTOR_H
#define TALARIA_STORAGE_VECTOR_VECTOR_H

#include "base/fault/fault.h"
#include "base/memory/arena.h"

enum { BATCH_ROWS = 2048 };

/* Physical layouts. SQL types map onto them (engine/type). */
typedef enum Layout {
    LAYOUT_BOOL,    /* uint8_t, 0 or 1 */
    LAYOUT_INT64,   /* int64_t: smallint, integer, bigint, oid, date (days), time, timestamps (us) */
    LAYOUT_INT128,  /* __int128: numeric (scaled by the type's scale); interval as IntervalValue */
    LAYOUT_FLOAT32, /* float */
    LAYOUT_FLOAT64, /* double */
    LAYOUT_STRING,  /* Text: text, bytea, json, sketches */
    LAYOUT_ARRAY,   /* ArrayValue: a range of `elements` */
    LAYOUT_COUNT
} Layout;

typedef enum VectorForm { VECTOR_FLAT, VECTOR_CONSTANT, VECTOR_DICTIONARY } VectorForm;

/* 16 bytes, stored in an INT128 cell by memcpy. PostgreSQL's interval. */
typedef struct IntervalValue {
    int64_t micros;
    int32_t days;
    int32_t months;
} IntervalValue;

/*
 * One array: its elements lie in `elements` as they would be written, the last dimension fastest.
 * `shape` is 0 for one dimension that counts from 1; else dimensions and bounds, packed: see
 * array_shape_pack. The count is then the product of the lengths.
 */
typedef struct ArrayValue {
    uint32_t offset; /* first element in `elements` */
    uint32_t count;
    int64_t shape;
} ArrayValue;

enum { ARRAY_MAX_DIMENSIONS = 6 };
typedef struct ArrayShape {
    uint32_t dimensions; /* 0: an empty array */
    uint32_t lengths[ARRAY_MAX_DIMENSIONS];
    int32_t lower[ARRAY_MAX_DIMENSIONS]; /* the first subscript of each */
} ArrayShape;

/*
 * What is known of a dictionary that outlives the batches that use it: a column's of a segment.
 * Who needs it for longer than a batch holds it; it is freed when nobody does. Its name is the
 * same in every process, so that codes can travel without texts.
 */
typedef struct DictionaryHome {
    uint32_t references;
    void (*free)(struct DictionaryHome *home); /* when the last reference goes */
    uint8_t digest[16]; /* of the segment's file */
    uint32_t column;    /* of the segment */
    /* The codes as ids in a table of texts that is kept from query to query, 0 for those that were
     * not looked up; NULL: none were. Made with calloc, freed with the home. */
    uint32_t *ids;
    uint64_t ids_table; /* the number of that table: another table's ids mean nothing */
} DictionaryHome;

/*
 * A set of strings that codes point to. Entry 0 is NULL (its text is empty and never looked at).
 * Entry c is bytes[offsets[c] .. offsets[c + 1]).
 */
typedef struct Dictionary {
    uint32_t count;          /* entries, with entry 0: at least 1 */
    bool is_unique;          /* no two entries are equal (so codes can stand for values) */
    bool is_sorted;          /* entries 1.. ascend by bytes (so code order is value order) */
    const uint32_t *offsets; /* count + 1 of them, ascending */
    const char *bytes;
    const uint64_t *hashes;  /* text_hash of each entry, or NULL when not known */
    /* Where hashes are kept that were computed one by one, 0 for those that were not: for a
     * dictionary that outlives its users. NULL: nowhere. The array is made by dictionary_hash
     * with calloc, and is of the dictionary's owner. */
    uint64_t **kept_hashes;
    /* Tells dictionaries apart for caches kept per dictionary (remapping tables, evaluated
     * predicates): never 0, never reused within a process. See dictionary_next_id. */
    uint64_t id;
    /* Dictionaries of one lineage (not 0) grew from one another: the codes of the smaller mean the
     * same in the larger. For caches that can grow along. */
    uint64_t lineage;
    DictionaryHome *home; /* NULL: goes with its batch */
    /* Dictionaries of columns of one name of one table are of one family, in all processes: most
     * of their texts are the same. 0: not known. */
    uint64_t family;
} Dictionary;

typedef struct Vector {
    Layout layout;
    VectorForm form;
    uint32_t length; /* rows */
    const void *data;
    const uint8_t *nulls;
    const Dictionary *dictionary;  /* dictionary form only */
    const struct Vector *elements; /* ARRAY only: flat or dictionary vector of all elements */
} Vector;

typedef struct Batch {
    uint32_t rows;
    uint32_t column_count;
    Vector *columns; /* each of length `rows` */
} Batch;

/* --- reading --- */
size_t layout_size(Layout layout); /* bytes of one flat value */
const char *layout_name(Layout layout);

#define VECTOR_DATA(type, vector) ((const type *)(vector)->data)

static inline Text dictionary_text(const Dictionary *dictionary, uint32_t code)
{
    uint32_t start = dictionary->offsets[code];
    return (Text){.data = dictionary->bytes + start,
                  .length = dictionary->offsets[code + 1] - start};
}

static inline bool vector_is_null(const Vector *vector, uint32_t row)
{
    switch (vector->form) {
    case VECTOR_FLAT:
        return vector->nulls != NULL && vector->nulls[row] != 0;
    case VECTOR_CONSTANT:
        return vector->nulls != NULL && vector->nulls[0] != 0;
    case VECTOR_DICTIONARY:
        return VECTOR_DATA(uint32_t, vector)[row] == 0;
    }
    return false;
}

/* The text of a row of a STRING vector of any form; the row must not be null. */
static inline Text vector_text(const Vector *vector, uint32_t row)
{
    switch (vector->form) {
    case VECTOR_FLAT:
        return VECTOR_DATA(Text, vector)[row];
    case VECTOR_CONSTANT:
        return VECTOR_DATA(Text, vector)[0];
    case VECTOR_DICTIONARY:
        return dictionary_text(vector->dictionary, VECTOR_DATA(uint32_t, vector)[row]);
    }
    return (Text){0};
}

/* Row index into flat or constant data. */
static inline uint32_t vector_row(const Vector *vector, uint32_t row)
{
    return vector->form == VECTOR_CONSTANT ? 0 : row;
}

/* --- shapes of arrays (array_shape.c) --- */
/* False: lengths or bounds too large to be packed. Equal shapes give equal numbers; one dimension
 * from 1, and none, give 0. */
bool array_shape_pack(const ArrayShape *shape, int64_t *packed);
ArrayShape array_shape_of(ArrayValue value);
/* Whether a shape from outside is one that array_shape_pack makes for so many elements. */
bool array_shape_is_valid(int64_t packed, uint32_t count);
uint64_t array_shape_count(int64_t packed); /* product of its lengths, 0 for none; UINT64_MAX: huge */
/* < 0, 0, > 0 for arrays of equal elements: by dimensions, lengths, bounds, as PostgreSQL does. */
int array_shape_compare(ArrayValue a, ArrayValue b);

bool vector_has_nulls(const Vector *vector); /* looks at every row if it must */

/* --- making (in `arena`) --- */
Vector vector_flat(Layout layout, uint32_t length, const void *data, const uint8_t *nulls);
/* `value`: pointer to one value of the layout (Text for strings, copied with its bytes). */
Vector vector_constant(Arena *arena, Layout layout, uint32_t length, const void *value);
Vector vector_null(Arena *arena, Layout layout, uint32_t length); /* constant NULL */
Vector vector_dictionary(const Dictionary *dictionary, uint32_t length, const uint32_t *codes);
/* Same rows in flat form; returns `vector` itself when it is flat already. */
Vector vector_flatten(Arena *arena, const Vector *vector);
/* Rows rows[0..count). Constant stays constant, dictionary stays dictionary. */
Vector vector_gather(Arena *arena, const Vector *vector, const uint32_t *rows, uint32_t count);
/* As gather, where row UINT32_MAX gives NULL (outer joins). */
Vector vector_gather_or_null(Arena *arena, const Vector *vector, const uint32_t *rows, uint32_t count);
/* Rows [start, start + count), sharing data where it can. */
Vector vector_slice(const Vector *vector, uint32_t start, uint32_t count);
/* Copies everything the vector points to into `arena` (dictionaries are compacted to the
 * entries used when they have more entries than the vector has rows). */
Vector vector_copy(Arena *arena, const Vector *vector);
/* One vector of all parts in order; layouts must agree. Strings become flat, or dictionary when
 * all parts share one dictionary. */
Vector vector_concatenate(Arena *arena, const Vector *parts, uint32_t count);

/* An ARRAY vector whose elements are at most about twice those that its rows use: itself, or a
 * flat vector over gathered elements. */
Vector vector_compact_array(Arena *arena, const Vector *vector);

Batch *batch_make(Arena *arena, uint32_t column_count, uint32_t rows); /* columns zeroed */
Batch *batch_gather(Arena *arena, const Batch *batch, const uint32_t *rows, uint32_t count);
Batch *batch_slice(Arena *arena, const Batch *batch, uint32_t start, uint32_t count);
Batch *batch_copy(Arena *arena, const Batch *batch);
Batch *batch_concatenate(Arena *arena, Batch *const *parts, uint32_t count);
/* Bytes a flat copy would take: what buffering operators reserve. */
size_t vector_footprint(const Vector *vector);
size_t batch_footprint(const Batch *batch);

/* --- dictionaries --- */
uint64_t dictionary_next_id(void);
/* A dictionary with a home stays as long as it is held. */
static inline void dictionary_hold(const Dictionary *dictionary)
{
    dictionary->home->references++;
}
static inline void dictionary_release(const Dictionary *dictionary)
{
    DictionaryHome *home = dictionary->home;
    if (--home->references == 0)
        home->free(home);
}
/* From texts (texts[0] is ignored, entry 0 is NULL); copies the bytes. */
Dictionary *dictionary_make(Arena *arena, const Text *texts, uint32_t count, bool is_unique, bool is_sorted);
/* The entries that `codes` use as a new dictionary; the same rows' codes in it go to `new_codes`
 * (room for `count`, may be `codes` itself). A sorted dictionary stays sorted unless it has many
 * times more entries than there are rows. */
Dictionary *dictionary_compact(Arena *arena, const Dictionary *dictionary, const uint32_t *codes,
                               uint32_t count, uint32_t *new_codes);
/*
 * The parts of that, for who writes the result elsewhere. Returns the number of entries in use,
 * NULL's included; used[new code] = code, with room for count + 1. `in_order`: new codes ascend
 * as the old ones do.
 */
uint32_t dictionary_used(Arena *scratch, const Dictionary *dictionary, const uint32_t *codes,
                         uint32_t count, uint32_t *new_codes, uint32_t *used, bool *in_order);
uint32_t dictionary_used_bytes(const Dictionary *dictionary, const uint32_t *used, uint32_t entries);
/* Fills offsets[entries + 1] and the bytes. */
void dictionary_copy_used(const Dictionary *dictionary, const uint32_t *used, uint32_t entries,
                          uint32_t *offsets, char *bytes);
/* Codes of sorted unique dictionaries: first code whose text is >= (> with `after`) `text`. */
uint32_t dictionary_lower_bound(const Dictionary *dictionary, Text text, bool after);
/* Code of `text`, or 0 when the dictionary (sorted, unique) lacks it. */
uint32_t dictionary_find(const Dictionary *dictionary, Text text);

/* --- hashing and comparing: the one notion of equality of all operators. NULL equals NULL;
 *     floats: -0 equals 0, all NaN are equal and sort last. --- */
uint64_t text_hash(Text text);        /* XXH3 64 */
uint64_t int64_hash(int64_t value);   /* a strong mixer */
uint64_t *dictionary_keep_hashes(const Dictionary *dictionary); /* NULL: not this one */
/* text_hash of entry `code`, computed at most once where that can be kept. */
static inline uint64_t dictionary_hash(const Dictionary *dictionary, uint32_t code)
{
    if (dictionary->hashes != NULL)
        return dictionary->hashes[code];
    uint64_t *kept = dictionary->kept_hashes == NULL   ? NULL
                     : *dictionary->kept_hashes != NULL ? *dictionary->kept_hashes
                                                        : dictionary_keep_hashes(dictionary);
    if (kept == NULL)
        return text_hash(dictionary_text(dictionary, code));
    if (kept[code] == 0)
        kept[code] = text_hash(dictionary_text(dictionary, code));
    return kept[code];
}
/* hashes[i] = hash of row i, or combined into what is there when `combine`. */
void vector_hash(const Vector *vector, uint64_t *hashes, bool combine);
bool vector_rows_equal(const Vector *a, uint32_t row_a, const Vector *b, uint32_t row_b);
/* < 0, 0, > 0; NULLs compare greater than all (callers place nulls themselves). */
int vector_rows_compare(const Vector *a, uint32_t row_a, const Vector *b, uint32_t row_b);

/* --- selections: lists of row numbers from a boolean vector --- */
/* Row numbers where the BOOL vector is true and not null; returns how many. `rows` has room for
 * the vector's length + 64. */
uint32_t vector_true_rows(const Vector *boolean, uint32_t *rows);

/* --- sort keys: order-preserving bytes (memcmp order is the order wanted) --- */
typedef struct SortColumn {
    uint32_t column; /* of the batch */
    bool descending;
    bool nulls_first;
} SortColumn;

/* Appends for each row its key; offsets[rows + 1] into `keys`. For layouts of fixed width the
 * keys have one fixed width. Strings are escaped (0x00 -> 0x00 0xFF, end 0x00 0x00). */
struct Buffer;
void batch_sort_keys(const Batch *batch, const SortColumn *columns, uint32_t column_count,
                     struct Buffer *keys, uint32_t *offsets);

/* --- building by rows --- */
typedef struct VectorBuilder {
    Arena *arena;
    Layout layout;
    uint32_t length, capacity;
    void *data;
    uint8_t *nulls; /* NULL until the first null */
    /* ARRAY: set by the caller to an initialised builder of the elements' layout, or made by
     * the first vector_builder_row. */
    struct VectorBuilder *elements;
} VectorBuilder;

void vector_builder_init(VectorBuilder *builder, Arena *arena, Layout layout, uint32_t capacity);
void vector_builder_null(VectorBuilder *builder);
void vector_builder_int64(VectorBuilder *builder, int64_t value);
void vector_builder_int128(VectorBuilder *builder, __int128 value);
void vector_builder_float64(VectorBuilder *builder, double value); /* FLOAT32 too: narrowed */
void vector_builder_bool(VectorBuilder *builder, bool value);
void vector_builder_text(VectorBuilder *builder, Text value);        /* copies the bytes */
void vector_builder_text_view(VectorBuilder *builder, Text value);   /* shares the bytes */
/* Row `row` of a vector of the same layout; strings' bytes are copied. */
void vector_builder_row(VectorBuilder *builder, const Vector *vector, uint32_t row);
/* Begins an array cell: the next `count` values appended to builder->elements are its elements. */
void vector_builder_array(VectorBuilder *builder, uint32_t count);
/* The same of a shape that was packed for `count` elements. */
void vector_builder_shaped(VectorBuilder *builder, uint32_t count, int64_t shape);
Vector vector_builder_finish(VectorBuilder *builder);

#endif
