/*
 * Window functions that are no aggregates: one row each. How they run is the executor's business
 * (engine/operator/window_rank.c, window_value.c), by their kind: a row's value depends on where
 * it stands among others, and not on the values of one group.
 */
#include "engine/function/functions_internal.h"

#define WINDOW_SAMPLE " FROM (VALUES (10), (20), (20), (40)) AS t(x) ORDER BY x DESC LIMIT 1)"

static const WindowFunction window_functions[] = {
    { .oid = 3100, .name = "row_number", .kind = WINDOW_ROW_NUMBER, .result = T_INT8,
      .summary = "Number of the row within its partition, from 1.",
      .example = "(SELECT row_number() OVER (ORDER BY x)" WINDOW_SAMPLE, .gives = "4" },
    { .oid = 3101, .name = "rank", .kind = WINDOW_RANK, .result = T_INT8,
      .summary = "Number of the first of the rows that are equal in the order, with gaps.",
      .example = "(SELECT rank() OVER (ORDER BY x DESC) FROM (VALUES (10), (20), (20)) AS t(x) "
                 "ORDER BY x LIMIT 1)",
      .gives = "3" },
    { .oid = 3102, .name = "dense_rank", .kind = WINDOW_DENSE_RANK, .result = T_INT8,
      .summary = "Number of the group of rows that are equal in the order, without gaps.",
      .example = "(SELECT dense_rank() OVER (ORDER BY x)" WINDOW_SAMPLE, .gives = "3" },
    { .oid = 3103, .name = "percent_rank", .kind = WINDOW_PERCENT_RANK, .result = T_FLOAT8,
      .summary = "(rank - 1) / (rows of the partition - 1); 0 for a single row.",
      .example = "(SELECT percent_rank() OVER (ORDER BY x)" WINDOW_SAMPLE, .gives = "1" },
    { .oid = 3104, .name = "cume_dist", .kind = WINDOW_CUME_DIST, .result = T_FLOAT8,
      .summary = "Rows up to the last one that is equal in the order / rows of the partition.",
      .example = "(SELECT cume_dist() OVER (ORDER BY x DESC)" WINDOW_SAMPLE, .gives = "0.25" },
    { .oid = 3105, .name = "ntile", .kind = WINDOW_NTILE, .argument_count = 1,
      .arguments = { T_INT4 }, .result = T_INT4,
      .summary = "Number of the row's bucket when the partition is divided into so many as equal "
                 "as possible; the first ones have a row more.",
      .example = "(SELECT ntile(2) OVER (ORDER BY x)" WINDOW_SAMPLE, .gives = "2" },
    { .oid = 3106, .name = "lag", .kind = WINDOW_LAG, .argument_count = 1,
      .arguments = { T_ANYELEMENT }, .result = T_ANYELEMENT,
      .summary = "Value in the row before; NULL when there is none.",
      .example = "(SELECT lag(x) OVER (ORDER BY x)" WINDOW_SAMPLE, .gives = "20" },
    { .oid = 3107, .name = "lag", .kind = WINDOW_LAG, .argument_count = 2,
      .arguments = { T_ANYELEMENT, T_INT4 }, .result = T_ANYELEMENT,
      .summary = "Value so many rows before; NULL when there is none.",
      .example = "(SELECT lag(x, 3) OVER (ORDER BY x)" WINDOW_SAMPLE, .gives = "10" },
    { .oid = 3108, .name = "lag", .kind = WINDOW_LAG, .argument_count = 3,
      .arguments = { T_ANYELEMENT, T_INT4, T_ANYELEMENT }, .result = T_ANYELEMENT,
      .summary = "Value so many rows before; the third argument when there is none.",
      .example = "(SELECT lag(x, 9, -1) OVER (ORDER BY x)" WINDOW_SAMPLE, .gives = "-1" },
    { .oid = 3109, .name = "lead", .kind = WINDOW_LEAD, .argument_count = 1,
      .arguments = { T_ANYELEMENT }, .result = T_ANYELEMENT,
      .summary = "Value in the row after; NULL when there is none.",
      .example = "(SELECT lead(x) OVER (ORDER BY x DESC)" WINDOW_SAMPLE, .gives = "20" },
    { .oid = 3110, .name = "lead", .kind = WINDOW_LEAD, .argument_count = 2,
      .arguments = { T_ANYELEMENT, T_INT4 }, .result = T_ANYELEMENT,
      .summary = "Value so many rows after; NULL when there is none.",
      .example = "(SELECT lead(x, 3) OVER (ORDER BY x DESC)" WINDOW_SAMPLE, .gives = "10" },
    { .oid = 3111, .name = "lead", .kind = WINDOW_LEAD, .argument_count = 3,
      .arguments = { T_ANYELEMENT, T_INT4, T_ANYELEMENT }, .result = T_ANYELEMENT,
      .summary = "Value so many rows after; the third argument when there is none.",
      .example = "(SELECT lead(x, 1, 0) OVER (ORDER BY x)" WINDOW_SAMPLE, .gives = "0" },
    { .oid = 3112, .name = "first_value", .kind = WINDOW_FIRST_VALUE, .argument_count = 1,
      .arguments = { T_ANYELEMENT }, .result = T_ANYELEMENT,
      .summary = "Value in the first row of the frame (dialect druid: of the partition).",
      .example = "(SELECT first_value(x) OVER (ORDER BY x)" WINDOW_SAMPLE, .gives = "10" },
    { .oid = 3113, .name = "last_value", .kind = WINDOW_LAST_VALUE, .argument_count = 1,
      .arguments = { T_ANYELEMENT }, .result = T_ANYELEMENT,
      .summary = "Value in the last row of the frame (dialect druid: of the partition).",
      .example = "(SELECT last_value(x) OVER (ORDER BY x)" WINDOW_SAMPLE, .gives = "40" },
    { .oid = 3114, .name = "nth_value", .kind = WINDOW_NTH_VALUE, .argument_count = 2,
      .arguments = { T_ANYELEMENT, T_INT4 }, .result = T_ANYELEMENT,
      .summary = "Value in the n-th row of the frame, from 1; NULL when there is none.",
      .example = "(SELECT nth_value(x, 2) OVER (ORDER BY x)" WINDOW_SAMPLE, .gives = "20" },
};

enum { WINDOW_FUNCTION_COUNT = sizeof window_functions / sizeof window_functions[0] };

const WindowFunction *function_windows(uint32_t *count)
{
    *count = WINDOW_FUNCTION_COUNT;
    return window_functions;
}

const WindowFunction *function_window_by_oid(uint32_t oid)
{
    for (uint32_t i = 0; i < WINDOW_FUNCTION_COUNT; i++)
        if (window_functions[i].oid == oid)
            return &window_functions[i];
    return NULL;
}

bool function_is_window(Text name)
{
    for (uint32_t i = 0; i < WINDOW_FUNCTION_COUNT; i++)
        if (text_equal_string(name, window_functions[i].name))
            return true;
    return false;
}
