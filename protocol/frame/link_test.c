/*
 * Frames over real sockets: in pieces of every size, taken and not taken, large and small, a
 * peer that closes, and one that sends nonsense.
 */
#include "protocol/frame/link.h"
#include "protocol/frame/link_internal.h"

#include "base/os/os.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static uint32_t below(uint32_t limit)
{
    return (uint32_t)rand() % limit;
}

static void pair_of_links(Link *links[2])
{
    int fds[2];
    Fault fault;
    assert_true(os_socket_pair(fds, &fault));
    links[0] = link_new(fds[0]);
    links[1] = link_new(fds[1]);
}

static void put_frame(Buffer *out, uint32_t number, size_t size)
{
    uint8_t *bytes = malloc(size + 1);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(number + i * 7);
    FrameWriter writer;
    frame_begin(&writer, out, FRAME_CHANNEL_DATA);
    frame_put_uint(&writer, "number", number);
    frame_put_bytes(&writer, "bytes", bytes, size);
    frame_end(&writer);
    free(bytes);
}

static void check_frame(const Frame *frame, uint32_t number, size_t size)
{
    assert_int_equal(frame->kind, FRAME_CHANNEL_DATA);
    assert_int_equal(frame_uint(frame, "number", UINT64_MAX), number);
    assert_int_equal((uintptr_t)frame->body % 64, 0);
    Text bytes = frame_text(frame, "bytes");
    assert_int_equal(bytes.length, size);
    for (size_t i = 0; i < size; i++)
        if ((uint8_t)bytes.data[i] != (uint8_t)(number + i * 7))
            fail_msg("frame %u byte %zu", number, i);
    for (size_t i = 0; i < 64; i++)
        assert_int_equal(frame->body[frame->body_length + i], 0);
}

/* Bytes of many frames, written in random pieces by another process. */
static void send_in_pieces(int fd, const Buffer *all)
{
    srand(5);
    os_set_nonblocking(fd, false);
    for (size_t at = 0; at < all->length;) {
        size_t piece = below(3) == 0 ? 1 + below(10) : 1 + below(400000);
        if (piece > all->length - at)
            piece = all->length - at;
        Fault fault;
        if (!os_write_all(fd, all->data + at, piece, &fault))
            _exit(1);
        at += piece;
    }
    _exit(0);
}

static void test_pieces(void **state)
{
    (void)state;
    enum { COUNT = 400 };
    size_t sizes[COUNT];
    Buffer all = BUFFER_EMPTY;
    srand(1);
    for (uint32_t i = 0; i < COUNT; i++) {
        uint32_t kind = below(10);
        sizes[i] = kind == 0 ? below(1500000) : kind < 4 ? below(100000) : below(300);
        put_frame(&all, i, sizes[i]);
    }
    int fds[2];
    Fault fault;
    assert_true(os_socket_pair(fds, &fault));
    pid_t child = fork();
    if (child == 0)
        send_in_pieces(fds[0], &all);
    os_close(fds[0]);
    Link *link = link_new(fds[1]);
    LinkBody *taken[COUNT] = {0};
    Frame kept[COUNT];
    for (uint32_t i = 0; i < COUNT; i++) {
        Frame frame;
        if (!link_wait_frame(link, &frame, 20000, &fault))
            fail_msg("frame %u: %s", i, fault.message);
        check_frame(&frame, i, sizes[i]);
        if (i % 3 == 0) {
            taken[i] = link_take(link);
            kept[i] = frame;
            assert_non_null(taken[i]);
            assert_true(link_body_size(taken[i]) >= frame.body_length);
            assert_null(link_take(link));
        }
        if (i >= 30 && taken[i - 30] != NULL) {
            check_frame(&kept[i - 30], i - 30, sizes[i - 30]);
            link_body_free(taken[i - 30]);
            taken[i - 30] = NULL;
        }
    }
    Frame frame;
    assert_false(link_wait_frame(link, &frame, 20000, &fault));
    assert_int_equal(fault.code, FAULT_CONNECTION_FAILURE);
    link_free(link);
    for (uint32_t i = 0; i < COUNT; i++) { /* they outlive the link */
        if (taken[i] != NULL)
            check_frame(&kept[i], i, sizes[i]);
        link_body_free(taken[i]);
    }
    int status;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    buffer_clear(&all);
}

static void test_both_directions_without_blocking(void **state)
{
    (void)state;
    Link *links[2];
    Fault fault;
    pair_of_links(links);
    uint32_t next[2] = {0}, wanted = 60;
    for (uint32_t i = 0; i < wanted; i++)
        for (int side = 0; side < 2; side++)
            put_frame(link_out(links[side]), i, 60000);
    for (int round = 0; round < 100000 && (next[0] < wanted || next[1] < wanted); round++) {
        for (int side = 0; side < 2; side++) {
            assert_true(link_flush(links[side], &fault));
            assert_true(link_fill(links[side], &fault));
            Frame frame;
            bool has;
            for (;;) {
                assert_true(link_next(links[side], &frame, &has, &fault));
                if (!has)
                    break;
                check_frame(&frame, next[side]++, 60000);
            }
        }
    }
    assert_int_equal(next[0], wanted);
    assert_int_equal(next[1], wanted);
    assert_false(link_wants_write(links[0]));
    assert_int_equal(link_unsent(links[1]), 0);
    link_free(links[0]);
    link_free(links[1]);
}

static void test_full_socket_keeps_the_rest(void **state)
{
    (void)state;
    Link *links[2];
    Fault fault;
    pair_of_links(links);
    put_frame(link_out(links[0]), 0, 30 << 20);
    assert_true(link_flush(links[0], &fault));
    assert_true(link_wants_write(links[0]));
    size_t before = link_unsent(links[0]);
    put_frame(link_out(links[0]), 1, 10);
    assert_true(link_unsent(links[0]) > before);
    Frame frame;
    bool has = false;
    while (!has) {
        assert_true(link_fill(links[1], &fault));
        assert_true(link_fill(links[1], &fault)); /* twice without link_next does no harm */
        assert_true(link_next(links[1], &frame, &has, &fault));
        assert_true(link_flush(links[0], &fault));
    }
    check_frame(&frame, 0, 30 << 20);
    while (link_wants_write(links[0]))
        assert_true(link_flush(links[0], &fault));
    assert_true(link_wait_frame(links[1], &frame, 1000, &fault));
    check_frame(&frame, 1, 10);
    link_free(links[0]);
    link_free(links[1]);
}

static void test_close_gives_whole_frames_first(void **state)
{
    (void)state;
    Link *links[2];
    Fault fault;
    Frame frame;
    bool has;
    pair_of_links(links);
    put_frame(link_out(links[0]), 0, 100);
    put_frame(link_out(links[0]), 1, 100);
    assert_true(link_flush(links[0], &fault));
    link_free(links[0]);
    uint32_t got = 0;
    while (link_fill(links[1], &fault)) {
        assert_true(link_next(links[1], &frame, &has, &fault));
        if (has)
            check_frame(&frame, got++, 100);
    }
    assert_int_equal(fault.code, FAULT_NONE);
    assert_int_equal(got, 2);
    link_free(links[1]);
}

static void test_broken_peers(void **state)
{
    (void)state;
    Link *links[2];
    Fault fault;
    Frame frame;
    bool has;
    pair_of_links(links); /* closes within a frame */
    put_frame(link_out(links[0]), 0, 1000);
    link_out(links[0])->length -= 10;
    assert_true(link_flush(links[0], &fault));
    link_free(links[0]);
    while (link_fill(links[1], &fault))
        assert_true(link_next(links[1], &frame, &has, &fault));
    assert_int_equal(fault.code, FAULT_CONNECTION_FAILURE);
    link_free(links[1]);

    pair_of_links(links); /* sends nonsense */
    buffer_append_string(link_out(links[0]), "GET / HTTP/1.1");
    assert_true(link_flush(links[0], &fault));
    assert_true(link_fill(links[1], &fault));
    assert_false(link_next(links[1], &frame, &has, &fault));
    assert_int_equal(fault.code, FAULT_PROTOCOL_VIOLATION);
    link_free(links[1]);
    put_frame(link_out(links[0]), 0, 10);
    assert_false(link_flush(links[0], &fault)); /* nobody there */
    assert_int_equal(fault.code, FAULT_CONNECTION_FAILURE);
    link_free(links[0]);

    pair_of_links(links);
    assert_false(link_wait_frame(links[0], &frame, 20, &fault));
    assert_int_equal(fault.code, FAULT_CONNECTION_FAILURE);
    assert_null(link_take(links[0]));
    link_free(links[0]);
    link_free(links[1]);
    link_free(NULL);
    link_body_free(NULL);
}

static void test_memory_is_reused(void **state)
{
    (void)state;
    link_body_drop_kept();
    LinkBody *first = link_body_new(100000);
    link_body_free(first);
    LinkBody *second = link_body_new(90000);
    assert_ptr_equal(first, second);
    assert_true(second->capacity >= 100000);
    LinkBody *large = link_body_new(5 << 20);
    link_body_free(large);
    link_body_free(second);
    LinkBody *empty = link_body_new(0);
    link_body_free(empty);
    link_body_drop_kept();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_both_directions_without_blocking),
        cmocka_unit_test(test_full_socket_keeps_the_rest),
        cmocka_unit_test(test_close_gives_whole_frames_first),
        cmocka_unit_test(test_broken_peers),
        cmocka_unit_test(test_memory_is_reused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
