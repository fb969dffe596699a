/*
 * Measures segments: bytes and rates by column. Not a test.
 *
 *   segment_bench [ROWS]       a made-up table
 *   segment_bench FILE.tsv     a table whose first line is name:layout, tab, name:layout, ...
 *                              with layouts bool, int64, float64, string; an empty cell is NULL
 *
 * "lz4" is the column's plain values (integers of 8 bytes; texts with a length byte) compressed
 * by LZ4 in blocks of 64 KiB: what a simple column store would take.
 */
#include "base/os/os.h"
#include "storage/segment/segment.h"

#include <lz4.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { MOST_COLUMNS = 200 };

typedef struct Table {
    Arena *arena;
    uint32_t column_count;
    SegmentColumn columns[MOST_COLUMNS];
    VectorBuilder builders[MOST_COLUMNS];
} Table;

static void add_column(Table *table, Text name, Layout layout)
{
    uint32_t i = table->column_count++;
    table->columns[i] = (SegmentColumn){.name = arena_text(table->arena, name), .layout = layout};
    vector_builder_init(&table->builders[i], table->arena, layout, 1024);
}

/* --- a made-up table --- */

static void make_table(Table *table, uint32_t rows)
{
    static const struct {
        const char *name;
        Layout layout;
    } kinds[] = {{"time", LAYOUT_INT64},  {"channel", LAYOUT_STRING}, {"page", LAYOUT_STRING},
                 {"added", LAYOUT_INT64}, {"price", LAYOUT_FLOAT64},  {"id", LAYOUT_INT64},
                 {"robot", LAYOUT_BOOL},  {"comment", LAYOUT_STRING}};
    char text[200];

    for (int i = 0; i < 8; i++)
        add_column(table, text_of(kinds[i].name), kinds[i].layout);
    VectorBuilder *builders = table->builders;
    int64_t time = 1442016000000000;
    for (uint32_t row = 0; row < rows; row++) {
        uint64_t draw = (uint64_t)random() << 31 | (uint64_t)random();
        time += (int64_t)(draw % 20) * 1000;
        vector_builder_int64(&builders[0], time);
        snprintf(text, sizeof text, "#%u.wikipedia", (unsigned)(draw % 50 * (draw % 7) % 50));
        vector_builder_text(&builders[1], text_of(text));
        unsigned page = (unsigned)(draw / 50 % (1 + draw / 1000 % (rows + 1)));
        snprintf(text, sizeof text, "Page about %u, and %u", page, page * 7919 % 1000);
        vector_builder_text(&builders[2], text_of(text));
        vector_builder_int64(&builders[3],
                             draw % 20 ? (int64_t)(draw % 200) : (int64_t)(draw % 50000));
        vector_builder_float64(&builders[4], (double)(draw % 1000000) / 100);
        vector_builder_int64(&builders[5], (int64_t)draw);
        vector_builder_bool(&builders[6], draw % 10 == 0);
        snprintf(text, sizeof text, "/* %lx */ a comment of some length on %u, %lx",
                 (unsigned long)draw, page, (unsigned long)random());
        vector_builder_text(&builders[7], text_of(text));
    }
}

/* --- a file --- */

static Layout layout_of(Text name)
{
    for (int i = 0; i < LAYOUT_COUNT; i++) {
        if (text_equal_string(name, layout_name((Layout)i)))
            return (Layout)i;
    }
    return LAYOUT_STRING;
}

static void add_cell(VectorBuilder *builder, Text cell)
{
    char number[64];

    if (cell.length == 0) {
        vector_builder_null(builder);
        return;
    }
    if (builder->layout == LAYOUT_STRING) {
        vector_builder_text(builder, cell);
        return;
    }
    snprintf(number, sizeof number, "%.*s", TEXT_ARGS(cell));
    if (builder->layout == LAYOUT_INT64)
        vector_builder_int64(builder, strtoll(number, NULL, 10));
    else if (builder->layout == LAYOUT_BOOL)
        vector_builder_bool(builder, number[0] == 't' || number[0] == '1');
    else
        vector_builder_float64(builder, strtod(number, NULL));
}

static Text next_cell(const char **at, const char *end)
{
    const char *start = *at;
    while (*at < end && **at != '\t' && **at != '\n')
        ++*at;
    return (Text){start, (uint32_t)(*at - start)};
}

static void read_table(Table *table, const Buffer *file)
{
    const char *at = (const char *)file->data, *end = at + file->length;

    for (; at < end && at[-(at > (const char *)file->data)] != '\n'; at++) {
        Text cell = next_cell(&at, end);
        const char *colon = memchr(cell.data, ':', cell.length);
        Text name = {cell.data, (uint32_t)(colon - cell.data)};
        add_column(table, name, layout_of((Text){colon + 1, cell.length - name.length - 1}));
        if (*at == '\n')
            break;
    }
    at++;
    while (at < end) {
        for (uint32_t i = 0; i < table->column_count; i++) {
            add_cell(&table->builders[i], next_cell(&at, end));
            at++;
        }
    }
}

/* --- measuring --- */

static double seconds(int64_t since)
{
    return (double)(os_monotonic_nanos() - since) / 1e9;
}

static size_t lz4_size(const Vector *vector)
{
    static char packed[80000];
    Buffer plain = BUFFER_EMPTY;
    size_t total = 0;

    if (vector->layout == LAYOUT_STRING) {
        for (uint32_t i = 0; i < vector->length; i++) {
            Text text = vector_is_null(vector, i) ? (Text){0} : vector_text(vector, i);
            buffer_append_byte(&plain, (uint8_t)text.length);
            buffer_append(&plain, text.data, text.length);
        }
    } else {
        buffer_append(&plain, vector->data, vector->length * layout_size(vector->layout));
    }
    for (size_t from = 0; from < plain.length; from += 65536) {
        size_t some = plain.length - from < 65536 ? plain.length - from : 65536;
        total += (size_t)LZ4_compress_default((const char *)plain.data + from, packed, (int)some,
                                              sizeof packed);
    }
    buffer_clear(&plain);
    return total;
}

static void measure_column(SegmentReader *reader, uint32_t column, const Vector *vector,
                           Arena *scratch)
{
    const Dictionary *dictionary;
    Fault fault;
    uint32_t blocks = segment_block_count(reader), rows = vector->length, few[20];
    const SegmentColumnSummary *summary = segment_column_summary(reader, column);

    int64_t start = os_monotonic_nanos();
    segment_dictionary(reader, column, false, &dictionary, &fault);
    double dictionary_time = seconds(start);
    double best = 1e9, some_time = 0;
    for (int pass = 0; pass < 3; pass++) {
        start = os_monotonic_nanos();
        for (uint32_t block = 0; block < blocks; block++) {
            Vector read;
            if (!segment_read(reader, column, block, NULL, 0, scratch, &read, &fault))
                printf("%s\n", fault.message);
            arena_reset(scratch);
        }
        best = seconds(start) < best ? seconds(start) : best;
    }
    start = os_monotonic_nanos();
    for (uint32_t block = 0; block < blocks; block++) {
        Vector read;
        uint32_t count = segment_block_rows(reader, block) / 103;
        for (uint32_t i = 0; i < count; i++)
            few[i] = i * 103 + 1;
        segment_read(reader, column, block, few, count, scratch, &read, &fault);
        arena_reset(scratch);
    }
    some_time = seconds(start);
    printf("%-20.*s %-8s %10lu %10zu %6.2f %9.0f M/s %8.2f us",
           TEXT_ARGS(segment_schema(reader)->columns[column].name), layout_name(vector->layout),
           (unsigned long)summary->stored_bytes, lz4_size(vector),
           (double)summary->stored_bytes / rows, rows / best / 1e6, some_time * 1e6 / blocks);
    if (dictionary != NULL)
        printf("  %u entries, %.0f MB/s", dictionary->count - 1,
               (double)dictionary->offsets[dictionary->count] / dictionary_time / 1e6);
    printf("\n");
}

static bool write_table(const Table *table, const Batch *batch, const char *path, Fault *fault)
{
    SegmentSchema schema = {table->column_count, table->columns};
    SegmentSummary summary;
    Budget budget;
    Arena *arena = arena_new("write");

    budget_init_root(&budget, NULL, 0);
    unlink(path);
    int64_t start = os_monotonic_nanos(), middle = start;
    SegmentWriter *writer = segment_writer_open(path, &schema, &budget, fault);
    bool ok = writer != NULL;
    for (uint32_t from = 0; ok && from < batch->rows; from += BATCH_ROWS) {
        uint32_t some = batch->rows - from < BATCH_ROWS ? batch->rows - from : BATCH_ROWS;
        ok = segment_writer_append(writer, batch_slice(arena, batch, from, some), fault);
    }
    middle = os_monotonic_nanos();
    ok = ok && segment_writer_finish(writer, arena, &summary, fault);
    if (ok)
        printf("%u rows: appended in %.3f s, finished in %.3f s, %lu bytes, %.2f a row, "
               "peak %.1f MB\n",
               batch->rows, (double)(middle - start) / 1e9, seconds(middle),
               (unsigned long)summary.file_bytes, (double)summary.file_bytes / batch->rows,
               (double)budget.peak / 1e6);
    segment_writer_free(writer);
    arena_free(arena);
    return ok;
}

int main(int argc, char **argv)
{
    static Table table;
    const char *path = "segment_bench.tmp";
    const char *input = argc > 1 ? argv[1] : "1000000";
    Buffer file = BUFFER_EMPTY;
    Fault fault;

    table.arena = arena_new("table");
    if (strspn(input, "0123456789") == strlen(input)) {
        make_table(&table, (uint32_t)atol(input));
    } else if (os_read_file(input, &file, SIZE_MAX / 2, &fault)) {
        read_table(&table, &file);
    } else {
        fprintf(stderr, "%s\n", fault.message);
        return 1;
    }
    Batch *batch = batch_make(table.arena, table.column_count, table.builders[0].length);
    for (uint32_t i = 0; i < table.column_count; i++)
        batch->columns[i] = vector_builder_finish(&table.builders[i]);
    SegmentReader *reader = NULL;
    if (!write_table(&table, batch, path, &fault) ||
        (reader = segment_reader_open(path, NULL, &fault)) == NULL) {
        fprintf(stderr, "%s\n", fault.message);
        return 1;
    }
    Arena *scratch = arena_new("scratch");
    printf("%-20s %-8s %10s %10s %6s %13s %11s\n", "column", "layout", "bytes", "lz4", "a row",
           "all rows", "1 %/block");
    for (uint32_t i = 0; i < table.column_count; i++)
        measure_column(reader, i, &batch->columns[i], scratch);
    segment_reader_close(reader);
    if (argc <= 2)
        unlink(path);
    return 0;
}
