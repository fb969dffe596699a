/*
 * What a worker tells: reports to the controller, rows to the front end.
 */
#include "server/worker/worker_internal.h"

#include "base/log/log.h"

static void begin(Worker *worker, FrameWriter *writer, FrameKind kind, uint32_t stage)
{
    frame_begin(writer, link_out(worker->query.controller), kind);
    frame_put_uint(writer, "query", worker->query.query);
    frame_put_uint(writer, "worker", worker->query.worker);
    frame_put_uint(writer, "stage", stage);
}

static bool report_statistics(void *state, uint32_t stage, const KeyStatistics *statistics, Fault *fault)
{
    (void)fault;
    FrameWriter writer;
    begin(state, &writer, FRAME_KEY_STATISTICS, stage);
    frame_put_uint(&writer, "rows", statistics->rows);
    frame_put_bool(&writer, "multiple_values", statistics->has_multiple_values);
    if (statistics->samples != NULL)
        frame_end_with_batch(&writer, statistics->samples);
    else
        frame_end(&writer);
    return true;
}

static void put_counters(FrameWriter *writer, const StageCounters *counters)
{
    frame_put_uint(writer, "input_rows", counters->input_rows);
    frame_put_uint(writer, "input_bytes", counters->input_bytes);
    frame_put_uint(writer, "input_frames", counters->input_frames);
    frame_put_uint(writer, "input_files", counters->input_files);
    frame_put_uint(writer, "total_files", counters->total_files);
    frame_put_uint(writer, "output_rows", counters->output_rows);
    frame_put_uint(writer, "output_bytes", counters->output_bytes);
    frame_put_uint(writer, "output_frames", counters->output_frames);
    frame_put_uint(writer, "parse_errors", counters->parse_errors);
    frame_put_uint(writer, "cpu_nanos", counters->cpu_nanos);
    frame_put_uint(writer, "wall_nanos", counters->wall_nanos);
    frame_put_uint(writer, "peak_memory", counters->peak_memory);
    frame_put_uint(writer, "blocks_read", counters->blocks_read);
    frame_put_uint(writer, "blocks_skipped", counters->blocks_skipped);
}

static void end_result(Worker *worker)
{
    FrameWriter writer;
    frame_begin(&writer, link_out(worker->front), FRAME_RESULT_END);
    frame_put_uint(&writer, "query", worker->query.request);
    frame_put_uint(&writer, "partition", worker->query.worker);
    frame_put_uint(&writer, "result", worker->query.result);
    frame_put_uint(&writer, "rows", worker->query.result_rows);
    frame_end(&writer);
}

static void report_stage_done(void *state, uint32_t stage, const StageCounters *counters)
{
    Worker *worker = state;
    const QueryDefinition *definition = worker->query.definition;
    if (stage + 1 == definition->stage_count && definition->stages[stage].root->kind == OPERATOR_WRITE_ROWS)
        end_result(worker);
    FrameWriter writer;
    begin(worker, &writer, FRAME_STAGE_DONE, stage);
    put_counters(&writer, counters);
    frame_end(&writer);
}

static void report_warning(void *state, uint32_t stage, const WarningReport *warning)
{
    Buffer messages = BUFFER_EMPTY;
    for (uint32_t i = 0; i < warning->kept; i++) {
        buffer_append(&messages, warning->messages[i].data, warning->messages[i].length);
        buffer_append_byte(&messages, '\n');
    }
    FrameWriter writer;
    begin(state, &writer, FRAME_WORKER_WARNING, stage);
    frame_put_text(&writer, "code", text_of(fault_info(warning->code)->name));
    frame_put_uint(&writer, "count", warning->count);
    frame_put_bytes(&writer, "messages", messages.data, messages.length);
    frame_put_bytes(&writer, "places", warning->places, warning->kept * sizeof *warning->places);
    frame_end(&writer);
    buffer_clear(&messages);
}

static bool report_segment(void *state, const SegmentWritten *segment, Fault *fault)
{
    (void)fault;
    FrameWriter writer;
    begin(state, &writer, FRAME_SEGMENT_WRITTEN, segment->stage);
    frame_put_uint(&writer, "partition", segment->partition);
    frame_put_text(&writer, "path", segment->path);
    frame_put_int(&writer, "bucket", segment->bucket);
    frame_put_int(&writer, "minimum_time", segment->minimum_time);
    frame_put_int(&writer, "maximum_time", segment->maximum_time);
    frame_put_bool(&writer, "multiple_values", segment->has_multiple_values);
    frame_put_uint(&writer, "rows", segment->summary->rows);
    frame_put_uint(&writer, "bytes", segment->summary->file_bytes);
    frame_put_bytes(&writer, "digest", segment->summary->digest, sizeof segment->summary->digest);
    frame_put_uint(&writer, "range_dimensions", segment->range_dimensions);
    if (segment->range_dimensions > 0)
        frame_end_with_batch(&writer, segment->first_key);
    else
        frame_end(&writer);
    return true;
}

RunReports worker_reports(Worker *worker)
{
    return (RunReports){.statistics = report_statistics,
                        .stage_done = report_stage_done,
                        .warning = report_warning,
                        .segment_written = report_segment,
                        .state = worker};
}

/* --- rows --- */

static bool sink_is_ready(void *state)
{
    return ((Worker *)state)->query.result_credit > 0;
}

static bool sink_write(void *state, const void *data, size_t length, uint32_t rows, Fault *fault)
{
    Worker *worker = state;
    FrameWriter writer;
    frame_begin(&writer, link_out(worker->front), FRAME_RESULT_ROWS);
    frame_put_uint(&writer, "query", worker->query.request);
    frame_put_uint(&writer, "partition", worker->query.worker);
    frame_put_uint(&writer, "result", worker->query.result);
    frame_put_uint(&writer, "rows", rows);
    frame_put_bytes(&writer, "data", data, length);
    frame_end(&writer);
    worker->query.result_credit -= (int64_t)length;
    worker->query.result_rows += rows;
    return link_flush(worker->front, fault);
}

ResultSink worker_result_sink(Worker *worker)
{
    return (ResultSink){.is_ready = sink_is_ready, .write = sink_write, .state = worker};
}

/* --- ends --- */

void worker_report_fault(Worker *worker, uint32_t stage, const Fault *fault)
{
    FrameWriter writer;
    begin(worker, &writer, FRAME_WORKER_FAULT, stage);
    frame_put_fault(&writer, "fault", fault);
    frame_end(&writer);
}

void worker_report_ended(Worker *worker, Link *controller, uint64_t query)
{
    (void)worker;
    FrameWriter writer;
    frame_begin(&writer, link_out(controller), FRAME_QUERY_ENDED);
    frame_put_uint(&writer, "query", query);
    frame_end(&writer);
}
