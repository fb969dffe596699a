/*
 * Fuzz target: everything in protocol/pgwire that reads bytes from outside.
 *
 * With libFuzzer: clang -fsanitize=fuzzer,address -DTALARIA_LIBFUZZER. Without it the file is a
 * program of its own that mutates the seeds below for a number of rounds (first argument) from a
 * seed (second argument), so that the test suite can run it anywhere and repeat what it found.
 */
#include "protocol/pgwire/pgwire.h"

#include "base/memory/checked.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t sink;

static void touch(Text text)
{
    for (uint32_t i = 0; i < text.length; i++)
        sink += (uint8_t)text.data[i];
}

static void fuzz_startup(const uint8_t *data, size_t size)
{
    PgwireStartup startup;
    Fault fault;
    size_t total;
    if (!pgwire_startup_length(data, size, &total, &fault) || total == 0 || total > size)
        return;
    if (!pgwire_startup_read(data, total, &startup, &fault) || startup.kind != PGWIRE_STARTUP)
        return;
    Text rest = startup.parameters, name, value;
    while (pgwire_next_parameter(&rest, &name, &value)) {
        touch(name);
        touch(value);
    }
}

static void fuzz_bind(const PgwireMessage *message)
{
    touch(message->bind.portal);
    touch(message->bind.statement);
    PgwireParameters parameters;
    Fault fault;
    if (!pgwire_parameters_open(message->bind.parameters, &parameters, &fault))
        return;
    Text value;
    bool is_null;
    for (uint16_t i = 0; pgwire_parameters_next(&parameters, &value, &is_null); i++) {
        touch(value);
        sink += (uint32_t)pgwire_parameter_format(&parameters, i);
    }
    for (uint16_t i = 0; i < message->bind.result_format_count; i++)
        sink += (uint32_t)pgwire_result_format(message->bind.result_formats, i);
}

static void fuzz_message(const PgwireMessage *message)
{
    size_t bad;
    if (message->kind == PGWIRE_CLIENT_BIND) {
        fuzz_bind(message);
    } else if (message->kind == PGWIRE_CLIENT_QUERY) {
        Fault fault;
        if (!pgwire_is_utf8(message->query, &bad))
            pgwire_utf8_fault(message->query, bad, &fault);
    } else if (message->kind == PGWIRE_CLIENT_PARSE) {
        touch(message->parse.name);
        touch(message->parse.text);
        for (uint16_t i = 0; i < message->parse.type_count; i++)
            sink += pgwire_type_at(message->parse.types, i);
    } else if (message->kind == PGWIRE_CLIENT_DESCRIBE || message->kind == PGWIRE_CLIENT_CLOSE) {
        touch(message->target.name);
    } else if (message->kind == PGWIRE_CLIENT_EXECUTE) {
        touch(message->execute.portal);
    }
}

static void fuzz_stream(const uint8_t *data, size_t size)
{
    size_t at = 0;
    while (at < size) {
        PgwireMessage message;
        Fault fault;
        size_t total;
        if (!pgwire_message_length(data + at, size - at, true, &total, &fault))
            return;
        if (total == 0 || total > size - at)
            return;
        if (pgwire_message_read(data + at, total, &message, &fault))
            fuzz_message(&message);
        at += total;
    }
}

/* What comes from our own processes is checked as well: row descriptions and rows. */
static void fuzz_internal(const uint8_t *data, size_t size)
{
    Text text = {.data = (const char *)data, .length = (uint32_t)size};
    size_t bytes;
    uint64_t rows;
    if (pgwire_hop_rows(text, 1000, &bytes, &rows) && bytes > size)
        abort();
    Buffer out = BUFFER_EMPTY;
    Text formats = {.data = (const char *)data, .length = (uint32_t)(size / 2)};
    pgwire_row_description_with_formats(&out, text, formats);
    Fault fault;
    fault_set_at(&fault, (int32_t)(size / 3), FAULT_SYNTAX_ERROR, "fuzzed");
    pgwire_error(&out, &fault, text);
    Text columns = text;
    pgwire_command_complete(&out, columns);
    buffer_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_startup(data, size);
    fuzz_stream(data, size);
    fuzz_internal(data, size);
    return 0;
}

#ifndef TALARIA_LIBFUZZER

#define SEED(literal) {(literal), sizeof(literal) - 1}

static const struct {
    const char *data;
    size_t length;
} seeds[] = {
    SEED("\0\0\0\x1e\0\3\0\0user\0ann\0database\0db\0\0"),
    SEED("\0\0\0\x08\x04\xd2\x16\x2f"),
    SEED("\0\0\0\x10\x04\xd2\x16\x2e\0\0\0\5\1\2\3\4"),
    SEED("Q\0\0\0\x0dselect 1\0S\0\0\0\4X\0\0\0\4"),
    SEED("P\0\0\0\x17n1\0select $1\0\0\1\0\0\0\x17"
         "B\0\0\0\x22p1\0n1\0\0\1\0\1\0\3\0\0\0\2hi\xff\xff\xff\xff\0\0\0\0\0\1\0\1"
         "D\0\0\0\x08Pp1\0E\0\0\0\x0bp1\0\0\0\0\5C\0\0\0\x08Sn1\0H\0\0\0\4S\0\0\0\4"),
    SEED("T\0\0\0\x20\0\1?column?\0\0\0\0\0\0\0\0\0\0\x17\0\4\xff\xff\xff\xff\0\0"),
    SEED("D\0\0\0\x0b\0\1\0\0\0\1xD\0\0\0\x0a\0\1\xff\xff\xff\xff"),
    SEED("Q\0\0\0\x10h\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xff\0"),
};

static uint64_t next_random(uint64_t *state)
{
    /* xorshift64*, Vigna 2016 */
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}

static size_t mutate(uint8_t *data, size_t length, size_t capacity, uint64_t *state)
{
    uint64_t changes = 1 + next_random(state) % 6;
    for (uint64_t i = 0; i < changes; i++) {
        uint64_t r = next_random(state);
        size_t at = length == 0 ? 0 : (size_t)(r >> 32) % length;
        if (r % 5 == 0 && length > 0) {
            length = at; /* cut */
        } else if (r % 5 == 1 && length < capacity) {
            memmove(data + at + 1, data + at, length - at);
            data[at] = (uint8_t)(r >> 8);
            length++;
        } else if (r % 5 == 2 && length + 16 < capacity) {
            size_t copied = length - at < 16 ? length - at : 16;
            memcpy(data + length, data + at, copied);
            length += copied;
        } else if (length > 0) {
            static const uint8_t interesting[] = {0, 1, 4, 5, 0x7f, 0x80, 0xff, 'Q', 'B', 'P', 'D'};
            data[at] = r % 5 == 3 ? interesting[(r >> 16) % sizeof interesting] : (uint8_t)(r >> 8);
        }
    }
    return length;
}

int main(int argc, char **argv)
{
    uint64_t rounds = argc > 1 ? strtoull(argv[1], NULL, 10) : 200000;
    uint64_t state = argc > 2 ? strtoull(argv[2], NULL, 10) : 20240229;
    if (state == 0)
        state = 1;
    for (uint64_t i = 0; i < rounds; i++) {
        uint8_t work[512];
        size_t seed = (size_t)(next_random(&state) % (sizeof seeds / sizeof seeds[0]));
        size_t length = seeds[seed].length;
        memcpy(work, seeds[seed].data, length);
        length = mutate(work, length, sizeof work, &state);
        /* Of exactly its size on the heap, so that a sanitizer sees one byte too far. */
        uint8_t *input = malloc(length == 0 ? 1 : length);
        if (input == NULL)
            return 2;
        memcpy(input, work, length);
        LLVMFuzzerTestOneInput(input, length);
        free(input);
    }
    printf("%llu rounds, checksum %u\n", (unsigned long long)rounds, sink);
    return 0;
}

#endif
