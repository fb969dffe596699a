/*
 * Statements about roles and rights: from the tree to a RoleStatement. See role_statement.h.
 */
#include "engine/sql/name_internal.h"
#include "engine/sql/parse_internal.h"
#include "engine/sql/role_statement.h"

#include <strings.h>

typedef struct RoleReader {
    Arena *arena;
    ParsedStatement *statement;
    RoleStatement *role;
    Fault *fault;
} RoleReader;

static bool refuse(RoleReader *reader, const char *what)
{
    return fault_set_at(reader->fault, reader->statement->offset, FAULT_FEATURE_NOT_SUPPORTED,
                        "%s is not supported", what);
}

static bool tag(RoleReader *reader, RoleStatementKind kind, const char *word)
{
    reader->role->kind = kind;
    reader->statement->kind = STATEMENT_ROLE;
    reader->statement->tag = word;
    return true;
}

/* ---------- names ---------- */

static RoleRef read_role(RoleReader *reader, const PgQuery__RoleSpec *spec)
{
    switch (spec->roletype) {
    case PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_CURRENT_ROLE:
    case PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_CURRENT_USER:
        return (RoleRef){.kind = ROLE_CURRENT};
    case PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_SESSION_USER:
        return (RoleRef){.kind = ROLE_SESSION};
    case PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_PUBLIC:
        return (RoleRef){.kind = ROLE_PUBLIC};
    default:
        return (RoleRef){.kind = ROLE_NAMED,
                         .name = text_of(name_made(reader->arena, spec->rolename, 0))};
    }
}

static const RoleRef *read_roles(RoleReader *reader, PgQuery__Node *const *nodes, size_t count,
                                 uint32_t *out)
{
    RoleRef *roles = ARENA_ARRAY(reader->arena, RoleRef, count + 1);
    uint32_t used = 0;
    for (size_t i = 0; i < count; i++) {
        if (nodes[i]->node_case == PG_QUERY__NODE__NODE_ROLE_SPEC)
            roles[used++] = read_role(reader, nodes[i]->role_spec);
        else if (nodes[i]->node_case == PG_QUERY__NODE__NODE_ACCESS_PRIV)
            roles[used++] =
                (RoleRef){.kind = ROLE_NAMED,
                          .name = text_of(name_made(
                              reader->arena, nodes[i]->access_priv->priv_name, 0))};
    }
    *out = used;
    return roles;
}

static SchemaName read_name(RoleReader *reader, const char *marked)
{
    SchemaName name = name_read(marked);
    return (SchemaName){.text = arena_text(reader->arena, name.text), .is_quoted = name.is_quoted};
}

static RoleObject read_range(RoleReader *reader, const PgQuery__RangeVar *range)
{
    RoleObject object = {.has_schema = range->schemaname[0] != '\0',
                         .name = read_name(reader, range->relname)};
    if (object.has_schema)
        object.schema = read_name(reader, range->schemaname);
    return object;
}

/* ---------- options of CREATE and ALTER ROLE ---------- */

static AccessChoice read_choice(const PgQuery__Node *node)
{
    bool on = true;
    if (node != NULL && node->node_case == PG_QUERY__NODE__NODE_BOOLEAN)
        on = node->boolean->boolval;
    else if (node != NULL && node->node_case == PG_QUERY__NODE__NODE_INTEGER)
        on = node->integer->ival != 0;
    return on ? ACCESS_YES : ACCESS_NO;
}

static const char *read_string(RoleReader *reader, const PgQuery__Node *node)
{
    bool is_text = node != NULL && node->node_case == PG_QUERY__NODE__NODE_STRING;
    return is_text ? arena_strdup(reader->arena, name_plain(node->string->sval)) : NULL;
}

static bool read_limit(RoleReader *reader, const PgQuery__Node *node)
{
    bool is_number = node != NULL && node->node_case == PG_QUERY__NODE__NODE_INTEGER;
    reader->role->change.has_connection_limit = true;
    reader->role->change.connection_limit = is_number ? node->integer->ival : 0;
    return true;
}

static bool read_password(RoleReader *reader, const PgQuery__Node *node)
{
    const char *password = read_string(reader, node);
    reader->role->change.has_password = true;
    reader->role->change.password = text_of(password != NULL ? password : "");
    return true;
}

static bool read_list(RoleReader *reader, const PgQuery__Node *node, uint32_t *count,
                      const RoleRef **roles)
{
    bool is_list = node != NULL && node->node_case == PG_QUERY__NODE__NODE_LIST;
    *roles = is_list ? read_roles(reader, node->list->items, node->list->n_items, count) : NULL;
    return true;
}

typedef struct ChoiceName {
    const char *name;
    size_t offset; /* in AccessRoleChange */
} ChoiceName;

static const ChoiceName choices[] = {
    {"superuser", offsetof(AccessRoleChange, superuser)},
    {"canlogin", offsetof(AccessRoleChange, login)},
    {"createrole", offsetof(AccessRoleChange, create_role)},
    {"createdb", offsetof(AccessRoleChange, create_database)},
    {"inherit", offsetof(AccessRoleChange, inherits)},
    {"isreplication", offsetof(AccessRoleChange, replication)},
    {"bypassrls", offsetof(AccessRoleChange, bypasses_row_security)},
};

static bool read_option(RoleReader *reader, const PgQuery__DefElem *option)
{
    RoleStatement *role = reader->role;
    const char *name = name_plain(option->defname);
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
        if (strcmp(name, choices[i].name) != 0)
            continue;
        AccessChoice *choice =
            (AccessChoice *)(void *)((char *)&role->change + choices[i].offset);
        *choice = read_choice(option->arg);
        return true;
    }
    if (strcmp(name, "password") == 0)
        return read_password(reader, option->arg);
    if (strcmp(name, "connectionlimit") == 0)
        return read_limit(reader, option->arg);
    if (strcmp(name, "validUntil") == 0) {
        role->valid_until = read_string(reader, option->arg);
        return true;
    }
    if (strcmp(name, "addroleto") == 0)
        return read_list(reader, option->arg, &role->in_count, &role->in);
    if (strcmp(name, "rolemembers") == 0)
        return read_list(reader, option->arg, &role->member_count, &role->members);
    if (strcmp(name, "adminmembers") == 0)
        return read_list(reader, option->arg, &role->admin_count, &role->admins);
    if (strcmp(name, "sysid") == 0)
        return true; /* has had no meaning in PostgreSQL for long */
    return fault_set_at(reader->fault, reader->statement->offset, FAULT_SYNTAX_ERROR,
                        "unrecognized role option \"%s\"", name);
}

static bool read_options(RoleReader *reader, PgQuery__Node *const *options, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (options[i]->node_case != PG_QUERY__NODE__NODE_DEF_ELEM)
            continue;
        for (size_t k = 0; k < i; k++) {
            if (strcmp(options[k]->def_elem->defname, options[i]->def_elem->defname) == 0)
                return fault_set_at(reader->fault, reader->statement->offset, FAULT_SYNTAX_ERROR,
                                    "conflicting or redundant options");
        }
        if (!read_option(reader, options[i]->def_elem))
            return false;
    }
    return true;
}

static bool read_create(RoleReader *reader, const PgQuery__CreateRoleStmt *create)
{
    const char *name = name_made(reader->arena, create->role, 0);
    reader->role->role = (RoleRef){.name = text_of(name)};
    if (create->stmt_type == PG_QUERY__ROLE_STMT_TYPE__ROLESTMT_USER)
        reader->role->change.login = ACCESS_YES;
    return tag(reader, ROLE_CREATE, "CREATE ROLE") &&
           read_options(reader, create->options, create->n_options);
}

static bool read_alter(RoleReader *reader, const PgQuery__AlterRoleStmt *alter)
{
    RoleStatement *role = reader->role;
    role->role = read_role(reader, alter->role);
    tag(reader, ROLE_ALTER, "ALTER ROLE");
    if (!read_options(reader, alter->options, alter->n_options))
        return false;
    if (role->member_count == 0)
        return true;
    /* ALTER GROUP g ADD USER u, DROP USER u */
    RoleRef *group = ARENA_ARRAY(reader->arena, RoleRef, 1);
    *group = role->role;
    role->roles = group;
    role->role_count = 1;
    role->is_grant = alter->action > 0;
    return tag(reader, ROLE_MEMBERS, "ALTER ROLE");
}

static bool read_set(RoleReader *reader, const PgQuery__AlterRoleSetStmt *set)
{
    if (set->role == NULL || set->database[0] != '\0')
        return refuse(reader, set->role == NULL ? "ALTER ROLE ALL" : "ALTER ROLE IN DATABASE");
    reader->role->role = read_role(reader, set->role);
    ParsedStatement inner = *reader->statement;
    if (!statement_read_set(reader->arena, &inner, set->setstmt, reader->fault))
        return false;
    if (inner.kind != STATEMENT_SET && inner.kind != STATEMENT_RESET)
        return refuse(reader, "this form of ALTER ROLE SET");
    reader->role->setting = inner.name;
    reader->role->value = inner.kind == STATEMENT_SET ? inner.value : NULL;
    return tag(reader, ROLE_SET, "ALTER ROLE");
}

static bool read_drop(RoleReader *reader, const PgQuery__DropRoleStmt *drop)
{
    reader->role->roles =
        read_roles(reader, drop->roles, drop->n_roles, &reader->role->role_count);
    reader->role->may_miss = drop->missing_ok;
    return tag(reader, ROLE_DROP, "DROP ROLE");
}

/* ---------- GRANT and REVOKE ---------- */

static bool read_membership(RoleReader *reader, const PgQuery__GrantRoleStmt *grant)
{
    RoleStatement *role = reader->role;
    role->roles = read_roles(reader, grant->granted_roles, grant->n_granted_roles,
                             &role->role_count);
    role->members = read_roles(reader, grant->grantee_roles, grant->n_grantee_roles,
                               &role->member_count);
    role->is_grant = grant->is_grant;
    role->with_option = grant->admin_opt;
    return tag(reader, ROLE_MEMBERS, grant->is_grant ? "GRANT ROLE" : "REVOKE ROLE");
}

static bool read_privileges(RoleReader *reader, const PgQuery__GrantStmt *grant)
{
    RoleStatement *role = reader->role;
    role->is_all = grant->n_privileges == 0;
    role->privileges = role->is_all ? access_privilege_bits(TEXT_LITERAL("all")) : 0;
    for (size_t i = 0; i < grant->n_privileges; i++) {
        const PgQuery__AccessPriv *privilege = grant->privileges[i]->access_priv;
        if (privilege->n_cols > 0)
            return refuse(reader, "GRANT and REVOKE on single columns");
        const char *word = name_plain(privilege->priv_name);
        uint32_t bits = access_privilege_bits(text_of(word));
        if (bits == 0)
            return fault_set_at(reader->fault, reader->statement->offset, FAULT_SYNTAX_ERROR,
                                "unrecognized privilege type \"%s\"", word);
        role->privileges |= bits;
        /* of the reference's words, what the object does not know is left out */
        role->is_all = role->is_all || strcasecmp(word, "write") == 0;
    }
    return true;
}

/* EXTERNAL, and EXTERNAL.http for one type of source: outside data. */
static bool is_external(const RoleObject *object)
{
    SchemaName name = object->has_schema ? object->schema : object->name;
    const char word[] = "external";
    return !name.is_quoted && name.text.length == sizeof word - 1 &&
           strncasecmp(name.text.data, word, sizeof word - 1) == 0;
}

static bool read_relations(RoleReader *reader, const PgQuery__GrantStmt *grant)
{
    RoleStatement *role = reader->role;
    RoleObject *objects = ARENA_ARRAY(reader->arena, RoleObject, grant->n_objects + 1);
    uint32_t external = 0;
    for (size_t i = 0; i < grant->n_objects; i++) {
        if (grant->objects[i]->node_case != PG_QUERY__NODE__NODE_RANGE_VAR)
            return refuse(reader, "GRANT and REVOKE on this kind of object");
        objects[i] = read_range(reader, grant->objects[i]->range_var);
        external += is_external(&objects[i]);
    }
    if (external > 0 && external < grant->n_objects)
        return refuse(reader, "GRANT and REVOKE on EXTERNAL and tables at once");
    role->objects = objects;
    role->object_count = (uint32_t)grant->n_objects;
    role->object_kind = external > 0 ? ACCESS_ON_EXTERNAL : ACCESS_ON_TABLE;
    return true;
}

static bool read_names(RoleReader *reader, const PgQuery__GrantStmt *grant, AccessKind kind)
{
    RoleStatement *role = reader->role;
    RoleObject *objects = ARENA_ARRAY(reader->arena, RoleObject, grant->n_objects + 1);
    for (size_t i = 0; i < grant->n_objects; i++) {
        if (grant->objects[i]->node_case != PG_QUERY__NODE__NODE_STRING)
            return refuse(reader, "GRANT and REVOKE on this kind of object");
        objects[i] =
            (RoleObject){.name = read_name(reader, grant->objects[i]->string->sval)};
    }
    role->objects = objects;
    role->object_count = (uint32_t)grant->n_objects;
    role->object_kind = kind;
    return true;
}

static bool read_objects(RoleReader *reader, const PgQuery__GrantStmt *grant)
{
    bool in_schema = grant->targtype == PG_QUERY__GRANT_TARGET_TYPE__ACL_TARGET_ALL_IN_SCHEMA;
    reader->role->all_in_schema = in_schema;
    if (in_schema && grant->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_TABLE)
        return read_names(reader, grant, ACCESS_ON_TABLE);
    if (in_schema) /* all sequences, all functions: there are none */
        return true;
    switch (grant->objtype) {
    case PG_QUERY__OBJECT_TYPE__OBJECT_TABLE:
        return read_relations(reader, grant);
    case PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA:
        return read_names(reader, grant, ACCESS_ON_SCHEMA);
    case PG_QUERY__OBJECT_TYPE__OBJECT_DATABASE:
        return read_names(reader, grant, ACCESS_ON_DATABASE);
    default:
        return refuse(reader, "GRANT and REVOKE on this kind of object");
    }
}

static bool read_grant(RoleReader *reader, const PgQuery__GrantStmt *grant)
{
    RoleStatement *role = reader->role;
    role->members =
        read_roles(reader, grant->grantees, grant->n_grantees, &role->member_count);
    role->is_grant = grant->is_grant;
    role->with_option = grant->grant_option;
    role->cascades = grant->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE;
    return read_privileges(reader, grant) && read_objects(reader, grant) &&
           tag(reader, ROLE_GRANT, grant->is_grant ? "GRANT" : "REVOKE");
}

/* ---------- owners and names ---------- */

static bool read_owner(RoleReader *reader, const PgQuery__AlterTableStmt *alter)
{
    RoleObject *object = ARENA_ARRAY(reader->arena, RoleObject, 1);
    *object = read_range(reader, alter->relation);
    reader->role->role = read_role(reader, alter->cmds[0]->alter_table_cmd->newowner);
    reader->role->objects = object;
    reader->role->object_count = 1;
    reader->role->object_kind = ACCESS_ON_TABLE;
    reader->role->may_miss = alter->missing_ok;
    return tag(reader, ROLE_OWNER, "ALTER TABLE");
}

static bool read_reassign(RoleReader *reader, const PgQuery__ReassignOwnedStmt *reassign)
{
    reader->role->roles =
        read_roles(reader, reassign->roles, reassign->n_roles, &reader->role->role_count);
    reader->role->role = read_role(reader, reassign->newrole);
    return tag(reader, ROLE_REASSIGN, "REASSIGN OWNED");
}

static bool read_rename(RoleReader *reader, const PgQuery__RenameStmt *rename)
{
    reader->role->role =
        (RoleRef){.name = text_of(name_made(reader->arena, rename->subname, 0))};
    reader->role->new_name = name_made(reader->arena, rename->newname, 0);
    return tag(reader, ROLE_RENAME, "ALTER ROLE");
}

static bool is_owner_change(const PgQuery__AlterTableStmt *alter)
{
    return alter->n_cmds == 1 &&
           alter->cmds[0]->node_case == PG_QUERY__NODE__NODE_ALTER_TABLE_CMD &&
           alter->cmds[0]->alter_table_cmd->subtype ==
               PG_QUERY__ALTER_TABLE_TYPE__AT_ChangeOwner &&
           alter->cmds[0]->alter_table_cmd->newowner != NULL;
}

bool statement_is_about_roles(const PgQuery__Node *node)
{
    switch (node->node_case) {
    case PG_QUERY__NODE__NODE_CREATE_ROLE_STMT:
    case PG_QUERY__NODE__NODE_ALTER_ROLE_STMT:
    case PG_QUERY__NODE__NODE_ALTER_ROLE_SET_STMT:
    case PG_QUERY__NODE__NODE_DROP_ROLE_STMT:
    case PG_QUERY__NODE__NODE_GRANT_ROLE_STMT:
    case PG_QUERY__NODE__NODE_GRANT_STMT:
    case PG_QUERY__NODE__NODE_REASSIGN_OWNED_STMT:
        return true;
    case PG_QUERY__NODE__NODE_ALTER_TABLE_STMT:
        return is_owner_change(node->alter_table_stmt);
    case PG_QUERY__NODE__NODE_RENAME_STMT:
        return node->rename_stmt->rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_ROLE;
    default:
        return false;
    }
}

bool statement_read_role(Arena *arena, ParsedStatement *statement, const PgQuery__Node *node,
                         Fault *fault)
{
    RoleStatement *role = ARENA_NEW(arena, RoleStatement);
    *role = (RoleStatement){.kind = ROLE_CREATE};
    RoleReader reader = {arena, statement, role, fault};
    statement->role = role;
    switch (node->node_case) {
    case PG_QUERY__NODE__NODE_CREATE_ROLE_STMT:
        return read_create(&reader, node->create_role_stmt);
    case PG_QUERY__NODE__NODE_ALTER_ROLE_STMT:
        return read_alter(&reader, node->alter_role_stmt);
    case PG_QUERY__NODE__NODE_ALTER_ROLE_SET_STMT:
        return read_set(&reader, node->alter_role_set_stmt);
    case PG_QUERY__NODE__NODE_DROP_ROLE_STMT:
        return read_drop(&reader, node->drop_role_stmt);
    case PG_QUERY__NODE__NODE_GRANT_ROLE_STMT:
        return read_membership(&reader, node->grant_role_stmt);
    case PG_QUERY__NODE__NODE_GRANT_STMT:
        return read_grant(&reader, node->grant_stmt);
    case PG_QUERY__NODE__NODE_REASSIGN_OWNED_STMT:
        return read_reassign(&reader, node->reassign_owned_stmt);
    case PG_QUERY__NODE__NODE_ALTER_TABLE_STMT:
        return read_owner(&reader, node->alter_table_stmt);
    case PG_QUERY__NODE__NODE_RENAME_STMT:
        return read_rename(&reader, node->rename_stmt);
    default:
        return refuse(&reader, "this statement");
    }
}
