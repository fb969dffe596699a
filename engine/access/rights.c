/*
 * What a user may do with an object: the one decision.
 */
#include "engine/access/rights_internal.h"

#include <strings.h>

/* ---------- words ---------- */

typedef struct PrivilegeWord {
    const char *word;
    uint32_t bits;
    char letter; /* in aclitem; 0: not one privilege */
} PrivilegeWord;

static const PrivilegeWord words[] = {
    {"INSERT", ACCESS_INSERT, 'a'},
    {"SELECT", ACCESS_SELECT, 'r'},
    {"UPDATE", ACCESS_UPDATE, 'w'},
    {"DELETE", ACCESS_DELETE, 'd'},
    {"TRUNCATE", ACCESS_TRUNCATE, 'D'},
    {"REFERENCES", ACCESS_REFERENCES, 'x'},
    {"TRIGGER", ACCESS_TRIGGER, 't'},
    {"EXECUTE", ACCESS_EXECUTE, 'X'},
    {"USAGE", ACCESS_USAGE, 'U'},
    {"CREATE", ACCESS_CREATE, 'C'},
    {"TEMPORARY", ACCESS_TEMPORARY, 'T'},
    {"CONNECT", ACCESS_CONNECT, 'c'},
    {"TEMP", ACCESS_TEMPORARY, 0},
    {"RULE", ACCESS_TRIGGER, 0}, /* as PostgreSQL takes it: long without a meaning */
    {"READ", ACCESS_SELECT, 0},
    {"WRITE", ACCESS_INSERT | ACCESS_UPDATE | ACCESS_DELETE | ACCESS_TRUNCATE, 0},
    {"ALL", UINT32_MAX >> 1, 0},
    {"ALL PRIVILEGES", UINT32_MAX >> 1, 0},
};

enum { WORD_COUNT = sizeof words / sizeof *words };

uint32_t access_privilege_bits(Text word)
{
    for (size_t i = 0; i < WORD_COUNT; i++) {
        if (strlen(words[i].word) == word.length &&
            strncasecmp(words[i].word, word.data, word.length) == 0)
            return words[i].bits;
    }
    return 0;
}

const char *access_privilege_word(uint32_t bit)
{
    for (size_t i = 0; i < WORD_COUNT; i++) {
        if (words[i].bits == bit)
            return words[i].word;
    }
    return "";
}

char access_privilege_letter(uint32_t bit)
{
    for (size_t i = 0; i < WORD_COUNT; i++) {
        if (words[i].bits == bit)
            return words[i].letter;
    }
    return '?';
}

uint32_t access_all_privileges(AccessKind kind)
{
    switch (kind) {
    case ACCESS_ON_TABLE:
        return ACCESS_ALL_TABLE;
    case ACCESS_ON_SCHEMA:
        return ACCESS_ALL_SCHEMA;
    case ACCESS_ON_DATABASE:
        return ACCESS_ALL_DATABASE;
    case ACCESS_ON_EXTERNAL:
        return ACCESS_ALL_EXTERNAL;
    case ACCESS_ON_FUNCTION:
        return ACCESS_EXECUTE;
    case ACCESS_ON_OTHER:
        return ACCESS_USAGE;
    }
    return 0;
}

/* ---------- what holds without a grant ---------- */

enum { /* catalogs with passwords in them */
    OID_PG_AUTHID = 1260,
    OID_PG_SHADOW = 12005,
};

uint32_t access_public_default(AccessKind kind, uint32_t object)
{
    switch (kind) {
    case ACCESS_ON_TABLE:
        if (object >= ACCESS_FIRST_USER_OID || object == OID_PG_AUTHID || object == OID_PG_SHADOW)
            return 0;
        return ACCESS_SELECT;
    case ACCESS_ON_SCHEMA:
        return ACCESS_USAGE;
    case ACCESS_ON_DATABASE:
        return ACCESS_TEMPORARY | ACCESS_CONNECT;
    case ACCESS_ON_EXTERNAL:
        return 0;
    case ACCESS_ON_FUNCTION:
        return ACCESS_EXECUTE;
    case ACCESS_ON_OTHER:
        return ACCESS_USAGE;
    }
    return 0;
}

/* What the predefined roles have on every object of a kind. */
static uint32_t predefined_privileges(AccessUser user, AccessKind kind, uint32_t wanted)
{
    typedef struct Rule {
        uint32_t role;
        AccessKind kind;
        uint32_t privileges;
    } Rule;
    static const Rule rules[] = {
        {ACCESS_READ_ALL_DATA_OID, ACCESS_ON_TABLE, ACCESS_SELECT},
        {ACCESS_READ_ALL_DATA_OID, ACCESS_ON_SCHEMA, ACCESS_USAGE},
        {ACCESS_WRITE_ALL_DATA_OID, ACCESS_ON_TABLE,
         ACCESS_INSERT | ACCESS_UPDATE | ACCESS_DELETE},
        {ACCESS_WRITE_ALL_DATA_OID, ACCESS_ON_SCHEMA, ACCESS_USAGE},
        {ACCESS_READ_SERVER_FILES_OID, ACCESS_ON_EXTERNAL, ACCESS_SELECT},
        {ACCESS_WRITE_SERVER_FILES_OID, ACCESS_ON_EXTERNAL, ACCESS_INSERT},
    };
    uint32_t held = 0;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        if (rules[i].kind == kind && (wanted & rules[i].privileges & ~held) != 0 &&
            access_inherits_from(user.roles, user.role, rules[i].role))
            held |= rules[i].privileges;
    }
    return held;
}

/* ---------- grants ---------- */

bool access_grant_is_on(const MetaGrant *grant, AccessKind kind, uint32_t object, Text name)
{
    if (grant->kind != (int32_t)kind || grant->object != object)
        return false;
    return kind != ACCESS_ON_EXTERNAL || grant->name.length == 0 || text_equal(grant->name, name);
}

static bool is_for(AccessUser user, const MetaGrant *grant)
{
    return grant->grantee == ACCESS_PUBLIC_OID ||
           access_inherits_from(user.roles, user.role, grant->grantee);
}

uint32_t access_owner(const AccessRoles *roles, uint32_t object)
{
    uint32_t low = 0, high = roles == NULL ? 0 : roles->owner_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (roles->owners[middle].object == object)
            return roles->owners[middle].role;
        if (roles->owners[middle].object < object)
            low = middle + 1;
        else
            high = middle;
    }
    return ACCESS_SUPERUSER_OID;
}

bool access_owns(AccessUser user, uint32_t object)
{
    return user.roles == NULL || user.role->is_superuser ||
           access_inherits_from(user.roles, user.role, access_owner(user.roles, object));
}

static bool has_everything(AccessUser user, const AccessTarget *target)
{
    bool can_be_owned = target->kind == ACCESS_ON_TABLE || target->kind == ACCESS_ON_SCHEMA;
    return user.roles == NULL || user.role->is_superuser ||
           (can_be_owned && access_owns(user, target->oid));
}

uint32_t access_held(AccessUser user, const AccessTarget *target, uint32_t wanted)
{
    if (has_everything(user, target))
        return wanted;
    uint32_t held = access_public_default(target->kind, target->oid);
    for (uint32_t i = 0; i < user.roles->grant_count; i++) {
        const MetaGrant *grant = &user.roles->grants[i];
        if (grant->grantee == ACCESS_PUBLIC_OID && (grant->privileges & ACCESS_REPLACES_DEFAULT) &&
            access_grant_is_on(grant, target->kind, target->oid, target->name))
            held = 0;
    }
    for (uint32_t i = 0; i < user.roles->grant_count; i++) {
        const MetaGrant *grant = &user.roles->grants[i];
        if ((grant->privileges & wanted & ~held) != 0 &&
            access_grant_is_on(grant, target->kind, target->oid, target->name) &&
            is_for(user, grant))
            held |= grant->privileges;
    }
    if ((wanted & ~held) != 0 && target->oid != OID_PG_AUTHID && target->oid != OID_PG_SHADOW)
        held |= predefined_privileges(user, target->kind, wanted);
    return held & wanted;
}

uint32_t access_grantable(AccessUser user, const AccessTarget *target, uint32_t wanted)
{
    if (has_everything(user, target))
        return wanted;
    uint32_t held = 0;
    for (uint32_t i = 0; i < user.roles->grant_count; i++) {
        const MetaGrant *grant = &user.roles->grants[i];
        if ((grant->options & wanted) != 0 &&
            access_grant_is_on(grant, target->kind, target->oid, target->name) &&
            is_for(user, grant))
            held |= grant->options;
    }
    return held & wanted;
}

bool access_sees_all(AccessUser user)
{
    return user.roles == NULL || user.role->is_superuser ||
           access_inherits_from(user.roles, user.role, ACCESS_READ_ALL_STATS_OID);
}

/* ---------- saying no ---------- */

static const char *kind_word(const AccessTarget *target)
{
    switch (target->kind) {
    case ACCESS_ON_TABLE:
        return target->is_view ? "view" : "table";
    case ACCESS_ON_SCHEMA:
        return "schema";
    case ACCESS_ON_DATABASE:
        return "database";
    case ACCESS_ON_EXTERNAL:
        return "external source";
    case ACCESS_ON_FUNCTION:
        return "function";
    case ACCESS_ON_OTHER:
        return "object";
    }
    return "object";
}

bool access_check(AccessUser user, const AccessTarget *target, uint32_t wanted, Fault *fault)
{
    if (access_held(user, target, wanted) == wanted)
        return true;
    fault_set(fault, FAULT_INSUFFICIENT_PRIVILEGE, "permission denied for %s %.*s",
              kind_word(target), TEXT_ARGS(target->name));
    if (target->kind == ACCESS_ON_EXTERNAL)
        fault_hint(fault, "A superuser can GRANT %s ON EXTERNAL.",
                   (wanted & ACCESS_INSERT) != 0 ? "WRITE" : "READ");
    return false;
}

bool access_check_owner(AccessUser user, const AccessTarget *target, Fault *fault)
{
    return access_owns(user, target->oid) ||
           fault_set(fault, FAULT_INSUFFICIENT_PRIVILEGE, "must be owner of %s %.*s",
                     kind_word(target), TEXT_ARGS(target->name));
}

/* ---------- aclitem ---------- */

Text access_acl_item(Arena *arena, Text grantee, uint32_t privileges, uint32_t options,
                     Text grantor)
{
    char letters[64];
    size_t used = 0;
    for (uint32_t bit = 1; bit <= ACCESS_CONNECT; bit <<= 1) {
        if ((privileges & bit) != 0)
            letters[used++] = access_privilege_letter(bit);
        if ((privileges & options & bit) != 0)
            letters[used++] = '*';
    }
    letters[used] = 0;
    return text_of(arena_printf(arena, "%.*s=%s/%.*s", TEXT_ARGS(grantee), letters,
                                TEXT_ARGS(grantor)));
}

static Text name_of(const AccessRoles *roles, uint32_t oid)
{
    if (oid == ACCESS_PUBLIC_OID)
        return TEXT_LITERAL("");
    const AccessRole *role = access_role_by_oid(roles, oid);
    return role != NULL ? role->name : TEXT_LITERAL("unknown");
}

void access_acl(const AccessRoles *roles, AccessKind kind, uint32_t object, Text name,
                Arena *arena, Text **items, uint32_t *count)
{
    *count = 0;
    *items = NULL;
    if (roles == NULL)
        return;
    Text *list = ARENA_ARRAY(arena, Text, roles->grant_count + 2);
    bool replaces = false;
    uint32_t used = 1; /* the owner's comes first */
    Text owner = name_of(roles, access_owner(roles, object));
    for (uint32_t i = 0; i < roles->grant_count; i++) {
        const MetaGrant *grant = &roles->grants[i];
        bool is_on = access_grant_is_on(grant, kind, object, name) &&
                     text_equal(grant->name, name);
        if (!is_on)
            continue;
        replaces = replaces || (grant->privileges & ACCESS_REPLACES_DEFAULT) != 0;
        uint32_t privileges = grant->privileges & access_all_privileges(kind);
        if (privileges != 0)
            list[used++] = access_acl_item(arena, name_of(roles, grant->grantee), privileges,
                                           grant->options, name_of(roles, grant->grantor));
    }
    if (used == 1 && !replaces)
        return;
    list[0] = access_acl_item(arena, owner, access_all_privileges(kind), 0, owner);
    uint32_t everybody = access_public_default(kind, object);
    if (!replaces && everybody != 0)
        list[used++] = access_acl_item(arena, TEXT_LITERAL(""), everybody, 0, owner);
    *items = list;
    *count = used;
}
