/*
 * Views of pg_catalog that have no rows here, since what they list does not exist: their
 * columns, so that what clients ask of them gets the right empty answer.
 */
#include "engine/catalog/catalog_internal.h"

/* clang-format off */
static const VirtualColumn pg_available_extension_versions_columns[] = {
    {"name", T_NAME}, {"version", T_TEXT}, {"installed", T_BOOL}, {"superuser", T_BOOL},
    {"trusted", T_BOOL}, {"relocatable", T_BOOL}, {"schema", T_NAME},
    {"requires", T_NAME_ARRAY}, {"comment", T_TEXT},
};

static const VirtualColumn pg_available_extensions_columns[] = {
    {"name", T_NAME}, {"default_version", T_TEXT}, {"installed_version", T_TEXT},
    {"comment", T_TEXT},
};

static const VirtualColumn pg_backend_memory_contexts_columns[] = {
    {"name", T_TEXT}, {"ident", T_TEXT}, {"parent", T_TEXT}, {"level", T_INT4},
    {"total_bytes", T_INT8}, {"total_nblocks", T_INT8}, {"free_bytes", T_INT8},
    {"free_chunks", T_INT8}, {"used_bytes", T_INT8},
};

static const VirtualColumn pg_config_columns[] = {
    {"name", T_TEXT}, {"setting", T_TEXT},
};

static const VirtualColumn pg_file_settings_columns[] = {
    {"sourcefile", T_TEXT}, {"sourceline", T_INT4}, {"seqno", T_INT4}, {"name", T_TEXT},
    {"setting", T_TEXT}, {"applied", T_BOOL}, {"error", T_TEXT},
};

static const VirtualColumn pg_group_columns[] = {
    {"groname", T_NAME}, {"grosysid", T_OID}, {"grolist", T_OID_ARRAY},
};

static const VirtualColumn pg_hba_file_rules_columns[] = {
    {"line_number", T_INT4}, {"type", T_TEXT}, {"database", T_TEXT_ARRAY},
    {"user_name", T_TEXT_ARRAY}, {"address", T_TEXT}, {"netmask", T_TEXT},
    {"auth_method", T_TEXT}, {"options", T_TEXT_ARRAY}, {"error", T_TEXT},
};

static const VirtualColumn pg_ident_file_mappings_columns[] = {
    {"line_number", T_INT4}, {"map_name", T_TEXT}, {"sys_name", T_TEXT},
    {"pg_username", T_TEXT}, {"error", T_TEXT},
};

static const VirtualColumn pg_indexes_columns[] = {
    {"schemaname", T_NAME}, {"tablename", T_NAME}, {"indexname", T_NAME},
    {"tablespace", T_NAME}, {"indexdef", T_TEXT},
};

static const VirtualColumn pg_policies_columns[] = {
    {"schemaname", T_NAME}, {"tablename", T_NAME}, {"policyname", T_NAME},
    {"permissive", T_TEXT}, {"roles", T_NAME_ARRAY}, {"cmd", T_TEXT}, {"qual", T_TEXT},
    {"with_check", T_TEXT},
};

static const VirtualColumn pg_prepared_xacts_columns[] = {
    {"transaction", T_XID}, {"gid", T_TEXT}, {"prepared", T_TIMESTAMPTZ}, {"owner", T_NAME},
    {"database", T_NAME},
};

static const VirtualColumn pg_publication_tables_columns[] = {
    {"pubname", T_NAME}, {"schemaname", T_NAME}, {"tablename", T_NAME},
    {"attnames", T_NAME_ARRAY}, {"rowfilter", T_TEXT},
};

static const VirtualColumn pg_replication_origin_status_columns[] = {
    {"local_id", T_OID}, {"external_id", T_TEXT}, {"remote_lsn", T_PG_LSN},
    {"local_lsn", T_PG_LSN},
};

static const VirtualColumn pg_replication_slots_columns[] = {
    {"slot_name", T_NAME}, {"plugin", T_NAME}, {"slot_type", T_TEXT}, {"datoid", T_OID},
    {"database", T_NAME}, {"temporary", T_BOOL}, {"active", T_BOOL}, {"active_pid", T_INT4},
    {"xmin", T_XID}, {"catalog_xmin", T_XID}, {"restart_lsn", T_PG_LSN},
    {"confirmed_flush_lsn", T_PG_LSN}, {"wal_status", T_TEXT}, {"safe_wal_size", T_INT8},
    {"two_phase", T_BOOL},
};

static const VirtualColumn pg_rules_columns[] = {
    {"schemaname", T_NAME}, {"tablename", T_NAME}, {"rulename", T_NAME}, {"definition", T_TEXT},
};

static const VirtualColumn pg_seclabels_columns[] = {
    {"objoid", T_OID}, {"classoid", T_OID}, {"objsubid", T_INT4}, {"objtype", T_TEXT},
    {"objnamespace", T_OID}, {"objname", T_TEXT}, {"provider", T_TEXT}, {"label", T_TEXT},
};

static const VirtualColumn pg_shmem_allocations_columns[] = {
    {"name", T_TEXT}, {"off", T_INT8}, {"size", T_INT8}, {"allocated_size", T_INT8},
};

static const VirtualColumn pg_stat_all_indexes_columns[] = {
    {"relid", T_OID}, {"indexrelid", T_OID}, {"schemaname", T_NAME}, {"relname", T_NAME},
    {"indexrelname", T_NAME}, {"idx_scan", T_INT8}, {"idx_tup_read", T_INT8},
    {"idx_tup_fetch", T_INT8},
};

static const VirtualColumn pg_stat_archiver_columns[] = {
    {"archived_count", T_INT8}, {"last_archived_wal", T_TEXT},
    {"last_archived_time", T_TIMESTAMPTZ}, {"failed_count", T_INT8},
    {"last_failed_wal", T_TEXT}, {"last_failed_time", T_TIMESTAMPTZ},
    {"stats_reset", T_TIMESTAMPTZ},
};

static const VirtualColumn pg_stat_bgwriter_columns[] = {
    {"checkpoints_timed", T_INT8}, {"checkpoints_req", T_INT8},
    {"checkpoint_write_time", T_FLOAT8}, {"checkpoint_sync_time", T_FLOAT8},
    {"buffers_checkpoint", T_INT8}, {"buffers_clean", T_INT8}, {"maxwritten_clean", T_INT8},
    {"buffers_backend", T_INT8}, {"buffers_backend_fsync", T_INT8}, {"buffers_alloc", T_INT8},
    {"stats_reset", T_TIMESTAMPTZ},
};

static const VirtualColumn pg_stat_database_conflicts_columns[] = {
    {"datid", T_OID}, {"datname", T_NAME}, {"confl_tablespace", T_INT8}, {"confl_lock", T_INT8},
    {"confl_snapshot", T_INT8}, {"confl_bufferpin", T_INT8}, {"confl_deadlock", T_INT8},
};

static const VirtualColumn pg_stat_progress_analyze_columns[] = {
    {"pid", T_INT4}, {"datid", T_OID}, {"datname", T_NAME}, {"relid", T_OID}, {"phase", T_TEXT},
    {"sample_blks_total", T_INT8}, {"sample_blks_scanned", T_INT8}, {"ext_stats_total", T_INT8},
    {"ext_stats_computed", T_INT8}, {"child_tables_total", T_INT8},
    {"child_tables_done", T_INT8}, {"current_child_table_relid", T_OID},
};

static const VirtualColumn pg_stat_progress_basebackup_columns[] = {
    {"pid", T_INT4}, {"phase", T_TEXT}, {"backup_total", T_INT8}, {"backup_streamed", T_INT8},
    {"tablespaces_total", T_INT8}, {"tablespaces_streamed", T_INT8},
};

static const VirtualColumn pg_stat_progress_cluster_columns[] = {
    {"pid", T_INT4}, {"datid", T_OID}, {"datname", T_NAME}, {"relid", T_OID},
    {"command", T_TEXT}, {"phase", T_TEXT}, {"cluster_index_relid", T_OID},
    {"heap_tuples_scanned", T_INT8}, {"heap_tuples_written", T_INT8},
    {"heap_blks_total", T_INT8}, {"heap_blks_scanned", T_INT8}, {"index_rebuild_count", T_INT8},
};

static const VirtualColumn pg_stat_progress_copy_columns[] = {
    {"pid", T_INT4}, {"datid", T_OID}, {"datname", T_NAME}, {"relid", T_OID},
    {"command", T_TEXT}, {"type", T_TEXT}, {"bytes_processed", T_INT8}, {"bytes_total", T_INT8},
    {"tuples_processed", T_INT8}, {"tuples_excluded", T_INT8},
};

static const VirtualColumn pg_stat_progress_create_index_columns[] = {
    {"pid", T_INT4}, {"datid", T_OID}, {"datname", T_NAME}, {"relid", T_OID},
    {"index_relid", T_OID}, {"command", T_TEXT}, {"phase", T_TEXT}, {"lockers_total", T_INT8},
    {"lockers_done", T_INT8}, {"current_locker_pid", T_INT8}, {"blocks_total", T_INT8},
    {"blocks_done", T_INT8}, {"tuples_total", T_INT8}, {"tuples_done", T_INT8},
    {"partitions_total", T_INT8}, {"partitions_done", T_INT8},
};

static const VirtualColumn pg_stat_progress_vacuum_columns[] = {
    {"pid", T_INT4}, {"datid", T_OID}, {"datname", T_NAME}, {"relid", T_OID}, {"phase", T_TEXT},
    {"heap_blks_total", T_INT8}, {"heap_blks_scanned", T_INT8}, {"heap_blks_vacuumed", T_INT8},
    {"index_vacuum_count", T_INT8}, {"max_dead_tuples", T_INT8}, {"num_dead_tuples", T_INT8},
};

static const VirtualColumn pg_stat_recovery_prefetch_columns[] = {
    {"stats_reset", T_TIMESTAMPTZ}, {"prefetch", T_INT8}, {"hit", T_INT8},
    {"skip_init", T_INT8}, {"skip_new", T_INT8}, {"skip_fpw", T_INT8}, {"skip_rep", T_INT8},
    {"wal_distance", T_INT4}, {"block_distance", T_INT4}, {"io_depth", T_INT4},
};

static const VirtualColumn pg_stat_replication_columns[] = {
    {"pid", T_INT4}, {"usesysid", T_OID}, {"usename", T_NAME}, {"application_name", T_TEXT},
    {"client_addr", T_INET}, {"client_hostname", T_TEXT}, {"client_port", T_INT4},
    {"backend_start", T_TIMESTAMPTZ}, {"backend_xmin", T_XID}, {"state", T_TEXT},
    {"sent_lsn", T_PG_LSN}, {"write_lsn", T_PG_LSN}, {"flush_lsn", T_PG_LSN},
    {"replay_lsn", T_PG_LSN}, {"write_lag", T_INTERVAL}, {"flush_lag", T_INTERVAL},
    {"replay_lag", T_INTERVAL}, {"sync_priority", T_INT4}, {"sync_state", T_TEXT},
    {"reply_time", T_TIMESTAMPTZ},
};

static const VirtualColumn pg_stat_replication_slots_columns[] = {
    {"slot_name", T_TEXT}, {"spill_txns", T_INT8}, {"spill_count", T_INT8},
    {"spill_bytes", T_INT8}, {"stream_txns", T_INT8}, {"stream_count", T_INT8},
    {"stream_bytes", T_INT8}, {"total_txns", T_INT8}, {"total_bytes", T_INT8},
    {"stats_reset", T_TIMESTAMPTZ},
};

static const VirtualColumn pg_stat_slru_columns[] = {
    {"name", T_TEXT}, {"blks_zeroed", T_INT8}, {"blks_hit", T_INT8}, {"blks_read", T_INT8},
    {"blks_written", T_INT8}, {"blks_exists", T_INT8}, {"flushes", T_INT8},
    {"truncates", T_INT8}, {"stats_reset", T_TIMESTAMPTZ},
};

static const VirtualColumn pg_stat_subscription_columns[] = {
    {"subid", T_OID}, {"subname", T_NAME}, {"pid", T_INT4}, {"relid", T_OID},
    {"received_lsn", T_PG_LSN}, {"last_msg_send_time", T_TIMESTAMPTZ},
    {"last_msg_receipt_time", T_TIMESTAMPTZ}, {"latest_end_lsn", T_PG_LSN},
    {"latest_end_time", T_TIMESTAMPTZ},
};

static const VirtualColumn pg_stat_subscription_stats_columns[] = {
    {"subid", T_OID}, {"subname", T_NAME}, {"apply_error_count", T_INT8},
    {"sync_error_count", T_INT8}, {"stats_reset", T_TIMESTAMPTZ},
};

static const VirtualColumn pg_stat_sys_indexes_columns[] = {
    {"relid", T_OID}, {"indexrelid", T_OID}, {"schemaname", T_NAME}, {"relname", T_NAME},
    {"indexrelname", T_NAME}, {"idx_scan", T_INT8}, {"idx_tup_read", T_INT8},
    {"idx_tup_fetch", T_INT8},
};

static const VirtualColumn pg_stat_sys_tables_columns[] = {
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

static const VirtualColumn pg_stat_user_functions_columns[] = {
    {"funcid", T_OID}, {"schemaname", T_NAME}, {"funcname", T_NAME}, {"calls", T_INT8},
    {"total_time", T_FLOAT8}, {"self_time", T_FLOAT8},
};

static const VirtualColumn pg_stat_user_indexes_columns[] = {
    {"relid", T_OID}, {"indexrelid", T_OID}, {"schemaname", T_NAME}, {"relname", T_NAME},
    {"indexrelname", T_NAME}, {"idx_scan", T_INT8}, {"idx_tup_read", T_INT8},
    {"idx_tup_fetch", T_INT8},
};

static const VirtualColumn pg_stat_wal_columns[] = {
    {"wal_records", T_INT8}, {"wal_fpi", T_INT8}, {"wal_bytes", T_NUMERIC},
    {"wal_buffers_full", T_INT8}, {"wal_write", T_INT8}, {"wal_sync", T_INT8},
    {"wal_write_time", T_FLOAT8}, {"wal_sync_time", T_FLOAT8}, {"stats_reset", T_TIMESTAMPTZ},
};

static const VirtualColumn pg_stat_wal_receiver_columns[] = {
    {"pid", T_INT4}, {"status", T_TEXT}, {"receive_start_lsn", T_PG_LSN},
    {"receive_start_tli", T_INT4}, {"written_lsn", T_PG_LSN}, {"flushed_lsn", T_PG_LSN},
    {"received_tli", T_INT4}, {"last_msg_send_time", T_TIMESTAMPTZ},
    {"last_msg_receipt_time", T_TIMESTAMPTZ}, {"latest_end_lsn", T_PG_LSN},
    {"latest_end_time", T_TIMESTAMPTZ}, {"slot_name", T_TEXT}, {"sender_host", T_TEXT},
    {"sender_port", T_INT4}, {"conninfo", T_TEXT},
};

static const VirtualColumn pg_stat_xact_all_tables_columns[] = {
    {"relid", T_OID}, {"schemaname", T_NAME}, {"relname", T_NAME}, {"seq_scan", T_INT8},
    {"seq_tup_read", T_INT8}, {"idx_scan", T_INT8}, {"idx_tup_fetch", T_INT8},
    {"n_tup_ins", T_INT8}, {"n_tup_upd", T_INT8}, {"n_tup_del", T_INT8},
    {"n_tup_hot_upd", T_INT8},
};

static const VirtualColumn pg_stat_xact_sys_tables_columns[] = {
    {"relid", T_OID}, {"schemaname", T_NAME}, {"relname", T_NAME}, {"seq_scan", T_INT8},
    {"seq_tup_read", T_INT8}, {"idx_scan", T_INT8}, {"idx_tup_fetch", T_INT8},
    {"n_tup_ins", T_INT8}, {"n_tup_upd", T_INT8}, {"n_tup_del", T_INT8},
    {"n_tup_hot_upd", T_INT8},
};

static const VirtualColumn pg_stat_xact_user_functions_columns[] = {
    {"funcid", T_OID}, {"schemaname", T_NAME}, {"funcname", T_NAME}, {"calls", T_INT8},
    {"total_time", T_FLOAT8}, {"self_time", T_FLOAT8},
};

static const VirtualColumn pg_stat_xact_user_tables_columns[] = {
    {"relid", T_OID}, {"schemaname", T_NAME}, {"relname", T_NAME}, {"seq_scan", T_INT8},
    {"seq_tup_read", T_INT8}, {"idx_scan", T_INT8}, {"idx_tup_fetch", T_INT8},
    {"n_tup_ins", T_INT8}, {"n_tup_upd", T_INT8}, {"n_tup_del", T_INT8},
    {"n_tup_hot_upd", T_INT8},
};

static const VirtualColumn pg_statio_all_indexes_columns[] = {
    {"relid", T_OID}, {"indexrelid", T_OID}, {"schemaname", T_NAME}, {"relname", T_NAME},
    {"indexrelname", T_NAME}, {"idx_blks_read", T_INT8}, {"idx_blks_hit", T_INT8},
};

static const VirtualColumn pg_statio_all_sequences_columns[] = {
    {"relid", T_OID}, {"schemaname", T_NAME}, {"relname", T_NAME}, {"blks_read", T_INT8},
    {"blks_hit", T_INT8},
};

static const VirtualColumn pg_statio_all_tables_columns[] = {
    {"relid", T_OID}, {"schemaname", T_NAME}, {"relname", T_NAME}, {"heap_blks_read", T_INT8},
    {"heap_blks_hit", T_INT8}, {"idx_blks_read", T_INT8}, {"idx_blks_hit", T_INT8},
    {"toast_blks_read", T_INT8}, {"toast_blks_hit", T_INT8}, {"tidx_blks_read", T_INT8},
    {"tidx_blks_hit", T_INT8},
};

static const VirtualColumn pg_statio_sys_indexes_columns[] = {
    {"relid", T_OID}, {"indexrelid", T_OID}, {"schemaname", T_NAME}, {"relname", T_NAME},
    {"indexrelname", T_NAME}, {"idx_blks_read", T_INT8}, {"idx_blks_hit", T_INT8},
};

static const VirtualColumn pg_statio_sys_sequences_columns[] = {
    {"relid", T_OID}, {"schemaname", T_NAME}, {"relname", T_NAME}, {"blks_read", T_INT8},
    {"blks_hit", T_INT8},
};

static const VirtualColumn pg_statio_sys_tables_columns[] = {
    {"relid", T_OID}, {"schemaname", T_NAME}, {"relname", T_NAME}, {"heap_blks_read", T_INT8},
    {"heap_blks_hit", T_INT8}, {"idx_blks_read", T_INT8}, {"idx_blks_hit", T_INT8},
    {"toast_blks_read", T_INT8}, {"toast_blks_hit", T_INT8}, {"tidx_blks_read", T_INT8},
    {"tidx_blks_hit", T_INT8},
};

static const VirtualColumn pg_statio_user_indexes_columns[] = {
    {"relid", T_OID}, {"indexrelid", T_OID}, {"schemaname", T_NAME}, {"relname", T_NAME},
    {"indexrelname", T_NAME}, {"idx_blks_read", T_INT8}, {"idx_blks_hit", T_INT8},
};

static const VirtualColumn pg_statio_user_sequences_columns[] = {
    {"relid", T_OID}, {"schemaname", T_NAME}, {"relname", T_NAME}, {"blks_read", T_INT8},
    {"blks_hit", T_INT8},
};

static const VirtualColumn pg_statio_user_tables_columns[] = {
    {"relid", T_OID}, {"schemaname", T_NAME}, {"relname", T_NAME}, {"heap_blks_read", T_INT8},
    {"heap_blks_hit", T_INT8}, {"idx_blks_read", T_INT8}, {"idx_blks_hit", T_INT8},
    {"toast_blks_read", T_INT8}, {"toast_blks_hit", T_INT8}, {"tidx_blks_read", T_INT8},
    {"tidx_blks_hit", T_INT8},
};

static const VirtualColumn pg_stats_ext_columns[] = {
    {"schemaname", T_NAME}, {"tablename", T_NAME}, {"statistics_schemaname", T_NAME},
    {"statistics_name", T_NAME}, {"statistics_owner", T_NAME}, {"attnames", T_NAME_ARRAY},
    {"exprs", T_TEXT_ARRAY}, {"kinds", T_CHAR_ARRAY}, {"inherited", T_BOOL},
    {"n_distinct", T_PG_NDISTINCT}, {"dependencies", T_PG_DEPENDENCIES},
    {"most_common_vals", T_TEXT_ARRAY}, {"most_common_val_nulls", T_BOOL_ARRAY},
    {"most_common_freqs", T_FLOAT8_ARRAY}, {"most_common_base_freqs", T_FLOAT8_ARRAY},
};

static const VirtualColumn pg_stats_ext_exprs_columns[] = {
    {"schemaname", T_NAME}, {"tablename", T_NAME}, {"statistics_schemaname", T_NAME},
    {"statistics_name", T_NAME}, {"statistics_owner", T_NAME}, {"expr", T_TEXT},
    {"inherited", T_BOOL}, {"null_frac", T_FLOAT4}, {"avg_width", T_INT4},
    {"n_distinct", T_FLOAT4}, {"most_common_vals", T_TEXT_ARRAY},
    {"most_common_freqs", T_FLOAT4_ARRAY}, {"histogram_bounds", T_TEXT_ARRAY},
    {"correlation", T_FLOAT4}, {"most_common_elems", T_TEXT_ARRAY},
    {"most_common_elem_freqs", T_FLOAT4_ARRAY}, {"elem_count_histogram", T_FLOAT4_ARRAY},
};

static const VirtualColumn pg_user_mappings_columns[] = {
    {"umid", T_OID}, {"srvid", T_OID}, {"srvname", T_NAME}, {"umuser", T_OID},
    {"usename", T_NAME}, {"umoptions", T_TEXT_ARRAY},
};

#define EMPTY(number, relation)                                                                    \
    {.schema_oid = SCHEMA_OID_PG_CATALOG, .name = #relation, .oid = (number),                      \
     .is_view = true, CATALOG_COLUMNS(relation##_columns)}

const VirtualRelation catalog_empty_views[] = {
    EMPTY(12085, pg_available_extension_versions),
    EMPTY(12081, pg_available_extensions),
    EMPTY(12138, pg_backend_memory_contexts),
    EMPTY(12130, pg_config),
    EMPTY(12110, pg_file_settings),
    EMPTY(12010, pg_group),
    EMPTY(12114, pg_hba_file_rules),
    EMPTY(12118, pg_ident_file_mappings),
    EMPTY(12043, pg_indexes),
    EMPTY(12018, pg_policies),
    EMPTY(12090, pg_prepared_xacts),
    EMPTY(12068, pg_publication_tables),
    EMPTY(12332, pg_replication_origin_status),
    EMPTY(12257, pg_replication_slots),
    EMPTY(12023, pg_rules),
    EMPTY(12099, pg_seclabels),
    EMPTY(12134, pg_shmem_allocations),
    EMPTY(12183, pg_stat_all_indexes),
    EMPTY(12285, pg_stat_archiver),
    EMPTY(12289, pg_stat_bgwriter),
    EMPTY(12271, pg_stat_database_conflicts),
    EMPTY(12297, pg_stat_progress_analyze),
    EMPTY(12317, pg_stat_progress_basebackup),
    EMPTY(12307, pg_stat_progress_cluster),
    EMPTY(12322, pg_stat_progress_copy),
    EMPTY(12312, pg_stat_progress_create_index),
    EMPTY(12302, pg_stat_progress_vacuum),
    EMPTY(12240, pg_stat_recovery_prefetch),
    EMPTY(12227, pg_stat_replication),
    EMPTY(12262, pg_stat_replication_slots),
    EMPTY(12232, pg_stat_slru),
    EMPTY(12244, pg_stat_subscription),
    EMPTY(12336, pg_stat_subscription_stats),
    EMPTY(12188, pg_stat_sys_indexes),
    EMPTY(12152, pg_stat_sys_tables),
    EMPTY(12275, pg_stat_user_functions),
    EMPTY(12192, pg_stat_user_indexes),
    EMPTY(12293, pg_stat_wal),
    EMPTY(12236, pg_stat_wal_receiver),
    EMPTY(12147, pg_stat_xact_all_tables),
    EMPTY(12157, pg_stat_xact_sys_tables),
    EMPTY(12280, pg_stat_xact_user_functions),
    EMPTY(12166, pg_stat_xact_user_tables),
    EMPTY(12196, pg_statio_all_indexes),
    EMPTY(12209, pg_statio_all_sequences),
    EMPTY(12170, pg_statio_all_tables),
    EMPTY(12201, pg_statio_sys_indexes),
    EMPTY(12214, pg_statio_sys_sequences),
    EMPTY(12175, pg_statio_sys_tables),
    EMPTY(12205, pg_statio_user_indexes),
    EMPTY(12218, pg_statio_user_sequences),
    EMPTY(12179, pg_statio_user_tables),
    EMPTY(12058, pg_stats_ext),
    EMPTY(12063, pg_stats_ext_exprs),
    EMPTY(12327, pg_user_mappings),
};
/* clang-format on */

const uint32_t catalog_empty_view_count =
    sizeof catalog_empty_views / sizeof catalog_empty_views[0];
