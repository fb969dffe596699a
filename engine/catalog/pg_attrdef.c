/*
 * pg_catalog.pg_attrdef: the defaults of columns.
 *
 * A default is kept as the expression that was typed. PostgreSQL shows the constants among them with
 * their types ('x'::character varying, '-1'::integer), and clients take them apart by that form.
 */
#include "engine/catalog/catalog_internal.h"

#include "base/memory/buffer.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

/* clang-format off */
static const VirtualColumn columns[] = {
    {"oid", T_OID}, {"adrelid", T_OID}, {"adnum", T_INT2}, {"adbin", T_PG_NODE_TREE},
};
/* clang-format on */

/* How long the string literal is that the text begins with; 0: it begins with something else. */
static uint32_t literal_length(Text text)
{
    if (text.length < 2 || text.data[0] != '\'')
        return 0;
    for (uint32_t i = 1; i < text.length; i++) {
        if (text.data[i] != '\'')
            continue;
        if (i + 1 < text.length && text.data[i + 1] == '\'')
            i++;
        else
            return i + 1;
    }
    return 0;
}

/* The type that a literal is cast to: by name behind it, or the column's own; NULL: the text is
 * something else. */
static const TypeInfo *literal_type(Text text, uint32_t length, const TypeInfo *column)
{
    Text rest = {.data = text.data + length, .length = text.length - length};
    if (length == 0 || rest.length == 0)
        return length == 0 ? NULL : column;
    bool is_cast = rest.length > 2 && rest.data[0] == ':' && rest.data[1] == ':' &&
                   memchr(rest.data, '(', rest.length) == NULL;
    return is_cast ? type_by_written_name((Text){rest.data + 2, rest.length - 2}) : NULL;
}

static bool is_number(Text text, uint32_t at)
{
    bool has_digit = false;
    for (; at < text.length; at++) {
        has_digit |= isdigit((unsigned char)text.data[at]) != 0;
        if (!isdigit((unsigned char)text.data[at]) && text.data[at] != '.')
            return false;
    }
    return has_digit;
}

/* CURRENT_DATE and its kin, which PostgreSQL writes in capitals. */
static bool is_value_function(Text text)
{
    static const char *const names[] = {
        "current_date", "current_time",      "current_timestamp", "localtime", "localtimestamp",
        "current_user", "current_role",      "session_user",      "user",      "current_catalog",
        "current_schema",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (text.length == strlen(names[i]) &&
            strncasecmp(text.data, names[i], text.length) == 0)
            return true;
    return false;
}

static Text in_capitals(Arena *arena, Text text)
{
    char *copy = arena_strndup(arena, text.data, text.length);
    for (char *at = copy; *at != '\0'; at++)
        *at = (char)toupper((unsigned char)*at);
    return text_of(copy);
}

enum { INT4_DIGITS = 9 }; /* so many always fit */

/* Of which type PostgreSQL says that a number is which it shows in quotes; NULL: plain. */
static const char *number_type(Text text)
{
    bool is_negative = text.data[0] == '-';
    bool is_whole = memchr(text.data, '.', text.length) == NULL;
    uint32_t digits = text.length - is_negative;
    if (!is_whole)
        return is_negative ? "numeric" : NULL;
    if (digits > INT4_DIGITS + 9)
        return "numeric";
    if (digits > INT4_DIGITS + 1)
        return "bigint";
    int64_t value = strtoll(text.data, NULL, 10);
    if (value < INT32_MIN || value > INT32_MAX)
        return "bigint";
    return is_negative ? "integer" : NULL;
}

bool catalog_has_default(const TableColumn *column)
{
    return column->default_text.length > 0 && column->identity == 0;
}

/* The default of a serial column names its sequence by its OID; shown is its name. */
static Text name_sequence(Arena *arena, Text text)
{
    static const char before[] = "nextval('";
    enum { BEFORE = sizeof before - 1 };
    char *end;
    if (text.length <= BEFORE || memcmp(text.data, before, BEFORE) != 0 ||
        !isdigit((unsigned char)text.data[BEFORE]))
        return text;
    uint32_t oid = (uint32_t)strtoul(text.data + BEFORE, &end, 10);
    const char *name = catalog_name_of(T_REGCLASS, oid, arena);
    return name == NULL ? text : text_of(arena_printf(arena, "nextval('%s%s", name, end));
}

Text catalog_default(Arena *arena, const TableColumn *column)
{
    Text text = name_sequence(arena, column->default_text);
    const TypeInfo *info = type_info(column->type_oid);
    if (info == NULL || text.length == 0)
        return text;
    uint32_t literal = literal_length(text);
    const TypeInfo *cast = literal_type(text, literal, info);
    if (cast != NULL) {
        const char *type = cast->oid == T_BPCHAR ? "bpchar"
                                                 : type_format_name(arena, SQL_TYPE(cast->oid));
        return text_of(arena_printf(arena, "%.*s::%s", (int)literal, text.data, type));
    }
    if (is_number(text, text.data[0] == '-')) {
        const char *type = number_type(text);
        return type == NULL ? text
                            : text_of(arena_printf(arena, "'%.*s'::%s", TEXT_ARGS(text), type));
    }
    return is_value_function(text) ? in_capitals(arena, text) : text;
}

/* Tables come and go, their OIDs do not come again: neither do these, for a million tables. */
Oid catalog_default_oid(Oid table, int32_t number)
{
    return 0x80000000u | (table << 11) | ((uint32_t)number & 0x7ff);
}

static void add_default(CatalogRows *rows, const Table *table, const TableColumn *column)
{
    catalog_set_int(rows, "oid", catalog_default_oid(table->oid, column->number));
    catalog_set_int(rows, "adrelid", table->oid);
    catalog_set_int(rows, "adnum", column->number);
    catalog_set_text(rows, "adbin", catalog_default(rows->arena, column));
    catalog_row_end(rows);
}

static bool produce(const CatalogContext *context, Arena *arena, Batch **out, Fault *fault)
{
    (void)fault;
    CatalogRows rows;
    ROWS_BEGIN(&rows, columns, arena);
    for (uint32_t i = 0; i < context->tables->table_count; i++) {
        const Table *table = context->tables->tables[i];
        for (uint32_t j = 0; j < table->column_count; j++) {
            if (catalog_has_default(&table->columns[j]))
                add_default(&rows, table, &table->columns[j]);
        }
    }
    *out = catalog_rows_finish(&rows);
    return true;
}

const VirtualRelation catalog_pg_attrdef = {.schema_oid = SCHEMA_OID_PG_CATALOG,
                                            .name = "pg_attrdef",
                                            .oid = 2604,
                                            CATALOG_COLUMNS(columns),
                                            .produce = produce};
