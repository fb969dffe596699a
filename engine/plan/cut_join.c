/*
 * Joins in stages: the smaller side is broadcast to where the larger one is read, or both are
 * dealt out by their keys.
 */
#include "engine/plan/cut_internal.h"

/* A semi or anti join holds its left side instead where that is so many times smaller than a right
 * side of so many rows: fewer rows than it takes to ask are not worth moving both. */
static const double TURN_RATIO = 4;
static const double TURN_ROWS = 50000;
/* A build side up to this size is sent to every worker: less than moving the other side. */
static const double BROADCAST_ROWS = 1e6;

typedef struct JoinKeys {
    uint32_t count;
    const Expr **left, **right;
    bool *null_equal;
    ExprList rest; /* conjuncts that are no keys */
    const Expr *any; /* the comparison of IN and NOT IN where it is no key; NULL none */
} JoinKeys;

static bool is_integer(Oid oid)
{
    return oid == T_INT2 || oid == T_INT4 || oid == T_INT8;
}

static bool is_text(Oid oid)
{
    return oid == T_TEXT || oid == T_VARCHAR || oid == T_NAME;
}

/* Whether equal values have equal cells; casts both to one type where that makes it so. */
static bool comparable_as_keys(Cutter *cutter, const Expr **left, const Expr **right)
{
    SqlType a = (*left)->type, b = (*right)->type;
    if (a.oid == b.oid && a.oid != T_NUMERIC) {
        *left = expr_order_form(cutter->arena, *left);
        *right = expr_order_form(cutter->arena, *right);
        return a.oid != T_BPCHAR;
    }
    if ((is_integer(a.oid) && is_integer(b.oid)) || (is_text(a.oid) && is_text(b.oid)))
        return true;
    SqlType common;
    if (a.oid == T_NUMERIC && b.oid == T_NUMERIC) {
        if (type_scale(a) == type_scale(b))
            return true;
        int scale = type_scale(a) > type_scale(b) ? type_scale(a) : type_scale(b);
        common = type_numeric_derived(scale);
    } else if ((a.oid == T_FLOAT4 || a.oid == T_FLOAT8) && (b.oid == T_FLOAT4 || b.oid == T_FLOAT8)) {
        common = SQL_TYPE(T_FLOAT8);
    } else {
        return false;
    }
    Fault ignored;
    const Expr *cast_left = expr_cast(cutter->arena, *left, common, CAST_EXPLICIT, 0, &ignored);
    const Expr *cast_right = expr_cast(cutter->arena, *right, common, CAST_EXPLICIT, 0, &ignored);
    if (cast_left == NULL || cast_right == NULL)
        return false;
    *left = cast_left;
    *right = cast_right;
    return true;
}

static bool is_equality(const Expr *expr, bool *null_equal)
{
    if (expr->kind != EXPR_CALL || expr->argument_count != 2)
        return false;
    const ScalarFunction *function = expr->call.function;
    *null_equal = strcmp(function->name, "is_not_distinct_from") == 0;
    return *null_equal || (function->symbol != NULL && strcmp(function->symbol, "=") == 0);
}

static void add_key(Cutter *cutter, JoinKeys *keys, const Plan *plan, const Expr *conjunct)
{
    bool null_equal;
    if (is_equality(conjunct, &null_equal)) {
        for (int side = 0; side < 2; side++) {
            const Expr *left = conjunct->arguments[side], *right = conjunct->arguments[1 - side];
            if (!expr_fits_plan(left, plan->join.left) || !expr_fits_plan(right, plan->join.right) ||
                !expr_touches_plan(left, plan->join.left) ||
                !expr_touches_plan(right, plan->join.right) ||
                !comparable_as_keys(cutter, &left, &right))
                continue;
            keys->left[keys->count] = left;
            keys->right[keys->count] = right;
            keys->null_equal[keys->count++] = null_equal;
            return;
        }
    }
    expr_list_add(&keys->rest, conjunct);
}

static JoinKeys join_keys(Cutter *cutter, const Plan *plan, const Expr *condition)
{
    Arena *arena = cutter->arena;
    ExprList conjuncts;
    expr_list_init(&conjuncts, arena);
    expr_list_add_conjuncts(&conjuncts, condition);
    JoinKeys keys = {.left = ARENA_ARRAY(arena, const Expr *, conjuncts.count),
                     .right = ARENA_ARRAY(arena, const Expr *, conjuncts.count),
                     .null_equal = ARENA_ARRAY(arena, bool, conjuncts.count)};
    expr_list_init(&keys.rest, arena);
    for (uint32_t i = 0; i < conjuncts.count; i++)
        add_key(cutter, &keys, plan, conjuncts.items[i]);
    return keys;
}

/*
 * The comparison of IN and NOT IN: where it is the only condition and a plain equality it
 * becomes the key of a null-aware join; beside others it stays a condition of its own, which the
 * operator judges with three values.
 */
static bool any_becomes_key(Cutter *cutter, const Plan *plan, JoinKeys *keys)
{
    if (plan->join.any_condition == NULL)
        return false;
    keys->any = plan->join.any_condition;
    if (keys->count > 0 || keys->rest.count > 0)
        return false;
    JoinKeys any = join_keys(cutter, plan, plan->join.any_condition);
    if (any.count == 1 && any.rest.count == 0 && !any.null_equal[0]) {
        *keys = any;
        return true;
    }
    return false;
}

/* The join with its sides exchanged where it only chooses among left rows, and these are few:
 * they are held, and what passes by marks them. NULL: it stays as it is. */
static const Plan *turned(Cutter *cutter, const Plan *plan)
{
    const Plan *left = plan->join.left, *right = plan->join.right;
    if ((plan->join.type != JOIN_SEMI && plan->join.type != JOIN_ANTI) ||
        plan->join.any_condition != NULL || plan_estimate_rows(right) < TURN_ROWS ||
        plan_estimate_rows(right) < plan_estimate_rows(left) * TURN_RATIO)
        return NULL;
    Plan *copy = ARENA_NEW(cutter->arena, Plan);
    *copy = *plan;
    copy->join.left = right;
    copy->join.right = left;
    copy->estimated_rows = plan_estimate_rows(plan);
    return join_keys(cutter, copy, copy->join.condition).count > 0 ? copy : NULL;
}

static StageJoinType stage_join_type(JoinType type, bool is_turned)
{
    if (is_turned)
        return type == JOIN_SEMI ? STAGE_JOIN_RIGHT_SEMI : STAGE_JOIN_RIGHT_ANTI;
    switch (type) {
    case JOIN_INNER: return STAGE_JOIN_INNER;
    case JOIN_LEFT: return STAGE_JOIN_LEFT;
    case JOIN_RIGHT: return STAGE_JOIN_RIGHT;
    case JOIN_FULL: return STAGE_JOIN_FULL;
    case JOIN_SEMI: return STAGE_JOIN_SEMI;
    case JOIN_ANTI: return STAGE_JOIN_ANTI;
    case JOIN_MARK: return STAGE_JOIN_MARK;
    case JOIN_SINGLE: return STAGE_JOIN_SINGLE;
    }
    return STAGE_JOIN_INNER;
}

static ShuffleSpec by_positions(Cutter *cutter, const uint32_t *positions, uint32_t count)
{
    SortColumn *columns = ARENA_ARRAY(cutter->arena, SortColumn, count);
    for (uint32_t i = 0; i < count; i++)
        columns[i] = (SortColumn){.column = positions[i]};
    return (ShuffleSpec){.kind = SHUFFLE_HASH,
                         .key_count = count,
                         .keys = columns,
                         .partitions = cutter->context->worker_count};
}

static bool may_broadcast(StageJoinType type)
{ /* rows of the held side come out by themselves once, so each must be in one place */
    return type != STAGE_JOIN_RIGHT && type != STAGE_JOIN_FULL && type != STAGE_JOIN_RIGHT_SEMI &&
           type != STAGE_JOIN_RIGHT_ANTI;
}

/* Brings both sides to where they can be joined: in one fragment's stage. */
static void bring_together(Cutter *cutter, const Plan *plan, StageJoinType type,
                           const JoinKeys *keys, bool is_null_aware,
                           const uint32_t *left_positions, const uint32_t *right_positions,
                           Fragment *left, Fragment *right)
{
    if (left->is_single && right->is_single)
        return;
    double right_rows = plan_estimate_rows(plan->join.right);
    bool wants_partitions = cutter->context->plan->settings->sql_join_algorithm == 1;
    bool may_partition = keys->count > 0 && !is_null_aware;
    bool fits = right_rows <= BROADCAST_ROWS ||
                right_rows * cutter->context->worker_count < plan_estimate_rows(plan->join.left);
    if (left->is_single && !may_partition) {
        cut_to_single(cutter, right);
        return;
    }
    if (!may_partition && !may_broadcast(type)) {
        cut_to_single(cutter, left);
        cut_to_single(cutter, right);
        return;
    }
    if (may_broadcast(type) && (!may_partition || (fits && !wants_partitions))) {
        if (left->is_single)
            cut_to_single(cutter, right);
        else
            cut_shuffle(cutter, right, (ShuffleSpec){.kind = SHUFFLE_BROADCAST, .partitions = 1},
                        READ_ALL, false, false);
        return;
    }
    cut_shuffle(cutter, left, by_positions(cutter, left_positions, keys->count), READ_PARTITIONS,
                false, false);
    cut_shuffle(cutter, right, by_positions(cutter, right_positions, keys->count), READ_PARTITIONS,
                false, false);
}

static OperatorSpec *join_operator(Cutter *cutter, const Plan *plan, bool is_turned, const Fragment *left,
                                   const OperatorSpec *right_root, const ColumnId *right_ids,
                                   const ColumnId **ids)
{
    Arena *arena = cutter->arena;
    JoinType type = plan->join.type;
    bool keeps_right = is_turned || (type != JOIN_SEMI && type != JOIN_ANTI && type != JOIN_MARK);
    uint32_t left_count = is_turned ? 0 : left->root->column_count;
    uint32_t right_count = right_root->column_count;
    uint32_t count = left_count + (keeps_right ? right_count : type == JOIN_MARK ? 1 : 0);
    SqlType *types = ARENA_ARRAY(arena, SqlType, left_count + right_count + 1);
    ColumnId *out = ARENA_ARRAY(arena, ColumnId, left_count + right_count + 1);
    for (uint32_t i = 0; i < left_count; i++) {
        types[i] = left->root->types[i];
        out[i] = left->ids[i];
    }
    for (uint32_t i = 0; keeps_right && i < right_count; i++) {
        types[left_count + i] = right_root->types[i];
        out[left_count + i] = right_ids[i];
    }
    if (type == JOIN_MARK) {
        types[left_count] = SQL_TYPE(T_BOOL);
        out[left_count] = plan->join.mark;
    }
    const OperatorSpec *children[2] = {left->root, right_root};
    *ids = out;
    return cut_operator(cutter, OPERATOR_JOIN, types, count, children, 2);
}

typedef struct BothSides {
    const Fragment *left;
    const ColumnId *right_ids;
    uint32_t right_count;
} BothSides;

static uint32_t position_in_both(ColumnId column, void *state)
{
    const BothSides *both = state;
    for (uint32_t i = 0; i < both->left->root->column_count; i++)
        if (both->left->ids[i] == column)
            return i;
    for (uint32_t i = 0; i < both->right_count; i++)
        if (both->right_ids[i] == column)
            return both->left->root->column_count + i;
    return UINT32_MAX;
}

bool cut_join(Cutter *cutter, const Plan *plan, Fragment *fragment)
{
    Arena *arena = cutter->arena;
    Fragment left, right;
    const Plan *other = turned(cutter, plan);
    bool is_turned = other != NULL;
    plan = is_turned ? other : plan;
    StageJoinType type = stage_join_type(plan->join.type, is_turned);
    if (!cut_plan(cutter, plan->join.left, &left) || !cut_plan(cutter, plan->join.right, &right))
        return false;
    JoinKeys keys = join_keys(cutter, plan, plan->join.condition);
    bool is_null_aware = any_becomes_key(cutter, plan, &keys);
    uint32_t *left_positions = ARENA_ARRAY(arena, uint32_t, keys.count);
    uint32_t *right_positions = ARENA_ARRAY(arena, uint32_t, keys.count);
    fragment_columns_for(cutter, &left, keys.left, keys.count, left_positions);
    fragment_columns_for(cutter, &right, keys.right, keys.count, right_positions);
    bring_together(cutter, plan, type, &keys, is_null_aware, left_positions, right_positions, &left, &right);

    const ColumnId *right_ids = right.ids, *ids;
    const OperatorSpec *right_root;
    bool is_single = left.is_single && (right.is_single || right.root->kind == OPERATOR_INPUT);
    fragment_join_inputs(cutter, &left, &right, &right_root);
    OperatorSpec *spec = join_operator(cutter, plan, is_turned, &left, right_root, right_ids, &ids);
    spec->join.type = type;
    spec->join.key_count = keys.count;
    spec->join.left_keys = left_positions;
    spec->join.right_keys = right_positions;
    spec->join.null_equal = keys.null_equal;
    spec->join.is_null_aware = is_null_aware;
    spec->estimated_rows = plan_estimate_rows(plan);
    BothSides both = {
        .left = &left, .right_ids = right_ids, .right_count = right_root->column_count};
    const Expr *rest = expr_list_and(&keys.rest);
    if (rest != NULL)
        spec->join.condition = expr_number_columns(arena, rest, position_in_both, &both);
    if (keys.any != NULL)
        spec->join.any_condition = expr_number_columns(arena, keys.any, position_in_both, &both);
    left.root = spec;
    left.ids = ids;
    left.is_single = is_single;
    left.processor = "join";
    *fragment = left;
    return true;
}
