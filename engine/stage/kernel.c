/*
 * See kernel.h.
 *
 * A worker's own fault beats what follows from it: when one worker fails, others lose their
 * links to it, so a WORKER_LOST fails the query with WorkerFailed only if no worker has said why
 * before. Only the first fault counts.
 */
#include "engine/stage/kernel.h"

#include "base/log/log.h"

typedef struct StageState {
    StagePhase phase;
    uint32_t done_count;
    bool *is_done;              /* one a worker */
    uint32_t statistics_count;
    KeyStatistics *statistics;  /* one a worker; samples NULL until they come */
    bool *has_statistics;
    PartitionBoundaries boundaries;
    StageCounters counters;
} StageState;

enum { MAX_ACTIONS = 16 };

struct Kernel {
    Arena *arena;
    const QueryDefinition *definition;
    bool is_ingest;
    int64_t max_warnings;
    uint64_t warnings;
    StageState *stages;
    uint32_t finished_stages;
    bool is_publishing, is_over;
    Fault fault;
    KernelAction *actions; /* a queue: grows with the number of stages, at most */
    uint32_t action_first, action_count;
};

static bool needs_statistics(const StageDefinition *stage)
{
    return stage->shuffle.kind == SHUFFLE_GLOBAL_SORT && stage->shuffle.partitions != 1;
}

Kernel *kernel_new(Arena *arena, const QueryDefinition *definition, bool is_ingest,
                   int64_t max_warnings)
{
    Kernel *kernel = ARENA_NEW(arena, Kernel);
    kernel->arena = arena;
    kernel->definition = definition;
    kernel->is_ingest = is_ingest;
    kernel->max_warnings = max_warnings;
    kernel->stages = arena_zalloc(arena, definition->stage_count * sizeof(StageState));
    kernel->actions = ARENA_ARRAY(arena, KernelAction, definition->stage_count + MAX_ACTIONS);
    for (uint32_t i = 0; i < definition->stage_count; i++) {
        uint32_t workers = definition->stages[i].worker_count;
        kernel->stages[i].is_done = arena_zalloc(arena, workers + 1);
        kernel->stages[i].has_statistics = arena_zalloc(arena, workers + 1);
        kernel->stages[i].statistics = arena_zalloc(arena, (workers + 1) * sizeof(KeyStatistics));
    }
    return kernel;
}

static void act(Kernel *kernel, KernelAction action)
{
    check(kernel->action_count < kernel->definition->stage_count + MAX_ACTIONS);
    kernel->actions[kernel->action_count++] = action;
}

bool kernel_next_action(Kernel *kernel, KernelAction *action)
{
    if (kernel->action_first == kernel->action_count)
        return false;
    *action = kernel->actions[kernel->action_first++];
    return true;
}

static void fail(Kernel *kernel)
{
    kernel->is_over = true;
    kernel->action_count = kernel->action_first; /* what was still to be done is pointless */
    for (uint32_t i = 0; i < kernel->definition->stage_count; i++)
        if (kernel->stages[i].phase != PHASE_FINISHED)
            kernel->stages[i].phase = PHASE_FAILED;
    act(kernel, (KernelAction){.kind = ACTION_FAIL, .fault = &kernel->fault});
}

static StageState *stage_of(Kernel *kernel, const KernelEvent *event)
{
    if (event->stage >= kernel->definition->stage_count ||
        event->worker >= kernel->definition->stages[event->stage].worker_count)
        return NULL;
    return &kernel->stages[event->stage];
}

static void merge_statistics(Kernel *kernel, uint32_t number)
{
    StageState *stage = &kernel->stages[number];
    const StageDefinition *definition = &kernel->definition->stages[number];
    SqlType *types = ARENA_ARRAY(kernel->arena, SqlType, definition->shuffle.key_count);
    for (uint32_t i = 0; i < definition->shuffle.key_count; i++)
        types[i] = definition->root->types[definition->shuffle.keys[i].column];
    if (!partition_boundaries_make(kernel->arena, &definition->shuffle, types, stage->statistics,
                                   definition->worker_count, &stage->boundaries, &kernel->fault)) {
        fail(kernel);
        return;
    }
    stage->phase = PHASE_POST_READING;
    act(kernel, (KernelAction){.kind = ACTION_SEND_BOUNDARIES,
                               .stage = number,
                               .boundaries = &stage->boundaries});
}

static void on_statistics(Kernel *kernel, const KernelEvent *event)
{
    StageState *stage = stage_of(kernel, event);
    const StageDefinition *definition =
        stage != NULL ? &kernel->definition->stages[event->stage] : NULL;
    if (stage == NULL || !needs_statistics(definition) || stage->has_statistics[event->worker])
        return;
    KeyStatistics *kept = &stage->statistics[event->worker];
    *kept = *event->statistics;
    if (kept->samples != NULL)
        kept->samples = batch_copy(kernel->arena, kept->samples);
    stage->has_statistics[event->worker] = true;
    stage->phase = PHASE_MERGING_STATISTICS;
    if (++stage->statistics_count == definition->worker_count)
        merge_statistics(kernel, event->stage);
}

static void add_counters(StageCounters *sum, const StageCounters *more)
{
    sum->input_rows += more->input_rows;
    sum->input_bytes += more->input_bytes;
    sum->input_frames += more->input_frames;
    sum->input_files += more->input_files;
    sum->total_files += more->total_files;
    sum->output_rows += more->output_rows;
    sum->output_bytes += more->output_bytes;
    sum->output_frames += more->output_frames;
    sum->parse_errors += more->parse_errors;
    sum->cpu_nanos += more->cpu_nanos;
    sum->wall_nanos = more->wall_nanos > sum->wall_nanos ? more->wall_nanos : sum->wall_nanos;
    sum->peak_memory += more->peak_memory;
    sum->blocks_read += more->blocks_read;
    sum->blocks_skipped += more->blocks_skipped;
}

static void on_stage_done(Kernel *kernel, const KernelEvent *event)
{
    StageState *stage = stage_of(kernel, event);
    if (stage == NULL || stage->is_done[event->worker])
        return;
    stage->is_done[event->worker] = true;
    if (event->counters != NULL)
        add_counters(&stage->counters, event->counters);
    if (++stage->done_count < kernel->definition->stages[event->stage].worker_count)
        return;
    stage->phase = PHASE_FINISHED;
    if (++kernel->finished_stages < kernel->definition->stage_count)
        return;
    kernel->is_publishing = kernel->is_ingest;
    kernel->is_over = !kernel->is_ingest;
    act(kernel, (KernelAction){.kind = kernel->is_ingest ? ACTION_PUBLISH : ACTION_SUCCEED});
}

static void on_warning(Kernel *kernel, const KernelEvent *event)
{
    kernel->warnings += event->count;
    if (kernel->max_warnings < 0 || kernel->warnings <= (uint64_t)kernel->max_warnings)
        return;
    const char *name = fault_info(event->code)->name;
    fault_set(&kernel->fault, FAULT_TOO_MANY_WARNINGS, "too many warnings of type %s (max = %lld)", name,
              (long long)kernel->max_warnings);
    fault_field_int(&kernel->fault, "maxWarnings", kernel->max_warnings);
    fault_field_text(&kernel->fault, "rootErrorCode", name);
    fail(kernel);
}

void kernel_handle(Kernel *kernel, const KernelEvent *event)
{
    if (kernel->is_over)
        return;
    switch (event->kind) {
    case KERNEL_STATISTICS:
        on_statistics(kernel, event);
        break;
    case KERNEL_STAGE_DONE:
        on_stage_done(kernel, event);
        break;
    case KERNEL_WARNING:
        on_warning(kernel, event);
        break;
    case KERNEL_WORKER_FAULT:
    case KERNEL_CANCEL:
    case KERNEL_PUBLISH_FAILED:
        kernel->fault = *event->fault;
        fail(kernel);
        break;
    case KERNEL_WORKER_LOST:
        if (kernel->is_publishing) /* its work is done */
            break;
        fault_set(&kernel->fault, FAULT_WORKER_FAILED, "worker %u failed: its process ended", event->worker);
        fault_field_int(&kernel->fault, "workerNumber", event->worker);
        fail(kernel);
        break;
    case KERNEL_PUBLISHED:
        if (!kernel->is_publishing)
            break;
        kernel->is_over = true;
        act(kernel, (KernelAction){.kind = ACTION_SUCCEED});
        break;
    }
}

bool kernel_is_over(const Kernel *kernel)
{
    return kernel->is_over;
}

StagePhase kernel_phase(const Kernel *kernel, uint32_t stage)
{
    return kernel->stages[stage].phase;
}

const char *kernel_phase_name(StagePhase phase)
{
    switch (phase) {
    case PHASE_READING_INPUT: return "READING_INPUT";
    case PHASE_MERGING_STATISTICS: return "MERGING_STATISTICS";
    case PHASE_POST_READING: return "POST_READING";
    case PHASE_FINISHED: return "FINISHED";
    case PHASE_FAILED: return "FAILED";
    }
    return "?";
}

StageCounters kernel_counters(const Kernel *kernel, uint32_t stage)
{
    return kernel->stages[stage].counters;
}

uint64_t kernel_warnings(const Kernel *kernel)
{
    return kernel->warnings;
}
