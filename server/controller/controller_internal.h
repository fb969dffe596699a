/*
 * What the controller's files share.
 *
 * A Request lives from its frame to `done`. Everything that it needs came with it (text,
 * parameters, settings, role); what it changes goes back in the response. All its memory is in
 * its arena.
 */
#ifndef TALARIA_SERVER_CONTROLLER_CONTROLLER_INTERNAL_H
#define TALARIA_SERVER_CONTROLLER_CONTROLLER_INTERNAL_H

#include "engine/operator/operator.h"
#include "engine/sql/copy.h"
#include "engine/sql/definition.h"
#include "engine/sql/sql.h"
#include "protocol/frame/link.h"
#include "protocol/pgwire/pgwire.h"
#include "server/controller/controller.h"
#include "storage/table/table.h"

#include <signal.h>

enum { CONTROLLER_KEPT_LINKS = 128 };

typedef struct KeptLink { /* to a worker between two queries; its number is its place */
    Link *link;
    uint64_t generation;
} KeptLink;

typedef struct Controller {
    const ChildContext *child;
    Link *front;
    Meta *meta;
    Deep *deep;
    TableStore *tables;
    TableStore *published; /* `tables`, but for the time of a statement on a block's copy, `block` */
    TableStore *block;     /* NULL: none is open */
    SegmentCache *segments;
    char staging_folder[DEEP_PATH_SIZE];
    int64_t started;
    uint64_t collected_version; /* of the catalog, when files were last looked for (collect.c) */
    int64_t collect_at;         /* when to look for some again; 0: nothing was left */
    Arena *roles_arena;
    const AccessRoles *roles; /* as of roles_revision of the metadata */
    uint64_t roles_revision;
    Settings settings; /* of the last request, as they came: packed_settings */
    Buffer packed_settings;
    struct PlanCache *plan_cache;
    KeptLink worker_links[CONTROLLER_KEPT_LINKS];
    Buffer key; /* of what is looked for in it */
    /* Set by SIGINT, which the front end sends with a cancel: look at the link. */
    volatile sig_atomic_t interrupted;
    /* Whether a cancelled request may take the process with it: not one that writes files, which
     * it removes when it fails, and not while workers do its work. */
    volatile sig_atomic_t may_give_up;
} Controller;

/* The frame of a cancel comes with its signal: how long to wait for it, in milliseconds. */
enum { CANCEL_WAIT_MS = 100 };

/* interrupt.c: SIGINT. Around each request, so that a cancel of one does not end the next. */
bool interrupt_set_up(Controller *controller, Fault *fault);
void interrupt_begin_request(Controller *controller);
void interrupt_end_request(Controller *controller);

typedef struct Execution Execution;

typedef enum RequestKind {
    REQUEST_PARSE,
    REQUEST_SIMPLE,
    REQUEST_EXECUTE,
    REQUEST_FAREWELL,
} RequestKind;

typedef struct Savepoint {
    Text name;
    uint32_t block_version; /* of what the block had written; 0: nothing */
    uint64_t block_revision;
} Savepoint;

/* What statements leave for those after them (carried.c). */
typedef struct Carried {
    uint32_t savepoint_count, savepoint_capacity;
    Savepoint *savepoints;
    uint32_t block_version;      /* of what this block has written (block.c); 0: nothing */
    uint32_t last_block_version; /* versions 1 to this one are to be removed at its end */
    uint64_t block_revision;     /* of the metadata that it is a copy of, with changes */
    bool has_temporary;          /* the session has made temporary relations */
    uint32_t sequence_count, sequence_capacity;
    struct CarriedSequence *sequences; /* the session's own last values */
    uint32_t last_sequence;            /* of lastval(); 0: none */
    bool is_changed;                   /* to be sent when the statement is done */
} Carried;

typedef struct CarriedSequence {
    uint32_t oid;
    int64_t value;
} CarriedSequence;

/* A prepared statement as the front end keeps it; types are OIDs, u32 LE each. */
typedef struct PreparedText {
    Text name, text;
    Text declared;   /* as PREPARE or Parse declared them */
    Text parameters; /* as inferred */
} PreparedText;

/* What EXECUTE gives to the statement that it names. */
typedef struct QueryArguments {
    uint32_t count;
    SqlType *types;
    const Vector *const *values;
} QueryArguments;

/* A plan that is being made to be kept (plan_cache.c). */
typedef struct PlanDraft {
    Arena *arena;    /* where it is made; NULL: none is */
    Arena *outer;    /* the request's own, while the draft's is in its place; else NULL */
    Text key;
    bool is_settled; /* it is decided whether it is kept */
} PlanDraft;

typedef struct Request {
    Controller *controller;
    Arena *arena;
    PlanDraft draft;
    struct KeptInUse *in_use; /* what this request uses of the plan cache */
    bool is_momentary;        /* see TypeContext */
    bool is_ready;            /* the first statement's types, tables and user have been looked up */
    uint64_t query, session;
    RequestKind kind;
    Text text;
    Text login;                /* who was let in */
    Text session_role;         /* as whom it acts: `login`, or by SET SESSION AUTHORIZATION */
    Text role;                 /* the current one: session_role, or by SET ROLE */
    AccessUser user;           /* what `role` may do */
    Text database;
    int64_t process_id;
    char transaction;          /* 'I', 'T', 'E': as it is now */
    Settings settings;         /* the session's, with what this request has SET */
    TypeContext types;
    Text declared_types;       /* u32 LE each: what Parse declared */
    Text told_types;           /* u32 LE each: what the answer to Parse said of parameters */
    Text parameters;           /* Bind's parameter part */
    Text result_formats;       /* Bind's result part */
    const TableSnapshot *snapshot;
    const TableSnapshot *held; /* an older one that is still pointed into; NULL: none */
    uint64_t response_count;   /* RESPONSE frames sent, for tests of order */
    uint64_t result_count;     /* results announced: rows say which one they belong to */
    uint64_t executions;       /* plans run for it so far: a text may hold several statements */
    volatile bool is_cancelled;
    Fault cancel_fault;        /* why */
    bool front_lost;           /* nobody is there to answer */
    int64_t result_credit;     /* bytes that may still be sent for a local result */
    bool has_grant;            /* slots */
    char grant[4096];
    Fault grant_fault;
    Text state_sessions, state_workers, state_statements, state_cursors, state_channels, state_locks; /* from SERVER_STATE, in the arena */
    bool has_state;
    CatalogContext *catalog;   /* what catalog relations and regclass show, for this statement */
    uint64_t sequence_calls;   /* of nextval(), so far */
    int64_t lock;              /* of a REPLACE, until its execution takes it over */
    Carried carried;
    uint32_t statement_at, statement_count; /* which of the text's statements runs */
    const QueryArguments *arguments;        /* of EXECUTE, while its statement runs */
    bool has_answer, found_statement;       /* from SERVER_STATE: a prepared statement asked for */
    PreparedText answer;
    struct QueryCopy *copy_out;   /* of COPY TO, while its query runs */
    struct CopyInput *copy_input; /* of COPY FROM: */
    Buffer copy_pending;          /* what has come and was not read yet */
    bool copy_done, copy_failed;
    Text copy_failure;            /* CopyFail's reason, in the arena */
    Batch *copy_batch;            /* the rows that are being written */
    bool has_fetched;          /* the rows of a FETCH have gone to the client */
} Request;

/* --- controller_link.c: talking with the front end --- */
/* Handles every frame that has arrived for a running request (cancel, credit, grants, state);
 * waits up to `timeout_ms` for the first (-1: for ever, 0: not at all). False: the front end is
 * gone. */
bool front_pump(Request *request, int timeout_ms);
/* Handles frames until *has_come, which one of them sets, or until the request is cancelled or the
 * front end gone. For answers that come at once: looks for a while before it sleeps. */
void front_await(Request *request, const bool *has_come);
/* Sends what is written; blocks while the socket is full, handling frames meanwhile. */
bool front_flush(Request *request);

/* --- respond.c --- */
/* Finished wire messages to forward. */
void respond_wire(Request *request, const Buffer *wire);
void respond_wire_bytes(Request *request, Text wire);
void respond_setting(Request *request, const char *name, const char *value, bool is_local);
/* Messages that the front end sends behind the rows of the next result. */
void respond_trailer(Request *request, const Buffer *wire);
/* Bytes that begin the first CopyData of the next result: readers expect them there. */
void respond_prefix(Request *request, const void *data, size_t length);
/* COPY FROM: the front end sends what the client sends, a window of it; and takes credit. */
void respond_copy_in(Request *request);
void respond_copy_credit(Request *request, size_t bytes);
/* `what`: listen, unlisten, unlisten_all, notify. */
void respond_notice_of(Request *request, const char *what, Text channel, Text payload);
/* How many savepoints there are; `what` (or NULL): savepoints_undone, savepoints_released, from
 * `depth` on. */
void respond_savepoints(Request *request, const char *what, uint32_t depth);
void respond_carried(Request *request, const Buffer *bytes);
/* Prepared statements that SQL makes, and gives up: one, or all with NULL. */
void respond_prepare(Request *request, const PreparedText *prepared, const Buffer *row_description);
void respond_deallocate(Request *request, const char *name);
/* A cursor is declared, read from, given up: one, or all with NULL. */
struct QueryShape;
void respond_cursor(Request *request, const ParsedStatement *statement, const struct QueryShape *shape);
void respond_fetch(Request *request, const ParsedStatement *statement, bool waits);
void respond_close_cursor(Request *request, const char *name);
/* Parse of a FETCH: the front end knows the cursor's columns. */
void respond_prepared_fetch(Request *request, const char *cursor);
void respond_setting_reset(Request *request, const char *name);
void respond_transaction(Request *request, char transaction);
void respond_notice(Request *request, PgwireSeverity severity, const Fault *fault);
/* The notice as a message, unless client_min_messages leaves it out. */
void append_notice(const Request *request, PgwireSeverity severity, const Fault *fault, Buffer *wire);
void respond_complete(Request *request, const char *tag);
void respond_prepared(Request *request, const SqlType *types, uint32_t count, const Buffer *row_description);
/* Rows of the partitions follow; the front end counts them and completes with `tag`. */
/* `is_closed_later`: respond_result_closed follows, and the result's tag waits for it. */
void respond_result(Request *request, uint32_t partitions, bool is_ordered, bool is_closed_later,
                    const char *tag);
/* What comes between a result's rows and its tag. */
void respond_result_closed(Request *request, const Buffer *wire);
void respond_failed(Request *request, const Fault *fault);
void respond_done(Request *request);
/* A small result made here: text columns, all rows at once, then CommandComplete `tag`. */
typedef struct SmallResult {
    Buffer rows;
    uint32_t column_count;
    uint64_t row_count;
} SmallResult;
void small_result_row(SmallResult *result, const Text *cells);
void respond_small_result(Request *request, const char *const *names, SmallResult *result,
                          const char *tag);
void describe_text_columns(const char *const *names, uint32_t count, Buffer *wire);

/* --- plan_cache.c: parsed texts and plans, kept from request to request --- */
typedef struct PlanCache PlanCache;
PlanCache *plan_cache_new(void);
void plan_cache_free(PlanCache *cache, TableStore *tables);
void plan_cache_forget(PlanCache *cache, TableStore *tables); /* all of it */
/* sql_parse, or the statements that it gave before. They are the caller's to change, not what they
 * point to. */
bool plan_cache_parse(Request *request, Text text, ParsedStatement **statements, uint32_t *count,
                      Fault *fault);
/* Whether the request's text may have a plan here. */
bool plan_cache_may_serve(const Request *request);
/* What was kept for the request as it is, its snapshot and user known; or NULL, and then perhaps
 * with a draft begun: what is made for the request shall be kept. */
void *plan_cache_find(Request *request);
/* The draft's arena takes the place of the request's, and gives it back. */
void plan_draft_enter(Request *request);
void plan_draft_leave(Request *request);
/* Whether somebody should say what becomes of the draft. */
bool plan_draft_is_open(const Request *request);
/* Keeps `value`, made in the draft's arena; NULL: it is not to be tried again. */
void plan_draft_settle(Request *request, void *value);
/* Gives back what the request has used. */
void plan_cache_end_request(Request *request);

/* --- request.c --- */
void request_run(Request *request);
/* The newest tables, from now on. */
bool request_refresh_snapshot(Request *request, Fault *fault);
/* 25P02. */
bool request_in_failed_transaction(Fault *fault);
/* A prepared statement of the session, asked of the front end; 26000. */
bool request_ask_statement(Request *request, Text name, PreparedText *prepared, Fault *fault);
/* advisory.c: for CatalogContext.advisory; `state` is the request. */
bool advisory_ask(void *state, const AdvisoryCall *call, bool *done, Fault *fault);
/* After the end of a block or a way back to a savepoint: the settings as the front end has them
 * now, for the statements that follow in the same text. */
bool request_ask_settings(Request *request, Fault *fault);

/* Whether it may change anything that others see. */
bool statement_writes(const ParsedStatement *statement);

/* --- statement.c: statements without a plan --- */
bool statement_run(Request *request, const ParsedStatement *statement, Fault *fault);
bool role_statement_run(Request *request, const ParsedStatement *statement, Fault *fault);
/* RowDescription or NoData of a statement without a plan. */
void statement_describe(const ParsedStatement *statement, Buffer *wire);

/* --- transaction.c --- */
bool transaction_begin(Request *request, const ParsedStatement *statement, Fault *fault);
bool transaction_end(Request *request, const ParsedStatement *statement, Fault *fault);
bool transaction_savepoint(Request *request, const ParsedStatement *statement, Fault *fault);

/* --- block.c --- */
/* Before a statement of a block, `writes` or not: the controller's tables and metadata are as the
 * block has them, from its first statement that writes on. The snapshot is to be taken anew. */
bool block_enter(Request *request, bool writes, Fault *fault);
bool block_is_open(const Request *request);
/* The controller has its own tables back. At the end of each request. */
void block_leave(Request *request);
/* What the block has written takes effect; 40001 when it cannot, and then nothing has. */
bool block_commit(Request *request, Fault *fault);
/* The end of the block: what was not committed is gone. */
void block_forget(Request *request);

/* --- carried.c --- */
void carried_read(Request *request, Text bytes);
void carried_send(Request *request);
bool carried_push_savepoint(Request *request, Text name); /* false: too many */
int carried_find_savepoint(const Request *request, Text name); /* the newest; -1 none */
void carried_note_temporary(Request *request);
void carried_end_transaction(Request *request);
/* currval() and lastval(); sent by carried_settle. */
void carried_note_sequence(Request *request, uint32_t oid, int64_t value);
bool carried_find_sequence(const Request *request, uint32_t oid, int64_t *value);
bool carried_last_sequence(const Request *request, int64_t *value);
void carried_forget_sequences(Request *request);
void carried_settle(Request *request);

/* --- sequence.c --- */
/* CatalogContext.sequence; `state` is the request. */
bool sequence_run(void *state, const SequenceCall *call, int64_t *value, bool *is_null, Fault *fault);
/* ALTER SEQUENCE RESTART, TRUNCATE RESTART IDENTITY: the next value is this one. */
/* Of a sequence that was made just now: what one of the same OID has left, of a block that was rolled
 * back, is forgotten. */
bool sequence_begin(Request *request, uint32_t oid, Fault *fault);
bool sequence_restart(Request *request, uint32_t oid, int64_t value, Fault *fault);

/* --- change.c --- */
/* A statement that changes rows, and what it returns; the request holds the lock of UPDATE and
 * DELETE. */
bool change_run(Request *request, const ParsedStatement *statement, const BoundQuery *query,
                Fault *fault);

/* After an INSERT: when many small segments lie about, they become one. What fails is logged. */
void change_merge_small(Request *request, const ParsedStatement *statement,
                        const IngestTarget *target);

/* --- constraint.c --- */
/* Whether what the execution has written may be published: 23514, 23505. Takes the table's lock for
 * keys, as the execution's; whoever fails afterwards gives it back. */
bool constraints_check(Request *request, const ParsedStatement *statement, Execution *execution,
                       Fault *fault);
/* Whether a table's rows fulfil the constraints that the definition adds: 23514, 23505. */
bool constraints_check_added(Request *request, const Definition *definition, Fault *fault);
/* Whether keys come twice in tables as they are in the snapshot: 23505. */
bool constraints_check_tables(Request *request, const uint32_t *oids, uint32_t count, Fault *fault);

/* --- copy.c --- */
bool copy_run(Request *request, const ParsedStatement *statement, Fault *fault);
bool copy_produces(const Request *request, const Relation *relation, Batch **batch);
/* What query_run does otherwise when its rows go to COPY TO. */
typedef struct QueryCopy {
    CopyStatement *statement;
    void (*announce)(Request *request, const CopyStatement *copy, const BoundQuery *query);
} QueryCopy;

/* --- alter.c --- */
/* ALTER TABLE whose definition says that it rewrites: the rows as the changes have them, and the
 * changes, in one publish. `definition` is bound anew on the way, under the table's lock. */
bool alter_rewrite(Request *request, const ParsedStatement *statement,
                   Definition *definition, Fault *fault);
/* ALTER TABLE whose definition says that it adds constraints, in the same way. */
bool alter_constrain(Request *request, const ParsedStatement *statement,
                     Definition *definition, Fault *fault);

/* --- define.c --- */
bool define_run(Request *request, const ParsedStatement *statement, Fault *fault);
/* Sequences of serial and identity columns: made (oids[i] of the i-th), before the columns of these
 * names get defaults that name them; given to the table's columns; dropped when that went wrong. */
bool define_make_sequences(Request *request, const Definition *definition, TableColumn *columns,
                           uint32_t count, uint32_t *oids, Fault *fault);
bool define_own_sequences(Request *request, const Definition *definition,
                          const TableColumn *columns, uint32_t count, uint32_t table, Fault *fault);
void define_drop_sequences(Request *request, const Definition *definition);
/* The session's temporary schema, made if need be; the front end is told to have it dropped. */
bool define_temporary_schema(Request *request, Fault *fault);
bool define_drop_temporary(Request *request, Fault *fault);
/* Temporary tables ON COMMIT DROP go. */
void define_end_transaction(Request *request);

/* --- prepared.c --- */
bool prepared_prepare(Request *request, const ParsedStatement *statement, Fault *fault);
bool prepared_execute(Request *request, const ParsedStatement *statement, Fault *fault);
bool prepared_deallocate(Request *request, const ParsedStatement *statement);
bool prepared_describe_execute(Request *request, const ParsedStatement *statement, Fault *fault);

/* --- cursor.c --- */
bool cursor_declare(Request *request, const ParsedStatement *statement, Fault *fault);
bool cursor_fetch(Request *request, const ParsedStatement *statement, Fault *fault);
bool cursor_close(Request *request, const ParsedStatement *statement);
bool cursor_describe_declare(Request *request, const ParsedStatement *statement, Fault *fault);

/* --- query.c: statements with a plan --- */
/* What a query takes and gives. */
typedef struct QueryShape {
    uint32_t parameter_count;
    const SqlType *parameter_types;
    Buffer row_description; /* a finished RowDescription or NoData; the caller clears it */
} QueryShape;
/* For binding something of `text` with parameters. */
BindContext query_context(Request *request, Text text);
/* What Parse declared. */
void query_declare_types(Request *request, BindContext *context);
bool query_shape(Request *request, const ParsedStatement *statement, QueryShape *shape, Fault *fault);
/* EXECUTE: fills arguments->values. */
bool query_read_arguments(Request *request, const ParsedStatement *statement,
                          QueryArguments *arguments, Fault *fault);
void query_describe_explain(Request *request, const ParsedStatement *statement); /* Parse of an EXPLAIN without parameters */
bool query_prepare(Request *request, const ParsedStatement *statement, Fault *fault);
/* Runs a bound ingestion here and keeps what it writes for a publish to come. */
bool query_run_chunk(Request *request, PlanContext *plan, BoundQuery *query, Execution *all,
                     Fault *fault);
/* Runs a bound ingestion, here or over workers, and keeps what it writes for a publish to come;
 * execution->request, query and defers_publish are set. */
bool query_run_step(Request *request, BoundQuery *query, Execution *execution, Fault *fault);
/* The rows of a query that reads files and tables, as DataRows of texts, run here. For few rows. */
bool query_collect(Request *request, BoundQuery *query, Buffer *rows, Fault *fault);
/* Rows to the client, under the statement's tag. */
bool query_run_returning(Request *request, const ParsedStatement *statement, BoundQuery *query,
                         Fault *fault);
void query_abandon_chunks(Request *request, Execution *all);
bool query_run(Request *request, const ParsedStatement *statement, Fault *fault);
/* What plan_cache_find gave: runs the query, or answers Parse. */
bool query_run_kept(Request *request, const void *kept, Fault *fault);
void query_prepare_kept(Request *request, const void *kept);

/* --- roles.c: in whose name --- */
/* Sets session_role, role and user from what the session has SET, as far as it still may. */
bool request_set_user(Request *request, Fault *fault);
/* Whether it is `role` or `session_authorization`, which RESET ALL leaves alone. */
bool role_setting_is(const SettingInfo *info);
/* Whether SET may give `role` or `session_authorization` this value (22023, 42501). */
bool role_setting_check(Request *request, const SettingInfo *info, Text value, Fault *fault);

/* --- catalog_rows.c: rows of catalog relations --- */
/* Makes request->catalog for the statement about to run. */
bool request_set_catalog(Request *request, Fault *fault);
bool produce_relation(void *state, const Relation *relation, Arena *arena, Batch **batch, Fault *fault);

/* --- what runs a definition --- */
struct Execution {
    Request *request;
    const QueryDefinition *definition;
    const BoundQuery *query;
    struct Kernel *kernel;
    /* Ingestion: what the workers wrote. */
    StagedSegment *staged;
    uint32_t staged_count, staged_capacity;
    uint64_t staged_rows;
    int64_t lock;
    /* What the workers warn of (warnings.c). */
    struct KeptWarning *warnings;
    uint32_t warning_count, warning_capacity;
    uint64_t warned_rows;
    bool defers_publish; /* COPY FROM: all chunks are published together */
    Buffer *collect;     /* DataRows go here and not to the client; NULL: to the client */
    bool is_rewrite;     /* what is published takes the place of the segments `retired` */
    uint32_t retired_count;
    const int64_t *retired;
    /* ALTER TABLE: what is published takes the place of all segments, and changes the table. */
    uint32_t change_count;
    const TableChange *changes;
    const Relation *altered; /* as it will be; NULL: as it is */
    uint32_t chunk_count;
    uint64_t *chunks;    /* numbers of the executions that have staged files */
    Fault *fault;
};

/* --- collect.c --- */
void collect_begin_request(Controller *controller);
void collect_end_request(Controller *controller);
/* Removes the files of segments that nobody can be reading, if it is time to look for some. */
void collect_when_due(Controller *controller);
/* Until it is; -1: nothing is to be done. */
int collect_wait_ms(const Controller *controller);

/* --- warnings.c --- */
typedef struct KeptWarning KeptWarning;
/* Keeps what a WORKER_WARNING frame says. */
void warnings_take(Execution *execution, FaultCode code, const Frame *frame);
/* The warnings as messages of the protocol, in the order of the data. */
void warnings_append(Execution *execution, Buffer *wire);

/* In this process (local.c). */
bool execute_local(Execution *execution, Fault *fault);
/* Over workers (distributed.c); the request holds the grant. */
bool execute_distributed(Execution *execution, Fault *fault);
/* Asks for up to `maximum` workers and waits; *count is how many there are. */
bool slots_acquire(Request *request, uint32_t maximum, bool is_short, uint32_t *count,
                   Fault *fault);
void slots_release(Request *request, bool is_clean);

/* --- worker_links.c --- */
/* A link to a worker, kept or new; NULL: it cannot be reached. The caller's until it is given back. */
Link *worker_link_take(Controller *controller, uint64_t number, uint64_t generation, Fault *fault);
/* For the next query: the worker has said that it is clean. */
void worker_link_keep(Controller *controller, uint64_t number, uint64_t generation, Link *link);
void worker_links_drop(Controller *controller);

/* --- publish.c --- */
/* REPLACE: the lock on what it overwrites; request->lock. */
bool ingest_lock(Request *request, const IngestTarget *target, Fault *fault);
/* A number for the next execution: unique over all requests, as the front end's numbers are. */
uint64_t request_next_execution(Request *request);
/* Gives back a lock that no execution has taken over. */
void ingest_unlock(Request *request);
void ingest_add_segment(Execution *execution, const SegmentWritten *segment);
bool ingest_publish(Execution *execution, Fault *fault);
void ingest_abandon(Execution *execution);

/* --- exports (export.c) --- */
/* Makes the folder; 55006 when something is in it, 42501 when it lies elsewhere. */
bool export_begin(Request *request, const IngestTarget *target, Fault *fault);
/* Gives the files their names and writes the manifest. */
bool export_publish(Execution *execution, Fault *fault);
void export_abandon(Execution *execution); /* takes away what was written */
/* Gives the execution's lock back. False, for callers that fail. */
bool ingest_give_back(Execution *execution);

#endif
