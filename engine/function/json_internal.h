/*
 * JSON documents as texts: scanning without building trees. A document is validated once, when
 * PARSE_JSON or a cast makes it; scanning is safe on anything, and takes malformed input for the
 * absence of a value.
 */
#ifndef TALARIA_ENGINE_FUNCTION_JSON_INTERNAL_H
#define TALARIA_ENGINE_FUNCTION_JSON_INTERNAL_H

#include "base/memory/buffer.h"
#include "engine/function/rows_internal.h"

enum { JSON_MAX_DEPTH = 512 };

typedef enum JsonKind {
    JSON_NOTHING,
    JSON_NULL,
    JSON_TRUE,
    JSON_FALSE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_OBJECT,
    JSON_ARRAY
} JsonKind;

JsonKind json_kind(Text value); /* by its first byte */

/* The value that starts at *at (blanks skipped first), moving *at behind it; checks its syntax
 * entirely when `strict`, else only as far as skipping needs. */
bool json_take_value(const char **at, const char *end, bool strict, Text *value);
/* Whether the text is one JSON value. */
bool json_is_valid(Text text);
/* Appends the value without blanks between its tokens. */
void json_compact(Text value, Buffer *out);
/* The characters of a JSON string (with its quotes): a view when it has no escapes, else made
 * in the sink. */
Text json_string_text(TextSink *sink, Text string);
/* Appends a text as a JSON string. */
void json_append_string(Buffer *out, Text text);

/* Walking an object or array: at first *at is the start of the container's text. */
typedef struct JsonWalk {
    const char *at, *end;
    bool is_object;
} JsonWalk;
bool json_walk_begin(Text container, JsonWalk *walk); /* false: no container */
/* The next member (key with its quotes) or element; false at the end. */
bool json_walk_next(JsonWalk *walk, Text *key, Text *value);

bool json_object_field(Text object, Text key, Text *value);
bool json_array_element(Text array, int64_t index, Text *value); /* negative: from the end */

/* Paths: $ .name ['name'] ["name"] [n] */
typedef struct JsonStep {
    bool is_index;
    int64_t index;
    Text key;
} JsonStep;
typedef struct JsonPath {
    uint32_t count;
    JsonStep *steps;
} JsonPath;
bool json_path_compile(Text text, Arena *arena, JsonPath *path, Fault *fault);
bool json_path_find(const JsonPath *path, Text document, Text *value);

/* --- values of any type as JSON --- */
typedef enum ShownAs { SHOWN_RAW, SHOWN_NUMBER, SHOWN_BOOL, SHOWN_STRING } ShownAs;

/* A column's text forms; of its elements when it holds arrays. */
typedef struct JsonColumn {
    const Vector *vector;
    ShownAs shown;
    bool is_array;
    Text *cells; /* one a row (one in all for a constant), or one an element */
} JsonColumn;

JsonColumn json_column(const Vector *vector, SqlType type, const TypeContext *context,
                       uint32_t rows, Arena *arena);
void json_column_append(Buffer *out, const JsonColumn *column, uint32_t row);

#endif
