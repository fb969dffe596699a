/*
 * INSERT and REPLACE: the query's rows are sorted into time chunks and ranges of the cluster key,
 * then each partition becomes a segment.
 *
 *     stage n       the query, then a global-sort shuffle by (bucket, CLUSTERED BY ...), its
 *                   partitions cut by statistics so that a segment holds about rowsPerSegment
 *     stage n + 1   writes segments, ordered inside by __time and the cluster key
 *
 * Without CLUSTERED BY the key is the time: segments of one chunk then do not overlap in time.
 */
#include "engine/plan/cut_internal.h"

typedef struct Columns {
    PlanProjection *items;
    uint32_t count;
    uint32_t stored_count; /* leading items that are stored */
    int32_t time, bucket;  /* positions, -1 none */
} Columns;

static const Expr *column_expr(Cutter *cutter, const PlanColumn *column)
{
    return expr_column(cutter->arena, column->type, column->id, -1);
}

/* The stored columns, __time first. */
static Columns stored_columns(Cutter *cutter, const BoundQuery *query, uint32_t extra)
{
    Columns columns = {.items = ARENA_ARRAY(cutter->arena, PlanProjection, query->output_count + extra),
                       .time = -1,
                       .bucket = -1};
    for (int pass = 0; pass < 2; pass++) /* 0: __time, 1: the others */
        for (uint32_t i = 0; i < query->output_count; i++) {
            const PlanColumn *output = &query->outputs[i];
            bool is_time = strcmp(output->name, "__time") == 0;
            if (is_time != (pass == 0))
                continue;
            if (is_time)
                columns.time = (int32_t)columns.count;
            /* an output may stand in the list twice under two names */
            PlanColumn column = *output;
            column.id = plan_new_column(cutter->context->plan);
            columns.items[columns.count++] =
                (PlanProjection){.column = column, .expr = column_expr(cutter, output)};
        }
    columns.stored_count = columns.count;
    return columns;
}

static uint32_t add_column(Cutter *cutter, Columns *columns, const Expr *expr, const char *name)
{
    for (uint32_t i = 0; i < columns->count; i++)
        if (expr_equal(columns->items[i].expr, expr))
            return i;
    PlanColumn column = {
        .id = plan_new_column(cutter->context->plan), .type = expr->type, .name = name};
    columns->items[columns->count] = (PlanProjection){.column = column, .expr = expr};
    return columns->count++;
}

/* As ISO 8601 has it; granularities are whole seconds. */
static const char *period_text(Arena *arena, const Period *period)
{
    if (period->months != 0)
        return arena_printf(arena, "P%lldM", (long long)period->months);
    if (period->days != 0)
        return arena_printf(arena, "P%lldD", (long long)period->days);
    return arena_printf(arena, "PT%lldS", (long long)(period->micros / MICROS_PER_SECOND));
}

/* __bucket: the start of the row's time chunk. Always in UTC, whatever the session's zone. */
static const Expr *bucket_expr(Cutter *cutter, const IngestTarget *target, const Expr *time)
{
    Arena *arena = cutter->arena;
    const Expr *arguments[4] = {
        time, expr_text(arena, SQL_TYPE(T_TEXT), text_of(period_text(arena, &target->granularity)), -1),
        expr_null(arena, time->type, -1),
        expr_text(arena, SQL_TYPE(T_TEXT), TEXT_LITERAL("UTC"), -1)};
    SqlType types[4], coerced[4];
    for (int i = 0; i < 4; i++)
        types[i] = arguments[i]->type;
    const ScalarFunction *function = function_resolve(TEXT_LITERAL("time_floor"), types, 4, 0, coerced,
                                                      -1, cutter->fault);
    if (function == NULL)
        return NULL;
    for (int i = 0; i < 4; i++) {
        arguments[i] = expr_cast(arena, arguments[i], coerced[i], CAST_IMPLICIT, 0, cutter->fault);
        if (arguments[i] == NULL)
            return NULL;
    }
    return expr_call(arena, function, time->type, arguments, 4, -1);
}

static Text next_name(const char **list)
{
    const char *start = *list;
    while (*start == ' ' || *start == ',' || *start == '[' || *start == '"')
        start++;
    const char *end = start;
    while (*end != '\0' && *end != ',' && *end != '"' && *end != ']')
        end++;
    *list = *end == '\0' ? end : end + 1;
    while (end > start && end[-1] == ' ')
        end--;
    return (Text){.data = start, .length = (uint32_t)(end - start)};
}

/* segmentSortOrder: names of stored columns that come first inside a segment. */
static bool add_sort_order(Cutter *cutter, const BoundQuery *query, const Columns *columns,
                           SortColumn *sort, uint32_t *count)
{
    const char *list = cutter->context->plan->settings->segment_sort_order;
    (void)query;
    for (;;) {
        Text name = next_name(&list);
        if (name.length == 0)
            return true;
        uint32_t i = 0;
        while (i < columns->stored_count &&
               !text_equal_string(name, columns->items[i].column.name))
            i++;
        if (i == columns->stored_count)
            return fault_set(cutter->fault, FAULT_INVALID_PARAMETER_VALUE,
                             "segmentSortOrder names a column that is not in the output: %.*s",
                             TEXT_ARGS(name));
        sort[(*count)++] = (SortColumn){.column = i, .nulls_first = true};
    }
}

static void add_once(SortColumn *sort, uint32_t *count, uint32_t column)
{
    for (uint32_t i = 0; i < *count; i++)
        if (sort[i].column == column)
            return;
    sort[(*count)++] = (SortColumn){.column = column, .nulls_first = true};
}

static uint32_t range_dimensions(const IngestTarget *target, const Columns *columns,
                                 const uint32_t *cluster)
{
    if (target->mode != INGEST_REPLACE)
        return 0;
    uint32_t count = 0;
    while (count < target->cluster_count && cluster[count] < columns->stored_count &&
           type_layout(columns->items[cluster[count]].column.type) == LAYOUT_STRING)
        count++;
    return count;
}

bool cut_ingest(Cutter *cutter, const BoundQuery *query, Fragment *fragment)
{
    Arena *arena = cutter->arena;
    const IngestTarget *target = query->ingest;
    const Settings *settings = cutter->context->plan->settings;
    Columns columns = stored_columns(cutter, query, target->cluster_count + 1);
    uint32_t *cluster = ARENA_ARRAY(arena, uint32_t, target->cluster_count);
    for (uint32_t i = 0; i < target->cluster_count; i++)
        cluster[i] = add_column(cutter, &columns, target->cluster_keys[i], "cluster");
    if (!target->is_partitioned_by_all) {
        const Expr *bucket = bucket_expr(cutter, target, columns.items[columns.time].expr);
        if (bucket == NULL)
            return false;
        columns.bucket = (int32_t)add_column(cutter, &columns, bucket, "__bucket");
    }
    fragment_project(cutter, fragment, columns.items, columns.count);

    SortColumn *keys = ARENA_ARRAY(arena, SortColumn, target->cluster_count + 2);
    uint32_t key_count = 0;
    if (columns.bucket >= 0)
        keys[key_count++] = (SortColumn){.column = (uint32_t)columns.bucket, .nulls_first = true};
    for (uint32_t i = 0; i < target->cluster_count; i++)
        keys[key_count++] = (SortColumn){.column = cluster[i], .nulls_first = true};
    if (target->cluster_count == 0 && columns.time >= 0)
        keys[key_count++] = (SortColumn){.column = (uint32_t)columns.time, .nulls_first = true};

    SortColumn *sort =
        ARENA_ARRAY(arena, SortColumn, columns.count * 2 + strlen(settings->segment_sort_order) + 2);
    uint32_t sort_count = 0;
    if (!add_sort_order(cutter, query, &columns, sort, &sort_count))
        return false;
    if (columns.time >= 0 && settings->force_segment_sort_by_time)
        add_once(sort, &sort_count, (uint32_t)columns.time);
    for (uint32_t i = 0; i < target->cluster_count; i++)
        if (cluster[i] < columns.stored_count)
            add_once(sort, &sort_count, cluster[i]);

    ShuffleSpec shuffle = {.kind = SHUFFLE_MIX, .partitions = 1};
    if (key_count > 0)
        shuffle = (ShuffleSpec){.kind = SHUFFLE_GLOBAL_SORT,
                                .key_count = key_count,
                                .keys = keys,
                                .target_rows = (uint64_t)settings->rows_per_segment,
                                .bucket_keys = columns.bucket >= 0 ? 1 : 0,
                                .is_unordered = true}; /* segments are sorted where they are written */
    cut_shuffle(cutter, fragment, shuffle, READ_PARTITIONS, false,
                key_count == 0 || cutter->context->worker_count == 1);
    fragment->processor = "segmentGenerator";

    Text *names = ARENA_ARRAY(arena, Text, columns.stored_count);
    for (uint32_t i = 0; i < columns.stored_count; i++)
        names[i] = text_of(columns.items[i].column.name);
    OperatorSpec *spec = cut_passing(cutter, OPERATOR_WRITE_SEGMENTS, fragment->root);
    spec->write_segments.stored_count = columns.stored_count;
    spec->write_segments.names = names;
    spec->write_segments.time_column = columns.time;
    spec->write_segments.bucket_column = columns.bucket;
    spec->write_segments.staging_folder = cutter->context->staging_folder;
    spec->write_segments.range_dimensions = range_dimensions(target, &columns, cluster);
    spec->write_segments.sort_count = sort_count;
    spec->write_segments.sort = sort;
    spec->estimated_rows = fragment->root->estimated_rows;
    fragment->root = spec;
    return true;
}
