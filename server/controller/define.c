/*
 * CREATE, DROP, ALTER, TRUNCATE, COMMENT ON of relations and schemas; temporary relations and
 * their end. Each statement is one change of the metadata, the published or a block's.
 */
#include "server/controller/controller_internal.h"

#include "base/log/log.h"
#include "engine/sql/definition.h"

enum { LOCK_TIMEOUT_MS = 10000 };

static void notify_code(Request *request, FaultCode code, const char *message)
{
    Fault notice;
    fault_set(&notice, code, "%s", message);
    respond_notice(request, PGWIRE_SEVERITY_NOTICE, &notice);
}

static void notify(Request *request, const char *message)
{
    notify_code(request, FAULT_SUCCESS, message);
}

/* --- temporary relations --- */

bool define_temporary_schema(Request *request, Fault *fault)
{
    uint32_t oid;
    TableDefinition schema = {.properties = {.kind = TABLE_SCHEMA}};
    schema.key = table_key(request->arena, text_of(schema_temporary_name()), TEXT_LITERAL(""));
    carried_note_temporary(request); /* before there is anything to drop */
    if (table_create(request->controller->tables, &schema, false, &oid, fault))
        return true;
    bool is_there = fault->code == FAULT_DUPLICATE_SCHEMA;
    if (is_there)
        fault_clear(fault);
    return is_there;
}

bool define_drop_temporary(Request *request, Fault *fault)
{
    return table_drop_schema(request->controller->tables, text_of(schema_temporary_name()), fault);
}

void define_end_transaction(Request *request)
{
    const TableSnapshot *tables = request->snapshot;
    Text schema = text_of(schema_temporary_name());
    if (!request->carried.has_temporary || tables == NULL)
        return;
    for (uint32_t i = 0; i < tables->table_count; i++) {
        const Table *table = tables->tables[i];
        Fault fault;
        if (table->parsed.drops_at_commit && text_equal(table->schema, schema) &&
            !table_drop(request->controller->tables, table->key, LOCK_TIMEOUT_MS, &fault))
            log_fault(LOG_LEVEL_WARNING, "dropping a temporary table", &fault);
    }
}

/* --- CREATE --- */

/* The sequences of serial and identity columns come before their table, whose defaults name them by
 * their OIDs, so that they may be renamed. */
bool define_make_sequences(Request *request, const Definition *definition, TableColumn *columns,
                           uint32_t count, uint32_t *oids, Fault *fault)
{
    static const TableColumn shown[] = {{.name = TEXT_LITERAL("last_value"), .type_oid = T_INT8, .type_modifier = -1},
                                        {.name = TEXT_LITERAL("log_cnt"), .type_oid = T_INT8, .type_modifier = -1},
                                        {.name = TEXT_LITERAL("is_called"), .type_oid = T_BOOL, .type_modifier = -1}};
    for (uint32_t i = 0; i < definition->sequence_count; i++) {
        const DefinitionSequence *one = &definition->sequences[i];
        TableDefinition sequence = {
            .key = one->key,
            .owner = request->user.roles != NULL ? request->user.role->oid : 0,
            .properties = {.kind = TABLE_SEQUENCE, .sequence = one->sequence},
            .column_count = 3,
            .columns = shown};
        if (!table_create(request->controller->tables, &sequence, false, &oids[i], fault) ||
            !sequence_begin(request, oids[i], fault))
            return false;
        for (uint32_t k = 0; k < count; k++)
            if (text_equal(columns[k].name, one->column))
                columns[k].default_text =
                    text_of(arena_printf(request->arena, "nextval('%u'::regclass)", oids[i]));
    }
    return true;
}

void define_drop_sequences(Request *request, const Definition *definition)
{
    Fault ignored;
    for (uint32_t i = 0; i < definition->sequence_count; i++)
        (void)table_drop(request->controller->tables, definition->sequences[i].key, LOCK_TIMEOUT_MS,
                         &ignored);
}

bool define_own_sequences(Request *request, const Definition *definition,
                          const TableColumn *columns, uint32_t count, uint32_t table, Fault *fault)
{
    for (uint32_t i = 0; i < definition->sequence_count; i++) {
        const DefinitionSequence *one = &definition->sequences[i];
        TableChange change = {.kind = TABLE_ALTER_SEQUENCE, .sequence = one->sequence};
        change.sequence.owner_table = table;
        for (uint32_t k = 0; k < count; k++)
            if (text_equal(columns[k].name, one->column))
                change.sequence.owner_column =
                    columns[k].number > 0 ? columns[k].number : (int32_t)k + 1; /* of a new table */
        if (!table_alter(request->controller->tables, one->key, &change, 1, LOCK_TIMEOUT_MS, fault))
            return false;
    }
    return true;
}

static bool create(Request *request, const Definition *definition, Fault *fault)
{
    uint32_t oid;
    TableDefinition table = definition->table;
    if (definition->exists)
        return true;
    if (definition->is_temporary && !define_temporary_schema(request, fault))
        return false;
    table.owner = request->user.roles != NULL ? request->user.role->oid : 0;
    uint32_t sequences[DEFINITION_MAX_SEQUENCES];
    TableColumn *columns = ARENA_ARRAY(request->arena, TableColumn, table.column_count + 1);
    if (table.column_count > 0)
        memcpy(columns, table.columns, table.column_count * sizeof *columns);
    table.columns = columns;
    if (!define_make_sequences(request, definition, columns, table.column_count, sequences, fault))
        return false;
    if (!table_create(request->controller->tables, &table, definition->replaces, &oid, fault)) {
        define_drop_sequences(request, definition);
        return false;
    }
    if (table.properties.kind == TABLE_SEQUENCE && !sequence_begin(request, oid, fault))
        return false;
    if (!define_own_sequences(request, definition, columns, table.column_count, oid, fault))
        return false;
    /* outside of a block the transaction ends with the statement */
    if (definition->table.properties.drops_at_commit && request->transaction == 'I')
        return table_drop(request->controller->tables, table.key, LOCK_TIMEOUT_MS, fault);
    return true;
}

/* --- DROP --- */

typedef struct Drop {
    Request *request;
    const Definition *definition;
    uint32_t count, capacity;
    const Table **tables; /* everything that goes, dependents too */
} Drop;

static bool is_dropped(const Drop *drop, uint32_t oid)
{
    for (uint32_t i = 0; i < drop->count; i++)
        if (drop->tables[i]->oid == oid)
            return true;
    return false;
}

static void add_dropped(Drop *drop, const Table *table)
{
    if (table == NULL || is_dropped(drop, table->oid))
        return;
    drop->tables[drop->count++] = table;
}

static bool uses(const Table *view, uint32_t oid)
{
    for (uint32_t i = 0; i < view->parsed.used_count; i++)
        if (view->parsed.used[i] == oid)
            return true;
    return false;
}

static const char *kind_word(const Table *table)
{
    return table->parsed.kind == TABLE_VIEW        ? "view"
           : table->parsed.kind == TABLE_SEQUENCE  ? "sequence"
           : table_is_materialized(&table->parsed) ? "materialized view"
                                                   : "table";
}

/* Views over what goes must be asked for with CASCADE. */
static bool add_dependents(Drop *drop, Fault *fault)
{
    const TableSnapshot *tables = drop->request->snapshot;
    uint32_t asked = drop->count;
    for (uint32_t i = 0; i < drop->count; i++) {
        for (uint32_t k = 0; k < tables->table_count; k++) {
            const Table *view = tables->tables[k];
            if (is_dropped(drop, view->oid) || !uses(view, drop->tables[i]->oid))
                continue;
            if (!drop->definition->cascades) {
                const Table *table = drop->tables[i];
                fault_set(fault, FAULT_DEPENDENT_OBJECTS_STILL_EXIST,
                          "cannot drop %s %.*s because other objects depend on it", kind_word(table),
                          TEXT_ARGS(table->name));
                fault_detail(fault, "%s %.*s depends on %s %.*s", kind_word(view),
                             TEXT_ARGS(view->name), kind_word(table), TEXT_ARGS(table->name));
                return fault_hint(fault, "Use DROP ... CASCADE to drop the dependent objects too.");
            }
            add_dropped(drop, view);
        }
    }
    if (drop->count == asked + 1)
        notify(drop->request, arena_printf(drop->request->arena, "drop cascades to %s %.*s",
                                           kind_word(drop->tables[asked]),
                                           TEXT_ARGS(drop->tables[asked]->name)));
    else if (drop->count > asked)
        notify(drop->request, arena_printf(drop->request->arena, "drop cascades to %u other objects",
                                           drop->count - asked));
    return true;
}

/* What a schema holds goes with it; without CASCADE it must hold nothing. */
static bool add_contents(Drop *drop, const DefinitionTarget *schema, Fault *fault)
{
    const TableSnapshot *tables = drop->request->snapshot;
    for (uint32_t i = 0; i < tables->table_count; i++) {
        const Table *table = tables->tables[i];
        if (table->schema_oid != schema->oid)
            continue;
        if (!drop->definition->cascades) {
            fault_set(fault, FAULT_DEPENDENT_OBJECTS_STILL_EXIST,
                      "cannot drop schema %.*s because other objects depend on it",
                      TEXT_ARGS(schema->name));
            fault_detail(fault, "%s %.*s.%.*s depends on schema %.*s", kind_word(table),
                         TEXT_ARGS(table->schema), TEXT_ARGS(table->name), TEXT_ARGS(schema->name));
            return fault_hint(fault, "Use DROP ... CASCADE to drop the dependent objects too.");
        }
        add_dropped(drop, table);
    }
    return true;
}

/* A sequence that a column takes its numbers from goes with the column only. */
static bool check_sequences(Drop *drop, Fault *fault)
{
    const TableSnapshot *tables = drop->request->snapshot;
    for (uint32_t i = 0; i < drop->count; i++) {
        const Table *sequence = drop->tables[i];
        const Table *owner = sequence->parsed.kind != TABLE_SEQUENCE
                                 ? NULL
                                 : table_by_oid(tables, sequence->parsed.sequence.owner_table);
        if (owner == NULL || is_dropped(drop, owner->oid))
            continue;
        const TableColumn *column = NULL;
        for (uint32_t k = 0; k < owner->column_count; k++)
            if (owner->columns[k].number == sequence->parsed.sequence.owner_column)
                column = &owner->columns[k];
        if (column == NULL || column->default_text.length == 0)
            continue;
        if (sequence->parsed.sequence.is_identity) {
            fault_set(fault, FAULT_DEPENDENT_OBJECTS_STILL_EXIST,
                      "cannot drop sequence %.*s because column %.*s of table %.*s requires it",
                      TEXT_ARGS(sequence->name), TEXT_ARGS(column->name), TEXT_ARGS(owner->name));
            return fault_hint(fault, "You can drop column %.*s of table %.*s instead.",
                              TEXT_ARGS(column->name), TEXT_ARGS(owner->name));
        }
        if (!drop->definition->cascades) {
            fault_set(fault, FAULT_DEPENDENT_OBJECTS_STILL_EXIST,
                      "cannot drop sequence %.*s because other objects depend on it",
                      TEXT_ARGS(sequence->name));
            fault_detail(fault, "default value for column %.*s of table %.*s depends on sequence %.*s",
                         TEXT_ARGS(column->name), TEXT_ARGS(owner->name), TEXT_ARGS(sequence->name));
            return fault_hint(fault, "Use DROP ... CASCADE to drop the dependent objects too.");
        }
        TableChange change = {.kind = TABLE_ALTER_COLUMN, .column = *column};
        change.column.default_text = TEXT_LITERAL("");
        notify(drop->request,
               arena_printf(drop->request->arena,
                            "drop cascades to default value for column %.*s of table %.*s",
                            TEXT_ARGS(column->name), TEXT_ARGS(owner->name)));
        if (!table_alter(drop->request->controller->tables, owner->key, &change, 1, LOCK_TIMEOUT_MS,
                         fault))
            return false;
    }
    return true;
}

/* Sequences that belong to columns of a table that goes. */
static void add_owned(Drop *drop, uint32_t table)
{
    const TableSnapshot *tables = drop->request->snapshot;
    for (uint32_t i = 0; i < tables->table_count; i++) {
        const Table *sequence = tables->tables[i];
        if (sequence->parsed.kind == TABLE_SEQUENCE &&
            sequence->parsed.sequence.owner_table == table && !is_dropped(drop, sequence->oid))
            add_dropped(drop, sequence);
    }
}

static bool drop_objects(Request *request, const Definition *definition, Fault *fault)
{
    TableStore *store = request->controller->tables;
    Drop drop = {.request = request, .definition = definition};
    drop.tables = ARENA_ARRAY(request->arena, const Table *, (size_t)request->snapshot->table_count + 1);
    for (uint32_t i = 0; i < definition->target_count; i++) {
        const DefinitionTarget *target = &definition->targets[i];
        if (target->kind != TABLE_SCHEMA)
            add_dropped(&drop, table_by_oid(request->snapshot, target->oid));
        else if (!add_contents(&drop, target, fault))
            return false;
    }
    if (!check_sequences(&drop, fault) || !add_dependents(&drop, fault))
        return false;
    uint32_t asked = drop.count;
    for (uint32_t i = 0; i < asked; i++)
        add_owned(&drop, drop.tables[i]->oid);
    for (uint32_t i = 0; i < drop.count; i++)
        if (!table_drop(store, drop.tables[i]->key, LOCK_TIMEOUT_MS, fault))
            return false;
    for (uint32_t i = 0; i < definition->target_count; i++)
        if (definition->targets[i].kind == TABLE_SCHEMA &&
            !table_drop_schema(store, definition->targets[i].name, fault))
            return false;
    return true;
}

/* --- the others --- */

static bool restart_owned(Request *request, uint32_t table, Fault *fault)
{
    const TableSnapshot *tables = request->snapshot;
    for (uint32_t i = 0; i < tables->table_count; i++) {
        const TableProperties *parsed = &tables->tables[i]->parsed;
        if (parsed->kind == TABLE_SEQUENCE && parsed->sequence.owner_table == table &&
            !sequence_restart(request, tables->tables[i]->oid, parsed->sequence.start, fault))
            return false;
    }
    return true;
}

static bool truncate_tables(Request *request, const Definition *definition, Fault *fault)
{
    for (uint32_t i = 0; i < definition->target_count; i++)
        if (!table_truncate(request->controller->tables, definition->targets[i].key, LOCK_TIMEOUT_MS,
                            fault) ||
            (definition->restarts && !restart_owned(request, definition->targets[i].oid, fault)))
            return false;
    return true;
}

static bool alter(Request *request, const ParsedStatement *statement, Definition *definition,
                  Fault *fault)
{
    if (definition->target_count == 0 || definition->change_count == 0)
        return true;
    if (definition->rewrites)
        return alter_rewrite(request, statement, definition, fault);
    if (definition->adds_constraints)
        return alter_constrain(request, statement, definition, fault);
    if (!table_alter(request->controller->tables, definition->targets[0].key, definition->changes,
                     definition->change_count, LOCK_TIMEOUT_MS, fault))
        return false;
    if (definition->changes[0].kind != TABLE_ALTER_SEQUENCE || !definition->restarts)
        return true;
    return request_refresh_snapshot(request, fault) &&
           sequence_restart(request, definition->targets[0].oid, definition->restart_value, fault);
}

static bool run(Request *request, const ParsedStatement *statement, Definition *definition,
                Fault *fault)
{
    switch (definition->kind) {
    case DEFINE_CREATE: return create(request, definition, fault);
    case DEFINE_DROP: return drop_objects(request, definition, fault);
    case DEFINE_TRUNCATE: return truncate_tables(request, definition, fault);
    case DEFINE_ALTER: return alter(request, statement, definition, fault);
    case DEFINE_COMMENT:
        return table_set_comment(request->controller->tables, definition->targets[0].key,
                                 definition->column, definition->comment, fault);
    case DEFINE_NOTHING: return true;
    }
    return fault_set(fault, FAULT_INTERNAL_ERROR, "definition of an unknown kind");
}

bool define_run(Request *request, const ParsedStatement *statement, Fault *fault)
{
    Definition definition;
    BindContext context = query_context(request, request->text);
    if (request->settings.transaction_read_only && statement->kind == STATEMENT_DEFINE)
        return fault_set(fault, FAULT_READ_ONLY_TRANSACTION,
                         "cannot execute %s in a read-only transaction", statement->tag);
    if (!sql_bind_definition(request->arena, statement, &context, &definition, fault) ||
        !run(request, statement, &definition, fault))
        return false;
    for (uint32_t i = 0; i < definition.notice_count; i++)
        notify_code(request, definition.notice_codes[i], definition.notices[i]);
    const char *tag = statement->tag;
    if (definition.deletes)
        tag = arena_printf(request->arena, "DELETE %llu",
                           (unsigned long long)definition.targets[0].rows);
    respond_complete(request, tag);
    return true;
}
