/*
 * What is known of tables' sizes and contents: pg_stat_user_tables, pg_stat_all_tables,
 * pg_stat_database, and pg_stats from the segments' summaries.
 */
#include "engine/catalog/catalog_internal.h"

/* clang-format off */
static const VirtualColumn columns[] = {
    {"relid", T_OID}, {"schemaname", T_NAME}, {"relname", T_NAME}, {"seq_scan", T_INT8},
    {"seq_tup_read", T_INT8}, {"idx_scan", T_INT8}, {"idx_tup_fetch", T_INT8},
    {"n_tup_ins", T_INT8}, {"n_tup_upd", T_INT8}, {"n_tup_del", T_INT8},
    {"n_tup_hot_upd", T_INT8}, {"n_live_tup", T_INT8}, {"n_dead_tup", T_INT8},
    {"n_mod_since_analyze", T_INT8}, {"n_ins_since_vacuum", T_INT8},
    {"last_vacuum", T_TIMESTAMPTZ}, {"last_autovacuum", T_TIMESTAMPTZ},
    {"last_analyze", T_TIMESTAMPTZ}, {"last_autoanalyze", T_TIMESTAMPTZ},
    {"vacuum_count", T_INT8}, {"autovacuum_count", T_INT8}, {"analyze_count", T_INT8},
    {"autoanalyze_count", T_INT8},
};
/* clang-format on */

/* clang-format off */
static const VirtualColumn database_columns[] = {
    {"datid", T_OID}, {"datname", T_NAME}, {"numbackends", T_INT4}, {"xact_commit", T_INT8},
    {"xact_rollback", T_INT8}, {"blks_read", T_INT8}, {"blks_hit", T_INT8},
    {"tup_returned", T_INT8}, {"tup_fetched", T_INT8}, {"tup_inserted", T_INT8},
    {"tup_updated", T_INT8}, {"tup_deleted", T_INT8}, {"conflicts", T_INT8},
    {"temp_files", T_INT8}, {"temp_bytes", T_INT8}, {"deadlocks", T_INT8},
    {"checksum_failures", T_INT8}, {"checksum_last_failure", T_TIMESTAMPTZ},
    {"blk_read_time", T_FLOAT8}, {"blk_write_time", T_FLOAT8}, {"session_time", T_FLOAT8},
    {"active_time", T_FLOAT8}, {"idle_in_transaction_time", T_FLOAT8}, {"sessions", T_INT8},
    {"sessions_abandoned", T_INT8}, {"sessions_fatal", T_INT8}, {"sessions_killed", T_INT8},
    {"stats_reset", T_TIMESTAMPTZ},
};
/* clang-format on */

/* clang-format off */
static const VirtualColumn stats_columns[] = {
    {"schemaname", T_NAME}, {"tablename", T_NAME}, {"attname", T_NAME}, {"inherited", T_BOOL},
    {"null_frac", T_FLOAT4}, {"avg_width", T_INT4}, {"n_distinct", T_FLOAT4},
    {"most_common_vals", T_TEXT_ARRAY}, {"most_common_freqs", T_FLOAT4_ARRAY},
    {"histogram_bounds", T_TEXT_ARRAY}, {"correlation", T_FLOAT4},
    {"most_common_elems", T_TEXT_ARRAY}, {"most_common_elem_freqs", T_FLOAT4_ARRAY},
    {"elem_count_histogram", T_FLOAT4_ARRAY},
};
/* clang-format on */

static bool produce(const CatalogContext *context, Arena *arena, Batch **out, Fault *fault)
{
    static const char *const zeros[] = {
        "seq_scan",      "seq_tup_read",     "n_tup_upd",           "n_tup_del",
        "n_tup_hot_upd", "n_dead_tup",       "n_mod_since_analyze", "n_ins_since_vacuum",
        "vacuum_count",  "autovacuum_count", "analyze_count",       "autoanalyze_count",
    };
    (void)fault;
    CatalogRows rows;
    ROWS_BEGIN(&rows, columns, arena);
    for (uint32_t i = 0; i < context->tables->table_count; i++) {
        const Table *table = context->tables->tables[i];
        catalog_set_int(&rows, "relid", table->oid);
        catalog_set_text(&rows, "schemaname", table->schema);
        catalog_set_text(&rows, "relname", table->name);
        catalog_set_int(&rows, "n_tup_ins", (int64_t)table->rows);
        catalog_set_int(&rows, "n_live_tup", (int64_t)table->rows);
        for (size_t j = 0; j < sizeof zeros / sizeof zeros[0]; j++)
            catalog_set_int(&rows, zeros[j], 0);
        catalog_row_end(&rows);
    }
    *out = catalog_rows_finish(&rows);
    return true;
}

static bool produce_database(const CatalogContext *context, Arena *arena, Batch **out, Fault *fault)
{
    static const char *const zeros[] = {
        "xact_commit",    "xact_rollback",   "blks_read",   "blks_hit",    "tup_returned",
        "tup_fetched",    "tup_inserted",    "tup_updated", "tup_deleted", "conflicts",
        "temp_files",     "temp_bytes",      "deadlocks",   "sessions",    "sessions_abandoned",
        "sessions_fatal", "sessions_killed",
    };
    (void)fault;
    CatalogRows rows;
    ROWS_BEGIN(&rows, database_columns, arena);
    catalog_set_int(&rows, "datid", CATALOG_DATABASE_OID);
    catalog_set_text(&rows, "datname", catalog_database(context));
    catalog_set_int(&rows, "numbackends", context->session_count);
    for (size_t i = 0; i < sizeof zeros / sizeof zeros[0]; i++)
        catalog_set_int(&rows, zeros[i], 0);
    catalog_row_end(&rows);
    *out = catalog_rows_finish(&rows);
    return true;
}

static void add_statistics(CatalogRows *rows, const Table *table, uint32_t column)
{
    const TableColumnStatistics *statistics = &table->statistics[column];
    double all = table->rows > 0 ? (double)table->rows : 1;
    catalog_set_text(rows, "schemaname", table->schema);
    catalog_set_text(rows, "tablename", table->name);
    catalog_set_text(rows, "attname", table->columns[column].name);
    catalog_set_bool(rows, "inherited", false);
    catalog_set_float(rows, "null_frac", (double)statistics->null_count / all);
    catalog_set_int(rows, "avg_width",
                    statistics->average_bytes > 0 ? (int64_t)(statistics->average_bytes + 0.5) : 8);
    catalog_set_float(rows, "n_distinct", (double)statistics->distinct_count);
    catalog_row_end(rows);
}

static bool produce_stats(const CatalogContext *context, Arena *arena, Batch **out, Fault *fault)
{
    (void)fault;
    CatalogRows rows;
    ROWS_BEGIN(&rows, stats_columns, arena);
    for (uint32_t i = 0; i < context->tables->table_count; i++) {
        const Table *table = context->tables->tables[i];
        for (uint32_t j = 0; j < table->column_count; j++)
            add_statistics(&rows, table, j);
    }
    *out = catalog_rows_finish(&rows);
    return true;
}

const VirtualRelation catalog_pg_stat_user_tables = {.schema_oid = SCHEMA_OID_PG_CATALOG,
                                                     .name = "pg_stat_user_tables",
                                                     .oid = 12161,
                                                     .is_view = true,
                                                     CATALOG_COLUMNS(columns),
                                                     .produce = produce};
const VirtualRelation catalog_pg_stat_all_tables = {.schema_oid = SCHEMA_OID_PG_CATALOG,
                                                    .name = "pg_stat_all_tables",
                                                    .oid = 12142,
                                                    .is_view = true,
                                                    CATALOG_COLUMNS(columns),
                                                    .produce = produce};
const VirtualRelation catalog_pg_stat_database = {.schema_oid = SCHEMA_OID_PG_CATALOG,
                                                  .name = "pg_stat_database",
                                                  .oid = 12266,
                                                  .is_view = true,
                                                  CATALOG_COLUMNS(database_columns),
                                                  .produce = produce_database};
const VirtualRelation catalog_pg_stats = {.schema_oid = SCHEMA_OID_PG_CATALOG,
                                          .name = "pg_stats",
                                          .oid = 12053,
                                          .is_view = true,
                                          CATALOG_COLUMNS(stats_columns),
                                          .produce = produce_stats};
