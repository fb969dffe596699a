/*
 * COPY FROM's reader: whatever the pieces in which the bytes come, the rows are the same; and bytes that
 * are none of a COPY give a fault.
 */
#include "server/controller/controller_internal.h"
#include "server/controller/copy_internal.h"

#include "engine/type/timezone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { COLUMNS = 2, ALL_AT_ONCE = 1 << 30 };

static const RelationColumn columns[COLUMNS] = {
    {.name = TEXT_LITERAL("n"), .type = {.oid = T_INT8, .modifier = -1}, .number = 1},
    {.name = TEXT_LITERAL("s"), .type = {.oid = T_TEXT, .modifier = -1}, .number = 2},
};
static const bool none[COLUMNS];
static const Relation relation = {.name = TEXT_LITERAL("t"), .column_count = COLUMNS, .columns = columns};

static CopyStatement statement(CopyFormat format)
{
    bool is_csv = format == COPY_CSV;
    return (CopyStatement){.is_from = true,
                           .spec = {.format = format,
                                    .delimiter = is_csv ? ',' : '\t',
                                    .quote = '"',
                                    .escape = '"',
                                    .null_text = text_of(is_csv ? "" : "\\N")},
                           .relation = &relation,
                           .source = &relation,
                           .column_count = COLUMNS,
                           .force_null = none,
                           .force_not_null = none};
}

/* The rows of the bytes, given in pieces, as one text; or the fault's SQLSTATE and its context. */
static char *rows_of(const CopyStatement *copy, const void *bytes, size_t length, size_t piece, Arena *arena)
{
    static Settings settings;
    setting_defaults(&settings);
    TypeContext types = {.zone = timezone_utc(), .settings = &settings};
    CopyInput *input = copy_input_new(copy, &types, arena);
    CopyRows rows;
    Fault fault;
    copy_rows_init(&rows, copy, arena, 16);
    bool ok = true;
    for (size_t at = 0; ok && at < length; at += piece) {
        size_t size = length - at < piece ? length - at : piece;
        uint8_t *alone = malloc(size); /* so that a sanitizer sees who reads behind it */
        memcpy(alone, (const uint8_t *)bytes + at, size);
        ok = copy_input_feed(input, alone, size, &rows, &fault);
        free(alone);
    }
    ok = ok && copy_input_end(input, &rows, &fault);
    char *shown = arena_strdup(arena, "");
    if (!ok)
        shown = arena_printf(arena, "%s %s", fault_info(fault.code)->sqlstate, fault.context);
    Batch *batch = ok ? copy_rows_finish(&rows) : NULL;
    for (uint32_t i = 0; ok && i < batch->rows; i++) {
        const Vector *n = &batch->columns[0], *s = &batch->columns[1];
        const char *number = vector_is_null(n, i)
                                 ? "NULL"
                                 : arena_printf(arena, "%lld", (long long)VECTOR_DATA(int64_t, n)[vector_row(n, i)]);
        Text text = vector_is_null(s, i) ? TEXT_LITERAL("NULL") : vector_text(s, i);
        shown = arena_printf(arena, "%s(%s,%.*s)", shown, number, TEXT_ARGS(text));
    }
    if (ok)
        assert_int_equal(copy_input_rows(input), batch->rows);
    copy_input_free(input);
    return shown;
}

static void check_pieces(const CopyStatement *copy, const void *bytes, size_t length, const char *expected)
{
    Arena *arena = arena_new("copy");
    assert_string_equal(rows_of(copy, bytes, length, ALL_AT_ONCE, arena), expected);
    for (size_t piece = 1; piece < 20; piece++)
        assert_string_equal(rows_of(copy, bytes, length, piece, arena), expected);
    arena_free(arena);
}

#define CHECK_PIECES(copy, literal, expected) check_pieces(copy, literal, sizeof literal - 1, expected)

static void test_text(void **state)
{
    (void)state;
    CopyStatement copy = statement(COPY_TEXT);
    CHECK_PIECES(&copy, "", "");
    CHECK_PIECES(&copy, "1\tone\n2\ttwo\n", "(1,one)(2,two)");
    CHECK_PIECES(&copy, "1\tone\n2\ttwo", "(1,one)(2,two)"); /* the last line has no end */
    CHECK_PIECES(&copy, "1\tone\r\n2\ttwo\r\n", "(1,one)(2,two)");
    CHECK_PIECES(&copy, "\\N\ta\\tb\\\\\\n\n-5\t\\N\n", "(NULL,a\tb\\\n)(-5,NULL)");
    CHECK_PIECES(&copy, "1\t\\x41\\101\\q\n", "(1,AAq)");
    CHECK_PIECES(&copy, "1\tone\n\\.\n", "(1,one)");
    CHECK_PIECES(&copy, "1\tone\nx\ttwo\n", "22P02 COPY t, line 2, column n: \"x\"");
    CHECK_PIECES(&copy, "1\n", "22P04 COPY t, line 1: \"1\"");
    CHECK_PIECES(&copy, "1\ta\tb\n", "22P04 COPY t, line 1: \"1\ta\tb\"");
}

static void test_csv(void **state)
{
    (void)state;
    CopyStatement copy = statement(COPY_CSV);
    CHECK_PIECES(&copy, "1,one\n2,\"two, \"\"or\"\"\nthree\"\n", "(1,one)(2,two, \"or\"\nthree)");
    CHECK_PIECES(&copy, "1,\n2,\"\"\n,x\n", "(1,NULL)(2,)(NULL,x)");
    CHECK_PIECES(&copy, "1,a\"b\"c\n", "(1,abc)");
    Arena *arena = arena_new("copy");
    for (size_t piece = 1; piece < 10; piece++)
        assert_true(strncmp(rows_of(&copy, "1,\"open\n", 8, piece, arena), "22P04 ", 6) == 0);
    arena_free(arena);
    copy.has_header = true;
    CHECK_PIECES(&copy, "n,s\n1,one\n", "(1,one)");
    copy.matches_header = true;
    CHECK_PIECES(&copy, "s,n\n1,one\n", "22P04 COPY t, line 1: \"s,n\"");
}

#define SIGNATURE "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0"

static void test_binary(void **state)
{
    (void)state;
    CopyStatement copy = statement(COPY_BINARY);
    CHECK_PIECES(&copy, SIGNATURE "\0\2\0\0\0\10\0\0\0\0\0\0\0\7\0\0\0\3abc" "\377\377", "(7,abc)");
    CHECK_PIECES(&copy, SIGNATURE "\0\2\377\377\377\377\377\377\377\377" "\377\377", "(NULL,NULL)");
    Arena *arena = arena_new("copy");
    /* lengths that lie: beyond the message, beyond what a row may be, of another type, negative */
    static const Text bad[] = {
        TEXT_LITERAL(SIGNATURE "\0\2\0\0\0\10\0\0\0\0\0\0\0\7\0\0\0\377abc"),
        TEXT_LITERAL(SIGNATURE "\0\2\177\377\377\377\0\0\0\0\0\0\0\0\0\0\0\0"),
        TEXT_LITERAL(SIGNATURE "\0\2\0\0\0\4\0\0\0\7\0\0\0\3abc\377\377\0\0"),
        TEXT_LITERAL(SIGNATURE "\0\2\377\377\377\376\0\0\0\3abc\377\377\0\0"),
        TEXT_LITERAL(SIGNATURE "\0\3\377\377\377\377\377\377\377\377\377\377"),
        TEXT_LITERAL("PGCOPY\n\377\r\n\0\0\0\0\0\377\377\377\377\0\0\0\0\0\0\0"),
        TEXT_LITERAL("PGCOPX\n\377\r\n\0\0\0\0\0\0\0\0\0\377\377\0\0\0\0\0\0\0"),
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        for (size_t piece = 1; piece < 40; piece += 6) {
            const char *shown = rows_of(&copy, bad[i].data, bad[i].length, piece, arena);
            assert_true(strncmp(shown, "22P0", 4) == 0);
        }
    arena_free(arena);
}

/* Random bytes, of those that mean something here: a fault or rows, the same for all pieces. */
static void test_noise(void **state)
{
    (void)state;
    static const char letters[] = "12\t\t,,\n\n\r\"\"\\\\N.xna\303\251\377 \0\2\377";
    uint32_t random = 12345;
    for (int round = 0; round < 3000; round++) {
        Arena *arena = arena_new("copy");
        char bytes[64] = SIGNATURE;
        CopyStatement copy = statement((CopyFormat)(round % 3));
        size_t start = copy.spec.format == COPY_BINARY ? sizeof SIGNATURE - 1 : 0, length = start;
        while (length < start + 1 + (uint32_t)round % 40 && length < sizeof bytes) {
            random = random * 1664525 + 1013904223;
            bytes[length++] = letters[(random >> 16) % (sizeof letters - 1)];
        }
        const char *all = rows_of(&copy, bytes, length, ALL_AT_ONCE, arena);
        assert_string_equal(all, rows_of(&copy, bytes, length, 1, arena));
        assert_string_equal(all, rows_of(&copy, bytes, length, 7, arena));
        arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_csv),
        cmocka_unit_test(test_binary),
        cmocka_unit_test(test_noise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
