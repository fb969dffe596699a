/*
 * SQL's cursors: portals that DECLARE makes and FETCH reads.
 *
 * FETCH is answered by a request of its own (the fetch's), the cursor's rows come with another
 * (the cursor's), which runs for as long as the cursor is open. While rows are pulled the
 * cursor's request is the session's active one and knows whom it works for (`puller`); when
 * it has given what was asked for, the fetch's request goes on. A fetch pulls as many rows as it
 * wants and no more, so the cursor's producers stop as those of a suspended portal do.
 *
 * The rows that were pulled are kept in a spool (session_spool.c), from which a FETCH that goes
 * back is answered; one that goes on from the last of them is streamed. With SCROLL the spool
 * grows as it must, with NO SCROLL there is none, and a cursor that says neither has one until it
 * gets large: from then on it only goes forward.
 */
#include "server/session/session_internal.h"

#include "base/log/log.h"
#include "base/os/os.h"

#include <stdlib.h>
#include <string.h>

typedef enum FetchPhase {
    FETCH_PHASE_SKIP,  /* rows are pulled and thrown away */
    FETCH_PHASE_TAKE,  /* rows are pulled for the client */
    FETCH_PHASE_SPOOL, /* rows are read from the spool */
} FetchPhase;

enum { DIRECTION_FORWARD, DIRECTION_BACKWARD, DIRECTION_ABSOLUTE, DIRECTION_RELATIVE };

/* A FETCH or MOVE that is under way. */
struct Fetch {
    Portal *portal;
    FetchPhase phase;
    bool is_move, waits, from_spool;
    int direction;
    int64_t count;
    uint64_t take;     /* rows to pull after those that are skipped; UINT64_MAX: all */
    uint64_t pulled;   /* by the pull that has ended */
    uint64_t at, left; /* spool: the next row (from 1), how many are still to come */
    bool descends;
    uint64_t given; /* for the tag */
};

static Text text_of_bytes(const Buffer *buffer)
{
    return (Text){.data = buffer->data == NULL ? "" : (const char *)buffer->data,
                  .length = (uint32_t)buffer->length};
}

/* ---------- DECLARE, CLOSE ---------- */

/* As Bind has it: every column in this format. */
static void put_one_format(Buffer *out, uint8_t format)
{
    const uint8_t bytes[] = {0, 1, 0, format};
    buffer_append(out, bytes, sizeof bytes);
}

bool session_declare(Session *session, const Request *request, const Frame *frame, Fault *fault)
{
    Text name = frame_text(frame, "declare");
    const Portal *outer = request->portal; /* DECLARE itself, when it came by Bind */
    if (session_find_portal(session, name) != NULL)
        return fault_set(fault, FAULT_DUPLICATE_CURSOR, "cursor \"%.*s\" already exists",
                         TEXT_ARGS(name));
    StatementParts parts = {.text = frame_text(frame, "text"),
                            .row_description = frame_text(frame, "row_description")};
    if (outer != NULL) {
        parts.declared = text_of_bytes(&outer->statement->declared);
        parts.parameter_types = text_of_bytes(&outer->statement->parameter_types);
    }
    Statement *statement = session_make_statement(session, &parts, fault);
    if (statement == NULL)
        return false;
    Text none = {.data = "", .length = 0};
    Portal *portal = session_make_portal(
        session, name, statement, outer == NULL ? none : text_of_bytes(&outer->parameters), none, fault);
    statement_release(session, statement); /* the portal has it now */
    if (portal == NULL)
        return false;
    portal->is_cursor = true;
    portal->is_hold = frame_bool(frame, "hold", false);
    portal->is_scroll = frame_bool(frame, "scroll", false);
    portal->is_no_scroll = frame_bool(frame, "no_scroll", false);
    portal->is_binary = frame_bool(frame, "binary", false);
    portal->created = os_now_micros();
    portal->declaration = session_copy_text(frame_text(frame, "statement"));
    if (portal->is_binary)
        put_one_format(&portal->result_formats, 1);
    return true;
}

bool session_close_cursor(Session *session, Text name, Fault *fault)
{
    Portal *portal = session_find_portal(session, name);
    if (portal == NULL)
        return fault_set(fault, FAULT_INVALID_CURSOR_NAME, "cursor \"%.*s\" does not exist",
                         TEXT_ARGS(name));
    session_drop_portal(session, portal, CANCEL_PORTAL);
    return true;
}

void session_close_all_cursors(Session *session)
{
    NameTable *table = &session->portals;
    for (uint32_t i = 0; table->count > 0 && i < table->bucket_count; i++) {
        NameEntry *next;
        for (NameEntry *entry = table->buckets[i]; entry != NULL; entry = next) {
            next = entry->next;
            if (((Portal *)(void *)entry)->is_cursor)
                session_drop_portal(session, (Portal *)(void *)entry, CANCEL_PORTAL);
        }
    }
}

/* ---------- the end of a transaction ---------- */

static bool stays(const Portal *portal, PortalSweep sweep)
{
    if (!portal->is_cursor || !portal->is_hold)
        return false;
    return sweep == SWEEP_COMMIT || portal->is_committed;
}

void session_sweep_portals(Session *session, PortalSweep sweep)
{
    NameTable *table = &session->portals;
    for (uint32_t i = 0; table->count > 0 && i < table->bucket_count; i++) {
        NameEntry *next;
        for (NameEntry *entry = table->buckets[i]; entry != NULL; entry = next) {
            Portal *portal = (Portal *)(void *)entry;
            next = entry->next;
            if (stays(portal, sweep))
                portal->is_committed = true;
            else if (portal->request == NULL || portal->request != session->active)
                session_drop_portal(session, portal, CANCEL_PORTAL);
        }
    }
}

/* ---------- FETCH ---------- */

static void go_on(Request *request);

static void write_row_description(Request *request, const Portal *portal)
{
    Text formats = text_of_bytes(&portal->result_formats);
    size_t mark = session_mark(request->session);
    pgwire_row_description_with_formats(session_out(request->session),
                                        text_of_bytes(&portal->statement->row_description), formats);
    session_encode_from(request->session, mark);
}

/* All columns in text or all in binary: 0, 1; -1: mixed. */
static int common_format(const Buffer *formats)
{
    if (formats->length < 2)
        return 0;
    int common = formats->length < 4 ? 0 : formats->data[3];
    for (size_t i = 2; i + 1 < formats->length; i += 2)
        if (formats->data[i + 1] != common)
            return -1;
    return common;
}

/* Rows are encoded when the cursor's query runs, once: all its fetches have one format. */
static bool agree_on_formats(Request *request, Portal *portal, Fault *fault)
{
    if (request->kind != REQUEST_EXECUTE || portal->is_binary)
        return true;
    const Buffer *wanted = &request->portal->result_formats;
    if (portal->state == PORTAL_NEW) {
        buffer_reset(&portal->result_formats);
        buffer_append(&portal->result_formats, wanted->data, wanted->length);
        return true;
    }
    int have = common_format(&portal->result_formats), want = common_format(wanted);
    return (have >= 0 && have == want) ||
           fault_set(fault, FAULT_FEATURE_NOT_SUPPORTED,
                     "a cursor's rows cannot be fetched in different formats");
}

static bool only_forward(Fault *fault)
{
    fault_set(fault, FAULT_OBJECT_NOT_IN_PREREQUISITE_STATE, "cursor can only scan forward");
    return fault_hint(fault, "Declare it with SCROLL option to enable backward scan.");
}

enum { UNASKED_SPOOL_BYTES = 16 << 20 };

/* Nobody has asked for going back: not at any price. */
static void limit_spool(Portal *portal)
{
    if (portal->spool == NULL || portal->is_scroll || portal->spool->bytes <= UNASKED_SPOOL_BYTES)
        return;
    spool_free(portal->spool);
    portal->spool = NULL;
    portal->is_no_scroll = true;
}

static uint64_t magnitude(int64_t count)
{
    return count < 0 ? (uint64_t)0 - (uint64_t)count : (uint64_t)count;
}

/* Turns the statement's words into rows to skip and to take, from the cursor's place on. */
static bool plan_forward(Fetch *fetch, uint64_t *skip, Fault *fault)
{
    const Portal *portal = fetch->portal;
    int64_t count = fetch->count;
    bool is_on_row = portal->position > 0 && portal->state != PORTAL_FINISHED;
    *skip = 0;
    fetch->take = 0;
    switch (fetch->direction) {
    case DIRECTION_ABSOLUTE:
        if (count <= 0 || (uint64_t)count <= portal->position)
            return count == 0 && portal->position == 0 ? true : only_forward(fault);
        *skip = (uint64_t)count - portal->position - 1;
        fetch->take = 1;
        return true;
    case DIRECTION_RELATIVE:
        if (count < 0 || (count == 0 && is_on_row))
            return only_forward(fault);
        *skip = count > 0 ? (uint64_t)count - 1 : 0;
        fetch->take = count > 0;
        return true;
    case DIRECTION_BACKWARD:
        if (count > 0)
            return only_forward(fault);
        fetch->take = magnitude(count);
        return true;
    default:
        if (count < 0 || (count == 0 && is_on_row))
            return only_forward(fault);
        fetch->take = count == INT64_MAX ? UINT64_MAX : (uint64_t)count;
        return true;
    }
}

/* How many rows a scrolling cursor must have before the fetch can be answered. */
static uint64_t plan_spool(const Fetch *fetch)
{
    const Portal *portal = fetch->portal;
    int64_t count = fetch->count;
    uint64_t here = portal->position;
    if (fetch->direction == DIRECTION_ABSOLUTE)
        return count < 0 ? UINT64_MAX : (uint64_t)count;
    bool is_forward = fetch->direction == DIRECTION_BACKWARD ? count < 0 : count > 0;
    if (!is_forward)
        return 0;
    uint64_t steps = count == INT64_MAX ? UINT64_MAX : magnitude(count);
    return steps > UINT64_MAX - here ? UINT64_MAX : here + steps;
}

/* The rows are there: where they begin and how many they are, and where the cursor is after. */
static void place_in_spool(Fetch *fetch)
{
    Portal *portal = fetch->portal;
    uint64_t total = portal->spool->rows, here = portal->position;
    int64_t count = fetch->count;
    bool is_single = fetch->direction == DIRECTION_ABSOLUTE || fetch->direction == DIRECTION_RELATIVE;
    bool is_backward = fetch->direction == DIRECTION_BACKWARD ? count > 0 : count < 0;
    uint64_t steps = magnitude(count);
    fetch->descends = is_backward;
    fetch->left = 0;
    if (fetch->direction == DIRECTION_ABSOLUTE) {
        here = is_backward ? total + 1 : 0; /* counted from the end, or from the start */
    } else if (count == 0) {
        fetch->at = here; /* the row it is on, again */
        fetch->left = here >= 1 && here <= total;
        return;
    }
    uint64_t room = is_backward ? (here > 0 ? here - 1 : 0) : (here > total ? 0 : total - here);
    uint64_t reached = steps < room ? steps : room;
    fetch->at = is_backward ? here - 1 : here + 1;
    fetch->left = reached;
    if (is_single) {
        fetch->left = steps > 0 && steps <= room;
        fetch->at = is_backward ? here - steps : here + steps;
    }
    if (steps > room)
        portal->position = is_backward ? 0 : total + 1;
    else
        portal->position = is_backward ? here - steps : here + steps;
}

static void end_fetch(Request *request, bool failed)
{
    Fetch *fetch = request->fetch;
    Session *session = request->session;
    request->fetch = NULL;
    if (failed) {
        free(fetch);
        request_end_failed(request);
        return;
    }
    pgwire_command_complete_rows(session_out(session),
                                 fetch->is_move ? TEXT_LITERAL("MOVE") : TEXT_LITERAL("FETCH"),
                                 fetch->given);
    session_start_statement_timer(session);
    if (fetch->waits && request->controller != NULL) {
        FrameWriter writer;
        frame_begin(&writer, link_out(request->controller->link), FRAME_SERVER_STATE);
        frame_put_uint(&writer, "query", request->id);
        frame_put_bool(&writer, "fetched", true);
        frame_end(&writer);
        child_flush(request->controller);
    }
    free(fetch);
}

static void fail_fetch(Request *request, const Fault *fault)
{
    session_write_error(request->session, fault);
    end_fetch(request, true);
}

/* Lets the cursor's request give `rows` rows (0: none). False when it has to be waited for. */
static bool pull(Request *request, uint64_t rows, bool discards)
{
    Fetch *fetch = request->fetch;
    Portal *portal = fetch->portal;
    fetch->pulled = 0;
    if (rows == 0 || portal->state == PORTAL_FINISHED || portal->state == PORTAL_FAILED)
        return true;
    session_run_portal(request->session, portal, rows == UINT64_MAX ? 0 : rows, request, discards);
    return false;
}

static void serve_spool(Request *request)
{
    Fetch *fetch = request->fetch;
    Session *session = request->session;
    Fault fault;
    while (fetch->left > 0) {
        if (!fetch->is_move && conn_is_full(&session->conn))
            return; /* go_on again when it has drained */
        if (!fetch->is_move && !spool_read(fetch->portal->spool, fetch->at, session_out(session), &fault)) {
            fail_fetch(request, &fault);
            return;
        }
        if (!fetch->is_move)
            session_send(session);
        fetch->at = fetch->descends ? fetch->at - 1 : fetch->at + 1;
        fetch->left--;
        fetch->given++;
    }
    end_fetch(request, false);
}

static void after_pull(Request *request)
{
    Fetch *fetch = request->fetch;
    Portal *portal = fetch->portal;
    if (fetch->from_spool) {
        fetch->phase = FETCH_PHASE_SPOOL;
        place_in_spool(fetch);
        return;
    }
    portal->position += fetch->pulled;
    if (fetch->phase == FETCH_PHASE_SKIP) {
        fetch->phase = FETCH_PHASE_TAKE;
        if (!pull(request, fetch->take, fetch->is_move))
            return;
    }
    if (portal->state == PORTAL_FINISHED && fetch->pulled < fetch->take)
        portal->position++; /* behind the last row */
    fetch->given = fetch->pulled;
    end_fetch(request, false);
}

static void go_on(Request *request)
{
    if (request->fetch != NULL && request->fetch->phase == FETCH_PHASE_SPOOL)
        serve_spool(request);
}

void fetch_pulled(Request *request, uint64_t rows, bool failed)
{
    if (failed) {
        end_fetch(request, true);
        return;
    }
    request->fetch->pulled = rows;
    after_pull(request);
    if (request->fetch != NULL)
        go_on(request);
}

void fetch_drained(Request *request)
{
    go_on(request);
}

/* Whether the rows wanted are those after the ones that are kept. */
static bool goes_on(const Fetch *fetch)
{
    const Portal *portal = fetch->portal;
    bool is_forward = (fetch->direction == DIRECTION_FORWARD && fetch->count > 0) ||
                      (fetch->direction == DIRECTION_BACKWARD && fetch->count < 0);
    return is_forward && portal->position == portal->spool->rows;
}

static bool prepare_fetch(Request *request, uint64_t *skip, Fault *fault)
{
    Fetch *fetch = request->fetch;
    Portal *portal = fetch->portal;
    if (portal->state == PORTAL_FAILED)
        return fault_set(fault, FAULT_OBJECT_NOT_IN_PREREQUISITE_STATE, "portal \"%.*s\" cannot be run",
                         TEXT_ARGS(portal->entry.name));
    if (!agree_on_formats(request, portal, fault))
        return false;
    limit_spool(portal);
    if (portal->is_no_scroll)
        return plan_forward(fetch, skip, fault);
    if (portal->spool == NULL && (portal->spool = spool_new(request->front->config, fault)) == NULL)
        return false;
    if (goes_on(fetch))
        return plan_forward(fetch, skip, fault);
    fetch->from_spool = true;
    uint64_t need = plan_spool(fetch);
    *skip = need > portal->spool->rows ? need : 0;
    if (*skip != 0 && need != UINT64_MAX)
        *skip = need - portal->spool->rows;
    return true;
}

bool session_fetch(Request *request, const Frame *frame, Fault *fault)
{
    Session *session = request->session;
    Text name = frame_text(frame, "fetch");
    Portal *portal = session_find_portal(session, name);
    if (portal == NULL || portal->entry.name.length == 0)
        return fault_set(fault, FAULT_INVALID_CURSOR_NAME, "cursor \"%.*s\" does not exist",
                         TEXT_ARGS(name));
    Fetch *fetch = calloc(1, sizeof *fetch);
    check(fetch != NULL);
    *fetch = (Fetch){.portal = portal,
                     .is_move = frame_bool(frame, "move", false),
                     .waits = frame_bool(frame, "waits", false),
                     .direction = (int)frame_uint(frame, "direction", 0),
                     .count = frame_int(frame, "count", 0)};
    request->fetch = fetch;
    uint64_t skip = 0;
    if (!prepare_fetch(request, &skip, fault)) {
        request->fetch = NULL;
        free(fetch);
        return false;
    }
    if (request->kind == REQUEST_SIMPLE && !fetch->is_move)
        write_row_description(request, portal);
    fetch->phase = FETCH_PHASE_SKIP;
    if (pull(request, skip, true))
        fetch_pulled(request, 0, false);
    return true;
}
