/*
 * The list of families, and the index over all their rows. A new family is a line in one of the
 * two lists.
 */
#include "engine/function/functions_internal.h"

#include "base/log/log.h"

#include <pthread.h>
#include <stdlib.h>

#define SCALAR_FAMILIES(FAMILY)                                                                    \
    FAMILY(arithmetic) FAMILY(arithmetic_time) FAMILY(numeric) FAMILY(math) FAMILY(bitwise)        \
    FAMILY(comparison) FAMILY(comparison_text) FAMILY(logic) FAMILY(misc)                          \
    FAMILY(cast) FAMILY(cast_text) FAMILY(cast_druid)                                              \
    FAMILY(string) FAMILY(string_make) FAMILY(like) FAMILY(regexp)                                 \
    FAMILY(time) FAMILY(time_extract) FAMILY(time_format) FAMILY(time_template) FAMILY(ip) FAMILY(network)       \
    FAMILY(array) FAMILY(array_compare) FAMILY(array_dimensions) FAMILY(array_edit)       \
    FAMILY(multi_value) FAMILY(multi_value_rows) FAMILY(multi_value_map)                           \
    FAMILY(json) FAMILY(jsonb) FAMILY(json_convert) FAMILY(jsonpath) FAMILY(record)                                                \
    FAMILY(bytes) FAMILY(identity) FAMILY(contributed) FAMILY(format) FAMILY(text_encode) FAMILY(text_format)          \
    FAMILY(text_normalize) FAMILY(bitstring)                                                       \
    FAMILY(math_degrees) FAMILY(numeric_math) FAMILY(number_template)                  \
    FAMILY(number_parse)                                                                           \
    FAMILY(interval) FAMILY(sketch)                                                                \
    FAMILY(system) FAMILY(catalog) \
    FAMILY(type_modifier)

#define AGGREGATE_FAMILIES(FAMILY)                                                                 \
    FAMILY(aggregate_count) FAMILY(aggregate_sum) FAMILY(aggregate_min_max)                        \
    FAMILY(aggregate_avg) FAMILY(aggregate_variance) FAMILY(aggregate_any_value)                   \
    FAMILY(aggregate_earliest_latest) FAMILY(aggregate_boolean) FAMILY(aggregate_bitwise)          \
    FAMILY(aggregate_string_agg) FAMILY(aggregate_array_agg) FAMILY(aggregate_approx_distinct) \
    FAMILY(aggregate_approx_quantile) FAMILY(aggregate_theta) FAMILY(aggregate_json_agg)           \
    FAMILY(aggregate_fixed_buckets)                                                                \
    FAMILY(aggregate_regression) FAMILY(aggregate_ordered_set)                                     \
    FAMILY(aggregate_interval) FAMILY(aggregate_min_max_array) FAMILY(aggregate_min_max_network)

#define DECLARE_SCALARS(family)                                                                    \
    extern const ScalarFunction family##_functions[];                                              \
    extern const uint32_t family##_function_count;
#define DECLARE_AGGREGATES(family)                                                                 \
    extern const AggregateFunction family##_aggregates[];                                          \
    extern const uint32_t family##_aggregate_count;
SCALAR_FAMILIES(DECLARE_SCALARS)
AGGREGATE_FAMILIES(DECLARE_AGGREGATES)

static const struct {
    const ScalarFunction *rows;
    const uint32_t *count;
} scalar_families[] = {
#define LIST_SCALARS(family) {family##_functions, &family##_function_count},
    SCALAR_FAMILIES(LIST_SCALARS)
};

static const struct {
    const AggregateFunction *rows;
    const uint32_t *count;
} aggregate_families[] = {
#define LIST_AGGREGATES(family) {family##_aggregates, &family##_aggregate_count},
    AGGREGATE_FAMILIES(LIST_AGGREGATES)
};

enum {
    SCALAR_FAMILY_COUNT = sizeof scalar_families / sizeof scalar_families[0],
    AGGREGATE_FAMILY_COUNT = sizeof aggregate_families / sizeof aggregate_families[0]
};

/* --- the index: a chained hash table over names, aliases and symbols --- */

enum { BUCKETS = 4096 };

typedef struct NameIndex {
    FunctionName *buckets[BUCKETS];
} NameIndex;

static pthread_once_t index_once = PTHREAD_ONCE_INIT;
static const ScalarFunction **scalars;
static const AggregateFunction **aggregates;
static const ScalarFunction **scalars_by_oid;
static uint32_t scalar_count, aggregate_count;
static NameIndex scalar_names, symbol_names, aggregate_names;
static Arena *index_arena; /* lives as long as the process */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static uint32_t name_hash(const char *name, uint32_t length)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (uint32_t i = 0; i < length; i++)
        hash = (hash ^ (uint8_t)lower(name[i])) * 16777619u;
    return hash % BUCKETS;
}

static void index_name(NameIndex *index, const char *name, uint32_t length, const void *row)
{
    FunctionName **last = &index->buckets[name_hash(name, length)];
    while (*last != NULL)
        last = &(*last)->next;
    *last = ARENA_NEW(index_arena, FunctionName);
    **last = (FunctionName){.name = {name, length}, .row = row};
}

static void index_names(NameIndex *index, const char *name, const char *aliases, const void *row)
{
    index_name(index, name, (uint32_t)strlen(name), row);
    while (aliases != NULL && *aliases != '\0') {
        uint32_t length = (uint32_t)strcspn(aliases, ",");
        index_name(index, aliases, length, row);
        aliases += length + (aliases[length] == ',');
    }
}

static int by_oid(const void *a, const void *b)
{
    uint32_t left = (*(const ScalarFunction *const *)a)->oid;
    uint32_t right = (*(const ScalarFunction *const *)b)->oid;
    return (left > right) - (left < right);
}

static void index_scalar(const ScalarFunction *row)
{
    scalars[scalar_count++] = row;
    bool has_name = row->kind == FUNCTION_PLAIN ||
                    (row->kind == FUNCTION_OPERATOR_ONLY && row->symbol != NULL);
    if (has_name) /* what an operator stands for can be called as well: int4pl(1, 2) */
        index_names(&scalar_names, row->name, row->aliases, row);
    if (row->symbol != NULL)
        index_name(&symbol_names, row->symbol, (uint32_t)strlen(row->symbol), row);
}

static void build_index(void)
{
    uint32_t count = 0;
    index_arena = arena_new("functions");
    for (int i = 0; i < SCALAR_FAMILY_COUNT; i++)
        count += *scalar_families[i].count;
    scalars = ARENA_ARRAY(index_arena, const ScalarFunction *, count);
    scalars_by_oid = ARENA_ARRAY(index_arena, const ScalarFunction *, count);
    for (int i = 0; i < SCALAR_FAMILY_COUNT; i++)
        for (uint32_t j = 0; j < *scalar_families[i].count; j++)
            index_scalar(&scalar_families[i].rows[j]);
    memcpy(scalars_by_oid, scalars, count * sizeof *scalars);
    qsort(scalars_by_oid, count, sizeof *scalars_by_oid, by_oid);

    count = 0;
    for (int i = 0; i < AGGREGATE_FAMILY_COUNT; i++)
        count += *aggregate_families[i].count;
    aggregates = ARENA_ARRAY(index_arena, const AggregateFunction *, count);
    for (int i = 0; i < AGGREGATE_FAMILY_COUNT; i++)
        for (uint32_t j = 0; j < *aggregate_families[i].count; j++) {
            const AggregateFunction *row = &aggregate_families[i].rows[j];
            aggregates[aggregate_count++] = row;
            index_names(&aggregate_names, row->name, row->aliases, row);
        }
}

static const FunctionName *find_name(const NameIndex *index, Text name)
{
    return index->buckets[name_hash(name.data, name.length)];
}

static bool is_name(const FunctionName *entry, Text name)
{
    if (entry->name.length != name.length)
        return false;
    for (uint32_t i = 0; i < name.length; i++)
        if (lower(entry->name.data[i]) != lower(name.data[i]))
            return false;
    return true;
}

static const void *next_match(const FunctionName **at, Text name)
{
    while (*at != NULL) {
        const FunctionName *entry = *at;
        *at = entry->next;
        if (is_name(entry, name))
            return entry->row;
    }
    return NULL;
}

/* --- what the room's other files ask --- */

FunctionSearch function_search(FunctionTable table, Text name)
{
    pthread_once(&index_once, build_index);
    const NameIndex *index = table == TABLE_SCALARS     ? &scalar_names
                             : table == TABLE_OPERATORS ? &symbol_names
                                                        : &aggregate_names;
    return (FunctionSearch){.at = find_name(index, name), .name = name};
}

const void *function_search_next(FunctionSearch *search)
{
    return next_match(&search->at, search->name);
}

/* --- the tables --- */

const ScalarFunction *const *function_scalars(uint32_t *count)
{
    pthread_once(&index_once, build_index);
    *count = scalar_count;
    return scalars;
}

const AggregateFunction *const *function_aggregates(uint32_t *count)
{
    pthread_once(&index_once, build_index);
    *count = aggregate_count;
    return aggregates;
}

const ScalarFunction *function_scalar_by_oid(uint32_t oid)
{
    pthread_once(&index_once, build_index);
    uint32_t low = 0, high = scalar_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (scalars_by_oid[middle]->oid < oid)
            low = middle + 1;
        else
            high = middle;
    }
    return low < scalar_count && scalars_by_oid[low]->oid == oid ? scalars_by_oid[low] : NULL;
}

const AggregateFunction *function_aggregate_by_oid(uint32_t oid)
{
    pthread_once(&index_once, build_index);
    for (uint32_t i = 0; i < aggregate_count; i++)
        if (aggregates[i]->oid == oid)
            return aggregates[i];
    return NULL;
}

bool function_is_aggregate(Text name)
{
    FunctionSearch search = function_search(TABLE_AGGREGATES, name);
    return function_search_next(&search) != NULL;
}

bool function_exists(Text name)
{
    FunctionSearch search = function_search(TABLE_SCALARS, name);
    return function_search_next(&search) != NULL || function_is_aggregate(name) ||
           function_is_window(name);
}

/* --- the reference page --- */

static void describe_types(Buffer *out, const Oid *arguments, uint32_t count, uint32_t optional,
                           bool is_variadic)
{
    for (uint32_t i = 0; i < count; i++) {
        const TypeInfo *info = type_info(arguments[i]);
        buffer_printf(out, "%s%s%s", i + optional >= count ? "[" : "", i > 0 ? ", " : "",
                      info == NULL ? "?" : info->sql_name);
    }
    for (uint32_t i = 0; i < optional; i++)
        buffer_append_byte(out, ']');
    if (is_variadic)
        buffer_append_string(out, ", ...");
}

static void describe_text(Buffer *out, const char *text)
{
    for (; text != NULL && *text != '\0'; text++) {
        if (*text == '|')
            buffer_append_byte(out, '\\');
        buffer_append_byte(out, (uint8_t)*text);
    }
}

static void describe_row(Buffer *out, const char *name, const char *symbol, const char *aliases,
                         const char *result)
{
    buffer_append_string(out, "| ");
    if (symbol != NULL) {
        buffer_append_string(out, "`");
        describe_text(out, symbol);
        buffer_append_string(out, "` ");
    }
    buffer_printf(out, "`%s`", name);
    if (aliases != NULL)
        buffer_printf(out, " (%s)", aliases);
    buffer_printf(out, " | %s | ", result);
}

static const char *type_text(Oid oid)
{
    const TypeInfo *info = type_info(oid);
    return info == NULL ? "as its argument" : info->sql_name;
}

static void describe_end(Buffer *out, const char *summary, const char *example, const char *gives)
{
    buffer_append_string(out, " | ");
    describe_text(out, summary);
    buffer_append_string(out, " | ");
    if (example != NULL) {
        buffer_append_string(out, "`");
        describe_text(out, example);
        buffer_append_string(out, "`");
        if (gives != NULL) {
            buffer_append_string(out, " gives `");
            describe_text(out, gives);
            buffer_append_string(out, "`");
        }
    }
    buffer_append_string(out, " |\n");
}

static void describe_windows(Buffer *out)
{
    uint32_t count;
    buffer_append_string(out, "\n## Window functions\n\n"
                              "Every aggregate is a window function, too; these are none:\n\n"
                              "| Function | Result | Arguments | What it does | Example |\n"
                              "|---|---|---|---|---|\n");
    const WindowFunction *rows = function_windows(&count);
    for (uint32_t i = 0; i < count; i++) {
        describe_row(out, rows[i].name, NULL, NULL, type_text(rows[i].result));
        describe_types(out, rows[i].arguments, rows[i].argument_count, 0, false);
        describe_end(out, rows[i].summary, rows[i].example, rows[i].gives);
    }
}

void function_describe(Buffer *out)
{
    uint32_t count;
    buffer_append_string(out, "# Functions\n\n## Scalars and operators\n\n"
                              "| Function | Result | Arguments | What it does | Example |\n"
                              "|---|---|---|---|---|\n");
    const ScalarFunction *const *rows = function_scalars(&count);
    for (uint32_t i = 0; i < count; i++) {
        const ScalarFunction *row = rows[i];
        bool is_ours = row->kind == FUNCTION_OPERATOR_ONLY && row->symbol == NULL;
        if (row->kind == FUNCTION_CAST || is_ours)
            continue;
        describe_row(out, row->name, row->symbol, row->aliases, type_text(row->result));
        describe_types(out, row->arguments, row->argument_count, row->optional_count,
                       row->is_variadic);
        describe_end(out, row->summary, row->example, row->gives);
    }
    buffer_append_string(out, "\n## Aggregates\n\n"
                              "| Function | Result | Arguments | What it does | Example |\n"
                              "|---|---|---|---|---|\n");
    const AggregateFunction *const *sums = function_aggregates(&count);
    for (uint32_t i = 0; i < count; i++) {
        const AggregateFunction *row = sums[i];
        describe_row(out, row->name, NULL, row->aliases, type_text(row->result));
        describe_types(out, row->arguments, row->argument_count, row->optional_count, false);
        describe_end(out, row->summary, row->example, row->gives);
    }
    describe_windows(out);
}
