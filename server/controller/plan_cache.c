/*
 * What is kept from one request to the next: parsed texts, and plans of queries that ran in this
 * controller.
 *
 * A plan is found again under all that it was made from: the text, how it came (types declared,
 * values bound, formats wanted), the session's settings, in whose name and in which database. And
 * it holds for the snapshot that it was made under: whatever is published, defined, granted or
 * revoked makes a new one, and then all plans go. So names and rights are as they would be found
 * afresh.
 *
 * What has no place among these is not kept: plans in which a value of the moment stands (now() was
 * folded; see TypeContext.is_momentary), those that show catalogs or ask them, set settings, write,
 * read outside data or run on workers; and nothing of a session that has temporary relations, whose
 * names hide others.
 *
 * A plan to be kept is made in an arena of its own, the draft: the request's arena while the
 * query is parsed, bound, planned and cut.
 */
#include "server/controller/controller_internal.h"

#include "base/log/log.h"
#include "base/memory/arena_cache.h"

#include <stdlib.h>

enum {
    MOST_TEXTS = 256,
    MOST_TEXT_BYTES = 4 << 20,
    MOST_PLANS = 256,
    MOST_PLAN_BYTES = 8 << 20,
    CUSTOM_PLANS = 2, /* of plan_cache_mode */
};

struct PlanCache {
    ArenaCache *texts, *plans;
    const TableSnapshot *snapshot; /* of all plans; NULL before the first */
};

/* What a request uses; the last first. */
typedef struct KeptInUse {
    struct KeptInUse *next;
    ArenaCache *cache;
    KeptArena *kept;
} KeptInUse;

typedef struct KeptText {
    const ParsedStatement *statements;
    uint32_t count;
} KeptText;

PlanCache *plan_cache_new(void)
{
    PlanCache *cache = calloc(1, sizeof *cache);
    check(cache != NULL);
    cache->texts = arena_cache_new(MOST_TEXTS, MOST_TEXT_BYTES);
    cache->plans = arena_cache_new(MOST_PLANS, MOST_PLAN_BYTES);
    return cache;
}

static void forget_plans(PlanCache *cache, TableStore *tables)
{
    arena_cache_clear(cache->plans);
    table_snapshot_release(tables, cache->snapshot);
    cache->snapshot = NULL;
}

void plan_cache_forget(PlanCache *cache, TableStore *tables)
{
    forget_plans(cache, tables);
    arena_cache_clear(cache->texts);
}

void plan_cache_free(PlanCache *cache, TableStore *tables)
{
    plan_cache_forget(cache, tables);
    arena_cache_free(cache->texts);
    arena_cache_free(cache->plans);
    free(cache);
}

static void *use(Request *request, ArenaCache *cache, KeptArena *kept)
{
    KeptInUse *in_use = ARENA_NEW(request->arena, KeptInUse);
    *in_use = (KeptInUse){.next = request->in_use, .cache = cache, .kept = kept};
    request->in_use = in_use;
    return kept_arena_value(kept);
}

void plan_cache_end_request(Request *request)
{
    plan_draft_leave(request);
    for (KeptInUse *in_use = request->in_use; in_use != NULL; in_use = in_use->next)
        arena_cache_give_back(in_use->cache, in_use->kept);
    request->in_use = NULL;
    arena_free(request->draft.arena);
    request->draft.arena = NULL;
}

/* --- keys --- */

static void add_part(Buffer *key, Text part)
{
    buffer_append(key, &part.length, sizeof part.length);
    buffer_append(key, part.data, part.length);
}

static Text text_key(Request *request, Text text, Buffer *key)
{
    buffer_reset(key);
    buffer_append(key, &request->types.dialect, sizeof request->types.dialect);
    buffer_append(key, text.data, text.length);
    return (Text){.data = (const char *)key->data, .length = (uint32_t)key->length};
}

static Text plan_key(Request *request, Buffer *key)
{
    const Buffer *settings = &request->controller->packed_settings;
    const Text parts[] = {request->text,
                          request->declared_types,
                          request->parameters,
                          request->result_formats,
                          {.data = (const char *)settings->data, .length = (uint32_t)settings->length},
                          request->role,
                          request->session_role,
                          request->database};
    buffer_reset(key);
    buffer_append_byte(key, (uint8_t)request->kind);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        add_part(key, parts[i]);
    return (Text){.data = (const char *)key->data, .length = (uint32_t)key->length};
}

/* --- texts --- */

/* Statements that are run from what their text says, and change nothing in it. */
static bool may_keep_text(const ParsedStatement *statements, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        switch (statements[i].kind) {
        case STATEMENT_EMPTY:
        case STATEMENT_QUERY:
        case STATEMENT_SET:
        case STATEMENT_RESET:
        case STATEMENT_SHOW:
        case STATEMENT_BEGIN:
        case STATEMENT_COMMIT:
        case STATEMENT_ROLLBACK:
        case STATEMENT_SAVEPOINT:
        case STATEMENT_DISCARD:
        case STATEMENT_EXECUTE:
        case STATEMENT_DEALLOCATE:
            continue;
        case STATEMENT_EXPLAIN:
        case STATEMENT_DEFINE:
        case STATEMENT_COPY:
        case STATEMENT_CREATE_AS:
        case STATEMENT_PREPARE:
        case STATEMENT_DECLARE:
        case STATEMENT_FETCH:
        case STATEMENT_CLOSE:
        case STATEMENT_ROLE:
        case STATEMENT_ACCEPTED:
        case STATEMENT_NOTICE:
            return false;
        }
    }
    return true;
}

/* The caller's own: EXPLAIN EXECUTE changes the kind of what it finds. */
static void copy_statements(Request *request, const KeptText *text, ParsedStatement **statements,
                            uint32_t *count)
{
    *count = text->count;
    *statements = ARENA_ARRAY(request->arena, ParsedStatement, text->count);
    memcpy(*statements, text->statements, text->count * sizeof **statements);
}

static bool parse_to_keep(Request *request, Text text, Text key, KeptText *parsed, Fault *fault)
{
    ArenaCache *texts = request->controller->plan_cache->texts;
    Arena *arena = arena_new("parsed text");
    ParsedStatement *statements;
    bool ok = sql_parse(arena, text, request->types.dialect, &statements, &parsed->count, fault);
    parsed->statements = statements;
    KeptArena *kept = NULL;
    if (ok && may_keep_text(statements, parsed->count)) {
        KeptText *value = ARENA_NEW(arena, KeptText);
        *value = *parsed;
        kept = arena_cache_keep(texts, key, arena, value);
    } else {
        arena_cache_refuse(texts, key);
    }
    if (kept != NULL) {
        use(request, texts, kept);
        return ok;
    }
    arena_free(arena);
    *parsed = (KeptText){0};
    return ok;
}

bool plan_cache_parse(Request *request, Text text, ParsedStatement **statements, uint32_t *count,
                      Fault *fault)
{
    Controller *controller = request->controller;
    ArenaCache *texts = controller->plan_cache->texts;
    Text key = text_key(request, text, &controller->key);
    bool is_wanted;
    KeptArena *kept = arena_cache_find(texts, key, &is_wanted);
    KeptText parsed = {0};
    if (kept != NULL)
        parsed = *(KeptText *)use(request, texts, kept);
    else if (is_wanted && !parse_to_keep(request, text, key, &parsed, fault))
        return false;
    if (parsed.count == 0) /* not to be kept */
        return sql_parse(request->arena, text, request->types.dialect, statements, count, fault);
    copy_statements(request, &parsed, statements, count);
    return true;
}

/* --- plans --- */

bool plan_cache_may_serve(const Request *request)
{
    return request->kind != REQUEST_FAREWELL && request->transaction != 'E' &&
           !request->carried.has_temporary && request->carried.block_version == 0 && request->settings.plan_cache_mode != CUSTOM_PLANS;
}

static void follow_snapshot(Request *request)
{
    Controller *controller = request->controller;
    PlanCache *cache = controller->plan_cache;
    if (cache->snapshot == request->snapshot)
        return;
    forget_plans(cache, controller->tables);
    cache->snapshot = table_snapshot_share(request->snapshot);
}

void *plan_cache_find(Request *request)
{
    Controller *controller = request->controller;
    PlanCache *cache = controller->plan_cache;
    bool is_wanted;
    follow_snapshot(request);
    Text key = plan_key(request, &controller->key);
    KeptArena *kept = arena_cache_find(cache->plans, key, &is_wanted);
    if (kept != NULL)
        return use(request, cache->plans, kept);
    if (is_wanted)
        request->draft = (PlanDraft){.arena = arena_new("kept plan"),
                                     .key = arena_text(request->arena, key)};
    return NULL;
}

bool plan_draft_is_open(const Request *request)
{
    return request->draft.arena != NULL && !request->draft.is_settled;
}

void plan_draft_enter(Request *request)
{
    if (!plan_draft_is_open(request) || request->draft.outer != NULL)
        return;
    request->draft.outer = request->arena;
    request->arena = request->draft.arena;
    request->is_momentary = false;
}

void plan_draft_leave(Request *request)
{
    if (request->draft.outer == NULL)
        return;
    request->arena = request->draft.outer;
    request->draft.outer = NULL;
}

void plan_draft_settle(Request *request, void *value)
{
    PlanDraft *draft = &request->draft;
    ArenaCache *plans = request->controller->plan_cache->plans;
    if (!plan_draft_is_open(request))
        return;
    draft->is_settled = true;
    /* a statement may have taken another snapshot since the plan was looked for */
    bool is_good = value != NULL && !request->is_momentary &&
                   request->snapshot == request->controller->plan_cache->snapshot;
    if (!is_good) {
        arena_cache_refuse(plans, draft->key);
        return;
    }
    plan_draft_leave(request);
    KeptArena *kept = arena_cache_keep(plans, draft->key, draft->arena, value);
    if (kept == NULL)
        return;
    draft->arena = NULL; /* the cache's */
    use(request, plans, kept);
}
