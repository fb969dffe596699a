/*
 * Functions about types and functions that clients call for each row of a catalog: they need
 * only the tables of this room and of engine/type. Those that need the metadata are bound as
 * subqueries of the catalogs (engine/sql/macro.c).
 */
#include "engine/function/rows_internal.h"

#include "base/os/os.h"

#include <stdio.h>

static bool set_text(RowRun *run, const char *string, Text *result)
{
    size_t length = strlen(string);
    char *out = text_sink_reserve(&run->sink, length + 1);
    memcpy(out, string, length);
    *result = text_sink_take(&run->sink, length);
    return true;
}

/* format_type(oid, typmod) */
static bool format_type_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    *result = (Text){.data = "", .length = 0};
    *is_null = row_is_null(run, 0, row);
    if (*is_null)
        return true;
    int64_t oid = row_int64(run, 0, row);
    int64_t modifier = row_is_null(run, 1, row) ? -1 : row_int64(run, 1, row);
    if (oid == 0)
        return set_text(run, "-", result);
    if (oid < 0 || oid > UINT32_MAX || type_info((Oid)oid) == NULL)
        return set_text(run, "???", result);
    SqlType type = {(Oid)oid, modifier < -1 || modifier > INT32_MAX ? -1 : (int32_t)modifier};
    return set_text(run, type_format_name(run->arena, type), result);
}

/* --- signatures --- */
typedef struct Signature {
    const Oid *arguments;
    uint32_t count;
    bool is_variadic;
    Oid result;
    bool is_ordered_set;
    uint32_t direct_count;
} Signature;

static bool find_signature(int64_t oid, Signature *signature)
{
    if (oid <= 0 || oid > UINT32_MAX)
        return false;
    const ScalarFunction *scalar = function_scalar_by_oid((uint32_t)oid);
    if (scalar != NULL) {
        *signature = (Signature){.arguments = scalar->arguments,
                                 .count = scalar->argument_count,
                                 .is_variadic = scalar->is_variadic,
                                 .result = scalar->result};
        return true;
    }
    const AggregateFunction *aggregate = function_aggregate_by_oid((uint32_t)oid);
    const WindowFunction *window = function_window_by_oid((uint32_t)oid);
    if (aggregate != NULL)
        *signature = (Signature){.arguments = aggregate->arguments,
                                 .count = aggregate->argument_count,
                                 .result = aggregate->result,
                                 .is_ordered_set = aggregate->is_ordered_set,
                                 .direct_count = aggregate->direct_count};
    else if (window != NULL)
        *signature = (Signature){.arguments = window->arguments,
                                 .count = window->argument_count,
                                 .result = window->result};
    return aggregate != NULL || window != NULL;
}

static bool function_arguments_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    Signature signature;
    *result = (Text){.data = "", .length = 0};
    *is_null = !find_signature(row_int64(run, 0, row), &signature);
    if (*is_null)
        return true;
    char *text = arena_strdup(run->arena, "");
    for (uint32_t i = 0; i < signature.count; i++) {
        bool is_last = i + 1 == signature.count;
        bool is_ordered_by = signature.is_ordered_set && i == signature.direct_count;
        const char *separator = is_ordered_by ? (i > 0 ? " ORDER BY " : "ORDER BY ")
                                : i > 0       ? ", "
                                              : "";
        text = arena_printf(run->arena, "%s%s%s%s", text, separator,
                            is_last && signature.is_variadic ? "VARIADIC " : "",
                            type_format_name(run->arena, SQL_TYPE(signature.arguments[i])));
    }
    return set_text(run, text, result);
}

static bool function_result_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    Signature signature;
    *result = (Text){.data = "", .length = 0};
    *is_null = !find_signature(row_int64(run, 0, row), &signature) ||
               type_info(signature.result) == NULL;
    if (*is_null)
        return true;
    return set_text(run, type_format_name(run->arena, SQL_TYPE(signature.result)), result);
}

/* oidvectortypes: the names of a function's argument types. */
static bool vector_types_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    const Vector *elements = run->arguments[0].elements;
    ArrayValue range = row_array(run, 0, row);
    Buffer text = BUFFER_EMPTY;
    (void)is_null;
    for (uint32_t i = 0; i < range.count; i++) {
        uint32_t at = vector_row(elements, range.offset + i);
        Oid type = (Oid)VECTOR_DATA(int64_t, elements)[at];
        buffer_printf(&text, "%s%s", i > 0 ? ", " : "",
                      type_info(type) == NULL ? "???" : type_format_name(run->arena, SQL_TYPE(type)));
    }
    set_text(run, buffer_string(&text), result);
    buffer_clear(&text);
    return true;
}

/* pg_size_pretty: the largest unit in which the size is at least 10, rounded half away from zero. */
static bool size_pretty_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB", "PB"};
    enum { UNITS = sizeof units / sizeof units[0] };
    (void)is_null;
    int64_t size = row_int64(run, 0, row);
    uint64_t magnitude = size < 0 ? 0 - (uint64_t)size : (uint64_t)size;
    uint32_t unit = 0;
    /* after the first unit one more bit is carried along, for rounding */
    uint64_t limit = 10 * 1024, doubled = magnitude;
    while (unit + 1 < UNITS && doubled >= (unit == 0 ? limit : limit * 2 - 1)) {
        doubled >>= unit == 0 ? 9 : 10;
        unit++;
    }
    uint64_t shown = unit == 0 ? doubled : (doubled + 1) / 2;
    char *out = text_sink_reserve(&run->sink, 40);
    int length = snprintf(out, 40, "%s%llu %s", size < 0 ? "-" : "", (unsigned long long)shown,
                          units[unit]);
    *result = text_sink_take(&run->sink, (size_t)length);
    return true;
}

ROW_LOOP(format_type_loop, format_type_row, Text)
ROW_LOOP(function_arguments_loop, function_arguments_row, Text)
ROW_LOOP(function_result_loop, function_result_row, Text)
ROW_LOOP(vector_types_loop, vector_types_row, Text)
ROW_LOOP(size_pretty_loop, size_pretty_row, Text)

/* A row after the other. A cancel interrupts the process that sleeps. */
static bool run_sleep(const ScalarCall *call, const Vector *arguments, uint32_t rows,
                      const uint8_t *active, Arena *arena, Vector *result, Fault *fault)
{
    Vector seconds = vector_flatten(arena, &arguments[0]);
    Text nothing = TEXT_LITERAL("");
    for (uint32_t i = 0; i < rows; i++) {
        double wanted = VECTOR_DATA(double, &seconds)[i];
        if (vector_is_null(&seconds, i) || (active != NULL && active[i] == 0) || !(wanted > 0))
            continue;
        if (!os_sleep((int64_t)(wanted < 1e9 ? wanted * 1e9 : 1e18)))
            return fault_set(fault, FAULT_CANCELED, "canceling statement due to user request");
    }
    (void)call;
    *result = vector_constant(arena, LAYOUT_STRING, rows, &nothing);
    return true;
}

#define BY_OID_ROW(id, function, method, does, sample, value)                                      \
    { .oid = id, .name = function, .argument_count = 1, .arguments = { T_OID }, .result = T_TEXT,  \
      .volatility = STABLE, .run = run_rows, .loop = (void *)(method), .prepare = rows_prepare,    \
      .summary = does, .example = sample, .gives = value }

/* Where a row stands in [0, 100) by its values and a seed: of what TABLESAMPLE repeats. */
static bool run_sample_place(const ScalarCall *call, const Vector *arguments, uint32_t rows,
                             const uint8_t *active, Arena *arena, Vector *result, Fault *fault)
{
    (void)active;
    (void)fault;
    uint64_t *hashes = arena_alloc_vector(arena, ((size_t)rows + 8) * sizeof *hashes);
    for (uint32_t i = 0; i < call->argument_count; i++) {
        Vector flat = vector_flatten(arena, &arguments[i]);
        vector_hash(&flat, hashes, i > 0);
    }
    VectorBuilder builder;
    vector_builder_init(&builder, arena, LAYOUT_FLOAT64, rows);
    for (uint32_t i = 0; i < rows; i++)
        vector_builder_float64(&builder, (double)(hashes[i] >> 11) * 0x1p-53 * 100);
    *result = vector_builder_finish(&builder);
    return true;
}

const ScalarFunction system_functions[] = {
    { .oid = 93903, .name = "sample_place", .argument_count = 1, .is_variadic = true,
      .arguments = { T_ANY }, .result = T_FLOAT8, .nulls = NULLS_CALLED, .run = run_sample_place,
      .summary = "A number from 0 up to but not 100, made of the values' hashes." },
    { .oid = 1081, .name = "format_type", .argument_count = 2, .arguments = { T_OID, T_INT4 },
      .result = T_TEXT, .nulls = NULLS_CALLED, .volatility = STABLE, .run = run_rows,
      .loop = (void *)format_type_loop, .prepare = rows_prepare,
      .summary = "The SQL name of a type with its modifier.",
      .example = "format_type(1700, 655366)", .gives = "numeric(10,2)" },
    BY_OID_ROW(2162, "pg_get_function_arguments", function_arguments_loop,
               "The types of a function's arguments.", "pg_get_function_arguments(936)",
               "text, bigint, bigint"),
    BY_OID_ROW(2232, "pg_get_function_identity_arguments", function_arguments_loop,
               "The types of a function's arguments.", "pg_get_function_identity_arguments(936)",
               "text, bigint, bigint"),
    BY_OID_ROW(2165, "pg_get_function_result", function_result_loop,
               "The type of a function's result.", "pg_get_function_result(936)", "text"),
    { .oid = 1349, .name = "oidvectortypes", .argument_count = 1, .arguments = { T_OIDVECTOR },
      .result = T_TEXT, .volatility = STABLE, .run = run_rows, .loop = (void *)vector_types_loop,
      .prepare = rows_prepare, .summary = "The names of a function's argument types.",
      .example = "oidvectortypes('23 25'::oidvector)", .gives = "integer, text" },
    { .oid = 2288, .name = "pg_size_pretty", .argument_count = 1, .arguments = { T_INT8 },
      .result = T_TEXT, .run = run_rows, .loop = (void *)size_pretty_loop, .prepare = rows_prepare,
      .summary = "A number of bytes with a unit that people read easily.",
      .example = "pg_size_pretty(123456789)", .gives = "118 MB" },
    { .oid = 2626, .name = "pg_sleep", .argument_count = 1, .arguments = { T_FLOAT8 },
      .result = T_VOID, .volatility = VOLATILE, .run = run_sleep,
      .summary = "Waits for so many seconds." },
};
const uint32_t system_function_count = sizeof system_functions / sizeof system_functions[0];
