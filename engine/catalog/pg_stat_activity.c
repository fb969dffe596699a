/*
 * Sessions, as the caller knows them: pg_stat_activity, pg_stat_ssl, pg_stat_gssapi, and the
 * session's own prepared statements. Other people's statements are shown to superusers only.
 */
#include "engine/catalog/catalog_internal.h"

/* clang-format off */
static const VirtualColumn columns[] = {
    {"datid", T_OID}, {"datname", T_NAME}, {"pid", T_INT4}, {"leader_pid", T_INT4},
    {"usesysid", T_OID}, {"usename", T_NAME}, {"application_name", T_TEXT},
    {"client_addr", T_INET}, {"client_hostname", T_TEXT}, {"client_port", T_INT4},
    {"backend_start", T_TIMESTAMPTZ}, {"xact_start", T_TIMESTAMPTZ},
    {"query_start", T_TIMESTAMPTZ}, {"state_change", T_TIMESTAMPTZ},
    {"wait_event_type", T_TEXT}, {"wait_event", T_TEXT}, {"state", T_TEXT},
    {"backend_xid", T_XID}, {"backend_xmin", T_XID}, {"query_id", T_INT8}, {"query", T_TEXT},
    {"backend_type", T_TEXT},
};
/* clang-format on */

/* clang-format off */
static const VirtualColumn ssl_columns[] = {
    {"pid", T_INT4}, {"ssl", T_BOOL}, {"version", T_TEXT}, {"cipher", T_TEXT}, {"bits", T_INT4},
    {"client_dn", T_TEXT}, {"client_serial", T_NUMERIC}, {"issuer_dn", T_TEXT},
};
/* clang-format on */

/* clang-format off */
static const VirtualColumn gssapi_columns[] = {
    {"pid", T_INT4}, {"gss_authenticated", T_BOOL}, {"principal", T_TEXT},
    {"encrypted", T_BOOL},
};
/* clang-format on */

/* clang-format off */
static const VirtualColumn statement_columns[] = {
    {"name", T_TEXT}, {"statement", T_TEXT}, {"prepare_time", T_TIMESTAMPTZ},
    {"parameter_types", T_REGTYPE_ARRAY}, {"from_sql", T_BOOL}, {"generic_plans", T_INT8},
    {"custom_plans", T_INT8},
};
/* clang-format on */

/* clang-format off */
static const VirtualColumn cursor_columns[] = {
    {"name", T_TEXT}, {"statement", T_TEXT}, {"is_holdable", T_BOOL}, {"is_binary", T_BOOL},
    {"is_scrollable", T_BOOL}, {"creation_time", T_TIMESTAMPTZ},
};
/* clang-format on */

static bool may_see(const CatalogContext *context, const CatalogSession *session)
{
    return access_sees_all(catalog_context_user(context)) ||
           text_equal(context->user->name, session->user);
}

static void set_text_or_null(CatalogRows *rows, const char *column, Text value)
{
    if (value.length > 0)
        catalog_set_text(rows, column, value);
}

static Oid role_oid(const CatalogContext *context, Text name)
{
    uint32_t count = catalog_role_count(context);
    for (uint32_t i = 0; i < count; i++) {
        AccessRole role = catalog_role_at(context, i);
        if (text_equal(role.name, name))
            return role.oid;
    }
    return ACCESS_SUPERUSER_OID;
}

static void set_client(CatalogRows *rows, const CatalogSession *session)
{
    set_text_or_null(rows, "client_addr", session->client_address);
    catalog_set_int(rows, "client_port", session->client_port);
    catalog_set_time(rows, "backend_start", session->backend_start);
    catalog_set_time(rows, "xact_start", session->transaction_start);
    catalog_set_time(rows, "query_start", session->query_start);
    catalog_set_time(rows, "state_change", session->state_change);
    if (text_equal_string(session->state, "idle")) {
        catalog_set_string(rows, "wait_event_type", "Client");
        catalog_set_string(rows, "wait_event", "ClientRead");
    }
    set_text_or_null(rows, "state", session->state);
    catalog_set_text(rows, "query", session->query);
}

static void add_session(CatalogRows *rows, const CatalogContext *context,
                        const CatalogSession *session)
{
    bool is_client = session->user.length > 0;
    if (is_client) {
        catalog_set_int(rows, "datid", CATALOG_DATABASE_OID);
        catalog_set_text(rows, "datname", catalog_database(context));
    }
    catalog_set_int(rows, "pid", session->pid);
    if (is_client) {
        catalog_set_int(rows, "usesysid", role_oid(context, session->user));
        catalog_set_text(rows, "usename", session->user);
    }
    catalog_set_text(rows, "application_name", session->application);
    if (may_see(context, session))
        set_client(rows, session);
    else
        catalog_set_string(rows, "query", "<insufficient privilege>");
    catalog_set_text(rows, "backend_type",
                     session->backend_type.length > 0 ? session->backend_type
                                                      : TEXT_LITERAL("client backend"));
    catalog_row_end(rows);
}

static bool produce(const CatalogContext *context, Arena *arena, Batch **out, Fault *fault)
{
    (void)fault;
    CatalogRows rows;
    ROWS_BEGIN(&rows, columns, arena);
    for (uint32_t i = 0; i < context->session_count; i++)
        add_session(&rows, context, &context->sessions[i]);
    *out = catalog_rows_finish(&rows);
    return true;
}

static bool produce_ssl(const CatalogContext *context, Arena *arena, Batch **out, Fault *fault)
{
    (void)fault;
    CatalogRows rows;
    ROWS_BEGIN(&rows, ssl_columns, arena);
    for (uint32_t i = 0; i < context->session_count; i++) {
        const CatalogSession *session = &context->sessions[i];
        catalog_set_int(&rows, "pid", session->pid);
        catalog_set_bool(&rows, "ssl", session->uses_tls);
        set_text_or_null(&rows, "version", session->tls_version);
        set_text_or_null(&rows, "cipher", session->tls_cipher);
        catalog_row_end(&rows);
    }
    *out = catalog_rows_finish(&rows);
    return true;
}

static bool produce_gssapi(const CatalogContext *context, Arena *arena, Batch **out, Fault *fault)
{
    (void)fault;
    CatalogRows rows;
    ROWS_BEGIN(&rows, gssapi_columns, arena);
    for (uint32_t i = 0; i < context->session_count; i++) {
        catalog_set_int(&rows, "pid", context->sessions[i].pid);
        catalog_set_bool(&rows, "gss_authenticated", false);
        catalog_set_bool(&rows, "encrypted", false);
        catalog_row_end(&rows);
    }
    *out = catalog_rows_finish(&rows);
    return true;
}

static bool produce_statements(const CatalogContext *context, Arena *arena, Batch **out,
                               Fault *fault)
{
    (void)fault;
    CatalogRows rows;
    ROWS_BEGIN(&rows, statement_columns, arena);
    for (uint32_t i = 0; i < context->statement_count; i++) {
        catalog_set_text(&rows, "name", context->statements[i].name);
        catalog_set_text(&rows, "statement", context->statements[i].text);
        catalog_set_time(&rows, "prepare_time", context->statements[i].prepared);
        catalog_set_bool(&rows, "from_sql", context->statements[i].from_sql);
        catalog_set_ints(&rows, "parameter_types", context->statements[i].parameter_types,
                         context->statements[i].parameter_count);
        catalog_set_int(&rows, "generic_plans", 0);
        catalog_set_int(&rows, "custom_plans", 0);
        catalog_row_end(&rows);
    }
    *out = catalog_rows_finish(&rows);
    return true;
}

static bool produce_cursors(const CatalogContext *context, Arena *arena, Batch **out, Fault *fault)
{
    (void)fault;
    CatalogRows rows;
    ROWS_BEGIN(&rows, cursor_columns, arena);
    for (uint32_t i = 0; i < context->cursor_count; i++) {
        const CatalogCursor *cursor = &context->cursors[i];
        catalog_set_text(&rows, "name", cursor->name);
        catalog_set_text(&rows, "statement", cursor->text);
        catalog_set_bool(&rows, "is_holdable", cursor->is_hold);
        catalog_set_bool(&rows, "is_binary", cursor->is_binary);
        catalog_set_bool(&rows, "is_scrollable", cursor->is_scroll);
        catalog_set_time(&rows, "creation_time", cursor->created);
        catalog_row_end(&rows);
    }
    *out = catalog_rows_finish(&rows);
    return true;
}

const VirtualRelation catalog_pg_stat_activity = {.schema_oid = SCHEMA_OID_PG_CATALOG,
                                                  .name = "pg_stat_activity",
                                                  .oid = 12222,
                                                  .is_view = true,
                                                  CATALOG_COLUMNS(columns),
                                                  .produce = produce};
const VirtualRelation catalog_pg_stat_ssl = {.schema_oid = SCHEMA_OID_PG_CATALOG,
                                             .name = "pg_stat_ssl",
                                             .oid = 12249,
                                             .is_view = true,
                                             CATALOG_COLUMNS(ssl_columns),
                                             .produce = produce_ssl};
const VirtualRelation catalog_pg_stat_gssapi = {.schema_oid = SCHEMA_OID_PG_CATALOG,
                                                .name = "pg_stat_gssapi",
                                                .oid = 12253,
                                                .is_view = true,
                                                CATALOG_COLUMNS(gssapi_columns),
                                                .produce = produce_gssapi};
const VirtualRelation catalog_pg_prepared_statements = {.schema_oid = SCHEMA_OID_PG_CATALOG,
                                                        .name = "pg_prepared_statements",
                                                        .oid = 12095,
                                                        .is_view = true,
                                                        CATALOG_COLUMNS(statement_columns),
                                                        .produce = produce_statements};
const VirtualRelation catalog_pg_cursors = {.schema_oid = SCHEMA_OID_PG_CATALOG,
                                            .name = "pg_cursors",
                                            .oid = 12077,
                                            .is_view = true,
                                            CATALOG_COLUMNS(cursor_columns),
                                            .produce = produce_cursors};
