/*
 * See conn.h.
 */
#include "server/loop/conn.h"

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
    loop_watch_stop(&conn->watch);
    close(conn->fd);
    conn->fd = -1;
    conn->is_broken = true;
    drop_output(conn);
    buffer_clear(&conn->in);
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
    bool read = conn->is_reading && !conn->at_end && !conn->is_broken;
    loop_watch_set(&conn->watch, read, conn->queued > 0 && !conn->is_broken);
}

void conn_read_more(Conn *conn, bool on)
{
    conn->is_reading = on;
    if (conn->fd >= 0)
        watch_again(conn);
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
static ssize_t read_some(Conn *conn)
{
    static uint8_t chunk[READ_CHUNK];
    ssize_t got = recv(conn->fd, chunk, sizeof chunk, 0);
    if (got > 0)
        buffer_append(&conn->in, chunk, (size_t)got);
    return got;
}

static void break_off(Conn *conn)
{
    conn->is_broken = true;
    drop_output(conn);
    watch_again(conn);
    loop_task_queue(&conn->flush); /* which tells */
}

static void read_input(Conn *conn)
{
    compact_input(conn);
    size_t before = conn->in.length;
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
            return;
        }
    }
    watch_again(conn);
    if (conn->in.length > before || conn->at_end)
        conn->events->readable(conn->state);
}

static void conn_ready(void *state, bool readable, bool writable)
{
    Conn *conn = state;
    if (writable)
        conn_flush(conn);
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
    while (conn->queued > 0 && sent < MOST_SENT_A_TURN && send_some(conn, &sent))
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
