/*
 * A batch into a frame: the map's last field, "batch", describes each vector; the vectors'
 * buffers follow the map, each padded to 64 bytes and named by its offset in units of 64 bytes
 * from the first. docs/messages.md has the format.
 *
 * The description has to be written before the buffers, and its length decides where they begin,
 * so that both are gathered first: the description in msgpack, the buffers as a list of pieces
 * that point into the vectors. Then everything is copied once, into its place.
 */
#include "protocol/frame/frame.h"

#include "base/log/log.h"
#include "base/memory/pack.h"
#include "protocol/frame/frame_internal.h"

#include <stdlib.h>
#include <string.h>

/* One buffer of the frame: bytes that lie somewhere, or texts to be joined. */
typedef struct Piece {
    const void *data;
    size_t size;       /* in the frame, without padding */
    uint32_t texts;    /* data is so many Text whose bytes are written one behind the other... */
    const uint8_t *nulls; /* ...but for those that are null */
} Piece;

typedef struct BatchWriter {
    bool may_refer; /* dictionaries with a home are named and stay where they are */
    Arena *scratch; /* made when something needs it */
    Buffer description;
    Piece *pieces;
    uint32_t piece_count, piece_capacity;
    size_t total; /* of the pieces, padded */
} BatchWriter;

static Arena *scratch_of(BatchWriter *writer)
{
    if (writer->scratch == NULL)
        writer->scratch = arena_new("frame_batch_write");
    return writer->scratch;
}

/* --- gathering the pieces --- */

/* Notes a piece and puts its offset into the description. */
static void add_piece(BatchWriter *writer, Piece piece)
{
    if (writer->piece_count == writer->piece_capacity) {
        uint32_t capacity = writer->piece_capacity < 32 ? 32 : 2 * writer->piece_capacity;
        Piece *grown = ARENA_ARRAY(scratch_of(writer), Piece, capacity);
        if (writer->piece_count > 0)
            memcpy(grown, writer->pieces, sizeof(Piece) * writer->piece_count);
        writer->pieces = grown;
        writer->piece_capacity = capacity;
    }
    pack_uint(&writer->description, writer->total / FRAME_ALIGNMENT);
    writer->pieces[writer->piece_count++] = piece;
    writer->total += frame_padded(piece.size);
    check(writer->total <= FRAME_MAX_BODY);
}

static void add_bytes(BatchWriter *writer, const void *data, size_t size)
{
    add_piece(writer, (Piece){.data = data, .size = size});
}

/* A size and then the buffer: for those whose size does not follow from the rows. */
static void add_sized_bytes(BatchWriter *writer, const void *data, size_t size)
{
    pack_uint(&writer->description, size);
    add_bytes(writer, data, size);
}

static void add_texts(BatchWriter *writer, const Text *texts, const uint8_t *nulls, uint32_t count)
{
    uint32_t *offsets = ARENA_ARRAY(scratch_of(writer), uint32_t, (size_t)count + 1);
    uint64_t at = 0;
    for (uint32_t i = 0; i < count; i++) {
        offsets[i] = (uint32_t)at;
        at += nulls != NULL && nulls[i] != 0 ? 0 : texts[i].length;
    }
    check(at <= FRAME_MAX_BODY);
    offsets[count] = (uint32_t)at;
    add_bytes(writer, offsets, sizeof(uint32_t) * ((size_t)count + 1));
    pack_uint(&writer->description, at);
    add_piece(writer, (Piece){.data = texts, .size = (size_t)at, .texts = count, .nulls = nulls});
}

static void add_nulls(BatchWriter *writer, const uint8_t *nulls, uint32_t count)
{
    if (nulls == NULL)
        pack_nil(&writer->description);
    else
        add_bytes(writer, nulls, count);
}

static void add_vector(BatchWriter *writer, const Vector *vector);

static void add_array_cells(BatchWriter *writer, const Vector *vector, uint32_t cells)
{
    Vector elements = {.layout = LAYOUT_STRING, .form = VECTOR_FLAT};
    if (vector->elements != NULL)
        elements = *vector->elements;
    if (elements.form == VECTOR_CONSTANT)
        elements = vector_flatten(scratch_of(writer), &elements);
    add_bytes(writer, vector->data, sizeof(ArrayValue) * cells);
    pack_uint(&writer->description, elements.length);
    add_vector(writer, &elements);
}

/* FLAT and CONSTANT: the latter is one cell. */
static void add_cells(BatchWriter *writer, const Vector *vector, uint32_t cells)
{
    Vector compact = *vector;
    if (vector->layout == LAYOUT_ARRAY)
        compact = vector_compact_array(scratch_of(writer), vector);
    if (compact.form != vector->form) /* a constant became flat */
        cells = compact.length;
    bool has_nulls = compact.nulls != NULL && vector_has_nulls(&compact);
    const uint8_t *nulls = has_nulls ? compact.nulls : NULL;

    pack_array(&writer->description, 0); /* patched below: the count depends on the layout */
    size_t head = writer->description.length - 1;
    pack_uint(&writer->description, compact.layout);
    pack_uint(&writer->description, compact.form);
    add_nulls(writer, nulls, cells);
    uint8_t fields = 4;
    if (compact.layout == LAYOUT_STRING) {
        add_texts(writer, compact.data, nulls, cells);
        fields = 6;
    } else if (compact.layout == LAYOUT_ARRAY) {
        add_array_cells(writer, &compact, cells);
        fields = 6;
    } else {
        add_bytes(writer, compact.data, layout_size(compact.layout) * cells);
    }
    writer->description.data[head] = 0x90 | fields;
}

typedef struct Entries {
    uint32_t count;
    bool in_order;
    const uint32_t *codes;
    const uint32_t *offsets;
    const char *bytes;
    const uint64_t *hashes;
} Entries;

static Entries all_entries(BatchWriter *writer, const Vector *vector)
{
    const Dictionary *dictionary = vector->dictionary;
    uint32_t first = dictionary->offsets[0];
    const uint32_t *offsets = dictionary->offsets;
    if (first > 0) { /* a part of a larger block of bytes */
        uint32_t *moved = ARENA_ARRAY(scratch_of(writer), uint32_t, (size_t)dictionary->count + 1);
        for (uint32_t i = 0; i <= dictionary->count; i++)
            moved[i] = offsets[i] - first;
        offsets = moved;
    }
    return (Entries){
        .count = dictionary->count,
        .in_order = true,
        .codes = vector->data,
        .offsets = offsets,
        .bytes = dictionary->bytes + first,
        .hashes = dictionary->hashes,
    };
}

static Entries used_entries(BatchWriter *writer, const Vector *vector)
{
    const Dictionary *dictionary = vector->dictionary;
    Arena *scratch = scratch_of(writer);
    uint32_t *codes = ARENA_ARRAY(scratch, uint32_t, vector->length);
    uint32_t *used = ARENA_ARRAY(scratch, uint32_t, (size_t)vector->length + 1);
    Entries out = {.codes = codes};
    out.count = dictionary_used(scratch, dictionary, vector->data, vector->length, codes, used,
                                &out.in_order);
    uint32_t *offsets = ARENA_ARRAY(scratch, uint32_t, (size_t)out.count + 1);
    char *bytes = arena_alloc(scratch, dictionary_used_bytes(dictionary, used, out.count));
    dictionary_copy_used(dictionary, used, out.count, offsets, bytes);
    out.offsets = offsets;
    out.bytes = bytes;
    if (dictionary->hashes != NULL) {
        uint64_t *hashes = ARENA_ARRAY(scratch, uint64_t, out.count);
        for (uint32_t i = 0; i < out.count; i++)
            hashes[i] = dictionary->hashes[used[i]];
        out.hashes = hashes;
    }
    return out;
}

static uint32_t flags_of(const Dictionary *dictionary, bool is_sorted)
{
    return (dictionary->is_unique ? DICTIONARY_UNIQUE : 0) | (is_sorted ? DICTIONARY_SORTED : 0);
}

static void add_reference(BatchWriter *writer, const Vector *vector)
{
    const DictionaryHome *home = vector->dictionary->home;
    pack_array(&writer->description, REFERENCE_FIELDS);
    pack_uint(&writer->description, LAYOUT_STRING);
    pack_uint(&writer->description, VECTOR_DICTIONARY);
    pack_uint(&writer->description,
              flags_of(vector->dictionary, vector->dictionary->is_sorted) | DICTIONARY_ELSEWHERE);
    add_bytes(writer, vector->data, sizeof(uint32_t) * vector->length);
    pack_bytes(&writer->description, home->digest, sizeof home->digest);
    pack_uint(&writer->description, home->column);
}

static void add_dictionary_vector(BatchWriter *writer, const Vector *vector)
{
    const Dictionary *dictionary = vector->dictionary;
    if (writer->may_refer && dictionary->home != NULL) {
        add_reference(writer, vector);
        return;
    }
    bool is_larger = dictionary->count > vector->length;
    Entries entries = is_larger ? used_entries(writer, vector) : all_entries(writer, vector);
    bool is_sorted = dictionary->is_sorted && entries.in_order;
    pack_array(&writer->description, DICTIONARY_FIELDS);
    pack_uint(&writer->description, LAYOUT_STRING);
    pack_uint(&writer->description, VECTOR_DICTIONARY);
    pack_uint(&writer->description, flags_of(dictionary, is_sorted));
    add_bytes(writer, entries.codes, sizeof(uint32_t) * vector->length);
    pack_uint(&writer->description, entries.count);
    add_bytes(writer, entries.offsets, sizeof(uint32_t) * ((size_t)entries.count + 1));
    add_sized_bytes(writer, entries.bytes, entries.offsets[entries.count]);
    if (entries.hashes == NULL)
        pack_nil(&writer->description);
    else
        add_bytes(writer, entries.hashes, sizeof(uint64_t) * entries.count);
    pack_uint(&writer->description, dictionary->family);
}

static void add_vector(BatchWriter *writer, const Vector *vector)
{
    switch (vector->form) {
    case VECTOR_FLAT: add_cells(writer, vector, vector->length); break;
    case VECTOR_CONSTANT: add_cells(writer, vector, 1); break;
    case VECTOR_DICTIONARY: add_dictionary_vector(writer, vector); break;
    }
}

/* --- putting them into the frame --- */

static void copy_texts(uint8_t *to, const Piece *piece)
{
    const Text *texts = piece->data;
    for (uint32_t i = 0; i < piece->texts; i++) {
        if (texts[i].length == 0 || (piece->nulls != NULL && piece->nulls[i] != 0))
            continue;
        memcpy(to, texts[i].data, texts[i].length);
        to += texts[i].length;
    }
}

static void append_piece(Buffer *out, const Piece *piece)
{
    size_t padded = frame_padded(piece->size);
    uint8_t *to = buffer_reserve(out, padded);
    if (piece->texts > 0)
        copy_texts(to, piece);
    else if (piece->size > 0)
        memcpy(to, piece->data, piece->size);
    memset(to + piece->size, 0, padded - piece->size);
    out->length += padded;
}

static void end_with_batch(FrameWriter *writer, const Batch *batch, bool may_refer)
{
    BatchWriter batch_writer = {.may_refer = may_refer};
    pack_array(&batch_writer.description, 2 + batch->column_count);
    pack_uint(&batch_writer.description, batch->rows);
    pack_uint(&batch_writer.description, batch->column_count);
    for (uint32_t i = 0; i < batch->column_count; i++) {
        check(batch->columns[i].length == batch->rows);
        add_vector(&batch_writer, &batch->columns[i]);
    }
    Buffer *out = writer->out;
    frame_put_bytes(writer, "batch", batch_writer.description.data,
                    batch_writer.description.length);
    size_t map_length = out->length - writer->start - FRAME_PREFIX;
    buffer_reserve(out, batch_writer.total + FRAME_ALIGNMENT);
    buffer_append_zeros(out, frame_padded(map_length) - map_length);
    for (uint32_t i = 0; i < batch_writer.piece_count; i++)
        append_piece(out, &batch_writer.pieces[i]);
    frame_end(writer);
    buffer_clear(&batch_writer.description);
    arena_free(batch_writer.scratch);
}

void frame_end_with_batch(FrameWriter *writer, const Batch *batch)
{
    end_with_batch(writer, batch, false);
}

void frame_end_with_references(FrameWriter *writer, const Batch *batch)
{
    end_with_batch(writer, batch, true);
}
