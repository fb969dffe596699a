/*
 * ON CONFLICT of INSERT: which keys the clause means, and the rows that DO NOTHING leaves. (DO
 * UPDATE is one of the changes of bind_change.c.)
 *
 * The statement runs under the table's lock, so that a join of its rows with the table's finds all
 * that they can meet. Of rows of the statement with the same key the first is inserted: rows are
 * numbered as they come, and numbered again within each key.
 */
#include "engine/sql/bind_internal.h"

/* --- which keys --- */

static int column_of(const Relation *relation, int32_t number)
{
    for (uint32_t i = 0; i < relation->column_count; i++)
        if (relation->columns[i].number == number)
            return (int)i;
    return -1;
}

static bool is_key(const TableConstraint *constraint)
{
    return constraint->kind != 'c';
}

static bool find_named(Binder *binder, const PgQuery__InferClause *infer, const Relation *relation,
                       ConflictKeys *keys)
{
    const Table *table = relation->table;
    for (uint32_t i = 0; i < table->parsed.constraint_count; i++) {
        const TableConstraint *constraint = &table->parsed.constraints[i];
        if (constraint->is_index || !text_equal_string(constraint->name, name_plain(infer->conname)))
            continue;
        if (!is_key(constraint))
            return bind_fault(binder, -1, FAULT_WRONG_OBJECT_TYPE,
                              "constraint in ON CONFLICT clause has no associated index");
        keys->keys[keys->count++] = constraint;
        return true;
    }
    return bind_fault(binder, -1, FAULT_UNDEFINED_OBJECT,
                      "constraint \"%s\" for table \"%.*s\" does not exist",
                      name_plain(infer->conname), TEXT_ARGS(relation->name));
}

/* Whether the key's columns are those of the list, in whatever order. */
static bool has_columns(const Relation *relation, const TableConstraint *key, const bool *is_listed)
{
    uint32_t listed = 0, matched = 0;
    for (uint32_t i = 0; i < relation->column_count; i++)
        listed += is_listed[i];
    for (uint32_t i = 0; i < key->column_count; i++) {
        int at = column_of(relation, key->columns[i]);
        matched += at >= 0 && is_listed[at];
    }
    return matched == key->column_count && matched == listed;
}

static bool find_inferred(Binder *binder, const PgQuery__InferClause *infer,
                          const Relation *relation, ConflictKeys *keys)
{
    const Table *table = relation->table;
    bool *is_listed = arena_zalloc(binder->arena, relation->column_count + 1);
    bool is_plain = true;
    if (infer->where_clause != NULL)
        return bind_fault(binder, -1, FAULT_FEATURE_NOT_SUPPORTED,
                          "WHERE in the target of ON CONFLICT is not supported");
    for (size_t i = 0; i < infer->n_index_elems; i++) {
        const PgQuery__IndexElem *element = infer->index_elems[i]->index_elem;
        if (element->expr != NULL || element->n_collation > 0 || element->n_opclass > 0) {
            is_plain = false;
            continue;
        }
        int at = schema_match_column(relation, name_read(element->name));
        if (at < 0)
            return bind_fault(binder, bind_location(binder, infer->location),
                              FAULT_UNDEFINED_COLUMN, "column \"%s\" does not exist",
                              name_plain(element->name));
        is_listed[at] = true;
    }
    for (uint32_t i = 0; is_plain && i < table->parsed.constraint_count; i++)
        if (is_key(&table->parsed.constraints[i]) &&
            has_columns(relation, &table->parsed.constraints[i], is_listed))
            keys->keys[keys->count++] = &table->parsed.constraints[i];
    return keys->count > 0 ||
           bind_fault(binder, -1, FAULT_INVALID_COLUMN_REFERENCE,
                      "there is no unique or exclusion constraint matching the ON CONFLICT "
                      "specification");
}

bool conflict_find_keys(Binder *binder, const PgQuery__OnConflictClause *clause,
                        const Relation *relation, ConflictKeys *keys)
{
    const Table *table = relation->table;
    const PgQuery__InferClause *infer = clause->infer;
    *keys = (ConflictKeys){.keys = ARENA_ARRAY(binder->arena, const TableConstraint *,
                                               table->parsed.constraint_count + 1)};
    if (infer != NULL && !bind_check_relation(binder, relation, ACCESS_SELECT))
        return false;
    if (infer != NULL)
        return infer->conname != NULL && infer->conname[0] != '\0'
                   ? find_named(binder, infer, relation, keys)
                   : find_inferred(binder, infer, relation, keys);
    for (uint32_t i = 0; i < table->parsed.constraint_count; i++)
        if (is_key(&table->parsed.constraints[i]))
            keys->keys[keys->count++] = &table->parsed.constraints[i];
    return true;
}

const Expr *conflict_meets(Binder *binder, const Relation *relation, const TableConstraint *key,
                           const Expr *const *given, const ScopeColumn *there)
{
    Arena *arena = binder->arena;
    const Expr **parts = ARENA_ARRAY(arena, const Expr *, key->column_count + 1);
    for (uint32_t i = 0; i < key->column_count; i++) {
        int at = column_of(relation, key->columns[i]);
        if (at < 0)
            return bind_fault(binder, -1, FAULT_INTERNAL_ERROR, "a key's column is missing"), NULL;
        parts[i] = bind_operator(binder, "=", given[at],
                                 expr_column(arena, there[at].type, there[at].id, -1), -1);
        if (parts[i] == NULL)
            return NULL;
    }
    return expr_nary(arena, EXPR_AND, SQL_TYPE(T_BOOL), parts, key->column_count, -1);
}

/* --- the rows that are given --- */

const Plan *conflict_given(Binder *binder, const Relation *relation, const QueryResult *query,
                           ScopeColumn *columns)
{
    Arena *arena = binder->arena;
    uint32_t width = relation->column_count;
    PlanProjection *items = ARENA_ARRAY(arena, PlanProjection, width + 1);
    for (uint32_t i = 0; i < width; i++) {
        const RelationColumn *column = &relation->columns[i];
        const char *name = arena_strndup(arena, column->name.data, column->name.length);
        const Expr *value = expr_null(arena, column->type, -1);
        for (uint32_t k = 0; k < query->count; k++) {
            const PlanColumn *output = &query->columns[k].column;
            if (strcmp(output->name, name) == 0)
                value = expr_column(arena, output->type, output->id, -1);
        }
        items[i] = (PlanProjection){bind_new_column(binder, value->type, name), value};
        columns[i] =
            (ScopeColumn){.id = items[i].column.id, .type = value->type, .name = name};
    }
    return plan_project(arena, query->plan, items, width);
}

/* --- DO NOTHING --- */

static bool number_rows(Binder *binder, const Plan **plan, const Plan *window, PlanColumn *number)
{
    PlanWindowFunction function;
    Plan numbered = *window;
    if (!bind_ranking(binder, "row_number", &function))
        return false;
    numbered.window.function_count = 1;
    numbered.window.functions = &function;
    *plan = plan_window(binder->arena, *plan, &numbered);
    *number = function.column;
    return true;
}

/* Of each key the first row; rows that have no whole key meet nothing. */
static bool keep_first(Binder *binder, const Relation *relation, const TableConstraint *key,
                       const Expr *const *given, const PlanColumn *place, const Plan **plan)
{
    Arena *arena = binder->arena;
    uint32_t count = key->column_count;
    const Expr **values = ARENA_ARRAY(arena, const Expr *, count + 1);
    const Expr **tests = ARENA_ARRAY(arena, const Expr *, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        values[i] = given[column_of(relation, key->columns[i])];
        tests[i] = expr_nary(arena, EXPR_IS_NULL, SQL_TYPE(T_BOOL), &values[i], 1, -1);
    }
    PlanColumn rank;
    PlanSortKey order = {.expr = expr_column(arena, place->type, place->id, -1)};
    Plan window = {.window = {.partition_count = count,
                              .partition = values,
                              .order_count = 1,
                              .order = &order}};
    if (!number_rows(binder, plan, &window, &rank))
        return false;
    tests[count] = bind_operator(binder, "=", expr_column(arena, rank.type, rank.id, -1),
                                 expr_int64(arena, SQL_TYPE(T_INT8), 1, -1), -1);
    if (tests[count] == NULL)
        return false;
    *plan = plan_filter(arena, *plan,
                        expr_nary(arena, EXPR_OR, SQL_TYPE(T_BOOL), tests, count + 1, -1));
    return true;
}

/*
 * Among several keys only the first is looked at within the statement. What the others find there
 * is left to the check before the publish, which says so (23505): whether a row is inserted depends
 * there on whether another one was, row by row.
 */
bool bind_do_nothing(Binder *binder, const PgQuery__OnConflictClause *clause,
                     const Relation *relation, QueryResult *query)
{
    Arena *arena = binder->arena;
    uint32_t width = relation->column_count;
    ConflictKeys keys;
    PlanColumn none = {0}, place;
    if (!conflict_find_keys(binder, clause, relation, &keys))
        return false;
    if (keys.count == 0)
        return true;
    ScopeColumn *columns = ARENA_ARRAY(arena, ScopeColumn, width + 1);
    const Plan *plan = conflict_given(binder, relation, query, columns);
    const Expr **given = ARENA_ARRAY(arena, const Expr *, width + 1);
    for (uint32_t i = 0; i < width; i++)
        given[i] = expr_column(arena, columns[i].type, columns[i].id, -1);
    if (!number_rows(binder, &plan, &(Plan){.kind = PLAN_WINDOW}, &place)) /* a join may mix them */
        return false;
    for (uint32_t k = 0; k < keys.count; k++) {
        ScopeColumn *there = ARENA_ARRAY(arena, ScopeColumn, width + 1);
        const Plan *scan = bind_scan(binder, relation, there);
        const Expr *meets = conflict_meets(binder, relation, keys.keys[k], given, there);
        if (meets == NULL)
            return false;
        plan = plan_join(arena, JOIN_ANTI, plan, scan, meets, none);
    }
    if (!keep_first(binder, relation, keys.keys[0], given, &place, &plan))
        return false;
    PlanProjection *items = ARENA_ARRAY(arena, PlanProjection, query->count + 1);
    for (uint32_t i = 0; i < query->count; i++) {
        PlanColumn *output = &query->columns[i].column;
        SchemaName name = {text_of(output->name), true};
        int at = schema_match_column(relation, name);
        if (at < 0)
            return bind_fault(binder, -1, FAULT_INTERNAL_ERROR, "a column that is given is missing");
        *output = bind_new_column(binder, output->type, output->name);
        items[i] = (PlanProjection){*output, given[at]};
    }
    query->plan = plan_project(arena, plan, items, query->count);
    return true;
}
