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
#include "engine/sql/sql.h"
#include "protocol/frame/link.h"
#include "protocol/pgwire/pgwire.h"
#include "server/controller/controller.h"
#include "storage/table/table.h"

#include <signal.h>

typedef struct Controller {
    const ChildContext *child;
    Link *front;
    Meta *meta;
    Deep *deep;
    TableStore *tables;
    SegmentCache *segments;
    char staging_folder[DEEP_PATH_SIZE];
    int64_t started;
    Arena *roles_arena;
    const AccessRoles *roles; /* as of roles_revision of the metadata */
    uint64_t roles_revision;
    /* Set by SIGINT, which the front end sends with a cancel: look at the link. */
    volatile sig_atomic_t interrupted;
} Controller;

typedef enum RequestKind { REQUEST_PARSE, REQUEST_SIMPLE, REQUEST_EXECUTE } RequestKind;

typedef struct Request {
    Controller *controller;
    Arena *arena;
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
    Text parameters;           /* Bind's parameter part */
    Text result_formats;       /* Bind's result part */
    const TableSnapshot *snapshot;
    uint64_t response_count;   /* RESPONSE frames sent, for tests of order */
    uint64_t executions;       /* plans run for it so far: a text may hold several statements */
    volatile bool is_cancelled;
    Fault cancel_fault;        /* why */
    bool front_lost;           /* nobody is there to answer */
    int64_t result_credit;     /* bytes that may still be sent for a local result */
    bool has_grant;            /* slots */
    char grant[4096];
    Fault grant_fault;
    Text state_sessions, state_workers; /* from SERVER_STATE, in the arena */
    bool has_state;
    CatalogContext *catalog;   /* what catalog relations and regclass show, for this statement */
    int64_t lock;              /* of a REPLACE, until its execution takes it over */
} Request;

/* --- controller_link.c: talking with the front end --- */
/* Handles every frame that has arrived for a running request (cancel, credit, grants, state);
 * waits up to `timeout_ms` for the first (-1: for ever, 0: not at all). False: the front end is
 * gone. */
bool front_pump(Request *request, int timeout_ms);
/* Sends what is written; blocks while the socket is full, handling frames meanwhile. */
bool front_flush(Request *request);

/* --- respond.c --- */
/* Finished wire messages to forward. */
void respond_wire(Request *request, const Buffer *wire);
void respond_setting(Request *request, const char *name, const char *value, bool is_local);
/* Prepared statements that SQL gives up: one, or all with NULL. */
void respond_deallocate(Request *request, const char *name);
void respond_setting_reset(Request *request, const char *name);
void respond_transaction(Request *request, char transaction);
void respond_notice(Request *request, PgwireSeverity severity, const Fault *fault);
void respond_complete(Request *request, const char *tag);
void respond_prepared(Request *request, const SqlType *types, uint32_t count, const Buffer *row_description);
/* Rows of the partitions follow; the front end counts them and completes with `tag`. */
void respond_result(Request *request, uint32_t partitions, bool is_ordered, const char *tag);
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

/* --- request.c --- */
void request_run(Request *request);
/* The newest tables, from now on. */
bool request_refresh_snapshot(Request *request, Fault *fault);
/* One statement of a request; false: it failed and was answered. */
bool request_statement(Request *request, const ParsedStatement *statement, Fault *fault);

/* --- statement.c: statements without a plan --- */
bool statement_run(Request *request, const ParsedStatement *statement, Fault *fault);
/* RowDescription or NoData of a statement without a plan. */
void statement_describe(const ParsedStatement *statement, Buffer *wire);

/* --- query.c: statements with a plan --- */
bool query_prepare(Request *request, const ParsedStatement *statement, Fault *fault);
bool query_run(Request *request, const ParsedStatement *statement, Fault *fault);

/* --- roles.c: in whose name --- */
/* Sets session_role, role and user from what the session has SET, as far as it still may. */
bool request_set_user(Request *request, Fault *fault);
/* Whether SET may give `role` or `session_authorization` this value (22023, 42501). */
bool role_setting_check(Request *request, const SettingInfo *info, Text value, Fault *fault);

/* --- catalog_rows.c: rows of catalog relations --- */
/* Makes request->catalog for the statement about to run. */
bool request_set_catalog(Request *request, Fault *fault);
bool produce_relation(void *state, const Relation *relation, Arena *arena, Batch **batch, Fault *fault);

/* --- what runs a definition --- */
typedef struct Execution {
    Request *request;
    const QueryDefinition *definition;
    const BoundQuery *query;
    struct Kernel *kernel;
    /* Ingestion: what the workers wrote. */
    StagedSegment *staged;
    uint32_t staged_count, staged_capacity;
    uint64_t staged_rows;
    int64_t lock;
    Fault *fault;
} Execution;

/* In this process (local.c). */
bool execute_local(Execution *execution, Fault *fault);
/* Over workers (distributed.c); the request holds the grant. */
bool execute_distributed(Execution *execution, Fault *fault);
/* Asks for up to `maximum` workers and waits; *count is how many there are. */
bool slots_acquire(Request *request, uint32_t maximum, uint32_t *count, Fault *fault);
void slots_release(Request *request, bool is_clean);

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

#endif
