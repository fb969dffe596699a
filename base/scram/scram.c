/*
 * See scram.h.
 */
#include "base/scram/scram.h"

#include "base/log/log.h"
#include "base/os/os.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char PREFIX[] = "SCRAM-SHA-256$";

/* ---------- building blocks ---------- */

void scram_hmac(const uint8_t *key, size_t key_length, Text message, uint8_t out[SCRAM_KEY_SIZE])
{
    unsigned length = 0;
    check(key_length <= INT_MAX);
    check(HMAC(EVP_sha256(), key, (int)key_length, (const uint8_t *)message.data, message.length,
               out, &length) != NULL);
    check(length == SCRAM_KEY_SIZE);
}

void scram_hash(Text message, uint8_t out[SCRAM_KEY_SIZE])
{
    check(EVP_Digest(message.data, message.length, out, NULL, EVP_sha256(), NULL) == 1);
}

bool scram_equal(const void *a, const void *b, size_t length)
{
    return CRYPTO_memcmp(a, b, length) == 0;
}

void scram_base64_append(Buffer *out, const void *data, size_t length)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const uint8_t *at = data;
    for (size_t i = 0; i < length; i += 3) {
        size_t have = length - i < 3 ? length - i : 3;
        uint32_t bits = (uint32_t)at[i] << 16;
        bits |= have > 1 ? (uint32_t)at[i + 1] << 8 : 0;
        bits |= have > 2 ? at[i + 2] : 0;
        char group[4] = {digits[bits >> 18], digits[bits >> 12 & 63],
                         have > 1 ? digits[bits >> 6 & 63] : '=', have > 2 ? digits[bits & 63] : '='};
        buffer_append(out, group, sizeof group);
    }
}

static int digit_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool scram_base64_read(Text text, uint8_t *out, size_t capacity, size_t *length)
{
    *length = 0;
    if (text.length % 4 != 0)
        return false;
    for (uint32_t i = 0; i < text.length; i += 4) {
        bool is_last = i + 4 == text.length;
        int pads = is_last && text.data[i + 3] == '=' ? 1 + (text.data[i + 2] == '=') : 0;
        uint32_t bits = 0;
        for (int k = 0; k < 4 - pads; k++) {
            int value = digit_value(text.data[i + (uint32_t)k]);
            if (value < 0)
                return false;
            bits |= (uint32_t)value << (18 - 6 * k);
        }
        for (int k = 0; k < 3 - pads; k++) {
            if (*length == capacity)
                return false;
            out[(*length)++] = (uint8_t)(bits >> (16 - 8 * k));
        }
    }
    return true;
}

/* ---------- verifiers ---------- */

/* Cuts what stands before `mark` off the front of `rest`. */
static bool cut(Text *rest, char mark, Text *part)
{
    const char *at = rest->length == 0 ? NULL : memchr(rest->data, mark, rest->length);
    if (at == NULL)
        return false;
    *part = (Text){.data = rest->data, .length = (uint32_t)(at - rest->data)};
    *rest = (Text){.data = at + 1, .length = rest->length - part->length - 1};
    return true;
}

static bool read_count(Text text, uint32_t *count)
{
    uint64_t value = 0;
    for (uint32_t i = 0; i < text.length; i++) {
        if (text.data[i] < '0' || text.data[i] > '9' || value > INT32_MAX)
            return false;
        value = value * 10 + (uint64_t)(text.data[i] - '0');
    }
    *count = (uint32_t)value;
    return text.length > 0 && value > 0 && value <= INT32_MAX;
}

static bool read_key(Text text, uint8_t key[SCRAM_KEY_SIZE])
{
    size_t length;
    return scram_base64_read(text, key, SCRAM_KEY_SIZE, &length) && length == SCRAM_KEY_SIZE;
}

bool scram_verifier_parse(Text text, ScramVerifier *verifier)
{
    const uint32_t prefix = sizeof PREFIX - 1;
    memset(verifier, 0, sizeof *verifier);
    if (text.length < prefix || memcmp(text.data, PREFIX, prefix) != 0)
        return false;
    Text rest = {.data = text.data + prefix, .length = text.length - prefix};
    Text iterations, salt, stored;
    size_t salt_length;
    if (!cut(&rest, ':', &iterations) || !cut(&rest, '$', &salt) || !cut(&rest, ':', &stored) ||
        !read_count(iterations, &verifier->iterations) ||
        !scram_base64_read(salt, verifier->salt, SCRAM_MOST_SALT, &salt_length) ||
        salt_length == 0)
        return false;
    verifier->salt_length = (uint32_t)salt_length;
    return read_key(stored, verifier->stored_key) && read_key(rest, verifier->server_key);
}

bool scram_is_verifier(Text text)
{
    ScramVerifier ignored;
    return scram_verifier_parse(text, &ignored);
}

bool scram_is_md5_hash(Text text)
{
    if (text.length != 35 || memcmp(text.data, "md5", 3) != 0)
        return false;
    return strspn(text.data + 3, "0123456789abcdef") >= 32;
}

static void keys_of(const uint8_t salted[SCRAM_KEY_SIZE], ScramVerifier *verifier)
{
    uint8_t client_key[SCRAM_KEY_SIZE];
    scram_hmac(salted, SCRAM_KEY_SIZE, TEXT_LITERAL("Client Key"), client_key);
    scram_hash((Text){.data = (const char *)client_key, .length = SCRAM_KEY_SIZE},
               verifier->stored_key);
    scram_hmac(salted, SCRAM_KEY_SIZE, TEXT_LITERAL("Server Key"), verifier->server_key);
    OPENSSL_cleanse(client_key, sizeof client_key);
}

bool scram_verifier_make(Text password, char out[SCRAM_VERIFIER_SIZE], Fault *fault)
{
    Buffer prepared = BUFFER_EMPTY, text = BUFFER_EMPTY;
    ScramVerifier verifier = {.iterations = SCRAM_ITERATIONS, .salt_length = SCRAM_SALT_SIZE};
    uint8_t salted[SCRAM_KEY_SIZE];
    scram_prepare(password, &prepared);
    os_random(verifier.salt, SCRAM_SALT_SIZE);
    bool ok = prepared.length <= INT_MAX &&
              PKCS5_PBKDF2_HMAC((const char *)prepared.data, (int)prepared.length, verifier.salt,
                                SCRAM_SALT_SIZE, SCRAM_ITERATIONS, EVP_sha256(), sizeof salted,
                                salted) == 1;
    OPENSSL_cleanse(prepared.data, prepared.length);
    buffer_clear(&prepared);
    if (!ok)
        return fault_set(fault, FAULT_INTERNAL_ERROR, "could not encrypt the password");
    keys_of(salted, &verifier);
    buffer_printf(&text, "%s%d:", PREFIX, SCRAM_ITERATIONS);
    scram_base64_append(&text, verifier.salt, SCRAM_SALT_SIZE);
    buffer_append_byte(&text, '$');
    scram_base64_append(&text, verifier.stored_key, SCRAM_KEY_SIZE);
    buffer_append_byte(&text, ':');
    scram_base64_append(&text, verifier.server_key, SCRAM_KEY_SIZE);
    snprintf(out, SCRAM_VERIFIER_SIZE, "%.*s", (int)text.length, (const char *)text.data);
    buffer_clear(&text);
    OPENSSL_cleanse(salted, sizeof salted);
    return true;
}

/* ---------- stretching in steps ---------- */

struct ScramStretch {
    EVP_MAC_CTX *mac;
    ScramVerifier verifier;
    uint32_t done;
    uint8_t last[SCRAM_KEY_SIZE], sum[SCRAM_KEY_SIZE];
};

static void start_mac(ScramStretch *stretch, const Buffer *key)
{
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    char digest[] = "SHA256";
    OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string("digest", digest, 0),
                               OSSL_PARAM_construct_end()};
    check(hmac != NULL);
    stretch->mac = EVP_MAC_CTX_new(hmac);
    EVP_MAC_free(hmac);
    const uint8_t none = 0;
    check(stretch->mac != NULL &&
          EVP_MAC_init(stretch->mac, key->length > 0 ? key->data : &none, key->length,
                       parameters) == 1);
}

static void finish_round(ScramStretch *stretch)
{
    size_t length;
    check(EVP_MAC_final(stretch->mac, stretch->last, &length, SCRAM_KEY_SIZE) == 1);
    for (size_t i = 0; i < SCRAM_KEY_SIZE; i++)
        stretch->sum[i] ^= stretch->last[i];
    stretch->done++;
}

ScramStretch *scram_stretch_new(Text password, const ScramVerifier *verifier)
{
    static const uint8_t first_block[] = {0, 0, 0, 1};
    ScramStretch *stretch = calloc(1, sizeof *stretch);
    check(stretch != NULL);
    stretch->verifier = *verifier;
    Buffer prepared = BUFFER_EMPTY;
    scram_prepare(password, &prepared);
    start_mac(stretch, &prepared);
    OPENSSL_cleanse(prepared.data, prepared.length);
    buffer_clear(&prepared);
    EVP_MAC_update(stretch->mac, verifier->salt, verifier->salt_length);
    EVP_MAC_update(stretch->mac, first_block, sizeof first_block);
    finish_round(stretch);
    return stretch;
}

bool scram_stretch_step(ScramStretch *stretch, uint32_t rounds)
{
    for (; rounds > 0 && stretch->done < stretch->verifier.iterations; rounds--) {
        check(EVP_MAC_init(stretch->mac, NULL, 0, NULL) == 1);
        EVP_MAC_update(stretch->mac, stretch->last, SCRAM_KEY_SIZE);
        finish_round(stretch);
    }
    return stretch->done >= stretch->verifier.iterations;
}

bool scram_stretch_matches(const ScramStretch *stretch)
{
    ScramVerifier made = {0};
    keys_of(stretch->sum, &made);
    return scram_equal(made.server_key, stretch->verifier.server_key, SCRAM_KEY_SIZE) &&
           scram_equal(made.stored_key, stretch->verifier.stored_key, SCRAM_KEY_SIZE);
}

void scram_stretch_free(ScramStretch *stretch)
{
    if (stretch == NULL)
        return;
    EVP_MAC_CTX_free(stretch->mac);
    OPENSSL_cleanse(stretch, sizeof *stretch);
    free(stretch);
}
