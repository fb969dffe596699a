/*
 * Statements without a plan: settings, transactions, DROP TABLE.
 */
#include "server/controller/controller_internal.h"

static const char *const show_columns[] = {"name", "setting", "description"};

static bool undefined_setting(const char *name, Fault *fault)
{
    return fault_set(fault, FAULT_UNDEFINED_OBJECT, "unrecognized configuration parameter \"%s\"", name);
}

static void show_all(Request *request)
{
    SmallResult result = {.column_count = 3};
    int count;
    const SettingInfo *table = setting_table(&count);
    for (int i = 0; i < count; i++) {
        char value[SETTING_TEXT_SIZE * 2];
        setting_show(&request->settings, &table[i], value, sizeof value);
        Text cells[3] = {text_of(table[i].name), text_of(value), text_of(table[i].description)};
        small_result_row(&result, cells);
    }
    respond_small_result(request, show_columns, &result, "SHOW");
}

static bool show(Request *request, const ParsedStatement *statement, Fault *fault)
{
    if (statement->name == NULL) {
        show_all(request);
        return true;
    }
    const SettingInfo *info = setting_find(text_of(statement->name));
    if (info == NULL)
        return undefined_setting(statement->name, fault);
    char value[SETTING_TEXT_SIZE * 2];
    setting_show(&request->settings, info, value, sizeof value);
    SmallResult result = {.column_count = 1};
    Text cell = text_of(value);
    small_result_row(&result, &cell);
    respond_small_result(request, &info->name, &result, "SHOW");
    return true;
}

static bool set(Request *request, const ParsedStatement *statement, Fault *fault)
{
    if (statement->value == NULL) {
        respond_setting_reset(request, statement->name);
        respond_complete(request, statement->tag);
        return true;
    }
    const SettingInfo *info = setting_find(text_of(statement->name));
    if ((info != NULL && !role_setting_check(request, info, text_of(statement->value), fault)) ||
        !setting_set(&request->settings, text_of(statement->name), text_of(statement->value),
                     SCOPE_SESSION, fault))
        return false;
    respond_setting(request, statement->name, statement->value, statement->is_local);
    respond_complete(request, statement->tag);
    return true;
}

static bool reset(Request *request, const ParsedStatement *statement, Fault *fault)
{
    const Settings *server = request->controller->child->settings;
    int count;
    const SettingInfo *table = setting_table(&count);
    if (statement->name == NULL) {
        for (int i = 0; i < count; i++)
            if (table[i].scope == SCOPE_SESSION)
                setting_reset(&request->settings, server, &table[i]);
        respond_setting_reset(request, "all");
    } else {
        const SettingInfo *info = setting_find(text_of(statement->name));
        if (info == NULL)
            return undefined_setting(statement->name, fault);
        setting_reset(&request->settings, server, info);
        respond_setting_reset(request, info->name);
    }
    respond_complete(request, statement->tag);
    return true;
}

/* --- transactions: there is nothing to undo in a session that reads; statements that write are
 *     atomic by themselves. The status bytes are what drivers live by. --- */

static void warn(Request *request, FaultCode code, const char *message)
{
    Fault warning;
    fault_set(&warning, code, "%s", message);
    respond_notice(request, PGWIRE_SEVERITY_WARNING, &warning);
}

static bool begin_transaction(Request *request, const ParsedStatement *statement)
{
    if (request->transaction == 'T')
        warn(request, FAULT_ACTIVE_SQL_TRANSACTION, "there is already a transaction in progress");
    respond_transaction(request, 'T');
    respond_complete(request, statement->tag);
    return true;
}

static bool end_transaction(Request *request, const ParsedStatement *statement)
{
    bool was_failed = request->transaction == 'E';
    if (request->transaction == 'I')
        warn(request, FAULT_NO_ACTIVE_SQL_TRANSACTION, "there is no transaction in progress");
    respond_transaction(request, 'I');
    respond_complete(request, was_failed ? "ROLLBACK" : statement->tag);
    return true;
}

static bool savepoint(Request *request, const ParsedStatement *statement, Fault *fault)
{
    if (request->transaction == 'I')
        return fault_set(fault, FAULT_NO_ACTIVE_SQL_TRANSACTION,
                         "%s can only be used in transaction blocks", statement->tag);
    if (request->transaction == 'E') {
        if (strcmp(statement->tag, "ROLLBACK") != 0)
            return fault_set(fault, FAULT_IN_FAILED_SQL_TRANSACTION,
                             "current transaction is aborted, commands ignored until end of transaction block");
        respond_transaction(request, 'T');
    }
    respond_complete(request, statement->tag);
    return true;
}

static bool drop_table(Request *request, const ParsedStatement *statement, Fault *fault)
{
    Text name = text_of(statement->name);
    const Table *table = table_find(request->snapshot, name);
    AccessTarget target = {.kind = ACCESS_ON_TABLE, .name = name};
    target.oid = table != NULL ? table->oid : 0;
    if (table != NULL && !access_check_owner(request->user, &target, fault))
        return false;
    if (statement->if_exists && table == NULL) {
        Fault notice;
        fault_set(&notice, FAULT_SUCCESS, "table \"%s\" does not exist, skipping", statement->name);
        respond_notice(request, PGWIRE_SEVERITY_NOTICE, &notice);
    } else if (!table_drop(request->controller->tables, name, 10000, fault)) {
        return false;
    }
    respond_complete(request, statement->tag);
    return true;
}

static bool discard(Request *request, const ParsedStatement *statement)
{
    if (strcmp(statement->tag, "DISCARD ALL") == 0) { /* PLANS, SEQUENCES, TEMP: nothing is kept */
        respond_setting_reset(request, "all");
        respond_deallocate(request, NULL);
    }
    respond_complete(request, statement->tag);
    return true;
}

static bool answer_empty(Request *request)
{
    Buffer wire = BUFFER_EMPTY;
    pgwire_empty_query_response(&wire);
    respond_wire(request, &wire);
    buffer_clear(&wire);
    return true;
}

static bool answer_accepted(Request *request, const ParsedStatement *statement)
{
    if (strncmp(statement->tag, "DEALLOCATE", 10) == 0)
        respond_deallocate(request, statement->name);
    respond_complete(request, statement->tag);
    return true;
}

bool statement_run(Request *request, const ParsedStatement *statement, Fault *fault)
{
    switch (statement->kind) {
    case STATEMENT_EMPTY: return answer_empty(request);
    case STATEMENT_SET: return set(request, statement, fault);
    case STATEMENT_RESET: return reset(request, statement, fault);
    case STATEMENT_SHOW: return show(request, statement, fault);
    case STATEMENT_BEGIN: return begin_transaction(request, statement);
    case STATEMENT_COMMIT:
    case STATEMENT_ROLLBACK: return end_transaction(request, statement);
    case STATEMENT_SAVEPOINT: return savepoint(request, statement, fault);
    case STATEMENT_DROP_TABLE: return drop_table(request, statement, fault);
    case STATEMENT_DISCARD: return discard(request, statement);
    case STATEMENT_ACCEPTED: return answer_accepted(request, statement);
    case STATEMENT_QUERY:
    case STATEMENT_EXPLAIN: break;
    }
    return fault_set(fault, FAULT_INTERNAL_ERROR, "statement of an unknown kind");
}

void statement_describe(const ParsedStatement *statement, Buffer *wire)
{
    if (statement->kind != STATEMENT_SHOW) {
        pgwire_no_data(wire);
    } else if (statement->name == NULL) {
        describe_text_columns(show_columns, 3, wire);
    } else {
        const SettingInfo *info = setting_find(text_of(statement->name));
        const char *name = info != NULL ? info->name : statement->name;
        describe_text_columns(&name, 1, wire);
    }
}
