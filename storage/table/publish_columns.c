/*
 * The columns of a publish: the table is made, or its columns are widened, added to, or, when
 * everything in it is replaced, set anew.
 */
#include "storage/table/publish_internal.h"

#include "base/log/log.h"

typedef struct OutputColumns {
    uint32_t count;
    TableColumn *columns;
} OutputColumns;

static int find_output(const OutputColumns *output, Text name)
{
    for (uint32_t i = 0; i < output->count; i++) {
        if (text_equal(output->columns[i].name, name))
            return (int)i;
    }
    return -1;
}

static bool mismatch(const Publish *publish, Text column, Fault *fault)
{
    fault_set(fault, FAULT_DATATYPE_MISMATCH,
              "column \"%.*s\" of table \"%.*s\" has another type than the rows to be written",
              TEXT_ARGS(column), TEXT_ARGS(publish->request->table));
    return fault_hint(fault, "Cast the column to the table's type, or write the whole table anew "
                             "with REPLACE ... OVERWRITE ALL.");
}

static bool check_column_name(Text name, Fault *fault)
{
    if (name.length == 0 || name.length > 1024 || memchr(name.data, 0, name.length) != NULL)
        return fault_set(fault, FAULT_INVALID_NAME,
                         "a column's name must have between 1 and 1024 bytes");
    return true;
}

static bool add_output(Publish *publish, OutputColumns *output, Text name, uint32_t type_oid,
                       int32_t type_modifier, Fault *fault)
{
    if (!check_column_name(name, fault))
        return false;
    output->columns[output->count++] =
        (TableColumn){.name = name, .type_oid = type_oid, .type_modifier = type_modifier};
    return true;
}

/* The statement's columns, and after them what its files hold besides. */
static bool gather_output(Publish *publish, OutputColumns *output, Fault *fault)
{
    const PublishRequest *request = publish->request;
    uint64_t most = request->column_count;
    for (uint32_t i = 0; i < publish->file_count; i++)
        most += publish->files[i].columns.count;
    *output = (OutputColumns){.columns = ARENA_ARRAY(publish->arena, TableColumn, most)};
    for (uint32_t i = 0; i < request->column_count; i++) {
        const TableColumn *column = &request->columns[i];
        if (find_output(output, column->name) >= 0)
            return fault_set(fault, FAULT_DUPLICATE_COLUMN,
                             "column \"%.*s\" specified more than once", TEXT_ARGS(column->name));
        if (!add_output(publish, output, column->name, column->type_oid, column->type_modifier,
                        fault))
            return false;
    }
    for (uint32_t i = 0; i < publish->file_count; i++) {
        const SegmentColumns *columns = &publish->files[i].columns;
        for (uint32_t j = 0; j < columns->count; j++) {
            const ColumnSummary *column = &columns->columns[j];
            int at = find_output(output, column->name);
            if (at < 0) {
                if (!add_output(publish, output, column->name, column->type_oid,
                                column->type_modifier, fault))
                    return false;
                continue;
            }
            TableColumn *known = &output->columns[at];
            if (!table_widen_type(known->type_oid, known->type_modifier, column->type_oid,
                                  column->type_modifier, &known->type_oid, &known->type_modifier))
                return mismatch(publish, column->name, fault);
        }
    }
    return true;
}

/* --- a new table --- */

static bool make_table(Publish *publish, const OutputColumns *output, Fault *fault)
{
    MetaColumn *columns = ARENA_ARRAY(publish->arena, MetaColumn, output->count);
    Text properties = publish->request->properties;
    int time_column = find_output(output, TEXT_LITERAL("__time"));
    int32_t number = time_column < 0 ? 1 : 2; /* __time is the first */
    for (uint32_t i = 0; i < output->count; i++) {
        columns[i] = (MetaColumn){
            .name = output->columns[i].name,
            .type_oid = output->columns[i].type_oid,
            .type_modifier = output->columns[i].type_modifier,
            .number = (int)i == time_column ? 1 : number++,
        };
    }
    MetaTable table = {
        .oid = publish->oid,
        .name = publish->request->table,
        .properties = properties.length > 0 ? properties : TEXT_LITERAL("{}"),
        .created = publish->now,
        .next_column = number,
        .column_count = output->count,
        .columns = columns,
    };
    publish->result->made_table = true;
    Meta *meta = publish->store->meta;
    uint32_t owner = publish->request->owner;
    return meta_add_table(meta, &table, fault) &&
           (owner == 0 || meta_put_owner(meta, table.oid, owner, fault));
}

/* --- a table that is there --- */

static const MetaColumn *find_existing(const MetaTable *table, Text name)
{
    for (uint32_t i = 0; i < table->column_count; i++) {
        if (text_equal(table->columns[i].name, name))
            return &table->columns[i];
    }
    return NULL;
}

/* With `sets_anew` a column's type is simply the new one: none of the old rows stays. */
static bool put_existing(Publish *publish, MetaTable *table, const MetaColumn *existing,
                         const TableColumn *given, bool sets_anew, Fault *fault)
{
    MetaColumn column = *existing;
    if (sets_anew) {
        column.type_oid = given->type_oid;
        column.type_modifier = given->type_modifier;
    } else if (!table_widen_type(existing->type_oid, existing->type_modifier, given->type_oid,
                                 given->type_modifier, &column.type_oid, &column.type_modifier)) {
        return mismatch(publish, given->name, fault);
    }
    if (column.type_oid == existing->type_oid && column.type_modifier == existing->type_modifier)
        return true;
    return meta_put_column(publish->store->meta, table->oid, &column, fault);
}

/* What older segments still have under the name would come back with it. */
static bool check_dropped(Publish *publish, const MetaTable *table, Text name, bool sets_anew,
                          Fault *fault)
{
    TableProperties properties;
    table_properties_read(table->properties, publish->arena, &properties, NULL, 0);
    if (sets_anew || !table_was_dropped(&properties, name))
        return true;
    fault_set(fault, FAULT_FEATURE_NOT_SUPPORTED,
              "column \"%.*s\" was dropped, and segments of the table still have it", TEXT_ARGS(name));
    return fault_hint(fault, "Write the table anew with REPLACE ... OVERWRITE ALL first.");
}

static bool put_new(Publish *publish, MetaTable *table, const TableColumn *given, bool sets_anew,
                    Fault *fault)
{
    if (!check_dropped(publish, table, given->name, sets_anew, fault))
        return false;
    MetaColumn column = {
        .name = given->name,
        .type_oid = given->type_oid,
        .type_modifier = given->type_modifier,
        .number = table->next_column++,
    };
    return meta_put_column(publish->store->meta, table->oid, &column, fault);
}

static bool remove_others(Publish *publish, const MetaTable *table, const OutputColumns *output,
                          Fault *fault)
{
    for (uint32_t i = 0; i < table->column_count; i++) {
        if (find_output(output, table->columns[i].name) < 0 &&
            !meta_remove_column(publish->store->meta, table->oid, table->columns[i].number, fault))
            return false;
    }
    return true;
}

static bool change_table(Publish *publish, MetaTable *table, const OutputColumns *output,
                         Fault *fault)
{
    bool sets_anew =
        publish->file_count > 0 && publish->request->mode == PUBLISH_REPLACE &&
        table_intervals_cover(publish->overwrite, publish->overwrite_count, TABLE_ETERNITY);
    if (sets_anew && !remove_others(publish, table, output, fault))
        return false;
    for (uint32_t i = 0; i < output->count; i++) {
        const TableColumn *given = &output->columns[i];
        const MetaColumn *existing = find_existing(table, given->name);
        bool ok = existing != NULL ? put_existing(publish, table, existing, given, sets_anew, fault)
                                   : put_new(publish, table, given, sets_anew, fault);
        if (!ok)
            return false;
    }
    return meta_update_table(publish->store->meta, table, fault);
}

/* NOT NULL: what each file says of its columns tells. */
static bool check_file(const Publish *publish, const PublishFile *file, const TableColumn *column,
                       Fault *fault)
{
    bool has_null = file->rows > 0; /* it lacks the column */
    for (uint32_t i = 0; i < file->columns.count; i++)
        if (text_equal(file->columns.columns[i].name, column->name))
            has_null = file->columns.columns[i].summary.null_count > 0;
    if (has_null && publish->request->change_count > 0)
        return fault_set(fault, FAULT_NOT_NULL_VIOLATION,
                         "column \"%.*s\" of relation \"%.*s\" contains null values",
                         TEXT_ARGS(column->name),
                         TEXT_ARGS(table_key_name(publish->request->table)));
    return !has_null ||
           fault_set(fault, FAULT_NOT_NULL_VIOLATION,
                     "null value in column \"%.*s\" of relation \"%.*s\" violates not-null constraint",
                     TEXT_ARGS(column->name), TEXT_ARGS(table_key_name(publish->request->table)));
}

static bool check_not_null(Publish *publish, const MetaTable *table, Fault *fault)
{
    TableProperties properties;
    TableColumn *columns = ARENA_ARRAY(publish->arena, TableColumn, table->column_count + 1);
    for (uint32_t i = 0; i < table->column_count; i++)
        columns[i] = (TableColumn){.name = table->columns[i].name};
    table_properties_read(table->properties, publish->arena, &properties, columns,
                          table->column_count);
    for (uint32_t i = 0; i < table->column_count; i++)
        for (uint32_t k = 0; columns[i].not_null && k < publish->file_count; k++)
            if (!check_file(publish, &publish->files[k], &columns[i], fault))
                return false;
    return true;
}

bool table_publish_columns(Publish *publish, Fault *fault)
{
    MetaTable *table;
    OutputColumns output;
    if (!gather_output(publish, &output, fault) ||
        !meta_find_table(publish->store->meta, publish->request->table, publish->arena, &table,
                         fault))
        return false;
    if (table != NULL && publish->request->must_be_new)
        return fault_set(fault, FAULT_DUPLICATE_TABLE, "relation \"%.*s\" already exists",
                         TEXT_ARGS(table_key_name(publish->request->table)));
    if (table != NULL && !check_not_null(publish, table, fault))
        return false;
    if (table != NULL)
        publish->oid = table->oid; /* made by another statement meanwhile, perhaps */
    publish->result->table_oid = publish->oid;
    return table == NULL ? make_table(publish, &output, fault)
                         : change_table(publish, table, &output, fault);
}
