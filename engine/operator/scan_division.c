/*
 * Rows divided among workers by the texts of a column: which rows are a worker's own, and how to
 * divide. Dictionaries are sorted, so that a range of texts is a range of each segment's codes: the
 * test looks at no text.
 *
 * There are several ranges a worker, dealt so that the workers have about as much to do, going by
 * samples of a few segments (largest first, each to who has least: Graham 1969, "Bounds on
 * multiprocessing timing anomalies"). That they lie between one another keeps workers about even when
 * a filter prefers some texts.
 */
#include "engine/operator/scan_internal.h"

#include <stdlib.h>

enum {
    RANGES_A_WORKER = 4,
    SAMPLE_SEGMENTS = 4,  /* at most */
    SAMPLE_BLOCKS = 8,    /* of each, at most */
    SAMPLE_BUCKETS = 4096, /* of codes that are counted together */
    SAMPLE_TEXTS = 64,    /* of each: evenly spaced among the sample's texts in their order */
    ENTRY_WEIGHT = 4,     /* of a text that was not there before, beside its first row */
    MOST_UNEVEN = 130,    /* percent of the mean: no worker may have more to do than that */
};

/* --- a worker's own rows --- */

static void add_own(CodeRanges *codes, uint32_t first, uint32_t behind)
{
    if (first >= behind)
        return;
    if (codes->count != 0 && codes->ranges[codes->count - 1].last + 1 == first)
        codes->ranges[codes->count - 1].last = behind - 1;
    else
        codes->ranges[codes->count++] = (CodeRange){first, behind - 1};
}

/* No more of the dictionary is needed than the worker's own texts. */
static void expect_codes(SegmentReader *reader, uint32_t column, const CodeRanges *codes, Arena *arena)
{
    uint32_t *firsts = ARENA_ARRAY(arena, uint32_t, (size_t)codes->count + 1);
    uint32_t *lasts = ARENA_ARRAY(arena, uint32_t, (size_t)codes->count + 1);
    for (uint32_t i = 0; i < codes->count; i++) {
        firsts[i] = codes->ranges[i].first;
        lasts[i] = codes->ranges[i].last;
    }
    segment_expect_entries(reader, column, firsts, lasts, codes->count);
}

bool division_enter_segment(Conjunct *conjunct, SegmentReader *reader, uint32_t column, Arena *arena,
                            Fault *fault)
{
    const RowDivision *division = conjunct->division;
    uint32_t entries = segment_dictionary_count(reader, column), first = 0;
    CodeRanges codes = {.is_known = true,
                        .ranges = ARENA_ARRAY(arena, CodeRange, division->range_count)};
    for (uint32_t i = 0; i < division->range_count; i++) {
        bool is_own = division->owners[i] == conjunct->worker;
        bool is_last = i + 1 == division->range_count;
        bool is_end = is_own != (!is_last && division->owners[i + 1] == conjunct->worker);
        uint32_t behind = entries + 1;
        if (!is_end) /* where two of its ranges meet, or two of others, is of no interest */
            continue;
        if (!is_last &&
            !segment_lower_bound(reader, column, division->splits[i], false, &behind, fault))
            return false;
        if (is_own)
            add_own(&codes, first, behind);
        first = behind;
    }
    codes_make_bits(&codes, entries, arena);
    conjunct_take_codes(conjunct, &codes);
    expect_codes(reader, column, &codes, arena);
    return true;
}

void division_leave_segment(SegmentReader *reader, uint32_t column)
{
    segment_expect_entries(reader, column, NULL, NULL, 0);
}

Verdict division_judge(const Conjunct *conjunct, const SegmentZone *zone)
{
    const CodeRanges *codes = &conjunct->codes;
    bool owns_null = codes->count != 0 && codes->ranges[0].first == 0;
    bool is_some = owns_null && zone->null_count != 0, is_all = false;
    if (!codes->is_known || (!zone->has_range && zone->null_count != zone->rows))
        return VERDICT_SOME;
    if (!zone->has_range)
        return owns_null ? VERDICT_ALL : VERDICT_NONE;
    for (uint32_t i = 0; i < codes->count; i++) {
        const CodeRange *range = &codes->ranges[i];
        is_some |= zone->maximum >= range->first && zone->minimum <= range->last;
        is_all |= zone->minimum >= range->first && zone->maximum <= range->last;
    }
    is_all = is_all && (owns_null || zone->null_count == 0);
    return is_all ? VERDICT_ALL : is_some ? VERDICT_SOME : VERDICT_NONE;
}

/* How many splits are <= the text: the number of its range. */
static uint32_t range_of_text(const RowDivision *division, Text text)
{
    uint32_t low = 0, high = division->range_count - 1;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (text_compare(division->splits[middle], text) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t division_test(const Conjunct *conjunct, const Vector *texts, uint32_t *rows)
{
    const RowDivision *division = conjunct->division;
    uint32_t count = 0;
    for (uint32_t i = 0; i < texts->length; i++) {
        bool is_null = vector_is_null(texts, i);
        uint32_t range = is_null ? 0 : range_of_text(division, vector_text(texts, i));
        rows[count] = i;
        count += division->owners[range] == conjunct->worker;
    }
    return count;
}

/* --- dividing --- */

/* Time that a row takes, and a text that was not there before: about five times as much. */
typedef struct Weighed {
    Text text;
    double weight; /* of what it stands for */
} Weighed;

typedef struct Sample {
    uint32_t segments;
    uint32_t count;
    Weighed texts[SAMPLE_SEGMENTS * SAMPLE_TEXTS];
    double null_weight;
    double entries; /* of the segments' dictionaries together */
} Sample;

static int by_text(const void *a, const void *b)
{
    return text_compare(((const Weighed *)a)->text, ((const Weighed *)b)->text);
}

/* Counts the rows of some blocks from all over the segment by their codes, those of a bucket together:
 * bucket b has the codes from b << shift on. */
static bool count_codes(SegmentReader *reader, uint32_t column, uint32_t shift, Arena *arena,
                        uint32_t *buckets, uint32_t *count, Fault *fault)
{
    uint32_t total = segment_block_count(reader);
    uint32_t blocks = total < SAMPLE_BLOCKS ? total : SAMPLE_BLOCKS;
    *count = 0;
    for (uint32_t i = 0; i < blocks; i++) {
        uint32_t block = (uint32_t)((uint64_t)(2 * i + 1) * total / (2 * blocks));
        uint32_t rows = segment_block_rows(reader, block);
        const uint32_t *codes;
        if (!segment_read_codes(reader, column, block, arena, &codes, fault))
            return false;
        for (uint32_t r = 0; r < rows; r++) {
            uint32_t bucket = codes[r] >> shift;
            buckets[bucket < SAMPLE_BUCKETS ? bucket : SAMPLE_BUCKETS - 1]++;
        }
        *count += rows;
    }
    return true;
}

/* A text that stands for the codes before it, back to `before`, and their share of the rows. */
static bool add_text(Sample *sample, SegmentReader *reader, uint32_t column, uint32_t before,
                     uint32_t code, double rows, Arena *arena, Fault *fault)
{
    if (code == 0) {
        sample->null_weight += rows;
        return true;
    }
    Weighed *made = &sample->texts[sample->count];
    made->weight = rows + ENTRY_WEIGHT * (double)(code - before);
    if (!segment_entry_near(reader, column, code, arena, &made->text, fault))
        return false;
    sample->count++;
    return true;
}

static bool sample_segment(Sample *sample, SegmentReader *reader, uint32_t column, Arena *arena,
                           Fault *fault)
{
    uint32_t entries = segment_dictionary_count(reader, column), shift = 0, count, before = 0;
    uint32_t *buckets = arena_zalloc(arena, SAMPLE_BUCKETS * sizeof *buckets);
    while (entries >> shift >= SAMPLE_BUCKETS)
        shift++;
    if (!count_codes(reader, column, shift, arena, buckets, &count, fault))
        return false;
    uint32_t texts = count < SAMPLE_TEXTS ? count : SAMPLE_TEXTS;
    double rows = (double)segment_row_count(reader) / texts;
    for (uint32_t b = 0, i = 0, sum = 0; b < SAMPLE_BUCKETS; b++) {
        sum += buckets[b];
        for (; i < texts && sum > (uint64_t)(2 * i + 1) * count / (2 * texts); i++) {
            uint32_t code = b << shift < entries ? b << shift : entries;
            if (!add_text(sample, reader, column, before, code, rows, arena, fault))
                return false;
            before = code;
        }
    }
    sample->entries += entries;
    sample->segments++;
    return true;
}

/* *is_possible false: some segment has no dictionary of the column. */
static bool take_sample(SegmentCache *cache, const StageInput *input, uint32_t column, Arena *arena,
                        Sample *sample, bool *is_possible, Fault *fault)
{
    uint32_t segments = input->segment_count < SAMPLE_SEGMENTS ? input->segment_count : SAMPLE_SEGMENTS;
    *sample = (Sample){0};
    *is_possible = segments != 0;
    for (uint32_t i = 0; i < segments && *is_possible; i++) {
        uint32_t number = (uint32_t)((uint64_t)(2 * i + 1) * input->segment_count / (2 * segments));
        SegmentReader *reader = segment_cache_acquire(cache, &input->segments[number], fault);
        if (reader == NULL)
            return false;
        int stored = segment_find_column(reader, input->names[column]);
        *is_possible = stored >= 0 && segment_has_dictionary(reader, (uint32_t)stored);
        bool ok = !*is_possible ||
                  sample_segment(sample, reader, (uint32_t)stored, arena, fault);
        segment_cache_release(cache, reader);
        if (!ok)
            return false;
    }
    qsort(sample->texts, sample->count, sizeof *sample->texts, by_text);
    return true;
}

/* Cuts the sample into ranges of about equal weight; weights[i] is what range i has. Texts that are
 * equal stay together: where one has many rows there are fewer ranges. */
static uint32_t cut_ranges(const Sample *sample, uint32_t wanted, Text *splits, double *weights)
{
    double total = sample->null_weight, sum = sample->null_weight;
    uint32_t ranges = 1;
    for (uint32_t i = 0; i < sample->count; i++)
        total += sample->texts[i].weight;
    weights[0] = sample->null_weight;
    for (uint32_t i = 0; i < sample->count; i++) {
        const Weighed *text = &sample->texts[i];
        bool is_new = i > 0 && !text_equal(text->text, sample->texts[i - 1].text);
        if (is_new && ranges < wanted && sum >= total * ranges / wanted) {
            splits[ranges - 1] = text->text;
            weights[ranges++] = 0;
        }
        weights[ranges - 1] += text->weight;
        sum += text->weight;
    }
    return ranges;
}

/* Deals the ranges out. False: some worker would have far more than the others. */
static bool deal(const double *weights, uint32_t ranges, uint32_t workers, Arena *arena,
                 uint32_t *owners)
{
    double *loads = arena_zalloc(arena, workers * sizeof *loads), total = 0, most = 0;
    bool *is_dealt = arena_zalloc(arena, ranges * sizeof *is_dealt);
    for (uint32_t n = 0; n < ranges; n++) {
        uint32_t largest = UINT32_MAX, least = 0;
        for (uint32_t i = 0; i < ranges; i++)
            if (!is_dealt[i] && (largest == UINT32_MAX || weights[i] > weights[largest]))
                largest = i;
        for (uint32_t w = 1; w < workers; w++)
            least = loads[w] < loads[least] ? w : least;
        is_dealt[largest] = true;
        owners[largest] = least;
        loads[least] += weights[largest];
        total += weights[largest];
    }
    for (uint32_t w = 0; w < workers; w++)
        most = loads[w] > most ? loads[w] : most;
    return most * 100 * workers <= total * MOST_UNEVEN;
}

/* Ranges of one worker that follow one another become one; returns how many are left. */
static uint32_t join_neighbours(Text *splits, uint32_t *owners, uint32_t ranges)
{
    uint32_t kept = 1;
    for (uint32_t i = 1; i < ranges; i++) {
        if (owners[i] == owners[kept - 1])
            continue;
        splits[kept - 1] = splits[i - 1];
        owners[kept++] = owners[i];
    }
    return kept;
}

bool scan_divide(SegmentCache *cache, const StageInput *input, uint32_t column, uint32_t workers,
                 Arena *arena, const RowDivision **division, double *entries, Fault *fault)
{
    Sample *sample = ARENA_NEW(arena, Sample);
    bool is_possible;
    *division = NULL;
    if (!take_sample(cache, input, column, arena, sample, &is_possible, fault))
        return false;
    if (!is_possible || sample->count == 0)
        return true;
    uint32_t wanted = workers * RANGES_A_WORKER;
    Text *splits = ARENA_ARRAY(arena, Text, wanted);
    double *weights = ARENA_ARRAY(arena, double, wanted);
    uint32_t *owners = ARENA_ARRAY(arena, uint32_t, wanted);
    uint32_t ranges = cut_ranges(sample, wanted, splits, weights);
    if (!deal(weights, ranges, workers, arena, owners))
        return true;
    ranges = join_neighbours(splits, owners, ranges);
    RowDivision *made = ARENA_NEW(arena, RowDivision);
    *made = (RowDivision){
        .column = column, .range_count = ranges, .splits = splits, .owners = owners};
    *division = made;
    *entries = sample->entries * input->segment_count / sample->segments;
    return true;
}
