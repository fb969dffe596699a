/*
 * Transaction blocks: the status that drivers live by, the settings (which the front end takes back
 * at a rollback), savepoints, and what was written (block.c).
 */
#include "server/controller/controller_internal.h"

static void warn(Request *request, FaultCode code, const char *message)
{
    Fault warning;
    fault_set(&warning, code, "%s", message);
    respond_notice(request, PGWIRE_SEVERITY_WARNING, &warning);
}

/* --- BEGIN --- */

static bool set_local(Request *request, const char *name, const char *value, Fault *fault)
{
    if (!setting_set(&request->settings, text_of(name), text_of(value), SCOPE_SESSION, fault))
        return false;
    respond_setting(request, name, value, true);
    return true;
}

/* A new transaction has what default_transaction_* say. */
static bool take_default(Request *request, const char *name, Fault *fault)
{
    char value[SETTING_TEXT_SIZE], now[SETTING_TEXT_SIZE];
    const char *source = arena_printf(request->arena, "default_%s", name);
    const SettingInfo *from = setting_find(text_of(source)), *to = setting_find(text_of(name));
    setting_show(&request->settings, from, value, sizeof value);
    setting_show(&request->settings, to, now, sizeof now);
    return strcmp(value, now) == 0 || set_local(request, name, value, fault);
}

static bool start_block(Request *request, const ParsedStatement *statement, Fault *fault)
{
    respond_transaction(request, 'T');
    if (!take_default(request, "transaction_isolation", fault) ||
        !take_default(request, "transaction_read_only", fault))
        return false;
    for (uint32_t i = 0; i < statement->more_count; i++)
        if (!set_local(request, statement->more_names[i], statement->more_values[i], fault))
            return false;
    return true;
}

bool transaction_begin(Request *request, const ParsedStatement *statement, Fault *fault)
{
    if (request->transaction == 'T')
        warn(request, FAULT_ACTIVE_SQL_TRANSACTION, "there is already a transaction in progress");
    if (!start_block(request, statement, fault))
        return false;
    respond_complete(request, statement->tag);
    return true;
}

/* --- COMMIT and ROLLBACK --- */

static bool outside_of_block(const char *what, Fault *fault)
{
    return fault_set(fault, FAULT_NO_ACTIVE_SQL_TRANSACTION,
                     "%s can only be used in transaction blocks", what);
}

static bool end_block(Request *request, const ParsedStatement *statement, Fault *fault)
{
    bool was_failed = request->transaction == 'E';
    bool undoes = was_failed || statement->kind == STATEMENT_ROLLBACK;
    if (undoes)
        block_leave(request);
    bool ok = undoes || block_commit(request, fault);
    define_end_transaction(request);
    carried_end_transaction(request);
    respond_transaction(request, 'I');
    if (ok)
        respond_complete(request, was_failed ? "ROLLBACK" : statement->tag);
    return ok;
}

bool transaction_end(Request *request, const ParsedStatement *statement, Fault *fault)
{
    static const char *const kept[] = {"transaction_isolation", "transaction_read_only"};
    bool is_rollback = statement->kind == STATEMENT_ROLLBACK;
    if (request->transaction == 'I') {
        if (statement->is_chain)
            return outside_of_block(is_rollback ? "ROLLBACK AND CHAIN" : "COMMIT AND CHAIN", fault);
        warn(request, FAULT_NO_ACTIVE_SQL_TRANSACTION, "there is no transaction in progress");
    }
    if (!end_block(request, statement, fault))
        return false;
    if (!statement->is_chain)
        return request_ask_settings(request, fault);
    respond_transaction(request, 'T');
    for (int i = 0; i < 2; i++) { /* the next block is as this one was */
        char value[SETTING_TEXT_SIZE];
        setting_show(&request->settings, setting_find(text_of(kept[i])), value, sizeof value);
        if (!set_local(request, kept[i], value, fault))
            return false;
    }
    return true;
}

/* --- savepoints --- */

static bool no_savepoint(const char *name, Fault *fault)
{
    return fault_set(fault, FAULT_INVALID_SAVEPOINT, "savepoint \"%s\" does not exist", name);
}

static bool make_savepoint(Request *request, const ParsedStatement *statement, Fault *fault)
{
    if (!carried_push_savepoint(request, text_of(statement->name)))
        return fault_set(fault, FAULT_PROGRAM_LIMIT_EXCEEDED, "too many savepoints");
    return true;
}

/* RELEASE ends the savepoint and those after it, ROLLBACK TO only those after it. */
static bool return_to(Request *request, const ParsedStatement *statement, bool keeps, Fault *fault)
{
    int found = carried_find_savepoint(request, text_of(statement->name));
    if (found < 0)
        return no_savepoint(statement->name, fault);
    if (keeps) {
        block_leave(request);
        request->carried.block_version = request->carried.savepoints[found].block_version;
        request->carried.block_revision = request->carried.savepoints[found].block_revision;
    }
    request->carried.savepoint_count = (uint32_t)found + keeps;
    return true;
}

bool transaction_savepoint(Request *request, const ParsedStatement *statement, Fault *fault)
{
    bool is_rollback = strcmp(statement->tag, "ROLLBACK") == 0;
    bool is_release = strcmp(statement->tag, "RELEASE") == 0;
    if (request->transaction == 'I')
        return outside_of_block(is_rollback  ? "ROLLBACK TO SAVEPOINT"
                                : is_release ? "RELEASE SAVEPOINT"
                                             : "SAVEPOINT",
                                fault);
    if (request->transaction == 'E' && !is_rollback)
        return request_in_failed_transaction(fault);
    bool ok = is_rollback || is_release ? return_to(request, statement, is_rollback, fault)
                                        : make_savepoint(request, statement, fault);
    if (!ok)
        return false;
    carried_send(request);
    respond_savepoints(request,
                       is_rollback  ? "savepoints_undone"
                       : is_release ? "savepoints_released"
                                    : NULL,
                       request->carried.savepoint_count + is_release);
    if (request->transaction == 'E')
        respond_transaction(request, 'T');
    respond_complete(request, statement->tag);
    return !is_rollback || request_ask_settings(request, fault);
}
