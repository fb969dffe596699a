/*
 * CREATE TABLE, VIEW, SCHEMA, COMMENT ON: names and types. Columns are bound in
 * bind_define_columns.c, what changes or drops something in bind_define_change.c.
 */
#include "engine/sql/bind_define_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

bool define_refuse(Definer *definer, int32_t location, const char *hint, const char *format, ...)
{
    char message[sizeof definer->binder->fault->message];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    bind_fault(definer->binder, location, FAULT_FEATURE_NOT_SUPPORTED, "%s", message);
    return hint == NULL ? false : fault_hint(definer->binder->fault, "%s", hint);
}

void define_notice_code(Definer *definer, FaultCode code, const char *message)
{
    Definition *definition = definer->definition;
    if (definition->notice_count == DEFINITION_MAX_NOTICES)
        return;
    definition->notice_codes[definition->notice_count] = code;
    definition->notices[definition->notice_count++] = message;
}

void define_notice(Definer *definer, const char *message)
{
    define_notice_code(definer, FAULT_SUCCESS, message);
}

Text define_new_name(Binder *binder, const char *marked)
{
    return text_of(name_made(binder->arena, marked, binder->dialect));
}

const char *define_path(const Binder *binder)
{
    return binder->context->types->settings->search_path;
}

/* --- where something is made --- */

bool define_no_schema(Binder *binder, Text name, int32_t location)
{
    if (name.length == 0)
        return bind_fault(binder, location, FAULT_INVALID_SCHEMA_NAME,
                          "no schema has been selected to create in");
    return bind_fault(binder, location, FAULT_INVALID_SCHEMA_NAME, "schema \"%.*s\" does not exist",
                      TEXT_ARGS(name));
}

static bool names_temporary(const PgQuery__RangeVar *range)
{
    return range->relpersistence[0] == 't' || name_is(range->schemaname, "pg_temp");
}

bool define_check_new_name(Binder *binder, Text name, int32_t location)
{
    if (table_check_name(name, binder->fault))
        return true;
    return bind_fault_place(binder, location);
}

bool define_place_new(Definer *definer, const PgQuery__RangeVar *range, bool if_not_exists)
{
    Binder *binder = definer->binder;
    Definition *definition = definer->definition;
    int32_t location = bind_location(binder, range->location);
    Text name = define_new_name(binder, range->relname);
    const SchemaInfo *schema = NULL;
    definition->is_temporary = names_temporary(range);
    SchemaName wanted = name_read(range->schemaname);
    if (definition->is_temporary && wanted.text.length > 0 && !name_is(range->schemaname, "pg_temp"))
        return bind_fault(binder, location, FAULT_INVALID_TABLE_DEFINITION,
                          "cannot create temporary relation in non-temporary schema");
    if (!definition->is_temporary) {
        schema = wanted.text.length == 0
                     ? schema_for_new(binder->arena, binder->context->tables, text_of(define_path(binder)))
                     : schema_find_all(binder->arena, binder->context->tables, wanted.text,
                                       wanted.is_quoted);
        if (schema == NULL)
            return define_no_schema(binder, wanted.text, location);
        if (!schema_holds_tables(schema->oid))
            return bind_fault(binder, location, FAULT_INSUFFICIENT_PRIVILEGE,
                              "permission denied to create \"%s.%.*s\"", schema->name,
                              TEXT_ARGS(name)) ||
                   fault_detail(binder->fault, "System catalog modifications are currently disallowed.");
        AccessTarget target = {
            .kind = ACCESS_ON_SCHEMA, .oid = schema->oid, .name = text_of(schema->name)};
        if (!access_check(binder->context->user, &target, ACCESS_CREATE, binder->fault))
            return false;
        definition->schema_oid = schema->oid;
    }
    const char *in = schema != NULL ? schema->name : schema_temporary_name();
    definition->table.key = table_key(binder->arena, text_of(in), name);
    if (!define_check_new_name(binder, name, location))
        return false;
    const Table *existing = table_find(binder->context->tables, definition->table.key);
    if (existing == NULL || (definition->replaces && existing->parsed.kind == TABLE_VIEW))
        return true;
    if (!if_not_exists)
        return fault_set(binder->fault,
                         FAULT_DUPLICATE_TABLE,
                         definition->replaces ? "\"%.*s\" is not a view"
                                              : "relation \"%.*s\" already exists",
                         TEXT_ARGS(name));
    definition->exists = true;
    define_notice_code(definer, FAULT_DUPLICATE_TABLE,
                arena_printf(binder->arena, "relation \"%.*s\" already exists, skipping",
                                 TEXT_ARGS(name)));
    return true;
}

/* --- options of CREATE TABLE --- */

static const char *option_text(const PgQuery__DefElem *option)
{
    if (option->arg == NULL)
        return "";
    if (option->arg->node_case == PG_QUERY__NODE__NODE_STRING)
        return name_plain(option->arg->string->sval);
    if (option->arg->node_case == PG_QUERY__NODE__NODE_TYPE_NAME && option->arg->type_name->n_names > 0)
        return name_plain(
            option->arg->type_name->names[option->arg->type_name->n_names - 1]->string->sval);
    return "";
}

/* WITH (partitioned_by = day); what PostgreSQL's storage is told is passed over. */
static bool bind_options(Definer *definer, PgQuery__Node *const *options, size_t count)
{
    Binder *binder = definer->binder;
    for (size_t i = 0; i < count; i++) {
        const PgQuery__DefElem *option = options[i]->def_elem;
        const char *name = name_plain(option->defname);
        if (strcasecmp(name, "partitioned_by") == 0) {
            IngestTarget target = {0};
            if (!bind_granularity_named(binder, &target, text_of(option_text(option))))
                return false;
            definer->definition->table.properties.partitioned_by = text_of(target.granularity_text);
            continue;
        }
        bool is_known = strcasecmp(name, "fillfactor") == 0 || strcasecmp(name, "oids") == 0 ||
                        strcasecmp(name, "parallel_workers") == 0 ||
                        strncasecmp(name, "autovacuum", 10) == 0 || strncasecmp(name, "toast", 5) == 0;
        if (!is_known)
            return bind_fault(binder, bind_location(binder, option->location),
                              FAULT_INVALID_PARAMETER_VALUE, "unrecognized parameter \"%s\"", name);
    }
    return true;
}

/* PARTITIONED BY after the columns. */
static bool bind_partitioned(Definer *definer)
{
    Binder *binder = definer->binder;
    if (!binder->tree->dialect->has_partitioned)
        return true;
    IngestTarget target = {0};
    if (!bind_granularity(binder, &target))
        return false;
    definer->definition->table.properties.partitioned_by = text_of(target.granularity_text);
    return true;
}

static bool check_partitioned(Definer *definer)
{
    Text by = definer->definition->table.properties.partitioned_by;
    if (by.length == 0 || text_equal_string(by, "ALL") ||
        define_find_column(definer, TEXT_LITERAL("__time")) != NULL)
        return true;
    return fault_set(definer->binder->fault, FAULT_INVALID_TABLE_DEFINITION,
                     "a table that is partitioned by %.*s needs a column \"__time\"", TEXT_ARGS(by));
}

static bool set_on_commit(Definer *definer, PgQuery__OnCommitAction action)
{
    if (action == PG_QUERY__ON_COMMIT_ACTION__ONCOMMIT_DELETE_ROWS)
        return define_refuse(definer, -1, "Use ON COMMIT PRESERVE ROWS or ON COMMIT DROP.",
                      "ON COMMIT DELETE ROWS is not supported");
    if (action != PG_QUERY__ON_COMMIT_ACTION__ONCOMMIT_NOOP && !definer->definition->is_temporary)
        return fault_set(definer->binder->fault, FAULT_INVALID_TABLE_DEFINITION,
                         "ON COMMIT can only be used on temporary tables");
    definer->definition->table.properties.drops_at_commit =
        action == PG_QUERY__ON_COMMIT_ACTION__ONCOMMIT_DROP;
    return true;
}

static bool create_table(Definer *definer, const PgQuery__CreateStmt *create)
{
    Definition *definition = definer->definition;
    definition->kind = DEFINE_CREATE;
    if (create->partspec != NULL || create->partbound != NULL)
        return define_refuse(definer, -1, "Tables are partitioned by time: PARTITIONED BY DAY.",
                      "PARTITION BY and PARTITION OF are not supported");
    if (create->n_inh_relations > 0)
        return define_refuse(definer, -1, NULL, "INHERITS is not supported");
    if (create->of_typename != NULL)
        return define_refuse(definer, -1, NULL, "CREATE TABLE OF is not supported");
    if (!define_place_new(definer, create->relation, create->if_not_exists) ||
        !define_elements(definer, create) || !set_on_commit(definer, create->oncommit) ||
        !bind_options(definer, create->options, create->n_options) || !bind_partitioned(definer) ||
        !check_partitioned(definer))
        return false;
    definition->table.columns = definer->columns;
    definition->table.column_count = definer->column_count;
    TableConstraint *constraints =
        ARENA_ARRAY(definer->binder->arena, TableConstraint, definer->constraint_count + 1);
    memcpy(constraints, definer->constraints, definer->constraint_count * sizeof *constraints);
    definition->table.properties.constraints = constraints;
    definition->table.properties.constraint_count = definer->constraint_count;
    return true;
}

/* --- views --- */

static void add_quoted(Binder *binder, const char *marked, Buffer *text)
{
    buffer_append_byte(text, '"');
    for (const char *at = name_made(binder->arena, marked, binder->dialect); *at != '\0'; at++) {
        if (*at == '"')
            buffer_append_byte(text, '"');
        buffer_append_byte(text, (uint8_t)*at);
    }
    buffer_append_byte(text, '"');
}

/* The column names of a view of WITH RECURSIVE, quoted. */
static void add_names(Binder *binder, const PgQuery__ViewStmt *view, Buffer *text)
{
    for (size_t i = 0; i < view->n_aliases; i++) {
        buffer_append_string(text, i > 0 ? ", " : "");
        add_quoted(binder, view->aliases[i]->string->sval, text);
    }
}

/* What is kept of the query. CREATE RECURSIVE VIEW v (a) AS q is WITH RECURSIVE v (a) AS (q)
 * SELECT a FROM v, which the parser makes of it, and which has no place in the text. */
static Text view_text(Binder *binder, const PgQuery__ViewStmt *view)
{
    const PgQuery__WithClause *with = view->query->select_stmt->with_clause;
    Text inner = binder->statement->inner;
    if (with == NULL || with->location >= 0)
        return inner;
    Buffer text = BUFFER_EMPTY;
    const char *name = with->ctes[0]->common_table_expr->ctename;
    buffer_append_string(&text, "WITH RECURSIVE ");
    add_quoted(binder, name, &text);
    buffer_append_string(&text, " (");
    add_names(binder, view, &text);
    buffer_append_string(&text, ") AS (");
    buffer_append(&text, inner.data, inner.length);
    buffer_append_string(&text, ") SELECT ");
    add_names(binder, view, &text);
    buffer_append_string(&text, " FROM ");
    add_quoted(binder, name, &text);
    Text kept = text_of(arena_strdup(binder->arena, buffer_string(&text)));
    buffer_clear(&text);
    return kept;
}

/* CREATE OR REPLACE VIEW may add columns behind those that are there. */
static bool check_replaced(Definer *definer)
{
    Binder *binder = definer->binder;
    const Definition *definition = definer->definition;
    const Table *existing = table_find(binder->context->tables, definition->table.key);
    if (!definition->replaces || existing == NULL)
        return true;
    for (uint32_t i = 0; i < existing->column_count; i++) {
        const TableColumn *was = &existing->columns[i], *is = &definer->columns[i];
        if (i >= definer->column_count)
            return fault_set(binder->fault, FAULT_INVALID_TABLE_DEFINITION,
                             "cannot drop columns from view");
        if (!text_equal(was->name, is->name))
            return fault_set(binder->fault, FAULT_INVALID_TABLE_DEFINITION,
                             "cannot change name of view column \"%.*s\" to \"%.*s\"",
                             TEXT_ARGS(was->name), TEXT_ARGS(is->name)) ||
                   fault_hint(binder->fault, "Use ALTER VIEW ... RENAME COLUMN ... to change name "
                                             "of view column instead.");
        if (was->type_oid != is->type_oid || was->type_modifier != is->type_modifier)
            return fault_set(
                binder->fault, FAULT_INVALID_TABLE_DEFINITION,
                "cannot change data type of view column \"%.*s\" from %s to %s",
                TEXT_ARGS(was->name),
                type_format_name(binder->arena, (SqlType){was->type_oid, was->type_modifier}),
                type_format_name(binder->arena, (SqlType){is->type_oid, is->type_modifier}));
    }
    return true;
}

static bool create_view(Definer *definer, const PgQuery__ViewStmt *view)
{
    Binder *binder = definer->binder;
    Definition *definition = definer->definition;
    definition->kind = DEFINE_CREATE;
    definition->replaces = view->replace;
    definition->table.properties.kind = TABLE_VIEW;
    if (!define_place_new(definer, view->view, false))
        return false;
    QueryResult query;
    uint32_t parameters = binder->context->parameter_count;
    if (!bind_query(binder, view->query->select_stmt, NULL, NULL, false, &query))
        return false;
    if (binder->context->parameter_count > parameters)
        return fault_set(binder->fault, FAULT_UNDEFINED_PARAMETER, "there is no parameter $1");
    if (view->n_aliases > query.count)
        return fault_set(binder->fault, FAULT_SYNTAX_ERROR,
                         "CREATE VIEW specifies more column names than columns");
    for (uint32_t i = 0; i < query.count; i++) {
        Text name = i < view->n_aliases ? define_new_name(binder, view->aliases[i]->string->sval)
                                        : text_of(query.columns[i].column.name);
        if (define_find_column(definer, name) != NULL)
            return fault_set(binder->fault, FAULT_DUPLICATE_COLUMN,
                             "column \"%.*s\" specified more than once", TEXT_ARGS(name));
        SqlType type = query.columns[i].column.type;
        TableColumn *column = define_add_column(definer);
        column->name = name;
        column->type_oid = type.oid == T_UNKNOWN ? T_TEXT : type.oid;
        column->type_modifier = type.modifier;
    }
    if (!check_replaced(definer))
        return false;
    definition->table.columns = definer->columns;
    definition->table.column_count = definer->column_count;
    definition->table.properties.definition = view_text(binder, view);
    definition->table.properties.search_path = text_of(define_path(binder));
    definition->table.properties.used = binder->used;
    definition->table.properties.used_count = binder->used_count;
    return true;
}

/* --- schemas --- */

static bool create_schema(Definer *definer, const PgQuery__CreateSchemaStmt *create)
{
    Binder *binder = definer->binder;
    Definition *definition = definer->definition;
    Text name = define_new_name(binder, create->schemaname);
    definition->kind = DEFINE_CREATE;
    definition->table.properties.kind = TABLE_SCHEMA;
    if (create->n_schema_elts > 0)
        return define_refuse(definer, -1, "Write the statements after CREATE SCHEMA.",
                      "elements in CREATE SCHEMA are not supported");
    if (name.length == 0 && create->authrole != NULL)
        name = define_new_name(binder, create->authrole->rolename);
    if (name.length >= 3 && memcmp(name.data, "pg_", 3) == 0)
        return fault_set(binder->fault, FAULT_COLUMN_NAME_RESTRICTED, "unacceptable schema name \"%.*s\"",
                         TEXT_ARGS(name)) ||
               fault_detail(binder->fault,
                            "The prefix \"pg_\" is reserved for system schemas.");
    AccessTarget database = {.kind = ACCESS_ON_DATABASE,
                             .name = text_of(binder->context->database != NULL
                                                 ? binder->context->database
                                                 : "")};
    if (!access_check(binder->context->user, &database, ACCESS_CREATE, binder->fault) ||
        !define_check_new_name(binder, name, -1))
        return false;
    definition->table.key = table_key(binder->arena, name, TEXT_LITERAL(""));
    if (schema_find_all(binder->arena, binder->context->tables, name, true) == NULL)
        return true;
    if (!create->if_not_exists)
        return fault_set(binder->fault, FAULT_DUPLICATE_SCHEMA, "schema \"%.*s\" already exists",
                         TEXT_ARGS(name));
    definition->exists = true;
    define_notice_code(definer, FAULT_DUPLICATE_SCHEMA,
                arena_printf(binder->arena, "schema \"%.*s\" already exists, skipping",
                                 TEXT_ARGS(name)));
    return true;
}

/* --- COMMENT ON --- */

static bool comment_on(Definer *definer, const PgQuery__CommentStmt *comment)
{
    Definition *definition = definer->definition;
    DefinitionTarget *target = ARENA_NEW(definer->binder->arena, DefinitionTarget);
    bool found, is_column = comment->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_COLUMN;
    definition->kind = DEFINE_COMMENT;
    definition->comment = text_of(arena_strdup(definer->binder->arena, name_plain(comment->comment)));
    definition->targets = target;
    definition->target_count = 1;
    switch (comment->objtype) {
    case PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA:
        return define_find_schema(definer, name_read(comment->object->string->sval), false, target, &found) &&
               define_check_owner(definer, target);
    case PG_QUERY__OBJECT_TYPE__OBJECT_TABLE:
    case PG_QUERY__OBJECT_TYPE__OBJECT_VIEW:
    case PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW:
    case PG_QUERY__OBJECT_TYPE__OBJECT_COLUMN:
        break;
    default:
        definition->kind = DEFINE_NOTHING;
        define_notice(definer, "comments are kept for tables, views, columns and schemas only");
        return true;
    }
    const PgQuery__List *list = comment->object->list;
    size_t count = list->n_items - is_column;
    if (count == 0 || count > 2)
        return fault_set(definer->binder->fault, FAULT_SYNTAX_ERROR,
                         "column name must be qualified");
    SchemaName name = name_read(list->items[count - 1]->string->sval), schema;
    if (count > 1)
        schema = name_read(list->items[0]->string->sval);
    if (!define_find_relation(definer, count > 1 ? &schema : NULL, name, -1, false, "relation", target, &found) ||
        !define_check_owner(definer, target))
        return false;
    if (!is_column)
        return true;
    const TableColumn *column = define_existing_column(definer, list->items[count]->string->sval);
    if (column == NULL)
        return false;
    definition->column = column->name;
    return true;
}

/* --- all of them --- */

static bool bind_one(Definer *definer, const PgQuery__Node *node)
{
    switch (node->node_case) {
    case PG_QUERY__NODE__NODE_CREATE_STMT:
        return create_table(definer, node->create_stmt);
    case PG_QUERY__NODE__NODE_VIEW_STMT:
        return create_view(definer, node->view_stmt);
    case PG_QUERY__NODE__NODE_CREATE_SCHEMA_STMT:
        return create_schema(definer, node->create_schema_stmt);
    case PG_QUERY__NODE__NODE_CREATE_SEQ_STMT:
        return define_create_sequence(definer, node->create_seq_stmt);
    case PG_QUERY__NODE__NODE_ALTER_SEQ_STMT:
        return define_alter_sequence(definer, node->alter_seq_stmt);
    case PG_QUERY__NODE__NODE_DROP_STMT:
        return define_absent_tag(node->drop_stmt) != NULL
                   ? define_drop_absent(definer, node->drop_stmt)
                   : define_drop(definer, node->drop_stmt);
    case PG_QUERY__NODE__NODE_TRUNCATE_STMT:
        return define_truncate(definer, node->truncate_stmt);
    case PG_QUERY__NODE__NODE_DELETE_STMT:
        return define_delete_all(definer, node->delete_stmt);
    case PG_QUERY__NODE__NODE_ALTER_TABLE_STMT:
        return define_alter(definer, node->alter_table_stmt);
    case PG_QUERY__NODE__NODE_RENAME_STMT:
        return define_rename(definer, node->rename_stmt);
    case PG_QUERY__NODE__NODE_ALTER_OBJECT_SCHEMA_STMT:
        return define_move(definer, node->alter_object_schema_stmt);
    case PG_QUERY__NODE__NODE_COMMENT_STMT:
        return comment_on(definer, node->comment_stmt);
    case PG_QUERY__NODE__NODE_CREATE_EXTENSION_STMT:
        definer->definition->kind = DEFINE_NOTHING;
        define_notice(definer, strcmp(name_plain(node->create_extension_stmt->extname), "plpgsql") == 0
                                   ? "extensions are accepted and not made: there are no procedural languages"
                                   : "extensions are accepted and not made: functions are built in");
        return true;
    case PG_QUERY__NODE__NODE_INDEX_STMT:
        return define_index(definer, node->index_stmt);
    default:
        return fault_set(definer->binder->fault, FAULT_INTERNAL_ERROR, "no definition");
    }
}

bool sql_bind_definition(Arena *arena, const ParsedStatement *statement, BindContext *context,
                         Definition *definition, Fault *fault)
{
    Binder binder = bind_start(arena, statement, context, fault);
    Definer definer = {.binder = &binder, .definition = definition};
    *definition = (Definition){0};
    fault_clear(fault);
    return bind_one(&definer, statement->tree->outer);
}
