/*
 * Stages: how a query runs. A query definition is a list of stages; a stage is a tree of
 * operators without a shuffle inside, run by one or more workers, whose output is shuffled to
 * the next stage. The planner makes these structs (engine/plan/cut.c), they travel packed in a
 * work order, and engine/run executes them, in a worker or in the controller itself.
 *
 * Expressions here name columns by their position in the operator's input batch; for joins the
 * left child's columns come first, then the right child's.
 */
#ifndef TALARIA_ENGINE_STAGE_STAGE_H
#define TALARIA_ENGINE_STAGE_STAGE_H

#include "engine/expr/expr.h"
#include "engine/type/timezone.h"

/* --- inputs of a stage --- */
typedef enum InputKind {
    INPUT_SEGMENTS, /* segment files of one table */
    INPUT_EXTERNAL, /* files, URLs or inline data in a format */
    INPUT_BATCH,    /* rows that travel in the definition: VALUES, catalog relations */
    INPUT_STAGE,    /* the output of an earlier stage */
} InputKind;

typedef struct InputSegment {
    Text path; /* absolute */
    uint8_t digest[16];
    uint64_t rows;
    uint64_t bytes;
    int64_t number; /* what row ids begin with (storage/table) */
    /* Not packed: a bit a block of the segment, 1 where an index has found that it may hold rows
     * that the input's filter wants. NULL: not known. */
    const uint64_t *wanted;
    const struct FoundCodes *found; /* not packed: the texts that were looked up for that */
} InputSegment;

/*
 * One unit of external data: a file, a URL, inline text; or, with `end` not 0, a part of a file:
 * its bytes [0, preamble), which every part needs (a header), and then [start, end), whole lines;
 * or, with `shares` not 0, a compressed file that several readers go through together, its first
 * `preamble` lines for each.
 */
typedef struct InputUnit {
    Text name;       /* path or URL; "inline" */
    uint64_t bytes;  /* 0 unknown */
    uint64_t preamble, start, end;
    uint32_t shares, share; /* how many units stand for the file, which one this is */
    uint32_t first_share;   /* the unit with share 0 */
    uint32_t ticket;        /* counts what the readers have taken */
} InputUnit;

/*
 * Rows of segments divided among a stage's workers by the texts of a column: each worker goes through
 * all segments and keeps the rows whose text lies in a range of its own, so that equal texts meet at
 * one worker without travelling. Range i has the texts from splits[i - 1] on (the first: all) that
 * are below splits[i] (the last: all), in the order of their bytes; NULLs are in the first.
 */
typedef struct RowDivision {
    uint32_t column;        /* of the input; STRING */
    uint32_t range_count;   /* at least 1 */
    const Text *splits;     /* range_count - 1, ascending */
    const uint32_t *owners; /* the worker of each range */
} RowDivision;

typedef enum StageRead {
    READ_PARTITIONS, /* the consumer's worker i of n reads partitions i, i + n, ... */
    READ_ALL,        /* every worker of the consumer reads all partitions (broadcast) */
} StageRead;

typedef struct StageInput {
    InputKind kind;
    uint32_t column_count;       /* of the batches that the input gives */
    const SqlType *types;
    const Text *names;           /* SEGMENTS, EXTERNAL: stored or signature names; else for EXPLAIN */
    /* SEGMENTS */
    Text table;
    uint32_t segment_count;
    const InputSegment *segments;
    /* for EXPLAIN, not packed: what pruning left out, and why */
    uint32_t segments_total, pruned_by_time, pruned_by_shard, pruned_by_statistics, pruned_by_index;
    /* EXTERNAL */
    Text source_json, format_json;
    uint32_t unit_count;
    const InputUnit *units;
    uint32_t signature_count;    /* the whole signature, in order (CSV without a header needs it) */
    const Text *signature_names;
    const SqlType *signature_types;
    /* SEGMENTS, EXTERNAL: index of the shared counter from which workers take the next morsel
     * (a row group of a segment; a unit). Morsels are numbered in the order of the list. */
    uint32_t ticket;
    /* SEGMENTS: each worker reads all row groups, for the rows that are its own; NULL: none is read
     * twice */
    const RowDivision *division;
    /* BATCH */
    const Batch *batch;          /* read by worker 0 only, unless every input of the stage is so */
    /* STAGE */
    uint32_t stage;
    StageRead read;
    /* Merge the producers' streams by the producer's shuffle key (its output is sorted). */
    bool is_sorted_merge;
} StageInput;

/* --- operators --- */
/* How COPY writes and reads rows. */
typedef enum CopyFormat { COPY_TEXT, COPY_CSV, COPY_BINARY } CopyFormat;

typedef struct CopySpec {
    CopyFormat format;
    char delimiter, quote, escape;
    Text null_text;
    Text encoding;           /* of the data, as PostgreSQL names it; empty: the client's */
    const bool *force_quote; /* CSV, TO: one a column; NULL: none */
} CopySpec;

/* What the names of an export's files end in until it is published. */
#define EXPORT_UNFINISHED ".part"

typedef enum OperatorKind {
    OPERATOR_INPUT,   /* reads input `input.index`; SEGMENTS and EXTERNAL apply `input.filter` */
    OPERATOR_FILTER,
    OPERATOR_PROJECT,
    OPERATOR_GROUP,
    OPERATOR_GROUP_EACH, /* several partial groups of the same rows, for aggregates that are DISTINCT
                            over different arguments */
    OPERATOR_JOIN,
    OPERATOR_SORT,
    OPERATOR_LIMIT,
    OPERATOR_RECURSE, /* the first child's rows, then the last one's over them until it has none;
                         those between are held for it */
    OPERATOR_HELD,    /* what a recursion above holds */
    OPERATOR_EXPAND,  /* each row as often as an expression says, numbered */
    OPERATOR_UNION,   /* children one after the other, columns by position */
    OPERATOR_WINDOW,  /* window functions over rows that come sorted by partition and order */
    OPERATOR_WRITE_SEGMENTS,
    OPERATOR_WRITE_ROWS,
    OPERATOR_WRITE_FILES,
} OperatorKind;

typedef enum GroupMode {
    GROUP_COMPLETE, /* rows in, finished values out */
    GROUP_PARTIAL,  /* rows in, keys and partial states out; may flush early when it grows */
    GROUP_FINAL,    /* keys and partial states in, finished values out */
} GroupMode;

typedef struct StageAggregate {
    const AggregateFunction *function;
    SqlType result;
    uint32_t argument_count;
    const SqlType *argument_types;
    /* COMPLETE, PARTIAL: input positions of the arguments; FINAL: arguments[0] is the partial
     * state's position. */
    const uint32_t *arguments;
    /* Constant arguments (one-row constant vectors) or NULL entries: also given to FINAL. */
    const Vector *const *constants;
    int32_t filter;                  /* position of a boolean column; -1 none */
    uint32_t part;                   /* only rows whose group.part_column has this value; 0 all */
    bool is_state;                   /* arguments[0] is a partial state in every mode, as in FINAL */
    bool is_distinct;                /* duplicates within a group are dropped. PARTIAL: where all
                                        rows with the same keys and arguments come together */
    uint32_t order_count;            /* COMPLETE only: ORDER BY inside the aggregate */
    const SortColumn *order;         /* positions in the input */
} StageAggregate;

/* --- window functions --- */
typedef enum FrameMode { FRAME_ROWS, FRAME_RANGE, FRAME_GROUPS } FrameMode;

typedef enum FrameBound {
    BOUND_UNBOUNDED_PRECEDING, BOUND_PRECEDING, BOUND_CURRENT, BOUND_FOLLOWING,
    BOUND_UNBOUNDED_FOLLOWING,
} FrameBound;

typedef enum FrameExclusion {
    EXCLUDE_NOTHING, EXCLUDE_CURRENT_ROW, EXCLUDE_GROUP, EXCLUDE_TIES,
} FrameExclusion;

/* Which rows of the partition a function sees, relative to the row at hand. */
typedef struct WindowFrame {
    FrameMode mode;
    FrameBound start, end;
    FrameExclusion exclusion;
    int64_t start_offset, end_offset; /* ROWS, GROUPS: of PRECEDING and FOLLOWING, >= 0 */
    /* RANGE with an offset: columns of one type, the value of the row and what the values of the
     * frame's first and last rows are compared with. In plans arguments of the call, in stages
     * input positions; -1: not used. */
    int32_t range_key, range_start, range_end;
} WindowFrame;

typedef struct StageWindowFunction {
    const WindowFunction *function; /* NULL: call.function, an aggregate */
    StageAggregate call;            /* without DISTINCT and ORDER BY; a constant argument has no
                                       position (0) */
    WindowFrame frame;
} StageWindowFunction;

typedef enum StageJoinType {
    STAGE_JOIN_INNER, STAGE_JOIN_LEFT, STAGE_JOIN_RIGHT, STAGE_JOIN_FULL, STAGE_JOIN_SEMI,
    STAGE_JOIN_ANTI, STAGE_JOIN_MARK, STAGE_JOIN_SINGLE,
    STAGE_JOIN_RIGHT_SEMI, STAGE_JOIN_RIGHT_ANTI, /* right rows with a partner, or without, alone */
} StageJoinType;

/* What some aggregates are DISTINCT over: rows are told apart by these columns and the keys. */
typedef struct StageDistinctSet {
    uint32_t argument_count;
    const uint32_t *arguments;       /* input positions */
    int32_t filter;                  /* as an aggregate's */
    double estimated_rows;           /* that are left */
} StageDistinctSet;

typedef struct OperatorSpec OperatorSpec;
struct OperatorSpec {
    OperatorKind kind;
    uint32_t column_count;           /* of the output */
    const SqlType *types;
    uint32_t child_count;
    const OperatorSpec *const *children;
    double estimated_rows;           /* for EXPLAIN and for sizing tables; 0 unknown */
    union {
        struct {
            uint32_t index;           /* of the stage's inputs */
            const Expr *filter;       /* over the input's columns; NULL none */
            uint32_t keep_count;      /* which input columns come out, in order: column_count */
            const uint32_t *keep;
        } input;
        struct {
            const Expr *condition;
        } filter;
        struct {
            const Expr *const *items; /* column_count */
        } project;
        struct {
            GroupMode mode;
            uint32_t key_count;
            const uint32_t *keys;     /* input positions; output: keys, then one column an aggregate */
            uint32_t aggregate_count;
            const StageAggregate *aggregates;
            uint32_t part_column;     /* INT64; when an aggregate has a part */
        } group; /* without keys: exactly one row comes out (PARTIAL: at most one a worker) */
        /* Output: keys; the part (INT64) that tells what else the row has: 1 partial states, 2 the
         * first set's arguments, and so on; the arguments of all sets; a partial state an
         * aggregate. */
        struct {
            uint32_t key_count;
            const uint32_t *keys;     /* input positions */
            uint32_t set_count;
            const StageDistinctSet *sets;
            uint32_t aggregate_count; /* that are not DISTINCT */
            const StageAggregate *aggregates;
        } group_each;
        struct {
            StageJoinType type;
            uint32_t key_count;
            const uint32_t *left_keys, *right_keys; /* positions in each child */
            const bool *null_equal;   /* IS NOT DISTINCT FROM, one a key */
            const Expr *condition;    /* the rest, over left ++ right columns; NULL none */
            /* children[0] left is streamed (probe), children[1] right is held (build). Output:
             * left columns, then right columns (SEMI, ANTI: left only; MARK: left and a boolean). */
            bool is_null_aware;       /* MARK and ANTI from (NOT) IN: a NULL key on either side
                                         makes the answer unknown instead of false */
            /* MARK and ANTI: the comparison of (NOT) IN where it is no key, over left ++ right
             * columns. A pair for which keys and `condition` hold and this is NULL makes the
             * answer unknown; where it is true the row has its match. NULL: none. */
            const Expr *any_condition;
        } join;
        struct {
            uint32_t key_count;
            const SortColumn *keys;
            int64_t limit;            /* only the first so many rows are wanted; -1 all */
            uint32_t each_count;      /* of each combination of the first keys; 0: of all rows */
            bool with_ties;           /* and those that are equal to the last of them */
        } sort;
        struct {
            int64_t count;            /* -1 no limit */
            int64_t offset;
            /* Positions; the rows come in an order of them. Count and offset hold for each run of
             * rows that are equal in the first `each_count`; with ties, rows that equal the last
             * one in all of them pass too. */
            uint32_t key_count, each_count;
            const uint32_t *keys;
            bool with_ties;
        } limit;
        struct {
            bool is_distinct;         /* a row comes once */
            bool is_once;             /* one round, over all rows of the first child; only the
                                         step's rows come out */
            const uint32_t *held;     /* child_count - 1 numbers: of the rows of the round before,
                                         of each held child's */
        } recurse;
        struct {
            uint32_t id;
        } held;
        struct {
            const Expr *count;        /* int8; NULL and below 1: none */
            bool is_outer;            /* a row with no copy comes out once, its number NULL */
        } expand;                     /* output: the input's columns, then the copy's number */
        struct {
            uint32_t partition_count;
            const uint32_t *partition;  /* input positions */
            uint32_t order_count;
            const SortColumn *order;    /* after the partition's columns */
            uint32_t function_count;    /* output: the input's columns, then one a function */
            const StageWindowFunction *functions;
        } window;
        struct {
            uint32_t stored_count;     /* leading columns of the input that are stored */
            const Text *names;
            int32_t time_column;       /* position of __time, -1 none (then all rows at 1970) */
            int32_t bucket_column;     /* position of the hidden bucket column (INT64), -1: ALL */
            Text staging_folder;
            uint32_t range_dimensions; /* leading cluster keys usable for range shard specs */
            uint32_t sort_count;       /* order of the rows inside a segment */
            const SortColumn *sort;
        } write_segments;
        struct {
            const int16_t *formats;    /* 0 text, 1 binary, one a column */
            const CopySpec *copy;      /* rows of COPY TO instead of DataRows; NULL: DataRows */
        } write_rows;
        struct {
            Text folder;            /* in which the files are made */
            uint64_t rows_per_file; /* at most */
            const Text *names;      /* the header, one a column */
        } write_files;              /* of texts; no output */
    };
};

/* --- shuffles --- */
typedef enum ShuffleKind {
    SHUFFLE_NONE,        /* the last stage: rows go to the client, or segments were written */
    SHUFFLE_MIX,         /* to one partition, in any order */
    SHUFFLE_HASH,        /* by hash of the key columns over `partitions` */
    SHUFFLE_GLOBAL_SORT, /* by ranges of the key, each sorted; one partition needs no statistics */
    SHUFFLE_BROADCAST,   /* one partition, read by every worker of the consumer */
} ShuffleKind;

typedef struct ShuffleSpec {
    ShuffleKind kind;
    uint32_t key_count;
    const SortColumn *keys;   /* HASH ignores the directions */
    uint32_t partitions;      /* HASH, GLOBAL_SORT with a known count; 0: by statistics */
    uint64_t target_rows;     /* GLOBAL_SORT by statistics: rows a partition should hold */
    uint32_t bucket_keys;     /* leading keys whose change always starts a new partition (0 or 1) */
    bool is_aggregate;        /* statistics count distinct keys, not rows */
    bool is_unordered;        /* GLOBAL_SORT: the rows of a range may come in any order */
} ShuffleSpec;

typedef struct StageDefinition {
    uint32_t number;
    uint32_t input_count;
    const StageInput *inputs;
    const OperatorSpec *root;
    ShuffleSpec shuffle;
    uint32_t worker_count;    /* workers that run it: worker 0 .. worker_count - 1 of the query */
    uint32_t max_worker_count;
    const char *processor;    /* Druid's name for the kind of stage: "scan", "groupByPreShuffle", ... */
} StageDefinition;

typedef struct QueryDefinition {
    uint64_t query;           /* the request's id */
    uint32_t stage_count;
    const StageDefinition *stages; /* an input stage always comes before its reader */
    uint32_t ticket_count;
    uint32_t result_partitions; /* of the last stage: its worker_count, each one partition */
    bool result_is_ordered;
} QueryDefinition;

/* Whether two stages give the same rows to the same partitions: all but their numbers, and the
 * counters from which their workers take morsels, is equal. `arena` for scratch. */
bool stage_is_same(Arena *arena, const StageDefinition *a, const StageDefinition *b);

/* Packed with msgpack; unpacking checks everything (counts, positions, function OIDs, stage
 * numbers) and builds in `arena`. */
void query_definition_pack(const QueryDefinition *definition, Buffer *out);
const QueryDefinition *query_definition_unpack(Arena *arena, const uint8_t *data, size_t length,
                                               Fault *fault);

/* --- counters: what EXPLAIN ANALYZE and reports show, per stage and worker --- */
typedef struct StageCounters {
    uint64_t input_rows, input_bytes, input_frames, input_files, total_files;
    uint64_t output_rows, output_bytes, output_frames;
    uint64_t parse_errors;
    uint64_t cpu_nanos, wall_nanos;
    uint64_t peak_memory;
    uint64_t blocks_read, blocks_skipped; /* zone maps */
} StageCounters;

/* --- key statistics: a sample of the sorted keys of one worker's output --- */
/* Columns: the key columns in order, then INT64 weight (rows that the sample row stands for, up
 * to and including it). Sorted by the key. */
typedef struct KeyStatistics {
    uint32_t worker;
    uint64_t rows;
    const Batch *samples;
    bool has_multiple_values;
} KeyStatistics;

/*
 * Cuts partitions from all workers' statistics: boundaries are rows of the key columns, the first
 * key of each partition but the first; buckets never share a partition. `starts_bucket[i]` tells
 * that partition i begins a new bucket. Faults: TOO_MANY_BUCKETS (more than 5,000), TOO_MANY_PARTITIONS
 * (more than 25,000).
 */
typedef struct PartitionBoundaries {
    uint32_t partition_count;
    const Batch *boundaries; /* partition_count - 1 rows (0 when there is one partition) */
    const bool *starts_bucket; /* partition_count */
} PartitionBoundaries;

bool partition_boundaries_make(Arena *arena, const ShuffleSpec *shuffle, const SqlType *key_types,
                               const KeyStatistics *statistics, uint32_t count,
                               PartitionBoundaries *result, Fault *fault);

#endif
