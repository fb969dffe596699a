/*
 * JSON: shared by format_json.c, json_value.c, json_fields.c and json_text.c.
 *
 * A row is walked over its structure: the positions that json_indexer_run found. `x` below is
 * always a pointer to the position at hand. Behind the last one stand positions of a line end,
 * which no rule of the grammar accepts, so that walking needs no check of bounds.
 */
#ifndef TALARIA_ENGINE_INPUT_JSON_INTERNAL_H
#define TALARIA_ENGINE_INPUT_JSON_INTERNAL_H

#include "engine/input/input_internal.h"

enum {
    JSON_DEPTH = 1000,     /* of nesting in a value */
    JSON_NAME_LENGTH = 64, /* longer names are looked up each time */
    JSON_NAME_PADDING = 16,
};

/* --- strings --- */
/* `raw`: between the quotes. False: an escape that JSON does not have. */
bool json_unescape(Text raw, Arena *arena, Text *text);
bool json_escapes_are_valid(Text json); /* of all strings in a piece of JSON */

/* --- fields: names seen in rows, and which column each fills --- */
typedef struct JsonField {
    const char *name; /* readable for JSON_NAME_PADDING bytes past its end */
    uint32_t length;
    uint32_t plain_length; /* the length, or UINT32_MAX: not comparable byte by byte */
    int32_t column;        /* -1: not wanted */
    int32_t path;          /* first of the JsonPaths that start here, -1 none */
    uint32_t next;         /* the field that followed it last time */
} JsonField;

typedef struct JsonFields {
    Arena *arena;
    uint32_t count, capacity;
    JsonField *fields; /* field 0 stands before the first of a row: only its `next` counts */
    uint32_t slot_bits;
    uint32_t *slots; /* of field numbers, by hash; 0 empty */
    size_t name_bytes;
} JsonFields;

void json_fields_init(JsonFields *fields, Arena *arena);
/* A field that is wanted from the start. */
JsonField *json_fields_add(JsonFields *fields, Text name);
/* The number of a name, entered when it is new; 0 when it is not known and there are too many. */
uint32_t json_fields_find(JsonFields *fields, Text name);

/* --- values --- */
typedef struct JsonWalk {
    InputReader *reader;
    const uint8_t *data; /* of the lines that were indexed */
    const uint8_t *end;
    const uint8_t *backslash; /* the first one at or behind the place where we are; `end`:
                                 none; NULL: not known (after going back) */
    const char *problem;      /* of the row */
} JsonWalk;

/* The text between the quotes of the string at x[0]. */
static inline Text json_raw_string(const JsonWalk *walk, const uint32_t *x)
{
    const uint8_t *last = walk->data + x[1] - 1;
    while (*last != '"')
        last--; /* white space: anything else would have a position of its own */
    const uint8_t *start = walk->data + x[0] + 1;
    return (Text){(const char *)start, (uint32_t)(last - start)};
}

static inline bool json_has_escape(JsonWalk *walk, Text text)
{
    const uint8_t *start = (const uint8_t *)text.data;
    if (__builtin_expect(walk->backslash == NULL || walk->backslash < start, 0)) {
        const uint8_t *found = memchr(start, '\\', (size_t)(walk->end - start));
        walk->backslash = found != NULL ? found : walk->end;
    }
    return walk->backslash < start + text.length;
}

/* A number, true, false or null at x[0]: without the white space behind. */
static inline Text json_raw_scalar(const JsonWalk *walk, const uint32_t *x)
{
    if (x[1] == x[0]) /* the mark at the end */
        return (Text){(const char *)walk->data + x[0], 1};
    const uint8_t *end = walk->data + x[1];
    while (end[-1] <= ' ')
        end--;
    return (Text){(const char *)walk->data + x[0], (uint32_t)(end - walk->data - x[0])};
}

/* Moves *x behind a value of any kind, checking its grammar. *whole, when wanted, is its text. */
bool json_skip(JsonWalk *walk, const uint32_t **x, Text *whole);
/* Puts the value at *x into a column and moves behind it. */
Put json_put(JsonWalk *walk, const uint32_t **x, InputColumn *column, Fault *fault);

/* --- paths of a flattenSpec (json_path.c) --- */
typedef struct JsonStep {
    Text name; /* of a member; data NULL: an element */
    uint32_t index;
} JsonStep;

typedef struct JsonPath {
    uint32_t step_count; /* below the root's field */
    JsonStep *steps;
    int32_t column;
    int32_t next; /* the next one that starts at the same field, -1 none */
} JsonPath;

/* $.a.b[0]['c'] as the root's field and steps below; 22023 when it is no such path,
 * FEATURE_NOT_SUPPORTED for wildcards, filters and functions. */
bool json_path_parse(Arena *arena, Text path, Text *field, JsonPath *parsed, Fault *fault);
/* Puts what the path finds below the value at x (already checked) into its column; nothing
 * when there is none. */
Put json_path_put(JsonWalk *walk, const uint32_t *x, const JsonPath *path, InputColumn *column,
                  Fault *fault);

#endif
