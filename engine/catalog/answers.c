/*
 * Who answers the functions of engine/function/catalog_calls.c: tables of names and answers, one
 * for each of this room's files of answers, and what the answers are written with.
 */
#include "engine/catalog/catalog_internal.h"

bool answer_null(CatalogCall *call)
{
    vector_builder_null(call->cell);
    return true;
}

bool answer_bool(CatalogCall *call, bool value)
{
    vector_builder_bool(call->cell, value);
    return true;
}

bool answer_int(CatalogCall *call, int64_t value)
{
    vector_builder_int64(call->cell, value);
    return true;
}

bool answer_text(CatalogCall *call, Text value)
{
    if (value.data == NULL)
        value.data = "";
    vector_builder_text(call->cell, value);
    return true;
}

bool answer_string(CatalogCall *call, const char *value)
{
    return value == NULL ? answer_null(call) : answer_text(call, text_of(value));
}

int64_t asked_int(const CatalogCall *call, uint32_t argument)
{
    const Vector *vector = &call->arguments[argument];
    return VECTOR_DATA(int64_t, vector)[vector_row(vector, call->row)];
}

Text asked_text(const CatalogCall *call, uint32_t argument)
{
    return vector_text(&call->arguments[argument], call->row);
}

bool asked_bool(const CatalogCall *call, uint32_t argument)
{
    const Vector *vector = &call->arguments[argument];
    return VECTOR_DATA(uint8_t, vector)[vector_row(vector, call->row)] != 0;
}

bool asked_is_null(const CatalogCall *call, uint32_t argument)
{
    return vector_is_null(&call->arguments[argument], call->row);
}

bool asked_type_is(const CatalogCall *call, uint32_t argument, Oid type)
{
    return call->call->function->arguments[argument] == type;
}

static CatalogAnswer *find_in(const CatalogAnswerRow *rows, const char *function)
{
    for (; rows->function != NULL; rows++) {
        if (strcmp(rows->function, function) == 0)
            return rows->answer;
    }
    return NULL;
}

static CatalogAnswer *find_answer(const ScalarFunction *function)
{
    const CatalogAnswerRow *const tables[] = {catalog_object_answers, catalog_session_answers,
                                              catalog_privilege_answers, catalog_list_answers,
                                              catalog_sequence_answers};
    CatalogAnswer *answer = NULL;
    if (catalog_context() == NULL)
        return NULL;
    for (size_t i = 0; i < sizeof tables / sizeof *tables && answer == NULL; i++)
        answer = find_in(tables[i], function->name);
    return answer;
}

void catalog_register_answers(void)
{
    function_set_catalog(find_answer);
}
