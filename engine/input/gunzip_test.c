/*
 * Gzip: members, padding and damage, the compressed bytes coming in pieces of any size.
 */
#include "engine/input/input_internal.h"
#include "engine/input/input_test_internal.h"

#ifdef HAVE_ISAL

/* Bytes of memory, at most `piece` at once. */
typedef struct Pieces {
    ByteStream base;
    const uint8_t *data;
    size_t at, length, piece;
} Pieces;

static bool pieces_read(ByteStream *self, void *out, size_t size, size_t *got, Fault *fault)
{
    Pieces *pieces = (Pieces *)self;
    size_t left = pieces->length - pieces->at;
    *got = pieces->piece < size ? pieces->piece : size;
    *got = *got < left ? *got : left;
    memcpy(out, pieces->data + pieces->at, *got);
    pieces->at += *got;
    self->stored = pieces->at;
    return true;
}

static void pieces_close(ByteStream *self)
{
    free(self);
}

static uint8_t text[200000], stored[400000];
static size_t stored_length;

/* The text in three members of their own, of many lengths, by the shell's gzip. */
static void make_stored(const char *behind)
{
    char path[] = "/tmp/gunzip-test-XXXXXX", command[300];
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, sizeof text), sizeof text);
    close(fd);
    snprintf(command, sizeof command,
             "f=%s; (head -c 70000 $f | gzip -1; tail -c +70001 $f | head -c 1 | gzip -9;"
             "tail -c +70002 $f | gzip; printf '%s') > $f.gz", path, behind);
    assert_int_equal(system(command), 0);
    snprintf(command, sizeof command, "%s.gz", path);
    FILE *file = fopen(command, "r");
    assert_non_null(file);
    stored_length = fread(stored, 1, sizeof stored, file);
    fclose(file);
    unlink(command);
    unlink(path);
}

/* The text through pieces of both sides; *length is how much came before the end or a fault. */
static bool gunzip(size_t piece, size_t room, size_t *length, Fault *fault)
{
    static uint8_t out[sizeof text + 1];
    Pieces *pieces = calloc(1, sizeof *pieces);
    assert_non_null(pieces);
    *pieces = (Pieces){.base = {.read = pieces_read, .close = pieces_close},
                       .data = stored,
                       .length = stored_length,
                       .piece = piece};
    ByteStream *stream = gunzip_open(&pieces->base, TEXT_LITERAL("x.gz"));
    bool ok;
    size_t got = 0;
    *length = 0;
    do {
        size_t left = sizeof out - *length;
        ok = stream->read(stream, out + *length, room < left ? room : left, &got, fault);
        *length += ok ? got : 0;
    } while (ok && got != 0);
    assert_memory_equal(out, text, *length);
    if (ok) /* but for padding */
        assert_in_range(stream->stored, stored_length - 3, stored_length);
    stream->close(stream);
    return ok;
}

static void reads_members_in_pieces(void **state)
{
    static const size_t sizes[] = {1, 2, 3, 7, 8, 9, 1000, 300000};
    enum { SIZES = sizeof sizes / sizeof sizes[0] };
    static const char *const behind[] = {"", "\\000\\000\\000", "\\037", "x"};
    Fault fault;
    size_t length;
    for (int b = 0; b < 4; b++) {
        make_stored(behind[b]);
        for (int i = 0; i < SIZES; i++)
            for (int k = 0; k < SIZES; k++) {
                assert_true(gunzip(sizes[i], sizes[k], &length, &fault));
                assert_int_equal(length, sizeof text);
            }
    }
}

/* Cut at any place but between members, and with any byte of a member changed. */
static void finds_damage(void **state)
{
    Fault fault;
    size_t length, all, ends = 0;
    make_stored("");
    all = stored_length;
    for (stored_length = 1; stored_length < all; stored_length += stored_length < 50 ? 1 : 61) {
        bool ok = gunzip(1000, 1000, &length, &fault);
        ends += ok;
        assert_true(ok ? length == 70000 || length == 70001 : fault.code == FAULT_DATA_CORRUPTED);
    }
    assert_true(ends <= 2);
    stored_length = all;
    for (size_t i = all - 8; i < all; i++) { /* checksum and length */
        stored[i] ^= 0x10;
        assert_false(gunzip(1000, 1000, &length, &fault));
        assert_int_equal(fault.code, FAULT_DATA_CORRUPTED);
        stored[i] ^= 0x10;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_members_in_pieces),
        cmocka_unit_test(finds_damage),
    };
    uint32_t noise = 1;
    for (size_t i = 0; i < sizeof text; i++) {
        noise = noise * 1664525u + 1013904223u;
        text[i] = (uint8_t)(i % 3 == 0 ? noise >> 24 : i / 100);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

/* Without the library there is nothing to test here: source_test reads gzip files anyway. */
int main(void)
{
    return 77;
}

#endif
