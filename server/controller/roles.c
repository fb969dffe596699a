/*
 * In whose name a statement runs. The front end says who was let in; SET SESSION AUTHORIZATION and
 * SET ROLE are settings like others, so that they are undone with a transaction, and what they may
 * be set to is looked at here each time they are used: however they were set (SET, set_config,
 * the startup packet, a context comment), and whatever was revoked since.
 */
#include "server/controller/controller_internal.h"

#include "base/log/log.h"
#include "engine/access/access.h"

#include <strings.h>

/* Roles as of the snapshot's revision: read again only when the metadata has changed. */
static const AccessRoles *current_roles(Request *request, Fault *fault)
{
    Controller *controller = request->controller;
    if (controller->roles != NULL && controller->roles_revision == request->snapshot->revision)
        return controller->roles;
    if (controller->roles_arena != NULL)
        arena_free(controller->roles_arena);
    controller->roles = NULL;
    controller->roles_arena = arena_new("roles");
    AccessRoles *roles = ARENA_NEW(controller->roles_arena, AccessRoles);
    if (!access_load(controller->meta, controller->roles_arena, roles, fault))
        return NULL;
    controller->roles_revision = request->snapshot->revision;
    return controller->roles = roles;
}

static bool is_none(const char *role)
{
    return role[0] == '\0' || strcasecmp(role, "none") == 0;
}

static bool may_act_as(const AccessRoles *roles, Text login, Text role)
{
    if (text_equal(login, role))
        return true;
    AccessUser user = access_user(roles, login);
    return user.roles != NULL && user.role->is_superuser && access_find_role(roles, role) != NULL;
}

static bool may_set_role(const AccessRoles *roles, Text session_role, Text role)
{
    if (text_equal(session_role, role))
        return true;
    AccessUser user = access_user(roles, session_role);
    const AccessRole *wanted = access_find_role(roles, role);
    return user.roles != NULL && wanted != NULL &&
           access_is_member(roles, user.role, wanted->oid);
}

bool request_set_user(Request *request, Fault *fault)
{
    const AccessRoles *roles = current_roles(request, fault);
    if (roles == NULL)
        return false;
    const Settings *settings = &request->settings;
    Text session_role = text_of(settings->session_authorization), role = text_of(settings->role);
    request->session_role = request->login;
    if (session_role.length > 0 && may_act_as(roles, request->login, session_role))
        request->session_role = arena_text(request->arena, session_role);
    request->role = request->session_role;
    if (!is_none(settings->role) && may_set_role(roles, request->session_role, role))
        request->role = arena_text(request->arena, role);
    request->user = access_user(roles, request->role);
    request->settings.is_superuser =
        request->user.roles == NULL || request->user.role->is_superuser;
    return true;
}

static bool check_exists(const AccessRoles *roles, Text role, Fault *fault)
{
    return access_find_role(roles, role) != NULL ||
           fault_set(fault, FAULT_INVALID_PARAMETER_VALUE, "role \"%.*s\" does not exist",
                     TEXT_ARGS(role));
}

bool role_setting_is(const SettingInfo *info)
{
    return strcmp(info->name, "role") == 0 || strcmp(info->name, "session_authorization") == 0;
}

bool role_setting_check(Request *request, const SettingInfo *info, Text value, Fault *fault)
{
    bool is_role = strcmp(info->name, "role") == 0;
    if (!is_role && strcmp(info->name, "session_authorization") != 0)
        return true;
    const AccessRoles *roles = current_roles(request, fault);
    if (roles == NULL)
        return false;
    bool is_own = text_equal(value, is_role ? request->session_role : request->login);
    if (is_own || (is_role && text_equal_string(value, "none")))
        return true;
    if (!check_exists(roles, value, fault))
        return false;
    if (is_role)
        return may_set_role(roles, request->session_role, value) ||
               fault_set(fault, FAULT_INSUFFICIENT_PRIVILEGE,
                         "permission denied to set role \"%.*s\"", TEXT_ARGS(value));
    return may_act_as(roles, request->login, value) ||
           fault_set(fault, FAULT_INSUFFICIENT_PRIVILEGE,
                     "permission denied to set session authorization");
}
