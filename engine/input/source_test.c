/*
 * Local sources: listing, permission, compression, damaged and odd files; what is checked before
 * anything is read.
 */
#include "engine/input/input_test_internal.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>

#define JSON "{\"type\":\"json\"}"

static char folder[64];

static const char *path_of(const char *name)
{
    static char paths[4][256];
    static int next;
    next = (next + 1) % 4;
    snprintf(paths[next], sizeof paths[0], "%s/%s", folder, name);
    return paths[next];
}

static void write_file(const char *name, const void *data, size_t length, const char *mode)
{
    FILE *file = fopen(path_of(name), mode);
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, length, file), length);
    fclose(file);
}

static void write_text(const char *name, const char *text)
{
    write_file(name, text, strlen(text), "w");
}

static TestRead read_file(const char *name, const char *format, const char *signature)
{
    return test_read_unit("{\"type\":\"local\",\"files\":[]}", path_of(name), format, signature,
                          NULL);
}

/* --- files --- */

static void reads_files(void **state)
{
    write_text("a.json", "{\"a\":1}\n{\"a\":2}");
    test_expect(read_file("a.json", JSON, "a:bigint"), "1\n2\n");
    write_text("empty", "");
    test_expect(read_file("empty", JSON, "a:bigint"), "");
    write_text("b.csv", "a\n1\n");
    test_expect(read_file("b.csv", "{\"type\":\"csv\",\"findColumnsFromHeader\":true}", "a:bigint"),
                "1\n");
    write_file("bytes.csv", "x\n\xff\xfe\ny\n", 7, "w");
    test_expect_bad(read_file("bytes.csv", "{\"type\":\"csv\",\"columns\":[\"a\"]}", "a:text"),
                    "x\ny\n", 1);
    write_file("bytes.json", "{\"a\":\"x\"}\n{\"a\":\"\xff\"}\n{\"a\":\"y\"}\n\0\n", 32, "w");
    test_expect_bad(read_file("bytes.json", JSON, "a:text"), "x\ny\n", 2);
    write_file("null.csv", "a\0b\n", 4, "w");
    test_expect_fault(read_file("null.csv", "{\"type\":\"csv\",\"columns\":[\"a\"]}", "a:text"),
                      FAULT_INVALID_NULL_BYTE, "null.csv");
}

static void refuses_what_is_no_file(void **state)
{
    test_expect_fault(read_file("missing", JSON, "a:bigint"), FAULT_UNDEFINED_FILE, "missing");
    test_expect_fault(read_file(".", JSON, "a:bigint"), FAULT_WRONG_OBJECT_TYPE, "directory");
    assert_int_equal(mkfifo(path_of("pipe"), 0600), 0);
    test_expect_fault(read_file("pipe", JSON, "a:bigint"), FAULT_WRONG_OBJECT_TYPE, "regular");
    unlink(path_of("pipe"));
}

static void stays_in_allowed_folders(void **state)
{
    write_text("secret", "{\"a\":1}");
    assert_int_equal(mkdir(path_of("inside"), 0700), 0);
    assert_int_equal(mkdir(path_of("inside-not"), 0700), 0);
    write_text("inside/open", "{\"a\":2}");
    write_text("inside-not/x", "{\"a\":3}");
    assert_int_equal(symlink("../secret", path_of("inside/link")), 0);
    snprintf(test_settings.extern_allowed_folders, sizeof test_settings.extern_allowed_folders,
             "/nowhere, %s/inside ", folder);
    test_expect(read_file("inside/open", JSON, "a:bigint"), "2\n");
    test_expect_fault(read_file("inside/link", JSON, "a:bigint"), FAULT_INSUFFICIENT_PRIVILEGE,
                      "link");
    test_expect_fault(read_file("inside/../secret", JSON, "a:bigint"), FAULT_INSUFFICIENT_PRIVILEGE,
                      "secret");
    test_expect_fault(read_file("inside-not/x", JSON, "a:bigint"), FAULT_INSUFFICIENT_PRIVILEGE,
                      "inside-not");
    strcpy(test_settings.extern_allowed_folders, "");
    test_expect_fault(read_file("inside/open", JSON, "a:bigint"), FAULT_INSUFFICIENT_PRIVILEGE,
                      "open");
    strcpy(test_settings.extern_allowed_folders, "/");
    test_expect(read_file("inside/link", JSON, "a:bigint"), "1\n");
}

/* --- listing --- */

static char *expand(const char *source, uint32_t limit, Fault *fault)
{
    Arena *arena = arena_new("test");
    const InputUnit *units;
    uint32_t count;
    Buffer out = BUFFER_EMPTY;
    bool ok =
        input_expand_units(arena, text_of(source), &test_settings, limit, &units, &count, fault);
    for (uint32_t i = 0; ok && i < count; i++) {
        Text name = units[i].name;
        if (name.length > strlen(folder) && memcmp(name.data, folder, strlen(folder)) == 0)
            name = (Text){name.data + strlen(folder), name.length - (uint32_t)strlen(folder)};
        buffer_printf(&out, "%.*s=%llu ", TEXT_ARGS(name), (unsigned long long)units[i].bytes);
    }
    char *text = ok ? strdup(buffer_string(&out)) : NULL;
    buffer_clear(&out);
    arena_free(arena);
    return text;
}

static void expect_units(const char *source, const char *expected)
{
    Fault fault;
    char *text = expand(source, 100, &fault);
    if (text == NULL)
        print_error("%s\n", fault.message);
    assert_non_null(text);
    assert_string_equal(text, expected);
    free(text);
}

static void expect_no_units(const char *source, uint32_t limit, FaultCode code)
{
    Fault fault;
    assert_null(expand(source, limit, &fault));
    if (fault.code != code)
        print_error("%s\n", fault.message);
    assert_int_equal(fault.code, code);
}

static void lists_units(void **state)
{
    char source[1024];
    mkdir(path_of("list"), 0700);
    mkdir(path_of("list/sub"), 0700);
    write_text("list/b.csv", "bb");
    write_text("list/a.csv", "a");
    write_text("list/a.json", "a");
    write_text("list/none.csv", "");
    write_text("list/sub/c.csv", "ccc");
    snprintf(source, sizeof source,
             "{\"type\":\"local\",\"baseDir\":\"%s/list\",\"filter\":\"*.csv\"}", folder);
    expect_units(source, "/list/a.csv=1 /list/b.csv=2 /list/sub/c.csv=3 ");
    expect_no_units(source, 2, FAULT_TOO_MANY_INPUT_FILES);
    snprintf(source, sizeof source,
             "{\"type\":\"local\",\"baseDir\":\"%s/list/\",\"filter\":\"?.*\",\"files\":[\"%s/list/"
             "a.csv\",\"%s/secret\",\"%s/secret\"]}",
             folder, folder, folder, folder);
    expect_units(source, "/list/a.csv=1 /list/a.json=1 /list/b.csv=2 /list/sub/c.csv=3 /secret=7 ");
    snprintf(
        source, sizeof source,
        "{\"type\":\"combining\",\"delegates\":[{\"type\":\"local\",\"files\":[\"%s/secret\"]},"
        "{\"type\":\"http\",\"uris\":[\"http://x/y\"]}]}",
        folder);
    expect_units(source, "/secret=7 http://x/y=0 ");
    expect_units("{\"type\":\"inline\",\"data\":\"abc\"}", "inline=3 ");
    expect_units("{\"type\":\"nil\"}", "");
    expect_no_units("{\"type\":\"local\",\"files\":[\"/nowhere/x\"]}", 9, FAULT_UNDEFINED_FILE);
    expect_no_units("{\"type\":\"local\",\"baseDir\":\"/nowhere\",\"filter\":\"*\"}", 9,
                    FAULT_UNDEFINED_FILE);
}

static void reads_delegates(void **state)
{
    char source[512];
    snprintf(source, sizeof source,
             "{\"type\":\"combining\",\"delegates\":[{\"type\":\"http\",\"uris\":[\"http://x/y\"]},"
             "{\"type\":\"local\",\"systemFields\":[\"__file_uri\",\"__file_path\"],\"files\":[\"%"
             "s/a.json\"]}]}",
             folder);
    char expected[512];
    snprintf(expected, sizeof expected, "1|file:%s/a.json|%s/a.json\n2|file:%s/a.json|%s/a.json\n",
             folder, folder, folder, folder);
    test_expect(test_read_unit(source, path_of("a.json"), JSON,
                               "a:bigint,__file_uri:text,__file_path:text", NULL),
                expected);
}

/* --- checking --- */

static void expect_options(const char *source, const char *format, FaultCode code, const char *part)
{
    Fault fault = {0};
    bool ok = input_check(text_of(source), text_of(format), &test_settings, &fault);
    if (fault.code != code || (code != FAULT_NONE && strstr(fault.message, part) == NULL))
        print_error("%s: %s\n", source, fault.message);
    assert_int_equal(ok, code == FAULT_NONE);
    assert_int_equal(fault.code, code);
    assert_true(code == FAULT_NONE || strstr(fault.message, part) != NULL);
}

static void checks_options(void **state)
{
    static const char inline_data[] = "{\"type\":\"inline\",\"data\":\"\"}";
    expect_options(inline_data, JSON, FAULT_NONE, "");
    expect_options("{\"type\":\"inline\"", JSON, FAULT_INVALID_PARAMETER_VALUE, "JSON");
    expect_options("[]", JSON, FAULT_INVALID_PARAMETER_VALUE, "object");
    expect_options("{}", JSON, FAULT_INVALID_PARAMETER_VALUE, "type");
    expect_options("{\"type\":\"inline\"}", JSON, FAULT_INVALID_PARAMETER_VALUE, "data");
    expect_options("{\"type\":\"nonsense\"}", JSON, FAULT_INVALID_PARAMETER_VALUE, "nonsense");
    expect_options("{\"type\":\"s3\",\"uris\":[]}", JSON, FAULT_FEATURE_NOT_SUPPORTED, "s3");
    expect_options("{\"type\":\"local\"}", JSON, FAULT_INVALID_PARAMETER_VALUE, "baseDir");
    expect_options("{\"type\":\"local\",\"baseDir\":\"/\"}", JSON, FAULT_INVALID_PARAMETER_VALUE,
                   "filter");
    expect_options("{\"type\":\"local\",\"files\":[1]}", JSON, FAULT_INVALID_PARAMETER_VALUE,
                   "files");
    expect_options("{\"type\":\"http\",\"uris\":[]}", JSON, FAULT_INVALID_PARAMETER_VALUE, "uris");
    expect_options("{\"type\":\"http\",\"uris\":[\"file:///etc/passwd\"]}", JSON,
                   FAULT_INSUFFICIENT_PRIVILEGE, "protocol");
    expect_options("{\"type\":\"http\",\"uris\":[\"http://x\"],\"requestHeaders\":{\"X\":\"y\"}}",
                   JSON, FAULT_INSUFFICIENT_PRIVILEGE, "X");
    expect_options("{\"type\":\"combining\",\"delegates\":[{\"type\":\"inline\",\"data\":\"\"}]}",
                   JSON, FAULT_INVALID_PARAMETER_VALUE, "inline");
    expect_options(inline_data, "{\"type\":\"parquet\"}", FAULT_FEATURE_NOT_SUPPORTED, "parquet");
    expect_options(inline_data, "{\"type\":\"xml\"}", FAULT_INVALID_PARAMETER_VALUE, "xml");
    expect_options(inline_data, "{\"type\":\"regex\",\"pattern\":\"(\"}",
                   FAULT_INVALID_REGULAR_EXPRESSION, "pattern");
    expect_options(inline_data, "{\"type\":\"regex\"}", FAULT_INVALID_PARAMETER_VALUE, "pattern");
    expect_options(inline_data, "{\"type\":\"csv\",\"columns\":\"a\"}",
                   FAULT_INVALID_PARAMETER_VALUE, "columns");
    expect_options(inline_data, "{\"type\":\"csv\",\"columns\":[\"a\"],\"skipHeaderRows\":-1}",
                   FAULT_INVALID_PARAMETER_VALUE, "skipHeaderRows");
    expect_options(inline_data, "{\"type\":\"json\",\"featureSpec\":{\"ALLOW_COMMENTS\":true}}",
                   FAULT_FEATURE_NOT_SUPPORTED, "ALLOW_COMMENTS");
    expect_options(inline_data, "{\"type\":\"json\",\"featureSpec\":{\"ALLOW_COMMENTS\":false}}",
                   FAULT_NONE, "");
}

static void reads_regex(void **state)
{
    test_expect_bad(
        test_read_inline("a=1 b|c\nx\nd=22 \n",
                         "{\"type\":\"regex\",\"pattern\":\"(\\\\w)=(\\\\d+)( "
                         ".*)\",\"listDelimiter\":\"|\",\"columns\":[\"k\",\"v\",\"rest\"]}",
                         "v:bigint,k:text,rest:text[]"),
        "1|a|{\" b\",c}\n22|d|{\" \"}\n", 1);
    test_expect(test_read_inline("ab", "{\"type\":\"regex\",\"pattern\":\"(a)(b)(c)?\"}",
                                 "column_2:text,column_3:text"),
                "b|~\n");
    /* a pattern that takes for ever */
    test_expect_bad(test_read_inline("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!",
                                     "{\"type\":\"regex\",\"pattern\":\"(?:a*)*(b)|((a+)+)+\"}",
                                     "column_1:text"),
                    "", 1);
}

/* --- compression --- */

static void write_compressed(const char *name, int (*filter)(struct archive *), bool is_zip,
                             const char *data, size_t length)
{
    struct archive *archive = archive_write_new();
    struct archive_entry *entry = archive_entry_new();
    assert_int_equal(filter(archive), ARCHIVE_OK);
    assert_int_equal(is_zip ? archive_write_set_format_zip(archive)
                            : archive_write_set_format_raw(archive),
                     ARCHIVE_OK);
    assert_int_equal(archive_write_open_filename(archive, path_of(name)), ARCHIVE_OK);
    archive_entry_set_pathname(entry, "data");
    archive_entry_set_filetype(entry, AE_IFREG);
    if (is_zip)
        archive_entry_set_size(entry, (la_int64_t)length);
    assert_int_equal(archive_write_header(archive, entry), ARCHIVE_OK);
    assert_int_equal(archive_write_data(archive, data, length), length);
    archive_entry_free(entry);
    assert_int_equal(archive_write_free(archive), ARCHIVE_OK);
}

typedef struct Kind {
    const char *name;
    int (*filter)(struct archive *);
    bool is_zip;
} Kind;

static const Kind kinds[] = {
    {"c.gz", archive_write_add_filter_gzip, false},
    {"c.bz2", archive_write_add_filter_bzip2, false},
    {"c.xz", archive_write_add_filter_xz, false},
    {"c.zst", archive_write_add_filter_zstd, false},
    {"c.lz4", archive_write_add_filter_lz4, false},
    {"c.zip", archive_write_add_filter_none, true},
};
enum { KINDS = sizeof kinds / sizeof kinds[0], COMPRESSED_ROWS = 20000 };

static void make_rows(Buffer *data, Buffer *expected)
{
    uint32_t noise = 1;
    for (int i = 0; i < COMPRESSED_ROWS; i++) {
        noise = noise * 1664525u + 1013904223u;
        buffer_printf(data, "{\"a\":%d,\"b\":\"%08x\"}\n", i, noise);
        buffer_printf(expected, "%08x|%d\n", noise, i);
    }
}

static void decompresses(void **state)
{
    Buffer data = BUFFER_EMPTY, expected = BUFFER_EMPTY;
    make_rows(&data, &expected);
    buffer_string(&expected);
    for (int i = 0; i < KINDS; i++) {
        write_compressed(kinds[i].name, kinds[i].filter, kinds[i].is_zip, (const char *)data.data,
                         data.length);
        TestRead read = read_file(kinds[i].name, JSON, "b:text,a:bigint");
        if (read.failed)
            print_error("%s: ", kinds[i].name);
        test_expect(read, (const char *)expected.data);
    }
    buffer_clear(&data);
    buffer_clear(&expected);
}

static size_t load(const char *name, char **data)
{
    FILE *file = fopen(path_of(name), "r");
    assert_non_null(file);
    *data = malloc(8 << 20);
    size_t length = fread(*data, 1, 8 << 20, file);
    fclose(file);
    return length;
}

static void reads_all_members(void **state)
{
    static const char *const names[] = {"c.gz", "c.bz2", "c.xz", "c.zst"};
    for (int i = 0; i < 4; i++) {
        char *data;
        size_t length = load(names[i], &data);
        write_file("members", data, length, "w");
        write_file("members", data, length, "a");
        free(data);
        TestRead read = read_file("members", JSON, "a:bigint");
        if (read.rows != 2 * COMPRESSED_ROWS)
            print_error("%s\n", names[i]);
        assert_false(read.failed);
        assert_int_equal(read.rows, 2 * COMPRESSED_ROWS);
        free(read.text);
    }
}

static void faults_on_truncation(void **state)
{
    for (int i = 0; i < KINDS; i++) {
        char *data;
        size_t length = load(kinds[i].name, &data);
        write_file("cut", data, length / 2, "w");
        free(data);
        TestRead read = read_file("cut", JSON, "a:bigint");
        if (!read.failed)
            print_error("%s: no fault\n", kinds[i].name);
        test_expect_fault(read, FAULT_DATA_CORRUPTED, "cut");
    }
    write_file("cut", "\x1f\x8b", 2, "w");
    test_expect_fault(read_file("cut", JSON, "a:bigint"), FAULT_DATA_CORRUPTED, "cut");
    write_file("cut", "\xff\x06\0\0sNaPpY....", 14, "w");
    test_expect_fault(read_file("cut", JSON, "a:bigint"), FAULT_FEATURE_NOT_SUPPORTED, "snappy");
    write_text("cut", "BZhave,1");
    test_expect(read_file("cut", "{\"type\":\"csv\",\"columns\":[\"a\"]}", "a:text"), "BZhave\n");
    test_expect_bad(test_read_inline("BZh91AY&SY", JSON, "a:bigint"), "", 1);
}

/* --- size --- */

static void bounds_memory(void **state)
{
    enum { LONG = 12 << 20 };
    Buffer data = BUFFER_EMPTY;
    buffer_append_string(&data, "{\"a\":\"");
    memset(buffer_reserve(&data, LONG), 'x', LONG);
    data.length += LONG;
    buffer_append_string(&data, "\"}\n{\"a\":\"y\"}\n");
    write_file("long", data.data, data.length, "w");
    buffer_clear(&data);
    Budget budget;
    budget_init_root(&budget, NULL, 0);
    TestRead read = test_read_unit("{\"type\":\"local\",\"files\":[]}", path_of("long"), JSON,
                                   "a:text", &budget);
    assert_false(read.failed);
    assert_int_equal(read.rows, 2);
    assert_true(budget.peak >= LONG);
    assert_int_equal(budget.used, 0);
    free(read.text);
    Budget small;
    budget_init_child(&small, &budget, 2 << 20);
    read = test_read_unit("{\"type\":\"local\",\"files\":[]}", path_of("long"), JSON, "a:text",
                          &small);
    test_expect_fault(read, FAULT_NOT_ENOUGH_MEMORY, "");
    assert_int_equal(small.used, 0);
    /* without room for dictionaries texts stay what they are */
    budget_init_child(&small, &budget, 100 << 10);
    read = test_read_unit("{\"type\":\"local\",\"files\":[]}", path_of("c.gz"), JSON,
                          "b:text,a:text", &small);
    assert_false(read.failed);
    assert_int_equal(read.rows, COMPRESSED_ROWS);
    assert_non_null(strstr(read.text, "|19999\n"));
    free(read.text);
    assert_int_equal(small.used, 0);
}

static void leaves_out_lines_without_end(void **state)
{
    FILE *file = fopen(path_of("endless"), "w");
    char *piece = malloc(1 << 20);
    memset(piece, 'x', 1 << 20);
    fputs("{\"a\":1}\n", file);
    for (int i = 0; i < 80; i++)
        fwrite(piece, 1, 1 << 20, file);
    fputs("\n{\"a\":2}\n", file);
    for (int i = 0; i < 70; i++)
        fwrite(piece, 1, 1 << 20, file);
    free(piece);
    fclose(file);
    TestRead read = read_file("endless", JSON, "a:bigint");
    unlink(path_of("endless"));
    assert_int_equal(read.errors.messages[0].line, 2);
    assert_int_equal(read.errors.messages[1].line, 4);
    test_expect_bad(read, "1\n2\n", 2);
}

static void returns_among_bad_rows(void **state)
{
    FILE *file = fopen(path_of("bad"), "w");
    for (int i = 0; i < 2000000; i++)
        fputs("bad\n", file);
    fclose(file);
    Text name = text_of(path_of("bad")), column = TEXT_LITERAL("a");
    SqlType type = SQL_TYPE(T_TEXT);
    uint32_t wanted = 0;
    TypeContext context = {.zone = timezone_utc(), .settings = &test_settings};
    InputUnit unit = {.name = name};
    StageInput external = {.source_json = TEXT_LITERAL("{\"type\":\"local\",\"files\":[]}"),
                           .format_json = TEXT_LITERAL(JSON),
                           .unit_count = 1,
                           .units = &unit,
                           .signature_count = 1,
                           .signature_names = &column,
                           .signature_types = &type};
    InputOptions options = {
        .external = &external, .column_count = 1, .columns = &wanted, .context = &context};
    Fault fault;
    Batch *batch;
    InputReader *reader = input_open(&options, &fault);
    assert_true(input_next(reader, &batch, &fault));
    assert_non_null(batch);
    assert_int_equal(batch->rows, 0);
    assert_in_range(input_errors(reader)->count, 1, 1999999);
    while (batch != NULL)
        assert_true(input_next(reader, &batch, &fault));
    assert_int_equal(input_errors(reader)->count, 2000000);
    input_close(reader);
}

/* --- real data --- */

static void reads_real_data(void **state)
{
    const char *data = getenv("TALARIA_TEST_DATA");
    char path[512];
    if (data == NULL) {
        print_message("skipped: TALARIA_TEST_DATA names no folder\n");
        skip();
    }
    snprintf(path, sizeof path, "%s/wikiticker-2015-09-12-sampled.json.gz", data);
    TestRead read = test_read_unit("{\"type\":\"local\",\"files\":[]}", path, JSON,
                                   "time:text,channel:text,added:bigint,isRobot:boolean", NULL);
    assert_false(read.failed);
    assert_int_equal(read.rows, 39244);
    assert_int_equal(read.errors.count, 0);
    free(read.text);
    snprintf(path, sizeof path, "%s/kttm-nested-2019-08-25.json.gz", data);
    read = test_read_unit("{\"type\":\"local\",\"files\":[]}", path, JSON,
                          "timestamp:text,event:json,language:text[],number:bigint", NULL);
    assert_int_equal(read.rows, 78197);
    assert_non_null(
        strstr(read.text, "{\"type\":\"PercentClear\",\"percentage\":55}|{es,es-419}|16\n"));
    free(read.text);
    snprintf(path, sizeof path, "%s/country.tsv", data);
    read = test_read_unit("{\"type\":\"local\",\"files\":[]}", path,
                          "{\"type\":\"tsv\",\"findColumnsFromHeader\":true}",
                          "ISO3:text,Capital:text", NULL);
    assert_int_equal(read.rows, 91);
    assert_non_null(strstr(read.text, "ARG|Buenos Aires\n"));
    free(read.text);
}

static int make_folder(void **state)
{
    strcpy(folder, "/tmp/talaria-input-XXXXXX");
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_files),
        cmocka_unit_test(refuses_what_is_no_file),
        cmocka_unit_test(stays_in_allowed_folders),
        cmocka_unit_test(lists_units),
        cmocka_unit_test(reads_delegates),
        cmocka_unit_test(checks_options),
        cmocka_unit_test(reads_regex),
        cmocka_unit_test(decompresses),
        cmocka_unit_test(reads_all_members),
        cmocka_unit_test(faults_on_truncation),
        cmocka_unit_test(bounds_memory),
        cmocka_unit_test(leaves_out_lines_without_end),
        cmocka_unit_test(returns_among_bad_rows),
        cmocka_unit_test(reads_real_data),
    };
    setting_defaults(&test_settings);
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
