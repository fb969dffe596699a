/*
 * Server messages: values to bytes. See pgwire.h.
 *
 * A message is a letter, a length that counts itself, and a body; begin() leaves room for the
 * length, end() fills it in.
 */
#include "protocol/pgwire/pgwire.h"

#include "base/log/log.h"
#include "base/memory/checked.h"

#include <stdio.h>
#include <string.h>

enum {
#define PGWIRE_SERVER(symbol, letter, name) SERVER_##symbol = (letter),
#include "protocol/pgwire/messages.def"
};

static size_t begin(Buffer *out, uint8_t letter)
{
    buffer_append_byte(out, letter);
    size_t mark = out->length;
    buffer_append_zeros(out, 4);
    return mark;
}

static void end(Buffer *out, size_t mark)
{
    uint32_t length = __builtin_bswap32((uint32_t)(out->length - mark));
    memcpy(out->data + mark, &length, sizeof length);
}

static void empty_message(Buffer *out, uint8_t letter)
{
    end(out, begin(out, letter));
}

static void put_string(Buffer *out, const char *s)
{
    buffer_append(out, s, strlen(s) + 1);
}

/* A text that may hold anything: cut at a zero byte, since the wire's strings end there. */
static void put_text(Buffer *out, Text text)
{
    const char *zero = text.length == 0 ? NULL : memchr(text.data, 0, text.length);
    buffer_append(out, text.data, zero == NULL ? text.length : (size_t)(zero - text.data));
    buffer_append_byte(out, 0);
}

/* ---------- errors and notices ---------- */

static const struct {
    char letter;
    const char *name;
} severities[] = {
    [PGWIRE_SEVERITY_ERROR] = {SERVER_ERROR_RESPONSE, "ERROR"},
    [PGWIRE_SEVERITY_FATAL] = {SERVER_ERROR_RESPONSE, "FATAL"},
    [PGWIRE_SEVERITY_PANIC] = {SERVER_ERROR_RESPONSE, "PANIC"},
    [PGWIRE_SEVERITY_WARNING] = {SERVER_NOTICE_RESPONSE, "WARNING"},
    [PGWIRE_SEVERITY_NOTICE] = {SERVER_NOTICE_RESPONSE, "NOTICE"},
    [PGWIRE_SEVERITY_DEBUG] = {SERVER_NOTICE_RESPONSE, "DEBUG"},
    [PGWIRE_SEVERITY_INFO] = {SERVER_NOTICE_RESPONSE, "INFO"},
    [PGWIRE_SEVERITY_LOG] = {SERVER_NOTICE_RESPONSE, "LOG"},
};

static void put_field(Buffer *out, char letter, const char *value)
{
    if (value[0] == 0)
        return;
    buffer_append_byte(out, (uint8_t)letter);
    put_string(out, value);
}

/* The character, counted from 1, that stands at a byte offset; an offset behind the end counts
 * as the end. */
static uint32_t character_position(Text statement, uint32_t offset)
{
    uint32_t stop = offset < statement.length ? offset : statement.length;
    uint32_t characters = 1;
    for (uint32_t i = 0; i < stop; i++)
        characters += ((uint8_t)statement.data[i] & 0xc0) != 0x80;
    return characters;
}

void pgwire_report(Buffer *out, PgwireSeverity severity, const Fault *fault, Text statement)
{
    size_t mark = begin(out, (uint8_t)severities[severity].letter);
    put_field(out, 'S', severities[severity].name);
    put_field(out, 'V', severities[severity].name);
    put_field(out, 'C', fault_info(fault->code)->sqlstate);
    buffer_append_byte(out, 'M');
    put_string(out, fault->message);
    char detail[2048];
    fault_format_detail(fault, detail, sizeof detail);
    put_field(out, 'D', detail);
    put_field(out, 'H', fault_hint_text(fault));
    put_field(out, 'W', fault->context);
    if (fault->position > 0 && statement.length > 0) {
        char position[16];
        snprintf(position, sizeof position, "%u",
                 character_position(statement, (uint32_t)fault->position - 1));
        put_field(out, 'P', position);
    }
    buffer_append_byte(out, 0);
    end(out, mark);
}

void pgwire_error(Buffer *out, const Fault *fault, Text statement)
{
    pgwire_report(out, PGWIRE_SEVERITY_ERROR, fault, statement);
}

/* ---------- start-up and state ---------- */

void pgwire_authentication_ok(Buffer *out)
{
    size_t mark = begin(out, SERVER_AUTHENTICATION);
    buffer_append_u32be(out, 0);
    end(out, mark);
}

static size_t begin_authentication(Buffer *out, uint32_t kind)
{
    size_t mark = begin(out, SERVER_AUTHENTICATION);
    buffer_append_u32be(out, kind);
    return mark;
}

void pgwire_authentication_cleartext(Buffer *out)
{
    end(out, begin_authentication(out, 3));
}

void pgwire_authentication_sasl(Buffer *out, const char *const *mechanisms, uint32_t count)
{
    size_t mark = begin_authentication(out, 10);
    for (uint32_t i = 0; i < count; i++)
        put_string(out, mechanisms[i]);
    buffer_append_byte(out, 0);
    end(out, mark);
}

void pgwire_authentication_sasl_continue(Buffer *out, Text message)
{
    size_t mark = begin_authentication(out, 11);
    buffer_append(out, message.data, message.length);
    end(out, mark);
}

void pgwire_authentication_sasl_final(Buffer *out, Text message)
{
    size_t mark = begin_authentication(out, 12);
    buffer_append(out, message.data, message.length);
    end(out, mark);
}

void pgwire_parameter_status(Buffer *out, const char *name, const char *value)
{
    size_t mark = begin(out, SERVER_PARAMETER_STATUS);
    put_string(out, name);
    put_string(out, value);
    end(out, mark);
}

void pgwire_backend_key_data(Buffer *out, uint32_t process_id, Text key)
{
    size_t mark = begin(out, SERVER_BACKEND_KEY_DATA);
    buffer_append_u32be(out, process_id);
    buffer_append(out, key.data, key.length);
    end(out, mark);
}

void pgwire_ready_for_query(Buffer *out, char transaction)
{
    size_t mark = begin(out, SERVER_READY_FOR_QUERY);
    buffer_append_byte(out, (uint8_t)transaction);
    end(out, mark);
}

void pgwire_negotiate_protocol_version(Buffer *out, uint32_t newest, const Text *unknown,
                                       uint32_t unknown_count)
{
    size_t mark = begin(out, SERVER_NEGOTIATE_PROTOCOL_VERSION);
    buffer_append_u32be(out, newest);
    buffer_append_u32be(out, unknown_count);
    for (uint32_t i = 0; i < unknown_count; i++)
        put_text(out, unknown[i]);
    end(out, mark);
}

/* ---------- the course of a statement ---------- */

void pgwire_command_complete(Buffer *out, Text tag)
{
    size_t mark = begin(out, SERVER_COMMAND_COMPLETE);
    put_text(out, tag);
    end(out, mark);
}

void pgwire_command_complete_rows(Buffer *out, Text tag, uint64_t rows)
{
    size_t mark = begin(out, SERVER_COMMAND_COMPLETE);
    buffer_append(out, tag.data, tag.length);
    buffer_printf(out, " %llu", (unsigned long long)rows);
    buffer_append_byte(out, 0);
    end(out, mark);
}

void pgwire_parse_complete(Buffer *out)
{
    empty_message(out, SERVER_PARSE_COMPLETE);
}

void pgwire_bind_complete(Buffer *out)
{
    empty_message(out, SERVER_BIND_COMPLETE);
}

void pgwire_close_complete(Buffer *out)
{
    empty_message(out, SERVER_CLOSE_COMPLETE);
}

void pgwire_no_data(Buffer *out)
{
    empty_message(out, SERVER_NO_DATA);
}

void pgwire_portal_suspended(Buffer *out)
{
    empty_message(out, SERVER_PORTAL_SUSPENDED);
}

void pgwire_empty_query_response(Buffer *out)
{
    empty_message(out, SERVER_EMPTY_QUERY_RESPONSE);
}

void pgwire_parameter_description(Buffer *out, const void *types, uint16_t count)
{
    size_t mark = begin(out, SERVER_PARAMETER_DESCRIPTION);
    buffer_append_u16be(out, count);
    const uint8_t *bytes = types;
    for (uint16_t i = 0; i < count; i++)
        buffer_append_u32be(out, read_u32(bytes + (size_t)i * 4));
    end(out, mark);
}

void pgwire_notification(Buffer *out, uint32_t process_id, Text channel, Text payload)
{
    size_t mark = begin(out, SERVER_NOTIFICATION_RESPONSE);
    buffer_append_u32be(out, process_id);
    put_text(out, channel);
    put_text(out, payload);
    end(out, mark);
}

static void copy_response(Buffer *out, uint8_t letter, uint8_t format, uint16_t columns)
{
    size_t mark = begin(out, letter);
    buffer_append_byte(out, format);
    buffer_append_u16be(out, columns);
    for (uint16_t i = 0; i < columns; i++)
        buffer_append_u16be(out, format);
    end(out, mark);
}

void pgwire_copy_in_response(Buffer *out, uint8_t format, uint16_t columns)
{
    copy_response(out, SERVER_COPY_IN_RESPONSE, format, columns);
}

void pgwire_copy_out_response(Buffer *out, uint8_t format, uint16_t columns)
{
    copy_response(out, SERVER_COPY_OUT_RESPONSE, format, columns);
}

void pgwire_copy_data(Buffer *out, const void *data, size_t length)
{
    size_t mark = begin(out, SERVER_SERVER_COPY_DATA);
    buffer_append(out, data, length);
    end(out, mark);
}

void pgwire_copy_done(Buffer *out)
{
    empty_message(out, SERVER_SERVER_COPY_DONE);
}

/* ---------- rows ---------- */

void pgwire_row_description(Buffer *out, const PgwireColumn *columns, uint16_t count)
{
    size_t mark = begin(out, SERVER_ROW_DESCRIPTION);
    buffer_append_u16be(out, count);
    for (uint16_t i = 0; i < count; i++) {
        const PgwireColumn *column = &columns[i];
        put_text(out, column->name);
        buffer_append_u32be(out, column->table_oid);
        buffer_append_u16be(out, (uint16_t)column->attribute_number);
        buffer_append_u32be(out, column->type_oid);
        buffer_append_u16be(out, (uint16_t)column->type_length);
        buffer_append_u32be(out, (uint32_t)column->type_modifier);
        buffer_append_u16be(out, (uint16_t)column->format);
    }
    end(out, mark);
}

static bool is_whole_message(Text message, uint8_t letter)
{
    return message.length >= 5 && (uint8_t)message.data[0] == letter &&
           (size_t)__builtin_bswap32(read_u32(message.data + 1)) + 1 == message.length;
}

bool pgwire_row_description_count(Text message, uint16_t *count)
{
    *count = 0;
    if (is_whole_message(message, SERVER_NO_DATA))
        return true;
    if (!is_whole_message(message, SERVER_ROW_DESCRIPTION) || message.length < 7)
        return false;
    *count = __builtin_bswap16(read_u16(message.data + 5));
    return true;
}

/* Bytes of a column behind its name: table, attribute, type, length, modifier, format. */
enum { COLUMN_TAIL = 18, COLUMN_FORMAT_AT = 16 };

bool pgwire_row_description_with_formats(Buffer *out, Text message, Text result_formats)
{
    uint16_t count;
    if (!pgwire_row_description_count(message, &count))
        return false;
    size_t start = out->length;
    buffer_append(out, message.data, message.length);
    size_t at = start + 7;
    for (uint16_t i = 0; i < count; i++) {
        size_t left = out->length - at;
        const uint8_t *zero = left == 0 ? NULL : memchr(out->data + at, 0, left);
        if (zero == NULL || (size_t)(out->data + out->length - zero) < 1 + COLUMN_TAIL) {
            out->length = start;
            return false;
        }
        uint16_t format =
            __builtin_bswap16((uint16_t)pgwire_result_format(result_formats, i));
        at = (size_t)(zero + 1 - out->data);
        memcpy(out->data + at + COLUMN_FORMAT_AT, &format, sizeof format);
        at += COLUMN_TAIL;
    }
    return true;
}

size_t pgwire_data_row_begin(Buffer *out, uint16_t columns)
{
    size_t mark = begin(out, SERVER_DATA_ROW);
    buffer_append_u16be(out, columns);
    return mark;
}

void pgwire_data_row_end(Buffer *out, size_t mark)
{
    end(out, mark);
}

bool pgwire_hop_rows(Text data, uint64_t limit, size_t *bytes, uint64_t *rows)
{
    size_t at = 0;
    uint64_t count = 0;
    while (count < limit && at < data.length) {
        if (!checked_range(at, 5, data.length) || data.data[at] != SERVER_DATA_ROW)
            return false;
        uint32_t length = __builtin_bswap32(read_u32(data.data + at + 1));
        if (length < 6 || !checked_range(at + 1, length, data.length))
            return false;
        at += 1 + (size_t)length;
        count++;
    }
    *bytes = at;
    *rows = count;
    return true;
}
