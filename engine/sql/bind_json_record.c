/*
 * Documents as records: json_populate_record, json_to_record, and their columns. A member becomes
 * a value of its column's type: a document as it is, an array from its elements, a record from an
 * object, anything else from its text.
 */
#include "engine/sql/bind_record_internal.h"

static const Expr *member_of(Binder *binder, const char *symbol, const Expr *document,
                             const char *name, int32_t location)
{
    const Expr *key = expr_text(binder->arena, SQL_TYPE(T_TEXT), text_of(name), location);
    return bind_operator(binder, symbol, document, key, location);
}

static const char *of_kind(const Expr *document, const char *json, const char *jsonb)
{
    return document->type.oid == T_JSONB ? jsonb : json;
}

/* NULL where the member is the document's null. */
static const Expr *unless_null(Binder *binder, const Expr *member, const Expr *value,
                               int32_t location)
{
    const Expr *kind =
        bind_call(binder, of_kind(member, "json_typeof", "jsonb_typeof"), &member, 1, location);
    const Expr *word = expr_text(binder->arena, SQL_TYPE(T_TEXT), TEXT_LITERAL("null"), location);
    const Expr *is_null = kind == NULL ? NULL : bind_operator(binder, "=", kind, word, location);
    if (is_null == NULL)
        return NULL;
    const Expr *branches[3] = {is_null, expr_null(binder->arena, value->type, location), value};
    return expr_nary(binder->arena, EXPR_CASE, value->type, branches, 3, location);
}

static const Expr *member_array(Binder *binder, const Expr *member, SqlType type, int32_t location)
{
    Oid element = bind_element_type(type).oid;
    if (element == T_RECORD) {
        bind_fault(binder, location, FAULT_FEATURE_NOT_SUPPORTED,
                   "arrays of records from JSON are not supported");
        return NULL;
    }
    bool is_json = element == T_JSON || element == T_JSONB;
    const Expr *list =
        bind_call(binder,
                  is_json ? of_kind(member, "json_elements", "jsonb_elements")
                          : of_kind(member, "json_elements_text", "jsonb_elements_text"),
                  &member, 1, location);
    list = list == NULL ? NULL : coerce_to(binder, list, type, CAST_EXPLICIT, location);
    return list == NULL ? NULL : unless_null(binder, member, list, location);
}

const Expr *bind_json_member(Binder *binder, const Expr *document, const char *name, SqlType type,
                             int32_t location)
{
    const TypeInfo *info = type_info(type.oid);
    bool is_array = info != NULL && info->category == CATEGORY_ARRAY;
    bool is_json = type.oid == T_JSON || type.oid == T_JSONB;
    bool is_record = type.oid == T_RECORD;
    const Expr *member = member_of(binder, is_array || is_json || is_record ? "->" : "->>",
                                   document, name, location);
    if (member == NULL)
        return NULL;
    if (is_array)
        return member_array(binder, member, type, location);
    if (!is_record)
        return coerce_to(binder, member, type, CAST_EXPLICIT, location);
    const Expr *value =
        bind_json_record(binder, expr_null(binder->arena, type, location), member, location);
    return value == NULL ? NULL : unless_null(binder, member, value, location);
}

/* The member, or the base's field where the document has none. */
static const Expr *member_or_base(Binder *binder, const Expr *base, const Expr *document,
                                  const RowType *row, uint32_t field, int32_t location)
{
    const RowField *column = &row->fields[field];
    const Expr *value = bind_json_member(binder, document, column->name, column->type, location);
    if (value == NULL || expr_is_null(base))
        return value;
    const Expr *member = member_of(binder, "->", document, column->name, location);
    if (member == NULL)
        return NULL;
    const Expr *branches[3] = {
        expr_nary(binder->arena, EXPR_IS_NULL, SQL_TYPE(T_BOOL), &member, 1, location),
        bind_record_field(binder, base, field, location), value};
    return expr_nary(binder->arena, EXPR_CASE, value->type, branches, 3, location);
}

const Expr *bind_json_record(Binder *binder, const Expr *base, const Expr *document,
                             int32_t location)
{
    const RowType *row = row_type_find(binder, base->type);
    if (row == NULL || base->type.oid != T_RECORD) {
        bind_fault(binder, location, FAULT_DATATYPE_MISMATCH,
                   "first argument of a function that fills records must be a row type");
        return NULL;
    }
    const Expr **values = ARENA_ARRAY(binder->arena, const Expr *, row->count + 1);
    const char **names = ARENA_ARRAY(binder->arena, const char *, row->count + 1);
    for (uint32_t i = 0; i < row->count; i++) {
        names[i] = row->fields[i].name;
        values[i] = member_or_base(binder, base, document, row, i, location);
        if (values[i] == NULL)
            return NULL;
    }
    const Expr *record = bind_record(binder, values, names, row->count, location);
    if (record == NULL)
        return NULL;
    const Expr *branches[3] = {
        expr_nary(binder->arena, EXPR_IS_NULL, SQL_TYPE(T_BOOL), &document, 1, location), base,
        record};
    return document->kind == EXPR_CONSTANT
               ? record
               : expr_nary(binder->arena, EXPR_CASE, record->type, branches, 3, location);
}
