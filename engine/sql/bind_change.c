/*
 * UPDATE, DELETE, and what RETURNING gives back. A statement that changes rows runs in steps (see
 * RowChange in engine/plan/plan.h):
 *
 *   1  the rows that it finds, each once, with their ids and what becomes of them, are written to
 *      files, the work table: everything is evaluated once, whatever it is
 *   2  rewrite: the rows of the segments in question whose ids the work table lacks, and the
 *      changed ones of the work table, become new segments
 *   3  returning: a query of the work table
 *
 * The work table of INSERT ... RETURNING is what was inserted. INSERT ... ON CONFLICT DO UPDATE is an
 * UPDATE whose first step is a left join: rows that meet none have no id, and are new.
 */
#include "engine/sql/bind_internal.h"

#include "base/memory/buffer.h"

typedef struct Change {
    Binder *binder;
    bool is_update;
    const PgQuery__RangeVar *target;
    PgQuery__Node *const *from;       /* FROM of UPDATE, USING of DELETE */
    size_t from_count;
    const PgQuery__Node *where;
    PgQuery__Node *const *returning;
    size_t returning_count;
    const Relation *relation;         /* as it is */
    Scope *scope;                     /* the target's columns, then the others' */
    const ScopeColumn *columns;       /* of the target, in its order; then the row's id */
    const Plan *plan;                 /* so far */
    const Expr **values;              /* of UPDATE: what becomes of the target's columns */
    const ScopeColumn *given;         /* ON CONFLICT: the row to be inserted; else NULL */
    RowChange *change;
    PlanColumn *work;                 /* what returning and rewrite call the work table's columns */
} Change;

/* --- the target --- */

static bool find_target(Change *change)
{
    Binder *binder = change->binder;
    const PgQuery__RangeVar *range = change->target;
    int32_t location = bind_location(binder, range->location);
    SchemaName schema = name_read(range->schemaname);
    const Relation *relation =
        schema_resolve(binder->arena, binder->context->tables,
                       range->schemaname[0] != '\0' ? &schema : NULL, name_read(range->relname),
                       bind_search_path(binder), location, binder->fault);
    if (relation == NULL)
        return false;
    const char *verb = change->is_update ? "update" : "delete from";
    if (relation->kind != RELATION_TABLE)
        return bind_fault(binder, -1, FAULT_INSUFFICIENT_PRIVILEGE, "permission denied for table %.*s",
                          TEXT_ARGS(relation->name));
    if (schema_is_sequence(relation))
        return bind_fault(binder, location, FAULT_WRONG_OBJECT_TYPE, "cannot change sequence \"%.*s\"",
                          TEXT_ARGS(relation->name));
    if (schema_is_view(relation)) {
        bind_fault(binder, -1, FAULT_OBJECT_NOT_IN_PREREQUISITE_STATE, "cannot %s view \"%.*s\"",
                   verb, TEXT_ARGS(relation->name));
        return fault_hint(binder->fault, "Change the rows of the tables that the view reads.");
    }
    if (schema_is_materialized(relation))
        return bind_fault(binder, -1, FAULT_WRONG_OBJECT_TYPE,
                          "cannot change materialized view \"%.*s\"", TEXT_ARGS(relation->name));
    change->relation = relation;
    uint32_t wanted = change->is_update ? ACCESS_UPDATE : ACCESS_DELETE;
    if (change->where != NULL || change->returning_count > 0)
        wanted |= ACCESS_SELECT;
    return bind_check_relation(binder, relation, wanted);
}

/* A relation like the target with a column for the rows' ids, over `table`. */
static Relation *with_row_ids(Binder *binder, const Relation *relation, const Table *table)
{
    Relation *copy = ARENA_NEW(binder->arena, Relation);
    uint32_t count = relation->column_count;
    RelationColumn *columns = ARENA_ARRAY(binder->arena, RelationColumn, count + 1);
    for (uint32_t i = 0; i < count; i++)
        columns[i] = relation->columns[i];
    columns[count] = (RelationColumn){.name = text_of(SEGMENT_ROW_ID), .type = SQL_TYPE(T_INT8)};
    *copy = *relation;
    copy->columns = columns;
    copy->column_count = count + 1;
    copy->table = table;
    return copy;
}

/* The target comes first in FROM; nobody sees the column of ids. */
static bool bind_sources(Change *change)
{
    Binder *binder = change->binder;
    const Table *table = change->relation->table;
    const Relation *relation = with_row_ids(binder, change->relation,
                                            table_with_row_ids(table, NULL, 0, binder->arena));
    uint32_t count = change->relation->column_count;
    ScopeColumn *columns = ARENA_ARRAY(binder->arena, ScopeColumn, count + 2);
    const Plan *plan = bind_scan(binder, relation, columns);
    const char *name = arena_strndup(binder->arena, relation->name.data, relation->name.length);
    change->columns = columns;
    return from_make(binder, plan, name, change->target->alias, change->relation, columns, count,
                     &change->scope->from) &&
           bind_from_more(binder, change->scope, change->from, change->from_count);
}

static bool bind_where(Change *change)
{
    Binder *binder = change->binder;
    ApplyList applies = {0};
    ExprContext context = {.scope = change->scope, .clause = CLAUSE_WHERE, .applies = &applies};
    change->plan = change->scope->from.plan;
    if (change->where == NULL)
        return true;
    if (change->where->node_case == PG_QUERY__NODE__NODE_CURRENT_OF_EXPR)
        return bind_fault(binder, -1, FAULT_FEATURE_NOT_SUPPORTED,
                          "WHERE CURRENT OF is not supported");
    const Expr *condition = bind_condition(binder, &context, change->where, "WHERE");
    if (condition == NULL)
        return false;
    change->plan = apply_list_attach(binder, &applies, change->plan);
    change->plan = plan_filter(binder->arena, change->plan, condition);
    return true;
}

/* A row that several rows of FROM match is changed by one of them. */
static void make_distinct(Change *change)
{
    Arena *arena = change->binder->arena;
    const ScopeColumn *id = &change->columns[change->relation->column_count];
    PlanSortKey key = {.expr = expr_column(arena, id->type, id->id, -1)};
    if (change->from_count == 0)
        return;
    change->plan = plan_sort(arena, change->plan, &key, 1);
    change->plan = plan_limit_by(arena, change->plan, 1, 0, &id->id, 1, 1, false);
}

/* --- SET --- */

typedef struct SetClause {
    Change *change;
    ExprContext context;
    bool *is_set;
    /* (a, b) = (SELECT ..): bound once for all of its columns, which follow each other */
    const Expr **fields;
} SetClause;

/* The value of one of several columns that are set together. */
static const Expr *bind_field(SetClause *set, const PgQuery__MultiAssignRef *reference, uint32_t at,
                              int32_t location)
{
    Binder *binder = set->change->binder;
    const PgQuery__Node *source = reference->source;
    uint32_t count = (uint32_t)reference->ncolumns, number = (uint32_t)reference->colno;
    const RelationColumn *column = &set->change->relation->columns[at];
    const PgQuery__RowExpr *row = bind_row(source);
    if (row != NULL) {
        if (row->n_args != count)
            return bind_fault(binder, location, FAULT_SYNTAX_ERROR,
                              "number of columns does not match number of values"),
                   NULL;
        const PgQuery__Node *item = row->args[number - 1];
        if (item->node_case == PG_QUERY__NODE__NODE_SET_TO_DEFAULT)
            return bind_default(binder, set->change->relation, at, location);
        const Expr *expr = bind_expr(binder, &set->context, item);
        return expr == NULL ? NULL : bind_assigned(binder, expr, column, location);
    }
    if (source->node_case != PG_QUERY__NODE__NODE_SUB_LINK)
        return bind_fault(binder, location, FAULT_FEATURE_NOT_SUPPORTED,
                          "source for a multiple-column UPDATE item must be a sub-SELECT or ROW() "
                          "expression"),
               NULL;
    if (number == 1)
        set->fields = bind_row_sub_link(binder, &set->context, source->sub_link, count, location);
    if (set->fields == NULL)
        return NULL;
    return bind_assigned(binder, set->fields[number - 1], column, location);
}

static const Expr *bind_set_value(SetClause *set, const PgQuery__Node *node, uint32_t at)
{
    Binder *binder = set->change->binder;
    int32_t location = bind_node_location(binder, node);
    if (node->node_case == PG_QUERY__NODE__NODE_SET_TO_DEFAULT)
        return bind_default(binder, set->change->relation, at, location);
    if (node->node_case == PG_QUERY__NODE__NODE_MULTI_ASSIGN_REF)
        return bind_field(set, node->multi_assign_ref, at,
                          bind_node_location(binder, node->multi_assign_ref->source));
    const Expr *expr = bind_expr(binder, &set->context, node);
    if (expr == NULL)
        return NULL;
    return bind_assigned(binder, expr, &set->change->relation->columns[at], location);
}

static bool bind_set_item(SetClause *set, const PgQuery__ResTarget *item)
{
    Change *change = set->change;
    Binder *binder = change->binder;
    int32_t location = bind_location(binder, item->location);
    int at = schema_match_column(change->relation, name_read(item->name));
    if (at < 0)
        return bind_fault(binder, location, FAULT_UNDEFINED_COLUMN,
                          "column \"%s\" of relation \"%.*s\" does not exist",
                          name_plain(item->name), TEXT_ARGS(change->relation->name));
    if (item->n_indirection > 0)
        return bind_fault(binder, location, FAULT_FEATURE_NOT_SUPPORTED,
                          "assigning to a part of a column is not supported");
    if (set->is_set[at])
        return bind_fault(binder, -1, FAULT_SYNTAX_ERROR, "multiple assignments to same column \"%s\"",
                          name_plain(item->name));
    set->is_set[at] = true;
    if (item->val->node_case != PG_QUERY__NODE__NODE_SET_TO_DEFAULT &&
        !bind_check_update(binder, &change->relation->table->columns[at]))
        return false;
    change->values[at] = bind_set_value(set, item->val, (uint32_t)at);
    return change->values[at] != NULL;
}

static bool has_generated(const Relation *relation)
{
    for (uint32_t i = 0; i < relation->column_count; i++)
        if (relation->table->columns[i].is_generated)
            return true;
    return false;
}

/* ON CONFLICT: of a row that has met none, whose id is missing, what was given for it. */
static const Expr *unless_new(const Change *change, const Expr *when_new, const Expr *otherwise)
{
    Arena *arena = change->binder->arena;
    const ScopeColumn *id = &change->columns[change->relation->column_count];
    const Expr *column = expr_column(arena, id->type, id->id, -1);
    const Expr *branches[] = {
        expr_nary(arena, EXPR_IS_NULL, SQL_TYPE(T_BOOL), &column, 1, -1), when_new, otherwise};
    return expr_nary(arena, EXPR_CASE, otherwise->type, branches, 3, -1);
}

static void keep_given(Change *change)
{
    for (uint32_t i = 0; i < change->relation->column_count; i++) {
        const ScopeColumn *given = &change->given[i];
        change->values[i] = unless_new(
            change, expr_column(change->binder->arena, given->type, given->id, -1),
            change->values[i]);
    }
}

static bool bind_set_list(Change *change, PgQuery__Node *const *items, size_t count)
{
    Binder *binder = change->binder;
    ApplyList applies = {0};
    uint32_t width = change->relation->column_count;
    SetClause set = {
        .change = change,
        .context = {.scope = change->scope, .clause = CLAUSE_UPDATE, .applies = &applies},
        .is_set = arena_zalloc(binder->arena, width + 1)};
    change->values = ARENA_ARRAY(binder->arena, const Expr *, width + 1);
    for (uint32_t i = 0; i < width; i++)
        change->values[i] =
            expr_column(binder->arena, change->columns[i].type, change->columns[i].id, -1);
    for (size_t i = 0; i < count; i++)
        if (!bind_set_item(&set, items[i]->res_target))
            return false;
    change->plan = apply_list_attach(binder, &applies, change->plan);
    if (change->given != NULL)
        keep_given(change);
    return !has_generated(change->relation) ||
           bind_generated(binder, change->relation, &change->plan, change->values);
}

/* --- the work table --- */

/* A table of these columns without files. */
static Relation *make_table(Binder *binder, const Relation *like, const PlanColumn *columns,
                            uint32_t count)
{
    Arena *arena = binder->arena;
    Relation *relation = ARENA_NEW(arena, Relation);
    Table *table = ARENA_NEW(arena, Table);
    RelationColumn *outer = ARENA_ARRAY(arena, RelationColumn, count + 1);
    TableColumn *inner = arena_zalloc(arena, (count + 1) * sizeof *inner);
    for (uint32_t i = 0; i < count; i++) {
        Text name = text_of(columns[i].name);
        outer[i] = (RelationColumn){.name = name, .type = columns[i].type, .number = (int)i + 1};
        inner[i] = (TableColumn){.name = name,
                                 .type_oid = columns[i].type.oid,
                                 .type_modifier = columns[i].type.modifier,
                                 .number = (int)i + 1};
    }
    *table = *like->table;
    table->columns = inner;
    table->column_count = count;
    table->segments = table->hidden = NULL;
    table->segment_count = table->hidden_count = 0;
    table->rows = table->bytes = 0;
    table->statistics = arena_zalloc(arena, (count + 1) * sizeof *table->statistics);
    *relation = *like;
    relation->columns = outer;
    relation->column_count = count;
    relation->table = table;
    return relation;
}

static const Plan *scan_work(Binder *binder, const Relation *work, PlanColumn *columns)
{
    uint32_t *attributes = ARENA_ARRAY(binder->arena, uint32_t, work->column_count + 1);
    for (uint32_t i = 0; i < work->column_count; i++) {
        const char *name = arena_strndup(binder->arena, work->columns[i].name.data,
                                         work->columns[i].name.length);
        columns[i] = bind_new_column(binder, work->columns[i].type, name);
        attributes[i] = i;
    }
    return plan_table(binder->arena, work, columns, attributes, work->column_count);
}

/* --- RETURNING --- */

/* Which of the work table's columns the scope's column `id` is; -1: none. */
static int work_column(const ColumnId *ids, uint32_t count, ColumnId id)
{
    for (uint32_t i = 0; i < count; i++)
        if (ids[i] == id)
            return (int)i;
    return -1;
}

static const ScopeColumn *move_columns(Binder *binder, const ScopeColumn *columns, uint32_t count,
                                       const ColumnId *ids, const PlanColumn *work,
                                       uint32_t work_count)
{
    ScopeColumn *moved = ARENA_ARRAY(binder->arena, ScopeColumn, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        moved[i] = columns[i];
        int at = work_column(ids, work_count, columns[i].id);
        if (at >= 0)
            moved[i].id = work[at].id;
    }
    return moved;
}

/* The scope's names, over the work table. */
static FromItem move_scope(Binder *binder, const FromItem *from, const Plan *plan,
                           const ColumnId *ids, const PlanColumn *work, uint32_t work_count)
{
    FromItem moved = *from;
    ScopeTable *tables = ARENA_ARRAY(binder->arena, ScopeTable, from->table_count + 1);
    moved.plan = plan;
    moved.columns = move_columns(binder, from->columns, from->column_count, ids, work, work_count);
    for (uint32_t i = 0; i < from->table_count; i++) {
        tables[i] = from->tables[i];
        tables[i].columns = move_columns(binder, tables[i].columns, tables[i].column_count, ids, work,
                                         work_count);
    }
    moved.tables = tables;
    return moved;
}

static BoundQuery *query_of(Binder *binder, const QueryResult *result)
{
    uint32_t count = result->count;
    BoundQuery *query = ARENA_NEW(binder->arena, BoundQuery);
    PlanColumn *outputs = ARENA_ARRAY(binder->arena, PlanColumn, count + 1);
    Oid *oids = ARENA_ARRAY(binder->arena, Oid, count + 1);
    int16_t *attnums = ARENA_ARRAY(binder->arena, int16_t, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        outputs[i] = result->columns[i].column;
        oids[i] = result->columns[i].table_oid;
        attnums[i] = result->columns[i].attnum;
    }
    *query = (BoundQuery){.plan = result->plan,
                          .output_count = count,
                          .outputs = outputs,
                          .output_table_oids = oids,
                          .output_attnums = attnums};
    return query;
}

/* The list as the select list of a query that reads `from`. */
static BoundQuery *bind_returning(Binder *binder, Scope *scope, PgQuery__Node *const *list,
                                  size_t count, const FromItem *from)
{
    PgQuery__SelectStmt *select = ARENA_NEW(binder->arena, PgQuery__SelectStmt);
    QueryResult result;
    pg_query__select_stmt__init(select);
    select->target_list = (PgQuery__Node **)list;
    select->n_target_list = count;
    select->limit_option = PG_QUERY__LIMIT_OPTION__LIMIT_OPTION_DEFAULT;
    select->op = PG_QUERY__SET_OPERATION__SETOP_NONE;
    binder->given_to = select;
    binder->given_from = from;
    bool ok = bind_select(binder, select, scope, false, &result);
    binder->given_to = NULL;
    return ok ? query_of(binder, &result) : NULL;
}

bool bind_insert_returning(Binder *binder, const PgQuery__InsertStmt *statement, BoundQuery *query)
{
    const Relation *relation = query->ingest->relation;
    uint32_t count = relation->column_count;
    RowChange *change = ARENA_NEW(binder->arena, RowChange);
    PlanColumn *columns = ARENA_ARRAY(binder->arena, PlanColumn, count + 1);
    ScopeColumn *known = ARENA_ARRAY(binder->arena, ScopeColumn, count + 1);
    for (uint32_t i = 0; i < count; i++)
        columns[i] = (PlanColumn){.type = relation->columns[i].type,
                                  .name = arena_strndup(binder->arena, relation->columns[i].name.data,
                                                        relation->columns[i].name.length)};
    *change = (RowChange){.kind = CHANGE_INSERT, .relation = relation};
    change->work = make_table(binder, relation, columns, count);
    for (uint32_t i = 0; i < count; i++) /* RowDescription tells the numbers */
        ((RelationColumn *)change->work->columns)[i].number = relation->columns[i].number;
    FromItem from;
    Scope scope = {0};
    const char *name = arena_strndup(binder->arena, relation->name.data, relation->name.length);
    const Plan *plan = bind_scan(binder, change->work, known);
    if (!bind_check_relation(binder, relation, ACCESS_SELECT) ||
        !from_make(binder, plan, name, statement->relation->alias, relation, known, count, &from))
        return false;
    change->returning = bind_returning(binder, &scope, statement->returning_list,
                                       statement->n_returning_list, &from);
    query->change = change;
    return change->returning != NULL;
}

/* --- what is written --- */

/* Everything that may be asked of a row that was found: its id, what its columns become, what the
 * other tables have beside it. `ids`: what the scope calls it. */
static uint32_t list_columns(const Change *change, PlanProjection *items, ColumnId *ids)
{
    Binder *binder = change->binder;
    Arena *arena = binder->arena;
    uint32_t width = change->relation->column_count, count = 0;
    const FromItem *from = &change->scope->from;
    for (uint32_t i = 0; i <= width; i++) {
        const ScopeColumn *column = &change->columns[i == 0 ? width : i - 1];
        const Expr *value = expr_column(arena, column->type, column->id, -1);
        if (i > 0 && change->values != NULL)
            value = change->values[i - 1];
        const char *name = arena_printf(arena, "c%u", i);
        ids[count] = column->id;
        items[count++] = (PlanProjection){bind_new_column(binder, column->type, name), value};
    }
    for (uint32_t t = 1; t < from->table_count; t++)
        for (uint32_t i = 0; i < from->tables[t].column_count; i++) {
            const ScopeColumn *column = &from->tables[t].columns[i];
            if (work_column(ids, count, column->id) >= 0)
                continue;
            const char *name = arena_printf(arena, "c%u", count);
            ids[count] = column->id;
            items[count++] = (PlanProjection){bind_new_column(binder, column->type, name),
                                              expr_column(arena, column->type, column->id, -1)};
        }
    return count;
}

static uint32_t most_columns(const Change *change)
{
    uint32_t count = change->relation->column_count + 1;
    const FromItem *from = &change->scope->from;
    for (uint32_t t = 0; t < from->table_count; t++)
        count += from->tables[t].column_count;
    return count;
}

static bool check_storable(Change *change, const PlanColumn *column)
{
    bool is_bad = column->type.oid == T_RECORD || column->type.oid == T_RECORD_ARRAY ||
                  column->type.oid == T_UNKNOWN;
    return !is_bad || bind_fault(change->binder, -1, FAULT_FEATURE_NOT_SUPPORTED,
                                 "RETURNING of a column of type %s of another table is not supported",
                                 type_format_name(change->binder->arena, column->type));
}

/* The first step: the columns of the work table that the later ones need. */
static bool write_work(Change *change, const PlanProjection *items, uint32_t count,
                       BoundQuery *query)
{
    Arena *arena = change->binder->arena;
    uint32_t width = change->relation->column_count;
    PlanProjection *kept = ARENA_ARRAY(arena, PlanProjection, count + 1);
    PlanColumn *outputs = ARENA_ARRAY(arena, PlanColumn, count + 1);
    const BoundQuery *returning = change->change->returning;
    uint32_t kept_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        bool is_wanted = i == 0 || (change->is_update && i <= width);
        is_wanted = is_wanted ||
                    (returning != NULL && plan_names_column(returning->plan, change->work[i].id));
        if (!is_wanted)
            continue;
        if (!check_storable(change, &items[i].column))
            return false;
        outputs[kept_count] = items[i].column;
        kept[kept_count++] = items[i];
    }
    IngestTarget *target = ARENA_NEW(arena, IngestTarget);
    *target = (IngestTarget){.mode = INGEST_INSERT,
                             .table = change->relation->table->key.data,
                             .relation = change->relation,
                             .is_partitioned_by_all = true,
                             .granularity_text = "ALL"};
    *query = (BoundQuery){.plan = plan_project(arena, change->plan, kept, kept_count),
                          .output_count = kept_count,
                          .outputs = outputs,
                          .output_table_oids = arena_zalloc(arena, (count + 1) * sizeof(Oid)),
                          .output_attnums = arena_zalloc(arena, (count + 1) * sizeof(int16_t)),
                          .ingest = target,
                          .change = change->change};
    return true;
}

/* Rows that stay, from the segments that are rewritten. */
static const Plan *plan_kept(Change *change, PlanColumn *columns)
{
    Binder *binder = change->binder;
    Arena *arena = binder->arena;
    uint32_t width = change->relation->column_count;
    PlanColumn *all = ARENA_ARRAY(arena, PlanColumn, width + 1);
    PlanColumn *found = ARENA_ARRAY(arena, PlanColumn, change->change->work->column_count + 1);
    PlanProjection *items = ARENA_ARRAY(arena, PlanProjection, width + 1);
    PlanColumn none = {0};
    const Plan *left = scan_work(binder, change->change->kept, all);
    const Plan *right = scan_work(binder, change->change->work, found);
    const Expr *same = bind_operator(binder, "=", expr_column(arena, all[width].type, all[width].id, -1),
                                     expr_column(arena, found[0].type, found[0].id, -1), -1);
    if (same == NULL)
        return NULL;
    const Plan *plan = plan_join(arena, JOIN_ANTI, left, right, same, none);
    for (uint32_t i = 0; i < width; i++) {
        columns[i] = all[i];
        items[i] = (PlanProjection){all[i], expr_column(arena, all[i].type, all[i].id, -1)};
    }
    return plan_project(arena, plan, items, width);
}

static const Plan *plan_changed(Change *change)
{
    Binder *binder = change->binder;
    Arena *arena = binder->arena;
    uint32_t width = change->relation->column_count;
    PlanColumn *all = ARENA_ARRAY(arena, PlanColumn, change->change->work->column_count + 1);
    PlanProjection *items = ARENA_ARRAY(arena, PlanProjection, width + 1);
    const Plan *plan = scan_work(binder, change->change->work, all);
    for (uint32_t i = 0; i < width; i++)
        items[i] = (PlanProjection){all[i + 1], expr_column(arena, all[i + 1].type, all[i + 1].id, -1)};
    return plan_project(arena, plan, items, width);
}

/* The second step, into the target as a plain INSERT would. */
static bool write_rewrite(Change *change)
{
    Binder *binder = change->binder;
    Arena *arena = binder->arena;
    uint32_t width = change->relation->column_count;
    PlanColumn *columns = ARENA_ARRAY(arena, PlanColumn, width + 1);
    PlanColumn *outputs = ARENA_ARRAY(arena, PlanColumn, width + 1);
    change->change->kept = with_row_ids(
        binder, change->relation,
        table_with_row_ids(change->relation->table, (const int64_t[]){-1}, 1, arena));
    const Plan *plan = plan_kept(change, columns);
    if (plan == NULL)
        return false;
    for (uint32_t i = 0; i < width; i++)
        outputs[i] = columns[i];
    if (change->is_update) {
        const Plan *both[] = {plan, plan_changed(change)};
        for (uint32_t i = 0; i < width; i++)
            outputs[i] = bind_new_column(binder, columns[i].type, columns[i].name);
        plan = plan_union_all(arena, both, 2, outputs);
    }
    IngestTarget *target = ARENA_NEW(arena, IngestTarget);
    *target = (IngestTarget){.mode = INGEST_INSERT,
                             .table = change->relation->table->key.data,
                             .relation = change->relation};
    if (!bind_usual_granularity(binder, target))
        return false;
    BoundQuery *query = ARENA_NEW(arena, BoundQuery);
    *query = (BoundQuery){.plan = plan,
                          .output_count = width,
                          .outputs = outputs,
                          .output_table_oids = arena_zalloc(arena, (width + 1) * sizeof(Oid)),
                          .output_attnums = arena_zalloc(arena, (width + 1) * sizeof(int16_t)),
                          .ingest = target};
    change->change->rewrite = query;
    return true;
}

static bool write_steps(Change *change, BoundQuery *query)
{
    Binder *binder = change->binder;
    Arena *arena = binder->arena;
    uint32_t most = most_columns(change);
    PlanProjection *items = ARENA_ARRAY(arena, PlanProjection, most + 1);
    PlanColumn *columns = ARENA_ARRAY(arena, PlanColumn, most + 1);
    ColumnId *ids = ARENA_ARRAY(arena, ColumnId, most + 1);
    uint32_t count = list_columns(change, items, ids);
    for (uint32_t i = 0; i < count; i++)
        columns[i] = items[i].column;
    change->change = ARENA_NEW(arena, RowChange);
    *change->change = (RowChange){.kind = change->is_update ? CHANGE_UPDATE : CHANGE_DELETE,
                                  .relation = change->relation,
                                  .work = make_table(binder, change->relation, columns, count)};
    change->work = ARENA_ARRAY(arena, PlanColumn, count + 1);
    if (change->returning_count > 0) {
        const Plan *scan = scan_work(binder, change->change->work, change->work);
        FromItem from =
            move_scope(binder, &change->scope->from, scan, ids, change->work, count);
        Scope outer = *change->scope; /* its CTEs */
        change->change->returning =
            bind_returning(binder, &outer, change->returning, change->returning_count, &from);
        if (change->change->returning == NULL)
            return false;
    }
    return write_work(change, items, count, query) && write_rewrite(change);
}

/* --- the statements --- */

static bool bind_with_clause(Change *change, const PgQuery__WithClause *with)
{
    change->scope = ARENA_NEW(change->binder->arena, Scope);
    return with == NULL || bind_with(change->binder, change->scope, with);
}

bool bind_update(Binder *binder, const PgQuery__UpdateStmt *statement, BoundQuery *query)
{
    Change change = {.binder = binder,
                     .is_update = true,
                     .target = statement->relation,
                     .from = statement->from_clause,
                     .from_count = statement->n_from_clause,
                     .where = statement->where_clause,
                     .returning = statement->returning_list,
                     .returning_count = statement->n_returning_list};
    if (!bind_with_clause(&change, statement->with_clause) || !find_target(&change) ||
        !bind_sources(&change) || !bind_where(&change))
        return false;
    make_distinct(&change);
    return bind_set_list(&change, statement->target_list, statement->n_target_list) &&
           write_steps(&change, query) && bind_unused_ctes(binder, change.scope);
}

bool bind_delete(Binder *binder, const PgQuery__DeleteStmt *statement, BoundQuery *query)
{
    Change change = {.binder = binder,
                     .target = statement->relation,
                     .from = statement->using_clause,
                     .from_count = statement->n_using_clause,
                     .where = statement->where_clause,
                     .returning = statement->returning_list,
                     .returning_count = statement->n_returning_list};
    if (!bind_with_clause(&change, statement->with_clause) || !find_target(&change) ||
        !bind_sources(&change) || !bind_where(&change))
        return false;
    make_distinct(&change);
    return write_steps(&change, query) && bind_unused_ctes(binder, change.scope);
}

/* --- INSERT ... ON CONFLICT DO UPDATE --- */

/* The rows that are given, beside each the row of the target that it meets; the target is named
 * first, then `excluded`, the rows that are given. */
static bool meet(Change *change, const PgQuery__OnConflictClause *clause, const QueryResult *given,
                 const TableConstraint **key)
{
    Binder *binder = change->binder;
    Arena *arena = binder->arena;
    uint32_t width = change->relation->column_count;
    ConflictKeys keys;
    if (!conflict_find_keys(binder, clause, change->relation, &keys) || !bind_sources(change))
        return false;
    ScopeColumn *columns = ARENA_ARRAY(arena, ScopeColumn, width + 1);
    const Expr **values = ARENA_ARRAY(arena, const Expr *, width + 1);
    const Plan *rows = conflict_given(binder, change->relation, given, columns);
    for (uint32_t i = 0; i < width; i++)
        values[i] = expr_column(arena, columns[i].type, columns[i].id, -1);
    const Expr *meets =
        conflict_meets(binder, change->relation, keys.keys[0], values, change->columns);
    FromItem item, both;
    PlanColumn none = {0};
    if (meets == NULL ||
        !from_make(binder, rows, "excluded", NULL, change->relation, columns, width, &item) ||
        !from_combine(binder, &change->scope->from, &item, &both))
        return false;
    both.plan = plan_join(arena, JOIN_LEFT, rows, change->scope->from.plan, meets, none);
    change->scope->from = both;
    change->plan = both.plan;
    change->given = columns;
    *key = keys.keys[0];
    return true;
}

static bool bind_update_where(Change *change, const PgQuery__Node *where)
{
    Binder *binder = change->binder;
    ApplyList applies = {0};
    ExprContext context = {.scope = change->scope, .clause = CLAUSE_WHERE, .applies = &applies};
    if (where == NULL)
        return true;
    const Expr *condition = bind_condition(binder, &context, where, "WHERE");
    if (condition == NULL)
        return false;
    change->plan = apply_list_attach(binder, &applies, change->plan);
    change->plan = plan_filter(binder->arena, change->plan,
                               unless_new(change, expr_bool(binder->arena, true), condition));
    return true;
}

/* A query of the work table that gives a row when one was found, or is to be inserted, twice. */
static bool bind_twice(Change *change, const TableConstraint *key)
{
    Binder *binder = change->binder;
    Buffer sql = BUFFER_EMPTY;
    QueryResult result;
    for (int part = 0; part < 2; part++) {
        buffer_append_string(&sql, part == 0 ? "SELECT 1 WHERE c0 IS NOT NULL OR (" : " GROUP BY c0");
        for (uint32_t i = 0; i < key->column_count; i++) {
            uint32_t at = 0;
            while (change->relation->columns[at].number != key->columns[i])
                at++;
            if (part == 0)
                buffer_printf(&sql, "%sc%u IS NOT NULL", i > 0 ? " AND " : "", at + 1);
            else
                buffer_printf(&sql, ", CASE WHEN c0 IS NULL THEN c%u END", at + 1);
        }
        buffer_append_string(&sql, part == 0 ? ")" : " HAVING count(*) > 1 LIMIT 1");
    }
    const char *text = arena_strdup(binder->arena, buffer_string(&sql));
    buffer_clear(&sql);
    if (!bind_work_text(binder, text, change->change->work, &result))
        return false;
    change->change->twice = query_of(binder, &result);
    return true;
}

bool bind_do_update(Binder *binder, const PgQuery__InsertStmt *statement, const Scope *scope,
                    const QueryResult *given, BoundQuery *query)
{
    const PgQuery__OnConflictClause *clause = statement->on_conflict_clause;
    const TableConstraint *key;
    Change change = {.binder = binder,
                     .is_update = true,
                     .target = statement->relation,
                     .relation = query->ingest->relation,
                     .returning = statement->returning_list,
                     .returning_count = statement->n_returning_list,
                     .scope = ARENA_NEW(binder->arena, Scope)};
    *change.scope = *scope; /* its CTEs */
    if (clause->infer == NULL) {
        bind_fault(binder, bind_location(binder, clause->location), FAULT_SYNTAX_ERROR,
                   "ON CONFLICT DO UPDATE requires inference specification or constraint name");
        return fault_hint(binder->fault, "Name the columns of a key: ON CONFLICT (column).");
    }
    if (!bind_check_relation(binder, change.relation, ACCESS_UPDATE | ACCESS_SELECT) ||
        !meet(&change, clause, given, &key) || !bind_update_where(&change, clause->where_clause) ||
        !bind_set_list(&change, clause->target_list, clause->n_target_list))
        return false;
    FromItem *from = &change.scope->from; /* nobody sees `excluded` from here on */
    from->table_count = 1;
    from->column_count = change.relation->column_count;
    if (!write_steps(&change, query))
        return false;
    change.change->kind = CHANGE_UPSERT;
    return bind_twice(&change, key);
}

bool sql_bind_merge(Arena *arena, const ParsedStatement *statement, BindContext *context,
                    const Relation *relation, const RowChange **result, Fault *fault)
{
    Binder binder = bind_start(arena, statement, context, fault);
    Change change = {.binder = &binder, .relation = relation};
    PlanColumn id = {.type = SQL_TYPE(T_INT8), .name = "c0"};
    change.change = ARENA_NEW(arena, RowChange);
    *change.change = (RowChange){.kind = CHANGE_DELETE,
                                 .relation = relation,
                                 .work = make_table(&binder, relation, &id, 1)};
    fault_clear(fault);
    if (!write_rewrite(&change))
        return false;
    change.change->rewrite->next_column = binder.next_column;
    *result = change.change;
    return true;
}
