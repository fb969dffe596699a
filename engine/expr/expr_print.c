/*
 * Expressions as SQL-like text, for EXPLAIN and messages.
 */
#include "engine/expr/expr.h"

#include "engine/type/timezone.h"

typedef struct Printer {
    const char *(*name_of)(ColumnId column, void *state);
    void *state;
    Buffer *out;
} Printer;

static void print(Printer *printer, const Expr *expr);

static void print_list(Printer *printer, const Expr *expr, const char *separator)
{
    for (uint32_t i = 0; i < expr->argument_count; i++) {
        if (i > 0)
            buffer_append_string(printer->out, separator);
        print(printer, expr->arguments[i]);
    }
}

static void print_value(Printer *printer, SqlType type, const Vector *value)
{
    TypeContext context = {.zone = timezone_utc()};
    Arena *arena = arena_new("print");
    Vector flat = vector_flatten(arena, value);
    Text *cells = ARENA_ARRAY(arena, Text, flat.length);
    type_format_text(type, &context, &flat, arena, cells);
    bool is_quoted = flat.layout != LAYOUT_INT64 || (type_info(type.oid)->category != CATEGORY_NUMERIC);
    is_quoted = is_quoted && flat.layout != LAYOUT_BOOL && flat.layout != LAYOUT_FLOAT64 && flat.layout != LAYOUT_FLOAT32 &&
                type.oid != T_NUMERIC;
    for (uint32_t i = 0; i < flat.length; i++) {
        if (i > 0)
            buffer_append_string(printer->out, ", ");
        if (i == 8) {
            buffer_printf(printer->out, "... %u in all", flat.length);
            break;
        }
        if (cells[i].data == NULL)
            buffer_append_string(printer->out, "NULL");
        else if (is_quoted)
            buffer_printf(printer->out, "'%.*s'", TEXT_ARGS(cells[i]));
        else
            buffer_printf(printer->out, "%.*s", TEXT_ARGS(cells[i]));
    }
    arena_free(arena);
}

static void print_call(Printer *printer, const Expr *expr)
{
    const ScalarFunction *function = expr->call.function;
    Buffer *out = printer->out;
    if (function->kind == FUNCTION_CAST) {
        Arena *arena = arena_new("print");
        buffer_append_string(out, "CAST(");
        print(printer, expr->arguments[0]);
        buffer_printf(out, " AS %s)", type_format_name(arena, expr->type));
        arena_free(arena);
        return;
    }
    if (function->symbol != NULL && expr->argument_count == 2) {
        const char *symbol = function->symbol;
        symbol = strcmp(symbol, "~~") == 0 ? "LIKE" : strcmp(symbol, "!~~") == 0 ? "NOT LIKE" : symbol;
        buffer_append_byte(out, '(');
        print(printer, expr->arguments[0]);
        buffer_printf(out, " %s ", symbol);
        print(printer, expr->arguments[1]);
        buffer_append_byte(out, ')');
        return;
    }
    buffer_printf(out, "%s(", function->name);
    print_list(printer, expr, ", ");
    buffer_append_byte(out, ')');
}

static void print_case(Printer *printer, const Expr *expr)
{
    Buffer *out = printer->out;
    buffer_append_string(out, "CASE");
    for (uint32_t i = 0; i + 1 < expr->argument_count; i += 2) {
        buffer_append_string(out, " WHEN ");
        print(printer, expr->arguments[i]);
        buffer_append_string(out, " THEN ");
        print(printer, expr->arguments[i + 1]);
    }
    buffer_append_string(out, " ELSE ");
    print(printer, expr->arguments[expr->argument_count - 1]);
    buffer_append_string(out, " END");
}

static void print_aggregate(Printer *printer, const Expr *expr)
{
    Buffer *out = printer->out;
    buffer_printf(out, "%s(%s", expr->aggregate.function->name, expr->aggregate.is_distinct ? "DISTINCT " : "");
    if (expr->argument_count == 0)
        buffer_append_byte(out, '*');
    print_list(printer, expr, ", ");
    buffer_append_byte(out, ')');
    if (expr->aggregate.filter != NULL) {
        buffer_append_string(out, " FILTER (WHERE ");
        print(printer, expr->aggregate.filter);
        buffer_append_byte(out, ')');
    }
}

/* The call; what it is OVER belongs to the node. */
static void print_window(Printer *printer, const Expr *expr)
{
    Buffer *out = printer->out;
    buffer_printf(out, "%s(", expr->window.function != NULL ? expr->window.function->name
                                                            : expr->window.aggregate->name);
    for (uint32_t i = 0; i < expr->window.direct_count; i++) {
        if (i > 0)
            buffer_append_string(out, ", ");
        print(printer, expr->arguments[i]);
    }
    buffer_append_byte(out, ')');
    if (expr->window.filter != NULL) {
        buffer_append_string(out, " FILTER (WHERE ");
        print(printer, expr->window.filter);
        buffer_append_byte(out, ')');
    }
}

static void print_between(Printer *printer, const char *before, const Expr *expr, const char *separator, const char *after)
{
    buffer_append_string(printer->out, before);
    print_list(printer, expr, separator);
    buffer_append_string(printer->out, after);
}

static void print(Printer *printer, const Expr *expr)
{
    Buffer *out = printer->out;
    switch (expr->kind) {
    case EXPR_CONSTANT: print_value(printer, expr->type, expr->value); break;
    case EXPR_COLUMN: buffer_append_string(out, printer->name_of(expr->column, printer->state)); break;
    case EXPR_PARAMETER: buffer_printf(out, "$%u", expr->parameter); break;
    case EXPR_CALL: print_call(printer, expr); break;
    case EXPR_AND: print_between(printer, "(", expr, " AND ", ")"); break;
    case EXPR_OR: print_between(printer, "(", expr, " OR ", ")"); break;
    case EXPR_NOT: print_between(printer, "NOT ", expr, "", ""); break;
    case EXPR_IS_NULL: print_between(printer, "(", expr, "", " IS NULL)"); break;
    case EXPR_CASE: print_case(printer, expr); break;
    case EXPR_COALESCE: print_between(printer, "COALESCE(", expr, ", ", ")"); break;
    case EXPR_ARRAY: print_between(printer, "ARRAY[", expr, ", ", "]"); break;
    case EXPR_IN_LIST:
        print(printer, expr->arguments[0]);
        buffer_append_string(out, " IN (");
        print_value(printer, expr->arguments[0]->type, expr->in.list);
        buffer_append_string(out, expr->in.list_has_null ? ", NULL)" : ")");
        break;
    case EXPR_AGGREGATE: print_aggregate(printer, expr); break;
    case EXPR_WINDOW: print_window(printer, expr); break;
    case EXPR_SUBQUERY: buffer_append_string(out, "(subquery)"); break;
    }
}

void expr_print(const Expr *expr, const char *(*name_of)(ColumnId column, void *state), void *state, Buffer *out)
{
    Printer printer = {.name_of = name_of, .state = state, .out = out};
    print(&printer, expr);
}
