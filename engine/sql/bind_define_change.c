/*
 * What changes or ends something that is there: DROP, TRUNCATE, DELETE of everything, ALTER,
 * RENAME.
 */
#include "engine/sql/bind_define_internal.h"

#include <strings.h>

/* --- what is there --- */

static DefinitionTarget target_of(const Table *table)
{
    return (DefinitionTarget){.key = table->key,
                              .name = table->name,
                              .oid = table->oid,
                              .kind = table->parsed.kind,
                              .is_materialized = table_is_materialized(&table->parsed),
                              .rows = table->rows};
}

static bool is_missing(const Fault *fault)
{
    return fault->code == FAULT_UNDEFINED_TABLE || fault->code == FAULT_INVALID_SCHEMA_NAME;
}

bool define_check_owner(Definer *definer, const DefinitionTarget *target)
{
    AccessTarget object = {
        .kind = target->kind == TABLE_SCHEMA ? ACCESS_ON_SCHEMA : ACCESS_ON_TABLE,
        .oid = target->oid,
        .name = target->name,
        .is_view = target->kind == TABLE_VIEW};
    return access_check_owner(definer->binder->context->user, &object, definer->binder->fault);
}

/* A table or view by its name; *found false: it is not there and need not be. `what` for messages. */
bool define_find_relation(Definer *definer, const SchemaName *schema, SchemaName name,
                          int32_t location, bool missing_ok, const char *what,
                          DefinitionTarget *target, bool *found)
{
    Binder *binder = definer->binder;
    const Relation *relation =
        schema_resolve(binder->arena, binder->context->tables, schema, name,
                       text_of(define_path(binder)), location, binder->fault);
    *found = relation != NULL;
    if (relation == NULL) {
        if (!is_missing(binder->fault))
            return false;
        if (missing_ok) {
            bool is_schema = binder->fault->code == FAULT_INVALID_SCHEMA_NAME;
            fault_clear(binder->fault);
            Text shown = is_schema ? schema->text : text_of(schema_fold(binder->arena, name.text).data);
            define_notice(definer,
                   arena_printf(binder->arena, "%s \"%.*s\" does not exist, skipping",
                                is_schema ? "schema" : what,
                                TEXT_ARGS(name.is_quoted && !is_schema ? name.text : shown)));
            return true;
        }
        if (binder->fault->code == FAULT_UNDEFINED_TABLE && strcmp(what, "relation") != 0)
            return bind_fault(binder, -1, FAULT_UNDEFINED_TABLE, "%s \"%.*s\" does not exist", what,
                              TEXT_ARGS(name.text));
        return false;
    }
    if (relation->kind != RELATION_TABLE)
        return fault_set(binder->fault, FAULT_INSUFFICIENT_PRIVILEGE,
                         "permission denied: \"%.*s\" is a system catalog", TEXT_ARGS(relation->name));
    *target = target_of(relation->table);
    return true;
}

static bool find_range(Definer *definer, const PgQuery__RangeVar *range, bool missing_ok,
                       const char *what, DefinitionTarget *target, bool *found)
{
    SchemaName schema = name_read(range->schemaname);
    return define_find_relation(definer, schema.text.length > 0 ? &schema : NULL, name_read(range->relname),
                         bind_location(definer->binder, range->location), missing_ok, what, target,
                         found);
}

static const char *kind_word(TableKind kind, bool is_materialized)
{
    return is_materialized          ? "materialized view"
           : kind == TABLE_VIEW     ? "view"
           : kind == TABLE_SEQUENCE ? "sequence"
                                    : "table";
}

static bool check_kind(Definer *definer, const DefinitionTarget *target, TableKind wanted,
                       bool is_materialized)
{
    Binder *binder = definer->binder;
    if (target->kind == wanted && target->is_materialized == is_materialized)
        return true;
    fault_set(binder->fault, FAULT_WRONG_OBJECT_TYPE, "\"%.*s\" is not a %s", TEXT_ARGS(target->name),
              kind_word(wanted, is_materialized));
    if (target->kind == TABLE_SEQUENCE)
        return fault_hint(binder->fault, "Use DROP SEQUENCE to remove a sequence.");
    if (target->kind == TABLE_VIEW)
        return fault_hint(binder->fault, "Use DROP VIEW to remove a view.");
    if (target->is_materialized)
        return fault_hint(binder->fault,
                          "Use DROP MATERIALIZED VIEW to remove a materialized view.");
    return fault_hint(binder->fault, "Use DROP TABLE to remove a table.");
}

/* --- DROP --- */

bool define_find_schema(Definer *definer, SchemaName name, bool missing_ok, DefinitionTarget *target,
                        bool *found)
{
    Binder *binder = definer->binder;
    const SchemaInfo *schema =
        schema_find_all(binder->arena, binder->context->tables, name.text, name.is_quoted);
    *found = schema != NULL;
    if (schema == NULL && missing_ok) {
        define_notice(definer, arena_printf(binder->arena, "schema \"%.*s\" does not exist, skipping",
                                     TEXT_ARGS(name.text)));
        return true;
    }
    if (schema == NULL)
        return define_no_schema(binder, name.text, -1);
    const TableSnapshot *tables = binder->context->tables;
    for (uint32_t i = 0; i < tables->schema_count; i++) {
        if (tables->schemas[i]->oid != schema->oid)
            continue;
        *target = target_of(tables->schemas[i]);
        return true;
    }
    return fault_set(binder->fault, FAULT_DEPENDENT_OBJECTS_STILL_EXIST,
                     "cannot drop schema %s because it is required by the database system", schema->name);
}

static bool find_dropped(Definer *definer, const PgQuery__DropStmt *drop, const PgQuery__Node *object,
                         DefinitionTarget *target, bool *found)
{
    Binder *binder = definer->binder;
    if (drop->remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA)
        return define_find_schema(definer, name_read(object->string->sval), drop->missing_ok, target, found);
    TableKind wanted = drop->remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_VIEW       ? TABLE_VIEW
                       : drop->remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE ? TABLE_SEQUENCE
                                                                                     : TABLE_STORED;
    bool is_materialized = drop->remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW;
    const PgQuery__List *list = object->list;
    if (list->n_items == 0 || list->n_items > 3)
        return fault_set(binder->fault, FAULT_SYNTAX_ERROR,
                         "improper relation name (too many dotted names)");
    SchemaName name = name_read(list->items[list->n_items - 1]->string->sval), schema;
    if (list->n_items > 1)
        schema = name_read(list->items[list->n_items - 2]->string->sval);
    if (!define_find_relation(definer, list->n_items > 1 ? &schema : NULL, name, -1, drop->missing_ok,
                       kind_word(wanted, is_materialized), target, found))
        return false;
    return !*found || check_kind(definer, target, wanted, is_materialized);
}

bool define_drop(Definer *definer, const PgQuery__DropStmt *drop)
{
    Definition *definition = definer->definition;
    DefinitionTarget *targets =
        ARENA_ARRAY(definer->binder->arena, DefinitionTarget, drop->n_objects + 1);
    definition->kind = DEFINE_DROP;
    definition->cascades = drop->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE;
    for (size_t i = 0; i < drop->n_objects; i++) {
        bool found;
        DefinitionTarget *target = &targets[definition->target_count];
        if (!find_dropped(definer, drop, drop->objects[i], target, &found) ||
            (found && !define_check_owner(definer, target)))
            return false;
        definition->target_count += found;
    }
    definition->targets = targets;
    return true;
}

/* --- TRUNCATE, DELETE of everything --- */

static bool one_target(Definer *definer, const PgQuery__RangeVar *range, const char *what,
                       bool missing_ok, bool *found)
{
    DefinitionTarget *target = ARENA_NEW(definer->binder->arena, DefinitionTarget);
    if (!find_range(definer, range, missing_ok, what, target, found))
        return false;
    definer->definition->targets = target;
    definer->definition->target_count = *found;
    return true;
}

static bool check_right(Definer *definer, const DefinitionTarget *target, uint32_t right)
{
    AccessTarget object = {.kind = ACCESS_ON_TABLE, .oid = target->oid, .name = target->name};
    return access_check(definer->binder->context->user, &object, right, definer->binder->fault);
}

bool define_truncate(Definer *definer, const PgQuery__TruncateStmt *truncate)
{
    Definition *definition = definer->definition;
    DefinitionTarget *targets =
        ARENA_ARRAY(definer->binder->arena, DefinitionTarget, truncate->n_relations + 1);
    definition->kind = DEFINE_TRUNCATE;
    definition->restarts = truncate->restart_seqs;
    for (size_t i = 0; i < truncate->n_relations; i++) {
        bool found;
        if (!find_range(definer, truncate->relations[i]->range_var, false, "relation", &targets[i],
                        &found) ||
            !check_kind(definer, &targets[i], TABLE_STORED, false) ||
            !check_right(definer, &targets[i], ACCESS_TRUNCATE))
            return false;
    }
    definition->targets = targets;
    definition->target_count = (uint32_t)truncate->n_relations;
    return true;
}

bool define_delete_all(Definer *definer, const PgQuery__DeleteStmt *statement)
{
    bool found;
    definer->definition->kind = DEFINE_TRUNCATE;
    definer->definition->deletes = true;
    if (!one_target(definer, statement->relation, "relation", false, &found))
        return false;
    const DefinitionTarget *target = definer->definition->targets;
    if (target->is_materialized)
        return fault_set(definer->binder->fault, FAULT_WRONG_OBJECT_TYPE,
                         "cannot change materialized view \"%.*s\"", TEXT_ARGS(target->name));
    return check_kind(definer, target, TABLE_STORED, false) &&
           check_right(definer, definer->definition->targets, ACCESS_DELETE);
}

/* --- ALTER TABLE, RENAME --- */

static const Table *target_table(const Definer *definer)
{
    return table_by_oid(definer->binder->context->tables, definer->definition->targets[0].oid);
}

/* The column as the table has it; NULL: 42703. */
const TableColumn *define_existing_column(Definer *definer, const char *marked)
{
    Binder *binder = definer->binder;
    const Table *table = target_table(definer);
    const Relation *relation =
        schema_relation_by_oid(binder->arena, binder->context->tables, table->oid);
    int found = schema_match_column(relation, name_read(marked));
    if (found >= 0)
        return &table->columns[found];
    fault_set(binder->fault, FAULT_UNDEFINED_COLUMN, "column \"%s\" of relation \"%.*s\" does not exist",
              name_plain(marked), TEXT_ARGS(table->name));
    return NULL;
}

static bool has_segments(const Table *table)
{
    return table->segment_count + table->hidden_count > 0;
}

static bool alter_add(Definer *definer, const PgQuery__AlterTableCmd *command, TableChange *change,
                      bool *skips)
{
    Binder *binder = definer->binder;
    const Table *table = target_table(definer);
    uint32_t sequences = definer->definition->sequence_count;
    change->kind = TABLE_ADD_COLUMN;
    change->column = (TableColumn){.type_modifier = -1};
    if (!define_column(definer, command->def->column_def, &change->column))
        return false;
    if (table_find_column(table, change->column.name) >= 0 && command->missing_ok) {
        *skips = true;
        definer->definition->sequence_count = sequences;
        define_notice_code(definer, FAULT_DUPLICATE_COLUMN,
                    arena_printf(binder->arena,
                                     "column \"%.*s\" of relation \"%.*s\" already exists, skipping",
                                     TEXT_ARGS(change->column.name), TEXT_ARGS(table->name)));
        return true;
    }
    bool has_values = change->column.default_text.length > 0 ||
                      definer->definition->sequence_count > sequences;
    definer->definition->rewrites = definer->definition->rewrites || has_values;
    if (table->rows > 0 && change->column.not_null && !has_values)
        return fault_set(binder->fault, FAULT_NOT_NULL_VIOLATION,
                         "column \"%.*s\" of relation \"%.*s\" contains null values",
                         TEXT_ARGS(change->column.name), TEXT_ARGS(table->name));
    return true;
}

static bool alter_drop(Definer *definer, const PgQuery__AlterTableCmd *command, TableChange *change,
                       bool *skips)
{
    Binder *binder = definer->binder;
    const TableColumn *column = define_existing_column(definer, command->name);
    change->kind = TABLE_DROP_COLUMN;
    if (column != NULL) {
        change->column.name = column->name;
        return true;
    }
    if (!command->missing_ok)
        return false;
    fault_clear(binder->fault);
    *skips = true;
    define_notice(definer, arena_printf(binder->arena,
                                 "column \"%s\" of relation \"%.*s\" does not exist, skipping",
                                 name_plain(command->name), TEXT_ARGS(target_table(definer)->name)));
    return true;
}

static bool has_nulls(const Table *table, const TableColumn *column)
{
    return table->statistics[column - table->columns].null_count > 0;
}

/* What the statement's changes before this one have made of the column. */
static void take_changes(const Definer *definer, TableColumn *column)
{
    const Definition *definition = definer->definition;
    for (uint32_t i = 0; i < definition->change_count; i++) {
        const TableChange *one = &definition->changes[i];
        if (!text_equal(one->column.name, column->name))
            continue;
        if (one->kind == TABLE_RETYPE_COLUMN) {
            column->type_oid = one->column.type_oid;
            column->type_modifier = one->column.type_modifier;
        } else if (one->kind == TABLE_ALTER_COLUMN) {
            *column = one->column;
        }
    }
}

static bool alter_column(Definer *definer, const PgQuery__AlterTableCmd *command, TableChange *change)
{
    const TableColumn *column = define_existing_column(definer, command->name);
    if (column == NULL)
        return false;
    change->kind = TABLE_ALTER_COLUMN;
    change->column = *column;
    take_changes(definer, &change->column);
    switch (command->subtype) {
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropNotNull:
        change->column.not_null = false;
        return true;
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetNotNull:
        change->column.not_null = true;
        return !has_nulls(target_table(definer), column) ||
               fault_set(definer->binder->fault, FAULT_NOT_NULL_VIOLATION,
                         "column \"%.*s\" of relation \"%.*s\" contains null values",
                         TEXT_ARGS(column->name), TEXT_ARGS(target_table(definer)->name));
    default:
        change->column.default_text = TEXT_LITERAL("");
        return command->def == NULL || define_set_default(definer, &change->column, command->def);
    }
}

/* A view of the table, NULL when there is none. */
static const Table *find_view(const Definer *definer, uint32_t oid)
{
    const TableSnapshot *tables = definer->binder->context->tables;
    for (uint32_t i = 0; i < tables->table_count; i++)
        for (uint32_t k = 0; k < tables->tables[i]->parsed.used_count; k++)
            if (tables->tables[i]->parsed.used[k] == oid)
                return tables->tables[i];
    return NULL;
}

/* Which columns a view reads is not known: any of the table may be one. */
static bool alter_type(Definer *definer, const PgQuery__AlterTableCmd *command, TableChange *change)
{
    Binder *binder = definer->binder;
    const TableColumn *column = define_existing_column(definer, command->name);
    if (column == NULL)
        return false;
    if (text_equal_string(column->name, "__time"))
        return define_refuse(definer, -1, NULL, "the type of column \"__time\" cannot be changed");
    const Table *view = find_view(definer, target_table(definer)->oid);
    if (view != NULL) {
        define_refuse(definer, -1, NULL, "cannot alter type of a column used by a view or rule");
        return fault_detail(binder->fault, "rule _RETURN on %s %.*s depends on column \"%.*s\"",
                            kind_word(view->parsed.kind, table_is_materialized(&view->parsed)),
                            TEXT_ARGS(view->name), TEXT_ARGS(column->name));
    }
    change->kind = TABLE_RETYPE_COLUMN;
    change->column = *column;
    definer->definition->rewrites = true;
    return define_column_type(definer, command->def->column_def, &change->column);
}

/* The table as the definer of CREATE TABLE would have it, for constraints to be bound in. */
static bool take_table(Definer *definer)
{
    const Table *table = target_table(definer);
    if (definer->columns != NULL)
        return true;
    if (table->parsed.constraint_count > DEFINER_MAX_CONSTRAINTS)
        return define_refuse(definer, -1, NULL, "more than %d constraints are not supported",
                             DEFINER_MAX_CONSTRAINTS);
    definer->definition->table.key = table->key;
    for (uint32_t i = 0; i < table->column_count; i++)
        *define_add_column(definer) = table->columns[i];
    for (uint32_t i = 0; i < table->parsed.constraint_count; i++)
        definer->constraints[definer->constraint_count++] = table->parsed.constraints[i];
    return true;
}

static bool has_new_columns(const Definition *definition)
{
    for (uint32_t i = 0; i < definition->change_count; i++)
        if (definition->changes[i].kind == TABLE_ADD_COLUMN)
            return true;
    return false;
}

static bool refuse_mixture(Definer *definer)
{
    return define_refuse(definer, -1, "Use two statements.",
                         "adding or dropping constraints together with new columns or types is not supported");
}

/* Primary keys have no nulls in the rows that are there. */
static bool check_key_nulls(Definer *definer, const TableConstraint *constraint)
{
    const Table *table = target_table(definer);
    for (uint32_t i = 0; constraint->kind == 'p' && i < constraint->column_count; i++) {
        const TableColumn *column = &table->columns[constraint->columns[i] - 1];
        if (has_nulls(table, column))
            return fault_set(definer->binder->fault, FAULT_NOT_NULL_VIOLATION,
                             "column \"%.*s\" of relation \"%.*s\" contains null values",
                             TEXT_ARGS(column->name), TEXT_ARGS(table->name));
    }
    return true;
}

static bool alter_add_constraint(Definer *definer, const PgQuery__AlterTableCmd *command,
                                 TableChange *change, bool *skips)
{
    const PgQuery__Constraint *constraint = command->def->constraint;
    bool is_foreign = constraint->contype == PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN;
    if (!is_foreign && constraint->skip_validation)
        return define_refuse(definer, -1, NULL, "NOT VALID is not supported");
    if (constraint->indexname[0] != '\0')
        return define_refuse(definer, -1, NULL, "constraints USING INDEX are not supported");
    if (!is_foreign && has_new_columns(definer->definition))
        return refuse_mixture(definer);
    if (!take_table(definer))
        return false;
    uint32_t count = definer->constraint_count;
    if (!define_table_constraint(definer, constraint))
        return false;
    *skips = definer->constraint_count == count;
    if (*skips)
        return true;
    TableConstraint *made = &definer->constraints[count];
    if (!check_key_nulls(definer, made))
        return false;
    int32_t *numbers = ARENA_ARRAY(definer->binder->arena, int32_t, (size_t)made->column_count + 1);
    for (uint32_t i = 0; i < made->column_count; i++)
        numbers[i] = target_table(definer)->columns[made->columns[i] - 1].number;
    change->kind = TABLE_ADD_CONSTRAINT;
    change->constraint = *made;
    change->constraint.columns = numbers;
    definer->definition->adds_constraints = true;
    return true;
}

static bool alter_drop_constraint(Definer *definer, const PgQuery__AlterTableCmd *command,
                                  TableChange *change, bool *skips)
{
    Binder *binder = definer->binder;
    Text name = define_new_name(binder, command->name), table = target_table(definer)->name;
    if (!take_table(definer))
        return false;
    for (uint32_t i = 0; i < definer->constraint_count; i++) {
        if (!text_equal(definer->constraints[i].name, name) || definer->constraints[i].is_index)
            continue;
        change->kind = TABLE_DROP_CONSTRAINT;
        change->constraint.name = definer->constraints[i].name;
        definer->constraints[i] = definer->constraints[--definer->constraint_count];
        return true;
    }
    *skips = command->missing_ok;
    if (!command->missing_ok)
        return fault_set(binder->fault, FAULT_UNDEFINED_OBJECT,
                         "constraint \"%.*s\" of relation \"%.*s\" does not exist",
                         TEXT_ARGS(name), TEXT_ARGS(table));
    define_notice(definer, arena_printf(binder->arena,
                                        "constraint \"%.*s\" of relation \"%.*s\" does not exist, skipping",
                                        TEXT_ARGS(name), TEXT_ARGS(table)));
    return true;
}

static bool alter_one(Definer *definer, const PgQuery__AlterTableCmd *command, TableChange *change,
                      bool *skips)
{
    switch (command->subtype) {
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AddColumn:
        return alter_add(definer, command, change, skips);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropColumn:
        return alter_drop(definer, command, change, skips);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropNotNull:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetNotNull:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_ColumnDefault:
        return alter_column(definer, command, change);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AlterColumnType:
        return alter_type(definer, command, change);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AddConstraint:
        return alter_add_constraint(definer, command, change, skips);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropConstraint:
        return alter_drop_constraint(definer, command, change, skips);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetStatistics:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetStorage:
        *skips = true;
        return true;
    default:
        return define_refuse(definer, -1, NULL, "this form of ALTER TABLE is not supported");
    }
}

bool define_alter(Definer *definer, const PgQuery__AlterTableStmt *alter)
{
    Definition *definition = definer->definition;
    bool found;
    definition->kind = DEFINE_ALTER;
    if (!one_target(definer, alter->relation, "relation", alter->missing_ok, &found))
        return false;
    if (!found)
        return true;
    if (!check_kind(definer, definition->targets, TABLE_STORED, false) ||
        !define_check_owner(definer, definition->targets))
        return false;
    TableChange *changes = arena_zalloc(definer->binder->arena, (alter->n_cmds + 1) * sizeof *changes);
    uint32_t *commands = ARENA_ARRAY(definer->binder->arena, uint32_t, alter->n_cmds + 1);
    definition->changes = changes;
    definition->commands = commands;
    definition->table.key = definition->targets[0].key; /* sequences and constraints are named by it */
    for (size_t i = 0; i < alter->n_cmds; i++) {
        bool skips = false;
        if (!alter_one(definer, alter->cmds[i]->alter_table_cmd, &changes[definition->change_count],
                       &skips))
            return false;
        commands[definition->change_count] = (uint32_t)i;
        definition->change_count += !skips;
    }
    if (definition->rewrites || has_new_columns(definition))
        for (uint32_t i = 0; i < definition->change_count; i++)
            if (changes[i].kind == TABLE_ADD_CONSTRAINT || changes[i].kind == TABLE_DROP_CONSTRAINT)
                return refuse_mixture(definer);
    return true;
}

/* --- indexes --- */

static bool is_enforced(const PgQuery__IndexStmt *index)
{
    bool is = index->unique && index->where_clause == NULL && !index->nulls_not_distinct;
    for (size_t i = 0; i < index->n_index_params; i++)
        is = is && index->index_params[i]->index_elem->expr == NULL;
    return is;
}

/* A table, or a key of one, has the name in the table's schema. */
static bool is_relation(const Definer *definer, Text name)
{
    const TableSnapshot *tables = definer->binder->context->tables;
    Text schema = target_table(definer)->schema;
    for (uint32_t i = 0; i < tables->table_count; i++) {
        const Table *table = tables->tables[i];
        if (!text_equal(table->schema, schema))
            continue;
        if (text_equal(table->name, name))
            return true;
        for (uint32_t k = 0; k < table->parsed.constraint_count; k++)
            if (table->parsed.constraints[k].kind != 'c' &&
                text_equal(table->parsed.constraints[k].name, name))
                return true;
    }
    return false;
}

/* t_a_b_idx, with a number when the name is taken. */
static Text index_name(Definer *definer, const PgQuery__IndexStmt *index)
{
    Arena *arena = definer->binder->arena;
    const char *base = arena_printf(arena, "%.*s", TEXT_ARGS(target_table(definer)->name));
    for (size_t i = 0; i < index->n_index_params; i++) {
        Text name = define_new_name(definer->binder, index->index_params[i]->index_elem->name);
        base = arena_printf(arena, "%s_%.*s", base, TEXT_ARGS(name));
    }
    Text name = text_of(arena_printf(arena, "%s_idx", base));
    for (uint32_t number = 1; is_relation(definer, name); number++)
        name = text_of(arena_printf(arena, "%s_idx%u", base, number));
    return name;
}

static bool read_index(Definer *definer, const PgQuery__IndexStmt *index, TableConstraint *made)
{
    Binder *binder = definer->binder;
    int32_t *numbers = ARENA_ARRAY(binder->arena, int32_t, index->n_index_params + 1);
    for (size_t i = 0; i < index->n_index_params; i++) {
        Text name = define_new_name(binder, index->index_params[i]->index_elem->name);
        int at = table_find_column(target_table(definer), name);
        if (at < 0)
            return fault_set(binder->fault, FAULT_UNDEFINED_COLUMN,
                             "column \"%.*s\" does not exist", TEXT_ARGS(name));
        const TableColumn *column = &target_table(definer)->columns[at];
        const TypeInfo *info = type_info(column->type_oid);
        if (info != NULL && !info->is_comparable)
            return define_refuse(definer, -1, NULL, "a key of type %s is not supported",
                                 info->sql_name);
        numbers[i] = column->number;
    }
    made->columns = numbers;
    made->column_count = (uint32_t)index->n_index_params;
    return true;
}

bool define_index(Definer *definer, const PgQuery__IndexStmt *index)
{
    Binder *binder = definer->binder;
    Definition *definition = definer->definition;
    TableConstraint made = {.kind = 'u', .is_index = true};
    bool found;
    definition->kind = DEFINE_NOTHING;
    if (!is_enforced(index)) {
        define_notice(definer, DEFINE_INDEX_NOTICE);
        return true;
    }
    if (!one_target(definer, index->relation, "relation", false, &found))
        return false;
    if (definition->targets->is_materialized) {
        define_notice(definer, DEFINE_INDEX_NOTICE);
        return true;
    }
    if (!check_kind(definer, definition->targets, TABLE_STORED, false) ||
        !define_check_owner(definer, definition->targets) || !read_index(definer, index, &made))
        return false;
    made.name = index->idxname[0] == '\0' ? index_name(definer, index)
                                          : define_new_name(binder, index->idxname);
    if (is_relation(definer, made.name)) {
        if (!index->if_not_exists)
            return fault_set(binder->fault, FAULT_DUPLICATE_TABLE,
                             "relation \"%.*s\" already exists", TEXT_ARGS(made.name));
        define_notice_code(definer, FAULT_DUPLICATE_TABLE,
                           arena_printf(binder->arena, "relation \"%.*s\" already exists, skipping",
                                        TEXT_ARGS(made.name)));
        return true;
    }
    if (target_table(definer)->parsed.constraint_count >= DEFINER_MAX_CONSTRAINTS)
        return define_refuse(definer, -1, NULL, "more than %d constraints are not supported",
                             DEFINER_MAX_CONSTRAINTS);
    TableChange *change = arena_zalloc(binder->arena, sizeof *change);
    change->kind = TABLE_ADD_CONSTRAINT;
    change->constraint = made;
    definition->kind = DEFINE_ALTER;
    definition->changes = change;
    definition->change_count = 1;
    definition->adds_constraints = true;
    return true;
}

static const TableConstraint *find_key(const Table *table, Text name)
{
    for (uint32_t i = 0; i < table->parsed.constraint_count; i++)
        if (table->parsed.constraints[i].kind != 'c' &&
            text_equal(table->parsed.constraints[i].name, name))
            return &table->parsed.constraints[i];
    return NULL;
}

/* The table that has the key, in the schema or in the first of the path that has such a key. */
static const Table *table_of_key(Definer *definer, const SchemaName *schema, Text name)
{
    enum { MOST = 64 };
    Binder *binder = definer->binder;
    const TableSnapshot *tables = binder->context->tables;
    const SchemaInfo *path[MOST];
    uint32_t count = schema != NULL ? 1
                                    : schema_path(binder->arena, tables, text_of(define_path(binder)),
                                                  false, path, MOST);
    for (uint32_t i = 0; i < count; i++) {
        Text where = schema != NULL ? schema->text : text_of(path[i]->name);
        for (uint32_t k = 0; k < tables->table_count; k++)
            if (text_equal(tables->tables[k]->schema, where) && find_key(tables->tables[k], name))
                return tables->tables[k];
    }
    return NULL;
}

bool define_drop_index(Definer *definer, const SchemaName *schema, SchemaName name, bool *found)
{
    Binder *binder = definer->binder;
    Definition *definition = definer->definition;
    const Table *table = table_of_key(definer, schema, name.text);
    *found = table != NULL;
    if (table == NULL)
        return true;
    const TableConstraint *key = find_key(table, name.text);
    if (!key->is_index) {
        fault_set(binder->fault, FAULT_DEPENDENT_OBJECTS_STILL_EXIST,
                  "cannot drop index %.*s because constraint %.*s on table %.*s requires it",
                  TEXT_ARGS(key->name), TEXT_ARGS(key->name), TEXT_ARGS(table->name));
        return fault_hint(binder->fault, "You can drop constraint %.*s on table %.*s instead.",
                          TEXT_ARGS(key->name), TEXT_ARGS(table->name));
    }
    DefinitionTarget *target = ARENA_NEW(binder->arena, DefinitionTarget);
    *target = (DefinitionTarget){
        .key = table->key, .name = table->name, .oid = table->oid, .kind = TABLE_STORED};
    if (!define_check_owner(definer, target))
        return false;
    TableChange *change = arena_zalloc(binder->arena, sizeof *change);
    change->kind = TABLE_DROP_CONSTRAINT;
    change->constraint.name = key->name;
    definition->kind = DEFINE_ALTER;
    definition->targets = target;
    definition->target_count = 1;
    definition->changes = change;
    definition->change_count = 1;
    return true;
}

/* What is kept as the text of an expression or a query names columns by their old names. */
static bool check_rename(Definer *definer, const TableColumn *column, Text to)
{
    const Table *table = target_table(definer);
    if (text_equal_string(column->name, "__time") || text_equal_string(to, "__time"))
        return define_refuse(definer, -1, NULL, "column \"__time\" cannot be renamed");
    for (uint32_t i = 0; i < table->column_count; i++)
        if (table->columns[i].is_generated)
            return define_refuse(definer, -1, NULL,
                                 "a column of a table that has generated columns cannot be renamed");
    for (uint32_t i = 0; i < table->parsed.constraint_count; i++)
        if (table->parsed.constraints[i].kind == 'c')
            return define_refuse(definer, -1, NULL,
                                 "a column of a table that has CHECK constraints cannot be renamed");
    return find_view(definer, table->oid) == NULL ||
           define_refuse(definer, -1, "Drop the views and make them anew.",
                         "a column of a table that views read cannot be renamed");
}

bool define_rename(Definer *definer, const PgQuery__RenameStmt *rename)
{
    Binder *binder = definer->binder;
    Definition *definition = definer->definition;
    bool found;
    bool is_column = rename->rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_COLUMN;
    definition->kind = DEFINE_ALTER;
    if (!one_target(definer, rename->relation, "relation", rename->missing_ok, &found))
        return false;
    if (!found)
        return true;
    if (!define_check_owner(definer, definition->targets))
        return false;
    TableChange *change = arena_zalloc(binder->arena, sizeof *change);
    Text name = define_new_name(binder, rename->newname);
    if (is_column) {
        const TableColumn *column = define_existing_column(definer, rename->subname);
        if (column == NULL)
            return fault_set(binder->fault, FAULT_UNDEFINED_COLUMN, "column \"%s\" does not exist",
                             name_plain(rename->subname));
        *change = (TableChange){.kind = TABLE_RENAME_COLUMN, .column = *column, .to = name};
        if (!check_rename(definer, column, name))
            return false;
        definition->rewrites = has_segments(target_table(definer));
    } else {
        if (!define_check_new_name(binder, name, -1))
            return false;
        *change = (TableChange){.kind = TABLE_RENAME,
                                .to = table_key(binder->arena, target_table(definer)->schema, name)};
    }
    definition->changes = change;
    definition->change_count = 1;
    return true;
}

bool define_move(Definer *definer, const PgQuery__AlterObjectSchemaStmt *move)
{
    Binder *binder = definer->binder;
    Definition *definition = definer->definition;
    bool found;
    definition->kind = DEFINE_ALTER;
    if (!one_target(definer, move->relation, "relation", move->missing_ok, &found))
        return false;
    if (!found)
        return true;
    SchemaName name = name_read(move->newschema);
    const SchemaInfo *schema =
        schema_find_all(binder->arena, binder->context->tables, name.text, name.is_quoted);
    if (schema == NULL || !schema_holds_tables(schema->oid))
        return define_no_schema(binder, name.text, -1);
    if (!define_check_owner(definer, definition->targets))
        return false;
    TableChange *change = arena_zalloc(binder->arena, sizeof *change);
    *change = (TableChange){.kind = TABLE_RENAME,
                            .to = table_key(binder->arena, text_of(schema->name),
                                            definition->targets[0].name)};
    definition->changes = change;
    definition->change_count = 1;
    return true;
}
