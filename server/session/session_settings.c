/*
 * A session's settings: from the startup packet, by SET and RESET (which arrive from
 * controllers), back at a rollback, and told to the client.
 *
 * A copy of the struct is made when the first setting changes in a transaction: what a rollback
 * goes back to, and what a commit leaves once SET LOCAL is over. Another copy remembers what the
 * client was last told; the differences go out before ReadyForQuery.
 */
#include "server/session/session_internal.h"

#include "base/log/log.h"

#include <ctype.h>
#include <jansson.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ---------- values that have several spellings ---------- */

static bool is_client_encoding(Text name)
{
    return name.length == 15 && strncasecmp(name.data, "client_encoding", 15) == 0;
}

static bool is_date_style(Text name)
{
    return name.length == 9 && strncasecmp(name.data, "DateStyle", 9) == 0;
}

/* Words that DateStyle is made of: a form and an order, in any case and sequence. */
static const char *const date_forms[] = {"ISO", "SQL", "Postgres", "German"};
static const struct {
    const char *word, *order;
} date_orders[] = {{"MDY", "MDY"}, {"DMY", "DMY"}, {"YMD", "YMD"}, {"US", "MDY"},
                   {"NonEuropean", "MDY"}, {"European", "DMY"}, {"Euro", "DMY"}};

static bool is_same_word(Text word, const char *other)
{
    return word.length == strlen(other) && strncasecmp(word.data, other, word.length) == 0;
}

/* Takes one word of a DateStyle; false: there is no such word. */
static bool take_date_word(Text word, const char **form, const char **order)
{
    for (size_t i = 0; i < sizeof date_forms / sizeof *date_forms; i++)
        if (is_same_word(word, date_forms[i])) {
            *form = date_forms[i];
            return true;
        }
    for (size_t i = 0; i < sizeof date_orders / sizeof *date_orders; i++)
        if (is_same_word(word, date_orders[i].word)) {
            *order = date_orders[i].order;
            return true;
        }
    return false;
}

static bool set_date_style(Settings *settings, Text value, Fault *fault)
{
    char style[32], current_form[16], current_order[4] = "MDY";
    size_t length = strlen(settings->date_style);
    snprintf(current_form, sizeof current_form, "%.*s",
             (int)strcspn(settings->date_style, ", "), settings->date_style);
    if (length >= 3)
        memcpy(current_order, settings->date_style + length - 3, 3);
    const char *form = current_form, *order = current_order;
    for (uint32_t at = 0; at < value.length;) {
        uint32_t start = at;
        while (at < value.length && isalpha((unsigned char)value.data[at]))
            at++;
        Text word = {.data = value.data + start, .length = at - start};
        if (word.length > 0 && !take_date_word(word, &form, &order))
            return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                             "invalid value for parameter \"DateStyle\": \"%.*s\"",
                             TEXT_ARGS(value));
        if (word.length == 0)
            at++;
    }
    bool is_german = strcmp(form, "German") == 0 && strcmp(current_form, "German") != 0;
    if (is_german && order == current_order)
        order = "DMY"; /* the form brings its order unless one is given */
    snprintf(style, sizeof style, "%s, %s", form, order);
    return setting_set(settings, TEXT_LITERAL("DateStyle"), text_of(style), SCOPE_SESSION, fault);
}

static bool set_value(const Session *session, Settings *settings, Text name, Text value,
                      Fault *fault)
{
    const SettingInfo *info = setting_find(name);
    SettingCheck *check_setting = session->front->check_setting;
    if (info != NULL && check_setting != NULL && !check_setting(info, value, fault))
        return false;
    if (is_client_encoding(name)) {
        const PgwireEncoding *encoding = pgwire_encoding_find(value);
        if (encoding == NULL)
            return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                             "invalid value for parameter \"client_encoding\": \"%.*s\"",
                             TEXT_ARGS(value)) ||
                   fault_hint(fault, "UTF8, SQL_ASCII and encodings of one byte a character are "
                                     "known.");
        value = text_of(pgwire_encoding_name(encoding));
    } else if (is_date_style(name)) {
        return set_date_style(settings, value, fault);
    }
    return setting_set(settings, name, value, SCOPE_SESSION, fault);
}

/* ---------- the startup packet ---------- */

static bool is_word(Text text, const char *word)
{
    return text_equal_string(text, word);
}

/* What the startup packet holds that is no setting. */
static bool is_not_a_setting(Text name)
{
    return is_word(name, "user") || is_word(name, "database") || is_word(name, "options") ||
           is_word(name, "replication") || (name.length >= 5 && memcmp(name.data, "_pq_.", 5) == 0);
}

static bool set_assignment(const Session *session, Settings *settings, char *assignment,
                           bool is_long, Fault *fault)
{
    char *equals = strchr(assignment, '=');
    if (equals == NULL)
        return fault_set(fault, FAULT_SYNTAX_ERROR,
                         "invalid command-line argument for server process: %s", assignment);
    if (is_long) {
        /* --some-name=value is the long form, with dashes for underscores */
        for (char *p = assignment; p < equals; p++)
            *p = *p == '-' ? '_' : *p;
    }
    Text name = {.data = assignment, .length = (uint32_t)(equals - assignment)};
    return set_value(session, settings, name, text_of(equals + 1), fault);
}

/* The next word of `options`: blanks divide, a backslash keeps the next character. NULL at the
 * end. `*rest` is changed in place. */
static char *next_option(char **rest)
{
    char *from = *rest;
    while (isspace((unsigned char)*from))
        from++;
    if (*from == 0)
        return NULL;
    char *word = from, *to = from;
    while (*from != 0 && !isspace((unsigned char)*from)) {
        if (*from == '\\' && from[1] != 0)
            from++;
        *to++ = *from++;
    }
    *rest = *from == 0 ? from : from + 1;
    *to = 0;
    return word;
}

static bool set_options(const Session *session, Settings *settings, Text options, Fault *fault)
{
    char *copy = strndup(options.data, options.length);
    check(copy != NULL);
    char *rest = copy;
    bool ok = true;
    for (char *word; ok && (word = next_option(&rest)) != NULL;) {
        if (strncmp(word, "--", 2) == 0) {
            ok = set_assignment(session, settings, word + 2, true, fault);
        } else if (strncmp(word, "-c", 2) == 0) {
            char *assignment = word[2] != 0 ? word + 2 : next_option(&rest);
            ok = assignment != NULL
                     ? set_assignment(session, settings, assignment, false, fault)
                     : fault_set(fault, FAULT_SYNTAX_ERROR,
                                 "invalid command-line argument for server process: %s", word);
        } else {
            ok = fault_set(fault, FAULT_SYNTAX_ERROR,
                           "invalid command-line argument for server process: %s", word);
        }
    }
    free(copy);
    return ok;
}

static Text startup_text(const Session *session)
{
    return (Text){.data = (const char *)session->startup.data,
                  .length = (uint32_t)session->startup.length};
}

/* What ALTER ROLE ... SET has given the role. What is not good any more (a setting that a newer
 * release has not got) is logged, and must not keep anybody out. */
static void set_role_settings(const Session *session, Settings *settings)
{
    json_t *object = session->role_settings == NULL
                         ? NULL
                         : json_loads(session->role_settings, 0, NULL);
    const char *name;
    json_t *value;
    json_object_foreach(object, name, value) {
        Fault fault;
        const char *text = json_string_value(value);
        if (text != NULL && !set_value(session, settings, text_of(name), text_of(text), &fault))
            log_fault(LOG_LEVEL_WARNING, "a setting of the role", &fault);
    }
    json_decref(object);
}

static void set_identity(const Session *session, Settings *settings)
{
    snprintf(settings->session_authorization, sizeof settings->session_authorization, "%s",
             session->user);
    settings->is_superuser = session->is_superuser;
}

bool session_startup_settings(const Session *session, Settings *settings, Fault *fault)
{
    set_identity(session, settings);
    set_role_settings(session, settings);
    Text rest = startup_text(session), name, value;
    while (pgwire_next_parameter(&rest, &name, &value)) {
        if (is_word(name, "options") && !set_options(session, settings, value, fault))
            return false;
    }
    rest = startup_text(session);
    while (pgwire_next_parameter(&rest, &name, &value)) {
        if (!is_not_a_setting(name) && !set_value(session, settings, name, value, fault))
            return false;
    }
    return true;
}

/* ---------- SET and RESET ---------- */

static Settings *copy_of(const Settings *settings)
{
    Settings *copy = malloc(sizeof *copy);
    check(copy != NULL);
    *copy = *settings;
    return copy;
}

/* What the client knows is remembered before `settings` becomes different from it. */
static void remember_reported(Session *session)
{
    buffer_reset(&session->packed_settings);
    if (session->reported == NULL)
        session->reported = copy_of(&session->settings);
}

static SettingChanges *open_changes(Session *session)
{
    if (session->changes == NULL) {
        session->changes = malloc(sizeof *session->changes);
        check(session->changes != NULL);
        session->changes->before = session->settings;
        session->changes->kept = session->settings;
    }
    remember_reported(session);
    return session->changes;
}

static bool is_named(const SettingInfo *info, const char *name)
{
    return strcmp(info->name, name) == 0;
}

static void set_option(const Session *session, int level, int name, int64_t value)
{
    int number = (int)value;
    if (value > 0)
        setsockopt(session->conn.fd, level, name, &number, sizeof number);
}

/* Who acts decides is_superuser; what may be acted as is the controllers' to check. */
static void follow_identity(const Session *session, Settings *settings)
{
    const char *role = settings->role;
    bool is_none = role[0] == 0 || strcasecmp(role, "none") == 0;
    const char *acts = is_none ? settings->session_authorization : role;
    bool may = strcmp(acts, session->user) == 0 ||
               auth_may_act_as(session->front->auth, text_of(session->user), text_of(acts));
    settings->is_superuser =
        auth_is_superuser(session->front->auth, text_of(may ? acts : session->user));
}

void session_apply_settings(Session *session)
{
    Settings *settings = &session->settings;
    buffer_reset(&session->packed_settings);
    follow_identity(session, settings);
    if (session->peer.address.ss_family == AF_UNIX || session->conn.fd < 0)
        return;
    set_option(session, IPPROTO_TCP, TCP_KEEPIDLE, settings->tcp_keepalives_idle);
    set_option(session, IPPROTO_TCP, TCP_KEEPINTVL, settings->tcp_keepalives_interval);
    set_option(session, IPPROTO_TCP, TCP_KEEPCNT, settings->tcp_keepalives_count);
    set_option(session, IPPROTO_TCP, TCP_USER_TIMEOUT, settings->tcp_user_timeout);
}

/* Whether a setting means something outside of the settings. */
static bool has_effect(const SettingInfo *info)
{
    return is_named(info, "role") || is_named(info, "session_authorization") ||
           strncmp(info->name, "tcp_", 4) == 0;
}

static bool differs_in_effect(const Settings *a, const Settings *b)
{
    int count;
    const SettingInfo *table = setting_table(&count);
    for (int i = 0; i < count; i++) {
        if (has_effect(&table[i]) && !setting_equal(a, b, &table[i]))
            return true;
    }
    return false;
}

/* What a savepoint goes back to. Counted, since a client may make many. */
static bool save_settings(Session *session, Fault *fault)
{
    SavedSettings *saved = session->saved;
    if (session->savepoints == 0 || (saved != NULL && saved->depth == session->savepoints))
        return true;
    if (!session_hold(session, sizeof *saved, fault))
        return false;
    saved = malloc(sizeof *saved);
    check(saved != NULL);
    *saved = (SavedSettings){.next = session->saved,
                             .depth = session->savepoints,
                             .settings = session->settings,
                             .kept = session->changes->kept};
    session->saved = saved;
    return true;
}

static void pop_saved(Session *session)
{
    SavedSettings *saved = session->saved;
    session->saved = saved->next;
    session_unhold(session, sizeof *saved);
    free(saved);
}

void session_undo_settings(Session *session, uint32_t depth)
{
    bool matters = false;
    if (session->saved != NULL && session->saved->depth >= depth)
        remember_reported(session);
    while (session->saved != NULL && session->saved->depth >= depth) {
        matters = matters || differs_in_effect(&session->settings, &session->saved->settings);
        session->settings = session->saved->settings;
        session->changes->kept = session->saved->kept;
        pop_saved(session);
    }
    if (matters)
        session_apply_settings(session);
}

void session_release_settings(Session *session, uint32_t depth)
{
    /* the outermost of what is released is where the savepoint before goes back to */
    while (session->saved != NULL && session->saved->depth >= depth) {
        SavedSettings *outer = session->saved->next;
        bool is_needed = depth > 1 && (outer == NULL || outer->depth < depth - 1);
        if (is_needed) {
            session->saved->depth = depth - 1;
            return;
        }
        pop_saved(session);
    }
}

bool session_set(Session *session, Text name, Text value, bool is_local, Fault *fault)
{
    SettingChanges *changes = open_changes(session);
    if (!save_settings(session, fault))
        return false;
    if (!set_value(session, &session->settings, name, value, fault) ||
        (!is_local && !set_value(session, &changes->kept, name, value, fault)))
        return false;
    const SettingInfo *info = setting_find(name);
    if (info != NULL && is_named(info, "session_authorization")) {
        /* whoever acts as somebody else does not keep the role of before */
        strcpy(session->settings.role, "none");
        if (!is_local)
            strcpy(changes->kept.role, "none");
    }
    if (info != NULL && has_effect(info))
        session_apply_settings(session);
    return true;
}

bool session_reset(Session *session, Text name, Fault *fault)
{
    SettingChanges *changes = open_changes(session);
    if (!save_settings(session, fault))
        return false;
    /* As they were when the session began, under the server's settings of today. */
    Settings start = *session->front->settings;
    if (!session_startup_settings(session, &start, fault))
        return false;
    int count;
    const SettingInfo *table = setting_table(&count);
    bool all = name.length == 3 && strncasecmp(name.data, "all", 3) == 0;
    const SettingInfo *one = all ? NULL : setting_find(name);
    if (setting_is_custom(name))
        return setting_custom_reset(&session->settings, &start, name, fault) &&
               setting_custom_reset(&changes->kept, &start, name, fault);
    if (all) {
        setting_custom_restore(&session->settings, &start);
        setting_custom_restore(&changes->kept, &start);
    }
    for (int i = 0; i < count; i++) {
        /* RESET ALL leaves alone who acts, as PostgreSQL does; DISCARD ALL names those too */
        bool is_identity =
            is_named(&table[i], "role") || is_named(&table[i], "session_authorization");
        if (table[i].scope != SCOPE_SESSION || (all ? is_identity : &table[i] != one))
            continue;
        setting_reset(&session->settings, &start, &table[i]);
        setting_reset(&changes->kept, &start, &table[i]);
    }
    if (one != NULL && is_named(one, "session_authorization")) {
        strcpy(session->settings.role, "none");
        strcpy(changes->kept.role, "none");
    }
    if (all || (one != NULL && has_effect(one)))
        session_apply_settings(session);
    return true;
}

/* The end of a transaction's changes: these are the settings now. */
static void take_back(Session *session, const Settings *settings)
{
    remember_reported(session);
    bool matters = differs_in_effect(&session->settings, settings);
    Settings before = session->settings;
    session->settings = *settings;
    session->settings.custom = before.custom;
    setting_custom_restore(&session->settings, settings);
    free(session->changes);
    session->changes = NULL;
    session_release_settings(session, 0);
    if (matters)
        session_apply_settings(session);
}

void session_commit_settings(Session *session)
{
    if (session->changes == NULL)
        return;
    take_back(session, &session->changes->kept);
}

void session_rollback_settings(Session *session)
{
    if (session->changes == NULL)
        return;
    take_back(session, &session->changes->before);
}

void session_report_settings(Session *session)
{
    if (session->reported == NULL)
        return;
    int count;
    const SettingInfo *table = setting_table(&count);
    for (int i = 0; i < count; i++) {
        if (!table[i].is_reported ||
            setting_equal(&session->settings, session->reported, &table[i]))
            continue;
        char value[SETTING_TEXT_SIZE];
        setting_show(&session->settings, &table[i], value, sizeof value);
        size_t mark = session_mark(session);
        pgwire_parameter_status(session_out(session), table[i].name, value);
        session_encode_from(session, mark);
    }
    free(session->reported);
    session->reported = NULL;
}

/* The server's settings have changed under the session: what it has not set itself follows. */
static void follow(Settings *settings, const Settings *old, const Settings *fresh)
{
    int count;
    const SettingInfo *table = setting_table(&count);
    for (int i = 0; i < count; i++) {
        if (setting_equal(settings, old, &table[i]))
            setting_reset(settings, fresh, &table[i]);
    }
}

void session_reload_settings(Session *session, const Settings *old)
{
    if (!session->is_started)
        return;
    const Settings *fresh = session->front->settings;
    remember_reported(session);
    follow(&session->settings, old, fresh);
    if (session->changes != NULL) {
        follow(&session->changes->before, old, fresh);
        follow(&session->changes->kept, old, fresh);
    }
    for (SavedSettings *saved = session->saved; saved != NULL; saved = saved->next) {
        follow(&saved->settings, old, fresh);
        follow(&saved->kept, old, fresh);
    }
    if (session->state == SESSION_READY) {
        session_report_settings(session);
        session_send(session);
    }
}
