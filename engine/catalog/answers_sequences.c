/*
 * nextval() and its kin. Where sequences stand is known to who runs the statement, which the context
 * names; without it there are none.
 */
#include "engine/catalog/catalog_internal.h"

static bool ask(CatalogCall *call, SequenceCall wish)
{
    const CatalogContext *context = catalog_context();
    int64_t value;
    bool is_null = false;
    if (context->sequence == NULL)
        return fault_set(call->fault, FAULT_FEATURE_NOT_SUPPORTED, "%s is not supported here",
                         call->call->function->name);
    if (!context->sequence(context->state, &wish, &value, &is_null, call->fault))
        return false;
    return is_null ? answer_null(call) : answer_int(call, value);
}

static bool next_value(CatalogCall *call)
{
    return ask(call, (SequenceCall){.wish = SEQUENCE_NEXT, .oid = (uint32_t)asked_int(call, 0)});
}

static bool current_value(CatalogCall *call)
{
    return ask(call, (SequenceCall){.wish = SEQUENCE_CURRENT, .oid = (uint32_t)asked_int(call, 0)});
}

static bool last_value(CatalogCall *call)
{
    return ask(call, (SequenceCall){.wish = SEQUENCE_LAST});
}

static bool set_value(CatalogCall *call)
{
    bool is_called = call->call->argument_count < 3 || asked_bool(call, 2);
    return ask(call, (SequenceCall){.wish = SEQUENCE_SET,
                                    .oid = (uint32_t)asked_int(call, 0),
                                    .value = asked_int(call, 1),
                                    .is_called = is_called});
}

static bool seen_value(CatalogCall *call)
{
    return ask(call, (SequenceCall){.wish = SEQUENCE_SEEN, .oid = (uint32_t)asked_int(call, 0)});
}

const CatalogAnswerRow catalog_sequence_answers[] = {
    {"nextval", next_value},
    {"currval", current_value},
    {"lastval", last_value},
    {"setval", set_value},
    {"pg_sequence_last_value", seen_value},
    {NULL, NULL},
};
