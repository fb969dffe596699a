/*
 * DROP of kinds of objects that this server has none of: each is missing, which IF EXISTS allows.
 * Migrations of ORMs drop what may be there before they make anything. Indexes that are
 * not unique, which are accepted and not made, may be dropped by any name.
 */
#include "engine/sql/bind_define_internal.h"

#include "base/memory/buffer.h"

#define TYPE(name) PG_QUERY__OBJECT_TYPE__OBJECT_##name

typedef enum AbsentForm {
    ABSENT_NAME,     /* type "x" */
    ABSENT_FUNCTION, /* function x(integer) */
    ABSENT_ON_TABLE, /* trigger "x" for relation "t" */
    ABSENT_INDEX,
} AbsentForm;

static const struct {
    PgQuery__ObjectType type;
    AbsentForm form;
    FaultCode code;
    const char *tag, *word;
} kinds[] = {
    {TYPE(INDEX), ABSENT_INDEX, FAULT_UNDEFINED_OBJECT, "DROP INDEX", "index"},
    {TYPE(TYPE), ABSENT_NAME, FAULT_UNDEFINED_OBJECT, "DROP TYPE", "type"},
    {TYPE(DOMAIN), ABSENT_NAME, FAULT_UNDEFINED_OBJECT, "DROP DOMAIN", "type"},
    {TYPE(FOREIGN_TABLE), ABSENT_NAME, FAULT_UNDEFINED_OBJECT, "DROP FOREIGN TABLE",
     "foreign table"},
    {TYPE(EXTENSION), ABSENT_NAME, FAULT_UNDEFINED_OBJECT, "DROP EXTENSION", "extension"},
    {TYPE(COLLATION), ABSENT_NAME, FAULT_UNDEFINED_OBJECT, "DROP COLLATION", "collation"},
    {TYPE(LANGUAGE), ABSENT_NAME, FAULT_UNDEFINED_OBJECT, "DROP LANGUAGE", "language"},
    {TYPE(PUBLICATION), ABSENT_NAME, FAULT_UNDEFINED_OBJECT, "DROP PUBLICATION", "publication"},
    {TYPE(EVENT_TRIGGER), ABSENT_NAME, FAULT_UNDEFINED_OBJECT, "DROP EVENT TRIGGER",
     "event trigger"},
    {TYPE(FOREIGN_SERVER), ABSENT_NAME, FAULT_UNDEFINED_OBJECT, "DROP SERVER", "server"},
    {TYPE(FDW), ABSENT_NAME, FAULT_UNDEFINED_OBJECT, "DROP FOREIGN DATA WRAPPER",
     "foreign-data wrapper"},
    {TYPE(STATISTIC_EXT), ABSENT_NAME, FAULT_UNDEFINED_OBJECT, "DROP STATISTICS",
     "statistics object"},
    {TYPE(FUNCTION), ABSENT_FUNCTION, FAULT_UNDEFINED_FUNCTION, "DROP FUNCTION", "function"},
    {TYPE(PROCEDURE), ABSENT_FUNCTION, FAULT_UNDEFINED_FUNCTION, "DROP PROCEDURE", "procedure"},
    {TYPE(ROUTINE), ABSENT_FUNCTION, FAULT_UNDEFINED_FUNCTION, "DROP ROUTINE", "routine"},
    {TYPE(AGGREGATE), ABSENT_FUNCTION, FAULT_UNDEFINED_FUNCTION, "DROP AGGREGATE", "aggregate"},
    {TYPE(TRIGGER), ABSENT_ON_TABLE, FAULT_UNDEFINED_OBJECT, "DROP TRIGGER", "trigger"},
    {TYPE(RULE), ABSENT_ON_TABLE, FAULT_UNDEFINED_OBJECT, "DROP RULE", "rule"},
    {TYPE(POLICY), ABSENT_ON_TABLE, FAULT_UNDEFINED_OBJECT, "DROP POLICY", "policy"},
};
enum { KIND_COUNT = sizeof kinds / sizeof *kinds };

static int find_kind(PgQuery__ObjectType type)
{
    for (int i = 0; i < KIND_COUNT; i++)
        if (kinds[i].type == type)
            return i;
    return -1;
}

const char *define_absent_tag(const PgQuery__DropStmt *drop)
{
    int kind = find_kind(drop->remove_type);
    return kind < 0 ? NULL : kinds[kind].tag;
}

/* The parts of an object's name, which the grammar keeps in several ways. */
static size_t name_parts(const PgQuery__Node *object, PgQuery__Node *const **parts)
{
    static PgQuery__Node *const *const none = NULL;
    switch (object->node_case) {
    case PG_QUERY__NODE__NODE_LIST:
        *parts = object->list->items;
        return object->list->n_items;
    case PG_QUERY__NODE__NODE_TYPE_NAME:
        *parts = object->type_name->names;
        return object->type_name->n_names;
    case PG_QUERY__NODE__NODE_OBJECT_WITH_ARGS:
        *parts = object->object_with_args->objname;
        return object->object_with_args->n_objname;
    default:
        *parts = none;
        return 0;
    }
}

static const char *part_text(Definer *definer, const PgQuery__Node *part)
{
    return part->node_case == PG_QUERY__NODE__NODE_STRING
               ? name_made(definer->binder->arena, part->string->sval, 0)
               : "";
}

/* "s.x", as PostgreSQL writes names that it does not know. */
static const char *whole_name(Definer *definer, const PgQuery__Node *object, size_t without)
{
    if (object->node_case == PG_QUERY__NODE__NODE_STRING)
        return part_text(definer, object);
    PgQuery__Node *const *parts;
    size_t count = name_parts(object, &parts);
    const char *name = "";
    for (size_t i = 0; i + without < count; i++)
        name = i == 0 ? part_text(definer, parts[0])
                      : arena_printf(definer->binder->arena, "%s.%s", name,
                                     part_text(definer, parts[i]));
    return name;
}

static const char *last_name(Definer *definer, const PgQuery__Node *object)
{
    PgQuery__Node *const *parts;
    size_t count = name_parts(object, &parts);
    return count == 0 ? "" : part_text(definer, parts[count - 1]);
}

/* x(integer, text): types that are known, by their names. */
static const char *signature(Definer *definer, const PgQuery__Node *object)
{
    Arena *arena = definer->binder->arena;
    const char *text = arena_printf(arena, "%s(", whole_name(definer, object, 0));
    const PgQuery__ObjectWithArgs *args = object->node_case == PG_QUERY__NODE__NODE_OBJECT_WITH_ARGS
                                              ? object->object_with_args
                                              : NULL;
    for (size_t i = 0; args != NULL && i < args->n_objargs; i++) {
        SqlType type;
        bool is_known = args->objargs[i]->node_case == PG_QUERY__NODE__NODE_TYPE_NAME &&
                        bind_type_name(definer->binder, args->objargs[i]->type_name, &type);
        fault_clear(definer->binder->fault);
        text = arena_printf(arena, "%s%s%s", text, i == 0 ? "" : ", ",
                            is_known ? type_format_name(arena, type) : "unknown");
    }
    return arena_printf(arena, "%s)", text);
}

static const char *describe(Definer *definer, int kind, const PgQuery__Node *object)
{
    Arena *arena = definer->binder->arena;
    switch (kinds[kind].form) {
    case ABSENT_FUNCTION:
        return arena_printf(arena, "%s %s", kinds[kind].word, signature(definer, object));
    case ABSENT_ON_TABLE:
        return arena_printf(arena, "%s \"%s\" for relation \"%s\"", kinds[kind].word,
                            last_name(definer, object), whole_name(definer, object, 1));
    case ABSENT_NAME:
    case ABSENT_INDEX: break;
    }
    return arena_printf(arena, "%s \"%s\"", kinds[kind].word, whole_name(definer, object, 0));
}

/* Unique indexes are there. */
static bool drop_unique(Definer *definer, const PgQuery__DropStmt *drop, bool *found)
{
    *found = false;
    for (size_t i = 0; i < drop->n_objects && !*found; i++) {
        PgQuery__Node *const *parts;
        size_t count = name_parts(drop->objects[i], &parts);
        if (count == 0 || count > 2)
            continue;
        SchemaName schema = name_read(parts[0]->string->sval);
        if (!define_drop_index(definer, count > 1 ? &schema : NULL,
                               name_read(parts[count - 1]->string->sval), found))
            return false;
    }
    return !*found || drop->n_objects == 1 ||
           define_refuse(definer, -1, "Drop one index after the other.",
                         "dropping several indexes at once is not supported");
}

bool define_drop_absent(Definer *definer, const PgQuery__DropStmt *drop)
{
    int kind = find_kind(drop->remove_type);
    bool found = false;
    definer->definition->kind = DEFINE_NOTHING;
    if (kinds[kind].form == ABSENT_INDEX && !drop_unique(definer, drop, &found))
        return false;
    if (found)
        return true;
    for (size_t i = 0; i < drop->n_objects; i++) {
        const char *what = describe(definer, kind, drop->objects[i]);
        if (drop->missing_ok)
            define_notice(definer, arena_printf(definer->binder->arena,
                                                "%s does not exist, skipping", what));
        else if (kinds[kind].form == ABSENT_INDEX)
            define_notice(definer, DEFINE_INDEX_NOTICE);
        else
            return fault_set(definer->binder->fault, kinds[kind].code, "%s does not exist", what);
    }
    return true;
}
