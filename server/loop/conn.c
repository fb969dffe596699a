/*
 * See conn.h.
 */
#include "server/loop/conn_internal.h"

#include "base/log/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    READ_CHUNK = 64 << 10,
    MOST_READ_A_TURN = 256 << 10, /* so that one client cannot keep the loop to itself */
    MOST_PIECES = 32,             /* entries of a sendmsg */
    MOST_SENT_A_TURN = 4 << 20,
};

static void conn_ready(void *state, bool readable, bool writable);
static void flush_task(void *state);
static void more_task(void *state);
static void read_input(Conn *conn);

void conn_init(Conn *conn, Loop *loop, int fd, const ConnEvents *events, void *state)
{
    memset(conn, 0, sizeof *conn);
    conn->loop = loop;
    conn->fd = fd;
    conn->events = events;
    conn->state = state;
    conn->is_reading = true;
    loop_watch_init(&conn->watch, loop, fd, conn_ready, conn);
    loop_task_init(&conn->flush, loop, flush_task, conn);
    loop_task_init(&conn->more, loop, more_task, conn);
    conn->looks_first = true;
    loop_watch_set(&conn->watch, true, false);
}

static void clear_tail(Conn *conn)
{
    buffer_clear(&conn->tail);
    conn->tail_sent = conn->tail_counted = 0;
}

static void drop_output(Conn *conn)
{
    while (conn->first != NULL) {
        ConnPiece *piece = conn->first;
        conn->first = piece->next;
        piece->left(piece);
    }
    conn->last = NULL;
    conn->first_sent = conn->queued = 0;
    clear_tail(conn);
}

void conn_clear(Conn *conn)
{
    if (conn->fd < 0)
        return;
    loop_task_cancel(&conn->flush);
    loop_task_cancel(&conn->more);
    loop_watch_stop(&conn->watch);
    conn_tls_end(conn);
    close(conn->fd);
    conn->fd = -1;
    conn->is_broken = true;
    drop_output(conn);
    buffer_clear(&conn->in);
}

void conn_shut_down(Conn *conn)
{
    conn_tls_say_goodbye(conn);
    shutdown(conn->fd, SHUT_WR);
}

/* ---------- input ---------- */

const uint8_t *conn_input(const Conn *conn, size_t *available)
{
    *available = conn->in.length - conn->in_start;
    return conn->in.data == NULL ? (const uint8_t *)"" : conn->in.data + conn->in_start;
}

void conn_used(Conn *conn, size_t length)
{
    conn->in_start += length;
    check(conn->in_start <= conn->in.length);
    if (conn->in_start == conn->in.length) {
        buffer_clear(&conn->in);
        conn->in_start = 0;
    }
}

static void watch_again(Conn *conn)
{
    bool read = conn->is_reading && !conn->at_end && !conn->begins_with_tls;
    bool write = conn->queued > 0;
    if (conn->is_shaking_hands) {
        read = !conn->tls_read_wants_write;
        write = conn->tls_read_wants_write;
    } else if (conn->tls != NULL) {
        write = (write && !conn->tls_write_wants_read) || conn->tls_read_wants_write;
        read = read || conn->tls_write_wants_read;
    }
    loop_watch_set(&conn->watch, read && !conn->is_broken, write && !conn->is_broken);
}

void conn_read_more(Conn *conn, bool on)
{
    conn->is_reading = on;
    if (conn->fd < 0)
        return;
    watch_again(conn);
    if (on && conn_tls_has_more(conn))
        loop_task_queue(&conn->more);
}

static void more_task(void *state)
{
    Conn *conn = state;
    if (conn->fd >= 0 && conn->is_reading && !conn->at_end && !conn->is_broken)
        read_input(conn);
}

/* Moves what is left to the front before more is read, so that used bytes are not kept. */
static void compact_input(Conn *conn)
{
    if (conn->in_start == 0)
        return;
    buffer_consume(&conn->in, conn->in_start);
    conn->in_start = 0;
}

/* Reads into memory shared by all connections first: most reads are short, and a connection's
 * own buffer should have their size and not the chunk's. */
static uint8_t read_chunk[READ_CHUNK];

static ssize_t read_some(Conn *conn)
{
    ssize_t got = recv(conn->fd, read_chunk, sizeof read_chunk, 0);
    if (got > 0)
        buffer_append(&conn->in, read_chunk, (size_t)got);
    return got;
}

/* A client that speaks TLS at once begins with a handshake record (RFC 8446, 5.1); no packet of
 * PostgreSQL's is so long that its length begins with this byte. */
static bool look_first(Conn *conn)
{
    enum { TLS_HANDSHAKE = 0x16 };
    uint8_t first;
    ssize_t got = recv(conn->fd, &first, 1, MSG_PEEK);
    if (got == 1) {
        conn->looks_first = false;
        conn->begins_with_tls = first == TLS_HANDSHAKE;
    }
    return conn->begins_with_tls;
}

static void break_off(Conn *conn)
{
    conn->is_broken = true;
    drop_output(conn);
    watch_again(conn);
    loop_task_queue(&conn->flush); /* which tells */
}

/* The same through TLS, where one read gives one record at most. */
static bool read_encrypted(Conn *conn, size_t before)
{
    while (conn->in.length - before < MOST_READ_A_TURN) {
        size_t got;
        ConnTlsResult result = conn_tls_read(conn, read_chunk, sizeof read_chunk, &got);
        if (result == CONN_TLS_DONE) {
            buffer_append(&conn->in, read_chunk, got);
            continue;
        }
        if (result == CONN_TLS_WAIT)
            break;
        conn->at_end = true;
        if (result == CONN_TLS_BROKEN) {
            break_off(conn);
            return false;
        }
        break;
    }
    if (conn_tls_has_more(conn))
        loop_task_queue(&conn->more);
    return true;
}

static bool read_plain(Conn *conn, size_t before);

static void read_input(Conn *conn)
{
    if (conn->looks_first && look_first(conn)) {
        watch_again(conn);
        conn->events->readable(conn->state);
        return;
    }
    compact_input(conn);
    size_t before = conn->in.length;
    bool ok = conn->tls != NULL ? read_encrypted(conn, before) : read_plain(conn, before);
    if (!ok)
        return;
    watch_again(conn);
    if (conn->in.length > before || conn->at_end)
        conn->events->readable(conn->state);
}

static bool read_plain(Conn *conn, size_t before)
{
    while (conn->in.length - before < MOST_READ_A_TURN) {
        ssize_t got = read_some(conn);
        if (got > 0) {
            if (got < READ_CHUNK)
                break;
        } else if (got == 0) {
            conn->at_end = true;
            break;
        } else if (errno == EINTR) {
            continue;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            break;
        } else {
            conn->at_end = true;
            break_off(conn);
            return false;
        }
    }
    return true;
}

static void shake_hands(Conn *conn)
{
    ConnTlsResult result = conn_tls_shake_hands(conn);
    if (result == CONN_TLS_END || result == CONN_TLS_BROKEN) {
        conn->at_end = true;
        break_off(conn);
        return;
    }
    watch_again(conn);
    if (result == CONN_TLS_DONE && conn->is_reading)
        read_input(conn);
}

static void conn_ready(void *state, bool readable, bool writable)
{
    Conn *conn = state;
    if (conn->is_shaking_hands) {
        shake_hands(conn);
        return;
    }
    if (writable || (readable && conn->tls_write_wants_read))
        conn_flush(conn);
    readable = readable || (writable && conn->tls_read_wants_write);
    /* `flush` may have told the owner, who may have closed. */
    if (readable && conn->fd >= 0 && !conn->is_broken && conn->is_reading)
        read_input(conn);
}

/* ---------- output ---------- */

Buffer *conn_out(Conn *conn)
{
    return &conn->tail;
}

static size_t tail_left(const Conn *conn)
{
    return conn->tail.length - conn->tail_sent;
}

static void count_tail(Conn *conn)
{
    conn->queued += conn->tail.length - conn->tail_counted;
    conn->tail_counted = conn->tail.length;
}

void conn_written(Conn *conn)
{
    if (conn->is_broken) {
        clear_tail(conn);
        return;
    }
    count_tail(conn);
    if (conn->queued > 0)
        loop_task_queue(&conn->flush);
}

/* A tail that became a piece because something was queued behind it. */
typedef struct TailPiece {
    ConnPiece piece;
    Buffer buffer;
} TailPiece;

static void tail_left_for_good(ConnPiece *piece)
{
    TailPiece *tail = (TailPiece *)piece;
    buffer_clear(&tail->buffer);
    free(tail);
}

static void append_piece(Conn *conn, ConnPiece *piece)
{
    piece->next = NULL;
    if (conn->last == NULL)
        conn->first = piece;
    else
        conn->last->next = piece;
    conn->last = piece;
}

static void seal_tail(Conn *conn)
{
    count_tail(conn);
    if (tail_left(conn) == 0)
        return;
    TailPiece *tail = calloc(1, sizeof *tail);
    check(tail != NULL);
    tail->buffer = conn->tail;
    tail->piece.data = tail->buffer.data + conn->tail_sent;
    tail->piece.length = tail_left(conn);
    tail->piece.left = tail_left_for_good;
    conn->tail = BUFFER_EMPTY;
    conn->tail_sent = conn->tail_counted = 0;
    append_piece(conn, &tail->piece);
}

void conn_queue_piece(Conn *conn, ConnPiece *piece)
{
    if (conn->is_broken) {
        piece->left(piece);
        return;
    }
    seal_tail(conn);
    append_piece(conn, piece);
    conn->queued += piece->length;
    loop_task_queue(&conn->flush);
}

bool conn_is_full(Conn *conn)
{
    if (conn->is_broken || conn->queued < CONN_OUT_HIGH)
        return false;
    conn->was_full = true;
    return true;
}

static size_t gather(Conn *conn, struct iovec *entries)
{
    size_t count = 0;
    size_t skip = conn->first_sent;
    for (ConnPiece *piece = conn->first; piece != NULL && count < MOST_PIECES;
         piece = piece->next) {
        entries[count].iov_base = (void *)(uintptr_t)(piece->data + skip);
        entries[count++].iov_len = piece->length - skip;
        skip = 0;
        if (piece == conn->last && tail_left(conn) == 0)
            return count;
    }
    if (count < MOST_PIECES && tail_left(conn) > 0) {
        entries[count].iov_base = conn->tail.data + conn->tail_sent;
        entries[count++].iov_len = tail_left(conn);
    }
    return count;
}

static void account_sent(Conn *conn, size_t sent)
{
    conn->queued -= sent;
    while (conn->first != NULL && sent >= conn->first->length - conn->first_sent) {
        ConnPiece *piece = conn->first;
        sent -= piece->length - conn->first_sent;
        conn->first = piece->next;
        conn->first_sent = 0;
        if (conn->first == NULL)
            conn->last = NULL;
        piece->left(piece);
    }
    if (conn->first != NULL) {
        conn->first_sent += sent;
        return;
    }
    conn->tail_sent += sent;
    if (tail_left(conn) == 0)
        clear_tail(conn);
}

/* What is first in the queue, through TLS. Many small pieces make many small records: short ones
 * are gathered in the tail anyway. */
static bool send_encrypted(Conn *conn, size_t *sent)
{
    const void *data = conn->first != NULL ? conn->first->data + conn->first_sent
                                           : conn->tail.data + conn->tail_sent;
    size_t length =
        conn->first != NULL ? conn->first->length - conn->first_sent : tail_left(conn);
    size_t written;
    ConnTlsResult result = conn_tls_write(conn, data, length, &written);
    if (result == CONN_TLS_DONE) {
        *sent += written;
        account_sent(conn, written);
        return true;
    }
    if (result != CONN_TLS_WAIT)
        break_off(conn);
    return false;
}

/* One sendmsg. False when the socket takes no more for now, or is broken. */
static bool send_some(Conn *conn, size_t *sent)
{
    struct iovec entries[MOST_PIECES];
    struct msghdr message = {.msg_iov = entries, .msg_iovlen = gather(conn, entries)};
    ssize_t result;
    do
        result = sendmsg(conn->fd, &message, MSG_NOSIGNAL);
    while (result < 0 && errno == EINTR);
    if (result >= 0) {
        *sent += (size_t)result;
        account_sent(conn, (size_t)result);
        return true;
    }
    if (errno != EAGAIN && errno != EWOULDBLOCK)
        break_off(conn);
    return false;
}

void conn_flush(Conn *conn)
{
    size_t sent = 0;
    count_tail(conn);
    if (conn->is_shaking_hands)
        return;
    while (conn->queued > 0 && sent < MOST_SENT_A_TURN &&
           (conn->tls != NULL ? send_encrypted(conn, &sent) : send_some(conn, &sent)))
        continue;
    if (conn->is_broken)
        return;
    watch_again(conn);
    bool low = conn->queued == 0 || (conn->was_full && conn->queued < CONN_OUT_LOW);
    if (sent > 0 && low) {
        conn->was_full = false;
        conn->events->drained(conn->state);
    }
}

static void flush_task(void *state)
{
    Conn *conn = state;
    if (!conn->is_broken) {
        conn_flush(conn);
    } else if (!conn->broken_told) {
        conn->broken_told = true;
        conn->events->broken(conn->state);
    }
}

/* ---------- TLS ---------- */

bool conn_begins_with_tls(const Conn *conn)
{
    return conn->begins_with_tls;
}

static bool send_answer(Conn *conn, char answer)
{
    if (answer != 0) {
        buffer_append_byte(conn_out(conn), (uint8_t)answer);
        count_tail(conn);
    }
    size_t sent = 0;
    while (conn->queued > 0 && send_some(conn, &sent))
        continue;
    return conn->queued == 0 && !conn->is_broken;
}

bool conn_start_tls(Conn *conn, TlsContext *context, char answer)
{
    size_t available;
    conn_input(conn, &available);
    if (available > 0 || conn->tls != NULL || !send_answer(conn, answer))
        return false;
    conn->begins_with_tls = conn->looks_first = false;
    if (!conn_tls_begin(conn, context))
        return false;
    watch_again(conn);
    return true;
}
