/*
 * INSERT and REPLACE: the query's outputs are the columns to store, by name.
 */
#include "engine/sql/bind_internal.h"

#include <strings.h>

typedef struct Ingest {
    Binder *binder;
    const PgQuery__InsertStmt *statement;
    const DialectStatement *dialect;
    IngestTarget *target;
    const SchemaInfo *schema; /* that the table lies in */
    QueryResult query;
} Ingest;

static const char *verb(const Ingest *ingest)
{
    if (ingest->target->is_create)
        return "CREATE TABLE AS";
    return ingest->dialect->is_replace ? "REPLACE" : "INSERT";
}

/* --- the target --- */
static bool check_table_name(Ingest *ingest, const char *name, int32_t location)
{
    size_t length = strlen(name);
    bool is_bad = length == 0 || name[0] == '.' || strchr(name, '/') != NULL ||
                  strpbrk(name, "\t\n\r\f\v") != NULL || name[0] == ' ' || name[length - 1] == ' ';
    if (!is_bad)
        return true;
    bind_fault(ingest->binder, location, FAULT_INVALID_NAME, "invalid table name \"%s\"", name);
    return fault_hint(
        ingest->binder->fault,
        "A table's name is not empty, has no slash, tab or newline, and does not begin "
        "with a dot or begin or end with a space.");
}

/* The schema that a name says or, for a new table, the first of the search path. */
static const SchemaInfo *target_schema(Ingest *ingest, const PgQuery__RangeVar *range,
                                       int32_t location)
{
    Binder *binder = ingest->binder;
    const TableSnapshot *tables = binder->context->tables;
    if (range->catalogname[0] != '\0' &&
        !name_is(range->catalogname,
                 binder->context->database != NULL ? binder->context->database : "")) {
        bind_fault(binder, location, FAULT_INVALID_NAME,
                   "table name \"%s.%s.%s\" has too many parts", name_plain(range->catalogname),
                   name_plain(range->schemaname), name_plain(range->relname));
        fault_hint(binder->fault, "Write the table's name, or schema.table.");
        return NULL;
    }
    SchemaName name = name_read(range->schemaname);
    const char *path = binder->context->types->settings->search_path;
    const SchemaInfo *schema =
        range->schemaname[0] == '\0'
            ? schema_for_new(binder->arena, tables, text_of(path))
            : schema_find_all(binder->arena, tables, name.text, name.is_quoted);
    if (schema == NULL) {
        if (range->schemaname[0] == '\0')
            bind_fault(binder, location, FAULT_INVALID_SCHEMA_NAME,
                       "no schema has been selected to create in");
        else
            bind_fault(binder, location, FAULT_INVALID_SCHEMA_NAME,
                       "schema \"%.*s\" does not exist", TEXT_ARGS(name.text));
        return NULL;
    }
    if (schema_holds_tables(schema->oid))
        return schema;
    bind_fault(binder, location, FAULT_WRONG_OBJECT_TYPE,
               "cannot %s into \"%s.%s\" because schema \"%s\" holds no tables of users",
               verb(ingest), schema->name, name_plain(range->relname), schema->name);
    return NULL;
}

/* INSERT needs INSERT; REPLACE takes rows away as well; a table that is not there yet is made. */
static bool check_rights(Ingest *ingest)
{
    Binder *binder = ingest->binder;
    const IngestTarget *target = ingest->target;
    AccessTarget schema = {ACCESS_ON_SCHEMA, ingest->schema->oid, text_of(ingest->schema->name), false};
    if (target->relation == NULL)
        return access_check(binder->context->user, &schema, ACCESS_CREATE, binder->fault);
    return bind_check_relation(binder, target->relation,
                               target->mode == INGEST_REPLACE ? ACCESS_REPLACE : ACCESS_INSERT);
}

/* What an INSERT replaces by the setting that older statements use. */
static Text replaced_chunks(const Binder *binder)
{
    return text_of(binder->context->types->settings->sql_replace_time_chunks);
}

static bool bind_target(Ingest *ingest)
{
    Binder *binder = ingest->binder;
    const PgQuery__RangeVar *range = ingest->statement->relation;
    int32_t location = bind_location(binder, range->location);
    const TableSnapshot *tables = binder->context->tables;
    bool has_schema = range->schemaname[0] != '\0';
    ingest->schema = target_schema(ingest, range, location);
    if (ingest->schema == NULL)
        return false;
    SchemaName schema = {text_of(ingest->schema->name), true};
    Fault ignored;
    const Relation *relation = schema_resolve(
        binder->arena, tables, has_schema ? &schema : NULL, name_read(range->relname),
        text_of(binder->context->types->settings->search_path), location, &ignored);
    if (relation != NULL && relation->kind != RELATION_TABLE)
        relation = NULL; /* a catalog's name is no obstacle */
    IngestTarget *target = ingest->target;
    bool is_replace = ingest->dialect->is_replace || replaced_chunks(binder).length > 0;
    target->mode = is_replace ? INGEST_REPLACE : INGEST_INSERT;
    target->relation = relation;
    if (relation != NULL && schema_is_sequence(relation))
        return bind_fault(binder, location, FAULT_WRONG_OBJECT_TYPE, "cannot change sequence \"%.*s\"",
                          TEXT_ARGS(relation->name));
    if (relation != NULL && schema_is_view(relation))
        return bind_fault(binder, location, FAULT_WRONG_OBJECT_TYPE, "cannot %s into view \"%.*s\"",
                          verb(ingest), TEXT_ARGS(relation->name));
    if (relation != NULL && schema_is_materialized(relation))
        return bind_fault(binder, location, FAULT_WRONG_OBJECT_TYPE,
                          "cannot change materialized view \"%.*s\"", TEXT_ARGS(relation->name));
    const char *name = relation != NULL
                           ? arena_strndup(binder->arena, relation->name.data, relation->name.length)
                           : name_made(binder->arena, range->relname, binder->dialect);
    target->table = relation != NULL
                        ? relation->table->key.data
                        : table_key(binder->arena, schema.text, text_of(name)).data;
    return check_table_name(ingest, name, location) && check_rights(ingest);
}

/* --- what the grammar allows and the dialect does not --- */
static bool check_clauses(Ingest *ingest)
{
    Binder *binder = ingest->binder;
    int32_t at = ingest->dialect->ingest_at;
    const PgQuery__InsertStmt *statement = ingest->statement;
    const PgQuery__OnConflictClause *conflict = statement->on_conflict_clause;
    if (conflict != NULL && (ingest->dialect->is_replace || ingest->dialect->has_partitioned ||
                             replaced_chunks(binder).length > 0))
        return bind_fault(binder, at, FAULT_FEATURE_NOT_SUPPORTED,
                          "ON CONFLICT is not supported with %s",
                          ingest->dialect->has_partitioned ? "PARTITIONED BY" : "REPLACE");
    if (statement->n_returning_list > 0 &&
        (ingest->dialect->is_replace || ingest->dialect->has_partitioned))
        return bind_fault(binder, at, FAULT_FEATURE_NOT_SUPPORTED,
                          "RETURNING is not supported with %s",
                          ingest->dialect->is_replace ? "REPLACE" : "PARTITIONED BY");
    if (binder->context->types->settings->sql_outer_limit > 0) {
        bind_fault(binder, at, FAULT_INVALID_PARAMETER_VALUE,
                   "sqlOuterLimit cannot be used with %s", verb(ingest));
        return fault_hint(binder->fault, "RESET \"sqlOuterLimit\".");
    }
    return true;
}

static bool check_query(Ingest *ingest)
{
    Binder *binder = ingest->binder;
    const QueryResult *query = &ingest->query;
    if (query->is_sorted) {
        bind_fault(binder, query->sort_location, FAULT_SYNTAX_ERROR,
                   "cannot have ORDER BY on %s statement", verb(ingest));
        return fault_hint(binder->fault, "Use CLUSTERED BY to order what is stored.");
    }
    if (query->has_offset)
        return bind_fault(binder, query->limit_location, FAULT_FEATURE_NOT_SUPPORTED,
                          "OFFSET is not supported in %s", verb(ingest));
    if (query->is_limited && !ingest->target->is_partitioned_by_all) {
        bind_fault(binder, query->limit_location, FAULT_FEATURE_NOT_SUPPORTED,
                   "LIMIT is only supported with PARTITIONED BY ALL");
        return fault_hint(binder->fault, "Put the LIMIT into a subquery.");
    }
    return true;
}

/* --- columns --- */

/* INSERT INTO t (a, b): names for the outputs, by position. */
static bool apply_column_list(Ingest *ingest)
{
    Binder *binder = ingest->binder;
    size_t count = ingest->statement->n_cols;
    if (count == 0)
        return true;
    if (count != ingest->query.count) {
        bool has_more = count > ingest->query.count;
        const PgQuery__ResTarget *column = ingest->statement->cols[0]->res_target;
        return bind_fault(binder, bind_location(binder, column->location), FAULT_SYNTAX_ERROR,
                          has_more ? "INSERT has more target columns than expressions"
                                   : "INSERT has more expressions than target columns");
    }
    for (size_t i = 0; i < count; i++) {
        const PgQuery__ResTarget *column = ingest->statement->cols[i]->res_target;
        if (column->n_indirection > 0)
            return bind_fault(binder, bind_location(binder, column->location),
                              FAULT_FEATURE_NOT_SUPPORTED,
                              "assigning to a part of a column is not supported");
        SchemaName name = name_read(column->name);
        int known = ingest->target->relation != NULL
                        ? schema_match_column(ingest->target->relation, name)
                        : SCHEMA_NO_MATCH;
        OutputColumn *output = &ingest->query.columns[i];
        if (known >= 0) {
            Text own = ingest->target->relation->columns[known].name;
            output->column.name = arena_strndup(binder->arena, own.data, own.length);
        } else {
            output->column.name = name_made(binder->arena, column->name, binder->dialect);
        }
        output->location = bind_location(binder, column->location);
        output->is_named = true;
    }
    return true;
}

static bool check_names(Ingest *ingest)
{
    Binder *binder = ingest->binder;
    for (uint32_t i = 0; i < ingest->query.count; i++) {
        const OutputColumn *output = &ingest->query.columns[i];
        const char *name = output->column.name;
        if (!output->is_named) {
            bind_fault(binder, output->location, FAULT_SYNTAX_ERROR,
                       "%s requires all columns to be named in the SELECT list: column %u is not",
                       verb(ingest), i + 1);
            return fault_hint(binder->fault, "Give the expression an alias with AS.");
        }
        if (strcmp(name, "__boost") == 0 || strcmp(name, "__bucket") == 0) {
            bind_fault(binder, output->location, FAULT_COLUMN_NAME_RESTRICTED,
                       "\"%s\" is a reserved column name", name);
            return fault_field_text(binder->fault, "columnName", name);
        }
        if (name[0] == '\0')
            return bind_fault(binder, output->location, FAULT_INVALID_NAME,
                              "a column's name must not be empty");
        for (uint32_t k = 0; k < i; k++) {
            if (strcmp(ingest->query.columns[k].column.name, name) == 0)
                return bind_fault(binder, output->location, FAULT_DUPLICATE_COLUMN,
                                  "column \"%s\" specified more than once", name);
        }
    }
    return true;
}

static bool is_array(Oid type)
{
    const TypeInfo *info = type_info(type);
    return info != NULL && info->element_oid != 0;
}

static bool is_text(Oid type)
{
    const TypeInfo *info = type_info(type);
    return info != NULL && info->category == CATEGORY_STRING;
}

/* Whether a list of names, separated by commas or written as a JSON list, holds a name. */
static bool is_listed(const char *list, Text name)
{
    for (const char *at = list; *at != '\0';) {
        at += strspn(at, ", []\"");
        size_t length = strcspn(at, ",[]\"");
        bool is_all = length == 1 && *at == '*';
        if (is_all || (length == name.length && memcmp(at, name.data, length) == 0))
            return true;
        at += length;
    }
    return false;
}

/* A string column does not silently become an array column, nor the other way round. */
static bool check_types(Ingest *ingest)
{
    Binder *binder = ingest->binder;
    const Relation *relation = ingest->target->relation;
    const char *exempt = binder->context->types->settings->skip_type_verification;
    for (uint32_t i = 0; relation != NULL && i < ingest->query.count; i++) {
        const OutputColumn *output = &ingest->query.columns[i];
        SchemaName name = {text_of(output->column.name), true};
        int known = schema_match_column(relation, name);
        if (known < 0)
            continue;
        Oid now = relation->columns[known].type.oid, then = output->column.type.oid;
        bool changes = (is_array(now) && is_text(then)) || (is_text(now) && is_array(then));
        if (!changes || is_listed(exempt, name.text))
            continue;
        bind_fault(binder, output->location, FAULT_DATATYPE_MISMATCH,
                   "column \"%s\" is of type %s but expression is of type %s", output->column.name,
                   type_format_name(binder->arena, SQL_TYPE(now)),
                   type_format_name(binder->arena, SQL_TYPE(then)));
        return fault_hint(binder->fault, "Cast the expression, or name the column in skipTypeVerification.");
    }
    return true;
}

/* arrayIngestMode = mvd: arrays of strings are stored as multi-value strings. */
static bool store_as_multi_value(Binder *binder, const OutputColumn *output, SqlType *type)
{
    const TypeInfo *info = type_info(type->oid);
    enum { MODE_MVD = 1 };
    if (binder->context->types->settings->array_ingest_mode != MODE_MVD || info == NULL ||
        info->element_oid == 0)
        return true;
    if (is_text(info->element_oid)) {
        *type = (SqlType){T_TEXT_ARRAY, TYPE_MULTI_VALUE};
        return true;
    }
    bind_fault(binder, output->location, FAULT_DATATYPE_MISMATCH,
               "column \"%s\" of type %s cannot be stored while arrayIngestMode is mvd",
               output->column.name, info->sql_name);
    return fault_hint(binder->fault, "Set arrayIngestMode to array.");
}

/* As many as a stage gives out. */
static bool check_width(Ingest *ingest)
{
    enum { MAX_COLUMNS = 2000 };
    Fault *fault = ingest->binder->fault;
    if (ingest->query.count <= MAX_COLUMNS)
        return true;
    fault_set(fault, FAULT_TOO_MANY_COLUMNS, "too many output columns (requested = %u, max = %d)",
              ingest->query.count, MAX_COLUMNS);
    fault_field_int(fault, "numColumns", ingest->query.count);
    return fault_field_int(fault, "maxColumns", MAX_COLUMNS);
}

/* __time must be a time, and is stored as an instant. */
static bool check_time(Ingest *ingest, SqlType *types)
{
    Binder *binder = ingest->binder;
    bool found = false;
    for (uint32_t i = 0; i < ingest->query.count; i++) {
        const OutputColumn *output = &ingest->query.columns[i];
        types[i] = output->column.type;
        if (!store_as_multi_value(binder, output, &types[i]))
            return false;
        if (strcmp(output->column.name, "__time") != 0)
            continue;
        found = true;
        if (types[i].oid != T_TIMESTAMP && types[i].oid != T_TIMESTAMPTZ) {
            bind_fault(binder, output->location, FAULT_DATATYPE_MISMATCH,
                       "column \"__time\" must be of type timestamp, not %s",
                       type_format_name(binder->arena, types[i]));
            return fault_hint(
                binder->fault,
                "Use TIME_PARSE for texts, MILLIS_TO_TIMESTAMP for numbers, or a cast.");
        }
        types[i] = SQL_TYPE(T_TIMESTAMPTZ);
    }
    if (found || ingest->target->is_partitioned_by_all)
        return true;
    bind_fault(binder, ingest->dialect->partitioned_at, FAULT_UNDEFINED_COLUMN,
               "column \"__time\" does not exist in the SELECT list, which PARTITIONED BY %s needs",
               ingest->target->granularity_text);
    return fault_hint(binder->fault, "Select a timestamp AS __time, or use PARTITIONED BY ALL.");
}

static bool has_output(const Ingest *ingest, Text name)
{
    for (uint32_t i = 0; i < ingest->query.count; i++) {
        if (text_equal_string(name, ingest->query.columns[i].column.name))
            return true;
    }
    return false;
}

/* segmentSortOrder: names of outputs, __time first unless told otherwise. */
static bool check_sort_order(Ingest *ingest)
{
    const Settings *settings = ingest->binder->context->types->settings;
    const char *at = settings->segment_sort_order;
    bool is_first = true;
    while (*at != '\0') {
        size_t length = strcspn(at, ",");
        Text name = {at, (uint32_t)length};
        while (name.length > 0 && strchr(" [\"", name.data[0]) != NULL)
            name = (Text){name.data + 1, name.length - 1};
        while (name.length > 0 && strchr(" ]\"", name.data[name.length - 1]) != NULL)
            name.length--;
        if (name.length > 0) {
            if (is_first && settings->force_segment_sort_by_time &&
                !text_equal_string(name, "__time"))
                return bind_fault(ingest->binder, -1, FAULT_INVALID_PARAMETER_VALUE,
                                  "segmentSortOrder must begin with __time while "
                                  "forceSegmentSortByTime is true");
            if (!has_output(ingest, name))
                return bind_fault(ingest->binder, -1, FAULT_INVALID_PARAMETER_VALUE,
                                  "segmentSortOrder names column \"%.*s\", which is not in the "
                                  "SELECT list",
                                  TEXT_ARGS(name));
            is_first = false;
        }
        at += at[length] == ',' ? length + 1 : length;
    }
    return true;
}

/* --- CLUSTERED BY --- */
static const Expr *bind_cluster_item(Ingest *ingest, Scope *scope, const PgQuery__Node *node)
{
    Binder *binder = ingest->binder;
    const QueryResult *query = &ingest->query;
    bool is_number = node->node_case == PG_QUERY__NODE__NODE_A_CONST &&
                     node->a_const->val_case == PG_QUERY__A__CONST__VAL_IVAL;
    if (is_number) {
        int32_t ordinal = node->a_const->ival->ival;
        if (ordinal < 1 || (uint32_t)ordinal > query->count) {
            bind_fault(binder, bind_node_location(binder, node), FAULT_SYNTAX_ERROR,
                       "ordinal %d out of range in CLUSTERED BY", ordinal);
            return NULL;
        }
        const PlanColumn *column = &query->columns[ordinal - 1].column;
        return expr_column(binder->arena, column->type, column->id,
                           bind_node_location(binder, node));
    }
    ExprContext context = {.scope = scope, .clause = CLAUSE_CLUSTERED_BY};
    const Expr *expr = bind_expr(binder, &context, node);
    return expr == NULL ? NULL : coerce_unknown_to_text(binder, expr);
}

static bool check_cluster_item(Ingest *ingest, const PgQuery__SortBy *sort, const Expr *expr,
                               uint32_t position)
{
    Binder *binder = ingest->binder;
    int32_t location = bind_node_location(binder, sort->node);
    if (sort->sortby_dir == PG_QUERY__SORT_BY_DIR__SORTBY_DESC)
        return bind_fault(binder, location, FAULT_SYNTAX_ERROR,
                          "CLUSTERED BY columns cannot be sorted in descending order");
    const TypeInfo *info = type_info(expr->type.oid);
    if (info != NULL && !info->is_sortable)
        return bind_fault(binder, location, FAULT_UNDEFINED_FUNCTION,
                          "could not identify an ordering operator for type %s", info->sql_name);
    if (expr->kind != EXPR_COLUMN || position == 0 ||
        !binder->context->types->settings->force_segment_sort_by_time)
        return true;
    for (uint32_t i = 0; i < ingest->query.count; i++) {
        const PlanColumn *column = &ingest->query.columns[i].column;
        if (column->id == expr->column && strcmp(column->name, "__time") == 0) {
            bind_fault(binder, location, FAULT_SYNTAX_ERROR,
                       "__time can only be the first column of CLUSTERED BY");
            return fault_hint(binder->fault,
                              "Set forceSegmentSortByTime to false to sort otherwise.");
        }
    }
    return true;
}

static bool bind_clustered(Ingest *ingest)
{
    Binder *binder = ingest->binder;
    uint32_t count = (uint32_t)binder->tree->clustered_count;
    enum { MAX_KEYS = 1500 };
    if (count > MAX_KEYS) {
        bind_fault(binder, ingest->dialect->clustered_at, FAULT_TOO_MANY_CLUSTERED_BY_COLUMNS,
                   "too many CLUSTERED BY columns in stage 0 (requested = %u, max = %d)", count,
                   MAX_KEYS);
        fault_field_int(binder->fault, "numColumns", count);
        fault_field_int(binder->fault, "maxColumns", MAX_KEYS);
        return fault_field_int(binder->fault, "stage", 0);
    }
    ScopeColumn *columns = ARENA_ARRAY(binder->arena, ScopeColumn, ingest->query.count + 1);
    for (uint32_t i = 0; i < ingest->query.count; i++) {
        const PlanColumn *column = &ingest->query.columns[i].column;
        columns[i] = (ScopeColumn){
            .id = column->id, .type = column->type, .name = column->name, .table = ""};
    }
    Scope scope = {.from = {.plan = ingest->query.plan,
                            .columns = columns,
                            .column_count = ingest->query.count}};
    const Expr **keys = ARENA_ARRAY(binder->arena, const Expr *, count + 1);
    const OffsetMap *map = bind_enter_fragment(binder, &ingest->dialect->clustered);
    bool ok = true;
    for (uint32_t i = 0; ok && i < count; i++) {
        const PgQuery__SortBy *sort = binder->tree->clustered[i]->sort_by;
        keys[i] = bind_cluster_item(ingest, &scope, sort->node);
        ok = keys[i] != NULL && check_cluster_item(ingest, sort, keys[i], i);
    }
    binder->map = map;
    ingest->target->cluster_count = count;
    ingest->target->cluster_keys = keys;
    return ok;
}

/* --- all of it --- */

/* The stored columns: exactly these, with their stored types. */
static bool project_outputs(Ingest *ingest, const SqlType *types)
{
    Binder *binder = ingest->binder;
    PlanColumn *columns = ARENA_ARRAY(binder->arena, PlanColumn, ingest->query.count + 1);
    const Plan *plan = bind_project_types(binder, &ingest->query, types, columns);
    if (plan == NULL)
        return false;
    ingest->query.plan = plan;
    for (uint32_t i = 0; i < ingest->query.count; i++) {
        columns[i].name = ingest->query.columns[i].column.name;
        if (types[i].oid == T_TEXT_ARRAY && types[i].modifier == TYPE_MULTI_VALUE)
            columns[i].type = types[i];
        ingest->query.columns[i].column = columns[i];
    }
    return true;
}

static void set_result(Ingest *ingest, BoundQuery *query)
{
    Arena *arena = ingest->binder->arena;
    uint32_t count = ingest->query.count;
    PlanColumn *outputs = ARENA_ARRAY(arena, PlanColumn, count + 1);
    for (uint32_t i = 0; i < count; i++)
        outputs[i] = ingest->query.columns[i].column;
    query->plan = ingest->query.plan;
    query->output_count = count;
    query->outputs = outputs;
    query->output_table_oids = arena_zalloc(arena, (count + 1) * sizeof(Oid));
    query->output_attnums = arena_zalloc(arena, (count + 1) * sizeof(int16_t));
    query->ingest = ingest->target;
}

/* The dialect's own form: outputs are columns by their names. */
static bool bind_by_name(Ingest *ingest, Scope *scope)
{
    const PgQuery__InsertStmt *insert = ingest->statement;
    if (insert->select_stmt == NULL)
        return bind_fault(ingest->binder, ingest->dialect->ingest_at, FAULT_FEATURE_NOT_SUPPORTED,
                          "DEFAULT VALUES is not supported with PARTITIONED BY");
    return bind_query(ingest->binder, insert->select_stmt->select_stmt, scope, NULL, false,
                      &ingest->query) &&
           bind_unused_ctes(ingest->binder, scope) && check_query(ingest) &&
           apply_column_list(ingest) && check_names(ingest);
}

bool bind_ingest(Binder *binder, const PgQuery__InsertStmt *insert, BoundQuery *query)
{
    Ingest ingest = {.binder = binder,
                     .statement = insert,
                     .dialect = binder->tree->dialect,
                     .target = ARENA_NEW(binder->arena, IngestTarget)};
    if (!check_clauses(&ingest) || !bind_target(&ingest))
        return false;
    bool is_plain = !ingest.dialect->is_replace && !ingest.dialect->has_partitioned &&
                    ingest.target->relation != NULL;
    bool is_values = insert->select_stmt == NULL || insert->select_stmt->select_stmt->n_values_lists > 0;
    if (!ingest.dialect->is_replace && !ingest.dialect->has_partitioned && is_values &&
        ingest.target->relation == NULL && binder->dialect == 0) {
        bind_fault(binder, bind_location(binder, insert->relation->location), FAULT_UNDEFINED_TABLE,
                   "relation \"%s\" does not exist", name_plain(insert->relation->relname));
        return fault_hint(binder->fault,
                          "Make it with CREATE TABLE, or name its time chunks with PARTITIONED BY.");
    }
    if (!(is_plain ? bind_usual_granularity(binder, ingest.target)
                   : bind_granularity(binder, ingest.target)))
        return false;
    bool is_old_way = !ingest.dialect->is_replace && ingest.target->mode == INGEST_REPLACE;
    if (ingest.dialect->is_replace && !bind_overwrite(binder, ingest.target))
        return false;
    if (is_old_way && !bind_replaced_chunks(binder, ingest.target, replaced_chunks(binder)))
        return false;
    Scope *scope = ARENA_NEW(binder->arena, Scope); /* WITH may stand before INSERT too */
    if (insert->with_clause != NULL && !bind_with(binder, scope, insert->with_clause))
        return false;
    if (is_plain ? !bind_insert(binder, insert, scope, ingest.target, &ingest.query) ||
                       !bind_unused_ctes(binder, scope)
                 : !bind_by_name(&ingest, scope))
        return false;
    SqlType *types = ARENA_ARRAY(binder->arena, SqlType, ingest.query.count + 1);
    if (!check_width(&ingest) || !check_time(&ingest, types) || !check_types(&ingest) ||
        !check_sort_order(&ingest) || !project_outputs(&ingest, types))
        return false;
    const Relation *relation = ingest.target->relation;
    const PgQuery__OnConflictClause *conflict = insert->on_conflict_clause;
    ingest.target->locks_first = conflict != NULL;
    if (conflict != NULL && relation != NULL) {
        query->ingest = ingest.target;
        if (conflict->action != PG_QUERY__ON_CONFLICT_ACTION__ONCONFLICT_NOTHING)
            return bind_do_update(binder, insert, scope, &ingest.query, query);
        if (!bind_do_nothing(binder, conflict, relation, &ingest.query))
            return false;
    }
    if (ingest.dialect->has_clustered && !bind_clustered(&ingest))
        return false;
    set_result(&ingest, query);
    if (insert->n_returning_list > 0)
        return bind_insert_returning(binder, insert, query);
    bool is_checked = relation != NULL && ingest.target->mode == INGEST_INSERT &&
                      relation->table->parsed.constraint_count > 0;
    if (is_checked) { /* between the writing and the publish */
        RowChange *change = ARENA_NEW(binder->arena, RowChange);
        *change = (RowChange){.kind = CHANGE_INSERT, .relation = relation};
        query->change = change;
    }
    return true;
}

/* --- CREATE TABLE AS, SELECT INTO --- */

static bool place_created(Ingest *ingest, const PgQuery__RangeVar *range, bool if_not_exists)
{
    Binder *binder = ingest->binder;
    IngestTarget *target = ingest->target;
    int32_t location = bind_location(binder, range->location);
    const char *name = name_made(binder->arena, range->relname, binder->dialect);
    target->is_temporary =
        range->relpersistence[0] == 't' || name_is(range->schemaname, "pg_temp");
    Text schema = text_of(schema_temporary_name());
    if (!target->is_temporary) {
        ingest->schema = target_schema(ingest, range, location);
        if (ingest->schema == NULL || !check_rights(ingest))
            return false;
        schema = text_of(ingest->schema->name);
    }
    if (!check_table_name(ingest, name, location))
        return false;
    target->table = table_key(binder->arena, schema, text_of(name)).data;
    target->exists = table_find(binder->context->tables, text_of(target->table)) != NULL;
    return !target->exists || if_not_exists ||
           fault_set(binder->fault, FAULT_DUPLICATE_TABLE, "relation \"%s\" already exists", name);
}

static bool name_created(Ingest *ingest, const PgQuery__IntoClause *into)
{
    Binder *binder = ingest->binder;
    if (into->n_col_names > ingest->query.count)
        return fault_set(binder->fault, FAULT_SYNTAX_ERROR, "too many column names were specified");
    for (size_t i = 0; i < ingest->query.count; i++) {
        OutputColumn *output = &ingest->query.columns[i];
        if (i < into->n_col_names)
            output->column.name =
                name_made(binder->arena, into->col_names[i]->string->sval, binder->dialect);
        output->is_named = true;
    }
    return check_names(ingest);
}

static const PgQuery__IntoClause *into_of(const Binder *binder, bool *if_not_exists)
{
    const PgQuery__Node *outer = binder->tree->outer;
    *if_not_exists = false;
    if (outer->node_case != PG_QUERY__NODE__NODE_CREATE_TABLE_AS_STMT)
        return binder->tree->node->select_stmt->into_clause;
    *if_not_exists = outer->create_table_as_stmt->if_not_exists;
    return outer->create_table_as_stmt->into;
}

/* The query of CREATE MATERIALIZED VIEW as typed, without WITH [NO] DATA behind it. */
static Text materialized_text(const Binder *binder)
{
    static const char *const tail[] = {"data", "no", "with"};
    Text text = binder->statement->inner;
    uint32_t end = text.length;
    for (int i = 0; i < 3; i++) {
        uint32_t length = (uint32_t)strlen(tail[i]), at = end;
        while (at > 0 && strchr(" \t\r\n\f", text.data[at - 1]) != NULL)
            at--;
        bool is_there =
            at >= length && strncasecmp(text.data + at - length, tail[i], length) == 0;
        if (!is_there && i != 1)
            return text;
        end = is_there ? at - length : end;
    }
    while (end > 0 && strchr(" \t\r\n\f", text.data[end - 1]) != NULL)
        end--;
    text.length = end;
    return text;
}

static bool note_materialized(Binder *binder, IngestTarget *target)
{
    TableProperties *properties = ARENA_NEW(binder->arena, TableProperties);
    Text definition = materialized_text(binder);
    if (definition.length == 0)
        return bind_fault(binder, -1, FAULT_FEATURE_NOT_SUPPORTED,
                          "a materialized view without a query of its own is not supported");
    if (binder->context->parameter_count > 0)
        return bind_fault(binder, -1, FAULT_FEATURE_NOT_SUPPORTED,
                          "materialized views may not be defined using bound parameters");
    *properties = (TableProperties){
        .kind = TABLE_STORED,
        .definition = definition,
        .search_path = text_of(binder->context->types->settings->search_path),
        .used_count = binder->used_count,
        .used = binder->used,
    };
    target->materialized = properties;
    return true;
}

bool bind_create_as(Binder *binder, BoundQuery *query)
{
    Ingest ingest = {.binder = binder,
                     .dialect = binder->tree->dialect,
                     .target = ARENA_NEW(binder->arena, IngestTarget)};
    bool if_not_exists;
    const PgQuery__IntoClause *into = into_of(binder, &if_not_exists);
    *ingest.target = (IngestTarget){.mode = INGEST_INSERT,
                                    .is_create = true,
                                    .is_partitioned_by_all = true,
                                    .granularity_text = "ALL",
                                    .without_rows = into->skip_data,
                                    .drops_at_commit = into->on_commit ==
                                        PG_QUERY__ON_COMMIT_ACTION__ONCOMMIT_DROP};
    if (into->on_commit == PG_QUERY__ON_COMMIT_ACTION__ONCOMMIT_DELETE_ROWS)
        return bind_fault(binder, -1, FAULT_FEATURE_NOT_SUPPORTED,
                          "ON COMMIT DELETE ROWS is not supported");
    if (!place_created(&ingest, into->rel, if_not_exists))
        return false;
    if (ingest.dialect->has_partitioned) {
        ingest.target->is_partitioned_by_all = false;
        if (!bind_granularity(binder, ingest.target))
            return false;
    }
    if (!bind_query(binder, binder->tree->node->select_stmt, NULL, NULL, false, &ingest.query) ||
        !name_created(&ingest, into))
        return false;
    const PgQuery__Node *outer = binder->tree->outer;
    if (outer->node_case == PG_QUERY__NODE__NODE_CREATE_TABLE_AS_STMT &&
        outer->create_table_as_stmt->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW &&
        !note_materialized(binder, ingest.target))
        return false;
    if (ingest.target->without_rows)
        ingest.query.plan = plan_limit(binder->arena, ingest.query.plan, 0, 0);
    SqlType *types = ARENA_ARRAY(binder->arena, SqlType, ingest.query.count + 1);
    if (!check_width(&ingest) || !check_time(&ingest, types) || !check_sort_order(&ingest))
        return false;
    for (uint32_t i = 0; i < ingest.query.count; i++) {
        if (types[i].oid == T_UNKNOWN)
            types[i] = SQL_TYPE(T_TEXT);
        if (types[i].oid == T_RECORD || types[i].oid == T_RECORD_ARRAY)
            return bind_fault(binder, -1, FAULT_INVALID_TABLE_DEFINITION,
                              "column \"%s\" has pseudo-type %s",
                              ingest.query.columns[i].column.name,
                              type_info(types[i].oid)->sql_name);
    }
    if (!project_outputs(&ingest, types))
        return false;
    if (ingest.dialect->has_clustered && !bind_clustered(&ingest))
        return false;
    set_result(&ingest, query);
    return true;
}

/* --- REFRESH MATERIALIZED VIEW --- */

static bool find_materialized(Ingest *ingest, const PgQuery__RangeVar *range)
{
    Binder *binder = ingest->binder;
    int32_t location = bind_location(binder, range->location);
    SchemaName schema = name_read(range->schemaname);
    const Relation *relation = schema_resolve(
        binder->arena, binder->context->tables, range->schemaname[0] != '\0' ? &schema : NULL,
        name_read(range->relname), bind_search_path(binder), location, binder->fault);
    if (relation == NULL)
        return false;
    if (!schema_is_materialized(relation))
        return bind_fault(binder, location, FAULT_WRONG_OBJECT_TYPE,
                          "\"%.*s\" is not a materialized view", TEXT_ARGS(relation->name));
    AccessTarget object = {.kind = ACCESS_ON_TABLE, .oid = relation->oid, .name = relation->name};
    ingest->target->relation = relation;
    ingest->target->table = relation->table->key.data;
    return access_check_owner(binder->context->user, &object, binder->fault);
}

/* The definition's columns under the names, and with the types, that were given when it was made. */
static bool fit_columns(Ingest *ingest)
{
    Binder *binder = ingest->binder;
    const Relation *relation = ingest->target->relation;
    bool fits = ingest->query.count == relation->column_count;
    for (uint32_t i = 0; fits && i < ingest->query.count; i++) {
        OutputColumn *output = &ingest->query.columns[i];
        const RelationColumn *column = &relation->columns[i];
        SqlType type = output->column.type;
        fits = type.oid == column->type.oid || (type.oid == T_UNKNOWN && column->type.oid == T_TEXT);
        output->column.name = arena_strndup(binder->arena, column->name.data, column->name.length);
        output->is_named = true;
    }
    return fits || bind_fault(binder, -1, FAULT_INVALID_OBJECT_DEFINITION,
                              "materialized view \"%.*s\" does not fit the relations that it reads "
                              "any more",
                              TEXT_ARGS(relation->name));
}

bool bind_refresh(Binder *binder, const PgQuery__RefreshMatViewStmt *refresh, BoundQuery *query)
{
    Ingest ingest = {.binder = binder,
                     .dialect = binder->tree->dialect,
                     .target = ARENA_NEW(binder->arena, IngestTarget)};
    *ingest.target = (IngestTarget){
        .mode = INGEST_REPLACE, .is_refresh = true, .without_rows = refresh->skip_data};
    if (!find_materialized(&ingest, refresh->relation) ||
        !bind_usual_granularity(binder, ingest.target))
        return false;
    bind_overwrite_all(binder, ingest.target);
    if (!bind_kept_query(binder, ingest.target->relation, &ingest.query) || !fit_columns(&ingest))
        return false;
    if (refresh->skip_data)
        ingest.query.plan = plan_limit(binder->arena, ingest.query.plan, 0, 0);
    SqlType *types = ARENA_ARRAY(binder->arena, SqlType, ingest.query.count + 1);
    if (!check_time(&ingest, types))
        return false;
    for (uint32_t i = 0; i < ingest.query.count; i++)
        if (types[i].oid == T_UNKNOWN)
            types[i] = SQL_TYPE(T_TEXT);
    if (!project_outputs(&ingest, types))
        return false;
    set_result(&ingest, query);
    return true;
}

/* --- COPY FROM --- */

/* COPY .. FROM .. WHERE: over the columns of the target. */
static bool filter_source(Binder *binder, const Relation *relation, const PgQuery__Node *where,
                          QueryResult *source)
{
    Scope scope = {0};
    Arena *arena = binder->arena;
    uint32_t most = source->count + relation->column_count + 1, count = source->count;
    ScopeColumn *columns = ARENA_ARRAY(arena, ScopeColumn, most);
    PlanProjection *items = ARENA_ARRAY(arena, PlanProjection, most);
    for (uint32_t i = 0; i < count; i++) {
        const PlanColumn *column = &source->columns[i].column;
        items[i] = (PlanProjection){*column, expr_column(arena, column->type, column->id, -1)};
    }
    for (uint32_t i = 0; i < relation->column_count; i++) { /* what is not given is NULL */
        Text own = relation->columns[i].name;
        uint32_t k = 0;
        while (k < source->count && !text_equal_string(own, source->columns[k].column.name))
            k++;
        SqlType type = relation->columns[i].type;
        if (k == source->count)
            items[count++] = (PlanProjection){
                bind_new_column(binder, type, arena_strndup(arena, own.data, own.length)),
                expr_null(arena, type, -1)};
    }
    const Plan *whole = plan_project(arena, source->plan, items, count);
    for (uint32_t i = 0; i < count; i++)
        columns[i] = (ScopeColumn){.id = items[i].column.id,
                                   .type = items[i].column.type,
                                   .name = items[i].column.name};
    const char *name =
        arena_strndup(binder->arena, relation->name.data, relation->name.length);
    if (!from_make(binder, whole, name, NULL, relation, columns, count, &scope.from))
        return false;
    ExprContext context = {.scope = &scope, .clause = CLAUSE_WHERE};
    const Expr *condition = bind_condition(binder, &context, where, "WHERE");
    if (condition == NULL)
        return false;
    for (uint32_t i = 0; i < source->count; i++)
        items[i].expr = expr_column(arena, items[i].column.type, items[i].column.id, -1);
    source->plan =
        plan_project(arena, plan_filter(arena, whole, condition), items, source->count);
    return true;
}

bool bind_copy_target(Binder *binder, const Relation *relation, const Relation *source,
                      const uint32_t *columns, const PgQuery__Node *where, BoundQuery *query)
{
    Ingest ingest = {.binder = binder,
                     .dialect = binder->tree->dialect,
                     .target = ARENA_NEW(binder->arena, IngestTarget)};
    *ingest.target = (IngestTarget){
        .mode = INGEST_INSERT, .relation = relation, .table = relation->table->key.data};
    if (!bind_usual_granularity(binder, ingest.target) ||
        !bind_insert_source(binder, relation, source, columns, &ingest.query) ||
        (where != NULL && !filter_source(binder, relation, where, &ingest.query)))
        return false;
    SqlType *types = ARENA_ARRAY(binder->arena, SqlType, ingest.query.count + 1);
    if (!check_time(&ingest, types) || !project_outputs(&ingest, types))
        return false;
    set_result(&ingest, query);
    return true;
}
