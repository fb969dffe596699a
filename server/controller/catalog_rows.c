/*
 * Rows of catalog relations for a query: the catalog makes them from what the controller knows,
 * and from the sessions and processes that only the front end knows, asked for when a relation
 * that shows them is read.
 */
#include "server/controller/controller_internal.h"

#include "base/log/log.h"
#include "base/memory/pack.h"
#include "engine/access/access.h"
#include "engine/catalog/catalog.h"
#include "engine/schema/schema.h"

enum {
    MAX_SESSIONS = 100000,
    STATE_WAIT_MS = 5000,
    NOTIFY_CHANNEL_MOST = 63,
    NOTIFY_PAYLOAD_MOST = 7999,
};

static bool wants_sessions(const Relation *relation)
{
    return relation->schema_oid == SCHEMA_OID_SYS || strncmp(relation->name.data, "pg_stat", 7) == 0 ||
           text_equal_string(relation->name, "pg_prepared_statements") ||
           text_equal_string(relation->name, "pg_cursors") ||
           text_equal_string(relation->name, "pg_locks") ||
           text_equal_string(relation->name, "pg_listening_channels");
}

static void ask_for_state(Request *request)
{
    FrameWriter writer;
    if (request->has_state)
        return;
    frame_begin(&writer, link_out(request->controller->front), FRAME_RESPONSE);
    frame_put_uint(&writer, "query", request->query);
    frame_put_bool(&writer, "want_state", true);
    frame_end(&writer);
    if (!front_flush(request))
        return;
    for (int waited = 0; !request->has_state && !request->is_cancelled && waited < STATE_WAIT_MS; waited += 50)
        if (!front_pump(request, 50))
            return;
}

static void read_session_field(Unpacker *in, Text name, CatalogSession *session)
{
    if (text_equal_string(name, "pid"))
        session->pid = (int32_t)unpack_int(in);
    else if (text_equal_string(name, "user"))
        session->user = unpack_text(in);
    else if (text_equal_string(name, "application_name"))
        session->application = unpack_text(in);
    else if (text_equal_string(name, "client_addr"))
        session->client_address = unpack_text(in);
    else if (text_equal_string(name, "client_port"))
        session->client_port = (int32_t)unpack_int(in);
    else if (text_equal_string(name, "tls_version"))
        session->uses_tls = (session->tls_version = unpack_text(in)).length > 0;
    else if (text_equal_string(name, "tls_cipher"))
        session->tls_cipher = unpack_text(in);
    else if (text_equal_string(name, "state"))
        session->state = unpack_text(in);
    else if (text_equal_string(name, "query"))
        session->query = unpack_text(in);
    else if (text_equal_string(name, "query_start"))
        session->query_start = unpack_int(in);
    else if (text_equal_string(name, "backend_start"))
        session->backend_start = unpack_int(in);
    else
        unpack_skip(in);
}

static void read_sessions(Request *request, CatalogContext *context)
{
    Unpacker in;
    unpack_init(&in, request->state_sessions.data, request->state_sessions.length);
    if (request->state_sessions.length == 0)
        return;
    uint32_t count = unpack_array(&in);
    if (in.failed || count > MAX_SESSIONS)
        return;
    CatalogSession *sessions = ARENA_ARRAY(request->arena, CatalogSession, count);
    for (uint32_t i = 0; i < count; i++) {
        sessions[i] = (CatalogSession){.client_port = -1,
                                       .backend_type = TEXT_LITERAL("client backend")};
        uint32_t fields = unpack_map(&in);
        for (uint32_t k = 0; k < fields && !in.failed; k++) {
            Text name = unpack_text(&in);
            read_session_field(&in, name, &sessions[i]);
        }
    }
    if (in.failed) {
        log_warning("the front end's list of sessions is malformed");
        return;
    }
    context->sessions = sessions;
    context->session_count = count;
}

/* --- the session's own prepared statements and cursors --- */

static void read_types(Request *request, Text oids, CatalogStatement *statement)
{
    uint32_t count = oids.length / 4;
    int64_t *types = ARENA_ARRAY(request->arena, int64_t, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t oid;
        memcpy(&oid, oids.data + 4 * (size_t)i, sizeof oid);
        types[i] = oid;
    }
    statement->parameter_count = count;
    statement->parameter_types = types;
}

static void read_statement_field(Request *request, Unpacker *in, Text name, CatalogStatement *statement)
{
    if (text_equal_string(name, "name"))
        statement->name = unpack_text(in);
    else if (text_equal_string(name, "statement"))
        statement->text = unpack_text(in);
    else if (text_equal_string(name, "prepared"))
        statement->prepared = unpack_int(in);
    else if (text_equal_string(name, "from_sql"))
        statement->from_sql = unpack_bool(in);
    else if (text_equal_string(name, "parameter_types"))
        read_types(request, unpack_bytes(in), statement);
    else
        unpack_skip(in);
}

static void read_statements(Request *request, CatalogContext *context)
{
    Unpacker in;
    unpack_init(&in, request->state_statements.data, request->state_statements.length);
    uint32_t count = request->state_statements.length == 0 ? 0 : unpack_array(&in);
    CatalogStatement *statements = arena_zalloc(request->arena, ((size_t)count + 1) * sizeof *statements);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t fields = unpack_map(&in);
        for (uint32_t k = 0; k < fields && !in.failed; k++) {
            Text name = unpack_text(&in);
            read_statement_field(request, &in, name, &statements[i]);
        }
    }
    context->statements = statements;
    context->statement_count = in.failed ? 0 : count;
}

static void read_cursor_field(Unpacker *in, Text name, CatalogCursor *cursor)
{
    if (text_equal_string(name, "name"))
        cursor->name = unpack_text(in);
    else if (text_equal_string(name, "statement"))
        cursor->text = unpack_text(in);
    else if (text_equal_string(name, "hold"))
        cursor->is_hold = unpack_bool(in);
    else if (text_equal_string(name, "binary"))
        cursor->is_binary = unpack_bool(in);
    else if (text_equal_string(name, "scroll"))
        cursor->is_scroll = unpack_bool(in);
    else if (text_equal_string(name, "created"))
        cursor->created = unpack_int(in);
    else
        unpack_skip(in);
}

static void read_cursors(Request *request, CatalogContext *context)
{
    Unpacker in;
    unpack_init(&in, request->state_cursors.data, request->state_cursors.length);
    uint32_t count = request->state_cursors.length == 0 ? 0 : unpack_array(&in);
    CatalogCursor *cursors = arena_zalloc(request->arena, ((size_t)count + 1) * sizeof *cursors);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t fields = unpack_map(&in);
        for (uint32_t k = 0; k < fields && !in.failed; k++) {
            Text name = unpack_text(&in);
            read_cursor_field(&in, name, &cursors[i]);
        }
    }
    context->cursors = cursors;
    context->cursor_count = in.failed ? 0 : count;
}

static void read_channels(Request *request, CatalogContext *context)
{
    Unpacker in;
    unpack_init(&in, request->state_channels.data, request->state_channels.length);
    uint32_t count = request->state_channels.length == 0 ? 0 : unpack_array(&in);
    Text *channels = in.failed || count > MAX_SESSIONS
                         ? NULL
                         : ARENA_ARRAY(request->arena, Text, (size_t)count + 1);
    for (uint32_t i = 0; channels != NULL && i < count && !in.failed; i++)
        channels[i] = unpack_text(&in);
    context->channels = channels;
    context->channel_count = channels == NULL || in.failed ? 0 : count;
}

static void read_locks(Request *request, CatalogContext *context)
{
    Unpacker in;
    unpack_init(&in, request->state_locks.data, request->state_locks.length);
    uint32_t count = request->state_locks.length == 0 ? 0 : unpack_array(&in);
    CatalogLock *locks = in.failed || count > request->state_locks.length
                             ? NULL
                             : ARENA_ARRAY(request->arena, CatalogLock, (size_t)count + 1);
    for (uint32_t i = 0; locks != NULL && i < count && !in.failed; i++) {
        unpack_array(&in);
        locks[i].pid = (int32_t)unpack_uint(&in);
        locks[i].class_id = (uint32_t)unpack_uint(&in);
        locks[i].object_id = (uint32_t)unpack_uint(&in);
        locks[i].kind = (uint32_t)unpack_uint(&in);
        locks[i].mode = unpack_text(&in);
        locks[i].is_granted = unpack_bool(&in);
    }
    context->locks = locks;
    context->lock_count = locks == NULL || in.failed ? 0 : count;
}

static void load_sessions(void *state)
{
    Request *request = state;
    if (request->catalog->sessions != NULL)
        return;
    ask_for_state(request);
    read_sessions(request, request->catalog);
    read_statements(request, request->catalog);
    read_cursors(request, request->catalog);
    read_channels(request, request->catalog);
    read_locks(request, request->catalog);
}

/* Superusers may signal everybody, others the sessions of roles they belong to, and members of
 * pg_signal_backend all but superusers'. */
static bool may_signal(const CatalogContext *context, const CatalogSession *target, bool ends,
                       Fault *fault)
{
    const AccessRoles *roles = context->roles;
    if (context->user == NULL || context->user->is_superuser)
        return true;
    const AccessRole *other = access_find_role(roles, target->user);
    const char *what = ends ? "terminate" : "cancel";
    if (other != NULL && other->is_superuser)
        return fault_set(fault, FAULT_INSUFFICIENT_PRIVILEGE, "must be a superuser to %s superuser %s", what,
                         ends ? "process" : "query");
    if (other != NULL && (access_is_member(roles, context->user, other->oid) ||
                          access_is_member(roles, context->user, ACCESS_SIGNAL_BACKEND_OID)))
        return true;
    return fault_set(fault, FAULT_INSUFFICIENT_PRIVILEGE,
                     "must be a member of the role whose %s or member of pg_signal_backend",
                     ends ? "process is being terminated" : "query is being canceled");
}

static bool signal_session(void *state, int32_t pid, bool ends, bool *was_sent, Fault *fault)
{
    Request *request = state;
    const CatalogContext *context = request->catalog;
    const CatalogSession *target = NULL;
    load_sessions(request);
    for (uint32_t i = 0; i < context->session_count && target == NULL; i++) {
        if (context->sessions[i].pid == pid)
            target = &context->sessions[i];
    }
    *was_sent = target != NULL;
    if (target == NULL)
        return true;
    if (!may_signal(context, target, ends, fault))
        return false;
    FrameWriter writer;
    frame_begin(&writer, link_out(request->controller->front), FRAME_RESPONSE);
    frame_put_uint(&writer, "query", request->query);
    frame_put_uint(&writer, "signal_session", (uint64_t)(uint32_t)pid);
    frame_put_bool(&writer, "signal_ends", ends);
    frame_end(&writer);
    front_flush(request);
    return true;
}

/* set_config() of values that are known only now. */
static bool set_setting(void *state, Text name, Text value, bool is_local, Fault *fault)
{
    Request *request = state;
    const SettingInfo *info = name.length > 0 ? setting_find(name) : NULL;
    if ((info != NULL && !role_setting_check(request, info, value, fault)) ||
        !setting_set(&request->settings, name, value, SCOPE_SESSION, fault))
        return false;
    respond_setting(request, arena_strndup(request->arena, name.data, name.length),
                    arena_strndup(request->arena, value.data, value.length), is_local);
    return true;
}

/* pg_notify() */
static bool notify(void *state, Text channel, Text payload, Fault *fault)
{
    if (channel.length == 0 || channel.length > NOTIFY_CHANNEL_MOST)
        return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                         channel.length == 0 ? "channel name cannot be empty"
                                             : "channel name too long");
    if (payload.length > NOTIFY_PAYLOAD_MOST)
        return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE, "payload string too long");
    respond_notice_of(state, "notify", channel, payload);
    return true;
}

bool request_set_catalog(Request *request, Fault *fault)
{
    Arena *arena = request->arena;
    const ChildContext *child = request->controller->child;
    if (!request_set_user(request, fault))
        return false;
    schema_set_session(request->process_id);
    CatalogContext *context = ARENA_NEW(arena, CatalogContext);
    *context = (CatalogContext){.tables = request->snapshot,
                                .type_context = &request->types,
                                .settings = &request->settings,
                                .server_settings = child->settings,
                                .roles = request->user.roles,
                                .user = request->user.role,
                                .user_name = request->role,
                                .database = request->database,
                                .backend_pid = (int32_t)request->process_id,
                                .server_started = request->controller->started,
                                .host = TEXT_LITERAL("localhost"),
                                .port = (int32_t)child->settings->port,
                                .state = request,
                                .load_sessions = load_sessions,
                                .signal_session = signal_session,
                                .set_setting = set_setting,
                                .notify = notify,
                                .advisory = advisory_ask,
                                .sequence = sequence_run};
    request->catalog = context;
    catalog_set_context(context);
    return true;
}

bool produce_relation(void *state, const Relation *relation, Arena *arena, Batch **batch, Fault *fault)
{
    Request *request = state;
    if (copy_produces(request, relation, batch))
        return true;
    if (wants_sessions(relation))
        load_sessions(request);
    return schema_produce(relation->virtual_relation, request->catalog, arena, batch, fault);
}
