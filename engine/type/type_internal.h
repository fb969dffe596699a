/*
 * What the files of this room share: digits, words, faults of input functions, and the text
 * forms of single values, on which whole vectors and arrays are built.
 */
#ifndef TALARIA_ENGINE_TYPE_TYPE_INTERNAL_H
#define TALARIA_ENGINE_TYPE_TYPE_INTERNAL_H

#include "engine/type/decimal.h"
#include "engine/type/timezone.h"
#include "engine/type/type.h"

/* --- digits (digits.c); they return the number of bytes written --- */
uint32_t uint64_format(uint64_t value, char *out);                /* up to 20 */
uint32_t int64_format(int64_t value, char *out);                  /* up to 20 */
void uint64_format_padded(uint64_t value, int width, char *out);  /* leading zeros, <= 19 */
extern const char digit_pairs[200];
static inline char *two_digits(char *out, unsigned value)
{
    memcpy(out, digit_pairs + 2 * value, 2);
    return out + 2;
}

/* --- floats (float_text.c): PostgreSQL's form with the fewest digits that read back --- */
enum { FLOAT_TEXT_SIZE = 32 };
uint32_t double_format(double value, char *out);
uint32_t float_format(float value, char *out);
bool double_parse(Text text, const char *type_name, double *value, Fault *fault);
bool float_parse(Text text, float *value, Fault *fault);

/* --- input (parse_util.c) --- */
/* "invalid input syntax for type T: "text"" (or the datetime's wording); returns false. */
bool parse_fault(Fault *fault, FaultCode code, const char *type_name, Text text);
bool parse_out_of_range(Fault *fault, const char *type_name, Text text);
Text parse_trim(Text text); /* without blanks at both ends */
/* Equal but for case; `word` is lower case. */
bool text_is_word(Text text, const char *word);
bool int64_parse(Text text, const char *type_name, int64_t minimum, int64_t maximum,
                 int64_t *value, Fault *fault);
bool bool_parse(Text text, bool *value, Fault *fault);

/* --- dates and times (datetime_text.c, datetime_parse.c, interval_text.c) --- */
enum { DATETIME_TEXT_SIZE = 96, INTERVAL_TEXT_SIZE = 160 };
/* Remembers the day formatted last: consecutive values mostly share it. */
typedef struct DateCache {
    int64_t days;
    uint32_t length; /* 0: empty */
    bool is_before_christ;
    char text[24];
} DateCache;
uint32_t date_format(int64_t days, char *out);
uint32_t time_format(int64_t micros, char *out);
uint32_t timestamp_format(int64_t micros, DateCache *cache, char *out);
uint32_t timestamptz_format(int64_t utc, const TimeZone *zone, DateCache *cache, char *out);
uint32_t interval_format(IntervalValue value, char *out);
char *offset_format(int64_t offset_micros, char *out); /* +02, -03:30; returns the end */

bool date_parse(Text text, const TypeContext *context, int64_t *days, Fault *fault);
bool time_parse(Text text, const TypeContext *context, int64_t *micros, Fault *fault);
bool timestamp_parse(Text text, const TypeContext *context, int64_t *micros, Fault *fault);
bool timestamptz_parse(Text text, const TypeContext *context, int64_t *utc, Fault *fault);
/* `modifier` names the fields (INTERVAL DAY TO HOUR) or is -1; `is_sql_standard`: by that
 * IntervalStyle, where a leading sign is that of all fields. */
bool interval_parse(Text text, int32_t modifier, bool is_sql_standard, IntervalValue *value,
                    Fault *fault);

const TimeZone *context_zone(const TypeContext *context);

/* PostgreSQL's bounds of dates: 4714-11-24 BC and 5874898 AD. */
#define DATE_MINIMUM      INT64_C(-2440588)
#define DATE_END          INT64_C(2145042906)

/* --- bytes (bytes_text.c) --- */
uint32_t uuid_format(const uint8_t bytes[16], char *out); /* 36 */
bool uuid_parse(Text text, uint8_t bytes[16], Fault *fault);
/* `out` has room for 2 + 2 * length. */
uint32_t bytea_format(Text bytes, char *out);
uint32_t base64_format(Text bytes, char *out); /* 4 bytes for 3, rounded up */
bool base64_parse(Text text, const char *type_name, Arena *arena, Text *bytes, Fault *fault);
bool bytea_parse(Text text, Arena *arena, Text *bytes, Fault *fault);

uint32_t utf8_put(uint32_t code, char *out); /* a code point's 1 to 4 bytes (json_tree.c) */

/* --- json (json_check.c) --- */
bool json_check(Text text, Fault *fault);

/* --- other forms of output (output_style.c), by the session's settings --- */
typedef enum FieldOrder { ORDER_MDY, ORDER_DMY, ORDER_YMD } FieldOrder;
typedef enum DatesStyle { DATES_ISO, DATES_SQL, DATES_POSTGRES, DATES_GERMAN } DatesStyle;
typedef enum IntervalsStyle { /* the choices of IntervalStyle */
    INTERVALS_POSTGRES, INTERVALS_POSTGRES_VERBOSE, INTERVALS_SQL_STANDARD, INTERVALS_ISO_8601
} IntervalsStyle;
typedef struct OutputStyle {
    DatesStyle date;
    FieldOrder order;
    IntervalsStyle interval;
    bool is_bytea_escape;
    int float_digits; /* extra_float_digits: above 0 the shortest exact form */
} OutputStyle;
OutputStyle output_style(const TypeContext *context);
FieldOrder style_field_order(const TypeContext *context); /* of dates that are read, too */
uint32_t date_format_styled(int64_t days, const OutputStyle *style, char *out);
uint32_t timestamp_format_styled(int64_t micros, const OutputStyle *style, char *out);
uint32_t timestamptz_format_styled(int64_t utc, const TimeZone *zone, const OutputStyle *style,
                                   char *out);
uint32_t interval_format_styled(IntervalValue value, const OutputStyle *style, char *out);
uint32_t double_format_styled(double value, const OutputStyle *style, char *out);
uint32_t float_format_styled(float value, const OutputStyle *style, char *out);
/* `out` has room for 4 * length. */
uint32_t bytea_format_escape(Text bytes, char *out);

/* --- arrays (array_text.c) --- */
void array_format(SqlType type, const TypeContext *context, const Vector *vector, Arena *arena,
                  Text *cells);
bool array_parse(SqlType type, const TypeContext *context, Text text, VectorBuilder *builder,
                 Fault *fault);

/* --- records (record.c) --- */
void record_format(const TypeContext *context, const Vector *vector, uint32_t count, Arena *arena,
                   Text *cells);
bool record_format_binary(const TypeContext *context, const Vector *vector, Arena *arena,
                          Text *cells, Fault *fault);

/* --- reg* (reg_names.c) --- */
Text reg_format(Oid type, uint32_t value, Arena *arena);
bool reg_parse(Oid type, Text text, int64_t *value, Fault *fault);

#endif
