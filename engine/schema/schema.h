/*
 * From names to relations and columns.
 *
 * A relation is a table (in schema public, of which druid is another name) or a virtual
 * relation: one whose rows a function makes when it is read (pg_catalog, information_schema,
 * sys). engine/catalog registers the virtual ones at start-up; nothing here knows their rows.
 *
 * How a name matches: a quoted identifier matches exactly; an unquoted one exactly as typed
 * first, then folded to lower case, then without regard to case where that is unique. Within
 * information_schema quotes make no difference.
 */
#ifndef TALARIA_ENGINE_SCHEMA_SCHEMA_H
#define TALARIA_ENGINE_SCHEMA_SCHEMA_H

#include "engine/access/access.h"
#include "engine/type/type.h"
#include "storage/table/table.h"

/* OIDs of schemas; the first two are PostgreSQL's. */
enum {
    SCHEMA_OID_PG_CATALOG = 11,
    SCHEMA_OID_PUBLIC = 2200,
    SCHEMA_OID_INFORMATION_SCHEMA = 13000,
    SCHEMA_OID_SYS = 13001,
};

typedef struct SchemaInfo {
    uint32_t oid;
    const char *name;
    const char *alias;       /* another name of the same schema, or NULL */
    const char *description; /* for pg_description */
} SchemaInfo;

/* The schemas that every server has. */
const SchemaInfo *schema_list(uint32_t *count);
/* Those and the ones that users have made (storage/table), temporary ones too; in arena. */
const SchemaInfo *schema_list_all(Arena *arena, const TableSnapshot *tables, uint32_t *count);
/* NULL when there is none. Of those that every server has: */
const SchemaInfo *schema_find(Text name, bool is_quoted);
/* Of all; pg_temp is the session's own temporary schema. */
const SchemaInfo *schema_find_all(Arena *arena, const TableSnapshot *tables, Text name,
                                  bool is_quoted);
/* Whether relations of users lie in it. */
bool schema_holds_tables(uint32_t oid);
/* The first schema of the path that relations can be made in; NULL when none of them exists. */
const SchemaInfo *schema_for_new(Arena *arena, const TableSnapshot *tables, Text search_path);
/* The number of the session that names are looked up for, from now on: its temporary schema is
 * searched before all others. A process works for one session at a time. 0: none. */
void schema_set_session(int64_t process_id);
/* Its schema's name: TABLE_TEMPORARY_PREFIX and the number. */
const char *schema_temporary_name(void);

/* An identifier as the statement has it: the case that was typed, without quotes. */
typedef struct SchemaName {
    Text text;
    bool is_quoted;
} SchemaName;

/* --- virtual relations --- */
typedef struct VirtualColumn {
    const char *name;
    Oid type;
} VirtualColumn;

/* A session, as pg_stat_activity shows it; the caller asks the front end for them. */
typedef struct CatalogSession {
    int32_t pid;
    Text user, application, client_address, query_id;
    int32_t client_port; /* -1: a Unix socket */
    int64_t backend_start, transaction_start, query_start,
        state_change; /* microseconds UTC; 0: none */
    Text state;       /* "active", "idle", "idle in transaction", ... */
    Text query;       /* the running or the last statement */
    bool uses_tls;
    Text tls_version, tls_cipher;
    Text backend_type; /* "client backend", "controller", "worker" */
} CatalogSession;

/* A query of the engine, as sys.tasks shows it. */
typedef struct CatalogTask {
    Text id, group, type, datasource;
    int64_t created, queued; /* microseconds UTC */
    Text status, runner_status, error;
    int64_t duration; /* milliseconds; -1 while it runs */
} CatalogTask;

typedef struct CatalogStatement { /* pg_prepared_statements */
    Text name, text;
    int64_t prepared; /* microseconds UTC */
    bool from_sql;
    uint32_t parameter_count;
    const int64_t *parameter_types; /* OIDs */
} CatalogStatement;

typedef struct CatalogCursor { /* pg_cursors */
    Text name, text;
    bool is_hold, is_binary, is_scroll;
    int64_t created; /* microseconds UTC */
} CatalogCursor;

typedef struct CatalogLock { /* pg_locks: an advisory lock */
    int32_t pid;
    uint32_t class_id, object_id, kind;
    Text mode;
    bool is_granted;
} CatalogLock;

/* What an advisory function asks for. */
typedef struct AdvisoryCall {
    enum { ADVISORY_TAKE, ADVISORY_TRY, ADVISORY_UNLOCK, ADVISORY_UNLOCK_ALL } what;
    bool is_shared, is_transaction; /* the transaction's, else the session's */
    uint32_t class_id, object_id;
    uint32_t kind; /* 1 a bigint's halves, 2 two integers */
} AdvisoryCall;
typedef enum SequenceWish {
    SEQUENCE_NEXT,    /* nextval() */
    SEQUENCE_CURRENT, /* currval(): the session's own last value */
    SEQUENCE_LAST,    /* lastval() */
    SEQUENCE_SET,     /* setval(): `value`, `is_called` */
    SEQUENCE_SEEN,    /* pg_sequence_last_value() */
} SequenceWish;

typedef struct SequenceCall {
    SequenceWish wish;
    uint32_t oid; /* of a relation, which need not be a sequence */
    int64_t value;
    bool is_called;
} SequenceCall;

/* What producers may look at. Texts may be empty and arrays absent: then there are no rows. */
typedef struct CatalogContext {
    const TableSnapshot *tables;
    const TypeContext *type_context;
    const Settings *settings, *server_settings; /* of the session; as the server started */
    const AccessRoles *roles;                   /* NULL: no role has been created */
    const AccessRole *user; /* who asks; NULL: the superuser of a server without roles */
    Text user_name;         /* the session's */
    Text database;          /* the name that the session connected to */
    int32_t backend_pid;    /* the session's, as pg_backend_pid() gives it */
    int64_t server_started; /* microseconds UTC */
    Text host;
    int32_t port;
    uint32_t session_count;
    const CatalogSession *sessions;
    uint32_t task_count;
    const CatalogTask *tasks;
    uint32_t statement_count;
    const CatalogStatement *statements;
    uint32_t cursor_count;
    const CatalogCursor *cursors;
    uint32_t channel_count;
    const Text *channels; /* that the session listens to */
    uint32_t lock_count;
    const CatalogLock *locks;
    /* Of the caller, which knows the front end; NULL where nobody does. load_sessions fills
     * session_count and sessions; signal_session cancels a session's query, or ends it. */
    void *state;
    void (*load_sessions)(void *state);
    bool (*signal_session)(void *state, int32_t pid, bool ends, bool *was_sent, Fault *fault);
    /* set_config(): a setting of the session. */
    bool (*set_setting)(void *state, Text name, Text value, bool is_local, Fault *fault);
    bool (*notify)(void *state, Text channel, Text payload, Fault *fault); /* pg_notify() */
    /* Advisory locks of the session; waits for them. *done: TRY got it, UNLOCK had it. */
    bool (*advisory)(void *state, const AdvisoryCall *call, bool *done, Fault *fault);
    /* nextval() and its kin; *is_null: there is no value yet (SEQUENCE_SEEN alone). */
    bool (*sequence)(void *state, const SequenceCall *call, int64_t *value, bool *is_null,
                     Fault *fault);
} CatalogContext;

/* Who asks, for what engine/access decides. */
static inline AccessUser catalog_context_user(const CatalogContext *context)
{
    return (AccessUser){.roles = context->roles, .role = context->user};
}

typedef struct VirtualRelation {
    uint32_t schema_oid;
    const char *name;
    Oid oid;
    bool is_view; /* pg_class.relkind 'v', else 'r' */
    uint32_t column_count;
    const VirtualColumn *columns;
    /* Every row as one batch in `arena`, columns in order with the types' layouts; NULL for a
     * relation that never has rows. */
    bool (*produce)(const CatalogContext *context, Arena *arena, Batch **out, Fault *fault);
} VirtualRelation;

/* Registers relations, which must outlive the process's use. At start-up, before the first
 * query. Ends the process when a name or OID is there twice. */
void schema_register(const VirtualRelation *const *relations, uint32_t count);
/* Functions in FROM whose rows are those of a relation: pg_get_keywords(), and the functions
 * that PostgreSQL's views are made of. At start-up; the list must outlive the process's use. */
typedef struct SchemaFunction {
    const char *name;
    const VirtualRelation *relation;
} SchemaFunction;
void schema_register_functions(const SchemaFunction *functions, uint32_t count);
/* NULL when there is none. */
const struct Relation *schema_function(Arena *arena, Text name);
/* All virtual relations, by schema and name. */
const VirtualRelation *const *schema_virtual_relations(uint32_t *count);
const VirtualRelation *schema_virtual_by_oid(Oid oid);
/* The rows: calls produce, or makes an empty batch of the right columns. */
bool schema_produce(const VirtualRelation *relation, const CatalogContext *context, Arena *arena,
                    Batch **out, Fault *fault);

/* --- relations --- */
typedef enum RelationKind { RELATION_TABLE, RELATION_VIRTUAL } RelationKind;

typedef struct RelationColumn {
    Text name;
    SqlType type;
    int32_t number; /* attnum */
} RelationColumn;

typedef struct Relation {
    RelationKind kind;
    Oid oid;
    Oid schema_oid;
    Text schema; /* "public", ... */
    Text name;
    uint32_t column_count;
    const RelationColumn *columns;           /* of a table: in the same order as table->columns */
    const Table *table;                      /* TABLE; a view when its kind says so */
    const VirtualRelation *virtual_relation; /* VIRTUAL */
} Relation;

/*
 * Finds a relation. `schema` NULL: looks through pg_catalog, then the schemas of `search_path`
 * (a setting's text such as `"$user", public`; those that do not exist are passed over). The
 * Relation is made in `arena` and points into the snapshot. NULL: 3F000 or 42P01, with a hint
 * that names what is spelled nearly so, and `position` (byte offset, -1 none).
 */
const Relation *schema_resolve(Arena *arena, const TableSnapshot *tables, const SchemaName *schema,
                               SchemaName name, Text search_path, int32_t position, Fault *fault);
/* The schemas of a search path in their order, those that exist; with pg_catalog before them
 * where it is searched without being named, when that is wanted. How many, at most `capacity`. */
uint32_t schema_path(Arena *arena, const TableSnapshot *tables, Text search_path,
                     bool with_implicit, const SchemaInfo **schemas, uint32_t capacity);
/* Whether it is shown as a view. */
bool schema_is_view(const Relation *relation);
bool schema_is_sequence(const Relation *relation);
/* A stored table that is a materialized view. */
bool schema_is_materialized(const Relation *relation);
/* By OID, for regclass and RowDescription; NULL when there is none. */
const Relation *schema_relation_by_oid(Arena *arena, const TableSnapshot *tables, Oid oid);
/* Every relation, tables first. */
const Relation *const *schema_relations(Arena *arena, const TableSnapshot *tables, uint32_t *count);

/* --- names --- */
enum { SCHEMA_NO_MATCH = -1, SCHEMA_AMBIGUOUS = -2 };

/* The one rule of the file's head over any list: which of `count` names, read with
 * `name_at(state, i)`, `name` means. */
int schema_match_name(SchemaName name, uint32_t count,
                      Text (*name_at)(const void *state, uint32_t i), const void *state);
/* A column of a relation: its index, SCHEMA_NO_MATCH or SCHEMA_AMBIGUOUS. */
int schema_match_column(const Relation *relation, SchemaName name);
/* Lower case as PostgreSQL folds unquoted names (ASCII letters only); in arena. */
Text schema_fold(Arena *arena, Text name);
/* What `name` may have been meant to be: the nearest by edit distance, when it is near enough
 * (a third of its letters, at most 3); an empty text when nothing is. */
Text schema_suggest(Text name, uint32_t count, Text (*name_at)(const void *state, uint32_t i),
                    const void *state);

#endif
