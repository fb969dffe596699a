/*
 * SQL types: PostgreSQL's types with their real OIDs over a small set of physical layouts.
 *
 * One row a type (types.c): OID, names, layout, category, array and element types, wire length.
 * Text and binary forms work on whole vectors: a column formatter is chosen once a result, not
 * once a cell.
 *
 * Layout of values: smallint, integer, bigint, oid, regclass.. as int64; date as days since
 * 1970-01-01; timestamp, timestamptz as microseconds since 1970-01-01 UTC (timestamp: of the
 * wall clock); time as microseconds of the day; interval as IntervalValue in INT128; numeric as
 * __int128 scaled by its type's scale; text, varchar, bpchar, name, bytea, json, jsonb, uuid
 * (16 bytes), sketches as STRING.
 *
 * "infinity" of dates and timestamps: INT64_MAX / INT64_MIN.
 */
#ifndef TALARIA_ENGINE_TYPE_TYPE_H
#define TALARIA_ENGINE_TYPE_TYPE_H

#include "base/memory/arena.h"
#include "base/memory/buffer.h"
#include "base/setting/setting.h"
#include "storage/vector/vector.h"

typedef uint32_t Oid;

/* OIDs that code names. The table has more. */
enum {
    T_NONE = 0,
    T_BOOL = 16, T_BYTEA = 17, T_CHAR = 18 /* "char" */, T_NAME = 19, T_INT8 = 20, T_INT2 = 21,
    T_INT2VECTOR = 22, T_INT4 = 23, T_REGPROC = 24, T_TEXT = 25, T_OID = 26, T_TID = 27, T_XID = 28,
    T_OIDVECTOR = 30, T_JSON = 114, T_PG_NODE_TREE = 194, T_FLOAT4 = 700, T_FLOAT8 = 701,
    T_UNKNOWN = 705, T_CIDR = 650, T_MACADDR8 = 774, T_MONEY = 790,
    T_MACADDR = 829, T_INET = 869, T_ACLITEM = 1033, T_BPCHAR = 1042, T_VARCHAR = 1043,
    T_DATE = 1082, T_TIME = 1083, T_TIMESTAMP = 1114, T_TIMESTAMPTZ = 1184, T_INTERVAL = 1186,
    T_NUMERIC = 1700, T_REGPROCEDURE = 2202, T_REGCLASS = 2205, T_REGTYPE = 2206, T_RECORD = 2249,
    T_VOID = 2278, T_TIMETZ = 1266, T_BIT = 1560, T_VARBIT = 1562,
    T_UUID = 2950, T_JSONB = 3802, T_JSONPATH = 4072, T_REGNAMESPACE = 4089, T_REGROLE = 4096,
    /* arrays */
    T_BOOL_ARRAY = 1000, T_INT2_ARRAY = 1005, T_INT4_ARRAY = 1007, T_TEXT_ARRAY = 1009,
    T_VARCHAR_ARRAY = 1015, T_INT8_ARRAY = 1016, T_FLOAT4_ARRAY = 1021, T_FLOAT8_ARRAY = 1022,
    T_OID_ARRAY = 1028, T_NAME_ARRAY = 1003, T_TIMESTAMP_ARRAY = 1115, T_DATE_ARRAY = 1182,
    T_TIMESTAMPTZ_ARRAY = 1185, T_NUMERIC_ARRAY = 1231, T_RECORD_ARRAY = 2287, T_INTERVAL_ARRAY = 1187,
    /* polymorphic placeholders in function rows */
    T_ANY = 2276, T_ANYARRAY = 2277, T_ANYELEMENT = 2283,
    /* domains of information_schema */
    T_CARDINAL_NUMBER = 13221, T_CHARACTER_DATA = 13224, T_SQL_IDENTIFIER = 13226,
    T_TIME_STAMP = 13232, T_YES_OR_NO = 13234,
    /* Talaria's own: opaque aggregate states that travel between stages (STRING layout) */
    T_STATE = 9000,
    /* sketches as values (STRING layout); their texts are base64 */
    T_HLL_SKETCH = 9001, T_THETA_SKETCH = 9002, T_QUANTILES_SKETCH = 9003,
};

/*
 * A type with its modifier. `modifier` is PostgreSQL's typmod (-1 none: varchar(n) is n + 4,
 * numeric(p,s) is ((p << 16) | s) + 4), except that a numeric whose scale was derived (literals,
 * arithmetic) has NUMERIC_DERIVED | scale, and a record (or an array of them) the number of its
 * row type in the statement (engine/sql/bind_record.c); clients are shown -1 for those.
 */
typedef struct SqlType {
    Oid oid;
    int32_t modifier;
} SqlType;

enum { NUMERIC_DERIVED = 0x40000000, NUMERIC_MAX_DIGITS = 38 };
/* The modifier of text[] that is a multi-value string (Druid): GROUP BY of the druid dialect takes
 * it apart. Clients are shown -1. */
enum { TYPE_MULTI_VALUE = 0x4d56 };
#define SQL_TYPE(o) ((SqlType){.oid = (o), .modifier = -1})

typedef enum TypeCategory { /* pg_type.typcategory */
    CATEGORY_ARRAY = 'A', CATEGORY_BOOLEAN = 'B', CATEGORY_DATETIME = 'D', CATEGORY_NUMERIC = 'N',
    CATEGORY_PSEUDO = 'P', CATEGORY_STRING = 'S', CATEGORY_TIMESPAN = 'T', CATEGORY_USER = 'U',
    CATEGORY_UNKNOWN = 'X', CATEGORY_INTERNAL = 'Z', CATEGORY_NETWORK = 'I'
} TypeCategory;

/* What reading and printing values, and evaluating functions, may depend on. */
struct TimeZone;
typedef struct TypeContext {
    const struct TimeZone *zone; /* of the session (engine/type/timezone.h) */
    int32_t dialect;             /* settings->dialect: 0 postgres, 1 druid */
    int64_t now;                 /* start of the statement, microseconds UTC: ask type_now */
    const Settings *settings;
    /* Set when a value was made that may be another one for the next statement under the same
     * settings: of the time, of chance, of what catalogs say. A plan with such a value in it cannot
     * be used again. NULL: nobody wants to know. */
    bool *is_momentary;
} TypeContext;

static inline void type_note_momentary(const TypeContext *context)
{
    if (context != NULL && context->is_momentary != NULL)
        *context->is_momentary = true;
}

/* The start of the statement; 0 without a context. */
static inline int64_t type_now(const TypeContext *context)
{
    type_note_momentary(context);
    return context != NULL ? context->now : 0;
}

typedef struct TypeInfo {
    Oid oid;
    const char *name;         /* pg_type.typname: "int8" */
    const char *sql_name;     /* format_type: "bigint" */
    const char *aliases;      /* other names accepted, comma-separated: "long,int64" or NULL */
    Layout layout;
    TypeCategory category;
    bool is_preferred;        /* of its category */
    int16_t wire_length;      /* pg_type.typlen: 8, -1 */
    Oid array_oid;            /* its array type, 0 none */
    Oid element_oid;          /* arrays: of what, else 0 */
    Oid base_oid;             /* domains (of information_schema): over what, else 0 */
    int32_t base_modifier;    /* of the base type, when base_oid is set */
    bool is_comparable, is_sortable;
} TypeInfo;

const TypeInfo *type_table(int *count);
const TypeInfo *type_info(Oid oid); /* NULL when unknown */
/* By any of its names, case-insensitive ("BIGINT", "int8", "long", "VARCHAR ARRAY", "text[]",
 * "ARRAY<STRING>", "COMPLEX<json>"); NULL when there is none. */
const TypeInfo *type_by_name(Text name);
/* The same for a name whose parts may be qualified and in quotes, as regtype takes it:
 * "pg_catalog"."int4", "text"[]; "char" in quotes is a type of its own. */
const TypeInfo *type_by_written_name(Text name);
Layout type_layout(SqlType type);
/* What a domain is over; any other type is itself. Values, and what clients are told of them, are
 * of the base type. */
SqlType type_base(SqlType type);
/* As format_type prints it: "numeric(10,2)"; in arena. */
const char *type_format_name(Arena *arena, SqlType type);
bool type_equal(SqlType a, SqlType b);
int type_scale(SqlType numeric);          /* digits after the point */
SqlType type_numeric_derived(int scale);
/*
 * Derived numerics of which fewer digits are shown than the type's scale has. PostgreSQL chooses
 * the digits of a quotient, a root, a power by its size; the value says what that was. Never
 * fewer than `least`. Values are computed rounded to what is shown.
 */
typedef enum NumericDigits {
    DIGITS_ALL,
    DIGITS_TRIMMED,     /* without trailing zeros: values of several scales in one column */
    DIGITS_QUOTIENT,
    DIGITS_MIXED,       /* quotients beside others: whole values as TRIMMED */
    DIGITS_ROOT,
    DIGITS_EXPONENTIAL,
    DIGITS_LOGARITHM,
    DIGITS_LOGARITHM10,
    DIGITS_ZERO,        /* 0 has the least digits, all else has all: COALESCE(x, 0) */
    DIGITS_TWO,         /* values of two scales: what fits the least digits has those */
} NumericDigits;
enum { NUMERIC_SIGNIFICANT_SCALE = 20 };
SqlType type_numeric_shown(NumericDigits digits, int scale, int least);
NumericDigits type_numeric_digits(SqlType numeric);
/* Quotients, roots and the like; and values of several scales in one column. */
static inline bool numeric_digits_significant(NumericDigits digits)
{
    return digits >= DIGITS_QUOTIENT && digits <= DIGITS_LOGARITHM10;
}
static inline bool numeric_digits_several(NumericDigits digits)
{
    return digits == DIGITS_TRIMMED || digits == DIGITS_ZERO || digits == DIGITS_TWO;
}
int type_numeric_least(SqlType numeric);  /* `least` of such a type, else its scale */
int32_t type_wire_modifier(SqlType type); /* what RowDescription shows */
/* Rounds microseconds to the precision of timestamp(p), time(p); false: out of range. */
bool type_round_timestamp(SqlType type, int64_t *micros);
/* Leaves the fields that the modifier names (INTERVAL DAY TO HOUR), rounds the seconds. */
void type_adjust_interval(int32_t modifier, IntervalValue *value);

/*
 * regclass, regproc, regnamespace, regrole: the catalog, which stands above, says what they are
 * called. `name_of` may return NULL (the number is shown); `find` returns false when there is
 * none. Registered once at start; without, they are read and shown as numbers.
 */
typedef struct TypeNameHooks {
    const char *(*name_of)(Oid type, uint32_t value, Arena *arena);
    bool (*find)(Oid type, Text name, uint32_t *value);
} TypeNameHooks;
void type_set_name_hooks(const TypeNameHooks *hooks);
/* Whether values of the type (or of its elements) are shown as names that the catalog knows. */
bool type_names_object(Oid type);

/*
 * Text form of every row: cells[i].data NULL for NULL. The bytes lie in `arena`, in the vector,
 * or in static memory. Follows PostgreSQL's output functions exactly (shortest floats, t/f,
 * {a,"b c"} arrays, timestamps in the context's zone).
 */
void type_format_text(SqlType type, const TypeContext *context, const Vector *vector, Arena *arena,
                      Text *cells);
/* Binary form (PostgreSQL's send functions) in the same shape. False: the type has none. */
bool type_format_binary(SqlType type, const TypeContext *context, const Vector *vector,
                        Arena *arena, Text *cells, Fault *fault);
bool type_has_binary(SqlType type);

/*
 * Reads text (PostgreSQL's input functions; Druid's leniency is the cast's business): the row is
 * appended to `builder`, whose layout is the type's. Faults: 22P02, 22003, 22007, 22008 with
 * PostgreSQL's wording.
 */
bool type_parse_text(SqlType type, const TypeContext *context, Text text, VectorBuilder *builder,
                     Fault *fault);
/* array_shape_pack, where false is the fault 54000. */
bool array_pack_shape(const ArrayShape *shape, int64_t *packed, Fault *fault);
/* "[1:3][0:1]" into `out`, without a zero at the end; its length. */
enum { ARRAY_BOUNDS_SIZE = 32 * ARRAY_MAX_DIMENSIONS };
uint32_t array_bounds_text(const ArrayShape *shape, char *out);
/* ISO 8601 intervals between instants: start/end, start/P1D, P1D/end, read in the context's zone;
 * microseconds UTC. Faults: 22023, and those of timestamps. */
bool time_interval_parse(Text text, const TypeContext *context, int64_t *start, int64_t *end,
                         Fault *fault);
bool type_parse_binary(SqlType type, const TypeContext *context, Text bytes,
                       VectorBuilder *builder, Fault *fault);

#endif
