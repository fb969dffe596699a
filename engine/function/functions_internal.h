/*
 * The index of functions by name, for the files of this room.
 */
#ifndef TALARIA_ENGINE_FUNCTION_FUNCTIONS_INTERNAL_H
#define TALARIA_ENGINE_FUNCTION_FUNCTIONS_INTERNAL_H

#include "engine/function/function.h"

typedef enum FunctionTable { TABLE_SCALARS, TABLE_OPERATORS, TABLE_AGGREGATES } FunctionTable;

typedef struct FunctionName {
    Text name;
    const void *row; /* ScalarFunction or AggregateFunction */
    struct FunctionName *next;
} FunctionName;

/* All rows of a name (without regard to case), one after the other; NULL at the end. */
typedef struct FunctionSearch {
    const FunctionName *at;
    Text name;
} FunctionSearch;
FunctionSearch function_search(FunctionTable table, Text name);
const void *function_search_next(FunctionSearch *search);

/* The casts of the tables, by source and target type, without those that need none. */
const ScalarFunction *cast_row(Oid from, Oid to, int32_t dialect);
/* Same representation, so that no function is needed; *rule is how freely it may be applied. */
bool cast_is_noop(Oid from, Oid to, int32_t dialect, CastRule *rule);

/* Rows that stand for whole kinds of casts (casts_text.c, casts.c). */
extern const ScalarFunction *const cast_text_to_any, *const cast_text_to_any_druid,
    *const cast_text_to_array, *const cast_any_to_text, *const cast_array_to_array;
/* Of the modifier: varchar(n), char(n), numeric(p,s), timestamp(p), ...; NULL when the type has
 * none. `rule`: assignments refuse what explicit casts cut. */
const ScalarFunction *cast_to_modifier(Oid type, CastRule rule);
/* Digits behind the point of what to_number reads by a template; -1: it is none. */
int number_template_scale(Text text);
const ScalarFunction *cast_to_bits(Oid type, CastRule rule); /* bit, varbit */
const ScalarFunction *cast_to_length(Oid type, CastRule rule); /* varchar, char */

#endif
