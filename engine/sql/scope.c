/*
 * Scopes: what a name means, from the innermost query outwards.
 *
 * Within one query a name is looked for over all visible columns by the rule of schema.h: as
 * typed, then folded, then without regard to case. Only when a query has no match at all is its
 * outer query asked.
 */
#include "engine/sql/bind_internal.h"

#include <strings.h>

static Text column_name_at(const void *state, uint32_t i)
{
    return text_of(((const ScopeColumn *)state)[i].name);
}

static Text table_name_at(const void *state, uint32_t i)
{
    return text_of(((const ScopeTable *)state)[i].name);
}

static Text cte_name_at(const void *state, uint32_t i)
{
    return text_of(((const CommonTable *)state)[i].name);
}

int scope_match(SchemaName name, const ScopeColumn *columns, uint32_t count)
{
    int found = schema_match_name(name, count, column_name_at, columns);
    for (uint32_t i = (uint32_t)found + 1; found >= 0 && i < count; i++) {
        if (strcmp(columns[i].name, columns[found].name) == 0)
            return SCHEMA_AMBIGUOUS; /* several relations have it */
    }
    return found;
}

CommonTable *scope_find_cte(Scope *scope, SchemaName name, Scope **owner, uint32_t *index)
{
    for (; scope != NULL; scope = scope->parent) {
        int found = schema_match_name(name, scope->cte_count, cte_name_at, scope->ctes);
        if (found >= 0) {
            *owner = scope;
            *index = (uint32_t)found;
            return &scope->ctes[found];
        }
    }
    return NULL;
}

bool scope_has_column(const Scope *scope, ColumnId id, const ScopeColumn **column)
{
    const FromItem *from = &scope->from;
    for (uint32_t i = 0; i < from->column_count; i++) {
        if (from->columns[i].id == id) {
            *column = &from->columns[i];
            return true;
        }
    }
    for (uint32_t t = 0; t < from->table_count; t++) {
        for (uint32_t i = 0; i < from->tables[t].column_count; i++) {
            if (from->tables[t].columns[i].id == id) {
                *column = &from->tables[t].columns[i];
                return true;
            }
        }
    }
    return false;
}

/* A keyword used as a name loses its case in the scanner: looks at what was typed. */
static SchemaName first_name(Binder *binder, const PgQuery__ColumnRef *reference)
{
    const char *marked = reference->fields[0]->string->sval;
    SchemaName name = name_read(marked);
    int32_t at = bind_location(binder, reference->location);
    bool can_look = binder->map != NULL && !name.is_quoted && marked == name.text.data && at >= 0 &&
                    (uint32_t)at + name.text.length <= binder->tree->text.length;
    if (can_look && strncasecmp(binder->tree->text.data + at, marked, name.text.length) == 0)
        name.text.data = binder->tree->text.data + at;
    return name;
}

/* --- tables --- */
static bool schema_matches(const ScopeTable *table, const PgQuery__Node *schema)
{
    if (table->relation == NULL || table->has_alias)
        return false;
    SchemaName name = name_read(schema->string->sval);
    const SchemaInfo *info = schema_find(name.text, name.is_quoted);
    if (info != NULL)
        return info->oid == table->relation->schema_oid;
    Text own = table->relation->schema;
    if (text_equal_string(name.text, "pg_temp"))
        return text_equal_string(own, schema_temporary_name());
    return own.length == name.text.length &&
           (name.is_quoted ? memcmp(own.data, name.text.data, own.length)
                           : strncasecmp(own.data, name.text.data, own.length)) == 0;
}

static const ScopeTable *find_in_level(const Scope *scope, PgQuery__Node *const *names,
                                       size_t count)
{
    SchemaName name = name_read(names[count - 1]->string->sval);
    int found = schema_match_name(name, scope->from.table_count, table_name_at, scope->from.tables);
    if (found >= 0 && count == 1)
        return &scope->from.tables[found];
    for (uint32_t i = 0; count > 1 && i < scope->from.table_count; i++) {
        const ScopeTable *table = &scope->from.tables[i];
        if (schema_match_name(name, 1, table_name_at, table) == 0 &&
            schema_matches(table, names[count - 2]))
            return table;
    }
    return NULL;
}

/* A relation that stands in FROM under another name. */
static const ScopeTable *find_by_relation(const Scope *scope, SchemaName name)
{
    for (uint32_t i = 0; i < scope->from.table_count; i++) {
        const ScopeTable *table = &scope->from.tables[i];
        if (table->relation != NULL && table->has_alias &&
            table->relation->name.length == name.text.length &&
            strncasecmp(table->relation->name.data, name.text.data, name.text.length) == 0)
            return table;
    }
    return NULL;
}

static void missing_table(Binder *binder, Scope *scope, SchemaName name, int32_t location)
{
    for (Scope *level = scope; level != NULL; level = level->parent) {
        const ScopeTable *table = find_by_relation(level, name);
        if (table == NULL)
            continue;
        bind_fault(binder, location, FAULT_UNDEFINED_TABLE,
                   "invalid reference to FROM-clause entry for table \"%.*s\"",
                   TEXT_ARGS(name.text));
        fault_hint(binder->fault, "Perhaps you meant to reference the table alias \"%s\".",
                   table->name);
        return;
    }
    bind_fault(binder, location, FAULT_UNDEFINED_TABLE,
               "missing FROM-clause entry for table \"%.*s\"", TEXT_ARGS(name.text));
}

static const ScopeTable *find_table(Binder *binder, Scope *scope, PgQuery__Node *const *names,
                                    size_t count, int32_t location, bool must_exist, Scope **found)
{
    for (Scope *level = scope; level != NULL; level = level->parent) {
        const ScopeTable *table = find_in_level(level, names, count);
        if (table == NULL)
            continue;
        if (level->hides_from) {
            bind_fault(binder, location, FAULT_UNDEFINED_TABLE,
                       "invalid reference to FROM-clause entry for table \"%s\"", table->name);
            fault_hint(binder->fault,
                       "There is an entry for table \"%s\", but it cannot be "
                       "referenced from this part of the query.",
                       table->name);
            return NULL;
        }
        *found = level;
        return table;
    }
    if (must_exist)
        missing_table(binder, scope, name_read(names[count - 1]->string->sval), location);
    return NULL;
}

const ScopeTable *scope_find_table(Binder *binder, Scope *scope, PgQuery__Node *const *names,
                                   size_t count, int32_t location, bool must_exist)
{
    Scope *found;
    return find_table(binder, scope, names, count, location, must_exist, &found);
}

/* --- columns --- */
static bool ambiguous(Binder *binder, SchemaName name, int32_t location)
{
    return bind_fault(binder, location, FAULT_AMBIGUOUS_COLUMN,
                      "column reference \"%.*s\" is ambiguous", TEXT_ARGS(name.text));
}

/* "Perhaps you meant to reference the column "t.x".": the nearest name in reach. */
static void suggest_column(Binder *binder, const Scope *scope, SchemaName name)
{
    for (; scope != NULL; scope = scope->parent) {
        const FromItem *from = &scope->from;
        Text near = schema_suggest(name.text, from->column_count, column_name_at, from->columns);
        for (uint32_t i = 0; near.length > 0 && i < from->column_count; i++) {
            const ScopeColumn *column = &from->columns[i];
            if (!text_equal_string(near, column->name))
                continue;
            bool has_table = column->table[0] != '\0';
            fault_hint(binder->fault, "Perhaps you meant to reference the column \"%s%s%s\".",
                       column->table, has_table ? "." : "", column->name);
            return;
        }
    }
}

static bool missing_column(Binder *binder, Scope *scope, SchemaName name, int32_t location)
{
    bind_fault(binder, location, FAULT_UNDEFINED_COLUMN, "column \"%.*s\" does not exist",
               TEXT_ARGS(name.text));
    suggest_column(binder, scope, name);
    return false;
}

/* EXPR$0, EXPR$1: Druid's names of what has none, by their positions in a subquery or function. */
static int match_position(SchemaName name, const ScopeTable *table)
{
    enum { PREFIX = 5, MAX_DIGITS = 5 };
    uint32_t position = 0;
    if (table->relation != NULL || name.text.length <= PREFIX ||
        name.text.length > PREFIX + MAX_DIGITS || strncasecmp(name.text.data, "EXPR$", PREFIX) != 0)
        return SCHEMA_NO_MATCH;
    for (uint32_t i = PREFIX; i < name.text.length; i++) {
        if (name.text.data[i] < '0' || name.text.data[i] > '9')
            return SCHEMA_NO_MATCH;
        position = position * 10 + (uint32_t)(name.text.data[i] - '0');
    }
    return position < table->column_count ? (int)position : SCHEMA_NO_MATCH;
}

static bool find_plain(Binder *binder, Scope *scope, const PgQuery__ColumnRef *reference,
                       const ScopeColumn **column, Scope **found)
{
    int32_t location = bind_location(binder, reference->location);
    SchemaName name = first_name(binder, reference);
    bool is_hidden = false;
    for (Scope *level = scope; level != NULL; level = level->parent) {
        int match = scope_match(name, level->from.columns, level->from.column_count);
        if (match == SCHEMA_NO_MATCH && level->from.table_count == 1 &&
            level->from.tables[0].column_count == level->from.column_count)
            match = match_position(name, &level->from.tables[0]);
        if (match == SCHEMA_AMBIGUOUS && !level->hides_from)
            return ambiguous(binder, name, location);
        if (match == SCHEMA_NO_MATCH || match == SCHEMA_AMBIGUOUS)
            continue;
        if (level->hides_from) {
            is_hidden = true;
            continue;
        }
        *column = &level->from.columns[match];
        *found = level;
        return true;
    }
    missing_column(binder, is_hidden ? NULL : scope, name, location);
    if (is_hidden)
        fault_hint(binder->fault,
                   "There is a column named \"%.*s\" in the FROM clause, but it "
                   "cannot be referenced from this part of the query.",
                   TEXT_ARGS(name.text));
    return false;
}

static bool find_qualified(Binder *binder, Scope *scope, const PgQuery__ColumnRef *reference,
                           const ScopeColumn **column, Scope **found)
{
    int32_t location = bind_location(binder, reference->location);
    size_t count = reference->n_fields;
    if (count > 4)
        return bind_fault(binder, location, FAULT_SYNTAX_ERROR,
                          "improper qualified name (too many dotted names)");
    const ScopeTable *table =
        find_table(binder, scope, reference->fields, count - 1, location, true, found);
    if (table == NULL)
        return false;
    SchemaName name = name_read(reference->fields[count - 1]->string->sval);
    int match = scope_match(name, table->columns, table->column_count);
    if (match == SCHEMA_NO_MATCH)
        match = match_position(name, table);
    if (match == SCHEMA_AMBIGUOUS)
        return ambiguous(binder, name, location);
    if (match == SCHEMA_NO_MATCH) {
        bind_fault(binder, location, FAULT_UNDEFINED_COLUMN, "column %s.%.*s does not exist",
                   table->name, TEXT_ARGS(name.text));
        Text near = schema_suggest(name.text, table->column_count, column_name_at, table->columns);
        return near.length == 0
                   ? false
                   : fault_hint(binder->fault,
                                "Perhaps you meant to reference the column \"%s.%.*s\".",
                                table->name, TEXT_ARGS(near));
    }
    *column = &table->columns[match];
    return true;
}

static bool is_late(const ExprContext *place)
{
    return !place->is_in_aggregate &&
           (place->clause == CLAUSE_SELECT || place->clause == CLAUSE_HAVING ||
            place->clause == CLAUSE_ORDER_BY);
}

void scope_note_use(Binder *binder, const ExprContext *place, SelectState *select, ColumnId id,
                    int32_t location)
{
    if (select == NULL || !is_late(place))
        return;
    if (select->late_count == select->late_capacity) {
        uint32_t capacity = select->late_capacity == 0 ? 8 : select->late_capacity * 2;
        LateUse *uses = ARENA_ARRAY(binder->arena, LateUse, capacity);
        if (select->late_count > 0)
            memcpy(uses, select->late_uses, select->late_count * sizeof *uses);
        select->late_uses = uses;
        select->late_capacity = capacity;
    }
    select->late_uses[select->late_count++] = (LateUse){id, location};
}

/* The place in `found` under which the query of `from` stands. */
const ExprContext *scope_place_in(const Scope *from, const Scope *found)
{
    while (from->parent != found)
        from = from->parent;
    return from->parent_context;
}

bool scope_find_column(Binder *binder, Scope *scope, const PgQuery__ColumnRef *reference,
                       const ScopeColumn **column, Scope **found)
{
    bool ok = reference->n_fields == 1 ? find_plain(binder, scope, reference, column, found)
                                       : find_qualified(binder, scope, reference, column, found);
    const ExprContext *place = ok && *found != scope ? scope_place_in(scope, *found) : NULL;
    if (place != NULL)
        scope_note_use(binder, place, (*found)->select, (*column)->id,
                       bind_location(binder, reference->location));
    return ok;
}
