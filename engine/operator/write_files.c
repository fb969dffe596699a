/*
 * Write files: rows to CSV files (RFC 4180) of so many rows at most, each with a line of names. What
 * INSERT INTO EXTERN exports. Cells come as texts; NULL is nothing at all, an empty text is "".
 *
 * Files are made under names that end in `.part` and synced; who publishes the export gives
 * them their own. An operator that is closed before its end takes away what it has made.
 */
#include "engine/operator/operator_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { FLUSH_BYTES = 1 << 20, NAME_SIZE = 4096 };

typedef struct WriteFilesOperator {
    Operator base;
    Buffer out;
    int fd;             /* of the file at hand, -1: none */
    uint32_t count;     /* begun */
    uint64_t file_rows; /* of the file at hand */
    bool is_done;
} WriteFilesOperator;

static void file_name(const WriteFilesOperator *files, uint32_t number, char *name)
{
    const OperatorSpec *spec = files->base.spec;
    snprintf(name, NAME_SIZE, "%.*s/%llu-worker%u-partition%u.csv" EXPORT_UNFINISHED,
             TEXT_ARGS(spec->write_files.folder),
             (unsigned long long)files->base.context->definition->query,
             files->base.context->worker, number);
}

static bool flush(WriteFilesOperator *files, Fault *fault)
{
    const uint8_t *at = files->out.data;
    size_t left = files->out.length;
    while (left > 0) {
        ssize_t count = write(files->fd, at, left);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return fault_set_system(fault, errno, "write a file of the export");
        at += count;
        left -= (size_t)count;
    }
    files->base.context->counters->output_bytes += files->out.length;
    buffer_reset(&files->out);
    return true;
}

static bool end_file(WriteFilesOperator *files, Fault *fault)
{
    if (files->fd < 0)
        return true;
    bool ok = flush(files, fault);
    if (ok && fsync(files->fd) != 0)
        ok = fault_set_system(fault, errno, "sync a file of the export");
    close(files->fd);
    files->fd = -1;
    return ok;
}

/* --- lines --- */

static bool needs_quotes(Text cell)
{
    for (uint32_t i = 0; i < cell.length; i++) {
        char c = cell.data[i];
        if (c == ',' || c == '"' || c == '\n' || c == '\r')
            return true;
    }
    return cell.length == 0;
}

static void put_cell(Buffer *out, Text cell)
{
    if (!needs_quotes(cell)) {
        buffer_append(out, cell.data, cell.length);
        return;
    }
    buffer_append_byte(out, '"');
    for (uint32_t i = 0; i < cell.length; i++) {
        if (cell.data[i] == '"')
            buffer_append_byte(out, '"');
        buffer_append_byte(out, (uint8_t)cell.data[i]);
    }
    buffer_append_byte(out, '"');
}

static void put_names(WriteFilesOperator *files)
{
    const OperatorSpec *spec = files->base.spec;
    for (uint32_t c = 0; c < spec->column_count; c++) {
        if (c > 0)
            buffer_append_byte(&files->out, ',');
        put_cell(&files->out, spec->write_files.names[c]);
    }
    buffer_append_byte(&files->out, '\n');
}

static bool begin_file(WriteFilesOperator *files, Fault *fault)
{
    char name[NAME_SIZE];
    file_name(files, files->count, name);
    files->fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (files->fd < 0)
        return fault_set_system(fault, errno, "create \"%s\"", name);
    files->count++;
    files->file_rows = 0;
    put_names(files);
    return true;
}

static bool write_batch(WriteFilesOperator *files, const Batch *batch, Fault *fault)
{
    for (uint32_t row = 0; row < batch->rows; row++) {
        bool is_full = files->file_rows == files->base.spec->write_files.rows_per_file;
        if (files->fd >= 0 && is_full && !end_file(files, fault))
            return false;
        if (files->fd < 0 && !begin_file(files, fault))
            return false;
        for (uint32_t c = 0; c < batch->column_count; c++) {
            if (c > 0)
                buffer_append_byte(&files->out, ',');
            if (!vector_is_null(&batch->columns[c], row))
                put_cell(&files->out, vector_text(&batch->columns[c], row));
        }
        buffer_append_byte(&files->out, '\n');
        files->file_rows++;
        if (files->out.length >= FLUSH_BYTES && !flush(files, fault))
            return false;
    }
    files->base.context->counters->output_rows += batch->rows;
    return true;
}

static Progress write_files_next(Operator *self, Batch **batch, Fault *fault)
{
    WriteFilesOperator *files = (WriteFilesOperator *)self;
    *batch = NULL;
    for (;;) {
        Batch *input;
        Progress progress = operator_next(self->children[0], &input, fault);
        if (progress == PROGRESS_DONE) {
            if (!end_file(files, fault))
                return PROGRESS_FAILED;
            files->is_done = true;
            return PROGRESS_DONE;
        }
        if (progress != PROGRESS_BATCH)
            return progress;
        if (!operator_check_row_sizes(self->context->types, input, fault) ||
            !write_batch(files, input, fault))
            return PROGRESS_FAILED;
        if (operator_must_yield(self->context))
            return PROGRESS_YIELDED;
    }
}

static void write_files_close(Operator *self)
{
    WriteFilesOperator *files = (WriteFilesOperator *)self;
    if (files->fd >= 0)
        close(files->fd);
    for (uint32_t i = 0; i < files->count && !files->is_done; i++) {
        char name[NAME_SIZE];
        file_name(files, i, name);
        unlink(name);
    }
    buffer_clear(&files->out);
}

static const OperatorClass write_files_class = {
    .name = "write files", .next = write_files_next, .close = write_files_close};

Operator *write_files_make(const OperatorSpec *spec, OperatorContext *context, Operator **children,
                           Fault *fault)
{
    (void)fault;
    WriteFilesOperator *files =
        operator_new(sizeof *files, &write_files_class, spec, context, children);
    buffer_init(&files->out);
    files->fd = -1;
    return &files->base;
}
