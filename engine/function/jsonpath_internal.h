/*
 * What SQL/JSON paths do with times and with objects' members: datetime() (jsonpath_time.c),
 * keyvalue() (jsonpath_keyvalue.c).
 */
#ifndef TALARIA_ENGINE_FUNCTION_JSONPATH_INTERNAL_H
#define TALARIA_ENGINE_FUNCTION_JSONPATH_INTERNAL_H

#include "engine/type/json_tree.h"
#include "engine/type/timezone.h"

/* A time that datetime() read. */
typedef struct JsonTime {
    Oid type;       /* T_DATE, T_TIME, T_TIMETZ, T_TIMESTAMP, T_TIMESTAMPTZ */
    int64_t value;  /* days; microseconds of the day, on the wall clock; since 1970, UTC with a zone */
    int64_t offset; /* of types with a zone: microseconds east of UTC */
} JsonTime;

/* A string item with its time; `template` NULL: one of the forms of ISO 8601. Faults 22007, 22008,
 * 22009, 22031. */
JsonTree *json_time_read(Arena *arena, Text text, const Text *template, Fault *fault);
const char *json_time_type(const JsonTime *time); /* what type() gives */

typedef enum TimeOrder { TIMES_COMPARE, TIMES_DIFFER, TIMES_NEED_ZONE } TimeOrder;
/* DIFFER: dates and times of a day do not compare; NEED_ZONE, with a fault: they would in the zone
 * of a session, which is not to be used (`zone` NULL). `now` says which day's offset a time has. */
TimeOrder json_time_compare(const JsonTime *a, const JsonTime *b, const TimeZone *zone, int64_t now,
                            int *order, Fault *fault);

/* How many bytes into PostgreSQL's binary form of the document `base` its part `item` begins:
 * keyvalue() numbers objects so. -1: it is no part. */
int64_t json_binary_offset(const JsonTree *base, const JsonTree *item);

#endif
