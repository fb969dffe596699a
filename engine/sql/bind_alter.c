/*
 * What becomes of a table's rows when ALTER TABLE changes its columns: one projection of them. The
 * changes are followed one after the other, as storage/table will apply them; each column of the
 * altered table remembers which column of the old one it comes from.
 */
#include "engine/sql/bind_define_internal.h"

typedef struct AlteredColumn {
    int source;                  /* of the old relation; -1: it is new */
    bool is_retyped;
    bool keeps_default;          /* the old column's, cast to the new type */
    const PgQuery__Node *using;  /* of ALTER COLUMN TYPE; NULL: a cast */
} AlteredColumn;

typedef struct Alter {
    Binder *binder;
    const PgQuery__AlterTableStmt *statement; /* NULL: RENAME */
    const Relation *relation;
    uint32_t count;
    TableColumn *columns;   /* as they will be */
    AlteredColumn *origins; /* one a column */
    Relation *altered;
} Alter;

/* --- the columns --- */

static int find_column(const Alter *alter, Text name)
{
    for (uint32_t i = 0; i < alter->count; i++)
        if (text_equal(alter->columns[i].name, name))
            return (int)i;
    return -1;
}

static bool must_be_new(Alter *alter, Text name)
{
    return find_column(alter, name) < 0 ||
           bind_fault(alter->binder, -1, FAULT_DUPLICATE_COLUMN,
                      "column \"%.*s\" of relation \"%.*s\" already exists", TEXT_ARGS(name),
                      TEXT_ARGS(alter->relation->name));
}

static void add_column(Alter *alter, const TableColumn *column)
{
    alter->origins[alter->count] = (AlteredColumn){.source = -1};
    alter->columns[alter->count++] = *column;
}

static void drop_column(Alter *alter, uint32_t at)
{
    uint32_t behind = --alter->count - at;
    memmove(&alter->columns[at], &alter->columns[at + 1], behind * sizeof *alter->columns);
    memmove(&alter->origins[at], &alter->origins[at + 1], behind * sizeof *alter->origins);
}

static bool retype_column(Alter *alter, uint32_t at, const TableColumn *given, uint32_t command)
{
    TableColumn *column = &alter->columns[at];
    AlteredColumn *origin = &alter->origins[at];
    const char *name = arena_strndup(alter->binder->arena, column->name.data, column->name.length);
    if (origin->source < 0 || origin->is_retyped)
        return bind_fault(alter->binder, -1, FAULT_FEATURE_NOT_SUPPORTED,
                          "cannot alter type of column \"%s\" twice", name);
    if (column->identity != 0 && given->type_oid != T_INT2 && given->type_oid != T_INT4 &&
        given->type_oid != T_INT8)
        return bind_fault(alter->binder, -1, FAULT_INVALID_PARAMETER_VALUE,
                          "identity column type must be smallint, integer, or bigint");
    column->type_oid = given->type_oid;
    column->type_modifier = given->type_modifier;
    origin->is_retyped = true;
    origin->keeps_default = column->default_text.length > 0 && !column->is_generated;
    origin->using = alter->statement->cmds[command]->alter_table_cmd->def->column_def->raw_default;
    return true;
}

static void set_column(Alter *alter, uint32_t at, const TableColumn *given)
{
    TableColumn *column = &alter->columns[at];
    if (!text_equal(column->default_text, given->default_text))
        alter->origins[at].keeps_default = false;
    column->not_null = given->not_null;
    column->default_text = given->default_text;
    column->identity = given->identity;
    column->is_generated = given->is_generated;
}

static bool follow(Alter *alter, const TableChange *change, uint32_t command)
{
    int at = find_column(alter, change->column.name);
    if (change->kind == TABLE_ADD_COLUMN) {
        if (!must_be_new(alter, change->column.name))
            return false;
        add_column(alter, &change->column);
        return true;
    }
    if (at < 0)
        return bind_fault(alter->binder, -1, FAULT_UNDEFINED_COLUMN,
                          "column \"%.*s\" of relation \"%.*s\" does not exist",
                          TEXT_ARGS(change->column.name), TEXT_ARGS(alter->relation->name));
    switch (change->kind) {
    case TABLE_DROP_COLUMN:
        drop_column(alter, (uint32_t)at);
        return true;
    case TABLE_RENAME_COLUMN:
        if (!must_be_new(alter, change->to))
            return false;
        alter->columns[at].name = change->to;
        return true;
    case TABLE_RETYPE_COLUMN:
        return retype_column(alter, (uint32_t)at, &change->column, command);
    default:
        set_column(alter, (uint32_t)at, &change->column);
        return true;
    }
}

static bool follow_all(Alter *alter, const Definition *definition)
{
    Arena *arena = alter->binder->arena;
    const Table *table = alter->relation->table;
    uint32_t most = table->column_count + definition->change_count;
    alter->columns = ARENA_ARRAY(arena, TableColumn, (size_t)most + 1);
    alter->origins = ARENA_ARRAY(arena, AlteredColumn, (size_t)most + 1);
    alter->count = table->column_count;
    for (uint32_t i = 0; i < table->column_count; i++) {
        alter->columns[i] = table->columns[i];
        alter->origins[i] = (AlteredColumn){.source = (int)i};
    }
    for (uint32_t i = 0; i < definition->change_count; i++)
        if (!follow(alter, &definition->changes[i],
                    definition->commands == NULL ? 0 : definition->commands[i]))
            return false;
    return true;
}

/* --- the table as it will be --- */

static bool has_number(const Alter *alter, int32_t number)
{
    for (uint32_t i = 0; i < alter->count; i++)
        if (alter->origins[i].source >= 0 && alter->columns[i].number == number)
            return true;
    return false;
}

/* Constraints of columns that are dropped go with them. */
static void keep_constraints(const Alter *alter, TableProperties *properties)
{
    TableConstraint *kept = ARENA_ARRAY(alter->binder->arena, TableConstraint,
                                        (size_t)properties->constraint_count + 1);
    uint32_t count = 0;
    for (uint32_t i = 0; i < properties->constraint_count; i++) {
        const TableConstraint *one = &properties->constraints[i];
        bool stays = true;
        for (uint32_t k = 0; k < one->column_count; k++)
            stays = stays && has_number(alter, one->columns[k]);
        if (stays)
            kept[count++] = *one;
    }
    properties->constraints = kept;
    properties->constraint_count = count;
}

static void make_altered(Alter *alter)
{
    Arena *arena = alter->binder->arena;
    Relation *relation = ARENA_NEW(arena, Relation);
    Table *table = ARENA_NEW(arena, Table);
    RelationColumn *columns = ARENA_ARRAY(arena, RelationColumn, (size_t)alter->count + 1);
    for (uint32_t i = 0; i < alter->count; i++) {
        const TableColumn *column = &alter->columns[i];
        columns[i] = (RelationColumn){
            .name = column->name,
            .type = {.oid = column->type_oid, .modifier = column->type_modifier},
            .number = column->number};
    }
    *table = *alter->relation->table;
    table->columns = alter->columns;
    table->column_count = alter->count;
    table->segments = table->hidden = NULL;
    table->segment_count = table->hidden_count = 0;
    table->rows = table->bytes = 0;
    table->statistics = arena_zalloc(arena, ((size_t)alter->count + 1) * sizeof *table->statistics);
    keep_constraints(alter, &table->parsed);
    *relation = *alter->relation;
    relation->columns = columns;
    relation->column_count = alter->count;
    relation->table = table;
    alter->altered = relation;
}

/* --- the values --- */

static bool is_no_cast(const Fault *fault)
{
    return fault->code == FAULT_CANNOT_COERCE || fault->code == FAULT_DATATYPE_MISMATCH;
}

/* As it has to be written in a statement. */
static const char *quoted(Arena *arena, Text name)
{
    bool is_plain = name.length > 0 && (name.data[0] < '0' || name.data[0] > '9');
    for (uint32_t i = 0; i < name.length; i++) {
        char c = name.data[i];
        is_plain = is_plain && ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_');
    }
    return arena_printf(arena, is_plain ? "%.*s" : "\"%.*s\"", TEXT_ARGS(name));
}

static bool no_cast(Alter *alter, uint32_t at)
{
    Binder *binder = alter->binder;
    const RelationColumn *column = &alter->altered->columns[at];
    const char *type = type_format_name(binder->arena, column->type);
    if (!is_no_cast(binder->fault))
        return false;
    if (alter->origins[at].using != NULL) {
        bind_fault(binder, -1, FAULT_DATATYPE_MISMATCH,
                   "result of USING clause for column \"%.*s\" cannot be cast automatically to type %s",
                   TEXT_ARGS(column->name), type);
        return fault_hint(binder->fault, "You might need to add an explicit cast.");
    }
    bind_fault(binder, -1, FAULT_DATATYPE_MISMATCH,
               "column \"%.*s\" cannot be cast automatically to type %s", TEXT_ARGS(column->name),
               type);
    Text name = column->name;
    return fault_hint(binder->fault, "You might need to specify \"USING %s::%s\".",
                      quoted(binder->arena, name), type);
}

/* The default that stays is cast, too. */
static bool check_default(Alter *alter, uint32_t at)
{
    Binder *binder = alter->binder;
    const RelationColumn *column = &alter->altered->columns[at];
    if (!alter->origins[at].keeps_default)
        return true;
    const Expr *expr =
        bind_default(binder, alter->relation, (uint32_t)alter->origins[at].source, -1);
    if (expr == NULL)
        return false;
    if (coerce_to(binder, expr, column->type, CAST_ASSIGNMENT, -1) != NULL)
        return true;
    return is_no_cast(binder->fault) &&
           bind_fault(binder, -1, FAULT_DATATYPE_MISMATCH,
                      "default for column \"%.*s\" cannot be cast automatically to type %s",
                      TEXT_ARGS(column->name), type_format_name(binder->arena, column->type));
}

static const Expr *bind_value(Alter *alter, Scope *scope, const ScopeColumn *known, uint32_t at)
{
    Binder *binder = alter->binder;
    const AlteredColumn *origin = &alter->origins[at];
    ExprContext context = {.scope = scope, .clause = CLAUSE_TRANSFORM};
    if (origin->source < 0)
        return bind_default(binder, alter->altered, at, -1);
    const ScopeColumn *old = &known[origin->source];
    const Expr *expr = origin->using != NULL ? bind_expr(binder, &context, origin->using)
                                             : expr_column(binder->arena, old->type, old->id, -1);
    if (expr == NULL || !origin->is_retyped)
        return expr;
    expr = coerce_to(binder, bind_reg_as_oid(binder, expr), alter->altered->columns[at].type,
                     CAST_ASSIGNMENT, -1);
    if (expr == NULL)
        return no_cast(alter, at), NULL;
    return check_default(alter, at) ? expr : NULL;
}

static bool has_generated(const Alter *alter)
{
    for (uint32_t i = 0; i < alter->count; i++)
        if (alter->columns[i].is_generated)
            return true;
    return false;
}

/* Of the rows of the table: each as it will be. */
static const Plan *project_rows(Alter *alter, PlanColumn *outputs)
{
    Binder *binder = alter->binder;
    Arena *arena = binder->arena;
    const Relation *relation = alter->relation;
    ScopeColumn *known = ARENA_ARRAY(arena, ScopeColumn, (size_t)relation->column_count + 1);
    PlanProjection *items = ARENA_ARRAY(arena, PlanProjection, (size_t)alter->count + 1);
    const Expr **values = ARENA_ARRAY(arena, const Expr *, (size_t)alter->count + 1);
    const Plan *plan = bind_scan(binder, relation, known);
    const char *name = arena_strndup(arena, relation->name.data, relation->name.length);
    Scope scope = {0};
    if (!from_make(binder, plan, name, NULL, relation, known, relation->column_count, &scope.from))
        return NULL;
    for (uint32_t i = 0; i < alter->count; i++)
        if ((values[i] = bind_value(alter, &scope, known, i)) == NULL)
            return NULL;
    if (has_generated(alter) && !bind_generated(binder, alter->altered, &plan, values))
        return NULL;
    for (uint32_t i = 0; i < alter->count; i++) {
        const RelationColumn *column = &alter->altered->columns[i];
        outputs[i] = bind_new_column(
            binder, column->type, arena_strndup(arena, column->name.data, column->name.length));
        items[i] = (PlanProjection){outputs[i], values[i]};
    }
    return plan_project(arena, plan, items, alter->count);
}

/* --- the query --- */

static BoundQuery *write_rows(Alter *alter)
{
    Arena *arena = alter->binder->arena;
    size_t count = (size_t)alter->count + 1;
    PlanColumn *outputs = ARENA_ARRAY(arena, PlanColumn, count);
    const Plan *plan = project_rows(alter, outputs);
    IngestTarget *target = ARENA_NEW(arena, IngestTarget);
    *target = (IngestTarget){.mode = INGEST_INSERT,
                             .table = alter->relation->table->key.data,
                             .relation = alter->relation};
    if (plan == NULL || !bind_usual_granularity(alter->binder, target))
        return NULL;
    BoundQuery *query = ARENA_NEW(arena, BoundQuery);
    *query = (BoundQuery){.plan = plan,
                          .output_count = alter->count,
                          .outputs = outputs,
                          .output_table_oids = arena_zalloc(arena, count * sizeof(Oid)),
                          .output_attnums = arena_zalloc(arena, count * sizeof(int16_t)),
                          .ingest = target};
    query->next_column = alter->binder->next_column;
    return query;
}

bool sql_bind_alter(Arena *arena, const ParsedStatement *statement, BindContext *context,
                    const Definition *definition, BoundQuery **query, const Relation **altered,
                    Fault *fault)
{
    Binder binder = bind_start(arena, statement, context, fault);
    const PgQuery__Node *node = statement->tree->outer;
    Alter alter = {.binder = &binder,
                   .statement = node->node_case == PG_QUERY__NODE__NODE_ALTER_TABLE_STMT
                                    ? node->alter_table_stmt
                                    : NULL,
                   .relation = schema_relation_by_oid(arena, context->tables,
                                                      definition->targets[0].oid)};
    fault_clear(fault);
    if (!follow_all(&alter, definition))
        return false;
    make_altered(&alter);
    *altered = alter.altered;
    *query = write_rows(&alter);
    return *query != NULL;
}
