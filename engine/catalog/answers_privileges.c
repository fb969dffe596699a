/*
 * has_table_privilege and its kin: the names of privileges, objects and roles are read as
 * PostgreSQL reads them; what a role may do is engine/access's to say.
 */
#include "engine/catalog/catalog_internal.h"

#include <strings.h>

/* The words of a kind of object and their bits. SET and MEMBER are of roles and parameters, which
 * have no bits of their own: they go by ACCESS_USAGE. */
typedef struct Privilege {
    const char *name;
    uint32_t bit;
} Privilege;

static const Privilege table_privileges[] = {
    {"SELECT", ACCESS_SELECT},     {"INSERT", ACCESS_INSERT},   {"UPDATE", ACCESS_UPDATE},
    {"DELETE", ACCESS_DELETE},     {"TRUNCATE", ACCESS_TRUNCATE}, {"REFERENCES", ACCESS_REFERENCES},
    {"TRIGGER", ACCESS_TRIGGER},   {"RULE", 0},                 {NULL, 0}};
static const Privilege column_privileges[] = {{"SELECT", ACCESS_SELECT},
                                              {"INSERT", ACCESS_INSERT},
                                              {"UPDATE", ACCESS_UPDATE},
                                              {"REFERENCES", ACCESS_REFERENCES},
                                              {NULL, 0}};
static const Privilege schema_privileges[] = {
    {"USAGE", ACCESS_USAGE}, {"CREATE", ACCESS_CREATE}, {NULL, 0}};
static const Privilege database_privileges[] = {{"CONNECT", ACCESS_CONNECT},
                                                {"TEMPORARY", ACCESS_TEMPORARY},
                                                {"TEMP", ACCESS_TEMPORARY},
                                                {"CREATE", ACCESS_CREATE},
                                                {NULL, 0}};
static const Privilege function_privileges[] = {{"EXECUTE", ACCESS_EXECUTE}, {NULL, 0}};
static const Privilege usage_privileges[] = {{"USAGE", ACCESS_USAGE}, {NULL, 0}};
static const Privilege tablespace_privileges[] = {{"CREATE", 0}, {NULL, 0}};
static const Privilege parameter_privileges[] = {
    {"SET", ACCESS_USAGE}, {"ALTER SYSTEM", 0}, {NULL, 0}};
static const Privilege role_privileges[] = {
    {"USAGE", ACCESS_USAGE}, {"MEMBER", ACCESS_USAGE}, {"SET", ACCESS_USAGE}, {NULL, 0}};

/* --- who --- */

typedef struct Asked {
    CatalogCall *call;
    AccessUser user;
    bool is_nobody; /* PUBLIC, or an OID that is no role's */
    AccessRole found;
    uint32_t next; /* the argument after the role */
} Asked;

/* Without roles everybody is the superuser, whatever the name. */
static void take_role(Asked *asked, AccessRole role)
{
    asked->found = role;
    asked->user = (AccessUser){.roles = catalog_context()->roles, .role = &asked->found};
}

/* Somebody who has only what everybody has. */
static void take_nobody(Asked *asked)
{
    asked->is_nobody = true;
    take_role(asked, (AccessRole){.oid = ACCESS_PUBLIC_OID, .name = TEXT_LITERAL("public")});
}

static bool role_by_name(Asked *asked, Text name)
{
    const CatalogContext *context = catalog_context();
    uint32_t count = catalog_role_count(context);
    for (uint32_t i = 0; i < count; i++) {
        AccessRole role = catalog_role_at(context, i);
        if (!text_equal(role.name, name))
            continue;
        take_role(asked, role);
        return true;
    }
    if (!text_equal_string(name, "public"))
        return fault_set(asked->call->fault, FAULT_UNDEFINED_OBJECT,
                         "role \"%.*s\" does not exist", TEXT_ARGS(name));
    take_nobody(asked);
    return true;
}

static void role_by_oid(Asked *asked, Oid oid)
{
    const CatalogContext *context = catalog_context();
    uint32_t count = catalog_role_count(context);
    take_nobody(asked);
    for (uint32_t i = 0; i < count; i++) {
        AccessRole role = catalog_role_at(context, i);
        if (role.oid != oid)
            continue;
        take_role(asked, role);
        asked->is_nobody = false;
        return;
    }
}

/* The role that stands first when there are `with_role` arguments, else the session's. */
static bool read_role(Asked *asked, uint32_t with_role)
{
    CatalogCall *call = asked->call;
    if (call->call->argument_count < with_role) {
        asked->user = catalog_context_user(catalog_context());
        return true;
    }
    asked->next = 1;
    if (!asked_type_is(call, 0, T_OID))
        return role_by_name(asked, asked_text(call, 0));
    role_by_oid(asked, (Oid)asked_int(call, 0));
    return true;
}

/* --- may it --- */

static bool is_superuser(const Asked *asked)
{
    if (asked->is_nobody)
        return false;
    return asked->user.roles == NULL || asked->user.role->is_superuser;
}

static bool may(const Asked *asked, uint32_t bit, bool wants_grant, const AccessTarget *target)
{
    if (is_superuser(asked))
        return true;
    if (bit == 0 || (asked->is_nobody && wants_grant))
        return false;
    if (asked->user.roles == NULL) /* PUBLIC where there are no roles: what all may by default */
        return (bit & (ACCESS_USAGE | ACCESS_EXECUTE | ACCESS_CONNECT | ACCESS_TEMPORARY)) != 0;
    return (wants_grant ? access_grantable(asked->user, target, bit)
                        : access_held(asked->user, target, bit)) != 0;
}

static Text trimmed(Text text)
{
    while (text.length > 0 && text.data[0] == ' ')
        text = (Text){.data = text.data + 1, .length = text.length - 1};
    while (text.length > 0 && text.data[text.length - 1] == ' ')
        text.length--;
    return text;
}

static const Privilege *find_privilege(const Privilege *known, Text name)
{
    for (; known->name != NULL; known++) {
        if (strlen(known->name) == name.length &&
            strncasecmp(known->name, name.data, name.length) == 0)
            return known;
    }
    return NULL;
}

/* "SELECT, UPDATE WITH GRANT OPTION": true when one of them holds. */
static bool answer_privileges(Asked *asked, const Privilege *known, AccessTarget target)
{
    static const char grant[] = " WITH GRANT OPTION", admin[] = " WITH ADMIN OPTION";
    CatalogCall *call = asked->call;
    Text list = asked_text(call, call->call->argument_count - 1);
    bool is_allowed = false;
    while (true) {
        const char *comma = list.length > 0 ? memchr(list.data, ',', list.length) : NULL;
        uint32_t length = comma == NULL ? list.length : (uint32_t)(comma - list.data);
        Text name = trimmed((Text){.data = list.data, .length = length});
        const Privilege *privilege = find_privilege(known, name);
        bool wants_grant = false;
        for (int i = 0; i < 2 && privilege == NULL; i++) {
            uint32_t suffix = (uint32_t)strlen(i == 0 ? grant : admin);
            wants_grant = name.length > suffix &&
                          strncasecmp(name.data + name.length - suffix, i == 0 ? grant : admin,
                                      suffix) == 0;
            if (wants_grant)
                privilege = find_privilege(
                    known, trimmed((Text){.data = name.data, .length = name.length - suffix}));
        }
        if (privilege == NULL)
            return fault_set(call->fault, FAULT_INVALID_PARAMETER_VALUE,
                             "unrecognized privilege type: \"%.*s\"", TEXT_ARGS(name));
        is_allowed = is_allowed || may(asked, privilege->bit, wants_grant, &target);
        if (comma == NULL)
            return answer_bool(call, is_allowed);
        list = (Text){.data = comma + 1, .length = list.length - length - 1};
    }
}

/* --- on what --- */

static AccessTarget target_of(AccessKind kind, uint32_t oid, Text name)
{
    return (AccessTarget){.kind = kind, .oid = oid, .name = name};
}

static AccessTarget other_target(void)
{
    return target_of(ACCESS_ON_OTHER, 0, TEXT_LITERAL(""));
}

static const Relation *relation_asked(Asked *asked, bool *is_fault)
{
    CatalogCall *call = asked->call;
    uint32_t oid;
    *is_fault = false;
    if (asked_type_is(call, asked->next, T_OID)) {
        oid = (uint32_t)asked_int(call, asked->next);
    } else if (!catalog_find(T_REGCLASS, asked_text(call, asked->next), &oid)) {
        fault_set(call->fault, FAULT_UNDEFINED_TABLE, "relation \"%.*s\" does not exist",
                  TEXT_ARGS(asked_text(call, asked->next)));
        *is_fault = true;
        return NULL;
    }
    return schema_relation_by_oid(call->arena, catalog_context()->tables, oid);
}

static bool table_privilege(CatalogCall *call)
{
    Asked asked = {.call = call};
    bool is_fault;
    if (!read_role(&asked, 3))
        return false;
    const Relation *relation = relation_asked(&asked, &is_fault);
    if (relation == NULL)
        return is_fault ? false : answer_null(call);
    return answer_privileges(&asked, table_privileges,
                             target_of(ACCESS_ON_TABLE, relation->oid, relation->name));
}

static bool column_privilege(CatalogCall *call)
{
    Asked asked = {.call = call};
    bool is_fault, found = false;
    if (!read_role(&asked, 4))
        return false;
    const Relation *relation = relation_asked(&asked, &is_fault);
    if (relation == NULL)
        return is_fault ? false : answer_null(call);
    uint32_t at = asked.next + 1;
    bool by_name = asked_type_is(call, at, T_TEXT);
    for (uint32_t i = 0; i < relation->column_count; i++)
        found = found || (by_name ? text_equal(relation->columns[i].name, asked_text(call, at))
                                  : relation->columns[i].number == asked_int(call, at));
    if (!found && by_name)
        return fault_set(call->fault, FAULT_UNDEFINED_COLUMN,
                         "column \"%.*s\" of relation \"%.*s\" does not exist",
                         TEXT_ARGS(asked_text(call, at)), TEXT_ARGS(relation->name));
    return found ? answer_privileges(&asked, column_privileges,
                                     target_of(ACCESS_ON_TABLE, relation->oid, relation->name))
                 : answer_null(call);
}

/* Of the other kinds a name must exist, and an OID that does not gives NULL. */
static bool object_privilege(CatalogCall *call, Oid type, AccessKind kind, const char *what,
                             const Privilege *privileges)
{
    Asked asked = {.call = call};
    uint32_t oid = 0;
    if (!read_role(&asked, 3))
        return false;
    if (asked_type_is(call, asked.next, T_OID)) {
        oid = (uint32_t)asked_int(call, asked.next);
        bool exists = type == T_REGTYPE ? type_info(oid) != NULL
                                        : catalog_name_of(type, oid, call->arena) != NULL;
        return exists ? answer_privileges(&asked, privileges, target_of(kind, oid, TEXT_LITERAL("")))
                      : answer_null(call);
    }
    Text name = asked_text(call, asked.next);
    bool found = type == T_REGTYPE ? type_by_written_name(name) != NULL : catalog_find(type, name, &oid);
    if (!found)
        return fault_set(call->fault,
                         type == T_REGNAMESPACE ? FAULT_INVALID_SCHEMA_NAME
                         : type == T_REGTYPE    ? FAULT_UNDEFINED_OBJECT
                                                : FAULT_UNDEFINED_FUNCTION,
                         "%s \"%.*s\" does not exist", what, TEXT_ARGS(name));
    return answer_privileges(&asked, privileges, target_of(kind, oid, name));
}

static bool schema_privilege(CatalogCall *call)
{
    return object_privilege(call, T_REGNAMESPACE, ACCESS_ON_SCHEMA, "schema", schema_privileges);
}

static bool function_privilege(CatalogCall *call)
{
    return object_privilege(call, T_REGPROCEDURE, ACCESS_ON_FUNCTION, "function",
                            function_privileges);
}

static bool type_privilege(CatalogCall *call)
{
    return object_privilege(call, T_REGTYPE, ACCESS_ON_OTHER, "type", usage_privileges);
}

static bool database_privilege(CatalogCall *call)
{
    Asked asked = {.call = call};
    if (!read_role(&asked, 3))
        return false;
    bool by_oid = asked_type_is(call, asked.next, T_OID);
    if (by_oid && asked_int(call, asked.next) != CATALOG_DATABASE_OID)
        return answer_null(call);
    if (!by_oid && !text_equal(asked_text(call, asked.next), catalog_database(catalog_context())))
        return fault_set(call->fault, FAULT_INVALID_CATALOG_NAME,
                         "database \"%.*s\" does not exist",
                         TEXT_ARGS(asked_text(call, asked.next)));
    return answer_privileges(&asked, database_privileges,
                             target_of(ACCESS_ON_DATABASE, 0, catalog_database(catalog_context())));
}

/* Languages, tablespaces: the few that there are need no look. */
static bool language_privilege(CatalogCall *call)
{
    Asked asked = {.call = call};
    return read_role(&asked, 3) && answer_privileges(&asked, usage_privileges, other_target());
}

static bool tablespace_privilege(CatalogCall *call)
{
    Asked asked = {.call = call};
    return read_role(&asked, 3) &&
           answer_privileges(&asked, tablespace_privileges, other_target());
}

static bool parameter_privilege(CatalogCall *call)
{
    Asked asked = {.call = call};
    return read_role(&asked, 3) &&
           answer_privileges(&asked, parameter_privileges, other_target());
}

/* There is no sequence, and no foreign data: a name is wrong, an OID gives NULL. */
static bool missing_privilege(CatalogCall *call, const char *what)
{
    Asked asked = {.call = call};
    if (!read_role(&asked, 3))
        return false;
    if (asked_type_is(call, asked.next, T_OID))
        return answer_null(call);
    return fault_set(call->fault, FAULT_UNDEFINED_OBJECT, "%s \"%.*s\" does not exist", what,
                     TEXT_ARGS(asked_text(call, asked.next)));
}

static bool sequence_privilege(CatalogCall *call)
{
    return missing_privilege(call, "sequence");
}

static bool wrapper_privilege(CatalogCall *call)
{
    return missing_privilege(call, "foreign-data wrapper");
}

static bool server_privilege(CatalogCall *call)
{
    return missing_privilege(call, "server");
}

/* pg_has_role([user,] role, privilege): everybody has oneself, the superuser everybody. */
static bool has_role(CatalogCall *call)
{
    Asked asked = {.call = call}, other = {.call = call};
    if (!read_role(&asked, 3))
        return false;
    if (asked_type_is(call, asked.next, T_OID))
        role_by_oid(&other, (Oid)asked_int(call, asked.next));
    else if (!role_by_name(&other, asked_text(call, asked.next)))
        return false;
    Text list = trimmed(asked_text(call, call->call->argument_count - 1));
    bool is_member = is_superuser(&asked) ||
                     (!asked.is_nobody && !other.is_nobody &&
                      access_is_member(asked.user.roles, asked.user.role, other.found.oid));
    if (!is_member && find_privilege(role_privileges, list) != NULL)
        return answer_bool(call, false);
    return answer_privileges(&asked, role_privileges, other_target());
}

const CatalogAnswerRow catalog_privilege_answers[] = {
    {"has_table_privilege", table_privilege},
    {"has_any_column_privilege", table_privilege},
    {"has_column_privilege", column_privilege},
    {"has_schema_privilege", schema_privilege},
    {"has_database_privilege", database_privilege},
    {"has_function_privilege", function_privilege},
    {"has_type_privilege", type_privilege},
    {"has_language_privilege", language_privilege},
    {"has_tablespace_privilege", tablespace_privilege},
    {"has_parameter_privilege", parameter_privilege},
    {"has_sequence_privilege", sequence_privilege},
    {"has_foreign_data_wrapper_privilege", wrapper_privilege},
    {"has_server_privilege", server_privilege},
    {"pg_has_role", has_role},
    {NULL, NULL},
};
