/*
 * What kind of statement a tree is, and all that a statement says which needs no binding: SET,
 * SHOW, transactions, DROP TABLE, and those that are answered with their tag.
 */
#include "engine/sql/statement_internal.h"

#include "base/memory/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

bool classify_as(Classifier *classifier, StatementKind kind, const char *tag)
{
    classifier->statement->kind = kind;
    classifier->statement->tag = tag;
    return true;
}

/* --- 0A000 --- */
static const char *hint_for(const PgQuery__Node *node)
{
    switch (node->node_case) {
    case PG_QUERY__NODE__NODE_DELETE_STMT:
    case PG_QUERY__NODE__NODE_UPDATE_STMT:
    case PG_QUERY__NODE__NODE_MERGE_STMT:
        return "Rewrite the rows with REPLACE INTO ... OVERWRITE.";
    case PG_QUERY__NODE__NODE_COPY_STMT:
        return "Read files with INSERT INTO ... SELECT ... FROM TABLE(EXTERN(...)).";
    case PG_QUERY__NODE__NODE_CREATE_ENUM_STMT:
        return "Declare the columns as text.";
    case PG_QUERY__NODE__NODE_CREATE_DOMAIN_STMT:
        return "Declare the columns with the type that the domain is of.";
    case PG_QUERY__NODE__NODE_CREATE_FUNCTION_STMT:
        return "Write the expression in the query, or keep the query as a view.";
    case PG_QUERY__NODE__NODE_DO_STMT:
        return "There are no procedural languages: send the block's statements themselves.";
    case PG_QUERY__NODE__NODE_CREATE_TRIG_STMT:
        return "There are no triggers.";
    default:
        return NULL;
    }
}

/* What these hold is built in, or is not needed to run what asks for it. */
static bool classify_extension(Classifier *classifier, const PgQuery__CreateExtensionStmt *create)
{
    static const char *const accepted[] = {"plpgsql", "uuid-ossp", "pgcrypto"};
    const char *name = name_plain(create->extname);
    for (size_t i = 0; i < sizeof accepted / sizeof *accepted; i++)
        if (strcmp(name, accepted[i]) == 0)
            return classify_as(classifier, STATEMENT_DEFINE, "CREATE EXTENSION");
    return classify_refuse(classifier, "There are no extensions; functions that are built in need none.",
                           "extension \"%s\" is not available", name);
}

/* First words that say nothing without the next, and words between them that say nothing. */
static bool wants_another(const char *words)
{
    static const char *const open[] = {
        "CREATE",  "ALTER",  "DROP",     "REFRESH",        "SECURITY",    "IMPORT",      "PREPARE",
        "COMMIT",  "ROLLBACK", "CREATE EVENT", "CREATE ACCESS", "CREATE OPERATOR", "CREATE FOREIGN",
        "CREATE TEXT", "CREATE TEXT SEARCH", "CREATE USER", "ALTER EVENT", "ALTER FOREIGN",
        "ALTER TEXT",  "ALTER TEXT SEARCH", "ALTER OPERATOR", "ALTER DEFAULT", "ALTER LARGE", "ALTER USER",
        "DROP ACCESS", "DROP OPERATOR", "DROP TEXT", "DROP TEXT SEARCH", "DROP USER", "IMPORT FOREIGN",
        "REFRESH MATERIALIZED", "ALTER MATERIALIZED"};
    for (size_t i = 0; i < sizeof open / sizeof *open; i++)
        if (strcmp(words, open[i]) == 0)
            return true;
    return false;
}

static bool says_nothing(const char *word)
{
    static const char *const empty[] = {"OR", "REPLACE", "TEMP", "TEMPORARY", "UNLOGGED", "TRUSTED",
                                        "PROCEDURAL", "CONSTRAINT", "RECURSIVE", "DEFAULT"};
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++)
        if (strcmp(word, empty[i]) == 0)
            return true;
    return false;
}

/* The statement's first words as PostgreSQL would name it: "CREATE FUNCTION" of CREATE OR REPLACE. */
bool classify_not_supported(Classifier *classifier)
{
    Text text = classifier->statement->text;
    char name[80] = "", word[24];
    size_t used = 0;
    for (uint32_t i = 0; i <= text.length; i++) {
        char c = i < text.length ? text.data[i] : ' ';
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (is_letter && used < sizeof word - 1) {
            word[used++] = (char)(c >= 'a' ? c - 'a' + 'A' : c);
            continue;
        }
        word[used] = '\0';
        if (used == 0)
            continue;
        used = 0;
        bool is_default = strcmp(name, "ALTER") == 0 && strcmp(word, "DEFAULT") == 0;
        if (name[0] != '\0' && says_nothing(word) && !is_default)
            continue;
        size_t length = strlen(name);
        snprintf(name + length, sizeof name - length, "%s%s", length == 0 ? "" : " ", word);
        if (!wants_another(name))
            break;
    }
    fault_set_at(classifier->fault, classifier->statement->offset, FAULT_FEATURE_NOT_SUPPORTED,
                 "%s is not supported", name);
    const char *hint = hint_for(classifier->tree->node);
    return hint == NULL ? false : fault_hint(classifier->fault, "%s", hint);
}

bool classify_refuse(Classifier *classifier, const char *hint, const char *format, ...)
{
    char message[sizeof classifier->fault->message];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    fault_set_at(classifier->fault, classifier->statement->offset, FAULT_FEATURE_NOT_SUPPORTED,
                 "%s", message);
    return hint == NULL ? false : fault_hint(classifier->fault, "%s", hint);
}

/* --- SET, RESET, SHOW --- */
static bool needs_quotes(const char *value)
{
    for (const char *p = value; *p != '\0'; p++) {
        bool is_plain =
            (*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9' && p > value) || *p == '_';
        if (!is_plain)
            return true;
    }
    return *value == '\0';
}

static void append_string(Buffer *out, const char *value, bool is_list)
{
    if (!is_list || !needs_quotes(value)) {
        buffer_append_string(out, value);
        return;
    }
    buffer_append_byte(out, '"');
    for (const char *p = value; *p != '\0'; p++) {
        if (*p == '"')
            buffer_append_byte(out, '"');
        buffer_append_byte(out, (uint8_t)*p);
    }
    buffer_append_byte(out, '"');
}

static void append_constant(Buffer *out, const PgQuery__AConst *constant, bool is_list)
{
    switch (constant->val_case) {
    case PG_QUERY__A__CONST__VAL_IVAL:
        buffer_printf(out, "%d", constant->ival->ival);
        return;
    case PG_QUERY__A__CONST__VAL_FVAL:
        buffer_append_string(out, constant->fval->fval);
        return;
    case PG_QUERY__A__CONST__VAL_BOOLVAL:
        buffer_append_string(out, constant->boolval->boolval ? "true" : "false");
        return;
    case PG_QUERY__A__CONST__VAL_SVAL:
        append_string(out, name_plain(constant->sval->sval), is_list);
        return;
    default:
        return;
    }
}

/* A zone so many seconds east of Greenwich, as a POSIX rule: its sign tells the way to Greenwich. */
static const char *zone_east(Classifier *classifier, long seconds)
{
    enum { HOUR = 3600, MINUTE = 60 };
    long size = labs(seconds);
    int hours = (int)(size / HOUR), minutes = (int)(size % HOUR / MINUTE), rest = (int)(size % MINUTE);
    char part[16] = "";
    if (rest != 0)
        (void)snprintf(part, sizeof part, ":%02d:%02d", minutes, rest);
    else if (minutes != 0)
        (void)snprintf(part, sizeof part, ":%02d", minutes);
    return arena_printf(classifier->arena, "<%c%02d%s>%c%02d%s", seconds < 0 ? '-' : '+', hours, part,
                        seconds < 0 ? '+' : '-', hours, part);
}

/* SET TIME ZONE -7, -3.5, '-7', INTERVAL '-07:00' HOUR TO MINUTE: hours to the east; NULL: `value`
 * says none. What is too much is left to the setting, which refuses it. */
static const char *zone_of_hours(Classifier *classifier, const PgQuery__VariableSetStmt *set,
                                 const char *value)
{
    enum { MOST_HOURS = 167 };
    bool is_interval = set->args[0]->node_case == PG_QUERY__NODE__NODE_TYPE_CAST;
    char *end;
    double hours = strtod(value, &end);
    if (end == value || !(hours >= -MOST_HOURS && hours <= MOST_HOURS))
        return NULL;
    if (!is_interval)
        return *end == '\0' ? zone_east(classifier, (long)(hours * 3600)) : NULL;
    long minutes = *end == ':' ? strtol(end + 1, &end, 10) : 0;
    if (*end != '\0' || minutes < 0 || minutes > 59)
        return NULL;
    long size = labs((long)hours) * 3600 + minutes * 60;
    return zone_east(classifier, value[0] == '-' ? -size : size);
}

/* The arguments of SET as one text. */
static const char *set_value(Classifier *classifier, const PgQuery__VariableSetStmt *set)
{
    Buffer out = BUFFER_EMPTY;
    bool is_list = strcasecmp(set->name, "search_path") == 0;
    for (size_t i = 0; i < set->n_args; i++) {
        const PgQuery__Node *node = set->args[i];
        if (i > 0)
            buffer_append_string(&out, ", ");
        if (node->node_case == PG_QUERY__NODE__NODE_TYPE_CAST)
            node = node->type_cast->arg;
        if (node->node_case == PG_QUERY__NODE__NODE_A_CONST)
            append_constant(&out, node->a_const, is_list);
    }
    const char *value =
        arena_strndup(classifier->arena, out.length > 0 ? (char *)out.data : "", out.length);
    buffer_clear(&out);
    const char *zone = strcasecmp(set->name, "timezone") == 0 && set->n_args == 1
                           ? zone_of_hours(classifier, set, value)
                           : NULL;
    return zone != NULL ? zone : value;
}

/* SET ROLE Ann means ann, SET ROLE "Ann" and SET ROLE 'Ann' mean Ann. */
static const char *role_value(Classifier *classifier, const PgQuery__VariableSetStmt *set)
{
    bool is_text = set->n_args == 1 && set->args[0]->node_case == PG_QUERY__NODE__NODE_A_CONST &&
                   set->args[0]->a_const->val_case == PG_QUERY__A__CONST__VAL_SVAL;
    return is_text ? name_made(classifier->arena, set->args[0]->a_const->sval->sval, 0) : "";
}

static void add_setting(Classifier *classifier, const char *name, const char *value)
{
    ParsedStatement *statement = classifier->statement;
    if (statement->name == NULL && statement->kind == STATEMENT_SET) {
        statement->name = name;
        statement->value = value;
        return;
    }
    if (statement->more_count == STATEMENT_MAX_MORE)
        return;
    statement->more_names[statement->more_count] = name;
    statement->more_values[statement->more_count++] = value;
}

/* ISOLATION LEVEL, READ ONLY, ... of SET TRANSACTION, SET SESSION CHARACTERISTICS and BEGIN. */
static void add_transaction_options(Classifier *classifier, PgQuery__Node *const *options,
                                    size_t count, const char *prefix)
{
    for (size_t i = 0; i < count; i++) {
        if (options[i]->node_case != PG_QUERY__NODE__NODE_DEF_ELEM)
            continue;
        const PgQuery__DefElem *option = options[i]->def_elem;
        const PgQuery__Node *argument = option->arg;
        if (argument == NULL || argument->node_case != PG_QUERY__NODE__NODE_A_CONST ||
            strcmp(option->defname, "transaction_deferrable") == 0)
            continue;
        const PgQuery__AConst *constant = argument->a_const;
        const char *value;
        if (constant->val_case == PG_QUERY__A__CONST__VAL_SVAL)
            value = name_plain(constant->sval->sval);
        else if (constant->val_case == PG_QUERY__A__CONST__VAL_IVAL)
            value = constant->ival->ival != 0 ? "on" : "off";
        else if (constant->val_case == PG_QUERY__A__CONST__VAL_BOOLVAL)
            value = constant->boolval->boolval ? "on" : "off";
        else
            continue;
        add_setting(classifier, arena_printf(classifier->arena, "%s%s", prefix, option->defname),
                    value);
    }
}

/* A setting's name without its marks, which every part of a dotted one may have. Parts typed
 * without quotes are folded there: clients make those names. */
static const char *setting_name(Classifier *classifier, const char *marked)
{
    if (strchr(marked, '.') == NULL)
        return name_plain(marked);
    char *name = arena_strdup(classifier->arena, marked), *to = name;
    bool is_typed = false;
    for (const char *from = marked; *from != '\0'; from++) {
        bool is_mark = *from == NAME_TYPED || *from == NAME_QUOTED;
        if (is_mark || *from == '.')
            is_typed = *from == NAME_TYPED;
        if (!is_mark)
            *to++ = is_typed && *from >= 'A' && *from <= 'Z' ? (char)(*from - 'A' + 'a') : *from;
    }
    *to = '\0';
    return name;
}

static bool check_argument_count(Classifier *classifier, const PgQuery__VariableSetStmt *set)
{
    const char *name = classifier->statement->name;
    return set->n_args <= 1 || !setting_is_custom(text_of(name)) ||
           fault_set(classifier->fault, FAULT_INVALID_PARAMETER_VALUE,
                     "SET %s takes only one argument", name);
}

static bool classify_set(Classifier *classifier, const PgQuery__VariableSetStmt *set)
{
    ParsedStatement *statement = classifier->statement;
    statement->is_local = set->is_local;
    switch (set->kind) {
    case PG_QUERY__VARIABLE_SET_KIND__VAR_SET_VALUE:
        classify_as(classifier, STATEMENT_SET, "SET");
        statement->name = setting_name(classifier, set->name);
        if (!check_argument_count(classifier, set))
            return false;
        statement->value = set_value(classifier, set);
        if (strcmp(statement->name, "role") == 0 ||
            strcmp(statement->name, "session_authorization") == 0)
            statement->value = role_value(classifier, set);
        return true;
    case PG_QUERY__VARIABLE_SET_KIND__VAR_SET_DEFAULT:
        classify_as(classifier, STATEMENT_SET, "SET");
        statement->name = setting_name(classifier, set->name);
        return true;
    case PG_QUERY__VARIABLE_SET_KIND__VAR_SET_CURRENT:
        return classify_as(classifier, STATEMENT_ACCEPTED, "SET");
    case PG_QUERY__VARIABLE_SET_KIND__VAR_SET_MULTI:
        if (strcmp(set->name, "TRANSACTION SNAPSHOT") == 0)
            return classify_not_supported(classifier);
        classify_as(classifier, STATEMENT_SET, "SET");
        statement->is_local = strcmp(set->name, "TRANSACTION") == 0;
        add_transaction_options(classifier, set->args, set->n_args,
                                statement->is_local ? "" : "default_");
        return statement->name != NULL ? true : classify_as(classifier, STATEMENT_ACCEPTED, "SET");
    case PG_QUERY__VARIABLE_SET_KIND__VAR_RESET:
        statement->name = setting_name(classifier, set->name);
        return classify_as(classifier, STATEMENT_RESET, "RESET");
    case PG_QUERY__VARIABLE_SET_KIND__VAR_RESET_ALL:
        return classify_as(classifier, STATEMENT_RESET, "RESET");
    default:
        return classify_not_supported(classifier);
    }
}

/* LISTEN, UNLISTEN, NOTIFY: a channel is a name like others, cut to 63 bytes as they are. */
static bool classify_notice(Classifier *classifier, const char *channel, const char *payload,
                            const char *tag)
{
    enum { NAME_BYTES = 63 };
    bool is_all = channel[0] == '\0' || strcmp(channel, "*") == 0;
    const char *name = is_all ? NULL : name_made(classifier->arena, channel, 0);
    classifier->statement->name =
        name != NULL && strlen(name) > NAME_BYTES ? arena_strndup(classifier->arena, name, NAME_BYTES)
                                                  : name;
    classifier->statement->value = name_plain(payload);
    return classify_as(classifier, STATEMENT_NOTICE, tag);
}

bool statement_read_set(Arena *arena, ParsedStatement *statement,
                        const PgQuery__VariableSetStmt *set, Fault *fault)
{
    ParseTree tree = {0};
    Classifier classifier = {arena, 0, statement, &tree, fault};
    bool is_plain = set->kind == PG_QUERY__VARIABLE_SET_KIND__VAR_SET_VALUE ||
                    set->kind == PG_QUERY__VARIABLE_SET_KIND__VAR_SET_DEFAULT ||
                    set->kind == PG_QUERY__VARIABLE_SET_KIND__VAR_RESET ||
                    set->kind == PG_QUERY__VARIABLE_SET_KIND__VAR_RESET_ALL;
    if (!is_plain)
        return fault_set_at(fault, statement->offset, FAULT_FEATURE_NOT_SUPPORTED,
                            "this form of SET is not supported here");
    return classify_set(&classifier, set);
}

static bool classify_show(Classifier *classifier, const PgQuery__VariableShowStmt *show)
{
    const char *name = setting_name(classifier, show->name);
    classifier->statement->name = strcasecmp(name, "all") == 0 ? NULL : name;
    return classify_as(classifier, STATEMENT_SHOW, "SHOW");
}

/* --- transactions --- */
static bool classify_transaction(Classifier *classifier,
                                 const PgQuery__TransactionStmt *transaction)
{
    ParsedStatement *statement = classifier->statement;
    switch (transaction->kind) {
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_BEGIN:
        classify_as(classifier, STATEMENT_BEGIN, "BEGIN");
        add_transaction_options(classifier, transaction->options, transaction->n_options, "");
        return true;
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_START:
        classify_as(classifier, STATEMENT_BEGIN, "START TRANSACTION");
        add_transaction_options(classifier, transaction->options, transaction->n_options, "");
        return true;
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_COMMIT:
        statement->is_chain = transaction->chain;
        return classify_as(classifier, STATEMENT_COMMIT, "COMMIT");
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_ROLLBACK:
        statement->is_chain = transaction->chain;
        return classify_as(classifier, STATEMENT_ROLLBACK, "ROLLBACK");
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_SAVEPOINT:
        statement->name = name_made(classifier->arena, transaction->savepoint_name, 0);
        return classify_as(classifier, STATEMENT_SAVEPOINT, "SAVEPOINT");
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_RELEASE:
        statement->name = name_made(classifier->arena, transaction->savepoint_name, 0);
        return classify_as(classifier, STATEMENT_SAVEPOINT, "RELEASE");
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_ROLLBACK_TO:
        statement->name = name_made(classifier->arena, transaction->savepoint_name, 0);
        return classify_as(classifier, STATEMENT_SAVEPOINT, "ROLLBACK");
    default:
        return classify_not_supported(classifier);
    }
}

/* --- queries --- */
bool classify_query(Classifier *classifier, const PgQuery__Node *node)
{
    switch (node->node_case) {
    case PG_QUERY__NODE__NODE_SELECT_STMT:
        if (node->select_stmt->into_clause != NULL)
            return classify_as(classifier, STATEMENT_CREATE_AS, "SELECT");
        return classify_as(classifier, STATEMENT_QUERY,
                           classifier->tree->destination != NULL ? "INSERT 0" : "SELECT");
    case PG_QUERY__NODE__NODE_INSERT_STMT:
        return classify_as(classifier, STATEMENT_QUERY,
                           classifier->tree->dialect->is_replace ? "REPLACE 0" : "INSERT 0");
    case PG_QUERY__NODE__NODE_UPDATE_STMT:
        return classify_as(classifier, STATEMENT_QUERY, "UPDATE");
    case PG_QUERY__NODE__NODE_DELETE_STMT:
        return classify_as(classifier, STATEMENT_QUERY, "DELETE");
    default:
        return classify_not_supported(classifier);
    }
}

static bool option_is_on(const PgQuery__DefElem *option)
{
    if (option->arg == NULL)
        return true;
    if (option->arg->node_case == PG_QUERY__NODE__NODE_INTEGER)
        return option->arg->integer->ival != 0;
    if (option->arg->node_case != PG_QUERY__NODE__NODE_STRING)
        return true;
    const char *value = name_plain(option->arg->string->sval);
    return strcasecmp(value, "false") != 0 && strcasecmp(value, "off") != 0;
}

static bool classify_explain(Classifier *classifier, const PgQuery__ExplainStmt *explain)
{
    ParsedStatement *statement = classifier->statement;
    for (size_t i = 0; i < explain->n_options; i++) {
        const PgQuery__DefElem *option = explain->options[i]->def_elem;
        const char *name = name_plain(option->defname);
        if (strcasecmp(name, "analyze") == 0)
            statement->explain_analyze = option_is_on(option);
        bool has_text =
            option->arg != NULL && option->arg->node_case == PG_QUERY__NODE__NODE_STRING;
        if (strcasecmp(name, "format") == 0 && has_text) {
            const char *format = name_plain(option->arg->string->sval);
            statement->explain_json = strcasecmp(format, "json") == 0;
            if (!statement->explain_json && strcasecmp(format, "text") != 0)
                return fault_set_at(classifier->fault, statement->offset,
                                    FAULT_FEATURE_NOT_SUPPORTED,
                                    "EXPLAIN (FORMAT %s) is not supported", format);
        }
    }
    classifier->tree->node = explain->query;
    statement->explain_plan_for = classifier->tree->dialect->is_explain_plan;
    if (explain->query->node_case == PG_QUERY__NODE__NODE_EXECUTE_STMT) {
        statement->explain_execute = true;
        statement->name = name_made(classifier->arena, explain->query->execute_stmt->name, 0);
        return classify_as(classifier, STATEMENT_EXPLAIN, "EXPLAIN");
    }
    if (explain->query->node_case == PG_QUERY__NODE__NODE_DECLARE_CURSOR_STMT)
        classifier->tree->node = explain->query->declare_cursor_stmt->query;
    if (explain->query->node_case == PG_QUERY__NODE__NODE_CREATE_TABLE_AS_STMT)
        classifier->tree->node = explain->query->create_table_as_stmt->query;
    if (!classify_query(classifier, classifier->tree->node))
        return false;
    return classify_as(classifier, STATEMENT_EXPLAIN, "EXPLAIN");
}

static bool classify_discard(Classifier *classifier, const PgQuery__DiscardStmt *discard)
{
    switch (discard->target) {
    case PG_QUERY__DISCARD_MODE__DISCARD_ALL:
        return classify_as(classifier, STATEMENT_DISCARD, "DISCARD ALL");
    case PG_QUERY__DISCARD_MODE__DISCARD_PLANS:
        return classify_as(classifier, STATEMENT_DISCARD, "DISCARD PLANS");
    case PG_QUERY__DISCARD_MODE__DISCARD_SEQUENCES:
        return classify_as(classifier, STATEMENT_DISCARD, "DISCARD SEQUENCES");
    case PG_QUERY__DISCARD_MODE__DISCARD_TEMP:
        return classify_as(classifier, STATEMENT_DISCARD, "DISCARD TEMP");
    default:
        return classify_not_supported(classifier);
    }
}

bool statement_classify(Arena *arena, int32_t dialect, ParsedStatement *statement, ParseTree *tree,
                        Fault *fault)
{
    Classifier classifier = {arena, dialect, statement, tree, fault};
    const PgQuery__Node *node = tree->node;
    bool known = false;
    bool ok = classify_session(&classifier, node, &known);
    if (!known)
        ok = classify_definition(&classifier, node, &known);
    if (known)
        return ok;
    if (tree->dialect->is_ingest && node->node_case != PG_QUERY__NODE__NODE_INSERT_STMT &&
        node->node_case != PG_QUERY__NODE__NODE_EXPLAIN_STMT)
        return classify_not_supported(&classifier);
    if (statement_is_about_roles(node))
        return statement_read_role(arena, statement, node, fault);
    switch (node->node_case) {
    case PG_QUERY__NODE__NODE_SELECT_STMT:
    case PG_QUERY__NODE__NODE_INSERT_STMT:
    case PG_QUERY__NODE__NODE_UPDATE_STMT:
    case PG_QUERY__NODE__NODE_DELETE_STMT:
        return classify_query(&classifier, node);
    case PG_QUERY__NODE__NODE_REFRESH_MAT_VIEW_STMT:
        return classify_as(&classifier, STATEMENT_QUERY, "REFRESH MATERIALIZED VIEW");
    case PG_QUERY__NODE__NODE_EXPLAIN_STMT:
        return classify_explain(&classifier, node->explain_stmt);
    case PG_QUERY__NODE__NODE_VARIABLE_SET_STMT:
        return classify_set(&classifier, node->variable_set_stmt);
    case PG_QUERY__NODE__NODE_VARIABLE_SHOW_STMT:
        return classify_show(&classifier, node->variable_show_stmt);
    case PG_QUERY__NODE__NODE_TRANSACTION_STMT:
        return classify_transaction(&classifier, node->transaction_stmt);
    case PG_QUERY__NODE__NODE_DISCARD_STMT:
        return classify_discard(&classifier, node->discard_stmt);
    case PG_QUERY__NODE__NODE_VACUUM_STMT:
        return classify_as(&classifier, STATEMENT_ACCEPTED,
                       node->vacuum_stmt->is_vacuumcmd ? "VACUUM" : "ANALYZE");
    case PG_QUERY__NODE__NODE_LISTEN_STMT:
        return classify_notice(&classifier, node->listen_stmt->conditionname, "", "LISTEN");
    case PG_QUERY__NODE__NODE_UNLISTEN_STMT:
        return classify_notice(&classifier, node->unlisten_stmt->conditionname, "", "UNLISTEN");
    case PG_QUERY__NODE__NODE_NOTIFY_STMT:
        return classify_notice(&classifier, node->notify_stmt->conditionname,
                               node->notify_stmt->payload, "NOTIFY");
    case PG_QUERY__NODE__NODE_LOCK_STMT:
        return classify_as(&classifier, STATEMENT_ACCEPTED, "LOCK TABLE");
    case PG_QUERY__NODE__NODE_CONSTRAINTS_SET_STMT:
        return classify_as(&classifier, STATEMENT_ACCEPTED, "SET CONSTRAINTS");
    case PG_QUERY__NODE__NODE_REINDEX_STMT:
        return classify_as(&classifier, STATEMENT_ACCEPTED, "REINDEX");
    case PG_QUERY__NODE__NODE_CLUSTER_STMT:
        return classify_as(&classifier, STATEMENT_ACCEPTED, "CLUSTER");
    case PG_QUERY__NODE__NODE_CHECK_POINT_STMT:
        return classify_as(&classifier, STATEMENT_ACCEPTED, "CHECKPOINT");
    case PG_QUERY__NODE__NODE_ALTER_DEFAULT_PRIVILEGES_STMT:
        return classify_refuse(&classifier, "Grant on the tables once they are there: GRANT ... ON ALL "
                                            "TABLES IN SCHEMA.",
                               "ALTER DEFAULT PRIVILEGES is not supported");
    case PG_QUERY__NODE__NODE_CREATE_EXTENSION_STMT:
        return classify_extension(&classifier, node->create_extension_stmt);
    default:
        return classify_not_supported(&classifier);
    }
}
