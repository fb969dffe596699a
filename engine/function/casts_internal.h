/*
 * What the files of text casts share.
 */
#ifndef TALARIA_ENGINE_FUNCTION_CASTS_INTERNAL_H
#define TALARIA_ENGINE_FUNCTION_CASTS_INTERNAL_H

#include "engine/function/rows_internal.h"

/* Appends the value that a text says (or NULL) to a builder of the result's layout. */
typedef bool (*CastReader)(const ScalarCall *call, Text text, VectorBuilder *builder,
                           Fault *fault);
/* A RowLoop's body over all rows of a text argument. */
bool cast_parse_rows(RowRun *run, const uint8_t *skip, uint32_t rows, void *results,
                     uint8_t *is_null, CastReader read);
/* Runs a cast of texts to the call's result type, whatever it is. */
bool cast_run_parse(const ScalarCall *call, const Vector *arguments, uint32_t rows,
                    const uint8_t *active, Arena *arena, Vector *result, Fault *fault);

#endif
