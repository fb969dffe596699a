/*
 * Statements that define relations and schemas: CREATE, DROP, ALTER, TRUNCATE, COMMENT ON. Binding
 * turns names and types into what storage/table is told to do; the controller does it.
 */
#ifndef TALARIA_ENGINE_SQL_DEFINITION_H
#define TALARIA_ENGINE_SQL_DEFINITION_H

#include "engine/sql/sql.h"

typedef enum DefinitionKind {
    DEFINE_CREATE,   /* table: a table, view or schema */
    DEFINE_DROP,     /* targets */
    DEFINE_TRUNCATE, /* targets */
    DEFINE_ALTER,    /* targets[0], changes */
    DEFINE_COMMENT,  /* targets[0], column, comment */
    DEFINE_NOTHING,  /* only notices */
} DefinitionKind;

enum { DEFINITION_MAX_NOTICES = 16, DEFINITION_MAX_SEQUENCES = 32 };

/* A sequence that is made with a table, for a serial or identity column of it. */
typedef struct DefinitionSequence {
    Text key;
    Text column;
    TableSequence sequence;
} DefinitionSequence;

/* What a statement names: a relation or a schema that is there. */
typedef struct DefinitionTarget {
    Text key;
    Text name;
    uint32_t oid;
    TableKind kind;
    bool is_materialized;
    uint64_t rows;
} DefinitionTarget;

typedef struct Definition {
    DefinitionKind kind;
    TableDefinition table;
    uint32_t schema_oid;  /* CREATE: where; 0: a schema, or the session's temporary one */
    bool is_temporary;    /* CREATE: in the session's temporary schema, made if need be */
    bool exists;          /* CREATE IF NOT EXISTS of what is there: nothing to do */
    bool replaces;        /* CREATE OR REPLACE VIEW */
    bool cascades;
    uint32_t target_count;
    const DefinitionTarget *targets;
    uint32_t change_count;
    const TableChange *changes;
    const uint32_t *commands; /* ALTER TABLE: which command of the statement each change is */
    bool adds_constraints;    /* the rows that are there must fulfil them */
    bool rewrites;            /* the changes need rows to be written anew: sql_bind_alter */
    Text column, comment;
    uint32_t notice_count; /* what is accepted and has no effect here, as PostgreSQL would say it */
    const char *notices[DEFINITION_MAX_NOTICES];
    FaultCode notice_codes[DEFINITION_MAX_NOTICES];
    uint32_t sequence_count; /* CREATE TABLE, ALTER TABLE ADD COLUMN */
    DefinitionSequence sequences[DEFINITION_MAX_SEQUENCES];
    bool restarts;         /* ALTER SEQUENCE RESTART; TRUNCATE RESTART IDENTITY */
    int64_t restart_value; /* of ALTER SEQUENCE */
    bool deletes;          /* DELETE of all rows: the tag counts them */
} Definition;

/* Binds a STATEMENT_DEFINE. Faults as PostgreSQL's; 0A000 for what has no meaning here. */
bool sql_bind_definition(Arena *arena, const ParsedStatement *statement, BindContext *context,
                         Definition *definition, Fault *fault);

/*
 * The rows of an altered table, from what it holds now: `query` writes them, `altered` is the table
 * as it will be, without rows. Faults as PostgreSQL's: 42804 for types without an assignment cast,
 * 42701, 42703; 0A000 for what has no way here. `definition` is of this statement and these tables.
 */
bool sql_bind_alter(Arena *arena, const ParsedStatement *statement, BindContext *context,
                    const Definition *definition, BoundQuery **query, const Relation **altered,
                    Fault *fault);

#endif
