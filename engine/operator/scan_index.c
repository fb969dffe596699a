/*
 * Which blocks of a segment may hold rows that a filter wants, by the indexes of its columns.
 * AND intersects the sets of its parts, OR unites them; what no index knows of is in all blocks.
 */
#include "engine/operator/scan_internal.h"

enum {
    MOST_CODES = 4096, /* of one range: the lists of more cost more than they leave out */
    MOST_DEPTH = 32,   /* of ANDs and ORs in one another that are looked into */
};

BlockSet block_set_all(void)
{
    return (BlockSet){.is_all = true};
}

static BlockSet block_set_none(const IndexProbe *probe)
{
    uint32_t words = (segment_block_count(probe->reader) + 63) / 64;
    return (BlockSet){.words = arena_zalloc(probe->arena, (words + 1) * sizeof(uint64_t)),
                      .word_count = words};
}

bool block_set_is_empty(const BlockSet *set)
{
    if (set->is_all)
        return false;
    for (uint32_t i = 0; i < set->word_count; i++)
        if (set->words[i] != 0)
            return false;
    return true;
}

uint32_t block_set_count(const BlockSet *set)
{
    uint32_t count = 0;
    for (uint32_t i = 0; !set->is_all && i < set->word_count; i++)
        count += (uint32_t)__builtin_popcountll(set->words[i]);
    return count;
}

void block_set_intersect(BlockSet *set, const BlockSet *other)
{
    if (other->is_all)
        return;
    if (set->is_all) {
        *set = *other;
        return;
    }
    for (uint32_t i = 0; i < set->word_count; i++)
        set->words[i] &= other->words[i];
}

static void unite(BlockSet *set, const BlockSet *other)
{
    if (set->is_all || other->is_all) {
        *set = block_set_all();
        return;
    }
    for (uint32_t i = 0; i < set->word_count; i++)
        set->words[i] |= other->words[i];
}

bool index_blocks_of_codes(const IndexProbe *probe, uint32_t column, const CodeRanges *codes,
                           BlockSet *set, Fault *fault)
{
    *set = block_set_none(probe);
    for (uint32_t i = 0; i < codes->count && !set->is_all; i++) {
        bool is_listed = codes->ranges[i].last - codes->ranges[i].first < MOST_CODES;
        if (is_listed && !segment_entry_blocks(probe->reader, column, codes->ranges[i].first,
                                               codes->ranges[i].last, set->words, &is_listed,
                                               fault))
            return false;
        if (!is_listed)
            *set = block_set_all();
    }
    return true;
}

/* A condition on one string column. */
static bool blocks_of_leaf(const IndexProbe *probe, const Expr *expr, BlockSet *set, Fault *fault)
{
    uint32_t column = condition_string_column(expr);
    CodeRanges codes;

    *set = block_set_all();
    if (column == UINT32_MAX || probe->stored[column] < 0 ||
        !segment_has_dictionary(probe->reader, (uint32_t)probe->stored[column]))
        return true;
    if (!codes_of_condition(probe->reader, (uint32_t)probe->stored[column], expr, probe->dialect,
                            probe->arena, &codes, fault))
        return false;
    return !codes.is_known || index_blocks_of_codes(probe, (uint32_t)probe->stored[column], &codes,
                                                    set, fault);
}

static bool blocks_of(const IndexProbe *probe, const Expr *expr, uint32_t depth, BlockSet *set,
                      Fault *fault)
{
    bool is_or = expr->kind == EXPR_OR;

    if ((!is_or && expr->kind != EXPR_AND) || depth == MOST_DEPTH)
        return blocks_of_leaf(probe, expr, set, fault);
    *set = is_or ? block_set_none(probe) : block_set_all();
    for (uint32_t i = 0; i < expr->argument_count; i++) {
        BlockSet part;
        if (is_or && set->is_all)
            break;
        if (!blocks_of(probe, expr->arguments[i], depth + 1, &part, fault))
            return false;
        if (is_or)
            unite(set, &part);
        else
            block_set_intersect(set, &part);
    }
    return true;
}

bool index_blocks(const IndexProbe *probe, const Expr *expr, BlockSet *set, Fault *fault)
{
    return blocks_of(probe, expr, 0, set, fault);
}
