/*
 * What sql_parse keeps of a statement for sql_bind: libpg_query's tree in the arena, the lifted
 * clauses, and the maps back to what was typed.
 */
#ifndef TALARIA_ENGINE_SQL_PARSE_INTERNAL_H
#define TALARIA_ENGINE_SQL_PARSE_INTERNAL_H

#include "engine/sql/dialect_internal.h"
#include "engine/sql/sql.h"

#include <pg_query.h>
#include <pg_query/pg_query.pb-c.h>

typedef struct ParseTree {
    Text text;                  /* the whole text as typed */
    const PgQuery__Node *node;  /* the statement; of EXPLAIN, PREPARE, DECLARE the query inside */
    const PgQuery__Node *outer; /* the whole statement */
    const DialectStatement *dialect;
    const PgQuery__Node *overwrite;   /* the condition, or NULL */
    const PgQuery__Node *partitioned; /* the granularity, or NULL */
    const PgQuery__Node *destination; /* of an export: local(...), or NULL */
    size_t clustered_count;           /* SortBy nodes */
    PgQuery__Node *const *clustered;
    bool needs_large_stack;
} ParseTree;

/* Parses one text of ours (no dialect) to its only statement. */
const PgQuery__Node *parse_plain(Arena *arena, const char *sql, Fault *fault);

/* Fills kind, tag, name, value, ... of a statement from its tree. 0A000 for what is unknown. */
bool statement_classify(Arena *arena, int32_t dialect, ParsedStatement *statement,
                        ParseTree *tree, Fault *fault);

/* SET alone, into kind, name and value of `statement`. */
bool statement_read_set(Arena *arena, ParsedStatement *statement,
                        const PgQuery__VariableSetStmt *set, Fault *fault);
/* Statements about roles and rights (statement_role.c): into statement->role. */
bool statement_is_about_roles(const PgQuery__Node *node);
bool statement_read_role(Arena *arena, ParsedStatement *statement, const PgQuery__Node *node,
                         Fault *fault);

/* Runs `function` on a stack of half a gigabyte (only what is touched costs memory). */
bool parse_on_large_stack(void (*function)(void *), void *argument, Fault *fault);

#endif
