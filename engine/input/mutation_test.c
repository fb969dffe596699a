/*
 * Damaged data: seeds of all formats with bytes changed, cut out, doubled. Whatever comes, a read
 * ends with rows, counted bad rows or a fault; the sanitizers see to the rest. Rounds are numbered
 * and repeatable; TALARIA_TEST_ROUNDS in the environment makes more of them.
 */
#include "engine/input/input_test_internal.h"

#include <archive.h>
#include <archive_entry.h>

enum { SEED_ROWS = 40 };

static char path[64];
static uint64_t random_state;
static uint32_t all_rounds = 400;

static uint32_t random_below(uint32_t limit)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(random_state >> 33) % limit;
}

static void make_json(Buffer *data)
{
    for (int i = 0; i < SEED_ROWS; i++)
        buffer_printf(
            data,
            "{\"a\":\"v\\n%d\",\"b\":%d.5e1,\"c\":[1,\"x\",null,true],\"d\":{\"e\":[{\"f\":%d}],"
            "\"g\":\"\\u00e9\\ud83d\\ude00\"},\"__time\":\"2015-09-12T00:46:58.771Z\"}\n",
            i, i, i);
}

static void make_csv(Buffer *data)
{
    buffer_append_string(data, "a,b,c,__time\n");
    for (int i = 0; i < SEED_ROWS; i++)
        buffer_printf(data, "v%d,%d.5,\"x\001y\"\"\",2015-09-12\r\n", i, i);
}

static void compress(const Buffer *data, int (*filter)(struct archive *), Buffer *out)
{
    size_t used;
    struct archive *archive = archive_write_new();
    struct archive_entry *entry = archive_entry_new();
    filter(archive);
    archive_write_set_format_raw(archive);
    archive_write_open_memory(archive, buffer_reserve(out, 65536), 65536, &used);
    archive_entry_set_pathname(entry, "data");
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_write_header(archive, entry);
    archive_write_data(archive, data->data, data->length);
    archive_entry_free(entry);
    archive_write_free(archive);
    out->length += used;
}

static const char interesting[] = "{}[]:,\"\\\n\r\t\0\xff\xc3\xed\xa0 0123456789.eE+-ntfu/x";

static void mutate(Buffer *data)
{
    uint32_t changes = 1 + random_below(8);
    for (uint32_t i = 0; i < changes && data->length > 1; i++) {
        uint32_t at = random_below((uint32_t)data->length);
        uint32_t length = 1 + random_below(20);
        if (length > data->length - at)
            length = (uint32_t)data->length - at;
        switch (random_below(5)) {
        case 0:
            data->data[at] ^= (uint8_t)(1u << random_below(8));
            break;
        case 1:
            data->data[at] = (uint8_t)interesting[random_below(sizeof interesting - 1)];
            break;
        case 2:
            memmove(data->data + at, data->data + at + length, data->length - at - length);
            data->length -= length;
            break;
        case 3:
            buffer_reserve(data, length);
            memmove(data->data + at + length, data->data + at, data->length - at);
            data->length += length;
            break;
        case 4:
            data->length = random_below(10) == 0 ? at + 1 : data->length;
            break;
        }
    }
}

static void write_data(const Buffer *data)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    if (data->length != 0)
        fwrite(data->data, 1, data->length, file);
    fclose(file);
}

static void read_mutants(const Buffer *seed, const char *format, const char *signature,
                         uint32_t rounds)
{
    uint64_t rows = 0, bad = 0, faults = 0;
    for (uint32_t round = 0; round < rounds; round++) {
        Buffer data = BUFFER_EMPTY;
        buffer_append(&data, seed->data, seed->length);
        random_state = round;
        mutate(&data);
        write_data(&data);
        TestRead read =
            test_read_unit("{\"type\":\"local\",\"files\":[]}", path, format, signature, NULL);
        rows += read.rows;
        bad += read.errors.count;
        faults += read.failed;
        free(read.text);
        buffer_clear(&data);
    }
    print_message("%llu rows, %llu bad rows, %llu faults\n", (unsigned long long)rows,
                  (unsigned long long)bad, (unsigned long long)faults);
    assert_true(rows > rounds);
    assert_true(bad + faults > rounds / 8);
}

#define SIGNATURE "a:text,b:double precision,c:text[],d:json,__time:timestamp"

static void survives_damaged_json(void **state)
{
    Buffer seed = BUFFER_EMPTY;
    make_json(&seed);
    read_mutants(&seed, "{\"type\":\"json\"}", SIGNATURE, all_rounds);
    read_mutants(
        &seed,
        "{\"type\":\"json\",\"flattenSpec\":{\"fields\":[{\"type\":\"path\",\"name\":\"a\","
        "\"expr\":\"$.d.e[0].f\"},{\"type\":\"path\",\"name\":\"b\",\"expr\":\"$.d.g\"}]}}",
        SIGNATURE, all_rounds);
    buffer_clear(&seed);
}

static void survives_damaged_text(void **state)
{
    Buffer seed = BUFFER_EMPTY;
    make_csv(&seed);
    read_mutants(
        &seed, "{\"type\":\"csv\",\"columns\":[\"a\",\"b\",\"c\",\"__time\"],\"skipHeaderRows\":1}",
        SIGNATURE, all_rounds);
    read_mutants(&seed,
                 "{\"type\":\"csv\",\"findColumnsFromHeader\":true,\"tryParseNumbers\":true}",
                 SIGNATURE, all_rounds);
    read_mutants(
        &seed, "{\"type\":\"tsv\",\"delimiter\":\",\",\"columns\":[\"a\",\"b\",\"c\",\"__time\"]}",
        SIGNATURE, all_rounds / 4);
    read_mutants(
        &seed,
        "{\"type\":\"regex\",\"pattern\":\"([^,]*),([^,]*),(.*)\",\"columns\":[\"a\",\"b\",\"c\"]}",
        SIGNATURE, all_rounds / 4);
    buffer_clear(&seed);
}

static void survives_damaged_compression(void **state)
{
    static int (*const filters[])(struct archive *) = {
        archive_write_add_filter_gzip, archive_write_add_filter_bzip2, archive_write_add_filter_xz,
        archive_write_add_filter_zstd};
    for (int i = 0; i < 4; i++) {
        Buffer seed = BUFFER_EMPTY, packed = BUFFER_EMPTY;
        make_json(&seed);
        compress(&seed, filters[i], &packed);
        for (uint32_t round = 0; round < all_rounds / 4; round++) {
            Buffer data = BUFFER_EMPTY;
            buffer_append(&data, packed.data, packed.length);
            random_state = round;
            mutate(&data);
            write_data(&data);
            TestRead read = test_read_unit("{\"type\":\"local\",\"files\":[]}", path,
                                           "{\"type\":\"json\"}", SIGNATURE, NULL);
            free(read.text);
            buffer_clear(&data);
        }
        buffer_clear(&seed);
        buffer_clear(&packed);
    }
}

static void survives_noise(void **state)
{
    static const char *const formats[] = {
        "{\"type\":\"json\"}", "{\"type\":\"csv\",\"columns\":[\"a\",\"b\"]}",
        "{\"type\":\"tsv\",\"columns\":[\"a\",\"b\"],\"delimiter\":\"ab\"}"};
    for (uint32_t round = 0; round < all_rounds; round++) {
        Buffer data = BUFFER_EMPTY;
        random_state = round;
        for (uint32_t i = random_below(400); i > 0; i--)
            buffer_append_byte(
                &data,
                (uint8_t)(random_below(3) == 0
                              ? random_below(256)
                              : (uint32_t)interesting[random_below(sizeof interesting - 1)]));
        write_data(&data);
        TestRead read = test_read_unit("{\"type\":\"local\",\"files\":[]}", path,
                                       formats[round % 3], SIGNATURE, NULL);
        free(read.text);
        buffer_clear(&data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(survives_damaged_json),
        cmocka_unit_test(survives_damaged_text),
        cmocka_unit_test(survives_damaged_compression),
        cmocka_unit_test(survives_noise),
    };
    setting_defaults(&test_settings);
    if (getenv("TALARIA_TEST_ROUNDS") != NULL)
        all_rounds = (uint32_t)atoi(getenv("TALARIA_TEST_ROUNDS"));
    strcpy(path, "/tmp/talaria-mutation-XXXXXX");
    close(mkstemp(path));
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
