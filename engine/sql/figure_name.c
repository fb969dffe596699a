/*
 * What an item of the select list is called when it has no alias: PostgreSQL's rule
 * (FigureColname in parse_target.c). Clients rely on these names.
 */
#include "engine/sql/bind_internal.h"

typedef struct Figured {
    const char *name;
    int strength; /* 0: none, 1: a type's or a form's name, 2: a column's or a function's */
} Figured;

static Figured figure(Binder *binder, const PgQuery__Node *node);

static Figured figure_case(Binder *binder, const PgQuery__CaseExpr *expr)
{
    Figured found = {NULL, 0};
    if (expr->defresult != NULL)
        found = figure(binder, expr->defresult);
    return found.strength > 1 ? found : (Figured){"case", 1};
}

/* Functions that the dialect pass renames go by the name that was typed. */
static const char *function_name(Binder *binder, const PgQuery__FuncCall *call)
{
    const char *name =
        name_folded(binder->arena, call->funcname[call->n_funcname - 1]->string->sval);
    if (strcmp(name, "floor_to") == 0)
        return "floor";
    if (strcmp(name, "ceil_to") == 0)
        return "ceil";
    return strcmp(name, "position_from") == 0 ? "position" : name;
}

static Figured figure_sub_link(Binder *binder, const PgQuery__SubLink *link)
{
    switch (link->sub_link_type) {
    case PG_QUERY__SUB_LINK_TYPE__EXISTS_SUBLINK:
        return (Figured){"exists", 2};
    case PG_QUERY__SUB_LINK_TYPE__ARRAY_SUBLINK:
        return (Figured){"array", 2};
    case PG_QUERY__SUB_LINK_TYPE__EXPR_SUBLINK: {
        const PgQuery__SelectStmt *select = link->subselect->select_stmt;
        while (select->op != PG_QUERY__SET_OPERATION__SETOP_NONE)
            select = select->larg;
        if (select->n_values_lists > 0)
            return (Figured){"column1", 2};
        if (select->n_target_list == 0)
            return (Figured){NULL, 0};
        const PgQuery__ResTarget *target = select->target_list[0]->res_target;
        if (target->name[0] != '\0')
            return (Figured){name_made(binder->arena, target->name, binder->dialect), 2};
        return figure(binder, target->val);
    }
    default:
        return (Figured){NULL, 0};
    }
}

static Figured figure_sql_value(const PgQuery__SQLValueFunction *value)
{
    static const char *const names[] = {"",
                                        "current_date",
                                        "current_time",
                                        "current_time",
                                        "current_timestamp",
                                        "current_timestamp",
                                        "localtime",
                                        "localtime",
                                        "localtimestamp",
                                        "localtimestamp",
                                        "current_role",
                                        "current_user",
                                        "user",
                                        "session_user",
                                        "current_catalog",
                                        "current_schema"};
    return (uint32_t)value->op < sizeof names / sizeof *names ? (Figured){names[value->op], 2}
                                                              : (Figured){NULL, 0};
}

static Figured figure_indirection(Binder *binder, const PgQuery__AIndirection *indirection)
{
    for (size_t i = indirection->n_indirection; i > 0; i--) {
        const PgQuery__Node *step = indirection->indirection[i - 1];
        if (step->node_case == PG_QUERY__NODE__NODE_STRING)
            return (Figured){name_made(binder->arena, step->string->sval, binder->dialect), 2};
    }
    return figure(binder, indirection->arg);
}

static Figured figure(Binder *binder, const PgQuery__Node *node)
{
    switch (node->node_case) {
    case PG_QUERY__NODE__NODE_COLUMN_REF: {
        const PgQuery__Node *last = node->column_ref->fields[node->column_ref->n_fields - 1];
        if (last->node_case != PG_QUERY__NODE__NODE_STRING)
            return (Figured){NULL, 0};
        return (Figured){name_made(binder->arena, last->string->sval, binder->dialect), 2};
    }
    case PG_QUERY__NODE__NODE_A_INDIRECTION:
        return figure_indirection(binder, node->a_indirection);
    case PG_QUERY__NODE__NODE_FUNC_CALL:
        return (Figured){function_name(binder, node->func_call), 2};
    case PG_QUERY__NODE__NODE_A_EXPR:
        return node->a_expr->kind == PG_QUERY__A__EXPR__KIND__AEXPR_NULLIF ? (Figured){"nullif", 2}
                                                                           : (Figured){NULL, 0};
    case PG_QUERY__NODE__NODE_TYPE_CAST: {
        Figured inner = figure(binder, node->type_cast->arg);
        const PgQuery__TypeName *type = node->type_cast->type_name;
        if (inner.strength > 1 || type->n_names == 0)
            return inner;
        return (Figured){name_folded(binder->arena, type->names[type->n_names - 1]->string->sval),
                         1};
    }
    case PG_QUERY__NODE__NODE_COLLATE_CLAUSE:
        return figure(binder, node->collate_clause->arg);
    case PG_QUERY__NODE__NODE_GROUPING_FUNC:
        return (Figured){"grouping", 2};
    case PG_QUERY__NODE__NODE_SUB_LINK:
        return figure_sub_link(binder, node->sub_link);
    case PG_QUERY__NODE__NODE_CASE_EXPR:
        return figure_case(binder, node->case_expr);
    case PG_QUERY__NODE__NODE_A_ARRAY_EXPR:
        return (Figured){"array", 2};
    case PG_QUERY__NODE__NODE_ROW_EXPR:
        return (Figured){"row", 2};
    case PG_QUERY__NODE__NODE_COALESCE_EXPR:
        return (Figured){"coalesce", 2};
    case PG_QUERY__NODE__NODE_MIN_MAX_EXPR:
        return (Figured){
            node->min_max_expr->op == PG_QUERY__MIN_MAX_OP__IS_GREATEST ? "greatest" : "least", 2};
    case PG_QUERY__NODE__NODE_SQLVALUE_FUNCTION:
        return figure_sql_value(node->sqlvalue_function);
    default:
        return (Figured){NULL, 0};
    }
}

const char *bind_figure_name(Binder *binder, const PgQuery__Node *node)
{
    Figured found = figure(binder, node);
    return found.name != NULL ? found.name : "?column?";
}
