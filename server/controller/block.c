/*
 * What a transaction block has written. From its first statement that writes on, a block's
 * statements read and write a copy of the metadata (storage/table, block.c), which COMMIT merges
 * into the metadata and ROLLBACK throws away; what others commit meanwhile is taken over before
 * each statement. Which version of the copy is the session's is carried; no process and no lock
 * waits for the client. Several statements in one text are a block, too.
 *
 * While a statement runs on the copy, it stands in the controller's place of the metadata, so that
 * nothing else has to know.
 */
#include "server/controller/controller_internal.h"

static TableBlock block_of(const Request *request, uint32_t version)
{
    return (TableBlock){.session = request->session, .version = version};
}

bool block_is_open(const Request *request)
{
    return request->controller->block != NULL;
}

/* Roles are remembered by a revision, which the copy counts on from its own. */
static void exchange_stores(Controller *controller, TableStore *tables)
{
    controller->tables = tables;
    controller->meta = table_store_meta(tables);
    controller->roles_revision = UINT64_MAX;
}

void block_leave(Request *request)
{
    Controller *controller = request->controller;
    if (controller->block == NULL)
        return;
    exchange_stores(controller, controller->published);
    table_block_close(controller->block);
    controller->block = NULL;
}

/* Whether a savepoint may want the current version back. */
static bool is_kept(const Carried *carried)
{
    for (uint32_t i = 0; i < carried->savepoint_count; i++)
        if (carried->savepoints[i].block_version == carried->block_version)
            return true;
    return false;
}

static bool prepare_to_write(Request *request, bool *is_changed, Fault *fault)
{
    Carried *carried = &request->carried;
    TableStore *published = request->controller->published;
    if (carried->block_version != 0 && !is_kept(carried))
        return true;
    uint32_t next = carried->last_block_version + 1;
    bool ok = carried->block_version == 0
                  ? table_block_begin(published, block_of(request, next), &carried->block_revision,
                                      fault)
                  : table_block_fork(published, block_of(request, carried->block_version),
                                     block_of(request, next), fault);
    if (!ok)
        return false;
    carried->block_version = carried->last_block_version = next;
    *is_changed = true;
    return true;
}

/* The block's copy takes the controller's place of the metadata. */
static bool open_copy(Request *request, Fault *fault)
{
    Controller *controller = request->controller;
    const Carried *carried = &request->carried;
    controller->block =
        table_block_open(controller->published, block_of(request, carried->block_version),
                         carried->block_revision, fault);
    if (controller->block == NULL)
        return false;
    exchange_stores(controller, controller->block);
    request->is_ready = false;
    return true;
}

/* What others have committed is taken over. Keys that both have added are looked for. */
static bool follow(Request *request, Fault *fault)
{
    Carried *carried = &request->carried;
    TableMeeting meeting = {.arena = request->arena};
    if (!table_block_follow(request->controller->published,
                            block_of(request, carried->block_version), &carried->block_revision,
                            &meeting, fault))
        return false;
    return open_copy(request, fault) &&
           (meeting.count == 0 ||
            (request_refresh_snapshot(request, fault) &&
             constraints_check_tables(request, meeting.oids, meeting.count, fault)));
}

bool block_enter(Request *request, bool writes, Fault *fault)
{
    Carried *carried = &request->carried;
    uint64_t revision = carried->block_revision;
    bool is_changed = false;
    bool is_in_block = request->transaction == 'T' || request->statement_count > 1;
    if (!is_in_block || (carried->block_version == 0 && !writes))
        return true;
    block_leave(request);
    if (writes && !prepare_to_write(request, &is_changed, fault))
        return false;
    bool ok = follow(request, fault);
    if (is_changed || revision != carried->block_revision)
        carried_send(request);
    return ok;
}

bool block_commit(Request *request, Fault *fault)
{
    const Carried *carried = &request->carried;
    bool is_behind = true, ok = carried->block_version == 0;
    block_leave(request);
    while (!ok && is_behind && !request->is_cancelled) {
        ok = follow(request, fault);
        block_leave(request);
        if (!ok)
            return false;
        ok = table_block_commit(request->controller->published,
                                block_of(request, carried->block_version), carried->block_revision,
                                &is_behind, fault);
    }
    if (!ok && is_behind)
        *fault = request->cancel_fault;
    return ok;
}

void block_forget(Request *request)
{
    Carried *carried = &request->carried;
    block_leave(request);
    for (uint32_t version = 1; version <= carried->last_block_version; version++)
        table_block_remove(request->controller->published, block_of(request, version));
    carried->block_version = carried->last_block_version = 0;
    carried->block_revision = 0;
}
