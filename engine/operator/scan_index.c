/*
 * Which blocks of a segment may hold rows that a filter wants, by the indexes of its columns.
 * AND intersects the sets of its parts, OR unites them; what no index knows of is in all blocks.
 */
#include "engine/operator/scan_internal.h"

enum {
    MOST_CODES = 4096, /* of one range: the lists of more cost more than they leave out */
    MOST_DEPTH = 32,   /* of ANDs and ORs in one another that are looked into */
    BLOCK_ROWS = 64,   /* reading these costs as much as finding the wanted few of a block */
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

BlockSet block_set_of(const uint64_t *words, uint32_t blocks, Arena *arena)
{
    BlockSet set = {.word_count = (blocks + 63) / 64};
    set.words = ARENA_ARRAY(arena, uint64_t, set.word_count + 1);
    memcpy(set.words, words, set.word_count * sizeof *words);
    return set;
}

bool block_set_has_any(const BlockSet *set, uint32_t first, uint32_t count)
{
    for (uint32_t i = first; !set->is_all && i < first + count; i++)
        if (set->words[i / 64] >> i % 64 & 1)
            return true;
    return set->is_all;
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

static void keep_codes(IndexProbe *probe, const Expr *expr, const CodeRanges *codes)
{
    FoundCodes *found = ARENA_NEW(probe->kept_arena, FoundCodes);
    *found = (FoundCodes){.expr = expr, .codes = *codes, .next = probe->found};
    found->codes.ranges = ARENA_ARRAY(probe->kept_arena, CodeRange, codes->count + 1);
    memcpy(found->codes.ranges, codes->ranges, codes->count * sizeof *codes->ranges);
    probe->found = found;
}

/* A condition on one string column. */
static bool blocks_of_leaf(IndexProbe *probe, const Expr *expr, BlockSet *set, Fault *fault)
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
    if (codes.is_known && probe->kept_arena != NULL)
        keep_codes(probe, expr, &codes);
    return !codes.is_known || index_blocks_of_codes(probe, (uint32_t)probe->stored[column], &codes,
                                                    set, fault);
}

static bool blocks_of(IndexProbe *probe, const Expr *expr, uint32_t depth, BlockSet *set,
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

bool index_blocks(IndexProbe *probe, const Expr *expr, BlockSet *set, Fault *fault)
{
    return blocks_of(probe, expr, 0, set, fault);
}

/* --- before a scan --- */

int scan_find_column(const SegmentReader *reader, Text name, int guess)
{
    const SegmentSchema *schema = segment_schema(reader);
    if (guess >= 0 && (uint32_t)guess < schema->column_count &&
        text_equal(schema->columns[guess].name, name))
        return guess;
    return segment_find_column(reader, name);
}

/* The columns of an input in a segment; those that it holds as another type say nothing. */
static void map_columns(const SegmentReader *reader, const StageInput *input, int *stored)
{
    const SegmentSchema *schema = segment_schema(reader);
    for (uint32_t c = 0; c < input->column_count; c++) {
        stored[c] = scan_find_column(reader, input->names[c], stored[c]);
        if (stored[c] >= 0 && schema->columns[stored[c]].type_oid != input->types[c].oid)
            stored[c] = -1;
    }
}

/* segment->wanted, in `arena`; what reading them is worth. */
static bool blocks_of_segment(IndexProbe *probe, const Expr *filter, InputSegment *segment,
                              Arena *arena, uint64_t *worth, Fault *fault)
{
    BlockSet set;
    if (!index_blocks(probe, filter, &set, fault))
        return false;
    *worth = set.is_all ? segment->rows : (uint64_t)block_set_count(&set) * BLOCK_ROWS;
    if (set.is_all || *worth == 0)
        return true;
    uint64_t *words = ARENA_ARRAY(arena, uint64_t, set.word_count);
    memcpy(words, set.words, set.word_count * sizeof *words);
    segment->wanted = words;
    segment->found = probe->found;
    return true;
}

bool scan_narrow(SegmentCache *cache, StageInput *input, const Expr *filter,
                 const TypeContext *types, uint64_t limit, Arena *arena, uint64_t *rows,
                 Fault *fault)
{
    InputSegment *kept = ARENA_ARRAY(arena, InputSegment, input->segment_count);
    int *stored = ARENA_ARRAY(arena, int, input->column_count);
    memset(stored, 0, input->column_count * sizeof *stored);
    Arena *scratch = arena_new("index probe");
    uint32_t count = 0;
    bool ok = true;
    for (uint32_t s = 0; ok && s < input->segment_count && *rows <= limit; s++) {
        InputSegment *segment = &kept[count];
        *segment = input->segments[s];
        uint64_t worth = segment->rows;
        SegmentReader *reader = NULL;
        if (filter != NULL)
            reader = segment_cache_acquire(cache, segment, fault);
        ok = filter == NULL || reader != NULL;
        if (reader != NULL) {
            arena_reset(scratch);
            map_columns(reader, input, stored);
            IndexProbe probe = {.reader = reader,
                                .stored = stored,
                                .dialect = types->dialect,
                                .arena = scratch,
                                .kept_arena = arena};
            ok = blocks_of_segment(&probe, filter, segment, arena, &worth, fault);
            segment_cache_release(cache, reader);
        }
        count += worth != 0;
        *rows += worth;
    }
    arena_free(scratch);
    if (!ok || *rows > limit)
        return ok;
    input->pruned_by_index = input->segment_count - count;
    input->segments = kept;
    input->segment_count = count;
    return true;
}
