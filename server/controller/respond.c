/*
 * Answers to the front end: RESPONSE frames, and small results made here.
 */
#include "server/controller/controller_internal.h"

static void begin(Request *request, FrameWriter *writer)
{
    frame_begin(writer, link_out(request->controller->front), FRAME_RESPONSE);
    frame_put_uint(writer, "query", request->query);
    request->response_count++;
}

void respond_wire_bytes(Request *request, Text wire)
{
    FrameWriter writer;
    begin(request, &writer);
    frame_put_bytes(&writer, "wire", wire.data, wire.length);
    frame_end(&writer);
}

void respond_wire(Request *request, const Buffer *wire)
{
    if (wire->length > 0)
        respond_wire_bytes(request, (Text){.data = (const char *)wire->data,
                                           .length = (uint32_t)wire->length});
}

void respond_setting(Request *request, const char *name, const char *value, bool is_local)
{
    FrameWriter writer;
    begin(request, &writer);
    frame_put_text(&writer, "setting_name", text_of(name));
    frame_put_text(&writer, "setting_value", text_of(value));
    if (is_local)
        frame_put_bool(&writer, "setting_local", true);
    frame_end(&writer);
}

void respond_setting_reset(Request *request, const char *name)
{
    FrameWriter writer;
    begin(request, &writer);
    frame_put_text(&writer, "setting_reset", text_of(name));
    frame_end(&writer);
}

void respond_deallocate(Request *request, const char *name)
{
    FrameWriter writer;
    begin(request, &writer);
    if (name != NULL)
        frame_put_text(&writer, "deallocate", text_of(name));
    else
        frame_put_bool(&writer, "deallocate_all", true);
    frame_end(&writer);
}

void respond_notice_of(Request *request, const char *what, Text channel, Text payload)
{
    FrameWriter writer;
    begin(request, &writer);
    frame_put_text(&writer, what, channel);
    if (payload.length > 0)
        frame_put_text(&writer, "payload", payload);
    frame_end(&writer);
}

void respond_savepoints(Request *request, const char *what, uint32_t depth)
{
    FrameWriter writer;
    begin(request, &writer);
    frame_put_uint(&writer, "savepoints", request->carried.savepoint_count);
    if (what != NULL)
        frame_put_uint(&writer, what, depth);
    frame_end(&writer);
}

void respond_carried(Request *request, const Buffer *bytes)
{
    FrameWriter writer;
    begin(request, &writer);
    frame_put_bytes(&writer, "carried", bytes->data, bytes->length);
    frame_put_bool(&writer, "has_temporary",
                   request->carried.has_temporary || request->carried.last_block_version != 0);
    frame_end(&writer);
}

void respond_trailer(Request *request, const Buffer *wire)
{
    FrameWriter writer;
    begin(request, &writer);
    frame_put_bytes(&writer, "trailer", wire->data, wire->length);
    frame_end(&writer);
}

void respond_prefix(Request *request, const void *data, size_t length)
{
    FrameWriter writer;
    begin(request, &writer);
    frame_put_bytes(&writer, "prefix", data, length);
    frame_end(&writer);
}

void respond_copy_in(Request *request)
{
    FrameWriter writer;
    begin(request, &writer);
    frame_put_bool(&writer, "copy_in", true);
    frame_end(&writer);
}

void respond_copy_credit(Request *request, size_t bytes)
{
    FrameWriter writer;
    begin(request, &writer);
    frame_put_uint(&writer, "copy_credit", bytes);
    frame_end(&writer);
}

static void put_bytes(FrameWriter *writer, const char *name, Text bytes)
{
    frame_put_bytes(writer, name, bytes.data, bytes.length);
}

void respond_prepare(Request *request, const PreparedText *prepared, const Buffer *row_description)
{
    FrameWriter writer;
    begin(request, &writer);
    frame_put_text(&writer, "prepare", prepared->name);
    frame_put_text(&writer, "text", prepared->text);
    put_bytes(&writer, "types", prepared->declared);
    put_bytes(&writer, "parameter_types", prepared->parameters);
    frame_put_bytes(&writer, "row_description", row_description->data, row_description->length);
    frame_end(&writer);
}

void respond_cursor(Request *request, const ParsedStatement *statement, const QueryShape *shape)
{
    FrameWriter writer;
    begin(request, &writer);
    frame_put_text(&writer, "declare", text_of(statement->name));
    frame_put_text(&writer, "text", statement->inner);
    frame_put_text(&writer, "statement", statement->text);
    frame_put_bool(&writer, "hold", statement->cursor.is_hold);
    frame_put_bool(&writer, "scroll", statement->cursor.is_scroll);
    frame_put_bool(&writer, "no_scroll", statement->cursor.is_no_scroll);
    frame_put_bool(&writer, "binary", statement->cursor.is_binary);
    frame_put_bytes(&writer, "row_description", shape->row_description.data,
                    shape->row_description.length);
    frame_end(&writer);
}

void respond_fetch(Request *request, const ParsedStatement *statement, bool waits)
{
    const CursorClause *cursor = &statement->cursor;
    FrameWriter writer;
    begin(request, &writer);
    frame_put_text(&writer, "fetch", text_of(statement->name));
    frame_put_uint(&writer, "direction", cursor->direction);
    frame_put_int(&writer, "count", cursor->count);
    frame_put_bool(&writer, "move", cursor->is_move);
    frame_put_bool(&writer, "waits", waits);
    frame_end(&writer);
}

void respond_close_cursor(Request *request, const char *name)
{
    FrameWriter writer;
    begin(request, &writer);
    if (name != NULL)
        frame_put_text(&writer, "close", text_of(name));
    else
        frame_put_bool(&writer, "close_all", true);
    frame_end(&writer);
}

void respond_prepared_fetch(Request *request, const char *cursor)
{
    FrameWriter writer;
    begin(request, &writer);
    frame_put_bytes(&writer, "parameter_types", "", 0);
    frame_put_text(&writer, "describe_cursor", text_of(cursor));
    frame_end(&writer);
}

void respond_transaction(Request *request, char transaction)
{
    request->transaction = transaction;
    FrameWriter writer;
    begin(request, &writer);
    frame_put_text(&writer, "transaction", (Text){.data = &transaction, .length = 1});
    frame_end(&writer);
}

void append_notice(const Request *request, PgwireSeverity severity, const Fault *fault, Buffer *wire)
{
    enum { LEVEL_NOTICE = 2, LEVEL_WARNING = 3 }; /* of client_min_messages */
    int level = severity == PGWIRE_SEVERITY_WARNING ? LEVEL_WARNING : LEVEL_NOTICE;
    if (level >= request->settings.client_min_messages)
        pgwire_report(wire, severity, fault, request->text);
}

void respond_notice(Request *request, PgwireSeverity severity, const Fault *fault)
{
    Buffer wire = BUFFER_EMPTY;
    append_notice(request, severity, fault, &wire);
    respond_wire(request, &wire);
    buffer_clear(&wire);
}

void respond_complete(Request *request, const char *tag)
{
    Buffer wire = BUFFER_EMPTY;
    pgwire_command_complete(&wire, text_of(tag));
    respond_wire(request, &wire);
    buffer_clear(&wire);
}

void respond_prepared(Request *request, const SqlType *types, uint32_t count,
                      const Buffer *row_description)
{
    FrameWriter writer;
    uint32_t *oids = ARENA_ARRAY(request->arena, uint32_t, count + 1);
    for (uint32_t i = 0; i < count; i++)
        oids[i] = types[i].oid;
    begin(request, &writer);
    frame_put_bytes(&writer, "parameter_types", oids, count * sizeof *oids);
    frame_put_bytes(&writer, "row_description", row_description->data, row_description->length);
    frame_end(&writer);
}

void respond_result(Request *request, uint32_t partitions, bool is_ordered, bool is_closed_later,
                    const char *tag)
{
    FrameWriter writer;
    request->result_count++;
    begin(request, &writer);
    frame_put_uint(&writer, "result_partitions", partitions);
    frame_put_bool(&writer, "result_ordered", is_ordered);
    frame_put_text(&writer, "result_tag", text_of(tag));
    if (is_closed_later)
        frame_put_bool(&writer, "result_closed_later", true);
    frame_end(&writer);
}

void respond_result_closed(Request *request, const Buffer *wire)
{
    FrameWriter writer;
    begin(request, &writer);
    frame_put_bytes(&writer, "wire", wire->data, wire->length);
    frame_put_bool(&writer, "result_closed", true);
    frame_end(&writer);
}

void respond_failed(Request *request, const Fault *fault)
{
    Buffer wire = BUFFER_EMPTY;
    pgwire_error(&wire, fault, request->text);
    FrameWriter writer;
    begin(request, &writer);
    frame_put_bytes(&writer, "wire", wire.data, wire.length);
    if (request->transaction == 'T') {
        request->transaction = 'E';
        frame_put_text(&writer, "transaction", TEXT_LITERAL("E"));
    }
    frame_put_bool(&writer, "failed", true);
    frame_end(&writer);
    buffer_clear(&wire);
}

void respond_done(Request *request)
{
    FrameWriter writer;
    begin(request, &writer);
    frame_put_bool(&writer, "done", true);
    frame_end(&writer);
}

/* --- small results --- */

void small_result_row(SmallResult *result, const Text *cells)
{
    size_t mark = pgwire_data_row_begin(&result->rows, (uint16_t)result->column_count);
    for (uint32_t i = 0; i < result->column_count; i++) {
        if (cells[i].data == NULL)
            pgwire_data_row_null(&result->rows);
        else
            pgwire_data_row_value(&result->rows, cells[i].data, cells[i].length);
    }
    pgwire_data_row_end(&result->rows, mark);
    result->row_count++;
}

void describe_text_columns(const char *const *names, uint32_t count, Buffer *wire)
{
    PgwireColumn columns[8];
    for (uint32_t i = 0; i < count && i < 8; i++)
        columns[i] = (PgwireColumn){
            .name = text_of(names[i]), .type_oid = T_TEXT, .type_length = -1, .type_modifier = -1};
    pgwire_row_description(wire, columns, (uint16_t)count);
}

void respond_small_result(Request *request, const char *const *names, SmallResult *result,
                          const char *tag)
{
    Buffer wire = BUFFER_EMPTY;
    if (request->kind == REQUEST_SIMPLE)
        describe_text_columns(names, result->column_count, &wire);
    buffer_append(&wire, result->rows.data, result->rows.length);
    pgwire_command_complete(&wire, text_of(tag));
    respond_wire(request, &wire);
    buffer_clear(&wire);
    buffer_clear(&result->rows);
}
