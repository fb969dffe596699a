/*
 * The conjuncts of a scan's filter: what each can say about a block without reading it, and how
 * it is tested over rows.
 */
#ifndef TALARIA_ENGINE_OPERATOR_SCAN_INTERNAL_H
#define TALARIA_ENGINE_OPERATOR_SCAN_INTERNAL_H

#include "engine/operator/key_table_internal.h"
#include "engine/operator/operator_internal.h"

typedef enum ConjunctKind {
    CONJUNCT_RANGE,    /* low <= integer column <= high, not null */
    CONJUNCT_IS_NULL,  /* a column is (not) null */
    CONJUNCT_TEXT,     /* any condition on one string column: once a dictionary entry */
    CONJUNCT_OWN,      /* the row is this worker's, by the input's division */
    CONJUNCT_MEMBER,   /* a column among the keys of a join above: a help, not a must */
    CONJUNCT_MONOTONE, /* f(integer column) compared with a constant, f keeps order */
    CONJUNCT_IN,       /* an integer column in a list */
    CONJUNCT_GENERIC,
} ConjunctKind;

/* What a zone says of all its rows. */
typedef enum Verdict { VERDICT_SOME, VERDICT_NONE, VERDICT_ALL } Verdict;

/* Codes first..last of a dictionary. */
typedef struct CodeRange {
    uint32_t first, last;
} CodeRange;

typedef struct CodeRanges {
    bool is_known; /* false: the condition cannot be looked up */
    uint32_t count;
    CodeRange *ranges;  /* not in order; may overlap */
    uint64_t *bits;     /* of each code, where there are many ranges; else NULL */
    uint32_t bit_count; /* codes that it covers */
} CodeRanges;

/* A part of an OR: a condition on one string column. */
typedef struct OrPart {
    uint32_t column; /* of the segment */
    CodeRanges codes;
} OrPart;

typedef struct Conjunct {
    ConjunctKind kind;
    const Expr *expr;
    ExprProgram *program; /* NULL for RANGE and IS_NULL */
    uint32_t column;      /* of the input; GENERIC: unused */
    bool *uses;           /* which input columns the expression looks at */
    bool can_fail;
    KeyTable *keys;       /* MEMBER */
    uint32_t worker;      /* OWN */
    const RowDivision *division;
    bool has_range;       /* MEMBER: low .. high are the keys' */
    uint64_t rows_passed; /* MEMBER */
    GrowArray member_bits; /* MEMBER: a bit for each value of low .. high; empty: looked up in `keys` */
    /* RANGE; MONOTONE: of the function's value */
    int64_t low, high;
    ExprProgram *function; /* MONOTONE: f(column) alone */
    bool wants_null;       /* IS_NULL: true for IS NULL, false for IS NOT NULL */
    /* TEXT, MEMBER of strings, for the segment at hand: which codes of the dictionary pass */
    const Dictionary *dictionary;
    bool is_evaluated;
    uint8_t *truth; /* of each code; NULL: those from first_true to last_true pass */
    GrowArray truth_bytes;
    bool is_by_row; /* the dictionary's entries cannot be evaluated: some fails */
    uint64_t rows_tested;
    uint32_t first_true, last_true; /* of the codes that can occur; last < first: none */
    CodeRanges codes; /* TEXT: known for the segment at hand without its dictionary, which is NULL */
    OrPart *parts;    /* GENERIC, an OR of such conditions: in the segment at hand; NULL: unknown */
    uint32_t part_count;
} Conjunct;

/* Room for members, which come when joins are built, and for the one of a division. */
enum { CONJUNCTS_MEMBERS = 8, CONJUNCTS_TO_COME = CONJUNCTS_MEMBERS + 1 };

/* Adds a MEMBER to the conjuncts; false when there is no room. */
bool conjuncts_add_member(OperatorContext *context, const StageInput *input, uint32_t column,
                          KeyTable *keys, Conjunct *conjuncts, uint32_t *count);
/* Adds the one that keeps the rows that are the worker's own; there must be room. */
void conjuncts_add_own(OperatorContext *context, const StageInput *input, Conjunct *conjuncts,
                       uint32_t *count);
/* Whether the dictionary of its column is of use to it. */
static inline bool conjunct_wants_dictionary(const StageInput *input, const Conjunct *conjunct)
{
    return conjunct->kind == CONJUNCT_TEXT ||
           (conjunct->kind == CONJUNCT_MEMBER &&
            type_layout(input->types[conjunct->column]) == LAYOUT_STRING);
}

/* Classifies and compiles the parts of `filter` in the order in which they are best tested. */
bool conjuncts_make(OperatorContext *context, const StageInput *input, const Expr *filter,
                    Conjunct **conjuncts, uint32_t *count, Fault *fault);
void conjuncts_clear(OperatorContext *context, Conjunct *conjuncts, uint32_t count);

/* Forgets what was known of the last segment's dictionary. `dictionary` NULL: none. */
void conjunct_enter_segment(Conjunct *conjunct, const Dictionary *dictionary);
/* TEXT: evaluates the dictionary if that pays by now. */
bool conjunct_evaluate_dictionary(OperatorContext *context, const StageInput *input,
                                  Conjunct *conjunct, Fault *fault);
/* What the zone of the conjunct's column says. */
Verdict conjunct_judge(const Conjunct *conjunct, const SegmentZone *zone, Arena *arena);
/* The rows of `batch` (the input's columns, those in `uses` filled in) for which it holds. */
bool conjunct_test(Conjunct *conjunct, const Batch *batch, Arena *arena, uint32_t *rows,
                   uint32_t *count, Fault *fault);

/* --- the rows of a division that are the worker's own: scan_division.c --- */

/* Takes up what codes are in the worker's ranges in a segment; `column` of it has a dictionary. */
bool division_enter_segment(Conjunct *conjunct, SegmentReader *reader, uint32_t column, Arena *arena,
                            Fault *fault);
void division_leave_segment(SegmentReader *reader, uint32_t column);
Verdict division_judge(const Conjunct *conjunct, const SegmentZone *zone);
/* Row by row. */
uint32_t division_test(const Conjunct *conjunct, const Vector *texts, uint32_t *rows);

/* --- looking up: scan_codes.c, scan_index.c --- */

/* The codes of a segment's column (which has a dictionary) for which the condition holds. */
bool codes_of_condition(SegmentReader *reader, uint32_t column, const Expr *expr, int dialect,
                        Arena *arena, CodeRanges *result, Fault *fault);
/* Makes the bits of ranges that are many; `entries` as segment_dictionary_count says. */
void codes_make_bits(CodeRanges *codes, uint32_t entries, Arena *arena);
/* The one string column that the condition compares with constants; UINT32_MAX: it is none such. */
uint32_t condition_string_column(const Expr *expr);
/* TEXT: takes up the codes that pass in the segment at hand. */
void conjunct_take_codes(Conjunct *conjunct, const CodeRanges *codes);
/* Those of `count` rows whose codes pass (`is_rare`: probably very few); returns how many, room for
 * count + 64. */
uint32_t conjunct_test_codes(const Conjunct *conjunct, const uint32_t *codes, uint32_t count,
                             bool is_rare, Arena *arena, uint32_t *rows);

/* Sets the mask of the rows whose codes pass, and leaves that of the others. */
void codes_add_to_mask(const CodeRanges *ranges, const uint32_t *codes, uint32_t count,
                       uint8_t *mask);
/* Numbers of the rows whose mask is set; room for count + 64. */
uint32_t rows_of_mask(uint32_t count, const uint8_t *mask, uint32_t *rows);

/* A set of blocks of a segment. */
typedef struct BlockSet {
    bool is_all;
    uint64_t *words; /* a bit a block */
    uint32_t word_count;
} BlockSet;

typedef struct IndexProbe {
    SegmentReader *reader;
    const int *stored; /* by column of the input: that of the segment; -1: none of the same type */
    int dialect;
    Arena *arena;
    /* NULL, or where what is found is kept for the scan. */
    Arena *kept_arena;
    struct FoundCodes *found;
} IndexProbe;

/* The codes for which a condition holds in a segment. */
typedef struct FoundCodes {
    const Expr *expr;
    CodeRanges codes;
    const struct FoundCodes *next;
} FoundCodes;

/* As segment_find_column. Most segments of a table have a column in the same place: `guess`. */
int scan_find_column(const SegmentReader *reader, Text name, int guess);

BlockSet block_set_all(void);
BlockSet block_set_of(const uint64_t *words, uint32_t blocks, Arena *arena); /* a copy */
bool block_set_has_any(const BlockSet *set, uint32_t first, uint32_t count);
bool block_set_is_empty(const BlockSet *set);
uint32_t block_set_count(const BlockSet *set); /* not of all */
void block_set_intersect(BlockSet *set, const BlockSet *other);
/* The blocks that may hold rows with the codes of a column of the segment. */
bool index_blocks_of_codes(const IndexProbe *probe, uint32_t column, const CodeRanges *codes,
                           BlockSet *set, Fault *fault);
/* The blocks that may hold rows for which the condition, of the input's columns, holds. */
bool index_blocks(IndexProbe *probe, const Expr *expr, BlockSet *set, Fault *fault);

#endif
