/*
 * What deciding and changing share.
 */
#ifndef TALARIA_ENGINE_ACCESS_RIGHTS_INTERNAL_H
#define TALARIA_ENGINE_ACCESS_RIGHTS_INTERNAL_H

#include "engine/access/access.h"

/* In the privileges of a grant to PUBLIC: from here on the row says what PUBLIC may do, and not
 * access_public_default. Made by the first GRANT or REVOKE that changes those. */
enum { ACCESS_REPLACES_DEFAULT = 1 << 30 };

/* What everybody may do with an object that nobody has granted or revoked anything on. */
uint32_t access_public_default(AccessKind kind, uint32_t object);
/* Whether the grant is about this object; one on all of EXTERNAL is about each of its types. */
bool access_grant_is_on(const MetaGrant *grant, AccessKind kind, uint32_t object, Text name);
char access_privilege_letter(uint32_t bit);

#endif
