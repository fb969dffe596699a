/*
 * What the files that bind definitions share.
 */
#ifndef TALARIA_ENGINE_SQL_BIND_DEFINE_INTERNAL_H
#define TALARIA_ENGINE_SQL_BIND_DEFINE_INTERNAL_H

#include "engine/sql/bind_internal.h"
#include "engine/sql/definition.h"
#include "engine/sql/statement_internal.h"

/* A column has one scale: this one where numeric is declared without; shown without trailing zeros. */
enum { FREE_NUMERIC_SCALE = 16 };

enum { DEFINER_MAX_CONSTRAINTS = 64 };

typedef struct Definer {
    Binder *binder;
    Definition *definition;
    TableColumn *columns; /* of CREATE TABLE */
    uint32_t column_count, column_capacity;
    uint32_t constraint_count;
    TableConstraint constraints[DEFINER_MAX_CONSTRAINTS]; /* of CREATE TABLE */
} Definer;

/* 0A000, with a hint when it is not NULL. False. */
bool define_refuse(Definer *definer, int32_t location, const char *hint, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void define_notice_code(Definer *definer, FaultCode code, const char *message);
/* What the client is told beside the result. */
void define_notice(Definer *definer, const char *message);
/* A name as it is typed, folded by the dialect. */
Text define_new_name(Binder *binder, const char *marked);
/* 3F000. False. */
bool define_no_schema(Binder *binder, Text name, int32_t location);
/* 42602 for names that no table may have. */
bool define_check_new_name(Binder *binder, Text name, int32_t location);
/* The session's search_path. */
const char *define_path(const Binder *binder);
/* A new relation's key, and whether one is there already (definition->exists). */
bool define_place_new(Definer *definer, const PgQuery__RangeVar *range, bool if_not_exists);
/* --- sequences (bind_define_sequence.c) --- */
bool define_create_sequence(Definer *definer, const PgQuery__CreateSeqStmt *create);
bool define_alter_sequence(Definer *definer, const PgQuery__AlterSeqStmt *alter);
/* The sequence of a serial or identity column of the table `table`, which is being made; options as
 * they stand behind AS IDENTITY. The column's default is given by who makes both. */
bool define_column_sequence(Definer *definer, Text table, TableColumn *column,
                            PgQuery__Node *const *list, size_t count);
/* --- columns (bind_define_columns.c) --- */
TableColumn *define_add_column(Definer *definer);
TableColumn *define_find_column(Definer *definer, Text name);
/* Checks and keeps the text of a DEFAULT. */
bool define_set_default(Definer *definer, TableColumn *column, const PgQuery__Node *node);
/* A constraint that is accepted and not enforced. */
void define_notice_unenforced(Definer *definer, const char *what);
/* The type of the column, whose name is known. */
bool define_column_type(Definer *definer, const PgQuery__ColumnDef *node, TableColumn *column);
bool define_column(Definer *definer, const PgQuery__ColumnDef *node, TableColumn *column);
/*
 * One more constraint of the table whose columns and constraints the definer holds, its columns by
 * their places from 1. The definer has no more constraints than before where it is one that is
 * accepted and not enforced, which a notice says.
 */
bool define_table_constraint(Definer *definer, const PgQuery__Constraint *constraint);
/* Columns, constraints and LIKE of CREATE TABLE. */
bool define_elements(Definer *definer, const PgQuery__CreateStmt *create);
/* --- what is there (bind_define_change.c) --- */
/* Whether the user owns it: 42501. */
bool define_check_owner(Definer *definer, const DefinitionTarget *target);
/* *found false: it is missing and may be (a notice says so). */
bool define_find_relation(Definer *definer, const SchemaName *schema, SchemaName name,
                          int32_t location, bool missing_ok, const char *what,
                          DefinitionTarget *target, bool *found);
bool define_find_schema(Definer *definer, SchemaName name, bool missing_ok,
                        DefinitionTarget *target, bool *found);
/* --- statements about it --- */
bool define_drop(Definer *definer, const PgQuery__DropStmt *drop);
/* What is said of indexes. */
#define DEFINE_INDEX_NOTICE                                                                        \
    "indexes are accepted and not made: columns have statistics and dictionaries of their own"
/* CREATE INDEX: a unique one of columns becomes a key of the table, others have no effect. */
bool define_index(Definer *definer, const PgQuery__IndexStmt *index);
/* DROP INDEX of a unique index of that name: *found, and the definition drops it. `schema` may be
 * NULL. 2BP01 where a constraint needs it; 42501. */
bool define_drop_index(Definer *definer, const SchemaName *schema, SchemaName name, bool *found);
/* Of objects that this server has none of. */
bool define_drop_absent(Definer *definer, const PgQuery__DropStmt *drop);
bool define_truncate(Definer *definer, const PgQuery__TruncateStmt *truncate);
bool define_delete_all(Definer *definer, const PgQuery__DeleteStmt *statement);
/* Of the table that is being altered: 42703. NULL: fault. */
const TableColumn *define_existing_column(Definer *definer, const char *marked);
bool define_alter(Definer *definer, const PgQuery__AlterTableStmt *alter);
bool define_rename(Definer *definer, const PgQuery__RenameStmt *rename);
bool define_move(Definer *definer, const PgQuery__AlterObjectSchemaStmt *move);

#endif
