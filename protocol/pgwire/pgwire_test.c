/* Messages: every kind read back from bytes made by hand, cut at every length, and written. */
#include "protocol/pgwire/pgwire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

/* A message in memory of exactly its size, so that the sanitizer sees one byte too far. */
static bool read_exactly(const void *data, size_t length, PgwireMessage *message, Fault *fault)
{
    uint8_t *copy = malloc(length + (length == 0));
    memcpy(copy, data, length);
    bool ok = pgwire_message_read(copy, length, message, fault);
    free(copy);
    return ok;
}

#define BYTES(literal) (literal), sizeof(literal) - 1

static void test_startup(void **state)
{
    static const char packet[] = "\0\0\0\x21\0\3\0\0user\0ann\0database\0db\0\0";
    PgwireStartup startup;
    Fault fault;
    size_t total;
    assert_true(pgwire_startup_length((const uint8_t *)packet, 3, &total, &fault));
    assert_int_equal(total, 0);
    assert_true(pgwire_startup_length((const uint8_t *)packet, 4, &total, &fault));
    assert_int_equal(total, 33);
    /* 4 + 4 + 9 + 12 + 1 = 30: the claimed length is wrong for these bytes */
    assert_false(pgwire_startup_read((const uint8_t *)packet, 30, &startup, &fault));
    char good[30];
    memcpy(good, packet, 30);
    good[3] = 30;
    assert_true(pgwire_startup_read((const uint8_t *)good, 30, &startup, &fault));
    assert_int_equal(startup.kind, PGWIRE_STARTUP);
    Text rest = startup.parameters, name, value;
    assert_true(pgwire_next_parameter(&rest, &name, &value));
    assert_true(text_equal_string(name, "user") && text_equal_string(value, "ann"));
    assert_true(pgwire_next_parameter(&rest, &name, &value));
    assert_true(text_equal_string(name, "database") && text_equal_string(value, "db"));
    assert_false(pgwire_next_parameter(&rest, &name, &value));
}

static void test_bad_startup(void **state)
{
    PgwireStartup startup;
    Fault fault;
    size_t total;
    assert_false(pgwire_startup_length((const uint8_t *)"\0\0\0\7", 4, &total, &fault));
    assert_false(pgwire_startup_length((const uint8_t *)"\0\0\x27\x11", 4, &total, &fault));
    assert_true(pgwire_startup_length((const uint8_t *)"\0\0\x27\x10", 4, &total, &fault));
    const uint8_t *no_end = (const uint8_t *)"\0\0\0\x0d\0\3\0\0user\0";
    assert_false(pgwire_startup_read(no_end, 13, &startup, &fault));
    assert_int_equal(fault.code, FAULT_PROTOCOL_VIOLATION);
    const uint8_t *behind = (const uint8_t *)"\0\0\0\x0a\0\3\0\0\0x";
    assert_false(pgwire_startup_read(behind, 10, &startup, &fault));
    const uint8_t *version2 = (const uint8_t *)"\0\0\0\x09\0\2\0\0\0";
    assert_false(pgwire_startup_read(version2, 9, &startup, &fault));
    assert_int_equal(fault.code, FAULT_FEATURE_NOT_SUPPORTED);
    const uint8_t *cancel = (const uint8_t *)"\0\0\0\x10\x04\xd2\x16\x2e\0\0\0\5\1\2\3\4";
    assert_true(pgwire_startup_read(cancel, 16, &startup, &fault));
    assert_int_equal(startup.kind, PGWIRE_CANCEL_REQUEST);
    assert_int_equal(startup.process_id, 5);
    assert_int_equal(startup.key.length, 4);
    assert_memory_equal(startup.key.data, "\x01\x02\x03\x04", 4);
    const uint8_t *ssl = (const uint8_t *)"\0\0\0\x08\x04\xd2\x16\x2f";
    assert_true(pgwire_startup_read(ssl, 8, &startup, &fault));
    assert_int_equal(startup.kind, PGWIRE_SSL_REQUEST);
}

static void test_lengths(void **state)
{
    Fault fault;
    size_t total;
    assert_true(pgwire_message_length((const uint8_t *)"Q", 1, true, &total, &fault));
    assert_int_equal(total, 0);
    assert_true(pgwire_message_length((const uint8_t *)"Q\0\0\0\x0a", 5, true, &total, &fault));
    assert_int_equal(total, 11);
    assert_false(pgwire_message_length((const uint8_t *)"Q\0\0\0\3", 5, true, &total, &fault));
    assert_false(pgwire_message_length((const uint8_t *)"z", 1, true, &total, &fault));
    assert_false(pgwire_message_length((const uint8_t *)"Q\x7f\xff\xff\xff", 5, true, &total, &fault));
    assert_false(pgwire_message_length((const uint8_t *)"S\0\0\x30\0", 5, true, &total, &fault));
    assert_true(pgwire_message_length((const uint8_t *)"Q\0\0\x30\0", 5, true, &total, &fault));
    assert_false(pgwire_message_length((const uint8_t *)"Q\0\0\x30\0", 5, false, &total, &fault));
}

static const char parse_message[] = "P\0\0\0\x18n1\0select $1\0\0\1\0\0\0\x17";
static const char bind_message[] =
    "B\0\0\0\x23p1\0n1\0\0\1\0\1\0\3\0\0\0\2hi\xff\xff\xff\xff\0\0\0\0\0\1\0\1";

static void test_extended(void **state)
{
    PgwireMessage message;
    Fault fault;
    assert_true(read_exactly("P\0\0\0\x17n1\0select $1\0\0\1\0\0\0\x17", 24, &message, &fault));
    assert_int_equal(message.kind, PGWIRE_CLIENT_PARSE);
    assert_int_equal(message.parse.name.length, 2);
    assert_int_equal(message.parse.text.length, 9);
    assert_int_equal(message.parse.type_count, 1);
    assert_false(read_exactly(BYTES(parse_message), &message, &fault));
    assert_true(read_exactly("Ep", 2, &message, &fault) == false);
    assert_true(read_exactly("E\0\0\0\x0bp1\0\0\0\0\5", 12, &message, &fault));
    assert_int_equal(message.execute.limit, 5);
    assert_true(read_exactly("D\0\0\0\x08Sn1\0", 9, &message, &fault));
    assert_int_equal(message.target.what, 'S');
    assert_false(read_exactly("D\0\0\0\x08Xn1\0", 9, &message, &fault));
    assert_true(read_exactly("S\0\0\0\4", 5, &message, &fault));
    assert_false(read_exactly("S\0\0\0\5x", 6, &message, &fault));
    assert_true(read_exactly("X\0\0\0\4", 5, &message, &fault));
}

static void test_bind(void **state)
{
    PgwireMessage message;
    Fault fault;
    size_t length = sizeof bind_message - 1;
    char bytes[sizeof bind_message];
    memcpy(bytes, bind_message, sizeof bytes);
    bytes[4] = (char)(length - 1);
    assert_true(pgwire_message_read((const uint8_t *)bytes, length, &message, &fault));
    assert_int_equal(message.bind.parameter_count, 3);
    assert_int_equal(message.bind.parameter_format_count, 1);
    assert_int_equal(message.bind.result_format_count, 1);
    PgwireParameters parameters;
    assert_true(pgwire_parameters_open(message.bind.parameters, &parameters, &fault));
    assert_int_equal(parameters.count, 3);
    assert_int_equal(pgwire_parameter_format(&parameters, 2), 1);
    Text value;
    bool is_null;
    assert_true(pgwire_parameters_next(&parameters, &value, &is_null));
    assert_true(text_equal_string(value, "hi") && !is_null);
    assert_true(pgwire_parameters_next(&parameters, &value, &is_null) && is_null);
    assert_true(pgwire_parameters_next(&parameters, &value, &is_null));
    assert_true(!is_null && value.length == 0);
    assert_false(pgwire_parameters_next(&parameters, &value, &is_null));
    assert_int_equal(pgwire_result_format(message.bind.result_formats, 7), 1);
    /* Cut at every byte, with a length field that fits what is left: never more than a fault. */
    for (size_t cut = 5; cut < length; cut++) {
        bytes[4] = (char)(cut - 1);
        assert_false(read_exactly(bytes, cut, &message, &fault));
    }
}

static void test_utf8(void **state)
{
    size_t bad;
    Fault fault;
    assert_true(pgwire_is_utf8(text_of("plain text of more than eight bytes"), &bad));
    assert_true(pgwire_is_utf8(text_of("h\xc3\xa9llo \xe2\x82\xac \xf0\x9f\x98\x80"), &bad));
    assert_false(pgwire_is_utf8(text_of("12345678\xff"), &bad));
    assert_int_equal(bad, 8);
    assert_false(pgwire_is_utf8(text_of("\xc0\x80"), &bad));
    assert_false(pgwire_is_utf8(text_of("\xed\xa0\x80"), &bad));
    assert_false(pgwire_is_utf8(text_of("\xf4\x90\x80\x80"), &bad));
    assert_false(pgwire_is_utf8((Text){.data = "abcdefg\0h", .length = 9}, &bad));
    assert_int_equal(bad, 7);
    assert_false(pgwire_is_utf8(text_of("ab\xe2\x82"), &bad));
    assert_false(pgwire_utf8_fault(text_of("ab\xe2\x82"), bad, &fault));
    assert_string_equal(fault.message, "invalid byte sequence for encoding \"UTF8\": 0xe2 0x82");
}

static void test_error(void **state)
{
    Fault fault;
    Buffer out = BUFFER_EMPTY;
    fault_set_at(&fault, 10, FAULT_UNDEFINED_COLUMN, "column \"x\" does not exist");
    pgwire_error(&out, &fault, text_of("select '\xc3\xa9', x"));
    const char expected[] = "SERROR\0VERROR\0C42703\0Mcolumn \"x\" does not exist\0P10\0";
    assert_int_equal(out.data[0], 'E');
    assert_int_equal(out.length, 5 + sizeof expected);
    assert_memory_equal(out.data + 5, expected, sizeof expected);
    assert_int_equal(out.data[4], out.length - 1);
    buffer_clear(&out);
}

static void test_row_description(void **state)
{
    PgwireColumn columns[] = {
        {.name = text_of("a"), .table_oid = 16384, .attribute_number = 1, .type_oid = 20,
         .type_length = 8, .type_modifier = -1},
        {.name = text_of("?column?"), .type_oid = 25, .type_length = -1, .type_modifier = -1},
    };
    Buffer out = BUFFER_EMPTY, patched = BUFFER_EMPTY;
    pgwire_row_description(&out, columns, 2);
    Text message = {.data = (const char *)out.data, .length = (uint32_t)out.length};
    uint16_t count;
    assert_true(pgwire_row_description_count(message, &count));
    assert_int_equal(count, 2);
    Text formats = {.data = "\0\2\0\0\0\1", .length = 6};
    assert_true(pgwire_row_description_with_formats(&patched, message, formats));
    assert_int_equal(patched.length, out.length);
    assert_int_equal(patched.data[patched.length - 1], 1);
    assert_int_equal(out.data[out.length - 1], 0);
    patched.data[patched.length - 1] = 0;
    assert_memory_equal(patched.data, out.data, out.length);
    message.length--;
    assert_false(pgwire_row_description_with_formats(&patched, message, formats));
    buffer_clear(&out);
    buffer_clear(&patched);
}

static void test_hop(void **state)
{
    Buffer out = BUFFER_EMPTY;
    for (int i = 0; i < 5; i++) {
        size_t mark = pgwire_data_row_begin(&out, 2);
        pgwire_data_row_value(&out, "abc", (uint32_t)i % 4);
        pgwire_data_row_null(&out);
        pgwire_data_row_end(&out, mark);
    }
    Text data = {.data = (const char *)out.data, .length = (uint32_t)out.length};
    size_t bytes;
    uint64_t rows;
    assert_true(pgwire_hop_rows(data, 100, &bytes, &rows));
    assert_int_equal(rows, 5);
    assert_int_equal(bytes, out.length);
    assert_true(pgwire_hop_rows(data, 2, &bytes, &rows));
    assert_int_equal(rows, 2);
    assert_int_equal(bytes, 15 + 16);
    data.length--;
    assert_true(pgwire_hop_rows(data, 4, &bytes, &rows));
    assert_false(pgwire_hop_rows(data, 5, &bytes, &rows));
    out.data[0] = 'Z';
    assert_false(pgwire_hop_rows(data, 1, &bytes, &rows));
    buffer_clear(&out);
}

static void test_tags(void **state)
{
    Buffer out = BUFFER_EMPTY;
    pgwire_command_complete_rows(&out, text_of("SELECT"), 42);
    assert_memory_equal(out.data, "C\0\0\0\x0eSELECT 42\0", 15);
    buffer_reset(&out);
    pgwire_ready_for_query(&out, 'T');
    assert_memory_equal(out.data, "Z\0\0\0\5T", 6);
    buffer_reset(&out);
    static const uint8_t types[] = {23, 0, 0, 0, 25, 0, 0, 0};
    pgwire_parameter_description(&out, types, 2);
    assert_memory_equal(out.data, "t\0\0\0\x0e\0\2\0\0\0\x17\0\0\0\x19", 15);
    buffer_clear(&out);
}

static void test_encodings(void **state)
{
    (void)state;
    Fault fault;
    Buffer out = BUFFER_EMPTY, back = BUFFER_EMPTY;
    assert_string_equal(pgwire_encoding_name(pgwire_encoding_find(text_of("'iso-8859-1'"))), "LATIN1");
    assert_string_equal(pgwire_encoding_name(pgwire_encoding_find(text_of("Windows-1252"))), "WIN1252");
    assert_null(pgwire_encoding_find(text_of("klingon")));
    assert_null(pgwire_encoding_find(text_of("")));
    assert_null(pgwire_encoding_of("UTF8"));
    assert_null(pgwire_encoding_of("SQL_ASCII"));
    const PgwireEncoding *encoding = pgwire_encoding_of("WIN1252");
    assert_non_null(encoding);
    assert_true(pgwire_decode(encoding, text_of("K\xe4se 5\x80"), &out, &fault));
    assert_string_equal(buffer_string(&out), "K\xc3\xa4se 5\xe2\x82\xac");
    assert_true(pgwire_encode(encoding, text_of(buffer_string(&out)), &back, &fault));
    assert_string_equal(buffer_string(&back), "K\xe4se 5\x80");
    assert_false(pgwire_decode(encoding, text_of("\x81"), &out, &fault)); /* no character */
    assert_int_equal(fault.code, FAULT_UNTRANSLATABLE_CHARACTER);
    assert_false(pgwire_encode(encoding, text_of("\xf0\x9f\x98\x80"), &back, &fault));
    assert_int_equal(fault.code, FAULT_UNTRANSLATABLE_CHARACTER);
    buffer_reset(&back);
    assert_true(pgwire_encode(encoding, text_of("a\xf0\x9f\x98\x80z"), &back, NULL));
    assert_string_equal(buffer_string(&back), "a?z");
    /* several bytes a character; the second may look like a backslash, and a piece may cut it */
    encoding = pgwire_encoding_of("SJIS");
    uint32_t used;
    assert_non_null(encoding);
    buffer_reset(&out);
    assert_true(pgwire_decode_piece(encoding, text_of("a\x95\\\xb1\x95"), &out, &used, &fault));
    assert_string_equal(buffer_string(&out), "a\xe8\xa1\xa8\xef\xbd\xb1");
    assert_int_equal(used, 4);
    buffer_reset(&back);
    assert_true(pgwire_encode(encoding, text_of(buffer_string(&out)), &back, &fault));
    assert_string_equal(buffer_string(&back), "a\x95\\\xb1");
    assert_false(pgwire_decode(encoding, text_of("\x95"), &out, &fault));
    assert_int_equal(fault.code, FAULT_CHARACTER_NOT_IN_REPERTOIRE);
    assert_false(pgwire_encode(encoding, text_of("\xf0\x9f\x98\x80"), &back, &fault));
    assert_int_equal(fault.code, FAULT_UNTRANSLATABLE_CHARACTER);
    buffer_clear(&out);
    buffer_clear(&back);
}

static void test_encoded_messages(void **state)
{
    (void)state;
    const PgwireEncoding *encoding = pgwire_encoding_of("LATIN1");
    Buffer plain = BUFFER_EMPTY, out = BUFFER_EMPTY;
    PgwireColumn column = {.name = text_of("\xc3\xbc"), .type_oid = 25, .type_length = -1};
    pgwire_row_description(&plain, &column, 1);
    pgwire_parameter_status(&plain, "a", "\xc3\xa9");
    size_t mark = pgwire_data_row_begin(&plain, 2);
    pgwire_data_row_value(&plain, "x\xc3\xa9", 3);
    pgwire_data_row_null(&plain);
    pgwire_data_row_end(&plain, mark);
    size_t whole = plain.length;
    pgwire_encode_messages(encoding, plain.data, whole, &out);
    static const uint8_t wanted[] = "T\0\0\0\x1a\0\1\xfc\0\0\0\0\0\0\0\0\0\0\x19\xff\xff\0\0\0\0\0\0"
                                    "S\0\0\0\x08" "a\0\xe9\0"
                                    "D\0\0\0\x10\0\2\0\0\0\2x\xe9\xff\xff\xff\xff";
    assert_int_equal(out.length, sizeof wanted - 1);
    assert_memory_equal(out.data, wanted, sizeof wanted - 1);
    for (size_t length = 0; length < whole; length++) { /* cut anywhere: no byte is read beyond */
        uint8_t *cut = malloc(length + 1);
        memcpy(cut, plain.data, length);
        buffer_reset(&out);
        pgwire_encode_messages(encoding, cut, length, &out);
        free(cut);
    }
    buffer_clear(&plain);
    buffer_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_encodings),
        cmocka_unit_test(test_encoded_messages),
        cmocka_unit_test(test_startup),         cmocka_unit_test(test_bad_startup),
        cmocka_unit_test(test_lengths),         cmocka_unit_test(test_extended),
        cmocka_unit_test(test_bind),            cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_error),           cmocka_unit_test(test_row_description),
        cmocka_unit_test(test_hop),             cmocka_unit_test(test_tags),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
