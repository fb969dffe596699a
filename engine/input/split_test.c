/*
 * Large files in parts: together they are the whole file, and lines keep their numbers.
 */
#include "engine/input/input_test_internal.h"

enum { LINES = 300000, BAD_LINE = 200001 };

static char path[] = "/tmp/split-test-XXXXXX", source_json[128];

/* Lines of many lengths; some hold quotes. One cannot be read as JSON or as csv. */
static void write_file(const char *front, bool is_json)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(front, file);
    for (uint32_t i = 1; i <= LINES; i++) {
        int width = (int)(i * 2654435761u % 61);
        if (i == BAD_LINE)
            fputs(is_json ? "{\"id\":\n" : "1,\"no end\n", file);
        else if (is_json)
            fprintf(file, "{\"name\":\"%0*u\",\"id\":%u}\n", width, i, i);
        else
            fprintf(file, i % 3 == 0 ? "\"%0*u\"\"\",%u\n" : "%0*u,%u\n", width, i, i);
    }
    assert_int_equal(fclose(file), 0);
}

typedef struct Sums {
    uint64_t rows, ids, bad, line, files;
} Sums;

static void read_part(const StageInput *external, uint32_t unit, Sums *sums)
{
    static const uint32_t wanted[] = {0, 1};
    TypeContext context = {.zone = timezone_utc(), .settings = &test_settings};
    InputOptions options = {.external = external,
                            .unit = unit,
                            .column_count = 2,
                            .columns = wanted,
                            .context = &context};
    Fault fault;
    Batch *batch = NULL;
    InputReader *reader = input_open(&options, &fault);
    assert_non_null(reader);
    while (assert_true(input_next(reader, &batch, &fault)), batch != NULL) {
        sums->rows += batch->rows;
        for (uint32_t i = 0; i < batch->rows; i++)
            sums->ids += (uint64_t)VECTOR_DATA(int64_t, &batch->columns[0])[i];
    }
    sums->bad += input_errors(reader)->count;
    if (input_errors(reader)->count != 0)
        sums->line = input_error_line(reader, 0);
    sums->files += external->units[unit].start == 0;
    input_close(reader);
}

/* Lists the file for so many workers, reads all there is; says how many parts there were. */
static uint32_t read_all(const char *format, uint32_t workers, Sums *sums)
{
    Text names[] = {TEXT_LITERAL("id"), TEXT_LITERAL("name")};
    SqlType types[] = {SQL_TYPE(T_INT8), SQL_TYPE(T_TEXT)};
    Arena *arena = arena_new("test");
    StageInput external = {.kind = INPUT_EXTERNAL,
                           .source_json = text_of(source_json),
                           .format_json = text_of(format),
                           .signature_count = 2,
                           .signature_names = names,
                           .signature_types = types};
    Fault fault;
    assert_true(input_expand_units(arena, external.source_json, &test_settings, 10, &external.units,
                                   &external.unit_count, &fault));
    assert_true(input_split_units(arena, external.source_json, external.format_json, &test_settings,
                                  workers, &external.units, &external.unit_count, &fault));
    *sums = (Sums){0};
    for (uint32_t unit = 0; unit < external.unit_count; unit++)
        read_part(&external, unit, sums);
    uint32_t parts = external.unit_count;
    arena_free(arena);
    return parts;
}

static void expect_same(const char *format, uint64_t bad_line)
{
    Sums whole, parts;
    assert_int_equal(read_all(format, 1, &whole), 1);
    assert_in_range(read_all(format, 2, &parts), 2, 100);
    assert_int_equal(whole.rows, LINES - 1);
    assert_int_equal(whole.ids, (uint64_t)LINES * (LINES + 1) / 2 - BAD_LINE);
    assert_int_equal(whole.line, bad_line);
    assert_memory_equal(&whole, &parts, sizeof whole);
}

static void json_in_parts(void **state)
{
    write_file("", true);
    expect_same("{\"type\":\"json\"}", BAD_LINE);
}

/* Each part knows the header, and none takes the skipped lines for rows. */
static void csv_in_parts(void **state)
{
    write_file("left,out\nthis,too\nname,id\n", false);
    expect_same("{\"type\":\"csv\",\"skipHeaderRows\":2,\"findColumnsFromHeader\":true}",
                BAD_LINE + 3);
    write_file("", false);
    expect_same("{\"type\":\"csv\",\"columns\":[\"name\",\"id\"]}", BAD_LINE);
}

static void not_in_parts(void **state)
{
    Sums sums;
    char command[256];
    write_file("", true);
    /* more lines to skip than are looked at */
    assert_int_equal(
        read_all("{\"type\":\"tsv\",\"skipHeaderRows\":100000,\"columns\":[\"id\"]}", 2, &sums), 1);
    /* no line ends where cuts are wanted */
    snprintf(command, sizeof command, "head -c 20000000 /dev/zero | tr '\\0' ' ' > %s", path);
    assert_int_equal(system(command), 0);
    assert_int_equal(read_all("{\"type\":\"lines\"}", 2, &sums), 1);
    /* compressed, as far as the first bytes tell */
    snprintf(command, sizeof command, "(printf 'BZh\\n'; yes | head -c 20000000) > %s", path);
    assert_int_equal(system(command), 0);
    assert_int_equal(read_all("{\"type\":\"lines\"}", 2, &sums), 1);
    assert_int_equal(sums.rows, 10000001);
}

/* --- shares of a compressed file --- */

/* Runs a command of the shell in which $f is the file. */
static void compress_file(const char *command)
{
    char line[400];
    snprintf(line, sizeof line, "f=%s; %s", path, command);
    assert_int_equal(system(line), 0);
}

/* Two readers of one file take turns, a batch each; the second begins when the first has read
 * `head_start` batches. Counts how many rows each has got. */
static bool read_shares(StageInput *external, uint32_t head_start, Sums *sums, uint64_t rows[2],
                        Fault *fault)
{
    static const uint32_t wanted[] = {0, 1};
    TypeContext context = {.zone = timezone_utc(), .settings = &test_settings};
    _Atomic uint32_t tickets[2] = {0};
    InputReader *readers[2] = {NULL};
    bool is_done[2] = {false}, ok = true;
    *sums = (Sums){0};
    rows[0] = rows[1] = 0;
    for (uint64_t turn = 0; ok && !(is_done[0] && is_done[1]); turn++) {
        uint32_t i = turn < head_start ? 0 : turn % 2;
        Batch *batch;
        InputOptions options = {.external = external,
                                .unit = i,
                                .column_count = 2,
                                .columns = wanted,
                                .context = &context,
                                .tickets = tickets,
                                .ticket_count = 2};
        if (is_done[i])
            continue;
        if (readers[i] == NULL && (readers[i] = input_open(&options, fault)) == NULL)
            return false;
        ok = input_next(readers[i], &batch, fault);
        is_done[i] = ok && batch == NULL;
        if (!ok || batch == NULL)
            continue;
        rows[i] += batch->rows;
        for (uint32_t row = 0; row < batch->rows; row++)
            sums->ids += (uint64_t)VECTOR_DATA(int64_t, &batch->columns[0])[row];
    }
    for (uint32_t i = 0; i < 2; i++) {
        if (readers[i] != NULL && input_errors(readers[i])->count != 0) {
            sums->bad += input_errors(readers[i])->count;
            sums->line = input_error_line(readers[i], 0);
        }
        input_close(readers[i]);
    }
    sums->rows = rows[0] + rows[1];
    return ok;
}

/* Where gzip is not quick the file has one unit, and there is nothing to share. */
static bool list_shares(Arena *arena, const char *format, StageInput *external)
{
    static Text names[] = {TEXT_LITERAL("id"), TEXT_LITERAL("name")};
    static SqlType types[] = {SQL_TYPE(T_INT8), SQL_TYPE(T_TEXT)};
    Fault fault;
    *external = (StageInput){.kind = INPUT_EXTERNAL,
                             .source_json = text_of(source_json),
                             .format_json = text_of(format),
                             .signature_count = 2,
                             .signature_names = names,
                             .signature_types = types};
    assert_true(input_expand_units(arena, external->source_json, &test_settings, 10,
                                   &external->units, &external->unit_count, &fault));
    assert_true(input_split_units(arena, external->source_json, external->format_json,
                                  &test_settings, 2, &external->units, &external->unit_count,
                                  &fault));
#ifdef HAVE_ISAL
    assert_int_equal(external->unit_count, 2);
    assert_int_equal(external->units[0].shares, 2);
    assert_int_equal(external->units[1].share, 1);
    assert_int_equal(external->units[1].first_share, 0);
#endif
    return external->unit_count == 2;
}

static void expect_shared(const char *format, uint64_t bad_line)
{
    Arena *arena = arena_new("test");
    StageInput external;
    Fault fault;
    Sums sums;
    uint64_t rows[2];
    if (list_shares(arena, format, &external)) {
        for (uint32_t head_start = 0; head_start < 1000; head_start = head_start * 4 + 1) {
            assert_true(read_shares(&external, head_start, &sums, rows, &fault));
            assert_int_equal(sums.rows, LINES - 1);
            assert_int_equal(sums.ids, (uint64_t)LINES * (LINES + 1) / 2 - BAD_LINE);
            assert_int_equal(sums.bad, 1);
            assert_int_equal(sums.line, bad_line);
            assert_true(head_start > 100 || (rows[0] != 0 && rows[1] != 0));
            assert_true(head_start < 150 || rows[1] == 0);
        }
    }
    arena_free(arena);
}

/* Blocks of lines go to either reader; two members, the first of which ends within a line. */
static void shares(void **state)
{
    write_file("", true);
    compress_file("head -c 7000001 $f | gzip -1 > $f.1; tail -c +7000002 $f | gzip -1 > $f.2; "
                  "cat $f.1 $f.2 > $f; rm $f.1 $f.2");
    expect_shared("{\"type\":\"json\"}", BAD_LINE);
    write_file("left,out\nthis,too\nname,id\n", false);
    compress_file("gzip -1 $f; mv $f.gz $f");
    expect_shared("{\"type\":\"csv\",\"skipHeaderRows\":2,\"findColumnsFromHeader\":true}",
                  BAD_LINE + 3);
}

/* What the text begins with is too far away: one reader has all of it, whoever comes first. */
static void shares_of_one(void **state)
{
    Arena *arena = arena_new("test");
    StageInput external;
    Fault fault;
    Sums sums;
    uint64_t rows[2];
    write_file("", true);
    compress_file("gzip -1 $f; mv $f.gz $f");
    if (list_shares(arena, "{\"type\":\"tsv\",\"skipHeaderRows\":100000,\"columns\":[\"id\"]}",
                    &external)) {
        assert_true(read_shares(&external, 0, &sums, rows, &fault));
        assert_int_equal(sums.rows, LINES - 100000);
        assert_true(rows[0] == 0 || rows[1] == 0);
    }
    arena_free(arena);
}

/* Cut short, and with a checksum that does not fit: each is a fault, wherever it is met. */
static void damaged_shares(void **state)
{
    static const char *const commands[] = {
        "gzip -1 $f; head -c 2000000 $f.gz > $f; rm $f.gz",
        "gzip -1 $f; printf 'xxxx' | dd of=$f.gz bs=1 conv=notrunc status=none "
        "seek=$(($(stat -c %s $f.gz) - 8)); mv $f.gz $f",
    };
    for (int i = 0; i < 2; i++) {
        Arena *arena = arena_new("test");
        StageInput external;
        Fault fault;
        Sums sums;
        uint64_t rows[2];
        write_file("", true);
        compress_file(commands[i]);
        if (list_shares(arena, "{\"type\":\"json\"}", &external)) {
            assert_false(read_shares(&external, 0, &sums, rows, &fault));
            assert_int_equal(fault.code, FAULT_DATA_CORRUPTED);
        }
        arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_in_parts),
        cmocka_unit_test(csv_in_parts),
        cmocka_unit_test(not_in_parts),
        cmocka_unit_test(shares),
        cmocka_unit_test(shares_of_one),
        cmocka_unit_test(damaged_shares),
    };
    int fd = mkstemp(path);
    if (fd < 0)
        return 1;
    close(fd);
    snprintf(source_json, sizeof source_json, "{\"type\":\"local\",\"files\":[\"%s\"]}", path);
    setting_defaults(&test_settings);
    snprintf(test_settings.extern_allowed_folders, sizeof test_settings.extern_allowed_folders, "/");
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
