/*
 * pg_catalog.pg_class: every relation.
 */
#include "engine/catalog/catalog_internal.h"

/* clang-format off */
static const VirtualColumn columns[] = {
    {"oid", T_OID}, {"relname", T_NAME}, {"relnamespace", T_OID}, {"reltype", T_OID},
    {"reloftype", T_OID}, {"relowner", T_OID}, {"relam", T_OID}, {"relfilenode", T_OID},
    {"reltablespace", T_OID}, {"relpages", T_INT4}, {"reltuples", T_FLOAT4},
    {"relallvisible", T_INT4}, {"reltoastrelid", T_OID}, {"relhasindex", T_BOOL},
    {"relisshared", T_BOOL}, {"relpersistence", T_CHAR}, {"relkind", T_CHAR},
    {"relnatts", T_INT2}, {"relchecks", T_INT2}, {"relhasrules", T_BOOL},
    {"relhastriggers", T_BOOL}, {"relhassubclass", T_BOOL}, {"relrowsecurity", T_BOOL},
    {"relforcerowsecurity", T_BOOL}, {"relispopulated", T_BOOL}, {"relreplident", T_CHAR},
    {"relispartition", T_BOOL}, {"relrewrite", T_OID}, {"relfrozenxid", T_XID},
    {"relminmxid", T_XID}, {"relacl", T_ACLITEM_ARRAY}, {"reloptions", T_TEXT_ARRAY},
    {"relpartbound", T_PG_NODE_TREE},
};
/* clang-format on */

static void add_sizes(CatalogRows *rows, const Relation *relation)
{
    const Table *table = relation->table;
    uint64_t pages =
        table == NULL ? 0 : (table->bytes + CATALOG_PAGE_BYTES - 1) / CATALOG_PAGE_BYTES;
    catalog_set_int(rows, "relpages", pages < INT32_MAX ? (int64_t)pages : INT32_MAX);
    catalog_set_float(rows, "reltuples", table == NULL ? 0 : (double)table->rows);
    catalog_set_int(rows, "relallvisible", pages < INT32_MAX ? (int64_t)pages : INT32_MAX);
}

/* Checks, or keys. */
static uint32_t count_constraints(const Relation *relation, bool are_checks)
{
    uint32_t count = 0;
    for (uint32_t i = 0; relation->kind == RELATION_TABLE &&
                         i < relation->table->parsed.constraint_count;
         i++)
        count += (relation->table->parsed.constraints[i].kind == 'c') == are_checks;
    return count;
}

enum { AM_BTREE = 403 };

/* The index of a key. */
static void add_index(CatalogRows *rows, const CatalogContext *context, const Relation *relation,
                      uint32_t number)
{
    const TableConstraint *constraint = &relation->table->parsed.constraints[number];
    Oid oid = catalog_index_oid(relation->oid, number);
    static const char *const zeros[] = {"reltype", "reloftype", "reltablespace", "relpages",
                                        "relallvisible", "reltoastrelid", "relchecks", "relrewrite",
                                        "relfrozenxid", "relminmxid"};
    static const char *const falses[] = {"relhasindex", "relisshared", "relhasrules",
                                         "relhastriggers", "relhassubclass", "relrowsecurity",
                                         "relforcerowsecurity", "relispartition"};
    catalog_set_int(rows, "oid", oid);
    catalog_set_text(rows, "relname", constraint->name);
    catalog_set_int(rows, "relnamespace", relation->schema_oid);
    catalog_set_int(rows, "relowner", access_owner(context->roles, relation->oid));
    catalog_set_int(rows, "relam", AM_BTREE);
    catalog_set_int(rows, "relfilenode", oid);
    catalog_set_float(rows, "reltuples", (double)relation->table->rows);
    catalog_set_char(rows, "relpersistence", 'p');
    catalog_set_char(rows, "relkind", 'i');
    catalog_set_int(rows, "relnatts", constraint->column_count);
    catalog_set_bool(rows, "relispopulated", true);
    catalog_set_char(rows, "relreplident", 'n');
    for (size_t i = 0; i < sizeof zeros / sizeof *zeros; i++)
        catalog_set_int(rows, zeros[i], 0);
    for (size_t i = 0; i < sizeof falses / sizeof *falses; i++)
        catalog_set_bool(rows, falses[i], false);
    catalog_row_end(rows);
}

static void add_indexes(CatalogRows *rows, const CatalogContext *context, const Relation *relation)
{
    for (uint32_t i = 0; relation->kind == RELATION_TABLE &&
                         i < relation->table->parsed.constraint_count;
         i++)
        if (relation->table->parsed.constraints[i].kind != 'c')
            add_index(rows, context, relation, i);
}

static void add_relation(CatalogRows *rows, const CatalogContext *context,
                         const Relation *relation)
{
    bool is_view = schema_is_view(relation);
    enum { PREFIX = sizeof TABLE_TEMPORARY_PREFIX - 1 };
    bool is_temporary = relation->schema.length > PREFIX &&
                        memcmp(relation->schema.data, TABLE_TEMPORARY_PREFIX, PREFIX) == 0;
    catalog_set_int(rows, "oid", relation->oid);
    catalog_set_text(rows, "relname", relation->name);
    catalog_set_int(rows, "relnamespace", relation->schema_oid);
    catalog_set_int(rows, "reltype", 0);
    catalog_set_int(rows, "reloftype", 0);
    catalog_set_int(rows, "relowner", access_owner(context->roles, relation->oid));
    catalog_set_acl(rows, "relacl", context, ACCESS_ON_TABLE, relation->oid);
    catalog_set_int(rows, "relam", is_view || schema_is_sequence(relation) ? 0 : CATALOG_AM_HEAP);
    catalog_set_int(rows, "relfilenode", is_view ? 0 : relation->oid);
    catalog_set_int(rows, "reltablespace", 0);
    add_sizes(rows, relation);
    catalog_set_int(rows, "reltoastrelid", 0);
    catalog_set_bool(rows, "relhasindex", count_constraints(relation, false) > 0);
    catalog_set_bool(rows, "relisshared", false);
    catalog_set_char(rows, "relpersistence", is_temporary ? 't' : 'p');
    catalog_set_char(rows, "relkind",
                     is_view                            ? 'v'
                     : schema_is_sequence(relation)     ? 'S'
                     : schema_is_materialized(relation) ? 'm'
                                                        : 'r');
    catalog_set_int(rows, "relnatts", relation->column_count);
    catalog_set_int(rows, "relchecks", count_constraints(relation, true));
    catalog_set_bool(rows, "relhasrules", is_view || schema_is_materialized(relation));
    catalog_set_bool(rows, "relhastriggers", false);
    catalog_set_bool(rows, "relhassubclass", false);
    catalog_set_bool(rows, "relrowsecurity", false);
    catalog_set_bool(rows, "relforcerowsecurity", false);
    catalog_set_bool(rows, "relispopulated", true);
    catalog_set_char(rows, "relreplident", relation->kind == RELATION_TABLE ? 'd' : 'n');
    catalog_set_bool(rows, "relispartition", false);
    catalog_set_int(rows, "relrewrite", 0);
    catalog_set_int(rows, "relfrozenxid", 0);
    catalog_set_int(rows, "relminmxid", 0);
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
        add_relation(&rows, context, relations[i]);
        add_indexes(&rows, context, relations[i]);
    }
    *out = catalog_rows_finish(&rows);
    return true;
}

const VirtualRelation catalog_pg_class = {.schema_oid = SCHEMA_OID_PG_CATALOG,
                                          .name = "pg_class",
                                          .oid = 1259,
                                          CATALOG_COLUMNS(columns),
                                          .produce = produce};
