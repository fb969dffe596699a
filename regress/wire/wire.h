/*
 * A client of PostgreSQL's protocol made of bytes: it sends what it is told, well-formed or not,
 * and gives back what comes, message by message. No libpq, so that it can also do what no
 * client does.
 */
#ifndef TALARIA_REGRESS_WIRE_WIRE_H
#define TALARIA_REGRESS_WIRE_WIRE_H

#include "base/memory/buffer.h"

#include <stdbool.h>

/* Where the server is: a Unix socket when `path` is not NULL, else host and port. */
typedef struct WireTarget {
    const char *path;
    const char *host;
    int port;
} WireTarget;

typedef struct Wire {
    int fd;
    Buffer in;      /* what has come */
    size_t taken;   /* bytes of it that were taken as messages */
    Buffer out;     /* a message being made */
    Buffer message; /* the last one taken: its body, ended with a zero byte */
    size_t mark;
    uint32_t process_id, key;
    char status;    /* of the last ReadyForQuery */
} Wire;

enum { WIRE_PATIENCE_MS = 10000, WIRE_END = -1, WIRE_NOTHING = -2 };

/* Connects, without a word. The program ends when it cannot. */
Wire *wire_connect(const WireTarget *target);
void wire_close(Wire *wire);
/* Connects and starts a session (user "wire") up to ReadyForQuery; `more` are pairs of startup
 * parameters behind the user, ended by NULL, or NULL. */
Wire *wire_start(const WireTarget *target, const char *const *more);

/* --- sending --- */
void wire_send(Wire *wire, const void *data, size_t length);
void wire_begin(Wire *wire, char letter); /* 0: no letter (a startup packet) */
void wire_put_string(Wire *wire, const char *s);
void wire_put_u16(Wire *wire, uint16_t value);
void wire_put_u32(Wire *wire, uint32_t value);
void wire_put_byte(Wire *wire, char byte);
void wire_put(Wire *wire, const void *data, size_t length);
/* Ends the message; it stays in `out` until wire_flush, so several leave together. */
void wire_end(Wire *wire);
void wire_flush(Wire *wire);

void wire_startup(Wire *wire, const char *const *pairs); /* protocol 3.0; not flushed */
void wire_query(Wire *wire, const char *text);           /* flushed */
void wire_parse(Wire *wire, const char *name, const char *text, int type_count,
                const uint32_t *types);
/* Text parameters; NULL among them is NULL. */
void wire_bind(Wire *wire, const char *portal, const char *statement, int count,
               const char *const *values);
void wire_describe(Wire *wire, char what, const char *name);
void wire_execute(Wire *wire, const char *portal, uint32_t limit);
void wire_close_named(Wire *wire, char what, const char *name);
void wire_sync(Wire *wire); /* flushed */
void wire_simple(Wire *wire, char letter); /* a message without a body; not flushed */

/* --- receiving --- */
/* The next message's letter; its body is in `message`. WIRE_END: the server closed; WIRE_NOTHING:
 * nothing came for `patience_ms`. */
int wire_next(Wire *wire, int patience_ms);
/* The letters up to and with ReadyForQuery (or the end of the connection, shown as '.'), without
 * ParameterStatus and NoticeResponse. In one of four static buffers. DataRow runs are shown as D*n. */
const char *wire_until_ready(Wire *wire);
/* As that, up to any of `letters`. */
const char *wire_until(Wire *wire, const char *letters);
/* A field of the last ErrorResponse seen by wire_until...; "" when it had none. */
const char *wire_error_field(char field);
/* The first column of the last DataRow seen, as text; "(null)". */
const char *wire_last_value(void);
/* The last CommandComplete's tag. */
const char *wire_last_tag(void);
/* The value of the last ParameterStatus with that name seen by anyone; "" none. */
const char *wire_parameter(const char *name);
uint64_t wire_rows_seen(void); /* DataRows since the last wire_until... began */

#endif
