/*
 * FROM: relations, CTEs, subqueries, functions; items side by side.
 */
#include "engine/sql/bind_record_internal.h"

/* --- aliases --- */
static bool apply_column_aliases(Binder *binder, const PgQuery__Alias *alias, const char *name,
                                 ScopeColumn *columns, uint32_t count)
{
    if (alias->n_colnames > count)
        return bind_fault(binder, -1, FAULT_INVALID_COLUMN_REFERENCE,
                          "table \"%s\" has %u columns available but %zu columns specified", name,
                          count, alias->n_colnames);
    for (size_t i = 0; i < alias->n_colnames; i++)
        columns[i].name =
            name_made(binder->arena, alias->colnames[i]->string->sval, binder->dialect);
    return true;
}

bool from_make(Binder *binder, const Plan *plan, const char *name, const PgQuery__Alias *alias,
               const Relation *relation, ScopeColumn *columns, uint32_t count, FromItem *item)
{
    ScopeTable *table = ARENA_NEW(binder->arena, ScopeTable);
    if (alias != NULL) {
        name = name_made(binder->arena, alias->aliasname, binder->dialect);
        if (!apply_column_aliases(binder, alias, name, columns, count))
            return false;
    }
    for (uint32_t i = 0; i < count; i++)
        columns[i].table = name;
    *table = (ScopeTable){.name = name,
                          .relation = relation,
                          .has_alias = alias != NULL,
                          .column_count = count,
                          .columns = columns};
    *item = (FromItem){.plan = plan,
                       .table_count = name[0] != '\0',
                       .tables = table,
                       .column_count = count,
                       .columns = columns};
    return true;
}

/* --- relations --- */
const Plan *bind_scan(Binder *binder, const Relation *relation, ScopeColumn *columns)
{
    uint32_t count = relation->column_count;
    PlanColumn *outputs = ARENA_ARRAY(binder->arena, PlanColumn, count + 1);
    uint32_t *attributes = ARENA_ARRAY(binder->arena, uint32_t, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        const RelationColumn *column = &relation->columns[i];
        const char *name = arena_strndup(binder->arena, column->name.data, column->name.length);
        outputs[i] = bind_new_column(binder, column->type, name);
        attributes[i] = i;
        columns[i] = (ScopeColumn){.id = outputs[i].id,
                                   .type = column->type,
                                   .name = name,
                                   .table = "",
                                   .table_oid = relation->oid,
                                   .attnum = (int16_t)column->number};
    }
    return plan_table(binder->arena, relation, outputs, attributes, count);
}

/* The one place where names become relations to be read; the target of INSERT and REPLACE is looked
 * at in bind_ingest.c. */
bool bind_check_relation(Binder *binder, const Relation *relation, uint32_t wanted)
{
    AccessTarget schema = {.kind = ACCESS_ON_SCHEMA,
                           .oid = relation->schema_oid,
                           .name = relation->schema};
    AccessTarget target = {.kind = ACCESS_ON_TABLE,
                           .oid = relation->oid,
                           .name = relation->name,
                           .is_view = schema_is_view(relation)};
    AccessUser user = binder->context->user;
    /* How the server is doing and what others run is not everybody's to know. */
    bool is_state = relation->schema_oid == SCHEMA_OID_SYS &&
                    (text_equal_string(relation->name, "servers") ||
                     text_equal_string(relation->name, "server_segments") ||
                     text_equal_string(relation->name, "tasks"));
    if (is_state && !access_sees_all(user))
        return bind_fault(binder, -1, FAULT_INSUFFICIENT_PRIVILEGE,
                          "permission denied for table %.*s", TEXT_ARGS(relation->name));
    return access_check(user, &schema, ACCESS_USAGE, binder->fault) &&
           access_check(user, &target, wanted, binder->fault);
}

static bool from_query(Binder *binder, const QueryResult *query, const char *name,
                       const PgQuery__Alias *alias, FromItem *item);

/* SELECT .. FROM a sequence: one row, where it stands. */
static bool bind_sequence(Binder *binder, const Relation *relation, const char *name,
                          const PgQuery__Alias *alias, FromItem *item)
{
    QueryResult query;
    long long start = relation->table->parsed.sequence.start;
    const PgQuery__Node *node = parse_plain(
        binder->arena,
        arena_printf(binder->arena,
                     "SELECT coalesce(pg_catalog.pg_sequence_last_value(%u), %lld::bigint) AS last_value,"
                     " 0::bigint AS log_cnt, pg_catalog.pg_sequence_last_value(%u) IS NOT NULL AS is_called",
                     relation->oid, start, relation->oid),
        binder->fault);
    if (node == NULL)
        return false;
    const OffsetMap *map = binder->map;
    binder->map = NULL;
    bool ok = bind_query(binder, node->select_stmt, NULL, NULL, false, &query);
    binder->map = map;
    return ok && from_query(binder, &query, name, alias, item);
}

static bool bind_relation(Binder *binder, const PgQuery__RangeVar *range, FromItem *item)
{
    int32_t location = bind_location(binder, range->location);
    SchemaName schema, name = name_read(range->relname);
    bool has_schema = range->schemaname[0] != '\0';
    if (has_schema)
        schema = name_read(range->schemaname);
    if (range->catalogname[0] != '\0' &&
        !name_is(range->catalogname,
                 binder->context->database != NULL ? binder->context->database : ""))
        return bind_fault(binder, location, FAULT_FEATURE_NOT_SUPPORTED,
                          "cross-database references are not implemented: \"%s.%s.%s\"",
                          name_plain(range->catalogname), name_plain(range->schemaname),
                          name_plain(range->relname));
    const Relation *relation = schema_resolve(
        binder->arena, binder->context->tables, has_schema ? &schema : NULL, name,
        bind_search_path(binder), location, binder->fault);
    if (relation == NULL || !bind_check_relation(binder, relation, ACCESS_SELECT))
        return false;
    bind_note_relation(binder, relation->oid);
    const char *shown = arena_strndup(binder->arena, relation->name.data, relation->name.length);
    if (schema_is_sequence(relation))
        return bind_sequence(binder, relation, shown, range->alias, item);
    if (relation->kind == RELATION_TABLE && schema_is_view(relation))
        return bind_view(binder, relation, shown, range->alias, location, item);
    ScopeColumn *columns = ARENA_ARRAY(binder->arena, ScopeColumn, relation->column_count + 1);
    const Plan *plan = bind_scan(binder, relation, columns);
    return from_make(binder, plan, shown, range->alias, relation, columns, relation->column_count,
                     item);
}

/* --- queries --- */
static bool from_query(Binder *binder, const QueryResult *query, const char *name,
                       const PgQuery__Alias *alias, FromItem *item)
{
    ScopeColumn *columns = ARENA_ARRAY(binder->arena, ScopeColumn, query->count + 1);
    for (uint32_t i = 0; i < query->count; i++) {
        const OutputColumn *output = &query->columns[i];
        columns[i] = (ScopeColumn){.id = output->column.id,
                                   .type = output->column.type,
                                   .name = output->column.name,
                                   .table = "",
                                   .table_oid = output->table_oid,
                                   .attnum = output->attnum,
                                   .is_hidden = output->is_hidden};
    }
    return from_make(binder, query->plan, name, alias, NULL, columns, query->count, item);
}

static bool bind_range_var(Binder *binder, Scope *scope, const PgQuery__RangeVar *range,
                           FromItem *item)
{
    Scope *owner;
    uint32_t index;
    SchemaName name = name_read(range->relname);
    bool is_plain = range->schemaname[0] == '\0' && range->catalogname[0] == '\0';
    if (is_plain && scope_find_cte(scope, name, &owner, &index) != NULL) {
        QueryResult query;
        if (!bind_cte_reference(binder, scope, owner, index, range, &query) ||
            !from_query(binder, &query, owner->ctes[index].name, range->alias, item))
            return false;
        item->has_working = query.is_working;
        return true;
    }
    return bind_relation(binder, range, item);
}

/* What a subquery or function in FROM sees: with LATERAL the items to its left; without, they
 * are there only to be spoken of in an error. */
static Scope *scope_beside(Binder *binder, Scope *scope, bool is_lateral)
{
    Scope *beside = ARENA_NEW(binder->arena, Scope);
    *beside = *scope;
    beside->select = NULL;
    beside->hides_from = !is_lateral;
    return beside;
}

static bool bind_range_subselect(Binder *binder, Scope *scope, const PgQuery__RangeSubselect *range,
                                 FromItem *item)
{
    QueryResult query;
    const PgQuery__SelectStmt *statement = range->subquery->select_stmt;
    Scope *beside = scope_beside(binder, scope, range->lateral);
    return bind_query(binder, statement, beside, NULL, false, &query) &&
           from_query(binder, &query, "", range->alias, item);
}

/* --- functions --- */
static const PgQuery__FuncCall *function_call(const PgQuery__Node *node)
{
    return node->node_case == PG_QUERY__NODE__NODE_FUNC_CALL ? node->func_call : NULL;
}

/* A function of one value stands in FROM as one row of it. */
static const Plan *single_row(Binder *binder, ExprContext *context, const PgQuery__Node *node,
                              const char *name, bool has_ordinality)
{
    const Expr *value = bind_expr(binder, context, node);
    value = value == NULL ? NULL : coerce_unknown_to_text(binder, value);
    if (value == NULL)
        return NULL;
    PlanColumn columns[2] = {bind_new_column(binder, value->type, name)};
    const Expr *cells[2] = {value};
    if (has_ordinality) {
        columns[1] = bind_new_column(binder, SQL_TYPE(T_INT8), "ordinality");
        cells[1] = expr_int64(binder->arena, columns[1].type, 1, -1);
    }
    return plan_values(binder->arena, columns, has_ordinality ? 2 : 1, cells, 1);
}

static ScopeColumn *plan_scope_columns(Binder *binder, const Plan *plan)
{
    ScopeColumn *columns = ARENA_ARRAY(binder->arena, ScopeColumn, plan->column_count + 1);
    for (uint32_t i = 0; i < plan->column_count; i++)
        columns[i] = (ScopeColumn){.id = plan->columns[i].id,
                                   .type = plan->columns[i].type,
                                   .name = plan->columns[i].name,
                                   .table = ""};
    return columns;
}

/* What the subqueries among a function's arguments give is one row, which it stands beside. */
static const Plan *beside_subqueries(Binder *binder, const ApplyList *applies, const Plan *plan)
{
    if (applies->count == 0)
        return plan;
    const Plan *one_row = plan_values(binder->arena, NULL, 0, NULL, 1);
    return plan_apply(binder->arena, APPLY_JOIN, JOIN_INNER,
                      apply_list_attach(binder, applies, one_row), plan, NULL, (PlanColumn){0});
}

static bool bind_one_function(Binder *binder, Scope *scope, const PgQuery__RangeFunction *range,
                              FromItem *item)
{
    const PgQuery__List *pair = range->functions[0]->list;
    const PgQuery__Node *node = pair->items[0];
    const PgQuery__FuncCall *call = function_call(node);
    const PgQuery__List *definitions =
        pair->n_items > 1 && pair->items[1]->node_case == PG_QUERY__NODE__NODE_LIST
            ? pair->items[1]->list
            : NULL;
    size_t count = definitions != NULL ? definitions->n_items : range->n_coldeflist;
    PgQuery__Node *const *list = definitions != NULL ? definitions->items : range->coldeflist;
    const Plan *plan = NULL;
    bool is_known = false;
    const char *name =
        call != NULL
            ? name_folded(binder->arena, call->funcname[call->n_funcname - 1]->string->sval)
            : bind_figure_name(binder, node);
    ApplyList applies = {0};
    ExprContext context = {.scope = scope_beside(binder, scope, true),
                           .clause = CLAUSE_FUNCTION_IN_FROM,
                           .applies = &applies};
    if (call != NULL && !bind_extern(binder, name, call, list, count, &plan, &is_known))
        return false;
    if (call != NULL && !is_known && !bind_append(binder, name, call, &plan, &is_known))
        return false;
    if (call != NULL && !is_known &&
        !bind_table_function(binder, &context, name, call, range->ordinality, &plan, &is_known))
        return false;
    if (call != NULL && !is_known &&
        !bind_record_set(binder, &context, name, call, list, count, range->ordinality, &plan,
                         &is_known))
        return false;
    if (call != NULL && !is_known &&
        !bind_series(binder, &context, name, call, range->ordinality, &plan, &is_known))
        return false;
    if (!is_known) {
        if (count > 0)
            return bind_fault(binder, call != NULL ? bind_location(binder, call->location) : -1,
                              FAULT_SYNTAX_ERROR,
                              "a column definition list is only allowed for functions returning "
                              "\"record\"");
        plan = single_row(binder, &context, node, name, range->ordinality);
        if (plan == NULL)
            return false;
    }
    plan = bind_record_columns(binder, plan);
    ScopeColumn *columns = plan_scope_columns(binder, plan);
    /* FROM f(..) AS a: the only column is called a as well */
    bool is_scalar = count == 0 && plan->column_count == (range->ordinality ? 2 : 1);
    bool is_elements = strstr(name, "_array_elements") != NULL; /* called value, whatever else */
    if (is_elements && is_scalar)
        columns[0].name = "value";
    else if (is_scalar && range->alias != NULL && range->alias->n_colnames == 0)
        columns[0].name = name_made(binder->arena, range->alias->aliasname, binder->dialect);
    if (!from_make(binder, plan, name, range->alias, NULL, columns, plan->column_count, item))
        return false;
    item->plan = beside_subqueries(binder, &applies, plan);
    if (is_scalar && item->table_count == 1) {
        ScopeTable *table = ARENA_NEW(binder->arena, ScopeTable);
        *table = item->tables[0];
        table->is_scalar = true;
        item->tables = table;
    }
    return true;
}

bool bind_range_function(Binder *binder, Scope *scope, const PgQuery__RangeFunction *range,
                         FromItem *item)
{
    if (range->n_functions == 1)
        return bind_one_function(binder, scope, range, item);
    ApplyList applies = {0};
    ExprContext context = {.scope = scope_beside(binder, scope, true),
                           .clause = CLAUSE_FUNCTION_IN_FROM,
                           .applies = &applies};
    const Plan *plan = bind_rows_from(binder, &context, range);
    if (plan == NULL)
        return false;
    ScopeColumn *columns = plan_scope_columns(binder, plan);
    if (!from_make(binder, plan, "", range->alias, NULL, columns, plan->column_count, item))
        return false;
    item->plan = beside_subqueries(binder, &applies, plan);
    return true;
}

/* --- items --- */
bool from_is_lateral(const FromItem *left, const FromItem *right)
{
    return plan_refers_to(right->plan, left->plan);
}

bool bind_from_item(Binder *binder, Scope *scope, const PgQuery__Node *node, FromItem *item)
{
    switch (node->node_case) {
    case PG_QUERY__NODE__NODE_RANGE_VAR:
        return bind_range_var(binder, scope, node->range_var, item);
    case PG_QUERY__NODE__NODE_RANGE_SUBSELECT:
        return bind_range_subselect(binder, scope, node->range_subselect, item);
    case PG_QUERY__NODE__NODE_JOIN_EXPR:
        return bind_join(binder, scope, node->join_expr, item);
    case PG_QUERY__NODE__NODE_RANGE_FUNCTION:
        return bind_range_function(binder, scope, node->range_function, item);
    case PG_QUERY__NODE__NODE_RANGE_TABLE_SAMPLE:
        return bind_table_sample(binder, scope, node->range_table_sample, item);
    default:
        return bind_fault(binder, -1, FAULT_FEATURE_NOT_SUPPORTED,
                          "this kind of FROM item is not supported");
    }
}

static bool check_table_names(Binder *binder, const FromItem *left, const FromItem *right)
{
    for (uint32_t i = 0; i < right->table_count; i++) {
        const ScopeTable *table = &right->tables[i];
        for (uint32_t k = 0; k < left->table_count; k++) {
            const ScopeTable *other = &left->tables[k];
            bool differ = table->relation != NULL && other->relation != NULL && !table->has_alias &&
                          !other->has_alias &&
                          table->relation->schema_oid != other->relation->schema_oid;
            if (strcmp(table->name, other->name) == 0 && !differ)
                return bind_fault(binder, -1, FAULT_DUPLICATE_ALIAS,
                                  "table name \"%s\" specified more than once", table->name);
        }
    }
    return true;
}

bool from_combine(Binder *binder, const FromItem *left, const FromItem *right, FromItem *both)
{
    if (!check_table_names(binder, left, right))
        return false;
    from_beside(binder, left, right, both);
    return true;
}

void from_beside(Binder *binder, const FromItem *left, const FromItem *right, FromItem *both)
{
    uint32_t tables = left->table_count + right->table_count;
    uint32_t columns = left->column_count + right->column_count;
    ScopeTable *all_tables = ARENA_ARRAY(binder->arena, ScopeTable, tables + 1);
    ScopeColumn *all_columns = ARENA_ARRAY(binder->arena, ScopeColumn, columns + 1);
    if (left->table_count > 0)
        memcpy(all_tables, left->tables, left->table_count * sizeof *all_tables);
    if (right->table_count > 0)
        memcpy(all_tables + left->table_count, right->tables,
               right->table_count * sizeof *all_tables);
    if (left->column_count > 0)
        memcpy(all_columns, left->columns, left->column_count * sizeof *all_columns);
    if (right->column_count > 0)
        memcpy(all_columns + left->column_count, right->columns,
               right->column_count * sizeof *all_columns);
    *both = (FromItem){.plan = left->plan,
                       .has_working = left->has_working || right->has_working,
                       .table_count = tables,
                       .tables = all_tables,
                       .column_count = columns,
                       .columns = all_columns};
}

static const Plan *side_by_side(Binder *binder, const Plan *left, const Plan *right,
                                bool is_lateral)
{
    PlanColumn none = {0};
    if (is_lateral)
        return plan_apply(binder->arena, APPLY_JOIN, JOIN_INNER, left, right, NULL, none);
    return plan_join(binder->arena, JOIN_INNER, left, right, NULL, none);
}

bool bind_from(Binder *binder, Scope *scope, PgQuery__Node *const *items, size_t count)
{
    if (count == 0) { /* one row without columns */
        scope->from = (FromItem){.plan = plan_values(binder->arena, NULL, 0, NULL, 1)};
        return true;
    }
    FromItem first;
    if (!bind_from_item(binder, scope, items[0], &first))
        return false;
    scope->from = first;
    return bind_from_more(binder, scope, items + 1, count - 1);
}

bool bind_from_more(Binder *binder, Scope *scope, PgQuery__Node *const *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        FromItem item, both;
        if (!bind_from_item(binder, scope, items[i], &item))
            return false;
        bool is_lateral = from_is_lateral(&scope->from, &item);
        const Plan *left = scope->from.plan;
        if (!from_combine(binder, &scope->from, &item, &both))
            return false;
        both.plan = side_by_side(binder, left, item.plan, is_lateral);
        scope->from = both;
    }
    return true;
}
