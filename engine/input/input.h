/*
 * Input: data from outside (files, URLs, inline text, in a format, perhaps compressed) as batches.
 *
 * A source (where the bytes are), a compression and a format (what they mean) are independent
 * and one file each. A unit is one file, URL or inline text; the controller lists the units
 * (input_expand_units) and workers take them one at a time and read each with one InputReader.
 *
 * Rows that cannot be parsed are skipped, counted and described; whether that is still
 * acceptable (maxParseExceptions) is the reading operator's decision, not made here. What makes
 * reading on impossible (no such file, bad compression, a URL that does not answer) is a fault.
 *
 * All bytes are hostile: nothing is allocated from a length that they name without a check.
 */
#ifndef TALARIA_ENGINE_INPUT_INPUT_H
#define TALARIA_ENGINE_INPUT_INPUT_H

#include "base/memory/budget.h"
#include "engine/stage/stage.h"

enum {
    INPUT_ERRORS_KEPT = 5,   /* messages kept of the rows that could not be parsed */
    INPUT_MAX_UNITS = 10000, /* a worker; more is TooManyInputFiles */
};

/* Rows of one reader (or, added up, of many) that could not be parsed. */
typedef struct InputErrors {
    uint64_t count; /* all of them */
    uint32_t kept;  /* messages below: the first ones */
    struct {
        char message[512]; /* the reason, in words; no source or line */
        char source[256];  /* the unit's name, cut at the front when long */
        uint64_t line;     /* from 1, of what the reader reads; 0 when the format has no lines */
    } messages[INPUT_ERRORS_KEPT];
} InputErrors;

/*
 * What a reader is told. `external` (kind INPUT_EXTERNAL) gives source, format, units and the whole
 * signature; everything it points to must outlive the reader.
 */
typedef struct InputOptions {
    const StageInput *external;
    uint32_t unit; /* index into external->units */
    /* The columns wanted, as positions in external's signature, in the order in which they shall
     * stand in the batches. Others are neither converted nor kept. */
    uint32_t column_count;
    const uint32_t *columns;
    const TypeContext *context; /* zone and dialect for conversions; settings for limits and
                                   permissions (allowed folders, protocols, removeNullBytes) */
    Budget *budget;             /* buffers beyond a fixed few MiB are reserved here; may be NULL */
    _Atomic uint32_t *tickets;  /* the query's counters, for units that are shares */
    uint32_t ticket_count;
} InputOptions;

typedef struct InputReader InputReader;

/* Opens a unit. Faults: 58P01 no such file, 42501 not allowed, 22023 bad source or format JSON,
 * FEATURE_NOT_SUPPORTED for sources and formats that are known but not read here. */
InputReader *input_open(const InputOptions *options, Fault *fault);

/*
 * Goes on with another unit of the same source, when the reader is at the end of its own: what it
 * has learned (which texts repeat, their dictionaries) stays. Takes the reader over; NULL when it
 * fails, as input_open.
 */
InputReader *input_continue(InputReader *reader, uint32_t unit, Fault *fault);

/*
 * The next rows: *batch has 1 .. BATCH_ROWS rows of the wanted columns in the layouts of their
 * signature types, or is NULL at the end of the unit. (It has none when only rows that cannot be
 * parsed were met for a while, so that the caller can look at their number.) Strings come as
 * dictionary vectors where values repeat (a dictionary may grow from batch to batch: each batch's
 * Dictionary struct is new in that case, with a new id) or as Text views. The batch is valid until
 * the next call on this reader. Parses at most a few milliseconds' worth at a call.
 */
bool input_next(InputReader *reader, Batch **batch, Fault *fault);

/* Parse errors since the reader was opened. The pointer stays valid until input_close. */
const InputErrors *input_errors(const InputReader *reader);
/* Where in its file the line of message `i` stands, from 1; 0 unknown. For a part of a file the lines
 * before it are counted, once a reader: ask only for what will be shown. */
uint64_t input_error_line(InputReader *reader, uint32_t i);
/* Bytes of the unit consumed so far, as stored (compressed): for counters. */
uint64_t input_bytes_read(const InputReader *reader);
void input_close(InputReader *reader); /* NULL is fine */

/* Adds `more` to `sum`, keeping the first INPUT_ERRORS_KEPT messages. */
void input_errors_add(InputErrors *sum, const InputErrors *more);

/*
 * Lists the units of a source: explicit files, baseDir with filter (recursively, empty files
 * left out, ascending by path), URIs, one for inline data. For the controller, which spreads
 * them over workers. Faults as for input_open; TooManyInputFiles beyond `limit` units.
 */
bool input_expand_units(Arena *arena, Text source_json, const Settings *settings, uint32_t limit,
                        const InputUnit **units, uint32_t *count, Fault *fault);

/*
 * Divides large files among `workers`, in formats that have a row a line: a file that is not
 * compressed becomes several units in its place, each a range of whole lines. One that is
 * compressed, but quickly decompressed, and one of few, becomes several units that share it: who
 * lists them gives those with the same `first_share` a ticket of their own, 0 at the start. Other
 * units stay as they are. Opens each large file and looks at its bytes where it may be cut. Faults
 * as for input_open.
 */
bool input_split_units(Arena *arena, Text source_json, Text format_json, const Settings *settings,
                       uint32_t workers, const InputUnit **units, uint32_t *count, Fault *fault);

/*
 * Checks source and format JSON without touching the data, for the binder: known types, required
 * keys. Faults: 22023.
 */
bool input_check(Text source_json, Text format_json, const Settings *settings, Fault *fault);

#endif
