/*
 * Which instants a comparison lets through when one side is a function of a time column that keeps
 * its order: FLOOR(__time TO DAY) = d, EXTRACT(YEAR FROM __time) >= 2020, __time::date IN (...),
 * __time + INTERVAL '1 month' < t.
 *
 * No function is inverted here. It is computed, over ever finer grids of instants, to find the
 * first one for which it reaches the constant: what keeps order reaches it once. So every function
 * of which the table says that it keeps order, and every chain of them, is understood in any zone.
 * Outside of the years that are searched anything is taken to be possible.
 */
#include "engine/plan/pruning_internal.h"

enum {
    GRID = 1024,        /* instants computed at once */
    MAX_VALUES = 64,    /* of an IN list that are looked for one by one */
};

static const int64_t FIRST_INSTANT = INT64_C(-62135596800000000); /* 0001-01-01 */
static const int64_t LAST_INSTANT = INT64_C(253402300799999999);  /* 9999-12-31 */
static const int64_t DAY = INT64_C(86400000000);

/* --- what keeps order --- */

static bool is_instant(SqlType type)
{
    return type.oid == T_TIMESTAMPTZ || type.oid == T_TIMESTAMP;
}

static bool is_time(SqlType type)
{
    return is_instant(type) || type.oid == T_DATE;
}

static bool is_constant(const Expr *expr)
{
    return expr->kind == EXPR_CONSTANT && !vector_is_null(expr->value, 0);
}

/* The units whose number grows with time. */
static bool is_growing_unit(const Expr *unit)
{
    static const char *const units[] = {"year", "isoyear", "epoch", "decade", "century",
                                        "millennium", "millenium", "julian"};
    if (!is_constant(unit) || unit->value->layout != LAYOUT_STRING)
        return false;
    Text text = vector_text(unit->value, 0);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strlen(units[i]) == text.length && strncasecmp(units[i], text.data, text.length) == 0)
            return true;
    return false;
}

/* Functions beside those that the table marks: which argument is the time, which the unit. */
static const struct {
    const char *name;
    uint32_t time;
    int unit;
} ordered_functions[] = {
    {"date_trunc", 1, -1},   {"extract_whole", 1, 0},        {"extract", 1, 0},
    {"date_part", 1, 0},     {"time_extract", 0, 1},         {"timestamp_to_millis", 0, -1},
    {"millis_to_timestamp", 0, -1},
};

/* The argument through which order goes; -1: the function does not keep it. */
static int ordered_argument(const Expr *call)
{
    const ScalarFunction *function = call->call.function;
    bool is_sum = function->symbol != NULL && strcmp(function->symbol, "+") == 0;
    bool is_difference = function->symbol != NULL && strcmp(function->symbol, "-") == 0;
    if ((is_sum || is_difference) && call->argument_count == 2) {
        int moved = is_constant(call->arguments[1]) ? 0 : is_sum ? 1 : -1;
        return moved >= 0 && is_constant(call->arguments[1 - moved]) ? moved : -1;
    }
    for (size_t i = 0; i < sizeof ordered_functions / sizeof *ordered_functions; i++) {
        if (strcmp(ordered_functions[i].name, function->name) != 0)
            continue;
        int unit = ordered_functions[i].unit;
        bool may = ordered_functions[i].time < call->argument_count &&
                   (unit < 0 || is_growing_unit(call->arguments[unit]));
        return may ? (int)ordered_functions[i].time : -1;
    }
    if (function->kind == FUNCTION_CAST)
        return is_time(call->type) && is_time(call->arguments[0]->type) ? 0 : -1;
    return function->order == ORDER_KEPT ? 0 : -1;
}

/* Whether the expression is a chain of such functions over one time column: *column is it.
 * *is_zoned when a zone takes part, whose clock may go back an hour. */
static bool keeps_order(const Expr *expr, const Expr **column, bool *is_zoned)
{
    if (expr->kind == EXPR_COLUMN) {
        *column = expr;
        return is_instant(expr->type);
    }
    if (expr->kind != EXPR_CALL)
        return false;
    int argument = ordered_argument(expr);
    if (argument < 0 || expr->call.function->volatility == VOLATILE)
        return false;
    for (uint32_t i = 0; i < expr->argument_count; i++) {
        if (i == (uint32_t)argument)
            continue;
        if (!is_constant(expr->arguments[i]))
            return false;
        *is_zoned = *is_zoned || i >= 2;
    }
    return keeps_order(expr->arguments[argument], column, is_zoned);
}

/* --- searching --- */

typedef struct Search {
    Arena *arena;
    const TypeContext *types;
    ExprProgram *program; /* reached? over one column of instants */
    SqlType type;
} Search;

static uint32_t to_first(ColumnId column, void *state)
{
    (void)column;
    (void)state;
    return 0;
}

/* `function(column) op value` as a program. */
static bool prepare(Search *search, const Expr *function, const char *op, const Expr *value)
{
    Fault ignored = {0};
    const Expr *arguments[2] = {function, value};
    SqlType types[2] = {function->type, value->type}, coerced[2];
    const ScalarFunction *comparison = function_resolve_operator(
        text_of(op), types, 2, search->types->dialect, coerced, -1, &ignored);
    if (comparison == NULL || coerced[0].oid != types[0].oid || coerced[1].oid != types[1].oid)
        return false;
    const Expr *test =
        expr_call(search->arena, comparison, SQL_TYPE(T_BOOL), arguments, 2, -1);
    test = expr_number_columns(search->arena, test, to_first, NULL);
    search->program = expr_compile(search->arena, &test, 1, search->types, &ignored);
    return search->program != NULL;
}

/* The first of `count` instants from `start` on, `step` apart, for which the test holds; `count`
 * when it holds for none. False: it cannot be computed there. */
static bool first_on_grid(const Search *search, int64_t start, int64_t step, uint32_t count,
                          uint32_t *found)
{
    Fault ignored = {0};
    Batch *batch = batch_make(search->arena, 1, count);
    VectorBuilder builder;
    vector_builder_init(&builder, search->arena, LAYOUT_INT64, count);
    for (uint32_t i = 0; i < count; i++)
        vector_builder_int64(&builder, start + (int64_t)i * step);
    batch->columns[0] = vector_builder_finish(&builder);
    Vector holds;
    if (!expr_run(search->program, batch, NULL, search->arena, &holds, &ignored))
        return false;
    uint32_t *rows = arena_alloc_vector(search->arena, ((size_t)count + 64) * sizeof *rows);
    *found = vector_true_rows(&holds, rows) > 0 ? rows[0] : count;
    return true;
}

/* The first instant for which the test holds; LAST_INSTANT + 1 when there is none. */
static bool first_instant(const Search *search, int64_t *instant)
{
    int64_t low = FIRST_INSTANT, high = LAST_INSTANT + 1; /* it is in [low, high] */
    while (low < high) {
        int64_t width = high - low;
        int64_t step = width / GRID + 1;
        uint32_t count = (uint32_t)((width + step - 1) / step), found;
        if (!first_on_grid(search, low, step, count, &found))
            return false;
        if (found == 0) {
            high = low;
        } else { /* between the last that does not hold and the first that does */
            high = found == count ? high : low + (int64_t)found * step;
            low += (int64_t)(found - 1) * step + 1;
        }
    }
    *instant = low;
    return true;
}

typedef struct Preimage {
    Search search;
    const Expr *function;
    bool is_zoned;
} Preimage;

/* The instants from which on the function is at least, or is above, the value. */
static bool reaches(Preimage *preimage, const Expr *value, bool is_above, int64_t *instant)
{
    return prepare(&preimage->search, preimage->function, is_above ? ">" : ">=", value) &&
           first_instant(&preimage->search, instant);
}

static int64_t margin(const Preimage *preimage)
{
    return preimage->is_zoned ? DAY : 0;
}

static void add_range(const Preimage *preimage, int64_t low, int64_t high, IntRange *ranges,
                      uint32_t *count)
{
    low = low <= FIRST_INSTANT ? INT64_MIN : low - margin(preimage);
    high = high >= LAST_INSTANT ? INT64_MAX : high + margin(preimage);
    ranges[(*count)++] = (IntRange){low, high};
}

/* What was not searched may pass. */
static void add_outside(IntRange *ranges, uint32_t *count)
{
    ranges[(*count)++] = (IntRange){INT64_MIN, FIRST_INSTANT - 1};
    ranges[(*count)++] = (IntRange){LAST_INSTANT + 1, INT64_MAX};
}

static bool start(Preimage *preimage, Arena *arena, const TypeContext *types, const Expr *function,
                  const Expr **column)
{
    *preimage = (Preimage){.search = {.arena = arena, .types = types}, .function = function};
    preimage->is_zoned = types->zone != NULL && types->zone != timezone_utc();
    return function->kind != EXPR_COLUMN && keeps_order(function, column, &preimage->is_zoned);
}

bool preimage_of_comparison(Arena *arena, const TypeContext *types, const Expr *function,
                            Comparison comparison, const Expr *value, const Expr **column,
                            IntRange *ranges, uint32_t *count)
{
    Preimage preimage;
    int64_t from = FIRST_INSTANT, above = LAST_INSTANT + 1;
    bool wants_from = comparison != COMPARE_LE && comparison != COMPARE_GT;
    bool wants_above = comparison != COMPARE_LT && comparison != COMPARE_GE;
    if (!is_constant(value) || !start(&preimage, arena, types, function, column) ||
        (wants_from && !reaches(&preimage, value, false, &from)) ||
        (wants_above && !reaches(&preimage, value, true, &above)))
        return false;
    *count = 0;
    switch (comparison) {
    case COMPARE_NONE: return false;
    case COMPARE_EQ: add_range(&preimage, from, above - 1, ranges, count); break;
    case COMPARE_LT: add_range(&preimage, FIRST_INSTANT, from - 1, ranges, count); break;
    case COMPARE_LE: add_range(&preimage, FIRST_INSTANT, above - 1, ranges, count); break;
    case COMPARE_GT: add_range(&preimage, above, LAST_INSTANT, ranges, count); break;
    case COMPARE_GE: add_range(&preimage, from, LAST_INSTANT, ranges, count); break;
    }
    add_outside(ranges, count);
    return true;
}

static const Expr *item_of(Arena *arena, const Expr *in_list, uint32_t item)
{
    VectorBuilder builder;
    vector_builder_init(&builder, arena, in_list->in.list->layout, 1);
    vector_builder_row(&builder, in_list->in.list, item);
    Vector *value = ARENA_NEW(arena, Vector);
    *value = vector_builder_finish(&builder);
    value->form = VECTOR_CONSTANT;
    return expr_constant(arena, in_list->arguments[0]->type, value, -1);
}

bool preimage_of_list(Arena *arena, const TypeContext *types, const Expr *in_list,
                      const Expr **column, IntRange **ranges, uint32_t *count)
{
    Preimage preimage;
    uint32_t items = in_list->in.list->length;
    if (items == 0 || !start(&preimage, arena, types, in_list->arguments[0], column))
        return false;
    *ranges = ARENA_ARRAY(arena, IntRange, MAX_VALUES + 2);
    *count = 0;
    bool is_whole = items > MAX_VALUES; /* from the least to the greatest: the list is sorted */
    for (uint32_t i = 0; i < (is_whole ? 1 : items); i++) {
        int64_t from, above;
        if (!reaches(&preimage, item_of(arena, in_list, i), false, &from) ||
            !reaches(&preimage, item_of(arena, in_list, is_whole ? items - 1 : i), true, &above))
            return false;
        add_range(&preimage, from, above - 1, *ranges, count);
    }
    add_outside(*ranges, count);
    return true;
}

bool preimage_of_interval(const TypeContext *types, const Expr *call, const Expr **column,
                          IntRange *range)
{
    Fault ignored = {0};
    bool is_one = call->kind == EXPR_CALL && call->argument_count == 2 &&
                  strcmp(call->call.function->name, "time_in_interval") == 0;
    if (!is_one || call->arguments[0]->kind != EXPR_COLUMN || !is_constant(call->arguments[1]) ||
        call->arguments[1]->value->layout != LAYOUT_STRING ||
        call->arguments[0]->type.oid != T_TIMESTAMPTZ)
        return false;
    int64_t from, until;
    if (!time_interval_parse(vector_text(call->arguments[1]->value, 0), types, &from, &until,
                             &ignored))
        return false;
    *column = call->arguments[0];
    *range = from < until ? (IntRange){from, until - 1} : (IntRange){1, 0};
    return true;
}
