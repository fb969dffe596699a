/*
 * Dictionaries that do not travel: a batch from another worker names the segment and the column,
 * and this worker reads the dictionary where its own scans would. Only segments that are inputs of
 * the query are found, whatever the name says.
 */
#include "engine/exchange/exchange_internal.h"

#include <stdlib.h>

typedef struct HeldDictionary {
    const Dictionary *dictionary;
    struct HeldDictionary *next;
} HeldDictionary;

static int by_digest(const void *a, const void *b)
{
    const InputSegment *const *left = a, *const *right = b;
    return memcmp((*left)->digest, (*right)->digest, sizeof (*left)->digest);
}

static void make_directory(Exchange *exchange)
{
    const QueryDefinition *definition = exchange->definition;
    uint32_t count = 0;
    for (int pass = 0; pass < 2; pass++) {
        if (pass == 1)
            exchange->directory =
                ARENA_ARRAY(exchange->arena, const InputSegment *, (size_t)count + 1);
        count = 0;
        for (uint32_t s = 0; s < definition->stage_count; s++)
            for (uint32_t i = 0; i < definition->stages[s].input_count; i++) {
                const StageInput *input = &definition->stages[s].inputs[i];
                for (uint32_t g = 0; g < input->segment_count; g++, count++)
                    if (pass == 1)
                        exchange->directory[count] = &input->segments[g];
            }
    }
    exchange->directory_count = count;
    qsort(exchange->directory, count, sizeof *exchange->directory, by_digest);
}

static const InputSegment *find_segment(Exchange *exchange, const uint8_t *digest)
{
    if (exchange->directory == NULL)
        make_directory(exchange);
    InputSegment wanted;
    const InputSegment *key = &wanted;
    memcpy(wanted.digest, digest, sizeof wanted.digest);
    const InputSegment **found = bsearch(&key, exchange->directory, exchange->directory_count,
                                         sizeof *exchange->directory, by_digest);
    return found == NULL ? NULL : *found;
}

static bool read_dictionary(SegmentReader *reader, uint32_t column, const Dictionary **dictionary,
                            Fault *fault)
{
    *dictionary = NULL;
    if (column < segment_schema(reader)->column_count &&
        !segment_dictionary(reader, column, false, dictionary, fault))
        return false;
    if (*dictionary == NULL || (*dictionary)->home == NULL)
        return fault_set(fault, FAULT_PROTOCOL_VIOLATION,
                         "a worker named a dictionary that does not exist");
    return true;
}

const Dictionary *shared_dictionary_find(void *state, const uint8_t digest[16], uint32_t column,
                                         Fault *fault)
{
    InChannel *channel = state;
    Exchange *exchange = channel->exchange;
    const InputSegment *segment =
        exchange->segments == NULL ? NULL : find_segment(exchange, digest);
    if (segment == NULL) {
        fault_set(fault, FAULT_PROTOCOL_VIOLATION,
                  "a worker named a segment that the query does not read");
        return NULL;
    }
    SegmentReader *reader = segment_cache_acquire(exchange->segments, segment, fault);
    if (reader == NULL)
        return NULL;
    const Dictionary *dictionary;
    bool is_found = read_dictionary(reader, column, &dictionary, fault);
    if (is_found) {
        HeldDictionary *held = ARENA_NEW(channel->arena, HeldDictionary);
        *held = (HeldDictionary){.dictionary = dictionary, .next = channel->held};
        channel->held = held;
        dictionary_hold(dictionary);
    }
    segment_cache_release(exchange->segments, reader);
    return is_found ? dictionary : NULL;
}

void shared_dictionaries_release(InChannel *channel)
{
    for (; channel->held != NULL; channel->held = channel->held->next)
        dictionary_release(channel->held->dictionary);
}
