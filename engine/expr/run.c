/*
 * Running programs: a step after the other, each over the whole batch.
 */
#include "engine/expr/program_internal.h"

/* A BOOL vector of any form as bytes: `values` and `nulls` (NULL: none), both of `rows` rows. */
typedef struct Bools {
    const uint8_t *values, *nulls;
} Bools;

static Bools bools_of(const Vector *vector, Arena *arena)
{
    Vector flat = vector_flatten(arena, vector);
    return (Bools){.values = flat.data, .nulls = flat.nulls};
}

static bool is_constant(const Vector *vector, bool *value)
{
    if (vector->form != VECTOR_CONSTANT || vector_is_null(vector, 0))
        return false;
    *value = VECTOR_DATA(uint8_t, vector)[0] != 0;
    return true;
}

/* --- AND, OR, NOT: three values. AND is false where any is false, else NULL where any is NULL. */

static void run_logical(const Step *step, const Vector *registers, uint32_t rows, Arena *arena,
                        bool decisive, Vector *result)
{
    uint8_t *decided = arena_alloc_vector(arena, rows); /* 1: some argument is the decisive value */
    uint8_t *unknown = NULL;
    memset(decided, 0, rows);
    for (uint32_t a = 0; a < step->argument_count; a++) {
        bool value;
        const Vector *argument = &registers[step->arguments[a]];
        if (is_constant(argument, &value) && value != decisive)
            continue;
        Bools bools = bools_of(argument, arena);
        uint8_t flip = decisive ? 0 : 1;
        if (bools.nulls == NULL) {
            for (uint32_t i = 0; i < rows; i++)
                decided[i] |= bools.values[i] ^ flip;
            continue;
        }
        if (unknown == NULL) {
            unknown = arena_alloc_vector(arena, rows);
            memset(unknown, 0, rows);
        }
        for (uint32_t i = 0; i < rows; i++) {
            decided[i] |= (uint8_t)((bools.values[i] ^ flip) & (bools.nulls[i] == 0));
            unknown[i] |= bools.nulls[i] != 0;
        }
    }
    if (unknown != NULL)
        for (uint32_t i = 0; i < rows; i++)
            unknown[i] &= (uint8_t)(decided[i] == 0);
    if (!decisive)
        for (uint32_t i = 0; i < rows; i++)
            decided[i] ^= 1;
    *result = vector_flat(LAYOUT_BOOL, rows, decided, unknown);
}

static void run_not(const Vector *argument, uint32_t rows, Arena *arena, Vector *result)
{
    Bools bools = bools_of(argument, arena);
    uint8_t *out = arena_alloc_vector(arena, rows);
    for (uint32_t i = 0; i < rows; i++)
        out[i] = bools.values[i] == 0;
    *result = vector_flat(LAYOUT_BOOL, rows, out, bools.nulls);
}

static void run_is_null(const Vector *argument, uint32_t rows, Arena *arena, Vector *result)
{
    uint8_t none = 0;
    if (argument->form == VECTOR_CONSTANT || (argument->form == VECTOR_FLAT && argument->nulls == NULL)) {
        none = argument->form == VECTOR_CONSTANT && vector_is_null(argument, 0);
        *result = vector_constant(arena, LAYOUT_BOOL, rows, &none);
        return;
    }
    uint8_t *out = arena_alloc_vector(arena, rows);
    if (argument->form == VECTOR_DICTIONARY)
        kernel_code_nulls(argument, out);
    else
        for (uint32_t i = 0; i < rows; i++)
            out[i] = argument->nulls[i] != 0;
    *result = vector_flat(LAYOUT_BOOL, rows, out, NULL);
}

/* --- masks --- */

static void run_mask(const Step *step, const Vector *registers, uint32_t rows, const uint8_t *parent,
                     Arena *arena, Vector *result)
{
    const Vector *condition = &registers[step->arguments[0]];
    uint8_t *out = arena_alloc_vector(arena, rows);
    if (step->rule == MASK_NULL) {
        for (uint32_t i = 0; i < rows; i++)
            out[i] = vector_is_null(condition, i);
    } else {
        Bools bools = bools_of(condition, arena);
        for (uint32_t i = 0; i < rows; i++) {
            uint8_t is_null = bools.nulls != NULL && bools.nulls[i] != 0;
            uint8_t is_true = (uint8_t)(bools.values[i] != 0 && !is_null);
            out[i] = step->rule == MASK_TRUE ? is_true
                     : step->rule == MASK_NOT_TRUE ? (uint8_t)!is_true
                                                   : (uint8_t)(bools.values[i] != 0 || is_null);
        }
    }
    if (parent != NULL)
        for (uint32_t i = 0; i < rows; i++)
            out[i] &= (uint8_t)(parent[i] != 0);
    *result = vector_flat(LAYOUT_BOOL, rows, out, NULL);
}

/* --- arrays --- */

static void run_array(const Step *step, const Vector *registers, uint32_t rows, Arena *arena, Vector *result)
{
    const TypeInfo *info = type_info(step->type.oid);
    VectorBuilder elements;
    vector_builder_init(&elements, arena, type_info(info->element_oid)->layout, rows * step->argument_count + 1);
    ArrayValue *values = arena_alloc_vector(arena, rows * sizeof *values);
    for (uint32_t i = 0; i < rows; i++) {
        values[i] = (ArrayValue){.offset = elements.length, .count = step->argument_count};
        for (uint32_t a = 0; a < step->argument_count; a++) {
            const Vector *source = &registers[step->arguments[a]];
            if (vector_is_null(source, i))
                vector_builder_null(&elements);
            else
                vector_builder_row(&elements, source, i);
        }
    }
    *result = vector_flat(LAYOUT_ARRAY, rows, values, NULL);
    Vector *all = ARENA_NEW(arena, Vector);
    *all = vector_builder_finish(&elements);
    result->elements = all;
}

/* --- the whole --- */

/* --- calls --- */

enum { ROWS_WORTH_ENDS = 64 };

KERNEL_HOT static void find_ends(const int64_t *values, uint32_t rows, int64_t *ends)
{
    int64_t least = values[0], greatest = values[0];
    for (uint32_t i = 1; i < rows; i++) {
        least = values[i] < least ? values[i] : least;
        greatest = values[i] > greatest ? values[i] : greatest;
    }
    ends[0] = least;
    ends[1] = greatest;
}

/* Whether the call is of a function that keeps the order of its first argument, integers (times
 * among them), and looks at nothing else that varies. */
static bool keeps_order(const Step *step, const Vector *arguments)
{
    const ScalarFunction *function = step->call.function;
    if (function->order != ORDER_KEPT || function->volatility == VOLATILE ||
        step->argument_count == 0 || arguments[0].form != VECTOR_FLAT ||
        arguments[0].layout != LAYOUT_INT64 || arguments[0].nulls != NULL ||
        type_layout(step->type) != LAYOUT_INT64)
        return false;
    for (uint32_t a = 1; a < step->argument_count; a++)
        if (arguments[a].form != VECTOR_CONSTANT)
            return false;
    return true;
}

/*
 * A function that keeps the order gives the same for all rows when it does for the least and the
 * greatest: the hour of a block of a table in time order. False: it does not, or fails there.
 */
static bool run_ends(const Step *step, const Vector *arguments, uint32_t rows, Arena *arena,
                     Vector *result)
{
    if (rows < ROWS_WORTH_ENDS || !keeps_order(step, arguments))
        return false;
    Vector *ends = ARENA_ARRAY(arena, Vector, step->argument_count);
    int64_t *values = arena_alloc_vector(arena, 2 * sizeof *values);
    find_ends(arguments[0].data, rows, values);
    for (uint32_t a = 0; a < step->argument_count; a++) {
        ends[a] = arguments[a];
        ends[a].length = 2;
    }
    ends[0] = vector_flat(LAYOUT_INT64, 2, values, NULL);
    Vector both;
    Fault ignored;
    if (!step->call.function->run(&step->call, ends, 2, NULL, arena, &both, &ignored) ||
        vector_is_null(&both, 0) || vector_is_null(&both, 1))
        return false;
    const int64_t *given = both.data;
    if (given[0] != given[vector_row(&both, 1)])
        return false;
    *result = vector_constant(arena, LAYOUT_INT64, rows, &given[0]);
    return true;
}

static bool run_call(const Step *step, const Vector *registers, uint32_t rows, const uint8_t *active,
                     Arena *arena, Vector *result, Fault *fault)
{
    Vector *arguments = ARENA_ARRAY(arena, Vector, step->argument_count + 1);
    for (uint32_t a = 0; a < step->argument_count; a++)
        arguments[a] = registers[step->arguments[a]];
    if (run_ends(step, arguments, rows, arena, result))
        return true;
    return step->call.function->run(&step->call, arguments, rows, active, arena, result, fault);
}

static bool run_step(const Step *step, const Batch *batch, Vector *registers, const uint8_t *active,
                     Arena *arena, Fault *fault)
{
    uint32_t rows = batch->rows;
    Vector *result = &registers[step->result];
    switch (step->kind) {
    case STEP_CONSTANT:
        *result = *step->value;
        result->length = rows;
        return true;
    case STEP_COLUMN:
        *result = batch->columns[step->column];
        return true;
    case STEP_CALL:
        return run_call(step, registers, rows, active, arena, result, fault);
    case STEP_AND:
        run_logical(step, registers, rows, arena, false, result);
        return true;
    case STEP_OR:
        run_logical(step, registers, rows, arena, true, result);
        return true;
    case STEP_NOT:
        run_not(&registers[step->arguments[0]], rows, arena, result);
        return true;
    case STEP_IS_NULL:
        run_is_null(&registers[step->arguments[0]], rows, arena, result);
        return true;
    case STEP_CASE:
        choose_case(step, registers, rows, arena, result);
        return true;
    case STEP_COALESCE:
        choose_coalesce(step, registers, rows, arena, result);
        return true;
    case STEP_IN_LIST:
        item_set_run(&step->items, &registers[step->arguments[0]], rows, arena, result);
        return true;
    case STEP_ARRAY:
        run_array(step, registers, rows, arena, result);
        return true;
    case STEP_MASK:
        run_mask(step, registers, rows, active, arena, result);
        return true;
    }
    return false;
}

/* No row needs the result: whoever reads it looks at none of its values. */
static void skip_step(ExprProgram *program, const Step *step, uint32_t rows, Arena *arena)
{
    program->is_idle[step->result] = step->kind == STEP_MASK;
    program->registers[step->result] = vector_null(arena, type_layout(step->type), rows);
}

bool expr_run(ExprProgram *program, const Batch *batch, const uint8_t *active, Arena *arena,
              Vector *results, Fault *fault)
{
    for (uint32_t i = 0; i < program->step_count; i++) {
        const Step *step = &program->steps[i];
        const uint8_t *under = active;
        if (step->mask != NO_MASK) { /* masks were made under `active` */
            if (program->is_idle[step->mask]) {
                skip_step(program, step, batch->rows, arena);
                continue;
            }
            under = program->registers[step->mask].data;
        }
        if (!run_step(step, batch, program->registers, under, arena, fault))
            return false;
        if (step->kind == STEP_MASK)
            program->is_idle[step->result] =
                memchr(program->registers[step->result].data, 1, batch->rows) == NULL;
    }
    for (uint32_t i = 0; i < program->output_count; i++)
        results[i] = program->registers[program->outputs[i]];
    return true;
}

/* Stable functions depend on settings, or read the time by type_now, or ask catalogs. */
static bool note_if_momentary(const Expr *expr, void *state)
{
    if (expr == NULL)
        return true;
    if (expr->kind == EXPR_CALL && (expr->call.function->volatility == VOLATILE ||
                                    function_asks_catalog(expr->call.function)))
        type_note_momentary(state);
    return expr_each_child(expr, note_if_momentary, state);
}

bool expr_evaluate_constant(Arena *arena, const Expr *expr, const TypeContext *context, Vector *value,
                            Fault *fault)
{
    Batch batch = {.rows = 1};
    Vector result;
    if (expr->kind == EXPR_CONSTANT) {
        *value = *expr->value;
        return true;
    }
    note_if_momentary(expr, (void *)(uintptr_t)context);
    ExprProgram *program = expr_compile(arena, &expr, 1, context, fault);
    if (program == NULL || !expr_run(program, &batch, NULL, arena, &result, fault))
        return false;
    *value = vector_copy(arena, &result);
    if (value->form == VECTOR_DICTIONARY)
        *value = vector_flatten(arena, value);
    value->form = VECTOR_CONSTANT;
    value->length = 1;
    return true;
}
