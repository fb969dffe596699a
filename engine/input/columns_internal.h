/*
 * Columns: the cells of the batch that is being made.
 *
 * A format appends one cell to each wanted column for each row, through the functions below,
 * which convert by the rules for external data: what does not fit its column becomes NULL.
 * Texts are kept as views (into the block of lines or the scratch arena) until the batch is
 * finished; then they are interned, column by column, which keeps one hash table at a time in
 * the cache.
 */
#ifndef TALARIA_ENGINE_INPUT_COLUMNS_INTERNAL_H
#define TALARIA_ENGINE_INPUT_COLUMNS_INTERNAL_H

#include "engine/stage/stage.h"
#include "storage/rows/rows.h"

typedef enum ColumnKind {
    COLUMN_TEXT,
    COLUMN_JSON,  /* the JSON text of any value */
    COLUMN_INT64, /* smallint, integer, bigint */
    COLUMN_FLOAT64,
    COLUMN_FLOAT32,
    COLUMN_BOOL,
    COLUMN_TIMESTAMP, /* from milliseconds */
    COLUMN_TIME,      /* __time: milliseconds or ISO 8601; a row without a valid one is bad */
    COLUMN_ARRAY,
    COLUMN_PARSED,   /* any other type, through its input function */
    COLUMN_CONSTANT, /* a system field */
} ColumnKind;

/* Codes of texts of up to eight bytes met last (flags, countries, true and false are most of what
 * there is): found without the table's hash, slots and bytes. */
enum { SHORT_TEXTS = 256 };
typedef struct ShortText {
    uint64_t bytes;
    uint32_t length;
    uint32_t code; /* 0: free */
} ShortText;

typedef struct InputColumn {
    ColumnKind kind;
    SqlType type;
    Layout layout;
    Text name;
    bool is_millis; /* COLUMN_TIME of a bigint */
    int64_t minimum, maximum;
    uint32_t filled; /* cells appended */
    uint32_t capacity;
    void *cells;         /* Text (data NULL: NULL), ArrayValue or plain values */
    uint8_t *nulls;      /* not for Text cells until the batch is finished */
    uint32_t null_count; /* at least so many as there are (rewinding does not count down) */
    struct InputColumn *elements; /* COLUMN_ARRAY */
    Vector element_vector;
    VectorBuilder builder; /* COLUMN_PARSED */
    Text constant;
    /* interning of Text cells */
    TextTable *table; /* NULL: texts differ too much, they stay views */
    ShortText *short_texts;
    uint32_t *codes;
    Dictionary dictionary;
    uint64_t seen, seen_entries; /* texts and entries since the table was last judged */
} InputColumn;

typedef struct InputColumns {
    Arena *arena;   /* cells */
    Arena *scratch; /* emptied for each batch */
    Budget *budget;
    size_t reserved; /* for cells beyond a batch's */
    const TypeContext *context;
    Text source;   /* for faults */
    uint32_t rows; /* complete ones */
    uint32_t count;
    InputColumn *columns;
} InputColumns;

/* How a cell was taken. BAD: the whole row cannot be parsed (the cell was not appended). */
typedef enum Put { PUT_DONE, PUT_BAD, PUT_FAILED } Put;

/* `signature` types and names by position; `wanted` positions. */
bool columns_init(InputColumns *columns, Arena *arena, Arena *scratch, Budget *budget,
                  const TypeContext *context, const StageInput *external, const uint32_t *wanted,
                  uint32_t count, Fault *fault);
void columns_clear(InputColumns *columns);
/* A system field: the same text in all rows. */
void columns_set_constant(InputColumns *columns, uint32_t column, Text value);
/* Starts a batch. What the last one's vectors hold is no longer valid. */
void columns_begin(InputColumns *columns);
/* The row is complete: cells that it lacks become NULL. */
void columns_end_row(InputColumns *columns);
/* Drops the cells of the row being made. */
void columns_drop_row(InputColumns *columns);
bool columns_finish(InputColumns *columns, Vector *vectors, Fault *fault);

/* Drops the cell that the row being made already has (a name that came twice). */
void column_rewind(InputColumn *column, uint32_t row);

/* One cell each. The bytes of texts must live as long as the batch. Number text is JSON's. */
Put column_put_null(InputColumns *columns, InputColumn *column, Fault *fault);
Put column_put_text(InputColumns *columns, InputColumn *column, Text text, Fault *fault);
Put column_put_number(InputColumns *columns, InputColumn *column, Text number, Fault *fault);
Put column_put_bool(InputColumns *columns, InputColumn *column, bool value, Fault *fault);
/* A JSON object as it stands (to what has no use for one: NULL). */
Put column_put_object(InputColumns *columns, InputColumn *column, Text json, Fault *fault);
/* An array cell: begin, then cells of column->elements, then end. */
void column_array_begin(InputColumn *column, uint32_t *first);
Put column_array_end(InputColumns *columns, InputColumn *column, uint32_t first, Fault *fault);

/* For texts that hold U+0000: without them when removeNullBytes is on, else InvalidNullByte. */
bool columns_null_bytes(InputColumns *columns, const InputColumn *column, Text *text, Fault *fault);

/* --- conversions (coerce.c); false: the text is no such value --- */
/* Blanks around, commas and one plus sign go; fractions are cut; too large is clamped. */
bool coerce_text_to_int64(Text text, int64_t *value);
bool coerce_text_to_double(Text text, double *value);
/* JSON's grammar of numbers; *is_integer: without fraction and exponent. */
bool number_is_valid(Text text, bool *is_integer);
bool number_to_int64(Text number, int64_t *value); /* valid number text; false: does not fit */
double number_to_double(Text number);              /* valid number text */
int64_t double_to_int64(double value);             /* cut, clamped, NaN 0 */
/* As Java shows a number: integers in full, 1.0, 1.0E20. In `arena`, or the number itself. */
Text number_to_text(Text number, Arena *arena);
/* ISO 8601 date or date and time, in UTC unless it says otherwise. */
bool iso_time_parse(Text text, int64_t *micros);

#endif
