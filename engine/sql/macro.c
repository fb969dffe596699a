/*
 * Functions about catalog objects whose answer lies in the catalogs: each is a query of ours,
 * bound in place as a scalar subquery over the call's arguments.
 */
#include "engine/sql/bind_internal.h"

#include "base/log/log.h"

static const char *const texts[MACRO_COUNT] = {
    [MACRO_USER_NAME] = "SELECT rolname FROM pg_catalog.pg_roles WHERE oid = $1",
    [MACRO_RELATION_NAME] =
        "SELECT CASE WHEN c.relnamespace IN (11, 2200) THEN quote_ident(c.relname::text)"
        " ELSE quote_ident(n.nspname::text) || '.' || quote_ident(c.relname::text) END"
        " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.oid = $1",
    [MACRO_NAMESPACE_NAME] =
        "SELECT quote_ident(nspname::text) FROM pg_catalog.pg_namespace WHERE oid = $1",
    [MACRO_FUNCTION_NAME] = "SELECT min(proname::text) FROM pg_catalog.pg_proc WHERE oid = $1",
    [MACRO_OBJECT_DESCRIPTION] =
        "SELECT d.description FROM pg_catalog.pg_description d JOIN pg_catalog.pg_class c"
        " ON c.oid = d.classoid WHERE d.objoid = $1 AND c.relname = $2 AND d.objsubid = 0",
    [MACRO_OBJECT_DESCRIPTION_OF_ANY] =
        "SELECT min(description) FROM pg_catalog.pg_description WHERE objoid = $1 AND objsubid = 0",
    [MACRO_COLUMN_DESCRIPTION] = "SELECT description FROM pg_catalog.pg_description"
                                 " WHERE objoid = $1 AND classoid = 1259 AND objsubid = $2",
    [MACRO_SHARED_DESCRIPTION] =
        "SELECT d.description FROM pg_catalog.pg_shdescription d JOIN pg_catalog.pg_class c"
        " ON c.oid = d.classoid WHERE d.objoid = $1 AND c.relname = $2",
    [MACRO_RELATION_SIZE] =
        "SELECT COALESCE(sum(s.size), 0)::bigint FROM pg_catalog.pg_class c JOIN sys.segments s"
        " ON s.datasource = c.relname::text WHERE c.oid = $1 AND c.relnamespace = 2200",
    [MACRO_SETTING] = "SELECT setting FROM pg_catalog.pg_settings WHERE name = $1",
    [MACRO_RELATION_BY_NAME] =
        "SELECT oid FROM (SELECT c.oid, quote_ident(n.nspname::text) || '.' || "
        "quote_ident(c.relname::text)"
        " AS name FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = "
        "c.relnamespace"
        " UNION ALL SELECT oid, quote_ident(relname::text) FROM pg_catalog.pg_class"
        " WHERE relnamespace IN (11, 2200)) names WHERE name = $1",
    [MACRO_DATABASE_SIZE] = "SELECT COALESCE(sum(s.size), 0)::bigint FROM sys.segments s",
};

static const PgQuery__SelectStmt *macro_tree(Binder *binder, Macro macro)
{
    check((size_t)macro < sizeof binder->macro_trees / sizeof *binder->macro_trees);
    if (binder->macro_trees[macro] == NULL)
        binder->macro_trees[macro] = parse_plain(binder->arena, texts[macro], binder->fault);
    const PgQuery__Node *node = binder->macro_trees[macro];
    return node == NULL ? NULL : node->select_stmt;
}

/* The same call met before in this place. */
static const PendingApply *find_same(const ApplyList *list, Macro macro,
                                     const Expr *const *arguments, uint32_t count)
{
    for (uint32_t i = 0; i < list->count; i++) {
        const PendingApply *apply = &list->items[i];
        bool is_same = apply->macro == (int)macro && apply->argument_count == count;
        for (uint32_t k = 0; is_same && k < count; k++)
            is_same = expr_equal(apply->arguments[k], arguments[k]);
        if (is_same)
            return apply;
    }
    return NULL;
}

typedef struct UseNoter {
    Binder *binder;
    ExprContext *context;
    int32_t location;
} UseNoter;

static void note_use(ColumnId id, void *state)
{
    UseNoter *noter = state;
    const ScopeColumn *column;
    if (scope_has_column(noter->context->scope, id, &column))
        scope_note_use(noter->binder, noter->context, noter->context->scope->select, id,
                       noter->location);
}

static bool bind_text(Binder *binder, Macro macro, const Expr *const *arguments, uint32_t count,
                      int32_t location, QueryResult *query)
{
    const PgQuery__SelectStmt *tree = macro_tree(binder, macro);
    if (tree == NULL)
        return bind_fault_place(binder, location);
    const OffsetMap *map = binder->map;
    int32_t fixed_location = binder->fixed_location;
    const Expr *const *outer_arguments = binder->macro_arguments;
    uint32_t outer_count = binder->macro_argument_count;
    int32_t dialect = binder->dialect;
    binder->map = NULL;
    binder->fixed_location = location;
    binder->macro_arguments = arguments;
    binder->macro_argument_count = count;
    binder->dialect = 0;
    bool ok = bind_query(binder, tree, NULL, NULL, false, query);
    binder->map = map;
    binder->fixed_location = fixed_location;
    binder->macro_arguments = outer_arguments;
    binder->macro_argument_count = outer_count;
    binder->dialect = dialect;
    return ok;
}

typedef struct OwnSearch {
    const Scope *scope;
    bool has_own, has_other;
} OwnSearch;

static void look_at_owner(ColumnId id, void *state)
{
    OwnSearch *search = state;
    const ScopeColumn *column;
    if (scope_has_column(search->scope, id, &column))
        search->has_own = true;
    else
        search->has_other = true;
}

/* The place where the subquery is to stand: with the query whose columns it needs, so that it is
 * no subquery of a subquery. */
static ExprContext *place_of(ExprContext *context, const Expr *const *arguments, uint32_t count)
{
    for (;;) {
        OwnSearch search = {.scope = context->scope};
        for (uint32_t i = 0; i < count; i++)
            expr_columns(arguments[i], look_at_owner, &search);
        ExprContext *outer = context->scope->parent_context;
        if (search.has_own || !search.has_other || outer == NULL || outer->applies == NULL)
            return context;
        context = outer;
    }
}

const Expr *bind_macro(Binder *binder, ExprContext *context, Macro macro,
                       const Expr *const *arguments, uint32_t count, int32_t location)
{
    context = place_of(context, arguments, count);
    if (context->applies == NULL) {
        bind_fault(binder, location, FAULT_FEATURE_NOT_SUPPORTED,
                   "this function is not supported in %s", clause_name(context->clause));
        return NULL;
    }
    const PendingApply *same = find_same(context->applies, macro, arguments, count);
    if (same != NULL)
        return expr_column(binder->arena, same->result.type, same->result.id, location);
    QueryResult query;
    if (!bind_count_expansion(binder, location) ||
        !bind_text(binder, macro, arguments, count, location, &query))
        return NULL;
    UseNoter noter = {binder, context, location};
    const Expr **copy = ARENA_ARRAY(binder->arena, const Expr *, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        copy[i] = arguments[i];
        expr_columns(arguments[i], note_use, &noter);
    }
    PlanColumn column = bind_new_column(binder, query.columns[0].column.type, "name");
    apply_list_add(binder, context->applies,
                   (PendingApply){.type = APPLY_SCALAR,
                                  .right = query.plan,
                                  .result = column,
                                  .macro = (int)macro,
                                  .argument_count = count,
                                  .arguments = copy});
    return expr_column(binder->arena, column.type, column.id, location);
}
