/*
 * The arguments of a call, in order or by name: make_interval(days => 10).
 */
#include "engine/sql/bind_internal.h"

typedef struct Placing {
    Binder *binder;
    const PgQuery__FuncCall *call;
    const char *function;
    const ArgumentNames *names; /* NULL: the function's arguments have none */
    const Expr *placed[ARGUMENT_NAMES];
    uint32_t count; /* places up to the last that is filled */
} Placing;

static bool has_named(const PgQuery__FuncCall *call)
{
    for (size_t i = 0; i < call->n_args; i++)
        if (call->args[i]->node_case == PG_QUERY__NODE__NODE_NAMED_ARG_EXPR)
            return true;
    return false;
}

/* function f(name => type, ...) does not exist */
static bool no_such_call(Placing *placing, const Expr *const *given)
{
    Binder *binder = placing->binder;
    Buffer text = BUFFER_EMPTY;
    for (size_t i = 0; i < placing->call->n_args; i++) {
        const PgQuery__Node *node = placing->call->args[i];
        if (i > 0)
            buffer_append_string(&text, ", ");
        if (node->node_case == PG_QUERY__NODE__NODE_NAMED_ARG_EXPR) {
            buffer_append_string(&text, node->named_arg_expr->name);
            buffer_append_string(&text, " => ");
        }
        buffer_append_string(&text, expr_is_unknown(given[i])
                                        ? "unknown"
                                        : type_format_name(binder->arena, given[i]->type));
    }
    bind_fault(binder, bind_location(binder, placing->call->location), FAULT_UNDEFINED_FUNCTION,
               "function %s(%.*s) does not exist", placing->function, (int)text.length,
               (const char *)text.data);
    fault_hint(binder->fault, "No function matches the given name and argument types. You might "
                              "need to add explicit type casts.");
    buffer_clear(&text);
    return false;
}

/* ARGUMENT_NAMES: no argument is called so. */
static uint32_t place_of(const ArgumentNames *names, const char *name)
{
    uint32_t place = 0;
    while (place < ARGUMENT_NAMES && names->names[place] != NULL &&
           !name_is(name, names->names[place]))
        place++;
    return place < ARGUMENT_NAMES && names->names[place] != NULL ? place : ARGUMENT_NAMES;
}

static bool place_all(Placing *placing, const Expr *const *given)
{
    for (uint32_t i = 0; i < placing->call->n_args; i++) {
        const PgQuery__Node *node = placing->call->args[i];
        uint32_t place = node->node_case == PG_QUERY__NODE__NODE_NAMED_ARG_EXPR
                             ? place_of(placing->names, node->named_arg_expr->name)
                             : i;
        if (place >= ARGUMENT_NAMES || placing->names->names[place] == NULL ||
            placing->placed[place] != NULL)
            return false;
        placing->placed[place] = given[i];
        placing->count = place + 1 > placing->count ? place + 1 : placing->count;
    }
    return true;
}

/* What is left out before the last argument that is given has its default. */
static bool fill_gaps(Placing *placing)
{
    Binder *binder = placing->binder;
    if (placing->count < placing->names->required)
        return false;
    for (uint32_t i = 0; i < placing->count; i++) {
        const char *otherwise = argument_default(placing->names, i);
        if (placing->placed[i] != NULL)
            continue;
        if (otherwise == NULL)
            return false;
        placing->placed[i] =
            expr_text(binder->arena, SQL_TYPE(T_UNKNOWN), text_of(otherwise),
                      bind_location(binder, placing->call->location));
    }
    return true;
}

bool bind_call_arguments(Binder *binder, ExprContext *context, const PgQuery__FuncCall *call,
                         const char *name, const Expr ***arguments, uint32_t *count)
{
    uint32_t given = (uint32_t)call->n_args;
    const Expr **list = ARENA_ARRAY(binder->arena, const Expr *, given + ARGUMENT_NAMES);
    for (uint32_t i = 0; i < given; i++) {
        const PgQuery__Node *node = call->args[i];
        list[i] = bind_expr(binder, context,
                            node->node_case == PG_QUERY__NODE__NODE_NAMED_ARG_EXPR
                                ? node->named_arg_expr->arg
                                : node);
        if (list[i] == NULL)
            return false;
    }
    *arguments = list;
    *count = given;
    if (!has_named(call))
        return true;
    Placing placing = {.binder = binder, .call = call, .function = name,
                       .names = function_argument_names(name)};
    if (placing.names == NULL || !place_all(&placing, list) || !fill_gaps(&placing))
        return no_such_call(&placing, list);
    memcpy(list, placing.placed, placing.count * sizeof *list);
    *count = placing.count;
    return true;
}
