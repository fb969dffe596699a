/*
 * Programs: what compiling and running share.
 *
 * A program is a flat list of steps over numbered registers, each holding a vector for the batch
 * at hand. A mask register holds one byte a row: the rows for which the steps under it matter.
 * Steps under a mask compute every row all the same, but report errors only of the mask's rows;
 * where a mask has no row left, its steps are not run and their results are NULL.
 */
#ifndef TALARIA_ENGINE_EXPR_PROGRAM_INTERNAL_H
#define TALARIA_ENGINE_EXPR_PROGRAM_INTERNAL_H

#include "engine/expr/expr.h"
#include "engine/function/kernel.h"

typedef enum StepKind {
    STEP_CONSTANT,
    STEP_COLUMN,
    STEP_CALL,
    STEP_AND,
    STEP_OR,
    STEP_NOT,
    STEP_IS_NULL,
    STEP_CASE,     /* arguments: conditions and values in turn, the last is ELSE */
    STEP_COALESCE,
    STEP_IN_LIST,
    STEP_ARRAY,
    STEP_MASK,     /* makes a mask from a condition: see MaskRule */
} StepKind;

/* Which rows of the parent mask stay. */
typedef enum MaskRule {
    MASK_NOT_FALSE, /* the next argument of AND matters */
    MASK_NOT_TRUE,  /* of OR; the rest of CASE */
    MASK_TRUE,      /* THEN */
    MASK_NULL,      /* the next argument of COALESCE */
} MaskRule;

enum { NO_MASK = UINT32_MAX };

/* The items of IN: sorted, and for many items a hash set. */
typedef struct ItemSet {
    const Vector *list;
    bool has_null;
    uint32_t slot_mask;    /* of `slots`; 0: no set, the list is short */
    const uint32_t *slots; /* item + 1, 0 empty */
    EntryTests *tests;     /* texts: judged once an entry of a dictionary */
} ItemSet;

/* CASE whose values are all constant texts: they are words of a dictionary of its own. */
typedef struct CaseWords {
    const Dictionary *dictionary; /* NULL: values are computed */
    const uint32_t *codes;        /* of the branches, then of ELSE */
} CaseWords;

/* COALESCE(x, 'word'): dictionaries met, with the word added (choose.c). */
typedef struct WordFallback WordFallback;

typedef struct Step {
    StepKind kind;
    SqlType type;
    uint32_t result; /* register */
    uint32_t mask;   /* register of the mask it runs under, NO_MASK: every row */
    uint32_t argument_count;
    const uint32_t *arguments;
    union {
        const Vector *value;
        uint32_t column;
        ScalarCall call;
        ItemSet items;
        CaseWords words;        /* CASE */
        WordFallback *fallback; /* COALESCE, NULL where its second argument is no constant text */
        MaskRule rule;
    };
} Step;

struct ExprProgram {
    const TypeContext *context;
    uint32_t step_count;
    Step *steps;
    uint32_t register_count;
    uint32_t output_count;
    const uint32_t *outputs;
    Vector *registers; /* of the batch at hand; masks are BOOL vectors */
    bool *is_idle;     /* masks of the batch at hand: no row is left */
};

bool item_set_make(Arena *arena, const Expr *expr, ItemSet *items);
/* out: BOOL of `rows` rows. */
void item_set_run(const ItemSet *items, const Vector *values, uint32_t rows, Arena *arena, Vector *result);

/* CASE and COALESCE: for each row the value of one of the arguments (choose.c). */
void choose_case(const Step *step, const Vector *registers, uint32_t rows, Arena *arena, Vector *result);
void choose_coalesce(const Step *step, const Vector *registers, uint32_t rows, Arena *arena, Vector *result);
/* Fills `words` where all values of the CASE are constant texts. */
void choose_case_words(Arena *arena, const Expr *expr, CaseWords *words);
/* For COALESCE of two arguments, the second a constant text; else NULL. */
WordFallback *choose_fallback(Arena *arena, const Expr *expr);

#endif
