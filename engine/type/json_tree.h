/*
 * JSON documents as trees: what jsonb needs that scanning its text does not give. A jsonb value is
 * kept as the text of its canonical form, as PostgreSQL prints it: blanks after colons and
 * commas, members ordered by the length of their names and then by bytes, the last of several
 * with one name, numbers written out, characters instead of escapes. Equal texts are equal
 * documents (but for zeros at the end of a fraction).
 */
#ifndef TALARIA_ENGINE_TYPE_JSON_TREE_H
#define TALARIA_ENGINE_TYPE_JSON_TREE_H

#include "engine/type/type.h"

/* In the order in which values of different kinds compare. */
typedef enum JsonTreeKind {
    JSON_TREE_NULL,
    JSON_TREE_STRING,
    JSON_TREE_NUMBER,
    JSON_TREE_BOOL,
    JSON_TREE_ARRAY,
    JSON_TREE_OBJECT,
} JsonTreeKind;

typedef struct JsonTree {
    JsonTreeKind kind;
    bool is_true;            /* BOOL */
    Text text;               /* STRING: its characters; NUMBER: its digits, written out */
    uint32_t count;          /* ARRAY, OBJECT */
    struct JsonTree **items; /* values */
    Text *keys;              /* OBJECT: names, in canonical order */
    const struct JsonTime *time; /* STRING within a path: the time that datetime() read, or NULL */
} JsonTree;

/* Reads a document. Faults: 22P02 with PostgreSQL's wording, 22P05, 22003. */
JsonTree *json_tree_read(Arena *arena, Text text, Fault *fault);
/* The canonical text. False: it would be too long. */
bool json_tree_text(Arena *arena, const JsonTree *tree, Text *text, Fault *fault);
/* In several lines, with four blanks a level. */
bool json_tree_pretty(Arena *arena, const JsonTree *tree, Text *text, Fault *fault);
/* A document's canonical text at once. */
bool json_canonical(Arena *arena, Text document, Text *text, Fault *fault);

JsonTree *json_tree_make(Arena *arena, JsonTreeKind kind);
/* Adds a member or element at the end; an object must then be sorted. */
void json_tree_append(Arena *arena, JsonTree *tree, Text key, JsonTree *value);
/* Brings an object's members into their order; of one name the last stays. */
void json_tree_sort(Arena *arena, JsonTree *object);
JsonTree *json_tree_member(const JsonTree *object, Text key); /* NULL: none */

/* < 0, 0, > 0: PostgreSQL's order of jsonb. */
int json_tree_compare(const JsonTree *a, const JsonTree *b);
/* Appends bytes that order, and are equal, as the documents. */
void json_tree_order(const JsonTree *tree, Buffer *out);
bool json_tree_contains(const JsonTree *a, const JsonTree *b); /* a @> b */

#endif
