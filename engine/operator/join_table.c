/*
 * Building the table of a join: the rows are kept column by column, their keys become
 * entries of a key table, and a counting sort by entry puts the rows of a key side by side.
 */
#include "engine/operator/join_internal.h"

bool join_table_init(JoinTable *table, OperatorContext *context, const OperatorSpec *spec,
                     Fault *fault)
{
    const OperatorSpec *right = spec->children[1];
    *table = (JoinTable){
        .budget = context->budget,
        .key_count = spec->join.key_count,
        .key_columns = spec->join.right_keys,
        .null_equal = spec->join.null_equal,
    };
    if (!join_range_init(&table->range, context, spec, fault))
        return false;
    table->store = row_store_new(context->budget, right->column_count,
                                 operator_layouts(context, right->types, right->column_count));
    if (table->key_count == 0)
        return true;
    Layout *layouts = ARENA_ARRAY(context->arena, Layout, table->key_count);
    for (uint32_t k = 0; k < table->key_count; k++)
        layouts[k] = type_layout(right->types[table->key_columns[k]]);
    table->keys = key_table_new(context->budget, table->key_count, layouts);
    return true;
}

void join_table_clear(JoinTable *table)
{
    row_store_free(table->store);
    key_table_free(table->keys);
    join_range_clear(&table->range);
    grow_array_free(&table->starts, table->budget);
    grow_array_free(&table->rows, table->budget);
    grow_array_free(&table->null_rows, table->budget);
    *table = (JoinTable){0};
}

static bool matches_null(const JoinTable *table, uint32_t key)
{
    return table->null_equal != NULL && table->null_equal[key];
}

static void mark_nulls(const JoinTable *table, const Vector *const *columns, uint32_t rows,
                       uint8_t *has_null)
{
    memset(has_null, 0, rows);
    for (uint32_t k = 0; k < table->key_count; k++) {
        if (matches_null(table, k))
            continue;
        if (columns[k]->form != VECTOR_DICTIONARY && columns[k]->nulls == NULL)
            continue;
        for (uint32_t i = 0; i < rows; i++)
            has_null[i] |= vector_is_null(columns[k], i);
    }
}

static bool add_null_row(JoinTable *table, uint32_t row, Fault *fault)
{
    if (!grow_array(&table->null_rows, table->budget,
                    ((size_t)table->null_count + 1) * sizeof(uint32_t), fault))
        return false;
    ((uint32_t *)table->null_rows.data)[table->null_count++] = row;
    return true;
}

/* Entries of all rows; rows with NULL in their key have none. */
static bool enter_rows(JoinTable *table, uint32_t *row_entries, Arena *arena, Fault *fault)
{
    Vector *pieces = ARENA_ARRAY(arena, Vector, table->key_count);
    const Vector **columns = ARENA_ARRAY(arena, const Vector *, table->key_count);
    uint8_t has_null[BATCH_ROWS];
    for (uint32_t at = 0; at < table->batch->rows; at += BATCH_ROWS) {
        uint32_t count =
            table->batch->rows - at < BATCH_ROWS ? table->batch->rows - at : BATCH_ROWS;
        for (uint32_t k = 0; k < table->key_count; k++) {
            pieces[k] = vector_slice(&table->batch->columns[table->key_columns[k]], at, count);
            columns[k] = &pieces[k];
        }
        if (!key_table_add(table->keys, columns, count, row_entries + at, fault))
            return false;
        mark_nulls(table, columns, count, has_null);
        for (uint32_t i = 0; i < count; i++) {
            if (!has_null[i])
                continue;
            row_entries[at + i] = KEY_ENTRY_NONE;
            if (!add_null_row(table, at + i, fault))
                return false;
        }
    }
    return true;
}

/* Counting sort: starts by entry, then every row to its place. */
static bool group_rows(JoinTable *table, const uint32_t *row_entries, Fault *fault)
{
    uint32_t entry_count = key_table_count(table->keys);
    uint32_t row_count = table->batch->rows;
    /* Entries are numbered in the order of their first rows. */
    table->is_unique =
        entry_count == row_count && table->null_count == 0 && !key_table_reserves_null(table->keys);
    if (table->is_unique)
        return true;
    if (!grow_array(&table->starts, table->budget, ((size_t)entry_count + 2) * sizeof(uint32_t),
                    fault) ||
        !grow_array(&table->rows, table->budget, ((size_t)row_count + 1) * sizeof(uint32_t), fault))
        return false;
    uint32_t *starts = table->starts.data;
    uint32_t *rows = table->rows.data;
    /* starts[e + 2] counts entry e; summed up, starts[e + 1] is where its next row goes, and in
     * the end where it ends. */
    for (uint32_t i = 0; i < row_count; i++)
        if (row_entries[i] != KEY_ENTRY_NONE)
            starts[row_entries[i] + 2]++;
    for (uint32_t e = 2; e <= entry_count + 1; e++)
        starts[e] += starts[e - 1];
    for (uint32_t i = 0; i < row_count; i++)
        if (row_entries[i] != KEY_ENTRY_NONE)
            rows[starts[row_entries[i] + 1]++] = i;
    return true;
}

static bool build_keys(JoinTable *table, Fault *fault)
{
    GrowArray row_entries = {0};
    key_table_expect(table->keys, table->batch->rows);
    Arena *arena = arena_new("join build");
    bool is_built = grow_array(&row_entries, table->budget,
                               ((size_t)table->batch->rows + 1) * sizeof(uint32_t), fault) &&
                    enter_rows(table, row_entries.data, arena, fault) &&
                    group_rows(table, row_entries.data, fault);
    grow_array_free(&row_entries, table->budget);
    arena_free(arena);
    return is_built;
}

bool join_table_build(JoinTable *table, Fault *fault)
{
    table->batch = row_store_batch(table->store);
    return (table->keys == NULL || build_keys(table, fault)) &&
           join_range_build(&table->range, table, fault);
}

bool join_table_find(JoinTable *table, const Batch *batch, const uint32_t *key_columns,
                     uint32_t *entries, uint8_t *has_null, Fault *fault)
{
    if (table->keys == NULL) {
        memset(entries, 0, batch->rows * sizeof *entries);
        if (has_null != NULL)
            memset(has_null, 0, batch->rows);
        return true;
    }
    const Vector *columns[64];
    check(table->key_count <= 64);
    for (uint32_t k = 0; k < table->key_count; k++)
        columns[k] = &batch->columns[key_columns[k]];
    if (!key_table_find(table->keys, columns, batch->rows, entries, fault))
        return false;
    uint8_t nulls[BATCH_ROWS];
    if (has_null == NULL)
        has_null = nulls;
    mark_nulls(table, columns, batch->rows, has_null);
    for (uint32_t i = 0; i < batch->rows; i++)
        entries[i] = has_null[i] ? KEY_ENTRY_NONE : entries[i];
    return true;
}
