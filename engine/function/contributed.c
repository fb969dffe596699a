/*
 * What PostgreSQL's users know from its extensions uuid-ossp and pgcrypto: UUIDs by time, by name
 * and at random (RFC 4122), digests and random bytes. They are simply there; CREATE EXTENSION of
 * these names has nothing to do.
 */
#include "base/os/os.h"
#include "engine/function/text_internal.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

enum { UUID_BYTES = 16, UUID_VERSION = 6, UUID_VARIANT = 8, RANDOM_MOST = 1024 };

static const Text nothing = {.data = "", .length = 0};

static void mark_uuid(uint8_t *uuid, int version)
{
    uuid[UUID_VERSION] = (uint8_t)((uuid[UUID_VERSION] & 0x0F) | version << 4);
    uuid[UUID_VARIANT] = (uint8_t)((uuid[UUID_VARIANT] & 0x3F) | 0x80);
}

/* --- by time: 100 ns since 1582-10-15, a random clock sequence, a random multicast node --- */

static bool uuid_v1_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    enum { TICKS_PER_MICRO = 10 };
    static const uint64_t epoch = 0x01B21DD213814000u; /* 1970 in these ticks */
    static uint64_t last;
    uint8_t *uuid = (uint8_t *)text_sink_reserve(&run->sink, UUID_BYTES);
    uint64_t ticks = (uint64_t)os_now_micros() * TICKS_PER_MICRO + epoch;
    last = ticks > last ? ticks : last + 1; /* never the same twice */
    os_random(uuid, UUID_BYTES);
    for (int i = 0; i < 4; i++)
        uuid[i] = (uint8_t)(last >> (24 - 8 * i));
    uuid[4] = (uint8_t)(last >> 40);
    uuid[5] = (uint8_t)(last >> 32);
    uuid[6] = (uint8_t)(last >> 56);
    uuid[7] = (uint8_t)(last >> 48);
    uuid[10] |= 1;
    mark_uuid(uuid, 1);
    *result = text_sink_take(&run->sink, UUID_BYTES);
    return true;
}

/* --- at random --- */

static bool uuid_v4_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    uint8_t *uuid = (uint8_t *)text_sink_reserve(&run->sink, UUID_BYTES);
    os_random(uuid, UUID_BYTES);
    mark_uuid(uuid, 4);
    *result = text_sink_take(&run->sink, UUID_BYTES);
    return true;
}

/* --- by name: the digest of a namespace and a name --- */

static bool name_uuid(RowRun *run, uint32_t row, const EVP_MD *method, int version, Text *result)
{
    Text space = row_text(run, 0, row), name = row_text(run, 1, row);
    uint8_t digest[EVP_MAX_MD_SIZE];
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool ok = context != NULL && EVP_DigestInit_ex(context, method, NULL) == 1 &&
              EVP_DigestUpdate(context, space.data, space.length) == 1 &&
              EVP_DigestUpdate(context, name.length > 0 ? name.data : "", name.length) == 1 &&
              EVP_DigestFinal_ex(context, digest, NULL) == 1;
    EVP_MD_CTX_free(context);
    *result = nothing;
    if (!ok)
        return fault_set(run->fault, FAULT_INTERNAL_ERROR, "could not compute a digest");
    mark_uuid(digest, version);
    memcpy(text_sink_reserve(&run->sink, UUID_BYTES), digest, UUID_BYTES);
    *result = text_sink_take(&run->sink, UUID_BYTES);
    return true;
}

static bool uuid_v3_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    return name_uuid(run, row, EVP_md5(), 3, result);
}

static bool uuid_v5_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    return name_uuid(run, row, EVP_sha1(), 5, result);
}

/* --- constants: the namespaces of RFC 4122, appendix C, differ in one byte --- */

static bool namespace_uuid(RowRun *run, int last, Text *result)
{
    static const uint8_t space[UUID_BYTES] = {0x6b, 0xa7, 0xb8, 0x00, 0x9d, 0xad, 0x11, 0xd1,
                                              0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8};
    uint8_t *uuid = (uint8_t *)text_sink_reserve(&run->sink, UUID_BYTES);
    if (last < 0) {
        memset(uuid, 0, UUID_BYTES);
    } else {
        memcpy(uuid, space, UUID_BYTES);
        uuid[3] = (uint8_t)last;
    }
    *result = text_sink_take(&run->sink, UUID_BYTES);
    return true;
}

#define NAMESPACE(name, last)                                                                      \
    static bool name##_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)              \
    {                                                                                              \
        return namespace_uuid(run, last, result);                                                  \
    }                                                                                              \
    ROW_LOOP(name##_loop, name##_row, Text)

NAMESPACE(uuid_nil, -1)
NAMESPACE(uuid_dns, 0x10)
NAMESPACE(uuid_url, 0x11)
NAMESPACE(uuid_oid, 0x12)
NAMESPACE(uuid_x500, 0x14)

/* --- digests of any method that OpenSSL knows --- */

static const EVP_MD *find_method(RowRun *run, Text name)
{
    char word[32];
    const EVP_MD *method = NULL;
    if (name.length < sizeof word) {
        memcpy(word, name.data, name.length);
        word[name.length] = '\0';
        method = EVP_get_digestbyname(word);
    }
    if (method == NULL)
        fault_set(run->fault, FAULT_INVALID_PARAMETER_VALUE,
                  "Cannot use \"%.*s\": No such hash algorithm", TEXT_ARGS(name));
    return method;
}

static bool digest_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    Text bytes = row_text(run, 0, row);
    const EVP_MD *method = find_method(run, row_text(run, 1, row));
    unsigned length = 0;
    *result = nothing;
    if (method == NULL)
        return false;
    uint8_t *out = (uint8_t *)text_sink_reserve(&run->sink, EVP_MAX_MD_SIZE);
    if (EVP_Digest(bytes.length > 0 ? bytes.data : "", bytes.length, out, &length, method, NULL) != 1)
        return fault_set(run->fault, FAULT_INTERNAL_ERROR, "could not compute a digest");
    *result = text_sink_take(&run->sink, length);
    return true;
}

static bool hmac_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    Text bytes = row_text(run, 0, row), key = row_text(run, 1, row);
    const EVP_MD *method = find_method(run, row_text(run, 2, row));
    unsigned length = 0;
    *result = nothing;
    if (method == NULL)
        return false;
    uint8_t *out = (uint8_t *)text_sink_reserve(&run->sink, EVP_MAX_MD_SIZE);
    if (HMAC(method, key.length > 0 ? key.data : "", (int)(key.length & INT32_MAX),
             (const uint8_t *)(bytes.length > 0 ? bytes.data : ""), bytes.length, out, &length) == NULL)
        return fault_set(run->fault, FAULT_INTERNAL_ERROR, "could not compute a digest");
    *result = text_sink_take(&run->sink, length);
    return true;
}

static bool random_bytes_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    int64_t count = row_int64(run, 0, row);
    *result = nothing;
    if (count < 1 || count > RANDOM_MOST)
        return fault_set(run->fault, FAULT_INVALID_PARAMETER_VALUE, "Length not in range");
    os_random((uint8_t *)text_sink_reserve(&run->sink, (size_t)count), (size_t)count);
    *result = text_sink_take(&run->sink, (size_t)count);
    return true;
}

ROW_LOOP(uuid_v1_loop, uuid_v1_row, Text)
ROW_LOOP(uuid_v3_loop, uuid_v3_row, Text)
ROW_LOOP(uuid_v4_loop, uuid_v4_row, Text)
ROW_LOOP(uuid_v5_loop, uuid_v5_row, Text)
ROW_LOOP(digest_loop, digest_row, Text)
ROW_LOOP(hmac_loop, hmac_row, Text)
ROW_LOOP(random_bytes_loop, random_bytes_row, Text)

#define ROW(number, called, count, gives_type, how, function, text, call, answer, ...)             \
    { .oid = (number), .name = called, .argument_count = (count), .arguments = { __VA_ARGS__ },    \
      .result = (gives_type), .volatility = how, .run = run_rows, .loop = (void *)(function),      \
      .summary = text, .example = call, .gives = answer }
#define NO_ARGUMENTS 0

const ScalarFunction contributed_functions[] = {
    ROW(98700, "uuid_generate_v1", 0, T_UUID, VOLATILE, uuid_v1_loop,
        "A UUID of version 1: of the time, with a random node.",
        "length(uuid_generate_v1()::text)", "36", NO_ARGUMENTS),
    ROW(98701, "uuid_generate_v1mc", 0, T_UUID, VOLATILE, uuid_v1_loop,
        "A UUID of version 1: of the time, with a random node.",
        "length(uuid_generate_v1mc()::text)", "36", NO_ARGUMENTS),
    ROW(98702, "uuid_generate_v3", 2, T_UUID, IMMUTABLE, uuid_v3_loop,
        "A UUID of version 3: of a namespace and a name, by MD5.",
        "uuid_generate_v3(uuid_ns_url(), 'http://www.postgresql.org')",
        "cf16fe52-3365-3a1f-8572-288d8d2aaa46", T_UUID, T_TEXT),
    ROW(98703, "uuid_generate_v4", 0, T_UUID, VOLATILE, uuid_v4_loop,
        "A random UUID of version 4.", "length(uuid_generate_v4()::text)", "36", NO_ARGUMENTS),
    ROW(98704, "uuid_generate_v5", 2, T_UUID, IMMUTABLE, uuid_v5_loop,
        "A UUID of version 5: of a namespace and a name, by SHA-1.",
        "uuid_generate_v5(uuid_ns_url(), 'http://www.postgresql.org')",
        "e1ee1ad4-cd4e-5889-962a-4f605a68d94e", T_UUID, T_TEXT),
    ROW(98705, "uuid_nil", 0, T_UUID, IMMUTABLE, uuid_nil_loop, "The UUID of zeros.", "uuid_nil()",
        "00000000-0000-0000-0000-000000000000", NO_ARGUMENTS),
    ROW(98706, "uuid_ns_dns", 0, T_UUID, IMMUTABLE, uuid_dns_loop,
        "The namespace of domain names.", "uuid_ns_dns()",
        "6ba7b810-9dad-11d1-80b4-00c04fd430c8", NO_ARGUMENTS),
    ROW(98707, "uuid_ns_url", 0, T_UUID, IMMUTABLE, uuid_url_loop, "The namespace of URLs.",
        "uuid_ns_url()", "6ba7b811-9dad-11d1-80b4-00c04fd430c8", NO_ARGUMENTS),
    ROW(98708, "uuid_ns_oid", 0, T_UUID, IMMUTABLE, uuid_oid_loop,
        "The namespace of ISO object identifiers.", "uuid_ns_oid()",
        "6ba7b812-9dad-11d1-80b4-00c04fd430c8", NO_ARGUMENTS),
    ROW(98709, "uuid_ns_x500", 0, T_UUID, IMMUTABLE, uuid_x500_loop,
        "The namespace of X.500 names.", "uuid_ns_x500()",
        "6ba7b814-9dad-11d1-80b4-00c04fd430c8", NO_ARGUMENTS),
    ROW(98710, "digest", 2, T_BYTEA, IMMUTABLE, digest_loop,
        "The digest by a named method: md5, sha1, sha256, ...", "encode(digest('abc', 'md5'), 'hex')",
        "900150983cd24fb0d6963f7d28e17f72", T_TEXT, T_TEXT),
    ROW(98711, "digest", 2, T_BYTEA, IMMUTABLE, digest_loop,
        "The digest by a named method: md5, sha1, sha256, ...",
        "encode(digest('abc'::bytea, 'md5'), 'hex')", "900150983cd24fb0d6963f7d28e17f72", T_BYTEA,
        T_TEXT),
    ROW(98712, "hmac", 3, T_BYTEA, IMMUTABLE, hmac_loop,
        "The digest of data under a key, by a named method (RFC 2104).",
        "encode(hmac('what do ya want for nothing?', 'Jefe', 'md5'), 'hex')",
        "750c783e6ab0b503eaa86e310a5db738", T_TEXT, T_TEXT, T_TEXT),
    ROW(98713, "hmac", 3, T_BYTEA, IMMUTABLE, hmac_loop,
        "The digest of data under a key, by a named method (RFC 2104).",
        "encode(hmac('what do ya want for nothing?'::bytea, 'Jefe'::bytea, 'md5'), 'hex')",
        "750c783e6ab0b503eaa86e310a5db738", T_BYTEA, T_BYTEA, T_TEXT),
    ROW(98714, "gen_random_bytes", 1, T_BYTEA, VOLATILE, random_bytes_loop,
        "So many random bytes, 1 to 1024.", "length(gen_random_bytes(8))", "8", T_INT4),
};
const uint32_t contributed_function_count =
    sizeof contributed_functions / sizeof contributed_functions[0];
