/*
 * Frames of window functions.
 *
 * ROWS and GROUPS count, so their offsets are numbers. RANGE with an offset compares: three
 * arguments are added to the call, the row's value in the order and what the values of the
 * frame's ends are compared with (the value plus or minus the offset), all of one type in which
 * nothing overflows: integers as numerics, reals as doubles, dates as timestamps.
 */
#include "engine/sql/bind_window_internal.h"

enum {
    START_OFFSET = FRAME_OPTION_START_PRECEDING | FRAME_OPTION_START_FOLLOWING,
    END_OFFSET = FRAME_OPTION_END_PRECEDING | FRAME_OPTION_END_FOLLOWING,
};

bool window_frame_check(Binder *binder, const WindowSpec *spec)
{
    int32_t options = spec->frame->frame_options;
    int32_t location = bind_location(binder, spec->frame->location);
    bool has_offset = (options & (START_OFFSET | END_OFFSET)) != 0;
    if ((options & FRAME_OPTION_GROUPS) != 0 && spec->order_count == 0)
        return bind_fault(binder, location, FAULT_WINDOWING_ERROR,
                          "GROUPS mode requires an ORDER BY clause");
    if ((options & FRAME_OPTION_RANGE) != 0 && has_offset && spec->order_count != 1)
        return bind_fault(binder, location, FAULT_WINDOWING_ERROR,
                          "RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY "
                          "column");
    return true;
}

/* --- offsets --- */

/* Stands for a parameter whose value is not known yet: the statement is only described. */
static const Expr *no_value_yet(Binder *binder, SqlType type)
{
    return type.oid == T_INT8 ? expr_int64(binder->arena, type, 0, -1)
                              : expr_null(binder->arena, type, -1);
}

/* An expression without columns, as a constant. */
static const Expr *bind_offset(Binder *binder, const PgQuery__Node *node, const char *mode)
{
    Scope nothing = {0};
    ExprContext context = {.scope = &nothing, .clause = CLAUSE_WINDOW};
    const Expr *expr = bind_expr(binder, &context, node);
    if (expr == NULL && binder->fault->code == FAULT_UNDEFINED_COLUMN)
        bind_fault(binder, bind_node_location(binder, node), FAULT_INVALID_COLUMN_REFERENCE,
                   "argument of %s must not contain variables", mode);
    return expr;
}

static const Expr *settle_offset(Binder *binder, const Expr *expr, SqlType type, const char *mode,
                                 const char *end, const PgQuery__Node *node)
{
    int32_t location = bind_node_location(binder, node);
    SqlType given = expr->type;
    expr = coerce_to(binder, expr, type, CAST_ASSIGNMENT, location);
    if (expr == NULL) {
        if (binder->fault->code == FAULT_CANNOT_COERCE || binder->fault->code == FAULT_DATATYPE_MISMATCH)
            bind_fault(binder, location, FAULT_DATATYPE_MISMATCH,
                       "argument of %s must be type %s, not type %s", mode,
                       type_format_name(binder->arena, type),
                       type_format_name(binder->arena, SQL_TYPE(given.oid)));
        return NULL;
    }
    if (expr_has_kind(expr, EXPR_PARAMETER))
        return no_value_yet(binder, type);
    Vector value;
    if (!expr_evaluate_constant(binder->arena, expr, binder->context->types, &value,
                                binder->fault)) {
        bind_fault_place(binder, location);
        return NULL;
    }
    if (vector_is_null(&value, 0)) {
        bind_fault(binder, -1, FAULT_NULL_VALUE_NOT_ALLOWED, "frame %s offset must not be null",
                   end);
        return NULL;
    }
    return expr_constant(binder->arena, expr->type, &value, location);
}

static bool bind_count_offset(Binder *binder, const PgQuery__Node *node, const char *mode,
                              const char *end, int64_t *offset)
{
    const Expr *expr = bind_offset(binder, node, mode);
    expr = expr == NULL ? NULL : settle_offset(binder, expr, SQL_TYPE(T_INT8), mode, end, node);
    if (expr == NULL)
        return false;
    *offset = VECTOR_DATA(int64_t, expr->value)[0];
    return *offset >= 0 || bind_fault(binder, -1, FAULT_INVALID_PRECEDING_OR_FOLLOWING_SIZE,
                                      "frame %s offset must not be negative", end);
}

/* --- RANGE --- */

static bool is_integer(Oid oid)
{
    return oid == T_INT2 || oid == T_INT4 || oid == T_INT8;
}

/* What an offset to a value of this type is; T_NONE: it can have none. */
static Oid offset_type(Oid key)
{
    switch (key) {
    case T_INT2: case T_INT4: case T_INT8: return T_INT8;
    case T_FLOAT4: case T_FLOAT8: return T_FLOAT8;
    case T_NUMERIC: return T_NUMERIC;
    case T_DATE: case T_TIMESTAMP: case T_TIMESTAMPTZ: case T_TIME: case T_INTERVAL:
        return T_INTERVAL;
    default: return T_NONE;
    }
}

/* The offset must be of that type as it is, or become it by itself. */
static bool check_offset_type(Binder *binder, SqlType key, const Expr *offset, Oid wanted,
                              int32_t location)
{
    bool is_noop = false;
    if (wanted == T_NONE)
        return bind_fault(binder, location, FAULT_FEATURE_NOT_SUPPORTED,
                          "RANGE with offset PRECEDING/FOLLOWING is not supported for column "
                          "type %s",
                          type_format_name(binder->arena, SQL_TYPE(key.oid)));
    if (expr_is_unknown(offset) || offset->type.oid == wanted ||
        function_find_cast(offset->type, SQL_TYPE(wanted), CAST_IMPLICIT, 0, &is_noop) != NULL ||
        is_noop)
        return true;
    bind_fault(binder, location, FAULT_FEATURE_NOT_SUPPORTED,
               "RANGE with offset PRECEDING/FOLLOWING is not supported for column type %s and "
               "offset type %s",
               type_format_name(binder->arena, SQL_TYPE(key.oid)),
               type_format_name(binder->arena, SQL_TYPE(offset->type.oid)));
    return fault_hint(binder->fault, "Cast the offset value to an appropriate type.");
}

static bool is_negative(const Expr *offset)
{
    const Vector *value = offset->value;
    if (value->layout == LAYOUT_INT64)
        return VECTOR_DATA(int64_t, value)[0] < 0;
    if (value->layout == LAYOUT_FLOAT64)
        return !(VECTOR_DATA(double, value)[0] >= 0);
    if (offset->type.oid != T_INTERVAL) {
        __int128 number;
        memcpy(&number, value->data, sizeof number);
        return number < 0;
    }
    IntervalValue interval;
    memcpy(&interval, value->data, sizeof interval);
    __int128 days = (__int128)interval.months * 30 + interval.days;
    return days * 86400000000 + interval.micros < 0;
}

/* Times of the day and intervals are compared by how long they are, which is a number: so adding
 * to a time of the day does not begin at midnight again. */
static bool is_length(Oid oid)
{
    return oid == T_TIME || oid == T_INTERVAL;
}

static const Expr *range_bound(Binder *binder, const PlanSortKey *key, const Expr *value,
                               const PgQuery__Node *node, bool is_start, bool is_preceding)
{
    int32_t location = bind_node_location(binder, node);
    const Expr *offset = bind_offset(binder, node, "RANGE");
    SqlType type = key->expr->type;
    Oid wanted = offset_type(type.oid);
    if (offset == NULL || !check_offset_type(binder, type, offset, wanted, location))
        return NULL;
    SqlType target = SQL_TYPE(wanted);
    if (wanted == T_NUMERIC && offset->type.oid == T_NUMERIC)
        target = offset->type;
    offset = settle_offset(binder, offset, target, "RANGE", is_start ? "starting" : "ending", node);
    if (offset == NULL)
        return NULL;
    if (!expr_is_null(offset) && is_negative(offset)) {
        bind_fault(binder, -1, FAULT_INVALID_PRECEDING_OR_FOLLOWING_SIZE,
                   "invalid preceding or following size in window function");
        return NULL;
    }
    if (is_integer(type.oid)) {
        offset = coerce_to(binder, offset, type_numeric_derived(0), CAST_EXPLICIT, location);
        if (offset == NULL)
            return NULL;
    }
    if (is_length(type.oid))
        offset = bind_order_key(binder, offset);
    const char *symbol = is_preceding != key->descending ? "-" : "+";
    return bind_operator(binder, symbol, value, offset, location);
}

/* The row's value in the type in which it is compared. */
static const Expr *range_value(Binder *binder, const Expr *key)
{
    SqlType type = key->type;
    if (is_integer(type.oid))
        type = type_numeric_derived(0);
    else if (type.oid == T_FLOAT4)
        type = SQL_TYPE(T_FLOAT8);
    else if (type.oid == T_DATE)
        type = SQL_TYPE(T_TIMESTAMP);
    else if (type.oid == T_TIME)
        type = SQL_TYPE(T_INTERVAL);
    const Expr *value = coerce_to(binder, key, type, CAST_EXPLICIT, key->location);
    return value == NULL || type.oid != T_INTERVAL ? value : bind_order_key(binder, value);
}

static bool bind_range(Binder *binder, const WindowSpec *spec, Expr *call, WindowFrame *frame)
{
    int32_t options = spec->frame->frame_options;
    const PlanSortKey *key = &spec->order[0];
    const Expr *parts[3];
    uint32_t count = 0;
    parts[count++] = range_value(binder, key->expr);
    if (parts[0] == NULL)
        return false;
    if ((options & START_OFFSET) != 0)
        parts[count++] = range_bound(binder, key, parts[0], spec->frame->start_offset, true,
                                     (options & FRAME_OPTION_START_PRECEDING) != 0);
    if ((options & START_OFFSET) != 0 && parts[count - 1] == NULL)
        return false;
    if ((options & END_OFFSET) != 0)
        parts[count++] = range_bound(binder, key, parts[0], spec->frame->end_offset, false,
                                     (options & FRAME_OPTION_END_PRECEDING) != 0);
    if (parts[count - 1] == NULL)
        return false;
    SqlType common;
    if (!coerce_to_common(binder, parts, count, "RANGE", &common, key->expr->location))
        return false;
    const Expr **arguments =
        ARENA_ARRAY(binder->arena, const Expr *, call->argument_count + count);
    if (call->argument_count > 0)
        memcpy(arguments, call->arguments, call->argument_count * sizeof *arguments);
    memcpy(arguments + call->argument_count, parts, count * sizeof *parts);
    int32_t next = (int32_t)call->argument_count;
    frame->range_key = next++;
    if ((options & START_OFFSET) != 0)
        frame->range_start = next++;
    if ((options & END_OFFSET) != 0)
        frame->range_end = next;
    call->arguments = arguments;
    call->argument_count += count;
    return true;
}

/* --- the frame --- */

static FrameBound start_bound(int32_t options)
{
    return (options & FRAME_OPTION_START_CURRENT) != 0     ? BOUND_CURRENT
           : (options & FRAME_OPTION_START_PRECEDING) != 0 ? BOUND_PRECEDING
           : (options & FRAME_OPTION_START_FOLLOWING) != 0 ? BOUND_FOLLOWING
                                                           : BOUND_UNBOUNDED_PRECEDING;
}

static FrameBound end_bound(int32_t options)
{
    return (options & FRAME_OPTION_END_CURRENT) != 0     ? BOUND_CURRENT
           : (options & FRAME_OPTION_END_PRECEDING) != 0 ? BOUND_PRECEDING
           : (options & FRAME_OPTION_END_FOLLOWING) != 0 ? BOUND_FOLLOWING
                                                         : BOUND_UNBOUNDED_FOLLOWING;
}

static FrameExclusion exclusion(int32_t options)
{
    return (options & FRAME_OPTION_EXCLUDE_CURRENT_ROW) != 0 ? EXCLUDE_CURRENT_ROW
           : (options & FRAME_OPTION_EXCLUDE_GROUP) != 0     ? EXCLUDE_GROUP
           : (options & FRAME_OPTION_EXCLUDE_TIES) != 0      ? EXCLUDE_TIES
                                                             : EXCLUDE_NOTHING;
}

/* In the dialect druid these look at the whole partition. */
static bool ignores_frame(const Binder *binder, const Expr *call)
{
    const WindowFunction *function = call->window.function;
    return binder->dialect == 1 && function != NULL &&
           (function->kind == WINDOW_FIRST_VALUE || function->kind == WINDOW_LAST_VALUE);
}

bool window_frame_bind(Binder *binder, const WindowSpec *spec, Expr *expr,
                       PlanWindowFunction *function)
{
    const PgQuery__WindowDef *def = spec->frame;
    int32_t options = def->frame_options;
    WindowFrame *frame = &function->frame;
    *frame = (WindowFrame){.mode = (options & FRAME_OPTION_ROWS) != 0     ? FRAME_ROWS
                                   : (options & FRAME_OPTION_GROUPS) != 0 ? FRAME_GROUPS
                                                                          : FRAME_RANGE,
                           .start = start_bound(options),
                           .end = end_bound(options),
                           .exclusion = exclusion(options),
                           .range_key = -1,
                           .range_start = -1,
                           .range_end = -1};
    if (ignores_frame(binder, expr)) {
        frame->start = BOUND_UNBOUNDED_PRECEDING;
        frame->end = BOUND_UNBOUNDED_FOLLOWING;
        frame->exclusion = EXCLUDE_NOTHING;
        return true;
    }
    bool has_offset = (options & (START_OFFSET | END_OFFSET)) != 0;
    if (!has_offset)
        return true;
    if (frame->mode == FRAME_RANGE)
        return bind_range(binder, spec, expr, frame);
    const char *mode = frame->mode == FRAME_ROWS ? "ROWS" : "GROUPS";
    return ((options & START_OFFSET) == 0 ||
            bind_count_offset(binder, def->start_offset, mode, "starting", &frame->start_offset)) &&
           ((options & END_OFFSET) == 0 ||
            bind_count_offset(binder, def->end_offset, mode, "ending", &frame->end_offset));
}
