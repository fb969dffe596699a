/* Connections over a socket pair: order of output, pieces handed back, bounds, end and break. */
#include "server/loop/conn.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

typedef struct Bench {
    Loop *loop;
    Conn conn;
    int peer;
    LoopTimer tick;
    int reads, drained, broken, pieces_left;
    Buffer received;
    size_t expected;
} Bench;

typedef struct TestPiece {
    ConnPiece piece;
    Bench *bench;
    uint8_t data[100000];
} TestPiece;

static void on_readable(void *state)
{
    ((Bench *)state)->reads++;
    loop_stop(((Bench *)state)->loop);
}

static void on_drained(void *state)
{
    ((Bench *)state)->drained++;
}

static void on_broken(void *state)
{
    ((Bench *)state)->broken++;
    loop_stop(((Bench *)state)->loop);
}

static const ConnEvents events = {on_readable, on_drained, on_broken};

static void piece_left(ConnPiece *piece)
{
    TestPiece *self = (TestPiece *)piece;
    self->bench->pieces_left++;
    free(self);
}

static void read_peer(void *state)
{
    Bench *bench = state;
    uint8_t chunk[30000];
    ssize_t got = recv(bench->peer, chunk, sizeof chunk, MSG_DONTWAIT);
    if (got > 0)
        buffer_append(&bench->received, chunk, (size_t)got);
    if (bench->received.length >= bench->expected)
        loop_stop(bench->loop);
    else
        loop_timer_start(&bench->tick, 0);
}

static void set_up(Bench *bench)
{
    Fault fault;
    int fds[2];
    memset(bench, 0, sizeof *bench);
    bench->loop = loop_new(&fault);
    assert_non_null(bench->loop);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    fcntl(fds[0], F_SETFL, O_NONBLOCK);
    bench->peer = fds[1];
    conn_init(&bench->conn, bench->loop, fds[0], &events, bench);
    loop_timer_init(&bench->tick, bench->loop, read_peer, bench);
}

static void tear_down(Bench *bench)
{
    conn_clear(&bench->conn);
    loop_timer_stop(&bench->tick);
    if (bench->peer >= 0)
        close(bench->peer);
    buffer_clear(&bench->received);
    loop_free(bench->loop);
}

static void test_order_and_bounds(void **state)
{
    Bench bench;
    set_up(&bench);
    Buffer expected = BUFFER_EMPTY;
    for (int i = 0; i < 40; i++) {
        buffer_printf(conn_out(&bench.conn), "small %d;", i);
        conn_written(&bench.conn);
        buffer_printf(&expected, "small %d;", i);
        TestPiece *piece = malloc(sizeof *piece);
        memset(piece->data, 'a' + i % 26, sizeof piece->data);
        piece->bench = &bench;
        piece->piece = (ConnPiece){.data = piece->data, .length = sizeof piece->data, .left = piece_left};
        buffer_append(&expected, piece->data, sizeof piece->data);
        conn_queue_piece(&bench.conn, &piece->piece);
    }
    buffer_append_string(conn_out(&bench.conn), "end");
    conn_written(&bench.conn);
    buffer_append_string(&expected, "end");
    assert_int_equal(bench.conn.queued, expected.length);
    assert_true(conn_is_full(&bench.conn));
    bench.expected = expected.length;
    loop_timer_start(&bench.tick, 0);
    loop_run(bench.loop);
    assert_int_equal(bench.received.length, expected.length);
    assert_memory_equal(bench.received.data, expected.data, expected.length);
    assert_int_equal(bench.pieces_left, 40);
    assert_true(bench.drained >= 1);
    assert_int_equal(bench.conn.queued, 0);
    assert_null(bench.conn.tail.data);
    buffer_clear(&expected);
    tear_down(&bench);
}

static void test_input(void **state)
{
    Bench bench;
    set_up(&bench);
    assert_int_equal(write(bench.peer, "hello", 5), 5);
    loop_run(bench.loop);
    size_t available;
    const uint8_t *input = conn_input(&bench.conn, &available);
    assert_int_equal(available, 5);
    assert_memory_equal(input, "hello", 5);
    conn_used(&bench.conn, 2);
    assert_int_equal(write(bench.peer, "!", 1), 1);
    loop_run(bench.loop);
    input = conn_input(&bench.conn, &available);
    assert_memory_equal(input, "llo!", 4);
    conn_used(&bench.conn, 4);
    assert_null(bench.conn.in.data);
    close(bench.peer);
    bench.peer = -1;
    loop_run(bench.loop);
    assert_true(bench.conn.at_end);
    tear_down(&bench);
}

static void test_break(void **state)
{
    Bench bench;
    set_up(&bench);
    close(bench.peer);
    bench.peer = -1;
    conn_read_more(&bench.conn, false);
    TestPiece *piece = malloc(sizeof *piece);
    memset(piece->data, 0, sizeof piece->data);
    piece->bench = &bench;
    piece->piece = (ConnPiece){.data = piece->data, .length = sizeof piece->data, .left = piece_left};
    conn_queue_piece(&bench.conn, &piece->piece);
    loop_run(bench.loop);
    assert_int_equal(bench.broken, 1);
    assert_int_equal(bench.pieces_left, 1);
    buffer_append_string(conn_out(&bench.conn), "into the void");
    conn_written(&bench.conn);
    assert_int_equal(bench.conn.queued, 0);
    tear_down(&bench);
}

static void test_spin_and_tasks(void **state)
{
    Bench bench;
    set_up(&bench);
    loop_set_spin(bench.loop, 40);
    assert_int_equal(write(bench.peer, "x", 1), 1);
    loop_run(bench.loop);
    assert_int_equal(bench.reads, 1);
    tear_down(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_and_bounds),
        cmocka_unit_test(test_input),
        cmocka_unit_test(test_break),
        cmocka_unit_test(test_spin_and_tasks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
