/*
 * LISTEN, UNLISTEN and NOTIFY. What a transaction asks for waits until it commits; then channels
 * are entered and left first, and notifications go to every session that listens, this one too.
 * A session hears of them between its transactions: at once when it is idle, else before its next
 * ReadyForQuery outside of a block.
 */
#include "server/session/session_internal.h"

#include "base/log/log.h"

#include <stdlib.h>

enum {
    CHANNEL_MOST = 63,
    PAYLOAD_MOST = 7999,
    PENDING_MOST = 10000, /* in a transaction */
    /* Bytes that may wait for a client that does not take them; then it is let go. */
    NOTICES_MOST = 16 << 20,
};

typedef struct Channel {
    NameEntry entry; /* first */
    char name[CHANNEL_MOST + 1];
} Channel;

struct PendingNotice {
    PendingNotice *next;
    NoticeKind kind;
    uint32_t depth; /* savepoints at that time */
    size_t held;
    Text channel, payload; /* behind this */
};

/* ---------- what a transaction asks for ---------- */

static bool check_notice(NoticeKind kind, Text channel, Text payload, Fault *fault)
{
    bool has_channel = kind != NOTICE_UNLISTEN_ALL;
    if (has_channel && channel.length == 0)
        return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE, "channel name cannot be empty");
    if (channel.length > CHANNEL_MOST)
        return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE, "channel name too long");
    if (payload.length > PAYLOAD_MOST)
        return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE, "payload string too long");
    return true;
}

/* Whether it has been asked for just so (the same notification twice in a transaction is one),
 * how many wait, and where the next one goes. */
static bool is_repeated(Session *session, const PendingNotice *notice, uint32_t *count,
                        PendingNotice ***end)
{
    PendingNotice **at = &session->pending_notices;
    for (*count = 0; *at != NULL; at = &(*at)->next, (*count)++)
        if (notice->kind == NOTICE_NOTIFY && (*at)->kind == notice->kind &&
            text_equal((*at)->channel, notice->channel) &&
            text_equal((*at)->payload, notice->payload))
            return true;
    *end = at;
    return false;
}

bool session_notice(Session *session, NoticeKind kind, Text channel, Text payload, Fault *fault)
{
    PendingNotice asked = {.kind = kind, .channel = channel, .payload = payload};
    PendingNotice *pending, **end;
    uint32_t count;
    size_t size = sizeof *pending + channel.length + payload.length;
    if (!check_notice(kind, channel, payload, fault))
        return false;
    if (is_repeated(session, &asked, &count, &end))
        return true;
    if (count >= PENDING_MOST || session->channels.count >= PENDING_MOST)
        return fault_set(fault, FAULT_PROGRAM_LIMIT_EXCEEDED,
                         "too many notifications or channels in this session");
    if (!session_hold(session, size, fault))
        return false;
    pending = malloc(size);
    check(pending != NULL);
    char *bytes = (char *)(pending + 1);
    *pending = (PendingNotice){.kind = kind, .depth = session->savepoints, .held = size};
    if (channel.length > 0)
        memcpy(bytes, channel.data, channel.length);
    if (payload.length > 0)
        memcpy(bytes + channel.length, payload.data, payload.length);
    pending->channel = (Text){.data = bytes, .length = channel.length};
    pending->payload = (Text){.data = bytes + channel.length, .length = payload.length};
    *end = pending;
    return true;
}

static void drop_pending(Session *session, uint32_t depth)
{
    for (PendingNotice **at = &session->pending_notices; *at != NULL;) {
        PendingNotice *pending = *at;
        if (pending->depth < depth) {
            at = &pending->next;
            continue;
        }
        *at = pending->next;
        session_unhold(session, pending->held);
        free(pending);
    }
}

void session_rollback_notices(Session *session)
{
    drop_pending(session, 0);
}

void session_undo_notices(Session *session, uint32_t depth)
{
    drop_pending(session, depth);
}

void session_release_notices(Session *session, uint32_t depth)
{
    for (PendingNotice *p = session->pending_notices; p != NULL; p = p->next)
        if (p->depth >= depth)
            p->depth = depth - 1;
}

/* ---------- channels ---------- */

static void enter_channel(Session *session, Text name)
{
    if (names_find(&session->channels, name) != NULL)
        return;
    Channel *channel = calloc(1, sizeof *channel);
    check(channel != NULL && name.length <= CHANNEL_MOST);
    memcpy(channel->name, name.data, name.length);
    channel->entry.name = (Text){.data = channel->name, .length = name.length};
    names_insert(&session->channels, &channel->entry);
}

static void leave_channel(Session *session, NameEntry *entry)
{
    if (entry == NULL)
        return;
    names_remove(&session->channels, entry);
    free(entry);
}

void session_leave_channels(Session *session)
{
    while (session->channels.count > 0)
        leave_channel(session, names_any(&session->channels));
    names_clear(&session->channels);
}

/* ---------- delivery ---------- */

void session_send_notices(Session *session)
{
    if (session->notices.length == 0)
        return;
    size_t mark = session_mark(session);
    buffer_append(session_out(session), session->notices.data, session->notices.length);
    session_encode_from(session, mark);
    buffer_clear(&session->notices);
}

/* A client that does not read must not fill the server's memory. */
static void refuse_to_wait(Session *session)
{
    Fault fault;
    log_warning("a session does not take its notifications pid=%u", session->process_id);
    buffer_clear(&session->notices);
    fault_set(&fault, FAULT_CONFIGURATION_LIMIT_EXCEEDED,
              "too many notifications wait for this session");
    session_fatal(session, &fault);
}

static void deliver(Session *to, const Session *from, const PendingNotice *notice)
{
    bool is_there = to->is_started && to->state != SESSION_CLOSING && to->state != SESSION_CLOSED;
    if (!is_there || names_find(&to->channels, notice->channel) == NULL)
        return;
    if (to->notices.length + to->conn.queued > NOTICES_MOST) {
        refuse_to_wait(to);
        return;
    }
    pgwire_notification(&to->notices, from->process_id, notice->channel, notice->payload);
    if (to->state == SESSION_READY && to->transaction == 'I') {
        session_send_notices(to);
        session_send(to);
    }
}

static void deliver_to_all(Session *from, const PendingNotice *notice)
{
    for (Session *to = from->front->sessions; to != NULL; to = to->next)
        if (to->channels.count > 0)
            deliver(to, from, notice);
}

void session_commit_notices(Session *session)
{
    PendingNotice *pending = session->pending_notices;
    if (pending == NULL)
        return;
    for (PendingNotice *p = pending; p != NULL; p = p->next) {
        switch (p->kind) {
        case NOTICE_LISTEN: enter_channel(session, p->channel); break;
        case NOTICE_UNLISTEN:
            leave_channel(session, names_find(&session->channels, p->channel));
            break;
        case NOTICE_UNLISTEN_ALL: session_leave_channels(session); break;
        case NOTICE_NOTIFY: break;
        }
    }
    for (const PendingNotice *p = pending; p != NULL; p = p->next)
        if (p->kind == NOTICE_NOTIFY)
            deliver_to_all(session, p);
    drop_pending(session, 0);
}

void session_end_notices(Session *session)
{
    drop_pending(session, 0);
    session_leave_channels(session);
    buffer_clear(&session->notices);
}

bool session_take_notice(Session *session, const Frame *frame, Fault *fault)
{
    static const struct {
        const char *field;
        NoticeKind kind;
    } kinds[] = {{"listen", NOTICE_LISTEN},
                 {"unlisten", NOTICE_UNLISTEN},
                 {"unlisten_all", NOTICE_UNLISTEN_ALL},
                 {"notify", NOTICE_NOTIFY}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        bool is_all = kinds[i].kind == NOTICE_UNLISTEN_ALL;
        Text channel = is_all ? (Text){0} : frame_text(frame, kinds[i].field);
        if (frame_has(frame, kinds[i].field) &&
            !session_notice(session, kinds[i].kind, channel, frame_text(frame, "payload"), fault))
            return false;
    }
    return true;
}
