/*
 * The batch of a frame, used in place. Whatever the bytes are, the batch that comes out is safe
 * to use: every buffer lies within the body, codes within their dictionary, offsets ascend,
 * cells of arrays lie within their elements, flags are 0 or 1. The checks are plain loops that
 * gather into one flag, so they run at memory speed.
 *
 * What is believed: that a dictionary said to be sorted or unique is, and that its hashes are
 * those of its entries. Lies there give wrong results, nothing worse.
 */
#include "protocol/frame/frame.h"

#include "base/memory/checked.h"
#include "base/memory/pack.h"
#include "protocol/frame/frame_internal.h"

#include <string.h>

enum { MAX_ROWS = 1 << 24, MAX_NESTING = 8 };

typedef struct BatchReader {
    Arena *arena;
    const DictionaryFinder *finder; /* NULL: no dictionary may lie elsewhere */
    Unpacker in;
    const uint8_t *buffers; /* where the first buffer begins; 64-byte aligned */
    size_t size;            /* of all buffers */
} BatchReader;

static bool refuse(Fault *fault, const char *why)
{
    return fault_set(fault, FAULT_PROTOCOL_VIOLATION, "malformed batch in a frame: %s", why);
}

/* The buffer whose offset is next in the description; NULL when it does not lie in the body. */
static const void *take_buffer(BatchReader *reader, uint64_t size)
{
    uint64_t offset = unpack_below(&reader->in, FRAME_MAX_BODY / FRAME_ALIGNMENT + 1);
    offset *= FRAME_ALIGNMENT;
    if (reader->in.failed || !checked_range(offset, size, reader->size))
        return NULL;
    return reader->buffers + offset;
}

static bool are_flags(const uint8_t *bytes, uint32_t count)
{
    uint8_t any = 0;
    for (uint32_t i = 0; i < count; i++)
        any |= bytes[i];
    return any <= 1;
}

static bool do_ascend(const uint32_t *offsets, uint32_t count, uint64_t last)
{
    uint32_t bad = 0;
    for (uint32_t i = 0; i < count; i++)
        bad |= offsets[i] > offsets[i + 1];
    return bad == 0 && offsets[count] <= last;
}

static bool are_below(const uint32_t *values, uint32_t count, uint32_t limit)
{
    uint32_t bad = 0;
    for (uint32_t i = 0; i < count; i++)
        bad |= values[i] >= limit;
    return bad == 0;
}

static bool read_nulls(BatchReader *reader, uint32_t cells, const uint8_t **nulls, Fault *fault)
{
    *nulls = NULL;
    if (unpack_nil(&reader->in))
        return true;
    *nulls = take_buffer(reader, cells);
    if (*nulls == NULL || !are_flags(*nulls, cells))
        return refuse(fault, "null flags");
    return true;
}

/* --- values --- */

static bool read_fixed(BatchReader *reader, Vector *vector, uint32_t cells, Fault *fault)
{
    vector->data = take_buffer(reader, (uint64_t)layout_size(vector->layout) * cells);
    if (vector->data == NULL)
        return refuse(fault, "values");
    if (vector->layout == LAYOUT_BOOL && !are_flags(vector->data, cells))
        return refuse(fault, "a boolean that is neither true nor false");
    return true;
}

static bool read_texts(BatchReader *reader, Vector *vector, uint32_t cells, Fault *fault)
{
    const uint32_t *offsets = take_buffer(reader, sizeof(uint32_t) * ((uint64_t)cells + 1));
    uint64_t size = unpack_uint(&reader->in);
    const char *bytes = take_buffer(reader, size);
    if (offsets == NULL || bytes == NULL || !do_ascend(offsets, cells, size))
        return refuse(fault, "strings");
    Text *texts = arena_alloc_vector(reader->arena, sizeof(Text) * cells);
    for (uint32_t i = 0; i < cells; i++)
        texts[i] = (Text){.data = bytes + offsets[i], .length = offsets[i + 1] - offsets[i]};
    vector->data = texts;
    return true;
}

static bool are_cells_within(const ArrayValue *cells, const uint8_t *nulls, uint32_t count,
                             uint32_t elements)
{
    uint32_t bad = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t end = (uint64_t)cells[i].offset + cells[i].count;
        bool is_bad = end > elements || !array_shape_is_valid(cells[i].shape, cells[i].count);
        bad |= is_bad && (nulls == NULL || nulls[i] == 0);
    }
    return bad == 0;
}

static bool read_vector(BatchReader *reader, uint32_t length, int depth, Vector *vector,
                        Fault *fault);

static bool read_arrays(BatchReader *reader, Vector *vector, uint32_t cells, int depth,
                        Fault *fault)
{
    vector->data = take_buffer(reader, sizeof(ArrayValue) * (uint64_t)cells);
    uint64_t element_count = unpack_uint(&reader->in);
    if (vector->data == NULL || reader->in.failed || element_count > MAX_ROWS)
        return refuse(fault, "arrays");
    Vector *elements = ARENA_NEW(reader->arena, Vector);
    if (!read_vector(reader, (uint32_t)element_count, depth + 1, elements, fault))
        return false;
    if (elements->form == VECTOR_CONSTANT)
        return refuse(fault, "constant elements");
    if (!are_cells_within(vector->data, vector->nulls, cells, (uint32_t)element_count))
        return refuse(fault, "an array outside its elements");
    vector->elements = elements;
    return true;
}

static bool read_cells(BatchReader *reader, Vector *vector, int depth, Fault *fault)
{
    uint32_t cells = vector->form == VECTOR_CONSTANT ? 1 : vector->length;
    if (!read_nulls(reader, cells, &vector->nulls, fault))
        return false;
    if (vector->layout == LAYOUT_STRING)
        return read_texts(reader, vector, cells, fault);
    if (vector->layout == LAYOUT_ARRAY)
        return read_arrays(reader, vector, cells, depth, fault);
    return read_fixed(reader, vector, cells, fault);
}

static bool read_hashes(BatchReader *reader, Dictionary *dictionary)
{
    if (unpack_nil(&reader->in))
        return true;
    dictionary->hashes = take_buffer(reader, sizeof(uint64_t) * (uint64_t)dictionary->count);
    return dictionary->hashes != NULL;
}

/* A dictionary that both sides have. */
static bool find_dictionary(BatchReader *reader, Vector *vector, Fault *fault)
{
    const uint32_t *codes = take_buffer(reader, sizeof(uint32_t) * (uint64_t)vector->length);
    Text digest = unpack_bytes(&reader->in);
    uint64_t column = unpack_below(&reader->in, UINT32_MAX);
    if (codes == NULL || reader->in.failed || digest.length != 16 || reader->finder == NULL)
        return refuse(fault, "dictionary elsewhere");
    vector->data = codes;
    vector->dictionary = reader->finder->find(reader->finder->state, (const uint8_t *)digest.data,
                                              (uint32_t)column, fault);
    if (vector->dictionary == NULL)
        return false;
    return are_below(codes, vector->length, vector->dictionary->count) ||
           refuse(fault, "dictionary codes");
}

static bool read_dictionary(BatchReader *reader, uint64_t flags, Vector *vector, Fault *fault)
{
    Dictionary *dictionary = ARENA_NEW(reader->arena, Dictionary);
    const uint32_t *codes = take_buffer(reader, sizeof(uint32_t) * (uint64_t)vector->length);
    uint64_t count = unpack_below(&reader->in, FRAME_MAX_BODY);
    if (codes == NULL || reader->in.failed || count == 0 ||
        !are_below(codes, vector->length, (uint32_t)count))
        return refuse(fault, "dictionary codes");
    const uint32_t *offsets = take_buffer(reader, sizeof(uint32_t) * (count + 1));
    uint64_t size = unpack_uint(&reader->in);
    const char *bytes = take_buffer(reader, size);
    dictionary->count = (uint32_t)count;
    if (offsets == NULL || bytes == NULL || !do_ascend(offsets, dictionary->count, size) ||
        offsets[1] != offsets[0] || !read_hashes(reader, dictionary))
        return refuse(fault, "dictionary");
    dictionary->is_unique = (flags & DICTIONARY_UNIQUE) != 0;
    dictionary->is_sorted = (flags & DICTIONARY_SORTED) != 0;
    dictionary->offsets = offsets;
    dictionary->bytes = bytes;
    dictionary->family = unpack_uint(&reader->in);
    dictionary->id = dictionary_next_id();
    vector->data = codes;
    vector->dictionary = dictionary;
    return true;
}

static uint32_t fields_of(const Vector *vector)
{
    if (vector->form == VECTOR_DICTIONARY)
        return DICTIONARY_FIELDS;
    return vector->layout == LAYOUT_STRING || vector->layout == LAYOUT_ARRAY ? 6 : 4;
}

static bool read_vector(BatchReader *reader, uint32_t length, int depth, Vector *vector,
                        Fault *fault)
{
    uint32_t fields = unpack_array(&reader->in);
    *vector = (Vector){.length = length};
    vector->layout = (Layout)unpack_below(&reader->in, LAYOUT_COUNT);
    vector->form = (VectorForm)unpack_below(&reader->in, VECTOR_DICTIONARY + 1);
    bool is_reference = vector->form == VECTOR_DICTIONARY && fields == REFERENCE_FIELDS;
    if (reader->in.failed || depth > MAX_NESTING ||
        (fields != fields_of(vector) && !is_reference))
        return refuse(fault, "description of a vector");
    if (vector->form != VECTOR_DICTIONARY)
        return read_cells(reader, vector, depth, fault) &&
               (!reader->in.failed || refuse(fault, "description ends early"));
    if (vector->layout != LAYOUT_STRING)
        return refuse(fault, "a dictionary of something else than strings");
    uint64_t flags = unpack_below(&reader->in, DICTIONARY_ELSEWHERE * 2);
    if (((flags & DICTIONARY_ELSEWHERE) != 0) != is_reference)
        return refuse(fault, "flags of a dictionary");
    return (is_reference ? find_dictionary(reader, vector, fault)
                         : read_dictionary(reader, flags, vector, fault)) &&
           (!reader->in.failed || refuse(fault, "description ends early"));
}

/* --- the whole --- */

/* Finds the buffers. Vectors must be aligned: in a body that is not, they are moved first. */
static void find_buffers(BatchReader *reader, const Frame *frame)
{
    size_t start = frame_padded(frame->map_length);
    if (start > frame->body_length)
        start = frame->body_length;
    reader->buffers = frame->body + start;
    reader->size = frame->body_length - start;
    if ((uintptr_t)reader->buffers % FRAME_ALIGNMENT != 0) {
        uint8_t *moved = arena_alloc_vector(reader->arena, reader->size);
        if (reader->size > 0)
            memcpy(moved, reader->buffers, reader->size);
        reader->buffers = moved;
    }
}

bool frame_read_references(const Frame *frame, Arena *arena, const DictionaryFinder *finder,
                           Batch **batch, Fault *fault)
{
    BatchReader reader = {.arena = arena, .finder = finder};
    Text description = frame_text(frame, "batch");
    unpack_init(&reader.in, description.data, description.length);
    uint32_t fields = unpack_array(&reader.in);
    uint64_t rows = unpack_below(&reader.in, (uint64_t)MAX_ROWS + 1);
    /* not more columns than the description has bytes for, so that none is allocated in vain */
    uint64_t columns = unpack_below(&reader.in, (uint64_t)description.length + 1);
    if (reader.in.failed || fields != 2 + columns)
        return refuse(fault, "head");
    find_buffers(&reader, frame);
    *batch = batch_make(arena, (uint32_t)columns, (uint32_t)rows);
    for (uint32_t i = 0; i < columns; i++)
        if (!read_vector(&reader, (uint32_t)rows, 0, &(*batch)->columns[i], fault))
            return false;
    if (reader.in.at != reader.in.end)
        return refuse(fault, "description goes on");
    return true;
}

bool frame_read_batch(const Frame *frame, Arena *arena, Batch **batch, Fault *fault)
{
    return frame_read_references(frame, arena, NULL, batch, fault);
}
