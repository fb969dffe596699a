/*
 * Functions about the session and the server: who, where, since when, settings; and what
 * PostgreSQL says of transactions, of which there is none here to number.
 */
#include "engine/catalog/catalog_internal.h"

#include <stdlib.h>

enum { FIRST_TRANSACTION = 3 }; /* the number of the one that is always there */

/* --- who and where --- */

static bool version(CatalogCall *call)
{
    const Settings *settings = catalog_context()->settings;
    return answer_string(
        call, arena_printf(call->arena, "PostgreSQL %s (Talaria) on x86_64-pc-linux-gnu, 64-bit",
                           settings == NULL ? "15" : settings->server_version));
}

static bool database(CatalogCall *call)
{
    return answer_text(call, catalog_database(catalog_context()));
}

static bool session_user(CatalogCall *call)
{
    return answer_text(call, catalog_context()->user_name);
}

static bool backend_pid(CatalogCall *call)
{
    return answer_int(call, catalog_context()->backend_pid);
}

static uint32_t path_of(CatalogCall *call, bool with_implicit, const SchemaInfo **path)
{
    const Settings *settings = catalog_context()->settings;
    Text text = settings == NULL ? TEXT_LITERAL("public") : text_of(settings->search_path);
    return schema_path(call->arena, catalog_context()->tables, text, with_implicit, path,
                       CATALOG_MAX_PATH);
}

static bool current_schema(CatalogCall *call)
{
    const SchemaInfo *path[CATALOG_MAX_PATH];
    return answer_string(call, path_of(call, false, path) > 0 ? path[0]->name : NULL);
}

static bool current_schemas(CatalogCall *call)
{
    const SchemaInfo *path[CATALOG_MAX_PATH];
    uint32_t count = path_of(call, asked_bool(call, 0), path);
    vector_builder_array(call->cell, count);
    for (uint32_t i = 0; i < count; i++)
        vector_builder_text(call->cell->elements, text_of(path[i]->name));
    return true;
}

/* This session as the front end knows it; NULL when it does not tell. */
static const CatalogSession *own_session(void)
{
    const CatalogContext *context = catalog_context();
    if (context->session_count == 0 && context->load_sessions != NULL)
        context->load_sessions(context->state);
    for (uint32_t i = 0; i < context->session_count; i++) {
        if (context->sessions[i].pid == context->backend_pid)
            return &context->sessions[i];
    }
    return NULL;
}

static bool client_address(CatalogCall *call)
{
    const CatalogSession *session = own_session();
    bool is_local = session == NULL || session->client_address.length == 0;
    return is_local ? answer_null(call) : answer_text(call, session->client_address);
}

static bool client_port(CatalogCall *call)
{
    const CatalogSession *session = own_session();
    bool is_local = session == NULL || session->client_address.length == 0;
    return is_local ? answer_null(call) : answer_int(call, session->client_port);
}

/* Whom the server listens for is not kept by connection: a client of this machine reached it at
 * the address that it has itself. */
static bool server_address(CatalogCall *call)
{
    const CatalogSession *session = own_session();
    bool is_loopback =
        session != NULL && (text_equal_string(session->client_address, "127.0.0.1") ||
                            text_equal_string(session->client_address, "::1"));
    return is_loopback ? answer_text(call, session->client_address) : answer_null(call);
}

static bool server_port(CatalogCall *call)
{
    const CatalogSession *session = own_session();
    bool is_local = session == NULL || session->client_address.length == 0;
    return is_local ? answer_null(call) : answer_int(call, catalog_context()->port);
}

/* --- settings --- */

static bool answer_setting(CatalogCall *call, Text name, bool may_miss)
{
    const SettingInfo *info = name.length > 0 ? setting_find(name) : NULL;
    char value[SETTING_TEXT_SIZE];
    Text custom;
    if (info == NULL && setting_custom_get(catalog_context()->settings, name, &custom))
        return answer_text(call, custom);
    if (info == NULL && may_miss)
        return answer_null(call);
    if (info == NULL)
        return fault_set(call->fault, FAULT_UNDEFINED_OBJECT,
                         "unrecognized configuration parameter \"%.*s\"", TEXT_ARGS(name));
    setting_show(catalog_context()->settings, info, value, sizeof value);
    return answer_string(call, value);
}

static bool current_setting(CatalogCall *call)
{
    bool may_miss = call->call->argument_count == 2 && asked_bool(call, 1);
    return answer_setting(call, asked_text(call, 0), may_miss);
}

/* Of arguments that are not constant; the binder has done the others. */
static bool set_config(CatalogCall *call)
{
    const CatalogContext *context = catalog_context();
    if (context->set_setting == NULL)
        return fault_set(call->fault, FAULT_FEATURE_NOT_SUPPORTED, "set_config is not supported here");
    return context->set_setting(context->state, asked_text(call, 0), asked_text(call, 1),
                                asked_bool(call, 2), call->fault) &&
           answer_setting(call, asked_text(call, 0), false);
}

static bool client_encoding(CatalogCall *call)
{
    const Settings *settings = catalog_context()->settings;
    return answer_string(call, settings == NULL ? "UTF8" : settings->client_encoding);
}

static bool utf8(CatalogCall *call)
{
    return answer_string(call, "UTF8");
}

/* --- encodings: PostgreSQL's numbers --- */

static const char *const encodings[] = {
    "SQL_ASCII",      "EUC_JP",     "EUC_CN",     "EUC_KR",     "EUC_TW",     "EUC_JIS_2004",
    "UTF8",           "MULE_INTERNAL", "LATIN1",  "LATIN2",     "LATIN3",     "LATIN4",
    "LATIN5",         "LATIN6",     "LATIN7",     "LATIN8",     "LATIN9",     "LATIN10",
    "WIN1256",        "WIN1258",    "WIN866",     "WIN874",     "KOI8R",      "WIN1251",
    "WIN1252",        "ISO_8859_5", "ISO_8859_6", "ISO_8859_7", "ISO_8859_8", "WIN1250",
    "WIN1253",        "WIN1254",    "WIN1255",    "WIN1257",    "KOI8U",      "SJIS",
    "BIG5",           "GBK",        "UHC",        "GB18030",    "JOHAB",      "SHIFT_JIS_2004",
};
enum { ENCODING_COUNT = sizeof encodings / sizeof *encodings };

static bool encoding_name(CatalogCall *call)
{
    int64_t number = asked_int(call, 0);
    return answer_string(call, number >= 0 && number < ENCODING_COUNT ? encodings[number] : "");
}

/* Letters and digits alone, in lower case: "utf-8" is UTF8. */
static uint32_t plain_name(Text name, char *out, uint32_t capacity)
{
    uint32_t length = 0;
    for (uint32_t i = 0; i < name.length && length < capacity; i++) {
        char c = name.data[i];
        bool is_upper = c >= 'A' && c <= 'Z';
        if (is_upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
            out[length++] = is_upper ? (char)(c + ('a' - 'A')) : c;
    }
    return length;
}

static bool encoding_number(CatalogCall *call)
{
    enum { LONGEST = 64 };
    char wanted[LONGEST], known[LONGEST];
    uint32_t length = plain_name(asked_text(call, 0), wanted, LONGEST);
    if (length == 7 && memcmp(wanted, "unicode", 7) == 0)
        return answer_int(call, CATALOG_UTF8);
    for (int i = 0; i < ENCODING_COUNT; i++) {
        if (plain_name(text_of(encodings[i]), known, LONGEST) == length &&
            memcmp(known, wanted, length) == 0)
            return answer_int(call, i);
    }
    return answer_int(call, -1);
}

/* --- the server --- */

static bool server_started(CatalogCall *call)
{
    return answer_int(call, catalog_context()->server_started);
}

static bool never(CatalogCall *call)
{
    return answer_bool(call, false);
}

static bool zero(CatalogCall *call)
{
    return answer_int(call, 0);
}

static bool nothing(CatalogCall *call)
{
    return answer_null(call);
}

static bool no_fraction(CatalogCall *call)
{
    vector_builder_float64(call->cell, 0);
    return true;
}

static bool no_text(CatalogCall *call)
{
    return answer_string(call, "");
}

static bool nobody(CatalogCall *call)
{
    vector_builder_array(call->cell, 0);
    return true;
}

/* --- transactions --- */

static bool transaction(CatalogCall *call)
{
    return answer_int(call, FIRST_TRANSACTION);
}

static bool transaction_snapshot(CatalogCall *call)
{
    return answer_string(call, "3:3:");
}

static bool transaction_status(CatalogCall *call)
{
    int64_t number = asked_int(call, 0);
    if (number > FIRST_TRANSACTION)
        return fault_set(call->fault, FAULT_INVALID_PARAMETER_VALUE,
                         "transaction ID %lld is in the future", (long long)number);
    return answer_string(call, number == FIRST_TRANSACTION ? "in progress" : NULL);
}

static bool snapshot_name(CatalogCall *call)
{
    return answer_string(call, "00000003-00000001-1");
}

/* age(xid): PostgreSQL's frozen and bootstrap transactions are as old as can be. */
static bool transaction_age(CatalogCall *call)
{
    int64_t number = asked_int(call, 0);
    return answer_int(call, number < FIRST_TRANSACTION ? INT32_MAX
                                                       : (int32_t)(FIRST_TRANSACTION - number));
}

/* --- other sessions --- */

static bool signal_backend(CatalogCall *call)
{
    const CatalogContext *context = catalog_context();
    bool ends = strcmp(call->call->function->name, "pg_terminate_backend") == 0;
    bool was_sent = false;
    if (context->signal_session == NULL)
        return fault_set(call->fault, FAULT_FEATURE_NOT_SUPPORTED,
                         "%s is not supported here", call->call->function->name);
    int64_t pid = asked_int(call, 0);
    if (!context->signal_session(context->state, (int32_t)pid, ends, &was_sent, call->fault))
        return false;
    return answer_bool(call, was_sent);
}

static bool notify(CatalogCall *call)
{
    const CatalogContext *context = catalog_context();
    if (context->notify == NULL)
        return fault_set(call->fault, FAULT_FEATURE_NOT_SUPPORTED, "pg_notify is not supported here");
    return context->notify(context->state, asked_text(call, 0), asked_text(call, 1), call->fault) &&
           answer_text(call, TEXT_LITERAL(""));
}

/* --- advisory locks --- */

static bool has_word(const char *name, const char *word)
{
    return strstr(name, word) != NULL;
}

/* pg_[try_]advisory_[xact_]lock[_shared](key), and of two keys; pg_advisory_unlock... */
static bool advisory(CatalogCall *call)
{
    const CatalogContext *context = catalog_context();
    const char *name = call->call->function->name;
    bool unlocks = has_word(name, "unlock"), done = false;
    AdvisoryCall asked = {
        .what = has_word(name, "unlock_all") ? ADVISORY_UNLOCK_ALL
                : unlocks                    ? ADVISORY_UNLOCK
                : has_word(name, "try")      ? ADVISORY_TRY
                                             : ADVISORY_TAKE,
        .is_shared = has_word(name, "shared"),
        .is_transaction = has_word(name, "xact"),
        .kind = call->call->argument_count == 2 ? 2 : 1,
    };
    int64_t first = call->call->argument_count > 0 ? asked_int(call, 0) : 0;
    asked.class_id = asked.kind == 2 ? (uint32_t)first : (uint32_t)((uint64_t)first >> 32);
    asked.object_id = asked.kind == 2 ? (uint32_t)asked_int(call, 1) : (uint32_t)first;
    if (context->advisory == NULL)
        return fault_set(call->fault, FAULT_FEATURE_NOT_SUPPORTED, "%s is not supported here", name);
    if (!context->advisory(context->state, &asked, &done, call->fault))
        return false;
    bool is_void = asked.what == ADVISORY_TAKE || asked.what == ADVISORY_UNLOCK_ALL;
    return is_void ? answer_text(call, TEXT_LITERAL("")) : answer_bool(call, done);
}

/* Who holds the locks that a session waits for; each once. */
static bool blocks(const CatalogContext *context, int32_t pid, const CatalogLock *held)
{
    for (uint32_t i = 0; i < context->lock_count; i++) {
        const CatalogLock *wanted = &context->locks[i];
        bool is_same = wanted->class_id == held->class_id && wanted->object_id == held->object_id &&
                       wanted->kind == held->kind;
        bool is_against = text_equal_string(wanted->mode, "ExclusiveLock") ||
                          text_equal_string(held->mode, "ExclusiveLock");
        if (!wanted->is_granted && wanted->pid == pid && is_same && is_against)
            return true;
    }
    return false;
}

static bool blocking_pids(CatalogCall *call)
{
    const CatalogContext *context = catalog_context();
    int32_t pid = (int32_t)asked_int(call, 0);
    if (context->load_sessions != NULL)
        context->load_sessions(context->state);
    int64_t *pids = ARENA_ARRAY(call->arena, int64_t, context->lock_count + 1);
    uint32_t count = 0;
    for (uint32_t i = 0; i < context->lock_count; i++) {
        const CatalogLock *held = &context->locks[i];
        bool is_known = held->pid == pid || !held->is_granted;
        for (uint32_t k = 0; k < count && !is_known; k++)
            is_known = pids[k] == held->pid;
        if (!is_known && blocks(context, pid, held))
            pids[count++] = held->pid;
    }
    vector_builder_array(call->cell, count);
    for (uint32_t i = 0; i < count; i++)
        vector_builder_int64(call->cell->elements, pids[i]);
    return true;
}

const CatalogAnswerRow catalog_session_answers[] = {
    {"version", version},
    {"current_database", database},
    {"session_user", session_user},
    {"current_schema", current_schema},
    {"current_schemas", current_schemas},
    {"pg_backend_pid", backend_pid},
    {"current_setting", current_setting},
    {"pg_settings_get_flags", nobody},
    {"inet_client_addr", client_address},
    {"inet_client_port", client_port},
    {"inet_server_addr", server_address},
    {"inet_server_port", server_port},
    {"pg_client_encoding", client_encoding},
    {"getdatabaseencoding", utf8},
    {"pg_encoding_to_char", encoding_name},
    {"pg_char_to_encoding", encoding_number},
    {"pg_postmaster_start_time", server_started},
    {"pg_conf_load_time", server_started},
    {"pg_is_in_recovery", never},
    {"pg_is_wal_replay_paused", never},
    {"pg_last_xact_replay_timestamp", nothing},
    {"pg_is_other_temp_schema", never},
    {"pg_my_temp_schema", zero},
    {"pg_jit_available", never},
    {"pg_trigger_depth", zero},
    {"pg_current_logfile", nothing},
    {"pg_notification_queue_usage", no_fraction},
    {"pg_stat_clear_snapshot", no_text},
    {"pg_stat_get_snapshot_timestamp", nothing},
    {"pg_blocking_pids", blocking_pids},
    {"pg_safe_snapshot_blocking_pids", nobody},
    {"txid_current", transaction},
    {"pg_current_xact_id", transaction},
    {"txid_current_if_assigned", nothing},
    {"pg_current_xact_id_if_assigned", nothing},
    {"pg_current_snapshot", transaction_snapshot},
    {"txid_status", transaction_status},
    {"pg_export_snapshot", snapshot_name},
    {"age", transaction_age},
    {"mxid_age", transaction_age},
    {"set_config", set_config},
    {"pg_notify", notify},
    {"pg_cancel_backend", signal_backend},
    {"pg_terminate_backend", signal_backend},
    {"pg_advisory_lock", advisory},
    {"pg_advisory_lock_shared", advisory},
    {"pg_advisory_unlock", advisory},
    {"pg_advisory_unlock_all", advisory},
    {"pg_advisory_unlock_shared", advisory},
    {"pg_advisory_xact_lock", advisory},
    {"pg_advisory_xact_lock_shared", advisory},
    {"pg_try_advisory_lock", advisory},
    {"pg_try_advisory_lock_shared", advisory},
    {"pg_try_advisory_xact_lock", advisory},
    {"pg_try_advisory_xact_lock_shared", advisory},
    {NULL, NULL},
};
