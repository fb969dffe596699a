/*
 * Expressions to and from msgpack, for work orders. Functions travel by OID. What is read is
 * checked: kinds, types, argument counts and layouts, so that what came through can be compiled.
 */
#include "engine/expr/expr.h"

#include "base/memory/pack.h"

enum { MAX_DEPTH = 10000, MAX_ARGUMENTS = 1000000, MAX_ARRAY_DEPTH = 8 };

/* --- values --- */

static void pack_cell(const Vector *vector, uint32_t row, Buffer *out)
{
    if (vector_is_null(vector, row)) {
        pack_nil(out);
        return;
    }
    uint32_t at = vector_row(vector, row);
    switch (vector->layout) {
    case LAYOUT_BOOL:
        pack_bool(out, VECTOR_DATA(uint8_t, vector)[at] != 0);
        break;
    case LAYOUT_INT64:
        pack_int(out, VECTOR_DATA(int64_t, vector)[at]);
        break;
    case LAYOUT_INT128:
        pack_bytes(out, VECTOR_DATA(__int128, vector) + at, sizeof(__int128));
        break;
    case LAYOUT_FLOAT32:
        pack_double(out, (double)VECTOR_DATA(float, vector)[at]);
        break;
    case LAYOUT_FLOAT64:
        pack_double(out, VECTOR_DATA(double, vector)[at]);
        break;
    case LAYOUT_STRING: {
        Text text = vector_text(vector, row);
        pack_bytes(out, text.data, text.length);
        break;
    }
    case LAYOUT_ARRAY: {
        ArrayValue array = VECTOR_DATA(ArrayValue, vector)[at];
        pack_array(out, array.count);
        for (uint32_t i = 0; i < array.count; i++)
            pack_cell(vector->elements, array.offset + i, out);
        break;
    }
    case LAYOUT_COUNT:
        break;
    }
}

static void pack_values(const Vector *vector, Buffer *out)
{
    uint32_t count = vector->form == VECTOR_CONSTANT ? 1 : vector->length;
    pack_array(out, count);
    for (uint32_t i = 0; i < count; i++)
        pack_cell(vector, i, out);
}

static bool read_cell(Unpacker *in, Layout layout, Layout element, VectorBuilder *builder, int depth)
{
    if (unpack_nil(in)) {
        vector_builder_null(builder);
        return true;
    }
    switch (layout) {
    case LAYOUT_BOOL:
        vector_builder_bool(builder, unpack_bool(in));
        break;
    case LAYOUT_INT64:
        vector_builder_int64(builder, unpack_int(in));
        break;
    case LAYOUT_INT128: {
        __int128 value = 0;
        Text bytes = unpack_bytes(in);
        if (bytes.length != sizeof value)
            return false;
        memcpy(&value, bytes.data, sizeof value);
        vector_builder_int128(builder, value);
        break;
    }
    case LAYOUT_FLOAT32:
    case LAYOUT_FLOAT64:
        vector_builder_float64(builder, unpack_double(in));
        break;
    case LAYOUT_STRING:
        vector_builder_text(builder, unpack_bytes(in));
        break;
    case LAYOUT_ARRAY: {
        uint32_t count = unpack_array(in);
        if (in->failed || depth > MAX_ARRAY_DEPTH)
            return false;
        if (builder->elements == NULL) {
            builder->elements = ARENA_NEW(builder->arena, VectorBuilder);
            vector_builder_init(builder->elements, builder->arena, element, count);
        }
        vector_builder_array(builder, count);
        for (uint32_t i = 0; i < count; i++)
            if (!read_cell(in, element, LAYOUT_STRING, builder->elements, depth + 1))
                return false;
        break;
    }
    case LAYOUT_COUNT:
        return false;
    }
    return !in->failed;
}

static Layout element_layout(SqlType type)
{
    const TypeInfo *info = type_info(type.oid);
    const TypeInfo *element = info->element_oid != 0 ? type_info(info->element_oid) : NULL;
    return element != NULL ? element->layout : LAYOUT_STRING;
}

static bool read_values(Arena *arena, Unpacker *in, SqlType type, Vector *vector)
{
    uint32_t count = unpack_array(in);
    VectorBuilder builder;
    if (in->failed)
        return false;
    vector_builder_init(&builder, arena, type_layout(type), count);
    for (uint32_t i = 0; i < count; i++)
        if (!read_cell(in, type_layout(type), element_layout(type), &builder, 0))
            return false;
    *vector = vector_builder_finish(&builder);
    return true;
}

/* --- nodes --- */

void expr_pack(const Expr *expr, Buffer *out)
{
    pack_uint(out, expr->kind);
    pack_uint(out, expr->type.oid);
    pack_int(out, expr->type.modifier);
    pack_int(out, expr->location);
    switch (expr->kind) {
    case EXPR_CONSTANT: pack_values(expr->value, out); break;
    case EXPR_COLUMN: pack_uint(out, expr->column); break;
    case EXPR_CALL: pack_uint(out, expr->call.function->oid); break;
    case EXPR_IN_LIST:
        pack_values(expr->in.list, out);
        pack_bool(out, expr->in.list_has_null);
        break;
    case EXPR_AND: case EXPR_OR: case EXPR_NOT: case EXPR_IS_NULL: case EXPR_CASE: case EXPR_COALESCE:
    case EXPR_ARRAY:
        break;
    case EXPR_PARAMETER: case EXPR_AGGREGATE: case EXPR_WINDOW: case EXPR_SUBQUERY:
        break; /* never in a work order: reading refuses them */
    }
    pack_array(out, expr->argument_count);
    for (uint32_t i = 0; i < expr->argument_count; i++)
        expr_pack(expr->arguments[i], out);
}

static const Expr *bad(Fault *fault, const char *what)
{
    fault_set(fault, FAULT_INTERNAL_ERROR, "packed expression is malformed: %s", what);
    return NULL;
}

static const Expr *read_expr(Arena *arena, Unpacker *in, int depth, Fault *fault);

static const Expr *const *read_arguments(Arena *arena, Unpacker *in, int depth, uint32_t *count, Fault *fault)
{
    *count = unpack_array(in);
    if (in->failed || *count > MAX_ARGUMENTS) {
        bad(fault, "argument count");
        return NULL;
    }
    const Expr **arguments = ARENA_ARRAY(arena, const Expr *, *count);
    for (uint32_t i = 0; i < *count; i++)
        if ((arguments[i] = read_expr(arena, in, depth + 1, fault)) == NULL)
            return NULL;
    return arguments;
}

static bool call_fits(const ScalarFunction *function, const Expr *const *arguments, uint32_t count)
{
    uint32_t least = function->argument_count - function->optional_count;
    if (function->is_variadic)
        least = least > 0 ? least - 1 : 0;
    if (count < least || (!function->is_variadic && count > function->argument_count))
        return false;
    Layout element = LAYOUT_COUNT; /* that anyelement stands for */
    for (uint32_t i = 0; i < count; i++) {
        uint32_t declared = i < function->argument_count ? i : (uint32_t)function->argument_count - 1u;
        Oid oid = function->arguments[declared];
        if (oid == T_ANY)
            continue;
        if (oid == T_ANYARRAY || oid == T_ANYELEMENT) {
            SqlType type = arguments[i]->type;
            if (oid == T_ANYARRAY && type_layout(type) != LAYOUT_ARRAY)
                return false;
            Layout own = oid == T_ANYARRAY ? element_layout(type) : type_layout(type);
            if (element != LAYOUT_COUNT && element != own)
                return false;
            element = own;
            continue;
        }
        if (type_info(oid) != NULL && type_info(oid)->layout != type_layout(arguments[i]->type))
            return false;
    }
    return true;
}

/* The loops write values of the declared result: it must be what the node says it is. */
static bool result_fits(const ScalarFunction *function, SqlType type, const Expr *const *arguments,
                        uint32_t count)
{
    SqlType types[FUNCTION_MAX_ARGS];
    if (function->result == T_ANY)
        return function->kind == FUNCTION_CAST;
    if (function->oid == RECORD_FIELD_OID) /* looks at its result type itself */
        return true;
    if (function->result_of != NULL) {
        uint32_t given = count < FUNCTION_MAX_ARGS ? count : FUNCTION_MAX_ARGS;
        for (uint32_t i = 0; i < given; i++)
            types[i] = arguments[i]->type;
        return type_layout(function->result_of(types, given)) == type_layout(type);
    }
    return type_layout(SQL_TYPE(function->result)) == type_layout(type);
}

static bool all_bool(const Expr *const *arguments, uint32_t count, uint32_t step)
{
    for (uint32_t i = 0; i < count; i += step)
        if (arguments[i]->type.oid != T_BOOL)
            return false;
    return true;
}

/* Whether the arguments are what the kind wants. */
static bool kind_fits(ExprKind kind, SqlType type, const Expr *const *arguments, uint32_t count)
{
    Layout layout = type_layout(type);
    switch (kind) {
    case EXPR_AND:
    case EXPR_OR:
        return count > 0 && layout == LAYOUT_BOOL && all_bool(arguments, count, 1);
    case EXPR_NOT:
        return count == 1 && layout == LAYOUT_BOOL && all_bool(arguments, count, 1);
    case EXPR_IS_NULL:
        return count == 1 && layout == LAYOUT_BOOL;
    case EXPR_CASE:
        if (count % 2 == 0 || !all_bool(arguments, count - 1, 2))
            return false;
        for (uint32_t i = 1; i + 1 < count; i += 2)
            if (type_layout(arguments[i]->type) != layout)
                return false;
        return type_layout(arguments[count - 1]->type) == layout;
    case EXPR_COALESCE:
        for (uint32_t i = 0; i < count; i++)
            if (type_layout(arguments[i]->type) != layout)
                return false;
        return count > 0;
    case EXPR_ARRAY:
        for (uint32_t i = 0; i < count; i++)
            if (type_layout(arguments[i]->type) != element_layout(type))
                return false;
        return layout == LAYOUT_ARRAY;
    case EXPR_IN_LIST:
        return count == 1;
    case EXPR_CONSTANT: case EXPR_COLUMN:
        return count == 0;
    case EXPR_CALL:
        return true;
    case EXPR_PARAMETER: case EXPR_AGGREGATE: case EXPR_WINDOW: case EXPR_SUBQUERY:
        return false;
    }
    return false;
}

static const Expr *finish(Arena *arena, const Expr *head, const Vector *values, bool has_null,
                          const Expr *const *arguments, uint32_t count, Fault *fault)
{
    switch (head->kind) {
    case EXPR_CONSTANT:
        return values->length == 1 ? expr_constant(arena, head->type, values, head->location)
                                   : bad(fault, "constant");
    case EXPR_COLUMN:
        return expr_column(arena, head->type, head->column, head->location);
    case EXPR_CALL:
        return call_fits(head->call.function, arguments, count) &&
                       result_fits(head->call.function, head->type, arguments, count)
                   ? expr_call(arena, head->call.function, head->type, arguments, count, head->location)
                   : bad(fault, "arguments of a call");
    case EXPR_IN_LIST:
        return values->layout == type_layout(arguments[0]->type)
                   ? expr_in_list(arena, arguments[0], values, has_null, head->location)
                   : bad(fault, "list");
    default:
        return expr_nary(arena, head->kind, head->type, arguments, count, head->location);
    }
}

static const Expr *read_expr(Arena *arena, Unpacker *in, int depth, Fault *fault)
{
    Expr head = {.kind = (ExprKind)unpack_below(in, EXPR_SUBQUERY + 1)};
    Vector values = {0};
    bool has_null = false;
    uint32_t count;
    head.type.oid = (Oid)unpack_uint(in);
    head.type.modifier = (int32_t)unpack_int(in);
    head.location = (int32_t)unpack_int(in);
    if (in->failed || depth > MAX_DEPTH || type_info(head.type.oid) == NULL)
        return bad(fault, "node");
    if (head.kind == EXPR_COLUMN)
        head.column = (ColumnId)unpack_below(in, UINT32_MAX);
    if (head.kind == EXPR_CALL) {
        head.call.function = function_scalar_by_oid((uint32_t)unpack_uint(in));
        if (head.call.function == NULL)
            return bad(fault, "function");
    }
    if (head.kind == EXPR_CONSTANT && !read_values(arena, in, head.type, &values))
        return bad(fault, "constant");
    if (head.kind == EXPR_IN_LIST) {
        /* the list has its argument's type, which comes after it: look ahead */
        Unpacker ahead = *in;
        unpack_skip(&ahead);
        unpack_bool(&ahead);
        if (unpack_array(&ahead) != 1)
            return bad(fault, "list");
        unpack_uint(&ahead);
        SqlType type = {.oid = (Oid)unpack_uint(&ahead), .modifier = -1};
        if (ahead.failed || type_info(type.oid) == NULL || !read_values(arena, in, type, &values))
            return bad(fault, "list");
        has_null = unpack_bool(in);
    }
    const Expr *const *arguments = read_arguments(arena, in, depth, &count, fault);
    if (arguments == NULL)
        return NULL;
    if (in->failed || !kind_fits(head.kind, head.type, arguments, count))
        return bad(fault, "arguments");
    return finish(arena, &head, &values, has_null, arguments, count, fault);
}

const Expr *expr_unpack(Arena *arena, const uint8_t **cursor, const uint8_t *end, Fault *fault)
{
    Unpacker in;
    unpack_init(&in, *cursor, (size_t)(end - *cursor));
    const Expr *expr = read_expr(arena, &in, 0, fault);
    *cursor = in.at;
    return expr;
}
