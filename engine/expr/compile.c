/*
 * Compiling expressions to programs.
 *
 * Where an argument must not be evaluated for rows that do not reach it (the later arguments of
 * AND, OR and COALESCE, the branches of CASE) and could fail, it is compiled under a mask. A
 * subexpression that occurs again is computed once, if what was computed covers the rows now
 * needed: the same mask, or one that it was made from.
 */
#include "engine/expr/program_internal.h"

#include "base/log/log.h"

typedef struct Computed {
    const Expr *expr;
    uint32_t mask, result;
} Computed;

typedef struct Compiler {
    Arena *arena;
    ExprProgram *program;
    uint32_t step_capacity;
    uint32_t *mask_parents; /* by register: the mask it was made under */
    uint32_t register_capacity;
    Computed *computed;
    uint32_t computed_count, computed_capacity;
    Fault *fault;
} Compiler;

static void *grow(Arena *arena, const void *old, uint32_t count, uint32_t *capacity, size_t size)
{
    uint32_t larger = *capacity == 0 ? 16 : *capacity * 2;
    void *copy = arena_zalloc(arena, larger * size);
    if (count > 0)
        memcpy(copy, old, count * size);
    *capacity = larger;
    return copy;
}

static uint32_t new_register(Compiler *compiler, uint32_t mask)
{
    uint32_t number = compiler->program->register_count++;
    if (number >= compiler->register_capacity)
        compiler->mask_parents = grow(compiler->arena, compiler->mask_parents, number,
                                      &compiler->register_capacity, sizeof(uint32_t));
    compiler->mask_parents[number] = mask;
    return number;
}

static Step *add_step(Compiler *compiler, StepKind kind, SqlType type, uint32_t mask)
{
    ExprProgram *program = compiler->program;
    if (program->step_count == compiler->step_capacity)
        program->steps = grow(compiler->arena, program->steps, program->step_count,
                              &compiler->step_capacity, sizeof(Step));
    Step *step = &program->steps[program->step_count++];
    *step = (Step){.kind = kind, .type = type, .mask = mask, .result = new_register(compiler, mask)};
    return step;
}

static void set_arguments(Compiler *compiler, Step *step, const uint32_t *arguments, uint32_t count)
{
    uint32_t *copy = ARENA_ARRAY(compiler->arena, uint32_t, count);
    if (count > 0)
        memcpy(copy, arguments, count * sizeof *copy);
    step->arguments = copy;
    step->argument_count = count;
}

/* --- common subexpressions --- */

static bool covers(const Compiler *compiler, uint32_t computed_under, uint32_t needed_under)
{
    for (uint32_t mask = needed_under;; mask = compiler->mask_parents[mask]) {
        if (mask == computed_under)
            return true;
        if (mask == NO_MASK)
            return false;
    }
}

static bool find_computed(const Compiler *compiler, const Expr *expr, uint32_t mask, uint32_t *result)
{
    if (expr_is_volatile(expr))
        return false;
    for (uint32_t i = 0; i < compiler->computed_count; i++) {
        const Computed *computed = &compiler->computed[i];
        if (expr_equal(computed->expr, expr) && covers(compiler, computed->mask, mask)) {
            *result = computed->result;
            return true;
        }
    }
    return false;
}

static void note_computed(Compiler *compiler, const Expr *expr, uint32_t mask, uint32_t result)
{
    enum { MOST = 256 }; /* looking through more costs more than it saves */
    if (compiler->computed_count == MOST)
        return;
    if (compiler->computed_count == compiler->computed_capacity)
        compiler->computed = grow(compiler->arena, compiler->computed, compiler->computed_count,
                                  &compiler->computed_capacity, sizeof(Computed));
    compiler->computed[compiler->computed_count++] = (Computed){.expr = expr, .mask = mask, .result = result};
}

/* --- nodes --- */

static bool compile(Compiler *compiler, const Expr *expr, uint32_t mask, uint32_t *result);

static uint32_t add_mask(Compiler *compiler, uint32_t condition, MaskRule rule, uint32_t mask)
{
    Step *step = add_step(compiler, STEP_MASK, SQL_TYPE(T_BOOL), mask);
    step->rule = rule;
    set_arguments(compiler, step, &condition, 1);
    return step->result;
}

/* AND, OR, COALESCE: each argument under what the ones before leave open. */
static bool compile_lazy(Compiler *compiler, const Expr *expr, StepKind kind, MaskRule rule,
                         uint32_t mask, uint32_t *result)
{
    uint32_t *arguments = ARENA_ARRAY(compiler->arena, uint32_t, expr->argument_count);
    bool *can_fail = ARENA_ARRAY(compiler->arena, bool, expr->argument_count);
    uint32_t open = mask, last_that_fails = 0;
    for (uint32_t i = 0; i < expr->argument_count; i++) {
        can_fail[i] = expr_can_fail(expr->arguments[i]);
        if (can_fail[i])
            last_that_fails = i;
    }
    for (uint32_t i = 0; i < expr->argument_count; i++) {
        if (!compile(compiler, expr->arguments[i], can_fail[i] ? open : mask, &arguments[i]))
            return false;
        if (i < last_that_fails)
            open = add_mask(compiler, arguments[i], rule, open);
    }
    Step *step = add_step(compiler, kind, expr->type, mask);
    set_arguments(compiler, step, arguments, expr->argument_count);
    if (kind == STEP_COALESCE)
        step->fallback = choose_fallback(compiler->arena, expr);
    *result = step->result;
    return true;
}

static bool compile_case(Compiler *compiler, const Expr *expr, uint32_t mask, uint32_t *result)
{
    uint32_t count = expr->argument_count;
    uint32_t *arguments = ARENA_ARRAY(compiler->arena, uint32_t, count);
    bool can_fail = false;
    for (uint32_t i = 1; i < count; i++)
        can_fail = can_fail || expr_can_fail(expr->arguments[i]);
    uint32_t open = mask;
    for (uint32_t i = 0; i + 1 < count; i += 2) {
        if (!compile(compiler, expr->arguments[i], open, &arguments[i]))
            return false;
        uint32_t taken = can_fail ? add_mask(compiler, arguments[i], MASK_TRUE, open) : mask;
        if (!compile(compiler, expr->arguments[i + 1], taken, &arguments[i + 1]))
            return false;
        if (can_fail)
            open = add_mask(compiler, arguments[i], MASK_NOT_TRUE, open);
    }
    if (!compile(compiler, expr->arguments[count - 1], open, &arguments[count - 1]))
        return false;
    Step *step = add_step(compiler, STEP_CASE, expr->type, mask);
    set_arguments(compiler, step, arguments, count);
    choose_case_words(compiler->arena, expr, &step->words);
    *result = step->result;
    return true;
}

/* All arguments, then the step. */
static bool compile_eager(Compiler *compiler, const Expr *expr, StepKind kind, uint32_t mask, Step **step)
{
    uint32_t *arguments = ARENA_ARRAY(compiler->arena, uint32_t, expr->argument_count);
    for (uint32_t i = 0; i < expr->argument_count; i++)
        if (!compile(compiler, expr->arguments[i], mask, &arguments[i]))
            return false;
    *step = add_step(compiler, kind, expr->type, mask);
    set_arguments(compiler, *step, arguments, expr->argument_count);
    return true;
}

static bool prepare_call(Compiler *compiler, const Expr *expr, ScalarCall *call)
{
    Arena *arena = compiler->arena;
    uint32_t count = expr->argument_count;
    SqlType *types = ARENA_ARRAY(arena, SqlType, count + 1);
    const Vector **constants = ARENA_ARRAY(arena, const Vector *, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        types[i] = expr->arguments[i]->type;
        constants[i] = expr->arguments[i]->kind == EXPR_CONSTANT ? expr->arguments[i]->value : NULL;
    }
    *call = (ScalarCall){.function = expr->call.function,
                         .argument_count = count,
                         .argument_types = types,
                         .result_type = expr->type,
                         .constants = constants,
                         .context = compiler->program->context};
    const ScalarFunction *function = expr->call.function;
    return function->prepare == NULL || function->prepare(call, arena, compiler->fault);
}

static bool compile_call(Compiler *compiler, const Expr *expr, uint32_t mask, uint32_t *result)
{
    Step *step;
    ScalarCall call;
    if (!compile_eager(compiler, expr, STEP_CALL, mask, &step))
        return false;
    *result = step->result;
    uint32_t at = compiler->program->step_count - 1;
    if (!prepare_call(compiler, expr, &call))
        return false;
    compiler->program->steps[at].call = call;
    return true;
}

static bool compile_in_list(Compiler *compiler, const Expr *expr, uint32_t mask, uint32_t *result)
{
    Step *step;
    if (!compile_eager(compiler, expr, STEP_IN_LIST, mask, &step))
        return false;
    *result = step->result;
    return item_set_make(compiler->arena, expr, &step->items);
}

static bool compile_plain(Compiler *compiler, const Expr *expr, StepKind kind, uint32_t mask, uint32_t *result)
{
    Step *step;
    if (!compile_eager(compiler, expr, kind, mask, &step))
        return false;
    *result = step->result;
    return true;
}

static bool compile_leaf(Compiler *compiler, const Expr *expr, uint32_t *result)
{
    bool is_constant = expr->kind == EXPR_CONSTANT;
    Step *step = add_step(compiler, is_constant ? STEP_CONSTANT : STEP_COLUMN, expr->type, NO_MASK);
    if (is_constant)
        step->value = expr->value;
    else
        step->column = expr->column;
    *result = step->result;
    return true;
}

static bool compile_node(Compiler *compiler, const Expr *expr, uint32_t mask, uint32_t *result)
{
    switch (expr->kind) {
    case EXPR_CONSTANT:
    case EXPR_COLUMN: return compile_leaf(compiler, expr, result);
    case EXPR_CALL: return compile_call(compiler, expr, mask, result);
    case EXPR_AND: return compile_lazy(compiler, expr, STEP_AND, MASK_NOT_FALSE, mask, result);
    case EXPR_OR: return compile_lazy(compiler, expr, STEP_OR, MASK_NOT_TRUE, mask, result);
    case EXPR_COALESCE: return compile_lazy(compiler, expr, STEP_COALESCE, MASK_NULL, mask, result);
    case EXPR_NOT: return compile_plain(compiler, expr, STEP_NOT, mask, result);
    case EXPR_IS_NULL: return compile_plain(compiler, expr, STEP_IS_NULL, mask, result);
    case EXPR_ARRAY: return compile_plain(compiler, expr, STEP_ARRAY, mask, result);
    case EXPR_CASE: return compile_case(compiler, expr, mask, result);
    case EXPR_IN_LIST: return compile_in_list(compiler, expr, mask, result);
    case EXPR_PARAMETER:
        return fault_set_at(compiler->fault, expr->location, FAULT_UNDEFINED_PARAMETER,
                            "there is no parameter $%u", expr->parameter);
    case EXPR_AGGREGATE:
    case EXPR_WINDOW:
    case EXPR_SUBQUERY: break;
    }
    return fault_set_at(compiler->fault, expr->location, FAULT_INTERNAL_ERROR,
                        "expression cannot be evaluated here");
}

static bool compile(Compiler *compiler, const Expr *expr, uint32_t mask, uint32_t *result)
{
    if (find_computed(compiler, expr, mask, result))
        return true;
    if (!compile_node(compiler, expr, mask, result))
        return false;
    bool is_leaf = expr->kind == EXPR_CONSTANT || expr->kind == EXPR_COLUMN;
    note_computed(compiler, expr, is_leaf ? NO_MASK : mask, *result);
    return true;
}

ExprProgram *expr_compile(Arena *arena, const Expr *const *expressions, uint32_t count,
                          const TypeContext *context, Fault *fault)
{
    ExprProgram *program = ARENA_NEW(arena, ExprProgram);
    Compiler compiler = {.arena = arena, .program = program, .fault = fault};
    uint32_t *outputs = ARENA_ARRAY(arena, uint32_t, count);
    program->context = context;
    for (uint32_t i = 0; i < count; i++)
        if (!compile(&compiler, expressions[i], NO_MASK, &outputs[i]))
            return NULL;
    program->outputs = outputs;
    program->output_count = count;
    program->registers = arena_zalloc(arena, (program->register_count + 1) * sizeof(Vector));
    program->is_idle = arena_zalloc(arena, program->register_count + 1);
    return program;
}
