/*
 * Which fault it is when there is no memory for the held side of a join: a side that every worker
 * holds wholly might be divided instead; rows of one key cannot be divided at all.
 */
#include "engine/operator/join_internal.h"

static bool is_broadcast(const OperatorContext *context, const OperatorSpec *side)
{
    while (side->kind != OPERATOR_INPUT && side->child_count == 1)
        side = side->children[0];
    if (side->kind != OPERATOR_INPUT || context->stage == NULL || context->definition == NULL)
        return false;
    const StageInput *input = &context->stage->inputs[side->input.index];
    return input->kind == INPUT_STAGE &&
           context->definition->stages[input->stage].shuffle.kind == SHUFFLE_BROADCAST;
}

static bool are_of_one_key(const JoinTable *table, const Batch *rows)
{
    for (uint32_t k = 0; k < table->key_count; k++) {
        const Vector *column = &rows->columns[table->key_columns[k]];
        for (uint32_t i = 1; i < rows->rows; i++) {
            if (vector_is_null(column, i) || !vector_rows_equal(column, 0, column, i))
                return false;
        }
    }
    return table->key_count > 0 && rows->rows > BATCH_ROWS;
}

static bool set_too_large(const OperatorContext *context, int64_t held, Fault *fault)
{
    bool is_configured = context->types->settings->sql_join_algorithm == 0;
    fault_set(fault, FAULT_BROADCAST_TABLES_TOO_LARGE,
              "broadcast tables take more than the memory there is for them (%lld bytes were held)",
              (long long)held);
    if (!is_configured)
        fault_hint(fault, "Give the server more memory (memory_limit). The join is broadcast though "
                          "sqlJoinAlgorithm is sortMerge, because its condition has no equality.");
    fault_field_int(fault, "maxBroadcastTablesSize", held);
    return fault_field_text(fault, "configuredJoinAlgorithm",
                            is_configured ? "broadcast" : "sortMerge");
}

bool join_refused(const OperatorContext *context, const OperatorSpec *side, const JoinTable *table,
                  Fault *fault)
{
    if (fault->code != FAULT_NOT_ENOUGH_MEMORY)
        return false;
    int64_t held = table->budget->used;
    const Batch *rows = row_store_batch(table->store);
    if (is_broadcast(context, side))
        return set_too_large(context, held, fault);
    if (rows == NULL || !are_of_one_key(table, rows))
        return false;
    fault_set(fault, FAULT_TOO_MANY_ROWS_WITH_SAME_KEY,
              "too many rows of one key on a side of a join (%u rows, %lld bytes were held)",
              rows->rows, (long long)held);
    fault_field_int(fault, "numBytes", held);
    return fault_field_int(fault, "maxBytes", held);
}
