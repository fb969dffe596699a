/*
 * The dialect pass: splits a text into statements, lifts the clauses of INSERT and REPLACE out,
 * and writes what is left in PostgreSQL's grammar.
 *
 *   REPLACE INTO t OVERWRITE WHERE c SELECT ... PARTITIONED BY g CLUSTERED BY k
 *
 * becomes the main text `INSERT INTO t SELECT ...` and the fragments `SELECT c`, `SELECT g` and
 * `SELECT ORDER BY k`, which are parsed by themselves.
 */
#include "engine/sql/dialect_internal.h"

#include "base/memory/buffer.h"

#include <pg_query/pg_query.pb-c.h>

#include <strings.h>

typedef struct Pass {
    Arena *arena;
    Text text;
    Token *tokens;
    uint32_t count;
    Fault *fault;
} Pass;

/* --- writing --- */
typedef struct Writer {
    const Pass *pass;
    Buffer out;
    OffsetMap map;
    int32_t copied; /* the text before this byte is written or left out */
} Writer;

static void write_string(Writer *writer, const char *string, int32_t original)
{
    offset_map_add(&writer->map, writer->pass->arena, (int32_t)writer->out.length, original, false);
    buffer_append_string(&writer->out, string);
}

static void copy_until(Writer *writer, int32_t offset)
{
    if (offset <= writer->copied)
        return;
    offset_map_add(&writer->map, writer->pass->arena, (int32_t)writer->out.length, writer->copied,
                   true);
    buffer_append(&writer->out, writer->pass->text.data + writer->copied,
                  (size_t)(offset - writer->copied));
    writer->copied = offset;
}

static bool has_capital(Text text, const Token *token)
{
    for (int32_t at = token->start; at < token->end; at++) {
        if (text.data[at] >= 'A' && text.data[at] <= 'Z')
            return true;
    }
    return false;
}

static void write_identifier(Writer *writer, const Token *token)
{
    Text text = writer->pass->text;
    bool is_quoted = text.data[token->start] == '"';
    bool capital = has_capital(text, token);
    if (is_quoted && !capital) {
        write_string(writer, "\"\x02", token->start);
        writer->copied = token->start + 1;
        copy_until(writer, token->end);
    } else if (!is_quoted && capital) {
        write_string(writer, "\"\x01", token->start);
        copy_until(writer, token->end);
        write_string(writer, "\"", token->start);
    }
}

static void write_token(Writer *writer, const Token *token)
{
    copy_until(writer, token->start);
    if (token->replace != NULL) {
        write_string(writer, token->replace, token->start);
        writer->copied = token->end;
    } else if (token->kind == PG_QUERY__TOKEN__IDENT && !token->is_plain) {
        write_identifier(writer, token);
    }
    copy_until(writer, token->end);
}

/* Writes tokens [first, end) with what lies between them. */
static void write_tokens(Writer *writer, uint32_t first, uint32_t end)
{
    if (first >= end)
        return;
    writer->copied = writer->pass->tokens[first].start;
    for (uint32_t i = first; i < end; i++)
        write_token(writer, &writer->pass->tokens[i]);
}

static void finish_writing(Writer *writer, RewrittenText *out)
{
    out->text =
        arena_strndup(writer->pass->arena, (const char *)writer->out.data, writer->out.length);
    out->length = (int32_t)writer->out.length;
    out->map = writer->map;
    buffer_clear(&writer->out);
}

static RewrittenText write_fragment(const Pass *pass, const char *prefix, uint32_t first,
                                    uint32_t end)
{
    Writer writer = {.pass = pass, .out = BUFFER_EMPTY};
    RewrittenText out;
    write_string(&writer, prefix, pass->tokens[first < pass->count ? first : first - 1].start);
    write_tokens(&writer, first, end);
    finish_writing(&writer, &out);
    return out;
}

/* --- looking --- */
static bool kind_at(const Pass *pass, uint32_t i, uint32_t end, int32_t kind)
{
    return i < end && pass->tokens[i].kind == kind;
}

static bool word_at(const Pass *pass, uint32_t i, uint32_t end, const char *upper)
{
    return i < end && token_is_word(pass->text, &pass->tokens[i], upper);
}

static uint32_t step_over(const Pass *pass, uint32_t i, uint32_t end)
{
    int32_t match = pass->tokens[i].match;
    uint32_t next = match > (int32_t)i ? (uint32_t)match + 1 : i + 1;
    return next < end ? next : end;
}

static bool syntax_error(const Pass *pass, uint32_t i, uint32_t end)
{
    if (i >= end && i >= pass->count)
        return fault_set_at(pass->fault, (int32_t)pass->text.length, FAULT_SYNTAX_ERROR,
                            "syntax error at end of input");
    const Token *token = &pass->tokens[i];
    return fault_set_at(pass->fault, token->start, FAULT_SYNTAX_ERROR,
                        "syntax error at or near \"%.*s\"", (int)(token->end - token->start),
                        pass->text.data + token->start);
}

/* --- INSERT and REPLACE --- */

/* The clauses of one statement, as token indexes; `end` where there is none. */
typedef struct Clauses {
    uint32_t first, end;       /* the statement */
    uint32_t into;             /* the token after INSERT or REPLACE */
    uint32_t overwrite, query; /* OVERWRITE; where its condition has ended */
    uint32_t partitioned, clustered;
} Clauses;

/* INSERT, or REPLACE INTO, before any SELECT: its index, or `end`. */
static uint32_t find_ingest(const Pass *pass, uint32_t first, uint32_t end)
{
    for (uint32_t i = first; i < end; i = step_over(pass, i, end)) {
        int32_t kind = pass->tokens[i].kind;
        if (kind == PG_QUERY__TOKEN__SELECT || kind == PG_QUERY__TOKEN__VALUES)
            return end;
        bool is_replace = kind == PG_QUERY__TOKEN__REPLACE || word_at(pass, i, end, "UPSERT");
        bool is_start = i == first || !kind_at(pass, i - 1, end, '.');
        if ((kind == PG_QUERY__TOKEN__INSERT || (is_replace && is_start)) &&
            kind_at(pass, i + 1, end, PG_QUERY__TOKEN__INTO))
            return i;
    }
    return end;
}

static bool starts_query(const Pass *pass, uint32_t i, uint32_t end)
{
    int32_t kind = pass->tokens[i].kind;
    if (kind == '(') {
        while (kind_at(pass, i, end, '('))
            i++;
        kind = i < end ? pass->tokens[i].kind : 0;
    }
    return kind == PG_QUERY__TOKEN__SELECT || kind == PG_QUERY__TOKEN__WITH ||
           kind == PG_QUERY__TOKEN__VALUES;
}

static void find_clauses(const Pass *pass, Clauses *clauses)
{
    uint32_t end = clauses->end;
    clauses->overwrite = clauses->partitioned = clauses->clustered = end;
    clauses->query = end;
    for (uint32_t i = clauses->into + 1; i < end; i = step_over(pass, i, end)) {
        bool before_by = kind_at(pass, i + 1, end, PG_QUERY__TOKEN__BY);
        if (clauses->query == end && word_at(pass, i, end, "OVERWRITE") &&
            clauses->overwrite == end && i > clauses->into + 1)
            clauses->overwrite = i;
        else if (clauses->query == end && starts_query(pass, i, end))
            clauses->query = i;
        else if (word_at(pass, i, end, "PARTITIONED") && before_by && clauses->partitioned == end)
            clauses->partitioned = i;
        else if (word_at(pass, i, end, "CLUSTERED") && before_by && clauses->clustered == end)
            clauses->clustered = i;
    }
}

static bool check_clauses(const Pass *pass, const Clauses *clauses,
                          const DialectStatement *statement)
{
    uint32_t end = clauses->end;
    const Token *tokens = pass->tokens;
    if (clauses->clustered < clauses->partitioned) {
        fault_set_at(pass->fault, tokens[clauses->clustered].start, FAULT_SYNTAX_ERROR,
                     "CLUSTERED BY found before PARTITIONED BY");
        return fault_hint(pass->fault, "Write PARTITIONED BY first, then CLUSTERED BY.");
    }
    if (!statement->is_replace && clauses->overwrite < end) {
        fault_set_at(pass->fault, tokens[clauses->overwrite].start, FAULT_SYNTAX_ERROR,
                     "OVERWRITE is not allowed in INSERT");
        return fault_hint(pass->fault, "Use REPLACE INTO ... OVERWRITE.");
    }
    if (statement->is_replace && clauses->overwrite == end) {
        int32_t at = clauses->query < end ? tokens[clauses->query].start : statement->ingest_at;
        fault_set_at(pass->fault, at, FAULT_SYNTAX_ERROR,
                     "missing time chunk information in OVERWRITE clause for REPLACE");
        return fault_hint(pass->fault, "Use OVERWRITE WHERE <__time based condition> or "
                                       "OVERWRITE ALL to overwrite the entire table.");
    }
    return true;
}

static bool lift_overwrite(const Pass *pass, const Clauses *clauses, DialectStatement *statement)
{
    uint32_t at = clauses->overwrite, end = clauses->query;
    statement->has_overwrite = true;
    statement->overwrite_at = pass->tokens[at].start;
    if (kind_at(pass, at + 1, clauses->end, PG_QUERY__TOKEN__ALL)) {
        statement->overwrite_all = true;
        return at + 2 == end ? true : syntax_error(pass, at + 2, clauses->end);
    }
    if (!kind_at(pass, at + 1, clauses->end, PG_QUERY__TOKEN__WHERE))
        return syntax_error(pass, at + 1, clauses->end);
    if (at + 2 >= end)
        return syntax_error(pass, at + 2, clauses->end);
    statement->overwrite = write_fragment(pass, "SELECT ", at + 2, end);
    return true;
}

static bool lift_partitioned(const Pass *pass, const Clauses *clauses, DialectStatement *statement)
{
    uint32_t at = clauses->partitioned, end = clauses->clustered;
    statement->has_partitioned = true;
    statement->partitioned_at = pass->tokens[at].start;
    if (at + 2 >= end)
        return syntax_error(pass, at + 2, clauses->end);
    if (pass->tokens[at + 2].kind == PG_QUERY__TOKEN__ALL) {
        statement->partitioned_all = true;
        uint32_t next = word_at(pass, at + 3, end, "TIME") ? at + 4 : at + 3;
        return next == end ? true : syntax_error(pass, next, clauses->end);
    }
    statement->partitioned = write_fragment(pass, "SELECT ", at + 2, end);
    return true;
}

static bool lift_clustered(const Pass *pass, const Clauses *clauses, DialectStatement *statement)
{
    uint32_t at = clauses->clustered;
    statement->has_clustered = true;
    statement->clustered_at = pass->tokens[at].start;
    if (at + 2 >= clauses->end)
        return syntax_error(pass, at + 2, clauses->end);
    statement->clustered = write_fragment(pass, "SELECT ORDER BY ", at + 2, clauses->end);
    return true;
}

static bool is_export(const Pass *pass, const Clauses *clauses)
{
    return word_at(pass, clauses->into + 1, clauses->end, "EXTERN") &&
           kind_at(pass, clauses->into + 2, clauses->end, '(');
}

static bool check_target(const Pass *pass, const Clauses *clauses,
                         const DialectStatement *statement)
{
    int32_t at = statement->ingest_at;
    if (word_at(pass, clauses->into - 1, clauses->end, "UPSERT")) {
        fault_set_at(pass->fault, at, FAULT_FEATURE_NOT_SUPPORTED, "UPSERT is not supported");
        return fault_hint(pass->fault, "Use INSERT or REPLACE.");
    }
    if (is_export(pass, clauses) && statement->is_replace)
        return fault_set_at(pass->fault, at, FAULT_SYNTAX_ERROR,
                            "REPLACE INTO EXTERN is not allowed: an export can only INSERT");
    return true;
}

/* INSERT INTO EXTERN ( destination ) AS CSV query: the query is the statement. */
static bool rewrite_export(const Pass *pass, const Clauses *clauses, DialectStatement *statement,
                           Writer *writer)
{
    uint32_t target = clauses->into + 1, end = clauses->end;
    uint32_t after = step_over(pass, target + 1, end);
    int32_t first = pass->tokens[clauses->first].kind;
    if (first != PG_QUERY__TOKEN__INSERT && first != PG_QUERY__TOKEN__WITH &&
        first != PG_QUERY__TOKEN__EXPLAIN && first != PG_QUERY__TOKEN__PREPARE)
        return syntax_error(pass, clauses->into - 1, end);
    if (!kind_at(pass, after, end, PG_QUERY__TOKEN__AS) || !word_at(pass, after + 1, end, "CSV")) {
        if (kind_at(pass, after, end, PG_QUERY__TOKEN__AS) && after + 1 < end)
            return fault_set_at(pass->fault, pass->tokens[after + 1].start,
                                FAULT_INVALID_PARAMETER_VALUE, "exports are written AS CSV only");
        return fault_set_at(pass->fault, statement->ingest_at, FAULT_SYNTAX_ERROR,
                            "an export needs a format: INSERT INTO EXTERN(...) AS CSV");
    }
    uint32_t clause = clauses->partitioned < end ? clauses->partitioned : clauses->clustered;
    if (clause < end)
        return fault_set_at(pass->fault, pass->tokens[clause].start, FAULT_SYNTAX_ERROR,
                            "PARTITIONED BY and CLUSTERED BY are not allowed in an export");
    if (clauses->query != after + 2 || after + 2 == end)
        return syntax_error(pass, after + 2, end);
    statement->destination = write_fragment(pass, "SELECT ", target + 2, after - 1);
    if (clauses->into - 1 > clauses->first) {
        write_tokens(writer, clauses->first, clauses->into - 1);
        write_string(writer, " ", pass->tokens[clauses->into - 1].start);
    }
    write_tokens(writer, clauses->query, end);
    return true;
}

/* Writes the main text of an INSERT or REPLACE, without the clauses, and the fragments. */
static bool rewrite_ingest(const Pass *pass, Clauses *clauses, DialectStatement *statement,
                           Writer *writer)
{
    Token *verb = &pass->tokens[clauses->into - 1];
    statement->is_ingest = true;
    statement->is_replace = verb->kind == PG_QUERY__TOKEN__REPLACE;
    statement->ingest_at = verb->start;
    verb->replace = statement->is_replace ? "INSERT" : NULL;
    find_clauses(pass, clauses);
    if (!check_target(pass, clauses, statement) || !check_clauses(pass, clauses, statement))
        return false;
    if (is_export(pass, clauses)) {
        statement->is_ingest = false;
        return rewrite_export(pass, clauses, statement, writer);
    }
    uint32_t end = clauses->partitioned;
    if (clauses->overwrite < clauses->end) {
        if (!lift_overwrite(pass, clauses, statement))
            return false;
        write_tokens(writer, clauses->first, clauses->overwrite);
        write_string(writer, " ", pass->tokens[clauses->overwrite].start);
        write_tokens(writer, clauses->query, end);
    } else {
        write_tokens(writer, clauses->first, end);
    }
    if (clauses->partitioned < clauses->end && !lift_partitioned(pass, clauses, statement))
        return false;
    if (clauses->clustered < clauses->end && !lift_clustered(pass, clauses, statement))
        return false;
    return true;
}

/* EXPLAIN PLAN FOR q is EXPLAIN q. */
static void edit_explain(const Pass *pass, const Clauses *clauses, DialectStatement *statement)
{
    uint32_t first = clauses->first;
    if (!kind_at(pass, first, clauses->end, PG_QUERY__TOKEN__EXPLAIN) ||
        !word_at(pass, first + 1, clauses->end, "PLAN") ||
        !kind_at(pass, first + 2, clauses->end, PG_QUERY__TOKEN__FOR))
        return;
    statement->is_explain_plan = true;
    pass->tokens[first + 1].replace = "";
    pass->tokens[first + 2].replace = "";
}

/* t PIVOT (agg(x) FOR k IN (..)) and t UNPIVOT (v FOR n IN (..)), which PostgreSQL's grammar would
 * call a syntax error. */
static bool refuse_pivot(const Pass *pass, uint32_t first, uint32_t end)
{
    for (uint32_t i = first + 1; i + 1 < end; i++) {
        bool is_pivot = word_at(pass, i, end, "PIVOT");
        if ((!is_pivot && !word_at(pass, i, end, "UNPIVOT")) || !kind_at(pass, i + 1, end, '('))
            continue;
        uint32_t close = step_over(pass, i + 1, end);
        for (uint32_t k = i + 2; k < close; k = step_over(pass, k, close)) {
            if (!kind_at(pass, k, close, PG_QUERY__TOKEN__FOR))
                continue;
            fault_set_at(pass->fault, pass->tokens[i].start, FAULT_FEATURE_NOT_SUPPORTED,
                         "%s is not supported", is_pivot ? "PIVOT" : "UNPIVOT");
            return fault_hint(pass->fault, is_pivot
                                               ? "Use an aggregate with FILTER for each value."
                                               : "Use CROSS JOIN UNNEST(ARRAY[...]).");
        }
    }
    return true;
}

/* The first token of a kind at this depth; `end` where there is none. */
static uint32_t find_kind(const Pass *pass, uint32_t first, uint32_t end, int32_t kind)
{
    uint32_t i = first;
    while (i < end && pass->tokens[i].kind != kind)
        i = step_over(pass, i, end);
    return i;
}

/* A statement within a statement, kept as text until it is run: the token it begins with. */
static uint32_t find_inner(const Pass *pass, uint32_t first, uint32_t end)
{
    enum { LONGEST_WAY_TO_VIEW = 6 }; /* CREATE OR REPLACE TEMP RECURSIVE VIEW */
    uint32_t view = find_kind(pass, first, end, PG_QUERY__TOKEN__VIEW);
    switch (pass->tokens[first].kind) {
    case PG_QUERY__TOKEN__PREPARE:
        return find_kind(pass, first, end, PG_QUERY__TOKEN__AS) + 1;
    case PG_QUERY__TOKEN__DECLARE:
        return find_kind(pass, first, end, PG_QUERY__TOKEN__FOR) + 1;
    case PG_QUERY__TOKEN__CREATE:
        return view - first < LONGEST_WAY_TO_VIEW
                   ? find_kind(pass, view, end, PG_QUERY__TOKEN__AS) + 1
                   : end;
    default:
        return end;
    }
}

static bool rewrite_statement(const Pass *pass, uint32_t first, uint32_t end, bool has_semicolon,
                              DialectStatement *statement)
{
    statement->start = pass->tokens[first].start;
    statement->end = pass->tokens[end - 1].end;
    statement->token_count = end - first;
    if (!dialect_guard(pass->arena, pass->tokens, first, end, &statement->depth, pass->fault))
        return false;
    if (!refuse_pivot(pass, first, end))
        return false;
    dialect_edit(pass->arena, pass->text, pass->tokens, first, end);
    uint32_t inner = find_inner(pass, first, end);
    if (inner < end)
        statement->inner_at = pass->tokens[inner].start;
    Clauses clauses = {.first = first, .end = end};
    edit_explain(pass, &clauses, statement);
    Writer writer = {.pass = pass, .out = BUFFER_EMPTY};
    bool ok = true;
    uint32_t ingest = find_ingest(pass, first, end);
    if (ingest < end) {
        clauses.into = ingest + 1;
        ok = rewrite_ingest(pass, &clauses, statement, &writer);
    } else {
        write_tokens(&writer, first, end);
    }
    /* The semicolon stays, so that an error at it names it. */
    if (has_semicolon)
        write_string(&writer, ";", pass->tokens[end].start);
    else /* the end of input is the end of the text */
        offset_map_add(&writer.map, pass->arena, (int32_t)writer.out.length,
                       (int32_t)pass->text.length, false);
    finish_writing(&writer, &statement->main);
    return ok;
}

/* --- --:context name: value --- */
static bool read_context(const Pass *pass, const Token *comment, const char **name,
                         const char **value)
{
    static const char mark[] = "--:context";
    const char *at = pass->text.data + comment->start;
    const char *end = pass->text.data + comment->end;
    if ((size_t)(end - at) <= sizeof mark || strncasecmp(at, mark, sizeof mark - 1) != 0)
        return false;
    at += sizeof mark - 1;
    const char *colon = memchr(at, ':', (size_t)(end - at));
    if (colon == NULL || (*at != ' ' && *at != '\t'))
        return false;
    const char *value_start = colon + 1;
    while (at < colon && (*at == ' ' || *at == '\t'))
        at++;
    while (colon > at && (colon[-1] == ' ' || colon[-1] == '\t'))
        colon--;
    while (value_start < end && (*value_start == ' ' || *value_start == '\t'))
        value_start++;
    while (end > value_start &&
           (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r' || end[-1] == '\n'))
        end--;
    if (at == colon)
        return false;
    *name = arena_strndup(pass->arena, at, (size_t)(colon - at));
    *value = arena_strndup(pass->arena, value_start, (size_t)(end - value_start));
    return true;
}

/* Comments that lie in [from, statement's end] belong to the statement. */
static void collect_context(const Pass *pass, const Token *comments, uint32_t count, uint32_t *next,
                            int32_t until, DialectStatement *statement)
{
    uint32_t first = *next;
    while (*next < count && comments[*next].start < until)
        (*next)++;
    statement->context_names = ARENA_ARRAY(pass->arena, const char *, *next - first + 1);
    statement->context_values = ARENA_ARRAY(pass->arena, const char *, *next - first + 1);
    for (uint32_t i = first; i < *next; i++) {
        uint32_t k = statement->context_count;
        if (read_context(pass, &comments[i], &statement->context_names[k],
                         &statement->context_values[k]))
            statement->context_count++;
    }
}

static uint32_t find_semicolon(const Pass *pass, uint32_t first)
{
    uint32_t i = first;
    while (i < pass->count && pass->tokens[i].kind != ';')
        i++;
    return i;
}

bool dialect_rewrite(Arena *arena, Text text, DialectText *out, Fault *fault)
{
    if (!dialect_blank_comments(arena, &text, fault))
        return false;
    *out = (DialectText){.text = text};
    Token *comments;
    uint32_t comment_count, next_comment = 0;
    if (!dialect_scan(arena, text, &out->tokens, &out->token_count, &comments, &comment_count,
                      fault))
        return false;
    Pass pass = {arena, text, out->tokens, out->token_count, fault};
    uint32_t capacity = 1;
    for (uint32_t i = 0; i < pass.count; i++)
        capacity += pass.tokens[i].kind == ';';
    out->statements = ARENA_ARRAY(arena, DialectStatement, capacity);
    for (uint32_t first = 0; first < pass.count;) {
        uint32_t end = find_semicolon(&pass, first);
        if (end > first) {
            DialectStatement *statement = &out->statements[out->statement_count++];
            *statement = (DialectStatement){0};
            bool has_semicolon = end < pass.count;
            if (!rewrite_statement(&pass, first, end, has_semicolon, statement))
                return false;
            int32_t until = has_semicolon ? pass.tokens[end].start : (int32_t)text.length;
            collect_context(&pass, comments, comment_count, &next_comment, until, statement);
        }
        first = end + 1;
    }
    return true;
}

bool dialect_rewrite_plain(Arena *arena, Text text, RewrittenText *out, Fault *fault)
{
    Token *tokens, *comments;
    uint32_t count, comment_count;
    if (!dialect_blank_comments(arena, &text, fault) ||
        !dialect_scan(arena, text, &tokens, &count, &comments, &comment_count, fault))
        return false;
    Pass pass = {arena, text, tokens, count, fault};
    *out = write_fragment(&pass, "", 0, count);
    return true;
}

/* The first token that ends behind a byte: its index, or the number of tokens. */
static uint32_t token_index(const DialectText *text, int32_t offset)
{
    uint32_t low = 0, high = text->token_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (text->tokens[middle].end <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const Token *dialect_token_at(const DialectText *text, int32_t offset)
{
    const Token *token = dialect_token_from(text, offset);
    return token != NULL && token->start <= offset ? token : NULL;
}

const Token *dialect_token_from(const DialectText *text, int32_t offset)
{
    uint32_t index = token_index(text, offset);
    return index < text->token_count ? &text->tokens[index] : NULL;
}
