/*
 * SIMILAR TO patterns as regular expressions.
 */
#ifndef TALARIA_ENGINE_SQL_SIMILAR_INTERNAL_H
#define TALARIA_ENGINE_SQL_SIMILAR_INTERNAL_H

#include "base/fault/fault.h"
#include "base/memory/arena.h"

/* `escape`: one character, or empty for none; else 22025. */
bool similar_to_regexp(Arena *arena, Text pattern, Text escape, Text *regexp, Fault *fault);
/* substring(text FROM pattern FOR escape): the part between the two escape-and-quote marks, if
 * there are any, becomes the expression's group. */
bool similar_substring_regexp(Arena *arena, Text pattern, Text escape, Text *regexp, Fault *fault);

#endif
