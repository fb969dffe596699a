/*
 * COPY: options, and the target of COPY FROM. COPY t TO is COPY (SELECT ... FROM t) TO.
 */
#include "engine/sql/bind_internal.h"
#include "engine/sql/copy.h"

#include <strings.h>

typedef struct CopyBinder {
    Binder *binder;
    const PgQuery__CopyStmt *statement;
    CopyStatement *copy;
    bool has_delimiter, has_null, has_quote, has_escape;
    const PgQuery__Node *force_quote, *force_null, *force_not_null;
} CopyBinder;

static bool syntax(CopyBinder *copy, const char *message)
{
    return fault_set(copy->binder->fault, FAULT_SYNTAX_ERROR, "%s", message);
}

static bool unsupported(CopyBinder *copy, const char *message)
{
    return fault_set(copy->binder->fault, FAULT_FEATURE_NOT_SUPPORTED, "%s", message);
}

/* --- options --- */

static const char *text_value(const PgQuery__DefElem *option)
{
    const PgQuery__Node *node = option->arg;
    if (node == NULL)
        return NULL;
    if (node->node_case == PG_QUERY__NODE__NODE_STRING)
        return name_plain(node->string->sval);
    return NULL;
}

static bool boolean_value(CopyBinder *copy, const PgQuery__DefElem *option, bool *value)
{
    const PgQuery__Node *node = option->arg;
    const char *text = text_value(option);
    *value = true;
    if (node == NULL)
        return true;
    if (node->node_case == PG_QUERY__NODE__NODE_INTEGER) {
        *value = node->integer->ival != 0;
        return true;
    }
    if (node->node_case == PG_QUERY__NODE__NODE_BOOLEAN) {
        *value = node->boolean->boolval;
        return true;
    }
    bool is_true = text != NULL && (strcasecmp(text, "true") == 0 || strcasecmp(text, "on") == 0);
    bool is_false = text != NULL && (strcasecmp(text, "false") == 0 || strcasecmp(text, "off") == 0);
    *value = is_true;
    return is_true || is_false ||
           fault_set(copy->binder->fault, FAULT_SYNTAX_ERROR, "%s requires a Boolean value",
                     name_plain(option->defname));
}

static bool one_byte(CopyBinder *copy, const PgQuery__DefElem *option, const char *what, char *value)
{
    const char *text = text_value(option);
    if (text == NULL || strlen(text) != 1)
        return fault_set(copy->binder->fault, FAULT_FEATURE_NOT_SUPPORTED,
                         "COPY %s must be a single one-byte character", what);
    *value = text[0];
    return true;
}

static bool read_format(CopyBinder *copy, const PgQuery__DefElem *option)
{
    const char *format = text_value(option);
    CopySpec *spec = &copy->copy->spec;
    if (format != NULL && strcasecmp(format, "text") == 0)
        spec->format = COPY_TEXT;
    else if (format != NULL && strcasecmp(format, "csv") == 0)
        spec->format = COPY_CSV;
    else if (format != NULL && strcasecmp(format, "binary") == 0)
        spec->format = COPY_BINARY;
    else
        return bind_fault(copy->binder, bind_location(copy->binder, option->location),
                          FAULT_INVALID_PARAMETER_VALUE, "COPY format \"%s\" not recognized",
                          format == NULL ? "" : format);
    return true;
}

/* Whether there is such an encoding is known above: sql_copy's caller asks. */
static bool read_encoding(CopyBinder *copy, const PgQuery__DefElem *option)
{
    const char *text = text_value(option);
    copy->copy->spec.encoding = text_of(text == NULL ? " " : text);
    copy->copy->encoding_location = bind_location(copy->binder, option->location);
    return true;
}

static bool read_option(CopyBinder *copy, const PgQuery__DefElem *option)
{
    const char *name = name_plain(option->defname);
    CopySpec *spec = &copy->copy->spec;
    if (strcasecmp(name, "format") == 0)
        return true; /* read before the others */
    if (strcasecmp(name, "delimiter") == 0) {
        copy->has_delimiter = true;
        return one_byte(copy, option, "delimiter", &spec->delimiter);
    }
    if (strcasecmp(name, "null") == 0) {
        const char *text = text_value(option);
        copy->has_null = true;
        spec->null_text = text_of(text == NULL ? "" : text);
        return true;
    }
    if (strcasecmp(name, "header") == 0) {
        const char *text = text_value(option);
        if (text != NULL && strcasecmp(text, "match") == 0) {
            copy->copy->has_header = copy->copy->matches_header = true;
            return copy->copy->is_from || unsupported(copy, "cannot use \"match\" with HEADER in COPY TO");
        }
        return boolean_value(copy, option, &copy->copy->has_header);
    }
    if (strcasecmp(name, "quote") == 0) {
        copy->has_quote = true;
        return one_byte(copy, option, "quote", &spec->quote);
    }
    if (strcasecmp(name, "escape") == 0) {
        copy->has_escape = true;
        return one_byte(copy, option, "escape", &spec->escape);
    }
    if (strcasecmp(name, "force_quote") == 0)
        copy->force_quote = option->arg;
    else if (strcasecmp(name, "force_null") == 0)
        copy->force_null = option->arg;
    else if (strcasecmp(name, "force_not_null") == 0)
        copy->force_not_null = option->arg;
    else if (strcasecmp(name, "encoding") == 0) {
        return read_encoding(copy, option);
    } else if (strcasecmp(name, "freeze") != 0)
        return bind_fault(copy->binder, bind_location(copy->binder, option->location),
                          FAULT_SYNTAX_ERROR, "option \"%s\" not recognized", name);
    return true;
}

static bool check_options(CopyBinder *copy)
{
    CopySpec *spec = &copy->copy->spec;
    bool is_csv = spec->format == COPY_CSV;
    if (spec->format == COPY_BINARY && copy->has_delimiter)
        return syntax(copy, "cannot specify DELIMITER in BINARY mode");
    if (spec->format == COPY_BINARY && copy->has_null)
        return syntax(copy, "cannot specify NULL in BINARY mode");
    if (spec->format == COPY_BINARY && copy->copy->has_header)
        return unsupported(copy, "cannot specify HEADER in BINARY mode");
    if (!copy->has_delimiter)
        spec->delimiter = is_csv ? ',' : '\t';
    if (!copy->has_null)
        spec->null_text = is_csv ? TEXT_LITERAL("") : TEXT_LITERAL("\\N");
    if (!copy->has_quote)
        spec->quote = '"';
    if (!copy->has_escape)
        spec->escape = spec->quote;
    if (spec->delimiter == '\r' || spec->delimiter == '\n')
        return fault_set(copy->binder->fault, FAULT_INVALID_PARAMETER_VALUE,
                         "COPY delimiter cannot be newline or carriage return");
    if (!is_csv && strchr("\\.abcdefghijklmnopqrstuvwxyz0123456789", spec->delimiter) != NULL)
        return fault_set(copy->binder->fault, FAULT_INVALID_PARAMETER_VALUE,
                         "COPY delimiter cannot be \"%c\"", spec->delimiter);
    if (!is_csv && copy->has_quote)
        return unsupported(copy, "COPY quote available only in CSV mode");
    if (!is_csv && copy->has_escape)
        return unsupported(copy, "COPY escape available only in CSV mode");
    if (is_csv && spec->delimiter == spec->quote)
        return fault_set(copy->binder->fault, FAULT_INVALID_PARAMETER_VALUE,
                         "COPY delimiter and quote must be different");
    if (copy->force_quote != NULL && !is_csv)
        return unsupported(copy, "COPY force quote available only in CSV mode");
    if (copy->force_quote != NULL && copy->copy->is_from)
        return unsupported(copy, "COPY force quote only available using COPY TO");
    if (copy->force_not_null != NULL && !is_csv)
        return unsupported(copy, "COPY force not null available only in CSV mode");
    if (copy->force_null != NULL && !is_csv)
        return unsupported(copy, "COPY force null available only in CSV mode");
    if ((copy->force_null != NULL || copy->force_not_null != NULL) && !copy->copy->is_from)
        return unsupported(copy, "COPY force null only available using COPY FROM");
    return true;
}

static bool read_options(CopyBinder *copy)
{
    const PgQuery__CopyStmt *statement = copy->statement;
    for (size_t i = 0; i < statement->n_options; i++)
        if (strcasecmp(name_plain(statement->options[i]->def_elem->defname), "format") == 0 &&
            !read_format(copy, statement->options[i]->def_elem))
            return false;
    for (size_t i = 0; i < statement->n_options; i++)
        if (!read_option(copy, statement->options[i]->def_elem))
            return false;
    return check_options(copy);
}

/* --- columns --- */

static const bool *name_set(CopyBinder *copy, const PgQuery__Node *list, const char *what)
{
    CopyStatement *out = copy->copy;
    bool *set = arena_zalloc(copy->binder->arena, (out->column_count + 1) * sizeof *set);
    if (list == NULL || list->node_case != PG_QUERY__NODE__NODE_LIST)
        return list == NULL ? set : NULL;
    for (size_t i = 0; i < list->list->n_items; i++) {
        const char *name = list->list->items[i]->string->sval;
        int found = schema_match_column(out->relation, name_read(name));
        uint32_t at = 0;
        while (at < out->column_count && (found < 0 || out->columns[at] != (uint32_t)found))
            at++;
        if (at == out->column_count) {
            fault_set(copy->binder->fault, FAULT_INVALID_COLUMN_REFERENCE,
                      "%s column \"%s\" not referenced by COPY", what, name_plain(name));
            return NULL;
        }
        set[at] = true;
    }
    return set;
}

static bool name_columns(CopyBinder *copy)
{
    Binder *binder = copy->binder;
    const PgQuery__CopyStmt *statement = copy->statement;
    CopyStatement *out = copy->copy;
    uint32_t count = statement->n_attlist > 0 ? (uint32_t)statement->n_attlist
                                              : out->relation->column_count;
    uint32_t *columns = ARENA_ARRAY(binder->arena, uint32_t, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        columns[i] = i;
        if (statement->n_attlist == 0)
            continue;
        const char *name = statement->attlist[i]->string->sval;
        int found = schema_match_column(out->relation, name_read(name));
        if (found < 0)
            return fault_set(binder->fault, FAULT_UNDEFINED_COLUMN,
                             "column \"%s\" of relation \"%.*s\" does not exist", name_plain(name),
                             TEXT_ARGS(out->relation->name));
        for (uint32_t k = 0; k < i; k++)
            if (columns[k] == (uint32_t)found)
                return fault_set(binder->fault, FAULT_DUPLICATE_COLUMN,
                                 "column \"%s\" specified more than once", name_plain(name));
        columns[i] = (uint32_t)found;
    }
    out->columns = columns;
    out->column_count = count;
    return true;
}

static bool find_target(CopyBinder *copy)
{
    Binder *binder = copy->binder;
    const PgQuery__RangeVar *range = copy->statement->relation;
    SchemaName schema = name_read(range->schemaname);
    const Relation *relation =
        schema_resolve(binder->arena, binder->context->tables, schema.text.length > 0 ? &schema : NULL,
                       name_read(range->relname), bind_search_path(binder), -1, binder->fault);
    if (relation == NULL)
        return false;
    if (relation->kind != RELATION_TABLE || schema_is_view(relation))
        return fault_set(binder->fault, FAULT_WRONG_OBJECT_TYPE, "cannot copy to view \"%.*s\"",
                         TEXT_ARGS(relation->name));
    if (schema_is_materialized(relation))
        return bind_fault(binder, -1, FAULT_WRONG_OBJECT_TYPE,
                          "cannot change materialized view \"%.*s\"", TEXT_ARGS(relation->name));
    copy->copy->relation = relation;
    return bind_check_relation(binder, relation, ACCESS_INSERT);
}

/* The rows read so far, as a relation whose rows the controller makes. */
static const Relation *make_source(CopyBinder *copy)
{
    static const VirtualRelation stdin_rows = {.name = "stdin"};
    CopyStatement *out = copy->copy;
    Relation *source = ARENA_NEW(copy->binder->arena, Relation);
    RelationColumn *columns = ARENA_ARRAY(copy->binder->arena, RelationColumn, out->column_count + 1);
    for (uint32_t i = 0; i < out->column_count; i++)
        columns[i] = out->relation->columns[out->columns[i]];
    *source = (Relation){.kind = RELATION_VIRTUAL,
                         .schema_oid = SCHEMA_OID_PG_CATALOG,
                         .schema = TEXT_LITERAL("pg_catalog"),
                         .name = TEXT_LITERAL("stdin"),
                         .column_count = out->column_count,
                         .columns = columns,
                         .virtual_relation = &stdin_rows};
    return source;
}

bool sql_copy(Arena *arena, const ParsedStatement *statement, BindContext *context,
              CopyStatement *out, Fault *fault)
{
    Binder binder = bind_start(arena, statement, context, fault);
    const PgQuery__CopyStmt *node = statement->tree->outer->copy_stmt;
    CopyBinder copy = {.binder = &binder, .statement = node, .copy = out};
    *out = (CopyStatement){.is_from = node->is_from, .has_where = node->where_clause != NULL};
    fault_clear(fault);
    if (!read_options(&copy))
        return false;
    if (!node->is_from)
        return true;
    if (!find_target(&copy) || !name_columns(&copy))
        return false;
    out->force_null = name_set(&copy, copy.force_null, "FORCE_NULL");
    out->force_not_null = out->force_null == NULL
                              ? NULL
                              : name_set(&copy, copy.force_not_null, "FORCE_NOT_NULL");
    out->source = make_source(&copy);
    if (out->force_not_null == NULL || node->where_clause == NULL)
        return out->force_not_null != NULL;
    BoundQuery ignored = {0}; /* what is wrong with WHERE is said before there are rows */
    return bind_copy_target(&binder, out->relation, out->source, out->columns, node->where_clause,
                            &ignored);
}

bool sql_bind_copy_from(Arena *arena, const ParsedStatement *statement, BindContext *context,
                        const CopyStatement *copy, BoundQuery *query, Fault *fault)
{
    Binder binder = bind_start(arena, statement, context, fault);
    binder.map = NULL;
    binder.fixed_location = -1;
    *query = (BoundQuery){0};
    if (!bind_copy_target(&binder, copy->relation, copy->source, copy->columns,
                          statement->tree->outer->copy_stmt->where_clause, query))
        return false;
    query->next_column = binder.next_column;
    return true;
}

bool sql_copy_force_quote(Arena *arena, const ParsedStatement *statement, const BoundQuery *query,
                          CopyStatement *copy, Fault *fault)
{
    const PgQuery__CopyStmt *node = statement->tree->outer->copy_stmt;
    const PgQuery__Node *list = NULL;
    for (size_t i = 0; i < node->n_options; i++)
        if (strcasecmp(name_plain(node->options[i]->def_elem->defname), "force_quote") == 0)
            list = node->options[i]->def_elem->arg;
    if (list == NULL)
        return true;
    bool is_all = list->node_case != PG_QUERY__NODE__NODE_LIST;
    bool *force = arena_zalloc(arena, (query->output_count + 1) * sizeof *force);
    for (uint32_t i = 0; is_all && i < query->output_count; i++)
        force[i] = true;
    for (size_t k = 0; !is_all && k < list->list->n_items; k++) {
        const char *name = list->list->items[k]->string->sval;
        bool found = false;
        for (uint32_t i = 0; i < query->output_count; i++)
            if (strcasecmp(query->outputs[i].name, name_plain(name)) == 0)
                found = force[i] = true;
        if (!found)
            return fault_set(fault, FAULT_INVALID_COLUMN_REFERENCE,
                             "FORCE_QUOTE column \"%s\" not referenced by COPY", name_plain(name));
    }
    copy->spec.force_quote = force;
    return true;
}
