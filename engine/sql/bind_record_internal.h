/*
 * Rows as values: t, ROW(a, b), (t).a, (r).*, '(1,x)'::t.
 *
 * What fields a record has is known where it is bound: each row type that a statement meets has a
 * number, which is the modifier of its SqlType. -1: a record of which nothing is known.
 */
#ifndef TALARIA_ENGINE_SQL_BIND_RECORD_INTERNAL_H
#define TALARIA_ENGINE_SQL_BIND_RECORD_INTERNAL_H

#include "engine/sql/bind_internal.h"

typedef struct RowField {
    const char *name;
    SqlType type;
} RowField;

typedef struct RowType {
    uint32_t count;
    const RowField *fields;
} RowType;

/* Those of one statement. */
typedef struct RowTypes {
    uint32_t count, capacity;
    RowType *items;
} RowTypes;

/* The type of such rows; the same for the same fields. */
SqlType row_type_of(Binder *binder, const RowField *fields, uint32_t count);
/* The fields of a type record, or of the elements of record[]; NULL: not known, or no record. */
const RowType *row_type_find(const Binder *binder, SqlType type);
/* The row type of a relation by its name; *is_found false: there is none. */
bool row_type_named(Binder *binder, const PgQuery__TypeName *name, SqlType *type, bool *is_found);
/* As function_common_type, for records too: their fields' common types under the first's names. */
bool row_common_type(Binder *binder, const SqlType *types, uint32_t count, const char *what,
                     SqlType *common);

/* A record of values. `names` NULL: f1, f2, .. */
const Expr *bind_record(Binder *binder, const Expr *const *values, const char *const *names,
                        uint32_t count, int32_t location);
const Expr *bind_record_of_row(Binder *binder, ExprContext *context,
                               const PgQuery__RowExpr *row);
/* A relation's row; NULL where an outer join has none (all of its columns are NULL). */
const Expr *bind_record_of_table(Binder *binder, ExprContext *context, const ScopeTable *table,
                                 int32_t location);
const Expr *bind_record_field(Binder *binder, const Expr *record, uint32_t field,
                              int32_t location);
const Expr *bind_record_field_named(Binder *binder, const Expr *record, const char *marked,
                                    int32_t location);
/* To a record whose fields are known: of another record, or of an untyped literal. */
const Expr *bind_record_cast(Binder *binder, const Expr *expr, SqlType type, CastRule rule,
                             int32_t location);
/* Makes both sides of a comparison records of the same types; 42804 where they are not. */
bool bind_record_operands(Binder *binder, const Expr **left, const Expr **right,
                          int32_t location);
/* (r).*: the record; NULL without a fault when the node is something else. */
bool bind_record_star(Binder *binder, ExprContext *context, const PgQuery__Node *node,
                      const Expr **record);
/* IS NULL, IS NOT NULL of a record. */
const Expr *bind_record_null_test(Binder *binder, const Expr *record, bool wants_null,
                                  int32_t location);
/* The one record column of a function in FROM as its fields; other plans as they are. */
const Plan *bind_record_columns(Binder *binder, const Plan *plan);

/* A member of a document as a value of a type; NULL with a fault. */
const Expr *bind_json_member(Binder *binder, const Expr *document, const char *name, SqlType type,
                             int32_t location);
/* json_populate_record(base, document). */
const Expr *bind_json_record(Binder *binder, const Expr *base, const Expr *document,
                             int32_t location);

#endif
