/*
 * What a table's filter says about its segments: intervals of __time, ranges of integers and
 * texts. A condition is a set of values that a column may have where it holds: comparisons and IN
 * lists are, also of functions of a time column (pruning_preimage.c); AND intersects the sets of
 * its parts, OR unites them, NOT turns comparisons round. What says nothing of the column is left
 * out of an AND and makes an OR say nothing: always sound.
 */
#include "engine/plan/pruning_internal.h"

static Comparison comparison_of(const ScalarFunction *function)
{
    static const struct {
        const char *symbol;
        Comparison comparison;
    } names[] = {{"=", COMPARE_EQ}, {"<", COMPARE_LT}, {"<=", COMPARE_LE},
                 {">", COMPARE_GT}, {">=", COMPARE_GE}};
    if (function->symbol == NULL)
        return COMPARE_NONE;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i].symbol, function->symbol) == 0)
            return names[i].comparison;
    return COMPARE_NONE;
}

static Comparison mirrored(Comparison comparison)
{
    switch (comparison) {
    case COMPARE_NONE: case COMPARE_EQ: return comparison;
    case COMPARE_LT: return COMPARE_GT;
    case COMPARE_LE: return COMPARE_GE;
    case COMPARE_GT: return COMPARE_LT;
    case COMPARE_GE: return COMPARE_LE;
    }
    return COMPARE_NONE;
}

/* column op constant, either way round; the constant is of the column's layout and not null. */
static Comparison simple_comparison(const Expr *expr, const Expr **column, const Vector **constant)
{
    if (expr->kind != EXPR_CALL || expr->argument_count != 2)
        return COMPARE_NONE;
    Comparison comparison = comparison_of(expr->call.function);
    const Expr *left = expr->arguments[0], *right = expr->arguments[1];
    if (left->kind == EXPR_CONSTANT) {
        const Expr *swap = left;
        left = right;
        right = swap;
        comparison = mirrored(comparison);
    }
    if (left->kind != EXPR_COLUMN || right->kind != EXPR_CONSTANT ||
        type_layout(left->type) != type_layout(right->type) || vector_is_null(right->value, 0) ||
        left->type.oid != right->type.oid) {
        /* int4 = int8 compares the same numbers; other mixtures may not */
        bool both_integers = left->kind == EXPR_COLUMN && right->kind == EXPR_CONSTANT &&
                             !vector_is_null(right->value, 0) &&
                             (left->type.oid == T_INT2 || left->type.oid == T_INT4 || left->type.oid == T_INT8) &&
                             (right->type.oid == T_INT2 || right->type.oid == T_INT4 || right->type.oid == T_INT8);
        bool both_texts = left->kind == EXPR_COLUMN && right->kind == EXPR_CONSTANT &&
                          !vector_is_null(right->value, 0) &&
                          (left->type.oid == T_TEXT || left->type.oid == T_VARCHAR) &&
                          (right->type.oid == T_TEXT || right->type.oid == T_VARCHAR);
        if (!both_integers && !both_texts)
            return COMPARE_NONE;
    }
    *column = left;
    *constant = right->value;
    return comparison;
}

static IntRange int_range(Comparison comparison, int64_t value)
{
    IntRange all = {INT64_MIN, INT64_MAX}, none = {1, 0};
    switch (comparison) {
    case COMPARE_NONE: return all;
    case COMPARE_EQ: return (IntRange){value, value};
    case COMPARE_LT: return value == INT64_MIN ? none : (IntRange){INT64_MIN, value - 1};
    case COMPARE_LE: return (IntRange){INT64_MIN, value};
    case COMPARE_GT: return value == INT64_MAX ? none : (IntRange){value + 1, INT64_MAX};
    case COMPARE_GE: return (IntRange){value, INT64_MAX};
    }
    return all;
}

/* --- what one expression says about one column --- */

typedef struct Domain { /* empty list: no value passes */
    Arena *arena;
    const TypeContext *types;
    ColumnId column;
    bool is_text;
    uint32_t count, capacity;
    IntRange *ints;
    TableTextRange *texts;
} Domain;

static void domain_add(Domain *domain, IntRange range, TableTextRange text)
{
    if (domain->count == domain->capacity) {
        uint32_t capacity = domain->capacity == 0 ? 4 : domain->capacity * 2;
        IntRange *ints = ARENA_ARRAY(domain->arena, IntRange, capacity);
        TableTextRange *texts = ARENA_ARRAY(domain->arena, TableTextRange, capacity);
        if (domain->count > 0) {
            memcpy(ints, domain->ints, domain->count * sizeof *ints);
            memcpy(texts, domain->texts, domain->count * sizeof *texts);
        }
        domain->ints = ints;
        domain->texts = texts;
        domain->capacity = capacity;
    }
    domain->ints[domain->count] = range;
    domain->texts[domain->count++] = text;
}

static TableTextRange text_range(Comparison comparison, Text value)
{
    TableTextRange range = {0};
    if (comparison == COMPARE_EQ || comparison == COMPARE_GT || comparison == COMPARE_GE) {
        range.has_low = true;
        range.low = value;
        range.low_inclusive = comparison != COMPARE_GT;
    }
    if (comparison == COMPARE_EQ || comparison == COMPARE_LT || comparison == COMPARE_LE) {
        range.has_high = true;
        range.high = value;
        range.high_inclusive = comparison != COMPARE_LT;
    }
    return range;
}

static bool is_of_column(const Domain *domain, const Expr *column)
{
    return column->kind == EXPR_COLUMN && column->column == domain->column;
}

static void add_ints_of(Domain *domain, const IntRange *ranges, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        domain_add(domain, ranges[i], (TableTextRange){0});
}

static bool domain_of_list(const Expr *expr, Domain *domain)
{
    const Expr *column = expr->arguments[0];
    if (column->kind != EXPR_COLUMN) {
        IntRange *ranges;
        uint32_t count;
        bool is_known = !domain->is_text && preimage_of_list(domain->arena, domain->types, expr,
                                                             &column, &ranges, &count) &&
                        is_of_column(domain, column);
        if (is_known)
            add_ints_of(domain, ranges, count);
        return is_known;
    }
    if (!is_of_column(domain, column))
        return false;
    const Vector *list = expr->in.list;
    for (uint32_t i = 0; i < list->length; i++) {
        IntRange range = {0};
        TableTextRange text = {0};
        if (domain->is_text) {
            text = text_range(COMPARE_EQ, vector_text(list, i));
        } else {
            int64_t value = VECTOR_DATA(int64_t, list)[vector_row(list, i)];
            range = (IntRange){value, value};
        }
        domain_add(domain, range, text);
    }
    return true;
}

/* f(column) op constant, either way round. */
static bool domain_of_function(const Expr *expr, Comparison comparison, Domain *domain)
{
    const Expr *column, *function = expr->arguments[0], *value = expr->arguments[1];
    if (function->kind == EXPR_CONSTANT) {
        function = expr->arguments[1];
        value = expr->arguments[0];
        comparison = mirrored(comparison);
    }
    IntRange ranges[PREIMAGE_RANGES];
    uint32_t count;
    if (!preimage_of_comparison(domain->arena, domain->types, function, comparison, value, &column,
                                ranges, &count) ||
        !is_of_column(domain, column))
        return false;
    add_ints_of(domain, ranges, count);
    return true;
}

static bool domain_of_comparison(const Expr *expr, bool is_negated, Domain *domain)
{
    static const Comparison opposite[] = {
        [COMPARE_NONE] = COMPARE_NONE, [COMPARE_EQ] = COMPARE_NONE, [COMPARE_LT] = COMPARE_GE,
        [COMPARE_LE] = COMPARE_GT,     [COMPARE_GT] = COMPARE_LE,   [COMPARE_GE] = COMPARE_LT};
    if (expr->kind != EXPR_CALL || expr->argument_count != 2)
        return false;
    const Expr *column;
    const Vector *constant;
    Comparison comparison = simple_comparison(expr, &column, &constant);
    if (comparison == COMPARE_NONE) {
        comparison = comparison_of(expr->call.function);
        comparison = is_negated ? opposite[comparison] : comparison;
        return comparison != COMPARE_NONE && !domain->is_text &&
               domain_of_function(expr, comparison, domain);
    }
    comparison = is_negated ? opposite[comparison] : comparison;
    if (comparison == COMPARE_NONE || !is_of_column(domain, column))
        return false;
    if (domain->is_text)
        domain_add(domain, (IntRange){0}, text_range(comparison, vector_text(constant, 0)));
    else
        domain_add(domain, int_range(comparison, VECTOR_DATA(int64_t, constant)[0]),
                   (TableTextRange){0});
    return true;
}

/* `domain` without what `other` does not have. Of texts it stays as it is, which is sound. */
static void intersect(Domain *domain, const Domain *other)
{
    enum { MAX_PRODUCT = 10000 };
    if (domain->is_text || (uint64_t)domain->count * other->count > MAX_PRODUCT)
        return;
    Domain both = {.arena = domain->arena};
    for (uint32_t i = 0; i < domain->count; i++) {
        for (uint32_t k = 0; k < other->count; k++) {
            IntRange a = domain->ints[i], b = other->ints[k];
            IntRange common = {a.low > b.low ? a.low : b.low, a.high < b.high ? a.high : b.high};
            if (common.low <= common.high)
                domain_add(&both, common, (TableTextRange){0});
        }
    }
    domain->count = both.count;
    domain->capacity = both.capacity;
    domain->ints = both.ints;
    domain->texts = both.texts;
}

static bool domain_of(const Expr *expr, Domain *domain);

static bool domain_of_and(const Expr *expr, Domain *domain)
{
    bool is_known = false;
    for (uint32_t i = 0; i < expr->argument_count; i++) {
        Domain part = {.arena = domain->arena,
                       .types = domain->types,
                       .column = domain->column,
                       .is_text = domain->is_text};
        if (!domain_of(expr->arguments[i], &part))
            continue;
        if (is_known)
            intersect(domain, &part);
        else
            *domain = part;
        is_known = true;
    }
    return is_known;
}

static bool domain_of_or(const Expr *expr, Domain *domain)
{
    for (uint32_t i = 0; i < expr->argument_count; i++) {
        Domain part = {.arena = domain->arena,
                       .types = domain->types,
                       .column = domain->column,
                       .is_text = domain->is_text};
        if (!domain_of(expr->arguments[i], &part))
            return false;
        for (uint32_t k = 0; k < part.count; k++)
            domain_add(domain, part.ints[k], part.texts[k]);
    }
    return true;
}

/* Adds the values that `expr` lets through to an empty domain; false: it says nothing. */
static bool domain_of(const Expr *expr, Domain *domain)
{
    const Expr *column;
    IntRange range;
    switch (expr->kind) {
    case EXPR_OR:
        return domain_of_or(expr, domain);
    case EXPR_AND:
        return domain_of_and(expr, domain);
    case EXPR_IN_LIST:
        return domain_of_list(expr, domain);
    case EXPR_NOT:
        return domain_of_comparison(expr->arguments[0], true, domain);
    case EXPR_IS_NULL:
        if (!domain->is_text || !is_of_column(domain, expr->arguments[0]))
            return false;
        domain_add(domain, (IntRange){1, 0}, (TableTextRange){.is_null = true});
        return true;
    default:
        break;
    }
    if (!domain->is_text && preimage_of_interval(domain->types, expr, &column, &range)) {
        if (is_of_column(domain, column))
            domain_add(domain, range, (TableTextRange){0});
        return is_of_column(domain, column);
    }
    return domain_of_comparison(expr, false, domain);
}

/* --- gathering the conjuncts --- */

typedef struct Gathered {
    Arena *arena;
    const Plan *table;
    TableInterval *intervals; /* of __time so far */
    uint32_t interval_count;
    bool has_intervals;
    TableTextFilter *texts;
    uint32_t text_count;
    TableIntFilter *ints;
    uint32_t int_count;
} Gathered;

static uint32_t attribute_of(const Plan *table, ColumnId column)
{
    for (uint32_t i = 0; i < table->column_count; i++)
        if (table->columns[i].id == column)
            return table->table.attributes[i];
    return UINT32_MAX;
}

static TableInterval interval_of(IntRange range)
{
    return (TableInterval){.start = range.low,
                           .end = range.high == INT64_MAX ? INT64_MAX : range.high + 1};
}

static void intersect_intervals(Gathered *gathered, const Domain *domain)
{
    TableInterval *given = ARENA_ARRAY(gathered->arena, TableInterval, domain->count);
    for (uint32_t i = 0; i < domain->count; i++)
        given[i] = interval_of(domain->ints[i]);
    uint32_t given_count = table_intervals_normalize(given, domain->count);
    if (!gathered->has_intervals) {
        gathered->has_intervals = true;
        gathered->intervals = given;
        gathered->interval_count = given_count;
        return;
    }
    TableInterval *both =
        ARENA_ARRAY(gathered->arena, TableInterval, given_count + gathered->interval_count);
    uint32_t count = 0;
    for (uint32_t i = 0, j = 0; i < given_count && j < gathered->interval_count;) {
        TableInterval a = given[i], b = gathered->intervals[j];
        TableInterval common = {.start = a.start > b.start ? a.start : b.start,
                                .end = a.end < b.end ? a.end : b.end};
        if (common.start < common.end)
            both[count++] = common;
        if (a.end < b.end)
            i++;
        else
            j++;
    }
    gathered->intervals = both;
    gathered->interval_count = count;
}

static void add_ints(Gathered *gathered, const Domain *domain, uint32_t attribute)
{
    IntRange hull = {INT64_MAX, INT64_MIN};
    for (uint32_t i = 0; i < domain->count; i++)
        if (domain->ints[i].low <= domain->ints[i].high) {
            hull.low = domain->ints[i].low < hull.low ? domain->ints[i].low : hull.low;
            hull.high = domain->ints[i].high > hull.high ? domain->ints[i].high : hull.high;
        }
    gathered->ints[gathered->int_count++] =
        (TableIntFilter){.column = attribute, .minimum = hull.low, .maximum = hull.high};
}

static void add_texts(Gathered *gathered, const Domain *domain, Text name)
{
    for (uint32_t i = 0; i < gathered->text_count; i++)
        if (text_equal(gathered->texts[i].column, name))
            return; /* one a column; the first conjunct is enough to be sound */
    gathered->texts[gathered->text_count++] = (TableTextFilter){
        .column = name, .range_count = domain->count, .ranges = domain->texts};
}

/* What a conjunct says of each of the columns that it names. */
typedef struct ConjunctColumns {
    ColumnId columns[8];
    uint32_t count;
} ConjunctColumns;

static void add_conjunct_column(ColumnId column, void *state)
{
    ConjunctColumns *columns = state;
    for (uint32_t i = 0; i < columns->count; i++)
        if (columns->columns[i] == column)
            return;
    if (columns->count < sizeof columns->columns / sizeof *columns->columns)
        columns->columns[columns->count++] = column;
}

static void gather_column(Gathered *gathered, const TypeContext *types, const Expr *conjunct,
                          ColumnId column)
{
    uint32_t attribute = attribute_of(gathered->table, column);
    if (attribute == UINT32_MAX)
        return;
    const RelationColumn *known = &gathered->table->table.relation->columns[attribute];
    Layout layout = type_layout(known->type);
    if (layout != LAYOUT_INT64 && !function_orders_by_bytes(known->type))
        return;
    Domain domain = {.arena = gathered->arena,
                     .types = types,
                     .column = column,
                     .is_text = layout == LAYOUT_STRING};
    if (!domain_of(conjunct, &domain))
        return;
    if (domain.is_text)
        add_texts(gathered, &domain, known->name);
    else if (text_equal_string(known->name, "__time"))
        intersect_intervals(gathered, &domain);
    else
        add_ints(gathered, &domain, attribute);
}

const TableFilter *pruning_filter(Arena *arena, const Plan *table, const TypeContext *types)
{
    ExprList conjuncts;
    expr_list_init(&conjuncts, arena);
    expr_list_add_conjuncts(&conjuncts, table->table.filter);
    enum { MOST_OF_ONE = 8 }; /* columns of a conjunct */
    size_t most = (size_t)conjuncts.count * MOST_OF_ONE;
    Gathered gathered = {.arena = arena,
                         .table = table,
                         .texts = ARENA_ARRAY(arena, TableTextFilter, most + 1),
                         .ints = ARENA_ARRAY(arena, TableIntFilter, most + 1)};
    for (uint32_t i = 0; i < conjuncts.count; i++) {
        ConjunctColumns columns = {0};
        expr_columns(conjuncts.items[i], add_conjunct_column, &columns);
        for (uint32_t c = 0; c < columns.count; c++)
            gather_column(&gathered, types, conjuncts.items[i], columns.columns[c]);
    }
    TableFilter *filter = ARENA_NEW(arena, TableFilter);
    *filter = (TableFilter){.has_intervals = gathered.has_intervals,
                            .interval_count = gathered.interval_count,
                            .intervals = gathered.intervals,
                            .text_count = gathered.text_count,
                            .texts = gathered.texts,
                            .int_count = gathered.int_count,
                            .ints = gathered.ints};
    return filter;
}
