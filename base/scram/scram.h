/*
 * SCRAM-SHA-256's arithmetic (RFC 5802, RFC 7677): passwords to verifiers, verifiers to proofs.
 * Who says what when is server/auth's; what is kept is a verifier, in PostgreSQL's form:
 *
 *     SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>      (base64)
 */
#ifndef TALARIA_BASE_SCRAM_SCRAM_H
#define TALARIA_BASE_SCRAM_SCRAM_H

#include "base/fault/fault.h"
#include "base/memory/buffer.h"
#include "base/memory/text.h"

enum {
    SCRAM_KEY_SIZE = 32, /* of SHA-256 */
    SCRAM_SALT_SIZE = 16,
    SCRAM_MOST_SALT = 64, /* of a verifier that was made elsewhere */
    SCRAM_ITERATIONS = 4096,
    SCRAM_VERIFIER_SIZE = 256, /* room for one that is made here */
};

typedef struct ScramVerifier {
    uint32_t iterations, salt_length;
    uint8_t salt[SCRAM_MOST_SALT];
    uint8_t stored_key[SCRAM_KEY_SIZE], server_key[SCRAM_KEY_SIZE];
} ScramVerifier;

/* False when it is not a verifier. */
bool scram_verifier_parse(Text text, ScramVerifier *verifier);
bool scram_is_verifier(Text text);
/* Whether it is what PostgreSQL keeps for its older method: "md5" and 32 hexadecimal digits. */
bool scram_is_md5_hash(Text text);
/* Makes a verifier of a password, with a new salt. Takes some milliseconds on purpose. */
bool scram_verifier_make(Text password, char out[SCRAM_VERIFIER_SIZE], Fault *fault);

/*
 * The password as it is hashed: by SASLprep (RFC 4013), or as it is when it is not UTF-8 or holds
 * what SASLprep forbids, which is what PostgreSQL does. Appends to `out`.
 */
void scram_prepare(Text password, Buffer *out);

/* --- checking a password that came in the clear, in steps, since a verifier from elsewhere may
 *     ask for millions of rounds --- */
typedef struct ScramStretch ScramStretch;
ScramStretch *scram_stretch_new(Text password, const ScramVerifier *verifier);
/* Goes on for `rounds`; true when there are no more to do. */
bool scram_stretch_step(ScramStretch *stretch, uint32_t rounds);
/* Whether the password, fully stretched, is the verifier's. */
bool scram_stretch_matches(const ScramStretch *stretch);
void scram_stretch_free(ScramStretch *stretch);

/* --- building blocks --- */
void scram_hmac(const uint8_t *key, size_t key_length, Text message, uint8_t out[SCRAM_KEY_SIZE]);
void scram_hash(Text message, uint8_t out[SCRAM_KEY_SIZE]);
/* In a time that does not depend on where they differ. */
bool scram_equal(const void *a, const void *b, size_t length);
void scram_base64_append(Buffer *out, const void *data, size_t length);
/* Strictly: no blanks, full padding. False when it is not base64 or longer than `capacity`. */
bool scram_base64_read(Text text, uint8_t *out, size_t capacity, size_t *length);

#endif
