/*
 * What the files share that say what kind of statement a tree is.
 */
#ifndef TALARIA_ENGINE_SQL_STATEMENT_INTERNAL_H
#define TALARIA_ENGINE_SQL_STATEMENT_INTERNAL_H

#include "engine/sql/name_internal.h"
#include "engine/sql/parse_internal.h"

typedef struct Classifier {
    Arena *arena;
    int32_t dialect;
    ParsedStatement *statement;
    ParseTree *tree;
    Fault *fault;
} Classifier;

/* Sets kind and tag. True. */
bool classify_as(Classifier *classifier, StatementKind kind, const char *tag);
/* "X is not supported" by the statement's first words, 0A000. False. */
bool classify_not_supported(Classifier *classifier);
/* 0A000 in other words; the hint may be NULL. False. */
bool classify_refuse(Classifier *classifier, const char *hint, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* SELECT, VALUES, INSERT: the tag, and whether it may be bound. */
bool classify_query(Classifier *classifier, const PgQuery__Node *node);

/* statement_session.c: prepared statements and cursors; *known false: another statement. */
bool classify_session(Classifier *classifier, const PgQuery__Node *node, bool *known);

/* statement_define.c: CREATE, DROP, ALTER ... of relations and schemas. */
bool classify_definition(Classifier *classifier, const PgQuery__Node *node, bool *known);

/* The tag of a DROP of objects that this server has none of (bind_define_absent.c); NULL: it is
 * another. */
const char *define_absent_tag(const PgQuery__DropStmt *drop);

#endif
