/*
 * The controller's kernel: the state machine of one query over its workers. It does no I/O, knows
 * no socket, clock or process: events go in, actions come out, in order. So each ugly order of
 * events is a short unit test, and random event sequences are a fuzz target.
 *
 * Phases of a stage (reference: Druid's ControllerQueryKernel):
 *   READING_INPUT -> MERGING_STATISTICS -> POST_READING -> FINISHED      with key statistics
 *   READING_INPUT -> FINISHED                                           without
 * and FAILED from any. All stages start at once; data flows through them as credit allows.
 */
#ifndef TALARIA_ENGINE_STAGE_KERNEL_H
#define TALARIA_ENGINE_STAGE_KERNEL_H

#include "engine/stage/stage.h"

typedef enum StagePhase {
    PHASE_READING_INPUT,
    PHASE_MERGING_STATISTICS, /* some workers have reported their keys */
    PHASE_POST_READING,       /* boundaries are out, partitions are being written */
    PHASE_FINISHED,
    PHASE_FAILED,
} StagePhase;

typedef enum KernelEventKind {
    KERNEL_STATISTICS,     /* stage, worker, statistics (copied by the kernel) */
    KERNEL_STAGE_DONE,     /* stage, worker, counters */
    KERNEL_WARNING,        /* code, count: rows since the last one */
    KERNEL_WORKER_FAULT,   /* worker, fault */
    KERNEL_WORKER_LOST,    /* worker: its process ended or its link broke */
    KERNEL_CANCEL,         /* fault says why */
    KERNEL_PUBLISHED,
    KERNEL_PUBLISH_FAILED, /* fault */
} KernelEventKind;

typedef struct KernelEvent {
    KernelEventKind kind;
    uint32_t stage, worker;
    const KeyStatistics *statistics;
    const StageCounters *counters;
    FaultCode code;
    uint64_t count;
    const Fault *fault;
} KernelEvent;

typedef enum KernelActionKind {
    ACTION_SEND_BOUNDARIES, /* to all workers of the stage and of its reader */
    ACTION_PUBLISH,         /* every segment is written */
    ACTION_SUCCEED,         /* the last action: everything is done */
    ACTION_FAIL,            /* the last action: fault */
} KernelActionKind;

typedef struct KernelAction {
    KernelActionKind kind;
    uint32_t stage;
    const PartitionBoundaries *boundaries;
    const Fault *fault; /* lives as long as the kernel */
} KernelAction;

typedef struct Kernel Kernel;

/* Lives in `arena`, which holds the statistics too. `max_warnings`: maxParseExceptions, -1 any. */
Kernel *kernel_new(Arena *arena, const QueryDefinition *definition, bool is_ingest,
                   int64_t max_warnings);
/* Events that come after the end, or make no sense in the phase, are ignored. */
void kernel_handle(Kernel *kernel, const KernelEvent *event);
/* The next action, oldest first; false when there is none. */
bool kernel_next_action(Kernel *kernel, KernelAction *action);

bool kernel_is_over(const Kernel *kernel); /* SUCCEED or FAIL has been given */
StagePhase kernel_phase(const Kernel *kernel, uint32_t stage);
const char *kernel_phase_name(StagePhase phase);
/* Sum over the stage's workers that are done. */
StageCounters kernel_counters(const Kernel *kernel, uint32_t stage);
uint64_t kernel_warnings(const Kernel *kernel);

#endif
