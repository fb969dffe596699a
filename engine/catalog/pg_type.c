/*
 * pg_catalog.pg_type: the table of types, with what type_facts.c adds.
 */
#include "engine/catalog/catalog_internal.h"

/* clang-format off */
static const VirtualColumn columns[] = {
    {"oid", T_OID}, {"typname", T_NAME}, {"typnamespace", T_OID}, {"typowner", T_OID},
    {"typlen", T_INT2}, {"typbyval", T_BOOL}, {"typtype", T_CHAR}, {"typcategory", T_CHAR},
    {"typispreferred", T_BOOL}, {"typisdefined", T_BOOL}, {"typdelim", T_CHAR},
    {"typrelid", T_OID}, {"typsubscript", T_REGPROC}, {"typelem", T_OID}, {"typarray", T_OID},
    {"typinput", T_REGPROC}, {"typoutput", T_REGPROC}, {"typreceive", T_REGPROC},
    {"typsend", T_REGPROC}, {"typmodin", T_REGPROC}, {"typmodout", T_REGPROC},
    {"typanalyze", T_REGPROC}, {"typalign", T_CHAR}, {"typstorage", T_CHAR},
    {"typnotnull", T_BOOL}, {"typbasetype", T_OID}, {"typtypmod", T_INT4}, {"typndims", T_INT4},
    {"typcollation", T_OID}, {"typdefaultbin", T_PG_NODE_TREE}, {"typdefault", T_TEXT},
    {"typacl", T_ACLITEM_ARRAY},
};
/* clang-format on */

/* OIDs of functions that all arrays share. */
enum { ARRAY_SUBSCRIPT = 6179, ARRAY_ANALYZE = 3816 };

static void add_functions(CatalogRows *rows, const TypeFacts *facts)
{
    bool is_array = facts->subscript == ARRAY_SUBSCRIPT && facts->storage == 'x';
    catalog_set_int(rows, "typinput", facts->input);
    catalog_set_int(rows, "typoutput", facts->output);
    catalog_set_int(rows, "typreceive", facts->receive);
    catalog_set_int(rows, "typsend", facts->send);
    catalog_set_int(rows, "typmodin", facts->modifier_in);
    catalog_set_int(rows, "typmodout", facts->modifier_out);
    catalog_set_int(rows, "typanalyze", is_array ? ARRAY_ANALYZE : 0);
}

/* Types that can be subscripted without being arrays: a name's letters, a point's coordinates. */
static Oid element_of(const TypeInfo *info)
{
    enum { POINT = 600, SEGMENT = 601, BOX = 603, LINE = 628 };
    switch (info->oid) {
    case T_NAME:
        return T_CHAR;
    case POINT:
    case LINE:
        return T_FLOAT8;
    case SEGMENT:
    case BOX:
        return POINT;
    default:
        return info->element_oid;
    }
}

static void add_type(CatalogRows *rows, const TypeInfo *info)
{
    const TypeFacts *facts = catalog_type_facts(info->oid);
    catalog_set_int(rows, "oid", info->oid);
    catalog_set_string(rows, "typname", info->name);
    catalog_set_int(rows, "typnamespace", catalog_type_schema(info->oid));
    catalog_set_int(rows, "typowner", ACCESS_SUPERUSER_OID);
    catalog_set_int(rows, "typlen", info->wire_length);
    catalog_set_bool(rows, "typbyval", facts->by_value);
    catalog_set_char(rows, "typtype", facts->kind);
    catalog_set_char(rows, "typcategory", (char)info->category);
    catalog_set_bool(rows, "typispreferred", info->is_preferred);
    catalog_set_bool(rows, "typisdefined", true);
    catalog_set_char(rows, "typdelim", facts->delimiter);
    catalog_set_int(rows, "typrelid", 0);
    catalog_set_int(rows, "typsubscript", facts->subscript);
    catalog_set_int(rows, "typelem", element_of(info));
    catalog_set_int(rows, "typarray", info->array_oid);
    add_functions(rows, facts);
    catalog_set_char(rows, "typalign", facts->align);
    catalog_set_char(rows, "typstorage", facts->storage);
    catalog_set_bool(rows, "typnotnull", false);
    catalog_set_int(rows, "typbasetype", info->base_oid);
    catalog_set_int(rows, "typtypmod", info->base_oid == 0 ? -1 : info->base_modifier);
    catalog_set_int(rows, "typndims", 0);
    catalog_set_int(rows, "typcollation", facts->collation);
    catalog_row_end(rows);
}

static bool produce(const CatalogContext *context, Arena *arena, Batch **out, Fault *fault)
{
    (void)context;
    (void)fault;
    int count;
    const TypeInfo *types = type_table(&count);
    CatalogRows rows;
    ROWS_BEGIN(&rows, columns, arena);
    for (int i = 0; i < count; i++) {
        if (types[i].oid != T_STATE) /* it only travels between stages */
            add_type(&rows, &types[i]);
    }
    *out = catalog_rows_finish(&rows);
    return true;
}

const VirtualRelation catalog_pg_type = {.schema_oid = SCHEMA_OID_PG_CATALOG,
                                         .name = "pg_type",
                                         .oid = 1247,
                                         CATALOG_COLUMNS(columns),
                                         .produce = produce};
