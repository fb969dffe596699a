/*
 * See run.h.
 *
 * A stage here is a pump from its root operator to its end: the exchange, or nothing (rows to the
 * client and segments leave through their own operators). Its phases:
 *   PULLING    root -> exchange_put, while the exchange is ready
 *   DRAINING   the root is done: what was put is delivered, statistics are reported once
 *   DONE
 */
#include "engine/run/run.h"

#include "base/log/log.h"
#include "base/os/os.h"
#include "storage/rows/rows.h"

typedef enum PumpPhase { PUMP_PULLING, PUMP_DRAINING, PUMP_DONE } PumpPhase;

typedef struct Pump {
    bool is_here; /* this worker takes part */
    PumpPhase phase;
    Arena *arena;
    Budget budget;
    StageSource *sources;
    StageReports reports;
    OperatorContext context;
    Operator *root;
    int64_t started_wall, cpu;
    struct Run *run;
    uint32_t number;
} Pump;

struct Run {
    RunOptions options;
    Arena *arena;
    Budget budget;
    Exchange *exchange;
    StageCounters *counters;
    Pump *pumps;
    uint32_t stage_count;
};

static const int64_t SLICE_NANOS = 3000000; /* unless the options say otherwise */

/* --- what operators tell, with the stage's number --- */

static bool on_segment_written(void *state, const SegmentWritten *segment, Fault *fault)
{
    Pump *pump = state;
    const RunReports *reports = &pump->run->options.reports;
    return reports->segment_written == NULL || reports->segment_written(reports->state, segment, fault);
}

static void on_warning(void *state, const WarningReport *warning)
{
    Pump *pump = state;
    const RunReports *reports = &pump->run->options.reports;
    if (reports->warning != NULL)
        reports->warning(reports->state, pump->number, warning);
}

/* --- building --- */

static bool build_pump(Run *run, uint32_t number, Fault *fault)
{
    Pump *pump = &run->pumps[number];
    const RunOptions *options = &run->options;
    const StageDefinition *stage = &options->definition->stages[number];
    pump->run = run;
    pump->number = number;
    pump->is_here = options->worker < stage->worker_count;
    if (!pump->is_here) {
        pump->phase = PUMP_DONE;
        return true;
    }
    pump->arena = arena_new("stage");
    budget_init_child(&pump->budget, &run->budget, INT64_MAX);
    pump->sources = arena_zalloc(pump->arena, (stage->input_count + 1) * sizeof *pump->sources);
    for (uint32_t i = 0; i < stage->input_count; i++)
        if (stage->inputs[i].kind == INPUT_STAGE)
            pump->sources[i] = exchange_source(run->exchange, number, i);
    pump->reports = (StageReports){
        .segment_written = on_segment_written, .warning = on_warning, .state = pump};
    pump->context = (OperatorContext){.arena = pump->arena,
                                      .budget = &pump->budget,
                                      .types = options->types,
                                      .definition = options->definition,
                                      .stage = stage,
                                      .worker = options->worker,
                                      .worker_count = stage->worker_count,
                                      .tickets = options->tickets,
                                      .ticket_count = options->definition->ticket_count,
                                      .segments = options->segments,
                                      .counters = &run->counters[number],
                                      .is_cancelled = options->is_cancelled,
                                      .sources = pump->sources,
                                      .sink = options->sink,
                                      .reports = &pump->reports};
    pump->started_wall = os_monotonic_nanos();
    pump->root = operator_build(stage->root, &pump->context, fault);
    return pump->root != NULL;
}

Run *run_new(const RunOptions *options, Fault *fault)
{
    const QueryDefinition *definition = options->definition;
    Arena *arena = arena_new("run");
    Run *run = ARENA_NEW(arena, Run);
    run->options = *options;
    if (run->options.slice_nanos == 0)
        run->options.slice_nanos = SLICE_NANOS;
    run->arena = arena;
    run->stage_count = definition->stage_count;
    budget_init_child(&run->budget, options->budget, INT64_MAX);
    run->counters = arena_zalloc(arena, (run->stage_count + 1) * sizeof *run->counters);
    run->pumps = arena_zalloc(arena, (run->stage_count + 1) * sizeof *run->pumps);
    ExchangeOptions exchange = {.arena = arena,
                                .definition = definition,
                                .worker = options->worker,
                                .budget = &run->budget,
                                .types = options->types,
                                .network = options->network,
                                .counters = run->counters,
                                .segments = options->segments};
    run->exchange = exchange_new(&exchange);
    for (uint32_t i = 0; i < run->stage_count; i++)
        if (!build_pump(run, i, fault)) {
            run_free(run);
            return NULL;
        }
    return run;
}

void run_free(Run *run)
{
    if (run == NULL)
        return;
    for (uint32_t i = 0; i < run->stage_count; i++) {
        operator_close(run->pumps[i].root);
        budget_release_all(&run->pumps[i].budget);
        if (run->pumps[i].arena != NULL)
            arena_free(run->pumps[i].arena);
    }
    exchange_free(run->exchange);
    budget_release_all(&run->budget);
    arena_free(run->arena);
}

Exchange *run_exchange(Run *run)
{
    return run->exchange;
}

bool run_boundaries(Run *run, uint32_t stage, const PartitionBoundaries *boundaries, Fault *fault)
{
    if (stage >= run->stage_count)
        return fault_set(fault, FAULT_INTERNAL_ERROR, "boundaries of a stage that does not exist");
    return exchange_boundaries(run->exchange, stage, boundaries, fault);
}

/* --- stepping --- */

static bool writes_to_exchange(const Pump *pump)
{
    return pump->context.stage->shuffle.kind != SHUFFLE_NONE;
}

static void finish_pump(Pump *pump)
{
    StageCounters *counters = pump->context.counters;
    const RunReports *reports = &pump->run->options.reports;
    pump->phase = PUMP_DONE;
    counters->cpu_nanos = (uint64_t)pump->cpu;
    counters->wall_nanos = (uint64_t)(os_monotonic_nanos() - pump->started_wall);
    counters->peak_memory = (uint64_t)pump->budget.peak;
    operator_close(pump->root);
    pump->root = NULL;
    if (reports->stage_done != NULL)
        reports->stage_done(reports->state, pump->number, counters);
}

static bool report_statistics(Pump *pump, Fault *fault)
{
    const RunReports *reports = &pump->run->options.reports;
    KeyStatistics statistics;
    if (!exchange_statistics(pump->run->exchange, pump->number, &statistics))
        return true;
    statistics.worker = pump->run->options.worker;
    return reports->statistics(reports->state, pump->number, &statistics, fault);
}

static Progress drain(Pump *pump, Fault *fault)
{
    if (!report_statistics(pump, fault))
        return PROGRESS_FAILED;
    Progress progress = exchange_drain(pump->run->exchange, pump->number, fault);
    if (progress == PROGRESS_DONE)
        finish_pump(pump);
    return progress;
}

static Progress end_of_pulling(Pump *pump, Fault *fault)
{
    if (!writes_to_exchange(pump)) {
        finish_pump(pump);
        return PROGRESS_DONE;
    }
    /* What the operators held is given back before the rows are delivered. */
    operator_close(pump->root);
    pump->root = NULL;
    if (!exchange_finish(pump->run->exchange, pump->number, fault))
        return PROGRESS_FAILED;
    pump->phase = PUMP_DRAINING;
    Progress progress = drain(pump, fault);
    /* Finishing may have given the readers here their last chunk: that nothing could be sent does
     * not mean that nothing has changed. Without this, a slice that ended just before the end
     * would leave them asleep over their rows. */
    return progress == PROGRESS_BLOCKED ? PROGRESS_YIELDED : progress;
}

/* One batch further. DONE: the stage is; BATCH: there was one. */
static Progress pull(Pump *pump, Fault *fault)
{
    if (writes_to_exchange(pump) && !exchange_is_ready(pump->run->exchange, pump->number)) {
        Progress progress = exchange_drain(pump->run->exchange, pump->number, fault);
        /* before the end DONE only means that the readers have stopped */
        if (progress == PROGRESS_DONE)
            finish_pump(pump);
        return progress;
    }
    Batch *batch;
    Progress progress = operator_next(pump->root, &batch, fault);
    if (progress == PROGRESS_BATCH && writes_to_exchange(pump) &&
        !operator_check_row_sizes(pump->run->options.types, batch, fault))
        return PROGRESS_FAILED;
    if (progress == PROGRESS_BATCH && writes_to_exchange(pump) &&
        !exchange_put(pump->run->exchange, pump->number, batch, fault))
        return PROGRESS_FAILED;
    return progress == PROGRESS_DONE ? end_of_pulling(pump, fault) : progress;
}

/* As far as it goes within the slice. *moved: something was done. */
static Progress step_pump(Pump *pump, int64_t slice_end, bool *moved, Fault *fault)
{
    bool counts_cpu = pump->run->options.counts_cpu;
    int64_t cpu = counts_cpu ? os_cpu_nanos() : 0;
    Progress progress;
    pump->context.slice_end = slice_end;
    do {
        progress = pump->phase == PUMP_PULLING ? pull(pump, fault) : drain(pump, fault);
        *moved = *moved || (progress != PROGRESS_BLOCKED && progress != PROGRESS_FAILED);
    } while ((progress == PROGRESS_BATCH || progress == PROGRESS_YIELDED) &&
             pump->phase != PUMP_DONE && os_monotonic_nanos() < slice_end);
    if (counts_cpu)
        pump->cpu += os_cpu_nanos() - cpu;
    return progress;
}

RunState run_step(Run *run, uint32_t *stage, Fault *fault)
{
    int64_t slice_end = os_monotonic_nanos() + run->options.slice_nanos;
    bool moved = false, all_done = true;
    *stage = UINT32_MAX;
    if (run->options.is_cancelled != NULL && *run->options.is_cancelled) {
        fault_set(fault, FAULT_CANCELED, "canceling statement due to user request");
        return RUN_FAILED;
    }
    for (uint32_t i = run->stage_count; i-- > 0;) { /* readers before writers */
        Pump *pump = &run->pumps[i];
        if (pump->phase == PUMP_DONE)
            continue;
        if (step_pump(pump, slice_end, &moved, fault) == PROGRESS_FAILED) {
            *stage = i;
            return RUN_FAILED;
        }
        all_done = all_done && pump->phase == PUMP_DONE;
    }
    return all_done ? RUN_DONE : moved ? RUN_PROGRESSED : RUN_BLOCKED;
}

void run_give_memory_back(void)
{
    grow_arrays_give_back();
    arena_give_blocks_back();
    os_give_memory_back();
}
