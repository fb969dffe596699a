/*
 * Rows on their way to the client. Producers (workers, or the controller itself) send RESULT_ROWS
 * frames of finished DataRow messages, partition by partition; they are queued on the client's
 * connection in place, in the order of the partitions, and given back when they have left.
 *
 * A producer may have RESULT_WINDOW bytes of a partition on the way. What has left for the client
 * is granted again (RESULT_CREDIT), so a slow client, or a portal that waits, stops it; what the
 * front end holds for a result is bounded by the window times its partitions.
 *
 * Frames come over several links, so rows may come before the controller's word of how many
 * partitions there are, and rows of the next result before the last ones of this one: they are
 * kept in results of their own until their turn. Producers may number results (`result`, from 0
 * within the request); without a number, rows belong to the first result in which their
 * partition has not ended.
 */
#include "server/session/session_internal.h"

#include "base/log/log.h"

#include <stdlib.h>
#include <string.h>

/* The rows of one frame. */
struct Chunk {
    Chunk *next;
    FrontEnd *front;
    uint64_t request;
    uint32_t result, partition;
    LinkBody *body; /* owner of the bytes; NULL: they are in `copy` */
    const uint8_t *data;
    size_t length, taken; /* taken: handed to the connection */
    uint64_t rows;        /* not handed to the connection yet */
    uint32_t references;  /* the queue's, and one a piece */
    uint8_t copy[];
};

typedef struct RowPiece {
    ConnPiece piece;
    Chunk *chunk;
} RowPiece;

/* ---------- results and partitions ---------- */

static Result *result_new(uint32_t sequence)
{
    Result *result = calloc(1, sizeof *result);
    check(result != NULL);
    result->sequence = sequence;
    return result;
}

static Result *find_result(const Request *request, uint32_t sequence)
{
    Result *result = request->results;
    while (result != NULL && result->sequence != sequence)
        result = result->next;
    return result;
}

static Result *add_result(Request *request, uint32_t sequence)
{
    Result **at = &request->results;
    while (*at != NULL && (*at)->sequence < sequence)
        at = &(*at)->next;
    Result *result = result_new(sequence);
    result->next = *at;
    *at = result;
    return result;
}

static void reserve_partitions(Result *result, uint32_t count)
{
    if (count <= result->capacity)
        return;
    uint32_t capacity = result->capacity * 2 > count ? result->capacity * 2 : count;
    result->partitions = realloc(result->partitions, capacity * sizeof(Partition));
    check(result->partitions != NULL);
    memset(result->partitions + result->capacity, 0,
           (capacity - result->capacity) * sizeof(Partition));
    result->capacity = capacity;
}

static void chunk_release(Chunk *chunk)
{
    if (--chunk->references > 0)
        return;
    link_body_free(chunk->body);
    free(chunk);
}

static void result_free(Result *result)
{
    for (uint32_t i = 0; i < result->capacity; i++) {
        while (result->partitions[i].first != NULL) {
            Chunk *chunk = result->partitions[i].first;
            result->partitions[i].first = chunk->next;
            chunk_release(chunk);
        }
    }
    free(result->partitions);
    free(result);
}

static void free_all(Result **first)
{
    while (*first != NULL) {
        Result *result = *first;
        *first = result->next;
        result_free(result);
    }
}

/* All of it has been handed to the connection. It stays until the end of the turn, when its
 * producers are told that its bytes no longer count. */
void request_finish_result(Request *request)
{
    Result *result = request->results;
    request->results = result->next;
    result->next = request->finished;
    request->finished = result;
    loop_task_queue(&request->grant);
}

void request_drop_results(Request *request)
{
    free_all(&request->results);
    free_all(&request->finished);
}

static bool has_all_rows(const Result *result)
{
    if (!result->is_announced || result->is_open)
        return false;
    for (uint32_t i = 0; i < result->partition_count; i++) {
        if (!result->partitions[i].has_ended)
            return false;
    }
    return true;
}

void request_abandon_results(Request *request)
{
    for (Result **at = &request->results; *at != NULL;) {
        Result *result = *at;
        if (has_all_rows(result)) {
            at = &result->next;
            continue;
        }
        *at = result->next;
        result_free(result);
    }
}

bool result_announce(Request *request, const Frame *frame)
{
    uint64_t count = frame_uint(frame, "result_partitions", 0);
    Text tag = frame_text(frame, "result_tag");
    if (count > RESULT_MOST_PARTITIONS || tag.length >= sizeof((Result *)0)->tag)
        return false;
    uint32_t sequence = request->announced++;
    Result *result = find_result(request, sequence);
    if (result == NULL)
        result = add_result(request, sequence);
    reserve_partitions(result, (uint32_t)count);
    result->partition_count = (uint32_t)count;
    result->is_announced = true;
    result->is_ordered = frame_bool(frame, "result_ordered", true);
    result->is_open = frame_bool(frame, "result_closed_later", false);
    memcpy(result->tag, tag.data, tag.length);
    result->tag[tag.length] = 0;
    return true;
}

void request_note_lost_source(Request *request, const Child *child)
{
    for (Result *result = request->results; result != NULL; result = result->next) {
        for (uint32_t i = 0; i < result->capacity; i++) {
            const Partition *partition = &result->partitions[i];
            if (partition->has_source && !partition->has_ended &&
                partition->source_kind == child->kind &&
                partition->source_number == child->number &&
                partition->source_generation == child->generation)
                request->has_lost_rows = true;
        }
    }
}

/* ---------- rows arrive ---------- */

/* The partition that a frame is about; NULL when it can be none. */
static Partition *partition_of(Request *request, const Frame *frame, Result **of)
{
    uint64_t number = frame_uint(frame, "partition", UINT64_MAX);
    if (number >= RESULT_MOST_PARTITIONS)
        return NULL;
    Result *result = request->results;
    if (frame_has(frame, "result")) {
        uint64_t sequence = frame_uint(frame, "result", UINT32_MAX);
        if (sequence >= UINT32_MAX)
            return NULL;
        result = find_result(request, (uint32_t)sequence);
        if (result == NULL)
            result = add_result(request, (uint32_t)sequence);
    } else {
        uint32_t next = request->announced;
        while (result != NULL && number < result->capacity &&
               result->partitions[number].has_ended) {
            next = result->sequence + 1;
            result = result->next;
        }
        if (result == NULL)
            result = add_result(request, next);
    }
    if (result->is_announced && number >= result->partition_count)
        return NULL;
    reserve_partitions(result, (uint32_t)number + 1);
    *of = result;
    return &result->partitions[number];
}

static void set_source(Partition *partition, const Child *source)
{
    partition->has_source = true;
    partition->source_kind = source->kind;
    partition->source_number = source->number;
    partition->source_generation = source->generation;
}

static Chunk *make_chunk(const Request *request, const Result *result, const Partition *partition,
                         Child *source, const Frame *frame)
{
    Text data = frame_text(frame, "data");
    bool is_small = data.length < CONN_COPY_BELOW;
    Chunk *chunk = malloc(sizeof *chunk + (is_small ? data.length : 0));
    check(chunk != NULL);
    *chunk = (Chunk){
        .front = request->front,
        .request = request->id,
        .result = result->sequence,
        .partition = (uint32_t)(partition - result->partitions),
        .data = (const uint8_t *)data.data,
        .length = data.length,
        .rows = frame_uint(frame, "rows", 0),
        .references = 1,
    };
    if (is_small) {
        memcpy(chunk->copy, data.data, data.length);
        chunk->data = chunk->copy;
    } else {
        chunk->body = link_take(source->link);
        check(chunk->body != NULL);
    }
    return chunk;
}

static void append_chunk(Partition *partition, Chunk *chunk)
{
    if (partition->first == NULL)
        partition->first = chunk;
    else
        partition->last->next = chunk;
    partition->last = chunk;
}

/* A producer that ignores its window would make us hold what it likes. One frame may go over it:
 * a row is as large as it is. */
static bool is_within_window(const Partition *partition)
{
    uint64_t outstanding = partition->received - partition->acknowledged;
    return outstanding < 2 * (uint64_t)RESULT_WINDOW;
}

static void get_on(Request *request)
{
    Session *session = request->session;
    if (session->active != request)
        return;
    request_advance(request);
    if (session->state != SESSION_CLOSED)
        session_pump(session);
}

void result_rows(Request *request, Child *source, const Frame *frame)
{
    if (request->session == NULL || request->doom != NULL)
        return;
    Result *result;
    Partition *partition = partition_of(request, frame, &result);
    size_t length = frame_text(frame, "data").length;
    if (partition == NULL || partition->has_ended || !is_within_window(partition)) {
        log_error("rows that were not asked for query=%llu", (unsigned long long)request->id);
        child_kill(source);
        return;
    }
    if (length == 0)
        return;
    set_source(partition, source);
    partition->received += length;
    append_chunk(partition, make_chunk(request, result, partition, source, frame));
    get_on(request);
}

void result_end(Request *request, Child *source, const Frame *frame)
{
    if (request->session == NULL || request->doom != NULL)
        return;
    Result *result;
    Partition *partition = partition_of(request, frame, &result);
    if (partition == NULL || partition->has_ended) {
        log_error("the end of rows that were not asked for query=%llu",
                  (unsigned long long)request->id);
        child_kill(source);
        return;
    }
    set_source(partition, source);
    partition->has_ended = true;
    get_on(request);
}

/* ---------- rows leave ---------- */

static void grant(FrontEnd *front, uint64_t request, const Partition *partition, uint32_t number,
                  uint32_t result, uint64_t bytes)
{
    Child *source =
        supervisor_child(front->supervisor, partition->source_kind, partition->source_number);
    if (source == NULL || source->generation != partition->source_generation ||
        source->link == NULL)
        return;
    FrameWriter writer;
    frame_begin(&writer, link_out(source->link), FRAME_RESULT_CREDIT);
    frame_put_uint(&writer, "query", request);
    frame_put_uint(&writer, "result", result);
    frame_put_uint(&writer, "partition", number);
    frame_put_uint(&writer, "bytes", bytes);
    frame_end(&writer);
    child_flush(source);
}

static void account_left(const Chunk *chunk, size_t length)
{
    Request *request = request_find(chunk->front, chunk->request);
    Result *result = request == NULL ? NULL : find_result(request, chunk->result);
    if (result == NULL || chunk->partition >= result->capacity)
        return;
    result->partitions[chunk->partition].left += length;
    loop_task_queue(&request->grant);
}

/* Enough has left, or everything has: a producer whose rows are larger than what remains of its
 * window, or that counts all its partitions together, must not wait for ever. */
static bool is_credit_due(const Partition *partition)
{
    bool nothing_on_the_way = partition->acknowledged + partition->left == partition->received;
    return partition->left >= RESULT_CREDIT_STEP || (partition->left > 0 && nothing_on_the_way);
}

static void grant_partition(Request *request, const Result *result, uint32_t number,
                            uint64_t bytes)
{
    Partition *partition = &result->partitions[number];
    partition->acknowledged += bytes;
    partition->left = 0;
    if (bytes > 0)
        grant(request->front, request->id, partition, number, result->sequence, bytes);
}

static void grant_result(Request *request, const Result *result)
{
    for (uint32_t i = 0; i < result->capacity; i++) {
        if (is_credit_due(&result->partitions[i]))
            grant_partition(request, result, i, result->partitions[i].left);
    }
}

static void grant_finished(Request *request, const Result *result)
{
    for (uint32_t i = 0; i < result->capacity; i++) {
        const Partition *partition = &result->partitions[i];
        grant_partition(request, result, i, partition->received - partition->acknowledged);
    }
}

/* At the end of a turn, so that a short result, whose end came along with its rows, is answered
 * with nothing at all. */
void request_grant(void *state)
{
    Request *request = state;
    for (Result *result = request->results; result != NULL && !request->is_done;
         result = result->next)
        grant_result(request, result);
    for (Result *result = request->finished; result != NULL && !request->is_done;
         result = result->next)
        grant_finished(request, result);
    free_all(&request->finished);
}

static void piece_left(ConnPiece *piece)
{
    RowPiece *self = (RowPiece *)piece;
    account_left(self->chunk, piece->length);
    chunk_release(self->chunk);
    free(self);
}

/* Hands `length` bytes of the chunk to the connection: by copy when they are few. */
static void send_bytes(Request *request, Chunk *chunk, size_t length)
{
    Session *session = request->session;
    const uint8_t *data = chunk->data + chunk->taken;
    chunk->taken += length;
    Spool *spool = request->portal == NULL ? NULL : request->portal->spool;
    Fault fault;
    if (spool != NULL && length > 0 && !request->has_lost_rows && !spool_append(spool, data, length, &fault)) {
        log_fault(LOG_LEVEL_WARNING, "keeping a cursor's rows", &fault);
        request->has_lost_rows = true;
    }
    if (request->discards) {
        account_left(chunk, length);
        return;
    }
    if (session_copy_prefix(request, data, length)) {
        enum { WRITTEN = 5 };
        data += WRITTEN;
        length -= WRITTEN;
        account_left(chunk, WRITTEN);
    }
    if (length < CONN_COPY_BELOW) {
        buffer_append(session_out(session), data, length);
        session_send(session);
        account_left(chunk, length);
        return;
    }
    RowPiece *self = malloc(sizeof *self);
    check(self != NULL);
    self->piece = (ConnPiece){.data = data, .length = length, .left = piece_left};
    self->chunk = chunk;
    chunk->references++;
    conn_queue_piece(&session->conn, &self->piece);
}

/* Sends the chunk, or as many of its rows as `room` allows. False: it holds no whole rows. */
static bool send_chunk(Request *request, Chunk *chunk, uint64_t room, uint64_t *sent)
{
    size_t left = chunk->length - chunk->taken;
    if (chunk->rows <= room) {
        *sent = chunk->rows;
        chunk->rows = 0;
        send_bytes(request, chunk, left);
        return true;
    }
    size_t bytes;
    Text data = {.data = (const char *)chunk->data + chunk->taken, .length = (uint32_t)left};
    if (!pgwire_hop_rows(data, room, &bytes, sent) || *sent < room)
        return false;
    chunk->rows -= *sent;
    send_bytes(request, chunk, bytes);
    return true;
}

static uint64_t room_of(const Request *request, const Result *result)
{
    return request->limit == 0 ? UINT64_MAX : request->limit - result->rows;
}

/* Sends what there is of a partition. False when something must be waited for: *outcome says
 * what; true when the partition has given all that has come. */
static bool forward_partition(Request *request, Result *result, Partition *partition,
                              ForwardOutcome *outcome)
{
    Session *session = request->session;
    for (;;) {
        uint64_t room = room_of(request, result);
        *outcome = FORWARD_SUSPENDED;
        if (room == 0)
            return false;
        *outcome = FORWARD_WAITS;
        Chunk *chunk = partition->first;
        if (chunk == NULL)
            return true;
        if (conn_is_full(&session->conn))
            return false;
        uint64_t sent = 0;
        if (!send_chunk(request, chunk, room, &sent)) {
            log_error("rows that are no rows query=%llu", (unsigned long long)request->id);
            chunk->rows = 0;
            chunk->taken = chunk->length;
        }
        result->rows += sent;
        if (chunk->taken == chunk->length) {
            partition->first = chunk->next;
            chunk_release(chunk);
        }
    }
}

ForwardOutcome result_forward(Request *request, Result *result)
{
    ForwardOutcome outcome = FORWARD_WAITS;
    bool all_ended = true;
    for (uint32_t i = result->at; i < result->partition_count; i++) {
        Partition *partition = &result->partitions[i];
        if (!forward_partition(request, result, partition, &outcome))
            return outcome;
        if (!partition->has_ended) {
            all_ended = false;
            if (result->is_ordered)
                return FORWARD_WAITS;
        } else if (all_ended) {
            result->at = i + 1;
        }
    }
    /* Rows that filled the limit exactly suspend the portal even when they were the last ones:
     * only the next Execute finds out. */
    if (request->limit > 0 && result->rows >= request->limit)
        return FORWARD_SUSPENDED;
    if (!all_ended)
        return FORWARD_WAITS;
    return result->is_open ? FORWARD_OPEN : FORWARD_COMPLETE;
}
