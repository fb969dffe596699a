/*
 * The front end's inside.
 *
 *   FrontEnd   the server: listeners, sessions, the pool of controllers, the queue of requests
 *   Session    a client connection
 *   Statement  a prepared statement; Portal: a statement with its values
 *   Request    one REQUEST to a controller, from its queueing to its last answer
 *   Result     the rows of one statement of a request, by partition
 */
#ifndef TALARIA_SERVER_SESSION_SESSION_INTERNAL_H
#define TALARIA_SERVER_SESSION_SESSION_INTERNAL_H

#include "protocol/frame/link.h"
#include "protocol/pgwire/pgwire.h"
#include "server/auth/auth.h"
#include "server/loop/conn.h"
#include "server/loop/listen.h"
#include "server/session/advisory_internal.h"
#include "server/session/session.h"
#include "server/slots/slots.h"

typedef struct Session Session;
typedef struct Request Request;
typedef struct Result Result;

enum {
    /* Bytes of a partition's rows that its producer may have on the way, unacknowledged. */
    RESULT_WINDOW = 1 << 20,
    /* Credit is given in steps, so that a stream does not answer every frame. */
    RESULT_CREDIT_STEP = 256 << 10,
    RESULT_MOST_PARTITIONS = 16384,
    /* A cancelled request that has not ended by then is killed. */
    CANCEL_PATIENCE_MS = 2000,
    STOP_PATIENCE_MS = 2500,
    CANCEL_KEY_BYTES = 32, /* of which a client that speaks protocol 3.0 gets the first four */
    LINGER_MS = 1000,
    /* Input that is read ahead while a request runs. */
    SESSION_READ_AHEAD = 1 << 20,
    /* What a session's prepared statements and portals may hold. */
    SESSION_HELD_LIMIT = 256 << 20,
    /* A session that has less input than this is never asked to give some back. */
    SESSION_SMALL_INPUT = 1 << 20,
    SESSION_QUERY_SHOWN = 1024, /* bytes of the text that pg_stat_activity shows */
    /* Connections that are let wait for their startup packet beyond max_connections. */
    SESSION_EXTRA = 200,
    REQUEST_BUCKETS = 256,
    SESSION_BUCKETS = 1024,
};

/* ---------- names.c: a small hash table of named things ---------- */

typedef struct NameEntry {
    struct NameEntry *next;
    uint32_t hash;
    Text name; /* owned by the entry's owner */
} NameEntry;

typedef struct NameTable {
    NameEntry **buckets; /* NULL while empty */
    uint32_t bucket_count, count;
    uint32_t first_used; /* no entry in the buckets before it */
} NameTable;

NameEntry *names_find(const NameTable *table, Text name);
void names_insert(NameTable *table, NameEntry *entry); /* entry->name set; must not be there */
void names_remove(NameTable *table, NameEntry *entry);
/* Any entry, or NULL when empty: for emptying a table. */
NameEntry *names_any(NameTable *table);
void names_clear(NameTable *table); /* must be empty */

/* ---------- prepared statements and portals (session_extended.c) ---------- */

typedef struct Statement {
    NameEntry entry; /* first; name "" is not in the table but in session->unnamed */
    int references;  /* the session's, and one a portal */
    Text text;
    Buffer declared;        /* little-endian OIDs of Parse */
    Buffer parameter_types; /* little-endian OIDs, as the controller inferred them */
    Buffer row_description; /* a finished RowDescription or NoData */
    uint16_t parameter_count, column_count;
    bool has_rows; /* RowDescription */
    bool from_sql; /* PREPARE */
    int64_t prepared; /* wall clock, microseconds */
} Statement;

/* The rows that a cursor has given so far (session_spool.c). */
typedef struct Spool {
    int rows_fd, ends_fd; /* unlinked files: messages; a uint64 a row, where it ends */
    uint64_t rows, bytes;
} Spool;

typedef enum PortalState {
    PORTAL_NEW,
    PORTAL_OPEN,     /* its request is running or suspended */
    PORTAL_FINISHED, /* ran to its end */
    PORTAL_FAILED,
} PortalState;

typedef struct Portal {
    NameEntry entry; /* first */
    PortalState state;
    Statement *statement;
    Buffer parameters;     /* verbatim from Bind */
    Buffer result_formats; /* verbatim from Bind */
    Request *request;      /* OPEN */
    /* What DECLARE made (session_cursor.c). */
    bool is_cursor, is_hold, is_scroll, is_no_scroll, is_binary;
    bool is_committed;    /* WITH HOLD, and its transaction has ended well */
    uint64_t position;    /* the row it is on, from 1; 0: before the first */
    Spool *spool;         /* from the first FETCH on; NULL: it only goes forward */
    size_t held;          /* bytes counted for it */
    bool has_started;
    Text declaration;     /* the DECLARE, for pg_cursors; owned */
    int64_t created;
} Portal;

typedef struct Fetch Fetch; /* session_copy.c: COPY FROM */
enum { COPY_WINDOW = 1 << 20 };
/* Whether the session takes messages of its running COPY now. */
bool session_takes_copy(const Session *session);
/* Writes the beginning of the CopyData message at `data` with the prefix in it: 5 bytes of it are
 * then written. False: there is no prefix. */
bool session_copy_prefix(Request *request, const uint8_t *data, size_t length);
void session_copy_message(Session *session, const PgwireMessage *message);

/* session_cursor.c */

/* ---------- results (session_result.c) ---------- */

typedef struct Chunk Chunk;

typedef struct Partition {
    Chunk *first, *last; /* rows whose turn has not come */
    bool has_source, has_ended;
    ChildKind source_kind;
    int source_number;
    uint64_t source_generation;
    uint64_t received;     /* bytes */
    uint64_t acknowledged; /* bytes that have left and were granted again */
    uint64_t left;         /* bytes that have left and were not granted yet */
} Partition;

struct Result {
    Result *next;
    uint32_t sequence;  /* 0-based among the request's results */
    bool is_announced;  /* the controller has told how many partitions there are */
    bool is_ordered;
    bool is_open; /* the controller has something to say between the rows and the tag */
    char tag[64];
    uint32_t partition_count, capacity;
    Partition *partitions;
    uint32_t at;        /* ordered: the partition whose turn it is */
    uint64_t rows;      /* sent in this batch */
};

typedef enum ForwardOutcome {
    FORWARD_WAITS,     /* for rows or for the client */
    FORWARD_SUSPENDED, /* the row limit is reached */
    FORWARD_OPEN,      /* all rows are sent; the controller's last word is not there */
    FORWARD_COMPLETE,
} ForwardOutcome;

/* ---------- requests (request.c) ---------- */

typedef enum RequestKind {
    REQUEST_SIMPLE,
    REQUEST_PARSE,
    REQUEST_EXECUTE,
    REQUEST_FAREWELL, /* of a session that has gone: what it made for itself is dropped */
} RequestKind;

typedef enum CancelReason {
    CANCEL_NONE,
    CANCEL_USER,
    CANCEL_TIMEOUT,
    CANCEL_SHUTDOWN,
    CANCEL_DISCONNECT,
    CANCEL_PORTAL,
} CancelReason;

/* A RESPONSE that waits until the result before it has been forwarded. */
typedef struct Answer {
    struct Answer *next;
    size_t length;
    uint8_t body[];
} Answer;

struct Request {
    uint64_t id;
    FrontEnd *front;
    Session *session; /* NULL: nobody wants the answer any more */
    RequestKind kind;
    Buffer frame;      /* the REQUEST, while it waits for a controller */
    bool is_waiting;   /* in the queue */
    Child *controller; /* that has it; NULL before and after */
    bool wants_slots;  /* in the queue for workers */
    bool holds_slots;
    bool waits_for_lock; /* an advisory one (session_advisory.c) */
    bool is_parked;  /* it waits for its client, as far as the last look told */
    int full_looks;  /* in a row at which the client's connection was full */
    bool is_done;      /* the controller has said so (or is gone) */
    bool has_lost_rows; /* a worker ended that had not sent all of a partition */
    CancelReason cancel;
    LoopTimer escalate;
    Statement *statement; /* PARSE: being made, owned */
    Portal *portal;       /* EXECUTE */
    Fetch *fetch;         /* a FETCH that is under way */
    Request *puller;      /* EXECUTE of a cursor: the request whose FETCH it works for */
    uint64_t pulled;      /* rows given to the FETCH when the last result ended */
    bool discards;        /* its rows do not go to the client */
    uint64_t limit;       /* EXECUTE: rows of this batch; 0 all */
    Answer *first_answer, *last_answer;
    Buffer prefix;        /* bytes that begin the first CopyData of the next result */
    Buffer trailer;       /* messages behind the rows of the next result */
    bool copies_in;       /* the client's CopyData goes to the controller */
    size_t copy_sent;     /* bytes of it that the controller has not read yet */
    Result *results;      /* first: being forwarded, or waiting to be announced */
    Result *finished;     /* forwarded; until the end of the turn */
    LoopTask grant;       /* tells producers what has left */
    uint32_t announced;   /* results announced so far */
    Fault *doom;          /* what ended it while nobody was looking (a suspended portal) */
    Request *next_waiting, *previous_waiting;
    Request *next_in_bucket;
};

/* ---------- sessions ---------- */

typedef enum SessionState {
    SESSION_STARTING, /* before or in the start-up exchange */
    SESSION_READY,    /* takes the next message */
    SESSION_BUSY,     /* a request runs; messages wait */
    SESSION_SKIPPING, /* after an error in the extended protocol: everything up to Sync */
    SESSION_CLOSING,  /* last words are on their way out */
    SESSION_CLOSED,   /* freed at the end of the turn */
} SessionState;

/* Settings changed in this transaction. */
typedef struct SettingChanges {
    Settings before; /* what a rollback goes back to */
    Settings kept;   /* what a commit leaves: without SET LOCAL */
} SettingChanges;

/* Settings as they were when a savepoint had been made, kept before the first change after it. */
typedef struct SavedSettings {
    struct SavedSettings *next; /* of a savepoint before */
    uint32_t depth;             /* so many savepoints there were */
    Settings settings, kept;
} SavedSettings;

/* LISTEN, UNLISTEN, NOTIFY of a transaction that has not ended (session_notify.c). */
typedef enum NoticeKind {
    NOTICE_LISTEN,
    NOTICE_UNLISTEN,
    NOTICE_UNLISTEN_ALL,
    NOTICE_NOTIFY,
} NoticeKind;
typedef struct PendingNotice PendingNotice;

enum { SESSION_MAGIC = 0x53657373 };

struct Session {
    uint32_t magic;
    SessionState state;
    FrontEnd *front;
    Session *next, *previous; /* all sessions */
    Session *next_in_bucket;  /* by process id; once started */
    Conn conn;
    LoopTimer timer; /* start-up, statement, idle in transaction, lingering: by state */
    LoopTask reap;
    AuthPeer peer;
    uint32_t process_id;
    uint8_t key[CANCEL_KEY_BYTES];
    uint8_t key_length;
    bool is_started, is_counted, has_asked_ssl, has_asked_gss, is_pumping, has_said_last;
    bool began_with_tls; /* without asking: ALPN must have agreed on the protocol */
    bool is_superuser;   /* who was let in */
    bool ends_block;  /* the block has ended; its last tag will say how */
    bool has_temporary; /* temporary relations are to be dropped at the end */
    Buffer carried;   /* what controllers want to know again; not understood here */
    char transaction; /* 'I', 'T', 'E' */
    char *user, *database;
    struct SessionLogin *login; /* between the startup packet and AuthenticationOk */
    char *role_settings;        /* JSON object: what ALTER ROLE .. SET gave the role; or NULL */
    Buffer startup; /* the startup packet's parameters, for RESET */
    Settings settings;
    Buffer packed_settings;  /* as they travel with a request; empty: to be made again */
    SettingChanges *changes; /* NULL: none in this transaction */
    uint32_t savepoints;     /* of the block, as the controllers count them */
    SavedSettings *saved;    /* the latest savepoint's first */
    PendingNotice *pending_notices;
    NameTable channels; /* that the session listens to */
    AdvisoryOwner advisory;
    Buffer notices;     /* NotificationResponses that wait until the session is between transactions */
    Settings *reported;      /* what the client knows, when that may differ from `settings` */
    Request *active;         /* BUSY: what it waits for */
    NameTable statements, portals;
    Statement *unnamed_statement;
    size_t held;  /* bytes in statements and portals */
    size_t input; /* bytes of unfinished input, as counted in the front end */
    int64_t backend_start, query_start, state_change; /* wall clock, microseconds */
    char *query; /* the last text, cut; NULL before the first */
};

struct FrontEnd {
    Loop *loop;
    const Config *config;
    Settings *settings;
    SharedPage *shared;
    SettingCheck *check_setting;
    AuthServer *auth;
    Supervisor *supervisor;
    Slots *slots;
    AdvisoryTable advisory;
    LoopTimer slots_timer, look_timer, retire_timer;
    LoopTimer stop_timer;
    Listener listeners[LISTEN_MOST_ADDRESSES + 1];
    int listener_count;
    char socket_path[108];
    Session *sessions;
    size_t client_bytes, client_limit; /* unfinished input and statements of all sessions */
    int session_count; /* connections; those that have started count against the limit */
    int started_count;
    Session *by_process[SESSION_BUCKETS];
    uint32_t next_process_id;
    uint64_t next_request;
    Request *requests[REQUEST_BUCKETS];
    Request *waiting_first, *waiting_last;
    LoopTask starved; /* requests wait that no controller can ever take */
    int base_controllers, base_workers; /* more come when these are kept waiting */
    int idle[SHARED_CONTROLLERS], idle_count; /* the last one in is the first one out: warm */
    Request *running[SHARED_CONTROLLERS];
    bool is_stopping, has_failed;
};

/* front.c */
void front_end_check_stop(FrontEnd *front);

/* session.c */
void session_accept(FrontEnd *front, int fd, const struct sockaddr_storage *peer);
/* Every change of state goes through here. */
void session_enter(Session *session, SessionState state);
/* Handles messages as long as the state allows; call after anything that may let it go on. */
void session_pump(Session *session);
/* Counts what was appended to the connection's output and has it sent. */
static inline void session_send(Session *session)
{
    conn_written(&session->conn);
}
static inline Buffer *session_out(Session *session)
{
    return conn_out(&session->conn);
}
/* An error outside of a request: ErrorResponse; extended: skip to Sync, simple: ready again. */
void session_write_error(Session *session, const Fault *fault); /* ErrorResponse alone */
void session_extended_error(Session *session, const Fault *fault);
void session_simple_error(Session *session, const Fault *fault);
/* What every error does to the transaction: settings go back, portals die, T becomes E. */
void session_abort(Session *session);
/* The end of a simple query or a Sync: commits when no transaction block is open, reports
 * settings, ReadyForQuery. */
void session_ready_for_query(Session *session);
/* FATAL, then the connection closes. */
void session_fatal(Session *session, const Fault *fault);
/* Closes without a word. */
void session_close(Session *session);
bool session_check_utf8(Text text, Fault *fault);
/* A text of the client as UTF-8: itself, checked, or converted in `room`: 22021, 22P05. */
bool session_decode(const Session *session, Text *text, Buffer *room, Fault *fault);
/* NULL: what goes to the client and comes from it is UTF-8 (or nobody knows). */
const PgwireEncoding *session_encoding(const Session *session);
/* Messages that were written behind the mark are put into the client's encoding. */
static inline size_t session_mark(Session *session)
{
    return session_out(session)->length;
}
void session_encode_from(Session *session, size_t mark);
/* Counts what a session's client makes the front end keep: against the session's and against
 * everybody's limit. False: nothing was counted (53200). */
bool session_hold(Session *session, size_t bytes, Fault *fault);
void session_unhold(Session *session, size_t bytes);
void session_show_query(Session *session, Text text);
void session_dispatch_message(Session *session, const PgwireMessage *message);

/* session_startup.c: true when it got on, false when bytes are missing */
bool session_startup_step(Session *session);
void session_startup_timeout(Session *session);
void session_end_login(Session *session); /* nothing happens when there is none */

/* session_settings.c */
bool session_startup_settings(const Session *session, Settings *settings, Fault *fault);
bool session_set(Session *session, Text name, Text value, bool is_local, Fault *fault);
bool session_reset(Session *session, Text name, Fault *fault);
/* What a change of settings means outside of them: keepalives of the socket, is_superuser. */
void session_apply_settings(Session *session);
void session_commit_settings(Session *session);
void session_rollback_settings(Session *session);
void session_report_settings(Session *session);
void session_reload_settings(Session *session, const Settings *old);

/* Savepoints: what has changed since `depth` there were goes back, or is the one before's. */
void session_undo_settings(Session *session, uint32_t depth);
void session_release_settings(Session *session, uint32_t depth);

/* session_notify.c */
/* Notes what a RESPONSE asks for: 22023, 53200, 54000. */
bool session_take_notice(Session *session, const Frame *frame, Fault *fault);
bool session_notice(Session *session, NoticeKind kind, Text channel, Text payload, Fault *fault);
void session_commit_notices(Session *session);
void session_rollback_notices(Session *session);
void session_undo_notices(Session *session, uint32_t depth);
void session_release_notices(Session *session, uint32_t depth);
void session_send_notices(Session *session); /* what waits, to the client */
void session_leave_channels(Session *session);
void session_end_notices(Session *session);

/* session_simple.c */
void session_query(Session *session, Text text);
void session_simple_done(Session *session, bool failed);
void session_function_call(Session *session);

/* session_extended.c */
void session_parse(Session *session, const PgwireMessage *message);
void session_bind(Session *session, const PgwireMessage *message);
void session_describe(Session *session, const PgwireMessage *message);
void session_execute(Session *session, const PgwireMessage *message);
void session_close_target(Session *session, const PgwireMessage *message);
void session_sync(Session *session);
void session_parse_done(Session *session, Request *request, bool failed);
void session_execute_done(Session *session, Request *request, bool failed);
void session_portal_suspended(Session *session, Request *request);
void session_drop_portals(Session *session, CancelReason reason);
void session_drop_portal(Session *session, Portal *portal, CancelReason reason);
Portal *session_find_portal(Session *session, Text name);
Statement *session_find_statement(Session *session, Text name);
Text session_copy_text(Text text);
/* What a statement is made of; all but the text may be empty. */
typedef struct StatementParts {
    Text name, text, declared, parameter_types, row_description;
} StatementParts;
/* Made and described, but not kept under its name. NULL: fault. */
Statement *session_make_statement(Session *session, const StatementParts *parts, Fault *fault);
Portal *session_make_portal(Session *session, Text name, Statement *statement, Text parameters,
                            Text result_formats, Fault *fault);
/* Starts or goes on with the portal for `limit` rows (0: all); for a FETCH or for the client. */
void session_run_portal(Session *session, Portal *portal, uint64_t limit, Request *puller,
                        bool discards);
bool session_prepare(Session *session, const Frame *frame, Fault *fault); /* SQL's PREPARE */
void session_drop_unnamed(Session *session); /* a simple query ends the unnamed ones */
void session_drop_statements(Session *session);
bool session_deallocate(Session *session, Text name, Fault *fault); /* empty name: all */
void statement_release(Session *session, Statement *statement);

/* session_cursor.c */
typedef enum PortalSweep { SWEEP_COMMIT, SWEEP_ROLLBACK } PortalSweep;
/* The end of a transaction: portals go, but for cursors WITH HOLD. */
void session_sweep_portals(Session *session, PortalSweep sweep);
bool session_declare(Session *session, const Request *request, const Frame *frame, Fault *fault);
bool session_close_cursor(Session *session, Text name, Fault *fault);
void session_close_all_cursors(Session *session);
/* Begins a FETCH that a RESPONSE asks for. */
bool session_fetch(Request *request, const Frame *frame, Fault *fault);
/* The cursor has given `rows` rows to the fetch; `failed`: the client has the error. */
void fetch_pulled(Request *request, uint64_t rows, bool failed);
void fetch_drained(Request *request); /* the client takes more */

/* session_spool.c */
Spool *spool_new(const Config *config, Fault *fault);
void spool_free(Spool *spool);
bool spool_append(Spool *spool, const uint8_t *data, size_t length, Fault *fault);
bool spool_read(const Spool *spool, uint64_t row, Buffer *out, Fault *fault); /* from 1 */

/* session_cancel.c */
void session_cancel_request(FrontEnd *front, const PgwireStartup *cancel);
/* Cancels what a session runs, or ends it. */
void session_signal(FrontEnd *front, uint32_t process_id, bool ends);
void session_statement_timeout(Session *session);
void session_start_statement_timer(Session *session);
bool cancel_fault(CancelReason reason, Fault *fault);
const char *cancel_reason_name(CancelReason reason);

/* session_result.c */
void result_rows(Request *request, Child *source, const Frame *frame);
void result_end(Request *request, Child *source, const Frame *frame);
bool result_announce(Request *request, const Frame *frame);
ForwardOutcome result_forward(Request *request, Result *result);
void request_finish_result(Request *request);   /* the first one */
void request_drop_results(Request *request);    /* all */
void request_grant(void *state);                /* the request's task */
void request_abandon_results(Request *request); /* those that can not be completed any more */
/* The child has ended: notes it when rows of the request were still to come from it. */
void request_note_lost_source(Request *request, const Child *child);

/* request.c */
typedef struct RequestParts {
    RequestKind kind;
    Text text;
    Text types, parameter_types, parameters, result_formats;
    uint64_t limit;
} RequestParts;
/* Makes a request of the session and sends it to a controller or queues it; the session's
 * active request from now on. */
Request *request_start(Session *session, const RequestParts *parts);
/* Nobody waits for it. */
void request_send_farewell(Session *session);
void request_response(Request *request, Child *child, const Frame *frame);
void request_advance(Request *request);
/* The client has its error: the rest of it must not run on. */
void request_end_failed(Request *request);
/* Ends it with an error made here. */
void request_fail(Request *request, const Fault *fault);
/* Asks the controller to end it, and sees to it that it does. */
void request_cancel(Request *request, CancelReason reason);
/* Nobody wants its answer any more: cancelled without a word, and forgotten when it ends. */
void request_drop(Request *request, CancelReason reason);
Request *request_find(FrontEnd *front, uint64_t id);
void request_lost_rows_fault(Fault *fault);

/* dispatch.c */
extern const SupervisorListener front_end_children;
void dispatch_enqueue(Request *request);
void dispatch_withdraw(Request *request);
void dispatch_waiting(FrontEnd *front);
/* The controller is done with the request: it takes the next one. */
void dispatch_release(Request *request);
void dispatch_kill(Request *request);
void dispatch_forget(Request *request); /* at the very end: nobody answers any more */
void dispatch_slots_wanted(Request *request, const Frame *frame);
void dispatch_slots_released(Request *request, bool clean);
void dispatch_refuse_slots(Request *request, const Fault *fault);
void dispatch_run_slots(FrontEnd *front);
void dispatch_slots_due(void *state);
void dispatch_starved(void *state);
void dispatch_look(void *state);
void dispatch_retire(void *state);

/* session_state.c */
void server_state_send(Request *request);
void server_state_send_statement(Request *request, Text name);
/* session_advisory.c */
void session_advisory_init(FrontEnd *front);
void session_advisory(Request *request, const Frame *frame); /* what a controller asks */
void session_pack_advisory(Buffer *out, const FrontEnd *front);
/* The session's settings as they are now, for a controller whose request goes on after a block. */
void server_state_send_settings(Request *request);

#endif
