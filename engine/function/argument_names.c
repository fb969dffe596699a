/*
 * The names of arguments, for the functions that PostgreSQL declares with names: with them calls
 * like make_interval(days => 10) are understood, and pg_proc shows them.
 */
#include "engine/function/function.h"

#include <string.h>

#define PATH_NAMES {"target", "path", "vars", "silent"}, 2, {"{}", "false"}

static const ArgumentNames rows[] = {
    {"make_interval", {"years", "months", "weeks", "days", "hours", "mins", "secs"}, 0,
     {"0", "0", "0", "0", "0", "0", "0"}},
    {"make_date", {"year", "month", "day"}, 3, {NULL}},
    {"make_time", {"hour", "min", "sec"}, 3, {NULL}},
    {"make_timestamp", {"year", "month", "mday", "hour", "min", "sec"}, 6, {NULL}},
    {"make_timestamptz", {"year", "month", "mday", "hour", "min", "sec", "timezone"}, 6, {NULL}},
    {"parse_ident", {"str", "strict"}, 1, {"true"}},
    {"jsonb_set", {"jsonb_in", "path", "replacement", "create_if_missing"}, 3, {"true"}},
    {"jsonb_set_lax",
     {"jsonb_in", "path", "replacement", "create_if_missing", "null_value_treatment"}, 3,
     {"true", "use_json_null"}},
    {"jsonb_insert", {"jsonb_in", "path", "replacement", "insert_after"}, 3, {"false"}},
    {"jsonb_path_exists", PATH_NAMES},
    {"jsonb_path_match", PATH_NAMES},
    {"jsonb_path_query", PATH_NAMES},
    {"jsonb_path_query_array", PATH_NAMES},
    {"jsonb_path_query_first", PATH_NAMES},
    {"jsonb_path_exists_tz", PATH_NAMES},
    {"jsonb_path_match_tz", PATH_NAMES},
    {"jsonb_path_query_tz", PATH_NAMES},
    {"jsonb_path_query_array_tz", PATH_NAMES},
    {"jsonb_path_query_first_tz", PATH_NAMES},
    {"json_array_elements", {"from_json"}, 1, {NULL}},
    {"jsonb_array_elements", {"from_json"}, 1, {NULL}},
    {"json_array_elements_text", {"from_json"}, 1, {NULL}},
    {"jsonb_array_elements_text", {"from_json"}, 1, {NULL}},
    {"json_each", {"from_json"}, 1, {NULL}},
    {"jsonb_each", {"from_json"}, 1, {NULL}},
    {"json_each_text", {"from_json"}, 1, {NULL}},
    {"jsonb_each_text", {"from_json"}, 1, {NULL}},
    {"json_object_field", {"from_json", "field_name"}, 2, {NULL}},
    {"jsonb_object_field", {"from_json", "field_name"}, 2, {NULL}},
    {"json_object_field_text", {"from_json", "field_name"}, 2, {NULL}},
    {"jsonb_object_field_text", {"from_json", "field_name"}, 2, {NULL}},
    {"json_array_element", {"from_json", "element_index"}, 2, {NULL}},
    {"jsonb_array_element", {"from_json", "element_index"}, 2, {NULL}},
    {"json_array_element_text", {"from_json", "element_index"}, 2, {NULL}},
    {"jsonb_array_element_text", {"from_json", "element_index"}, 2, {NULL}},
};

const ArgumentNames *function_argument_names(const char *name)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].function, name) == 0)
            return &rows[i];
    return NULL;
}

const char *argument_default(const ArgumentNames *names, uint32_t argument)
{
    return argument < names->required ? NULL : names->defaults[argument - names->required];
}
