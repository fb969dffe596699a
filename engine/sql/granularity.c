/*
 * PARTITIONED BY: a keyword, a period as text, TIME_FLOOR(__time, 'P') or FLOOR(__time TO unit),
 * all of which must come down to one of the periods that time chunks may have.
 */
#include "engine/sql/bind_internal.h"

#include <strings.h>

/* The periods allowed, and the names by which they go. */
static const struct {
    const char *period, *name;
} granularities[] = {
    {"PT1S", "SECOND"}, {"PT1M", "MINUTE"}, {"PT5M", "PT5M"}, {"PT10M", "PT10M"},
    {"PT15M", "PT15M"}, {"PT30M", "PT30M"}, {"PT1H", "HOUR"}, {"PT6H", "PT6H"},
    {"PT8H", "PT8H"},   {"P1D", "DAY"},     {"P1W", "WEEK"},  {"P7D", "WEEK"},
    {"P1M", "MONTH"},   {"P3M", "QUARTER"}, {"P1Y", "YEAR"},
};

static bool equals(Text text, const char *name)
{
    return text.length == strlen(name) && strncasecmp(text.data, name, text.length) == 0;
}

static bool unsupported(Binder *binder, Text text)
{
    bind_fault(binder, binder->tree->dialect->partitioned_at, FAULT_INVALID_OBJECT_DEFINITION,
               "unsupported granularity \"%.*s\" in PARTITIONED BY", TEXT_ARGS(text));
    return fault_hint(binder->fault,
                      "Use HOUR, DAY, MONTH, YEAR, ALL, or one of the periods PT1S, PT1M, PT5M, "
                      "PT10M, PT15M, PT30M, PT1H, PT6H, PT8H, P1D, P1W, P1M, P3M, P1Y.");
}

static bool invalid(Binder *binder, const char *message)
{
    bind_fault(binder, binder->tree->dialect->partitioned_at, FAULT_INVALID_OBJECT_DEFINITION, "%s",
               message);
    return fault_hint(binder->fault,
                      "PARTITIONED BY takes HOUR, DAY, MONTH, YEAR, ALL, a period such as 'PT1H', "
                      "TIME_FLOOR(__time, period) or FLOOR(__time TO unit).");
}

static bool set_all(IngestTarget *target)
{
    target->is_partitioned_by_all = true;
    target->granularity_text = "ALL";
    return true;
}

static bool set_granularity(Binder *binder, IngestTarget *target, Text text, bool may_be_name)
{
    if (may_be_name && (equals(text, "ALL") || equals(text, "ALL TIME")))
        return set_all(target);
    for (size_t i = 0; i < sizeof granularities / sizeof *granularities; i++) {
        if (!equals(text, granularities[i].period) &&
            !(may_be_name && equals(text, granularities[i].name)))
            continue;
        target->granularity_text = granularities[i].name;
        return period_parse(text_of(granularities[i].period), &target->granularity, binder->fault);
    }
    return unsupported(binder, text);
}

bool bind_granularity_named(Binder *binder, IngestTarget *target, Text name)
{
    return set_granularity(binder, target, name, true);
}

uint32_t bind_granularity_count(void)
{
    return sizeof granularities / sizeof *granularities;
}

bool bind_granularity_at(Binder *binder, IngestTarget *target, uint32_t i)
{
    target->granularity_text = granularities[i].name;
    return period_parse(text_of(granularities[i].period), &target->granularity, binder->fault);
}

static bool is_time_column(const PgQuery__Node *node)
{
    return node->node_case == PG_QUERY__NODE__NODE_COLUMN_REF && node->column_ref->n_fields == 1 &&
           node->column_ref->fields[0]->node_case == PG_QUERY__NODE__NODE_STRING &&
           name_is(node->column_ref->fields[0]->string->sval, "__time");
}

static bool text_constant(const PgQuery__Node *node, Text *text)
{
    bool is_text = node->node_case == PG_QUERY__NODE__NODE_A_CONST && !node->a_const->isnull &&
                   node->a_const->val_case == PG_QUERY__A__CONST__VAL_SVAL;
    if (is_text)
        *text = text_of(node->a_const->sval->sval);
    return is_text;
}

static bool from_call(Binder *binder, IngestTarget *target, const PgQuery__FuncCall *call)
{
    const char *name = call->funcname[call->n_funcname - 1]->string->sval;
    bool is_time_floor = name_is(name, "time_floor"), is_floor = name_is(name, "floor_to");
    Text text;
    if (!is_time_floor && !is_floor)
        return invalid(binder, "unsupported operator in PARTITIONED BY");
    if (call->n_args != 2)
        return invalid(binder, "TIME_FLOOR in PARTITIONED BY takes exactly two arguments");
    if (!is_time_column(call->args[0]))
        return invalid(binder, "the first argument in PARTITIONED BY must be __time");
    if (!text_constant(call->args[1], &text))
        return invalid(binder, "the second argument in PARTITIONED BY must be a literal");
    return set_granularity(binder, target, text, is_floor);
}

bool bind_granularity(Binder *binder, IngestTarget *target)
{
    const DialectStatement *dialect = binder->tree->dialect;
    if (!dialect->has_partitioned) {
        bind_fault(binder, dialect->ingest_at, FAULT_SYNTAX_ERROR,
                   "%s statements must specify a PARTITIONED BY clause",
                   dialect->is_replace ? "REPLACE" : "INSERT");
        return fault_hint(binder->fault,
                          "Add PARTITIONED BY ALL, or PARTITIONED BY DAY, at the end.");
    }
    if (dialect->partitioned_all)
        return set_all(target);
    const PgQuery__Node *node = binder->tree->partitioned;
    Text text;
    if (text_constant(node, &text))
        return set_granularity(binder, target, text, true);
    if (node->node_case == PG_QUERY__NODE__NODE_FUNC_CALL)
        return from_call(binder, target, node->func_call);
    bool is_word = node->node_case == PG_QUERY__NODE__NODE_COLUMN_REF &&
                   node->column_ref->n_fields == 1 &&
                   node->column_ref->fields[0]->node_case == PG_QUERY__NODE__NODE_STRING;
    if (!is_word)
        return invalid(binder, "unsupported expression in PARTITIONED BY");
    text = text_of(name_plain(node->column_ref->fields[0]->string->sval));
    /* a word is a name, never a period */
    bool is_period = text.length > 1 && (text.data[0] == 'P' || text.data[0] == 'p') &&
                     text.data[1] >= '0' && text.data[1] <= '9';
    return is_period ? unsupported(binder, text) : set_granularity(binder, target, text, true);
}
