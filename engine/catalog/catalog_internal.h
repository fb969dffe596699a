/*
 * What the files of the catalog share: rows that are set by column name, types, and the list of
 * relations.
 */
#ifndef TALARIA_ENGINE_CATALOG_CATALOG_INTERNAL_H
#define TALARIA_ENGINE_CATALOG_CATALOG_INTERNAL_H

#include "engine/catalog/catalog.h"
#include "engine/function/function.h"

/* Types of catalog columns that nothing else names. */
enum {
    T_CHAR_ARRAY = 1002,
    T_ACLITEM_ARRAY = 1034,
    T_REGTYPE_ARRAY = 2211,
    T_PG_LSN = 3220,
    T_PG_NDISTINCT = 3361,
    T_PG_DEPENDENCIES = 3402,
    T_PG_MCV_LIST = 5017,
    T_XID8 = 5069,
};

/* OIDs of catalogs, as pg_description and pg_depend name them. */
enum {
    CLASS_PG_TYPE = 1247,
    CLASS_PG_PROC = 1255,
    CLASS_PG_CLASS = 1259,
    CLASS_PG_DATABASE = 1262,
    CLASS_PG_NAMESPACE = 2615,
};

enum {
    CATALOG_DATABASE_OID = 5,      /* "postgres" of a fresh PostgreSQL 15 */
    CATALOG_TABLESPACE_OID = 1663, /* pg_default */
    CATALOG_TABLESPACE_GLOBAL = 1664,
    CATALOG_LANGUAGE_INTERNAL = 12,
    CATALOG_COLLATION_DEFAULT = 100,
    CATALOG_COLLATION_C = 950,
    CATALOG_AM_HEAP = 2,
    CATALOG_PAGE_BYTES = 8192,
    CATALOG_UTF8 = 6, /* pg_encoding_to_char(6) */
    CATALOG_MAX_PATH = 16, /* schemas of a search path */
};

#define CATALOG_DATABASE_COMMENT "the one database of this server"

#define CATALOG_COLUMNS(array)                                                                     \
    .columns = (array), .column_count = (uint32_t)(sizeof(array) / sizeof((array)[0]))

/* --- rows ---
 * catalog_rows_begin; then for each row: catalog_set_* in any order (the order of the columns is
 * fastest), catalog_row_end, which gives what was not set NULL; then catalog_rows_finish. */
typedef struct CatalogRows {
    const VirtualColumn *columns;
    uint32_t column_count;
    uint32_t next; /* where the search for a name begins */
    uint32_t rows;
    Arena *arena;
    VectorBuilder *builders;
} CatalogRows;

void catalog_rows_begin(CatalogRows *rows, const VirtualColumn *columns, uint32_t count,
                        Arena *arena);
void catalog_set_int(CatalogRows *rows, const char *column, int64_t value);
void catalog_set_bool(CatalogRows *rows, const char *column, bool value);
void catalog_set_float(CatalogRows *rows, const char *column, double value);
void catalog_set_text(CatalogRows *rows, const char *column, Text value);
void catalog_set_string(CatalogRows *rows, const char *column, const char *value); /* NULL: NULL */
void catalog_set_char(CatalogRows *rows, const char *column, char value); /* 0: an empty text */
/* NULL when the time is 0. */
void catalog_set_time(CatalogRows *rows, const char *column, int64_t micros);
void catalog_set_interval(CatalogRows *rows, const char *column, int64_t micros);
void catalog_set_ints(CatalogRows *rows, const char *column, const int64_t *values, uint32_t count);
void catalog_set_texts(CatalogRows *rows, const char *column, const Text *values, uint32_t count);
void catalog_row_end(CatalogRows *rows);
Batch *catalog_rows_finish(CatalogRows *rows);

/* Whether a function is one of the session's dialect: the other's variants are not shown. */
struct ScalarFunction;
bool catalog_speaks(const CatalogContext *context, const struct ScalarFunction *function);

#define ROWS_BEGIN(rows, array, arena)                                                             \
    catalog_rows_begin((rows), (array), (uint32_t)(sizeof(array) / sizeof((array)[0])), (arena))

/* --- what pg_type and pg_attribute say of a type beyond engine/type --- */
typedef struct TypeFacts {
    Oid oid;
    bool by_value;
    char align, storage, kind, delimiter;
    Oid input, output, receive, send, modifier_in, modifier_out, subscript; /* of pg_proc */
    Oid collation;
} TypeFacts;

/* The schema of a type: information_schema for its domains, else pg_catalog. */
Oid catalog_type_schema(Oid oid);
/* Never NULL: unknown types are as text. */
const TypeFacts *catalog_type_facts(Oid oid);

/* Input, output, receive and send functions of types: rows of pg_proc that nobody calls. */
typedef struct TypeFunction {
    Oid oid;
    const char *name;
    Oid result;
    char volatility;
    uint8_t argument_count;
    Oid arguments[3];
} TypeFunction;

const TypeFunction *catalog_type_functions(uint32_t *count);

/* The OID under which the index of a table's key is shown, by the constraint's place in its list. */
Oid catalog_index_oid(Oid table, uint32_t constraint);
/* Whether the column has a default of its own: an identity has none. */
bool catalog_has_default(const TableColumn *column);
/* Registers the names of regclass and its kin with engine/type. */
void catalog_register_names(void);
/* Registers who answers the functions of engine/function/catalog_calls.c. */
void catalog_register_answers(void);

/* --- names (names.c) --- */
/* Of the statement that this process runs; NULL: none. */
const CatalogContext *catalog_context(void);
/* How a value of regclass or its kin is shown; NULL: there is no such object. */
const char *catalog_name_of(Oid type, uint32_t value, Arena *arena);
/* The object that a text names, for regclass and its kin; false: there is none. */
bool catalog_find(Oid type, Text text, uint32_t *value);
/* An identifier, quoted where it must be. */
void catalog_write_identifier(Buffer *out, Text name);
/* Name, arguments and their number of a function of any kind; false: there is none. */
bool catalog_find_procedure(uint32_t oid, const char **name, const Oid **arguments,
                            uint32_t *count);

/* --- answers (answers*.c) --- */
typedef struct CatalogAnswerRow {
    const char *function;
    CatalogAnswer *answer;
} CatalogAnswerRow;
extern const CatalogAnswerRow catalog_object_answers[], catalog_session_answers[],
    catalog_privilege_answers[], catalog_list_answers[],
    catalog_sequence_answers[];

bool catalog_constraint_definition(CatalogCall *call); /* pg_get_constraintdef() */
bool catalog_index_definition(CatalogCall *call);      /* pg_get_indexdef() */

/* The one cell of an answer. All return true. */
bool answer_null(CatalogCall *call);
bool answer_bool(CatalogCall *call, bool value);
bool answer_int(CatalogCall *call, int64_t value);
bool answer_text(CatalogCall *call, Text value); /* copied */
bool answer_string(CatalogCall *call, const char *value); /* NULL: NULL */
/* Arguments, which must not be NULL. */
int64_t asked_int(const CatalogCall *call, uint32_t argument);
Text asked_text(const CatalogCall *call, uint32_t argument);
bool asked_bool(const CatalogCall *call, uint32_t argument);
bool asked_is_null(const CatalogCall *call, uint32_t argument);
/* Whether the argument is declared with this type. */
bool asked_type_is(const CatalogCall *call, uint32_t argument, Oid type);

/* --- small things that several relations say --- */
/* Names of schemas and their OIDs come from engine/schema; the database's from the context. */
Text catalog_database(const CatalogContext *context);
/* The owner of everything. */
Text catalog_owner(const CatalogContext *context);
/* The owner of one object, by name. */
Text catalog_owner_of(const CatalogContext *context, Oid oid);
/* aclitem[] of an object; NULL as long as nothing was granted on it. */
void catalog_set_acl(CatalogRows *rows, const char *column, const CatalogContext *context,
                     AccessKind kind, Oid oid);
/* A column's default as PostgreSQL would show it, and the OID of its row in pg_attrdef. */
Text catalog_default(Arena *arena, const TableColumn *column);
Oid catalog_default_oid(Oid table, int32_t number);
/* The column as its table has it; NULL for virtual relations. */
const TableColumn *catalog_table_column(const Relation *relation, const RelationColumn *column);
/* Whether who asks may do anything with the relation: what information_schema shows. */
bool catalog_may_see(const CatalogContext *context, const Relation *relation);
/* An ISO time as segments' names have it. */
Text catalog_time(Arena *arena, int64_t micros);

/* The roles to show: those of the context, or the one superuser of a server without roles. */
uint32_t catalog_role_count(const CatalogContext *context);
AccessRole catalog_role_at(const CatalogContext *context, uint32_t i);

/* Relations without rows. */
extern const VirtualRelation catalog_empty_tables[];
extern const uint32_t catalog_empty_table_count;
extern const VirtualRelation catalog_empty_views[];
extern const uint32_t catalog_empty_view_count;
extern const VirtualRelation catalog_empty_information_schema[];
extern const uint32_t catalog_empty_information_schema_count;

#endif
