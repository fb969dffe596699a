/*
 * pg_catalog.pg_depend and pg_rewrite: what relations of users lean on. A view's query is a rule of it
 * (pg_rewrite, always named _RETURN), and it is the rule that depends on what the query reads.
 */
#include "engine/catalog/catalog_internal.h"

#include "base/memory/buffer.h"

enum { CLASS_PG_ATTRDEF = 2604, CLASS_PG_REWRITE = 2618 };

/* clang-format off */
static const VirtualColumn columns[] = {
    {"classid", T_OID}, {"objid", T_OID}, {"objsubid", T_INT4}, {"refclassid", T_OID},
    {"refobjid", T_OID}, {"refobjsubid", T_INT4}, {"deptype", T_CHAR},
};
static const VirtualColumn rewrite_columns[] = {
    {"oid", T_OID}, {"rulename", T_NAME}, {"ev_class", T_OID}, {"ev_type", T_CHAR},
    {"ev_enabled", T_CHAR}, {"is_instead", T_BOOL}, {"ev_qual", T_PG_NODE_TREE},
    {"ev_action", T_PG_NODE_TREE},
};
/* clang-format on */

typedef struct Object {
    Oid class_oid, oid;
    int32_t number; /* of a column; 0: the whole */
} Object;

static void add(CatalogRows *rows, Object object, Object on, char kind)
{
    catalog_set_int(rows, "classid", object.class_oid);
    catalog_set_int(rows, "objid", object.oid);
    catalog_set_int(rows, "objsubid", object.number);
    catalog_set_int(rows, "refclassid", on.class_oid);
    catalog_set_int(rows, "refobjid", on.oid);
    catalog_set_int(rows, "refobjsubid", on.number);
    catalog_set_char(rows, "deptype", kind);
    catalog_row_end(rows);
}

/* As of the default of a column that no relation has. */
static Oid rule_oid(const Table *view)
{
    return catalog_default_oid(view->oid, 0);
}

static void add_relation(CatalogRows *rows, const Table *table)
{
    Object self = {CLASS_PG_CLASS, table->oid, 0};
    Oid schema = table->schema_oid == 0 ? SCHEMA_OID_PUBLIC : table->schema_oid;
    add(rows, self, (Object){CLASS_PG_NAMESPACE, schema, 0}, 'n');
    for (uint32_t i = 0; i < table->column_count; i++) {
        const TableColumn *column = &table->columns[i];
        if (catalog_has_default(column))
            add(rows,
                (Object){CLASS_PG_ATTRDEF, catalog_default_oid(table->oid, column->number), 0},
                (Object){CLASS_PG_CLASS, table->oid, column->number}, 'a');
    }
    const TableSequence *sequence = &table->parsed.sequence;
    if (table->parsed.kind == TABLE_SEQUENCE && sequence->owner_table != 0)
        add(rows, self, (Object){CLASS_PG_CLASS, sequence->owner_table, sequence->owner_column},
            sequence->is_identity ? 'i' : 'a');
    if (table->parsed.definition.length == 0)
        return;
    Object rule = {CLASS_PG_REWRITE, rule_oid(table), 0};
    add(rows, rule, self, 'i');
    for (uint32_t i = 0; i < table->parsed.used_count; i++)
        add(rows, rule, (Object){CLASS_PG_CLASS, table->parsed.used[i], 0}, 'n');
}

static bool produce(const CatalogContext *context, Arena *arena, Batch **out, Fault *fault)
{
    (void)fault;
    CatalogRows rows;
    ROWS_BEGIN(&rows, columns, arena);
    for (uint32_t i = 0; i < context->tables->table_count; i++)
        add_relation(&rows, context->tables->tables[i]);
    *out = catalog_rows_finish(&rows);
    return true;
}

static bool produce_rules(const CatalogContext *context, Arena *arena, Batch **out, Fault *fault)
{
    (void)fault;
    CatalogRows rows;
    ROWS_BEGIN(&rows, rewrite_columns, arena);
    for (uint32_t i = 0; i < context->tables->table_count; i++) {
        const Table *view = context->tables->tables[i];
        if (view->parsed.definition.length == 0)
            continue;
        catalog_set_int(&rows, "oid", rule_oid(view));
        catalog_set_string(&rows, "rulename", "_RETURN");
        catalog_set_int(&rows, "ev_class", view->oid);
        catalog_set_char(&rows, "ev_type", '1');
        catalog_set_char(&rows, "ev_enabled", 'O');
        catalog_set_bool(&rows, "is_instead", true);
        catalog_set_string(&rows, "ev_qual", "<>");
        catalog_set_text(&rows, "ev_action", view->parsed.definition);
        catalog_row_end(&rows);
    }
    *out = catalog_rows_finish(&rows);
    return true;
}

const VirtualRelation catalog_pg_depend = {.schema_oid = SCHEMA_OID_PG_CATALOG,
                                           .name = "pg_depend",
                                           .oid = 2608,
                                           CATALOG_COLUMNS(columns),
                                           .produce = produce};
const VirtualRelation catalog_pg_rewrite = {.schema_oid = SCHEMA_OID_PG_CATALOG,
                                            .name = "pg_rewrite",
                                            .oid = 2618,
                                            CATALOG_COLUMNS(rewrite_columns),
                                            .produce = produce_rules};
