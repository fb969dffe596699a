/*
 * Roles, in the five forms that PostgreSQL shows them: pg_roles, pg_authid, pg_user, pg_shadow,
 * and what pg_get_userbyid says. A server without roles has one superuser, who goes by the name
 * of the session that asks.
 */
#include "engine/catalog/catalog_internal.h"

#include <jansson.h>

/* clang-format off */
static const VirtualColumn role_columns[] = {
    {"rolname", T_NAME}, {"rolsuper", T_BOOL}, {"rolinherit", T_BOOL},
    {"rolcreaterole", T_BOOL}, {"rolcreatedb", T_BOOL}, {"rolcanlogin", T_BOOL},
    {"rolreplication", T_BOOL}, {"rolconnlimit", T_INT4}, {"rolpassword", T_TEXT},
    {"rolvaliduntil", T_TIMESTAMPTZ}, {"rolbypassrls", T_BOOL}, {"rolconfig", T_TEXT_ARRAY},
    {"oid", T_OID},
};
/* clang-format on */

/* clang-format off */
static const VirtualColumn authid_columns[] = {
    {"oid", T_OID}, {"rolname", T_NAME}, {"rolsuper", T_BOOL}, {"rolinherit", T_BOOL},
    {"rolcreaterole", T_BOOL}, {"rolcreatedb", T_BOOL}, {"rolcanlogin", T_BOOL},
    {"rolreplication", T_BOOL}, {"rolbypassrls", T_BOOL}, {"rolconnlimit", T_INT4},
    {"rolpassword", T_TEXT}, {"rolvaliduntil", T_TIMESTAMPTZ},
};
/* clang-format on */

/* clang-format off */
static const VirtualColumn user_columns[] = {
    {"usename", T_NAME}, {"usesysid", T_OID}, {"usecreatedb", T_BOOL}, {"usesuper", T_BOOL},
    {"userepl", T_BOOL}, {"usebypassrls", T_BOOL}, {"passwd", T_TEXT},
    {"valuntil", T_TIMESTAMPTZ}, {"useconfig", T_TEXT_ARRAY},
};
/* clang-format on */

static const VirtualColumn setting_columns[] = {
    {"setdatabase", T_OID}, {"setrole", T_OID}, {"setconfig", T_TEXT_ARRAY},
};

uint32_t catalog_role_count(const CatalogContext *context)
{
    uint32_t predefined;
    access_predefined_roles(&predefined);
    return context->roles == NULL || context->roles->count == 0
               ? 1
               : context->roles->count + predefined;
}

AccessRole catalog_role_at(const CatalogContext *context, uint32_t i)
{
    uint32_t predefined;
    const AccessRole *list = access_predefined_roles(&predefined);
    if (context->roles != NULL && context->roles->count > 0)
        return i < context->roles->count ? context->roles->roles[i]
                                         : list[i - context->roles->count];
    return (AccessRole){
        .oid = ACCESS_SUPERUSER_OID,
        .name = context->user_name.length > 0 ? context->user_name : TEXT_LITERAL("talaria"),
        .is_superuser = true,
        .can_login = true,
        .can_create_role = true,
        .can_create_database = true,
        .can_replicate = true,
        .bypasses_row_security = true,
        .inherits = true,
        .connection_limit = -1,
        .valid_until = INT64_MAX,
    };
}

Text catalog_role_name(const CatalogContext *context, Oid oid)
{
    uint32_t count = catalog_role_count(context);
    for (uint32_t i = 0; i < count; i++) {
        AccessRole role = catalog_role_at(context, i);
        if (role.oid == oid)
            return role.name;
    }
    return TEXT_LITERAL("");
}

/* What nobody owns belongs to the superuser: the bootstrap one, else the first. */
Text catalog_owner(const CatalogContext *context)
{
    Text name = catalog_role_name(context, ACCESS_SUPERUSER_OID);
    return name.length > 0 ? name : TEXT_LITERAL("talaria");
}

Text catalog_owner_of(const CatalogContext *context, Oid oid)
{
    Text name = catalog_role_name(context, access_owner(context->roles, oid));
    return name.length > 0 ? name : catalog_owner(context);
}

void catalog_set_acl(CatalogRows *rows, const char *column, const CatalogContext *context,
                     AccessKind kind, Oid oid)
{
    Text *items;
    uint32_t count;
    access_acl(context->roles, kind, oid, TEXT_LITERAL(""), rows->arena, &items, &count);
    if (count > 0)
        catalog_set_texts(rows, column, items, count);
}

bool catalog_may_see(const CatalogContext *context, const Relation *relation)
{
    AccessTarget target = {.kind = ACCESS_ON_TABLE, .oid = relation->oid};
    return access_held(catalog_context_user(context), &target, ACCESS_ALL_TABLE) != 0;
}

/* The settings that a role's sessions start with, as name=value. */
static void set_role_settings(CatalogRows *rows, const char *column, const AccessRole *role)
{
    json_t *object = role->settings.length == 0
                         ? NULL
                         : json_loadb(role->settings.data, role->settings.length, 0, NULL);
    uint32_t count = 0;
    Text *list = ARENA_ARRAY(rows->arena, Text, json_object_size(object) + 1);
    const char *name;
    json_t *value;
    json_object_foreach(object, name, value) {
        const char *text = json_string_value(value);
        list[count++] = text_of(arena_printf(rows->arena, "%s=%s", name, text != NULL ? text : ""));
    }
    json_decref(object);
    if (count > 0)
        catalog_set_texts(rows, column, list, count);
}

/* The columns that pg_roles and pg_authid share. */
static void set_role(CatalogRows *rows, const AccessRole *role, bool has_settings)
{
    if (has_settings)
        set_role_settings(rows, "rolconfig", role);
    catalog_set_text(rows, "rolname", role->name);
    catalog_set_bool(rows, "rolsuper", role->is_superuser);
    catalog_set_bool(rows, "rolinherit", role->inherits);
    catalog_set_bool(rows, "rolcreaterole", role->can_create_role);
    catalog_set_bool(rows, "rolcreatedb", role->can_create_database);
    catalog_set_bool(rows, "rolcanlogin", role->can_login);
    catalog_set_bool(rows, "rolreplication", role->can_replicate);
    catalog_set_int(rows, "rolconnlimit", role->connection_limit);
    catalog_set_string(rows, "rolpassword", "********");
    if (role->valid_until != INT64_MAX)
        catalog_set_int(rows, "rolvaliduntil", role->valid_until);
    catalog_set_bool(rows, "rolbypassrls", role->bypasses_row_security);
    catalog_set_int(rows, "oid", role->oid);
    catalog_row_end(rows);
}

static void set_user(CatalogRows *rows, const AccessRole *role)
{
    catalog_set_text(rows, "usename", role->name);
    catalog_set_int(rows, "usesysid", role->oid);
    catalog_set_bool(rows, "usecreatedb", role->can_create_database);
    catalog_set_bool(rows, "usesuper", role->is_superuser);
    catalog_set_bool(rows, "userepl", role->can_replicate);
    catalog_set_bool(rows, "usebypassrls", role->bypasses_row_security);
    catalog_set_string(rows, "passwd", "********");
    if (role->valid_until != INT64_MAX)
        catalog_set_int(rows, "valuntil", role->valid_until);
    catalog_row_end(rows);
}

static Batch *all_roles(const CatalogContext *context, CatalogRows *rows, bool as_users,
                        bool has_settings)
{
    uint32_t count = catalog_role_count(context);
    for (uint32_t i = 0; i < count; i++) {
        AccessRole role = catalog_role_at(context, i);
        if (!as_users)
            set_role(rows, &role, has_settings);
        else if (role.can_login)
            set_user(rows, &role);
    }
    return catalog_rows_finish(rows);
}

static bool produce_settings(const CatalogContext *context, Arena *arena, Batch **out, Fault *fault)
{
    (void)fault;
    CatalogRows rows;
    ROWS_BEGIN(&rows, setting_columns, arena);
    for (uint32_t i = 0; context->roles != NULL && i < context->roles->count; i++) {
        const AccessRole *role = &context->roles->roles[i];
        if (role->settings.length <= 2) /* {} */
            continue;
        catalog_set_int(&rows, "setdatabase", 0);
        catalog_set_int(&rows, "setrole", role->oid);
        set_role_settings(&rows, "setconfig", role);
        catalog_row_end(&rows);
    }
    *out = catalog_rows_finish(&rows);
    return true;
}

static bool produce_roles(const CatalogContext *context, Arena *arena, Batch **out, Fault *fault)
{
    (void)fault;
    CatalogRows rows;
    ROWS_BEGIN(&rows, role_columns, arena);
    *out = all_roles(context, &rows, false, true);
    return true;
}

static bool produce_authid(const CatalogContext *context, Arena *arena, Batch **out, Fault *fault)
{
    (void)fault;
    CatalogRows rows;
    ROWS_BEGIN(&rows, authid_columns, arena);
    *out = all_roles(context, &rows, false, false);
    return true;
}

static bool produce_users(const CatalogContext *context, Arena *arena, Batch **out, Fault *fault)
{
    (void)fault;
    CatalogRows rows;
    ROWS_BEGIN(&rows, user_columns, arena);
    *out = all_roles(context, &rows, true, false);
    return true;
}

/* clang-format off */
static const VirtualColumn member_columns[] = {
    {"roleid", T_OID}, {"member", T_OID}, {"grantor", T_OID}, {"admin_option", T_BOOL},
};
/* clang-format on */

static bool produce_members(const CatalogContext *context, Arena *arena, Batch **out, Fault *fault)
{
    (void)fault;
    uint32_t count = context->roles == NULL ? 0 : context->roles->member_count;
    CatalogRows rows;
    ROWS_BEGIN(&rows, member_columns, arena);
    for (uint32_t i = 0; i < count; i++) {
        const MetaMember *member = &context->roles->members[i];
        catalog_set_int(&rows, "roleid", member->role);
        catalog_set_int(&rows, "member", member->member);
        catalog_set_int(&rows, "grantor", member->grantor);
        catalog_set_bool(&rows, "admin_option", member->is_admin);
        catalog_row_end(&rows);
    }
    *out = catalog_rows_finish(&rows);
    return true;
}

const VirtualRelation catalog_pg_db_role_setting = {.schema_oid = SCHEMA_OID_PG_CATALOG,
                                                    .name = "pg_db_role_setting",
                                                    .oid = 2964,
                                                    CATALOG_COLUMNS(setting_columns),
                                                    .produce = produce_settings};
const VirtualRelation catalog_pg_auth_members = {.schema_oid = SCHEMA_OID_PG_CATALOG,
                                                 .name = "pg_auth_members",
                                                 .oid = 1261,
                                                 CATALOG_COLUMNS(member_columns),
                                                 .produce = produce_members};
const VirtualRelation catalog_pg_roles = {.schema_oid = SCHEMA_OID_PG_CATALOG,
                                          .name = "pg_roles",
                                          .oid = 12000,
                                          .is_view = true,
                                          CATALOG_COLUMNS(role_columns),
                                          .produce = produce_roles};
const VirtualRelation catalog_pg_authid = {.schema_oid = SCHEMA_OID_PG_CATALOG,
                                           .name = "pg_authid",
                                           .oid = 1260,
                                           CATALOG_COLUMNS(authid_columns),
                                           .produce = produce_authid};
const VirtualRelation catalog_pg_user = {.schema_oid = SCHEMA_OID_PG_CATALOG,
                                         .name = "pg_user",
                                         .oid = 12014,
                                         .is_view = true,
                                         CATALOG_COLUMNS(user_columns),
                                         .produce = produce_users};
const VirtualRelation catalog_pg_shadow = {.schema_oid = SCHEMA_OID_PG_CATALOG,
                                           .name = "pg_shadow",
                                           .oid = 12005,
                                           .is_view = true,
                                           CATALOG_COLUMNS(user_columns),
                                           .produce = produce_users};
