/*
 * See exchange.h. Messages are read to the letter of RFC 5802, section 7.
 */
#include "server/auth/exchange.h"

#include "base/os/os.h"

#include <string.h>

static const char MECHANISM[] = "SCRAM-SHA-256";
static const char MECHANISM_PLUS[] = "SCRAM-SHA-256-PLUS";

void exchange_init(Exchange *exchange, const ScramVerifier *verifier, bool is_doomed,
                   Text end_point)
{
    *exchange = (Exchange){.verifier = *verifier,
                           .is_doomed = is_doomed,
                           .offers_binding = end_point.length > 0,
                           .end_point = end_point};
}

void exchange_clear(Exchange *exchange)
{
    buffer_clear(&exchange->header);
    buffer_clear(&exchange->first_bare);
    buffer_clear(&exchange->server_first);
    buffer_clear(&exchange->nonce);
}

static Text text_in(const Buffer *buffer)
{
    return (Text){.data = (const char *)buffer->data, .length = (uint32_t)buffer->length};
}

static void append(Buffer *out, Text text)
{
    if (text.length > 0)
        buffer_append(out, text.data, text.length);
}

static bool malformed(Fault *fault, const char *detail)
{
    fault_set(fault, FAULT_PROTOCOL_VIOLATION, "malformed SCRAM message");
    return fault_detail(fault, "%s", detail);
}

/* ---------- attributes: x=value, divided by commas ---------- */

static bool next_attribute(Text *rest, char *name, Text *value)
{
    if (rest->length < 2 || rest->data[1] != '=')
        return false;
    *name = rest->data[0];
    if (!((*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z')))
        return false;
    const char *start = rest->data + 2;
    const char *comma = memchr(start, ',', rest->length - 2);
    uint32_t length = comma != NULL ? (uint32_t)(comma - start) : rest->length - 2;
    uint32_t used = 2 + length + (comma != NULL);
    *value = (Text){.data = start, .length = length};
    *rest = (Text){.data = rest->data + used, .length = rest->length - used};
    return true;
}

static bool expect_attribute(Text *rest, char wanted, Text *value, Fault *fault)
{
    char name = 0;
    if (next_attribute(rest, &name, value) && name == wanted)
        return true;
    return malformed(fault, "Expected another attribute.");
}

static bool is_printable(Text nonce)
{
    for (uint32_t i = 0; i < nonce.length; i++) {
        if (nonce.data[i] < 0x21 || nonce.data[i] > 0x7e || nonce.data[i] == ',')
            return false;
    }
    return nonce.length > 0;
}

/* ---------- the client's first message ---------- */

static bool choose_mechanism(Exchange *exchange, Text mechanism, Fault *fault)
{
    exchange->binds = exchange->offers_binding && text_equal_string(mechanism, MECHANISM_PLUS);
    return exchange->binds || text_equal_string(mechanism, MECHANISM) ||
           fault_set(fault, FAULT_PROTOCOL_VIOLATION,
                     "client selected an invalid SASL authentication mechanism");
}

/* n, y, or p=type: whether the client binds, would, or cannot. */
static bool read_binding_flag(Exchange *exchange, Text *rest, Fault *fault)
{
    static const char type[] = "p=tls-server-end-point";
    char flag = rest->length > 0 ? rest->data[0] : 0;
    uint32_t used = 1;
    if (flag == 'p') {
        if (!exchange->binds)
            return malformed(fault, "The client selected SCRAM-SHA-256 without channel binding, "
                                    "but the SCRAM message includes channel binding data.");
        used = sizeof type - 1;
        if (rest->length < used || memcmp(rest->data, type, used) != 0)
            return fault_set(fault, FAULT_PROTOCOL_VIOLATION,
                             "unsupported SCRAM channel-binding type");
    } else if (flag == 'n' || flag == 'y') {
        if (exchange->binds)
            return malformed(fault, "The client selected SCRAM-SHA-256-PLUS, but the SCRAM "
                                    "message does not include channel binding data.");
        /* It can bind and thinks that we cannot, though we offered: somebody in between has
         * taken the offer away. */
        if (flag == 'y' && exchange->offers_binding)
            return fault_set(fault, FAULT_INVALID_AUTHORIZATION,
                             "SCRAM channel binding negotiation error");
    } else {
        return malformed(fault, "Unexpected channel-binding flag.");
    }
    if (rest->length <= used || rest->data[used] != ',')
        return malformed(fault, "Comma expected.");
    *rest = (Text){.data = rest->data + used + 1, .length = rest->length - used - 1};
    return true;
}

static bool read_header(Exchange *exchange, Text message, Text *bare, Fault *fault)
{
    Text rest = message;
    if (!read_binding_flag(exchange, &rest, fault))
        return false;
    if (rest.length > 0 && rest.data[0] == 'a')
        return fault_set(fault, FAULT_FEATURE_NOT_SUPPORTED,
                         "client uses authorization identity, but it is not supported");
    if (rest.length == 0 || rest.data[0] != ',')
        return malformed(fault, "Unexpected attribute in client-first-message.");
    *bare = (Text){.data = rest.data + 1, .length = rest.length - 1};
    append(&exchange->header,
           (Text){.data = message.data, .length = message.length - bare->length});
    return true;
}

/* The name in the message is not looked at: the startup packet's counts, as PostgreSQL has it. */
static bool read_bare(Exchange *exchange, Text bare, Fault *fault)
{
    Text rest = bare, name, nonce;
    if (rest.length > 0 && rest.data[0] == 'm')
        return fault_set(fault, FAULT_FEATURE_NOT_SUPPORTED,
                         "client requires an unsupported SCRAM extension");
    if (!expect_attribute(&rest, 'n', &name, fault) ||
        !expect_attribute(&rest, 'r', &nonce, fault))
        return false;
    if (!is_printable(nonce))
        return fault_set(fault, FAULT_PROTOCOL_VIOLATION, "non-printable characters in SCRAM nonce");
    append(&exchange->first_bare, bare);
    append(&exchange->nonce, nonce);
    return true;
}

bool exchange_first(Exchange *exchange, Text mechanism, Text message, Buffer *out, Fault *fault)
{
    Text bare = {.data = "", .length = 0};
    if (!choose_mechanism(exchange, mechanism, fault) ||
        !read_header(exchange, message, &bare, fault) || !read_bare(exchange, bare, fault))
        return false;
    uint8_t random[EXCHANGE_NONCE_BYTES];
    os_random(random, sizeof random);
    scram_base64_append(&exchange->nonce, random, sizeof random);
    Buffer *first = &exchange->server_first;
    buffer_append_string(first, "r=");
    append(first, text_in(&exchange->nonce));
    buffer_append_string(first, ",s=");
    scram_base64_append(first, exchange->verifier.salt, exchange->verifier.salt_length);
    buffer_printf(first, ",i=%u", exchange->verifier.iterations);
    append(out, text_in(first));
    return true;
}

/* ---------- the client's final message ---------- */

/* c= must be the header of the first message, and what is bound to, again. */
static bool check_binding(const Exchange *exchange, Text value, Fault *fault)
{
    Buffer expected = BUFFER_EMPTY, encoded = BUFFER_EMPTY;
    append(&expected, text_in(&exchange->header));
    if (exchange->binds)
        append(&expected, exchange->end_point);
    scram_base64_append(&encoded, expected.data, expected.length);
    bool same = text_equal(text_in(&encoded), value);
    buffer_clear(&expected);
    buffer_clear(&encoded);
    if (same)
        return true;
    if (exchange->binds)
        return fault_set(fault, FAULT_INVALID_AUTHORIZATION, "SCRAM channel binding check failed");
    return fault_set(fault, FAULT_PROTOCOL_VIOLATION,
                     "unexpected SCRAM channel-binding attribute in client-final-message");
}

static bool read_final(const Exchange *exchange, Text message, Text *without_proof,
                       uint8_t proof[SCRAM_KEY_SIZE], Fault *fault)
{
    Text rest = message, binding, nonce, value;
    char name = 0;
    size_t length;
    if (!expect_attribute(&rest, 'c', &binding, fault) ||
        !expect_attribute(&rest, 'r', &nonce, fault))
        return false;
    /* extensions may stand between, and mean nothing to us */
    *without_proof = (Text){.data = message.data, .length = message.length - rest.length};
    while (next_attribute(&rest, &name, &value) && name != 'p')
        *without_proof = (Text){.data = message.data, .length = message.length - rest.length};
    if (name != 'p' || rest.length != 0)
        return malformed(fault, "The proof is missing, or something follows it.");
    if (!scram_base64_read(value, proof, SCRAM_KEY_SIZE, &length) || length != SCRAM_KEY_SIZE)
        return malformed(fault, "Malformed proof in client-final-message.");
    without_proof->length--; /* the comma before p= */
    if (!check_binding(exchange, binding, fault))
        return false;
    return text_equal(nonce, text_in(&exchange->nonce)) ||
           fault_set(fault, FAULT_PROTOCOL_VIOLATION, "invalid SCRAM response (nonce does not match)");
}

static void make_auth_message(const Exchange *exchange, Text without_proof, Buffer *out)
{
    append(out, text_in(&exchange->first_bare));
    buffer_append_byte(out, ',');
    append(out, text_in(&exchange->server_first));
    buffer_append_byte(out, ',');
    append(out, without_proof);
}

/* H(proof XOR HMAC(StoredKey, message)) = StoredKey */
static bool proves(const Exchange *exchange, const uint8_t proof[SCRAM_KEY_SIZE], Text message)
{
    uint8_t key[SCRAM_KEY_SIZE], hash[SCRAM_KEY_SIZE];
    scram_hmac(exchange->verifier.stored_key, SCRAM_KEY_SIZE, message, key);
    for (size_t i = 0; i < SCRAM_KEY_SIZE; i++)
        key[i] ^= proof[i];
    scram_hash((Text){.data = (const char *)key, .length = SCRAM_KEY_SIZE}, hash);
    return scram_equal(hash, exchange->verifier.stored_key, SCRAM_KEY_SIZE);
}

bool exchange_final(Exchange *exchange, Text message, Buffer *out, bool *is_right, Fault *fault)
{
    uint8_t proof[SCRAM_KEY_SIZE], signature[SCRAM_KEY_SIZE];
    Text without_proof;
    *is_right = false;
    if (!read_final(exchange, message, &without_proof, proof, fault))
        return false;
    Buffer all = BUFFER_EMPTY;
    make_auth_message(exchange, without_proof, &all);
    bool is_proof = proves(exchange, proof, text_in(&all));
    *is_right = is_proof && !exchange->is_doomed;
    if (*is_right) {
        scram_hmac(exchange->verifier.server_key, SCRAM_KEY_SIZE, text_in(&all), signature);
        buffer_append_string(out, "v=");
        scram_base64_append(out, signature, SCRAM_KEY_SIZE);
    }
    buffer_clear(&all);
    return true;
}
