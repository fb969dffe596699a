/*
 * Names to things, by chained hashing: prepared statements and portals. The entry is embedded in
 * the thing. Clients choose the names, so the hash starts from a seed that they cannot know.
 */
#include "server/session/session_internal.h"

#include "base/log/log.h"
#include "base/os/os.h"

#include <stdlib.h>
#include <xxhash.h>

enum { FIRST_BUCKETS = 8 };

static uint32_t hash_name(Text name)
{
    static uint64_t seed;
    while (seed == 0)
        os_random(&seed, sizeof seed);
    return (uint32_t)XXH3_64bits_withSeed(name.data, name.length, seed);
}

NameEntry *names_find(const NameTable *table, Text name)
{
    if (table->count == 0)
        return NULL;
    uint32_t hash = hash_name(name);
    NameEntry *entry = table->buckets[hash & (table->bucket_count - 1)];
    while (entry != NULL && (entry->hash != hash || !text_equal(entry->name, name)))
        entry = entry->next;
    return entry;
}

static void put(NameTable *table, NameEntry *entry)
{
    uint32_t index = entry->hash & (table->bucket_count - 1);
    entry->next = table->buckets[index];
    table->buckets[index] = entry;
    if (index < table->first_used)
        table->first_used = index;
}

static void grow(NameTable *table)
{
    uint32_t old_count = table->bucket_count;
    NameEntry **old = table->buckets;
    table->bucket_count = old_count == 0 ? FIRST_BUCKETS : old_count * 2;
    table->buckets = calloc(table->bucket_count, sizeof *table->buckets);
    check(table->buckets != NULL);
    table->first_used = 0;
    for (uint32_t i = 0; i < old_count; i++) {
        for (NameEntry *entry = old[i], *next; entry != NULL; entry = next) {
            next = entry->next;
            put(table, entry);
        }
    }
    free(old);
}

void names_insert(NameTable *table, NameEntry *entry)
{
    if (table->count >= table->bucket_count)
        grow(table);
    entry->hash = hash_name(entry->name);
    put(table, entry);
    table->count++;
}

void names_remove(NameTable *table, NameEntry *entry)
{
    NameEntry **at = &table->buckets[entry->hash & (table->bucket_count - 1)];
    while (*at != entry)
        at = &(*at)->next;
    *at = entry->next;
    if (--table->count == 0)
        names_clear(table);
}

NameEntry *names_any(NameTable *table)
{
    for (; table->count > 0; table->first_used++) {
        if (table->buckets[table->first_used] != NULL)
            return table->buckets[table->first_used];
    }
    return NULL;
}

void names_clear(NameTable *table)
{
    check(table->count == 0);
    free(table->buckets);
    *table = (NameTable){0};
}
