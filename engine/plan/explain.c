/*
 * EXPLAIN: the stages of a query as a person reads them, a line an element.
 *
 *     Stage 1: groupByPostShuffle, 1 worker -> client
 *       WriteRows
 *         Sort by #1 desc, first 10
 *           Group final by #0: sum(#1)
 *             Read stage 0, sorted merge
 *     Stage 0: groupByPreShuffle, 2 workers -> mix to 1 partition
 *       ...
 *
 * The last stage stands first, as the root of a plan does; columns are positions in the child's
 * output. The JSON form has the same facts.
 */
#include "engine/plan/plan_internal.h"

#include <jansson.h>

typedef struct Printer {
    const QueryDefinition *definition;
    const BoundQuery *query;
    Buffer *out;
} Printer;

static void indent(Printer *printer, int depth)
{
    for (int i = 0; i < depth; i++)
        buffer_append_string(printer->out, "  ");
}

static const char *position_name(ColumnId column, void *state)
{
    /* two names may be alive at once in one expression: a few in turn */
    static char names[8][16];
    static unsigned next;
    (void)state;
    char *name = names[next++ % 8];
    snprintf(name, sizeof names[0], "#%u", column);
    return name;
}

typedef struct InputNames {
    const StageInput *input;
} InputNames;

static const char *input_name(ColumnId column, void *state)
{
    static char names[8][160];
    static unsigned next;
    const StageInput *input = ((InputNames *)state)->input;
    if (input->names == NULL || column >= input->column_count)
        return position_name(column, NULL);
    char *name = names[next++ % 8];
    snprintf(name, sizeof names[0], "%.*s", TEXT_ARGS(input->names[column]));
    return name;
}

static void print_sort_columns(Buffer *out, const SortColumn *keys, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        buffer_printf(out, "%s#%u%s%s", i > 0 ? ", " : "", keys[i].column,
                      keys[i].descending ? " desc" : "",
                      keys[i].nulls_first != keys[i].descending
                          ? (keys[i].nulls_first ? " nulls first" : " nulls last")
                          : "");
}

/* --- inputs --- */

static void print_pruning(const StageInput *input, Buffer *out)
{
    const struct {
        uint32_t count;
        const char *by;
    } causes[] = {{input->pruned_by_time, "time"},
                  {input->pruned_by_shard, "shard range"},
                  {input->pruned_by_statistics, "minimum and maximum"},
                  {input->pruned_by_index, "index"}};
    uint32_t pruned = input->pruned_by_time + input->pruned_by_shard +
                      input->pruned_by_statistics + input->pruned_by_index;
    const char *separator = "";
    if (pruned == 0)
        return;
    buffer_printf(out, " (%u pruned: ", pruned);
    for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++) {
        if (causes[i].count == 0)
            continue;
        buffer_printf(out, "%s%u by %s", separator, causes[i].count, causes[i].by);
        separator = ", ";
    }
    buffer_append_string(out, ")");
}

static void print_units(const StageInput *input, Buffer *out)
{
    uint32_t whole = 0;
    for (uint32_t i = 0; i < input->unit_count; i++)
        whole += input->units[i].start == 0 && input->units[i].share == 0;
    buffer_printf(out, "Read external data: %u units", whole);
    if (whole != input->unit_count)
        buffer_printf(out, " in %u parts", input->unit_count);
}

static void print_input(const StageInput *input, Buffer *out)
{
    uint64_t rows = 0;
    switch (input->kind) {
    case INPUT_SEGMENTS:
        for (uint32_t i = 0; i < input->segment_count; i++)
            rows += input->segments[i].rows;
        buffer_printf(out, "Scan table %.*s: %u of %u segments, %llu rows", TEXT_ARGS(input->table),
                      input->segment_count, input->segments_total, (unsigned long long)rows);
        print_pruning(input, out);
        if (input->division != NULL)
            buffer_printf(out, "; divided by %.*s in %u ranges",
                          TEXT_ARGS(input->names[input->division->column]),
                          input->division->range_count);
        break;
    case INPUT_EXTERNAL:
        print_units(input, out);
        break;
    case INPUT_BATCH:
        if (input->table.length > 0)
            buffer_printf(out, "Scan relation %.*s", TEXT_ARGS(input->table));
        else
            buffer_printf(out, "Values: %u rows", input->batch->rows);
        break;
    case INPUT_STAGE:
        buffer_printf(out, "Read stage %u%s%s", input->stage,
                      input->read == READ_ALL ? ", all of it" : "",
                      input->is_sorted_merge ? ", merging sorted streams" : "");
        break;
    }
}

static void print_input_operator(Printer *printer, const StageDefinition *stage,
                                 const OperatorSpec *spec)
{
    const StageInput *input = &stage->inputs[spec->input.index];
    InputNames names = {.input = input};
    print_input(input, printer->out);
    if (input->kind == INPUT_STAGE)
        return;
    buffer_append_string(printer->out, "; columns");
    for (uint32_t i = 0; i < spec->input.keep_count; i++)
        buffer_printf(printer->out, "%s %s", i > 0 ? "," : "", input_name(spec->input.keep[i], &names));
    if (spec->input.keep_count == 0)
        buffer_append_string(printer->out, " none");
    if (spec->input.filter != NULL) {
        buffer_append_string(printer->out, "; where ");
        expr_print(spec->input.filter, input_name, &names, printer->out);
    }
}

/* --- operators --- */

static void print_exprs(Printer *printer, const Expr *const *exprs, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            buffer_append_string(printer->out, ", ");
        expr_print(exprs[i], position_name, NULL, printer->out);
    }
}

static void print_aggregates(Buffer *out, const StageAggregate *aggregates, uint32_t count,
                             GroupMode mode, const char *first)
{
    for (uint32_t i = 0; i < count; i++) {
        const StageAggregate *aggregate = &aggregates[i];
        buffer_printf(out, "%s%s(%s", i == 0 ? first : ", ", aggregate->function->name,
                      aggregate->is_distinct ? "distinct " : "");
        bool is_state = mode == GROUP_FINAL || aggregate->is_state;
        uint32_t shown = is_state ? 1 : aggregate->argument_count;
        for (uint32_t k = 0; k < shown; k++)
            buffer_printf(out, "%s#%u", k > 0 ? ", " : "", aggregate->arguments[k]);
        buffer_append_string(out, shown == 0 ? "*)" : ")");
        if (aggregate->filter >= 0)
            buffer_printf(out, " filter #%d", aggregate->filter);
    }
}

static void print_group_each(Printer *printer, const OperatorSpec *spec)
{
    Buffer *out = printer->out;
    buffer_append_string(out, "Group, partial, each");
    for (uint32_t i = 0; i < spec->group_each.key_count; i++)
        buffer_printf(out, "%s#%u", i == 0 ? " by " : ", ", spec->group_each.keys[i]);
    for (uint32_t i = 0; i < spec->group_each.set_count; i++) {
        const StageDistinctSet *set = &spec->group_each.sets[i];
        buffer_append_string(out, i == 0 ? ": distinct " : ", distinct ");
        for (uint32_t k = 0; k < set->argument_count; k++)
            buffer_printf(out, "%s#%u", k > 0 ? " and " : "", set->arguments[k]);
        if (set->filter >= 0)
            buffer_printf(out, " filter #%d", set->filter);
    }
    print_aggregates(out, spec->group_each.aggregates, spec->group_each.aggregate_count,
                     GROUP_PARTIAL, ", ");
}

static void print_group(Printer *printer, const OperatorSpec *spec)
{
    static const char *const modes[] = {
        [GROUP_COMPLETE] = "Group", [GROUP_PARTIAL] = "Group, partial", [GROUP_FINAL] = "Group, final"};
    Buffer *out = printer->out;
    buffer_append_string(out, modes[spec->group.mode]);
    for (uint32_t i = 0; i < spec->group.key_count; i++)
        buffer_printf(out, "%s#%u", i == 0 ? " by " : ", ", spec->group.keys[i]);
    print_aggregates(out, spec->group.aggregates, spec->group.aggregate_count, spec->group.mode,
                     ": ");
}

static void print_join(Printer *printer, const OperatorSpec *spec)
{
    static const char *const types[] = {
        [STAGE_JOIN_INNER] = "Inner", [STAGE_JOIN_LEFT] = "Left", [STAGE_JOIN_RIGHT] = "Right",
        [STAGE_JOIN_FULL] = "Full",   [STAGE_JOIN_SEMI] = "Semi", [STAGE_JOIN_ANTI] = "Anti",
        [STAGE_JOIN_MARK] = "Mark",   [STAGE_JOIN_SINGLE] = "Single",
        [STAGE_JOIN_RIGHT_SEMI] = "Right semi", [STAGE_JOIN_RIGHT_ANTI] = "Right anti"};
    Buffer *out = printer->out;
    buffer_printf(out, "%s join", types[spec->join.type]);
    for (uint32_t i = 0; i < spec->join.key_count; i++)
        buffer_printf(out, "%sleft #%u %s right #%u", i == 0 ? " on " : " and ", spec->join.left_keys[i],
                      spec->join.null_equal[i] ? "is not distinct from" : "=",
                      spec->join.right_keys[i]);
    if (spec->join.condition != NULL) {
        buffer_append_string(out, "; where ");
        expr_print(spec->join.condition, position_name, NULL, out);
    }
}

static void print_limit_keys(Buffer *out, const OperatorSpec *spec)
{
    for (uint32_t i = 0; i < spec->limit.each_count; i++)
        buffer_printf(out, "%s#%u", i == 0 ? " for each " : ", ", spec->limit.keys[i]);
    if (spec->limit.with_ties)
        buffer_append_string(out, " with ties");
}

static void print_frame_bound(Buffer *out, FrameBound bound, int64_t offset, int32_t column)
{
    bool is_preceding = bound == BOUND_PRECEDING || bound == BOUND_UNBOUNDED_PRECEDING;
    if (bound == BOUND_CURRENT)
        buffer_append_string(out, "current row");
    else if (bound == BOUND_UNBOUNDED_PRECEDING || bound == BOUND_UNBOUNDED_FOLLOWING)
        buffer_printf(out, "unbounded %s", is_preceding ? "preceding" : "following");
    else if (column >= 0)
        buffer_printf(out, "#%d", column);
    else
        buffer_printf(out, "%lld %s", (long long)offset, is_preceding ? "preceding" : "following");
}

/* Unless it is what it is when nothing is said. */
static void print_frame(Buffer *out, const WindowFrame *frame)
{
    static const char *const modes[] = {
        [FRAME_ROWS] = "rows", [FRAME_RANGE] = "range", [FRAME_GROUPS] = "groups"};
    static const char *const exclusions[] = {[EXCLUDE_NOTHING] = "",
                                             [EXCLUDE_CURRENT_ROW] = " exclude current row",
                                             [EXCLUDE_GROUP] = " exclude group",
                                             [EXCLUDE_TIES] = " exclude ties"};
    if (frame->mode == FRAME_RANGE && frame->start == BOUND_UNBOUNDED_PRECEDING &&
        frame->end == BOUND_CURRENT && frame->exclusion == EXCLUDE_NOTHING)
        return;
    buffer_printf(out, " %s ", modes[frame->mode]);
    print_frame_bound(out, frame->start, frame->start_offset, frame->range_start);
    buffer_append_string(out, " to ");
    print_frame_bound(out, frame->end, frame->end_offset, frame->range_end);
    buffer_append_string(out, exclusions[frame->exclusion]);
}

static void print_window(Buffer *out, const OperatorSpec *spec)
{
    buffer_append_string(out, "Window");
    for (uint32_t i = 0; i < spec->window.partition_count; i++)
        buffer_printf(out, "%s#%u", i == 0 ? " by " : ", ", spec->window.partition[i]);
    if (spec->window.order_count > 0) {
        buffer_append_string(out, " in order of ");
        print_sort_columns(out, spec->window.order, spec->window.order_count);
    }
    for (uint32_t i = 0; i < spec->window.function_count; i++) {
        const StageWindowFunction *function = &spec->window.functions[i];
        bool is_count = function->function == NULL && function->call.argument_count == 0;
        buffer_printf(out, "%s%s(%s", i == 0 ? ": " : ", ",
                      function->function != NULL ? function->function->name
                                                 : function->call.function->name,
                      is_count ? "*" : "");
        for (uint32_t k = 0; k < function->call.argument_count; k++)
            if (function->call.constants[k] != NULL)
                buffer_printf(out, "%sconstant", k > 0 ? ", " : "");
            else
                buffer_printf(out, "%s#%u", k > 0 ? ", " : "", function->call.arguments[k]);
        buffer_append_byte(out, ')');
        if (function->call.filter >= 0)
            buffer_printf(out, " filter #%d", function->call.filter);
        print_frame(out, &function->frame);
    }
}

static void print_operator_line(Printer *printer, const StageDefinition *stage,
                                const OperatorSpec *spec)
{
    Buffer *out = printer->out;
    switch (spec->kind) {
    case OPERATOR_INPUT:
        print_input_operator(printer, stage, spec);
        break;
    case OPERATOR_FILTER:
        buffer_append_string(out, "Filter ");
        expr_print(spec->filter.condition, position_name, NULL, out);
        break;
    case OPERATOR_PROJECT:
        buffer_append_string(out, "Project ");
        print_exprs(printer, spec->project.items, spec->column_count);
        break;
    case OPERATOR_GROUP:
        print_group(printer, spec);
        break;
    case OPERATOR_GROUP_EACH:
        print_group_each(printer, spec);
        break;
    case OPERATOR_JOIN:
        print_join(printer, spec);
        break;
    case OPERATOR_SORT:
        buffer_append_string(out, spec->sort.limit >= 0 ? "Top-N sort by " : "Sort by ");
        print_sort_columns(out, spec->sort.keys, spec->sort.key_count);
        if (spec->sort.limit >= 0)
            buffer_printf(out, ", first %lld", (long long)spec->sort.limit);
        for (uint32_t i = 0; i < spec->sort.each_count; i++)
            buffer_printf(out, "%s#%u", i == 0 ? " of each " : ", ", spec->sort.keys[i].column);
        if (spec->sort.with_ties)
            buffer_append_string(out, " with ties");
        break;
    case OPERATOR_LIMIT:
        buffer_append_string(out, "Limit");
        if (spec->limit.count >= 0)
            buffer_printf(out, " %lld", (long long)spec->limit.count);
        if (spec->limit.offset > 0)
            buffer_printf(out, " offset %lld", (long long)spec->limit.offset);
        print_limit_keys(out, spec);
        break;
    case OPERATOR_RECURSE:
        buffer_append_string(out, spec->recurse.is_once       ? "Share rows"
                                  : spec->recurse.is_distinct ? "Recurse, each row once"
                                                              : "Recurse");
        break;
    case OPERATOR_HELD:
        buffer_append_string(out, "Held rows");
        break;
    case OPERATOR_EXPAND:
        buffer_append_string(out, spec->expand.is_outer ? "Expand, outer, by " : "Expand by ");
        expr_print(spec->expand.count, position_name, NULL, out);
        break;
    case OPERATOR_UNION:
        buffer_append_string(out, "Union all");
        break;
    case OPERATOR_WINDOW:
        print_window(out, spec);
        break;
    case OPERATOR_WRITE_SEGMENTS:
        buffer_append_string(out, "Write segments, sorted by ");
        print_sort_columns(out, spec->write_segments.sort, spec->write_segments.sort_count);
        break;
    case OPERATOR_WRITE_ROWS:
        buffer_append_string(out, "Write rows");
        break;
    case OPERATOR_WRITE_FILES:
        buffer_printf(out, "Write CSV files of %llu rows",
                      (unsigned long long)spec->write_files.rows_per_file);
        break;
    }
    if (spec->estimated_rows > 0)
        buffer_printf(out, "  (about %.0f rows)", spec->estimated_rows);
    buffer_append_byte(out, '\n');
}

static void print_operator(Printer *printer, const StageDefinition *stage, const OperatorSpec *spec,
                           int depth)
{
    indent(printer, depth);
    print_operator_line(printer, stage, spec);
    for (uint32_t i = 0; i < spec->child_count; i++)
        print_operator(printer, stage, spec->children[i], depth + 1);
}

/* --- stages --- */

static const char *shuffle_name(ShuffleKind kind)
{
    switch (kind) {
    case SHUFFLE_NONE: return "none";
    case SHUFFLE_MIX: return "mix";
    case SHUFFLE_HASH: return "hash";
    case SHUFFLE_GLOBAL_SORT: return "globalSort";
    case SHUFFLE_BROADCAST: return "broadcast";
    }
    return "?";
}

static void print_shuffle(Printer *printer, const StageDefinition *stage)
{
    Buffer *out = printer->out;
    const ShuffleSpec *shuffle = &stage->shuffle;
    if (shuffle->kind == SHUFFLE_NONE) {
        const IngestTarget *target = printer->query->ingest;
        buffer_append_string(out, target == NULL                   ? "rows to the client"
                                  : target->mode == INGEST_EXPORT ? "publish files in "
                                                                   : "publish segments of table ");
        if (printer->query->ingest != NULL)
            buffer_append_string(out, printer->query->ingest->table);
        return;
    }
    buffer_printf(out, "shuffle %s", shuffle_name(shuffle->kind));
    if (shuffle->key_count > 0) {
        buffer_append_string(out, " by ");
        print_sort_columns(out, shuffle->keys, shuffle->key_count);
    }
    if (shuffle->partitions > 0)
        buffer_printf(out, " to %u partition%s", shuffle->partitions, shuffle->partitions == 1 ? "" : "s");
    else
        buffer_printf(out, " to partitions of about %llu rows, by statistics%s",
                      (unsigned long long)shuffle->target_rows,
                      shuffle->bucket_keys > 0 ? ", a time chunk each at least" : "");
}

static void explain_text(Printer *printer)
{
    const QueryDefinition *definition = printer->definition;
    for (uint32_t i = definition->stage_count; i-- > 0;) {
        const StageDefinition *stage = &definition->stages[i];
        buffer_printf(printer->out, "Stage %u: %s, %u worker%s -> ", stage->number, stage->processor,
                      stage->worker_count, stage->worker_count == 1 ? "" : "s");
        print_shuffle(printer, stage);
        buffer_append_byte(printer->out, '\n');
        print_operator(printer, stage, stage->root, 1);
    }
}

/* --- JSON --- */

static json_t *line_of(Printer *printer, const StageDefinition *stage, const OperatorSpec *spec)
{
    Buffer line = BUFFER_EMPTY;
    Printer inner = *printer;
    inner.out = &line;
    print_operator_line(&inner, stage, spec);
    json_t *text = json_stringn((const char *)line.data, line.length - 1);
    buffer_clear(&line);
    return text != NULL ? text : json_string("?");
}

static json_t *operator_json(Printer *printer, const StageDefinition *stage, const OperatorSpec *spec)
{
    json_t *node = json_object();
    json_object_set_new(node, "operator", line_of(printer, stage, spec));
    json_object_set_new(node, "estimatedRows", json_real(spec->estimated_rows));
    if (spec->child_count > 0) {
        json_t *children = json_array();
        for (uint32_t i = 0; i < spec->child_count; i++)
            json_array_append_new(children, operator_json(printer, stage, spec->children[i]));
        json_object_set_new(node, "inputs", children);
    }
    return node;
}

static void explain_json(Printer *printer)
{
    json_t *stages = json_array();
    for (uint32_t i = 0; i < printer->definition->stage_count; i++) {
        const StageDefinition *stage = &printer->definition->stages[i];
        json_t *node = json_object();
        json_object_set_new(node, "stageNumber", json_integer(stage->number));
        json_object_set_new(node, "processor", json_string(stage->processor));
        json_object_set_new(node, "workerCount", json_integer(stage->worker_count));
        json_object_set_new(node, "shuffle", json_string(shuffle_name(stage->shuffle.kind)));
        json_object_set_new(node, "partitionCount", json_integer(stage->shuffle.partitions));
        json_object_set_new(node, "root", operator_json(printer, stage, stage->root));
        json_array_append_new(stages, node);
    }
    char *text = json_dumps(stages, JSON_INDENT(2));
    buffer_append_string(printer->out, text);
    free(text);
    json_decref(stages);
}

void plan_explain(const QueryDefinition *definition, const BoundQuery *query, bool as_json, Buffer *out)
{
    Printer printer = {.definition = definition, .query = query, .out = out};
    if (as_json)
        explain_json(&printer);
    else
        explain_text(&printer);
}
