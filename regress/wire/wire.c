/*
 * See wire.h.
 */
#include "regress/wire/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct {
    char error[4096]; /* field letter, text, zero, ... */
    char value[256], tag[128];
    uint64_t rows;
    struct {
        char name[64], value[256];
    } parameters[64];
    int parameter_count;
} seen;

static void give_up(const char *what)
{
    fprintf(stderr, "wire: %s: %s\n", what, strerror(errno));
    exit(2);
}

/* ---------- connecting ---------- */

static int connect_to(const WireTarget *target)
{
    if (target->path != NULL) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        snprintf(address.sun_path, sizeof address.sun_path, "%s", target->path);
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
            give_up(target->path);
        return fd;
    }
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)target->port)};
    inet_pton(AF_INET, target->host, &address.sin_addr);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
        give_up(target->host);
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

Wire *wire_connect(const WireTarget *target)
{
    Wire *wire = calloc(1, sizeof *wire);
    if (wire == NULL)
        give_up("memory");
    wire->fd = connect_to(target);
    return wire;
}

void wire_close(Wire *wire)
{
    close(wire->fd);
    buffer_clear(&wire->in);
    buffer_clear(&wire->out);
    buffer_clear(&wire->message);
    free(wire);
}

Wire *wire_start(const WireTarget *target, const char *const *more)
{
    const char *pairs[64] = {"user", "wire"};
    size_t count = 2;
    for (; more != NULL && *more != NULL && count < 62; more++)
        pairs[count++] = *more;
    pairs[count] = NULL;
    Wire *wire = wire_connect(target);
    wire_startup(wire, pairs);
    wire_flush(wire);
    wire_until_ready(wire);
    return wire;
}

/* ---------- sending ---------- */

void wire_send(Wire *wire, const void *data, size_t length)
{
    const char *at = data;
    while (length > 0) {
        ssize_t sent = send(wire->fd, at, length, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return; /* the server has closed: what it said before is there to be read */
        at += sent;
        length -= (size_t)sent;
    }
}

void wire_begin(Wire *wire, char letter)
{
    if (letter != 0)
        buffer_append_byte(&wire->out, (uint8_t)letter);
    wire->mark = wire->out.length;
    buffer_append_zeros(&wire->out, 4);
}

void wire_put_string(Wire *wire, const char *s)
{
    buffer_append(&wire->out, s, strlen(s) + 1);
}

void wire_put_u16(Wire *wire, uint16_t value)
{
    buffer_append_u16be(&wire->out, value);
}

void wire_put_u32(Wire *wire, uint32_t value)
{
    buffer_append_u32be(&wire->out, value);
}

void wire_put_byte(Wire *wire, char byte)
{
    buffer_append_byte(&wire->out, (uint8_t)byte);
}

void wire_put(Wire *wire, const void *data, size_t length)
{
    buffer_append(&wire->out, data, length);
}

void wire_end(Wire *wire)
{
    uint32_t length = htonl((uint32_t)(wire->out.length - wire->mark));
    memcpy(wire->out.data + wire->mark, &length, 4);
}

void wire_flush(Wire *wire)
{
    wire_send(wire, wire->out.data, wire->out.length);
    buffer_reset(&wire->out);
}

void wire_startup(Wire *wire, const char *const *pairs)
{
    wire_begin(wire, 0);
    wire_put_u32(wire, 3 << 16);
    for (; *pairs != NULL; pairs++)
        wire_put_string(wire, *pairs);
    wire_put_byte(wire, 0);
    wire_end(wire);
}

void wire_query(Wire *wire, const char *text)
{
    wire_begin(wire, 'Q');
    wire_put_string(wire, text);
    wire_end(wire);
    wire_flush(wire);
}

void wire_parse(Wire *wire, const char *name, const char *text, int type_count,
                const uint32_t *types)
{
    wire_begin(wire, 'P');
    wire_put_string(wire, name);
    wire_put_string(wire, text);
    wire_put_u16(wire, (uint16_t)type_count);
    for (int i = 0; i < type_count; i++)
        wire_put_u32(wire, types[i]);
    wire_end(wire);
}

void wire_bind(Wire *wire, const char *portal, const char *statement, int count,
               const char *const *values)
{
    wire_begin(wire, 'B');
    wire_put_string(wire, portal);
    wire_put_string(wire, statement);
    wire_put_u16(wire, 0);
    wire_put_u16(wire, (uint16_t)count);
    for (int i = 0; i < count; i++) {
        if (values[i] == NULL) {
            wire_put_u32(wire, UINT32_MAX);
            continue;
        }
        wire_put_u32(wire, (uint32_t)strlen(values[i]));
        wire_put(wire, values[i], strlen(values[i]));
    }
    wire_put_u16(wire, 0);
    wire_end(wire);
}

void wire_describe(Wire *wire, char what, const char *name)
{
    wire_begin(wire, 'D');
    wire_put_byte(wire, what);
    wire_put_string(wire, name);
    wire_end(wire);
}

void wire_execute(Wire *wire, const char *portal, uint32_t limit)
{
    wire_begin(wire, 'E');
    wire_put_string(wire, portal);
    wire_put_u32(wire, limit);
    wire_end(wire);
}

void wire_close_named(Wire *wire, char what, const char *name)
{
    wire_begin(wire, 'C');
    wire_put_byte(wire, what);
    wire_put_string(wire, name);
    wire_end(wire);
}

void wire_simple(Wire *wire, char letter)
{
    wire_begin(wire, letter);
    wire_end(wire);
}

void wire_sync(Wire *wire)
{
    wire_simple(wire, 'S');
    wire_flush(wire);
}

/* ---------- receiving ---------- */

/* False: the end, or nothing for so long. */
static bool read_more(Wire *wire, int patience_ms, int *why)
{
    struct pollfd ready = {.fd = wire->fd, .events = POLLIN};
    int count = poll(&ready, 1, patience_ms);
    *why = WIRE_NOTHING;
    if (count <= 0)
        return false;
    uint8_t *room = buffer_reserve(&wire->in, 65536);
    ssize_t got = recv(wire->fd, room, 65536, 0);
    *why = WIRE_END;
    if (got <= 0)
        return false;
    wire->in.length += (size_t)got;
    return true;
}

static uint32_t u32_at(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

int wire_next(Wire *wire, int patience_ms)
{
    int why;
    size_t left, total = 0;
    for (;;) {
        left = wire->in.length - wire->taken;
        if (left >= 5)
            total = 1 + (size_t)u32_at(wire->in.data + wire->taken + 1);
        if (left >= 5 && left >= total)
            break;
        buffer_consume(&wire->in, wire->taken);
        wire->taken = 0;
        if (!read_more(wire, patience_ms, &why))
            return why;
    }
    const uint8_t *message = wire->in.data + wire->taken;
    buffer_reset(&wire->message);
    buffer_append(&wire->message, message + 5, total - 5);
    buffer_string(&wire->message);
    wire->taken += total;
    return message[0];
}

static void note_parameter(const Buffer *message)
{
    const char *name = (const char *)message->data;
    const char *value = name + strlen(name) + 1;
    int i = 0;
    while (i < seen.parameter_count && strcmp(seen.parameters[i].name, name) != 0)
        i++;
    if (i == 64)
        return;
    if (i == seen.parameter_count)
        seen.parameter_count++;
    snprintf(seen.parameters[i].name, sizeof seen.parameters[i].name, "%s", name);
    snprintf(seen.parameters[i].value, sizeof seen.parameters[i].value, "%s", value);
}

static void note_row(const Buffer *message)
{
    seen.rows++;
    seen.value[0] = 0;
    if (message->length < 6)
        return;
    uint32_t length = u32_at(message->data + 2);
    if (length == UINT32_MAX)
        snprintf(seen.value, sizeof seen.value, "(null)");
    else if (length <= message->length - 6)
        snprintf(seen.value, sizeof seen.value, "%.*s", (int)length, message->data + 6);
}

static void note(Wire *wire, int letter)
{
    const Buffer *message = &wire->message;
    size_t kept = message->length < sizeof seen.error - 1 ? message->length : sizeof seen.error - 1;
    switch (letter) {
    case 'S':
        note_parameter(message);
        break;
    case 'D':
        note_row(message);
        break;
    case 'C':
        snprintf(seen.tag, sizeof seen.tag, "%s", (const char *)message->data);
        break;
    case 'E':
        memset(seen.error, 0, sizeof seen.error);
        memcpy(seen.error, message->data, kept);
        break;
    case 'K':
        wire->process_id = u32_at(message->data);
        wire->key = u32_at(message->data + 4);
        break;
    case 'Z':
        wire->status = (char)message->data[0];
        break;
    default:
        break;
    }
}

const char *wire_until(Wire *wire, const char *letters)
{
    static char results[4][4096];
    static int turn;
    char *result = results[turn++ % 4];
    size_t used = 0;
    uint64_t run = 0;
    seen.rows = 0;
    memset(seen.error, 0, sizeof seen.error);
    for (;;) {
        int letter = wire_next(wire, WIRE_PATIENCE_MS);
        if (letter > 0)
            note(wire, letter);
        if (letter == 'S' || letter == 'N')
            continue;
        if (letter == 'D') {
            run++;
            continue;
        }
        if (run > 0)
            used += (size_t)snprintf(result + used, 4096 - used, "D*%llu ", (unsigned long long)run);
        run = 0;
        bool last = letter < 0 || strchr(letters, letter) != NULL;
        char shown = letter == WIRE_END ? '.' : letter == WIRE_NOTHING ? '?' : (char)letter;
        if (used < 4000)
            used += (size_t)snprintf(result + used, 4096 - used, last ? "%c" : "%c ", shown);
        if (last)
            return result;
    }
}

const char *wire_until_ready(Wire *wire)
{
    return wire_until(wire, "Z");
}

const char *wire_error_field(char field)
{
    const char *at = seen.error;
    while (*at != 0) {
        if (*at == field)
            return at + 1;
        at += strlen(at) + 1;
    }
    return "";
}

const char *wire_last_value(void)
{
    return seen.value;
}

const char *wire_last_tag(void)
{
    return seen.tag;
}

const char *wire_parameter(const char *name)
{
    for (int i = 0; i < seen.parameter_count; i++) {
        if (strcmp(seen.parameters[i].name, name) == 0)
            return seen.parameters[i].value;
    }
    return "";
}

uint64_t wire_rows_seen(void)
{
    return seen.rows;
}
