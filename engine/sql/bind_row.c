/*
 * Rows side by side: (a, b) < (c, d), (a, b) = (SELECT ...), ROW(a, b) IS NULL, t IS NULL.
 *
 * A row is no value here: whatever is done with it is done with its fields. A row is written as
 * (a, b) or ROW(a, b), where t.* stands for its columns; for a NULL test also as a table's name.
 */
#include "engine/sql/bind_internal.h"

typedef struct Fields {
    uint32_t count, capacity;
    const Expr **items;
} Fields;

const PgQuery__RowExpr *bind_row(const PgQuery__Node *node)
{
    return node->node_case == PG_QUERY__NODE__NODE_ROW_EXPR ? node->row_expr : NULL;
}

/* --- fields --- */

static void add_field(Binder *binder, Fields *fields, const Expr *expr)
{
    if (fields->count == fields->capacity) {
        uint32_t capacity = fields->capacity == 0 ? 8 : fields->capacity * 2;
        const Expr **items = ARENA_ARRAY(binder->arena, const Expr *, capacity);
        if (fields->count > 0)
            memcpy(items, fields->items, fields->count * sizeof *items);
        fields->items = items;
        fields->capacity = capacity;
    }
    fields->items[fields->count++] = expr;
}

static void add_columns(Binder *binder, Fields *fields, const ScopeTable *table, int32_t location)
{
    for (uint32_t i = 0; i < table->column_count; i++)
        add_field(binder, fields,
                  expr_column(binder->arena, table->columns[i].type, table->columns[i].id,
                              location));
}

/* The table that `t`, `t.*` or `s.t` names where no column does; NULL none. */
static const ScopeTable *table_of(Binder *binder, ExprContext *context, const PgQuery__Node *node)
{
    if (node->node_case != PG_QUERY__NODE__NODE_COLUMN_REF)
        return NULL;
    const PgQuery__ColumnRef *reference = node->column_ref;
    size_t count = reference->n_fields;
    bool has_star = reference->fields[count - 1]->node_case == PG_QUERY__NODE__NODE_A_STAR;
    if (has_star && count == 1)
        return NULL;
    if (has_star)
        return scope_find_table(binder, context->scope, reference->fields, count - 1, -1, false);
    const FromItem *from = &context->scope->from;
    SchemaName name = name_read(reference->fields[count - 1]->string->sval);
    bool is_column =
        count == 1 && scope_match(name, from->columns, from->column_count) != SCHEMA_NO_MATCH;
    return is_column || count > 1
               ? NULL
               : scope_find_table(binder, context->scope, reference->fields, count, -1, false);
}

static bool bind_fields(Binder *binder, ExprContext *context, const PgQuery__RowExpr *row,
                        Fields *fields)
{
    for (size_t i = 0; i < row->n_args; i++) {
        const PgQuery__Node *node = row->args[i];
        bool is_star =
            node->node_case == PG_QUERY__NODE__NODE_COLUMN_REF &&
            node->column_ref->fields[node->column_ref->n_fields - 1]->node_case ==
                PG_QUERY__NODE__NODE_A_STAR;
        const ScopeTable *table = is_star ? table_of(binder, context, node) : NULL;
        if (table != NULL) {
            add_columns(binder, fields, table, bind_node_location(binder, node));
            continue;
        }
        const Expr *item = bind_expr(binder, context, node);
        if (item == NULL)
            return false;
        add_field(binder, fields, item);
    }
    return true;
}

/* --- as JSON: {"a":1,"b":"x"} --- */

/* `names` NULL: f1, f2, .. */
static const Expr *object_of(Binder *binder, const ScopeColumn *names, const Fields *fields,
                             int32_t location)
{
    const Expr **arguments = ARENA_ARRAY(binder->arena, const Expr *, fields->count * 2 + 1);
    for (uint32_t i = 0; i < fields->count; i++) {
        const char *name = names != NULL ? names[i].name
                                         : arena_printf(binder->arena, "f%u", i + 1);
        arguments[2 * i] = expr_text(binder->arena, SQL_TYPE(T_TEXT), text_of(name), location);
        arguments[2 * i + 1] = coerce_unknown_to_text(binder, fields->items[i]);
        if (arguments[2 * i + 1] == NULL)
            return NULL;
    }
    return bind_call(binder, fields->count == 0 ? "json_build_object" : "json_object", arguments,
                     fields->count * 2, location);
}

const Expr *bind_row_as_json(Binder *binder, ExprContext *context, const PgQuery__RowExpr *row)
{
    Fields fields = {0};
    return bind_fields(binder, context, row, &fields)
               ? object_of(binder, NULL, &fields, bind_location(binder, row->location))
               : NULL;
}

const Expr *bind_table_as_json(Binder *binder, const ScopeTable *table, int32_t location)
{
    Fields fields = {0};
    add_columns(binder, &fields, table, location);
    return object_of(binder, table->columns, &fields, location);
}

/* --- rows of the catalogs as arguments --- */

static const Expr *column_of(Binder *binder, const ScopeTable *table, const char *name,
                             int32_t location)
{
    for (uint32_t i = 0; i < table->column_count; i++) {
        const ScopeColumn *column = &table->columns[i];
        if (strcmp(column->name, name) == 0)
            return expr_column(binder->arena, column->type, column->id, location);
    }
    bind_fault(binder, location, FAULT_UNDEFINED_COLUMN, "column %s.%s does not exist",
               table->name, name);
    return NULL;
}

bool bind_true_type(Binder *binder, ExprContext *context, const char *name,
                    const PgQuery__FuncCall *call, const Expr **result)
{
    bool is_modifier = strcmp(name, "_pg_truetypmod") == 0;
    *result = NULL;
    if ((!is_modifier && strcmp(name, "_pg_truetypid") != 0) || call->n_args != 2)
        return true;
    const ScopeTable *attribute = table_of(binder, context, call->args[0]);
    const ScopeTable *type = table_of(binder, context, call->args[1]);
    int32_t location = bind_location(binder, call->location);
    if (attribute == NULL || type == NULL)
        return bind_fault(binder, location, FAULT_UNDEFINED_FUNCTION,
                          "function %s takes a row of pg_attribute and one of pg_type", name);
    const Expr *kind = column_of(binder, type, "typtype", location);
    const Expr *domain = expr_text(binder->arena, SQL_TYPE(T_CHAR), TEXT_LITERAL("d"), location);
    const Expr *branches[3] = {
        kind == NULL ? NULL : bind_operator(binder, "=", kind, domain, location),
        column_of(binder, type, is_modifier ? "typtypmod" : "typbasetype", location),
        column_of(binder, attribute, is_modifier ? "atttypmod" : "atttypid", location)};
    if (branches[0] == NULL || branches[1] == NULL || branches[2] == NULL)
        return false;
    *result = expr_nary(binder->arena, EXPR_CASE, SQL_TYPE(is_modifier ? T_INT4 : T_OID), branches,
                        3, location);
    return true;
}

/* --- NULL tests --- */

static const Expr *combine(Binder *binder, ExprKind kind, const Expr *const *items, uint32_t count,
                           int32_t location)
{
    return expr_nary(binder->arena, kind, SQL_TYPE(T_BOOL), items, count, location);
}

bool bind_row_null_test(Binder *binder, ExprContext *context, const PgQuery__NullTest *test,
                        const Expr **result)
{
    const PgQuery__RowExpr *row = bind_row(test->arg);
    const ScopeTable *table = row == NULL ? table_of(binder, context, test->arg) : NULL;
    int32_t location = bind_location(binder, test->location);
    Fields fields = {0};
    *result = NULL;
    if (row == NULL && table == NULL)
        return true;
    if (row != NULL && !bind_fields(binder, context, row, &fields))
        return false;
    if (table != NULL)
        add_columns(binder, &fields, table, location);
    bool wants_null = test->nulltesttype == PG_QUERY__NULL_TEST_TYPE__IS_NULL;
    for (uint32_t i = 0; i < fields.count; i++) {
        const Expr *field = coerce_unknown_to_text(binder, fields.items[i]);
        if (field == NULL)
            return false;
        const Expr *is_null = combine(binder, EXPR_IS_NULL, &field, 1, location);
        fields.items[i] = wants_null ? is_null : bind_not(binder, is_null);
    }
    *result = fields.count == 0 ? expr_bool(binder->arena, true)
                                : combine(binder, EXPR_AND, fields.items, fields.count, location);
    return true;
}

/* --- comparisons --- */

static bool rows_match(Binder *binder, uint32_t left, uint32_t right, int32_t location)
{
    if (left == 0 && right == 0)
        return bind_fault(binder, location, FAULT_FEATURE_NOT_SUPPORTED,
                          "cannot compare rows of zero length");
    return left == right ? true
                         : bind_fault(binder, location, FAULT_SYNTAX_ERROR,
                                      "unequal number of entries in row expressions");
}

/* (a, b) < (c, d): a < c OR a = c AND b < d. */
static const Expr *compare_from(Binder *binder, const char *symbol, const Expr *const *left,
                                const Expr *const *right, uint32_t count, int32_t location)
{
    const Expr *result = bind_operator(binder, symbol, left[count - 1], right[count - 1], location);
    char strict[2] = {symbol[0], '\0'};
    for (uint32_t i = count - 1; i-- > 0 && result != NULL;) {
        const Expr *either[2], *both[2];
        either[0] = bind_operator(binder, strict, left[i], right[i], location);
        both[0] = bind_operator(binder, "=", left[i], right[i], location);
        both[1] = result;
        if (either[0] == NULL || both[0] == NULL)
            return NULL;
        either[1] = combine(binder, EXPR_AND, both, 2, location);
        result = combine(binder, EXPR_OR, either, 2, location);
    }
    return result;
}

static const Expr *equal_rows(Binder *binder, const Expr *const *left, const Expr *const *right,
                              uint32_t count, int32_t location)
{
    const Expr **items = ARENA_ARRAY(binder->arena, const Expr *, count);
    for (uint32_t i = 0; i < count; i++) {
        items[i] = bind_operator(binder, "=", left[i], right[i], location);
        if (items[i] == NULL)
            return NULL;
    }
    return combine(binder, EXPR_AND, items, count, location);
}

static const Expr *not_distinct_rows(Binder *binder, const Expr *const *left,
                                     const Expr *const *right, uint32_t count, int32_t location)
{
    const Expr **items = ARENA_ARRAY(binder->arena, const Expr *, count);
    for (uint32_t i = 0; i < count; i++) {
        items[i] = bind_not_distinct(binder, left[i], right[i], location);
        if (items[i] == NULL)
            return NULL;
    }
    return combine(binder, EXPR_AND, items, count, location);
}

const Expr *bind_compare_rows(Binder *binder, const char *symbol, const Expr *const *left,
                              const Expr *const *right, uint32_t count, int32_t location)
{
    static const char *const symbols[] = {"=", "<>", "<", "<=", ">", ">="};
    bool is_known = false;
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++)
        is_known = is_known || strcmp(symbol, symbols[i]) == 0;
    if (count == 1)
        return bind_operator(binder, symbol, left[0], right[0], location);
    if (!is_known) {
        bind_fault(binder, location, FAULT_FEATURE_NOT_SUPPORTED,
                   "could not determine interpretation of row comparison operator %s", symbol);
        fault_hint(binder->fault,
                   "Row comparison operators must be associated with btree operator families.");
        return NULL;
    }
    if (strcmp(symbol, "=") != 0 && strcmp(symbol, "<>") != 0)
        return compare_from(binder, symbol, left, right, count, location);
    const Expr *equal = equal_rows(binder, left, right, count, location);
    return equal == NULL || symbol[0] == '=' ? equal : bind_not(binder, equal);
}

static bool is_row_subquery(const PgQuery__Node *node)
{
    return node->node_case == PG_QUERY__NODE__NODE_SUB_LINK &&
           node->sub_link->sub_link_type == PG_QUERY__SUB_LINK_TYPE__EXPR_SUBLINK;
}

bool bind_are_rows(const PgQuery__AExpr *expr)
{
    return expr->lexpr != NULL && bind_row(expr->lexpr) != NULL &&
           (bind_row(expr->rexpr) != NULL || is_row_subquery(expr->rexpr));
}

const Expr *bind_row_operator(Binder *binder, ExprContext *context, const PgQuery__AExpr *expr,
                              const char *symbol, int32_t location)
{
    Fields left = {0}, right = {0};
    if (!bind_fields(binder, context, bind_row(expr->lexpr), &left))
        return NULL;
    if (is_row_subquery(expr->rexpr)) {
        right.count = left.count;
        right.items = bind_row_sub_link(binder, context, expr->rexpr->sub_link, left.count,
                                        location);
        if (right.items == NULL)
            return NULL;
    } else if (!bind_fields(binder, context, bind_row(expr->rexpr), &right)) {
        return NULL;
    }
    if (!rows_match(binder, left.count, right.count, location))
        return NULL;
    bool is_distinct = expr->kind == PG_QUERY__A__EXPR__KIND__AEXPR_DISTINCT;
    if (!is_distinct && expr->kind != PG_QUERY__A__EXPR__KIND__AEXPR_NOT_DISTINCT)
        return bind_compare_rows(binder, symbol, left.items, right.items, left.count, location);
    const Expr *same =
        not_distinct_rows(binder, left.items, right.items, left.count, location);
    return same == NULL || !is_distinct ? same : bind_not(binder, same);
}

/* (a, b) IN ((1, 2), (3, 4)) */
const Expr *bind_row_in(Binder *binder, ExprContext *context, const PgQuery__Node *row,
                        const PgQuery__List *list, int32_t location)
{
    Fields left = {0};
    const Expr **either = ARENA_ARRAY(binder->arena, const Expr *, list->n_items);
    if (!bind_fields(binder, context, bind_row(row), &left))
        return NULL;
    for (size_t i = 0; i < list->n_items; i++) {
        const PgQuery__RowExpr *item = bind_row(list->items[i]);
        Fields right = {0};
        if (item == NULL)
            return bind_fault(binder, location, FAULT_DATATYPE_MISMATCH,
                              "a row can only be compared with rows"),
                   NULL;
        if (!bind_fields(binder, context, item, &right) ||
            !rows_match(binder, left.count, right.count, location))
            return NULL;
        either[i] = equal_rows(binder, left.items, right.items, left.count, location);
        if (either[i] == NULL)
            return NULL;
    }
    return combine(binder, EXPR_OR, either, (uint32_t)list->n_items, location);
}

bool bind_row_items(Binder *binder, ExprContext *context, const PgQuery__Node *node,
                    const Expr ***items, uint32_t *count)
{
    Fields fields = {0};
    if (bind_row(node) == NULL) {
        const Expr *expr = bind_expr(binder, context, node);
        if (expr == NULL)
            return false;
        add_field(binder, &fields, expr);
    } else if (!bind_fields(binder, context, bind_row(node), &fields)) {
        return false;
    }
    *items = fields.items;
    *count = fields.count;
    return true;
}
