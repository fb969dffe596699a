/*
 * Statements with a plan: bind, optimise, decide who runs it, cut, run, answer.
 */
#include "server/controller/controller_internal.h"

#include "base/log/log.h"
#include "base/memory/checked.h"
#include "base/os/os.h"
#include "engine/input/input.h"
#include "engine/stage/kernel.h"

enum { MAX_PARAMETERS = 65535 };

/* The highest $n in the text, or more: what looks like one in a literal counts too. */
static uint32_t highest_parameter(Text text)
{
    uint32_t highest = 0;
    for (uint32_t i = 0; i + 1 < text.length; i++) {
        uint32_t number = 0;
        if (text.data[i] != '$')
            continue;
        for (uint32_t k = i + 1; k < text.length && text.data[k] >= '0' && text.data[k] <= '9' && number < MAX_PARAMETERS; k++)
            number = number * 10 + (uint32_t)(text.data[k] - '0');
        highest = number > highest ? number : highest;
    }
    return highest < MAX_PARAMETERS ? highest : MAX_PARAMETERS;
}

/* --- parameters --- */

BindContext query_context(Request *request, Text text)
{
    uint32_t declared = request->declared_types.length / 4, named = highest_parameter(text);
    uint32_t capacity = declared > named ? declared : named;
    return (BindContext){
        .types = &request->types,
        .tables = request->snapshot,
        .parameter_types = arena_zalloc(request->arena, (capacity + 1) * sizeof(SqlType)),
        .parameter_capacity = capacity,
        .role = arena_strndup(request->arena, request->role.data, request->role.length),
        .session_role = arena_strndup(request->arena, request->session_role.data,
                                      request->session_role.length),
        .user = request->user,
        .database = arena_strndup(request->arena, request->database.data, request->database.length),
        .process_id = request->process_id};
}

void query_declare_types(Request *request, BindContext *context)
{
    uint32_t count = request->declared_types.length / 4;
    for (uint32_t i = 0; i < count && i < context->parameter_capacity; i++)
        context->parameter_types[i] = SQL_TYPE(read_u32(request->declared_types.data + 4 * i));
    context->parameter_count = count;
}

static bool read_parameter(Request *request, SqlType type, int format, Text bytes, bool is_null,
                           Vector *value, Fault *fault)
{
    VectorBuilder builder;
    vector_builder_init(&builder, request->arena, type_layout(type), 1);
    if (is_null)
        vector_builder_null(&builder);
    else if (!(format == 1 ? type_parse_binary(type, &request->types, bytes, &builder, fault)
                           : type_parse_text(type, &request->types, bytes, &builder, fault)))
        return false;
    *value = vector_builder_finish(&builder);
    value->form = VECTOR_CONSTANT;
    return true;
}

/* The client has been told the types of its parameters when it prepared the statement. */
static void take_told_types(const Request *request, BindContext *probe)
{
    probe->parameter_count = request->told_types.length / 4;
    for (uint32_t i = 0; i < probe->parameter_count; i++)
        probe->parameter_types[i] = SQL_TYPE(read_u32(request->told_types.data + 4 * i));
}

/* The types that the statement's places give to parameters. */
static bool infer_types(Request *request, const ParsedStatement *statement,
                        const QueryArguments *arguments, BindContext *probe, Fault *fault)
{
    BoundQuery ignored;
    if (arguments != NULL)
        return sql_bind_arguments(request->arena, statement, probe, arguments->types,
                                  arguments->count, NULL, fault);
    return sql_bind(request->arena, statement, probe, &ignored, fault);
}

/* The Bind message's values, read as the types that preparing the statement finds. */
static bool read_parameters(Request *request, const ParsedStatement *statement,
                            const QueryArguments *arguments, BindContext *context, Fault *fault)
{
    PgwireParameters walk;
    if (request->parameters.length == 0)
        return true;
    if (!pgwire_parameters_open(request->parameters, &walk, fault))
        return false;
    if (walk.count == 0)
        return true;
    BindContext probe = query_context(request, request->text);
    query_declare_types(request, &probe);
    uint32_t told = request->told_types.length / 4;
    if (told == walk.count && told <= probe.parameter_capacity)
        take_told_types(request, &probe);
    else if (!infer_types(request, statement, arguments, &probe, fault))
        return false;
    const Vector **values = ARENA_ARRAY(request->arena, const Vector *, walk.count);
    for (uint32_t i = 0; i < walk.count; i++) {
        Text bytes;
        bool is_null;
        if (!pgwire_parameters_next(&walk, &bytes, &is_null))
            return fault_set(fault, FAULT_PROTOCOL_VIOLATION, "bind message is too short");
        SqlType type = i < probe.parameter_count ? probe.parameter_types[i] : SQL_TYPE(T_TEXT);
        if (type.oid == T_NONE || type.oid == T_UNKNOWN)
            type = SQL_TYPE(T_TEXT);
        Vector *value = ARENA_NEW(request->arena, Vector);
        int format = pgwire_parameter_format(&walk, (uint16_t)i);
        if (!is_null)
            type = sql_value_type(type, format, bytes);
        if (!read_parameter(request, type, format, bytes, is_null, value, fault))
            return false;
        values[i] = value;
        if (i < context->parameter_capacity)
            context->parameter_types[i] = type;
    }
    context->parameter_count = walk.count < context->parameter_capacity ? walk.count : context->parameter_capacity;
    context->parameter_values = values;
    return true;
}

bool query_read_arguments(Request *request, const ParsedStatement *statement,
                          QueryArguments *arguments, Fault *fault)
{
    const Vector **values;
    BindContext context = query_context(request, request->text);
    query_declare_types(request, &context);
    if (request->kind == REQUEST_EXECUTE &&
        !read_parameters(request, statement, arguments, &context, fault))
        return false;
    if (!sql_bind_arguments(request->arena, statement, &context, arguments->types, arguments->count,
                            &values, fault))
        return false;
    arguments->values = values;
    return true;
}

/* What the query is given: by EXECUTE, or by Bind. */
static bool take_parameters(Request *request, const ParsedStatement *statement,
                            BindContext *context, Fault *fault)
{
    const QueryArguments *arguments = request->arguments;
    if (arguments != NULL) {
        for (uint32_t i = 0; i < arguments->count && i < context->parameter_capacity; i++)
            context->parameter_types[i] = arguments->types[i];
        context->parameter_count = arguments->count < context->parameter_capacity
                                       ? arguments->count
                                       : context->parameter_capacity;
        context->parameter_values = arguments->values;
        return true;
    }
    if (request->kind == REQUEST_SIMPLE) {
        context->parameter_capacity = 0; /* nobody gives any */
        return true;
    }
    query_declare_types(request, context);
    return request->kind != REQUEST_EXECUTE ||
           read_parameters(request, statement, NULL, context, fault);
}

/* --- RowDescription --- */

static void describe_query(Request *request, const BoundQuery *query, Buffer *wire)
{
    PgwireColumn *columns = ARENA_ARRAY(request->arena, PgwireColumn, query->output_count);
    for (uint32_t i = 0; i < query->output_count; i++) {
        SqlType type = query->outputs[i].type;
        const TypeInfo *info = type_info(type.oid);
        columns[i] = (PgwireColumn){
            .name = text_of(query->outputs[i].name),
            .table_oid = query->output_table_oids != NULL ? query->output_table_oids[i] : 0,
            .attribute_number = query->output_attnums != NULL ? query->output_attnums[i] : 0,
            .type_oid = type.oid,
            .type_length = info->wire_length,
            .type_modifier = type_wire_modifier(type),
            .format = (int16_t)pgwire_result_format(request->result_formats, (uint16_t)i)};
    }
    pgwire_row_description(wire, columns, (uint16_t)query->output_count);
}

static const char *const explain_columns[] = {"QUERY PLAN"};
static const char *const explain_plan_columns[EXPLAIN_COLUMNS] = {"PLAN", "RESOURCES", "ATTRIBUTES"};

static void describe_explain(const ParsedStatement *statement, Buffer *wire)
{
    if (statement->explain_plan_for)
        describe_text_columns(explain_plan_columns, EXPLAIN_COLUMNS, wire);
    else
        describe_text_columns(explain_columns, 1, wire);
}

bool query_shape(Request *request, const ParsedStatement *statement, QueryShape *shape, Fault *fault)
{
    BoundQuery query;
    BindContext context = query_context(request, request->text);
    query_declare_types(request, &context);
    if (!sql_bind(request->arena, statement, &context, &query, fault))
        return false;
    for (uint32_t i = 0; i < context.parameter_count; i++)
        if (context.parameter_types[i].oid == T_NONE || context.parameter_types[i].oid == T_UNKNOWN)
            context.parameter_types[i] = SQL_TYPE(T_TEXT);
    shape->parameter_count = context.parameter_count;
    shape->parameter_types = context.parameter_types;
    if (statement->kind == STATEMENT_EXPLAIN)
        describe_explain(statement, &shape->row_description);
    else if (query.change != NULL && query.change->returning != NULL)
        describe_query(request, query.change->returning, &shape->row_description);
    else if (query.ingest != NULL)
        pgwire_no_data(&shape->row_description);
    else
        describe_query(request, &query, &shape->row_description);
    return true;
}

void query_describe_explain(Request *request, const ParsedStatement *statement)
{
    Buffer description = BUFFER_EMPTY;
    describe_explain(statement, &description);
    respond_prepared(request, NULL, 0, &description);
    buffer_clear(&description);
}

/* The answer to Parse, kept. */
typedef struct KeptShape {
    uint32_t parameter_count;
    const SqlType *parameter_types;
    Text row_description;
} KeptShape;

static Text keep_bytes(Arena *arena, const Buffer *bytes)
{
    return arena_text(arena, (Text){.data = (const char *)bytes->data,
                                    .length = (uint32_t)bytes->length});
}

/* In the draft's arena, which has taken the request's place. */
static void keep_shape(Request *request, const QueryShape *shape)
{
    KeptShape *kept = ARENA_NEW(request->arena, KeptShape);
    *kept = (KeptShape){.parameter_count = shape->parameter_count,
                        .parameter_types = shape->parameter_types,
                        .row_description = keep_bytes(request->arena, &shape->row_description)};
    plan_draft_settle(request, kept);
}

bool query_prepare(Request *request, const ParsedStatement *statement, Fault *fault)
{
    QueryShape shape = {0};
    plan_draft_enter(request);
    bool ok = query_shape(request, statement, &shape, fault);
    if (ok && plan_draft_is_open(request))
        keep_shape(request, &shape);
    plan_draft_leave(request);
    if (ok)
        respond_prepared(request, shape.parameter_types, shape.parameter_count,
                         &shape.row_description);
    buffer_clear(&shape.row_description);
    return ok;
}

void query_prepare_kept(Request *request, const void *kept)
{
    const KeptShape *shape = kept;
    Buffer description = BUFFER_EMPTY;
    buffer_append(&description, shape->row_description.data, shape->row_description.length);
    respond_prepared(request, shape->parameter_types, shape->parameter_count, &description);
    buffer_clear(&description);
}

/* --- running --- */

static uint32_t worker_capacity(const Request *request)
{
    int64_t capacity = request->controller->child->settings->worker_capacity;
    return (uint32_t)(capacity > 0 ? capacity : os_core_count()); /* as the supervisor counts */
}

static bool expand_units(void *state, Text source_json, Text format_json, uint32_t workers,
                         Arena *arena, const InputUnit **units, uint32_t *count, Fault *fault)
{
    Request *request = state;
    const Settings *settings = &request->settings;
    uint32_t limit = INPUT_MAX_UNITS * worker_capacity(request);
    return input_expand_units(arena, source_json, settings, limit, units, count, fault) &&
           input_split_units(arena, source_json, format_json, settings, workers, units, count,
                             fault);
}

static bool sample_rows(void *state, const StageInput *input, const Expr *filter, double *share,
                        Fault *fault)
{
    const Request *request = state;
    return scan_sample(request->controller->segments, input, filter, &request->types, share, fault);
}

static bool divide_rows(void *state, const StageInput *input, uint32_t column, uint32_t workers,
                        Arena *arena, const RowDivision **division, double *entries, Fault *fault)
{
    const Request *request = state;
    return scan_divide(request->controller->segments, input, column, workers, arena, division,
                       entries, fault);
}

static CutContext cut_context(Request *request, PlanContext *plan, const BoundQuery *query,
                              uint32_t workers)
{
    int16_t *formats = ARENA_ARRAY(request->arena, int16_t, query->output_count + 1);
    for (uint32_t i = 0; i < query->output_count; i++)
        formats[i] = (int16_t)pgwire_result_format(request->result_formats, (uint16_t)i);
    bool is_copy = request->copy_out != NULL;
    for (uint32_t i = 0; is_copy && i < query->output_count; i++)
        formats[i] = request->copy_out->statement->spec.format == COPY_BINARY;
    return (CutContext){.plan = plan,
                        .query = request_next_execution(request),
                        .worker_count = workers,
                        .result_formats = formats,
                        .copy = request->copy_out != NULL ? &request->copy_out->statement->spec : NULL,
                        .staging_folder = text_of(request->controller->staging_folder),
                        .produce = produce_relation,
                        .expand = expand_units,
                        .sample = sample_rows,
                        .divide = divide_rows,
                        .state = request};
}

uint64_t request_next_execution(Request *request)
{
    enum { MOST_STATEMENTS = 1024 }; /* of one text, before numbers could meet those of the next request */
    return request->query * MOST_STATEMENTS + request->executions++ % MOST_STATEMENTS;
}

/* Workers that the query may use: what the session allows of what there is, one for few rows, and, with
 * taskAssignment = auto, no more than the bytes of its tables ask for. The sizes of external
 * inputs are not known yet: they get all. */
static uint32_t wanted_workers(const Request *request, const PlanDemand *demand)
{
    enum { ASSIGNMENT_AUTO = 1, FEW = 4 };
    int64_t most = worker_capacity(request);
    const Settings *settings = &request->settings;
    if (settings->talaria_num_tasks > 0 && settings->talaria_num_tasks < most)
        most = settings->talaria_num_tasks;
    if (settings->max_num_tasks > 1 && settings->max_num_tasks - 1 < most)
        most = settings->max_num_tasks - 1; /* it counts the controller */
    /* A worker that is alone has done before two have met. */
    if (demand->external_inputs == 0 && !demand->is_ingest && demand->joins == 0 &&
        demand->rows_in_time <= FEW * (uint64_t)settings->local_rows)
        most = 1;
    if (settings->task_assignment == ASSIGNMENT_AUTO && demand->external_inputs == 0) {
        int64_t asked = (int64_t)(demand->table_bytes / (uint64_t)settings->max_input_bytes_per_worker) + 1;
        most = asked < most ? asked : most;
    }
    return most < 1 ? 1 : (uint32_t)most;
}

/* Short by what it reads: it may have the workers that are kept for such queries. A join may do
 * far more than read its inputs. */
static bool is_short(const PlanDemand *demand)
{
    enum { SHORT_ROWS = 2000000, SHORT_JOIN_ROWS = 100000 };
    uint64_t most = demand->joins > 0 ? SHORT_JOIN_ROWS : SHORT_ROWS;
    return !demand->is_ingest && demand->external_inputs == 0 && demand->table_rows <= most;
}

static bool runs_here(const Request *request, const PlanDemand *demand)
{
    return demand->external_inputs == 0 &&
           (demand->asks_catalog ||
            demand->rows_in_time <= (uint64_t)request->settings.local_rows);
}

static bool narrow_input(void *state, StageInput *input, const Expr *filter, Arena *arena,
                         uint64_t *rows, Fault *fault)
{
    Request *request = state;
    return scan_narrow(request->controller->segments, input, filter, &request->types,
                       (uint64_t)request->settings.local_rows, arena, rows, fault);
}

/* A few rows that indexes find, of tables that are too large to be read here: when that is what
 * they say, cut to run here. *definition NULL: it is not. */
static bool cut_lookup(Request *request, PlanContext *plan, const BoundQuery *query,
                       const PlanDemand *demand, const QueryDefinition **definition, Fault *fault)
{
    uint64_t limit = (uint64_t)request->settings.local_rows;
    *definition = NULL;
    if (demand->rows_looked_up > limit || demand->is_ingest || demand->external_inputs > 0 ||
        demand->virtual_rows > 0)
        return true;
    CutContext cut = cut_context(request, plan, query, 1);
    cut.narrow = narrow_input;
    const QueryDefinition *made;
    if (!plan_cut(&cut, query, &made, fault))
        return false;
    *definition = cut.narrowed_rows <= limit ? made : NULL;
    return true;
}

/* Druid's form: one row. With useNativeQueryExplain off the plan is the text. */
static void respond_explain_columns(Request *request, const QueryDefinition *definition,
                                    const BoundQuery *query)
{
    Buffer cells[EXPLAIN_COLUMNS] = {BUFFER_EMPTY, BUFFER_EMPTY, BUFFER_EMPTY};
    plan_explain_columns(definition, query, cells);
    if (!request->settings.use_native_query_explain) {
        buffer_clear(&cells[0]);
        cells[0] = BUFFER_EMPTY;
        plan_explain(definition, query, false, &cells[0]);
    }
    Text row[EXPLAIN_COLUMNS];
    SmallResult result = {.column_count = EXPLAIN_COLUMNS};
    for (uint32_t i = 0; i < EXPLAIN_COLUMNS; i++)
        row[i] = text_of(buffer_string(&cells[i]));
    small_result_row(&result, row);
    respond_small_result(request, explain_plan_columns, &result, "EXPLAIN");
    for (uint32_t i = 0; i < EXPLAIN_COLUMNS; i++)
        buffer_clear(&cells[i]);
}

static bool explain(Request *request, const ParsedStatement *statement, PlanContext *plan,
                    BoundQuery *query, Fault *fault)
{
    PlanDemand demand = plan_demand(plan, query);
    bool is_local = runs_here(request, &demand);
    CutContext cut =
        cut_context(request, plan, query, is_local ? 1 : wanted_workers(request, &demand));
    cut.for_explain = true;
    const QueryDefinition *definition = NULL;
    if (!is_local && !cut_lookup(request, plan, query, &demand, &definition, fault))
        return false;
    is_local = is_local || definition != NULL;
    if (definition == NULL && !plan_cut(&cut, query, &definition, fault))
        return false;
    if (statement->explain_plan_for) {
        respond_explain_columns(request, definition, query);
        return true;
    }
    Buffer text = BUFFER_EMPTY;
    plan_explain(definition, query, statement->explain_json, &text);
    if (!statement->explain_json) {
        buffer_append_string(&text, is_local ? "Runs in the controller\n" : "");
        buffer_append_string(&text, "Rules applied:");
        for (uint32_t i = 0; i < plan->applied_count; i++)
            buffer_printf(&text, " %.*s", TEXT_ARGS(plan->applied[i]));
        buffer_append_string(&text, plan->applied_count == 0 ? " none\n" : "\n");
    }
    SmallResult result = {.column_count = 1};
    const char *at = buffer_string(&text);
    if (statement->explain_json) {
        Text cell = text_of(at);
        small_result_row(&result, &cell);
    }
    while (!statement->explain_json && *at != '\0') {
        const char *end = strchr(at, '\n');
        Text line = {.data = at, .length = (uint32_t)(end - at)};
        small_result_row(&result, &line);
        at = end + 1;
    }
    respond_small_result(request, explain_columns, &result, "EXPLAIN");
    buffer_clear(&text);
    return true;
}

/* Only who reads external data may have something to say behind the rows. */
static bool may_warn(const QueryDefinition *definition)
{
    for (uint32_t s = 0; s < definition->stage_count; s++)
        for (uint32_t i = 0; i < definition->stages[s].input_count; i++)
            if (definition->stages[s].inputs[i].kind == INPUT_EXTERNAL)
                return true;
    return false;
}

/* Before a result's tag; an ingestion's has no rows in front. */
static void give_warnings(Execution *execution)
{
    Request *request = execution->request;
    if (!may_warn(execution->definition))
        return;
    Buffer wire = BUFFER_EMPTY;
    warnings_append(execution, &wire);
    if (execution->query->ingest != NULL)
        respond_wire(request, &wire);
    else
        respond_result_closed(request, &wire);
    buffer_clear(&wire);
}

static void describe_result(Request *request, const BoundQuery *query, const QueryDefinition *definition,
                            const char *tag)
{
    if (query->ingest != NULL)
        return;
    if (request->copy_out != NULL) {
        request->copy_out->announce(request, request->copy_out->statement, query);
    } else if (request->kind == REQUEST_SIMPLE) {
        Buffer wire = BUFFER_EMPTY;
        describe_query(request, query, &wire);
        respond_wire(request, &wire);
        buffer_clear(&wire);
    }
    respond_result(request, definition->result_partitions, definition->result_is_ordered,
                   may_warn(definition), tag);
}

static bool execute(Execution *execution, bool is_local, Fault *fault)
{
    Request *request = execution->request;
    const Settings *settings = &request->settings;
    int64_t max_warnings = setting_parse_exceptions(settings);
    execution->kernel = kernel_new(request->arena, execution->definition,
                                   execution->query->ingest != NULL, max_warnings);
    execution->fault = fault;
    return is_local ? execute_local(execution, fault) : execute_distributed(execution, fault);
}

static void complete_ingest(Request *request, const ParsedStatement *statement,
                            const Execution *execution)
{
    const IngestTarget *target = execution->query->ingest;
    if (target->is_refresh)
        respond_complete(request, statement->tag);
    else if (target->without_rows)
        respond_complete(request, target->materialized != NULL ? "CREATE MATERIALIZED VIEW"
                                                               : "CREATE TABLE AS");
    else
        respond_complete(request, arena_printf(request->arena, "%s %llu", statement->tag,
                                               (unsigned long long)execution->staged_rows));
}

static bool check_task_count(const Settings *settings, Fault *fault)
{
    if (settings->max_num_tasks != 1)
        return true;
    return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                     "maxNumTasks must be at least 2: it counts the controller");
}

/* CREATE TABLE (MATERIALIZED VIEW) IF NOT EXISTS ... AS of what is there. */
static void skip_create(Request *request, const IngestTarget *target)
{
    Fault notice;
    const char *slash = strchr(target->table, '/');
    fault_set(&notice, FAULT_DUPLICATE_TABLE, "relation \"%s\" already exists, skipping",
              slash != NULL ? slash + 1 : target->table);
    respond_notice(request, PGWIRE_SEVERITY_NOTICE, &notice);
    respond_complete(request, target->materialized != NULL ? "CREATE MATERIALIZED VIEW"
                                                           : "CREATE TABLE AS");
}

/* A plan that ran here, kept. */
typedef struct KeptPlan {
    const QueryDefinition *definition; /* with the number of its first execution */
    const BoundQuery *query;
    const char *tag;
    Text row_description; /* of a simple query */
} KeptPlan;

/* Whether it holds beyond this statement; that its values do is the plan cache's to know. */
static bool is_lasting(const Request *request, const PlanDemand *demand, const BindContext *context)
{
    return demand->virtual_rows == 0 && demand->external_inputs == 0 && !demand->is_ingest &&
           !demand->asks_catalog && context->change_count == 0 && request->copy_out == NULL &&
           request->arguments == NULL;
}

/* In the draft's arena, which has taken the request's place. */
static void keep_plan(Request *request, const ParsedStatement *statement, const BoundQuery *query,
                      const QueryDefinition *definition)
{
    KeptPlan *kept = ARENA_NEW(request->arena, KeptPlan);
    BoundQuery *copy = ARENA_NEW(request->arena, BoundQuery);
    *copy = *query;
    *kept = (KeptPlan){.definition = definition, .query = copy, .tag = statement->tag};
    if (request->kind == REQUEST_SIMPLE) {
        Buffer wire = BUFFER_EMPTY;
        describe_query(request, query, &wire);
        kept->row_description = keep_bytes(request->arena, &wire);
        buffer_clear(&wire);
    }
    plan_draft_settle(request, kept);
}

bool query_run_kept(Request *request, const void *kept, Fault *fault)
{
    const KeptPlan *plan = kept;
    QueryDefinition definition = *plan->definition;
    Execution execution = {.request = request, .query = plan->query, .definition = &definition};
    definition.query = request_next_execution(request);
    if (plan->row_description.length > 0)
        respond_wire_bytes(request, plan->row_description);
    respond_result(request, definition.result_partitions, definition.result_is_ordered, false,
                   plan->tag);
    return execute(&execution, true, fault);
}

static bool run_bound(Request *request, const ParsedStatement *statement, PlanContext *plan,
                      BoundQuery *query, const BindContext *context, Fault *fault)
{
    PlanDemand demand = plan_demand(plan, query);
    bool is_local = runs_here(request, &demand);
    uint32_t workers = 1;
    Execution execution = {.request = request, .query = query};
    if (query->ingest != NULL)
        execution.lock = request->lock; /* taken before the statement was bound */
    request->lock = 0;
    bool ok = check_task_count(&request->settings, fault);
    if (ok && !is_local) {
        ok = cut_lookup(request, plan, query, &demand, &execution.definition, fault);
        is_local = execution.definition != NULL;
    }
    ok = ok && (is_local || slots_acquire(request, wanted_workers(request, &demand),
                                           is_short(&demand), &workers, fault));
    bool has_slots = ok && !is_local;
    CutContext cut = cut_context(request, plan, query, workers);
    if (ok && execution.definition == NULL)
        ok = plan_cut(&cut, query, &execution.definition, fault);
    if (ok && plan_draft_is_open(request)) {
        if (is_local && is_lasting(request, &demand, context))
            keep_plan(request, statement, query, execution.definition);
        else
            plan_draft_settle(request, NULL);
    }
    plan_draft_leave(request);
    if (ok) {
        describe_result(request, query, execution.definition, statement->tag);
        ok = execute(&execution, is_local, fault);
        has_slots = false; /* given back, clean or not, by who used them */
    }
    if (has_slots)
        slots_release(request, true);
    if (ok)
        give_warnings(&execution);
    if (query->ingest != NULL) {
        if (!ok) {
            ingest_abandon(&execution);
            return false;
        }
        complete_ingest(request, statement, &execution);
        if (query->ingest->mode == INGEST_INSERT && !query->ingest->is_create)
            change_merge_small(request, statement, query->ingest);
    }
    return ok;
}

bool query_run_step(Request *request, BoundQuery *query, Execution *execution, Fault *fault)
{
    PlanContext plan = {.arena = request->arena,
                        .types = &request->types,
                        .settings = &request->settings,
                        .next_column = query->next_column};
    if (!plan_optimize(&plan, query, fault))
        return false;
    PlanDemand demand = plan_demand(&plan, query);
    bool is_local = runs_here(request, &demand);
    uint32_t workers = 1;
    if (!check_task_count(&request->settings, fault) ||
        (!is_local && !slots_acquire(request, wanted_workers(request, &demand), is_short(&demand),
                                     &workers, fault)))
        return false;
    CutContext cut = cut_context(request, &plan, query, workers);
    if (plan_cut(&cut, query, &execution->definition, fault)) {
        bool ok = execute(execution, is_local, fault); /* gives the slots back */
        if (ok)
            give_warnings(execution);
        return ok;
    }
    if (!is_local)
        slots_release(request, true);
    return false;
}

bool query_collect(Request *request, BoundQuery *query, Buffer *rows, Fault *fault)
{
    PlanContext plan = {
        .arena = request->arena, .types = &request->types, .settings = &request->settings};
    Execution execution = {.request = request, .query = query, .collect = rows};
    if (!plan_optimize(&plan, query, fault))
        return false;
    CutContext cut = cut_context(request, &plan, query, 1);
    cut.result_formats = NULL;
    cut.copy = NULL;
    return plan_cut(&cut, query, &execution.definition, fault) && execute(&execution, true, fault);
}

bool query_run_returning(Request *request, const ParsedStatement *statement, BoundQuery *query,
                         Fault *fault)
{
    BindContext nothing = {0};
    PlanContext plan = {
        .arena = request->arena, .types = &request->types, .settings = &request->settings};
    return plan_optimize(&plan, query, fault) &&
           run_bound(request, statement, &plan, query, &nothing, fault);
}

/* What set_config() in the query has changed. */
static bool apply_changes(Request *request, const BindContext *context, Fault *fault)
{
    for (uint32_t i = 0; i < context->change_count; i++) {
        const SettingChange *change = &context->changes[i];
        const SettingInfo *info = setting_find(text_of(change->name));
        if (info != NULL && !role_setting_check(request, info, text_of(change->value), fault))
            return false;
        if (!setting_set(&request->settings, text_of(change->name), text_of(change->value),
                         SCOPE_SESSION, fault))
            return false;
        respond_setting(request, change->name, change->value, change->is_local);
    }
    return true;
}

bool query_run_chunk(Request *request, PlanContext *plan, BoundQuery *query, Execution *all,
                     Fault *fault)
{
    if (!plan_optimize(plan, query, fault))
        return false;
    CutContext cut = cut_context(request, plan, query, 1);
    Execution execution = *all;
    execution.request = request;
    execution.query = query;
    if (!plan_cut(&cut, query, &execution.definition, fault))
        return false;
    uint64_t *chunks = ARENA_ARRAY(request->arena, uint64_t, all->chunk_count + 1);
    for (uint32_t i = 0; i < all->chunk_count; i++)
        chunks[i] = all->chunks[i];
    chunks[all->chunk_count] = execution.definition->query;
    execution.chunks = chunks;
    execution.chunk_count = all->chunk_count + 1;
    bool ok = execute(&execution, true, fault);
    *all = execution;
    return ok;
}

void query_abandon_chunks(Request *request, Execution *all)
{
    for (uint32_t i = 0; i < all->chunk_count; i++) {
        Fault fault;
        const char *number =
            arena_printf(request->arena, "%llu", (unsigned long long)all->chunks[i]);
        if (!deep_remove_staged(request->controller->deep, number, &fault))
            log_fault(LOG_LEVEL_WARNING, "removing staged files", &fault);
    }
}

static bool plan_and_run(Request *request, const ParsedStatement *statement, Fault *fault)
{
    BoundQuery query;
    BindContext context = query_context(request, request->text);
    if (!take_parameters(request, statement, &context, fault) ||
        !sql_bind(request->arena, statement, &context, &query, fault))
        return false;
    if (request->copy_out != NULL &&
        !sql_copy_force_quote(request->arena, statement, &query, request->copy_out->statement, fault))
        return false;
    if (query.ingest != NULL)
        request->controller->may_give_up = 0;
    bool is_change = query.change != NULL && query.change->kind != CHANGE_INSERT;
    if (statement->kind == STATEMENT_QUERY && query.ingest != NULL &&
        (is_change || query.ingest->locks_first || query.ingest->mode == INGEST_REPLACE)) {
        /* what is replaced must not change between reading and publishing: lock, then look again */
        if (!ingest_lock(request, query.ingest, fault) || !request_refresh_snapshot(request, fault))
            return false;
        context.tables = request->snapshot;
        if (!sql_bind(request->arena, statement, &context, &query, fault))
            return false;
    }
    PlanContext plan = {
        .arena = request->arena, .types = &request->types, .settings = &request->settings};
    bool runs_steps = query.change != NULL && statement->kind != STATEMENT_EXPLAIN;
    if (!runs_steps && !plan_optimize(&plan, &query, fault))
        return false;
    if (query.ingest != NULL && statement->kind != STATEMENT_EXPLAIN) {
        if (request->settings.transaction_read_only)
            return fault_set(fault, FAULT_READ_ONLY_TRANSACTION,
                             "cannot execute %s in a read-only transaction",
                             (is_change && query.change->kind != CHANGE_UPSERT) ||
                                     query.ingest->is_refresh
                                 ? statement->tag
                             : query.ingest->is_create               ? "CREATE TABLE AS"
                             : query.ingest->mode == INGEST_REPLACE ? "REPLACE"
                                                                     : "INSERT");
        if (query.ingest->exists) {
            skip_create(request, query.ingest);
            return true;
        }
        if (query.ingest->mode == INGEST_EXPORT && !export_begin(request, query.ingest, fault))
            return false;
        if (query.ingest->is_temporary && !define_temporary_schema(request, fault))
            return false;
    }
    if (statement->kind == STATEMENT_EXPLAIN)
        return explain(request, statement, &plan, &query, fault);
    if (runs_steps)
        return change_run(request, statement, &query, fault) &&
               apply_changes(request, &context, fault);
    return run_bound(request, statement, &plan, &query, &context, fault) &&
           apply_changes(request, &context, fault);
}

bool query_run(Request *request, const ParsedStatement *statement, Fault *fault)
{
    plan_draft_enter(request);
    bool ok = plan_and_run(request, statement, fault);
    plan_draft_leave(request);
    return ok;
}
