/*
 * pg_catalog.pg_attribute: the columns of every relation. There are no system columns.
 */
#include "engine/catalog/catalog_internal.h"

/* clang-format off */
static const VirtualColumn columns[] = {
    {"attrelid", T_OID}, {"attname", T_NAME}, {"atttypid", T_OID}, {"attstattarget", T_INT4},
    {"attlen", T_INT2}, {"attnum", T_INT2}, {"attndims", T_INT4}, {"attcacheoff", T_INT4},
    {"atttypmod", T_INT4}, {"attbyval", T_BOOL}, {"attalign", T_CHAR}, {"attstorage", T_CHAR},
    {"attcompression", T_CHAR}, {"attnotnull", T_BOOL}, {"atthasdef", T_BOOL},
    {"atthasmissing", T_BOOL}, {"attidentity", T_CHAR}, {"attgenerated", T_CHAR},
    {"attisdropped", T_BOOL}, {"attislocal", T_BOOL}, {"attinhcount", T_INT4},
    {"attcollation", T_OID}, {"attacl", T_ACLITEM_ARRAY}, {"attoptions", T_TEXT_ARRAY},
    {"attfdwoptions", T_TEXT_ARRAY}, {"attmissingval", T_TEXT_ARRAY},
};
/* clang-format on */

/* As declared: a domain where the column has one. */
static SqlType declared_type(const Relation *relation, const RelationColumn *column)
{
    if (relation->kind != RELATION_VIRTUAL)
        return column->type;
    Oid declared = relation->virtual_relation->columns[column->number - 1].type;
    return declared == column->type.oid ? column->type : SQL_TYPE(declared);
}

const TableColumn *catalog_table_column(const Relation *relation, const RelationColumn *column)
{
    if (relation->kind != RELATION_TABLE)
        return NULL;
    int at = table_find_column(relation->table, column->name);
    return at < 0 ? NULL : &relation->table->columns[at];
}

static void add_column(CatalogRows *rows, const Relation *relation, const RelationColumn *column)
{
    SqlType type = declared_type(relation, column);
    const TypeInfo *info = type_info(type.oid);
    const TypeFacts *facts = catalog_type_facts(type.oid);
    const TableColumn *stored = catalog_table_column(relation, column);
    bool is_time = relation->kind == RELATION_TABLE && text_equal_string(column->name, "__time");
    catalog_set_int(rows, "attrelid", relation->oid);
    catalog_set_text(rows, "attname", column->name);
    catalog_set_int(rows, "atttypid", type.oid);
    catalog_set_int(rows, "attstattarget", -1);
    catalog_set_int(rows, "attlen", info == NULL ? -1 : info->wire_length);
    catalog_set_int(rows, "attnum", column->number);
    catalog_set_int(rows, "attndims", info != NULL && info->category == CATEGORY_ARRAY ? 1 : 0);
    catalog_set_int(rows, "attcacheoff", -1);
    catalog_set_int(rows, "atttypmod", type_wire_modifier(type));
    catalog_set_bool(rows, "attbyval", facts->by_value);
    catalog_set_char(rows, "attalign", facts->align);
    catalog_set_char(rows, "attstorage", facts->storage);
    catalog_set_char(rows, "attcompression", 0);
    catalog_set_bool(rows, "attnotnull", is_time || (stored != NULL && stored->not_null));
    catalog_set_bool(rows, "atthasdef", stored != NULL && catalog_has_default(stored));
    catalog_set_bool(rows, "atthasmissing", false);
    catalog_set_char(rows, "attidentity", stored == NULL ? 0 : stored->identity);
    catalog_set_char(rows, "attgenerated", stored != NULL && stored->is_generated ? 's' : 0);
    catalog_set_bool(rows, "attisdropped", false);
    catalog_set_bool(rows, "attislocal", true);
    catalog_set_int(rows, "attinhcount", 0);
    catalog_set_int(rows, "attcollation", facts->collation);
    catalog_row_end(rows);
}

static bool produce(const CatalogContext *context, Arena *arena, Batch **out, Fault *fault)
{
    (void)fault;
    uint32_t count;
    const Relation *const *relations = schema_relations(arena, context->tables, &count);
    CatalogRows rows;
    ROWS_BEGIN(&rows, columns, arena);
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t j = 0; j < relations[i]->column_count; j++)
            add_column(&rows, relations[i], &relations[i]->columns[j]);
    }
    *out = catalog_rows_finish(&rows);
    return true;
}

const VirtualRelation catalog_pg_attribute = {.schema_oid = SCHEMA_OID_PG_CATALOG,
                                              .name = "pg_attribute",
                                              .oid = 1249,
                                              CATALOG_COLUMNS(columns),
                                              .produce = produce};
