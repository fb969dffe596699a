/*
 * The driver of stamped loops. See kernel.h.
 */
#include "engine/function/kernel.h"

#include "base/log/log.h"
#include "engine/type/decimal.h"

/* --- nulls --- */

bool kernel_is_constant_null(const Vector *arguments, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (arguments[i].form == VECTOR_CONSTANT && arguments[i].nulls != NULL &&
            arguments[i].nulls[0] != 0)
            return true;
    return false;
}

KERNEL_HOT static void or_bytes(uint8_t *restrict into, const uint8_t *from, uint32_t rows)
{
    for (uint32_t i = 0; i < rows; i++)
        into[i] |= from[i];
}

KERNEL_HOT static void or_zero_codes(uint8_t *restrict into, const uint32_t *codes, uint32_t rows)
{
    for (uint32_t i = 0; i < rows; i++)
        into[i] |= codes[i] == 0;
}

KERNEL_HOT static void zero_codes(uint8_t *restrict into, const uint32_t *codes, uint32_t rows)
{
    for (uint32_t i = 0; i < rows; i++)
        into[i] = codes[i] == 0;
}

void kernel_code_nulls(const Vector *vector, uint8_t *nulls)
{
    zero_codes(nulls, vector->data, vector->length);
}

/* Constants are not looked at: a constant NULL is the caller's case. */
const uint8_t *kernel_nulls(const Vector *arguments, uint32_t count, uint32_t rows, Arena *arena)
{
    const uint8_t *shared = NULL;
    uint8_t *own = NULL;
    for (uint32_t i = 0; i < count; i++) {
        const Vector *argument = &arguments[i];
        bool is_codes = argument->form == VECTOR_DICTIONARY;
        if (argument->form == VECTOR_CONSTANT || (!is_codes && argument->nulls == NULL))
            continue;
        if (shared == NULL && !is_codes) {
            shared = argument->nulls;
            continue;
        }
        if (own == NULL) {
            own = arena_alloc_vector(arena, rows);
            if (shared != NULL)
                memcpy(own, shared, rows);
            else
                memset(own, 0, rows);
            shared = own;
        }
        if (is_codes)
            or_zero_codes(own, argument->data, rows);
        else
            or_bytes(own, argument->nulls, rows);
    }
    return shared;
}

Vector kernel_null_result(const ScalarCall *call, Arena *arena, uint32_t rows)
{
    return vector_null(arena, type_layout(call->result_type), rows);
}

/* --- faults --- */

/* Functions that are defined on a part of the numbers, and cannot overflow there. */
static bool has_domain(const ScalarCall *call)
{
    static const char *const names[] = {"asin", "acos", "asind", "acosd", "acosh", "atanh"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(call->function->name, names[i]) == 0)
            return true;
    return false;
}

static const char *out_of_range_message(const ScalarCall *call)
{
    if (has_domain(call))
        return "input is out of range";
    switch (call->result_type.oid) {
    case T_INT2: return "smallint out of range";
    case T_INT4: return "integer out of range";
    case T_INT8: return "bigint out of range";
    case T_OID: return "OID out of range";
    case T_FLOAT4: case T_FLOAT8: return "value out of range: overflow";
    case T_NUMERIC:
        return type_numeric_precision(call->result_type) > 0 ? "numeric field overflow"
                                                             : "value overflows numeric format";
    default: return "value out of range";
    }
}

static const char *datetime_message(const ScalarCall *call)
{
    switch (call->result_type.oid) {
    case T_DATE: return "date out of range";
    case T_INTERVAL: return "interval out of range";
    case T_TIME: return "time out of range";
    default: return "timestamp out of range";
    }
}

bool kernel_fault(const ScalarCall *call, FaultCode code, Fault *fault)
{
    switch (code) {
    case FAULT_DIVISION_BY_ZERO:
        return fault_set(fault, code, "division by zero");
    case FAULT_NUMERIC_VALUE_OUT_OF_RANGE:
        return fault_set(fault, code, "%s", out_of_range_message(call));
    case FAULT_FEATURE_NOT_SUPPORTED: /* of casts alone: NaN, infinities */
        return fault_set(fault, code, "cannot convert a value that is not finite to %s",
                         type_info(call->result_type.oid)->sql_name);
    case FAULT_DATETIME_FIELD_OVERFLOW:
        return fault_set(fault, code, "%s", datetime_message(call));
    case FAULT_INVALID_ARGUMENT_FOR_LOGARITHM:
        return fault_set(fault, code, "cannot take logarithm of zero or a negative number");
    case FAULT_INVALID_ARGUMENT_FOR_POWER:
        return fault_set(fault, code,
                         call->argument_count == 1
                             ? "cannot take square root of a negative number"
                             : "a negative number raised to a non-integer power yields a complex "
                               "result, or zero raised to a negative power is undefined");
    case FAULT_INVALID_ROW_COUNT_IN_LIMIT:
        return fault_set(fault, code, "LIMIT must not be negative");
    case FAULT_INVALID_ROW_COUNT_IN_OFFSET:
        return fault_set(fault, code, "OFFSET must not be negative");
    default:
        return fault_set(fault, code, "invalid argument for function %s", call->function->name);
    }
}

/* --- the driver --- */

typedef struct Inputs {
    const void *data[FUNCTION_MAX_ARGS];
    uint32_t steps[FUNCTION_MAX_ARGS];
    size_t sizes[FUNCTION_MAX_ARGS];
} Inputs;

/* Text arguments that are dictionaries become flat: loops know arrays only. */
static bool collect_inputs(const ScalarCall *call, const Vector *arguments, Arena *arena,
                           Inputs *inputs)
{
    bool is_constant = true;
    check(call->argument_count <= FUNCTION_MAX_ARGS);
    for (uint32_t i = 0; i < call->argument_count; i++) {
        Vector flat = arguments[i].form == VECTOR_DICTIONARY
                          ? vector_flatten(arena, &arguments[i]) : arguments[i];
        inputs->data[i] = flat.data;
        inputs->steps[i] = flat.form != VECTOR_CONSTANT;
        inputs->sizes[i] = layout_size(flat.layout);
        is_constant &= flat.form == VECTOR_CONSTANT;
    }
    return is_constant;
}

/* The fault of the first row that counts; FAULT_NONE when only nulls and inactive rows failed. */
static FaultCode find_failed_row(const ScalarCall *call, KernelLoop loop, const Inputs *inputs,
                                 const uint8_t *nulls, const uint8_t *active, uint32_t rows)
{
    _Alignas(16) uint8_t scratch[64];
    const void *row[FUNCTION_MAX_ARGS];
    for (uint32_t i = 0; i < rows; i++) {
        if ((nulls != NULL && nulls[i] != 0) || (active != NULL && active[i] == 0))
            continue;
        for (uint32_t j = 0; j < call->argument_count; j++)
            row[j] = (const uint8_t *)inputs->data[j] +
                     inputs->sizes[j] * inputs->steps[j] * i;
        FaultCode code = loop(call, row, inputs->steps, scratch, 1);
        if (code != FAULT_NONE)
            return code;
    }
    return FAULT_NONE;
}

static bool any_active(const uint8_t *active, uint32_t rows)
{
    return active == NULL || memchr(active, 1, rows) != NULL;
}

static bool run_constant(const ScalarCall *call, KernelLoop loop, const Inputs *inputs,
                         uint32_t rows, const uint8_t *active, Arena *arena, Vector *result,
                         Fault *fault)
{
    Layout layout = type_layout(call->result_type);
    void *data = arena_alloc_vector(arena, layout_size(layout));
    FaultCode code = loop(call, inputs->data, inputs->steps, data, 1);
    *result = (Vector){.layout = layout, .form = VECTOR_CONSTANT, .length = rows, .data = data};
    if (code != FAULT_NONE && any_active(active, rows))
        return kernel_fault(call, code, fault);
    return true;
}

bool run_loop(const ScalarCall *call, const Vector *arguments, uint32_t rows,
              const uint8_t *active, Arena *arena, Vector *result, Fault *fault)
{
    Inputs inputs;
    KernelLoop loop = (KernelLoop)call->function->loop;
    if (rows == 0 || kernel_is_constant_null(arguments, call->argument_count)) {
        *result = kernel_null_result(call, arena, rows);
        return true;
    }
    if (collect_inputs(call, arguments, arena, &inputs))
        return run_constant(call, loop, &inputs, rows, active, arena, result, fault);
    const uint8_t *nulls = kernel_nulls(arguments, call->argument_count, rows, arena);
    Layout layout = type_layout(call->result_type);
    void *data = arena_alloc_vector(arena, rows * layout_size(layout));
    FaultCode code = loop(call, inputs.data, inputs.steps, data, rows);
    if (code != FAULT_NONE) {
        code = find_failed_row(call, loop, &inputs, nulls, active, rows);
        if (code != FAULT_NONE)
            return kernel_fault(call, code, fault);
    }
    *result = vector_flat(layout, rows, data, nulls);
    return true;
}

/* --- tests of dictionary entries --- */

enum { KEPT_DICTIONARIES = 8, MAX_TABLE_BYTES = 64 << 20 };

typedef struct EntryTable {
    uint64_t id;       /* of the dictionary, 0: free */
    uint64_t rows_met; /* rows of it so far, until it is tested */
    uint8_t *results;  /* one byte an entry */
    uint32_t capacity;
    bool is_ready;
} EntryTable;

struct EntryTests {
    Arena *arena;
    EntryTest test;
    const void *state;
    EntryTable tables[KEPT_DICTIONARIES];
    uint32_t next; /* the table to be replaced */
    size_t spent;
};

EntryTests *entry_tests_make(Arena *arena, EntryTest test, const void *state)
{
    EntryTests *tests = ARENA_NEW(arena, EntryTests);
    tests->arena = arena;
    tests->test = test;
    tests->state = state;
    return tests;
}

static EntryTable *find_table(EntryTests *tests, uint64_t id)
{
    for (uint32_t i = 0; i < KEPT_DICTIONARIES; i++)
        if (tests->tables[i].id == id)
            return &tests->tables[i];
    EntryTable *table = &tests->tables[tests->next];
    tests->next = (tests->next + 1) % KEPT_DICTIONARIES;
    table->id = id;
    table->rows_met = 0;
    table->is_ready = false;
    return table;
}

static bool reserve_table(EntryTests *tests, EntryTable *table, uint32_t count)
{
    if (table->capacity >= count)
        return true;
    size_t capacity = count + count / 2;
    if (tests->spent + capacity > MAX_TABLE_BYTES)
        return false;
    tests->spent += capacity;
    table->results = arena_alloc_vector(tests->arena, capacity);
    table->capacity = (uint32_t)capacity;
    return true;
}

KERNEL_HOT static void look_up_bytes(uint8_t *restrict out, const uint32_t *codes,
                                     const uint8_t *results, uint32_t rows)
{
    for (uint32_t i = 0; i < rows; i++)
        out[i] = results[codes[i]];
}

/* Row by row, where a dictionary is too large or too rarely met to be tested as a whole. */
static void test_rows(const EntryTests *tests, const Vector *vector, uint8_t *out)
{
    const uint32_t *codes = vector->data;
    for (uint32_t i = 0; i < vector->length; i++) {
        if (i > 0 && codes[i] == codes[i - 1])
            out[i] = out[i - 1];
        else if (codes[i] == 0)
            out[i] = 0;
        else
            tests->test(tests->state, vector->dictionary, codes[i], 1, &out[i]);
    }
}

void entry_tests_run(EntryTests *tests, const Vector *vector, uint8_t *out)
{
    const Dictionary *dictionary = vector->dictionary;
    EntryTable *table = find_table(tests, dictionary->id);
    table->rows_met += vector->length;
    /* A segment's dictionary, many times a batch's rows, is worth testing when it has been met
     * for about as many rows as an eighth of its entries. */
    bool is_worth = dictionary->count <= table->rows_met * 8;
    if (!table->is_ready && is_worth && reserve_table(tests, table, dictionary->count)) {
        table->results[0] = 0;
        if (dictionary->count > 1)
            tests->test(tests->state, dictionary, 1, dictionary->count - 1, table->results + 1);
        table->is_ready = true;
    }
    if (table->is_ready)
        look_up_bytes(out, vector->data, table->results, vector->length);
    else
        test_rows(tests, vector, out);
}
