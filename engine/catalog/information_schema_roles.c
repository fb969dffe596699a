/*
 * information_schema: what is the same for every session or depends on who asks
 * (information_schema_catalog_name, enabled_roles, character_sets, collations,
 * table_privileges).
 */
#include "engine/catalog/catalog_internal.h"

/* clang-format off */
static const VirtualColumn catalog_name_columns[] = {
    {"catalog_name", T_SQL_IDENTIFIER},
};
/* clang-format on */

/* clang-format off */
static const VirtualColumn role_columns[] = {
    {"role_name", T_SQL_IDENTIFIER},
};
/* clang-format on */

/* clang-format off */
static const VirtualColumn character_set_columns[] = {
    {"character_set_catalog", T_SQL_IDENTIFIER}, {"character_set_schema", T_SQL_IDENTIFIER},
    {"character_set_name", T_SQL_IDENTIFIER}, {"character_repertoire", T_SQL_IDENTIFIER},
    {"form_of_use", T_SQL_IDENTIFIER}, {"default_collate_catalog", T_SQL_IDENTIFIER},
    {"default_collate_schema", T_SQL_IDENTIFIER}, {"default_collate_name", T_SQL_IDENTIFIER},
};
/* clang-format on */

/* clang-format off */
static const VirtualColumn collation_columns[] = {
    {"collation_catalog", T_SQL_IDENTIFIER}, {"collation_schema", T_SQL_IDENTIFIER},
    {"collation_name", T_SQL_IDENTIFIER}, {"pad_attribute", T_CHARACTER_DATA},
};
/* clang-format on */

/* clang-format off */
static const VirtualColumn privilege_columns[] = {
    {"grantor", T_SQL_IDENTIFIER}, {"grantee", T_SQL_IDENTIFIER},
    {"table_catalog", T_SQL_IDENTIFIER}, {"table_schema", T_SQL_IDENTIFIER},
    {"table_name", T_SQL_IDENTIFIER}, {"privilege_type", T_CHARACTER_DATA},
    {"is_grantable", T_YES_OR_NO}, {"with_hierarchy", T_YES_OR_NO},
};
/* clang-format on */

static bool produce_catalog_name(const CatalogContext *context, Arena *arena, Batch **out,
                                 Fault *fault)
{
    (void)fault;
    CatalogRows rows;
    ROWS_BEGIN(&rows, catalog_name_columns, arena);
    catalog_set_text(&rows, "catalog_name", catalog_database(context));
    catalog_row_end(&rows);
    *out = catalog_rows_finish(&rows);
    return true;
}

/* Whoever asks is enabled; a superuser is every role. */
static bool produce_roles(const CatalogContext *context, Arena *arena, Batch **out, Fault *fault)
{
    (void)fault;
    uint32_t count = catalog_role_count(context);
    CatalogRows rows;
    ROWS_BEGIN(&rows, role_columns, arena);
    for (uint32_t i = 0; i < count; i++) {
        AccessRole role = catalog_role_at(context, i);
        if (context->user != NULL && !access_is_member(context->roles, context->user, role.oid))
            continue;
        catalog_set_text(&rows, "role_name", role.name);
        catalog_row_end(&rows);
    }
    *out = catalog_rows_finish(&rows);
    return true;
}

static bool produce_character_sets(const CatalogContext *context, Arena *arena, Batch **out,
                                   Fault *fault)
{
    (void)fault;
    CatalogRows rows;
    ROWS_BEGIN(&rows, character_set_columns, arena);
    catalog_set_string(&rows, "character_set_name", "UTF8");
    catalog_set_string(&rows, "character_repertoire", "UCS");
    catalog_set_string(&rows, "form_of_use", "UTF8");
    catalog_set_text(&rows, "default_collate_catalog", catalog_database(context));
    catalog_set_string(&rows, "default_collate_schema", "pg_catalog");
    catalog_set_string(&rows, "default_collate_name", "C");
    catalog_row_end(&rows);
    *out = catalog_rows_finish(&rows);
    return true;
}

static bool produce_collations(const CatalogContext *context, Arena *arena, Batch **out,
                               Fault *fault)
{
    static const char *const names[] = {"default", "C", "POSIX"};
    (void)fault;
    CatalogRows rows;
    ROWS_BEGIN(&rows, collation_columns, arena);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        catalog_set_text(&rows, "collation_catalog", catalog_database(context));
        catalog_set_string(&rows, "collation_schema", "pg_catalog");
        catalog_set_string(&rows, "collation_name", names[i]);
        catalog_set_string(&rows, "pad_attribute", "NO PAD");
        catalog_row_end(&rows);
    }
    *out = catalog_rows_finish(&rows);
    return true;
}

typedef struct PrivilegeRow {
    Text grantor, grantee;
    uint32_t privileges, options;
} PrivilegeRow;

static void add_privileges(CatalogRows *rows, const CatalogContext *context, const Table *table,
                           const PrivilegeRow *row)
{
    for (uint32_t bit = 1; bit < ACCESS_ALL_TABLE; bit <<= 1) {
        if ((row->privileges & bit) == 0)
            continue;
        catalog_set_text(rows, "grantor", row->grantor);
        catalog_set_text(rows, "grantee", row->grantee);
        catalog_set_text(rows, "table_catalog", catalog_database(context));
        catalog_set_text(rows, "table_schema", table->schema);
        catalog_set_text(rows, "table_name", table->name);
        catalog_set_string(rows, "privilege_type", access_privilege_word(bit));
        catalog_set_string(rows, "is_grantable", (row->options & bit) != 0 ? "YES" : "NO");
        catalog_set_string(rows, "with_hierarchy", bit == ACCESS_SELECT ? "YES" : "NO");
        catalog_row_end(rows);
    }
}

/* Grants from and to roles that who asks belongs to. */
static bool concerns(const CatalogContext *context, uint32_t grantee, uint32_t grantor)
{
    if (context->roles == NULL || grantee == ACCESS_PUBLIC_OID)
        return true;
    return access_inherits_from(context->roles, context->user, grantee) ||
           access_inherits_from(context->roles, context->user, grantor);
}

static void add_grants(CatalogRows *rows, const CatalogContext *context, const Table *table)
{
    uint32_t owner = access_owner(context->roles, table->oid);
    Text owner_name = catalog_owner_of(context, table->oid);
    if (concerns(context, owner, owner))
        add_privileges(rows, context, table,
                       &(PrivilegeRow){owner_name, owner_name, ACCESS_ALL_TABLE, ACCESS_ALL_TABLE});
    uint32_t count = context->roles == NULL ? 0 : context->roles->grant_count;
    for (uint32_t i = 0; i < count; i++) {
        const MetaGrant *grant = &context->roles->grants[i];
        if (grant->kind != ACCESS_ON_TABLE || grant->object != table->oid ||
            !concerns(context, grant->grantee, grant->grantor))
            continue;
        PrivilegeRow row = {.grantor = catalog_role_name(context, grant->grantor),
                            .grantee = grant->grantee == ACCESS_PUBLIC_OID
                                           ? TEXT_LITERAL("PUBLIC")
                                           : catalog_role_name(context, grant->grantee),
                            .privileges = grant->privileges,
                            .options = grant->options};
        add_privileges(rows, context, table, &row);
    }
}

static bool produce_privileges(const CatalogContext *context, Arena *arena, Batch **out,
                               Fault *fault)
{
    (void)fault;
    CatalogRows rows;
    ROWS_BEGIN(&rows, privilege_columns, arena);
    for (uint32_t i = 0; i < context->tables->table_count; i++)
        add_grants(&rows, context, context->tables->tables[i]);
    *out = catalog_rows_finish(&rows);
    return true;
}

const VirtualRelation catalog_information_information_schema_catalog_name = {
    .schema_oid = SCHEMA_OID_INFORMATION_SCHEMA,
    .name = "information_schema_catalog_name",
    .oid = 13227,
    .is_view = true,
    CATALOG_COLUMNS(catalog_name_columns),
    .produce = produce_catalog_name};
const VirtualRelation catalog_information_enabled_roles = {.schema_oid =
                                                               SCHEMA_OID_INFORMATION_SCHEMA,
                                                           .name = "enabled_roles",
                                                           .oid = 13325,
                                                           .is_view = true,
                                                           CATALOG_COLUMNS(role_columns),
                                                           .produce = produce_roles};
const VirtualRelation catalog_information_character_sets = {.schema_oid =
                                                                SCHEMA_OID_INFORMATION_SCHEMA,
                                                            .name = "character_sets",
                                                            .oid = 13250,
                                                            .is_view = true,
                                                            CATALOG_COLUMNS(character_set_columns),
                                                            .produce = produce_character_sets};
const VirtualRelation catalog_information_collations = {.schema_oid = SCHEMA_OID_INFORMATION_SCHEMA,
                                                        .name = "collations",
                                                        .oid = 13265,
                                                        .is_view = true,
                                                        CATALOG_COLUMNS(collation_columns),
                                                        .produce = produce_collations};
const VirtualRelation catalog_information_table_privileges = {.schema_oid =
                                                                  SCHEMA_OID_INFORMATION_SCHEMA,
                                                              .name = "table_privileges",
                                                              .oid = 13416,
                                                              .is_view = true,
                                                              CATALOG_COLUMNS(privilege_columns),
                                                              .produce = produce_privileges};
