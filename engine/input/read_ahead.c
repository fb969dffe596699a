/*
 * Reading ahead: a thread reads a stream into a few blocks while their bytes are parsed. For
 * compressed files: decompressing is as much work as parsing, and one file is one worker's, so
 * that another core would have nothing to do.
 *
 * The inner stream belongs to the thread until it is joined; all that both look at is behind one
 * mutex. Without a thread (the system refuses one) the inner stream is used as it is.
 */
#include "engine/input/input_internal.h"

#include "base/os/os.h"

#include <pthread.h>
#include <stdlib.h>

enum { BLOCKS = 4, READ_BYTES = 256 << 10, STACK_BYTES = 1 << 20 };

typedef struct AheadBlock {
    size_t length;
    uint64_t stored; /* bytes of the file that were consumed for it and all before */
    uint8_t *data;
} AheadBlock;

typedef struct ReadAhead {
    ByteStream base;
    ByteStream *inner;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    AheadBlock blocks[BLOCKS]; /* full ones: `first` and `count` from there on */
    uint32_t first, count;
    bool is_done, has_failed, must_stop;
    Fault fault;
    size_t taken; /* of the first block; the reader's alone */
    uint8_t *memory;
} ReadAhead;

/* --- the thread --- */

/* A block to fill, or NULL: stop. */
static AheadBlock *free_block(ReadAhead *ahead)
{
    pthread_mutex_lock(&ahead->mutex);
    while (ahead->count == BLOCKS && !ahead->must_stop)
        pthread_cond_wait(&ahead->changed, &ahead->mutex);
    AheadBlock *block = ahead->must_stop ? NULL : &ahead->blocks[(ahead->first + ahead->count) % BLOCKS];
    pthread_mutex_unlock(&ahead->mutex);
    return block;
}

static bool fill(ReadAhead *ahead, AheadBlock *block, Fault *fault)
{
    size_t got = 1;
    for (block->length = 0; block->length < READ_BYTES && got != 0; block->length += got)
        if (!ahead->inner->read(ahead->inner, block->data + block->length,
                                READ_BYTES - block->length, &got, fault))
            return false;
    block->stored = ahead->inner->stored;
    return true;
}

static void *read_blocks(void *state)
{
    ReadAhead *ahead = state;
    AheadBlock *block;
    bool goes_on = true;
    while (goes_on && (block = free_block(ahead)) != NULL) {
        Fault fault;
        bool ok = fill(ahead, block, &fault);
        pthread_mutex_lock(&ahead->mutex);
        ahead->count += ok && block->length != 0;
        ahead->is_done = !ok || block->length < READ_BYTES;
        ahead->has_failed = !ok;
        if (!ok)
            ahead->fault = fault;
        goes_on = !ahead->is_done;
        pthread_cond_signal(&ahead->changed);
        pthread_mutex_unlock(&ahead->mutex);
    }
    return NULL;
}

/* --- the reader --- */

/* Waits for a full block; false: there will be none. */
static bool wait_for_block(ReadAhead *ahead)
{
    pthread_mutex_lock(&ahead->mutex);
    while (ahead->count == 0 && !ahead->is_done)
        pthread_cond_wait(&ahead->changed, &ahead->mutex);
    bool has_block = ahead->count != 0;
    pthread_mutex_unlock(&ahead->mutex);
    return has_block;
}

static void give_block_back(ReadAhead *ahead)
{
    pthread_mutex_lock(&ahead->mutex);
    ahead->first = (ahead->first + 1) % BLOCKS;
    ahead->count--;
    pthread_cond_signal(&ahead->changed);
    pthread_mutex_unlock(&ahead->mutex);
    ahead->taken = 0;
}

static bool ahead_read(ByteStream *self, void *out, size_t size, size_t *got, Fault *fault)
{
    ReadAhead *ahead = (ReadAhead *)self;
    *got = 0;
    if (!wait_for_block(ahead)) {
        if (ahead->has_failed)
            *fault = ahead->fault;
        return !ahead->has_failed;
    }
    const AheadBlock *block = &ahead->blocks[ahead->first];
    size_t left = block->length - ahead->taken;
    *got = left < size ? left : size;
    memcpy(out, block->data + ahead->taken, *got);
    self->stored = block->stored;
    ahead->taken += *got;
    if (ahead->taken == block->length)
        give_block_back(ahead);
    return true;
}

static void ahead_free(ReadAhead *ahead)
{
    pthread_cond_destroy(&ahead->changed);
    pthread_mutex_destroy(&ahead->mutex);
    free(ahead->memory);
    free(ahead);
}

static void ahead_close(ByteStream *self)
{
    ReadAhead *ahead = (ReadAhead *)self;
    pthread_mutex_lock(&ahead->mutex);
    ahead->must_stop = true;
    pthread_cond_signal(&ahead->changed);
    pthread_mutex_unlock(&ahead->mutex);
    pthread_join(ahead->thread, NULL);
    ahead->inner->close(ahead->inner);
    ahead_free(ahead);
}

ByteStream *read_ahead_open(ByteStream *inner)
{
    ReadAhead *ahead = calloc(1, sizeof *ahead);
    if (ahead == NULL)
        abort();
    ahead->base = (ByteStream){.read = ahead_read, .close = ahead_close};
    ahead->inner = inner;
    ahead->memory = malloc((size_t)BLOCKS * READ_BYTES);
    if (ahead->memory == NULL)
        abort();
    for (uint32_t i = 0; i < BLOCKS; i++)
        ahead->blocks[i].data = ahead->memory + (size_t)i * READ_BYTES;
    pthread_mutex_init(&ahead->mutex, NULL);
    pthread_cond_init(&ahead->changed, NULL);
    if (os_thread_start(&ahead->thread, STACK_BYTES, read_blocks, ahead))
        return &ahead->base;
    ahead_free(ahead);
    return inner;
}
