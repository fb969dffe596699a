/*
 * Fuzz target: what strangers and files say before anybody is let in. pg_hba.conf, SCRAM's
 * messages, verifiers, base64, SASLprep.
 *
 * With libFuzzer: clang -fsanitize=fuzzer,address -DTALARIA_LIBFUZZER. Without it the file is a
 * program of its own that mutates the seeds below for a number of rounds (first argument) from a
 * seed (second argument).
 */
#include "protocol/pgwire/pgwire.h"
#include "server/auth/exchange.h"
#include "server/auth/hba.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_hba(Text text)
{
    Fault fault;
    HbaFile *file = hba_parse(text, true, &fault);
    if (file == NULL)
        return;
    AuthPeer local = {.address = {.ss_family = AF_UNIX}}, remote = {.is_encrypted = true};
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x0a010203)};
    AccessRoles none = {0};
    memcpy(&remote.address, &in, sizeof in);
    hba_match(file, &local, TEXT_LITERAL("ann"), TEXT_LITERAL("db"), &none);
    hba_match(file, &remote, TEXT_LITERAL("ann"), TEXT_LITERAL("db"), &none);
    hba_free(file);
}

static void fuzz_scram(Text text)
{
    ScramVerifier verifier = {.iterations = 4096, .salt_length = 16};
    Exchange exchange;
    Buffer out = BUFFER_EMPTY, prepared = BUFFER_EMPTY;
    Fault fault;
    Text mechanism, response;
    bool has_response, is_right = false;
    uint8_t bytes[64];
    size_t length;
    scram_verifier_parse(text, &verifier);
    scram_base64_read(text, bytes, sizeof bytes, &length);
    scram_prepare(text, &prepared);
    pgwire_sasl_initial(text, &mechanism, &response, &has_response, &fault);
    exchange_init(&exchange, &verifier, false, TEXT_LITERAL(""));
    if (exchange_first(&exchange, TEXT_LITERAL("SCRAM-SHA-256"), text, &out, &fault))
        exchange_final(&exchange, text, &out, &is_right, &fault);
    exchange_clear(&exchange);
    exchange_init(&exchange, &verifier, false, TEXT_LITERAL("bound"));
    if (exchange_first(&exchange, TEXT_LITERAL("SCRAM-SHA-256"), TEXT_LITERAL("n,,n=,r=a"), &out,
                       &fault))
        exchange_final(&exchange, text, &out, &is_right, &fault);
    exchange_clear(&exchange);
    if (is_right)
        abort(); /* nobody has proved anything */
    buffer_clear(&out);
    buffer_clear(&prepared);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Text text = {.data = (const char *)data, .length = (uint32_t)size};
    fuzz_hba(text);
    fuzz_scram(text);
    return 0;
}

#ifndef TALARIA_LIBFUZZER

static const char *const seeds[] = {
    "local all all trust\nhost db \"Ann\",+staff 10.0.0.0/8 scram-sha-256 # end\n",
    "hostssl all all ::1/128 cert clientcert=verify-full\nhost all all 1.2.3.4 255.0.0.0 md5\n",
    "host all all samenet reject\nhostnossl sameuser all samehost password\n",
    "n,,n=user,r=abcdefgh",
    "p=tls-server-end-point,,n=,r=abc",
    "c=biws,r=aAAAAAAAAAAAAAAAAAAAAAAAA,x=1,p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
    "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
    "pass\xc2\xa0word\xc2\xad \xe2\x85\xa8 \xd8\xa7 \xf0\x9f\x98\x80",
};

static uint64_t next_random(uint64_t *state)
{
    /* xorshift64*, Vigna 2016 */
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}

static size_t mutate(char *data, size_t length, size_t capacity, uint64_t *state)
{
    static const char interesting[] = "\0,=/\"#+@\n \xff\x80n";
    uint64_t changes = 1 + next_random(state) % 6;
    for (uint64_t i = 0; i < changes; i++) {
        uint64_t r = next_random(state);
        size_t at = length == 0 ? 0 : (size_t)(r >> 32) % length;
        if (r % 8 == 0) {
            length = at; /* cut */
        } else if (r % 4 == 1 && length < capacity) {
            memmove(data + at + 1, data + at, length - at);
            data[at] = interesting[(r >> 8) % (sizeof interesting - 1)];
            length++;
        } else if (r % 4 == 2 && length + 16 < capacity) {
            size_t copied = length - at < 16 ? length - at : 16;
            memcpy(data + length, data + at, copied);
            length += copied;
        } else if (length > 0) {
            data[at] = interesting[(r >> 8) % (sizeof interesting - 1)];
        }
    }
    return length;
}

int main(int argc, char **argv)
{
    uint64_t rounds = argc > 1 ? strtoull(argv[1], NULL, 10) : 20000;
    uint64_t state = argc > 2 ? strtoull(argv[2], NULL, 10) : 20240229;
    if (state == 0)
        state = 1;
    for (uint64_t i = 0; i < rounds; i++) {
        char work[512];
        const char *seed = seeds[next_random(&state) % (sizeof seeds / sizeof *seeds)];
        size_t length = strlen(seed);
        memcpy(work, seed, length);
        length = mutate(work, length, sizeof work, &state);
        /* Of exactly its size on the heap, so that a sanitizer sees one byte too far. */
        uint8_t *input = malloc(length == 0 ? 1 : length);
        if (input == NULL)
            return 1;
        memcpy(input, work, length);
        LLVMFuzzerTestOneInput(input, length);
        free(input);
    }
    printf("%llu inputs\n", (unsigned long long)rounds);
    return 0;
}

#endif
