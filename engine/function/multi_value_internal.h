/*
 * Texts that may be lists (multi_value_rows.c): a JSON list of strings, as a list of a source
 * becomes in a column of texts.
 */
#ifndef TALARIA_ENGINE_FUNCTION_MULTI_VALUE_INTERNAL_H
#define TALARIA_ENGINE_FUNCTION_MULTI_VALUE_INTERNAL_H

#include "engine/function/rows_internal.h"

enum { LIST_KNOWN_DICTIONARIES = 32 };

/* What is known of dictionaries met before; zero bytes: nothing. */
typedef struct ListMemo {
    struct {
        uint64_t id; /* 0: free */
        bool has_lists;
    } known[LIST_KNOWN_DICTIONARIES];
} ListMemo;

bool list_is(Text text);
uint32_t list_length(Text list); /* values; `list` is one */
/* Whether some row may hold a list: false for dictionaries without any. `memo` may be NULL. */
bool list_may_be_in(ListMemo *memo, const Vector *texts);

#endif
