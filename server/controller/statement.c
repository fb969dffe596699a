/*
 * Statements without a plan: settings, DROP TABLE, what is only answered.
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
    char value[SETTING_TEXT_SIZE * 2];
    Text cell;
    if (info != NULL) {
        setting_show(&request->settings, info, value, sizeof value);
        cell = text_of(value);
    } else if (!setting_custom_get(&request->settings, text_of(statement->name), &cell)) {
        return undefined_setting(statement->name, fault);
    }
    SmallResult result = {.column_count = 1};
    small_result_row(&result, &cell);
    respond_small_result(request, info != NULL ? &info->name : &statement->name, &result, "SHOW");
    return true;
}

static bool reset(Request *request, const ParsedStatement *statement, Fault *fault);

/* Whoever acts as somebody else does not keep the role of before. */
static void leave_role(Request *request, const SettingInfo *info)
{
    if (info != NULL && strcmp(info->name, "session_authorization") == 0)
        strcpy(request->settings.role, "none");
}

/* What follows in the same text runs under the new setting at the front end too: its timeout. */
static void tell_now(Request *request)
{
    if (request->statement_count > 1)
        front_flush(request);
}

static bool set(Request *request, const ParsedStatement *statement, Fault *fault)
{
    if (statement->value == NULL)
        return reset(request, statement, fault);
    const SettingInfo *info = setting_find(text_of(statement->name));
    if ((info != NULL && !role_setting_check(request, info, text_of(statement->value), fault)) ||
        !setting_set(&request->settings, text_of(statement->name), text_of(statement->value),
                     SCOPE_SESSION, fault))
        return false;
    respond_setting(request, statement->name, statement->value, statement->is_local);
    for (uint32_t i = 0; i < statement->more_count; i++) {
        if (!setting_set(&request->settings, text_of(statement->more_names[i]),
                         text_of(statement->more_values[i]), SCOPE_SESSION, fault))
            return false;
        respond_setting(request, statement->more_names[i], statement->more_values[i],
                        statement->is_local);
    }
    leave_role(request, info);
    respond_complete(request, statement->tag);
    tell_now(request);
    return true;
}

static bool reset(Request *request, const ParsedStatement *statement, Fault *fault)
{
    const Settings *server = request->controller->child->settings;
    int count;
    const SettingInfo *table = setting_table(&count);
    if (statement->name == NULL) {
        for (int i = 0; i < count; i++)
            if (table[i].scope == SCOPE_SESSION && !role_setting_is(&table[i]))
                setting_reset(&request->settings, server, &table[i]);
        setting_custom_restore(&request->settings, server);
        respond_setting_reset(request, "all");
    } else if (setting_is_custom(text_of(statement->name))) {
        if (!setting_custom_reset(&request->settings, server, text_of(statement->name), fault))
            return false;
        respond_setting_reset(request, statement->name);
    } else {
        const SettingInfo *info = setting_find(text_of(statement->name));
        if (info == NULL && !setting_is_ignored(text_of(statement->name)))
            return undefined_setting(statement->name, fault);
        if (info != NULL) {
            setting_reset(&request->settings, server, info);
            leave_role(request, info);
            respond_setting_reset(request, info->name);
        }
    }
    respond_complete(request, statement->tag);
    tell_now(request);
    return true;
}

static bool check_block(Request *request, const ParsedStatement *statement, Fault *fault);

static bool discard(Request *request, const ParsedStatement *statement, Fault *fault)
{
    if (!check_block(request, statement, fault))
        return false;
    if (strcmp(statement->tag, "DISCARD ALL") == 0) { /* PLANS, SEQUENCES: nothing is kept */
        respond_setting_reset(request, "session_authorization");
        respond_setting_reset(request, "role");
        respond_setting_reset(request, "all");
        respond_deallocate(request, NULL);
        respond_close_cursor(request, NULL);
        respond_notice_of(request, "unlisten_all", (Text){0}, (Text){0});
        bool ignored;
        if (!advisory_ask(request, &(AdvisoryCall){.what = ADVISORY_UNLOCK_ALL}, &ignored, fault))
            return false;
    }
    if (strcmp(statement->tag, "DISCARD ALL") == 0 ||
        strcmp(statement->tag, "DISCARD SEQUENCES") == 0)
        carried_forget_sequences(request);
    bool drops = strcmp(statement->tag, "DISCARD ALL") == 0 || strcmp(statement->tag, "DISCARD TEMP") == 0;
    if (drops && request->carried.has_temporary && !define_drop_temporary(request, fault))
        return false;
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

/* Some statements need a transaction block, some must not be in one. */
static bool check_block(Request *request, const ParsedStatement *statement, Fault *fault)
{
    const char *tag = statement->tag;
    bool in_block = request->transaction != 'I' || request->statement_count > 1;
    bool must_be_outside = strcmp(tag, "VACUUM") == 0 || strcmp(tag, "DISCARD ALL") == 0;
    if (must_be_outside && in_block)
        return fault_set(fault, FAULT_ACTIVE_SQL_TRANSACTION,
                         "%s cannot run inside a transaction block", tag);
    if (strcmp(tag, "LOCK TABLE") == 0 && !in_block)
        return fault_set(fault, FAULT_NO_ACTIVE_SQL_TRANSACTION,
                         "%s can only be used in transaction blocks", tag);
    Fault warning;
    if (strcmp(tag, "SET CONSTRAINTS") == 0 && !in_block) {
        fault_set(&warning, FAULT_NO_ACTIVE_SQL_TRANSACTION,
                  "%s can only be used in transaction blocks", tag);
        respond_notice(request, PGWIRE_SEVERITY_WARNING, &warning);
    }
    return true;
}

static bool answer_accepted(Request *request, const ParsedStatement *statement, Fault *fault)
{
    if (!check_block(request, statement, fault))
        return false;
    respond_complete(request, statement->tag);
    return true;
}

/* LISTEN, UNLISTEN, NOTIFY: the front end knows who listens, and waits for the commit. */
static bool notice(Request *request, const ParsedStatement *statement)
{
    const char *what = strcmp(statement->tag, "LISTEN") == 0   ? "listen"
                       : strcmp(statement->tag, "NOTIFY") == 0 ? "notify"
                       : statement->name == NULL               ? "unlisten_all"
                                                               : "unlisten";
    respond_notice_of(request, what, text_of(statement->name == NULL ? "" : statement->name),
                      text_of(statement->value == NULL ? "" : statement->value));
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
    case STATEMENT_BEGIN: return transaction_begin(request, statement, fault);
    case STATEMENT_COMMIT:
    case STATEMENT_ROLLBACK: return transaction_end(request, statement, fault);
    case STATEMENT_SAVEPOINT: return transaction_savepoint(request, statement, fault);
    case STATEMENT_DEFINE: return define_run(request, statement, fault);
    case STATEMENT_DISCARD: return discard(request, statement, fault);
    case STATEMENT_ACCEPTED: return answer_accepted(request, statement, fault);
    case STATEMENT_NOTICE: return notice(request, statement);
    case STATEMENT_PREPARE: return prepared_prepare(request, statement, fault);
    case STATEMENT_EXECUTE: return prepared_execute(request, statement, fault);
    case STATEMENT_DEALLOCATE: return prepared_deallocate(request, statement);
    case STATEMENT_DECLARE: return cursor_declare(request, statement, fault);
    case STATEMENT_FETCH: return cursor_fetch(request, statement, fault);
    case STATEMENT_CLOSE: return cursor_close(request, statement);
    case STATEMENT_COPY: return copy_run(request, statement, fault);
    case STATEMENT_ROLE: return role_statement_run(request, statement, fault);
    case STATEMENT_QUERY:
    case STATEMENT_CREATE_AS:
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
