/*
 * Narrow keys: a key that is a whole number in a wide type is grouped by as the number, and widened
 * behind the grouping, once a group.
 *
 *     Aggregate (extract('year', t) k)           Project (CAST(k AS numeric) k)
 *       x                                  ->      Aggregate (extract_int('year', t) k)
 *                                                    x
 *
 * So are fields of a time, which PostgreSQL gives as numeric or double precision, and integers cast to
 * numeric. Equal numbers have equal wide values and the other way round.
 */
#include "engine/plan/plan_internal.h"

#include <strings.h>

static bool is_integer(SqlType type)
{
    return type.oid == T_INT2 || type.oid == T_INT4 || type.oid == T_INT8;
}

/* Fields that DATE_PART gives without a fraction. */
static bool is_whole_field(const Expr *field)
{
    static const char *const whole[] = {"year", "quarter", "month", "week", "day", "hour", "minute",
                                        "dow", "isodow", "doy", "isoyear", "decade"};
    if (field->kind != EXPR_CONSTANT || vector_is_null(field->value, 0))
        return false;
    Text name = vector_text(field->value, 0);
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++)
        if (name.length == strlen(whole[i]) && strncasecmp(name.data, whole[i], name.length) == 0)
            return true;
    return false;
}

/* The same field as a bigint; NULL: the call is none. */
static const Expr *field_as_integer(Arena *arena, const Expr *call)
{
    const char *name = call->call.function->name;
    bool is_field = call->argument_count == 2 && call->arguments[0]->type.oid == T_TEXT &&
                    (strcmp(name, "extract_whole") == 0 ||
                     (strcmp(name, "date_part") == 0 && is_whole_field(call->arguments[0])));
    if (!is_field)
        return NULL;
    SqlType types[2] = {call->arguments[0]->type, call->arguments[1]->type}, coerced[2];
    Fault ignored;
    const ScalarFunction *function =
        function_resolve(text_of("extract_int"), types, 2, 0, coerced, -1, &ignored);
    if (function == NULL || coerced[1].oid != types[1].oid)
        return NULL;
    return expr_call(arena, function, SQL_TYPE(T_INT8), call->arguments, 2, call->location);
}

/* The integer that the key is made of; NULL: it stays. */
static const Expr *narrow(Arena *arena, const Expr *key)
{
    if (key->kind != EXPR_CALL)
        return NULL;
    if (key->type.oid == T_NUMERIC && key->call.function->kind == FUNCTION_CAST &&
        key->argument_count == 1 && is_integer(key->arguments[0]->type) &&
        type_scale(key->type) == 0)
        return key->arguments[0];
    return field_as_integer(arena, key);
}

static const Plan *narrow_node(PlanContext *context, const Plan *plan, void *state, Fault *fault)
{
    (void)state, (void)fault;
    if (plan->kind != PLAN_AGGREGATE)
        return plan;
    Arena *arena = context->arena;
    uint32_t key_count = plan->aggregate.key_count;
    PlanProjection *keys = ARENA_ARRAY(arena, PlanProjection, key_count);
    PlanProjection *items = ARENA_ARRAY(arena, PlanProjection, plan->column_count);
    bool changed = false;
    for (uint32_t i = 0; i < plan->column_count; i++) {
        PlanColumn column = plan->columns[i];
        items[i] = (PlanProjection){
            .column = column, .expr = expr_column(arena, column.type, column.id, -1)};
        if (i >= key_count)
            continue;
        keys[i] = plan->aggregate.keys[i];
        const Expr *number = narrow(arena, keys[i].expr), *widened = NULL;
        PlanColumn key = {.id = plan_new_column(context), .name = column.name};
        if (number != NULL) {
            Fault ignored;
            key.type = number->type;
            widened = expr_cast(arena, expr_column(arena, key.type, key.id, -1), column.type,
                                CAST_EXPLICIT, 0, &ignored);
        }
        if (widened == NULL)
            continue;
        keys[i] = (PlanProjection){.column = key, .expr = number};
        items[i].expr = widened;
        changed = true;
    }
    if (!changed)
        return plan;
    const Plan *grouped =
        plan_aggregate(arena, plan->aggregate.input, keys, key_count, plan->aggregate.aggregates,
                       plan->aggregate.aggregate_count);
    return plan_project(arena, grouped, items, plan->column_count);
}

const Plan *rule_narrow_keys(PlanContext *context, const Plan *plan, Fault *fault)
{
    return plan_rewrite(context, plan, narrow_node, NULL, fault);
}
