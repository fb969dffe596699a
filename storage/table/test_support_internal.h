/*
 * For this room's tests: a store in a fresh folder, and real segment files staged into it.
 */
#ifndef TALARIA_STORAGE_TABLE_TEST_SUPPORT_INTERNAL_H
#define TALARIA_STORAGE_TABLE_TEST_SUPPORT_INTERNAL_H

#include "base/log/log.h"
#include "storage/table/table_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DAY          INT64_C(86400000000)
#define DAY_CHUNK(n) ((TableInterval){.start = (n)*DAY, .end = ((n) + 1) * DAY})

enum { TEST_OID_TIMESTAMPTZ = 1184, TEST_OID_TEXT = 25, TEST_OID_INT8 = 20, TEST_OID_INT4 = 23 };

typedef struct TestStore {
    char folder[64];
    Meta *meta;
    Deep *deep;
    TableStore *store;
    Arena *arena;
    uint32_t staged;
    _Atomic uint64_t catalog_version;
    Fault fault;
} TestStore;

static inline bool test_store_open(TestStore *test)
{
    test->arena = arena_new("test");
    test->meta = meta_open_sqlite(test->folder, &test->fault);
    test->deep = test->meta == NULL ? NULL : deep_open_local(test->folder, &test->fault);
    if (test->deep == NULL)
        return false;
    test->store = table_store_open(test->meta, test->deep, &test->catalog_version);
    return true;
}

static inline void test_store_close(TestStore *test)
{
    table_store_close(test->store);
    deep_close(test->deep);
    meta_close(test->meta);
    arena_free(test->arena);
}

static inline int test_setup(void **state)
{
    TestStore *test = calloc(1, sizeof *test);
    if (test == NULL)
        return 1;
    strcpy(test->folder, "/tmp/table_test_XXXXXX");
    *state = test;
    return mkdtemp(test->folder) == NULL || !test_store_open(test);
}

static inline int test_teardown(void **state)
{
    TestStore *test = *state;
    char command[128];
    test_store_close(test);
    snprintf(command, sizeof command, "rm -rf %s", test->folder);
    free(test);
    return system(command);
}

/* A file of `rows` rows in a chunk: __time, one hour apart; name, "<prefix><row>"; amount. */
typedef struct TestFile {
    TableInterval chunk;
    const char *prefix;
    uint32_t rows;
    uint32_t amount_type; /* 0: int8; else this OID over the same layout */
    const char *extra;    /* NULL, or the name of one more int8 column */
} TestFile;

static inline bool test_write_file(TestStore *test, const char *path, const TestFile *file,
                                   uint8_t digest[16])
{
    uint32_t amount_type = file->amount_type == 0 ? TEST_OID_INT8 : file->amount_type;
    SegmentColumn columns[4] = {
        {TEXT_LITERAL("__time"), TEST_OID_TIMESTAMPTZ, -1, LAYOUT_INT64},
        {TEXT_LITERAL("name"), TEST_OID_TEXT, -1, LAYOUT_STRING},
        {TEXT_LITERAL("amount"), amount_type, -1, LAYOUT_INT64},
    };
    SegmentSchema schema = {.column_count = 3, .columns = columns};
    if (file->extra != NULL)
        columns[schema.column_count++] =
            (SegmentColumn){text_of(file->extra), TEST_OID_INT8, -1, LAYOUT_INT64};
    Batch *batch = batch_make(test->arena, schema.column_count, file->rows);
    VectorBuilder builders[4];
    int64_t start = file->chunk.start == INT64_MIN ? 0 : file->chunk.start;
    for (uint32_t i = 0; i < schema.column_count; i++)
        vector_builder_init(&builders[i], test->arena, columns[i].layout, file->rows);
    for (uint32_t row = 0; row < file->rows; row++) {
        char *name = arena_printf(test->arena, "%s%u", file->prefix, row);
        vector_builder_int64(&builders[0], start + row * (DAY / 24));
        vector_builder_text(&builders[1], text_of(name));
        vector_builder_int64(&builders[2], row);
        if (file->extra != NULL)
            vector_builder_int64(&builders[3], 1);
    }
    for (uint32_t i = 0; i < schema.column_count; i++)
        batch->columns[i] = vector_builder_finish(&builders[i]);

    Budget budget;
    SegmentSummary summary;
    budget_init_root(&budget, NULL, 0);
    SegmentWriter *writer = segment_writer_open(path, &schema, &budget, &test->fault);
    bool ok = writer != NULL && segment_writer_append(writer, batch, &test->fault) &&
              segment_writer_finish(writer, test->arena, &summary, &test->fault);
    if (ok)
        memcpy(digest, summary.digest, 16);
    segment_writer_free(writer);
    return ok;
}

/* Stages the files under query "test"; the result is in the test's arena. */
static inline StagedSegment *test_stage(TestStore *test, const TestFile *files, uint32_t count)
{
    StagedSegment *staged = ARENA_ARRAY(test->arena, StagedSegment, count);
    for (uint32_t i = 0; i < count; i++) {
        char path[DEEP_PATH_SIZE];
        staged[i] = (StagedSegment){.chunk = files[i].chunk,
                                    .shard = {.kind = SHARD_NUMBERED, .partition_number = i}};
        check(deep_staging_path(test->deep, "test", test->staged++, path, &test->fault));
        check(test_write_file(test, path, &files[i], staged[i].digest));
        staged[i].path = arena_strdup(test->arena, path);
    }
    return staged;
}

#endif
