/*
 * Identifiers as they come out of the parser, with the dialect pass's marks.
 */
#ifndef TALARIA_ENGINE_SQL_NAME_INTERNAL_H
#define TALARIA_ENGINE_SQL_NAME_INTERNAL_H

#include "engine/schema/schema.h"

/* The name as typed and whether it was quoted. */
SchemaName name_read(const char *marked);
/* A name that the statement makes (an alias, a new table): as typed when quoted; unquoted it is
 * folded in the postgres dialect and kept in the druid one. Terminated. */
const char *name_made(Arena *arena, const char *marked, int32_t dialect);
/* Folded, whatever the dialect: functions, types, settings. Terminated. */
const char *name_folded(Arena *arena, const char *marked);
/* Without marks, case kept. */
const char *name_plain(const char *marked);
bool name_is(const char *marked, const char *folded);

#endif
