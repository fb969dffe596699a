/*
 * Rows that a recursion holds while its step runs over them: recurse.c fills them, held.c reads
 * them. A step may contain another recursion, so they are a chain, looked through by number.
 */
#ifndef TALARIA_ENGINE_OPERATOR_RECURSE_INTERNAL_H
#define TALARIA_ENGINE_OPERATOR_RECURSE_INTERNAL_H

#include "engine/operator/operator_internal.h"

typedef struct HeldRows {
    uint32_t id;
    uint32_t column_count;
    const SqlType *types;
    RowStore *store;
    const struct HeldRows *next;
} HeldRows;

#endif
