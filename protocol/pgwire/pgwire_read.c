/*
 * Client messages: bytes to structs. See pgwire.h. The formats are those of PostgreSQL's manual,
 * chapter "Frontend/Backend Protocol", section "Message Formats".
 *
 * Everything goes through a Cursor: the first read that does not fit sets `failed` and from then
 * on every read gives nothing, so a message is read in one piece and judged once.
 */
#include "protocol/pgwire/pgwire.h"

#include "base/memory/checked.h"

#include <string.h>

enum {
    VERSION_CANCEL = 80877102,
    VERSION_SSL = 80877103,
    VERSION_GSSENC = 80877104,
    SUPPORTED_MAJOR = 3,
    CANCEL_PACKET = 12, /* without the key */
    LEAST_KEY = 4,
};

typedef struct Cursor {
    const uint8_t *at, *end;
    bool failed;
} Cursor;

static uint16_t be16(const uint8_t *p)
{
    return __builtin_bswap16(read_u16(p));
}

static uint32_t be32(const uint8_t *p)
{
    return __builtin_bswap32(read_u32(p));
}

static const uint8_t *take(Cursor *cursor, size_t length)
{
    if (cursor->failed || (size_t)(cursor->end - cursor->at) < length) {
        cursor->failed = true;
        return NULL;
    }
    const uint8_t *at = cursor->at;
    cursor->at += length;
    return at;
}

static uint16_t take_u16(Cursor *cursor)
{
    const uint8_t *p = take(cursor, 2);
    return p == NULL ? 0 : be16(p);
}

static uint32_t take_u32(Cursor *cursor)
{
    const uint8_t *p = take(cursor, 4);
    return p == NULL ? 0 : be32(p);
}

static Text take_string(Cursor *cursor)
{
    size_t left = (size_t)(cursor->end - cursor->at);
    const uint8_t *mark = cursor->failed || left == 0 ? NULL : memchr(cursor->at, 0, left);
    if (mark == NULL) {
        cursor->failed = true;
        return (Text){.data = "", .length = 0};
    }
    Text text = {.data = (const char *)cursor->at, .length = (uint32_t)(mark - cursor->at)};
    cursor->at = mark + 1;
    return text;
}

static Text since(const Cursor *cursor, const uint8_t *start)
{
    if (cursor->failed)
        return (Text){.data = "", .length = 0};
    return (Text){.data = (const char *)start, .length = (uint32_t)(cursor->at - start)};
}

/* ---------- start-up ---------- */

bool pgwire_startup_length(const uint8_t *data, size_t available, size_t *total, Fault *fault)
{
    *total = 0;
    if (available < 4)
        return true;
    uint32_t length = be32(data);
    if (length < 8 || length > PGWIRE_STARTUP_LIMIT)
        return fault_set(fault, FAULT_PROTOCOL_VIOLATION, "invalid length of startup packet");
    *total = length;
    return true;
}

static bool has_whole_pairs(Text parameters)
{
    Text rest = parameters, name, value;
    while (pgwire_next_parameter(&rest, &name, &value))
        continue;
    /* Walked to the empty name that ends the list, with nothing behind it. */
    return rest.length == 1 && rest.data[0] == 0;
}

bool pgwire_startup_read(const uint8_t *data, size_t length, PgwireStartup *startup, Fault *fault)
{
    memset(startup, 0, sizeof *startup);
    if (length < 8 || length > PGWIRE_STARTUP_LIMIT || be32(data) != length)
        return fault_set(fault, FAULT_PROTOCOL_VIOLATION, "invalid length of startup packet");
    uint32_t version = be32(data + 4);
    if (version == VERSION_SSL || version == VERSION_GSSENC) {
        startup->kind = version == VERSION_SSL ? PGWIRE_SSL_REQUEST : PGWIRE_GSSENC_REQUEST;
        return length == 8 || fault_set(fault, FAULT_PROTOCOL_VIOLATION,
                                        "invalid length of encryption request");
    }
    if (version == VERSION_CANCEL) {
        startup->kind = PGWIRE_CANCEL_REQUEST;
        if (length < CANCEL_PACKET + LEAST_KEY || length > CANCEL_PACKET + PGWIRE_MOST_KEY)
            return fault_set(fault, FAULT_PROTOCOL_VIOLATION, "invalid length of cancel request");
        startup->process_id = be32(data + 8);
        startup->key = (Text){.data = (const char *)data + CANCEL_PACKET,
                              .length = (uint32_t)(length - CANCEL_PACKET)};
        return true;
    }
    startup->kind = PGWIRE_STARTUP;
    startup->major = (uint16_t)(version >> 16);
    startup->minor = (uint16_t)(version & 0xffff);
    if (startup->major != SUPPORTED_MAJOR)
        return fault_set(fault, FAULT_FEATURE_NOT_SUPPORTED,
                         "unsupported frontend protocol %u.%u: server supports 3.0 to 3.%d",
                         startup->major, startup->minor, PGWIRE_NEWEST_MINOR);
    startup->parameters =
        (Text){.data = (const char *)data + 8, .length = (uint32_t)(length - 8)};
    if (!has_whole_pairs(startup->parameters))
        return fault_set(fault, FAULT_PROTOCOL_VIOLATION,
                         "invalid startup packet layout: expected terminator as last byte");
    return true;
}

bool pgwire_next_parameter(Text *rest, Text *name, Text *value)
{
    Cursor cursor = {.at = (const uint8_t *)rest->data,
                     .end = (const uint8_t *)rest->data + rest->length};
    Text first = take_string(&cursor);
    if (cursor.failed || first.length == 0)
        return false;
    Text second = take_string(&cursor);
    if (cursor.failed)
        return false;
    *name = first;
    *value = second;
    *rest = (Text){.data = (const char *)cursor.at, .length = (uint32_t)(cursor.end - cursor.at)};
    return true;
}

/* ---------- authentication ---------- */

bool pgwire_sasl_initial(Text body, Text *mechanism, Text *response, bool *has_response,
                         Fault *fault)
{
    Cursor cursor = {.at = (const uint8_t *)body.data,
                     .end = (const uint8_t *)body.data + body.length};
    *mechanism = take_string(&cursor);
    uint32_t length = take_u32(&cursor);
    *has_response = length != UINT32_MAX;
    const uint8_t *at = take(&cursor, *has_response ? length : 0);
    *response = since(&cursor, at != NULL ? at : cursor.at);
    return (!cursor.failed && cursor.at == cursor.end) ||
           fault_set(fault, FAULT_PROTOCOL_VIOLATION, "invalid SASL response message");
}

bool pgwire_password(Text body, Text *password, Fault *fault)
{
    Cursor cursor = {.at = (const uint8_t *)body.data,
                     .end = (const uint8_t *)body.data + body.length};
    *password = take_string(&cursor);
    return (!cursor.failed && cursor.at == cursor.end) ||
           fault_set(fault, FAULT_PROTOCOL_VIOLATION, "invalid password packet size");
}

/* ---------- ordinary messages ---------- */

typedef struct ClientKind {
    uint8_t letter;
    uint32_t limit;
    const char *name;
} ClientKind;

static const ClientKind client_kinds[PGWIRE_CLIENT_KIND_COUNT] = {
#define PGWIRE_CLIENT(symbol, letter, name, limit)                                                 \
    [PGWIRE_CLIENT_##symbol] = {letter, limit, name},
#include "protocol/pgwire/messages.def"
};

const char *pgwire_client_name(PgwireClientKind kind)
{
    return client_kinds[kind].name;
}

static bool find_kind(uint8_t letter, PgwireClientKind *kind, Fault *fault)
{
    for (int i = 0; i < PGWIRE_CLIENT_KIND_COUNT; i++) {
        if (client_kinds[i].letter == letter) {
            *kind = (PgwireClientKind)i;
            return true;
        }
    }
    return fault_set(fault, FAULT_PROTOCOL_VIOLATION, "invalid frontend message type %u", letter);
}

bool pgwire_message_length(const uint8_t *data, size_t available, bool is_authenticated,
                           size_t *total, Fault *fault)
{
    *total = 0;
    if (available < 1)
        return true;
    PgwireClientKind kind = PGWIRE_CLIENT_KIND_COUNT;
    if (!find_kind(data[0], &kind, fault))
        return false;
    if (available < 5)
        return true;
    uint32_t length = be32(data + 1);
    uint32_t limit = is_authenticated ? client_kinds[kind].limit : PGWIRE_SMALL_MESSAGE;
    if (length < 4 || length > limit)
        return fault_set(fault, FAULT_PROTOCOL_VIOLATION, "invalid message length");
    *total = (size_t)length + 1;
    return true;
}

static void read_parse(Cursor *cursor, PgwireMessage *message)
{
    message->parse.name = take_string(cursor);
    message->parse.text = take_string(cursor);
    message->parse.type_count = take_u16(cursor);
    message->parse.types = take(cursor, (size_t)message->parse.type_count * 4);
}

/* A format list as Bind has it: a count, then so many int16 that are 0 or 1. */
static uint16_t take_formats(Cursor *cursor)
{
    uint16_t count = take_u16(cursor);
    for (uint16_t i = 0; i < count && !cursor->failed; i++) {
        if (take_u16(cursor) > 1)
            cursor->failed = true;
    }
    return count;
}

static void take_values(Cursor *cursor, uint16_t count)
{
    for (uint16_t i = 0; i < count && !cursor->failed; i++) {
        int32_t length = (int32_t)take_u32(cursor);
        if (length < -1)
            cursor->failed = true;
        else if (length > 0)
            take(cursor, (size_t)length);
    }
}

static void read_bind(Cursor *cursor, PgwireMessage *message)
{
    message->bind.portal = take_string(cursor);
    message->bind.statement = take_string(cursor);
    const uint8_t *start = cursor->at;
    message->bind.parameter_format_count = take_formats(cursor);
    message->bind.parameter_count = take_u16(cursor);
    take_values(cursor, message->bind.parameter_count);
    message->bind.parameters = since(cursor, start);
    start = cursor->at;
    message->bind.result_format_count = take_formats(cursor);
    message->bind.result_formats = since(cursor, start);
}

static void read_target(Cursor *cursor, PgwireMessage *message)
{
    const uint8_t *what = take(cursor, 1);
    message->target.what = what == NULL ? 0 : (char)*what;
    if (message->target.what != 'S' && message->target.what != 'P')
        cursor->failed = true;
    message->target.name = take_string(cursor);
}

static void read_execute(Cursor *cursor, PgwireMessage *message)
{
    message->execute.portal = take_string(cursor);
    int32_t limit = (int32_t)take_u32(cursor);
    /* PostgreSQL takes a negative limit for none. */
    message->execute.limit = limit < 0 ? 0 : (uint32_t)limit;
}

static void read_bytes(Cursor *cursor, PgwireMessage *message)
{
    const uint8_t *start = cursor->at;
    take(cursor, (size_t)(cursor->end - cursor->at));
    message->bytes = since(cursor, start);
}

static void read_fields(Cursor *cursor, PgwireMessage *message)
{
    switch (message->kind) {
    case PGWIRE_CLIENT_QUERY:
        message->query = take_string(cursor);
        break;
    case PGWIRE_CLIENT_PARSE:
        read_parse(cursor, message);
        break;
    case PGWIRE_CLIENT_BIND:
        read_bind(cursor, message);
        break;
    case PGWIRE_CLIENT_DESCRIBE:
    case PGWIRE_CLIENT_CLOSE:
        read_target(cursor, message);
        break;
    case PGWIRE_CLIENT_EXECUTE:
        read_execute(cursor, message);
        break;
    case PGWIRE_CLIENT_FLUSH:
    case PGWIRE_CLIENT_SYNC:
    case PGWIRE_CLIENT_COPY_DONE:
        break;
    case PGWIRE_CLIENT_TERMINATE:
    case PGWIRE_CLIENT_FUNCTION_CALL:
    case PGWIRE_CLIENT_COPY_DATA:
    case PGWIRE_CLIENT_COPY_FAIL:
    case PGWIRE_CLIENT_PASSWORD:
        read_bytes(cursor, message);
        break;
    case PGWIRE_CLIENT_KIND_COUNT:
        cursor->failed = true;
        break;
    }
}

bool pgwire_message_read(const uint8_t *data, size_t length, PgwireMessage *message, Fault *fault)
{
    memset(message, 0, sizeof *message);
    if (length < 5 || (size_t)be32(data + 1) + 1 != length)
        return fault_set(fault, FAULT_PROTOCOL_VIOLATION, "invalid message length");
    if (!find_kind(data[0], &message->kind, fault))
        return false;
    Cursor cursor = {.at = data + 5, .end = data + length};
    read_fields(&cursor, message);
    if (cursor.failed || cursor.at != cursor.end)
        return fault_set(fault, FAULT_PROTOCOL_VIOLATION, "invalid %s message",
                         pgwire_client_name(message->kind));
    return true;
}

uint32_t pgwire_type_at(const uint8_t *types, uint16_t index)
{
    return be32(types + (size_t)index * 4);
}

/* ---------- a Bind's values ---------- */

bool pgwire_parameters_open(Text parameters, PgwireParameters *out, Fault *fault)
{
    memset(out, 0, sizeof *out);
    if (parameters.length == 0)
        return true;
    Cursor cursor = {.at = (const uint8_t *)parameters.data,
                     .end = (const uint8_t *)parameters.data + parameters.length};
    out->format_count = take_formats(&cursor);
    out->count = take_u16(&cursor);
    out->at = cursor.at;
    out->end = cursor.end;
    take_values(&cursor, out->count);
    bool fits = out->format_count <= 1 || out->format_count == out->count;
    if (cursor.failed || cursor.at != cursor.end || !fits) {
        memset(out, 0, sizeof *out);
        return fault_set(fault, FAULT_PROTOCOL_VIOLATION, "invalid parameters of a Bind message");
    }
    out->formats = (const uint8_t *)parameters.data + 2;
    return true;
}

int pgwire_parameter_format(const PgwireParameters *parameters, uint16_t index)
{
    if (parameters->format_count == 0)
        return 0;
    if (parameters->format_count == 1)
        return be16(parameters->formats);
    return index < parameters->format_count ? be16(parameters->formats + (size_t)index * 2) : 0;
}

bool pgwire_parameters_next(PgwireParameters *parameters, Text *value, bool *is_null)
{
    if (parameters->at == parameters->end)
        return false;
    Cursor cursor = {.at = parameters->at, .end = parameters->end};
    int32_t length = (int32_t)take_u32(&cursor);
    *is_null = length < 0;
    const uint8_t *start = take(&cursor, length < 0 ? 0 : (size_t)length);
    if (cursor.failed)
        return false;
    *value = (Text){.data = (const char *)start, .length = length < 0 ? 0 : (uint32_t)length};
    parameters->at = cursor.at;
    return true;
}

int pgwire_result_format(Text result_formats, uint16_t column)
{
    if (result_formats.length < 4)
        return 0;
    const uint8_t *data = (const uint8_t *)result_formats.data;
    uint16_t count = be16(data);
    size_t index = count == 1 ? 0 : column;
    if (index >= count || !checked_range(2 + index * 2, 2, result_formats.length))
        return 0;
    return be16(data + 2 + index * 2);
}
