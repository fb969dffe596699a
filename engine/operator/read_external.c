/*
 * Read external: rows of files, URLs and inline data.
 *
 * Units are taken one at a time from the shared counter. Rows that cannot be parsed are reported
 * as warnings, the first ones in words; with maxParseExceptions = 0 the first one is the query's
 * fault, and when this worker alone exceeds the limit it stops at once (the controller adds up
 * all workers' counts and judges the sum).
 */
#include "engine/operator/operator_internal.h"

typedef struct ReadExternalOperator {
    Operator base;
    const StageInput *input;
    uint32_t *wanted; /* signature positions of the input's columns */
    bool has_filter;
    Conditions conditions;
    InputReader *reader;
    const InputUnit *unit; /* that it reads, NULL: it is at the end of one, or there is none */
    uint64_t reader_errors; /* of the unit at hand, reported so far */
    uint64_t reader_bytes;
    uint64_t errors;   /* of all units */
    uint32_t messages; /* sent so far */
    bool is_done;
    Arena *arena; /* of the batch */
} ReadExternalOperator;

/* --- parse errors --- */

static Text error_text(ReadExternalOperator *read, const InputErrors *errors, uint32_t i)
{
    Arena *arena = read->arena;
    const char *source = errors->messages[i].source;
    unsigned long long line = input_error_line(read->reader, i);
    return text_of(line == 0 ? arena_printf(arena, "%s (%s)", errors->messages[i].message, source)
                             : arena_printf(arena, "%s (%s, line %llu)",
                                            errors->messages[i].message, source, line));
}

static bool too_many_errors(ReadExternalOperator *read, const InputErrors *errors, Fault *fault)
{
    int64_t allowed = setting_parse_exceptions(read->base.context->types->settings);
    if (allowed < 0 || read->errors <= (uint64_t)allowed)
        return false;
    if (allowed == 0) {
        Text first = errors->kept == 0 ? TEXT_LITERAL("a row could not be parsed")
                                       : error_text(read, errors, 0);
        fault_set(fault, FAULT_CANNOT_PARSE_EXTERNAL_DATA, "%.*s", TEXT_ARGS(first));
        return true;
    }
    fault_set(fault, FAULT_TOO_MANY_WARNINGS,
              "too many warnings of type CannotParseExternalData (at most %lld)",
              (long long)allowed);
    fault_field_int(fault, "maxWarnings", allowed);
    fault_field_text(fault, "rootErrorCode", "CannotParseExternalData");
    return true;
}

/* Reports what is new since the last time; false when it is too much. */
static bool report_errors(ReadExternalOperator *read, Fault *fault)
{
    OperatorContext *context = read->base.context;
    const InputErrors *errors = input_errors(read->reader);
    uint64_t fresh = errors->count - read->reader_errors;
    if (fresh == 0)
        return true;
    read->errors += fresh;
    context->counters->parse_errors += fresh;
    if (too_many_errors(read, errors, fault))
        return false;
    Text messages[INPUT_ERRORS_KEPT];
    WarningPlace places[INPUT_ERRORS_KEPT];
    uint32_t count = 0;
    uint64_t unit = read->unit->shares != 0 ? read->unit->first_share
                                            : (uint64_t)(read->unit - read->input->units);
    for (uint64_t i = read->reader_errors; i < errors->kept && read->messages < INPUT_ERRORS_KEPT;
         i++) {
        places[count] = (WarningPlace){.input = (uint64_t)(read->input - context->stage->inputs),
                                       .unit = unit,
                                       .line = errors->messages[i].line};
        messages[count++] = error_text(read, errors, (uint32_t)i);
        read->messages++;
    }
    read->reader_errors = errors->count;
    WarningReport report = {.code = FAULT_CANNOT_PARSE_EXTERNAL_DATA,
                            .count = fresh,
                            .kept = count,
                            .messages = messages,
                            .places = places};
    if (context->reports != NULL)
        context->reports->warning(context->reports->state, &report);
    return true;
}

/* --- units --- */

/* Files are counted, not the parts or shares of one. */
static bool is_file_start(const InputUnit *unit)
{
    return unit->start == 0 && unit->share == 0;
}

static bool open_next_unit(ReadExternalOperator *read, Fault *fault)
{
    OperatorContext *context = read->base.context;
    uint32_t unit = atomic_fetch_add(&context->tickets[read->input->ticket], 1);
    if (unit >= read->input->unit_count) {
        atomic_fetch_sub(&context->tickets[read->input->ticket], 1);
        read->is_done = true;
        return true;
    }
    InputOptions options = {
        .external = read->input,
        .unit = unit,
        .column_count = read->input->column_count,
        .columns = read->wanted,
        .context = context->types,
        .budget = context->budget,
        .tickets = context->tickets,
        .ticket_count = context->ticket_count,
    };
    read->reader = read->reader == NULL ? input_open(&options, fault)
                                        : input_continue(read->reader, unit, fault);
    read->unit = &read->input->units[unit];
    read->reader_errors = read->reader_bytes = 0;
    return read->reader != NULL;
}

static void count_bytes(ReadExternalOperator *read)
{
    uint64_t bytes = input_bytes_read(read->reader);
    read->base.context->counters->input_bytes += bytes - read->reader_bytes;
    read->reader_bytes = bytes;
}

/* The next batch of the unit at hand; *batch NULL at its end. */
static bool read_batch(ReadExternalOperator *read, Batch **batch, Fault *fault)
{
    arena_reset(read->arena);
    if (!input_next(read->reader, batch, fault))
        return false;
    count_bytes(read);
    if (!report_errors(read, fault))
        return false;
    if (*batch == NULL) {
        read->base.context->counters->input_files += is_file_start(read->unit);
        read->unit = NULL;
    }
    return true;
}

static Progress read_external_next(Operator *self, Batch **batch, Fault *fault)
{
    ReadExternalOperator *read = (ReadExternalOperator *)self;
    while (!read->is_done) {
        if (operator_must_yield(self->context))
            return PROGRESS_YIELDED;
        if (read->unit == NULL) {
            if (!open_next_unit(read, fault))
                return PROGRESS_FAILED;
            continue;
        }
        Batch *input;
        if (!read_batch(read, &input, fault))
            return PROGRESS_FAILED;
        if (input == NULL)
            continue;
        self->context->counters->input_rows += input->rows;
        if (read->has_filter && !conditions_apply(&read->conditions, read->arena, &input, fault))
            return PROGRESS_FAILED;
        if (input->rows == 0)
            continue;
        *batch = batch_make(read->arena, self->spec->column_count, input->rows);
        for (uint32_t i = 0; i < self->spec->column_count; i++)
            (*batch)->columns[i] = input->columns[operator_kept(self->spec, i)];
        return PROGRESS_BATCH;
    }
    return PROGRESS_DONE;
}

static void read_external_close(Operator *self)
{
    ReadExternalOperator *read = (ReadExternalOperator *)self;
    input_close(read->reader);
    arena_free(read->arena);
}

static const OperatorClass read_external_class = {
    .name = "read external", .next = read_external_next, .close = read_external_close};

/* The input's columns are named; the signature says where they are. */
static bool find_wanted(ReadExternalOperator *read, Fault *fault)
{
    const StageInput *input = read->input;
    read->wanted = ARENA_ARRAY(read->base.context->arena, uint32_t, input->column_count);
    for (uint32_t c = 0; c < input->column_count; c++) {
        uint32_t at = 0;
        while (at < input->signature_count &&
               !text_equal(input->signature_names[at], input->names[c]))
            at++;
        if (at == input->signature_count)
            return fault_set(fault, FAULT_UNDEFINED_COLUMN,
                             "column \"%.*s\" is not in the signature", TEXT_ARGS(input->names[c]));
        read->wanted[c] = at;
    }
    return true;
}

Operator *read_external_make(const OperatorSpec *spec, OperatorContext *context,
                             Operator **children, Fault *fault)
{
    const StageInput *input = &context->stage->inputs[spec->input.index];
    if (input->ticket >= context->ticket_count) {
        fault_set(fault, FAULT_INTERNAL_ERROR, "a stage's input has ticket %u of %u", input->ticket,
                  context->ticket_count);
        return NULL;
    }
    ReadExternalOperator *read =
        operator_new(sizeof *read, &read_external_class, spec, context, children);
    read->input = input;
    read->has_filter = spec->input.filter != NULL;
    if (!find_wanted(read, fault) ||
        (read->has_filter &&
         !conditions_make(context, spec->input.filter, &read->conditions, fault)))
        return NULL;
    for (uint32_t i = 0; i < input->unit_count; i++)
        context->counters->total_files += is_file_start(&input->units[i]);
    read->arena = arena_new("read external");
    return &read->base;
}
