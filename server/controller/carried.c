/*
 * What a session's statements leave for those after them and the front end keeps without
 * understanding: it comes with every request and goes back with the response that changes it.
 *
 *   savepoints  oldest first: name, version and revision of what the block had written then
 *   block       version, last version and revision of what the block has written
 *   sequences   last values of sequences, OID and value by turns
 *   lastval     the OID of the sequence whose value lastval() gives
 *   temporary   whether the session has made temporary relations
 */
#include "server/controller/controller_internal.h"

#include "base/memory/pack.h"

enum { CARRIED_MOST_SAVEPOINTS = 10000, CARRIED_MOST_SEQUENCES = 10000 };

/* --- the bytes --- */

static void read_savepoints(Request *request, Unpacker *in)
{
    uint32_t count = unpack_array(in);
    if (in->failed || count > CARRIED_MOST_SAVEPOINTS)
        return;
    for (uint32_t i = 0; i < count && !in->failed; i++) {
        if (unpack_array(in) != 3)
            return;
        carried_push_savepoint(request, unpack_text(in));
        Savepoint *savepoint = &request->carried.savepoints[i];
        savepoint->block_version = (uint32_t)unpack_uint(in);
        savepoint->block_revision = unpack_uint(in);
    }
}

static void read_block(Carried *carried, Unpacker *in)
{
    if (unpack_array(in) != 3)
        return;
    carried->block_version = (uint32_t)unpack_uint(in);
    carried->last_block_version = (uint32_t)unpack_uint(in);
    carried->block_revision = unpack_uint(in);
}

static void read_sequences(Request *request, Unpacker *in)
{
    uint32_t count = unpack_array(in);
    for (uint32_t i = 0; i + 1 < count && !in->failed; i += 2) {
        uint32_t oid = (uint32_t)unpack_uint(in);
        int64_t value = unpack_int(in);
        if (!in->failed)
            carried_note_sequence(request, oid, value);
    }
    request->carried.is_changed = false;
}

void carried_read(Request *request, Text bytes)
{
    Unpacker in;
    if (bytes.length == 0)
        return;
    unpack_init(&in, bytes.data, bytes.length);
    uint32_t fields = unpack_map(&in);
    for (uint32_t i = 0; i < fields && !in.failed; i++) {
        Text name = unpack_text(&in);
        if (text_equal_string(name, "savepoints"))
            read_savepoints(request, &in);
        else if (text_equal_string(name, "block"))
            read_block(&request->carried, &in);
        else if (text_equal_string(name, "sequences"))
            read_sequences(request, &in);
        else if (text_equal_string(name, "lastval"))
            request->carried.last_sequence = (uint32_t)unpack_uint(&in);
        else if (text_equal_string(name, "temporary"))
            request->carried.has_temporary = unpack_bool(&in);
        else
            unpack_skip(&in);
    }
}

void carried_send(Request *request)
{
    const Carried *carried = &request->carried;
    Buffer out = BUFFER_EMPTY;
    pack_map(&out, 5);
    pack_string(&out, "savepoints");
    pack_array(&out, carried->savepoint_count);
    for (uint32_t i = 0; i < carried->savepoint_count; i++) {
        pack_array(&out, 3);
        pack_text(&out, carried->savepoints[i].name);
        pack_uint(&out, carried->savepoints[i].block_version);
        pack_uint(&out, carried->savepoints[i].block_revision);
    }
    pack_string(&out, "block");
    pack_array(&out, 3);
    pack_uint(&out, carried->block_version);
    pack_uint(&out, carried->last_block_version);
    pack_uint(&out, carried->block_revision);
    pack_string(&out, "sequences");
    pack_array(&out, carried->sequence_count * 2);
    for (uint32_t i = 0; i < carried->sequence_count; i++) {
        pack_uint(&out, carried->sequences[i].oid);
        pack_int(&out, carried->sequences[i].value);
    }
    pack_string(&out, "lastval"); /* behind them */
    pack_uint(&out, carried->last_sequence);
    pack_string(&out, "temporary");
    pack_bool(&out, carried->has_temporary);
    respond_carried(request, &out);
    buffer_clear(&out);
}

/* --- savepoints --- */

bool carried_push_savepoint(Request *request, Text name)
{
    Carried *carried = &request->carried;
    if (carried->savepoint_count >= CARRIED_MOST_SAVEPOINTS)
        return false;
    if (carried->savepoint_count == carried->savepoint_capacity) {
        uint32_t capacity = carried->savepoint_capacity == 0 ? 8 : carried->savepoint_capacity * 2;
        Savepoint *savepoints = ARENA_ARRAY(request->arena, Savepoint, capacity);
        if (carried->savepoint_count > 0)
            memcpy(savepoints, carried->savepoints, carried->savepoint_count * sizeof *savepoints);
        carried->savepoints = savepoints;
        carried->savepoint_capacity = capacity;
    }
    carried->savepoints[carried->savepoint_count++] =
        (Savepoint){.name = arena_text(request->arena, name),
                    .block_version = carried->block_version,
                    .block_revision = carried->block_revision};
    return true;
}

int carried_find_savepoint(const Request *request, Text name)
{
    for (uint32_t i = request->carried.savepoint_count; i > 0; i--)
        if (text_equal(request->carried.savepoints[i - 1].name, name))
            return (int)i - 1;
    return -1;
}

/* --- what was made --- */

void carried_note_temporary(Request *request)
{
    if (request->carried.has_temporary)
        return;
    request->carried.has_temporary = true;
    carried_send(request);
}

void carried_end_transaction(Request *request)
{
    Carried *carried = &request->carried;
    if (carried->savepoint_count == 0 && carried->last_block_version == 0)
        return;
    carried->savepoint_count = 0;
    block_forget(request);
    carried_send(request);
}

/* --- sequences --- */

static CarriedSequence *find_sequence(const Request *request, uint32_t oid)
{
    for (uint32_t i = 0; i < request->carried.sequence_count; i++)
        if (request->carried.sequences[i].oid == oid)
            return &request->carried.sequences[i];
    return NULL;
}

void carried_note_sequence(Request *request, uint32_t oid, int64_t value)
{
    Carried *carried = &request->carried;
    CarriedSequence *one = find_sequence(request, oid);
    carried->is_changed = true;
    carried->last_sequence = oid;
    if (one != NULL) {
        one->value = value;
        return;
    }
    if (carried->sequence_count >= CARRIED_MOST_SEQUENCES)
        return;
    if (carried->sequence_count == carried->sequence_capacity) {
        uint32_t capacity = carried->sequence_capacity == 0 ? 8 : carried->sequence_capacity * 2;
        CarriedSequence *all = ARENA_ARRAY(request->arena, CarriedSequence, capacity);
        if (carried->sequence_count > 0)
            memcpy(all, carried->sequences, carried->sequence_count * sizeof *all);
        carried->sequences = all;
        carried->sequence_capacity = capacity;
    }
    carried->sequences[carried->sequence_count++] = (CarriedSequence){.oid = oid, .value = value};
}

bool carried_find_sequence(const Request *request, uint32_t oid, int64_t *value)
{
    const CarriedSequence *one = find_sequence(request, oid);
    if (one != NULL)
        *value = one->value;
    return one != NULL;
}

bool carried_last_sequence(const Request *request, int64_t *value)
{
    return request->carried.last_sequence != 0 &&
           carried_find_sequence(request, request->carried.last_sequence, value);
}

void carried_forget_sequences(Request *request)
{
    request->carried.is_changed |= request->carried.sequence_count > 0;
    request->carried.sequence_count = 0;
    request->carried.last_sequence = 0;
}

void carried_settle(Request *request)
{
    if (request->carried.is_changed)
        carried_send(request);
    request->carried.is_changed = false;
}
