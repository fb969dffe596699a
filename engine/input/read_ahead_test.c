/*
 * Reading ahead: the same bytes, the same fault at the same place, and an end at any time.
 */
#include "engine/input/input_internal.h"
#include "engine/input/input_test_internal.h"

/* Gives `total` bytes, each its place modulo 251, in pieces of odd sizes; then the end or a fault. */
typedef struct Counting {
    ByteStream base;
    uint64_t at, total;
    bool fails;
    bool *is_closed;
} Counting;

static bool counting_read(ByteStream *self, void *out, size_t size, size_t *got, Fault *fault)
{
    Counting *counting = (Counting *)self;
    uint64_t left = counting->total - counting->at;
    size_t piece = 1 + counting->at % 70001;
    piece = piece < size ? piece : size;
    *got = piece < left ? piece : (size_t)left;
    for (size_t i = 0; i < *got; i++)
        ((uint8_t *)out)[i] = (uint8_t)((counting->at + i) % 251);
    counting->at += *got;
    self->stored = counting->at / 2;
    if (*got == 0 && counting->fails)
        return fault_set(fault, FAULT_DATA_CORRUPTED, "the end is damaged");
    return true;
}

static void counting_close(ByteStream *self)
{
    *((Counting *)self)->is_closed = true;
    free(self);
}

static ByteStream *counting_open(uint64_t total, bool fails, bool *is_closed)
{
    Counting *counting = calloc(1, sizeof *counting);
    assert_non_null(counting);
    *is_closed = false;
    *counting = (Counting){.base = {.read = counting_read, .close = counting_close},
                           .total = total,
                           .fails = fails,
                           .is_closed = is_closed};
    return read_ahead_open(&counting->base);
}

static void gives_the_same_bytes(void **state)
{
    static const uint64_t totals[] = {0, 1, 262143, 262144, 262145, 1048576, 5000000};
    for (size_t t = 0; t < sizeof totals / sizeof totals[0]; t++) {
        bool is_closed;
        uint64_t at = 0;
        ByteStream *stream = counting_open(totals[t], false, &is_closed);
        for (size_t got = 1; got != 0; at += got) {
            static uint8_t buffer[300000];
            Fault fault;
            size_t size = 1 + (at * 7) % sizeof buffer;
            assert_true(stream->read(stream, buffer, size, &got, &fault));
            for (size_t i = 0; i < got; i++)
                if (buffer[i] != (at + i) % 251)
                    fail_msg("byte %llu", (unsigned long long)(at + i));
        }
        assert_int_equal(at, totals[t]);
        assert_true(stream->stored >= totals[t] / 2);
        stream->close(stream);
        assert_true(is_closed);
    }
}

static void gives_the_fault_behind_the_bytes(void **state)
{
    bool is_closed;
    uint64_t whole_blocks = 0;
    static uint8_t buffer[65536];
    Fault fault = {0};
    size_t got;
    ByteStream *stream = counting_open(3000000, true, &is_closed);
    while (stream->read(stream, buffer, sizeof buffer, &got, &fault))
        whole_blocks += got;
    assert_int_equal(fault.code, FAULT_DATA_CORRUPTED);
    assert_true(whole_blocks <= 3000000 && whole_blocks >= 2700000);
    assert_false(stream->read(stream, buffer, sizeof buffer, &got, &fault)); /* and again */
    stream->close(stream);
    assert_true(is_closed);
}

static void ends_at_any_time(void **state)
{
    for (int reads = 0; reads < 40; reads++) {
        bool is_closed;
        uint8_t buffer[50000];
        Fault fault;
        size_t got;
        ByteStream *stream = counting_open(UINT64_MAX / 2, false, &is_closed);
        for (int i = 0; i < reads; i++)
            assert_true(stream->read(stream, buffer, sizeof buffer, &got, &fault));
        stream->close(stream);
        assert_true(is_closed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_same_bytes),
        cmocka_unit_test(gives_the_fault_behind_the_bytes),
        cmocka_unit_test(ends_at_any_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
