/*
 * The SQL/JSON path language of PostgreSQL's type jsonpath: $.a[*] ? (@.b > 1). A path is kept as
 * the text of its canonical form and parsed where it runs (engine/function/jsonpath.c).
 */
#ifndef TALARIA_ENGINE_TYPE_JSON_PATH_H
#define TALARIA_ENGINE_TYPE_JSON_PATH_H

#include "engine/type/json_tree.h"

typedef enum PathKind {
    /* where a path begins */
    PATH_ROOT,     /* $ */
    PATH_CURRENT,  /* @ */
    PATH_VARIABLE, /* $name */
    PATH_LAST,     /* last */
    PATH_LITERAL,
    /* steps */
    PATH_KEY,       /* .name */
    PATH_ANY_KEY,   /* .* */
    PATH_ANY_DEPTH, /* .** */
    PATH_ELEMENTS,  /* [*] */
    PATH_SUBSCRIPT, /* [1, 2 to 3] */
    PATH_FILTER,    /* ? (..) */
    PATH_METHOD,    /* .size() */
    /* operators: the larger binds tighter */
    PATH_OR, PATH_AND, PATH_NOT,
    PATH_EQUAL, PATH_NOT_EQUAL, PATH_LESS, PATH_LESS_EQUAL, PATH_GREATER, PATH_GREATER_EQUAL,
    PATH_STARTS_WITH, PATH_LIKE_REGEX, PATH_EXISTS, PATH_IS_UNKNOWN,
    PATH_ADD, PATH_SUBTRACT, PATH_MULTIPLY, PATH_DIVIDE, PATH_MODULO,
    PATH_PLUS, PATH_MINUS,
} PathKind;

typedef enum PathMethod {
    METHOD_TYPE, METHOD_SIZE, METHOD_DOUBLE, METHOD_CEILING, METHOD_FLOOR, METHOD_ABS,
    METHOD_DATETIME, METHOD_KEYVALUE,
} PathMethod;

typedef struct PathNode PathNode;

typedef struct PathRange { /* of [from to until]; until NULL: one place */
    PathNode *from, *until;
} PathRange;

struct PathNode {
    PathKind kind;
    PathNode *next;        /* the step behind this one */
    PathNode *left, *right; /* operands; of FILTER, EXISTS, NOT, .. left alone */
    Text text;             /* a name, a pattern, the template of datetime(..) */
    bool has_text;         /* METHOD_DATETIME: there is a template */
    Text flags;            /* LIKE_REGEX */
    JsonTree *literal;
    PathMethod method;
    uint32_t first, last;  /* ANY_DEPTH; UINT32_MAX is last */
    uint32_t count;        /* SUBSCRIPT */
    PathRange *ranges;
};

typedef struct JsonbPath {
    bool is_strict;
    PathNode *root;
} JsonbPath;

/* Faults: 42601, 22P02, 22P05 with PostgreSQL's wording. */
bool jsonb_path_parse(Arena *arena, Text text, JsonbPath *path, Fault *fault);
bool json_path_has_flag(const PathNode *node, char flag); /* of LIKE_REGEX */
/* The canonical text: strict $."a"[*]?(@ > 1) */
Text jsonb_path_text(Arena *arena, const JsonbPath *path);

#endif
