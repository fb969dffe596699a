/*
 * What the files of this room share.
 *
 *   source   where the bytes are: gives a ByteStream for a unit
 *   stream   bytes in order, perhaps decompressed
 *   lines    blocks of whole lines cut from a stream
 *   format   lines to cells of columns
 *   columns  typed cells of the batch being made (columns.h)
 */
#ifndef TALARIA_ENGINE_INPUT_INPUT_INTERNAL_H
#define TALARIA_ENGINE_INPUT_INPUT_INTERNAL_H

#include "engine/input/columns_internal.h"
#include "engine/input/input.h"

#include <jansson.h>

/* --- byte streams --- */
typedef struct ByteStream ByteStream;
struct ByteStream {
    /* Up to `size` bytes (more than 0); *got is 0 at the end only. */
    bool (*read)(ByteStream *self, void *out, size_t size, size_t *got, Fault *fault);
    void (*close)(ByteStream *self); /* frees `self` too */
    uint64_t stored;                 /* bytes consumed so far, as they are stored */
};

/* Takes `inner` over (it is closed with the result, and when this fails). `name` is for faults
 * and must outlive the stream. Plain bytes stay as they are: `inner` itself may be returned, or
 * a stream that gives back what was looked at. */
ByteStream *decompress_open(ByteStream *inner, Text name, bool *is_compressed, Fault *fault);

/* `inner`, which is taken over, read by a thread of its own some blocks ahead. */
ByteStream *read_ahead_open(ByteStream *inner);

/* A gzip file through ISA-L; takes `inner` over. `name` must outlive the stream. */
ByteStream *gunzip_open(ByteStream *inner, Text name);

/* Whether the first bytes of a file say that it is compressed; *is_quick: in a way that is undone
 * much faster than its text can be parsed. */
bool decompress_knows(const uint8_t *bytes, size_t length, bool *is_quick);

/* What one of several readers takes of a text that all of them go through (share.c). `inner` is
 * taken over; `next` is a counter that the readers share, 0 before the first of them. */
ByteStream *share_open(ByteStream *inner, uint64_t preamble_lines, _Atomic uint32_t *next);
/* How many lines of the text the reader has skipped before line `line` (from 1) of what it got. */
uint64_t share_lines_before(const ByteStream *stream, uint64_t line);

/* A part of a file (split.c). Takes `fd` over. `name` is for faults and must outlive the stream. */
ByteStream *range_open(int fd, Text name, const InputUnit *unit);
/* Lines that are left out between the preamble and the part; 0 when the file cannot be read. */
uint64_t range_lines_before(const ByteStream *stream);

/* --- lines --- */
enum {
    LINE_LIMIT = 64 << 20, /* a longer line is a row that cannot be parsed */
    BLOCK_BYTES = 3 << 20, /* a block has about so many bytes */
    BLOCK_PADDING = 128,   /* readable bytes behind a block */
};

/*
 * Cuts a stream into blocks of whole lines: each line of a block ends with '\n' (one is added to
 * a last line without). A block stays valid until the next one is asked for.
 */
typedef struct LineReader {
    ByteStream *stream;
    Budget *budget;
    size_t reserved;
    uint8_t *buffer;
    size_t capacity;
    size_t start, block_end, end; /* block: [start, block_end); read ahead: up to `end` */
    bool is_at_end;
    bool is_skipping;    /* inside a line that is too long */
    uint32_t long_lines; /* that were left out right before this block */
} LineReader;

void line_reader_init(LineReader *lines, ByteStream *stream, Budget *budget);
void line_reader_clear(LineReader *lines); /* closes the stream */
/* *data is NULL at the end. */
bool line_reader_next(LineReader *lines, const uint8_t **data, size_t *length, Fault *fault);

/* --- the reader --- */
typedef struct InputFormat InputFormat;

struct InputReader {
    Arena *lasting; /* the reader's, its columns' */
    Arena *arena;   /* the unit's */
    Arena *scratch; /* the batch's: unescaped texts and the like */
    InputOptions options;
    const InputUnit *unit;
    Text unit_name;
    Budget *budget;
    size_t unit_reserved; /* for what lies in `arena` */
    LineReader lines;
    const uint8_t *block; /* what the format has not consumed yet; NULL: ask for more */
    size_t block_length;
    uint64_t line; /* lines consumed so far */
    bool has_lines_before; /* they were counted */
    uint64_t lines_before; /* in the file, of a part of one */
    InputColumns columns;
    const InputFormat *format;
    void *state; /* the format's, in `arena` unless its close frees it */
    InputErrors errors;
    Batch batch;
};

/* Counts a row that cannot be parsed. `line` from 1, 0 unknown; the message is in printf's manner.
 */
void input_bad_row(InputReader *reader, uint64_t line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* A text from outside, fit for a message: cut at about a hundred bytes, without control
 * characters or broken UTF-8. */
enum { SNIPPET_SIZE = 128 };
const char *input_snippet(Text text, char out[SNIPPET_SIZE]);

/* Consumes `length` bytes of the block. */
static inline void input_consume(InputReader *reader, size_t length)
{
    reader->block += length;
    reader->block_length -= length;
}

/* --- formats (format.c has the table) --- */
struct InputFormat {
    const char *type;
    /* Checks the options; 22023 naming the key. */
    bool (*check)(const json_t *options, Fault *fault);
    /* Says how many lines at a file's start every part of it needs (headers). NULL: a file of
     * this format cannot be cut at line ends. */
    uint64_t (*preamble)(const json_t *options);
    bool (*open)(InputReader *reader, const json_t *options, Fault *fault);
    /* Parses rows of the block into the columns, until the batch is full or the block is used up.
     */
    bool (*rows)(InputReader *reader, Fault *fault);
    void (*close)(InputReader *reader); /* may be NULL */
};

uint64_t format_no_preamble(const json_t *options); /* 0: nothing is needed from a file's start */

extern const InputFormat json_format, csv_format, tsv_format, lines_format, regex_format;
/* Faults: 22023 for unknown types, FEATURE_NOT_SUPPORTED for those not read here. */
const InputFormat *format_find(const json_t *options, Fault *fault);

/* --- fields of text formats that may hold lists (list_text.c) --- */
typedef struct ListOptions {
    Text delimiter;     /* between elements */
    bool tries_numbers; /* texts that are numbers count as numbers */
} ListOptions;

bool list_options_read(const json_t *options, ListOptions *list, Fault *fault);
/* A field's text as a cell: a list when it holds the delimiter. PUT_BAD only for a bad __time. */
Put list_put(const ListOptions *list, InputColumns *columns, InputColumn *column, Text text,
             Fault *fault);

/* --- sources (source.c has the table) --- */
typedef struct UnitList {
    Arena *arena;
    const Settings *settings;
    InputUnit *units;
    uint32_t count, capacity, limit;
} UnitList;

bool unit_list_add(UnitList *list, Text name, uint64_t bytes, Fault *fault); /* copies the name */

typedef struct InputSource {
    const char *type;
    bool is_splittable;
    bool is_compressible; /* its bytes may be compressed */
    bool (*check)(const json_t *source, const Settings *settings, Fault *fault);
    bool (*expand)(const json_t *source, UnitList *list, Fault *fault);
    /* Whether the source would list a unit of this name (for sources of several). */
    bool (*has)(const json_t *source, Text unit);
    ByteStream *(*open)(const json_t *source, Text unit, const Settings *settings, Fault *fault);
    /* The unit as a file that can be read anywhere; NULL: its units are none. */
    bool (*open_file)(Text unit, const Settings *settings, int *fd, uint64_t *size, Fault *fault);
} InputSource;

extern const InputSource source_inline, source_local, source_http, source_combining, source_nil;
const InputSource *source_find(const json_t *source, Fault *fault);
/* The source's checks, expansion and so on by its type. */
bool source_check(const json_t *source, const Settings *settings, Fault *fault);
bool source_expand(const json_t *source, UnitList *list, Fault *fault);
/* The (part of the) source that has the unit, and its row. */
const InputSource *source_of_unit(const json_t *source, Text unit, const json_t **part,
                                  Fault *fault);
/* The constant that a system field of the source has for a unit; false: it has no such field. */
bool source_system_field(const json_t *source, Text unit, Text column, Arena *arena, Text *value);

/* --- options (options_json.c): "what" is "input source" or "input format" --- */
json_t *options_load(Text json, const char *what, Fault *fault);
const char *options_type(const json_t *options, const char *what, Fault *fault);
/* They leave *value alone when the key is absent or null. */
bool options_text(const json_t *options, const char *key, Text *value, Fault *fault);
bool options_bool(const json_t *options, const char *key, bool *value, Fault *fault);
bool options_int(const json_t *options, const char *key, int64_t *value, Fault *fault);
/* An array of strings, or NULL when absent; `allow_one`: a single string will do. */
bool options_list(const json_t *options, const char *key, const json_t **list, Fault *fault);
static inline Text options_item(const json_t *list, size_t i)
{
    const json_t *item = json_array_get(list, i);
    return (Text){.data = json_string_value(item), .length = (uint32_t)json_string_length(item)};
}

/* --- JSON structure (json_simdjson.cc) --- */
typedef struct JsonIndexer JsonIndexer;
JsonIndexer *json_indexer_new(void); /* NULL: no memory */
void json_indexer_free(JsonIndexer *indexer);
size_t json_indexer_memory(size_t capacity); /* bytes held for that capacity */
bool json_indexer_reserve(JsonIndexer *indexer, size_t capacity);
/*
 * Positions of all brackets, commas, colons and first bytes of strings and other scalars, in
 * order, with three more entries of `length - 1` behind them. NULL when a string has no end or
 * holds control characters, or the bytes are not UTF-8. BLOCK_PADDING bytes behind must be
 * readable; `length` is at most the capacity.
 */
const uint32_t *json_indexer_run(JsonIndexer *indexer, const uint8_t *data, size_t length,
                                 uint32_t *count);
bool json_utf8_is_valid(const uint8_t *data, size_t length);

#endif
