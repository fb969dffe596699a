/*
 * The parser behind a door: guards, libpg_query, its errors in terms of what was typed.
 *
 * libpg_query and its protobuf form recurse over the tree. The guard of the dialect pass bounds
 * the depth; whatever is deeper than a few hundred levels is parsed on a large stack of its own,
 * so that no statement can overflow the stack of the process.
 */
#include "engine/sql/parse_internal.h"

#include <pthread.h>
#include <string.h>

enum { DEPTH_FOR_LARGE_STACK = 300 };
static const size_t LARGE_STACK_SIZE = (size_t)512 << 20;

/* --- a large stack --- */
typedef struct StackJob {
    void (*function)(void *);
    void *argument;
} StackJob;

static void *run_job(void *job)
{
    ((StackJob *)job)->function(((StackJob *)job)->argument);
    return NULL;
}

bool parse_on_large_stack(void (*function)(void *), void *argument, Fault *fault)
{
    StackJob job = {function, argument};
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    int error = pthread_attr_setstacksize(&attributes, LARGE_STACK_SIZE);
    if (error == 0)
        error = pthread_create(&thread, &attributes, run_job, &job);
    pthread_attr_destroy(&attributes);
    if (error != 0)
        return fault_set(fault, FAULT_STATEMENT_TOO_COMPLEX,
                         "no memory for the stack that a statement so deeply nested needs");
    pthread_join(thread, NULL);
    return true;
}

/* --- trees in the arena --- */
static void *allocate(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

static void release(void *arena, void *pointer)
{
    (void)arena;
    (void)pointer; /* the arena's end is the tree's */
}

static int32_t byte_offset(const char *text, int position)
{
    const char *at = text;
    for (int character = 1; character < position && *at != '\0'; character++) {
        at++;
        while (((uint8_t)*at & 0xC0) == 0x80)
            at++;
    }
    return (int32_t)(at - text);
}

/* What is wrong inside a literal has codes of its own. */
static const struct {
    const char *message; /* its beginning */
    FaultCode code;
    const char *hint;
} literal_faults[] = {
    {"invalid Unicode escape character", FAULT_SYNTAX_ERROR, NULL},
    {"invalid Unicode escape value", FAULT_SYNTAX_ERROR, NULL},
    {"invalid Unicode escape", FAULT_SYNTAX_ERROR,
     "Unicode escapes must be \\XXXX or \\+XXXXXX."}, /* U&''; those of E'' the scanner meets */
    {"invalid Unicode surrogate pair", FAULT_SYNTAX_ERROR, NULL},
    {"invalid byte sequence", FAULT_CHARACTER_NOT_IN_REPERTOIRE, NULL},
};

static const char *hint_of_message(const char *message)
{
    for (size_t i = 0; i < sizeof literal_faults / sizeof literal_faults[0]; i++)
        if (strncmp(message, literal_faults[i].message, strlen(literal_faults[i].message)) == 0)
            return literal_faults[i].hint;
    return NULL;
}

static FaultCode code_of_message(const char *message)
{
    for (size_t i = 0; i < sizeof literal_faults / sizeof literal_faults[0]; i++)
        if (strncmp(message, literal_faults[i].message, strlen(literal_faults[i].message)) == 0)
            return literal_faults[i].code;
    bool is_missing = strstr(message, "not supported") != NULL ||
                      strstr(message, "not yet supported") != NULL ||
                      strstr(message, "not implemented") != NULL;
    if (is_missing)
        return FAULT_FEATURE_NOT_SUPPORTED;
    if (strncmp(message, "frame start", 11) == 0 || strncmp(message, "frame end", 9) == 0)
        return FAULT_WINDOWING_ERROR;
    return strstr(message, "memory exhausted") != NULL ? FAULT_STATEMENT_TOO_COMPLEX
                                                       : FAULT_SYNTAX_ERROR;
}

/* The parser's message with the word that the user typed instead of what we made of it. */
static void set_parse_fault(const PgQueryError *error, const RewrittenText *rewritten,
                            const DialectText *dialect, Fault *fault)
{
    int32_t offset = -1;
    if (error->cursorpos > 0)
        offset = offset_map_find(&rewritten->map, byte_offset(rewritten->text, error->cursorpos));
    FaultCode code = code_of_message(error->message);
    const char *near = strstr(error->message, " at or near \"");
    const Token *token = near != NULL && dialect != NULL ? dialect_token_at(dialect, offset) : NULL;
    const char *end = strstr(error->message, " at end of input");
    if (end != NULL && dialect != NULL) { /* a clause's end is not the text's */
        token = dialect_token_from(dialect, offset);
        near = end;
        offset = token != NULL ? token->start : (int32_t)dialect->text.length;
    }
    if (token != NULL)
        fault_set_at(fault, offset, code, "%.*s at or near \"%.*s\"", (int)(near - error->message),
                     error->message, (int)(token->end - token->start),
                     dialect->text.data + token->start);
    else if (near != NULL && dialect != NULL && offset >= (int32_t)dialect->text.length)
        fault_set_at(fault, offset, code, "%.*s at end of input", (int)(near - error->message),
                     error->message);
    else
        fault_set_at(fault, offset, code, "%s", error->message);
    if (hint_of_message(error->message) != NULL)
        fault_hint(fault, "%s", hint_of_message(error->message));
    char *to = fault->message; /* marks of names may stand in other messages */
    for (const char *from = fault->message; *from != '\0'; from++) {
        if (*from != NAME_TYPED && *from != NAME_QUOTED)
            *to++ = *from;
    }
    *to = '\0';
}

/* Parses a rewritten text; `dialect` NULL for texts of our own. */
static const PgQuery__ParseResult *parse_text(Arena *arena, const RewrittenText *rewritten,
                                              const DialectText *dialect, Fault *fault)
{
    PgQueryProtobufParseResult result = pg_query_parse_protobuf(rewritten->text);
    PgQuery__ParseResult *parsed = NULL;
    if (result.error != NULL) {
        set_parse_fault(result.error, rewritten, dialect, fault);
    } else {
        ProtobufCAllocator allocator = {allocate, release, arena};
        parsed = pg_query__parse_result__unpack(&allocator, result.parse_tree.len,
                                                (const uint8_t *)result.parse_tree.data);
        if (parsed == NULL)
            fault_set(fault, FAULT_INTERNAL_ERROR, "the parser's answer could not be read");
    }
    pg_query_free_protobuf_parse_result(result);
    return parsed;
}

/* A fragment's only statement, a SELECT. */
static const PgQuery__SelectStmt *parse_fragment(Arena *arena, const RewrittenText *rewritten,
                                                 const DialectText *dialect, int32_t at,
                                                 Fault *fault)
{
    const PgQuery__ParseResult *parsed = parse_text(arena, rewritten, dialect, fault);
    if (parsed == NULL)
        return NULL;
    const PgQuery__Node *node = parsed->n_stmts == 1 ? parsed->stmts[0]->stmt : NULL;
    if (node == NULL || node->node_case != PG_QUERY__NODE__NODE_SELECT_STMT) {
        fault_set_at(fault, at, FAULT_SYNTAX_ERROR, "syntax error in this clause");
        return NULL;
    }
    return node->select_stmt;
}

/* OVERWRITE WHERE and PARTITIONED BY: exactly one expression and nothing else. */
static const PgQuery__Node *parse_expression(Arena *arena, const RewrittenText *rewritten,
                                             const DialectText *dialect, int32_t at,
                                             const char *clause, Fault *fault)
{
    const PgQuery__SelectStmt *select = parse_fragment(arena, rewritten, dialect, at, fault);
    if (select == NULL)
        return NULL;
    bool is_alone = select->n_target_list == 1 && select->n_from_clause == 0 &&
                    select->where_clause == NULL && select->n_group_clause == 0 &&
                    select->having_clause == NULL && select->n_sort_clause == 0 &&
                    select->limit_count == NULL && select->limit_offset == NULL &&
                    select->op == PG_QUERY__SET_OPERATION__SETOP_NONE;
    const PgQuery__ResTarget *target = is_alone ? select->target_list[0]->res_target : NULL;
    if (target == NULL || target->name[0] != '\0') {
        fault_set_at(fault, at, FAULT_SYNTAX_ERROR, "syntax error in the %s clause", clause);
        return NULL;
    }
    return target->val;
}

static bool parse_clustered(Arena *arena, const DialectStatement *statement,
                            const DialectText *dialect, ParseTree *tree, Fault *fault)
{
    const PgQuery__SelectStmt *select =
        parse_fragment(arena, &statement->clustered, dialect, statement->clustered_at, fault);
    if (select == NULL)
        return false;
    if (select->limit_count != NULL || select->limit_offset != NULL ||
        select->n_locking_clause > 0) {
        fault_set_at(fault, statement->clustered_at, FAULT_SYNTAX_ERROR,
                     "LIMIT and OFFSET are not allowed after CLUSTERED BY");
        return fault_hint(fault, "Write them before PARTITIONED BY.");
    }
    tree->clustered_count = select->n_sort_clause;
    tree->clustered = select->sort_clause;
    return true;
}

static bool parse_statement(Arena *arena, const DialectText *dialect,
                            const DialectStatement *statement, ParseTree *tree, Fault *fault)
{
    const PgQuery__ParseResult *parsed = parse_text(arena, &statement->main, dialect, fault);
    if (parsed == NULL)
        return false;
    if (parsed->n_stmts != 1)
        return fault_set_at(fault, statement->start, FAULT_SYNTAX_ERROR, "syntax error");
    tree->node = parsed->stmts[0]->stmt;
    if (statement->overwrite.text != NULL) {
        tree->overwrite = parse_expression(arena, &statement->overwrite, dialect,
                                           statement->overwrite_at, "OVERWRITE", fault);
        if (tree->overwrite == NULL)
            return false;
    }
    if (statement->partitioned.text != NULL) {
        tree->partitioned = parse_expression(arena, &statement->partitioned, dialect,
                                             statement->partitioned_at, "PARTITIONED BY", fault);
        if (tree->partitioned == NULL)
            return false;
    }
    if (statement->destination.text != NULL) {
        tree->destination = parse_expression(arena, &statement->destination, dialect,
                                             statement->ingest_at, "EXTERN", fault);
        if (tree->destination == NULL)
            return false;
    }
    return statement->clustered.text == NULL ||
           parse_clustered(arena, statement, dialect, tree, fault);
}

const PgQuery__Node *parse_plain(Arena *arena, const char *sql, Fault *fault)
{
    RewrittenText rewritten;
    if (!dialect_rewrite_plain(arena, text_of(sql), &rewritten, fault))
        return NULL;
    const PgQuery__ParseResult *parsed = parse_text(arena, &rewritten, NULL, fault);
    return parsed != NULL && parsed->n_stmts == 1 ? parsed->stmts[0]->stmt : NULL;
}

typedef struct ParseJob {
    Arena *arena;
    const DialectText *dialect;
    ParseTree *trees;
    Fault *fault;
    bool ok;
} ParseJob;

static void parse_all(void *argument)
{
    ParseJob *job = argument;
    job->ok = true;
    for (uint32_t i = 0; job->ok && i < job->dialect->statement_count; i++)
        job->ok = parse_statement(job->arena, job->dialect, &job->dialect->statements[i],
                                  &job->trees[i], job->fault);
}

static bool describe(Arena *arena, int32_t dialect, const DialectText *text, ParseTree *tree,
                     ParsedStatement *statement, Fault *fault)
{
    const DialectStatement *from = tree->dialect;
    *statement = (ParsedStatement){
        .offset = from->start,
        .length = from->end - from->start,
        .text = {text->text.data + from->start, (uint32_t)(from->end - from->start)},
        .tree = tree,
        .inner = from->inner_at > 0 ? (Text){text->text.data + from->inner_at,
                                             (uint32_t)(from->end - from->inner_at)}
                                    : (Text){.data = "", .length = 0},
        .context_count = from->context_count,
        .context_names = from->context_names,
        .context_values = from->context_values,
    };
    tree->outer = tree->node;
    return statement_classify(arena, dialect, statement, tree, fault);
}

bool sql_parse(Arena *arena, Text text, int32_t dialect, ParsedStatement **statements,
               uint32_t *count, Fault *fault)
{
    Text copy = arena_text(arena, text);
    DialectText *rewritten = ARENA_NEW(arena, DialectText);
    if (!dialect_rewrite(arena, copy, rewritten, fault))
        return false;
    *count = rewritten->statement_count > 0 ? rewritten->statement_count : 1;
    *statements = ARENA_ARRAY(arena, ParsedStatement, *count);
    if (rewritten->statement_count == 0) {
        (*statements)[0] = (ParsedStatement){
            .kind = STATEMENT_EMPTY, .tag = "", .text = copy, .length = (int32_t)copy.length};
        return true;
    }
    ParseTree *trees = arena_zalloc(arena, *count * sizeof *trees);
    uint32_t deepest = 0;
    for (uint32_t i = 0; i < *count; i++) {
        uint32_t depth = rewritten->statements[i].depth;
        trees[i].text = copy;
        trees[i].dialect = &rewritten->statements[i];
        trees[i].needs_large_stack = depth > DEPTH_FOR_LARGE_STACK;
        deepest = depth > deepest ? depth : deepest;
    }
    ParseJob job = {arena, rewritten, trees, fault, false};
    if (deepest <= DEPTH_FOR_LARGE_STACK)
        parse_all(&job);
    else if (!parse_on_large_stack(parse_all, &job, fault))
        return false;
    for (uint32_t i = 0; job.ok && i < *count; i++)
        job.ok = describe(arena, dialect, rewritten, &trees[i], &(*statements)[i], fault);
    return job.ok;
}
