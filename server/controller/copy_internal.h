/*
 * COPY FROM: bytes to rows.
 */
#ifndef TALARIA_SERVER_CONTROLLER_COPY_INTERNAL_H
#define TALARIA_SERVER_CONTROLLER_COPY_INTERNAL_H

#include "engine/sql/copy.h"

/* Rows being gathered: a builder a column, in the arena of the chunk. */
typedef struct CopyRows {
    Arena *arena;
    uint32_t column_count;
    VectorBuilder *builders;
    uint32_t count;
} CopyRows;

void copy_rows_init(CopyRows *rows, const CopyStatement *copy, Arena *arena, uint32_t capacity);
Batch *copy_rows_finish(CopyRows *rows);

/* The reader: keeps what is left of an unfinished line between the client's messages. */
typedef struct CopyInput CopyInput;
CopyInput *copy_input_new(const CopyStatement *copy, const TypeContext *types, Arena *arena);
void copy_input_free(CopyInput *input);
/* Takes bytes; whole rows go to `rows`. 22P04, 22P02 ...; the fault has a context. */
bool copy_input_feed(CopyInput *input, const uint8_t *data, size_t length, CopyRows *rows, Fault *fault);
/* Nothing more comes. */
bool copy_input_end(CopyInput *input, CopyRows *rows, Fault *fault);
uint64_t copy_input_rows(const CopyInput *input);
/* "COPY t, line 3". False. */
bool copy_input_context(const CopyInput *input, Fault *fault);

#endif
