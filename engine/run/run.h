/*
 * A run: all stages of one query that one process executes. Operators, exchange and outputs are
 * wired together; run_step drives them as cooperative state machines, readers before writers, so
 * that rows leave before new ones are made. In a worker or, for small queries, in the controller.
 */
#ifndef TALARIA_ENGINE_RUN_RUN_H
#define TALARIA_ENGINE_RUN_RUN_H

#include "engine/exchange/exchange.h"
#include "engine/operator/operator.h"

typedef enum RunState {
    RUN_PROGRESSED, /* something was done: call again, after a look at the sockets */
    RUN_BLOCKED,    /* nothing can be done before a frame, credit or boundaries come */
    RUN_DONE,       /* every stage is done */
    RUN_FAILED,
} RunState;

/* What a run tells: called from within run_step. */
typedef struct RunReports {
    bool (*statistics)(void *state, uint32_t stage, const KeyStatistics *statistics, Fault *fault);
    void (*stage_done)(void *state, uint32_t stage, const StageCounters *counters);
    void (*warning)(void *state, uint32_t stage, const WarningReport *warning);
    bool (*segment_written)(void *state, const SegmentWritten *segment, Fault *fault);
    void *state;
} RunReports;

typedef struct RunOptions {
    const QueryDefinition *definition;
    uint32_t worker;            /* this process's index in the query */
    const TypeContext *types;
    Budget *budget;             /* the process's; the run makes a child of it */
    _Atomic uint32_t *tickets;  /* the query's counters, definition->ticket_count of them */
    SegmentCache *segments;
    const volatile bool *is_cancelled; /* may be NULL */
    const ExchangeNetwork *network;    /* NULL: this process runs everything */
    const ResultSink *sink;     /* of the last stage's partition of this worker */
    RunReports reports;
    int64_t slice_nanos;        /* how long one run_step may take; 0: a few milliseconds */
    bool counts_cpu;            /* stages count their CPU time: system calls in each step */
} RunOptions;

typedef struct Run Run;

/* Builds the stages in which this worker takes part (worker < stage.worker_count). NULL: fault. */
Run *run_new(const RunOptions *options, Fault *fault);
void run_free(Run *run); /* NULL is fine */

/* Works for a slice at most. On RUN_FAILED *stage says where (UINT32_MAX: unknown). */
RunState run_step(Run *run, uint32_t *stage, Fault *fault);
bool run_boundaries(Run *run, uint32_t stage, const PartitionBoundaries *boundaries, Fault *fault);
/* For CHANNEL_* frames and lost links. */
Exchange *run_exchange(Run *run);

/* Between runs: what earlier ones have freed goes back to the system. */
void run_give_memory_back(void);

#endif
