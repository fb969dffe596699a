/*
 * Relations that statements define: made, changed, emptied, dropped with their schema. Each is one
 * transaction of the metadata; none touches a segment's file.
 */
#include "storage/table/table_internal.h"

#include "base/log/log.h"
#include "base/os/os.h"

typedef struct Change {
    TableStore *store;
    Arena *arena;
    MetaTable *table;
    TableProperties properties;
    uint32_t column_count;
    TableColumn *columns; /* with what the properties say of them */
    bool has_segments;
    Fault *fault;
} Change;

static bool finish(TableStore *store, bool ok, Fault *fault)
{
    if (!ok) {
        meta_rollback(store->meta);
        return false;
    }
    if (!meta_commit(store->meta, fault))
        return false;
    table_raise_version(store);
    return true;
}

static Text properties_text(Arena *arena, const TableProperties *properties,
                            const TableColumn *columns, uint32_t count)
{
    Buffer json = BUFFER_EMPTY;
    table_properties_write(properties, columns, count, &json);
    Text text = terminated_text(arena, (Text){.data = (char *)json.data, .length = (uint32_t)json.length});
    buffer_clear(&json);
    return text;
}

Text table_properties_text(Arena *arena, const TableProperties *properties)
{
    return properties_text(arena, properties, NULL, 0);
}

/* --- making --- */

static MetaColumn *number_columns(Arena *arena, const TableDefinition *definition)
{
    MetaColumn *columns = ARENA_ARRAY(arena, MetaColumn, definition->column_count + 1);
    for (uint32_t i = 0; i < definition->column_count; i++)
        columns[i] = (MetaColumn){.name = definition->columns[i].name,
                                  .type_oid = definition->columns[i].type_oid,
                                  .type_modifier = definition->columns[i].type_modifier,
                                  .number = (int32_t)i + 1};
    return columns;
}

static bool taken(const TableDefinition *definition, Fault *fault)
{
    Text name = table_key_name(definition->key);
    if (name.length == 0)
        return fault_set(fault, FAULT_DUPLICATE_SCHEMA, "schema \"%.*s\" already exists",
                         TEXT_ARGS(table_key_schema(definition->key)));
    return fault_set(fault, FAULT_DUPLICATE_TABLE, "relation \"%.*s\" already exists",
                     TEXT_ARGS(name));
}

/* CREATE OR REPLACE VIEW: the same row with other columns and another text. */
static bool replace_view(TableStore *store, MetaTable *table, const TableDefinition *definition,
                         Arena *arena, Fault *fault)
{
    MetaColumn *columns = number_columns(arena, definition);
    for (uint32_t i = 0; i < table->column_count; i++)
        if (!meta_remove_column(store->meta, table->oid, table->columns[i].number, fault))
            return false;
    for (uint32_t i = 0; i < definition->column_count; i++)
        if (!meta_put_column(store->meta, table->oid, &columns[i], fault))
            return false;
    table->properties = properties_text(arena, &definition->properties, definition->columns,
                                        definition->column_count);
    table->next_column = (int32_t)definition->column_count + 1;
    return meta_update_table(store->meta, table, fault);
}

static bool create_within(TableStore *store, const TableDefinition *definition, bool replaces_view,
                          uint32_t *oid, Arena *arena, Fault *fault)
{
    MetaTable *existing;
    if (!meta_find_table(store->meta, definition->key, arena, &existing, fault))
        return false;
    if (existing != NULL) {
        TableProperties properties;
        table_properties_read(existing->properties, arena, &properties, NULL, 0);
        *oid = existing->oid;
        if (!replaces_view || properties.kind != TABLE_VIEW)
            return taken(definition, fault);
        return replace_view(store, existing, definition, arena, fault);
    }
    MetaTable table = {
        .name = definition->key,
        .properties = properties_text(arena, &definition->properties, definition->columns,
                                      definition->column_count),
        .created = os_now_micros(),
        .next_column = (int32_t)definition->column_count + 1,
        .column_count = definition->column_count,
        .columns = number_columns(arena, definition),
    };
    if (!meta_allocate_oid(store->meta, oid, fault))
        return false;
    table.oid = *oid;
    return meta_add_table(store->meta, &table, fault) &&
           (definition->owner == 0 || meta_put_owner(store->meta, *oid, definition->owner, fault));
}

bool table_create(TableStore *store, const TableDefinition *definition, bool replaces_view,
                  uint32_t *oid, Fault *fault)
{
    if (!table_check_key(definition->key, fault) || !meta_begin(store->meta, true, fault))
        return false;
    Arena *arena = arena_new("create table");
    bool ok = create_within(store, definition, replaces_view, oid, arena, fault);
    arena_free(arena);
    return finish(store, ok, fault);
}

/* --- changing --- */

static bool undefined(Text key, Fault *fault)
{
    return fault_set(fault, FAULT_UNDEFINED_TABLE, "relation \"%.*s\" does not exist",
                     TEXT_ARGS(table_key_name(key)));
}

static bool load(Change *change, Text key)
{
    Meta *meta = change->store->meta;
    MetaSegment *segments;
    uint32_t segment_count;
    if (!meta_find_table(meta, key, change->arena, &change->table, change->fault))
        return false;
    const MetaTable *table = change->table;
    if (table == NULL)
        return undefined(key, change->fault);
    change->column_count = table->column_count;
    change->columns = ARENA_ARRAY(change->arena, TableColumn, table->column_count + 1);
    for (uint32_t i = 0; i < table->column_count; i++)
        change->columns[i] = (TableColumn){.name = table->columns[i].name,
                                           .type_oid = table->columns[i].type_oid,
                                           .type_modifier = table->columns[i].type_modifier,
                                           .number = table->columns[i].number,
                                           .comment = table->columns[i].comment};
    table_properties_read(table->properties, change->arena, &change->properties, change->columns,
                          change->column_count);
    if (!meta_segments(meta, table->oid, META_USED, change->arena, &segments, &segment_count,
                       change->fault))
        return false;
    change->has_segments = segment_count > 0;
    return true;
}

static int find_column(const Change *change, Text name)
{
    for (uint32_t i = 0; i < change->column_count; i++)
        if (text_equal(change->columns[i].name, name))
            return (int)i;
    return -1;
}

static bool no_column(const Change *change, Text name)
{
    return fault_set(change->fault, FAULT_UNDEFINED_COLUMN,
                     "column \"%.*s\" of relation \"%.*s\" does not exist", TEXT_ARGS(name),
                     TEXT_ARGS(table_key_name(change->table->name)));
}

static bool has_column(const Change *change, Text name)
{
    return fault_set(change->fault, FAULT_DUPLICATE_COLUMN,
                     "column \"%.*s\" of relation \"%.*s\" already exists", TEXT_ARGS(name),
                     TEXT_ARGS(table_key_name(change->table->name)));
}

static bool put_column(Change *change, const TableColumn *column)
{
    MetaColumn row = {.name = column->name,
                      .type_oid = column->type_oid,
                      .type_modifier = column->type_modifier,
                      .number = column->number,
                      .comment = column->comment};
    return meta_put_column(change->store->meta, change->table->oid, &row, change->fault);
}

static bool rename_table(Change *change, Text to)
{
    MetaTable *other;
    if (!meta_find_table(change->store->meta, to, change->arena, &other, change->fault))
        return false;
    if (other != NULL)
        return fault_set(change->fault, FAULT_DUPLICATE_TABLE, "relation \"%.*s\" already exists",
                         TEXT_ARGS(table_key_name(to)));
    change->table->name = to;
    return true;
}

static bool add_column(Change *change, const TableColumn *given)
{
    if (find_column(change, given->name) >= 0)
        return has_column(change, given->name);
    if (change->has_segments && table_was_dropped(&change->properties, given->name))
        return fault_set(change->fault, FAULT_FEATURE_NOT_SUPPORTED,
                         "column \"%.*s\" was dropped, and segments of the table still have it",
                         TEXT_ARGS(given->name)) ||
               fault_hint(change->fault, "Write the table anew with REPLACE ... OVERWRITE ALL first.");
    TableColumn *columns = ARENA_ARRAY(change->arena, TableColumn, change->column_count + 2);
    memcpy(columns, change->columns, change->column_count * sizeof *columns);
    change->columns = columns;
    TableColumn *column = &columns[change->column_count++];
    *column = *given;
    column->number = change->table->next_column++;
    return put_column(change, column);
}

/* Those that the column is part of. */
static void drop_constraints(Change *change, int32_t number)
{
    TableProperties *properties = &change->properties;
    TableConstraint *kept = ARENA_ARRAY(change->arena, TableConstraint, properties->constraint_count + 1);
    uint32_t count = 0;
    for (uint32_t i = 0; i < properties->constraint_count; i++) {
        bool has = false;
        for (uint32_t k = 0; k < properties->constraints[i].column_count; k++)
            has = has || properties->constraints[i].columns[k] == number;
        if (!has)
            kept[count++] = properties->constraints[i];
    }
    properties->constraints = kept;
    properties->constraint_count = count;
}

static bool drop_column(Change *change, Text name)
{
    int at = find_column(change, name);
    if (at < 0)
        return no_column(change, name);
    int32_t number = change->columns[at].number;
    TableProperties *properties = &change->properties;
    drop_constraints(change, number);
    if (change->has_segments && !table_was_dropped(properties, name)) {
        Text *dropped = ARENA_ARRAY(change->arena, Text, properties->dropped_count + 1);
        for (uint32_t i = 0; i < properties->dropped_count; i++)
            dropped[i] = properties->dropped[i];
        dropped[properties->dropped_count++] = name;
        properties->dropped = dropped;
    }
    change->column_count--;
    memmove(&change->columns[at], &change->columns[at + 1],
            (change->column_count - (uint32_t)at) * sizeof change->columns[0]);
    return meta_remove_column(change->store->meta, change->table->oid, number, change->fault);
}

static bool rename_column(Change *change, Text name, Text to)
{
    int at = find_column(change, name);
    if (at < 0)
        return no_column(change, name);
    if (find_column(change, to) >= 0)
        return has_column(change, to);
    if (change->has_segments) {
        fault_set(change->fault, FAULT_FEATURE_NOT_SUPPORTED,
                  "a column of a table that has rows cannot be renamed: segments know it by its name");
        return fault_hint(change->fault, "Use CREATE TABLE ... AS SELECT ... with an alias.");
    }
    for (uint32_t i = 0; i < change->properties.constraint_count; i++)
        if (change->properties.constraints[i].kind == 'c')
            return fault_set(change->fault, FAULT_FEATURE_NOT_SUPPORTED,
                             "a column of a table that has CHECK constraints cannot be renamed");
    change->columns[at].name = to;
    return put_column(change, &change->columns[at]);
}

static bool retype_column(Change *change, const TableColumn *given)
{
    int at = find_column(change, given->name);
    if (at < 0)
        return no_column(change, given->name);
    if (change->has_segments)
        return fault_set(change->fault, FAULT_FEATURE_NOT_SUPPORTED,
                         "the type of a column that segments have cannot be changed alone");
    change->columns[at].type_oid = given->type_oid;
    change->columns[at].type_modifier = given->type_modifier;
    return put_column(change, &change->columns[at]);
}

static bool alter_column(Change *change, const TableColumn *given)
{
    int at = find_column(change, given->name);
    if (at < 0)
        return no_column(change, given->name);
    change->columns[at].not_null = given->not_null;
    change->columns[at].default_text = given->default_text;
    change->columns[at].identity = given->identity;
    change->columns[at].is_generated = given->is_generated;
    return true;
}

static int find_constraint(const Change *change, Text name)
{
    for (uint32_t i = 0; i < change->properties.constraint_count; i++)
        if (text_equal(change->properties.constraints[i].name, name))
            return (int)i;
    return -1;
}

static TableColumn *numbered_column(Change *change, int32_t number)
{
    for (uint32_t i = 0; i < change->column_count; i++)
        if (change->columns[i].number == number)
            return &change->columns[i];
    return NULL;
}

static bool add_constraint(Change *change, const TableConstraint *given)
{
    TableProperties *properties = &change->properties;
    uint32_t count = properties->constraint_count;
    if (find_constraint(change, given->name) >= 0)
        return fault_set(change->fault, FAULT_DUPLICATE_OBJECT,
                         "constraint \"%.*s\" for relation \"%.*s\" already exists",
                         TEXT_ARGS(given->name), TEXT_ARGS(table_key_name(change->table->name)));
    for (uint32_t i = 0; i < given->column_count; i++) {
        TableColumn *column = numbered_column(change, given->columns[i]);
        if (column == NULL)
            return fault_set(change->fault, FAULT_UNDEFINED_COLUMN,
                             "a column of constraint \"%.*s\" does not exist",
                             TEXT_ARGS(given->name));
        if (given->kind == 'p')
            column->not_null = true;
    }
    TableConstraint *all = ARENA_ARRAY(change->arena, TableConstraint, (size_t)count + 1);
    for (uint32_t i = 0; i < count; i++)
        all[i] = properties->constraints[i];
    all[count] = *given;
    properties->constraints = all;
    properties->constraint_count = count + 1;
    return true;
}

static bool drop_constraint(Change *change, Text name)
{
    TableProperties *properties = &change->properties;
    int at = find_constraint(change, name);
    if (at < 0)
        return fault_set(change->fault, FAULT_UNDEFINED_OBJECT,
                         "constraint \"%.*s\" of relation \"%.*s\" does not exist",
                         TEXT_ARGS(name), TEXT_ARGS(table_key_name(change->table->name)));
    TableConstraint *kept =
        ARENA_ARRAY(change->arena, TableConstraint, (size_t)properties->constraint_count + 1);
    uint32_t count = 0;
    for (uint32_t i = 0; i < properties->constraint_count; i++)
        if (i != (uint32_t)at)
            kept[count++] = properties->constraints[i];
    properties->constraints = kept;
    properties->constraint_count = count;
    return true;
}

static bool apply(Change *change, const TableChange *one)
{
    switch (one->kind) {
    case TABLE_RENAME: return rename_table(change, one->to);
    case TABLE_ADD_COLUMN: return add_column(change, &one->column);
    case TABLE_DROP_COLUMN: return drop_column(change, one->column.name);
    case TABLE_RENAME_COLUMN: return rename_column(change, one->column.name, one->to);
    case TABLE_ALTER_COLUMN: return alter_column(change, &one->column);
    case TABLE_ALTER_SEQUENCE: change->properties.sequence = one->sequence; return true;
    case TABLE_RETYPE_COLUMN: return retype_column(change, &one->column);
    case TABLE_ADD_CONSTRAINT: return add_constraint(change, &one->constraint);
    case TABLE_DROP_CONSTRAINT: return drop_constraint(change, one->constraint.name);
    }
    return false;
}

static bool apply_all(Change *change, const TableChange *changes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (!apply(change, &changes[i]))
            return false;
    change->table->properties = properties_text(change->arena, &change->properties, change->columns,
                                                change->column_count);
    return meta_update_table(change->store->meta, change->table, change->fault);
}

bool table_alter(TableStore *store, Text key, const TableChange *changes, uint32_t count,
                 int64_t lock_timeout, Fault *fault)
{
    return table_alter_locked(store, key, changes, count, 0, lock_timeout, fault);
}

bool table_alter_locked(TableStore *store, Text key, const TableChange *changes, uint32_t count,
                        int64_t lock, int64_t lock_timeout, Fault *fault)
{
    TableInterval everything = TABLE_ETERNITY;
    if (!table_lock_begin_write(store, key, &everything, 1, true, lock, lock_timeout, fault))
        return false;
    Arena *arena = arena_new("alter table");
    Change change = {.store = store, .arena = arena, .fault = fault};
    bool ok = load(&change, key) && apply_all(&change, changes, count);
    arena_free(arena);
    return finish(store, ok, fault);
}

/* --- emptying and dropping --- */

static bool retire_segments(TableStore *store, uint32_t oid, Arena *arena, uint32_t *retired,
                            Fault *fault)
{
    MetaSegment *segments;
    uint32_t count;
    int64_t now = os_now_micros();
    if (!meta_segments(store->meta, oid, META_USED | META_TOMBSTONES, arena, &segments, &count, fault))
        return false;
    if (retired != NULL)
        *retired = count;
    for (uint32_t i = 0; i < count; i++)
        if (!meta_set_segment_state(store->meta, segments[i].number, META_SEGMENT_UNUSED, now, fault))
            return false;
    return true;
}

static bool truncate_within(TableStore *store, Text key, Arena *arena, Fault *fault)
{
    Change change = {.store = store, .arena = arena, .fault = fault};
    if (!load(&change, key) || !retire_segments(store, change.table->oid, arena, NULL, fault))
        return false;
    change.properties.dropped_count = 0; /* nothing has them any more */
    change.table->properties =
        properties_text(arena, &change.properties, change.columns, change.column_count);
    return meta_update_table(store->meta, change.table, fault);
}

bool table_alter_emptied(TableStore *store, Text key, const TableChange *changes, uint32_t count,
                         Arena *arena, uint32_t *retired, Fault *fault)
{
    Change change = {.store = store, .arena = arena, .fault = fault};
    if (!load(&change, key) || !retire_segments(store, change.table->oid, arena, retired, fault))
        return false;
    change.has_segments = false;
    change.properties.dropped_count = 0; /* nothing has them any more */
    return apply_all(&change, changes, count);
}

bool table_truncate(TableStore *store, Text key, int64_t lock_timeout, Fault *fault)
{
    TableInterval everything = TABLE_ETERNITY;
    if (!table_lock_begin_write(store, key, &everything, 1, true, 0, lock_timeout, fault))
        return false;
    Arena *arena = arena_new("truncate");
    bool ok = truncate_within(store, key, arena, fault);
    arena_free(arena);
    return finish(store, ok, fault);
}

/* Every row whose schema begins with `prefix`, or is it. */
static bool drop_matching(TableStore *store, Text prefix, bool is_whole, Arena *arena, Fault *fault)
{
    MetaTable *tables;
    uint32_t count;
    if (!meta_tables(store->meta, arena, &tables, &count, fault))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        Text schema = table_key_schema(tables[i].name);
        bool matches = schema.length >= prefix.length &&
                       memcmp(schema.data, prefix.data, prefix.length) == 0 &&
                       (!is_whole || schema.length == prefix.length);
        if (!matches)
            continue;
        if (!retire_segments(store, tables[i].oid, arena, NULL, fault) ||
            !meta_remove_table(store->meta, tables[i].oid, fault))
            return false;
    }
    return true;
}

static bool drop_all(TableStore *store, Text prefix, bool is_whole, Fault *fault)
{
    if (!meta_begin(store->meta, true, fault))
        return false;
    Arena *arena = arena_new("drop schema");
    bool ok = drop_matching(store, prefix, is_whole, arena, fault);
    arena_free(arena);
    return finish(store, ok, fault);
}

bool table_drop_schema(TableStore *store, Text schema, Fault *fault)
{
    return drop_all(store, schema, true, fault);
}

bool table_drop_temporary(TableStore *store, Fault *fault)
{
    return drop_all(store, text_of(TABLE_TEMPORARY_PREFIX), false, fault);
}

/* --- values --- */

bool table_get_value(TableStore *store, Text name, Arena *arena, Text *value, Fault *fault)
{
    bool found;
    if (!meta_get_value(store->meta, name, arena, value, &found, fault))
        return false;
    if (!found)
        *value = TEXT_LITERAL("");
    return true;
}

bool table_put_value(TableStore *store, Text name, Text value, Fault *fault)
{
    if (!meta_begin(store->meta, true, fault))
        return false;
    if (!meta_put_value(store->meta, name, value, fault)) {
        meta_rollback(store->meta);
        return false;
    }
    return meta_commit(store->meta, fault);
}
