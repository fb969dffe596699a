/*
 * SIMILAR TO patterns as regular expressions.
 */
#ifndef TALARIA_ENGINE_SQL_SIMILAR_INTERNAL_H
#define TALARIA_ENGINE_SQL_SIMILAR_INTERNAL_H

#include "base/fault/fault.h"
#include "base/memory/arena.h"

/* `escape`: one character, or empty for none; else 22025. */
bool similar_to_regexp(Arena *arena, Text pattern, Text escape, Text *regexp, Fault *fault);

#endif
