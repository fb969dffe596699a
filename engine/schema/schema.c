/*
 * Schemas, and from names to relations.
 */
#include "engine/schema/schema.h"

#include "base/log/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- schemas --- */

static const SchemaInfo schemas[] = {
    {SCHEMA_OID_PG_CATALOG, "pg_catalog", NULL, "system catalog schema"},
    {SCHEMA_OID_PUBLIC, "public", "druid", "standard public schema"},
    {SCHEMA_OID_INFORMATION_SCHEMA, "information_schema", NULL, NULL},
    {SCHEMA_OID_SYS, "sys", NULL, "segments, servers and tasks"},
};

enum { SCHEMA_COUNT = sizeof schemas / sizeof schemas[0] };

const SchemaInfo *schema_list(uint32_t *count)
{
    *count = SCHEMA_COUNT;
    return schemas;
}

/* Names first, then aliases. */
static Text schema_name_at(const void *state, uint32_t i)
{
    (void)state;
    if (i < SCHEMA_COUNT)
        return text_of(schemas[i].name);
    const char *alias = schemas[i - SCHEMA_COUNT].alias;
    return alias == NULL ? TEXT_LITERAL("") : text_of(alias);
}

const SchemaInfo *schema_find(Text name, bool is_quoted)
{
    SchemaName wanted = {.text = name, .is_quoted = is_quoted};
    if (name.length == 0)
        return NULL;
    if (text_equal_string(name, "INFORMATION_SCHEMA"))
        wanted.is_quoted = false;
    int found = schema_match_name(wanted, 2 * SCHEMA_COUNT, schema_name_at, NULL);
    return found < 0 ? NULL : &schemas[found % SCHEMA_COUNT];
}

/* --- users' schemas --- */

static char temporary_name[32];

void schema_set_session(int64_t process_id)
{
    temporary_name[0] = '\0';
    if (process_id != 0)
        snprintf(temporary_name, sizeof temporary_name, TABLE_TEMPORARY_PREFIX "%lld",
                 (long long)process_id);
}

const char *schema_temporary_name(void)
{
    return temporary_name;
}

bool schema_holds_tables(uint32_t oid)
{
    return oid == SCHEMA_OID_PUBLIC || oid >= META_FIRST_OID;
}

static SchemaInfo info_of(const Table *schema)
{
    return (SchemaInfo){.oid = schema->oid,
                        .name = schema->name.data,
                        .description = schema->comment.length > 0 ? schema->comment.data : NULL};
}

const SchemaInfo *schema_list_all(Arena *arena, const TableSnapshot *tables, uint32_t *count)
{
    SchemaInfo *all = ARENA_ARRAY(arena, SchemaInfo, SCHEMA_COUNT + tables->schema_count);
    memcpy(all, schemas, sizeof schemas);
    for (uint32_t i = 0; i < tables->schema_count; i++)
        all[SCHEMA_COUNT + i] = info_of(tables->schemas[i]);
    *count = SCHEMA_COUNT + tables->schema_count;
    return all;
}

static Text user_schema_name_at(const void *state, uint32_t i)
{
    return ((const TableSnapshot *)state)->schemas[i]->name;
}

const SchemaInfo *schema_find_all(Arena *arena, const TableSnapshot *tables, Text name,
                                  bool is_quoted)
{
    const SchemaInfo *found = schema_find(name, is_quoted);
    if (found != NULL || name.length == 0)
        return found;
    SchemaName wanted = {.text = name, .is_quoted = is_quoted};
    if (text_equal_string(name, "pg_temp"))
        wanted = (SchemaName){.text = text_of(temporary_name), .is_quoted = true};
    int at = schema_match_name(wanted, tables->schema_count, user_schema_name_at, tables);
    if (at < 0)
        return NULL;
    SchemaInfo *info = ARENA_NEW(arena, SchemaInfo);
    *info = info_of(tables->schemas[at]);
    return info;
}

/* Names within information_schema: Druid's are in upper case, and its tools quote them, while
 * PostgreSQL's are in lower case. Both must be found. */
static SchemaName relaxed_name(Oid schema, SchemaName name)
{
    if (schema == SCHEMA_OID_INFORMATION_SCHEMA)
        name.is_quoted = false;
    return name;
}

static const SchemaInfo *schema_by_oid(Oid oid)
{
    for (uint32_t i = 0; i < SCHEMA_COUNT; i++) {
        if (schemas[i].oid == oid)
            return &schemas[i];
    }
    return NULL;
}

/* --- making relations --- */

static const Relation *relation_of_table(Arena *arena, const Table *table)
{
    Relation *relation = ARENA_NEW(arena, Relation);
    RelationColumn *columns = ARENA_ARRAY(arena, RelationColumn, table->column_count);
    for (uint32_t i = 0; i < table->column_count; i++) {
        const TableColumn *column = &table->columns[i];
        columns[i] = (RelationColumn){
            .name = column->name,
            .type = {.oid = column->type_oid, .modifier = column->type_modifier},
            .number = column->number,
        };
    }
    *relation = (Relation){
        .kind = RELATION_TABLE,
        .oid = table->oid,
        .schema_oid = table->schema_oid != 0 ? table->schema_oid : SCHEMA_OID_PUBLIC,
        .schema = table->schema,
        .name = table->name,
        .column_count = table->column_count,
        .columns = columns,
        .table = table,
    };
    return relation;
}

static const Relation *relation_of_virtual(Arena *arena, const VirtualRelation *virtual_relation)
{
    Relation *relation = ARENA_NEW(arena, Relation);
    uint32_t count = virtual_relation->column_count;
    RelationColumn *columns = ARENA_ARRAY(arena, RelationColumn, count);
    for (uint32_t i = 0; i < count; i++) {
        columns[i] = (RelationColumn){
            .name = text_of(virtual_relation->columns[i].name),
            .type = type_base(SQL_TYPE(virtual_relation->columns[i].type)),
            .number = (int32_t)i + 1,
        };
    }
    *relation = (Relation){
        .kind = RELATION_VIRTUAL,
        .oid = virtual_relation->oid,
        .schema_oid = virtual_relation->schema_oid,
        .schema = text_of(schema_by_oid(virtual_relation->schema_oid)->name),
        .name = text_of(virtual_relation->name),
        .column_count = count,
        .columns = columns,
        .virtual_relation = virtual_relation,
    };
    return relation;
}

bool schema_is_view(const Relation *relation)
{
    return relation->kind == RELATION_VIRTUAL ? relation->virtual_relation->is_view
                                              : relation->table->parsed.kind == TABLE_VIEW;
}

bool schema_is_sequence(const Relation *relation)
{
    return relation->kind == RELATION_TABLE && relation->table->parsed.kind == TABLE_SEQUENCE;
}

bool schema_is_materialized(const Relation *relation)
{
    return relation->kind == RELATION_TABLE && table_is_materialized(&relation->table->parsed);
}

const Relation *schema_relation_by_oid(Arena *arena, const TableSnapshot *tables, Oid oid)
{
    const Table *table = table_by_oid(tables, oid);
    if (table != NULL)
        return relation_of_table(arena, table);
    const VirtualRelation *virtual_relation = schema_virtual_by_oid(oid);
    return virtual_relation == NULL ? NULL : relation_of_virtual(arena, virtual_relation);
}

const Relation *const *schema_relations(Arena *arena, const TableSnapshot *tables, uint32_t *count)
{
    uint32_t virtual_count;
    const VirtualRelation *const *virtual_relations = schema_virtual_relations(&virtual_count);
    const Relation **relations =
        ARENA_ARRAY(arena, const Relation *, (size_t)tables->table_count + virtual_count);
    *count = 0;
    for (uint32_t i = 0; i < tables->table_count; i++)
        relations[(*count)++] = relation_of_table(arena, tables->tables[i]);
    for (uint32_t i = 0; i < virtual_count; i++)
        relations[(*count)++] = relation_of_virtual(arena, virtual_relations[i]);
    return relations;
}

/* Set at start-up. */
static const SchemaFunction *functions;
static uint32_t function_count;

void schema_register_functions(const SchemaFunction *list, uint32_t count)
{
    functions = list;
    function_count = count;
}

const Relation *schema_function(Arena *arena, Text name)
{
    for (uint32_t i = 0; i < function_count; i++) {
        if (text_equal_string(name, functions[i].name))
            return relation_of_virtual(arena, functions[i].relation);
    }
    return NULL;
}

/* --- looking into one schema --- */

/* The names of one schema: tables and views, or a run of the register. */
typedef struct SchemaContents {
    const Table **tables; /* NULL: a schema of virtual relations */
    const VirtualRelation *const *virtual_relations;
    uint32_t count;
} SchemaContents;

static SchemaContents schema_contents(Arena *arena, const TableSnapshot *tables, Oid schema)
{
    SchemaContents contents = {0};
    uint32_t all, first = 0;
    if (schema_holds_tables(schema)) {
        uint32_t wanted = schema == SCHEMA_OID_PUBLIC ? 0 : schema;
        contents.tables = ARENA_ARRAY(arena, const Table *, (size_t)tables->table_count + 1);
        for (uint32_t i = 0; i < tables->table_count; i++)
            if (tables->tables[i]->schema_oid == wanted)
                contents.tables[contents.count++] = tables->tables[i];
        return contents;
    }
    const VirtualRelation *const *registered = schema_virtual_relations(&all);
    while (first < all && registered[first]->schema_oid != schema)
        first++;
    contents.virtual_relations = registered + first;
    while (first + contents.count < all && registered[first + contents.count]->schema_oid == schema)
        contents.count++;
    return contents;
}

static Text contents_name_at(const void *state, uint32_t i)
{
    const SchemaContents *contents = state;
    return contents->tables != NULL ? contents->tables[i]->name
                                    : text_of(contents->virtual_relations[i]->name);
}

static int match_within(Arena *arena, const TableSnapshot *tables, Oid schema, SchemaName name,
                        SchemaContents *contents)
{
    *contents = schema_contents(arena, tables, schema);
    return schema_match_name(relaxed_name(schema, name), contents->count, contents_name_at,
                             contents);
}

static const Relation *relation_at(Arena *arena, const SchemaContents *contents, int i)
{
    return contents->tables != NULL ? relation_of_table(arena, contents->tables[i])
                                    : relation_of_virtual(arena, contents->virtual_relations[i]);
}

/* --- resolving --- */

enum { SCHEMA_MAX_PATH = 16 };

typedef struct SearchPath {
    uint32_t count;
    const SchemaInfo *schemas[SCHEMA_MAX_PATH];
} SearchPath;

static void add_to_path(Arena *arena, const TableSnapshot *tables, SearchPath *path, Text name,
                        bool is_quoted)
{
    const SchemaInfo *schema = schema_find_all(arena, tables, name, is_quoted);
    for (uint32_t i = 0; schema != NULL && i < path->count; i++) {
        if (path->schemas[i]->oid == schema->oid)
            return;
    }
    if (schema != NULL && path->count < SCHEMA_MAX_PATH)
        path->schemas[path->count++] = schema;
}

/* Names, each in quotes or not, between commas. */
static SearchPath read_names(Arena *arena, const TableSnapshot *tables, Text text)
{
    SearchPath named = {0};
    uint32_t at = 0;
    while (at < text.length) {
        while (at < text.length && (text.data[at] == ' ' || text.data[at] == ','))
            at++;
        bool is_quoted = at < text.length && text.data[at] == '"';
        uint32_t start = at += is_quoted;
        while (at < text.length && text.data[at] != (is_quoted ? '"' : ','))
            at++;
        uint32_t end = at;
        while (!is_quoted && end > start && text.data[end - 1] == ' ')
            end--;
        at += is_quoted && at < text.length;
        add_to_path(arena, tables, &named,
                    (Text){.data = text.data + start, .length = end - start}, is_quoted);
    }
    return named;
}

const SchemaInfo *schema_for_new(Arena *arena, const TableSnapshot *tables, Text search_path)
{
    SearchPath named = read_names(arena, tables, search_path);
    for (uint32_t i = 0; i < named.count; i++)
        if (schema_holds_tables(named.schemas[i]->oid))
            return named.schemas[i];
    return NULL;
}

/* Where names are looked for: the session's temporary schema first. */
static SearchPath read_search_path(Arena *arena, const TableSnapshot *tables, Text text,
                                   bool with_implicit)
{
    SearchPath path = {0};
    bool names_catalog = false;
    SearchPath named = read_names(arena, tables, text);
    if (with_implicit && temporary_name[0] != '\0')
        add_to_path(arena, tables, &path, text_of(temporary_name), true);
    /* pg_catalog is searched first unless the path names it. */
    for (uint32_t i = 0; i < named.count; i++)
        names_catalog = names_catalog || named.schemas[i]->oid == SCHEMA_OID_PG_CATALOG;
    if (with_implicit && !names_catalog)
        path.schemas[path.count++] = schema_by_oid(SCHEMA_OID_PG_CATALOG);
    for (uint32_t i = 0; i < named.count && path.count < SCHEMA_MAX_PATH; i++)
        path.schemas[path.count++] = named.schemas[i];
    return path;
}

uint32_t schema_path(Arena *arena, const TableSnapshot *tables, Text search_path,
                     bool with_implicit, const SchemaInfo **list, uint32_t capacity)
{
    SearchPath path = read_search_path(arena, tables, search_path, with_implicit);
    uint32_t count = path.count < capacity ? path.count : capacity;
    memcpy(list, path.schemas, count * sizeof *list);
    return count;
}

static const Relation *ambiguous(SchemaName name, int32_t position, Fault *fault)
{
    fault_set_at(fault, position, FAULT_UNDEFINED_TABLE,
                 "relation name \"%.*s\" is ambiguous: several differ from it only in case",
                 TEXT_ARGS(name.text));
    fault_hint(fault, "Write the name in double quotes, exactly as it is.");
    return NULL;
}

static void suggest(Arena *arena, const TableSnapshot *tables, const SearchPath *path,
                    SchemaName name, Fault *fault)
{
    for (uint32_t i = 0; i < path->count; i++) {
        SchemaContents contents = schema_contents(arena, tables, path->schemas[i]->oid);
        Text near = schema_suggest(name.text, contents.count, contents_name_at, &contents);
        if (near.length == 0)
            continue;
        bool is_temporary = strncmp(path->schemas[i]->name, "pg_temp_", 8) == 0;
        fault_hint(fault, "Perhaps you meant to reference the table \"%s.%.*s\".",
                   is_temporary ? "pg_temp" : path->schemas[i]->name, TEXT_ARGS(near));
        return;
    }
}

static const Relation *undefined(Arena *arena, const TableSnapshot *tables, const SchemaName *schema,
                                 SchemaName name, const SearchPath *path, int32_t position,
                                 Fault *fault)
{
    if (schema != NULL)
        fault_set_at(fault, position, FAULT_UNDEFINED_TABLE,
                     "relation \"%.*s.%.*s\" does not exist", TEXT_ARGS(schema->text),
                     TEXT_ARGS(name.text));
    else
        fault_set_at(fault, position, FAULT_UNDEFINED_TABLE, "relation \"%.*s\" does not exist",
                     TEXT_ARGS(name.text));
    suggest(arena, tables, path, name, fault);
    return NULL;
}

/* An exact name anywhere on the path goes before one that matches only without case: pg_catalog
 * must not take a table's name from it. */
static const Relation *resolve_on_path(Arena *arena, const TableSnapshot *tables,
                                       const SearchPath *path, SchemaName name, bool *is_ambiguous)
{
    SchemaName exact = {.text = name.text, .is_quoted = true};
    SchemaContents contents;
    for (int round = 0; round < (name.is_quoted ? 1 : 2); round++) {
        for (uint32_t i = 0; i < path->count; i++) {
            int found =
                match_within(arena, tables, path->schemas[i]->oid, round == 0 ? exact : name, &contents);
            if (found >= 0)
                return relation_at(arena, &contents, found);
            *is_ambiguous = *is_ambiguous || found == SCHEMA_AMBIGUOUS;
        }
    }
    return NULL;
}

const Relation *schema_resolve(Arena *arena, const TableSnapshot *tables, const SchemaName *schema,
                               SchemaName name, Text search_path, int32_t position, Fault *fault)
{
    SearchPath path = {0};
    bool is_ambiguous = false;
    if (schema == NULL) {
        path = read_search_path(arena, tables, search_path, true);
    } else {
        const SchemaInfo *found =
            schema_find_all(arena, tables, schema->text, schema->is_quoted);
        if (found == NULL) {
            fault_set_at(fault, position, FAULT_INVALID_SCHEMA_NAME,
                         "schema \"%.*s\" does not exist", TEXT_ARGS(schema->text));
            return NULL;
        }
        path.schemas[path.count++] = found;
    }
    const Relation *relation = resolve_on_path(arena, tables, &path, name, &is_ambiguous);
    if (relation != NULL)
        return relation;
    if (is_ambiguous)
        return ambiguous(name, position, fault);
    return undefined(arena, tables, schema, name, &path, position, fault);
}

/* --- columns --- */

static Text column_name_at(const void *state, uint32_t i)
{
    return ((const Relation *)state)->columns[i].name;
}

int schema_match_column(const Relation *relation, SchemaName name)
{
    return schema_match_name(relaxed_name(relation->schema_oid, name), relation->column_count,
                             column_name_at, relation);
}
