/*
 * What the other families need of records.
 */
#ifndef TALARIA_ENGINE_FUNCTION_RECORD_INTERNAL_H
#define TALARIA_ENGINE_FUNCTION_RECORD_INTERNAL_H

#include "engine/function/function.h"

/* Every row of a vector of records as a JSON object; data NULL for NULL. In `arena`. Pretty: a
 * member a line. */
void record_json_cells(const TypeContext *context, const Vector *vector, bool is_pretty,
                       Arena *arena, Text *cells);

#endif
