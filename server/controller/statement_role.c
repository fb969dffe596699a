/*
 * Statements about roles and rights: names to what they mean now, then engine/access does it.
 */
#include "server/controller/controller_internal.h"

#include "engine/access/change.h"
#include "engine/sql/role_statement.h"

#include <stdatomic.h>

static Text resolve(const Request *request, RoleRef ref)
{
    switch (ref.kind) {
    case ROLE_NAMED:
        return ref.name;
    case ROLE_CURRENT:
        return request->role;
    case ROLE_SESSION:
        return request->session_role;
    case ROLE_PUBLIC:
        return TEXT_LITERAL("");
    }
    return ref.name;
}

static const Text *resolve_all(const Request *request, const RoleRef *refs, uint32_t count)
{
    Text *names = ARENA_ARRAY(request->arena, Text, count + 1);
    for (uint32_t i = 0; i < count; i++)
        names[i] = resolve(request, refs[i]);
    return names;
}

static void take_notice(void *state, const Fault *notice)
{
    respond_notice(state,
                   notice->code == FAULT_SUCCESS ? PGWIRE_SEVERITY_NOTICE : PGWIRE_SEVERITY_WARNING,
                   notice);
}

static AccessChange change_of(Request *request)
{
    return (AccessChange){.meta = request->controller->meta,
                          .arena = request->arena,
                          .user = request->role,
                          .session = request->session_role,
                          .notice = take_notice,
                          .state = request};
}

/* ---------- CREATE and ALTER ROLE ---------- */

static bool read_time(Request *request, const char *text, int64_t *micros, Fault *fault)
{
    VectorBuilder builder;
    vector_builder_init(&builder, request->arena, type_layout(SQL_TYPE(T_TIMESTAMPTZ)), 1);
    if (!type_parse_text(SQL_TYPE(T_TIMESTAMPTZ), &request->types, text_of(text), &builder, fault))
        return false;
    Vector value = vector_builder_finish(&builder);
    *micros = VECTOR_DATA(int64_t, &value)[0];
    return true;
}

static bool fill_change(Request *request, const RoleStatement *statement, AccessRoleChange *role,
                        Fault *fault)
{
    *role = statement->change;
    role->name = resolve(request, statement->role);
    role->in_count = statement->in_count;
    role->in = resolve_all(request, statement->in, statement->in_count);
    role->member_count = statement->member_count;
    role->members = resolve_all(request, statement->members, statement->member_count);
    role->admin_count = statement->admin_count;
    role->admins = resolve_all(request, statement->admins, statement->admin_count);
    role->has_valid_until = statement->valid_until != NULL;
    return !role->has_valid_until ||
           read_time(request, statement->valid_until, &role->valid_until, fault);
}

static bool create_or_alter(Request *request, const RoleStatement *statement, Fault *fault)
{
    AccessChange change = change_of(request);
    AccessRoleChange role;
    if (!fill_change(request, statement, &role, fault))
        return false;
    return statement->kind == ROLE_CREATE ? access_create_role(&change, &role, fault)
                                          : access_alter_role(&change, &role, fault);
}

static bool drop(Request *request, const RoleStatement *statement, Fault *fault)
{
    AccessChange change = change_of(request);
    for (uint32_t i = 0; i < statement->role_count; i++) {
        if (!access_drop_role(&change, resolve(request, statement->roles[i]), statement->may_miss,
                              fault))
            return false;
    }
    return true;
}

static bool set(Request *request, const RoleStatement *statement, Fault *fault)
{
    AccessChange change = change_of(request);
    Text name = resolve(request, statement->role), value = {0}, setting = {0};
    if (statement->setting != NULL) {
        const SettingInfo *info = setting_find(text_of(statement->setting));
        if (info == NULL && !setting_is_custom(text_of(statement->setting)))
            return fault_set(fault, FAULT_UNDEFINED_OBJECT,
                             "unrecognized configuration parameter \"%s\"", statement->setting);
        setting = text_of(info != NULL ? info->name : statement->setting);
    }
    if (statement->value != NULL) {
        Settings scratch = request->settings;
        value = text_of(statement->value);
        if (!setting_set(&scratch, setting, value, SCOPE_SESSION, fault))
            return false;
    }
    return access_set_role_setting(&change, name, setting, statement->value != NULL ? &value : NULL,
                                   fault);
}

/* ---------- GRANT and REVOKE ---------- */

static bool change_members(Request *request, const RoleStatement *statement, Fault *fault)
{
    AccessChange change = change_of(request);
    AccessMembership membership = {
        .is_grant = statement->is_grant,
        .is_admin = statement->with_option,
        .role_count = statement->role_count,
        .member_count = statement->member_count,
        .roles = resolve_all(request, statement->roles, statement->role_count),
        .members = resolve_all(request, statement->members, statement->member_count)};
    return access_change_members(&change, &membership, fault);
}

typedef struct Targets {
    AccessTarget *list;
    uint32_t count;
} Targets;

static bool find_relation(Request *request, const RoleObject *object, AccessTarget *target,
                          Fault *fault)
{
    const Relation *relation = schema_resolve(
        request->arena, request->snapshot, object->has_schema ? &object->schema : NULL,
        object->name, text_of(request->settings.search_path), -1, fault);
    if (relation == NULL)
        return false;
    *target = (AccessTarget){.kind = ACCESS_ON_TABLE,
                             .oid = relation->oid,
                             .name = arena_text(request->arena, relation->name)};
    return true;
}

static bool find_schema(const RoleObject *object, AccessTarget *target, Fault *fault)
{
    const SchemaInfo *schema = schema_find(object->name.text, object->name.is_quoted);
    if (schema == NULL)
        return fault_set(fault, FAULT_INVALID_SCHEMA_NAME, "schema \"%.*s\" does not exist",
                         TEXT_ARGS(object->name.text));
    *target = (AccessTarget){
        .kind = ACCESS_ON_SCHEMA, .oid = schema->oid, .name = text_of(schema->name)};
    return true;
}

static bool find_object(Request *request, const RoleStatement *statement, const RoleObject *object,
                        AccessTarget *target, Fault *fault)
{
    switch (statement->object_kind) {
    case ACCESS_ON_TABLE:
        return find_relation(request, object, target, fault);
    case ACCESS_ON_SCHEMA:
        return find_schema(object, target, fault);
    case ACCESS_ON_EXTERNAL:
        *target = (AccessTarget){.kind = ACCESS_ON_EXTERNAL, .name = TEXT_LITERAL("")};
        if (object->has_schema)
            target->name = schema_fold(request->arena, object->name.text);
        return true;
    case ACCESS_ON_DATABASE:
        *target = (AccessTarget){.kind = ACCESS_ON_DATABASE, .name = object->name.text};
        return true;
    case ACCESS_ON_FUNCTION:
    case ACCESS_ON_OTHER:
        break;
    }
    return fault_set(fault, FAULT_FEATURE_NOT_SUPPORTED, "this kind of object has no privileges");
}

/* ALL TABLES IN SCHEMA: those that are there now. */
static bool find_tables(Request *request, const RoleStatement *statement, Targets *targets,
                        Fault *fault)
{
    for (uint32_t i = 0; i < statement->object_count; i++) {
        AccessTarget schema;
        if (!find_schema(&statement->objects[i], &schema, fault))
            return false;
        uint32_t count;
        const Relation *const *relations =
            schema_relations(request->arena, request->snapshot, &count);
        targets->list = ARENA_ARRAY(request->arena, AccessTarget, count + 1);
        targets->count = 0;
        for (uint32_t k = 0; k < count; k++) {
            if (relations[k]->schema_oid != schema.oid ||
                relations[k]->oid < ACCESS_FIRST_USER_OID)
                continue;
            targets->list[targets->count++] = (AccessTarget){
                .kind = ACCESS_ON_TABLE, .oid = relations[k]->oid, .name = relations[k]->name};
        }
    }
    return true;
}

static bool find_targets(Request *request, const RoleStatement *statement, Targets *targets,
                         Fault *fault)
{
    if (statement->all_in_schema)
        return find_tables(request, statement, targets, fault);
    targets->list = ARENA_ARRAY(request->arena, AccessTarget, statement->object_count + 1);
    for (uint32_t i = 0; i < statement->object_count; i++) {
        if (!find_object(request, statement, &statement->objects[i], &targets->list[i], fault))
            return false;
    }
    targets->count = statement->object_count;
    return true;
}

static bool change_grants(Request *request, const RoleStatement *statement, Fault *fault)
{
    AccessChange change = change_of(request);
    Targets targets = {0};
    if (!find_targets(request, statement, &targets, fault))
        return false;
    AccessGrantChange grant = {
        .is_grant = statement->is_grant,
        .with_option = statement->with_option,
        .cascades = statement->cascades,
        .privileges = statement->privileges,
        .is_all = statement->is_all,
        .target_count = targets.count,
        .targets = targets.list,
        .grantee_count = statement->member_count,
        .grantees = resolve_all(request, statement->members, statement->member_count)};
    return access_change_grants(&change, &grant, fault);
}

/* ---------- owners ---------- */

static bool change_owner(Request *request, const RoleStatement *statement, Fault *fault)
{
    AccessChange change = change_of(request);
    AccessTarget target;
    if (!find_relation(request, statement->objects, &target, fault)) {
        if (!statement->may_miss || fault->code != FAULT_UNDEFINED_TABLE)
            return false;
        Fault notice;
        fault_set(&notice, FAULT_SUCCESS, "relation \"%.*s\" does not exist, skipping",
                  TEXT_ARGS(statement->objects->name.text));
        respond_notice(request, PGWIRE_SEVERITY_NOTICE, &notice);
        return true;
    }
    if (target.oid < ACCESS_FIRST_USER_OID)
        return fault_set(fault, FAULT_INSUFFICIENT_PRIVILEGE,
                         "permission denied: \"%.*s\" is a system catalog",
                         TEXT_ARGS(target.name));
    Text role = resolve(request, statement->role);
    /* as long as there are no roles everything is the one user's, which restored dumps say again */
    if (request->user.roles == NULL && text_equal(role, request->role))
        return true;
    return access_change_owner(&change, &target, role, fault);
}

static bool reassign(Request *request, const RoleStatement *statement, Fault *fault)
{
    AccessChange change = change_of(request);
    for (uint32_t i = 0; i < statement->role_count; i++) {
        if (!access_reassign_owned(&change, resolve(request, statement->roles[i]),
                                   resolve(request, statement->role), fault))
            return false;
    }
    return true;
}

static bool run(Request *request, const RoleStatement *statement, Fault *fault)
{
    AccessChange change = change_of(request);
    switch (statement->kind) {
    case ROLE_CREATE:
    case ROLE_ALTER:
        return create_or_alter(request, statement, fault);
    case ROLE_DROP:
        return drop(request, statement, fault);
    case ROLE_RENAME:
        return access_rename_role(&change, resolve(request, statement->role),
                                  text_of(statement->new_name), fault);
    case ROLE_SET:
        return set(request, statement, fault);
    case ROLE_MEMBERS:
        return change_members(request, statement, fault);
    case ROLE_GRANT:
        return change_grants(request, statement, fault);
    case ROLE_OWNER:
        return change_owner(request, statement, fault);
    case ROLE_REASSIGN:
        return reassign(request, statement, fault);
    }
    return fault_set(fault, FAULT_INTERNAL_ERROR, "statement about roles of an unknown kind");
}

bool role_statement_run(Request *request, const ParsedStatement *statement, Fault *fault)
{
    bool ok = run(request, statement->role, fault);
    /* Others' snapshots know of roles by the metadata's revision: they are to look again. Some of
     * several may have been changed before one failed. */
    atomic_fetch_add(&request->controller->child->shared->catalog_version, 1);
    if (!ok)
        return false;
    respond_complete(request, statement->tag);
    return true;
}
