/*
 * Operators: the pieces a stage is made of, pulled batch by batch.
 *
 * operator_build makes a tree of operators from a stage's specs; operator_next pulls from its
 * root. An operator is a state machine that never waits: when its input is not there yet it
 * says BLOCKED, when it has worked for a slice of time without a batch to show it says YIELDED,
 * and in both cases it is simply called again later. A batch stays valid until the next call on
 * the operator that gave it, has at most BATCH_ROWS rows and at least one.
 *
 * Where operators meet the world outside (the exchange, the client, the controller) they call
 * through small structs of functions that engine/run fills in.
 */
#ifndef TALARIA_ENGINE_OPERATOR_OPERATOR_H
#define TALARIA_ENGINE_OPERATOR_OPERATOR_H

#include "base/memory/budget.h"
#include "engine/input/input.h"
#include "engine/stage/stage.h"
#include "storage/segment/segment.h"

#include <stdatomic.h>

typedef enum Progress {
    PROGRESS_BATCH,   /* *batch is set */
    PROGRESS_BLOCKED, /* waits for a channel, credit or boundaries */
    PROGRESS_YIELDED, /* worked for a slice, has no batch yet: call again */
    PROGRESS_DONE,    /* no more batches, ever */
    PROGRESS_FAILED,  /* the fault is set */
} Progress;

/* --- what an operator is given --- */

/* The output of an earlier stage, as engine/exchange serves it. */
typedef struct StageSource {
    /* BATCH, BLOCKED, DONE or FAILED. *partition is the partition that the batch belongs to;
     * partitions that must be kept apart come one after the other. The batch is valid until the
     * next call and may be longer than BATCH_ROWS. */
    Progress (*next)(void *state, Batch **batch, uint32_t *partition, Fault *fault);
    /* Nothing more is wanted (a LIMIT was reached): producers may stop. */
    void (*stop)(void *state);
    void *state;
} StageSource;

/* Where finished DataRow messages go. */
typedef struct ResultSink {
    /* Whether there is credit for more. */
    bool (*is_ready)(void *state);
    /* `rows` whole DataRow messages; the bytes are copied or sent before it returns. */
    bool (*write)(void *state, const void *data, size_t length, uint32_t rows, Fault *fault);
    void *state;
} ResultSink;

/* A segment that write_segments finished: still under its staging name. */
typedef struct SegmentWritten {
    Text path;
    uint32_t stage, partition;
    int64_t bucket; /* start of the time chunk in microseconds; INT64_MIN: ALL */
    int64_t minimum_time, maximum_time; /* of __time; 0 and 0 when the table has none */
    uint32_t range_dimensions;          /* columns of the two rows below */
    const Batch *first_key; /* one row: range dimensions of the first row in key order */
    const Batch *last_key;
    bool has_multiple_values; /* a range dimension held arrays */
    const SegmentSchema *schema;
    const SegmentSummary *summary;
} SegmentWritten;

/* A row of external data that could not be parsed, or several. */
typedef struct WarningReport {
    FaultCode code;
    uint64_t count; /* rows since the last report of this kind */
    uint32_t kept;  /* messages, "<reason> (<source>, line <n>)" */
    const Text *messages;
    const struct WarningPlace *places; /* of each message */
} WarningReport;

/* Where a bad row stands: places of a stage ascend in the order of its data. */
typedef struct WarningPlace {
    uint64_t input, unit, line;
} WarningPlace;

typedef struct StageReports {
    bool (*segment_written)(void *state, const SegmentWritten *segment, Fault *fault);
    void (*warning)(void *state, const WarningReport *warning);
    void *state;
} StageReports;

/* --- segment readers kept open and warm across queries: one cache a process --- */
typedef struct SegmentCache SegmentCache;
SegmentCache *segment_cache_new(uint32_t max_files, size_t max_memory);
void segment_cache_free(SegmentCache *cache); /* NULL is fine */
/* Closes every segment and forgets what was decoded of it; no query may be running. */
void segment_cache_drop_all(SegmentCache *cache);
/* Opens the segment or finds it open, and pins it until segment_cache_release. */
SegmentReader *segment_cache_acquire(SegmentCache *cache, const InputSegment *segment,
                                     Fault *fault);
void segment_cache_release(SegmentCache *cache, SegmentReader *reader);
/* Whether there is room for dictionaries to be held beyond their turn. */
bool segment_cache_is_roomy(const SegmentCache *cache);

/* Leaves segments out of an INPUT_SEGMENTS in which an index finds no rows for `filter` (of the
 * input's columns, or NULL), and adds to *rows what reading the others is worth: all their rows,
 * or for each block that may hold wanted ones a few. Once *rows is more than `limit` it looks no further and leaves the input as it is. */
bool scan_narrow(SegmentCache *cache, StageInput *input, const Expr *filter,
                 const TypeContext *types, uint64_t limit, Arena *arena, uint64_t *rows,
                 Fault *fault);

/* About which share of the rows of an INPUT_SEGMENTS passes `filter` (of the input's columns), by
 * testing some blocks of a few segments. Parts of the filter for which a dictionary would have to be
 * decoded, or that can fail, are taken to let all rows pass. */
bool scan_sample(SegmentCache *cache, const StageInput *input, const Expr *filter,
                 const TypeContext *types, double *share, Fault *fault);
/*
 * How the rows of an INPUT_SEGMENTS may be divided among workers by the texts of a column (a position
 * in the input), from a sample of the segments; in `arena`. NULL: not well, as when most rows have
 * one text, or when the column has no dictionaries. *entries: about how many texts all segments'
 * dictionaries have together, one that several have counted for each.
 */
bool scan_divide(SegmentCache *cache, const StageInput *input, uint32_t column, uint32_t workers,
                 Arena *arena, const RowDivision **division, double *entries, Fault *fault);

typedef struct OperatorContext {
    Arena *arena;   /* the stage's: lives as long as its operators */
    Budget *budget; /* the stage's */
    const TypeContext *types;
    const QueryDefinition *definition;
    const StageDefinition *stage;
    uint32_t worker; /* index among the stage's workers */
    uint32_t worker_count;
    _Atomic uint32_t *tickets; /* the query's row of shared counters */
    uint32_t ticket_count;
    SegmentCache *segments;
    StageCounters *counters;
    const volatile bool *is_cancelled; /* may be NULL */
    const StageSource *sources;        /* one an input of the stage; used for INPUT_STAGE */
    const ResultSink *sink;            /* WRITE_ROWS; NULL elsewhere */
    const StageReports *reports;
    int64_t slice_end;  /* os_monotonic_nanos at which to yield; the caller moves it on */
    uint32_t partition; /* of the batch that was read last from a stage */
    const struct HeldRows *held; /* of the recursions around a step; NULL outside of them */
} OperatorContext;

/* --- operators --- */
typedef struct Operator Operator;

/* An upper bound on the first sort key that a top-N above needs: rows that sort after it may be
 * left out. Offered again and again while it gets tighter. INT64 layout only. */
typedef struct SortBound {
    uint32_t column;  /* of the operator's output */
    bool descending;  /* then rows below `value` may go, else rows above */
    bool keeps_nulls; /* NULLs sort before the bound and must stay */
    int64_t value;    /* rows equal to it must stay */
} SortBound;

struct KeyTable; /* of the operators' own */

typedef struct OperatorClass {
    const char *name;
    Progress (*next)(Operator *self, Batch **batch, Fault *fault);
    void (*close)(Operator *self);
    /* Memory is short: give some back if that is possible and return how much. NULL for
     * operators that hold nothing or cannot. */
    size_t (*revoke)(Operator *self);
    /* Optional: a bound that the operator may use or hand down. */
    void (*bound)(Operator *self, const SortBound *bound);
    /* Optional: rows whose column is NULL or not among the table's keys are not wanted; the
     * operator may leave them out or hand the wish down. The table outlives its use. */
    void (*restrict_to)(Operator *self, uint32_t column, struct KeyTable *keys);
} OperatorClass;

struct Operator {
    const OperatorClass *class;
    const OperatorSpec *spec;
    OperatorContext *context;
    uint32_t child_count;
    Operator **children;
};

/* Builds the tree in context->arena. The context must outlive it. Faults: constants that do not
 * compile, specs that make no sense. */
Operator *operator_build(const OperatorSpec *spec, OperatorContext *context, Fault *fault);
Progress operator_next(Operator *self, Batch **batch, Fault *fault);
/* Closes the tree: files, memory. NULL is fine. */
void operator_close(Operator *self);
/* Asks the operators of a tree, from the leaves up, for `wanted` bytes; returns what was freed. */
size_t operator_revoke(Operator *self, size_t wanted);
void operator_offer_bound(Operator *self, const SortBound *bound);
void operator_restrict_to(Operator *self, uint32_t column, struct KeyTable *keys);

/* RowTooLarge where a row of the batch has more bytes than maxFrameSize, if that is set. */
bool operator_check_row_sizes(const TypeContext *types, const Batch *batch, Fault *fault);

struct PgwireEncoding;
/* What COPY writes is converted to; NULL: nothing. `client` is the client_encoding. */
const struct PgwireEncoding *copy_encoding(const CopySpec *copy, const char *client);
/* Rows as COPY TO sends them, a CopyData message each, at the end of `out`: `cells` are the texts
 * (or binary forms) of each column's cells, without data for NULL. Lines are converted to
 * `encoding`, if there is one; binary forms must have been. */
bool copy_append_rows(const CopySpec *copy, const struct PgwireEncoding *encoding,
                      const Text *const *cells, uint32_t columns, uint32_t rows, Buffer *out,
                      Fault *fault);

#endif
