/*
 * INSERT as PostgreSQL has it: into a table that is there, without PARTITIONED BY. Values go to
 * columns by position, each is assigned to its column's type, columns that are not named get
 * their default. (INSERT ... PARTITIONED BY is the other kind: by name, see bind_ingest.c.)
 */
#include "engine/sql/bind_internal.h"

typedef struct Insert {
    Binder *binder;
    const PgQuery__InsertStmt *statement;
    const Relation *relation;
    uint32_t count;     /* columns that are given a value */
    uint32_t *columns;  /* which: indexes into relation->columns */
    bool *is_given;     /* one a column of the relation */
    PgQuery__OverridingKind override;
} Insert;

/* --- the time chunks --- */

static bool chunk_is(const Period *period, TableInterval interval)
{
    const TimeZone *utc = timezone_utc();
    return period_floor(period, interval.start, 0, utc) == interval.start &&
           period_shift(period, interval.start, 1, utc) == interval.end;
}

static bool all_time(IngestTarget *target)
{
    target->is_partitioned_by_all = true;
    target->granularity_text = "ALL";
    return true;
}

/* As the table was declared; else as its newest segment is; else all of time in one chunk. */
bool bind_usual_granularity(Binder *binder, IngestTarget *target)
{
    const Table *table = target->relation->table;
    Text declared = table->parsed.partitioned_by;
    if (declared.length > 0)
        return bind_granularity_named(binder, target, declared);
    if (table->segment_count == 0)
        return all_time(target);
    TableInterval newest = table->segments[table->segment_count - 1].interval;
    if (newest.start == META_ETERNITY_START)
        return all_time(target);
    for (uint32_t i = 0; i < bind_granularity_count(); i++) {
        if (!bind_granularity_at(binder, target, i))
            return false;
        if (chunk_is(&target->granularity, newest))
            return true;
    }
    return all_time(target);
}

/* --- which columns --- */

static bool name_columns(Insert *insert)
{
    Binder *binder = insert->binder;
    size_t count = insert->statement->n_cols;
    for (size_t i = 0; i < count; i++) {
        const PgQuery__ResTarget *column = insert->statement->cols[i]->res_target;
        int32_t location = bind_location(binder, column->location);
        int found = schema_match_column(insert->relation, name_read(column->name));
        if (column->n_indirection > 0)
            return bind_fault(binder, location, FAULT_FEATURE_NOT_SUPPORTED,
                              "assigning to a part of a column is not supported");
        if (found < 0)
            return bind_fault(binder, location, FAULT_UNDEFINED_COLUMN,
                              "column \"%s\" of relation \"%.*s\" does not exist",
                              name_plain(column->name), TEXT_ARGS(insert->relation->name));
        if (insert->is_given[found])
            return bind_fault(binder, location, FAULT_DUPLICATE_COLUMN,
                              "column \"%s\" specified more than once", name_plain(column->name));
        insert->is_given[found] = true;
        insert->columns[insert->count++] = (uint32_t)found;
    }
    return true;
}

static bool too_many(Insert *insert, int32_t location)
{
    return bind_fault(insert->binder, location, FAULT_SYNTAX_ERROR,
                      "INSERT has more expressions than target columns");
}

static bool too_few(Insert *insert)
{
    const PgQuery__InsertStmt *statement = insert->statement;
    return bind_fault(insert->binder,
                      bind_location(insert->binder, statement->cols[0]->res_target->location),
                      FAULT_SYNTAX_ERROR, "INSERT has more target columns than expressions");
}

/* `width` values are there: without a list they go to the first columns. */
static bool match_width(Insert *insert, uint32_t width, int32_t location)
{
    if (insert->statement->n_cols > 0) {
        if (width > insert->count)
            return too_many(insert, location);
        return width == insert->count || too_few(insert);
    }
    if (width > insert->relation->column_count)
        return too_many(insert, location);
    for (uint32_t i = 0; i < width; i++) {
        insert->columns[i] = i;
        insert->is_given[i] = true;
    }
    insert->count = width;
    return true;
}

/* --- values --- */

const Expr *bind_assigned(Binder *binder, const Expr *expr, const RelationColumn *column,
                          int32_t location)
{
    SqlType given = expr->type;
    /* a literal is read first and then assigned: what is too long for the column is an error */
    bool has_length = (column->type.oid == T_VARCHAR || column->type.oid == T_BPCHAR) &&
                      column->type.modifier != -1;
    if (has_length && expr_is_unknown(expr))
        expr = coerce_to(binder, expr, SQL_TYPE(T_TEXT), CAST_ASSIGNMENT, location);
    bool has_bits = (column->type.oid == T_BIT || column->type.oid == T_VARBIT) &&
                    column->type.modifier != -1;
    if (has_bits && expr_is_unknown(expr))
        expr = coerce_to(binder, expr, SQL_TYPE(column->type.oid), CAST_ASSIGNMENT, location);
    if (expr == NULL)
        return NULL;
    const Expr *cast = coerce_to(binder, bind_reg_as_oid(binder, expr), column->type,
                                 CAST_ASSIGNMENT, location);
    if (cast == NULL && (binder->fault->code == FAULT_CANNOT_COERCE ||
                         binder->fault->code == FAULT_DATATYPE_MISMATCH)) {
        bind_fault(binder, location, FAULT_DATATYPE_MISMATCH,
                   "column \"%.*s\" is of type %s but expression is of type %s",
                   TEXT_ARGS(column->name), type_format_name(binder->arena, column->type),
                   type_format_name(binder->arena, given));
        fault_hint(binder->fault, "You will need to rewrite or cast the expression.");
    }
    return cast;
}

/* The text of a column's default or of what generates it, bound within `scope`. */
static const Expr *bind_own_text(Binder *binder, Scope *scope, const Relation *relation, uint32_t at,
                                 int32_t location)
{
    const RelationColumn *column = &relation->columns[at];
    Text text = relation->table->columns[at].default_text;
    const PgQuery__Node *node = parse_plain(
        binder->arena, arena_printf(binder->arena, "SELECT %.*s", TEXT_ARGS(text)), binder->fault);
    if (node == NULL || node->select_stmt->n_target_list != 1)
        return NULL;
    const OffsetMap *map = binder->map;
    int32_t fixed = binder->fixed_location;
    binder->map = NULL;
    binder->fixed_location = location;
    ExprContext context = {.scope = scope, .clause = CLAUSE_VALUES};
    const Expr *expr =
        bind_expr(binder, &context, node->select_stmt->target_list[0]->res_target->val);
    if (expr != NULL)
        expr = bind_assigned(binder, expr, column, location);
    binder->map = map;
    binder->fixed_location = fixed;
    return expr == NULL ? NULL : bind_fold(binder, expr);
}

const Expr *bind_default(Binder *binder, const Relation *relation, uint32_t at, int32_t location)
{
    const TableColumn *column = &relation->table->columns[at];
    Scope nothing = {0};
    if (column->default_text.length == 0 || column->is_generated)
        return expr_null(binder->arena, relation->columns[at].type, location);
    return bind_own_text(binder, &nothing, relation, at, location);
}

/* OVERRIDING USER VALUE: what is given for an identity column is not looked at. */
static bool overrides_user(const Insert *insert, uint32_t at)
{
    return insert->override == PG_QUERY__OVERRIDING_KIND__OVERRIDING_USER_VALUE &&
           insert->relation->table->columns[at].identity != 0;
}

static bool no_value_for(Binder *binder, const TableColumn *column, const char *format)
{
    fault_set(binder->fault, FAULT_GENERATED_ALWAYS, format, TEXT_ARGS(column->name));
    if (column->is_generated)
        return fault_detail(binder->fault, "Column \"%.*s\" is a generated column.",
                            TEXT_ARGS(column->name));
    fault_detail(binder->fault, "Column \"%.*s\" is an identity column defined as GENERATED ALWAYS.",
                 TEXT_ARGS(column->name));
    return false;
}

static bool check_may_set(Insert *insert, uint32_t at)
{
    const TableColumn *column = &insert->relation->table->columns[at];
    bool is_always = column->identity == 'a' &&
                     insert->override != PG_QUERY__OVERRIDING_KIND__OVERRIDING_SYSTEM_VALUE;
    if (!is_always && !column->is_generated)
        return true;
    no_value_for(insert->binder, column, "cannot insert a non-DEFAULT value into column \"%.*s\"");
    return !is_always || column->is_generated
               ? false
               : fault_hint(insert->binder->fault, "Use OVERRIDING SYSTEM VALUE to override.");
}

bool bind_check_update(Binder *binder, const TableColumn *column)
{
    return (column->identity != 'a' && !column->is_generated) ||
           no_value_for(binder, column, "column \"%.*s\" can only be updated to DEFAULT");
}

/* The expressions stand over columns that hold the row's other values. */
bool bind_generated(Binder *binder, const Relation *relation, const Plan **plan, const Expr **values)
{
    uint32_t width = relation->column_count;
    ScopeColumn *known = ARENA_ARRAY(binder->arena, ScopeColumn, width + 1);
    PlanProjection *items = ARENA_ARRAY(binder->arena, PlanProjection, (*plan)->column_count + width + 1);
    uint32_t count = 0, known_count = 0;
    for (uint32_t i = 0; i < (*plan)->column_count; i++) {
        const PlanColumn *column = &(*plan)->columns[i];
        items[count++] = (PlanProjection){
            *column, expr_column(binder->arena, column->type, column->id, -1)};
    }
    for (uint32_t i = 0; i < width; i++) {
        if (relation->table->columns[i].is_generated)
            continue;
        const char *name = arena_strndup(binder->arena, relation->columns[i].name.data,
                                         relation->columns[i].name.length);
        PlanColumn column = bind_new_column(binder, relation->columns[i].type, name);
        items[count++] = (PlanProjection){column, values[i]};
        known[known_count++] = (ScopeColumn){.id = column.id, .type = column.type, .name = name, .table = ""};
        values[i] = expr_column(binder->arena, column.type, column.id, -1);
    }
    *plan = plan_project(binder->arena, *plan, items, count);
    Scope scope = {0};
    const char *table = arena_strndup(binder->arena, relation->name.data, relation->name.length);
    if (!from_make(binder, *plan, table, NULL, relation, known, known_count, &scope.from))
        return false;
    for (uint32_t i = 0; i < width; i++)
        if (relation->table->columns[i].is_generated &&
            (values[i] = bind_own_text(binder, &scope, relation, i, -1)) == NULL)
            return false;
    return true;
}

static const Expr *bind_cell(Insert *insert, ExprContext *context, const PgQuery__Node *node,
                             uint32_t at)
{
    int32_t location = bind_node_location(insert->binder, node);
    if (node->node_case == PG_QUERY__NODE__NODE_SET_TO_DEFAULT || overrides_user(insert, at))
        return bind_default(insert->binder, insert->relation, at, location);
    if (!check_may_set(insert, at))
        return NULL;
    const Expr *expr = bind_expr(insert->binder, context, node);
    if (expr != NULL)
        expr = bind_assigned(insert->binder, expr, &insert->relation->columns[at], location);
    return expr == NULL ? NULL : bind_fold(insert->binder, expr);
}

static bool is_plain_values(const PgQuery__SelectStmt *select)
{
    return select->n_values_lists > 0 && select->n_sort_clause == 0 &&
           select->limit_count == NULL && select->limit_offset == NULL &&
           select->with_clause == NULL;
}

static void name_outputs(Insert *insert, QueryResult *query, PlanColumn *columns)
{
    query->count = insert->count;
    query->columns = ARENA_ARRAY(insert->binder->arena, OutputColumn, insert->count + 1);
    for (uint32_t i = 0; i < insert->count; i++)
        query->columns[i] = (OutputColumn){.column = columns[i], .location = -1, .is_named = true};
}

static const char *own_name(Insert *insert, uint32_t at)
{
    Text name = insert->relation->columns[at].name;
    return arena_strndup(insert->binder->arena, name.data, name.length);
}

/* VALUES: every cell is assigned by itself. */
static bool bind_cells(Insert *insert, const PgQuery__SelectStmt *select, Scope *scope,
                       QueryResult *query)
{
    Binder *binder = insert->binder;
    uint32_t rows = (uint32_t)select->n_values_lists;
    uint32_t width = (uint32_t)select->values_lists[0]->list->n_items;
    int32_t first = width > 0 ? bind_node_location(binder, select->values_lists[0]->list->items[0]) : -1;
    if (width > insert->relation->column_count && insert->statement->n_cols == 0)
        first = bind_node_location(
            binder, select->values_lists[0]->list->items[insert->relation->column_count]);
    if (!match_width(insert, width, first))
        return false;
    const Expr **cells = arena_alloc_array(binder->arena, (size_t)rows * width + 1, sizeof *cells);
    ExprContext context = {.scope = scope, .clause = CLAUSE_VALUES};
    for (uint32_t row = 0; row < rows; row++) {
        const PgQuery__List *list = select->values_lists[row]->list;
        if (list->n_items != width)
            return bind_fault(binder, list->n_items > 0 ? bind_node_location(binder, list->items[0]) : -1,
                              FAULT_SYNTAX_ERROR, "VALUES lists must all be the same length");
        for (uint32_t c = 0; c < width; c++) {
            const Expr *cell = bind_cell(insert, &context, list->items[c], insert->columns[c]);
            if (cell == NULL)
                return false;
            cells[(size_t)row * width + c] = cell;
        }
    }
    PlanColumn *columns = ARENA_ARRAY(binder->arena, PlanColumn, width + 1);
    for (uint32_t c = 0; c < width; c++)
        columns[c] = bind_new_column(binder, insert->relation->columns[insert->columns[c]].type,
                                     own_name(insert, insert->columns[c]));
    query->plan = plan_values(binder->arena, columns, width, cells, rows);
    name_outputs(insert, query, columns);
    return true;
}

/* A query: its outputs are assigned. */
static bool bind_rows_of_query(Insert *insert, const PgQuery__SelectStmt *select, Scope *scope,
                               QueryResult *query)
{
    Binder *binder = insert->binder;
    QueryResult source;
    if (!bind_query(binder, select, scope, NULL, true, &source))
        return false;
    uint32_t extra = insert->statement->n_cols > 0 ? insert->count : insert->relation->column_count;
    if (!match_width(insert, source.count, source.count > extra ? source.columns[extra].location : -1))
        return false;
    PlanColumn *columns = ARENA_ARRAY(binder->arena, PlanColumn, source.count + 1);
    PlanProjection *items = ARENA_ARRAY(binder->arena, PlanProjection, source.count + 1);
    for (uint32_t i = 0; i < source.count; i++) {
        const OutputColumn *output = &source.columns[i];
        if (!overrides_user(insert, insert->columns[i]) &&
            !check_may_set(insert, insert->columns[i]))
            return false;
        const RelationColumn *column = &insert->relation->columns[insert->columns[i]];
        const Expr *expr = output->literal;
        if (expr == NULL)
            expr = expr_column(binder->arena, output->column.type, output->column.id, output->location);
        expr = overrides_user(insert, insert->columns[i])
                   ? bind_default(binder, insert->relation, insert->columns[i], -1)
                   : bind_assigned(binder, expr, column, output->location);
        if (expr == NULL)
            return false;
        columns[i] = bind_new_column(binder, expr->type, own_name(insert, insert->columns[i]));
        items[i] = (PlanProjection){columns[i], expr};
    }
    query->plan = plan_project(binder->arena, source.plan, items, source.count);
    name_outputs(insert, query, columns);
    return true;
}

/* DEFAULT VALUES: one row of defaults. */
static bool bind_one_row(Insert *insert, QueryResult *query)
{
    query->plan = plan_values(insert->binder->arena, NULL, 0, NULL, 1);
    name_outputs(insert, query, NULL);
    return true;
}

/* Generated columns, of the values that the others have. */
static bool add_generated(Insert *insert, QueryResult *query)
{
    Binder *binder = insert->binder;
    const Relation *relation = insert->relation;
    uint32_t width = relation->column_count, count = 0;
    const Expr **values = arena_zalloc(binder->arena, (width + 1) * sizeof *values);
    bool any = false;
    for (uint32_t i = 0; i < width; i++)
        any = any || relation->table->columns[i].is_generated;
    if (!any)
        return true;
    for (uint32_t i = 0; i < query->count; i++) {
        SchemaName name = {text_of(query->columns[i].column.name), true};
        const PlanColumn *column = &query->columns[i].column;
        int at = schema_match_column(relation, name);
        if (at >= 0 && !relation->table->columns[at].is_generated)
            values[at] = expr_column(binder->arena, column->type, column->id, -1);
    }
    for (uint32_t i = 0; i < width; i++)
        if (values[i] == NULL && !relation->table->columns[i].is_generated)
            values[i] = expr_null(binder->arena, relation->columns[i].type, -1);
    PlanColumn *columns = ARENA_ARRAY(binder->arena, PlanColumn, width + 1);
    PlanProjection *items = ARENA_ARRAY(binder->arena, PlanProjection, width + 1);
    if (!bind_generated(binder, relation, &query->plan, values))
        return false;
    for (uint32_t i = 0; i < width; i++) {
        columns[count] = bind_new_column(binder, relation->columns[i].type, own_name(insert, i));
        items[count] = (PlanProjection){columns[count], values[i]};
        count++;
    }
    query->plan = plan_project(binder->arena, query->plan, items, count);
    insert->count = count;
    name_outputs(insert, query, columns);
    return true;
}

/* Columns without a value that have a default get it. */
static bool add_defaults(Insert *insert, QueryResult *query)
{
    Binder *binder = insert->binder;
    uint32_t most = insert->relation->column_count;
    PlanProjection *items = ARENA_ARRAY(binder->arena, PlanProjection, most + 1);
    PlanColumn *columns = ARENA_ARRAY(binder->arena, PlanColumn, most + 1);
    uint32_t count = 0;
    for (uint32_t i = 0; i < query->count; i++) {
        columns[count] = query->columns[i].column;
        items[count] = (PlanProjection){
            columns[count], expr_column(binder->arena, columns[count].type, columns[count].id, -1)};
        count++;
    }
    for (uint32_t i = 0; i < most; i++) {
        if (insert->relation->table->columns[i].is_generated)
            continue;
        bool is_needed = !insert->is_given[i] &&
                         (insert->relation->table->columns[i].default_text.length > 0 ||
                          (i == 0 && insert->count == 0)); /* a row has at least one column */
        if (!is_needed)
            continue;
        const Expr *expr = bind_default(binder, insert->relation, i, -1);
        if (expr == NULL)
            return false;
        columns[count] = bind_new_column(binder, insert->relation->columns[i].type, own_name(insert, i));
        items[count] = (PlanProjection){columns[count], expr};
        count++;
    }
    if (count == query->count)
        return add_generated(insert, query);
    query->plan = plan_project(binder->arena, query->plan, items, count);
    insert->count = count;
    name_outputs(insert, query, columns);
    return add_generated(insert, query);
}

bool bind_insert(Binder *binder, const PgQuery__InsertStmt *statement, Scope *scope,
                 const IngestTarget *target, QueryResult *query)
{
    const Relation *relation = target->relation;
    Insert insert = {.binder = binder,
                     .statement = statement,
                     .relation = relation,
                     .override = statement->override,
                     .columns = ARENA_ARRAY(binder->arena, uint32_t, relation->column_count + 1),
                     .is_given = arena_zalloc(binder->arena, relation->column_count + 1)};
    *query = (QueryResult){0};
    if (!name_columns(&insert))
        return false;
    bool ok;
    if (statement->select_stmt == NULL)
        ok = bind_one_row(&insert, query);
    else if (is_plain_values(statement->select_stmt->select_stmt))
        ok = bind_cells(&insert, statement->select_stmt->select_stmt, scope, query);
    else
        ok = bind_rows_of_query(&insert, statement->select_stmt->select_stmt, scope, query);
    return ok && add_defaults(&insert, query);
}

bool bind_insert_source(Binder *binder, const Relation *relation, const Relation *source,
                        const uint32_t *columns, QueryResult *query)
{
    Insert insert = {.binder = binder,
                     .relation = relation,
                     .columns = ARENA_ARRAY(binder->arena, uint32_t, relation->column_count + 1),
                     .is_given = arena_zalloc(binder->arena, relation->column_count + 1)};
    uint32_t count = source->column_count;
    PlanColumn *outputs = ARENA_ARRAY(binder->arena, PlanColumn, count + 1);
    uint32_t *attributes = ARENA_ARRAY(binder->arena, uint32_t, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        insert.is_given[columns[i]] = true;
        insert.columns[insert.count++] = columns[i];
        outputs[i] = bind_new_column(binder, source->columns[i].type, own_name(&insert, columns[i]));
        attributes[i] = i;
    }
    *query = (QueryResult){.plan = plan_table(binder->arena, source, outputs, attributes, count)};
    name_outputs(&insert, query, outputs);
    return add_defaults(&insert, query);
}
