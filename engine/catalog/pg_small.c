/*
 * Catalogs of a few rows that are the same on every server: pg_am, pg_collation, pg_language,
 * pg_tablespace.
 */
#include "engine/catalog/catalog_internal.h"

/* clang-format off */
static const VirtualColumn am_columns[] = {
    {"oid", T_OID}, {"amname", T_NAME}, {"amhandler", T_REGPROC}, {"amtype", T_CHAR},
};
/* clang-format on */

/* clang-format off */
static const VirtualColumn collation_columns[] = {
    {"oid", T_OID}, {"collname", T_NAME}, {"collnamespace", T_OID}, {"collowner", T_OID},
    {"collprovider", T_CHAR}, {"collisdeterministic", T_BOOL}, {"collencoding", T_INT4},
    {"collcollate", T_TEXT}, {"collctype", T_TEXT}, {"colliculocale", T_TEXT},
    {"collversion", T_TEXT},
};
/* clang-format on */

/* clang-format off */
static const VirtualColumn language_columns[] = {
    {"oid", T_OID}, {"lanname", T_NAME}, {"lanowner", T_OID}, {"lanispl", T_BOOL},
    {"lanpltrusted", T_BOOL}, {"lanplcallfoid", T_OID}, {"laninline", T_OID},
    {"lanvalidator", T_OID}, {"lanacl", T_ACLITEM_ARRAY},
};
/* clang-format on */

/* clang-format off */
static const VirtualColumn tablespace_columns[] = {
    {"oid", T_OID}, {"spcname", T_NAME}, {"spcowner", T_OID}, {"spcacl", T_ACLITEM_ARRAY},
    {"spcoptions", T_TEXT_ARRAY},
};
/* clang-format on */

static bool produce_am(const CatalogContext *context, Arena *arena, Batch **out, Fault *fault)
{
    (void)context;
    (void)fault;
    CatalogRows rows;
    ROWS_BEGIN(&rows, am_columns, arena);
    catalog_set_int(&rows, "oid", CATALOG_AM_HEAP);
    catalog_set_string(&rows, "amname",
                       "heap"); /* by this name clients know how tables are stored */
    catalog_set_int(&rows, "amhandler", 0);
    catalog_set_char(&rows, "amtype", 't');
    catalog_row_end(&rows);
    *out = catalog_rows_finish(&rows);
    return true;
}

static bool produce_collations(const CatalogContext *context, Arena *arena, Batch **out,
                               Fault *fault)
{
    static const struct {
        Oid oid;
        const char *name;
        char provider;
        int encoding;
        const char *collate;
    } collations[] = {
        {CATALOG_COLLATION_DEFAULT, "default", 'd', -1, NULL},
        {CATALOG_COLLATION_C, "C", 'c', -1, "C"},
        {951, "POSIX", 'c', -1, "POSIX"},
    };
    (void)context;
    (void)fault;
    CatalogRows rows;
    ROWS_BEGIN(&rows, collation_columns, arena);
    for (size_t i = 0; i < sizeof collations / sizeof collations[0]; i++) {
        catalog_set_int(&rows, "oid", collations[i].oid);
        catalog_set_string(&rows, "collname", collations[i].name);
        catalog_set_int(&rows, "collnamespace", SCHEMA_OID_PG_CATALOG);
        catalog_set_int(&rows, "collowner", ACCESS_SUPERUSER_OID);
        catalog_set_char(&rows, "collprovider", collations[i].provider);
        catalog_set_bool(&rows, "collisdeterministic", true);
        catalog_set_int(&rows, "collencoding", collations[i].encoding);
        catalog_set_string(&rows, "collcollate", collations[i].collate);
        catalog_set_string(&rows, "collctype", collations[i].collate);
        catalog_row_end(&rows);
    }
    *out = catalog_rows_finish(&rows);
    return true;
}

static bool produce_languages(const CatalogContext *context, Arena *arena, Batch **out,
                              Fault *fault)
{
    static const struct {
        Oid oid;
        const char *name;
    } languages[] = {{CATALOG_LANGUAGE_INTERNAL, "internal"}, {13, "c"}, {14, "sql"}};
    (void)context;
    (void)fault;
    CatalogRows rows;
    ROWS_BEGIN(&rows, language_columns, arena);
    for (size_t i = 0; i < sizeof languages / sizeof languages[0]; i++) {
        catalog_set_int(&rows, "oid", languages[i].oid);
        catalog_set_string(&rows, "lanname", languages[i].name);
        catalog_set_int(&rows, "lanowner", ACCESS_SUPERUSER_OID);
        catalog_set_bool(&rows, "lanispl", false);
        catalog_set_bool(&rows, "lanpltrusted", languages[i].oid == 14);
        catalog_set_int(&rows, "lanplcallfoid", 0);
        catalog_set_int(&rows, "laninline", 0);
        catalog_set_int(&rows, "lanvalidator", 0);
        catalog_row_end(&rows);
    }
    *out = catalog_rows_finish(&rows);
    return true;
}

static bool produce_tablespaces(const CatalogContext *context, Arena *arena, Batch **out,
                                Fault *fault)
{
    static const struct {
        Oid oid;
        const char *name;
    } spaces[] = {{CATALOG_TABLESPACE_OID, "pg_default"}, {CATALOG_TABLESPACE_GLOBAL, "pg_global"}};
    (void)context;
    (void)fault;
    CatalogRows rows;
    ROWS_BEGIN(&rows, tablespace_columns, arena);
    for (size_t i = 0; i < sizeof spaces / sizeof spaces[0]; i++) {
        catalog_set_int(&rows, "oid", spaces[i].oid);
        catalog_set_string(&rows, "spcname", spaces[i].name);
        catalog_set_int(&rows, "spcowner", ACCESS_SUPERUSER_OID);
        catalog_row_end(&rows);
    }
    *out = catalog_rows_finish(&rows);
    return true;
}

const VirtualRelation catalog_pg_am = {.schema_oid = SCHEMA_OID_PG_CATALOG,
                                       .name = "pg_am",
                                       .oid = 2601,
                                       CATALOG_COLUMNS(am_columns),
                                       .produce = produce_am};
const VirtualRelation catalog_pg_collation = {.schema_oid = SCHEMA_OID_PG_CATALOG,
                                              .name = "pg_collation",
                                              .oid = 3456,
                                              CATALOG_COLUMNS(collation_columns),
                                              .produce = produce_collations};
const VirtualRelation catalog_pg_language = {.schema_oid = SCHEMA_OID_PG_CATALOG,
                                             .name = "pg_language",
                                             .oid = 2612,
                                             CATALOG_COLUMNS(language_columns),
                                             .produce = produce_languages};
const VirtualRelation catalog_pg_tablespace = {.schema_oid = SCHEMA_OID_PG_CATALOG,
                                               .name = "pg_tablespace",
                                               .oid = 1213,
                                               CATALOG_COLUMNS(tablespace_columns),
                                               .produce = produce_tablespaces};
