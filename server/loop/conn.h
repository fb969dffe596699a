/*
 * Connections: a non-blocking stream socket with what has come in and what is to go out.
 *
 * Input is kept in one buffer that is given back when empty, so that an idle connection holds
 * none. Output is a chain: short messages gather in a buffer, large pieces that belong to
 * somebody else (rows in a frame) are queued in place and handed back when they have left. All
 * is written with one sendmsg at the end of a turn.
 *
 * With conn_start_tls the same goes through TLS: what was received before it cannot be mistaken
 * for what came after, since TLS is only begun on a connection that has no input left.
 */
#ifndef TALARIA_SERVER_LOOP_CONN_H
#define TALARIA_SERVER_LOOP_CONN_H

#include "base/memory/buffer.h"
#include "server/loop/loop.h"
#include "server/loop/tls.h"

typedef struct Conn Conn;

typedef struct ConnEvents {
    /* Bytes came, or the peer will send no more (conn_at_end). */
    void (*readable)(void *state);
    /* Output that had been held up got below CONN_OUT_LOW, or is all gone. */
    void (*drained)(void *state);
    /* The socket is broken: nothing can be sent. Told once, at the end of a turn. */
    void (*broken)(void *state);
} ConnEvents;

enum {
    CONN_OUT_HIGH = 768 << 10, /* above this, who produces should wait */
    CONN_OUT_LOW = 256 << 10,
    CONN_COPY_BELOW = 4096, /* shorter pieces are copied: cheaper than an entry of their own */
};

/* A piece of output that somebody else owns; `left` is told once when it has left (or will never
 * leave, since the connection is closed). */
typedef struct ConnPiece {
    struct ConnPiece *next;
    const uint8_t *data;
    size_t length;
    void (*left)(struct ConnPiece *piece);
} ConnPiece;

struct Conn {
    Loop *loop;
    int fd;
    const ConnEvents *events;
    void *state;
    LoopWatch watch;
    LoopTask flush;
    Buffer in;
    size_t in_start;         /* bytes of `in` that have been used */
    bool is_reading, at_end, is_broken, was_full, broken_told;
    bool looks_first;        /* before the first byte is read it is looked at */
    bool begins_with_tls;    /* it was the first byte of a TLS handshake, and is still unread */
    bool is_shaking_hands, tls_read_wants_write, tls_write_wants_read;
    void *tls;               /* SSL *; NULL: in the clear */
    TlsContext *tls_context;
    LoopTask more;           /* reads what TLS has kept */
    ConnPiece *first, *last; /* before `tail` */
    size_t first_sent;       /* bytes of *first that have left */
    Buffer tail;
    size_t tail_sent;        /* bytes of `tail` that have left */
    size_t tail_counted;     /* bytes of `tail` that are in `queued` or have left */
    size_t queued;           /* bytes that have not left, pieces and tail */
};

/* Takes over `fd` (already non-blocking); reads at once. */
void conn_init(Conn *conn, Loop *loop, int fd, const ConnEvents *events, void *state);
/* Closes the socket and gives everything back. */
void conn_clear(Conn *conn);
/* No more will be sent: tells the peer. */
void conn_shut_down(Conn *conn);

/* --- TLS --- */
/* Whether the peer's first byte begins a TLS handshake; it is not in the input. */
bool conn_begins_with_tls(const Conn *conn);
/*
 * From here on TLS, with this end as the server. Sends what is queued, and then `answer`
 * (PostgreSQL's 'S'; 0: nothing), in the clear first. `readable` is told when the handshake is
 * over and input has come. False: there was unread input, or the output could not be sent at
 * once: the connection is not to be trusted.
 */
bool conn_start_tls(Conn *conn, TlsContext *context, char answer);
bool conn_is_encrypted(const Conn *conn); /* the handshake is over */
TlsContext *conn_tls_context(const Conn *conn);
/* "TLSv1.3", the cipher's name, its bits; "" and 0 in the clear. */
const char *conn_tls_version(const Conn *conn);
const char *conn_tls_cipher(const Conn *conn);
int conn_tls_bits(const Conn *conn);
/* Whether ALPN has agreed on "postgresql". */
bool conn_has_protocol(const Conn *conn);
/* Whether the peer has shown a certificate that our authorities vouch for, and the common name in
 * it ("" when it has none). */
bool conn_peer_certificate(const Conn *conn, char name[TLS_NAME_SIZE]);

/* --- input --- */
const uint8_t *conn_input(const Conn *conn, size_t *available);
void conn_used(Conn *conn, size_t length);
/* Whether to read on. While paused the end of the stream goes unnoticed. */
void conn_read_more(Conn *conn, bool on);

/* --- output --- */
/* The buffer to append short messages to; then conn_written. */
Buffer *conn_out(Conn *conn);
/* After appending to conn_out: counts it, and sends it at the end of this turn. */
void conn_written(Conn *conn);
/* Queues a piece in place. `piece` is its owner's until `left` is called. */
void conn_queue_piece(Conn *conn, ConnPiece *piece);
/* Whether producers should wait for `drained`. Asking arms the event. */
bool conn_is_full(Conn *conn);
/* Sends what the socket takes, now. */
void conn_flush(Conn *conn);

#endif
