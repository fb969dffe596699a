/*
 * What the files of this room share and nobody else needs.
 */
#ifndef TALARIA_STORAGE_VECTOR_VECTOR_INTERNAL_H
#define TALARIA_STORAGE_VECTOR_VECTOR_INTERNAL_H

#include "storage/vector/vector.h"

/* The hash of NULL, whatever the layout. */
#define HASH_OF_NULL UINT64_C(0x6A09E667F3BCC909)

/* 64 readable zero bytes: the data of vectors without rows. */
extern const uint8_t vector_no_data[64];
/* A vector without rows: the elements of arrays when there are none. */
extern const Vector vector_no_elements;

/* out[i] = source[rows[i]] for values of 1, 4, 8 or 16 bytes. */
void gather_values(size_t value_size, void *out, const void *source, const uint32_t *rows,
                   uint32_t count);

/* The cell of an ARRAY row that is not null. */
static inline ArrayValue array_value(const Vector *vector, uint32_t row)
{
    return VECTOR_DATA(ArrayValue, vector)[vector_row(vector, row)];
}

/* Elements that the rows of an ARRAY vector use. */
uint64_t array_used_elements(const Vector *vector);

/* Copies a dictionary, under the same id. */
Dictionary *dictionary_copy(Arena *arena, const Dictionary *dictionary);

/* Elements of an ARRAY vector; never NULL. */
static inline const Vector *array_elements(const Vector *vector)
{
    return vector->elements != NULL ? vector->elements : &vector_no_elements;
}

#endif
