/*
 * Rows as values: their types, how they are made, taken apart, cast and compared. What a value
 * looks like is the business of engine/type/record.h.
 *
 * A field of a row that is made in the same expression is the value itself, so that (t).a costs
 * what a costs.
 */
#include "engine/sql/bind_record_internal.h"

#include <strings.h>

/* --- row types --- */

static bool same_fields(const RowType *type, const RowField *fields, uint32_t count)
{
    if (type->count != count)
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(type->fields[i].name, fields[i].name) != 0 ||
            !type_equal(type->fields[i].type, fields[i].type))
            return false;
    return true;
}

SqlType row_type_of(Binder *binder, const RowField *fields, uint32_t count)
{
    RowTypes *types = binder->row_types;
    for (uint32_t i = 0; i < types->count; i++)
        if (same_fields(&types->items[i], fields, count))
            return (SqlType){T_RECORD, (int32_t)i};
    if (types->count == types->capacity) {
        uint32_t capacity = types->capacity == 0 ? 8 : types->capacity * 2;
        RowType *items = ARENA_ARRAY(binder->arena, RowType, capacity);
        if (types->count > 0)
            memcpy(items, types->items, types->count * sizeof *items);
        types->items = items;
        types->capacity = capacity;
    }
    RowField *kept = ARENA_ARRAY(binder->arena, RowField, count + 1);
    if (count > 0)
        memcpy(kept, fields, count * sizeof *kept);
    types->items[types->count] = (RowType){count, kept};
    return (SqlType){T_RECORD, (int32_t)types->count++};
}

const RowType *row_type_find(const Binder *binder, SqlType type)
{
    bool is_known = (type.oid == T_RECORD || type.oid == T_RECORD_ARRAY) && type.modifier >= 0 &&
                    (uint32_t)type.modifier < binder->row_types->count;
    return is_known ? &binder->row_types->items[type.modifier] : NULL;
}

bool row_type_named(Binder *binder, const PgQuery__TypeName *name, SqlType *type, bool *is_found)
{
    Fault ignored;
    bool has_schema = name->n_names > 1;
    SchemaName schema, relation_name = name_read(name->names[name->n_names - 1]->string->sval);
    if (has_schema)
        schema = name_read(name->names[name->n_names - 2]->string->sval);
    const Relation *relation =
        schema_resolve(binder->arena, binder->context->tables, has_schema ? &schema : NULL,
                       relation_name, bind_search_path(binder), -1, &ignored);
    *is_found = relation != NULL;
    if (relation == NULL)
        return true;
    RowField *fields = ARENA_ARRAY(binder->arena, RowField, relation->column_count + 1);
    for (uint32_t i = 0; i < relation->column_count; i++) {
        Text column = relation->columns[i].name;
        fields[i] = (RowField){arena_strndup(binder->arena, column.data, column.length),
                               relation->columns[i].type};
    }
    *type = row_type_of(binder, fields, relation->column_count);
    return true;
}

/* Field by field, where all have as many. */
static bool common_fields(Binder *binder, const SqlType *types, uint32_t count,
                          const RowType *first, const char *what, SqlType *common)
{
    RowField *fields = ARENA_ARRAY(binder->arena, RowField, first->count + 1);
    SqlType *column = ARENA_ARRAY(binder->arena, SqlType, count);
    for (uint32_t f = 0; f < first->count; f++) {
        uint32_t used = 0;
        for (uint32_t i = 0; i < count; i++) {
            const RowType *row = row_type_find(binder, types[i]);
            if (row != NULL)
                column[used++] = row->fields[f].type;
        }
        fields[f].name = first->fields[f].name;
        if (!row_common_type(binder, column, used, what, &fields[f].type))
            return false;
    }
    *common = row_type_of(binder, fields, first->count);
    return true;
}

bool row_common_type(Binder *binder, const SqlType *types, uint32_t count, const char *what,
                     SqlType *common)
{
    const RowType *first = NULL;
    bool are_known = true;
    if (!function_common_type(types, count, what, common, binder->fault))
        return false;
    if (common->oid != T_RECORD || common->modifier >= 0)
        return true;
    for (uint32_t i = 0; i < count && are_known; i++) {
        const RowType *row = row_type_find(binder, types[i]);
        are_known = row != NULL || types[i].oid == T_UNKNOWN;
        first = first != NULL ? first : row;
        are_known = are_known && (row == NULL || row->count == first->count);
    }
    return !are_known || first == NULL ||
           common_fields(binder, types, count, first, what, common);
}

/* --- making --- */

static bool is_made(const Expr *expr)
{
    return expr->kind == EXPR_CALL && (expr->call.function->oid == RECORD_MAKE_OID ||
                                       expr->call.function->oid == RECORD_MAKE_OID + 1);
}

static const Expr *names_of(Binder *binder, const RowField *fields, uint32_t count,
                            int32_t location)
{
    VectorBuilder builder, *names;
    vector_builder_init(&builder, binder->arena, LAYOUT_ARRAY, 1);
    names = ARENA_NEW(binder->arena, VectorBuilder);
    vector_builder_init(names, binder->arena, LAYOUT_STRING, count == 0 ? 1 : count);
    builder.elements = names;
    vector_builder_array(&builder, count);
    for (uint32_t i = 0; i < count; i++)
        vector_builder_text(names, text_of(fields[i].name));
    Vector *value = ARENA_NEW(binder->arena, Vector);
    *value = vector_builder_finish(&builder);
    value->form = VECTOR_CONSTANT;
    return expr_constant(binder->arena, SQL_TYPE(T_TEXT_ARRAY), value, location);
}

const Expr *bind_record(Binder *binder, const Expr *const *values, const char *const *names,
                        uint32_t count, int32_t location)
{
    enum { MOST_FIELDS = 1664 };
    if (count > MOST_FIELDS) {
        bind_fault(binder, location, FAULT_TOO_MANY_COLUMNS_SQL,
                   "ROW expressions can have at most %d entries", MOST_FIELDS);
        return NULL;
    }
    RowField *fields = ARENA_ARRAY(binder->arena, RowField, count + 1);
    const Expr **arguments = ARENA_ARRAY(binder->arena, const Expr *, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        /* an untyped literal stays one: what it is compared with or cast to says what it is */
        const Expr *value = values[i]->kind == EXPR_CONSTANT
                                ? values[i]
                                : coerce_unknown_to_text(binder, values[i]);
        if (value == NULL)
            return NULL;
        arguments[i + 1] = value;
        fields[i] = (RowField){names != NULL ? names[i]
                                             : arena_printf(binder->arena, "f%u", i + 1),
                               value->type};
    }
    arguments[0] = names_of(binder, fields, count, location);
    const ScalarFunction *make =
        function_scalar_by_oid(count == 0 ? RECORD_MAKE_OID : RECORD_MAKE_OID + 1);
    return expr_call(binder->arena, make, row_type_of(binder, fields, count), arguments, count + 1,
                     location);
}

/* The same fields under the names and types of `type`. */
static const Expr *record_as(Binder *binder, const Expr *const *values, SqlType type,
                             CastRule rule, int32_t location)
{
    const RowType *row = row_type_find(binder, type);
    const Expr **cast = ARENA_ARRAY(binder->arena, const Expr *, row->count + 1);
    const char **names = ARENA_ARRAY(binder->arena, const char *, row->count + 1);
    for (uint32_t i = 0; i < row->count; i++) {
        names[i] = row->fields[i].name;
        cast[i] = coerce_to(binder, values[i], row->fields[i].type, rule, location);
        if (cast[i] == NULL)
            return NULL;
    }
    return bind_record(binder, cast, names, row->count, location);
}

/* A NULL record where `is_absent` holds. */
static const Expr *null_where(Binder *binder, const Expr *is_absent, const Expr *record)
{
    const Expr *branches[3] = {is_absent,
                               expr_null(binder->arena, record->type, record->location), record};
    return expr_nary(binder->arena, EXPR_CASE, record->type, branches, 3, record->location);
}

const Expr *bind_record_of_row(Binder *binder, ExprContext *context, const PgQuery__RowExpr *row)
{
    PgQuery__Node node = {.node_case = PG_QUERY__NODE__NODE_ROW_EXPR,
                          .row_expr = (PgQuery__RowExpr *)row};
    const Expr **items;
    uint32_t count;
    if (!bind_row_items(binder, context, &node, &items, &count))
        return NULL;
    return bind_record(binder, items, NULL, count, bind_location(binder, row->location));
}

/* Columns of an outer query's relation must be grouped by there. */
static void note_outer_use(Binder *binder, ExprContext *context, const ScopeTable *table,
                           int32_t location)
{
    const Scope *level = context->scope;
    for (; level != NULL; level = level->parent) {
        const FromItem *from = &level->from;
        if (table >= from->tables && table < from->tables + from->table_count)
            break;
    }
    const ExprContext *place =
        level != NULL && level != context->scope ? scope_place_in(context->scope, level) : NULL;
    for (uint32_t i = 0; place != NULL && i < table->column_count; i++)
        scope_note_use(binder, place, level->select, table->columns[i].id, location);
}

const Expr *bind_record_of_table(Binder *binder, ExprContext *context, const ScopeTable *table,
                                 int32_t location)
{
    const Expr **values = ARENA_ARRAY(binder->arena, const Expr *, table->column_count + 1);
    const Expr **nulls = ARENA_ARRAY(binder->arena, const Expr *, table->column_count + 1);
    const char **names = ARENA_ARRAY(binder->arena, const char *, table->column_count + 1);
    for (uint32_t i = 0; i < table->column_count; i++) {
        const ScopeColumn *column = &table->columns[i];
        values[i] = expr_column(binder->arena, column->type, column->id, location);
        nulls[i] = expr_nary(binder->arena, EXPR_IS_NULL, SQL_TYPE(T_BOOL), &values[i], 1, location);
        names[i] = column->name;
    }
    note_outer_use(binder, context, table, location);
    const Expr *record = bind_record(binder, values, names, table->column_count, location);
    if (record == NULL || !table->is_nullable || table->column_count == 0)
        return record;
    const Expr *is_absent = expr_nary(binder->arena, EXPR_AND, SQL_TYPE(T_BOOL), nulls,
                                      table->column_count, location);
    return null_where(binder, is_absent, record);
}

/* --- fields --- */

const Expr *bind_record_field(Binder *binder, const Expr *record, uint32_t field, int32_t location)
{
    const RowType *row = row_type_find(binder, record->type);
    const Expr *made = record;
    /* of a row that is NULL where its columns are, too */
    if (record->kind == EXPR_CASE && record->argument_count == 3 &&
        expr_is_null(record->arguments[1]) && record->arguments[0]->kind == EXPR_AND)
        made = record->arguments[2];
    if (is_made(made))
        return made->arguments[field + 1];
    const Expr *arguments[2] = {
        record, expr_int64(binder->arena, SQL_TYPE(T_INT4), (int64_t)field + 1, location)};
    SqlType type = row->fields[field].type;
    return expr_call(binder->arena, function_scalar_by_oid(RECORD_FIELD_OID),
                     type.oid == T_UNKNOWN ? SQL_TYPE(T_TEXT) : type, arguments, 2, location);
}

static Text field_name_at(const void *state, uint32_t i)
{
    return text_of(((const RowField *)state)[i].name);
}

const Expr *bind_record_field_named(Binder *binder, const Expr *record, const char *marked,
                                    int32_t location)
{
    const RowType *row = row_type_find(binder, record->type);
    SchemaName name = name_read(marked);
    if (row == NULL && record->type.oid != T_RECORD) {
        bind_fault(binder, location, FAULT_WRONG_OBJECT_TYPE,
                   "column notation .%.*s applied to type %s, which is not a composite type",
                   TEXT_ARGS(name.text), type_format_name(binder->arena, record->type));
        return NULL;
    }
    int found = row == NULL ? SCHEMA_NO_MATCH
                            : schema_match_name(name, row->count, field_name_at, row->fields);
    if (found >= 0)
        return bind_record_field(binder, record, (uint32_t)found, location);
    bind_fault(binder, location,
               found == SCHEMA_AMBIGUOUS ? FAULT_AMBIGUOUS_COLUMN : FAULT_UNDEFINED_COLUMN,
               found == SCHEMA_AMBIGUOUS
                   ? "column reference \"%.*s\" is ambiguous"
                   : "could not identify column \"%.*s\" in record data type",
               TEXT_ARGS(name.text));
    return NULL;
}

bool bind_record_star(Binder *binder, ExprContext *context, const PgQuery__Node *node,
                      const Expr **record)
{
    *record = NULL;
    if (node->node_case != PG_QUERY__NODE__NODE_A_INDIRECTION)
        return true;
    PgQuery__AIndirection inner = *node->a_indirection;
    const PgQuery__Node *last = inner.indirection[inner.n_indirection - 1];
    if (last->node_case != PG_QUERY__NODE__NODE_A_STAR)
        return true;
    PgQuery__Node rest = {.node_case = PG_QUERY__NODE__NODE_A_INDIRECTION, .a_indirection = &inner};
    inner.n_indirection--;
    *record = bind_expr(binder, context, inner.n_indirection == 0 ? inner.arg : &rest);
    if (*record == NULL)
        return false;
    if (row_type_find(binder, (*record)->type) != NULL && (*record)->type.oid == T_RECORD)
        return true;
    int32_t location = bind_node_location(binder, node);
    if ((*record)->type.oid == T_RECORD)
        return bind_fault(binder, location, FAULT_FEATURE_NOT_SUPPORTED,
                          "record type has not been registered");
    return bind_fault(binder, location, FAULT_WRONG_OBJECT_TYPE, "type %s is not composite",
                      type_format_name(binder->arena, (*record)->type));
}

const Plan *bind_record_columns(Binder *binder, const Plan *plan)
{
    const RowType *row = plan->column_count > 0 && plan->columns[0].type.oid == T_RECORD
                             ? row_type_find(binder, plan->columns[0].type)
                             : NULL;
    if (row == NULL)
        return plan;
    uint32_t count = row->count + plan->column_count - 1;
    PlanProjection *items = ARENA_ARRAY(binder->arena, PlanProjection, count + 1);
    const Expr *record =
        expr_column(binder->arena, plan->columns[0].type, plan->columns[0].id, -1);
    for (uint32_t i = 0; i < row->count; i++)
        items[i] = (PlanProjection){
            bind_new_column(binder, row->fields[i].type, row->fields[i].name),
            bind_record_field(binder, record, i, -1)};
    for (uint32_t i = 1; i < plan->column_count; i++)
        items[row->count + i - 1] = (PlanProjection){
            plan->columns[i],
            expr_column(binder->arena, plan->columns[i].type, plan->columns[i].id, -1)};
    return plan_project(binder->arena, plan, items, count);
}

/* --- NULL tests --- */

const Expr *bind_record_null_test(Binder *binder, const Expr *record, bool wants_null,
                                  int32_t location)
{
    const ScalarFunction *test =
        function_scalar_by_oid(wants_null ? RECORD_IS_NULL_OID : RECORD_IS_NOT_NULL_OID);
    return expr_call(binder->arena, test, SQL_TYPE(T_BOOL), &record, 1, location);
}

/* --- literals: '(1,"a b",)' --- */

static const Expr *bad_literal(Binder *binder, Text text, const char *detail, int32_t location)
{
    bind_fault(binder, location, FAULT_INVALID_TEXT_REPRESENTATION,
               "malformed record literal: \"%.*s\"", TEXT_ARGS(text));
    fault_detail(binder->fault, "%s", detail);
    return NULL;
}

/* One field up to , or ): *is_null when nothing stands there. False: the text ends first. */
static bool read_field(Binder *binder, const char **at, const char *end, Text *field,
                       bool *is_null)
{
    const char *p = *at;
    char *out = arena_alloc(binder->arena, (size_t)(end - p) + 1);
    uint32_t length = 0;
    bool in_quotes = false;
    *is_null = true;
    while (p < end && (in_quotes || (*p != ',' && *p != ')'))) {
        *is_null = false;
        if (*p == '\\' && p + 1 < end) {
            out[length++] = p[1];
            p += 2;
        } else if (*p == '"' && in_quotes && p + 1 < end && p[1] == '"') {
            out[length++] = '"';
            p += 2;
        } else if (*p == '"') {
            in_quotes = !in_quotes;
            p++;
        } else {
            out[length++] = *p++;
        }
    }
    *field = (Text){out, length};
    *at = p;
    return p < end;
}

static const Expr *record_of_text(Binder *binder, Text text, SqlType type, int32_t location)
{
    const RowType *row = row_type_find(binder, type);
    const char *p = text.data, *end = p + text.length;
    const Expr **values = ARENA_ARRAY(binder->arena, const Expr *, row->count + 1);
    while (p < end && strchr(" \t\n\r\v\f", *p) != NULL)
        p++;
    if (p == end || *p++ != '(')
        return bad_literal(binder, text, "Missing left parenthesis.", location);
    for (uint32_t i = 0; i < row->count; i++) {
        Text field;
        bool is_null;
        if (i > 0 && *p++ != ',')
            return bad_literal(binder, text, "Too few columns.", location);
        if (!read_field(binder, &p, end, &field, &is_null))
            return bad_literal(binder, text, "Unexpected end of input.", location);
        const Expr *untyped =
            is_null ? expr_null(binder->arena, SQL_TYPE(T_UNKNOWN), location)
                    : expr_text(binder->arena, SQL_TYPE(T_UNKNOWN), field, location);
        values[i] = coerce_to(binder, untyped, row->fields[i].type, CAST_EXPLICIT, location);
        if (values[i] == NULL)
            return NULL;
    }
    if (p == end || *p != ')')
        return bad_literal(binder, text, p == end ? "Unexpected end of input." : "Too many columns.",
                           location);
    for (p++; p < end; p++)
        if (strchr(" \t\n\r\v\f", *p) == NULL)
            return bad_literal(binder, text, "Junk after right parenthesis.", location);
    return record_as(binder, values, type, CAST_EXPLICIT, location);
}

/* --- casts and comparisons --- */

static const Expr *cannot_cast(Binder *binder, const Expr *expr, const char *detail,
                               int32_t location)
{
    bind_fault(binder, location, FAULT_CANNOT_COERCE, "cannot cast type %s to record",
               type_format_name(binder->arena, expr->type));
    fault_detail(binder->fault, "%s", detail);
    return NULL;
}

const Expr *bind_record_cast(Binder *binder, const Expr *expr, SqlType type, CastRule rule,
                             int32_t location)
{
    const RowType *to = row_type_find(binder, type);
    if (expr->kind == EXPR_CONSTANT && expr_is_null(expr))
        return expr_null(binder->arena, type, location);
    if (expr_is_unknown(expr) && expr->kind == EXPR_CONSTANT)
        return record_of_text(binder, vector_text(expr->value, 0), type, location);
    const RowType *from = row_type_find(binder, expr->type);
    if (from == NULL || expr->type.oid != T_RECORD)
        return cannot_cast(binder, expr, "What fields it has is not known.", location);
    if (from->count != to->count)
        return cannot_cast(binder, expr,
                           from->count < to->count ? "Input has too few columns."
                                                   : "Input has too many columns.",
                           location);
    const Expr **values = ARENA_ARRAY(binder->arena, const Expr *, from->count + 1);
    for (uint32_t i = 0; i < from->count; i++)
        values[i] = bind_record_field(binder, expr, i, location);
    const Expr *cast = record_as(binder, values, type, rule, location);
    if (cast == NULL || is_made(expr))
        return cast;
    const Expr *is_absent =
        expr_nary(binder->arena, EXPR_IS_NULL, SQL_TYPE(T_BOOL), &expr, 1, location);
    return null_where(binder, is_absent, cast);
}

bool bind_record_operands(Binder *binder, const Expr **left, const Expr **right, int32_t location)
{
    const RowType *a = row_type_find(binder, (*left)->type);
    const RowType *b = row_type_find(binder, (*right)->type);
    if (a == NULL || b == NULL || (*left)->type.modifier == (*right)->type.modifier)
        return true; /* what is not known is compared when it runs */
    if (a->count != b->count)
        return bind_fault(binder, location, FAULT_DATATYPE_MISMATCH,
                          "cannot compare record types with different numbers of columns");
    for (uint32_t i = 0; i < a->count; i++)
        if (a->fields[i].type.oid != b->fields[i].type.oid &&
            a->fields[i].type.oid != T_UNKNOWN && b->fields[i].type.oid != T_UNKNOWN)
            return bind_fault(
                binder, location, FAULT_DATATYPE_MISMATCH,
                "cannot compare dissimilar column types %s and %s at record column %u",
                type_format_name(binder->arena, SQL_TYPE(a->fields[i].type.oid)),
                type_format_name(binder->arena, SQL_TYPE(b->fields[i].type.oid)), i + 1);
    SqlType pair[2] = {(*left)->type, (*right)->type}, common;
    if (!row_common_type(binder, pair, 2, "comparison", &common))
        return bind_fault_place(binder, location);
    *left = coerce_to(binder, *left, common, CAST_IMPLICIT, location);
    *right = *left == NULL ? NULL : coerce_to(binder, *right, common, CAST_IMPLICIT, location);
    return *right != NULL;
}
