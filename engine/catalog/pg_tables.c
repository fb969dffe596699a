/*
 * pg_catalog.pg_tables, pg_views and pg_matviews: every relation again, by name.
 */
#include "engine/catalog/catalog_internal.h"

/* clang-format off */
static const VirtualColumn columns[] = {
    {"schemaname", T_NAME}, {"tablename", T_NAME}, {"tableowner", T_NAME},
    {"tablespace", T_NAME}, {"hasindexes", T_BOOL}, {"hasrules", T_BOOL},
    {"hastriggers", T_BOOL}, {"rowsecurity", T_BOOL},
};
/* clang-format on */

/* clang-format off */
static const VirtualColumn materialized_columns[] = {
    {"schemaname", T_NAME}, {"matviewname", T_NAME}, {"matviewowner", T_NAME},
    {"tablespace", T_NAME}, {"hasindexes", T_BOOL}, {"ispopulated", T_BOOL},
    {"definition", T_TEXT},
};
/* clang-format on */

/* clang-format off */
static const VirtualColumn view_columns[] = {
    {"schemaname", T_NAME}, {"viewname", T_NAME}, {"viewowner", T_NAME}, {"definition", T_TEXT},
};
/* clang-format on */

static bool produce(const CatalogContext *context, Arena *arena, Batch **out, Fault *fault)
{
    (void)fault;
    uint32_t count;
    const Relation *const *relations = schema_relations(arena, context->tables, &count);
    CatalogRows rows;
    ROWS_BEGIN(&rows, columns, arena);
    for (uint32_t i = 0; i < count; i++) {
        if (schema_is_view(relations[i]) || schema_is_sequence(relations[i]) ||
            schema_is_materialized(relations[i]))
            continue;
        catalog_set_text(&rows, "schemaname", relations[i]->schema);
        catalog_set_text(&rows, "tablename", relations[i]->name);
        catalog_set_text(&rows, "tableowner", catalog_owner_of(context, relations[i]->oid));
        catalog_set_bool(&rows, "hasindexes", false);
        catalog_set_bool(&rows, "hasrules", false);
        catalog_set_bool(&rows, "hastriggers", false);
        catalog_set_bool(&rows, "rowsecurity", false);
        catalog_row_end(&rows);
    }
    *out = catalog_rows_finish(&rows);
    return true;
}

static bool produce_views(const CatalogContext *context, Arena *arena, Batch **out, Fault *fault)
{
    (void)fault;
    uint32_t count;
    const Relation *const *relations = schema_relations(arena, context->tables, &count);
    CatalogRows rows;
    ROWS_BEGIN(&rows, view_columns, arena);
    for (uint32_t i = 0; i < count; i++) {
        if (!schema_is_view(relations[i]))
            continue;
        catalog_set_text(&rows, "schemaname", relations[i]->schema);
        catalog_set_text(&rows, "viewname", relations[i]->name);
        catalog_set_text(&rows, "viewowner", catalog_owner_of(context, relations[i]->oid));
        if (relations[i]->kind == RELATION_TABLE)
            catalog_set_text(&rows, "definition", relations[i]->table->parsed.definition);
        catalog_row_end(&rows);
    }
    *out = catalog_rows_finish(&rows);
    return true;
}

static bool produce_materialized(const CatalogContext *context, Arena *arena, Batch **out,
                                 Fault *fault)
{
    (void)fault;
    uint32_t count;
    const Relation *const *relations = schema_relations(arena, context->tables, &count);
    CatalogRows rows;
    ROWS_BEGIN(&rows, materialized_columns, arena);
    for (uint32_t i = 0; i < count; i++) {
        if (!schema_is_materialized(relations[i]))
            continue;
        catalog_set_text(&rows, "schemaname", relations[i]->schema);
        catalog_set_text(&rows, "matviewname", relations[i]->name);
        catalog_set_text(&rows, "matviewowner", catalog_owner_of(context, relations[i]->oid));
        catalog_set_bool(&rows, "hasindexes", false);
        catalog_set_bool(&rows, "ispopulated", true);
        catalog_set_string(&rows, "definition",
                           arena_printf(arena, " %.*s;",
                                        TEXT_ARGS(relations[i]->table->parsed.definition)));
        catalog_row_end(&rows);
    }
    *out = catalog_rows_finish(&rows);
    return true;
}

const VirtualRelation catalog_pg_matviews = {.schema_oid = SCHEMA_OID_PG_CATALOG,
                                             .name = "pg_matviews",
                                             .oid = 12038,
                                             .is_view = true,
                                             CATALOG_COLUMNS(materialized_columns),
                                             .produce = produce_materialized};
const VirtualRelation catalog_pg_tables = {.schema_oid = SCHEMA_OID_PG_CATALOG,
                                           .name = "pg_tables",
                                           .oid = 12033,
                                           .is_view = true,
                                           CATALOG_COLUMNS(columns),
                                           .produce = produce};
const VirtualRelation catalog_pg_views = {.schema_oid = SCHEMA_OID_PG_CATALOG,
                                          .name = "pg_views",
                                          .oid = 12028,
                                          .is_view = true,
                                          CATALOG_COLUMNS(view_columns),
                                          .produce = produce_views};
