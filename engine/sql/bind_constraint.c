/*
 * Constraints as queries: each gives a row that breaks the constraint, its values as texts, or none.
 * They read the files that are about to be published (`work`) and what stays beside them (`rest`).
 */
#include "engine/sql/bind_internal.h"

#include "base/memory/buffer.h"

static Text column_name(const Relation *relation, int32_t number)
{
    for (uint32_t i = 0; i < relation->column_count; i++)
        if (relation->columns[i].number == number)
            return relation->columns[i].name;
    return TEXT_LITERAL("");
}

static void put_name(Buffer *out, Text name)
{
    buffer_append_byte(out, '"');
    for (uint32_t i = 0; i < name.length; i++) {
        if (name.data[i] == '"')
            buffer_append_byte(out, '"');
        buffer_append_byte(out, (uint8_t)name.data[i]);
    }
    buffer_append_byte(out, '"');
}

static void put_keys(Buffer *out, const Relation *relation, const TableConstraint *constraint,
                     const char *before, const char *after, const char *between)
{
    for (uint32_t i = 0; i < constraint->column_count; i++) {
        buffer_append_string(out, i > 0 ? between : "");
        buffer_append_string(out, before);
        put_name(out, column_name(relation, constraint->columns[i]));
        buffer_append_string(out, after);
    }
}

/* The whole row that a CHECK is false of. */
static void write_check(Buffer *out, const Relation *relation, const TableConstraint *constraint)
{
    buffer_append_string(out, "SELECT ");
    for (uint32_t i = 0; i < relation->column_count; i++) {
        buffer_append_string(out, i > 0 ? ", CAST(" : "CAST(");
        put_name(out, relation->columns[i].name);
        buffer_append_string(out, " AS text)");
    }
    buffer_printf(out, " WHERE (%.*s) IS FALSE LIMIT 1", TEXT_ARGS(constraint->check));
}

/* A key that comes twice. */
static void write_twice(Buffer *out, const Relation *relation, const TableConstraint *constraint)
{
    buffer_append_string(out, "SELECT ");
    put_keys(out, relation, constraint, "CAST(", " AS text)", ", ");
    buffer_append_string(out, " WHERE ");
    put_keys(out, relation, constraint, "", " IS NOT NULL", " AND ");
    buffer_append_string(out, " GROUP BY ");
    put_keys(out, relation, constraint, "", "", ", ");
    buffer_append_string(out, " HAVING count(*) > 1 LIMIT 1");
}

bool bind_work_text(Binder *binder, const char *sql, const Relation *work, QueryResult *result)
{
    FromItem from;
    Scope scope = {0};
    ScopeColumn *columns = ARENA_ARRAY(binder->arena, ScopeColumn, work->column_count + 1);
    const Plan *plan = bind_scan(binder, work, columns);
    const char *name = arena_strndup(binder->arena, work->name.data, work->name.length);
    const PgQuery__Node *node = parse_plain(binder->arena, sql, binder->fault);
    const OffsetMap *map = binder->map;
    binder->map = NULL;
    if (node == NULL ||
        !from_make(binder, plan, name, NULL, work, columns, work->column_count, &from))
        return false;
    binder->given_to = node->select_stmt;
    binder->given_from = &from;
    bool ok = bind_query(binder, node->select_stmt, &scope, NULL, false, result);
    binder->given_to = NULL;
    binder->map = map;
    return ok;
}

/* A key of `rest` that `work` has, too. */
static bool bind_meeting(Binder *binder, const Relation *work, const Relation *rest,
                         const TableConstraint *constraint, QueryResult *result)
{
    Arena *arena = binder->arena;
    ScopeColumn *left = ARENA_ARRAY(arena, ScopeColumn, rest->column_count + 1);
    ScopeColumn *right = ARENA_ARRAY(arena, ScopeColumn, work->column_count + 1);
    const Plan *old = bind_scan(binder, rest, left), *new = bind_scan(binder, work, right);
    uint32_t count = constraint->column_count;
    PlanProjection *items = ARENA_ARRAY(arena, PlanProjection, count + 1);
    const Expr **parts = ARENA_ARRAY(arena, const Expr *, count + 1);
    PlanColumn none = {0};
    result->columns = arena_zalloc(arena, (count + 1) * sizeof *result->columns);
    for (uint32_t i = 0; i < count; i++) {
        Text name = column_name(rest, constraint->columns[i]);
        SchemaName exact = {name, true};
        int at = schema_match_column(rest, exact), to = schema_match_column(work, exact);
        if (at < 0 || to < 0)
            return fault_set(binder->fault, FAULT_INTERNAL_ERROR, "a key's column is missing");
        const Expr *key = expr_column(arena, left[at].type, left[at].id, -1);
        parts[i] = bind_operator(binder, "=", key,
                                 expr_column(arena, right[to].type, right[to].id, -1), -1);
        const Expr *shown = coerce_to(binder, key, SQL_TYPE(T_TEXT), CAST_EXPLICIT, -1);
        if (parts[i] == NULL || shown == NULL)
            return false;
        items[i] = (PlanProjection){bind_new_column(binder, shown->type, "key"), shown};
        result->columns[i].column = items[i].column;
    }
    const Expr *same = count == 1 ? parts[0] : expr_nary(arena, EXPR_AND, SQL_TYPE(T_BOOL), parts, count, -1);
    const Plan *plan = plan_join(arena, JOIN_SEMI, old, new, same, none);
    result->plan = plan_project(arena, plan_limit(arena, plan, 1, 0), items, count);
    result->count = count;
    return true;
}

bool sql_bind_constraint(Arena *arena, const ParsedStatement *statement, BindContext *context,
                         const Relation *work, const Relation *rest,
                         const TableConstraint *constraint, BoundQuery *query, Fault *fault)
{
    Binder binder = bind_start(arena, statement, context, fault);
    QueryResult result = {0};
    Buffer sql = BUFFER_EMPTY;
    fault_clear(fault);
    bool ok;
    if (rest != NULL) {
        ok = bind_meeting(&binder, work, rest, constraint, &result);
    } else {
        if (constraint->kind == 'c')
            write_check(&sql, work, constraint);
        else
            write_twice(&sql, work, constraint);
        ok = bind_work_text(&binder, arena_strdup(arena, buffer_string(&sql)), work, &result);
        buffer_clear(&sql);
    }
    if (!ok)
        return false;
    PlanColumn *outputs = ARENA_ARRAY(arena, PlanColumn, result.count + 1);
    for (uint32_t i = 0; i < result.count; i++)
        outputs[i] = result.columns[i].column;
    *query = (BoundQuery){.plan = result.plan,
                          .output_count = result.count,
                          .outputs = outputs,
                          .next_column = binder.next_column};
    return true;
}

Relation *sql_work_relation(Arena *arena, const Relation *relation, const Table *table)
{
    Relation *copy = ARENA_NEW(arena, Relation);
    *copy = *relation;
    copy->table = table;
    return copy;
}
