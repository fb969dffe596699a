/*
 * Values of type record: (1,a). A value describes itself, so that it needs no catalog where it is
 * printed, taken apart or turned into JSON:
 *
 *   bytes 0..3        length of the head, itself included (big-endian, as all numbers here)
 *   bytes 4..5        fields
 *   a field           type (4), modifier (4), length of the name (2), the name
 *   then each field   1 and the value, or 2 for NULL, which sorts last
 *
 * Values are written so that their bytes order as they do (integers with the sign flipped, texts
 * escaped: 00 is 00 FF, the end 00 00). So records of one head are equal, sorted, hashed and
 * grouped by their bytes like any text. Values of one SqlType have one head.
 */
#ifndef TALARIA_ENGINE_TYPE_RECORD_H
#define TALARIA_ENGINE_TYPE_RECORD_H

#include "engine/type/type.h"

typedef struct RecordField {
    SqlType type;
    Text name;
} RecordField;

typedef struct RecordHead {
    uint32_t count;
    RecordField *fields;
    uint32_t length; /* bytes before the first value */
} RecordHead;

/* The head's bytes, in `arena`. A name is cut at 65,535 bytes. */
Text record_head_make(Arena *arena, const RecordField *fields, uint32_t count);
/* Reads a value's head; names point into `value`. 22P03 when the bytes are none. */
bool record_head_read(Arena *arena, Text value, RecordHead *head, Fault *fault);
/* Appends row `row` of a vector of this type as the next field. */
void record_append(Buffer *out, SqlType type, const Vector *vector, uint32_t row);

/*
 * The fields of `count` values which share `head`, as columns of `count` rows: columns[f] of the
 * layout of field f. A NULL value (data NULL) gives NULL fields.
 */
bool record_columns(const RecordHead *head, const Text *values, uint32_t count, Arena *arena,
                    Vector *columns, Fault *fault);
/* One field of one value: appended to `builder`, which is of the field's layout. */
bool record_field(const RecordHead *head, Text value, uint32_t field, VectorBuilder *builder,
                  Fault *fault);
/* How many of the fields are NULL; faults as above. */
bool record_null_count(const RecordHead *head, Text value, uint32_t *nulls, Fault *fault);

#endif
