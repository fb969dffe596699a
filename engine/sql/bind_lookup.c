/*
 * LOOKUP(x, 'name' [, otherwise]): the value v of table lookup.name whose key k is x; NULL, or what
 * is given for it, where there is none. A lookup is a table as any other, so that it is filled
 * by INSERT and REPLACE, and the call is a join with it: at most one row a key (21000 for more).
 *
 * The join stands below grouping unless x needs aggregates, and calls that are the same share it:
 * SELECT and GROUP BY speak of one column.
 */
#include "engine/sql/bind_internal.h"

#include "base/memory/buffer.h"
#include "engine/sql/parse_internal.h"

/* A call met before in the statement. */
struct BoundLookup {
    const ApplyList *list;
    Text name;
    const Expr *key;
    const Expr *value; /* the table's column v */
    const BoundLookup *next;
};

static bool absent(Binder *binder, Text name, int32_t location)
{
    bind_fault(binder, location, FAULT_UNDEFINED_OBJECT, "lookup \"%.*s\" does not exist",
               TEXT_ARGS(name));
    return fault_hint(binder->fault,
                      "A lookup is a table of the schema \"lookup\" with the columns k and v.");
}

/* SELECT k, v FROM lookup."name", bound away from the statement's own text. */
static bool bind_table(Binder *binder, Text name, int32_t location, QueryResult *query)
{
    Buffer text = BUFFER_EMPTY;
    buffer_append_string(&text, "SELECT k, v FROM lookup.\"");
    for (uint32_t i = 0; i < name.length; i++) {
        if (name.data[i] == '"')
            buffer_append_byte(&text, '"');
        buffer_append_byte(&text, (uint8_t)name.data[i]);
    }
    buffer_append_byte(&text, '"');
    ParsedStatement *statements;
    uint32_t count;
    bool ok = sql_parse(binder->arena, text_of(buffer_string(&text)), 0, &statements, &count,
                        binder->fault);
    buffer_clear(&text);
    if (!ok || count != 1 || statements[0].tree->node->node_case != PG_QUERY__NODE__NODE_SELECT_STMT)
        return absent(binder, name, location);
    Binder before = *binder;
    binder->map = NULL;
    binder->fixed_location = location;
    ok = bind_query(binder, statements[0].tree->node->select_stmt, NULL, NULL, false, query);
    binder->map = before.map;
    binder->fixed_location = before.fixed_location;
    FaultCode code = ok ? FAULT_NONE : binder->fault->code;
    return code == FAULT_UNDEFINED_TABLE || code == FAULT_INVALID_SCHEMA_NAME ||
                   code == FAULT_UNDEFINED_COLUMN
               ? absent(binder, name, location)
               : ok;
}

static ApplyList *list_for(const ExprContext *context, const Expr *key)
{
    SelectState *select = context->is_in_aggregate ? NULL : context->select;
    for (uint32_t i = 0; select != NULL && i < select->aggregate_count; i++) {
        if (expr_uses_column(key, select->aggregates[i].column.id))
            return context->applies;
    }
    return select != NULL ? &select->before : context->applies;
}

static const Expr *find_bound(const Binder *binder, const ApplyList *list, Text name,
                              const Expr *key)
{
    for (const BoundLookup *at = binder->lookups; at != NULL; at = at->next) {
        if (at->list == list && text_equal(at->name, name) && expr_equal(at->key, key))
            return at->value;
    }
    return NULL;
}

static const Expr *join_table(Binder *binder, ApplyList *list, Text name, const Expr *key,
                              int32_t location)
{
    QueryResult query;
    if (!bind_table(binder, name, location, &query))
        return NULL;
    const PlanColumn *k = &query.columns[0].column, *v = &query.columns[1].column;
    const Expr *sides[2] = {expr_column(binder->arena, k->type, k->id, location), key};
    sides[0] = coerce_to(binder, sides[0], SQL_TYPE(T_TEXT), CAST_EXPLICIT, location);
    const Expr *equal =
        sides[0] == NULL ? NULL : bind_operator(binder, "=", sides[0], sides[1], location);
    if (equal == NULL)
        return NULL;
    apply_list_add(binder, list,
                   (PendingApply){.type = APPLY_JOIN,
                                  .join_type = JOIN_SINGLE,
                                  .right = query.plan,
                                  .condition = equal});
    BoundLookup *bound = ARENA_NEW(binder->arena, BoundLookup);
    *bound = (BoundLookup){.list = list,
                           .name = name,
                           .key = key,
                           .value = expr_column(binder->arena, v->type, v->id, location),
                           .next = binder->lookups};
    binder->lookups = bound;
    return bound->value;
}

const Expr *bind_lookup(Binder *binder, const ExprContext *context, const Expr *const *arguments,
                        uint32_t count, int32_t location)
{
    const Expr *name = bind_fold(binder, arguments[1]);
    if (name->kind != EXPR_CONSTANT || expr_is_null(name) ||
        type_layout(name->type) != LAYOUT_STRING) {
        bind_fault(binder, name->location, FAULT_INVALID_PARAMETER_VALUE,
                   "the name of a lookup must be a literal");
        return NULL;
    }
    if (context->applies == NULL) {
        bind_fault(binder, location, FAULT_FEATURE_NOT_SUPPORTED, "lookups are not supported in %s",
                   clause_name(context->clause));
        return NULL;
    }
    const Expr *key = coerce_unknown_to_text(binder, arguments[0]);
    key = key == NULL ? NULL : coerce_to(binder, key, SQL_TYPE(T_TEXT), CAST_EXPLICIT, location);
    if (key == NULL)
        return NULL;
    Text named = vector_text(name->value, 0);
    ApplyList *list = list_for(context, key);
    const Expr *value = find_bound(binder, list, named, key);
    if (value == NULL)
        value = join_table(binder, list, named, key, location);
    if (value == NULL || count < 3)
        return value;
    const Expr *pair[2] = {value, coerce_to(binder, arguments[2], value->type, CAST_EXPLICIT, location)};
    return pair[1] == NULL
               ? NULL
               : expr_nary(binder->arena, EXPR_COALESCE, value->type, pair, 2, location);
}
