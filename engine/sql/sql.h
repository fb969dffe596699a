/*
 * SQL text to bound statements: the dialect pass, libpg_query behind a door, names and types.
 *
 *   dialect.c   a token pass over the text lifts out what PostgreSQL's grammar lacks (REPLACE INTO,
 *               OVERWRITE, PARTITIONED BY, CLUSTERED BY, TABLE(f(...)), EXTEND, FLOOR(x TO DAY),
 *               EXPLAIN PLAN FOR, --:context comments), keeps the case of unquoted identifiers,
 *               and an offset map, so that every error points at what the user typed.
 *   parse.c     length and nesting guards, then the parser.
 *   bind_*.c    names, types, functions, aggregates, coercions: from the tree to a Plan.
 */
#ifndef TALARIA_ENGINE_SQL_SQL_H
#define TALARIA_ENGINE_SQL_SQL_H

#include "engine/plan/plan.h"

typedef enum StatementKind {
    STATEMENT_EMPTY,
    STATEMENT_QUERY,      /* SELECT, VALUES, WITH, and with `ingest` INSERT and REPLACE */
    STATEMENT_EXPLAIN,    /* of a query */
    STATEMENT_SET,        /* SET, SET LOCAL, SET TIME ZONE; name and value (reset when value NULL) */
    STATEMENT_RESET,      /* name, or all */
    STATEMENT_SHOW,       /* name, or all */
    STATEMENT_BEGIN,
    STATEMENT_COMMIT,
    STATEMENT_ROLLBACK,
    STATEMENT_SAVEPOINT,  /* SAVEPOINT, RELEASE, ROLLBACK TO: accepted inside a transaction */
    STATEMENT_DEFINE,     /* CREATE, DROP, ALTER ...: see definition.h */
    STATEMENT_COPY,       /* see copy.h */
    STATEMENT_CREATE_AS,  /* CREATE TABLE AS, SELECT INTO: bound as an ingestion */
    STATEMENT_DISCARD,
    STATEMENT_PREPARE,    /* name, inner; the query inside can be bound */
    STATEMENT_EXECUTE,    /* name; sql_bind_arguments reads what it is given */
    STATEMENT_DEALLOCATE, /* name, NULL for all */
    STATEMENT_DECLARE,    /* name, inner, cursor; the query inside can be bound */
    STATEMENT_FETCH,      /* FETCH and MOVE: name, cursor */
    STATEMENT_CLOSE,      /* name, NULL for all */
    STATEMENT_ROLE,       /* about roles and rights: `role` */
    STATEMENT_ACCEPTED,   /* has no meaning here: answered with its tag (ANALYZE, VACUUM..) */
    STATEMENT_NOTICE,     /* LISTEN, UNLISTEN (name NULL: all), NOTIFY (value: the payload) */
} StatementKind;

enum { STATEMENT_MAX_MORE = 4 };

typedef enum FetchDirection {
    FETCH_FORWARD,
    FETCH_BACKWARD,
    FETCH_ABSOLUTE,
    FETCH_RELATIVE,
} FetchDirection;

#define FETCH_ALL INT64_MAX

/* What DECLARE says of a cursor, and what FETCH and MOVE want of it. */
typedef struct CursorClause {
    bool is_binary, is_scroll, is_no_scroll, is_hold;
    bool is_move;
    FetchDirection direction;
    int64_t count; /* FETCH_ALL: as many as there are */
} CursorClause;

/* One statement of a text, parsed but not bound. Lives in the arena given to sql_parse. */
typedef struct ParsedStatement {
    StatementKind kind;
    const char *tag;          /* "SELECT", "INSERT 0", "SET", "BEGIN"; without the count */
    int32_t offset, length;   /* its place in the text */
    Text text;                /* as typed */
    struct ParseTree *tree;   /* private */
    const char *name;         /* SET, SHOW, RESET, DROP TABLE: the setting or table; NULL for all.
                                 SAVEPOINT: the savepoint (the tag tells what is done with it) */
    const char *value;        /* SET: the text, NULL for DEFAULT */
    Text inner;               /* PREPARE, DECLARE, CREATE VIEW: the statement inside, as typed */
    CursorClause cursor;      /* DECLARE, FETCH */
    bool is_chain;            /* COMMIT AND CHAIN, ROLLBACK AND CHAIN */
    bool is_copy_from;        /* COPY FROM; else TO */
    bool has_own_text;        /* what is bound is a text of ours: its places mean nothing */
    bool is_local;            /* SET LOCAL */
    const struct RoleStatement *role; /* ROLE (engine/sql/role_statement.h) */
    bool if_exists;           /* DROP TABLE IF EXISTS */
    bool is_name_quoted;      /* DROP TABLE: how `name` is to be matched (schema_resolve) */
    bool explain_json, explain_analyze;
    bool explain_execute;     /* EXPLAIN EXECUTE: name is the prepared statement's */
    bool explain_plan_for;    /* EXPLAIN PLAN FOR: the dialect's three columns */
    /* Settings that the statement sets besides: the second of SET TRANSACTION ISOLATION LEVEL ..,
     * READ ONLY; all that BEGIN and START TRANSACTION name (as SET LOCAL). */
    uint32_t more_count;
    const char *more_names[STATEMENT_MAX_MORE];
    const char *more_values[STATEMENT_MAX_MORE];
    uint32_t context_count;   /* --:context name: value comments, and SET before the statement has its own statement */
    const char *const *context_names;
    const char *const *context_values;
} ParsedStatement;

/*
 * Splits and parses a text; an empty text gives one STATEMENT_EMPTY. Statements that are not
 * known here fail the text with 0A000. `arena` must live as long as the statements; nothing points
 * into `text` afterwards. Offsets and positions are bytes of the whole text. Faults: 42601 with the position and PostgreSQL's wording
 * (syntax error at or near "x"), 54001 for what is too deep or too long.
 */
bool sql_parse(Arena *arena, Text text, int32_t dialect, ParsedStatement **statements,
               uint32_t *count, Fault *fault);

/* A setting that the query sets, with set_config('name', 'value', is_local). */
typedef struct SettingChange {
    const char *name, *value;
    bool is_local;
} SettingChange;

enum { BIND_MAX_CHANGES = 16 };

/* What binding needs to know. */
typedef struct BindContext {
    const TypeContext *types;
    const TableSnapshot *tables;        /* which tables there are (storage/table) */
    uint32_t parameter_count;           /* parameters whose type or value is known */
    SqlType *parameter_types;           /* T_UNKNOWN/0: to be inferred; updated by binding */
    uint32_t parameter_capacity;        /* room in the array */
    const Vector *const *parameter_values; /* NULL while preparing; one-row constants at execution */
    const char *role, *database;
    const char *session_role;           /* who is logged in; NULL: `role` */
    AccessUser user;                    /* in whose name: every relation and every source of outside
                                           data is checked against it (engine/access) */
    int64_t process_id;                 /* pg_backend_pid() */
    /* Out: what the query sets; to be applied to the session when the query runs. */
    uint32_t change_count;
    SettingChange changes[BIND_MAX_CHANGES];
} BindContext;

/*
 * Binds the query of a statement (STATEMENT_QUERY, EXPLAIN, PREPARE, DECLARE). Faults: 42P01, 42703, 42702, 42803, 42883, 42804,
 * 42601 ... with positions, wording as PostgreSQL's, and hints where a near name exists.
 */
bool sql_bind(Arena *arena, const ParsedStatement *statement, BindContext *context,
              BoundQuery *query, Fault *fault);

/* The steps of a change of a stored relation's segments that changes no row: `rewrite` reads what
 * is put into `kept`. `statement` lends its name to faults. */
bool sql_bind_merge(Arena *arena, const ParsedStatement *statement, BindContext *context,
                    const Relation *relation, const RowChange **change, Fault *fault);

/*
 * A query that gives one row which breaks the constraint: of a CHECK the row of `work`, of a key its
 * values, when two rows of `work` have them or, with `rest`, a row of it and one of `work`.
 */
bool sql_bind_constraint(Arena *arena, const ParsedStatement *statement, BindContext *context,
                         const Relation *work, const Relation *rest,
                         const TableConstraint *constraint, BoundQuery *query, Fault *fault);
/* The relation, over the rows of another table of the same columns. */
Relation *sql_work_relation(Arena *arena, const Relation *relation, const Table *table);

/* PREPARE p (int, text): the types declared for parameters; 0 of them when there is no list. */
bool sql_declared_types(Arena *arena, const ParsedStatement *statement, BindContext *context,
                        SqlType **types, uint32_t *count, Fault *fault);

/* The type under which a parameter's value is read: a numeric keeps the digits that it was given
 * with. `format` 0: text, 1: binary. */
SqlType sql_value_type(SqlType type, int format, Text bytes);

/*
 * EXECUTE p (1, 'a'): the values, one-row constants of `types`, where numerics take the scale of
 * what they are given. With `values` NULL only types of parameters in the arguments are found. 42601 when there are more or fewer than `count`, 42804
 * when one is of a type that cannot be assigned, 0A000 when one is not constant.
 */
bool sql_bind_arguments(Arena *arena, const ParsedStatement *statement, BindContext *context,
                        SqlType *types, uint32_t count, const Vector ***values, Fault *fault);

#endif
