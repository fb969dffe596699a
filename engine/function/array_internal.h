/*
 * What the families of array functions and the aggregates that make arrays share: the shapes of
 * arrays that are made of others.
 */
#ifndef TALARIA_ENGINE_FUNCTION_ARRAY_INTERNAL_H
#define TALARIA_ENGINE_FUNCTION_ARRAY_INTERNAL_H

#include "engine/function/rows_internal.h"

/* 2202E: arrays of different dimensions in one. */
bool array_mismatch(Fault *fault);
/* The shape of `count` arrays of one shape as an array of one dimension more. Faults: 54000. */
bool array_stack_shape(ArrayValue part, uint32_t count, int64_t *packed, Fault *fault);
/* The shape of two arrays one behind the other, or of an array and one more of its parts, as
 * PostgreSQL's array_cat has it. Faults: 2202E, 54000. */
bool array_cat_shape(ArrayValue first, ArrayValue second, int64_t *packed, Fault *fault);

/* The subscript of the first element of an array to search in; false, 0A000: it has several
 * dimensions. */
bool array_search_from(ArrayValue value, int64_t *lower, Fault *fault);

#endif
