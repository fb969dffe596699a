/*
 * CREATE TABLE, VIEW, SCHEMA; DROP, ALTER, TRUNCATE, COMMENT ON: names and types.
 */
#include "engine/sql/bind_internal.h"
#include "engine/sql/definition.h"

#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

/* A column has one scale: this one where numeric is declared without. */
enum { FREE_NUMERIC_SCALE = 16 };

typedef struct Definer {
    Binder *binder;
    Definition *definition;
    TableColumn *columns; /* of CREATE TABLE */
    uint32_t column_count, column_capacity;
} Definer;

static bool refuse(Definer *definer, int32_t location, const char *hint, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static bool refuse(Definer *definer, int32_t location, const char *hint, const char *format, ...)
{
    char message[sizeof definer->binder->fault->message];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    bind_fault(definer->binder, location, FAULT_FEATURE_NOT_SUPPORTED, "%s", message);
    return hint == NULL ? false : fault_hint(definer->binder->fault, "%s", hint);
}

static void notice_code(Definer *definer, FaultCode code, const char *message)
{
    Definition *definition = definer->definition;
    if (definition->notice_count == DEFINITION_MAX_NOTICES)
        return;
    definition->notice_codes[definition->notice_count] = code;
    definition->notices[definition->notice_count++] = message;
}

static void notice(Definer *definer, const char *message)
{
    notice_code(definer, FAULT_SUCCESS, message);
}

static Text new_name(Binder *binder, const char *marked)
{
    return text_of(name_made(binder->arena, marked, binder->dialect));
}

static const char *path_of(const Binder *binder)
{
    return binder->context->types->settings->search_path;
}

/* --- where something is made --- */

static bool no_schema(Binder *binder, Text name, int32_t location)
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

static bool check_new_name(Binder *binder, Text name, int32_t location)
{
    if (table_check_name(name, binder->fault))
        return true;
    return bind_fault_place(binder, location);
}

/* A new relation's key, and whether one is there already. */
static bool place_new(Definer *definer, const PgQuery__RangeVar *range, bool if_not_exists)
{
    Binder *binder = definer->binder;
    Definition *definition = definer->definition;
    int32_t location = bind_location(binder, range->location);
    Text name = new_name(binder, range->relname);
    const SchemaInfo *schema = NULL;
    definition->is_temporary = names_temporary(range);
    SchemaName wanted = name_read(range->schemaname);
    if (definition->is_temporary && wanted.text.length > 0 && !name_is(range->schemaname, "pg_temp"))
        return bind_fault(binder, location, FAULT_INVALID_TABLE_DEFINITION,
                          "cannot create temporary relation in non-temporary schema");
    if (!definition->is_temporary) {
        schema = wanted.text.length == 0
                     ? schema_for_new(binder->arena, binder->context->tables, text_of(path_of(binder)))
                     : schema_find_all(binder->arena, binder->context->tables, wanted.text,
                                       wanted.is_quoted);
        if (schema == NULL)
            return no_schema(binder, wanted.text, location);
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
    if (!check_new_name(binder, name, location))
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
    notice_code(definer, FAULT_DUPLICATE_TABLE,
                arena_printf(binder->arena, "relation \"%.*s\" already exists, skipping",
                                 TEXT_ARGS(name)));
    return true;
}

/* --- columns --- */

static TableColumn *add_column(Definer *definer)
{
    if (definer->column_count == definer->column_capacity) {
        uint32_t capacity = definer->column_capacity == 0 ? 16 : definer->column_capacity * 2;
        TableColumn *columns = ARENA_ARRAY(definer->binder->arena, TableColumn, capacity);
        if (definer->column_count > 0)
            memcpy(columns, definer->columns, definer->column_count * sizeof *columns);
        definer->columns = columns;
        definer->column_capacity = capacity;
    }
    TableColumn *column = &definer->columns[definer->column_count++];
    *column = (TableColumn){.type_modifier = -1};
    return column;
}

static TableColumn *find_column(Definer *definer, Text name)
{
    for (uint32_t i = 0; i < definer->column_count; i++)
        if (text_equal(definer->columns[i].name, name))
            return &definer->columns[i];
    return NULL;
}

/* An expression as SQL, from its tree. */
static bool write_expression(Definer *definer, const PgQuery__Node *node, Text *text)
{
    PgQuery__ResTarget target = PG_QUERY__RES_TARGET__INIT;
    PgQuery__Node target_node = PG_QUERY__NODE__INIT, select_node = PG_QUERY__NODE__INIT;
    PgQuery__SelectStmt select = PG_QUERY__SELECT_STMT__INIT;
    PgQuery__RawStmt raw = PG_QUERY__RAW_STMT__INIT;
    PgQuery__ParseResult result = PG_QUERY__PARSE_RESULT__INIT;
    PgQuery__Node *targets[] = {&target_node};
    PgQuery__RawStmt *statements[] = {&raw};
    target.val = (PgQuery__Node *)node;
    target_node.node_case = PG_QUERY__NODE__NODE_RES_TARGET;
    target_node.res_target = &target;
    select.target_list = targets;
    select.n_target_list = 1;
    select.limit_option = PG_QUERY__LIMIT_OPTION__LIMIT_OPTION_DEFAULT;
    select.op = PG_QUERY__SET_OPERATION__SETOP_NONE;
    select_node.node_case = PG_QUERY__NODE__NODE_SELECT_STMT;
    select_node.select_stmt = &select;
    raw.stmt = &select_node;
    result.stmts = statements;
    result.n_stmts = 1;
    Buffer packed = BUFFER_EMPTY;
    size_t size = pg_query__parse_result__get_packed_size(&result);
    pg_query__parse_result__pack(&result, buffer_reserve(&packed, size));
    PgQueryProtobuf tree = {.len = (uint32_t)size, .data = (char *)packed.data};
    PgQueryDeparseResult written = pg_query_deparse_protobuf(tree);
    bool ok = written.error == NULL && strncasecmp(written.query, "SELECT ", 7) == 0;
    if (ok) {
        char *copy = arena_strdup(definer->binder->arena, written.query + 7);
        char *to = copy; /* names had marks */
        for (const char *from = copy; *from != '\0'; from++)
            if (*from != NAME_TYPED && *from != NAME_QUOTED)
                *to++ = *from;
        *to = '\0';
        *text = text_of(copy);
    } else {
        fault_set(definer->binder->fault, FAULT_FEATURE_NOT_SUPPORTED,
                  "this default expression is not supported");
    }
    pg_query_free_deparse_result(written);
    buffer_clear(&packed);
    return ok;
}

/* DEFAULT: must be bindable without rows and fit the column. */
static bool set_default(Definer *definer, TableColumn *column, const PgQuery__Node *node)
{
    Binder *binder = definer->binder;
    Scope nothing = {0};
    ExprContext context = {.scope = &nothing, .clause = CLAUSE_VALUES};
    int32_t location = bind_node_location(binder, node);
    SqlType type = {.oid = column->type_oid, .modifier = column->type_modifier};
    column->default_text = TEXT_LITERAL("");
    const Expr *expr = bind_expr(binder, &context, node);
    if (expr == NULL)
        return false;
    if (expr_is_null(expr))
        return true;
    SqlType given = expr->type;
    if (coerce_to(binder, bind_reg_as_oid(binder, expr), type, CAST_ASSIGNMENT, location) == NULL) {
        if (binder->fault->code == FAULT_CANNOT_COERCE || binder->fault->code == FAULT_DATATYPE_MISMATCH) {
            bind_fault(binder, location, FAULT_DATATYPE_MISMATCH,
                       "column \"%.*s\" is of type %s but default expression is of type %s",
                       TEXT_ARGS(column->name), type_format_name(binder->arena, type),
                       type_format_name(binder->arena, given));
            fault_hint(binder->fault, "You will need to rewrite or cast the expression.");
        }
        return false;
    }
    return write_expression(definer, node, &column->default_text);
}

static void notice_unenforced(Definer *definer, const char *what)
{
    notice(definer, arena_printf(definer->binder->arena, "%s is accepted and not enforced", what));
}

static bool column_constraint(Definer *definer, TableColumn *column,
                              const PgQuery__Constraint *constraint)
{
    int32_t location = bind_location(definer->binder, constraint->location);
    switch (constraint->contype) {
    case PG_QUERY__CONSTR_TYPE__CONSTR_NOTNULL:
        column->not_null = true;
        return true;
    case PG_QUERY__CONSTR_TYPE__CONSTR_DEFAULT:
        return set_default(definer, column, constraint->raw_expr);
    case PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY:
        column->not_null = true;
        notice_unenforced(definer, "PRIMARY KEY");
        return true;
    case PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE:
        notice_unenforced(definer, "UNIQUE");
        return true;
    case PG_QUERY__CONSTR_TYPE__CONSTR_CHECK:
        notice_unenforced(definer, "CHECK");
        return true;
    case PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN:
        notice_unenforced(definer, "FOREIGN KEY");
        return true;
    case PG_QUERY__CONSTR_TYPE__CONSTR_IDENTITY:
        return refuse(definer, location, "Give the numbers with the rows, by ROW_NUMBER() for instance.",
                      "identity columns are not supported");
    case PG_QUERY__CONSTR_TYPE__CONSTR_GENERATED:
        return refuse(definer, location, "Compute the value in the INSERT, or in a view.",
                      "generated columns are not supported");
    default:
        return true;
    }
}

static bool is_serial(const PgQuery__TypeName *type)
{
    static const char *const serials[] = {"serial",  "serial4", "bigserial",
                                          "serial8", "smallserial", "serial2"};
    for (size_t i = 0; type->n_names == 1 && i < sizeof serials / sizeof *serials; i++)
        if (name_is(type->names[0]->string->sval, serials[i]))
            return true;
    return false;
}

static bool bind_column(Definer *definer, const PgQuery__ColumnDef *node, TableColumn *column)
{
    Binder *binder = definer->binder;
    int32_t location = bind_location(binder, node->location);
    SqlType type;
    column->name = new_name(binder, node->colname);
    if (column->name.length == 0 || column->name.length > 1024)
        return bind_fault(binder, location, FAULT_INVALID_NAME,
                          "a column's name must have between 1 and 1024 bytes");
    if (is_serial(node->type_name))
        return refuse(definer, location, "Use integer or bigint, and give the numbers with the rows.",
                      "columns of type serial are not supported: there are no sequences");
    if (!bind_type_name(binder, node->type_name, &type))
        return false;
    bool is_time = text_equal_string(column->name, "__time");
    if (is_time && type.oid != T_TIMESTAMP && type.oid != T_TIMESTAMPTZ)
        return bind_fault(binder, location, FAULT_DATATYPE_MISMATCH,
                          "column \"__time\" must be of type timestamp, not %s",
                          type_format_name(binder->arena, type));
    if (is_time)
        type = SQL_TYPE(T_TIMESTAMPTZ);
    if (type.oid == T_NUMERIC && type.modifier == -1)
        type = type_numeric_derived(FREE_NUMERIC_SCALE);
    if (type_is_reg(type.oid))
        return refuse(definer, location, "Use oid or text.", "columns of type %s are not supported",
                      type_format_name(binder->arena, type));
    column->type_oid = type.oid;
    column->type_modifier = type.modifier;
    column->not_null = column->not_null || node->is_not_null || is_time;
    if (node->raw_default != NULL && !set_default(definer, column, node->raw_default))
        return false;
    for (size_t i = 0; i < node->n_constraints; i++)
        if (!column_constraint(definer, column, node->constraints[i]->constraint))
            return false;
    return true;
}

/* PRIMARY KEY (a, b) and the like after the columns. */
static bool table_constraint(Definer *definer, const PgQuery__Constraint *constraint)
{
    Binder *binder = definer->binder;
    bool is_primary = constraint->contype == PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY;
    for (size_t i = 0; i < constraint->n_keys; i++) {
        Text name = new_name(binder, constraint->keys[i]->string->sval);
        TableColumn *column = find_column(definer, name);
        if (column == NULL)
            return bind_fault(binder, bind_location(binder, constraint->location),
                              FAULT_UNDEFINED_COLUMN, "column \"%.*s\" named in key does not exist",
                              TEXT_ARGS(name));
        column->not_null = column->not_null || is_primary;
    }
    switch (constraint->contype) {
    case PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY:
        notice_unenforced(definer, "PRIMARY KEY");
        return true;
    case PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE:
        notice_unenforced(definer, "UNIQUE");
        return true;
    case PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN:
        notice_unenforced(definer, "FOREIGN KEY");
        return true;
    case PG_QUERY__CONSTR_TYPE__CONSTR_CHECK:
        notice_unenforced(definer, "CHECK");
        return true;
    default:
        return refuse(definer, bind_location(binder, constraint->location), NULL,
                      "this kind of constraint is not supported");
    }
}

/* LIKE other: its columns. */
static bool copy_columns(Definer *definer, const PgQuery__TableLikeClause *like)
{
    Binder *binder = definer->binder;
    const PgQuery__RangeVar *range = like->relation;
    SchemaName schema = name_read(range->schemaname);
    const Relation *relation =
        schema_resolve(binder->arena, binder->context->tables,
                       schema.text.length > 0 ? &schema : NULL, name_read(range->relname),
                       text_of(path_of(binder)), bind_location(binder, range->location), binder->fault);
    if (relation == NULL || !bind_check_relation(binder, relation, ACCESS_SELECT))
        return false;
    enum { INCLUDING_DEFAULTS = 1 << 3 };
    for (uint32_t i = 0; i < relation->column_count; i++) {
        TableColumn *column = add_column(definer);
        column->name = relation->columns[i].name;
        column->type_oid = relation->columns[i].type.oid;
        column->type_modifier = relation->columns[i].type.modifier;
        if (relation->kind != RELATION_TABLE)
            continue;
        column->not_null = relation->table->columns[i].not_null;
        if ((like->options & INCLUDING_DEFAULTS) != 0)
            column->default_text = relation->table->columns[i].default_text;
    }
    return true;
}

static bool bind_elements(Definer *definer, const PgQuery__CreateStmt *create)
{
    Binder *binder = definer->binder;
    for (size_t i = 0; i < create->n_table_elts; i++) {
        const PgQuery__Node *node = create->table_elts[i];
        if (node->node_case == PG_QUERY__NODE__NODE_TABLE_LIKE_CLAUSE) {
            if (!copy_columns(definer, node->table_like_clause))
                return false;
            continue;
        }
        if (node->node_case != PG_QUERY__NODE__NODE_COLUMN_DEF)
            continue;
        Text name = new_name(binder, node->column_def->colname);
        if (find_column(definer, name) != NULL)
            return fault_set(binder->fault, FAULT_DUPLICATE_COLUMN,
                             "column \"%.*s\" specified more than once", TEXT_ARGS(name));
        if (!bind_column(definer, node->column_def, add_column(definer)))
            return false;
    }
    for (size_t i = 0; i < create->n_table_elts; i++) {
        const PgQuery__Node *node = create->table_elts[i];
        if (node->node_case == PG_QUERY__NODE__NODE_CONSTRAINT &&
            !table_constraint(definer, node->constraint))
            return false;
    }
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
        find_column(definer, TEXT_LITERAL("__time")) != NULL)
        return true;
    return fault_set(definer->binder->fault, FAULT_INVALID_TABLE_DEFINITION,
                     "a table that is partitioned by %.*s needs a column \"__time\"", TEXT_ARGS(by));
}

static bool set_on_commit(Definer *definer, PgQuery__OnCommitAction action)
{
    if (action == PG_QUERY__ON_COMMIT_ACTION__ONCOMMIT_DELETE_ROWS)
        return refuse(definer, -1, "Use ON COMMIT PRESERVE ROWS or ON COMMIT DROP.",
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
        return refuse(definer, -1, "Tables are partitioned by time: PARTITIONED BY DAY.",
                      "PARTITION BY and PARTITION OF are not supported");
    if (create->n_inh_relations > 0)
        return refuse(definer, -1, NULL, "INHERITS is not supported");
    if (create->of_typename != NULL)
        return refuse(definer, -1, NULL, "CREATE TABLE OF is not supported");
    if (!place_new(definer, create->relation, create->if_not_exists) ||
        !bind_elements(definer, create) || !set_on_commit(definer, create->oncommit) ||
        !bind_options(definer, create->options, create->n_options) || !bind_partitioned(definer) ||
        !check_partitioned(definer))
        return false;
    definition->table.columns = definer->columns;
    definition->table.column_count = definer->column_count;
    return true;
}

/* --- views --- */

static bool create_view(Definer *definer, const PgQuery__ViewStmt *view)
{
    Binder *binder = definer->binder;
    Definition *definition = definer->definition;
    definition->kind = DEFINE_CREATE;
    definition->replaces = view->replace;
    definition->table.properties.kind = TABLE_VIEW;
    if (!place_new(definer, view->view, false))
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
        Text name = i < view->n_aliases ? new_name(binder, view->aliases[i]->string->sval)
                                        : text_of(query.columns[i].column.name);
        if (find_column(definer, name) != NULL)
            return fault_set(binder->fault, FAULT_DUPLICATE_COLUMN,
                             "column \"%.*s\" specified more than once", TEXT_ARGS(name));
        SqlType type = query.columns[i].column.type;
        TableColumn *column = add_column(definer);
        column->name = name;
        column->type_oid = type.oid == T_UNKNOWN ? T_TEXT : type.oid;
        column->type_modifier = type.modifier;
    }
    definition->table.columns = definer->columns;
    definition->table.column_count = definer->column_count;
    definition->table.properties.definition = binder->statement->inner;
    definition->table.properties.search_path = text_of(path_of(binder));
    definition->table.properties.used = binder->used;
    definition->table.properties.used_count = binder->used_count;
    return true;
}

/* --- schemas --- */

static bool create_schema(Definer *definer, const PgQuery__CreateSchemaStmt *create)
{
    Binder *binder = definer->binder;
    Definition *definition = definer->definition;
    Text name = new_name(binder, create->schemaname);
    definition->kind = DEFINE_CREATE;
    definition->table.properties.kind = TABLE_SCHEMA;
    if (create->n_schema_elts > 0)
        return refuse(definer, -1, "Write the statements after CREATE SCHEMA.",
                      "elements in CREATE SCHEMA are not supported");
    if (name.length == 0 && create->authrole != NULL)
        name = new_name(binder, create->authrole->rolename);
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
        !check_new_name(binder, name, -1))
        return false;
    definition->table.key = table_key(binder->arena, name, TEXT_LITERAL(""));
    if (schema_find_all(binder->arena, binder->context->tables, name, true) == NULL)
        return true;
    if (!create->if_not_exists)
        return fault_set(binder->fault, FAULT_DUPLICATE_SCHEMA, "schema \"%.*s\" already exists",
                         TEXT_ARGS(name));
    definition->exists = true;
    notice_code(definer, FAULT_DUPLICATE_SCHEMA,
                arena_printf(binder->arena, "schema \"%.*s\" already exists, skipping",
                                 TEXT_ARGS(name)));
    return true;
}

/* --- what is there --- */

static DefinitionTarget target_of(const Table *table)
{
    return (DefinitionTarget){.key = table->key,
                              .name = table->name,
                              .oid = table->oid,
                              .kind = table->parsed.kind,
                              .rows = table->rows};
}

static bool is_missing(const Fault *fault)
{
    return fault->code == FAULT_UNDEFINED_TABLE || fault->code == FAULT_INVALID_SCHEMA_NAME;
}

static bool check_owner(Definer *definer, const DefinitionTarget *target)
{
    AccessTarget object = {
        .kind = target->kind == TABLE_SCHEMA ? ACCESS_ON_SCHEMA : ACCESS_ON_TABLE,
        .oid = target->oid,
        .name = target->name,
        .is_view = target->kind == TABLE_VIEW};
    return access_check_owner(definer->binder->context->user, &object, definer->binder->fault);
}

/* A table or view by its name; *found false: it is not there and need not be. `what` for messages. */
static bool find_relation(Definer *definer, const SchemaName *schema, SchemaName name,
                          int32_t location, bool missing_ok, const char *what,
                          DefinitionTarget *target, bool *found)
{
    Binder *binder = definer->binder;
    const Relation *relation =
        schema_resolve(binder->arena, binder->context->tables, schema, name,
                       text_of(path_of(binder)), location, binder->fault);
    *found = relation != NULL;
    if (relation == NULL) {
        if (!is_missing(binder->fault))
            return false;
        if (missing_ok) {
            bool is_schema = binder->fault->code == FAULT_INVALID_SCHEMA_NAME;
            fault_clear(binder->fault);
            Text shown = is_schema ? schema->text : text_of(schema_fold(binder->arena, name.text).data);
            notice(definer,
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
    return find_relation(definer, schema.text.length > 0 ? &schema : NULL, name_read(range->relname),
                         bind_location(definer->binder, range->location), missing_ok, what, target,
                         found);
}

static bool check_kind(Definer *definer, const DefinitionTarget *target, TableKind wanted)
{
    Binder *binder = definer->binder;
    if (target->kind == wanted)
        return true;
    const char *what = wanted == TABLE_VIEW ? "view" : "table";
    fault_set(binder->fault, FAULT_WRONG_OBJECT_TYPE, "\"%.*s\" is not a %s", TEXT_ARGS(target->name),
              what);
    if (target->kind == TABLE_VIEW)
        return fault_hint(binder->fault, "Use DROP VIEW to remove a view.");
    return fault_hint(binder->fault, "Use DROP TABLE to remove a table.");
}

/* --- DROP --- */

static bool find_schema(Definer *definer, SchemaName name, bool missing_ok, DefinitionTarget *target,
                        bool *found)
{
    Binder *binder = definer->binder;
    const SchemaInfo *schema =
        schema_find_all(binder->arena, binder->context->tables, name.text, name.is_quoted);
    *found = schema != NULL;
    if (schema == NULL && missing_ok) {
        notice(definer, arena_printf(binder->arena, "schema \"%.*s\" does not exist, skipping",
                                     TEXT_ARGS(name.text)));
        return true;
    }
    if (schema == NULL)
        return no_schema(binder, name.text, -1);
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
        return find_schema(definer, name_read(object->string->sval), drop->missing_ok, target, found);
    TableKind wanted =
        drop->remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_VIEW ? TABLE_VIEW : TABLE_STORED;
    const PgQuery__List *list = object->list;
    if (list->n_items == 0 || list->n_items > 3)
        return fault_set(binder->fault, FAULT_SYNTAX_ERROR,
                         "improper relation name (too many dotted names)");
    SchemaName name = name_read(list->items[list->n_items - 1]->string->sval), schema;
    if (list->n_items > 1)
        schema = name_read(list->items[list->n_items - 2]->string->sval);
    if (!find_relation(definer, list->n_items > 1 ? &schema : NULL, name, -1, drop->missing_ok,
                       wanted == TABLE_VIEW ? "view" : "table", target, found))
        return false;
    return !*found || check_kind(definer, target, wanted);
}

static bool drop_objects(Definer *definer, const PgQuery__DropStmt *drop)
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
            (found && !check_owner(definer, target)))
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

static bool truncate(Definer *definer, const PgQuery__TruncateStmt *truncate)
{
    Definition *definition = definer->definition;
    DefinitionTarget *targets =
        ARENA_ARRAY(definer->binder->arena, DefinitionTarget, truncate->n_relations + 1);
    definition->kind = DEFINE_TRUNCATE;
    for (size_t i = 0; i < truncate->n_relations; i++) {
        bool found;
        if (!find_range(definer, truncate->relations[i]->range_var, false, "relation", &targets[i],
                        &found) ||
            !check_kind(definer, &targets[i], TABLE_STORED) ||
            !check_right(definer, &targets[i], ACCESS_TRUNCATE))
            return false;
    }
    definition->targets = targets;
    definition->target_count = (uint32_t)truncate->n_relations;
    return true;
}

static bool delete_all(Definer *definer, const PgQuery__DeleteStmt *statement)
{
    bool found;
    definer->definition->kind = DEFINE_TRUNCATE;
    definer->definition->deletes = true;
    return one_target(definer, statement->relation, "relation", false, &found) &&
           check_kind(definer, definer->definition->targets, TABLE_STORED) &&
           check_right(definer, definer->definition->targets, ACCESS_DELETE);
}

/* --- ALTER TABLE, RENAME --- */

static const Table *target_table(const Definer *definer)
{
    return table_by_oid(definer->binder->context->tables, definer->definition->targets[0].oid);
}

/* The column as the table has it; NULL: 42703. */
static const TableColumn *existing_column(Definer *definer, const char *marked)
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

static bool alter_add(Definer *definer, const PgQuery__AlterTableCmd *command, TableChange *change,
                      bool *skips)
{
    Binder *binder = definer->binder;
    const Table *table = target_table(definer);
    change->kind = TABLE_ADD_COLUMN;
    change->column = (TableColumn){.type_modifier = -1};
    if (!bind_column(definer, command->def->column_def, &change->column))
        return false;
    if (table_find_column(table, change->column.name) >= 0 && command->missing_ok) {
        *skips = true;
        notice_code(definer, FAULT_DUPLICATE_COLUMN,
                    arena_printf(binder->arena,
                                     "column \"%.*s\" of relation \"%.*s\" already exists, skipping",
                                     TEXT_ARGS(change->column.name), TEXT_ARGS(table->name)));
        return true;
    }
    if (table->rows > 0 && change->column.default_text.length > 0)
        return refuse(definer, -1, "Add the column without a default, then ALTER COLUMN SET DEFAULT.",
                      "a column with a default cannot be added to a table that has rows");
    if (table->rows > 0 && change->column.not_null)
        return fault_set(binder->fault, FAULT_NOT_NULL_VIOLATION,
                         "column \"%.*s\" of relation \"%.*s\" contains null values",
                         TEXT_ARGS(change->column.name), TEXT_ARGS(table->name));
    return true;
}

static bool alter_drop(Definer *definer, const PgQuery__AlterTableCmd *command, TableChange *change,
                       bool *skips)
{
    Binder *binder = definer->binder;
    const TableColumn *column = existing_column(definer, command->name);
    change->kind = TABLE_DROP_COLUMN;
    if (column != NULL) {
        change->column.name = column->name;
        return true;
    }
    if (!command->missing_ok)
        return false;
    fault_clear(binder->fault);
    *skips = true;
    notice(definer, arena_printf(binder->arena,
                                 "column \"%s\" of relation \"%.*s\" does not exist, skipping",
                                 name_plain(command->name), TEXT_ARGS(target_table(definer)->name)));
    return true;
}

static bool has_nulls(const Table *table, const TableColumn *column)
{
    return table->statistics[column - table->columns].null_count > 0;
}

static bool alter_column(Definer *definer, const PgQuery__AlterTableCmd *command, TableChange *change)
{
    const TableColumn *column = existing_column(definer, command->name);
    if (column == NULL)
        return false;
    change->kind = TABLE_ALTER_COLUMN;
    change->column = *column;
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
        return command->def == NULL || set_default(definer, &change->column, command->def);
    }
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
        return refuse(definer, -1, "Write the table anew with CREATE TABLE ... AS SELECT.",
                      "ALTER TABLE ... ALTER COLUMN TYPE is not supported");
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AddConstraint:
        *skips = true;
        notice_unenforced(definer, "the constraint");
        return true;
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetStatistics:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetStorage:
        *skips = true;
        return true;
    default:
        return refuse(definer, -1, NULL, "this form of ALTER TABLE is not supported");
    }
}

static bool alter_table(Definer *definer, const PgQuery__AlterTableStmt *alter)
{
    Definition *definition = definer->definition;
    bool found;
    definition->kind = DEFINE_ALTER;
    if (!one_target(definer, alter->relation, "relation", alter->missing_ok, &found))
        return false;
    if (!found)
        return true;
    if (!check_kind(definer, definition->targets, TABLE_STORED) ||
        !check_owner(definer, definition->targets))
        return false;
    TableChange *changes = arena_zalloc(definer->binder->arena, (alter->n_cmds + 1) * sizeof *changes);
    for (size_t i = 0; i < alter->n_cmds; i++) {
        bool skips = false;
        if (!alter_one(definer, alter->cmds[i]->alter_table_cmd, &changes[definition->change_count],
                       &skips))
            return false;
        definition->change_count += !skips;
    }
    definition->changes = changes;
    return true;
}

static bool rename_object(Definer *definer, const PgQuery__RenameStmt *rename)
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
    if (!check_owner(definer, definition->targets))
        return false;
    TableChange *change = arena_zalloc(binder->arena, sizeof *change);
    Text name = new_name(binder, rename->newname);
    if (is_column) {
        const TableColumn *column = existing_column(definer, rename->subname);
        if (column == NULL)
            return false;
        *change = (TableChange){.kind = TABLE_RENAME_COLUMN, .column = *column, .to = name};
    } else {
        if (!check_new_name(binder, name, -1))
            return false;
        *change = (TableChange){.kind = TABLE_RENAME,
                                .to = table_key(binder->arena, target_table(definer)->schema, name)};
    }
    definition->changes = change;
    definition->change_count = 1;
    return true;
}

static bool move_object(Definer *definer, const PgQuery__AlterObjectSchemaStmt *move)
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
        return no_schema(binder, name.text, -1);
    if (!check_owner(definer, definition->targets))
        return false;
    TableChange *change = arena_zalloc(binder->arena, sizeof *change);
    *change = (TableChange){.kind = TABLE_RENAME,
                            .to = table_key(binder->arena, text_of(schema->name),
                                            definition->targets[0].name)};
    definition->changes = change;
    definition->change_count = 1;
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
        return find_schema(definer, name_read(comment->object->string->sval), false, target, &found) &&
               check_owner(definer, target);
    case PG_QUERY__OBJECT_TYPE__OBJECT_TABLE:
    case PG_QUERY__OBJECT_TYPE__OBJECT_VIEW:
    case PG_QUERY__OBJECT_TYPE__OBJECT_COLUMN:
        break;
    default:
        definition->kind = DEFINE_NOTHING;
        notice(definer, "comments are kept for tables, views, columns and schemas only");
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
    if (!find_relation(definer, count > 1 ? &schema : NULL, name, -1, false, "relation", target, &found) ||
        !check_owner(definer, target))
        return false;
    if (!is_column)
        return true;
    const TableColumn *column = existing_column(definer, list->items[count]->string->sval);
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
    case PG_QUERY__NODE__NODE_DROP_STMT:
        return drop_objects(definer, node->drop_stmt);
    case PG_QUERY__NODE__NODE_TRUNCATE_STMT:
        return truncate(definer, node->truncate_stmt);
    case PG_QUERY__NODE__NODE_DELETE_STMT:
        return delete_all(definer, node->delete_stmt);
    case PG_QUERY__NODE__NODE_ALTER_TABLE_STMT:
        return alter_table(definer, node->alter_table_stmt);
    case PG_QUERY__NODE__NODE_RENAME_STMT:
        return rename_object(definer, node->rename_stmt);
    case PG_QUERY__NODE__NODE_ALTER_OBJECT_SCHEMA_STMT:
        return move_object(definer, node->alter_object_schema_stmt);
    case PG_QUERY__NODE__NODE_COMMENT_STMT:
        return comment_on(definer, node->comment_stmt);
    case PG_QUERY__NODE__NODE_INDEX_STMT:
        definer->definition->kind = DEFINE_NOTHING;
        notice(definer, "indexes are accepted and not made: columns have statistics and "
                        "dictionaries of their own");
        return true;
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
