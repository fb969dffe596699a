/*
 * Sequences: where they stand. A place in the shared page has what the next value is made of; the
 * metadata has a value that is ahead of it, or the same, and is written before the page gives what
 * it did not cover. So a crash loses some values and repeats none. How far ahead grows with what a
 * statement takes.
 *
 * Values are taken for good: a block that is rolled back does not give them back, so they are kept in
 * the metadata itself while a block works on its copy.
 *
 * In the metadata: the value sequence/<oid> is "<last> <is called>". It is no part of what a block
 * undoes.
 */
#include "server/controller/controller_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { LEAST_AHEAD = 32, MOST_AHEAD = 1 << 20 };

typedef struct Sequence {
    Request *request;
    const Table *table;
    const TableSequence *declared;
    SharedSequence *place;
    Fault *fault;
} Sequence;

/* --- the page --- */

static void lock_page(SharedPage *shared)
{
    if (pthread_mutex_lock(&shared->sequence_lock) != EOWNERDEAD)
        return;
    memset(shared->sequences, 0, sizeof shared->sequences);
    pthread_mutex_consistent(&shared->sequence_lock);
}

static const char *value_name(Sequence *sequence, uint32_t oid)
{
    return arena_printf(sequence->request->arena, "sequence/%u", oid);
}

static TableStore *values_of(const Request *request)
{
    const Controller *controller = request->controller;
    return controller->block != NULL ? controller->published : controller->tables;
}

static bool write_value(Sequence *sequence, uint32_t oid, int64_t last, bool is_called)
{
    char text[64];
    snprintf(text, sizeof text, "%" PRId64 " %d", last, is_called);
    return table_put_value(sequence->request->controller->published, text_of(value_name(sequence, oid)),
                           text_of(text), sequence->fault);
}

/* What the metadata has; before there is anything the first value is the one to start with. */
static bool read_value(Sequence *sequence, uint32_t oid, SharedSequence *place)
{
    Text text;
    char *end;
    if (!table_get_value(sequence->request->controller->published, text_of(value_name(sequence, oid)),
                         sequence->request->arena, &text, sequence->fault))
        return false;
    *place = (SharedSequence){.oid = oid, .last = sequence->declared->start};
    if (text.length == 0)
        return true;
    place->last = strtoll(text.data, &end, 10);
    place->is_called = *end == ' ' && end[1] == '1';
    return true;
}

/* The sequence's place; another that was there is written as it stands. */
static bool take_place(Sequence *sequence)
{
    SharedPage *shared = sequence->request->controller->child->shared;
    uint32_t oid = sequence->table->oid;
    SharedSequence *place = &shared->sequences[oid % SHARED_SEQUENCES];
    sequence->place = place;
    if (place->oid == oid)
        return true;
    if (place->oid != 0 && place->left > 0 &&
        !write_value(sequence, place->oid, place->last, place->is_called))
        return false;
    return read_value(sequence, oid, place);
}

/* --- values --- */

static bool is_limit(Sequence *sequence)
{
    bool is_up = sequence->declared->increment > 0;
    return fault_set(sequence->fault, FAULT_SEQUENCE_LIMIT_EXCEEDED,
                     "nextval: reached %s value of sequence \"%.*s\" (%" PRId64 ")",
                     is_up ? "maximum" : "minimum", TEXT_ARGS(sequence->table->name),
                     is_up ? sequence->declared->maximum : sequence->declared->minimum);
}

/* How many steps there are from `value` to the sequence's end. */
static uint64_t steps_left(const TableSequence *declared, int64_t value)
{
    uint64_t width = declared->increment > 0 ? (uint64_t)declared->maximum - (uint64_t)value
                                             : (uint64_t)value - (uint64_t)declared->minimum;
    uint64_t step = declared->increment > 0 ? (uint64_t)declared->increment
                                            : 0 - (uint64_t)declared->increment;
    bool is_beyond =
        declared->increment > 0 ? value > declared->maximum : value < declared->minimum;
    return is_beyond ? 0 : width / step;
}

static bool step(Sequence *sequence, int64_t *value)
{
    const TableSequence *declared = sequence->declared;
    const SharedSequence *place = sequence->place;
    if (!place->is_called) {
        *value = place->last;
        return true;
    }
    if (steps_left(declared, place->last) > 0) {
        *value = place->last + declared->increment;
        return true;
    }
    *value = declared->increment > 0 ? declared->minimum : declared->maximum;
    return declared->cycles || is_limit(sequence);
}

static bool next(Sequence *sequence, int64_t *value)
{
    SharedSequence *place = sequence->place;
    Request *request = sequence->request;
    if (!step(sequence, value))
        return false;
    if (place->left == 0) {
        uint64_t ahead = steps_left(sequence->declared, *value);
        uint64_t most = request->sequence_calls < LEAST_AHEAD  ? LEAST_AHEAD
                        : request->sequence_calls > MOST_AHEAD ? MOST_AHEAD
                                                               : request->sequence_calls;
        ahead = ahead < most ? ahead : most;
        int64_t far = (int64_t)((uint64_t)*value + ahead * (uint64_t)sequence->declared->increment);
        if (!write_value(sequence, place->oid, far, true))
            return false;
        place->left = ahead + 1;
    }
    place->left--;
    place->last = *value;
    place->is_called = true;
    request->sequence_calls++;
    carried_note_sequence(request, place->oid, *value);
    return true;
}

static bool set(Sequence *sequence, int64_t value, bool is_called)
{
    const TableSequence *declared = sequence->declared;
    if (value < declared->minimum || value > declared->maximum)
        return fault_set(sequence->fault, FAULT_NUMERIC_VALUE_OUT_OF_RANGE,
                         "setval: value %" PRId64 " is out of bounds for sequence \"%.*s\" (%" PRId64
                         "..%" PRId64 ")",
                         value, TEXT_ARGS(sequence->table->name), declared->minimum,
                         declared->maximum);
    SharedSequence *place = sequence->place;
    if (!write_value(sequence, place->oid, value, is_called))
        return false;
    *place = (SharedSequence){.oid = place->oid, .last = value, .is_called = is_called};
    if (is_called)
        carried_note_sequence(sequence->request, place->oid, value);
    return true;
}

/* --- calls --- */

static bool find_sequence(Sequence *sequence, uint32_t oid)
{
    Request *request = sequence->request;
    const VirtualRelation *catalog = schema_virtual_by_oid(oid);
    if (catalog != NULL)
        return fault_set(sequence->fault, FAULT_WRONG_OBJECT_TYPE, "\"%s\" is not a sequence",
                         catalog->name);
    sequence->table = table_by_oid(request->snapshot, oid);
    if (sequence->table == NULL)
        return fault_set(sequence->fault, FAULT_UNDEFINED_TABLE, "could not open relation with OID %u",
                         oid);
    if (sequence->table->parsed.kind != TABLE_SEQUENCE)
        return fault_set(sequence->fault, FAULT_WRONG_OBJECT_TYPE, "\"%.*s\" is not a sequence",
                         TEXT_ARGS(sequence->table->name));
    sequence->declared = &sequence->table->parsed.sequence;
    return true;
}

static bool may_use(Sequence *sequence, const SequenceCall *call)
{
    Request *request = sequence->request;
    AccessTarget target = {
        .kind = ACCESS_ON_TABLE, .oid = sequence->table->oid, .name = sequence->table->name};
    uint32_t wanted = call->wish == SEQUENCE_SET    ? ACCESS_UPDATE
                      : call->wish == SEQUENCE_NEXT ? ACCESS_INSERT | ACCESS_UPDATE
                                                    : ACCESS_SELECT;
    bool writes = call->wish == SEQUENCE_SET || call->wish == SEQUENCE_NEXT;
    if (writes && request->settings.transaction_read_only)
        return fault_set(sequence->fault, FAULT_READ_ONLY_TRANSACTION,
                         "cannot execute %s() in a read-only transaction",
                         call->wish == SEQUENCE_SET ? "setval" : "nextval");
    /* who may insert rows may number them */
    if (call->wish == SEQUENCE_NEXT && sequence->declared->owner_table != 0)
        return true;
    return access_check(request->user, &target, wanted, sequence->fault);
}

static bool own_value(Sequence *sequence, uint32_t oid, int64_t *value)
{
    return carried_find_sequence(sequence->request, oid, value) ||
           fault_set(sequence->fault, FAULT_OBJECT_NOT_IN_PREREQUISITE_STATE,
                     "currval of sequence \"%.*s\" is not yet defined in this session",
                     TEXT_ARGS(sequence->table->name));
}

static bool run_locked(Sequence *sequence, const SequenceCall *call, int64_t *value, bool *is_null)
{
    if (!take_place(sequence))
        return false;
    *value = call->wish == SEQUENCE_SET ? call->value : sequence->place->last;
    if (call->wish == SEQUENCE_SEEN) {
        *is_null = !sequence->place->is_called;
        return true;
    }
    return call->wish == SEQUENCE_SET ? set(sequence, call->value, call->is_called)
                                      : next(sequence, value);
}

bool sequence_run(void *state, const SequenceCall *call, int64_t *value, bool *is_null, Fault *fault)
{
    Sequence sequence = {.request = state, .fault = fault};
    SharedPage *shared = sequence.request->controller->child->shared;
    *is_null = false;
    if (call->wish == SEQUENCE_LAST)
        return carried_last_sequence(sequence.request, value) ||
               fault_set(fault, FAULT_OBJECT_NOT_IN_PREREQUISITE_STATE,
                         "lastval is not yet defined in this session");
    if (!find_sequence(&sequence, call->oid) || !may_use(&sequence, call))
        return false;
    if (call->wish == SEQUENCE_CURRENT)
        return own_value(&sequence, call->oid, value);
    lock_page(shared);
    bool ok = run_locked(&sequence, call, value, is_null);
    pthread_mutex_unlock(&shared->sequence_lock);
    return ok;
}

bool sequence_restart(Request *request, uint32_t oid, int64_t value, Fault *fault)
{
    Sequence sequence = {.request = request, .fault = fault};
    SharedPage *shared = request->controller->child->shared;
    if (!find_sequence(&sequence, oid))
        return false;
    lock_page(shared);
    bool ok = take_place(&sequence) && set(&sequence, value, false);
    pthread_mutex_unlock(&shared->sequence_lock);
    return ok;
}

bool sequence_begin(Request *request, uint32_t oid, Fault *fault)
{
    Sequence sequence = {.request = request, .fault = fault};
    SharedPage *shared = request->controller->child->shared;
    SharedSequence *place = &shared->sequences[oid % SHARED_SEQUENCES];
    Text name = text_of(value_name(&sequence, oid)), text;
    if (!table_get_value(values_of(request), name, request->arena, &text, fault))
        return false;
    lock_page(shared);
    if (place->oid == oid)
        *place = (SharedSequence){0};
    bool ok = text.length == 0 || table_put_value(values_of(request), name, TEXT_LITERAL(""), fault);
    pthread_mutex_unlock(&shared->sequence_lock);
    return ok;
}
