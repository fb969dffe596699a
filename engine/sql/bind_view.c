/*
 * Views: where one is read its query stands, bound anew from its text, in the owner's name and
 * under the search path that it was made with.
 */
#include "engine/sql/bind_internal.h"

enum { VIEW_DEPTH = 64 };

void bind_note_relation(Binder *binder, uint32_t oid)
{
    if (oid < META_FIRST_OID || binder->view_depth > 0)
        return;
    for (uint32_t i = 0; i < binder->used_count; i++)
        if (binder->used[i] == oid)
            return;
    if (binder->used_count == binder->used_capacity) {
        uint32_t capacity = binder->used_capacity == 0 ? 8 : binder->used_capacity * 2;
        uint32_t *used = ARENA_ARRAY(binder->arena, uint32_t, capacity);
        if (binder->used_count > 0)
            memcpy(used, binder->used, binder->used_count * sizeof *used);
        binder->used = used;
        binder->used_capacity = capacity;
    }
    binder->used[binder->used_count++] = oid;
}

static AccessUser owner_of(const Binder *binder, const Relation *view)
{
    AccessUser user = binder->context->user;
    if (user.roles == NULL)
        return user;
    const AccessRole *owner = access_role_by_oid(user.roles, access_owner(user.roles, view->oid));
    /* what nobody owns is the first superuser's, who may read everything */
    return owner != NULL ? access_user(user.roles, owner->name) : (AccessUser){0};
}

static bool bind_definition(Binder *binder, const Relation *view, QueryResult *query)
{
    const TableProperties *properties = &view->table->parsed;
    ParsedStatement *statements;
    uint32_t count;
    if (!sql_parse(binder->arena, properties->definition, binder->dialect, &statements, &count,
                   binder->fault))
        return false;
    const PgQuery__Node *node = count == 1 ? statements[0].tree->node : NULL;
    if (node == NULL || node->node_case != PG_QUERY__NODE__NODE_SELECT_STMT)
        return fault_set(binder->fault, FAULT_DATA_CORRUPTED, "the text of view \"%.*s\" is no query",
                         TEXT_ARGS(view->name));
    return bind_query(binder, node->select_stmt, NULL, NULL, false, query);
}

/* Faults within the definition are shown at `location`. */
static bool bind_at(Binder *binder, const Relation *view, int32_t location, QueryResult *query)
{
    Binder before = *binder;
    AccessUser user = binder->context->user;
    binder->map = NULL;
    binder->fixed_location = location;
    binder->search_path = view->table->parsed.search_path.data;
    binder->context->user = owner_of(binder, view);
    bool ok = bind_definition(binder, view, query);
    binder->context->user = user;
    binder->map = before.map;
    binder->fixed_location = before.fixed_location;
    binder->search_path = before.search_path;
    binder->view_depth--;
    return ok;
}

bool bind_kept_query(Binder *binder, const Relation *view, QueryResult *query)
{
    binder->view_depth++;
    return bind_at(binder, view, -1, query);
}

bool bind_view(Binder *binder, const Relation *view, const char *name, const PgQuery__Alias *alias,
               int32_t location, FromItem *item)
{
    if (++binder->view_depth > VIEW_DEPTH)
        return bind_fault(binder, location, FAULT_INVALID_OBJECT_DEFINITION,
                          "infinite recursion detected in rules for relation \"%.*s\"",
                          TEXT_ARGS(view->name));
    if (!bind_count_expansion(binder, location))
        return false;
    QueryResult query;
    if (!bind_at(binder, view, location, &query))
        return false;
    if (query.count < view->column_count)
        return bind_fault(binder, location, FAULT_INVALID_OBJECT_DEFINITION,
                          "view \"%.*s\" does not fit the relations that it reads any more",
                          TEXT_ARGS(view->name));
    uint32_t count = view->column_count; /* SELECT * is as wide as when the view was made */
    ScopeColumn *columns = ARENA_ARRAY(binder->arena, ScopeColumn, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        Text own = view->columns[i].name;
        columns[i] = (ScopeColumn){.id = query.columns[i].column.id,
                                   .type = query.columns[i].column.type,
                                   .name = arena_strndup(binder->arena, own.data, own.length),
                                   .table = "",
                                   .table_oid = view->oid,
                                   .attnum = (int16_t)view->columns[i].number};
    }
    return from_make(binder, query.plan, name, alias, view, columns, count, item);
}
