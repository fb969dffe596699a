/*
 * The list of this room's relations, and the few facts that several of them tell.
 */
#include "engine/catalog/catalog_internal.h"

#include "base/log/log.h"

#include <stdlib.h>

extern const VirtualRelation catalog_information_information_schema_catalog_name;
extern const VirtualRelation catalog_information_enabled_roles;
extern const VirtualRelation catalog_information_character_sets;
extern const VirtualRelation catalog_information_collations;
extern const VirtualRelation catalog_information_table_privileges;
extern const VirtualRelation catalog_information_routines;
extern const VirtualRelation catalog_information_schemata;
extern const VirtualRelation catalog_information_tables;
extern const VirtualRelation catalog_information_views;
extern const VirtualRelation catalog_information_columns;
extern const VirtualRelation catalog_pg_aggregate;
extern const VirtualRelation catalog_pg_attrdef;
extern const VirtualRelation catalog_pg_attribute;
extern const VirtualRelation catalog_pg_cast;
extern const VirtualRelation catalog_pg_class;
extern const VirtualRelation catalog_pg_constraint;
extern const VirtualRelation catalog_pg_index;
extern const VirtualRelation catalog_information_table_constraints;
extern const VirtualRelation catalog_information_key_column_usage;
extern const VirtualRelation catalog_pg_database;
extern const VirtualRelation catalog_pg_depend;
extern const VirtualRelation catalog_pg_rewrite;
extern const VirtualRelation catalog_pg_description;
extern const VirtualRelation catalog_pg_shdescription;
extern const VirtualRelation catalog_pg_locks;
extern const VirtualRelation catalog_pg_matviews;
extern const VirtualRelation catalog_pg_namespace;
extern const VirtualRelation catalog_pg_operator;
extern const VirtualRelation catalog_pg_proc;
extern const VirtualRelation catalog_pg_range;
extern const VirtualRelation catalog_pg_auth_members;
extern const VirtualRelation catalog_pg_db_role_setting;
extern const VirtualRelation catalog_pg_roles;
extern const VirtualRelation catalog_pg_authid;
extern const VirtualRelation catalog_pg_user;
extern const VirtualRelation catalog_pg_shadow;
extern const VirtualRelation catalog_pg_sequence;
extern const VirtualRelation catalog_pg_sequences;
extern const VirtualRelation catalog_information_sequences;
extern const VirtualRelation catalog_pg_settings;
extern const VirtualRelation catalog_pg_am;
extern const VirtualRelation catalog_pg_collation;
extern const VirtualRelation catalog_pg_language;
extern const VirtualRelation catalog_pg_tablespace;
extern const VirtualRelation catalog_pg_stat_activity;
extern const VirtualRelation catalog_pg_stat_ssl;
extern const VirtualRelation catalog_pg_stat_gssapi;
extern const VirtualRelation catalog_pg_cursors;
extern const VirtualRelation catalog_pg_prepared_statements;
extern const VirtualRelation catalog_pg_stat_user_tables;
extern const VirtualRelation catalog_pg_stat_all_tables;
extern const VirtualRelation catalog_pg_stat_database;
extern const VirtualRelation catalog_pg_stats;
extern const VirtualRelation catalog_pg_tables;
extern const VirtualRelation catalog_pg_views;
extern const VirtualRelation catalog_pg_timezone_abbrevs;
extern const VirtualRelation catalog_pg_timezone_names;
extern const VirtualRelation catalog_pg_type;
extern const VirtualRelation catalog_sys_segments;
extern const VirtualRelation catalog_sys_server_segments;
extern const VirtualRelation catalog_sys_servers;
extern const VirtualRelation catalog_sys_tasks;
extern const VirtualRelation catalog_sys_supervisors;

static const VirtualRelation *const with_rows[] = {
    &catalog_information_information_schema_catalog_name,
    &catalog_information_enabled_roles,
    &catalog_information_character_sets,
    &catalog_information_collations,
    &catalog_information_table_privileges,
    &catalog_information_routines,
    &catalog_information_schemata,
    &catalog_information_tables,
    &catalog_information_views,
    &catalog_information_columns,
    &catalog_pg_aggregate,
    &catalog_pg_attrdef,
    &catalog_pg_attribute,
    &catalog_pg_cast,
    &catalog_pg_class,
    &catalog_pg_constraint,
    &catalog_pg_index,
    &catalog_information_table_constraints,
    &catalog_information_key_column_usage,
    &catalog_pg_database,
    &catalog_pg_depend,
    &catalog_pg_rewrite,
    &catalog_pg_description,
    &catalog_pg_shdescription,
    &catalog_pg_locks,
    &catalog_pg_matviews,
    &catalog_pg_namespace,
    &catalog_pg_operator,
    &catalog_pg_proc,
    &catalog_pg_range,
    &catalog_pg_auth_members,
    &catalog_pg_db_role_setting,
    &catalog_pg_roles,
    &catalog_pg_authid,
    &catalog_pg_user,
    &catalog_pg_shadow,
    &catalog_pg_sequence,
    &catalog_pg_sequences,
    &catalog_information_sequences,
    &catalog_pg_settings,
    &catalog_pg_am,
    &catalog_pg_collation,
    &catalog_pg_language,
    &catalog_pg_tablespace,
    &catalog_pg_stat_activity,
    &catalog_pg_stat_ssl,
    &catalog_pg_stat_gssapi,
    &catalog_pg_cursors,
    &catalog_pg_prepared_statements,
    &catalog_pg_stat_user_tables,
    &catalog_pg_stat_all_tables,
    &catalog_pg_stat_database,
    &catalog_pg_stats,
    &catalog_pg_tables,
    &catalog_pg_views,
    &catalog_pg_timezone_abbrevs,
    &catalog_pg_timezone_names,
    &catalog_pg_type,
    &catalog_sys_segments,
    &catalog_sys_server_segments,
    &catalog_sys_servers,
    &catalog_sys_tasks,
    &catalog_sys_supervisors,
};

/* Functions in FROM that give a relation's rows. */
extern const VirtualRelation catalog_keywords, catalog_listening_channels;
static const struct {
    const char *function, *relation;
} function_relations[] = {
    {"pg_show_all_settings", "pg_settings"},
    {"pg_show_all_file_settings", "pg_file_settings"},
    {"pg_timezone_names", "pg_timezone_names"},
    {"pg_timezone_abbrevs", "pg_timezone_abbrevs"},
    {"pg_prepared_statement", "pg_prepared_statements"},
    {"pg_cursor", "pg_cursors"},
    {"pg_lock_status", "pg_locks"},
    {"pg_config", "pg_config"},
    {"pg_hba_file_rules", "pg_hba_file_rules"},
    {"pg_ident_file_mappings", "pg_ident_file_mappings"},
    {"pg_available_extension_versions", "pg_available_extension_versions"},
    {"pg_available_extensions", "pg_available_extensions"},
    {"pg_get_shmem_allocations", "pg_shmem_allocations"},
    {"pg_get_backend_memory_contexts", "pg_backend_memory_contexts"},
    {"pg_get_replication_slots", "pg_replication_slots"},
    {"pg_stat_get_wal", "pg_stat_wal"},
    {"pg_stat_get_archiver", "pg_stat_archiver"},
};
enum { FUNCTION_RELATIONS = sizeof function_relations / sizeof *function_relations };

static void register_functions(void)
{
    static SchemaFunction functions[FUNCTION_RELATIONS + 2];
    uint32_t count;
    const VirtualRelation *const *relations = schema_virtual_relations(&count);
    for (uint32_t k = 0; k < FUNCTION_RELATIONS; k++) {
        functions[k].name = function_relations[k].function;
        for (uint32_t i = 0; i < count; i++) {
            if (relations[i]->schema_oid == SCHEMA_OID_PG_CATALOG &&
                strcmp(relations[i]->name, function_relations[k].relation) == 0)
                functions[k].relation = relations[i];
        }
        check(functions[k].relation != NULL);
    }
    functions[FUNCTION_RELATIONS] = (SchemaFunction){"pg_get_keywords", &catalog_keywords};
    functions[FUNCTION_RELATIONS + 1] =
        (SchemaFunction){"pg_listening_channels", &catalog_listening_channels};
    schema_register_functions(functions, FUNCTION_RELATIONS + 2);
}

static uint32_t add_all(const VirtualRelation **list, uint32_t count,
                        const VirtualRelation *relations, uint32_t relation_count)
{
    for (uint32_t i = 0; i < relation_count; i++)
        list[count++] = &relations[i];
    return count;
}

void catalog_register(void)
{
    uint32_t count = sizeof with_rows / sizeof with_rows[0];
    uint32_t total = count + catalog_empty_table_count + catalog_empty_view_count +
                     catalog_empty_information_schema_count;
    const VirtualRelation **list = calloc(total, sizeof *list);
    check(list != NULL);
    memcpy(list, with_rows, sizeof with_rows);
    count = add_all(list, count, catalog_empty_tables, catalog_empty_table_count);
    count = add_all(list, count, catalog_empty_views, catalog_empty_view_count);
    count = add_all(list, count, catalog_empty_information_schema,
                    catalog_empty_information_schema_count);
    check(count == total);
    schema_register(list, count);
    free(list);
    register_functions();
    catalog_register_names();
    catalog_register_answers();
}

Text catalog_database(const CatalogContext *context)
{
    return context->database.length > 0 ? context->database : TEXT_LITERAL("talaria");
}

Text catalog_time(Arena *arena, int64_t micros)
{
    char text[META_TIME_SIZE];
    meta_format_time(micros, text);
    return text_of(arena_strdup(arena, text));
}

int64_t catalog_relation_size(const CatalogContext *context, Oid oid)
{
    const Table *table = table_by_oid(context->tables, oid);
    if (table != NULL)
        return (int64_t)table->bytes;
    return schema_virtual_by_oid(oid) != NULL ? 0 : -1;
}
