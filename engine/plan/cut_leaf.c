/*
 * Leaves of a plan as inputs of a stage: segments left after pruning, units of external data,
 * rows that travel with the work order.
 */
#include "engine/plan/cut_internal.h"

static Fragment leaf_fragment(Cutter *cutter, const Plan *plan, StageInput *input,
                              const Expr *filter, bool is_single)
{
    Arena *arena = cutter->arena;
    uint32_t count = plan->column_count;
    SqlType *types = ARENA_ARRAY(arena, SqlType, count);
    ColumnId *ids = ARENA_ARRAY(arena, ColumnId, count);
    Text *names = ARENA_ARRAY(arena, Text, count);
    uint32_t *keep = ARENA_ARRAY(arena, uint32_t, count);
    for (uint32_t i = 0; i < count; i++) {
        types[i] = plan->columns[i].type;
        ids[i] = plan->columns[i].id;
        names[i] = text_of(plan->columns[i].name != NULL ? plan->columns[i].name : "");
        keep[i] = i;
    }
    input->column_count = count;
    input->types = types;
    if (input->names == NULL)
        input->names = names;
    OperatorSpec *root = cut_operator(cutter, OPERATOR_INPUT, types, count, NULL, 0);
    root->input.keep = keep;
    root->input.keep_count = count;
    root->estimated_rows = plan_estimate_rows(plan);
    Fragment fragment = {.input_count = 1,
                         .inputs = input,
                         .root = root,
                         .ids = ids,
                         .is_single = is_single,
                         .processor = "scan"};
    root->input.filter = fragment_number(cutter, &fragment, filter);
    return fragment;
}

static bool cut_table(Cutter *cutter, const Plan *plan, Fragment *fragment)
{
    Arena *arena = cutter->arena;
    const Relation *relation = plan->table.relation;
    const TableFilter *filter = pruning_filter(arena, plan, cutter->context->plan->types);
    TablePruned pruned;
    table_prune(relation->table, filter, arena, &pruned);
    InputSegment *segments = ARENA_ARRAY(arena, InputSegment, pruned.segment_count);
    for (uint32_t i = 0; i < pruned.segment_count; i++) {
        const TableSegment *segment = pruned.segments[i];
        segments[i] = (InputSegment){.path = segment->path,
                                     .rows = segment->rows,
                                     .bytes = segment->bytes,
                                     .number = segment->number};
        memcpy(segments[i].digest, segment->digest, sizeof segments[i].digest);
    }
    Text *names = ARENA_ARRAY(arena, Text, plan->column_count);
    for (uint32_t i = 0; i < plan->column_count; i++)
        names[i] = relation->columns[plan->table.attributes[i]].name;
    StageInput *input = ARENA_NEW(arena, StageInput);
    *input = (StageInput){.kind = INPUT_SEGMENTS,
                          .names = names,
                          .table = relation->name,
                          .segment_count = pruned.segment_count,
                          .segments = segments,
                          .segments_total = pruned.total,
                          .pruned_by_time = pruned.by_time,
                          .pruned_by_shard = pruned.by_shard,
                          .pruned_by_statistics = pruned.by_statistics,
                          .ticket = cut_ticket(cutter)};
    /* one row group is one worker's work */
    bool is_single = cutter->context->worker_count == 1;
    *fragment = leaf_fragment(cutter, plan, input, plan->table.filter, is_single);
    CutContext *context = cutter->context;
    return context->narrow == NULL ||
           context->narrow(context->state, input, fragment->root->input.filter, arena,
                           &context->narrowed_rows, cutter->fault);
}

/* Files that several readers go through together: each has a counter of its own. */
static void give_tickets(Cutter *cutter, StageInput *input)
{
    InputUnit *units = ARENA_ARRAY(cutter->arena, InputUnit, input->unit_count + 1);
    for (uint32_t i = 0; i < input->unit_count; i++) {
        units[i] = input->units[i];
        if (units[i].shares != 0)
            units[i].ticket =
                units[i].share == 0 ? cut_ticket(cutter) : units[units[i].first_share].ticket;
    }
    input->units = units;
}

static bool cut_external(Cutter *cutter, const Plan *plan, Fragment *fragment)
{
    Arena *arena = cutter->arena;
    CutContext *context = cutter->context;
    uint32_t signature_count = plan->external.signature_count;
    Text *signature_names = ARENA_ARRAY(arena, Text, signature_count);
    SqlType *signature_types = ARENA_ARRAY(arena, SqlType, signature_count);
    for (uint32_t i = 0; i < signature_count; i++) {
        signature_names[i] = text_of(plan->external.signature[i].name);
        signature_types[i] = plan->external.signature[i].type;
    }
    Text *names = ARENA_ARRAY(arena, Text, plan->column_count);
    for (uint32_t i = 0; i < plan->column_count; i++)
        names[i] = signature_names[plan->external.attributes[i]];
    StageInput *input = ARENA_NEW(arena, StageInput);
    *input = (StageInput){.kind = INPUT_EXTERNAL,
                          .names = names,
                          .source_json = plan->external.source_json,
                          .format_json = plan->external.format_json,
                          .signature_count = signature_count,
                          .signature_names = signature_names,
                          .signature_types = signature_types,
                          .ticket = cut_ticket(cutter)};
    if (context->expand != NULL &&
        !context->expand(context->state, plan->external.source_json, plan->external.format_json,
                         context->worker_count, arena, &input->units, &input->unit_count,
                         cutter->fault))
        return false;
    give_tickets(cutter, input);
    *fragment = leaf_fragment(cutter, plan, input, plan->external.filter,
                              context->worker_count == 1);
    return true;
}

static Fragment batch_fragment(Cutter *cutter, const Plan *plan, const Batch *batch)
{
    StageInput *input = ARENA_NEW(cutter->arena, StageInput);
    *input = (StageInput){.kind = INPUT_BATCH, .batch = batch};
    return leaf_fragment(cutter, plan, input, NULL, true);
}

static bool cut_values(Cutter *cutter, const Plan *plan, Fragment *fragment)
{
    Arena *arena = cutter->arena;
    uint32_t rows = plan->values.row_count;
    Batch *batch = batch_make(arena, plan->column_count, rows);
    for (uint32_t c = 0; c < plan->column_count; c++) {
        VectorBuilder builder;
        vector_builder_init(&builder, arena, type_layout(plan->columns[c].type), rows);
        for (uint32_t r = 0; r < rows; r++) {
            Vector value;
            if (!expr_evaluate_constant(arena, plan->values.cells[r * plan->column_count + c],
                                        cutter->context->plan->types, &value, cutter->fault))
                return false;
            vector_builder_row(&builder, &value, 0);
        }
        batch->columns[c] = vector_builder_finish(&builder);
    }
    *fragment = batch_fragment(cutter, plan, batch);
    return true;
}

static bool cut_virtual(Cutter *cutter, const Plan *plan, Fragment *fragment)
{
    Arena *arena = cutter->arena;
    CutContext *context = cutter->context;
    const Relation *relation = plan->table.relation;
    Batch *batch = batch_make(arena, plan->column_count, 0);
    if (context->for_explain) {
        for (uint32_t i = 0; i < plan->column_count; i++)
            batch->columns[i] = vector_flat(type_layout(plan->columns[i].type), 0, NULL, NULL);
    } else {
        Batch *all;
        if (!context->produce(context->state, relation, arena, &all, cutter->fault))
            return false;
        batch->rows = all->rows;
        for (uint32_t i = 0; i < plan->column_count; i++)
            batch->columns[i] = all->columns[plan->table.attributes[i]];
    }
    *fragment = batch_fragment(cutter, plan, batch);
    fragment->inputs->table = relation->name;
    return true;
}

bool cut_leaf(Cutter *cutter, const Plan *plan, Fragment *fragment)
{
    switch (plan->kind) {
    case PLAN_TABLE: return cut_table(cutter, plan, fragment);
    case PLAN_VIRTUAL: return cut_virtual(cutter, plan, fragment);
    case PLAN_EXTERN: return cut_external(cutter, plan, fragment);
    case PLAN_VALUES: return cut_values(cutter, plan, fragment);
    default: return fault_set(cutter->fault, FAULT_INTERNAL_ERROR, "not a leaf");
    }
}
