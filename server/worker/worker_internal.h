/*
 * What the worker's files share.
 */
#ifndef TALARIA_SERVER_WORKER_WORKER_INTERNAL_H
#define TALARIA_SERVER_WORKER_WORKER_INTERNAL_H

#include "engine/run/run.h"
#include "protocol/frame/link.h"
#include "server/worker/worker.h"

enum {
    WORKER_MAX_LINKS = 1024,
    WORKER_MAX_PEERS = 1024,
    WORKER_MAX_DEFERRED = 4096,
    WORKER_ENDED_KEPT = 256,
};

/* A connection to a controller or to another worker, made by either side. */
typedef struct WorkerLink {
    Link *link;
    uint64_t peer_number, peer_generation; /* of links that this worker made; to find them again */
    bool is_mine;
    bool is_broken; /* to be dropped when nothing uses it any more */
} WorkerLink;

/* A frame that came before the work order it belongs to. */
typedef struct Deferred {
    Link *link;
    LinkBody *body;
    Frame frame;
    int64_t since; /* monotonic nanoseconds */
} Deferred;

typedef struct Peer { /* a worker of the query */
    uint64_t number, generation;
} Peer;

/* One query, from its work order to QUERY_END. */
typedef struct WorkerQuery {
    uint64_t query;   /* of the execution; 0: none */
    uint64_t request; /* what the front end knows it by */
    Arena *arena;
    Link *controller;
    const QueryDefinition *definition;
    uint32_t worker; /* index in the query */
    Settings settings;
    TypeContext types;
    Peer *peers;
    uint32_t peer_count;
    ExchangeNetwork network;
    ResultSink sink;
    int64_t result_credit;
    uint64_t result; /* of the request: which of its results the rows are */
    uint64_t result_rows;
    Run *run; /* NULL when done or failed */
} WorkerQuery;

typedef struct Worker {
    const ChildContext *child;
    int listener;
    Link *front;
    Budget budget;
    SegmentCache *segments;
    WorkerLink links[WORKER_MAX_LINKS];
    uint32_t link_count;
    Deferred deferred[WORKER_MAX_DEFERRED];
    uint32_t deferred_count;
    uint64_t ended[WORKER_ENDED_KEPT]; /* executions that have ended lately: their frames are late */
    uint32_t ended_next;
    WorkerQuery query;
    bool stop;
} Worker;

/* --- worker_links.c --- */
WorkerLink *worker_add_link(Worker *worker, int fd);
/* The link to another worker, connected when there is none yet. */
Link *worker_link_to_peer(Worker *worker, const Peer *peer, Fault *fault);
void worker_drop_broken_links(Worker *worker);
bool worker_listen(Worker *worker, Fault *fault);
void worker_accept(Worker *worker);

/* --- worker_query.c --- */
/* A frame from a controller or another worker, just got from `link`. */
void worker_frame(Worker *worker, Link *link, const Frame *frame);
/* RESULT_CREDIT and the like. */
void worker_front_frame(Worker *worker, const Frame *frame);
void worker_link_lost(Worker *worker, Link *link);
/* Works on the query for a slice. True: there is more to do at once. */
bool worker_step(Worker *worker);
void worker_end_query(Worker *worker);

/* --- worker_report.c: what the controller is told --- */
RunReports worker_reports(Worker *worker);
ResultSink worker_result_sink(Worker *worker);
void worker_report_fault(Worker *worker, uint32_t stage, const Fault *fault);
void worker_report_ended(Worker *worker, Link *controller, uint64_t query);

#endif
