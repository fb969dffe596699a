/*
 * Query definitions to and from msgpack, for work orders.
 *
 * Every struct is an array of its fields in order; every kind of operator and input packs only
 * its own. What is read is checked as it is read: counts against limits, positions against the
 * width of the batch they point into, stages against those before them. A definition that passed
 * can be executed without further checks.
 */
#include "engine/stage/stage.h"

#include "base/log/log.h"
#include "base/memory/pack.h"
#include "protocol/frame/frame.h"

enum {
    MAX_STAGES = 1000,
    MAX_INPUTS = 1000,
    MAX_COLUMNS = 65535,
    MAX_RANGES = 65536, /* of texts, by which rows are divided */
    MAX_CHILDREN = 10000,
    MAX_OPERATOR_DEPTH = 1000,
    MAX_KEYS = 65535,
};

/* --- packing --- */

static void pack_type(SqlType type, Buffer *out)
{
    pack_uint(out, type.oid);
    pack_int(out, type.modifier);
}

static void pack_types(const SqlType *types, uint32_t count, Buffer *out)
{
    for (uint32_t i = 0; i < count; i++)
        pack_type(types[i], out);
}

static void pack_positions(const uint32_t *positions, uint32_t count, Buffer *out)
{
    pack_array(out, count);
    for (uint32_t i = 0; i < count; i++)
        pack_uint(out, positions[i]);
}

static void pack_optional_expr(const Expr *expr, Buffer *out)
{
    if (expr == NULL)
        pack_nil(out);
    else
        expr_pack(expr, out);
}

static void pack_sort_columns(const SortColumn *columns, uint32_t count, Buffer *out)
{
    pack_array(out, count);
    for (uint32_t i = 0; i < count; i++) {
        pack_uint(out, columns[i].column);
        pack_bool(out, columns[i].descending);
        pack_bool(out, columns[i].nulls_first);
    }
}

static void pack_batch(const Batch *batch, Buffer *out)
{
    Buffer frame = BUFFER_EMPTY;
    FrameWriter writer;
    frame_begin(&writer, &frame, FRAME_CHANNEL_DATA);
    frame_end_with_batch(&writer, batch);
    pack_bytes(out, frame.data + FRAME_PREFIX, frame.length - FRAME_PREFIX);
    buffer_clear(&frame);
}

static void pack_constant_vector(const Vector *value, SqlType type, Buffer *out)
{
    if (value == NULL) {
        pack_nil(out);
        return;
    }
    /* an expression node is the one packed form of a constant */
    Arena *arena = arena_new("packed constant");
    expr_pack(expr_constant(arena, type, value, -1), out);
    arena_free(arena);
}

static void pack_segment(const InputSegment *segment, Buffer *out)
{
    pack_text(out, segment->path);
    pack_bytes(out, segment->digest, sizeof segment->digest);
    pack_uint(out, segment->rows);
    pack_uint(out, segment->bytes);
    pack_uint(out, (uint64_t)segment->number);
}

static void pack_division(const RowDivision *division, Buffer *out)
{
    uint32_t ranges = division == NULL ? 0 : division->range_count;
    pack_array(out, ranges);
    if (ranges == 0)
        return;
    pack_uint(out, division->column);
    for (uint32_t i = 0; i < ranges; i++)
        pack_uint(out, division->owners[i]);
    for (uint32_t i = 0; i + 1 < ranges; i++)
        pack_text(out, division->splits[i]);
}

static void pack_segments_input(const StageInput *input, Buffer *out)
{
    pack_text(out, input->table);
    pack_array(out, input->segment_count);
    for (uint32_t i = 0; i < input->segment_count; i++)
        pack_segment(&input->segments[i], out);
    pack_uint(out, input->ticket);
    pack_division(input->division, out);
}

static void pack_external_input(const StageInput *input, Buffer *out)
{
    pack_text(out, input->source_json);
    pack_text(out, input->format_json);
    pack_array(out, input->unit_count);
    for (uint32_t i = 0; i < input->unit_count; i++) {
        pack_text(out, input->units[i].name);
        pack_uint(out, input->units[i].bytes);
        pack_uint(out, input->units[i].preamble);
        pack_uint(out, input->units[i].start);
        pack_uint(out, input->units[i].end);
        pack_uint(out, input->units[i].shares);
        pack_uint(out, input->units[i].share);
        pack_uint(out, input->units[i].first_share);
        pack_uint(out, input->units[i].ticket);
    }
    pack_array(out, input->signature_count);
    for (uint32_t i = 0; i < input->signature_count; i++) {
        pack_text(out, input->signature_names[i]);
        pack_type(input->signature_types[i], out);
    }
    pack_uint(out, input->ticket);
}

static void pack_input(const StageInput *input, Buffer *out)
{
    pack_uint(out, input->kind);
    pack_array(out, input->column_count);
    for (uint32_t i = 0; i < input->column_count; i++) {
        pack_text(out, input->names != NULL ? input->names[i] : TEXT_LITERAL(""));
        pack_type(input->types[i], out);
    }
    switch (input->kind) {
    case INPUT_SEGMENTS: pack_segments_input(input, out); break;
    case INPUT_EXTERNAL: pack_external_input(input, out); break;
    case INPUT_BATCH: pack_batch(input->batch, out); break;
    case INPUT_STAGE:
        pack_uint(out, input->stage);
        pack_uint(out, input->read);
        pack_bool(out, input->is_sorted_merge);
        break;
    }
}

static void pack_aggregate(const StageAggregate *aggregate, GroupMode mode, Buffer *out)
{
    pack_uint(out, aggregate->function->oid);
    pack_type(aggregate->result, out);
    pack_array(out, aggregate->argument_count);
    for (uint32_t i = 0; i < aggregate->argument_count; i++) {
        pack_type(aggregate->argument_types[i], out);
        pack_uint(out, aggregate->arguments[i]);
        pack_constant_vector(aggregate->constants != NULL ? aggregate->constants[i] : NULL,
                             aggregate->argument_types[i], out);
    }
    pack_bool(out, aggregate->is_state);
    if (mode == GROUP_FINAL || aggregate->is_state)
        pack_uint(out, aggregate->arguments[0]); /* also of aggregates without arguments */
    pack_uint(out, aggregate->part);
    pack_int(out, aggregate->filter);
    pack_bool(out, aggregate->is_distinct);
    pack_sort_columns(aggregate->order, aggregate->order_count, out);
}

static void pack_group(const OperatorSpec *spec, Buffer *out)
{
    pack_uint(out, spec->group.mode);
    pack_positions(spec->group.keys, spec->group.key_count, out);
    pack_array(out, spec->group.aggregate_count);
    for (uint32_t i = 0; i < spec->group.aggregate_count; i++)
        pack_aggregate(&spec->group.aggregates[i], spec->group.mode, out);
    pack_uint(out, spec->group.part_column);
}

static void pack_group_each(const OperatorSpec *spec, Buffer *out)
{
    pack_positions(spec->group_each.keys, spec->group_each.key_count, out);
    pack_array(out, spec->group_each.set_count);
    for (uint32_t i = 0; i < spec->group_each.set_count; i++) {
        const StageDistinctSet *set = &spec->group_each.sets[i];
        pack_positions(set->arguments, set->argument_count, out);
        pack_int(out, set->filter);
        pack_double(out, set->estimated_rows);
    }
    pack_array(out, spec->group_each.aggregate_count);
    for (uint32_t i = 0; i < spec->group_each.aggregate_count; i++)
        pack_aggregate(&spec->group_each.aggregates[i], GROUP_PARTIAL, out);
}

static void pack_join(const OperatorSpec *spec, Buffer *out)
{
    pack_uint(out, spec->join.type);
    pack_array(out, spec->join.key_count);
    for (uint32_t i = 0; i < spec->join.key_count; i++) {
        pack_uint(out, spec->join.left_keys[i]);
        pack_uint(out, spec->join.right_keys[i]);
        pack_bool(out, spec->join.null_equal[i]);
    }
    pack_optional_expr(spec->join.condition, out);
    pack_optional_expr(spec->join.any_condition, out);
    pack_bool(out, spec->join.is_null_aware);
}

static void pack_window_function(const StageWindowFunction *function, Buffer *out)
{
    const StageAggregate *call = &function->call;
    const WindowFrame *frame = &function->frame;
    pack_bool(out, function->function != NULL);
    pack_uint(out, function->function != NULL ? function->function->oid : call->function->oid);
    pack_type(call->result, out);
    pack_array(out, call->argument_count);
    for (uint32_t i = 0; i < call->argument_count; i++) {
        pack_type(call->argument_types[i], out);
        pack_uint(out, call->arguments[i]);
        pack_constant_vector(call->constants[i], call->argument_types[i], out);
    }
    pack_int(out, call->filter);
    pack_uint(out, frame->mode);
    pack_uint(out, frame->start);
    pack_uint(out, frame->end);
    pack_uint(out, frame->exclusion);
    pack_int(out, frame->start_offset);
    pack_int(out, frame->end_offset);
    pack_int(out, frame->range_key);
    pack_int(out, frame->range_start);
    pack_int(out, frame->range_end);
}

static void pack_window(const OperatorSpec *spec, Buffer *out)
{
    pack_positions(spec->window.partition, spec->window.partition_count, out);
    pack_sort_columns(spec->window.order, spec->window.order_count, out);
    pack_array(out, spec->window.function_count);
    for (uint32_t i = 0; i < spec->window.function_count; i++)
        pack_window_function(&spec->window.functions[i], out);
}

static void pack_copy(const CopySpec *copy, uint32_t width, Buffer *out)
{
    pack_bool(out, copy != NULL);
    if (copy == NULL)
        return;
    pack_uint(out, copy->format);
    pack_uint(out, (uint8_t)copy->delimiter);
    pack_uint(out, (uint8_t)copy->quote);
    pack_uint(out, (uint8_t)copy->escape);
    pack_text(out, copy->null_text);
    pack_text(out, copy->encoding);
    for (uint32_t i = 0; i < width; i++)
        pack_bool(out, copy->force_quote != NULL && copy->force_quote[i]);
}

static void pack_write_segments(const OperatorSpec *spec, Buffer *out)
{
    pack_array(out, spec->write_segments.stored_count);
    for (uint32_t i = 0; i < spec->write_segments.stored_count; i++)
        pack_text(out, spec->write_segments.names[i]);
    pack_int(out, spec->write_segments.time_column);
    pack_int(out, spec->write_segments.bucket_column);
    pack_text(out, spec->write_segments.staging_folder);
    pack_uint(out, spec->write_segments.range_dimensions);
    pack_sort_columns(spec->write_segments.sort, spec->write_segments.sort_count, out);
}

static void pack_operator(const OperatorSpec *spec, Buffer *out)
{
    pack_uint(out, spec->kind);
    pack_array(out, spec->column_count);
    pack_types(spec->types, spec->column_count, out);
    pack_double(out, spec->estimated_rows);
    pack_array(out, spec->child_count);
    for (uint32_t i = 0; i < spec->child_count; i++)
        pack_operator(spec->children[i], out);
    switch (spec->kind) {
    case OPERATOR_INPUT:
        pack_uint(out, spec->input.index);
        pack_optional_expr(spec->input.filter, out);
        pack_positions(spec->input.keep, spec->input.keep_count, out);
        break;
    case OPERATOR_FILTER: expr_pack(spec->filter.condition, out); break;
    case OPERATOR_PROJECT:
        for (uint32_t i = 0; i < spec->column_count; i++)
            expr_pack(spec->project.items[i], out);
        break;
    case OPERATOR_GROUP: pack_group(spec, out); break;
    case OPERATOR_GROUP_EACH: pack_group_each(spec, out); break;
    case OPERATOR_JOIN: pack_join(spec, out); break;
    case OPERATOR_SORT:
        pack_sort_columns(spec->sort.keys, spec->sort.key_count, out);
        pack_int(out, spec->sort.limit);
        pack_uint(out, spec->sort.each_count);
        pack_bool(out, spec->sort.with_ties);
        break;
    case OPERATOR_LIMIT:
        pack_int(out, spec->limit.count);
        pack_int(out, spec->limit.offset);
        pack_positions(spec->limit.keys, spec->limit.key_count, out);
        pack_uint(out, spec->limit.each_count);
        pack_bool(out, spec->limit.with_ties);
        break;
    case OPERATOR_RECURSE:
        pack_bool(out, spec->recurse.is_distinct);
        pack_bool(out, spec->recurse.is_once);
        for (uint32_t i = 0; i + 1 < spec->child_count; i++)
            pack_uint(out, spec->recurse.held[i]);
        break;
    case OPERATOR_HELD: pack_uint(out, spec->held.id); break;
    case OPERATOR_EXPAND:
        expr_pack(spec->expand.count, out);
        pack_bool(out, spec->expand.is_outer);
        break;
    case OPERATOR_UNION: break;
    case OPERATOR_WINDOW: pack_window(spec, out); break;
    case OPERATOR_WRITE_SEGMENTS: pack_write_segments(spec, out); break;
    case OPERATOR_WRITE_ROWS:
        for (uint32_t i = 0; i < spec->children[0]->column_count; i++)
            pack_bool(out, spec->write_rows.formats[i] != 0);
        pack_copy(spec->write_rows.copy, spec->column_count, out);
        break;
    case OPERATOR_WRITE_FILES:
        pack_text(out, spec->write_files.folder);
        pack_uint(out, spec->write_files.rows_per_file);
        for (uint32_t i = 0; i < spec->column_count; i++)
            pack_text(out, spec->write_files.names[i]);
        break;
    }
}

static void pack_stage(const StageDefinition *stage, Buffer *out)
{
    pack_uint(out, stage->number);
    pack_string(out, stage->processor);
    pack_uint(out, stage->worker_count);
    pack_uint(out, stage->max_worker_count);
    pack_uint(out, stage->shuffle.kind);
    pack_sort_columns(stage->shuffle.keys, stage->shuffle.key_count, out);
    pack_uint(out, stage->shuffle.partitions);
    pack_uint(out, stage->shuffle.target_rows);
    pack_uint(out, stage->shuffle.bucket_keys);
    pack_bool(out, stage->shuffle.is_aggregate);
    pack_bool(out, stage->shuffle.is_unordered);
    pack_array(out, stage->input_count);
    for (uint32_t i = 0; i < stage->input_count; i++)
        pack_input(&stage->inputs[i], out);
    pack_operator(stage->root, out);
}

static void pack_without_numbers(Arena *arena, const StageDefinition *stage, Buffer *out)
{
    StageDefinition plain = *stage;
    StageInput *inputs = ARENA_ARRAY(arena, StageInput, stage->input_count + 1);
    for (uint32_t i = 0; i < stage->input_count; i++) {
        inputs[i] = stage->inputs[i];
        inputs[i].ticket = 0;
    }
    plain.number = 0;
    plain.inputs = inputs;
    pack_stage(&plain, out);
}

bool stage_is_same(Arena *arena, const StageDefinition *a, const StageDefinition *b)
{
    /* most that differ do so in these: nothing has to be packed to see it */
    if (a->input_count != b->input_count || a->root->kind != b->root->kind ||
        a->root->column_count != b->root->column_count || a->shuffle.kind != b->shuffle.kind ||
        a->worker_count != b->worker_count || strcmp(a->processor, b->processor) != 0)
        return false;
    Buffer first = BUFFER_EMPTY, second = BUFFER_EMPTY;
    pack_without_numbers(arena, a, &first);
    pack_without_numbers(arena, b, &second);
    bool is_same = first.length == second.length &&
                   memcmp(first.data, second.data, first.length) == 0;
    buffer_clear(&first);
    buffer_clear(&second);
    return is_same;
}

void query_definition_pack(const QueryDefinition *definition, Buffer *out)
{
    pack_uint(out, definition->query);
    pack_uint(out, definition->ticket_count);
    pack_uint(out, definition->result_partitions);
    pack_bool(out, definition->result_is_ordered);
    pack_array(out, definition->stage_count);
    for (uint32_t i = 0; i < definition->stage_count; i++)
        pack_stage(&definition->stages[i], out);
}

/* --- unpacking --- */

typedef struct Reader {
    Unpacker in;
    Arena *arena;
    Fault *fault;
    const StageDefinition *stages; /* those read already */
    uint32_t stage_count;
    const StageInput *inputs;      /* of the stage being read */
    uint32_t input_count;
    uint32_t ticket_count;
} Reader;

static bool bad(Reader *reader, const char *what)
{
    return fault_set(reader->fault, FAULT_INTERNAL_ERROR, "work order is malformed: %s", what);
}

/* An array's count, at most `limit`. */
static bool read_count(Reader *reader, uint32_t limit, uint32_t *count)
{
    *count = unpack_array(&reader->in);
    return (!reader->in.failed && *count <= limit) || bad(reader, "count");
}

static SqlType read_type(Reader *reader)
{
    SqlType type = {.oid = (Oid)unpack_uint(&reader->in)};
    type.modifier = (int32_t)unpack_int(&reader->in);
    if (type_info(type.oid) == NULL)
        reader->in.failed = true;
    return type;
}

static Text read_text(Reader *reader)
{
    return arena_text(reader->arena, unpack_text(&reader->in));
}

static bool read_positions(Reader *reader, uint32_t width, const uint32_t **positions,
                           uint32_t *count)
{
    if (!read_count(reader, MAX_KEYS, count))
        return false;
    uint32_t *list = ARENA_ARRAY(reader->arena, uint32_t, *count);
    for (uint32_t i = 0; i < *count; i++)
        list[i] = (uint32_t)unpack_below(&reader->in, width);
    *positions = list;
    return !reader->in.failed || bad(reader, "position");
}

static bool read_sort_columns(Reader *reader, uint32_t width, const SortColumn **columns,
                              uint32_t *count)
{
    if (!read_count(reader, MAX_KEYS, count))
        return false;
    SortColumn *list = ARENA_ARRAY(reader->arena, SortColumn, *count);
    for (uint32_t i = 0; i < *count; i++) {
        list[i].column = (uint32_t)unpack_below(&reader->in, width);
        list[i].descending = unpack_bool(&reader->in);
        list[i].nulls_first = unpack_bool(&reader->in);
    }
    *columns = list;
    return !reader->in.failed || bad(reader, "sort column");
}

typedef struct WidthCheck {
    uint32_t width;
    bool fits;
} WidthCheck;

static void check_column(ColumnId column, void *state)
{
    WidthCheck *width = state;
    width->fits = width->fits && column < width->width;
}

static bool read_expr(Reader *reader, uint32_t width, const Expr **expr)
{
    *expr = expr_unpack(reader->arena, &reader->in.at, reader->in.end, reader->fault);
    if (*expr == NULL)
        return false;
    WidthCheck columns = {.width = width, .fits = true};
    expr_columns(*expr, check_column, &columns);
    return columns.fits || bad(reader, "column of an expression");
}

static bool read_optional_expr(Reader *reader, uint32_t width, const Expr **expr)
{
    *expr = NULL;
    return unpack_nil(&reader->in) || read_expr(reader, width, expr);
}

static bool read_condition(Reader *reader, uint32_t width, const Expr **expr)
{
    return read_optional_expr(reader, width, expr) &&
           (*expr == NULL || (*expr)->type.oid == T_BOOL || bad(reader, "condition"));
}

static bool read_batch(Reader *reader, const StageInput *input, const Batch **result)
{
    Text bytes = unpack_bytes(&reader->in);
    if (reader->in.failed)
        return bad(reader, "batch");
    uint8_t *body = arena_alloc_vector(reader->arena, bytes.length);
    memcpy(body, bytes.data, bytes.length);
    Frame frame;
    Batch *batch;
    if (!frame_read(body, bytes.length, &frame, reader->fault) ||
        !frame_read_batch(&frame, reader->arena, &batch, reader->fault))
        return false;
    if (batch->column_count != input->column_count)
        return bad(reader, "batch width");
    for (uint32_t i = 0; i < batch->column_count; i++)
        if (batch->columns[i].layout != type_layout(input->types[i]))
            return bad(reader, "batch layout");
    *result = batch;
    return true;
}

static bool read_division(Reader *reader, StageInput *input)
{
    uint32_t ranges;
    if (!read_count(reader, MAX_RANGES, &ranges))
        return false;
    if (ranges == 0)
        return true;
    RowDivision *division = ARENA_NEW(reader->arena, RowDivision);
    uint32_t *owners = ARENA_ARRAY(reader->arena, uint32_t, ranges);
    Text *splits = ARENA_ARRAY(reader->arena, Text, ranges);
    *division = (RowDivision){.range_count = ranges, .splits = splits, .owners = owners};
    division->column = (uint32_t)unpack_below(&reader->in, input->column_count);
    if (reader->in.failed || type_layout(input->types[division->column]) != LAYOUT_STRING)
        return bad(reader, "division");
    for (uint32_t i = 0; i < ranges; i++)
        owners[i] = (uint32_t)unpack_below(&reader->in, UINT32_MAX);
    for (uint32_t i = 0; i + 1 < ranges; i++) {
        splits[i] = read_text(reader);
        if (i > 0 && text_compare(splits[i - 1], splits[i]) >= 0)
            return bad(reader, "division");
    }
    input->division = division;
    return !reader->in.failed;
}

static bool read_segments_input(Reader *reader, StageInput *input)
{
    input->table = read_text(reader);
    if (!read_count(reader, UINT32_MAX, &input->segment_count))
        return false;
    InputSegment *segments = ARENA_ARRAY(reader->arena, InputSegment, input->segment_count);
    for (uint32_t i = 0; i < input->segment_count; i++) {
        segments[i].path = read_text(reader);
        Text digest = unpack_bytes(&reader->in);
        if (digest.length != sizeof segments[i].digest)
            return bad(reader, "digest");
        memcpy(segments[i].digest, digest.data, digest.length);
        segments[i].rows = unpack_uint(&reader->in);
        segments[i].wanted = NULL;
        segments[i].found = NULL;
        segments[i].bytes = unpack_uint(&reader->in);
        segments[i].number = (int64_t)unpack_below(&reader->in, INT32_MAX);
    }
    input->segments = segments;
    input->ticket = (uint32_t)unpack_below(&reader->in, reader->ticket_count);
    return (!reader->in.failed && read_division(reader, input)) || bad(reader, "segments");
}

static bool read_external_input(Reader *reader, StageInput *input)
{
    input->source_json = read_text(reader);
    input->format_json = read_text(reader);
    if (!read_count(reader, UINT32_MAX, &input->unit_count))
        return false;
    InputUnit *units = ARENA_ARRAY(reader->arena, InputUnit, input->unit_count);
    for (uint32_t i = 0; i < input->unit_count; i++) {
        units[i].name = read_text(reader);
        units[i].bytes = unpack_uint(&reader->in);
        units[i].preamble = unpack_uint(&reader->in);
        units[i].start = unpack_uint(&reader->in);
        units[i].end = unpack_uint(&reader->in);
        units[i].shares = (uint32_t)unpack_below(&reader->in, UINT32_MAX);
        units[i].share = (uint32_t)unpack_below(&reader->in, UINT32_MAX);
        units[i].first_share = (uint32_t)unpack_below(&reader->in, input->unit_count);
        units[i].ticket = (uint32_t)unpack_below(&reader->in, reader->ticket_count);
    }
    input->units = units;
    if (!read_count(reader, MAX_COLUMNS, &input->signature_count))
        return false;
    Text *names = ARENA_ARRAY(reader->arena, Text, input->signature_count);
    SqlType *types = ARENA_ARRAY(reader->arena, SqlType, input->signature_count);
    for (uint32_t i = 0; i < input->signature_count; i++) {
        names[i] = read_text(reader);
        types[i] = read_type(reader);
    }
    input->signature_names = names;
    input->signature_types = types;
    input->ticket = (uint32_t)unpack_below(&reader->in, reader->ticket_count);
    return !reader->in.failed || bad(reader, "external input");
}

static bool read_stage_input(Reader *reader, StageInput *input)
{
    input->stage = (uint32_t)unpack_below(&reader->in, reader->stage_count);
    input->read = (StageRead)unpack_below(&reader->in, READ_ALL + 1);
    input->is_sorted_merge = unpack_bool(&reader->in);
    if (reader->in.failed)
        return bad(reader, "stage input");
    const OperatorSpec *root = reader->stages[input->stage].root;
    return root->column_count == input->column_count || bad(reader, "width of a stage input");
}

static bool read_input(Reader *reader, StageInput *input)
{
    input->kind = (InputKind)unpack_below(&reader->in, INPUT_STAGE + 1);
    if (!read_count(reader, MAX_COLUMNS, &input->column_count))
        return false;
    Text *names = ARENA_ARRAY(reader->arena, Text, input->column_count);
    SqlType *types = ARENA_ARRAY(reader->arena, SqlType, input->column_count);
    for (uint32_t i = 0; i < input->column_count; i++) {
        names[i] = read_text(reader);
        types[i] = read_type(reader);
    }
    if (reader->in.failed)
        return bad(reader, "input");
    input->names = names;
    input->types = types;
    switch (input->kind) {
    case INPUT_SEGMENTS: return read_segments_input(reader, input);
    case INPUT_EXTERNAL: return read_external_input(reader, input);
    case INPUT_BATCH: return read_batch(reader, input, &input->batch);
    case INPUT_STAGE: return read_stage_input(reader, input);
    }
    return false;
}

/* A position, or -1 for none. */
static int32_t read_optional_position(Reader *reader, uint32_t width)
{
    int64_t position = unpack_int(&reader->in);
    if (position < -1 || position >= (int64_t)width)
        reader->in.failed = true;
    return (int32_t)position;
}

static bool read_constant(Reader *reader, const Vector **value)
{
    const Expr *constant;
    *value = NULL;
    if (!read_optional_expr(reader, 0, &constant))
        return false;
    if (constant != NULL && constant->kind != EXPR_CONSTANT)
        return bad(reader, "constant argument");
    if (constant != NULL)
        *value = constant->value;
    return true;
}

static bool read_aggregate(Reader *reader, uint32_t width, GroupMode mode,
                           StageAggregate *aggregate)
{
    aggregate->function = function_aggregate_by_oid((uint32_t)unpack_uint(&reader->in));
    if (aggregate->function == NULL)
        return bad(reader, "aggregate function");
    aggregate->result = read_type(reader);
    if (!read_count(reader, MAX_KEYS, &aggregate->argument_count))
        return false;
    SqlType *types = ARENA_ARRAY(reader->arena, SqlType, aggregate->argument_count);
    uint32_t *arguments = ARENA_ARRAY(reader->arena, uint32_t, aggregate->argument_count + 1);
    const Vector **constants =
        ARENA_ARRAY(reader->arena, const Vector *, aggregate->argument_count + 1);
    for (uint32_t i = 0; i < aggregate->argument_count; i++) {
        types[i] = read_type(reader);
        arguments[i] = (uint32_t)unpack_uint(&reader->in);
        if (reader->in.failed || !read_constant(reader, &constants[i]))
            return bad(reader, "aggregate argument");
    }
    aggregate->is_state = unpack_bool(&reader->in);
    if (mode == GROUP_FINAL || aggregate->is_state) { /* only the state is looked at */
        arguments[0] = (uint32_t)unpack_below(&reader->in, width);
    } else {
        for (uint32_t i = 0; i < aggregate->argument_count; i++)
            if (arguments[i] >= width)
                return bad(reader, "aggregate argument");
    }
    aggregate->part = (uint32_t)unpack_below(&reader->in, MAX_COLUMNS + 2);
    aggregate->argument_types = types;
    aggregate->arguments = arguments;
    aggregate->constants = constants;
    int64_t filter = unpack_int(&reader->in);
    if (filter < -1 || filter >= (int64_t)width)
        return bad(reader, "aggregate filter");
    aggregate->filter = (int32_t)filter;
    aggregate->is_distinct = unpack_bool(&reader->in);
    return read_sort_columns(reader, width, &aggregate->order, &aggregate->order_count);
}

static bool read_group(Reader *reader, OperatorSpec *spec, uint32_t width)
{
    spec->group.mode = (GroupMode)unpack_below(&reader->in, GROUP_FINAL + 1);
    if (!read_positions(reader, width, &spec->group.keys, &spec->group.key_count) ||
        !read_count(reader, MAX_COLUMNS, &spec->group.aggregate_count))
        return false;
    StageAggregate *aggregates =
        ARENA_ARRAY(reader->arena, StageAggregate, spec->group.aggregate_count);
    memset(aggregates, 0, spec->group.aggregate_count * sizeof *aggregates);
    for (uint32_t i = 0; i < spec->group.aggregate_count; i++)
        if (!read_aggregate(reader, width, spec->group.mode, &aggregates[i]))
            return false;
    spec->group.aggregates = aggregates;
    spec->group.part_column = (uint32_t)unpack_below(&reader->in, UINT32_MAX);
    for (uint32_t i = 0; i < spec->group.aggregate_count; i++)
        if (aggregates[i].part != 0 &&
            (spec->group.part_column >= width ||
             type_layout(spec->children[0]->types[spec->group.part_column]) != LAYOUT_INT64))
            return bad(reader, "parts of a group");
    return spec->column_count == spec->group.key_count + spec->group.aggregate_count ||
           bad(reader, "width of a group");
}

static bool read_distinct_set(Reader *reader, uint32_t width, StageDistinctSet *set)
{
    if (!read_positions(reader, width, &set->arguments, &set->argument_count))
        return false;
    set->filter = read_optional_position(reader, width);
    set->estimated_rows = unpack_double(&reader->in);
    return !reader->in.failed || bad(reader, "what is distinct");
}

static bool read_group_each(Reader *reader, OperatorSpec *spec, uint32_t width)
{
    if (!read_positions(reader, width, &spec->group_each.keys, &spec->group_each.key_count) ||
        !read_count(reader, MAX_COLUMNS, &spec->group_each.set_count))
        return false;
    StageDistinctSet *sets =
        ARENA_ARRAY(reader->arena, StageDistinctSet, spec->group_each.set_count);
    uint64_t columns = (uint64_t)spec->group_each.key_count + 1;
    for (uint32_t i = 0; i < spec->group_each.set_count; i++) {
        if (!read_distinct_set(reader, width, &sets[i]))
            return false;
        columns += sets[i].argument_count;
    }
    spec->group_each.sets = sets;
    if (!read_count(reader, MAX_COLUMNS, &spec->group_each.aggregate_count))
        return false;
    StageAggregate *aggregates =
        ARENA_ARRAY(reader->arena, StageAggregate, spec->group_each.aggregate_count);
    memset(aggregates, 0, spec->group_each.aggregate_count * sizeof *aggregates);
    for (uint32_t i = 0; i < spec->group_each.aggregate_count; i++)
        if (!read_aggregate(reader, width, GROUP_PARTIAL, &aggregates[i]))
            return false;
    spec->group_each.aggregates = aggregates;
    return spec->column_count == columns + spec->group_each.aggregate_count ||
           bad(reader, "width of groups");
}

static bool read_window_arguments(Reader *reader, uint32_t width, StageAggregate *call)
{
    call->result = read_type(reader);
    if (!read_count(reader, MAX_KEYS, &call->argument_count))
        return false;
    SqlType *types = ARENA_ARRAY(reader->arena, SqlType, call->argument_count);
    uint32_t *arguments = ARENA_ARRAY(reader->arena, uint32_t, call->argument_count);
    const Vector **constants = ARENA_ARRAY(reader->arena, const Vector *, call->argument_count);
    for (uint32_t i = 0; i < call->argument_count; i++) {
        types[i] = read_type(reader);
        arguments[i] = (uint32_t)unpack_uint(&reader->in);
        if (reader->in.failed || !read_constant(reader, &constants[i]) ||
            (constants[i] == NULL && arguments[i] >= width) ||
            (constants[i] != NULL && constants[i]->layout != type_layout(types[i])))
            return bad(reader, "window function argument");
    }
    call->argument_types = types;
    call->arguments = arguments;
    call->constants = constants;
    return true;
}

/* The three columns of RANGE with an offset must be there as the bounds say, and of one layout. */
static bool check_range(const WindowFrame *frame, const OperatorSpec *child)
{
    bool has_start = frame->start == BOUND_PRECEDING || frame->start == BOUND_FOLLOWING;
    bool has_end = frame->end == BOUND_PRECEDING || frame->end == BOUND_FOLLOWING;
    if (frame->start_offset < 0 || frame->end_offset < 0 ||
        frame->start == BOUND_UNBOUNDED_FOLLOWING || frame->end == BOUND_UNBOUNDED_PRECEDING)
        return false;
    if (frame->mode != FRAME_RANGE || (!has_start && !has_end))
        return true;
    if (frame->range_key < 0 || (has_start && frame->range_start < 0) ||
        (has_end && frame->range_end < 0))
        return false;
    Layout layout = type_layout(child->types[frame->range_key]);
    return (!has_start || type_layout(child->types[frame->range_start]) == layout) &&
           (!has_end || type_layout(child->types[frame->range_end]) == layout);
}

static bool read_frame(Reader *reader, const OperatorSpec *child, WindowFrame *frame)
{
    uint32_t width = child->column_count;
    frame->mode = (FrameMode)unpack_below(&reader->in, FRAME_GROUPS + 1);
    frame->start = (FrameBound)unpack_below(&reader->in, BOUND_UNBOUNDED_FOLLOWING + 1);
    frame->end = (FrameBound)unpack_below(&reader->in, BOUND_UNBOUNDED_FOLLOWING + 1);
    frame->exclusion = (FrameExclusion)unpack_below(&reader->in, EXCLUDE_TIES + 1);
    frame->start_offset = unpack_int(&reader->in);
    frame->end_offset = unpack_int(&reader->in);
    frame->range_key = read_optional_position(reader, width);
    frame->range_start = read_optional_position(reader, width);
    frame->range_end = read_optional_position(reader, width);
    return (!reader->in.failed && check_range(frame, child)) || bad(reader, "frame of a window");
}

static bool read_window_function(Reader *reader, const OperatorSpec *child,
                                 StageWindowFunction *function)
{
    bool is_plain = unpack_bool(&reader->in);
    uint32_t oid = (uint32_t)unpack_uint(&reader->in);
    if (is_plain)
        function->function = function_window_by_oid(oid);
    else
        function->call.function = function_aggregate_by_oid(oid);
    if (reader->in.failed || (function->function == NULL && function->call.function == NULL) ||
        !read_window_arguments(reader, child->column_count, &function->call))
        return bad(reader, "window function");
    if (is_plain && function->call.argument_count != function->function->argument_count)
        return bad(reader, "arguments of a window function");
    function->call.filter = read_optional_position(reader, child->column_count);
    return read_frame(reader, child, &function->frame);
}

static bool read_window(Reader *reader, OperatorSpec *spec)
{
    const OperatorSpec *child = spec->children[0];
    uint32_t width = child->column_count;
    if (!read_positions(reader, width, &spec->window.partition, &spec->window.partition_count) ||
        !read_sort_columns(reader, width, &spec->window.order, &spec->window.order_count) ||
        !read_count(reader, MAX_COLUMNS, &spec->window.function_count))
        return false;
    StageWindowFunction *functions =
        ARENA_ARRAY(reader->arena, StageWindowFunction, spec->window.function_count);
    memset(functions, 0, spec->window.function_count * sizeof *functions);
    for (uint32_t i = 0; i < spec->window.function_count; i++)
        if (!read_window_function(reader, child, &functions[i]))
            return false;
    spec->window.functions = functions;
    return spec->column_count == width + spec->window.function_count ||
           bad(reader, "width of a window");
}

static bool read_join(Reader *reader, OperatorSpec *spec)
{
    uint32_t left = spec->children[0]->column_count;
    uint32_t right = spec->children[1]->column_count;
    spec->join.type = (StageJoinType)unpack_below(&reader->in, STAGE_JOIN_RIGHT_ANTI + 1);
    if (!read_count(reader, MAX_KEYS, &spec->join.key_count))
        return false;
    uint32_t *left_keys = ARENA_ARRAY(reader->arena, uint32_t, spec->join.key_count);
    uint32_t *right_keys = ARENA_ARRAY(reader->arena, uint32_t, spec->join.key_count);
    bool *null_equal = ARENA_ARRAY(reader->arena, bool, spec->join.key_count);
    for (uint32_t i = 0; i < spec->join.key_count; i++) {
        left_keys[i] = (uint32_t)unpack_below(&reader->in, left);
        right_keys[i] = (uint32_t)unpack_below(&reader->in, right);
        null_equal[i] = unpack_bool(&reader->in);
    }
    spec->join.left_keys = left_keys;
    spec->join.right_keys = right_keys;
    spec->join.null_equal = null_equal;
    if (reader->in.failed || !read_condition(reader, left + right, &spec->join.condition) ||
        !read_condition(reader, left + right, &spec->join.any_condition))
        return bad(reader, "join");
    spec->join.is_null_aware = unpack_bool(&reader->in);
    return true;
}

static bool read_write_segments(Reader *reader, OperatorSpec *spec, uint32_t width)
{
    if (!read_count(reader, MAX_COLUMNS, &spec->write_segments.stored_count))
        return false;
    Text *names = ARENA_ARRAY(reader->arena, Text, spec->write_segments.stored_count);
    for (uint32_t i = 0; i < spec->write_segments.stored_count; i++)
        names[i] = read_text(reader);
    spec->write_segments.names = names;
    int64_t time_column = unpack_int(&reader->in);
    int64_t bucket_column = unpack_int(&reader->in);
    if (time_column < -1 || time_column >= (int64_t)width || bucket_column < -1 ||
        bucket_column >= (int64_t)width || spec->write_segments.stored_count > width)
        return bad(reader, "segment columns");
    spec->write_segments.time_column = (int32_t)time_column;
    spec->write_segments.bucket_column = (int32_t)bucket_column;
    spec->write_segments.staging_folder = read_text(reader);
    spec->write_segments.range_dimensions = (uint32_t)unpack_below(&reader->in, width + 1);
    return read_sort_columns(reader, width, &spec->write_segments.sort,
                             &spec->write_segments.sort_count);
}

static bool read_input_operator(Reader *reader, OperatorSpec *spec)
{
    spec->input.index = (uint32_t)unpack_below(&reader->in, reader->input_count);
    if (reader->in.failed)
        return bad(reader, "input operator");
    uint32_t width = reader->inputs[spec->input.index].column_count;
    return read_condition(reader, width, &spec->input.filter) &&
           read_positions(reader, width, &spec->input.keep, &spec->input.keep_count) &&
           (spec->input.keep_count == spec->column_count || bad(reader, "kept columns"));
}

static bool read_project(Reader *reader, OperatorSpec *spec, uint32_t width)
{
    const Expr **items = ARENA_ARRAY(reader->arena, const Expr *, spec->column_count);
    for (uint32_t i = 0; i < spec->column_count; i++)
        if (!read_expr(reader, width, &items[i]))
            return false;
    spec->project.items = items;
    return true;
}

static const CopySpec *read_copy(Reader *reader, uint32_t width)
{
    CopySpec *copy = ARENA_NEW(reader->arena, CopySpec);
    bool *force_quote = ARENA_ARRAY(reader->arena, bool, width + 1);
    copy->format = (CopyFormat)unpack_below(&reader->in, COPY_BINARY + 1);
    copy->delimiter = (char)unpack_below(&reader->in, 256);
    copy->quote = (char)unpack_below(&reader->in, 256);
    copy->escape = (char)unpack_below(&reader->in, 256);
    copy->null_text = arena_text(reader->arena, unpack_text(&reader->in));
    copy->encoding = arena_text(reader->arena, unpack_text(&reader->in));
    for (uint32_t i = 0; i < width; i++)
        force_quote[i] = unpack_bool(&reader->in);
    copy->force_quote = force_quote;
    return copy;
}

static bool read_write_rows(Reader *reader, OperatorSpec *spec, uint32_t width)
{
    int16_t *formats = ARENA_ARRAY(reader->arena, int16_t, width);
    for (uint32_t i = 0; i < width; i++)
        formats[i] = unpack_bool(&reader->in) ? 1 : 0;
    spec->write_rows.formats = formats;
    if (unpack_bool(&reader->in))
        spec->write_rows.copy = read_copy(reader, width);
    return !reader->in.failed || bad(reader, "formats");
}

static bool read_write_files(Reader *reader, OperatorSpec *spec)
{
    Text *names = ARENA_ARRAY(reader->arena, Text, spec->column_count + 1);
    spec->write_files.folder = arena_text(reader->arena, unpack_text(&reader->in));
    spec->write_files.rows_per_file = unpack_uint(&reader->in);
    bool are_texts = true;
    for (uint32_t i = 0; i < spec->column_count; i++) {
        names[i] = arena_text(reader->arena, unpack_text(&reader->in));
        are_texts = are_texts && type_layout(spec->types[i]) == LAYOUT_STRING;
    }
    spec->write_files.names = names;
    bool fits = !reader->in.failed && are_texts && spec->write_files.rows_per_file > 0;
    return fits || bad(reader, "files");
}

static bool read_expand(Reader *reader, OperatorSpec *spec, uint32_t width)
{
    if (!read_expr(reader, width, &spec->expand.count))
        return false;
    spec->expand.is_outer = unpack_bool(&reader->in);
    bool fits = spec->expand.count->type.oid == T_INT8 && spec->column_count == width + 1;
    return fits || bad(reader, "copies");
}

static bool read_recurse(Reader *reader, OperatorSpec *spec)
{
    uint32_t *held = ARENA_ARRAY(reader->arena, uint32_t, spec->child_count);
    spec->recurse.is_distinct = unpack_bool(&reader->in);
    spec->recurse.is_once = unpack_bool(&reader->in);
    for (uint32_t i = 0; i + 1 < spec->child_count; i++)
        held[i] = (uint32_t)unpack_below(&reader->in, UINT32_MAX);
    spec->recurse.held = held;
    const OperatorSpec *ends[2] = {spec->children[0], spec->children[spec->child_count - 1]};
    for (int i = spec->recurse.is_once ? 1 : 0; i < 2; i++) {
        if (ends[i]->column_count != spec->column_count)
            return bad(reader, "width of a recursion");
        for (uint32_t c = 0; c < spec->column_count; c++)
            if (type_layout(ends[i]->types[c]) != type_layout(spec->types[c]))
                return bad(reader, "columns of a recursion");
    }
    return true;
}

static uint32_t children_of(OperatorKind kind, uint32_t given)
{
    switch (kind) {
    case OPERATOR_INPUT: return 0;
    case OPERATOR_JOIN: return 2;
    case OPERATOR_HELD: return 0;
    case OPERATOR_RECURSE: return given < 2 ? 2 : given;
    case OPERATOR_UNION: return given;
    case OPERATOR_FILTER: case OPERATOR_PROJECT: case OPERATOR_GROUP: case OPERATOR_GROUP_EACH:
    case OPERATOR_SORT:
    case OPERATOR_LIMIT: case OPERATOR_EXPAND: case OPERATOR_WINDOW: case OPERATOR_WRITE_SEGMENTS:
    case OPERATOR_WRITE_ROWS: case OPERATOR_WRITE_FILES:
        return 1;
    }
    return 0;
}

static bool read_operator_fields(Reader *reader, OperatorSpec *spec)
{
    uint32_t width = spec->child_count > 0 ? spec->children[0]->column_count : 0;
    switch (spec->kind) {
    case OPERATOR_INPUT: return read_input_operator(reader, spec);
    case OPERATOR_FILTER: return read_expr(reader, width, &spec->filter.condition);
    case OPERATOR_PROJECT: return read_project(reader, spec, width);
    case OPERATOR_GROUP: return read_group(reader, spec, width);
    case OPERATOR_GROUP_EACH: return read_group_each(reader, spec, width);
    case OPERATOR_JOIN: return read_join(reader, spec);
    case OPERATOR_SORT:
        if (!read_sort_columns(reader, width, &spec->sort.keys, &spec->sort.key_count))
            return false;
        spec->sort.limit = unpack_int(&reader->in);
        spec->sort.each_count = (uint32_t)unpack_below(&reader->in, spec->sort.key_count + 1);
        spec->sort.with_ties = unpack_bool(&reader->in);
        return true;
    case OPERATOR_LIMIT:
        spec->limit.count = unpack_int(&reader->in);
        spec->limit.offset = unpack_int(&reader->in);
        if (!read_positions(reader, width, &spec->limit.keys, &spec->limit.key_count))
            return false;
        spec->limit.each_count = (uint32_t)unpack_below(&reader->in, spec->limit.key_count + 1);
        spec->limit.with_ties = unpack_bool(&reader->in);
        return true;
    case OPERATOR_RECURSE: return read_recurse(reader, spec);
    case OPERATOR_HELD:
        spec->held.id = (uint32_t)unpack_below(&reader->in, UINT32_MAX);
        return true;
    case OPERATOR_EXPAND: return read_expand(reader, spec, width);
    case OPERATOR_UNION: return true;
    case OPERATOR_WINDOW: return read_window(reader, spec);
    case OPERATOR_WRITE_SEGMENTS: return read_write_segments(reader, spec, width);
    case OPERATOR_WRITE_ROWS: return read_write_rows(reader, spec, width);
    case OPERATOR_WRITE_FILES: return read_write_files(reader, spec);
    }
    return false;
}

static const OperatorSpec *read_operator(Reader *reader, int depth)
{
    OperatorSpec *spec = ARENA_NEW(reader->arena, OperatorSpec);
    spec->kind = (OperatorKind)unpack_below(&reader->in, OPERATOR_WRITE_FILES + 1);
    if (depth > MAX_OPERATOR_DEPTH || !read_count(reader, MAX_COLUMNS, &spec->column_count))
        return bad(reader, "operator"), NULL;
    SqlType *types = ARENA_ARRAY(reader->arena, SqlType, spec->column_count);
    for (uint32_t i = 0; i < spec->column_count; i++)
        types[i] = read_type(reader);
    spec->types = types;
    spec->estimated_rows = unpack_double(&reader->in);
    if (!read_count(reader, MAX_CHILDREN, &spec->child_count) ||
        spec->child_count != children_of(spec->kind, spec->child_count))
        return bad(reader, "children"), NULL;
    const OperatorSpec **children =
        ARENA_ARRAY(reader->arena, const OperatorSpec *, spec->child_count);
    spec->children = children;
    for (uint32_t i = 0; i < spec->child_count; i++)
        if ((children[i] = read_operator(reader, depth + 1)) == NULL)
            return NULL;
    if (!read_operator_fields(reader, spec))
        return NULL;
    return reader->in.failed ? (bad(reader, "operator"), NULL) : spec;
}

static bool read_stage(Reader *reader, StageDefinition *stage)
{
    stage->number = (uint32_t)unpack_uint(&reader->in);
    Text processor = unpack_text(&reader->in);
    stage->processor = arena_strndup(reader->arena, processor.data, processor.length);
    stage->worker_count = (uint32_t)unpack_below(&reader->in, 1001);
    stage->max_worker_count = (uint32_t)unpack_below(&reader->in, 1001);
    stage->shuffle.kind = (ShuffleKind)unpack_below(&reader->in, SHUFFLE_BROADCAST + 1);
    if (!read_sort_columns(reader, MAX_COLUMNS, &stage->shuffle.keys, &stage->shuffle.key_count))
        return false;
    stage->shuffle.partitions = (uint32_t)unpack_below(&reader->in, 25001);
    stage->shuffle.target_rows = unpack_uint(&reader->in);
    stage->shuffle.bucket_keys = (uint32_t)unpack_below(&reader->in, 2);
    stage->shuffle.is_aggregate = unpack_bool(&reader->in);
    stage->shuffle.is_unordered = unpack_bool(&reader->in);
    if (!read_count(reader, MAX_INPUTS, &stage->input_count))
        return false;
    StageInput *inputs = ARENA_ARRAY(reader->arena, StageInput, stage->input_count);
    memset(inputs, 0, stage->input_count * sizeof *inputs);
    for (uint32_t i = 0; i < stage->input_count; i++)
        if (!read_input(reader, &inputs[i]))
            return false;
    stage->inputs = reader->inputs = inputs;
    reader->input_count = stage->input_count;
    stage->root = read_operator(reader, 0);
    if (stage->root == NULL)
        return false;
    for (uint32_t i = 0; i < stage->shuffle.key_count; i++)
        if (stage->shuffle.keys[i].column >= stage->root->column_count)
            return bad(reader, "shuffle key");
    return !reader->in.failed || bad(reader, "stage");
}

const QueryDefinition *query_definition_unpack(Arena *arena, const uint8_t *data, size_t length,
                                               Fault *fault)
{
    Reader reader = {.arena = arena, .fault = fault};
    unpack_init(&reader.in, data, length);
    QueryDefinition *definition = ARENA_NEW(arena, QueryDefinition);
    definition->query = unpack_uint(&reader.in);
    definition->ticket_count = reader.ticket_count = (uint32_t)unpack_below(&reader.in, 257);
    definition->result_partitions = (uint32_t)unpack_below(&reader.in, 1001);
    definition->result_is_ordered = unpack_bool(&reader.in);
    if (!read_count(&reader, MAX_STAGES, &definition->stage_count))
        return NULL;
    StageDefinition *stages = ARENA_ARRAY(arena, StageDefinition, definition->stage_count);
    memset(stages, 0, definition->stage_count * sizeof *stages);
    definition->stages = reader.stages = stages;
    for (uint32_t i = 0; i < definition->stage_count; i++) {
        if (!read_stage(&reader, &stages[i]))
            return NULL;
        if (stages[i].number != i)
            return bad(&reader, "stage number"), NULL;
        reader.stage_count = i + 1;
    }
    return definition;
}
