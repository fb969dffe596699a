/*
 * Scan: rows of a table's segments.
 *
 * Morsels are row groups, numbered over the list of segments; the workers of a stage take the
 * next one from a shared counter, or, where rows are divided among them by their texts, each takes
 * all and keeps its own rows. Of a segment whose indexes know which blocks may hold wanted
 * rows, the others are left out. A block of a row group is looked at in this order: its zones
 * (a conjunct that a zone rules out skips the block, one that a zone proves is not tested); the
 * conjuncts, cheapest first, each over the rows that the ones before have left, reading only the
 * columns it needs (Abadi et al. 2007, "Materialization strategies"); then the other columns,
 * for the surviving rows alone.
 */
#include "engine/operator/scan_internal.h"

enum { MOST_PARTS = 32 }; /* of an OR that is tested by codes */

/* An input column in the segment at hand. */
typedef struct ScanColumn {
    int stored;        /* index in the segment; -1: missing, all NULL */
    bool is_row_id;    /* computed: which row it is */
    ExprProgram *cast; /* from the stored type to the wanted one; NULL: none needed */
    bool is_kept;      /* comes out */
    bool is_pending;   /* kept, or used by a conjunct that was not tested yet */
    bool is_read;      /* `vector` holds the rows selected so far */
    Vector vector;
} ScanColumn;

/* A cast seen once is compiled once. */
typedef struct ScanCast {
    SqlType from, to;
    ExprProgram *program;
    struct ScanCast *next;
} ScanCast;

typedef struct ScanOperator {
    Operator base;
    const StageInput *input;
    ScanColumn *columns; /* of the input */
    int *stored;         /* of the input's columns: as in IndexProbe */
    Conjunct *conjuncts;
    uint32_t conjunct_count;
    bool *is_proven; /* conjuncts that need no test: for the row group, for the block */
    bool *is_group_proven;
    ScanCast *casts;
    bool has_bound;
    SortBound bound;   /* `column` is the input's */
    bool is_backwards; /* newest first */
    /* morsels */
    uint32_t *first_group; /* by segment; [segment_count] is the total */
    uint32_t next_ticket;  /* where rows are divided: the next morsel */
    uint32_t segment;      /* at hand; UINT32_MAX none */
    bool is_segment_ruled_out;
    bool has_dictionaries; /* the conjuncts know those of the segment at hand */
    BlockSet wanted;       /* blocks of the segment at hand */
    SegmentReader *reader;
    uint32_t block, blocks_left; /* of the row group at hand */
    bool is_done;
    Arena *arena;         /* of the block */
    Arena *segment_arena; /* of the segment at hand */
} ScanOperator;

/* --- casts --- */

static bool is_same_representation(SqlType from, SqlType to)
{
    if (from.oid == to.oid && from.modifier == to.modifier)
        return true;
    if (type_layout(from) != type_layout(to))
        return false;
    bool is_noop = false;
    (void)function_find_cast(from, to, CAST_EXPLICIT, 0, &is_noop);
    return is_noop || (from.oid == to.oid && type_layout(to) != LAYOUT_INT128);
}

static bool find_cast(ScanOperator *scan, const SegmentColumn *stored, SqlType to,
                      ExprProgram **program, Fault *fault)
{
    OperatorContext *context = scan->base.context;
    SqlType from = {.oid = stored->type_oid, .modifier = stored->type_modifier};
    *program = NULL;
    if (is_same_representation(from, to) && stored->layout == type_layout(to))
        return true;
    for (ScanCast *cast = scan->casts; cast != NULL; cast = cast->next)
        if (type_equal(cast->from, from) && type_equal(cast->to, to)) {
            *program = cast->program;
            return true;
        }
    if (type_info(from.oid) == NULL || type_layout(from) != stored->layout)
        return fault_set(fault, FAULT_DATA_CORRUPTED,
                         "column \"%.*s\" of a segment has an unknown type %u",
                         TEXT_ARGS(stored->name), stored->type_oid);
    const Expr *column = expr_column(context->arena, from, 0, -1);
    const Expr *expr =
        expr_cast(context->arena, column, to, CAST_EXPLICIT, context->types->dialect, fault);
    if (expr == NULL)
        return false;
    ScanCast *cast = ARENA_NEW(context->arena, ScanCast);
    *cast = (ScanCast){.from = from, .to = to, .next = scan->casts};
    cast->program = expr_compile(context->arena, &expr, 1, context->types, fault);
    if (cast->program == NULL)
        return false;
    scan->casts = cast;
    *program = cast->program;
    return true;
}

/* --- segments --- */

static void leave_segment(ScanOperator *scan)
{
    const RowDivision *division = scan->input->division;
    if (scan->reader != NULL && division != NULL && scan->columns[division->column].stored >= 0)
        division_leave_segment(scan->reader, (uint32_t)scan->columns[division->column].stored);
    if (scan->reader != NULL)
        segment_cache_release(scan->base.context->segments, scan->reader);
    scan->reader = NULL;
    scan->segment = UINT32_MAX;
    scan->blocks_left = 0;
}

static bool map_columns(ScanOperator *scan, Fault *fault)
{
    const SegmentSchema *schema = segment_schema(scan->reader);
    for (uint32_t c = 0; c < scan->input->column_count; c++) {
        ScanColumn *column = &scan->columns[c];
        column->stored = scan_find_column(scan->reader, scan->input->names[c], column->stored);
        column->cast = NULL;
        if (column->stored >= 0 && !find_cast(scan, &schema->columns[column->stored],
                                              scan->input->types[c], &column->cast, fault))
            return false;
        scan->stored[c] = column->cast == NULL ? column->stored : -1;
    }
    return true;
}

/* The stored column that a conjunct's zones are about; -1: they say nothing. */
static int zone_column(const ScanOperator *scan, const Conjunct *conjunct)
{
    if (conjunct->kind == CONJUNCT_GENERIC)
        return -1;
    const ScanColumn *column = &scan->columns[conjunct->column];
    /* A cast changes values, but keeps NULL and not NULL apart only where it cannot fail. */
    return column->cast == NULL ? column->stored : -1;
}

static const CodeRanges *found_before(const ScanOperator *scan, const Expr *expr)
{
    const FoundCodes *found = scan->input->segments[scan->segment].found;
    while (found != NULL && found->expr != expr)
        found = found->next;
    return found == NULL ? NULL : &found->codes;
}

static bool find_codes(ScanOperator *scan, uint32_t stored, const Expr *expr, CodeRanges *codes,
                       Fault *fault)
{
    const CodeRanges *found = found_before(scan, expr);
    if (found != NULL)
        *codes = *found;
    else if (!codes_of_condition(scan->reader, stored, expr, scan->base.context->types->dialect,
                                 scan->segment_arena, codes, fault))
        return false;
    if (codes->is_known)
        codes_make_bits(codes, segment_dictionary_count(scan->reader, stored), scan->segment_arena);
    return true;
}

/* A condition that can be looked up does without the dictionary. */
static bool enter_codes(ScanOperator *scan, Conjunct *conjunct, int stored, Fault *fault)
{
    CodeRanges codes;
    if (conjunct->kind != CONJUNCT_TEXT || stored < 0 ||
        !segment_has_dictionary(scan->reader, (uint32_t)stored))
        return true;
    if (!find_codes(scan, (uint32_t)stored, conjunct->expr, &codes, fault))
        return false;
    if (codes.is_known)
        conjunct_take_codes(conjunct, &codes);
    return true;
}

static bool enter_dictionary(ScanOperator *scan, Conjunct *conjunct, Fault *fault)
{
    const Dictionary *dictionary = NULL;
    int stored = zone_column(scan, conjunct);
    if (!enter_codes(scan, conjunct, stored, fault))
        return false;
    if (!conjunct->codes.is_known) {
        if (stored >= 0 &&
            !segment_dictionary(scan->reader, (uint32_t)stored, false, &dictionary, fault))
            return false;
        conjunct_enter_segment(conjunct, dictionary);
        if (!conjunct_evaluate_dictionary(scan->base.context, scan->input, conjunct, fault))
            return false;
    }
    if (conjunct->is_evaluated && conjunct->last_true < conjunct->first_true)
        scan->is_segment_ruled_out = true;
    return true;
}

/* A segment without the column has NULLs, which one of the workers owns. */
static bool enter_own(ScanOperator *scan, Conjunct *conjunct, Fault *fault)
{
    int stored = zone_column(scan, conjunct);
    if (stored >= 0 && segment_has_dictionary(scan->reader, (uint32_t)stored) &&
        !division_enter_segment(conjunct, scan->reader, (uint32_t)stored, scan->segment_arena, fault))
        return false;
    scan->is_segment_ruled_out |= conjunct->codes.is_known && conjunct->codes.count == 0;
    return true;
}

/* An OR of conditions on string columns is tested by their codes, where all are known. */
static bool enter_parts(ScanOperator *scan, Conjunct *conjunct, Fault *fault)
{
    const Expr *expr = conjunct->expr;
    if (conjunct->kind != CONJUNCT_GENERIC || expr->kind != EXPR_OR ||
        expr->argument_count > MOST_PARTS)
        return true;
    OrPart *parts = ARENA_ARRAY(scan->segment_arena, OrPart, expr->argument_count);
    for (uint32_t i = 0; i < expr->argument_count; i++) {
        const Expr *part = expr->arguments[i];
        uint32_t column = condition_string_column(part);
        int stored = column == UINT32_MAX ? -1 : scan->stored[column];
        if (stored < 0 || !segment_has_dictionary(scan->reader, (uint32_t)stored))
            return true;
        parts[i].column = (uint32_t)stored;
        if (!find_codes(scan, (uint32_t)stored, part, &parts[i].codes, fault))
            return false;
        if (!parts[i].codes.is_known)
            return true;
    }
    conjunct->parts = parts;
    conjunct->part_count = expr->argument_count;
    return true;
}

/* What the indexes say of a conjunct, or of the parts of an OR. */
static bool want_blocks(ScanOperator *scan, const Conjunct *conjunct, Fault *fault)
{
    IndexProbe probe = {.reader = scan->reader,
                        .stored = scan->stored,
                        .dialect = scan->base.context->types->dialect,
                        .arena = scan->segment_arena};
    BlockSet set = block_set_all();
    bool ok = true;
    if (conjunct->codes.is_known)
        ok = index_blocks_of_codes(&probe, (uint32_t)zone_column(scan, conjunct), &conjunct->codes,
                                   &set, fault);
    else if (conjunct->kind == CONJUNCT_GENERIC)
        ok = index_blocks(&probe, conjunct->expr, &set, fault);
    if (ok)
        block_set_intersect(&scan->wanted, &set);
    return ok;
}

/* What the conjuncts say of the segment's codes and blocks: looked up, and dictionaries decoded,
 * only when a row group of the segment has survived everything else. */
static bool enter_dictionaries(ScanOperator *scan, Fault *fault)
{
    bool is_asked = scan->input->segments[scan->segment].wanted != NULL;
    scan->has_dictionaries = true;
    for (uint32_t i = 0; i < scan->conjunct_count && !scan->is_segment_ruled_out; i++) {
        Conjunct *conjunct = &scan->conjuncts[i];
        if (conjunct->kind == CONJUNCT_OWN) {
            if (!enter_own(scan, conjunct, fault))
                return false;
            continue;
        }
        if (conjunct_wants_dictionary(scan->input, conjunct) &&
            !enter_dictionary(scan, conjunct, fault))
            return false;
        if (!enter_parts(scan, conjunct, fault))
            return false;
        if (!scan->is_segment_ruled_out && !is_asked && !want_blocks(scan, conjunct, fault))
            return false;
    }
    scan->is_segment_ruled_out |= block_set_is_empty(&scan->wanted);
    return true;
}

static bool enter_segment(ScanOperator *scan, uint32_t segment, Fault *fault)
{
    OperatorContext *context = scan->base.context;
    leave_segment(scan);
    scan->reader = segment_cache_acquire(context->segments, &scan->input->segments[segment], fault);
    if (scan->reader == NULL)
        return false;
    scan->segment = segment;
    scan->is_segment_ruled_out = false;
    scan->has_dictionaries = false;
    arena_reset(scan->segment_arena);
    const uint64_t *known = scan->input->segments[segment].wanted;
    scan->wanted = known == NULL ? block_set_all()
                                 : block_set_of(known, segment_block_count(scan->reader),
                                                scan->segment_arena);
    for (uint32_t i = 0; i < scan->conjunct_count; i++)
        conjunct_enter_segment(&scan->conjuncts[i], NULL);
    context->counters->input_files++;
    return map_columns(scan, fault);
}

/* --- zones --- */

/* Whether the top-N above can do without all rows of the zone. */
static bool is_beyond_bound(const ScanOperator *scan, const SegmentZone *zone)
{
    if (!zone->has_range || (zone->null_count != 0 && scan->bound.keeps_nulls))
        return false;
    return scan->bound.descending ? zone->maximum < scan->bound.value
                                  : zone->minimum > scan->bound.value;
}

static bool bound_rules_out(const ScanOperator *scan, bool is_group, uint32_t number)
{
    if (!scan->has_bound)
        return false;
    const ScanColumn *column = &scan->columns[scan->bound.column];
    if (column->stored < 0 || column->cast != NULL)
        return false;
    SegmentZone zone;
    if (is_group)
        segment_group_zone(scan->reader, (uint32_t)column->stored, number, &zone);
    else
        segment_zone(scan->reader, (uint32_t)column->stored, number, &zone);
    return is_beyond_bound(scan, &zone);
}

/* Judges conjuncts by the zones of a row group or a block; false when one rules it out. */
static bool judge(ScanOperator *scan, bool is_group, uint32_t number, const bool *known,
                  bool *proven)
{
    for (uint32_t i = 0; i < scan->conjunct_count; i++) {
        const Conjunct *conjunct = &scan->conjuncts[i];
        proven[i] = known != NULL && known[i];
        int stored = zone_column(scan, conjunct);
        if (proven[i] || stored < 0 ||
            (conjunct_wants_dictionary(scan->input, conjunct) && !conjunct->is_evaluated &&
             !conjunct->has_range))
            continue;
        SegmentZone zone;
        if (is_group)
            segment_group_zone(scan->reader, (uint32_t)stored, number, &zone);
        else
            segment_zone(scan->reader, (uint32_t)stored, number, &zone);
        Verdict verdict = conjunct_judge(conjunct, &zone, scan->arena);
        if (verdict == VERDICT_NONE)
            return false;
        proven[i] = verdict == VERDICT_ALL;
    }
    return true;
}

/* --- morsels --- */

static uint32_t segment_of_group(const ScanOperator *scan, uint32_t group)
{
    uint32_t low = 0, high = scan->input->segment_count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (scan->first_group[middle] <= group)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static uint32_t blocks_of_group(const SegmentReader *reader, uint32_t group)
{
    uint32_t total = segment_block_count(reader), first = group * SEGMENT_GROUP_BLOCKS;
    if (first >= total)
        return 0;
    return total - first < SEGMENT_GROUP_BLOCKS ? total - first : SEGMENT_GROUP_BLOCKS;
}

/* What the zones of a row group say. Where few of its blocks are wanted, theirs say more for less. */
static bool judge_group(ScanOperator *scan, uint32_t group)
{
    if (scan->wanted.is_all)
        return judge(scan, true, group, NULL, scan->is_group_proven);
    memset(scan->is_group_proven, false, scan->conjunct_count);
    return block_set_has_any(&scan->wanted, group * SEGMENT_GROUP_BLOCKS,
                             blocks_of_group(scan->reader, group));
}

/* Whether a row group may hold wanted rows, by all that is known without reading it. */
static bool is_group_wanted(ScanOperator *scan, uint32_t group, bool *is_wanted, Fault *fault)
{
    *is_wanted = false;
    if (scan->is_segment_ruled_out || bound_rules_out(scan, true, group) ||
        !judge_group(scan, group))
        return true;
    if (!scan->has_dictionaries) {
        if (!enter_dictionaries(scan, fault))
            return false;
        if (scan->is_segment_ruled_out || !judge_group(scan, group))
            return true;
    }
    *is_wanted = true;
    return true;
}

/* The number of the next morsel, of `total`; false: none is left. */
static bool take_morsel(ScanOperator *scan, uint32_t total, uint32_t *number)
{
    _Atomic uint32_t *ticket = &scan->base.context->tickets[scan->input->ticket];
    if (scan->input->division != NULL) {
        *number = scan->next_ticket;
        scan->next_ticket += *number < total;
        return *number < total;
    }
    *number = atomic_fetch_add(ticket, 1);
    if (*number < total)
        return true;
    atomic_fetch_sub(ticket, 1); /* never so far that it wraps round */
    return false;
}

/* Takes the next row group that its zones do not rule out. *has false: none is left. */
static bool next_group(ScanOperator *scan, bool *has, Fault *fault)
{
    OperatorContext *context = scan->base.context;
    uint32_t total = scan->first_group[scan->input->segment_count];
    for (;;) {
        uint32_t ticket;
        *has = take_morsel(scan, total, &ticket);
        if (!*has)
            return true;
        uint32_t group = scan->is_backwards ? total - 1 - ticket : ticket;
        uint32_t segment = segment_of_group(scan, group);
        if (segment != scan->segment && !enter_segment(scan, segment, fault))
            return false;
        uint32_t within = group - scan->first_group[segment];
        uint32_t blocks = blocks_of_group(scan->reader, within);
        arena_reset(scan->arena);
        bool is_wanted = false;
        if (blocks != 0 && !is_group_wanted(scan, within, &is_wanted, fault))
            return false;
        if (!is_wanted) {
            context->counters->blocks_skipped += blocks;
            continue;
        }
        scan->blocks_left = blocks;
        scan->block = within * SEGMENT_GROUP_BLOCKS + (scan->is_backwards ? blocks - 1 : 0);
        return true;
    }
}

/* --- a block --- */

/* Rows of the block that are still in: `rows` NULL means all of them. */
typedef struct Selection {
    const uint32_t *rows;
    uint32_t count;
} Selection;

static Vector row_ids(ScanOperator *scan, const Selection *selection)
{
    int64_t *ids = arena_alloc_vector(scan->arena, (size_t)selection->count * sizeof *ids);
    int64_t first = SEGMENT_ROW_ID_MAKE(scan->input->segments[scan->segment].number,
                                      (int64_t)scan->block * SEGMENT_BLOCK_ROWS);
    for (uint32_t i = 0; i < selection->count; i++)
        ids[i] = first + (selection->rows == NULL ? i : selection->rows[i]);
    return vector_flat(LAYOUT_INT64, selection->count, ids, NULL);
}

static bool read_column(ScanOperator *scan, uint32_t c, const Selection *selection, Fault *fault)
{
    ScanColumn *column = &scan->columns[c];
    if (column->is_read)
        return true;
    column->is_read = true;
    if (column->is_row_id) {
        column->vector = row_ids(scan, selection);
        return true;
    }
    if (column->stored < 0) {
        column->vector =
            vector_null(scan->arena, type_layout(scan->input->types[c]), selection->count);
        return true;
    }
    if (!segment_read(scan->reader, (uint32_t)column->stored, scan->block, selection->rows,
                      selection->count, scan->arena, &column->vector, fault))
        return false;
    if (column->cast == NULL)
        return true;
    Vector stored = column->vector;
    Batch batch = {.rows = selection->count, .column_count = 1, .columns = &stored};
    return expr_run(column->cast, &batch, NULL, scan->arena, &column->vector, fault);
}

/* A batch of the input's columns with those a conjunct uses; the others are NULL and not looked at.
 */
static Batch *conjunct_batch(ScanOperator *scan, const Conjunct *conjunct,
                             const Selection *selection, Fault *fault)
{
    Batch *batch = batch_make(scan->arena, scan->input->column_count, selection->count);
    for (uint32_t c = 0; c < scan->input->column_count; c++) {
        if (!conjunct->uses[c]) {
            batch->columns[c] =
                vector_null(scan->arena, type_layout(scan->input->types[c]), selection->count);
            continue;
        }
        if (!read_column(scan, c, selection, fault))
            return NULL;
        batch->columns[c] = scan->columns[c].vector;
    }
    return batch;
}

/* Columns that come out or are used by a conjunct after the i-th. */
static void mark_pending(ScanOperator *scan, uint32_t after)
{
    for (uint32_t c = 0; c < scan->input->column_count; c++)
        scan->columns[c].is_pending = scan->columns[c].is_kept;
    for (uint32_t i = after; i < scan->conjunct_count; i++)
        if (!scan->is_proven[i])
            for (uint32_t c = 0; c < scan->input->column_count; c++)
                scan->columns[c].is_pending |= scan->conjuncts[i].uses[c];
}

/* The selection becomes rows picked[0..count) of itself; columns that were read follow. */
static void narrow(ScanOperator *scan, Selection *selection, const uint32_t *picked, uint32_t count)
{
    if (count == selection->count)
        return;
    for (uint32_t c = 0; c < scan->input->column_count; c++) {
        ScanColumn *column = &scan->columns[c];
        if (column->is_read && column->is_pending)
            column->vector = vector_gather(scan->arena, &column->vector, picked, count);
        else
            column->is_read = false;
    }
    if (selection->rows == NULL) {
        selection->rows = picked;
    } else {
        uint32_t *rows = arena_alloc_vector(scan->arena, count * sizeof *rows);
        for (uint32_t i = 0; i < count; i++)
            rows[i] = selection->rows[picked[i]];
        selection->rows = rows;
    }
    selection->count = count;
}

/* By the codes alone. */
static bool test_codes(ScanOperator *scan, Conjunct *conjunct, const Selection *selection,
                       uint32_t *picked, uint32_t *count, Fault *fault)
{
    const uint32_t *codes;
    if (!segment_read_codes(scan->reader, (uint32_t)zone_column(scan, conjunct), scan->block,
                            scan->arena, &codes, fault))
        return false;
    if (selection->rows != NULL) {
        uint32_t *some =
            arena_alloc_vector(scan->arena, ((size_t)selection->count + 16) * sizeof *some);
        for (uint32_t i = 0; i < selection->count; i++)
            some[i] = codes[selection->rows[i]];
        codes = some;
    }
    *count = conjunct_test_codes(conjunct, codes, selection->count, !scan->wanted.is_all,
                                 scan->arena, picked);
    return true;
}

/* An OR, by the codes of its parts. */
static bool test_parts(ScanOperator *scan, Conjunct *conjunct, const Selection *selection,
                       uint32_t *picked, uint32_t *count, Fault *fault)
{
    uint32_t rows = segment_block_rows(scan->reader, scan->block);
    uint8_t *mask = arena_alloc_vector(scan->arena, rows);
    memset(mask, 0, rows);
    for (uint32_t i = 0; i < conjunct->part_count; i++) {
        const OrPart *part = &conjunct->parts[i];
        const uint32_t *codes;
        if (part->codes.count == 0)
            continue;
        if (!segment_read_codes(scan->reader, part->column, scan->block, scan->arena, &codes,
                                fault))
            return false;
        codes_add_to_mask(&part->codes, codes, rows, mask);
    }
    if (selection->rows == NULL) {
        *count = rows_of_mask(rows, mask, picked);
        return true;
    }
    *count = 0;
    for (uint32_t i = 0; i < selection->count; i++) {
        picked[*count] = i;
        *count += mask[selection->rows[i]];
    }
    return true;
}

static bool test_rows(ScanOperator *scan, Conjunct *conjunct, const Selection *selection,
                      uint32_t *picked, uint32_t *count, Fault *fault)
{
    if (!conjunct_evaluate_dictionary(scan->base.context, scan->input, conjunct, fault))
        return false;
    Batch *batch = conjunct_batch(scan, conjunct, selection, fault);
    return batch != NULL && conjunct_test(conjunct, batch, scan->arena, picked, count, fault);
}

static bool filter_block(ScanOperator *scan, Selection *selection, Fault *fault)
{
    for (uint32_t i = 0; i < scan->conjunct_count && selection->count != 0; i++) {
        Conjunct *conjunct = &scan->conjuncts[i];
        if (scan->is_proven[i])
            continue;
        uint32_t *picked =
            arena_alloc_vector(scan->arena, ((size_t)selection->count + 64) * sizeof *picked);
        uint32_t count;
        if (!(conjunct->codes.is_known ? test_codes
              : conjunct->parts != NULL ? test_parts
                                        : test_rows)(scan, conjunct, selection, picked, &count, fault))
            return false;
        mark_pending(scan, i + 1);
        narrow(scan, selection, picked, count);
    }
    return true;
}

static bool is_block_wanted(const ScanOperator *scan)
{
    return scan->wanted.is_all || (scan->wanted.words[scan->block / 64] >> scan->block % 64 & 1);
}

/* One block: *batch stays NULL when no row of it survives. */
static bool read_block(ScanOperator *scan, Batch **batch, Fault *fault)
{
    OperatorContext *context = scan->base.context;
    const OperatorSpec *spec = scan->base.spec;
    arena_reset(scan->arena);
    if (bound_rules_out(scan, false, scan->block) ||
        !judge(scan, false, scan->block, scan->is_group_proven, scan->is_proven)) {
        context->counters->blocks_skipped++;
        return true;
    }
    context->counters->blocks_read++;
    Selection selection = {.count = segment_block_rows(scan->reader, scan->block)};
    context->counters->input_rows += selection.count;
    for (uint32_t c = 0; c < scan->input->column_count; c++)
        scan->columns[c].is_read = false;
    if (!filter_block(scan, &selection, fault))
        return false;
    if (selection.count == 0)
        return true;
    Batch *made = batch_make(scan->arena, spec->column_count, selection.count);
    for (uint32_t i = 0; i < spec->column_count; i++) {
        uint32_t c = operator_kept(spec, i);
        if (!read_column(scan, c, &selection, fault))
            return false;
        made->columns[i] = scan->columns[c].vector;
    }
    *batch = made;
    return true;
}

static inline void next_block(ScanOperator *scan)
{
    scan->blocks_left--;
    scan->block += scan->is_backwards ? UINT32_MAX : 1;
}

/* Goes on to a block that is wanted; true when the row group has none any more. */
static bool skip_unwanted(ScanOperator *scan)
{
    for (; scan->blocks_left != 0 && !is_block_wanted(scan); next_block(scan))
        scan->base.context->counters->blocks_skipped++;
    return scan->blocks_left == 0;
}

static Progress scan_next(Operator *self, Batch **batch, Fault *fault)
{
    ScanOperator *scan = (ScanOperator *)self;
    while (!scan->is_done) {
        if (scan->blocks_left == 0) {
            bool has;
            if (!next_group(scan, &has, fault))
                return PROGRESS_FAILED;
            scan->is_done = !has;
            if (!has)
                break;
        }
        if (skip_unwanted(scan))
            continue;
        bool is_read = read_block(scan, batch, fault);
        next_block(scan);
        if (!is_read)
            return PROGRESS_FAILED;
        if (*batch != NULL)
            return PROGRESS_BATCH;
        if (operator_must_yield(self->context))
            return PROGRESS_YIELDED;
    }
    return PROGRESS_DONE;
}

static void scan_close(Operator *self)
{
    ScanOperator *scan = (ScanOperator *)self;
    leave_segment(scan);
    conjuncts_clear(self->context, scan->conjuncts, scan->conjunct_count);
    arena_free(scan->arena);
    arena_free(scan->segment_arena);
}

/* A first bound, before anything was read, tells which end of the table is wanted. */
static void scan_bound(Operator *self, const SortBound *bound)
{
    ScanOperator *scan = (ScanOperator *)self;
    uint32_t column = operator_kept(self->spec, bound->column);
    if (type_layout(scan->input->types[column]) != LAYOUT_INT64)
        return;
    bool is_hint = !scan->has_bound && scan->reader == NULL;
    if (is_hint && bound->descending && text_equal_string(scan->input->names[column], "__time"))
        scan->is_backwards = true;
    scan->has_bound = true;
    scan->bound = *bound;
    scan->bound.column = column;
}

/* Before the first row only: later the conjuncts are in use. */
static void scan_restrict_to(Operator *self, uint32_t column, struct KeyTable *keys)
{
    ScanOperator *scan = (ScanOperator *)self;
    if (scan->reader == NULL && !scan->is_done)
        conjuncts_add_member(self->context, scan->input, operator_kept(self->spec, column), keys,
                             scan->conjuncts, &scan->conjunct_count);
}

static const OperatorClass scan_class = {.name = "scan segments",
                                         .next = scan_next,
                                         .close = scan_close,
                                         .bound = scan_bound,
                                         .restrict_to = scan_restrict_to};

static void number_groups(ScanOperator *scan)
{
    const StageInput *input = scan->input;
    uint64_t group_rows = (uint64_t)SEGMENT_BLOCK_ROWS * SEGMENT_GROUP_BLOCKS;
    scan->first_group =
        ARENA_ARRAY(scan->base.context->arena, uint32_t, (size_t)input->segment_count + 1);
    uint32_t total = 0;
    for (uint32_t s = 0; s < input->segment_count; s++) {
        scan->first_group[s] = total;
        total += (uint32_t)((input->segments[s].rows + group_rows - 1) / group_rows);
    }
    scan->first_group[input->segment_count] = total;
}

Operator *scan_segments_make(const OperatorSpec *spec, OperatorContext *context,
                             Operator **children, Fault *fault)
{
    const StageInput *input = &context->stage->inputs[spec->input.index];
    if (input->ticket >= context->ticket_count) {
        fault_set(fault, FAULT_INTERNAL_ERROR, "a stage's input has ticket %u of %u", input->ticket,
                  context->ticket_count);
        return NULL;
    }
    ScanOperator *scan = operator_new(sizeof *scan, &scan_class, spec, context, children);
    scan->input = input;
    scan->segment = UINT32_MAX;
    scan->columns = ARENA_ARRAY(context->arena, ScanColumn, input->column_count);
    memset(scan->columns, 0, input->column_count * sizeof *scan->columns);
    scan->stored = ARENA_ARRAY(context->arena, int, input->column_count);
    for (uint32_t c = 0; c < input->column_count; c++)
        scan->columns[c].is_row_id = text_equal_string(input->names[c], SEGMENT_ROW_ID);
    for (uint32_t i = 0; i < spec->column_count; i++)
        scan->columns[operator_kept(spec, i)].is_kept = true;
    if (!conjuncts_make(context, input, spec->input.filter, &scan->conjuncts, &scan->conjunct_count,
                        fault))
        return NULL;
    if (input->division != NULL)
        conjuncts_add_own(context, input, scan->conjuncts, &scan->conjunct_count);
    scan->is_proven = arena_zalloc(context->arena, scan->conjunct_count + CONJUNCTS_TO_COME);
    scan->is_group_proven = arena_zalloc(context->arena, scan->conjunct_count + CONJUNCTS_TO_COME);
    number_groups(scan);
    context->counters->total_files += input->segment_count;
    scan->arena = arena_new("scan");
    scan->segment_arena = arena_new("scan of a segment");
    return &scan->base;
}
