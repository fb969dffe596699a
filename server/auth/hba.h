/*
 * pg_hba.conf: which connections are let in how. The file's form is PostgreSQL's:
 *
 *     local     DATABASE USER          METHOD [OPTION...]
 *     host...   DATABASE USER ADDRESS  METHOD [OPTION...]     host, hostssl, hostnossl
 *
 * The first record that fits decides. Methods: trust, reject, scram-sha-256 (also written md5),
 * password, cert, peer.
 */
#ifndef TALARIA_SERVER_AUTH_HBA_H
#define TALARIA_SERVER_AUTH_HBA_H

#include "engine/access/access.h"
#include "server/auth/auth.h"

typedef enum HbaMethod {
    HBA_TRUST,
    HBA_REJECT,
    HBA_SCRAM,
    HBA_PASSWORD,
    HBA_CERTIFICATE,
    HBA_PEER,
} HbaMethod;

typedef enum HbaCertificate { HBA_NO_CERTIFICATE, HBA_VERIFY_CA, HBA_VERIFY_FULL } HbaCertificate;

typedef struct HbaRule {
    int line;
    HbaMethod method;
    HbaCertificate certificate;
    const struct HbaRecord *record; /* private */
} HbaRule;

typedef struct HbaFile HbaFile;

/* Reads a text. F0000 with the line; NULL then. */
HbaFile *hba_parse(Text text, bool tls_is_on, Fault *fault);
void hba_free(HbaFile *file);
uint32_t hba_count(const HbaFile *file);
const HbaRule *hba_at(const HbaFile *file, uint32_t i);
/* The first rule that fits; NULL when none does. */
const HbaRule *hba_match(const HbaFile *file, const AuthPeer *peer, Text user, Text database,
                         const AccessRoles *roles);

#endif
