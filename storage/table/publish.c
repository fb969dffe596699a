/*
 * Publishing: how a statement's staged files become part of a table.
 *
 *   validate  every file's footer and digest; what its columns are is read from it
 *   rename    to names never used before (segments/<table>/<unique>.segment)
 *   sync      the folders that hold those names
 *   commit    one metadata transaction: columns, old segments unused, new segments used
 *   after     the catalog version goes up, so that readers look again
 *
 * Everything that could have changed since the statement was planned (locks, columns, what lies
 * in the chunks) is looked at inside the transaction, which excludes all other writers. A crash
 * before the commit leaves files that no row names, which start-up removes; a crash after it
 * leaves nothing to do.
 */
#include "storage/table/publish_internal.h"

#include "base/log/log.h"
#include "base/os/os.h"

#include <stdio.h>
#include <stdlib.h>

/* --- validate --- */

static void copy_file_columns(Publish *publish, const SegmentReader *reader, PublishFile *file)
{
    const SegmentSchema *schema = segment_schema(reader);
    ColumnSummary *columns = ARENA_ARRAY(publish->arena, ColumnSummary, schema->column_count);
    for (uint32_t i = 0; i < schema->column_count; i++) {
        columns[i] = (ColumnSummary){
            .name = terminated_text(publish->arena, schema->columns[i].name),
            .type_oid = schema->columns[i].type_oid,
            .type_modifier = schema->columns[i].type_modifier,
            .summary = *segment_column_summary(reader, i),
        };
    }
    file->columns = (SegmentColumns){.count = schema->column_count, .columns = columns};
    file->rows = segment_row_count(reader);
}

static bool read_size(PublishFile *file, Fault *fault)
{
    int fd;
    if (!os_open_read(file->staged->path, &fd, fault))
        return false;
    bool ok = os_file_size(fd, &file->bytes, fault);
    os_close(fd);
    return ok;
}

/* The JSON that the metadata will hold must be readable again: a name or a bound that is not
 * UTF-8 is found here and not by the next reader. */
static bool write_descriptions(Publish *publish, PublishFile *file, Fault *fault)
{
    Buffer json = BUFFER_EMPTY;
    SegmentColumns again;
    ShardSpec shard;
    table_segment_columns_write(&file->columns, &json);
    file->summary = terminated_text(
        publish->arena, (Text){.data = (char *)json.data, .length = (uint32_t)json.length});
    buffer_reset(&json);
    shard_spec_write(&file->shard, &json);
    file->shard_json = terminated_text(
        publish->arena, (Text){.data = (char *)json.data, .length = (uint32_t)json.length});
    buffer_clear(&json);
    return table_segment_columns_read(file->summary, publish->arena, &again, fault) &&
           shard_spec_read(file->shard_json, publish->arena, &shard, fault);
}

static bool validate_file(Publish *publish, PublishFile *file, Fault *fault)
{
    SegmentReader *reader = segment_reader_open(file->staged->path, file->staged->digest, fault);
    if (reader == NULL)
        return false;
    copy_file_columns(publish, reader, file);
    segment_reader_close(reader);
    return read_size(file, fault);
}

static int compare_chunks(const void *a, const void *b)
{
    const PublishFile *x = a, *y = b;
    if (x->staged->chunk.start != y->staged->chunk.start)
        return x->staged->chunk.start < y->staged->chunk.start ? -1 : 1;
    if (x->staged->chunk.end != y->staged->chunk.end)
        return x->staged->chunk.end < y->staged->chunk.end ? -1 : 1;
    uint32_t m = x->staged->shard.partition_number, n = y->staged->shard.partition_number;
    return m != n ? (m > n) - (m < n) : (x->staged > y->staged) - (x->staged < y->staged);
}

/* Groups the files by chunk; chunks must be equal or apart, and within what is overwritten. */
static bool make_chunks(Publish *publish, Fault *fault)
{
    char text[INTERVAL_TEXT_SIZE];
    publish->chunks = ARENA_ARRAY(publish->arena, PublishChunk, publish->file_count);
    if (publish->file_count > 1)
        qsort(publish->files, publish->file_count, sizeof *publish->files, compare_chunks);
    for (uint32_t i = 0; i < publish->file_count; i++) {
        TableInterval chunk = publish->files[i].staged->chunk;
        PublishChunk *last =
            publish->chunk_count == 0 ? NULL : &publish->chunks[publish->chunk_count - 1];
        if (last != NULL && interval_equal(last->interval, chunk)) {
            last->file_count++;
            continue;
        }
        check(chunk.start < chunk.end);
        if (last != NULL && interval_overlaps(last->interval, chunk))
            return fault_set(fault, FAULT_INTERNAL_ERROR, "the time chunks to publish overlap");
        if (publish->request->mode == PUBLISH_REPLACE &&
            !table_intervals_cover(publish->overwrite, publish->overwrite_count, chunk)) {
            fault_set(fault, FAULT_INSERT_TIME_OUT_OF_BOUNDS,
                      "the query gave rows outside the intervals to overwrite, in %s",
                      table_interval_format(chunk, text));
            return fault_field_text(fault, "interval", text);
        }
        publish->chunks[publish->chunk_count++] =
            (PublishChunk){.interval = chunk, .first_file = i, .file_count = 1};
    }
    return true;
}

/* Shards as they will be published. Appended segments are always numbered; their numbers are
 * found in the transaction. */
static void choose_shards(Publish *publish)
{
    for (uint32_t c = 0; c < publish->chunk_count; c++) {
        PublishChunk *chunk = &publish->chunks[c];
        for (uint32_t i = 0; i < chunk->file_count; i++) {
            PublishFile *file = &publish->files[chunk->first_file + i];
            file->shard = (ShardSpec){.kind = SHARD_NUMBERED};
            if (publish->request->mode != PUBLISH_REPLACE)
                continue;
            file->shard = file->staged->shard;
            file->shard.partition_number = i;
            file->shard.core_partitions = chunk->file_count;
        }
    }
}

static bool validate(Publish *publish, Fault *fault)
{
    if (!os_point("publish.validate", fault))
        return false;
    for (uint32_t i = 0; i < publish->file_count; i++) {
        if (!validate_file(publish, &publish->files[i], fault))
            return false;
    }
    if (!make_chunks(publish, fault))
        return false;
    choose_shards(publish);
    for (uint32_t i = 0; i < publish->file_count; i++) {
        if (!write_descriptions(publish, &publish->files[i], fault))
            return false;
    }
    return true;
}

/* --- rename and sync --- */

/* The table's OID if it exists, else one for it: the folder's name needs one before the
 * transaction that makes the table. One that is not used then is never used. */
static bool find_oid(Publish *publish, Fault *fault)
{
    Meta *meta = publish->store->meta;
    MetaTable *table;
    if (!meta_find_table(meta, publish->request->table, publish->arena, &table, fault))
        return false;
    if (table != NULL) {
        publish->oid = table->oid;
        return true;
    }
    if (!meta_begin(meta, true, fault))
        return false;
    if (!meta_allocate_oid(meta, &publish->oid, fault)) {
        meta_rollback(meta);
        return false;
    }
    return meta_commit(meta, fault);
}

static bool rename_files(Publish *publish, Fault *fault)
{
    if (!os_point("publish.rename", fault))
        return false;
    for (uint32_t i = 0; i < publish->file_count; i++) {
        PublishFile *file = &publish->files[i];
        if (!deep_publish(publish->store->deep, file->staged->path, publish->oid, file->name,
                          fault))
            return false;
        file->is_renamed = true;
    }
    return true;
}

static bool sync_folders(Publish *publish, Fault *fault)
{
    return os_point("publish.sync", fault) &&
           (publish->file_count == 0 || deep_sync(publish->store->deep, publish->oid, fault));
}

/* Nobody knows the names yet: what cannot be removed now, start-up removes. */
static void remove_renamed(Publish *publish)
{
    Fault ignored;
    for (uint32_t i = 0; i < publish->file_count; i++) {
        if (publish->files[i].is_renamed)
            (void)deep_remove(publish->store->deep, publish->files[i].name, &ignored);
    }
}

/* --- commit --- */

static bool check_own_lock(Publish *publish, Fault *fault)
{
    const PublishRequest *request = publish->request;
    bool held = true;
    if (request->lock == 0)
        return true;
    if (!table_lock_is_held(publish->store, request->table, publish->locked, publish->locked_count,
                            request->lock, &held, fault))
        return false;
    return held || fault_set(fault, FAULT_INSERT_LOCK_PREEMPTED,
                             "the lock on the time chunks of table \"%.*s\" was lost",
                             TEXT_ARGS(request->table));
}

/* What the rewritten rows need the table to be. */
static bool change_table(Publish *publish, Fault *fault)
{
    const PublishRequest *request = publish->request;
    return request->change_count == 0 ||
           table_alter_emptied(publish->store, request->table, request->changes,
                               request->change_count, publish->arena,
                               &publish->result->segments_replaced, fault);
}

static bool apply_within(Publish *publish, Fault *fault)
{
    return check_own_lock(publish, fault) && change_table(publish, fault) &&
           table_publish_columns(publish, fault) &&
           table_publish_segments(publish, fault) && os_point("publish.commit", fault);
}

static bool commit(Publish *publish, Fault *fault)
{
    const PublishRequest *request = publish->request;
    TableStore *store = publish->store;
    if (!table_lock_begin_write(store, request->table, publish->locked, publish->locked_count,
                                request->mode != PUBLISH_INSERT, request->lock,
                                request->lock_timeout, fault))
        return false;
    if (!apply_within(publish, fault)) {
        meta_rollback(store->meta);
        return false;
    }
    /* From here on the files stay, whatever happens: a commit whose failure is reported may yet
     * be found done when the log is read again after a crash. */
    publish->may_be_committed = true;
    return meta_commit(store->meta, fault);
}

/* --- all of it --- */

static void prepare(Publish *publish)
{
    const PublishRequest *request = publish->request;
    Arena *arena = publish->arena;
    publish->now = os_now_micros();
    publish->file_count = request->segment_count;
    publish->files = ARENA_ARRAY(arena, PublishFile, request->segment_count);
    for (uint32_t i = 0; i < request->segment_count; i++)
        publish->files[i] = (PublishFile){.staged = &request->segments[i]};
    publish->overwrite = ARENA_ARRAY(arena, TableInterval, request->overwrite_count);
    if (request->overwrite_count > 0)
        memcpy(publish->overwrite, request->overwrite,
               request->overwrite_count * sizeof *publish->overwrite);
    publish->overwrite_count =
        table_intervals_normalize(publish->overwrite, request->overwrite_count);
}

/* What this statement changes: a REPLACE its intervals, an INSERT the chunks it has rows for. */
static void find_locked(Publish *publish)
{
    if (publish->request->mode == PUBLISH_REWRITE) {
        publish->locked = ARENA_NEW(publish->arena, TableInterval);
        *publish->locked = TABLE_ETERNITY;
        publish->locked_count = 1;
        return;
    }
    if (publish->request->mode == PUBLISH_REPLACE) {
        publish->locked = publish->overwrite;
        publish->locked_count = publish->overwrite_count;
        return;
    }
    publish->locked = ARENA_ARRAY(publish->arena, TableInterval, publish->chunk_count);
    for (uint32_t i = 0; i < publish->chunk_count; i++)
        publish->locked[i] = publish->chunks[i].interval;
    publish->locked_count = table_intervals_normalize(publish->locked, publish->chunk_count);
}

static bool run(Publish *publish, Fault *fault)
{
    if (!table_check_key(publish->request->table, fault))
        return false;
    prepare(publish);
    if (!validate(publish, fault))
        return false;
    find_locked(publish);
    if (find_oid(publish, fault) && rename_files(publish, fault) && sync_folders(publish, fault) &&
        commit(publish, fault))
        return true;
    if (!publish->may_be_committed)
        remove_renamed(publish);
    return false;
}

bool table_publish(TableStore *store, const PublishRequest *request, PublishResult *result,
                   Fault *fault)
{
    Arena *arena = arena_new("publish");
    Publish *publish = ARENA_NEW(arena, Publish);
    *result = (PublishResult){0};
    *publish = (Publish){.store = store, .request = request, .result = result, .arena = arena};
    bool ok = run(publish, fault);
    if (ok) {
        table_raise_version(store);
        log_debug("published table=%.*s added=%u replaced=%u rows=%llu version=%s",
                  TEXT_ARGS(request->table), result->segments_added, result->segments_replaced,
                  (unsigned long long)result->rows, result->version);
        /* The commit is done: a failure told here can no longer undo it, only a crash is tried. */
        Fault ignored;
        (void)os_point("publish.after", &ignored);
    }
    arena_free(arena);
    return ok;
}
