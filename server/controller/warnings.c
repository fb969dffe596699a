/*
 * Warnings of a query: rows of external data that could not be parsed. They are kept until the
 * query has succeeded and then told in the order of the data, so that what a client sees does not
 * depend on which worker was first; behind the rows, before the command's tag.
 *
 * A worker reports its first INPUT_ERRORS_KEPT bad rows of an input, and goes through the input's
 * units in ascending order: the first so many of all are among them.
 */
#include "server/controller/controller_internal.h"

#include "engine/input/input.h"

#include <inttypes.h>
#include <stdlib.h>

enum { WARNINGS_KEPT = 10000 };

struct KeptWarning {
    FaultCode code;
    uint64_t stage, input, unit, line;
    Text message;
};

static void keep(Execution *execution, KeptWarning warning)
{
    Arena *arena = execution->request->arena;
    if (execution->warning_count == WARNINGS_KEPT)
        return;
    if (execution->warning_count == execution->warning_capacity) {
        uint32_t capacity = execution->warning_capacity == 0 ? 16 : execution->warning_capacity * 2;
        KeptWarning *warnings = ARENA_ARRAY(arena, KeptWarning, capacity);
        if (execution->warning_count != 0)
            memcpy(warnings, execution->warnings, execution->warning_count * sizeof *warnings);
        execution->warnings = warnings;
        execution->warning_capacity = capacity;
    }
    warning.message = arena_text(arena, warning.message);
    execution->warnings[execution->warning_count++] = warning;
}

void warnings_take(Execution *execution, FaultCode code, const Frame *frame)
{
    Text messages = frame_text(frame, "messages"), places = frame_text(frame, "places");
    const char *at = messages.data, *end = messages.data + messages.length;
    uint64_t place[3];
    execution->warned_rows += frame_uint(frame, "count", 0);
    for (size_t i = 0; at < end && (i + 1) * sizeof place <= places.length; i++) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        if (line_end == NULL)
            line_end = end;
        memcpy(place, places.data + i * sizeof place, sizeof place);
        keep(execution, (KeptWarning){.code = code,
                                      .stage = frame_uint(frame, "stage", 0),
                                      .input = place[0],
                                      .unit = place[1],
                                      .line = place[2],
                                      .message = {at, (uint32_t)(line_end - at)}});
        at = line_end + 1;
    }
}

static int compare_numbers(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int by_place(const void *a, const void *b)
{
    const KeptWarning *left = a, *right = b;
    int order = compare_numbers(left->stage, right->stage);
    order = order != 0 ? order : compare_numbers(left->input, right->input);
    order = order != 0 ? order : compare_numbers(left->unit, right->unit);
    return order != 0 ? order : compare_numbers(left->line, right->line);
}

static void append(const Execution *execution, FaultCode code, const char *message, Buffer *wire)
{
    Fault warning;
    fault_set(&warning, code, "%s", message);
    append_notice(execution->request, PGWIRE_SEVERITY_WARNING, &warning, wire);
}

void warnings_append(Execution *execution, Buffer *wire)
{
    Arena *arena = execution->request->arena;
    uint32_t count = execution->warning_count;
    if (count == 0)
        return;
    qsort(execution->warnings, count, sizeof *execution->warnings, by_place);
    uint32_t shown = count < INPUT_ERRORS_KEPT ? count : INPUT_ERRORS_KEPT;
    for (uint32_t i = 0; i < shown; i++) {
        const KeptWarning *warning = &execution->warnings[i];
        append(execution, warning->code,
               arena_strndup(arena, warning->message.data, warning->message.length), wire);
    }
    uint64_t more = execution->warned_rows - shown;
    if (more != 0)
        append(execution, execution->warnings[0].code,
               arena_printf(arena, "%" PRIu64 " more %s could not be parsed", more,
                            more == 1 ? "row" : "rows"),
               wire);
}
