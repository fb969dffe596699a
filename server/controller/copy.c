/*
 * COPY. TO is a query whose rows are written in another way (engine/operator/copy_rows.c), between
 * a CopyOutResponse and CopyDone. FROM reads what the client sends (copy_in.c), and every so many
 * rows are ingested by the ordinary stages; what all of them have written is published at once
 * in the end.
 */
#include "server/controller/controller_internal.h"
#include "server/controller/copy_internal.h"

#include "base/memory/checked.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
    CHUNK_ROWS = 1 << 19,        /* rows that become segments together */
    CHUNK_BYTES = 128 << 20,     /* of their bytes as they came */
    COPY_PATIENCE_MS = 1000,
};

/* --- TO --- */

static void put_header_line(const Request *request, const CopyStatement *copy,
                            const BoundQuery *query, Buffer *wire)
{
    const PgwireEncoding *encoding = copy_encoding(&copy->spec, request->settings.client_encoding);
    Text *cells = calloc(query->output_count + 1, sizeof *cells);
    const Text **columns = calloc(query->output_count + 1, sizeof *columns);
    if (cells != NULL && columns != NULL) {
        Fault ignored;
        CopySpec spec = copy->spec;
        spec.force_quote = NULL;
        for (uint32_t i = 0; i < query->output_count; i++) {
            cells[i] = text_of(query->outputs[i].name);
            columns[i] = &cells[i];
        }
        copy_append_rows(&spec, encoding, columns, query->output_count, 1, wire, &ignored);
    }
    free(cells);
    free(columns);
}

static const char binary_signature[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0";
enum { SIGNATURE_LENGTH = 19 };

/* What goes before the rows, and after them. */
static void announce(Request *request, const CopyStatement *copy, const BoundQuery *query)
{
    Buffer wire = BUFFER_EMPTY, trailer = BUFFER_EMPTY;
    bool is_binary = copy->spec.format == COPY_BINARY;
    pgwire_copy_out_response(&wire, is_binary, (uint16_t)query->output_count);
    if (is_binary) {
        respond_prefix(request, binary_signature, SIGNATURE_LENGTH);
        pgwire_copy_data(&trailer, "\377\377", 2);
    } else if (copy->has_header) {
        put_header_line(request, copy, query, &wire);
    }
    pgwire_copy_done(&trailer);
    respond_wire(request, &wire);
    respond_trailer(request, &trailer);
    buffer_clear(&wire);
    buffer_clear(&trailer);
}

static bool copy_to(Request *request, const ParsedStatement *statement, CopyStatement *copy,
                    Fault *fault)
{
    QueryCopy hooks = {.statement = copy, .announce = announce};
    request->copy_out = &hooks;
    bool ok = query_run(request, statement, fault);
    request->copy_out = NULL;
    return ok;
}

/* --- FROM --- */

typedef struct CopyRun {
    Request *request;
    const ParsedStatement *statement;
    const CopyStatement *copy;
    BindContext *context;
    CopyInput *input;
    Execution execution; /* collects what all chunks have written */
} CopyRun;

static bool wait_for_data(Request *request, Fault *fault)
{
    while (request->copy_pending.length == 0 && !request->copy_done && !request->copy_failed &&
           !request->is_cancelled) {
        front_flush(request);
        if (!front_pump(request, COPY_PATIENCE_MS))
            break;
    }
    if (request->is_cancelled) {
        *fault = request->cancel_fault;
        return false;
    }
    if (!request->copy_failed)
        return true;
    fault_set(fault, FAULT_QUERY_CANCELED, "COPY from stdin failed: %.*s",
              TEXT_ARGS(request->copy_failure));
    return copy_input_context(request->copy_input, fault);
}

/* One chunk of rows becomes segments. */
static bool write_chunk(CopyRun *run, Batch *batch, Fault *fault)
{
    Request *request = run->request;
    BoundQuery query;
    if (batch->rows == 0)
        return true;
    if (!sql_bind_copy_from(request->arena, run->statement, run->context, run->copy, &query, fault))
        return false;
    request->copy_batch = batch;
    PlanContext plan = {
        .arena = request->arena, .types = &request->types, .settings = &request->settings};
    BoundQuery *kept = ARENA_NEW(request->arena, BoundQuery);
    *kept = query;
    bool ok = query_run_chunk(request, &plan, kept, &run->execution, fault);
    request->copy_batch = NULL;
    return ok;
}

static bool read_all(CopyRun *run, Fault *fault)
{
    Request *request = run->request;
    for (bool ended = false; !ended;) {
        Arena *arena = arena_new("copy");
        CopyRows rows;
        copy_rows_init(&rows, run->copy, arena, CHUNK_ROWS);
        size_t taken = 0;
        bool ok = true;
        while (ok && !ended && rows.count < CHUNK_ROWS && taken < CHUNK_BYTES) {
            ok = wait_for_data(request, fault);
            if (!ok)
                break;
            size_t length = request->copy_pending.length;
            ok = copy_input_feed(run->input, request->copy_pending.data, length, &rows, fault);
            taken += length;
            buffer_reset(&request->copy_pending);
            if (length > 0)
                respond_copy_credit(request, length);
            ended = request->copy_done && request->copy_pending.length == 0;
            if (ok && ended)
                ok = copy_input_end(run->input, &rows, fault);
        }
        ok = ok && write_chunk(run, copy_rows_finish(&rows), fault);
        arena_free(arena);
        if (!ok)
            return false;
    }
    return true;
}

static void begin_input(Request *request, const CopyStatement *copy)
{
    Buffer wire = BUFFER_EMPTY;
    pgwire_copy_in_response(&wire, copy->spec.format == COPY_BINARY, (uint16_t)copy->column_count);
    respond_wire(request, &wire);
    buffer_clear(&wire);
    respond_copy_in(request);
}

static bool copy_from(Request *request, const ParsedStatement *statement, CopyStatement *copy,
                      BindContext *context, Fault *fault)
{
    if (request->settings.transaction_read_only)
        return fault_set(fault, FAULT_READ_ONLY_TRANSACTION,
                         "cannot execute COPY FROM in a read-only transaction");
    CopyRun run = {.request = request, .statement = statement, .copy = copy, .context = context};
    run.execution = (Execution){.request = request, .defers_publish = true};
    run.input = copy_input_new(copy, &request->types, request->arena);
    request->copy_input = run.input;
    request->copy_done = request->copy_failed = false;
    request->controller->may_give_up = 0;
    buffer_init(&request->copy_pending);
    begin_input(request, copy);
    bool ok = read_all(&run, fault);
    uint64_t rows = copy->has_where ? run.execution.staged_rows : copy_input_rows(run.input);
    copy_input_free(run.input);
    request->copy_input = NULL;
    buffer_clear(&request->copy_pending);
    if (ok && run.execution.staged_count > 0)
        ok = constraints_check(request, statement, &run.execution, fault) &&
             ingest_publish(&run.execution, fault);
    if (!ok) {
        ingest_give_back(&run.execution);
        query_abandon_chunks(request, &run.execution);
        return false;
    }
    respond_complete(request, arena_printf(request->arena, "COPY %" PRIu64, rows));
    return true;
}

static bool check_encoding(const CopyStatement *copy, Fault *fault)
{
    return copy->spec.encoding.length == 0 || pgwire_encoding_find(copy->spec.encoding) != NULL ||
           fault_set_at(fault, copy->encoding_location, FAULT_INVALID_PARAMETER_VALUE,
                        "argument to option \"encoding\" must be a valid encoding name");
}

bool copy_run(Request *request, const ParsedStatement *statement, Fault *fault)
{
    CopyStatement copy;
    BindContext context = query_context(request, request->text);
    if (!sql_copy(request->arena, statement, &context, &copy, fault) ||
        !check_encoding(&copy, fault))
        return false;
    return copy.is_from ? copy_from(request, statement, &copy, &context, fault)
                        : copy_to(request, statement, &copy, fault);
}

/* Rows of the relation that stands for what has been read. */
bool copy_produces(const Request *request, const Relation *relation, Batch **batch)
{
    if (request->copy_batch == NULL || !text_equal_string(relation->name, "stdin"))
        return false;
    *batch = request->copy_batch;
    return true;
}
